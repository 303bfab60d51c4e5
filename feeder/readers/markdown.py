"""Markdown: CommonMark with GitHub's tables, strikethrough, footnotes, task lists and bare links. HTML inside it is sanitized later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from comrak import ExtensionOptions, RenderOptions, render_markdown

from feeder.errors import Unreadable
from feeder.readers import _matter
from feeder.readers._content import HEADINGS, LIMIT, parse, words
from feeder.readers._parsed import Claim, Parsed

if TYPE_CHECKING:
    from lxml.etree import _Element

    from feeder.model import Source

__all__ = ["read"]

# A table's rows are filled up to its width: a few kilobytes can mean gigabytes of cells.
_CELLS = 300_000
# Where a bare address ends is found in a time quadratic in the closing brackets at its end.
_WORD = re.compile(r"(?<!\S)\S{2000,}")
_BRACKETS = 200


def read(source: Source) -> Parsed:
    """Return a Markdown file's HTML and claims; its title is its first h1, or a heading it begins with."""
    body, claims, flags = _matter.opened(source)
    if len(body) > LIMIT:
        raise Unreadable(f"more than {LIMIT // 1_000_000} million characters", "divide it into several articles")
    tables = _cells(body) <= _CELLS
    addresses = body.count(")") <= _BRACKETS or not any(word[0].count(")") > _BRACKETS for word in _WORD.finditer(body))
    if not (tables and addresses):
        flags = (*flags, "its tables or bare addresses are too large to be more than text")
    html = render_markdown(body, extension_options=_EXTENSIONS[tables, addresses], render_options=_RENDER)
    if len(html) > 4 * LIMIT:
        raise Unreadable("too much HTML comes of it", "it repeats its footnotes or tables too often")
    root = parse(html or "<p>")
    title = _heading(root)
    if title is not None:
        claims = (*claims, Claim("title", words(title), "first heading"))
    return Parsed(root, claims, flags)


def _cells(body: str) -> int:
    """Return how many cells a table here could have at most."""
    if body.count("|") < 100:
        return 0
    rows = body.split("\n")
    return len(rows) * max(row.count("|") for row in rows)


def _heading(root: _Element) -> _Element | None:
    found = next(root.iter("h1"), None)
    if found is None and len(root) and len(root[0]) and root[0][0].tag in HEADINGS:
        found = root[0][0]
    return found


def _extensions(*, table: bool, autolink: bool) -> ExtensionOptions:
    options = ExtensionOptions()
    options.table, options.autolink = table, autolink
    options.strikethrough = options.footnotes = options.tasklist = True
    return options


def _rendering() -> RenderOptions:
    options = RenderOptions()
    options.unsafe_ = True
    return options


_EXTENSIONS = {(table, autolink): _extensions(table=table, autolink=autolink) for table in (True, False) for autolink in (True, False)}
_RENDER = _rendering()
