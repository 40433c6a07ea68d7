"""Every policy that is measured, by its name; any other goes by MODULE:CLASS."""

from importlib import import_module
from typing import NamedTuple, cast

from tests.bench.quality.policies.policy import Maker

_HERE = "tests.bench.quality.policies"


class Entry(NamedTuple):
    place: str
    what: str


POLICIES = {
    "random": Entry(f"{_HERE}.plain:Random", "each picture equally often"),
    "thompson": Entry(f"{_HERE}.plain:Thompson", "Thompson sampling of each picture, for all viewers alike"),
    "stock": Entry(f"{_HERE}.vowpal:Stock", "Vowpal Wabbit as its defaults come"),
    "mabwiser": Entry(f"{_HERE}.with_mabwiser:LinTS", "mabwiser's linear Thompson sampling"),
    "gittins": Entry(f"{_HERE}.with_gittins:Gittins", "gittins, given the affinity as a feature"),
    "reference": Entry(f"{_HERE}.vowpal:Reference", "Vowpal Wabbit, well set by hand, given the affinity"),
    "keyart-vowpal": Entry("tests.bench.adapter:KeyartVowpal", "Keyart with `KEYART_LEARNER=vowpal`"),
    "keyart": Entry("tests.bench.adapter:KeyartPolicy", "Keyart as it comes"),
    "full": Entry(
        f"{_HERE}.vowpal:FullInformation", "a regression that is told what each picture would have earned"
    ),
}


def maker(name: str) -> Maker:
    """Return what makes a policy from a case and a seed. Raises `LookupError` if there is no such thing."""
    place = POLICIES[name].place if name in POLICIES else name
    module, colon, attribute = place.partition(":")
    if not colon:
        raise LookupError(f"There is no policy {name!r}; there are {', '.join(POLICIES)}, and MODULE:CLASS.")
    try:
        return cast("Maker", getattr(import_module(module), attribute))
    except (ModuleNotFoundError, AttributeError) as error:
        raise LookupError(f"There is no policy {name!r}: {error}.") from error
