"""The press: what an edition wants becomes documents, made from the ledger's entries. It decides nothing and puts nothing on the shelf."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from feeder import edition, feeds
from feeder.changes import Known
from feeder.edition import Edition, Kind, Wanted
from feeder.ledger import Ledger
from feeder.model import Document, Entry, Sibling, Site
from feeder.renderers import xml
from feeder.renderers.html import Pages

__all__ = ["FEED", "Press"]

FEED = "feed.xml"
MEDIA_TYPES = {".html": "text/html", ".xml": "application/atom+xml"}


@dataclass(frozen=True, slots=True)
class Press:
    """What documents are made with. `limit` counts the entries of the current document; `version` is the program's."""

    ledger: Ledger
    site: Site
    pages: Pages
    static: tuple[Document, ...]
    limit: int
    version: str

    def digests(self) -> dict[str, str]:
        """By path, a digest of each document that is the same in every edition."""
        return {document.path: hashlib.sha256(document.body).hexdigest() for document in self.static}

    def document(self, shelf: Edition, wanted: Wanted) -> Document:
        """The document that is wanted, as the ledger is now. Raises LedgerError."""
        match wanted.kind:
            case Kind.STATIC:
                return next(document for document in self.static if document.path == wanted.path)
            case Kind.ARTICLE:
                body = self.pages.article(*self._entries(shelf, wanted))
            case Kind.GONE:
                k = self.ledger.known()[wanted.ids[0]]
                body = self.pages.gone(None, self.site.base + edition.page_path(k))  # its title may be that of a draft by now
            case Kind.MONTH:
                body = self.pages.month(wanted.path.removeprefix("archive/").removesuffix(".html"), list(self._entries(shelf, wanted)))
            case Kind.INDEX:
                body = self.pages.index(list(self._entries(shelf, wanted)), shelf.months)
            case Kind.MISSING:
                body = self.pages.missing()
            case Kind.FEED:
                feed = feeds.current(self.site, self._entries(shelf, wanted), updated=shelf.updated, path=FEED, limit=self.limit)
                body = xml.atom(feed, generator_version=self.version)
        return Document(wanted.path, MEDIA_TYPES["." + wanted.path.rpartition(".")[2]], body)

    def _entries(self, shelf: Edition, wanted: Wanted) -> Iterator[Entry]:
        known: Mapping[str, Known] = self.ledger.known()
        siblings = {ident: shelf.same_story.get(ident, ()) for ident in wanted.ids}
        address = {ident: self.site.base + edition.page_path(known[ident]) for ident in {*wanted.ids, *chain(*siblings.values())}}
        for entry in self.ledger.entries(wanted.ids, address):
            said = {link.href for link in entry.links if link.rel == "related"}
            found = (Sibling(address[ident], known[ident].title, known[ident].published) for ident in siblings[entry.id])
            yield replace(entry, same_story=tuple(sibling for sibling in found if sibling.permalink not in said))
