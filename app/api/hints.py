"""The hints of a request about its viewer. A hint that is not valid is named, and the viewer gets a picture."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import ceil, isfinite
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote_plus

from pydantic import ValidationError

from app.api.queries import ArtworkQuery
from app.fields import LONGEST_PROFILE, MOST_WIDTH
from app.viewers.viewing import Viewing

V = TypeVar("V", bound=Viewing)
Mend = Callable[[object], object]
STRICTEST: Final = 0
"""The maturity limit that is used if the limit of a request is unreadable."""
MOST_LIMITS: Final = 8
"""Different limits of one request that are read. No real request has more; then the strictest limit holds."""
REMEMBERED: Final = 1 << 11
LONGEST_REMEMBERED: Final = 256
"""Characters of hints that are remembered: real ones are shorter."""
_NAMES: Final = frozenset(field.alias or name for name, field in ArtworkQuery.model_fields.items())


def understood(kind: type[V], given: object) -> tuple[V, tuple[str, ...]]:
    """Read a request and name the hints in it that are not used, because they are not valid.

    A limit of maturity that is not valid is taken as 0 and named. Raises ValidationError if the request does not
    say which titles it is about.
    """
    try:
        return kind.model_validate(given), ()
    except ValidationError as error:
        if not isinstance(given, dict):
            raise
        faulty = _at_fault(kind, error) & given.keys()
    sound = dict(given)
    ignored = {name for name in faulty if _drop(sound, name)}
    try:
        read = kind.model_validate(sound)
    except ValidationError as error:  # what was put in the place of a value is not valid either
        unmended = _at_fault(kind, error)
        read = kind.model_validate({name: value for name, value in sound.items() if name not in unmended})
        ignored |= unmended
    return read, tuple(sorted(ignored))


def _at_fault(kind: type[Viewing], error: ValidationError) -> set[str]:
    names = {str(fault["loc"][0]) for fault in error.errors(include_url=False) if fault["loc"]}
    return names - kind.NEEDED


def _drop(given: dict[str, Any], name: str) -> bool:
    """Replace a value that is not valid with a valid one, or remove it; return whether to name the hint.

    Null means the same as leaving the hint out.
    """
    value = given.pop(name)
    if value is None:
        return False
    mended = _MENDS[name](value) if name in _MENDS else None
    if mended is not None:
        given[name] = mended
    return mended is None or name == "maturity"


def _rounded_up(value: object) -> int | None:
    """Return a width in whole pixels, because layouts have fractions; at most the widest that exists."""
    try:
        width = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return min(ceil(width), MOST_WIDTH) if isfinite(width) and width > 0 else None


def _number_as_text(value: object) -> str | None:
    """Return a number as the id of a profile, unless it is too long for an id."""
    if type(value) is int and -(10 ** (LONGEST_PROFILE - 1)) < value < 10**LONGEST_PROFILE:
        return str(value)
    return None


_MENDS: Final[Mapping[str, Mend]] = {
    "maturity": lambda _: STRICTEST,
    "width": _rounded_up,
    "profile": _number_as_text,
}


def queried(query: bytes) -> tuple[ArtworkQuery, tuple[str, ...]]:
    """Read the query of `GET /artwork`, as `understood` does. A parameter that is repeated is named, too.

    Many requests differ only in title and profile, so all other hints are remembered.
    """
    text = query.decode("latin-1")
    unescaped = unquote_plus if "%" in text or "+" in text else str
    title: str | None = None
    profile: str | None = None
    rest = []
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if name == "title" and title is None:
            title = unescaped(value)
        elif name == "profile" and profile is None:
            profile = unescaped(value)
        else:
            rest.append(pair)
    found = _remembered("&".join(rest)) if title and _is_profile(profile) else None
    if found is None:
        return _queried(text)
    hints, ignored = found
    own = {"title": title} if profile is None else {"title": title, "profile": profile}
    return _completed(hints, own), ignored


def _completed(hints: ArtworkQuery, own: Mapping[str, object]) -> ArtworkQuery:
    """Return the hints with these fields. `model_copy` does the same, and takes three times as long."""
    query = object.__new__(ArtworkQuery)
    put = object.__setattr__  # the model is frozen
    put(query, "__dict__", {**hints.__dict__, **own})
    put(query, "__pydantic_fields_set__", hints.model_fields_set | own.keys())
    put(query, "__pydantic_extra__", None)
    put(query, "__pydantic_private__", None)
    return query


def _is_profile(profile: str | None) -> bool:
    """Tell whether this is a valid id of a profile, or none is given."""
    return profile is None or 0 < len(profile) <= LONGEST_PROFILE


def _remembered(hints: str) -> tuple[ArtworkQuery, tuple[str, ...]] | None:
    return _hints(hints) if len(hints) <= LONGEST_REMEMBERED else None


@lru_cache(maxsize=REMEMBERED)
def _hints(hints: str) -> tuple[ArtworkQuery, tuple[str, ...]] | None:
    """Read the part of a query without title and profile; return None if one of the two is in it."""
    if not {"title", "profile"}.isdisjoint(name for name, _ in _pairs(hints)):
        return None
    return _queried(f"title=any&{hints}")


def _queried(query: str) -> tuple[ArtworkQuery, tuple[str, ...]]:
    pairs = _pairs(query)
    given: dict[str, Any] = dict(pairs)
    if len(given) == len(pairs):
        return understood(ArtworkQuery, given)
    repeated = _repeated(pairs)
    if "maturity" in repeated:
        given["maturity"] = _strictest([value for name, value in pairs if name == "maturity"])
    read, ignored = understood(ArtworkQuery, given)
    return read, tuple(sorted({*ignored, *repeated}))


def _pairs(query: str) -> list[tuple[str, str]]:
    """Split a query. If it has no escapes, this takes a tenth of the library's time."""
    if "%" in query or "+" in query:
        return parse_qsl(query, keep_blank_values=True)
    split = [pair.partition("=") for pair in query.split("&") if pair]
    return [(name, value) for name, _, value in split]


def _repeated(pairs: Sequence[tuple[str, str]]) -> set[str]:
    """Return the parameters that occur more than once. Unknown parameters are not named."""
    return {name for name, times in Counter(name for name, _ in pairs).items() if times > 1} & _NAMES


def _strictest(limits: Sequence[str]) -> str | int:
    """Return the lowest of several limits. A limit that is repeated is read once."""
    different = set(limits)
    if len(different) > MOST_LIMITS:
        return STRICTEST
    lowest = [understood(Viewing, {"maturity": limit})[0].maturity for limit in different]
    return min(limit for limit in lowest if limit is not None)
