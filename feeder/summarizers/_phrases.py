"""Sentences as characters: words, whole or not, alike, joined, cut. It does not know what they say."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["BUDGET", "cut", "ended", "is_balanced", "joined", "same", "speech", "width", "words"]

# Characters; ideographs and kana, which say twice as much and are twice as wide, count double.
BUDGET = 400

_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff65]")
# An ideograph, kana or Thai letter is a word of its own; vowel signs (Arabic, Indic) belong to theirs.
_WORD = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]"
    "|[^\\W_\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f][\\w\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0966-\u0dff]*"
)
_ASCII_GAPS = {code: " " for code in range(128) if not chr(code).isalnum()}
_TYPOGRAPHY = "“”‘’–—…\xa0"
_STEM = 7
_ENDED = re.compile(r"[.!?…。！？｡।॥۔؟։።៕།]\s?['\"”’»«“)\]」』】）›]*$")
_CLAUSE = re.compile(r"[,;:،؛](?=\s)|[、，；：]|\s[–—-](?=\s)")
_SPACE = re.compile(r"\s")
_PAIRS = ("()", "[]", "«»", "「」", "『』", "（）", "【】", "‹›")
_SPEECH = re.compile('“[^”]*[”"]?|„[^“”]*|«[^»]*|「[^」]*|『[^』]*|‘‘[^’]*|’’[^‘]*|(?<![א-ת])"[^"]*"')
_GERSHAYIM = re.compile('(?<=[א-ת])"(?=[א-ת])')
_MARKS = re.compile('["“”„()\\[\\]«»「」『』（）【】‹›]|‘‘|’’')


def words(text: str) -> list[str]:
    """Return the words in small letters, each by its first seven letters: what is left of most endings, in most languages."""
    lowered = text.lower()
    if not lowered.isascii() and "_" not in lowered:  # mostly nothing else is not ASCII, and ASCII is quick
        for mark in _TYPOGRAPHY:
            lowered = lowered.replace(mark, " ")
    found = lowered.translate(_ASCII_GAPS).split() if lowered.isascii() else _WORD.findall(lowered)
    return [word[:_STEM] for word in found]


def width(text: str) -> int:
    """Return the length in characters, ideographs counted double."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def ended(text: str) -> bool:
    """Tell whether the text ends as a sentence does, quotation marks and brackets after the full stop included."""
    return _ENDED.search(text, max(0, len(text) - 8)) is not None


def speech(text: str) -> float:
    """Return the share of a text that stands in quotation marks, 0 to 1."""
    if not _MARKS.search(text):
        return 0.0
    return sum(map(len, _SPEECH.findall(text))) / len(text)


def same(some: Collection[str], others: Collection[str], *, share: float) -> bool:
    """Tell whether two texts, given as words, say the same: nearly all of the shorter is in the longer. Three words are too few to tell."""
    if len(some) < 4 or len(others) < 4:
        return bool(some) and set(some) == set(others)
    one, two = frozenset(some), frozenset(others)
    return len(one & two) >= share * min(len(one), len(two))


def joined(parts: Sequence[str], mark: str = ";") -> str:
    """Return the sentences as one text: no space where Chinese or Japanese meet, and `mark` after what is no sentence."""
    text = parts[0]
    for part in parts[1:]:
        if _WIDE.match(part.lstrip("“‘")) and (_WIDE.match(text[-1]) or ended(text)):
            text += part
        else:
            text += (" " if ended(text) or text[-1] in ":,;-–—" else f"{mark} ") + part
    return text


def is_balanced(text: str) -> bool:
    """Tell whether every quotation and bracket that opens also closes."""
    if not _MARKS.search(text):
        return True
    if any(text.count(pair[0]) != text.count(pair[1]) for pair in _PAIRS) or text.count("‘‘") != text.count("’’"):
        return False
    if _GERSHAYIM.sub("", text).count('"') % 2:  # within a Hebrew abbreviation it is no quotation mark
        return False
    low, left, right = text.count("„"), text.count("“"), text.count("”")
    if low:  # „German“, „Polish”
        return low == left + right
    return left == right if left else right % 2 == 0  # “English”, ”Swedish”


def cut(text: str, longest: int) -> str:
    """Return a text of over `longest` characters cut within the budget: at a clause, else at a word, with an ellipsis."""
    if width(text) <= longest:
        return text
    head = _within(text, min(longest, BUDGET))
    clauses = [mark.start() for mark in _CLAUSE.finditer(head)]
    spaces = [mark.start() for mark in _SPACE.finditer(head)]
    ends = [end for end in (*reversed(clauses), *reversed(spaces)) if end * 2 > len(head)]
    end = next((end for end in ends if is_balanced(head[:end])), ends[0] if ends else len(head) - 1)
    while end > 1 and unicodedata.category(text[end])[0] in "MC":
        end -= 1
    return text[:end].rstrip(" ,;:–—-،、，；：") + "…"


def _within(text: str, columns: int) -> str:
    """The beginning of a text, of at most so many columns."""
    if text.isascii():
        return text[:columns]
    widths = accumulate(2 if _WIDE.match(letter) else 1 for letter in text[:columns])
    return text[: sum(reached <= columns for reached in widths)]
