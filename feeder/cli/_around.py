"""What all commands share: options, exit codes, how errors, remarks, progress and answers are told. No command is here.

What was asked for goes to stdout (`say`, `answer`), all else to stderr. With --quiet only errors are told, and what is
asked for with --json, or is a document; with --verbose also what is done and why (`detail`).
"""

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
    from typing import Literal

    from feeder.cli._progress import Bar
    from feeder.config import Config
    from feeder.errors import ConfigError, Problem

    Kind = Literal["error", "warning", "hint", "good", "dim", "strong"]

__all__ = [
    "ARTICLES",
    "EXIT_CODES",
    "FAULT",
    "GONE",
    "INTERRUPTED",
    "QUARANTINE",
    "USAGE",
    "VOICES",
    "Suffixed",
    "about",
    "answer",
    "aside",
    "coloured",
    "config_option",
    "detail",
    "failed",
    "host_option",
    "hush",
    "is_quiet",
    "is_verbose",
    "json_option",
    "loader",
    "port_option",
    "progressing",
    "refused",
    "remark",
    "removals_option",
    "require_ground",
    "say",
    "screen_width",
    "state_folder",
    "styled",
    "tell_held",
    "tell_problems",
    "unmoved_by_retry",
    "warn",
]

USAGE, QUARANTINE, FAULT, INTERRUPTED, GONE = 2, 65, 70, 130, 141
EXIT_CODES: Mapping[int, str] = {
    0: "all is well",
    1: "it failed; the message says why",
    USAGE: "the command line is wrong",
    QUARANTINE: "a file is set aside",
    FAULT: "a fault in feeder itself",
    73: "the output cannot be written",
    74: "the ledger cannot be used",
    75: "another feeder publishes here",
    78: "the configuration is wrong",
    INTERRUPTED: "interrupted",
    GONE: "whoever read the answer left",
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # where output and ledger are written, these have messages of their own
_STYLES: Mapping[Kind, Mapping[str, object]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"},
    "hint": {"fg": "cyan"},
    "good": {"fg": "green"},
    "dim": {"dim": True},
    "strong": {"bold": True},
}
_NARROWEST = 30  # columns; a terminal that has fewer wraps by itself
_VOICE = "feeder.voice"  # of a command line: quiet, verbose, or neither
_ABOUT = "feeder.about"  # which of several feeds is spoken of
_bars: list[Bar] = []  # on the terminal now


class Suffixed(click.Path):
    """A file whose name ends so, as a shell completes it; any other is taken as well."""

    def __init__(self, *suffixes: str, exists: bool = False) -> None:
        super().__init__(exists=exists, dir_okay=not exists, readable=exists)
        self.suffixes = suffixes

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> str | bytes | os.PathLike[str]:
        """Return the path. Raises UsageError where there is none."""
        if self.exists and not os.path.lexists(value):
            raise click.UsageError(f'there is no file "{words.safe(value)}"', ctx)
        return super().convert(value, param, ctx)


ARTICLES = Suffixed(".txt", ".text", ".md", ".markdown", ".html", ".htm", exists=True)
config_option = click.option(
    "-c", "--config", "config_file", type=Suffixed(".toml"), metavar="FILE", help="The configuration; ./feeder.toml if it is there."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
removals_option = click.option("--accept-removals", is_flag=True, help="Withdraw what is gone, however many it is.")
host_option = click.option("--host", metavar="ADDRESS", help="Listen here instead of where the configuration says.")
port_option = click.option("--port", metavar="PORT", type=click.IntRange(0, 65535), help="Listen on this port; 0 takes any free one.")


# -- quiet, verbose, colours --------------------------------------------------------------------------------------------------


def _raised(ctx: click.Context, option: click.Parameter, value: object) -> None:
    if value and ctx.meta.setdefault(_VOICE, option.name) != option.name:
        raise click.UsageError("--quiet and --verbose contradict each other: say one of them", ctx)


VOICES = tuple(
    click.Option([f"-{voice[0]}", f"--{voice}"], is_flag=True, expose_value=False, callback=_raised, help=told)
    for voice, told in (("quiet", "Say nothing but errors."), ("verbose", "Say what is done and why."))
)
"""The options that every command has."""


def _voice() -> object:
    ctx = click.get_current_context(silent=True)
    return ctx.meta.get(_VOICE) if ctx else None


def is_quiet() -> bool:
    """Whether nothing but errors is to be told."""
    return _voice() == "quiet"


def is_verbose() -> bool:
    """Whether it is to be told what is done and why."""
    return _voice() == "verbose"


def coloured(environ: Mapping[str, str]) -> bool | None:
    """Whether there are colours: always, never, or (None) where they are written to a terminal.

    NO_COLOR (no-color.org) goes before FORCE_COLOR and CLICOLOR_FORCE, these before TERM=dumb and CLICOLOR=0.
    """
    if environ.get("NO_COLOR"):
        return False
    if forced := environ.get("FORCE_COLOR"):
        return forced != "0"
    if environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return False if environ.get("TERM") == "dumb" or environ.get("CLICOLOR") == "0" else None


def styled(kind: Kind, said: str) -> str:
    """Words in the colour of their kind; `click.echo`, and all that tells here, takes it away where there are no colours."""
    return click.style(said, **_STYLES[kind])  # type: ignore[arg-type]


# -- telling ------------------------------------------------------------------------------------------------------------------


@contextmanager
def about(feed: str) -> Iterator[None]:
    """Whatever is told meanwhile is told of this one of several feeds: each line begins with its name."""
    meta = click.get_current_context().meta
    meta[_ABOUT] = f"{words.safe(feed)}: "
    try:
        yield
    finally:
        del meta[_ABOUT]


def _named(said: str) -> str:
    ctx = click.get_current_context(silent=True)
    name = ctx.meta.get(_ABOUT, "") if ctx else ""
    return "\n".join(f"{styled('strong', name)}{line}" for line in said.split("\n")) if name else said


def say(line: str) -> None:
    """Tell what was asked for, on stdout; not with --quiet."""
    if not is_quiet():
        _clear()
        click.echo(_named(line), color=coloured(os.environ))


def screen_width() -> int:
    """How many columns a row on stdout has: those of the terminal, if it has fewer than 80."""
    from feeder.terminal import WIDTH

    try:
        return min(max(os.get_terminal_size(1).columns or WIDTH, _NARROWEST), WIDTH)
    except OSError:
        return WIDTH


def answer(facts: Mapping[str, object]) -> None:
    """Print one JSON object, in ASCII so that no name in it can act on a terminal; times in ISO 8601, as everywhere."""
    import json

    _clear()
    click.echo(json.dumps(facts, indent=1, default=words.when))


def remark(line: str) -> None:
    """Tell what is worth knowing beside what was asked for; not with --quiet."""
    if not is_quiet():
        aside(f"note: {words.safe(line)}")


def detail(line: str) -> None:
    """Tell what is done and why, with --verbose."""
    if is_verbose():
        aside(styled("dim", words.safe(line)))


def warn(line: str) -> None:
    """Tell what its owner should hear of whatever was asked for: a disk that forgets may do so again."""
    aside(f"{styled('warning', 'warning:')} {words.safe(line)}")


def tell_problems(problems: Iterable[Problem]) -> None:
    """Tell what is set aside."""
    for problem in problems:
        aside(f"{styled('warning', 'set aside:')} {_problem(problem)}")


def tell_held(held: tuple[str, ...]) -> None:
    """Tell what stays although it is gone."""
    if held:
        aside(f"{styled('warning', words.held(len(held)))}, or say --accept-removals")


def _problem(problem: Problem) -> str:
    hint = styled("hint", f" ({words.safe(problem.hint)})") if problem.hint else ""
    return f"{styled('strong', words.safe(problem.where))}: {words.safe(problem.reason)}{hint}"


def aside(line: str) -> None:
    """Tell beside what was asked for, on stderr."""
    _clear()
    click.echo(_named(line), err=True, color=coloured(os.environ))


def _clear() -> None:
    for bar in _bars:
        bar.clear()


# -- the end ------------------------------------------------------------------------------------------------------------------


def refused(error: click.ClickException) -> int:
    """Tell what is wrong with the command line, and where to read what is right; return the exit code."""
    if isinstance(error, click.NoSuchOption):
        close = [*(error.possibilities or ())][:1]
        said = f'there is no option "{error.option_name}"' + (f' (did you mean "{close[0]}"?)' if close else "")
    else:
        told = error.format_message()
        said = told[:1].lower() + told[1:]
    _fail(said)
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.UsageError) and ctx is not None:
        aside(styled("hint", f"{ctx.command_path} --help says what it takes"))
    return error.exit_code


def failed(error: Exception) -> int:
    """Tell what went wrong and return the exit code: a sentence where it is someone's to mend, everything where it is ours."""
    from feeder.errors import ConfigError, FeederError

    if isinstance(error, ConfigError):
        return _misconfigured(error)
    if isinstance(error, FeederError):
        _fail(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
        _fail(f"standard output cannot be written: {error.strerror}")
        return 1
    from traceback import format_exception

    _clear()
    click.echo(words.safe_lines(format_exception(error)), err=True, nl=False)
    _fail("this is a fault in feeder itself; please report it with the lines above")
    return FAULT


def _misconfigured(error: ConfigError) -> int:
    for problem in error.problems:
        aside(_problem(problem))
    return error.exit_code


def _fail(said: str) -> None:
    aside(f"{styled('error', 'feeder:')} {words.safe(said)}")


def require_ground() -> None:
    """Raise ClickException where no command can work: in a folder that was deleted, or where the names of files are not UTF-8."""
    if sys.getfilesystemencoding().lower() != "utf-8":
        raise click.ClickException("the names of files are not UTF-8 in this locale: set LC_ALL=C.UTF-8, or PYTHONUTF8=1")
    try:
        os.getcwd()  # noqa: PTH109 - pathlib takes its time to load
    except OSError as error:
        raise click.ClickException("the current folder was deleted: change to one that is there (cd)") from error


def hush() -> None:
    """Nobody reads any more: what is left to be written goes nowhere, so that Python says nothing of it either."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


# -- the configuration and the work -------------------------------------------------------------------------------------------


def loader(config_file: str | None, host: str | None = None, port: int | None = None) -> Callable[[], Config]:
    """What reads the configuration, now and at each SIGHUP; options go before the environment, the environment before the file."""
    given = {"--host": host, "--port": None if port is None else str(port)}
    options = {f"FEEDER_SERVE__{option[2:].upper()}": option for option, value in given.items() if value is not None}
    environ = {**os.environ, **{variable: given[option] or "" for variable, option in options.items()}}

    def load() -> Config:
        from pathlib import Path

        from feeder import config

        loaded = config.load(None if config_file is None else Path(config_file), environ, options)
        detail(f"configuration: {loaded.file or 'the defaults, for there is no feeder.toml here'}")
        detail(f"input: {loaded.input.folder}; output: {loaded.output.folder}; ledger: {loaded.state}")
        return loaded

    return load


def state_folder(config_file: str | None) -> Path:
    """The folder of the ledger, without reading the configuration: that takes longer than all the rest of `status`."""
    from pathlib import Path

    from feeder import place

    if config_file is not None and not Path(config_file).is_file():
        from feeder.errors import ConfigError, Problem

        raise ConfigError((Problem(config_file, "there is no such file", place.nearest(Path(config_file))),))
    state = place.state(None if config_file is None else Path(config_file), Path())
    detail(f"ledger: {state}")
    return state


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
def progressing() -> Iterator[Callable[[str, int, int], None] | None]:
    """How far long work is, in one line on a terminal that is taken away at its end, whatever end that is. Elsewhere, and with --quiet, nothing."""
    if is_quiet() or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from feeder.cli._progress import Bar
    from feeder.clock import Clock

    bar = Bar(sys.stderr, Clock().tick)
    _bars.append(bar)
    try:
        yield bar
    finally:
        _bars.remove(bar)
        bar.clear()
