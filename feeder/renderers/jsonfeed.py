"""A feed as JSON Feed 1.1 bytes, and such bytes looked at again. The twin of the Atom document: it says the same, and decides nothing.

The names are those of https://www.jsonfeed.org/version/1.1/. What it has no name for (the feed's id, tombstones, archives) is in the
Atom document only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from feeder.errors import PublishError
from feeder.renderers._common import carried, on_the_web, stamp, uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from feeder.model import Entry, Feed, Link, Person

__all__ = ["VERSION", "check", "render"]

VERSION = "https://jsonfeed.org/version/1.1"
_ABOUT = ("related", "via")  # what an article is about, or where it was found
_CONTENTS = ("content_html", "content_text")


def render(feed: Feed) -> bytes:
    """Return the feed as JSON Feed 1.1 in UTF-8, one value on each line, the same bytes for the same feed.

    Ids, titles, times and addresses are those of the Atom twin: characters that XML cannot carry become U+FFFD here too, and
    addresses that are not http(s) are left out; the others are URIs, as in RSS. An item in `feed.summary_only` has its summary
    as its content, since the format asks for one.
    """
    site = feed.site
    document = _said(
        version=VERSION,
        title=carried(site.title),
        home_page_url=_first(feed.links, "alternate"),
        feed_url=_first(feed.links, "self"),
        description=carried(site.subtitle or ""),
        icon=_address(picture.href if (picture := site.image or site.look.icon) else None),
        favicon=uri(site.favicon),
        authors=_authors(site.authors),
        language=carried(site.language),
        hubs=[{"type": "WebSub", "url": uri(link.href)} for link in feed.links if link.rel == "hub" and on_the_web(link.href)],
    )
    items = [_item(entry, feed) for entry in feed.entries]
    return json.dumps({**document, "items": items}, ensure_ascii=False, indent=1).encode() + b"\n"


def check(body: bytes) -> tuple[str, ...]:
    """Read a document back and return the ids of its items, in its order.

    Raises PublishError where it is not JSON in UTF-8, not a JSON Feed 1.1, or where the feed or an item lacks what the format asks for
    and our documents promise: addresses, a title, a content, times, ids that are texts, none twice.
    """
    try:
        document: object = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise PublishError(f"not a JSON document: {error}; nothing was replaced") from error
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise PublishError("not a JSON Feed of version 1.1; nothing was replaced")
    _require(document, ("title", "home_page_url", "feed_url"), "the feed")
    items = document.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise PublishError("the feed needs a list of items; nothing was replaced")
    for number, item in enumerate(items, 1):
        _require(item, ("id", "url", "title", "date_published", "date_modified"), f"item {number}")
        if not any(isinstance(item.get(name), str) for name in _CONTENTS):
            raise PublishError(f"item {number} has no content; nothing was replaced")
    ids = [str(item["id"]) for item in items]
    if len(set(ids)) < len(ids):
        raise PublishError(f"two items have the id {next(i for i in ids if ids.count(i) > 1)}; nothing was replaced")
    return tuple(ids)


def _require(said: Mapping[object, object], names: Iterable[str], who: str) -> None:
    for name in names:
        value = said.get(name)
        if not (isinstance(value, str) and value.strip()):
            raise PublishError(f"{who} needs a {name} that is not empty; nothing was replaced")


def _item(entry: Entry, feed: Feed) -> dict[str, object]:
    brief = entry.id in feed.summary_only
    summary = carried(entry.summary)
    return {
        "id": carried(entry.id),
        **_said(
            url=_address(entry.permalink),
            external_url=next((uri(link.href) for link in entry.links if link.rel in _ABOUT and on_the_web(link.href)), None),
            title=carried(entry.title),
        ),
        **({"content_text": summary} if brief else {"content_html": carried(entry.content)}),
        **_said(
            summary=summary,
            image=_address(entry.image.href if entry.image else None),
            date_published=stamp(entry.published),
            date_modified=stamp(entry.updated),
            authors=_authors(entry.authors),
            tags=list(dict.fromkeys(carried(category.label or category.term) for category in entry.categories)),
            language=carried(entry.language or "") if entry.language != feed.site.language else None,
            attachments=_attachments(entry),
        ),
    }


def _attachments(entry: Entry) -> list[dict[str, object]]:
    media = [link for link in entry.links if link.rel == "enclosure"]
    return [_attachment(link, entry.duration if link is media[0] else None) for link in media if on_the_web(link.href)]


def _attachment(link: Link, duration: int | None) -> dict[str, object]:
    # The format asks for a type; where nobody has said it, only this is true. A size of 0 is a size.
    said = _said(url=uri(link.href), mime_type=carried(link.type or "application/octet-stream"), title=carried(link.title or ""))
    numbers = {"size_in_bytes": link.length, "duration_in_seconds": duration}
    return {**said, **{name: number for name, number in numbers.items() if number is not None}}


def _authors(persons: Iterable[Person]) -> list[dict[str, object]]:
    return [_said(name=carried(person.name), url=_address(person.uri)) for person in persons]


def _first(links: Iterable[Link], rel: str) -> str | None:
    return next((uri(link.href) for link in links if link.rel == rel and on_the_web(link.href)), None)


def _address(address: str | None) -> str | None:
    return uri(address) if address is not None and on_the_web(address) else None


def _said(**facts: object) -> dict[str, object]:
    """What is said at all: the format has no empty values."""
    return {name: fact for name, fact in facts.items() if fact}
