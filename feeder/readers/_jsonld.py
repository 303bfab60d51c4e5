"""What a page's JSON-LD says about its article (schema.org). Only claims: nothing of it is published as it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from feeder.readers._parsed import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from feeder.readers._parsed import Value

__all__ = ["claims"]

_LIMIT = 256 * 1024
_KINDS = ("Article", "BlogPosting", "Report")
_FIELDS = {
    "headline": "title",
    "author": "authors",
    "datePublished": "published",
    "dateModified": "updated",
    "description": "summary",
    "keywords": "categories",
    "inLanguage": "language",
}


def claims(root: _Element) -> Iterator[Claim]:
    """Yield the claims of the first article described in a page."""
    for element in root.iter("script"):
        said = "".join(element.itertext())
        if "ld+json" in element.get("type", "") and len(said) <= _LIMIT and (article := _article(_loaded(said))):
            yield from _claims(article)
            return


def _loaded(said: str) -> object:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None


def _article(found: object) -> dict[object, object] | None:
    """Return the first article in a JSON-LD value: itself, one of a list, or of its graph."""
    waiting = [found]
    while waiting:
        match waiting.pop(0):
            case list() as several:
                waiting.extend(several[:100])
            case {"@graph": list() as several}:
                waiting.extend(several[:100])
            case dict() as one if str(one.get("@type")).rstrip("']").endswith(_KINDS):
                return one
    return None


def _claims(article: dict[object, object]) -> Iterator[Claim]:
    for name, field in _FIELDS.items():
        if (value := _value(article.get(name))) and not (field == "summary" and str(value).endswith(("...", "…"))):
            yield Claim(field, value, "JSON-LD")


def _value(found: object) -> Value:
    """Return text, lists and the plain fields of objects; everything else is nothing."""
    match found:
        case str():
            return found
        case list():
            return [value for item in found if (value := _value(item))]
        case dict():
            return {str(key): value for key, value in found.items() if isinstance(value, str)}
    return ""
