"""Text as it lies on a terminal: how many columns it takes, wrapped into rows, shortened to one. Nothing is printed, coloured or escaped here."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["WIDTH", "columns", "shortened", "wrapped"]

WIDTH = 80
"""Columns of a terminal that nobody has made wider."""

_INVISIBLE = frozenset(("Mn", "Me", "Cf"))
# Chinese and Japanese break between any two characters, but not before a closing mark nor behind an opening one. Korean has spaces.
_WIDE = "\u2e80-\u303f\u3040-\u9fff\uf900-\ufaff\uff00-\uffef"
_OPENING, _CLOSING = "「『（【〈《〔［｛", "」』）】〉》〕］｝、。，．！？：；ー…"
_PIECE = re.compile(rf"\s*(?:[{_OPENING}]*[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+)")


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
