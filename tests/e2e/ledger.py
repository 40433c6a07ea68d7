"""What stands in a stopped service's data folder, read without its help."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from app.clock import now_ms
from app.records import Decision, Kind, decode_decision, decode_feedback, decode_reference
from app.serving.decision_id import DecisionId, DecisionIds
from app.settings import Settings
from app.store.protocol import Progress, Store
from app.wiring.keys import signing_keys
from app.wiring.stores import open_store
from app.wiring.training import rebuilt
from bandit.learners import restored
from tests.e2e.load import Fact, Heard

KINDS = {Kind.IMPRESSION: "impressions", Kind.CLICK: "clicks", Kind.PLAY: "plays"}
YEAR_MS = 366 * 86_400_000


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Store]:
    store = open_store(Settings(data=data))
    try:
        yield store
    finally:
        await store.close()


class Ledger:
    """The whole log, decoded."""

    def __init__(self) -> None:
        self.decisions: dict[int, Decision] = {}
        self.nonces: Counter[bytes] = Counter()
        self.deferred: set[int] = set()
        self.voided: set[int] = set()
        self.feedback: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
        self.kinds: Counter[Kind] = Counter()

    @classmethod
    async def read(cls, store: Store) -> "Ledger":
        """Read the log, and see that positions follow one another and time never goes back."""
        ledger, position, stamp = cls(), 0, 0
        while records := await store.log.read(position, 5000):
            for record in records:
                assert record.position == position + 1
                assert record.stamp >= stamp
                position, stamp = record.position, record.stamp
                ledger._take(record.position, Kind(record.kind), record.body)
        assert position == (await store.log.head()).position
        return ledger

    def _take(self, position: int, kind: Kind, body: bytes) -> None:
        self.kinds[kind] += 1
        if kind in {Kind.DECISION, Kind.DEFERRED}:
            decision = decode_decision(body)
            self.decisions[position] = decision
            self.nonces[decision.nonce] += 1
            if kind is Kind.DEFERRED:
                self.deferred.add(position)
        elif kind in KINDS:
            feedback = decode_feedback(body)
            self.feedback[KINDS[kind], feedback.decision].append((feedback.opened, feedback.seconds))
        elif kind is Kind.VOID:
            self.voided.add(decode_reference(body).decision)


async def assert_all_is_logged_once(store: Store, heard: Heard) -> Ledger:
    """Every acknowledged decision and feedback is in the log, and nothing is there twice."""
    ledger = await Ledger.read(store)
    decision_ids = DecisionIds(await signing_keys(store.log), YEAR_MS)
    ids = {text: decision_ids.verify(text, now_ms()) for text in heard.artworks}
    _assert_decisions(ledger, heard, ids)
    _assert_nothing_twice(ledger)
    _assert_feedback(ledger, heard, ids)
    return ledger


def _assert_decisions(ledger: Ledger, heard: Heard, ids: dict[str, DecisionId]) -> None:
    assert max(ledger.nonces.values()) == 1
    assert len({id_.position for id_ in ids.values()}) == len(ids), "two ids for one decision"
    for text, id_ in ids.items():
        decision = ledger.decisions[id_.position]
        assert decision.nonce == id_.nonce
        assert heard.artworks[text] == {(decision.title, decision.artwork)}, "not what was answered"
        assert (id_.position in ledger.deferred) == id_.deferred
        assert id_.position not in ledger.voided, "an acknowledged decision was taken back"


def _assert_nothing_twice(ledger: Ledger) -> None:
    for (kind, decision), entries in ledger.feedback.items():
        assert decision in ledger.decisions
        by_exposure: dict[int, list[float]] = defaultdict(list)
        for opened, seconds in entries:
            by_exposure[opened].append(seconds)
        for seconds_of in by_exposure.values():
            if kind == "plays":  # each longer than the one before
                assert seconds_of == sorted(set(seconds_of))
            else:
                assert len(seconds_of) == 1, f"{kind} of one exposure logged {len(seconds_of)} times"


def _assert_feedback(ledger: Ledger, heard: Heard, ids: dict[str, DecisionId]) -> None:
    logged: Counter[Fact] = Counter()
    texts = {id_.position: text for text, id_ in ids.items()}
    for (kind, decision), entries in ledger.feedback.items():
        logged.update((kind, texts[decision], seconds) for _, seconds in entries)
    for fact in heard.recorded.keys() | heard.unanswered.keys() | logged.keys():
        least, most = heard.recorded[fact], heard.recorded[fact] + heard.unanswered[fact]
        assert least <= logged[fact] <= most, f"{fact} is logged {logged[fact]} times, recorded {least} to {most}"
    for (kind, text, seconds), times in heard.duplicates.items():
        entries = ledger.feedback[kind, ids[text].position]
        assert not times or any(known >= seconds for _, known in entries), "a duplicate of nothing"


async def assert_learned_as_if_never_interrupted(store: Store, data: Path) -> int:
    """Fold the log anew without a break, and compare all that was learned and counted with it, bit by bit.

    Returns how many examples were learned.
    """
    [incumbent] = await store.state.snapshots(limit=1)
    counted = await store.state.fold_state()
    examples, compared = 0, set[str]()
    async for fold in rebuilt(Settings(data=data), store, sorted({incumbent.position, counted.position})):
        if fold.position == incumbent.position:
            trained = restored(incumbent.learner)
            np.testing.assert_array_equal(trained.weights(), fold.learner.weights())
            assert not fold.seen.refused, fold.seen
            assert trained.weights().any(), fold.seen
            examples = fold.seen.examples
            compared.add("weights")
        if fold.position == counted.position:
            await _assert_counts(store, fold.progress())
            compared.add("counts")
    assert compared == {"weights", "counts"}
    return examples


async def _assert_counts(store: Store, folded: Progress) -> None:
    counted = await store.state.fold_state()
    assert counted.base == folded.base
    assert counted.tallies == folded.tallies
    assert await store.state.taste_rows(folded.tastes) == folded.tastes
