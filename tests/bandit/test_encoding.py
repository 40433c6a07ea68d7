import re

import pytest
import vowpal_wabbit_next as vw
from hypothesis import given
from hypothesis import strategies as st

from bandit.encoding import word
from bandit.types import Action, Attributes, Context, Example
from bandit.vocabulary import Vocabulary
from bandit.vowpal.bins import Bins
from bandit.vowpal.learner import VowpalLearner

NASTY = [
    " |I other",
    "a b:3 |",
    "x\n0:-1:1 |A y",
    "tab\tand\r\nmore",
    "'quoted' \"twice\"",
    "🎬🍿",
    "\ud800",
    "\x00",
    "50%",
    "a=b~other",
    "~other",
    "007",
    "",
    " ",
    "İstanbul ß ﬁ",
]
texts = st.text(st.characters(exclude_categories=[]), max_size=20) | st.sampled_from(NASTY) | st.from_regex(r"\d+")


@given(texts)
def test_a_word_holds_nothing_that_the_text_format_gives_a_meaning(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.%-]+", word(text))


@given(texts, texts)
def test_different_texts_are_different_words(one: str, other: str) -> None:
    assert (word(one) == word(other)) == (one == other)


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


@pytest.mark.parametrize("nasty", NASTY)
def test_a_learner_takes_any_text_as_it_takes_a_plain_word(nasty: str) -> None:
    """With the text everywhere that text can stand, what is learned is the same under a renaming."""
    assert _learned_with(nasty) == _learned_with("plain")


def _learned_with(text: str) -> list[list[float]]:
    learner = VowpalLearner("--cb_explore_adf --squarecb --gamma_scale 100 -l 0.1 -q CA -q SA -b 20")
    actions = [
        Action(f"{text}/{name}", text, (text, name), {text or "empty": 0.5, name: share})
        for name, share in (("left", 0.25), ("right", 0.75))
    ]
    said: Attributes = {"mood": text, text + "key": "yes", text + "number": 3.5}
    contexts = [Context({"mood": "calm"}, {"left": 1.0}), Context(said, {text: -0.5})]
    for turn in range(12):
        context = contexts[turn % 2]
        learner.learn(Example(context, actions, turn % 2, 0.5, float(turn % 3 == 0)))
    return [list(learner.probabilities(context, actions)) for context in contexts]


PARSER = vw.TextFormatParser(vw.Workspace(["--cb_explore_adf", "--quiet"]))
