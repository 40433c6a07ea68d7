"""What may be deleted goes by a clock that runs no faster than time passes."""

import pytest
import structlog

from app.store.memory import MemoryStore
from app.trusted_clock import SETTING, SLACK_MS, STABLE_MS, TrustedClock
from tests.builders import Clock

START = 1_790_000_000_000
DAY = 86_400_000
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

    async def goes_on(self, ms: int) -> int:
        """Let time pass, and look once a minute."""
        for _ in range(ms // MINUTE):
            self.passes(MINUTE)
            await self.trusted.now()
        return await self.trusted.now()


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


async def test_often_started_it_falls_behind_by_no_more_than_nothing_ran(machine: Machine) -> None:
    for _ in range(20):
        machine.started()
        await machine.goes_on(10 * MINUTE)
        machine.clock.now += 2 * MINUTE
    assert machine.clock.now - await machine.trusted.now() <= 21 * 2 * MINUTE + 20 * 30_000


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
    assert int(await machine.log.setting(SETTING) or 0) == START
