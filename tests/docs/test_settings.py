"""docs/settings.md: every setting, its default, its bounds and its refusals, as they really are."""

import os
import re
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import ValidationError

from app.settings import DEMO, Settings, faults
from tests.docs.pages import code, page, pages
from tests.learners import needs_vowpal

PAGE = page("settings.md")
NAMES = {f"KEYART_{field.upper()}": field for field in Settings.model_fields}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("KEYART_"):
            monkeypatch.delenv(name)


def written(value: Any) -> str:
    if value is None or value in ("", ()):
        return "–"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def section(name: str) -> str:
    """Return the section of a setting in one line."""
    return " ".join(PAGE.sections(3)[name].split())


def sentences(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> list[str]:
    """Return what is said of a value that stands in the environment."""
    monkeypatch.setenv(name, value)
    try:
        Settings()
    except ValidationError as error:
        return faults(error)
    return []


def bounds(field: str) -> set[str]:
    """Return the numbers and words that bound a setting, as they are written."""
    info = Settings.model_fields[field]
    if get_origin(info.annotation) is Literal:
        return {f"`{word}`" for word in get_args(info.annotation) if word}
    limits = [getattr(each, way, None) for each in info.metadata for way in ("ge", "gt", "le", "lt")]
    return {f"{limit:.10g}" for limit in limits if limit is not None}


def test_the_page_has_a_section_for_every_setting_and_for_nothing_else() -> None:
    assert sorted(PAGE.sections(3)) == sorted(NAMES)


def test_the_overview_names_every_setting_with_its_default_in_the_order_of_the_sections() -> None:
    rows = PAGE.rows("setting", "default", "in a word", "if unsure")
    order = [name for name in PAGE.sections(3) if name in NAMES]
    assert [row[0] for row in rows] == [f"[`{name}`](#{name.lower()})" for name in order]
    assert [row[1] for row in rows] == [written(getattr(Settings(), NAMES[name])) for name in order]


@pytest.mark.parametrize("name", NAMES)
def test_a_section_tells_default_bounds_price_and_what_to_do_if_unsure(name: str) -> None:
    text = section(name)
    for label in ("Default", "Trade-off", "Example", "If unsure"):
        assert f"- **{label}:**" in text
    assert f"**Default:** {written(getattr(Settings(), NAMES[name]))}" in text
    told = text.partition("**Bounds:**")[2].partition("- **")[0]
    assert {bound for bound in bounds(NAMES[name]) if bound not in told} == set()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_vowpal) if name == "KEYART_LEARNER" else name for name in NAMES]
)
def test_an_example_is_accepted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    example = code(section(name).partition("**Example:**")[2])[0]
    given, _, value = example.partition("=")
    assert given == name
    assert value
    assert sentences(monkeypatch, name, value) == []
    assert NAMES[name] in Settings().model_fields_set


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"KEYART_HOST", "KEYART_DATA"}])
def test_a_value_that_is_said_to_be_refused_is_refused_in_these_words(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assignment, sentence = code(section(name).partition("**Refused:**")[2])[:2]
    given, _, value = assignment.partition("=")
    assert given == name
    assert sentences(monkeypatch, name, value) == [sentence]


def test_the_page_shows_how_several_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    [shown] = re.findall(r"```console\n\$ (.*?)\n```", PAGE.text, re.DOTALL)
    command, *said = shown.splitlines()
    for assignment in command.split()[:-2]:
        name, _, value = assignment.partition("=")
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert faults(caught.value) == said


def test_the_page_lists_what_the_demo_preset_sets() -> None:
    rows = PAGE.rows("setting", "with `demo`")
    assert rows == [[f"`KEYART_{name.upper()}`", written(value)] for name, value in DEMO.items()]


def test_every_setting_is_described_where_it_is_defined() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_page_speaks_of_a_setting_that_there_is_not() -> None:
    told = {each.name: set(re.findall(r"KEYART_[A-Z]\w*", each.text)) - NAMES.keys() for each in pages()}
    assert {name: unknown for name, unknown in told.items() if unknown} == {}
