"""`GET /images`: the pictures themselves, and when they are no longer shown."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from assets.artwork import Artwork
from assets.crop import SUFFIXES, Format
from assets.provenance import Consent, Provenance
from tests.api.service import IMG, Catalogue, Service, is_problem, send, serving

FOREVER = "public, max-age=31536000, s-maxage=3600, immutable"
SIGNATURES = {"avif": b"ftypavif", "webp": b"WEBP", "jpg": b"\xff\xd8\xff"}
Pair = tuple[Service, Service]


@pytest.fixture
async def workers(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Pair]:
    """Two workers on one data folder."""
    async with serving(tmp_path, catalogue) as one, serving(tmp_path, catalogue, clock=one.clock) as other:
        yield one, other


def name_of(artwork: Artwork, width: int = 640, encoding: Format = "webp") -> str:
    return artwork.crop("16:9").name(width, encoding)


async def image(service: Service, name: str, **headers: str) -> httpx2.Response:
    return await service.http.get(f"/images/{name}", headers=headers)


def consented(until: float | None = None, *, withdrawn: bool = False) -> Provenance:
    return Provenance(consent=Consent("Ada", until, withdrawn))


def is_gone(answer: httpx2.Response) -> None:
    is_problem(answer, 410)
    assert answer.headers["cache-control"] == "no-store"


# ---------------------------------------------------------------- what is served


@pytest.mark.parametrize(
    ("encoding", "type_"), [("avif", "image/avif"), ("webp", "image/webp"), ("jpeg", "image/jpeg")]
)
async def test_each_format_is_served_under_its_media_type(service: Service, encoding: Format, type_: str) -> None:
    answer = await image(service, name_of(service.artwork("cupola"), 320, encoding))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == type_
    assert SIGNATURES[SUFFIXES[encoding]] in answer.content[:16]
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_picture_may_be_kept_for_ever_and_shown_on_any_page_but_never_guessed_at(service: Service) -> None:
    headers = (await image(service, name_of(service.artwork("cupola")))).headers
    assert headers["cache-control"] == FOREVER
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-artwork-made"] == "photographed"


async def test_every_address_in_a_srcset_is_a_picture(service: Service) -> None:
    for canvas in ("16:9", "2:3", "1:1"):
        srcset = (await service.get(profile="ada", canvas=canvas))["image"]["srcset"]
        for entry in srcset.split(", "):
            assert (await service.http.get(entry.split()[0])).status_code == 200


@pytest.mark.parametrize("tag", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
async def test_who_has_the_picture_is_not_sent_it_again(service: Service, tag: str) -> None:
    name = name_of(service.artwork("cupola"))
    first = await image(service, name)
    assert first.headers["etag"] == f'"{name}"'
    again = await image(service, name, **{"If-None-Match": tag.format(name)})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == FOREVER
    assert again.headers["etag"] == first.headers["etag"]
    other = await image(service, name, **{"If-None-Match": '"other"'})
    assert other.content == first.content


# ---------------------------------------------------------------- parts of it


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("BYTES= 1-2 ", 1, 3),
        ("bytes=3-" + "9" * 5000, 3, None),
        ("bytes=-" + "9" * 5000, 0, None),
        ("bytes=" + "0" * 5000 + "4-5", 4, 6),
    ],
)
async def test_one_part_of_a_picture_can_be_had(
    service: Service, header: str, start: int, stop: int | None
) -> None:
    name = name_of(service.artwork("cupola"))
    whole = (await image(service, name)).content
    answer = await image(service, name, Range=header)
    assert (answer.status_code, answer.content) == (206, whole[start:stop])
    first, last = len(whole[:start]), len(whole[:stop]) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    assert answer.headers["etag"] == f'"{name}"'
    assert answer.headers["cache-control"] == FOREVER
    assert answer.headers["content-type"] == "image/webp"


@pytest.mark.parametrize(
    "header",
    [
        *("items=0-1", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=1", "=0-1", "0-1", ""),
        *("bytes=0-1,5-6", "bytes=0-1,", "bytes=-1,-2", "bytes=1 - 2", "bytes=+1-2", "bytes=0x1-2", "bytes=1.0-2"),
    ],
)
async def test_what_is_no_part_or_several_is_the_whole_picture(service: Service, header: str) -> None:
    """So RFC 9110, section 14.2, wants it of unknown units, and allows it of the rest."""
    name = name_of(service.artwork("cupola"))
    whole, answer = await image(service, name), await image(service, name, Range=header)
    assert (answer.status_code, answer.content) == (200, whole.content)
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    "header", ["bytes=99999999-", "bytes=99999999-100000000", "bytes=-0", "bytes=" + "9" * 5000 + "-"]
)
async def test_a_part_beyond_the_end_is_refused_with_the_size(service: Service, header: str) -> None:
    name = name_of(service.artwork("cupola"))
    size = len((await image(service, name)).content)
    answer = await image(service, name, Range=header)
    assert str(size) in is_problem(answer, 416)["detail"]
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["cache-control"] == "no-store"


async def test_two_lines_of_range_are_the_whole_picture(service: Service) -> None:
    path = f"/images/{name_of(service.artwork('cupola'))}"
    headers = [(b"host", b"localhost"), (b"range", b"bytes=0-1"), (b"range", b"bytes=0-1")]
    assert (await send(service.app, "GET", path, headers=headers)).status == 200


async def test_a_part_is_of_the_picture_that_the_client_has_or_it_is_the_whole(service: Service) -> None:
    name = name_of(service.artwork("cupola"))
    for condition, status in (
        (f'"{name}"', 206),
        (f'W/"{name}"', 200),
        ('"other"', 200),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 200),
        ("", 200),
    ):
        answer = await image(service, name, **{"Range": "bytes=0-9", "If-Range": condition})
        assert answer.status_code == status, condition
    answer = await image(service, name, **{"Range": "bytes=0-9", "If-None-Match": f'"{name}"'})
    assert answer.status_code == 304


async def test_head_tells_of_the_whole_picture_whatever_part_is_asked_for(service: Service) -> None:
    path = f"/images/{name_of(service.artwork('cupola'))}"
    got = await service.http.get(path)
    for part in ("bytes=0-9", "bytes=99999999-"):
        head = await service.http.head(path, headers={"Range": part})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]


async def test_a_name_that_no_file_has_is_not_found_and_the_answer_not_kept(service: Service) -> None:
    digest = service.artwork("cupola").crop("16:9").digest
    for name in (f"{digest}-641.webp", f"{digest}-640.svg", f"{'0' * 32}-640.webp", "catalog.toml"):
        answer = await image(service, name)
        is_problem(answer, 404)
        assert answer.headers["cache-control"] == "no-store"


async def test_no_other_file_that_lies_there_is_served(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        (tmp_path / "images").unlink()
        (tmp_path / "images").mkdir()
        digest = service.artwork("cupola").crop("16:9").digest
        for name in (f"{digest}-640.svg", f"{digest}-640.html", "notes.txt"):
            (tmp_path / "images" / name).write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
            is_problem(await image(service, name), 404)
        unnamed = f"{digest}-641.webp"
        (tmp_path / "images" / unnamed).write_bytes(b"RIFF")
        is_gone(await image(service, unnamed))


# ---------------------------------------------------------------- what no longer is


async def test_a_withdrawn_picture_is_gone_for_those_who_have_it_too(service: Service) -> None:
    name = name_of(service.artwork("cupola"))
    await service.change_artwork("cupola", status="withdrawn")
    await service.refresh()
    is_gone(await image(service, name))
    is_gone(await image(service, name, **{"If-None-Match": f'"{name}"'}))
    assert (await service.http.head(f"/images/{name}")).status_code == 410
    await service.change_artwork("cupola", status="active")
    assert (await image(service, name)).status_code == 200


async def test_a_paused_picture_stays_on_the_pages_that_show_it(service: Service) -> None:
    name = name_of(service.artwork("cupola"))
    await service.change_artwork("cupola", status="paused")
    await service.refresh()
    assert (await image(service, name)).status_code == 200


async def test_a_picture_that_an_import_replaced_stays_for_a_day_on_the_pages_that_show_it(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue) as service:
        name, other = name_of(service.artwork("cupola")), service.artwork("lonely-hill", "cosmos-laundromat")
        await service.change_artwork("cupola", crops=other.crops, provenance=Provenance("drawn"))
        await service.refresh()
        service.clock.now += 3_600_000
        answer = await image(service, name)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == f"public, max-age={23 * 3600}, s-maxage=3600"
        assert answer.headers["x-artwork-made"] == "photographed"
        async with serving(tmp_path, catalogue, clock=service.clock) as started_later:
            is_gone(await image(started_later, name))
        service.clock.now += 23 * 3_600_000
        is_gone(await image(service, name))


async def test_a_replaced_picture_is_gone_once_its_artwork_may_not_be_seen(service: Service) -> None:
    name, other = name_of(service.artwork("cupola")), service.artwork("lonely-hill", "cosmos-laundromat")
    await service.change_artwork("cupola", crops=other.crops)
    await service.refresh()
    await service.change_artwork("cupola", provenance=consented(withdrawn=True))
    await service.refresh()
    is_gone(await image(service, name))


async def test_a_picture_goes_when_its_consent_ends_and_nobody_may_keep_it_longer(service: Service) -> None:
    name, start = name_of(service.artwork("cupola")), service.clock.now
    await service.change_artwork("cupola", provenance=consented(start / 1000 + 90.5))
    await service.refresh()
    for passed, left in ((0, 90), (30_000, 60), (90_499, 0)):
        service.clock.now = start + passed
        for headers in ({}, {"If-None-Match": "*"}):
            answer = await image(service, name, **headers)
            assert answer.headers["cache-control"] == f"public, max-age={left}, s-maxage={left}"
    service.clock.now = start + 90_500
    is_gone(await image(service, name))


async def test_a_consent_that_ends_far_away_lets_a_picture_be_kept_for_a_year(service: Service) -> None:
    await service.change_artwork("cupola", provenance=consented(service.clock.now / 1000 + 10 * 31_536_000))
    await service.refresh()
    answer = await image(service, name_of(service.artwork("cupola")))
    assert answer.headers["cache-control"] == "public, max-age=31536000, s-maxage=3600"


async def test_a_picture_of_two_artworks_may_be_kept_until_the_later_consent_ends(service: Service) -> None:
    name, start = name_of(service.artwork("cupola")), service.clock.now / 1000
    for other, ends in (("earthrise", (60, 90)), ("ignition", (120, 90))):
        for artwork, end in zip(("cupola", other), ends, strict=True):
            crops = service.artwork("cupola").crops
            await service.change_artwork(artwork, crops=crops, provenance=consented(start + end))
            await service.refresh()
        answer = await image(service, name)
        assert answer.headers["cache-control"] == f"public, max-age={max(ends)}, s-maxage={max(ends)}"


async def test_a_consent_without_an_end_lets_a_picture_be_kept(service: Service) -> None:
    await service.change_artwork("cupola", provenance=consented())
    await service.refresh()
    assert (await image(service, name_of(service.artwork("cupola")))).headers["cache-control"] == FOREVER


async def test_a_picture_of_a_barred_kind_is_gone_until_the_bar_is_lifted(service: Service) -> None:
    name = name_of(service.artwork("cupola"))
    await service.change_artwork("cupola", provenance=Provenance("ai-generated"))
    await service.refresh()
    assert (await image(service, name)).headers["x-artwork-made"] == "ai-generated"
    await service.change(barred=("ai-generated", "drawn"))
    await service.refresh()
    is_gone(await image(service, name))
    assert (await image(service, name_of(service.artwork("earthrise")))).status_code == 200
    await service.change()
    assert (await image(service, name)).status_code == 200


async def test_a_picture_that_two_artworks_have_stays_with_either(service: Service) -> None:
    name, hill = name_of(service.artwork("cupola")), service.title("cosmos-laundromat")
    same = replace(service.artwork("cupola"), id="same", provenance=consented(service.clock.now / 1000 + 60))
    await service.change(replace(hill, artworks=(*hill.artworks, same)))
    await service.refresh()
    assert (await image(service, name)).headers["cache-control"] == FOREVER
    await service.change_artwork("cupola", status="withdrawn")
    await service.refresh()
    assert (await image(service, name)).headers["cache-control"] == "public, max-age=60, s-maxage=60"
    service.clock.now += 60_000
    is_gone(await image(service, name))


# ---------------------------------------------------------------- every worker


async def test_a_name_that_one_worker_hands_out_is_known_to_all_at_once(workers: Pair) -> None:
    one, other = workers
    await one.change_artwork("cupola", status="withdrawn")
    await one.refresh()
    await other.refresh()
    await one.change_artwork("cupola", status="active")
    assert (await image(other, name_of(one.artwork("cupola")))).status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"status": "withdrawn"}, {"provenance": consented(withdrawn=True)}, {"provenance": consented(until=1)}],
    ids=["withdrawn", "consent withdrawn", "consent over"],
)
async def test_what_may_no_longer_be_seen_is_gone_from_every_worker_within_a_refresh(
    workers: Pair, change: dict[str, Any]
) -> None:
    one, other = workers
    held = await one.get(profile="ada")
    assert (await other.get(profile="ada"))["decision_id"] == held["decision_id"]
    await one.change_artwork(held["artwork"], **change)
    for worker in workers:
        await worker.refresh()
        is_gone(await worker.http.get(held["image"]["url"]))
        later = await worker.get(profile="ada")
        assert later["artwork"] != held["artwork"]
        redirect = await worker.http.get("/artwork?title=countdown&profile=ada", headers=IMG)
        assert (await worker.http.get(redirect.headers["location"])).status_code == 200
    assert later["held"], "the second worker serves what the first decided anew"


async def test_a_bar_is_kept_by_every_worker_within_a_refresh(workers: Pair) -> None:
    one, other = workers
    held = await one.get(profile="ada")
    await one.change_artwork(held["artwork"], provenance=Provenance("ai-assisted"))
    await other.refresh()
    assert (await other.get(profile="ada"))["image"]["made"] == "ai-assisted"
    await other.change(barred=("ai-assisted",))
    for worker in workers:
        await worker.refresh()
        is_gone(await worker.http.get(held["image"]["url"]))
        assert (await worker.get(profile="ada"))["artwork"] != held["artwork"]
