"""The press: what an edition wants becomes documents, made from the ledger's entries. It decides nothing and puts nothing on the shelf."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from feeder import edition, feeds, media
from feeder.changes import Known
from feeder.edition import Edition, Kind, Wanted
from feeder.errors import PluginError, Problem
from feeder.facets import folders
from feeder.ledger import Ledger
from feeder.model import Document, Entry, Feed, Sibling, Site, Tombstone
from feeder.renderers import jsonfeed, opml, xml
from feeder.renderers.extra import Extra
from feeder.renderers.html import Pages
from feeder.store import Store

__all__ = ["FEED", "Press"]

FEED = "feed.xml"
REMEMBERED = 500
MEDIA_TYPES = {".html": "text/html", ".xml": "application/atom+xml", ".json": "application/feed+json", ".opml": "text/x-opml"}


@dataclass(frozen=True, slots=True)
class Press:
    """What documents are made with. `limit` counts the entries of the current document; `version` is the program's.

    `memory` holds some entries as they were read last, by id and revision: one stands in many documents. `composed` holds the
    current document of the last edition. `memo` holds entries as they were written last.
    """

    ledger: Ledger
    store: Store
    site: Site
    pages: Pages
    static: tuple[Document, ...]
    limit: int
    version: str
    extras: tuple[Extra, ...] = ()
    memory: dict[tuple[str, int], Entry] = field(default_factory=dict)
    composed: list[tuple[Edition, Feed]] = field(default_factory=list)
    memo: xml.Memo = field(default_factory=lambda: xml.Memo(xml.ROOM))

    def digests(self) -> dict[str, str]:
        """By path, a digest of each document that is the same in every edition."""
        return {document.path: hashlib.sha256(document.body).hexdigest() for document in self.static}

    def document(self, shelf: Edition, wanted: Wanted) -> Document:
        """The document that is wanted, as the ledger is now; one of an installed renderer comes from `further`. Raises LedgerError."""
        match wanted.kind:
            case Kind.STATIC:
                return next(document for document in self.static if document.path == wanted.path)
            case Kind.MEDIA:
                return Document(wanted.path, media.guessed(wanted.path) or "", self.store.read(wanted.key))
            case Kind.ARTICLE | Kind.GONE | Kind.MONTH | Kind.INDEX | Kind.MISSING:
                body = self._page(shelf, wanted)
            case Kind.FACET | Kind.YEAR | Kind.DIRECTORY:
                body = self._shared_page(shelf, wanted)
            case Kind.OPML:
                body = opml.render(self.site, tuple(shelf.facets.values()))
            case Kind.FEED | Kind.RSS | Kind.JSON | Kind.ARCHIVE | Kind.FACET_FEED:
                body = self._feed(shelf, wanted)
        return Document(wanted.path, MEDIA_TYPES["." + wanted.path.rpartition(".")[2]], body)

    @property
    def others(self) -> dict[str, str]:
        """The media types of the documents of installed renderers, by path."""
        return {path: media for extra in self.extras for path, media in extra.documents.items()}

    def wants(self) -> tuple[edition.Extra, ...]:
        """What an edition has to know of the installed renderers."""
        return tuple(edition.Extra(tuple(extra.documents), extra.plugin.stamp, extra.whole) for extra in self.extras)

    def further(self, shelf: Edition, behind: Iterable[Wanted]) -> tuple[dict[str, Document], dict[str, Problem]]:
        """Of the documents that are behind, those of installed renderers by path, and why there are none of others. Raises LedgerError."""
        made, failed = dict[str, Document](), dict[str, Problem]()
        wanted = {w.path: w for w in behind if w.kind is Kind.EXTRA}
        for extra in self.extras:
            asked = [wanted[path] for path in extra.documents if path in wanted]
            if not asked:
                continue
            ids = asked[0].ids
            try:
                bodies = extra.render(self._whole(shelf, ids) if extra.whole else self._current(shelf, ids))
            except PluginError as error:
                failed |= {w.path: Problem(extra.plugin.plugin.called, str(error), "") for w in asked}
            else:
                made |= {w.path: Document(w.path, extra.documents[w.path], bodies[w.path]) for w in asked}
        return made, failed

    def _whole(self, shelf: Edition, ids: Sequence[str]) -> Feed:
        """All public entries, the newest first, under the head of the current document."""
        (current,) = (wanted for wanted in shelf.wanted if wanted.kind is Kind.FEED)
        return replace(self._current(shelf, current.ids), entries=tuple(self._entries(shelf, ids)), summary_only=frozenset())

    def _page(self, shelf: Edition, wanted: Wanted) -> bytes:
        match wanted.kind:
            case Kind.ARTICLE:
                (ident,) = wanted.ids
                shared = (*self.ledger.facets.all().get(ident, ()), *folders(self.ledger.known()[ident].path))
                near = [self._sibling(k) if k else None for k in edition.neighbours(shelf, ident)]
                return self.pages.article(*self._entries(shelf, wanted.ids, related=True), facets=shared, older=near[0], newer=near[1])
            case Kind.GONE:
                k = self.ledger.known()[wanted.ids[0]]
                return self.pages.gone(None, self.site.base + edition.page_path(k))  # its title may be that of a draft by now
            case Kind.MONTH:
                return self.pages.month(wanted.path.removeprefix("archive/").removesuffix(".html"), self._entries(shelf, wanted.ids))
            case Kind.INDEX:
                kinds = sorted({facet.kind for facet in shelf.facets.values()})
                return self.pages.index(self._entries(shelf, wanted.ids), shelf.months, kinds=kinds)
        return self.pages.missing()

    def _shared_page(self, shelf: Edition, wanted: Wanted) -> bytes:
        """A page of a tag, an author or a folder, or the page of all of a kind."""
        address, _, name = wanted.path.rpartition("/")
        if wanted.kind is Kind.DIRECTORY:
            return self.pages.directory(address, [facet for facet in shelf.facets.values() if facet.kind == address])
        if wanted.kind is Kind.YEAR:
            return self.pages.year(shelf.groups[address].facet, name.removesuffix(".html"), self._named(wanted.ids))
        years = sorted({f"{self.ledger.known()[ident].published.year:04}" for ident in wanted.ids}, reverse=True)
        shown = wanted.ids[: edition.SHARED]
        return self.pages.group(shelf.groups[address].facet, self._entries(shelf, shown), years if len(wanted.ids) > len(shown) else ())

    def _feed(self, shelf: Edition, wanted: Wanted) -> bytes:
        match wanted.kind:
            case Kind.ARCHIVE:
                return xml.atom(self._archive(shelf, wanted), generator_version=self.version, memo=self.memo)
            case Kind.FACET_FEED:
                return xml.atom(self._shared(shelf, wanted), generator_version=self.version, memo=self.memo)
            case Kind.RSS:
                twin = feeds.twin(self._current(shelf, wanted.ids), wanted.path, "application/rss+xml")
                return xml.rss(twin, generator_version=self.version, memo=self.memo)
            case Kind.JSON:
                return jsonfeed.render(feeds.twin(self._current(shelf, wanted.ids), wanted.path, "application/feed+json"))
        return xml.atom(self._current(shelf, wanted.ids), generator_version=self.version, memo=self.memo)

    def _current(self, shelf: Edition, ids: Sequence[str]) -> Feed:
        """The document that subscribers poll, whatever its format: it is composed once for all of them."""
        if self.composed and self.composed[-1][0] is shelf:
            return self.composed[-1][1]
        tombstones = tuple(Tombstone(*told) for told in shelf.tombstones)
        past = feeds.Past(shelf.sealed, shelf.unsealed, tombstones, self._restored(ids))
        entries = self._entries(shelf, ids, related=True)
        feed = feeds.current(self.site, entries, updated=shelf.updated, path=FEED, bounds=feeds.Bounds(self.limit), past=past)
        self.composed[:] = [(shelf, feed)]
        return feed

    def _shared(self, shelf: Edition, wanted: Wanted) -> Feed:
        """The feed of a tag, an author or a folder."""
        known = self.ledger.known()
        ids = edition.candidates([known[ident] for ident in wanted.ids if known[ident].public], edition.SHARED)
        own = set(wanted.ids)
        tombstones = tuple(Tombstone(*told) for told in shelf.tombstones if told[0] in own)
        site = feeds.shared(self.site, shelf.groups[wanted.path.rpartition("/")[0]].facet)
        past = feeds.Past(tombstones=tombstones, restored=self._restored(ids))
        bounds, updated = feeds.Bounds(edition.SHARED, least=edition.SHARED // 2), self._updated(wanted.ids)
        return feeds.current(site, self._entries(shelf, ids), updated=updated, path=wanted.path, bounds=bounds, past=past)

    def _archive(self, shelf: Edition, wanted: Wanted) -> Feed:
        known, number = self.ledger.known(), int(wanted.path.removeprefix("archive/").removesuffix(".xml"))
        entries = self._entries(shelf, [ident for ident in wanted.ids if known[ident].public])
        return feeds.archive(self.site, entries, number=number, sealed=shelf.sealed, updated=self._updated(wanted.ids))

    def _updated(self, ids: Iterable[str]) -> datetime:
        """The newest of the entries' `updated` and of the withdrawals."""
        known = self.ledger.known()
        return max((k.updated if k.public else k.since or k.updated for k in map(known.__getitem__, ids)), default=edition.FOUNDED)

    def _named(self, ids: Iterable[str]) -> list[Sibling]:
        """These entries as others name them."""
        return [self._sibling(k) for k in map(self.ledger.known().__getitem__, ids)]

    def _sibling(self, k: Known) -> Sibling:
        return Sibling(self.site.base + edition.page_path(k), k.title, k.published)

    def _restored(self, ids: Iterable[str]) -> dict[str, datetime]:
        known = self.ledger.known()
        return {ident: edition.came_back(known[ident]) for ident in ids}

    def _entries(self, shelf: Edition, ids: Sequence[str], *, related: bool = False) -> list[Entry]:
        """The entries of these ids. Those on the same story are named where it is asked: elsewhere a change of another is no change."""
        told = [self._remembered(ident) for ident in ids]
        return [self._related(entry, shelf.same_story.get(entry.id, ())) for entry in told] if related else told

    def _remembered(self, ident: str) -> Entry:
        """The entry as it was read last; those that nobody has asked for the longest are forgotten."""
        named = (ident, self.ledger.revisions()[ident])
        found = self.memory.pop(named, None) or self._read(ident)
        self.memory[named] = found
        if len(self.memory) > REMEMBERED:
            del self.memory[next(iter(self.memory))]
        return found

    def _read(self, ident: str) -> Entry:
        """An entry as the ledger has it. A category that its author put into no scheme is one of ours."""
        (entry,) = self.ledger.entries((ident,), {ident: self._address(ident)})
        own = f"{self.site.base}tags/"
        return replace(entry, categories=tuple(category if category.scheme else replace(category, scheme=own) for category in entry.categories))

    def _related(self, entry: Entry, siblings: Sequence[str]) -> Entry:
        """The entry with those on the same story that its author does not name already."""
        said = {link.href for link in entry.links if link.rel == "related"}
        found = tuple(sibling for sibling in self._named(siblings) if sibling.permalink not in said)
        return replace(entry, same_story=found) if found else entry

    def _address(self, ident: str) -> str:
        return self.site.base + edition.page_path(self.ledger.known()[ident])
