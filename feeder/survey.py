"""How a feed stands, gathered: from its ledger, without a lock and without a word written, and from the configuration. It judges nothing.

`feeder status` comes through here, and must answer at once: whatever needs pydantic or reads an article stays out.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from feeder import __version__
from feeder.ledger import Hub as LedgerHub
from feeder.ledger import Ledger, holder
from feeder.standing import Aside, Assistant, Cycle, Day, Failing, Hub, More, Note, Out, Setting, Standing, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from feeder.config import Config
    from feeder.errors import LedgerError

__all__ = ["DAYS", "settings", "survey", "unread"]

DAYS = 60
"""Days of which it is told how many articles were published, today (UTC) the last of them."""
LATEST = 10


def survey(state: Path, *, now: datetime, most: int | None = None, name: str = "") -> Standing:
    """How the feed stands whose ledger is in the folder `state`, at `now`; of long lists the first `most`. Raises LedgerError."""
    blank = Standing(version=__version__, at=now, name=name, process=holder(state), days=_days({}, now))
    if (ledger := Ledger.look(state)) is None:
        return blank
    with closing(ledger), ledger.snapshot():
        return _told(ledger, blank, now, most)


def unread(state: Path, error: LedgerError, *, now: datetime, name: str = "") -> Standing:
    """How a feed stands whose ledger cannot be read: why, and nothing else."""
    return Standing(version=__version__, at=now, name=name, process=holder(state), trouble=str(error))


def _told(ledger: Ledger, blank: Standing, now: datetime, most: int | None) -> Standing:
    stands = ledger.standing(most)
    held = tuple(json.loads(ledger.get("held") or "[]"))
    counts = {kind: stands.counts.get(kind, 0) for kind in ("live", "kept", "withdrawn", "expired", "draft")}
    problems = ((file.problem, file.since) for file in stands.aside)
    notes = tuple(Note(file.path, flag) for file in stands.noted for flag in file.flags)
    left = More(
        stands.waiting - len(stands.embargoed),
        len(held[most:]) if most else 0,
        stands.troubled - len(stands.aside),
        stands.flagged - len(stands.noted),
    )
    return Standing(
        version=blank.version,
        at=now,
        name=blank.name,
        process=blank.process,
        published=counts["live"] + counts["kept"],
        kept=counts["kept"],
        withdrawn=counts["withdrawn"],
        expired=counts["expired"],
        drafts=counts["draft"],
        latest=tuple(Out(path, title, f"articles/{slug}.html", published) for path, title, slug, published in ledger.latest(LATEST)),
        embargoed=tuple(Waiting(path, until) for path, until in stands.embargoed),
        held=held[:most],
        quarantine=tuple(Aside(p.where, p.reason, p.hint, since, p.where in stands.kept) for p, since in problems if p),
        notes=notes,
        more=left,
        assistant=_assistant(ledger, now),
        hubs=_hubs(ledger, now),
        plugins=ledger.plugins.used(),
        failing=tuple(Failing(failure.reason, failure.since) for failure in ledger.plugins.failing()),
        templates=tuple(json.loads(ledger.get("faults") or "[]")),
        cycles=tuple(Cycle(c.started, c.seconds, c.summary, c.documents, c.bytes) for c in ledger.cycles()),
        days=_days(ledger.per_day(now.date() - timedelta(days=DAYS - 1)), now),
    )


def _days(found: Mapping[date, int], now: datetime) -> tuple[Day, ...]:
    days = (now.date() - timedelta(days=before) for before in reversed(range(DAYS)))
    return tuple(Day(day, found.get(day, 0)) for day in days)


def _assistant(ledger: Ledger, now: datetime) -> Assistant | None:
    contact = ledger.answers.contact()
    if contact is None:
        return None
    spent, until = ledger.answers.spent(now), datetime.fromtimestamp(contact.until, UTC)
    return Assistant(
        contact.name,
        spent.calls,
        contact.calls_per_day,
        spent.tokens,
        contact.tokens_per_day,
        ledger.answers.waiting(),
        contact.error,
        until if until > now else None,
    )


def _hubs(ledger: Ledger, now: datetime) -> tuple[Hub, ...]:
    return tuple(
        Hub(
            hub.shown,
            hub.waiting,
            hub.error,
            _moment(hub.until) if hub.waiting and hub.until > now.timestamp() else None,
            hub.given_up,
            _moment(hub.told) if hub.told else None,
        )
        for hub in ledger.pings.hubs()
    )


def _moment(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def settings(config: Config) -> tuple[Setting, ...]:
    """Every key with its value and where that comes from. No secret is among them, nor what may be one in the address of a hub."""
    from feeder.config.settings import settings

    shown = ", ".join(json.dumps(LedgerHub(hub).shown) for hub in config.websub.hubs)
    told = ((one, f"[{shown}]" if one.name == "websub.hubs" and shown else one.text) for one in settings(config) if not one.secret)
    return tuple(Setting(one.name, value, one.origin, one.note) for one, value in told)
