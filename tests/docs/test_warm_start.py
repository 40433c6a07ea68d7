"""docs/warm-start.md: its example is a file that an import takes, and its table has every field."""

import re

from app.operations.exposure_import.columns import FIELDS, Columns
from app.operations.exposure_import.past_row import PastRow
from app.operations.exposure_import.row_files import RowFile
from tests.docs.pages import DOCS
from tests.statistical.samples import sample_titles

PAGE = (DOCS / "warm-start.md").read_text()
EXAMPLE = DOCS / "examples" / "shown.csv"


def test_the_example_is_valid_for_the_sample_catalogue() -> None:
    artworks = {(title.id, artwork.id) for title in sample_titles() for artwork in title.artworks}
    file = RowFile.at(EXAMPLE, Columns({}))
    rows = [PastRow.of(read.row) for read in file.rows()]
    assert len(rows) == 4
    assert not file.unused
    assert {(row.title, row.artwork) for row in rows} <= artworks
    assert [row.seconds for row in rows] == [1840, None, 35.5, None]


def test_the_page_shows_the_beginning_of_the_example() -> None:
    [block] = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    assert EXAMPLE.read_text().startswith(block)


def test_the_table_has_every_field() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(FIELDS)
