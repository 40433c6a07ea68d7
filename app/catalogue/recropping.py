"""The crops of an artwork, made again from its kept original."""

from dataclasses import fields, replace
from typing import Any, Final

from app.catalogue.originals import KeptOriginals
from app.catalogue.rendering import Rendering
from app.refusals import Conflict, Invalid
from assets.artwork import Artwork
from assets.picture import Job, Picture, PictureError

_STAYING: Final = frozenset({"original", "treatment"})
"""The fields of a picture that a rendering from the kept original does not tell."""


class Recropping:
    def __init__(self, rendering: Rendering, originals: KeptOriginals):
        self._rendering, self._originals = rendering, originals

    def demand_original(self, artwork: Artwork) -> None:
        """Raise `Conflict` if the service does not have the original."""
        if not artwork.kept_original:
            off = "" if self._originals.keep else ", after KEYART_ORIGINALS is set to keep"
            raise Conflict(
                f"The service has no original of {artwork.id!r}, so it cannot crop the picture again; upload the "
                f"picture again with its focus and faces{off}."
            )
        if not self._originals.path(artwork.original).is_file():
            raise Conflict(
                f"The original of {artwork.id!r} is lost; upload the picture again with its focus and faces."
            )

    async def rendered(self, before: Artwork, after: Artwork, *, quick: bool) -> Picture:
        """Render an artwork with the focus, faces and boxes that it has `after` a change.

        Crops that do not move are those from `before`. Large ones stay unfinished if it is to be `quick`.
        """
        path = str(self._originals.path(before.original))
        as_before = Job(
            path, before.id, before.focus, before.faces, before.treatment, before.source, boxes=before.boxes
        )
        crops = before.crops if as_before.recipe(before.source) == before.recipe else ()
        job = replace(as_before, focus=after.focus, faces=after.faces, boxes=after.boxes, crops=crops, quick=quick)
        try:
            return await self._rendering.again(job)
        except PictureError as error:
            raise _refused(error) from error


def made(artwork: Artwork, picture: Picture) -> Artwork:
    """Return the artwork with the crops of a picture, and with all else that was measured on it."""
    found: dict[str, Any] = {
        each.name: getattr(picture, each.name) for each in fields(Picture) if each.name not in _STAYING
    }
    return replace(artwork, **found)


def crop_by(artwork: Artwork) -> tuple[object, ...]:
    """Return all that decides the crops."""
    return artwork.source, artwork.focus, artwork.faces, artwork.treatment, artwork.boxes


def _refused(error: PictureError) -> Invalid:
    return Invalid.field(error.field, str(error).rstrip(".")) if error.field else Invalid(str(error))
