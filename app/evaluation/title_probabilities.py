"""The probabilities with which the policy shows the artworks of a title: by taste, country and device."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from typing_extensions import TypedDict

from app.catalogue.live import LiveCatalogue, LiveTitle
from app.clock import passed_ms
from app.evaluation.turns import Turns
from app.evaluation.viewer_sample import viewer_sample
from app.refusals import NotFound
from app.serving.model import NoModelError
from app.serving.probabilities import ChoiceProbabilities, Shown
from app.store.protocol import Log
from app.viewers.viewer import Viewer, Viewers

FEWEST: Final = 5
"""Viewers behind each number, at least: a mean over fewer would tell about single persons."""
MOST_VALUES: Final = 12
KEPT_MS: Final = 10_000
KEPT_TITLES: Final = 50
DIGITS: Final = 3
Probabilities = dict[str, float]


class Cell(TypedDict):
    """Some viewers, and the mean probability of each artwork for them."""

    viewers: int
    probabilities: Probabilities


class ValueCell(Cell):
    """The viewers with one value. The value is null for those without any."""

    value: str | None


class Dimension(TypedDict):
    """The viewers by value, most viewers first.

    Values with too few viewers are together in `others`, which is null if there are none.
    """

    values: list[ValueCell]
    others: Cell | None


class TitleProbabilities(TypedDict):
    """The probabilities with which the policy shows the artworks of a title to the viewers of late.

    `all` and the dimensions are null if nothing can be told; then `missing` says why. The `taste` is
    the tag or genre that a viewer likes most. Each number is a mean over at least `fewest` viewers. `pinned`
    viewers get a pinned artwork, and `excluded` viewers may see no artwork of the title: they are in no other
    number. The newest `snapshot` that was used is null before the first one.
    """

    title: str
    snapshot: int | None
    fewest: int
    viewers: int
    pinned: int
    excluded: int
    all: Probabilities | None
    taste: Dimension | None
    country: Dimension | None
    device: Dimension | None
    missing: str | None


class Part:
    """Some viewers: their number, and the sum of the probabilities of each artwork."""

    __slots__ = ("sums", "viewers")

    def __init__(self, artworks: int):
        self.viewers, self.sums = 0, [0.0] * artworks

    def add(self, viewers: int, probabilities: Sequence[float]) -> None:
        self.viewers += viewers
        self.sums = [total + each for total, each in zip(self.sums, probabilities, strict=True)]


class Parts:
    """The viewers that the policy decides for: all, and by value; and how many others there are."""

    def __init__(self, artworks: int):
        self.artworks, self.pinned, self.excluded = artworks, 0, 0
        self.all = Part(artworks)
        self.by_value: dict[str, dict[str | None, Part]] = {name: {} for name in DIMENSIONS}

    def add(self, viewer: Viewer, probabilities: Sequence[float]) -> None:
        self.all.add(1, probabilities)
        for name, value_of in DIMENSIONS.items():
            parts, value = self.by_value[name], value_of(viewer)
            if value not in parts:
                parts[value] = Part(self.artworks)
            parts[value].add(1, probabilities)


class Kept(NamedTuple):
    until: int
    revision: str
    answer: TitleProbabilities


class ProbabilityReporter:
    """Computes on demand, one title at a time, and keeps an answer for some seconds.

    Taste and showings of a viewer are those of now; everything else is as the viewer's latest decision knew it.
    """

    def __init__(
        self,
        *,
        log: Log,
        viewers: Viewers,
        live_catalogue: LiveCatalogue,
        choice_probabilities: ChoiceProbabilities,
        serve: Literal["policy", "default"],
        clock: Callable[[], int],
    ):
        self._log, self._live_catalogue, self._clock = log, live_catalogue, clock
        self._serve = serve
        self._viewers, self._choice_probabilities = viewers, choice_probabilities
        self._kept: dict[str, Kept] = {}
        self._turn = asyncio.Lock()

    async def of(self, title: str) -> TitleProbabilities:
        """Return the probabilities of a title's artworks, as they were at most some seconds ago."""
        async with self._turn:
            live_title = self._live_catalogue.get(title)
            if live_title is None:
                raise NotFound(f"There is no title {title!r}; GET /titles lists them.")
            kept = self._kept.get(title)
            if kept and kept.revision == live_title.revision and passed_ms() < kept.until:
                return kept.answer
            answer = await self._computed(live_title)
            if len(self._kept) >= KEPT_TITLES:
                self._kept.clear()
            self._kept[title] = Kept(passed_ms() + KEPT_MS, live_title.revision, answer)
            return answer

    async def _computed(self, live_title: LiveTitle) -> TitleProbabilities:
        parts = Parts(len(live_title.artworks))
        missing = self._hindrance(live_title) or await self._count_all(parts, live_title)
        return self._answer(live_title, parts, missing)

    def _hindrance(self, live_title: LiveTitle) -> str | None:
        if self._serve == "default":
            return SWITCHED_OFF
        if self._choice_probabilities.switched:
            return SWITCHED
        return None if live_title.title.artworks else NO_ARTWORK

    async def _count_all(self, parts: Parts, live_title: LiveTitle) -> str | None:
        """Count viewer by viewer, and return a sentence if something is missing.

        A new snapshot is used from the next viewer on.
        """
        turns, now = Turns(), self._clock() / 1000
        viewers = await viewer_sample(self._log, turns)
        if not viewers:
            return NOBODY
        try:
            for viewer in viewers:
                await self._count(parts, live_title, await self._viewers.with_taste(viewer, self._clock()), now)
                await turns.give_way()
        except NoModelError:
            return NO_SNAPSHOT
        return _lack(parts)

    async def _count(self, parts: Parts, live_title: LiveTitle, viewer: Viewer, now: float) -> None:
        placement = _word(viewer, "placement")
        candidates = live_title.eligible(
            now=now, locale=viewer.locale, placement=placement, maturity=viewer.maturity
        )
        too_young = viewer.maturity is not None and live_title.title.maturity > viewer.maturity
        if too_young or not candidates:
            parts.excluded += 1
        elif live_title.title.pinned(now=now, placement=placement, country=viewer.country, among=candidates):
            parts.pinned += 1
        else:
            shown = Shown.to(viewer, live_title, candidates)
            _, [probabilities] = await self._choice_probabilities.of(viewer, [shown])
            by_id = dict(zip(shown.candidates.ids, probabilities, strict=True))
            parts.add(viewer, [by_id.get(id_, 0.0) for id_ in live_title.artworks])

    def _answer(self, live_title: LiveTitle, parts: Parts, missing: str | None) -> TitleProbabilities:
        ids = tuple(live_title.artworks)
        told = None if missing else {name: _dimension(found, ids) for name, found in parts.by_value.items()}
        return {
            "title": live_title.title.id,
            "snapshot": self._choice_probabilities.snapshot,
            "fewest": FEWEST,
            "viewers": parts.all.viewers,
            "pinned": parts.pinned,
            "excluded": parts.excluded,
            "all": _means(parts.all, ids) if told else None,
            "taste": told["taste"] if told else None,
            "country": told["country"] if told else None,
            "device": told["device"] if told else None,
            "missing": missing,
        }


NOBODY: Final = (
    "No profile has asked for a picture of late. Ask with GET /artwork and a profile; the probabilities are then "
    "computed for the viewers who asked."
)
NO_SNAPSHOT: Final = (
    "No snapshot has been published yet, so there is no policy to ask. Start a trainer: `keyart serve` does."
)
SWITCHED_OFF: Final = (
    "The policy decides nothing now, because KEYART_SERVE is `default`: each viewer gets the default picture. Set "
    "KEYART_SERVE to `policy`."
)
SWITCHED: Final = (
    "The policy decides nothing now, because an operator ordered default pictures for everyone. `keyart serving "
    "policy` ends that."
)
NO_ARTWORK: Final = "The title has no picture yet. Add one."


def _lack(parts: Parts) -> str | None:
    """Return why the viewers are too few for numbers, or None."""
    n = parts.all.viewers
    if n >= FEWEST:
        return None
    return (
        f"Numbers need at least {FEWEST} viewers, so that they tell nothing about single persons. The policy "
        f"decides for {n} viewers of late; {parts.pinned} get a pinned picture, and {parts.excluded} may see "
        "no picture of this title. Wait until more profiles ask for pictures."
    )


def _dimension(parts: Mapping[str | None, Part], ids: Sequence[str]) -> Dimension:
    """Put small parts together, so that no number, and no difference of numbers, is about too few viewers."""
    ordered = sorted(parts.items(), key=lambda part: (-part[1].viewers, part[0] or ""))
    shown = [part for part in ordered[:MOST_VALUES] if part[1].viewers >= FEWEST]
    others = Part(len(ids))
    for _, part in ordered[len(shown) :]:
        others.add(part.viewers, part.sums)
    while shown and 0 < others.viewers < FEWEST:  # otherwise all less the shown would tell about these few
        _, part = shown.pop()
        others.add(part.viewers, part.sums)
    return {
        "values": [{"value": value, **_cell(part, ids)} for value, part in shown],
        "others": _cell(others, ids) if others.viewers else None,
    }


def _cell(part: Part, ids: Sequence[str]) -> Cell:
    return {"viewers": part.viewers, "probabilities": _means(part, ids)}


def _means(part: Part, ids: Sequence[str]) -> Probabilities:
    """Return the mean probability of each artwork. A viewer who may not see it gets it with probability 0."""
    return {id_: round(total / part.viewers, DIGITS) for id_, total in zip(ids, part.sums, strict=True)}


def _word(viewer: Viewer, attribute: str) -> str | None:
    value = viewer.context.attributes.get(attribute)
    return None if value is None else str(value)


def _taste(viewer: Viewer) -> str | None:
    """Return what the viewer likes most, or None if the viewer likes nothing more than usual."""
    liked = [(liking, word) for word, liking in viewer.context.taste.items() if liking > 0]
    return max(liked)[1] if liked else None


def _country(viewer: Viewer) -> str | None:
    return viewer.country


def _device(viewer: Viewer) -> str | None:
    return _word(viewer, "device")


DIMENSIONS: Final[Mapping[str, Callable[[Viewer], str | None]]] = {
    "taste": _taste,
    "country": _country,
    "device": _device,
}
