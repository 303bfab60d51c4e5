"""Entries as bytes, each made once, and documents put together from them. It knows no elements and no format.

A change makes several documents anew: an archive, the feeds of a tag, an author and some folders, the current ones. They have most
entries in common, and have them as they were before. What was made of an entry is therefore remembered, by the entry's own value and
within limits: a document has the same bytes with and without. A memory is one thread's at a time: feeds that are made side by side have
each its own.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from feeder.renderers.xml._words import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from feeder.model import Entry

__all__ = ["MEMO", "ROOM", "Fragment", "Memo", "prefixes", "spliced"]

_BESIDE = 1024  # bytes that each part of an entry takes beside its content, at most as a rule


class Fragment(NamedTuple):
    """An entry in XML, without declarations: `prefixes` are those of the namespaces that the document has to declare."""

    xml: bytes
    prefixes: frozenset[str]


class Memo:
    """What was made of entries, the last used of it, as far as it fits into `room` bytes with the entries themselves."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._used = 0
        self._held: dict[Hashable, tuple[Entry, Fragment]] = {}

    def fragment(self, entry: Entry, form: Hashable, make: Callable[[], etree._Element]) -> Fragment:
        """Return the entry in this form: as it was made before of an equal entry, or as `make` makes it now."""
        key = (entry.id, bool(entry.same_story), form)  # the current documents name who tells the same story, others do not
        held = self._held.pop(key, None)
        if held is not None and held[0] == entry:
            self._held[key] = held
            return held[1]
        self._used -= _weight(held) if held else 0
        fragment = _cut(make())
        self._held[key] = (entry, fragment)
        self._used += _weight(self._held[key])
        while self._used > self.room:
            self._used -= _weight(self._held.pop(next(iter(self._held))))
        return fragment

    def clear(self) -> None:
        """Forget everything: nothing is lost but time."""
        self._held.clear()
        self._used = 0


def _weight(held: tuple[Entry, Fragment]) -> int:
    entry, fragment = held
    parts = len(entry.every_link) + len(entry.authors) + len(entry.categories)
    return sys.getsizeof(entry.content) + len(fragment.xml) + _BESIDE * (4 + parts)


def _cut(element: etree._Element) -> Fragment:
    """Return the bytes of one element. The namespaces are declared around it, not in it."""
    tags = {str(inner.tag) for inner in element.iter("{*}*")}
    names = {tag[1:].partition("}")[0] for tag in tags if tag.startswith("{")}
    if not names:
        return Fragment(etree.tostring(element, encoding="UTF-8", xml_declaration=False), frozenset())
    used = {prefix: name for prefix, name in NAMESPACES.items() if name in names}
    around = etree.Element("around", nsmap=used)
    around.append(element)
    body = etree.tostring(around, encoding="UTF-8", xml_declaration=False)
    return Fragment(body[body.index(b">") + 1 : body.rindex(b"<")], frozenset(used))


def prefixes(fragments: Iterable[Fragment]) -> frozenset[str]:
    """The prefixes that a document of these entries has to declare."""
    return frozenset().union(*(fragment.prefixes for fragment in fragments))


def spliced(head: bytes, fragments: Iterable[Fragment], end: bytes) -> bytes:
    """Put the entries into a document without entries, before `end`, with which it closes."""
    return b"".join((head.removesuffix(end), *(fragment.xml for fragment in fragments), end, b"\n"))


ROOM = 16 * 1024 * 1024
MEMO = Memo(ROOM)
