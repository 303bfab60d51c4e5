"""The desk of /metrics: what the process, its server and its feeds have to measure, for their owner. Counts nothing itself."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from feeder import __version__
from feeder.clock import Clock
from feeder.config import Config
from feeder.desk import Asked, Desk, Later, Told
from feeder.errors import LedgerError
from feeder.ledger import Ledger
from feeder.metrics import MEDIA, Sample, exposition
from feeder.service._state import Observed, state
from feeder.service._status import guarded, owner_of
from feeder.supervisor import BOUNDS, Figures

__all__ = ["Measured", "desk", "troubles"]

STATES = ("live", "kept", "draft", "expired", "withdrawn")
TROUBLES = ("articles", "config", "cycle", "heartbeat", "hung", "plugins", "published", "removals", "summaries", "supervisor", "templates", "watch")
STATM = Path("/proc/self/statm")


class Measured(Observed, Protocol):
    """One feed with what it counts; service.Service is one."""

    @property
    def config(self) -> Config:
        """Its configuration as it is now."""

    @property
    def watching(self) -> bool:
        """Whether changed files wake it."""

    @property
    def written(self) -> tuple[int, int]:
        """Documents written since the process began, and their bytes."""

    @property
    def served(self) -> tuple[int, int]:
        """Documents that are served, and their bytes."""


def desk(feeds: Sequence[Measured], answers: Callable[[], Mapping[str, int]], clock: Clock) -> Desk:
    """What answers at /metrics, to whom the guard admits. `answers` counts those of the server by class."""
    began = clock.wall()

    def measured() -> Told:
        samples = [*_process(began), *(Sample("feeder_http_requests_total", count, {"class": kind}) for kind, count in answers().items())]
        for feed in feeds:
            samples += [*_feed(feed), *_ledger(feed, clock)]
        return Told(200, MEDIA, exposition(samples))

    def asked(_: Asked) -> Later:
        return measured  # the ledgers are read: not in the thread that answers everybody

    return guarded(asked, owner_of(feeds))


def _process(began: float) -> Iterator[Sample]:
    yield Sample("feeder_build_info", 1, {"version": __version__, "python": platform.python_version()})
    yield Sample("process_start_time_seconds", round(began, 3), {})
    used = os.times()
    yield Sample("process_cpu_seconds_total", round(used.user + used.system, 3), {})
    with suppress(OSError, ValueError, IndexError):
        yield Sample("process_resident_memory_bytes", int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"), {})
    with suppress(OSError):
        yield Sample("process_open_fds", sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1, {})  # one is the listing's own


def _feed(feed: Measured) -> Iterator[Sample]:
    of, known = {"feed": feed.name}, state(feed)
    yield Sample("feeder_live", bool(known["live"]), of)
    yield Sample("feeder_ready", bool(known["ready"]), of)
    yield from troubles(feed)
    yield Sample("feeder_watching", feed.watching, of)
    for name, (number, size) in (("feeder_documents", feed.served), ("feeder_documents_written", feed.written)):
        total = "_total" if name.endswith("written") else ""
        yield from (Sample(f"{name}{total}", number, of), Sample(f"{name}_bytes{total}", size, of))
    yield from _cycles(feed.figures(), of)
    if following := known["next_run"]:
        yield Sample("feeder_next_run_timestamp_seconds", datetime.fromisoformat(str(following)).timestamp(), of)


def troubles(feed: Measured) -> Iterator[Sample]:
    """Each thing that may be not as it should be, and whether it is. What is no thing of ours is a hub, whose name is not told."""
    of, found = {"feed": feed.name}, feed.troubles()
    for about in TROUBLES:
        yield Sample("feeder_trouble", about in found, {**of, "about": about})
    yield Sample("feeder_trouble", any(about not in TROUBLES for about in found), {**of, "about": "pings"})


def _cycles(figures: Figures, of: Mapping[str, str]) -> Iterator[Sample]:
    yield Sample("feeder_cycles_total", figures.cycles, of)
    for reason, count in figures.failures.items():
        yield Sample("feeder_cycle_failures_total", count, {**of, "reason": reason})
    below = 0
    for bound, count in zip((*BOUNDS, "+Inf"), figures.lasted, strict=True):
        below += count
        yield Sample("feeder_cycle_seconds", below, {**of, "le": str(bound)}, "_bucket")
    yield Sample("feeder_cycle_seconds", figures.seconds, of, "_sum")
    yield Sample("feeder_cycle_seconds", below, of, "_count")
    if figures.last is not None:
        yield Sample("feeder_cycle_last_seconds", figures.last, of)
    if figures.success is not None:
        yield Sample("feeder_last_success_timestamp_seconds", round(figures.success, 3), of)


def _ledger(feed: Measured, clock: Clock) -> Iterator[Sample]:
    """What only the ledger knows; nothing where it cannot be read, for the rest is then needed most."""
    with suppress(LedgerError):
        if (ledger := Ledger.look(feed.config.state)) is not None:
            with closing(ledger):
                yield from _recorded(ledger, {"feed": feed.name}, clock)


def _recorded(ledger: Ledger, of: Mapping[str, str], clock: Clock) -> Iterator[Sample]:
    standing = ledger.standing(0)
    for kind in STATES:
        yield Sample("feeder_entries", standing.counts.get(kind, 0), {**of, "state": kind})
    yield Sample("feeder_entries_waiting", standing.waiting, of)
    yield Sample("feeder_entries_held", len(json.loads(ledger.get("held") or "[]")), of)
    yield Sample("feeder_files_quarantined", standing.troubled, of)
    waiting, failures = Counter[str](), Counter[str]()
    for hub in ledger.pings.hubs():  # of two with one host it is not shown which is which: a token may be in their paths
        waiting[hub.shown] += hub.waiting
        failures[hub.shown] = max(failures[hub.shown], hub.failures)
    yield from (Sample("feeder_hub_pings_waiting", number, {**of, "hub": hub}) for hub, number in waiting.items())
    yield from (Sample("feeder_hub_failures", number, {**of, "hub": hub}) for hub, number in failures.items())
    if contact := ledger.answers.contact():
        spent = ledger.answers.spent(clock.now())
        yield Sample("feeder_llm_calls_today", spent.calls, of)
        yield Sample("feeder_llm_calls_per_day", contact.calls_per_day, of)
        yield Sample("feeder_llm_tokens_today", spent.tokens, of)
        yield Sample("feeder_llm_tokens_per_day", contact.tokens_per_day, of)
        yield Sample("feeder_llm_summaries_waiting", ledger.answers.waiting(), of)
