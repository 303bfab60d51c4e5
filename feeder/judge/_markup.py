"""A fragment of HTML as an entry's content or as a page: is it whole, escaped once, and harmless. It knows no feed and changes nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KNOWN", "Flaw", "active", "flaws", "plain", "words"]


def words(text: str) -> frozenset[str]:
    """The words of a text: names of elements and attributes, to be read easily."""
    return frozenset(text.split())


class Flaw(NamedTuple):
    """What is wrong with a fragment, by the rule it breaks."""

    rule: int
    what: str


# One tag, comment or declaration. Each alternative takes what it takes for good, so that nothing is looked at twice.
_TAG = re.compile(
    r"<(?:(?P<aside>!--.*?-->|[!?][^>]*>)"
    r"|(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<rest>(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'=<>`]++)))?")
_BARE = re.compile(r"<|&(?=[A-Za-z0-9#])(?!(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);)")
_TWICE = re.compile(r"&lt;/?(?:p|div|br|a|em|strong|h[1-6]|ul|ol|li|img|blockquote|span|table)\b[^<]*?&gt;", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BLANK = re.compile(r"[\x00-\x20\x7f]")

_VOID = words("area base br col embed hr img input link meta param source track wbr")
_LAX = words("p li dt dd tr td th thead tbody tfoot rt rp option optgroup colgroup caption")  # HTML section 13.1.2.4: may be left open
_GROUPS = (words("td th"), words("dt dd"), words("rt rp"), words("li"), words("tr"), words("option"), words("optgroup"))
_SIBLINGS = {name: group for group in _GROUPS for name in group}  # one that begins ends the one before
_BLOCKS = words(
    "address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section"
    " table ul"
)
KNOWN = _VOID | _LAX | _BLOCKS
KNOWN |= words(
    "a abbr audio b bdi bdo big button canvas center cite code data datalist del dfn dialog dir em font i ins kbd label legend map mark menu meter"
    " noscript output picture progress q ruby s samp select small span strike strong sub summary sup template textarea time tt u var video acronym"
    " hgroup"
)
_ACTIVE = words("applet base embed form frame frameset iframe link meta object script style svg math")
_ADDRESSES = words("href src cite poster longdesc background action formaction data srcset")
_SUSPECT = re.compile(
    rb"<(?:applet|base|embed|form|frame|frameset|iframe|object|script)[\s/>]"
    rb"|[\s\"'/]on[a-z]+\s*=|(?:javascript|vbscript|data|file)\s*:",
    re.IGNORECASE,
)


def flaws(html: str) -> list[Flaw]:
    """What is wrong with the content of an entry: rules 16 (a whole fragment, escaped once), 19 (absolute addresses) and 57 (nothing active)."""
    tags = list(_TAG.finditer(html))
    found = [*_shape(tags), *(flaw for tag in tags if tag["name"] for flaw in _tag(tag["name"].lower(), tag["rest"] or ""))]
    if bare := _BARE.search(_TAG.sub("", html)):
        found.append(Flaw(16, f"its content has a bare {bare[0]} that is no markup"))
    if not any(tag["name"] for tag in tags) and _TWICE.search(html):
        found.append(Flaw(16, "its content is escaped twice: readers show its markup"))
    return list(dict.fromkeys(found))


def plain(html: str) -> str:
    """The words of a fragment, one space between them."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def active(page: bytes) -> list[Flaw]:
    """What is active in a whole page (rule 57); a block of data such as JSON-LD is not."""
    if not _SUSPECT.search(page):
        return []
    tags = [tag for tag in _TAG.finditer(page.decode("utf-8", "replace")) if tag["name"] and not tag["end"]]
    heads = {"base", "link", "meta", "style", "svg", "math"}  # a page of ours has a head, a fragment none
    found = (flaw for tag in tags for flaw in _tag(tag["name"].lower(), tag["rest"], heads) if flaw.rule == 57)
    return list(dict.fromkeys(found))


def _tag(name: str, rest: str, allowed: set[str] | frozenset[str] = frozenset()) -> Iterator[Flaw]:
    """What one start tag does wrong by itself."""
    said = [(key.lower(), double or single or plain) for key, double, single, plain in _ATTRIBUTE.findall(rest)] if rest.strip("/ \n\t") else []
    if name in _ACTIVE - allowed and not (name == "script" and dict(said).get("type", "").endswith("json")):
        yield Flaw(57, f"it has <{name}>")
    elif name not in KNOWN | _ACTIVE and not allowed:
        yield Flaw(16, f"<{name}> is no HTML")
    for key, value in said:
        if key.startswith("on"):
            yield Flaw(57, f"it has a handler, {key}")
        elif key in _ADDRESSES:
            for address in value.split(", ") if key == "srcset" else [value]:
                yield from _address(key, address)


def _address(key: str, value: str) -> Iterator[Flaw]:
    address = _BLANK.sub("", unescape(value))
    scheme = _SCHEME.match(address)
    if scheme is None:
        yield Flaw(19, f"an address in its content is not absolute: {key}={address[:80]}")
    elif scheme[1].lower() in ("javascript", "vbscript", "data", "file"):
        yield Flaw(57, f"an address runs or opens something: {scheme[1]}:")


def _shape(tags: list[re.Match[str]]) -> Iterator[Flaw]:
    """Whether every element is closed where it must be (HTML section 13.1.2.4)."""
    open_: list[str] = []
    for tag in tags:
        name = (tag["name"] or "").lower()
        if not name or name in _VOID:
            continue
        if tag["end"]:
            yield from _close(open_, name)
            continue
        if tag["rest"].endswith("/"):
            yield Flaw(16, f"<{name}/> closes nothing in HTML")
        if name == "a" and "a" in open_:
            yield Flaw(16, "a link stands in a link")
        while open_ and (open_[-1] in _SIBLINGS.get(name, ()) or (open_[-1] == "p" and name in _BLOCKS)):
            open_.pop()
        open_.append(name)
    yield from (Flaw(16, f"<{name}> is not closed") for name in open_ if name not in _LAX)


def _close(open_: list[str], name: str) -> Iterator[Flaw]:
    if name not in open_:
        yield Flaw(16, f"</{name}> closes nothing")
        return
    while (last := open_.pop()) != name:
        if last not in _LAX:
            yield Flaw(16, f"<{last}> is not closed before </{name}>")
