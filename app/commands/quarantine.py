"""`keyart quarantine`: exposures to leave out of everything that is learned and counted."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.commands.calling import called
from app.commands.environment import settings_for
from app.commands.orders import Why, moment
from app.commands.terminal import fail


def quarantine(
    since: Annotated[
        str | None, typer.Argument(metavar="FROM", help="The beginning, such as 2026-12-01T14:00 (UTC).")
    ] = None,
    until: Annotated[str | None, typer.Argument(metavar="TO", help="The end; it may be in the future.")] = None,
    *,
    device: Annotated[str | None, typer.Option(help="Only exposures on this device.")] = None,
    lift: Annotated[
        int | None, typer.Option(min=1, help="End the quarantine with this number, instead of a new one.")
    ] = None,
    why: Why = "",
) -> None:
    """Leave the exposures between two moments out of everything that is learned and counted.

    An exposure is meant if its reward window was open at any time between FROM and TO. Everything that was
    learned from these exposures is folded out: the trainer sets a new base, and folds the log again from the
    oldest one. The records stay in the log. Without FROM and TO the command lists the quarantines in force.

    The command calls the service that runs on the data folder, with KEYART_ADMIN_KEY or the key in the data
    folder.

    Examples:
        keyart quarantine 2026-12-01T14:00 2026-12-01T15:30 --device tv --why "Release 7.2 sends no clicks"
        keyart quarantine
        keyart quarantine --lift 48213
    """
    settings = settings_for("quarantine")
    if lift is not None:
        if since is not None:
            raise fail("FROM and --lift do not go together, because the number names the span; leave one out.")
        found = called(settings, "DELETE", f"/interventions/quarantines/{lift}", query={"why": why})
    elif since is None:
        found = called(settings, "GET", "/interventions")
    elif until is None:
        raise fail(f"There is no end after {since}; write TO, too, such as 2026-12-01T15:30.")
    else:
        body = {"since": since, "until": until, "why": why, **({"device": device} if device else {})}
        found = called(settings, "POST", "/interventions/quarantines", body)
    _show(found)


REMEDY = (
    "To fold that out, too, stop the service and run `keyart rebuild --publish`: it begins at the oldest record, "
    "and undoes promotions."
)


def _show(found: dict[str, Any]) -> None:
    out, quarantines = Console(), found.get("quarantines", [])
    if quarantines:
        out.print(table(quarantines))
    out.print(sentence(found), soft_wrap=True, markup=False)


def table(quarantines: list[dict[str, Any]]) -> Table:
    shown = Table("number", "from", "to", "device", "ordered", "why")
    for each in quarantines:
        by = each["by"]
        span = moment(each["since"]), moment(each["until"])
        device, why = escape(each["device"] or "all"), escape(by["why"])
        shown.add_row(str(by["position"]), *span, device, moment(by["at"]), why)
    return shown


def sentence(found: dict[str, Any]) -> str:
    quarantines = found.get("quarantines", [])
    if not found.get("folded_out", True):
        return "The trainer folds the log again; run this command again to see when it is done."
    if not quarantines:
        return "Nothing is in quarantine."
    since = found.get("folds_since")
    if since is None or since <= min(each["since"] for each in quarantines):
        return "All of it is folded out."
    early = f"learned before {moment(since)}, the time of the oldest base"
    if since >= max(each["until"] for each in quarantines):
        return f"It is not folded out, because all of it was {early}. {REMEDY}"
    return f"All of it is folded out, except everything {early}. {REMEDY}"
