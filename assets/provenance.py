"""The provenance of a picture, and whether it allows the picture to be shown."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from assets import checks

Made = Literal["undeclared", "photographed", "drawn", "rendered", "ai-assisted", "ai-generated"]
MADE: Final[tuple[Made, ...]] = get_args(Made)


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's agreement to the picture being shown: until a moment in Unix seconds, or until withdrawn."""

    of: str
    until: float | None = None
    withdrawn: bool = False

    def __post_init__(self) -> None:
        checks.text(self.of, "name of who consents")
        checks.moment(self.until, "the end of the consent")

    def holds(self, now: float) -> bool:
        return not self.withdrawn and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The way a picture was made, its author, licence and consent. An empty field is not known."""

    made: Made = "undeclared"
    creator: str = ""
    licence: str = ""
    consent: Consent | None = None

    def __post_init__(self) -> None:
        checks.choice(self.made, MADE, "way to make a picture")
        for what in ("creator", "licence"):
            if value := getattr(self, what):
                checks.text(value, what)

    def allows(self, now: float) -> bool:
        """Whether the consent that the picture needs, if any, holds."""
        return self.consent is None or self.consent.holds(now)
