import pytest

from assets.titling.breaking import Break, breaks, broken, clusters, stretches, tidied

HYPHENATED = "Donau\u00addampf\u00adschiff"


def lines(text: str, count: int, *, unspaced: bool = False) -> list[str]:
    """The text in its best lines, as if all clusters were equally wide."""
    possible = breaks(text, unspaced=unspaced)
    parts = stretches(text, possible)
    chosen, _faults = broken(possible, [len(clusters(text[part.start : part.end])) for part in parts], count)
    return [text[part.start : part.end] + "-" * part.hyphen for part in stretches(text, chosen)]


def places(text: str, *, unspaced: bool = False) -> list[str]:
    """What stands between all possible breaks."""
    return [text[part.start : part.end] for part in stretches(text, breaks(text, unspaced=unspaced))]


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("é", ["é"]),
        ("e\u0301a", ["e\u0301", "a"]),
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("क्\u200dष", ["क्\u200dष"]),
        ("र्धर्म", ["र्ध", "र्म"]),
        ("น้ำที่", ["น้ำ", "ที่"]),
        ("แห่ง", ["แห่", "ง"]),
        ("שָׁלוֹם", ["שָׁ", "ל", "וֹ", "ם"]),
        ("\u1112\u1161\u11ab", ["\u1112\u1161\u11ab"]),
    ],
)
def test_what_reads_as_one_letter_is_never_cut(text: str, letters: list[str]) -> None:
    assert clusters(text) == letters


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One two", ["One", "two"]),
        ("Teil\u00a02", ["Teil\u00a02"]),
        ("Quoi ?", ["Quoi ?"]),
        ("Spider-Man 2-3", ["Spider-", "Man", "2-3"]),
        ("Où va-t-on", ["Où", "va-t-on"]),
        (HYPHENATED, ["Donau", "dampf", "schiff"]),
        ("ดวง\u200bดาว", ["ดวง", "ดาว"]),
        ("ดวงดาว", ["ดวงดาว"]),
        ("千と千尋、(旅)", ["千", "と", "千", "尋、", "(旅)"]),
        ("ゴースト", ["ゴー", "ス", "ト"]),
        ("기생충 이야기", ["기생충", "이야기"]),
    ],
)
def test_lines_end_where_the_script_lets_them(text: str, pieces: list[str]) -> None:
    assert places(text) == pieces


def test_thai_is_broken_between_letters_only_if_asked_to() -> None:
    assert places("ที่นี่แห่ง", unspaced=True) == ["ที่", "นี่", "แห่", "ง"]
    assert places("Sternwarte", unspaced=True) == ["Sternwarte"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Das Geheimnis der verschwundenen Sternwarte", ["Das Geheimnis", "der verschwundenen", "Sternwarte"]),
        ("The Lord of the Rings: The Return", ["The Lord", "of the Rings:", "The Return"]),
        ("क्षत्रिय की वापसी", ["क्षत्रिय की", "वापसी"]),
        ("Mission Number 12", ["Mission", "Number 12"]),
        ("العد التنازلي (الجزء الأول)", ["العد التنازلي", "(الجزء الأول)"]),
        ("Điệp vụ bất khả thi", ["Điệp vụ", "bất khả thi"]),
        ("流浪地球\uff1a回家的路", ["流浪地球\uff1a", "回家的路"]),
        ("เจ้าหญิงแห่งดวงดาว", ["เจ้าหญิง", "แห่งดวงดาว"]),
        (HYPHENATED, ["Donaudampf-", "schiff"]),
    ],
)
def test_lines_are_even_and_keep_together_what_belongs_together(text: str, expected: list[str]) -> None:
    broken_text = [line.replace("\u00ad", "") for line in lines(text, len(expected), unspaced=True)]

    assert broken_text == expected


def test_a_break_that_parts_what_belongs_together_is_a_fault() -> None:
    good, bad = Break(1, 2), Break(1, 2, cost=0.4)

    assert broken([good], [1, 1], 2) == ((good,), 0)
    assert broken([bad], [1, 1], 2) == ((bad,), 0.4)
    assert broken([good], [3, 1], 2)[1] == pytest.approx(0.5)
    assert broken([Break(1, 2, cost=-0.4)], [3, 1], 2)[1] == pytest.approx(0.1)
    assert broken([Break(1, 2, cost=-0.4)], [1, 1], 2)[1] == 0


def test_blanks_are_single_and_names_composed() -> None:
    assert tidied("  Cafe\u0301 \t noir\u202e\u200b ") == "Café noir"
