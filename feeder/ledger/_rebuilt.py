"""A ledger made anew beside the one there is, and put in its place when it is whole. The old one is kept. What goes into it is not decided here."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from feeder.errors import Damaged, LedgerError
from feeder.ledger._database import connect, lock, opened, told, versioned
from feeder.ledger._rows import SELECT, promise

__all__ = ["rebuilding"]

BESIDE = ("-wal", "-shm")  # what SQLite keeps beside a database


@contextmanager
def rebuilding(folder: Path, aside: str, *, force: bool) -> Iterator[sqlite3.Connection]:
    """An empty database, locked, that takes the ledger's place when the context ends without an error; until then nothing is touched.

    The ledger that is there is kept, under the name `aside`. Raises Busy when another process has it, LedgerError when
    it is sound and not forced aside: it knows more than any feed.
    """
    held = lock(folder)
    try:
        if not force:
            _require_no_promises(folder / "ledger.db")
        new = folder / "ledger.db.new"
        _remove(new)
        try:
            with closing(opened(new.absolute().as_uri())) as db:
                yield db
        except BaseException:
            _remove(new)
            raise
        _replace(folder / "ledger.db", new, folder / aside)
    finally:
        os.close(held)


def _require_no_promises(path: Path) -> None:
    """Raise LedgerError unless the ledger is missing, damaged, or has never held anything."""
    if not path.exists():
        return
    try:
        with closing(connect(f"{path.absolute().as_uri()}?mode=ro")) as db:
            sound = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            rows = db.execute(SELECT).fetchall() if sound and versioned(db) else []
        for row in rows:
            promise(row)
    except sqlite3.Error as error:
        if not isinstance(refused := told(error, f"{path} cannot be read"), Damaged):
            raise refused from error
    except Damaged:
        return
    else:
        if rows:
            raise LedgerError(f"{path} is sound, and knows more than the feed does: nothing was done; --force sets it aside all the same")


def _replace(path: Path, new: Path, aside: Path) -> None:
    """At every moment there is a whole ledger at `path`, if there was one; and never the old one's log beside the new one."""
    try:
        if path.exists():
            _copy(path, aside)
        for name in BESIDE:
            beside = path.with_name(path.name + name)
            if beside.exists():
                beside.replace(aside.with_name(aside.name + name))
        new.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise LedgerError(f"{path} cannot be replaced: {error.strerror}; see that the folder can be written and its disk is not full") from error


def _copy(path: Path, aside: Path) -> None:
    try:
        os.link(path, aside)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        shutil.copyfile(path, aside)


def _remove(path: Path) -> None:
    for name in ("", *BESIDE):
        path.with_name(path.name + name).unlink(missing_ok=True)
