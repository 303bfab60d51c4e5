"""HTML pages: what they say about themselves, and the article in them. Sanitizing is done later, for all formats alike."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from feeder.readers import _jsonld, _matter
from feeder.readers._content import HEADINGS, parse, words
from feeder.readers._facts import same_words
from feeder.readers._main import main_content
from feeder.readers._parsed import Claim, Parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from feeder.model import Source

__all__ = ["read"]

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset=[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)
# What browsers read by these names. Nothing that can hide markup from a filter (UTF-7, ISO-2022) and nothing rare.
_CODECS = re.compile(
    rb"windows-125[0-8]|iso-8859-(?:1[03-6]|[1-9])|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gbk|gb2312|gb18030|big5|ibm866|windows-874", re.IGNORECASE
)
_AS = {b"iso-8859-1": "cp1252", b"iso-8859-9": "cp1254", b"gb2312": "gb18030", b"gbk": "gb18030", b"shift_jis": "cp932", b"euc-kr": "cp949"}
_META = {
    "authors": ("author", "dc.creator", "dcterms.creator", "article:author", "parsely-author"),
    "published": ("article:published_time", "date", "datepublished", "dc.date", "dcterms.created", "dcterms.date", "dc.date.issued", "pubdate"),
    "updated": ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified"),
    "description": ("description", "og:description", "dcterms.description", "twitter:description"),
    "categories": ("keywords", "article:tag", "parsely-tags"),
    "rights": ("copyright", "dcterms.rights"),
    "site": ("og:site_name", "application-name"),
}
_SITE = re.compile(r"\s+[|•·»—–:-]{1,2}\s+")


def read(source: Source) -> Parsed:
    """Return a page's article as a tree, and the claims of its metadata after those of its front matter."""
    charset, source = _recoded(source)
    text, claims, flags = _matter.opened(source)
    root = parse(text or "<p>")
    body = next(root.iter("body"), root)
    meta = _metadata(root)
    about = [*_meta_claims(meta), *_jsonld.claims(root), *_microdata(root)]
    outside = [words(element) for element in body.iter("h1")]
    base = next((element.get("href", "") for element in root.iter("base") if element.get("href")), "")
    language = [Claim("language", root.get("lang") or root.get("xml:lang") or "", "<html lang>")] if root.tag == "html" else []
    named = next((words(element) for element in root.iter("title")), "")
    main = main_content(body)
    titles = _titles(main, named, meta, outside)
    time = [Claim("published", stamp, "<time>") for stamp in _times(main, root)]
    site = [Claim("site", name, "<title>") for name in (named, *_SITE.split(named))]
    return Parsed(main, (*claims, *titles, *language, *about, *time, *site), (*flags, *charset), _base(source.base, base))


def _recoded(source: Source) -> tuple[tuple[str, ...], Source]:
    """Return a page that says its legacy encoding in UTF-8, so that nothing has to be guessed."""
    declared = _DECLARED.search(source.body[:2048])
    if declared is None or not _CODECS.fullmatch(declared[1]):
        return (), source
    name = declared[1].lower()
    try:
        source.body.decode("utf-8")
    except UnicodeDecodeError:
        codec = _AS.get(name, name.decode())
        return (f"decoded as {name.decode()}, as it says",), replace(source, body=source.body.decode(codec, "replace").encode())
    return (), source


def _base(base: str, said: str) -> str | None:
    try:
        found = urljoin(base, said.strip())
    except ValueError:
        return None
    return found if said and found.startswith(("http://", "https://")) else None


def _metadata(root: _Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        if name and (content := element.get("content", "").strip()):
            found.setdefault(name, []).append(content)
    return found


def _meta_claims(meta: dict[str, list[str]]) -> Iterator[Claim]:
    for field, names in _META.items():
        for name in (name for name in names if name in meta):
            said = meta[name]
            if field == "authors":
                said = [person for person in said if not person.startswith(("http://", "https://", "@"))]
            if said:
                yield Claim(field, said[0] if len(said) == 1 or field not in {"authors", "categories"} else [*said], f"meta name={name}")


def _microdata(root: _Element) -> Iterator[Claim]:
    for element in root.iter("a", "span", "time", "div", "p"):
        kind, stamp = element.get("itemprop"), element.get("datetime") or element.get("content")
        if kind in {"datePublished", "dateModified"} and stamp:
            yield Claim("published" if kind == "datePublished" else "updated", stamp, f"itemprop={kind}")
        elif element.get("rel") == "author" or (kind == "author" and len(element) == 0):
            yield Claim("authors", words(element), "rel=author")


def _times(main: _Element, root: _Element) -> Iterator[str]:
    """Yield the first time in the article, else the only one in its page: any other may be a comment's or a neighbour's."""
    inside = [element for element in chain(main.iterancestors("article"), [main]) for element in element.iter("time")]
    found = inside[:1] or (every if len(every := list(root.iter("time"))) == 1 else [])
    yield from (stamp for element in found if (stamp := element.get("datetime")))


def _titles(main: _Element, title: str, meta: dict[str, list[str]], outside: list[str]) -> Iterator[Claim]:
    """Yield titles, the likeliest first: a page's h1 may be the name of its site, its <title> mostly ends in that."""
    shared = " ".join(meta.get("og:title", [""])[0].split())
    inside = [found for element in main.iter("h1") if (found := words(element))]
    likely = [found for found in (*inside, *outside) if found and (same_words(found, shared) or title.startswith(found))]
    yield from (Claim("title", found, "first heading") for found in [*likely, *inside][:1])
    yield Claim("title", shared, "og:title")
    yield Claim("title", _without_site(title, meta.get("og:site_name", [""])[0]), "<title>")
    heading = next(main.iter(*HEADINGS), None)
    yield Claim("title", words(heading) if heading is not None else "", "first heading")


def _without_site(title: str, site: str) -> str:
    """Return a page's title without the name of its site: the one it says, or a few words behind a bar."""
    parts = _SITE.split(title)
    if len(parts) < 2:
        return title
    last = parts[-1]
    head = title[: len(title) - len(last)].rstrip()
    bar = head[-1:] in {"|", "•", "·", "»"} and len(last.split()) <= 4 and len(head.split()) > 2
    return head.rstrip(" |•·»—–:-") if (site and same_words(last, site)) or bar else title
