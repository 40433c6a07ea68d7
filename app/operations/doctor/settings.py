"""The settings: what can't be, what is misspelt, and what is allowed but seldom meant."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from app.data_folder import DataFolder
from app.operations.doctor.finding import Finding, listed, note, ok, wrong
from app.operations.in_force import InForce
from app.settings import LINK, Settings, faults

PREFIX = "KEYART_"
LOWEST_FLOOR, HIGHEST_FLOOR = 0.005, 0.2
ROUNDING = 1e-6
LINKS = re.compile(r"_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$")
"""How the names of such variables end, whatever the service and its ports are called."""
SHOWN = 3
PLACES = frozenset({"data", "host", "port", "workers"})
"""What the other checks go by, which is taken over where the rest of the settings can't be."""


def read() -> tuple[Settings, list[str]]:
    """Return the settings, with defaults in the place of those that can't be, and what is wrong with these."""
    try:
        return Settings(), []
    except ValidationError as error:
        said = faults(error)
        bad = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
    try:
        return Settings(**_defaults(bad)), said
    except ValidationError:  # what is wrong is how some go together
        return Settings(**_defaults(Settings.model_fields.keys() - (PLACES - bad))), said


def _defaults(names: Iterable[str]) -> dict[str, Any]:
    return {name: Settings.model_fields[name].default for name in names}


def judged(
    here: Settings, told: InForce | None, environment: Mapping[str, str], *, running: bool
) -> Iterator[Finding]:
    """Say whose settings these are: those of this shell are of no account to a service that runs."""
    if told is None and not running:
        yield ok("judged", f"These are this shell's settings: no service runs on {here.data}.")
    elif told is None:
        yield note(
            "judged",
            f"These are this shell's settings: the service that runs on {here.data} has not told its own.",
            "Look again once it has started; one of an older release does not tell them.",
        )
    else:
        yield ok("judged", f"These are the settings of the running service, process {told.pid}.")
        yield from _otherwise(here, told.settings, environment)


def _otherwise(here: Settings, there: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Name what this shell sets otherwise than the service: a change that was forgotten, or meant for another."""
    names = [name for name in Settings.model_fields if f"{PREFIX}{name.upper()}" in environment]
    plain = [name for name in names if name not in {"data", "store"} and not name.endswith("_key")]
    other = [f"{PREFIX}{name.upper()}" for name in plain if getattr(here, name) != getattr(there, name)]
    if other:
        yield note(
            "this shell",
            f"The service goes by another value of {listed(other)} than this shell sets.",
            "Start the service again with it if it was meant for the service.",
        )


def findings(settings: Settings, said: Sequence[str], environment: Mapping[str, str]) -> Iterator[Finding]:
    for sentence in said:
        yield wrong(
            "value",
            sentence,
            "Set it to what docs/settings.md says, or not at all; the rest is looked at without.",
        )
    yield from unknown(environment)
    for check in (_listening, _demo, _keys, _control, _floor, _plays, _serving, _durability, _logging):
        yield from check(settings)


def unknown(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Find variables that look like settings: one that is misspelt does nothing, and nobody says so."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    ours = sorted(name for name in environment if name.upper().startswith(PREFIX))
    links = [name for name in ours if _is_link(name.upper(), environment[name])]
    if links:
        shown = ", ".join(links[:SHOWN]) + (" …" if links[SHOWN:] else "")
        yield note(
            "links",
            f"Kubernetes or Docker has set {shown} for a service of this name: no settings, and without effect.",
            "Leave them, or set `enableServiceLinks: false` in the Pod (docs/containers.md).",
        )
    strange = [name for name in ours if name.upper() not in known and name not in links]
    for name in strange:
        near = get_close_matches(name.upper(), known, n=1, cutoff=0.7)
        if near:
            yield wrong("name", f"{name} is no setting and does nothing.", f"Perhaps {near[0]} was meant.")
        else:
            yield note(
                "name", f"{name} is no setting and does nothing.", "Take it away; docs/settings.md lists them all."
            )
    if not strange:
        yield ok("names", "Every KEYART_ variable is a setting.")


def _is_link(name: str, value: str) -> bool:
    """Whether a variable is one of those that stand for another service."""
    return (name.endswith("_PORT") and LINK in value) or LINKS.search(name) is not None


def _listening(settings: Settings) -> Iterator[Finding]:
    if settings.on_loopback:
        yield ok("KEYART_HOST", f"{settings.host} can be reached from this machine alone.")
        return
    yield note(
        "KEYART_HOST",
        f"Other machines can reach {settings.host}, and what they send is not encrypted.",
        "Put a proxy that speaks TLS in front (docs/deploying.md), or set KEYART_HOST to 127.0.0.1.",
    )
    if "*" in settings.cors_origins:
        yield note(
            "KEYART_CORS_ORIGINS",
            "Pages of every origin may read this service's answers.",
            "Name the origins of your own pages.",
        )


def _demo(settings: Settings) -> Iterator[Finding]:
    if settings.preset == "demo":
        if not settings.on_loopback:
            yield note(
                "KEYART_PRESET",
                f"The demo preset is on, and others can reach {settings.host}: it is not for real viewers.",
                "Leave KEYART_PRESET away before real viewers come.",
            )
        return
    if not settings.hold_ms:
        yield note(
            "KEYART_HOLD_SECONDS",
            "Nothing is held: a viewer may see another picture of a title at each call.",
            "Set it to a day (86400), unless this is for trying things out.",
        )
    if not settings.learn_cap:
        yield note(
            "KEYART_LEARN_CAP",
            "One busy profile may teach the model as much as it likes.",
            "Set it to 60, unless all clients are your own.",
        )


def _keys(settings: Settings) -> Iterator[Finding]:
    if settings.admin_key and DataFolder(settings.data).admin_key.exists():
        yield note(
            "KEYART_ADMIN_KEY",
            f"It is set, so that the key in {DataFolder(settings.data).admin_key} opens nothing.",
            "Delete that file, so that nobody takes it for the key.",
        )
    elif not settings.admin_key and not DataFolder(settings.data).admin_key.exists():
        yield ok(
            "KEYART_ADMIN_KEY",
            f"None is set: one is made at the first start, in {DataFolder(settings.data).admin_key}.",
        )


def _control(settings: Settings) -> Iterator[Finding]:
    if not settings.best_single_share:
        yield note(
            "KEYART_BEST_SINGLE_SHARE",
            "No profile is in the best_single group, so the report can't tell a lift.",
            "Set it to 0.05, so that there is something to compare with.",
        )
    shares = settings.best_single_share + settings.uniform_share + settings.default_share
    if shares >= 1 - ROUNDING:
        yield wrong(
            "shares", "The control groups have all profiles: nobody is personalized.", "Lower the three shares."
        )


def _floor(settings: Settings) -> Iterator[Finding]:
    floor = settings.exploration_floor
    if floor < LOWEST_FLOOR:
        yield note(
            "KEYART_EXPLORATION_FLOOR",
            f"Only {floor:.2%} of each choice is left to chance: estimates and changes of taste are hard to see.",
            "Set it to 0.02.",
        )
    if floor > HIGHEST_FLOOR:
        yield note(
            "KEYART_EXPLORATION_FLOOR",
            f"{floor:.0%} of each choice is left to chance, so that little of what is learned is shown.",
            "Set it to 0.02, unless data is all that is wanted.",
        )


def _plays(settings: Settings) -> Iterator[Finding]:
    if settings.reward == "play" and settings.reward_window_seconds < settings.play_seconds:
        yield note(
            "KEYART_REWARD_WINDOW_SECONDS",
            f"The window is {settings.reward_window_seconds:g} s, and a play earns all only after "
            f"{settings.play_seconds:g} s watched: most of it comes too late.",
            "Set the window longer than KEYART_PLAY_SECONDS.",
        )


def _serving(settings: Settings) -> Iterator[Finding]:
    if settings.serve == "default":
        yield note(
            "KEYART_SERVE",
            "The kill switch is on: everyone gets the default picture, and nothing is logged or learned.",
            "Set it to policy once what it was turned on for is over.",
        )


def _durability(settings: Settings) -> Iterator[Finding]:
    what = "any process" if settings.sync == "normal" else "any process, and a power cut"
    yield ok("KEYART_SYNC", f"What is acknowledged survives the death of {what}.")


def _logging(settings: Settings) -> Iterator[Finding]:
    if settings.log_level == "debug":
        yield note(
            "KEYART_LOG_LEVEL", "There is a line for each request, which costs throughput.", "Set it to info."
        )
