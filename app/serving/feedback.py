"""Recording of impressions, clicks and plays."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import msgspec
import structlog
from typing_extensions import TypedDict

from app.fields import LONGEST_SECONDS
from app.records import Kind
from app.refusals import Invalid
from app.serving.decision_id import DecisionIds, UnacceptableId
from app.serving.spots import spot_of
from app.store.protocol import Event, Log
from app.telemetry import metrics
from app.viewers.pseudonym import Identity, hold_key

log = structlog.get_logger()

MOST_ITEMS = 1000
GONE = "The log no longer keeps the decision; ask for a new one with GET /artwork."
LONGEST_QUOTE = 80
LONGEST_AGO = 10 * 365 * 86400.0
"""More seconds than any decision is accepted for."""
LEAST_AGO_MS = 5_000
"""A shorter time is the way through the network, and not recorded: the fold remembers each that is."""
SKEW_MS = 60_000
"""By how much the feedback may be older than its decision: clocks run differently, and answers take time."""


class Rejected(TypedDict):
    index: int
    reason: str


class Recorded(TypedDict):
    """The number of items that were recorded, the number of repeats, and the items that were rejected."""

    recorded: int
    duplicates: int
    rejected: list[Rejected]


class NotAccepted(ValueError):
    """The reason why an item is not recorded."""


class Recorder:
    def __init__(
        self,
        store_log: Log,
        ids: DecisionIds,
        identity: Identity,
        clock: Callable[[], int],
        placed: Callable[[str], str],
    ):
        self._log, self._ids, self._identity, self._clock = store_log, ids, identity, clock
        self._placed = placed

    async def record(self, kind: Kind, content: object, *, trusted: bool) -> Recorded:
        """Log the items of a body's content, and return once they are in the log.

        `trusted` callers may name a profile and a title instead of a decision. Raises `Invalid` where the
        content is not one item or a list of up to 1,000, or not one item in it is acceptable.
        """
        items = _items(content)
        events, rejected = await self._events(kind, items, trusted=trusted)
        news = await self._log.log_feedback([event for _, event in events]) if events else []
        gone: list[Rejected] = [
            {"index": index, "reason": GONE} for (index, _), new in zip(events, news, strict=True) if new is None
        ]
        rejected = sorted([*rejected, *gone], key=itemgetter("index"))
        answer: Recorded = {"recorded": news.count(True), "duplicates": news.count(False), "rejected": rejected}
        self._count(kind, answer)
        if len(rejected) == len(items):
            sentence = f"The service accepts none of the {len(items)} items; 'rejected' gives the reason for each."
            raise Invalid(sentence, {"rejected": rejected})
        return answer

    @staticmethod
    def _count(kind: Kind, answer: Recorded) -> None:
        name = kind.name.lower()
        metrics.FEEDBACK.labels(name, "recorded").inc(answer["recorded"])
        metrics.FEEDBACK.labels(name, "duplicate").inc(answer["duplicates"])
        metrics.FEEDBACK.labels(name, "rejected").inc(len(answer["rejected"]))

    async def _events(
        self, kind: Kind, items: Sequence[Any], *, trusted: bool
    ) -> tuple[list[tuple[int, Event]], list[Rejected]]:
        """Return the acceptable items as events, and the others, each with its index."""
        events: list[tuple[int, Event]] = []
        rejected: list[Rejected] = []
        now = self._clock()
        for index, item in enumerate(items):
            try:
                events.append((index, await self._event(kind, item, now, trusted=trusted)))
            except (NotAccepted, UnacceptableId) as refusal:
                rejected.append({"index": index, "reason": str(refusal)})
        return events, rejected

    async def _event(self, kind: Kind, item: object, now: int, *, trusted: bool) -> Event:
        if not isinstance(item, dict):
            raise NotAccepted(f"An item is an object with a decision_id, not {_short(item)}.")
        seconds, ago = _seconds(item) if kind is Kind.PLAY else 0.0, _ago(item)
        if "decision_id" not in item and "profile" in item:
            event, decided = await self._latest(kind, item, seconds, trusted=trusted)
            return _that_happened(event, ago, now - decided)
        text = item.get("decision_id")
        if not isinstance(text, str):
            raise NotAccepted(f"The decision_id is the text that the service answered with, not {_short(text)}.")
        decision = self._ids.verify(text, now)
        event = Event(kind, decision.position, decision.nonce, decision.deferred, seconds, spot_of(item))
        return _that_happened(event, ago, now - decision.stamp)

    async def _latest(
        self, kind: Kind, item: dict[str, Any], seconds: float, *, trusted: bool
    ) -> tuple[Event, int]:
        """Take the profile's latest pick for the title to be meant; return when it was decided, too."""
        if not trusted:
            raise NotAccepted(
                "Feedback by profile and title needs the client key or the admin key; send one, or a decision_id."
            )
        profile, title, placement = item.get("profile"), item.get("title"), item.get("placement", "row")
        if not (isinstance(profile, str) and isinstance(title, str) and isinstance(placement, str)):
            raise NotAccepted("An item without a decision_id needs profile and title, both as text.")
        pseudonym = self._identity.pseudonym(profile)
        [hold] = await self._log.holds([hold_key(pseudonym, title, self._placed(placement))])
        if hold is None:
            raise NotAccepted(
                f"Title {_short(title)} was never chosen for this profile in placement {_short(placement)}."
            )
        return Event(kind, hold.decision, hold.nonce, hold.deferred, seconds, spot_of(item)), hold.stamp


def _items(content: object) -> list[Any]:
    items = content if isinstance(content, list) else [content]
    if not items:
        raise Invalid("The array is empty; send at least one item.")
    if len(items) > MOST_ITEMS:
        raise Invalid(f"The array has {len(items)} items; send at most {MOST_ITEMS} at a time.")
    return items


def _seconds(item: dict[str, Any]) -> float:
    seconds = item.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise NotAccepted(f"A play's seconds are a number, not {_short(seconds)}.")
    if not 0 <= seconds <= LONGEST_SECONDS:  # not for NaN either, and right for integers too large for a float
        raise NotAccepted(f"A play's seconds are between 0 and {LONGEST_SECONDS:.0f}, not {_short(seconds)}.")
    return float(seconds)


def _ago(item: dict[str, Any]) -> int:
    """Return how long ago an item happened, in milliseconds."""
    ago = item.get("seconds_ago", 0)
    if isinstance(ago, bool) or not isinstance(ago, int | float):
        raise NotAccepted(f"The seconds_ago are a number, not {_short(ago)}; leave them out for now.")
    if not 0 <= ago <= LONGEST_AGO:
        raise NotAccepted(
            f"The seconds_ago are between 0 and {LONGEST_AGO:.0f}, not {_short(ago)}; leave them out for now."
        )
    return round(ago * 1000)


def _that_happened(event: Event, ago: int, age: int) -> Event:
    """Return feedback that happened so long ago on a decision of that age, both in milliseconds."""
    if ago > age + SKEW_MS:
        raise NotAccepted(
            f"The seconds_ago are {ago / 1000:g}, but the decision is only {age / 1000:g} seconds old; count them "
            "from the viewer's click, play or look."
        )
    return event if ago < LEAST_AGO_MS else msgspec.structs.replace(event, ago=min(ago, max(0, age)))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
