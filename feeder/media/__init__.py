"""Media: the bytes of a picture or a recording to what is published of it. Pure; nothing is decoded, nothing encoded anew.

What a file is, its first bytes say and not its name. Pictures are measured by their headers, before anybody decodes them, and what tells
more than the picture shows (place, camera, thumbnail, comments) is left out, byte for byte around it: only which way up is kept. A medium
is called by the digest of what is left, so that the same picture has the same address for ever, and another one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from feeder.errors import Unreadable
from feeder.media import _pictures, _recordings
from feeder.media._drawings import drawing
from feeder.media._pictures import SIDE, Picture
from feeder.model import Medium

__all__ = ["PICTURES", "RECORDINGS", "SIDE", "SUFFIXES", "TYPES", "VERSION", "drawing", "guessed", "prepared"]

VERSION = "2"
"""Changes when the same bytes would give another medium."""

TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".jpg": "image/jpeg",
        ".png": "image/png",
        ".gif": "image/gif",
        ".webp": "image/webp",
        ".mp3": "audio/mpeg",
        ".m4a": "audio/mp4",
        ".ogg": "audio/ogg",
        ".opus": "audio/ogg",
        ".flac": "audio/flac",
        ".wav": "audio/wav",
        ".mp4": "video/mp4",
    }
)
"""What is published, by the suffix it is given."""

_ALSO = {".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg", ".apng": "image/png", ".oga": "audio/ogg", ".m4b": "audio/mp4"}
_REFUSED = {
    ".svg": "image/svg+xml",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
    ".aac": "audio/aac",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}
_BY_SUFFIX = {**TYPES, **_ALSO, **_REFUSED}
SUFFIXES = frozenset(_BY_SUFFIX)
"""Of all files that somebody could mean to be a medium, those included that are refused with a hint."""
PICTURES = frozenset(suffix for suffix, kind in _BY_SUFFIX.items() if kind.startswith("image/"))
RECORDINGS = SUFFIXES - PICTURES


class _Format(NamedTuple):
    suffix: str
    picture: Callable[[bytes], Picture] | None = None
    recording: Callable[[bytes], bytes] | None = None


def prepared(body: bytes) -> tuple[Medium, bytes]:
    """A file's bytes as a medium and the bytes to publish. The same bytes give the same medium, whatever the file is called.

    Raises Unreadable for what is no picture and no recording, is damaged, or is larger than a reader's machine should be asked to decode.
    """
    form = _format(body)
    if form.picture:
        picture = form.picture(body)
        _pictures.measure(picture)
        return Medium(_name(picture.body, form.suffix), TYPES[form.suffix], len(picture.body), *picture.shown), picture.body
    clean = form.recording(body) if form.recording else body
    duration, title = _recordings.told(body)
    return Medium(_name(clean, form.suffix), TYPES[form.suffix], len(clean), duration=duration, title=title), clean


def guessed(address: str) -> str | None:
    """The media type that the suffix of an address stands for, None where it tells nothing."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return None
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower())


def _name(body: bytes, suffix: str) -> str:
    return hashlib.sha256(body).hexdigest()[:32] + suffix


def _format(body: bytes) -> _Format:
    """What the bytes are, by how they begin. Raises Unreadable for what is not taken, with what to do instead."""
    for mark, form in _MARKS:
        if body.startswith(mark):
            return form
    match body[:4], body[8:12]:
        case b"RIFF", b"WEBP":
            return _Format(".webp", _pictures.webp)
        case b"RIFF", b"WAVE":
            return _Format(".wav", None, _recordings.wav)
        case b"OggS", _:
            return _Format(".opus" if b"OpusHead" in body[:100] else ".ogg", None, _recordings.ogg)
    if body[4:8] == b"ftyp":
        return _boxed(body)
    if len(body) > 3 and body[0] == 0xFF and body[1] & 0xE6 == 0xE2:  # MPEG audio, layer III
        return _Format(".mp3", None, _recordings.mp3)
    raise Unreadable("is no picture and no recording", _hint(body))


_MARKS = (
    (b"\xff\xd8\xff", _Format(".jpg", _pictures.jpeg)),
    (b"\x89PNG\r\n\x1a\n", _Format(".png", _pictures.png)),
    (b"GIF87a", _Format(".gif", _pictures.gif)),
    (b"GIF89a", _Format(".gif", _pictures.gif)),
    (b"ID3", _Format(".mp3", None, _recordings.mp3)),
    (b"fLaC", _Format(".flac", None, _recordings.flac)),
)
_STILLS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


def _boxed(body: bytes) -> _Format:
    """Which of the formats in boxes (ISO/IEC 14496-12) this is."""
    if body[8:12] in _STILLS:
        raise Unreadable("is a picture that not every reader shows (HEIC or AVIF)", "save it as JPEG, PNG or WebP")
    return _Format(".mp4" if _recordings.has_pictures(body) else ".m4a", None, _recordings.mp4)


def _hint(body: bytes) -> str:
    if b"<svg" in body[:2000]:
        return "SVG can hold programs and is not taken: save it as PNG or WebP"
    return "JPEG, PNG, GIF, WebP, MP3, M4A, MP4, Ogg, Opus, FLAC and WAV are taken"
