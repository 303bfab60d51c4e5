"""How people meet the feed: the block on the front page, the line on a tag's, and the feed itself opened in a browser, as a browser shows them."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zxingcpp

from tests.browser import NARROW, WIDE, Browser, needs_chromium, served
from tests.newsroom import Newsroom

if TYPE_CHECKING:
    from playwright.sync_api import Page

SETTINGS = """[feed]
title = "Notes from the harbour"
subtitle = "Ships & weather"
base_url = "http://news.example/harbour/"
[pages]
readers = ["feedly", "newsblur"]
"""
FEED = "http://news.example/harbour/feed.xml"
Picture = np.ndarray[Any, np.dtype[np.uint8]]
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site with a tag, an Arabic article, an article that is gone, and archives."""
    room = Newsroom(tmp_path_factory.mktemp("site"), SETTINGS)
    room.write(
        "fog.md",
        "---\ntags: [weather]\nauthor: Marta\n---\n# Fog until noon\n\nFog held up the ferries for three hours, and the passengers with them.",
    )
    room.write(
        "port.md",
        "---\nlanguage: ar\ndate: 2036-11-22T11:50:00Z\n---\n"
        "# الميناء يفتح أبوابه من جديد\n\nأعيد افتتاح الميناء صباح الأربعاء بعد ثلاثة أيام من الضباب الكثيف.",
    )
    gone = room.write("gone.md", "# Gone\n\nThis note is about to be taken away, and nobody is to miss it for long.")
    for number in range(50):
        room.write(
            f"note-{number}.md", f"# Note {number}\n\nThe tide came in at {number} past noon, and left the mole dry before the evening was over."
        )
    room.cycle()
    gone.unlink()
    room.later(hours=1)
    room.cycle()
    return room.output


@pytest.fixture(scope="module")
def home(site: Path) -> Iterator[str]:
    with served(site) as home:
        yield home


def pixels(picture: bytes) -> Picture:
    """The red, green and blue of a PNG without interlacing."""
    width, height, _, colours = struct.unpack_from(">2I2B", picture, 16)
    data, at, depth = b"", 8, {2: 3, 6: 4}[colours]
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        data += picture[at + 8 : at + 8 + length] if picture[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    rows, stride = zlib.decompress(data), width * depth
    found = np.zeros((height + 1, width + 1, depth), np.uint8)  # with nothing above and at the left
    for y in range(1, height + 1):
        start = (y - 1) * (stride + 1)
        kind, line = rows[start], np.frombuffer(rows, np.uint8, stride, start + 1).reshape(width, depth)
        if kind in (0, 2):
            found[y, 1:] = line + (found[y - 1, 1:] if kind else 0)
        elif kind == 1:
            found[y, 1:] = np.cumsum(line, axis=0, dtype=np.uint8)
        else:
            found[y] = _predicted(kind, line, found[y - 1])
    return found[1:, 1:, :3]


def _predicted(kind: int, line: Picture, above: Picture) -> Picture:
    """A row whose filter is the average or Paeth's (PNG, section 9)."""
    now = np.zeros(above.shape, np.int16)
    for x in range(1, len(now)):
        left, up, corner = now[x - 1], above[x].astype(np.int16), above[x - 1].astype(np.int16)
        if kind == 3:
            guess = (left + up) // 2
        else:
            far = np.abs([up - corner, left - corner, left + up - 2 * corner])
            guess = np.choose(far.argmin(axis=0), [left, up, corner])
        now[x] = (line[x - 1] + guess) & 0xFF
    return now.astype(np.uint8)


# --- the block on the front page ---


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_telephone_reads_the_code_from_a_picture_of_the_page(browser: Browser, home: str, dark: bool) -> None:
    """As large as it stands there, in either scheme."""

    def look(page: Page) -> bytes:
        box = page.locator("#subscribe figure").bounding_box()
        assert box
        return page.screenshot(clip={"x": box["x"] - 20, "y": box["y"] - 10, "width": box["width"] + 40, "height": box["height"] + 10})

    picture = pixels(browser.visit(home, look, dark=dark).told)
    assert [code.text for code in zxingcpp.read_barcodes(np.ascontiguousarray(picture))] == [FEED]


@needs_chromium
def test_one_touch_selects_the_whole_address_without_a_script(browser: Browser, home: str) -> None:
    """On the front page and on a tag's, whose feed is its own; nothing is asked of anybody but this site, and nothing complained of."""

    def touch(page: Page) -> str:
        page.locator(".address").click(position={"x": 20, "y": 8})
        return str(page.evaluate("getSelection().toString()")).replace("\n", "")

    for path, address in (("", FEED), ("tags/weather/", "http://news.example/harbour/tags/weather/feed.xml")):
        sight = browser.visit(home + path, touch, width=NARROW)
        assert sight.told == address
        assert not sight.strangers()
        assert not sight.console


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(NARROW, False), (WIDE, True)])
def test_the_block_is_for_everybody_and_fits_in_its_place(browser: Browser, home: str, width: int, dark: bool) -> None:
    """No violation that axe knows, nothing wider than the window; the code is left out where the window is that of a telephone."""
    assert browser.axe(home if dark else f"{home}tags/weather/", width=width, dark=dark) == []
    told = "[document.documentElement.scrollWidth <= innerWidth, document.querySelector('.qr').getBoundingClientRect().width > 100]"
    assert browser.visit(home, told, width=width, dark=dark).told == [True, width == WIDE]


# --- the feed itself ---


@needs_chromium
@pytest.mark.parametrize(
    "path", ["feed.xml", "archive/0001.xml", *(pytest.param(path, marks=pytest.mark.slow) for path in ("rss.xml", "tags/weather/feed.xml"))]
)
@pytest.mark.parametrize(("width", "dark"), [(NARROW, True), (WIDE, False)])
def test_a_feed_in_a_browser_says_what_it_is_and_lists_its_articles(browser: Browser, home: str, path: str, width: int, dark: bool) -> None:
    """XML with a stylesheet of this site and nothing else; what is for machines is not shown, and nothing is wider than the window."""
    rss = path == "rss.xml"
    sight = browser.visit(home + path, lambda page: _told(page, rss=rss), width=width, dark=dark)
    told = sight.told
    assert told["type"] == "application/xml"
    assert told["wide"] <= width
    assert told["shown"] == (["title", "published", "summary"] if not rss else ["title", "pubDate", "description"])
    assert "subscribe" in told["says"]
    assert told["ground"] == ("rgb(24, 23, 21)" if dark else "rgb(252, 251, 248)")
    assert told["page"].startswith("http://news.example/harbour/")
    assert ("past" in told["says"]) == path.startswith("archive/")
    assert not sight.strangers()
    assert not sight.console


def _told(page: Page, *, rss: bool) -> dict[str, object]:
    """What is seen of a feed: of its first entry the elements that are, what stands before it, and where the page for people is."""
    page.evaluate("window.entry = document.querySelector('entry, item'); window.root = document.querySelector('feed, channel')")
    seen = "[...entry.children].filter(child => getComputedStyle(child).display !== 'none').map(child => child.localName)"
    order = "child => Number(getComputedStyle([...entry.children].find(other => other.localName === child)).order)"
    link = "[...root.children].find(child => child.localName === 'link' && " + (
        "!child.namespaceURI)" if rss else "child.getAttribute('rel') === 'alternate')"
    )
    return {
        "type": page.evaluate("document.contentType"),
        "wide": page.evaluate("document.documentElement.scrollWidth"),
        "shown": sorted(page.evaluate(seen), key=lambda name: page.evaluate(f"({order})('{name}')")),
        "says": page.evaluate("getComputedStyle(root, '::before').content"),
        "ground": page.evaluate("getComputedStyle(document.documentElement).backgroundColor"),
        "page": page.evaluate(f"(link => getComputedStyle(link).display === 'block' && (link.getAttribute('href') || link.textContent))({link})"),
    }


@needs_chromium
def test_a_feed_from_a_disk_is_shown_the_same_and_arabic_from_the_right(browser: Browser, site: Path) -> None:
    """As a static host serves it, or a folder; each entry runs as its language does."""
    way = "[...document.querySelectorAll('entry')].map(entry => [entry.getAttribute('xml:lang'), getComputedStyle(entry).direction])"
    told = browser.visit((site / "feed.xml").as_uri(), way).told
    assert {tuple(found) for found in told} == {(None, "ltr"), ("ar", "rtl")}


@needs_chromium
def test_what_is_gone_is_not_shown(browser: Browser, home: str) -> None:
    """A tombstone is for machines."""
    shown = (
        "[...document.documentElement.children].filter(child => child.localName === 'deleted-entry').map(child => getComputedStyle(child).display)"
    )
    assert browser.visit(f"{home}feed.xml", shown).told == ["none"]


@needs_chromium
def test_a_picture_of_the_feed_shows_its_title_and_a_box(browser: Browser, home: str) -> None:
    """Painted, not only computed: the accent stands at the left edge of the box."""

    def look(page: Page) -> bytes:
        shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"clip": {"x": 0, "y": 0, "width": 400, "height": 300, "scale": 1}})
        return base64.b64decode(shot["data"])

    picture = pixels(browser.visit(f"{home}feed.xml", look, width=400, height=300).told)
    assert (picture == np.array([0xA3, 0x3F, 0x08])).all(axis=2).sum() > 100


@pytest.mark.slow
@pytest.mark.skipif(FIREFOX is None, reason="firefox is not installed")
def test_firefox_shows_the_same(home: str, tmp_path: Path) -> None:
    """Its own engine, its own idea of what a root's pseudo-elements are."""
    command = [
        str(FIREFOX),
        "--headless",
        "--profile",
        str(tmp_path),
        "--window-size",
        "400,300",
        "--screenshot",
        str(tmp_path / "a.png"),
        f"{home}feed.xml",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "MOZ_HEADLESS": "1"})
    picture = pixels((tmp_path / "a.png").read_bytes())
    assert (picture == np.array([0xA3, 0x3F, 0x08])).all(axis=2).sum() > 100
