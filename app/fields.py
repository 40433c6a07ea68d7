"""The fields that requests and edits share: their names, bounds and checks."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from assets.countries import country_of
from assets.languages import canonical

SLUG = r"^[a-z0-9][a-z0-9-]{0,63}$"
COUNTRY = r"^[A-Z]{2}$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
PLAIN_OR_NOTHING = f"^$|{PLAIN}"
_PLAIN = "It should be plain text: no control characters or line breaks, and not only spaces"
PATTERNS = {
    PLAIN: _PLAIN,
    PLAIN_OR_NOTHING: _PLAIN,
    SLUG: "It should be 1 to 64 of a-z, 0-9 and hyphens, the first of them a letter or a digit",
    COUNTRY: "It should be a country's two letters (ISO 3166-1), such as DE",
    NAME: "It should be 1 to 64 of A-Z, a-z, 0-9, dots, hyphens and underscores, the first a letter or a digit",
    LANGUAGE: "It should be a language tag (BCP 47), such as de or pt-BR",
}
"""The sentences about text that does not match."""
Slug = Annotated[str, StringConstraints(pattern=SLUG)]


def at_most(most: int) -> BeforeValidator:
    """Count before all other checks, because each faulty entry makes one or more errors."""

    def check(given: object) -> object:
        if isinstance(given, list | dict) and len(given) > most:
            raise PydanticCustomError(
                "too_long", "must have at most {most} entries, not {length}", {"most": most, "length": len(given)}
            )
        return given

    return BeforeValidator(check)


LONGEST_PROFILE = 128
ProfileId = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PROFILE)]
LONGEST_LANGUAGE = 35
Language = Annotated[str, StringConstraints(pattern=LANGUAGE, max_length=LONGEST_LANGUAGE)]
Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A name that a client gives to a page, a row or a release. An address with a query is not one."""
MOST_COLUMNS = 10_000
LONGEST_SECONDS = 7 * 86400.0
"""The longest play."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=64)]
MOST_WIDTH = 8192
MOST_TITLES = 200
MOST_ATTRIBUTES = 32
MOST_CHANGES = 2 * MOST_ATTRIBUTES
"""The most attributes in one body: a body can remove all attributes, and set as many."""
LONGEST_QUOTE = 200


def meant(meaning: Callable[[str], str | None]) -> AfterValidator:
    """Replace a text by its meaning, and refuse a text without one."""

    def check(given: str) -> str:
        meant = meaning(given)
        if meant is None:
            raise PydanticCustomError("meaningless", "means nothing")
        return meant

    return AfterValidator(check)


CountryHint = Annotated[
    str,
    StringConstraints(max_length=2),
    meant(country_of),
    WithJsonSchema({"type": "string", "pattern": COUNTRY}),
]


def _country(given: str) -> str:
    """Take the country that a text means, as hints do: a pin for a country without viewers has no effect."""
    meant = country_of(given)
    if meant is None:
        raise ValueError(PATTERNS[COUNTRY])
    return meant


Country = Annotated[str, AfterValidator(_country), WithJsonSchema({"type": "string", "pattern": COUNTRY})]
"""A country in which an edit applies."""


def _pinned_country(given: str) -> str:
    """Take any two letters, because a pin of an earlier version may have them, or an empty text."""
    if given and not (given.isascii() and re.fullmatch(COUNTRY, given.upper())):
        raise ValueError(PATTERNS[COUNTRY])
    return given.upper()


PinnedCountry = Annotated[
    str,
    AfterValidator(_pinned_country),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": COUNTRY}, {"type": "string", "const": ""}]}),
]
"""The country of an existing pin; empty if it has none."""
LanguageHint = Annotated[
    str,
    StringConstraints(max_length=35),
    meant(canonical),
    WithJsonSchema({"type": "string", "pattern": LANGUAGE, "maxLength": 35}),
]
AnyTitle = Annotated[Any, WithJsonSchema({"type": "string", "pattern": SLUG})]
"""A title's id. One that is not valid counts as unknown."""


def as_text(title: object) -> str:
    """Return a title's id as text, even if the value is not text."""
    return title if isinstance(title, str) else json.dumps(title)


def quoted(title: str) -> str:
    """Return an unknown id in a form that an answer can contain."""
    return printable(title[:LONGEST_QUOTE])


def printable(text: str) -> str:
    """Return text that can be encoded: JSON can contain halves of surrogate pairs, in a key too."""
    return text.encode(errors="backslashreplace").decode()
