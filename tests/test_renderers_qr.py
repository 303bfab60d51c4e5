"""QR codes: what another encoder draws, module for module, and what a scanner reads from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from segno import encoder

from feeder.renderers import qr

if TYPE_CHECKING:
    from collections.abc import Iterator

Picture = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
ADDRESSES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._~:/?#%", min_size=1, max_size=qr.LONGEST)


@pytest.fixture(scope="module", autouse=True)
def _whole_codewords() -> Iterator[None]:
    """segno 1.6 puts a codeword of zeros behind a text that ends with a codeword; section 7.4.10 fills up only what does not."""
    fill = encoder.write_padding_bits
    with pytest.MonkeyPatch.context() as mended:
        mended.setattr(encoder, "write_padding_bits", lambda buffer, version, length: length % 8 and fill(buffer, version, length))  # type: ignore[no-untyped-call]
        yield


def raster(drawing: str) -> Picture:
    """The SVG as a picture, four pixels a module, drawn by what its elements say: a ground, and strokes one unit wide."""
    ground, strokes = etree.fromstring(drawing)
    side = int(ground.get("d", "").partition("h")[2].partition("v")[0])
    picture = np.full((side, side), 255, np.uint8)
    x, y = 0, 0.0
    for kind, numbers in re.findall(r"([mMh])([^mMh]*)", strokes.get("d", "")):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if kind == "h":
            picture[int(y), x : x + int(values[0])] = 0
            x += int(values[0])
        else:
            x, y = x + int(values[0]), y + values[1]
    return picture.repeat(4, 0).repeat(4, 1)


def scanned(picture: Picture) -> list[tuple[str, str]]:
    return [(code.text, code.ec_level) for code in zxingcpp.read_barcodes(picture)]


@settings(max_examples=40, deadline=None)
@given(ADDRESSES | st.text(min_size=1, max_size=80))
@example("https://news.example/harbour/feed.xml")
@example("a" * qr.LONGEST)
def test_every_module_is_as_another_encoder_draws_it(text: str) -> None:
    """Version, codewords, checks, places, the mask with the least penalty, and what is said of all that."""
    theirs = segno.make(text, error="m", mode="byte", encoding="utf-8", micro=False, boost_error=False)
    assert qr.matrix(text) == tuple(map(bytes, theirs.matrix))


@pytest.mark.parametrize("length", [1, 14, 15, 106, 107, 180, 181, 300, qr.LONGEST])
def test_a_scanner_reads_the_text_from_the_drawing_at_every_size(length: int) -> None:
    text = ("https://news.example/" + "harbour-" * 60)[:length]
    assert scanned(raster(qr.svg(text, "QR code"))) == [(text, "M")]


def test_a_scanner_reads_other_scripts() -> None:
    assert scanned(raster(qr.svg("https://例え.example/港?q=ä", "QR code"))) == [("https://例え.example/港?q=ä", "M")]


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="332 bytes do not fit"):
        qr.matrix("a" * (qr.LONGEST + 1))


def test_the_drawing_is_dark_on_light_with_a_quiet_zone_and_a_name() -> None:
    """Its colours are its own, so no dark scheme turns it round; four modules around it are light (section 9.1); it is small."""
    drawing = qr.svg("https://news.example/feed.xml", 'Scan "this" <& that>')
    root = etree.fromstring(drawing)
    ground, strokes = root
    side = len(qr.matrix("https://news.example/feed.xml")) + 8
    assert root.get("viewBox") == f"0 0 {side} {side}"
    assert (root.get("role"), root.get("aria-label")) == ("img", 'Scan "this" <& that>')
    assert (ground.get("fill"), strokes.get("stroke")) == ("#fff", "#000")
    border = raster(drawing) == 255
    border[16:-16, 16:-16] = True
    assert border.all()
    assert len(drawing) < 1700


def test_the_same_text_gives_the_same_bytes() -> None:
    assert qr.svg("urn:x", "a") == qr.svg.__wrapped__("urn:x", "a")
