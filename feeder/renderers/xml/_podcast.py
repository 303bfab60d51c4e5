"""What podcast clients want to know of a feed and its recordings, in RSS alone: Apple's namespace, and that of Podcasting 2.0.

None of it stands in a feed without recordings (FEED_RULES 35), nor with an entry without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from feeder.renderers.xml._words import add, on_the_web, uri

if TYPE_CHECKING:
    from lxml import etree

    from feeder.model import Entry, Feed, Link

__all__ = ["episode", "show"]

_NAMESPACE = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")  # podcastindex.org/namespace/1.0, "guid"


def show(channel: etree._Element, feed: Feed) -> None:
    """Append to a channel with recordings what is said of all of them."""
    site, podcast = feed.site, feed.site.podcast
    if not any(_recording(entry) for entry in feed.entries):
        return
    add(channel, "itunes:author", ", ".join(person.name for person in site.authors) or site.title)
    add(channel, "itunes:explicit", str(podcast.explicit).lower())
    add(channel, "itunes:type", "episodic")
    if podcast.category:
        whole, _, part = podcast.category.partition(" > ")
        category = add(channel, "itunes:category", text=None)
        category.set("text", whole)
        if part:
            add(category, "itunes:category").set("text", part)
    if podcast.owner:
        owner = add(channel, "itunes:owner")
        add(owner, "itunes:name", podcast.owner.name)
        if podcast.owner.email:
            add(owner, "itunes:email", podcast.owner.email)
    if (image := site.image) and on_the_web(image.href):
        add(channel, "itunes:image", href=uri(image.href))
    _identity(channel, feed)


def _identity(channel: etree._Element, feed: Feed) -> None:
    """What the show is called for ever, whatever host it moves to, and that its owner alone may move it."""
    address = next((link.href for link in feed.links if link.rel == "self"), feed.site.base)
    add(channel, "podcast:guid", uuid5(_NAMESPACE, address.partition("://")[2].rstrip("/")))
    owner = feed.site.podcast.owner
    add(channel, "podcast:locked", "yes", owner=owner.email if owner else None)
    add(channel, "podcast:medium", "podcast")


def episode(item: etree._Element, entry: Entry) -> None:
    """Append to an item with a recording what is said of it."""
    if _recording(entry) is None:
        return
    if entry.duration:
        add(item, "itunes:duration", entry.duration)
    add(item, "itunes:episodeType", "full")
    if (image := entry.image) and on_the_web(image.href) and image.type in (None, "image/jpeg", "image/png"):
        add(item, "itunes:image", href=uri(image.href))


def _recording(entry: Entry) -> Link | None:
    """The first enclosure, if it is a recording: RSS has room for one."""
    first = next((link for link in entry.links if link.rel == "enclosure"), None)
    return first if first and (first.type or "").startswith("audio/") else None
