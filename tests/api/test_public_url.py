"""`KEYART_PUBLIC_URL`: every address that is answered begins with it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import Settings
from tests.api.service import ADMIN, IMG, Catalogue, Service, serving
from tests.api.test_uploads import upload

PUBLIC = [
    ("", "/images/"),
    ("/keyart", "/keyart/images/"),
    ("/a/b-c_d.e~f/", "/a/b-c_d.e~f/images/"),
    ("https://keyart.example.org", "https://keyart.example.org/images/"),
    ("https://www.example.org:8443/keyart/", "https://www.example.org:8443/keyart/images/"),
    ("http://[::1]:8000", "http://[::1]:8000/images/"),
    ("/", "/images/"),
]


def addresses(image: Any) -> list[str]:
    """Return all addresses that an image names."""
    return [image["url"], *(entry.split()[0] for entry in image["srcset"].split(", "))]


async def named(service: Service) -> list[str]:
    """Return the addresses of pictures in all answers that have some."""
    single = await service.get(profile="ada")
    page = (await service.http.post("/artwork", json={"titles": ["countdown"]})).json()["choices"][0]
    redirect = await service.http.get("/artwork?title=countdown", headers=IMG)
    edited = await service.http.put("/titles/countdown", json={"name": "Countdown"}, headers=ADMIN)
    uploaded = await upload(service)
    listings = [(await service.http.get("/titles", headers=headers)).json() for headers in ({}, ADMIN)]
    titles = [edited.json(), *(title for listing in listings for title in listing["titles"])]
    artworks = [uploaded.json()["artwork"], *(artwork for title in titles for artwork in title["artworks"])]
    images = [single["image"], page["image"], *(artwork["image"] for artwork in artworks)]
    return [redirect.headers["location"], *(address for image in images for address in addresses(image))]


@pytest.mark.parametrize(("url", "begin"), PUBLIC)
async def test_every_address_of_a_picture_begins_with_it(
    tmp_path: Path, catalogue: Catalogue, url: str, begin: str
) -> None:
    async with serving(tmp_path, catalogue, public_url=url, reward="play") as service:
        found = await named(service)
        assert {address.rpartition("/")[0] + "/" for address in found} == {begin}
        for address in sorted(set(found)):
            name = address.rpartition("/")[2]
            assert (await service.http.get(f"/images/{name}")).status_code == 200


async def test_a_fallback_names_its_picture_by_it(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, trained=False, public_url="/keyart") as service:
        choice = await service.get()
        assert choice["fallback"]
        assert choice["image"]["url"].startswith("/keyart/images/")


@pytest.mark.parametrize("url", ["/keyart", "https://www.example.org/keyart"])
async def test_the_document_names_it_and_its_pages_name_the_document_beside_them(
    tmp_path: Path, catalogue: Catalogue, url: str
) -> None:
    async with serving(tmp_path, catalogue, public_url=url) as service:
        assert (await service.http.get("/openapi.json")).json()["servers"] == [{"url": url}]
        assert 'src="static/docs.js"' in (await service.http.get("/docs")).text
        assert 'url: "openapi.json"' in (await service.http.get("/static/docs.js")).text


async def test_without_it_the_document_names_no_server(service: Service) -> None:
    assert "servers" not in (await service.http.get("/openapi.json")).json()


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("", "www.example.org", "/"),
        ("https://keyart.example.org", "keyart.example.org", "/"),
        ("/keyart", "www.example.org", "/keyart"),
        ("https://www.example.org/a/b", "www.example.org", "/a/b"),
        ("/keyart", "localhost:8000", "/"),
        ("/keyart", "127.0.0.1:8000", "/"),
        ("/keyart", "[::1]:8000", "/"),
        ("/keyart", "127.0.0.1.example.org", "/keyart"),
    ],
)
async def test_a_session_is_for_its_path_alone_but_on_this_machine(
    tmp_path: Path, catalogue: Catalogue, url: str, host: str, path: str
) -> None:
    """Who asks this machine itself did not come by the proxy that adds the path."""
    async with serving(tmp_path, catalogue, public_url=url) as service:
        answer = await service.http.post(
            "/session", json={"key": "the-admin-key-of-tests"}, headers={"Host": host}
        )
        attributes = [each.strip() for each in answer.headers["set-cookie"].split(";")]
        assert f"Path={path}" in attributes


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://www.Example.org/keyart", "https://www.example.org", "/keyart"),
        ("https://www.example.org/keyart", "http://127.0.0.1:8000", "/"),
        ("https://www.example.org", "https://www.example.org", "/"),
        ("/keyart", "http://127.0.0.1:8000", "/"),
    ],
)
async def test_a_session_of_a_public_page_is_for_its_path_where_a_proxy_passes_on_another_host(
    tmp_path: Path, catalogue: Catalogue, url: str, origin: str, path: str
) -> None:
    async with serving(tmp_path, catalogue, public_url=url) as service:
        headers = {"Host": "127.0.0.1:8000", "Origin": origin}
        answer = await service.http.post("/session", json={"key": "the-admin-key-of-tests"}, headers=headers)
        attributes = [each.strip() for each in answer.headers["set-cookie"].split(";")]
        assert f"Path={path}" in attributes


@pytest.mark.parametrize(
    "url",
    [
        *("www.example.org", "keyart", "ftp://example.org", "//example.org", "https://", "https:///keyart"),
        *(
            "/a b",
            "/a?b",
            "/a#b",
            "/a;b",
            "/a,b",
            "/a%20b",
            "/é",
            "/../a",
            "/a/./b",
            "/a//b",
            "https://u:p@example.org",
        ),
        *("https://example.org?x", "https://exa mple.org", "/a\nb", "https://example.org:port"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="write an origin, a path or both"):
        Settings(public_url=url)
