"""An example of each call, which can be sent as it is to a service with the sample catalogue.

Three values differ on every service. The page `/docs` replaces them by the latest that it has seen.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

DECISION: Final = "latest-decision"
IMAGE: Final = "latest-image.webp"
TOKEN: Final = "latest-token"  # noqa: S105  a word for one, not one

_TITLE, _ARTWORK = "big-buck-bunny", "morning-stretch"
_NEW = "my-film"
_ONE: Final = {"decision_id": DECISION}


class Example(NamedTuple):
    """The values of parameters by name, and the body: JSON, or the fields of a form."""

    parameters: Mapping[str, str] = {}
    body: Any = None


EXAMPLES: Final[Mapping[str, Example]] = {
    "choose_artwork": Example({"profile": "ada", "title": _TITLE, "country": "DE", "device": "tv"}),
    "choose_artworks": Example(body={"profile": "ada", "titles": [_TITLE, "sintel"], "canvas": "2:3"}),
    "record_impressions": Example(body=[_ONE]),
    "record_clicks": Example(body=_ONE),
    "record_plays": Example(body={**_ONE, "seconds": 1260}),
    "get_profile": Example({"profile": "ada"}),
    "get_profile_records": Example({"profile": "ada"}),
    "put_profile": Example({"profile": "ada"}, {"attributes": {"country": "DE", "age": 36}}),
    "patch_profile": Example({"profile": "ada"}, {"attributes": {"age": None, "favourite_genre": "comedy"}}),
    "delete_profile": Example({"profile": "ada"}),
    "list_titles": Example({"search": "bunny", "limit": "10"}),
    "get_title": Example({"title": _TITLE}),
    "get_probabilities": Example({"title": _TITLE}),
    "get_whole": Example({"title": _TITLE, "artwork": _ARTWORK}),
    "get_report": Example({"title": _TITLE}),
    "list_experiments": Example(),
    "get_audit": Example({"title": _TITLE}),
    "get_series": Example({"step": "hour", "span": "24h", "by": "group,device"}),
    "get_shares": Example({"title": _TITLE, "days": "90"}),
    "put_title": Example({"title": _NEW}, {"name": "My Film", "genres": ["drama"]}),
    "delete_title": Example({"title": _NEW}),
    "upload_artwork": Example({"title": _NEW}, {"artwork": "poster", "tags": "sea,calm"}),
    "patch_artwork": Example({"title": _TITLE, "artwork": _ARTWORK}, {"status": "active"}),
    "delete_artwork": Example({"title": _NEW, "artwork": "poster"}),
    "put_pin": Example({"title": _TITLE}, {"artwork": _ARTWORK, "country": "DE", "until": "2100-01-01"}),
    "delete_pin": Example({"title": _TITLE}),
    "patch_catalogue": Example(body={"barred": []}),
    "list_edits": Example({"title": _TITLE}),
    "get_fitness": Example({"snapshot": "1"}),
    "promote_model": Example({"snapshot": "1"}, {"why": "Better in keyart evaluate"}),
    "roll_back_model": Example(body={"why": "Fewer clicks since the promotion"}),
    "put_frozen": Example(body={"frozen": True, "why": "A campaign begins"}),
    "put_candidate": Example(body={"policy": "logistic,spread=0.3", "why": "Better in keyart evaluate"}),
    "put_candidate_serving": Example(body={"share": 0, "why": "Enough is known"}),
    "promote_candidate": Example(body={"why": "It earns more"}),
    "put_serving": Example(body={"pictures": "policy", "why": "The new pictures are right again"}),
    "put_learning": Example(body={"state": "running", "why": "The clicks of the TV app are back"}),
    "post_quarantine": Example(body={"since": "2026-01-01T14:00", "until": "2026-01-01T15:30", "device": "tv"}),
    "delete_quarantine": Example({"position": "1"}),
    "get_image": Example({"name": IMAGE}),
    "get_decision": Example({"decision_id": DECISION}),
    "explain_decision": Example({"decision_id": DECISION}),
    "open_session": Example(body={"key": "the admin key, the editors' key or the client key"}),
    "follow_link": Example({"token": TOKEN}),
}


def add_example(operation: dict[str, Any]) -> None:
    """Put the example of an operation into its description."""
    example = EXAMPLES.get(operation["operationId"], Example())
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in example.parameters:
            parameter["example"] = example.parameters[parameter["name"]]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if example.body is not None:
            content["example"] = example.body
