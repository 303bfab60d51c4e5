"""The command line: words in, words out, an exit code. Every command imports what it needs when it runs; nothing is decided here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder import __version__
from feeder.errors import ConfigError, FeederError, Problem
from feeder.text import printable

if TYPE_CHECKING:
    from feeder.changes import Known, Verdict
    from feeder.config import Config
    from feeder.ledger import Ledger
    from feeder.pipeline import Report

__all__ = ["main"]

QUARANTINE = 65
EPILOG = """\b
Exit codes: 0 all is well, 1 failed, 2 wrong usage, 65 a file cannot be published, 70 a fault of the program,
73 the output cannot be written, 74 the ledger or the input cannot be read, 75 another feeder publishes here,
78 the configuration is wrong, 130 interrupted.
"""

config_option = click.option(
    "-c", "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="The configuration; ./feeder.toml if it is there."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
removals_option = click.option("--accept-removals", is_flag=True, help="Withdraw what is gone, however many it is.")


class _Group(click.Group):
    """Tells errors as sentences with their exit code, and lists commands in the order of use."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except FeederError as error:
            prefix = "" if isinstance(error, ConfigError) else "feeder: "
            click.echo(f"{prefix}{error}", err=True)
            ctx.exit(error.exit_code)

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
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Make a commented feeder.toml and a first article in FOLDER, and touch nothing that is there."""
    from importlib.resources import files
    from uuid import uuid4

    example = files("feeder").joinpath("example.toml").read_text(encoding="utf-8")
    ident = f'id = "{uuid4().urn}"'
    config = "\n".join(ident if line.startswith("#id = ") else line for line in example.splitlines()) + "\n"
    article = (
        "A first article\n\nThis file is an article: its first line is the title, and this is the text.\n\n"
        "Put more files beside it: .txt, .md or .html.\n"
    )
    for path, body in ((folder / "feeder.toml", config), (folder / "input" / "first.txt", article)):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(body)
            click.echo(f"made  {path}")
        except FileExistsError:
            click.echo(f"kept  {path}, which is there already")
        except OSError as error:
            raise FeederError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Now: {'feeder run' if folder == Path() else f'cd {folder} && feeder run'}")


@main.command()
@config_option
@removals_option
@click.option("--no-watch", is_flag=True, help="Look on schedule only, not when a file changes.")
@click.option("--no-serve", is_flag=True, help="Publish to the output folder only.")
@click.option("--host", help="Listen here instead of where the configuration says.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0 takes any free one.")
@click.option("-v", "--verbose", is_flag=True, help="Log every cycle and why it ran.")
def run(
    config_file: Path | None, *, accept_removals: bool, no_watch: bool, no_serve: bool, host: str | None, port: int | None, verbose: bool
) -> None:
    """Publish on schedule and whenever a file changes, and serve the result, until stopped.

    \b
    SIGTERM, SIGINT  finish or abandon the cycle within 5 s and end; the output is never half-written
    SIGHUP           read the configuration again (a wrong one is refused, the old one stays) and look at once
    """
    from feeder import service

    load = _loader(config_file, host, port)
    options = service.Options(watch=not no_watch, serve=not no_serve, accept_removals=accept_removals, verbose=verbose)
    sys.exit(service.run(load, options, say=click.echo))


@main.command()
@config_option
@removals_option
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def build(config_file: Path | None, *, accept_removals: bool, as_json: bool, quiet: bool) -> None:
    """Publish what is in the input folder now, once; waits for files that are still being written."""
    from feeder import once
    from feeder.clock import Clock

    config = _loader(config_file)()
    with _progress(quiet=quiet or as_json) as progress:
        report = once.build(config, clock=Clock(), accept_removals=accept_removals, progress=progress)
    if as_json:
        click.echo(json.dumps(_report(report), indent=1))
    elif not quiet:
        click.echo(report.summary or "nothing to do: the feed is as the folder")
    if not as_json:
        _tell_problems(report.problems)
        _tell_held(report.held)
    sys.exit(QUARANTINE if report.problems else 0)


@main.command()
@config_option
@click.option("--host", help="Listen here instead of where the configuration says.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0 takes any free one.")
def serve(config_file: Path | None, host: str | None, port: int | None) -> None:
    """Serve the output folder as it is, without publishing; another process may publish to it meanwhile."""
    from feeder import service

    sys.exit(service.serve(_loader(config_file, host, port)(), say=click.echo))


@main.command()
@config_option
@json_option
def check(config_file: Path | None, *, as_json: bool) -> None:
    """Judge the configuration, every article and the published feed, and publish nothing."""
    from feeder import once
    from feeder.clock import Clock

    checked = once.check(_loader(config_file)(), clock=Clock())
    if as_json:
        problems = [_problem(p) for p in checked.problems]
        click.echo(
            json.dumps(
                {"articles": checked.articles, "problems": problems, "notes": [_problem(p) for p in checked.notes]}, indent=1, ensure_ascii=False
            )
        )
    else:
        _tell_problems(checked.problems)
        for note in checked.notes:
            click.echo(f"note: {_safe(note)}")
        click.echo(f"{checked.articles} articles can be published, {len(checked.problems)} problems")
    sys.exit(QUARANTINE if checked.problems else 0)


@main.command()
@config_option
@json_option
def status(config_file: Path | None, *, as_json: bool) -> None:
    """Say what is published, what is not and why, and what the last cycles did."""
    from feeder.ledger import Ledger

    state = (config_file.parent if config_file else Path()) / ".feeder"
    ledger = Ledger.look(state)
    if ledger is None:
        click.echo(json.dumps({"published": 0, "built": False}) if as_json else "nothing is published yet; start with: feeder run")
        return
    facts = _status(ledger, state)
    click.echo(json.dumps(facts, indent=1, ensure_ascii=False, default=str) if as_json else "\n".join(_status_lines(facts)))


@main.command()
@config_option
@json_option
@removals_option
def plan(config_file: Path | None, *, as_json: bool, accept_removals: bool) -> None:
    """Say what the next build would change for subscribers, and change nothing."""
    from feeder import once
    from feeder.clock import Clock

    verdict = once.foresee(_loader(config_file)(), clock=Clock(), accept_removals=accept_removals)
    if as_json:
        click.echo(json.dumps(_verdict(verdict), indent=1, ensure_ascii=False, default=str))
        return
    from feeder.changes import outcome

    told = outcome(verdict.changes)
    origins = {change.entry.id: change.origin for change in verdict.changes if change.origin}
    for ident, entry in {change.entry.id: change.entry for change in verdict.changes}.items():
        moved = f" (was {printable(origins[ident])})" if ident in origins else ""
        click.echo(f"{told[ident]:9} {printable(entry.path)}{moved}  {printable(entry.title)}")
    click.echo(f"{len(told)} entries change; {_unread(verdict)} entries would be marked unread" if verdict.changes else "nothing would change")
    _tell_problems(verdict.refused)
    _tell_held(verdict.held)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
@json_option
def explain(file: Path, config_file: Path | None, *, as_json: bool) -> None:
    """Say where the title, the dates, the language and the summary of FILE come from."""
    from feeder import once

    facts = once.explain(_loader(config_file)(), file)
    if as_json:
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False, default=str))
        return
    for name, (value, origin) in facts.items():
        click.echo(f"{name:10} {printable(str(value))}{f'   [{printable(origin)}]' if origin else ''}")


@main.command()
@config_option
@removals_option
def retry(config_file: Path | None, *, accept_removals: bool) -> None:
    """Have files in quarantine read again; a running service does so at once."""
    import signal

    from feeder.ledger import Ledger, holder

    state = (config_file.parent if config_file else Path()) / ".feeder"
    Ledger.ask(state, "retry accept-removals" if accept_removals else "retry")
    pid = holder(state)
    if pid is None:
        click.echo("the next feeder build or feeder run does it")
        return
    os.kill(pid, signal.SIGHUP)
    click.echo(f"the service (process {pid}) does it now")


# -- words and figures --------------------------------------------------------------------------------------------------------


def _loader(config_file: Path | None, host: str | None = None, port: int | None = None) -> Callable[[], Config]:
    """What reads the configuration, now and at each SIGHUP; options go before the environment, the environment before the file."""
    environ = dict(os.environ)
    environ |= {"FEEDER_SERVE__HOST": host} if host is not None else {}
    environ |= {"FEEDER_SERVE__PORT": str(port)} if port is not None else {}

    def load() -> Config:
        from feeder import config

        return config.load(config_file, environ)

    return load


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


def _safe(problem: Problem) -> str:
    return printable(str(problem))


def _tell_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(f"not published: {_safe(problem)}", err=True)


def _tell_held(held: tuple[str, ...]) -> None:
    if held:
        click.echo(f"{len(held)} articles are missing at once and stay published; put them back, or say --accept-removals", err=True)


def _problem(problem: Problem) -> dict[str, str]:
    return {"where": problem.where, "reason": problem.reason, "hint": problem.hint}


def _report(report: Report) -> Mapping[str, object]:
    return {
        "changes": [{"verb": c.verb, "id": c.entry.id, "path": c.entry.path, "origin": c.origin} for c in report.changes],
        "problems": [_problem(p) for p in report.problems],
        "held": list(report.held),
        "written": list(report.put.written),
        "removed": list(report.put.removed),
    }


def _verdict(verdict: Verdict) -> Mapping[str, object]:
    changes = [{"verb": c.verb, "id": c.entry.id, "path": c.entry.path, "origin": c.origin, "title": c.entry.title} for c in verdict.changes]
    return {"changes": changes, "unread": _unread(verdict), "refused": [_problem(p) for p in verdict.refused], "held": list(verdict.held)}


def _unread(verdict: Verdict) -> int:
    """How many entries a reader would show as new or changed."""
    from feeder.changes import Verb

    return len({c.entry.id for c in verdict.changes if c.verb in (Verb.EDIT, Verb.RELEASE) and c.entry.public})


def _status(ledger: Ledger, state: Path) -> dict[str, object]:
    from feeder.changes import State
    from feeder.ledger import holder

    known = list(ledger.known().values())
    embargoed = [k for k in known if k.state is State.LIVE and not k.arrival]
    return {
        "published": sum(k.public for k in known),
        "withdrawn": sum(k.state is State.WITHDRAWN and k.arrival > 0 for k in known),
        "expired": sum(k.state is State.EXPIRED for k in known),
        "drafts": sum(k.state is State.DRAFT for k in known),
        "embargoed": [{"path": k.path, "until": k.published} for k in _by_date(embargoed)],
        "held": json.loads(ledger.get("held") or "[]"),
        "quarantine": [{**_problem(f.problem), "since": f.since} for f in ledger.files().values() if f.problem],
        "notes": [{"where": f.path, "note": flag} for f in ledger.files().values() for flag in f.flags],
        "process": holder(state),
        "cycles": [{"at": at, "seconds": seconds, "did": did} for at, seconds, did in ledger.cycles()[:10]],
    }


def _by_date(entries: Iterable[Known]) -> list[Known]:
    return sorted(entries, key=lambda k: (k.published, k.path))


def _status_lines(facts: Mapping[str, object]) -> Iterator[str]:
    yield f"{facts['published']} published, {facts['withdrawn']} withdrawn, {facts['expired']} expired, {facts['drafts']} taken back as drafts"
    yield f"running as process {facts['process']}" if facts["process"] else "no service is running"
    held: list[str] = facts["held"]  # type: ignore[assignment]
    if held:
        yield f"held: {len(held)} articles vanished at once and stay published; put them back, or: feeder retry --accept-removals"
    tables: Mapping[str, list[dict[str, object]]] = facts  # type: ignore[assignment]
    for row in tables["embargoed"]:
        yield f"waits until {_when(row['until'])}: {printable(str(row['path']))}"
    for row in tables["quarantine"]:
        hint = f" ({row['hint']})" if row["hint"] else ""
        yield printable(f"not published since {_when(row['since'])}: {row['where']}: {row['reason']}{hint}")
    for row in tables["notes"]:
        yield printable(f"note: {row['where']}: {row['note']}")
    for row in tables["cycles"]:
        yield f"{_when(row['at'])}  {row['seconds']:.2f} s  {row['did']}"


def _when(moment: object) -> str:
    return moment.isoformat().replace("+00:00", "Z") if isinstance(moment, datetime) else ""
