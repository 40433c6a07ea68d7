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
from assets.rendering.originals import NOT_KEPT, Originals


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that stays; `file` is the SHA-256 of the folder's file, which may be another one."""

    picture: Picture
    file: str
    notes: tuple[Note, ...] = ()


_LOST = (
    "Some of its renditions are lost, and the folder does not have the file that was uploaded; upload that again."
)


def kept_or_asked(each: PlannedArtwork, images: Path, originals: Originals | None) -> Kept | Job:
    """Return the known picture of an artwork, or the job to make it. Raises `PictureError` if its file is lost.

    A picture that was uploaded after the folder's file was imported stays until the folder has another file. A
    picture from before originals were kept gets a job that only keeps its original, if the file is the same.
    """
    known = each.known
    if known is None:
        return each.job
    content = read(Path(each.job.path), each.job.name)
    file, size = sha256(content).hexdigest(), len(content)
    lost = not all(crop.is_whole(images) for crop in known.crops)
    unfinished = any(crop.unfinished for crop in known.crops)
    if known.source != file and not merging.is_news(file, known):
        return Kept(_picture(known), file, (Note("lost", _LOST),) if lost else ())
    focus, faces = merging.where(each.entry, known, file)
    boxes = merging.boxes(each.entry, known, file)
    job = replace(each.job, focus=focus, faces=faces, boxes=boxes)
    if lost or unfinished or job.recipe(file) != known.recipe:
        return job
    picture = _picture(known)
    if originals is None or not _lacks_original(known, originals):
        return Kept(picture, file)
    if not originals.has_room(size):
        return Kept(picture, file, (Note("original", NOT_KEPT),))
    return replace(job, known=picture)


def _lacks_original(known: Artwork, originals: Originals) -> bool:
    """Return whether an original should be there and is not. After a withdrawn consent it should not."""
    consent = known.provenance.consent
    withdrawn = consent is not None and consent.withdrawn
    return not withdrawn and originals.lacks(known.original)


def _picture(known: Artwork) -> Picture:
    return Picture(**{each.name: getattr(known, each.name) for each in fields(Picture)})
