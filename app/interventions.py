"""Interventions: orders of an operator that hold until they are taken back. The log records each of them."""

from typing import Literal

import msgspec

SETTING = "interventions"
"""The shared setting with the interventions in force. It changes in the transaction that logs the record."""
Serving = Literal["policy", "default"]
Learning = Literal["running", "paused"]


MOST_QUARANTINES = 100


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """The record of an intervention: the order, the role and session or key that gave it, and the reason.

    A quarantine has `since`, `until` and perhaps a `device`; its end has the position of its record, `lifts`.
    """

    what: str
    role: str
    name: str
    why: str = ""
    since: int = 0
    until: int = 0
    device: str | None = None
    lifts: int | None = None
    policy: str | None = None
    """The policy of a candidate that starts, as `keyart evaluate` names it."""
    by_rule: bool = False
    """The candidate is to be promoted by rule."""


class Given(msgspec.Struct, frozen=True, omit_defaults=True):
    """An intervention in force: the position and the stamp of its record, who ordered it, and why."""

    position: int
    stamp: int
    role: str
    name: str
    why: str = ""


class Quarantine(msgspec.Struct, frozen=True, omit_defaults=True):
    """Exposures from which nothing is learned, and that no total counts.

    They are those whose windows were open between the stamps `since` and `until`; with `device`, only its own.
    """

    given: Given
    since: int
    until: int
    device: str | None = None

    def covers(self, opened: int, closed: int, device: object) -> bool:
        """Tell whether an exposure whose window was open between these stamps is meant."""
        return opened < self.until and closed > self.since and self.device in {None, device}


class Promotion(msgspec.Struct, frozen=True, omit_defaults=True):
    """The order that the trainer continues with another learner, and learns nothing from the events before it.

    The learner is that of the `snapshot` in the role `chosen`; without one, it is the learner in use.
    """

    given: Given
    snapshot: int | None = None


class Shadowing(msgspec.Struct, frozen=True, omit_defaults=True):
    """The order that a candidate learns beside the incumbent, and is compared with it.

    Its `policy` is named as for `keyart evaluate`. It is promoted `by_rule` as soon as it is known to be better.
    """

    given: Given
    policy: str
    by_rule: bool = False
    serving: Given | None = None
    """The order that it decides for a share of the profiles, the canary."""
    share: float = 0.0


class Interventions(msgspec.Struct, frozen=True, omit_defaults=True):
    """The interventions in force."""

    serving_default: Given | None = None
    """Everyone gets the default picture."""
    learning_paused: Given | None = None
    """The learner takes in no example until learning resumes, and then takes in all of them."""
    frozen: Given | None = None
    """The learner takes in no example until it is thawed, and learns nothing from the events until then."""
    promotion: Promotion | None = None
    """The latest promotion, whether the trainer has carried it out or not."""
    quarantines: tuple[Quarantine, ...] = ()
    quarantined: int = 0
    """The position of the latest record that ordered or lifted a quarantine."""
    candidate: Shadowing | None = None
    """The candidate that learns in the shadow."""

    @property
    def serving(self) -> Serving:
        return "default" if self.serving_default else "policy"

    @property
    def learning(self) -> Learning:
        return "paused" if self.learning_paused else "running"


PROMOTE, ROLL_BACK = "promote", "roll back to"
"""The beginnings of orders by which another learner becomes the incumbent."""
NONE = Interventions()
decode_order = msgspec.json.Decoder(Order).decode
_decode = msgspec.json.Decoder(Interventions).decode


def interventions_in(setting: bytes | None) -> Interventions:
    return NONE if setting is None else _decode(setting)


def replaces_model(order: Order) -> bool:
    """Tell whether another learner becomes the incumbent by this order."""
    return order.what.startswith((PROMOTE, ROLL_BACK))
