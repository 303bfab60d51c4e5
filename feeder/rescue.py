"""What was promised to subscribers, brought into the ledger from feeds: from our own after it was lost, from another tool's before the first build.

What stands in the feeds, and whose files these are, is found out in `recovery` and `adoption`; here it is fetched, done and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from feeder import adoption, changes, compose, pipeline, recovery, subscription
from feeder.adoption import Left, Matched
from feeder.changes import Change, Found, Known, State, Verb
from feeder.clock import Clock
from feeder.config import Config
from feeder.errors import Damaged, FeederError, LedgerError
from feeder.inbox import Scan
from feeder.ledger import FileRecord, Ledger, Told
from feeder.pipeline import Batch, Parts, Progress, gathered, planned
from feeder.recovery import CURRENT, History
from feeder.subscription import Subscription

__all__ = ["Adopted", "Recovered", "Taken", "adopt", "publishing", "recover", "revived"]


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

    @property
    def summary(self) -> str:
        """One line for the log."""
        found = f"entries: {self.entries}, withdrawals: {self.withdrawn}"
        others = (("changed since", self.changed), ("without a file", self.missing))
        told = "".join(f", {what}: {len(which)}" for what, which in others if which)
        remarks = "".join(f"; {remark}" for remark in self.remarks)
        kept = f"the ledger is damaged and set aside as {self.aside}" if self.aside else "there is no ledger"
        return f"{kept}: what subscribers were promised is read back from the published feed ({found}{told}){remarks}"


def recover(config: Config, *, clock: Clock, force: bool = False, progress: Progress | None = None) -> Recovered:
    """Make the ledger anew from the published Atom documents. Raises Busy, LedgerError, FeederError; then nothing was changed."""
    compose.require_folder(config)
    aside = _aside(clock)
    with compose.recovering(config, clock, aside, force=force) as parts:
        history, scan = _history(parts), parts.inbox.settled(clock)
        batch = gathered(_of_then(parts, history), scan, now=clock.now(), progress=progress)
        recovered = _record(parts, history, batch, scan, clock.now())
    return replace(recovered, aside=aside if (config.state / aside).exists() else "")


def revived(parts: Parts, *, clock: Clock, stop: Callable[[], None] = lambda: None, progress: Progress | None = None) -> Recovered | None:
    """Where there is no promise in the ledger, but a feed of ours is published: do what `recover` does, in the ledger that is there.

    To be asked before a cycle; None where nothing is lost, or nothing can be recovered now: no article is there (a folder that is not
    mounted), the feed is another one's, or cannot be read. `stop` is called at every step and raises Abandoned. Raises LedgerError.
    """
    if parts.ledger.known() or not pipeline.orphans(parts):
        return None
    try:
        history = _history(parts)
    except FeederError:
        return None
    scan = parts.inbox.settled(clock, stop)
    if not scan.files or not history.items or history.feed_id != parts.press.site.id:
        return None
    batch = gathered(_of_then(parts, history), scan, now=clock.now(), stop=stop, progress=progress)
    return _record(parts, history, batch, scan, clock.now())


@contextmanager
def publishing(config: Config, *, clock: Clock, say: Callable[[str], None]) -> Iterator[Parts]:
    """The parts to publish with, as `compose.publishing` has them; of a ledger that is damaged, after it was made anew.

    The old one is kept, and `say` is told. Raises Busy and LedgerError, and Damaged where nothing can be recovered: then nothing was changed.
    """
    with ExitStack() as stack:
        try:
            parts = stack.enter_context(_read(config, clock))
        except Damaged as damage:
            say(_mended(config, clock, damage).summary)
            parts = stack.enter_context(compose.publishing(config, clock))
        yield parts


@contextmanager
def _read(config: Config, clock: Clock) -> Iterator[Parts]:
    with compose.publishing(config, clock) as parts:
        parts.ledger.known()  # only now a row tells that it is not what was written
        yield parts


def _mended(config: Config, clock: Clock, damage: Damaged) -> Recovered:
    """Damage is looked for anew under the lock: a ledger that can be read after all stays, as does one on a disk that gives errors."""
    aside = _aside(clock)
    try:
        with compose.recovering(config, clock, aside) as parts:
            if (recovered := revived(parts, clock=clock)) is None:
                raise damage
    except Damaged:
        raise
    except LedgerError as error:
        raise damage from error
    return replace(recovered, aside=aside)


def _aside(clock: Clock) -> str:
    return f"ledger.db.{clock.now():%Y%m%dT%H%M%SZ}"


def _history(parts: Parts) -> History:
    """What the published documents say of the past. Raises FeederError where there are none."""
    paths = filter(recovery.published, parts.publisher.stats())
    return recovery.recall({path: body for path in paths if (body := parts.publisher.get(path)) is not None})


def _of_then(parts: Parts, history: History) -> Parts:
    """The parts as they read when these documents were published: for another address, maybe."""
    return replace(parts, intake=replace(parts.intake, base=history.base or parts.intake.base))


def _record(parts: Parts, history: History, batch: Batch, scan: Scan, now: datetime) -> Recovered:
    """Write what was found in one transaction, and in another who came back lately: a crash between the two is nothing that subscribers see."""
    articles = {path: (told.article, told.summary) for path, told in batch.told.items()}
    unread = {*scan.waiting, *(path for path, record in batch.records.items() if record.reason)}
    pairs = recovery.recognized(history, batch.found, articles, unread)
    same = {path for path, ident in pairs.items() if path in articles and recovery.unchanged(history.items[ident], *articles[path])}
    after = recovery.promises(history, {f.path: f for f in batch.found}, pairs, same)
    told = {k.path: _told(history, k, batch, same) for k in after}
    there = parts.intake.base == history.base  # for another address every file has to be read again
    records = [_record_of(batch, path, told[path]) for path in sorted(same) if there]
    parts.ledger.apply([Change(Verb.ADD, k) for k in after], told, records)
    batch.gallery.keep()
    parts.ledger.put(feed_id=parts.press.site.id)
    parts.ledger.apply([Change(Verb.RESTORE, k) for k in _restored(parts, history, now)], {})
    missing = tuple(sorted(k.slug for k in after if k.public and k.path not in pairs))
    return Recovered(len(history.items), len(after) - len(history.items), len(same), tuple(sorted(pairs.keys() - same)), missing, history.remarks)


def _told(history: History, k: Known, batch: Batch, same: Set[str]) -> Told:
    """What subscribers were told: of a file that is as it was with all that was read of it, and with the summary they have."""
    if not k.public:
        return Told(recovery.remembered(history.shared.get(k.id, ()), k.path), "")
    article, summary = recovery.told(history.items[k.id], k.path, history.base)
    return replace(batch.told[k.path], summary=summary) if k.path in same else Told(article, summary)


def _restored(parts: Parts, history: History, now: datetime) -> list[Known]:
    """Entries that stand in the current document although they are neither new nor changed: they came back, and subscribers may not know yet."""
    shelf = planned(parts, now)
    document = next(parts.press.document(shelf, wanted) for wanted in shelf.wanted if wanted.path == CURRENT)
    there = {item.id for item in subscription.read(document.body).items}
    known = parts.ledger.known()
    return [replace(known[ident], since=history.updated) for ident in history.current if ident not in there]


def _record_of(batch: Batch, path: str, told: Told) -> FileRecord:
    """A file that need not be read again. Its summary is final, unless it only stood in for one that was asked for."""
    record = batch.records[path]
    return record if told.summary == batch.told[path].summary else replace(record, pending="")


# -- another tool's feed ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """An article that keeps the id and the dates which it has in the other feed; `how` it was recognized, and what could not be kept."""

    entry: Known
    link: str
    how: str
    note: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """What came of another tool's feed: what was taken over, which of its entries were not and why, and the articles that it does not have.

    `feed_id` is the feed's own id, if that was taken over, `remark` why it was not.
    """

    taken: tuple[Taken, ...]
    left: tuple[Left, ...]
    others: tuple[str, ...]
    feed_id: str = ""
    remark: str = ""


def adopt(config: Config, body: bytes, *, clock: Clock, dry_run: bool = False, progress: Progress | None = None) -> Adopted:
    """Take over ids and dates from the feed in these bytes, for articles that were never public here. Raises Unreadable, Busy, LedgerError."""
    feed = subscription.read(body)
    compose.require_folder(config)
    with compose.looking(config) if dry_run else compose.publishing(config, clock) as parts:
        scan = parts.inbox.settled(clock)
        with closing(Ledger.blank()) as nothing:  # to it every file is new
            batch = gathered(replace(parts, ledger=nothing), scan, now=clock.now(), progress=progress)
        table = _Adoption(parts, config, {f.path: f for f in batch.found}, clock.now())
        adopted = table.adopted(feed)
        if not dry_run:
            table.record(adopted, batch)
        return adopted


@dataclass(frozen=True, slots=True)
class _Adoption:
    """One feed being taken over."""

    parts: Parts
    config: Config
    found: Mapping[str, Found]
    now: datetime

    def adopted(self, feed: Subscription) -> Adopted:
        known = self.parts.ledger.known().values()
        holders = {k.path: k for k in known if k.state is not State.WITHDRAWN}
        before = {k.id: k.path for k in known if k.state is State.PROMISED}
        here = self.parts.press.site.id
        pairs, left = adoption.matched(feed.items, self.found.values(), here, before)
        refused = {pair.path: why for pair in pairs if (why := self._refused(pair, holders.get(pair.path)))}
        slugs = {k.slug.casefold() for k in known}
        taken = []
        for pair in sorted((pair for pair in pairs if pair.path not in refused), key=lambda pair: pair.path):
            f, old = self.found[pair.path], holders.get(pair.path)
            slug = old.slug if old else f.slug if f.slug and f.slug.casefold() not in slugs else changes.minted_slug(f.path, slugs)
            slugs.add(slug.casefold())
            entry, note = adoption.promised(pair, f, here, slug, self.now)
            taken.append(Taken(entry, pair.item.link, pair.how, note))
        left += tuple(Left(pair.item, refused[pair.path]) for pair in pairs if pair.path in refused)
        others = tuple(sorted(self.found.keys() - {pair.path for pair in pairs}))
        return Adopted(tuple(taken), left, others, *self._feed_id(feed.id))

    def _refused(self, pair: Matched, holder: Known | None) -> str:
        """Why an article cannot have the id, if it cannot: what subscribers have been told stays."""
        owner = self.parts.ledger.known().get(pair.item.id)
        if holder and holder.arrival:
            return f"{pair.path} is published already" + ("" if holder.id == pair.item.id else ", under an id that never changes")
        if owner and (owner.arrival or owner.path != pair.path):
            return f"its id is that of {owner.path or 'what was withdrawn'}"
        return f"{pair.path} is a draft" if self.found[pair.path].draft else ""

    def _feed_id(self, ident: str) -> tuple[str, str]:
        """The feed's own id, where it can be taken over, and why it cannot."""
        here, said = self.parts.press.site.id, self.config.feed.id
        if not ident or not adoption.usable(ident) or ident == here:
            return ident if ident and ident == here else "", ""
        if any(k.arrival for k in self.parts.ledger.known().values()):
            return "", f"the feed keeps its id {here}: something is published already"
        if said:
            return "", f'the feed\'s own id is {ident}; to keep it, write id = "{ident}" into [feed] in the configuration'
        return ident, ""

    def record(self, adopted: Adopted, batch: Batch) -> None:
        """Make the promises, in one transaction; what these articles would have been otherwise, nobody has seen."""
        known = self.parts.ledger.known()
        paths = {taken.entry.path: taken.entry.id for taken in adopted.taken}
        never = [k for k in known.values() if k.path in paths and k.id != paths[k.path] and k.state is not State.WITHDRAWN]
        dropped = [Change(Verb.WITHDRAW, replace(k, path="", slug="", state=State.WITHDRAWN, since=self.now)) for k in never]
        promised = [Change(Verb.ADD, taken.entry) for taken in adopted.taken]
        self.parts.ledger.apply([*dropped, *promised], batch.told, [batch.records[path] for path in paths])
        if adopted.feed_id:
            self.parts.ledger.put(feed_id=adopted.feed_id)
