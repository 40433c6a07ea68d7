"""The first start under the demo preset: sample viewers come once, and the service learns their tastes."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.data_folder import DataFolder
from app.pages.viewers import ALIKE, SampleViewer, sample_viewers
from tests.e2e.service import Service, until

ASKED = 15
TITLES = ["big-buck-bunny", "the-question"]


def learned(data: Path) -> dict[str, Any]:
    """Return the counts of the visits once the service has learned from them, and until then nothing."""
    file = DataFolder(data).sample_history
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found if found.get("learned") else {}


def command(service: Service) -> list[str]:
    return Path(f"/proc/{service.serving}/cmdline").read_text().split("\0")


def liking(service: Service, viewer: SampleViewer, likes: frozenset[str]) -> float:
    """Return how many of these tags a picture has that the service chooses for a viewer who is no control."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{service.port}", trust_env=False) as http:

        def choices(profile: str) -> list[dict[str, Any]]:
            body = {"profile": profile, "titles": TITLES, **viewer.hints}
            found: list[dict[str, Any]] = http.post("/artwork", json=body).json()["choices"]
            return found

        profile = viewer.shown(lambda profile: choices(profile)[0]["group"] == "personalized")
        listing = http.get("/titles").json()["titles"]
        tags = {(title["id"], each["id"]): set(each["tags"]) for title in listing for each in title["artworks"]}
        chosen = [choice for _ in range(ASKED) for choice in choices(profile)]
    return sum(len(tags[choice["title"], choice["artwork"]] & likes) for choice in chosen) / len(chosen)


@pytest.mark.usefixtures("samples")
def test_sample_viewers_come_once_and_their_tastes_are_learned(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", preset="demo")
    try:
        service.start()
        found = until("the service learns from the sample viewers", lambda: learned(tmp_path / "data"))
        assert found["viewers"] == ALIKE * len(sample_viewers())
        assert 0 < found["opened"] < found["seen"]
        ada, kenji = sample_viewers()[:2]
        assert liking(service, kenji, kenji.likes) > liking(service, ada, kenji.likes)
        assert "--history" in command(service)
        service.stop()
        DataFolder(tmp_path / "data").sample_history.unlink()
        service.start()
        assert "--history" not in command(service)
        assert not DataFolder(tmp_path / "data").sample_history.exists()
    finally:
        service.clean_up()
