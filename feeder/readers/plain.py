"""Plain text: paragraphs, subheadings, lists and preformatted lines as their writer laid them out. All of it escaped, nothing trusted as HTML."""

from __future__ import annotations

import re
from html import escape
from itertools import dropwhile, groupby, pairwise
from typing import TYPE_CHECKING

from feeder.errors import Unreadable
from feeder.readers import _matter
from feeder.readers._content import LIMIT
from feeder.readers._parsed import Claim, Parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeder.model import Source

__all__ = ["read"]

_URL = re.compile(r"""https?://[^\s<>"'“”«»`]+""", re.IGNORECASE)
_BULLET = re.compile(r"[ \t]{0,3}([-*•]|\d{1,3}[.)])[ \t]+(?=\S)")
_RULE = re.compile(r"[ \t]*(?:([-*_=~])[ \t]*)(?:\1[ \t]*){2,}")
_INDENTED = re.compile(r" {4}|\t| {1,3}\t")
_CODE = re.compile(r"[{}()\[\];=<>$#\\|&]|^\s*(?:[./\w-]+\s)?--?\w", re.MULTILINE)
# A title may end in a question, an exclamation or a quotation, not like a sentence or the beginning of a list.
_SENTENCE_END = (".", ":", ";", ",", "。", "、", "：", "；", "।", "…")
_TITLE_CHARACTERS, _TITLE_WORDS = 120, 20
_HEADING_CHARACTERS, _HEADING_WORDS = 80, 12
_LONG_LINE = 120
_LINES = 100_000
_MORE = re.compile(r"[ \t]*<!--(?:more(?:[ \t][^<>]*)?|[ \t]*more[ \t]*)-->[ \t]*", re.IGNORECASE)


def read(source: Source) -> Parsed:
    """Return a text file's HTML and claims; its title is its first line, where that reads as one and text follows."""
    body, claims, flags = _matter.opened(source)
    if len(body) > LIMIT or body.count("\n") > _LINES:
        raise Unreadable(f"more than {LIMIT // 1_000_000} million characters or {_LINES:,} lines", "divide it into several articles")
    groups = _groups(body, marked=bool(claims))
    title, groups = _titled(groups)
    html = [f"<h1>{escape(title, quote=False)}</h1>"] if title else []
    html += (_html(groups, at) for at in range(len(groups)))
    if title:
        claims = (*claims, Claim("title", title, "first line"))
    return Parsed("\n".join(html) or "<p>", claims, flags)


def _groups(body: str, *, marked: bool) -> list[list[str]]:
    """Return the lines between blank lines, without the indentation that all of them share.

    Below front matter (`marked`) a line `<!--more-->` is the author's mark, a group without lines. Elsewhere plain text is never HTML.
    """
    rows = [row.rstrip() for row in body.expandtabs(4).split("\n")]
    margin = min((len(row) - len(row.lstrip()) for row in rows if row), default=0)
    kinds = groupby(rows, lambda row: "mark" if marked and _MORE.fullmatch(row) else "text" if row else "")
    groups = [[row[margin:] for row in group] if kind == "text" else [] for kind, group in kinds if kind]
    return list(dropwhile(lambda group: not group, groups))


def _titled(groups: list[list[str]]) -> tuple[str | None, list[list[str]]]:
    """Return the title line and what is below it."""
    if not groups:
        return None, groups
    first, *below = groups[0]
    if below and _underlines(below[0], first) and (below[1:] or any(groups[1:])):
        return first.strip(), [below[1:], *groups[1:]] if below[1:] else groups[1:]
    if not _reads_as_title(first) or not (below or any(groups[1:])):
        return None, groups
    if below and not (len(below[0]) > _LONG_LINE / 2 and len(below[0]) >= 2 * len(first)):
        return None, groups
    return first.strip(), [below, *groups[1:]] if below else groups[1:]


def _reads_as_title(row: str) -> bool:
    words = row.strip()
    if len(words) > _TITLE_CHARACTERS or len(words.split()) > _TITLE_WORDS or words.endswith(_SENTENCE_END):
        return False
    plain = not (_BULLET.match(row) or _INDENTED.match(row) or _URL.match(words) or words.startswith((">", "|")))
    return plain and any(map(str.isalnum, words))


def _underlines(row: str, title: str) -> bool:
    return _RULE.fullmatch(row) is not None and row[0] in "=-~" and _reads_as_title(title)


def _html(groups: list[list[str]], at: int) -> str:
    group = groups[at]
    if not group:
        return "<!--more-->"
    if len(group) == 1 and _RULE.fullmatch(group[0]):
        return "<hr>"
    if _is_heading(group, groups[at + 1] if at + 1 < len(groups) else None):
        return f"<h2>{_linked(group[0].strip())}</h2>"
    if all(map(_INDENTED.match, group)) and (len(group) > 1 or (len(group[0]) <= 80 and _CODE.search(group[0]))):
        return f"<pre><code>{escape(chr(10).join(row[4:] for row in group), quote=False)}</code></pre>"
    if all(row.startswith(">") for row in group):
        return f"<blockquote>{_paragraphs([row[1:].strip() for row in group])}</blockquote>"
    return _listed(group) or _paragraphs(group)


def _is_heading(group: list[str], following: list[str] | None) -> bool:
    """Tell a line standing alone above a paragraph that is clearly longer: `A bad omen`. A line of dialogue has no such below it."""
    if following is None:
        return False
    if len(group) == 2 and _underlines(group[1], group[0]):
        return True
    words = group[0].strip()
    if len(group) > 1 or len(words) > _HEADING_CHARACTERS or len(words.split()) > _HEADING_WORDS or words.endswith("!"):
        return False
    size = sum(map(len, following))
    return _reads_as_title(group[0]) and not words[0].islower() and words[0] not in "\"“„«'‘—–(" and size >= max(80, 2 * len(words))


def _listed(group: list[str]) -> str | None:
    """Return the list a group is or ends in, each item with the lines that continue it; None when it has fewer than two items."""
    marks = [_BULLET.match(row) for row in group]
    kinds = {mark[1][-1] if mark[1][0].isdigit() else mark[1] for mark in marks if mark}
    if len(kinds) != 1 or sum(map(bool, marks)) < 2:
        return None
    start = next(at for at, mark in enumerate(marks) if mark)
    items: list[list[str]] = []
    for row, mark in zip(group[start:], marks[start:], strict=True):
        if mark:
            items.append([row[mark.end() :]])
        else:
            items[-1].append(row)
    tag = "ol" if kinds <= {".", ")"} else "ul"
    lead = _paragraphs(group[:start]) if start else ""
    return f"{lead}<{tag}>{''.join(f'<li>{_item(item)}</li>' for item in items)}</{tag}>"


def _item(rows: list[str]) -> str:
    return _linked(" ".join(map(str.strip, rows)))


def _paragraphs(group: list[str]) -> str:
    """Return lines as one paragraph, or as one each where they are long: then their writer's editor wrapped, not the writer."""
    if len(group) > 1 and any(len(row) > _LONG_LINE for row in group):
        return "\n".join(f"<p>{_linked(row.strip())}</p>" for row in group if row.strip())
    return f"<p>{_joined(group)}</p>"


def _joined(group: list[str]) -> str:
    """Join lines that were wrapped; keep a break where the next word would have fit, as in verse or an address."""
    rows = [row.strip() for row in group]
    width = max(map(len, rows), default=0)
    parts = [rows[0]]
    for before, row in pairwise(rows):
        fits = len(before) + 1 + len(row.partition(" ")[0]) <= width * 0.75
        parts.append("" if _wide(before[-1:]) and _wide(row[:1]) else "\n" if fits or width < 40 else " ")
        parts.append(row)
    return _linked("".join(parts)).replace("\n", "<br>\n")


def _wide(character: str) -> bool:
    """Tell Chinese and Japanese characters, between which a line end is no space."""
    return "\u2e80" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


def _linked(words: str) -> str:
    """Escape text and make links of its addresses."""
    return "".join(_pieces(words))


def _pieces(words: str) -> Iterator[str]:
    done = 0
    for found in _URL.finditer(words):
        url = _trimmed(found[0])
        yield escape(words[done : found.start()], quote=False)
        yield f'<a href="{escape(url)}">{escape(url, quote=False)}</a>'
        done = found.start() + len(url)
    yield escape(words[done:], quote=False)


def _trimmed(url: str) -> str:
    """Return an address without the punctuation of the sentence it stands in."""
    url = url.rstrip(".,;:!?…*_]}")
    surplus = min(len(url) - len(url.rstrip(")")), max(0, url.count(")") - url.count("(")))
    return url[: len(url) - surplus].rstrip(".,;:!?")
