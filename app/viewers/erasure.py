"""Taking a viewer out of the log."""

from app.store.protocol import Log

SCRUBBED = 1000
"""Records looked through in one transaction."""


async def erase(log: Log, pseudonym: str) -> None:
    """Delete what is kept of a profile, and take it out of every decision in the log."""
    await log.forget(pseudonym)
    await finish_erasure(log, pseudonym)


async def finish_erasures(log: Log) -> int:
    """Finish the erasures that are under way, and return how many: a process that was killed left them so.

    One that another process is about to finish is finished twice, which changes nothing.
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
    await log.end_erasure(pseudonym)  # what the trainer learned of the profile meanwhile goes, too
