"""The places where a name may continue in the next line, and the best of them."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

MOST_LINES: Final = 3

_BLANKS: Final = re.compile(r"[^\S\u00a0\u202f]+")
_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069\u2060\ufeff]")
_PART_BEFORE: Final = re.compile(r"[^\W\d_]{3}[-–—/]$")
_PART_AFTER: Final = re.compile(r"[^\W\d_]{3}")
_SHY, _ZWSP, _ZWJ, _ZWNJ = "\u00ad", "\u200b", "\u200d", "\u200c"

_VIRAMA: Final = 9
"""The combining class of the sign that joins an Indic letter with the next one."""
_UNSPACED: Final = ("THAI", "LAO", "KHMER", "MYANMAR")
_IDEOGRAPHIC: Final = ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA")
_INDIC: Final = (
    "DEVANAGARI",
    "BENGALI",
    "GURMUKHI",
    "GUJARATI",
    "ORIYA",
    "TAMIL",
    "TELUGU",
    "KANNADA",
    "MALAYALAM",
)
_LEADING_VOWELS: Final = frozenset("เแโใไເແໂໃໄ")
_TRAILING: Final = frozenset("ะาำๅๆฯະາຳຽໆฺ")
_NEVER_FIRST: Final = frozenset("、。・ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〜")
_WIDE_PUNCTUATION: Final = frozenset("\uff0c\uff0e\uff1a\uff1b\uff1f\uff01")
_WIDE_PAUSES: Final = frozenset("、。\uff0c\uff1a\uff1b\uff1f\uff01〜")

# Costs of a break, in shares of a line's width by which lines may be less even to avoid it.
_WITHIN_WORD: Final = 0.15
_AFTER_PARTICLE: Final = 0.4
_BEFORE_NUMBER: Final = 0.3
_AFTER_PAUSE: Final = -0.45
_WITHIN_UNSPACED: Final = 0.1
_WITHIN_IDEOGRAPHS: Final = 0.25
_BEFORE_BARE: Final = 0.3
_PARTICLE: Final = 3
"""The most letters of an article, a preposition or a conjunction, which belong to the word beside it."""
_MANY: Final = 2 / 3


@dataclass(frozen=True, slots=True)
class Break:
    """A line may end before `end`, with a hyphen perhaps, and the next one begin at `start`."""

    end: int
    start: int
    cost: float = 0.0
    hyphen: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the text without the spaces and hyphens that show only inside of a line."""

    start: int
    end: int
    hyphen: bool = False


def tidied(text: str) -> str:
    """Return the text composed (NFC), with single spaces, and without controls that the setting adds itself."""
    return _BLANKS.sub(" ", _CONTROLS.sub("", unicodedata.normalize("NFC", text))).strip(f" {_SHY}{_ZWSP}")


def clusters(text: str) -> list[str]:
    """Return the parts that a reader sees as single letters: marks, conjuncts and vowels stay with theirs."""
    found: list[str] = []
    for character in text:
        if found and _clings(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def breaks(text: str, *, unspaced: bool = False) -> list[Break]:
    """Return the places where a line may end; `unspaced` adds those within text without spaces, such as Thai."""
    found: list[Break] = []
    position = 0
    pieces = clusters(text)
    particles = _has_particles(text)
    for before, after in pairwise(pieces):
        position += len(before)
        found.extend(_between(text, position, before, after, unspaced=unspaced, particles=particles))
    return found


def stretches(text: str, chosen: Sequence[Break]) -> list[Stretch]:
    starts = [0, *(each.start for each in chosen)]
    ends = [*(each.end for each in chosen), len(text)]
    hyphens = [*(each.hyphen for each in chosen), False]
    return [Stretch(*parts) for parts in zip(starts, ends, hyphens, strict=True)]


def broken(possible: Sequence[Break], lengths: Sequence[float], lines: int) -> tuple[tuple[Break, ...], float]:
    """Return the breaks that make `lines` lines best, and their fault: 0 is a perfect setting.

    `lengths` are those of the stretches between the possible breaks, of which there are enough.
    """
    ends = [0.0]
    for length in lengths:
        ends.append(ends[-1] + length)
    choices = combinations(range(len(possible)), lines - 1)
    best = min(choices, key=lambda choice: _unevenness(choice, ends) + sum(possible[i].cost for i in choice))
    chosen = tuple(possible[i] for i in best)
    excused = sum(min(0.0, each.cost) for each in chosen)  # lines may be uneven only for a pause
    faults = max(0.0, _unevenness(best, ends) + excused) + sum(max(0.0, each.cost) for each in chosen)
    return chosen, faults


def _unevenness(choice: tuple[int, ...], ends: Sequence[float]) -> float:
    """Return by what share the longest line is longer than even lines would be."""
    edges = [0, *(index + 1 for index in choice), len(ends) - 1]
    longest = max(ends[end] - ends[start] for start, end in pairwise(edges))
    even = ends[-1] / (len(choice) + 1)
    return longest / max(even, 1e-9) - 1


def _clings(cluster: str, character: str) -> bool:
    last = cluster[-1]
    if unicodedata.category(character).startswith("M") or character in {_ZWJ, _ZWNJ} or character in _TRAILING:
        return True
    if last in _LEADING_VOWELS and len(cluster) == 1:
        return True
    if last in {_ZWJ, _ZWNJ}:
        last = cluster[-2:-1] or last
    joins = unicodedata.combining(last) == _VIRAMA if last else False
    return (joins and character.isalpha()) or (_jamo(last) and _jamo(character))


def _jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff"


def _between(text: str, at: int, before: str, after: str, *, unspaced: bool, particles: bool) -> Iterator[Break]:
    if after == " ":
        if not _closes(text[at + 1]):
            yield Break(at, at + 1, _cost(text, at, particles=particles))
    elif after == _ZWSP:
        yield Break(at, at + 1)
    elif after == _SHY:
        yield Break(at, at + 1, _WITHIN_WORD, hyphen=True)
    elif before in {" ", _ZWSP, _SHY}:
        return
    elif before in "-–—/" and _PART_BEFORE.search(text, 0, at) and _PART_AFTER.match(text, at):
        yield Break(at, at, _WITHIN_WORD)
    elif _ideographic(before, after):
        yield Break(at, at, _AFTER_PAUSE if before in _WIDE_PAUSES else _WITHIN_IDEOGRAPHS)
    elif unspaced and _written(before, _UNSPACED) and _written(after, _UNSPACED):
        yield Break(at, at, _unspaced_cost(after))


def _cost(text: str, space: int, *, particles: bool) -> float:
    word, following = text[:space].rpartition(" ")[2], text[space + 1 :].partition(" ")[0]
    if word[-1] in ":–—!?،;" or _opens(following):
        return _AFTER_PAUSE
    if following.isdecimal():
        return _BEFORE_NUMBER
    attached = following if _written(following, _INDIC) else word
    return _AFTER_PARTICLE if particles and _is_particle(attached) else 0.0


def _has_particles(text: str) -> bool:
    """Whether short words are few enough to be particles; in Vietnamese most words are short."""
    words = text.split()
    return sum(map(_is_particle, words)) < _MANY * len(words)


def _unspaced_cost(after: str) -> float:
    if after[0] in _LEADING_VOWELS:
        return 0.0  # they begin a syllable
    return _WITHIN_UNSPACED if len(after) > 1 else _BEFORE_BARE  # a bare letter often ends one


def _is_particle(word: str) -> bool:
    return len(word) <= _PARTICLE and word[-1].isalpha() | unicodedata.category(word[-1]).startswith("M")


def _ideographic(before: str, after: str) -> bool:
    if not (_written(before, _IDEOGRAPHIC) or _written(after, _IDEOGRAPHIC)):
        return False
    return not (_closes(after) or after[0] in _NEVER_FIRST | _WIDE_PUNCTUATION or _opens(before))


def _closes(text: str) -> bool:
    return unicodedata.category(text[0]) in {"Pe", "Pf"} or text[0] in ":;!?,.»؟،"


def _opens(text: str) -> bool:
    return unicodedata.category(text[0]) in {"Ps", "Pi"}


def _written(text: str, scripts: tuple[str, ...]) -> bool:
    return unicodedata.name(text[0], "").startswith(scripts)
