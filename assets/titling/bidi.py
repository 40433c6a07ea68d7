"""The order of a line's characters from left to right."""

import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import Final

_STRONG: Final = {"L": "L", "R": "R", "AL": "R", "EN": "R", "AN": "R"}
"""The direction of a kind that neutrals beside it see (rule N1: numbers as if right to left)."""
_NEUTRAL: Final = frozenset({"B", "S", "WS", "ON", "BN"})
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}


def right_to_left(text: str) -> bool | None:
    """Return the direction of the first letter that has one (rules P2 and P3); None if none does."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"L", "R", "AL"}:
            return kind != "L"
    return None


def levels(text: str, *, rtl: bool) -> list[int]:
    """Return each character's level: odd ones run from right to left.

    Unicode Standard Annex 9, rules W1 to W7, N0 to N2, I1 and I2, in a paragraph without embeddings and isolates.
    """
    base = "R" if rtl else "L"
    kinds = _weak([unicodedata.bidirectional(character) for character in text], base)
    _pair_brackets(text, kinds, base)
    _settle_neutrals(kinds, base)
    if rtl:
        return [1 if kind == "R" else 2 for kind in kinds]
    return [{"L": 0, "R": 1}.get(kind, 2) for kind in kinds]


def visual(order: Sequence[int]) -> list[list[int]]:
    """Return the runs of equal levels from left to right, as indices in reading order (rule L2)."""
    runs = [list(indices) for _, indices in groupby(range(len(order)), key=lambda index: order[index])]
    for level in range(max(order, default=0), 0, -1):
        runs = _turned(runs, [order[run[0]] >= level for run in runs])
    return runs


def _turned(runs: list[list[int]], deep: Sequence[bool]) -> list[list[int]]:
    """Reverse the order of those neighbouring runs that are deep enough."""
    turned: list[list[int]] = []
    start = 0
    for reverse, group in groupby(deep):
        end = start + len(list(group))
        turned.extend(runs[start:end][::-1] if reverse else runs[start:end])
        start = end
    return turned


def _weak(kinds: list[str], base: str) -> list[str]:
    """Resolve marks, numbers and the signs around numbers (rules W1 to W7)."""
    before = strong = base
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[index] = before  # W1
        elif kind == "EN" and strong == "AL":
            kinds[index] = "AN"  # W2
        elif kind in {"L", "R", "AL"}:
            strong = kind
        before = kinds[index]
    kinds = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for index in range(1, len(kinds) - 1):
        around = {kinds[index - 1], kinds[index + 1]}
        if (kinds[index] in {"ES", "CS"} and around == {"EN"}) or (kinds[index] == "CS" and around == {"AN"}):
            kinds[index] = around.pop()  # W4
    return _latin_numbers(_terminated(kinds), base)


def _terminated(kinds: list[str]) -> list[str]:
    """Let currency and per cent signs go with their numbers, and make the rest neutral (W5 and W6)."""
    start = 0
    for kind, group in groupby(list(kinds)):
        end = start + len(list(group))
        if kind == "ET":
            numbers = "EN" in {*kinds[max(0, start - 1) : start], *kinds[end : end + 1]}
            kinds[start:end] = ["EN" if numbers else "ON"] * (end - start)
        start = end
    return ["ON" if kind in {"ES", "CS"} else kind for kind in kinds]


def _latin_numbers(kinds: list[str], base: str) -> list[str]:
    """Let numbers after a left-to-right letter be part of its text (W7)."""
    strong = base
    for index, kind in enumerate(kinds):
        if kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"
    return kinds


def _pair_brackets(text: str, kinds: list[str], base: str) -> None:
    """Give both brackets of a pair the direction of their content (N0)."""
    for start, end in _pairs(text):
        inside = {_STRONG[kind] for kind in kinds[start + 1 : end] if kind in _STRONG}
        if base in inside:
            kinds[start] = kinds[end] = base
        elif inside:
            earlier = [_STRONG[kind] for kind in kinds[:start] if kind in _STRONG]
            kinds[start] = kinds[end] = (earlier or [base])[-1]


def _pairs(text: str) -> list[tuple[int, int]]:
    """Return where brackets open and close, in the order in which they open (BD16)."""
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for index, character in enumerate(text):
        if character in _BRACKETS.values():
            opened.append(index)
        elif character in _BRACKETS:
            match = next((i for i in reversed(opened) if text[i] == _BRACKETS[character]), None)
            if match is not None:
                del opened[opened.index(match) :]
                pairs.append((match, index))
    return sorted(pairs)


def _settle_neutrals(kinds: list[str], base: str) -> None:
    """Give neutrals the direction that both of their neighbours have, else the line's own (N1 and N2)."""
    start = 0
    for neutral, group in groupby(list(kinds), key=_NEUTRAL.__contains__):
        end = start + len(list(group))
        if neutral:
            before = _STRONG[kinds[start - 1]] if start else base
            after = _STRONG[kinds[end]] if end < len(kinds) else base
            kinds[start:end] = [before if before == after else base] * (end - start)
        start = end
