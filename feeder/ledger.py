"""What was promised to subscribers, kept in SQLite; the only room that knows SQL. Nothing is decided here.

The data model, one table each:

    entry     one row for every entry there ever was: the promise (`changes.Known`), never deleted
    content   what subscribers read of it (title, summary, content, links, authors, categories), as JSON, by entry id
    file      every file as it was last read: its stat, the digest of its bytes, and why it is in quarantine, if it is
    document  what was put on the shelf: path, the key of what it was made from, size and mtime as the publisher left it
    cycle     the last hundred cycles, for `feeder status`
    meta      single values: schema guard, feed id, generation, held removals

Durability: WAL with synchronous=FULL; each verdict is one transaction (SQLite's own documentation, "Atomic Commit"). Each entry row
carries a checksum, so that a flipped bit stops the cycle instead of re-dating an article.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from feeder.clock import Clock
from feeder.errors import Busy, LedgerError, Problem

if TYPE_CHECKING:  # at run time where an entry is made: `feeder status` makes none, and must answer at once
    from feeder.changes import Change, Known
    from feeder.model import Article, Entry

__all__ = ["FileRecord", "Ledger", "Shelved", "Standing", "Told", "holder"]

APPLICATION = 0x46454544  # "FEED", PRAGMA application_id
CYCLES_KEPT = 100
ATTEMPTS, PAUSE = 30, 0.01  # how often a lock that is taken is tried again, and the seconds between
WITHDRAWN = "withdrawn"
MIGRATIONS = (
    """
    CREATE TABLE entry (
        id TEXT PRIMARY KEY, path TEXT NOT NULL, slug TEXT NOT NULL, slug_key TEXT NOT NULL UNIQUE,
        published INTEGER NOT NULL, updated INTEGER NOT NULL, raw TEXT NOT NULL, visible TEXT NOT NULL, title TEXT NOT NULL,
        sketch BLOB NOT NULL, stated INTEGER NOT NULL, arrival INTEGER NOT NULL, expires INTEGER, state TEXT NOT NULL, since INTEGER,
        revision INTEGER NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
    CREATE UNIQUE INDEX entry_path ON entry(path) WHERE state != 'withdrawn';
    CREATE UNIQUE INDEX entry_arrival ON entry(arrival) WHERE arrival > 0;
    CREATE INDEX entry_state ON entry(state, arrival, published, path);
    CREATE TABLE content (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE file (
        path TEXT PRIMARY KEY, stat TEXT NOT NULL, salt TEXT NOT NULL, raw TEXT NOT NULL,
        reason TEXT NOT NULL, hint TEXT NOT NULL, flags TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE document (path TEXT PRIMARY KEY, key TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE cycle (started INTEGER NOT NULL, seconds REAL NOT NULL, summary TEXT NOT NULL);
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
)
SELECT = """
    SELECT id, path, slug, published, updated, raw, visible, title, sketch, stated, arrival, expires, state, since, checksum, revision FROM entry
"""
FILES = "SELECT path, stat, salt, raw, reason, hint, flags, since FROM file"
UPSERT = """
    INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET
        path = excluded.path, slug = excluded.slug, slug_key = excluded.slug_key, published = excluded.published, updated = excluded.updated,
        raw = excluded.raw, visible = excluded.visible, title = excluded.title, sketch = excluded.sketch, stated = excluded.stated,
        arrival = excluded.arrival, expires = excluded.expires, state = excluded.state, since = excluded.since,
        revision = excluded.revision, checksum = excluded.checksum
"""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was last read. `reason` is empty unless it is in quarantine; `salt` names the reader that read it."""

    path: str
    stat: tuple[int, ...]
    salt: str
    raw: str = ""
    reason: str = ""
    hint: str = ""
    flags: tuple[str, ...] = ()
    since: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def problem(self) -> Problem | None:
        """Why it is in quarantine, or None."""
        return Problem(self.path, self.reason, self.hint) if self.reason else None


@dataclass(frozen=True, slots=True)
class Told:
    """What subscribers are told of one article: its facts and the summary made for it."""

    article: Article
    summary: str


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document as it was put on the shelf. `key` names what it was made from; `mtime_ns` is the publisher's."""

    path: str
    key: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands: entries that were ever public by state, what waits and until when, files with a problem or a note.

    `kept` are the paths of files in quarantine whose last good version stays published.
    """

    counts: Mapping[str, int]
    embargoed: tuple[tuple[str, datetime], ...]
    files: tuple[FileRecord, ...]
    kept: frozenset[str]


class Ledger:
    """The ledger of one feed; one process writes it at a time (flock), and only one thread at once uses it."""

    def __init__(self, db: sqlite3.Connection, lock: int | None, folder: Path | None = None) -> None:
        self._db = db
        self._lock = lock
        self._folder = folder
        self._known: dict[str, Known] | None = None
        self._revisions: dict[str, int] = {}
        self._files: dict[str, FileRecord] | None = None
        self._shelf: dict[str, Shelved] | None = None

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """Open or make the ledger in `folder`. Raises Busy when another process has it, LedgerError when it cannot be used."""
        lock = _lock(folder)
        try:
            return cls(_open((folder / "ledger.db").absolute().as_uri()), lock, folder.absolute())
        except LedgerError:
            os.close(lock)
            raise

    @classmethod
    def look(cls, folder: Path) -> Ledger | None:
        """The ledger of another process, to look at (`status`, `explain`); None when there is none yet. Takes no lock, writes nothing."""
        path = folder / "ledger.db"
        if not path.exists():
            return None
        db = _connect(f"{path.absolute().as_uri()}?mode=ro")
        try:
            _check_version(db)
        except sqlite3.Error as error:
            db.close()
            raise LedgerError(f"{path} cannot be read: {error}") from error
        return cls(db, None)

    @classmethod
    def blank(cls) -> Ledger:
        """A ledger that is nowhere: what there would be before the first cycle."""
        return cls(_open(":memory:"), None)

    @classmethod
    def ask(cls, folder: Path, wish: str) -> None:
        """Leave a wish for the next cycle (`feeder retry`), beside the process that publishes, if there is one."""
        if ledger := cls.look(folder):
            ledger._db.close()
            with closing(cls(_open((folder / "ledger.db").absolute().as_uri()), None)) as beside:
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
        self._db.close()
        if self._lock is not None:
            os.close(self._lock)

    # -- promises -------------------------------------------------------------------------------------------------------

    def known(self) -> Mapping[str, Known]:
        """Every entry there ever was, by id. Read once; kept true by `apply`."""
        return MappingProxyType(self._promises())

    def _promises(self) -> dict[str, Known]:
        if self._known is None:
            with self._guard():
                rows = self._db.execute(SELECT).fetchall()
            self._known = {row[0]: _known(row) for row in rows}
            self._revisions = {row[0]: row[-1] for row in rows}
        return self._known

    def apply(self, changes: Iterable[Change], told: Mapping[str, Told], files: Iterable[FileRecord] = (), forget: Iterable[str] = ()) -> None:
        """Record a verdict in one transaction: promises, the contents of files read (`told`, by path), and the files themselves.

        The generation moves when there is any change, so that whoever publishes knows that the shelf is behind.
        """
        known, after = self._promises(), {change.entry.id: change.entry for change in changes}
        generation = self.generation() + 1
        with self._transaction():
            for old in (known[ident] for ident in after.keys() & known.keys()):  # paths may be exchanged within one verdict
                self._db.execute("UPDATE entry SET path = ? WHERE id = ?", (f"\0{old.id}", old.id))
            self._db.executemany(UPSERT, (_row(k, generation) for k in after.values()))
            bodies = ((k.id, _body(told[k.path])) for k in after.values() if k.path in told and k.state != WITHDRAWN)
            self._db.executemany("REPLACE INTO content VALUES (?, ?)", bodies)
            self._write_files(files, forget)
            if after:
                self._set("generation", str(generation))
        known |= after
        self._revisions |= dict.fromkeys(after, generation)

    def generation(self) -> int:
        """How many verdicts changed anything."""
        return int(self.get("generation") or 0)

    def entries(self, idents: Iterable[str], permalinks: Mapping[str, str]) -> Iterator[Entry]:
        """The public entries of these ids, in their order, each with its permalink (id -> absolute URL) as rel=alternate."""
        known = self.known()
        for ident in idents:
            with self._guard():
                found = self._db.execute("SELECT body FROM content WHERE id = ?", (ident,)).fetchone()
            if found is None:
                raise LedgerError(f"the ledger has no content for {ident}; move .feeder/ledger.db away and build again")
            yield _entry(known[ident], json.loads(found[0]), permalinks[ident])

    def revisions(self) -> Mapping[str, int]:
        """The generation in which each entry last changed, by id."""
        self.known()
        return MappingProxyType(self._revisions)

    # -- files ------------------------------------------------------------------------------------------------------------

    def files(self) -> Mapping[str, FileRecord]:
        """Every file as it was last read, by path."""
        if self._files is None:
            with self._guard():
                rows = self._db.execute(FILES).fetchall()
            self._files = {row[0]: _file(row) for row in rows}
        return MappingProxyType(self._files)

    def retry(self) -> int:
        """Mark every file in quarantine to be read again by the next cycle; return how many."""
        marked = [replace(record, stat=()) for record in self.files().values() if record.reason]
        with self._transaction():
            self._write_files(marked, ())
        return len(marked)

    def _write_files(self, files: Iterable[FileRecord], forget: Iterable[str]) -> None:
        records, paths = list(files), list(forget)
        self._db.executemany("REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(_file_row, records))
        self._db.executemany("DELETE FROM file WHERE path = ?", ((path,) for path in paths))
        if self._files is not None:
            self._files |= {record.path: record for record in records}
            for path in paths:
                self._files.pop(path, None)

    # -- how it stands ------------------------------------------------------------------------------------------------------

    def standing(self) -> Standing:
        """The ledger in a few figures, without reading every promise: `feeder status` must answer at once."""
        with self._guard():
            counts = dict(self._db.execute("SELECT state, count(*) FROM entry WHERE arrival > 0 GROUP BY state"))
            waiting = self._db.execute("SELECT path, published FROM entry WHERE arrival = 0 AND state = 'live' ORDER BY published, path").fetchall()
            troubled = self._db.execute(FILES + " WHERE reason != '' OR flags != '' ORDER BY path").fetchall()
            kept = "SELECT path FROM entry WHERE state = 'live' AND arrival > 0 AND path IN (SELECT path FROM file WHERE reason != '')"
            good = frozenset(path for (path,) in self._db.execute(kept))
        return Standing(
            counts,
            tuple((path, _time(published)) for path, published in waiting),
            tuple(map(_file, troubled)),
            good,
        )

    # -- the shelf ----------------------------------------------------------------------------------------------------------

    def shelf(self) -> Mapping[str, Shelved]:
        """What was put on the shelf, by path."""
        if self._shelf is None:
            with self._guard():
                self._shelf = {row[0]: Shelved(*row) for row in self._db.execute("SELECT path, key, size, mtime_ns FROM document")}
        return MappingProxyType(self._shelf)

    def note_shelf(self, put: Iterable[Shelved], removed: Iterable[str], state: str) -> None:
        """Record what was published, and `state`, the name of all that it was made from."""
        shelved, gone = list(put), list(removed)
        with self._transaction():
            self._db.executemany("REPLACE INTO document VALUES (?, ?, ?, ?)", ((s.path, s.key, s.size, s.mtime_ns) for s in shelved))
            self._db.executemany("DELETE FROM document WHERE path = ?", ((path,) for path in gone))
            self._set("shelf", state)
        if self._shelf is not None:
            self._shelf |= {s.path: s for s in shelved}
            for path in gone:
                self._shelf.pop(path, None)

    # -- single values and the log of cycles --------------------------------------------------------------------------------

    def get(self, key: str) -> str | None:
        """A single value, or None."""
        with self._guard():
            found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def put(self, **values: str) -> None:
        """Record single values in one transaction."""
        with self._transaction():
            for key, value in values.items():
                self._set(key, value)

    def log(self, started: datetime, seconds: float, summary: str) -> None:
        """Remember one cycle that did something; the oldest beyond a hundred are forgotten."""
        with self._transaction():
            self._db.execute("INSERT INTO cycle VALUES (?, ?, ?)", (int(started.timestamp()), seconds, summary))
            self._db.execute("DELETE FROM cycle WHERE rowid <= (SELECT max(rowid) FROM cycle) - ?", (CYCLES_KEPT,))

    def cycles(self) -> list[tuple[datetime, float, str]]:
        """The last cycles that did something, newest first: when, seconds, what."""
        with self._guard():
            rows = self._db.execute("SELECT started, seconds, summary FROM cycle ORDER BY rowid DESC").fetchall()
        return [(_time(started), seconds, summary) for started, seconds, summary in rows]

    def _set(self, key: str, value: str) -> None:
        self._db.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger .feeder/ledger.db cannot be used: {error}; {_advice(error)}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guard():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._known = self._files = self._shelf = None  # what is remembered may be ahead of what was written
                self._db.execute("ROLLBACK") if self._db.in_transaction else None
                raise


def holder(folder: Path) -> int | None:
    """The process that publishes from this folder now, or None."""
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.pread(handle, 32, 0).strip()
        return int(said) if said.isdigit() else None
    except OSError:  # a file system without locks: nobody can publish from there
        return None
    else:
        return None
    finally:
        os.close(handle)


def _lock(folder: Path) -> int:
    """Take the folder's lock, or raise Busy naming who has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise LedgerError(f"{folder}: {error.strerror}; make the folder writable for this user") from error
    try:
        _flock(handle)
    except BlockingIOError:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise Busy(f"another feeder publishes here already: process {holder} holds {folder / 'lock'}") from None
    except OSError as error:
        os.close(handle)
        raise LedgerError(
            f"{folder / 'lock'}: {error.strerror}; this file system cannot lock files: keep the configuration on a local one"
        ) from error
    # The number is only for the message of Busy: a full disk must not keep anyone from the lock.
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def _flock(handle: int) -> None:
    """Lock for this process alone, within some tenths of a second: `holder` shares the lock for an instant, and that is nobody at work."""
    for _ in range(ATTEMPTS):
        with suppress(BlockingIOError):
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Clock().sleep(PAUSE)
    return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _connect(uri: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(uri, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger cannot be opened: {error}") from error


def _open(path: str) -> sqlite3.Connection:
    db = _connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise LedgerError(
                f"{path} is damaged; restore it from a backup, or move it away: the next build mints the same ids for files that were never renamed"
            )
        _migrate(db, _check_version(db))
    except sqlite3.Error as error:
        db.close()
        raise LedgerError(f"{path} cannot be used: {error}; {_advice(error)}") from error
    except LedgerError:
        db.close()
        raise
    return db


def _advice(error: sqlite3.Error) -> str:
    """What its owner can do. A ledger that is only out of room must not be moved away: that would lose promises."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extension, see sqlite.org/rescode.html
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "restore it from a backup, or move it away"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another program has it open: end that one; the next cycle tries again"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return "see that its disk is not full (df -h, df -i), can be written, and reports no errors"
    return "this is a fault of the program: please report it"


def _check_version(db: sqlite3.Connection) -> int:
    """The schema's version. A newer one, or another program's database, is refused untouched."""
    version, application = db.execute("PRAGMA user_version").fetchone()[0], db.execute("PRAGMA application_id").fetchone()[0]
    if version and application != APPLICATION:
        raise LedgerError("ledger.db belongs to another program; move it away")
    if version > len(MIGRATIONS):
        raise LedgerError(f"the ledger was written by a newer feeder (schema {version}, this one knows {len(MIGRATIONS)}); upgrade feeder")
    return int(version)


def _migrate(db: sqlite3.Connection, version: int) -> None:
    """Numbered migrations, each in one transaction with its record."""
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        db.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {number}; COMMIT;")


def _stamp(when: datetime | None) -> int | None:
    return None if when is None else int(when.timestamp())


def _time(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def _row(k: Known, revision: int) -> tuple[object, ...]:
    dates = (_stamp(k.published), _stamp(k.updated))
    life = (int(k.stated), k.arrival, _stamp(k.expires), str(k.state), _stamp(k.since))
    row = (k.id, k.path, k.slug, *dates, k.raw, k.visible, k.title, k.sketch, *life)
    return (*row[:3], k.slug.casefold(), *row[3:], revision, _checksum(row))


def _known(row: tuple[object, ...]) -> Known:
    from feeder.changes import Known, State

    ident, path, slug, published, updated, raw, visible, title, sketch, stated, arrival, expires, state, since, checksum, _ = row
    if _checksum(row[:14]) != checksum:
        raise LedgerError(f"the ledger's row of {path!r} is damaged; restore .feeder/ledger.db from a backup, or move it away")
    times = (_time(published), _time(updated))  # type: ignore[arg-type]
    expiry, gone = (None if when is None else _time(when) for when in (expires, since))  # type: ignore[arg-type]
    return Known(ident, path, slug, *times, raw, visible, title, sketch, bool(stated), arrival, expiry, State(state), gone)  # type: ignore[arg-type]


def _checksum(row: tuple[object, ...]) -> int:
    return zlib.crc32(repr(row).encode("utf-8", "surrogatepass"))


def _file_row(f: FileRecord) -> tuple[object, ...]:
    return (f.path, " ".join(map(str, f.stat)), f.salt, f.raw, f.reason, f.hint, "\n".join(f.flags), _stamp(f.since))


def _file(row: tuple[str, str, str, str, str, str, str, int]) -> FileRecord:
    path, stat, salt, raw, reason, hint, flags, since = row
    return FileRecord(path, tuple(map(int, stat.split())), salt, raw, reason, hint, tuple(flags.split("\n")) if flags else (), _time(since))


def _body(told: Told) -> str:
    a = told.article
    facts = {
        "title": a.title,
        "summary": told.summary,
        "content": a.content,
        "links": [[x.href, x.rel, x.type, x.title, x.hreflang, x.length] for x in a.links],
        "authors": [[x.name, x.uri, x.email] for x in a.authors],
        "categories": [[x.term, x.scheme, x.label] for x in a.categories],
        "language": a.language,
        "rights": a.rights,
    }
    return json.dumps(facts, ensure_ascii=False)


def _entry(k: Known, body: Mapping[str, object], permalink: str) -> Entry:
    from feeder.model import Category, Entry, Link, Person

    facts = dict(body)
    for name, noun in (("links", Link), ("authors", Person), ("categories", Category)):
        facts[name] = tuple(noun(*values) for values in facts[name])  # type: ignore[attr-defined]
    alternate = Link(permalink, type="text/html")
    return Entry(id=k.id, published=k.published, updated=k.updated, arrival=k.arrival, **{**facts, "links": (alternate, *facts["links"])})  # type: ignore[misc,arg-type]
