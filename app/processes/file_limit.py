"""How many files and connections a process may have open."""

import resource

ENOUGH = 65_536
"""More are never needed; some systems refuse a limit without end."""
SPARE = 128
"""Files that a worker needs beside its connections: databases, pictures, uploads, processes that draw pictures."""


def raise_limit() -> int:
    """Raise the limit of this process, and of those that it starts, as far as it may; return what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS says that there is no limit, and has one
        return soft
    return wanted


def for_connections(limit: int) -> int:
    """Return how many of so many files may be connections: a crowd of them must leave room for the rest."""
    return max(1, limit - max(SPARE, limit // 4)) if limit > SPARE else max(1, limit // 2)
