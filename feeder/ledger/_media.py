"""The media beside articles, as the ledger keeps them: what each file was when it was last read, and which of them entries show. No bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time where a medium is read: `feeder status` reads none, and must answer at once
    from feeder.changes import Known
    from feeder.ledger._database import Database
    from feeder.ledger._rows import Told
    from feeder.model import Medium

__all__ = ["Media", "MediumRecord"]


@dataclass(frozen=True, slots=True)
class MediumRecord:
    """A picture or a recording as its file was last read: the medium, or the reason why it is not published. `salt` names who read it."""

    path: str
    stat: tuple[int, ...]
    salt: str
    medium: Medium | str


class Media:
    """The media of one ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._files: dict[str, MediumRecord] | None = None
        self._shown: dict[str, tuple[str, ...]] | None = None

    def files(self) -> Mapping[str, MediumRecord]:
        """Every file that articles refer to, by its path in the input folder. Read once; kept true by `note`."""
        if self._files is None:
            with self._database.guard():
                rows = self._database.db.execute("SELECT path, stat, salt, reason, facts FROM medium").fetchall()
            self._files = {row[0]: _record(*row) for row in rows}
        return MappingProxyType(self._files)

    def shown(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the media that each entry shows which is not withdrawn, by its id. Read once; kept true by `record`."""
        if self._shown is None:
            found: dict[str, tuple[str, ...]] = {}
            with self._database.guard():
                for ident, name in self._database.db.execute("SELECT id, name FROM shown ORDER BY id, name"):
                    found[ident] = (*found.get(ident, ()), name)
            self._shown = found
        return MappingProxyType(self._shown)

    def forget(self) -> None:
        """Read everything anew when it is asked for next."""
        self._files = self._shown = None

    def note(self, records: Iterable[MediumRecord], forget: Iterable[str] = ()) -> None:
        """Record how files were when they were read, and `forget` those that nobody refers to, in one transaction."""
        new, gone = list(records), list(forget)
        if not (new or gone):
            return
        with self._database.transaction():
            self._database.db.executemany("REPLACE INTO medium VALUES (?, ?, ?, ?, ?)", map(_row, new))
            self._database.db.executemany("DELETE FROM medium WHERE path = ?", ((path,) for path in gone))
        self._files = None

    def record(self, after: Iterable[Known], told: Mapping[str, Told]) -> None:
        """Within a transaction that has written their promises: which media entries show, by id. Who is withdrawn shows none."""
        shown = dict(self.shown())
        for k in after:
            names = () if k.state == "withdrawn" else told[k.id].article.media if k.id in told else shown.get(k.id, ())
            if names != shown.get(k.id, ()):
                self._database.db.execute("DELETE FROM shown WHERE id = ?", (k.id,))
                self._database.db.executemany("INSERT INTO shown VALUES (?, ?)", ((k.id, name) for name in names))
                shown[k.id] = names
        self._shown = {ident: names for ident, names in shown.items() if names}


def _row(record: MediumRecord) -> tuple[str, str, str, str, str]:
    stat, medium = " ".join(map(str, record.stat)), record.medium
    if isinstance(medium, str):
        return record.path, stat, record.salt, medium, "[]"
    return record.path, stat, record.salt, "", json.dumps(astuple(medium), ensure_ascii=False)


def _record(path: str, stat: str, salt: str, reason: str, facts: str) -> MediumRecord:
    from feeder.model import Medium

    return MediumRecord(path, tuple(map(int, stat.split())), salt, reason or Medium(*json.loads(facts)))
