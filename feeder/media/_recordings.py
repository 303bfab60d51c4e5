"""Recordings: how long they are, what they are called, and what of their files is published. Nothing is decoded.

Titles, names and chapters stay in the file, for players show them. Left out is what may tell a place or nobody sees: private and
application data, and an embedded picture that would not be published as it is if it lay beside the article.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from feeder import text
from feeder.errors import Unreadable
from feeder.media import _pictures

__all__ = ["flac", "has_pictures", "mp3", "mp4", "ogg", "told", "wav"]

_DAMAGED = "copy it here again, or save it anew"
_U32, _CHUNK, _PAGE, _APE = Struct(">I"), Struct("<4sI"), Struct("<4sBBqIIIB"), Struct("<III")
# In either of the encodings that tags are written in.
_PLACE = re.compile(
    b"|".join(b"\\0?".join(word[at : at + 1] for at in range(len(word))) for word in (b"gps", b"location", b"latitude", b"geotag")), re.IGNORECASE
)
_OGG_TELLS = re.compile(rb"(?:location|latitude|gps_?\w{0,20}|metadata_block_picture)=", re.IGNORECASE)
_SOUND = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_LONGEST_TITLE = 300
_LONGEST = 7 * 86400


def told(body: bytes) -> tuple[int | None, str | None]:
    """How long a recording is, in seconds, and its title; None where it does not tell."""
    import tinytag  # only where there is a recording

    try:
        found = tinytag.TinyTag.get(file_obj=io.BytesIO(body))
    except tinytag.TinyTagException:
        return None, None
    lasts, title = found.duration, text.line(text.clean(found.title or ""))[:_LONGEST_TITLE]
    return round(lasts) if lasts and 0.5 <= lasts <= _LONGEST else None, title or None


def _shows_all(picture: bytes) -> bool:
    """Whether an embedded picture tells no more than it shows."""
    form = next((form for mark, form in ((b"\xff\xd8\xff", _pictures.jpeg), (b"\x89PNG", _pictures.png)) if picture.startswith(mark)), None)
    if form is None:
        return False
    try:
        cleaned = form(picture)
        _pictures.measure(cleaned)
    except Unreadable:
        return False
    return cleaned.body == picture


# --- MP3 with ID3 (id3.org: version 2.3.0, 2.4.0) ---------------------------------------------------------------------

_FRAME = re.compile(rb"[A-Z][A-Z0-9]{3}")
_FRAMES = re.compile(rb"T(?!XXX)...|TXXX|COMM|USLT|SYLT|CHAP|CTOC|WOAF|WOAR|WCOP|WPUB|WXXX|APIC|UFID|MCDI|RVA2")


def mp3(body: bytes) -> bytes:
    """An MP3 with the ID3 frames that players show. A tag with options that hardly any program writes goes as a whole."""
    at, frames, version = 0, b"", b""
    while len(head := body[at : at + 10]) == 10 and head.startswith(b"ID3"):
        end = at + 10 + _safe(head[6:]) + (10 if head[5] & 0x10 else 0)
        if not frames and head[3] in (3, 4) and not head[5]:
            frames, version = b"".join(_frames(body[at + 10 : end], head[3])), head[3:4]
        at = end
    sound = body[at : _behind(body)]
    if not _SOUND.search(sound, 0, 65536) or sound.startswith(b"fLaC"):
        raise Unreadable("is an MP3 without sound", _DAMAGED)
    return b"ID3" + version + b"\0\0" + _unsafe(len(frames)) + frames + sound if frames else sound


def _behind(body: bytes) -> int:
    """Where the sound ends: before an APE tag (version 2), whose cover and items may tell a place, and an ID3v1 tag behind that."""
    end = len(body) - (128 if body[-128:-125] == b"TAG" else 0)
    foot = body[max(0, end - 32) : end]
    if len(foot) < 32 or not foot.startswith(b"APETAGEX"):
        return len(body)
    size, _, flags = _APE.unpack_from(foot, 12)
    return max(0, int(end - size - (32 if flags & 0x80000000 else 0)))


def _frames(tag: bytes, version: int) -> Iterator[bytes]:
    at = 0
    while at + 10 <= len(tag) and _FRAME.fullmatch(name := tag[at : at + 4]):
        size = _safe(tag[at + 4 : at + 8]) if version == 4 else _U32.unpack_from(tag, at + 4)[0]
        frame, at = tag[at : at + 10 + size], at + 10 + size
        if at <= len(tag) and not frame[9] and _harmless(name, frame[10:]):
            yield frame


def _harmless(name: bytes, said: bytes) -> bool:
    if not _FRAMES.fullmatch(name):
        return False
    if name == b"APIC":
        starts = [at for mark in (b"\xff\xd8\xff", b"\x89PNG") if (at := said.find(mark)) >= 0]
        return bool(starts) and _shows_all(said[min(starts) :])
    if name in (b"CHAP", b"CTOC"):
        return not any(inner in said for inner in (b"APIC", b"GEOB", b"PRIV", b"TXXX"))
    return name not in (b"TXXX", b"COMM") or not _PLACE.search(said)


def _safe(size: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))


def _unsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


# --- FLAC (RFC 9639 section 8), WAV, Ogg -----------------------------------------------------------------------------


def flac(body: bytes) -> bytes:
    """A FLAC without application data, and without pictures that tell more than they show."""
    kept, at, last = list[bytes](), 4, False
    while not last:
        if at + 4 > len(body):
            raise Unreadable("is a FLAC that is cut off or damaged", _DAMAGED)
        head, size = body[at], _U32.unpack_from(body, at)[0] & 0xFFFFFF
        block, at, last = body[at + 4 : at + 4 + size], at + 4 + size, bool(head & 0x80)
        kind = head & 0x7F
        if kind == 1:
            kept.append(bytes([kind]) + _U32.pack(size)[1:] + bytes(len(block)))
        elif kind in (0, 3, 5) or (kind == 4 and not _PLACE.search(block)) or (kind == 6 and _shows_all(_flac_picture(block))):
            kept.append(bytes([kind]) + _U32.pack(size)[1:] + block)
    if not kept or at >= len(body):
        raise Unreadable("is a FLAC without sound", _DAMAGED)
    kept[-1] = bytes([kept[-1][0] | 0x80]) + kept[-1][1:]
    return b"fLaC" + b"".join(kept) + body[at:]


def _flac_picture(block: bytes) -> bytes:
    at = 4
    for behind in (0, 16):  # the media type; the description, and four sizes
        at += 4 + (_U32.unpack_from(block, at)[0] if at + 4 <= len(block) else 0) + behind
    return block[at + 4 :]


def wav(body: bytes) -> bytes:
    """A WAV's sound and what it needs to be played, nothing else."""
    kept, at = list[bytes](), 12
    while at + 8 <= len(body):
        kind, size = _CHUNK.unpack_from(body, at)
        if at + 8 + size > len(body):
            raise Unreadable("is a WAV that is cut off or damaged", _DAMAGED)
        if kind in (b"fmt ", b"fact", b"data"):
            kept.append(body[at : at + 8 + size] + b"\0" * (size % 2))
        at += 8 + size + size % 2
    if b"data" not in {part[:4] for part in kept}:
        raise Unreadable("is a WAV without sound", _DAMAGED)
    inside = b"WAVE" + b"".join(kept)
    return _CHUNK.pack(b"RIFF", len(inside)) + inside


def ogg(body: bytes) -> bytes:
    """An Ogg file with sound alone. Its comments stay: each of its pages has a checksum over them."""
    if not any(mark in body[:200] for mark in (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex")):
        raise Unreadable("is an Ogg file of a kind that is not taken", "save it as Opus, Vorbis, MP3 or M4A")
    if _OGG_TELLS.search(b"".join(_ogg_heads(body))):
        raise Unreadable("is an Ogg file with a picture or a place in its comments", "take them out, so that nobody is told more than the sound")
    return body


def _ogg_heads(body: bytes) -> Iterator[bytes]:
    """What stands in pages before any sound (RFC 3533 section 6): a comment may be longer than a page, and goes on in the next."""
    at = 0
    while at + _PAGE.size <= len(body):
        mark, _, _, position, _, _, _, segments = _PAGE.unpack_from(body, at)
        if mark != b"OggS":
            return
        start = at + _PAGE.size + segments
        at = start + sum(body[at + _PAGE.size : start])
        if position <= 0:
            yield body[start:at]


# --- MP4 (ISO/IEC 14496-12) ------------------------------------------------------------------------------------------

_HOLDERS = frozenset((b"moov", b"trak", b"mdia", b"udta", b"meta", b"ilst"))
_SHOWN = frozenset((b"meta", b"name", b"titl", b"auth", b"cprt", b"chpl"))
_BOXES = 100_000


class _Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int
    parent: bytes


def mp4(body: bytes) -> bytes:
    """An MP4 in which what may tell a place is blank: every byte else stays where it is, as its tables of offsets demand."""
    if body[8:12] == b"qt  ":
        raise Unreadable("is a QuickTime film", "save it as MP4")
    boxes = list(_boxes(body))
    if not {b"moov", b"mdat"} <= {box.kind for box in boxes}:
        raise Unreadable("is an MP4 that is cut off or damaged", _DAMAGED)
    if any(box.kind == b"hdlr" and body[box.body + 8 : box.body + 12] == b"meta" and box.parent == b"mdia" for box in boxes):
        raise Unreadable("has a track of measurements, such as places", "export it again, with picture and sound alone")
    blank = bytearray(body)
    places = any(_PLACE.search(body, box.body, box.end) for box in boxes if box.kind == b"keys")
    for box in boxes:
        if blank[box.start + 4 : box.start + 8] == box.kind and _tells(box, body, places=places):  # what is in a blank one is blank
            blank[box.start + 4 : box.start + 8] = b"free"
            blank[box.body : box.end] = bytes(box.end - box.body)
    return bytes(blank)


def has_pictures(body: bytes) -> bool:
    """Whether an MP4 has a track of moving pictures."""
    return any(box.kind == b"hdlr" and box.parent == b"mdia" and body[box.body + 8 : box.body + 12] == b"vide" for box in _boxes(body))


def _tells(box: _Box, body: bytes, *, places: bool) -> bool:
    match box.parent, box.kind:
        case _, b"uuid" | b"free" | b"skip" | b"XMP_" | b"loci" | b"\xa9xyz":
            return True
        case b"meta", b"xml " | b"bxml" | b"idat":  # what cameras note of a film as a whole
            return True
        case b"udta", kind:
            return kind not in _SHOWN and not kind.startswith(b"\xa9")
        case b"ilst", b"covr":
            return not _shows_all(body[box.body + 16 : box.end])
        case b"ilst", b"----":
            return _PLACE.search(body, box.body, box.end) is not None
        case b"ilst", kind:
            return places and kind.startswith(b"\0\0\0")  # named by its number among the keys
    return False


def _boxes(body: bytes) -> Iterator[_Box]:
    """Every box but those of the sound itself. Raises Unreadable where they do not fit into each other."""
    todo, seen = [(0, len(body), b"")], 0
    while todo:
        at, end, parent = todo.pop()
        while at + 8 <= end:
            box = _box(body, at, end, parent)
            seen += 1
            if box.end > end or box.end < box.body or seen > _BOXES:
                raise Unreadable("is an MP4 that is cut off or damaged", _DAMAGED)
            yield box
            if box.kind in _HOLDERS:
                full = box.kind == b"meta" and body[box.body + 4 : box.body + 8] != b"hdlr"
                todo.append((box.body + (4 if full else 0), box.end, box.kind))
            at = box.end


def _box(body: bytes, at: int, end: int, parent: bytes) -> _Box:
    size, kind, start = _U32.unpack_from(body, at)[0], body[at + 4 : at + 8], at + 8
    if size == 1:
        size, start = int.from_bytes(body[at + 8 : at + 16], "big"), at + 16
    return _Box(kind, at, start, at + size if size else end, parent)
