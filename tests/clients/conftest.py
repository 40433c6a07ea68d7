import sys

import pytest
import structlog

from tests.api.conftest import catalogue, tmp_path

__all__ = ["catalogue", "tmp_path"]


@pytest.fixture(autouse=True)
def log_aside() -> None:
    """Log to standard error: an example prints to standard output, in another thread than the service."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
