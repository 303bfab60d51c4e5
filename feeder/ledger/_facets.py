"""The tags and authors of articles, as the ledger keeps them to group entries by without reading their contents. Folders follow from paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time where an edition is planned: `feeder status` plans none, and must answer at once
    from feeder.changes import Known
    from feeder.facets import Facet
    from feeder.ledger._database import Database
    from feeder.ledger._rows import Told

__all__ = ["Facets"]


class Facets:
    """What entries have in common, in one ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._all: dict[str, tuple[Facet, ...]] | None = None

    def all(self) -> Mapping[str, tuple[Facet, ...]]:
        """By entry id its tags and authors, whether it is public or not; nothing of one that has neither. Read once; kept true by `record`."""
        if self._all is None:
            with self._database.guard():
                rows = self._database.db.execute("SELECT id, kind, name FROM facet ORDER BY id, kind, name").fetchall()
            self._all = {ident: _facets((kind, name) for _, kind, name in group) for ident, group in groupby(rows, itemgetter(0))}
        return MappingProxyType(self._all)

    def forget(self) -> None:
        """Read everything anew when it is asked for next."""
        self._all = None

    def record(self, after: Iterable[Known], told: Mapping[str, Told]) -> None:
        """Within a transaction: take in what was read of these entries, by id. One that is gone keeps what it had, for its tombstone."""
        for k in after:
            if k.id not in told or k.state == "draft":  # nobody is to hear of a draft's; and once it is none any more it has been read again
                continue
            article = told[k.id].article
            names = {("tags", category.term) for category in article.categories} | {("authors", person.name) for person in article.authors}
            self._database.db.execute("DELETE FROM facet WHERE id = ?", (k.id,))
            self._database.db.executemany("INSERT INTO facet VALUES (?, ?, ?)", ((k.id, *name) for name in names))
            if self._all is not None:
                self._all[k.id] = _facets(sorted(names))


def _facets(names: Iterable[tuple[str, str]]) -> tuple[Facet, ...]:
    from feeder import facets

    make = {"tags": facets.tag, "authors": facets.author}
    return tuple({facet.address: facet for kind, name in names for facet in (make[kind](name),)}.values())
