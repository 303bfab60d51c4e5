"""A feed as an RSS 2.0 document: the twin of its Atom document, by the RSS Advisory Board's profile. It decides nothing of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from feeder.renderers._common import stamp
from feeder.renderers.xml import _podcast
from feeder.renderers.xml._extensions import OF_ENTRY, OF_FEED
from feeder.renderers.xml._fragments import MEMO, Fragment, Memo, prefixes, spliced
from feeder.renderers.xml._words import LANG, NAMESPACES, add, carried, on_the_web, prolog, said, spell, uri

if TYPE_CHECKING:
    from feeder.model import Entry, Feed, Image, Link

__all__ = ["rss"]

_END = b"</channel></rss>"
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}  # seconds
_PICTURES = ("image/png", "image/jpeg", "image/gif")


class _Unsaid(datetime):
    """A time that feedgen takes for none: it would write it with the locale of the process set to another meanwhile, for all threads."""

    def __bool__(self) -> bool:
        return False


def rss(feed: Feed, *, generator_version: str, memo: Memo = MEMO) -> bytes:
    """Return the feed as an RSS 2.0 document: UTF-8, each element on a line of its own, the same bytes for the same feed.

    It says of the same entries what the Atom document says, in RSS's words: `guid` is the id, `pubDate` and `atom:updated` the two
    times, `description` the summary (as HTML, which readers take it for), `content:encoded` the content, `xml:lang` the language where
    it is another. The first enclosure is the `enclosure`, since there may be only one; all other links are `atom:link`. What entries
    are gone, and what is an archive, RSS cannot say. `memo` is one thread's at a time.
    """
    entries = [_fragment(entry, feed, memo) for entry in feed.entries]
    return prolog(feed) + spliced(_head(feed, generator_version, prefixes(entries)), entries, _END)


def _head(feed: Feed, generator_version: str, used: frozenset[str]) -> bytes:
    """The document without its items; `used` are the prefixes in these."""
    site = feed.site
    document = FeedGenerator()
    document.title(carried(site.title))
    document.description(carried(site.subtitle) or carried(site.title))
    home = next((link.href for link in feed.links if link.rel == "alternate"), site.base)
    document.link(href=uri(home))
    document.language(carried(site.language))
    document.copyright(carried(site.rights))
    document.generator(f"Feeder {generator_version}")
    document.updated(_Unsaid(1, 1, 1, tzinfo=UTC))
    if site.every:
        document.ttl(max(1, site.every // 60))
    if (image := site.image or site.look.icon) and _is_shown(image):
        document.image(uri(image.href), carried(site.title), uri(home))  # without its size: RSS knows none above 144 pixels
    document.register_extension("mended", lambda: _MendedChannel(feed, used), atom=False)
    body: bytes = document.rss_str(xml_declaration=False)
    return body


def _is_shown(image: Image) -> bool:
    """Whether RSS has a place for it: three formats, and square, because readers cut or stretch anything else."""
    return on_the_web(image.href) and (image.type is None or image.type in _PICTURES) and image.width == image.height


def _fragment(entry: Entry, feed: Feed, memo: Memo) -> Fragment:
    whole = entry.id not in feed.summary_only
    language = entry.language if entry.language != feed.site.language else None
    return memo.fragment(entry, ("rss", whole, language), lambda: _item(entry, language, whole=whole))


def _item(entry: Entry, language: str | None, *, whole: bool) -> etree._Element:
    item = FeedEntry()
    item.title(carried(entry.title))
    item.guid(carried(entry.id))
    if on_the_web(entry.permalink):
        item.link(href=uri(entry.permalink))
    item.summary(carried(escape(entry.summary, quote=False)))
    if whole:
        item.content(carried(entry.content))
    item.category([said(category) for category in entry.categories])
    others = [link for link in entry.every_link if link.rel != "alternate" and on_the_web(link.href)]
    if enclosure := next((link for link in others if link.rel == "enclosure"), None):
        others.remove(enclosure)
        # The profile asks for all three, and for 0 where the length is not known.
        item.enclosure(uri(enclosure.href), str(enclosure.length or 0), carried(enclosure.type) or "application/octet-stream")
    item.register_extension("mended", lambda: _MendedItem(entry, others, carried(language)), atom=False)
    written: etree._Element = item.rss_entry()
    return written


@dataclass(frozen=True, slots=True)
class _MendedChannel:
    """What feedgen does not get right in a channel, and what it does not know of."""

    feed: Feed
    used: frozenset[str]

    def extend_ns(self) -> dict[str, str]:
        return NAMESPACES

    def extend_rss(self, root: etree._Element) -> None:
        (channel,) = root
        site = self.feed.site
        add(channel, "lastBuildDate", format_datetime(self.feed.updated, usegmt=True))
        for link in self.feed.links:
            if link.rel in ("self", "hub") and on_the_web(link.href):
                add(channel, "atom:link", href=uri(link.href), rel=link.rel, type=link.type)
        for person in site.authors:
            add(channel, "dc:creator", person.name)
        if site.every:
            period, frequency = _rhythm(site.every)
            add(channel, "sy:updatePeriod", period)
            add(channel, "sy:updateFrequency", frequency)
        for extend in OF_FEED:
            extend(channel, self.feed)
        _podcast.show(channel, self.feed)
        root.text = "\n"
        _mend(channel, "description")  # an item's is HTML
        etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(self.used))


@dataclass(frozen=True, slots=True)
class _MendedItem:
    """What feedgen does not get right in one item, and what it does not know of."""

    entry: Entry
    links: list[Link]
    language: str | None

    def extend_rss(self, item: etree._Element) -> None:
        entry = self.entry
        add(item, "pubDate", format_datetime(entry.published, usegmt=True))
        add(item, "atom:updated", stamp(entry.updated))
        for person in entry.authors:
            add(item, "dc:creator", person.name)
        if entry.rights:
            add(item, "dc:rights", entry.rights)
        for link in self.links:  # without a title: plain text in an attribute cannot be spelled as the profile asks
            add(item, "atom:link", href=uri(link.href), rel=link.rel, type=link.type, length=link.length)
        for extend in OF_ENTRY:
            extend(item, entry)
        _podcast.episode(item, entry)
        if self.language:
            item.set(LANG, self.language)
        item.tail = "\n"
        _mend(item)


def _mend(parent: etree._Element, *plain: str) -> None:
    parent.text = "\n"
    for child in parent:
        child.tail = "\n"
    for element in list(parent.iter("title", "category", "copyright", "{*}creator", "{*}rights", *plain)):
        spell(element, "&<")


def _rhythm(every: int) -> tuple[str, int]:
    """How often in which period (RSS 1.0 syndication module): the shortest period that `every` seconds divide, or at least fit into."""
    fitting = [name for name, period in _PERIODS.items() if every <= period] or ["yearly"]
    name = next((name for name in fitting if not _PERIODS[name] % every), fitting[0])
    return name, max(1, _PERIODS[name] // every)
