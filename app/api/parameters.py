"""The parameters of writes. Each has to be known, because it may be a misspelt limit, and may occur only once."""

from collections import Counter

from fastapi import Request
from fastapi.dependencies.models import Dependant

from app.api.access import READS
from app.refusals import Invalid

LONGEST_NAME = 100
MOST_NAMES = 20
REPEATED = "It is named more than once; name it once"


def refuse_unclear(request: Request) -> None:
    """Refuse a write whose query has an unknown parameter, or names a parameter more than once."""
    if request.method in READS or not request.scope["query_string"]:
        return
    known = _names(request.scope["route"].dependant)
    names = Counter(name for name, _ in request.query_params.multi_items())
    unknown = f"It is not a parameter of this call; {_those(sorted(known))}"
    faults = [(name, unknown) for name in names if name not in known]
    # Of several values the last would be taken, and what is meant by the others not be done.
    faults += [(name, REPEATED) for name, times in names.items() if times > 1 and name in known]
    if faults:
        errors = [{"field": name[:LONGEST_NAME], "reason": reason} for name, reason in faults[:MOST_NAMES]]
        raise Invalid(f"{errors[0]['field']}: {errors[0]['reason']}.", {"errors": errors})


def _names(dependant: Dependant) -> set[str]:
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*(_names(each) for each in dependant.dependencies))


def _those(known: list[str]) -> str:
    return f"use {', '.join(known)}" if known else "write the change into the body"
