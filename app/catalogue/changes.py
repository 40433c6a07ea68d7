"""The fields of a title that an edit changed, before and after, in the API's words."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from assets.artwork import Artwork
from assets.catalogue import Title
from assets.crop import CANVASES, Box

Fields = dict[str, Any]
TITLE: Final = ("name", "names", "synopsis", "genres", "maturity", "default")
COMPUTED: Final = frozenset({"features", "recipe", "fingerprint", "crops", "original", "treatment", "declared"})
"""Fields that are not recorded, because they follow from the picture, which `source` identifies, or an import."""
ARTWORK: Final = [each.name for each in fields(Artwork) if each.name not in COMPUTED | {"id", "provenance"}]


def changes(before: Title | None, after: Title | None) -> tuple[Fields | None, Fields | None]:
    """Return the fields that differ, before and after; None for a title that did not exist or was deleted."""
    old, new = told(before), told(after)
    if old is None or new is None:
        return old, new
    one, other = _differing(old, new)
    if "artworks" in one:
        one["artworks"], other["artworks"] = _of_artworks(old["artworks"], new["artworks"])
    return one, other


def told(title: Title | None) -> Fields | None:
    if title is None:
        return None
    return {
        **{name: getattr(title, name) for name in TITLE},
        "artworks": {each.id: _artwork(each) for each in title.artworks},
        "pins": [asdict(pin) for pin in title.pins],
    }


def only_artwork(fields: Fields | None) -> str | None:
    artworks = (fields or {}).get("artworks", ())
    return next(iter(artworks)) if len(artworks) == 1 else None


def _of_artworks(old: Mapping[str, Fields], new: Mapping[str, Fields]) -> tuple[Fields, Fields]:
    one: Fields = {}
    other: Fields = {}
    for id_ in dict.fromkeys([*old, *new]):
        before, after = old.get(id_), new.get(id_)
        if before is not None and after is not None:
            before, after = _differing(before, after)
        if before or after:
            one[id_], other[id_] = before, after
    return one, other


def _differing(old: Fields, new: Fields) -> tuple[Fields, Fields]:
    names = [name for name in old if old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}


def _artwork(artwork: Artwork) -> Fields:
    direct = {name: getattr(artwork, name) for name in ARTWORK}
    return {**direct, "crops": _by_hand(artwork), **asdict(artwork.provenance)}


def _by_hand(artwork: Artwork) -> dict[str, Box | None]:
    """Return the box of each crop that a person set, and None for the others: a PATCH takes them in this form."""
    return {canvas: artwork.boxes.get(canvas) for canvas in CANVASES}
