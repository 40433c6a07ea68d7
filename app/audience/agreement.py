"""Whether the service counted what the audience did."""

import asyncio
from collections.abc import Mapping
from typing import Any

from app.audience.scores import GROUPS, Outcomes, Row
from app.audience.service import Service

STILL_SECONDS = 15.0
"""So long, beyond the window, the report may stand still before the rest is not waited for."""
LOOK_SECONDS = 0.5
TOLERANCE = 1e-4
"""Of rewards, for each exposure: the report rounds them."""
Groups = Mapping[str, Mapping[str, float]]


async def reported(service: Service, before: Groups, exposures: int, window: float) -> Groups:
    """Return what the report has come to count since `before`, once that is so many exposures or gets no more."""
    loop = asyncio.get_running_loop()
    most, until = -1, 0.0
    while True:
        groups: Groups = (await service.report())["groups"]
        found = sum(int(groups[name]["exposures"] - before[name]["exposures"]) for name in GROUPS)
        if found > most:
            most, until = found, loop.time() + window + STILL_SECONDS
        if found >= exposures or loop.time() > until:
            return groups
        await asyncio.sleep(LOOK_SECONDS)


def differences(before: Groups, after: Groups, counted: Outcomes) -> list[str]:
    """Say in which group, and in what, the two counts differ."""
    rows = {row.group: row for row in counted.rows()}
    return [
        f"{group}: {what} {there:g} in the report, {here:g} counted here"
        for group in GROUPS
        for what, there, here, slack in _pairs(before[group], after[group], rows.get(group))
        if abs(there - here) > slack
    ]


def _pairs(
    before: Mapping[str, float], after: Mapping[str, float], row: Row | None
) -> list[tuple[str, float, float, float]]:
    exposures, clicks, reward = (row.exposures, row.clicks, row.reward_total) if row else (0, 0, 0.0)
    here: dict[str, Any] = {"exposures": exposures, "clicks": clicks, "reward": reward}
    slack = {"reward": TOLERANCE * (1 + exposures)}
    return [(what, after[what] - before[what], value, slack.get(what, 0.0)) for what, value in here.items()]
