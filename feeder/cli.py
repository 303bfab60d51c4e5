"""The command line: words in, words out, an exit code. Every command imports what it needs when it runs; nothing is decided here."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from feeder import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from feeder.changes import Change, Verdict
    from feeder.config import Config
    from feeder.errors import Problem
    from feeder.ledger import Ledger
    from feeder.once import Explained
    from feeder.pipeline import Report

__all__ = ["main"]

QUARANTINE = 65
FAULT = 70
INTERRUPTED = 130
# The summaries that Feeder makes, by their origin; another origin, a plugin's or a model's, speaks for itself.
MADE: Mapping[str, str] = {
    "lead": "how the story begins",
    "extract": "made of the sentences that say most of it",
    "first fragments": "made of its first pieces, for want of whole sentences",
    "first words": "its first words, for want of sentences",
    "title": "its title, for want of words",
}
RUN = 40  # sentences one after another with one reason that are shown; more than an article has, fewer than a log
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
        report = once.build(config, clock=Clock(), accept_removals=accept_removals, progress=progress)
    if as_json:
        _answer(_report(report))
    elif not quiet:
        click.echo(report.summary or "nothing to do: the feed is as the folder")
    if not as_json:
        _tell_problems(report.problems)
        _tell_held(report.held)
        for remark in report.remarks:
            click.echo(f"note: {_safe(remark)}", err=True)
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
    """Say what is wrong with configuration and articles.

    Reads the configuration, every article and the published feed, and publishes nothing.
    """
    from feeder import once
    from feeder.clock import Clock

    checked = once.check(_loader(config_file)(), clock=Clock())
    if as_json:
        problems, notes = ([_problem(p) for p in group] for group in (checked.problems, checked.notes))
        _answer({"articles": checked.articles, "problems": problems, "notes": notes})
    else:
        _tell_problems(checked.problems)
        for note in checked.notes:
            click.echo(f"note: {_safe(note)}")
        click.echo(f"{_count(checked.articles, 'article')} can be published, {_count(len(checked.problems), 'problem')}")
    sys.exit(QUARANTINE if checked.problems else 0)


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
    facts = _status(ledger or Ledger.blank(), state)
    if as_json:
        _answer(facts)
    else:
        click.echo("\n".join(_status_lines(facts)))


@main.command()
@config_option
@json_option
@removals_option
def plan(config_file: str | None, *, as_json: bool, accept_removals: bool) -> None:
    """Say what the next build would change for subscribers."""
    from feeder import once
    from feeder.clock import Clock

    verdict = once.foresee(_loader(config_file)(), clock=Clock(), accept_removals=accept_removals)
    if as_json:
        _answer(_verdict(verdict))
        return
    told = _told(verdict)
    for change in told:
        moved = f" (was {_safe(change.origin)})" if change.origin else ""
        click.echo(f"{change.verb:9} {_safe(change.entry.path)}{moved}  {_safe(change.entry.title)}")
    unread = f"{_count(_unread(verdict), 'entry', 'entries')} would be marked unread"
    click.echo(f"{_count(len(told), 'entry', 'entries')} would change, {unread}" if told else "nothing would change")
    _tell_problems(verdict.refused)
    _tell_held(verdict.held)


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
        _answer(_explained(told))
    else:
        click.echo("\n".join((*_fact_lines(told), *_summary_lines(told), *_sentence_lines(told))))


@main.command()
@config_option
@removals_option
def retry(config_file: str | None, *, accept_removals: bool) -> None:
    """Have the files that were set aside read again.

    A running service does so at once; otherwise the next build or run does.
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


# -- words and figures --------------------------------------------------------------------------------------------------------


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
        click.echo(_safe_lines(map(str, error.problems)) if isinstance(error, ConfigError) else f"feeder: {_safe(error)}\n", err=True, nl=False)
        return error.exit_code
    from traceback import format_exception

    click.echo(_safe_lines(format_exception(error)), err=True, nl=False)
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

    click.echo(json.dumps(facts, indent=1, default=_when))


def _safe(said: object) -> str:
    """Words of others for a terminal."""
    from feeder.text import printable

    return printable(str(said))


def _safe_lines(lines: Iterable[str]) -> str:
    return "".join(f"{_safe(line)}\n" for block in lines for line in block.splitlines())


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}"


def _tell_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(f"set aside: {_safe(problem)}", err=True)


def _tell_held(held: tuple[str, ...]) -> None:
    if held:
        click.echo(f"{_held(len(held))}, or say --accept-removals", err=True)


def _held(number: int) -> str:
    return f"{_count(number, 'article is', 'articles are')} gone at once and stay{'s' if number == 1 else ''} published: put the files back"


def _problem(problem: Problem) -> dict[str, object]:
    return {"where": problem.where, "reason": problem.reason, "hint": problem.hint}


def _report(report: Report) -> Mapping[str, object]:
    return {
        "changes": [{"verb": c.verb, "id": c.entry.id, "path": c.entry.path, "origin": c.origin} for c in report.changes],
        "problems": [_problem(p) for p in report.problems],
        "held": list(report.held),
        "written": list(report.put.written),
        "removed": list(report.put.removed),
        "remarks": list(report.remarks),
    }


def _verdict(verdict: Verdict) -> Mapping[str, object]:
    changes = [{"verb": c.verb, "id": c.entry.id, "path": c.entry.path, "origin": c.origin, "title": c.entry.title} for c in _told(verdict)]
    return {"changes": changes, "unread": _unread(verdict), "refused": [_problem(p) for p in verdict.refused], "held": list(verdict.held)}


def _told(verdict: Verdict) -> list[Change]:
    """One change for each entry, the weightiest; none where subscribers see no difference."""
    from feeder.changes import Change, Verb, outcome

    entries = {change.entry.id: change.entry for change in verdict.changes}
    origins = {change.entry.id: change.origin for change in verdict.changes if change.origin}
    weightiest = outcome(verdict.changes).items()
    return [Change(verb, entries[ident], origins.get(ident, "")) for ident, verb in weightiest if verb is not Verb.RETOUCH]


def _unread(verdict: Verdict) -> int:
    """How many entries a reader would show as new or changed."""
    from feeder.changes import Verb

    return len({c.entry.id for c in verdict.changes if c.verb in (Verb.EDIT, Verb.RELEASE) and c.entry.public})


def _explained(told: Explained) -> Mapping[str, object]:
    facts = {name: {"value": value, "origin": origin} for name, (value, origin) in told.facts.items()}
    sentences = [{"sentence": sentence, "why": why} for sentence, why in told.sentences]
    return {**facts, "sentences": sentences, "unseen": told.unseen}


def _fact_lines(told: Explained) -> Iterator[str]:
    for name, (value, origin) in told.facts.items():
        if name != "summary":
            yield from _indented(f"{name:10} ", f"{_safe(value)}{f'   [{_safe(origin)}]' if origin else ''}")


def _summary_lines(told: Explained) -> Iterator[str]:
    text, origin = told.facts["summary"]
    kind, _, remark = _safe(origin).partition("; ")
    made = f"your own, from {_safe(origin)}" if told.own else MADE.get(kind, f"from {kind}") + (f"; {remark}" if remark else "")
    yield from ("", *_indented("", f"The summary, {_count(len(str(text)), 'character')}, is {made}:"), "")
    yield from _indented("  ", _safe(text))


def _sentence_lines(told: Explained) -> Iterator[str]:
    """The sentences in their order, below why they were kept or dropped; of a very long run with one reason the first."""
    from itertools import groupby

    from feeder.terminal import WIDTH, shortened

    if told.sentences:
        yield from ("", "Sentence by sentence:", "")
    for why, group in groupby(told.sentences, lambda sentence: sentence[1]):
        run = [sentence for sentence, _ in group]
        yield from _indented("  ", _safe(why))
        yield from (f"    {shortened(_safe(sentence), WIDTH - 4)}" for sentence in run[:RUN])
        if len(run) > RUN:
            yield f"    … and {len(run) - RUN:,} more"
    if told.unseen:
        further = "sentence further down was" if told.unseen == 1 else "sentences further down were"
        yield from ("", f"{told.unseen:,} {further} not looked at.")


def _indented(begin: str, said: str) -> Iterator[str]:
    """Rows behind a beginning, the others below the first."""
    from feeder.terminal import WIDTH, wrapped

    for number, row in enumerate(wrapped(said, WIDTH - len(begin)) or [""]):
        yield f"{begin if not number else ' ' * len(begin)}{row}".rstrip()


def _status(ledger: Ledger, state: Path) -> dict[str, object]:
    import json

    from feeder.ledger import holder

    standing, assistant = ledger.standing(), _assistant(ledger)
    names = {"published": "live", "withdrawn": "withdrawn", "expired": "expired", "drafts": "draft"}
    problems = [(f.problem, f.since) for f in standing.files if f.problem]
    return {
        **{name: standing.counts.get(kind, 0) for name, kind in names.items()},
        "embargoed": [{"path": path, "until": until} for path, until in standing.embargoed],
        "held": json.loads(ledger.get("held") or "[]"),
        "quarantine": [{**_problem(p), "since": since, "published": p.where in standing.kept} for p, since in problems],
        "notes": [{"where": f.path, "note": flag} for f in standing.files for flag in f.flags],
        **({"assistant": assistant} if assistant else {}),
        "process": holder(state),
        "cycles": [{"at": at, "seconds": seconds, "did": did} for at, seconds, did in ledger.cycles()[:10]],
    }


def _assistant(ledger: Ledger) -> dict[str, object] | None:
    """How it stands with the language model, if one is asked for summaries."""
    from datetime import UTC, datetime

    from feeder.clock import Clock

    contact, now = ledger.answers.contact(), Clock().now()
    if contact is None:
        return None
    spent, until = ledger.answers.spent(now), datetime.fromtimestamp(contact.until, UTC)
    return {
        "model": contact.name,
        "calls": spent.calls,
        "calls_per_day": contact.calls_per_day,
        "tokens": spent.tokens,
        "tokens_per_day": contact.tokens_per_day,
        "pending": ledger.answers.waiting(),
        "error": contact.error,
        "asked_after": until if until > now else None,
    }


def _assistant_line(facts: Mapping[str, object]) -> str:
    budget = ", ".join(f"{facts[unit]:,} of {facts[f'{unit}_per_day']:,} {unit}" for unit in ("calls", "tokens"))
    pending = f"{facts['pending']} {'summary is' if facts['pending'] == 1 else 'summaries are'} waited for"
    error = f"; it failed: {_safe(facts['error'])}" if facts["error"] else ""
    again = f"; asked again after {_when(facts['asked_after'])}" if facts["asked_after"] else ""
    return f"language model {_safe(facts['model'])}: {budget} today, {pending}{error}{again}"


def _status_lines(facts: Mapping[str, object]) -> Iterator[str]:
    numbers: Mapping[str, int] = facts  # type: ignore[assignment]
    others = {"withdrawn": "withdrawn", "expired": "expired", "drafts": "taken back as drafts"}
    counts = [_count(numbers["published"], "article") + " published", *(f"{numbers[name]} {word}" for name, word in others.items() if numbers[name])]
    yield ", ".join(counts)
    yield f"running as process {facts['process']}" if facts["process"] else "no service is running"
    if assistant := facts.get("assistant"):
        yield _assistant_line(assistant)  # type: ignore[arg-type]
    tables: Mapping[str, list[dict[str, object]]] = facts  # type: ignore[assignment]
    if tables["held"]:
        yield f"held: {_held(len(tables['held']))}, or: feeder retry --accept-removals"
    for row in tables["embargoed"]:
        yield f"waits until {_when(row['until'])}: {_safe(row['path'])}"
    for row in tables["quarantine"]:
        hint, kept = f" ({row['hint']})" if row["hint"] else "", "; its last good version stays published" if row["published"] else ""
        yield f"set aside since {_when(row['since'])}: {_safe(row['where'])}: {_safe(row['reason'])}{_safe(hint)}{kept}"
    for row in tables["notes"]:
        yield f"note: {_safe(row['where'])}: {_safe(row['note'])}"
    for row in tables["cycles"]:
        yield f"{_when(row['at'])}  {row['seconds']:.2f} s  {row['did']}"


def _when(moment: object) -> str:
    """A time as it stands in the feed, RFC 3339."""
    return str(moment).replace("+00:00", "Z").replace(" ", "T")
