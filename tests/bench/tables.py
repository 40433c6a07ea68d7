"""A run as tables: for the terminal, and in Markdown for docs/benchmarks.md."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table as RichTable

from tests.bench.budget import Finding
from tests.bench.contest import Entry
from tests.bench.hot_path import Profile, Share
from tests.bench.results import Run

BEGIN, END = "<!-- figures: written by tests.bench -->", "<!-- end of figures -->"
MOST_FUNCTIONS = 15
LEAST_SHARE = 0.005


class Table(NamedTuple):
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    below: str = ""

    def rich(self) -> RichTable:
        head = map(_plain, self.head)
        table = RichTable(*head, title=self.title, caption=_plain(self.below), title_justify="left")
        for row in self.rows:
            table.add_row(*map(_plain, row))
        return table

    def markdown(self) -> str:
        lines = [_line(self.head), _line(["---"] * len(self.head)), *map(_line, self.rows)]
        return "\n".join([f"### {self.title}", "", *lines, *([""] if self.below else []), self.below]).rstrip()


def tables(run: Run) -> list[Table]:
    made = []
    if run.budgets:
        made.append(_budgets(run.budgets))
    if run.rivals:
        made += [_rates(run.rivals), _promises(run.rivals)]
    if run.profile:
        made += [_modules(run.profile), _functions(run.profile)]
    return made


def markdown(run: Run) -> str:
    return "\n\n".join([_about(run), *(table.markdown() for table in tables(run))])


def put_into(page: str, run: Run) -> str:
    """Return the page with the run's tables between the two marks, in the place of what was there."""
    return put_between(page, markdown(run))


def put_between(page: str, text: str) -> str:
    """Return the page with the text between the two marks, in the place of what was there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page has no {BEGIN} with {END} after it; put both where the tables should stand.")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def _budgets(findings: Sequence[Finding]) -> Table:
    head = ["budget", "what", "at", "measured", "rounds", "verdict", "seen beside it"]
    return Table("Budgets", head, [_finding(each) for each in findings])


def _finding(found: Finding) -> list[str]:
    bound = found.bound
    return [
        f"`{found.name}`",
        found.what,
        str(bound),
        bound.write(found.measured) + (" at worst" if found.summary == "worst" else ""),
        f"{bound.write(found.low)} to {bound.write(found.high)}",
        found.verdict if found.verdict == "met" else found.verdict.upper(),
        "; ".join([*_sides(found), *(f"{name}: {value:,.3g}" for name, value in found.rounds.notes.items())]),
    ]


def _sides(found: Finding) -> list[str]:
    if not found.rounds.theirs:
        return []
    sides = [f"{min(each):,.0f}–{max(each):,.0f}" for each in (found.rounds.ours, found.rounds.theirs)]
    return [f"{' against '.join(sides)} a second"]


def _rates(entries: Sequence[Entry]) -> Table:
    head = ["", "what", "requests/s", "rounds", "p50 ms", "p99 ms", "failed", "fallbacks", "µs without HTTP"]
    below = (
        "One request in eight is a click. Latencies are those of 16 connections that never pause. The last column "
        "is processor time for one decision, from checked parameters to an answer that is yet to be encoded."
    )
    return Table("Rivals", head, [_rate(entry) for entry in entries], below)


def _rate(entry: Entry) -> list[str]:
    name, what = entry.rival.name, entry.rival.what
    if not entry.rounds:
        return [f"`{name}`", what, f"not run: {entry.why_not}", "", "", "", "", "", ""]
    rates = [each.rate for each in entry.rounds]
    return [
        f"`{name}`",
        what,
        f"{entry.middle('rate'):,.0f}",
        f"{min(rates):,.0f} to {max(rates):,.0f}",
        f"{entry.middle('p50'):.1f}",
        f"{entry.middle('p99'):.1f}",
        str(sum(each.failed for each in entry.rounds)),
        str(sum(each.fallbacks for each in entry.rounds)),
        f"{entry.middle('alone'):.0f}" if entry.middle("alone") else "–",
    ]


def _promises(entries: Sequence[Entry]) -> Table:
    head = ["", "a log that survives the process", "propensity", "learns what was not clicked", "lost when killed"]
    rows = [
        [f"`{each.name}`", each.log, each.propensity, each.not_clicked, each.killed]
        for each in (entry.rival for entry in entries)
    ]
    return Table("What each promises", head, rows)


def _modules(profile: Profile) -> Table:
    shown = [share for share in profile.modules if share.share >= LEAST_SHARE]
    rows = [[f"`{share.name}`", share.what, *_time(share)] for share in shown]
    below = (
        f"{profile.samples:,} samples of {profile.requests:,} decisions. A library's time is counted for the "
        "module of Keyart that calls it; that of uvicorn and the event loop stands by itself."
    )
    title = f"Where {profile.microseconds:.0f} µs of processor time for a decision go"
    return Table(title, ["module", "what it is", "µs", "share"], rows, below)


def _functions(profile: Profile) -> Table:
    rows = [[f"`{share.name}`", *_time(share)] for share in profile.functions[:MOST_FUNCTIONS]]
    return Table("The costliest functions", ["function", "µs", "share"], rows)


def _time(share: Share) -> list[str]:
    return [f"{share.microseconds:.1f}", f"{share.share:.0%}"]


def _about(run: Run) -> str:
    machine = run.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    return (
        f"{machine.date}, commit {machine.commit or 'unknown'}: {machine.cores} cores of {machine.processor}, "
        f"{machine.system}, Python {machine.python}, {run.effort.rounds} rounds of {run.effort.seconds} s, "
        f"load average {machine.load:g} before it began. {versions}."
    )


def _plain(text: str) -> str:
    return text.replace("`", "")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
