"""What viewers got in each stage of a ramp, and the stage at which the service gave way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WATCHED = "/artwork"
"""The requests whose answers a page waits for, and that are held to a limit, have this in their names."""

ENOUGH = 40
"""Of fewer requests the p95 is that of one or two, and tells nothing."""


@dataclass(frozen=True, slots=True)
class Calls:
    """So many requests, and within how many milliseconds so many hundredths of them were answered."""

    count: int
    p50: float
    p95: float
    p99: float


def calls(milliseconds: Sequence[float]) -> Calls:
    ordered = sorted(milliseconds)

    def within(share: float) -> float:
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3) if ordered else 0.0

    return Calls(len(ordered), within(0.5), within(0.95), within(0.99))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A time in which the number of viewers stayed the same."""

    viewers: int
    seconds: float
    named: dict[str, Calls]
    """By method and name."""
    total: Calls
    failures: int
    decisions: int
    fallbacks: int
    waited: float
    """Seconds that all viewers together spent waiting for answers."""
    locust: float
    """Processor time of locust in a second: at 1 its core is full, and it can ask for no more."""
    service: float | None
    """Processor time of the service's processes in a second; None where it is not known which they are."""
    late_ms: float
    """So late locust's own timers were, 95 of 100; as much may be in the times above."""

    @property
    def requests_per_second(self) -> float:
        return self.total.count / self.seconds

    @property
    def decisions_per_second(self) -> float:
        return self.decisions / self.seconds

    @property
    def followed(self) -> float:
        """The share of what these viewers would have asked for, had every answer come at once, that was asked."""
        return 1 - self.waited / (self.viewers * self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond which a service has given way."""

    p95_ms: float = 100.0
    followed: float = 0.9
    fallbacks: float = 0.01
    locust: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Stages of ever more viewers, and everything that went wrong in or between them."""

    stages: list[Stage] = field(default_factory=list)
    ended: str
    """Why there was no further stage."""
    requests: dict[str, int] = field(default_factory=dict)
    """By method and name, in all stages and between them."""
    failures: int = 0
    errors: list[str] = field(default_factory=list)
    decisions: int = 0
    fallbacks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Knee:
    """`held` is the last stage within the limits; `gave_way` the first that was twice beyond them, and why."""

    held: Stage | None
    gave_way: Stage | None
    reasons: list[str]
    by_locust: bool
    """Locust's own core was full when it gave way: the service may be good for more."""


def knee(stages: Sequence[Stage], limits: Limits) -> Knee:
    """Find the stage at which the service gave way. What came after that is not looked at.

    A stage beyond the limits is tried again before it counts: something else may have kept the machine busy.
    """
    held = doubted = None
    for stage in stages:
        reasons = exceeded(stage, limits)
        if reasons and doubted:
            full = stage.locust >= limits.locust
            return Knee(held=held, gave_way=stage, reasons=reasons, by_locust=full)
        held, doubted = (held, stage) if reasons else (stage, None)
    return Knee(held=held, gave_way=None, reasons=[], by_locust=False)


def exceeded(stage: Stage, limits: Limits) -> list[str]:
    """Say which limits a stage was beyond."""
    reasons = [f"{stage.failures} requests failed"] if stage.failures else []
    reasons += [
        f"p95 of {name} was {found.p95:.0f} ms"
        for name, found in stage.named.items()
        if WATCHED in name and found.count >= ENOUGH and found.p95 > limits.p95_ms
    ]
    if stage.followed < limits.followed:
        reasons.append(f"{stage.followed:.0%} of what was offered came through")
    if stage.fallbacks > limits.fallbacks * stage.decisions:
        reasons.append(f"{stage.fallbacks / stage.decisions:.1%} of the decisions were fallbacks")
    if stage.locust >= limits.locust:
        reasons.append(f"locust itself used {stage.locust:.0%} of its core")
    return reasons
