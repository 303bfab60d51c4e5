"""The ledger's database: opened, locked, migrated, and its errors told with advice. It does not know what is in it but single values."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from feeder.clock import Clock
from feeder.errors import Busy, Damaged, LedgerError

__all__ = ["Database", "Logged", "connect", "holder", "lock", "looked_at", "moment", "opened", "told"]

APPLICATION = 0x46454544  # "FEED", PRAGMA application_id
CYCLES_KEPT = 100
ATTEMPTS, PAUSE = 30, 0.01  # how often a lock that is taken is tried again, and the seconds between
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
    """
    CREATE TABLE answer (
        key TEXT PRIMARY KEY, text TEXT NOT NULL, model TEXT NOT NULL,
        refused INTEGER NOT NULL, failed INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE spend (day TEXT PRIMARY KEY, calls INTEGER NOT NULL, tokens INTEGER NOT NULL) WITHOUT ROWID;
    ALTER TABLE file ADD COLUMN pending TEXT NOT NULL DEFAULT '';
    """,
    """
    CREATE TABLE story (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, published INTEGER NOT NULL, language TEXT, vector BLOB NOT NULL);
    CREATE INDEX story_published ON story(published);
    CREATE TABLE term (term INTEGER PRIMARY KEY, articles INTEGER NOT NULL);
    CREATE TABLE kin (one INTEGER, other INTEGER, likeness REAL NOT NULL, PRIMARY KEY (one, other)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE topic (path TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE ping (
        number INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, hub TEXT NOT NULL, since INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0, UNIQUE (path, hub));
    CREATE TABLE hub (
        address TEXT PRIMARY KEY, failures INTEGER NOT NULL DEFAULT 0, until INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
        given_up INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0);
    """,
    """
    DROP INDEX entry_path;
    CREATE UNIQUE INDEX entry_path ON entry(path) WHERE state NOT IN ('withdrawn', 'kept');
    CREATE TABLE facet (id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (id, kind, name)) WITHOUT ROWID;
    INSERT OR IGNORE INTO facet SELECT content.id, 'tags', json_extract(value, '$[0]') FROM content, json_each(body, '$.categories');
    INSERT OR IGNORE INTO facet SELECT content.id, 'authors', json_extract(value, '$[0]') FROM content, json_each(body, '$.authors');
    """,
    """
    CREATE TABLE medium (path TEXT PRIMARY KEY, stat TEXT NOT NULL, salt TEXT NOT NULL, reason TEXT NOT NULL, facts TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE shown (id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (id, name)) WITHOUT ROWID;
    ALTER TABLE file ADD COLUMN refers TEXT NOT NULL DEFAULT '[]';
    """,
    """
    ALTER TABLE cycle ADD COLUMN documents INTEGER;
    ALTER TABLE cycle ADD COLUMN bytes INTEGER;
    """,
)


class Logged(NamedTuple):
    """A cycle that did something: when, how long, what, and how many documents and bytes it wrote; None where that was not counted yet."""

    started: datetime
    seconds: float
    summary: str
    documents: int | None = None
    bytes: int | None = None


class Database:
    """One connection, with transactions that are whole or not at all; only one thread at once uses it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    # -- single values and the log of cycles --------------------------------------------------------------------------------

    def get(self, key: str) -> str | None:
        """A single value, or None."""
        with self.guard():
            found = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def put(self, **values: str) -> None:
        """Record single values in one transaction."""
        with self.transaction():
            for key, value in values.items():
                self.note(key, value)

    def log(self, cycle: Logged) -> None:
        """Remember one cycle that did something; the oldest beyond a hundred are forgotten."""
        row = (int(cycle.started.timestamp()), cycle.seconds, cycle.summary, cycle.documents, cycle.bytes)
        with self.transaction():
            self.db.execute("INSERT INTO cycle VALUES (?, ?, ?, ?, ?)", row)
            self.db.execute("DELETE FROM cycle WHERE rowid <= (SELECT max(rowid) FROM cycle) - ?", (CYCLES_KEPT,))

    def cycles(self) -> list[Logged]:
        """The last cycles that did something, newest first."""
        with self.guard():
            rows = self.db.execute("SELECT started, seconds, summary, documents, bytes FROM cycle ORDER BY rowid DESC").fetchall()
        return [Logged(moment(started), *row) for started, *row in rows]

    def note(self, key: str, value: str) -> None:
        """Record a single value within a transaction."""
        self.db.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    def forget(self) -> None:
        """Drop what is remembered of the rows: it may be ahead of what was written."""

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Every statement's errors, told with what its owner can do. Raises LedgerError."""
        try:
            yield
        except sqlite3.Error as error:
            raise told(error, "the ledger .feeder/ledger.db cannot be used") from error

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Whatever is read in it is as it was at the first reading, however much is written meanwhile. Raises LedgerError."""
        with self.guard():
            self.db.execute("BEGIN")
        try:
            yield
        finally:
            with self.guard():
                self.db.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. Raises LedgerError."""
        with self.guard():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                self.forget()
                self.db.execute("ROLLBACK") if self.db.in_transaction else None
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


def lock(folder: Path) -> int:
    """Take the folder's lock, or raise Busy naming who has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise LedgerError(f"{folder}: {error.strerror}; {_mkdir_advice(error)}") from error
    try:
        _flock(handle)
    except BlockingIOError:
        holder, since = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown", moment(int(os.fstat(handle).st_mtime))
        os.close(handle)
        raise Busy(
            f"another feeder publishes here already: process {holder} since {since:%Y-%m-%d %H:%M:%S} UTC (it holds {folder / 'lock'}): "
            "leave the work to it, or stop it first"
        ) from None
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


def _mkdir_advice(error: OSError) -> str:
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "a file is where the folder of the ledger should be: move it away"
    if error.errno == errno.EROFS:
        return "the file system is read-only: keep the configuration on one that can be written"
    return "make the folder writable for this user"


def _flock(handle: int) -> None:
    """Lock for this process alone, within some tenths of a second: `holder` shares the lock for an instant, and that is nobody at work."""
    for _ in range(ATTEMPTS):
        with suppress(BlockingIOError):
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Clock().sleep(PAUSE)
    return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def connect(uri: str) -> sqlite3.Connection:
    """A connection without implicit transactions. Raises LedgerError."""
    try:
        return sqlite3.connect(uri, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise told(error, f"{_place(uri)} cannot be opened") from error


def _place(uri: str) -> str:
    """The path in a URI, for people."""
    from urllib.parse import unquote

    return unquote(uri.partition("?")[0].removeprefix("file://"))


def opened(path: str) -> sqlite3.Connection:
    """The database, durable, checked and migrated. Raises LedgerError."""
    db = connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise Damaged(f"{_place(path)} is damaged")
        _migrate(db, versioned(db))
    except sqlite3.Error as error:
        db.close()
        raise told(error, f"{_place(path)} cannot be used") from error
    except LedgerError:
        db.close()
        raise
    return db


def told(error: sqlite3.Error, what: str) -> LedgerError:
    """The error with what its owner can do. A ledger that is only out of room must not be rebuilt: that would lose promises."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extension, see sqlite.org/rescode.html
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Damaged(f"{what}: {error}")
    return LedgerError(f"{what}: {error}; {_advice(code)}")


def _advice(code: int) -> str:
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another program has it open: end that one; the next cycle tries again"
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return "let the user that runs feeder read and write it, and make files beside it (chown, chmod)"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return "see that its disk is not full (df -h, df -i), can be written, and reports no errors"
    return "this is a fault of the program: please report it"


def looked_at(uri: str) -> sqlite3.Connection:
    """The database of another process, only to be read; of an older schema a migrated copy in memory. Raises LedgerError, sqlite3.Error."""
    db = connect(f"{uri}?mode=ro")
    try:
        if (version := versioned(db)) == len(MIGRATIONS):
            return db
        copy = connect(":memory:")
        db.backup(copy)
        _migrate(copy, version)
    except (sqlite3.Error, LedgerError):
        db.close()
        raise
    db.close()
    return copy


def versioned(db: sqlite3.Connection) -> int:
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


def moment(stamp: int) -> datetime:
    """The time of seconds since 1970, as rows hold it."""
    return datetime.fromtimestamp(stamp, UTC)
