"""The part of a web page that is the article: not its navigation, sidebars, footers, cookie bars or share lines. Judges structure and words only.

First the parts that say they are something else go. Then the page's own word is taken (itemprop=articleBody, article, main);
else the deepest element that holds nearly all running text, that is text outside links in pieces longer than a label.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeder.readers._content import HEADINGS, remove, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

__all__ = ["main_content"]

_GONE = frozenset(("nav", "aside", "footer", "form", "button", "dialog", "select", "menu", "link", "meta"))
_ROLES = frozenset(("navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "alert", "menu", "menubar", "toolbar"))
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:(?:site|page|main|top|global|primary|secondary|sub|bread)?-?(?:nav|navbar|navigation|menu|crumbs?)|breadcrumbs?|side-?bar|footer|masthead"
    r"|comments?|disqus|respond|share|sharing|sharedaddy|social|addtoany|cookies?|consent|gdpr|related|recommend(?:ed|ations?)|newsletter|subscribe|sign-?up"
    r"|promo|advert(?:isement)?|ads?|sponsor(?:ed)?|outbrain|taboola|popup|modal|overlay|paywall|pagination|pager|post-?nav|tags|tag-?list|toc|skip(?:-?link)?"
    r"|toolbar|author-?(?:bio|box|card)|read-?more|read-?next|more-?stories|trending|most-?read|print"
    r"|sr-only|visually-?hidden|screen-reader-text|edit-?section)"
    r"(?=$|[\s_\d-])",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:byline|author|dateline|posted-?on|published|pub-?date|(?:post-?|entry-?|article-?)?meta|timestamp|reading-?time)(?=$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)
_CALL = re.compile(
    r"(?:share|tweet|follow us|subscribe|sign up"
    r"|advertisement|sponsored|related|read (?:more|next)|more (?:from|on|stories)|tags?\b|filed under|see also:)",
    re.IGNORECASE,
)
_WHOLE = frozenset(("p", "pre", "ul", "ol", "blockquote"))
_LABEL = 15
# What holds more of the running text than this is no furniture, whatever its name is.
_TOO_MUCH = 0.4
_BODY_SHARE = 0.4
_HOLDS = 0.85


class _Measured:
    """How much text each element holds: all of it, in links, and running."""

    def __init__(self, body: _Element) -> None:
        self.elements: list[_Element] = list(body.iter())
        self.size = dict.fromkeys(self.elements, 0)
        self.linked = dict.fromkeys(self.elements, 0)
        self.running = dict.fromkeys(self.elements, 0)
        for element in reversed(self.elements):
            self._add(element)

    def _add(self, element: _Element) -> None:
        """Count an element's text, and it and its tail for its parent: in reverse order its own children are counted already."""
        self._count(element, element.text)
        if element.tag == "a":
            self.linked[element], self.running[element] = self.size[element], 0
        parent = element.getparent()
        if parent not in self.size:
            return
        for counted in (self.size, self.linked, self.running):
            counted[parent] += counted[element]
        self._count(parent, element.tail)

    def _count(self, element: _Element, text: str | None) -> None:
        length = len(text.strip()) if text else 0
        self.size[element] += length
        self.running[element] += length if length >= _LABEL else 0


def main_content(body: _Element) -> _Element:
    """Return the element of a page's body that holds the article, without what does not belong to it. The tree is changed."""
    _prune(body)
    measured = _Measured(body)
    found = _declared(body, measured) if measured.size[body] else None
    if found is None:
        found = _dense(body, measured)
    _tidy(found, measured)
    return found


def _prune(body: _Element) -> None:
    for element in list(body.iter("script", "style", "noscript", "template")):
        remove(element)
    measured = _Measured(body)
    most = measured.running[body] * _TOO_MUCH
    kept = {body}
    for element in measured.elements[1:]:
        parent = element.getparent()
        # Inside something removed there is nothing left to judge.
        if parent not in kept:
            continue
        if isinstance(element.tag, str) and _is_furniture(element) and measured.running[element] <= most:
            remove(element)
        else:
            kept.add(element)


def _is_furniture(element: _Element) -> bool:
    if element.tag in _GONE or element.get("role") in _ROLES or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if element.tag == "header" and next(element.iterancestors("article", "main"), None) is None:
        return element.find(".//h1") is None or element.find(".//nav") is not None
    if element.tag in {"html", "body", "main", "article", "pre", "code", *HEADINGS} or _HIDDEN.search(element.get("style", "")):
        return element.tag not in {"html", "body", "main", "article", "pre", "code", *HEADINGS}
    return any(_NAMED.search(name) for name in (element.get("class", ""), element.get("id", "")) if name)


def _declared(body: _Element, measured: _Measured) -> _Element | None:
    """Return the article by the page's own word, where that holds a fair share of the running text."""
    least = measured.running[body] * _BODY_SHARE
    by_word: tuple[Iterable[_Element], ...] = (
        (element for element in measured.elements if element.get("itemprop") == "articleBody"),
        body.iter("article"),
        (element for element in measured.elements if element.tag == "main" or element.get("role") == "main"),
    )
    for found in by_word:
        several = [element for element in found if measured.running[element]]
        best = max(several, key=measured.running.__getitem__, default=None)
        # Of a list of articles none is the article, unless it dwarfs the others (they are teasers then).
        if best is not None and measured.running[best] >= max(least, 0.6 * sum(measured.running[other] for other in _outermost(several))):
            return best
    return None


def _outermost(elements: list[_Element]) -> list[_Element]:
    inside = set(elements)
    return [element for element in elements if not any(above in inside for above in element.iterancestors())]


def _dense(body: _Element, measured: _Measured) -> _Element:
    """Return the deepest element that holds nearly all of the running text."""
    least = measured.running[body] * _HOLDS
    found = body
    while least:
        inner = next((child for child in found if measured.running[child] >= least and child.tag not in _WHOLE), None)
        if inner is None:
            break
        found = inner
    return found


def _tidy(main: _Element, measured: _Measured) -> None:
    """Drop bylines (they are read as metadata), lists of short links, and calls to share or read on."""
    kept = {main}
    for element in list(main.iter())[1:]:
        if element.getparent() not in kept:
            continue
        if _is_leftover(element, measured):
            remove(element)
        else:
            kept.add(element)


def _is_leftover(element: _Element, measured: _Measured) -> bool:
    size = measured.size[element]
    if size > 400 or element.tag in HEADINGS or element.find(".//img") is not None or element.find(".//h1") is not None:
        return False
    name = f"{element.get('class', '')} {element.get('itemprop', '')} {element.get('rel', '')}".strip()
    if name and size < 150 and element.tag not in {"a", "code", "pre"} and _BYLINE.search(name):
        return True
    if element.tag == "address":
        return True
    if element.tag in {"p", "div", "li", "span"} and 0 < size < 80 and measured.linked[element] * 2 > size and _CALL.match(words(element)):
        return True
    if element.tag not in {"ul", "ol", "div", "section"} or size == 0 or measured.linked[element] < 0.8 * size:
        return False
    before = element.getprevious()
    called = before is not None and measured.size.get(before, 0) < 60 and _CALL.match(words(before)) is not None
    links = len(list(element.iter("a")))
    return called or (links > 2 and size < 25 * links)
