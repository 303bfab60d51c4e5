"""What is done once and then ends: build, plan, check, explain. No schedule and no server; the service does not come through here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path

from feeder import compose, edition, forecast, inbox, judge, notify, pipeline, plugins, rescue
from feeder.changes import UNFILED, Change, Known, State, Verb, outcome
from feeder.clock import Clock
from feeder.config import Config, origins
from feeder.errors import FeederError, Problem, Unreadable
from feeder.forecast import Prospect
from feeder.inbox import ignored_name, path_key
from feeder.judge import Finding
from feeder.ledger import Logged, holder
from feeder.model import Article, Summary
from feeder.pipeline import Parts, Progress, Report
from feeder.plugins import Plugin
from feeder.press import FEED
from feeder.publishers import Put
from feeder.rescue import Recovered
from feeder.text import sentences

__all__ = ["Checked", "Explained", "Plan", "build", "check", "explain", "foresee"]

PROSE = ("paragraph", "quote", "item")
FAREWELL = 9.0  # seconds at most in which hubs are told, at the end of a build
LOOKS = 3  # times that the published documents are looked at while another process publishes


@dataclass(frozen=True, slots=True)
class Plugged:
    """An installed plugin: whether it is in use, and if so, why it cannot be; empty where it can."""

    plugin: Plugin
    used: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What `feeder check` found: how many articles can be published, what cannot be, and what their authors should know.

    `published` counts the documents that are out, and `findings` is what is wrong with them. `plugins` are all that are installed.
    """

    articles: int
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    published: int = 0
    findings: tuple[Finding, ...] = ()
    plugins: tuple[Plugged, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would do: `report` as if it had been done, `prospect` what subscribers would see of it, and the documents.

    `away`: there is a published feed, and neither a ledger nor an article to make it from. `recovered`: what a build would first read back
    from the published feed, because there is no ledger.
    """

    report: Report
    prospect: Prospect
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    away: bool = False
    recovered: Recovered | None = None

    @property
    def told(self) -> list[Change]:
        """One change for each entry, the weightiest; none where only the file is another."""
        entries = {change.entry.id: change.entry for change in self.report.changes}
        origins = {change.entry.id: change.origin for change in self.report.changes if change.origin}
        return [Change(verb, entries[i], origins.get(i, "")) for i, verb in outcome(self.report.changes).items() if verb is not Verb.RETOUCH]


@dataclass(frozen=True, slots=True)
class Explained:
    """What `feeder explain` knows of one file: each fact with its origin, and how its summary came about.

    `sentences` are those that were looked at for the summary, each with "kept" or "dropped: why"; none where it is the author's own.
    `unseen` counts those behind the last of them.
    """

    facts: Mapping[str, tuple[object, str]]
    own: bool
    sentences: tuple[tuple[str, str], ...]
    unseen: int


def build(
    config: Config, *, clock: Clock, accept_removals: bool = False, progress: Progress | None = None, say: Callable[[str], None] = lambda _line: None
) -> Report:
    """Run cycles until every file has settled, at most some seconds longer. Raises Busy, LedgerError, PublishError, FeederError.

    A ledger that was lost or is damaged is first made anew from what is published, if it can be; `say` is told so.
    """
    compose.require_folder(config)
    with rescue.publishing(config, clock=clock, say=say) as parts:
        began = clock.tick()
        if recovered := rescue.revived(parts, clock=clock, progress=progress):
            say(recovered.summary)
        total = _total(_cycles(config, parts, clock, accept_removals=accept_removals, progress=progress))
        if total.summary:
            parts.ledger.log(Logged(clock.now(), clock.tick() - began, total.summary, len(total.put.written), total.bytes))
        return replace(total, remarks=(*total.remarks, *_told(config, parts, clock)))


def _cycles(config: Config, parts: Parts, clock: Clock, *, accept_removals: bool, progress: Progress | None = None) -> list[Report]:
    began, reports = clock.tick(), list[Report]()
    while True:
        now, tick = clock.now(), clock.tick()
        report = pipeline.cycle(parts, now=now, tick=tick, stop=lambda: None, progress=progress, accept_removals=accept_removals)
        reports.append(report)
        if report.waiting is None or clock.tick() - began > _patience(config):
            return reports
        clock.sleep(report.waiting + 0.01)


def _told(config: Config, parts: Parts, clock: Clock) -> tuple[str, ...]:
    """Tell the hubs what is out, within some seconds; return what the log should know, and what is left for the next time."""
    if not config.websub.hubs:
        return ()
    pings = parts.ledger.pings
    remarks = notify.deliver(compose.couriers(config, clock), partial(compose.queue, config), last=pings.last(), within=FAREWELL)
    left = ((hub.shown, hub.waiting) for hub in pings.hubs() if hub.waiting)
    return (*remarks, *(f"{hub} is still to be told of changes (feeds: {number}); a later feeder build or run does it" for hub, number in left))


def foresee(config: Config, *, clock: Clock, accept_removals: bool = False, progress: Progress | None = None) -> Plan:
    """What a build would do now: one that is run on a copy of the ledger, and compared with what is published instead of writing it.

    Nothing is asked of a language model or told to a hub, and a running service is not disturbed.
    """
    compose.require_folder(config)
    with compose.looking(config) as parts:
        parts.inbox.settled(clock)
        if holder(config.state):
            config = _served(config, parts)
    with compose.rehearsing(config, clock) as (parts, shelf):
        ahead = _Ahead(clock)
        recovered = rescue.revived(parts, clock=ahead, progress=progress)
        report = _total(_cycles(config, parts, ahead, accept_removals=accept_removals, progress=progress))
        live = sum(k.public for k in parts.ledger.known().values())
        paths = {*shelf.real.stats(), *shelf.written}
        away = not parts.ledger.known() and bool(report.held)
        return Plan(report, forecast.compare(shelf.real.get, shelf.get, paths, live), shelf.written, shelf.removed, away=away, recovered=recovered)


def _served(config: Config, parts: Parts) -> Config:
    """The configuration with the base that the feed says it has: without base_url, it follows from an option that only the service was given."""
    base = None if config.feed.base_url else judge.base_of(parts.publisher.get(FEED) or b"")
    return config.model_copy(update={"feed": config.feed.model_copy(update={"base_url": base})}) if base else config


class _Ahead(Clock):
    """A clock for a rehearsal: it is now all the time, and waiting takes none."""

    def __init__(self, clock: Clock) -> None:
        self._wall, self._tick = clock.wall(), clock.tick()

    def wall(self) -> float:
        return self._wall

    def tick(self) -> float:
        return self._tick

    def sleep(self, seconds: float) -> None:
        self._tick += seconds


def check(config: Config, *, clock: Clock, progress: Progress | None = None) -> Checked:
    """Read every article as a cycle would, whatever the ledger remembers of it, and judge what is published."""
    compose.require_folder(config)
    with compose.looking(config) as parts:
        scan = parts.inbox.settled(clock)
        problems, notes, articles, beside = [*scan.problems, *parts.press.pages.faults.values()], list[Problem](), 0, pipeline.gallery(parts, scan)
        counted = _counter("checking", len(scan.files), progress)
        for path, stat in scan.files.items():
            counted()
            try:
                article, summary = parts.intake.article(path, parts.inbox.read(path, stat), beside.find)
            except Unreadable as error:
                problems.append(Problem(path, error.reason, error.hint))
            except FeederError as error:
                notes.append(Problem(path, str(error), ""))
            else:
                articles += 1
                notes += [Problem(path, flag, "") for flag in (*article.flags, *summary.flags)]
        notes += [Problem(path, "is still being written", "look again in a moment") for path in scan.waiting]
        return Checked(articles, tuple(problems), tuple(notes), *_judged(config, parts, clock, progress), _plugins(config))


def explain(config: Config, file: Path) -> Explained:
    """What is known of one file and where each fact comes from. Raises FeederError, Unreadable."""
    try:
        path = path_key(file.resolve().relative_to(config.input.folder.resolve()).as_posix())
    except ValueError:
        raise FeederError(f"{file} is not in the input folder {config.input.folder}") from None
    if path is None:
        raise Unreadable(f"{file} has a name that is not UTF-8", "rename it")
    if not file.is_file() or file.stat().st_size > config.input.max_size:  # a pipe would be waited for, a disk's image fill the memory
        raise Unreadable(f"{file}: no regular file of at most {config.input.max_size} bytes", "`feeder status` says what is wrong with it")
    with compose.looking(config) as parts:
        try:
            scan = parts.inbox.scan(now=Clock().now().timestamp(), tick=Clock().tick())
            article, summary = parts.intake.article(path, file.read_bytes(), pipeline.gallery(parts, scan).find)
        except OSError as error:
            raise FeederError(f"{file} cannot be read: {error.strerror}") from error
        except Unreadable as error:
            raise Unreadable(f"{file}: {error.reason}", error.hint) from error
        known = next((k for k in parts.ledger.known().values() if k.path == path and k.state not in UNFILED), None)
        base = _served(config, parts).base
        facts = dict(chain(_said(article, summary), _promised(known, article, parts, base), _settings(config, base)))
        return Explained(facts, bool(_own(article, summary)), summary.reasons, _unseen(article, summary))


def _patience(config: Config) -> float:
    return inbox.PATIENCE + config.input.settle


def _total(reports: list[Report]) -> Report:
    """One report of several cycles: all that was done, and how it stands at the end."""
    puts = [report.put for report in reports]
    written = tuple(dict.fromkeys(chain.from_iterable(put.written for put in puts)))
    removed = tuple(dict.fromkeys(chain.from_iterable(put.removed for put in puts)))
    changes = tuple(chain.from_iterable(report.changes for report in reports))
    remarks = tuple(dict.fromkeys(chain.from_iterable(report.remarks for report in reports)))
    put = Put(written, removed, puts[-1].unchanged)
    return replace(reports[-1], changes=changes, put=put, remarks=remarks, bytes=sum(report.bytes for report in reports))


def _counter(what: str, of: int, progress: Progress | None) -> Callable[[], None]:
    """What to call for every piece of some work."""
    done = count()
    return (lambda: progress(what, next(done), of)) if progress else (lambda: None)


def _plugins(config: Config) -> tuple[Plugged, ...]:
    """Every installed plugin. Those in use are loaded, so that one that cannot be is known before a file needs it."""
    used = {part.plugin: part for part in compose.plugged(config)}
    found = [plugin for group in plugins.GROUPS for plugin in plugins.installed(group).values()]
    return tuple(Plugged(plugin, plugin in used, used[plugin].error if plugin in used else "") for plugin in found)


def _judged(config: Config, parts: Parts, clock: Clock, progress: Progress | None) -> tuple[int, tuple[Finding, ...]]:
    """How many documents are published, and what is wrong with them; looked at again where a service published meanwhile."""
    publisher, live = parts.publisher, [k.id for k in parts.ledger.known().values() if k.public]
    for _ in range(LOOKS):
        stands = publisher.fingerprint()
        sizes = {path: size for path, (size, _) in publisher.stats().items()}
        base, counted = _served(config, parts).base, _counter("judging", len(sizes), progress)

        def read(path: str, counted: Callable[[], None] = counted) -> bytes | None:
            counted()
            return None if path in parts.press.others else publisher.get(path)

        findings = judge.judge(sizes, read, base=base, now=clock.now(), live=frozenset(live) if live else None, every=parts.press.site.every)
        if publisher.fingerprint() == stands:
            break
    return len(sizes), tuple(findings)


def _said(article: Article, summary: Summary) -> Iterator[tuple[str, tuple[object, str]]]:
    told = dict(article.origins)
    yield "title", (article.title, told.get("title", ""))
    yield "language", (article.language or "the site's", told.get("language", ""))
    yield "authors", (", ".join(person.name for person in article.authors) or "the site's", told.get("authors", ""))
    yield "categories", (", ".join(category.term for category in article.categories) or "none", told.get("categories", ""))
    yield "date", (_when(article.published) or "not said", told.get("published", "the file's own time at first sight"))
    yield "summary", (summary.text, _own(article, summary) or summary.origin)
    for number, why in enumerate((why for name, why in article.origins if name == "not the summary"), 1):
        yield f"not used {number}", (why, "")
    for number, flag in enumerate(article.flags, 1):
        yield f"note {number}", (flag, "")


def _own(article: Article, summary: Summary) -> str:
    """Where the summary stands in the article, if its author wrote it; else nothing. A summarizer says the place, or just "author"."""
    place = dict(article.origins).get("summary", "")
    return place if summary.origin in (place, "author") else ""


def _unseen(article: Article, summary: Summary) -> int:
    """How many sentences stand behind the last one that was looked at."""
    said, end = "\n".join(block.text for block in article.blocks if block.kind in PROSE), -1
    for sentence, _ in summary.reasons:
        found = said.find(sentence, max(0, end))
        end = found + len(sentence) if found >= 0 else end
    return len(sentences(said[end:], article.language)) if end >= 0 else 0


def _promised(known: Known | None, article: Article, parts: Parts, base: str) -> Iterator[tuple[str, tuple[object, str]]]:
    if any(map(ignored_name, article.path.split("/"))):
        yield "state", ("left alone", "a name that begins with _ or . or is a temporary file's")
    elif known is None:
        yield "state", ("a draft" if article.draft else "not published yet", "")
    if known is None:
        return
    unseen = f"waits until {_when(known.published)}" if known.state is State.LIVE else str(known.state)
    yield "state", ("published" if known.public else unseen, "")
    yield "id", (known.id, "fixed at first sight")
    yield "permalink", (base + edition.page_path(known), "fixed at first sight")
    yield "published", (_when(known.published), "the author" if known.stated else "first sight")
    yield "updated", (_when(known.updated), "the last change that readers can see")
    for ident, likeness in parts.ledger.stories.of(known.id):
        other = parts.ledger.known()[ident]
        seen = "" if other.public else ", not shown: it is not public"
        yield f"same story {other.path}", (other.title, f"likeness {likeness:.2f}{seen}")


def _settings(config: Config, base: str) -> Iterator[tuple[str, tuple[object, str]]]:
    yield "base URL", (base, origins(config).get("feed.base_url", "default") if base == config.base else "the published feed")


def _when(moment: object) -> str:
    return str(moment).replace("+00:00", "Z").replace(" ", "T") if moment else ""
