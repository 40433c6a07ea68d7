"""Everything that a route may call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPBearer

from app.api.access import COOKIE, Access, Caller
from app.api.parameters import refuse_unclear
from app.api.roles import ADMINS, ANYONE, CLIENTS, EDITORS, Roles
from app.catalogue.corrections import Corrections
from app.catalogue.editor import Editor
from app.catalogue.finishing import Finishing
from app.catalogue.live import LiveCatalogue
from app.catalogue.rendering import Rendering
from app.catalogue.uploads import Uploads
from app.data_folder import ADMIN_KEY
from app.evaluation.audit_report import AuditReporter
from app.evaluation.fitness import FitnessReporter
from app.evaluation.group_report import GroupReporter
from app.evaluation.lift_report import LiftReporter
from app.evaluation.report import Reporter
from app.evaluation.score_explanation import ScoreExplainer
from app.evaluation.series_report import SeriesReporter
from app.evaluation.shares_report import SharesReporter
from app.evaluation.title_probabilities import ProbabilityReporter
from app.evaluation.title_search import TitleSearch
from app.operations.candidates import Candidates
from app.operations.interventions import Operator
from app.operations.watch import Watch
from app.serving.best_single import BestSingle
from app.serving.canary import Canary
from app.serving.explanation import Explainer
from app.serving.feedback import Recorder
from app.serving.model import Model
from app.serving.personalizer import Personalizer
from app.serving.switch import Switch
from app.settings import Settings
from app.store.protocol import Author, Store
from app.viewers.bots import Bots
from app.viewers.own_records import OwnRecords
from app.viewers.profiles import Profiles
from app.viewers.pseudonym import Identity
from app.viewers.viewer import Viewers

NEVER_CACHED = "private, no-store"


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    clock: Callable[[], int]
    store: Store
    live_catalogue: LiveCatalogue
    identity: Identity
    model: Model
    canary: Canary
    viewers: Viewers
    best_single: BestSingle
    switch: Switch
    operator: Operator
    images: Path
    access: Access
    bots: Bots
    personalizer: Personalizer
    recorder: Recorder
    profiles: Profiles
    own_records: OwnRecords
    editor: Editor
    rendering: Rendering
    uploads: Uploads
    corrections: Corrections
    finishing: Finishing
    reporter: Reporter
    audit_reporter: AuditReporter
    group_reporter: GroupReporter
    lift_reporter: LiftReporter
    series_reporter: SeriesReporter
    shares_reporter: SharesReporter
    title_search: TitleSearch
    probability_reporter: ProbabilityReporter
    watch: Watch
    explainer: Explainer
    score_explainer: ScoreExplainer
    fitness: FitnessReporter
    candidates: Candidates


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


Service = Annotated[Services, Depends(_services)]


SESSION = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    description="The cookie that POST /session gives for a key, and `keyart open` gives by a link.",
    auto_error=False,
)


def _needing(roles: Roles, scheme: str, description: str) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that admits only these roles, and documents it."""
    bearer = HTTPBearer(scheme_name=scheme, description=description, auto_error=False)

    async def admit(
        request: Request,
        response: Response,
        _: Annotated[object, Depends(bearer)],
        __: Annotated[object, Depends(SESSION)],
    ) -> Caller:
        caller = await _services(request).access.demand(request, roles)
        refuse_unclear(request)
        response.headers["Cache-Control"] = NEVER_CACHED
        return caller

    return admit


_edit = _needing(EDITORS, "editor_key", "KEYART_EDITOR_KEY, or the admin key.")
ADMIN = Depends(_needing(ADMINS, "admin_key", f"KEYART_ADMIN_KEY, or the key in the file DATA/{ADMIN_KEY}."))
EDITOR = Depends(_edit)
CLIENT = Depends(_needing(CLIENTS, "client_key", "KEYART_CLIENT_KEY, or the admin key."))
HOLDER = Depends(_needing(ANYONE, "any_key", "Any of the keys."))


async def _author(caller: Annotated[Caller, EDITOR]) -> Author:
    return Author(caller.role, caller.name)


By = Annotated[Author, Depends(_author)]


async def _operator(caller: Annotated[Caller, ADMIN]) -> Author:
    return Author(caller.role, caller.name)


Operating = Annotated[Author, Depends(_operator)]
