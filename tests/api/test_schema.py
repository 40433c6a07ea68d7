"""The OpenAPI document says what the service does: schemathesis makes the requests, and checks the answers.

What a document can't say is put into them: a key, and the names of what is there.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.service import ADMIN, Catalogue, Service, listening, serving
from tests.assets.builders import a_picture, encoded
from tests.docs.api import document, operations

OPERATIONS = [name for name, _ in operations(document())]
UPLOAD = "POST /titles/{title}/artworks"
FEW, MANY = 12, 400
SLOW = {UPLOAD: 20}
"""How many times fewer requests are made of what takes so many times longer."""
CHECKS = [
    not_a_server_error,
    positive_data_acceptance,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "410"]
"""That a thing is not there, or no key of it, says nothing against the request."""
PICTURE = encoded(a_picture((640, 360), "purple"))
PATIENCE_SECONDS = 120
"""An upload renders every crop before it is answered, which takes a busy machine longer than a client's 10 s."""
LATE = "2100-01-01"
TITLE, ARTWORK, OTHER = "countdown", "cupola", "earthrise"


@dataclass(frozen=True, slots=True)
class Served:
    """A service that listens, and what there is in it."""

    address: str
    names: dict[str, str]


async def _prepared(service: Service) -> dict[str, str]:
    """Return what fits into the paths: a title with an artwork that needs a consent, a decision, a picture."""
    path = f"/titles/{TITLE}/artworks/{ARTWORK}"
    await service.http.patch(path, json={"consent": {"of": "Ada"}}, headers=ADMIN)
    choice = await service.get(profile="ada")
    link = (await service.http.post("/session/links", headers=ADMIN)).json()["path"]
    image = choice["image"]["url"].rpartition("/")[2]
    last = {"decision_id": choice["decision_id"], "name": image, "token": link.rpartition("/")[2]}
    return {"title": TITLE, "artwork": ARTWORK, **last}


@contextmanager
def served(folder: Path, catalogue: Catalogue) -> Iterator[Served]:
    """Run a service in another thread: schemathesis waits for its answers."""
    loop, ended = asyncio.new_event_loop(), asyncio.Event()
    found: list[Served] = []
    started = threading.Event()

    async def run() -> None:
        try:
            async with serving(folder, catalogue) as service, listening(service.app) as address:
                found.append(Served(address, await _prepared(service)))
                started.set()
                await ended.wait()
        finally:
            started.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        started.wait()
        assert found, "The service did not start."
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


# ---------------------------------------------------------------- what a document can't say


def _feedback(body: Any, names: dict[str, str]) -> None:
    """Let each item be about what was chosen, and happen after it was."""
    for item in body if isinstance(body, list) else [body]:
        if "seconds_ago" in item:
            item["seconds_ago"] = min(item["seconds_ago"], 1)
        if "decision_id" in item:
            item["decision_id"] = names["decision_id"]
        else:
            item |= {"profile": "ada", "title": TITLE, "placement": "row"}


def _limits(body: Any) -> None:
    """Let what is valid for a while end after it begins; what was not said stays unsaid."""
    for name, moment in {"valid_from": 0, "valid_until": LATE}.items():
        if body.get(name) is not None:
            body[name] = moment


def _edit(body: Any) -> None:
    """Say whose a consent is, because the artwork may have none by now; and let a face lie in the picture."""
    if body.get("faces"):
        body["faces"] = [[0.1, 0.1, 0.2, 0.2]]
    for canvas in body.get("crops") or ():
        body["crops"][canvas] = None
    if body.get("consent") is not None:
        body["consent"]["of"] = "Ada"
    _limits(body)


def _named(body: Any) -> None:
    body["default"] = OTHER


def _form(body: Any) -> None:
    """Send a picture, and a face and a crop that lie in it."""
    body["file"] = PICTURE
    if "faces" in body:
        body["faces"] = "0.1,0.1,0.2,0.2"
    if "crops" in body:
        body["crops"] = "1:1 0.1,0,0.5625,1"
    _limits(body)


PUT_RIGHT: dict[str, Callable[[Any], None]] = {
    "PATCH /titles/{title}/artworks/{artwork}": _edit,
    "PUT /titles/{title}": _named,
    "PUT /titles/{title}/pin": lambda body: body.update(
        {"artwork": ARTWORK}
        | ({"until": LATE} if body.get("until") is not None else {})
        | ({"country": "DE"} if body.get("country") is not None else {})
    ),
    "PUT /candidate": lambda body: body.update(policy="logistic,spread=0.3"),
    "POST /interventions/quarantines": lambda body: body.update(since=1, until=LATE),
    UPLOAD: _form,
}


def put_right(case: Case[Any], names: dict[str, str]) -> None:
    """Put the names of what is there into a request."""
    label = case.operation.label
    case.headers.pop("If-Match", None)  # the title is at another revision after each edit
    if label in {"POST /impressions", "POST /clicks", "POST /plays"}:
        _feedback(case.body, names)
    elif label in PUT_RIGHT:
        PUT_RIGHT[label](case.body)
    if label == "GET /artwork" and case.query:
        case.query["title"] = TITLE


# ---------------------------------------------------------------- the requests


async def test_the_document_is_served(service: Service) -> None:
    assert (await service.http.get("/openapi.json")).json() == document()


def hold_to_the_document(label: str, service: Served, mode: GenerationMode, requests: int) -> None:
    """Make so many requests of an operation, the same each time, and check what is answered."""
    config = SchemathesisConfig.from_dict(
        {"checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}}
    )
    own = deepcopy(document())  # the calls are changed below, and some are examples of the document itself
    schema = schemathesis.openapi.from_dict(own, config=config)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    [operation] = [each for each in found if each.label == label]
    positive = mode is GenerationMode.POSITIVE
    names = {name: value for name, value in service.names.items() if f"{{{name}}}" in operation.path}

    @seed(0)
    @settings(
        max_examples=max(2, requests // SLOW.get(label, 1)),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=names if positive else None))
    def check(case: Case[Any]) -> None:
        if positive:
            put_right(case, service.names)
        answer = case.call(base_url=service.address, headers=ADMIN, timeout=PATIENCE_SECONDS)
        case.validate_response(answer, checks=CHECKS if positive else [not_a_server_error])

    try:
        check()
    except Unsatisfiable:  # there is nothing to send that the document does not allow
        if positive:
            raise


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_the_document_allows_is_taken_and_answered_as_it_says(
    tmp_path: Path, catalogue: Catalogue, label: str
) -> None:
    with served(tmp_path, catalogue) as service:
        hold_to_the_document(label, service, GenerationMode.POSITIVE, FEW)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("label", OPERATIONS)
def test_many_requests_that_the_document_allows_are_taken(
    tmp_path: Path, catalogue: Catalogue, label: str
) -> None:
    with served(tmp_path, catalogue) as service:
        hold_to_the_document(label, service, GenerationMode.POSITIVE, MANY)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("label", OPERATIONS)
def test_many_requests_that_the_document_does_not_allow_fail_nothing(
    tmp_path: Path, catalogue: Catalogue, label: str
) -> None:
    with served(tmp_path, catalogue) as service:
        hold_to_the_document(label, service, GenerationMode.NEGATIVE, MANY)
