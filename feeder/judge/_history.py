"""The documents beside each other: the walk through the archives meets every live entry (RFC 5005), and no two disagree about one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeder.judge._document import Facts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from feeder.judge._document import Finding, Item

__all__ = ["agreement", "walk"]

_MANY = 5  # ids of one kind that are told; a feed that lost its archives has lost thousands


def walk(feeds: Mapping[str, Facts], current: Facts, live: Collection[str] | None) -> Iterator[Finding]:
    """Rule 27: from the current document by prev-archive to the oldest, and back by next-archive. `live` are the ids that must be met."""
    archives = list[Facts]()
    yield from _back(feeds, current, archives)
    for newer, archive in zip([None, *archives], archives, strict=False):
        yield from _archive(feeds, current, newer, archive)
    yield from _strays(feeds, current, archives)
    yield from _met(feeds, current, archives, live)


def _back(feeds: Mapping[str, Facts], current: Facts, archives: list[Facts]) -> Iterator[Finding]:
    """Follow prev-archive into `archives`, the newest first."""
    here = current
    while address := here.links.get("prev-archive"):
        found = feeds.get(here.paper.place(address) or "")
        if found is None:
            yield here.paper.wrong(27, f"prev-archive leads to nothing: {address}", "whoever walks back stops here")
            return
        if any(found is met for met in (current, *archives)):
            yield here.paper.wrong(27, f"prev-archive leads in a circle: {address}", "whoever walks back never ends")
            return
        archives.append(found)
        here = found


def _archive(feeds: Mapping[str, Facts], current: Facts, newer: Facts | None, archive: Facts) -> Iterator[Finding]:
    """One archive by itself. Behind the newest of them stands the document that will be the next: it is open, and no archive yet."""
    paper = archive.paper
    if not archive.archive:
        yield paper.wrong(27, "it is reached by prev-archive and is no archive (fh:archive)", "readers fetch it again and again")
    if archive.links.get("current") != current.paper.address:
        yield paper.wrong(27, f"current is {archive.links.get('current')}, not {current.paper.address}")
    following = archive.links.get("next-archive")
    if newer is not None and following != newer.paper.address:
        yield paper.wrong(27, f"next-archive is {following}, and {newer.paper.path} leads here")
    elif newer is None:
        yield from _open(feeds, current, archive, following)


def _open(feeds: Mapping[str, Facts], current: Facts, archive: Facts, following: str | None) -> Iterator[Finding]:
    opened = feeds.get(archive.paper.place(following or "") or "")
    if opened is None:
        yield archive.paper.wrong(27, f"next-archive leads to nothing: {following}")
        return
    if opened.archive:
        yield opened.paper.wrong(27, f"it is an archive, but the feed's prev-archive is {archive.paper.path}", "whoever walks back misses it")
    if opened.links.get("current") != current.paper.address or opened.links.get("prev-archive") != archive.paper.address:
        yield opened.paper.wrong(27, "its links current and prev-archive do not lead to the feed and to the last archive")


def _strays(feeds: Mapping[str, Facts], current: Facts, archives: list[Facts]) -> Iterator[Finding]:
    """Archives of this feed that the walk does not meet."""
    met = {archive.paper.path for archive in archives}
    for path, facts in feeds.items():
        if facts.archive and path not in met and facts.links.get("current") == current.paper.address:
            yield facts.paper.wrong(27, "no prev-archive leads to this archive", "whoever walks back misses it")


def _met(feeds: Mapping[str, Facts], current: Facts, archives: list[Facts], live: Collection[str] | None) -> Iterator[Finding]:
    """Every live entry once: in the current document or in one archive."""
    places: dict[str, list[Facts]] = {}
    for archive in archives:
        for item in archive.items:
            places.setdefault(item.id, []).append(archive)
    twice = [(ident, found) for ident, found in places.items() if len(found) > 1]
    for ident, found in twice[:_MANY]:
        yield found[0].paper.wrong(27, f"{ident} stands in {found[1].paper.path} too", "an entry has one archive")
    yield from _unlived(feeds, {ref for ref, _ in current.tombstones}, live)
    if live is not None:
        missed = [ident for ident in live if ident not in places.keys() | {item.id for item in current.items}]
        more = f", and {len(missed) - 1:,} more" if len(missed) > 1 else ""
        if missed:
            yield current.paper.wrong(27, f"{missed[0]} is published and stands neither here nor in an archive{more}", "the next build mends it")


def _unlived(feeds: Mapping[str, Facts], gone: set[str], live: Collection[str] | None) -> Iterator[Finding]:
    """Entries that should stand nowhere any more."""
    for facts in feeds.values():
        unlived = [item for item in facts.items if item.id in gone or (live is not None and item.id not in live)]
        for item in unlived[:_MANY]:
            yield facts.paper.wrong(29 if item.id in gone else 27, f"{item.id} is not published any more and still stands here", "", item.line)


def agreement(feeds: Mapping[str, Facts]) -> Iterator[Finding]:
    """Rule 9 over all documents: an entry is the same wherever it stands; ids of feeds are their own."""
    first: dict[str, tuple[Facts, Item]] = {}
    names: dict[str, Facts] = {}
    for facts in feeds.values():
        if facts.kind == "atom" and facts.id and not _of_one_feed(facts, names.setdefault(facts.id, facts)):
            yield facts.paper.wrong(9, f"{names[facts.id].paper.path} has the feed id {facts.id} too", "two feeds are two ids")
        for item in facts.items:
            other, known = first.setdefault(item.id, (facts, item))
            if other is not facts and facts.kind == other.kind and (differs := _difference(item, known)):
                yield facts.paper.wrong(9, f"{item.id} has another {differs} than in {other.paper.path}", "the next build mends it", item.line)


def _of_one_feed(one: Facts, other: Facts) -> bool:
    """A paged feed is one feed: its documents share their id, and say which is current."""
    return one is other or one.links.get("current", one.paper.address) == other.links.get("current", other.paper.address)


def _difference(one: Item, other: Item) -> str:
    for name in ("title", "link", "published", "updated"):
        if getattr(one, name) != getattr(other, name):
            return name
    return "content" if one.content and other.content and one.content != other.content else ""
