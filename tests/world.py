"""A folder in memory and a store of promises, to try histories on `changes.decide`; the store may be the real ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from feeder import changes
from feeder.changes import Change, Found, Known, Look, Verdict
from feeder.ledger import Told
from feeder.model import Article

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
FEED_ID = "https://news.example/"


class Store(Protocol):
    """What `changes` needs of a ledger."""

    def known(self) -> Mapping[str, Known]: ...

    def apply(self, changes: tuple[Change, ...], told: Mapping[str, Told]) -> None: ...


@dataclass
class MemoryStore:
    """The ledger's part for `changes`, as a dictionary."""

    promises: dict[str, Known] = field(default_factory=dict)

    def known(self) -> Mapping[str, Known]:
        return dict(self.promises)

    def apply(self, changes: tuple[Change, ...], told: Mapping[str, Told]) -> None:
        self.promises |= {change.entry.id: change.entry for change in changes}


@dataclass(frozen=True)
class Text:
    """A file's text and front matter."""

    title: str
    body: str = ""
    modified: datetime | None = None
    published: datetime | None = None
    updated: datetime | None = None
    expires: datetime | None = None
    draft: bool = False
    minor: bool = False
    id: str | None = None
    slug: str | None = None


def words(number: int) -> str:
    """A body of sixty words that no other number shares."""
    return " ".join(f"w{number}x{position}" for position in range(60))


@dataclass
class World:
    """A folder of texts, a clock that the test moves, and what was read of it so far."""

    store: Store = field(default_factory=MemoryStore)
    files: dict[str, Text] = field(default_factory=dict)
    now: datetime = NOON
    seen: dict[str, str] = field(default_factory=dict)
    keep: bool = False

    def look(
        self,
        *,
        complete: bool = True,
        strange: bool = False,
        brief: frozenset[str] = frozenset(),
        accept: bool = False,
        hide: frozenset[str] = frozenset(),
        unread: frozenset[str] = frozenset(),
        settling: frozenset[str] = frozenset(),
    ) -> Verdict:
        """One cycle: read what changed, decide, record. Paths in `hide` are not seen, those in `settling` not read."""
        there = {path: text for path, text in self.files.items() if path not in hide}
        found = [self.found(path, text) for path, text in there.items() if self.seen.get(path) != _raw(text) and path not in settling]
        look = Look(frozenset(there), complete, strange, brief, unread | settling, settling)
        verdict = changes.decide(self.store.known(), look, found, self.now, feed_id=FEED_ID, accept_removals=accept, keep_removed=self.keep)
        told = {f.path: Told(Article(f.path, f.title, ""), "") for f in found}
        self.store.apply(verdict.changes, told)
        again = {*settling, *verdict.deferred, *(problem.where for problem in verdict.refused)}
        self.seen = {path: _raw(text) for path, text in there.items() if path not in again}
        return verdict

    def found(self, path: str, text: Text) -> Found:
        """What reading this file would say."""
        article = Article(path, text.title, text.body)
        facts = {name: getattr(text, name) for name in ("modified", "published", "updated", "expires", "draft", "minor", "id", "slug")}
        return Found(path, _raw(text), changes.visible(article), text.title, changes.sketch(text.title, text.body), **facts)

    def add(self, path: str, title: str = "", **facts: object) -> str:
        """Put a file there whose text no other file has, and return its path."""
        body = words(len(self.files) + hash_of(path))
        self.files[path] = replace(Text(title or f"About {path}", body), **facts)  # type: ignore[arg-type]
        return path

    def edit(self, path: str, **facts: object) -> None:
        """Change something in a file."""
        self.files[path] = replace(self.files[path], **(facts or {"body": self.files[path].body + " more"}))  # type: ignore[arg-type]

    def rename(self, old: str, new: str) -> None:
        """Give a file another path."""
        self.files[new] = self.files.pop(old)

    def entry(self, path: str) -> Known:
        """The one entry whose file is at this path."""
        (entry,) = [k for k in self.store.known().values() if k.path == path and k.state not in changes.UNFILED]
        return entry

    def public(self) -> set[str]:
        """The paths of the entries that subscribers see."""
        return {k.path for k in self.store.known().values() if k.public}

    def later(self, **delta: float) -> None:
        """Move the clock."""
        self.now += timedelta(**delta)


def hash_of(path: str) -> int:
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:6], "big")


def _raw(text: Text) -> str:
    """The digest of the bytes: the mtime is not part of them."""
    return hashlib.sha256(repr(replace(text, modified=None)).encode()).hexdigest()
