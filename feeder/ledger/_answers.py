"""What a language model was asked and has answered: one answer for each content for ever, what each day cost, how it stands with the endpoint.

Nothing is asked here. An answer belongs to a content, by the key that `summarizers.llm.key` gives it, and to no file: a rename, a
rebuild and another model find it again. A day is one of UTC, as "2026-11-22".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from feeder.ledger._database import Database

__all__ = ["Answer", "Answers", "Contact", "Spent"]

DAYS_KEPT = 31
CONTACT = "assistant"  # the key of the single value that says how it stands with the endpoint


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking for one content. `text` is empty while there is nothing to publish.

    `refused` counts the answers that could not be published, `reason` says why not the last one; `failed` counts the times nothing came.
    """

    text: str = ""
    model: str = ""
    refused: int = 0
    failed: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one day cost so far, what is under way included."""

    calls: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """How it stands with the endpoint that `name` names, and what may be asked of it in one day.

    `answered` tells whether it did since it last called a request malformed, `failures` counts the calls in vain since; it is left alone
    before `until` (seconds since 1970), because of `error`.
    """

    name: str
    calls_per_day: int
    tokens_per_day: int
    answered: bool = False
    failures: int = 0
    until: int = 0
    error: str = ""


class Answers:
    """The answers in a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Answer:
        """What came of asking for this content; an empty Answer when it was never asked for."""
        with self._database.guard():
            row = self._database.db.execute("SELECT text, model, refused, failed, reason FROM answer WHERE key = ?", (key,)).fetchone()
        return Answer(*row) if row else Answer()

    def put(self, key: str, answer: Answer) -> None:
        """Record what came of asking for a content."""
        with self._database.transaction():
            row = (key, answer.text, answer.model, answer.refused, answer.failed, answer.reason)
            self._database.db.execute("REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?)", row)

    def in_vain(self) -> Mapping[str, int]:
        """How often each content without an answer was asked for, by key."""
        with self._database.guard():
            return dict(self._database.db.execute("SELECT key, refused + failed FROM answer WHERE text = ''"))

    def waiting(self) -> int:
        """How many files have a summary that waits for an answer."""
        with self._database.guard():
            return int(self._database.db.execute("SELECT count(*) FROM file WHERE pending != ''").fetchone()[0])

    # -- what it costs ----------------------------------------------------------------------------------------------------

    def spent(self, now: datetime) -> Spent:
        """What the day of `now` cost so far."""
        with self._database.guard():
            row = self._database.db.execute("SELECT calls, tokens FROM spend WHERE day = ?", (_day(now),)).fetchone()
        return Spent(*row) if row else Spent()

    def spend(self, now: datetime, calls: int, tokens: int) -> None:
        """Add to what the day costs: before a call what it may cost at most, after it what of that was not needed, as negative numbers.

        In this order a crash in between has overstated the day, and the budget holds.
        """
        add = "INSERT INTO spend VALUES (?, ?, ?) ON CONFLICT(day) DO UPDATE SET calls = calls + excluded.calls, tokens = tokens + excluded.tokens"
        with self._database.transaction():
            self._database.db.execute(add, (_day(now), calls, tokens))
            self._database.db.execute("DELETE FROM spend WHERE day < date(?, ?)", (_day(now), f"-{DAYS_KEPT} days"))

    # -- how it stands ----------------------------------------------------------------------------------------------------

    def contact(self) -> Contact | None:
        """How it stands with the endpoint; None where there is none."""
        noted = self._database.get(CONTACT)
        return Contact(**json.loads(noted)) if noted else None

    def note_contact(self, contact: Contact | None) -> None:
        """Record how it stands with the endpoint, or that there is none any more; nothing is written when it is so already."""
        if contact != self.contact():
            self._database.put(**{CONTACT: json.dumps(asdict(contact)) if contact else ""})


def _day(now: datetime) -> str:
    return now.date().isoformat()
