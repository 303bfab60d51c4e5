"""Entries as bytes, each made once, and documents put together from them. It knows no elements and no format.

The first documents of a change are an archive, a feed for each tag, author and folder, and the current ones; they have most of
their entries in common, and have them as they were an hour ago. What was made of an entry is therefore remembered, by the
entry's own value, within limits: the bytes of a document are the same with and without.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from feeder.renderers.xml._words import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from feeder.model import Entry

__all__ = ["MEMO", "Fragment", "Memo", "prefixes", "spliced"]

_BESIDE = 4096  # bytes that an entry takes beside its content and its fragment, at most as a rule


class Fragment(NamedTuple):
    """An entry in XML, without declarations: `prefixes` are those of the namespaces that the document has to declare."""

    xml: bytes
    prefixes: frozenset[str]


class Memo:
    """What was made of entries, the last used of it, as far as it fits into `room` bytes with the entries themselves."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._used = 0
        self._held: dict[Hashable, tuple[Entry, Fragment]] = {}

    def fragment(self, entry: Entry, form: Hashable, make: Callable[[], etree._Element]) -> Fragment:
        """Return the entry in this form: as it was made before of an equal entry, or as `make` makes it now."""
        key = (entry.id, form)
        held = self._held.pop(key, None)
        if held is not None and held[0] == entry:
            self._held[key] = held
            return held[1]
        self._used -= _weight(held) if held else 0
        fragment = _cut(make())
        self._held[key] = (entry, fragment)
        self._used += _weight(self._held[key])
        while self._used > self._room:
            self._used -= _weight(self._held.pop(next(iter(self._held))))
        return fragment

    def clear(self) -> None:
        """Forget everything: nothing is lost but time."""
        self._held.clear()
        self._used = 0


def _weight(held: tuple[Entry, Fragment]) -> int:
    return sys.getsizeof(held[0].content) + len(held[1].xml) + _BESIDE


def _cut(element: etree._Element) -> Fragment:
    """Return the bytes of one element. The namespaces are declared around it, not in it."""
    around = etree.Element("around", nsmap=NAMESPACES)
    around.append(element)
    body = etree.tostring(around, encoding="UTF-8", xml_declaration=False)
    xml = body[body.index(b">") + 1 : body.rindex(b"<")]
    # No text can hold "<": it is always the beginning of an element.
    return Fragment(xml, frozenset(prefix for prefix in NAMESPACES if b"<%s:" % prefix.encode() in xml))


def prefixes(fragments: Iterable[Fragment]) -> frozenset[str]:
    """The prefixes that a document of these entries has to declare."""
    return frozenset().union(*(fragment.prefixes for fragment in fragments))


def spliced(head: bytes, fragments: Iterable[Fragment], end: bytes) -> bytes:
    """Put the entries into a document without entries, before `end`, with which it closes."""
    return b"".join((head.removesuffix(end), *(fragment.xml for fragment in fragments), end, b"\n"))


MEMO = Memo(16 * 1024 * 1024)
