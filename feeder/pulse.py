"""Whether a service is well, found out from outside in no time: what it leaves in its state folder, and what its server says. It loads nothing large.

A service at work keeps a file `pulse` beside its ledger: one JSON object with its process number and the address that its server really has, whatever
the configuration, the command line or port 0 said. Without a server, how it stands is written there, too, and the time of the file is the
last sign of life.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["Found", "Pulse", "ask", "at", "configured", "feel"]

NAME = "pulse"
RHYTHM = 10.0  # seconds between two signs of life where there is no server to ask
STALE = 45.0  # seconds after which one is missed
LARGEST = 64 * 1024  # bytes of an answer


class Pulse:
    """The sign of life of a service in `folder`. That it cannot be given, because the disk is full, stops nobody."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME
        self._said = ""
        self._beat = float("-inf")

    def beat(self, tick: float, address: str | None, state: Mapping[str, object]) -> None:
        """Say that the service is at work. With an `address` to ask, that is all; else `state` is said, and again and again that it lives."""
        facts = {"pid": os.getpid(), "address": address, **({} if address else {name: state[name] for name in ("live", "ready", "reasons")})}
        said = json.dumps(facts)
        with suppress(OSError):
            if said != self._said:
                self._write(said)
                self._beat = tick
            elif tick - self._beat >= RHYTHM:
                self._beat = tick
                if not self._file.exists():
                    self._write(said)
                elif address is None:
                    os.utime(self._file)

    def end(self) -> None:
        """The service has stopped."""
        with suppress(OSError):
            self._file.unlink()

    def _write(self, said: str) -> None:
        temp = self._file.with_name(f"{NAME}.new")
        temp.write_text(f"{said}\n", "ascii")
        temp.replace(self._file)
        self._said = said


class Found(NamedTuple):
    """What was found out: whether all is well, and a sentence."""

    well: bool
    why: str


def feel(folder: Path, now: float, otherwise: str, timeout: float) -> Found:
    """Find out how the service of the state folder `folder` is. `now` is in seconds since the epoch.

    Its server is asked, if it has one. Where no service has left a sign, the one at the address `otherwise` is asked: `feeder serve` leaves none.
    """
    file = folder / NAME
    try:
        age, said = now - file.stat().st_mtime, json.loads(file.read_bytes())
    except FileNotFoundError:
        return ask(otherwise, timeout)
    except (OSError, ValueError) as error:
        return Found(False, f"{file} cannot be read: {error}")
    if not isinstance(said, dict):
        return Found(False, f"{file} is not what a service leaves there")
    if isinstance(address := said.get("address"), str):
        return ask(address, timeout)
    if not -STALE < age < STALE:
        return Found(False, f"not alive: its last sign of life is {abs(age):.0f} s {'old' if age > 0 else 'ahead'}")
    return _judged(said)


def configured(config_file: Path | None, environ: Mapping[str, str]) -> str:
    """Where the configuration would have the server be. Nothing is checked, and what cannot be read says nothing: this is a guess."""
    import tomllib

    said: dict[str, object] = {"host": "127.0.0.1", "port": 8000}
    with suppress(OSError, ValueError, TypeError, AttributeError):
        said |= tomllib.loads((config_file or Path("feeder.toml")).read_text("utf-8-sig")).get("serve", {})
    for key in said:
        said[key] = environ.get(f"FEEDER_SERVE__{key.upper()}") or said[key]
    return at(str(said["host"]), said["port"])


def at(host: str, port: object) -> str:
    """Where this machine reaches a server that listens there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def ask(address: str, timeout: float) -> Found:
    """Ask the server at `address` (its root, or one of its addresses of health) how the service is, `timeout` seconds in all."""
    import threading

    parts = urlsplit(address if "://" in address else f"http://{address}")
    path = parts.path if parts.path.endswith(("/health", "/health/live", "/health/ready")) else f"{parts.path.rstrip('/')}/health"
    host = parts.netloc.rpartition("@")[2]
    shown = f"{parts.scheme}://{host}{path}"
    try:
        place = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    except ValueError:
        place = ("", 0)
    if parts.scheme not in ("http", "https") or not place[0]:
        return Found(False, f"{address} is no web address: say http://127.0.0.1:8000/")
    found: list[Found] = []

    def go() -> None:
        found.append(_asked(parts.scheme, place, host, path, shown, timeout))

    thread = threading.Thread(target=go, daemon=True)  # an answer may drip, and each drop is in time
    thread.start()
    thread.join(timeout)
    return found[0] if found else Found(False, f"no answer from {shown} within {timeout:g} s")


def _asked(scheme: str, place: tuple[str, int], host: str, path: str, shown: str, timeout: float) -> Found:
    """One request in HTTP/1.0, by hand: http.client takes longer to be loaded than all the rest."""
    import socket

    try:
        with socket.create_connection(place, timeout) as way:
            if scheme == "https":
                import ssl

                way = ssl.create_default_context().wrap_socket(way, server_hostname=place[0])
            way.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n".encode("ascii"))
            answer = b""
            while len(answer) < LARGEST and (piece := way.recv(LARGEST)):
                answer += piece
    except TimeoutError:
        return Found(False, f"no answer from {shown} within {timeout:g} s")
    except ConnectionRefusedError:
        return Found(False, f"no service runs here: nobody listens at {shown}")
    except (OSError, ValueError) as error:
        return Found(False, f"{shown} cannot be asked: {error or type(error).__name__}")
    head, _, body = answer.partition(b"\r\n\r\n")
    return _answered(shown, head[:64].decode("ascii", "replace").partition(" ")[2][:3], body)


def _answered(shown: str, status: str, body: bytes) -> Found:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not {"live", "ready"} & said.keys():
        return Found(False, f"{shown} is not one of feeder: it answers {status or 'no HTTP'}")
    return _judged(said)


def _judged(said: Mapping[str, object]) -> Found:
    """What a service says of itself, in a sentence."""
    reasons = said.get("reasons")
    why = "; ".join(map(str, reasons)) if isinstance(reasons, list) else ""
    for word in ("live", "ready"):
        if not said.get(word, True):
            return Found(False, f"not {'alive' if word == 'live' else word}: {why or 'it does not say why'}")
    return Found(True, f"well, but {why}" if why else "well")
