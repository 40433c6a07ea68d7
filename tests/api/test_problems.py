"""Refusals of the domain as problems."""

import inspect
import json

import pytest

from app import refusals
from app.api.problems import Problem, problem_from
from app.refusals import Conflict, Gone, Invalid, NotFound, Outdated, Refusal, Unavailable

SENTENCE = "There is no title 'x'; GET /titles lists them."
STATUSES = {NotFound: 404, Conflict: 409, Gone: 410, Outdated: 412, Invalid: 422, Unavailable: 503}


class _Unreadable(Conflict):
    """A kind that a module of the domain makes for itself."""


def test_every_kind_of_refusal_has_its_status() -> None:
    """No kind can come without a status, because it would then be answered as a failure."""
    kinds = [kind for _, kind in inspect.getmembers(refusals, inspect.isclass) if issubclass(kind, Refusal)]
    assert {kind: problem_from(kind(SENTENCE)).status for kind in kinds if kind is not Refusal} == STATUSES
    assert problem_from(_Unreadable(SENTENCE)).status == 409


@pytest.mark.parametrize("kind", STATUSES)
def test_the_sentence_is_the_detail(kind: type[Refusal]) -> None:
    response = problem_from(kind(SENTENCE)).response()
    assert response.media_type == "application/problem+json"
    assert json.loads(bytes(response.body))["detail"] == str(kind(SENTENCE)) == SENTENCE


def test_the_fields_at_fault_are_members() -> None:
    body = json.loads(bytes(problem_from(Invalid.field("file", "It is required")).response().body))
    assert body["detail"] == "file: It is required."
    assert body["errors"] == [{"field": "file", "reason": "It is required"}]


def test_a_moment_to_ask_again_is_a_header() -> None:
    assert problem_from(Unavailable(SENTENCE, 5)).response().headers["retry-after"] == "5"
    assert "retry-after" not in problem_from(Unavailable(SENTENCE)).response().headers


def test_a_problem_stays_as_it_is() -> None:
    """HTTP's own refusals, such as 415, are refusals, so the domain counts them as such."""
    problem = Problem(415, SENTENCE, headers={"Accept-Encoding": "identity"})
    assert isinstance(problem, Refusal)
    assert problem_from(problem) is problem
