"""The YAML people write in front matter, and no more: mappings, lists and text. Not YAML 1.2: no types, anchors, aliases or tags.

Every scalar is text, so `12:30`, `no`, `010` and `1_000` stay what was written. A colon inside a value needs no quotes.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from feeder.readers._parsed import Value

__all__ = ["YamlError", "key_of", "parse"]

_DEPTH = 8
_BLOCK = re.compile(r"([|>])([+-]?)([1-9]?)([+-]?)\s*(?:#.*)?$")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"|\'((?:[^\']|\'\')*+)\'', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|\n[ \t]*|(.))")
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": "\ufffd",
    "a": "",
    "b": "",
    "e": "",
    "f": "\n",
    "v": "\n",
    "N": "\n",
    "_": " ",
    "L": "\n",
    "P": "\n",
}
_FOLD = re.compile(r"(?<![ \t])[ \t]*+\n[ \t]*")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\n]*")
_SPACE = re.compile(r"(?:[ \t\n]|(?<![^ \t\n])#[^\n]*)*+")
_FLOW_PLAIN = re.compile(r"(?:[^,\[\]{}:#\n]|:(?![ \t\n,\]}])|(?<![ \t\n])#)*+")


class YamlError(ValueError):
    """What is wrong, and in which line (from 0)."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class _Row(NamedTuple):
    number: int
    indent: int
    text: str


def parse(text: str) -> Value:
    """Return the mapping, list or text that `text` holds; "" for nothing. Raises YamlError."""
    rows = _Rows(text)
    row = rows.peek()
    if row is None:
        return ""
    value = rows.block(row.indent, 1)
    if (rest := rows.peek()) is not None:
        raise YamlError(rest.number, "this line is indented less than the ones it belongs to")
    return value


def key_of(text: str) -> tuple[str, str] | None:
    """Return key and value of a line like `key: value`, or None when it is no such line."""
    if text[:1] in {'"', "'"}:
        quoted = _QUOTED.match(text)
        after = text[quoted.end() :].lstrip() if quoted else ""
        is_key = after[:1] == ":" and after[1:2] in {"", " ", "\t"}
        return (_unquote(quoted), after[1:].strip()) if quoted and is_key else None
    if text[:1] in {"[", "{", "#", "&", "*", "!", "|", ">"} or _is_item(text):
        return None
    head, colon, rest = text.partition(": ")
    if not colon and text.rstrip().endswith(":"):
        head, rest = text.rstrip()[:-1], ""
    elif not colon:
        return None
    return (head.strip(), rest.strip()) if head.strip() else None


def _is_item(text: str) -> bool:
    return text == "-" or text.startswith("- ")


class _Rows:
    """The lines, and how far they are read."""

    def __init__(self, text: str) -> None:
        self.rows = [_Row(number, len(row) - len(row.lstrip(" ")), row.strip()) for number, row in enumerate(text.split("\n"))]
        self.raw = text.split("\n")
        self.at = 0

    def peek(self) -> _Row | None:
        """Return the next line that says something, and stand on it."""
        while self.at < len(self.rows):
            row = self.rows[self.at]
            if self.raw[row.number][: row.indent + 1].endswith("\t") and row.text:
                raise YamlError(row.number, "a tab cannot indent a line, use spaces")
            if row.text and not row.text.startswith("#"):
                return row
            self.at += 1
        return None

    def block(self, indent: int, depth: int) -> Value:
        """Return the value that begins on this line, at this indentation."""
        row = self.rows[self.at]
        if depth > _DEPTH:
            raise YamlError(row.number, f"nested deeper than {_DEPTH}")
        if _is_item(row.text):
            return self._items(indent, depth)
        if key_of(row.text):
            return self._mapping(indent, depth)
        self.at += 1
        return self._value(row, row.text, indent - 1, depth)

    def _mapping(self, indent: int, depth: int) -> Value:
        found: dict[str, Value] = {}
        while (row := self.peek()) and row.indent >= indent:
            pair = key_of(row.text)
            if pair is None or row.indent > indent:
                raise YamlError(row.number, "expected `key: value`" if pair is None else "this line is indented too far")
            if pair[0] in found:
                raise YamlError(row.number, f"{pair[0]!r} is there twice")
            self.at += 1
            found[pair[0]] = self._value(row, pair[1], indent, depth, lists_at=indent)
        return found

    def _items(self, indent: int, depth: int) -> Value:
        found: list[Value] = []
        while (row := self.peek()) and row.indent == indent and _is_item(row.text):
            rest = row.text[1:].lstrip()
            if _is_item(rest) or key_of(rest):
                inner = indent + len(row.text) - len(rest)
                self.rows[self.at] = _Row(row.number, inner, rest)
                found.append(self.block(inner, depth + 1))
            else:
                self.at += 1
                found.append(self._value(row, rest, indent, depth))
        return found

    def _value(self, row: _Row, rest: str, indent: int, depth: int, lists_at: int = -1) -> Value:
        """Return what stands behind a key or a dash, and in the deeper lines that follow."""
        if rest[:1] in {"&", "*", "!"}:
            raise YamlError(row.number, "anchors, aliases and tags (& * !) are not understood: put the value in quotes")
        if header := _BLOCK.match(rest):
            return self._block_scalar(header, indent)
        if rest and not rest.startswith("#"):
            return _inline("\n".join([rest, *self._continued(indent, closes=rest[0] in "[{")]), row.number, depth)
        child = self.peek()
        if child and (child.indent > indent or (child.indent == lists_at and _is_item(child.text))):
            return self.block(child.indent, depth + 1)
        return ""

    def _continued(self, indent: int, *, closes: bool) -> list[str]:
        taken: list[str] = []
        while self.at < len(self.rows):
            row = self.rows[self.at]
            if row.text and row.indent <= indent and not (closes and row.text[0] in "]}"):
                break
            taken.append(row.text)
            self.at += 1
        return taken

    def _block_scalar(self, header: re.Match[str], indent: int) -> str:
        taken: list[str] = []
        while self.at < len(self.rows) and (not self.rows[self.at].text or self.rows[self.at].indent > indent):
            taken.append(self.raw[self.at])
            self.at += 1
        text = dedent("\n".join(taken)).strip("\n")
        return text if header[1] == "|" else re.sub(r"(?<!\n)\n(?!\n)", " ", text).replace("\n\n", "\n")


def _inline(text: str, number: int, depth: int) -> Value:
    """Return a quoted, flow or plain value that may run over several lines."""
    if text[0] not in "\"'[{":
        return " ".join(filter(None, (_COMMENT.sub("", row).strip() for row in text.split("\n"))))
    flow = _Flow(text, number)
    value = flow.value(depth)
    if flow.skip() < len(text):
        flow.fail("there is something behind the closing quote or bracket: put the whole value in quotes")
    return value


class _Flow:
    """`[a, b]`, `{a: b}` and quoted text, character by character."""

    def __init__(self, text: str, number: int) -> None:
        self.text = text
        self.number = number
        self.at = 0

    def fail(self, reason: str) -> None:
        raise YamlError(self.number + self.text.count("\n", 0, self.at), reason)

    def skip(self) -> int:
        if space := _SPACE.match(self.text, self.at):
            self.at = space.end()
        return self.at

    def value(self, depth: int) -> Value:
        if depth > _DEPTH:
            self.fail(f"nested deeper than {_DEPTH}")
        match self.text[self.at : self.at + 1]:
            case "[":
                return self._list(depth)
            case "{":
                return self._map(depth)
            case "&" | "*" | "!":
                self.fail("anchors, aliases and tags (& * !) are not understood: put the value in quotes")
        return self._scalar()

    def _scalar(self) -> str:
        if self.text[self.at : self.at + 1] in {'"', "'"}:
            quoted = _QUOTED.match(self.text, self.at)
            if quoted is None:
                raise YamlError(self.number, "the closing quote is missing")
            self.at = quoted.end()
            return _unquote(quoted)
        plain = _FLOW_PLAIN.match(self.text, self.at)
        text = plain[0] if plain else ""
        self.at += len(text)
        return text.strip()

    def _list(self, depth: int) -> Value:
        found: list[Value] = []
        self.at += 1
        while self._next() != "]":
            found.append(self.value(depth + 1))
            self._comma("]")
        self.at += 1
        return found

    def _map(self, depth: int) -> Value:
        found: dict[str, Value] = {}
        self.at += 1
        while self._next() != "}":
            key = self._scalar()
            if not key or key in found or self._next() != ":":
                self.fail(f"{key!r} is there twice" if key in found else "expected `key: value`")
            self.at += 1
            found[key] = "" if self._next() in {",", "}"} else self.value(depth + 1)
            self._comma("}")
        self.at += 1
        return found

    def _next(self) -> str:
        return self.text[self.skip() : self.at + 1]

    def _comma(self, bracket: str) -> None:
        mark = self._next()
        if mark == ",":
            self.at += 1
        elif mark != bracket:
            self.fail(f"the closing {bracket} is missing")


def _unquote(quoted: re.Match[str]) -> str:
    if quoted[1] is None:
        return _FOLD.sub(" ", quoted[2].replace("''", "'"))
    return _ESCAPE.sub(_unescape, _FOLD.sub(" ", quoted[1]))


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(int(code, 16))
    return _ESCAPES.get(found[4], found[4]) if found[4] else ""
