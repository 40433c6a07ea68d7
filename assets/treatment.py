"""A title to be set on a picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Treatment:
    """A title's name to be set on the picture, in a language."""

    text: str
    locale: str
