"""The entries that record an edit of the catalogue: its author, its kind, and what it changed."""

from collections.abc import Collection
from functools import partial
from typing import NamedTuple

from msgspec import structs

from app.catalogue.changes import Fields, changes, only_artwork
from app.records import encode
from app.store.protocol import Author, EditDraft
from assets.catalogue import Title
from assets.revisions import Catalogue, DamagedRevision, Revisions, UnknownRevision

MOST_ENTRIES = 500
"""Titles that an edit records one by one; an edit of more, such as a large import, has one entry with the ids."""


At = Collection[str] | None


class Doing(NamedTuple):
    """An edit under way: its author, its kind and its subject.

    With `at` it is an edit only of these revisions of the title. A change without an author is not recorded.
    """

    by: Author | None
    operation: str
    title: str | None = None
    artwork: str | None = None
    at: At = None


def entries(doing: Doing, before: Catalogue, after: Catalogue, revisions: Revisions) -> list[EditDraft]:
    """Return the entries that record an edit: one for each title, or one for very many."""
    if doing.by is None:
        return []
    entry = partial(_entry, doing, doing.by)

    def of_title(title: str) -> EditDraft:
        old, new = before.titles.get(title), after.titles.get(title)
        was, became = changes(_known(old, revisions), _known(new, revisions))
        artwork = doing.artwork or only_artwork(became)
        return structs.replace(entry(was, became), title=title, artwork=artwork, old=old, new=new)

    ids = dict.fromkeys([*before.titles, *after.titles])
    changed = [id_ for id_ in ids if before.titles.get(id_) != after.titles.get(id_)]
    edits = []
    if before.barred != after.barred:
        edits.append(entry({"barred": before.barred}, {"barred": after.barred}))
    if len(changed) > MOST_ENTRIES:
        return [*edits, entry(None, {"titles": changed})]
    return [*edits, *map(of_title, changed)]


def _known(revision: str | None, revisions: Revisions) -> Title | None:
    """Return a title; None also for an unreadable one, whose fields are not known."""
    try:
        return None if revision is None else revisions.title(revision)
    except (DamagedRevision, UnknownRevision):
        return None


def _entry(doing: Doing, by: Author, was: Fields | None, became: Fields | None) -> EditDraft:
    before, after = (None if fields is None else encode(fields) for fields in (was, became))
    return EditDraft(by, doing.operation, doing.title, doing.artwork, before, after)
