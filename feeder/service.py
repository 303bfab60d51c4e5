"""The composition root and the only room with a clock: ties schedule, file events, due times, signals and server to "one cycle".

It decides nothing about articles. Who wakes whom:

    Alarm    APScheduler: rings at each tick of the schedule and once at a moment that can be moved  ─┐
    Watcher  watchfiles: hints that something changed in the input folder                            ─┼─► Runner.request
    SIGHUP, a moved clock, a scheduler that died                                                     ─┘
    Runner   one worker thread, one cycle at a time; asked for while one runs, exactly one more after
    run      the main thread: waits for signals and calls Runner.beat, the supervisor, each second

The supervisor trusts the monotonic clock alone, and polls where others wait: a wall clock that moves, a scheduler thread that dies
and a cycle that hangs are each noticed within seconds (FAULTS T3, T4, J2, J4, J5).
"""

from __future__ import annotations

import functools
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, Self

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from watchfiles import watch

from feeder import compose
from feeder.errors import Abandoned, FeederError
from feeder.inbox import ignored_name
from feeder.pipeline import Parts, Report, cycle
from feeder.server import Server, Shelf, app
from feeder.text import printable

if TYPE_CHECKING:
    from types import FrameType

    from feeder.config import Config

__all__ = ["Alarm", "Clock", "Lines", "Options", "Outcome", "Runner", "Schedule", "Service", "Signals", "Watcher", "restart", "run"]

BEAT = 1.0  # seconds between two looks of the supervisor
JUMP = 2.0  # seconds the wall clock may drift from the monotonic one between two beats before it counts as moved
LATE = 5.0  # seconds the scheduler may be behind its own plan before it counts as dead
STALE = 15.0  # seconds without a beat after which health says so
GRACE = 5.0  # seconds a cycle has to stop once it was asked to

_log = logging.getLogger("feeder")


class Clock:
    """The only clock of the program; a fault is tried out by handing in another one."""

    def wall(self) -> float:
        """Return seconds since the epoch, as far as the machine knows them."""
        return time.time()

    def tick(self) -> float:
        """Return seconds that only ever go forward, from an unknown start."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the present in UTC, in whole seconds."""
        return datetime.fromtimestamp(int(self.wall()), UTC)


class Outcome(Protocol):
    """What the runner needs to know of a finished cycle; pipeline.Report is one."""

    @property
    def waiting(self) -> float | None:
        """Seconds until a file may have settled."""

    @property
    def due(self) -> datetime | None:
        """The next second at which an embargo ends or an article expires."""

    @property
    def summary(self) -> str:
        """One line for the log, empty when nothing happened."""


# --- the schedule ---------------------------------------------------------------------------------------------------


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
        with self._lock:
            jobs = self._scheduler.get_jobs() if self._scheduler else []
        return min((job.next_run_time for job in jobs), default=None)

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


# --- one cycle at a time --------------------------------------------------------------------------------------------

Work = Callable[[Callable[[], None]], Outcome]


@dataclass(slots=True)
class _Cycle:
    """A cycle on its way: when it began, and when it was asked to stop (monotonic seconds)."""

    began: float
    stop: threading.Event = field(default_factory=threading.Event)
    asked: float | None = None

    def check(self) -> None:
        if self.stop.is_set():
            raise Abandoned("the cycle was asked to stop before it was done; the next one takes it up again")


class Runner:
    """Runs cycles one at a time in a thread of its own, when asked and on schedule, and supervises them.

    `work` is one cycle; it calls what it is given between its steps, which raises Abandoned when it has to end. `on_hung` is called
    from `beat` when a cycle neither ends nor heeds that. `loaded` says that something published earlier is being served already.
    """

    def __init__(
        self, work: Work, schedule: Schedule, *, on_hung: Callable[[], None], clock: Clock, grace: float = GRACE, loaded: bool = False
    ) -> None:
        self._work = work
        self._deadline = schedule.deadline
        self._on_hung = on_hung
        self._clock = clock
        self._grace = grace
        self._alarm = Alarm(schedule, self.request)
        self._asked = threading.Condition()
        self._reasons: dict[str, None] = {}
        self._closing = False
        self._cycle: _Cycle | None = None
        self._worker = self._thread()
        self._drift = clock.wall() - clock.tick()
        self._beat = clock.tick()
        self._ready = loaded
        self._cycles = self._failures = 0
        self._last: tuple[datetime, str] | None = None
        self._error: str | None = None
        self._notes: dict[str, str] = {}

    def start(self) -> None:
        """Start the schedule and the first cycle."""
        self._alarm.start()
        self._worker.start()
        self.request("start")

    def stop(self, within: float = GRACE - 1) -> bool:
        """Ask the running cycle to end and wait for it; return whether it did, `within` so many seconds."""
        with self._asked:
            self._closing = True
            if self._cycle:
                self._cycle.stop.set()
            self._asked.notify_all()
        self._alarm.stop()
        self._worker.join(within)
        return not self._worker.is_alive()

    def request(self, reason: str) -> None:
        """Ask for a cycle: now, or one more right after the one that runs (J1). `reason` is for the log."""
        with self._asked:
            self._reasons[reason] = None
            self._asked.notify_all()

    def reschedule(self, schedule: Schedule) -> None:
        """Go on by another schedule."""
        self._alarm.start(schedule)
        self._deadline = schedule.deadline

    def note(self, about: str, problem: str | None) -> None:
        """Remember for health what is not as it should be with some part of the service, or that it is well again."""
        if problem is None:
            self._notes.pop(about, None)
        else:
            self._notes[about] = problem

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return whether this process is alive and has something to serve, and what there is to know about it."""
        silent = self._clock.tick() - self._beat
        reasons = [f"{about}: {problem}" for about, problem in sorted(self._notes.items())]
        if silent > STALE:
            reasons.insert(0, f"the supervisor has been silent for {silent:.0f} s")
        if not self._ready:
            reasons.insert(0, "nothing is published yet")
        if self._error:
            reasons.append(f"the last cycle failed: {self._error}")
        ok = self._ready and silent <= STALE
        following = self._alarm.next()
        return ok, {
            "status": "unwell" if not ok else "degraded" if reasons else "ok",
            "reasons": reasons,
            "cycles": self._cycles,
            "failures": self._failures,
            "last_cycle": self._last[0].isoformat() if self._last else None,
            "last_summary": self._last[1] if self._last else None,
            "last_error": self._error,
            "next_run": following.isoformat(timespec="seconds") if following else None,
        }

    # the supervisor

    def beat(self) -> None:
        """Look after clock, scheduler, worker and the running cycle; to be called each second by a thread that never waits for them."""
        wall, tick = self._clock.wall(), self._clock.tick()
        moved, self._drift, self._beat = wall - tick - self._drift, wall - tick, tick
        if abs(moved) > JUMP:
            _log.warning("the clock moved by %+.0f s: the schedule starts anew", moved)
            self._alarm.start()
            self.request("clock")
        elif self._alarm.late(wall) > LATE:
            _log.error("the scheduler has stopped: it is started anew")
            self._alarm.start()
            self.request("scheduler")
        if not self._worker.is_alive():
            _log.error("the worker thread has ended: another one takes over")
            self._worker = self._thread()
            self._worker.start()
            self.request("worker")
        self._look_at_cycle(tick)

    def _look_at_cycle(self, tick: float) -> None:
        cycle = self._cycle
        if cycle is None:
            return
        if cycle.asked is None:
            if tick - cycle.began > self._deadline:
                _log.error("the cycle runs for more than %.0f s: it is asked to stop", self._deadline)
                cycle.asked = tick
                cycle.stop.set()
        elif tick - cycle.asked > self._grace:
            _log.critical("the cycle hangs and does not stop")
            self._on_hung()

    # the worker

    def _thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="cycles", daemon=True)

    def _run(self) -> None:
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._reasons or self._closing)
                if self._closing:
                    return
                reasons, self._reasons = ", ".join(self._reasons), {}
                self._cycle = cycle = _Cycle(self._clock.tick())
            try:
                self._once(cycle, reasons)
            finally:
                self._cycle = None

    def _once(self, cycle: _Cycle, reasons: str) -> None:
        began = self._clock.now()
        _log.debug("a cycle begins: %s", reasons)
        self._cycles += 1
        try:
            outcome = self._work(cycle.check)
        except Abandoned as error:
            if not self._closing:
                self._failed(began, str(error))
            _log.warning("%s", error)
        except FeederError as error:
            self._failed(began, str(error))
            _log.error("the cycle failed: %s", error)
        except Exception as error:  # noqa: BLE001 - the top of the service: whatever a cycle does, the next one runs (J3)
            self._failed(began, f"{type(error).__name__}: {error}")
            _log.exception("the cycle failed")
        else:
            self._ready, self._error = True, None
            self._last = began, outcome.summary or "nothing new"
            if outcome.summary:
                _log.info("%s", outcome.summary)
            self._alarm.at(self._moment(outcome, began))

    def _failed(self, began: datetime, error: str) -> None:
        self._failures += 1
        self._error = error
        self._last = began, error

    def _moment(self, outcome: Outcome, began: datetime) -> datetime | None:
        moments: list[datetime] = []
        if outcome.waiting is not None:
            # A hair later than promised, lest the file is found unsettled by a hair.
            moments.append(datetime.fromtimestamp(self._clock.wall() + max(outcome.waiting, 0.05) + 0.005, UTC))
        if outcome.due is not None and outcome.due > began:  # what was due when the cycle began, it has seen
            moments.append(outcome.due)
        return min(moments, default=None)


def restart() -> NoReturn:
    """Begin this very process anew with its own command line: a hung thread cannot be ended from within (J5).

    Descriptors of locks and databases are closed by it; the process keeps its number, so that nobody outside needs to know.
    """
    _log.critical("the process starts anew in place")
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line, no shell
    except OSError:
        _log.exception("it cannot: the process ends")
    os._exit(70)


# --- hints from the file system -------------------------------------------------------------------------------------


class Watcher:
    """Says soon after something changed below a folder. A hint: it may miss things and it may be wrong, so nothing relies on it.

    When it cannot watch (no folder, no more inotify watches) it says so once and tries again by itself, also when another folder has
    taken the watched one's place (I25, I26).
    """

    REST = 0.25  # seconds between two hints: a file that is being copied changes all the time

    def __init__(
        self, folder: Path, *, hint: Callable[[], None], ignored: Callable[[str], bool], note: Callable[[str | None], None], retry: float = 1.0
    ) -> None:
        """`hint` is called for a change, `note` with what keeps it from watching (None: nothing); `ignored` says which file names do not count.

        `retry` is seconds: between two looks whether the folder is still the same, and before a missing one is looked for again.
        """
        self._folder = folder
        self._retry = retry
        self._hint = hint
        self._ignored = ignored
        self._note = note
        self._problem: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Start to watch, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop soon, without waiting for it."""
        self._stop.set()

    def _run(self) -> None:
        pause = self._retry
        while not self._stop.is_set():
            try:
                self._watch()
                pause = self._retry
            except (OSError, RuntimeError) as error:  # watchfiles raises RuntimeError for what it cannot name
                self._say(f"{self._folder} is not watched, only looked at on schedule: {error}")
                pause = self._retry if isinstance(error, FileNotFoundError) else min(2 * pause, 60.0)
                self._stop.wait(pause)

    def _watch(self) -> None:
        place = self._place()
        changes = watch(
            self._folder,
            watch_filter=lambda _, path: self._wanted(path),
            debounce=100,
            step=50,
            rust_timeout=int(self._retry * 1000),
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            force_polling=False,
        )
        for turn, changed in enumerate(changes):
            if turn == 0:
                self._say(None)
            if changed or turn == 0:  # at first, for what changed before the watch stood
                self._hint()
                self._stop.wait(self.REST)
            if self._place() != place:
                return

    def _place(self) -> tuple[int, int]:
        found = self._folder.stat()
        return found.st_dev, found.st_ino

    def _wanted(self, path: str) -> bool:
        try:
            return not any(map(self._ignored, Path(path).relative_to(self._folder).parts))
        except ValueError:  # named another way than the folder was given: rather one look too many
            return True

    def _say(self, problem: str | None) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        self._note(problem)
        if problem:
            _log.warning("%s", problem)
        else:
            _log.info("%s is watched", self._folder)


# --- signals and logs -----------------------------------------------------------------------------------------------


class Signals:
    """SIGTERM, SIGINT and SIGHUP as something to wait for, in the main thread. A second SIGINT ends the process at once, with 130.

    They arrive through a pipe: a handler that took a lock, as threading.Event.set does, would meet its own thread holding it.
    """

    def __enter__(self) -> Self:
        self._interrupts = 0
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._arrived)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._poll = select.poll()
        self._poll.register(self._read, select.POLLIN)
        return self

    def __exit__(self, *_: object) -> None:
        """From here on the process is ending: nothing may change its exit code any more (J11)."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> frozenset[int]:
        """Return the signals that arrived, at the latest after so many seconds. Not fooled by a wall clock that moves."""
        return frozenset(os.read(self._read, 4096)) if self._poll.poll(seconds * 1000) else frozenset()

    def _arrived(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            self._interrupts += 1
            if self._interrupts > 1:
                os._exit(130)


class Lines(logging.Formatter):
    """One line per event, whatever is in a file's name or an error's message; a traceback follows on lines of its own (I20)."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line, with what could move the cursor or feign another line shown instead of done."""
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and what follows it, likewise."""
        return "\n".join(map(printable, super().format(record).split("\n")))


# --- the parts put together -----------------------------------------------------------------------------------------


def _schedule(config: Config) -> Schedule:
    said = config.schedule
    return Schedule(said.every or 0.0, said.cron, said.time_zone, said.deadline)


class Service:
    """One publisher at work: its parts, its shelf, its server and who wakes it.

    `load` reads the configuration again; with `watch`, files wake it too. What the first `config` says of [output] holds for good.
    """

    def __init__(self, config: Config, parts: Parts, load: Callable[[], Config], *, watch: bool, accept_removals: bool, clock: Clock) -> None:
        self._shelf = Shelf(config.output.folder, max_age=int(config.schedule.every or 300))
        self._shelf.load()
        manifest = self._shelf.manifest
        self.runner = Runner(self._cycle, _schedule(config), on_hung=restart, clock=clock, loaded=bool(manifest and manifest.items))
        self._parts = parts
        self._load = load
        self._watch = watch
        self._accept_removals = accept_removals
        self._clock = clock
        self._behind = False
        self._first = self._config = config
        self._server: Server | None = None
        self._watcher: Watcher | None = None

    def serve(self, host: str, port: int) -> int:
        """Serve what is published; return the port that is really used. Raises FeederError where the address cannot be had."""
        self._server = Server(app(self._shelf, health=self.runner.health), host=host, port=port, log=_log.error)
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
        if self._server:
            self._server.stop(0.2)
        return stopped

    def beat(self) -> None:
        """Look after everything that runs; to be called each second."""
        self.runner.beat()
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
        self.runner.reschedule(_schedule(config))
        self.runner.request("configuration")

    def _take(self, config: Config) -> None:
        # Ledger and output stay as they are: their locks are held.
        self._parts = replace(compose._parts(config, self._parts.ledger), publisher=self._parts.publisher)
        self._config = config
        if self._watcher:
            self._watcher.stop()
            self._watcher = None
        if self._watch and config.schedule.watch:
            hint, note = (functools.partial(self.runner.request, "files"), functools.partial(self.runner.note, "watch"))
            self._watcher = Watcher(config.input.folder, hint=hint, ignored=ignored_name, note=note)
            self._watcher.start()

    def _cycle(self, stop: Callable[[], None]) -> Report:
        now, tick = self._clock.now(), self._clock.tick()
        behind, self._behind = self._behind, True
        report = cycle(self._parts, now=now, tick=tick, stop=stop, accept_removals=self._accept_removals)
        if behind:  # a cycle that failed may have put what no report names
            self._shelf.load(report.gone)
        else:
            self._shelf.refresh(report.put.written, report.put.removed, report.gone)
        self._behind = self._accept_removals = False
        self.runner.note("removals", f"{len(report.held)} articles are gone at once and stay for now; see `feeder status`" if report.held else None)
        self.runner.note("articles", f"{len(report.problems)} files have a problem; see `feeder status`" if report.problems else None)
        if report.summary:
            self._parts.ledger.log(now, self._clock.tick() - tick, report.summary)
        return report


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
    _write_logs(logging.DEBUG if options.verbose else logging.INFO)
    config = load()
    with Signals() as signals, compose.publishing(config) as parts:
        service = Service(config, parts, load, watch=options.watch, accept_removals=options.accept_removals, clock=Clock())
        if options.serve:
            port = service.serve(config.serve.host, config.serve.port)
            config = config.model_copy(update={"serve": config.serve.model_copy(update={"port": port})})
        service.start(config)
        with suppress(OSError, ValueError):
            say(_greeting(config, options))
        _supervise(service, signals)
        if not service.stop():
            _log.error("the cycle does not end: it is left behind; what is published stays whole")
            os._exit(0)
    return 0


def _supervise(service: Service, signals: Signals) -> None:
    """Look after the service until SIGTERM or SIGINT arrives."""
    while not (arrived := signals.wait(BEAT)) & {signal.SIGTERM, signal.SIGINT}:
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
        here = config.model_copy(update={"feed": config.feed.model_copy(update={"base_url": None})}).base
        lines += [f"  page  {here}", f"  feed  {here}feed.xml"]
    return "\n".join(map(printable, [*lines, "Ctrl-C stops it."]))


def _length(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m")) if seconds % size == 0), (1, "s"))
    return f"{seconds / size:g}{unit}"


# --- output that nobody may be reading (J10) ------------------------------------------------------------------------


def _write_logs(level: int) -> None:
    """Log one line per event to stderr, where nothing else was set up. A log that cannot be written never stops the service."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # started without it: whatever is opened next would become the process's stdout or stderr
    os.close(descriptor)
    logging.raiseExceptions = False
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler])
    _log.setLevel(level)
