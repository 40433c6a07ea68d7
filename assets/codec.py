"""Dataclasses as canonical JSON, read back strictly by their own annotations."""

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, NoReturn, TypeVar, cast

from assets.checks import CatalogueError
from assets.readers import Misread, default_of, reader_of, record_fields

T = TypeVar("T")


def canonical(value: object) -> bytes:
    """The one text of a value: sorted keys, no spaces, UTF-8, without fields that have their default.

    Leaving defaults out lets a later version add a field without renaming every stored revision.
    """
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def parsed(kind: type[T], content: bytes) -> T:
    """Read JSON as a `kind`; unknown, missing or repeated fields and other types are refused."""
    try:
        value = json.loads(content.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except CatalogueError:
        raise
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"The document is not JSON ({error}); send it whole, as UTF-8.") from error
    return read(kind, value, kind.__name__.lower())


def read(kind: type[T], value: object, where: str) -> T:
    """Read a value of parsed JSON as a `kind`; a refusal names the field by its path, beginning with `where`."""
    try:
        result: T = reader_of(cast("Any", kind))(value)  # mypy takes type[T] for something that has no hash
    except Misread as misread:
        raise CatalogueError(f"{where}{misread}") from misread
    return result


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(inner)
            for field in record_fields(type(value))
            if (inner := getattr(value, field.name)) != default_of(field)
        }
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    # 1 and 1.0 are equal, so they need the same text, or equal titles would differ in revision.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for number, key in enumerate(names) if key in names[:number])
        raise CatalogueError(f"The field {twice!r} is written twice; remove one.")
    return result


def _no_constant(name: str) -> NoReturn:
    raise CatalogueError(f"{name} is not a number in JSON; write a finite number.")
