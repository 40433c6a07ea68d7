"""`keyart doctor`: the faults of machine, settings, data, model and clock, and their remedies."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from app.operations.doctor.checkup import check
from app.operations.doctor.finding import Finding, Level
from app.wiring.stores import engine_of

SECONDS = 10.0
"""The longest check of a database. While a check lasts, SQLite cannot shorten the write-ahead log."""
STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}
Url = Annotated[str | None, typer.Option(help="Ask the service at this address, such as http://127.0.0.1:8000.")]


def doctor(
    *,
    url: Url = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Check each database to its end, without a time limit.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Find faults of the machine, the settings, the data folder, the model and the clock, and name the remedies.

    The command changes nothing, whether or not the service runs. A note marks a thing that works, but perhaps not
    as you meant it. The status is 0 if nothing is wrong and 1 if something is wrong.

    Examples:
        keyart doctor
        keyart doctor --json
        KEYART_DATA=/srv/keyart keyart doctor --url http://127.0.0.1:8000
    """
    groups = asyncio.run(check(os.environ, engine_of, float("inf") if thorough else SECONDS, url))
    levels = Counter(finding.level for findings in groups.values() for finding in findings)
    if as_json:
        told = [{"name": name, "findings": [asdict(each) for each in found]} for name, found in groups.items()]
        typer.echo(json.dumps({"wrong": levels["wrong"], "notes": levels["note"], "groups": told}))
    else:
        _print(groups, levels)
    raise typer.Exit(1 if levels["wrong"] else 0)


def _print(groups: Mapping[str, list[Finding]], levels: Counter[Level]) -> None:
    out = Console()
    for name, findings in groups.items():
        out.print(Text(name, style="bold"))
        for finding in findings:
            out.print(_line(finding), soft_wrap=True)
        out.print()
    out.print(_verdict(levels), highlight=False)


def _line(finding: Finding) -> Text:
    line = Text(f"  {finding.level:<5}", style=STYLES[finding.level])
    line.append(f"  {finding.about}: {finding.sentence}", style="default not bold")
    if finding.remedy:
        line.append(f"\n         {finding.remedy}", style="default italic not bold")
    return line


def _verdict(levels: Counter[Level]) -> str:
    notes = f"; {levels['note']} to note" if levels["note"] else ""
    return f"{levels['wrong']} wrong{notes}." if levels["wrong"] else f"Nothing is wrong{notes}."
