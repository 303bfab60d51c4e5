"""What may be served: an immutable manifest of the published folder, replaced whole, never changed. It knows no HTTP and publishes nothing.

A request's path is a key in the manifest and is never joined to a folder, so nothing outside it can be named. Only known suffixes
enter it. Documents at the top of the folder (the feeds, the index, styles, icons) are few and asked for all the time: their bytes
stay in memory, and their gzip form once somebody has asked for it, since some change more often than they are asked for. All others are
read when asked for, checked against their hash and kept in a bounded cache; but media, whose names are digests of their bytes, are known by
these, and handed out as open files, however large.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import re
import stat
import sys
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path, PurePosixPath
from types import MappingProxyType

__all__ = ["ROOM", "Item", "Manifest", "Shelf"]

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
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
}
_FEEDS = {b"feed": "application/atom+xml; charset=utf-8", b"rss": "application/rss+xml; charset=utf-8"}
_ROOT = re.compile(rb"<(feed|rss)[\s>]")
_JSON_FEED = re.compile(rb'"version"\s*:\s*"https://jsonfeed\.org/')
_SMALL = re.compile("text/|image/svg|.*(?:xml|json)")
_DIGEST = re.compile(r"media/([0-9a-f]{32})\.\w+")
ROOM = 32 * 1024 * 1024  # bytes of documents that are kept in memory
_LARGEST = 8 * 1024 * 1024
_DEEPEST = 64
_UNDATED = sys.maxsize  # seconds: no time in the future is told


class _UnservedError(Exception):
    """A file that cannot be a document: not regular, too large, of an unknown suffix or gone."""


@dataclass(frozen=True, slots=True)
class Item:
    """The facts of one document. `mtime` in seconds; `shown` is its media type where a browser opens it; bytes only while held.

    `packed` is the gzip form: None before somebody has asked for it, empty where it is no smaller.
    """

    path: str
    tag: str
    size: int
    mtime: int
    media: str
    shown: str
    body: bytes | None = None
    packed: bytes | None = None

    @property
    def facts(self) -> Item:
        """The same without the bytes."""
        return replace(self, body=None, packed=None)

    @property
    def packs(self) -> bool:
        """Whether gzip makes it smaller: it is text."""
        return _SMALL.match(self.media) is not None

    @property
    def lasts(self) -> bool:
        """Whether its address stands for its bytes: a medium, which never changes and is never held in memory."""
        return _DIGEST.fullmatch(self.path) is not None

    @property
    def weight(self) -> int:
        """The bytes it holds in memory."""
        return len(self.body or b"") + len(self.packed or b"")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that may be served at one moment."""

    items: Mapping[str, Item]
    gone: frozenset[str]


def _media(path: str, body: bytes, others: Mapping[str, str]) -> tuple[str, str]:
    """Return a document's media type and the one a browser shows. Feeds are told by their content: any .xml may be one.

    `others` knows the types of documents that are not ours.
    """
    if path in others:
        return others[path], others[path]
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


def _pack(body: bytes, media: str) -> bytes:
    """Return the gzip form where it is smaller, else nothing; the same bytes in each run."""
    if not _SMALL.match(media):
        return b""
    packed = gzip.compress(body, 6, mtime=0)
    return packed if len(packed) < len(body) else b""


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


def _read(root: Path, path: str, others: Mapping[str, str]) -> Item:
    """Read one document whole and return it with its bytes. Raises _UnservedError where it cannot be one, OSError where it cannot be read."""
    descriptor, status = _regular(root, path)
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > _LARGEST:
            raise _UnservedError(path)
        body = file.read(_LARGEST)
        if len(body) != status.st_size:
            raise OSError(errno.EAGAIN, "changed while it was read", path)
    media, shown = _media(path, body, others)
    return Item(path, _tag(body), len(body), int(status.st_mtime), media, shown, body)


def _tag(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _regular(root: Path, path: str) -> tuple[int, os.stat_result]:
    """Open a regular file and return its descriptor and status. Raises _UnservedError where it is none, OSError where it cannot be read."""
    try:
        descriptor = _open(root, path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise _UnservedError(path) from error
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise _UnservedError(path)
    return descriptor, status


def _medium(root: Path, path: str, digest: str) -> Item:
    """Return the facts of a medium without reading it. Raises as `_regular`."""
    descriptor, status = _regular(root, path)
    os.close(descriptor)
    media = _MEDIA[PurePosixPath(path).suffix]
    return Item(path, digest, status.st_size, int(status.st_mtime), media, media)


def _walk(root: Path, lost: list[str], others: Mapping[str, str]) -> Iterator[str]:
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
        yield from (folder + name for name, _, is_file in entries if is_file and (_wanted(name) or folder + name in others))


class _Cache:
    """Documents with their bytes, the least recently used forgotten first; at most `room` bytes. Safe to share between threads."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: OrderedDict[str, Item] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, path: str, tag: str) -> Item | None:
        """Return this version of a document, if it is here."""
        with self._lock:
            item = self._items.get(path)
            if item is None or item.tag != tag:
                return None
            self._items.move_to_end(path)
            return item

    def put(self, item: Item) -> None:
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
    there is no manifest and everything is answered 503. `load` and `refresh` may be called from any thread. `others` maps paths of documents
    that installed renderers make to their media types, which no suffix tells.
    """

    def __init__(self, folder: Path, *, max_age: int = 300, room: int = ROOM, others: Mapping[str, str] = MappingProxyType({})) -> None:
        self.max_age = max_age
        self.others = others
        self._folder = folder
        self._cache = _Cache(room)
        self._manifest: Manifest | None = None
        self._writing = threading.Lock()

    @classmethod
    def of(cls, documents: Mapping[str, bytes]) -> Shelf:
        """A shelf of documents that lie in no folder, and of nothing else. No date is told of them."""
        shelf = cls(Path())
        items = [Item(path, _tag(body), len(body), _UNDATED, *_media(path, body, {}), body) for path, body in documents.items()]
        shelf._manifest = Manifest({item.path: item for item in items}, frozenset())
        return shelf

    @property
    def manifest(self) -> Manifest | None:
        """Everything that may be served now, or None before the first load."""
        return self._manifest

    def load(self, gone: Collection[str] = ()) -> None:
        """Look at the whole folder. `gone` are the paths that are answered 410.

        A file or folder that cannot be read now stays as it was known; where the folder itself cannot be listed, all stays.
        """
        with self._writing:
            old = self._manifest.items if self._manifest else {}
            lost: list[str] = []
            items = {path: item for path in _walk(self._folder, lost, self.others) if (item := self._take(path, old.get(path)))}
            if "" in lost:
                return
            for folder in lost:
                items |= {path: item for path, item in old.items() if path.startswith(folder)}
            self._manifest = Manifest(items, frozenset(gone))

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
            self._manifest = Manifest(items, frozenset(gone))

    def held(self, item: Item) -> Item | None:
        """Return the document with its bytes in both forms if they are in memory."""
        return self._cache.get(item.path, item.tag)

    def read(self, item: Item) -> Item | None:
        """Return the document with its bytes in both forms, from the disk if need be, or None when it went away. Raises OSError.

        Where the file was replaced since the manifest was made, this is the newer document, with its own tag.
        """
        try:
            whole = item if item.body is not None else _read(self._folder, item.path, self.others)
        except _UnservedError:
            return None
        whole = replace(whole, packed=_pack(whole.body or b"", whole.media))
        self._cache.put(whole)
        return whole

    def opened(self, item: Item) -> FileIO | None:
        """Return a medium's file to read from, or None when it went away. Raises OSError."""
        try:
            descriptor, status = _regular(self._folder, item.path)
        except _UnservedError:
            return None
        file = FileIO(descriptor, "rb")
        if status.st_size == item.size:
            return file
        file.close()
        raise OSError(errno.EAGAIN, "is another one by now", item.path)

    def _take(self, path: str, old: Item | None) -> Item | None:
        """Return what is now known of a path: with its bytes at the top of the folder, the old facts where it cannot be read now."""
        if not all(map(_plain, path.split("/"))) or not (_wanted(path.rpartition("/")[2]) or path in self.others):
            return None
        try:
            if digest := _DIGEST.fullmatch(path):
                return _medium(self._folder, path, digest[1])
            item = _read(self._folder, path, self.others)
        except _UnservedError:
            return None
        except OSError:
            return old
        if "/" in path:
            return item.facts
        return old if old and old.tag == item.tag and old.mtime == item.mtime else item
