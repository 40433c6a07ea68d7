"""What others rely on is as `expected/` has it."""

from difflib import unified_diff
from pathlib import Path

import pytest

from tests.learners import needs_vowpal
from tests.pinned.subjects import EXPECTED, SUBJECTS, text_of

REMEDY = "If this is meant: `.venv/bin/python -m tests.pinned`, and a line in CHANGELOG.md for what users notice."


@pytest.mark.parametrize(
    "subject",
    [pytest.param(name, marks=needs_vowpal) if name == "snapshot_of_vowpal" else name for name in SUBJECTS],
)
def test_it_is_as_expected(subject: str, tmp_path: Path) -> None:
    """The product's names, formats and statuses are those of the file of this subject."""
    expected, found = (EXPECTED / f"{subject}.json").read_text(), text_of(subject, tmp_path)
    difference = unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", lineterm="", n=2)
    assert found == expected, "\n".join([f"{subject} is not as pinned. {REMEDY}", *difference])


def test_no_expectation_is_left_over() -> None:
    """Each file of expectations has a subject."""
    assert {path.stem for path in EXPECTED.iterdir()} == set(SUBJECTS)
