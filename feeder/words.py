"""What the commands say: sentences, rows and answers to programs, made of what they are given. Nothing is asked, done or printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from feeder.errors import Problem
    from feeder.judge import Finding
    from feeder.once import Checked, Explained, Plugged
    from feeder.pipeline import Report
    from feeder.rescue import Adopted, Recovered

__all__ = [
    "adopted",
    "adopted_lines",
    "count",
    "done_lines",
    "explained",
    "fact_lines",
    "finding",
    "finding_lines",
    "held",
    "judged",
    "plugin",
    "plugin_lines",
    "problem",
    "recovered",
    "report",
    "safe",
    "safe_lines",
    "sentence_lines",
    "summary_lines",
    "when",
]

# The summaries that Feeder makes, by their origin; another origin, a plugin's or a model's, speaks for itself.
MADE: Mapping[str, str] = {
    "lead": "how the story begins",
    "extract": "made of the sentences that say most of it",
    "first fragments": "made of its first pieces, for want of whole sentences",
    "first words": "its first words, for want of sentences",
    "title": "its title, for want of words",
}
WHY: Mapping[str, str] = {
    "add": "a file that was not there before",
    "withdraw": "its file is gone",
    "expire": "its time is over",
    "restore": "its file is back",
    "move": "its file has another name",
    "edit": "readers see a difference",
    "release": "its time has come",
    "redate": "its author states another date, and it is not public yet",
    "retouch": "its file is another, and readers see no difference",
}
"""Why an entry is changed, by the change's verb."""
RUN = 40  # sentences one after another with one reason that are shown; more than an article has, fewer than a log


def safe(said: object) -> str:
    """Words of others for a terminal."""
    from feeder.terminal import printable

    return printable(str(said))


def safe_lines(lines: Iterable[str]) -> str:
    """Lines of others for a terminal."""
    return "".join(f"{safe(line)}\n" for block in lines for line in block.splitlines())


def count(number: int, one: str, more: str = "") -> str:
    """A number and its noun."""
    return f"{number} {one if number == 1 else more or f'{one}s'}"


def held(number: int) -> str:
    """What stays published although it is gone, and why."""
    return f"{count(number, 'article is', 'articles are')} gone at once and stay{'s' if number == 1 else ''} published: put the files back"


def problem(found: Problem) -> dict[str, object]:
    """A problem for a program."""
    return {"where": found.where, "reason": found.reason, "hint": found.hint}


def finding(found: Finding) -> dict[str, object]:
    """What is wrong with a published document, for a program."""
    return {"path": found.path, "line": found.line, "rule": found.rule, "severity": found.severity, "what": found.what, "hint": found.hint}


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """What is wrong with the published documents, for a person; a warning says that it is one."""
    for found in findings:
        yield f"published: {'warning: ' if found.severity == 'warning' else ''}{safe(found)}"


def plugin(found: Plugged) -> dict[str, object]:
    """An installed plugin for a program."""
    said = found.plugin
    facts = {"group": said.group, "name": said.name, "package": said.package, "version": said.version}
    return {**facts, "used": found.used, "error": found.error or None}


def plugin_lines(plugins: Iterable[Plugged]) -> Iterator[str]:
    """The installed plugins, for a person."""
    for found in plugins:
        how = "installed, not in use" if not found.used else f"cannot be used: {found.error}" if found.error else "in use"
        yield f"plugin: {safe(found.plugin)}: {safe(how)}"


def judged(checked: Checked) -> str:
    """What is published, in a sentence."""
    if not checked.published:
        return "nothing is published yet"
    errors = sum(found.severity == "error" for found in checked.findings)
    warnings = len(checked.findings) - errors
    told = " and ".join(count(number, what) for number, what in ((errors, "error"), (warnings, "warning")) if number)
    return f"what is published has {told}" if told else "what is published keeps the rules"


def report(done: Report) -> Mapping[str, object]:
    """What a build did, for a program."""
    return {
        "changes": [{"verb": c.verb, "id": c.entry.id, "path": c.entry.path, "origin": c.origin} for c in done.changes],
        "problems": [problem(p) for p in done.problems],
        "held": list(done.held),
        "written": list(done.put.written),
        "removed": list(done.put.removed),
        "remarks": list(done.remarks),
        "failing": [problem(p) for p in done.failing],
    }


def done_lines(done: Report) -> Iterator[str]:
    """What a build did, change by change, with the reason, and document by document."""
    for change in done.changes:
        moved = f" (was {safe(change.origin)})" if change.origin else ""
        yield f"{change.verb:9} {safe(change.entry.path or change.entry.id)}{moved}: {WHY.get(change.verb, '')}".removesuffix(": ")
    yield from (f"written   {safe(path)}" for path in done.put.written)
    yield from (f"removed   {safe(path)}" for path in done.put.removed)


def explained(told: Explained) -> Mapping[str, object]:
    """What is known of one file, for a program."""
    facts = {name: {"value": value, "origin": origin} for name, (value, origin) in told.facts.items()}
    sentences = [{"sentence": sentence, "why": why} for sentence, why in told.sentences]
    return {**facts, "sentences": sentences, "unseen": told.unseen}


def fact_lines(told: Explained, width: int) -> Iterator[str]:
    """Each fact of a file and where it comes from, but the summary; in rows of so many columns."""
    for name, (value, origin) in told.facts.items():
        if name != "summary":
            yield from _indented(f"{name:10} ", f"{safe(value)}{f'   [{safe(origin)}]' if origin else ''}", width)


def summary_lines(told: Explained, width: int) -> Iterator[str]:
    """The summary and how it came about; in rows of so many columns."""
    text, origin = told.facts["summary"]
    kind, _, remark = safe(origin).partition("; ")
    made = f"your own, from {safe(origin)}" if told.own else MADE.get(kind, f"from {kind}") + (f"; {remark}" if remark else "")
    yield from ("", *_indented("", f"The summary, {count(len(str(text)), 'character')}, is {made}:", width), "")
    yield from _indented("  ", safe(text), width)


def sentence_lines(told: Explained, width: int) -> Iterator[str]:
    """The sentences in their order, a row of so many columns each, below why they were kept or dropped; of a very long run the first."""
    from itertools import groupby

    from feeder.terminal import shortened

    if told.sentences:
        yield from ("", "Sentence by sentence:", "")
    for why, group in groupby(told.sentences, lambda sentence: sentence[1]):
        run = [sentence for sentence, _ in group]
        yield from _indented("  ", safe(why), width)
        yield from (f"    {shortened(safe(sentence), width - 4)}" for sentence in run[:RUN])
        if len(run) > RUN:
            yield f"    … and {len(run) - RUN:,} more"
    if told.unseen:
        further = "sentence further down was" if told.unseen == 1 else "sentences further down were"
        yield from ("", f"{told.unseen:,} {further} not looked at.")


def _indented(begin: str, said: str, width: int) -> Iterator[str]:
    """Rows behind a beginning, the others below the first."""
    from feeder.terminal import wrapped

    for number, row in enumerate(wrapped(said, width - len(begin)) or [""]):
        yield f"{begin if not number else ' ' * len(begin)}{row}".rstrip()


def recovered(done: Recovered) -> Iterator[str]:
    """What was recovered, and what was not."""
    yield f"{count(done.entries, 'entry', 'entries')} and {count(done.withdrawn, 'withdrawal')} recovered from the published feed"
    if done.aside:
        yield f"the ledger that was there is kept as {safe(done.aside)}"
    yield from (f"changed since: {safe(path)}" for path in done.changed)
    yield from (f"no file found: {safe(slug)}; the next build withdraws it, if it is still gone" for slug in done.missing)
    yield from (f"note: {safe(remark)}" for remark in done.remarks)
    yield "not in a feed, and lost: what was withdrawn longer ago than tombstones are kept, answers of a language model, the log"


def adopted(done: Adopted) -> Mapping[str, object]:
    """What was taken over from another feed, for a program."""
    times = ("published", "updated")
    taken = (
        {"path": t.entry.path, "id": t.entry.id, **{name: getattr(t.entry, name) for name in times}, "link": t.link, "how": t.how, "note": t.note}
        for t in done.taken
    )
    left = ({"id": left.item.id, "title": left.item.title, "link": left.item.link, "why": left.why} for left in done.left)
    return {"taken": list(taken), "left": list(left), "others": list(done.others), "feed_id": done.feed_id or None, "remark": done.remark}


def adopted_lines(done: Adopted) -> Iterator[str]:
    """What was taken over from another feed, for a person."""
    for taken in done.taken:
        note = f"; {safe(taken.note)}" if taken.note else ""
        yield f"{safe(taken.entry.path)}  {safe(taken.entry.id)}  (by {taken.how}{note})"
    yield from (f"not taken over: {safe(left.item.title or left.item.id)}: {safe(left.why)}" for left in done.left)
    yield from (f"not in the feed: {safe(path)}" for path in done.others)
    if done.feed_id or done.remark:
        yield safe(done.remark or f"the feed's own id is {done.feed_id}")
    yield f"{len(done.taken)} of {count(len(done.taken) + len(done.left), 'entry', 'entries')} taken over"


def when(moment: object) -> str:
    """A time as it stands in the feed, RFC 3339."""
    return str(moment).replace("+00:00", "Z").replace(" ", "T")
