"""What `[pages]` says: the owner's icon, colour and readers reach every document that shows them, and a mistake is told where it stands."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from feeder.clients import CLIENTS
from feeder.errors import ConfigError
from feeder.judge import judge
from feeder.renderers import colours
from feeder.renderers._strokes import MARK, png
from tests import beside
from tests.newsroom import Newsroom

SETTINGS = '[feed]\ntitle = "Rain & Co."\nbase_url = "https://news.example/"\n'
ATOM = "{http://www.w3.org/2005/Atom}"
PICTURE = png(MARK, 160, "#123456", "#ffffff", corner=0)
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>\n'


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    room = Newsroom(tmp_path, SETTINGS)
    room.write("rain.md", "---\ntags: [rain]\n---\n# Rain\n\nIt rained all day, and nobody went out but the postman.")
    return room


def test_nothing_is_said_by_default(room: Newsroom) -> None:
    """An icon of its own for the feed, the colours of the stylesheet, and no word of any reader."""
    room.cycle()
    documents = room.published()
    assert {"icon.svg", "favicon.ico", "apple-touch-icon.png"} <= documents.keys()
    assert etree.fromstring(documents["feed.xml"]).findtext(f"{ATOM}icon") == "https://news.example/icon.svg"
    for client in CLIENTS.values():
        assert client.name.encode() not in documents["index.html"]


def test_an_own_png_is_the_icon_of_pages_and_feeds(room: Newsroom) -> None:
    """Without what its file tells besides; Atom, RSS and JSON Feed name the same."""
    note = b"tEXtAuthor\0Ann"
    (room.folder / "logo.png").write_bytes(
        PICTURE[:33] + struct.pack(">I", len(note) - 4) + note + struct.pack(">I", zlib.crc32(note)) + PICTURE[33:]
    )
    room.configure(SETTINGS + '[pages]\nicon = "logo.png"\n')
    room.cycle()
    documents = room.published()
    assert documents["icon.png"] == PICTURE == documents["apple-touch-icon.png"]
    assert PICTURE in documents["favicon.ico"]
    assert "icon.svg" not in documents
    address = "https://news.example/icon.png"
    atom, rss = etree.fromstring(documents["feed.xml"]), etree.fromstring(documents["rss.xml"])
    assert (atom.findtext(f"{ATOM}icon"), atom.find(f"{ATOM}logo")) == (address, None)
    assert rss.findtext("channel/image/url") == address
    assert f'"icon": "{address}"'.encode() in documents["feed.json"]
    assert feedparser.parse(documents["feed.xml"]).feed.icon == address
    assert b'<link rel="icon" sizes="160x160" type="image/png" href="../icon.png">' in documents["articles/rain.html"]
    assert b'<link rel="icon" sizes="32x32" href="../favicon.ico">' in documents["articles/rain.html"]
    assert b'<img src="../icon.png"' in documents["articles/rain.html"]
    for page in ("index.html", "articles/rain.html"):
        assert b"icon.svg" not in documents[page]
    sizes = {path: len(body) for path, body in documents.items()}
    assert not judge(sizes, documents.get, base="https://news.example/", now=room.now)


def test_an_own_drawing_is_published_where_the_made_one_was(room: Newsroom) -> None:
    """RSS knows no SVG, so it names none. A file in the input folder is found, too."""
    (room.folder / "input" / "_logo.svg").write_bytes(DRAWING.replace(b"<path", b"<!-- drawn by Ann --><path"))
    room.configure(SETTINGS + '[pages]\nicon = "_logo.svg"\n')
    room.cycle()
    documents = room.published()
    assert documents["icon.svg"] == DRAWING
    assert etree.fromstring(documents["rss.xml"]).find("channel/image") is None
    assert b'"icon": "https://news.example/icon.svg"' in documents["feed.json"]
    assert b'"favicon": "https://news.example/icon.svg"' in documents["feed.json"], "the ICO cannot hold it"
    assert re.findall(rb'<link rel="icon"[^>]*href="([^"]*)"', documents["index.html"]) == [b"icon.svg"]


def test_a_cover_stands_beside_an_own_icon(room: Newsroom) -> None:
    """The small picture is the icon; the cover is Atom's logo, and what RSS and JSON Feed show."""
    (room.folder / "logo.png").write_bytes(PICTURE)
    (room.folder / "cover.png").write_bytes(beside.png(30, 30))
    room.configure(SETTINGS + '[pages]\nicon = "logo.png"\n[podcast]\ncover = "cover.png"\n')
    room.cycle()
    documents = room.published()
    atom = etree.fromstring(documents["feed.xml"])
    cover = str(atom.findtext(f"{ATOM}logo"))
    assert cover.startswith("https://news.example/media/")
    assert atom.findtext(f"{ATOM}icon") == "https://news.example/icon.png"
    assert etree.fromstring(documents["rss.xml"]).findtext("channel/image/url") == cover
    assert f'"icon": "{cover}"'.encode() in documents["feed.json"]


def test_the_colour_stands_in_both_stylesheets_and_in_the_bars_of_browsers(room: Newsroom) -> None:
    """Light and dark, each so that it can be read; no style stands in a page."""
    room.configure(SETTINGS + '[pages]\ncolor = "#06C"\n')
    room.cycle()
    documents = room.published()
    for sheet, owner in (("style.css", ":root"), ("feed.css", "feed, |rss")):
        assert documents[sheet].decode().endswith(colours.properties("#0066cc", owner))
    page = documents["index.html"]
    assert b'<meta name="theme-color" media="(prefers-color-scheme: light)" content="#0066cc">' in page
    assert b'<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#' in page
    assert b"style=" not in page


@pytest.mark.parametrize("said", ['color = "#1a5fb4"', 'readers = ["feedly", "NetNewsWire"]', 'icon = "logo.svg"'])
def test_a_change_of_it_makes_the_pages_anew_once_and_then_nothing(room: Newsroom, said: str) -> None:
    """Same configuration, same bytes."""
    (room.folder / "logo.svg").write_bytes(DRAWING)
    room.cycle()
    before = room.published()
    room.configure(f"{SETTINGS}[pages]\n{said}\n")
    room.cycle()
    after = room.published()
    assert {path for path in after if after[path] != before.get(path)}
    times = {path: path.stat().st_mtime_ns for path in (room.folder / "output").rglob("[!.]*")}
    room.cycle()
    assert {path: path.stat().st_mtime_ns for path in (room.folder / "output").rglob("[!.]*")} == times
    room.configure(SETTINGS)
    room.cycle()
    assert room.published() == before


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("logo.png", None, "cannot be read: No such file"),
        ("logo.png", b"words", "is no picture"),
        ("logo.png", beside.png(30, 20), "is no square picture"),
        ("logo.png", png(MARK, 513, "#000000", "#ffffff", corner=0), "has 513 pixels a side, at most 512"),
        ("logo.svg", b"<svg", "is no SVG that can be read"),
        ("logo.svg", DRAWING.replace(b"<path", b'<script/><path onload="x"'), "<script>, which can do more than draw"),
        ("logo.svg", DRAWING.replace(b"<path", b'<use href="https://elsewhere.example/"/><path'), "leads to something outside"),
    ],
)
def test_an_icon_that_cannot_be_one_is_told_where_it_was_configured(room: Newsroom, name: str, body: bytes | None, words: str) -> None:
    """With the line of the configuration, and what to do."""
    if body is not None:
        (room.folder / name).write_bytes(body)
    room.configure(f'{SETTINGS}[pages]\nicon = "{name}"\n')
    with pytest.raises(ConfigError) as told:
        room.cycle()
    (problem,) = told.value.problems
    assert problem.where.endswith("feeder.toml:5")
    assert problem.reason.startswith(f"the icon {name} ")
    assert words in problem.reason
    assert problem.hint


@pytest.mark.parametrize(
    ("said", "where", "words", "hint"),
    [
        ('color = "blue"', "4:9", '"blue" is not a colour', '"#1a5fb4"'),
        ('color = "1a5fb4"', "4:9", "is not a colour", 'did you mean "#1a5fb4"?'),
        ('color = "#1a5f"', "4:9", "is not a colour", "two digits each"),
        ("color = 3", "4:9", "must be a colour, not 3", "#1a5fb4"),
        ('readers = ["feedly", "inoreadr"]', "4:22", 'name "inoreadr"', 'did you mean "inoreader"?'),
        ('readers = "xyzzy"', "4:11", 'name "xyzzy"', "known are bazqux, feedbin, feedly"),
        ('icon = ""', "4:8", "must be one line of text", ""),
        ('colour = "#fff"', "4:1", 'unknown key "colour" in [pages]', 'did you mean "color"?'),
    ],
)
def test_each_mistake_is_told_where_it_stands(tmp_path: Path, said: str, where: str, words: str, hint: str) -> None:
    with pytest.raises(ConfigError) as told:
        Newsroom(tmp_path, f'[feed]\ntitle = "Rain"\n[pages]\n{said}\n')
    (problem,) = told.value.problems
    assert problem.where.endswith(f"feeder.toml:{where}")
    assert words in problem.reason
    assert hint in problem.hint
