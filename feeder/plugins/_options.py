"""The options of a plugin: the fields of its dataclass, and whether what a configuration says of them fits. Reads no configuration.

An option is a text, a number, true or false, a path, one of a few words, or a list of these; `X | None` is one that need not be said. What
stands in its field's `metadata` is told to its owner: `help` is what it means, and `secret` says that it is never shown.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from feeder.errors import FeederError

__all__ = ["Option", "options"]

_PLAIN: Mapping[object, tuple[str, str]] = {
    str: ("a text", "string"),
    bool: ("true or false", "boolean"),
    int: ("a whole number", "integer"),
    float: ("a number", "number"),
    Path: ("the name of a file or folder", "string"),
}
_MANY: Mapping[object, str] = {
    str: "texts",
    bool: "true or false",
    int: "whole numbers",
    float: "numbers",
    Path: "names of files or folders",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name, what it may be, what it is if nothing is said (MISSING: it must be), what it means, and whether it is a secret."""

    name: str
    type: Any
    default: object
    help: str
    secret: bool

    @property
    def required(self) -> bool:
        """Whether it has to be said."""
        return self.default is MISSING

    @property
    def kind(self) -> str:
        """What it may be, in words."""
        return _words(self.type)

    @property
    def schema(self) -> dict[str, object]:
        """What it may be, as a JSON Schema."""
        default = {} if self.default in (MISSING, None) or self.secret else {"default": _plain(self.default)}
        return {**_schema(self.type), **({"description": self.help} if self.help else {}), **default}

    def taken(self, value: object, root: Path) -> object:
        """The value as the plugin gets it; a path is below `root`. Raises ValueError, saying what it may be, where it is not."""
        try:
            return _taken(self.type, value, root)
        except ValueError:
            raise ValueError(self.kind) from None

    def typed(self, text: str) -> object:
        """The value in an environment variable: numbers, true and false and lists are written there as in TOML."""
        if _inner(self.type) in (str, Path) or get_origin(_inner(self.type)) is Literal:
            return text
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except ValueError:
            return text


def options(part: object) -> tuple[Option, ...]:
    """Return the options of a plugin; a function has none. Raises FeederError where they are of a kind that no configuration can say."""
    if not (isinstance(part, type) and is_dataclass(part)):
        return ()
    try:
        hints = get_type_hints(part)
    except NameError as error:
        raise FeederError(f"its options cannot be read: {error} (their types must be there at run time, not under TYPE_CHECKING)") from error
    return tuple(_option(field, hints[field.name]) for field in fields(part) if field.init)


def _option(field: Field[Any], hint: Any) -> Option:
    if not _is_known(hint):
        told = f"its option {field.name} is of a type that no configuration can say: {hint}"
        raise FeederError(f"{told} (use str, int, float, bool, Path, Literal, a list or tuple of these, or one of them | None)")
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return Option(field.name, hint, default, str(field.metadata.get("help", "")), bool(field.metadata.get("secret")))


def _members(hint: Any) -> Iterator[Any]:
    """The types of a list, of which there is one."""
    yield from (member for member in get_args(hint) if member is not ...)


def _inner(hint: Any) -> Any:
    """`X` of an `X | None`."""
    if get_origin(hint) in (Union, UnionType):
        inner = [member for member in get_args(hint) if member is not NoneType]
        return inner[0] if len(inner) == 1 else hint
    return hint


def _is_known(hint: Any) -> bool:
    hint = _inner(hint)
    if get_origin(hint) is Literal:
        return all(isinstance(word, str) for word in get_args(hint))
    if get_origin(hint) in (list, tuple):
        rest = (...,) if get_origin(hint) is tuple else ()
        return all(member in _PLAIN for member in _members(hint)) and get_args(hint)[1:] == rest
    return hint in _PLAIN


def _words(hint: Any) -> str:
    hint = _inner(hint)
    if get_origin(hint) is Literal:
        *others, last = (f'"{word}"' for word in get_args(hint))
        return f"{', '.join(others)} or {last}" if others else last
    return _PLAIN[hint][0] if hint in _PLAIN else f"a list of {_MANY[next(_members(hint))]}"


def _schema(hint: Any) -> dict[str, object]:
    hint = _inner(hint)
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    return {"type": _PLAIN[hint][1]} if hint in _PLAIN else {"type": "array", "items": _schema(next(_members(hint)))}


def _plain(value: object) -> object:
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else str(value) if isinstance(value, Path) else value


def _taken(hint: Any, value: object, root: Path) -> object:
    hint = _inner(hint)
    if get_origin(hint) in (list, tuple) and isinstance(value, list):
        (member,) = _members(hint)
        return get_origin(hint)(_taken(member, one, root) for one in value)
    if hint is float and type(value) is int:
        return float(value)
    if hint is Path and isinstance(value, str) and value.strip() and "\0" not in value:
        return root / Path(value).expanduser()
    if get_origin(hint) is Literal and value in get_args(hint):
        return value
    if hint in (str, bool, int, float) and type(value) is hint:
        return value
    raise ValueError
