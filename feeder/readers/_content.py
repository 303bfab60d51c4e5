"""HTML as found to HTML as published: its tree made ready, serialized, sanitized, and its plain blocks. Nothing edits HTML after sanitizing."""

from __future__ import annotations

import re
from html import escape, unescape
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import nh3
from lxml import etree

from feeder import text
from feeder.errors import Unreadable
from feeder.model import Block
from feeder.readers._facts import absolute, same_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

    from feeder.model import BlockKind, Link
    from feeder.readers._beside import Beside

__all__ = ["HEADINGS", "LIMIT", "MARK", "blocks", "listed", "parse", "published", "remove", "sanitized", "too_deep", "words"]

LIMIT = 2_000_000
"""Characters of HTML one article may have: a hundred times a long one. The rest of the way is linear in it, but not free."""
_TAGS_LIMIT = 200_000
# A tag's attributes as HTML section 13.2.5 cuts them. The parser's time is quadratic in their number, so it is looked at
# before, where the text is long enough to hold a number that matters.
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?)?"""
_CROWDED = re.compile(rf"<[a-zA-Z][^\s/>]*+(?>{_ATTRIBUTE}){{500}}")
_OVERCROWDED = re.compile(_CROWDED.pattern.replace("{500}", "{5000}"))
# A comparison in a script looks like such a tag now and then.
_CROWDS = 20
_HARMLESS = 20_000

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_DEPTH = 200
_TOO_DEEP = etree.XPath(f"boolean({'/*' * _DEPTH})")
_ACTIVE = ("script", "iframe", "object", "embed", "form", "video", "audio", "svg", "math", "frame", "applet")
_SILENT = ("style", "noscript", "noembed", "noframes", "template", "textarea", "select", "button", "xmp", "plaintext")
_READ = etree.XPath(f".//text()[not(ancestor::*[{' or '.join(f'self::{tag}' for tag in (*_ACTIVE, *_SILENT))}])]", smart_strings=False)
_PARSER = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
_COMMENTS_PARSER = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=False, remove_pis=True)

MARK = "MORE"
"""What stands in a tree for the author's `<!--more-->`. No parser of HTML gives upper case, so that nothing else is taken for it."""
# What is in these is shown as it is, or not at all.
_VERBATIM = (*_ACTIVE, *_SILENT, "pre", "code", "kbd", "samp")
_MARKED = re.compile(r"<!--\s*more", re.IGNORECASE)
# WordPress takes words behind the mark for those of its link. Behind a space it may be the beginning of any remark.
_MORE = re.compile(r"more(?:[ \t].*)?|\s*more\s*", re.IGNORECASE)
# An author sets one. What has nothing before it does not count, so that a few more are looked at.
_MARKS = 5
_TOUCHED = (*HEADINGS, *_ACTIVE, "a", "img", "input")

_TAGS = {
    *(
        "p",
        "br",
        "hr",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "figure",
        "figcaption",
        "section",
        "div",
    ),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "details", "summary"),
    *("a", "img", "em", "strong", "b", "i", "u", "s", "del", "ins", "mark", "small", "sub", "sup", "code", "kbd", "samp", "var", "q", "cite"),
    *("dfn", "abbr", "time", "bdi", "bdo", "ruby", "rt", "rp", "wbr"),
}
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "time": {"datetime"},
}
# What XML cannot carry, and the controls it can; cheaper to look for than to clean away in what hardly ever has any.
_UNCLEAN = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SANITIZER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={
        *_ACTIVE,
        "style",
        "noscript",
        "noembed",
        "noframes",
        "template",
        "title",
        "textarea",
        "select",
        "button",
        "xmp",
        "plaintext",
    },
    attributes=_ATTRIBUTES,
    link_rel=None,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)


def parse(html: str) -> _Element:
    """Return the tree of any HTML. Raises Unreadable for nothing at all, and for more tags than any article has."""
    if html.count("<") > _TAGS_LIMIT:
        raise Unreadable(f"more than {_TAGS_LIMIT:,} tags", "divide it into several articles")
    if len(html) > _HARMLESS and (_OVERCROWDED.search(html) or sum(1 for _ in islice(_CROWDED.finditer(html), _CROWDS)) == _CROWDS):
        raise Unreadable("tags with hundreds of attributes", "no article needs them, take them out")
    marked = _MARKED.search(html) is not None
    try:
        # As bytes: of text that names an encoding, like XHTML, lxml wants nothing.
        root = etree.fromstring(html.encode("utf-8", "replace"), _COMMENTS_PARSER if marked else _PARSER)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise Unreadable("empty", "there is nothing to publish in it")
    if marked:
        _mark(root)
    return root


def _mark(root: _Element) -> None:
    """Let an element stand for each of the first more-marks that are none of an example's; all other comments go."""
    found = list(islice((comment for comment in root.iter(etree.Comment) if _MORE.fullmatch(comment.text or "")), _MARKS))
    for comment in found:
        parent = comment.getparent()
        if parent is not None and next(comment.iterancestors(*_VERBATIM), None) is None:
            element = etree.Element(MARK)
            element.tail = comment.tail
            parent.replace(comment, element)
    etree.strip_tags(root, etree.Comment)


def words(element: _Element) -> str:
    """Return all text inside an element that people can read, on one line."""
    return " ".join(("".join(_READ(element)) if len(element) else element.text or "").split())


def remove(element: _Element) -> None:
    """Take an element out of its tree, and leave the text behind it."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def too_deep(root: _Element) -> bool:
    """Tell whether elements stand in one another so deep that only their text is published."""
    return bool(_TOO_DEEP(root))


def published(root: _Element, base: str, title: str, beside: Beside) -> tuple[str, tuple[str, ...]]:
    """Return the tree as sanitized HTML without the title's own line, and what its author should know. The tree is used up.

    Addresses are absolute, those of media lead to what is published of them, headings begin at h2, in-page links lead nowhere from a feed
    and leave their words. Raises Unreadable when it is too large.
    """
    flags: list[str] = []
    if too_deep(root):
        flags.append("nested too deeply: only the text is published")
        root = parse("".join(f"<p>{text_of}</p>" for text_of in _escaped_texts(root)) or "<p>")
    _ready(root, base, title, flags, beside)
    html = etree.tostring(root, encoding="unicode", method="html", with_tail=False)
    if len(html) > LIMIT:
        raise Unreadable(f"more than {LIMIT // 1_000_000} million characters of HTML", "divide it into several articles")
    return sanitized(html), tuple(dict.fromkeys(flags))


def sanitized(html: str) -> str:
    """Return only ordinary content markup, and only characters XML can carry: a second time changes nothing."""
    safe = _SANITIZER.clean(html)
    # Character references have become characters. What is cleaned is sanitized again: nothing edits HTML behind the sanitizer.
    return (_SANITIZER.clean(text.clean(safe)) if _UNCLEAN.search(safe) else safe).strip()


def listed(enclosures: Iterable[Link]) -> str:
    """Return sanitized HTML that leads to recordings which come without a text."""
    links = ((escape(link.href), escape(link.title or PurePosixPath(link.href).name, quote=False)) for link in enclosures)
    return sanitized("".join(f'<p><a href="{href}">{said}</a></p>' for href, said in links))


def _escaped_texts(root: _Element) -> Iterator[str]:
    for found in root.itertext():
        if found.strip():
            yield found.replace("&", "&amp;").replace("<", "&lt;")


def _ready(root: _Element, base: str, title: str, flags: list[str], beside: Beside) -> None:
    headings = []
    for element in list(root.iter(*_TOUCHED)):
        match element.tag:
            case "a":
                _link(element, base, flags, beside)
            case "img":
                _image(element, base, flags, beside)
            case "input":
                _becomes(element, "☑" if element.get("checked") is not None else "☐" if element.get("type") == "checkbox" else "")
            case "audio" | "video" if _played(element, beside):
                pass
            case tag if tag in _ACTIVE:
                flags.append(f"<{tag}> was left out")
            case _:
                headings.append(element)
    _headed(headings, title)


def _headed(headings: list[_Element], title: str) -> None:
    """Drop the title's own line, and let the highest heading that is left be h2: the page's h1 is the title."""
    for element in headings[:1] + [other for other in headings[1:] if other.tag == "h1"]:
        if same_words(words(element), title) and element.find(".//img") is None:
            headings.remove(element)
            remove(element)
            break
    levels = [HEADINGS.index(str(element.tag)) + 1 for element in headings]
    shift = 2 - min(levels, default=2)
    for element, level in zip(headings, levels, strict=True) if shift else ():
        element.tag = f"h{min(6, level + shift)}"


def _played(element: _Element, beside: Beside) -> bool:
    """Let a link stand where a recording beside the article was to be played; whether there is one."""
    sources = filter(None, (source.get("src") for source in (element, *element.iter("source"))))
    link = next((link for src in sources if (link := beside.recording(src))), None)
    if link is None:
        return False
    for child in list(element):
        element.remove(child)
    _becomes(element, link.title or "")
    element.tag = "a"
    element.set("href", link.href)
    return True


def _link(element: _Element, base: str, flags: list[str], beside: Beside) -> None:
    href = (element.get("href") or "").strip()
    if not href or href.startswith("#"):
        if element.get("class") == "footnote-backref":
            remove(element)
        else:
            element.tag = "span"
        return
    try:
        element.set("href", beside.linked(href) or absolute(href, base))
    except ValueError:
        element.tag = "span"
        flags.append(f"a link was left out, not http, https or mailto: {text.printable(href[:60])}")


def _image(element: _Element, base: str, flags: list[str], beside: Beside) -> None:
    if element.get("width") in {"0", "1"} and element.get("height") in {"0", "1"}:
        _becomes(element, "")  # it counts readers
        return
    # Pages that load images late keep the address beside a placeholder.
    src = element.get("data-src") or element.get("data-original") or element.get("src") or ""
    if picture := beside.picture(src, element.get("alt", "")):
        element.set("src", picture.href)
        if not (element.get("width") or element.get("height")):  # a page that knows them does not jump while it loads
            element.set("width", str(picture.width))
            element.set("height", str(picture.height))
        return
    try:
        if not src.strip() or src.strip().startswith("#"):
            raise ValueError("no address")
        address = absolute(src, base)
        if not address.startswith("http"):
            raise ValueError("not http")
    except ValueError:
        flags.append(f"an image was left out, not http or https: {text.printable(src.strip()[:60])}")
        _becomes(element, element.get("alt", ""))
        return
    element.set("src", address)


def _becomes(element: _Element, said: str) -> None:
    """Let plain text stand where an element was; the sanitizer takes the span away."""
    element.tag = "span"
    element.text = said


# --- blocks ---------------------------------------------------------------------------------------------------------

# The sanitizer's output is regular: every tag closed, every attribute in double quotes, no "<" anywhere else.
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)[^>"]*+(?:"[^"]*"[^>"]*+)*+>|([^<]+)')
_KINDS: dict[str, BlockKind | None] = {
    **dict.fromkeys(HEADINGS, "heading"),
    **dict.fromkeys(("li", "dt", "dd"), "item"),
    **dict.fromkeys(("caption", "figcaption", "summary"), "caption"),
    **dict.fromkeys(("table", "thead", "tbody", "tfoot", "tr"), "table"),
    "blockquote": "quote",
    "pre": "code",
    **dict.fromkeys(("p", "div", "section", "ul", "ol", "dl", "figure", "details")),
}


def blocks(content: str) -> tuple[Block, ...]:
    """Return the blocks of plain text in sanitized HTML, in reading order; a table gives one for each row, its cells joined by " | "."""
    found: list[Block] = []
    kinds: list[BlockKind] = ["paragraph"]
    said: list[str] = []
    for slash, name, words_ in _TOKEN.findall(content):
        if words_:
            said.append(words_)
        elif name in _KINDS:
            if said:
                _say(said, kinds[-1], found)
                said = []
            if not slash:
                kinds.append(_KINDS[name] or kinds[-1])
            elif len(kinds) > 1:
                kinds.pop()
        elif name in _BETWEEN and not slash:
            said.append(_BETWEEN[name] if said else "")
    _say(said, kinds[-1], found)
    return tuple(found)


_BETWEEN = {"br": "\n", "hr": "\n", "td": " | ", "th": " | "}


def _say(said: list[str], kind: BlockKind, found: list[Block]) -> None:
    plain = unescape("".join(said))
    plain = plain.strip("\n").rstrip() if kind == "code" else " ".join(plain.split())
    if plain.strip():
        found.append(Block(kind, plain))
