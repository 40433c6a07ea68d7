"""One line of an import's report."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Outcome = Literal["new", "changed", "unchanged", "refused", "gone", "passed over"]
About = Literal[
    "lost", "original", "barred", "consent", "alt", "small", "blurred", "alike", "tags", "vocabulary", "kept"
]
"""The subject of a note, the most urgent first: whether a picture is shown, its look, its description.

The last one only tells that an earlier picture has its original now.
"""


class Note(NamedTuple):
    """Advice about an accepted picture; `detail` is the part of its sentence that differs between pictures."""

    about: About
    sentence: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The result for one file; the ids are empty if the file's name gave none."""

    title: str
    artwork: str
    outcome: Outcome
    reason: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(note.sentence for note in self.notes)
