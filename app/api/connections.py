"""All connections of a worker: how many there may be, and how much memory they may take together."""

from collections import Counter
from dataclasses import dataclass
from heapq import nsmallest
from typing import Protocol

import structlog

from app.api.process_memory import give_back
from app.telemetry import metrics

log = structlog.get_logger()

EVICTED_PART = 32
"""The divisor for the part of all connections that ends if there are too many.

Many end together, because a search for the quietest checks all connections.
"""
LOG_SECONDS = 10.0
FLOOD_BYTES, FLOOD_CONNECTIONS = 8 << 20, 256
"""The size from which a flood's memory is given back to the system at its end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The time and memory that clients may take of a worker."""

    connections: int = 2048
    """Connections that are open at the same time."""
    idle_seconds: float = 75.0
    """How long a connection may be open without a request: longer than proxies keep theirs (docs/examples: 60 s).

    Otherwise a proxy may send a request while the worker closes the connection, and the viewer gets a 502.
    """
    head_seconds: float = 10.0
    """How long a request's first line and headers may take, from their first byte on."""
    head_bytes: int = 32 << 10
    """Bytes of a head, and of one piece of a body's framing, such as a trailer."""
    fields: int = 100
    """Lines of a head: each takes 130 bytes of memory, however short it is."""
    body_seconds: float = 30.0
    """How long a client may send no byte of a body; and the time of a body beside that of `body_rate`."""
    body_rate: int = 2048
    """Bytes a second."""
    unread_seconds: float = 30.0
    """How long a client may read its answer more slowly than `unread_rate`."""
    unread_rate: int = 1024
    """Bytes a second."""
    pipelined: int = 16
    """Requests of one connection that may wait for earlier ones."""
    received_bytes: int = 32 << 20
    """Bytes of all requests together that have come in part, or wait for earlier ones."""
    unread_bytes: int = 64 << 20
    """Bytes of all answers together that clients have not read yet."""


class Open(Protocol):
    """A connection, with the methods that are needed here."""

    def quiet_since(self) -> float | None:
        """Return since when the client keeps the worker waiting; None if it does not."""

    def look(self, now: float) -> int:
        """End the connection if its client is too slow; return how many bytes the client has not read yet."""

    def end(self, reason: str) -> None:
        """End the connection immediately, with an answer that gives the reason if an answer is possible."""


class Flood:
    """Tells when a level that was high is low again."""

    __slots__ = ("_much", "_peak")

    def __init__(self, much: int):
        self._much, self._peak = much, 0

    def note(self, level: int) -> None:
        self._peak = max(self._peak, level)

    def is_over(self, level: int) -> bool:
        """Return whether the flood is over; true once for each flood."""
        if self._peak < self._much or level > self._peak // 8:
            return False
        self._peak = level
        return True


class Held:
    """Bytes in memory for each connection, and the most that all connections together may take."""

    __slots__ = ("_by", "_flood", "_most", "_reason", "_total")

    def __init__(self, most: int, reason: str):
        self._most, self._reason = most, reason
        self._by: dict[Open, int] = {}
        self._total = 0
        self._flood = Flood(FLOOD_BYTES)

    def add(self, connection: Open, size: int) -> None:
        """Count more bytes of a connection. If all together are too many, end the connections that have most.

        The newest connection does not have to end: a client that sends little is served while others send much.
        """
        self._by[connection] = self._by.get(connection, 0) + size
        self._total += size
        self._flood.note(self._total)
        while self._total > self._most:
            largest = max(self._by, key=self._by.__getitem__)
            self.drop(largest)
            largest.end(self._reason)

    def set(self, connection: Open, size: int) -> None:
        self.drop(connection)
        if size:
            self.add(connection, size)

    def drop(self, connection: Open) -> None:
        self._total -= self._by.pop(connection, 0)

    def has_ebbed(self) -> bool:
        return self._flood.is_over(self._total)


class Connections:
    """Lets connections in, and ends those whose clients keep the worker waiting, the longest waiting first."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.received = Held(limits.received_bytes, "hoarding")
        self.unread = Held(limits.unread_bytes, "unread")
        self._open: set[Open] = set()
        self._going: set[Open] = set()
        self._crowd = Flood(FLOOD_CONNECTIONS)
        self._ended: Counter[str] = Counter()
        self._log_due = 0.0

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, new: Open) -> None:
        """Take a connection in. If there is no room, and no other client keeps the worker waiting, end it."""
        self._open.add(new)
        if len(self._open) - len(self._going) > self.limits.connections and not self._evict(new):
            new.end("refused")

    def _evict(self, new: Open) -> bool:
        found = ((each.quiet_since(), id(each), each) for each in self._open if each is not new)
        quiet = [(since, number, each) for since, number, each in found if since is not None]
        for _, _, each in nsmallest(max(1, self.limits.connections // EVICTED_PART), quiet):
            each.end("evicted")
        return bool(quiet)

    def count(self, reason: str) -> None:
        self._ended[reason] += 1
        metrics.CONNECTIONS_ENDED.labels(reason).inc()

    def release(self, connection: Open) -> None:
        """Note that a connection closes: it does not count for the limit any more."""
        self._going.add(connection)

    def leave(self, connection: Open) -> None:
        self._open.discard(connection)
        self._going.discard(connection)
        self.received.drop(connection)
        self.unread.drop(connection)

    def sweep(self, now: float) -> None:
        """Look at every connection, and end the slow ones. This is cheaper than a timer for each request."""
        for each in list(self._open):
            self.unread.set(each, each.look(now))
        self._crowd.note(len(self._open))
        if self.received.has_ebbed() or self.unread.has_ebbed() or self._crowd.is_over(len(self._open)):
            give_back()
        metrics.CONNECTIONS.set(len(self._open))
        if self._ended and now >= self._log_due:
            log.warning("connections_ended", open=len(self._open), **self._ended)
            self._ended.clear()
            self._log_due = now + LOG_SECONDS
