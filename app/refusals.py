"""Refusals: reasons why the service does not fulfil a request.

Routes and commands word them in their own forms.
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A refusal, in a whole sentence with the value and the remedy.

    `members` are the parts for programs, such as the fields at fault.
    """

    def __init__(self, sentence: str, members: Mapping[str, object] | None = None):
        super().__init__(sentence)
        self.sentence, self.members = sentence, members or {}


class NotFound(Refusal):
    """The thing does not exist, or nobody may see it here."""


class Gone(Refusal):
    """The thing existed, and is no longer available."""


class Conflict(Refusal):
    """The thing is in a state that does not allow the change."""


class Outdated(Refusal):
    """The thing has changed since the caller read it."""


class Invalid(Refusal):
    """The content of the request is not valid."""

    @classmethod
    def field(cls, field: str, reason: str) -> "Invalid":
        """Return the refusal of one field, in the form that all refusals of fields have."""
        return cls(f"{field}: {reason}.", {"errors": [{"field": field, "reason": reason}]})


class Unavailable(Refusal):
    """The service cannot do it for anybody now. `retry_seconds` says when to try again, if that is known."""

    def __init__(self, sentence: str, retry_seconds: int | None = None):
        super().__init__(sentence)
        self.retry_seconds = retry_seconds
