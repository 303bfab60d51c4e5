"""What `feeder plan` says of a rehearsed cycle: for a person in lines, for a program in facts. It compares and decides nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from feeder.words import count, problem, safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from feeder.changes import Change
    from feeder.forecast import Difference, Outlook
    from feeder.once import Plan

__all__ = ["document_lines", "plan_facts", "plan_lines", "plan_warnings"]

SHOWN = 60  # characters of a title or a summary


def plan_lines(plan: Plan) -> Iterator[str]:
    """Each entry that a file's change would change, with what readers would see; then the others in a line, the documents, and the sum."""
    outlooks = {entry.id: entry for entry in plan.prospect.entries}
    told = plan.told
    for change in told:
        yield from _entry(change, outlooks.get(change.entry.id))
    yield from _silent([entry for ident, entry in outlooks.items() if ident not in {change.entry.id for change in told}])
    yield from (f"the feed's {_difference(difference)}" for difference in plan.prospect.feed if difference.name != "id")
    if documents := "; ".join(filter(None, (_documents(plan.written, "made anew"), _documents(plan.removed, "removed")))):
        yield f"{documents} (--documents lists them)"
    yield _sum(plan)


def plan_warnings(plan: Plan) -> Iterator[str]:
    """What its owner would regret."""
    for difference in plan.prospect.feed:
        if difference.name == "id":
            entries = "its one entry" if plan.prospect.live == 1 else f"all {plan.prospect.live:,} entries"
            yield f"the feed's id would change from {safe(difference.before)} to {safe(difference.after)}:"
            yield f'to subscribers it would be another feed, and {entries} new; say id = "{safe(difference.before)}" in [feed] to keep it'
    if plan.recovered:
        yield plan.recovered.summary
    if plan.away:
        yield "the feed has entries, and there is no article to make them from: they stay published; is the input folder mounted?"


def document_lines(plan: Plan) -> Iterator[str]:
    """Each document that would be written or removed."""
    yield from (f"write     {safe(path)}" for path in plan.written)
    yield from (f"remove    {safe(path)}" for path in plan.removed)


def plan_facts(plan: Plan) -> Mapping[str, object]:
    """The same for a program."""
    outlooks = {entry.id: entry for entry in plan.prospect.entries}
    changes = [_change(change, outlooks.pop(change.entry.id, None)) for change in plan.told]
    return {
        "changes": changes,
        "others": [_outlook(entry) | {"id": entry.id, "title": entry.title} for entry in outlooks.values()],
        "feed": [_fact(difference) for difference in plan.prospect.feed],
        "unread": plan.prospect.unread,
        "again": plan.prospect.again,
        "written": list(plan.written),
        "removed": list(plan.removed),
        "refused": [problem(found) for found in plan.report.problems],
        "held": list(plan.report.held),
        "recovered": plan.recovered.summary if plan.recovered else None,
    }


def _entry(change: Change, outlook: Outlook | None) -> Iterator[str]:
    moved = f" (was {safe(change.origin)})" if change.origin else ""
    yield f"{change.verb:9} {safe(change.entry.path)}{moved}  {safe(change.entry.title)}"
    if outlook is None:
        yield "          subscribers see no difference"
        return
    state = {"new": "new", "back": "back again", "gone": "gone (tombstone)"}.get(
        outlook.fate, "marked unread" if outlook.unread else "not marked unread"
    )
    yield "          " + "; ".join([state, *(_difference(d) for d in outlook.differences if d.name != "updated")])


def _silent(entries: list[Outlook]) -> Iterator[str]:
    """Those that no file's change explains: a generated summary, an address, another article on the same event."""
    if entries:
        names = Counter(difference.name for entry in entries for difference in entry.differences)
        told = ", ".join(f"{name} of {number:,}" for name, number in names.most_common()) or "new or gone"
        unread = sum(entry.unread for entry in entries)
        more = f"{count(len(entries), 'entry', 'entries')} more would change"
        yield f"{more}, {f'{unread:,} of them' if unread else 'none of them'} marked unread: {told}"


def _difference(difference: Difference) -> str:
    name, before, after = difference.name, difference.before, difference.after
    if name == "content" and before.isdigit():
        return f"content: {count(int(after), 'word')} more, {count(int(before), 'word')} fewer"
    if name in ("links", "authors", "categories"):
        return f"{name}: {_short(before) or 'none'} → {_short(after) or 'none'}"
    return f'{name} "{_short(before)}" → "{_short(after)}"'


def _short(said: str) -> str:
    from feeder.terminal import shortened

    return shortened(safe(said), SHOWN)


def _documents(paths: tuple[str, ...], what: str) -> str:
    from feeder.forecast import kinds

    told = ", ".join(f"{number:,} {kind}" for kind, number in kinds(paths).items())
    return f"{count(len(paths), 'document')} would be {what}: {told}" if paths else ""


def _sum(plan: Plan) -> str:
    prospect, changing = plan.prospect, len(plan.told)
    if not (changing or prospect.entries or prospect.feed):
        return "nothing would change for subscribers" if plan.written or plan.removed else "nothing would change"
    fresh = prospect.unread - prospect.again
    return f"{count(max(changing, len(prospect.entries)), 'entry', 'entries')} would change: {fresh:,} new, {prospect.again:,} marked unread again"


def _change(change: Change, outlook: Outlook | None) -> dict[str, object]:
    entry = change.entry
    facts: dict[str, object] = {"verb": change.verb, "id": entry.id, "path": entry.path, "origin": change.origin, "title": entry.title}
    return facts | (_outlook(outlook) if outlook else {"fate": "", "unread": False, "differences": []})


def _outlook(outlook: Outlook) -> dict[str, object]:
    return {"fate": outlook.fate, "unread": outlook.unread, "differences": [_fact(difference) for difference in outlook.differences]}


def _fact(difference: Difference) -> dict[str, object]:
    return {"name": difference.name, "before": difference.before, "after": difference.after}
