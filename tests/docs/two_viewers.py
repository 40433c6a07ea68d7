"""The picture in README: one page as two viewers get it, after an audience has clicked for a while.

`.venv/bin/python -m tests.docs.two_viewers` starts a service with the demo preset and the samples in a temporary
folder, lets viewers of two tastes click, asks for a page for one of each, and writes docs/two-viewers.webp. The
service is told nothing of the tastes: there are clicks, and no attributes.
"""

import asyncio
import html
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import async_playwright

from assets import SAMPLES
from tests.e2e.client import Connection
from tests.e2e.service import KEYART, Service, environment

OUT = Path(__file__).parents[2] / "docs" / "two-viewers.webp"
CHROMIUM = "/usr/bin/chromium"
TASTES = {
    "likes water, plants, mountains and the sun": {"water", "plant", "mountain", "forest", "sun"},
    "likes faces, cities and machines": {"face", "city", "building", "machine", "robot", "creature"},
}
VIEWERS = 40
"""Of each taste."""
ROUNDS = 30
"""How often each of them opens the page."""
ROUND_SECONDS = 1.0
AT_ONCE = 8
STILL = 20
"""Tenths of a second without a new snapshot, after which there is nothing left to learn."""
LIKED, MIXED, UNLIKED = 0.6, 0.2, 0.03
"""How often a picture is clicked with something on it that the viewer likes, with both sorts, with neither."""
WIDTH, QUALITY = 1600, 80
STYLE = """
body { margin: 0; background: #14161a; color: #e8e9eb; font: 22px "Noto Sans", "DejaVu Sans", sans-serif; }
section { padding: 28px 32px 22px; } section + section { border-top: 2px solid #32363d; }
h2 { margin: 0 0 18px; font-size: 26px; font-weight: 600; }
div { display: grid; grid-template-columns: repeat(5, 1fr); gap: 18px 16px; }
figure { margin: 0; }
img { display: block; width: 100%; aspect-ratio: 16/9; object-fit: cover; border-radius: 6px; }
figcaption { margin-top: 7px; color: #b3b8c0; font-size: 19px; white-space: nowrap; overflow: hidden; }
"""


@dataclass(frozen=True, slots=True)
class Viewer:
    profile: str
    taste: str

    def clicks(self, tags: set[str], dice: random.Random) -> bool:
        """Say whether a picture with these tags is clicked, looked at once."""
        liked = bool(tags & TASTES[self.taste])
        other = any(tags & likes for taste, likes in TASTES.items() if taste != self.taste)
        return dice.random() < (MIXED if liked and other else LIKED if liked else UNLIKED)


@dataclass(frozen=True, slots=True)
class Page:
    """The titles that have a choice, with their names, and each artwork's tags."""

    names: dict[str, str]
    tags: dict[tuple[str, str], set[str]]

    @classmethod
    async def of(cls, connection: Connection) -> "Page":
        _, listing = await connection.get("/titles")
        titles = [title for title in listing["titles"] if len(title["artworks"]) > 1]
        tags = {(title["id"], each["id"]): set(each["tags"]) for title in titles for each in title["artworks"]}
        return cls({title["id"]: title["name"] for title in titles}, tags)

    async def shown(
        self, connection: Connection, viewer: Viewer, *, deferred: bool = False
    ) -> list[dict[str, Any]]:
        body = {"profile": viewer.profile, "titles": list(self.names), "deferred": deferred, "width": 480}
        _, answer = await connection.post("/artwork", body)
        return list(answer["choices"])


async def visit(connection: Connection, page: Page, viewer: Viewer, dice: random.Random) -> int:
    """Open the page, click what pleases, and return how many pictures were shown."""
    choices = [choice for choice in await page.shown(connection, viewer) if choice["decision_id"]]
    liked = [each for each in choices if viewer.clicks(page.tags[each["title"], each["artwork"]], dice)]
    if liked:
        await connection.post("/clicks", [{"decision_id": each["decision_id"]} for each in liked])
    return len(choices)


async def play(port: int, page: Page, audience: Sequence[Viewer], dice: random.Random) -> int:
    """Let everyone open the page again and again; return how many pictures were shown in all."""
    connections = [Connection(port) for _ in range(AT_ONCE)]
    shown = 0
    for number in range(ROUNDS):
        rest = asyncio.create_task(asyncio.sleep(ROUND_SECONDS))
        waiting = list(audience)
        dice.shuffle(waiting)

        async def queue(connection: Connection, waiting: list[Viewer] = waiting) -> int:
            count = 0
            while waiting:
                count += await visit(connection, page, waiting.pop(), dice)
            return count

        shown += sum(await asyncio.gather(*map(queue, connections)))
        await rest
        sys.stderr.write(f"round {number + 1} of {ROUNDS}: {shown} pictures shown\n")
    for connection in connections:
        connection.close()
    return shown


async def learned(connection: Connection, shown: int) -> None:
    """Wait until every window has closed, and until the workers' snapshot has not changed for a while."""
    counted, snapshot, still = 0, None, 0
    while counted < shown or still < STILL:
        await asyncio.sleep(0.1)
        _, report = await connection.get("/report")
        counted = sum(group["exposures"] for group in report["groups"].values())
        _, ready = await connection.get("/readyz")
        still = still + 1 if ready["snapshot"] == snapshot else 0
        snapshot = ready["snapshot"]


async def personalized(connection: Connection, page: Page, audience: Sequence[Viewer], taste: str) -> Viewer:
    """Return the first viewer of a taste who is no control."""
    for viewer in audience:
        [choice, *_] = await page.shown(connection, viewer, deferred=True)
        if viewer.taste == taste and choice["group"] == "personalized":
            return viewer
    raise AssertionError(f"Every viewer who {taste} is a control; start again.")


def panel(viewer: Viewer, names: dict[str, str], choices: Sequence[dict[str, Any]], address: str) -> str:
    figures = [
        f'<figure><img src="{address}{choice["image"]["url"]}" alt="">'
        f"<figcaption>{html.escape(names[choice['title']])}</figcaption></figure>"
        for choice in choices
    ]
    return f"<section><h2>A viewer who {html.escape(viewer.taste)}</h2><div>{''.join(figures)}</div></section>"


async def photographed(panels: Sequence[str], target: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True)
        tab = await browser.new_page(viewport={"width": WIDTH, "height": 600})
        await tab.set_content(
            f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{''.join(panels)}", wait_until="networkidle"
        )
        await tab.screenshot(path=target, full_page=True)
        await browser.close()


async def take(port: int, key: str, target: Path) -> None:
    """Let the audience of a service click, and photograph the page of one personalized viewer of each taste."""
    dice = random.Random(1)
    audience = [Viewer(f"viewer {number} who {taste}", taste) for number in range(VIEWERS) for taste in TASTES]
    connection = Connection(port, key)
    page = await Page.of(connection)
    await learned(connection, await play(port, page, audience, dice))
    panels, pages = [], []
    for taste in TASTES:
        viewer = await personalized(connection, page, audience, taste)
        pages.append(await page.shown(connection, viewer, deferred=True))
        panels.append(panel(viewer, page.names, pages[-1], f"http://127.0.0.1:{port}"))
    connection.close()
    await photographed(panels, target)
    different = sum(one["artwork"] != other["artwork"] for one, other in zip(*pages, strict=True))
    sys.stderr.write(f"{different} of {len(page.names)} titles have another picture for each of the two.\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        subprocess.run([KEYART, "import", str(SAMPLES)], env=environment(data, {}), stdout=sys.stderr, check=True)
        service = Service(data, preset="demo").start()
        try:
            asyncio.run(take(service.port, service.key, Path(folder) / "page.png"))
            with Image.open(Path(folder) / "page.png") as image:
                image.convert("RGB").save(OUT, quality=QUALITY, method=6)
        finally:
            service.stop()
            service.clean_up()
    sys.stderr.write(f"{OUT.name}: {OUT.stat().st_size >> 10} KB\n")


if __name__ == "__main__":
    main()
