"""A proxy that says nothing of where a call comes from makes nobody an admin, and lets whoever has a key in."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.api.test_access import CLOSED, PLACES
from tests.e2e.nginx import NEEDS_NGINX, nginx
from tests.e2e.service import Service, free_port, keyart

LOCATIONS = """
location / {{ proxy_pass http://127.0.0.1:{service}; }}
location /art/ {{ proxy_pass http://127.0.0.1:{service}/; }}
"""
pytestmark = NEEDS_NGINX


@pytest.fixture(scope="module")
def service(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that was started without a key, and has made one."""
    data = shutil.copytree(catalogue, tmp_path_factory.mktemp("proxied") / "data")
    running = Service(data, decision_timeout_ms=10_000)
    try:
        yield running.start()
    finally:
        running.clean_up()


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx with `proxy_pass` and nothing else."""
    port = free_port()
    with nginx(tmp_path_factory.mktemp("nginx"), port, LOCATIONS.format(service=service.port), "/healthz"):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("host", [None, "127.0.0.1:8000", "localhost", "keyart.example"])
@pytest.mark.parametrize("forwarded", [{}, {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"}])
@pytest.mark.parametrize("path", ["", "/art"])
def test_nobody_becomes_an_admin_or_editor_by_a_proxy_that_says_nothing(
    proxy: str, host: str | None, forwarded: dict[str, str], path: str
) -> None:
    headers = {**forwarded, **({"Host": host} if host else {})}
    with httpx2.Client(base_url=proxy + path, headers=headers, trust_env=False) as stranger:
        for operation in CLOSED:
            method, _, route = operation.partition(" ")
            address = re.sub(r"\{(\w+)\}", lambda found: PLACES[found[1]], route)
            answer = stranger.request(method, address, params={"profile": "ada"} if route == "/profiles" else None)
            assert answer.status_code == 401, (operation, answer.text)


@pytest.mark.parametrize("path", ["", "/art"])
def test_a_link_signs_in_through_a_proxy_whatever_path_it_adds(proxy: str, service: Service, path: str) -> None:
    link = keyart(service.data, "open", "--no-browser", "--url", proxy + path, port=service.port).stdout.strip()
    with httpx2.Client(trust_env=False, follow_redirects=True) as browser:
        landed = browser.get(link)
        assert (landed.status_code, str(landed.url)) == (200, f"{proxy}{path}/dashboard#signed-in")
        assert browser.get(f"{proxy}{path}/session").json()["role"] == "admin"
        assert browser.get(link).status_code == 410
