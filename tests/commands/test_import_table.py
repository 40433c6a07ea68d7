"""What an import shows: one line for each kind, with the count, and readable on a terminal of 80 columns."""

import io
from typing import get_args

from rich.console import Console

from app.commands.import_table import Line, lines, of_import, summary
from assets.importing.outcome import About, Note, Row

ALT = Note("alt", "It has no alt text; describe what the picture shows.")


def printed(rows: list[Row], *, all_: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(of_import(rows, all_=all_))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def refused(name: str, fault: str) -> Row:
    return Row("one", name, "refused", f"'one/{name}' {fault}")


def test_what_many_pictures_lack_is_one_line_with_the_count_and_the_first_of_them() -> None:
    rows = [Row("one", f"a{n:02}", "new", notes=(ALT,)) for n in range(33)]
    shown = printed(rows)

    assert sum("No alt text" in line for line in shown) == 1
    [first] = [number for number, line in enumerate(shown) if "No alt text" in line]
    assert "33 │ No alt text" in shown[first]
    assert "one/a00" in shown[first]
    assert any("and 30 more (--all)" in line for line in shown)
    assert any("one/a32" in line for line in printed(rows, all_=True))
    assert max(map(len, shown)) <= 80


def test_what_was_refused_comes_first_by_reason_whatever_names_and_sizes_are() -> None:
    rows = [
        Row("one", "a", "new", notes=(ALT,)),
        refused("b.jpg", "is too small (40 × 30 pixels); export it larger."),
        refused("c [x].jpg", "is too small (20 × 10 pixels); export it larger."),
        Row("two", "", "refused", "catalog.toml describes it, but it has no folder."),
    ]
    assert lines(rows)[:2] == [
        Line(
            "Refused: it is too small; export it larger.",
            ["one/b.jpg (40 × 30 pixels)", "one/c [x].jpg (20 × 10 pixels)"],
        ),
        Line("Refused: catalog.toml describes it, but it has no folder.", ["two"]),
    ]
    assert any("one/c [x].jpg" in line for line in printed(rows))


def test_notes_of_each_kind_have_a_line_the_most_urgent_first_and_outcomes_come_last() -> None:
    every = tuple(Note(about, "A sentence.", "detail") for about in get_args(About))
    found = lines([Row("one", "a", "changed", notes=every), Row("one", "b", "gone"), Row("one", "c", "new")])

    assert len(found) == len(every) + 3
    assert [line.what for line in found[-3:]] == [
        "Kept, although the file is no longer in the folder.",
        "Changed.",
        "New.",
    ]
    assert found[4] == Line("No alt text: describe what the picture shows.", ["one/a (detail)"])


def test_notes_on_what_is_unchanged_are_counted_and_shown_on_demand() -> None:
    rows = [Row("one", "a", "unchanged", notes=(ALT,)), Row("", "", "passed over", "2 files are not pictures.")]

    assert lines(rows) == []
    assert [line.which for line in lines(rows, unchanged=True)] == [["one/a"]]
    assert summary(rows) == "1 unchanged (1 of them with notes: --all shows these)."
    assert any("Passed over: 2 files are not" in line for line in printed(rows))
