"""The nouns of a feed, in the words of RFC 4287. Values only: no reading, no deciding, no writing.

The data model, in the order in which an article meets it:

    Medium   a picture or a recording beside an article
    Source   the bytes of one settled file, and what is needed to understand them
    Article  the facts in one file; nothing decided (no id, no dates made up)
    Summary  a few sentences for it, and where they came from
    Entry    what subscribers see of one article: facts and decisions together
    Tombstone what they are told of one that is gone
    Feed     one feed document: a site's own facts and a run of entries
    Document a path, a media type and bytes: the only thing that is ever published

Titles and summaries are always plain text and contents always a sanitized HTML fragment with absolute URLs, so there is
no Text class with a type (RFC 4287 section 3.1): the field is the type. Times are aware, UTC, whole seconds. Groups are tuples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Literal

__all__ = [
    "IN_ICO",
    "Article",
    "Block",
    "BlockKind",
    "Category",
    "Document",
    "Entry",
    "Feed",
    "Image",
    "Link",
    "Look",
    "Medium",
    "Person",
    "Podcast",
    "Sibling",
    "Site",
    "Source",
    "Summary",
    "Tombstone",
]


@dataclass(frozen=True, slots=True)
class Person:
    """A Person construct (RFC 4287 section 3.2)."""

    name: str
    uri: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link element (RFC 4287 section 4.2.7). `href` is absolute; `length` is in bytes."""

    href: str
    rel: str = "alternate"
    type: str | None = None
    title: str | None = None
    hreflang: str | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A category element (RFC 4287 section 4.2.2)."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that stands for a whole: of an entry its thumbnail, of a site its cover. `href` is absolute; sizes are in pixels."""

    href: str
    type: str | None = None
    width: int | None = None
    height: int | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or a recording beside an article, as it is published.

    `name` is its file's: a digest of its bytes and a suffix. `length` is in bytes, sizes are in pixels as it is shown, `duration` in seconds;
    `title` is what a recording calls itself.
    """

    name: str
    type: str
    length: int
    width: int | None = None
    height: int | None = None
    duration: int | None = None
    title: str | None = None

    @property
    def path(self) -> str:
        """Its place below the base of all that is published."""
        return f"media/{self.name}"


BlockKind = Literal["paragraph", "heading", "item", "quote", "code", "table", "caption"]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of an article's plain text, in reading order; `text` has no line breaks except in code."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file and what a reader needs to understand them.

    `path` is relative to the input folder, "/"-separated and NFC. `base` is the absolute URL that relative references in
    the file are resolved against, `home` that of everything published. `zone` is where times without an offset are meant.
    `media` holds what the article refers to beside it, by path, or the reason why it cannot be published; empty before anybody looked.
    """

    path: str
    body: bytes
    base: str
    zone: tzinfo = UTC
    home: str = ""
    media: Mapping[str, Medium | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Article:
    """The facts in one file. What the author did not say is None or empty; nothing is decided here.

    `content` is sanitized HTML with absolute URLs, without the title line; `blocks` is its plain text. `origins` tells
    where a fact came from ("title" -> "first heading"), `flags` what its author should know ("decoded as windows-1252, a guess").
    `references` are the paths of the pictures and recordings in the input folder that it refers to; `duration` is in seconds, of its first enclosure.
    `media` are the names of those that it shows or leads to, sorted.
    """

    path: str
    title: str
    content: str
    blocks: tuple[Block, ...] = ()
    summary: str | None = None
    authors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    links: tuple[Link, ...] = ()
    language: str | None = None
    rights: str | None = None
    id: str | None = None
    slug: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    expires: datetime | None = None
    draft: bool = False
    minor: bool = False
    image: Image | None = None
    duration: int | None = None
    references: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A plain-text summary of one article and, for `feeder explain`, where it came from and why each sentence is in or out.

    `pending` names the answer that it only stands in for, until somebody has given it; empty when it is final. `flags` are what the
    article's author should know of it.
    """

    text: str
    origin: str
    reasons: tuple[tuple[str, str], ...] = ()
    pending: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Podcast:
    """What is said of a feed with recordings: `category` is one of Apple's, "Arts" or "Arts > Books"; `owner` is whom directories write to."""

    category: str | None = None
    explicit: bool = False
    owner: Person | None = None


IN_ICO = 256
"""So many pixels a side a picture in an ICO has at most."""


@dataclass(frozen=True, slots=True)
class Look:
    """What pages look like and offer: `color` is the accent ("#rrggbb"), `icon` the owner's own, `readers` are names of `clients`."""

    color: str | None = None
    icon: Image | None = None
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """What is said once for everything published: the feed's own facts. `base` is an absolute URL that ends in "/".

    `every` is the time between two looks at the folder in seconds, 0 where it is not known: what readers need not ask more often than.
    `hubs` are addresses that push what changes (WebSub). `image` is the square cover of what it publishes.
    """

    id: str
    title: str
    base: str
    language: str = "en"
    authors: tuple[Person, ...] = ()
    subtitle: str | None = None
    rights: str | None = None
    every: int = 0
    hubs: tuple[str, ...] = ()
    image: Image | None = None
    podcast: Podcast = field(default_factory=Podcast)
    look: Look = field(default_factory=Look)

    @property
    def icon(self) -> Image:
        """The picture that stands for the site where there is little room: its owner's, else the one that is made for it."""
        return self.look.icon or Image(f"{self.base}icon.svg", "image/svg+xml")

    @property
    def favicon(self) -> str:
        """The address of the same picture for tabs: an ICO where it can hold it, else the picture itself."""
        own = self.look.icon
        fits = own is None or (own.type == "image/png" and (own.width or 0) <= IN_ICO)
        return f"{self.base}favicon.ico" if fits else self.icon.href


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another article on the same event, as a feed or a page names it."""

    permalink: str
    title: str
    published: datetime

    @property
    def link(self) -> Link:
        """The way there (RFC 4287 section 4.2.7.2, rel=related)."""
        return Link(self.permalink, "related", "text/html", self.title)


@dataclass(frozen=True, slots=True)
class Entry:
    """What subscribers see of one article (RFC 4287 section 4.1.2).

    `links` holds exactly one rel=alternate, the permalink, and for each medium beside the text a rel=enclosure with its type and length.
    `image` is its thumbnail; `duration` that of its first enclosure in seconds, where that is a recording. `arrival` counts the entries in
    the order in which they became public, from 1. `language` is a BCP 47 tag or None for the site's. `same_story` are other articles on the
    same event, found by their words and not named by the author: no change in them is a change of this entry.
    """

    id: str
    title: str
    published: datetime
    updated: datetime
    summary: str
    content: str
    links: tuple[Link, ...]
    authors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    language: str | None = None
    rights: str | None = None
    arrival: int = 0
    same_story: tuple[Sibling, ...] = ()
    image: Image | None = None
    duration: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where serializing could fail or readers would choke: the ledger never hands out such an entry."""
        if not (self.id and self.title.strip()):
            raise ValueError(f"an entry needs an id and a title: {self.id!r} {self.title!r}")
        if sum(link.rel == "alternate" for link in self.links) != 1:
            raise ValueError(f"{self.id}: an entry needs exactly one alternate link, its permalink")
        for when in (self.published, self.updated):
            if when.tzinfo is not UTC or when.microsecond:
                raise ValueError(f"{self.id}: times are UTC in whole seconds, not {when!r}")

    @property
    def permalink(self) -> str:
        """The absolute address of the article's own page."""
        return next(link.href for link in self.links if link.rel == "alternate")

    @property
    def every_link(self) -> tuple[Link, ...]:
        """The author's links, and those to the same story."""
        return (*self.links, *(sibling.link for sibling in self.same_story))


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An entry that is gone (RFC 6721 section 3): `ref` is its id, `when` the time of its withdrawal, UTC in whole seconds."""

    ref: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed document (RFC 4287 section 4.1.1): a site's facts, this document's links, and its entries, newest first.

    `links` say by `rel` where it stands in a paged history (RFC 5005 section 4): prev-archive, next-archive, current; `archive` tells that it
    is an archive document itself. `tombstones` are those of entries that were withdrawn lately, the latest first.
    `summary_only` holds the ids of entries whose content stays on their page, because the document would be too large.
    """

    site: Site
    updated: datetime
    links: tuple[Link, ...]
    entries: tuple[Entry, ...]
    summary_only: frozenset[str] = field(default=frozenset())
    tombstones: tuple[Tombstone, ...] = ()
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The only thing that is ever published. `path` is relative to the output folder, "/"-separated; never absolute, never with ".."."""

    path: str
    media_type: str
    body: bytes
