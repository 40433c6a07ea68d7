"""Vowpal Wabbit reads what is written for it as it was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.encoding import word
from bandit.vocabulary import Vocabulary
from bandit.vowpal.bins import Bins
from tests.learners import NO_VOWPAL
from tests.texts import texts

vw = pytest.importorskip("vowpal_wabbit_next", reason=NO_VOWPAL)
PARSER = vw.TextFormatParser(vw.Workspace(["--cb_explore_adf", "--quiet"]))


@given(st.dictionaries(texts, texts, min_size=1, max_size=5))
def test_each_attribute_is_one_feature_of_its_own_namespace_whatever_its_text(attributes: dict[str, str]) -> None:
    vocabulary = Vocabulary(Bins)
    vocabulary.admit(attributes)
    known = " ".join([name for name, _ in vocabulary.features(attributes)])
    example = PARSER.parse_line(f"shared |C {known} |S taste:0.5")
    assert len(example["C"].indices) == len(attributes)
    assert len(example["S"].indices) == 1
    assert len(example.feat_group_indices) == 2


@pytest.mark.parametrize(("one", "other"), [("7", "007"), ("7", "%37"), ("a", "A"), ("é", "e\u0301")])
def test_words_that_look_alike_are_features_apart(one: str, other: str) -> None:
    first, second = (PARSER.parse_line(f"|A {word(text)}")["A"].indices for text in (one, other))
    assert list(first) != list(second)
