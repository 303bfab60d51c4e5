"""Which hubs are still to be told of which feeds: a queue that survives everything, and how it stands with each hub. Nothing is sent here.

Three tables:

    topic  each feed that hubs are told of, with a digest of the bytes for which pings were queued last
    ping   one feed that one hub is still to be told of; the newest takes the place of the one before, and numbers only ever rise
    hub    each hub there is, how often in a row it has failed, why, and until when it is left alone

Pings are queued in the transaction that notes what was put on the shelf, for every feed whose bytes are not those announced last. A kill
before it leaves documents that are not noted: the next cycle makes them again, finds the same bytes there, and announces them. A kill after it
leaves the pings. So none is lost; one that was sent and could not be crossed out is sent again, which does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from feeder.ledger._database import Database, connect

__all__ = ["Hub", "News", "Ping", "Pings"]

DUE = """
    SELECT number, path, since, attempts FROM ping WHERE hub = ?1 AND number <= ?2 AND (due <= ?3 OR due > ?3 + ?4)
    ORDER BY attempts, instr(path, '/') > 0, number LIMIT ?5
"""
HUB = """
    SELECT address, failures, until, error, given_up, told, count(number), coalesce(min(due), 0)
    FROM hub LEFT JOIN ping ON hub = address GROUP BY address ORDER BY hub.rowid
"""
FARTHEST = 2 * 86_400  # seconds ahead; what is due later was noted while the clock was wrong


@dataclass(frozen=True, slots=True)
class News:
    """Feeds that were put on the shelf at `now`: digests of their bytes by path, and the hubs that want to hear of them."""

    hubs: Sequence[str] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """One feed that a hub is to be told of. It waits since `since` (seconds since 1970) and was sent `attempts` times in vain."""

    number: int
    path: str
    since: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Hub:
    """How it stands with one hub. Times are seconds since 1970, 0 for never.

    It failed `failures` times in a row, last with `error`, and is left alone before `until`. `given_up` counts the pings that were dropped
    since it last took one, at `told`. Of those `waiting` the first is due at `due`.
    """

    address: str
    failures: int = 0
    until: int = 0
    error: str = ""
    given_up: int = 0
    told: int = 0
    waiting: int = 0
    due: int = 0

    @property
    def shown(self) -> str:
        """Its address as logs and people see it: without path and query, in which a token may stand."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


class Pings:
    """The pings in a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._db = database.db

    @classmethod
    @contextmanager
    def beside(cls, folder: Path) -> Iterator[Pings]:
        """The pings of the ledger in `folder`, through a connection of their own, for another thread. Raises LedgerError."""
        with closing(Database(connect(f"{(folder / 'ledger.db').absolute().as_uri()}?mode=rw"))) as database:
            with database.guard():
                database.db.execute("PRAGMA synchronous = FULL")
            yield cls(database)

    # -- within the transaction that notes the shelf ----------------------------------------------------------------------------

    def announce(self, news: News, gone: Sequence[str]) -> None:
        """Queue a ping to each hub for each feed that is not as it was announced last; forget feeds that are `gone`, and other hubs."""
        self._meet(news.hubs)
        for table in ("topic", "ping"):
            self._db.executemany(f"DELETE FROM {table} WHERE path = ?", ((path,) for path in gone))  # noqa: S608 - names of ours
        if not (news.hubs and news.digests and news.now):
            return
        known = "SELECT path, digest FROM topic WHERE path IN (SELECT value FROM json_each(?))"
        announced = dict(self._db.execute(known, (json.dumps(list(news.digests)),)))
        changed = {path: digest for path, digest in news.digests.items() if announced.get(path) != digest}
        since = int(news.now.timestamp())
        self._db.executemany("REPLACE INTO topic VALUES (?, ?)", changed.items())
        self._db.executemany("REPLACE INTO ping (path, hub, since) VALUES (?, ?, ?)", ((path, hub, since) for path in changed for hub in news.hubs))

    def _meet(self, hubs: Sequence[str]) -> None:
        said = json.dumps(list(hubs))
        self._db.executemany("INSERT OR IGNORE INTO hub (address) VALUES (?)", ((hub,) for hub in hubs))
        self._db.execute("DELETE FROM ping WHERE hub NOT IN (SELECT value FROM json_each(?))", (said,))
        self._db.execute("DELETE FROM hub WHERE address NOT IN (SELECT value FROM json_each(?))", (said,))
        if not hubs:
            self._db.execute("DELETE FROM topic")

    # -- what is to be sent -----------------------------------------------------------------------------------------------------

    def last(self) -> int:
        """The number of the last ping that was queued; 0 when none waits."""
        with self._database.guard():
            return int(self._db.execute("SELECT coalesce(max(number), 0) FROM ping").fetchone()[0])

    def due(self, hub: str, now: int, *, last: int, limit: int) -> list[Ping]:
        """The next pings to a hub that may be sent at `now`, none queued after `last`: those tried least first, then the main feeds."""
        with self._database.guard():
            return [Ping(*row) for row in self._db.execute(DUE, (hub, last, now, FARTHEST, limit))]

    def hubs(self) -> tuple[Hub, ...]:
        """How it stands with each hub, in the order in which they were first said."""
        with self._database.guard():
            return tuple(Hub(*row) for row in self._db.execute(HUB))

    def hub(self, address: str) -> Hub:
        """How it stands with one hub."""
        return next((hub for hub in self.hubs() if hub.address == address), Hub(address))

    # -- what came of it --------------------------------------------------------------------------------------------------------

    def taken(self, hub: str, ping: Ping, now: int) -> None:
        """Cross out a ping that the hub has taken, unless a newer one is in its place."""
        with self._database.transaction():
            self._db.execute("DELETE FROM ping WHERE number = ?", (ping.number,))
            self._db.execute("UPDATE hub SET failures = 0, until = 0, error = '', given_up = 0, told = ? WHERE address = ?", (now, hub))

    def put_off(self, hub: Hub, ping: Ping, due: int, *, before: int, attempts: int) -> int:
        """Note how it stands with a hub that did not take a ping; that is due again at `due`.

        Pings that wait since `before` or longer are given up, once they were sent so many times in vain; return how many.
        """
        with self._database.transaction():
            self._db.execute("UPDATE ping SET attempts = attempts + 1, due = ? WHERE number = ?", (due, ping.number))
            dropped = self._db.execute("DELETE FROM ping WHERE hub = ? AND since <= ? AND attempts >= ?", (hub.address, before, attempts)).rowcount
            noted = (hub.failures, hub.until, hub.error, dropped, hub.address)
            self._db.execute("UPDATE hub SET failures = ?, until = ?, error = ?, given_up = given_up + ? WHERE address = ?", noted)
        return dropped

    def retry(self) -> None:
        """Let every ping that waits be sent now."""
        with self._database.transaction():
            self._db.execute("UPDATE ping SET due = 0 WHERE due > 0")
            self._db.execute("UPDATE hub SET until = 0 WHERE until > 0")
