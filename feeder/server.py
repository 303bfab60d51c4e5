"""The answer to one HTTP request, as a read-only ASGI application over a shelf: methods, conditions, codings (RFC 9110). No sockets.

An ETag is weak, so that one tag is right for both codings (RFC 9110 section 8.8.3.3) and revalidates across them. That of a medium is strong:
its address is the digest of its bytes, which have one coding; so a download can go on where it stopped (section 14).
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_tz
from http import HTTPStatus
from io import FileIO
from types import MappingProxyType
from typing import NamedTuple, NotRequired, TypedDict
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from feeder.desk import Asked, Desk, Told
from feeder.shelf import Item, Manifest, Shelf

__all__ = ["App", "Asked", "Desk", "Scope", "Told", "app", "refusal"]


class Scope(TypedDict):
    """What is used of an ASGI HTTP connection scope."""

    type: str
    method: str
    raw_path: bytes
    query_string: NotRequired[bytes]
    headers: Iterable[tuple[bytes, bytes]]
    client: NotRequired[tuple[str, int] | None]


App = Callable[[Scope, Callable[[], Awaitable[object]], Callable[[dict[str, object]], Awaitable[None]]], Awaitable[None]]
"""An ASGI application, as far as HTTP goes."""

_Headers = list[tuple[bytes, bytes]]
_Health = Callable[[], tuple[bool, Mapping[str, object]]]
_Links = Callable[[str], str | None]

_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_KNOWN = frozenset({"POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"})
_RETRY = (b"retry-after", b"5")
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")
_ASK = (b"cache-control", b"no-cache")
_GUARDS: _Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        # Articles show images and play sounds of other sites; everything else on a page is ours, and no script is (FEED_RULES 57).
        b"default-src 'none'; style-src 'self'; img-src * data:; media-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
]
_CHUNK = 64 * 1024
_NO_DESKS: Mapping[str, Desk] = MappingProxyType({})

_TARGET = re.compile(rb"(?:https?://([^/?#]*))?(/.*)?", re.IGNORECASE | re.DOTALL)
_BAD_ESCAPE = re.compile(rb"%(?![0-9a-f]{2})|%(?:[01][0-9a-f]|7f|2f|5c)", re.IGNORECASE)
_CODING = re.compile(rb"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE)
_RANGE = re.compile(rb"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)
_TAG = re.compile(rb'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class _Answer(NamedTuple):
    """One response; the body is what a GET would carry."""

    status: int
    headers: _Headers
    body: bytes = b""
    stretch: _Stretch | None = None


class _Stretch(NamedTuple):
    """What is sent of a file: so many bytes from `start` on. The file belongs to the answer, and is closed with it."""

    file: FileIO
    start: int
    length: int


def _text(status: HTTPStatus, *headers: tuple[bytes, bytes]) -> _Answer:
    """Return an answer in two words, for people with a terminal."""
    body = f"{status} {status.phrase}\n".encode()
    return _Answer(status, [_PLAIN, (b"content-length", b"%d" % len(body)), _ASK, *headers], body)


def refusal(status: HTTPStatus) -> tuple[_Headers, bytes]:
    """Return the fields and the text that refuse what never became a request; the connection is closed after it."""
    answer = _text(status, (b"connection", b"close"), *([_RETRY] if status == HTTPStatus.SERVICE_UNAVAILABLE else []))
    return answer.headers + _GUARDS, answer.body


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return header fields by name; one given twice is a list (RFC 9110 section 5.3)."""
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def _path(target: bytes) -> str | None:
    """Return the manifest key that a request target (RFC 9112 section 3.2, without the query) asks for, or None when it is malformed.

    Decoded once. Encoded slashes, backslashes and control characters are refused: nothing published has them in its name.
    """
    match = _TARGET.fullmatch(target)
    if match is None or not target or _BAD_ESCAPE.search(target):
        return None
    try:
        return unquote_to_bytes(match[2] or b"/").decode()[1:]
    except UnicodeDecodeError:
        return None


@functools.lru_cache(maxsize=256)
def _wants_gzip(accept: bytes) -> bool:
    """Tell whether Accept-Encoding (RFC 9110 section 12.5.3) takes gzip at least as gladly as the plain bytes."""
    weights: dict[bytes, float] = {}
    for member in accept.lower().split(b","):
        if match := _CODING.fullmatch(member):
            weights[match[1]] = float(match[2] or 1)
    packed = weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0)))
    return packed > 0 and packed >= weights.get(b"identity", 0.0)


@functools.lru_cache(maxsize=256)
def _seconds(date: bytes) -> float | None:
    """Return an HTTP-date (RFC 9110 section 5.6.7) in seconds since 1970, or None when it is none."""
    try:
        parsed = parsedate_tz(date.decode("ascii"))
        if parsed is None or parsed[9] or date.count(b",") > 1:
            return None
        return datetime(*parsed[:6], tzinfo=UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):  # whatever a stranger wrote: RFC 9110 section 13.1.3, ignore it
        return None


def _unchanged(item: Item, fields: Mapping[bytes, bytes]) -> bool:
    """Tell whether the client has this document already (RFC 9110 section 13.2.2: If-None-Match beats If-Modified-Since)."""
    if (tags := fields.get(b"if-none-match")) is not None:
        return tags.strip() == b"*" or item.tag.encode() in _TAG.findall(tags)
    if (date := fields.get(b"if-modified-since")) is not None:
        since = _seconds(date)
        return since is not None and item.mtime <= since
    return False


def _range(said: bytes, size: int) -> tuple[int, int] | tuple[()] | None:
    """The one range of bytes that is asked for (RFC 9110 section 14.1.2), its end not included; empty when there are no such bytes.

    None where all is to be sent: nothing is asked, it cannot be understood, or several are asked for at once (H8).
    """
    match = _RANGE.fullmatch(said)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return (size - min(int(match[2]), size), size) if int(match[2]) and size else ()
    start, end = int(match[1]), int(match[2] or size)
    if match[2] and end < start:
        return None
    return (start, min(end + 1 if match[2] else size, size)) if start < size else ()


def _asked(path: str, scope: Scope, fields: Mapping[bytes, bytes]) -> Asked:
    """A request as a desk hears it. Of two names for this server the one in the target counts (RFC 9112 section 3.2.2)."""
    said = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields.items()}
    if (match := _TARGET.fullmatch(scope["raw_path"])) and match[1] is not None:
        said["host"] = match[1].decode("latin-1")
    client = scope.get("client")
    return Asked(path, scope.get("query_string", b"").decode("latin-1"), said, client[0] if client else "")


async def _told_by(desk: Desk, asked: Asked) -> _Answer | None:
    """What a desk answers, if it does; a slow answer is made in a thread, so that it stops this request and no other."""
    told = desk(asked)
    if not (told is None or isinstance(told, Told)):
        try:
            told = await asyncio.to_thread(told)
        except OSError:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)
    if told is None:
        return None
    headers = [(b"content-type", told.media.encode()), (b"content-length", b"%d" % len(told.body)), (b"cache-control", b"no-store")]
    return _Answer(told.status, [*headers, *((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in told.headers)], told.body)


class _App:
    """The ASGI application over a shelf."""

    def __init__(
        self, shelf: Shelf, health: _Health, desks: Mapping[str, Desk], moved: Mapping[str, str], links: _Links, clock: Callable[[], float], base: str
    ) -> None:
        self._shelf = shelf
        self._base = unquote(urlsplit(base).path).removeprefix("/")
        self._health = health
        self._desks = desks
        self._moved = moved
        self._links = links
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Callable[[], Awaitable[object]], send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
        """Answer one request. `receive` is never asked: no request to us has a body that matters."""
        del receive
        if scope["type"] != "http":
            raise RuntimeError(f"this application speaks HTTP only, not {scope['type']}")
        status, headers, body, stretch = await self._answer(scope)
        if stretch:
            await self._stream(status, headers, stretch, send)
            return
        if scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": int(status), "headers": headers + _GUARDS})
        for start in range(0, len(body) or 1, _CHUNK):  # in pieces: a slow reader costs one piece of memory, not a whole copy
            await send({"type": "http.response.body", "body": body[start : start + _CHUNK], "more_body": start + _CHUNK < len(body)})

    async def _stream(self, status: int, headers: _Headers, stretch: _Stretch, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
        """Send a part of a file piece by piece: whoever reads slowly costs one piece of memory and an open file."""
        file, at, left = stretch
        with file:
            await send({"type": "http.response.start", "status": int(status), "headers": headers + _GUARDS})
            while left > 0:
                piece = await asyncio.to_thread(os.pread, file.fileno(), min(left, _CHUNK), at)
                if not piece:
                    raise OSError("a medium became shorter while it was sent")
                at, left = at + len(piece), left - len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})

    async def _answer(self, scope: Scope) -> _Answer:
        method, fields = scope["method"], _fields(scope["headers"])
        if method == "OPTIONS":
            return _Answer(HTTPStatus.NO_CONTENT, [_ALLOW])
        if method not in ("GET", "HEAD"):
            return _text(HTTPStatus.METHOD_NOT_ALLOWED if method in _KNOWN else HTTPStatus.NOT_IMPLEMENTED, _ALLOW)
        path = _path(scope["raw_path"])
        if path is None:
            return _text(HTTPStatus.BAD_REQUEST)
        if path == "health":
            return self._state()
        if (desk := self._desks.get(path)) and (told := await _told_by(desk, _asked(path, scope, fields))):
            return told
        if (place := self._moved.get(path)) is not None:
            return _text(HTTPStatus.MOVED_PERMANENTLY, (b"location", quote(place, safe="/:?#[]@!$&'()*+,;=%~").encode()))
        manifest = self._shelf.manifest
        if manifest is None:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)
        try:
            return await self._document(manifest, self._inside(manifest, path), fields, head=method == "HEAD")
        except OSError:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)

    def _inside(self, manifest: Manifest, path: str) -> str:
        """The path without that of the public address: a proxy may leave it on, and the 404 page names it. What is published comes first."""
        return path if path in manifest.items or path in manifest.gone else path.removeprefix(self._base)

    def _state(self) -> _Answer:
        """Answer /health: 200 while the service is awake and has something to serve, else 503. Either way its facts say what is wrong.

        In ASCII: a folder's name need not be UTF-8.
        """
        ready, facts = self._health()
        body = json.dumps({"ready": ready, **facts}, default=str).encode() + b"\n"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
        return _Answer(HTTPStatus.OK, headers, body) if ready else _Answer(HTTPStatus.SERVICE_UNAVAILABLE, [*headers, _RETRY], body)

    async def _document(self, manifest: Manifest, path: str, fields: Mapping[bytes, bytes], *, head: bool) -> _Answer:
        """Answer for a path of the manifest. Raises OSError where the disk fails."""
        key = path + "index.html" if path.endswith("/") or not path else path
        if key in manifest.gone:
            return await self._notice(HTTPStatus.GONE, manifest.items.get(key))
        item = manifest.items.get(key)
        if not manifest.items and not self._health()[0]:  # the first build is on its way
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)
        if item is None or key == "404.html":
            return await self._absent(manifest, path)
        if _unchanged(item, fields):
            return _Answer(HTTPStatus.NOT_MODIFIED, self._validators(item))
        if item.lasts:
            return await self._medium(item, fields, head=head) or await self._absent(manifest, path)
        whole = await self._whole(item)
        if whole is None:
            return await self._absent(manifest, path)
        return self._full(whole, fields)

    async def _medium(self, item: Item, fields: Mapping[bytes, bytes], *, head: bool) -> _Answer | None:
        """Answer with a medium or a part of it; None when it went away. A range of HEAD means nothing (RFC 9110 section 14.2)."""
        headers = [(b"content-type", item.media.encode()), (b"accept-ranges", b"bytes"), *self._validators(item)]
        part = None if head or not self._same(item, fields) else _range(fields.get(b"range", b""), item.size)
        if part == ():
            return _text(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, (b"content-range", b"bytes */%d" % item.size))
        start, end = part or (0, item.size)
        headers.append((b"content-length", b"%d" % (end - start)))
        if part:
            headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, item.size)))
        status = HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK
        if head or not item.size:
            return _Answer(status, headers)
        file = await asyncio.to_thread(self._shelf.opened, item)
        return None if file is None else _Answer(status, headers, stretch=_Stretch(file, start, end - start))

    def _same(self, item: Item, fields: Mapping[bytes, bytes]) -> bool:
        """Tell whether If-Range (RFC 9110 section 13.1.5) lets a range count: a strong tag, or the very date that was given."""
        said = fields.get(b"if-range")
        return said is None or said.strip() in (b'"%b"' % item.tag.encode(), _date(item.mtime))

    def _full(self, item: Item, fields: Mapping[bytes, bytes]) -> _Answer:
        """Answer 200 with a document's bytes. Range and A-IM are ignored, as they may be (RFC 9110 section 14.2; FEED_RULES 48)."""
        media = item.shown if fields.get(b"sec-fetch-dest") == b"document" else item.media
        body = item.body or b""
        headers = [(b"content-type", media.encode()), *self._validators(item)]
        if link := self._links(item.path):
            headers.append((b"link", link.encode("ascii")))
        if item.packed and _wants_gzip(fields.get(b"accept-encoding", b"")):
            body = item.packed
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", b"%d" % len(body)))
        return _Answer(HTTPStatus.OK, headers, body)

    def _validators(self, item: Item) -> _Headers:
        """The fields that 200 and 304 share (RFC 9110 section 15.4.5).

        Pages are asked for anew each time, so that a withdrawn or edited one is so at once; a 304 costs next to nothing. A time in the
        future may not be told (RFC 9110 section 8.8.2.1); nor may now instead of it: readers built on libcurl take a document that is
        no later than the one they have for the same, whatever its ETag.
        """
        keep = b"no-cache" if item.path.endswith(".html") else b"max-age=%d" % self._shelf.max_age
        headers = [
            (b"etag", (b'"%b"' if item.lasts else b'W/"%b"') % item.tag.encode()),
            *([(b"last-modified", _date(item.mtime))] if item.mtime <= self._clock() else []),
            (b"cache-control", b"max-age=31536000, immutable" if item.lasts else keep),
        ]
        if item.packs:
            headers.append((b"vary", b"Accept-Encoding" if item.media == item.shown else b"Accept-Encoding, Sec-Fetch-Dest"))
        return headers

    async def _absent(self, manifest: Manifest, path: str) -> _Answer:
        """Answer for what is not there: a folder's address without its slash, the icon every browser asks for, or 404."""
        if f"{path}/index.html" in manifest.items:
            # Relative, so that it holds below any base path and says nothing the client sent as Host.
            place = quote(path.rpartition("/")[2]).encode()
            return _text(HTTPStatus.MOVED_PERMANENTLY, (b"location", b"./%b/" % place))
        if path == "favicon.ico":
            return _Answer(HTTPStatus.NO_CONTENT, [(b"cache-control", b"max-age=%d" % self._shelf.max_age)])
        return await self._notice(HTTPStatus.NOT_FOUND, manifest.items.get("404.html"))

    async def _notice(self, status: HTTPStatus, page: Item | None) -> _Answer:
        """Answer with a published page that says what is wrong, else in two words. It has no validators: it is not the document."""
        whole = await self._whole(page) if page else None
        if whole is None or whole.body is None:
            return _text(status)
        headers = [(b"content-type", whole.media.encode()), (b"content-length", b"%d" % len(whole.body)), _ASK]
        return _Answer(status, headers, whole.body)

    async def _whole(self, item: Item) -> Item | None:
        """Return the document with its bytes; a disk that hangs stops this request and no other."""
        return self._shelf.held(item) or await asyncio.to_thread(self._shelf.read, item)


@functools.lru_cache(maxsize=1024)
def _date(seconds: int) -> bytes:
    """Return an IMF-fixdate (RFC 9110 section 5.6.7)."""
    return formatdate(seconds, usegmt=True).encode()


def app(
    shelf: Shelf,
    *,
    health: _Health,
    desks: Mapping[str, Desk] = _NO_DESKS,
    moved: Mapping[str, str] | None = None,
    links: _Links | None = None,
    clock: Callable[[], float] = time.time,
    base: str = "",
) -> App:
    """Return the ASGI application that serves `shelf`.

    `health` tells (ready, facts) for /health; it must not block. `desks` answer at paths (no leading slash) where no document is; to whom a
    desk tells nothing, the path is as unknown as any other. `moved` maps paths (no leading slash) to the addresses
    they moved to for ever. `links` gives the Link field (RFC 8288) that goes with the document at a path, in ASCII, if any.
    `clock` gives now in seconds since 1970. `base` is the public address: what is asked for below its path is what is asked for without.
    """
    return _App(shelf, health, desks, moved or {}, links or (lambda _: None), clock, base)
