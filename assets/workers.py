"""Rendering many originals at once, so that none of them can stop the rest."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from assets.renditions import Picture, PictureError, read, render, write
from assets.survey import Original

Result = tuple[Original, Picture | PictureError]


def render_all(originals: Sequence[Original], images: Path, workers: int) -> Iterator[Result]:
    """Yield each original with its picture or its fault, as they get ready."""
    workers = min(workers, len(originals))
    if workers <= 1:
        yield from ((original, render_one(original, images)) for original in originals)
        return
    unfinished = dict.fromkeys(originals)
    try:
        for result in _pooled(originals, images, workers):
            del unfinished[result[0]]
            yield result
    except BrokenProcessPool:
        # A picture took its process down, and the pool with it: alone, each answers for itself.
        yield from (_alone(original, images) for original in unfinished)


def render_one(original: Original, images: Path) -> Picture | PictureError:
    """Read one original and write its renditions; a fault is returned, as another process may ask."""
    try:
        picture, encoded = render(read(original.path, original.name), original.name)
    except PictureError as error:
        return error
    write(images, encoded)
    return picture


def _pooled(originals: Sequence[Original], images: Path, workers: int) -> Iterator[Result]:
    # Spawned, as a fork would copy whatever threads and locks the parent has.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)
    try:
        futures = {pool.submit(render_one, original, images): original for original in originals}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when its parent is gone: a killed one tells nobody, and a pool waits for work for ever."""

    def watch() -> None:
        parent = parent_process()
        if parent:
            parent.join()
            os._exit(1)

    Thread(target=watch, name="lifeline", daemon=True).start()


def _alone(original: Original, images: Path) -> Result:
    try:
        return next(_pooled([original], images, 1))
    except BrokenProcessPool:
        fault = f"{original.name!r} brought down the process that read it; export it again, or smaller."
        return original, PictureError(fault)
