"""The command line: words in, an exit code out. Every command imports what it needs when it runs; nothing is decided here."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from feeder import __version__, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from feeder.config import Config
    from feeder.errors import Problem

__all__ = ["main"]

QUARANTINE = 65
FAULT = 70
INTERRUPTED = 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # where output and ledger are written, these have messages of their own
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


class _Group(click.Group):
    """Tells errors as sentences with their exit code, and lists commands in the order of use."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - the top of the program: whoever called it gets an exit code that says whose fault it is
            ctx.exit(_failed(error))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(cls=_Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, "-V", "--version", prog_name="feeder")
def main() -> None:
    """Publish a folder of articles as a feed.

    \b
    feeder run                  publish input/ to output/, serve it, and keep doing so
    cp article.txt input/       ... and a second later your subscribers have it
    """


@main.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False))
def init(folder: str) -> None:
    """Make a feeder.toml and a first article in FOLDER.

    Everything in the feeder.toml is explained and optional. Nothing that is there already is touched.
    """
    import shlex
    from importlib.resources import files
    from pathlib import Path
    from uuid import uuid4

    example = files("feeder").joinpath("example.toml").read_text(encoding="utf-8")
    ident = f'id = "{uuid4().urn}"'
    config = "\n".join(ident if line.startswith("#id = ") else line for line in example.splitlines()) + "\n"
    article = (
        "A first article\n\nThis file is an article: its first line is the title, and this is the text.\n\n"
        "Put more files beside it: .txt, .md or .html.\n"
    )
    for path, body in ((Path(folder, "feeder.toml"), config), (Path(folder, "input", "first.txt"), article)):
        click.echo(f"made  {path}" if _made(path, body) else f"kept  {path}, which is there already")
    click.echo(f"Now: {'' if folder == '.' else f'cd {shlex.quote(folder)} && '}feeder run")


@main.command()
@config_option
@removals_option
@click.option("--no-watch", is_flag=True, help="Look on schedule only, not when a file changes.")
@click.option("--no-serve", is_flag=True, help="Publish to the output folder only.")
@host_option
@port_option
@click.option("-v", "--verbose", is_flag=True, help="Log every cycle and why it ran.")
def run(config_file: str | None, *, accept_removals: bool, no_watch: bool, no_serve: bool, host: str | None, port: int | None, verbose: bool) -> None:
    """Publish, serve, and keep doing so.

    Looks on schedule and whenever a file changes, and serves the result, until stopped.

    \b
    SIGTERM, SIGINT  finish or abandon the cycle within 5 s and end; the output is never half-written
    SIGHUP           read the configuration again (a wrong one is refused, the old one stays) and look at once
    """
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # until service.Signals takes it: one that comes during the imports waits
    from feeder import service

    load = _loader(config_file, host, port)
    options = service.Options(watch=not no_watch, serve=not no_serve, accept_removals=accept_removals, verbose=verbose)
    sys.exit(service.run(load, options, say=click.echo))


@main.command()
@config_option
@removals_option
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def build(config_file: str | None, *, accept_removals: bool, as_json: bool, quiet: bool) -> None:
    """Publish once.

    Publishes what is in the input folder now; waits some seconds for files that are still being written.
    """
    import gc

    from feeder import once
    from feeder.clock import Clock

    gc.disable()  # one pass that makes no cycles to speak of and then ends: looking for them costs 7 % of a large build
    config = _loader(config_file)()
    with _unmoved_by_retry(), _progress(quiet=quiet or as_json) as progress:
        report = once.build(config, clock=Clock(), accept_removals=accept_removals, progress=progress, say=_warn)
    if as_json:
        _answer(words.report(report))
    elif not quiet:
        click.echo(report.summary or "nothing to do: the feed is as the folder")
    if not as_json:
        _tell_problems(report.problems)
        _tell_held(report.held)
        for remark in report.remarks:
            click.echo(f"note: {words.safe(remark)}", err=True)
    sys.exit(QUARANTINE if report.problems else 0)


@main.command()
@config_option
@host_option
@port_option
def serve(config_file: str | None, host: str | None, port: int | None) -> None:
    """Serve what is published, and publish nothing.

    Another process may publish to the output folder meanwhile.
    """
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # as in run
    from feeder import service

    sys.exit(service.serve(_loader(config_file, host, port)(), say=click.echo))


@main.command()
@config_option
@json_option
def check(config_file: str | None, *, as_json: bool) -> None:
    """Say what is wrong with articles, configuration, output.

    Reads the configuration and every article, judges every published document by the rules of a good feed that need no
    network (docs/check.md), and publishes nothing.
    """
    from feeder import once
    from feeder.clock import Clock

    checked = once.check(_loader(config_file)(), clock=Clock())
    if as_json:
        problems, notes = ([words.problem(p) for p in group] for group in (checked.problems, checked.notes))
        findings = [words.finding(found) for found in checked.findings]
        _answer({"articles": checked.articles, "problems": problems, "notes": notes, "published": checked.published, "findings": findings})
    else:
        _tell_problems(checked.problems)
        for note in checked.notes:
            click.echo(f"note: {words.safe(note)}")
        for line in words.finding_lines(checked.findings):
            click.echo(line, err=True)
        click.echo(f"{words.count(checked.articles, 'article')} can be published, {words.count(len(checked.problems), 'problem')}")
        click.echo(words.judged(checked))
    sys.exit(QUARANTINE if checked.problems or any(found.severity == "error" for found in checked.findings) else 0)


@main.command()
@config_option
@json_option
def status(config_file: str | None, *, as_json: bool) -> None:
    """Say what is published, what is not, and why."""
    from feeder.ledger import Ledger

    state = _state(config_file)
    ledger = Ledger.look(state)
    if ledger is None and not as_json:
        click.echo("nothing is published from here yet; begin with: feeder run")
        return
    facts = words.status(ledger or Ledger.blank(), state)
    if as_json:
        _answer(facts)
    else:
        click.echo("\n".join(words.status_lines(facts)))


@main.command()
@config_option
@json_option
@removals_option
@click.option("--documents", is_flag=True, help="List the documents that would be written or removed.")
def plan(config_file: str | None, *, as_json: bool, accept_removals: bool, documents: bool) -> None:
    """Say what the next build would change for subscribers.

    Runs a build that writes nothing, and compares: what of each entry would differ, and how many would be marked unread.
    """
    from feeder import once, telling
    from feeder.clock import Clock

    planned = once.foresee(_loader(config_file)(), clock=Clock(), accept_removals=accept_removals)
    if as_json:
        _answer(telling.plan_facts(planned))
        return
    for line in (*(telling.document_lines(planned) if documents else ()), *telling.plan_lines(planned)):
        click.echo(line)
    for line in telling.plan_warnings(planned):
        click.echo(line, err=True)
    _tell_problems(planned.report.problems)
    _tell_held(planned.report.held)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@config_option
@json_option
def explain(file: str, config_file: str | None, *, as_json: bool) -> None:
    """Say where an article's title, dates and summary come from.

    Of the summary every sentence that was looked at is told, and why it was kept or dropped.
    """
    from pathlib import Path

    from feeder import once

    told = once.explain(_loader(config_file)(), Path(file))
    if as_json:
        _answer(words.explained(told))
    else:
        click.echo("\n".join((*words.fact_lines(told), *words.summary_lines(told), *words.sentence_lines(told))))


@main.command()
@config_option
@removals_option
def retry(config_file: str | None, *, accept_removals: bool) -> None:
    """Have the files that were set aside read again.

    Whoever failed, a language model's endpoint or a hub, is asked and told again, too. A running service does so at once;
    otherwise the next build or run does.
    """
    import signal

    from feeder.ledger import Ledger, holder

    state = _state(config_file)
    Ledger.ask(state, "retry accept-removals" if accept_removals else "retry")
    pid = holder(state)
    if pid is None:
        click.echo("the next feeder build or feeder run does it")
        return
    os.kill(pid, signal.SIGHUP)
    click.echo(f"the service (process {pid}) does it now")


@main.command()
@config_option
@click.option("--force", is_flag=True, help="Even if there is a ledger that is sound: it is set aside, not deleted.")
def recover(config_file: str | None, *, force: bool) -> None:
    """Rebuild a lost ledger from the published feed.

    Ids, permalinks, dates and withdrawals are read from feed.xml and archive/ in the output folder, and the articles found again in the
    input folder, so that subscribers notice nothing. A ledger that was there is set aside, and only one that is damaged. Stop a
    running service first.
    """
    from feeder import rescue
    from feeder.clock import Clock

    with _progress(quiet=False) as progress:
        recovered = rescue.recover(_loader(config_file)(), clock=Clock(), force=force, progress=progress)
    click.echo("\n".join(words.recovered(recovered)))


@main.command("import")
@click.argument("feed", type=click.File("rb"))
@config_option
@click.option("--dry-run", is_flag=True, help="Only say what would be taken over.")
@json_option
def import_(feed: BinaryIO, config_file: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Take over ids and dates from another tool's feed.

    FEED is a file in Atom, RSS or JSON Feed ("-": standard input). Articles in the input folder that are entries of it keep their ids and
    dates, so that a move marks nothing as unread; do it before the first build. What is public already keeps what it has.
    """
    from feeder import rescue, subscription
    from feeder.clock import Clock

    body = feed.read(subscription.LARGEST + 1)
    with _progress(quiet=as_json) as progress:
        adopted = rescue.adopt(_loader(config_file)(), body, clock=Clock(), dry_run=dry_run, progress=progress)
    if as_json:
        _answer(words.adopted(adopted))
    else:
        click.echo("\n".join(words.adopted_lines(adopted)))


@main.command()
@click.argument("file", default="-", type=click.Path(dir_okay=False, allow_dash=True))
@config_option
def export(file: str, config_file: str | None) -> None:
    """Write everything as one JSON document to FILE.

    Every entry there ever was, with what was promised of it and what it says, also those that wait for their date: it is yours, not your
    subscribers'. Without FILE it goes to standard output. Its shape is documented and has a version.
    """
    from pathlib import Path

    from feeder import export as room

    config = _loader(config_file)()
    if file != "-":
        room.write(config, Path(file))
        return
    for piece in room.exported(config):
        sys.stdout.buffer.write(piece.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


# -- around the commands -------------------------------------------------------------------------------------------------------


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
        raise FeederError(f"{path} cannot be written: {error.strerror}") from error
    return True


def _failed(error: Exception) -> int:
    """Tell what went wrong and return the exit code: a sentence where it is someone's to mend, everything where it is ours."""
    from feeder.errors import ConfigError, FeederError

    if isinstance(error, FeederError):
        click.echo(
            words.safe_lines(map(str, error.problems)) if isinstance(error, ConfigError) else f"feeder: {words.safe(error)}\n", err=True, nl=False
        )
        return error.exit_code
    if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
        click.echo(f"feeder: standard output cannot be written: {error.strerror}", err=True)
        return 1
    from traceback import format_exception

    click.echo(words.safe_lines(format_exception(error)), err=True, nl=False)
    click.echo("feeder: this is a fault in feeder itself; please report it with the lines above", err=True)
    return FAULT


def _loader(config_file: str | None, host: str | None = None, port: int | None = None) -> Callable[[], Config]:
    """What reads the configuration, now and at each SIGHUP; options go before the environment, the environment before the file."""
    environ = dict(os.environ)
    environ |= {"FEEDER_SERVE__HOST": host} if host is not None else {}
    environ |= {"FEEDER_SERVE__PORT": str(port)} if port is not None else {}

    def load() -> Config:
        from pathlib import Path

        from feeder import config

        return config.load(None if config_file is None else Path(config_file), environ)

    return load


def _state(config_file: str | None) -> Path:
    """The folder of the ledger, without reading the configuration: that takes longer than all the rest of `status`."""
    from pathlib import Path

    from feeder import place

    if config_file is not None and not Path(config_file).is_file():
        from feeder.errors import ConfigError, Problem

        raise ConfigError((Problem(config_file, "there is no such file", "`feeder init` writes one"),))
    return place.state(None if config_file is None else Path(config_file), Path())


@contextmanager
def _unmoved_by_retry() -> Iterator[None]:
    """`feeder retry` sends SIGHUP to whoever holds the lock; a build reads no configuration twice, and must not die of it."""
    import signal

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
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


def _answer(facts: Mapping[str, object]) -> None:
    """Print one JSON object, in ASCII so that no name in it can act on a terminal; times in ISO 8601, as everywhere."""
    import json

    click.echo(json.dumps(facts, indent=1, default=words.when))


def _warn(line: str) -> None:
    """Tell what its owner should hear of whatever was asked for: a disk that forgets may do so again."""
    click.echo(f"warning: {words.safe(line)}", err=True)


def _tell_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(f"set aside: {words.safe(problem)}", err=True)


def _tell_held(held: tuple[str, ...]) -> None:
    if held:
        click.echo(f"{words.held(len(held))}, or say --accept-removals", err=True)
