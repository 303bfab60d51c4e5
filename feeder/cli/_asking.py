"""Commands that only look: check, status, plan, explain."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from feeder import words
from feeder.cli._around import (
    ARTICLES,
    QUARANTINE,
    answer,
    aside,
    config_option,
    failed,
    is_quiet,
    json_option,
    loader,
    progressing,
    removals_option,
    say,
    screen_width,
    state_folder,
    styled,
    tell_held,
    tell_problems,
    warn,
)
from feeder.cli._several import called, each, files_argument, one_or_files
from feeder.cli._shape import command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from feeder.config import Config

__all__ = ["check", "explain", "plan", "status"]


@command(
    examples=(
        ("feeder check", "before the first build, and before a commit"),
        ("feeder check -q", "nothing but errors, for a hook: the exit code says the rest"),
        ("feeder check --json", "what was found, for a program"),
        ("feeder check news.toml notes.toml", "two feeds that are to be served together"),
    )
)
@files_argument
@config_option
@json_option
def check(files: tuple[str, ...], config_file: str | None, *, as_json: bool) -> None:
    """Say what is wrong with articles, configuration, output.

    Reads the configuration and every article, judges every published document by the rules of a good feed that need no
    network (docs/check.md), and publishes nothing. Of several configurations also what they may not share.
    """
    sys.exit(each(config_file, files, partial(_checked, as_json=as_json), as_json=as_json))


def _checked(config: Config, *, as_json: bool) -> tuple[int, Mapping[str, object]]:
    from feeder import once
    from feeder.clock import Clock

    with progressing() as progress:
        checked = once.check(config, clock=Clock(), progress=progress)
    if not as_json:
        tell_problems(checked.problems)
        for note in checked.notes:
            say(f"note: {words.safe(note)}")
        for line in words.plugin_lines(checked.plugins):
            say(line)
        for line in words.finding_lines(found for found in checked.findings if found.severity == "error" or not is_quiet()):
            aside(line)
        say(f"{words.count(checked.articles, 'article')} can be published, {words.count(len(checked.problems), 'problem')}")
        say(styled("good", words.judged(checked)) if not checked.findings else words.judged(checked))
    problems, notes = ([words.problem(p) for p in group] for group in (checked.problems, checked.notes))
    findings = [words.finding(found) for found in checked.findings]
    plugins = [words.plugin(found) for found in checked.plugins]
    said = {"articles": checked.articles, "problems": problems, "notes": notes, "plugins": plugins}
    facts = {**said, "published": checked.published, "findings": findings}
    return QUARANTINE if checked.problems or any(found.severity == "error" for found in checked.findings) else 0, facts


@command(
    examples=(
        ("feeder status", "how it stands, beside a running service or without one"),
        ("feeder status --all", "every row of every list, and the configuration"),
        ("feeder status --json", "the same for a program (docs/status.md)"),
        ("feeder status news.toml notes.toml", "two feeds, one after the other"),
    )
)
@files_argument
@config_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Shorten no list, and tell the configuration.")
def status(files: tuple[str, ...], config_file: str | None, *, as_json: bool, everything: bool) -> None:
    """Say what is published, what is not, and why.

    What needs you comes first, each with what to do about it.
    """
    from feeder.errors import LedgerError

    told: list[Mapping[str, object]] = []
    code, meant = 0, [(file, state_folder(file)) for file in one_or_files(config_file, files)]
    for number, (file, state) in enumerate(meant):
        name = called(file) if file and len(meant) > 1 else ""
        if name and not as_json:
            say(f"{chr(10) if number else ''}{styled('strong', words.safe(f'{name}:'))}")
        try:
            told.append(_status(file, state, name, as_json=as_json, everything=everything))
        except LedgerError as error:
            if len(meant) == 1:
                raise
            code = code or failed(error)
            told.append({"name": name, "error": str(error)})
    if as_json:
        answer(told[0] if len(told) == 1 else {"feeds": told})
    sys.exit(code)


def _status(file: str | None, state: Path, name: str, *, as_json: bool, everything: bool) -> Mapping[str, object]:
    """Say how one feed stands, or return the facts for a program."""
    from feeder.cli._standing import MOST, lines
    from feeder.clock import Clock
    from feeder.survey import settings, survey

    stands = survey(state, now=Clock().now(), most=None if as_json or everything else MOST, name=name)
    if everything:
        from dataclasses import replace

        stands = replace(stands, settings=settings(loader(file)()))
    if as_json:
        from feeder.standing import facts

        return facts(stands)
    if stands.state == "empty" and not (stands.settings or stands.embargoed or stands.process):
        say("nothing is published from here yet; begin with: feeder run")
    else:
        say("\n".join(lines(stands)))
    return {}


@command(
    examples=(
        ("feeder plan", "would this edit mark anything as unread?"),
        ("feeder plan --documents", "each file of the output that would change, too"),
        ("feeder plan --accept-removals", "what it would be to let many articles go"),
    )
)
@files_argument
@config_option
@json_option
@removals_option
@click.option("--documents", is_flag=True, help="List the documents that would be written or removed.")
def plan(files: tuple[str, ...], config_file: str | None, *, as_json: bool, accept_removals: bool, documents: bool) -> None:
    """Say what the next build would change for subscribers.

    Runs a build that writes nothing, and compares: what of each entry would differ, and how many would be marked unread.
    """
    work = partial(_planned, as_json=as_json, accept_removals=accept_removals, documents=documents)
    sys.exit(each(config_file, files, work, as_json=as_json))


def _planned(config: Config, *, as_json: bool, accept_removals: bool, documents: bool) -> tuple[int, Mapping[str, object]]:
    from feeder import once, telling
    from feeder.clock import Clock

    with progressing() as progress:
        planned = once.foresee(config, clock=Clock(), accept_removals=accept_removals, progress=progress)
    if as_json:
        return 0, telling.plan_facts(planned)
    for line in (*(telling.document_lines(planned) if documents else ()), *telling.plan_lines(planned)):
        say(line)
    for line in telling.plan_warnings(planned):
        warn(line)
    tell_problems(planned.report.problems)
    tell_held(planned.report.held)
    return 0, {}


@command(
    examples=(
        ("feeder explain input/first.txt", "why has it this title, this date, this summary?"),
        ("feeder explain --json input/first.txt", "the same for a program"),
    )
)
@click.argument("file", type=ARTICLES)
@config_option
@json_option
def explain(file: str, config_file: str | None, *, as_json: bool) -> None:
    """Say where an article's title, dates and summary come from.

    Of the summary every sentence that was looked at is told, and why it was kept or dropped.
    """
    from pathlib import Path

    from feeder import once

    told = once.explain(loader(config_file)(), Path(file))
    if as_json:
        answer(words.explained(told))
    else:
        width = screen_width()
        say("\n".join((*words.fact_lines(told, width), *words.summary_lines(told, width), *words.sentence_lines(told, width))))
