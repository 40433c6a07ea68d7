"""The common parts of commands that order interventions: the reason, and the sentences about orders."""

import time
from typing import Annotated, Any

import typer

from app.commands.calling import called
from app.settings import Settings

Why = Annotated[str, typer.Option(help="The reason, which the list of edits shows (GET /edits).")]


def interventions(settings: Settings, name: str, order: dict[str, Any] | None) -> dict[str, Any]:
    """Give the service an order about `name`, or none, and return the interventions that are in force then."""
    if order is None:
        return called(settings, "GET", "/interventions")
    return called(settings, "PUT", f"/interventions/{name}", order)


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def ordered(given: dict[str, Any] | None) -> str:
    """Say since when an order is in force, who gave it, and why."""
    if not given:
        return ""
    why = f": {given['why']}" if given["why"] else ""
    return f" since {moment(given['at'])}, by {given['role']} ({given['name']}){why}"
