"""Runs as tables: for the terminal, and in Markdown for docs/how-it-decides.md."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from tests.bench.quality.case import SECTIONS, Section
from tests.bench.quality.cases import CASES
from tests.bench.quality.policies import POLICIES
from tests.bench.quality.results import Row, Run, together
from tests.bench.quality.validation import BOUNDS
from tests.bench.tables import Table

Cell = Callable[[Row], str]
Columns = dict[str, dict[str, Row]]
"""A head for each case, and under it the policies' rows."""
NONE = "–"


def tables(runs: Sequence[Run], times: Run | None = None) -> list[Table]:
    """Return the tables of all runs together, with the microseconds of one of them, if it is said which."""
    rows = together(runs)
    made = []
    for delay in sorted({row.delay for row in rows}):
        for section, title in SECTIONS.items():
            columns = _columns(row for row in rows if row.delay == delay and CASES[row.case].section == section)
            if columns:
                heading = f"{title}, feedback every {delay:,} steps" if delay else title
                made.append(_table(heading, columns, _whole, _why_not(columns)))
                made.append(_table(f"{heading}: the last quarter", columns, _last))
    clocks = [times] if times else runs
    timed = [row for row in together(clocks) if row.scores and row.policy not in BOUNDS and not row.delay]
    return [*made, _time(timed, max(run.jobs for run in clocks))] if timed else made


def markdown(runs: Sequence[Run], times: Run | None = None) -> str:
    every = [*runs, times] if times else runs
    return "\n\n".join([*map(_about, every), *(table.markdown() for table in tables(runs, times))])


def _columns(rows: Iterable[Row]) -> Columns:
    columns: Columns = {}
    for row in sorted(rows, key=lambda row: (list(CASES).index(row.case), row.steps)):
        usual = row.steps == CASES[row.case].steps
        head = f"`{row.case}`" if usual else f"`{row.case}`, {row.steps:,} steps"
        columns.setdefault(head, {})[row.policy] = row
    return columns


def _table(title: str, columns: Columns, cell: Cell, below: str = "") -> Table:
    lines = [
        [
            f"`{name}`",
            *(cell(rows[name]) if name in rows and rows[name].scores else NONE for rows in columns.values()),
        ]
        for name in _names(columns.values())
    ]
    return Table(title, ["", *columns], lines, below)


def _names(columns: Iterable[dict[str, Row]]) -> list[str]:
    """Return the policies in their order; those that go by MODULE:CLASS stand before the bounds."""
    seen = {name for rows in columns for name in rows}
    known = [*POLICIES, *sorted(seen - {*POLICIES, *BOUNDS}), *BOUNDS]
    return [name for name in known if name in seen]


def _whole(row: Row) -> str:
    return _figure(row, "mean")


def _last(row: Row) -> str:
    return _figure(row, "last")


def _figure(row: Row, name: str) -> str:
    """Return the mean over seeds with their spread, and how many they were; one seed has no spread."""
    seeds = len(row.scores)
    return f"{row.mean(name):.4f}" + (f" ± {row.spread(name):.4f} ({seeds})" if seeds > 1 else " (1)")


def _why_not(columns: Columns) -> str:
    reasons = {
        f"`{name}` was not run on {head}: {row.why_not}"
        for head, rows in columns.items()
        for name, row in rows.items()
        if row.why_not and not row.scores
    }
    return " ".join(sorted(reasons))


def _time(timed: Sequence[Row], jobs: int) -> Table:
    sections: list[Section] = [section for section in SECTIONS if any(_in(row, section) for row in timed)]
    lines = [
        [f"`{name}`", *(_microseconds([row for row in timed if _in(row, each)], name) for each in sections)]
        for name in _names([{row.policy: row for row in timed}])
    ]
    note = "" if jobs == 1 else f" {jobs} ran at a time: they mean something with `--jobs 1` alone."
    below = f"The median of the cases. Figures are those of a machine that did nothing else, or mean little.{note}"
    return Table(
        "Microseconds to decide, and to learn", ["", *(SECTIONS[each] for each in sections)], lines, below
    )


def _in(row: Row, section: Section) -> bool:
    return CASES[row.case].section == section


def _microseconds(rows: Sequence[Row], policy: str) -> str:
    own = [row for row in rows if row.policy == policy]
    if not own:
        return NONE
    return ", ".join(f"{median(row.mean(name) for row in own):.0f}" for name in ("decide", "learn"))


def _about(run: Run) -> str:
    machine = run.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    seeds = sorted({len(row.scores) for row in run.rows if row.scores})
    return (
        f"{machine.date}, commit {machine.commit or 'unknown'}: {machine.cores} cores of {machine.processor}, "
        f"{machine.system}, Python {machine.python}, seeds: {' or '.join(map(str, seeds))}, {run.jobs} at a time, "
        f"load average {machine.load:g} before it began. {versions}."
    )
