"""Readers of parsed JSON: each takes a value, checks it strictly against one type, and returns it as that type.

A reader is made once for each type, because a service reads a million values when it starts with 10,000 titles.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, NoReturn, Self, Union, get_args, get_origin, get_type_hints

from assets.checks import CatalogueError

Reader = Callable[[object], Any]
"""A type form such as `float | None` does not have a type before Python 3.14, so types here are Any."""


class Misread(Exception):
    """A value is not what its type says. The text is the path from the value read first, and the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self._path, self._reason = "", reason

    def within(self, step: str) -> Self:
        self._path = step + self._path
        return self

    def __str__(self) -> str:
        return self._path + self._reason


@cache
def record_fields(kind: Any) -> tuple[Field[Any], ...]:  # noqa: ANN401
    return tuple(field for field in fields(kind) if field.init)


def default_of(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


@cache
def reader_of(kind: Any) -> Reader:  # noqa: ANN401
    """Return the reader of a dataclass, a union with None, a tuple, a mapping, a literal or a scalar."""
    if is_dataclass(kind) and isinstance(kind, type):
        return _record_reader(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _optional_reader(arguments[0])
    if origin is tuple:
        return _list_reader(arguments[0])
    if origin is Mapping:
        return _mapping_reader(arguments[1])
    if origin is Literal:
        return _choice_reader(arguments)
    return _read_number if kind is float else _scalar_reader(kind)


def _record_reader(kind: type) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: reader_of(hints[field.name]) for field in record_fields(kind)}
    required = [field.name for field in record_fields(kind) if default_of(field) is MISSING]

    def read(value: object) -> object:
        found = _object(value)
        _check_names(found, readers, required)
        values = _read_each(found, readers)
        try:
            return kind(**values)
        except CatalogueError as error:
            raise Misread(f": {error}") from error

    return read


def _read_each(found: Mapping[str, object], readers: Mapping[str, Reader]) -> dict[str, Any]:
    values, name = {}, ""
    try:
        for name, value in found.items():
            values[name] = readers[name](value)
    except Misread as misread:
        raise misread.within(f".{name}") from misread.__cause__
    return values


def _check_names(found: Mapping[str, object], readers: Mapping[str, Reader], required: list[str]) -> None:
    if not found.keys() <= readers.keys():
        unknown = min(found.keys() - readers.keys())
        raise Misread(f" has no field {unknown!r}; it has {', '.join(sorted(readers))}.")
    for name in required:
        if name not in found:
            raise Misread(f" lacks the field {name!r}; add it.")


def _optional_reader(kind: Any) -> Reader:  # noqa: ANN401
    inner = reader_of(kind)
    return lambda value: None if value is None else inner(value)


def _list_reader(kind: Any) -> Reader:  # noqa: ANN401
    inner = reader_of(kind)

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            _refuse(value, "a list")
        items: list[Any] = []
        try:
            for item in value:
                items.append(_shared(inner(item)))  # noqa: PERF401 - its length is the path of what is refused
        except Misread as misread:
            raise misread.within(f"[{len(items)}]") from misread.__cause__
        return tuple(items)

    return read


def _mapping_reader(kind: Any) -> Reader:  # noqa: ANN401
    inner = reader_of(kind)

    def read(value: object) -> dict[str, Any]:
        found, values, name = _object(value), {}, ""
        try:
            for name, item in found.items():
                values[_shared(name)] = inner(item)
        except Misread as misread:
            raise misread.within(f".{name}") from misread.__cause__
        return values

    return read


def _choice_reader(choices: tuple[Any, ...]) -> Reader:
    def read(value: object) -> object:
        return _shared(value) if value in choices else _refuse(value, "one of " + ", ".join(choices))

    return read


def _scalar_reader(kind: type) -> Reader:
    wanted = {str: "a text", int: "a whole number", bool: "true or false"}[kind]

    def read(value: object) -> object:
        # Not isinstance: True is an int, and no JSON writer means 1 by it.
        return value if type(value) is kind else _refuse(value, wanted)

    return read


def _read_number(value: Any) -> float:  # noqa: ANN401
    if type(value) not in (int, float):
        _refuse(value, "a number")
    try:
        return float(value)
    except OverflowError:
        _refuse(value, "a number that fits 64 bits")


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else _refuse(value, "an object")


def _shared(value: Any) -> Any:  # noqa: ANN401
    """Keep one copy of a word that is in thousands of documents: a tag, a feature's name, a canvas."""
    return sys.intern(value) if type(value) is str else value


def _refuse(value: object, wanted: str) -> NoReturn:
    shown = json.dumps(value)  # in ASCII, so that a broken surrogate can't spoil the message
    raise Misread(f" is {shown[:80]}; write {wanted}.")
