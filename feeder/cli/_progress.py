"""How far long work is: one line on a terminal, with rate and remaining time. Nothing for short work; it decides nothing else."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from feeder.terminal import WIDTH, columns, shortened

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

__all__ = ["Bar"]

PATIENCE = 1.0  # seconds of work before the line is there: what is over sooner needs none
EVERY = 0.1  # seconds between two lines
SURE = 0.5  # seconds of a stage before what remains of it can be told
NARROW = 60  # columns; below it there is no room for a bar
BAR = 20


class Bar:
    """A line on a terminal. `tick` is a monotonic clock in seconds.

    To be called for every piece, as `bar("reading", done, of)`: what that costs is a look at the clock.
    """

    def __init__(self, terminal: TextIO, tick: Callable[[], float]) -> None:
        self._terminal, self._tick = terminal, tick
        self._next = tick() + PATIENCE
        self._stage, self._began, self._from = "", 0.0, 0
        self._shown = False

    def __call__(self, what: str, done: int, of: int) -> None:
        """Say that of the `of` pieces of this stage `done` are done."""
        now = self._tick()
        if what != self._stage:
            self._stage, self._began, self._from = what, now, done
        if now < self._next:
            return
        self._next = now + EVERY
        self._shown = True
        self._write(f"\r{self._line(done, of, now - self._began)}\x1b[K")

    def clear(self) -> None:
        """Take the line away, so that something else can be told there."""
        if self._shown:
            self._shown = False
            self._write("\r\x1b[K")

    def _line(self, done: int, of: int, seconds: float) -> str:
        width = self._width()
        said = [f"{done:,} of {of:,}"]
        if seconds >= SURE and done > self._from:
            rate = (done - self._from) / seconds
            said += [f"{_rate(rate)}/s", f"{_length((of - done) / rate)} left"]
        filled = BAR * done // max(of, 1)
        bar = f"  [{'#' * filled}{'-' * (BAR - filled)}]" if width >= NARROW else ""
        begin = f"{self._stage}{' ' * max(10 - columns(self._stage), 0)}{bar}"
        return shortened(f"{begin}  {'  '.join(said)}", width - 1)

    def _width(self) -> int:
        """Columns now: a window may have been made narrower meanwhile."""
        try:
            return os.get_terminal_size(self._terminal.fileno()).columns or WIDTH
        except (OSError, ValueError):
            return WIDTH

    def _write(self, said: str) -> None:
        with suppress(OSError, ValueError):  # a terminal that is gone must not stop the work
            self._terminal.write(said)
            self._terminal.flush()


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _length(seconds: float) -> str:
    """Seconds as people say them, coarser the more they are."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
