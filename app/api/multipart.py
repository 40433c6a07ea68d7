"""A multipart form with one file in it, which is written to disk as it comes in, and deleted afterwards."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from app.api.bodies import check_coding
from app.api.problems import Problem
from app.catalogue.uploads import FILE
from app.refusals import Invalid

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MEDIA_TYPE = b"multipart/form-data"
LONGEST_FIELD = 16 * 1024
"""Bytes of a field that is not the file."""
MOST_AROUND = 1 << 20
"""Bytes that belong neither to the file nor to a field: padding is slow to read."""
LONGEST_NAME = 100
QUIET_SECONDS = 30.0
"""How long a client may send no byte of a body."""
WHOLE_SECONDS = 900.0
"""How long a body may take: 64 MiB at 0.6 Mbit/s."""
# RFC 5987, section 3.2. RFC 7578 forbids it in forms, and the parser passes over it, but some clients send it.
_EXTENDED_NAME = re.compile(r";\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s\"]+)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was sent: the text fields, the path of the file, and its name at the client, without folders."""

    fields: dict[str, str]
    file: Path
    name: str


@asynccontextmanager
async def received(request: Request, folder: Path, fields: Collection[str], largest: int) -> AsyncIterator[Form]:
    """Yield the form. Its file is always deleted at the end.

    The form may have each of the named fields once, and one file of at most `largest` bytes. Any other part is
    refused where it begins. The whole file is never in memory.
    """
    check_coding(request)
    boundary = _boundary(request)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)
    try:
        with path.open("xb") as file:
            form = await _read(request, _Parts(file, fields, largest), boundary)
        yield Form(form.texts, path, _base(form.file_name))
    finally:
        path.unlink(missing_ok=True)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.strip() != MEDIA_TYPE:
        raise Problem(
            415, f"The body is {_text(kind)!r}; send a form as multipart/form-data, with the picture in 'file'."
        )
    if not options.get(b"boundary"):
        raise _malformed("its Content-Type names no boundary")
    return options[b"boundary"]


async def _read(request: Request, parts: "_Parts", boundary: bytes) -> "_Parts":
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async with asyncio.timeout(WHOLE_SECONDS), aclosing(request.stream()) as chunks:
            while not parts.ended and (chunk := await _next(chunks)):
                parts.around += len(chunk)
                await asyncio.to_thread(parser.write, chunk)
                if parts.around > MOST_AROUND:
                    raise _malformed(f"it has more than {MOST_AROUND} bytes around its fields")
    except FormParserError as error:
        raise _malformed(str(error)) from error
    except ClientDisconnect as error:
        raise _malformed("the connection ended before the form did") from error
    except TimeoutError as error:
        raise Problem(408, "The body arrives too slowly; send it again over a better connection.") from error
    if not parts.ended:
        raise _malformed("its last boundary is missing")
    if FILE not in parts.seen:
        raise Invalid.field(FILE, "It is required: send the picture in it")
    return parts


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(QUIET_SECONDS):
        return await anext(chunks)


@dataclass(slots=True)
class _Parts:
    """Takes the parts of a form from its parser."""

    file: BinaryIO
    names: Collection[str]
    largest: int
    texts: dict[str, str] = field(default_factory=dict)
    file_name: str = ""
    seen: set[str] = field(default_factory=set)
    ended: bool = False
    around: int = 0
    """Bytes read until now that belong neither to the file nor to a field."""
    _name: str = ""
    _size: int = 0
    _text: bytearray = field(default_factory=bytearray)
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _disposition: str = ""

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._take,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition, self._size = "", 0
        self._text.clear()

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value.decode("latin-1")
        name.clear()
        value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = _text(options.get(b"name", b""))
        if self._name != FILE and self._name not in self.names:
            known = ", ".join((FILE, *self.names))
            raise Invalid.field(self._name[:LONGEST_NAME] or "body", f"There is no such field; use {known}")
        if self._name in self.seen:
            raise Invalid.field(self._name, "It is sent twice; send it once")
        self.seen.add(self._name)
        if self._name == FILE:
            self.file_name = _text(options.get(b"filename", b"")) or _extended_name(self._disposition)

    def _take(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        self.around -= end - start
        if self._name == FILE:
            if self._size > self.largest:
                raise Problem(413, f"The file has more than {self.largest >> 20} MiB; export it smaller.")
            self.file.write(data[start:end])
        elif self._size > LONGEST_FIELD:
            raise Invalid.field(self._name, f"It has more than {LONGEST_FIELD} bytes")
        else:
            self._text += data[start:end]

    def _close(self) -> None:
        if self._name != FILE:
            try:
                self.texts[self._name] = self._text.decode()
            except UnicodeDecodeError:
                raise Invalid.field(self._name, "It is not UTF-8") from None

    def _end(self) -> None:
        self.ended = True


def _malformed(fault: str) -> Problem:
    return Problem(
        400, f"The form is not valid: {fault.rstrip('.')}; send the complete form, as multipart/form-data."
    )


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _extended_name(disposition: str) -> str:
    found = _EXTENDED_NAME.search(disposition)
    return unquote(found[2], encoding=found[1]) if found else ""


def _base(name: str) -> str:
    """Return the name of a file without its folders (of any system), short enough for a sentence."""
    return _SEPARATORS.split(name)[-1][-LONGEST_NAME:]
