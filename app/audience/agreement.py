"""Whether the service counted what the audience did."""

import asyncio

from app.audience.scores import GROUPS, Outcomes
from app.audience.service import Service

STILL_SECONDS = 15.0
"""Seconds, beyond the window, without progress of the report after which the run stops waiting."""
LOOK_SECONDS = 0.5
TOLERANCE = 1e-4
"""The tolerance per exposure when rewards are compared, because the report rounds them."""
Groups = dict[str, dict[str, float]]


async def reported(service: Service, before: Groups, exposures: int, window: float) -> Groups:
    """Return what the report has come to count since `before`, once that is so many exposures or gets no more."""
    loop = asyncio.get_running_loop()
    most, until = -1, 0.0
    while True:
        groups = await service.groups()
        found = sum(int(groups[name]["exposures"] - before[name]["exposures"]) for name in GROUPS)
        if found > most:
            most, until = found, loop.time() + window + STILL_SECONDS
        if found >= exposures or loop.time() > until:
            return groups
        await asyncio.sleep(LOOK_SECONDS)


def agreement(before: Groups, after: Groups, outcomes: Outcomes) -> str:
    found = differences(before, after, outcomes)
    if not found:
        exposures, clicks = len(outcomes.group), int(outcomes.clicked.sum())
        return f"GET /report counts the same: {exposures:,} exposures, {clicks:,} clicks."
    others = "others used the service, or feedback came after its window"
    return f"GET /report has other counts ({'; '.join(found)}): {others}."


def differences(before: Groups, after: Groups, outcomes: Outcomes) -> list[str]:
    found = []
    for group in GROUPS:
        mask = outcomes.of(group)
        here = {"exposures": mask, "clicks": outcomes.clicked[mask], "reward": outcomes.reward[mask]}
        for what, values in here.items():
            reported_here, total = after[group][what] - before[group][what], float(values.sum())
            slack = TOLERANCE * (1 + int(mask.sum())) if what == "reward" else 0.0
            if abs(reported_here - total) > slack:
                found.append(f"{group}: {what} {reported_here:g} in the report, {total:g} counted here")
    return found
