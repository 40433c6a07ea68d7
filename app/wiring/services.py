"""Services: what the routes may call, built over a store and kept up to date."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from app.api.access import Access
from app.api.services import Services
from app.api.tickets import LINK_MS, SESSION_MS, Tickets
from app.catalogue.corrections import Corrections
from app.catalogue.editor import Editor
from app.catalogue.finishing import Finishing
from app.catalogue.image import IMAGES
from app.catalogue.live import LiveCatalogue
from app.catalogue.rendering import Rendering
from app.catalogue.uploads import Uploads
from app.clock import now_ms
from app.data_folder import DataFolder
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
from app.interventions import SETTING, interventions_in
from app.learning.candidate_file import CandidateFile
from app.learning.experiments import begin_with, with_canary
from app.operations.alarm_calls import AlarmCalls, post_to
from app.operations.interventions import Operator
from app.operations.store_watch import StoreWatch
from app.operations.watch import Facts, Watch
from app.public_url import origin_of
from app.records import encode
from app.serving.best_single import BestSingle
from app.serving.canary import Canary
from app.serving.decision_id import DecisionIds
from app.serving.drafting import Drafting
from app.serving.explanation import Explainer
from app.serving.fallbacks import Fallbacks
from app.serving.feedback import Recorder
from app.serving.model import Model
from app.serving.personalizer import Personalizer
from app.serving.probabilities import ChoiceProbabilities
from app.serving.switch import Switch
from app.settings import DAY_MS, Settings
from app.store.protocol import Store
from app.telemetry import metrics
from app.viewers.bots import Bots
from app.viewers.own_records import OwnRecords
from app.viewers.profiles import Profiles
from app.viewers.pseudonym import Identity
from app.viewers.viewer import Viewers
from app.wiring.canary import CanaryFollower, share_of
from app.wiring.catalogue import images_in, originals_in, revisions_in, uploads_in
from app.wiring.keys import identity_key, keys_of, make_admin_key, signing_keys
from app.wiring.shadow import candidates_of
from bandit.groups import Groups

log = structlog.get_logger()

REFRESH_SECONDS = 0.25
"""How often a worker looks for a new catalogue or snapshot: what an editor changes is seen within a second."""


@asynccontextmanager
async def opened(settings: Settings, store: Store, clock: Callable[[], int] = now_ms) -> AsyncIterator[Services]:
    """Yield the services over a store, kept up to date while they are in use."""
    make_admin_key(settings)  # where `keyart serve` has not done so before
    await store.log.declare(encode(settings.reward_rules()))
    in_force = interventions_in(await store.log.setting(SETTING))
    await begin_with(store.log, with_canary(settings.terms(), share_of(in_force)))
    services = await build(settings, store, clock)
    canary = CanaryFollower(services, groups_of(settings, services.identity))
    await _refresh(services, canary)
    running = (_follow(services, canary), services.watch.run(), services.finishing.run())
    tasks = [asyncio.create_task(each) for each in running]
    if settings.alarm_url:
        calls = AlarmCalls(DataFolder(settings.data).alarms, post_to(settings.alarm_url))
        tasks.append(asyncio.create_task(calls.follow(services.watch)))
    try:
        yield services
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await services.rendering.end()


async def build(settings: Settings, store: Store, clock: Callable[[], int]) -> Services:
    identity = Identity(await identity_key(store.log))
    keys = await signing_keys(store.log)
    groups = groups_of(settings, identity)
    ids = DecisionIds(keys, settings.answerable_ms)
    revisions = revisions_in(settings)
    live_catalogue = LiveCatalogue(store.log, revisions, clock, settings.public_url + IMAGES)
    model, best_single, switch = Model(store.state), BestSingle(store.state), Switch(store.log)
    canary = Canary(CandidateFile(DataFolder(settings.data).candidate))
    viewers = Viewers(store, identity, groups, settings.unused_attributes)
    images_folder, originals = images_in(settings), originals_in(settings)
    editor = Editor(store, revisions, live_catalogue, originals)
    rendering = Rendering(data=settings.data, images=images_folder, originals=originals)
    finishing = Finishing(editor, rendering, originals, live_catalogue)
    fitness = FitnessReporter(store, live_catalogue, settings.learner, settings.exploration_floor)
    operator = Operator(store, round(settings.retention_days * DAY_MS))
    candidates = candidates_of(settings, store, operator, fitness)
    choice_probabilities = ChoiceProbabilities(
        model, best_single, switch, canary, settings.exploration_floor, settings.demands
    )
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        live_catalogue=live_catalogue,
        identity=identity,
        model=model,
        canary=canary,
        viewers=viewers,
        best_single=best_single,
        switch=switch,
        operator=operator,
        images=images_folder,
        bots=Bots(settings.bots),
        access=Access(
            keys_of(settings),
            sessions=Tickets("keyart-session", SESSION_MS, signing_key=keys[-1], passes=store.passes, clock=clock),
            links=Tickets("keyart-link", LINK_MS, signing_key=keys[-1], passes=store.passes, clock=clock),
            origin=origin_of(settings.public_url),
        ),
        personalizer=Personalizer(
            settings,
            store_log=store.log,
            viewers=viewers,
            drafting=Drafting(choice_probabilities, settings.hold_ms),
            ids=ids,
            fallbacks=Fallbacks(clock),
            clock=clock,
        ),
        recorder=Recorder(store.log, ids, identity, store.log.now, settings.placed),
        profiles=Profiles(store, identity, groups),
        own_records=OwnRecords(store.log, identity),
        editor=editor,
        rendering=rendering,
        uploads=Uploads(editor, rendering, folder=uploads_in(settings)),
        corrections=Corrections(editor, rendering, originals, finishing),
        finishing=finishing,
        reporter=Reporter(store.state),
        group_reporter=GroupReporter(store.state),
        lift_reporter=LiftReporter(store.state),
        audit_reporter=AuditReporter(store.log, live_catalogue),
        series_reporter=SeriesReporter(store.state, store.log.now),
        shares_reporter=SharesReporter(store.state, store.log.now),
        title_search=TitleSearch(live_catalogue, store.state),
        probability_reporter=ProbabilityReporter(
            log=store.log,
            viewers=viewers,
            live_catalogue=live_catalogue,
            choice_probabilities=choice_probabilities,
            serve=settings.serve,
            clock=clock,
        ),
        watch=Watch(
            Facts(
                store,
                live_catalogue,
                lambda: model.snapshot,
                clock,
                settings.data,
                settings.reward_window_seconds,
                lambda: switch.in_force,
                candidates.standing,
            )
        ),
        explainer=Explainer(store.log, ids, store.log.now),
        score_explainer=ScoreExplainer(store.state, live_catalogue),
        fitness=fitness,
        candidates=candidates,
    )


def groups_of(settings: Settings, identity: Identity) -> Groups:
    return Groups(identity.key, settings.best_single_share, settings.uniform_share, settings.default_share)


async def _follow(services: Services, canary: CanaryFollower) -> None:
    watch = StoreWatch(services.store)
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        await watch.look()
        await _refresh(services, canary)


async def _refresh(services: Services, canary: CanaryFollower) -> None:
    """Load a new catalogue or snapshot. A failure is logged and retried; the last good one serves."""
    services.best_single.look_again()
    for what, refresh in (
        ("interventions", services.switch.refresh),
        ("catalogue", services.live_catalogue.refresh),
        ("snapshot", services.model.refresh),
        ("canary", canary.refresh),
    ):
        try:
            await refresh()
        except Exception:
            log.exception("refresh_failed", what=what)
    if services.model.created is not None:
        metrics.SNAPSHOT_AGE.set((services.clock() - services.model.created) / 1000)
