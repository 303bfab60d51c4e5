"""One feed at work: its parts, its shelf and who wakes it. Knows no signal, no command line, no socket, and no other feed."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from feeder import compose, edition, notify, rescue
from feeder.clock import Clock
from feeder.config import Config
from feeder.errors import FeederError, Problem
from feeder.heartbeat import Heartbeat
from feeder.host import Watcher
from feeder.inbox import ignored_name
from feeder.ledger import Logged
from feeder.notify import Rounds
from feeder.pipeline import Parts, Report, cycle
from feeder.plugins import WITHIN
from feeder.server import App, Desk, app
from feeder.service._alarm import Alarm, Schedule
from feeder.service._state import state
from feeder.service._status import MOST, surveyed
from feeder.shelf import ROOM, Shelf
from feeder.standing import Settling, Standing
from feeder.supervisor import GRACE, Figures, Pace, Runner
from feeder.survey import settings

__all__ = ["Service", "max_age"]

_log = logging.getLogger("feeder")


def _schedule(config: Config) -> Schedule:
    said = config.schedule
    return Schedule(said.every or 0.0, said.cron, said.time_zone, said.deadline)


def max_age(config: Config) -> int:
    """Seconds for which a feed may be kept without asking: as long as nobody looks anyway."""
    return int(config.schedule.every or 300)


def _shelf(config: Config, parts: Parts) -> Shelf:
    """What is served: the folder that is published to, or where there is none, nothing."""
    if not config.foldered:
        return Shelf.of({})
    shelf = Shelf(config.output.folder, max_age=max_age(config), room=ROOM // config.among, others=parts.press.others)
    shelf.load(edition.gone_pages(parts.ledger.known().values()))
    return shelf


def _grace(config: Config) -> float:
    """Seconds in which a cycle that is asked to stop may still do so: a plugin that is at work just then has as long as one call may take."""
    return GRACE + (WITHIN if compose.plugged(config) else 0.0)


class Service:
    """One publisher at work: its parts, its shelf and who wakes it.

    `load` reads the configuration again; with `watch`, files wake it too; `on_hung` is called when a cycle hangs. What the
    first `config` says of [output] holds for good. What it logs goes to `log`, which names the feed where there are several.
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
        log: logging.Logger = _log,
    ) -> None:
        self._shelf = _shelf(config, parts)
        manifest = self._shelf.manifest
        self._log = log
        self._alarm = Alarm(_schedule(config), self._request, log=log)
        loaded, deadline = bool(manifest and manifest.items), config.schedule.deadline
        grace = _grace(config)
        self.runner = Runner(self._cycle, self._alarm, deadline=deadline, on_hung=on_hung, clock=clock, grace=grace, loaded=loaded, log=log)
        self._parts = parts
        self._taking = threading.Lock()
        self._load = load
        self._watch = watch
        self._accept_removals = accept_removals
        self._clock = clock
        self._behind = self._held = False
        self._faults: list[str] = []
        self._written = (0, 0)
        self._failing: tuple[Problem, ...] = ()
        self._first = self._config = config
        self._rounds: Rounds | None = None
        self._out = parts.ledger.pings.last()  # up to this ping what it tells of is served
        self._watcher: Watcher | None = None
        self._heartbeat: Heartbeat | None = None
        self._settling: tuple[float, Mapping[str, float]] = (0.0, {})

    @property
    def name(self) -> str:
        """What it is called among others."""
        return self._config.name

    @property
    def watching(self) -> bool:
        """Whether changed files wake it."""
        return self._watcher is not None and "watch" not in self.runner.troubles()

    @property
    def written(self) -> tuple[int, int]:
        """Documents written since the process began, and their bytes."""
        return self._written

    @property
    def served(self) -> tuple[int, int]:
        """Documents that are served, and their bytes."""
        items = manifest.items.values() if (manifest := self._shelf.manifest) else ()
        return len(items), sum(item.size for item in items)

    @property
    def config(self) -> Config:
        """The configuration as it is now."""
        return self._config

    def app(self, desks: Mapping[str, Desk] | None = None) -> App:
        """What answers for this feed, at the root of wherever it is put."""
        return app(self._shelf, health=self.health, links=self._link, desks=desks or {}, base=self._config.base)

    def start(self, config: Config) -> None:
        """Start the first cycle, the schedule and the watcher. `config` is the first one in its place: with the port that is really used."""
        self._take(config)
        self.runner.start()

    def stop(self) -> bool:
        """Stop everything within 5 s; return whether the running cycle could be stopped too."""
        if self._watcher:
            self._watcher.stop()
        if self._heartbeat:
            self._heartbeat.stop()
        stopped = self.runner.stop(3.0)
        if self._rounds:
            self._rounds.stop(0.5)
        return stopped

    def beat(self) -> None:
        """Look after everything that runs; to be called each second."""
        self.runner.beat()
        if self._rounds:
            self._rounds.beat()

    def reload(self) -> None:
        """Take up the configuration as it is now, from the next cycle on. One that is wrong is told and changes nothing (J8)."""
        try:
            config = self._load()
        except FeederError as error:
            self.refuse(error)
        else:
            self.renew(config)

    def refuse(self, error: FeederError) -> None:
        """Stay as it was, because the configuration is wrong, and say so."""
        for problem in (*str(error).splitlines(), "the configuration stays as it was"):
            self._log.error("%s", problem)
        self.runner.note("config", f"{error}; it stays as it was")

    def renew(self, config: Config) -> None:
        """Take up a configuration, as far as it can be."""
        try:
            self._take(config.model_copy(update={"output": self._kept(config), "serve": self._config.serve}))
        except FeederError as error:
            self.refuse(error)
            return
        if config.output != self._kept(config) or config.serve not in (self._first.serve, self._config.serve):
            self._log.warning("[output] and [serve] have changed: they wait for the next start, locks and sockets cannot move")
        self._log.info("the configuration was read again")
        self.runner.note("config", None)
        self._alarm.start(_schedule(config))
        self.runner.allow(config.schedule.deadline, _grace(config))
        self.runner.request("configuration")

    def _kept(self, config: Config) -> object:
        """The output of a configuration that is read again: where it is published stays, with what else may change."""
        first = self._first.output
        return config.output.model_copy(update={"folder": first.folder, "publisher": first.publisher})

    def _request(self, reason: str) -> None:
        self.runner.request(reason)

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """What anybody may know of it."""
        known = state(self)
        return bool(known["ready"]), known

    def pace(self) -> Pace:
        """How it goes at this moment."""
        return self.runner.pace()

    def figures(self) -> Figures:
        """What there is to count of its cycles."""
        return self.runner.figures()

    def troubles(self) -> Mapping[str, str]:
        """What is not as it should be, by what it is about."""
        return self.runner.troubles()

    def times(self) -> Mapping[str, object]:
        """When it last ran and when it will: not when something is due, for that may be when an embargo ends."""
        following = self._alarm.scheduled()
        return {"last_cycle": self.runner.health()[1]["last_cycle"], "next_run": following.isoformat(timespec="seconds") if following else None}

    def standing(self) -> Standing:
        """How it stands, for its owner, read beside whatever is done now; it takes some milliseconds of a disk."""
        config, (seen, settling) = self._config, self._settling
        left = sorted((max(0.0, seconds - self._clock.tick() + seen), path) for path, seconds in settling.items())
        told = tuple(Settling(path, round(seconds, 1)) for seconds, path in left[:MOST])
        live = self.runner.standing()._replace(page=config.base, settling=told)
        found = surveyed(config.state, self._clock.now(), self.name if config.among > 1 else "")
        more = found.more._replace(settling=len(left) - len(told))
        return replace(found, more=more, service=live, settings=settings(config))

    def _link(self, path: str) -> str | None:
        return notify.link_field(path, self._config.base, self._config.websub.hubs)

    def _take(self, config: Config) -> None:
        # Ledger and output stay as they are: their locks are held. What may be refused is asked for before anything changes.
        renewed, whom = compose.renewed(config, self._parts, self._clock), compose.monitor(config)
        with self._taking:
            self._parts, self._config = renewed, config
        self._shelf.max_age = max_age(config)
        if self._shelf.others != self._parts.press.others:
            self._shelf.others, self._behind = self._parts.press.others, True
        if self._rounds:
            self._rounds.stop(0.0)
        couriers, queue = compose.couriers(config, self._clock), functools.partial(compose.queue, config)
        self._rounds = Rounds(couriers, queue, last=self._out, note=self.runner.note, log=self._log)
        self._rounds.beat()
        if self._watcher:
            self._watcher.stop()
            self._watcher = None
            self.runner.note("watch", None)
        if self._heartbeat:
            self._heartbeat.stop()
            self._heartbeat = None
            self.runner.note("heartbeat", None)
        if whom:
            self._heartbeat = Heartbeat(whom, note=functools.partial(self.runner.note, "heartbeat"))
        if self._watch and config.schedule.watch:
            hint, note = (functools.partial(self.runner.request, "files"), functools.partial(self.runner.note, "watch"))
            self._watcher = Watcher(config.input.folder, hint=hint, ignored=ignored_name, note=note, log=self._log)
            self._watcher.start()

    def _cycle(self, stop: Callable[[], None]) -> Report:
        now, tick = self._clock.now(), self._clock.tick()
        behind, self._behind = self._behind, True
        self._dress()
        if recovered := rescue.revived(self._parts, clock=self._clock, stop=stop):
            self._log.warning("%s", recovered.summary)
        report = cycle(self._parts, now=now, tick=tick, stop=stop, accept_removals=self._accept_removals)
        if behind and self._config.foldered:  # a cycle that failed may have put what no report names
            self._shelf.load(report.gone)
        elif self._config.foldered:
            self._shelf.refresh(report.put.written, report.put.removed, report.gone)
        self._behind = self._accept_removals = False
        self._written = self._written[0] + len(report.put.written), self._written[1] + report.bytes
        self._out = self._parts.ledger.pings.last()
        self._settling = (self._clock.tick(), report.settling)
        if self._rounds:
            self._rounds.wake(self._out)
        self._note_held(len(report.held))
        self._note_pages()
        aside = len(report.problems) - len(self._parts.press.pages.faults)
        self.runner.note("articles", f"{_count(aside, 'problem')}; see `feeder status`" if aside else None)
        self._note_assistant(report)
        self._note_plugins(report)
        if report.summary:
            self._parts.ledger.log(Logged(now, self._clock.tick() - tick, report.summary, len(report.put.written), report.bytes))
        if self._heartbeat:
            self._heartbeat.good()
        return report

    def _dress(self) -> None:
        """Take up the theme as it is now. A configuration that is read meanwhile counts more: its own cycle is asked for."""
        with self._taking:
            config, parts = self._config, self._parts
        dressed = compose.dressed(config, parts, self._clock)
        with self._taking:
            if self._parts is parts:
                self._parts = dressed

    def _note_assistant(self, report: Report) -> None:
        failing = self._parts.assistant.failing if self._parts.assistant else ""
        self.runner.note("summaries", f"the language model's endpoint fails: {failing}; extracts are published" if failing else None)
        for remark in report.remarks:
            self._log.warning("%s", remark)

    def _note_pages(self) -> None:
        """Tell what is wrong with the owner's templates, each thing once."""
        faults = [str(problem) for problem in self._parts.press.pages.faults.values()]
        for fault in faults:
            if fault not in self._faults:
                self._log.warning("%s", fault)
        self._faults = faults
        self.runner.note("templates", "; ".join(faults) or None)

    def _note_plugins(self, report: Report) -> None:
        names = ", ".join(problem.where for problem in report.failing)
        self.runner.note("plugins", f"plugins: a document could not be made anew by {names}" if names else None)
        for problem in report.failing:
            if problem not in self._failing:  # once, not at each look
                self._log.error("%s; everything else is published, and its document stays as it was", problem.reason)
        self._failing = report.failing

    def _note_held(self, held: int) -> None:
        self.runner.note("removals", f"too much is gone at once ({_count(held, 'article')}) and stays for now; see `feeder status`" if held else None)
        if held and not self._held:  # once, not at each look until somebody comes
            what_to_do = "put the files back, or have it withdrawn with: feeder retry --accept-removals"
            self._log.warning("too much is gone at once (articles: %d): it stays published; %s", held, what_to_do)
        self._held = held > 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
