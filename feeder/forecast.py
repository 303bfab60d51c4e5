"""What subscribers would see change, from the feeds as they are and as they would be. Pure: it compares, and neither makes nor decides anything.

A subscriber here is one who has read everything: the current document and every archive. What a reader marks as unread follows from
that: an id it has never seen, or an `updated` that moved. Everything else that differs comes to him in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from feeder import subscription
from feeder.errors import Unreadable
from feeder.subscription import Item, Subscription

__all__ = ["Difference", "Fate", "Outlook", "Prospect", "compare", "kinds"]

CURRENT = "feed.xml"
_HISTORY = re.compile(r"feed\.xml|archive/\d+\.xml")
_KINDS = (
    ("feeds", re.compile(r"(.*/)?(feed\.xml|rss\.xml|feed\.json)")),
    ("archives", re.compile(r"archive/.*\.xml")),
    ("articles", re.compile(r"articles/.*")),
    ("media", re.compile(r"media/.*")),
    ("pages", re.compile(r".*\.html")),
)


class Fate(StrEnum):
    """What would become of an entry, as subscribers see it."""

    NEW = "new"
    BACK = "back"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would differ in an entry or a feed; of a content `before` and `after` are numbers of words that go and come."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of one entry. `unread`: readers would show it as unread, again or for the first time."""

    id: str
    title: str
    fate: Fate
    unread: bool
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would become of the feed: its entries, those that change first, and what is said of it as a whole.

    `feed` holds what differs in its id, title and address. `published` and `live` count its entries before and afterwards.
    """

    entries: tuple[Outlook, ...] = ()
    feed: tuple[Difference, ...] = ()
    published: int = 0
    live: int = 0

    @property
    def renamed(self) -> bool:
        """Whether the feed's own id would change: readers that know feeds by it take every entry for new."""
        return any(difference.name == "id" for difference in self.feed)

    @property
    def unread(self) -> int:
        """How many entries readers would show as unread."""
        return self.live if self.renamed else sum(entry.unread for entry in self.entries)

    @property
    def again(self) -> int:
        """How many of these subscribers have read before."""
        fresh = sum(entry.fate is Fate.NEW for entry in self.entries)
        return min(self.published, self.live) if self.renamed else sum(entry.unread for entry in self.entries) - fresh


def compare(before: Callable[[str], bytes | None], after: Callable[[str], bytes | None], paths: Collection[str], live: int) -> Prospect:
    """Compare the feeds as they are with those that would be.

    Both give a document's body by its path, None where there is none; `paths` are those of all documents before or after. `live` counts the
    entries that would be public. Only documents that differ are parsed; in the others an id is looked for as it stands there.
    """
    history = [path for path in paths if _HISTORY.fullmatch(path)]
    bodies = [(before(path), after(path)) for path in sorted(history, key=lambda path: (path != CURRENT, path))]
    same = [old for old, new in bodies if old == new and old is not None]
    old, new = (_History.of(pair[side] for pair in bodies if pair[0] != pair[1]) for side in (0, 1))
    stands = _standing(same, old.items.keys() ^ new.items.keys())
    lost, found = old.items.keys() - new.items.keys() - stands, new.items.keys() - old.items.keys() - stands
    entries = [
        *_changed(old, new),
        *(Outlook(i, new.items[i].title, Fate.BACK if i in old.gone else Fate.NEW, i not in old.gone) for i in new.items if i in found),
        *(Outlook(i, old.items[i].title, Fate.GONE, unread=False) for i in old.items if i in lost),
    ]
    head = (old.current, new.current) if old.current and new.current else None
    return Prospect(tuple(entries), tuple(_feed(*head)) if head else (), live - len(found) + len(lost), live)


@dataclass(frozen=True, slots=True)
class _History:
    """What one has who has read these documents."""

    items: Mapping[str, Item]
    gone: Collection[str]
    current: Subscription | None

    @staticmethod
    def of(bodies: Iterable[bytes | None]) -> _History:
        """The entries of documents, the current one first; where that leaves a content to the page, an archive's stands for it."""
        items: dict[str, Item] = {}
        gone, current = set[str](), None
        for body in bodies:
            document = _read(body)
            if document is None:
                continue
            if not document.archive and current is None:
                current, gone = document, {stone.ref for stone in document.gone}
            for item in document.items:
                if item.id not in items or not items[item.id].content:
                    items[item.id] = item
        return _History(items, gone, current)


def _read(body: bytes | None) -> Subscription | None:
    try:
        return subscription.read(body) if body else None
    except Unreadable:
        return None  # nobody could read it: it tells nobody anything


def _standing(bodies: list[bytes], idents: Collection[str]) -> set[str]:
    """Which ids stand in documents that do not change."""
    marks = {ident: f">{escape(ident, quote=False)}<".encode() for ident in idents}
    return {ident for ident, mark in marks.items() if any(mark in body for body in bodies)}


def _changed(old: _History, new: _History) -> Iterator[Outlook]:
    for ident, item in new.items.items():
        if (known := old.items.get(ident)) is not None and known != item and (differences := tuple(_differences(known, item))):
            yield Outlook(ident, item.title, Fate.CHANGED, known.updated != item.updated, differences)


def _differences(old: Item, new: Item) -> Iterator[Difference]:
    """What a reader could see, and the two times; what is there and what comes instead."""
    yield from _texts(old, new)
    for name in ("published", "updated"):
        if (was := getattr(old, name)) != (now := getattr(new, name)):
            yield Difference(name, str(was or ""), str(now or ""))
    if old.content and new.content and old.content != new.content:
        was, now = (Counter(subscription.plain(item.content).split()) for item in (old, new))
        yield Difference("content", str((was - now).total()), str((now - was).total()))
    elif bool(old.content) != bool(new.content):
        yield Difference("content", *("on its page" if not item.content else "in the feed" for item in (old, new)))
    for name, one, other in (("links", _links(old), _links(new)), ("authors", _authors(old), _authors(new)), ("categories", _tags(old), _tags(new))):
        if one != other:
            yield Difference(name, ", ".join(one), ", ".join(other))


def _texts(old: Item, new: Item) -> Iterator[Difference]:
    for name, what in (("title", "title"), ("summary", "summary"), ("link", "address"), ("language", "language"), ("rights", "rights")):
        was, now = (str(getattr(item, name) or "") for item in (old, new))
        if was != now:
            yield Difference(what, *(map(subscription.plain, (was, now)) if name == "summary" else (was, now)))


def _links(item: Item) -> list[str]:
    return [link.href for link in item.links if link.rel != "alternate"]


def _authors(item: Item) -> list[str]:
    return [person.name for person in item.authors]


def _tags(item: Item) -> list[str]:
    return [category.label or category.term for category in item.categories]


def _feed(old: Subscription, new: Subscription) -> Iterator[Difference]:
    """What is said of the feed as a whole."""
    own = [next((link.href for link in document.links if link.rel == "self"), "") for document in (old, new)]
    for name, was, now in (("id", old.id, new.id), ("title", old.title, new.title), ("address", *own)):
        if was != now:
            yield Difference(name, was, now)


def kinds(paths: Iterable[str]) -> dict[str, int]:
    """How many of these documents are of which kind, the most first."""
    counts = Counter(next((kind for kind, form in _KINDS if form.fullmatch(path)), "others") for path in paths)
    return dict(counts.most_common())
