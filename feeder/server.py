"""Serves the published folder over HTTP/1.1, read-only, from an immutable manifest in memory; it publishes and decides nothing.

The way of one request, in the order of this file:

    Shelf    what may be served: a manifest (path -> facts) that is replaced whole, never changed. A request's path is a key in
             it and is never joined to a folder, so nothing outside it can be named. Only known suffixes enter it.
    app      the answer to one request, as an ASGI application (RFC 9110: conditions, codings, methods)
    _Gate    bytes -> whole requests, strictly (RFC 9112). h11 is lenient where smuggling begins (obs-fold, bare LF, CL+TE),
             so it is only given requests that have passed the gate.
    _Door    one connection: the gate, one timer with one meaning at a time, refusals; the rest is uvicorn's h11 protocol
    Server   the socket, the thread and the event loop

Documents at the top of the folder (the feeds, the index, styles, icons) are few and asked for all the time: their bytes and their
gzip form stay in memory. All others are read when asked for, checked against their hash and kept in a bounded cache.
An ETag is weak, so that one tag is right for both codings (RFC 9110 section 8.8.3.3) and revalidates across them.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import gzip
import hashlib
import json
import logging
import os
import re
import socket
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_tz
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypedDict
from urllib.parse import quote, unquote_to_bytes

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from feeder.errors import FeederError

__all__ = ["App", "Limits", "Server", "Shelf", "app"]

# --- what may be served ---------------------------------------------------------------------------------------------

_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".json": "application/json",
    ".opml": "text/x-opml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
}
_FEEDS = {b"feed": "application/atom+xml; charset=utf-8", b"rss": "application/rss+xml; charset=utf-8"}
_ROOT = re.compile(rb"<(feed|rss)[\s>]")
_JSON_FEED = re.compile(rb'"version"\s*:\s*"https://jsonfeed\.org/')
_SMALL = re.compile("text/|image/svg|.*(?:xml|json)")
_LARGEST = 8 * 1024 * 1024
_DEEPEST = 64


class _UnservedError(Exception):
    """A file that cannot be a document: not regular, too large, of an unknown suffix or gone."""


@dataclass(frozen=True, slots=True)
class _Item:
    """The facts of one document. `mtime` in seconds; `shown` is its media type where a browser opens it; bytes only while held."""

    path: str
    tag: str
    size: int
    mtime: int
    media: str
    shown: str
    body: bytes | None = None
    packed: bytes | None = None

    @property
    def facts(self) -> _Item:
        """The same without the bytes."""
        return replace(self, body=None, packed=None)

    @property
    def weight(self) -> int:
        """The bytes it holds in memory."""
        return len(self.body or b"") + len(self.packed or b"")


@dataclass(frozen=True, slots=True)
class _Manifest:
    """Everything that may be served at one moment."""

    items: Mapping[str, _Item]
    gone: frozenset[str]


def _media(path: str, body: bytes) -> tuple[str, str]:
    """Return a document's media type and the one a browser shows. Feeds are told by their content: any .xml may be one."""
    media = _MEDIA[PurePosixPath(path).suffix]
    start = body[:2048]
    if path.endswith(".xml") and (root := _ROOT.search(start)):
        return _FEEDS[root[1]], media
    if path.endswith(".json") and _JSON_FEED.search(start):
        return "application/feed+json", media
    return media, media


def _plain(part: str) -> bool:
    """Tell whether one component of a path may be served: never "..", no dot files."""
    return bool(part) and not part.startswith(".") and "\0" not in part


def _wanted(name: str) -> bool:
    """Tell whether a file of this name may be served: no leftovers, no database."""
    return _plain(name) and PurePosixPath(name).suffix in _MEDIA


def _pack(body: bytes, media: str) -> bytes | None:
    """Return the gzip form where it is smaller; the same bytes in each run."""
    if not _SMALL.match(media):
        return None
    packed = gzip.compress(body, 6, mtime=0)
    return packed if len(packed) < len(body) else None


def _open(root: Path, path: str) -> int:
    """Open a file below `root` and return its descriptor. No component may be a symbolic link, and a FIFO does not block."""
    *folders, name = path.split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def _read(root: Path, path: str) -> _Item:
    """Read one document whole and return it with its bytes. Raises _UnservedError where it cannot be one, OSError where it cannot be read."""
    try:
        descriptor = _open(root, path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise _UnservedError(path) from error
        raise
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise _UnservedError(path)
        body = file.read(_LARGEST)
        if len(body) != status.st_size:
            raise OSError(errno.EAGAIN, "changed while it was read", path)
    media, shown = _media(path, body)
    tag = hashlib.blake2b(body, digest_size=16).hexdigest()
    return _Item(path, tag, len(body), int(status.st_mtime), media, shown, body)


def _walk(root: Path, lost: list[str]) -> Iterator[str]:
    """Yield the paths of all files that may be served; folders that could not be listed go to `lost` ("" is the root)."""
    folders = [("", 0)]
    while folders:
        folder, depth = folders.pop()
        try:
            with os.scandir(root / folder) as listing:
                entries = [(entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)) for entry in listing]
        except OSError:
            lost.append(folder)
            continue
        folders += [(f"{folder}{name}/", depth + 1) for name, is_folder, _ in entries if is_folder and depth < _DEEPEST and _plain(name)]
        yield from (folder + name for name, _, is_file in entries if is_file and _wanted(name))


class _Cache:
    """Documents with their bytes, the least recently used forgotten first; at most `room` bytes. Safe to share between threads."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: OrderedDict[str, _Item] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, path: str, tag: str) -> _Item | None:
        """Return this version of a document, if it is here."""
        with self._lock:
            item = self._items.get(path)
            if item is None or item.tag != tag:
                return None
            self._items.move_to_end(path)
            return item

    def put(self, item: _Item) -> None:
        """Keep a document; older ones make room."""
        with self._lock:
            if old := self._items.pop(item.path, None):
                self._weight -= old.weight
            self._items[item.path] = item
            self._weight += item.weight
            while self._weight > self._room:
                self._weight -= self._items.popitem(last=False)[1].weight


class Shelf:
    """The documents of one published folder, as they may be served now.

    `max_age` is how long a reader may keep a document unasked, in seconds (the schedule). Until `load` has succeeded once
    there is no manifest and everything is answered 503. `load` and `refresh` may be called from any thread.
    """

    def __init__(self, folder: Path, *, max_age: int = 300, room: int = 32 * 1024 * 1024) -> None:
        self.max_age = max_age
        self._folder = folder
        self._cache = _Cache(room)
        self._manifest: _Manifest | None = None
        self._writing = threading.Lock()

    @property
    def manifest(self) -> _Manifest | None:
        """Everything that may be served now, or None before the first load."""
        return self._manifest

    def load(self, gone: Collection[str] = ()) -> None:
        """Look at the whole folder. `gone` are the paths that are answered 410.

        A file or folder that cannot be read now stays as it was known; where the folder itself cannot be listed, all stays.
        """
        with self._writing:
            old = self._manifest.items if self._manifest else {}
            lost: list[str] = []
            items = {path: item for path in _walk(self._folder, lost) if (item := self._take(path, old.get(path)))}
            if "" in lost:
                return
            for folder in lost:
                items |= {path: item for path, item in old.items() if path.startswith(folder)}
            self._manifest = _Manifest(items, frozenset(gone))

    def refresh(self, changed: Iterable[str], removed: Iterable[str], gone: Collection[str]) -> None:
        """Look at some documents only: those `changed` (or new) and those `removed`. `gone` is all of the paths answered 410 from now on.

        Before the first load it does nothing: the folder is not known yet.
        """
        with self._writing:
            if self._manifest is None:
                return
            items = dict(self._manifest.items)
            for path in removed:
                items.pop(path, None)
            for path in changed:
                old = items.pop(path, None)
                if item := self._take(path, old):
                    items[path] = item
            self._manifest = _Manifest(items, frozenset(gone))

    def held(self, item: _Item) -> _Item | None:
        """Return the document with its bytes if they are in memory."""
        return item if item.body is not None else self._cache.get(item.path, item.tag)

    def read(self, item: _Item) -> _Item | None:
        """Return the document with its bytes from the disk, or None when it went away. Raises OSError.

        Where the file was replaced since the manifest was made, this is the newer document, with its own tag.
        """
        try:
            whole = _read(self._folder, item.path)
        except _UnservedError:
            return None
        whole = replace(whole, packed=_pack(whole.body or b"", whole.media))
        self._cache.put(whole)
        return whole

    def _take(self, path: str, old: _Item | None) -> _Item | None:
        """Return what is now known of a path: with its bytes at the top of the folder, the old facts where it cannot be read now."""
        if not all(map(_plain, path.split("/"))) or not _wanted(path.rpartition("/")[2]):
            return None
        try:
            item = _read(self._folder, path)
        except _UnservedError:
            return None
        except OSError:
            return old
        if "/" in path:
            return item.facts
        return old if old and old.tag == item.tag and old.mtime == item.mtime else replace(item, packed=_pack(item.body or b"", item.media))


# --- the answer to one request --------------------------------------------------------------------------------------


class _Scope(TypedDict):
    """What is used of an ASGI HTTP connection scope."""

    type: str
    method: str
    raw_path: bytes
    headers: Iterable[tuple[bytes, bytes]]


App = Callable[[_Scope, Callable[[], Awaitable[object]], Callable[[dict[str, object]], Awaitable[None]]], Awaitable[None]]
"""An ASGI application, as far as HTTP goes."""

_Headers = list[tuple[bytes, bytes]]
_Health = Callable[[], tuple[bool, Mapping[str, object]]]

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

_TARGET = re.compile(rb"(?:https?://[^/?#]*)?(/.*)?", re.IGNORECASE | re.DOTALL)
_BAD_ESCAPE = re.compile(rb"%(?![0-9a-f]{2})|%(?:[01][0-9a-f]|7f|2f|5c)", re.IGNORECASE)
_CODING = re.compile(rb"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE)
_TAG = re.compile(rb'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class _Answer(NamedTuple):
    """One response; the body is what a GET would carry."""

    status: int
    headers: _Headers
    body: bytes = b""


def _text(status: HTTPStatus, *headers: tuple[bytes, bytes]) -> _Answer:
    """Return an answer in two words, for people with a terminal."""
    body = f"{status} {status.phrase}\n".encode()
    return _Answer(status, [_PLAIN, (b"content-length", b"%d" % len(body)), _ASK, *headers], body)


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
        return unquote_to_bytes(match[1] or b"/").decode()[1:]
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


def _unchanged(item: _Item, modified: int, fields: Mapping[bytes, bytes]) -> bool:
    """Tell whether the client has this document already (RFC 9110 section 13.2.2: If-None-Match beats If-Modified-Since)."""
    if (tags := fields.get(b"if-none-match")) is not None:
        return tags.strip() == b"*" or item.tag.encode() in _TAG.findall(tags)
    if (date := fields.get(b"if-modified-since")) is not None:
        since = _seconds(date)
        return since is not None and modified <= since
    return False


class _App:
    """The ASGI application over a shelf."""

    def __init__(self, shelf: Shelf, health: _Health, moved: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._shelf = shelf
        self._health = health
        self._moved = moved
        self._clock = clock

    async def __call__(self, scope: _Scope, receive: Callable[[], Awaitable[object]], send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
        """Answer one request. `receive` is never asked: no request to us has a body that matters."""
        del receive
        if scope["type"] != "http":
            raise RuntimeError(f"this application speaks HTTP only, not {scope['type']}")
        status, headers, body = await self._answer(scope["method"], scope["raw_path"], _fields(scope["headers"]))
        if scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": int(status), "headers": headers + _GUARDS})
        for start in range(0, len(body) or 1, _CHUNK):  # in pieces: a slow reader costs one piece of memory, not a whole copy
            await send({"type": "http.response.body", "body": body[start : start + _CHUNK], "more_body": start + _CHUNK < len(body)})

    async def _answer(self, method: str, target: bytes, fields: Mapping[bytes, bytes]) -> _Answer:
        if method == "OPTIONS":
            return _Answer(HTTPStatus.NO_CONTENT, [_ALLOW])
        if method not in ("GET", "HEAD"):
            return _text(HTTPStatus.METHOD_NOT_ALLOWED if method in _KNOWN else HTTPStatus.NOT_IMPLEMENTED, _ALLOW)
        path = _path(target)
        if path is None:
            return _text(HTTPStatus.BAD_REQUEST)
        if path == "health":
            return self._state()
        if (place := self._moved.get(path)) is not None:
            return _text(HTTPStatus.MOVED_PERMANENTLY, (b"location", quote(place, safe="/:?#[]@!$&'()*+,;=%~").encode()))
        manifest = self._shelf.manifest
        if manifest is None:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)
        try:
            return await self._document(manifest, path, fields)
        except OSError:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)

    def _state(self) -> _Answer:
        """Answer /health: 200 when all is well, else 503, and why."""
        ready, facts = self._health()
        body = json.dumps({"ready": ready, **facts}, default=str, ensure_ascii=False).encode() + b"\n"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
        return _Answer(HTTPStatus.OK, headers, body) if ready else _Answer(HTTPStatus.SERVICE_UNAVAILABLE, [*headers, _RETRY], body)

    async def _document(self, manifest: _Manifest, path: str, fields: Mapping[bytes, bytes]) -> _Answer:
        """Answer for a path of the manifest. Raises OSError where the disk fails."""
        key = path + "index.html" if path.endswith("/") or not path else path
        if key in manifest.gone:
            return await self._notice(HTTPStatus.GONE, manifest.items.get(key))
        item = manifest.items.get(key)
        if item is None or key == "404.html":
            return await self._absent(manifest, path)
        if _unchanged(item, self._modified(item), fields):
            return _Answer(HTTPStatus.NOT_MODIFIED, self._validators(item))
        whole = await self._whole(item)
        if whole is None:
            return await self._absent(manifest, path)
        return self._full(whole, fields)

    def _full(self, item: _Item, fields: Mapping[bytes, bytes]) -> _Answer:
        """Answer 200 with a document's bytes. Range and A-IM are ignored, as they may be (RFC 9110 section 14.2; FEED_RULES 48)."""
        media = item.shown if fields.get(b"sec-fetch-dest") == b"document" else item.media
        body = item.body or b""
        headers = [(b"content-type", media.encode()), *self._validators(item)]
        if item.packed is not None and _wants_gzip(fields.get(b"accept-encoding", b"")):
            body = item.packed
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", b"%d" % len(body)))
        return _Answer(HTTPStatus.OK, headers, body)

    def _modified(self, item: _Item) -> int:
        """The document's time, never later than now (RFC 9110 section 8.8.2.1)."""
        return min(item.mtime, int(self._clock()))

    def _validators(self, item: _Item) -> _Headers:
        """The fields that 200 and 304 share (RFC 9110 section 15.4.5).

        Pages are asked for anew each time, so that a withdrawn or edited one is so at once; a 304 costs next to nothing.
        """
        keep = b"no-cache" if item.path.endswith(".html") else b"max-age=%d" % self._shelf.max_age
        headers = [
            (b"etag", b'W/"%b"' % item.tag.encode()),
            (b"last-modified", _date(self._modified(item))),
            (b"cache-control", keep),
        ]
        if _SMALL.match(item.media):
            headers.append((b"vary", b"Accept-Encoding" if item.media == item.shown else b"Accept-Encoding, Sec-Fetch-Dest"))
        return headers

    async def _absent(self, manifest: _Manifest, path: str) -> _Answer:
        """Answer for what is not there: a folder's address without its slash, the icon every browser asks for, or 404."""
        if f"{path}/index.html" in manifest.items:
            # Relative, so that it holds below any base path and says nothing the client sent as Host.
            place = quote(path.rpartition("/")[2]).encode()
            return _text(HTTPStatus.MOVED_PERMANENTLY, (b"location", b"./%b/" % place))
        if path == "favicon.ico":
            return _Answer(HTTPStatus.NO_CONTENT, [(b"cache-control", b"max-age=%d" % self._shelf.max_age)])
        return await self._notice(HTTPStatus.NOT_FOUND, manifest.items.get("404.html"))

    async def _notice(self, status: HTTPStatus, page: _Item | None) -> _Answer:
        """Answer with a published page that says what is wrong, else in two words. It has no validators: it is not the document."""
        whole = await self._whole(page) if page else None
        if whole is None or whole.body is None:
            return _text(status)
        headers = [(b"content-type", whole.media.encode()), (b"content-length", b"%d" % len(whole.body)), _ASK]
        return _Answer(status, headers, whole.body)

    async def _whole(self, item: _Item) -> _Item | None:
        """Return the document with its bytes; a disk that hangs stops this request and no other."""
        return self._shelf.held(item) or await asyncio.to_thread(self._shelf.read, item)


@functools.lru_cache(maxsize=1024)
def _date(seconds: int) -> bytes:
    """Return an IMF-fixdate (RFC 9110 section 5.6.7)."""
    return formatdate(seconds, usegmt=True).encode()


def app(shelf: Shelf, *, health: _Health, moved: Mapping[str, str] | None = None, clock: Callable[[], float] = time.time) -> App:
    """Return the ASGI application that serves `shelf`.

    `health` tells (ready, facts) for /health; it must not block. `moved` maps paths (no leading slash) to the addresses
    they moved to for ever. `clock` gives now in seconds since 1970.
    """
    return _App(shelf, health, moved or {}, clock)


# --- from bytes to whole requests -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the server one client may have. Times in seconds, sizes in bytes."""

    head: float = 10.0
    """From a request's first byte, or a connection's begin, to the request's last byte."""
    idle: float = 30.0
    """Between two requests on a connection; also for taking the last 64 KiB of an answer."""
    write: float = 60.0
    """For taking 64 KiB of an answer that is longer."""
    linger: float = 2.0
    """After a refusal, so that the client reads it before the connection is reset."""
    connections: int = 512
    header: int = 32 * 1024
    fields: int = 100
    target: int = 8 * 1024
    body: int = 64 * 1024


class _RefusedError(Exception):
    """A request that is not answered but refused: its status code, and the connection is over."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_LINE = rb":[\t\x20-\x7e\x80-\xff]*+\r\n"
_HEAD = re.compile(_TOKEN + rb" ([\x21-\x7e]++) HTTP/(\d\.\d)\r\n((?:" + _TOKEN + _LINE + rb")*+)\r\n")
_FIELD = re.compile(rb"([^:\r\n]++):([^\r\n]*+)\r\n")
_NEVER = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HOST = re.compile(rb"[0-9A-Za-z\-._~!$&'()*+,;=%:\[\]]*+")
_LENGTH = re.compile(rb"[0-9]{1,18}")


class _Gate:
    """Cuts what a client sends into whole requests, and refuses what is too large or not exactly RFC 9112. No input or output."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._needed: int | None = None

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self._buffer += data

    def take(self) -> bytes | None:
        """Return the next whole request, body included, or None while it is incomplete. Raises _RefusedError."""
        start = 2 if self._buffer.startswith(b"\r\n") else 0  # one empty line before a request is forgiven: RFC 9112 section 2.2
        if self._needed is None:
            end = self._buffer.find(b"\r\n\r\n", max(start, self._searched - 3))
            self._measure(start, end)
            if end < 0:
                return None
            self._needed = end + 4 + self._body(bytes(self._buffer[start : end + 4]))
        if len(self._buffer) < self._needed:
            return None
        request = bytes(self._buffer[start : self._needed])
        del self._buffer[: self._needed]
        self._searched, self._needed = 0, None
        return request

    def _measure(self, start: int, end: int) -> None:
        """Refuse a head that is too long, or that no further byte can mend."""
        line = self._buffer.find(b"\r\n", start)
        have = (end if end >= 0 else len(self._buffer)) - start
        if end < 0:
            if _NEVER.search(self._buffer, max(0, self._searched - 1)):
                raise _RefusedError(400)
            self._searched = len(self._buffer)
        if (line - start if line >= 0 else have) > self._limits.target + 32:  # 32: a method and a version
            raise _RefusedError(414)
        if have > self._limits.header:
            raise _RefusedError(431)

    def _body(self, head: bytes) -> int:
        """Return how many bytes of body follow a head (RFC 9112 section 6.3)."""
        if head.count(b"\r\n") - 2 > self._limits.fields:
            raise _RefusedError(431)
        match = _HEAD.fullmatch(head)
        if match is None:
            raise _RefusedError(400)
        target, version, lines = match.groups()
        if version not in (b"1.1", b"1.0"):
            raise _RefusedError(505)
        if len(target) > self._limits.target:
            raise _RefusedError(414)
        fields: dict[bytes, list[bytes]] = {}
        for name, value in _FIELD.findall(lines):
            fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
        if not all(map(_HOST.fullmatch, fields.get(b"host", []))):  # how many there must be, h11 knows
            raise _RefusedError(400)
        return self._length(fields)

    def _length(self, fields: Mapping[bytes, list[bytes]]) -> int:
        lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
        if len(lengths) > 1 or (lengths and codings) or not all(map(_LENGTH.fullmatch, lengths)):
            raise _RefusedError(400)
        if codings:
            raise _RefusedError(411)  # a body of unknown length is of no use to us: RFC 9112 section 6.3
        length = int(lengths[0]) if lengths else 0
        if length > self._limits.body:
            raise _RefusedError(413)
        if length and b"expect" in fields:
            raise _RefusedError(417)
        return length


# --- connections, socket, thread ------------------------------------------------------------------------------------


class _Door(H11Protocol):
    """One connection. `_busy` from a whole request to the end of its answer; the host's `waiting` holds the others, oldest first."""

    def __init__(self, host: _Host, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(host.config, host.server_state, {}, loop)
        self.logger = host.logger
        self._host = host
        self._limits = host.limits
        self._gate = _Gate(host.limits)
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._refused = False
        self._drained = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        crowded = len(self.connections) > self._limits.connections and not self._host.shed()
        self._host.waiting[self] = None
        self._within(self._limits.head, self._late)
        if crowded:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.waiting.pop(self, None)
        self._within(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._drained += len(data)
            if self._drained > 64 * self._limits.body:
                self.transport.abort()
            return
        if not self._busy and not len(self._gate):
            self._within(self._limits.head, self._late)
        self._gate.feed(data)
        self._next()

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn declares None, asyncio a bool
        """A client may say that it will ask no more and still wait for its answer (RFC 9112 section 9.6)."""
        if self._busy:
            self.cycle.keep_alive = False
        return self._busy

    def _next(self) -> None:
        """Give the next whole request to h11, one at a time: its predecessor is answered first."""
        if self._busy:
            if len(self._gate) > self._limits.header + self._limits.body:
                self.flow.pause_reading()
            return
        try:
            request = self._gate.take()
        except _RefusedError as refused:
            self._refuse(refused.status)
            return
        if request is not None:
            self._busy = True
            self._host.waiting.pop(self, None)
            self._within(None)
            super().data_received(request)

    def on_response_complete(self) -> None:
        """Replaces uvicorn's: the timers and the pipeline are ours."""
        self._busy = False
        self._within(self._limits.idle, self.leave)
        if self.transport.is_closing():
            return
        self._host.waiting[self] = None
        self.conn.start_next_cycle()
        self.flow.resume_reading()
        if len(self._gate):
            self._within(self._limits.head, self._late)
            self._next()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._within(self._limits.write, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._busy:
            self._within(None)

    def shutdown(self) -> None:
        """Leave now, or after the answer that is under way."""
        if self._busy:
            self.cycle.keep_alive = False
        else:
            self.leave()

    def leave(self) -> None:
        """Close the connection; what the client has not taken by now is dropped."""
        self._host.waiting.pop(self, None)
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What h11 still finds wrong after the gate."""
        del msg
        self._refuse(400)

    def _should_upgrade(self) -> bool:
        """Never, and not worth a line in the log: the request is answered as HTTP/1.1 (RFC 9110 section 7.8)."""
        return False

    def _late(self) -> None:
        if len(self._gate):
            self._refuse(408)
        else:
            self.leave()

    def _within(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        """Set the connection's one timer anew, or stop it."""
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, then) if seconds is not None and then else None

    def _refuse(self, status: int) -> None:
        """Answer a request that is none, and close. Reads on for a moment: closing over unread bytes would reset the answer away."""
        self._refused, self._busy = True, False
        self._host.waiting[self] = None
        answer = _text(HTTPStatus(status), (b"connection", b"close"), *([_RETRY] if status == HTTPStatus.SERVICE_UNAVAILABLE else []))
        lines = [b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode())]
        lines += [name + b": " + value for name, value in self._host.server_state.default_headers + answer.headers + _GUARDS]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + answer.body)
        self.transport.write_eof()
        self._within(self._limits.linger, self.transport.abort)


class _Host(uvicorn.Server):
    """uvicorn's server with our doors: no signal handlers (it runs in a thread), no lifespan, a bounded farewell."""

    def __init__(self, config: uvicorn.Config, limits: Limits, log: Callable[[str], None]) -> None:
        super().__init__(config)
        self.limits = limits
        self.log = log
        self.logger = _logger(log)
        self.waiting: dict[_Door, None] = {}
        self.grace = 0.0
        self.ready = threading.Event()
        self.servers: list[asyncio.base_events.Server] = []
        self._scarce = 0.0

    def shed(self) -> bool:
        """Close the connection that has waited longest without an answer under way; False when there is none."""
        door = next((door for door in self.waiting if not door.transport.get_write_buffer_size()), None)
        if door is not None:
            door.leave()
        return door is not None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Replaces uvicorn's, which knows neither our doors nor a small backlog: so many are accepted at once, before any can be shed."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        for listener in sockets or []:
            self.servers.append(await loop.create_server(lambda: _Door(self, loop), sock=listener, backlog=128))
        self.started = True
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Replaces uvicorn's: after `grace` seconds nobody is waited for."""
        del sockets
        for server in self.servers:
            server.close()
        connections = self.server_state.connections
        for door in list(connections):
            door.shutdown()
        deadline = time.monotonic() + self.grace
        while connections and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        for door in list(connections):
            if isinstance(door, _Door):
                door.transport.abort()
        await asyncio.sleep(0)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        """Called by the event loop for what nobody caught.

        Out of file descriptors, idle connections make room, and asyncio accepts again in a second. It says so once for each
        connection it would have taken, and trips over it when it is stopped meanwhile: once a second is enough.
        """
        error = context.get("exception")
        if self.should_exit:
            return
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            if time.monotonic() - self._scarce < 0.5:
                return
            self._scarce = time.monotonic()
            for _ in range(16):
                self.shed()
        self.log(f"server: {context.get('message')}" + (f": {error!r}" if error else ""))


class _LogHandler(logging.Handler):
    """Hands uvicorn's errors on as one line each."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log(f"server: {record.getMessage().strip()}" + (f": {error!r}" if error else ""))


def _logger(log: Callable[[str], None]) -> logging.Logger:
    """Return a logger of our own, outside the process's tree of loggers: several servers do not share it."""
    logger = logging.Logger("feeder.server", logging.ERROR)
    logger.addHandler(_LogHandler(log))
    return logger


def _quiet(line: str) -> None:
    """Log nothing."""


_BIND_HINTS = {
    errno.EADDRINUSE: "it is taken: another `feeder` or another program listens there; stop it or choose another port with `--port`",
    errno.EACCES: "this user may not: ports below 1024 are for root; choose another port with `--port`",
    errno.EADDRNOTAVAIL: "this machine has no such address; choose another host, or 127.0.0.1",
}


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the first address of `host`. Raises FeederError saying what to do."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if not 0 <= port <= 65535:  # the system would take it modulo 65536
        raise FeederError(f"cannot serve on {where}: a port is 0 (any free one) to 65535; choose another with `--port`")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        hint = _BIND_HINTS.get(getattr(error, "errno", None) or 0, f"{error}; choose another host, or another port with `--port`")
        raise FeederError(f"cannot serve on {where}: {hint}") from error
    return listener


class Server:
    """Runs an application on one address, in a daemon thread with its own event loop. Start it once."""

    def __init__(self, app: App, *, host: str, port: int, limits: Limits | None = None, log: Callable[[str], None] = _quiet) -> None:
        """`port` 0 lets the system choose. `log` is given one line per error and must not raise."""
        self._at = (host, port)
        self._limits = limits or Limits()
        config = uvicorn.Config(
            app,
            http=H11Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=self._limits.header + self._limits.body,
        )
        self._host = _Host(config, self._limits, log)
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host as it was given, and the port that is really used."""
        return self._at

    @property
    def alive(self) -> bool:
        """Whether it answers requests now."""
        return self._thread is not None and self._thread.is_alive() and self._host.started

    def start(self) -> None:
        """Listen. Raises FeederError at once where the address cannot be had."""
        listener = _bind(*self._at)
        self._at = (self._at[0], listener.getsockname()[1])
        self._thread = threading.Thread(target=self._host.run, args=([listener],), name="feeder-server", daemon=True)
        self._thread.start()
        self._host.ready.wait(10)

    def stop(self, grace: float = 2.0) -> None:
        """Answer what is under way for at most `grace` seconds, then close everything. Does nothing when it does not run."""
        self._host.grace = grace
        self._host.should_exit = True
        if self._thread is not None:
            self._thread.join(grace + 2)
