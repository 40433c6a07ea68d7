"""The choice between pictures that stay as they are, and pictures to develop because their files are new."""

from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path

from assets.artwork import Artwork
from assets.importing import merging
from assets.importing.outcome import Note
from assets.importing.plan import PlannedArtwork
from assets.picture import Job, Picture
from assets.rendering.decoding import read


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that stays; `file` is the SHA-256 of the folder's file, which may be another one."""

    picture: Picture
    file: str
    notes: tuple[Note, ...] = ()


_LOST = (
    "Some of its renditions are lost, and the folder does not have the file that was uploaded; upload that again."
)


def kept_or_asked(each: PlannedArtwork, images: Path) -> Kept | Job:
    """Return the known picture of an artwork, or the job to make it. Raises `PictureError` if its file is lost.

    A picture that was uploaded after the folder's file was imported stays until the folder has another file.
    """
    known = each.known
    if known is None:
        return each.job
    file = sha256(read(Path(each.job.path), each.job.name)).hexdigest()
    lost = not all(crop.is_whole(images) for crop in known.crops)
    if known.source != file and not merging.is_news(file, known):
        return Kept(_picture(known), file, (Note("lost", _LOST),) if lost else ())
    focus, faces = merging.where(each.entry, known, file)
    boxes = merging.boxes(each.entry, known, file)
    job = replace(each.job, focus=focus, faces=faces, boxes=boxes)
    return job if lost or job.recipe(file) != known.recipe else Kept(_picture(known), file)


def _picture(known: Artwork) -> Picture:
    return Picture(**{each.name: getattr(known, each.name) for each in fields(Picture)})
