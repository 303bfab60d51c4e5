"""Words for the service manager (sd_notify(3)): states over a datagram socket, and how often it wants to hear from us. It decides nothing.

Without $NOTIFY_SOCKET nobody is told anything. What cannot be told never stops the service, nor keeps it waiting: a manager that is
gone, slow or wrong costs one line in the log.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Mapping, MutableMapping

__all__ = ["Notice"]

_OURS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_BUSY = (errno.EAGAIN, errno.ENOBUFS)  # it has more to read than it can take: the next beat says it again
_log = logging.getLogger("feeder")


class Notice:
    """The way to the service manager at an address of AF_UNIX ("@" begins an abstract one). `watchdog` is in seconds."""

    def __init__(self, address: str = "", watchdog: float | None = None, environ: Mapping[str, str] | None = None) -> None:
        """`environ` is what a process that takes this one's place must be given to find the way, too."""
        self.watchdog = watchdog
        self.environ = dict(environ or {})
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._told = ""

    @classmethod
    def taken(cls, environ: MutableMapping[str, str]) -> Notice:
        """The way that `environ` names. It is taken out of there, so that no child of ours can speak for us.

        The watchdog counts only where it is meant for this process: $WATCHDOG_PID may name another one.
        """
        ours = {name: environ.pop(name) for name in _OURS if name in environ}
        usec, pid = ours.get("WATCHDOG_USEC", ""), ours.get("WATCHDOG_PID", "")
        meant = usec.isascii() and usec.isdigit() and int(usec) > 0 and pid in ("", str(os.getpid()))
        return cls(ours.get("NOTIFY_SOCKET", ""), int(usec) / 1_000_000 if meant else None, ours)

    @property
    def heard(self) -> bool:
        """Whether anybody wants to know."""
        return bool(self._address)

    def tell(self, **states: object) -> bool:
        """Send some states at once, such as READY=1, in one datagram; return whether the manager has them, or there is none."""
        if not self._address:
            return True
        said = "\n".join(f"{name}={' '.join(str(value).split())}" for name, value in states.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
                way.setblocking(False)
                way.sendto(said.encode("utf-8", "backslashreplace"), self._address)
        except (OSError, ValueError) as error:  # ValueError: a null character in the address
            self._miss(error)
            return False
        return True

    def _miss(self, error: OSError | ValueError) -> None:
        reason = str(error) if isinstance(error, ValueError) else error.strerror or str(error)
        if reason != self._told and getattr(error, "errno", None) not in _BUSY:
            self._told = reason
            _log.warning("the service manager cannot be told how it stands ($NOTIFY_SOCKET): %s", reason)
