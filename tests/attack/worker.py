"""One worker in a thread, with limits that a test can wait for, and clients that send exactly these bytes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from app.api.connections import Connections, Limits
from app.processes.worker import Server
from app.wiring.worker import server_of
from tests.api.service import Answer, settings_of

KEY = "the-admin-key-of-a-test"
SECONDS = 30.0
"""How long an answer is waited for. Nothing is measured by it."""


def request(method: str, path: str, *lines: bytes, body: bytes | None = None) -> bytes:
    """Return the bytes of a request; `body` comes with its length."""
    length = () if body is None else (b"Content-Length: %d" % len(body),)
    first = f"{method} {path} HTTP/1.1".encode()
    return b"\r\n".join([first, b"Host: localhost", *lines, *length, b"", body or b""])


GET = request("GET", "/healthz")


class Client:
    """A connection whose every byte is its owner's."""

    def __init__(self, port: int, *, receive_buffer: int | None = None):
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(SECONDS)
        self._socket.connect(("127.0.0.1", port))
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> "Client":
        self._socket.sendall(data)
        return self

    def answer(self) -> Answer:
        """Read one answer."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Answer(status, headers, self._file.read(int(headers.get("content-length", 0))))

    def read_all(self) -> bytes:
        """Return what comes until the other side closes."""
        try:
            return self._file.read()
        except ConnectionResetError:
            return b""

    def ended(self) -> bool:
        """Wait for the other side to close, and return whether nothing came before."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
            self._socket.close()


@dataclass(slots=True)
class Worker:
    port: int
    data: Path
    server: Server
    together: Connections
    clients: list[Client]

    def client(self, data: bytes = b"", **options: Any) -> Client:
        """Connect, and send this; it stays open until the worker ends."""
        self.clients.append(Client(self.port, **options).send(data))
        return self.clients[-1]

    def get(self, path: str = "/healthz") -> Answer:
        """Ask on a connection of its own."""
        client = Client(self.port)
        try:
            return client.send(request("GET", path)).answer()
        finally:
            client.close()

    def ended(self, reason: str) -> float:
        """Return how many connections the service says it has ended for a reason."""
        families = text_string_to_metric_families(self.get("/metrics").body.decode())
        samples = [each for family in families for each in family.samples]
        return sum(
            each.value
            for each in samples
            if each.name == "keyart_connections_ended_total" and each.labels["reason"] == reason
        )


@contextmanager
def working(folder: Path, **limits: Any) -> Iterator[Worker]:
    """Run a worker with these limits, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 14)  # what it accepts has the same
        port = listener.getsockname()[1]
        together = Connections(Limits(**limits))
        server = server_of(settings_of(data=folder, admin_key=KEY), together)
        worker = Worker(port, folder, server, together, [])
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert worker.get().status == 200
            yield worker
        finally:
            for client in worker.clients:
                client.close()
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()
