"""The schemas of feedback in the document of the API, because FastAPI does not read these bodies."""

from collections.abc import Mapping
from typing import Any, Final

from app.fields import LONGEST_SECONDS, MOST_COLUMNS, NAME
from app.serving.feedback import MOST_ITEMS

Schema = Mapping[str, Any]

_ID: Final = {"decision_id": {"type": "string", "description": "The id that came with the picture."}}
_LATEST: Final = {
    "profile": {"type": "string", "description": "The profile. It needs a key."},
    "title": {
        "type": "string",
        "description": "The title. The feedback is about the profile's latest decision on it.",
    },
    "placement": {"type": "string", "default": "row", "description": "The placement of that decision."},
}
_SECONDS: Final = {
    "seconds": {
        "type": "number",
        "minimum": 0,
        "maximum": LONGEST_SECONDS,
        "description": "The time that the viewer watched in all, in seconds. The greatest value counts.",
    }
}
_AGO: Final = {
    "seconds_ago": {
        "type": "number",
        "minimum": 0,
        "default": 0,
        "description": "How many seconds ago it happened, if the app had no network; not before the decision.",
    }
}
_COMMON: Final = {
    **_AGO,
    **{
        name: {"type": "string", "pattern": NAME, "description": f"The name of the {thing}. The log records it."}
        for name, thing in (("release", "client's release"), ("page", "page"), ("row", "row on the page"))
    },
    "column": {
        "type": "integer",
        "minimum": 0,
        "maximum": MOST_COLUMNS,
        "description": "The number of titles before it in the row. The log records it.",
    },
}


def _item(description: str, fields: Schema, *required: str) -> Schema:
    return {"type": "object", "description": description, "properties": fields, "required": list(required)}


FEEDBACK: Final[Mapping[str, Schema]] = {
    "Feedback": _item("Feedback on a decision.", {**_ID, **_COMMON}, "decision_id"),
    "FeedbackByTitle": _item(
        "Feedback on a profile's latest decision.", {**_LATEST, **_COMMON}, "profile", "title"
    ),
    "Play": _item("Time watched after a decision.", {**_ID, **_SECONDS, **_COMMON}, "decision_id", "seconds"),
    "PlayByTitle": _item(
        "Time watched after a profile's latest decision.",
        {**_LATEST, **_SECONDS, **_COMMON},
        "profile",
        "title",
        "seconds",
    ),
}


def body_of(*names: str) -> dict[str, Any]:
    """Describe a body of one item or an array of items, as JSON or as text."""
    item = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
    schema = {"anyOf": [*item["anyOf"], {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_ITEMS}]}
    content = {kind: {"schema": schema} for kind in ("application/json", "text/plain")}
    return {"requestBody": {"required": True, "content": content}}
