"""Erasure of a viewer from the log."""

from app.records import Kind
from app.store.protocol import Log

SCRUBBED = 1000
"""Records examined in one transaction."""
PAGE = 5000


async def erase(log: Log, pseudonym: str) -> None:
    await log.forget(pseudonym)
    await finish_erasure(log, pseudonym)


async def finish_erasures(log: Log) -> int:
    """Finish the erasures that a killed process left unfinished, and return their number.

    Two processes may finish the same one, which changes nothing.
    """
    under_way = await log.erasures()
    for pseudonym in under_way:
        await finish_erasure(log, pseudonym)
    return len(under_way)


async def finish_erasure(log: Log, pseudonym: str) -> None:
    """Scrub the decisions of a profile whose erasure has begun, and say that it is done."""
    end = (await log.head()).position
    seen = 0
    while seen < end and (last := await log.scrub(pseudonym, seen, SCRUBBED)) > seen:
        seen = last
    await log.end_erasure(pseudonym)  # deletes as well what the trainer has learned of the profile meanwhile


async def erased_since(log: Log, position: int) -> bool:
    """Tell whether the log has an erasure after a position."""
    while records := await log.read(position, PAGE):
        if any(record.kind == Kind.ERASURE for record in records):
            return True
        position = records[-1].position
    return False
