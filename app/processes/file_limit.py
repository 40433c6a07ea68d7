"""The limit of files and connections that a process may have open."""

import resource

ENOUGH = 65_536
"""The highest limit that is set; no process needs more, and some systems refuse an unlimited number."""
SPARE = 128
"""Files that a worker needs beside its connections: databases, pictures, uploads, rendering processes."""


def raise_limit() -> int:
    """Raise the limit of this process and its children as far as allowed; return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS reports no limit, and has one
        return soft
    return wanted


def for_connections(limit: int) -> int:
    """Return how many of these files may be connections, so that a crowd of them leaves room for the rest."""
    return max(1, limit - max(SPARE, limit // 4)) if limit > SPARE else max(1, limit // 2)
