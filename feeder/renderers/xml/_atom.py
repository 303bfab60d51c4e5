"""A feed as an Atom 1.0 document. Written by feedgen, mended and completed in its extension hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from feeder.model import Person
from feeder.renderers._common import stamp
from feeder.renderers.xml._extensions import OF_ENTRY, OF_FEED
from feeder.renderers.xml._fragments import MEMO, Fragment, Memo, prefixes, spliced
from feeder.renderers.xml._words import LANG, NAMESPACES, add, carried, links, on_the_web, persons, prolog, said, spell, uri

if TYPE_CHECKING:
    from feeder.model import Entry, Feed

__all__ = ["atom"]

# A name for the program, for ever (RFC 4287 section 4.2.4). It has no address of its own, and an address that is somebody else's would mislead.
_GENERATOR = "urn:uuid:989f4b80-1d8b-4923-89f9-4f9fd7a2b616"
_END = b"</feed>"


def atom(feed: Feed, *, generator_version: str, memo: Memo = MEMO) -> bytes:
    """Return the feed as an Atom 1.0 document (RFC 4287): UTF-8, each element on a line of its own, the same bytes for the same feed.

    Titles and summaries are plain text, contents escaped HTML. An entry in `feed.summary_only` has no content element. A site
    without authors is its own author, because a feed needs one (section 4.1.1). An archive says so (RFC 5005 section 4), and those
    who are gone stand before the first entry (RFC 6721). Characters that XML cannot carry become U+FFFD, and links and author
    addresses that are not http(s) are left out: one bad article never spoils the feed. `memo` is one thread's at a time.
    """
    entries = [_fragment(entry, feed, memo) for entry in feed.entries]
    return prolog(feed) + spliced(_head(feed, generator_version, prefixes(entries)), entries, _END)


def _head(feed: Feed, generator_version: str, used: frozenset[str]) -> bytes:
    """The document without its entries; `used` are the prefixes in these."""
    site = feed.site
    document = FeedGenerator()
    document.id(carried(site.id))
    document.title(carried(site.title))
    document.subtitle(carried(site.subtitle))
    document.rights(carried(site.rights))
    document.language(carried(site.language))
    document.updated(feed.updated)
    document.author(persons(site.authors or (Person(site.title),)))
    document.link(links(feed.links))
    icon, logo = (site.look.icon, site.image) if site.look.icon else (site.image, None)
    document.icon(uri(icon.href) if icon and on_the_web(icon.href) else f"{site.base}icon.svg")
    if logo and on_the_web(logo.href):
        document.logo(uri(logo.href))
    document.generator("Feeder", version=generator_version, uri=_GENERATOR)
    document.register_extension("mended", lambda: _MendedFeed(feed, used), rss=False)
    body: bytes = document.atom_str(xml_declaration=False)
    return body


def _fragment(entry: Entry, feed: Feed, memo: Memo) -> Fragment:
    whole = entry.id not in feed.summary_only
    language = entry.language if entry.language != feed.site.language else None
    return memo.fragment(entry, ("atom", whole, language), lambda: _entry(entry, language, whole=whole))


def _entry(entry: Entry, language: str | None, *, whole: bool) -> etree._Element:
    element = FeedEntry()
    element.id(carried(entry.id))
    element.title(carried(entry.title))
    element.published(entry.published)
    element.updated(entry.updated)
    element.summary(carried(entry.summary))
    if whole:
        element.content(carried(entry.content), type="html")
    element.rights(carried(entry.rights))
    element.author(persons(entry.authors))
    element.category([said(category) for category in entry.categories])
    web = links(entry.every_link)
    # Only the addresses: feedgen loses the other attributes of an entry's links, and refuses most values of rel.
    element.link([{"href": link["href"]} for link in web])
    element.register_extension("mended", lambda: _MendedEntry(entry, web, carried(language)), rss=False)
    written: etree._Element = element.atom_entry()
    return written


@dataclass(frozen=True, slots=True)
class _MendedFeed:
    """What feedgen does not get right in a feed, and what it does not know of."""

    feed: Feed
    used: frozenset[str]

    def extend_ns(self) -> dict[str, str]:
        return {prefix: name for prefix, name in NAMESPACES.items() if prefix != "atom"}

    def extend_atom(self, root: etree._Element) -> None:
        if self.feed.archive:
            add(root, "fh:archive")
        for extend in OF_FEED:
            extend(root, self.feed)
        for tombstone in self.feed.tombstones:
            add(root, "at:deleted-entry", ref=tombstone.ref, when=stamp(tombstone.when))
        _mend(root)
        etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(self.used))


@dataclass(frozen=True, slots=True)
class _MendedEntry:
    """What feedgen does not get right in one entry, and what it does not know of."""

    entry: Entry
    links: list[dict[str, str]]
    language: str | None

    def extend_atom(self, entry: etree._Element) -> None:
        for element, link in zip(entry.iterfind("link"), self.links, strict=True):
            element.attrib.update(link)
        if self.language:
            entry.set(LANG, self.language)
        for extend in OF_ENTRY:
            extend(entry, self.entry)
        entry.tail = "\n"
        _mend(entry)


def _mend(parent: etree._Element) -> None:
    parent.text = "\n"
    for child in parent:
        child.tail = "\n"
    for time in parent.iter("published", "updated"):
        time.text = (time.text or "").replace("+00:00", "Z")
    for plain in list(parent.iter("title", "subtitle", "summary", "rights", "name")):
        spell(plain, "&")
