"""The gallery: what lies beside articles in one look at the folder, read, made fit to be published, and kept. No article is judged here.

A file is read when an article refers to it and it is no longer as it was read last; everything else the ledger remembers. What is
still being written, or has only just gone, is waited for, and its article with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from feeder import media
from feeder.errors import Unreadable, Unsettled
from feeder.inbox import Inbox, Scan, Stat, ignored_name
from feeder.ledger import FileRecord, Ledger, MediumRecord
from feeder.model import Medium
from feeder.store import Store

__all__ = ["MISSING", "Gallery", "tidy"]

MISSING = "is not beside the article"


class Gallery:
    """The media of one scan.

    `most` is how many bytes a file may have; `absent` remembers since when (`tick`) files are missed: `settle` seconds are waited for them.
    """

    def __init__(
        self, inbox: Inbox, scan: Scan, ledger: Ledger, store: Store, *, most: int, absent: dict[str, float], tick: float, settle: float
    ) -> None:
        self._inbox, self._scan, self._ledger, self._store = inbox, scan, ledger, store
        self._most, self._absent, self._tick, self._settle = most, absent, tick, settle
        self._problems = {problem.where: problem.reason for problem in scan.problems}
        self._found: dict[str, Medium | str] = {}
        self._fresh: dict[str, MediumRecord] = {}

    def find(self, paths: Iterable[str]) -> Mapping[str, Medium | str]:
        """The medium at each path, or the reason why there is none. Raises Unsettled where one is to be waited for."""
        wanted = tuple(paths)
        for path in wanted:
            if path not in self._found:
                self._found[path] = self._look(path)
        return {path: self._found[path] for path in wanted}

    def tokens(self, paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """What `find` finds, as a record of the article keeps it."""
        return tuple((path, found if isinstance(found, str) else found.name) for path, found in self.find(paths).items())

    def changed(self, record: FileRecord) -> bool:
        """Whether anything that an article refers to is no longer what it was. Raises Unsettled where one is to be waited for."""
        return (
            any(token != MISSING or path in self._scan.media for path, token in record.refers)
            and self.tokens(p for p, _ in record.refers) != record.refers
        )

    def keep(self) -> None:
        """Have the ledger remember what was read. Raises LedgerError."""
        self._ledger.media.note(self._fresh.values())
        self._fresh.clear()

    def _look(self, path: str) -> Medium | str:
        if any(map(ignored_name, path.split("/"))):
            return "is not published: a part of its name begins with _ or ."
        if PurePosixPath(path).suffix.lower() not in media.SUFFIXES:
            return "does not end like a picture or a recording (.jpg, .png, .mp3, …)"
        stat = self._scan.media.get(path)
        if stat is None:
            return self._missed(path)
        self._absent.pop(path, None)
        if path in self._scan.unsettled:
            raise Unsettled(f"{path}: is still being written")
        if stat.size > self._most:
            return f"is {stat.size} bytes long, at most {self._most} are published"
        known = self._ledger.media.files().get(path)
        if known and known.stat == stat and known.salt == media.VERSION and (isinstance(known.medium, str) or known.medium.name in self._store):
            return known.medium
        return self._read(path, stat)

    def _missed(self, path: str) -> Medium | str:
        if path in self._problems:
            return self._problems[path]
        known = self._ledger.media.files().get(path)
        if not self._scan.complete:  # it may be there, in a folder that could not be listed
            if known is None:
                raise Unsettled(f"{path}: nobody knows whether it is there")
            return known.medium
        if self._tick - self._absent.setdefault(path, self._tick) < self._settle:
            raise Unsettled(f"{path}: is not there yet, or not any more")
        return MISSING

    def _read(self, path: str, stat: Stat) -> Medium | str:
        found: Medium | str
        try:
            found, body = media.prepared(self._inbox.read(path, stat))
            self._store.put(found.name, body)
        except Unreadable as error:
            found = f"{error.reason}: {error.hint}" if error.hint else error.reason
        self._fresh[path] = MediumRecord(path, tuple(stat), media.VERSION, found)
        return found


def tidy(ledger: Ledger, store: Store) -> None:
    """Forget the files that no article refers to, and take away what no entry shows. Raises LedgerError."""
    referred = {path for record in ledger.files().values() for path, token in record.refers if token != MISSING}
    ledger.media.note((), ledger.media.files().keys() - referred)
    shown = {name for names in ledger.media.shown().values() for name in names}
    there = {record.medium.name for record in ledger.media.files().values() if isinstance(record.medium, Medium)}
    store.keep_only(shown | there)
