"""When to look: APScheduler's only room. It rings and does nothing else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

__all__ = ["Alarm", "Schedule"]

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

    def __init__(self, schedule: Schedule, ring: Callable[[str], None], *, log: logging.Logger = _log) -> None:
        self._log = log
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
        scheduler.add_listener(self._misfire, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
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

    def _misfire(self, event: object) -> None:
        self._log.error("the scheduler did not ring: %r", event)
