"""What a page says of itself to machines: schema.org as JSON-LD, the Open Graph. Values only; no template, no escaping of HTML but in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from feeder.renderers._common import on_the_web, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from feeder.model import Entry, Image, Site

__all__ = ["data_block", "graph_of_entry", "graph_of_page", "linked_entry", "linked_site"]

Named = tuple[str, str | None]
"""A person's name and where more is to be found of them, if anywhere."""

_LARGE = (600, 1.3)  # from this width and shape on a picture is shown above its title, not beside it


def data_block(facts: object) -> str:
    """Return JSON that can stand in a <script> of another type than a script's: nothing in it can end the element (HTML section 4.12.1.3)."""
    written = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def linked_entry(entry: Entry, site: Site, *, language: str, authors: Sequence[Named], minutes: int) -> dict[str, object]:
    """Return an article as a BlogPosting: that is true of all that is published here, while NewsArticle would claim that it is news."""
    image = _image(entry, site)
    tags = [category.label or category.term for category in entry.categories]
    facts = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "@id": entry.permalink,
        "url": entry.permalink,
        "mainEntityOfPage": entry.permalink,
        "identifier": entry.id,
        "headline": entry.title,
        "description": entry.summary,
        "datePublished": stamp(entry.published),
        "dateModified": stamp(entry.updated),
        "inLanguage": language,
        "author": [_said({"@type": "Person", "name": name, "url": url}) for name, url in authors],
        "publisher": _publisher(site),
        "isPartOf": {"@type": "Blog", "@id": site.base, "name": site.title},
        "image": _picture(image) if image else None,
        "keywords": tags,
        "timeRequired": f"PT{minutes}M",
        "copyrightNotice": entry.rights or site.rights,
    }
    return _said(facts)


def linked_site(site: Site) -> dict[str, object]:
    """Return the whole as a Blog."""
    authors = [_said({"@type": "Person", "name": person.name, "url": person.uri if on_the_web(person.uri) else None}) for person in site.authors]
    facts = {
        "@context": "https://schema.org",
        "@type": "Blog",
        "@id": site.base,
        "url": site.base,
        "name": site.title,
        "description": site.subtitle,
        "inLanguage": site.language,
        "author": authors,
        "publisher": _publisher(site),
        "image": _picture(site.image) if site.image else None,
        "copyrightNotice": site.rights,
    }
    return _said(facts)


def graph_of_entry(entry: Entry, site: Site, *, language: str, authors: Sequence[Named]) -> list[tuple[str, str]]:
    """Return the properties of an article (ogp.me), and how large its picture may be shown."""
    image = _image(entry, site)
    return [
        ("og:type", "article"),
        ("og:title", entry.title),
        ("og:description", entry.summary),
        ("og:url", entry.permalink),
        ("og:site_name", site.title),
        *_locale(language),
        *(_shown(image) if image else ()),
        ("article:published_time", stamp(entry.published)),
        ("article:modified_time", stamp(entry.updated)),
        *(("article:author", url) for _, url in authors if url),
        *(("article:tag", category.label or category.term) for category in entry.categories),
        ("twitter:card", "summary_large_image" if image and _is_large(image) else "summary"),
    ]


def graph_of_page(site: Site, *, title: str, description: str, address: str) -> list[tuple[str, str]]:
    """Return the properties of a page that lists articles."""
    return [
        ("og:type", "website"),
        ("og:title", title),
        ("og:description", description),
        ("og:url", address),
        ("og:site_name", site.title),
        *_locale(site.language),
        *(_shown(site.image) if site.image else ()),
        ("twitter:card", "summary"),
    ]


def _image(entry: Entry, site: Site) -> Image | None:
    return entry.image if entry.image and on_the_web(entry.image.href) else site.image


def _is_large(image: Image) -> bool:
    width, height = image.width or 0, image.height or 0
    return width >= _LARGE[0] and width >= height * _LARGE[1]


def _shown(image: Image) -> Iterator[tuple[str, str]]:
    facts = (("", image.href), (":type", image.type), (":width", image.width), (":height", image.height), (":alt", image.alt))
    return ((f"og:image{name}", str(value)) for name, value in facts if value)


def _picture(image: Image) -> dict[str, object]:
    return _said({"@type": "ImageObject", "url": image.href, "width": image.width, "height": image.height, "caption": image.alt})


def _publisher(site: Site) -> dict[str, object]:
    return {"@type": "Organization", "name": site.title, "url": site.base, "logo": _picture(site.image or site.icon)}


def _locale(language: str) -> Iterator[tuple[str, str]]:
    """The language as the Open Graph wants it, with a country; where its tag names none, nothing can be said."""
    primary, *rest = language.split("-")
    country = next((part for part in rest if len(part) == 2 and part.isalpha()), None)
    if country and len(primary) == 2:
        yield "og:locale", f"{primary.lower()}_{country.upper()}"


def _said(facts: Mapping[str, object]) -> dict[str, object]:
    """What there is something to say of."""
    return {name: value for name, value in facts.items() if value}
