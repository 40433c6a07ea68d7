"""The configurations in docs/examples/, run where what they are for is installed."""

import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage, HTTPSConnection
from pathlib import Path

import pytest

from app.api.connections import Limits
from tests.docs.pages import DOCS, page
from tests.e2e.conftest import catalogue, title_id  # noqa: F401  a fixture
from tests.e2e.service import Service, free_port, keyart, until

EXAMPLES = DOCS / "examples"
MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/keyart.conf;
}}
"""
CLIENT_KEY = "the-client-key-of-tests"
TOO_MANY = 429
NOT_FOR_ALL = (
    "/report",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/titles",
    "/profiles?profile=ada",
    "/catalogue",
    "/readyz",
)


def program(name: str) -> str:
    """Return where a program is; its name alone where it is not, and its tests are skipped."""
    return shutil.which(name) or name


def needed(*programs: str) -> pytest.MarkDecorator:
    missing = [each for each in programs if shutil.which(each) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes


@dataclass(frozen=True, slots=True)
class Proxy:
    folder: Path
    plain: int
    secure: int

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        trusting = ssl.create_default_context(cafile=str(self.folder / "keyart.pem"))
        trusting.check_hostname = False
        connection = HTTPSConnection("127.0.0.1", self.secure, timeout=40, context=trusting)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def ask_patiently(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask again while another test has used the rate up."""

        def answer() -> Answer | None:
            got = self.ask(path, method="POST" if body else "GET", body=body, headers=headers)
            return got if got.status != TOO_MANY else None

        found = until(f"{path} is let through", answer)
        assert found
        return found

    @property
    def log(self) -> str:
        return (self.folder / "keyart.log").read_text()


def adapted(example: str, service: Service, folder: Path, plain: int, secure: int) -> str:
    """Return an example for this machine: other ports and paths, and nothing else."""
    own = (
        {"root /var/www/html;": f"root {folder}/html;"}
        if "path" in example
        else {"listen 80;": f"listen 127.0.0.1:{plain};"}
    )
    replaced = {
        **own,
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{service.port};",
        "/etc/ssl/keyart.pem": f"{folder}/keyart.pem",
        "/etc/ssl/private/keyart.key": f"{folder}/keyart.key",
        "/var/log/nginx/keyart.log": f"{folder}/keyart.log",
        "/var/cache/nginx/keyart": f"{folder}/cache",
    }
    text = (EXAMPLES / example).read_text()
    for old, new in replaced.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def certify(folder: Path) -> None:
    to = ["-keyout", str(folder / "keyart.key"), "-out", str(folder / "keyart.pem")]
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=keyart.example", *to],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def proxy(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:  # noqa: F811  the fixture
    """Yield nginx in front of a service, with the example as its configuration."""
    folder = tmp_path_factory.mktemp("nginx")
    data = shutil.copytree(catalogue, folder / "data")
    service = Service(data, client_key=CLIENT_KEY, hold_seconds=0, decision_timeout_ms=10_000)
    try:
        with before(service.start(), folder) as found:
            yield found
    finally:
        service.clean_up()


@contextmanager
def before(service: Service, folder: Path, example: str = "nginx.conf") -> Iterator[Proxy]:
    """Run nginx in front of a service for a while."""
    found = Proxy(folder, free_port(), free_port())
    certify(folder)
    (folder / "keyart.conf").write_text(adapted(example, service, folder, found.plain, found.secure))
    user = "user root;" if os.geteuid() == 0 else ""  # its own could not enter the tests' folder
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    nginx = subprocess.Popen([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        until("nginx answers", lambda: answers(found))
        yield found
    finally:
        nginx.terminate()
        nginx.wait(10)


def answers(proxy: Proxy) -> bool:
    try:
        return proxy.ask("/nothing").status == 404
    except OSError:
        return False


@needed("nginx", "openssl")
def test_nginx_lets_viewers_through_and_nobody_else(proxy: Proxy) -> None:
    choice = proxy.ask(f"/artwork?profile=ada-lovelace&title={title_id(0)}")
    assert (choice.status, choice.headers["Cache-Control"], choice.headers["Vary"]) == (
        200,
        "private, no-store",
        "Accept",
    )
    decision_id, url = re.findall(rb'"(?:decision_id|url)":"([^"]+)"', choice.body)
    click = proxy.ask_patiently("/clicks", b'{"decision_id": "%s"}' % decision_id)
    assert (click.status, click.body) == (202, b'{"recorded":1,"duplicates":0,"rejected":[]}')
    for _ in range(2):
        assert proxy.ask(url.decode()).headers["Content-Type"] == "image/webp"
    assert b'"reasons"' in proxy.ask_patiently(f"/decisions/{decision_id.decode()}/why").body
    for path in (*NOT_FOR_ALL, f"/decisions/{decision_id.decode()}"):
        assert proxy.ask(path).status == 404, path
    assert proxy.ask("/profiles?profile=ada-lovelace", method="DELETE").status == 404
    assert proxy.ask(url.decode(), method="POST").status == 403

    until("the log has it all", lambda: proxy.log.count("/images/") >= 2)
    assert "HIT" in proxy.log
    assert '"GET /artwork" 200' in proxy.log
    assert "ada-lovelace" not in proxy.log


@needed("nginx", "openssl")
def test_nginx_keeps_a_picture_as_long_as_keyart_lets_it(proxy: Proxy) -> None:
    [url] = re.findall(rb'"url":"([^"]+)"', proxy.ask(f"/artwork?title={title_id(0)}").body)
    assert "s-maxage=3600" in proxy.ask(url.decode()).headers["Cache-Control"]
    [kept] = [path for path in (proxy.folder / "cache").iterdir() if url in path.read_bytes()]
    valid_until = int.from_bytes(kept.read_bytes()[8:16], sys.byteorder)  # ngx_http_file_cache_header_t
    assert 3000 < valid_until - kept.stat().st_mtime <= 3600


@needed("nginx", "openssl")
def test_nginx_hands_no_key_on(proxy: Proxy) -> None:
    assert proxy.ask(f"/artwork?profile=ada&title={title_id(0)}").status == 200
    named = b'{"profile": "ada", "title": "%s"}' % title_id(0).encode()
    refused = proxy.ask_patiently("/clicks", named, headers={"Authorization": f"Bearer {CLIENT_KEY}"})
    assert refused.status == 422
    assert b"needs the client key" in refused.body


@needed("nginx", "openssl")
def test_nginx_bounds_rates_and_bodies_and_sends_to_tls(proxy: Proxy) -> None:
    assert proxy.ask("/clicks", method="POST", body=b"x" * 1_100_000).status == 413
    assert any(proxy.ask("/clicks", method="POST", body=b"{}").status == TOO_MANY for _ in range(3000))
    connection = HTTPConnection("127.0.0.1", proxy.plain, timeout=40)
    connection.request("GET", "/artwork?title=a", headers={"Host": "keyart.example"})
    moved = connection.getresponse()
    connection.close()
    assert (moved.status, moved.headers["Location"]) == (301, "https://keyart.example/artwork?title=a")


@pytest.fixture(scope="module")
def under_a_path(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:  # noqa: F811  the fixture
    """Yield nginx with a site and a service under a path of it, with the example as its configuration."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "html").mkdir()
    (folder / "html" / "index.html").write_text("The site.")
    data = shutil.copytree(catalogue, folder / "data")
    service = Service(data, public_url="/keyart", hold_seconds=0, decision_timeout_ms=10_000)
    try:
        with before(service.start(), folder, "nginx-path.conf") as found:
            yield found
    finally:
        service.clean_up()


@needed("nginx", "openssl")
def test_under_a_path_every_address_that_is_answered_leads_to_the_picture(under_a_path: Proxy) -> None:
    ask = under_a_path.ask
    choice = ask(f"/keyart/artwork?profile=ada-lovelace&title={title_id(0)}").body
    decision_id, url, srcset = re.findall(rb'"(?:decision_id|url|srcset)":"([^"]+)"', choice)
    addresses = [url.decode(), *(entry.split()[0] for entry in srcset.decode().split(", "))]
    moved = ask(f"/keyart/artwork?title={title_id(0)}", headers={"Accept": "image/webp"})
    assert moved.status == 302
    for address in (*addresses, moved.headers["Location"]):
        assert address.startswith("/keyart/images/")
        assert ask(address).headers["Content-Type"] == "image/webp"
        assert ask(address, method="HEAD").status == 200
    click = under_a_path.ask_patiently("/keyart/clicks", b'{"decision_id": "%s"}' % decision_id)
    assert (click.status, click.body) == (202, b'{"recorded":1,"duplicates":0,"rejected":[]}')
    assert b'"reasons"' in under_a_path.ask_patiently(f"/keyart/decisions/{decision_id.decode()}/why").body
    assert "ada-lovelace" not in under_a_path.log


@needed("nginx", "openssl")
def test_under_a_path_nothing_else_of_the_service_is_let_through_and_the_site_stays(under_a_path: Proxy) -> None:
    for path in NOT_FOR_ALL:
        assert under_a_path.ask(f"/keyart{path}").status == 404, path
    assert under_a_path.ask("/index.html").body == b"The site."
    assert under_a_path.ask(f"/artwork?title={title_id(0)}").status == 404


@needed("caddy")
@pytest.mark.parametrize("example", ["Caddyfile", "Caddyfile-path"])
def test_the_caddyfile_is_valid(tmp_path: Path, example: str) -> None:
    done = subprocess.run(
        [program("caddy"), "validate", "--config", str(EXAMPLES / example), "--adapter", "caddyfile"],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr


@needed("systemd-analyze")
def test_the_unit_is_valid(tmp_path: Path) -> None:
    unit = (EXAMPLES / "keyart.service").read_text()
    here = unit.replace("/opt/keyart/.venv/bin/keyart", "/bin/true").replace("=keyart\n", "=daemon\n")
    path = tmp_path / "keyart.service"
    path.write_text(here.replace("StateDirectory=daemon", "StateDirectory=keyart"))
    done = subprocess.run(
        [program("systemd-analyze"), "verify", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_starts_the_service_by_options_that_there_are() -> None:
    [command] = re.findall(r"^ExecStart=\S+/keyart (.+)$", (EXAMPLES / "keyart.service").read_text(), re.MULTILINE)
    name, *options = command.split()
    told = keyart(Path("nowhere"), name, "--help").stdout
    assert [option for option in options if option not in told] == []


def test_the_nightly_script_makes_a_backup_drops_old_ones_and_writes_down_when(
    catalogue: Path,  # noqa: F811  the fixture
    tmp_path: Path,
) -> None:
    for name, days in (("old", 15), ("young", 13)):
        folder = tmp_path / "backups" / name
        folder.mkdir(parents=True)
        os.utime(folder, (then := time.time() - days * 86_400, then))
    done = backed_up(catalogue, tmp_path)
    assert done.returncode == 0, done.stderr
    [new] = {path.name for path in (tmp_path / "backups").iterdir()} - {"young"}
    assert (tmp_path / "backups" / new / "log.sqlite").is_file()
    assert re.fullmatch(r"backup_finished_seconds \d{10}\n", (tmp_path / "keyart.prom").read_text())


def test_the_nightly_script_writes_nothing_down_where_no_backup_was_made(tmp_path: Path) -> None:
    assert backed_up(tmp_path / "nowhere", tmp_path).returncode == 1
    assert not (tmp_path / "keyart.prom").exists()


def backed_up(data: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    settings = {"BACKUPS": f"{folder}/backups", "ELSEWHERE": "", "TEXTFILES": str(folder)}
    paths = {"PATH": os.environ["PATH"], "KEYART": str(Path(sys.executable).with_name("keyart"))}
    return subprocess.run(
        [program("sh"), str(EXAMPLES / "backup.sh")],
        env={**settings, **paths, "KEYART_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_every_example_is_linked_from_the_page() -> None:
    links = [*page("deploying.md").links, *page("warm-start.md").links, *page("own-learners.md").links]
    shipped = [str(path.relative_to(DOCS)) for path in sorted(EXAMPLES.iterdir())]
    assert [path for path in shipped if path not in links] == []


@pytest.mark.parametrize("example", ["nginx.conf", "nginx-path.conf", "Caddyfile", "Caddyfile-path"])
def test_the_proxy_closes_idle_connections_before_the_service_does(example: str) -> None:
    [kept] = re.findall(r"\bkeepalive(?:_timeout)? (\d+)s", (EXAMPLES / example).read_text())
    assert int(kept) < Limits().idle_seconds


def test_the_rates_on_the_page_are_those_of_the_example() -> None:
    told = set(re.findall(r"\b(\d+) requests a second", page("deploying.md").text))
    for example in ("nginx.conf", "nginx-path.conf"):
        assert told == set(re.findall(r"rate=(\d+)r/s", (EXAMPLES / example).read_text()))
