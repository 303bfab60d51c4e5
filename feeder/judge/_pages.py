"""The pages and the list of feeds, as far as rules ask: nothing active in them (57), and feeds are found from them (59)."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from feeder.judge import _markup
from feeder.judge._document import absolute, at, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeder.judge._document import Finding, Paper

__all__ = ["opml", "page"]

_LINK = re.compile(rb"<link\s([^>]*)>", re.IGNORECASE)
_LEADS = re.compile(rb"<(img|audio|video|source|link|a)\s([^>]*)>", re.IGNORECASE)
_PART = re.compile(rb"([a-z]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_FEEDS = {"application/atom+xml", "application/rss+xml", "application/feed+json"}


def page(paper: Paper, feed: str) -> Iterator[Finding]:
    """What is wrong with a page of HTML; from an index page of ours the feed beside it must be found. `feed` is the main one's path."""
    for flaw in _markup.active(paper.body):
        yield paper.wrong(flaw.rule, flaw.what, "a page of Feeder has no script")
    yield from _lost(paper)
    folder, _, name = paper.path.rpartition("/")
    beside = f"{folder}/{feed}" if folder else feed
    if name != "index.html" or beside not in paper.sizes:
        return
    links = [{key.lower(): double or single or plain for key, double, single, plain in _PART.findall(link)} for link in _LINK.findall(paper.body)]
    feeds = [link for link in links if link.get(b"rel") == b"alternate" and link.get(b"type", b"").decode("ascii", "replace") in _FEEDS]
    found = [urljoin(paper.address, unescape(link.get(b"href", b"").decode("utf-8", "replace"))) for link in feeds]
    if not any(paper.place(address) == beside for address in found):
        yield paper.wrong(59, f"no link rel=alternate leads to {beside}", "browsers and readers find feeds by it")
    for address in found:
        if paper.lost(address):
            yield paper.wrong(59, f"a link rel=alternate leads to nothing: {address}", "the next build makes it anew")


def _lost(paper: Paper) -> Iterator[Finding]:
    """What the page shows, or leads to, of ours and is not there. A link may be its author's, who wrote another address: only a warning."""
    told = set[str]()
    for found in _LEADS.finditer(paper.body):
        name, said = found[1].lower().decode(), {key.lower(): double or single or plain for key, double, single, plain in _PART.findall(found[2])}
        target = said.get(b"src") or said.get(b"href") or b""
        address = urljoin(paper.address, unescape(target.decode("utf-8", "replace"))).partition("?")[0]
        if not target or address in told or not paper.lost(address) or said.get(b"rel") == b"alternate":
            continue
        told.add(address)
        line = paper.body.count(b"\n", 0, found.start()) + 1
        if name == "a":
            yield paper.odd(59, f"a link leads to nothing: {address}", "see what the article links to", line)
        else:
            yield paper.wrong(59, f"what the page shows is not there: {address}", "the next build makes it anew", line)


def opml(paper: Paper) -> Iterator[Finding]:
    """What is wrong with the list of feeds."""
    root, found = parsed(paper)
    yield from found
    for outline in root.iter("outline") if root is not None else ():
        address = outline.get("xmlUrl")
        if address is not None and (not absolute(address) or paper.lost(address)):
            yield paper.wrong(59, f"a feed's address leads to nothing: {address}", "the next build makes it anew", at(outline))
