"""A change of a profile, checked."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.fields import MOST_CHANGES, at_most
from app.viewers.profiles import ProfileChange
from assets.checks import STRICTEST_MATURITY

AttributeKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$")]
AttributeText = Annotated[str, StringConstraints(max_length=128)]
AttributeNumber = Annotated[float, Field(allow_inf_nan=False)]
CONTEXT = frozenset({"country", "device", "hour", "language", "maturity", "placement", "timezone"})
"""Names that have a meaning for the choice of a picture."""


def _limited(attributes: dict[str, bool | float | str | None]) -> dict[str, bool | float | str | None]:
    """Refuse a maturity that would limit nothing, such as the text "12"."""
    limit = attributes.get("maturity")
    if limit is None:
        return attributes
    if isinstance(limit, str | bool) or not 0 <= limit <= STRICTEST_MATURITY or limit % 1:
        raise ValueError(f"must have a whole number from 0 to {STRICTEST_MATURITY} as maturity, not {limit!r}")
    return attributes


def _apart(audit: dict[str, bool | float | str | None]) -> dict[str, bool | float | str | None]:
    """Refuse the names of the context, because the policy may get them from requests; a limit would not limit."""
    if named := sorted(name for name in CONTEXT if audit.get(name) is not None):
        raise ValueError(
            f"must not have {named[0]!r}, which the service uses to choose pictures; choose another name, or "
            "write it into `attributes`"
        )
    return audit


def _without_default(schema: dict[str, Any]) -> None:
    """Give the field no default in the schema: a field that is left out stays as it is."""
    schema.pop("default", None)


Changes = Annotated[
    dict[AttributeKey, bool | AttributeNumber | AttributeText | None],
    Field(max_length=MOST_CHANGES),
    at_most(MOST_CHANGES),
]


class ProfileBody(BaseModel):
    """A change of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    attributes: Annotated[Changes, AfterValidator(_limited)] = {}
    """Data that may help to choose a picture. If a request does not name `country`, `language`, `device` or
    `timezone`, the profile's attribute is used. `maturity` is a limit that no request can raise. Attributes that
    are left out stay as they are. Null removes an attribute, also a limit. A profile has at most 32."""
    personalize: Annotated[bool, Field(json_schema_extra=_without_default)] = True
    """False opts out: the profile is served as if nobody were logged in. If it is left out, it stays as it is. A
    new profile has not opted out."""
    audit: Annotated[Changes, AfterValidator(_apart)] = {}
    """Attributes for audits of fairness, such as `gender`: they are recorded with each decision of the profile,
    and never influence one. No name may be in both `attributes` and `audit`. Audit attributes that are left out
    stay as they are. Null removes one. A profile has at most 32."""

    def change(self) -> ProfileChange:
        named = "personalize" in self.model_fields_set
        return ProfileChange(self.attributes, self.personalize if named else None, self.audit)
