"""Documents read back: whether they are what a subscriber needs, and which entries they hold. It renders nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from feeder.errors import PublishError
from feeder.renderers.xml._words import ATOM, NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check", "check_rss", "feed_id"]

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")  # absolute, and with nothing that RFC 3987 forbids outright
_NEEDED = (f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated")
_GONE = f"{{{NAMESPACES['at']}}}deleted-entry"


def check(body: bytes) -> tuple[str, ...]:
    """Read an Atom document back and return the ids of its entries, in its order.

    Raises PublishError where it is not well-formed, has a DOCTYPE, is not an Atom feed, where the feed or an entry lacks what
    RFC 4287 sections 4.1.1 and 4.1.2 ask for (one id, title and updated, an alternate link in each entry, no id twice), or where
    somebody is told to be gone (RFC 6721) after the first entry, without id or time, or while an entry has the same id.
    """
    feed = _parsed(body)
    if feed.tag != f"{ATOM}feed":
        raise PublishError(f"not an Atom feed: its root is {etree.QName(feed).localname}; nothing was replaced")
    _require(feed, "the feed", _NEEDED)
    ids: list[str] = []
    for number, entry in enumerate(feed.iterfind(f"{ATOM}entry"), 1):
        _require(entry, f"entry {number}", _NEEDED)
        if not any(link.get("href") for link in entry.iterfind(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"):
            raise PublishError(f"entry {number} has no alternate link; nothing was replaced")
        ids.append(entry.findtext(f"{ATOM}id", ""))
    gone = _gone(feed)
    _each_once(ids, "two entries have the id")
    _each_once(gone, "two tombstones are for the id")
    _each_once([*ids, *gone], "an entry and a tombstone have the id")
    return tuple(ids)


def check_rss(body: bytes) -> tuple[str, ...]:
    """Read an RSS 2.0 document back and return the guids of its items, in its order.

    Raises PublishError where it is not well-formed, has a DOCTYPE, is not RSS 2.0 with one channel, where the channel lacks title,
    link or description, an item its guid or both title and description, or where a guid stands twice.
    """
    root = _parsed(body)
    if root.tag != "rss" or root.get("version") != "2.0":
        raise PublishError(f"not an RSS 2.0 feed: its root is {etree.QName(root).localname}; nothing was replaced")
    if len(channels := root.findall("channel")) != 1:
        raise PublishError(f"an RSS feed has one channel, not {len(channels)}; nothing was replaced")
    _require(channels[0], "the channel", ("title", "link", "description"))
    guids: list[str] = []
    for number, item in enumerate(channels[0].iterfind("item"), 1):
        _require(item, f"item {number}", ("guid",))
        if not any((item.findtext(name) or "").strip() for name in ("title", "description")):
            raise PublishError(f"item {number} needs a title or a description; nothing was replaced")
        guids.append(item.findtext("guid", ""))
    _each_once(guids, "two items have the guid")
    return tuple(guids)


def feed_id(body: bytes) -> str | None:
    """Return the id that a published feed says of itself (RFC 4287 section 4.2.6), None where the document is not sound in any way."""
    try:
        check(body)
    except PublishError:
        return None
    ident = _parsed(body).findtext(f"{ATOM}id", "").strip()
    return ident if _IRI.fullmatch(ident) else None


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


def _require(element: etree._Element, who: str, names: Sequence[str]) -> None:
    for name in names:
        found = element.findall(name)
        if len(found) != 1 or not _text(found[0]).strip():
            raise PublishError(f"{who} needs one {etree.QName(name).localname} that is not empty; nothing was replaced")


def _text(element: etree._Element) -> str:
    return "".join(element.itertext())


def _gone(feed: etree._Element) -> list[str]:
    """The ids of the feed's tombstones."""
    refs = [tombstone.get("ref", "") for tombstone in feed.iterfind(_GONE) if tombstone.get("when")]
    if len(refs) < len(feed.findall(_GONE)) or "" in refs:
        raise PublishError("a tombstone needs ref and when; nothing was replaced")
    if (first := feed.find(f"{ATOM}entry")) is not None and next(first.itersiblings(_GONE), None) is not None:
        raise PublishError("a tombstone stands after an entry; nothing was replaced")
    return refs


def _each_once(ids: Sequence[str], complaint: str) -> None:
    if len(set(ids)) < len(ids):
        raise PublishError(f"{complaint} {next(ident for ident in ids if ids.count(ident) > 1)}; nothing was replaced")
