from collections.abc import Callable

import pytest

from assets.checks import CatalogueError
from assets.provenance import Consent, Provenance

NOW = 1_000.0


def test_what_needs_no_consent_is_always_allowed() -> None:
    assert Provenance().allows(NOW)
    assert Provenance("ai-generated", "Ada", "CC0-1.0").allows(NOW)


def test_a_consent_without_an_end_holds_until_it_is_withdrawn() -> None:
    assert Consent("Ada").holds(1e300)
    assert not Consent("Ada", withdrawn=True).holds(NOW)


@pytest.mark.parametrize(("now", "holds"), [(NOW - 0.001, True), (NOW, False), (NOW + 1, False)])
def test_a_consent_no_longer_holds_at_its_end(now: float, holds: bool) -> None:
    assert Consent("Ada", until=NOW).holds(now) is holds
    assert Provenance(consent=Consent("Ada", until=NOW)).allows(now) is holds


def test_a_withdrawn_consent_does_not_hold_before_its_end_either() -> None:
    assert not Provenance(consent=Consent("Ada", until=NOW, withdrawn=True)).allows(NOW - 1)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Consent(""), "name of who consents has 0 characters"),
        (lambda: Consent("Ada\x07"), "control character"),
        (lambda: Consent("Ada", float("inf")), "the end of the consent is inf"),
        (lambda: Consent("Ada", float("nan")), "the end of the consent is nan"),
        (lambda: Provenance("dreamt"), "'dreamt' is not a way to make a picture; write one of undeclared, photo"),  # type: ignore[arg-type]
        (lambda: Provenance("drawn", " "), "creator has 1 characters"),
        (lambda: Provenance("drawn", "Ada", "x" * 501), "licence has 501 characters"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(CatalogueError, match=rf"{sentence}.*\.$"):
        make()
