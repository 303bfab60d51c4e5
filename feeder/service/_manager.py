"""What the service manager hears of the service: when it is ready, whether it makes progress, how it stands. It cures nothing itself.

    READY=1                once the first cycle of every feed has ended and there is something to serve; and after each reload
    EXTEND_TIMEOUT_USEC=   while a first cycle takes its steps: a large folder may take as long as its deadline
    WATCHDOG=1             at half of $WATCHDOG_USEC, from a beat that went well, while no cycle is past its deadline
    RELOADING=1            with MONOTONIC_USEC, before the configuration is read again, as Type=notify-reload expects
    STOPPING=1             before anything is stopped
    STATUS=                one line, whenever it says something else than before

A cycle that hangs is cured from within (`Signals.restart`): exec keeps the process and its number, so the manager sees a service
that says nothing for some seconds and then goes on. Only where that cures nothing does its watchdog run out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from feeder.clock import Clock
from feeder.notice import Notice
from feeder.service._state import Seen

__all__ = ["Manager"]

AHEAD = 60  # seconds for which a first cycle that takes its steps is given more time
RHYTHM = 10.0  # seconds between two times that it is
BEAT = 1.0  # seconds between two beats at most


class Manager:
    """Tells the service manager of all feeds of the process. To be used by the thread that calls `beat`."""

    def __init__(self, notice: Notice, clock: Clock) -> None:
        self._notice = notice
        self._clock = clock
        self._ready = self._reloaded = False
        self._status = ""
        self._pinged = self._extended = float("-inf")

    @property
    def pause(self) -> float:
        """The seconds between two beats: at most one, and less where the watchdog is shorter than that."""
        return min(BEAT, self._notice.watchdog / 4) if self._notice.watchdog else BEAT

    def beat(self, feeds: Sequence[Seen]) -> None:
        """Say what there is to say of these feeds. To be called only when all else of a beat went well."""
        paces = [feed.pace for feed in feeds]
        tick = self._clock.tick()
        self._say_status(feeds)
        if not self._ready and all(pace.over and pace.ready for pace in paces):
            if self._reloaded:  # asked for while it was not ready; whoever asked waits for both words
                self._tell_reloading()
            self._ready = self._notice.tell(READY=1)
        elif not self._ready and any(pace.moving for pace in paces) and tick - self._extended >= RHYTHM:
            self._extended = tick
            self._notice.tell(EXTEND_TIMEOUT_USEC=AHEAD * 1_000_000)
        every = self._notice.watchdog
        if every and tick - self._pinged >= every / 2 - self.pause / 2 and all(pace.live for pace in paces):
            self._pinged = tick
            self._notice.tell(WATCHDOG=1)

    def reloading(self) -> None:
        """The configuration is about to be read again."""
        self._reloaded = True
        if self._ready:
            self._tell_reloading()

    def reloaded(self) -> None:
        """The configuration was read again, or refused."""
        if self._ready:
            self._ready = self._notice.tell(READY=1)

    def restarting(self, restart: Callable[[Mapping[str, str]], NoReturn]) -> NoReturn:
        """Have the process start anew in place, and find its manager again."""
        self._notice.tell(STATUS="A cycle hangs and does not stop: the process starts anew in place")
        restart(self._notice.environ)

    def stopping(self) -> None:
        """The service is about to stop."""
        self._notice.tell(STOPPING=1, STATUS="Stopping")

    def _tell_reloading(self) -> None:
        self._notice.tell(RELOADING=1, MONOTONIC_USEC=int(self._clock.tick() * 1_000_000))

    def _say_status(self, feeds: Sequence[Seen]) -> None:
        line = "; ".join(f"{feed.name}: {_line(feed)}" if len(feeds) > 1 else _line(feed) for feed in feeds)
        if line != self._status and self._notice.tell(STATUS=line):
            self._status = line


def _line(feed: Seen) -> str:
    """How it stands with one feed, in a line that changes only when something did."""
    pace, known = feed.pace, feed.state
    if pace.late is not None:
        return "A cycle is past its deadline and has not stopped yet"
    reasons = known["reasons"]
    if not pace.over:
        return "The first cycle is on its way" + (", what was published before is served" if pace.ready else "")
    if reasons and isinstance(reasons, Sequence):
        return f"{'Published, but ' if pace.ready else 'Not ready: '}{'; '.join(map(str, reasons))}"
    following = known["next_run"]
    when = f", the next one at {datetime.fromisoformat(str(following)):%H:%M:%SZ}" if following else ""
    return f"Published, all is well (cycles: {known['cycles']}{when})"
