"""Elements that neither feedgen nor the two formats know, and that mean the same in both: one function for each, one table.

Those for an entry may use nothing but the entry, because what is made of it is remembered (`_fragments`). Namespaces stand in `_words`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeder.renderers.xml._words import add, on_the_web, uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from feeder.model import Entry, Feed

__all__ = ["OF_ENTRY", "OF_FEED"]


def _thumbnail(element: etree._Element, entry: Entry) -> None:
    """Media RSS, `media:thumbnail`."""
    if (image := entry.image) and on_the_web(image.href):
        add(element, "media:thumbnail", url=uri(image.href), width=image.width, height=image.height)


# Called with atom:entry or item, and what it is made of.
OF_ENTRY: tuple[Callable[[etree._Element, Entry], None], ...] = (_thumbnail,)
# Called with atom:feed or channel, before any entry is in it.
OF_FEED: tuple[Callable[[etree._Element, Feed], None], ...] = ()
