"""What was promised to subscribers, brought into the ledger from feeds: from our own after it was lost, from another tool's before the first build.

What stands in the feeds, and whose files these are, is found out in `recovery` and `adoption`; here it is fetched, done and told.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from feeder import compose, once, recovery
from feeder.changes import Change, Known, Verb
from feeder.clock import Clock
from feeder.config import Config
from feeder.inbox import Scan
from feeder.ledger import FileRecord, Told
from feeder.pipeline import Batch, Parts, Progress, gathered
from feeder.recovery import ARCHIVED, CURRENT, History

__all__ = ["Recovered", "recover"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What `feeder recover` found, in numbers, paths and permalinks' names.

    Of the `entries` that are public, the files of `same` are as they were published; those of `changed` are not, and those of `missing` are
    nowhere in the folder. `remarks` tell which documents could not be read, `aside` is the name of the ledger that was there.
    """

    entries: int
    withdrawn: int
    same: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    remarks: tuple[str, ...]
    aside: str = ""


def recover(config: Config, *, clock: Clock, force: bool = False, progress: Progress | None = None) -> Recovered:
    """Make the ledger anew from the published Atom documents. Raises Busy, LedgerError, FeederError; then nothing was changed."""
    once.require_folder(config)
    aside = f"ledger.db.{clock.now():%Y%m%dT%H%M%SZ}"
    with compose.recovering(config, clock, aside, force=force) as parts:
        paths = [path for path in parts.publisher.stats() if path == CURRENT or ARCHIVED.fullmatch(path)]
        history = recovery.recall({path: body for path in paths if (body := parts.publisher.get(path)) is not None})
        scan = once.settled(config, parts, clock)
        batch = gathered(_of_then(parts, history), scan, now=clock.now(), progress=progress)
        recovered = _record(parts, history, batch, scan)
    return replace(recovered, aside=aside if (config.state / aside).exists() else "")


def _of_then(parts: Parts, history: History) -> Parts:
    """The parts as they read when these documents were published: for another address, maybe."""
    return replace(parts, intake=replace(parts.intake, base=history.base or parts.intake.base))


def _record(parts: Parts, history: History, batch: Batch, scan: Scan) -> Recovered:
    """Write what was found in one transaction."""
    articles = {path: (told.article, told.summary) for path, told in batch.told.items()}
    unread = {*scan.waiting, *(path for path, record in batch.records.items() if record.reason)}
    pairs = recovery.recognized(history, batch.found, articles, unread)
    same = {path for path, ident in pairs.items() if path in articles and recovery.unchanged(history.items[ident], *articles[path])}
    after = recovery.promises(history, {f.path: f for f in batch.found}, pairs, same)
    told = {k.path: _told(history, k, batch, same) for k in after if k.public}
    there = parts.intake.base == history.base  # for another address every file has to be read again
    records = [_record_of(batch, path, told[path]) for path in sorted(same) if there]
    parts.ledger.apply([Change(Verb.ADD, k) for k in after], told, records)
    parts.ledger.put(feed_id=parts.press.site.id)
    missing = tuple(sorted(k.slug for k in after if k.public and k.path not in pairs))
    return Recovered(len(told), len(after) - len(told), len(same), tuple(sorted(pairs.keys() - same)), missing, history.remarks)


def _told(history: History, k: Known, batch: Batch, same: Set[str]) -> Told:
    """What subscribers were told: of a file that is as it was with all that was read of it, and with the summary they have."""
    article, summary = recovery.told(history.items[k.id], k.path, history.base)
    return replace(batch.told[k.path], summary=summary) if k.path in same else Told(article, summary)


def _record_of(batch: Batch, path: str, told: Told) -> FileRecord:
    """A file that need not be read again. Its summary is final, unless it only stood in for one that was asked for."""
    record = batch.records[path]
    return record if told.summary == batch.told[path].summary else replace(record, pending="")
