"""Examples as lines of DSJSON, which `vw --dsjson` and Vowpal Wabbit's other readers take.

The readers refuse few lines and repair none, so a line has only parts that all of them read alike: the keys in
this order, all actions with the chosen one first, and values whose separators are escaped.
"""

import json
from collections.abc import Mapping
from typing import Any

from bandit.types import Action, Context, Example, Probabilities

ESCAPED = str.maketrans({"%": "%25", " ": "%20", "\t": "%09", "\n": "%0A", ":": "%3A", "|": "%7C"})
"""Vowpal Wabbit replaces these by an underscore, by which different values would become the same."""


def line(example: Example, probabilities: Probabilities, *, event: str, moment: str) -> bytes:
    """Return an example as a line, without its end. The cost is the reward with its sign changed.

    `probabilities` are those of all actions, `moment` is an ISO time with a fraction, and `event` a unique id.
    """
    chosen = example.chosen
    order = [chosen, *(index for index in range(len(example.actions)) if index != chosen)]
    return json.dumps(
        {
            "_label_cost": -example.reward,
            "_label_probability": probabilities[chosen],
            "_label_Action": chosen + 1,
            "_labelIndex": chosen,
            "Timestamp": moment,
            "Version": "1",
            "EventId": event,
            "a": [index + 1 for index in order],
            "c": {
                **_viewer(example.context),
                "_multi": [_artwork(action, example.context) for action in example.actions],
            },
            "p": [probabilities[index] for index in order],
            "VWState": {"m": "keyart"},
        },
        separators=(",", ":"),
        allow_nan=False,
    ).encode()


def _viewer(context: Context) -> dict[str, Any]:
    """Return the namespaces U, the attributes, and T, the taste."""
    return {"U": _features(context.attributes), "T": _features(context.taste)}


def _artwork(action: Action, context: Context) -> dict[str, Any]:
    """Return the namespaces A: artwork and title, L: tags, V: visual features, S: showings."""
    return {
        "A": _features({"id": action.id, "title": action.title}),
        "L": {tag.translate(ESCAPED): True for tag in action.tags},
        "V": _features(action.features),
        "S": {"showings": context.showings.get(action.id, 0)},
    }


def _features(values: Mapping[str, str | float]) -> dict[str, str | float]:
    """Return words under `name=`, which no other pair of name and value can be mistaken for, and numbers."""
    return {
        f"{name.translate(ESCAPED)}=" if isinstance(value, str) else name.translate(ESCAPED): (
            value.translate(ESCAPED) if isinstance(value, str) else value
        )
        for name, value in values.items()
    }
