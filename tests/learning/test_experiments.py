"""Experiments begin with new settings, and again when the last one has lasted its time."""

from dataclasses import replace

from app.learning.experiments import begin_with, renew
from app.records import Kind, decode_terms
from bandit.terms import Terms
from tests.builders import Clock
from tests.memory import MemoryStore

TERMS = Terms({"personalized": 0.95, "best_single": 0.05}, 1_000, 20, 5_000)
OTHER = replace(TERMS, bound=10)


async def bounds(store: MemoryStore) -> list[int]:
    return [decode_terms(each.body).bound for each in await store.log.read(0, 100) if each.kind == Kind.EXPERIMENT]


async def test_an_experiment_begins_with_the_first_start_and_with_changed_settings() -> None:
    store = MemoryStore(Clock())
    for terms in (TERMS, TERMS, OTHER, OTHER, TERMS):
        await begin_with(store.log, terms)
    assert await bounds(store) == [20, 10, 20]


async def test_it_begins_again_by_the_terms_of_the_log_when_it_has_lasted_its_time() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    await renew(store.log)
    assert await bounds(store) == [], "only a service knows the terms of the first one"
    await begin_with(store.log, OTHER)
    for _ in range(3):
        clock.now += 4_999
        await renew(store.log)
        clock.now += 1
        await renew(store.log)
        await renew(store.log)
    assert await bounds(store) == [10] * 4
