"""Dataclasses as canonical JSON, read back strictly by their own annotations."""

import json
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from assets.checks import CatalogueError

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
    result: T = _read(kind, value, where)
    return result


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(inner)
            for field in _record(type(value))
            if (inner := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    # 1 and 1.0 are equal, so they need the same text, or equal titles would differ in revision.
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def _record(kind: type) -> tuple[Field[Any], ...]:
    return tuple(field for field in fields(kind) if field.init)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


# Any, because a type form such as `float | None` does not have a type before Python 3.14.
def _read(kind: Any, value: object, where: str) -> Any:  # noqa: ANN401
    if is_dataclass(kind) and isinstance(kind, type):
        return _read_record(kind, value, where)
    match get_origin(kind), get_args(kind):
        case (origin, options) if origin in (Union, UnionType):
            return None if value is None else _read(options[0], value, where)
        case (origin, (item, *_)) if origin is tuple and isinstance(value, list):
            return tuple(_shared(_read(item, inner, f"{where}[{index}]")) for index, inner in enumerate(value))
        case (origin, (_, item)) if origin is Mapping and isinstance(value, dict):
            return {_shared(key): _read(item, inner, f"{where}.{key}") for key, inner in value.items()}
        case (origin, choices) if origin is Literal and value in choices:
            return _shared(value)
    return _read_scalar(kind, value, where)


def _shared(value: Any) -> Any:  # noqa: ANN401
    """Keep one copy of a word that is in thousands of documents: a tag, a feature's name, a canvas."""
    return sys.intern(value) if type(value) is str else value


def _read_record(kind: type, value: object, where: str) -> object:
    if not isinstance(value, dict):
        _refuse(value, where, "an object")
    names = {field.name for field in _record(kind)}
    if unknown := sorted(set(value) - names):
        raise CatalogueError(f"{where} has no field {unknown[0]!r}; it has {', '.join(sorted(names))}.")
    for field in _record(kind):
        if field.name not in value and _default(field) is MISSING:
            raise CatalogueError(f"{where} lacks the field {field.name!r}; add it.")
    hints = _hints(kind)
    values = {name: _read(hints[name], inner, f"{where}.{name}") for name, inner in value.items()}
    try:
        return kind(**values)
    except CatalogueError as error:
        raise CatalogueError(f"{where}: {error}") from error


def _read_scalar(kind: Any, value: object, where: str) -> object:  # noqa: ANN401
    if kind is float and type(value) in (int, float):
        return _read_number(value, where)
    # Not isinstance: True is an int, and no JSON writer means 1 by it.
    if type(value) is kind:
        return value
    return _refuse(value, where, _described(kind))


def _read_number(value: Any, where: str) -> float:  # noqa: ANN401
    try:
        return float(value)
    except OverflowError:
        _refuse(value, where, "a number that fits 64 bits")


def _described(kind: Any) -> str:  # noqa: ANN401
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    names = {str: "a text", int: "a whole number", float: "a number", tuple: "a list", Mapping: "an object"}
    return names[get_origin(kind) or kind]


def _refuse(value: object, where: str, wanted: str) -> NoReturn:
    shown = json.dumps(value)  # in ASCII, so that a broken surrogate can't spoil the message
    raise CatalogueError(f"{where} is {shown[:80]}; write {wanted}.")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise CatalogueError(f"The field {key!r} is written twice; remove one.")
        result[key] = value
    return result


def _no_constant(name: str) -> NoReturn:
    raise CatalogueError(f"{name} is not a number in JSON; write a finite number.")
