"""What one edition leaves to the next: the entries in order, and the documents of months, archives, tags, authors and folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from feeder.changes import Known
from feeder.edition._rolls import AGE, Groups, Roll, called, grouped
from feeder.edition._wanted import Keys, Kind, Wanted
from feeder.facets import Facet, folders

__all__ = ["SHARED", "Group", "Kept", "Leaf", "archive_path", "page", "shared_pages"]

SHARED = 20
"""So many entries stand in the feed and on the page of a tag, an author or a folder: one article stands in many. More stand on pages by year."""


class Group(NamedTuple):
    """The documents of one tag, author or folder."""

    facet: Facet
    pages: tuple[Wanted, ...]
    feed: Wanted


class Leaf(NamedTuple):
    """The page of one article and all that it names: those on the same story, and who was published next before it and after it."""

    known: Known
    siblings: tuple[str, ...]
    older: Known | None
    newer: Known | None
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Kept:
    """All of it. `gone` are entries that were public, in the order of arrival; `buried` those of them with a tombstone, the latest last.

    `graves` are the addresses of the facets that these had, by id.
    """

    style: str
    roll: Roll
    gone: list[Known]
    buried: list[Known]
    graves: Mapping[str, tuple[str, ...]]
    articles: dict[str, Leaf]
    months: Groups[Wanted]
    archives: Groups[Wanted]
    groups: Groups[Group]

    @classmethod
    def of(cls, known: Mapping[str, Known], facets: Mapping[str, Sequence[Facet]], key: Keys, size: int, after: datetime, last: Kept | None) -> Kept:
        """Bring it up to the promises. `size` is that of an archive; what went after `after` has a tombstone."""
        last = last if last and last.style == key.style else None
        roll = called(known, last.roll if last else None)
        public = {k.id: k for k in roll.public}
        gone = [k for k in roll.arrived if not k.public]
        buried = sorted((k for k in gone if k.since and k.since > after), key=lambda k: (k.since, k.id))
        shared = _Shared(key, facets, buried)
        graves, before = {k.id: shared.addresses(k) for k in buried}, last.graves if last else {}
        moved = (graves.keys() ^ before.keys()) | (graves.keys() & roll.changed)
        other = {address for ident in moved for address in (*graves.get(ident, ()), *before.get(ident, ()))}
        return cls(
            key.style,
            roll,
            gone,
            buried,
            graves,
            last.articles if last else {},
            grouped(last.months if last else None, roll.changed, public, _month, lambda month, ks: _month_page(month, ks, key)),
            grouped(
                last.archives if last else None, roll.changed, roll.known, lambda k: _archive(k, size), lambda path, ks: _archive_feed(path, ks, key)
            ),
            grouped(last.groups if last else None, roll.changed, public, shared.addresses, shared.group, other),
        )

    def pages(self, key: Keys) -> Iterator[Wanted]:
        """The page of each article, the newest first, and of each that is gone."""
        newest = self.roll.public[::-1]
        kept, stories = self.articles, key.same_story
        for newer, k, older in zip([None, *newest], newest, [*newest[1:], None], strict=False):
            leaf, siblings = kept.get(k.id), stories.get(k.id, ())
            # Siblings may have changed: pages with any are not kept.
            if leaf is None or siblings or leaf.siblings or leaf.known is not k or leaf.older is not older or leaf.newer is not newer:
                leaf = kept[k.id] = Leaf(k, siblings, older, newer, Wanted(page(k), Kind.ARTICLE, key.page(k, older, newer), (k.id,)))
            yield leaf.wanted
        for k in (k for k in self.gone if not k.bare):
            yield Wanted(page(k), Kind.GONE, f"{key.style} gone {key.revisions[k.id]}", (k.id,))


def page(k: Known) -> str:
    """The path of an article's page."""
    return f"articles/{k.slug}.html"


def archive_path(number: int) -> str:
    """The path of an archive document."""
    return f"archive/{number:04}.xml"


def shared_pages(groups: Collection[Group], key: Keys) -> Iterator[Wanted]:
    """For each kind of facet the page of all there are, and those of each."""
    for kind in sorted({group.facet.kind for group in groups}):
        yield Wanted(f"{kind}/index.html", Kind.DIRECTORY, key.of((), [group.facet for group in groups if group.facet.kind == kind]))
    for group in groups:
        yield from group.pages


def _newest(members: Iterable[Known]) -> list[Known]:
    return sorted(members, key=AGE, reverse=True)


def _ids(members: Iterable[Known]) -> tuple[str, ...]:
    return tuple(k.id for k in members)


def _month(k: Known) -> tuple[str]:
    return (f"{k.published.year:04}-{k.published.month:02}",)


def _month_page(month: str, members: Sequence[Known], key: Keys) -> Wanted:
    return Wanted(f"archive/{month}.html", Kind.MONTH, key.stamp(members), _ids(_newest(members)))


def _archive(k: Known, size: int) -> tuple[str]:
    return (archive_path((k.arrival - 1) // size + 1),)


def _archive_feed(path: str, members: Sequence[Known], key: Keys) -> Wanted:
    """Who is gone counts too: its withdrawal is a change of its archive."""
    return Wanted(path, Kind.ARCHIVE, key.stamp(members), _ids(members))


class _Shared:
    """Makes the documents of tags, authors and folders. `stated` are tags and authors by id."""

    def __init__(self, key: Keys, stated: Mapping[str, Sequence[Facet]], buried: Iterable[Known]) -> None:
        self._key = key
        self._stated = stated
        self._left: dict[str, list[Known]] = defaultdict(list)
        for k in buried:
            for address in self.addresses(k):
                self._left[address].append(k)

    def facets(self, k: Known) -> tuple[Facet, ...]:
        """All facets of an entry."""
        return (*self._stated.get(k.id, ()), *folders(k.path))

    def addresses(self, k: Known) -> tuple[str, ...]:
        """Those of its facets."""
        return tuple(facet.address for facet in self.facets(k))

    def group(self, address: str, members: Sequence[Known]) -> Group:
        """The documents of the facet at this address."""
        first = min(members, key=lambda k: k.arrival)
        facet = next(facet for facet in self.facets(first) if facet.address == address)  # it is called as its first article calls it
        shown, gone, years = _newest(members), self._left.get(address, []), defaultdict(list)
        for k in shown if len(shown) > SHARED else ():
            years[f"{k.published.year:04}"].append(k)
        stamp = f"{self._key.stamp([*shown, *gone])} {len(gone)} {facet.label}"
        front = Wanted(f"{address}/index.html", Kind.FACET, f"{stamp} {','.join(years)}", _ids(shown))
        feed = Wanted(f"{address}/feed.xml", Kind.FACET_FEED, stamp, _ids([*shown, *gone]))
        return Group(facet, (front, *(self._year(facet, year, ks) for year, ks in years.items())), feed)

    def _year(self, facet: Facet, year: str, members: Sequence[Known]) -> Wanted:
        """A page of titles."""
        return Wanted(f"{facet.address}/{year}.html", Kind.YEAR, f"{self._key.stamp(members)} {facet.label}", _ids(members))
