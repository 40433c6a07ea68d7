"""Exposures of another system: read, checked, written once, learned and counted nowhere."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.catalogue.live import LiveCatalogue
from app.clock import moment
from app.evaluation.replay import Replay, Taught
from app.interventions import Given, Interventions, Quarantine
from app.learning.fold import Fold
from app.learning.quarantines import Quarantines
from app.operations.exposure_import import importing, viewers_so_far
from app.operations.exposure_import.columns import Columns, UnusableFileError
from app.operations.exposure_import.importing import ExposureImport, Outcome
from app.operations.exposure_import.past_exposures import PastExposures
from app.operations.exposure_import.past_row import PastRow, RowFaultError
from app.operations.exposure_import.row_files import RowFile
from app.operations.exposure_import.viewers_so_far import ViewersSoFar
from app.records import Imported, Kind, decode_imported, encode
from app.store.sqlite import SqliteStore
from app.viewers.erasure import erase
from app.viewers.own_records import OwnImported, OwnRecords
from app.viewers.pseudonym import Identity
from app.viewers.viewer import Profile
from bandit.learners import new_learner
from bandit.reward import RewardRules
from bandit.taste import HALF_LIFE
from tests.builders import Clock, a_film, a_shelf
from tests.e2e.service import keyart
from tests.memory import MemoryStore

DAY_MS = 86_400_000
FILMS = a_film("apollo", 3), a_film("orbit", 2)
IDENTITY = Identity(b"key")
RULES = RewardRules(1_000, learn_cap=1, title_cap=1, stranger_cap=1)
Row = dict[str, Any]


@dataclass
class Site:
    """A service with two titles, and a folder for files."""

    folder: Path
    clock: Clock
    store: MemoryStore
    live_catalogue: LiveCatalogue

    @classmethod
    async def of(cls, folder: Path) -> "Site":
        clock = Clock(1_790_000_000_000)
        store = MemoryStore(clock)
        return cls(folder, clock, store, await a_shelf(store.log, folder / "catalogue", *FILMS))

    def rows(self, number: int, **changes: Any) -> list[Row]:
        """Return rows of the days before, of five viewers of whom each clicks every third time."""
        start = self.clock.now - 10 * DAY_MS
        return [
            {
                "time": moment(start + each * 60_000),
                "title": "apollo",
                "artwork": FILMS[0].artworks[each % 3].id,
                "profile": f"viewer-{each % 5}",
                "clicked": each % 3 == 0,
                **changes,
            }
            for each in range(number)
        ]

    def file(self, rows: Sequence[Row], name: str = "shown.jsonl") -> Path:
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    def exposures(self, *unused: str) -> PastExposures:
        log, catalogue = self.store.log, self.live_catalogue
        return PastExposures(log, catalogue, IDENTITY, retention=90 * DAY_MS, unused=unused)

    async def import_(self, path: Path, *columns: str, unused: Sequence[str] = ()) -> Outcome:
        outcome, file = Outcome(), RowFile.at(path, Columns.of(columns))
        whole = ExposureImport(file, self.store.log, self.exposures(*unused), outcome)
        async for _ in whole.check():
            pass
        async for _ in whole.write(RULES):
            pass
        return outcome

    async def imported(self) -> list[Imported]:
        records = await self.store.log.read(0, 100_000)
        return [decode_imported(each.body) for each in records if each.kind == Kind.IMPORTED]

    async def folded(self, quarantines: Quarantines | None = None) -> Fold:
        counted, store = await self.store.state.fold_state(), self.store
        learner = new_learner("logistic")
        fold = Fold(store.log, store.state, self.live_catalogue, learner, counted, None, quarantines)
        await fold.feed(await store.log.read(0, 100_000))
        return fold


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    return await Site.of(tmp_path)


# -------------------------------------------------------------------- files


def written(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as the end of the name says."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path
    lines = path.with_suffix(".json")
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if path.suffix == ".jsonl":
        return lines.rename(path)
    with duckdb.connect() as connection:
        kinds = "columns={time: 'TIMESTAMPTZ', title: 'VARCHAR', artwork: 'VARCHAR', profile: 'VARCHAR', "
        kinds += "clicked: 'BOOLEAN', propensity: 'DECIMAL(4,2)', candidates: 'VARCHAR[]'}"
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.execute(f"COPY (FROM read_json('{lines}', {kinds})) TO '{path}' (FORMAT parquet)")
    return path


async def test_the_same_rows_in_each_format_are_the_same_import(site: Site) -> None:
    artworks = [each.id for each in FILMS[0].artworks]
    rows = site.rows(30, propensity=0.25, candidates=artworks)
    as_text = [{**row, "candidates": json.dumps(artworks)} for row in rows]
    first = await site.import_(written(site.folder / "shown.csv", as_text))
    assert (first.imported, first.refused) == (30, 0)
    for name in ("shown.jsonl", "shown.parquet"):
        again = await site.import_(written(site.folder / name, rows))
        assert (again.imported, again.already, again.refused) == (0, 30, 0), again.faults
    assert [each.clicked for each in await site.imported()] == [row["clicked"] for row in rows]


@pytest.mark.parametrize(
    "name",
    ["shown*.parquet", "sho?n.parquet", "sh[ox]wn.parquet", "back\\*slash.parquet", "title=1/shown.parquet"],
)
async def test_a_path_is_no_pattern(site: Site, name: str) -> None:
    """The other file has a name that the path would find as a pattern, and the folder would be a column."""
    path = site.folder / name
    path.parent.mkdir(exist_ok=True)
    written(site.folder / "row.parquet", site.rows(2)).rename(site.folder / "shown.parquet")
    written(site.folder / "row.parquet", site.rows(3)).rename(path)
    outcome = await site.import_(path)
    assert (outcome.imported, outcome.refused) == (3, 0), outcome.faults


async def test_a_folder_of_a_relative_path_may_begin_like_the_home_folder(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.folder)
    (site.folder / "~").mkdir()
    written(site.folder / "row.parquet", site.rows(3)).rename(site.folder / "~" / "shown.parquet")
    assert (await site.import_(Path("~/shown.parquet"))).imported == 3


async def test_columns_may_have_other_names(site: Site) -> None:
    rows = [{"show": row.pop("title"), "at": row.pop("time"), **row, "note": "x"} for row in site.rows(3)]
    path = written(site.folder / "shown.csv", rows)
    outcome = await site.import_(path, "title=show", "time=at", "attributes.note=note")
    assert outcome.imported == 3
    assert (await site.imported())[0].decision.attributes["note"] == "x"
    with pytest.raises(UnusableFileError, match="no column 'time'; its columns are: show, at"):
        await site.import_(path, "title=show")
    with pytest.raises(UnusableFileError, match=r"--column is 'x=y'; write FIELD=COLUMN"):
        await site.import_(path, "x=y")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("shown.xml", b"", "ends with '.xml'; end it with one of: .csv, .jsonl, .parquet"),
        ("shown.csv", b"", "has no rows"),
        ("shown.csv", b"time,title,artwork\n", "has no rows"),
        ("shown.csv", b"time,title,artwork,title\n", "has the column 'title' twice"),
        ("shown.csv", b'time,title,artwork\n1,"a\n', "is not readable after line"),
        ("shown.csv", b"time,title,artwork\n1,\xff,b\n", "write it as CSV in UTF-8"),
        ("shown.jsonl", b" " * 10 + b"x" * (1 << 20), "line 1: it is longer than 1048576 bytes"),
        ("shown.parquet", b"PAR1", "DuckDB cannot read"),
    ],
)
async def test_a_file_that_is_not_usable_is_refused(site: Site, name: str, content: bytes, reason: str) -> None:
    path = site.folder / name
    path.write_bytes(content)
    with pytest.raises(UnusableFileError) as refused:
        await site.import_(path)
    assert reason in str(refused.value)


# -------------------------------------------------------------------- rows

GOOD: Row = {"time": "2026-09-20T10:00:00Z", "title": "apollo", "artwork": "art-0"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time": "yesterday"}, "time is 'yesterday'; write ISO 8601"),
        ({"time": True}, "time is True"),
        ({"time": 1e300}, "time is 1e+300"),
        ({"title": ""}, "title is None; write the id of the title"),
        ({"title": 7}, "title is 7"),
        ({"profile": "x" * 129}, "profile is 'xxx"),
        ({"clicked": "perhaps"}, "clicked is 'perhaps'; write true or false"),
        ({"seconds": -1}, "seconds is -1; write a number from 0 to 604800"),
        ({"propensity": 0}, "propensity is 0; write the probability"),
        ({"propensity": 1.01}, "propensity is 1.01"),
        ({"propensity": "NaN"}, "propensity is 'NaN'"),
        ({"candidates": "art-0"}, "candidates is 'art-0'; write valid JSON"),
        ({"candidates": ["art-0", "art-0"]}, "name each artwork once"),
        ({"attributes": "[1]"}, "attributes is '[1]'; write valid JSON"),
        ({"attributes": {"a b": 1}}, "attributes is 'a b'; use 1 to 64"),
        ({"attributes.device": "x" * 129}, "attributes.device is 'xxx"),
        ({"attributes.country": "Atlantis"}, "attributes.country is 'Atlantis'; write a country's two letters"),
        ({"attributes": {f"n{n}": n for n in range(33)}}, "keep at most 32"),
        ({"timezone": "Berlin"}, "timezone is 'Berlin'"),
    ],
)
def test_a_row_that_is_not_valid_names_its_value_and_the_remedy(changes: Row, said: str) -> None:
    row = Columns({}).row_of({**GOOD, **changes}, {each: each for each in {**GOOD, **changes}})
    with pytest.raises(RowFaultError) as refused:
        PastRow.of(row)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


def test_values_may_be_text_numbers_or_true() -> None:
    text = PastRow.of({**GOOD, "time": "1790000000", "clicked": "1", "seconds": "0", "propensity": "0.5"})
    numbers = PastRow.of({**GOOD, "time": 1_790_000_000_000, "clicked": True, "propensity": 0.5, "profile": None})
    assert text == numbers
    assert PastRow.of({**GOOD, "time": "2026-09-20T12:00:00+02:00"}).at == PastRow.of(GOOD).at
    assert PastRow.of({**GOOD, "time": "2026-09-20 10:00:00"}).at == PastRow.of(GOOD).at
    assert PastRow.of({**GOOD, "attributes": {"country": "de", "age": 7, "kid": True}}).attributes == {
        "country": "DE",
        "age": 7.0,
        "kid": "True",
    }


async def test_rows_that_do_not_fit_are_named_by_line_and_the_others_counted(site: Site) -> None:
    [good] = site.rows(1)
    late, old = moment(site.clock.now + 120_000), moment(site.clock.now - 91 * DAY_MS)
    faulty = [
        {**good, "title": "nowhere"},
        {**good, "artwork": "nothing"},
        {**good, "candidates": ["apollo-1", "apollo-2"]},
        {**good, "candidates": ["apollo-0", "none"]},
        {**good, "time": late},
        {**good, "time": old},
    ]
    path = site.file([good, *faulty, *faulty * 9])
    path.write_text(path.read_text() + "{\n")
    outcome = await site.import_(path)
    said = [each.partition("shown.jsonl, ")[2] for each in outcome.faults]
    assert said[:6] == [
        "line 2: title is 'nowhere'; the catalogue has no such title: import its pictures, or correct the id.",
        "line 3: artwork is 'nothing'; title 'apollo' has no such artwork: import the picture, or correct the id.",
        "line 4: artwork is 'apollo-0'; the candidates lack it: add it to them.",
        "line 5: candidates is 'none'; title 'apollo' has no such artwork: import the picture, or correct the id.",
        f"line 6: time is '{late}'; it is in the future: correct it.",
        f"line 7: time is '{old}'; it is older than KEYART_RETENTION_DAYS: leave the row out.",
    ]
    assert (outcome.rows, outcome.refused, len(outcome.faults)) == (62, 61, importing.NAMED)
    assert len(await site.imported()) == 1


# -------------------------------------------------------------------- once


async def test_a_file_that_grew_is_continued_and_another_beginning_is_refused(site: Site) -> None:
    rows = site.rows(20)
    assert (await site.import_(site.file(rows[:12]))).imported == 12
    grown = await site.import_(site.file(rows))
    assert (grown.already, grown.imported) == (12, 8)
    for other in (rows[:5], [rows[0], *rows[2:]]):
        with pytest.raises(UnusableFileError, match="Nothing is imported, because rows would count twice"):
            await site.import_(site.file(other))
    assert len(await site.imported()) == 20


async def test_rows_that_are_too_old_by_now_are_still_the_beginning_of_a_file(site: Site) -> None:
    rows = site.rows(12)
    await site.import_(site.file(rows))
    site.clock.now += 85 * DAY_MS
    grown = await site.import_(site.file([*rows, *site.rows(8)]))
    assert (grown.already, grown.imported, grown.refused) == (12, 8, 0)
    assert len(await site.imported()) == 20


@pytest.mark.parametrize("killed", [0, 1, 2, 3])
async def test_an_import_that_ends_at_any_piece_continues_to_the_same_records(
    site: Site, killed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The taste before each row is the same, too, although the second call begins in the middle."""
    monkeypatch.setattr(importing, "BATCH", 7)
    rows = site.rows(30)
    path = site.file(rows)
    exposures, outcome = site.exposures(), Outcome()
    half = ExposureImport(RowFile.at(path, Columns({})), site.store.log, exposures, outcome)
    async for _ in half.check():
        pass
    pieces = half.write(RULES)
    for _ in range(killed):
        await anext(pieces)
    await pieces.aclose()
    again = await site.import_(path)
    assert (again.already, again.imported) == (7 * killed, 30 - 7 * killed)
    (tmp_path / "other").mkdir()
    whole = await Site.of(tmp_path / "other")
    await whole.import_(whole.file(rows))
    assert await site.imported() == await whole.imported()


async def test_two_imports_of_a_file_at_once_write_its_rows_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 7)
    path = site.file(site.rows(30))
    slow = ExposureImport(RowFile.at(path, Columns({})), site.store.log, site.exposures(), Outcome())
    async for _ in slow.check():
        pass
    pieces = slow.write(RULES)
    await anext(pieces)
    assert (await site.import_(path)).already == 7
    with pytest.raises(UnusableFileError, match="Another import"):
        await anext(pieces)
    assert len(await site.imported()) == 30


async def test_a_file_that_changes_between_check_and_writing_is_not_written_on(site: Site) -> None:
    path = site.file(site.rows(5))
    changing = ExposureImport(RowFile.at(path, Columns({})), site.store.log, site.exposures(), Outcome())
    async for _ in changing.check():
        pass
    site.file(site.rows(5, clicked=True))
    with pytest.raises(UnusableFileError, match="was changed while it was read"):
        async for _ in changing.write(RULES):
            pass
    assert await site.imported() == []


# -------------------------------------------------------------------- what is learned


async def test_they_are_learned_without_caps_and_counted_nowhere(site: Site) -> None:
    await site.import_(site.file(site.rows(40)))
    fold = await site.folded()
    assert fold.seen.examples == 40, "the caps let one of each viewer pass"
    progress = fold.progress()
    everyone, tallies = fold.totals.totals()
    assert (tallies, everyone.shown, everyone.liked) == ([], 40, 14)
    assert fold.totals.series.state().hours.rows == []
    assert fold.totals.lift.latest == []
    viewer = IDENTITY.pseudonym("viewer-0")
    row = progress.tastes[viewer]
    assert row
    assert row.first == site.clock.now - 10 * DAY_MS, "its own time"
    assert row.showings
    assert len(progress.tastes) == 5


@pytest.mark.parametrize("order", [1, -1])
async def test_an_event_weighs_by_its_own_time_in_any_order(site: Site, order: int) -> None:
    """Events of 60 days before, which are two half-lives, weigh a quarter."""
    rows = site.rows(1, clicked=True, profile="ada")
    old = [{**each, "time": moment(site.clock.now - 70 * DAY_MS)} for each in rows * 4]
    await site.import_(site.file([*rows, *old][::order]))
    row = (await site.folded()).progress().tastes[IDENTITY.pseudonym("ada")]
    assert row
    state = json.loads(row.state)
    present = 0.5 ** ((state["at"] - state["since"]) / HALF_LIFE)
    assert present * state["shown"] == pytest.approx(1 + 4 / 4)
    assert present * state["liked"] == pytest.approx(1 + 4 / 4)
    assert row.first == site.clock.now - 70 * DAY_MS
    assert state["imported"] == site.clock.now


async def test_their_context_is_that_of_a_decision(site: Site) -> None:
    rows = site.rows(6, profile="ada", timezone="Asia/Tokyo", attributes={"device": "tv", "born": "1990"})
    await site.import_(site.file(rows), unused=["born"])
    first, *_, last = [each.decision for each in await site.imported()]
    assert first.attributes == {"device": "tv", "placement": "row", "hour": first.attributes["hour"]}
    assert first.audit == {"born": "1990"}
    assert (first.timezone, first.probabilities, first.taste, first.showings) == ("Asia/Tokyo", (), {}, ())
    assert last.showings == (2, 2, 1)
    assert last.taste, "earlier rows taught it"


async def test_a_viewer_who_opted_out_and_one_who_was_erased_are_nobody(site: Site) -> None:
    out = IDENTITY.pseudonym("viewer-1")
    await site.store.log.change_profile(out, lambda _: encode(Profile(personalize=False)))
    await site.import_(site.file(site.rows(10)))
    ada = IDENTITY.pseudonym("viewer-0")
    own = OwnRecords(site.store.log, IDENTITY)
    assert [type(each) for page in [p async for p in own.of("viewer-0")] for each in page][:2] == [OwnImported] * 2
    await erase(site.store.log, ada)
    viewers = [each.decision.profile for each in await site.imported()]
    assert len(viewers) == 10
    assert not {out, ada}.intersection(viewers)
    assert not [each for page in [p async for p in own.of("viewer-0")] for each in page][:-1]


async def test_a_quarantine_leaves_them_out_by_their_own_time(site: Site) -> None:
    await site.import_(site.file(site.rows(40)))
    start = site.clock.now - 10 * DAY_MS
    given = Given(1, 1, "admin", "key", "")
    quarantine = Interventions(quarantines=(Quarantine(given, start, start + 10 * 60_000, None),))
    fold = await site.folded(Quarantines(quarantine))
    assert (fold.seen.quarantined, fold.seen.examples) == (10, 30)


async def test_an_evaluation_teaches_them_and_scores_none(site: Site) -> None:
    await site.import_(site.file(site.rows(4, propensity=0.5)))
    replay = Replay(site.store.log, site.live_catalogue)
    events = [each async for batch in replay.events(100) for each in batch]
    assert [type(each) for each in events] == [Taught] * 4
    assert isinstance(events[0], Taught)
    assert (events[0].example.propensity, events[0].example.reward) == (0.5, 1.0)


def test_only_the_latest_viewers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers_so_far, "REMEMBERED", 2)
    viewers = ViewersSoFar()
    for who in ("a", "b", "a", "c"):
        viewers.take(who, ("moon",), "apollo/art-0", 1.0, 1_790_000_000_000)
    assert [bool(viewers.before(who, ["apollo/art-0"])[1]) for who in ("a", "b", "c")] == [True, False, True]


# -------------------------------------------------------------------- the command


async def test_the_command_imports_beside_a_service_and_says_what_was_there(tmp_path: Path) -> None:
    site = await Site.of(tmp_path)
    store = SqliteStore(tmp_path / "data", site.clock)
    await a_shelf(store.log, tmp_path / "data" / "catalogue", *FILMS)
    path = site.file([{**row, "time": "2026-09-20T10:00:00Z", "odd": 1} for row in site.rows(9)])
    days = {"retention_days": 36_500}
    done = keyart(tmp_path / "data", "import-history", str(path), **days)
    assert done.returncode == 0, done.stderr
    assert "shown.jsonl: 9 rows imported." in done.stdout
    assert "These columns were not used: odd." in done.stdout
    site.file([{**site.rows(1)[0], "title": "nowhere"}], "faulty.jsonl")
    refused = keyart(tmp_path / "data", "import-history", str(tmp_path / "faulty.jsonl"), **days)
    assert refused.returncode == 1
    assert "1 of 1 rows have faults, and nothing was imported." in refused.stderr
    assert len([each for each in await store.log.read(0, 100) if each.kind == Kind.IMPORTED]) == 9
    await store.close()
