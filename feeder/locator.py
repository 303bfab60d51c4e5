"""Where the keys and values of a TOML text stand; tomllib forgets it. It knows nothing of what may be configured."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

__all__ = ["KeyPath", "Spot", "located"]

KeyPath = tuple[str | int, ...]


class Spot(NamedTuple):
    """Where a key and its value begin, in characters."""

    key: int
    value: int


class _Locator:
    """Where the keys and values of a valid TOML text stand, as offsets: ("feed", "authors", 0, "name") -> Spot."""

    _TOKEN: ClassVar[re.Pattern[str]] = re.compile(
        r"""(?P<skip>[ \t\r]+|\#[^\n]*)
        |\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'
        |[\n\[\]{},=.]
        |[^\s\[\]{},=."'\#]+""",
        re.VERBOSE | re.DOTALL,
    )

    def __init__(self, text: str) -> None:
        self._tokens = [(match.group(), match.start()) for match in self._TOKEN.finditer(text) if not match["skip"]]
        self._next = 0
        self._counts: dict[KeyPath, int] = {}
        self.spots: dict[KeyPath, Spot] = {}
        table: KeyPath = ()
        while self._peek():
            if self._peek() == "[":
                table = self._header()
            elif self._peek() == "\n":
                self._take()
            else:
                self._pair(table)

    def _peek(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _take(self) -> tuple[str, int]:
        self._next += 1
        return self._tokens[self._next - 1]

    def _header(self) -> KeyPath:
        _, offset = self._take()
        many = self._peek() == "["
        if many:
            self._take()
        path = self._key(())
        for _ in range(1 + many):
            self._take()
        if many:
            self._counts[path] = self._counts.get(path, 0) + 1
            path = (*path, self._counts[path] - 1)
            self.spots[path] = Spot(offset, offset)
        return path

    def _key(self, path: KeyPath) -> KeyPath:
        while True:
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
            word, offset = self._take()
            path = (*path, str(tomllib.loads(f"k = {word}")["k"]) if word[0] in "\"'" else word)
            self.spots.setdefault(path, Spot(offset, offset))
            if self._peek() != ".":
                return path
            self._take()

    def _pair(self, table: KeyPath) -> None:
        path = self._key(table)
        self._take()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        word, offset = self._tokens[self._next]
        self.spots[path] = Spot(self.spots[path].key if path in self.spots else offset, offset)
        if word in ("[", "{"):
            self._take()
            self._group(path, "]" if word == "[" else "}")
        else:
            while self._peek() not in ("", "\n", ",", "]", "}"):
                self._take()

    def _group(self, path: KeyPath, end: str) -> None:
        count = 0
        while self._peek() != end:
            if self._peek() in ("\n", ","):
                self._take()
            elif end == "]":
                self._value((*path, count))
                count += 1
            else:
                self._pair(path)
        self._take()


def located(text: str) -> Mapping[KeyPath, Spot]:
    """Return where each key and value of a valid TOML text stands: ("feed", "authors", 0, "name") -> Spot."""
    return _Locator(text).spots
