"""Which documents should exist now, and what each is made from. Pure: it renders nothing and reads no content.

An edition follows from the promises, and from who tells the same story. Each document it wants has a key that names everything the
document is made from; while the key on the shelf is the same, the document need not be made again. Documents come in the order in which
they are published: pages first, the feed last, so that nothing links to what is not there yet.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from heapq import nlargest
from itertools import islice
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from feeder.changes import Known

__all__ = ["NONE", "Edition", "Kind", "Wanted", "gone_pages", "page_path", "plan"]

AGE = attrgetter("published", "arrival")
SIBLINGS = 5  # so many others on the same event an entry names at most
FOUNDED = datetime(1970, 1, 1, tzinfo=UTC)  # `updated` of a feed that never had an entry: the same in every build


class Kind(StrEnum):
    """What a document is."""

    STATIC = "static"
    ARTICLE = "article"
    GONE = "gone"
    MONTH = "month"
    INDEX = "index"
    MISSING = "missing"
    FEED = "feed"


class Wanted(NamedTuple):
    """One document that should exist: where, what, the key of what it is made from, and the ids of the entries in it."""

    path: str
    kind: Kind
    key: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything that should be published. `updated` is the newest of the entries' `updated` and of the withdrawals (FEED_RULES 11).

    `same_story` maps ids of public entries to those of public entries on the same event, the most alike first.
    """

    wanted: tuple[Wanted, ...]
    updated: datetime
    months: tuple[tuple[str, int], ...]
    gone: frozenset[str]
    same_story: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NONE = Edition((), FOUNDED, (), frozenset())  # nothing is known, so nothing is wanted


def page_path(k: Known) -> str:
    """The path of an article's page below the base: its permalink, percent-encoded."""
    return quote(_page(k))


def plan(
    known: Mapping[str, Known],
    revisions: Mapping[str, int],
    kin: Mapping[str, Sequence[tuple[str, float]]] = MappingProxyType({}),
    *,
    style: str,
    static: Mapping[str, str],
    limit: int,
) -> Edition:
    """The edition that follows from the promises.

    `revisions` maps ids to the generation they last changed in; `kin` maps them to who tells the same story, the most alike first, with a
    likeness; `style` names the site's facts and the renderers; `static` maps the
    paths of fixed documents to digests; `limit` is the number of entries in the current document.
    """
    public = [k for k in known.values() if k.public]
    gone = [k for k in known.values() if k.arrival and not k.public]
    newest = nlargest(limit, public, key=AGE)
    edited = nlargest(limit, public, key=attrgetter("updated", "arrival"))
    arrived = nlargest(limit, public, key=attrgetter("arrival"))
    by_month = _by_month(public)
    months = [(month, len(entries)) for month, entries in by_month.items()]
    updated = max([k.updated for k in public] + [k.since for k in gone if k.since], default=FOUNDED)
    same_story = _same_story(known, kin)
    key = _Keys(style, revisions, same_story)
    wanted = [
        *(Wanted(path, Kind.STATIC, digest) for path, digest in static.items()),
        *(Wanted(_page(k), Kind.ARTICLE, key.page(k), (k.id,)) for k in public),
        *(Wanted(_page(k), Kind.GONE, f"{style} gone {revisions[k.id]}", (k.id,)) for k in gone if not k.bare),
        *(key.wanted(f"archive/{month}.html", Kind.MONTH, entries) for month, entries in by_month.items()),
        Wanted("404.html", Kind.MISSING, style),
        key.wanted("index.html", Kind.INDEX, newest, months),
        key.wanted("feed.xml", Kind.FEED, list({k.id: k for k in newest + edited + arrived}.values()), updated),
    ]
    return Edition(tuple(wanted), updated, tuple(months), gone_pages(gone), same_story)


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

    def wanted(self, path: str, kind: Kind, entries: list[Known], also: object = "") -> Wanted:
        ids = tuple(k.id for k in entries)
        related = [ident for ident in ids for ident in self.same_story.get(ident, ())] if kind is Kind.FEED else []
        made_from = repr((self.style, also, [(ident, self.revisions[ident]) for ident in (*ids, *related)]))
        return Wanted(path, kind, hashlib.sha256(made_from.encode()).hexdigest(), ids)


def _by_month(public: list[Known]) -> dict[str, list[Known]]:
    """The entries of each month, newest first: a page for each, so that a new article changes one of them and leaves the others alone."""
    grouped: dict[tuple[int, int], list[Known]] = defaultdict(list)
    for k in public:
        grouped[k.published.year, k.published.month].append(k)
    return {f"{year:04}-{month:02}": sorted(entries, key=AGE, reverse=True) for (year, month), entries in sorted(grouped.items(), reverse=True)}


def gone_pages(known: Iterable[Known]) -> frozenset[str]:
    """The paths of the pages of what subscribers once had and no longer have."""
    return frozenset(_page(k) for k in known if k.arrival and not k.public and not k.bare)


def _page(k: Known) -> str:
    return f"articles/{k.slug}.html"
