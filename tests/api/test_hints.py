"""What a request says of its viewer costs nobody a picture, however wrong it is."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.api import hints as hints_module
from app.api.hints import MOST_LIMITS, STRICTEST, _queried, queried, understood
from app.api.queries import ArtworkQuery, PageQuery
from app.viewers.viewing import Viewing
from tests.api.service import ADMIN, CLIENT, IMG, Service, is_problem

UNUSABLE = [
    ("country", "T1"),  # what a CDN says of Tor
    ("country", "XX"),
    ("country", "Germany"),
    ("country", ""),
    ("language", "d"),
    ("language", "de-de-de"),
    ("language", "de-DE,de;q=0.9"),
    ("language", "*"),
    ("language", ""),
    ("device", ""),
    ("device", "d" * 65),
    ("width", "0"),
    ("width", "-1"),
    ("width", "wide"),
    ("width", "NaN"),
    ("width", "1e999"),
    ("width", ""),
    ("canvas", "4:3"),
    ("canvas", ""),
    ("placement", "up here"),
    ("placement", ""),
    ("profile", ""),
    ("profile", "x" * 129),
    ("deferred", "perhaps"),
    ("deferred", ""),
    ("maturity", "x"),
    ("maturity", "-1"),
    ("maturity", "99"),
    ("maturity", ""),
    ("maturity", "12.5"),
]
VALUES: list[Any] = [
    *(
        sign * (10**digits + more)
        for digits in (0, 1, 18, 19, 127, 128, 300, 4000)
        for sign in (1, -1)
        for more in (0, 1)
    ),
    *(1.5, -0.5, 1e300, 1e-300, True, False, None),
    *("", "x" * 129, "x" * 9999, "9" * 129, "9" * 4000, "1e999", "\x00", "é", "\U0001f3ac", "1_000"),
    *([], {}, [1], {"a": 1}, [[]]),
]


async def page(service: Service, **body: Any) -> Any:
    answer = await service.http.post("/artwork", content=json.dumps({"titles": ["countdown"], **body}))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def record(service: Service, **query: Any) -> Any:
    choice = await service.get(**query)
    answer = await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)
    return answer.json()


@pytest.mark.parametrize(("name", "value"), [*UNUSABLE, ("as", "jpeg"), ("as", "")])
async def test_a_parameter_that_is_not_valid_is_named_and_a_picture_comes(
    service: Service, name: str, value: str
) -> None:
    for headers, status in (({}, 200), (IMG, 302)):
        answer = await service.http.get("/artwork", params={"title": "countdown", name: value}, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["x-ignored"] == name
        assert answer.headers["x-decision-id"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *UNUSABLE,
        ("width", [640]),
        ("maturity", "twelve"),
        ("maturity", {}),
        ("profile", ["ada"]),
        ("device", 7),
        ("country", 49),
        ("language", {"de": 1}),
        ("canvas", 16),
        ("placement", 1),
        ("deferred", "perhaps"),
    ],
)
async def test_a_field_that_is_not_valid_is_named_and_the_pictures_come(
    service: Service, name: str, value: object
) -> None:
    body = await page(service, **{name: value})
    assert body["ignored"] == [name]
    assert body["choices"][0]["decision_id"]


async def test_what_is_valid_beside_it_is_used(service: Service) -> None:
    found = await record(service, profile="ada", country="T1", device="tv", width="0", language="de")
    assert {"device": "tv", "language": "de"}.items() <= found["attributes"].items()
    assert "country" not in found["attributes"]
    assert found["profile"]


async def test_a_request_without_fault_names_nothing(service: Service) -> None:
    answer = await service.http.get("/artwork?title=countdown&country=DE&width=320&unheard-of=1")
    assert "x-ignored" not in answer.headers
    assert (await page(service, profile=None, country=None, placement=None, unknown=1))["ignored"] == []


async def test_several_faults_are_named_in_one_header(service: Service) -> None:
    answer = await service.http.get("/artwork?title=countdown&width=&country=T1&device=")
    assert answer.headers["x-ignored"] == "country, device, width"


@pytest.mark.parametrize("unusable", ["", "x", "-1", "99", "12.5", "1e999", "0x10"])
async def test_a_limit_that_can_not_be_read_is_the_strictest(service: Service, unusable: str) -> None:
    await service.change_artwork("lonely-hill", "cosmos-laundromat", maturity=6)
    await service.refresh()
    answer = await service.http.get("/artwork", params={"title": "cosmos-laundromat", "maturity": unusable})
    is_problem(answer, 404)
    assert answer.headers["x-ignored"] == "maturity"
    body = await page(service, titles=["cosmos-laundromat"], maturity=unusable)
    assert (body["unavailable"], body["ignored"]) == (["cosmos-laundromat"], ["maturity"])


@pytest.mark.parametrize(
    ("query", "status"),
    [("maturity=6&maturity=18", 200), ("maturity=18&maturity=0", 404), ("maturity=18&maturity=x", 404)],
)
async def test_of_several_limits_the_lowest_counts(service: Service, query: str, status: int) -> None:
    await service.change_artwork("lonely-hill", "cosmos-laundromat", maturity=6)
    await service.refresh()
    answer = await service.http.get(f"/artwork?title=cosmos-laundromat&{query}")
    assert answer.status_code == status
    assert answer.headers["x-ignored"] == "maturity"


async def test_a_repeated_parameter_is_named_and_the_last_counts(service: Service) -> None:
    answer = await service.http.get("/artwork?title=countdown&country=FR&country=DE&unheard-of=1&unheard-of=2")
    assert answer.headers["x-ignored"] == "country"
    found = await service.http.get(f"/decisions/{answer.json()['decision_id']}", headers=ADMIN)
    assert found.json()["attributes"]["country"] == "DE"


@pytest.mark.parametrize(
    ("given", "used"), [("356.75", 640), ("319.2", 320), ("320.0", 320), ("320.01", 640), ("99999", 1280)]
)
async def test_a_width_is_rounded_up_and_one_beyond_all_gets_the_widest(
    service: Service, given: str, used: int
) -> None:
    answer = await service.http.get("/artwork", params={"title": "countdown", "width": given})
    assert answer.json()["image"]["width"] == used
    assert "x-ignored" not in answer.headers
    body = await page(service, width=float(given))
    assert (body["choices"][0]["image"]["width"], body["ignored"]) == (used, [])


@pytest.mark.parametrize(
    ("hint", "used"),
    [
        ({"country": "de"}, {"country": "DE"}),
        ({"country": "uk"}, {"country": "GB"}),
        ({"country": "XK"}, {"country": "XK"}),
        ({"language": "en_US"}, {"language": "en-US"}),
        ({"language": "DE-at"}, {"language": "de-AT"}),
        ({"language": "iw"}, {"language": "he"}),
        ({"language": "zh_hant_tw"}, {"language": "zh-Hant-TW"}),
    ],
)
async def test_another_spelling_means_the_same(
    service: Service, hint: dict[str, str], used: dict[str, str]
) -> None:
    answer = await service.http.get("/artwork", params={"title": "countdown", **hint})
    assert "x-ignored" not in answer.headers
    found = await record(service, **hint)
    assert used.items() <= found["attributes"].items()
    await service.http.put("/profiles?profile=ada", json={"attributes": hint}, headers=CLIENT)
    assert used.items() <= (await record(service, profile="ada"))["attributes"].items()


async def test_a_profile_that_is_a_number_is_that_profile(service: Service) -> None:
    """Its limit would be lost otherwise."""
    await service.change_artwork("lonely-hill", "cosmos-laundromat", maturity=16)
    await service.refresh()
    await service.http.put("/profiles?profile=7", json={"attributes": {"maturity": 6}}, headers=CLIENT)
    body = await page(service, titles=["cosmos-laundromat", "countdown"], profile=7)
    assert (body["unavailable"], body["ignored"]) == (["cosmos-laundromat"], [])


async def test_no_value_of_any_hint_costs_a_page(service: Service) -> None:
    """Numbers of any size, text of any length, and lists and objects: each hint alone, and all at once."""
    hints = sorted(set(PageQuery.model_fields) - PageQuery.NEEDED)
    for value in VALUES:
        for name in hints:
            body = await page(service, **{name: value})
            assert body["choices"][0]["decision_id"], (name, value)
            assert set(body["ignored"]) <= {name}
        assert (await page(service, **dict.fromkeys(hints, value)))["choices"]


@pytest.mark.parametrize("profile", [10**128, -(10**127), 10**4000])
async def test_a_number_too_long_for_a_profile_is_named_and_the_pictures_come(
    service: Service, profile: int
) -> None:
    assert (await page(service, profile=profile))["ignored"] == ["profile"]


@pytest.mark.parametrize("profile", [10**128 - 1, -(10**127) + 1])
async def test_the_longest_number_is_a_profile(service: Service, profile: int) -> None:
    assert (await page(service, profile=profile))["ignored"] == []


def test_a_hint_that_can_not_be_put_right_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is put in its place: no way of mending costs the rest of the request."""
    monkeypatch.setattr("app.api.hints._MENDS", {"device": lambda _: "d" * 999})
    read, ignored = understood(Viewing, {"device": 7, "country": "DE", "language": 1})
    assert (read.device, read.country, ignored) == (None, "DE", ("device", "language"))


@pytest.mark.parametrize(
    ("limits", "used"),
    [
        (range(1, MOST_LIMITS + 1), 1),
        ([16, 12] * 5000, 12),
        (range(1, MOST_LIMITS + 2), STRICTEST),
        ([f"1{'0' * n}" for n in range(5000)], STRICTEST),
    ],
)
def test_more_different_limits_than_anybody_means_are_the_strictest(limits: Iterable[object], used: int) -> None:
    query = "&".join(f"maturity={limit}" for limit in limits)
    read, ignored = queried(f"title=countdown&{query}".encode())
    assert (read.maturity, ignored) == (used, ("maturity",))


PARTS = [
    *("title=countdown", "title=", "title", "title=a%20b+c", "t%69tle=other", "profile=ada", "profile="),
    *("profile=a%2Bb+%F0%9F", "profile=" + "p" * 129, "%70rofile=bob", "profile", "", "=", "country=de"),
    *("country=xx", "timezone=Europe%2FBerlin", "maturity=12", "maturity=x", "width=640", "width=2.5"),
    *("as=image", "as=x", "deferred=true", "device=" + "d" * 300, "unknown=1"),
]


@given(st.lists(st.sampled_from(PARTS), max_size=6))
def test_a_query_whose_hints_are_remembered_is_read_as_any_other(parts: list[str]) -> None:
    query = "&".join(parts)
    for _ in range(2):  # the second time they are remembered
        assert _or_faults(lambda: queried(query.encode())) == _or_faults(lambda: _queried(query))


def _or_faults(read: Callable[[], object]) -> object:
    try:
        return read()
    except ValidationError as error:
        return error.errors(include_url=False)


def test_hints_are_read_once_for_all_titles_and_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counting(query: str) -> tuple[ArtworkQuery, tuple[str, ...]]:
        read.append(query)
        return _queried(query)

    hints_module._hints.cache_clear()  # noqa: SLF001
    monkeypatch.setattr(hints_module, "_queried", counting)
    asked = [queried(b"profile=p%d&title=t%d&device=tv&width=9" % (n, n))[0] for n in range(3)]
    assert [(each.profile, each.title, each.device) for each in asked] == [
        (f"p{n}", f"t{n}", "tv") for n in range(3)
    ]
    assert len(read) == 1


def test_each_limit_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def counting(kind: type[Viewing], given: object) -> tuple[Viewing, tuple[str, ...]]:
        read.append(given)
        return understood(kind, given)

    monkeypatch.setattr("app.api.hints.understood", counting)
    queried(b"title=countdown" + b"&maturity=12&maturity=x" * 1000)
    assert len(read) == len(["12", "x", "the request"])


@pytest.mark.parametrize(
    "attributes",
    [
        {"country": "T1", "language": "de-de-de"},
        {"country": "", "language": ""},
        {"country": 49, "language": True, "device": 7},
        {"country": "Germany", "language": "German, I think", "timezone": "Mars"},
    ],
)
async def test_attributes_that_mean_nothing_cost_no_picture(
    service: Service, attributes: dict[str, object]
) -> None:
    await service.change_artwork("earthrise", locales=("fr",))
    await service.refresh()
    await service.http.put("/profiles?profile=ada", json={"attributes": attributes}, headers=CLIENT)
    choice = await service.get(profile="ada")
    assert choice["decision_id"]
    assert choice["artwork"] != "earthrise"


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("locale", "asked", "status"),
    [
        ("no", "nb-NO", 200),
        ("no", "nn-NO", 200),
        ("zh-Hant", "zh-TW", 200),
        ("zh-TW", "zh-Hant", 200),
        ("zh-Hant", "zh-CN", 404),
        ("es-419", "es-MX", 200),
        ("es-419", "es_MX", 200),
        ("es-419", "es-ES", 404),
        ("he", "iw-IL", 200),
        ("pt-BR", "pt-PT", 404),
    ],
)
async def test_a_localised_picture_reaches_who_asks_under_another_code(
    service: Service, locale: str, asked: str, status: int
) -> None:
    path = "/titles/cosmos-laundromat/artworks/lonely-hill"
    assert (await service.http.patch(path, json={"locales": [locale]}, headers=ADMIN)).status_code == 200
    query = {"title": "cosmos-laundromat", "language": asked}
    assert (await service.http.get("/artwork", params=query)).status_code == status
    attributes = {"attributes": {"language": asked}}
    await service.http.put("/profiles?profile=ada", json=attributes, headers=CLIENT)
    query = {"title": "cosmos-laundromat", "profile": "ada"}
    assert (await service.http.get("/artwork", params=query)).status_code == status


@pytest.mark.parametrize("locale", ["en_US", "Norwegian", "", "d"])
async def test_a_locale_that_is_not_valid_is_refused_where_an_editor_writes_it(
    service: Service, locale: str
) -> None:
    path = "/titles/cosmos-laundromat/artworks/lonely-hill"
    problem = is_problem(await service.http.patch(path, json={"locales": [locale]}, headers=ADMIN), 422)
    assert "It should be a language tag (BCP 47), such as de" in problem["detail"]


# ---------------------------------------------------------------- titles


async def test_a_title_that_is_no_id_is_unknown_and_keeps_no_other_back(service: Service) -> None:
    titles = ["countdown", "Countdown!", "", 7, None, ["a"], {"id": "a"}, "x" * 900, "no-title"]
    body = await page(service, titles=titles)
    assert [choice["title"] for choice in body["choices"]] == ["countdown"]
    unknown = ["Countdown!", "", "7", "null", '["a"]', '{"id": "a"}', "x" * 200, "no-title"]
    assert body["unknown"] == unknown
    assert body["ignored"] == []


@pytest.mark.parametrize("title", ["Countdown!", "x" * 900, "%00", "countdown ", "../countdown"])
async def test_a_title_that_is_no_id_is_not_found(service: Service, title: str) -> None:
    problem = is_problem(await service.http.get("/artwork", params={"title": title}), 404)
    assert len(problem["detail"]) < 300


@pytest.mark.parametrize("query", ["", "title=", "country=T1", "title=&country=T1"])
async def test_without_a_title_there_is_no_picture(service: Service, query: str) -> None:
    problem = is_problem(await service.http.get(f"/artwork?{query}"), 422)
    assert [error["field"] for error in problem["errors"]] == ["title"]
