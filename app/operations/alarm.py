"""An alarm: what an operator should know now, with its remedy."""

from typing import NamedTuple


class Alarm(NamedTuple):
    """An alarm. `name` is as in alerts.yml, if it has this one; `see` is a heading of docs/operations.md."""

    name: str
    says: str
    remedy: str
    see: str
