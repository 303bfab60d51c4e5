"""What was promised to subscribers, kept in SQLite; the only room that knows SQL. Nothing is decided here.

The data model, one table each:

    entry     one row for every entry there ever was: the promise (`changes.Known`), never deleted
    content   what subscribers read of it (title, summary, content, links, authors, categories), as JSON, by entry id
    file      every file as it was last read: its stat, the digest of its bytes, and why it is in quarantine, if it is
    answer    what came of asking a language model for a summary, by content (`_answers`)
    spend     the calls and tokens that this cost, by day
    document  what was put on the shelf: path, the key of what it was made from, size and mtime as the publisher left it
    facet     the tags and authors of an entry, by which others are grouped with it (`_facets`)
    story     what of an entry is compared with others, to find those on the same event; with `term` and `kin` (see _stories)
    topic     feeds that hubs are told of; with `ping`, what they are still to be told, and `hub` (see _pings)
    cycle     the last hundred cycles that did something, and what they cost, for `feeder status`
    medium    every picture and recording that an article refers to, as its file was last read: its facts, or why it is not published
    shown     which of them entries show (`_media`)
    meta      single values: schema guard, feed id, generation, held removals, plugins and why they fail (`_plugins`)

Durability: WAL with synchronous=FULL; each verdict is one transaction (SQLite's own documentation, "Atomic Commit"). Each entry row
carries a checksum, so that a flipped bit stops the cycle instead of re-dating an article.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from feeder.errors import Damaged, LedgerError
from feeder.ledger._answers import Answer, Answers, Contact, Spent
from feeder.ledger._database import Database, Logged, connect, holder, lock, looked_at, opened, told
from feeder.ledger._facets import Facets
from feeder.ledger._media import Media, MediumRecord
from feeder.ledger._pings import Hub, News, Ping, Pings
from feeder.ledger._plugins import Plugins
from feeder.ledger._rebuilt import rebuilding
from feeder.ledger._rows import (
    FILES,
    SELECT,
    UPSERT,
    FileRecord,
    Shelved,
    Told,
    body_row,
    entry_of,
    file_record,
    file_row,
    promise,
    promise_row,
)
from feeder.ledger._standing import Standing, latest, per_day, standing
from feeder.ledger._stories import Stories

if TYPE_CHECKING:  # at run time where an entry is made: `feeder status` makes none, and must answer at once
    from feeder.changes import Change, Known
    from feeder.model import Entry

__all__ = [
    "Answer",
    "Answers",
    "Contact",
    "FileRecord",
    "Hub",
    "Ledger",
    "Logged",
    "Media",
    "MediumRecord",
    "News",
    "Ping",
    "Pings",
    "Shelved",
    "Spent",
    "Standing",
    "Told",
    "holder",
]

UNFILED = ("withdrawn", "kept")  # the states of entries without a file: at their path may lie that of another
NONE = News()


class Ledger(Database):
    """The ledger of one feed; one process writes it at a time (flock), and only one thread at once uses it."""

    def __init__(self, db: sqlite3.Connection, lock: int | None, folder: Path | None = None) -> None:
        super().__init__(db)
        self._lock = lock
        self._folder = folder
        self._known: dict[str, Known] | None = None
        self._revisions: dict[str, int] = {}
        self._files: dict[str, FileRecord] | None = None
        self._shelf: dict[str, Shelved] | None = None
        self.answers = Answers(self)
        self.plugins = Plugins(self.get, self.put)
        self.facets = Facets(self)
        self.pings = Pings(self)
        self.stories = Stories(self)
        self.media = Media(self)

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """Open or make the ledger in `folder`. Raises Busy when another process has it, LedgerError when it cannot be used."""
        held = lock(folder)
        try:
            return cls(opened((folder / "ledger.db").absolute().as_uri()), held, folder.absolute())
        except LedgerError:
            os.close(held)
            raise

    @classmethod
    @contextmanager
    def rebuilding(cls, folder: Path, aside: str, *, force: bool = False) -> Iterator[Ledger]:
        """An empty ledger that takes the place of a lost or damaged one in `folder` when the context ends well (`_rebuilt`)."""
        with rebuilding(folder, aside, force=force) as db:
            yield cls(db, None)

    @classmethod
    def look(cls, folder: Path) -> Ledger | None:
        """The ledger of another process, to look at (`status`, `explain`); None when there is none yet. Takes no lock, writes nothing."""
        path = folder / "ledger.db"
        try:
            if not path.exists():
                return None
            return cls(looked_at(path.absolute().as_uri()), None)
        except PermissionError as error:
            raise LedgerError(f"{path} cannot be read: {error.strerror}; let the user that runs feeder into its folder (chown, chmod)") from error
        except sqlite3.Error as error:
            raise told(error, f"{path} cannot be read") from error

    @classmethod
    def blank(cls) -> Ledger:
        """A ledger that is nowhere: what there would be before the first cycle."""
        return cls(opened(":memory:"), None)

    @classmethod
    def copy(cls, folder: Path) -> Ledger:
        """A copy in memory of the ledger in `folder`, blank when there is none, to try something with. Takes no lock, writes nothing."""
        ledger = cls.look(folder)
        if ledger is None:
            return cls.blank()
        with closing(ledger), ledger.guard():
            copy = connect(":memory:")
            ledger.db.backup(copy)
            return cls(copy, None)

    @classmethod
    def ask(cls, folder: Path, wish: str) -> None:
        """Leave a wish for the next cycle (`feeder retry`), beside the process that publishes, if there is one."""
        if ledger := cls.look(folder):
            ledger.db.close()
            with closing(cls(opened((folder / "ledger.db").absolute().as_uri()), None)) as beside:
                beside.put(asked=wish)

    def assure(self) -> None:
        """Raise LedgerError when the ledger's files were removed or replaced under us: what is written now would be lost."""
        if self._folder is None or self._lock is None:
            return
        try:
            held = os.path.samestat(os.fstat(self._lock), (self._folder / "lock").stat()) and (self._folder / "ledger.db").exists()
        except OSError:
            held = False
        if not held:
            raise LedgerError(f"{self._folder} was removed or replaced while feeder uses it; stop feeder and start it again")

    def close(self) -> None:
        """Close the database and give the lock back."""
        super().close()
        if self._lock is not None:
            os.close(self._lock)

    def forget(self) -> None:
        """Read everything anew when it is asked for next."""
        self._known = self._files = self._shelf = None
        self.facets.forget()
        self.stories.forget()
        self.media.forget()

    # -- promises -------------------------------------------------------------------------------------------------------

    def known(self) -> Mapping[str, Known]:
        """Every entry there ever was, by id. Read once; kept true by `apply`."""
        return MappingProxyType(self._promises())

    def _promises(self) -> dict[str, Known]:
        if self._known is None:
            with self.guard():
                rows = self.db.execute(SELECT).fetchall()
            self._known = {row[0]: promise(row) for row in rows}
            self._revisions = {row[0]: row[-1] for row in rows}
        return self._known

    def apply(self, changes: Iterable[Change], told: Mapping[str, Told], files: Iterable[FileRecord] = (), forget: Iterable[str] = ()) -> None:
        """Record a verdict in one transaction: promises, the contents of files read (`told`, by path), and the files themselves.

        The generation moves when there is any change, so that whoever publishes knows that the shelf is behind.
        """
        known, after = self._promises(), {change.entry.id: change.entry for change in changes}
        read = {k.id: told[k.path] for k in after.values() if k.path in told and (k.state not in UNFILED or k.bare)}
        generation = self.generation() + 1
        with self.transaction():
            for old in (known[ident] for ident in after.keys() & known.keys()):  # paths may be exchanged within one verdict
                self.db.execute("UPDATE entry SET path = ? WHERE id = ?", (f"\0{old.id}", old.id))
            self.db.executemany(UPSERT, (promise_row(k, generation) for k in after.values()))
            bodies = ((ident, body_row(article)) for ident, article in read.items() if not after[ident].bare)
            self.db.executemany("REPLACE INTO content VALUES (?, ?)", bodies)
            self.facets.record(after.values(), read)
            self.stories.record(after.values(), read)
            self.media.record(after.values(), read)
            self._write_files(files, forget)
            if after:
                self.note("generation", str(generation))
        known |= after
        self._revisions |= dict.fromkeys(after, generation)

    def generation(self) -> int:
        """How many verdicts changed anything."""
        return int(self.get("generation") or 0)

    def entries(self, idents: Iterable[str], permalinks: Mapping[str, str]) -> Iterator[Entry]:
        """The public entries of these ids, in their order, each with its permalink (id -> absolute URL) as rel=alternate."""
        for ident in idents:
            if (found := self.entry(ident, permalinks[ident])) is None:
                raise Damaged(f"the ledger has no content for {ident}")
            yield found

    def entry(self, ident: str, permalink: str) -> Entry | None:
        """The entry of this id as it was read last, public or not; None where it never was."""
        with self.guard():
            found = self.db.execute("SELECT body FROM content WHERE id = ?", (ident,)).fetchone()
        return entry_of(self.known()[ident], json.loads(found[0]), permalink) if found else None

    def revisions(self) -> Mapping[str, int]:
        """The generation in which each entry last changed, by id."""
        self.known()
        return MappingProxyType(self._revisions)

    # -- files ------------------------------------------------------------------------------------------------------------

    def files(self) -> Mapping[str, FileRecord]:
        """Every file as it was last read, by path."""
        if self._files is None:
            with self.guard():
                rows = self.db.execute(FILES).fetchall()
            self._files = {row[0]: file_record(row) for row in rows}
        return MappingProxyType(self._files)

    def retry(self) -> int:
        """Mark every file in quarantine to be read again by the next cycle; return how many. Whoever failed is asked and told again, too.

        So are plugins: files whose summary is the extract instead are read again, and what is on the shelf is looked through.
        """
        self.pings.retry()
        if contact := self.answers.contact():
            self.answers.note_contact(replace(contact, until=0))
        from feeder.plugins import INSTEAD  # only here: who looks at a ledger needs no plugin

        marked = [replace(record, stat=()) for record in self.files().values() if record.reason]
        unsaid = [replace(record, stat=(), salt="") for record in self.files().values() if any(flag.endswith(INSTEAD) for flag in record.flags)]
        with self.transaction():
            self._write_files((*marked, *unsaid), ())
        if self.plugins.failing():
            self.put(shelf="")
        return len(marked)

    def _write_files(self, files: Iterable[FileRecord], forget: Iterable[str]) -> None:
        records, paths = list(files), list(forget)
        self.db.executemany("REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(file_row, records))
        self.db.executemany("DELETE FROM file WHERE path = ?", ((path,) for path in paths))
        if self._files is not None:
            self._files |= {record.path: record for record in records}
            for path in paths:
                self._files.pop(path, None)

    # -- how it stands ------------------------------------------------------------------------------------------------------

    def standing(self, most: int | None = None) -> Standing:
        """The ledger in a few figures; of each list the first `most`."""
        return standing(self, most)

    def latest(self, most: int) -> tuple[tuple[str, str, str, datetime], ...]:
        """The articles that came out last: path, title, slug, published."""
        return latest(self, most)

    def per_day(self, since: date) -> Mapping[date, int]:
        """How many of the articles that are out were published on each day (UTC) from this one on."""
        return per_day(self, since)

    # -- the shelf ----------------------------------------------------------------------------------------------------------

    def shelf(self) -> Mapping[str, Shelved]:
        """What was put on the shelf, by path."""
        if self._shelf is None:
            with self.guard():
                self._shelf = {row[0]: Shelved(*row) for row in self.db.execute("SELECT path, key, size, mtime_ns FROM document")}
        return MappingProxyType(self._shelf)

    def expect(self, paths: Iterable[str]) -> None:
        """Record that these documents are about to be put on the shelf for the first time: nothing is known of them yet."""
        new = [Shelved(path, "", 0, 0) for path in paths]
        if not new:
            return
        with self.transaction():
            self.db.executemany("REPLACE INTO document VALUES (?, ?, ?, ?)", ((s.path, s.key, s.size, s.mtime_ns) for s in new))
        if self._shelf is not None:
            self._shelf |= {s.path: s for s in new}

    def note_shelf(self, put: Iterable[Shelved], removed: Iterable[str], state: str, news: News = NONE) -> None:
        """Record what was published, and `state`, the name of all that it was made from; queue pings for the `news` in it."""
        shelved, gone = list(put), list(removed)
        with self.transaction():
            self.db.executemany("REPLACE INTO document VALUES (?, ?, ?, ?)", ((s.path, s.key, s.size, s.mtime_ns) for s in shelved))
            self.db.executemany("DELETE FROM document WHERE path = ?", ((path,) for path in gone))
            self.note("shelf", state)
            self.pings.announce(news, gone)
        if self._shelf is not None:
            self._shelf |= {s.path: s for s in shelved}
            for path in gone:
                self._shelf.pop(path, None)
