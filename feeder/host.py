"""What the operating system gives a service: hints about files, signals, a fresh start. Nothing about articles or schedules."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

from watchfiles import watch

__all__ = ["Signals", "Watcher"]

_log = logging.getLogger("feeder")


class Watcher:
    """Says soon after something changed below a folder. A hint: it may miss things and it may be wrong, so nothing relies on it.

    When it cannot watch (no folder, no more inotify watches) it says so once and tries again by itself, also when another folder has
    taken the watched one's place (I25, I26).
    """

    REST = 0.25  # seconds between two hints: a file that is being copied changes all the time

    def __init__(
        self,
        folder: Path,
        *,
        hint: Callable[[], None],
        ignored: Callable[[str], bool],
        note: Callable[[str | None], None],
        retry: float = 1.0,
        log: logging.Logger = _log,
    ) -> None:
        """`hint` is called for a change, `note` with what keeps it from watching (None: nothing); `ignored` says which file names do not count.

        `retry` is seconds: between two looks whether the folder is still the same, and before a missing one is looked for again.
        """
        self._log = log
        self._folder = folder
        self._retry = retry
        self._hint = hint
        self._ignored = ignored
        self._note = note
        self._problem: str | None = None
        self._saying = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Start to watch, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop soon, without waiting for it; from here on it says nothing any more."""
        with self._saying:
            self._stop.set()

    def _run(self) -> None:
        pause = self._retry
        while not self._stop.is_set():
            try:
                self._watch()
                pause = self._retry
            except (OSError, RuntimeError) as error:  # watchfiles raises RuntimeError for what it cannot name
                self._say(f"{self._folder} is not watched, only looked at on schedule: {error}")
                pause = self._retry if isinstance(error, FileNotFoundError) else min(2 * pause, 60.0)
                self._stop.wait(pause)

    def _watch(self) -> None:
        place = self._place()
        changes = watch(
            self._folder,
            watch_filter=lambda _, path: self._wanted(path),
            debounce=100,
            step=50,
            rust_timeout=int(self._retry * 1000),
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            force_polling=False,
        )
        for turn, changed in enumerate(changes):
            if turn == 0:
                self._say(None)
            if changed or turn == 0:  # at first, for what changed before the watch stood
                self._hint()
                self._stop.wait(self.REST)
            if self._place() != place:
                return

    def _place(self) -> tuple[int, int]:
        found = self._folder.stat()
        return found.st_dev, found.st_ino

    def _wanted(self, path: str) -> bool:
        try:
            return not any(map(self._ignored, Path(path).relative_to(self._folder).parts))
        except ValueError:  # named another way than the folder was given: rather one look too many
            return True

    def _say(self, problem: str | None) -> None:
        with self._saying:
            if problem == self._problem or self._stop.is_set():
                return
            self._problem = problem
            self._note(problem)
        if problem:
            self._log.warning("%s", problem)
        else:
            self._log.info("%s is watched", self._folder)


class Signals:
    """SIGTERM, SIGINT and SIGHUP as something to wait for, in the main thread. A second SIGINT ends the process at once, with 130.

    They arrive through a pipe: a handler that took a lock, as threading.Event.set does, would meet its own thread holding it.
    """

    def __enter__(self) -> Self:
        self._interrupts = 0
        self._nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        self._terminal = not self._nohup and _terminal()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._arrived)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # one that waited since `restart` arrives now
        self._poll = select.poll()
        self._poll.register(self._read, select.POLLIN)
        return self

    def __exit__(self, *_: object) -> None:
        """From here on the process is ending: nothing may change its exit code any more (J11)."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> frozenset[int]:
        """Return the signals that arrived, at the latest after so many seconds. Not fooled by a wall clock that moves."""
        return frozenset(os.read(self._read, 4096)) if self._poll.poll(seconds * 1000) else frozenset()

    def hung_up(self) -> bool:
        """Whether the terminal that this was started from is no more: then a SIGHUP means to end, not to reload. Never under nohup."""
        return self._terminal and not _terminal()

    def restart(self, environ: Mapping[str, str] | None = None) -> NoReturn:
        """Begin this very process anew with its own command line: a hung thread cannot be ended from within (J5).

        `environ` is added to the environment: what was taken out of it at the start, so that no child has it.

        Descriptors of locks and databases are closed by it; the process keeps its number, so that nobody outside needs to know.
        A SIGHUP waits for the new process, or is ignored until there where it was ignored at the start.
        """
        _log.critical("the process starts anew in place")
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        if self._nohup:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **(environ or {})})  # noqa: S606 - our own command line, no shell
        except OSError:
            _log.exception("it cannot: the process ends")
        os._exit(70)

    def _arrived(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            self._interrupts += 1
            if self._interrupts > 1:
                os._exit(130)


def _terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
