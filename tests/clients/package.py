"""The npm package of clients/js: its archive, and what is installed beside it in tests."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.product import ROOT

NPM = shutil.which("npm")
NEEDS_NPM = pytest.mark.skipif(NPM is None, reason="npm is not installed: the npm package was not tested.")
REACT = Path(__file__).parent / "react"
PATIENCE = 300


def npm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(NPM), *arguments, "--no-audit", "--no-fund"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)


def packed(folder: Path) -> Path:
    """Return the archive of the package, made from a copy of its files so that the source stays as it is."""
    for part in ("clients/js", "app/pages/client"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "LICENSE", folder)
    done = npm(folder / "clients/js", "pack", "--silent")
    assert done.returncode == 0, done.stderr
    return folder / "clients/js" / done.stdout.strip()


def with_react(folder: Path, archive: Path) -> Path:
    """Install the archive beside React, a bundler and a type checker. Without a network the test is skipped."""
    shutil.copytree(REACT, folder)
    done = npm(folder, "ci", "--ignore-scripts")
    if done.returncode:
        pytest.skip(f"npm could not fetch React: the examples for React were not tested. {done.stderr[-300:]}")
    added = npm(folder, "install", "--no-save", "--offline", str(archive))
    assert added.returncode == 0, added.stderr
    return folder


def run(folder: Path, tool: str, *arguments: str) -> None:
    """Run a tool that is installed in a folder; it has to complain of nothing."""
    command = [str(folder / "node_modules" / ".bin" / tool), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
