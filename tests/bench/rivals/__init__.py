"""What one would write instead, and what each of them promises."""

from importlib.util import find_spec

import msgspec

FRESH = {"KEYART_HOLD_SECONDS": "0", "KEYART_REWARD_WINDOW_SECONDS": "1"}
"""Every call is a new decision, and is learned from as soon as rivals do."""


class Rival(msgspec.Struct, frozen=True):
    """`module` holds a FastAPI application, but for Keyart itself; `needs` is the package it can't do without.

    `settings` is Keyart's environment, and is empty for others.
    """

    name: str
    what: str
    module: str
    needs: str
    log: str
    propensity: str
    not_clicked: str
    killed: str
    settings: dict[str, str] = {}

    @property
    def decides(self) -> bool:
        return self.name != "bare"

    @property
    def ours(self) -> bool:
        return self.module == "app"

    def missing(self) -> str | None:
        """Return why it can't be run here, if it can't."""
        if find_spec(self.needs):
            return None
        return f"{self.needs} is not installed; `make bench` installs requirements/bench.txt."


RIVALS = {
    rival.name: rival
    for rival in (
        Rival(
            name="keyart",
            what="Keyart, all on: a worker, and its trainer on the same core",
            module="app",
            needs="app",
            log="every decision and click, before it is answered",
            propensity="of every candidate, and the draw can be repeated",
            not_clicked="yes, when the window closes",
            killed="nothing",
            settings=FRESH,
        ),
        Rival(
            name="keyart-full",
            what="the same with `KEYART_SYNC=full`",
            module="app",
            needs="app",
            log="every decision and click, before it is answered; a power cut, too",
            propensity="of every candidate, and the draw can be repeated",
            not_clicked="yes, when the window closes",
            killed="nothing",
            settings=FRESH | {"KEYART_SYNC": "full"},
        ),
        Rival(
            name="bare",
            what="an endpoint that answers a constant",
            module="tests.bench.bare",
            needs="fastapi",
            log="no",
            propensity="no",
            not_clicked="learns nothing",
            killed="–",
        ),
        Rival(
            name="afternoon",
            what="FastAPI, Vowpal Wabbit and sqlite3, one commit a request",
            module="tests.bench.rivals.afternoon",
            needs="vowpal_wabbit_next",
            log="every decision and click, before it is answered",
            propensity="of the chosen one",
            not_clicked="no",
            killed="all that was learned",
        ),
        Rival(
            name="gittins",
            what="gittins behind FastAPI, its log in a file",
            module="tests.bench.rivals.with_gittins",
            needs="gittins",
            log="every decision and outcome, before it is answered",
            propensity="of the chosen one",
            not_clicked="yes, when the horizon is over",
            killed="all that was learned, unless the log is replayed by its tools",
        ),
        Rival(
            name="mabwiser",
            what="mabwiser's LinUCB behind FastAPI, in memory",
            module="tests.bench.rivals.with_mabwiser",
            needs="mabwiser",
            log="no",
            propensity="no: LinUCB draws nothing",
            not_clicked="yes, once a second",
            killed="everything",
        ),
    )
}
