"""Why a command failed: a sentence where the store or another file is to blame, and else a line in the log."""

import structlog

from app.wiring.stores import store_fault

log = structlog.get_logger()


def sentence_of(error: Exception) -> str | None:
    """Return what is wrong with the store or another file, and what to do; None if neither is to blame."""
    return store_fault(error) or _file_fault(error)


def is_logging() -> bool:
    """Say whether logging is set up; if not, nobody would find a traceback in it."""
    return structlog.is_configured()


def _file_fault(error: Exception) -> str | None:
    if not isinstance(error, OSError) or not error.filename:
        return None
    return f"{error.filename}: {error.strerror}; mend that and try again, or see what `keyart doctor` says."
