"""Entries of another tool's feed and articles in the folder: which of them are one and the same. Pure; what is done about it is not decided here.

One to one: what could be several is left out and said, for an id that is given to the wrong article is there for ever. Each round looks at
what the rounds before left: an id that the author states, the address (its last step is the file's name, with or without a date before it),
the title, and last the text.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from feeder import changes, text
from feeder.changes import Found, Known, State
from feeder.subscription import Item

__all__ = ["Left", "Matched", "matched", "promised", "usable"]

ALIKE = 0.6  # of two texts under different titles, as in `changes`
WORDS = 16  # fewer say too little
NAMES = ("index", "readme")  # of a file that goes by its folder's name
SEVERAL = 5  # are named of those that it could be
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]{1,2000}")
_DATED = re.compile(r"\d{4}([-_.]?)\d\d\1\d\d[-_. ]+(?=.)")
_DAY = re.compile(r"/(\d{4})/(\d\d)/(?:(\d\d)/)?[^/]+/?$")
_SUFFIX = re.compile(r"\.(html?|php|aspx?|md|txt)$", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Matched:
    """An article that is an entry of the other feed, and how that was found out. `note`: what of it cannot be taken over."""

    path: str
    item: Item
    how: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """An entry that is nobody's, or not surely somebody's."""

    item: Item
    why: str


def usable(ident: str) -> bool:
    """Whether an Atom feed can carry this id (RFC 4287 section 4.2.6): an absolute address."""
    return bool(_IRI.fullmatch(ident)) and text.legal(ident)


def matched(items: Sequence[Item], found: Iterable[Found], feed_id: str, before: Mapping[str, str]) -> tuple[tuple[Matched, ...], tuple[Left, ...]]:
    """Which file is which entry, and the entries that are left over, each in the order of the feed.

    `before` maps ids to the paths of articles that were taken over earlier: they are matched by these alone.
    """
    table = _Table(items, {f.path: f for f in found})
    table.strike_out()
    ids = defaultdict(list)
    for number, item in enumerate(items):
        ids[item.id].append(number)
    table.round("taken over before", ((path, number) for ident, path in before.items() for number in ids.get(ident, ())))
    for path in before.values():
        table.files.pop(path, None)
    said = ((f.path, f.id) for f in table.files.values() if f.id)
    table.round(
        "its id", ((path, number) for path, ident in said for name in (ident, changes.stated(feed_id, ident)) for number in ids.get(name, ()))
    )
    table.round("its address", table.same(_dated_names, _dated_address))
    table.round("its address", table.same(_names, _address))
    table.round(
        "its title", table.same(lambda f: [text.slug(f.title, limit=500)], lambda item: [text.slug(item.title, limit=500)] if item.title else [])
    )
    table.round("its text", table.alike())
    return table.outcome()


@dataclass(slots=True)
class _Table:
    """What is not matched yet, by path and by place in the feed."""

    items: Sequence[Item]
    files: dict[str, Found]
    open: dict[int, Item] = field(default_factory=dict)
    pairs: dict[int, Matched] = field(default_factory=dict)
    why: dict[int, str] = field(default_factory=dict)

    def strike_out(self) -> None:
        """Items that nothing can be taken from."""
        seen: set[str] = set()
        for number, item in enumerate(self.items):
            if not item.id:
                self.why[number] = "it has neither an id nor an address"
            elif item.id in seen:
                self.why[number] = "another entry of the feed has its id"
            else:
                self.open[number] = item
            seen.add(item.id)

    def round(self, how: str, candidates: Iterable[tuple[str, int]]) -> None:
        """Match the pairs of which both sides have no other."""
        by_path: dict[str, set[int]] = defaultdict(set)
        by_item: dict[int, set[str]] = defaultdict(set)
        for path, number in candidates:
            if path in self.files and number in self.open:
                by_path[path].add(number)
                by_item[number].add(path)
        for number, paths in by_item.items():
            if len(paths) > 1:
                self.why[number] = f"it could be any of {', '.join(islice(sorted(paths), SEVERAL))} by {how}"
            elif len(by_path[path := next(iter(paths))]) > 1:
                self.why[number] = f"it could be {path}, and so could another entry, by {how}"
            else:
                self.pairs[number] = Matched(path, self.open.pop(number), how)
                self.files.pop(path)

    def same(self, of_file: Callable[[Found], list[str]], of_item: Callable[[Item], list[str]]) -> Iterator[tuple[str, int]]:
        """Pairs that have a name in common."""
        by_name: dict[str, list[str]] = defaultdict(list)
        for f in self.files.values():
            for name in {*of_file(f)}:
                by_name[name].append(f.path)
        for number, item in self.open.items():
            yield from ((path, number) for name in {*of_item(item)} for path in by_name.get(name, ()))

    def alike(self) -> Iterator[tuple[str, int]]:
        """Pairs whose texts are alike. Bounded: of very many, only the first are compared."""
        files = [f for f in self.files.values() if len(f.sketch) >= 4 * WORDS][: changes.PAIRS]
        texts = ((number, changes.sketch(item.title, _words(item.content or item.summary))) for number, item in self.open.items())
        wordy = ((number, sketch) for number, sketch in texts if len(sketch) >= 4 * WORDS)
        for number, sketch in islice(wordy, changes.PAIRS // max(len(files), 1)):
            yield from ((f.path, number) for f in files if changes.likeness(f.sketch, sketch) >= ALIKE)

    def outcome(self) -> tuple[tuple[Matched, ...], tuple[Left, ...]]:
        left = (Left(item, self.why.get(number, "no article is it")) for number, item in enumerate(self.items) if number not in self.pairs)
        return tuple(self.pairs[number] for number in sorted(self.pairs)), tuple(left)


def _words(content: str) -> str:
    return html.unescape(_MARKUP.sub(" ", content))


# -- the names that an article goes by ----------------------------------------------------------------------------------------


def _stem(path: str) -> str:
    """A file's name without its suffix; of `post/index.md` its folder's."""
    file = PurePosixPath(path)
    return file.parent.name if file.stem.lower() in NAMES and file.parent.name else file.stem


def _dated_names(f: Found) -> list[str]:
    stem = _stem(f.path)
    return [text.slug(stem.replace("_", "-"))] if _DATED.match(stem) else []


def _names(f: Found) -> list[str]:
    stem = _stem(f.path)
    bare = stem[found.end() :] if (found := _DATED.match(stem)) else stem
    return [text.slug(name) for name in (f.slug, stem, bare) if name]


def _last(link: str) -> str:
    """The last step of an address that says anything, without a suffix; empty where it is a query (`/?p=17`)."""
    try:
        steps = [step for step in unquote(urlsplit(link).path).split("/") if step]
    except ValueError:
        return ""
    names = [_SUFFIX.sub("", step) for step in steps[-2:]]
    return next((name for name in reversed(names) if name and name.lower() not in NAMES), "")


def _dated_address(item: Item) -> list[str]:
    last, day = _last(item.link), _DAY.search(item.link.partition("?")[0])
    dated = "-".join((*filter(None, day.groups()), last)) if day and day[3] else last if _DATED.match(last) else ""
    return [text.slug(dated.replace("_", "-"))] if dated else []


def _address(item: Item) -> list[str]:
    last = _last(item.link)
    bare = last[found.end() :] if (found := _DATED.match(last)) else last
    return [text.slug(name) for name in (last, bare) if name]


# -- what is promised ---------------------------------------------------------------------------------------------------------


def promised(match: Matched, f: Found, feed_id: str, slug: str, now: datetime) -> tuple[Known, str]:
    """The promise that was made elsewhere, as far as it can be kept here; and what of it cannot.

    The author's own id goes before the feed's. A time in the future was never seen by anyone, and one that is missing is the file's.
    """
    item, notes = match.item, []
    ident = item.id
    if f.id:
        ident = changes.stated(feed_id, f.id)
        notes += ["it states another id itself, which stays"] if ident != item.id else []
    elif not usable(ident):
        ident = changes.minted(feed_id, f.path)
        notes.append("its id is no absolute address, which Atom needs: readers will take it for a new entry")
    first = f.published or changes.credible(f.modified, now) or now
    published = item.published if item.published and item.published <= now else first
    notes += ["its date is missing or lies in the future"] if published != item.published else []
    updated = max(item.updated, published) if item.updated and item.updated <= now else published
    known = Known(ident, f.path, slug, published, updated, f.raw, f.visible, f.title, f.sketch, stated=True, expires=f.expires, state=State.PROMISED)
    return known, "; ".join(notes)
