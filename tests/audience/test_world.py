"""The world of `keyart audience`: what its viewers like, click and watch."""

import numpy as np
import pytest

from app.audience.titles import Artwork, Title, titles_in
from app.audience.visits import Visits, Yardstick
from app.audience.world import NEVER_CLICK, Floats, World, worth
from tests.audience.made_up import played, some_titles


@pytest.fixture(scope="module")
def world() -> World:
    return World(some_titles(), drift=True)


def within_titles(world: World, appeal: Floats) -> Floats:
    """Return what is left of an appeal when each viewer's mean over each title's pictures is taken off."""
    parts = [appeal[:, world.columns(title)] for title in range(len(world.titles))]
    return np.concatenate([(part - part.mean(axis=1, keepdims=True)).ravel() for part in parts])


def test_tags_and_what_no_tag_tells_explain_half_of_the_appeal_each(world: World) -> None:
    for late in (False, True):
        era = world.era(late=late)
        tagged, hidden = within_titles(world, era.tagged), within_titles(world, era.hidden)
        whole = np.var(tagged + hidden)
        assert np.var(tagged) == pytest.approx(1.0)
        assert np.var(hidden) == pytest.approx(1.0)
        assert np.corrcoef(tagged, tagged + hidden)[0, 1] ** 2 == pytest.approx(0.5, abs=0.1)
        assert whole == pytest.approx(2.0, abs=0.4)


def test_the_half_by_tags_is_a_sum_over_tags_and_the_hidden_half_is_not(world: World) -> None:
    """What a viewer's liking of tags can explain, by least squares, is all of the one and little of the other."""
    era, tags = world.era(late=False), sorted({tag for t in world.titles for a in t.artworks for tag in a.tags})
    artworks = [artwork for title in world.titles for artwork in title.artworks]
    shows = np.array([[tag in artwork.tags for tag in tags] for artwork in artworks], dtype=float)
    design = np.column_stack([shows, np.ones(len(artworks))])

    def explained(appeal: Floats) -> float:
        fitted = design @ np.linalg.lstsq(design, appeal.T, rcond=None)[0]
        return float(1 - np.var(appeal.T - fitted) / np.var(appeal - appeal.mean(axis=1, keepdims=True)))

    assert explained(era.tagged) > 0.999
    assert explained(era.hidden) < 0.5


def test_the_hidden_half_is_the_same_for_viewers_of_a_country(world: World) -> None:
    hidden, country = world.era(late=False).hidden, world.viewers.country
    for number in range(4):
        assert np.ptp(hidden[country == number], axis=0).max() == pytest.approx(0)
    assert np.ptp(hidden, axis=0).min() > 0.1


def test_a_quarter_of_the_appeal_is_the_same_for_everyone() -> None:
    world = World(some_titles(120, 6), viewers=400)
    era = world.era(late=False)
    for half in (era.tagged, era.hidden):
        within = within_titles(world, half)
        alike = within_titles(world, np.broadcast_to(half.mean(axis=0), half.shape))
        assert np.var(alike) / np.var(within) == pytest.approx(0.25, abs=0.07)


def test_clickbait_draws_everyone_a_little_more() -> None:
    world = World(some_titles(120, 6), viewers=400)
    draw = world.era(late=False).hidden.mean(axis=0)
    assert draw[world.bait].mean() - draw[~world.bait].mean() == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("rate", [0.02, 0.12, 0.3])
def test_the_click_rate_is_met_where_pictures_are_chosen_at_random(rate: float) -> None:
    world = World(some_titles(), click_rate=rate, drift=True)
    for late in (False, True):
        assert world.mean(world.era(late=late).click) == pytest.approx(rate, rel=1e-4)
    counted = played(world, 20_000, "uniform")
    estimate = counted.rate(np.ones(len(counted.group), dtype=np.bool_), counted.clicked)
    assert estimate.value == pytest.approx(rate, abs=1.7 * (estimate.high - estimate.low))


def test_some_viewers_never_click(world: World) -> None:
    assert np.mean(~world.viewers.alive) == pytest.approx(NEVER_CLICK, abs=0.03)
    assert world.era(late=False).click[~world.viewers.alive].max() == 0
    assert world.era(late=False).click[world.viewers.alive].min() > 0


def test_further_right_is_looked_at_and_clicked_less(world: World) -> None:
    assert (np.diff(world.looked) < 0).all()
    assert (np.diff(world.falls) < 0).all()
    visits = Visits(world)
    looked = np.mean([visits[number].looked for number in range(4000)], axis=0)
    assert looked == pytest.approx(world.looked, abs=0.04)


def test_the_best_possible_is_above_the_best_single_picture_and_that_above_chance(world: World) -> None:
    for reward in ("click", "play"):
        era = world.era(late=False)
        value = era.click * era.worth(reward, 300)
        yardstick = Yardstick(world, era, reward, 300)
        assert (yardstick.best >= yardstick.single).all()
        for title in range(len(world.titles)):
            every = value[:, world.columns(title)]
            assert yardstick.best[:, title] == pytest.approx(every.max(axis=1))
            assert world.viewers.share @ yardstick.single[:, title] == pytest.approx(
                (world.viewers.share @ every).max()
            )
        best, single = (world.viewers.share @ level for level in (yardstick.best, yardstick.single))
        assert best.mean() > 1.1 * single.mean() > 1.1 * world.mean(value)


def test_clickbait_is_opened_and_left(world: World) -> None:
    era = world.era(late=False)
    assert 1 <= world.bait.sum() <= len(world.bait) // 6
    assert era.watched[world.bait].max() < 0.2
    assert era.watched[~world.bait].min() > 0.5
    visits = Visits(world)
    left: dict[bool, list[bool]] = {True: [], False: []}
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for number in range(3000):
        visit = visits[number]
        for column in range(len(world.bait)):
            outcome = visits.outcome(visit, 0, column, era) if number % 40 == column % 40 else None
            if outcome and outcome.clicked:
                bait = bool(world.bait[column])
                left[bait].append(outcome.left)
                seconds[bait].append(outcome.seconds)
    assert np.mean(left[True]) > 0.8
    assert np.mean(left[False]) < 0.4
    assert np.median(seconds[True]) < 20
    assert np.median(seconds[False]) > 300


def test_where_watching_counts_clickbait_is_worth_little(world: World) -> None:
    worths = world.era(late=False).worth("play", 300)
    assert worths[world.bait].max() < 0.4 < worths[~world.bait].min()
    assert (world.era(late=False).worth("click", 300) == 1).all()
    assert [worth(seconds, 300) for seconds in (1, 150, 3000)] == [0.2, 0.5, 1.0]


def test_a_drift_changes_meanings_and_qualities_and_nothing_changes_without_one(world: World) -> None:
    before, after = world.era(late=False), world.era(late=True)
    for one, other in ((before.tagged, after.tagged), (before.hidden, after.hidden)):
        alike = np.corrcoef(within_titles(world, one), within_titles(world, other))[0, 1]
        assert alike < 0.9
    calm = World(some_titles())
    assert calm.era(late=False) is calm.era(late=True)


def test_the_same_arguments_make_the_same_world_and_visits_and_another_seed_another(world: World) -> None:
    again, other = World(some_titles(), drift=True), World(some_titles(), drift=True, seed=8)
    assert (again.era(late=True).click == world.era(late=True).click).all()
    assert not (other.era(late=True).click == world.era(late=True).click).all()
    assert Visits(again)[17] == Visits(world)[17] != Visits(other)[17]


def test_pictures_without_tags_have_a_hidden_half_alone() -> None:
    world = World([Title("one", (Artwork("a"), Artwork("b"), Artwork("c")))], viewers=300)
    era = world.era(late=False)
    assert not era.tagged.any()
    assert np.var(within_titles(world, era.hidden)) == pytest.approx(1.0)
    assert world.mean(era.click) == pytest.approx(0.12, rel=1e-4)


def listed(id_: str, *artworks: dict[str, object], pins: tuple[str, ...] = ()) -> dict[str, object]:
    return {"id": id_, "pins": list(pins), "artworks": list(artworks)}


def an_artwork(id_: str, **changes: object) -> dict[str, object]:
    usual = {"id": id_, "tags": ["sea"], "status": "active", "image": {}, "locales": [], "placements": []}
    return {**usual, "valid_from": None, "valid_until": None, **changes}


def test_titles_take_part_with_what_everybody_may_be_shown() -> None:
    a, b = an_artwork("a"), an_artwork("b", placements=["row"])
    limited = [
        an_artwork("c", **change)
        for change in (
            {"status": "paused"},
            {"image": None},
            {"locales": ["de"]},
            {"placements": ["billboard"]},
            {"valid_until": 1.0},
        )
    ]
    titles = titles_in(
        [listed("both", a, b, *limited), listed("single", a, *limited), listed("pinned", a, b, pins=("a",))]
    )
    assert titles == [Title("both", (Artwork("a", ("sea",)), Artwork("b", ("sea",))))]
