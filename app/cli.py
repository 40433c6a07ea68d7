"""Choose, for each viewer profile, which artwork to show for a title, and learn from what the viewer does.

Settings come from the environment: KEYART_DATA, KEYART_PORT and others, which docs/settings.md lists. A command
ends with status 0 when all is well, with 1 and a sentence when it can't do what it was asked to, and with 2 when
a setting or an argument can't be.
"""

from functools import partial
from typing import Annotated

import typer

from app.commands.loading import Commands, Listed
from app.commands.terminal import run

COMMANDS = {  # In the order in which one comes to need them; `--help` shows them so.
    "serve": Listed("serve", "Answer requests, with a trainer beside it, until Ctrl-C or SIGTERM."),
    "doctor": Listed(
        "doctor",
        "Say what is wrong with the machine, the settings, the data folder, the model and the clock, and what to "
        "do.",
    ),
    "import": Listed(
        "import_",
        "Merge a folder of pictures into the catalogue, beside a running service or without one.",
    ),
    "contact-sheet": Listed(
        "contact_sheet",
        "Draw each picture of a folder with its focus, faces and crops, to look at before an import.",
    ),
    "open": Listed(
        "open_", "Print a link that signs one browser in as an admin, and open it where there is a browser."
    ),
    "report": Listed(
        "report", "Show what each group of viewers clicked, and the lift over the best single picture."
    ),
    "audience": Listed("audience", "Play an audience to a service, and show how much of its taste was learned."),
    "models": Listed("models", "List the snapshots of the model, the latest first, and then the candidates."),
    "rebuild": Listed(
        "rebuild",
        "Fold the log anew from the oldest base, and say whether that ends at the weights and counts in use.",
    ),
    "backup": Listed("backup", "Copy the data folder to a new folder, while the service runs or not."),
    "train": Listed(
        "train",
        "Fold the log and publish snapshots, or stand by while another trainer leads, until Ctrl-C or SIGTERM.",
    ),
    "health": Listed(
        "health", "Say whether the service is ready, or whether a trainer leads; end with status 1 if not."
    ),
    "worker": Listed("worker", "Answer requests on an inherited socket.", hidden=True),
}


class Keyart(Commands):
    listed = COMMANDS


app = typer.Typer(
    cls=Keyart,
    add_completion=False,
    no_args_is_help=True,
    help=__doc__,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:  # noqa: FBT001  as typer calls it
    if asked:
        from importlib.metadata import version

        typer.echo(f"keyart {version('keyart')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and end.")
]


@app.callback()
def _begin(*, version: Version = False) -> None:
    """Take the options before a command."""


def main() -> None:
    run(partial(app, prog_name="keyart"))
