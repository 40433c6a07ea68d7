"""A ceiling on the log, and a limit that counts titles: viewers get pictures all the same."""

from pathlib import Path

from app.operations.store_watch import StoreWatch
from tests.api.service import CLIENT, Catalogue, is_problem, serving


async def test_beyond_the_ceiling_pictures_are_fallbacks_and_feedback_is_refused_until_there_is_room(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, most_bytes=300_000, hold_seconds=3600) as service:
        watch = StoreWatch(service.store)
        held = await service.get(profile="ada")
        choice, number = held, 0
        while choice["decision_id"]:
            number += 1
            assert number < 3000
            choice = await service.get(profile=f"viewer-{number}")
            await watch.look()
        assert choice["fallback"]
        assert choice["image"]["url"]
        assert (await service.get(profile="ada"))["decision_id"] == held["decision_id"], "what is held is served"
        answer = await service.http.post("/clicks", json={"decision_id": held["decision_id"]})
        assert "KEYART_LOG_BYTES" in is_problem(answer, 503)["detail"]
        assert answer.headers["retry-after"] == "60"
        assert (await service.http.get("/readyz")).status_code == 200
        metrics = (await service.http.get("/metrics")).text
        assert 'keyart_fallbacks_total{reason="log_full"} 1.0' in metrics
        assert "keyart_log_bytes_most 300000.0" in metrics

        service.clock.now += 90 * 86_400_000
        await service.store.log.tick(0)
        await service.learn()
        while await service.store.log.trim(before=service.clock.now, below=10**9, limit=1000) == 1000:
            pass
        await service.store.log.wipe()
        await watch.look()
        fresh = await service.get(profile="ada")
        assert fresh["decision_id"]
        assert (await service.http.post("/clicks", json={"decision_id": fresh["decision_id"]})).status_code == 202


async def test_a_limit_counts_titles_and_not_calls_and_none_with_a_key(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    titles = list(catalogue.titles)
    page = {"titles": titles, "deferred": True}
    rate = len(titles) / 20  # ten seconds of it are half a page
    async with serving(tmp_path, catalogue, keyless_decisions_per_second=rate) as service:
        ids = []
        for _ in range(5):
            choices = (await service.http.post("/artwork", json=page)).json()["choices"]
            assert len(choices) == len(titles)
            ids += [choice["decision_id"] for choice in choices]
        decided = [id_ for id_ in ids if id_]
        assert 0 < len(decided) <= len(titles) // 2 + len(titles)
        assert all(id_ is None for id_ in ids[-len(titles) // 2 :])
        assert (await service.get())["fallback"]
        answer = await service.http.post("/artwork", json=page, headers=CLIENT)
        assert all(choice["decision_id"] for choice in answer.json()["choices"])
        metrics = (await service.http.get("/metrics")).text
        assert 'keyart_fallbacks_total{reason="over_allowance"}' in metrics
