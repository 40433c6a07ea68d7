"""The load generator, on a core of its own."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.world import LOAD_CORE

SINGLE = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/artwork?profile=p" .. (n * 7919 % 2000) .. "&title=title-" .. (n % {titles}) ..
    "&placement=row&device=tv&country=DE&language=de&width=640")
end
"""
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


@dataclass(frozen=True, slots=True)
class Result:
    rate: float
    failed: int


def single(url: str, folder: Path, *, titles: int, seconds: int, connections: int = 16) -> Result:
    return _run(url, folder, SINGLE.format(titles=titles), seconds, connections)


def page(url: str, folder: Path, *, titles: list[str], seconds: int, connections: int = 4) -> Result:
    return _run(url, folder, PAGE.format(titles=json.dumps(titles)), seconds, connections)


def _run(url: str, folder: Path, script: str, seconds: int, connections: int) -> Result:
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("The benchmark needs wrk: run `apt-get install wrk` (Debian, Ubuntu) and try again.")
    path = folder / "load.lua"
    path.write_text(script)
    command = [
        "taskset",
        "-c",
        LOAD_CORE,
        program,
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "-s",
        str(path),
        url,
    ]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    assert rate, out
    return Result(float(rate[1]), int(failed[1]) if failed else 0)
