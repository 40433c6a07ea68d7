"""The totals of a fold as a base keeps them, beside the snapshot of the learner."""

from collections.abc import Collection

import msgspec

from app.learning.caps import Caps
from app.learning.examples import witness_of
from app.learning.totals import tallies_in
from app.records import encode
from app.store.protocol import FoldState, SeriesState
from bandit.learners import forgotten
from bandit.tally import Tally
from bandit.taste import Base


class Counting(msgspec.Struct, frozen=True):
    """The part of a base beside its snapshot."""

    everyone: Base
    tallies: list[tuple[str, str, str, Tally]]
    counted_caps: dict[str, str]
    learned_caps: dict[str, str]
    series: SeriesState = SeriesState()


_decode_counting = msgspec.json.Decoder(Counting).decode


def without(profiles: Collection[str], learner: bytes, counting: bytes) -> tuple[bytes, bytes]:
    """Return a base's learner and totals without the parts that tell only of these profiles."""
    known = _decode_counting(counting)
    caps = [Caps.of(rows) for rows in (known.counted_caps, known.learned_caps)]
    for profile in profiles:
        for each in caps:
            each.forget(profile)
    counted, learned = (each.rows() for each in caps)
    forgetful = forgotten(learner, map(witness_of, profiles))
    return forgetful, encode(Counting(known.everyone, known.tallies, counted, learned, known.series))


def fold_state_in(counting: bytes, position: int) -> FoldState:
    """Return the totals of `counting` at a position, in the form that a fold begins with."""
    known = _decode_counting(counting)
    everyone, tallies = encode(known.everyone), tallies_in(known.tallies)
    series = msgspec.structs.replace(known.series, apart=True)
    caps = known.counted_caps, known.learned_caps
    return FoldState(position, everyone, tallies, *caps, series, knows_from=position + 1)
