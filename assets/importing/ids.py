"""The id of a folder or a file: it is made from the name, and stays the same at each import."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final

from assets.importing.names import LONGEST_SLUG, latin_slug, slug

CALLED: Final = "called"
"""The key in `declared` for the name that the id of a title or an artwork was made from."""
_DIGITS: Final = 8

Declared = Mapping[str, Mapping[str, str]]
"""The declared values of each id of the catalogue."""
Same = Callable[[str, str], bool]
"""Whether the folder or file of a name is the one that the catalogue has under an id."""


def called(id_: str, name: str) -> dict[str, str]:
    """Return the entry of `declared` that remembers a name; empty if the id is the name itself."""
    name = composed(name)
    return {} if name == id_ else {CALLED: _digest(name)[:_DIGITS]}


def composed(name: str) -> str:
    """Return the name as most systems write it: some, such as macOS, part a letter from its accent."""
    return unicodedata.normalize("NFC", name)


def ids(names: Iterable[str], known: Declared, same: Same) -> dict[str, str]:
    """Return the id of each name, by the names as they are `composed`.

    A name keeps the id that the catalogue remembers it by. Otherwise it gets the id that it makes, if that is
    free; a name that is an id comes first, then one in Latin letters. If the id is not free, a digest of the name
    follows it.
    """
    distinct = sorted({composed(name) for name in names}, key=lambda name: (_rank(name), name))
    given = _remembered(distinct, known)
    taken = set(given.values())
    for name in distinct:
        if name not in given:
            given[name] = next(each for each in _candidates(name, known, same) if each not in taken)
            taken.add(given[name])
    return given


def _rank(name: str) -> int:
    made = slug(name)
    return 0 if made == name else 1 if made == latin_slug(name) else 2


def _remembered(names: Iterable[str], known: Declared) -> dict[str, str]:
    by_digest = {declared[CALLED]: id_ for id_, declared in known.items() if CALLED in declared}
    digests = {name: _digest(name)[:_DIGITS] for name in names}
    return {name: by_digest[digest] for name, digest in digests.items() if digest in by_digest}


def _candidates(name: str, known: Declared, same: Same) -> Iterator[str]:
    """Yield the ids that a name may get, the best first."""
    made, former = slug(name), latin_slug(name)
    # Two names in another script can make the same id and still have different meanings.
    if made in known and (made == former or same(name, made)):
        yield made
    if former != made and former in known and same(name, former):
        yield former  # it was imported when ids left other scripts out
    if made and made not in known:
        yield made
    digest = _digest(name)
    for digits in range(_DIGITS, LONGEST_SLUG - _DIGITS):
        yield f"{(made or 'unnamed')[: LONGEST_SLUG - 1 - digits].rstrip('-')}-{digest[:digits]}"


def _digest(name: str) -> str:
    # A file's name may be bytes that are not valid text, which Python keeps as lone surrogates.
    return sha256(name.encode(errors="surrogatepass")).hexdigest()
