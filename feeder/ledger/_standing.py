"""The ledger in a few figures, without reading every promise: `feeder status` and /status must answer at once, however much there is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from feeder.ledger._database import Database, moment
from feeder.ledger._rows import FILES, FileRecord, file_record, stamp

__all__ = ["Standing", "latest", "per_day", "standing"]

COUNTS = "SELECT state, count(*) FROM entry WHERE arrival > 0 GROUP BY state"
WAITING = "FROM entry WHERE arrival = 0 AND state = 'live'"
ASIDE, NOTED = "WHERE reason != ''", "WHERE flags != '' AND reason = ''"
# The last condition lets SQLite take the index that holds no others.
KEPT = """
    SELECT path FROM entry WHERE path IN (SELECT value FROM json_each(?)) AND state = 'live' AND arrival > 0 AND state NOT IN ('withdrawn', 'kept')
"""
LATEST = "SELECT path, title, slug, published FROM entry WHERE state = 'live' AND arrival > 0 ORDER BY arrival DESC LIMIT ?"
PER_DAY = """
    SELECT date(published, 'unixepoch'), count(*) FROM entry
    WHERE state IN ('live', 'kept') AND arrival > 0 AND published >= ? GROUP BY 1
"""


class Standing(NamedTuple):
    """How it stands: entries that were ever public by state, what waits and until when, files with a problem, and files with a note.

    Of the lists the first ones; `waiting`, `troubled` and `flagged` count them all. `kept` are the paths of those files in quarantine whose
    last good version stays published.
    """

    counts: Mapping[str, int]
    embargoed: tuple[tuple[str, datetime], ...]
    aside: tuple[FileRecord, ...]
    noted: tuple[FileRecord, ...]
    kept: frozenset[str]
    waiting: int
    troubled: int
    flagged: int


def standing(database: Database, most: int | None) -> Standing:
    """How it stands, with at most so many of each list: what is due soonest, what was set aside last."""
    limit = -1 if most is None else most
    with database.guard():
        run = database.db.execute
        counts = dict(run(COUNTS))
        embargoed = run(f"SELECT path, published {WAITING} ORDER BY published, path LIMIT ?", (limit,)).fetchall()
        aside = run(f"{FILES} {ASIDE} ORDER BY since DESC, path LIMIT ?", (limit,)).fetchall()
        noted = run(f"{FILES} {NOTED} ORDER BY path LIMIT ?", (limit,)).fetchall()
        kept = frozenset(path for (path,) in run(KEPT, (json.dumps([row[0] for row in aside]),)))
        totals = (run(f"SELECT count(*) {what}").fetchone()[0] for what in (WAITING, f"FROM file {ASIDE}", f"FROM file {NOTED}"))
        waiting, troubled, flagged = totals
    times = tuple((path, moment(published)) for path, published in embargoed)
    return Standing(counts, times, tuple(map(file_record, aside)), tuple(map(file_record, noted)), kept, waiting, troubled, flagged)


def latest(database: Database, most: int) -> tuple[tuple[str, str, str, datetime], ...]:
    """The articles that came out last: path, title, slug, published."""
    with database.guard():
        return tuple((path, title, slug, moment(published)) for path, title, slug, published in database.db.execute(LATEST, (most,)))


def per_day(database: Database, since: date) -> Mapping[date, int]:
    """How many of the articles that are out were published on each day (UTC) from this one on; days without any are left out."""
    begin = stamp(datetime.fromisoformat(f"{since}T00:00:00+00:00"))
    with database.guard():
        return {date.fromisoformat(day): number for day, number in database.db.execute(PER_DAY, (begin,))}
