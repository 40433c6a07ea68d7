"""Choose, for each viewer profile, which artwork to show for a title, and learn from what the viewer does.

Settings come from the environment: KEYART_DATA, KEYART_PORT and others, which docs/settings.md lists. A command
ends with status 0 when all is well, with 1 and a sentence when it can't do what it was asked to, and with 2 when
a setting or an argument can't be.
"""

from functools import partial
from importlib.metadata import version as version_of
from typing import Annotated

import typer

from app.commands import audience, backup, doctor, health, importing, opening, reporting, serving, training
from app.commands.terminal import Command, run

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help=__doc__,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
command = partial(app.command, cls=Command)
# In the order in which one comes to need them; `--help` shows them so.
command()(serving.serve)
command()(doctor.doctor)
command("import")(importing.import_)
command()(importing.contact_sheet)
command("open")(opening.open_)
command()(reporting.report)
command()(audience.audience)
command()(training.models)
command()(training.rebuild)
command()(backup.backup)
command()(training.train)
command()(health.health)
command(hidden=True)(serving.worker)


def _tell_version(asked: bool) -> None:  # noqa: FBT001  as typer calls it
    if asked:
        typer.echo(f"keyart {version_of('keyart')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and end.")
]


@app.callback()
def _begin(*, version: Version = False) -> None:
    """Take the options before a command."""


def main() -> None:
    run(partial(app, prog_name="keyart"))
