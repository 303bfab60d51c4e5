"""What entries have in common: tags, authors, folders. Each facet has an address of its own, for ever. Pure; it knows no entries and no pages.

An address follows from the name alone, so that no other facet that comes or goes can change it. Names that differ only in case, spaces,
hyphens and underscores are one facet. A name that its address cannot tell from others ("C++", "c#") ends in a digest of it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Literal, NamedTuple

from feeder import text

__all__ = ["Facet", "Kind", "author", "folders", "tag"]

Kind = Literal["tags", "authors", "folders"]
LIMIT = 80  # bytes of one step of an address
_DIGEST = re.compile("-[0-9a-f]{8}$")
_JOINTS = re.compile(r"[\s_-]+")


class Facet(NamedTuple):
    """One thing that entries may share. `address` is its folder below the site's base, without "/" at the end, not percent-encoded."""

    kind: Kind
    address: str
    label: str


def tag(term: str) -> Facet:
    """The facet of a category's term."""
    return Facet("tags", f"tags/{_step(term)}", term)


def author(name: str) -> Facet:
    """The facet of an author's name."""
    return Facet("authors", f"authors/{_step(name)}", name)


def folders(path: str) -> tuple[Facet, ...]:
    """The facets of the folders that an article's file lies in, the outermost first; none for one that lies at the top."""
    return _folders(path.rpartition("/")[0])


@lru_cache(maxsize=4096)
def _folders(folder: str) -> tuple[Facet, ...]:
    steps = folder.split("/") if folder else []
    return tuple(_folder(steps[: depth + 1]) for depth in range(len(steps)))


def _folder(steps: list[str]) -> Facet:
    return Facet("folders", "/".join(["folders", *map(_step, steps)]), "/".join(_shown(step) for step in steps))


def _shown(name: str) -> str:
    """A folder's name as people may see it: a disk takes names that no document can carry."""
    return text.line(text.clean(name)) or "\ufffd"


@lru_cache(maxsize=16384)
def _step(name: str) -> str:
    """One step of an address."""
    plain = _JOINTS.sub("-", text.line(text.clean(name)).casefold()).strip("-")
    slug = text.slug(plain, limit=LIMIT)
    if slug == plain and not _DIGEST.search(plain):
        return slug
    digest = hashlib.sha256(plain.encode()).hexdigest()[:8]
    return f"{text.slug(plain, limit=LIMIT - 9)}-{digest}"
