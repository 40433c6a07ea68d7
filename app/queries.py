"""The parameters of writes: one that is not known is refused, because it may be a limit that is misspelt."""

from fastapi import Request
from fastapi.dependencies.models import Dependant

from app.access import READS
from app.problem import Unacceptable

LONGEST_NAME = 100
MOST_NAMES = 20


def refuse_unknown(request: Request) -> None:
    """Refuse a write whose query names a parameter that its route does not have."""
    if request.method in READS or not request.scope["query_string"]:
        return
    known = _names(request.scope["route"].dependant)
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known][:MOST_NAMES]
    if unknown:
        reason = f"It is no parameter here; {_those(sorted(known))}"
        errors = [{"field": name[:LONGEST_NAME], "reason": reason} for name in unknown]
        raise Unacceptable(f"{errors[0]['field']}: {reason}.", {"errors": errors})


def _names(dependant: Dependant) -> set[str]:
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*(_names(each) for each in dependant.dependencies))


def _those(known: list[str]) -> str:
    return f"use {', '.join(known)}" if known else "what is to be changed stands in the body"
