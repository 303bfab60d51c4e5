"""Where documents are published to: what every target promises, as a Protocol. Knows documents, not entries or feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from feeder.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from feeder.model import Document

__all__ = ["Publisher", "Put", "located"]


@dataclass(frozen=True, slots=True)
class Put:
    """What one put changed: paths written and removed, in that order, and how many documents were there already, byte for byte."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


class Publisher(Protocol):
    """A target. Paths are those of Document; hidden names (leading ".") belong to the target itself."""

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        """Publish `documents` in their order, then take away the documents at `remove`, which need not exist.

        Only what differs is written. Readers see each document whole, old or new. `documents` is consumed once and may be
        lazy; nothing is visible before its end, so an error it raises changes nothing and is passed on. A path in both stays.
        Raises PublishError when a document cannot be published, Busy when another process publishes here.
        """
        ...

    def get(self, path: str) -> bytes | None:
        """The body published at `path`, None when there is none."""
        ...

    def stats(self, paths: Iterable[str] | None = None) -> Mapping[str, tuple[int, int]]:
        """Of each document there, or of those of `paths` that are: path -> (bytes, time of its last change in nanoseconds since 1970)."""
        ...

    def fingerprint(self) -> object:
        """A cheap value that is equal again only if no document was added, removed or renamed since, by whomever."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Be the only one who publishes here until the context ends. Raises Busy, naming the other process."""
        ...


def located(path: str) -> tuple[str, str]:
    """Split a document's path into its folder ("" for the top) and name; PublishError unless it can only lie inside the target."""
    folder, _, name = path.rpartition("/")
    parts = path.split("/")
    if any(not part or part.startswith(".") for part in parts) or "\\" in path or "\0" in path:
        raise PublishError(f"{path!r} cannot be published: a path is relative, of visible names joined by '/'")
    return folder, name
