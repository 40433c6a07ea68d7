"""The process that trains a candidate in the shadow, and the orders about it."""

import asyncio

from app.catalogue.live import LiveCatalogue
from app.data_folder import DataFolder
from app.evaluation.candidate_learner import learner_of
from app.evaluation.fitness import FitnessReporter
from app.interventions import Shadowing
from app.learning.candidate_file import CandidateFile
from app.learning.candidate_fold import Mixture
from app.learning.shadow import Parts, Shadow
from app.operations.candidates import Candidates
from app.operations.interventions import Operator
from app.settings import DAY_MS, Settings
from app.store.protocol import Store
from app.wiring.catalogue import revisions_in
from app.wiring.stores import open_store


async def shadow(settings: Settings, stop: asyncio.Event) -> None:
    """Train the candidate in force until `stop`, or until there is none."""
    store = open_store(settings, scan=False)  # the trainer has looked at the whole log
    live_catalogue = LiveCatalogue(store.log, revisions_in(settings))
    fitness = FitnessReporter(store, live_catalogue, settings.learner, settings.exploration_floor)
    operator = Operator(store, round(settings.retention_days * DAY_MS))
    candidates = candidates_of(settings, store, operator, fitness)

    async def by_rule(_: Shadowing) -> str | None:
        return await candidates.promote_by_rule()

    mixture = Mixture(settings.exploration_floor, settings.demands)
    try:
        parts = Parts(learner_of, mixture, by_rule)
        await Shadow(store, live_catalogue, CandidateFile(DataFolder(settings.data).candidate), parts).run(stop)
    finally:
        await store.close()


def candidates_of(settings: Settings, store: Store, operator: Operator, fitness: FitnessReporter) -> Candidates:
    return Candidates(
        operator, store, CandidateFile(DataFolder(settings.data).candidate), learner_of, fitness.demand
    )
