"""`keyart serving`: default pictures for everyone, or the policy again, while the service runs."""

from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from app.commands.environment import settings_for
from app.commands.orders import Why, interventions, ordered


def serving(
    pictures: Annotated[
        Literal["default", "policy"] | None,
        typer.Argument(help="The pictures that everyone gets. Without it the command shows which ones they are."),
    ] = None,
    *,
    why: Why = "",
) -> None:
    """Give everyone the default pictures, or let the policy choose again, without a restart.

    The command calls the service that runs on the data folder, with KEYART_ADMIN_KEY or the key in the data
    folder. Every worker follows within a second. Decisions with default pictures are logged, and nothing is
    learned from them.

    Examples:
        keyart serving default --why "The new pictures are wrong"
        keyart serving policy
        keyart serving
    """
    order = {"pictures": pictures, "why": why} if pictures else None
    found = interventions(settings_for("serving"), "serving", order)
    Console().print(sentence(found), soft_wrap=True, markup=False)


def sentence(found: dict[str, Any]) -> str:
    if found.get("serving") != "default":
        return "The policy chooses the pictures."
    return f"Everyone gets default pictures{ordered(found.get('serving_by'))}."
