"""The routes in docs/api.md, made from the OpenAPI document and from what a real service answers.

`.venv/bin/python -m tests.docs.api` renews them; what stands outside the two marks is written by hand.
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI

from app.settings import Settings
from app.wiring.app import create_app
from tests.docs.examples import Answered, answered, by_operation
from tests.docs.schemas import Schema, kind, shape_link, without_null

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BEGIN = "<!-- Made by `.venv/bin/python -m tests.docs.api` from here on. -->"
END = "<!-- Made so far. -->"
KEYS = {
    "admin_key": "Needs the admin key.",
    "editor_key": "Needs the editors' key or the admin key.",
    "client_key": "Needs the client key or the admin key.",
    "any_key": "Needs any of the keys.",
    "session": "Needs a session's cookie.",
}
TAGS = {
    "artwork": "Pictures for viewers",
    "feedback": "What viewers did",
    "profiles": "Profiles",
    "catalogue": "Titles and artworks",
    "images": "Images",
    "operations": "Operations",
}
DEFAULT = "default"


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document of the service as it is here: the same each time, and not to be changed."""
    app: Any = create_app(Settings())
    while not isinstance(app, FastAPI):
        app = app.app
    return app.openapi()


def operations(api: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield each operation by its name, such as `GET /titles`."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def text_of(api: Schema, answers: Sequence[Answered]) -> str:
    """Return everything between the marks."""
    examples = by_operation(answers)
    parts = []
    for tag, heading in TAGS.items():
        parts.append(f"## {heading}")
        for name, operation in operations(api):
            if operation["tags"] == [tag]:
                parts += [*_operation(api, name, operation), *_examples(examples.get(name, ()))]
    parts += ["## Shapes", "What stands in answers. Every field is always there, but for those of a problem."]
    for name in sorted(_shapes(api)):
        parts += _shape(name, api["components"]["schemas"][name])
    return "\n\n".join(parts)


def renewed(page: str, text: str) -> str:
    """Return the page with this text between its marks."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def _operation(api: Schema, name: str, operation: Schema) -> Iterator[str]:
    yield f"### {name}"
    sentences = (f"{operation['summary']}.", operation.get("description", ""), _who(operation))
    yield " ".join(sentence for sentence in sentences if sentence)
    if parameters := operation.get("parameters"):
        yield _table(("parameter", "type", "default", ""), map(_parameter, parameters))
    if body := operation.get("requestBody"):
        yield from _body(api, body["content"])
    answers = sorted(operation["responses"].items())
    yield "\n".join(_answer(status, each) for status, each in answers if status != DEFAULT)


def _examples(examples: Sequence[Answered]) -> Iterator[str]:
    for each in examples:
        yield f"```sh\n{each.example.line}\n```"
        if each.text:
            yield f"```{'json' if each.text[0] in '{[' else 'text'}\n{each.text}\n```"


def _who(operation: Schema) -> str:
    names = {name for each in operation.get("security", ()) for name in each}
    return next((sentence for name, sentence in KEYS.items() if name in names), "")


def _parameter(given: Schema) -> Sequence[str]:
    usual = "required" if given["required"] else _default(given["schema"])
    name = f"`{given['name']}`" + (", a header" if given["in"] == "header" else "")
    return name, kind(without_null(given["schema"])), usual, given.get("description", "")


def _default(schema: Schema) -> str:
    usual = schema.get("default")
    if usual is None or usual == "":
        return ""
    return f"`{usual}`" if isinstance(usual, str) else f"`{json.dumps(usual)}`"


def _body(api: Schema, content: Mapping[str, Any]) -> Iterator[str]:
    kinds = " or ".join(f"`{name}`" for name in content)
    schema = next(iter(content.values()))["schema"]
    if "anyOf" not in schema:
        yield f"Body, as {kinds}:"
        yield _fields(_resolved(api, schema))
        return
    *shapes, many = schema["anyOf"]
    yield f"Body, as {kinds}: an object, or a list of up to {many['maxItems']:,}. It names the decision:"
    for shape, head in zip(
        shapes, ("", "Or it names the profile and the title, whose latest decision it means:"), strict=True
    ):
        yield from [head] if head else []
        yield _fields(_resolved(api, shape))


def _fields(schema: Schema) -> str:
    """Return what may be sent, as a table."""
    required = schema.get("required", ())
    rows = []
    for name, each in schema["properties"].items():
        usual = "required" if name in required else _default(each)
        rows.append((f"`{name}`", kind(without_null(each)), usual, each.get("description", "")))
    return _table(("field", "type", "default", ""), rows)


def _answer(status: str, answer: Schema) -> str:
    schemas = [each["schema"] for each in answer.get("content", {}).values() if "$ref" in each.get("schema", {})]
    shape = f", {shape_link(schemas[0]['$ref'])}" if schemas else ""
    return f"- `{status}`{shape}: {answer['description']}"


def _shape(name: str, schema: Schema) -> Iterator[str]:
    yield f"### {name}"
    if description := schema.get("description"):
        yield " ".join(description.split())
    if any("description" in each for each in schema["properties"].values()):
        yield _fields(schema)
    else:
        yield "; ".join(f"`{field}`: {kind(each)}" for field, each in schema["properties"].items()) + "."


def _shapes(api: Schema) -> set[str]:
    """Return the names of all schemas that a table points to."""
    bodies = {
        name
        for _, operation in operations(api)
        for body in operation.get("requestBody", {}).get("content", {}).values()
        for schema in body["schema"].get("anyOf", [body["schema"]])
        for name in [_name(schema)]
    }
    return set(api["components"]["schemas"]) - bodies


def _resolved(api: Schema, schema: Schema) -> Schema:
    return api["components"]["schemas"][_name(schema)] if "$ref" in schema else schema


def _name(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()) for cell in line)} |" for line in lines)


def made() -> str:
    """Return the routes as they are now."""
    with tempfile.TemporaryDirectory() as folder:
        return text_of(document(), asyncio.run(answered(Path(folder))))


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    PAGE.write_text(renewed(PAGE.read_text(), made()))
    sys.stderr.write(f"{PAGE.name} is up to date.\n")


if __name__ == "__main__":
    main()
