"""Importing a folder of pictures into the catalogue."""

from collections.abc import Callable
from pathlib import Path

from app.catalogue.editor import COMMAND_LINE, Editor
from app.catalogue.stoppable import stoppable
from assets.importing.ingest import Ingest, Row, ingest
from assets.rendering.originals import Originals
from assets.rendering.workers import Stop


async def import_folder(
    editor: Editor,
    images: Path,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    originals: Originals | None = None,
) -> tuple[Row, ...]:
    """Merge a folder of pictures into the current catalogue, in one step; return the result of each.

    It takes long, and keeps the edits that others make meanwhile.
    """
    before, barred = await editor.titles(), await editor.barred()

    def run(stop: Stop) -> Ingest:
        return ingest(
            folder,
            current=before,
            images=images,
            originals=originals,
            barred=barred,
            progress=progress,
            stop=stop,
        )

    result = await stoppable(run)
    changed = {id_: title for id_, title in result.titles.items() if before.get(id_) != title}
    if changed or result.barred:
        await editor.merge(COMMAND_LINE, changed, before, result.barred)
    return result.rows
