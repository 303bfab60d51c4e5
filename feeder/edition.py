"""Which documents should exist now, and what each is made from. Pure: it renders nothing and reads no content.

An edition follows from the promises, and from who tells the same story. Each document it wants has a key that names everything the
document is made from; while the key on the shelf is the same, the document need not be made again. Documents come in the order in which
they are published: pages first, the feed last, so that nothing links to what is not there yet.

Arrival numbers divide the history into archives (RFC 5005 section 4) of fifty: the first holds arrivals 1 to 50. One is sealed when all of
its arrivals have happened; from then on nothing but a change of its own entries changes it. Behind the last sealed one stands an open one,
because the sealed one links to its successor from the beginning. What is in no sealed archive stands in the current document.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from heapq import nlargest
from itertools import chain, islice
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from feeder.changes import Known, State
from feeder.facets import Facet, folders

__all__ = ["ARCHIVE", "FOUNDED", "NONE", "SHOWN", "Edition", "Kind", "Terms", "Wanted", "came_back", "candidates", "gone_pages", "page_path", "plan"]

AGE = attrgetter("published", "arrival")
SIBLINGS = 5  # so many others on the same event an entry names at most
SHOWN = 50  # so many entries stand on the front page, and on that of a tag, an author or a folder; more stand on pages by month or year
FOUNDED = datetime(1970, 1, 1, tzinfo=UTC)  # `updated` of a feed that never had an entry: the same in every build
ARCHIVE = 50
"""Entries in one archive document. It cannot change in the life of a feed: subscribers know archives by their addresses."""


class Kind(StrEnum):
    """What a document is."""

    STATIC = "static"
    MEDIA = "media"
    ARTICLE = "article"
    GONE = "gone"
    MONTH = "month"
    INDEX = "index"
    MISSING = "missing"
    FACET = "facet"
    YEAR = "year"
    DIRECTORY = "directory"
    ARCHIVE = "archive"
    FACET_FEED = "facet feed"
    OPML = "opml"
    RSS = "rss"
    JSON = "json"
    FEED = "feed"


class Wanted(NamedTuple):
    """One document that should exist: where, what, the key of what it is made from, and the ids of the entries that it may hold.

    Of an archive and of a facet's documents they are all that ever belonged there: some may be gone.
    """

    path: str
    kind: Kind
    key: str
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What an edition is planned under. `limit` counts the entries of a feed document, `archive` those of an archive document.

    `tombstones` is how long the feed says of an entry that it is gone.
    """

    limit: int = 50
    tombstones: timedelta = timedelta(days=30)
    archive: int = ARCHIVE


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything that should be published. `updated` is the newest of the entries' `updated` and of the withdrawals (FEED_RULES 11).

    `same_story` maps ids of public entries to those of public entries on the same event, the most alike first. `facets` holds those that
    have public entries, by address. `tombstones` are ids and times of withdrawal, the latest first; `until` is when the first of
    them is told no longer. `sealed` counts the sealed archives, and `unsealed` are the ids of the entries in none of them.
    """

    wanted: tuple[Wanted, ...]
    updated: datetime
    months: tuple[tuple[str, int], ...]
    gone: frozenset[str]
    same_story: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facets: Mapping[str, Facet] = field(default_factory=dict)
    tombstones: tuple[tuple[str, datetime], ...] = ()
    until: datetime | None = None
    sealed: int = 0
    unsealed: frozenset[str] = frozenset()


NONE = Edition((), FOUNDED, (), frozenset())  # nothing is known, so nothing is wanted


def page_path(k: Known) -> str:
    """The path of an article's page below the base: its permalink, percent-encoded."""
    return quote(_page(k))


def came_back(k: Known) -> datetime:
    """When subscribers last had to be told of a public entry: when it changed, or came back after it was gone."""
    return max(k.updated, k.since) if k.since and k.state is State.LIVE else k.updated


def plan(
    known: Mapping[str, Known],
    revisions: Mapping[str, int],
    kin: Mapping[str, Sequence[tuple[str, float]]] = MappingProxyType({}),
    facets: Mapping[str, Sequence[Facet]] = MappingProxyType({}),
    media: Mapping[str, Sequence[str]] = MappingProxyType({}),
    *,
    now: datetime,
    style: str,
    static: Mapping[str, str],
    terms: Terms,
) -> Edition:
    """The edition that follows from the promises.

    By id: the generations of the last changes, `kin` (the most alike first, with a likeness), tags and authors, names of `media`. `style` names
    the site's facts, the terms and the renderers; `static` maps paths of fixed documents to digests; `now` is aware UTC.
    """
    public = sorted((k for k in known.values() if k.public), key=AGE, reverse=True)
    gone = [k for k in known.values() if k.arrival and not k.public]
    buried, same_story = _buried(gone, now - terms.tombstones), _same_story(known, kin)
    shared = _Shared(public, gone, facets, {ident for ident, _ in buried})
    history = _History(public, gone, terms.archive)
    updated = max((*(k.updated for k in public), *(k.since for k in gone if k.since)), default=FOUNDED)
    current = [k.id for k in candidates(public, terms.limit, history.unsealed)]
    newest, key, months = [k.id for k in public[:SHOWN]], _Keys(style, revisions, same_story), _by_month(public)
    wanted = (
        *(Wanted(path, Kind.STATIC, digest) for path, digest in static.items()),
        *_articles(public, gone, {k: [name for name in names if f"media/{name}" not in static] for k, names in media.items()}, key),
        *(Wanted(f"archive/{month}.html", Kind.MONTH, key.stamp(ids), ids) for month, ids in months.items()),
        *shared.pages(key),
        Wanted("404.html", Kind.MISSING, style),
        Wanted("index.html", Kind.INDEX, key.of(newest, list(map(len, months.values())), shared.kinds), newest),
        *history.wanted(key),
        *shared.feeds(key),
        Wanted("feeds.opml", Kind.OPML, key.of((), sorted(shared.facets.values()))),
        *_feeds(current, key.of(current, updated, buried, history.sealed, related=True)),
    )
    counts, until = tuple((month, len(ids)) for month, ids in months.items()), buried[-1][1] + terms.tombstones if buried else None
    told = (same_story, shared.facets, buried, until, history.sealed, frozenset(k.id for k in history.unsealed))
    return Edition(wanted, updated, counts, gone_pages(gone), *told)


def _buried(gone: Iterable[Known], after: datetime) -> tuple[tuple[str, datetime], ...]:
    """The ids of those that went after a time, and when, the latest first."""
    return tuple(sorted(((k.id, k.since) for k in gone if k.since and k.since > after), key=lambda told: (told[1], told[0]), reverse=True))


def _articles(public: Iterable[Known], gone: Iterable[Known], media: Mapping[str, Sequence[str]], key: _Keys) -> Iterator[Wanted]:
    for name in sorted({name for k in public for name in media.get(k.id, ())}):
        yield Wanted(f"media/{name}", Kind.MEDIA, name)
    for k in public:
        yield Wanted(_page(k), Kind.ARTICLE, key.page(k), (k.id,))
    for k in (k for k in gone if not k.bare):
        yield Wanted(_page(k), Kind.GONE, f"{key.style} gone {key.revisions[k.id]}", (k.id,))


def _feeds(current: Sequence[str], key: str) -> Iterator[Wanted]:
    """The current document in its three forms, of the same entries."""
    for path, kind in (("rss.xml", Kind.RSS), ("feed.json", Kind.JSON), ("feed.xml", Kind.FEED)):
        yield Wanted(path, kind, key, current)


def candidates(public: Iterable[Known], limit: int, promised: Iterable[Known] = ()) -> list[Known]:
    """Those that a feed document of `limit` entries may hold, the newest first: it chooses among them by size."""
    orders = (AGE, lambda k: (came_back(k), k.arrival), attrgetter("arrival"))
    ks = list(public)
    chosen = {k.id: k for k in chain(promised, *(nlargest(limit, ks, key=order) for order in orders))}
    return sorted(chosen.values(), key=AGE, reverse=True)


def _same_story(known: Mapping[str, Known], kin: Mapping[str, Sequence[tuple[str, float]]]) -> dict[str, tuple[str, ...]]:
    """Of public entries, those that are public themselves: nothing else may be heard of."""
    shown = ((ident, tuple(islice((other for other, _ in found if known[other].public), SIBLINGS))) for ident, found in kin.items())
    return {ident: siblings for ident, siblings in shown if siblings and known[ident].public}


@dataclass(frozen=True, slots=True)
class _Keys:
    style: str
    revisions: Mapping[str, int]
    same_story: Mapping[str, tuple[str, ...]]

    def page(self, k: Known) -> str:
        """A page names its siblings by their titles, dates and addresses."""
        return " ".join([self.style, str(self.revisions[k.id]), *(f"{ident} {self.revisions[ident]}" for ident in self.same_story.get(k.id, ()))])

    def of(self, ids: Sequence[str], *also: object, related: bool = False) -> str:
        """The key of what names these entries, in this order."""
        siblings = [ident for ident in ids for ident in self.same_story.get(ident, ())] if related else []
        made_from = repr((self.style, also, [(ident, self.revisions[ident]) for ident in (*ids, *siblings)]))
        return hashlib.sha256(made_from.encode()).hexdigest()

    def stamp(self, ids: Sequence[str]) -> str:
        """The key of a group that entries join and leave by changing only: then either its newest revision or its number is another."""
        return f"{self.style} {max(map(self.revisions.__getitem__, ids), default=0)} {len(ids)}"


class _Shared:
    """Tags, authors and folders: the public entries of each, the newest first, and those with a tombstone."""

    def __init__(self, public: Iterable[Known], gone: Iterable[Known], stated: Mapping[str, Sequence[Facet]], buried: Set[str]) -> None:
        members: dict[str, list[str]] = defaultdict(list)
        labels: dict[str, tuple[int, Facet]] = {}
        years: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for k in public:
            year = k.published.year
            for facet in (*stated.get(k.id, ()), *folders(k.path)):
                address = facet.address
                members[address].append(k.id)
                years[address][year].append(k.id)
                if address not in labels or k.arrival < labels[address][0]:
                    labels[address] = (k.arrival, facet)
        left: dict[str, list[str]] = defaultdict(list)
        for k in (k for k in gone if k.id in buried):
            for facet in (*stated.get(k.id, ()), *folders(k.path)):
                left[facet.address].append(k.id)
        self._members, self._left = members, left
        self._years = {address: found for address, found in years.items() if len(members[address]) > SHOWN}
        self.facets = {address: labels[address][1] for address in sorted(members)}  # a facet is called as its first article calls it
        self.kinds = sorted({facet.kind for facet in self.facets.values()})

    def pages(self, key: _Keys) -> Iterator[Wanted]:
        """For each kind what there is of it; for each facet its page, and one for each year where there are many."""
        for kind in self.kinds:
            yield Wanted(f"{kind}/index.html", Kind.DIRECTORY, key.of((), [f for f in self.facets.values() if f.kind == kind]))
        for address, facet in self.facets.items():
            years = self._years.get(address, {})
            yield Wanted(
                f"{address}/index.html", Kind.FACET, f"{key.stamp(self._members[address])} {len(years)} {facet.label}", self._members[address]
            )
            for year, ids in years.items():
                yield Wanted(f"{address}/{year:04}.html", Kind.YEAR, f"{key.stamp(ids)} {facet.label}", ids)

    def feeds(self, key: _Keys) -> Iterator[Wanted]:
        """The feed of each facet."""
        for address, facet in self.facets.items():
            left = self._left.get(address, [])
            ids = [*self._members[address], *left]
            yield Wanted(f"{address}/feed.xml", Kind.FACET_FEED, f"{key.stamp(ids)} {len(left)} {facet.label}", ids)


class _History:
    """The archives: which arrivals are in which, and which in none that is sealed."""

    def __init__(self, public: list[Known], gone: list[Known], size: int) -> None:
        arrived = sorted((*public, *gone), key=attrgetter("arrival"), reverse=True)
        self.sealed = arrived[0].arrival // size if arrived else 0
        self._archives: dict[int, list[str]] = {number: [] for number in range(1, self.sealed + 2)} if self.sealed else {}
        self.unsealed = [k for k in public if k.arrival > self.sealed * size]
        for k in arrived if self.sealed else ():
            self._archives[(k.arrival - 1) // size + 1].append(k.id)

    def wanted(self, key: _Keys) -> Iterator[Wanted]:
        """The documents, the oldest first. Who is gone counts too: its withdrawal is a change of its archive."""
        for number, ids in self._archives.items():
            yield Wanted(f"archive/{number:04}.xml", Kind.ARCHIVE, f"{key.stamp(ids)} {number <= self.sealed}", ids)


def _by_month(public: Iterable[Known]) -> dict[str, list[str]]:
    """The entries of each month, newest first: a page for each, so that a new article changes one of them and leaves the others alone."""
    grouped: dict[tuple[int, int], list[str]] = defaultdict(list)
    for k in public:
        grouped[k.published.year, k.published.month].append(k.id)
    return {f"{year:04}-{month:02}": ids for (year, month), ids in grouped.items()}


def gone_pages(known: Iterable[Known]) -> frozenset[str]:
    """The paths of the pages of what subscribers once had and no longer have."""
    return frozenset(_page(k) for k in known if k.arrival and not k.public and not k.bare)


def _page(k: Known) -> str:
    return f"articles/{k.slug}.html"
