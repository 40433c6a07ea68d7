"""One kind of file lock, which goes with the process that holds it."""

import os
import subprocess
import sys
from pathlib import Path

from app.file_lock import alone, held, taken
from tests.product import ROOT, modules

HOLD = """
import sys
from pathlib import Path
from app.file_lock import taken
taken(Path(sys.argv[1]))
print("locked", flush=True)
input()
"""


def test_a_lock_that_is_taken_is_held_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not held(path)
    handle = taken(path)
    assert handle is not None
    assert held(path)
    assert taken(path) is None
    os.close(handle)
    assert not held(path)


def test_a_lock_goes_with_the_process_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert held(path)
        assert taken(path) is None
        holder.kill()
        holder.wait()
        assert not held(path)


def test_to_ask_for_a_lock_neither_makes_the_file_nor_keeps_the_lock(tmp_path: Path) -> None:
    assert not held(tmp_path / "none.lock")
    assert not list(tmp_path.iterdir())
    path = tmp_path / "a.lock"
    path.touch()
    assert not held(path)
    assert taken(path) is not None


def test_a_folder_is_held_alone_until_the_block_ends(tmp_path: Path) -> None:
    with alone(tmp_path):
        assert held(tmp_path)
    assert not held(tmp_path)


def test_no_other_file_of_the_product_locks_files() -> None:
    users = {file for file, _ in modules() if "fcntl" in (ROOT / file).read_text()}
    assert users == {"app/file_lock.py"}
