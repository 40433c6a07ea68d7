"""The names in the data folder have one owner."""

import ast
import re
from pathlib import Path

import pytest

from app import data_folder
from app.data_folder import DataFolder
from tests.product import modules, texts

OWNER = "app/data_folder.py"
ANYWHERE = (r"log\.sqlite", r"state\.sqlite", "admin-key", r"serve\.lock", r"owner\.lock", "rendering-")
"""Names that no other string may have in it."""
NO_MORE = "(?!-[a-z])"
"""What follows the name of a file: `admin-key-readable` names a finding of the doctor's."""
JOINED = ("catalogue", "images", "uploads", "run", "metrics")
"""Names that are words, too: no path may be made with them."""


def test_each_part_is_in_the_folder_under_the_name_that_others_rely_on() -> None:
    here = DataFolder(Path("data"))
    assert {str(path) for path in (here.log, here.state, here.catalogue, here.images, here.uploads)} == {
        "data/log.sqlite", "data/state.sqlite", "data/catalogue", "data/images", "data/uploads",
    }  # fmt: skip
    assert (str(here.admin_key), str(here.service_lock)) == ("data/admin-key", "data/serve.lock")
    assert str(here.metrics_of_service) == "data/run/metrics/service"
    assert str(here.metrics_of_trainer(2)) == "data/run/metrics/trainer-2"
    assert [path.name for path in here.rendering_locks(2)] == ["rendering-0.lock", "rendering-1.lock"]


@pytest.mark.parametrize("name", ANYWHERE)
def test_no_other_file_writes_a_name_of_the_folder(name: str) -> None:
    found = {
        f"{file}:{line}"
        for file, tree in modules()
        for line, text in texts(tree)
        if file != OWNER and re.search(name + NO_MORE, text)
    }
    assert not found, f"{sorted(found)}: take {name!r} from {data_folder.__name__}."


def test_no_other_file_joins_a_path_with_a_name_of_the_folder() -> None:
    found = {
        f"{file}:{node.lineno}"
        for file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if isinstance(node.right, ast.Constant) and node.right.value in JOINED
    }
    assert not {each for each in found if not each.startswith(OWNER)}


def test_the_search_finds_a_name_that_is_written_elsewhere() -> None:
    tree = ast.parse('"""log.sqlite"""\npath = folder / "log.sqlite"\n')
    assert list(texts(tree)) == [(2, "log.sqlite")]
