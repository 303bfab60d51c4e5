"""The input folder as settled files and their bytes: never follows a link, never blocks, never trusts a name. Not a judge of articles.

A scan is evidence for removals, so it is `complete` only when every folder was listed without an error and none of them
changed meanwhile: a file renamed under a running scan may be seen under neither name. All paths are walked by directory
descriptors, so a folder that is swapped for a link between two steps is an error and not a way out.
"""

from __future__ import annotations

import errno
import os
import unicodedata
from dataclasses import dataclass, field
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from feeder.errors import Problem, Unreadable, Unsettled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from feeder.clock import Clock

__all__ = ["PATIENCE", "Inbox", "Scan", "Stat", "ignored_name", "path_key"]

PATIENCE = 10.0  # seconds more than their settle time that files which are still being written are waited for

_HIDDEN = (".", "_", "~$", "~syncthing~")
_SUSPECT = "._~#"
_TEMPS = ("~", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".swp", ".swo", ".swx", "___jb_tmp___", "___jb_old___")
_LITTER = frozenset({"4913", "thumbs.db", "desktop.ini"})
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
_BLAMELESS = (*_NO_DESCRIPTORS, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ESTALE, errno.ENOTCONN)
_HINTS = {
    errno.EACCES: "let the user that runs feeder read it (chmod, chown)",
    errno.EPERM: "let the user that runs feeder read it (chmod, chown)",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOENT: "create it, or mount the disk it is on",
    errno.EIO: "the disk or the network mount reports an error: check it",
}


class Stat(NamedTuple):
    """What tells one version of a file from another: bytes, nanoseconds since 1970, and which file on which device."""

    size: int
    mtime_ns: int
    ctime_ns: int
    ino: int
    dev: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What one look at the folder found. Paths are relative, "/"-separated and NFC; mappings are in no particular order.

    `files` are settled regular files with a wanted suffix, `waiting` the unsettled ones with the seconds they still need,
    `ignored` counts files with another suffix. A path of `problems` (sorted) is there but is no article now. Only when `complete`
    does a missing path mean a missing file. `root` is the folder's (st_dev, st_ino), None when it could not be opened. `media` are the
    regular files with a suffix of pictures and recordings, whether anybody refers to them or not; `unsettled` says of those that were
    changed just now how many seconds they still need.
    """

    files: Mapping[str, Stat]
    problems: tuple[Problem, ...]
    waiting: Mapping[str, float]
    ignored: int
    complete: bool
    root: tuple[int, int] | None
    media: Mapping[str, Stat] = field(default_factory=dict)
    unsettled: Mapping[str, float] = field(default_factory=dict)


def ignored_name(name: str) -> bool:
    """Whether a file or folder name (no "/") is hidden, a draft, or a temporary of an editor, browser or sync program."""
    low = name.lower()
    return low.startswith(_HIDDEN) or low.endswith(_TEMPS) or low in _LITTER or (low.startswith("#") and low.endswith("#"))


class Inbox:
    """The only way to the input folder. The folder may be a link, and may come and go; whatever is in it may not."""

    def __init__(
        self,
        root: Path,
        *,
        suffixes: frozenset[str],
        media: frozenset[str] = frozenset(),
        settle: float = 1.0,
        max_size: int = 10 * 1024 * 1024,
        max_depth: int = 64,
    ) -> None:
        """Files with one of `suffixes` (".md", any case) are read once they have not changed for `settle` seconds.

        Those with a suffix of `media` are only noted: what becomes of them is for the articles that refer to them to say. A file over
        `max_size` bytes or in a folder more than `max_depth` folders down is a problem and not read.
        """
        self._root = root
        self._rules = _Rules(_sorted(suffixes), _sorted(media), settle, max_size, max_depth)
        self._unsettled: dict[str, tuple[Stat, float]] = {}
        self._spelled: dict[str, str] = {}

    def scan(self, *, now: float, tick: float) -> Scan:
        """Look at the whole folder once; `now` is in seconds since 1970, `tick` in seconds of a monotonic clock. Raises nothing.

        A file is settled when its last change is `settle` seconds past; where the clocks disagree (a change in the future),
        when two scans that far apart found it the same. An empty file is waited for ten times as long, then it is a problem.
        """
        look = _Look(self._rules, now, tick, self._unsettled)
        identity = None
        try:
            root = os.open(self._root, _FOLDER)
            try:
                found = os.fstat(root)
                identity = (found.st_dev, found.st_ino)
                look.walk(root)
                look.complete &= os.path.samestat(found, self._root.stat())
            finally:
                os.close(root)
        except OSError as error:
            look.fail(str(self._root), error)
        self._unsettled, self._spelled = look.unsettled, look.spelled
        problems = tuple(sorted(look.problems, key=str))
        return Scan(look.files, problems, look.waiting, look.ignored, look.complete, identity, look.media, look.unsettled_media)

    def settled(self, clock: Clock, stop: Callable[[], None] = lambda: None) -> Scan:
        """A scan in which every file has settled, also beside articles, or one after some seconds: whoever asks has often just saved a file.

        `stop` is called before each look and may raise.
        """
        began = clock.tick()
        while True:
            stop()
            scan = self.scan(now=clock.now().timestamp(), tick=clock.tick())  # in whole seconds, as a cycle does: it must agree
            waiting = [*scan.waiting.values(), *scan.unsettled.values()]
            if not waiting or clock.tick() - began > PATIENCE + self._rules.settle:
                return scan
            clock.sleep(min([*waiting, 1.0]) + 0.01)

    def read(self, path: str, stat: Stat) -> bytes:
        """The bytes of exactly the version `stat` of the file at `path`, both as the last scan gave them.

        Raises Unsettled when the file is another one by now or could not be opened for no fault of its own, Unreadable when its owner must act.
        """
        try:
            fd = self._open(self._spelled.get(path, path))
            try:
                return _read(fd, path, stat)
            finally:
                os.close(fd)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            if error.errno in _BLAMELESS:
                raise Unsettled(f"{path}: {reason}") from error
            raise Unreadable(reason, _HINTS.get(error.errno or 0, "")) from error

    def _open(self, path: str) -> int:
        *folders, name = path.split("/")
        at = os.open(self._root, _FOLDER)
        try:
            for folder in folders:
                above, at = at, os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
                os.close(above)
            return os.open(name, _FILE, dir_fd=at)
        finally:
            os.close(at)


@dataclass(frozen=True, slots=True)
class _Rules:
    suffixes: tuple[str, ...]
    media: tuple[str, ...]
    settle: float
    size: int
    depth: int


class _Look:
    """One scan under way."""

    def __init__(self, rules: _Rules, now: float, tick: float, before: Mapping[str, tuple[Stat, float]]) -> None:
        self.files: dict[str, Stat] = {}
        self.problems: list[Problem] = []
        self.waiting: dict[str, float] = {}
        self.ignored = 0
        self.complete = True
        self.unsettled: dict[str, tuple[Stat, float]] = {}
        self.spelled: dict[str, str] = {}
        self.media: dict[str, Stat] = {}
        self.unsettled_media: dict[str, float] = {}
        self._rules = rules
        self._now = int(now * 1e9)
        self._calm = self._now - int(rules.settle * 1e9)
        self._tick = tick
        self._before = before
        self._listed: list[tuple[str, int]] = []
        self._odd: list[tuple[str, str, int, Stat]] = []

    def walk(self, root: int) -> None:
        """List every folder under the descriptor `root`, then judge the files that had to wait for the names of the others."""
        stack: list[tuple[int, str, list[str]]] = []
        try:
            self._list(stack, os.dup(root), "")
            while stack:
                above, prefix, folders = stack[-1]
                if folders:
                    self._enter(stack, above, prefix, folders.pop())
                else:
                    os.close(stack.pop()[0])
        finally:
            for fd, _, _ in stack:
                os.close(fd)
        self._judge_odd()
        self.complete = self.complete and all(self._unchanged(root, folder, mtime) for folder, mtime in self._listed)

    def fail(self, where: str, error: OSError) -> None:
        """A folder could not be listed: from here on nothing that is missing counts as removed."""
        self.complete = False
        self.problems.append(Problem(where, f"cannot be listed: {error.strerror}", _HINTS.get(error.errno or 0, "nothing is withdrawn meanwhile")))

    def _enter(self, stack: list[tuple[int, str, list[str]]], above: int, prefix: str, name: str) -> None:
        path = prefix + name
        if len(stack) > self._rules.depth:
            self._problem(path, f"is more than {self._rules.depth} folders down", "move its files further up")
        elif path_key(path) is None:
            self._problem(path, "has a name that is not UTF-8", "rename it")
        else:
            try:
                self._list(stack, os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above), path + "/")
            except OSError as error:
                if error.errno in _NO_DESCRIPTORS:
                    raise
                self.fail(_shown(path), error)

    def _list(self, stack: list[tuple[int, str, list[str]]], fd: int, prefix: str) -> None:
        """Take in one folder's files and stack it with its folders. The program's hottest loop: what is usual costs no call of ours."""
        folders: list[str] = []
        stack.append((fd, prefix, folders))
        files, suffixes, most, calm, new = self.files, self._rules.suffixes, self._rules.size, self._calm, tuple.__new__
        self._listed.append((prefix, os.fstat(fd).st_mtime_ns))
        with os.scandir(fd) as entries:
            for entry in entries:
                name = entry.name
                if (name[0] in _SUSPECT or not name.endswith(suffixes)) and self._unwanted(entry, prefix, folders):
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                path, mode, size, mtime, ctime = prefix + name, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns
                # Half the price of Stat(...), and paid for every file at every scan.
                stat = new(Stat, (size, mtime, ctime, found.st_ino, found.st_dev))
                if mtime <= calm and ctime <= calm and 0 < size <= most and S_ISREG(mode) and path.isascii():
                    files[path] = stat
                elif S_ISDIR(mode):
                    folders.append(name)
                else:
                    self._spell(path, mode, stat)

    def _unwanted(self, entry: os.DirEntry[str], prefix: str, folders: list[str]) -> bool:
        """Whether the entry is no candidate for an article; if it is a folder, it goes to `folders`."""
        name = entry.name
        if ignored_name(name):
            return True
        if name.lower().endswith(self._rules.suffixes):
            return False
        if entry.is_dir(follow_symlinks=False):
            folders.append(name)
        elif entry.is_symlink():
            self._linked(prefix + name)
        else:
            self.ignored += 1
            if name.lower().endswith(self._rules.media):
                self._medium(entry, prefix + name)
        return True

    def _medium(self, entry: os.DirEntry[str], path: str) -> None:
        """Note a picture or a recording. Of two names that are one in NFC, the one spelled so counts, else the first by its bytes."""
        key = path if path.isascii() else path_key(path)
        if key is None or (key in self.media and path != min(path, self.spelled.get(key, key), key=lambda raw: (raw != key, raw))):
            return
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        if not S_ISREG(found.st_mode):
            return
        size, mtime, ctime = found.st_size, found.st_mtime_ns, found.st_ctime_ns
        self.media[key] = stat = tuple.__new__(Stat, (size, mtime, ctime, found.st_ino, found.st_dev))
        if key is not path:
            self.spelled[key] = path
            self.unsettled_media.pop(key, None)
        if (mtime > self._calm or ctime > self._calm or not size) and (wait := self._wait(key, stat, self._patience(size))) > 0:
            self.unsettled_media[key] = wait

    def _patience(self, size: int) -> float:
        """Seconds that a file has to rest: an empty one is probably being written."""
        return self._rules.settle if size else max(10 * self._rules.settle, 5.0)

    def _spell(self, path: str, mode: int, stat: Stat) -> None:
        key = path_key(path)
        if key is None:
            self._problem(path, "has a name that is not UTF-8", "rename it")
        elif key != path:
            self._odd.append((path, key, mode, stat))
        else:
            self._judge(path, mode, stat)

    def _judge_odd(self) -> None:
        """Of files whose names are one in NFC, the one spelled so is read, else the first by its bytes: the same on every machine."""
        taken = {problem.where for problem in self.problems}
        for raw, key, mode, stat in sorted(self._odd, key=lambda odd: os.fsencode(odd[0])):
            if key in self.files or key in self.waiting or key in taken:
                reason = "has the name of another file, in other Unicode characters that look the same"
                self.problems.append(Problem(_spelling(raw), reason, "rename one of the two"))
                continue
            taken.add(key)
            self.spelled[key] = raw
            self._judge(key, mode, stat)

    def _judge(self, path: str, mode: int, stat: Stat) -> None:
        if S_ISLNK(mode):
            self._linked(path)
        elif not S_ISREG(mode):
            self._problem(path, "is not a regular file", "a pipe, socket or device cannot be an article: remove it")
        elif stat.size > self._rules.size:
            self._problem(path, f"is {stat.size} bytes long, at most {self._rules.size} are read", "shorten it or raise the limit")
        elif (wait := self._wait(path, stat, self._patience(stat.size))) > 0:
            self.waiting[path] = wait
        elif stat.size:
            self.files[path] = stat
        else:
            self._problem(path, "is empty", "write the article into it, or remove it")

    def _wait(self, path: str, stat: Stat, patience: float) -> float:
        """Seconds until the file counts as settled; files that do not by the wall clock are remembered for the next scan."""
        age = (self._now - max(stat.mtime_ns, stat.ctime_ns)) / 1e9
        if age >= patience:
            return 0.0
        known, first = self._before.get(path, (None, self._tick))
        if known != stat:
            first = self._tick
        self.unsettled[path] = (stat, first)
        wait = patience - (self._tick - first)
        return wait if age < 0 else min(wait, patience - age)

    def _unchanged(self, root: int, folder: str, mtime: int) -> bool:
        try:
            return os.stat(folder or ".", dir_fd=root, follow_symlinks=False).st_mtime_ns == mtime
        except OSError as error:
            return error.errno == errno.ENAMETOOLONG

    def _linked(self, path: str) -> None:
        self._problem(path, "is a symbolic link", "links are not followed: put the file or folder itself here")

    def _problem(self, path: str, reason: str, hint: str) -> None:
        self.problems.append(Problem(_shown(path), reason, hint))


def _sorted(suffixes: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(suffix.lower() for suffix in suffixes))


def _read(fd: int, path: str, stat: Stat) -> bytes:
    """Read to the end through one descriptor; Unsettled unless it is the version `stat` before and after, to the byte."""
    parts: list[bytes] = []
    left = stat.size + 1
    if _stat(fd) == stat:
        while part := os.read(fd, left):
            parts.append(part)
            left -= len(part)
    if left != 1 or _stat(fd) != stat:
        raise Unsettled(f"{path}: changed while it was read")
    return b"".join(parts)


def _stat(fd: int) -> Stat | None:
    found = os.fstat(fd)
    if not S_ISREG(found.st_mode):
        return None
    return Stat(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def path_key(raw: str) -> str | None:
    """The name that a path as the system spells it goes by everywhere else: in NFC whatever the locale. None when its bytes are not UTF-8."""
    if raw.isascii():
        return raw
    try:
        return unicodedata.normalize("NFC", os.fsencode(raw).decode())
    except UnicodeDecodeError:
        return None


def _shown(raw: str) -> str:
    """The path in NFC, or with bytes that are not UTF-8 as \\xff, so that it can be logged and stored."""
    return path_key(raw) or _spelling(raw)


def _spelling(raw: str) -> str:
    return os.fsencode(raw).decode(errors="backslashreplace")
