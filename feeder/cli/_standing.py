"""How a feed stands, for a person at a terminal: the most urgent first, and what to do about it. Prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click import unstyle

from feeder.cli._around import styled
from feeder.standing import count, distance, size, stamped
from feeder.words import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from feeder.standing import Assistant, Hub, More, Standing

__all__ = ["MOST", "lines"]

MOST = 20
"""Rows of a list that are told unless all are asked for."""
COLUMN = 14
CYCLES, LATEST = 10, 5
TITLE = 60  # columns of a title
BARS = "▁▂▃▄▅▆▇█"


def lines(s: Standing) -> Iterator[str]:
    """All of it: how it stands in a sentence, what wants attention, what is out, and list by list what is not and why."""
    kind = {"trouble": "error", "attention": "warning", "ok": "good"}.get(s.state, "strong")
    yield styled(kind, s.headline)  # type: ignore[arg-type]
    for concern in s.concerns:
        yield f"  {styled('error' if concern.grave else 'warning', '!')} {safe(concern.says)}"
        if concern.todo:
            yield f"    {styled('hint', safe(concern.todo))}"
    yield ""
    yield from _figures(s)
    for block in (_aside(s), _held(s), _waiting(s), _notes(s), _latest(s), _cycles(s), _settings(s)):
        rows = list(block)
        yield from (["", *rows] if rows else [])


def _figures(s: Standing) -> Iterator[str]:
    others = {"withdrawn": s.withdrawn, "expired": s.expired, "taken back as drafts": s.drafts}
    kept = f", {s.kept:,} of them kept without a file" if s.kept else ""
    yield _figure("published", "".join([count(s.published, "article"), kept, *(f", {number:,} {word}" for word, number in others.items() if number)]))
    yield _figure("service", f"runs as process {s.process}" if s.process else "none is running")
    if s.cycles:
        last = s.cycles[0]
        yield _figure("last change", f"{_when(last.at, s.at)}: {safe(last.did)}")
    if s.embargoed:
        yield _figure("next release", f"{_when(s.embargoed[0].until, s.at)}: {safe(s.embargoed[0].path)}")
    if any(day.published for day in s.days):
        most = max(day.published for day in s.days)
        bars = "".join(BARS[-(-day.published * len(BARS) // most) - 1] if day.published else "·" for day in s.days)
        yield _figure(f"last {len(s.days)} days", f"{bars} {sum(day.published for day in s.days):,}")
    if s.assistant:
        yield _figure("summaries", _assistant(s.assistant, s.at))
    if s.plugins:
        yield _figure("plugins", safe(", ".join(s.plugins)))
    for hub in s.hubs:
        yield _figure("hub", _hub(hub, s.at))


def _figure(name: str, said: str) -> str:
    return f"{styled('dim', f'{name:{COLUMN}}')}{said}"


def _assistant(a: Assistant, now: datetime) -> str:
    budget = ", ".join(
        f"{spent:,} of {most:,} {unit}" for spent, most, unit in ((a.calls, a.calls_per_day, "calls"), (a.tokens, a.tokens_per_day, "tokens"))
    )
    pending = f"; {count(a.pending, 'summary is', 'summaries are')} waited for" if a.pending else ""
    error = f"; it failed: {safe(a.error)}" if a.error else ""
    again = f"; asked again {_when(a.asked_after, now)}" if a.asked_after else ""
    return f"language model {safe(a.model)}: {budget} today{pending}{error}{again}"


def _hub(hub: Hub, now: datetime) -> str:
    waiting = count(hub.waiting, "ping waits", "pings wait") if hub.waiting else "no ping waits"
    error = f"; it does not take them: {safe(hub.error)}" if hub.error else ""
    again = f"; told again {_when(hub.told_after, now)}" if hub.told_after else ""
    given_up = f"; given up: {hub.given_up:,}" if hub.given_up else ""
    last = f"; last told {_when(hub.last_told, now)}" if hub.last_told else "; never told yet"
    return f"{safe(hub.hub)}: {waiting}{error}{again}{given_up}{last}"


def _aside(s: Standing) -> Iterator[str]:
    yield from _title("Set aside", len(s.quarantine) + s.more.quarantine)
    for row in s.quarantine:
        yield f"  {styled('strong', safe(row.where))}: {safe(row.reason)}"
        if row.hint:
            yield f"    {styled('hint', safe(row.hint))}"
        kept = "; its last good version stays published" if row.published else ""
        yield styled("dim", f"    set aside {_when(row.since, s.at)}{kept}")
    yield from _rest(s.more, "quarantine")


def _held(s: Standing) -> Iterator[str]:
    yield from _title("Gone at once, and published all the same", len(s.held) + s.more.held)
    yield from (f"  {safe(path)}" for path in s.held)
    yield from _rest(s.more, "held")


def _waiting(s: Standing) -> Iterator[str]:
    yield from _title("Waiting for their time", len(s.embargoed) + s.more.embargoed)
    yield from _table([stamped(row.until), distance(row.until, s.at), styled("strong", safe(row.path))] for row in s.embargoed)
    yield from _rest(s.more, "embargoed")


def _notes(s: Standing) -> Iterator[str]:
    yield from _title("Published, with a note", len(s.notes) + s.more.notes)
    yield from (f"  {styled('strong', safe(row.where))}: {safe(row.note)}" for row in s.notes)
    yield from _rest(s.more, "notes")


def _latest(s: Standing) -> Iterator[str]:
    yield from _title("Published last", 0 if not s.latest else min(len(s.latest), LATEST))
    yield from _table([stamped(out.published), distance(out.published, s.at), _short(safe(out.title))] for out in s.latest[:LATEST])


def _cycles(s: Standing) -> Iterator[str]:
    yield from _title("What the last looks did", min(len(s.cycles), CYCLES))
    told = ((cycle, "" if cycle.bytes is None else size(cycle.bytes)) for cycle in s.cycles[:CYCLES])
    yield from _table([stamped(c.at), distance(c.at, s.at), f"{c.seconds:.2f} s", written, safe(c.did)] for c, written in told)


def _settings(s: Standing) -> Iterator[str]:
    yield from _title("Configuration", len(s.settings or ()))
    yield from _table([setting.key, safe(setting.value), styled("dim", safe(setting.origin))] for setting in s.settings or ())


def _title(name: str, number: int) -> Iterator[str]:
    if number:
        yield styled("strong", f"{name} ({number:,})" if number else name)


def _rest(more: More, name: str) -> Iterator[str]:
    if number := getattr(more, name):
        yield styled("dim", f"  and {number:,} more: feeder status --all")


def _when(moment: datetime, now: datetime) -> str:
    return f"{distance(moment, now)} ({stamped(moment)})"


def _short(title: str) -> str:
    if len(title) <= TITLE and title.isascii():
        return title
    from feeder.terminal import shortened  # it takes as long to load as the ledger to read, and is seldom needed

    return shortened(title, TITLE)


def _width(cell: str) -> int:
    plain = unstyle(cell)
    if plain.isascii():
        return len(plain)
    from feeder.terminal import columns

    return columns(plain)


def _table(rows: Iterable[list[str]]) -> Iterator[str]:
    """Rows in columns as wide as their widest cell, two apart; the last is as wide as it likes."""
    table = list(rows)
    widths = [max(map(_width, column), default=0) for column in zip(*table, strict=True)]
    for row in table:
        padded = (f"{cell}{' ' * (width - _width(cell))}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(padded)}".rstrip()
