"""The reason of a command's failure: a sentence if the store or another file is at fault, else a log line."""

import structlog

from app.wiring.stores import store_fault

log = structlog.get_logger()


def sentence_of(error: Exception) -> str | None:
    """Return the fault of the store or another file, and its remedy; None if the error has another cause."""
    return store_fault(error) or _file_fault(error)


def is_logging() -> bool:
    """Tell whether logging is set up; without it, nobody would find a traceback there."""
    return structlog.is_configured()


def _file_fault(error: Exception) -> str | None:
    if not isinstance(error, OSError) or not error.filename:
        return None
    return f"{error.filename}: {error.strerror}; solve this and try again, or run `keyart doctor`."
