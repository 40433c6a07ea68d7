"""The service after a clock that was a day ahead was set back: all goes on."""

from pathlib import Path

from tests.api.service import START, Catalogue, is_problem, serving
from tests.builders import Clock

DAY = 86_400_000


async def test_pictures_feedback_and_learning_go_on_after_a_leap(tmp_path: Path, catalogue: Catalogue) -> None:
    clock, passing = Clock(START), Clock()
    async with serving(tmp_path, catalogue, clock=clock, passing=passing, hold_seconds=3600) as service:
        clock.now += DAY
        ahead = await service.get(profile="ada")
        clock.now -= DAY
        again = await service.get(profile="ada")
        assert again["decision_id"] == ahead["decision_id"]
        assert again["held"]
        for each in (clock, passing):
            each.now += 2 * 3_600_000
        fresh = await service.get(profile="ada")
        assert fresh["decision_id"] != ahead["decision_id"], "the hold has ended in its own time"
        answer = await service.http.post("/clicks", json={"decision_id": fresh["decision_id"]})
        assert answer.json()["recorded"] == 1

        for each in (clock, passing):
            each.now += 2 * service.settings.window_ms
        await service.store.log.tick(0)
        before = await service.store.state.tallies()
        await service.learn()
        tallies = await service.store.state.tallies()
        shown = sum(tally.exposures for tally in tallies.values()) - sum(t.exposures for t in before.values())
        assert shown == 2, "windows have closed"
        assert sum(tally.clicks for tally in tallies.values()) == 1

        for each in (clock, passing):
            each.now += 9 * DAY
        late = await service.http.post("/clicks", json={"decision_id": fresh["decision_id"]})
        assert "has expired" in is_problem(late, 422)["rejected"][0]["reason"]
