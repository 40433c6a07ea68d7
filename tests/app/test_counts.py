import tracemalloc
from pathlib import Path

from app.counts import Counts
from app.joining import Close
from app.records import encode
from app.store.protocol import Progress, TasteRow
from app.store.sqlite.state import SqliteState
from bandit.join import Closed
from bandit.reward import Rules
from bandit.taste import TAGS, Taste
from tests.builders import Clock, a_decision, a_film

NOW = 1_790_000_000_000
PROFILES, AT_ONCE = 6_000, 250
FILM = a_film("countdown")
MB = 1 << 20


def a_full_taste() -> TasteRow:
    taste = Taste()
    for number in range(TAGS):
        taste.show((f"genre-{number}",), NOW + number * 1_000_003)
    return TasteRow(encode(taste), b"{}", NOW)


async def a_state(folder: Path, profiles: list[str]) -> tuple[SqliteState, int]:
    """Return a state in which each profile has as large a taste as there is."""
    state, row = SqliteState(folder / "state.sqlite", Clock(NOW)), a_full_taste()
    token = await state.lead("me", 1_000)
    assert token is not None
    await state.commit(token, Progress(1, b"{}", dict.fromkeys(profiles, row), {}))
    return state, token


async def test_tastes_and_caps_of_many_profiles_take_no_more_memory_than_the_docs_say(tmp_path: Path) -> None:
    profiles = [f"{number:032x}" for number in range(PROFILES)]
    state, token = await a_state(tmp_path, profiles)
    counts, rules = Counts(state, await state.counted()), Rules(1_000, stranger_cap=300, title_cap=2)
    tracemalloc.start()
    before, most = tracemalloc.get_traced_memory()[0], 0
    for first in range(0, PROFILES, AT_ONCE):
        some = profiles[first : first + AT_ONCE]
        await counts.recall(some)
        for number, profile in enumerate(some, first):
            close = Close(number + 2, Closed(number, number, NOW, 0.0, 0), rules)
            counts.close(close, a_decision(FILM, profile=profile), ("genre-1",))
        progress = counts.progress()
        await state.commit(token, progress)
        counts.settle()
        del progress
        most = max(most, tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    assert most < 32 * MB
    row = (await state.taste_rows([profiles[0]]))[profiles[0]]
    assert b'"genre-63"' in row.state, "what was forgotten meanwhile is read again"
    await state.close()
