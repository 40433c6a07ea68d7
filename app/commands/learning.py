"""`keyart learning`: a pause of the learner, or its end, while the service runs."""

from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from app.commands.environment import settings_for
from app.commands.orders import Why, interventions, ordered

STATES = {"pause": "paused", "resume": "running"}


def learning(
    do: Annotated[
        Literal["pause", "resume"] | None,
        typer.Argument(help="Pause the learner, or let it resume. Without it the command shows its state."),
    ] = None,
    *,
    why: Why = "",
) -> None:
    """Pause the learner, or let it resume; then it learns the events that came meanwhile, too.

    The command calls the service that runs on the data folder, with KEYART_ADMIN_KEY or the key in the data
    folder. Pictures, the report and tastes continue during a pause. The log keeps the events.

    Examples:
        keyart learning pause --why "Clicks of the TV app are missing"
        keyart learning resume
        keyart learning
    """
    order = {"state": STATES[do], "why": why} if do else None
    found = interventions(settings_for("learning"), "learning", order)
    Console().print(sentence(found), soft_wrap=True, markup=False)


def sentence(found: dict[str, Any]) -> str:
    if found.get("learning") != "paused":
        return "The learner learns."
    return f"Learning is paused{ordered(found.get('learning_by'))}."
