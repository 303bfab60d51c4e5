"""What a page makes of sanitized content: how long it takes to read, and what of it scrolls in its own place. It changes no word of it."""

from __future__ import annotations

import re
from html import unescape

__all__ = ["minutes", "reachable"]

# Words a minute, as people read texts: IReST (Trauzettel-Klosinski, Dietz, IOVS 53, 2012), rounded.
_LANGUAGES = "ar de en es fi fr he it nl pl pt ru sl sv tr"
_PACE = dict(zip(_LANGUAGES.split(), (138, 180, 228, 218, 161, 195, 187, 188, 202, 166, 181, 184, 180, 199, 166), strict=True))
_USUAL = 200
# Where no spaces part the words, characters a minute (the same study; Korean has spaces, Thai and its neighbours five letters to a word).
_CHARACTERS = {"ja": 357, "zh": 255}
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FIVE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{5}")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

# The sanitizer's output is regular: every tag closed, every attribute in double quotes, no "<" anywhere else.
_TAG = re.compile(r"<[^>]*>")
_WIDE = re.compile(r'(<(pre|table))((?: [a-z]+="[^"]*")*>)(.*?)(?=</\2>)', re.DOTALL)
_CELL = re.compile("<t[dh][ >]")
_COLUMNS = 3
_LINE = 24  # characters of a listing that fit on the narrowest screen


def minutes(content: str, language: str) -> int:
    """Return how many minutes it takes to read, at least one, at the pace of people who read that language (BCP 47) for pleasure."""
    primary = language.lower().partition("-")[0]
    plain, signs, runs = _TAG.sub(" ", content), 0, 0
    if not plain.isascii() and _UNSPACED.search(plain):
        plain, signs = _IDEOGRAPHS.subn(" ", plain)
        plain, runs = _FIVE.subn(" ", plain)
    return max(1, round((len(plain.split()) + runs) / _PACE.get(primary, _USUAL) + signs / _CHARACTERS.get(primary, 300)))


def reachable(content: str) -> str:
    """Return the content with a stop for the Tab key at each listing and table that may be wider than its place, so that keys scroll it.

    An attribute that never varies goes into tags that the sanitizer wrote. Feeds do not have it: readers bring their own ways to scroll.
    """
    return _WIDE.sub(lambda found: f'{found[1]} tabindex="0"{found[3]}{found[4]}' if _is_wide(found[2], found[4]) else found[0], content)


def _is_wide(tag: str, inside: str) -> bool:
    if tag == "pre":
        return any(len(line) > _LINE for line in unescape(_TAG.sub("", inside)).splitlines())
    return any(len(_CELL.findall(row)) >= _COLUMNS for row in inside.split("</tr>"))
