"""A sign of life to a monitor elsewhere (a dead man's switch): after good cycles, so that silence is what raises the alarm. It knows no articles.

One empty POST, at most every minute, in a thread of its own: a monitor that is slow holds up nobody. Its address is a secret; nothing
here repeats it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from feeder.endpoint import Answered, Endpoint
from feeder.errors import Abandoned

__all__ = ["Heartbeat"]

LEAST = 60.0  # seconds between two signs
PATIENCE = 10.0  # seconds for one
TRIES = 3  # for one good cycle: the next may be a day away


class Heartbeat:
    """Tells the monitor at `endpoint`; `note` hears what is wrong with it, or None. `least` is the seconds between two signs."""

    def __init__(self, endpoint: Endpoint, *, note: Callable[[str | None], None], least: float = LEAST) -> None:
        self._endpoint = endpoint
        self._note = note
        self._least = least
        self._good = threading.Event()
        self._stopping = threading.Event()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def good(self) -> None:
        """A cycle went well."""
        self._good.set()

    def stop(self) -> None:
        """Say nothing more; what is under way is given up."""
        self._stopping.set()
        self._good.set()

    def _run(self) -> None:
        with suppress(Abandoned):
            failed = 0
            while True:
                self._good.wait()
                self._check()
                self._good.clear()
                outcome = self._endpoint.post(b"", timeout=PATIENCE, stop=self._check)
                well = isinstance(outcome, Answered) and 200 <= outcome.status < 300
                reason = f"it answered {outcome.status}" if isinstance(outcome, Answered) else outcome.reason
                self._check()
                self._note(None if well else f"the monitor is not reached: {reason}")
                failed = 0 if well else failed + 1
                if failed % TRIES:
                    self._good.set()
                self._stopping.wait(self._least)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise Abandoned("the service stops")
