"""The service's clockwork: schedule, supervisor, signals and hints, tried out with a programmable cycle and real processes."""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
import textwrap
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feeder import compose, config
from feeder.clock import Clock
from feeder.errors import Abandoned, PublishError
from feeder.host import Watcher
from feeder.inbox import ignored_name
from feeder.listener import Server
from feeder.logs import Lines
from feeder.service import Alarm, Options, Schedule, Service, _greeting
from feeder.supervisor import LATE, STALE, Runner
from tests.clockshift import Shift

HOUR = 3600
SELDOM = Schedule(every=HOUR)
RETRY = 0.1
provokes_the_end_of_a_thread = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@dataclass(frozen=True)
class Done:
    """What a programmable cycle reports."""

    waiting: float | None = None
    due: datetime | None = None
    summary: str = "done"


class MovingClock(Clock):
    """The real clocks, each off by what the test says."""

    wall_off = tick_off = 0.0

    def wall(self) -> float:
        return super().wall() + self.wall_off

    def tick(self) -> float:
        return super().tick() + self.tick_off


@dataclass
class Cycles:
    """A programmable cycle: it does what `then` says and remembers when it ran."""

    then: Callable[[Callable[[], None]], Done] = lambda stop: Done()
    times: list[float] = field(default_factory=list)

    def __call__(self, stop: Callable[[], None]) -> Done:
        self.times.append(time.monotonic())
        return self.then(stop)


def held(release: threading.Event) -> Callable[[Callable[[], None]], Done]:
    """A cycle that heeds nothing until it is released."""

    def work(stop: Callable[[], None]) -> Done:
        release.wait(5)
        return Done()

    return work


def wired(cycles: Cycles, schedule: Schedule = SELDOM, **options: object) -> Runner:
    def ring(reason: str) -> None:
        runner.request(reason)

    alarm = Alarm(schedule, ring)
    runner = Runner(cycles, alarm, deadline=schedule.deadline, **({"on_hung": lambda: None, "clock": Clock()} | options))  # type: ignore[arg-type]
    return runner


@contextmanager
def running(cycles: Cycles, schedule: Schedule = SELDOM, **options: object) -> Iterator[Runner]:
    runner = wired(cycles, schedule, **options)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop(0.2)


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until it holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


# --- one cycle at a time --------------------------------------------------------------------------------------------


def test_the_first_cycle_runs_at_once_and_the_next_on_schedule() -> None:
    cycles = Cycles()
    with running(cycles, Schedule(every=0.2)):
        until(lambda: len(cycles.times) == 4)
    gaps = [after - before for before, after in zip(cycles.times, cycles.times[1:], strict=False)]
    assert all(0.1 < gap < 0.5 for gap in gaps[1:]), gaps


def test_asked_for_ten_times_while_a_cycle_runs_exactly_one_more_follows() -> None:
    """J1: an overrun is one run more, neither none nor a queue."""
    go, at_once = threading.Event(), []

    def slow(stop: Callable[[], None]) -> Done:
        at_once.append(threading.current_thread())
        go.wait(5)
        return Done()

    cycles = Cycles(slow)
    with running(cycles) as runner:
        until(lambda: at_once)
        for number in range(10):
            runner.request(f"reason {number}")
        time.sleep(0.1)
        assert len(cycles.times) == 1
        go.set()
        until(lambda: len(cycles.times) == 2)
        time.sleep(0.2)
        assert len(cycles.times) == 2
        assert set(at_once) == {at_once[0]}


def test_a_tick_during_a_long_cycle_is_made_up_for_once() -> None:
    """J1: with a schedule shorter than the cycle, cycles follow each other and never overlap."""
    inside: list[int] = []

    def slow(stop: Callable[[], None]) -> Done:
        inside.append(1)
        assert len(inside) == 1
        time.sleep(0.15)
        inside.pop()
        return Done()

    cycles = Cycles(slow)
    with running(cycles, Schedule(every=0.03)) as runner:
        time.sleep(0.8)
        assert runner.health()[1]["failures"] == 0
    assert 4 <= len(cycles.times) <= 6


def test_an_exception_in_a_cycle_is_logged_and_counted_and_the_next_runs_on_schedule(caplog: pytest.LogCaptureFixture) -> None:
    """J3."""

    def first_fails(stop: Callable[[], None]) -> Done:
        if len(cycles.times) == 1:
            raise RuntimeError("who would have thought")
        go.wait(5)
        return Done()

    go = threading.Event()
    cycles = Cycles(first_fails)
    with caplog.at_level(logging.INFO, "feeder"), running(cycles, Schedule(every=0.2), loaded=True) as runner:
        until(lambda: len(cycles.times) == 2)
        ok, facts = runner.health()
        assert ok
        assert (facts["status"], facts["failures"], facts["last_error"]) == ("degraded", 1, "RuntimeError: who would have thought")
        go.set()
        until(lambda: runner.health()[1]["status"] == "ok")
    assert any(record.exc_info and record.levelname == "ERROR" for record in caplog.records)


def test_an_error_with_a_message_for_its_owner_is_logged_as_that_message_alone(caplog: pytest.LogCaptureFixture) -> None:
    def full(stop: Callable[[], None]) -> Done:
        raise PublishError("output/feed.xml: no space left; free some")

    with running(Cycles(full)) as runner:
        until(lambda: runner.health()[1]["failures"])
        until(lambda: caplog.records)
    assert caplog.messages == ["the cycle failed: output/feed.xml: no space left; free some"]
    assert not caplog.records[0].exc_info


def test_a_cycle_that_failed_is_tried_again_long_before_the_next_tick() -> None:
    """O1: whatever asked for it, the moment of an embargo too, has passed."""

    def first_fails(stop: Callable[[], None]) -> Done:
        if len(cycles.times) == 1:
            raise PublishError("output/feed.xml: no space left; free some")
        return Done()

    cycles = Cycles(first_fails)
    with running(cycles) as runner:
        until(lambda: runner.health()[1]["last_summary"] == "done")
    assert 0.9 < cycles.times[1] - cycles.times[0] < 2


class NotedAlarm(Alarm):
    """An alarm that remembers in how many seconds it was to ring, and never does."""

    def __init__(self) -> None:
        super().__init__(SELDOM, lambda reason: None)
        self.moments: list[int | None] = []

    def at(self, moment: datetime | None) -> None:
        self.moments.append(round(moment.timestamp() - time.time()) if moment else None)


def test_cycles_that_keep_failing_are_tried_ever_less_often_but_never_past_a_due_moment() -> None:
    """O1: also when they are abandoned, and from the start again once one went well."""

    def work(stop: Callable[[], None]) -> Done:
        match outcomes.pop(0):
            case Done() as done:
                return done
            case Exception() as error:
                raise error

    soon = Done(due=datetime.now(UTC) + timedelta(seconds=20))
    outcomes: list[Done | Exception] = [*([OSError("no")] * 5), Abandoned("too slow"), *([PublishError("full")] * 6), Done(), PublishError("full")]
    outcomes += [soon, *([OSError("no")] * 6)]
    alarm, cycles = NotedAlarm(), Cycles(work)
    runner = Runner(cycles, alarm, deadline=60.0, on_hung=lambda: None, clock=Clock())
    runner.start()
    until(lambda: alarm.moments)
    while outcomes:
        done = len(alarm.moments)
        runner.request("again")
        until(lambda done=done: len(alarm.moments) > done)  # type: ignore[misc]
    runner.stop()
    assert alarm.moments == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, None, 1, 20, 1, 2, 4, 8, 16, 20]


@provokes_the_end_of_a_thread
def test_a_worker_thread_that_ends_is_replaced() -> None:
    """J4: even what is no Exception stops one cycle only."""

    def first_exits(stop: Callable[[], None]) -> Done:
        if len(cycles.times) == 1:
            raise SystemExit(3)
        return Done()

    cycles = Cycles(first_exits)
    with running(cycles) as runner:
        until(lambda: len(cycles.times) == 1)
        until(lambda: not any(thread.name == "cycles" for thread in threading.enumerate()))
        runner.beat()
        until(lambda: len(cycles.times) == 2)


# --- due times ------------------------------------------------------------------------------------------------------


def test_a_file_that_will_settle_is_looked_at_again_when_it_has() -> None:
    """The schedule's next tick is an hour away; the article is not."""
    cycles = Cycles(lambda stop: Done(waiting=0.3 if len(cycles.times) == 1 else None))
    with running(cycles):
        until(lambda: len(cycles.times) == 2)
        time.sleep(0.3)
    assert len(cycles.times) == 2
    assert 0.3 <= cycles.times[1] - cycles.times[0] < 0.6


def test_an_embargo_ends_at_its_second() -> None:
    due = datetime.fromtimestamp(int(time.time()) + 1, UTC)
    seen: list[float] = []

    def work(stop: Callable[[], None]) -> Done:
        seen.append(time.time())
        return Done(due=due)

    with running(Cycles(work)) as runner:
        assert runner.health()[1]["next_run"]
        until(lambda: len(seen) == 2)
        assert 0 <= seen[1] - due.timestamp() < 0.3
        time.sleep(0.1)
        assert len(seen) == 2, "a due second that is past was asked for again"


def test_a_later_report_takes_the_place_of_an_earlier_moment() -> None:
    ring: list[str] = []
    alarm = Alarm(SELDOM, ring.append)
    alarm.at(datetime.now(UTC) + timedelta(seconds=0.2))
    alarm.start()
    try:
        alarm.at(datetime.now(UTC) + timedelta(seconds=0.1))
        until(lambda: ring)
        alarm.at(datetime.now(UTC) + timedelta(seconds=0.1))
        alarm.at(None)
        time.sleep(0.25)
        assert ring == ["due"]
    finally:
        alarm.stop()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_a_crontab_is_meant_in_its_time_zone_and_never_names_a_time_that_is_past(zone: str) -> None:
    """T5: neither the hour that is missing nor the one that comes twice stops the schedule."""
    from feeder.service._alarm import _Ahead

    trigger = _Ahead(Schedule(cron="30 2 * * *", zone=ZoneInfo(zone)))
    for night in (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 4, 4, 10, tzinfo=UTC)):
        for minutes in range(0, 16 * 60, 10):
            now = night + timedelta(minutes=minutes)
            following = trigger.get_next_fire_time(night, now)
            assert following
            assert timedelta() < following.astimezone(UTC) - now <= timedelta(hours=25)


def test_fifty_missed_years_are_one_time_ahead() -> None:
    """T4: APScheduler would list each of them."""
    from feeder.service._alarm import _Ahead

    trigger = _Ahead(Schedule(every=0.1))
    later = datetime.now(UTC) + timedelta(days=50 * 365)
    following = trigger.get_next_fire_time(datetime.now(UTC), later)
    assert following
    assert timedelta() < following - later <= timedelta(seconds=0.1)


# --- the supervisor -------------------------------------------------------------------------------------------------


def test_a_cycle_past_its_deadline_is_abandoned_and_the_next_one_runs() -> None:
    """J5."""

    def endless(stop: Callable[[], None]) -> Done:
        while len(cycles.times) == 1:
            stop()
            time.sleep(0.01)
        return Done()

    hung: list[int] = []
    cycles = Cycles(endless)
    with running(cycles, Schedule(every=HOUR, deadline=0.1), on_hung=lambda: hung.append(1)) as runner:
        until(lambda: cycles.times)
        until(lambda: runner.beat() or runner.health()[1]["failures"] == 1)  # type: ignore[func-returns-value]
        assert "asked to stop" in str(runner.health()[1]["last_error"])
        runner.request("again")
        until(lambda: runner.health()[1]["last_error"] is None)
    assert not hung


def test_a_cycle_that_does_not_heed_is_called_hung_only_after_its_grace() -> None:
    """J5."""
    release, hung = threading.Event(), threading.Event()
    clock = MovingClock()
    with running(Cycles(held(release)), on_hung=hung.set, clock=clock, grace=5.0) as runner:
        until(lambda: runner.health()[1]["cycles"])
        clock.tick_off = clock.wall_off = SELDOM.deadline + 1
        runner.beat()
        clock.tick_off = clock.wall_off = SELDOM.deadline + 5
        runner.beat()
        assert not hung.is_set()
        clock.tick_off = clock.wall_off = SELDOM.deadline + 7
        runner.beat()
        assert hung.is_set()
        release.set()


class OnceFatal(tzinfo):
    """A time zone that ends the scheduler's thread, once: the fault of J4."""

    struck = False

    def utcoffset(self, _: datetime | None) -> timedelta:
        if threading.current_thread().name == "APScheduler" and not self.struck:
            self.struck = True
            sys.exit()
        return timedelta()

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> str:
        return "UTC"


@provokes_the_end_of_a_thread
def test_a_scheduler_thread_that_died_is_noticed_and_started_anew(caplog: pytest.LogCaptureFixture) -> None:
    """J4: it still says that it is running."""
    clock, zone = MovingClock(), OnceFatal()
    cycles = Cycles(lambda stop: Done(due=datetime.now(UTC).replace(tzinfo=zone) + timedelta(seconds=0.1) if len(cycles.times) == 1 else None))
    with running(cycles, clock=clock) as runner:
        until(lambda: zone.struck)
        until(lambda: not any(thread.name == "APScheduler" for thread in threading.enumerate()))
        runner.beat()
        assert len(cycles.times) == 1
        clock.wall_off = clock.tick_off = LATE + 1
        runner.beat()
        until(lambda: len(cycles.times) >= 2)
        assert any(thread.name == "APScheduler" for thread in threading.enumerate())
    assert "the scheduler has stopped: it is started anew" in caplog.messages


@pytest.mark.parametrize("seconds", [-HOUR, +HOUR])
def test_a_wall_clock_that_moves_is_one_cycle_and_a_new_schedule(seconds: int, caplog: pytest.LogCaptureFixture) -> None:
    """T3, T4, J2: sleeping and waking looks the same, for the monotonic clock stands still meanwhile."""
    clock, cycles = MovingClock(), Cycles()
    with running(cycles, clock=clock) as runner:
        until(lambda: len(cycles.times) == 1)
        clock.wall_off = 1.0
        runner.beat()
        time.sleep(0.05)
        assert len(cycles.times) == 1, "a second is no jump"
        clock.wall_off = 1.0 + seconds
        runner.beat()
        runner.beat()
        until(lambda: len(cycles.times) == 2)
        time.sleep(0.1)
        assert len(cycles.times) == 2
    assert [message for message in caplog.messages if "the clock moved" in message] == [
        f"the clock moved by {seconds:+d} s: the schedule starts anew"
    ]


def test_another_schedule_holds_at_once() -> None:
    ring: list[str] = []
    alarm = Alarm(SELDOM, ring.append)
    alarm.start()
    alarm.start(Schedule(every=0.1))
    until(lambda: len(ring) >= 3, 1.0)
    alarm.stop()


def test_another_deadline_holds_from_then_on() -> None:
    """J5."""
    clock, hung, cycles = MovingClock(), threading.Event(), Cycles(held(threading.Event()))
    with running(cycles, clock=clock, grace=0.5, on_hung=hung.set) as runner:
        until(lambda: len(cycles.times) == 1)
        runner.allow(10.0)
        for moved in (11.0, 12.0):
            clock.tick_off = clock.wall_off = moved
            runner.beat()
    assert hung.is_set()


def test_health_is_well_only_when_something_is_published_and_the_supervisor_is_awake() -> None:
    clock, go = MovingClock(), threading.Event()
    with running(Cycles(held(go)), clock=clock) as runner:
        ok, facts = runner.health()
        assert (ok, facts["status"], facts["reasons"]) == (False, "unwell", ["nothing is published yet"])
        go.set()
        until(lambda: runner.health()[0])
        assert (runner.health()[1]["status"], runner.health()[1]["last_summary"]) == ("ok", "done")
        runner.note("watch", "input is not watched")
        assert runner.health()[0]
        assert runner.health()[1]["reasons"] == ["watch: input is not watched"]
        runner.note("watch", None)
        assert runner.health()[1]["status"] == "ok"
        clock.tick_off = STALE + 1
        assert not runner.health()[0]
        runner.beat()
        assert runner.health()[0]


def test_stopping_abandons_the_cycle_and_says_when_it_cannot() -> None:
    """J6."""

    def patient(stop: Callable[[], None]) -> Done:
        while True:
            stop()
            time.sleep(0.01)

    runner = wired(Cycles(patient))
    runner.start()
    until(lambda: runner.health()[1]["cycles"])
    assert runner.stop(2.0)
    assert runner.health()[1]["failures"] == 0

    release = threading.Event()
    runner = wired(Cycles(held(release)))
    runner.start()
    until(lambda: runner.health()[1]["cycles"])
    assert not runner.stop(0.05)
    release.set()


# --- hints ----------------------------------------------------------------------------------------------------------


@dataclass
class Hints:
    """What a watcher said."""

    count: int = 0
    notes: list[str | None] = field(default_factory=list)

    def hint(self) -> None:
        self.count += 1


@contextmanager
def watching(folder: Path) -> Iterator[Hints]:
    hints = Hints()
    watcher = Watcher(folder, hint=hints.hint, ignored=ignored_name, note=hints.notes.append, retry=RETRY)
    watcher.start()
    try:
        yield hints
    finally:
        watcher.stop()
        watcher._thread.join(3)


def _settled(hints: Hints) -> int:
    """The number of hints once the watch stands."""
    until(lambda: hints.count)
    time.sleep(Watcher.REST + 0.05)
    return hints.count


def test_a_new_file_is_a_hint_at_once_and_an_editors_leftover_is_none(tmp_path: Path) -> None:
    """I5."""
    (tmp_path / "sub").mkdir()
    with watching(tmp_path) as hints:
        before = _settled(hints)
        (tmp_path / "sub" / ".article.md.swp").write_text("x")
        (tmp_path / "article.md~").write_text("x")
        time.sleep(0.4)
        assert hints.count == before
        began = time.monotonic()
        (tmp_path / "sub" / "article.md").write_text("x")
        until(lambda: hints.count > before)
        assert time.monotonic() - began < 0.4


def test_a_folder_that_was_replaced_is_watched_again(tmp_path: Path) -> None:
    """I26."""
    folder = tmp_path / "input"
    folder.mkdir()
    with watching(folder) as hints:
        _settled(hints)
        folder.rename(tmp_path / "old")
        folder.mkdir()
        time.sleep(2 * RETRY + 0.3)
        before = hints.count
        (folder / "article.md").write_text("x")
        until(lambda: hints.count > before, 0.6)


def test_a_missing_folder_is_said_once_and_watched_when_it_comes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """I7, I26."""
    folder = tmp_path / "input"
    with watching(folder) as hints:
        until(lambda: hints.notes)
        time.sleep(RETRY + 0.1)
        folder.mkdir()
        until(lambda: hints.notes[-1] is None)
        until(lambda: hints.count)
    assert len(hints.notes) == 2
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


def test_a_watcher_that_was_stopped_says_nothing_more(tmp_path: Path) -> None:
    """J8: its thread may be in the middle of finding out; by then another one speaks for the folder."""
    hints = Hints()
    watcher = Watcher(tmp_path, hint=hints.hint, ignored=ignored_name, note=hints.notes.append)
    watcher.stop()
    watcher._say("it is not watched")
    assert hints.notes == []


def test_without_inotify_watches_left_the_schedule_goes_on(tmp_path: Path) -> None:
    """I25: said once, never fatal."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-Ur", "sh", "-c", "echo 0 > /proc/sys/user/max_inotify_watches"], capture_output=True).returncode:
        pytest.skip("no user namespace to take the inotify watches away in")
    program = f"""
        import pathlib, time
        from feeder.host import Watcher
        Watcher(pathlib.Path({str(tmp_path)!r}), hint=lambda: print("hint"), ignored=lambda name: False, note=print).start()
        time.sleep(0.5)
    """
    shell = 'echo 0 > /proc/sys/user/max_inotify_watches; exec "$@"'
    command = [unshare, "-Ur", "sh", "-c", shell, "sh", sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, env=_environ())
    assert done.stdout.count("is not watched, only looked at on schedule") == 1
    assert "hint" not in done.stdout


# --- logs -----------------------------------------------------------------------------------------------------------


def test_a_name_cannot_feign_a_log_line_or_move_the_cursor() -> None:
    """I20."""
    try:
        raise ValueError("evil\x1b[2Jname\r")
    except ValueError:
        record = logging.LogRecord("feeder", logging.ERROR, __file__, 1, "cannot read %s", ("a\nERROR all is lost\x1b[2J",), sys.exc_info())
    first, *trace = Lines().format(record).split("\n")
    assert first.endswith(r"ERROR cannot read a\nERROR all is lost\x1b[2J")
    assert trace[-1] == r"  ValueError: evil\x1b[2Jname\r"


# --- real processes -------------------------------------------------------------------------------------------------

CHILD = """
import logging, os, signal, sys, threading, time
from feeder.clock import Clock
from feeder.host import Signals
from feeder.service import Alarm, Schedule
from feeder.supervisor import Runner

class Done:
    waiting = due = None
    summary = "done"

def work(stop):
    with open(os.environ["LOG"], "a") as log:
        log.write(f"{time.monotonic()} {os.getpid()}\\n")
    if os.environ.get("BUSY"):
        while True:
            time.sleep(0.01)
            stop()
    if os.environ.get("HANG"):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    return Done

schedule = Schedule(every=0.2, deadline=float(os.environ.get("DEADLINE", "60")))
alarm = Alarm(schedule, lambda reason: runner.request(reason))
with Signals() as signals:
    runner = Runner(work, alarm, deadline=schedule.deadline, on_hung=signals.restart, clock=Clock(), grace=0.2)
    runner.start()
    while not (arrived := signals.wait(0.05)) - {signal.SIGHUP} and not (arrived and signals.hung_up()):
        runner.beat()
    if os.environ.get("LINGER"):
        time.sleep(5)
    stopped = runner.stop(0.5)
    time.sleep(float(os.environ.get("AFTER", "0")))
sys.exit(0 if stopped else 7)
"""


def _environ(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **more}


class Child:
    """A process with a runner in it, and the times of its cycles."""

    def __init__(self, folder: Path, environ: dict[str, str], **options: object) -> None:
        self.log = folder / "log"
        self.log.touch()
        options = {"env": _environ(LOG=str(self.log), **environ), "stderr": subprocess.PIPE, "text": True} | options
        self.process: subprocess.Popen[str] = subprocess.Popen([sys.executable, "-c", CHILD], **options)  # type: ignore[call-overload]

    def cycles(self) -> list[tuple[float, int]]:
        return [(float(line.split()[0]), int(line.split()[1])) for line in self.log.read_text().splitlines()]

    def count(self) -> int:
        return len(self.cycles())


@contextmanager
def child(folder: Path, options: Mapping[str, object] | None = None, /, **environ: str) -> Iterator[Child]:
    started = Child(folder, environ, **(options or {}))
    try:
        until(started.count, 15)
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


@pytest.mark.parametrize("seconds", [-HOUR, +HOUR, 50 * 365 * 24 * HOUR], ids=["hour back", "hour on", "fifty years on"])
def test_the_schedule_goes_on_when_the_clock_is_set(tmp_path: Path, seconds: int) -> None:
    """T3, T4: no hour of silence, no backlog."""
    shift = Shift(tmp_path)
    with child(tmp_path, **shift.environ) as started:
        until(lambda: started.count() >= 3)
        shift.set(seconds)
        before, began = started.count(), time.monotonic()
        time.sleep(1.2)
        times = [when for when, _ in started.cycles()[before:] if when <= began + 1.2]
        assert 4 <= len(times) <= 10, times
        gaps = [after - before for before, after in zip([began, *times], times, strict=False)]
        assert max(gaps) < 0.6
        assert started.process.poll() is None


def test_a_hung_cycle_makes_the_process_start_anew_in_place(tmp_path: Path) -> None:
    """J5: with the same process number, for whoever watches it from outside."""
    with child(tmp_path, HANG="1", DEADLINE="0.2") as started:
        until(lambda: started.count() >= 2, 15)
        assert {pid for _, pid in started.cycles()} == {started.process.pid}


def test_a_hangup_is_never_lost_on_a_process_that_starts_anew(tmp_path: Path) -> None:
    """J5, J8: in the half second between the two it would end it."""
    with child(tmp_path, HANG="1", DEADLINE="0.2") as started:
        end = time.monotonic() + 15
        while started.count() < 3 and time.monotonic() < end and started.process.poll() is None:
            started.process.send_signal(signal.SIGHUP)
            time.sleep(0.002)
        assert started.process.poll() is None
        assert started.count() >= 3


@pytest.mark.parametrize("hang", ["", "1"], ids=["from the start", "when it starts anew"])
@pytest.mark.parametrize("nohup", [False, True], ids=["plain", "nohup"])
def test_the_end_of_its_terminal_ends_a_process_unless_it_was_told_not_to_care(tmp_path: Path, nohup: bool, hang: str) -> None:
    """J8: nohup means that SIGHUP is ignored at the start."""
    keyboard, terminal = pty.openpty()

    def sit_down() -> None:
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if nohup else signal.SIG_DFL)

    with child(tmp_path, {"start_new_session": True, "preexec_fn": sit_down, "pass_fds": [terminal]}, HANG=hang, DEADLINE="0.2") as started:
        os.close(terminal)
        until(lambda: started.count() >= 2, 15)
        os.close(keyboard)
        if nohup:
            before = started.count()
            until(lambda: started.count() >= before + 2, 15)
            assert started.process.poll() is None
        else:
            assert started.process.wait(10) == (7 if hang else 0)


def test_sigterm_in_mid_cycle_ends_the_process_with_0(tmp_path: Path) -> None:
    """J6."""
    with child(tmp_path, BUSY="1") as started:
        began = time.monotonic()
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(10) == 0
        assert time.monotonic() - began < 5


def test_a_storm_of_sigterm_changes_nothing(tmp_path: Path) -> None:
    """J11: not even while the interpreter takes itself apart."""
    with child(tmp_path, AFTER="0.2") as started:
        while started.process.poll() is None:
            started.process.send_signal(signal.SIGTERM)
            time.sleep(0.001)
        assert started.process.returncode == 0


def test_a_second_interrupt_ends_the_process_at_once_with_130(tmp_path: Path) -> None:
    """J11."""
    with child(tmp_path, LINGER="1") as started:
        began = time.monotonic()
        started.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(10) == 130
        assert time.monotonic() - began < 2


# --- the whole service ----------------------------------------------------------------------------------------------

SERVICE = """
import os, sys
from feeder import config, service
from feeder.errors import FeederError
try:
    load = lambda: config.load(None, {"FEEDER_SERVE__PORT": "0"})
    code = service.run([load], service.Options(watch="WATCH" in os.environ), say=lambda line: print(line, flush=True))
except FeederError as error:
    print(error, file=sys.stderr)
    code = error.exit_code
sys.exit(code)
"""
ARTICLE = "A day at the river\n\nThe river was high after the rain, and nobody had expected the ducks.\n"


class Site:
    """A folder with a service at work in it."""

    def __init__(self, root: Path, *, toml: str = "", **environ: str) -> None:
        self.root = root
        (root / "input").mkdir()
        self.configure(toml)
        self._environ = environ

    def configure(self, toml: str) -> None:
        (self.root / "feeder.toml").write_text(toml)

    def start(self, **options: object) -> subprocess.Popen[str]:
        with (self.root / "log").open("a") as log:
            options = {"stdout": subprocess.PIPE, "stderr": log, "text": True} | options
            return subprocess.Popen([sys.executable, "-c", SERVICE], cwd=self.root, env=_environ(**self._environ), **options)  # type: ignore[call-overload, no-any-return]

    @contextmanager
    def running(self, **options: object) -> Iterator[subprocess.Popen[str]]:
        process = self.start(**options)
        try:
            until(lambda: self.published() or process.poll() is not None, 20)
            yield process
        finally:
            process.kill()
            process.communicate()

    def published(self) -> str:
        feed = self.root / "output" / "feed.xml"
        return feed.read_text() if feed.exists() else ""

    def log(self) -> str:
        return (self.root / "log").read_text()


def _stops_well(process: subprocess.Popen[str]) -> bool:
    process.send_signal(signal.SIGTERM)
    return process.wait(10) == 0


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def _get(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except urllib.error.HTTPError as refused:
        with refused:
            return str(refused.read(), "utf-8")


def test_a_new_article_is_in_the_served_feed_long_before_the_next_tick(tmp_path: Path) -> None:
    site = Site(tmp_path, WATCH="1")
    with site.running() as process:
        assert process.stdout
        greeting = [process.stdout.readline() for _ in range(4)]
        assert greeting[0] == "Publishing input/ to output/ when a file changes, and every 5m.\n"
        address = greeting[2].removeprefix("  feed  ").strip()
        (tmp_path / "input" / "river.md").write_text(ARTICLE)
        until(lambda: "A day at the river" in _get(address), 20)
        until(lambda: '"status": "ok"' in _get(address.replace("feed.xml", "health")))
        assert _stops_well(process)
    assert "Traceback" not in site.log()


def test_without_watching_a_new_article_is_out_at_a_tick(tmp_path: Path) -> None:
    """I6: polling alone is correct."""
    site = Site(tmp_path, toml='[schedule]\nevery = "300ms"\n[input]\nsettle = "200ms"\n')
    with site.running() as process:
        (tmp_path / "input" / "river.md").write_text(ARTICLE)
        until(lambda: "A day at the river" in site.published(), 20)
        assert _stops_well(process)


def test_removals_that_are_held_are_logged_once_each_time_with_what_to_do(tmp_path: Path) -> None:
    """A folder that is suddenly empty is a mistake, and nobody reads the status of a service that seems well."""
    site = Site(tmp_path, toml='[schedule]\nevery = "200ms"\n[input]\nsettle = "100ms"\n')
    files = {tmp_path / "input" / f"{number}.txt": f"Article {number}\n\nThis is the text of number {number}.\n" for number in range(6)}

    def restore() -> None:
        for file, body in files.items():
            file.write_text(body)

    def empty(times: int) -> None:
        for file in files:
            file.unlink()
        until(lambda: site.log().count("(articles: 6): it stays published; put the files back") == times, 20)

    restore()
    with site.running() as process:
        address = [process.stdout.readline() for _ in range(4)][1].removeprefix("  page  ").strip()  # type: ignore[union-attr]
        until(lambda: site.published().count("<entry>") == 6, 20)
        empty(1)
        assert "WARNING" in site.log()
        assert "feeder retry --accept-removals" in site.log()
        until(lambda: "removals: " in _get(address + "health"))
        time.sleep(0.7)
        assert site.log().count("it stays published") == 1
        restore()
        until(lambda: "removals: " not in _get(address + "health"), 20)
        empty(2)
        assert _stops_well(process)


def test_a_reload_takes_up_a_good_configuration_and_keeps_the_old_one_for_a_bad_one(tmp_path: Path) -> None:
    """J8."""
    site = Site(tmp_path, toml='[feed]\ntitle = "Before"\n')
    with site.running() as process:
        assert process.stdout
        address = [process.stdout.readline() for _ in range(4)][1].removeprefix("  page  ").strip()
        site.configure('[feed]\ntitel = "Typo"\nentries = 1\n')
        process.send_signal(signal.SIGHUP)
        until(lambda: "the configuration stays as it was" in site.log())
        assert "feeder.toml:2:1" in site.log()
        assert "feeder.toml:3:" in site.log()
        until(lambda: '"status": "degraded"' in _get(address + "health"))
        assert "config: what was to be read again is wrong" in _get(address + "health")
        assert "feeder.toml" not in _get(address + "health"), "it is for everybody"
        site.configure('[feed]\ntitle = "After"\n[schedule]\nevery = "1h"\n[output]\nfolder = "elsewhere"\n')
        process.send_signal(signal.SIGHUP)
        until(lambda: "After" in site.published(), 20)
        assert "wait for the next start" in site.log()
        assert not (tmp_path / "elsewhere").exists()
        until(lambda: '"status": "ok"' in _get(address + "health"))
        assert _stops_well(process)


@pytest.mark.parametrize(
    ("toml", "warned"),
    [
        ("", False),
        ('[serve]\nhost = "localhost"\n', False),
        ('[serve]\nhost = "0.0.0.0"\n', True),
        ('[serve]\nhost = "0.0.0.0"\n[feed]\nbase_url = "https://example.org/"\n', False),
    ],
)
def test_a_start_says_when_the_links_in_the_feed_are_of_this_machine_alone(tmp_path: Path, toml: str, warned: bool) -> None:
    site = Site(tmp_path, toml=toml)
    greeting = _greeting([config.load(site.root / "feeder.toml", {})], Options()).splitlines()
    assert ("Readers elsewhere cannot open the links in the feed: set base_url in [feed]." in greeting) == warned


def test_health_counts_problems_whatever_has_them(tmp_path: Path) -> None:
    """I7: a missing input folder is no file."""
    site = Site(tmp_path)
    (tmp_path / "input").rmdir()
    with at_work(site) as service:
        service.start(service._config)
        until(lambda: "articles: 1 problem; see `feeder status`" in str(service.runner.health()[1]["reasons"]))


ADDRESSES: dict[Service, str] = {}


@contextmanager
def at_work(site: Site) -> Iterator[Service]:
    """The service of a site in this process, served but not started yet."""

    def load() -> config.Config:
        return config.load(site.root / "feeder.toml", {})

    with compose.publishing(load()) as parts:
        service = Service(load(), parts, load, watch=True, accept_removals=False, on_hung=lambda: None, clock=Clock())
        server = Server(service.app(), host="127.0.0.1", port=0)
        server.start()
        ADDRESSES[service] = f"http://127.0.0.1:{server.address[1]}/"
        try:
            yield service
        finally:
            if service.runner._worker.is_alive():
                service.stop()
            server.stop(0.2)


def test_a_withdrawn_page_is_gone_from_the_first_second_of_a_restart(tmp_path: Path) -> None:
    """rule 47: whether or not a cycle succeeds."""
    site = Site(tmp_path, toml='[schedule]\nevery = "100ms"\n[input]\nsettle = "100ms"\n')
    for name in ("river", "lake", "sea"):
        (tmp_path / "input" / f"{name}.txt").write_text(f"A day at the {name}\n\nThe {name} was high after the rain.\n")
    with site.running() as process:
        until(lambda: site.published().count("<entry>") == 3, 20)
        (tmp_path / "input" / "river.txt").unlink()
        until(lambda: site.published().count("<entry>") == 2, 20)
        assert _stops_well(process)
    with at_work(site) as service:
        assert _status(ADDRESSES[service] + "articles/river.html") == 410
        assert _status(ADDRESSES[service] + "articles/sea.html") == 200


def test_a_reload_leaves_nothing_of_the_old_watcher_and_the_old_schedule(tmp_path: Path) -> None:
    """J8, rule 45: neither a note in health nor a max-age."""
    site = Site(tmp_path, toml='[input]\nfolder = "nowhere"\n[schedule]\nevery = "2m"\n')
    (tmp_path / "input" / "river.txt").write_text(ARTICLE)
    with at_work(site) as service:
        service.start(service._config)
        until(lambda: "watch: " in str(service.runner.health()[1]["reasons"]))
        site.configure('[schedule]\nevery = "1h"\n[input]\nsettle = "100ms"\n')
        service.reload()
        until(lambda: "A day at the river" in site.published(), 20)
        assert "watch: " not in str(service.runner.health()[1]["reasons"])
        until(lambda: _status(ADDRESSES[service] + "feed.xml") == 200)
        with urllib.request.urlopen(ADDRESSES[service] + "feed.xml", timeout=5) as answer:
            assert answer.headers["cache-control"] == "max-age=3600"


SERVE = """
import sys
from feeder import config, service
sys.exit(service.serve([lambda: config.load(None, {"FEEDER_SERVE__PORT": "0"})], say=lambda line: print(line, flush=True)))
"""


def test_who_only_serves_goes_on_with_what_there_is_while_the_ledger_cannot_be_read(tmp_path: Path) -> None:
    """And says so once."""
    site = Site(tmp_path, toml='[input]\nsettle = "100ms"\n')
    (tmp_path / "input" / "river.txt").write_text(ARTICLE)
    with site.running() as process:
        until(lambda: "A day at the river" in site.published(), 20)
        assert _stops_well(process)
    output, ledger = tmp_path / "output", tmp_path / ".feeder" / "ledger.db"
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen([sys.executable, "-c", SERVE], cwd=tmp_path, env=_environ(), stdout=subprocess.PIPE, stderr=log, text=True) as serving,
    ):
        try:
            assert serving.stdout
            address = [serving.stdout.readline() for _ in range(2)][1].removeprefix("  page  ").strip()
            until(lambda: _status(address + "feed.xml") == 200, 10)
            whole = ledger.read_bytes()
            ledger.write_bytes(b"no database " * 1000)
            (output / "new.html").write_text("new")
            until(lambda: "is served meanwhile" in site.log())
            time.sleep(1.2)
            assert site.log().count("is served meanwhile") == 1
            assert (_status(address + "feed.xml"), _status(address + "new.html")) == (200, 404)
            ledger.write_bytes(whole)
            until(lambda: _status(address + "new.html") == 200)
            assert _stops_well(serving)
        finally:
            serving.kill()


def test_a_second_service_in_the_same_place_ends_with_75_and_names_the_first(tmp_path: Path) -> None:
    """S6."""
    site = Site(tmp_path)
    with site.running() as process:
        second = site.start(stderr=subprocess.PIPE)
        _, message = second.communicate(timeout=20)
        assert second.returncode == 75
        assert f"process {process.pid} " in message
        assert _stops_well(process)


@pytest.mark.parametrize("closed", [False, True], ids=["a reader that left and a full disk", "nothing to write to at all"])
def test_output_that_cannot_be_written_stops_nothing(tmp_path: Path, closed: bool) -> None:
    """J10: not the service, nor its good end."""
    site = Site(tmp_path, toml='[schedule]\nevery = "200ms"\n[input]\nsettle = "100ms"\n')
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody, Path("/dev/full").open("w") as full:
        nowhere = {"stdout": None, "stderr": None, "preexec_fn": lambda: os.closerange(0, 3)}
        with site.running(**nowhere if closed else {"stdout": nobody, "stderr": full}) as process:
            (tmp_path / "input" / "river.md").write_text(ARTICLE)
            until(lambda: "A day at the river" in site.published(), 20)
            assert _stops_well(process)
