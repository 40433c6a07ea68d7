"""One fixed log is folded to one golden digest, on every Python and processor that Keyart runs on."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest

from app.learning.fold import Fold
from app.records import Decision, Kind, encode
from app.store.protocol import Event
from assets.catalogue import Title
from bandit.learners import Kind as Learning
from bandit.learners import new_learner
from bandit.reward import RewardRules
from tests.builders import TAGS, Clock, a_decision, a_draft, a_film, a_shelf, changed
from tests.learners import every_kind
from tests.memory import MemoryStore

GOLDEN: dict[tuple[Learning, str], str] = {
    ("logistic", "without showings"): "366dab3e22a404cc248283cab543b439",
    ("vowpal", "without showings"): "9622cb802ed1bc11dee40bb43f1ddc4c",
    ("logistic", "with showings"): "d3be86a9bafe4ec91f93004a0bbd6fa5",
    ("vowpal", "with showings"): "2f7a5ad1002fb73b021f3d67c6a5cfd1",
}
"""They change with the version of the fold, `app.records.FOLD`, and never otherwise."""
OLD_PROCESSOR = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-AVX",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR",
    "OPENBLAS_CORETYPE": "PRESCOTT",
}
"""Settings by which the C library, numpy 2.4 and its OpenBLAS do without new instructions; others ignore them."""
MINUTE = 60_000


def tagged(film: Title) -> Title:
    """Return a film whose artworks have five tags each: the built-in `sum` of two numbers is right everywhere."""
    artworks = [replace(each, tags=(*TAGS[n % 6 :], *TAGS[: n % 6])[:5]) for n, each in enumerate(film.artworks)]
    return replace(film, artworks=tuple(artworks))


FILMS = [tagged(film) for film in (a_film("apollo", 6), a_film("orbit", 4), a_film("tides", 3))]


def any_of(rng: random.Random, *things: str) -> str:
    """Draw by `random()` alone: what the other methods make of a seed is not promised from version to version."""
    return things[int(rng.random() * len(things))]


def a_fixed_decision(rng: random.Random, number: int) -> Decision:
    film = FILMS[int(rng.random() * len(FILMS))]
    strange = rng.random() < 0.3
    weights = [0.1 + rng.random() for _ in film.artworks]
    total = 0.0
    for weight in weights:
        total += weight
    return a_decision(
        film,
        int(rng.random() * len(weights)),
        nonce=number.to_bytes(8, "big"),
        probabilities=tuple(weight / total for weight in weights),
        profile=None if rng.random() < 0.2 else f"{int(rng.random() * 40):02x}" * 16,
        attributes={
            "country": any_of(rng, "DE", "FR", "JP"),
            "device": any_of(rng, "tv", "phone"),
            "age": float(int(rng.random() * 70)),
        },
        taste={tag: round(rng.random() * 4 - 2, 3) for tag in TAGS if rng.random() < 0.7},
        stranger=1 + int(rng.random() * 1000) if strange else 0,
    )


async def a_fixed_log(store: MemoryStore, clock: Clock, *, with_showings: bool) -> None:
    """Log decisions of before showings were counted, or the same decisions with them."""
    rng, shown = random.Random(1729), random.Random(17)
    await store.log.declare(encode(RewardRules(10 * MINUTE, learn_cap=60, title_cap=8, stranger_cap=20)))
    for number in range(1, 1200):
        clock.now += int(rng.random() * 2 * MINUTE)
        decision = a_fixed_decision(rng, number)
        if with_showings and decision.profile:
            counts = tuple(int(max(0.0, shown.random() - 0.5) * 12) for _ in decision.candidates)
            decision = changed(decision, showings=counts)
        [hold] = await store.log.log_decisions([a_draft(decision, deferred=rng.random() < 0.3)])
        liked = 0.5 if "moon" in decision.taste and decision.chosen == 0 else 0.15
        for kind, chance in ((Kind.IMPRESSION, 0.6), (Kind.CLICK, liked), (Kind.PLAY, 0.1)):
            if rng.random() < chance:
                await store.log.log_feedback(
                    [Event(kind, hold.decision, hold.nonce, hold.deferred, rng.random() * 400)]
                )
    clock.now += 20 * MINUTE
    await store.log.tick(1)


@every_kind
@pytest.mark.parametrize("log", ["without showings", "with showings"])
async def test_a_fixed_log_is_folded_to_the_last_bit_on_every_python(
    kind: Learning, log: str, tmp_path: Path
) -> None:
    clock = Clock(1_790_000_000_000)
    store = MemoryStore(clock)
    live_catalogue = await a_shelf(store.log, tmp_path, *FILMS)
    await a_fixed_log(store, clock, with_showings=log == "with showings")
    fold = Fold(store.log, store.state, live_catalogue, new_learner(kind), await store.state.fold_state(), None)
    await fold.feed(await store.log.read(0, 100_000))

    digest = blake2b(digest_size=16)
    if kind == "logistic":
        digest.update(fold.learner.snapshot())
    else:  # its snapshots hold counters of its own speed
        digest.update(fold.learner.weights()[:, :3].tobytes())
    digest.update(fold.counting())
    tastes = fold.progress().tastes
    digest.update(encode({who: row and (row.state, row.values) for who, row in sorted(tastes.items())}))
    assert fold.seen.examples > 600
    assert fold.seen.strangers
    assert all(row is None or row.showings for row in tastes.values())
    digest.update(
        b"".join(row.showings for _, row in sorted(tastes.items()) if row) if log == "with showings" else b""
    )
    assert digest.hexdigest() == GOLDEN[kind, log]


def test_the_digest_is_the_same_on_an_old_processor() -> None:
    """On a processor that cannot multiply and add in one step, the C library's exp and log end with other bits."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-k", "last_bit and logistic", __file__]
    done = subprocess.run(command, env=os.environ | OLD_PROCESSOR, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout[-2000:] + done.stderr[-500:]
