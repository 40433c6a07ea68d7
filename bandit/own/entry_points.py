"""The entry points by which packages name learners. A package is imported only if its learner is used."""

import re
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from bandit.policy import FaultyLearnerError

GROUP = "keyart.learners"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
METHODS = {
    "probabilities": "probabilities(self, context, actions)",
    "learn": "learn(self, example)",
    "snapshot": "snapshot(self)",
    "restore": "a class method restore(cls, snapshot)",
}


def names() -> list[str]:
    """Return the names of the learners that the installed packages declare."""
    return sorted({each.name for each in entry_points(group=GROUP)})


def lacking(name: str) -> str | None:
    """Return why no class has this name, and the remedy, as the end of a sentence; None if one has."""
    declared = {each.value for each in _declared(name)}
    if len(declared) > 1:
        return f"is declared several times, as {' and '.join(sorted(declared))}; uninstall all packages but one"
    if declared and NAME.fullmatch(name):
        return None
    if declared:
        return "is not a valid name; rename the entry point, with a-z, 0-9, _ and -, the first of them a letter"
    return (
        f"is not installed: the learners are logistic, vowpal, and those of the entry point group {GROUP}, which "
        f"has {', '.join(names()) or 'none'} here; correct the name, or install the package into the environment "
        "of Keyart"
    )


def origin(name: str) -> str:
    """Return the class that a package declares by this name, with the package and its version."""
    found = next(iter(_declared(name)))
    package = f"{found.dist.name} {found.dist.version}" if found.dist else "a package without a name"
    return f"{found.value} of {package}"


@cache
def class_named(name: str) -> Any:  # noqa: ANN401  any class
    """Import the class of this name; raises `FaultyLearnerError`."""
    if reason := lacking(name):
        raise FaultyLearnerError(f"The learner {name!r} {reason}.")
    [target] = {each.value: each for each in _declared(name)}.values()
    try:
        found = target.load()
    except Exception as error:
        raise FaultyLearnerError(
            f"The learner {name!r} is not usable, because the import of {target.value} failed: {cause(error)}. "
            "Correct the package, or install what it needs."
        ) from error
    demand_methods(name, found)
    return found


def demand_methods(name: str, found: Any) -> None:  # noqa: ANN401  any object
    """Refuse an object that is not a class, and a class that lacks a method."""
    if not isinstance(found, type):
        raise FaultyLearnerError(f"The learner {name!r} is {found!r}, which is not a class; name a class.")
    for method, written in METHODS.items():
        if not callable(getattr(found, method, None)):
            raise FaultyLearnerError(
                f"The learner {name!r} has no method {method} in its class {found.__name__}; write {written}."
            )


def cause(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _declared(name: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP, name=name))
