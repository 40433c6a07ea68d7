"""Country codes, from the texts that people write for countries."""

from functools import cache
from importlib.resources import files
from typing import Final

_ALSO: Final = {"XK": "XK", "UK": "GB"}
"""Codes in wide use that ISO 3166-1 does not list: Kosovo's, and what many write for GB."""
_DATA: Final = files("tzdata")


def country_of(text: str) -> str | None:
    """Return the ISO 3166-1 code of a country, read in any case; None if the text names no country."""
    return _countries().get(text) or (_countries().get(text.upper()) if text.isascii() else None)


def table(name: str) -> list[list[str]]:
    """Return the rows of one of the tables that come with the time zones."""
    lines = (_DATA / "zoneinfo" / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@cache
def _countries() -> dict[str, str]:
    """Return each country's code by what may be written for it."""
    return {code: code for code, *_ in table("iso3166.tab")} | _ALSO
