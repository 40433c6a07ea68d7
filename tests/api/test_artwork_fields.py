"""The one table of an artwork's fields: where each may be said, and where it is told."""

from dataclasses import fields
from typing import get_type_hints

from app.api.edit_bodies import ArtworkBody
from app.api.listing import ListedArtwork
from app.api.upload_form import UploadForm
from app.catalogue.changes import changes
from assets.artwork import Artwork
from assets.importing.manifest import ArtworkEntry
from assets.provenance import Provenance
from tests.builders import a_film

EVERYWHERE = "import form body listing edits"
NOWHERE = ""
TABLE = {
    "name": EVERYWHERE,
    "alt": EVERYWHERE,
    "status": "body listing edits",
    "tags": EVERYWHERE,
    "locales": EVERYWHERE,
    "placements": EVERYWHERE,
    "maturity": EVERYWHERE,
    "valid_from": EVERYWHERE,
    "valid_until": EVERYWHERE,
    "made": EVERYWHERE,
    "creator": EVERYWHERE,
    "licence": EVERYWHERE,
    "consent": EVERYWHERE,
    "focus": EVERYWHERE,
    "faces": EVERYWHERE,
    "original": "listing",
    "treatment": NOWHERE,
    "features": "listing",
    "source": "edits",
    "id": "listing",
    "recipe": NOWHERE,
    "fingerprint": NOWHERE,
    "crops": "import form body edits",  # a listing tells them with their images
    "declared": NOWHERE,
}
BESIDE = {
    "import": {"titled"},  # about the file
    "form": {"artwork", "consent_until"},  # the id, and a part of the consent: a form has no objects
    "body": set[str](),
    "listing": {"image"},  # made from the crops
    "edits": set[str](),
}


def test_every_field_of_an_artwork_is_in_the_table() -> None:
    """A new field needs a decision for each way in which an artwork is described or answered."""
    own = {each.name for kind in (Artwork, Provenance) for each in fields(kind)} - {"provenance"}
    assert own == TABLE.keys()


def test_each_way_has_the_fields_that_the_table_gives_it() -> None:
    _, edited = changes(None, a_film("countdown"))
    assert edited
    ways = {
        "import": {each.name for each in fields(ArtworkEntry)},
        "form": set(UploadForm.model_fields),
        "body": set(ArtworkBody.model_fields),
        "listing": set(get_type_hints(ListedArtwork)),
        "edits": set(next(iter(edited["artworks"].values()))),
    }
    given = {way: {name for name, where in TABLE.items() if way in where.split()} for way in ways}
    assert ways == {way: names | BESIDE[way] for way, names in given.items()}
