"""How things are written: the databases, the records, the ids, the documents of the catalogue, the snapshots.

What is learned from a whole log is held by `tests.learning.test_golden_fold`.
"""

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from app.records import Decision, Erasure, Feedback, Kind, Rebase, Reference, Spot, decode_decision, encode
from app.serving.decision_id import DecisionId, DecisionIds
from app.store.sqlite import SqliteStore
from app.viewers.pseudonym import Identity, hold_key
from app.viewers.viewer import Profile
from assets.catalogue import Title, title_from_json
from assets.revisions import Catalogue, Revisions
from bandit.groups import Groups
from bandit.learners import Kind as Learner
from bandit.learners import new_learner
from bandit.reward import RewardRules
from bandit.sampling import uniform_from
from bandit.sealing import unseal

NONCE, STAMP = b"\x01\x02\x03\x04\xfc\xfd\xfe\xff", 1_790_000_000_000
PSEUDONYM = "0123456789abcdef" * 2
KEYS = [b"0123456789abcdef" * 2, bytes(range(32))]
DECISION = b"""{"nonce":"AQIDBPz9/v8=","title":"countdown","revision":"5eed","candidates":["earthrise","launch"],
"chosen":1,"probabilities":[0.25,0.75],"group":"personalized","profile":"0123456789abcdef0123456789abcdef",
"attributes":{"device":"tv","hour":20.0,"name":"Zo\\u00eb"},"taste":{"moon":-0.125},
"snapshot":7,"pinned":true,"stranger":3,"bot":true,"timezone":"Europe/Berlin",
"spot":{"release":"tv-4.2.0","page":"home","row":"new","column":3},"audit":{"gender":"f","kids":true}}"""
TITLE = b"""{"id":"countdown","name":"Countdown","names":{"de":"Null"},"synopsis":"Down to zero.",
"genres":["drama"],"maturity":6,"default":"earthrise","declared":{"name":"Countdown"},
"pins":[{"artwork":"earthrise","placement":"hero","country":"DE","until":1900000000.5}],
"artworks":[{"id":"earthrise","name":"Earthrise","alt":"The Earth","status":"paused","tags":["moon"],
"locales":["de"],"placements":["hero"],"maturity":6,"valid_from":1790000000,"valid_until":1900000000.5,
"provenance":{"made":"photographed","creator":"NASA","licence":"public domain",
"consent":{"of":"Bill Anders","until":1900000000.5,"withdrawn":true}},"focus":[0.5,0.25],"recipe":"1",
"faces":[[0.1,0.2,0.3,0.4]],"features":{"warmth":0.5},"fingerprint":"0f0f0f0f0f0f0f0f",
"source":"abababababababababababababababababababababababababababababababab","declared":{"alt":"The Earth"},
"crops":[{"canvas":"16:9","digest":"4f0c1a004f0c1a004f0c1a004f0c1a00","widths":[320,640],
"placeholder":"data:image/webp;base64,UklGRg=="}]}]}"""
PRAGMAS = ("journal_mode", "page_size", "auto_vacuum", "user_version", "application_id")


def databases(folder: Path) -> dict[str, object]:
    """Return the schema of both files of a store that was just made."""
    asyncio.run(SqliteStore(folder, lambda: STAMP).close())
    return {path.name: _schema(path) for path in folder.iterdir()}


def _schema(path: Path) -> dict[str, object]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        pragmas = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    return {"pragmas": pragmas, "schema": {name: re.sub(r"\s+", " ", sql) for name, sql in rows}}


def records() -> dict[str, object]:
    """Return the numbers of the kinds of records, and each kind of body as it is written into the log."""
    whole = decode_decision(DECISION)
    bodies = {
        "decision, least": Decision(NONCE, "countdown", "5eed" * 8, ("earthrise",), 0, (1.0,)),
        "decision, whole": whole,
        "decision, forgotten": whole.forgotten(),
        "impression, click": Feedback(12, 34),
        "impression with a spot": Feedback(12, 34, spot=Spot("tv-4.2.0", "home", "new", 3)),
        "play": Feedback(12, 34, 56.5),
        "exposure, void": Reference(12),
        "exposure with a spot": Reference(12, Spot("tv-4.2.0", "home", "new", 3)),
        "rules": RewardRules(600_000, "play", 300.0, 60, 2, 300),
        "erasure": Erasure(PSEUDONYM),
        "base": Rebase("upgrade", 2),
        "profile": Profile({"age": 40.0, "country": "DE", "kids": False}, personalize=False),
        "profile with audit attributes": Profile({"age": 40.0}, audit={"gender": "f"}),
    }
    written = {name: encode(body).decode() for name, body in bodies.items()}
    return {"kinds": {kind.name: int(kind) for kind in Kind}, "bodies": written}


def identifiers() -> dict[str, object]:
    """Return what is made of fixed keys: ids, pseudonyms, holds, groups, and the number that is drawn by."""
    identity, groups = Identity(KEYS[0]), Groups(KEYS[0], 0.3, 0.2, 0.1)
    ids = {
        f"{len(keys)} keys, deferred {deferred}": DecisionIds(keys, 0).sign(DecisionId(12, NONCE, STAMP, deferred))
        for keys in (KEYS[:1], KEYS)
        for deferred in (False, True)
    }
    return {
        "decision ids": ids,
        "pseudonym": identity.pseudonym("Zoë"),
        "hold": hold_key(PSEUDONYM, "countdown", "row").hex(),
        "groups": {name: groups.of(name) for name in ("ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal")},
        "drawn by": uniform_from(NONCE),
    }


def catalogue(folder: Path) -> dict[str, object]:
    """Return the documents of a catalogue by their names: a title with nothing said of it, and one with all."""
    revisions = Revisions(folder)
    titles = {title.id: revisions.put_title(title) for title in (Title("empty", "Empty"), title_from_json(TITLE))}
    revisions.put_catalogue(Catalogue(titles, ("ai-generated",)))
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.json"))}


def snapshot(kind: Learner) -> object:
    """Return the head of a learner's snapshot."""
    return json.loads(json.dumps(unseal(new_learner(kind).snapshot())[0]))
