"""Drawings: an SVG that may be published as an icon. It can hold programs and lead elsewhere: only what draws is taken, anything else is refused.

Unlike a picture it may be opened by itself, as a document of the site. What editors note in it for themselves (other namespaces, comments,
metadata) is left out without a word.
"""

from __future__ import annotations

import re

from lxml import etree

from feeder.errors import Unreadable

__all__ = ["drawing"]

LARGEST = 100_000  # bytes: every page loads it
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_DRAWS = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "style", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("text", "tspan", "textPath", "linearGradient", "radialGradient", "stop", "pattern", "clipPath", "mask", "marker", "filter"),
        *("feGaussianBlur", "feOffset", "feMerge", "feMergeNode", "feFlood", "feComposite", "feBlend", "feColorMatrix", "feDropShadow"),
        *("feMorphology", "feTurbulence", "feDisplacementMap", "feComponentTransfer", "feFuncR", "feFuncG", "feFuncB", "feFuncA"),
    )
)
_SILENT = frozenset(("metadata",))
# A stylesheet can load with url(), image() and @import, and spell them with escapes.
_LOADS = re.compile(r"@import|@font-face|\\|image-set|\bimage\s*\(|\bsrc\s*\(|url\(\s*['\"]?\s*(?!#|['\"\s])", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(?:px)?\s*")
_SEE = "draw it with shapes alone, or save it as PNG"


def drawing(body: bytes) -> bytes:
    """Return an SVG's bytes as they may be published. Raises Unreadable for what could run or load anything, is not square, or is no SVG."""
    if len(body) > LARGEST:
        raise Unreadable(f"is {len(body):,} bytes long, at most {LARGEST:,} are taken", "simplify it, or save it as PNG")
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", body, re.IGNORECASE):
        body = re.sub(rb"<!DOCTYPE[^\[>]*>", b"", body, count=1)  # that of SVG 1.1 says nothing; entities have no place here
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("is no SVG that can be read", "open it in a browser: it says where it is wrong") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise Unreadable("is no SVG", "an icon is PNG, SVG, JPEG or WebP")
    if root.getroottree().docinfo.doctype or any(not isinstance(element.tag, str) for element in root.iter()) or root.getprevious() is not None:
        raise Unreadable("holds entities or instructions", _SEE)
    for element in list(root.iter()):
        _judge(element)
    _require_square(root)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False) + b"\n"


def _judge(element: etree._Element) -> None:
    """Take out what is an editor's own, and refuse what does more than draw."""
    name = etree.QName(element)
    parent = element.getparent()
    if parent is not None and (name.namespace != _SVG or name.localname in _SILENT):
        _remove(parent, element)
        return
    if name.localname not in _DRAWS:
        raise Unreadable(f"holds <{name.localname}>, which can do more than draw", _SEE)
    if name.localname == "style" and _LOADS.search(element.text or ""):
        raise Unreadable("has a style that loads something", _SEE)
    for key, value in list(element.attrib.items()):
        _judge_attribute(element, etree.QName(key), value)


def _remove(parent: etree._Element, element: etree._Element) -> None:
    """With all that is in it, but not the text behind it."""
    for inner in list(element.iter()):
        inner.tag = f"{{{_SVG}}}metadata"  # so that nobody takes what is in it for a part of the drawing
        inner.attrib.clear()
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    parent.remove(element)


def _judge_attribute(element: etree._Element, name: etree.QName, value: str) -> None:
    if name.localname == "href" and name.namespace in (None, _XLINK):
        if not value.strip().startswith("#"):
            raise Unreadable("leads to something outside of it", _SEE)
    elif name.namespace is not None:
        del element.attrib[name.text]  # xml:base would lead everything elsewhere; xml:space and an editor's notes change nothing
    elif name.localname.lower().startswith("on"):
        raise Unreadable(f"holds a program ({name.localname})", _SEE)
    elif _LOADS.search(value):
        raise Unreadable(f"loads something ({name.localname})", _SEE)


def _require_square(root: etree._Element) -> None:
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    numbers = box[2:] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    sides = [float(found[1]) for number in numbers if (found := _NUMBER.fullmatch(number))]
    if len(sides) < 2:
        raise Unreadable("does not say how large it is", 'give its <svg> a viewBox, for example viewBox="0 0 64 64"')
    if sides[0] != sides[1] or not sides[0]:
        raise Unreadable("is no square", "give its <svg> a viewBox with two equal sides")
    if len(box) != 4:
        root.set("viewBox", f"0 0 {sides[0]:g} {sides[1]:g}")
