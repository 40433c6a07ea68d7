"""docs/architecture.md names the folders that there are, from the top layer to the lowest one."""

import re
import tomllib

from tests.docs.pages import DOCS, ROOT

TABLE = (DOCS / "architecture.md").read_text().partition("| folder of `app/` |")[2].partition("\n\n")[0]
FOLDERS = re.findall(r"^\| `(\w+)/` \|", TABLE, re.MULTILINE)


def test_each_folder_of_app_has_its_row() -> None:
    assert sorted(FOLDERS) == sorted(each.parent.name for each in (ROOT / "app").glob("*/__init__.py"))


def test_the_rows_stand_in_the_order_of_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("exhaustive"))
    rank = {module: number for number, layer in enumerate(layers) for module in re.findall(r"\w+", layer)}
    assert [rank[folder] for folder in FOLDERS] == sorted(rank[folder] for folder in FOLDERS)


def test_few_files_stand_beside_the_folders_of_app() -> None:
    assert len(list((ROOT / "app").glob("*.py"))) <= 12
