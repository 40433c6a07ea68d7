"""What a ramp came to: one line, two tables, and JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from tests.load.stages import Calls, Knee, Limits, Ramp, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """What the service said of itself when the last viewer had gone."""

    fallbacks: int
    examples: int
    """Learned by then."""
    lag_seconds: float
    """By so much the trainer was behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ramp: Ramp
    knee: Knee
    limits: Limits
    service: Afterwards
    settings: dict[str, int]
    """Those that are not the defaults."""

    def line(self) -> str:
        counts = (
            f"{self.ramp.failures:,} failures of {sum(self.ramp.requests.values()):,} requests",
            f"{self.ramp.fallbacks:,} fallbacks of {self.ramp.decisions:,} decisions",
            f"trainer {self.service.lag_seconds:.1f} s behind, {self.service.examples:,} examples learned",
        )
        return f"{told(self.ramp, self.knee)}; {'; '.join(counts)}"

    def write(self, file: Path) -> None:
        content: dict[str, Any] = {"summary": self.line(), **msgspec.to_builtins(self)}
        file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def told(ramp: Ramp, knee: Knee) -> str:
    """Say where the knee was and what gave way there."""
    if knee.gave_way is None:
        return f"no knee{f' up to {_rates(knee.held)}' if knee.held else ''} ({ramp.ended})"
    broken = f"at {knee.gave_way.viewers:,} {', '.join(knee.reasons)}{_used(knee.gave_way)}"
    if knee.held is None:
        return f"gave way in the first stage: {broken}"
    where = "locust gave way, the service held" if knee.by_locust else "knee at"
    return f"{where} {_rates(knee.held)}; {broken}"


def _used(stage: Stage) -> str:
    """Say how busy the service was: one that gives way with its cores half idle was kept from them."""
    return "" if stage.service is None else f" (the service used {stage.service:.0%} of a core)"


def _rates(stage: Stage) -> str:
    rates = f"{stage.requests_per_second:,.0f} requests/s, {stage.decisions_per_second:,.0f} decisions/s"
    total = stage.total
    times = f"p50 {total.p50:.0f} ms, p95 {total.p95:.0f} ms, p99 {total.p99:.0f} ms"
    return f"{stage.viewers:,} viewers: {rates}, {times}"


def by_stage(ramp: Ramp) -> Table:
    columns = ("viewers", "requests/s", "decisions/s", "p50 ms", "p95 ms", "p99 ms", "followed", "fallbacks")
    table = Table(*columns, "failures", "service", "locust", "late ms")
    for stage in ramp.stages:
        table.add_row(
            f"{stage.viewers:,}",
            f"{stage.requests_per_second:,.0f}",
            f"{stage.decisions_per_second:,.0f}",
            *_percentiles(stage.total),
            f"{stage.followed:.1%}",
            f"{stage.fallbacks:,}",
            f"{stage.failures:,}",
            "–" if stage.service is None else f"{stage.service:.0%}",
            f"{stage.locust:.0%}",
            f"{stage.late_ms:.1f}",
        )
    return table


def by_name(stage: Stage) -> Table:
    table = Table(f"at {stage.viewers:,} viewers", "requests/s", "p50 ms", "p95 ms", "p99 ms")
    for name, found in stage.named.items():
        table.add_row(name, f"{found.count / stage.seconds:,.1f}", *_percentiles(found))
    return table


def _percentiles(found: Calls) -> tuple[str, str, str]:
    return f"{found.p50:.1f}", f"{found.p95:.1f}", f"{found.p99:.1f}"
