"""A feed as Atom 1.0 bytes, and such bytes looked at again. The only room of feedgen; what goes into a feed is decided in feeds.

feedgen writes the elements. Its defects are mended in its own extension hooks, which it calls with each finished element
before it serializes: dates that end in Z, links with all their attributes, xml:lang, line ends. Those hooks are also the place
for elements that feedgen does not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from feeder.errors import PublishError
from feeder.model import Category, Entry, Feed, Link, Person
from feeder.text import legal

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["atom", "check", "feed_id"]

# A name for the program, for ever (RFC 4287 section 4.2.4). It has no address of its own, and an address that is somebody else's would mislead.
_GENERATOR = "urn:uuid:989f4b80-1d8b-4923-89f9-4f9fd7a2b616"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ATOM = "{http://www.w3.org/2005/Atom}"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")  # absolute, and with nothing that RFC 3987 forbids outright
_NEEDED = (f"{_ATOM}id", f"{_ATOM}title", f"{_ATOM}updated")


def atom(feed: Feed, *, generator_version: str) -> bytes:
    """Return the feed as an Atom 1.0 document (RFC 4287): UTF-8, each element on a line of its own, the same bytes for the same feed.

    Titles and summaries are plain text, contents escaped HTML. An entry in `feed.summary_only` has no content element. A site
    without authors is its own author, because a feed needs one (section 4.1.1). Characters that XML cannot carry become
    U+FFFD, and links and author addresses that are not http(s) are left out: one bad article never spoils the feed.
    """
    site = feed.site
    document = FeedGenerator()
    document.id(_carried(site.id))
    document.title(_carried(site.title))
    document.subtitle(_carried(site.subtitle))
    document.rights(_carried(site.rights))
    document.language(_carried(site.language))
    document.updated(feed.updated)
    document.author(_persons(site.authors or (Person(site.title),)))
    document.link(_links(feed.links))
    document.icon(f"{site.base}icon.svg")
    document.generator("Feeder", version=generator_version, uri=_GENERATOR)
    document.register_extension("mended", _MendedFeed, rss=False)
    for entry in feed.entries:
        document.add_entry(_entry(entry, feed), order="append")
    body: bytes = document.atom_str(xml_declaration=False)
    return _prolog(feed) + body + b"\n"


def check(body: bytes) -> tuple[str, ...]:
    """Read a document back and return the ids of its entries, in its order.

    Raises PublishError where it is not well-formed, has a DOCTYPE, is not an Atom feed, or where the feed or an entry lacks
    what RFC 4287 sections 4.1.1 and 4.1.2 ask for: one id, title and updated, an alternate link in each entry, no id twice.
    """
    feed = _parsed(body)
    if feed.tag != f"{_ATOM}feed":
        raise PublishError(f"not an Atom feed: its root is {etree.QName(feed).localname}; nothing was replaced")
    _require(feed, "the feed")
    ids: list[str] = []
    for number, entry in enumerate(feed.iterfind(f"{_ATOM}entry"), 1):
        _require(entry, f"entry {number}")
        if not any(link.get("href") for link in entry.iterfind(f"{_ATOM}link") if link.get("rel", "alternate") == "alternate"):
            raise PublishError(f"entry {number} has no alternate link; nothing was replaced")
        ids.append(entry.findtext(f"{_ATOM}id", ""))
    if len(set(ids)) < len(ids):
        raise PublishError(f"two entries have the id {next(i for i in ids if ids.count(i) > 1)}; nothing was replaced")
    return tuple(ids)


def feed_id(body: bytes) -> str | None:
    """Return the id that a published feed says of itself (RFC 4287 section 4.2.6), None where the document is not sound in any way."""
    try:
        check(body)
    except PublishError:
        return None
    ident = _parsed(body).findtext(f"{_ATOM}id", "").strip()
    return ident if _IRI.fullmatch(ident) else None


def _prolog(feed: Feed) -> bytes:
    """What stands before the root. The stylesheet is found from the document's own folder, wherever the site is served."""
    own = next((link.href for link in feed.links if link.rel == "self"), "").removeprefix(feed.site.base)
    return f"""<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/css" href="{"../" * own.count("/")}feed.css"?>\n""".encode()


def _entry(entry: Entry, feed: Feed) -> FeedEntry:
    element = FeedEntry()
    element.id(_carried(entry.id))
    element.title(_carried(entry.title))
    element.published(entry.published)
    element.updated(entry.updated)
    element.summary(_carried(entry.summary))
    if entry.id not in feed.summary_only:
        element.content(_carried(entry.content), type="html")
    element.rights(_carried(entry.rights))
    element.author(_persons(entry.authors))
    element.category([_fields(category) for category in entry.categories])
    links = _links(entry.every_link)
    # Only the addresses: feedgen loses the other attributes of an entry's links, and refuses most values of rel.
    element.link([{"href": link["href"]} for link in links])
    language = _carried(entry.language) if entry.language != feed.site.language else None
    element.register_extension("mended", lambda: _MendedEntry(links, language), rss=False)
    return element


@dataclass(frozen=True, slots=True)
class _MendedFeed:
    """What feedgen does not get right in a feed; it calls this before it puts the entries in."""

    def extend_ns(self) -> dict[str, str]:
        return {}

    def extend_atom(self, feed: etree._Element) -> None:
        _mend(feed)


@dataclass(frozen=True, slots=True)
class _MendedEntry:
    """What feedgen does not get right in one entry."""

    links: list[dict[str, str]]
    language: str | None

    def extend_atom(self, entry: etree._Element) -> None:
        for element, link in zip(entry.iterfind("link"), self.links, strict=True):
            element.attrib.update(link)
        if self.language:
            entry.set(_LANG, self.language)
        entry.tail = "\n"
        _mend(entry)


def _mend(parent: etree._Element) -> None:
    parent.text = "\n"
    for child in parent:
        child.tail = "\n"
    for time in parent.iter("published", "updated"):
        time.text = (time.text or "").replace("+00:00", "Z")
    for plain in list(parent.iter("title", "subtitle", "summary", "rights", "name")):
        _spell_ampersands(plain)


def _spell_ampersands(element: etree._Element) -> None:
    """Write & as &#x26; in plain text, the same to an XML parser: a title with a literal "&amp;" is no HTML, but is taken for it.

    The W3C validator warns of it without the number, and readers that decode a title twice show the number as it was meant.
    """
    element.text, *rest = (element.text or "").split("&")
    for text in rest:
        reference = etree.Entity("#x26")
        reference.tail = text
        element.append(reference)


def _persons(persons: Iterable[Person]) -> list[dict[str, str]]:
    return [{key: value for key, value in _fields(person).items() if key != "uri" or _on_the_web(value)} for person in persons]


def _links(links: Iterable[Link]) -> list[dict[str, str]]:
    return [_fields(link) for link in links if _on_the_web(link.href)]


def _on_the_web(address: str) -> bool:
    """Readers hand addresses to a browser as they are; `javascript:` and `file:` must never get there."""
    return address.lower().startswith(("https://", "http://"))


def _fields(value: Person | Link | Category) -> dict[str, str]:
    """Return what is said in a value under feedgen's names, which are ours: a new dict, because feedgen changes what it is given."""

    said = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {name: text for name, fact in said if fact is not None and (text := _carried(str(fact)))}


def _carried(text: str | None) -> str | None:
    """Return the text as XML can carry it, None where there is none: feedgen takes None as "leave it out".

    Not text.clean: normalizing HTML could join a mark to the ">" of a tag.
    """
    if not text or legal(text):
        return text or None
    return "".join(character if legal(character) else "\ufffd" for character in text)


def _parsed(body: bytes) -> etree._Element:
    # Nothing outside the bytes is read, and nothing in them expanded (billion laughs, XXE).
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise PublishError(f"not well-formed XML: {error}; nothing was replaced") from error
    if root.getroottree().docinfo.doctype:
        raise PublishError("a feed has no DOCTYPE; nothing was replaced")
    return root


def _require(element: etree._Element, who: str) -> None:
    for name in _NEEDED:
        found = element.findall(name)
        if len(found) != 1 or not (found[0].text or "").strip():
            raise PublishError(f"{who} needs one {etree.QName(name).localname} that is not empty; nothing was replaced")
