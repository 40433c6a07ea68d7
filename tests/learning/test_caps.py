import random
from typing import Any

import pytest

from app.learning import caps as caps_module
from app.learning.caps import HOUR_MS, Caps, Verdict
from app.records import LOT_BITS, Decision
from app.store.protocol import OF_THE_HOUR
from bandit.reward import RewardRules
from tests.builders import a_decision, a_film

FILM, OTHER = a_film("countdown"), a_film("tides")
ADA, BOB = "0a" * 16, "0b" * 16
RULES = RewardRules(1_000, learn_cap=5, title_cap=2, stranger_cap=10)
BOTH, OWN, NOTHING = Verdict(own=True, everyone=True), Verdict(own=True, everyone=False), Verdict(False, False)


def a_lot(rng: random.Random) -> int:
    return rng.randrange(1, 1 << 2 * LOT_BITS)


def a_stranger(rng: random.Random, profile: str | None = None) -> Decision:
    return a_decision(FILM, profile=profile, stranger=a_lot(rng))


def taught(caps: Caps, examples: int, rules: RewardRules = RULES) -> Caps:
    """Let known viewers without a name teach the film."""
    for _ in range(examples):
        assert caps.take(a_decision(FILM), 0, rules) == BOTH
    return caps


def flood(caps: Caps, rng: random.Random, *, hour: int, size: int) -> int:
    """Return how many of so many strangers may teach in an hour."""
    return sum(caps.take(a_stranger(rng), hour * HOUR_MS, RULES).everyone for _ in range(size))


# -------------------------------------------------------------------- one profile


def test_of_one_profile_so_many_are_taken_in_an_hour_and_fewer_of_one_title() -> None:
    caps = Caps()
    films = [FILM, FILM, FILM, OTHER, OTHER, a_film("orbit"), a_film("apollo")]
    verdicts = [caps.take(a_decision(film, profile=ADA), 0, RULES) for film in films]
    assert verdicts == [BOTH, BOTH, NOTHING, BOTH, BOTH, BOTH, NOTHING]
    assert caps.take(a_decision(FILM, profile=BOB), 0, RULES) == BOTH
    assert caps.take(a_decision(FILM, profile=ADA), HOUR_MS, RULES) == BOTH, "another hour"


def test_without_caps_everything_is_taken() -> None:
    caps, rules, rng = Caps(), RewardRules(1_000, learn_cap=0), random.Random(1)
    assert {caps.take(a_stranger(rng, ADA), 0, rules) for _ in range(100)} == {BOTH}


def test_a_profile_is_credited_so_many_whole_rewards_in_an_hour() -> None:
    caps = Caps()
    assert [caps.credits(ADA, 0.5, 0, RULES) for _ in range(11)] == [True] * 10 + [False]
    assert caps.credits(BOB, 1.0, 0, RULES)
    assert caps.credits(ADA, 1.0, HOUR_MS, RULES)


def test_a_profile_that_is_erased_leaves_nothing_behind() -> None:
    caps = Caps()
    caps.take(a_decision(FILM, profile=ADA), 0, RULES)
    caps.credits(ADA, 1.0, 0, RULES)
    caps.forget(ADA)
    assert ADA.encode() not in caps.state()
    deleted = {name for name, row in caps.change().rows.items() if row is None}
    assert deleted == {f"~n{ADA}", f"~c{ADA}"}


# -------------------------------------------------------------------- strangers


def test_strangers_teach_a_title_until_it_was_taught_enough_and_known_viewers_always() -> None:
    caps, rng = Caps(), random.Random(2)
    assert flood(caps, rng, hour=1, size=100) == 10
    assert caps.take(a_decision(FILM), HOUR_MS, RULES) == BOTH
    assert caps.take(a_stranger(rng, BOB), HOUR_MS, RULES) == OWN, "its own taste is its own"
    assert caps.take(a_decision(OTHER, stranger=1), HOUR_MS, RULES) == BOTH, "each title by itself"


def test_then_at_most_one_teaches_it_in_an_hour_and_the_rarer_the_less_it_was_taught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caps_module, "WELL_TAUGHT", 100)
    often = []
    for examples in (20, 100, 500):
        caps, rng = taught(Caps(), examples), random.Random(3)
        each = [flood(caps, rng, hour=hour, size=60) for hour in range(1, 401)]
        assert set(each) <= {0, 1}
        often.append(sum(each))
    assert 3 < often[0] < 30
    assert min(often[1:]) > 200


def test_a_flood_teaches_no_more_and_a_newcomer_among_it_has_the_same_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caps_module, "WELL_TAUGHT", 100)
    chosen = {"flood": 0, "newcomers": 0}
    for seed in range(30):
        caps, rng = taught(Caps(), 100), random.Random(seed)
        for hour in range(1, 11):
            come = ["flood"] * 160 + ["newcomers"] * 40
            rng.shuffle(come)
            passed = [who for who in come if caps.take(a_stranger(rng), hour * HOUR_MS, RULES).everyone]
            assert len(passed) <= 1
            for who in passed:
                chosen[who] += 1
    assert 0.13 < chosen["newcomers"] / sum(chosen.values()) < 0.28


def test_who_comes_first_in_a_flood_that_goes_on_is_hardly_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that come later some find that one has passed; in the first hour nobody knows how many come."""
    monkeypatch.setattr(caps_module, "WELL_TAUGHT", 100)
    early = late = 0
    for seed in range(600):
        caps, rng = taught(Caps(), 100), random.Random(seed)
        flood(caps, rng, hour=1, size=80)
        early += flood(caps, rng, hour=2, size=40)
        late += flood(caps, rng, hour=2, size=40)
    assert 1.1 < early / late < 2.3


def test_a_lone_stranger_of_a_title_that_was_taught_well_teaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps_module, "WELL_TAUGHT", 100)
    caps, rng = taught(Caps(), 100), random.Random(5)
    assert [flood(caps, rng, hour=2 * hour, size=1) for hour in range(1, 6)] == [1] * 5


# -------------------------------------------------------------------- what is kept


def test_what_is_written_down_goes_on_as_if_it_had_never_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps_module, "WELL_TAUGHT", 20)
    rng, rows, caps, whole = random.Random(6), dict[str, str](), Caps(), Caps()
    for number in range(600):
        step, at = _a_step(rng), number * HOUR_MS // 90
        assert step(caps, at) == step(whole, at)
        if rng.random() < 0.2:
            rows = _committed(rows, caps)
            caps = Caps.of(rows) if rng.random() < 0.5 else Caps.restore(caps.state())
            assert caps.state() == whole.state()


def _a_step(rng: random.Random) -> Any:
    who, kind = rng.choice([ADA, BOB, None]), rng.random()
    film, lot = rng.choice([FILM, OTHER]), rng.choice([0, a_lot(rng)])
    if who and kind < 0.2:
        return lambda caps, at: caps.credits(who, 0.3, at, RULES)
    if who and kind < 0.25:
        return lambda caps, _: caps.forget(who)
    decision = a_decision(film, profile=who, stranger=lot)
    return lambda caps, at: caps.take(decision, at, RULES)


def _committed(rows: dict[str, str], caps: Caps) -> dict[str, str]:
    change = caps.change()
    caps.settle()
    kept = {} if change.anew else rows
    kept = {name: row for name, row in kept.items() if not (change.turned and name.startswith(OF_THE_HOUR))}
    return {name: row for name, row in {**kept, **change.rows}.items() if row is not None}


def test_strangers_fill_a_part_of_the_names_and_can_not_push_known_ones_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caps_module, "STRANGE_NAMES", 10)
    monkeypatch.setattr(caps_module, "NAMES", 20)
    caps, rng = Caps(), random.Random(7)
    for number in range(100):
        caps.take(a_stranger(rng, f"{number:032x}"), 0, RULES)
    assert len(caps.taken()) == 10
    for number in range(100, 200):
        caps.take(a_decision(FILM, profile=f"{number:032x}"), 0, RULES)
    assert len(caps.taken()) == 20
    assert [caps.take(a_decision(OTHER, profile=f"{100:032x}"), 0, RULES) for _ in range(3)] == [
        BOTH,
        BOTH,
        NOTHING,
    ]
