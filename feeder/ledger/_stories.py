"""Articles that tell the same story, as the ledger keeps them: vectors, how many articles have a term, and who is whose kin.

What is alike is decided in `feeder.stories`; here it is kept and found again. Three tables: `story` (what is compared of an entry), `term`
(in how many of them each term occurs), `kin` (each pair that was found, in both directions). Whatever is withdrawn or a draft has no row
in any of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, groupby
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time where stories are compared: `feeder status` compares none, and must answer at once
    from sqlite3 import Cursor

    from feeder.changes import Known
    from feeder.ledger._database import Database
    from feeder.ledger._rows import Told
    from feeder.stories import Place, Story

__all__ = ["Kin", "Stories"]

STORY = """
    SELECT number, story.published, language, title, sketch, vector FROM story JOIN entry USING (id)
    WHERE number IN (SELECT value FROM json_each(?))
"""
WINDOW = "SELECT published, number, vector FROM story WHERE published BETWEEN ? AND ? ORDER BY published, number"
AROUND = """
    SELECT * FROM (SELECT published, number, vector FROM story
        WHERE published >= ?3 AND (published, number) <= (?1, ?2) ORDER BY published DESC, number DESC LIMIT ?5)
    UNION ALL SELECT * FROM (SELECT published, number, vector FROM story
        WHERE published <= ?4 AND (published, number) > (?1, ?2) ORDER BY published, number LIMIT ?5)
"""
FEW, NEAREST = 20, 200  # so few are compared with the 200 before and after each of them at most; more with everything near any of them
KIN = """
    SELECT a.id, b.id, likeness FROM kin JOIN story a ON a.number = one JOIN story b ON b.number = other ORDER BY a.id, likeness DESC, b.id
"""
PUT = """
    INSERT INTO story (id, published, language, vector) VALUES (?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET
        published = excluded.published, language = excluded.language, vector = excluded.vector
"""
COUNT = "INSERT INTO term VALUES (?, ?) ON CONFLICT(term) DO UPDATE SET articles = articles + excluded.articles"
DIGITS = 4  # of a likeness

Kin = Mapping[str, tuple[tuple[str, float], ...]]
"""By entry id: the ids of those that tell the same story, the most alike first, with their likeness (0 to 1)."""
_Facts = tuple[int, str | None, bytes]


class Stories:
    """Who tells the same story as whom, in one ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kin: dict[str, tuple[tuple[str, float], ...]] | None = None

    def kin(self) -> Kin:
        """Everybody's kin, whether public or not. Read once; kept true by `record`."""
        if self._kin is None:
            with self._database.guard():
                rows = self._database.db.execute(KIN).fetchall()
            self._kin = {ident: tuple((other, likeness) for _, other, likeness in group) for ident, group in groupby(rows, itemgetter(0))}
        return MappingProxyType(self._kin)

    def of(self, ident: str) -> tuple[tuple[str, float], ...]:
        """The ids of the entries that tell the same story as this one, public or not, the most alike first, with their likeness."""
        return self.kin().get(ident, ())

    def forget(self) -> None:
        """Read everything anew when it is asked for next."""
        self._kin = None

    def record(self, after: Iterable[Known], told: Mapping[str, Told]) -> None:
        """Within a transaction that has written their promises: take in what was read, by id, and find its kin.

        All that is new is counted before any of it is compared, so that the order of files does not matter. What was found of others
        stays, however the frequencies drift: an article costs as much as it has candidates.
        """
        known = {k.id: k for k in after}
        before = self._kept(known)
        now = {ident: _facts(k, told.get(ident), before.get(ident)) for ident, k in known.items()}
        fresh = {ident: facts for ident, facts in now.items() if facts and facts != before.get(ident)}
        stale = {ident: facts for ident, facts in before.items() if now[ident] is None or ident in fresh}
        if fresh or stale:
            self._count(fresh.values(), stale.values())
            self._drop(stale, fresh)
            self._kin = None
        if fresh:
            self._relate(self._put(fresh))

    def _kept(self, idents: Iterable[str]) -> dict[str, _Facts]:
        found = self._run("SELECT id, published, language, vector FROM story WHERE id IN (SELECT value FROM json_each(?))", json.dumps(list(idents)))
        return {ident: (published, language, vector) for ident, published, language, vector in found}

    def _count(self, fresh: Iterable[_Facts], stale: Iterable[_Facts]) -> None:
        """Bring the frequencies up to what is there now."""
        from feeder.stories import ALL, terms

        more, less = (Counter(chain.from_iterable((ALL, *terms(vector)) for _, _, vector in changed)) for changed in (fresh, stale))
        more.subtract(less)
        self._many(COUNT, ((term, count) for term, count in more.items() if count))
        self._many("DELETE FROM term WHERE term = ? AND articles = 0", ((term,) for term, count in more.items() if count < 0))

    def _drop(self, stale: Mapping[str, _Facts], fresh: Mapping[str, _Facts]) -> None:
        """Forget what was found of these, and those of them altogether that are not there any more."""
        numbers = dict(self._run("SELECT id, number FROM story WHERE id IN (SELECT value FROM json_each(?))", json.dumps(list(stale))))
        for ident, number in numbers.items():
            self._many("DELETE FROM kin WHERE one = ? AND other = ?", self._run("SELECT other, one FROM kin WHERE one = ?", number).fetchall())
            self._run("DELETE FROM kin WHERE one = ?", number)
            if ident not in fresh:
                self._run("DELETE FROM story WHERE number = ?", number)

    def _put(self, fresh: Mapping[str, _Facts]) -> list[int]:
        """Write what is new, the oldest first, and return its numbers."""
        rows = sorted((published, ident, language, vector) for ident, (published, language, vector) in fresh.items())
        self._many(PUT, ((ident, published, language, vector) for published, ident, language, vector in rows))
        found = self._run("SELECT number FROM story WHERE id IN (SELECT value FROM json_each(?)) ORDER BY number", json.dumps(list(fresh)))
        return [number for (number,) in found]

    def _relate(self, fresh: list[int]) -> None:
        """Find the kin of these among all that were published near them."""
        from feeder.stories import LEAST, Scale, partners

        stories = self._stories(fresh)
        frequencies = self._frequencies(stories.values())
        scale = Scale(frequencies)
        pairs = partners(self._window(stories), {number: scale.keys(story) for number, story in stories.items()})
        others = self._stories({number for pair in pairs for number in pair} - stories.keys())
        frequencies |= self._frequencies(others.values())
        stories |= others
        alike = ((one, other, round(scale.likeness(stories[one], stories[other]), DIGITS)) for one, other in pairs)
        found = [pair for pair in alike if pair[2] >= LEAST]
        self._many("INSERT INTO kin VALUES (?, ?, ?)", [*found, *((other, one, likeness) for one, other, likeness in found)])

    def _window(self, stories: Mapping[int, Story]) -> Iterable[Place]:
        """Everything that was published near these, themselves included, in the order of time."""
        from feeder import stories as room

        times = [story.published for story in stories.values()]
        if len(times) > FEW:
            return self._run(WINDOW, min(times) - room.WINDOW, max(times) + room.WINDOW)
        around = ((s.published, s.number, s.published - room.WINDOW, s.published + room.WINDOW, NEAREST) for s in stories.values())
        return sorted({place for bounds in around for place in self._run(AROUND, *bounds)})

    def _stories(self, numbers: Iterable[int]) -> dict[int, Story]:
        from feeder.stories import Story

        return {row[0]: Story(*row) for row in self._run(STORY, json.dumps(sorted(numbers)))}

    def _frequencies(self, stories: Iterable[Story]) -> dict[int, int]:
        from feeder.stories import ALL, terms

        asked = {ALL}.union(*(terms(story.vector) for story in stories))
        return dict(self._run("SELECT term, articles FROM term WHERE term IN (SELECT value FROM json_each(?))", json.dumps(list(asked))))

    def _run(self, statement: str, *values: object) -> Cursor:
        return self._database.db.execute(statement, values)

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._database.db.executemany(statement, rows)


def _facts(k: Known, told: Told | None, before: _Facts | None) -> _Facts | None:
    """What is to be kept of an entry: nothing of one that is withdrawn or a draft, of one that was not read its vector as it is."""
    if k.state in ("withdrawn", "draft"):
        return None
    published = int(k.published.timestamp())
    if told is None or told.vector is None:
        return (published, *before[1:]) if before else None
    return (published, told.article.language, told.vector) if told.vector else None
