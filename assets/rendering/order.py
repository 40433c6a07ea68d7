"""What passes between the parent and a rendering process: a line of JSON each way, as data alone can't run."""

from dataclasses import dataclass

from assets.picture import Job, Picture


@dataclass(frozen=True, slots=True)
class Order:
    """A job, and the empty folder that its renditions go to."""

    job: Job
    folder: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The picture that was made, or the sentence that refuses it."""

    picture: Picture | None = None
    fault: str = ""
