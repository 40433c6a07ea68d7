"""Reading answers, and whether and when a call is sent again."""

import math
import random
from typing import TypeVar

import httpx2

from keyart_client.calls import Call
from keyart_client.errors import Refused, UnexpectedAnswer, Unreachable

T = TypeVar("T")
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""The service never got the call."""
NOT_DONE = frozenset({408, 503})
"""The service says that it did nothing, and that the call may come again."""
LOST = frozenset({502, 504})
"""A proxy has no answer of the service, which may have done what it was asked."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds."""


def read(call: Call[T], answer: httpx2.Response) -> T:
    """Return the result. Raises `Refused` or `UnexpectedAnswer`."""
    if answer.is_success:
        try:
            return call.read(answer.json() if answer.content else None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(
                f"{call.method} {answer.url} was answered with something that is not Keyart's ({error!r}); check "
                "the address."
            ) from error
    raise Refused(answer.status_code, _problem(answer), answer.headers.get("x-request-id"))


def _problem(answer: httpx2.Response) -> dict[str, object]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def unreachable(call: Call[T], url: str, error: httpx2.TransportError) -> Unreachable:
    reason = str(error) or type(error).__name__
    return Unreachable(f"{call.method} {call.path} got no answer from {url} ({reason}); is Keyart running there?")


def lost(call: Call[T], error: httpx2.TransportError) -> bool:
    """Tell whether to send a call again that got no answer."""
    return call.repeatable or isinstance(error, NOT_SENT)


def unready(call: Call[T], answer: httpx2.Response) -> bool:
    """Tell whether to send a call again that got this answer."""
    return answer.status_code in NOT_DONE or (call.repeatable and answer.status_code in LOST)


def pause(tried: int, answer: httpx2.Response | None = None) -> float:
    """Return the seconds until the next attempt: those that the service asks for, or longer ones each time."""
    try:
        asked = float(answer.headers.get("retry-after", "")) if answer else math.nan
    except ValueError:  # a date
        asked = math.nan
    own = FIRST_PAUSE * 2**tried * random.uniform(0.5, 1)  # noqa: S311  clients do not come back all at once
    return min(own if math.isnan(asked) else max(asked, 0.0), LONGEST_PAUSE)
