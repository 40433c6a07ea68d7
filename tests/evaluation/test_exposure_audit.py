"""The audit of exposures names differences that chance does not explain, and hardly ever others."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from app.catalogue.live import LiveTitle
from app.evaluation.exposure_audit import audit_of
from app.evaluation.exposure_difference import Audit
from app.evaluation.exposure_sums import ExposureSums, artwork_labels, tag_labels
from app.records import Decision
from assets.catalogue import Title
from tests.assets.builders import an_artwork

ARTWORKS = "face", "sea", "city", "night"
TAGS = {"face": ("person",), "sea": ("calm",), "city": ("busy",), "night": ("calm", "dark")}
Chances = Callable[[random.Random, str, str], Sequence[float]]


def a_title(id_: str = "film") -> LiveTitle:
    artworks = tuple(replace(an_artwork(each), tags=TAGS[each]) for each in ARTWORKS)
    return LiveTitle.of(Title(id_, id_, default="face", artworks=artworks))


TITLE = a_title()


def a_decision(
    rng: random.Random, profile: str | None, probabilities: Sequence[float], **known: object
) -> Decision:
    values = {"group": "personalized" if profile else None, "profile": profile, **known}
    return Decision(rng.randbytes(16), "film", "", ARTWORKS, 0, tuple(probabilities), **values)  # type: ignore[arg-type]


def normal(weights: Sequence[float]) -> list[float]:
    return [each / sum(weights) for each in weights]


def audited(chances: Chances, seed: int, viewers: int = 200, visits: int = 5) -> Audit:
    """Let viewers from three countries come, each again and again with a liking of their own, and audit that."""
    rng, sums = random.Random(seed), ExposureSums(tag_labels(iter([TITLE]), 10))
    for number in range(viewers):
        country, sex = rng.choice(["DE", "FR", "JP"]), rng.choice(["f", "m"])
        own = chances(rng, country, sex)
        for _ in range(visits):
            decision = a_decision(rng, f"{number:032x}", own, attributes={"country": country}, audit={"sex": sex})
            sums.add(decision, TITLE)
    return audit_of(sums)


def by_liking(rng: random.Random, _country: str, _sex: str) -> list[float]:
    return normal([rng.expovariate(1) for _ in ARTWORKS])


def test_without_a_difference_hardly_any_audit_names_one() -> None:
    """All decisions of a viewer are alike, so an audit that counted them one by one would name many."""
    audits = [audited(by_liking, seed) for seed in range(40)]
    assert all(each["compared"] == 20 for each in audits)
    alarms = sum(any(each["p"] < 0.05 for each in audit["differences"]) for audit in audits)
    assert alarms <= 5, "of 40 audits 2 are expected by chance, and more than 5 in 1 of 70 cases"


def test_a_difference_by_an_attribute_that_no_policy_sees_is_named() -> None:
    def by_sex(rng: random.Random, country: str, sex: str) -> list[float]:
        weights = by_liking(rng, country, sex)
        return normal([weights[0] * (3 if sex == "f" else 1), *weights[1:]])

    audit = audited(by_sex, 1)
    named = [each for each in audit["differences"] if each["named"]]
    assert ("sex", "f", "person") in {(each["dimension"], each["value"], each["label"]) for each in named}
    assert all(each["dimension"] == "sex" for each in named)
    found = next(each for each in named if (each["value"], each["label"]) == ("f", "person"))
    low, high = found["interval"]
    assert low < found["difference"] < high
    assert 0.1 < found["difference"] < 0.4
    assert found["by_chance"] == found["by_chance_for_others"] == 0.25
    assert found["says"].startswith("If sex is “f”, the policy shows “person” ")
    assert "points more often than to others" in found["says"]


def test_a_difference_that_is_certain_but_small_is_not_named() -> None:
    def hardly(_rng: random.Random, _country: str, sex: str) -> list[float]:
        return [0.27, 0.25, 0.25, 0.23] if sex == "f" else [0.25] * 4

    audit = audited(hardly, 1)
    assert min(each["p"] for each in audit["differences"]) < 0.01
    assert not any(each["named"] for each in audit["differences"])


@pytest.mark.parametrize(
    "known", [{"pinned": True}, {"bot": True}, {"group": "uniform"}, {"group": "best_single"}]
)
def test_decisions_that_no_policy_made_do_not_count(known: dict[str, object]) -> None:
    rng, sums = random.Random(1), ExposureSums(artwork_labels(TITLE))
    for number in range(200):
        sums.add(a_decision(rng, f"{number:032x}", [1.0, 0, 0, 0], attributes={"country": "DE"}, **known), TITLE)
    assert audit_of(sums) == {"decisions": 0, "compared": 0, "size": 0.05, "fewest": 30, "differences": []}


def test_few_viewers_are_not_compared_however_often_they_come() -> None:
    rng, sums = random.Random(1), ExposureSums(artwork_labels(TITLE))
    for number in range(2000):
        country, who = ("LI", number % 10) if number % 2 else ("DE", number)
        chances = [0.7, 0.1, 0.1, 0.1] if country == "LI" else [0.25] * 4
        sums.add(a_decision(rng, f"{who:032x}", chances, attributes={"country": country}), TITLE)
    assert {each["value"] for each in audit_of(sums)["differences"]} <= {"DE"}


def test_visitors_without_a_profile_are_each_their_own() -> None:
    rng, sums = random.Random(1), ExposureSums(artwork_labels(TITLE))
    for number in range(400):
        device = "tv" if number % 2 else "phone"
        chances = [0.7, 0.1, 0.1, 0.1] if device == "tv" else [0.1, 0.7, 0.1, 0.1]
        sums.add(a_decision(rng, None, chances, attributes={"device": device}), TITLE)
    named = {(each["value"], each["label"]) for each in audit_of(sums)["differences"] if each["named"]}
    assert named == {("tv", "face"), ("tv", "sea"), ("phone", "face"), ("phone", "sea")}


def test_numbers_are_compared_by_tens_and_the_favourite_word_is_the_taste() -> None:
    rng, sums = random.Random(1), ExposureSums(artwork_labels(TITLE))
    known = {"attributes": {"age": 34.0}, "audit": {"paying": True}, "taste": {"comedy": 0.1, "drama": 0.7}}
    sums.add(a_decision(rng, "0" * 32, [0.25] * 4, **known), TITLE)
    found = {(name, value) for name, values in sums.by_value.items() for value in values}
    assert found == {("age", "30 to 39"), ("paying", "true"), ("taste", "drama")}


def test_memory_is_bounded_however_many_values_come() -> None:
    rng, sums = random.Random(1), ExposureSums(artwork_labels(TITLE))
    for number in range(3000):
        values = {f"name-{number % 60}": f"value {number}"}
        sums.add(a_decision(rng, f"{number:032x}", [0.25] * 4, attributes=values), TITLE)
    assert len(sums.by_value) == 20
    assert max(len(values) for values in sums.by_value.values()) <= 40
