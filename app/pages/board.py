"""The messages of the dashboard's stream: what it shows, as server-sent events."""

from typing import Any, Final

import msgspec

from app.api.candidate_answer import shown
from app.api.services import Services
from app.operations.ring import EVERY_SECONDS, Span
from app.operations.watch import Look
from app.pages.steps import first_steps

SLOW: Final = (0.5, 0.99)
MINUTE: Final = 60
_encode = msgspec.json.encode


async def overview(services: Services, look: Look) -> bytes:
    """Return the first message: everything, with the readings of the last hour."""
    points = [point(span) for span in services.watch.ring.steps()]
    return b"retry: 2000\n" + _event("overview", {**await _now(services, look), "points": points})


async def news(services: Services, look: Look) -> bytes:
    """Return a further message: the numbers of now, and the point that the charts get."""
    points = [point(span) for span in services.watch.ring.steps(1)]
    return _event("news", {**await _now(services, look), "points": points})


def point(span: Span) -> dict[str, float | None]:
    """Return what the charts show of the time between two readings. Times of answers are in milliseconds."""
    half, most = (_milliseconds(span.quantile(part)) for part in SLOW)
    share = span.fallback_share
    return {
        "at": span.last.at / 1000,
        "decisions": round(span.rate("keyart_decisions_total"), 3),
        "feedback": round(span.rate("keyart_feedback_total"), 3),
        "examples": round(span.rate("keyart_examples_total", "learned"), 3),
        "half": half,
        "most": most,
        "fallbacks": None if share is None else round(100 * share, 3),
    }


async def _now(services: Services, look: Look) -> dict[str, Any]:
    ring = services.watch.ring
    minute = ring.last(MINUTE)
    gauges = look.reading.gauges
    report = await services.group_reporter.report()
    steps = first_steps(
        look.reading,
        report,
        titles=len(services.live_catalogue),
        ready=services.model.ready,
        window_seconds=services.settings.reward_window_seconds,
    )
    return {
        "at": look.reading.at / 1000,
        "since": ring.since / 1000,
        "every": EVERY_SECONDS,
        "alarms": [alarm._asdict() for alarm in look.alarms],
        "steps": [step._asdict() for step in steps],
        "titles": len(services.live_catalogue),
        "ready": not look.seen.waits_for and not look.seen.lost,
        "waits_for": look.seen.lost or look.seen.waits_for,
        "trainer": look.trainer or look.seen.no_trainer,
        "leads": bool(look.trainer),
        "snapshot": services.model.snapshot,
        "snapshot_age": gauges.get("keyart_snapshot_age_seconds"),
        "lag": max(0.0, look.seen.position - gauges.get("keyart_trainer_position", 0.0)) if look.trainer else None,
        "open_windows": gauges.get("keyart_open_windows"),
        "log": {"used": int(look.seen.size.used), "most": int(look.seen.size.most)},
        "minute": {**point(minute), "seconds": minute.seconds},
        "feedback": _feedback(ring.last(3600)),
        "report": report,
        "candidate": shown(look.seen.candidate, serves=services.canary.ready),
    }


def _feedback(span: Span) -> dict[str, float | None]:
    """Return how many impressions, clicks and plays came for each decision of the last hour."""
    decisions = span.increase("keyart_decisions_total")
    return {
        kind: round(span.increase("keyart_feedback_total", kind) / decisions, 4) if decisions else None
        for kind in ("impression", "click", "play")
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)


def _event(name: str, content: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + _encode(content) + b"\n\n"
