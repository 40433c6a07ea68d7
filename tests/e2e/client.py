"""A small HTTP client: cheap enough that one process can play a whole audience."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

Answer = tuple[int, Any]
TIMEOUT = 40.0


class NoAnswerError(ConnectionError):
    """The request may have arrived, and no answer did."""


class Connection:
    """One connection, opened when it is needed and again after it broke."""

    def __init__(self, port: int, key: str | None = None):
        self._port = port
        self._key = f"Authorization: Bearer {key}\r\n" if key else ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, **query: object) -> Answer:
        return await self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    async def post(self, path: str, body: object) -> Answer:
        return await self.send("POST", path, body)

    async def send(self, method: str, target: str, body: object = None) -> Answer:
        """Return status and decoded body. `NoAnswerError` where none came; other `OSError`s: it was never sent."""
        reader, writer = await self._connected()
        content = b"" if body is None else json.dumps(body).encode()
        host = f"Host: 127.0.0.1:{self._port}\r\n"
        head = f"{method} {target} HTTP/1.1\r\n{host}Content-Type: application/json\r\n{self._key}"
        try:
            writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            async with asyncio.timeout(TIMEOUT):
                status, answer, closing = await _read(reader)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            raise NoAnswerError(f"{method} {target}: {error!r}") from error
        except BaseException:
            self.close()
            raise
        if closing:
            self.close()
        return status, json.loads(answer) if answer else None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return self._streams

    def close(self) -> None:
        if self._streams:
            self._streams[1].transport.abort()
        self._streams = None


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    length = int(fields.get("content-length", 0))
    body = await reader.readexactly(length) if length else b""
    return int(head[0].split()[1]), body, fields.get("connection", "").lower() == "close"
