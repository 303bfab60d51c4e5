"""A target that only compares: what a put would change, beside what is really published. Nothing is written anywhere."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from feeder.publishers import Put, located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from feeder.model import Document
    from feeder.publishers import Publisher

__all__ = ["Rehearsal"]


class Rehearsal:
    """A Publisher in front of another one, which is only read. Of what it is given it keeps the feeds (.xml), and digests of the rest."""

    def __init__(self, real: Publisher) -> None:
        self.real = real
        self._feeds: dict[str, bytes] = {}
        self._digests: dict[str, bytes] = {}
        self._sizes: dict[str, int] = {}
        self._removed: set[str] = set()

    @property
    def written(self) -> tuple[str, ...]:
        """The paths of the documents that would be written."""
        return tuple(self._digests)

    @property
    def removed(self) -> tuple[str, ...]:
        """The paths of those that would be taken away."""
        return tuple(sorted(self._removed))

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        """See Publisher.put; nothing is parsed back, and nobody is locked out."""
        written, unchanged, seen = list[str](), 0, set[str]()
        for document in documents:
            located(document.path)
            seen.add(document.path)
            if self._same(document.path, document.body):
                unchanged += 1
                continue
            written.append(document.path)
            self._take(document)
        gone = tuple(path for path in dict.fromkeys(remove) if path not in seen and self.stats([path]))
        for path in gone:
            self._drop(path)
        return Put(tuple(written), gone, unchanged)

    def _same(self, path: str, body: bytes) -> bool:
        if path in self._digests:
            return self._digests[path] == _digest(body)
        return path not in self._removed and self.real.get(path) == body

    def _take(self, document: Document) -> None:
        self._removed.discard(document.path)
        self._digests[document.path] = _digest(document.body)
        self._sizes[document.path] = len(document.body)
        if document.path.endswith(".xml"):
            self._feeds[document.path] = document.body
        if self.real.get(document.path) == document.body:  # there and back again
            self._forget(document.path)

    def _drop(self, path: str) -> None:
        self._forget(path)
        if self.real.stats([path]):
            self._removed.add(path)

    def _forget(self, path: str) -> None:
        for kept in (self._digests, self._sizes, self._feeds):
            kept.pop(path, None)

    def get(self, path: str) -> bytes | None:
        """See Publisher.get; a page is given as it is published now."""
        return None if path in self._removed else self._feeds.get(path) or self.real.get(path)

    def stats(self, paths: Iterable[str] | None = None) -> Mapping[str, tuple[int, int]]:
        """See Publisher.stats; what would be written has the time 0."""
        asked = None if paths is None else list(paths)
        there = {path: stat for path, stat in self.real.stats(asked).items() if path not in self._removed}
        return there | {path: (size, 0) for path, size in self._sizes.items() if asked is None or path in asked}

    def fingerprint(self) -> object:
        """See Publisher.fingerprint."""
        return self.real.fingerprint(), len(self._digests), len(self._removed)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Nobody is locked out."""
        yield


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
