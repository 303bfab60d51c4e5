"""The log: one line per event on stderr, for people, for journald or for programs. Whatever a name holds, it acts on no terminal and feigns no line.

An event may have facts beside its words, for programs: `_log.info("…", extra={"facts": {"seconds": 0.2}})`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from feeder.terminal import printable

__all__ = ["Journal", "Json", "Lines", "journald", "write_logs"]

PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))  # syslog's (RFC 5424 section 6.2.1); else 7


class Lines(logging.Formatter):
    """One line per event, whatever is in a file's name or an error's message; a traceback follows on lines of its own, indented (I20)."""

    form = "%(asctime)s %(levelname)s %(feed)s%(message)s"

    def __init__(self) -> None:
        super().__init__(self.form)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line, with what could move the cursor or feign another line shown instead of done. Of a feed's own logger it bears the name."""
        feed = _feed(record)
        record.feed = f"{feed}: " if feed else ""
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and what follows it, likewise."""
        return "\n  ".join(map(printable, super().format(record).split("\n")))  # an error's message may have lines, too


class Journal(Lines):
    """The same for journald, which has the time already and takes the level from a number before each line (sd-daemon(3))."""

    form = "%(feed)s%(message)s"

    def format(self, record: logging.LogRecord) -> str:
        """Return each line with its priority."""
        priority = next((number for level, number in PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


class Json(logging.Formatter):
    """One JSON object per event, in ASCII, a traceback within it: time, level, message, feed (where there are several), facts, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object on one line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if feed := _feed(record):
            said["feed"] = feed
        facts = getattr(record, "facts", None)
        said |= {name: fact for name, fact in facts.items() if name not in said} if isinstance(facts, Mapping) else {}
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def journald(environ: Mapping[str, str]) -> bool:
    """Whether stderr leads to journald: $JOURNAL_STREAM names the device and inode that it is (systemd.exec(5))."""
    with suppress(OSError):
        here = os.fstat(2)
        return environ.get("JOURNAL_STREAM") == f"{here.st_dev}:{here.st_ino}"
    return False


def write_logs(level: int, style: str = "text") -> None:
    """Log one line per event to stderr from now on, where nothing else was set up. A log that cannot be written never stops the service."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # started without it: whatever is opened next would become the process's stdout or stderr
    os.close(descriptor)
    logging.raiseExceptions = False
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(_Stderr())
    form = Json() if style == "json" else Journal() if journald(os.environ) else Lines()
    for handler in root.handlers:
        if isinstance(handler, _Stderr):
            handler.setFormatter(form)
    logging.getLogger("feeder").setLevel(level)


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    """The handler that is ours."""


def _feed(record: logging.LogRecord) -> str:
    return record.name.partition(".")[2]
