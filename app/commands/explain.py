"""`keyart explain`: what raised and lowered the score of each candidate of a decision."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.commands.calling import called
from app.commands.environment import settings_for


def explain(
    decision: Annotated[str, typer.Argument(help="The decision_id that came with the picture.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")] = False,
) -> None:
    """Explain a decision: what raised and lowered each candidate's score, and what would change the choice.

    The command asks the service that runs on the data folder, with KEYART_ADMIN_KEY or the data folder's key.
    The explanation names attributes and tastes of the viewer.

    Examples:
        keyart explain $DECISION_ID
        keyart explain --json $DECISION_ID
    """
    record = called(settings_for("explain"), "GET", f"/decisions/{quote(decision, safe='')}")
    if as_json:
        print(json.dumps(record, indent=2, ensure_ascii=False))  # noqa: T201
    else:
        _show(Console(), record)


def _show(console: Console, record: Mapping[str, Any]) -> None:
    explanation = record["explanation"]
    console.print(f"{record['title']}: {record['artwork']}, chosen with probability {record['propensity']:.1%}.")
    if explanation["missing"]:
        console.print(escape(explanation["missing"]))
        return
    console.print(escape(explanation["says"]))
    for candidate in sorted(explanation["candidates"], key=lambda each: -each["probability"]):
        console.print(_table(candidate))
    for change in explanation["instead"]:
        console.print(escape(change))


def _table(candidate: Mapping[str, Any]) -> Table:
    chance = f"best with {candidate['best']:.1%}, drawn with {candidate['probability']:.1%} after the floor"
    shown = Table(title=f"{candidate['artwork']}: {chance}", title_justify="left", show_header=False)
    shown.add_column(justify="right")
    shown.add_column(overflow="fold")
    for part in (*candidate["raised"], *candidate["lowered"]):
        shown.add_row(f"{part['log_odds']:+.3f}", escape(part["reason"]))
    shown.add_row(f"{candidate['rest']:+.3f}", "the rest")
    shown.add_row(f"{candidate['log_odds']:+.3f}", "the log-odds, to compare with those of the other candidates")
    return shown
