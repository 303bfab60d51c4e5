"""Small pictures and recordings, made by code: what tests put beside articles."""

from __future__ import annotations

import struct
import zlib

PLACE = b"48.2081743N"  # what must never be published
_TIFF_PLACE = b"GPSLatitude " + PLACE


def exif(turn: int = 1) -> bytes:
    """A TIFF with an orientation, a maker's note that tells a place, and little-endian numbers."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, turn, 0) + struct.pack("<HHII", 0x927C, 7, len(_TIFF_PLACE), 64)
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + b"\0\0\0\0").ljust(64, b"\0") + _TIFF_PLACE


def jpeg(width: int = 8, height: int = 6, *, turn: int = 0, note: bytes = b"") -> bytes:
    """A JPEG: baseline, one component. With `turn` it has camera data, XMP, IPTC, a comment and a picture behind its end that tell a place."""
    parts = [_marked(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0")]
    if turn:
        parts += [_marked(0xE1, b"Exif\0\0" + exif(turn)), _marked(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PLACE)]
        parts += [_marked(0xED, b"Photoshop 3.0\0" + PLACE), _marked(0xE2, b"MPF\0" + PLACE), _marked(0xFE, PLACE)]
    parts += [_marked(0xE2, b"ICC_PROFILE\0\x01\x01colours"), _marked(0xDB, bytes(65)), _marked(0xC4, note)]
    parts += [_marked(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0")]
    parts += [_marked(0xDA, b"\x01\x01\0\0\x3f\0") + b"coded\xff\0data\xff\xd0more"]
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9" + (PLACE if turn else b"")


def _marked(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def png(width: int = 4, height: int = 3, *, turn: int = 0) -> bytes:
    """A grey PNG. With `turn` it has camera data, texts and a time."""
    pixels = zlib.compress((b"\0" + bytes(width)) * height) if width * height < 10_000 else b""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))]
    if turn:
        parts += [(b"eXIf", exif(turn)), (b"tEXt", b"Comment\0" + PLACE), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PLACE)]
        parts += [(b"zTXt", b"Place\0\0" + zlib.compress(PLACE)), (b"tIME", bytes(7))]
    parts += [(b"gAMA", b"\0\0\xb1\x8f"), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)


def gif(width: int = 2, height: int = 1, *, told: bool = False) -> bytes:
    """A GIF that repeats. With `told` it has a comment and XMP."""
    parts = [b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6), b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"]
    if told:
        parts += [b"\x21\xfe" + bytes([len(PLACE)]) + PLACE + b"\0", b"\x21\xff\x0bXMP DataXMP" + bytes([len(PLACE)]) + PLACE + b"\0"]
    parts += [b"\x21\xf9\x04\0\0\0\0\0", b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\0"]
    return b"".join(parts) + b"\x3b"


def webp(width: int = 5, height: int = 4, *, turn: int = 0) -> bytes:
    """A lossless WebP; with `turn` an extended one with camera data and XMP."""
    coded = b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + b"x"
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    parts = [(b"VP8X", b"\x0c\0\0\0" + canvas), coded, (b"EXIF", exif(turn)), (b"XMP ", PLACE)] if turn else [coded]
    inside = b"WEBP" + b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2) for k, d in parts)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def mp3(seconds: int = 2, *, title: str = "", told: bool = False) -> bytes:
    """An MP3 of constant 32 kbit/s at 44.1 kHz, silent. With `told` it has private data, a comment and a cover that tell a place."""
    frame = b"\xff\xfb\x10\xc4" + bytes(100)  # 1152 samples in 104 bytes
    frames = [_id3(b"TIT2", b"\x03" + title.encode())] if title else []
    if told:
        frames += [_id3(b"PRIV", PLACE), _id3(b"GEOB", PLACE), _id3(b"TXXX", b"\x03location\0" + PLACE)]
        frames += [_id3(b"APIC", b"\0image/jpeg\0\x03\0" + jpeg(turn=6))]
    tag = b"".join(frames)
    size = bytes(len(tag) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return (b"ID3\x03\0\0" + size + tag if tag else b"") + frame * (seconds * 44100 // 1152)


def _id3(name: bytes, data: bytes) -> bytes:
    return name + struct.pack(">I", len(data)) + b"\0\0" + data


def m4a(seconds: int = 3, *, told: bool = False, track: bytes = b"soun") -> bytes:
    """An M4A without sound; with `told` it has a place in its user data, among Apple's keys and in its cover."""
    hdlr = _box(b"hdlr", bytes(8) + track + bytes(13))
    trak = _box(b"trak", _box(b"mdia", hdlr))
    moov = _box(b"mvhd", bytes(12) + struct.pack(">II", 1000, seconds * 1000) + bytes(80)) + trak
    if told:
        ilst = _box(b"ilst", _box(b"covr", _box(b"data", bytes(8) + jpeg(turn=6))) + _box(b"\xa9nam", _box(b"data", b"\0\0\0\x01\0\0\0\0A talk")))
        keys = _box(b"keys", bytes(4) + struct.pack(">I", 1) + _box(b"mdta", b"com.apple.quicktime.location.ISO6709"))
        places = _box(b"meta", _box(b"hdlr", bytes(8) + b"mdta") + keys + _box(b"ilst", _box(b"\0\0\0\x01", _box(b"data", bytes(8) + PLACE))))
        moov += _box(b"udta", _box(b"\xa9xyz", PLACE) + _box(b"meta", bytes(4) + _box(b"hdlr", bytes(8) + b"mdir") + ilst)) + places
    return _box(b"ftyp", b"M4A \0\0\0\0M4A mp42") + _box(b"moov", moov) + _box(b"mdat", b"sound") + _box(b"free", PLACE if told else b"")


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def wav(seconds: int = 1, *, told: bool = False) -> bytes:
    """A WAV of 100 samples a second; with `told` it has chunks that tell a place."""
    parts = [(b"fmt ", struct.pack("<HHIIHH", 1, 1, 100, 100, 1, 8)), *([(b"bext", PLACE), (b"LIST", b"INFOICMT" + PLACE)] if told else [])]
    inside = b"WAVE" + b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2) for k, d in [*parts, (b"data", bytes(100 * seconds))])
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def flac(seconds: int = 1, *, told: bool = False) -> bytes:
    """A FLAC's blocks without much sound; with `told` an application and a picture tell a place."""
    packed = 44100 << 44 | 15 << 36 | seconds * 44100
    blocks = [(0, bytes(10) + packed.to_bytes(8, "big") + bytes(16))]
    if told:
        cover = jpeg(turn=6)
        blocks += [(2, b"appl" + PLACE), (6, struct.pack(">II", 3, 10) + b"image/jpeg" + bytes(20) + struct.pack(">I", len(cover)) + cover)]
    blocks += [(1, bytes(4))]
    heads = (
        bytes([kind | (0x80 if at == len(blocks) - 1 else 0)]) + struct.pack(">I", len(data))[1:] + data for at, (kind, data) in enumerate(blocks)
    )
    return b"fLaC" + b"".join(heads) + b"\xff\xf8sound"


def ogg(comment: bytes = b"TITLE=A talk") -> bytes:
    """The first pages of an Opus file."""
    tags = b"OpusTags" + struct.pack("<I", 0) + struct.pack("<II", 1, len(comment)) + comment
    head = b"OpusHead\x01\x01\0\0" + struct.pack("<IHB", 48000, 0, 0)
    pages = [(2, 0, head), (0, 0, tags), (4, 96000, b"sound")]
    return b"".join(
        b"OggS\0" + bytes([kind]) + struct.pack("<qIIIB", at, 1, number, 0, 1) + bytes([len(data)]) + data
        for number, (kind, at, data) in enumerate(pages)
    )
