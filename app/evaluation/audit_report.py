"""The audit of exposures over the latest records of the log."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from app.catalogue.live import UNREADABLE, LiveCatalogue
from app.evaluation.exposure_difference import SIZE, Audit
from app.evaluation.turns import Turns
from app.records import Decision, Kind, Record, decode_decision, decode_feedback, decode_reference
from app.refusals import NotFound
from app.store.protocol import Log

if TYPE_CHECKING:  # numpy comes with the first audit or the first learner
    from app.evaluation.exposure_sums import ExposureSums

MOST_RECORDS: Final = 100_000
"""The records that a service reads for one audit: about two seconds of work, in which it answers requests."""
CHUNK: Final = 100
FEEDBACK: Final = frozenset({Kind.IMPRESSION, Kind.CLICK, Kind.PLAY})


class AuditReporter:
    def __init__(self, log: Log, live_catalogue: LiveCatalogue):
        self._log, self._live_catalogue = log, live_catalogue
        self._turn = asyncio.Lock()

    async def of(
        self,
        title: str | None = None,
        size: float = SIZE,
        *,
        most: int | None = MOST_RECORDS,
        progress: Callable[[int], object] = lambda _: None,
    ) -> Audit:
        """Return the audit of the shown decisions among the `most` latest records; None means all.

        It compares tags, or the artworks of one `title`. Raises `NotFound` if there is no such title. `progress`
        is called with the number of records that were read since the last call.
        """
        from app.evaluation.exposure_audit import audit_of  # noqa: PLC0415  see above

        async with self._turn:  # one at a time, because each takes seconds of work
            sums = await self._summed(title, most, progress)
            return await asyncio.to_thread(audit_of, sums, size)

    async def _summed(
        self, title: str | None, most: int | None, progress: Callable[[int], object]
    ) -> "ExposureSums":
        from app.evaluation.exposure_sums import ExposureSums  # noqa: PLC0415  as above

        sums, turns = ExposureSums(self._labels(title)), Turns()
        before = (await self._log.head()).position + 1
        last = before - most if most else 0
        newest = _Newest()
        while before > last and (records := await self._log.latest(before, CHUNK)):
            for decision in newest.shown(records):
                if title in {None, decision.title}:
                    self._add(sums, decision)
            before = records[-1].position
            progress(len(records))
            await turns.give_way()
        return sums

    def _labels(self, title: str | None) -> dict[str, frozenset[str]]:
        from app.evaluation.exposure_sums import artwork_labels, tag_labels  # noqa: PLC0415  as above

        if title is None:
            return tag_labels(iter(self._live_catalogue))
        live_title = self._live_catalogue.get(title)
        if live_title is None:
            raise NotFound(f"There is no title {title!r}; GET /titles lists them.")
        return artwork_labels(live_title)

    def _add(self, sums: "ExposureSums", decision: Decision) -> None:
        with suppress(*UNREADABLE):  # a revision that is gone
            sums.add(decision, self._live_catalogue.at(decision.title, decision.revision))


class _Newest:
    """Finds the decisions that were shown, reading the log backwards: their feedback comes before them."""

    def __init__(self) -> None:
        self._seen, self._void = set[int](), set[int]()

    def shown(self, newest_first: list[Record]) -> Iterator[Decision]:
        for record in newest_first:
            if record.kind in FEEDBACK:
                self._seen.add(decode_feedback(record.body).decision)
            elif record.kind == Kind.EXPOSURE:
                self._seen.add(decode_reference(record.body).decision)
            elif record.kind == Kind.VOID:
                self._void.add(decode_reference(record.body).decision)
            elif self._was_shown(record):
                yield decode_decision(record.body)

    def _was_shown(self, record: Record) -> bool:
        if record.kind == Kind.DECISION:
            return record.position not in self._void
        return record.kind == Kind.DEFERRED and record.position in self._seen
