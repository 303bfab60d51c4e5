"""One published document as bytes: is it the XML that readers can parse, and which stylesheet does it name. What stands in it is judged elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote, urljoin

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "ATOM",
    "LANG",
    "Facts",
    "Finding",
    "Item",
    "Paper",
    "absolute",
    "at",
    "damage",
    "from_822",
    "from_3339",
    "language",
    "media_type",
    "name_of",
    "parsed",
    "prolog",
    "said",
    "tag",
]

Severity = Literal["error", "warning"]
ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_DECLARATION = re.compile(rb"<\?xml\s+version=[\"']1\.0[\"']\s+encoding=[\"'](?i:utf-8)[\"']")
_ABSOLUTE = re.compile(r"(?!https?:(?!//[^/?#]))[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_DAMAGED = re.compile(rb"\xc2[\x80-\x9f]")  # U+0080 to U+009F in UTF-8
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_STAMP_822 = re.compile(r"(?:[A-Z][a-z]{2}, )?\d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UT|Z)")
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,3}|[xi](?=-))(?:-[A-Za-z0-9]{1,8})*")
_MEDIA = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;.*)?")
_STYLE = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a published document. `rule` is its number in docs/check.md; `line` counts from 1, 0 for the whole."""

    path: str
    rule: int
    severity: Severity
    what: str
    hint: str
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"rule {self.rule}: {where}: {self.what}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry as one document says it; the same entry elsewhere must agree. Times are those of the document, None where it has none."""

    id: str
    title: str
    link: str
    published: datetime | None
    updated: datetime | None
    content: bytes
    line: int


@dataclass(slots=True)
class Facts:
    """What one feed document says that others can contradict. `links` maps a rel to the first address with it."""

    paper: Paper
    kind: Literal["atom", "rss", "json"]
    id: str = ""
    items: list[Item] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    tombstones: list[tuple[str, int]] = field(default_factory=list)
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """One document on the table: what it is called, where it is served, and what else is there. `now` is aware UTC."""

    path: str
    body: bytes
    base: str
    now: datetime
    sizes: Mapping[str, int]
    every: int = 0

    @property
    def address(self) -> str:
        """Where it is served."""
        return self.base + quote(self.path)

    def wrong(self, rule: int, what: str, hint: str = "", line: int = 0) -> Finding:
        """An error: readers or a grammar will not take it as it is meant."""
        return Finding(self.path, rule, "error", what, hint, line)

    def odd(self, rule: int, what: str, hint: str = "", line: int = 0) -> Finding:
        """A warning: some readers will not."""
        return Finding(self.path, rule, "warning", what, hint, line)

    def place(self, address: str) -> str | None:
        """The path of one of our own documents by its address; None for an address elsewhere."""
        if not address.startswith(self.base):
            return None
        path = unquote(address.removeprefix(self.base).partition("#")[0])
        return f"{path}index.html" if not path or path.endswith("/") else path

    def lost(self, address: str) -> bool:
        """Whether an address of ours leads to no document."""
        path = self.place(address)
        return path is not None and path not in self.sizes

    def raw(self, line: int, lines: int = 1) -> bytes:
        """A source line, as it was written, and those behind it."""
        return b"\n".join(self.body.split(b"\n")[max(line - 1, 0) : line - 1 + lines])


def damage(paper: Paper) -> Iterator[Finding]:
    """Rule 20, as far as XML and JSON allow what it forbids: controls that come from quotation marks in windows-1252."""
    if found := _DAMAGED.search(paper.body):
        line = paper.body.count(b"\n", 0, found.start()) + 1
        yield paper.odd(20, f"a control character, U+00{found[0][1]:02X}", "the article was decoded wrongly", line)


def parsed(paper: Paper) -> tuple[etree._Element | None, list[Finding]]:
    """The root of an XML document, None where it is none, and what rule 1 says (RFC 4287 section 2)."""
    body, found = paper.body, list(damage(paper))
    if body.startswith(b"\xef\xbb\xbf"):
        found.append(paper.wrong(1, "it begins with a byte order mark", "readers want `<?xml` first", 1))
    elif not _DECLARATION.match(body):
        found.append(paper.wrong(1, "it does not begin with an XML declaration that says UTF-8", "", 1))
    try:
        body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        return None, [*found, paper.wrong(1, f"byte {body[error.start]:#x} is no UTF-8", "", line)]
    # Nothing outside the bytes is read, and nothing in them expanded (billion laughs, XXE).
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        return None, [*found, paper.wrong(1, f"it is not well-formed XML: {error.msg}", "no reader gets past this line", error.lineno or 0)]
    if root.getroottree().docinfo.doctype:
        found.append(paper.wrong(1, "it has a DOCTYPE", "a feed has none", 1))
    return root, found


def prolog(paper: Paper, root: etree._Element, *, styled: bool = True) -> Iterator[Finding]:
    """Rule 59: a stylesheet for people in CSS, which is there, and no XSLT. Where `styled` is not asked for, none is as good."""
    before = root.itersiblings(preceding=True)
    found = [_pseudo(node) for node in before if isinstance(node, etree._ProcessingInstruction) and node.target == "xml-stylesheet"]
    if not found and styled:
        yield paper.odd(59, "it names no stylesheet", "a browser shows it as source", 1)
    for attributes in found:
        style, href = attributes.get("type", ""), attributes.get("href", "")
        if style != "text/css":
            yield paper.wrong(59, f"its stylesheet is {style or 'of no type'}, not CSS", "browsers are giving up XSLT", 2)
        elif paper.lost(urljoin(paper.address, href)):
            yield paper.wrong(59, f"its stylesheet {href} is not published", "the next build makes it anew", 2)


def _pseudo(node: etree._ProcessingInstruction) -> dict[str, str]:
    return {name: double or single for name, double, single in _STYLE.findall(node.text or "")}


def name_of(element: etree._Element) -> str:
    """An element's name without its namespace, for a sentence."""
    return etree.QName(element).localname


def tag(element: etree._Element) -> str:
    """An element's name as lxml writes it, the namespace in braces."""
    return str(element.tag)


def at(element: etree._Element | None) -> int:
    """The line an element begins in, 0 for no element."""
    return 0 if element is None else element.sourceline or 0


def said(element: etree._Element | None) -> str:
    """The text in an element, entities and all; "" for no element."""
    return "" if element is None else "".join(element.itertext(with_tail=False))


def absolute(address: str) -> bool:
    """Whether it is an absolute IRI (RFC 3987), with nothing in it that is forbidden outright."""
    return _ABSOLUTE.fullmatch(address) is not None


def media_type(name: str) -> bool:
    """Whether it is a media type by its form (RFC 6838)."""
    return _MEDIA.fullmatch(name) is not None


def language(tag: str) -> bool:
    """Whether it is a language tag by its form (BCP 47)."""
    return _LANGUAGE.fullmatch(tag) is not None


def from_3339(stamp: str) -> datetime | None:
    """A time of RFC 3339 with date, T, time and offset; None for any other text."""
    try:
        return datetime.fromisoformat(stamp.upper()).astimezone(UTC) if _STAMP.fullmatch(stamp) else None
    except (ValueError, OverflowError):
        return None


def from_822(stamp: str) -> datetime | None:
    """A time of RFC 822 with four digits of year (RSS Board) and the true weekday; None for any other text."""
    try:
        when = parsedate_to_datetime(stamp) if _STAMP_822.fullmatch(stamp) else None
    except (ValueError, OverflowError):
        return None
    if when is None or ("," in stamp and f"{when:%a}" != stamp[:3]):
        return None
    return when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
