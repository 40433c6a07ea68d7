"""One row of an import, with its values checked."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar

import msgspec

from app.fields import LONGEST_PROFILE, LONGEST_SECONDS, MOST_ATTRIBUTES, SLUG
from app.operations.exposure_import.columns import ATTRIBUTE
from app.viewers.local_time import HOURS, zone_of
from assets.countries import country_of
from assets.languages import canonical

T = TypeVar("T")
LONGEST_QUOTE = 80
LONGEST_TEXT = 128
MILLISECONDS = 1e11
"""A time from this number on is in milliseconds: as seconds it would be in the year 5138."""
FLAGS: Mapping[object, bool] = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
_objects = msgspec.json.Decoder(dict[str, Any]).decode
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_SLUG = re.compile(SLUG)
_lists = msgspec.json.Decoder(list[Any]).decode


class RowFaultError(ValueError):
    """The fault of a row: the field, its value, and the remedy."""

    def __init__(self, field: str, value: object, remedy: str):
        super().__init__(f"{field} is {quote(value)}; {remedy}.")


class PastRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exposure as its owner's file has it. Times are in Unix milliseconds."""

    at: int
    title: str
    artwork: str
    profile: str | None = None
    clicked: bool = False
    seconds: float | None = None
    """The time watched; None if the title was not played, which a file may also say by 0."""
    propensity: float | None = None
    candidates: tuple[str, ...] | None = None
    attributes: dict[str, str | float] = {}
    timezone: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, object]) -> "PastRow":
        """Check the values of a row, which has the names of the fields. Raises `RowFaultError`."""
        seconds, propensity, named = row.get("seconds"), row.get("propensity"), row.get("timezone")
        return cls(
            _time(row.get("time")),
            _name("title", row.get("title")),
            _name("artwork", row.get("artwork")),
            _profile(row.get("profile")),
            _flag("clicked", row.get("clicked", False)),
            None if seconds is None else _within("seconds", seconds, 0, LONGEST_SECONDS) or None,
            None if propensity is None else _propensity(propensity),
            _candidates(row.get("candidates")),
            _attributes(row),
            None if named is None else _zone(named),
        )


def quote(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _time(value: object) -> int:
    remedy = "write ISO 8601, such as 2026-11-30T20:15:00Z, or Unix seconds or milliseconds"
    number = _number_in(value)
    if number is not None:
        if not 0 < number < MILLISECONDS * MILLISECONDS:
            raise RowFaultError("time", value, remedy)
        return round(number if number >= MILLISECONDS else number * 1000)
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        if read is None:
            raise RowFaultError("time", value, remedy)
        return round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise RowFaultError("time", value, remedy) from None


def _number_in(value: object) -> float | None:
    """Return a number, or the number that a text is; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _name(field: str, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise RowFaultError(field, value, f"write the id of the {field}, as the catalogue has it")


def _profile(value: object) -> str | None:
    if value is None:
        return None
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and 0 < len(text) <= LONGEST_PROFILE:
        return text
    raise RowFaultError("profile", value, f"write a text of 1 to {LONGEST_PROFILE} characters, or leave it out")


def _flag(field: str, value: object) -> bool:
    found = FLAGS.get(str(value).lower())
    if found is None:
        raise RowFaultError(field, value, "write true or false")
    return found


def _within(field: str, value: object, least: float, most: float) -> float:
    number = _number_in(value)
    if number is None or not least <= number <= most:
        raise RowFaultError(field, value, f"write a number from {least:g} to {most:.0f}, or leave it out")
    return number


def _propensity(value: object) -> float:
    number = _number_in(value)
    if number is None or not 0 < number <= 1:
        raise RowFaultError(
            "propensity",
            value,
            "write the probability with which the picture was chosen, above 0 and at most 1, or leave it out",
        )
    return number


def _candidates(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    found = _decoded("candidates", value, _lists) if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not found or not all(isinstance(each, str) for each in found):
        raise RowFaultError("candidates", value, 'write a list of artwork ids, such as ["day", "night"]')
    if len(set(found)) < len(found):
        raise RowFaultError("candidates", value, "name each artwork once")
    return tuple(found)


def _decoded(field: str, value: str, decode: Callable[[str], T]) -> T:
    try:
        return decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RowFaultError(field, value, "write valid JSON") from None


def _zone(value: object) -> str:
    found = zone_of(value) if isinstance(value, str) else None
    if found is None:
        raise RowFaultError("timezone", value, "write the name of a time zone, such as Europe/Berlin")
    return found


def _attributes(row: Mapping[str, object]) -> dict[str, str | float]:
    whole = row.get("attributes") or {}
    given = _decoded("attributes", whole, _objects) if isinstance(whole, str) else whole
    if not isinstance(given, dict):
        raise RowFaultError("attributes", whole, "write a JSON object")
    parts = {name.removeprefix(ATTRIBUTE): value for name, value in row.items() if name.startswith(ATTRIBUTE)}
    known = {name: _attribute(name, value) for name, value in {**given, **parts}.items() if value is not None}
    if len(known) > MOST_ATTRIBUTES:
        raise RowFaultError("attributes", sorted(known), f"keep at most {MOST_ATTRIBUTES}")
    return known


def _attribute(name: object, value: object) -> str | float:
    field = f"{ATTRIBUTE}{name}"
    if not isinstance(name, str) or not _is_name(name):
        raise RowFaultError("attributes", name, "use 1 to 64 of A-Z, a-z, 0-9, hyphens and underscores as names")
    if name == "timezone":
        raise RowFaultError(field, value, "write it into the column timezone")
    if name in _MEANT:
        return _meant(field, value, *_MEANT[name])
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float | Decimal) and _number_in(value) is not None:
        return float(value)
    if isinstance(value, str) and len(value) <= LONGEST_TEXT:
        return value
    raise RowFaultError(field, value, f"write a number, true, false or a text of up to {LONGEST_TEXT} characters")


def _meant(field: str, value: object, meaning: Callable[[str], str | None], remedy: str) -> str:
    found = meaning(value) if isinstance(value, str) else None
    if found is None:
        raise RowFaultError(field, value, remedy)
    return found


def _is_name(name: str) -> bool:
    return bool(_ATTRIBUTE_NAME.fullmatch(name))


def _hour(value: str) -> str | None:
    return value if value in HOURS else None


def _placement(value: str) -> str | None:
    return value if _SLUG.match(value) else None


_MEANT: dict[str, tuple[Callable[[str], str | None], str]] = {
    "country": (country_of, "write a country's two letters (ISO 3166-1), such as DE"),
    "language": (canonical, "write a language tag (BCP 47), such as de or pt-BR"),
    "hour": (_hour, f"write one of: {', '.join(HOURS)}; or leave it out, so that the time says it"),
    "placement": (_placement, "write the id of a placement, such as row"),
}
