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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from itertools import chain, islice
from operator import attrgetter
from types import MappingProxyType
from urllib.parse import quote

from feeder.changes import Known
from feeder.edition._kept import SHARED, Group, Kept, archive_path, page, shared_pages
from feeder.edition._rolls import AGE, Roll, came_back
from feeder.edition._wanted import OURS, Extra, Keys, Kind, Wanted
from feeder.facets import Facet

__all__ = [
    "ARCHIVE",
    "FOUNDED",
    "NONE",
    "SHARED",
    "SHOWN",
    "Edition",
    "Extra",
    "Kind",
    "Terms",
    "Wanted",
    "came_back",
    "candidates",
    "gone_pages",
    "may_outlive",
    "neighbours",
    "owned",
    "page_path",
    "plan",
]

UPDATED = attrgetter("updated")
_FOLDERS = frozenset(("archive", "articles", "authors", "folders", "media", "tags"))
SHOWN = 50  # so many entries stand on the front page; all of them stand on the pages by month
SIBLINGS = 5  # so many others on the same event an entry names at most
FOUNDED = datetime(1970, 1, 1, tzinfo=UTC)  # `updated` of a feed that never had an entry: the same in every build
ARCHIVE = 50
"""Entries in one archive document. It cannot change in the life of a feed: subscribers know archives by their addresses."""


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

    `same_story` maps ids of public entries to those of public entries on the same event, the most alike first. `groups` holds the facets
    that have public entries, with their documents, by address. `tombstones` are ids and times of withdrawal, the latest first; `until` is
    when the first of them is told no longer. `sealed` counts the sealed archives, and `unsealed` are the ids of the entries in none of them.
    """

    wanted: tuple[Wanted, ...]
    updated: datetime
    months: tuple[tuple[str, int], ...]
    gone: frozenset[str]
    same_story: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    tombstones: tuple[tuple[str, datetime], ...] = ()
    until: datetime | None = None
    sealed: int = 0
    unsealed: frozenset[str] = frozenset()
    kept: Kept | None = None

    @property
    def facets(self) -> dict[str, Facet]:
        """What public entries have in common, by address."""
        return {address: group.facet for address, group in self.groups.items()}


NONE = Edition((), FOUNDED, (), frozenset())  # nothing is known, so nothing is wanted


def neighbours(shelf: Edition, ident: str) -> tuple[Known | None, Known | None]:
    """Who was published next before a public entry, and who next after it, of those that are public."""
    leaf = shelf.kept.articles.get(ident) if shelf.kept else None
    return (leaf.older, leaf.newer) if leaf else (None, None)


def page_path(k: Known) -> str:
    """The path of an article's page below the base: its permalink, percent-encoded."""
    return quote(page(k))


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
    extras: Sequence[Extra] = (),
    last: Edition = NONE,
) -> Edition:
    """The edition that follows from the promises.

    By id: the generations of the last changes, `kin` (the most alike first, with a likeness), tags and authors, names of `media`. `style` names
    the site's facts, the terms and the renderers; `static` maps paths of fixed documents to digests; `extras` are documents of installed
    renderers; `now` is aware UTC. `last` is the edition before, from which is taken what is as it was.
    """
    key = Keys(style, revisions, _same_story(known, kin))
    kept = Kept.of(known, facets, key, terms.archive, now - terms.tombstones, last.kept)
    roll, months = kept.roll, dict(reversed(list(kept.months.made.items())))
    updated = max((*map(UPDATED, roll.public), *(k.since for k in kept.gone if k.since)), default=FOUNDED)
    sealed = roll.arrived[-1].arrival // terms.archive if roll.arrived else 0
    unsealed = [k for k in roll.arrived[-terms.archive :] if k.public and k.arrival > sealed * terms.archive]
    tombstones = tuple((k.id, k.since) for k in reversed(kept.buried) if k.since)
    counts = tuple((month, len(page.ids)) for month, page in months.items())
    current = _current(roll, terms.limit, unsealed)
    wanted = (
        *_fixed(static, media, known),
        *_pages(kept, months.values(), counts, key),
        *_archives(kept.archives.made, sealed, style),
        *(group.feed for group in kept.groups.made.values()),
        Wanted("feeds.opml", Kind.OPML, key.of((), [group.facet for group in kept.groups.made.values()])),
        *_feeds(current, key.of(current, updated, tombstones, sealed, related=True), extras, kept, key),
    )
    until = tombstones[-1][1] + terms.tombstones if tombstones else None
    told = (key.same_story, kept.groups.made, tombstones, until, sealed, frozenset(k.id for k in unsealed), kept)
    return Edition(wanted, updated, counts, gone_pages(kept.gone), *told)


def candidates(newest: Sequence[Known], limit: int) -> list[str]:
    """Of public entries, the newest first, the ids of those that a feed document of `limit` may hold: it chooses among them by size."""
    orders = ((came_back(k), k.arrival) for k in newest), (k.arrival for k in newest)
    last = (at for order in orders for _, at in nlargest(limit, zip(order, range(len(newest)), strict=True)))
    return [newest[at].id for at in sorted({*range(min(limit, len(newest))), *last})]


def _current(roll: Roll, limit: int, promised: Iterable[Known]) -> list[str]:
    arrived = islice((k for k in reversed(roll.arrived) if k.public), limit)
    chosen = {k.id: k for k in chain(promised, roll.public[-limit:], roll.told[-limit:], arrived)}
    return [k.id for k in sorted(chosen.values(), key=AGE, reverse=True)]


def _same_story(known: Mapping[str, Known], kin: Mapping[str, Sequence[tuple[str, float]]]) -> dict[str, tuple[str, ...]]:
    """Of public entries, those that are public themselves: nothing else may be heard of."""
    shown = ((ident, tuple(islice((other for other, _ in found if known[other].public), SIBLINGS))) for ident, found in kin.items())
    return {ident: siblings for ident, siblings in shown if siblings and known[ident].public}


def _fixed(static: Mapping[str, str], media: Mapping[str, Sequence[str]], known: Mapping[str, Known]) -> Iterator[Wanted]:
    """What is the same in every edition, and the media that public entries show, but for those that are published anyway."""
    yield from (Wanted(path, Kind.STATIC, digest) for path, digest in static.items())
    names = {name for ident, found in media.items() if known[ident].public for name in found}
    yield from (Wanted(f"media/{name}", Kind.MEDIA, name) for name in sorted(names) if f"media/{name}" not in static)


def _pages(kept: Kept, months: Iterable[Wanted], counts: Sequence[tuple[str, int]], key: Keys) -> Iterator[Wanted]:
    """The pages for people: of the articles, of what they share, and those of the whole."""
    groups, newest = kept.groups.made.values(), [k.id for k in reversed(kept.roll.public[-SHOWN:])]
    yield from kept.pages(key)
    yield from months
    yield from shared_pages(groups, key)
    yield Wanted("404.html", Kind.MISSING, key.style)
    kinds = sorted({group.facet.kind for group in groups})
    yield Wanted("index.html", Kind.INDEX, key.of(newest, counts, kinds), newest)


def _archives(made: Mapping[str, Wanted], sealed: int, style: str) -> Iterator[Wanted]:
    """The archives, the oldest first, and the open one behind the last; none before one is sealed."""
    for number in range(1, sealed + 2) if sealed else ():
        path = archive_path(number)
        found = made.get(path, Wanted(path, Kind.ARCHIVE, style))
        yield found._replace(key=f"{found.key} {number <= sealed}")


def may_outlive(wanted: Wanted, noted: str) -> bool:
    """Whether a document made under the key `noted` may stay when the one that is wanted cannot be made: nobody in it has gone since."""
    return noted.rpartition(" ")[2] == wanted.key.rpartition(" ")[2]


def owned(path: str) -> bool:
    """Whether a document at this path is ours, or may be one day, or would be in the way of one: also on a disk that takes A for a."""
    return path.partition("/")[0].casefold() in OURS | _FOLDERS


def _feeds(current: Sequence[str], made_from: str, extras: Sequence[Extra], kept: Kept, key: Keys) -> Iterator[Wanted]:
    """The current document in its three forms, of the same entries, behind what installed renderers make of them, or of all.

    The last word of an installed renderer's key is another one whenever somebody has gone: see `may_outlive`.
    """
    everybody, gone = key.stamp(kept.roll.public) if extras else "", hashlib.sha256(key.stamp(kept.gone).encode()).hexdigest()[:16]
    for extra in extras:
        ids = [k.id for k in reversed(kept.roll.public)] if extra.whole else current
        made = f"{extra.stamp} {made_from} {everybody if extra.whole else ''} {gone}"
        yield from (Wanted(path, Kind.EXTRA, made, ids) for path in extra.paths)
    for path, kind in (("rss.xml", Kind.RSS), ("feed.json", Kind.JSON), ("feed.xml", Kind.FEED)):
        yield Wanted(path, kind, made_from, current)


def gone_pages(known: Iterable[Known]) -> frozenset[str]:
    """The paths of the pages of what subscribers once had and no longer have."""
    return frozenset(page(k) for k in known if k.arrival and not k.public and not k.bare)
