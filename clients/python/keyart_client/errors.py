"""The reasons why a call has no result. Each is a sentence that can be shown to an operator."""

from collections.abc import Mapping
from typing import Any


class KeyartError(Exception):
    """A call without a result."""


class Unreachable(KeyartError):
    """No answer came: nothing listens at the address, the time was over, or the connection broke."""


class UnexpectedAnswer(KeyartError):
    """The answer is not one of Keyart's: the address is that of something else, such as a proxy's own page."""


class Refused(KeyartError):
    """The service refuses the call; the message is its sentence, with the wrong value and the remedy.

    `problem` is the whole problem document (RFC 9457). `request_id` finds the call in the log of the service.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], request_id: str | None):
        super().__init__(problem.get("detail") or f"The service answered with status {status}.")
        self.status, self.problem, self.request_id = status, problem, request_id
