"""The matching of languages: under another code, in another script, or of another place."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from langcodes import Language
from langcodes.data_dicts import MACROLANGUAGES
from langcodes.language_distance import LATIN_AMERICA
from langcodes.tag_parser import LanguageTagError

REMEMBERED: Final = 1 << 14
MOST_INSTANCES: Final = 1 << 12
"""Tags that langcodes may remember. It never forgets one, and any client can send new ones."""
_SUBTAGS: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_LONGEST: Final = 35
_OWN: Final = {"id"}
"""Languages that match only themselves, although ISO 639-3 makes them part of another: Indonesian of Malay."""
_PARENTS: Final = dict.fromkeys(("AO", "CH", "CV", "FR", "GQ", "GW", "LU", "MO", "MZ", "ST", "TL"), "PT")
"""Regions in which Portuguese is written as in Portugal, from CLDR's parent locales."""


class Tongue(NamedTuple):
    """A language as it is read. `macro` is the macrolanguage that it is one of: of Nynorsk, Norwegian."""

    language: str
    macro: str
    script: str
    place: str | None


@lru_cache(maxsize=REMEMBERED)
def speaks(offered: tuple[str, ...], asked: str) -> bool:
    """Whether one of the languages offered fits the one that is asked for.

    It fits if one is the other or only adds to it (RFC 4647): "de" fits "de-AT" and "de-AT" fits "de", but "de-DE"
    does not fit "de-AT". CLDR adds the script that a tag leaves out: "zh-TW" fits "zh-Hant". Old codes are
    replaced: "iw" by "he". A language fits its macrolanguage: "nb" and "nn" fit "no". A place fits its region:
    "es-MX" fits "es-419".
    """
    return any(_fits(own, asked) for own in offered)


@lru_cache(maxsize=REMEMBERED)
def canonical(tag: str) -> str | None:
    """Return a language tag as BCP 47 writes it, old codes replaced; None if it is not a language tag."""
    language = _parsed(tag)
    return language.to_tag() if language and language.language else None


@lru_cache(maxsize=REMEMBERED)
def tongue(tag: str) -> Tongue | None:
    language = _parsed(tag)
    if language is None or not language.language:
        return None
    full = language.prefer_macrolanguage().maximize()
    code = str(full.language)
    place = language.territory
    if code == "pt" and place in _PARENTS:
        place = _PARENTS[place]
    return Tongue(code, code if code in _OWN else MACROLANGUAGES.get(code, code), str(full.script), place)


def _parsed(tag: str) -> Language | None:
    """Read a tag, with hyphens or underscores, in any case."""
    if len(tag) > _LONGEST or not _SUBTAGS.fullmatch(tag):
        return None
    _bound_memory()
    try:
        language = Language.get(tag, normalize=True)
    except LanguageTagError:
        return None
    return _with_region(language, language.extlangs) if language.extlangs else language


def _with_region(language: Language, extlangs: Sequence[str]) -> Language | None:
    """Return the language with its region: langcodes takes `001` in `ar-arb-001` for another extended language."""
    extended = [each for each in extlangs if each.isalpha()]
    regions = [each for each in extlangs if not each.isalpha()]
    if not regions:
        return language
    if len(regions) > 1 or not regions[0].isdigit() or language.script or language.territory:
        return None
    return Language.make(**{**language.to_dict(), "extlangs": extended or None, "territory": regions[0]})


def _bound_memory() -> None:
    """Make langcodes forget: it keeps each tag that it was ever asked for."""
    if len(Language._INSTANCES) > MOST_INSTANCES or len(Language._PARSE_CACHE) > MOST_INSTANCES:  # noqa: SLF001
        Language._INSTANCES.clear()  # noqa: SLF001
        Language._PARSE_CACHE.clear()  # noqa: SLF001


def _fits(own: str, asked: str) -> bool:
    one, other = tongue(own), tongue(asked)
    if one is None or other is None:
        return _adds_to(own, asked)
    return (
        (one.language in {other.language, other.macro} or other.language == one.macro)
        and one.script == other.script
        and _same_region(one.place, other.place)
    )


def _same_region(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other or _within(one, other) or _within(other, one)


def _within(part: str, region: str) -> bool:
    return region == "001" or (region == "419" and part in LATIN_AMERICA)


def _adds_to(one: str, other: str) -> bool:
    """Whether one text is the other, or only adds to it: the test for tags that are not valid."""
    one, other = f"{one.lower()}-", f"{other.lower()}-"
    return one.startswith(other) or other.startswith(one)
