"""What may be deleted goes by a clock that runs no faster than time passes."""

import pytest
import structlog

from app.learning.trusted_clock import SETTING, SLACK_MS, STABLE_MS, TrustedClock, trusted_in
from tests.builders import Clock
from tests.memory import MemoryStore

START = 1_790_000_000_000
DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000


class Machine:
    """A clock that can be set, time that passes all the same, and a log that a start finds again."""

    def __init__(self) -> None:
        self.clock, self.passing = Clock(START), Clock(5_000)
        self.log = MemoryStore(self.clock).log
        self.trusted = self.started()

    def started(self) -> TrustedClock:
        self.trusted = TrustedClock(self.log, self.clock, self.passing)
        return self.trusted

    def passes(self, ms: int) -> None:
        self.clock.now += ms
        self.passing.now += ms

    async def goes_on(self, ms: int, step: int = MINUTE) -> int:
        """Let time pass, and look once a minute."""
        for _ in range(ms // step):
            self.passes(step)
            await self.trusted.now()
        return await self.trusted.now()

    async def lag(self) -> int:
        return self.clock.now - await self.trusted.now()

    def is_off(self, ms: int) -> None:
        """Let nothing run for a while; how time passes begins anew."""
        self.clock.now += ms
        self.passing.now = 0
        self.started()

    async def runs_by_day(self, days: int, hours: int = 8) -> int:
        """Run for so many hours a day; return the largest lag."""
        worst = 0
        for _ in range(days):
            worst = max(worst, await self.lag())
            await self.goes_on(hours * HOUR, step=10 * MINUTE)
            self.is_off(DAY - hours * HOUR)
        return max(worst, await self.lag())


@pytest.fixture
def machine() -> Machine:
    return Machine()


async def test_it_is_the_clock_while_that_goes_right(machine: Machine) -> None:
    assert await machine.trusted.now() == START
    assert await machine.goes_on(DAY) == START + DAY
    machine.clock.now += SLACK_MS - 1
    assert await machine.trusted.now() == machine.clock.now, "put right by a little"


@pytest.mark.parametrize("lasts", [75_000, 6 * 3_600_000])
async def test_a_clock_that_is_days_ahead_for_a_while_is_not_believed(machine: Machine, lasts: int) -> None:
    await machine.trusted.now()
    await machine.goes_on(MINUTE)
    with structlog.testing.capture_logs() as said:
        machine.clock.now += 12 * DAY
        await machine.goes_on(lasts)
        assert await machine.trusted.now() <= machine.clock.now - 12 * DAY
        machine.clock.now -= 12 * DAY
        assert await machine.goes_on(MINUTE) == machine.clock.now
    assert [(line["event"], line["seconds"]) for line in said] == [("clock_leaped", 12 * 86_400)]


async def test_nor_is_it_after_a_start(machine: Machine) -> None:
    await machine.goes_on(10 * MINUTE)
    machine.clock.now += 12 * DAY
    for _ in range(3):
        await machine.goes_on(MINUTE)
        await machine.log.tick(0)
        machine.started()
    assert await machine.goes_on(MINUTE) <= machine.clock.now - 12 * DAY


async def test_a_clock_that_stays_ahead_is_believed_after_a_day(machine: Machine) -> None:
    await machine.goes_on(MINUTE)
    machine.clock.now += 12 * DAY
    assert await machine.goes_on(STABLE_MS - MINUTE) < machine.clock.now - 11 * DAY
    assert await machine.goes_on(3 * MINUTE) == machine.clock.now


async def test_one_that_leaps_again_has_its_day_before_it_again(machine: Machine) -> None:
    await machine.goes_on(MINUTE)
    for _ in range(4):
        machine.clock.now += DAY
        await machine.goes_on(STABLE_MS // 2)
    assert await machine.trusted.now() < machine.clock.now - 3 * DAY


async def test_after_a_time_in_which_nothing_ran_it_lags_for_a_day(machine: Machine) -> None:
    await machine.goes_on(2 * MINUTE)
    machine.clock.now += 5 * DAY
    machine.passing.now = 0  # as after the start of a machine
    machine.started()
    with structlog.testing.capture_logs() as said:
        assert machine.clock.now - await machine.goes_on(MINUTE) >= 5 * DAY - MINUTE
        assert await machine.goes_on(STABLE_MS + MINUTE) == machine.clock.now
    assert not said, "nothing leaped: nobody knows how long nothing ran"


@pytest.mark.parametrize(("hours", "days"), [(8, 3), (3, 9), (23, 2)])
async def test_run_by_day_alone_it_lags_by_what_nothing_ran_in_a_day_of_running(
    machine: Machine, hours: int, days: int
) -> None:
    assert await machine.runs_by_day(90, hours) <= days * DAY


async def test_often_started_it_lags_by_what_nothing_ran_in_a_day_of_running(machine: Machine) -> None:
    worst = 0
    for _ in range(400):
        machine.is_off(2 * MINUTE)
        worst = max(worst, await machine.goes_on(10 * MINUTE))
        assert await machine.lag() <= 24 * 6 * 2.5 * MINUTE, "30 s at the end of each may not be written down"
    content = await machine.log.setting(SETTING)
    assert content
    assert len(content) < 1000


@pytest.mark.parametrize("restarts", [0, 1, 5])
async def test_what_leaps_while_nothing_runs_is_not_believed_for_the_days_before(
    machine: Machine, restarts: int
) -> None:
    await machine.runs_by_day(10)
    await machine.goes_on(8 * HOUR - MINUTE)
    ahead = 12 * DAY
    machine.is_off(ahead)
    for _ in range(restarts):
        await machine.goes_on(15_000, step=15_000)
        machine.is_off(0)
    await machine.goes_on(75_000, step=15_000)
    assert await machine.lag() >= ahead
    machine.is_off(-ahead)
    assert 0 <= await machine.lag() <= 3 * DAY, "what was right before is so still"
    assert await machine.runs_by_day(10) <= 3 * DAY


@pytest.mark.parametrize("restarts", [0, 1, 5])
async def test_a_leap_makes_every_gap_wait_for_a_day_anew(machine: Machine, restarts: int) -> None:
    await machine.runs_by_day(10)
    await machine.goes_on(8 * HOUR - MINUTE)
    machine.clock.now += 12 * DAY
    await machine.goes_on(75_000, step=15_000)
    for _ in range(restarts):
        machine.is_off(0)
        await machine.goes_on(75_000, step=15_000)
    assert await machine.lag() >= 12 * DAY + 16 * HOUR
    assert await machine.goes_on(22 * HOUR) <= machine.clock.now - 12 * DAY
    await machine.goes_on(2 * HOUR)
    assert await machine.lag() <= SLACK_MS


async def test_a_clock_that_is_set_back_makes_nothing_older(machine: Machine) -> None:
    await machine.goes_on(MINUTE)
    machine.clock.now -= 30 * DAY
    assert await machine.goes_on(MINUTE) == machine.clock.now
    machine.clock.now += 30 * DAY
    assert await machine.goes_on(MINUTE) < machine.clock.now - 29 * DAY
    assert await machine.goes_on(STABLE_MS) == machine.clock.now


async def test_a_folder_of_an_earlier_version_begins_with_the_end_of_its_log(machine: Machine) -> None:
    await machine.log.tick(0)
    machine.clock.now += 12 * DAY
    assert await machine.trusted.now() == START
    assert trusted_in(await machine.log.setting(SETTING) or b"") == START
    await machine.log.swap_setting(SETTING, await machine.log.setting(SETTING), b"%d" % (START - DAY))
    machine.clock.now = START
    machine.started()
    assert await machine.trusted.now() == START - DAY, "as it was written before there were gaps"
