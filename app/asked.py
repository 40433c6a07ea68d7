"""What a client asks for, checked."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.places import zone_of
from assets.countries import country_of
from assets.crop import Canvas
from assets.languages import canonical
from assets.rules import STRICTEST_MATURITY

SLUG = r"^[a-z0-9][a-z0-9-]{0,63}$"
COUNTRY = r"^[A-Z]{2}$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
PLAIN_OR_NOTHING = f"^$|{PLAIN}"
_PLAIN = "It should be plain text: no control characters or line breaks, and not only spaces"
PATTERNS = {
    PLAIN: _PLAIN,
    PLAIN_OR_NOTHING: _PLAIN,
    SLUG: "It should be 1 to 64 of a-z, 0-9 and hyphens, the first of them a letter or a digit",
    COUNTRY: "It should be a country's two letters (ISO 3166-1), such as DE",
    LANGUAGE: "It should be a language tag (BCP 47), such as de or pt-BR",
}
"""What is said of text that does not match."""
NO_OBJECT = {"model_type", "model_attributes_type", "dict_type"}
"""Faults of what should be an object, which pydantic tells in the words of Python."""
Slug = Annotated[str, StringConstraints(pattern=SLUG)]


def _at_most(most: int) -> BeforeValidator:
    """Count before anything else is looked at: of each entry that is wrong an error is made, or several."""

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
Word = Annotated[str, StringConstraints(min_length=1, max_length=64)]
MOST_WIDTH = 8192
MOST_TITLES = 200
MOST_ATTRIBUTES = 32
MOST_CHANGES = 2 * MOST_ATTRIBUTES
"""Of attributes in one body: all can be taken away, and as many be set."""
MOST_ERRORS = 20
LONGEST_QUOTE = 200


def _meant(meaning: Callable[[str], str | None]) -> AfterValidator:
    """Take what is meant by the text instead of the text, and refuse one that means nothing."""

    def check(given: str) -> str:
        meant = meaning(given)
        if meant is None:
            raise PydanticCustomError("meaningless", "means nothing")
        return meant

    return AfterValidator(check)


CountryHint = Annotated[
    str,
    StringConstraints(max_length=2),
    _meant(country_of),
    WithJsonSchema({"type": "string", "pattern": COUNTRY}),
]


def _country(given: str) -> str:
    """Take the country that is meant, as hints do: where no viewer is ever seen, nothing would act."""
    meant = country_of(given)
    if meant is None:
        raise ValueError(PATTERNS[COUNTRY])
    return meant


Country = Annotated[str, AfterValidator(_country), WithJsonSchema({"type": "string", "pattern": COUNTRY})]
"""A country in which something is to hold."""


def _pinned_country(given: str) -> str:
    """Take any two letters, for a pin of an earlier version may have them, or nothing."""
    if given and not (given.isascii() and re.fullmatch(COUNTRY, given.upper())):
        raise ValueError(PATTERNS[COUNTRY])
    return given.upper()


PinnedCountry = Annotated[
    str,
    AfterValidator(_pinned_country),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": COUNTRY}, {"type": "string", "const": ""}]}),
]
"""The country of a pin that is there; empty if it has none."""
LanguageHint = Annotated[
    str,
    StringConstraints(max_length=35),
    _meant(canonical),
    WithJsonSchema({"type": "string", "pattern": LANGUAGE, "maxLength": 35}),
]
ZoneHint = Annotated[
    str, StringConstraints(max_length=64), _meant(zone_of), WithJsonSchema({"type": "string", "maxLength": 64})
]
AnyTitle = Annotated[Any, WithJsonSchema({"type": "string", "pattern": SLUG})]
"""A title's id. One that is not valid is that of no known title."""


class Viewing(BaseModel):
    """Who is watching, where and on what: hints, none of which a picture depends on."""

    NEEDED: ClassVar[frozenset[str]] = frozenset()
    """What a request can't do without."""
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    profile: ProfileId | None = None
    """Any text; a profile not seen before is a new viewer. Without one nobody is logged in."""
    placement: Slug = "row"
    """Where on the page the picture stands."""
    canvas: Canvas = "16:9"
    """The shape of the picture."""
    device: Word | None = None
    """What is watched on, such as `tv` or `phone`: any word."""
    country: CountryHint | None = None
    """Two letters (ISO 3166-1)."""
    language: LanguageHint | None = None
    """A language tag (BCP 47)."""
    timezone: ZoneHint | None = None
    """Where the viewer's clock is, as IANA names it: `Europe/Berlin`. Left out, it is that of the country if all
    clocks there show the same, and otherwise UTC."""
    maturity: Annotated[int, Field(ge=0, le=STRICTEST_MATURITY)] | None = None
    """The highest age rating to be shown; a limit of the profile can't be raised by it. What is not valid is taken
    as 0."""
    width: Annotated[int, Field(ge=1, le=MOST_WIDTH)] | None = None
    """The width in pixels at which the picture will stand: the smallest rendition at least so wide is named."""
    deferred: bool = False
    """The picture may not be seen at once: it counts as shown only after an impression."""


class ArtworkQuery(Viewing):
    """One title's picture."""

    NEEDED = frozenset({"title"})
    title: Annotated[str, StringConstraints(min_length=1), WithJsonSchema({"type": "string", "pattern": SLUG})]
    """Whose picture is wanted."""
    as_: Annotated[Literal["json", "image"] | None, Field(alias="as")] = None
    """`image` answers with a redirect to the picture, as an `<img>` gets without asking."""


class PageQuery(Viewing):
    """A page of pictures."""

    NEEDED = frozenset({"titles"})
    titles: Annotated[list[AnyTitle], Field(min_length=1, max_length=MOST_TITLES), _at_most(MOST_TITLES)]
    """Whose pictures are wanted; one that is named twice gets one."""
    deferred: bool = True
    """True unless said otherwise: most of a page is below the fold."""


AttributeKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$")]
AttributeText = Annotated[str, StringConstraints(max_length=128)]
AttributeNumber = Annotated[float, Field(allow_inf_nan=False)]


def _limited(attributes: dict[str, bool | float | str | None]) -> dict[str, bool | float | str | None]:
    """Refuse a maturity that would limit nothing, such as the text "12"."""
    limit = attributes.get("maturity")
    if limit is None:
        return attributes
    if isinstance(limit, str | bool) or not 0 <= limit <= STRICTEST_MATURITY or limit % 1:
        raise ValueError(f"must have a whole number from 0 to {STRICTEST_MATURITY} as maturity, not {limit!r}")
    return attributes


def _without_default(schema: dict[str, Any]) -> None:
    """Say of no value that it stands in for one that is left out."""
    schema.pop("default", None)


class ProfileBody(BaseModel):
    """What is to change of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    attributes: Annotated[
        dict[AttributeKey, bool | AttributeNumber | AttributeText | None],
        Field(max_length=MOST_CHANGES),
        AfterValidator(_limited),
        _at_most(MOST_CHANGES),
    ] = {}
    """Anything that may tell whom a picture appeals to; `country`, `language`, `device` and `timezone` stand in
    where a request does not name them, and `maturity` is a limit that no request can raise. What is not named
    stays; null takes an attribute away, a limit, too. A profile has up to 32."""
    personalize: Annotated[bool, Field(json_schema_extra=_without_default)] = True
    """False opts out: the profile is served as if nobody were logged in. Left out, it stays as it is; a new
    profile has not opted out."""


def error_sentences(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Name each field at fault with the reason and what was given; of many the first ones and how many more."""
    sentences = [{"field": _field(error), **_fault(error)} for error in errors[:MOST_ERRORS]]
    if len(errors) > MOST_ERRORS:
        sentences.append({"field": "body", "reason": f"{len(errors) - MOST_ERRORS} more errors are not listed"})
    return sentences


def _field(error: Mapping[str, Any]) -> str:
    """Return the path of a field. Where it stood is taken off: FastAPI says so, pydantic alone does not."""
    location = [str(part) for part in error["loc"]]
    if location and location[0] in {"query", "body", "path", "header"}:
        del location[0]
    return printable(".".join(location)) or "body"


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    if error["type"] == "missing":  # what was given is everything else
        return {"reason": "It is required"}
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] in NO_OBJECT:
        reason = "It should be an object"
    if error["type"] == "string_pattern_mismatch":
        reason = PATTERNS.get(error["ctx"]["pattern"], reason)
    return {"reason": printable(reason), "value": repr(error.get("input"))[:LONGEST_QUOTE]}


def as_text(title: object) -> str:
    """Return a title's id as text, whatever stands in its place."""
    return title if isinstance(title, str) else json.dumps(title)


def quoted(title: str) -> str:
    """Return an id that nobody knows as it can be answered."""
    return printable(title[:LONGEST_QUOTE])


def printable(text: str) -> str:
    """Return text that can be encoded: JSON can carry halves of surrogate pairs, in a key too."""
    return text.encode(errors="backslashreplace").decode()
