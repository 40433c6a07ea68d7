from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.catalogue import (
    Artwork,
    CatalogueError,
    Pin,
    Rendition,
    Title,
    title_from_json,
    title_to_json,
)
from tests.assets.builders import PLACEHOLDER, a_title, an_artwork

NOW = 1_000.0

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).filter(str.strip)
locales = st.sampled_from(["de", "de-AT", "de-DE", "en", "en-GB", "zh-Hant", "zh-Hant-TW"])
placements = st.sampled_from(["row", "billboard", "search"])
maturities = st.integers(0, 18)
moments = st.none() | st.floats(-1e300, 1e300)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
renditions = st.builds(
    Rendition,
    name=digests.map(lambda digest: f"{digest[:32]}-640.webp"),
    format=st.sampled_from(["webp", "jpeg"]),
    canvas=st.just("16:9"),
    width=st.integers(1, 9_999),
    height=st.integers(1, 9_999),
)


@st.composite
def windows(draw: st.DrawFn) -> tuple[float | None, float | None]:
    begin, end = draw(moments), draw(moments)
    return (begin, None if begin is not None and end is not None and end <= begin else end)


@st.composite
def artworks(draw: st.DrawFn) -> Artwork:
    artwork = st.builds(
        Artwork,
        id=slugs,
        name=texts,
        alt=texts,
        status=st.sampled_from(["active", "paused", "withdrawn"]),
        tags=st.lists(slugs, max_size=3).map(tuple),
        locales=st.lists(locales, max_size=2).map(tuple),
        placements=st.lists(placements, max_size=2).map(tuple),
        maturity=maturities,
        features=st.dictionaries(slugs, st.floats(0, 1), max_size=3),
        source=digests,
        placeholder=st.just(PLACEHOLDER),
        renditions=st.lists(renditions, max_size=2).map(tuple),
    )
    begin, end = draw(windows())
    return replace(draw(artwork), valid_from=begin, valid_until=end)


@st.composite
def titles(draw: st.DrawFn) -> Title:
    chosen = draw(st.lists(artworks(), min_size=1, max_size=4, unique_by=lambda artwork: artwork.id))
    ids = st.sampled_from([artwork.id for artwork in chosen])
    country = st.none() | st.sampled_from(["DE", "AT"])
    pins = st.builds(Pin, ids, st.none() | placements, country, moments)
    return Title(
        draw(slugs),
        draw(texts),
        genres=tuple(draw(st.lists(slugs, max_size=3))),
        maturity=draw(maturities),
        default=draw(ids),
        artworks=tuple(chosen),
        pins=tuple(draw(st.lists(pins, max_size=3))),
    )


def eligible(title: Title, **request: Any) -> list[str]:
    asked = {"now": NOW, "locale": None, "placement": None, "maturity": None} | request
    return [artwork.id for artwork in title.eligible(**asked)]


@given(titles())
def test_json_round_trip_is_exact(title: Title) -> None:
    content = title_to_json(title)

    assert title_from_json(content) == title
    assert title_to_json(title_from_json(content)) == content
    assert title_from_json(content).revision == title.revision


def test_json_is_canonical() -> None:
    title = replace(a_title(), name="Für Élise")

    assert (
        title_to_json(title)
        == (
            '{"artworks":[{"alt":"The Earth","id":"earthrise","name":"Earthrise",'
            f'"placeholder":"{PLACEHOLDER}","renditions":[{{"canvas":"16:9","format":"webp","height":360,'
            f'"name":"4f0c1a00-640.webp","width":640}}],"source":"{"ab" * 32}"}}],'
            '"default":"earthrise","id":"countdown","name":"Für Élise"}'
        ).encode()
    )


def test_equal_titles_have_equal_revisions_and_others_do_not() -> None:
    whole, decimal = (a_title(replace(an_artwork(), valid_from=moment)) for moment in (5, 5.0))

    assert whole.revision == decimal.revision
    assert whole.revision != a_title().revision
    assert len(whole.revision) == 16


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace('"id"', '"ids"', 1), "no field 'ids'"),
        (lambda text: text.replace('"default":"earthrise",', ""), "lacks the field 'default'"),
        (lambda text: text.replace('"default"', '"name":"x","default"'), "'name' is there twice"),
        (lambda text: text.replace("640,", "true,").replace("640}", "true}"), "width is true"),
        (lambda text: text.replace('"width":640', '"width":NaN'), "NaN is not a number"),
        (lambda text: text.replace('"16:9"', '"2:3"'), "one of 16:9"),
        (lambda text: text[:-1], "not JSON"),
        (lambda text: "[" * 100_000, "not JSON"),
    ],
)
def test_reading_is_strict(change: Callable[[str], str], sentence: str) -> None:
    with pytest.raises(CatalogueError, match=sentence):
        title_from_json(change(title_to_json(a_title()).decode()).encode())


@pytest.mark.parametrize(
    "make",
    [
        lambda: a_title(an_artwork("a"), an_artwork("a")),
        lambda: a_title(*(an_artwork(f"a{number}") for number in range(65))),
        lambda: replace(a_title(), default="missing"),
        lambda: a_title(pins=(Pin("missing"),)),
        lambda: replace(a_title(), id="../up"),
        lambda: replace(a_title(), genres=("Comedy",)),
        lambda: replace(a_title(), name="bell \x07"),
        lambda: replace(a_title(), maturity=-1),
        lambda: replace(a_title(), maturity=22),
        lambda: replace(an_artwork(), maturity=22),
        lambda: replace(an_artwork(), tags=("two words",)),
        lambda: replace(an_artwork(), status="deleted"),  # type: ignore[arg-type]
        lambda: replace(an_artwork(), features={"warmth": float("nan")}),
        lambda: replace(an_artwork(), valid_from=float("inf")),
        lambda: replace(an_artwork(), valid_from=2.0, valid_until=1.0),
        lambda: replace(an_artwork(), placeholder="javascript:alert(1)"),
        lambda: Rendition("../../etc/passwd", "webp", "16:9", 640, 360),
        lambda: Pin("earthrise", country="de"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(make: Callable[[], object]) -> None:
    with pytest.raises(CatalogueError, match=r"^.{15,}\.$"):
        make()


def test_as_many_artworks_as_allowed_are_accepted() -> None:
    assert len(a_title(*(an_artwork(f"a{number}") for number in range(64))).artworks) == 64


@given(titles(), st.none() | locales, st.none() | placements, st.none() | maturities)
def test_eligible_are_the_active_that_fit_in_catalogue_order(
    title: Title, locale: str | None, placement: str | None, maturity: int | None
) -> None:
    found = title.eligible(now=NOW, locale=locale, placement=placement, maturity=maturity)

    assert found == tuple(
        artwork
        for artwork in title.artworks
        if artwork.status == "active"
        and artwork.fits(now=NOW, locale=locale, placement=placement, maturity=maturity)
    )


@given(titles(), maturities, maturities)
def test_a_stricter_maturity_never_shows_more(title: Title, one: int, other: int) -> None:
    strict, lenient = (set(eligible(title, maturity=limit)) for limit in sorted((one, other)))

    assert strict <= lenient <= set(eligible(title))


@pytest.mark.parametrize(("now", "shown"), [(9.9, False), (10.0, True), (19.9, True), (20.0, False)])
def test_a_window_includes_its_begin_and_not_its_end(now: float, shown: bool) -> None:
    title = a_title(replace(an_artwork(), valid_from=10, valid_until=20))

    assert bool(eligible(title, now=now)) is shown


@pytest.mark.parametrize(
    ("own", "asked", "shown"),
    [
        ((), "de", True),
        ((), None, True),
        (("de",), "de-AT", True),
        (("de-AT",), "de", True),
        (("de-AT",), "de-at", True),
        (("de-DE",), "de-AT", False),
        (("en", "de"), "de", True),
        (("de",), "den", False),
        (("de",), None, False),
    ],
)
def test_locales(own: tuple[str, ...], asked: str | None, shown: bool) -> None:
    assert bool(eligible(a_title(replace(an_artwork(), locales=own)), locale=asked)) is shown


def test_other_limits() -> None:
    title = a_title(
        an_artwork("plain"),
        replace(an_artwork("grim"), maturity=16),
        replace(an_artwork("wide"), placements=("billboard",)),
        replace(an_artwork("paused"), status="paused"),
    )

    assert eligible(title) == ["plain", "grim"]
    assert eligible(title, maturity=16) == ["plain", "grim"]
    assert eligible(title, maturity=15) == ["plain"]
    assert eligible(title, placement="billboard") == ["plain", "grim", "wide"]


PINS = (Pin("everywhere"), Pin("country", country="DE"), Pin("placement", "row"), Pin("both", "row", "DE"))


@pytest.mark.parametrize("pins", [PINS, PINS[::-1]])
@pytest.mark.parametrize(
    ("placement", "country", "expected"),
    [
        ("row", "DE", "both"),
        ("row", "AT", "placement"),
        ("billboard", "DE", "country"),
        (None, None, "everywhere"),
    ],
)
def test_the_most_specific_pin_wins(
    pins: tuple[Pin, ...], placement: str | None, country: str | None, expected: str
) -> None:
    title = a_title(*(an_artwork(pin.artwork) for pin in PINS), pins=pins)
    pinned = title.pinned(now=NOW, placement=placement, country=country)

    assert pinned is title.artwork(expected)


def test_a_pin_yields_when_it_expires_or_its_artwork_can_not_be_shown() -> None:
    weekend, always = an_artwork("weekend"), an_artwork("always")
    pins = (Pin("always"), Pin("weekend", until=NOW))
    title = a_title(weekend, always, pins=pins)

    def pinned(title: Title, now: float) -> Artwork | None:
        return title.pinned(now=now, placement=None, country=None)

    assert pinned(title, NOW - 1) == weekend
    assert pinned(title, NOW) == always
    assert pinned(a_title(replace(weekend, status="paused"), always, pins=pins), NOW - 1) == always
    assert pinned(a_title(weekend, replace(always, status="withdrawn"), pins=pins), NOW) is None
    assert pinned(a_title(weekend, always), NOW) is None
    assert title.pinned(now=NOW - 1, placement=None, country=None, among=(always,)) == always
