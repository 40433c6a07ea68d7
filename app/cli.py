"""Choose, for each viewer profile, which artwork to show for a title, and learn from what the viewer does."""

import typer

from app.commands import importing, reporting, serving, training

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
app.command()(serving.serve)
app.command(hidden=True)(serving.worker)
app.command()(training.train)
app.command("import")(importing.import_)
app.command()(importing.contact_sheet)
app.command()(reporting.report)
app.command()(training.models)
app.command()(training.rebuild)


def main() -> None:
    app()
