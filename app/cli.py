"""Choose the artwork of a title for each viewer profile, and learn from the viewers' feedback.

Settings come from the environment: KEYART_DATA, KEYART_PORT and others, which docs/settings.md lists. A command
ends with status 0 if it succeeds, with status 1 and a sentence if it fails, and with status 2 if a setting or an
argument is not valid.
"""

from functools import partial
from typing import Annotated

import typer

from app.commands.loading import Commands, Listed
from app.commands.terminal import run

COMMANDS = {  # In the order in which users come to need them; `--help` keeps it.
    "serve": Listed("serve", "Answer requests and run a trainer, until Ctrl-C or SIGTERM."),
    "doctor": Listed(
        "doctor",
        "Find faults of the machine, the settings, the data folder, the model and the clock, and name the "
        "remedies.",
    ),
    "import": Listed(
        "import_",
        "Merge a folder of pictures into the catalogue, whether or not the service runs.",
    ),
    "import-history": Listed(
        "import_history",
        "Learn from exposures that another system had: a row for each, with its outcome, the oldest first.",
    ),
    "contact-sheet": Listed(
        "contact_sheet",
        "Draw each picture of a folder with its focus, faces and crops, to check them before an import.",
    ),
    "open": Listed(
        "open_", "Print a link that signs one browser in as an admin, and open it if this machine has a browser."
    ),
    "report": Listed(
        "report", "Show what each group of viewers clicked, and the lift over the best single picture."
    ),
    "audit": Listed(
        "audit",
        "Compare what viewers with each attribute, audit attribute and taste are shown with what others are.",
    ),
    "explain": Listed(
        "explain",
        "Explain a decision: what raised and lowered each candidate's score, and what would change the choice.",
    ),
    "experiments": Listed(
        "experiments",
        "List the experiments, the latest first, with the lift of each and what may be concluded from it.",
    ),
    "audience": Listed(
        "audience", "Let made-up viewers use a service, and show how much of their taste it learned."
    ),
    "evaluate": Listed(
        "evaluate",
        "Estimate the reward that other policies would have earned on the decisions of the log.",
    ),
    "export": Listed(
        "export",
        "Write the joined examples of the log to a file: each closed exposure with its decision and its reward.",
    ),
    "learners": Listed(
        "learners",
        "List the learners of this environment, or check that one keeps the rules of every learner.",
    ),
    "models": Listed("models", "List the kept snapshots, or promote, roll back, freeze or thaw the model."),
    "candidate": Listed(
        "candidate",
        "Train a candidate in the shadow, compare it with the learner in use, and promote it.",
    ),
    "serving": Listed(
        "serving",
        "Give everyone the default pictures, or let the policy choose again, without a restart.",
    ),
    "learning": Listed(
        "learning", "Pause the learner, or let it resume; then it learns the events that came meanwhile, too."
    ),
    "quarantine": Listed(
        "quarantine", "Leave the exposures between two moments out of everything that is learned and counted."
    ),
    "rebuild": Listed(
        "rebuild",
        "Fold the log again from the oldest base, and compare the result with the weights and totals in use.",
    ),
    "backup": Listed("backup", "Copy the data folder to a new folder, whether or not the service runs."),
    "train": Listed(
        "train",
        "Fold the log and publish snapshots until Ctrl-C or SIGTERM; wait while another trainer leads.",
    ),
    "health": Listed("health", "Say whether the service is ready or a trainer leads; end with status 1 if not."),
    "history": Listed(
        "history", "Let the sample viewers use the service, and wait until it has learned from them.", hidden=True
    ),
    "shadow": Listed("shadow", "Train the candidate in force beside the trainer.", hidden=True),
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
