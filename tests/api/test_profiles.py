"""`/profiles`, and who a profile is to everything else: never its own id."""

import asyncio
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.api.service import ADMIN, CLIENT, Catalogue, Service, is_problem, serving

profile_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
ADMIN_JSON = {**ADMIN, "Content-Type": "application/json"}


async def put(service: Service, profile: str, **body: Any) -> Any:
    answer = await service.http.put("/profiles", params={"profile": profile}, json=body, headers=CLIENT)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def get(service: Service, profile: str) -> Any:
    answer = await service.http.get("/profiles", params={"profile": profile}, headers=CLIENT)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def forget(service: Service, profile: str) -> None:
    answer = await service.http.delete("/profiles", params={"profile": profile}, headers=CLIENT)
    assert (answer.status_code, answer.content) == (204, b"")


def rows(folder: Path) -> str:
    """Return everything that stands in any row of the data folder's databases."""
    found = []
    for path in sorted(folder.glob("*.sqlite")):
        connection = sqlite3.connect(path)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table != "snapshot":
                found += [repr((table, row)) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
        connection.close()
    return "\n".join(found)


def paths(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*")]


def databases(folder: Path) -> list[bytes]:
    """Return the databases' bytes with what is not folded back from their write-ahead logs."""
    return [path.read_bytes() for path in folder.glob("*.sqlite*")]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, as it is written, from debug on. Ask for it before the service."""
    written = io.StringIO()
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        logger_factory=structlog.PrintLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    yield written
    structlog.configure(**before)


# ---------------------------------------------------------------- any text is a profile


@settings(max_examples=60)
@given(profile=profile_ids)
@example(profile="\"'`;--")
@example(profile="a|b:c d")
@example(profile="../../etc/passwd")
@example(profile="line\r\nbreak\x00nul\x1b[31m")
@example(profile="😀" * 128)
@example(profile="&=+%25 #")
@example(profile=" ")
@example(profile="\u202e\ufeff\uffff")
async def test_any_text_is_a_profile_to_every_call(service: Service, profile: str) -> None:
    assert (await put(service, profile, attributes={"genre": "comedy"}))["profile"] == profile
    choice = await service.get(profile=profile)
    assert choice["decision_id"]
    assert (await service.get(profile=profile))["held"]
    page = await service.http.post("/artwork", json={"profile": profile, "titles": ["countdown"]})
    assert page.json()["choices"][0]["decision_id"] == choice["decision_id"]
    click = {"profile": profile, "title": "countdown"}
    answer = await service.http.post("/clicks", json=click, headers=CLIENT)
    assert answer.json()["recorded"] == 1
    await service.close_windows()
    known = await get(service, profile)
    assert (known["profile"], known["attributes"]) == (profile, {"genre": "comedy"})
    await forget(service, profile)
    assert (await get(service, profile))["attributes"] == {}
    assert not (await service.get(profile=profile))["held"]
    await forget(service, profile)


@settings(max_examples=25)
@given(profile=st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=64))
async def test_a_profile_id_is_in_no_log_line_no_row_and_no_path(
    logged: io.StringIO, service: Service, tmp_path: Path, profile: str
) -> None:
    profile = f"Æ{profile}ß"
    await put(service, profile, attributes={"genre": "comedy"})
    choice = await service.get(profile=profile)
    await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.http.get("/artwork", params={"profile": profile, "title": "nothing"})
    await service.http.get("/artwork", params={"profile": profile * 128, "title": "countdown"})
    await service.http.get("/profiles", params={"profile": profile})
    await get(service, profile)
    assert "answered" in logged.getvalue()
    for text in (logged.getvalue(), *paths(tmp_path)):
        assert profile not in text
        assert json.dumps(profile)[1:-1] not in text
        assert repr(profile)[1:-1] not in text
    assert len(databases(tmp_path)) >= 4
    for content in databases(tmp_path):
        assert profile.encode() not in content
        assert json.dumps(profile)[1:-1].encode() not in content


async def test_a_failure_tells_the_log_no_profile_id(
    logged: io.StringIO, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(pseudonym: str) -> bytes:
        raise RuntimeError("no such table")

    monkeypatch.setattr(service.store.log, "profile", fail)
    assert (await service.get(profile="ada-lovelace"))["fallback"]
    is_problem(await service.http.get("/profiles", params={"profile": "ada-lovelace"}, headers=CLIENT), 500)
    assert "no such table" in logged.getvalue()
    assert "ada-lovelace" not in logged.getvalue()


async def test_profiles_that_differ_in_anything_are_different_viewers(service: Service) -> None:
    ids = ["ada", "Ada", "ada ", " ada", "ada\x00", "a\u0301da", "\u00e1da", "ada\u200b"]
    for number, profile in enumerate(ids):
        await put(service, profile, attributes={"number": number})
    for number, profile in enumerate(ids):
        assert (await get(service, profile))["attributes"] == {"number": number}


@pytest.mark.parametrize("profile", ["", "x" * 129, "😀" * 129])
async def test_a_profile_id_has_one_to_128_characters(service: Service, profile: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        body: dict[str, str] | None = {} if method == "PUT" else None
        answer = await service.http.request(
            method, "/profiles", params={"profile": profile}, json=body, headers=CLIENT
        )
        assert is_problem(answer, 422)["errors"][0]["field"] == "profile"


async def test_without_a_profile_there_is_nothing_to_show(service: Service) -> None:
    problem = is_problem(await service.http.get("/profiles", headers=CLIENT), 422)
    assert problem["errors"] == [{"field": "profile", "reason": "It is required"}]


# ---------------------------------------------------------------- attributes


async def test_attributes_are_kept_as_given(service: Service) -> None:
    attributes = {"country": "DE", "favourite_genre": "comedy", "age": 42, "kids": True, "score": -1.5, "note": ""}
    assert (await put(service, "ada", attributes=attributes))["attributes"] == attributes
    assert (await get(service, "ada"))["attributes"] == attributes


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_a_body_leaves_out_stays_and_null_takes_an_attribute_away(
    service: Service, method: str
) -> None:
    async def change(**body: Any) -> Any:
        answer = await service.http.request(
            method, "/profiles", params={"profile": "ada"}, json=body, headers=CLIENT
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    await change(attributes={"country": "DE", "age": 42}, personalize=False)
    known = await change(attributes={"age": 43, "genre": "comedy"})
    assert (known["attributes"], known["personalize"]) == ({"country": "DE", "age": 43, "genre": "comedy"}, False)
    known = await change(attributes={"country": None, "never-there": None})
    assert (known["attributes"], known["personalize"]) == ({"age": 43, "genre": "comedy"}, False)
    known = await change(personalize=True)
    assert (known["attributes"], known["personalize"]) == ({"age": 43, "genre": "comedy"}, True)
    assert await change() == known


async def status_of_a_title_for_grown_ups(service: Service, profile: str) -> int:
    await service.http.patch(
        "/titles/cosmos-laundromat/artworks/lonely-hill", json={"maturity": 16}, headers=ADMIN
    )
    answer = await service.http.get("/artwork", params={"title": "cosmos-laundromat", "profile": profile})
    return answer.status_code


async def test_a_childs_limit_stands_when_it_opts_out_or_its_attributes_are_synced(service: Service) -> None:
    await put(service, "kim", attributes={"maturity": 6})
    assert await status_of_a_title_for_grown_ups(service, "kim") == 404
    await put(service, "kim", personalize=False)
    await put(service, "kim", attributes={"country": "DE"})
    known = await get(service, "kim")
    assert (known["attributes"], known["personalize"]) == ({"maturity": 6, "country": "DE"}, False)
    assert await status_of_a_title_for_grown_ups(service, "kim") == 404
    await put(service, "kim", attributes={"maturity": None})
    assert await status_of_a_title_for_grown_ups(service, "kim") == 200


async def test_of_two_syncs_at_once_neither_is_lost(service: Service) -> None:
    bodies = [{"attributes": {f"a{number}": number}} for number in range(16)] + [{"personalize": False}]
    await asyncio.gather(*(put(service, "ada", **body) for body in bodies))
    known = await get(service, "ada")
    assert known["attributes"] == {f"a{number}": number for number in range(16)}
    assert known["personalize"] is False


async def test_the_bound_on_attributes_is_that_of_the_whole_profile(service: Service) -> None:
    full = {f"a{number}": number for number in range(32)}
    await put(service, "ada", attributes=full)
    one_more = {"attributes": {"more": 1, "a0": 7}}
    answer = await service.http.put("/profiles?profile=ada", json=one_more, headers=CLIENT)
    [error] = is_problem(answer, 422)["errors"]
    assert error["field"] == "attributes"
    assert "33 attributes; keep at most 32" in error["reason"]
    assert (await get(service, "ada"))["attributes"] == full
    replaced = {**dict.fromkeys(full), **{f"b{number}": number for number in range(32)}}
    known = await put(service, "ada", attributes=replaced)
    assert known["attributes"] == {f"b{number}": number for number in range(32)}


async def test_an_unknown_profile_is_a_new_viewer(service: Service) -> None:
    known = await get(service, "nobody")
    assert known["attributes"] == known["taste"] == {}
    assert known["personalize"] is True
    assert known["group"] in {"personalized", "best_single", "uniform"}


async def test_attributes_are_told_to_the_policy_and_the_request_overrides_them(service: Service) -> None:
    await put(service, "ada", attributes={"country": "DE", "device": "tv", "genre": "comedy"})
    choice = await service.get(profile="ada", device="phone", language="fr")
    record = (await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)).json()
    wanted = {"country": "DE", "device": "phone", "genre": "comedy", "language": "fr", "placement": "row"}
    assert wanted.items() <= record["attributes"].items()


@pytest.mark.parametrize(
    "attributes",
    [
        {f"a{n}": 1 for n in range(33)},
        {"": 1},
        {"a b": 1},
        {"a:b": 1},
        {"a|b": 1},
        {"-a": 1},
        {"x" * 65: 1},
        {"a": "x" * 129},
        {"a": [1]},
        {"a": {"b": 1}},
        {"maturity": "12"},
        {"maturity": -1},
        {"maturity": 22},
        {"maturity": 12.5},
        {"maturity": True},
        [],
        "text",
        None,
    ],
)
async def test_attributes_are_bounded(service: Service, attributes: object) -> None:
    answer = await service.http.put("/profiles?profile=ada", json={"attributes": attributes}, headers=ADMIN)
    assert is_problem(answer, 422)["errors"][0]["field"].startswith("attributes")


async def test_attributes_are_counted_before_each_of_them_is_looked_at(service: Service) -> None:
    attributes = {f"a b{number}": None for number in range(20_000)}
    answer = await service.http.put("/profiles?profile=ada", json={"attributes": attributes}, headers=ADMIN)
    [error] = is_problem(answer, 422)["errors"]
    assert error["field"] == "attributes"
    assert error["reason"] == "must have at most 64 entries, not 20000"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
async def test_a_number_that_is_not_finite_is_refused(service: Service, number: str) -> None:
    body = f'{{"attributes": {{"age": {number}}}}}'
    is_problem(await service.http.put("/profiles?profile=ada", content=body, headers=ADMIN_JSON), 422)


@pytest.mark.parametrize("body", [{"personalize": None}, {"attributes": None}])
async def test_null_in_the_place_of_a_whole_field_is_refused(service: Service, body: dict[str, None]) -> None:
    """It could be meant as "all of them" or as "none of them", and a limit goes only by its name."""
    await put(service, "kim", attributes={"maturity": 6}, personalize=False)
    answer = await service.http.put("/profiles?profile=kim", json=body, headers=CLIENT)
    assert is_problem(answer, 422)["errors"][0]["field"] == next(iter(body))
    known = await get(service, "kim")
    assert (known["attributes"], known["personalize"]) == ({"maturity": 6}, False)


async def test_an_unknown_field_is_refused(service: Service) -> None:
    answer = await service.http.put("/profiles?profile=ada", json={"attribute": {}}, headers=ADMIN)
    assert is_problem(answer, 422)["errors"][0]["field"] == "attribute"


# ---------------------------------------------------------------- taste and forgetting


async def watch_much(service: Service, profile: str) -> None:
    """Ask until one picture was drawn, and opened, four times."""
    opened = 0
    while opened < 4:
        choice = await service.get(profile=profile)
        if choice["artwork"] == "earthrise":
            opened += 1
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
        await service.close_windows()


async def test_what_a_profile_opens_becomes_its_taste(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, hold_seconds=0, uniform_share=1, best_single_share=0) as service:
        await watch_much(service, "ada")
        taste = (await get(service, "ada"))["taste"]
        assert taste["earthrise"] > 0
        assert max(taste, key=lambda tag: taste[tag]) == "earthrise"
        choice = await service.get(profile="ada")
        record = (await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)).json()
        assert record["taste"] == taste


async def test_forgetting_leaves_no_trace_of_the_viewer(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, hold_seconds=3600, uniform_share=1, best_single_share=0) as service:
        await put(service, "ada", attributes={"genre": "attribute-of-ada"})
        await put(service, "bob", attributes={"genre": "attribute-of-bob"})
        for profile in ("ada", "bob"):
            choice = await service.get(profile=profile)
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
            await service.get("big-buck-bunny", profile=profile, deferred="true")
        await service.close_windows()
        assert (await get(service, "ada"))["taste"]
        await service.get(profile="ada", placement="hero")
        ada = service.services.recorder._identity.pseudonym("ada")  # noqa: SLF001
        bob = service.services.recorder._identity.pseudonym("bob")  # noqa: SLF001
        before = rows(tmp_path)
        assert before.count("attribute-of-ada") == 4
        await forget(service, "ada")
        await service.close_windows()
        after = rows(tmp_path)
        assert "attribute-of-ada" not in after
        assert repr(bytes.fromhex(ada))[2:-1] not in after
        # What names the pseudonym still: the erasure itself, and for an hour how much of the viewer was learned.
        assert {row.split(",")[0] for row in after.splitlines() if ada in row} <= {"('log'", "('learned'"}
        assert sum(ada in row for row in after.splitlines() if row.startswith("('log'")) == 2
        assert after.count("attribute-of-bob") == before.count("attribute-of-bob") == 3
        assert after.count(bob) == before.count(bob)
        known = await get(service, "ada")
        assert known["attributes"] == known["taste"] == {}
        assert not (await service.get(profile="ada"))["held"]
        assert (await service.get(profile="bob"))["held"]


async def test_the_counts_of_a_forgotten_viewer_stay(service: Service) -> None:
    await service.get(profile="ada")
    await service.close_windows()
    before = (await service.http.get("/report", headers=ADMIN)).json()
    await forget(service, "ada")
    await service.close_windows()
    assert (await service.http.get("/report", headers=ADMIN)).json() == before


async def test_opting_out_ends_what_is_personal_and_opting_in_brings_the_group_back(service: Service) -> None:
    group = (await get(service, "ada"))["group"]
    assert (await put(service, "ada", personalize=False))["group"] is None
    assert (await service.get(profile="ada", headers=CLIENT))["group"] is None
    assert (await put(service, "ada", personalize=True))["group"] == group
    assert (await service.get(profile="ada", headers=CLIENT))["group"] == group
