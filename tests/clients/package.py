"""The npm package of clients/js: its archive, and what is installed beside it in tests."""

import shutil
from pathlib import Path

import pytest

from tests.npm import npm
from tests.product import ROOT

REACT = Path(__file__).parent / "react"


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
    done = npm(folder, "exec", "--offline", "--", tool, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
