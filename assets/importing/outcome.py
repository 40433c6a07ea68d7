"""One line of an import's report."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Outcome = Literal["new", "changed", "unchanged", "refused", "gone", "passed over"]
About = Literal["lost", "barred", "consent", "alt", "small", "blurred", "alike", "tags", "vocabulary"]
"""What a note is about, the most urgent first: whether a picture is shown, what it is, what is said of it."""


class Note(NamedTuple):
    """What to look at again of a picture that was taken; `detail` is what differs from one picture to the next."""

    about: About
    sentence: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one file; ids are empty where the file's name gave none."""

    title: str
    artwork: str
    outcome: Outcome
    reason: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(note.sentence for note in self.notes)
