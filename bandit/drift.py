"""Statistics of drift: rates by parts of the profiles, with intervals that allow for profiles that differ."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import hypot, log, sqrt
from typing import NamedTuple

SURE = 4.5
"""Standard errors on each side of an estimate.

One looks every hour, so this is more than for a single look: docs/operations.md has the rate of false alarms.
"""
SEVERAL = 2


class Estimate(NamedTuple):
    """An estimate, and its interval."""

    value: float
    low: float
    high: float


class Rate(NamedTuple):
    """A rate, and its standard error."""

    value: float
    error: float


def rate(tops: Sequence[float], bottoms: Sequence[float]) -> Rate | None:
    """Return the sum of the tops by that of the bottoms, which are given by parts; None without bottoms.

    Its error comes from how much the parts differ (the linearized variance of a ratio between clusters; Cochran
    1977, Sampling Techniques, section 6.4). Observations within a part may depend on each other.
    """
    bottom = sum(bottoms)
    if not bottom:
        return None
    value, n = sum(tops) / bottom, len(tops)
    squares = sum((top - value * under) ** 2 for top, under in zip(tops, bottoms, strict=True))
    return Rate(value, sqrt(squares * n / (n - 1)) / bottom)


def around(estimate: Rate) -> Estimate:
    radius = SURE * estimate.error
    return Estimate(estimate.value, estimate.value - radius, estimate.value + radius)


def difference(one: Rate, other: Rate) -> Estimate:
    """Return one rate less another one. They are of different profiles, so their errors are independent."""
    return around(Rate(one.value - other.value, hypot(one.error, other.error)))


def spread(counts: Iterable[int]) -> float | None:
    """Return the entropy of these counts as a share of the greatest possible one; None if there is no choice."""
    shown = list(counts)
    total = sum(shown)
    if len(shown) < SEVERAL or not total:
        return None
    return sum(count * log(total / count) for count in shown if count) / (total * log(len(shown)))


class Title(NamedTuple):
    """How often personalized viewers were shown each picture of a title, and those of the group `best_single`."""

    personalized: Mapping[str, int]
    best_single: Mapping[str, int]


class Collapse(NamedTuple):
    """The titles that could be judged, and the part of their showings that is of one-sided titles."""

    titles: int
    share: float


ENOUGH, ENOUGH_BEST = 100, 20
"""Showings of a title by which it can be judged: to personalized viewers, and to the group `best_single`."""
NEARLY = 0.03
"""A title's commonest picture lacks at most this share of what the floor leaves to it."""
MOSTLY = 0.5


def mean_spread(titles: Iterable[Title]) -> float | None:
    """Return the mean spread of titles with enough showings, by showings; None if there are none."""
    total = weighted = 0.0
    for title in titles:
        showings, each = sum(title.personalized.values()), spread(title.personalized.values())
        if showings >= ENOUGH and each is not None:
            total += showings
            weighted += showings * each
    return weighted / total if total else None


def collapse(titles: Iterable[Title], floor: float) -> Collapse:
    """Return the part of the showings that is of titles that have collapsed.

    Those titles show nearly one picture to all personalized viewers, though the group `best_single`, which is
    shown the best picture by all feedback, mostly gets another one. A title with one picture that is best for
    everybody has the same picture in both groups, so it has not collapsed.
    """
    judged = collapsed = number = 0
    for title in titles:
        showings, control = sum(title.personalized.values()), sum(title.best_single.values())
        if len(title.personalized) < SEVERAL or showings < ENOUGH or control < ENOUGH_BEST:
            continue
        top, best = _commonest(title.personalized), _commonest(title.best_single)
        most = 1 - floor + floor / len(title.personalized)
        number, judged = number + 1, judged + showings
        one_sided = title.personalized[top] >= (most - NEARLY) * showings
        if one_sided and top != best and title.best_single[best] >= MOSTLY * control:
            collapsed += showings
    return Collapse(number, collapsed / judged if judged else 0.0)


def titles_of(shown: Iterable[tuple[str, str, str, int]]) -> dict[str, Title]:
    """Put together rows of a title, an artwork, a group and showings.

    Any picture of the title that some group was shown could be shown to personalized viewers, too.
    """
    groups: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for title, artwork, group, showings in shown:
        groups[title][group][artwork] = showings
    titles = {}
    for title, by_group in groups.items():
        pictures = {picture for pictures in by_group.values() for picture in pictures}
        personalized = {picture: by_group["personalized"].get(picture, 0) for picture in sorted(pictures)}
        titles[title] = Title(personalized, dict(by_group["best_single"]))
    return titles


def _commonest(counts: Mapping[str, int]) -> str:
    return max(counts, key=lambda picture: (counts[picture], picture))
