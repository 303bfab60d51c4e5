"""Text as it lies on a terminal: how many columns it takes, wrapped into rows, shortened to one, made harmless. Nothing is printed here."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["WIDTH", "columns", "printable", "shortened", "wrapped"]

WIDTH = 80
"""Columns of a terminal that nobody has made wider."""

_INVISIBLE = frozenset(("Mn", "Me", "Cf"))
# Chinese and Japanese break between any two characters, but not before a closing mark nor behind an opening one. Korean has spaces.
_WIDE = "\u2e80-\u303f\u3040-\u9fff\uf900-\ufaff\uff00-\uffef"
_OPENING, _CLOSING = "「『（【〈《〔［｛", "」』）】〉》〕］｝、。，．！？：；ー…"
_PIECE = re.compile(rf"\s*(?:[{_OPENING}]*[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+)")
_UNPRINTABLE = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def columns(text: str) -> int:
    """Return how many columns a line of text takes: two for a wide character, none for a mark on the one before."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, width: int) -> str:
    """Return a line in at most `width` columns: a longer one with an ellipsis in its middle, since both its ends say what it is."""
    if len(text) <= 4 * width and columns(text) <= width:
        return text
    head = _fitting(text[: 4 * width], (width - 1) * 2 // 3)
    tail = _fitting(text[: -4 * width - 1 : -1], width - 1 - columns(head))[::-1]
    while tail and unicodedata.category(tail[0])[0] == "M":
        tail = tail[1:]
    return f"{head.rstrip()}…{tail.lstrip()}"


def _fitting(text: str, width: int) -> str:
    """Return the beginning of a text that fits."""
    for at, character in enumerate(text):
        width -= _columns(character)
        if width < 0:
            return text[:at]
    return text


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in rows of at most `width` columns, broken at spaces; a long ASCII word, an address mostly, stays whole."""
    rows, row = [], ""
    for piece in _PIECE.findall(text):
        if row and columns(row) + columns(piece) > width:
            rows.append(row)
            row = ""
        row += piece if row else piece.lstrip()
        while not row.isascii() and columns(row) > width:  # Thai, Lao and Khmer have no spaces
            head = _fitting(row, width)
            rows.append(head)
            row = row[len(head) :]
    return [*rows, row] if row else rows


def printable(text: str) -> str:
    r"""Return the text for a terminal or a log: what moves the cursor, reorders or hides is shown as \n, \x1b, \u202e."""
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character, code = found[0], ord(found[0])
    if character in _SHORT:
        return _SHORT[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
