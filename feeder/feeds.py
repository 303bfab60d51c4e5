"""Which entries stand in which feed document, in which order and at what length. No XML, no files, no decisions about dates or ids."""

from __future__ import annotations

from dataclasses import astuple
from heapq import nlargest
from itertools import accumulate, chain
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from feeder.model import Entry, Feed, Link, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from feeder.model import Category, Person

__all__ = ["current"]

# Upper bounds, in bytes, of what a document adds to its texts: tags, times, fixed addresses.
_FEED_MARKUP = 700
_ENTRY_MARKUP = 240
_PART_MARKUP = 64
_LONGEST = {"&amp;": "&#x26;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}


def current(
    site: Site,
    entries: Iterable[Entry],
    *,
    updated: datetime,
    path: str = "feed.xml",
    limit: int = 50,
    budget: int = 512 * 1024,
    least: int = 20,
) -> Feed:
    """Return the document that subscribers poll, with `path` its place below the site's base and `updated` its own time.

    An entry gets in by any of three orders, so that neither an edit nor a late arrival with an old date goes unseen and a mass
    edit does not push out what is new: first the newest `least` by `published`, then in turn the last changed and the last
    arrived, `limit` in all. Of each order the first `least` are promised; the others come in while the document stays within
    `budget` bytes (an upper bound of it as Atom in UTF-8). Where the promised ones do not fit whole, the longest leave their
    content to their page (`summary_only`); where not even their summaries do, the newest `least` are given all the same.

    The entries stand newest first by `published`, as readers show them: an edit moves no entry, and whoever takes the top
    of a feed for news is not told of an old article. Ties go by arrival, then by id. An id given twice counts once.
    """
    candidates = list({entry.id: entry for entry in entries}.values())
    newest = nlargest(limit, candidates, key=_age)
    changed = nlargest(limit, candidates, key=lambda entry: (entry.updated, *_age(entry)))
    arrived = nlargest(limit, candidates, key=lambda entry: (entry.arrival, *_age(entry)))
    ranked = list({e.id: e for e in chain(newest[:least], chain.from_iterable(zip(changed, arrived, strict=True)))}.values())[:limit]
    promised = {entry.id for order in (newest, changed, arrived) for entry in order[:least]}
    chosen, brief = _fitted(ranked, promised, budget - _feed_size(site, path), least)
    return Feed(site, updated, _links(site, path), tuple(sorted(chosen, key=_age, reverse=True)), brief)


def _age(entry: Entry) -> tuple[datetime, int, str]:
    return entry.published, entry.arrival, entry.id


def _links(site: Site, path: str) -> tuple[Link, ...]:
    own = Link(site.base + quote(path), "self", "application/atom+xml"), Link(site.base, "alternate", "text/html")
    return *own, *(Link(hub, "hub") for hub in site.hubs)


def _fitted(ranked: Sequence[Entry], promised: set[str], room: int, least: int) -> tuple[list[Entry], frozenset[str]]:
    """Return the entries that fit into `room` bytes, and the ids of those that do so only without their content."""
    chosen = _promised([entry for entry in ranked if entry.id in promised], room, least)
    used = sum(_size(entry) for entry in chosen)
    brief: set[str] = set()
    # Of equally long ones the last ranked goes first.
    for size, rank in sorted(((_content_size(entry), rank) for rank, entry in enumerate(chosen)), reverse=True):
        if used <= room:
            break
        used -= size
        brief.add(chosen[rank].id)
    for entry in ranked:
        if entry.id in promised:
            continue
        used += _size(entry)
        if used > room:
            break
        chosen.append(entry)
    return chosen, frozenset(brief)


def _promised(entries: Sequence[Entry], room: int, least: int) -> list[Entry]:
    """Return the first `least`, and of the rest those whose summaries fit beside them."""
    sizes = accumulate(_size(entry) - _content_size(entry) for entry in entries)
    return [entry for number, (entry, size) in enumerate(zip(entries, sizes, strict=True)) if number < least or size <= room]


def _size(entry: Entry) -> int:
    texts = (entry.id, entry.title, entry.summary, entry.language, entry.rights)
    return _ENTRY_MARKUP + _texts_size(texts) + _parts_size((*entry.authors, *entry.every_link, *entry.categories)) + _content_size(entry)


def _content_size(entry: Entry) -> int:
    return len(escape(entry.content, {"\r": "&#13;"}).encode("utf-8", "surrogatepass"))


def _feed_size(site: Site, path: str) -> int:
    texts = (site.id, site.title, site.title, site.base, site.language, site.subtitle, site.rights)
    return _FEED_MARKUP + _texts_size(texts) + _parts_size((*site.authors, *_links(site, path)))


def _parts_size(parts: Iterable[Person | Link | Category]) -> int:
    return sum(_PART_MARKUP + _texts_size(astuple(part)) for part in parts)


def _texts_size(texts: Iterable[object]) -> int:
    """Return what the texts take at most, be it in an attribute or in an element."""
    return sum(len(escape(str(text), _LONGEST).encode("utf-8", "surrogatepass")) for text in texts if text is not None)
