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
    "description": "description",
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
            case dict() as one if _is_article(one.get("@type")):
                return one
    return None


def _is_article(kind: object) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(one, str) and one.endswith(_KINDS) for one in kinds)


def _claims(article: dict[object, object]) -> Iterator[Claim]:
    for name, field in _FIELDS.items():
        value = _value(article.get(name))
        if value:
            yield Claim(field, value, "JSON-LD")


def _value(found: object) -> Value:
    """Return text, the plain fields of an object, or a list of such: nothing of it nests deeper, whatever is in there."""
    if isinstance(found, list):
        return [value for item in found if (value := _plain(item))]
    return _plain(found)


def _plain(found: object) -> Value:
    match found:
        case str():
            return found
        case dict():
            return {str(key): value for key, value in found.items() if isinstance(value, str)}
    return ""
