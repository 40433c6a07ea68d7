from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue import (
    Artwork,
    CatalogueError,
    Pin,
    Title,
    title_from_json,
    title_to_json,
)
from assets.crop import CANVASES, Crop
from assets.provenance import MADE, Consent, Made, Provenance
from tests.assets.builders import CROPS, PLACEHOLDER, a_title, an_artwork

NOW = 1_000.0

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).filter(str.strip)
locales = st.sampled_from(["de", "de-AT", "de-DE", "en", "en-GB", "zh-Hant", "zh-Hant-TW"])
placements = st.sampled_from(["row", "billboard", "search"])
maturities = st.integers(0, 18)
moments = st.none() | st.floats(-1e300, 1e300)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
ways: st.SearchStrategy[Made] = st.sampled_from(MADE)
shares = st.floats(0, 0.5)
sides = st.floats(0.01, 0.5)
declared = st.dictionaries(st.sampled_from(["alt", "names", "tags"]), st.just("0123abcd"))
provenances = st.builds(
    Provenance,
    ways,
    st.just("") | texts,
    st.just("") | texts,
    st.none() | st.builds(Consent, texts, moments, st.booleans()),
)
crops = st.builds(
    Crop,
    canvas=st.sampled_from(CANVASES),
    digest=digests.map(lambda digest: digest[:32]),
    widths=st.sets(st.integers(1, 9_999), min_size=1, max_size=3).map(lambda widths: tuple(sorted(widths))),
    placeholder=st.just(PLACEHOLDER),
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
        tags=st.lists(slugs, max_size=3, unique=True).map(tuple),
        locales=st.lists(locales, max_size=2).map(tuple),
        placements=st.lists(placements, max_size=2).map(tuple),
        maturity=maturities,
        features=st.dictionaries(slugs, st.floats(0, 1), max_size=3),
        source=digests,
        recipe=st.just("") | digests.map(lambda digest: digest[:16]),
        fingerprint=digests.map(lambda digest: digest[:16]),
        crops=st.lists(crops, min_size=1, max_size=3, unique_by=lambda crop: crop.canvas).map(tuple),
        provenance=provenances,
        focus=st.none() | st.tuples(shares, shares),
        faces=st.lists(st.tuples(shares, shares, sides, sides), max_size=2).map(tuple),
        declared=declared,
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
        names=draw(st.dictionaries(locales, texts, max_size=3)),
        synopsis=draw(st.just("") | texts),
        genres=tuple(draw(st.lists(slugs, max_size=3))),
        maturity=draw(maturities),
        default=draw(ids),
        artworks=tuple(chosen),
        pins=tuple(draw(st.lists(pins, max_size=3))),
        declared=draw(declared),
    )


def eligible(title: Title, **request: Any) -> list[str]:
    asked = {"now": NOW, "locale": None, "placement": None, "maturity": None} | request
    return [artwork.id for artwork in title.eligible(**asked)]


@settings(max_examples=40)
@given(titles())
def test_json_round_trip_is_exact(title: Title) -> None:
    content = title_to_json(title)

    assert title_from_json(content) == title
    assert title_to_json(title_from_json(content)) == content
    assert title_from_json(content).revision == title.revision


def test_a_title_with_everything_said_of_it_survives_the_round_trip() -> None:
    artwork = replace(
        an_artwork(),
        status="withdrawn",
        tags=("dark",),
        locales=("de",),
        placements=("row",),
        maturity=12,
        valid_from=1,
        valid_until=2.5,
        provenance=Provenance("ai-assisted", "Ada", "CC0-1.0", Consent("Ada", 5, withdrawn=True)),
        focus=(0.25, 1.0),
        faces=((0.1, 0.2, 0.3, 0.4), (0.0, 0.0, 1.0, 1.0)),
        features={"warmth": 0.5},
        recipe="01" * 8,
        fingerprint="fe" * 8,
        declared={"alt": "0123abcd"},
    )
    title = replace(
        a_title(artwork, pins=(Pin("earthrise", "row", "DE", 9),)),
        names={"de": "Countdown", "ar": "العد التنازلي"},
        synopsis="Sixty years.",
        genres=("documentary",),
        maturity=6,
        declared={"name": "4567cdef"},
    )

    assert title_from_json(title_to_json(title)) == title
    assert title_from_json(title_to_json(title)).revision == title.revision


@pytest.mark.parametrize(
    "change",
    [
        {"provenance": Provenance("drawn")},
        {"provenance": Provenance(consent=Consent("Ada"))},
        {"focus": (0.0, 0.0)},
        {"faces": ((0.1, 0.1, 0.1, 0.1),)},
        {"recipe": "01" * 8},
        {"fingerprint": "01" * 8},
        {"declared": {"alt": "0123abcd"}},
        {"crops": CROPS[:1]},
    ],
)
def test_whatever_is_known_of_an_artwork_is_in_its_title_s_revision(change: dict[str, Any]) -> None:
    assert a_title(replace(an_artwork(), **change)).revision != a_title().revision


def test_json_is_canonical() -> None:
    artwork = replace(an_artwork(), crops=CROPS[1:2])
    title = replace(a_title(artwork), name="Für Élise", names={"fr": "Élise"})

    assert (
        title_to_json(title)
        == (
            '{"artworks":[{"alt":"The Earth","crops":[{"canvas":"2:3",'
            f'"digest":"{"4f0c1a01" * 4}","placeholder":"{PLACEHOLDER}","widths":[320,480]}}],'
            f'"id":"earthrise","name":"Earthrise","source":"{"ab" * 32}"}}],'
            '"default":"earthrise","id":"countdown","name":"Für Élise","names":{"fr":"Élise"}}'
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
        (lambda text: text.replace('"default":"earthrise",', ""), "no default artwork; choose from earthrise"),
        (lambda text: text.replace(',"name":"Countdown"', ""), "lacks the field 'name'"),
        (lambda text: text.replace('"default"', '"name":"x","default"'), "'name' is written twice"),
        (lambda text: text.replace("640", "true", 1), r"crops\[0\].widths\[1\] is true"),
        (lambda text: text.replace("640", "NaN", 1), "NaN is not a number"),
        (lambda text: text.replace('"16:9"', '"4:3"'), "one of 16:9, 2:3, 1:1"),
        (lambda text: text.replace('"16:9"', '"2:3"'), r"artworks\[0\]: The canvas '2:3' is listed twice"),
        (lambda text: text.replace('"source"', '"focus":[0.5],"source"'), r"focus of artwork .* is \[0.5\]"),
        (lambda text: text.replace('"source"', '"provenance":{"made":"dreamt"},"source"'), "one of undeclared"),
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
        lambda: replace(an_artwork(), tags=("dark", "calm", "dark")),
        lambda: replace(an_artwork(), status="deleted"),  # type: ignore[arg-type]
        lambda: replace(an_artwork(), features={"warmth": float("nan")}),
        lambda: replace(an_artwork(), valid_from=float("inf")),
        lambda: replace(an_artwork(), valid_from=2.0, valid_until=1.0),
        lambda: replace(an_artwork(), crops=()),
        lambda: replace(an_artwork(), crops=CROPS + CROPS[:1]),
        lambda: replace(an_artwork(), focus=(0.5, 1.1)),
        lambda: replace(an_artwork(), focus=(0.5, float("nan"))),
        lambda: replace(an_artwork(), faces=((0.1, 0.1, 0.1),)),
        lambda: replace(an_artwork(), faces=((0.6, 0.1, 0.5, 0.1),)),
        lambda: replace(an_artwork(), faces=((0.1, 0.1, 0.0, 0.1),)),
        lambda: replace(an_artwork(), source="ab"),
        lambda: replace(an_artwork(), fingerprint="AB" * 8),
        lambda: replace(an_artwork(), alt=" "),
        lambda: replace(a_title(), default=None),
        lambda: replace(a_title(), artworks=()),
        lambda: replace(a_title(), names={"german": "Herunterzählen"}),
        lambda: replace(a_title(), names={"de": ""}),
        lambda: replace(a_title(), synopsis="x" * 501),
        lambda: Pin("earthrise", country="de"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(make: Callable[[], object]) -> None:
    with pytest.raises(CatalogueError, match=r"^.{15,}\.$"):
        make()


def test_as_many_artworks_as_allowed_are_accepted() -> None:
    assert len(a_title(*(an_artwork(f"a{number}") for number in range(64))).artworks) == 64


def test_a_title_may_wait_for_its_first_artwork() -> None:
    title = Title("countdown", "Countdown")

    assert title_from_json(title_to_json(title)) == title
    assert title.default is None
    assert eligible(title) == []


@settings(max_examples=40)
@given(titles(), st.none() | locales, st.none() | placements, st.none() | maturities, st.sets(ways))
def test_eligible_are_the_active_that_fit_in_catalogue_order(
    title: Title, locale: str | None, placement: str | None, maturity: int | None, barred: set[Made]
) -> None:
    found = title.eligible(now=NOW, locale=locale, placement=placement, maturity=maturity, barred=barred)

    assert found == tuple(
        artwork
        for artwork in title.artworks
        if artwork.status == "active"
        and artwork.allowed(now=NOW, barred=barred)
        and artwork.fits(now=NOW, locale=locale, placement=placement, maturity=maturity)
    )


@settings(max_examples=40)
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


def test_without_any_limit_nothing_is_asked_of_the_artworks() -> None:
    title = a_title(an_artwork("a"), an_artwork("b"), replace(an_artwork("c"), status="paused", maturity=18))

    one = title.eligible(now=NOW, locale="de", placement="row", maturity=0)
    other = title.eligible(now=NOW + 1, locale=None, placement=None, maturity=None, barred=frozenset())
    assert one is other


@pytest.mark.parametrize(
    ("artwork", "shown"),
    [
        (an_artwork(), False),
        (replace(an_artwork(), provenance=Provenance("drawn")), True),
        (replace(an_artwork(), provenance=Provenance("ai-generated")), False),
    ],
)
def test_what_is_made_in_a_barred_way_is_never_shown(artwork: Artwork, shown: bool) -> None:
    barred: tuple[Made, ...] = ("ai-generated", "undeclared")

    assert artwork.allowed(now=NOW)
    assert artwork.allowed(now=NOW, barred=barred) is shown
    assert bool(eligible(a_title(artwork), barred=barred)) is shown


@pytest.mark.parametrize(
    ("consent", "before", "then"),
    [
        (None, True, True),
        (Consent("Ada"), True, True),
        (Consent("Ada", until=NOW), True, False),
        (Consent("Ada", withdrawn=True), False, False),
        (Consent("Ada", until=NOW + 9, withdrawn=True), False, False),
    ],
)
def test_consent_is_needed_at_each_moment(consent: Consent | None, before: bool, then: bool) -> None:
    artwork = replace(an_artwork(), provenance=Provenance(consent=consent))
    title = a_title(artwork)

    for now, shown in ((NOW - 0.001, before), (NOW, then)):
        assert artwork.allowed(now=now) is shown
        assert bool(eligible(title, now=now)) is shown


def test_withdrawn_is_disallowed_and_paused_only_rests() -> None:
    assert not replace(an_artwork(), status="withdrawn").allowed(now=NOW)
    assert replace(an_artwork(), status="paused").allowed(now=NOW)


def test_a_canvas_that_an_artwork_lacks_shows_its_first_crop() -> None:
    artwork = replace(an_artwork(), crops=CROPS[1:])

    assert an_artwork().crop("1:1") is CROPS[2]
    assert artwork.crop("16:9") is CROPS[1]


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
