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
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import combinations
from typing import NoReturn

from feeder import compose, edition, notify, rescue, together
from feeder.clock import Clock
from feeder.config import Config, origins
from feeder.errors import ConfigError, FeederError
from feeder.front import Door, place
from feeder.host import Signals
from feeder.listener import Server
from feeder.logs import write_logs
from feeder.notice import Notice
from feeder.pipeline import Parts
from feeder.press import FEED
from feeder.server import App, app
from feeder.service._alarm import Alarm, Schedule
from feeder.service._house import House, front_of, named, overall, stopped
from feeder.service._manager import Manager
from feeder.service._publisher import Service, max_age
from feeder.service._status import owned
from feeder.shelf import ROOM, Shelf
from feeder.terminal import printable
from feeder.together import Load

__all__ = ["Alarm", "House", "Load", "Options", "Schedule", "Service", "run", "serve"]

BEAT = 1.0  # seconds between two looks of the supervisor

_log = logging.getLogger("feeder")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says of a run, beside the configuration. `verbose` logs each cycle and why it ran, `quiet` errors alone."""

    watch: bool = True
    serve: bool = True
    accept_removals: bool = False
    verbose: bool = False
    quiet: bool = False


def run(loads: Sequence[Load], options: Options, *, say: Callable[[str], None]) -> int:
    """Publish until a signal says to stop, and return the exit code: 0. To be called in the main thread.

    `loads` read the configurations, one for each feed, now and at each SIGHUP; `say` is told where to look. Raises ConfigError, Busy (another
    process publishes here), LedgerError, or FeederError where the address is taken: either all feeds are started, or none.
    """
    write_logs(logging.WARNING)  # until the configuration says how
    manager = Manager(Notice.taken(os.environ), Clock())
    with Signals() as signals, ExitStack() as stack:
        configs = together.loaded(loads)
        _write_logs(configs[0], options)
        parts = _opened(configs, stack)
        _warn_of_twins(configs, parts)
        restart = functools.partial(manager.restarting, signals.restart)
        house = House(_services(configs, parts, loads, options, restart), loads)
        for config, part in zip(configs, parts, strict=True):
            _make_input(config, part, say)
        if options.serve:
            port = house.serve(configs[0].serve.host, configs[0].serve.port, owned(house.services))
            configs = tuple(config.model_copy(update={"serve": config.serve.model_copy(update={"port": port})}) for config in configs)
        house.start(configs)
        _say(say, _greeting(configs, options))
        _supervise(house, signals, manager, lambda: _write_logs(house.services[0].config, options))
        manager.stopping()
        if not house.stop():
            _log.error("the cycle does not end: it is left behind; what is published stays whole")
            os._exit(0)
    return 0


def _write_logs(config: Config, options: Options) -> None:
    """Log as the configuration says, of several the first one, and before it the command line."""
    level = "debug" if options.verbose else "error" if options.quiet else config.log.level
    write_logs(logging.getLevelNamesMapping()[level.upper()], config.log.format)


def _services(
    configs: Sequence[Config], parts: Sequence[Parts], loads: Sequence[Load], options: Options, restart: Callable[[], NoReturn]
) -> list[Service]:
    services: list[Service] = []
    for number, (config, part, load) in enumerate(zip(configs, parts, loads, strict=True)):
        anew = functools.partial(_begin_anew, services, number, restart)
        removals, log = options.accept_removals, named(config)
        services.append(Service(config, part, load, watch=options.watch, accept_removals=removals, on_hung=anew, clock=Clock(), log=log))
    return services


def _begin_anew(services: Sequence[Service], hung: int, restart: Callable[[], NoReturn]) -> NoReturn:
    """A hung cycle ends with the process alone; those of other feeds end well before."""
    stopped([service for number, service in enumerate(services) if number != hung])
    restart()


def _opened(configs: Sequence[Config], stack: ExitStack) -> list[Parts]:
    """The parts of each feed, all locked until the stack ends. Raises FeederError, of several feeds with each one that cannot be opened."""
    parts: list[Parts] = []
    failed: list[tuple[Config, FeederError]] = []
    for config in configs:
        try:
            say = functools.partial(named(config).warning, "%s")
            parts.append(stack.enter_context(rescue.publishing(config, clock=Clock(), say=say)))
        except FeederError as error:
            failed.append((config, error))
    if failed:
        raise _joined(failed)
    return parts


def _warn_of_twins(configs: Sequence[Config], parts: Sequence[Parts]) -> None:
    """Say which feeds have one id, as those may that were begun alone and without a base_url. An id never changes by itself, so it is no mistake."""
    for (one, its), (other, theirs) in combinations(zip(configs, parts, strict=True), 2):
        if its.press.site.id == theirs.press.site.id:
            what_to_do = "readers may take one for the other; before anybody subscribes, give one of them another id in [feed]"
            named(other).warning("it has the id of %s, %s: %s", one.name, its.press.site.id, what_to_do)


def _joined(failed: Sequence[tuple[Config, FeederError]]) -> FeederError:
    """One error of several: first the mistakes in configurations, for their owner is there now."""
    if len(failed) == 1 and failed[0][0].among == 1:
        return failed[0][1]
    if problems := tuple(problem for _, error in failed if isinstance(error, ConfigError) for problem in error.problems):
        return ConfigError(problems)
    told = FeederError("; ".join(f"{together.where(config)}: {error}" for config, error in failed))
    told.exit_code = failed[0][1].exit_code
    return told


def _make_input(config: Config, parts: Parts, say: Callable[[str], None]) -> None:
    """Make the input folder of a first start without configuration. One that is missing later, or elsewhere, may be a disk that is not mounted."""
    folder = config.input.folder
    if folder.is_file():
        compose.require_folder(config)
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


class _Shown:
    """What another process publishes, as it is served: the shelf follows the folder."""

    def __init__(self, config: Config, parts: Parts) -> None:
        self.config = config
        self.publisher = parts.publisher
        if not config.foldered:
            told = f"feeder serve hands out folders, and this configuration publishes elsewhere, with {config.output.publisher}"
            raise FeederError(f'{told}: serve it from there, or say publisher = "folder" in [output]')
        self._shelf = Shelf(config.output.folder, max_age=max_age(config), room=ROOM // config.among, others=parts.press.others)
        self._seen: object = None
        self._told: set[str] = set()

    def app(self) -> App:
        """What answers for this feed."""
        links = functools.partial(notify.link_field, base=self.config.base, hubs=self.config.websub.hubs)
        return app(self._shelf, health=self.health, links=links, base=self.config.base)

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Whether there is a folder to serve."""
        return self._shelf.manifest is not None, {}

    def look(self) -> None:
        """Take up what has changed. What cannot be read now is told once, and the shelf stays as it is."""
        try:
            if (now := self.publisher.fingerprint()) != self._seen:
                with compose.looking(self.config) as parts:
                    self._shelf.load(edition.gone_pages(parts.ledger.known().values()))
                self._seen = now
                self._told.clear()
        except FeederError as error:
            if str(error) not in self._told:
                named(self.config).error("%s; what was published before is served meanwhile", error)
            self._told.add(str(error))


def serve(loads: Sequence[Load], *, say: Callable[[str], None]) -> int:
    """Serve the output folders, whoever publishes to them, until a signal says to stop; return the exit code: 0. Writes nothing."""
    configs = together.loaded(loads)
    _write_logs(configs[0], Options())
    with Signals() as signals, ExitStack() as stack:
        shown = [_Shown(config, stack.enter_context(compose.looking(config))) for config in configs]
        server = Server(_application(shown), host=configs[0].serve.host, port=configs[0].serve.port, log=_log.error)
        server.start()
        _say(say, "\n".join([*(_shown(one, server.address[1]) for one in shown), "Ctrl-C stops it."]))
        for one in shown:
            one.look()
        while not _over(signals, signals.wait(BEAT)):
            for one in shown:
                one.look()
        server.stop(0.2)
    return 0


def _application(shown: Sequence[_Shown]) -> App:
    if len(shown) == 1:
        return shown[0].app()
    front = front_of([one.config.name for one in shown], lambda: overall([one.health() for one in shown]), {}, {})
    front.open([Door(one.config.name, one.config.feed.base_url, one.app()) for one in shown])
    return front


def _shown(one: _Shown, port: int) -> str:
    empty = "" if one.publisher.get(FEED) else "\nNothing is published there yet: feeder build does it, or feeder run."
    return f"Serving {printable(os.path.relpath(one.config.output.folder))}/\n{_addresses(one.config, port)}{empty}"


def _supervise(house: House, signals: Signals, manager: Manager, reloaded: Callable[[], None]) -> None:
    """Look after the service until SIGTERM or SIGINT arrives, or its terminal is closed. A feed that makes trouble keeps no other from it."""
    while not _over(signals, arrived := signals.wait(manager.pause)):
        reload = [manager.reloading, house.reload, reloaded, manager.reloaded] if signal.SIGHUP in arrived else []
        stood = [_stood(look) for look in (*reload, house.look, *(service.beat for service in house.services))]  # each, whatever becomes of others
        if all(stood):
            _stood(lambda: manager.beat(house.seen()))


def _stood(look: Callable[[], None]) -> bool:
    """Whether it was done without stumbling."""
    try:
        look()
    except Exception:  # noqa: BLE001 - the top of the service: no memory, no threads left; the next beat tries again
        _log.exception("the supervisor stumbled")
        return False
    return True


def _greeting(configs: Sequence[Config], options: Options) -> str:
    several = len(configs) > 1
    lines = [line for config in configs for line in _introduced(config, options, of=f"{config.name}: " if several else "")]
    roots = [config for config in configs if config.feed.base_url and not place(config.base)[1]]
    if several and options.serve and len(roots) != 1:  # of one alone, the server's front page is its own
        lines.append(f"All feeds: {_here(configs[0].model_copy(update={'among': 1}))}")
    return "\n".join([*lines, f"Ctrl-C stops {'them' if several else 'it'}."])


def _introduced(config: Config, options: Options, *, of: str) -> list[str]:
    said = config.schedule
    rhythm = f"at {said.cron} ({said.time_zone})" if said.cron else f"every {_length(said.every or 0.0)}"
    hints = "when a file changes, and " if options.watch and said.watch else ""
    source, target = (os.path.relpath(folder) for folder in (config.input.folder, config.output.folder))
    lines = [printable(f"{of}Publishing {source}/ {f'to {target}/' if config.foldered else f'with {config.output.publisher}'} {hints}{rhythm}.")]
    if options.serve and not config.foldered:
        lines.append(f"The built-in server hands out folders alone: what {config.output.publisher} publishes is to be had where that puts it.")
    elif options.serve:
        lines.append(_addresses(config, config.serve.port))
        if not config.feed.base_url and not _loopback(config.serve.host):
            lines.append("Readers elsewhere cannot open the links in the feed: set base_url in [feed].")
    return lines


def _loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _addresses(config: Config, port: int) -> str:
    """Where the built-in server can be reached, whatever the public address is."""
    here = _here(config.model_copy(update={"serve": config.serve.model_copy(update={"port": port})}))
    return f"  page  {here}\n  feed  {here}feed.xml"


def _here(config: Config) -> str:
    return config.model_copy(update={"feed": config.feed.model_copy(update={"base_url": None})}).base


def _length(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m")) if seconds % size == 0), (1, "s"))
    return f"{seconds / size:g}{unit}"
