"""The consequences of an order about the canary: groups, an experiment, and the learner that decides."""

from dataclasses import replace

from app.api.services import Services
from app.interventions import Interventions
from app.learning.experiments import begin_with, with_canary
from bandit.groups import Groups


def share_of(in_force: Interventions) -> float:
    return in_force.candidate.share if in_force.candidate else 0.0


class CanaryFollower:
    """Follows the interventions in force in a worker."""

    def __init__(self, services: Services, groups: Groups):
        self._services, self._groups = services, groups
        self._share = 0.0

    async def refresh(self) -> None:
        """Assign the profiles, begin an experiment if the share is another one, and load the candidate."""
        candidate, share = self._services.switch.in_force.candidate, share_of(self._services.switch.in_force)
        await self._services.canary.follow(candidate.given.position if candidate and share else None)
        if share == self._share:
            return
        groups = replace(self._groups, canary=min(share, self._groups.rest))
        self._services.viewers.regroup(groups)
        self._services.profiles.regroup(groups)
        await begin_with(self._services.store.log, with_canary(self._services.settings.terms(), share))
        self._share = share
