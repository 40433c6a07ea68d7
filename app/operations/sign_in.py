"""A sign-in link for the person who starts the service."""

import http.client
import json
from contextlib import closing

SECONDS = 5.0


def sign_in_path(host: str, port: int, key: str) -> str | None:
    """Ask a service of this machine for a link that signs one browser in; None if it makes none."""
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=SECONDS)) as connection:
            connection.request("POST", "/session/links", headers={"Authorization": f"Bearer {key}"})
            response = connection.getresponse()
            made = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    path = made.get("path") if response.status == http.client.CREATED else None
    return path if isinstance(path, str) else None
