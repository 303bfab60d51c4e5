"""What a document is, and the key of what it is made from. It knows no order and no group of entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from feeder.changes import Known

__all__ = ["OURS", "Extra", "Keys", "Kind", "Wanted"]

DOCUMENTS = ("feed.xml", "rss.xml", "feed.json", "feeds.opml", "index.html", "404.html", "robots.txt")
OURS = frozenset((*DOCUMENTS, "health", "status", "status.json", "status.css", "metrics"))
"""Names at the top that are ours whatever is published, or would hide what the server answers."""


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
    EXTRA = "extra"
    RSS = "rss"
    JSON = "json"
    FEED = "feed"


class Wanted(NamedTuple):
    """One document that should exist: where, what, the key of what it is made from, and the ids of the entries that it may hold.

    Of an archive and of a facet's feed they are all that belonged there: some may be gone.
    """

    path: str
    kind: Kind
    key: str
    ids: Sequence[str] = ()


class Extra(NamedTuple):
    """Documents that an installed renderer makes of the entries: where, and `stamp`, which names whatever else they are made from.

    `whole`: of all public entries, not only of those in the current document.
    """

    paths: Sequence[str]
    stamp: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """Makes keys. `revisions` maps ids to the generation they last changed in, `same_story` to who tells the same story."""

    style: str
    revisions: Mapping[str, int]
    same_story: Mapping[str, tuple[str, ...]]

    def page(self, k: Known, older: Known | None = None, newer: Known | None = None) -> str:
        """The key of an article's page, which names its siblings by their titles, dates and addresses, and its neighbours by their titles.

        The address of a neighbour follows from its id, for ever; so an edit of its text leaves this page alone.
        """
        siblings = [f"{ident} {self.revisions[ident]}" for ident in self.same_story.get(k.id, ())]
        near = [f"{mark}{other.id} {other.title}" for mark, other in (("<", older), (">", newer)) if other]
        return " ".join([self.style, str(self.revisions[k.id]), *siblings, *near])

    def of(self, ids: Sequence[str], *also: object, related: bool = False) -> str:
        """The key of what names these entries, in this order."""
        siblings = [ident for ident in ids for ident in self.same_story.get(ident, ())] if related else []
        made_from = repr((self.style, also, [(ident, self.revisions[ident]) for ident in (*ids, *siblings)]))
        return hashlib.sha256(made_from.encode()).hexdigest()

    def stamp(self, members: Iterable[Known]) -> str:
        """The key of a group that entries join and leave by changing only: then either its newest revision or its number is another."""
        found = [self.revisions[k.id] for k in members]
        return f"{self.style} {max(found, default=0)} {len(found)}"
