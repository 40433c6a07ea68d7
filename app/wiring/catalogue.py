"""The catalogue's folders, and an editor over them."""

from pathlib import Path

from app.catalogue.editor import Editor
from app.catalogue.live import LiveCatalogue
from app.catalogue.originals import KeptOriginals
from app.data_folder import DataFolder
from app.settings import Settings
from app.store.protocol import Store
from assets.revisions import Revisions


def revisions_in(settings: Settings) -> Revisions:
    return Revisions(DataFolder(settings.data).catalogue)


def images_in(settings: Settings) -> Path:
    return DataFolder(settings.data).images


def uploads_in(settings: Settings) -> Path:
    return DataFolder(settings.data).uploads


def originals_in(settings: Settings) -> KeptOriginals:
    keep = settings.originals == "keep"
    return KeptOriginals(DataFolder(settings.data).originals, keep=keep, most=settings.originals_bytes)


def editor_in(settings: Settings, store: Store) -> Editor:
    revisions = revisions_in(settings)
    return Editor(store, revisions, LiveCatalogue(store.log, revisions), originals_in(settings))
