"""Feeds under one roof: one server for all, found by host and path, and what is done with all of them at once. Each works by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from feeder import together
from feeder.clock import Clock
from feeder.config import Config
from feeder.errors import ConfigError
from feeder.front import Door, Front
from feeder.listener import Server
from feeder.pulse import Pulse, at
from feeder.renderers.listing import listing
from feeder.server import App, Desk, app
from feeder.service import _metrics, _state
from feeder.service._publisher import Service
from feeder.service._state import Health, Seen
from feeder.shelf import Shelf

__all__ = ["House", "front_of", "named", "overall", "stopped"]

_STATES = ("ok", "degraded", "unwell")

_log = logging.getLogger("feeder")


class House:
    """The feeds of one service and their server. `loads` read their configurations again, in the same order."""

    def __init__(self, services: Sequence[Service], loads: Sequence[together.Load]) -> None:
        self.services = tuple(services)
        self._loads = loads
        self._front: Front | None = None
        self._desks: Mapping[str, Desk] = {}
        self._served: tuple[App, Server] | None = None
        self._pulses = [Pulse(service.config.state) for service in services]

    def serve(self, host: str, port: int, desks: Mapping[str, Desk]) -> int:
        """Serve what is published; return the port that is really used. `desks` are for all feeds. Raises FeederError where it is taken."""
        common = _state.desks(self.health)
        desks = {"metrics": _metrics.desk(self.services, self._answers, Clock()), **desks}
        if len(self.services) == 1:
            return self._listen(self.services[0].app({**common, **desks}), host, port)
        self._front, self._desks = front_of([service.name for service in self.services], self.health, desks, common), desks
        self._open()
        return self._listen(self._front, host, port)

    def start(self, configs: Sequence[Config]) -> None:
        """Start each feed with its configuration, the first one again but with the port that is really used."""
        for service, config in zip(self.services, configs, strict=True):
            service.start(config)
        self._open()

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """What anybody may know: of one feed alone all of it, of several no name."""
        return overall([service.health() for service in self.services])

    def look(self) -> None:
        """See that the server is there; to be called each second, as `beat` of each service."""
        if self._served and not self._served[1].alive:
            _log.error("the server has stopped: it is started anew")
            self._listen(self._served[0], *self._served[1].address)
        address = at(*self._served[1].address) if self._served else None
        for service, pulse in zip(self.services, self._pulses, strict=True):
            pulse.beat(Clock().tick(), address, service.health()[1])

    def seen(self) -> list[Seen]:
        """Each feed at this moment. A server that has ceased to answer is as bad as a supervisor that has."""
        silent = self._served[1].silent if self._served else 0.0
        paces = [(service, service.pace()) for service in self.services]
        return [Seen(service.name, replace(pace, silent=max(pace.silent, silent)), service.health()[1]) for service, pace in paces]

    def reload(self) -> None:
        """Take up the configurations as they are now. One that is wrong, or in the way of another, changes nothing, and the others do (J8)."""
        running = [service.config for service in self.services]
        for service, told in zip(self.services, together.reloaded(self._loads, running), strict=True):
            if isinstance(told, ConfigError):
                service.refuse(told)
            else:
                service.renew(told)
        self._open()

    def stop(self) -> bool:
        """Stop everything within 5 s; return whether all running cycles could be stopped too."""
        done = stopped(self.services)
        if self._served:
            self._served[1].stop(0.2)
        for pulse in self._pulses:
            pulse.end()
        return done

    def _answers(self) -> Mapping[str, int]:
        return self._served[1].answers if self._served else {}

    def _listen(self, application: App, host: str, port: int) -> int:
        server = Server(application, host=host, port=port, log=_log.error)
        server.start()
        self._served = application, server
        return server.address[1]

    def _open(self) -> None:
        if self._front:
            self._front.open([Door(service.name, service.config.feed.base_url, service.app(self._desks)) for service in self.services])


def front_of(names: Sequence[str], health: Health, desks: Mapping[str, Desk], common: Mapping[str, Desk]) -> Front:
    """The front of several feeds, with a lobby that lists them and tells how they all are. No door is open yet."""
    lobby = app(Shelf.of(listing(names)), health=health, desks={**common, **desks})
    return Front(lobby, {"health", *common})


def overall(each: Sequence[tuple[bool, Mapping[str, object]]]) -> tuple[bool, Mapping[str, object]]:
    """How several feeds are, all together: as well as the worst of them. Which one that is, not everybody has to know."""
    if len(each) == 1:
        return each[0]
    states = [str(facts.get("status", "ok" if ok else "unwell")) for ok, facts in each]
    counts = {state: states.count(state) for state in _STATES}
    reasons = [f"{counts[state]} of {len(each)} feeds {'is' if counts[state] == 1 else 'are'} {state}" for state in _STATES[:0:-1] if counts[state]]
    live, ready = all(facts.get("live", True) for _, facts in each), all(ok for ok, _ in each)
    return ready, {"live": live, "ready": ready, "status": max(states, key=_STATES.index), "reasons": reasons, "feeds": counts}


def named(config: Config) -> logging.Logger:
    """Where to log what concerns this feed: where there are several, its name is in each line."""
    return _log if config.among == 1 else _log.getChild(config.name)


def stopped(services: Sequence[Service]) -> bool:
    """Stop them all at once, each within 4 s; return whether each could be."""
    outcomes: list[bool] = []
    threads = [threading.Thread(target=lambda service=service: outcomes.append(service.stop()), daemon=True) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return all(outcomes) and len(outcomes) == len(threads)
