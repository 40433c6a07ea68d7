"""docs/operations.md: what the service says, counts and is told to do, complete and by its real names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from prometheus_client.metrics import MetricWrapperBase

from app import cli
from app.api.routes import artwork, catalogue, decisions, feedback, health, images, profiles, report, titles
from app.data_folder import LOG
from app.records import Kind
from app.telemetry import metrics
from tests.docs.pages import DOCS, ROOT, code, page, pages

PAGE = page("operations.md")
SPOKEN = {"debug", "info", "warning", "error", "exception"}
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created", "")


def sources() -> Iterator[ast.Module]:
    for folder in ("app", "bandit", "assets"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text(), str(path.relative_to(ROOT)))


def said() -> dict[str, set[str]]:
    """Return each event that the source logs, with its levels."""
    events: dict[str, set[str]] = {}
    for tree in sources():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=level),
                    args=[ast.Constant(value=str(event)), *_],
                ) if level in SPOKEN:
                    events.setdefault(event, set()).add("error" if level == "exception" else level)
    return events


def counted() -> dict[str, MetricWrapperBase]:
    """Return each metric by the name that it has in the exposition."""
    found = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    return {f"{each._name}_total" if each._type == "counter" else each._name: each for each in found}  # noqa: SLF001  it has no other


def commands() -> list[str]:
    """Return what `keyart` can be told, apart from what is hidden."""
    group = typer.main.get_command(cli.app)
    listed: dict[str, object] = getattr(group, "commands", {})
    return [name for name, command in listed.items() if not getattr(command, "hidden", False)]


def literals() -> set[str]:
    """Return every text constant of the source, and the names of its kinds of records."""
    texts = {
        n.value
        for tree in sources()
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    kinds = [kind.name.lower() for kind in Kind]
    return {*texts, *kinds}


def exit_codes() -> set[int]:
    """Return the numbers that commands end with, those that stand under a name among them."""
    text = "\n".join(path.read_text() for path in (ROOT / "app" / "commands").glob("*.py"))
    named = dict(re.findall(r"^([A-Z]+) = (\d+)$", text, re.MULTILINE))
    arguments = " ".join(re.findall(r"typer\.Exit\((.*)\)", text))
    return {int(named.get(word, word)) for word in re.findall(r"\b(?:\d+|[A-Z]+)\b", arguments)}


def test_every_event_that_may_be_logged_is_told_with_its_levels() -> None:
    rows = PAGE.rows("event", "level", "says", "what to do")
    told = {code(row[0])[0]: set(row[1].split(", ")) for row in rows}
    assert len(rows) == len(told)
    assert told == said()


def test_every_metric_is_told_with_its_type_and_labels() -> None:
    rows = PAGE.rows("metric", "type", "labels", "meaning")
    told = {code(row[0])[0]: (row[1], tuple(code(row[2]))) for row in rows}
    assert told == {name: (each._type, each._labelnames) for name, each in counted().items()}  # noqa: SLF001  as above


def test_every_value_of_a_label_is_one_that_the_source_gives() -> None:
    known = literals()
    for name, _, labels, meaning in PAGE.rows("metric", "type", "labels", "meaning"):
        values = [each for each in code(meaning) if each not in code(labels) and re.fullmatch("[a-z_]+", each)]
        assert [each for each in values if each not in known and f"{each}_failed" not in known] == [], name


def test_no_page_names_a_metric_that_there_is_not() -> None:
    known = {f"{each._name}{suffix}" for each in counted().values() for suffix in SUFFIXES}  # noqa: SLF001  as above
    known |= {"keyart_session", "keyart_client"}  # a cookie, and a package
    for each in pages():
        assert set(re.findall(r"(?<!#)\bkeyart_[a-z_]+[a-z]\b", each.text)) <= known | zones(), each.name


def zones() -> set[str]:
    """Return the names that the proxy's example has for things of its own."""
    return set(re.findall(r"keyart_\w+", (DOCS / "examples" / "nginx.conf").read_text()))


def test_every_command_is_told() -> None:
    told = {each for row in PAGE.rows("command", "does") for each in re.findall(r"`keyart ([a-z-]+)", row[0])}
    assert set(commands()) == told


def test_no_page_tells_of_a_command_that_there_is_not() -> None:
    known = {*commands(), "worker"}
    for each in pages():
        assert set(re.findall(r"(?:`|bin/|^|\$ |[A-Z_]+=\S+ )keyart ([a-z][a-z-]*)", each.text)) <= known, (
            each.name
        )


def test_every_option_that_is_told_of_a_command_is_one_of_its_own() -> None:
    group = typer.main.get_command(cli.app)
    for command in commands():
        own = getattr(group, "commands", {})[command]
        options = {text for each in own.params for text in (*each.opts, *each.secondary_opts)}
        for each in pages():
            for used in re.findall(rf"keyart {command}((?: --?[a-z][a-z-]*| [A-Z]+)*)", each.text):
                assert {part for part in used.split() if part.startswith("-")} <= options | {"--help"}, each.name


@pytest.mark.parametrize(
    "module",
    [artwork, feedback, profiles, titles, catalogue, images, health, report, decisions],
    ids=lambda module: module.__name__,
)
def test_every_route_is_told_of_somewhere(module: object) -> None:
    text = "\n".join(each.text for each in pages() if each.path != ROOT / "CHANGELOG.md")
    told = re.sub(r"\{\w+\}", "{}", text)
    for route in module.router.routes:  # type: ignore[attr-defined]
        path = re.sub(r"\{\w+\}", "{}", route.path)

        assert re.search(re.escape(path) + r"(?![\w/{-])", told), route.path


def test_the_exit_codes_are_those_of_the_source() -> None:
    told = [int(row[0]) for row in PAGE.rows("exit code", "means")]
    assert told == sorted({0, *exit_codes()})


def test_sentences_in_quotes_are_the_sources_own() -> None:
    """Where one is quoted by its beginning, it ends in an ellipsis or without its stop."""
    known = " ".join(Path(path).read_text() for path in sorted((ROOT / "app").rglob("*.py")))
    known = re.sub(r'"\s*f?"', "", known).replace("{log.name}", LOG)
    known = re.sub(r"\{[^{}]*\}", "…", known)
    outside = {"database or disk is full"}
    for row in PAGE.rows("seen", "likely cause", "remedy"):
        for quoted in re.findall(r'(?<!=)"([A-Za-z][^"`{}]+ [^"`]*)"', row[0]):
            start = quoted.split(" …")[0].split(":")[0].split(" 60 ")[0]
            assert start in known or quoted in outside, quoted
