"""Pictures: how large they are and what of their files is published. Walks the parts of a file by their lengths; never decodes."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct, error, unpack_from

from feeder.errors import Unreadable

__all__ = ["SIDE", "Picture", "gif", "jpeg", "measure", "png", "webp"]

PIXELS = 50_000_000  # decoded, that is 200 MB of somebody else's memory
SIDE = 20_000
_DAMAGED = "copy it here again, or save it anew"
_U16, _U32, _CHUNK = Struct(">H"), Struct(">I"), Struct("<4sI")


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes to publish, and the size in pixels as stored. `turn` is EXIF's orientation, 1 to 8."""

    body: bytes
    width: int
    height: int
    turn: int = 1

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as it is shown: from 5 on it lies on its side."""
        return (self.height, self.width) if self.turn >= 5 else (self.width, self.height)


def measure(picture: Picture) -> None:
    """Raise Unreadable for a picture that is too large to be decoded by strangers (C23), or has no size."""
    width, height = picture.width, picture.height
    if not (width and height):
        raise Unreadable("is a picture without a size", _DAMAGED)
    if width * height > PIXELS or max(width, height) > SIDE:
        reason = f"has {width} by {height} pixels, at most {PIXELS // 1_000_000} million and {SIDE:,} a side are published"
        raise Unreadable(reason, "make it smaller: 2,000 pixels a side are plenty for a screen")


# --- JPEG (ITU-T T.81 annex B) --------------------------------------------------------------------------------------

_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Within coded data a marker is FF and what is neither a stuffed zero nor a restart. Any number of FF may stand before it: who searches
# looks for the last, for a search from each of a million would take hours.
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def jpeg(body: bytes) -> Picture:
    """A JPEG without application data but the density, the colours (ICC, Adobe) and which way up; it ends where its picture ends.

    What follows the picture is another one as a rule: a preview, a film, with a place of its own.
    """
    kept, size, turn = [b"\xff\xd8"], None, 1
    for marker, part in _segments(body):
        if marker in _SIZES:
            if size or len(part) < 10:
                raise Unreadable("is a JPEG with several sizes", _DAMAGED)
            size = _U16.unpack_from(part, 7)[0], _U16.unpack_from(part, 5)[0]
        if marker == 0xE1 and part[4:10] == b"Exif\0\0" and turn == 1:
            turn = _turn(part[10:])
            if turn > 1:
                exif = b"Exif\0\0" + _turned(turn)
                kept.append(b"\xff\xe1" + _U16.pack(len(exif) + 2) + exif)
        elif _wanted(marker, part):
            kept.append(part)
    if size is None:
        raise Unreadable("is a JPEG without a picture", _DAMAGED)
    return Picture(b"".join(kept), *size, turn)


def _wanted(marker: int, part: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:
        named = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}.get(marker)
        return named is not None and part[4:].startswith(named)
    return marker != 0xFE


def _segments(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker with its bytes, coded data with the marker before it, to the end of the picture."""
    at = 2
    while found := _MARKER.match(body, at):
        marker, at = found[1][0], found.end()
        if marker == 0xD9:
            yield marker, b"\xff\xd9"
            return
        end = at + (_U16.unpack_from(body, at)[0] if at + 2 <= len(body) else 0)
        if marker == 0xDA:  # what it announces is as long as it is
            behind = _NEXT_MARKER.search(body, end)
            end = behind.start() if behind else len(body)
        if end < at + 2 or end >= len(body):
            break
        yield marker, b"\xff" + found[1] + body[at:end]
        at = end
    raise Unreadable("is a JPEG that is cut off or damaged", _DAMAGED)


# --- which way up (Exif 2.32 section 4.6.4: tag 0x0112 of the first directory of a TIFF) -----------------------------


def _turn(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (at,) = unpack_from(f"{order}I", tiff, 4)
        (count,) = unpack_from(f"{order}H", tiff, at)
        for number in range(count):
            tag, kind, _, value = unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * number)
            if tag == 0x0112:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except error:
        pass
    return 1


def _turned(turn: int) -> bytes:
    """A TIFF that says which way up, and nothing else."""
    return b"MM\0*\0\0\0\x08" + Struct(">HHHIHHI").pack(1, 0x0112, 3, 1, turn, 0, 0)


# --- PNG (W3C, third edition) ----------------------------------------------------------------------------------------

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = frozenset(b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split())


def png(body: bytes) -> Picture:
    """A PNG without texts, times and camera data; still or moving."""
    kept, turn = [_PNG], 1
    for kind, part in _png_chunks(body):
        if kind == b"eXIf":
            turn = _turn(part[8:-4])
            kept += [_png_chunk(b"eXIf", _turned(turn))] if turn > 1 else []
        elif kind in _CHUNKS:
            kept.append(part)
    return Picture(b"".join(kept), _U32.unpack_from(body, 16)[0], _U32.unpack_from(body, 20)[0], turn)


def _png_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    if body[at + 4 : at + 8] != b"IHDR":
        raise Unreadable("is a PNG without a size", _DAMAGED)
    while at + 12 <= len(body):
        kind, end = body[at + 4 : at + 8], at + 12 + _U32.unpack_from(body, at)[0]
        if end > len(body):
            break
        yield kind, body[at:end]
        if kind == b"IEND":
            return
        at = end
    raise Unreadable("is a PNG that is cut off or damaged", _DAMAGED)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return _U32.pack(len(data)) + kind + data + _U32.pack(zlib.crc32(kind + data))


# --- GIF (CompuServe, version 89a) -----------------------------------------------------------------------------------

_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


def gif(body: bytes) -> Picture:
    """A GIF without comments and without application data, but that it repeats."""
    try:
        width, height, packed = unpack_from("<HHB", body, 6)
        at = 13 + _colours(packed)
        kept = [body[:at]]
        while at < len(body) and (mark := body[at]) != 0x3B:  # some programs forget the end
            end = _gif_part(body, at, mark)
            if mark == 0x2C:
                left, top, wide, high = unpack_from("<HHHH", body, at + 1)
                width, height = max(width, left + wide), max(height, top + high)
            if mark == 0x2C or body[at + 1] in (0xF9, 0x01) or body[at + 2 : at + 14] in _LOOPS:
                kept.append(body[at:end])
            at = end
        if b"\x2c" not in {part[:1] for part in kept[1:]}:
            raise IndexError
    except (error, IndexError):
        raise Unreadable("is a GIF that is cut off or damaged", _DAMAGED) from None
    return Picture(b"".join(kept) + b"\x3b", width, height)


def _gif_part(body: bytes, at: int, mark: int) -> int:
    """Where the image or the extension at `at` ends."""
    if mark == 0x2C:
        at += 11 + _colours(body[at + 9])
    elif mark == 0x21:
        at += 2
    else:
        raise IndexError
    while size := body[at]:
        at += size + 1
    return at + 1


def _colours(packed: int) -> int:
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


# --- WebP (RFC 9649) -------------------------------------------------------------------------------------------------

_WEBP = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def webp(body: bytes) -> Picture:
    """A WebP without XMP and camera data, still or moving."""
    chunks = dict[bytes, bytes]()
    kept, turn = list[bytes](), 1
    for kind, data in _webp_chunks(body):
        chunks.setdefault(kind, data)
        if kind in _WEBP:
            kept.append(_webp_chunk(kind, data))
        elif kind == b"EXIF":
            turn = _turn(data.removeprefix(b"Exif\0\0"))
    if head := chunks.get(b"VP8X"):
        if len(head) != 10 or next(iter(chunks)) != b"VP8X":
            raise Unreadable("is a WebP that is cut off or damaged", _DAMAGED)
        flags = head[0] & ~(_HAS_EXIF | _HAS_XMP) | (_HAS_EXIF if turn > 1 else 0)
        kept[0] = _webp_chunk(b"VP8X", bytes([flags]) + head[1:])
        kept += [_webp_chunk(b"EXIF", _turned(turn))] if turn > 1 else []
    inside = b"WEBP" + b"".join(kept)
    return Picture(_CHUNK.pack(b"RIFF", len(inside)) + inside, *_webp_size(chunks), turn if head else 1)


def _webp_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + _CHUNK.unpack_from(body)[1]
    if end > len(body) or end < 20:
        raise Unreadable("is a WebP that is cut off or damaged", _DAMAGED)
    while at + 8 <= end:
        kind, size = _CHUNK.unpack_from(body, at)
        if at + 8 + size > end:
            raise Unreadable("is a WebP that is cut off or damaged", _DAMAGED)
        yield kind, body[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _webp_chunk(kind: bytes, data: bytes) -> bytes:
    return _CHUNK.pack(kind, len(data)) + data + b"\0" * (len(data) % 2)


def _webp_size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """The largest size that any part of it states: a canvas and what is drawn on it are to agree, and a bomb does not."""
    sizes = []
    if head := chunks.get(b"VP8X"):
        sizes.append((int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1))
    if len(lossy := chunks.get(b"VP8 ", b"")) >= 10:
        sizes.append((int.from_bytes(lossy[6:8], "little") & 0x3FFF, int.from_bytes(lossy[8:10], "little") & 0x3FFF))
    if len(exact := chunks.get(b"VP8L", b"")) >= 5:
        bits = int.from_bytes(exact[1:5], "little")
        sizes.append(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
    if not sizes:
        raise Unreadable("is a WebP without a picture", _DAMAGED)
    return max(width for width, _ in sizes), max(height for _, height in sizes)
