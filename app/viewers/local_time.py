"""The local time in a country or a time zone."""

from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from assets.countries import table

HOURS: Final = ("night", "morning", "afternoon", "evening")
QUARTER_MS: Final = 900_000
"""A quarter of an hour: no clock on Earth differs from another by less."""
_QUARTERS_IN_A_YEAR: Final = 35_064
REMEMBERED: Final = 1 << 12
LONGEST_ZONE: Final = 64
_DATA: Final = files("tzdata")


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in (_DATA / "zones").read_text().split()}


@cache
def _zones_of() -> dict[str, list[str]]:
    """Return the time zones of each country, some of which show the same time."""
    found: dict[str, list[str]] = {}
    for code, _, zone, *_ in table("zone.tab"):
        found.setdefault(code, []).append(zone)
    return found


def zone_of(text: str) -> str | None:
    """Return the IANA time zone of a name in any case; None if the text names no time zone."""
    return _zones().get(text.lower()) if len(text) <= LONGEST_ZONE else None


def zone_at(country: str, quarter: int) -> str | None:
    """Return the time zone that all clocks of a country follow in this quarter of an hour; None if they differ."""
    return _zone_in(country, 1970 + quarter // _QUARTERS_IN_A_YEAR)


@lru_cache(maxsize=REMEMBERED)
def _zone_in(country: str, year: int) -> str | None:
    """Return the time zone of a country in which all clocks show the same throughout the year; None for others."""
    zones = [ZoneInfo(name) for name in _zones_of().get(country, ())]
    months = [datetime(year, month, 15, tzinfo=UTC) for month in range(1, 13)]
    clocks = {tuple(month.astimezone(zone).utcoffset() for month in months) for zone in zones}
    return zones[0].key if len(clocks) == 1 else None


@lru_cache(maxsize=REMEMBERED)
def local_hour(zone: str | None, country: str | None, quarter: int) -> tuple[str, str | None]:
    """Return the part of the day, in a time zone or else in a country, and the zone that it was read in."""
    found = zone or (zone_at(country, quarter) if country else None)
    return hour_word(found, quarter), found


def hour_word(zone: str | None, quarter: int) -> str:
    """Return the part of the day in a time zone, UTC without one, at a quarter of an hour since 1970."""
    seconds = quarter * QUARTER_MS // 1000
    hour = datetime.fromtimestamp(seconds, ZoneInfo(zone)).hour if zone else seconds // 3600 % 24
    return HOURS[hour // 6]
