"""Which language fits which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langcodes import Language

from assets import languages
from assets.languages import canonical, speaks

SAME = [
    ("no", "nb-NO"),
    ("no", "nn-NO"),
    ("nb", "no"),
    ("nb", "no-NO"),
    ("zh-Hant", "zh-TW"),
    ("zh-Hant", "zh-HK"),
    ("zh-Hans", "zh-CN"),
    ("zh-Hans", "zh-SG"),
    ("zh", "cmn-Hans-CN"),
    ("zh-Hant", "yue"),
    ("yue", "zh-yue"),
    ("es-419", "es-MX"),
    ("es-419", "es-AR"),
    ("es", "es-419"),
    ("he", "iw-IL"),
    ("id", "in"),
    ("yi", "ji"),
    ("fil", "tl-PH"),
    ("ro", "mo"),
    ("sr-Latn", "sh"),
    ("sr-Cyrl", "sr-RS"),
    ("sr-Latn", "sr-Latn-ME"),
    ("pt", "pt-BR"),
    ("pt", "pt-PT"),
    ("pt-PT", "pt-AO"),
    ("en-001", "en-GB"),
    ("ar", "arb-EG"),
    ("ar-EG", "arz"),
    ("fa-AF", "prs"),
    ("de", "ger"),
    ("de", "deu-AT"),
    ("en-GB", "en-UK"),
    ("de", "de-CH-1996"),
    ("de", "de-u-co-phonebk"),
    ("pt-BR", "pt_BR"),
]
OTHER = [
    ("nn", "nb"),
    ("no", "da"),
    ("no", "sv"),
    ("zh-Hant", "zh-CN"),
    ("zh-Hant", "zh"),
    ("zh-TW", "zh-HK"),
    ("es-419", "es-ES"),
    ("es-ES", "es-MX"),
    ("sr-Latn", "sr"),
    ("hr", "sr-Latn"),
    ("hr", "bs"),
    ("pt-BR", "pt-PT"),
    ("pt-BR", "pt-AO"),
    ("ms", "id"),
    ("de", "den"),
    ("de", "gsw"),
    ("de-DE", "de-AT"),
    ("en-GB", "en-US"),
    ("uz", "uz-Cyrl"),
    ("ru", "uk"),
]


@pytest.mark.parametrize(("own", "asked"), SAME)
def test_one_language_fits_itself_under_any_code(own: str, asked: str) -> None:
    assert speaks((own,), asked)
    assert speaks(("ja", own), asked)
    assert speaks((asked,), own)


@pytest.mark.parametrize(("own", "asked"), OTHER)
def test_another_language_script_or_place_does_not_fit(own: str, asked: str) -> None:
    assert not speaks((own,), asked)
    assert not speaks((asked,), own)
    assert not speaks((), asked)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("en_US", "en-US"),
        ("DE", "de"),
        ("zh_hant_tw", "zh-Hant-TW"),
        ("iw", "he"),
        ("no", "no"),
        ("nb", "nb"),
        ("eng", "en"),
        ("sh", "sr-Latn"),
        ("sgn_ase_419", "sgn-ase-419"),
        ("ar-arb-EG", "ar-arb-EG"),
        ("aa-aaa-0a0", None),
        ("aa-aaa-001-de", None),
        ("", None),
        ("d", None),
        ("t1", None),
        ("und", None),
        ("*", None),
        ("x-private", None),
        ("de-de-de", None),
        ("de,en;q=0.5", None),
        ("de-" + "a" * 40, None),
    ],
)
def test_a_tag_is_written_in_one_way(given: str, meant: str | None) -> None:
    assert canonical(given) == meant


tags = st.from_regex(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}", fullmatch=True)


@given(tags | st.text(max_size=40), tags)
def test_any_text_is_compared_and_fits_itself(one: str, other: str) -> None:
    assert speaks((one,), other) == speaks((other,), one)
    assert speaks((one,), one)
    meant = canonical(one)
    assert meant is None or canonical(meant) == meant


def test_what_strangers_make_up_is_not_remembered_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "MOST_INSTANCES", 100)
    for number in range(2_000):
        speaks(("de",), f"de-{number:03d}-x-{number}")
    assert len(Language._INSTANCES) < 200  # noqa: SLF001  no other way to see what it keeps
    assert len(Language._PARSE_CACHE) < 200  # noqa: SLF001
