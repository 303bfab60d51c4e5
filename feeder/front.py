"""The front door of a service with several feeds: which of them a request is for, by its host and path. It answers nothing itself.

Where a feed is found, the first that holds:

    its host     a feed that is published at https://example.org/notes/ has what a request to example.org asks for below /notes/; of
                 several on one host, the one with the longest path
    its name     whatever the host: /NAME/ is the feed NAME. For a proxy that takes the path off, and for its owner on this machine
    its path     where the host is no feed's: a proxy may have put its own in its place. Only if no other feed has this path

The host is compared and never repeated. What is nobody's, and what concerns them all, goes to the lobby.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

from feeder.server import App, Scope, app
from feeder.shelf import Shelf

__all__ = ["Door", "Front", "place"]

_TARGET = re.compile(rb"(?:https?://([^/?#]*))?(/.*)", re.IGNORECASE | re.DOTALL)
_USUAL = {"http": ":80", "https": ":443"}

_Path = tuple[str, ...]
_Rooms = Mapping[_Path, App]
_Receive = Callable[[], Awaitable[object]]
_Send = Callable[[dict[str, object]], Awaitable[None]]


class Door(NamedTuple):
    """Where one feed is found: its name, the address that it is published at, if that is known, and the application that answers for it."""

    name: str
    address: str | None
    app: App


class _Plan(NamedTuple):
    """Who lives where: on the hosts that feeds have, with and without port, and elsewhere."""

    hosts: Mapping[str, _Rooms]
    names: _Rooms
    elsewhere: _Rooms

    def rooms(self, host: str) -> tuple[_Rooms, ...]:
        """Where to look for what is asked of this host."""
        known = self.hosts.get(host) or self.hosts.get(_bare(host))
        return (known, self.names) if known else (self.elsewhere,)


class Front:
    """An ASGI application over those of several feeds. `lobby` answers for what is no feed's, and on every host for the paths in `own`."""

    def __init__(self, lobby: App, own: Collection[str]) -> None:
        self._lobby = lobby
        self._own = frozenset(own)
        self._plan = _Plan({}, {}, {})

    def open(self, doors: Sequence[Door]) -> None:
        """Let these feeds be found from now on, and no others."""
        self._plan = _planned(doors)

    async def __call__(self, scope: Scope, receive: _Receive, send: _Send) -> None:
        """Have one request answered by whom it is for."""
        found, path = self._found(scope)
        await found({**scope, "raw_path": path}, receive, send)

    def _found(self, scope: Scope) -> tuple[App, bytes]:
        """Who answers, and the path below it. What is no path at all the lobby refuses; what cannot be decoded, whoever it is for."""
        target = scope["raw_path"]
        match = _TARGET.fullmatch(target)
        if scope["type"] != "http" or match is None:
            return self._lobby, target
        parts = match[2].split(b"/")[1:]
        steps = tuple(unquote_to_bytes(part).decode("utf-8", "replace") for part in parts)
        if "/".join(steps) in self._own:
            return self._lobby, target
        host = match[1] if match[1] is not None else dict(scope["headers"]).get(b"host", b"")  # RFC 9112 section 3.2.2
        for rooms in self._plan.rooms(host.decode("latin-1").lower()):
            if steps in rooms:
                return _slashed(steps), match[2]
            depth = next((depth for depth in range(len(steps) - 1, -1, -1) if steps[:depth] in rooms), None)
            if depth is not None:
                return rooms[steps[:depth]], b"/" + b"/".join(parts[depth:])
        return self._lobby, target


def _slashed(steps: _Path) -> App:
    """An application that says where a feed is that was asked for without its last slash: relative, so that it holds behind any proxy."""
    return app(Shelf.of({}), health=lambda: (True, {}), moved={"/".join(steps): f"./{quote(steps[-1], safe='')}/"})


def _planned(doors: Sequence[Door]) -> _Plan:
    hosts: dict[str, dict[_Path, App]] = {}
    names: dict[_Path, App] = {(door.name,): door.app for door in doors}
    placed = [(*place(door.address), door.app) for door in doors if door.address]
    for host, path, feed in placed:
        hosts.setdefault(host, {})[path] = feed
    for host, path, feed in placed:
        hosts.setdefault(_bare(host), {}).setdefault(path, feed)
    often = Counter(path for _, path, _ in placed)
    return _Plan(hosts, names, {path: feed for _, path, feed in placed if often[path] == 1} | names)


def place(address: str) -> tuple[str, _Path]:
    """The host of a feed's address, with its port where that is not the usual one, and the steps of its path, decoded."""
    parts = urlsplit(address)
    steps = (unquote_to_bytes(step).decode("utf-8", "replace") for step in parts.path.split("/") if step)
    return parts.netloc.lower().removesuffix(_USUAL.get(parts.scheme, "")), tuple(steps)


def _bare(host: str) -> str:
    """The host without port."""
    return re.sub(r":\d*$", "", host)
