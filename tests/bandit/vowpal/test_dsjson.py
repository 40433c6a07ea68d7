import json
from typing import Any

import pytest

from bandit.types import Action, Context, Example
from bandit.vowpal.dsjson import line
from tests.learners import needs_vowpal

ACTIONS = [Action(f"moon/{index}", "moon", ("night", "a b"), {"warmth": index / 4}) for index in range(3)]
P = (0.2, 0.5, 0.3)


def a_line(context: Context | None = None, reward: float = 1.0) -> bytes:
    viewer = context or Context({"country": "DE", "age": 31.0}, {"night": 0.5})
    return line(Example(viewer, ACTIONS, 1, 0.5, reward), P, event="77", moment="2026-01-01T00:00:00.250Z")


def test_the_keys_come_in_the_order_that_readers_need() -> None:
    found: dict[str, Any] = json.loads(a_line())
    label = ["_label_cost", "_label_probability", "_label_Action", "_labelIndex"]
    assert list(found) == [*label, "Timestamp", "Version", "EventId", "a", "c", "p", "VWState"]
    assert b" " not in a_line()


def test_the_chosen_action_comes_first_and_counts_from_one() -> None:
    found = json.loads(a_line())
    assert (found["_label_cost"], found["_label_probability"]) == (-1.0, 0.5)
    assert (found["_label_Action"], found["_labelIndex"]) == (2, 1)
    assert (found["a"], found["p"]) == ([2, 1, 3], [0.5, 0.2, 0.3])
    assert [each["A"]["id="] for each in found["c"]["_multi"]] == ["moon/0", "moon/1", "moon/2"]


@pytest.mark.parametrize("value", ["a b", "a:b", "a|b", "a\tb", "a%b", "a_b", "a\nb"])
def test_no_two_values_become_the_same(value: str) -> None:
    country = json.loads(a_line(Context({"country": value})))["c"]["U"]["country="]
    assert not set(country) & set(" \t\n:|")
    assert country == "a_b" if value == "a_b" else country != "a_b"


def test_an_exposure_without_feedback_costs_nothing_and_is_a_line() -> None:
    assert json.loads(a_line(reward=0.0))["_label_cost"] == 0.0


@needs_vowpal
def test_vowpal_wabbit_reads_and_learns_it() -> None:
    import vowpal_wabbit_next as vw  # noqa: PLC0415  not everywhere

    workspace: Any = vw.Workspace(["--cb_explore_adf", "--dsjson", "-q", "UA"])
    reader = vw.DSJsonFormatParser(workspace)
    for _ in range(200):
        workspace.learn_one(reader.parse_json(a_line().decode()))
    first, chance = workspace.predict_one(reader.parse_json(a_line().decode()))[0]
    assert first == 1
    assert chance > 0.9
