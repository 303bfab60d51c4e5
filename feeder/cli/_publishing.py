"""Commands that publish: init, run, build, serve."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from feeder import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from feeder.config import Config

from feeder.cli._around import (
    QUARANTINE,
    config_option,
    detail,
    host_option,
    is_quiet,
    is_verbose,
    json_option,
    port_option,
    progressing,
    remark,
    removals_option,
    say,
    styled,
    tell_held,
    tell_problems,
    unmoved_by_retry,
    warn,
)
from feeder.cli._several import each, files_argument, loaders
from feeder.cli._shape import command

__all__ = ["build", "init", "run", "serve"]

SCHEMA, WELCOME = ".feeder/feeder.schema.json", "input/welcome.md"


@command(
    examples=(
        ("feeder init", "in the current folder"),
        ("feeder init notes", "in the folder notes, which is made"),
    )
)
@click.argument("folder", default=".", type=click.Path(file_okay=False))
def init(folder: str) -> None:
    """Make a feeder.toml and a first article in FOLDER.

    Everything in the feeder.toml is explained and optional. Nothing that is there already is touched, and where there are articles no
    other is added to them.
    """
    import shlex
    from pathlib import Path

    root = Path(folder)
    made = _made(root / "feeder.toml", _configuration())
    say(
        f"made  {root / 'feeder.toml'}, the configuration: all of it is explained, and nothing has to be changed"
        if made
        else _kept(root / "feeder.toml")
    )
    if made and _made(root / SCHEMA, _resource("feeder.schema.json")):
        say(f"made  {root / SCHEMA}, from which editors know what may stand in it")
    if (root / "input").is_dir() and any((root / "input").iterdir()):
        say(_kept(root / "input"))
    elif _made(root / WELCOME, _resource("welcome.md")):
        say(f"made  {root / WELCOME}, a first article, which tells how to write the next")
    say(f"Now:  {'' if folder == '.' else f'cd {shlex.quote(folder)} && '}feeder run")


def _kept(path: Path) -> str:
    return f"kept  {path}, which is there already"


def _configuration() -> str:
    """The example, with an id of its own, and with the place of the schema as seen from it."""
    from uuid import uuid4

    lines = _resource("example.toml").splitlines()
    own = {"#id = ": f'id = "{uuid4().urn}"', "#:schema ": f"#:schema {SCHEMA}"}
    return "\n".join(next((new for begin, new in own.items() if line.startswith(begin)), line) for line in lines) + "\n"


def _resource(name: str) -> str:
    from importlib.resources import files

    return files("feeder").joinpath(name).read_text(encoding="utf-8")


@command(
    examples=(
        ("feeder run", "in a folder with input/, or an empty one"),
        ("feeder run --port 8080", "where port 8000 is taken"),
        ("feeder run --no-serve -c /srv/notes/feeder.toml", "where another web server serves the output"),
        ("feeder run news.toml notes.toml", "two feeds, at /news/ and /notes/"),
    )
)
@files_argument
@config_option
@removals_option
@click.option("--no-watch", is_flag=True, help="Look on schedule only, not when a file changes.")
@click.option("--no-serve", is_flag=True, help="Publish to the output folder only.")
@host_option
@port_option
def run(
    files: tuple[str, ...], config_file: str | None, *, accept_removals: bool, no_watch: bool, no_serve: bool, host: str | None, port: int | None
) -> None:
    """Publish, serve, and keep doing so.

    Looks on schedule and whenever a file changes, and serves the result, until stopped. With --verbose, every cycle is logged, and why it ran.
    Several configurations are several feeds, each by itself, on one server: NAME.toml is found at /NAME/, or where its base_url says.

    \b
    SIGTERM, SIGINT  finish or abandon the cycle within 5 s and end; the output is never half-written
    SIGHUP           read the configuration again (a wrong one is refused, the old one stays) and look at once
    """
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # until service.Signals takes it: one that comes during the imports waits
    from feeder import service

    _hushed()
    loads = loaders(config_file, files, host, port)
    options = service.Options(watch=not no_watch, serve=not no_serve, accept_removals=accept_removals, verbose=is_verbose(), quiet=is_quiet())
    sys.exit(service.run(loads, options, say=say))


@command(
    examples=(
        ("feeder build", "once, by hand"),
        ("feeder build --quiet", "from cron: it writes mail only when something is wrong"),
        ("feeder build --json", "what was done, for a program"),
        ("feeder build news.toml notes.toml", "two feeds, one after the other"),
    )
)
@files_argument
@config_option
@removals_option
@json_option
def build(files: tuple[str, ...], config_file: str | None, *, accept_removals: bool, as_json: bool) -> None:
    """Publish once.

    Publishes what is in the input folder now; waits some seconds for files that are still being written.
    """
    import gc

    gc.disable()  # one pass that makes no cycles to speak of and then ends: looking for them costs 7 % of a large build
    with unmoved_by_retry():
        sys.exit(each(config_file, files, partial(_built, accept_removals=accept_removals, as_json=as_json), as_json=as_json))


def _built(config: Config, *, accept_removals: bool, as_json: bool) -> tuple[int, Mapping[str, object]]:
    from feeder import once
    from feeder.clock import Clock

    with progressing() as progress:
        report = once.build(config, clock=Clock(), accept_removals=accept_removals, progress=progress, say=warn)
    if not as_json:
        for line in words.done_lines(report):
            detail(line)
        say(report.summary or styled("good", "nothing to do: the feed is as the folder"))
        tell_problems(report.problems)
        tell_held(report.held)
        for line in (*report.remarks, *(problem.reason for problem in report.failing)):
            remark(line)
    return QUARANTINE if report.problems or report.failing else 0, words.report(report)


@command(
    examples=(
        ("feeder serve", "look at what feeder build has published"),
        ("feeder serve --port 0", "on any port that is free"),
    )
)
@files_argument
@config_option
@host_option
@port_option
def serve(files: tuple[str, ...], config_file: str | None, host: str | None, port: int | None) -> None:
    """Serve what is published, and publish nothing.

    Another process may publish to the output folder meanwhile. Several configurations are served together, as run does.
    """
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # as in run
    from feeder import service

    _hushed()
    sys.exit(service.serve(loaders(config_file, files, host, port), say=say))


def _hushed() -> None:
    """With --quiet, what is no error is not logged."""
    if is_quiet():
        import logging

        logging.disable(logging.WARNING)


def _made(path: Path, body: str) -> bool:
    """Make a file and the folders to it; return whether it was not there. Raises FeederError."""
    from feeder.errors import FeederError

    try:
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(body)
    except OSError as error:
        raise FeederError(f"{path} cannot be written: {error.strerror}; let this user write there (chown, chmod), or say another folder") from error
    return True
