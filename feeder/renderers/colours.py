"""Colours: contrast as WCAG counts it, an accent that can be read on paper, light or dark, and the colour that is a feed's own. No pages.

A colour is "#rrggbb". Lightness is changed in OKLCH, where it is what the eye sees, and hue stays: of a colour that paper cannot carry
only as much is taken away as has to be. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio, https://www.w3.org/TR/css-color-4/#ok-lab
"""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

__all__ = ["DARK", "LIGHT", "READABLE", "Paper", "accents", "bars", "contrast", "ink", "own", "properties"]

READABLE = 4.5
"""The contrast that text needs at least (WCAG 2.2, 1.4.3, level AA)."""

_STEP = 0.005  # of lightness: nobody sees one
_TILE = (0.52, 0.13)  # lightness and chroma of a feed's own colour: every hue carries white letters


class Paper(NamedTuple):
    """What pages are printed on: `page`, and `wash` behind boxes and code."""

    page: str
    wash: str


LIGHT, DARK = Paper("#fcfbf8", "#f3f0e9"), Paper("#181715", "#23211e")
"""The papers of style.css and feed.css."""

_Triple = tuple[float, float, float]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def ink(ground: str) -> str:
    """Return white or black, whichever is easier to read on `ground`: one of them always is."""
    return "#ffffff" if contrast("#ffffff", ground) >= READABLE else "#000000"


def accents(colour: str) -> tuple[str, str]:
    """Return the colour as links have it on light and on dark paper: itself if it can be read there, else the nearest that can."""
    return _readable(colour, LIGHT, -_STEP), _readable(colour, DARK, _STEP)


def bars(colour: str | None) -> tuple[str, str]:
    """Return the colours that a browser's own bars take, light and dark: the accent, and by night a deep shade of it; else those of the page."""
    if colour is None:
        return LIGHT.page, DARK.page
    light, chroma, hue = _oklch(accents(colour)[0])
    return accents(colour)[0], _hex(min(light, 0.3), min(chroma, 0.08), hue)


def own(ident: str) -> str:
    """Return the colour of a feed whose id is `ident`: another feed has another, as a rule; white letters can be read on it."""
    turn = int.from_bytes(hashlib.sha256(ident.encode()).digest()[:4], "big") / 2**32
    return _hex(*_TILE, turn * math.tau)


def properties(colour: str, selector: str) -> str:
    """Return rules for the end of a stylesheet that give `selector` the accent, in both schemes."""
    light, dark = accents(colour)
    return f"{selector} {{ --accent: {light}; }}\n@media (prefers-color-scheme: dark) {{ {selector} {{ --accent: {dark}; }} }}\n"


def _readable(colour: str, paper: Paper, step: float) -> str:
    """The colour, or the nearest lighter or darker one, that can be read on a paper."""
    found, (light, chroma, hue) = colour.lower(), _oklch(colour)
    while min(contrast(found, paper.page), contrast(found, paper.wash)) < READABLE:
        light += step
        found = _hex(light, chroma, hue)
    return found


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> _Triple:
    """Red, green and blue from 0 to 1, as light adds up."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _oklch(colour: str) -> _Triple:
    """Lightness (0 to 1), chroma, and hue in radians."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short, math.hypot(a, b), math.atan2(b, a)


def _hex(light: float, chroma: float, hue: float) -> str:
    """The colour that a screen can show: what is too strong for it loses chroma and nothing else."""
    while True:
        parts = _rgb(min(max(light, 0), 1), chroma, hue)
        if chroma <= 0 or all(-0.0005 <= part <= 1.0005 for part in parts):
            break
        chroma = chroma - 0.005 if chroma > 0.005 else 0
    shown = (part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in (min(max(part, 0), 1) for part in parts))
    return "#" + "".join(f"{round(255 * part):02x}" for part in shown)


def _rgb(light: float, chroma: float, hue: float) -> _Triple:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
