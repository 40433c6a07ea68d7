"""The answers. Fields that a later version of the service adds are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self
from urllib.parse import urljoin


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. `url` and `srcset` have the same format; `width` and `height` are the size of `url` in pixels."""

    url: str
    srcset: str
    width: int
    height: int
    placeholder: str
    alt: str
    made: str
    creator: str
    licence: str

    @classmethod
    def read(cls, content: Mapping[str, Any], public_url: str) -> Self:
        """Read an answer. With `public_url` all addresses are whole ones."""
        image = cls(**known(cls, content))
        if not public_url:
            return image
        base = public_url.rstrip("/") + "/"
        sizes = [entry.split(" ") for entry in image.srcset.split(", ")]
        srcset = ", ".join([f"{urljoin(base, url)} {size}" for url, size in sizes])
        return cls(**known(cls, content) | {"url": urljoin(base, image.url), "srcset": srcset})


@dataclass(frozen=True, slots=True)
class Choice:
    """The picture that was chosen for a title. A `fallback` has no `decision_id`, so it gets no feedback."""

    decision_id: str | None
    title: str
    artwork: str
    image: Image
    group: str | None
    held: bool
    pinned: bool
    fallback: bool
    expires_at: str | None

    @classmethod
    def read(cls, content: Mapping[str, Any], public_url: str) -> Self:
        return cls(**known(cls, content) | {"image": Image.read(content["image"], public_url)})


@dataclass(frozen=True, slots=True)
class Page:
    """The pictures of a page.

    `unknown` and `unavailable` name titles without a picture: the service does not know the former, and this
    viewer may not see the latter. `ignored` names hints that are not valid and were not used.
    """

    choices: tuple[Choice, ...]
    unknown: tuple[str, ...]
    unavailable: tuple[str, ...]
    ignored: tuple[str, ...]

    @classmethod
    def read(cls, content: Mapping[str, Any], public_url: str) -> Self:
        choices = tuple(Choice.read(each, public_url) for each in content["choices"])
        unknown, unavailable = tuple(content["unknown"]), tuple(content["unavailable"])
        return cls(choices, unknown, unavailable, tuple(content["ignored"]))

    def __add__(self, other: "Page") -> "Page":
        return Page(
            self.choices + other.choices,
            self.unknown + other.unknown,
            self.unavailable + other.unavailable,
            tuple(dict.fromkeys(self.ignored + other.ignored)),
        )

    def __getitem__(self, title: str) -> Choice:
        """Return the choice for a title. Raises KeyError if there is none."""
        for choice in self.choices:
            if choice.title == title:
                return choice
        raise KeyError(title)


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item of feedback that was not recorded: its place in the list, and the reason."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The number of items that are in the log now, the number of repeats, and the items that were rejected."""

    recorded: int = 0
    duplicates: int = 0
    rejected: tuple[Rejected, ...] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any], first: int = 0) -> Self:
        """Read an answer about the items from index `first` on."""
        rejected = [Rejected(first + each["index"], each["reason"]) for each in content["rejected"]]
        return cls(content["recorded"], content["duplicates"], tuple(rejected))

    def __add__(self, other: "Recorded") -> "Recorded":
        rejected = self.rejected + other.rejected
        return Recorded(self.recorded + other.recorded, self.duplicates + other.duplicates, rejected)


@dataclass(frozen=True, slots=True)
class Profile:
    """The attributes of a viewer, the group, and the taste that was learned.

    `audit` attributes are recorded with the viewer's decisions, and never influence one. A service of an earlier
    version has none.
    """

    profile: str
    attributes: dict[str, str | float | bool]
    personalize: bool
    group: str | None
    taste: dict[str, float]
    audit: dict[str, str | float | bool]

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        return cls(**known(cls, {"audit": {}, **content}))


def known(model: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a model. Raises KeyError if one is missing."""
    return {field.name: content[field.name] for field in fields(model)}
