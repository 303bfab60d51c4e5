"""Which plugins are in use and which of them fail, for whoever asks from another process: two single values in `meta`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from feeder.errors import Problem

__all__ = ["Failure", "Plugins"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A plugin whose documents cannot be made: what it is called, why, and since when."""

    name: str
    reason: str
    since: datetime


class Plugins:
    """What is known of plugins. `get` and `put` are those of the ledger for single values."""

    def __init__(self, get: Callable[[str], str | None], put: Callable[..., None]) -> None:
        self._get = get
        self._put = put

    def used(self) -> tuple[str, ...]:
        """The names of those in use, with their versions."""
        return tuple(json.loads(self._get("plugins") or "[]"))

    def failing(self) -> tuple[Failure, ...]:
        """Those that fail, since when."""
        noted = json.loads(self._get("failing") or "[]")
        return tuple(Failure(name, reason, datetime.fromtimestamp(since, UTC)) for name, reason, since in noted)

    def note(self, used: Iterable[str], problems: Iterable[Problem], now: datetime) -> None:
        """Record how it stands. One that fails for the same reason as before does so since then; where nothing is new, nothing is written."""
        since = {failure.reason: failure.since for failure in self.failing()}
        failing = [(p.where, p.reason, int(since.get(p.reason, now).timestamp())) for p in dict.fromkeys(problems)]
        told = {"plugins": json.dumps(list(used)), "failing": json.dumps(failing)}
        news = {name: value for name, value in told.items() if value != (self._get(name) or "[]")}
        if news:
            self._put(**news)
