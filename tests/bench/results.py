"""What a run came to, and its file."""

from pathlib import Path

import msgspec

from tests.bench.budget import Effort, Finding
from tests.bench.contest import Entry
from tests.bench.hot_path import Profile
from tests.bench.machine import Machine


class Run(msgspec.Struct):
    """It grows while it is measured: what was asked for only is in it."""

    machine: Machine
    effort: Effort
    budgets: list[Finding] = []
    rivals: list[Entry] = []
    profile: Profile | None = None

    def write(self, file: Path) -> None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    @classmethod
    def read(cls, file: Path) -> "Run":
        return msgspec.json.decode(file.read_bytes(), type=cls)
