"""Which entries stand in which feed document, in which order and at what length. No XML, no files, no decisions about dates or ids."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import astuple, dataclass, field, replace
from functools import lru_cache
from heapq import nlargest
from itertools import accumulate, chain
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from feeder.model import Entry, Feed, Link, Site, Tombstone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from feeder.facets import Facet
    from feeder.model import Category, Image, Person

__all__ = ["ATOM", "Bounds", "Past", "archive", "archive_path", "current", "shared", "twin"]

ATOM = "application/atom+xml"

# Upper bounds, in bytes, of what a document adds to its texts: tags, times, fixed addresses.
_FEED_MARKUP = 700
_ENTRY_MARKUP = 240
_PART_MARKUP = 64
_TOMBSTONES = 64 * 1024  # bytes of a document that they may take
_SHORTEST = 80  # characters of a summary that are left in any case
_LONGEST = {"&amp;": "&#x26;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a document may get: `limit` entries; `budget` bytes, an upper bound of it as Atom in UTF-8.

    The first `least` by each order in which entries get in are promised, whatever the limit.
    """

    limit: int = 50
    budget: int = 512 * 1024
    least: int = 20


@dataclass(frozen=True, slots=True)
class Past:
    """What a current document tells of the past: how many archives are sealed, the ids of entries in none of them, and who is gone.

    `restored` maps ids to when their entries came back.
    """

    sealed: int = 0
    unsealed: Set[str] = frozenset()
    tombstones: tuple[Tombstone, ...] = ()
    restored: Mapping[str, datetime] = field(default_factory=dict)


def current(
    site: Site,
    entries: Iterable[Entry],
    *,
    updated: datetime,
    path: str = "feed.xml",
    bounds: Bounds = Bounds(),
    past: Past = Past(),
) -> Feed:
    """Return the document that subscribers poll, with `path` its place below the site's base and `updated` its own time.

    An entry gets in by any of four orders, so that neither an edit nor a return nor a late arrival with an old date goes unseen and a
    mass edit does not push out what is new: first the newest `least` by `published` and all that are in no sealed archive, then in turn the
    last changed or restored and the last arrived, while the document stays within its bounds. Where the promised ones do not fit
    whole, the longest leave their content to their page (`summary_only`); where not even the summaries of the first do, these are cut.

    The entries stand newest first by `published`, as readers show them: an edit moves no entry, and whoever takes the top
    of a feed for news is not told of an old article. Ties go by arrival, then by id. An id given twice counts once.
    """
    candidates = list({entry.id: entry for entry in entries}.values())
    limit, least = bounds.limit, bounds.least
    newest = nlargest(limit, candidates, key=_age)
    changed = nlargest(limit, candidates, key=lambda entry: (max(entry.updated, past.restored.get(entry.id, entry.updated)), *_age(entry)))
    arrived = nlargest(limit, candidates, key=lambda entry: (entry.arrival, *_age(entry)))
    unsealed = sorted((entry for entry in candidates if entry.id in past.unsealed), key=_age, reverse=True)
    pinned = {entry.id: entry for entry in (*newest[:least], *unsealed)}
    ranked = list({e.id: e for e in chain(pinned.values(), chain.from_iterable(zip(changed, arrived, strict=True)))}.values())
    ranked = ranked[: max(limit, len(pinned) + least if limit else 0)]
    promised = {entry.id for order in (changed[:least], arrived[:least]) for entry in order}
    tombstones = _told(past.tombstones)
    links = (*_links(site, path), *_hubs(site), *((_archived(site, past.sealed, "prev-archive"),) if past.sealed else ()))
    chosen, brief = _fitted(ranked, pinned.keys(), promised, bounds.budget - _feed_size(site, links) - sum(map(_tombstone_size, tombstones)))
    return Feed(site, updated, links, tuple(sorted(chosen, key=_age, reverse=True)), brief, tombstones)


def archive(site: Site, entries: Iterable[Entry], *, number: int, sealed: int, updated: datetime, budget: int = 512 * 1024) -> Feed:
    """Return the archive document `number` (from 1; RFC 5005 section 4), of `sealed` ones: the entries in the order of arrival, the last first.

    The one behind the last sealed is open: it is no archive yet, and nobody should take it for one.
    """
    path = archive_path(number)
    chosen = sorted(entries, key=lambda entry: entry.arrival, reverse=True)
    links = (
        *_links(site, path),
        Link(site.base + "feed.xml", "current", ATOM),
        *((_archived(site, number - 1, "prev-archive"),) if number > 1 else ()),
        *((_archived(site, number + 1, "next-archive"),) if number <= sealed else ()),
    )
    fitting, brief = _fitted(chosen, {entry.id for entry in chosen}, set(), budget - _feed_size(site, links))
    return Feed(site, updated, links, tuple(fitting), brief, archive=number <= sealed)


def twin(feed: Feed, path: str, media_type: str) -> Feed:
    """Return the same document for another format, to be published at `path`: what that cannot say of the past is left out."""
    links = (Link(feed.site.base + quote(path), "self", media_type), *(link for link in feed.links if link.rel in {"alternate", "hub"}))
    return replace(feed, links=links, tombstones=())


def shared(site: Site, facet: Facet) -> Site:
    """Return the facts of the feed of a tag, an author or a folder: a feed with an id and a title of its own."""
    ident = uuid5(uuid5(NAMESPACE_URL, site.id), facet.address).urn
    return replace(site, id=ident, title=f"{site.title}: {facet.label}", subtitle=None)


def archive_path(number: int) -> str:
    """Return the path of an archive document below the site's base."""
    return f"archive/{number:04}.xml"


def _age(entry: Entry) -> tuple[datetime, int, str]:
    return entry.published, entry.arrival, entry.id


def _links(site: Site, path: str) -> tuple[Link, ...]:
    """To the document itself, and to the page for people beside it."""
    folder = "" if path.startswith("archive/") else quote(path.rpartition("/")[0])
    return Link(site.base + quote(path), "self", ATOM), Link(site.base + (f"{folder}/" if folder else ""), "alternate", "text/html")


def _hubs(site: Site) -> tuple[Link, ...]:
    return tuple(Link(hub, "hub") for hub in site.hubs)


def _archived(site: Site, number: int, rel: str) -> Link:
    return Link(site.base + archive_path(number), rel, ATOM)


def _told(tombstones: Sequence[Tombstone]) -> tuple[Tombstone, ...]:
    """The latest that fit into their share of a document."""
    sizes = accumulate(map(_tombstone_size, tombstones))
    return tuple(tombstone for tombstone, size in zip(tombstones, sizes, strict=True) if size <= _TOMBSTONES)


def _tombstone_size(tombstone: Tombstone) -> int:
    return _PART_MARKUP + _texts_size((tombstone.ref,))


def _fitted(ranked: Sequence[Entry], pinned: Set[str], promised: Set[str], room: int) -> tuple[list[Entry], frozenset[str]]:
    """Return the entries that fit into `room` bytes, and the ids of those that do so only without their content.

    The pinned ones are given whatever their size, the promised ones if not more than their summaries must fit.
    """
    chosen = _promised([entry for entry in ranked if entry.id in pinned or entry.id in promised], pinned, room)
    used = sum(map(_size, chosen))
    brief: set[str] = set()
    # Of equally long ones the last ranked goes first.
    for size, rank in sorted(((_content_size(entry), rank) for rank, entry in enumerate(chosen)), reverse=True):
        if used <= room:
            break
        used -= size
        brief.add(chosen[rank].id)
    if used > room:
        chosen = [_cut(entry, room // len(chosen)) for entry in chosen]
    for entry in ranked:
        if entry.id in pinned or entry.id in promised:
            continue
        used += _size(entry)
        if used > room:
            break
        chosen.append(entry)
    return chosen, frozenset(brief)


def _promised(entries: Sequence[Entry], pinned: Set[str], room: int) -> list[Entry]:
    """Return the pinned ones, and of the rest those whose summaries fit beside them."""
    sizes = accumulate(_size(entry) - _content_size(entry) for entry in entries)
    return [entry for entry, size in zip(entries, sizes, strict=True) if entry.id in pinned or size <= room]


def _cut(entry: Entry, room: int) -> Entry:
    """The entry with as much of its summary as fits into its share of the document; its page tells the rest."""
    excess = _size(entry) - _content_size(entry) - room
    if excess <= 0:
        return entry
    words = entry.summary[: max(len(entry.summary) - excess, _SHORTEST)]
    return replace(entry, summary=f"{words.rpartition(' ')[0] or words}…")


@lru_cache(maxsize=512)  # an entry stands in many documents
def _size(entry: Entry) -> int:
    texts = (entry.id, entry.title, entry.summary, entry.language, entry.rights)
    parts = _parts_size((*entry.authors, *entry.every_link, *entry.categories)) + _image_size(entry.image)
    return _ENTRY_MARKUP + _texts_size(texts) + parts + _content_size(entry)


@lru_cache(maxsize=512)
def _content_size(entry: Entry) -> int:
    return len(escape(entry.content, {"\r": "&#13;"}).encode("utf-8", "surrogatepass"))


def _feed_size(site: Site, links: Iterable[Link]) -> int:
    texts = (site.id, site.title, site.title, site.base, site.language, site.subtitle, site.rights)
    return _FEED_MARKUP + _texts_size(texts) + _parts_size((*site.authors, *links)) + _image_size(site.image) + _image_size(site.look.icon)


def _image_size(image: Image | None) -> int:
    """What a picture takes at most: its address stands there as a URI."""
    return _PART_MARKUP + len(quote(image.href, errors="replace")) if image else 0


def _parts_size(parts: Iterable[Person | Link | Category]) -> int:
    return sum(_PART_MARKUP + _texts_size(astuple(part)) for part in parts)


def _texts_size(texts: Iterable[object]) -> int:
    """Return what the texts take at most, be it in an attribute or in an element."""
    return sum(len(escape(str(text), _LONGEST).encode("utf-8", "surrogatepass")) for text in texts if text is not None)
