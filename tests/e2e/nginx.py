"""nginx in front of a service, with the few lines that a test gives."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.e2e.service import until

MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""
NEEDS_NGINX = pytest.mark.skipif(shutil.which("nginx") is None, reason="not installed: nginx")


@contextmanager
def nginx(folder: Path, port: int, locations: str, probe: str) -> Iterator[None]:
    """Run nginx until the block ends. It has begun when it answers 200 for the path `probe`."""
    user = "user root;" if os.geteuid() == 0 else ""  # its own could not enter the tests' folder
    text = MAIN.format(folder=folder, user=user, port=port, locations=locations)
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([shutil.which("nginx") or "", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        until("nginx answers", lambda: _status(f"http://127.0.0.1:{port}{probe}") == 200)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _status(url: str) -> int:
    try:
        return httpx2.get(url, trust_env=False).status_code
    except httpx2.TransportError:
        return 0
