"""Icons: the picture that stands for a feed where there is little room, as SVG, ICO and PNG. Drawn from the title, or the owner's own.

A made icon shows the first letter of the title on a colour that follows from the feed's id, or on the configured one. Letters and digits of
the Latin script are drawn with strokes of our own, the same in a browser and in pixels; any other letter or emoji is left to the browser's
fonts in the SVG, and the mark of feeds takes its place in pixels: there is no font here to draw it with.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from html import escape
from itertools import chain
from struct import Struct
from typing import TYPE_CHECKING

from feeder.model import IN_ICO, Document
from feeder.renderers import colours
from feeder.renderers._strokes import GLYPHS, MARK, ico, png

if TYPE_CHECKING:
    from feeder.model import Site

__all__ = ["documents", "initial"]

ICO, TOUCH = "favicon.ico", "apple-touch-icon.png"
_SIZES = (16, 32, 48)
_TOUCH = 180  # pixels, as Apple's telephones ask for
_SMALLEST_TOUCH = 120
_SIZE = Struct(">II")
_JOINER = "\u200d"
_VARIANTS = ("\ufe0e", "\ufe0f")
_TURKIC = ("tr", "az", "crh")


def documents(site: Site, own: Document | None = None) -> tuple[Document, ...]:
    """Return the icons that pages and feeds lead to. `own` is the owner's picture where there is one, to be published where its path says.

    A PNG serves for all of them as far as it can: an ICO holds no picture of more than 256 pixels, and a telephone wants 120 at least. Where it
    cannot, the made one stands, for whoever asks for it without being led there.
    """
    letter = initial(site.title, site.language)
    ground = site.look.color or colours.own(site.id)
    made = {"icon.svg": _svg(letter, ground), ICO: _ico(letter, ground), TOUCH: _touch(letter, ground)}
    if own is not None:
        made = {own.path: own.body, **{path: body for path, body in made.items() if path != "icon.svg"}, **_from(own)}
    types = {".svg": "image/svg+xml", ".ico": "image/x-icon", ".png": "image/png"}
    return tuple(Document(path, own.media_type if own and path == own.path else types[path[-4:]], body) for path, body in made.items())


def initial(title: str, language: str = "en") -> str:
    """Return the first letter or digit of a title as it is written large, with its marks; where there is none, the first sign; else nothing.

    A letter is what people take for one: with accents and vowel signs, and an emoji with all that is joined to it.
    """
    clusters = _clusters(unicodedata.normalize("NFC", title))
    letters = [cluster for cluster in clusters if cluster[0].isalnum()]
    signs = [cluster for cluster in clusters if unicodedata.category(cluster[0]) == "So"]
    first = next(chain(letters, signs), "")
    if first[:1] == "i" and language.lower().split("-")[0] in _TURKIC:
        return "İ" + first[1:]
    large = first.title()
    return large if len(large) == len(first) else first  # "ß" has no capital of its own


def _clusters(title: str) -> list[str]:
    """What is seen as one sign (Unicode annex 29, as far as a first letter needs it)."""
    found = list[str]()
    for sign in title:
        before = found[-1] if found else ""
        joined = unicodedata.category(sign)[0] == "M" or sign in (_JOINER, *_VARIANTS) or "\U0001f3fb" <= sign <= "\U0001f3ff"
        flag = _is_flag(sign) and len(before) == 1 and _is_flag(before)
        if before and (joined or flag or before.endswith(_JOINER)):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def _is_flag(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _svg(letter: str, ground: str) -> bytes:
    ink = colours.ink(ground)
    if strokes := MARK if not letter else GLYPHS.get(letter):
        drawn = f'<path d="{strokes}" fill="none" stroke="{ink}" stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/>'
    else:
        face = 'font-family="system-ui, sans-serif" font-size="36" font-weight="600" text-anchor="middle" dominant-baseline="central"'
        drawn = f'<text x="32" y="33" {face} fill="{ink}">{escape(letter)}</text>'
    tile = f'<rect width="64" height="64" rx="14" fill="{ground}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">{tile}{drawn}</svg>\n'.encode()


def _drawable(letter: str) -> str:
    """The strokes of a letter, or of the one that it is without its marks; the mark of feeds where we have none."""
    return GLYPHS.get(letter) or GLYPHS.get(unicodedata.normalize("NFD", letter)[:1]) or MARK


@lru_cache(maxsize=8)
def _ico(letter: str, ground: str) -> bytes:
    strokes, ink = _drawable(letter), colours.ink(ground)
    return ico([(size, png(strokes, size, ground, ink, corner=14)) for size in _SIZES])


@lru_cache(maxsize=8)
def _touch(letter: str, ground: str) -> bytes:
    """A telephone cuts the corners itself, and shows black where nothing is."""
    return png(_drawable(letter), _TOUCH, ground, colours.ink(ground), corner=0)


def _from(own: Document) -> dict[str, bytes]:
    """The other icons that an own picture serves for."""
    if own.media_type != "image/png":
        return {}
    side, _ = _SIZE.unpack_from(own.body, 16)
    small = {ICO: ico([(side, own.body)])} if side <= IN_ICO else {}
    return {**small, **({TOUCH: own.body} if side >= _SMALLEST_TOUCH else {})}
