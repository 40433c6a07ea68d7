"""Draw the pictures of pages in docs/: `.venv/bin/python -m tests.pages.screenshots`.

It starts a new service with the demo preset in a temporary folder. It waits until the service has learned from its
sample viewers, and opens the browse page for two viewers side by side.
"""

import asyncio
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import expect

from app.data_folder import DataFolder
from app.pages.history import read
from tests.chromium import running
from tests.e2e.service import Service, until
from tests.pages.browser import browsing

OUT = Path(__file__).parents[2] / "docs" / "browse.webp"
WIDTH, HEIGHT = 1440, 1040
QUALITY = 78
SECONDS = 400
"""How long the first start may take. On an idle machine it takes less than a minute."""
VIEWERS = "Ada", "Kenji"


async def drawn(address: str) -> bytes:
    """Return the browse page for two viewers as a PNG."""
    async with running(), browsing(address, width=WIDTH, height=HEIGHT) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Two viewers side by side").click()
        for screen, name in enumerate(VIEWERS):
            root = page.locator(".screen").nth(screen)
            await root.get_by_role("radio", name=name).check()
            await expect(root).not_to_have_attribute("aria-busy", "true")
            await expect(root.locator(".hero .picture")).to_have_count(1)
            await expect(root.locator(".row").first.locator(".picture.shown").nth(2)).to_be_visible()
        await page.evaluate("document.activeElement.blur()")
        return await page.screenshot(animations="disabled")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="keyart-screenshots-") as folder:
        service = Service(Path(folder, "data"), preset="demo")
        history = DataFolder(service.data).sample_history
        try:
            service.launch()
            until("sample viewers teach the service", lambda: (found := read(history)) and found.learned, SECONDS)
            picture = asyncio.run(drawn(f"http://127.0.0.1:{service.port}"))
        finally:
            service.clean_up()
    Image.open(io.BytesIO(picture)).convert("RGB").save(OUT, quality=QUALITY, method=6)
    sys.stdout.write(f"{OUT.name}: {OUT.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
