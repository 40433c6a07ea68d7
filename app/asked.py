"""What a client asks for, checked."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

SLUG = r"^[a-z0-9][a-z0-9-]{0,63}$"
Slug = Annotated[str, StringConstraints(pattern=SLUG)]


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode: it holds half of a surrogate pair") from None
    return text


ProfileId = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_encodable)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_encodable)]
MOST_TITLES = 200


class Viewing(BaseModel):
    """Who is watching, where and on what."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    profile: ProfileId | None = None
    """Any text; a profile not seen before is a new viewer. Without one nobody is logged in."""
    placement: Slug = "row"
    """Where on the page the picture stands."""
    canvas: Literal["16:9"] = "16:9"
    """The shape of the picture."""
    device: Word | None = None
    country: Country | None = None
    """Two upper-case letters (ISO 3166-1)."""
    language: Language | None = None
    """A language tag (BCP 47)."""
    maturity: Annotated[int, Field(ge=0, le=21)] | None = None
    """The highest age rating to be shown; a limit of the profile can't be raised by it."""
    width: Annotated[int, Field(ge=1, le=8192)] | None = None
    """The width in pixels at which the picture will stand."""
    deferred: bool = False
    """The picture may not be seen at once: it counts as shown only after an impression."""


class ArtworkQuery(Viewing):
    """One title's picture."""

    title: Slug
    as_: Annotated[Literal["json", "image"] | None, Field(alias="as")] = None
    """`image` answers with a redirect to the picture, as an `<img>` gets without asking."""


class PageQuery(Viewing):
    """A page of pictures."""

    titles: Annotated[list[Slug], Field(min_length=1, max_length=MOST_TITLES)]
    deferred: bool = True
    """True unless said otherwise: most of a page is below the fold."""


AttributeKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$")]
AttributeText = Annotated[str, StringConstraints(max_length=128), AfterValidator(_encodable)]
AttributeNumber = Annotated[float, Field(allow_inf_nan=False)]


class ProfileBody(BaseModel):
    """What is known of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    attributes: Annotated[dict[AttributeKey, bool | AttributeNumber | AttributeText], Field(max_length=32)] = {}
    """Anything that may tell whom a picture appeals to; `country`, `language`, `device` and `maturity` stand in where
    a request does not name them."""
    personalize: bool = True
    """False opts out: the profile is served as if nobody were logged in."""


def error_sentences(errors: list[Any]) -> list[dict[str, str]]:
    """Name each field at fault with the reason, in the terms of problem+json."""
    return [
        {
            "field": ".".join(str(part) for part in error["loc"] if part not in {"query", "body"}) or "body",
            "reason": error["msg"],
            "value": repr(error.get("input"))[:200],
        }
        for error in errors
    ]
