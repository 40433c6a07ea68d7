"""Refusals: why the service does not do as it is asked. Routes and commands tell them, each in its own way."""

from collections.abc import Mapping


class Refusal(Exception):
    """A refusal, in a whole sentence with the value and the remedy.

    `members` are what programs read beside the sentence, such as the fields at fault.
    """

    def __init__(self, sentence: str, members: Mapping[str, object] | None = None):
        super().__init__(sentence)
        self.sentence, self.members = sentence, members or {}


class NotFound(Refusal):
    """There is no such thing, or none that may be shown here."""


class Gone(Refusal):
    """There was such a thing, and nobody gets it any more."""


class Conflict(Refusal):
    """The thing is in a state that does not allow the change."""


class Invalid(Refusal):
    """The content of the request is not valid."""

    @classmethod
    def field(cls, field: str, reason: str) -> "Invalid":
        """Return the refusal of one field, in the form that all refusals of fields have."""
        return cls(f"{field}: {reason}.", {"errors": [{"field": field, "reason": reason}]})


class Unavailable(Refusal):
    """The service can do it for nobody now. `retry_seconds` says when to ask again, if that is known."""

    def __init__(self, sentence: str, retry_seconds: int | None = None):
        super().__init__(sentence)
        self.retry_seconds = retry_seconds
