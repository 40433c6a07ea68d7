"""Everything that a route may call."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPBearer

from app.access import COOKIE, Access
from app.editor import Editor
from app.feedback import Recorder
from app.inspector import Inspector
from app.model import Model
from app.personalizer import Personalizer
from app.profiles import Profiles
from app.report import Reporter
from app.settings import Settings
from app.shelf import Shelf
from app.standings import Standings
from app.store.protocol import Store
from app.uploads import Uploads

NEVER_CACHED = "private, no-store"


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    clock: Callable[[], int]
    store: Store
    shelf: Shelf
    model: Model
    standings: Standings
    images: Path
    access: Access
    personalizer: Personalizer
    recorder: Recorder
    profiles: Profiles
    editor: Editor
    uploads: Uploads
    reporter: Reporter
    inspector: Inspector


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


Service = Annotated[Services, Depends(_services)]


ADMIN_KEY = HTTPBearer(
    scheme_name="admin_key",
    description="KEYART_ADMIN_KEY. Where none is set, a call from this machine itself needs none.",
    auto_error=False,
)
CLIENT_KEY = HTTPBearer(
    scheme_name="client_key", description="KEYART_CLIENT_KEY, or the admin key.", auto_error=False
)
SESSION = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    description="The cookie that POST /session gives for a key.",
    auto_error=False,
)
"""What the document says of keys; it is `Access` that checks them."""


def _admin(
    request: Request,
    response: Response,
    _: Annotated[object, Depends(ADMIN_KEY)],
    __: Annotated[object, Depends(SESSION)],
) -> None:
    _services(request).access.demand_admin(request)
    response.headers["Cache-Control"] = NEVER_CACHED


def _client(
    request: Request,
    response: Response,
    _: Annotated[object, Depends(CLIENT_KEY)],
    __: Annotated[object, Depends(SESSION)],
) -> None:
    _services(request).access.demand_client(request)
    response.headers["Cache-Control"] = NEVER_CACHED


ADMIN = Depends(_admin)
CLIENT = Depends(_client)
