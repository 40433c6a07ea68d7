"""`POST /titles/{title}/artworks`: a picture sent by an editor, developed by a process of its own."""

import asyncio
import io
import os
import resource
import select
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.types import Message, Scope

from app.api import multipart as forms
from app.catalogue import rendering
from app.catalogue.permits import Permits
from assets.catalogue import MOST_ARTWORKS
from assets.picture import LARGEST_FILE
from assets.rendering import workers
from assets.rendering.worker import MEMORY
from tests.api.service import ADMIN, CLIENT, Answer, Catalogue, Service, is_problem, send, serving
from tests.assets.builders import a_picture, encoded

MIB = 1 << 20
PATH = "/titles/countdown/artworks"
BOUNDARY = b"the-boundary"
FORM = (b"content-type", b"multipart/form-data; boundary=" + BOUNDARY)
HEADERS = [(b"host", b"localhost"), (b"authorization", b"Bearer the-admin-key-of-tests"), FORM]
STRIPES = a_picture((640, 360), "purple")
for stripe in range(0, 640, 20):
    STRIPES.paste("white", (stripe, 0, stripe + 10, 360))
JPEG = encoded(STRIPES)
END = b"\r\n--" + BOUNDARY + b"--\r\n"


async def upload(
    service: Service,
    content: bytes = JPEG,
    file: str = "night-launch.jpg",
    title: str = "countdown",
    **fields: Any,
) -> Any:
    files = {"file": (file, content, "image/jpeg")}
    return await service.http.post(f"/titles/{title}/artworks", files=files, data=fields, headers=ADMIN)


async def listed(service: Service, title: str = "countdown") -> Any:
    await service.refresh()
    titles = (await service.http.get("/titles", headers=ADMIN)).json()["titles"]
    [found] = [each for each in titles if each["id"] == title]
    return found


def part(name: str, content: bytes = b"", file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    head = f'--{BOUNDARY.decode()}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + END[2:]


async def sent(service: Service, *body: bytes, headers: Iterable[tuple[bytes, bytes]] = HEADERS) -> Answer:
    return await send(service.app, "POST", PATH, headers=headers, body=body)


class Sender:
    """A client that hands over its body piece by piece, does other things between, and counts what was taken."""

    def __init__(self, service: Service, pieces: Iterable[bytes | Awaitable[Any]], *, stays: bool = False):
        self._app, self._pieces, self._stays = service.app, iter(pieces), stays
        self.taken = 0
        self.waits = asyncio.Event()

    async def send(self, path: str = PATH, headers: Iterable[tuple[bytes, bytes]] = HEADERS) -> Answer:
        sent: list[Message] = []

        async def collect(message: Message) -> None:
            sent.append(message)

        scope: Scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": list(headers),
            "client": ("127.0.0.1", 50_000),
            "server": ("localhost", 80),
        }
        await self._app(scope, self._receive, collect)
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], names, b"".join(message.get("body", b"") for message in sent[1:]))

    async def _receive(self) -> Message:
        piece = next(self._pieces, None)
        while piece is not None and not isinstance(piece, bytes):
            await piece
            piece = next(self._pieces, None)
        if piece is None:
            if self._stays:
                self.waits.set()
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        self.taken += len(piece)
        await asyncio.sleep(0)
        return {"type": "http.request", "body": piece, "more_body": True}


@pytest.fixture
async def traces(service: Service) -> AsyncIterator[Callable[[], set[str]]]:
    """What stands in the folders beyond what stood there before; at the end of a test nothing may."""
    folders = [service.settings.data / "uploads", service.settings.data / "images"]

    def there() -> set[str]:
        return {path.name for folder in folders if folder.exists() for path in folder.iterdir()}

    before = there()
    yield lambda: there() - before
    assert there() == before


# ---------------------------------------------------------------- what is taken


async def test_an_upload_becomes_an_artwork_that_is_served(service: Service) -> None:
    answer = await upload(service, alt="A launch at night", tags="night, launch")
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert (found["outcome"], found["warnings"]) == ("new", [])
    new = found["artwork"]
    assert new == (await listed(service))["artworks"][-1]
    wanted = {
        "id": "night-launch",
        "name": "Night launch",
        "alt": "A launch at night",
        "tags": ["night", "launch"],
    }
    assert {what: new[what] for what in wanted} == wanted
    picture = await service.http.get(new["image"]["url"])
    assert (picture.status_code, picture.content[:4]) == (200, b"RIFF")
    await service.http.put("/titles/countdown/pin", json={"artwork": "night-launch"}, headers=ADMIN)
    assert (await service.get(profile="ada"))["image"]["url"] == new["image"]["url"]


async def test_the_first_picture_of_a_new_title_is_its_default(service: Service) -> None:
    await service.http.put("/titles/new", json={"name": "New"}, headers=ADMIN)
    assert (await upload(service, title="new", file="one.jpg")).status_code == 201
    assert (await service.get("new", profile="ada"))["artwork"] == "one"
    assert (await upload(service, encoded(a_picture(colour="lime")), "two.jpg", "new")).status_code == 201
    found = await listed(service, "new")
    assert (found["default"], [each["id"] for each in found["artworks"]]) == ("one", ["one", "two"])


async def test_everything_can_be_said_of_a_picture(service: Service) -> None:
    fields: dict[str, Any] = {
        "artwork": "hero",
        "name": "The hero",
        "alt": "A hero",
        "tags": "hero,night",
        "locales": "de, pt-BR",
        "placements": "hero",
        "maturity": "12",
        "valid_from": "1700000000",
        "valid_until": "1900000000.5",
        "focus": "0.5,0.4",
        "faces": "0.1,0.2,0.3,0.4;0.6,0.2,0.1,0.1",
        "made": "ai-assisted",
        "creator": "Ada L.",
        "licence": "CC0-1.0",
        "consent": "Grace H.",
        "consent_until": "1950000000",
    }
    answer = await upload(service, **fields)
    assert answer.status_code == 201, answer.text
    wanted = {
        "id": "hero",
        "name": "The hero",
        "alt": "A hero",
        "tags": ["hero", "night"],
        "maturity": 12,
        "locales": ["de", "pt-BR"],
        "placements": ["hero"],
        "focus": [0.5, 0.4],
        "made": "ai-assisted",
        "faces": [[0.1, 0.2, 0.3, 0.4], [0.6, 0.2, 0.1, 0.1]],
        "creator": "Ada L.",
        "licence": "CC0-1.0",
        "valid_from": 1_700_000_000,
        "valid_until": 1_900_000_000.5,
        "consent": {"of": "Grace H.", "until": 1_950_000_000, "withdrawn": False},
    }
    found = answer.json()["artwork"]
    assert {what: found[what] for what in wanted} == wanted


async def test_moments_may_be_said_as_dates(service: Service) -> None:
    said: dict[str, Any] = {
        "valid_from": "2027-01-01",
        "valid_until": "2027-06-30T12:00:00+02:00",
        "consent": "Grace H.",
    }
    answer = await upload(service, **said, consent_until=" 2028-01-01T00:00:00Z ")
    assert answer.status_code == 201, answer.text
    found = answer.json()["artwork"]
    moments = (found["valid_from"], found["valid_until"], found["consent"]["until"])
    assert moments == (1_798_761_600, 1_814_349_600, 1_830_297_600)


async def test_what_is_said_decides_the_crops(service: Service) -> None:
    striped = a_picture((1200, 400), "red")
    striped.paste("blue", (0, 0, 400, 400))
    answers = [await upload(service, encoded(striped), f"{x}.jpg", focus=f"{x},0.5") for x in ("0.1", "0.9")]
    urls = {answer.json()["artwork"]["image"]["url"] for answer in answers}
    assert len(urls) == 2


async def test_a_picture_whose_consent_was_withdrawn_does_not_come_back_under_another_name(
    service: Service,
) -> None:
    await upload(service, file="ada.jpg", consent="Ada L.")
    withdrawn = {"consent": {"withdrawn": True}}
    await service.http.patch(f"{PATH}/ada", json=withdrawn, headers=ADMIN)
    again = (await upload(service, file="another.jpg")).json()["artwork"]
    assert again["consent"] == {"of": "Ada L.", "until": None, "withdrawn": True}


async def test_a_new_file_for_an_artwork_replaces_its_picture_and_keeps_its_edits(service: Service) -> None:
    edits = {"tags": ["edited"], "status": "paused", "consent": {"of": "Ada L.", "withdrawn": True}}
    await service.http.patch(f"{PATH}/cupola", json=edits, headers=ADMIN)
    before = (await listed(service))["artworks"][0]
    first = await upload(service, file="cupola.jpg", alt="", creator="Grace H.")
    assert (first.status_code, first.json()["outcome"]) == (200, "changed")
    after = (await listed(service))["artworks"][0]
    assert after == first.json()["artwork"]
    assert after["image"]["url"] != before["image"]["url"]
    same = set(before) - {"image", "features", "creator"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["creator"] == "Grace H."
    again = await upload(service, file="cupola.jpg")
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")


async def test_focus_and_faces_are_those_of_the_new_file_alone(service: Service) -> None:
    steps: tuple[tuple[dict[str, Any], Any], ...] = (
        ({"focus": "0.1,0.2", "faces": "0,0,0.5,0.5"}, ([0.1, 0.2], [[0, 0, 0.5, 0.5]])),
        ({}, (None, [])),
        ({"focus": "0.9,0.2"}, ([0.9, 0.2], [])),
    )
    for said, wanted in steps:
        found = (await upload(service, file="a.jpg", **said)).json()["artwork"]
        assert (found["focus"], found["faces"]) == wanted


async def test_uploads_are_counted_by_what_became_of_them(service: Service) -> None:
    def counted() -> list[float]:
        outcomes = ("new", "changed", "unchanged", "refused")
        values = [REGISTRY.get_sample_value("keyart_uploads_total", {"outcome": each}) for each in outcomes]
        return [value or 0.0 for value in values]

    before = counted()
    for content in (JPEG, JPEG, encoded(a_picture()), b"", b""):
        await upload(service, content, "a.jpg")
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 1, 2]


async def test_what_should_be_looked_at_again_is_told(service: Service) -> None:
    answer = await upload(service, encoded(a_picture((320, 180), "purple")), "a.jpg")
    warnings = " ".join(answer.json()["warnings"])
    assert answer.status_code == 201
    for word in ("320 pixels", "alt text", "no tags"):
        assert word in warnings


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("../../x.jpg", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\pictures\\Night Launch.PNG", "night-launch"),
        ("a" * 300 + ".jpg", "a" * 64),
        ("Käsekuchen.jpg", "kasekuchen"),
        ("two.dots.jpg", "two-dots"),
        ("two\nlines.jpg", "two-0alines"),  # how clients write a line's end
    ],
)
async def test_the_id_comes_from_the_files_name_without_its_folders(service: Service, name: str, id_: str) -> None:
    answer = await upload(service, file=name)
    assert (answer.status_code, answer.json()["artwork"]["id"]) == (201, id_)
    assert not list((service.settings.data / "uploads").iterdir())


@pytest.mark.parametrize(
    ("head", "id_"),
    [
        ("filename*=UTF-8''K%C3%A4se%20kuchen.jpg", "kase-kuchen"),
        ("filename*=iso-8859-1'de'K%E4se.jpg", "kase"),
        ("FileName* = utf-8''..%2F..%2Fx.jpg", "x"),
        ("filename=\"plain.jpg\"; filename*=UTF-8''other.jpg", "plain"),
    ],
)
async def test_a_name_may_come_in_the_extended_notation(service: Service, head: str, id_: str) -> None:
    body = form(part("file", JPEG, "x").replace(b'filename="x"', head.encode()))
    answer = await sent(service, body)
    assert (answer.status, answer.json()["artwork"]["id"]) == (201, id_)


@pytest.mark.parametrize("head", ["filename*=utf-16''x.jpg", "filename*=x.jpg", "filename*="])
async def test_an_extended_name_that_is_none_counts_as_not_said(service: Service, head: str) -> None:
    body = form(part("file", JPEG, "x").replace(b'filename="x"', head.encode()))
    assert is_problem(await sent(service, body), 422)["errors"][0]["field"] == "artwork"


async def test_a_form_may_come_in_single_bytes_and_with_an_epilogue(service: Service) -> None:
    small = encoded(a_picture((128, 72)))
    body = b"\r\n" + form(part("artwork", b"bytes"), part("file", small, "x.jpg")) + b"more\r\n" * 10
    answer = await sent(service, *(body[at : at + 1] for at in range(len(body))))
    assert (answer.status, answer.json()["artwork"]["id"]) == (201, "bytes")


# ---------------------------------------------------------------- what is refused


def hostile() -> Iterator[Any]:
    animated = io.BytesIO()
    frames = [a_picture(colour=colour).convert("P") for colour in ("red", "blue")]
    frames[0].save(animated, "GIF", save_all=True, append_images=frames[1:])
    yield pytest.param(b"", id="nothing")
    yield pytest.param(JPEG[: len(JPEG) // 2], id="cut short")
    yield pytest.param(b"<html><script>alert(1)</script></html>", id="HTML")
    yield pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', id="SVG")
    yield pytest.param(b"PK\3\4" + b"\0" * 100, id="archive")
    yield pytest.param(b"\xff\xd8\xff\xe0" + os.urandom(5000), id="noise")
    yield pytest.param(animated.getvalue(), id="animated")
    yield pytest.param(encoded(a_picture((100, 100)), "BMP"), id="another format")


@pytest.mark.parametrize("content", list(hostile()))
async def test_what_is_no_good_picture_is_refused_and_leaves_nothing(
    service: Service, content: bytes, traces: Callable[[], set[str]]
) -> None:
    before = await listed(service)
    problem = is_problem(await upload(service, content, "evil.jpg"), 422)
    assert problem["errors"][0]["field"] == "file"
    assert "'evil.jpg'" in problem["detail"]
    assert await listed(service) == before
    assert not traces()


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("artwork", "No Slug", "artwork"),
        ("tags", "space,No Slug", "tags.1"),
        ("tags", ",".join(f"a{n}" for n in range(65)), "tags"),
        ("maturity", "22", "maturity"),
        ("maturity", "old", "maturity"),
        ("valid_from", "tomorrow", "valid_from"),
        ("valid_from", "nan", "valid_from"),
        ("focus", "0.5", "focus.1"),
        ("focus", "0.5,1.5", "focus.1"),
        ("faces", "0,0,1", "faces.0.3"),
        ("made", "by hand", "made"),
        ("consent_until", "1900000000", "consent_until"),
        ("name", "x" * 201, "name"),
        ("alt", "x" * 501, "alt"),
        ("alt", "x" * 20_000, "alt"),
        ("status", "active", "status"),
        ("\r\nx", "y", "%0D%0Ax"),
    ],
)
async def test_a_field_that_can_not_be_is_refused_by_name(
    service: Service, field: str, value: str, at: str, traces: Callable[[], set[str]]
) -> None:
    said: dict[str, Any] = {field: value}
    problem = is_problem(await upload(service, **said), 422)
    assert problem["errors"][0]["field"] == at
    assert not traces()


@pytest.mark.parametrize(
    "fields",
    [
        {"locales": "German"},
        {"alt": "two\nlines"},
        {"valid_from": "20", "valid_until": "10"},
        {"faces": "0.5,0,1,1"},
    ],
)
async def test_what_the_catalogue_does_not_accept_is_refused(service: Service, fields: dict[str, Any]) -> None:
    is_problem(await upload(service, **fields), 422)
    assert len((await listed(service))["artworks"]) == 4


@pytest.mark.parametrize("name", ["", "..", "...", "🎬.jpg"])
async def test_a_file_whose_name_makes_no_id_needs_one(service: Service, name: str) -> None:
    body = form(part("file", JPEG, name))
    assert is_problem(await sent(service, body), 422)["errors"][0]["field"] == "artwork"
    body = form(part("file", JPEG, name), part("artwork", b"named"))
    assert (await sent(service, body)).json()["artwork"]["id"] == "named"


async def test_a_file_s_name_in_another_script_makes_an_id_that_no_other_name_replaces(service: Service) -> None:
    """Two names can be written alike in Latin letters; the same name again is the same picture."""
    names = ["plakat.jfif", "Плакат.jpg", "Плакат.jpg", "七人の侍"]
    answers = [(await sent(service, form(part("file", JPEG, name)))).json() for name in names]
    latin, cyrillic, again, japanese = (answer["artwork"] for answer in answers)

    assert latin["id"] == "plakat"
    assert cyrillic["id"].startswith("plakat-")
    assert (cyrillic["name"], again, answers[2]["outcome"]) == ("Плакат", cyrillic, "unchanged")
    assert (japanese["id"], japanese["name"]) == ("qirennoshi", "七人の侍")


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ((part("alt", b"No file"),), "file"),
        ((), "file"),
        ((part("file", JPEG, "a.jpg"), part("file", JPEG, "b.jpg")), "file"),
        ((part("alt", b"one"), part("alt", b"two"), part("file", JPEG, "a.jpg")), "alt"),
        ((part("picture", JPEG, "a.jpg"),), "picture"),
        ((part("alt", b"\xff\xfe"), part("file", JPEG, "a.jpg")), "alt"),
        ((part("", b"x"),), "body"),
        (tuple(part(f"field-{number}") for number in range(10_000)), "field-0"),
        ((*(part("alt", b"x") for _ in range(10_000)),), "alt"),
    ],
)
async def test_a_form_that_is_not_as_it_should_be_is_refused_with_the_field(
    service: Service, parts: tuple[bytes, ...], field: str, traces: Callable[[], set[str]]
) -> None:
    problem = is_problem(await sent(service, form(*parts)), 422)
    assert problem["errors"][0]["field"] == field
    assert not traces()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (b"application/json", 415),
        (b"image/jpeg", 415),
        (b"", 415),
        (b"multipart/mixed; boundary=x", 415),
        (b"multipart/form-data", 400),
        (b"multipart/form-data; boundary=", 400),
        (b"multipart/form-data; boundary=" + b"x" * 300, 400),
        (b"multipart/form-data; boundary=another", 400),
    ],
)
async def test_a_body_of_another_kind_is_refused(
    service: Service, kind: bytes, status: int, traces: Callable[[], set[str]]
) -> None:
    headers = [*HEADERS[:2], (b"content-type", kind)]
    is_problem(await sent(service, form(part("file", JPEG, "a.jpg")), headers=headers), status)
    assert not traces()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary at all",
        form(part("file", JPEG, "a.jpg"))[: -len(END)],
        part("file", JPEG, "a.jpg")[:-100],
        b"--" + BOUNDARY + b"\r\nNo colon\r\n\r\nx" + END,
        b"--" + BOUNDARY + b"\r\n" + b"X-Header: y\r\n" * 100 + b"\r\nx" + END,
        b"--" + BOUNDARY + b"\r\nX-Header: " + b"y" * 10_000 + b"\r\n\r\nx" + END,
    ],
)
async def test_a_malformed_form_is_a_bad_request(
    service: Service, body: bytes, traces: Callable[[], set[str]]
) -> None:
    is_problem(await sent(service, body), 400)
    assert not traces()


async def test_a_full_title_takes_no_more(service: Service) -> None:
    title = service.title()
    first = title.artworks[0]
    more = [replace(first, id=f"artwork-{number}") for number in range(MOST_ARTWORKS - 1)]
    await service.change(replace(title, artworks=(first, *more)))
    problem = is_problem(await upload(service), 422)
    assert str(MOST_ARTWORKS) in problem["detail"]
    assert (await upload(service, file="cupola.jpg")).status_code == 200


# ---------------------------------------------------------------- limits while reading


async def test_nobody_reads_a_body_for_whom_may_not_send_one_or_for_a_title_that_is_not_there(
    service: Service,
) -> None:
    body = [form(part("file", JPEG, "a.jpg"))]
    for key, status in ((CLIENT["Authorization"].encode(), 403), (b"Bearer wrong", 401), (b"", 401)):
        sender = Sender(service, body)
        is_problem(await sender.send(headers=[HEADERS[0], FORM, (b"authorization", key)]), status)
        assert sender.taken == 0
    for path in ("/titles/nothing/artworks", "/titles/NOTHING/artworks"):
        sender = Sender(service, body)
        assert (await sender.send(path)).status in {404, 422}
        assert sender.taken == 0


async def test_a_body_that_says_it_is_too_long_is_refused_unread(service: Service) -> None:
    most = LARGEST_FILE + MIB
    sender = Sender(service, [form(part("file", JPEG, "a.jpg"))])
    answer = await sender.send(headers=[*HEADERS, (b"content-length", b"%d" % (most + 1))])
    assert f"{most} bytes; export the picture smaller." in is_problem(answer, 413)["detail"]
    assert sender.taken == 0
    answer = await sender.send(headers=[*HEADERS, (b"content-length", b"%d" % most)])
    assert answer.status == 201


async def test_a_body_in_chunks_is_refused_once_it_is_too_long(
    service: Service, traces: Callable[[], set[str]]
) -> None:
    chunk = bytes(256 * 1024)
    sender = Sender(service, [part("file", b"", "a.jpg")[:-2], *[chunk] * (4 * 70)])
    assert "64 MiB" in is_problem(await sender.send(), 413)["detail"]
    assert LARGEST_FILE < sender.taken <= LARGEST_FILE + MIB
    assert not traces()


@pytest.mark.parametrize(("first", "filler"), [(b"", b"\r"), (part("alt") + b"--" + BOUNDARY, b" ")])
async def test_padding_is_limited_too(
    service: Service, traces: Callable[[], set[str]], first: bytes, filler: bytes
) -> None:
    sender = Sender(service, [first + filler, *[filler * (256 * 1024)] * 100])
    assert str(MIB) in is_problem(await sender.send(), 400)["detail"]
    assert sender.taken <= 2 * MIB
    assert not traces()


async def test_all_else_stays_limited_to_a_mebibyte(service: Service) -> None:
    for method, path in (("PUT", PATH), ("POST", PATH + "/x"), ("POST", "/titles/artworks"), ("POST", "/clicks")):
        headers = [*HEADERS, (b"content-length", b"%d" % (MIB + 1))]
        answer = await send(service.app, method, path, headers=headers)
        assert "send it in smaller parts" in is_problem(answer, 413)["detail"]


async def test_a_connection_that_ends_early_leaves_nothing(
    service: Service, traces: Callable[[], set[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    sender = Sender(service, [part("file", JPEG, "a.jpg")[:-100], b"more"])
    is_problem(await sender.send(), 400)
    assert not traces()
    assert "request_failed" not in capsys.readouterr().out


@pytest.mark.parametrize("limit", ["QUIET_SECONDS", "WHOLE_SECONDS"])
async def test_a_body_that_does_not_come_is_given_up(
    service: Service, traces: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(forms, limit, 0.05)
    sender = Sender(service, [part("file", JPEG, "a.jpg")[:-100]], stays=True)
    is_problem(await sender.send(), 408)
    assert not traces()


async def test_a_body_that_is_never_quiet_is_given_up_all_the_same(
    service: Service, traces: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "WHOLE_SECONDS", 0.05)
    sender = Sender(service, [part("file", JPEG, "a.jpg")[:-2], *[b"x"] * 20_000])
    is_problem(await sender.send(), 408)
    assert not traces()


async def test_an_upload_that_is_cancelled_leaves_nothing(
    service: Service, traces: Callable[[], set[str]]
) -> None:
    sender = Sender(service, [part("file", JPEG, "a.jpg")[:-100]], stays=True)
    task = asyncio.create_task(sender.send())
    await sender.waits.wait()
    assert traces()
    task.cancel()
    is_retried_later(await task)
    assert not traces()


def is_retried_later(answer: Answer) -> None:
    is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


async def test_only_so_many_are_taken_in_at_a_time(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "MOST", 1)
    async with serving(tmp_path, catalogue) as service:
        slow = Sender(service, [b"\r\n"], stays=True)
        first = asyncio.create_task(slow.send())
        await slow.waits.wait()
        second = Sender(service, [form(part("file", JPEG, "a.jpg"))])
        answer = await second.send()
        is_retried_later(answer)
        assert second.taken == 0
        first.cancel()
        await asyncio.wait([first])
        assert (await second.send()).status == 201


# ---------------------------------------------------------------- at the same time


async def test_of_two_uploads_of_one_artwork_both_are_answered_and_the_later_one_stays(service: Service) -> None:
    contents = [encoded(a_picture((640, 360), colour)) for colour in ("lime", "pink")]
    answers = await asyncio.gather(*(upload(service, content, "new.jpg") for content in contents))
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    [later] = [answer.json()["artwork"] for answer in answers if answer.status_code == 200]
    assert [each for each in (await listed(service))["artworks"] if each["id"] == "new"] == [later]


async def test_uploads_and_edits_at_the_same_time_all_survive(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as one, serving(tmp_path, catalogue, clock=one.clock) as other:
        workers = (one, other)
        sent = [upload(workers[n % 2], encoded(a_picture((320, 180), c)), f"{c}.jpg") for n, c in COLOURS]
        edits = [
            worker.http.patch(f"{PATH}/{name}", json={"alt": f"Edited, {name}"}, headers=ADMIN)
            for worker, name in zip(workers * 2, ("cupola", "earthrise", "ignition", "sunset-pad"), strict=True)
        ]
        answers = await asyncio.gather(*sent, *edits)
        assert [answer.status_code for answer in answers] == [201] * 4 + [200] * 4
        found = (await listed(one))["artworks"]
        assert {each["id"] for each in found[4:]} == {colour for _, colour in COLOURS}
        assert [each["alt"] for each in found[:4]] == [f"Edited, {each['id']}" for each in found[:4]]


def test_all_pictures_in_the_making_take_a_gibibyte_at_most() -> None:
    assert rendering.AT_ONCE * MEMORY <= 1 << 30


async def test_a_picture_in_the_making_holds_one_of_the_places_of_all_workers(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", LOOKING % str(service.settings.data)))
    problem = is_problem(await upload(service), 422)
    assert "held: ['rendering-0.lock'] of 1." in problem["detail"]
    elsewhere = Permits((service.settings.data / "rendering-0.lock",))
    async with elsewhere.one():
        problem = is_problem(await upload(service), 422)
        assert "held: ['rendering-0.lock', 'rendering-1.lock'] of 2." in problem["detail"]


LOOKING = """
import fcntl
from pathlib import Path
from assets.rendering import worker
from assets.rendering.messages import Answer

def free(path):
    try:
        fcntl.flock(path.open("a"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

def looked(order):
    files = sorted(Path(%r).glob("rendering-*"))
    held = [path.name for path in files if not free(path)]
    return Answer(fault=f"held: {held} of {len(files)}.")

worker.answer = looked
worker.main()
"""


async def test_who_waits_for_a_place_comes_in_when_another_process_leaves_it(tmp_path: Path) -> None:
    files = tmp_path / "0", tmp_path / "1"
    here, there = Permits(files), Permits(files)
    came: list[str] = []

    async def come(name: str) -> None:
        async with here.one():
            came.append(name)

    async with there.one():
        async with here.one():
            waiting = [asyncio.create_task(come(name)) for name in "abc"]
            for _ in range(100):
                await asyncio.sleep(0)
            assert not came
        await asyncio.gather(*waiting)
    assert came == ["a", "b", "c"]


async def test_who_gives_up_waiting_for_a_place_takes_none(tmp_path: Path) -> None:
    one = Permits((tmp_path / "0",))
    async with one.one():
        waiting = asyncio.create_task(one.one().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    async with one.one():
        pass


COLOURS = list(enumerate(("lime", "pink", "gray", "brown")))


async def test_a_title_that_goes_while_its_picture_comes_in_is_not_found(service: Service) -> None:
    body = form(part("file", JPEG, "a.jpg"))
    deleting = service.http.delete("/titles/countdown", headers=ADMIN)
    is_problem(await Sender(service, [body[:1000], deleting, body[1000:]]).send(), 404)
    assert (await service.http.get("/titles")).json()["titles"][-1]["id"] != "countdown"


async def test_focus_goes_with_the_picture_that_was_cropped_by_it(service: Service) -> None:
    body = form(part("file", JPEG, "cupola.jpg"))
    meanwhile = upload(service, file="cupola.jpg", focus="0.1,0.1", tags="meanwhile")
    answer = await Sender(service, [body[:1000], meanwhile, body[1000:]]).send()
    artwork = answer.json()["artwork"]
    assert (artwork["focus"], artwork["tags"]) == (None, ["meanwhile"])


# ---------------------------------------------------------------- ends


HANGING = """
import os, signal
from pathlib import Path
from assets.rendering import worker

def hanging(order):
    (Path(order.folder) / "half").write_bytes(b"written")
    Path(%r).write_text(str(os.getpid()))
    signal.pause()

worker.answer = hanging
worker.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs pidfd_open")
async def test_the_end_of_the_service_ends_what_is_in_the_making(
    service: Service, traces: Callable[[], set[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", HANGING % str(told)))
    task = asyncio.create_task(Sender(service, [form(part("file", JPEG, "a.jpg"))]).send())
    worker = os.pidfd_open(int(await asyncio.to_thread(told.read_text)))
    assert len(traces()) == 2
    ending = asyncio.create_task(service.services.rendering.end())
    await asyncio.sleep(0)
    task.cancel()
    await ending
    assert task.done()
    is_retried_later(task.result())
    assert select.select([worker], [], [], 0)[0]
    os.close(worker)
    assert not traces()


async def test_a_client_that_leaves_after_its_last_byte_has_uploaded_all_the_same(service: Service) -> None:
    sender = Sender(service, [form(part("file", JPEG, "a.jpg"))])
    assert (await sender.send()).status == 201
    assert (await listed(service))["artworks"][-1]["id"] == "a"


# ---------------------------------------------------------------- faults of the machine


@contextmanager
def no_room(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("keyart_uploads_total", {"outcome": outcome}) or 0.0


async def test_what_the_form_and_what_the_catalogue_refuses_both_count_as_refused(service: Service) -> None:
    before = counted("refused")
    is_problem(await service.http.post(PATH, content=b"{}", headers=ADMIN), 415)
    is_problem(await upload(service, b"no picture", "a.jpg"), 422)
    assert counted("refused") == before + 2


async def test_a_full_disk_is_told_and_leaves_nothing(service: Service, traces: Callable[[], set[str]]) -> None:
    before = counted("failed")
    with no_room(1 << 16):
        answer = await sent(service, form(part("file", JPEG + bytes(1 << 18), "a.jpg")))
    problem = is_problem(answer, 503)
    assert "File too large" in problem["detail"]
    assert counted("failed") == before + 1
    assert not traces()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("worker.answer = lambda order: Answer(disk=28); worker.main()", "No space left on device"),
        ("raise SystemExit", "the service's log says why"),
    ],
)
async def test_what_is_no_fault_of_the_picture_is_told_as_the_service_s(
    service: Service, traces: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch, line: str, reason: str
) -> None:
    before = counted("failed")
    script = f"from assets.rendering import worker; from assets.rendering.messages import Answer; {line}"
    monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", script))
    assert reason in is_problem(await upload(service), 503)["detail"]
    assert counted("failed") == before + 1
    assert not traces()
