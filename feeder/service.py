"""The composition root: ties schedule, file events, due times, signals and server to "one cycle". The only room of APScheduler.

It decides nothing about articles. Who wakes whom:

    Alarm    APScheduler: rings at each tick of the schedule and once at a moment that can be moved  ─┐
    Watcher  watchfiles: hints that something changed in the input folder                            ─┼─► Runner.request
    SIGHUP, a moved clock, a scheduler that died                                                     ─┘
    Runner   one worker thread, one cycle at a time; asked for while one runs, exactly one more after
    run      the main thread: waits for signals and calls Runner.beat, the supervisor, each second
"""

from __future__ import annotations

import functools
import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import ip_address

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from feeder import compose, edition, notify, rescue
from feeder.clock import Clock
from feeder.config import Config, origins
from feeder.errors import FeederError
from feeder.host import Signals, Watcher, write_logs
from feeder.inbox import ignored_name
from feeder.listener import Server
from feeder.notify import Rounds
from feeder.pipeline import Parts, Report, cycle
from feeder.press import FEED
from feeder.publishers import Publisher
from feeder.server import app
from feeder.shelf import Shelf
from feeder.supervisor import Runner
from feeder.text import printable

__all__ = ["Alarm", "Options", "Schedule", "Service", "run", "serve"]

BEAT = 1.0  # seconds between two looks of the supervisor

_log = logging.getLogger("feeder")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to look: each `every` seconds, or at the times of a crontab, meant in `zone`. `deadline` (seconds) bounds one cycle.

    The crontab names its weekdays, as config writes them: APScheduler counts them from Monday, crontab from Sunday.
    """

    every: float = 300.0
    cron: str | None = None
    zone: tzinfo = UTC
    deadline: float = 600.0


class _Ahead(BaseTrigger):  # type: ignore[misc]  # APScheduler carries no types
    """A trigger without a past: its next time is always after now, so that years of missed runs are one run.

    APScheduler lists every missed run before it folds them into one; with a 2 s interval and a clock set forward by years it never returns (T4).
    """

    def __init__(self, schedule: Schedule) -> None:
        if schedule.cron:
            self._times = CronTrigger.from_crontab(schedule.cron, timezone=schedule.zone)
        else:
            self._times = IntervalTrigger(seconds=schedule.every, timezone=UTC)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:  # noqa: ARG002 - APScheduler's signature
        """Return the first time after `now`, or None when there is none."""
        found: datetime | None = self._times.get_next_fire_time(None, now + timedelta(microseconds=1))
        return max(found, now + timedelta(milliseconds=1)) if found else None  # however it rounds: a time not after now would be asked for forever


class Alarm:
    """Rings at each tick of a schedule and once at a moment that can be moved. The only place that knows APScheduler.

    Its jobs only ring, which takes no time: nothing can hang, overrun or fail inside APScheduler but APScheduler itself.
    """

    def __init__(self, schedule: Schedule, ring: Callable[[str], None]) -> None:
        self._schedule = schedule
        self._ring = ring
        self._lock = threading.Lock()
        self._moment: datetime | None = None
        self._scheduler: BackgroundScheduler | None = None

    def start(self, schedule: Schedule | None = None) -> None:
        """Start, or start anew with nothing kept but the moment: the cure for a moved clock, a dead scheduler and a new schedule."""
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        scheduler.add_listener(_misfire, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        scheduler.add_job(self._ring, _Ahead(schedule or self._schedule), args=["tick"], id="tick")
        with self._lock:
            self._schedule = schedule or self._schedule
            self._drop()
            scheduler.start()
            self._scheduler = scheduler
            self._arm()

    def stop(self) -> None:
        """Stop ringing."""
        with self._lock:
            self._drop()

    def at(self, moment: datetime | None) -> None:
        """Ring once at this moment, at once if it has passed; it takes the place of the moment set before. None: not at all."""
        with self._lock:
            self._moment = moment
            self._arm()

    def next(self) -> datetime | None:
        """Return the earliest time it will ring."""
        return min(self._times().values(), default=None)

    def scheduled(self) -> datetime | None:
        """Return the next time it will ring on schedule. The moment is left out: it may be when an embargo ends."""
        return self._times().get("tick")

    def _times(self) -> dict[str, datetime]:
        with self._lock:
            return {job.id: job.next_run_time for job in self._scheduler.get_jobs()} if self._scheduler else {}

    def late(self, wall: float) -> float:
        """Return the seconds by which a time has passed without a ring; infinite when nothing is armed at all."""
        moment = self.next()
        return wall - moment.timestamp() if moment else float("inf")

    def _arm(self) -> None:
        if self._scheduler is None:
            return
        if self._moment is not None:
            self._scheduler.add_job(self._ring, "date", run_date=self._moment, args=["due"], id="due", replace_existing=True)
        elif self._scheduler.get_job("due"):
            self._scheduler.remove_job("due")

    def _drop(self) -> None:
        if self._scheduler is not None:
            # Shutting down joins its thread: one that hangs must not take ours with it.
            threading.Thread(target=self._scheduler.shutdown, kwargs={"wait": False}, daemon=True).start()
            self._scheduler = None


def _misfire(event: object) -> None:
    _log.error("the scheduler did not ring: %r", event)


# --- the parts put together -----------------------------------------------------------------------------------------


def _schedule(config: Config) -> Schedule:
    said = config.schedule
    return Schedule(said.every or 0.0, said.cron, said.time_zone, said.deadline)


def _max_age(config: Config) -> int:
    return int(config.schedule.every or 300)


class Service:
    """One publisher at work: its parts, its shelf, its server and who wakes it.

    `load` reads the configuration again; with `watch`, files wake it too; `on_hung` is called when a cycle hangs. What the
    first `config` says of [output] holds for good.
    """

    def __init__(
        self,
        config: Config,
        parts: Parts,
        load: Callable[[], Config],
        *,
        watch: bool,
        accept_removals: bool,
        on_hung: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._shelf = Shelf(config.output.folder, max_age=_max_age(config))
        self._shelf.load(edition.gone_pages(parts.ledger.known().values()))
        manifest = self._shelf.manifest
        self._alarm = Alarm(_schedule(config), self._request)
        loaded, deadline = bool(manifest and manifest.items), config.schedule.deadline
        self.runner = Runner(self._cycle, self._alarm, deadline=deadline, on_hung=on_hung, clock=clock, loaded=loaded)
        self._parts = parts
        self._load = load
        self._watch = watch
        self._accept_removals = accept_removals
        self._clock = clock
        self._behind = self._held = False
        self._first = self._config = config
        self._server: Server | None = None
        self._rounds: Rounds | None = None
        self._out = parts.ledger.pings.last()  # up to this ping what it tells of is served
        self._watcher: Watcher | None = None

    def serve(self, host: str, port: int) -> int:
        """Serve what is published; return the port that is really used. Raises FeederError where the address cannot be had."""
        application = app(self._shelf, health=self._health, links=self._link)
        self._server = Server(application, host=host, port=port, log=_log.error)
        self._server.start()
        return self._server.address[1]

    def start(self, config: Config) -> None:
        """Start the first cycle, the schedule and the watcher. `config` is the first one in its place: with the port that is really used."""
        self._take(config)
        self.runner.start()

    def stop(self) -> bool:
        """Stop everything within 5 s; return whether the running cycle could be stopped too."""
        if self._watcher:
            self._watcher.stop()
        stopped = self.runner.stop(3.0)
        if self._rounds:
            self._rounds.stop(0.5)
        if self._server:
            self._server.stop(0.2)
        return stopped

    def beat(self) -> None:
        """Look after everything that runs; to be called each second."""
        self.runner.beat()
        if self._rounds:
            self._rounds.beat()
        if self._server and not self._server.alive:
            _log.error("the server has stopped: it is started anew")
            self.serve(*self._server.address)

    def reload(self) -> None:
        """Take up the configuration as it is now, from the next cycle on. One that is wrong is told and changes nothing (J8)."""
        try:
            config = self._load()
            self._take(config.model_copy(update={"output": self._config.output, "serve": self._config.serve}))
        except FeederError as error:
            for problem in (*str(error).splitlines(), "the configuration stays as it was"):
                _log.error("%s", problem)
            self.runner.note("config", f"{error}; it stays as it was")
            return
        if (config.output, config.serve) != (self._first.output, self._first.serve):
            _log.warning("[output] and [serve] have changed: they wait for the next start, locks and sockets cannot move")
        _log.info("the configuration was read again")
        self.runner.note("config", None)
        self._alarm.start(_schedule(config))
        self.runner.allow(config.schedule.deadline)
        self.runner.request("configuration")

    def _request(self, reason: str) -> None:
        self.runner.request(reason)

    def _health(self) -> tuple[bool, Mapping[str, object]]:
        """What anybody may know of the process: not when something is due, nor what came in, for that may be under embargo."""
        ok, facts = self.runner.health()
        following = self._alarm.scheduled()
        told = {name: fact for name, fact in facts.items() if name != "last_summary"}
        return ok, {**told, "next_run": following.isoformat(timespec="seconds") if following else None}

    def _link(self, path: str) -> str | None:
        return notify.link_field(path, self._config.base, self._config.websub.hubs)

    def _take(self, config: Config) -> None:
        # Ledger and output stay as they are: their locks are held.
        self._parts = compose.renewed(config, self._parts, self._clock)
        self._config = config
        self._shelf.max_age = _max_age(config)
        if self._rounds:
            self._rounds.stop(0.0)
        couriers, queue = compose.couriers(config, self._clock), functools.partial(compose.queue, config)
        self._rounds = Rounds(couriers, queue, last=self._out, note=self.runner.note)
        self._rounds.beat()
        if self._watcher:
            self._watcher.stop()
            self._watcher = None
            self.runner.note("watch", None)
        if self._watch and config.schedule.watch:
            hint, note = (functools.partial(self.runner.request, "files"), functools.partial(self.runner.note, "watch"))
            self._watcher = Watcher(config.input.folder, hint=hint, ignored=ignored_name, note=note)
            self._watcher.start()

    def _cycle(self, stop: Callable[[], None]) -> Report:
        now, tick = self._clock.now(), self._clock.tick()
        behind, self._behind = self._behind, True
        if recovered := rescue.revived(self._parts, clock=self._clock, stop=stop):
            _log.warning("%s", recovered.summary)
        report = cycle(self._parts, now=now, tick=tick, stop=stop, accept_removals=self._accept_removals)
        if behind:  # a cycle that failed may have put what no report names
            self._shelf.load(report.gone)
        else:
            self._shelf.refresh(report.put.written, report.put.removed, report.gone)
        self._behind = self._accept_removals = False
        self._out = self._parts.ledger.pings.last()
        if self._rounds:
            self._rounds.wake(self._out)
        self._note_held(len(report.held))
        self.runner.note("articles", f"{_count(len(report.problems), 'problem')}; see `feeder status`" if report.problems else None)
        self._note_assistant(report)
        if report.summary:
            self._parts.ledger.log(now, self._clock.tick() - tick, report.summary)
        return report

    def _note_assistant(self, report: Report) -> None:
        failing = self._parts.assistant.failing if self._parts.assistant else ""
        self.runner.note("summaries", f"the language model's endpoint fails: {failing}; extracts are published" if failing else None)
        for remark in report.remarks:
            _log.warning("%s", remark)

    def _note_held(self, held: int) -> None:
        self.runner.note("removals", f"too much is gone at once ({_count(held, 'article')}) and stays for now; see `feeder status`" if held else None)
        if held and not self._held:  # once, not at each look until somebody comes
            what_to_do = "put the files back, or have it withdrawn with: feeder retry --accept-removals"
            _log.warning("too much is gone at once (articles: %d): it stays published; %s", held, what_to_do)
        self._held = held > 0


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says of a run, beside the configuration. `verbose` logs each cycle and why it ran."""

    watch: bool = True
    serve: bool = True
    accept_removals: bool = False
    verbose: bool = False


def run(load: Callable[[], Config], options: Options, *, say: Callable[[str], None]) -> int:
    """Publish until a signal says to stop, and return the exit code: 0. To be called in the main thread.

    `load` reads the configuration, now and at each SIGHUP; `say` is told where to look. Raises ConfigError, Busy (another process
    publishes here), LedgerError, or FeederError where the address is taken.
    """
    write_logs(logging.DEBUG if options.verbose else logging.INFO)
    clock, warn = Clock(), functools.partial(_log.warning, "%s")
    with Signals() as signals, rescue.publishing(config := load(), clock=clock, say=warn) as parts:
        _make_input(config, parts, say)
        removals = options.accept_removals
        service = Service(config, parts, load, watch=options.watch, accept_removals=removals, on_hung=signals.restart, clock=clock)
        if options.serve:
            port = service.serve(config.serve.host, config.serve.port)
            config = config.model_copy(update={"serve": config.serve.model_copy(update={"port": port})})
        service.start(config)
        _say(say, _greeting(config, options))
        _supervise(service, signals)
        if not service.stop():
            _log.error("the cycle does not end: it is left behind; what is published stays whole")
            os._exit(0)
    return 0


def serve(config: Config, *, say: Callable[[str], None]) -> int:
    """Serve the output folder, whoever publishes to it, until a signal says to stop; return the exit code: 0. Writes nothing."""
    write_logs(logging.INFO)
    shelf = Shelf(config.output.folder, max_age=_max_age(config))
    with Signals() as signals, compose.looking(config) as parts:
        links = functools.partial(notify.link_field, base=config.base, hubs=config.websub.hubs)
        application = app(shelf, health=lambda: (shelf.manifest is not None, {}), links=links)
        server = Server(application, host=config.serve.host, port=config.serve.port, log=_log.error)
        server.start()
        empty = "" if parts.publisher.get(FEED) else "Nothing is published there yet: feeder build does it, or feeder run.\n"
        told = f"Serving {printable(os.path.relpath(config.output.folder))}/\n{_addresses(config, server.address[1])}\n{empty}Ctrl-C stops it."
        _say(say, told)
        _follow(shelf, config, parts.publisher, signals)
        server.stop(0.2)
    return 0


def _make_input(config: Config, parts: Parts, say: Callable[[str], None]) -> None:
    """Make the input folder of a first start without configuration. One that is missing later, or elsewhere, may be a disk that is not mounted."""
    folder = config.input.folder
    if folder.exists() or origins(config)["input.folder"] != "default" or parts.ledger.known():
        return
    with suppress(OSError):  # then the watcher tells
        folder.mkdir()
        _say(say, f"Made {printable(os.path.relpath(folder))}/: put your articles there.")


def _say(say: Callable[[str], None], words: str) -> None:
    with suppress(OSError, ValueError):  # nobody is there to read it
        say(words)


def _over(signals: Signals, arrived: Set[int]) -> bool:
    """Whether it is time to end: SIGTERM, SIGINT, or a SIGHUP because the terminal is closed."""
    return bool(arrived & {signal.SIGTERM, signal.SIGINT}) or (signal.SIGHUP in arrived and signals.hung_up())


def _load(shelf: Shelf, config: Config) -> None:
    with compose.looking(config) as parts:
        shelf.load(edition.gone_pages(parts.ledger.known().values()))


def _follow(shelf: Shelf, config: Config, publisher: Publisher, signals: Signals) -> None:
    """Keep the shelf as the folder is until a signal says to stop. What cannot be read now is told once, and the shelf stays as it is."""
    seen: object = None
    told: set[str] = set()
    pause = 0.0
    while not _over(signals, signals.wait(pause)):
        pause = BEAT
        try:
            if (now := publisher.fingerprint()) != seen:
                _load(shelf, config)
                seen = now
                told.clear()
        except FeederError as error:
            if str(error) not in told:
                _log.error("%s; what was published before is served meanwhile", error)
            told.add(str(error))


def _supervise(service: Service, signals: Signals) -> None:
    """Look after the service until SIGTERM or SIGINT arrives, or its terminal is closed."""
    while not _over(signals, arrived := signals.wait(BEAT)):
        try:
            if signal.SIGHUP in arrived:
                service.reload()
            service.beat()
        except Exception:  # noqa: BLE001 - the top of the service: no memory, no threads left; the next beat tries again
            _log.exception("the supervisor stumbled")


def _greeting(config: Config, options: Options) -> str:
    said = config.schedule
    rhythm = f"at {said.cron} ({said.time_zone})" if said.cron else f"every {_length(said.every or 0.0)}"
    hints = "when a file changes, and " if options.watch and said.watch else ""
    source, target = (os.path.relpath(folder) for folder in (config.input.folder, config.output.folder))
    lines = [f"Publishing {source}/ to {target}/ {hints}{rhythm}."]
    if options.serve:
        lines.append(_addresses(config, config.serve.port))
        if not config.feed.base_url and not _loopback(config.serve.host):
            lines.append("Readers elsewhere cannot open the links in the feed: set base_url in [feed].")
    return "\n".join([*map(printable, lines[:1]), *lines[1:], "Ctrl-C stops it."])


def _loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _addresses(config: Config, port: int) -> str:
    """Where the built-in server can be reached, whatever the public address is."""
    here = config.model_copy(
        update={"feed": config.feed.model_copy(update={"base_url": None}), "serve": config.serve.model_copy(update={"port": port})}
    )
    return f"  page  {here.base}\n  feed  {here.base}feed.xml"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _length(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m")) if seconds % size == 0), (1, "s"))
    return f"{seconds / size:g}{unit}"
