"""Documents in a local folder, for any web server to serve: whole files or nothing, durable before visible. No server itself.

A put stages every document that differs in a temporary file beside its target, makes them all durable, and only then renames
them, in the given order. Whatever fails before the first rename leaves the folder as it was; what fails after it leaves whole
documents, and the next put heals the rest. Folders are walked by descriptors: a symbolic link in the output is never followed.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
from collections import deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from feeder.errors import Busy, PublishError
from feeder.publishers import Put, located

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from feeder.model import Document

__all__ = ["FolderPublisher"]

_LOCK = ".feeder.lock"
_TEMP = re.compile(r"\.feeder-\d+-\d+\.tmp")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_INSIDE = _FOLDER | os.O_NOFOLLOW
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Up to this many files are synced one by one; beyond, one sync of the file system is far cheaper.
_FEW = 16
_SECOND = 1_000_000_000
_HINTS = {
    errno.ENOSPC: "free some space or inodes there (df -h, df -i)",
    errno.EDQUOT: "the disk quota of this user is used up: free some space or have it raised",
    errno.EROFS: "mount it writable, or publish into another folder",
    errno.EACCES: "let the user that runs feeder write there (chown, chmod)",
    errno.EPERM: "let the user that runs feeder write there (chown, chmod, chattr)",
    errno.EXDEV: "it is a mount of its own: mount the whole output folder, not a file in it",
    errno.EBUSY: "it is a mount of its own: mount the whole output folder, not a file in it",
    errno.EIO: "the disk reports an error: check it",
    errno.EEXIST: "a file is where the output folder should be: move it away",
    errno.ENOTDIR: "a file or symbolic link is where a folder is needed: move it away",
    errno.ELOOP: "a symbolic link is where a folder is needed: move it away",
    errno.EISDIR: "a folder is where a file is needed: move it away",
    errno.ENOLCK: "this file system cannot lock files: publish into a local folder",
    errno.EOPNOTSUPP: "this file system cannot lock files: publish into a local folder",
}


class FolderPublisher:
    """A Publisher into the folder `root`, which is made when missing and may be a link. Not for use by two threads at once."""

    def __init__(self, root: Path, *, check: Callable[[str, bytes], None]) -> None:
        """`check(path, body)` is given each document as read back from the disk before any is visible; its PublishError stops the put."""
        self._root = root
        self._check = check
        self._lock: int | None = None
        self._swept = False
        self._counter = itertools.count()
        self._folders: tuple[str, ...] = ("",)
        self._seen: object = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """See Publisher.lock. The lock is the kernel's (flock) and ends with this process, so a file left behind locks nobody out."""
        self._acquire()
        try:
            yield
        finally:
            self._release()

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        """See Publisher.put. Takes the lock for as long as it needs it where the caller does not hold it."""
        gone = {path: located(path) for path in remove}
        if self._lock is None:
            with self.lock():
                return self._put(documents, gone)
        if not self._holds(self._lock):
            self._release()
            self._acquire()
        return self._put(documents, gone)

    def get(self, path: str) -> bytes | None:
        """See Publisher.get. Anything but a regular file reached without links counts as no document."""
        folder, name = located(path)
        with _Explained(self._root, path), suppress(FileNotFoundError, NotADirectoryError), _Tree(self._root) as tree:
            at = tree.enter(folder, create=False)
            here = _present(at, name)
            if here is not None and S_ISREG(here.st_mode):
                with os.fdopen(os.open(name, _READ, dir_fd=at), "rb") as file:
                    return file.read()
        return None

    def stats(self, paths: Iterable[str] | None = None) -> Mapping[str, tuple[int, int]]:
        """See Publisher.stats."""
        found: dict[str, tuple[int, int]] = {}
        with _Explained(self._root):
            for at, path, name in self._all() if paths is None else self._some(paths):
                here = _present(at, name)
                if here is not None and S_ISREG(here.st_mode):
                    found[path] = (here.st_size, here.st_mtime_ns)
        return found

    def _all(self) -> Iterator[tuple[int, str, str]]:
        return ((at, prefix + name, name) for at, prefix, names in self._walk() for name in names if not name.startswith("."))

    def _some(self, paths: Iterable[str]) -> Iterator[tuple[int, str, str]]:
        with suppress(FileNotFoundError), _Tree(self._root) as tree:
            for path in paths:
                folder, name = located(path)
                with suppress(FileNotFoundError, NotADirectoryError):
                    yield tree.enter(folder, create=False), path, name

    def fingerprint(self) -> object:
        """See Publisher.fingerprint: every folder's inode and mtime. A change of bytes in place does not show in it."""
        times = self._times()
        if times != self._seen:
            with _Explained(self._root):
                self._folders = tuple(prefix for _, prefix, _ in self._walk()) or ("",)
            times = self._seen = self._times()
        return times

    def _times(self) -> tuple[tuple[str, int, int], ...]:
        times = []
        for folder in self._folders:
            try:
                here = (self._root / folder).stat()
                times.append((folder, here.st_ino, here.st_mtime_ns))
            except OSError:
                times.append((folder, 0, 0))
        return tuple(times)

    def _put(self, documents: Iterable[Document], gone: Mapping[str, tuple[str, str]]) -> Put:
        if not self._swept:
            self._sweep()
        with _Explained(self._root):
            opened = _Tree(self._root)
        with opened as tree:
            batch = _Batch(tree, self._root, self._check, self._counter)
            try:
                for document in documents:
                    batch.stage(document)
                written = batch.publish()
                removed = batch.remove(gone)
                batch.settle()
            finally:
                batch.discard()
        return Put(written, removed, batch.unchanged)

    def _walk(self) -> Iterator[tuple[int, str, list[str]]]:
        """Each folder of the output as (descriptor, path and "/", names of what is no folder in it), hidden folders left out."""
        try:
            root = os.open(self._root, _FOLDER)
        except FileNotFoundError:
            return
        try:
            for path, folders, names, at in os.fwalk(".", onerror=_unless_gone, dir_fd=root):
                folders[:] = [folder for folder in folders if not folder.startswith(".")]
                yield at, path[2:] + "/" if path != "." else "", names
        finally:
            os.close(root)

    def _sweep(self) -> None:
        """Remove what a killed process left behind: under the lock, every temporary file is such a thing."""
        with _Explained(self._root):
            for at, _, names in self._walk():
                for name in filter(_TEMP.fullmatch, names):
                    os.unlink(name, dir_fd=at)
        self._swept = True

    def _acquire(self) -> None:
        with _Explained(self._root, _LOCK):
            self._root.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                owner = _owner(fd)
                os.close(fd)
                if not isinstance(error, BlockingIOError):
                    raise
                raise Busy(f"{self._root}: {owner} publishes here already; stop it, or give this one another output folder") from error
        # The number is only for the message of Busy: a full disk must not keep anyone from the lock.
        with suppress(OSError):
            os.pwrite(fd, f"{os.getpid():10}\n".encode(), 0)
        self._lock = fd
        self._swept = False

    def _holds(self, fd: int) -> bool:
        """Whether the lock is still that of this folder, and not of one that was removed since."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(fd), (self._root / _LOCK).lstat())
        return False

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class _Tree:
    """The output folder, held open, and one folder in it at a time."""

    def __init__(self, root: Path) -> None:
        self.root = os.open(root, _FOLDER)
        self.made: list[str] = []
        self._folder = ""
        self._at = os.dup(self.root)

    def __enter__(self) -> _Tree:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._at)
        os.close(self.root)

    def enter(self, folder: str, *, create: bool) -> int:
        """A descriptor of `folder`, valid until the next call. Raises OSError where a step is missing, a link, or no folder."""
        if folder == self._folder:
            return self._at
        at, path = os.dup(self.root), ""
        try:
            for name in filter(None, folder.split("/")):
                path = f"{path}/{name}".lstrip("/")
                above, at = at, self._step(at, name, path, create=create)
                os.close(above)
        except OSError:
            os.close(at)
            raise
        os.close(self._at)
        self._folder, self._at = folder, at
        return at

    def _step(self, at: int, name: str, path: str, *, create: bool) -> int:
        try:
            return os.open(name, _INSIDE, dir_fd=at)
        except FileNotFoundError:
            if not create:
                raise
        os.mkdir(name, 0o755, dir_fd=at)
        self.made.append(path)
        return os.open(name, _INSIDE, dir_fd=at)


class _Staged(NamedTuple):
    path: str
    folder: str
    name: str
    temp: str


class _Batch:
    """One put under way. Holds names, never bodies: a cold build is larger than memory should be."""

    def __init__(self, tree: _Tree, root: Path, check: Callable[[str, bytes], None], counter: Iterator[int]) -> None:
        self.unchanged = 0
        self._tree = tree
        self._root = root
        self._check = check
        self._counter = counter
        self._staged: deque[_Staged] = deque()
        self._paths: set[str] = set()
        self._changed: set[str] = set()

    def stage(self, document: Document) -> None:
        """Write the document beside its target, unless it is there already."""
        folder, name = located(document.path)
        if document.path in self._paths:
            raise PublishError(f"{document.path}: two documents with one path in one put")
        self._paths.add(document.path)
        with _Explained(self._root, document.path):
            at = self._tree.enter(folder, create=True)
            old = _present(at, name)
            if old is not None and S_ISDIR(old.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if old is not None and _same(at, name, old, document.body):
                self.unchanged += 1
                return
            temp = f".feeder-{os.getpid()}-{next(self._counter)}.tmp"
            self._staged.append(_Staged(document.path, folder, name, temp))
            fd = os.open(temp, _NEW, 0o644, dir_fd=at)
            try:
                self._write(fd, document, old)
            finally:
                os.close(fd)

    def _write(self, fd: int, document: Document, old: os.stat_result | None) -> None:
        view = memoryview(document.body)
        while view:
            view = view[os.write(fd, view) :]
        if old is not None and S_ISREG(old.st_mode):
            _dress(fd, old)
        # Never tried again on this descriptor: after an error the kernel may call lost pages clean. The next put writes a new file.
        if len(self._staged) <= _FEW:
            os.fsync(fd)
        body = os.pread(fd, len(document.body) + 1, 0)
        if body != document.body:
            raise OSError(errno.EIO, "what was written reads back differently")
        self._check(document.path, body)

    def publish(self) -> tuple[str, ...]:
        """Make all staged documents durable, then visible, in their order."""
        written = [staged.path for staged in self._staged]
        if len(self._staged) > _FEW:
            with _Explained(self._root):
                _sync(self._tree.root)
        while self._staged:
            path, folder, name, temp = self._staged[0]
            with _Explained(self._root, path):
                at = self._tree.enter(folder, create=False)
                os.rename(temp, name, src_dir_fd=at, dst_dir_fd=at)
            self._staged.popleft()
            self._changed.add(folder)
        return tuple(written)

    def remove(self, gone: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
        """Take away the files at `gone` that were not just published, and the folders this leaves empty."""
        removed: list[str] = []
        left: set[str] = set()  # a folder that a killed process has emptied and left is one too
        for path, (folder, name) in gone.items():
            if path in self._paths:
                continue
            with _Explained(self._root, path), suppress(FileNotFoundError, NotADirectoryError):
                at = self._tree.enter(folder, create=False)
                left.add(folder)
                os.unlink(name, dir_fd=at)
                removed.append(path)
        for folder in sorted(left, reverse=True):
            self._changed.add(self._prune(folder))
        return tuple(removed)

    def _prune(self, folder: str) -> str:
        """Remove the folder and those above it while they are empty; the first that stays."""
        while folder:
            above, _, name = folder.rpartition("/")
            try:
                os.rmdir(name, dir_fd=self._tree.enter(above, create=False))
            except FileNotFoundError:
                pass  # it went with the last of the folders in it
            except OSError:
                break
            self._changed.discard(folder)
            folder = above
        return folder

    def settle(self) -> None:
        """Make the renames and removals durable."""
        folders = self._changed | {folder.rpartition("/")[0] for folder in self._tree.made}
        with _Explained(self._root):
            if len(folders) > _FEW:
                _sync(self._tree.root)
                return
            for folder in sorted(folders):
                os.fsync(self._tree.enter(folder, create=False))

    def discard(self) -> None:
        """Leave nothing of what did not become visible."""
        for _, folder, _, temp in self._staged:
            with suppress(OSError):
                os.unlink(temp, dir_fd=self._tree.enter(folder, create=False))
        for folder in reversed(self._tree.made):
            self._prune(folder)


class _Explained:
    """Turns an OSError inside it into a PublishError that names the file and what its owner can do."""

    def __init__(self, root: Path, path: str = "") -> None:
        self._root = root
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            hint = _HINTS.get(error.errno or 0, "")
            raise PublishError(f"{self._root / self._path}: {error.strerror}" + (f": {hint}" if hint else "")) from error


def _present(at: int, name: str) -> os.stat_result | None:
    """What is there now, a link as itself; None when nothing is."""
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _same(at: int, name: str, old: os.stat_result, body: bytes) -> bool:
    if not S_ISREG(old.st_mode) or old.st_size != len(body):
        return False
    try:
        fd = os.open(name, _READ, dir_fd=at)
    except PermissionError:
        return False
    try:
        return os.read(fd, len(body) + 1) == body
    finally:
        os.close(fd)


def _dress(fd: int, old: os.stat_result) -> None:
    """Give the new file the owner and the permissions of the one it replaces, as far as this user may, and a time in a later second.

    Whoever compares times in seconds, as HTTP does, must see that it is another one: also if the clock was set back.
    """
    new = os.fstat(fd)
    earliest = old.st_mtime_ns // _SECOND + 1
    if new.st_mtime_ns // _SECOND < earliest:
        os.utime(fd, ns=(new.st_atime_ns, earliest * _SECOND))
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):
            os.fchown(fd, old.st_uid, old.st_gid)
    if new.st_mode != old.st_mode:
        os.fchmod(fd, S_IMODE(old.st_mode) & 0o777)


def _sync(fd: int) -> None:
    """Make everything on the file system of `fd` durable in one go; unlike os.sync(), syncfs(2) reports errors."""
    # Loading ctypes costs milliseconds and only a large build needs it.
    import ctypes

    if ctypes.CDLL(None, use_errno=True).syncfs(fd) == 0:
        return
    code = ctypes.get_errno()
    if code != errno.ENOSYS:
        raise OSError(code, os.strerror(code))
    os.sync()


def _owner(fd: int) -> str:
    """Who holds the lock: the number it wrote, and when."""
    with suppress(OSError, ValueError):
        since = datetime.fromtimestamp(int(os.fstat(fd).st_mtime), UTC)
        return f"process {int(os.pread(fd, 32, 0))} (since {since:%Y-%m-%d %H:%M:%SZ})"
    return "another process"


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
