"""The settings: those that are not valid or misspelt, and those that are allowed but seldom meant."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from app.data_folder import DataFolder
from app.operations.doctor.finding import Finding, every, finding, first, listed
from app.operations.doctor.observed import Observed
from app.settings import LINK, Settings, faults

PREFIX = "KEYART_"
LOWEST_FLOOR, HIGHEST_FLOOR = 0.005, 0.2
ROUNDING = 1e-6
LINKS = re.compile(r"_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$")
"""The endings of the names of such variables, whose service and ports may have any name."""
SHOWN = 3
NEEDED = frozenset({"data", "host", "port", "workers"})
"""The settings that the other checks use. They are kept even if the others are not valid."""


def read() -> tuple[Settings, list[str]]:
    """Return the settings, with defaults for those that are not valid, and their faults."""
    try:
        return Settings(), []
    except ValidationError as error:
        said = faults(error)
        bad = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
    try:
        return Settings(**_defaults(bad)), said
    except ValidationError:  # each of them is valid, but not all of them together
        return Settings(**_defaults(Settings.model_fields.keys() - (NEEDED - bad))), said


def _defaults(names: Iterable[str]) -> dict[str, Any]:
    return {name: Settings.model_fields[name].default for name in names}


def findings(seen: Observed, faults: Sequence[str], environment: Mapping[str, str]) -> Iterator[Finding]:
    here, told = seen.here, seen.told
    whose = {"service-told": told, "service-silent": seen.running, "shell-judged": True}
    yield first(whose, data=here.data, pid=told and told.pid)
    if told and (other := _otherwise(here, told.settings, environment)):
        yield finding("shell-differs", names=listed(other))
    yield from (finding("value-not-valid", fault=fault) for fault in faults)
    yield from _unknown(environment)
    yield from seldom_meant(seen.settings)


def _otherwise(here: Settings, there: Settings, environment: Mapping[str, str]) -> list[str]:
    """Name what this shell sets otherwise than the service: a change that was forgotten, or meant for another."""
    names = [name for name in Settings.model_fields if f"{PREFIX}{name.upper()}" in environment]
    plain = [name for name in names if name not in {"data", "store", "alarm_url"} and not name.endswith("_key")]
    return [f"{PREFIX}{name.upper()}" for name in plain if getattr(here, name) != getattr(there, name)]


def _unknown(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Find variables that look like settings: one that is misspelt does nothing, and nobody says so."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    ours = sorted(name for name in environment if name.upper().startswith(PREFIX))
    links = [name for name in ours if _is_link(name.upper(), environment[name])]
    if links:
        yield finding("name-link", names=", ".join(links[:SHOWN]) + (" …" if links[SHOWN:] else ""))
    strange = [name for name in ours if name.upper() not in known and name not in links]
    for name in strange:
        near = get_close_matches(name.upper(), known, n=1, cutoff=0.7)
        yield first({"name-misspelt": near, "name-unknown": True}, name=name, near="".join(near))
    if not strange:
        yield finding("names-known")


def _is_link(name: str, value: str) -> bool:
    return (name.endswith("_PORT") and LINK in value) or LINKS.search(name) is not None


def seldom_meant(it: Settings) -> Iterator[Finding]:
    key, demo, reachable = DataFolder(it.data).admin_key, it.preset == "demo", not it.on_loopback
    conditions = {
        "host-here": not reachable,
        "host-reachable": reachable,
        "origins-all": reachable and "*" in it.cors_origins,
        "demo-reachable": reachable and demo,
        "hold-none": not demo and not it.hold_ms,
        "learn-cap-none": not demo and not it.learn_cap,
        "admin-key-file-idle": it.admin_key and key.exists(),
        "admin-key-made": not it.admin_key and not key.exists(),
        "best-single-none": not it.best_single_share,
        "shares-full": it.best_single_share + it.uniform_share + it.default_share >= 1 - ROUNDING,
        "floor-low": it.exploration_floor < LOWEST_FLOOR,
        "floor-high": it.exploration_floor > HIGHEST_FLOOR,
        "play-too-late": it.reward == "play" and it.reward_window_seconds < it.play_seconds,
        "kill-switch": it.serve == "default",
        "sync-normal": it.sync == "normal",
        "sync-full": it.sync == "full",
        "log-debug": it.log_level == "debug",
    }
    return every(conditions, settings=it, key=key)
