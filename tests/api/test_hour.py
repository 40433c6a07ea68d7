"""Which hour it is for whom."""

from typing import Any

import pytest

from app.viewers.local_time import QUARTER_MS, hour_word, zone_at, zone_of
from assets.countries import country_of
from tests.api.service import ADMIN, CLIENT, START, Service
from tests.api.test_hints import page, record

SUMMER = 1_815_496_200_000  # 13 July 2027, 16:30 UTC
WINTER = 1_799_858_200_000  # 13 January 2027, 16:36 UTC


async def hour(service: Service, **query: Any) -> tuple[str, str | None]:
    found = await record(service, **query)
    assert "timezone" not in found["attributes"]
    return found["attributes"]["hour"], found["timezone"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, ("afternoon", None)),
        ({"timezone": "Asia/Tokyo"}, ("night", "Asia/Tokyo")),
        ({"timezone": "europe/berlin"}, ("evening", "Europe/Berlin")),
        ({"timezone": "America/New_York"}, ("afternoon", "America/New_York")),
        ({"timezone": "America/Los_Angeles"}, ("morning", "America/Los_Angeles")),
        ({"country": "JP"}, ("night", "Asia/Tokyo")),
        ({"country": "DE"}, ("evening", "Europe/Berlin")),
        ({"country": "US"}, ("afternoon", None)),
        ({"country": "T1"}, ("afternoon", None)),
        ({"country": "JP", "timezone": "Europe/London"}, ("afternoon", "Europe/London")),
        ({"country": "JP", "timezone": "UTC"}, ("afternoon", "UTC")),
    ],
)
async def test_the_hour_is_that_of_the_viewers_clock(
    service: Service, query: dict[str, str], told: tuple[str, str | None]
) -> None:
    service.clock.now = SUMMER
    assert await hour(service, **query) == told


@pytest.mark.parametrize(("month", "told"), [(SUMMER, "evening"), (WINTER, "afternoon")])
def test_summer_time_counts(month: int, told: str) -> None:
    assert hour_word("Europe/London", month // QUARTER_MS + 4) == told


def test_zones_of_half_and_quarter_hours_count() -> None:
    noon_utc = 12 * 3_600_000 // QUARTER_MS
    assert hour_word("Asia/Kolkata", noon_utc + 1) == "afternoon"
    assert hour_word("Asia/Kolkata", noon_utc + 2) == "evening"
    assert hour_word("Asia/Kathmandu", noon_utc + 365 * 96 * 30) == "afternoon"
    assert hour_word("Asia/Kathmandu", noon_utc + 365 * 96 * 30 + 1) == "evening"


async def test_a_profile_may_have_a_time_zone_and_a_request_another(service: Service) -> None:
    service.clock.now = START + 1
    utc = (await hour(service))[0]
    attributes = {"timezone": "Asia/Tokyo", "country": "DE"}
    await service.http.put("/profiles?profile=ada", json={"attributes": attributes}, headers=CLIENT)
    assert (await hour(service, profile="ada"))[1] == "Asia/Tokyo"
    assert (await hour(service, profile="ada", placement="hero", timezone="Etc/UTC")) == (utc, "Etc/UTC")
    change = {"attributes": {"timezone": "Mars/Olympus"}}
    await service.http.put("/profiles?profile=ada", json=change, headers=CLIENT)
    assert (await hour(service, profile="ada", placement="tile"))[1] == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "+02:00", "../../etc/passwd", "CET/", "x" * 65])
async def test_a_time_zone_that_is_none_is_named(service: Service, zone: str) -> None:
    answer = await service.http.get("/artwork", params={"title": "countdown", "timezone": zone, "country": "JP"})
    assert answer.headers["x-ignored"] == "timezone"
    found = await service.http.get(f"/decisions/{answer.json()['decision_id']}", headers=ADMIN)
    assert found.json()["timezone"] == "Asia/Tokyo"
    assert (await page(service, timezone=zone))["ignored"] == ["timezone"]


async def test_a_forgotten_viewers_time_zone_is_forgotten(service: Service) -> None:
    choice = await service.get(profile="ada", timezone="Asia/Tokyo")
    await service.http.delete("/profiles?profile=ada", headers=CLIENT)
    found = await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)
    assert found.json()["timezone"] is None


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("DE", "Europe/Berlin"),  # with Büsingen, whose clocks show the same
        ("AR", "America/Argentina/Buenos_Aires"),
        ("IN", "Asia/Kolkata"),
        ("GB", "Europe/London"),
        ("US", None),
        ("ES", None),  # the Canary Islands are an hour behind
        ("XK", None),  # in no table
    ],
)
def test_a_country_has_a_time_zone_if_all_its_clocks_show_the_same(country: str, zone: str | None) -> None:
    assert zone_at(country, SUMMER // QUARTER_MS) == zone


def test_what_is_written_for_a_country_or_a_zone() -> None:
    assert [country_of(text) for text in ("de", "DE", "uk", "XK")] == ["DE", "DE", "GB", "XK"]
    assert [country_of(text) for text in ("T1", "XX", "EU", "ZZ", "A1", "", "ß")] == [None] * 7
    assert [zone_of(text) for text in ("asia/TOKYO", "UTC", "")] == ["Asia/Tokyo", "UTC", None]
