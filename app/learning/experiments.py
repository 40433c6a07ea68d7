"""Experiments begin: with new settings, and again when the last one has lasted its time."""

from dataclasses import replace

from app.records import decode_terms, encode
from app.store.protocol import Log
from bandit.groups import CANARY
from bandit.terms import Terms


def with_canary(terms: Terms, share: float) -> Terms:
    """Return the terms with a canary, which takes its share from the personalized profiles."""
    if not share:
        return terms
    rest = terms.shares["personalized"]
    taken = min(share, rest)
    return replace(terms, shares={**terms.shares, "personalized": round(rest - taken, 12), CANARY: taken})


async def begin_with(log: Log, terms: Terms) -> None:
    """Begin an experiment, unless the latest one has these terms."""
    body = encode(terms)
    while (latest := await log.begun()) is None or latest.terms != body:
        await log.begin(body, after=latest)  # False if another process began one meanwhile, perhaps this one


async def renew(log: Log) -> None:
    """Begin another experiment with the same terms, if the latest one has lasted its time.

    A fixed base of viewers would otherwise enter once, under a model that knew little, and never be counted again.
    """
    latest = await log.begun()
    if latest and log.now() - latest.stamp >= decode_terms(latest.terms).lasts:
        await log.begin(latest.terms, after=latest)
