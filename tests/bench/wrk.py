"""The load generator, on a core of its own."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import pinned

LOAD_CORE = "0"
SINGLE = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/artwork?profile=p" .. (n * 7919 % 2000) .. "&title=title-" .. (n % {titles}) ..
    "&placement=row&device=tv&country=DE&language=de&width=640")
end
"""
MIXED = """
local n, asked, latest = 0, 0, nil
request = function()
  n = n + 1
  if n % {every} == 0 and latest then
    local body = '{{"decision_id":"' .. latest .. '"}}'
    latest = nil
    return wrk.format("POST", "/clicks", {{["Content-Type"] = "application/json"}}, body)
  end
  asked = asked + 1
  return wrk.format("GET", "/artwork?profile=p" .. (asked * 7919 % 2000) ..
    "&title=title-" .. (asked % {titles}) .. "&placement=row&device=tv&country=DE&language=de&width=640")
end
response = function(status, headers, body)
  latest = string.match(body, '"decision_id":%s*"([^"]+)"') or latest
end
"""
"""Each `every`th request is a click on the newest decision that was answered."""
NEWCOMERS = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/artwork?profile={mark}-" .. n .. "&title=title-" .. (n % {titles}) ..
    "&placement=row&device=tv&country=DE&language=de&width=640")
end
"""
"""Each request is of a viewer who was not seen before, if the mark was not used before."""
PAGE = """
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  return wrk.format(nil, "/artwork", nil, '{{"profile":"p' .. (n * 7919 % 2000) ..
    '","device":"tv","country":"DE","language":"de","titles":{titles}}}')
end
"""
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Result:
    """Requests in all and each second, latencies in milliseconds, and how many answers were no 2xx or 3xx."""

    requests: int
    rate: float
    p50: float
    p99: float
    failed: int


def single(url: str, folder: Path, *, titles: int, seconds: int, connections: int = 16) -> Result:
    return _run(url, folder, SINGLE.format(titles=titles), seconds, connections)


def newcomers(url: str, folder: Path, *, titles: int, mark: str, seconds: int, connections: int) -> Result:
    return _run(url, folder, NEWCOMERS.format(titles=titles, mark=mark), seconds, connections)


def mixed(url: str, folder: Path, *, titles: int, every: int, seconds: int, connections: int = 16) -> Result:
    return _run(url, folder, MIXED.format(titles=titles, every=every), seconds, connections)


def page(url: str, folder: Path, *, titles: list[str], seconds: int, connections: int = 4) -> Result:
    return _run(url, folder, PAGE.format(titles=json.dumps(titles)), seconds, connections)


def _run(url: str, folder: Path, script: str, seconds: int, connections: int) -> Result:
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("The benchmark needs wrk: run `apt-get install wrk` (Debian, Ubuntu) and try again.")
    path = folder / "load.lua"
    path.write_text(script)
    load = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(path), url]
    return read(subprocess.run(pinned(LOAD_CORE, load), capture_output=True, text=True, check=True).stdout)


def read(out: str) -> Result:
    """Read what `wrk --latency` prints."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    requests = re.search(r"(\d+) requests in", out)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    assert rate, out
    assert requests, out
    failed = int(refused[1]) if refused else 0
    failed += sum(map(int, errors.groups())) if errors else 0
    return Result(int(requests[1]), float(rate[1]), _latency(out, 50), _latency(out, 99), failed)


def _latency(out: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)\s*$", out, re.MULTILINE)
    assert found, out
    return float(found[1]) * MILLISECONDS[found[2]]
