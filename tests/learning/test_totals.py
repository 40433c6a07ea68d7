import tracemalloc
from pathlib import Path

import pytest

from app.learning.log_join import Close
from app.learning.totals import REMEMBERED, Totals
from app.records import encode
from app.store.protocol import Progress, TasteRow
from app.store.sqlite.state import SqliteState
from bandit.reward import RewardRules
from bandit.showings import LATEST, shown
from bandit.taste import TAGS, Taste
from bandit.windows import Closed
from tests.builders import Clock, a_decision, a_film

NOW = 1_790_000_000_000
RULES = RewardRules(1_000, stranger_cap=300, title_cap=2)
FILM = a_film("countdown")
PICTURE = "countdown/moon"
MB = 1 << 20


def a_taste() -> Taste:
    """Return one as large as there is."""
    taste = Taste()
    for number in range(TAGS):
        taste.show((f"genre-{number}",), NOW + number * 1_000_003)
    return taste


def many_showings() -> bytes:
    showings = b""
    for number in range(LATEST):
        showings = shown(showings, f"title/artwork-{number}")
    return showings


def a_full_taste() -> TasteRow:
    return TasteRow(encode(a_taste()), b"{}", NOW, many_showings())


async def a_state(folder: Path, profiles: list[str]) -> tuple[SqliteState, int]:
    """Return a state in which each profile has as large a taste as there is."""
    state, row = SqliteState(folder / "state.sqlite", Clock(NOW)), a_full_taste()
    token = await state.lead("me", 1_000)
    assert token is not None
    await state.commit(token, Progress(1, b"{}", dict.fromkeys(profiles, row), {}))
    return state, token


async def close(counts: Totals, profiles: list[str], first: int = 0, at: int = NOW) -> None:
    """Close a window of each profile, as a fold does with a chunk of what one record closes."""
    await counts.recall(profiles)
    for number, profile in enumerate(profiles, first):
        closing = Close(number + 2, Closed(number, number, at, 0.0, 0), RULES)
        counts.close(closing, a_decision(FILM, profile=profile), ("genre-1",), PICTURE)


@pytest.mark.parametrize(
    "remembered", [REMEMBERED // 5, pytest.param(REMEMBERED, marks=pytest.mark.soak)], ids=["a fifth", "all"]
)
async def test_tastes_and_caps_of_many_profiles_take_no_more_memory_than_the_docs_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    """The docs tell what all that are remembered take. A fifth of them takes a fifth of it, and of the time."""
    monkeypatch.setattr("app.learning.totals.REMEMBERED", remembered)
    profiles = [f"{number:032x}" for number in range(4 * remembered)]
    state, token = await a_state(tmp_path, profiles)
    counts = Totals(state, await state.fold_state())
    tracemalloc.start()
    before, most = tracemalloc.get_traced_memory()[0], 0
    at_once = remembered // 6
    for first in range(0, len(profiles), at_once):
        some = profiles[first : first + at_once]
        await close(counts, some, first)
        progress = counts.progress()
        await state.commit(token, progress)
        counts.settle()
        del progress
        most = max(most, tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    assert most < 32 * MB * remembered / REMEMBERED
    row = (await state.taste_rows([profiles[0]]))[profiles[0]]
    assert b'"genre-63"' in row.state, "what was forgotten meanwhile is read again"
    await state.close()


async def test_what_one_record_closes_takes_no_more_for_each_profile_than_the_docs_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.learning.totals.REMEMBERED", 100)
    profiles = [f"{number:032x}" for number in range(1_000)]
    state, token = await a_state(tmp_path, profiles)
    counts = Totals(state, await state.fold_state())
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for first in range(0, len(profiles), 50):
        await close(counts, profiles[first : first + 50], first)
    await state.commit(token, counts.progress())
    counts.settle()
    most = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert most < len(profiles) * 5_400
    rows = await state.taste_rows(profiles)
    expected = a_taste()
    expected.show(("genre-1",), NOW)
    assert {row.state for row in rows.values()} == {encode(expected)}
    await state.close()


async def test_what_is_put_aside_is_neither_read_from_the_store_nor_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store has what it was at the last commit: older, or what is forgotten since."""
    monkeypatch.setattr("app.learning.totals.REMEMBERED", 1)
    ada, ben, cid, later = "a" * 32, "b" * 32, "c" * 32, NOW + 10**9
    state, token = await a_state(tmp_path, [ada, ben, cid])
    counts = Totals(state, await state.fold_state())
    await close(counts, [ada], at=later)
    counts.forget(ben)
    await close(counts, [cid], at=later)
    await close(counts, [ada, ben], at=later)
    await counts.recall([cid])
    await counts.sweep(later)
    await state.commit(token, counts.progress())
    counts.settle()
    states = {who: row.state for who, row in (await state.taste_rows([ada, ben, cid])).items()}
    expected = a_taste()
    expected.show(("genre-1",), later)
    once = encode(expected)
    expected.show(("genre-1",), later)
    anew = Taste()
    anew.show(("genre-1",), later)
    assert states == {ada: encode(expected), ben: encode(anew), cid: once}
    await state.close()


async def test_an_erasure_reaches_what_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.learning.totals.REMEMBERED", 1)
    ada, ben = "a" * 32, "b" * 32
    state, token = await a_state(tmp_path, [ada, ben])
    counts = Totals(state, await state.fold_state())
    await close(counts, [ada])
    await close(counts, [ben])
    counts.forget(ada)
    await counts.recall([ben])
    await state.commit(token, counts.progress())
    assert set(await state.taste_rows([ada, ben])) == {ben}
    await state.close()
