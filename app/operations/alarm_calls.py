"""The calls of KEYART_ALARM_URL: one when an alarm begins, and one when it ends."""

import asyncio
import http.client
import json
import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from app.file_lock import taken
from app.operations.alarm import Alarm
from app.operations.watch import Look, Watch

log = structlog.get_logger()

CALM_MS: Final = 60_000
"""How long an alarm must last, or be over, before that is told, so that a restart tells nothing."""
SECONDS: Final = 10.0
LARGEST: Final = 1 << 16
"""Bytes of the file of told alarms, which has some hundred."""
Send = Callable[[dict[str, Any]], None]


class AlarmCalls:
    """Tells alarms in one worker: the one that locks the file in which the told alarms are kept.

    The file outlives restarts, so that no alarm is told twice. A call that fails is tried again a minute later.
    """

    def __init__(self, path: Path, send: Send):
        self._path, self._send = path, send
        self._handle: int | None = None
        self._told: dict[str, dict[str, Any]] = {}
        self._differs: dict[str, int] = {}

    async def follow(self, watch: Watch) -> None:
        """Take each look of the watch until it ends."""
        try:
            while (look := await watch.next()) is not None:
                await self._consider(look)
        finally:
            self.close()

    async def _consider(self, look: Look) -> None:
        """Tell each alarm that is due. On a full disk the alarm is told, and only the file is not written."""
        try:
            if self.leads():
                await self.take(look.alarms, look.reading.at)
        except OSError as error:
            log.warning("alarms_not_kept", file=self._path.name, reason=str(error))

    def close(self) -> None:
        """Let another worker tell alarms."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    async def take(self, alarms: Iterable[Alarm], now: int) -> None:
        """Compare the alarms with those that were told, and tell each difference that lasts for a minute."""
        present = {alarm.name: alarm for alarm in alarms}
        changed = [name for name in (*present, *self._told) if (name in present) != (name in self._told)]
        self._differs = {name: self._differs.get(name, now) for name in changed}
        for name, since in list(self._differs.items()):
            if now - since >= CALM_MS:
                await self._tell(name, present.get(name), now)

    async def _tell(self, name: str, alarm: Alarm | None, now: int) -> None:
        begun = alarm._asdict() if alarm else self._told[name]
        state = "begun" if alarm else "ended"
        try:
            await asyncio.to_thread(self._send, {**begun, "state": state, "at": now / 1000})
        except (OSError, http.client.HTTPException) as error:
            log.warning("alarm_not_told", alarm=name, reason=str(error) or type(error).__name__)
            self._differs[name] = now
            return
        log.info("alarm_told", alarm=name, state=state)
        if alarm:
            self._told[name] = begun
        else:
            del self._told[name]
        self._keep()

    def leads(self) -> bool:
        """Return whether this process tells alarms; it tries to become the one that does."""
        if self._handle is None:
            self._path.parent.mkdir(exist_ok=True)
            self._handle = taken(self._path)
            if self._handle is not None:
                self._told = _read(self._handle)
        return self._handle is not None

    def _keep(self) -> None:
        if self._handle is not None:
            content = json.dumps(self._told).encode()
            os.pwrite(self._handle, content, 0)
            os.ftruncate(self._handle, len(content))


def _read(handle: int) -> dict[str, dict[str, Any]]:
    """Return the told alarms; of a file that is damaged there are none, and they are told again."""
    try:
        found = json.loads(os.pread(handle, LARGEST, 0) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) and all(isinstance(each, dict) for each in found.values()) else {}


def post_to(url: str) -> Send:
    """Return a function that posts a document to the address. Only a 2xx answer is a success."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"

    def send(document: dict[str, Any]) -> None:
        with closing(connect(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
            connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json"})
            status = connection.getresponse().status
        if status // 100 != 2:  # noqa: PLR2004  HTTP's own word
            raise OSError(f"The receiver answered with status {status}.")

    return send
