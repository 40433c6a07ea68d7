"""`/edits`: each change of the catalogue, with its author, its time and the values before."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from typing_extensions import TypedDict

from app.api.services import EDITOR, Service
from app.fields import Slug
from app.store.protocol import Edit

router = APIRouter(tags=["catalogue"])
Limit = Annotated[int, Query(ge=1, le=200, description="The most edits to list.")]
LATEST = 2**53 - 1
Before = Annotated[
    int | None, Query(ge=1, le=LATEST, description="List only older edits: `next` of the previous answer.")
]
Of = Annotated[Slug | None, Query(description="List only edits of this title.")]
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RecordedEdit(TypedDict):
    """An edit: `at` is in Unix seconds; `name` is the session's, or `key`.

    `before` and `after` hold the fields that changed. They are null if there was nothing before or is nothing
    after. Their `artworks` holds the changed fields of each artwork. An import of more than 500 titles is one edit
    without a `title`, and names the titles in `after`. The revisions name the whole title before and after the
    edit.
    """

    id: int
    at: float
    role: Literal["admin", "editor", "command line"]
    name: str
    operation: str
    title: str | None
    artwork: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    revision_before: str | None
    revision_after: str | None


class RecordedEdits(TypedDict):
    """Edits, the newest first. `next` leads to the next page; it is null at the end."""

    edits: list[RecordedEdit]
    next: int | None


@router.get("/edits", dependencies=[EDITOR])
async def list_edits(
    services: Service, limit: Limit = 50, before: Before = None, title: Of = None
) -> RecordedEdits:
    """List the edits of titles, artworks, pins and the catalogue, the newest first.

    The service keeps the latest 20,000 edits.
    """
    found = await services.store.edits.latest(limit + 1, before=before, title=title)
    page, more = found[:limit], len(found) > limit
    return {"edits": [_shown(each) for each in page], "next": page[-1].id if more else None}


def _shown(edit: Edit) -> RecordedEdit:
    what = edit.what
    role: Any = what.by.role
    return {
        "id": edit.id,
        "at": edit.stamp / 1000,
        "role": role,
        "name": what.by.name,
        "operation": what.operation,
        "title": what.title,
        "artwork": what.artwork,
        "before": _fields(what.before),
        "after": _fields(what.after),
        "revision_before": what.old,
        "revision_after": what.new,
    }


def _fields(content: bytes | None) -> dict[str, Any] | None:
    return None if content is None else _decode(content)
