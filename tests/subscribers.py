"""Subscribers, as strict as readers are: each keeps a store of its own by what a feed says, and remembers what it marked unread and why."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

__all__ = ["Follower", "Issue", "Item", "Poller", "chain", "issue", "json_issue", "rss_issue"]

ATOM, HISTORY, TOMB = "{http://www.w3.org/2005/Atom}", "{http://purl.org/syndication/history/1.0}", "{http://purl.org/atompub/tombstones/1.0}"
CONTENT, CREATOR = "{http://purl.org/rss/1.0/modules/content/}encoded", "{http://purl.org/dc/elements/1.1/}creator"
Get = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as one document shows it; `content` is empty where the document has only its summary. RSS says nothing of `updated`."""

    id: str
    title: str
    link: str
    published: datetime
    updated: datetime | None
    summary: str
    content: str
    tags: frozenset[str]
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """One feed document as it was at one moment. `links` maps rel to href, `tombstones` maps ids to `when`."""

    id: str
    updated: datetime | None
    items: tuple[Item, ...]
    tombstones: Mapping[str, datetime] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    archive: bool = False

    @property
    def ids(self) -> set[str]:
        return {item.id for item in self.items}


@functools.lru_cache(maxsize=256)
def issue(body: bytes) -> Issue:
    """Read an Atom document; every rule that would confuse a reader is asserted here."""
    root = etree.fromstring(body)
    assert root.tag == f"{ATOM}feed"
    items = tuple(_entry(entry) for entry in root.iter(f"{ATOM}entry"))
    assert len({item.id for item in items}) == len(items), "an id stands twice in one document"
    stones = [(str(stone.get("ref")), _time(str(stone.get("when")))) for stone in root.iter(f"{TOMB}deleted-entry")]
    assert len(dict(stones)) == len(stones), "two tombstones for one id"
    assert not dict(stones).keys() & {item.id for item in items}, "an entry stands beside its own tombstone"
    links = {str(link.get("rel")): str(link.get("href")) for link in root.findall(f"{ATOM}link")}
    archive = root.find(f"{HISTORY}archive") is not None
    return Issue(root.findtext(f"{ATOM}id") or "", _time(root.findtext(f"{ATOM}updated") or ""), items, dict(stones), links, archive)


def _entry(entry: etree._Element) -> Item:
    said = {name: entry.findtext(ATOM + name) or "" for name in ("id", "title", "published", "updated", "summary", "content")}
    link = next(str(link.get("href")) for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate")
    tags = frozenset(str(category.get("term")) for category in entry.findall(f"{ATOM}category"))
    authors = tuple(author.findtext(f"{ATOM}name") or "" for author in entry.findall(f"{ATOM}author"))
    dates = _time(said["published"]), _time(said["updated"])
    return Item(said["id"], said["title"], link, *dates, said["summary"], said["content"], tags, authors)


def _time(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    assert when.utcoffset() is not None
    return when.astimezone(UTC)


@functools.lru_cache(maxsize=64)
def rss_issue(body: bytes) -> Issue:
    """Read an RSS 2.0 document."""
    channel = etree.fromstring(body).find("channel")
    assert channel is not None
    items = []
    for item in channel.findall("item"):
        text = {name: item.findtext(name) or "" for name in ("guid", "title", "link", "pubDate", "description", CONTENT)}
        published = parsedate_to_datetime(text["pubDate"]).astimezone(UTC)
        tags = frozenset(category.text or "" for category in item.findall("category"))
        authors = tuple(author.text or "" for author in item.findall(CREATOR))
        items.append(
            Item(text["guid"], text["title"], text["link"], published, None, text["description"], text[CONTENT], tags, authors),
        )
    return Issue("", None, tuple(items))


@functools.lru_cache(maxsize=64)
def json_issue(body: bytes) -> Issue:
    """Read a JSON Feed 1.1."""
    items = []
    for item in json.loads(body)["items"]:
        published = _time(item["date_published"])
        updated = _time(item.get("date_modified", item["date_published"]))
        authors = tuple(author["name"] for author in item.get("authors", ()))
        summary, content = item.get("summary", ""), item.get("content_html", "")
        items.append(Item(item["id"], item["title"], item["url"], published, updated, summary, content, frozenset(item.get("tags", ())), authors))
    return Issue("", None, tuple(items))


def chain(get: Get, address: str) -> Iterator[tuple[str, Issue]]:
    """The current document, then each archive document it leads to, the latest first (RFC 5005 section 4); each with its address."""
    seen: set[str] = set()
    place: str | None = address
    while place is not None:
        assert place not in seen, f"{place}: the chain of archives is a ring"
        seen.add(place)
        body = get(place)
        assert body is not None, f"{place} is linked to and not there"
        found = issue(body)
        yield place, found
        place = found.links.get("prev-archive")


@dataclass
class Follower:
    """A reader of the Atom feed that knows tombstones and archives. `unread` counts, by id, how often it was told of an entry as news."""

    store: dict[str, Item] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    begun: bool = False

    def poll(self, get: Get, address: str, *, walk: bool = False) -> None:
        """Take in the current document; with `walk`, or at first, the whole history, so that what is nowhere in it is gone."""
        body = get(address)
        assert body is not None
        current = issue(body)
        for ref, when in current.tombstones.items():
            kept = self.store.get(ref)
            if kept is not None and kept.updated is not None and kept.updated <= when:  # RFC 6721 section 3: an entry that is newer stays
                del self.store[ref]
        found: dict[str, Item] = {}
        if walk or not self.begun:
            self.begun = True
            for _, document in reversed(list(chain(get, address))):
                found |= {item.id: item for item in document.items}
            for ident in self.store.keys() - found.keys():
                del self.store[ident]
        found |= {item.id: item for item in current.items}
        for item in found.values():
            self._take(item)

    def _take(self, item: Item) -> None:
        kept = self.store.get(item.id)
        if kept is None or kept.updated != item.updated:
            self.unread[item.id] = self.unread.get(item.id, 0) + 1
        if kept is not None:
            assert kept.published == item.published, f"{item.id}: published moved"
            assert kept.updated is not None
            assert item.updated is not None
            assert kept.updated <= item.updated, f"{item.id}: updated fell"
        self.store[item.id] = item


@dataclass
class Poller:
    """A reader of RSS or of JSON Feed: it knows no tombstones and no archives, and goes by guid alone. It takes new text for news."""

    read: Callable[[bytes], Issue]
    store: dict[str, Item] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def poll(self, body: bytes) -> None:
        """Take in the document."""
        found = self.read(body)
        assert len(found.ids) == len(found.items), "a guid stands twice"
        for item in found.items:
            kept = self.store.get(item.id)
            if kept is None or (kept.title, kept.content, kept.updated) != (item.title, item.content, item.updated):
                self.unread[item.id] = self.unread.get(item.id, 0) + 1
            assert kept is None or kept.published == item.published, f"{item.id}: published moved"
            self.store[item.id] = item
