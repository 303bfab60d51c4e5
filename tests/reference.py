"""docs/reference.md, written from the commands as they are: `python -m tests.reference` writes it, a test compares."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from feeder.cli import EXIT_CODES, main
from feeder.cli._shape import Command

__all__ = ["ENVIRONMENT", "FILE", "FILES", "SIGNALS", "reference"]

FILE = Path(__file__).parent.parent / "docs" / "reference.md"

EXIT_NOTES = {
    0: "also when nothing was to be done",
    65: "or cannot be read; or `check` found an error in what is published",
    70: "please report it, with what it says and `feeder --version`",
    73: "what was published before stays",
    74: "what is published stays",
    75: "or a cycle had to stop: try again",
    130: "by Ctrl-C; what is published is whole",
    141: "as in `feeder status \\| head -1`; nothing is said",
}

ENVIRONMENT = {
    "FEEDER_TABLE__KEY": "a key of the configuration, `FEEDER_FEED__TITLE` for `title` in `[feed]`: it goes before the file, an option before it. "
    "An empty variable says nothing; one that is no key is an error",
    "FEEDER_TABLE__KEY_FILE": "a file that holds the value, for secrets",
    "NO_COLOR": "not empty: no colours, whatever else is set",
    "FORCE_COLOR": "not empty: colours, also where no terminal is; `0`: none",
    "CLICOLOR_FORCE": "not `0`: colours, also where no terminal is",
    "CLICOLOR": "`0`: no colours",
    "TERM": "`dumb`: no colours and no progress",
    "COLUMNS": "how wide `--help` is; otherwise as wide as the terminal, at most 120",
    "JOURNAL_STREAM": "where it names stderr, the log is written for journald: with priorities, without a time",
    "NOTIFY_SOCKET": "`feeder run` tells the service manager there when it is ready, that it lives, reloads and stops",
    "WATCHDOG_USEC": "how often it has to",
}

FILES = {
    "feeder.toml": "the configuration, in the current folder unless `--config` names another; all of it is optional",
    "input/": "the articles, and what lies beside them (`[input] folder`); only read",
    "output/": "what is published (`[output] folder`); any web server can serve it, hidden files are none of it",
    "output/.feeder/": "what the publisher keeps of the output: its lock and what was put there",
    ".feeder/ledger.db": "the ledger: what was promised to subscribers, with `-wal` and `-shm` while it is open. Back it up with the articles",
    ".feeder/lock": "held by the process that publishes; its number is in it",
    ".feeder/media/": "pictures and recordings as they are published",
    ".feeder/feeder.schema.json": "the JSON Schema of the configuration, for editors; `feeder init` writes it",
    ".feeder/NAME/": "the same for a configuration NAME.toml that is not called feeder.toml",
    "ledger.db.TIME": "in `.feeder/`: a ledger that was damaged, or recovered with `--force`, and set aside then; nothing reads it",
    "templates/": "beside the configuration: your own templates, block by block",
    "style.css": "beside the configuration: your own style",
}

SIGNALS = {
    "SIGTERM": "`run` and `serve` finish or abandon what they do within 5 seconds and end with 0",
    "SIGINT": "the same; other commands stop at once, clean up, and end with 130. A second one ends any of them on the spot",
    "SIGHUP": "`run` reads the configuration again and looks at once; a wrong one is refused, the old one stays. "
    "Where its terminal was closed, it ends",
    "SIGPIPE": "not used: whoever reads the answer may leave, and the command ends with 141",
}

HEAD = """\
# Reference

All commands, options, environment variables, files, exit codes and signals. This page is written by `python -m tests.reference` from the program
itself, and a test compares: change the help, not the page. Elsewhere: [the configuration's keys](configuration.md),
[what `check` looks for](check.md), [the shape of an export](export.md).

    feeder COMMAND [OPTIONS] [ARGUMENTS]

What was asked for goes to stdout, everything else to stderr; with `--json` stdout is one JSON object and nothing else. Colours and progress are for
terminals.
"""


def reference() -> str:
    """The page."""
    return "\n".join([HEAD, *_commands(), *_tables()]) + "\n"


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "Every command takes these:\n"
    yield "| option | meaning |\n|--------|---------|"
    yield "| `-q`, `--quiet` | Say nothing but errors. What is asked for with `--json`, and documents (`export`, `config`), come all the same. |"
    yield "| `-v`, `--verbose` | Say what is done and why, on stderr. |"
    yield "| `-h`, `--help` | Show its help, with examples, and exit. |\n"
    yield "`feeder` itself has `--help`, and `-V`, `--version`, which names Python and the platform, too.\n"
    root = click.Context(main, info_name="feeder", help_option_names=["-h", "--help"])
    for heading, commands in main.sections.items():
        yield f"### {heading}\n"
        for command in commands:
            yield from _command(command, root)


def _command(command: click.Command, parent: click.Context) -> Iterator[str]:
    ctx = click.Context(command, parent, command.name)
    if isinstance(command, click.Group):
        for other in command.commands.values():
            yield from _command(other, ctx)
        return
    yield f"#### {ctx.command_path}\n"
    yield f"    {ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}\n"
    yield from _paragraphs(command.help or "")
    options = [p for p in command.params if isinstance(p, click.Option) and p.name not in ("quiet", "verbose")]
    if options:
        yield "| option | meaning |\n|--------|---------|"
        yield from (_option(option, ctx) for option in options)
        yield ""
    if isinstance(command, Command) and command.examples:
        yield "| example | what for |\n|---------|----------|"
        yield from (f"| `{_cell(line)}` | {_cell(use)} |" for line, use in command.examples)
        yield ""


def _option(option: click.Option, ctx: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" `{option.make_metavar(ctx)}`"
    return f"| {names}{value} | {_cell(option.help or '')} |"


def _paragraphs(told: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(told).split("\n\n"):
        if paragraph.startswith("\b"):
            yield "\n".join(f"    {row}" for row in paragraph.split("\n")[1:]) + "\n"
        else:
            yield paragraph + "\n"


def _tables() -> Iterator[str]:
    yield "## Environment\n\n| variable | meaning |\n|----------|---------|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in ENVIRONMENT.items())
    yield "\n## Files\n\n| file | what it is |\n|------|------------|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in FILES.items())
    yield "\n## Exit codes\n\n| code | meaning |\n|-----:|---------|"
    yield from (f"| {code} | {meaning}{'; ' + EXIT_NOTES[code] if code in EXIT_NOTES else ''} |" for code, meaning in EXIT_CODES.items())
    yield "\n## Signals\n\n| signal | what comes of it |\n|--------|------------------|"
    yield from (f"| {name} | {meaning} |" for name, meaning in SIGNALS.items())


def _cell(said: str) -> str:
    return re.sub(r"\s+", " ", said).replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
