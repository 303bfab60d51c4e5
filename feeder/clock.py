"""The only clock of the program. Rooms below take `now` and `tick` as arguments; a fault of time is tried out with another Clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["Clock"]


class Clock:
    """Wall time and monotonic time of this machine."""

    def wall(self) -> float:
        """Return seconds since the epoch, as far as the machine knows them."""
        return time.time()

    def tick(self) -> float:
        """Return seconds that only ever go forward, from an unknown start."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the present in UTC, in whole seconds."""
        return datetime.fromtimestamp(int(self.wall()), UTC)

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        time.sleep(seconds)
