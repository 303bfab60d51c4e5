"""What all commands share: options, exit codes, how errors, progress and answers are told. No command is here."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from feeder import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from feeder.config import Config
    from feeder.errors import Problem

__all__ = [
    "EPILOG",
    "FAULT",
    "INTERRUPTED",
    "QUARANTINE",
    "Group",
    "answer",
    "config_option",
    "host_option",
    "json_option",
    "loader",
    "port_option",
    "progressing",
    "removals_option",
    "state_folder",
    "tell_held",
    "tell_problems",
    "unmoved_by_retry",
    "warn",
]

QUARANTINE = 65
FAULT = 70
INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # where output and ledger are written, these have messages of their own
EPILOG = """\b
Exit codes:
   0  all is well                      73  the output cannot be written
   1  it failed; the message says why  74  the ledger cannot be used
   2  the command line is wrong        75  another feeder publishes here
  65  a file is set aside              78  the configuration is wrong
  70  a fault in feeder itself        130  interrupted
"""

config_option = click.option("-c", "--config", "config_file", metavar="FILE", help="The configuration; ./feeder.toml if it is there.")
json_option = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
removals_option = click.option("--accept-removals", is_flag=True, help="Withdraw what is gone, however many it is.")
host_option = click.option("--host", help="Listen here instead of where the configuration says.")
port_option = click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0 takes any free one.")


class Group(click.Group):
    """Tells errors as sentences with their exit code, and lists commands in the order of use."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it raises becomes a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - the top of the program: whoever called it gets an exit code that says whose fault it is
            ctx.exit(_failed(error))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order in which they were added."""
        return list(self.commands)


def _failed(error: Exception) -> int:
    """Tell what went wrong and return the exit code: a sentence where it is someone's to mend, everything where it is ours."""
    from feeder.errors import ConfigError, FeederError

    if isinstance(error, FeederError):
        click.echo(
            words.safe_lines(map(str, error.problems)) if isinstance(error, ConfigError) else f"feeder: {words.safe(error)}\n", err=True, nl=False
        )
        return error.exit_code
    if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
        click.echo(f"feeder: standard output cannot be written: {error.strerror}", err=True)
        return 1
    from traceback import format_exception

    click.echo(words.safe_lines(format_exception(error)), err=True, nl=False)
    click.echo("feeder: this is a fault in feeder itself; please report it with the lines above", err=True)
    return FAULT


def loader(config_file: str | None, host: str | None = None, port: int | None = None) -> Callable[[], Config]:
    """What reads the configuration, now and at each SIGHUP; options go before the environment, the environment before the file."""
    environ = dict(os.environ)
    environ |= {"FEEDER_SERVE__HOST": host} if host is not None else {}
    environ |= {"FEEDER_SERVE__PORT": str(port)} if port is not None else {}

    def load() -> Config:
        from pathlib import Path

        from feeder import config

        return config.load(None if config_file is None else Path(config_file), environ)

    return load


def state_folder(config_file: str | None) -> Path:
    """The folder of the ledger, without reading the configuration: that takes longer than all the rest of `status`."""
    from pathlib import Path

    from feeder import place

    if config_file is not None and not Path(config_file).is_file():
        from feeder.errors import ConfigError, Problem

        raise ConfigError((Problem(config_file, "there is no such file", "`feeder init` writes one"),))
    return place.state(None if config_file is None else Path(config_file), Path())


@contextmanager
def unmoved_by_retry() -> Iterator[None]:
    """`feeder retry` sends SIGHUP to whoever holds the lock; a build reads no configuration twice, and must not die of it."""
    import signal

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def progressing(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on a terminal, for long work only; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with suppress(BrokenPipeError):
        yield _bar
        click.echo("\r\x1b[K", nl=False, err=True)


def _bar(what: str, done: int, of: int) -> None:
    if of >= 200 and (done % 50 == 0 or done == of):
        filled = 30 * done // of
        click.echo(f"\r{what:10} [{'#' * filled}{'-' * (30 - filled)}] {done}/{of}", nl=False, err=True)


def answer(facts: Mapping[str, object]) -> None:
    """Print one JSON object, in ASCII so that no name in it can act on a terminal; times in ISO 8601, as everywhere."""
    import json

    click.echo(json.dumps(facts, indent=1, default=words.when))


def warn(line: str) -> None:
    """Tell what its owner should hear of whatever was asked for: a disk that forgets may do so again."""
    click.echo(f"warning: {words.safe(line)}", err=True)


def tell_problems(problems: Iterable[Problem]) -> None:
    """Tell what is set aside."""
    for problem in problems:
        click.echo(f"set aside: {words.safe(problem)}", err=True)


def tell_held(held: tuple[str, ...]) -> None:
    """Tell what stays although it is gone."""
    if held:
        click.echo(f"{words.held(len(held))}, or say --accept-removals", err=True)
