"""More and more viewers, stage by stage, until the service gives way: a shape for locust beside `locustfile.py`.

    locust -f tests/load/locustfile.py,tests/load/ramp.py --headless --host http://127.0.0.1:8000

does this to any service that runs; `--help` has its options, in the group Ramp.
"""

import math
import threading
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from locust import LoadTestShape, events
from locust.env import Environment

from tests.e2e.service import alive
from tests.load.meter import Meter
from tests.load.stages import Limits, Ramp, Stage, exceeded, knee
from tests.load.summary import told

SETTLING = 0.25
"""The part of a stage in which its viewers arrive; it is not measured."""
BEAT = 0.02


@dataclass(slots=True)
class Measured:
    """What the ramp that runs has seen so far."""

    meter: Meter = field(default_factory=Meter)
    stages: list[Stage] = field(default_factory=list)
    decisions: int = 0
    fallbacks: int = 0
    ended: str = "it was stopped"

    def add(
        self,
        request_type: str,
        name: str,
        response_time: float,
        context: dict[str, int],
        exception: object,
        **_: object,
    ) -> None:
        decisions, fallbacks = context.get("decisions", 0), context.get("fallbacks", 0)
        self.decisions += decisions
        self.fallbacks += fallbacks
        failed = exception is not None
        self.meter.add(
            f"{request_type} {name}", response_time, failed=failed, decisions=decisions, fallbacks=fallbacks
        )

    def beat(self) -> None:
        """Notice how late this process' own timers are, for ever."""
        while True:
            due = time.perf_counter() + BEAT
            time.sleep(BEAT)
            self.meter.late((time.perf_counter() - due) * 1000)


MEASURED = Measured()
events.request.add_listener(MEASURED.add)


@events.init_command_line_parser.add_listener
def add_options(parser: ArgumentParser) -> None:
    options = parser.add_argument_group("Ramp")
    options.add_argument("--viewers-first", type=int, default=150, help="Viewers of the first stage")
    options.add_argument("--viewers-max", type=int, default=4000, help="Viewers that no stage has more of")
    options.add_argument(
        "--growth", type=float, default=1.35, help="Viewers of a stage to those of the one before"
    )
    options.add_argument("--stage-seconds", type=float, default=12.0, help="How long a stage lasts")
    options.add_argument(
        "--ramp-seconds", type=float, default=160.0, help="No further stage is begun that would end later"
    )
    options.add_argument("--limit-ms", type=float, default=100.0, help="The p95 of decisions that is allowed")
    options.add_argument("--service-pid", type=int, help="Whose processor time to look at, on this machine")
    options.add_argument("--result", type=Path, help="The file to write the result to, as JSON")


@events.init.add_listener
def listen_to_itself(environment: Environment, **_: object) -> None:
    assert environment.parsed_options is not None
    MEASURED.meter = Meter(environment.parsed_options.service_pid)
    threading.Thread(target=MEASURED.beat, daemon=True).start()  # under locust a thread is a greenlet


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Say where the knee was, to who runs locust by hand."""
    assert environment.parsed_options is not None
    if not environment.parsed_options.result:
        limits = Limits(p95_ms=environment.parsed_options.limit_ms)
        print(told(_ramp(environment), knee(MEASURED.stages, limits)), flush=True)  # noqa: T201


@events.quitting.add_listener
def write(environment: Environment, **_: object) -> None:
    """Write down the stages, and what went wrong anywhere."""
    assert environment.parsed_options is not None
    if file := environment.parsed_options.result:
        file.write_bytes(msgspec.json.encode(_ramp(environment)))


def _ramp(environment: Environment) -> Ramp:
    assert environment.runner is not None
    stats, exceptions = environment.stats, environment.runner.exceptions.values()
    errors = [f"{each.occurrences} × {each.method} {each.name}: {each.error}" for each in stats.errors.values()]
    raised = [f"{each['count']} × {each['msg']}\n{each['traceback']}" for each in exceptions]
    return Ramp(
        stages=MEASURED.stages,
        ended=MEASURED.ended,
        requests={f"{each.method} {each.name}": each.num_requests for each in stats.entries.values()},
        failures=stats.num_failures + sum(each["count"] for each in exceptions),
        errors=errors + raised,
        decisions=MEASURED.decisions,
        fallbacks=MEASURED.fallbacks,
    )


class Stages(LoadTestShape):
    """Each stage has `growth` times the viewers of the one before it, until one exceeds a limit."""

    def reset_time(self) -> None:
        super().reset_time()
        MEASURED.stages.clear()
        MEASURED.decisions = MEASURED.fallbacks = 0
        self._viewers: int = 0
        self._measuring = False

    def tick(self) -> tuple[int, float] | None:
        """Say how many viewers there are to be now, and how many come a second; None ends it."""
        if (service := self._options.service_pid) and not alive(service):
            MEASURED.ended = "the service ended"
            return None
        if self._viewers == 0:
            self._begin(self._options.viewers_first)
        elif not self._measuring:
            self._measuring = self._settled()
        elif MEASURED.meter.seconds >= (1 - SETTLING) * self._options.stage_seconds:
            if reason := self._end():
                MEASURED.ended = reason
                return None
            self._begin(self._next())
        return self._viewers, self._arriving

    @property
    def _options(self) -> Any:
        assert self.runner is not None
        return self.runner.environment.parsed_options

    def _begin(self, viewers: int) -> None:
        settling = SETTLING * self._options.stage_seconds
        self._arriving = max(1.0, (viewers - self._viewers) / settling)
        self._viewers, self._measuring = viewers, False
        self._settled_at = self.get_run_time() + settling

    def _settled(self) -> bool:
        """Start to measure once all viewers are there."""
        if self.get_run_time() < self._settled_at or self.get_current_user_count() < self._viewers:
            return False
        MEASURED.meter.begin()
        return True

    def _end(self) -> str | None:
        """Take the stage down, and say why it was the last one, if it was."""
        stage = MEASURED.meter.end(self._viewers)
        MEASURED.stages.append(stage)
        limits = Limits(p95_ms=self._options.limit_ms)
        print(_line(stage, exceeded(stage, limits)), flush=True)  # noqa: T201  whoever waits sees how far it is
        if knee(MEASURED.stages, limits).gave_way:
            return "the service gave way"
        if exceeded(stage, limits):
            return None
        if self._viewers >= self._options.viewers_max:
            return f"{self._viewers:,} viewers are as many as there were to be"
        if self.get_run_time() + self._options.stage_seconds > self._options.ramp_seconds:
            return f"the {self._options.ramp_seconds:.0f} s that it may take were over"
        return None

    def _next(self) -> int:
        """Return the viewers of the next stage: as many again where this one was beyond the limits."""
        if exceeded(MEASURED.stages[-1], Limits(p95_ms=self._options.limit_ms)):
            return self._viewers
        most: int = self._options.viewers_max
        growth: float = self._options.growth
        return min(most, math.ceil(self._viewers * growth))


def _line(stage: Stage, reasons: list[str]) -> str:
    limits = f": {', '.join(reasons)}" if reasons else ""
    rates = f"{stage.requests_per_second:,.0f} requests/s, {stage.decisions_per_second:,.0f} decisions/s"
    return f"{stage.viewers:,} viewers: {rates}, p95 {stage.total.p95:.0f} ms{limits}"
