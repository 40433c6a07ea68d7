"""`keyart export`: the examples of a log, as other tools read them."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.duckdb_file import duckdb_name
from app.evaluation.export import to_parquet
from app.evaluation.joined import COLUMNS, Joined
from app.store.sqlite import SqliteStore
from tests.e2e.service import keyart
from tests.evaluation.site import Site
from tests.learners import needs_vowpal

VISITS = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    asyncio.run(visited(folder))
    return folder


async def visited(folder: Path) -> None:
    site = Site(folder, partial(SqliteStore, folder))
    await site.visits(VISITS)
    await site.store.close()


def exported(folder: Path, name: str, *options: str) -> Path:
    path = folder / name
    path.unlink(missing_ok=True)
    done = keyart(folder, "export", str(path), *options)
    assert done.returncode == 0, done.stderr
    assert not [each for each in folder.iterdir() if each.name.startswith(f".{name}")]
    assert path.stat().st_mode & 0o777 == 0o600
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_closed_exposure_is_a_row_in_the_order_of_the_log(folder: Path) -> None:
    found = rows(exported(folder, "all.jsonl"))
    assert len(found) == VISITS
    assert list(found[0]) == list(COLUMNS) == list(Joined.__struct_fields__)
    assert [row["position"] for row in found] == sorted(row["position"] for row in found)
    assert len({row["opened"] for row in found}) == VISITS
    for row in found:
        assert row["artwork"] == row["candidates"][row["chosen"]]
        assert row["propensity"] == row["probabilities"][row["chosen"]]
        assert row["reward"] == float(row["clicked"])
        assert row["decided_at"] < row["ended_at"]
    assert 0.1 < sum(row["reward"] for row in found) / VISITS < 0.4


def test_parquet_has_every_row_and_keeps_every_type(folder: Path) -> None:
    lines, parquet = rows(exported(folder, "all.jsonl")), exported(folder, "a*[l]?.parquet")
    with duckdb.connect() as connection, duckdb_name(parquet) as name:
        relation = connection.sql(f"FROM read_parquet({name})")
        kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
        assert kinds == {
            **COLUMNS,
            "decided_at": "TIMESTAMP WITH TIME ZONE",
            "ended_at": "TIMESTAMP WITH TIME ZONE",
        }
        table = relation.order("position, opened").fetchall()
    assert len(table) == VISITS
    for found, line in zip(table, sorted(lines, key=lambda row: (row["position"], row["opened"])), strict=True):
        row = dict(zip(COLUMNS, found, strict=True))
        for name in (
            "opened",
            "title",
            "candidates",
            "probabilities",
            "propensity",
            "reward",
            "clicked",
            "profile",
        ):
            assert row[name] == line[name]
        assert json.loads(row["attributes"]) == json.loads(line["attributes"])
        assert row["decided_at"].timestamp() == pytest.approx(_seconds(line["decided_at"]))


def test_parquet_is_written_in_a_folder_that_begins_like_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("~").mkdir()
    Path("~", "lines[1]").write_bytes(b"")
    to_parquet(Path("~", "lines[1]"), Path("~", "whole*"))
    assert Path("~", "whole*").read_bytes().startswith(b"PAR1")


def test_an_export_goes_on_where_another_ended(folder: Path) -> None:
    whole = rows(exported(folder, "all.jsonl"))
    middle = whole[VISITS // 2]["position"]
    later = rows(exported(folder, "later.jsonl", "--after", str(middle)))
    assert later == [row for row in whole if row["position"] > middle]
    assert later
    assert rows(exported(folder, "none.jsonl", "--after", str(whole[-1]["position"]))) == []
    assert exported(folder, "none.parquet", "--after", str(whole[-1]["position"])).is_file()


@needs_vowpal
def test_vowpal_wabbit_reads_every_line(folder: Path) -> None:
    import vowpal_wabbit_next as vw  # noqa: PLC0415  not everywhere

    workspace: Any = vw.Workspace(["--cb_explore_adf", "--dsjson", "-q", "UA"])
    reader = vw.DSJsonFormatParser(workspace)
    lines = exported(folder, "all.dsjson").read_text().splitlines()
    assert len(lines) == VISITS
    for line in lines:
        workspace.learn_one(reader.parse_json(line))
    country = json.loads(lines[0])["c"]["U"]["country="]
    first, chance = workspace.predict_one(reader.parse_json(lines[0]))[0]
    assert (country, first) in {("DE", 0), ("JP", 3)}
    assert chance > 0.5


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("all.csv", "ends with '.csv'; end it with one of: .parquet, .jsonl, .dsjson."),
        ("none/all.jsonl", "There is no folder"),
        ("log.sqlite", "ends with '.sqlite'"),
    ],
)
def test_a_file_that_can_not_be_made_is_refused(folder: Path, name: str, sentence: str) -> None:
    done = keyart(folder, "export", str(folder / name))
    assert done.returncode == 1
    assert sentence in " ".join(done.stderr.split())


@pytest.mark.parametrize("name", ["full.jsonl", "full.parquet"])
def test_a_disk_that_is_full_leaves_no_part(folder: Path, name: str) -> None:
    """A limit on the size of files stands for the disk: the kernel refuses the write."""
    path = folder / name
    command = f'ulimit -f 8; trap "" XFSZ; exec {sys.executable} -m app export {path}'
    env = {**os.environ, "KEYART_DATA": str(folder)}
    done = subprocess.run(["/bin/sh", "-c", command], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "written" in done.stderr or "DuckDB cannot write" in done.stderr
    assert not [each for each in folder.iterdir() if name in each.name]


def test_no_file_is_overwritten(folder: Path) -> None:
    path = exported(folder, "all.jsonl")
    before = path.read_bytes()
    done = keyart(folder, "export", str(path))
    assert done.returncode == 1
    assert "exists; name a new file, or delete this one." in " ".join(done.stderr.split())
    assert path.read_bytes() == before


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
