"""The few errors a user can meet. Each message names the file, line or key and says what to do; not a logger."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Abandoned",
    "Busy",
    "ConfigError",
    "Damaged",
    "FeederError",
    "LedgerError",
    "PluginError",
    "Problem",
    "PublishError",
    "Unreadable",
    "Unsettled",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong and what its owner can do about it.

    `where` is what the owner would open: an article's path, or `feeder.toml:6:1`.
    """

    where: str
    reason: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" + (f" ({self.hint})" if self.hint else "")


class FeederError(Exception):
    """The base of all errors this program raises on purpose; `exit_code` is what the command line returns (sysexits.h)."""

    exit_code = 1


class ConfigError(FeederError):
    """The configuration is wrong: every problem found in it, in the order of the file."""

    exit_code = 78

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Unreadable(FeederError):
    """One file cannot become an article. It is quarantined; the others are published."""

    exit_code = 65

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{reason} ({hint})" if hint else reason)
        self.reason = reason
        self.hint = hint


class Unsettled(FeederError):
    """A file changed or went away while it was read: not an error of its author, it is looked at again soon."""


class PluginError(FeederError):
    """A plugin cannot be loaded, or failed at what it was asked: the message names it. `busy`: it still is at something else."""

    def __init__(self, reason: str, *, busy: bool = False) -> None:
        super().__init__(reason)
        self.busy = busy


class LedgerError(FeederError):
    """The ledger cannot be used. The cycle stops and what is published stays."""

    exit_code = 74


class Damaged(LedgerError):
    """The ledger is not what was written: by its disk, or by someone."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; `feeder recover` rebuilds it from the published feed, or restore it from a backup")


class PublishError(FeederError):
    """A document cannot be written. What was published before stays."""

    exit_code = 73


class Busy(FeederError):
    """Another process publishes here already; the message names it."""

    exit_code = 75


class Abandoned(FeederError):
    """The cycle was asked to stop, or ran past its deadline, before it was done. The next one takes it up again."""

    exit_code = 75
