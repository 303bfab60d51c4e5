"""The shape of commands: help with examples, quiet and verbose, and one way out with one exit code. No command is here.

Whatever a command raises becomes a sentence on stderr and an exit code: `Group.main` is the top of the program.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import click

from feeder.cli._around import EXIT_CODES, GONE, INTERRUPTED, USAGE, VOICES, coloured, failed, hush, refused, require_ground

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType
    from typing import Any, NoReturn

__all__ = ["Command", "Group", "command"]

WIDEST = 120
NARROW = 60  # columns; where there are fewer, what an example is good for stands below it
NARROWEST = 30  # columns; what has less wraps by itself


class _Formatter(click.HelpFormatter):
    """Headings stand out on a terminal, and lines end where it ends: click's own are never shorter than 50."""

    def write_heading(self, heading: str) -> None:
        """Write the line above a block."""
        super().write_heading(click.style(heading, bold=True))

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        super().write_usage(prog, args, prefix or f"{click.style('Usage', bold=True)}: ")


class _Context(click.Context):
    """A command line being understood."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what the help is written with, as wide as the terminal."""
        from shutil import get_terminal_size

        return _Formatter(width=max(min(self.terminal_width or get_terminal_size().columns, WIDEST) - 2, NARROWEST))


class Command(click.Command):
    """A command with examples, each a command line and what it is good for; and with --quiet and --verbose, as all have them."""

    context_class = _Context

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = tuple(examples)
        self.params += VOICES

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options."""
        if self.examples:
            with formatter.section("Examples"):
                formatter.write_dl(list(self.examples), col_max=formatter.width // 2 if formatter.width >= NARROW else 2)
        super().format_epilog(ctx, formatter)


command = partial(click.command, cls=Command)
"""As `click.command`, with `examples=`."""


class Group(click.Group):
    """Commands in sections, in the order of use. The one at the root is the top of the program: it tells errors and ends."""

    context_class = _Context
    command_class = Command

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[click.Command]] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.sections = dict(sections or {})
        for command in (command for commands in self.sections.values() for command in commands):
            self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order in which they were added."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Understand the words; without any, the help is what was forgotten."""
        if not args:
            click.echo(ctx.get_help(), err=True, color=ctx.color)
            ctx.exit(USAGE)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each section with its commands, and of each the first line of its help, whole."""
        del ctx
        sections = self.sections or {"Commands": list(self.commands.values())}
        width = max(map(len, self.commands), default=0)
        for heading, commands in sections.items():
            rows = [(f"{command.name:{width}}", (command.help or "").partition("\n")[0]) for command in commands]
            with formatter.section(heading):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes below the commands of the root."""
        if ctx.parent is None:
            with formatter.section("Exit codes"):
                for row in _two_columns([f"{code:3}  {meaning}" for code, meaning in EXIT_CODES.items()], formatter.width):
                    formatter.write(f"{row}\n")
        super().format_epilog(ctx, formatter)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that is not there, tell which was meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise click.UsageError(f'there is no command "{name}"{_meant(name, self.commands)}', ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command, where one can work."""
        if ctx.parent is None:
            require_ground()
        return super().invoke(ctx)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run a command line to its end, and end with its exit code. Nothing is raised but SystemExit."""
        _settle_streams()
        with _at_once():
            code = self._code([*(sys.argv[1:] if args is None else args)], prog_name or "feeder", extra)
            sys.exit(_flushed(code))

    def _code(self, args: list[str], name: str, extra: Mapping[str, Any]) -> int:
        try:
            with self.make_context(name, args, color=coloured(os.environ), **extra) as ctx:
                self.invoke(ctx)
        except click.exceptions.Exit as done:
            return done.exit_code
        except SystemExit as done:
            return done.code if isinstance(done.code, int) else int(bool(done.code))
        except click.ClickException as error:
            return refused(error)
        except (KeyboardInterrupt, click.Abort):
            return INTERRUPTED
        except BrokenPipeError:
            return GONE
        except Exception as error:  # noqa: BLE001 - the top of the program: whoever called it gets an exit code that says whose fault it is
            return failed(error)
        return 0


def _two_columns(rows: Sequence[str], width: int) -> Sequence[str]:
    """The rows in two columns, where there is room for them."""
    half, column = (len(rows) + 1) // 2, max(map(len, rows[: (len(rows) + 1) // 2])) + 2
    if column + max(map(len, rows[half:])) > width:
        return [f"  {row}" for row in rows]
    return [f"  {left:{column}}{right}".rstrip() for left, right in zip(rows[:half], [*rows[half:], ""], strict=False)]


def _meant(name: str, names: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, 1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _settle_streams() -> None:
    """Whatever was opened instead of a closed stream must not become one; and a locale without a letter gets its number."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(handle)
    with suppress(AttributeError, ValueError):
        if sys.stdout.encoding.lower() != "utf-8":
            sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


@contextmanager
def _at_once() -> Iterator[None]:
    """The first Ctrl-C lets the command clean up behind itself; the second ends it at once. Where somebody else listens, they go on."""

    def interrupted(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
        signal.default_int_handler(number, frame)

    before = signal.getsignal(signal.SIGINT)
    ours = before in (signal.default_int_handler, signal.SIG_DFL)
    with suppress(ValueError):  # not in the main thread: then somebody else's Ctrl-C it is
        if ours:
            signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        if ours and signal.getsignal(signal.SIGINT) is interrupted:
            signal.signal(signal.SIGINT, before)


def _flushed(code: int) -> int:
    """The exit code, once all is written: whoever read it may be gone, or the disk under it full."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        code = code or GONE
    except OSError as error:
        code = failed(error)
    if code == GONE:
        hush()
    return code
