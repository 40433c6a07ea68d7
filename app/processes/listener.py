"""The socket that all workers share."""

import errno
import socket
import time

BACKLOG = 2048
PATIENCE_SECONDS = 5.0
"""Seconds to wait for a taken port: workers whose parent was killed need a moment to notice."""
RETRY_SECONDS = 0.2


class PortError(OSError):
    """The service cannot listen on the address."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; with port 0 on a free port. Raises `PortError` with the remedy."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                sentence = (
                    f"Keyart cannot listen on {host}:{port}: {error.strerror}; set KEYART_PORT or KEYART_HOST."
                )
                raise PortError(sentence) from None
        time.sleep(RETRY_SECONDS)


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
