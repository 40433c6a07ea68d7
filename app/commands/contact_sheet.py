"""`keyart contact-sheet`: pages to look through before an import."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.import_ import EMPTY
from app.commands.terminal import fail
from assets import SAMPLES
from assets.importing.ingest import jobs_of
from assets.importing.manifest import ManifestError
from assets.picture import PictureError
from assets.rendering.contact_sheet import contact_sheet as draw_contact_sheet


def contact_sheet(
    folder: Annotated[
        Path, typer.Argument(help="A folder as for `keyart import`.", show_default="the samples")
    ] = SAMPLES,
    out: Annotated[Path, typer.Option(help="The folder for the pages.")] = Path("contact-sheet"),
) -> None:
    """Draw each picture of a folder with its focus, faces and crops, to check them before an import.

    Examples:
        keyart contact-sheet
        keyart contact-sheet ./artwork --out ./pages
    """
    try:
        pages = draw_contact_sheet(jobs_of(folder), out)
    except (PictureError, ManifestError) as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"Writing the pages to {out} failed: {error.strerror}; name another folder.") from None
    if not pages:
        raise fail(EMPTY.format(folder=folder))
    typer.echo(f"{len(pages)} pages in {out}.")
