"""The author, time and reason of an order, as answers show them."""

from typing import Literal

from typing_extensions import TypedDict

from app.interventions import Given


class Ordered(TypedDict):
    """The author, time and reason of an order: `at` is in Unix seconds; `name` is the session's, or `key`.

    The `position` is that of the record in the log.
    """

    position: int
    at: float
    role: Literal["admin"]
    name: str
    why: str


def by_of(given: Given) -> Ordered:
    return {
        "position": given.position,
        "at": given.stamp / 1000,
        "role": "admin",
        "name": given.name,
        "why": given.why,
    }


def ordered(given: Given | None) -> Ordered | None:
    return None if given is None else by_of(given)
