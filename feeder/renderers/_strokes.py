"""Strokes: letters as lines a pen draws, and pictures of them in pixels (PNG, ICO). It knows no feed and no colour but those it is given.

A drawing is a path of SVG on a square of 64 units with the commands M, L and C and absolute places; the pen is 7 units wide and round.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from struct import Struct

__all__ = ["GLYPHS", "MARK", "ico", "png"]

_UNITS = 64
_PEN = 3.5  # units from the middle of a stroke to its edge
_PIECES = 12  # straight ones that a curve becomes
_BOWL = "L33 17C39 17 43 20.5 43 26C43 31.5 39 35 33 35L22 35"
_RING = "M32 17C24 17 18 23.5 18 32C18 40.5 24 47 32 47C40 47 46 40.5 46 32C46 23.5 40 17 32 17"
_OPEN = "M43.5 22.5C41 19 37 17 33 17C25 17 19 23.5 19 32C19 40.5 25 47 33 47"

MARK = "M20.5 43.5L20.5 43.5M20.5 30.5C28 30.5 33.5 36 33.5 43.5M20.5 18.5C34.5 18.5 45.5 29.5 45.5 43.5"
"""The mark of feeds: a dot and two waves."""

_LATIN = {
    "A": "M19 47L32 17L45 47M23.5 37L40.5 37",
    "B": "M22 17L22 47L34 47C39 47 43 44 43 39C43 34.5 39 31.5 34 31.5L22 31.5M33 31.5C38 31.5 41 28.5 41 24.5C41 20 38 17 33 17L22 17",
    "C": f"{_OPEN}C37 47 41 45 43.5 41.5",
    "D": "M21 17L21 47L29 47C38.5 47 44 41 44 32C44 23 38.5 17 29 17L21 17",
    "E": "M41 17L24 17L24 47L41 47M24 32L38 32",
    "F": "M42 17L25 17L25 47M25 32L39 32",
    "G": f"{_OPEN}C38 47 42 45 44.5 42L44.5 33L35 33",
    "H": "M21 17L21 47M43 17L43 47M21 32L43 32",
    "I": "M32 17L32 47",
    "J": "M39 17L39 38C39 43.5 36 47 31 47C27 47 24 45 23 41",
    "K": "M22 17L22 47M42 17L22 35M29 29L43 47",
    "L": "M25 17L25 47L42 47",
    "M": "M18 47L18 17L32 37L46 17L46 47",
    "N": "M21 47L21 17L43 47L43 17",
    "O": _RING,
    "P": f"M22 47L22 17{_BOWL}",
    "Q": f"{_RING}M37 38L46 48",
    "R": f"M22 47L22 17{_BOWL}M32 35L43 47",
    "S": "M42 21.5C40 18.5 36.5 17 32.5 17C26.5 17 22.5 20 22.5 24.5C22.5 29 26 30.5 32 32C38.5 33.5 42.5 35 42.5 39.5C42.5 44 38 47 32.5 47"
    "C28 47 24 45 21.5 41.5",
    "T": "M20 17L44 17M32 17L32 47",
    "U": "M21 17L21 36C21 43 25 47 32 47C39 47 43 43 43 36L43 17",
    "V": "M19 17L32 47L45 17",
    "W": "M14.5 17L23 47L32 22L41 47L49.5 17",
    "X": "M21 17L43 47M43 17L21 47",
    "Y": "M20 17L32 33L44 17M32 33L32 47",
    "Z": "M21.5 17L42.5 17L21.5 47L42.5 47",
    "0": "M32 17C25.5 17 21 23.5 21 32C21 40.5 25.5 47 32 47C38.5 47 43 40.5 43 32C43 23.5 38.5 17 32 17",
    "1": "M26 22.5L34 17L34 47",
    "2": "M22 25C22 20.5 26 17 32 17C38 17 42 20.5 42 25.5C42 29.5 40 32 36 36L23 47L43 47",
    "3": "M23 21C25 18.5 28 17 32 17C37.5 17 41.5 20 41.5 24.5C41.5 28.5 38 31.5 32 31.5C38.5 31.5 42.5 34.5 42.5 39C42.5 44 38 47 32 47"
    "C27.5 47 24 45.5 21.5 42.5",
    "4": "M37 47L37 17L20 38L44 38",
    "5": "M41 17L25 17L23.5 30C26 28.5 28.5 27.5 32 27.5C38 27.5 42.5 31.5 42.5 37C42.5 43 38 47 32 47C27.5 47 24 45.5 21.5 42.5",
    "6": "M40 18C31 19 22 27 22 37C22 43 26 47 32 47C38 47 42 43 42 37.5C42 32 38 28.5 32.5 28.5C27.5 28.5 23 31.5 22 37",
    "7": "M21 17L43 17L28 47",
    "8": "M32 31.5C27 31.5 24 28.5 24 24.5C24 20 27.5 17 32 17C36.5 17 40 20 40 24.5C40 28.5 37 31.5 32 31.5C26 31.5 22 34.5 22 39"
    "C22 44 26.5 47 32 47C37.5 47 42 44 42 39C42 34.5 38 31.5 32 31.5",
    "9": "M24 46C33 45 42 37 42 27C42 21 38 17 32 17C26 17 22 21 22 26.5C22 32 26 35.5 31.5 35.5C36.5 35.5 41 32.5 42 27",
}
_SAME = dict(zip("АВЕЅЗІЈКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABES3IJKMHOPCTXABEZHIKMNOPTYX", strict=True))
GLYPHS = {**_LATIN, **{letter: _LATIN[twin] for letter, twin in _SAME.items()}}
"""Capitals and digits, and those of Cyrillic and Greek that look the same."""

_Point = tuple[float, float]
_CHUNK, _HEAD, _ENTRY = Struct(">I4s"), Struct("<HHH"), Struct("<BBBBHHII")
_U32 = Struct(">I")


def png(strokes: str, size: int, ground: str, ink: str, *, corner: float) -> bytes:
    """Return a square PNG of `size` pixels: strokes in one colour on another, with corners of a radius in units cut off, edges smooth."""
    below, above = ([int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (ground, ink))
    shades = [bytes(round(low + (high - low) * part / 255) for low, high in zip(below, above, strict=True)) + b"\xff" for part in range(256)]
    pixels = bytearray(b"".join(shades[part] for part in _drawn(strokes, size)))
    for at, part in _cut(size, corner * size / _UNITS):
        pixels[4 * at + 3] = part
    rows = b"".join(b"\0" + pixels[at : at + 4 * size] for at in range(0, len(pixels), 4 * size))  # each without a filter
    head = _U32.pack(size) * 2 + bytes((8, 6, 0, 0, 0))
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def ico(pictures: Sequence[tuple[int, bytes]]) -> bytes:
    """Return an ICO of PNGs, each with its side in pixels, 256 at most."""
    at, entries = _HEAD.size + len(pictures) * _ENTRY.size, list[bytes]()
    for side, body in pictures:
        entries.append(_ENTRY.pack(side % 256, side % 256, 0, 0, 1, 32, len(body), at))
        at += len(body)
    return _HEAD.pack(0, 1, len(pictures)) + b"".join(entries) + b"".join(body for _, body in pictures)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return _CHUNK.pack(len(data), kind) + data + _U32.pack(zlib.crc32(kind + data))


def _drawn(strokes: str, size: int) -> bytearray:
    """How much of each pixel the strokes cover, from 0 to 255."""
    covered = bytearray(size * size)
    for begin, end in _pieces(strokes, size / _UNITS):
        _draw(covered, size, begin, end)
    return covered


def _draw(covered: bytearray, size: int, begin: _Point, end: _Point) -> None:
    """Draw one straight piece. Only pixels near it are looked at."""
    (ax, ay), (bx, by) = begin, end
    reach, dx, dy = _PEN * size / _UNITS + 0.5, bx - ax, by - ay
    length = dx * dx + dy * dy or 1.0
    columns = range(max(int(min(ax, bx) - reach), 0), min(int(max(ax, bx) + reach + 1), size))
    for y in range(max(int(min(ay, by) - reach), 0), min(int(max(ay, by) + reach + 1), size)):
        py = y + 0.5 - ay
        for x in columns:
            px = x + 0.5 - ax
            along = (px * dx + py * dy) / length
            along = 0.0 if along < 0 else min(along, 1.0)
            cover = reach - math.hypot(px - along * dx, py - along * dy)
            if cover > 0 and (part := 255 if cover >= 1 else int(255 * cover)) > covered[y * size + x]:
                covered[y * size + x] = part


def _pieces(strokes: str, scale: float) -> Iterator[tuple[_Point, _Point]]:
    """The straight pieces of a path, in pixels."""
    pen: _Point = (0.0, 0.0)
    for command, numbers in re.findall(r"([MLC])([^MLC]*)", strokes):
        values = [float(number) * scale for number in numbers.split()]
        points = list(zip(values[::2], values[1::2], strict=True))
        if command == "L":
            yield pen, points[-1]
        elif command == "C":
            curve = [_on_curve((pen, *points), number / _PIECES) for number in range(_PIECES + 1)]
            yield from pairwise(curve)
        pen = points[-1]


def _on_curve(points: Sequence[_Point], at: float) -> _Point:
    """A place on a cubic Bézier curve."""
    weights = ((1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3)
    return sum(w * x for w, (x, _) in zip(weights, points, strict=True)), sum(w * y for w, (_, y) in zip(weights, points, strict=True))


def _cut(size: int, radius: float) -> Iterator[tuple[int, int]]:
    """The pixels of a square that its round corners cut, and how much of each is left, from 0 to 255."""
    edges = [max(radius - at - 0.5, at + 0.5 - size + radius, 0.0) for at in range(size)]
    for at, (y, x) in enumerate((y, x) for y in edges for x in edges):
        if x and y and (left := radius + 0.5 - math.hypot(x, y)) < 1:
            yield at, int(255 * max(left, 0.0))
