"""A thousand honest viewers have taught a site, and then somebody clicks on one picture of each title."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from app.evaluation.report import Reporter
from app.settings import Settings
from tests.attack.site import VIEWERS, Attack, Name, Site, World, apart, runners_up

DAY, HOUR = 24 * 60, 60
TAUGHT = 2 * DAY
"""By then each viewer has come twice, the second time as one who is known."""
MOST = 0.05
SEEDS = 40
Say = Callable[[str], None]


async def a_site(seed: int, world: World, folder: Path, settings: Settings | None = None) -> Site:
    site = await Site.open(seed, world, folder, settings)
    await site.live(0, TAUGHT)
    return site


async def after(site: Site, minutes: int, attack: Attack | None = None) -> Site:
    later = await site.copied()
    await later.live(TAUGHT, TAUGHT + minutes, attack)
    return later


async def moved(site: Site, kinds: Sequence[Name], minutes: int = HOUR) -> list[float]:
    """Return how far each attack moves the choices of honest viewers: the mean total variation over all titles."""
    contexts, favourites = await site.contexts(), await runners_up(site)
    honest = (await after(site, minutes)).choices(contexts)
    found = []
    for kind in kinds:
        attacked = await after(site, minutes, Attack(kind, favourites, site.seed))
        found.append(float(apart(attacked.choices(contexts), honest).mean()))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Return what prints a figure where it is seen."""

    def print_it(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return print_it


async def test_an_hour_of_clicks_hardly_moves_what_honest_viewers_get(folder: Path) -> None:
    """The pictures please about alike, so that little would turn them."""
    site = await a_site(4, "close", folder)
    contexts, favourites = await site.contexts(), await runners_up(site)
    honest = await after(site, HOUR)
    for kind in get_args(Name):
        attack = Attack(kind, favourites, site.seed)
        attacked = await after(site, HOUR, attack)
        assert attacked.clicks > 200
        assert apart(attacked.choices(contexts), honest.choices(contexts)).mean() <= MOST, kind
        assert await attacked.best_single() == await honest.best_single(), kind
        assert [each.taste for each in await attacked.contexts()] == [
            each.taste for each in await honest.contexts()
        ]
        assert await _exposures(attacked) > await _exposures(honest) + 100, "the report counts all"


async def _exposures(site: Site) -> int:
    groups = (await Reporter(site.store.state).report())["groups"]
    return sum(rates["exposures"] for rates in groups.values())


async def test_where_strangers_teach_like_everyone_the_same_clicks_turn_the_pictures(folder: Path) -> None:
    """The measure can fail, and this is what the setting costs."""
    site = await a_site(4, "close", folder, Settings(stranger_cap=0))
    [by_address] = await moved(site, ["address"], 20)
    assert by_address > 0.3


@pytest.mark.soak
@pytest.mark.parametrize("world", get_args(World))
async def test_of_forty_seeds_19_in_20_stay_within_the_bound(world: World, folder: Path, say: Say) -> None:
    kinds: tuple[Name, ...] = get_args(Name)
    found = [await moved(await a_site(seed, world, folder), kinds) for seed in range(SEEDS)]
    for kind, each in zip(kinds, np.array(found).T, strict=True):
        say(f"{world}, {kind}: mean {each.mean():.4f}, 95 % below {np.quantile(each, 0.95):.4f}")
        assert (each <= MOST).mean() >= 0.95


@pytest.mark.soak
@pytest.mark.parametrize("world", get_args(World))
async def test_a_day_of_clicks(world: World, folder: Path, say: Say) -> None:
    """It is told, and not bounded: SECURITY.md has the figures."""
    found = [await moved(await a_site(seed, world, folder), ["address"], DAY) for seed in range(8)]
    say(f"{world}: {np.mean(found):.4f} after {VIEWERS} viewers and a day of clicks")
