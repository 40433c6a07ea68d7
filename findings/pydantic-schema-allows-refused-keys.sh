#!/usr/bin/env bash
# The JSON schema that Pydantic writes for a mapping allows the keys that Pydantic refuses, with any value.
#
# A good engineer would have guessed: a schema says what validation says. If the keys of a `dict` have to match a
# pattern, the schema refuses other keys, as it does for keys that have to be of some length or out of a few words:
# those get `propertyNames`, which holds for every key.
#
# What it does: a pattern becomes `patternProperties`. In JSON Schema that speaks of the keys that match and says
# nothing of the others, and `additionalProperties: false` is not written. So a key that does not match is not only
# allowed: its value may be anything, because nothing is said of it. Pydantic refuses both. FastAPI publishes it so.
#
# Whom it hurts: whoever checks requests by the published schema before they are sent, generates a client or a form of
# it, or tests a service with requests made from it. Such requests are answered 422, though the document allows them.
# Keyart adds `additionalProperties: false` to each such mapping in its OpenAPI document.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    fastapi==0.165.0 jsonschema==4.26.0 pydantic==2.14.3 starlette==1.10.0
"$work/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import FastAPI
from jsonschema import Draft202012Validator
from pydantic import StringConstraints, TypeAdapter, ValidationError

for package in ("pydantic", "fastapi", "jsonschema"):
    print(package, version(package))

Scores = dict[Annotated[str, StringConstraints(pattern="^[a-z]+$")], int]
KINDS = {
    "a pattern": Scores,
    "a length": dict[Annotated[str, StringConstraints(max_length=3)], int],
    "two words": dict[Literal["drama", "war"], int],
}
SENT = {
    "a pattern": ({"Film Noir": 1}, {"Film Noir": "anything"}),
    "a length": ({"drama": 1},),
    "two words": ({"comedy": 1},),
}


def taken(adapter: TypeAdapter, body: object) -> bool:
    try:
        adapter.validate_python(body)
    except ValidationError:
        return False
    return True


changed = False
for kind, mapping in KINDS.items():
    adapter = TypeAdapter(mapping)
    schema = adapter.json_schema()
    print(f"Keys by {kind}:", json.dumps(schema))
    for body in SENT[kind]:
        allowed = Draft202012Validator(schema).is_valid(body)
        valid = taken(adapter, body)
        print("   ", json.dumps(body), "schema:", allowed, "Pydantic:", valid)
        changed |= valid or allowed != (kind == "a pattern")

app = FastAPI()


@app.put("/scores")
def put(scores: Scores) -> None:
    """Take scores by genre."""


body = app.openapi()["paths"]["/scores"]["put"]["requestBody"]["content"]["application/json"]["schema"]
print("FastAPI publishes:", json.dumps(body))
changed |= "patternProperties" not in body or "additionalProperties" in body
print("It behaves otherwise now." if changed else "As it was seen: the schema allows what validation refuses.")
sys.exit(changed)
PYTHON
