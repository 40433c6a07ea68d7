"""docs/api.md says what the service does."""

import asyncio
import difflib
import re

import pytest

from app.api.problems import TITLES
from tests.docs.api import BEGIN, END, PAGE, document, operations, renewed, text_of
from tests.docs.examples import EXAMPLES, Answered, answered

REMEDY = "Renew docs/api.md with `.venv/bin/python -m tests.docs.api`"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[Answered]:
    return asyncio.run(answered(tmp_path_factory.mktemp("examples")))


def test_the_page_is_what_the_document_and_the_service_say(answers: list[Answered]) -> None:
    page = PAGE.read_text()
    now = renewed(page, text_of(document(), answers))
    differences = list(difflib.unified_diff(page.splitlines(), now.splitlines(), "docs/api.md", "now", n=1))
    assert not differences, "\n".join([f"{REMEDY}:", *differences[:40]])


def test_every_example_is_answered_with_a_status_of_the_document(answers: list[Answered]) -> None:
    documented = dict(operations(document()))
    for each in answers:
        assert str(each.status) in documented[each.example.operation]["responses"], each.example.line


def test_every_operation_has_an_example() -> None:
    assert {each.operation for each in EXAMPLES} == {name for name, _ in operations(document())}


def test_every_parameter_is_described() -> None:
    for name, operation in operations(document()):
        for parameter in operation.get("parameters", ()):
            said = parameter.get("description")
            assert said or parameter["in"] == "header", f"{name} does not say what {parameter['name']!r} is."


def test_every_refusal_of_the_document_is_a_problem() -> None:
    for name, operation in operations(document()):
        for status, answer in operation["responses"].items():
            if status == "default" or int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (name, status)


def test_what_needs_a_key_says_so_and_nothing_else_does() -> None:
    needing = {name for name, operation in operations(document()) if "security" in operation}
    free = {name for name, _ in operations(document())} - needing
    assert all("401" in operation["responses"] for name, operation in operations(document()) if name in needing)
    assert {name for name in free if name.partition(" ")[0] not in {"GET", "POST"}} == set()
    assert {"GET /artwork", "POST /clicks", "GET /titles", "GET /decisions/{decision_id}/why"} <= free


def test_the_page_lists_every_status_that_a_problem_may_have() -> None:
    listed = re.findall(r"^\| `(\d{3})` \|", PAGE.read_text().partition(BEGIN)[0], re.MULTILINE)
    assert listed == [str(status) for status in TITLES]


def test_the_page_is_renewed_between_its_marks_alone() -> None:
    page = f"Before.\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter.\n"
    assert renewed(page, "new") == f"Before.\n\n{BEGIN}\n\nnew\n\n{END}\n\nAfter.\n"
