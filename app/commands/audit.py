"""`keyart audit`: which viewers are shown which pictures more or less often than others are."""

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.catalogue.live import LiveCatalogue
from app.commands.environment import settings_in_use
from app.commands.terminal import fail
from app.evaluation.audit_report import AuditReporter
from app.evaluation.exposure_difference import SIZE, Audit
from app.refusals import NotFound
from app.settings import Settings
from app.wiring.catalogue import revisions_in
from app.wiring.stores import open_store


def audit(
    *,
    title: Annotated[str | None, typer.Option(help="Compare the artworks of this title, and not tags.")] = None,
    size: Annotated[float, typer.Option(min=0, max=1, help="The least difference of shares to name.")] = SIZE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the audit as JSON.")] = False,
) -> None:
    """Compare what viewers with each attribute, audit attribute and taste are shown with what others are.

    A difference is named if chance does not explain it, after a correction for all comparisons, and if it is at
    least as great as --size. Titles that only some viewers look at make no difference. The command reads the whole
    log and changes nothing. The service may run meanwhile.

    Examples:
        keyart audit
        keyart audit --title sintel --size 0.1
    """
    settings = settings_in_use("audit")
    try:
        found = asyncio.run(_audited(settings, title, size))
    except NotFound as error:
        raise fail(f"There is no title {title!r}; the desk and GET /titles list them.") from error
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))  # noqa: T201
    else:
        _show(Console(), found)


async def _audited(settings: Settings, title: str | None, size: float) -> Audit:
    store = open_store(settings, read_only=True)
    try:
        live_catalogue = LiveCatalogue(store.log, revisions_in(settings))
        await live_catalogue.refresh()
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("Reading the log", total=(await store.log.head()).position)
            reporter = AuditReporter(store.log, live_catalogue)
            return await reporter.of(title, size, most=None, progress=lambda n: progress.advance(task, n))
    finally:
        await store.close()


def _show(console: Console, found: Audit) -> None:
    if not found["compared"]:
        needed = f"a comparison needs {found['fewest']} viewers with a value, and others"
        console.print(f"{found['decisions']:,} decisions of the policy are too few: {needed}.")
        return
    named = [each for each in found["differences"] if each["named"]]
    differences = "1 difference" if len(named) == 1 else f"{len(named) or 'No'} differences"
    console.print(
        f"{found['decisions']:,} decisions of the policy, {found['compared']:,} comparisons. "
        f"{differences} of at least {found['size']:.0%} that chance does not explain."
    )
    for each in named:
        console.print(f"- {escape(each['says'])}")
    if found["differences"]:
        console.print(_table(found))


def _table(found: Audit) -> Table:
    shown = Table("viewers with", "", "number", "see", "share", "others", "difference", "95 % interval", "p")
    for each in found["differences"]:
        low, high = each["interval"]
        shown.add_row(
            escape(each["dimension"]),
            escape(each["value"]),
            f"{each['viewers']:,}",
            escape(each["label"]),
            f"{each['shown']:.1%}",
            f"{each['shown_to_others']:.1%}",
            f"{each['difference']:+.1%}",
            f"{low:+.1%} to {high:+.1%}",
            _p(each),
            style="bold" if each["named"] else None,
        )
    return shown


def _p(difference: Any) -> str:  # noqa: ANN401
    return "< 0.001" if difference["p"] < 0.001 else f"{difference['p']:.3f}"  # noqa: PLR2004  as statisticians write
