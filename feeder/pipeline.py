"""One cycle: what the folder holds becomes what subscribers see. The only place where pure meets effect; it owns no clock.

Everything published is a function of the ledger. A cycle first brings the ledger up to the folder, in one transaction, and then the
shelf up to the ledger, whole documents at a time; whatever a crash left between the two, the next cycle finishes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import quote

from feeder import changes, edition, notify, stories
from feeder.changes import Change, Found, Look, State, Verb, Verdict
from feeder.edition import Edition, Kind, Terms, Wanted
from feeder.errors import Problem, PublishError, Unreadable, Unsettled
from feeder.gallery import Gallery, tidy
from feeder.inbox import Inbox, Scan, Stat
from feeder.ledger import FileRecord, Ledger, News, Shelved, Told
from feeder.model import Article, Document, Medium, Source, Summary
from feeder.press import FEED, Press
from feeder.publishers import Publisher, Put
from feeder.renderers import xml
from feeder.summarizers import Summarizer

if TYPE_CHECKING:
    from feeder.assistant import Assistant

__all__ = ["Batch", "Find", "Intake", "Parts", "Report", "cycle", "gallery", "gathered", "orphans", "planned"]

Progress = Callable[[str, int, int], None]
Find = Callable[[Iterable[str]], Mapping[str, Medium | str]]
"""Paths in the input folder to the media there, or to the reason why there is none. Raises Unsettled."""
NOTHING = Put((), (), 0)
PATIENCE = 10  # settle times that a missing file is waited for while another one is being written
BACKLOG = 10.0  # seconds of a cycle in which a language model is asked about articles whose extracts are out already: a new one may be waiting
WORDS = {
    Verb.ADD: "added",
    Verb.WITHDRAW: "withdrawn",
    Verb.EXPIRE: "expired",
    Verb.RESTORE: "restored",
    Verb.MOVE: "moved",
    Verb.EDIT: "edited",
    Verb.RELEASE: "released",
    Verb.REDATE: "redated",
    Verb.RETOUCH: "retouched",
}


@dataclass(slots=True)
class Memory:
    """What one process remembers from cycle to cycle; all of it may be lost at any time."""

    rest: tuple[Scan, datetime, Report] | None = None
    absent: dict[str, float] = field(default_factory=dict)
    missed: dict[str, float] = field(default_factory=dict)
    restless: dict[str, float] = field(default_factory=dict)
    edition: tuple[str, Edition] | None = None
    shelf: object = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What turns the bytes of a file into an article. `salt` names it: when it changes, every file is read again.

    Relative references are resolved against `base`, as if the input folder stood there; `zone` is where naive times are meant.
    """

    reader: Callable[[Source], Article]
    summarizer: Summarizer
    base: str
    zone: tzinfo
    salt: str

    def article(self, path: str, body: bytes, find: Find) -> tuple[Article, Summary]:
        """The article in a file's bytes, and its summary; `find` is asked for what it refers to. Raises Unreadable, and what `find` does."""
        folder = path.rpartition("/")[0]
        source = Source(path, body, self.base + quote(f"{folder}/" if folder else ""), self.zone, self.base)
        article = self.reader(source)
        if article.references:
            article = self.reader(replace(source, media=find(article.references)))
        return article, self.summarizer(article)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a cycle is made of. `style` names whatever turns entries into documents: when it changes, they are made again.

    `settle` is in seconds, `largest` the bytes that a picture or a recording may have; `terms` are those of the edition. With
    `keep_removed` what was published stays when its file goes. `assistant` is there where summaries are asked for. `plugins` names those in use;
    `worn` is what the theme was read from, None where that has to be read again.
    """

    inbox: Inbox
    intake: Intake
    ledger: Ledger
    press: Press
    publisher: Publisher
    settle: float
    largest: int
    style: str
    terms: Terms = field(default_factory=Terms)
    keep_removed: bool = False
    assistant: Assistant | None = None
    plugins: tuple[str, ...] = ()
    worn: tuple[object, ...] | None = None
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Report:
    """What a cycle did. `waiting` is seconds until a file may have settled; `due` is the next second of an embargo or expiry.

    It is also when a summary is to be asked for again; `remarks` are what the log should know of asking. `failing` are plugins whose
    documents could not be made. `settling` are the files that may not have settled, each with its seconds; `bytes` counts those of the
    documents written.
    """

    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    held: tuple[str, ...] = ()
    waiting: float | None = None
    due: datetime | None = None
    put: Put = NOTHING
    gone: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    failing: tuple[Problem, ...] = ()
    settling: Mapping[str, float] = field(default_factory=dict)
    bytes: int = 0

    @property
    def summary(self) -> str:
        """One line for the log; empty when nothing happened."""
        counts = Counter(changes.outcome(self.changes).values())
        told = [f"{counts[verb]} {word}" for verb, word in WORDS.items() if counts[verb]]
        told += [f"{len(self.put.written)} documents written"] if self.put.written else []
        told += [f"{len(self.put.removed)} removed"] if self.put.removed else []
        return ", ".join(told)


def cycle(
    parts: Parts, *, now: datetime, tick: float, stop: Callable[[], None], progress: Progress | None = None, accept_removals: bool = False
) -> Report:
    """Bring the ledger up to the folder and the shelf up to the ledger.

    `now` is the wall clock (aware UTC, whole seconds), `tick` a monotonic clock in seconds. `stop` is called at every step and
    raises Abandoned to end the cycle there. Raises LedgerError and PublishError; then what was published stays.
    """
    ledger, say = parts.ledger, progress or (lambda _what, _done, _of: None)
    ledger.assure()
    if asked := ledger.get("asked"):
        ledger.retry()
        accept_removals = accept_removals or "accept-removals" in asked
        parts.memory.rest = None
    scan = parts.inbox.scan(now=now.timestamp(), tick=tick)
    if (nothing_new := _at_rest(parts, scan, now)) is not None:
        return nothing_new
    batch = _read(parts, scan, _gallery(parts, scan, tick), now, stop, say)
    ask_again, remarks = _ask(parts, scan, batch, now, stop, say)
    look = _look(parts, scan, batch, tick)
    if accept_removals:
        look = replace(look, brief=frozenset())  # they are meant: no editor will put them back in a moment
    verdict = _decide(parts, look, batch, now, accept_removals=accept_removals)
    batch.gallery.keep()
    _apply(ledger, look, batch, verdict, now)
    if (away := orphans(parts)) and not accept_removals:
        verdict = replace(verdict, held=away)
    _note_folder(parts, scan, verdict)
    stop()
    shelf, put = _publish(parts, now, stop, say) if not away or accept_removals else (edition.NONE, NOTHING)
    waiting = min([*scan.waiting.values(), *batch.unsettled, *(parts.settle for _ in look.brief)], default=None)
    problems = (*(record.problem for record in ledger.files().values() if record.problem), *parts.press.pages.faults.values())
    due = min(filter(None, (changes.next_due(ledger.known().values()), ask_again, shelf.until)), default=None)
    failing = tuple(Problem(failure.name, failure.reason, "") for failure in ledger.plugins.failing())
    report = Report(verdict.changes, problems, verdict.held, waiting, due, put, shelf.gone, remarks, failing, scan.waiting, _size(ledger, put))
    if asked:
        ledger.put(asked="")
    at_rest = waiting is None and not verdict.changes and not verdict.held and put == NOTHING
    parts.memory.rest = (scan, now, replace(report, remarks=())) if at_rest else None
    return report


def _size(ledger: Ledger, put: Put) -> int:
    return sum(ledger.shelf()[path].size for path in put.written)


def orphans(parts: Parts) -> tuple[str, ...]:
    """The ids in the published feed when there is no ledger, and no article to make one from: an input that is not mounted, not an empty feed."""
    if parts.ledger.known():
        return ()
    published = parts.publisher.get(FEED)
    try:
        return xml.check(published) if published else ()
    except PublishError:
        return ()  # not a feed of ours, or a broken one: nothing is lost with it


def _at_rest(parts: Parts, scan: Scan, now: datetime) -> Report | None:
    """The last cycle's report, if that cycle found nothing to do and nothing can have changed since: the usual case, and a cheap one."""
    if parts.memory.rest is None:
        return None
    before, then, report = parts.memory.rest
    due = report.due is not None and report.due <= now
    return report if then <= now and not due and scan == before and _stands_published(parts) else None


def _decide(parts: Parts, look: Look, batch: Batch, now: datetime, *, accept_removals: bool) -> Verdict:
    known, ident, keep = parts.ledger.known(), parts.press.site.id, parts.keep_removed
    return changes.decide(known, look, batch.found, now, feed_id=ident, accept_removals=accept_removals, keep_removed=keep)


def gathered(parts: Parts, scan: Scan, *, now: datetime, stop: Callable[[], None] = lambda: None, progress: Progress | None = None) -> Batch:
    """What a cycle would read of this scan; nothing is written. `stop` is called before each file and may raise."""
    return _read(parts, scan, gallery(parts, scan), now, stop, progress or (lambda _what, _done, _of: None))


# -- the folder ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Batch:
    """What reading brought: articles, and a record for each file whose record changes."""

    gallery: Gallery
    found: list[Found] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    records: dict[str, FileRecord] = field(default_factory=dict)
    unsettled: list[float] = field(default_factory=list)


def gallery(parts: Parts, scan: Scan) -> Gallery:
    """What lies beside articles in a look at the folder, for somebody who does not wait: what is not there now is missing."""
    return Gallery(parts.inbox, scan, parts.ledger, parts.press.store, most=parts.largest, absent={}, tick=0.0, settle=0.0)


def _gallery(parts: Parts, scan: Scan, tick: float) -> Gallery:
    missed, settle = parts.memory.missed, parts.settle
    return Gallery(parts.inbox, scan, parts.ledger, parts.press.store, most=parts.largest, absent=missed, tick=tick, settle=settle)


def _read(parts: Parts, scan: Scan, gallery: Gallery, now: datetime, stop: Callable[[], None], say: Progress) -> Batch:
    """Read every settled file that is new, or no longer as it was read last, or beside which something is no longer so."""
    batch = Batch(gallery)
    todo = list(_todo(parts, scan, batch))
    for number, (path, stat) in enumerate(todo):
        stop()
        say("reading", number, len(todo))
        try:
            _read_one(parts, batch, path, stat, now)
        except Unsettled:
            batch.unsettled.append(parts.settle)
        except Unreadable as error:
            batch.records[path] = _aside(path, stat, parts.intake.salt, error, now)
    for problem in scan.problems:
        batch.records[problem.where] = FileRecord(problem.where, (), parts.intake.salt, "", problem.reason, problem.hint, (), now)
    return batch


def _todo(parts: Parts, scan: Scan, batch: Batch) -> Iterator[tuple[str, Stat]]:
    files, salt = dict(parts.ledger.files()), parts.intake.salt
    for path, stat in scan.files.items():
        seen = files.get(path)
        if seen is None or seen.stat != stat or seen.salt != salt or (seen.refers and _is_beside_another(parts, batch, seen)):
            yield path, stat


def _is_beside_another(parts: Parts, batch: Batch, seen: FileRecord) -> bool:
    try:
        return batch.gallery.changed(seen)
    except Unsettled:
        batch.unsettled.append(parts.settle)
        return False


def _read_one(parts: Parts, batch: Batch, path: str, stat: Stat, now: datetime) -> None:
    seen, salt, asked = parts.ledger.files().get(path), parts.intake.salt, list[str]()

    def find(paths: Iterable[str]) -> Mapping[str, Medium | str]:
        asked.extend(paths)
        return batch.gallery.find(paths)

    body = parts.inbox.read(path, stat)
    if seen and seen.salt == salt and seen.raw == _raw(body, refers := batch.gallery.tokens(there for there, _ in seen.refers)):
        batch.records[path] = replace(seen, stat=tuple(stat), refers=refers)
        return
    try:
        article, summary = parts.intake.article(path, body, find)
    except Unreadable as error:
        refers = batch.gallery.tokens(asked)  # what it lacks may come
        batch.records[path] = replace(_aside(path, stat, salt, error, now), refers=refers)
        return
    refers = batch.gallery.tokens(article.references)
    raw, modified = _raw(body, refers), _time(stat.mtime_ns)
    flags = (*article.flags, *summary.flags, *_misdated(article, modified, now))
    batch.told[path] = _told(article, summary)
    batch.records[path] = FileRecord(path, tuple(stat), salt, raw, flags=flags, pending=summary.pending, refers=refers)
    batch.found.append(_found(article, raw, modified))


def _aside(path: str, stat: Stat, salt: str, error: Unreadable, now: datetime) -> FileRecord:
    """The record of a file that is set aside."""
    return FileRecord(path, tuple(stat), salt, "", error.reason, error.hint, (), now)


def _raw(body: bytes, refers: tuple[tuple[str, str], ...]) -> str:
    """The digest of a file, and of what it refers to: wherever that lies, the two may have moved together."""
    digest = hashlib.sha256(body)
    for _, token in refers:
        digest.update(f"\0{token}".encode())
    return digest.hexdigest()


def _told(article: Article, summary: Summary) -> Told:
    return Told(replace(article, blocks=()), summary.text, stories.vector(article.title, article.blocks))


def _misdated(article: Article, modified: datetime | None, now: datetime) -> Iterator[str]:
    if article.published is None and changes.credible(modified, now + changes.CLOCK_FAULT) is None:
        yield "the file's own time cannot be true: it counts from when it was first seen"


def _found(article: Article, raw: str, modified: datetime | None) -> Found:
    a = article
    body = " ".join(block.text for block in a.blocks)
    sketch = changes.sketch(a.title, body)
    dates = (modified, a.published, a.updated, a.expires)
    return Found(a.path, raw, changes.visible(a), a.title, sketch, *dates, draft=a.draft, minor=a.minor, id=a.id, slug=a.slug)


def _time(mtime_ns: int) -> datetime | None:
    """A file's time in whole seconds, or None where it is no date at all (a damaged mtime)."""
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


# -- the assistant ------------------------------------------------------------------------------------------------------------


def _ask(parts: Parts, scan: Scan, batch: Batch, now: datetime, stop: Callable[[], None], say: Progress) -> tuple[datetime | None, tuple[str, ...]]:
    """Have summaries made that are pending, as far as may be asked now; return when to ask on, if ever, and what the log should know.

    Whoever is asked about was read before, with an extract: a new article is out with that if no answer comes.
    """
    assistant = parts.assistant
    if assistant is None:
        parts.ledger.answers.note_contact(None)  # `feeder status` says nothing of one that is no longer asked
        return None, ()
    if not (waiting := _pending(parts, scan, batch, now)):
        return None, ()
    assistant.begin(now)
    for number, record in enumerate(waiting):
        if not assistant.ready(None if record.path in batch.told else BACKLOG):
            break
        stop()
        say("asking", number, len(waiting))
        with suppress(Unsettled, Unreadable):  # it has changed meanwhile: the next look reads it
            _ask_about(parts, assistant, batch, record, scan.files[record.path], stop)
    left = any(batch.records.get(record.path, record).pending for record in waiting)
    return assistant.due() if left else None, assistant.remarks()


def _pending(parts: Parts, scan: Scan, batch: Batch, now: datetime) -> list[FileRecord]:
    """The files whose summary is pending, in the order in which to ask: the unpublished, then those asked in vain the least, the newest first."""
    records = {**parts.ledger.files(), **batch.records}.values()
    there = [record for record in records if record.pending and record.stat == scan.files.get(record.path)]
    if not there:
        return []
    dates = {k.path: k.published for k in parts.ledger.known().values() if k.state is State.LIVE}
    dates |= {f.path: f.published or f.modified or now for f in batch.found if f.path not in dates and not (f.expires and f.expires <= now)}
    tried = parts.ledger.answers.in_vain()
    wanted = [record for record in there if record.path in dates]
    return sorted(wanted, key=lambda r: (r.path not in batch.told, tried.get(r.pending, 0), -dates[r.path].timestamp(), r.path))


def _ask_about(parts: Parts, assistant: Assistant, batch: Batch, record: FileRecord, stat: Stat, stop: Callable[[], None]) -> None:
    article, _ = parts.intake.article(record.path, parts.inbox.read(record.path, stat), batch.gallery.find)
    summary = assistant.ask(article, stop)
    if summary.pending:
        return
    if record.path not in batch.told:
        batch.found.append(_found(article, record.raw, _time(stat.mtime_ns)))
    batch.told[record.path] = _told(article, summary)
    batch.records[record.path] = replace(record, pending="")


def _look(parts: Parts, scan: Scan, batch: Batch, tick: float) -> Look:
    """What is there, what has only just gone, and whether this is the folder it was."""
    present = {*scan.files, *scan.waiting, *(problem.where for problem in scan.problems)}
    missing = {k.path for k in parts.ledger.known().values() if k.state not in changes.UNFILED} - present
    unseen = tuple(f"{problem.where}/" for problem in scan.problems)
    hidden = {path for path in missing if path.startswith(unseen)}  # below a folder that cannot be entered: nobody knows
    present, missing = present | hidden, missing - hidden
    # While something new is still being written, it may be what is missing, renamed and being edited.
    patience = parts.settle * (PATIENCE if scan.waiting.keys() - parts.ledger.files().keys() else 1)
    brief = _since(parts.memory.absent, missing, tick, patience)
    settling = _since(parts.memory.restless, scan.waiting.keys() & parts.ledger.files().keys(), tick, parts.settle * PATIENCE)
    device = parts.ledger.get("device")
    strange = scan.root is not None and device is not None and device != str(scan.root[0])
    records = {**parts.ledger.files(), **batch.records}
    unread = {*scan.waiting, *(path for path, record in records.items() if record.reason)}
    return Look(present, scan.complete and scan.root is not None, strange, brief, unread, settling)


def _since(memory: dict[str, float], paths: Set[str], tick: float, patience: float) -> set[str]:
    """Those of `paths` that have been so for less than `patience` seconds, as far as this process remembers."""
    for path in memory.keys() - paths:
        del memory[path]
    return {path for path in paths if tick - memory.setdefault(path, tick) < patience}


# -- the ledger ---------------------------------------------------------------------------------------------------------------


def _apply(ledger: Ledger, look: Look, batch: Batch, verdict: Verdict, now: datetime) -> None:
    """Record the verdict and the files in one transaction; nothing at all when nothing is new."""
    for problem in verdict.refused:
        batch.records[problem.where] = replace(batch.records[problem.where], raw="", stat=(), reason=problem.reason, hint=problem.hint, since=now)
    for path in verdict.deferred:
        del batch.records[path], batch.told[path]
    files = ledger.files()
    records = [_lasting(files.get(record.path), record) for record in batch.records.values()]
    news = [record for record in records if record != files.get(record.path)]
    forget = [path for path in files.keys() - look.present if path not in batch.records] if look.complete else []
    if verdict.changes or news or forget:
        ledger.apply(verdict.changes, batch.told, news, forget)


def _lasting(old: FileRecord | None, new: FileRecord) -> FileRecord:
    """A file that is in quarantine for the same reason as before is there since then."""
    return replace(new, since=old.since) if old and old.reason == new.reason else new


def _note_folder(parts: Parts, scan: Scan, verdict: Verdict) -> None:
    """Remember the folder's device while nothing is held, and what is held, for `status`."""
    ledger, held = parts.ledger, json.dumps(verdict.held)
    if held != (ledger.get("held") or "[]"):
        ledger.put(held=held)
    if scan.root is not None and not verdict.held and ledger.get("device") != str(scan.root[0]):
        ledger.put(device=str(scan.root[0]))


# -- the shelf ----------------------------------------------------------------------------------------------------------------


def _publish(parts: Parts, now: datetime, stop: Callable[[], None], say: Progress) -> tuple[Edition, Put]:
    """Make and put whatever is not on the shelf as it should be. Nothing is looked at twice when nothing can have changed."""
    ledger, publisher, memory = parts.ledger, parts.publisher, parts.memory
    shelf, state = planned(parts, now), _state(parts)
    if _stands_published(parts):
        return shelf, NOTHING
    noted, there = dict(ledger.shelf()), None if _untouched(parts) else publisher.stats()
    behind = [w for w in shelf.wanted if not _stands(w, noted.get(w.path), there) and not _is_lost(parts, w)]
    made, failed = parts.press.further(shelf, behind)
    outlived = {w.path for w in behind if w.path in failed and not edition.may_outlive(w, noted[w.path].key if w.path in noted else "")}
    behind = [w for w in behind if w.path not in failed]
    surplus = sorted((noted.keys() - {w.path for w in shelf.wanted}) | (noted.keys() & outlived))
    digests: dict[str, str] = {}
    ledger.expect(w.path for w in behind if w.path not in noted)  # killed after this, the next cycle knows what it may have to take away
    put = publisher.put(_heeded(_documents(parts, shelf, behind, made, stop, say), digests), surplus)
    now_there = publisher.stats(w.path for w in behind)
    shelved = (Shelved(w.path, w.key, *now_there[w.path]) for w in behind)
    ledger.note_shelf(shelved, surplus, state, News(parts.press.site.hubs, digests, now))
    ledger.plugins.note(parts.plugins, failed.values(), now)
    memory.shelf = publisher.fingerprint()
    tidy(ledger, parts.press.store)
    return shelf, put


def planned(parts: Parts, now: datetime) -> Edition:
    """What should be published now; it stays the same until a promise changes or a tombstone has been told long enough."""
    ledger, press, memory = parts.ledger, parts.press, parts.memory
    extras = press.wants()
    made_from = " ".join([str(ledger.generation()), parts.style, *(extra.stamp for extra in extras)])
    until = memory.edition and memory.edition[1].until
    if memory.edition is None or memory.edition[0] != made_from or (until and until <= now):
        facts = (ledger.known(), ledger.revisions(), ledger.stories.kin(), ledger.facets.all(), ledger.media.shown())
        last = memory.edition[1] if memory.edition else edition.NONE
        plan = edition.plan(*facts, now=now, style=parts.style, static=press.digests(), terms=parts.terms, extras=extras, last=last)
        memory.edition = (made_from, plan)
    return memory.edition[1]


def _heeded(documents: Iterable[Document], digests: dict[str, str]) -> Iterator[Document]:
    """The documents, while `digests` notes the bytes of those that hubs are told of."""
    for document in documents:
        if notify.is_topic(document.path):
            digests[document.path] = hashlib.sha256(document.body).hexdigest()
        yield document


def _state(parts: Parts) -> str:
    """The name of all that the shelf is made from."""
    made_from, shelf = parts.memory.edition or ("", edition.NONE)
    return f"{made_from} {shelf.until}"


def _untouched(parts: Parts) -> bool:
    return parts.memory.shelf is not None and parts.publisher.fingerprint() == parts.memory.shelf


def _stands_published(parts: Parts) -> bool:
    return parts.memory.edition is not None and parts.ledger.get("shelf") == _state(parts) and _untouched(parts)


def _stands(wanted: Wanted, noted: Shelved | None, there: Mapping[str, tuple[int, int]] | None) -> bool:
    """Whether a document is on the shelf as it should be; `there` is what really lies there, None when nobody touched it."""
    if noted is None or noted.key != wanted.key:
        return False
    return there is None or there.get(wanted.path) == (noted.size, noted.mtime_ns)


def _is_lost(parts: Parts, wanted: Wanted) -> bool:
    """Whether a medium is to be had from nowhere: what lies beside an article was read again by now. The rest is published without it."""
    return wanted.kind is Kind.MEDIA and wanted.key not in parts.press.store


def _documents(
    parts: Parts, shelf: Edition, behind: list[Wanted], made: Mapping[str, Document], stop: Callable[[], None], say: Progress
) -> Iterator[Document]:
    for number, wanted in enumerate(behind):
        stop()
        say("publishing", number, len(behind))
        yield made.get(wanted.path) or parts.press.document(shelf, wanted)
