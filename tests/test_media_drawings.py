"""An own SVG as an icon: what draws is published, what could run or load anything is refused with the reason."""

from __future__ import annotations

import pytest
from lxml import etree

from feeder import media
from feeder.errors import Unreadable

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 64 64">'


def svg(inside: str, head: str = HEAD) -> bytes:
    return f"{head}{inside}</svg>".encode()


@pytest.mark.parametrize(
    "inside",
    [
        '<path d="M0 0h64v64H0z" fill="#1a5fb4"/>',
        "<style>path { fill: #000 } @media (prefers-color-scheme: dark) { path { fill: #fff } }</style><path d='M0 0h9'/>",
        '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect width="64" height="64" fill="url(#a)"/>',
        '<g id="b"><circle r="3"/></g><use href="#b" x="9"/><use xlink:href="#b"/>',
        """<rect clip-path="url( '#c' )" width="9" height="9" style="fill: url(#a)"/>""",
        "<text x='3' y='3'>港 &amp; 🌊</text>",
    ],
)
def test_what_draws_is_published_as_it_is(inside: str) -> None:
    """Shapes, text, gradients, a style for dark bars: the same tree as before."""
    clean = media.drawing(svg(inside))
    assert etree.canonicalize(clean.decode()) == etree.canonicalize(media.drawing(clean).decode())
    names = [element.tag for element in etree.fromstring(svg(inside)).iter()]
    assert [element.tag for element in etree.fromstring(clean).iter()] == names


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>', "<foreignObject>"),
        ('<a href="https://elsewhere.example/"><path d="M0 0"/></a>', "<a>"),
        ('<image href="https://elsewhere.example/a.png"/>', "<image>"),
        ('<path d="M0 0"><animate attributeName="d" to="M1 1"/></path>', "<animate>"),
        ('<use href="https://elsewhere.example/a.svg#b"/>', "outside"),
        ('<use xlink:href=" data:image/svg+xml,x"/>', "outside"),
        ('<path d="M0 0" onclick="alert(1)"/>', "onclick"),
        ('<path d="M0 0" ONLOAD="alert(1)"/>', "ONLOAD"),
        ('<path d="M0 0" fill="url(https://elsewhere.example/a.svg#b)"/>', "fill"),
        ('<path d="M0 0" style="fill: url( &quot;//elsewhere.example/a&quot;)"/>', "style"),
        ("<style>@import 'https://elsewhere.example/a.css';</style>", "style"),
        ("<style>path { fill: u\\72l(//elsewhere.example/a) }</style>", "style"),
        ("<style>@font-face { src: url(a.woff) }</style>", "style"),
        ('<?xml-stylesheet href="https://elsewhere.example/a.css"?>', "instructions"),
    ],
)
def test_what_could_run_or_load_anything_is_refused(inside: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        media.drawing(svg(inside))
    assert reason in refused.value.reason
    assert refused.value.hint


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n", "no SVG that can be read"),
        (b"<html/>", "no SVG"),
        (svg("", '<svg xmlns="http://www.w3.org/2000/svg">'), "how large"),
        (svg("", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 32">'), "no square"),
        (svg("<!-- " + "a" * 100_000 + " -->"), "bytes long"),
        (b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + svg("<text>&b;</text>"), "entities"),
        (b'<?xml-stylesheet href="a.css"?>' + svg(""), "instructions"),
    ],
)
def test_what_is_no_square_svg_of_its_own_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        media.drawing(body)
    assert reason in refused.value.reason


def test_what_an_editor_notes_for_itself_is_left_out() -> None:
    """Other namespaces, comments, metadata with the author's name; a DOCTYPE that says nothing. The text between stays."""
    noted = svg(
        '<!-- drawn by Ann --><metadata><script/>Ann</metadata><i:view xmlns:i="urn:editor" i:path="/home/ann"><script/></i:view>'
        '<path xmlns:i="urn:editor" i:label="secret" d="M0 0"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="64px" height="64">',
    )
    doctype = b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    clean = media.drawing(doctype + noted)
    assert clean == b'<svg xmlns="http://www.w3.org/2000/svg" width="64px" height="64" viewBox="0 0 64 64"><path d="M0 0"/></svg>\n'
