"""The titles of the browse page: one large, the others in rows by genre."""

from app.pages.rows import MOST_TITLES, OTHERS, laid_out
from assets.catalogue import Title
from tests.assets.builders import an_artwork


def title(id_: str, *genres: str, artworks: int = 1) -> Title:
    return Title(
        id_, id_, genres=genres, default="a0", artworks=tuple(an_artwork(f"a{n}") for n in range(artworks))
    )


def test_the_title_with_most_artworks_is_large_and_each_title_has_one_place() -> None:
    titles = [
        title("a", "drama", "comedy"),
        title("b", "drama", artworks=3),
        title("c", "drama", "comedy"),
        title("d"),
    ]
    layout = laid_out(titles)
    assert layout.hero is titles[1]
    placed = [each.id for row in layout.rows for each in row.titles]
    assert sorted(placed) == ["a", "c", "d"]


def test_the_genre_with_most_titles_comes_first_and_a_genre_of_one_title_gets_no_row() -> None:
    titles = [
        title("hero", artworks=2),
        *(title(f"s{n}", "science-fiction") for n in range(3)),
        *(title(f"c{n}", "comedy") for n in range(2)),
        title("alone", "opera"),
    ]
    assert [row.name for row in laid_out(titles).rows] == ["Science fiction", "Comedy", OTHERS]


def test_a_large_catalogue_fills_one_page_and_an_empty_one_none() -> None:
    layout = laid_out(title(f"t{n}", "drama") for n in range(5 * MOST_TITLES))
    assert sum(len(row.titles) for row in layout.rows) == MOST_TITLES - 1
    assert laid_out([]) == (None, [])
    assert laid_out([Title("bare", "Bare")]).hero is None
