"""What both formats have in common: names, and values as XML and a reader's browser can take them. It knows no document."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from lxml import etree

from feeder.renderers import _common
from feeder.renderers._common import on_the_web, uri

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeder.model import Category, Feed, Link, Person

__all__ = ["ATOM", "LANG", "NAMESPACES", "add", "carried", "links", "on_the_web", "persons", "prolog", "said", "spell", "uri"]

# Every namespace that a document of ours may hold, by the prefix it always has: some readers know nothing but prefixes.
NAMESPACES = {
    "at": "http://purl.org/atompub/tombstones/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
ATOM = f"{{{NAMESPACES['atom']}}}"
_MARKUP = re.compile(r"&#?\w+;|</?[a-zA-Z]")
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def prolog(feed: Feed) -> bytes:
    """What stands before the root. The stylesheet is found from the document's own folder, wherever the site is served."""
    own = next((link.href for link in feed.links if link.rel == "self"), "").removeprefix(feed.site.base)
    return f"""<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/css" href="{"../" * own.count("/")}feed.css"?>\n""".encode()


def add(parent: etree._Element, name: str, text: object = None, **attributes: object) -> etree._Element:
    """Append an element `prefix:name`, or `name`, with what is not None of its attributes; all texts as XML can carry them."""
    prefix, _, local = name.rpartition(":")
    said = {key: carried(str(value)) or "" for key, value in attributes.items() if value is not None}
    element = etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local, said)
    element.text = None if text is None else carried(str(text))
    return element


def spell(element: etree._Element, characters: str) -> None:
    """Write these of & and < as numbers (&#x26;, &#x3C;) in plain text: the same to an XML parser.

    A title with a literal "&amp;" is no HTML, but is taken for it. The W3C validator warns of it without the number, and readers that
    decode a title twice show the number as it was meant.
    """
    text = element.text or ""
    places = [place for place, character in enumerate(text) if character in characters]
    element.text = text[: places[0]] if places else element.text
    for place, following in pairwise([*places, len(text)]):
        reference = etree.Entity(f"#x{ord(text[place]):X}")
        reference.tail = text[place + 1 : following]
        element.append(reference)


def persons(these: Iterable[Person]) -> list[dict[str, str]]:
    """Persons as feedgen takes them, without addresses that are not on the web."""
    return [{key: value for key, value in said(person).items() if key != "uri" or on_the_web(value)} for person in these]


def links(these: Iterable[Link]) -> list[dict[str, str]]:
    """Links as feedgen takes them, without those that do not lead into the web, and without titles that readers would take for markup.

    An attribute cannot be spelled as `spell` does; the page that the link leads to has its title.
    """
    told = (link if link.title is None or not _MARKUP.search(link.title) else replace(link, title=None) for link in these)
    return [said(link) for link in told if on_the_web(link.href)]


def said(value: Person | Link | Category) -> dict[str, str]:
    """Return what is said in a value under feedgen's names, which are ours: a new dict, because feedgen changes what it is given."""
    facts = ((name, getattr(value, name)) for name in value.__slots__)
    return {name: text for name, fact in facts if fact is not None and (text := carried(str(fact)))}


def carried(text: str | None) -> str | None:
    """Return the text as XML can carry it, None where there is none: feedgen takes None as "leave it out"."""
    return _common.carried(text) if text else None
