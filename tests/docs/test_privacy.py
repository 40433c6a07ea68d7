"""docs/privacy.md: that what is said to go goes from the files, and that what is said to stay is no more."""

import json
import re
import sqlite3
import struct
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import msgspec

from app.learning.caps import Caps
from app.records import Kind
from app.viewers.pseudonym import Identity
from app.wiring.keys import identity_key
from tests.api.conftest import catalogue, plain_log  # noqa: F401  fixtures
from tests.api.service import CLIENT, Catalogue, Service, serving
from tests.docs.pages import code, page

PAGE = page("privacy.md")
# ruff: noqa: F811  a test asks for a fixture by the name that was imported
PROFILE, VALUE = "ada-lovelace-7d1f", "zanzibarjazz"
VIEWER = {"attributes": {"favourite_genre": VALUE}}


async def put(service: Service, profile: str, body: dict[str, Any]) -> None:
    answer = await service.http.put("/profiles", params={"profile": profile}, json=body, headers=CLIENT)
    assert answer.status_code == 200


async def visit(service: Service) -> str:
    """Let the viewer be known, shown something, click, and be learned from; return the decision's id."""
    await put(service, PROFILE, VIEWER)
    choice = await service.get(profile=PROFILE, device="tv")
    await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.close_windows()
    return str(choice["decision_id"])


async def pseudonym(service: Service) -> str:
    return Identity(await identity_key(service.store.log)).pseudonym(PROFILE)


def files_with(folder: Path, text: bytes) -> set[str]:
    """Return which files of the store have the text anywhere in them, in free space and write-ahead logs, too."""
    return {path.name for path in folder.glob("*.sqlite*") if text in path.read_bytes()}


async def test_the_files_hold_pseudonyms_and_never_the_profiles_id(catalogue: Catalogue, tmp_path: Path) -> None:
    async with serving(tmp_path, catalogue) as service:
        await visit(service)
        who = await pseudonym(service)
        assert files_with(tmp_path, PROFILE.encode()) == set()
        assert files_with(tmp_path, who.encode()) == {"log.sqlite-wal", "state.sqlite-wal"}


async def test_erasure_leaves_what_the_page_says_and_nothing_else(catalogue: Catalogue, tmp_path: Path) -> None:
    async with serving(tmp_path, catalogue) as service:
        await visit(service)
        who = await pseudonym(service)
        answer = await service.http.delete("/profiles", params={"profile": PROFILE}, headers=CLIENT)
        assert answer.status_code == 204
        await service.learn()
        naming = [kind for kind, body in await service.records() if who.encode() in body]
        assert naming == [Kind.ERASURE, Kind.ERASURE]
        assert await service.store.state.taste_since(who) is None
        assert Caps.of((await service.store.state.fold_state()).learned_caps).taken() == {}
    assert files_with(tmp_path, bytes.fromhex(who)) == set()  # holds
    assert files_with(tmp_path, VALUE.encode()) == {"state.sqlite"}  # in the snapshots' vocabulary


async def test_opting_out_takes_everything_about_the_profile_out_of_what_is_logged(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    async with serving(tmp_path, catalogue) as service:
        await visit(service)
        await put(service, PROFILE, {**VIEWER, "personalize": False})
        await service.get(profile=PROFILE, device="tv")
        kind, body = (await service.records())[-1]
        assert kind == Kind.DECISION
        record = msgspec.json.decode(body)
        assert record.keys().isdisjoint({"profile", "taste", "group"})
        assert record["attributes"].keys() == {"device", "hour", "placement"}
        kept = await service.http.get("/profiles", params={"profile": PROFILE}, headers=CLIENT)
        assert kept.json()["taste"] != {}
        await service.http.delete("/profiles", params={"profile": PROFILE}, headers=CLIENT)
        again = await service.http.get("/profiles", params={"profile": PROFILE}, headers=CLIENT)
        assert again.json()["personalize"] is True


async def test_the_pages_ways_to_opt_out_leave_a_childs_limit_in_force(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    [alone, after_delete] = re.findall(r"-d '(\{.*personalize.*\})'", PAGE.text)
    async with serving(tmp_path, catalogue) as service:
        await put(service, PROFILE, {"attributes": {"maturity": 6}})
        await put(service, PROFILE, json.loads(alone))
        assert await limit(service) == (6, False)
        await service.http.delete("/profiles", params={"profile": PROFILE}, headers=CLIENT)
        await put(service, PROFILE, json.loads(after_delete))
        assert await limit(service) == (6, False)


async def limit(service: Service) -> tuple[int, bool]:
    known = (await service.http.get("/profiles", params={"profile": PROFILE}, headers=CLIENT)).json()
    return known["attributes"]["maturity"], known["personalize"]


async def test_a_decision_id_says_no_more_than_the_page_does(catalogue: Catalogue, tmp_path: Path) -> None:
    async with serving(tmp_path, catalogue) as service:
        content = urlsafe_b64decode(await visit(service))
        version, key, position, _, stamp = struct.unpack(">BBQ8sQ", content[:26])
        assert (version, key, stamp) == (1, 0, service.clock.now - service.settings.window_ms - 1)
        assert 0 < position <= len(await service.records())
        assert len(content) == 26 + 10  # and the signature


async def test_every_table_is_told_of(catalogue: Catalogue, tmp_path: Path) -> None:
    async with serving(tmp_path, catalogue):
        pass
    told = {tuple(code(row[2])) for row in PAGE.rows("data", "about", "where", "for how long")}
    assert {pair[0] for pair in told if len(pair) == 2} | {"snapshot"} == tables(tmp_path)


def tables(folder: Path) -> set[str]:
    """Return the names of all tables, apart from those that hold positions and leases and nothing of a viewer."""
    found = set()
    for file in ("log.sqlite", "state.sqlite"):
        connection = sqlite3.connect(folder / file)
        found |= {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        connection.close()
    return found - {"counted", "lease", "promotion", "sqlite_sequence"}
