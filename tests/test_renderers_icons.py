"""Icons and colours: what they show, that they can be read, and that they are what they say they are."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import feeder
from feeder.model import Document, Image, Look, Site
from feeder.renderers import colours, icons
from feeder.renderers._strokes import GLYPHS, MARK, png

SVG = "{http://www.w3.org/2000/svg}"
SITE = Site("tag:news.example,2026:harbour", "Notes from the harbour", "https://news.example/")
COLOURS = st.from_regex(r"\A#[0-9a-f]{6}\Z")
TEMPLATES = Path(feeder.__file__).parent / "renderers/templates"


def drawn(body: bytes) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """The pixels of a PNG of 8-bit red, green, blue and alpha without filters; its checksums are right."""
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    at, parts = 8, {}
    while at < len(body):
        (length,) = struct.unpack_from(">I", body, at)
        kind, data = body[at + 4 : at + 8], body[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", body, at + 8 + length) == (zlib.crc32(kind + data),)
        parts[kind], at = data, at + 12 + length
    width, height = struct.unpack_from(">2I", parts[b"IHDR"])
    assert parts[b"IHDR"][8:] == bytes((8, 6, 0, 0, 0))
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + 4 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 4)


def inside(ico: bytes) -> dict[int, bytes]:
    """The PNGs in an ICO by their sides, each where and as long as the head says."""
    zero, kind, count = struct.unpack_from("<3H", ico)
    assert (zero, kind) == (0, 1)
    found = {}
    for number in range(count):
        width, height, _, _, planes, bits, length, at = struct.unpack_from("<4B2H2I", ico, 6 + 16 * number)
        body = ico[at : at + length]
        side, other = struct.unpack_from(">2I", body, 16)
        assert (width or 256, height or 256, planes, bits) == (side, other, 1, 32)
        found[side] = body
    return found


def made(site: Site, own: Document | None = None) -> dict[str, bytes]:
    return {document.path: document.body for document in icons.documents(site, own)}


# --- the letter ---


@pytest.mark.parametrize(
    ("title", "letter"),
    [
        ("notes", "N"),
        ("“Quoted” words", "Q"),
        ("éclair", "É"),
        ("e\u0301clair", "É"),
        ("7 days", "7"),
        ("日本の港", "日"),
        ("البحر", "ا"),
        ("हिन्दी", "हि"),
        ("🌊 Harbour", "H"),
        ("👩\u200d🚀🌊", "👩\u200d🚀"),
        ("👍🏽", "👍🏽"),
        ("🇫🇮🇸🇪", "🇫🇮"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("ßtraße", "ß"),
        ("…", ""),
        ("", ""),
    ],
)
def test_the_letter_is_what_people_take_for_one(title: str, letter: str) -> None:
    """In any script, with its accents and vowel signs; an emoji is never cut in two."""
    assert icons.initial(title) == letter


def test_a_turkish_i_keeps_its_dot() -> None:
    assert (icons.initial("istanbul", "tr"), icons.initial("istanbul", "en")) == ("İ", "I")


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=8), st.sampled_from(["en", "tr", "ar"]))
def test_every_title_gives_a_drawing_that_is_xml_and_holds_nothing_but_shapes(title: str, language: str) -> None:
    """Whatever stands in it; what XML cannot carry is no letter."""
    root = etree.fromstring(made(replace(SITE, title=title, language=language))["icon.svg"])
    assert root.get("viewBox") == "0 0 64 64"
    assert next(element.tag for element in root) == f"{SVG}rect"
    assert [element.tag for element in root][1] in (f"{SVG}path", f"{SVG}text")
    assert "".join(root.itertext()).strip() in (icons.initial(title, language), "")


# --- what is made ---


def test_the_made_icons_are_a_drawing_an_ico_of_three_pictures_and_one_for_telephones() -> None:
    """`rule 49`: /favicon.ico is a real icon, and every picture in it shows the letter in white on the feed's colour."""
    documents = made(SITE)
    assert list(documents) == ["icon.svg", "favicon.ico", "apple-touch-icon.png"]
    ground = colours.own(SITE.id)
    rect, path = etree.fromstring(documents["icon.svg"])
    assert (rect.get("fill"), path.get("stroke"), path.get("d")) == (ground, "#ffffff", GLYPHS["N"])
    pictures = inside(documents["favicon.ico"])
    assert list(pictures) == [16, 32, 48]
    for side, body in {**pictures, 180: documents["apple-touch-icon.png"]}.items():
        pixels = drawn(body)
        assert pixels.shape == (side, side, 4)
        assert bytes(pixels[side // 2, side // 14]) == bytes.fromhex(ground[1:]) + b"\xff"
        assert (pixels[:, :, :3].min(axis=2) == 255).any()
        assert pixels[0, 0, 3] == (0 if side < 180 else 255)  # a telephone cuts the corners itself


def test_a_letter_without_strokes_is_text_in_the_drawing_and_the_mark_of_feeds_in_pixels() -> None:
    """There is no font to draw it with; a letter with an accent is drawn without it."""
    japanese, accented = made(replace(SITE, title="港")), made(replace(SITE, title="Øl & Ål"))
    assert etree.fromstring(japanese["icon.svg"])[1].text == "港"
    ground = colours.own(SITE.id)
    assert inside(japanese["favicon.ico"])[48] == png(MARK, 48, ground, "#ffffff", corner=14)
    accented = made(replace(SITE, title="Ål"))
    assert etree.fromstring(accented["icon.svg"])[1].text == "Å"
    assert inside(accented["favicon.ico"])[48] == png(GLYPHS["A"], 48, ground, "#ffffff", corner=14)


def test_the_same_feed_has_the_same_icons_and_another_another_colour() -> None:
    assert made(SITE) == made(replace(SITE))
    assert len({colours.own(f"urn:x:{number}") for number in range(50)}) > 45


@pytest.mark.parametrize("glyph", sorted(GLYPHS))
def test_every_letter_stays_within_its_square(glyph: str) -> None:
    """With room around it, in the middle as far as letters are."""
    pixels = drawn(png(GLYPHS[glyph], 64, "#000000", "#ffffff", corner=0))[:, :, 0]
    rows, columns = np.nonzero(pixels > 127)
    assert columns.min() >= 8
    assert columns.max() <= 56
    assert rows.min() >= 10
    assert rows.max() <= 53
    assert abs(columns.min() + columns.max() - 63) <= 6


# --- an own picture ---


@pytest.mark.parametrize(("side", "names"), [(32, ["favicon.ico"]), (180, ["favicon.ico", "apple-touch-icon.png"]), (512, ["apple-touch-icon.png"])])
def test_an_own_png_serves_for_all_that_it_fits(side: int, names: list[str]) -> None:
    """As it is: an ICO holds 256 pixels at most, a telephone wants 120 at least; elsewhere the made one stands."""
    body = png(MARK, side, "#123456", "#ffffff", corner=0)
    own = Document("icon.png", "image/png", body)
    site = replace(SITE, look=Look(icon=Image(f"{SITE.base}icon.png", "image/png", side, side)))
    documents = made(site, own)
    assert sorted(documents) == ["apple-touch-icon.png", "favicon.ico", "icon.png"]
    assert documents["icon.png"] == body
    used = {"favicon.ico": inside(documents["favicon.ico"]).get(side), "apple-touch-icon.png": documents["apple-touch-icon.png"]}
    assert [name for name, picture in used.items() if picture == body] == names


def test_an_own_drawing_has_made_pictures_beside_it_in_its_colour() -> None:
    own = Document("icon.svg", "image/svg+xml", b"<svg/>")
    documents = made(replace(SITE, look=Look(color="#1a5fb4")), own)
    assert documents["icon.svg"] == b"<svg/>"
    assert bytes(drawn(documents["apple-touch-icon.png"])[0, 0]) == bytes.fromhex("1a5fb4ff")


# --- colours ---


@settings(deadline=None)
@given(COLOURS)
def test_every_colour_becomes_an_accent_that_can_be_read_on_light_and_dark(colour: str) -> None:
    """WCAG 2.2, 1.4.3, level AA, on the page and on what is washed; one that can be read is left as it is."""
    for accent, paper in zip(colours.accents(colour), (colours.LIGHT, colours.DARK), strict=True):
        assert min(colours.contrast(accent, ground) for ground in paper) >= 4.5
        assert accent == colour or min(colours.contrast(colour, ground) for ground in paper) < 4.5
    assert colours.contrast(colours.ink(colour), colour) >= 4.5
    assert all(len(bar) == 7 for bar in colours.bars(colour))


@settings(deadline=None)
@given(st.text())
def test_white_letters_can_be_read_on_every_feeds_own_colour(ident: str) -> None:
    assert colours.ink(colours.own(ident)) == "#ffffff"


def test_contrast_is_counted_as_the_standard_counts_it() -> None:
    """Values of WCAG's own examples and of the definition."""
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert colours.contrast("#ff0000", "#00ff00") == pytest.approx(2.914, abs=0.005)


def test_hue_stays_when_a_colour_is_made_readable() -> None:
    """A blue stays blue, a yellow gets darker and no other colour."""
    assert colours.accents("#1a5fb4") == ("#1a5fb4", "#478ae3")
    red, green, blue = (int(colours.accents("#ffff00")[0][at : at + 2], 16) for at in (1, 3, 5))
    assert red == green > 4 * blue


@pytest.mark.parametrize("sheet", ["style.css", "feed.css"])
def test_the_papers_are_those_of_the_stylesheets(sheet: str) -> None:
    """What contrast is counted against is what is there."""
    light, _, dark = (TEMPLATES / sheet).read_text().partition("prefers-color-scheme: dark")
    for part, paper in ((light, colours.LIGHT), (dark, colours.DARK)):
        assert f"--paper: {paper.page};" in part
        assert f"--wash: {paper.wash};" in part
