"""From a socket to whole requests, and back: it knows connections and their limits, and nothing of what is served.

The way of one request, in the order of this file:

    _Gate    bytes -> whole requests, strictly (RFC 9112). h11 is lenient where smuggling begins (obs-fold, bare LF, CL+TE),
             so it is only given requests that have passed the gate.
    _Door    one connection: the gate, one timer with one meaning at a time, refusals; the rest is uvicorn's h11 protocol
    Server   the socket, the thread and the event loop
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from feeder.errors import FeederError
from feeder.server import App, refusal

__all__ = ["Limits", "Server"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the server one client may have. Times in seconds, sizes in bytes."""

    head: float = 10.0
    """From a request's first byte, or a connection's begin, to the request's last byte."""
    idle: float = 30.0
    """Between two requests on a connection; also for taking the last 64 KiB of an answer."""
    write: float = 60.0
    """For taking 64 KiB of an answer that is longer."""
    linger: float = 2.0
    """After a refusal, so that the client reads it before the connection is reset."""
    connections: int = 512
    header: int = 32 * 1024
    fields: int = 100
    target: int = 8 * 1024
    body: int = 64 * 1024


class _RefusedError(Exception):
    """A request that is not answered but refused: its status code, and the connection is over."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_LINE = rb":[\t\x20-\x7e\x80-\xff]*+\r\n"
_HEAD = re.compile(_TOKEN + rb" ([\x21-\x7e]++) HTTP/(\d\.\d)\r\n((?:" + _TOKEN + _LINE + rb")*+)\r\n")
_FIELD = re.compile(rb"([^:\r\n]++):([^\r\n]*+)\r\n")
_NEVER = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HOST = re.compile(rb"[0-9A-Za-z\-._~!$&'()*+,;=%:\[\]]*+")
_LENGTH = re.compile(rb"[0-9]{1,18}")


class _Gate:
    """Cuts what a client sends into whole requests, and refuses what is too large or not exactly RFC 9112. No input or output."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._needed: int | None = None

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self._buffer += data

    def take(self) -> bytes | None:
        """Return the next whole request, body included, or None while it is incomplete. Raises _RefusedError."""
        start = 2 if self._buffer.startswith(b"\r\n") else 0  # one empty line before a request is forgiven: RFC 9112 section 2.2
        if self._needed is None:
            end = self._buffer.find(b"\r\n\r\n", max(start, self._searched - 3))
            self._measure(start, end)
            if end < 0:
                return None
            self._needed = end + 4 + self._body(bytes(self._buffer[start : end + 4]))
        if len(self._buffer) < self._needed:
            return None
        request = bytes(self._buffer[start : self._needed])
        del self._buffer[: self._needed]
        self._searched, self._needed = 0, None
        return request

    def _measure(self, start: int, end: int) -> None:
        """Refuse a head that is too long, or that no further byte can mend."""
        line = self._buffer.find(b"\r\n", start)
        have = (end if end >= 0 else len(self._buffer)) - start
        if end < 0:
            if _NEVER.search(self._buffer, max(0, self._searched - 1)):
                raise _RefusedError(400)
            self._searched = len(self._buffer)
        if (line - start if line >= 0 else have) > self._limits.target + 32:  # 32: a method and a version
            raise _RefusedError(414)
        if have > self._limits.header:
            raise _RefusedError(431)

    def _body(self, head: bytes) -> int:
        """Return how many bytes of body follow a head (RFC 9112 section 6.3)."""
        if head.count(b"\r\n") - 2 > self._limits.fields:
            raise _RefusedError(431)
        match = _HEAD.fullmatch(head)
        if match is None:
            raise _RefusedError(400)
        target, version, lines = match.groups()
        if version not in (b"1.1", b"1.0"):
            raise _RefusedError(505)
        if len(target) > self._limits.target:
            raise _RefusedError(414)
        fields: dict[bytes, list[bytes]] = {}
        for name, value in _FIELD.findall(lines):
            fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
        if not all(map(_HOST.fullmatch, fields.get(b"host", []))):  # how many there must be, h11 knows
            raise _RefusedError(400)
        return self._length(fields)

    def _length(self, fields: Mapping[bytes, list[bytes]]) -> int:
        lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
        if len(lengths) > 1 or (lengths and codings) or not all(map(_LENGTH.fullmatch, lengths)):
            raise _RefusedError(400)
        if codings:
            raise _RefusedError(411)  # a body of unknown length is of no use to us: RFC 9112 section 6.3
        length = int(lengths[0]) if lengths else 0
        if length > self._limits.body:
            raise _RefusedError(413)
        if length and b"expect" in fields:
            raise _RefusedError(417)
        return length


# --- connections, socket, thread ------------------------------------------------------------------------------------


class _Door(H11Protocol):
    """One connection. `_busy` from a whole request to the end of its answer; the host's `waiting` holds the others, oldest first."""

    def __init__(self, host: _Host, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(host.config, host.server_state, {}, loop)
        self.logger = host.logger
        self._host = host
        self._limits = host.limits
        self._gate = _Gate(host.limits)
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._refused = False
        self._drained = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        crowded = len(self.connections) > self._limits.connections and not self._host.shed()
        self._host.waiting[self] = None
        self._within(self._limits.head, self._late)
        if crowded:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.waiting.pop(self, None)
        self._within(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._drained += len(data)
            if self._drained > 64 * self._limits.body:
                self.transport.abort()
            return
        if not self._busy and not len(self._gate):
            self._within(self._limits.head, self._late)
        self._gate.feed(data)
        self._next()

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn declares None, asyncio a bool
        """A client may say that it will ask no more and still wait for its answer (RFC 9112 section 9.6)."""
        if self._busy:
            self.cycle.keep_alive = False
        return self._busy

    def _next(self) -> None:
        """Give the next whole request to h11, one at a time: its predecessor is answered first."""
        if self._busy:
            if len(self._gate) > self._limits.header + self._limits.body:
                self.flow.pause_reading()
            return
        try:
            request = self._gate.take()
        except _RefusedError as refused:
            self._refuse(refused.status)
            return
        if request is not None:
            self._busy = True
            self._host.waiting.pop(self, None)
            self._within(None)
            super().data_received(request)

    def on_response_complete(self) -> None:
        """Replaces uvicorn's: the timers and the pipeline are ours."""
        self._busy = False
        self._within(self._limits.idle, self.leave)
        if self.transport.is_closing():
            return
        self._host.waiting[self] = None
        self.conn.start_next_cycle()
        self.flow.resume_reading()
        if len(self._gate):
            self._within(self._limits.head, self._late)
            self._next()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._within(self._limits.write, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._busy:
            self._within(None)

    def shutdown(self) -> None:
        """Leave now, or after the answer that is under way."""
        if self._busy:
            self.cycle.keep_alive = False
        else:
            self.leave()

    def leave(self) -> None:
        """Close the connection; what the client has not taken by now is dropped."""
        self._host.waiting.pop(self, None)
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What h11 still finds wrong after the gate."""
        del msg
        self._refuse(400)

    def _should_upgrade(self) -> bool:
        """Never, and not worth a line in the log: the request is answered as HTTP/1.1 (RFC 9110 section 7.8)."""
        return False

    def _late(self) -> None:
        if len(self._gate):
            self._refuse(408)
        else:
            self.leave()

    def _within(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        """Set the connection's one timer anew, or stop it."""
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, then) if seconds is not None and then else None

    def _refuse(self, status: int) -> None:
        """Answer a request that is none, and close. Reads on for a moment: closing over unread bytes would reset the answer away."""
        self._refused, self._busy = True, False
        self._host.waiting[self] = None
        headers, body = refusal(HTTPStatus(status))
        self._host.answers[f"{status // 100}xx"] += 1
        lines = [b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode())]
        lines += [name + b": " + value for name, value in self._host.server_state.default_headers + headers]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.write_eof()
        self._within(self._limits.linger, self.transport.abort)


class _Host(uvicorn.Server):
    """uvicorn's server with our doors: no signal handlers (it runs in a thread), no lifespan, a bounded farewell."""

    def __init__(self, config: uvicorn.Config, limits: Limits, log: Callable[[str], None]) -> None:
        super().__init__(config)
        self.limits = limits
        self.log = log
        self.logger = _logger(log)
        self.waiting: dict[_Door, None] = {}
        self.grace = 0.0
        self.ready = threading.Event()
        self.servers: list[asyncio.base_events.Server] = []
        self.ticked = time.monotonic()
        self.answers = Counter({f"{digit}xx": 0 for digit in range(1, 6)})
        self._scarce = 0.0

    def shed(self) -> bool:
        """Close the connection that has waited longest without an answer under way; False when there is none."""
        door = next((door for door in self.waiting if not door.transport.get_write_buffer_size()), None)
        if door is not None:
            door.leave()
        return door is not None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Replaces uvicorn's, which knows neither our doors nor a small backlog: so many are accepted at once, before any can be shed."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        for listener in sockets or []:
            self.servers.append(await loop.create_server(lambda: _Door(self, loop), sock=listener, backlog=128))
        self.started = True
        self.ready.set()

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second, from the loop that answers."""
        self.ticked = time.monotonic()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Replaces uvicorn's: after `grace` seconds nobody is waited for."""
        del sockets
        for server in self.servers:
            server.close()
        connections = self.server_state.connections
        for door in list(connections):
            door.shutdown()
        deadline = time.monotonic() + self.grace
        while connections and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        for door in list(connections):
            if isinstance(door, _Door):
                door.transport.abort()
        await asyncio.sleep(0)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        """Called by the event loop for what nobody caught.

        Out of file descriptors, idle connections make room, and asyncio accepts again in a second. It says so once for each
        connection it would have taken, and trips over it when it is stopped meanwhile: once a second is enough.
        """
        error = context.get("exception")
        if self.should_exit:
            return
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            if time.monotonic() - self._scarce < 0.5:
                return
            self._scarce = time.monotonic()
            for _ in range(16):
                self.shed()
        self.log(f"server: {context.get('message')}" + (f": {error!r}" if error else ""))


class _LogHandler(logging.Handler):
    """Hands uvicorn's errors on as one line each."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log(f"server: {record.getMessage().strip()}" + (f": {error!r}" if error else ""))


def _logger(log: Callable[[str], None]) -> logging.Logger:
    """Return a logger of our own, outside the process's tree of loggers: several servers do not share it."""
    logger = logging.Logger("feeder.server", logging.ERROR)
    logger.addHandler(_LogHandler(log))
    return logger


def _quiet(line: str) -> None:
    """Log nothing."""


_BIND_HINTS = {
    errno.EADDRINUSE: "it is taken: another `feeder` or another program listens there (`ss -ltnp` tells which); "
    "stop it, or choose another port with `--port`: 0 takes any free one",
    errno.EACCES: "this user may not: ports below 1024 are for root; choose another port with `--port`, and let a web server in front listen there",
    errno.EADDRNOTAVAIL: "this machine has no such address; choose another host, or 127.0.0.1",
}


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the first address of `host`. Raises FeederError saying what to do."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if not 0 <= port <= 65535:  # the system would take it modulo 65536
        raise FeederError(f"cannot serve on {where}: a port is 0 (any free one) to 65535; choose another with `--port`")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or error
        hint = _BIND_HINTS.get(getattr(error, "errno", None) or 0, f"{said}; choose another host, or another port with `--port`")
        raise FeederError(f"cannot serve on {where}: {hint}") from error
    return listener


class Server:
    """Runs an application on one address, in a daemon thread with its own event loop. Start it once."""

    def __init__(self, app: App, *, host: str, port: int, limits: Limits | None = None, log: Callable[[str], None] = _quiet) -> None:
        """`port` 0 lets the system choose. `log` is given one line per error and must not raise."""
        self._at = (host, port)
        self._limits = limits or Limits()
        config = uvicorn.Config(
            self._counted(app),
            http=H11Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=self._limits.header + self._limits.body,
        )
        self._host = _Host(config, self._limits, log)
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host as it was given, and the port that is really used."""
        return self._at

    @property
    def alive(self) -> bool:
        """Whether it answers requests now."""
        return self._thread is not None and self._thread.is_alive() and self._host.started

    @property
    def answers(self) -> Mapping[str, int]:
        """How many requests were answered or refused, by class of the status code: "2xx"."""
        return dict(self._host.answers)

    @property
    def silent(self) -> float:
        """Seconds for which the loop that answers has not come round; a fraction of one while all is well."""
        return time.monotonic() - self._host.ticked

    def _counted(self, app: App) -> App:
        """The application, and its answers counted."""

        async def counted(scope: Any, receive: Any, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
            async def told(message: dict[str, object]) -> None:
                if message["type"] == "http.response.start":
                    self._host.answers[f"{str(message['status'])[0]}xx"] += 1
                await send(message)

            await app(scope, receive, told)

        return counted

    def start(self) -> None:
        """Listen. Raises FeederError at once where the address cannot be had."""
        listener = _bind(*self._at)
        self._at = (self._at[0], listener.getsockname()[1])
        self._thread = threading.Thread(target=self._host.run, args=([listener],), name="feeder-server", daemon=True)
        self._thread.start()
        self._host.ready.wait(10)

    def stop(self, grace: float = 2.0) -> None:
        """Answer what is under way for at most `grace` seconds, then close everything. Does nothing when it does not run."""
        self._host.grace = grace
        self._host.should_exit = True
        if self._thread is not None:
            self._thread.join(grace + 2)
