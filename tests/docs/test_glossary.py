"""docs/glossary.md: each word has one meaning, is used, and is not replaced by a word that was given up."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.docs.api import document
from tests.docs.pages import page, pages
from tests.docs.test_plain_english import docstrings, sources

PAGE = page("glossary.md")
PLACEMENT = "placement for a spot on a page, an artwork reference for a title and an artwork; else another verb"
GIVEN_UP = {
    "shelf": "live catalogue",
    "shelved": "live title",
    "odds": "choice probabilities",
    "standings": "best single",
    "spool": "example file",
    "spooling": "recording learner",
    "joining": "log join",
    "joiner": "windows",
    "lifeline": "end with parent",
    "meters": "metric files",
    "slot": "permit of a process, cell of a learner",
    "slots": "permits of processes, cells of a learner",
    "place": PLACEMENT,
    "places": PLACEMENT,
    "stock": "say of which things",
    "counted": "totals, fold state or outcomes",
    "counts": "totals, tallies or outcomes",
    "rules": "reward rules; else settings, checks or preconditions",
    "inspector": "explanation",
    "tokens": "decision id",
    "wanted": "plan",
    "foreign": "file kinds",
    "tidying": "cleanup",
    "arm": "action",
    "variant": "artwork",
    "thumb": "rendition",
    "pscore": "propensity",
    "checkpoint": "snapshot",
    "bucket": "group",
}
"""Words that no module, class or function of the product is named by, with the glossary's words for them."""
OF_THE_API = {"ReportWithRules", "RulesInForce"}
"""Names of the OpenAPI document that have such a word. Clients may use them, so they stay."""
ENDINGS = "(?:s|es)?"


def identifiers() -> Iterator[tuple[str, str]]:
    """Yield the name of each module, class and function of the product with the place where it is defined."""
    for file, tree in sources():
        yield file, file.rpartition("/")[2].removesuffix(".py")
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file}:{node.lineno}", node.name


def words(name: str) -> list[str]:
    """Return the words of an identifier: `RulesInForce` and `rules_in_force` have the same three."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def misnamed() -> dict[str, list[str]]:
    """Return where each word that is given up names something."""
    found = defaultdict(list)
    for where, name in identifiers():
        parts = words(name)
        for word in GIVEN_UP.keys() & set(parts):
            if name not in OF_THE_API and (word != "rules" or "reward" not in parts):
                found[word].append(f"{where}: {name!r} has {word!r} in it; the glossary says {GIVEN_UP[word]!r}.")
    return found


def defined() -> list[str]:
    """Return the words that the glossary defines."""
    return [word.strip("`") for row in PAGE.rows("word", "meaning") for word in row[0].strip("*").split(", ")]


def test_no_identifier_has_a_word_that_is_given_up() -> None:
    told = [line for lines in misnamed().values() for line in lines]
    assert not told, "\n".join(told)


def test_the_names_of_the_api_that_stay_are_in_its_document() -> None:
    gone = OF_THE_API - document()["components"]["schemas"].keys()
    assert not gone, f"The OpenAPI document has no {sorted(gone)} any more: take that out of OF_THE_API."


def test_words_are_found_in_names_of_both_styles() -> None:
    assert words("RulesInForce") == words("rules_in_force") == ["rules", "in", "force"]
    assert words("_placements_of") == ["placements", "of"]


def test_the_glossary_defines_each_word_once_and_none_that_is_given_up() -> None:
    assert len(defined()) == len(set(defined())) > 70
    assert set(defined()) & GIVEN_UP.keys() == set()


def test_each_meaning_is_one_or_two_sentences() -> None:
    for word, meaning in PAGE.rows("word", "meaning"):
        assert meaning.endswith("."), word
        assert len(re.findall(r"\.(?= [A-Z]|$)", meaning)) <= 2, word


@pytest.fixture(scope="module")
def used() -> str:
    """Return all that people read of the product: the other pages, docstrings, and identifiers as words."""
    text = [each.text for each in pages() if each.path != PAGE.path and "adr" not in each.name]
    text += [str(comment.value) for _, tree in sources() for comment in docstrings(tree)]
    text += [" ".join(words(name)) for _, name in identifiers()]
    return " ".join("\n".join(text).lower().split())


@pytest.mark.parametrize("word", defined())
def test_each_word_of_the_glossary_is_used(word: str, used: str) -> None:
    found = re.search(rf"\b{re.escape(word.lower())}{ENDINGS}\b", used)
    assert found, f"{word!r} is used nowhere: take it out of the glossary."
