"""The examples in the API's document can be sent as they are."""

from pathlib import Path
from typing import Any

import pytest

from app.api.examples import DECISION, EXAMPLES, IMAGE, TOKEN
from tests.api.service import ADMIN, Catalogue, Service, serving
from tests.docs.api import document, operations

NOT_READY = {
    "promote_candidate",
    "put_candidate_serving",
    "upload_artwork",
    "open_session",
    "get_whole",
    "delete_quarantine",
    "roll_back_model",
    "promote_model",
}
"""A person has to add a file, or a key or number that nobody else knows; or something has to be kept first."""
AFTERWARDS = ["delete_artwork", "delete_title", "delete_profile", "delete_pin"]


def in_order() -> list[tuple[str, dict[str, Any]]]:
    """Return every operation, those that remove something at the end."""
    found = [(name, dict(operation)) for name, operation in operations(document())]
    last = {name: place for place, name in enumerate(AFTERWARDS, 1)}
    return sorted(found, key=lambda each: last.get(each[1]["operationId"], 0))


async def test_each_can_be_sent(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        latest = await _latest(service)
        answers = {}
        for name, operation in in_order():
            if operation["operationId"] not in {*NOT_READY, "delete_artwork", "end_session"}:
                answers[name] = (await _sent(service, name, operation, latest)).status_code
    assert {name: status for name, status in answers.items() if status >= 400} == {}


async def _latest(service: Service) -> dict[str, str]:
    choice = await service.get(title="big-buck-bunny")
    link = (await service.http.post("/session/links", headers=ADMIN)).json()["path"]
    image = choice["image"]["url"].rpartition("/")[2]
    return {DECISION: choice["decision_id"], IMAGE: image, TOKEN: link.rpartition("/")[2]}


async def _sent(service: Service, name: str, operation: dict[str, Any], latest: dict[str, str]) -> Any:
    method, path = name.split()
    query: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        if (value := parameter.get("example")) is not None:
            value = latest.get(value, value)
            path = path.replace(f"{{{parameter['name']}}}", value)
            query |= {parameter["name"]: value} if parameter["in"] == "query" else {}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    return await service.http.request(method, path, params=query, json=_filled(body, latest), headers=ADMIN)


def _filled(body: Any, latest: dict[str, str]) -> Any:
    if isinstance(body, list):
        return [_filled(each, latest) for each in body]
    if isinstance(body, dict):
        return {
            name: latest.get(value, value) if isinstance(value, str) else value for name, value in body.items()
        }
    return body


def test_every_call_that_needs_values_has_an_example() -> None:
    for name, operation in operations(document()):
        needs = [each for each in operation.get("parameters", ()) if each.get("required")]
        assert all("example" in each for each in needs), name
        contents = operation.get("requestBody", {}).get("content", {})
        assert all("example" in each for each in contents.values()), name


def test_each_example_is_of_a_call() -> None:
    assert EXAMPLES.keys() <= {operation["operationId"] for _, operation in operations(document())}


@pytest.mark.parametrize(("name", "operation"), [*operations(document())])
def test_each_call_has_a_readable_name_and_answers_with_a_schema(name: str, operation: dict[str, Any]) -> None:
    verb, _, noun = operation["operationId"].partition("_")
    assert verb.isalpha(), name
    assert noun, name
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        empty = status in {"204", "206", "302", "303", "304"}
        assert empty or all("schema" in each for each in content.values()), (name, status)
        assert empty or content, (name, status)
