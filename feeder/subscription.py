"""Feeds as a subscriber reads them: Atom, RSS and JSON Feed, ours or another tool's, as plain values. Nothing is fetched, sanitized or decided.

What a feed does not say, or says wrong, is empty or None in the value: one strange item never costs the others. The bytes are not
trusted: a document type declaration is refused, nothing outside of them is read, and nothing in them is expanded.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from html.entities import html5
from urllib.parse import urljoin

from lxml import etree

from feeder import text
from feeder.errors import Unreadable
from feeder.model import Category, Image, Link, Person, Tombstone

__all__ = ["LARGEST", "Item", "Subscription", "moment", "plain", "read"]

LARGEST = 64 * 1024 * 1024
"""Bytes of a feed, at most: the export of a large site, and no more."""

_ATOM = "{http://www.w3.org/2005/Atom}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_AT = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"
_THUMBNAIL = "{http://search.yahoo.com/mrss/}thumbnail"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_STATUS = re.compile(r"\{http://wordpress\.org/export/[^}]*\}(status|post_type)")  # an export is RSS, with drafts and pages in it
# Where RSS has its own elements: nowhere, or in the namespace of one of its versions.
_RSS = ("", "{http://purl.org/rss/1.0/}", "{http://my.netscape.com/rdf/simple/0.9/}", "{http://backend.userland.com/rss2}")
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_KEPT = {b"amp", b"lt", b"gt", b"quot", b"apos"}
_TAG = re.compile(r"<[^<>]*>")
# Zones that programs write although RFC 822 does not know them; the ambiguous ones (IST, BST, CST of China) are not among them.
_ZONES = {
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "MEZ": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
}
_FURTHEST = 15 * 3600  # no place on earth is further from UTC, in seconds
_FIRST_YEAR = 1970


@dataclass(frozen=True, slots=True)
class Item:
    """One entry or item as its feed tells it. Empty or None is what it does not say, or not so that anyone could understand it.

    `id` is what readers know it by: of RSS the guid, where there is none the link. `title` is plain text; `summary` and `content`
    are HTML as found, not sanitized. `link` is the absolute address of its page.
    """

    id: str
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    links: tuple[Link, ...] = ()
    authors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    language: str | None = None
    rights: str | None = None
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed document. `id` is its atom:id, empty in other formats; `gone` are its tombstones, `archive` whether it says it is one (RFC 5005)."""

    id: str = ""
    title: str = ""
    updated: datetime | None = None
    links: tuple[Link, ...] = ()
    items: tuple[Item, ...] = ()
    gone: tuple[Tombstone, ...] = ()
    archive: bool = False


def read(body: bytes) -> Subscription:
    """The feed in these bytes: Atom 1.0, RSS 0.9x, 1.0 and 2.0, or JSON Feed. Raises Unreadable."""
    if len(body) > LARGEST:
        raise Unreadable(f"is longer than {LARGEST // 1024 // 1024} MiB", "take over a part of it after another")
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return _json_feed(start)
    root = _root(start)
    if root.tag == f"{_ATOM}feed":
        return _atom(root)
    if root.tag == f"{_RDF}RDF" or etree.QName(root).localname.lower() == "rss":
        return _rss(root)
    raise Unreadable(f"is no feed: its first element is {text.printable(str(root.tag))}", "Atom, RSS and JSON Feed can be read")


def plain(marked: str) -> str:
    """The words of a piece of HTML, in one line."""
    return text.line(text.clean(html.unescape(_TAG.sub(" ", marked) if "<" in marked else marked)))


def moment(said: str) -> datetime | None:
    """The moment that a feed says (RFC 3339, RFC 822 and what is written for them), in UTC and whole seconds; None where it says none.

    A zone that is missing, unknown or impossible is taken for UTC: within a day of the truth, which no other guess is surer of.
    """
    said = said.strip()[:64]
    try:
        found = datetime.fromisoformat(said.upper()) if said[4:5] == "-" else _rfc_822(said)
        found = (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return found if found.year >= _FIRST_YEAR else None


def _rfc_822(said: str) -> datetime:
    parts = parsedate_tz(said)
    if parts is None:
        raise ValueError(said)
    hours = _ZONES.get(said.rpartition(" ")[2].upper())
    offset = (parts[9] or 0) if hours is None else hours * 3600
    return datetime(*parts[:6], tzinfo=UTC) - timedelta(seconds=offset if abs(offset) <= _FURTHEST else 0)


def _joined(base: str, address: str) -> str:
    """An absolute address; empty where there is none to be made of it."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


# -- XML ----------------------------------------------------------------------------------------------------------------------


def _root(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(_NAMED.sub(_numbered, body), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(
            f"is neither XML nor JSON that can be read: {text.printable(str(error))}", "get it again, and see that it is whole"
        ) from error
    if root.getroottree().docinfo.doctype or any(True for _ in root.iter(etree.Entity)):
        raise Unreadable("has a document type declaration, which no feed needs", "remove it: it can make a reader fetch or expand anything")
    return root


def _numbered(named: re.Match[bytes]) -> bytes:
    """&nbsp; and the like as numbers: XML knows only five names, and many feeds more."""
    character = None if named[1] in _KEPT else html5.get(named[1].decode() + ";")
    return "".join(f"&#{ord(c)};" for c in character).encode() if character else named[0]


def _said(element: etree._Element | None) -> str:
    """The text in an element, without what is around it."""
    return "" if element is None else "".join(element.itertext()).strip()


def _language(element: etree._Element) -> str | None:
    return element.get(f"{_XML}lang") or None


def _atom(root: etree._Element) -> Subscription:
    gone = ((found.get("ref", ""), moment(found.get("when", ""))) for found in root.iterfind(_AT))
    return Subscription(
        id=_said(root.find(f"{_ATOM}id")),
        title=_title(root),
        updated=moment(_said(root.find(f"{_ATOM}updated"))),
        links=_links(root),
        items=tuple(_entry(entry) for entry in root.iterfind(f"{_ATOM}entry")),
        gone=tuple(Tombstone(ref, when) for ref, when in gone if ref and when),
        archive=root.find(_ARCHIVE) is not None,
    )


def _entry(entry: etree._Element) -> Item:
    links = _links(entry)
    published, updated = (moment(_said(entry.find(_ATOM + name))) for name in ("published", "updated"))
    return Item(
        id=_said(entry.find(f"{_ATOM}id")),
        link=next((link.href for link in links if link.rel == "alternate"), ""),
        title=_title(entry),
        summary=_markup(entry.find(f"{_ATOM}summary")),
        content=_markup(entry.find(f"{_ATOM}content")),
        published=published or updated,
        updated=updated,
        links=links,
        authors=tuple(_person(author) for author in entry.iterfind(f"{_ATOM}author") if _said(author.find(f"{_ATOM}name"))),
        categories=tuple(Category(c.get("term", ""), c.get("scheme"), c.get("label")) for c in entry.iterfind(f"{_ATOM}category") if c.get("term")),
        language=_language(entry),
        rights=_said(entry.find(f"{_ATOM}rights")) or None,
        image=next((_image(image) for image in entry.iterfind(_THUMBNAIL) if image.get("url")), None),
    )


def _links(parent: etree._Element) -> tuple[Link, ...]:
    return tuple(
        Link(
            _joined(element.base or "", element.get("href", "").strip()),
            element.get("rel", "alternate"),
            element.get("type"),
            element.get("title"),
            element.get("hreflang"),
            _number(element.get("length")),
        )
        for element in parent.iterfind(f"{_ATOM}link")
        if element.get("href", "").strip()
    )


def _number(said: str | None) -> int | None:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 16 else None


def _person(element: etree._Element) -> Person:
    return Person(*(_said(element.find(_ATOM + name)) or None for name in ("name", "uri", "email")))  # type: ignore[arg-type]


def _image(element: etree._Element) -> Image:
    return Image(element.get("url", ""), None, _number(element.get("width")), _number(element.get("height")))


def _title(parent: etree._Element) -> str:
    """A title as plain text, whatever type it is of (RFC 4287 section 3.1)."""
    element = parent.find(f"{_ATOM}title")
    if element is None:
        return ""
    said = _said(element)
    return plain(said) if element.get("type") == "html" else text.line(text.clean(said))


def _markup(element: etree._Element | None) -> str:
    """A text or content construct as HTML; what is only linked to, or is of another type, is none."""
    if element is None or element.get("src"):
        return ""
    kind = element.get("type", "text").strip().lower()
    if kind in ("xhtml", "application/xhtml+xml"):
        return "".join(etree.tostring(child, encoding="unicode") for child in element)
    said = "".join(element.itertext())
    if kind in ("html", "text/html"):
        return said
    return html.escape(said, quote=False) if kind in ("text", "text/plain") else ""


# -- RSS ----------------------------------------------------------------------------------------------------------------------


def _rss(root: etree._Element) -> Subscription:
    channel = next(iter(_own(root, "channel")), root)
    items = [*_own(channel, "item"), *(_own(root, "item") if channel is not root else ())]
    base = _first(channel, "link")
    return Subscription(
        title=plain(_first(channel, "title")),
        updated=moment(_first(channel, "lastBuildDate") or _first(channel, "pubDate")),
        links=(*_links(channel), *([Link(base)] if base else [])),
        items=tuple(_item(item, base) for item in items if _out(item)),
    )


def _own(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    tags = {prefix + name for prefix in _RSS}
    return (child for child in parent if child.tag in tags)


def _first(parent: etree._Element, name: str) -> str:
    return next((said for said in map(_said, _own(parent, name)) if said), "")


def _out(item: etree._Element) -> bool:
    """Whether a WordPress export counts it as a published article; true of every item of a feed."""
    facts = {found[1]: _said(child) for child in item if isinstance(child.tag, str) and (found := _STATUS.fullmatch(child.tag))}
    return facts.get("status", "publish") == "publish" and facts.get("post_type", "post") == "post"


def _item(item: etree._Element, base: str) -> Item:
    guid = next(iter(_own(item, "guid")), None)
    name, lasting = _said(guid), guid is None or guid.get("isPermaLink", "true").strip().lower() != "false"
    link = _first(item, "link") or next((link.href for link in _links(item) if link.rel == "alternate"), "")
    link = _joined(base, link or (name if lasting else ""))
    published = moment(_first(item, "pubDate")) or moment(_said(item.find(f"{_DC}date"))) or moment(_said(item.find(f"{_ATOM}published")))
    updated = moment(_said(item.find(f"{_ATOM}updated"))) or moment(_said(item.find(f"{_TERMS}modified")))
    return Item(
        id=name or item.get(f"{_RDF}about", "").strip() or link,
        link=link if link.startswith(("https://", "http://")) else "",
        title=plain(html.unescape(_first(item, "title"))),
        summary=_first(item, "description"),
        content=_said(item.find(_CONTENT)),
        published=published or updated,
        updated=updated or published,
        categories=tuple(Category(said) for said in map(_said, _own(item, "category")) if said),
    )


# -- JSON ---------------------------------------------------------------------------------------------------------------------


def _json_feed(body: bytes) -> Subscription:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is no JSON that can be read: {text.printable(str(error))}", "get it again, and see that it is whole") from error
    if not str(feed.get("version", "")).startswith("https://jsonfeed.org/version/") or not isinstance(feed.get("items"), list):
        raise Unreadable("is JSON, but no JSON Feed: it has no version or no items", "Atom, RSS and JSON Feed can be read")
    address = _string(feed, "home_page_url")
    items = (_json_item(item, address) for item in feed["items"] if isinstance(item, dict))
    return Subscription(title=plain(html.escape(_string(feed, "title"))), links=(Link(address),) if address else (), items=tuple(items))


def _json_item(item: Mapping[str, object], base: str) -> Item:
    link = _joined(base, _string(item, "url"))
    published, modified = (moment(_string(item, name)) for name in ("date_published", "date_modified"))
    return Item(
        id=_string(item, "id") or link,
        link=link if link.startswith(("https://", "http://")) else "",
        title=text.line(text.clean(_string(item, "title"))),
        summary=html.escape(_string(item, "summary"), quote=False),
        content=_string(item, "content_html") or html.escape(_string(item, "content_text"), quote=False),
        published=published or modified,
        updated=modified or published,
        categories=tuple(Category(tag) for tag in _strings(item.get("tags"))),
        language=_string(item, "language") or None,
    )


def _string(facts: Mapping[str, object], name: str) -> str:
    """A string, or a number as one: version 1 of JSON Feed had readers take those for an id."""
    said = facts.get(name)
    return str(said).strip() if isinstance(said, str | int | float) and not isinstance(said, bool) else ""


def _strings(said: object) -> Iterable[str]:
    return (one for one in said if isinstance(one, str) and one) if isinstance(said, list) else ()
