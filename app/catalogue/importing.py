"""Importing a folder of pictures into the catalogue."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from app.catalogue.editor import COMMAND_LINE, Editor
from app.catalogue.stoppable import stoppable
from assets.importing.ingest import Ingest, Row, ingest
from assets.importing.written import Written
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

    It takes long, and keeps the edits that others make meanwhile. If it fails, all files that it wrote are
    deleted: on a full disk a running service could not log a decision any more.
    """
    written = Written(images, originals.folder if originals else None)
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
            written=written,
        )

    try:
        result = await stoppable(run)
        changed = {id_: title for id_, title in result.titles.items() if before.get(id_) != title}
        if changed or result.barred:
            await editor.merge(COMMAND_LINE, changed, before, result.barred)
    except Exception:
        titles = await editor.titles()
        await asyncio.to_thread(written.remove, titles.values())
        raise
    return result.rows
