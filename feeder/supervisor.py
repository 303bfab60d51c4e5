"""Runs cycles one at a time and looks after them: a clock that moves, a scheduler that dies, a cycle that hangs. It knows no schedule itself.

The supervisor trusts the monotonic clock alone, and polls where others wait: each of these faults is noticed within seconds
(FAULTS T3, T4, J2, J4, J5).
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from feeder.clock import Clock
from feeder.errors import Abandoned, FeederError, LedgerError, PublishError
from feeder.standing import Remark, Service

__all__ = ["BOUNDS", "GRACE", "Bell", "Figures", "Outcome", "Pace", "Runner", "Work"]

JUMP = 2.0  # seconds the wall clock may drift from the monotonic one between two beats before it counts as moved
LATE = 5.0  # seconds the scheduler may be behind its own plan before it counts as dead
STALE = 15.0  # seconds without a beat after which health says so
GRACE = 5.0  # seconds a cycle has to stop once it was asked to
LONGEST = 300  # seconds between two attempts at most, when cycles keep failing; 1, 2, 4 ... before
BOUNDS = (0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0)  # seconds by which the lengths of cycles are counted
OWN = ("published", "supervisor", "hung", "cycle")  # what the runner's own troubles are about
REASONS = {
    Abandoned: "abandoned",
    LedgerError: "ledger",
    PublishError: "output",
    FeederError: "other",
}  # why a cycle fails; else it is a fault of ours

_log = logging.getLogger("feeder")


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


class Bell(Protocol):
    """What asks for cycles on schedule; service.Alarm is one."""

    def start(self) -> None:
        """Start, or start anew with nothing kept but the moment."""

    def stop(self) -> None:
        """Stop ringing."""

    def at(self, moment: datetime | None) -> None:
        """Ring once at this moment too; None: not at all."""

    def next(self) -> datetime | None:
        """Return the earliest time it will ring."""

    def late(self, wall: float) -> float:
        """Return the seconds by which a time has passed without a ring."""


Work = Callable[[Callable[[], None]], Outcome]


@dataclass(frozen=True, slots=True)
class Pace:
    """How it goes at this moment, for whoever would have to step in.

    `over`: a cycle has ended, well or not, since the process began. `ready`: there is something to serve. `moving`: a cycle is on
    its way and took a step lately. `late`: it is past its deadline, for so many seconds it has not stopped. `silent`: seconds since the last beat.
    """

    over: bool
    ready: bool
    moving: bool
    late: float | None
    silent: float

    @property
    def asleep(self) -> bool:
        """Whether nobody looks after the service."""
        return self.silent > STALE

    @property
    def live(self) -> bool:
        """Whether what matters makes progress."""
        return self.late is None and not self.asleep


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is to count of the cycles since the process began.

    `cycles` have begun, `failures` are counted by reason, the last was for `reason`; `seconds` is what those that ended took in all, and
    `last` the last one;
    `lasted` counts them by BOUNDS and what is longer. `success` is when the last good one ended (seconds since the epoch).
    """

    cycles: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    last: float | None = None
    lasted: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    success: float | None = None
    reason: str = ""


@dataclass(slots=True)
class _Cycle:
    """A cycle on its way: when it began, took its last step, and was asked to stop (monotonic seconds)."""

    tick: Callable[[], float]
    began: float
    moved: float
    stop: threading.Event = field(default_factory=threading.Event)
    asked: float | None = None

    def check(self) -> None:
        self.moved = self.tick()
        if self.stop.is_set():
            raise Abandoned("the cycle was asked to stop before it was done; the next one takes it up again")


class Runner:
    """Runs cycles one at a time in a thread of its own, when asked and on schedule, and supervises them.

    `work` is one cycle; it calls what it is given between its steps, which raises Abandoned when it has to end. `bell` asks for
    cycles by calling `request`. `on_hung` is called from `beat` when a cycle neither ends nor heeds that. `deadline` and `grace`
    are seconds. `loaded` says that something published earlier is being served already.
    """

    def __init__(
        self,
        work: Work,
        bell: Bell,
        *,
        deadline: float,
        on_hung: Callable[[], None],
        clock: Clock,
        grace: float = GRACE,
        loaded: bool = False,
        log: logging.Logger = _log,
    ) -> None:
        self._log = log
        self._work = work
        self._bell = bell
        self._deadline = deadline
        self._on_hung = on_hung
        self._clock = clock
        self._grace = grace
        self._asked = threading.Condition()
        self._reasons: dict[str, None] = {}
        self._closing = False
        self._cycle: _Cycle | None = None
        self._worker = self._thread()
        self._drift = clock.wall() - clock.tick()
        self._beat = clock.tick()
        self._ready = loaded
        self._figures = Figures(failures=dict.fromkeys((*REASONS.values(), "fault"), 0))
        self._in_a_row = 0
        self._promised: datetime | None = None
        self._last: tuple[datetime, str] | None = None
        self._error: str | None = None
        self._notes: dict[str, str] = {}
        self._since = clock.now()

    def start(self) -> None:
        """Start the schedule and the first cycle."""
        self._bell.start()
        self._worker.start()
        self.request("start")

    def stop(self, within: float = GRACE - 1) -> bool:
        """Ask the running cycle to end and wait for it; return whether it did, `within` so many seconds."""
        with self._asked:
            self._closing = True
            if self._cycle:
                self._cycle.stop.set()
            self._asked.notify_all()
        self._bell.stop()
        self._worker.join(within)
        return not self._worker.is_alive()

    def request(self, reason: str) -> None:
        """Ask for a cycle: now, or one more right after the one that runs (J1). `reason` is for the log."""
        with self._asked:
            self._reasons[reason] = None
            self._asked.notify_all()

    def allow(self, deadline: float, grace: float | None = None) -> None:
        """Give cycles so many seconds from now on, and so many to stop once they are asked to."""
        self._deadline = deadline
        self._grace = self._grace if grace is None else grace

    def note(self, about: str, problem: str | None) -> None:
        """Remember for health what is not as it should be with some part of the service, or that it is well again."""
        if problem is None:
            self._notes.pop(about, None)
        else:
            self._notes[about] = problem

    def troubles(self) -> Mapping[str, str]:
        """What is not as it should be, by what it is about: OWN of the runner's, the others as they were noted."""
        found, pace = {}, self.pace()
        if not self._ready:
            found["published"] = "nothing is published yet"
        if pace.silent > STALE:
            found["supervisor"] = f"the supervisor has been silent for {pace.silent:.0f} s"
        if pace.late is not None:
            found["hung"] = "a cycle is past its deadline and has not stopped yet"
        found |= dict(sorted(dict(self._notes).items()))
        if self._error:
            found["cycle"] = f"the last cycle failed: {self._error}"
        return found

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return whether this process is alive and has something to serve, and what there is to know about it."""
        silent = self._clock.tick() - self._beat
        reasons = [problem if about in OWN else f"{about}: {problem}" for about, problem in self.troubles().items()]
        ok = self._ready and silent <= STALE
        following = self._bell.next()
        return ok, {
            "status": "unwell" if not ok else "degraded" if reasons else "ok",
            "reasons": reasons,
            "cycles": self._figures.cycles,
            "failures": sum(self._figures.failures.values()),
            "last_cycle": self._last[0].isoformat() if self._last else None,
            "last_summary": self._last[1] if self._last else None,
            "last_error": self._error,
            "next_run": following.isoformat(timespec="seconds") if following else None,
        }

    def pace(self) -> Pace:
        """Return how it goes at this moment."""
        tick, cycle, figures = self._clock.tick(), self._cycle, self._figures
        late = tick - cycle.asked if cycle and cycle.asked is not None else None
        moving = cycle is not None and cycle.asked is None and tick - cycle.moved <= STALE
        return Pace(figures.last is not None, self._ready, moving, late, tick - self._beat)

    def figures(self) -> Figures:
        """Return what there is to count."""
        return self._figures

    def standing(self) -> Service:
        """The same for the owner, with all there is to know; the page's address, and what is settling, are not known here."""
        cycle, last = self._cycle, self._last
        return Service(
            since=self._since,
            ready=self._ready,
            page="",
            cycles=self._figures.cycles,
            failures=sum(self._figures.failures.values()),
            busy=self._clock.tick() - cycle.began if cycle else None,
            last=last[0] if last else None,
            did=last[1] if last else "",
            error=self._error,
            next=self._bell.next(),
            notes=tuple(Remark(about, problem) for about, problem in sorted(dict(self._notes).items())),
        )

    # the supervisor

    def beat(self) -> None:
        """Look after clock, scheduler, worker and the running cycle; to be called each second by a thread that never waits for them."""
        wall, tick = self._clock.wall(), self._clock.tick()
        moved, self._drift, self._beat = wall - tick - self._drift, wall - tick, tick
        if abs(moved) > JUMP:
            self._log.warning("the clock moved by %+.0f s: the schedule starts anew", moved)
            self._bell.start()
            self.request("clock")
        elif self._bell.late(wall) > LATE:
            self._log.error("the scheduler has stopped: it is started anew")
            self._bell.start()
            self.request("scheduler")
        if not self._worker.is_alive():
            self._log.error("the worker thread has ended: another one takes over")
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
                self._log.error("the cycle runs for more than %.0f s: it is asked to stop", self._deadline)
                cycle.asked = tick
                cycle.stop.set()
        elif tick - cycle.asked > self._grace:
            self._log.critical("the cycle hangs and does not stop")
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
                tick = self._clock.tick
                self._cycle = cycle = _Cycle(tick, began := tick(), began)
            try:
                self._once(cycle, reasons)
            finally:
                self._count_one(tick() - began)
                self._cycle = None

    def _once(self, cycle: _Cycle, reasons: str) -> None:
        began = self._clock.now()
        self._log.debug("a cycle begins: %s", reasons)
        self._figures = replace(self._figures, cycles=self._figures.cycles + 1)
        try:
            outcome = self._work(cycle.check)
        except Abandoned as error:
            if not self._closing:
                self._failed(began, str(error), "abandoned")
            self._log.warning("%s", error)
        except FeederError as error:
            reason = next(reason for kind, reason in REASONS.items() if isinstance(error, kind))
            self._failed(began, str(error), reason)
            self._log.error("the cycle failed: %s", error, extra={"facts": {"event": "failed", "reason": reason}})
        except Exception as error:  # noqa: BLE001 - the top of the service: whatever a cycle does, the next one runs (J3)
            self._failed(began, f"{type(error).__name__}: {error}", "fault")
            self._log.exception("the cycle failed")
        else:
            self._ready, self._error, self._in_a_row = True, None, 0
            self._figures = replace(self._figures, success=self._clock.wall())
            self._last = began, outcome.summary or "nothing new"
            if outcome.summary:
                self._log.info("%s", outcome.summary, extra={"facts": {"event": "published", "seconds": round(self._clock.tick() - cycle.began, 3)}})
            self._promised = self._moment(outcome, began)
            self._bell.at(self._promised)

    def _count_one(self, took: float) -> None:
        """Count a cycle that ended."""
        place, known = bisect_left(BOUNDS, took), self._figures
        lasted = (*known.lasted[:place], known.lasted[place] + 1, *known.lasted[place + 1 :])
        self._figures = replace(known, seconds=known.seconds + took, last=took, lasted=lasted)

    def _failed(self, began: datetime, error: str, reason: str) -> None:
        """Remember it and try again soon: nothing else may wake us before the next tick, and the moment that did has passed (O1)."""
        known = self._figures.failures
        self._figures = replace(self._figures, failures={**known, reason: known[reason] + 1}, reason=reason)
        self._error = error
        self._last = began, error
        if self._closing:
            return
        now = datetime.fromtimestamp(self._clock.wall(), UTC)
        again = now + timedelta(seconds=min(2**self._in_a_row, LONGEST))
        self._in_a_row = min(self._in_a_row + 1, LONGEST.bit_length())
        self._bell.at(min(again, self._promised) if self._promised and self._promised > now else again)

    def _moment(self, outcome: Outcome, began: datetime) -> datetime | None:
        moments: list[datetime] = []
        if outcome.waiting is not None:
            # A hair later than promised, lest the file is found unsettled by a hair.
            moments.append(datetime.fromtimestamp(self._clock.wall() + max(outcome.waiting, 0.05) + 0.005, UTC))
        if outcome.due is not None and outcome.due > began:  # what was due when the cycle began, it has seen
            moments.append(outcome.due)
        return min(moments, default=None)
