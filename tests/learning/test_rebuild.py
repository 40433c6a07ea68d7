"""`keyart rebuild --tune --passes`, as a command beside a service or without one."""

import random
from pathlib import Path

import pytest

from app.clock import now_ms
from app.learning.bases import resume
from app.records import Kind, encode
from app.store.protocol import Event, Snapshot
from app.store.protocol.lease import LONGEST_LEASE_MS
from app.store.sqlite import SqliteStore
from app.store.sqlite.examination import examine
from bandit.learners import kind_of, restored
from bandit.reward import RewardRules
from tests.builders import Clock, a_decision, a_draft, a_film, a_shelf
from tests.e2e.service import keyart
from tests.learners import needs_vowpal

FILMS = [a_film(f"film-{number}", 4) for number in range(20)]
LED = "A trainer is leading; stop the service, then rebuild with --publish.\n"


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def a_log(folder: Path, clock: Clock, decisions: int) -> SqliteStore:
    """Return a store with decisions about films of which some artworks are liked far more than others."""
    store, rng = SqliteStore(folder, clock), random.Random(2)
    await a_shelf(store.log, folder / "catalogue", *FILMS)
    await store.log.declare(encode(RewardRules(1_000)))
    liked = {(film.id, number): rng.random() ** 3 for film in FILMS for number in range(4)}
    for _ in range(decisions // 50):
        drawn = [(rng.choice(FILMS), rng.randrange(4)) for _ in range(50)]
        holds = await store.log.log_decisions([a_draft(a_decision(film, chosen)) for film, chosen in drawn])
        clicks = [
            Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)
            for hold, (film, chosen) in zip(holds, drawn, strict=True)
            if rng.random() < liked[film.id, chosen]
        ]
        await store.log.log_feedback(clicks)
        clock.now += 100
    clock.now += 2_000
    await store.log.tick(1)
    return store


async def candidates(store: SqliteStore) -> list[Snapshot]:
    return await store.state.snapshots("candidate")


async def test_a_candidate_is_made_beside_a_trainer_that_leads(tmp_path: Path, clock: Clock) -> None:
    store = await a_log(tmp_path, clock, 1500)
    clock.now = now_ms()
    assert await store.state.lead("a trainer", LONGEST_LEASE_MS)
    made = keyart(tmp_path, "rebuild", "--tune", "--passes", "2")

    assert made.returncode == 0, made.stderr
    [candidate] = await candidates(store)
    assert "Folded to position" in made.stdout
    assert "Tunings: 1200 examples" in made.stdout
    assert "On the 300 test examples" in made.stdout
    assert f"Kept as candidate snapshot {candidate.id}." in made.stdout
    assert restored(candidate.learner).healthy()
    assert await store.state.current() is None
    assert examine(tmp_path, seconds=5).reached == 0, "what a trainer has yet to fold is told without it"
    assert candidate.position == (await store.log.head()).position

    assert " candidate " in keyart(tmp_path, "models").stdout
    refused = keyart(tmp_path, "rebuild", "--tune", "--publish")
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", LED)
    await store.close()


async def test_published_it_takes_the_incumbents_place_and_goes_on_with_its_tuning(
    tmp_path: Path, clock: Clock
) -> None:
    store = await a_log(tmp_path, clock, 1500)
    made = keyart(tmp_path, "rebuild", "--tune", "--publish")

    assert made.returncode == 0, made.stderr
    assert "The candidate learned with spread 3" in made.stdout
    [candidate], [incumbent] = await candidates(store), await store.state.snapshots()
    assert candidate.learner == incumbent.learner
    assert f"Published as snapshot {incumbent.id}." in made.stdout
    live_catalogue = await a_shelf(store.log, tmp_path / "another", *FILMS)
    fold = await resume(store, live_catalogue)
    assert fold.learned == candidate.position
    assert fold.learner.snapshot() == candidate.learner
    await store.close()


async def test_a_log_that_is_too_short_is_told_and_nothing_is_kept(tmp_path: Path, clock: Clock) -> None:
    store = await a_log(tmp_path, clock, 100)
    refused = keyart(tmp_path, "rebuild", "--passes", "2", "--publish")

    assert refused.returncode == 1
    assert "The log has 100 examples, and a comparison of ways of learning needs 500" in refused.stderr
    assert await candidates(store) == []
    assert await store.state.current() is None
    await store.close()


@needs_vowpal
@pytest.mark.parametrize("option", ["--tune", "--passes=2"])
async def test_the_other_learner_can_not_be_tuned(tmp_path: Path, clock: Clock, option: str) -> None:
    await (await a_log(tmp_path, clock, 50)).close()
    refused = keyart(tmp_path, "rebuild", option, learner="vowpal")

    assert refused.returncode == 1
    assert refused.stderr.startswith("--tune and --passes are for the learner 'logistic', and KEYART_LEARNER is")
    assert refused.stderr.endswith("rebuild without them. The learner 'vowpal' has no tuning.\n")


@needs_vowpal
async def test_what_another_learner_left_is_told_not_compared_and_replaced(tmp_path: Path, clock: Clock) -> None:
    store = await a_log(tmp_path, clock, 50)
    assert keyart(tmp_path, "rebuild", "--publish", learner="vowpal").returncode == 0
    [old] = await store.state.snapshots()
    rebuilt = keyart(tmp_path, "rebuild", "--publish")

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert f"no comparison with snapshot {old.id}, because it is of the learner 'vowpal'" in rebuilt.stdout
    [new, *_] = await store.state.snapshots()
    assert (kind_of(old.learner), kind_of(new.learner)) == ("vowpal", "logistic")
    await store.close()


async def test_without_either_option_no_candidate_is_made(tmp_path: Path, clock: Clock) -> None:
    store = await a_log(tmp_path, clock, 50)
    rebuilt = keyart(tmp_path, "rebuild", "--publish")

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "candidate" not in rebuilt.stdout
    assert await candidates(store) == []
    again = keyart(tmp_path, "rebuild")
    assert again.stdout.startswith("Equal to snapshot 1 in every weight.")
    await store.close()
