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
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from feeder import compose, edition, notify, rescue
from feeder.clock import Clock
from feeder.config import Config, origins
from feeder.errors import FeederError
from feeder.host import Signals, write_logs
from feeder.listener import Server
from feeder.pipeline import Parts
from feeder.press import FEED
from feeder.publishers import Publisher
from feeder.server import app
from feeder.service._alarm import Alarm, Schedule
from feeder.service._publisher import Service, max_age
from feeder.shelf import Shelf
from feeder.text import printable

__all__ = ["Alarm", "Options", "Schedule", "Service", "run", "serve"]

BEAT = 1.0  # seconds between two looks of the supervisor

_log = logging.getLogger("feeder")


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
    shelf = Shelf(config.output.folder, max_age=max_age(config))
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


def _length(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m")) if seconds % size == 0), (1, "s"))
    return f"{seconds / size:g}{unit}"
