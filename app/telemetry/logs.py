"""JSON lines on standard error."""

import logging
import sys
from contextvars import ContextVar

import structlog

from app.settings import Settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def configure(settings: Settings, **process: str) -> None:
    """Set logging up for this process; every line has the fields of `process`, and a request's lines its id.

    Messages of libraries through Python's own logging become JSON as well, from warnings on.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*steps, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**process)
    others = logging.StreamHandler(sys.stderr)
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_add_process(process), *steps],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[others], force=True)


def _add_request_id(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if current := request_id.get():
        event["request_id"] = current
    return event


def _add_process(process: dict[str, str]) -> structlog.typing.Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {**process, **event}

    return add
