"""`keyart explain`: what raised and lowered the score of each candidate of a decision."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import httpx2
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.commands.calling import key_for
from app.commands.environment import settings_for
from app.commands.terminal import fail
from app.operations.health import address_of
from app.wiring.keys import KeyFileError

SECONDS = 30.0


def explain(
    decision: Annotated[str, typer.Argument(help="The decision_id that came with the picture.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")] = False,
) -> None:
    """Explain a decision: what raised and lowered each candidate's score, and what would change the choice.

    The command asks the service at KEYART_PORT of this machine, with KEYART_ADMIN_KEY or the data folder's key.
    The explanation names attributes and tastes of the viewer.

    Examples:
        keyart explain $DECISION_ID
        keyart explain --json $DECISION_ID
    """
    settings = settings_for("explain")
    address = address_of(settings.host, settings.port)
    try:
        key = key_for(settings, address)
    except KeyFileError as error:
        raise fail(str(error)) from None
    record = _asked(f"{address}/decisions/{quote(decision, safe='')}", key)
    if as_json:
        print(json.dumps(record, indent=2, ensure_ascii=False))  # noqa: T201
    else:
        _show(Console(), record)


def _asked(address: str, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"}
    try:
        answer = httpx2.get(address, headers=headers, timeout=SECONDS, trust_env=False)
    except httpx2.TransportError as error:
        reason = str(error) or type(error).__name__
        raise fail(f"No Keyart answers at {address} ({reason}); start it, or set KEYART_PORT.") from None
    try:
        found = answer.json()
    except ValueError:
        found = None
    if answer.is_success and isinstance(found, dict):
        return found
    detail = found.get("detail") if isinstance(found, dict) else None
    raise fail(f"The service does not explain this decision: {detail or answer.status_code}")


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
