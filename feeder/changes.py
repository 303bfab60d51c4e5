"""What a look at the folder means for subscribers: identity, dates, moves, withdrawals. Pure: no disk, no clock, no ledger.

The data model. `Known` is what was promised to subscribers about one entry; the ledger keeps one for every entry there ever
was. `Found` is what a file says that was read in this cycle, because it is new or no longer the file it was. `Look` is the rest of
the scan: which paths are there at all. `decide` compares them and returns a `Verdict`: changes, each with the promise as it
stands afterwards, and what could not be decided. Applying a verdict's changes to the known and deciding again on the same look yields
no change.
"""

from __future__ import annotations

import hashlib
import json
import re
import string
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from uuid import NAMESPACE_URL, UUID, uuid5

from feeder import text
from feeder.errors import Problem
from feeder.model import Article

__all__ = [
    "CLOCK_FAULT",
    "PAIRS",
    "UNFILED",
    "Change",
    "Found",
    "Known",
    "Look",
    "State",
    "Verb",
    "Verdict",
    "alike",
    "credible",
    "decide",
    "likeness",
    "minted",
    "minted_slug",
    "needed",
    "next_due",
    "outcome",
    "sketch",
    "stated",
    "visible",
]

SECOND = timedelta(seconds=1)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # an mtime before the Web existed is a damaged one
LATEST = datetime.max.replace(microsecond=0, tzinfo=UTC)  # some write it for "never"
CLOCK_FAULT = timedelta(days=1)  # a date we made up that lies further ahead than this came from a wrong clock
SKETCH = 64
FEW_WORDS = 16
SLUG = 80  # bytes of a permalink's name
LONGEST = 4096  # bytes of a path, as Linux takes them
LATELY = timedelta(hours=1)  # how long a withdrawn article is still looked for under another name
PAIRS = 40_000
LONG = 24
CJK = "\u2e80"
PUNCTUATION = string.punctuation + "“”‘’«»„…–—。、"
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


class State(StrEnum):
    """Where an entry's life stands. Only LIVE and KEPT entries with an arrival number are public; WITHDRAWN and KEPT ones have no file."""

    LIVE = "live"
    KEPT = "kept"
    DRAFT = "draft"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    PROMISED = "promised"  # never public here, but elsewhere before: its id and its dates are taken over


WAITING = (State.LIVE, State.PROMISED)  # what becomes public as soon as its time has come


SHOWN = (State.LIVE, State.KEPT)
ALIVE = (*SHOWN, State.PROMISED)
UNFILED = (State.WITHDRAWN, State.KEPT)


class Verb(StrEnum):
    """What happens to an entry, the weightiest first."""

    ADD = "add"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    RESTORE = "restore"
    MOVE = "move"
    EDIT = "edit"
    RELEASE = "release"
    REDATE = "redate"
    RETOUCH = "retouch"  # the file changed, but nothing subscribers should be told of


@dataclass(frozen=True, slots=True)
class Known:
    """The promise made about one entry.

    `path` is where its file was last seen; `raw` is the digest of the file's bytes and `visible` of what readers see of it.
    `stated` tells that the author gave `published`. `arrival` counts entries as they become public; 0: never public yet, so that
    its dates may still change. `since` is when it was withdrawn or expired; of a live one that came back, when it did.
    """

    id: str
    path: str
    slug: str
    published: datetime
    updated: datetime
    raw: str
    visible: str
    title: str
    sketch: bytes
    stated: bool = False
    arrival: int = 0
    expires: datetime | None = None
    state: State = State.LIVE
    since: datetime | None = None

    @property
    def public(self) -> bool:
        """Whether subscribers see it."""
        return self.state in SHOWN and self.arrival > 0

    @property
    def bare(self) -> bool:
        """Whether nothing is known of it but that it was withdrawn, and when: its permalink and its dates are lost."""
        return not self.slug


@dataclass(frozen=True, slots=True)
class Found:
    """What one settled file says, read in this cycle. `modified` is its mtime; the rest are its author's words, or None."""

    path: str
    raw: str
    visible: str
    title: str
    sketch: bytes
    modified: datetime | None = None
    published: datetime | None = None
    updated: datetime | None = None
    expires: datetime | None = None
    draft: bool = False
    minor: bool = False
    id: str | None = None
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What the scan saw besides: every path that is there, readable or not.

    `complete` is False when any folder could not be listed: then nothing is withdrawn or moved. `strange` says that this
    may not be the folder it was (another device). `brief` holds paths that have been missing for less than the settle time, `unread`
    those of files that are there but were never read as they are now: unsettled, or in quarantine. `settling` holds those of files that were
    read before, have changed and are still waited for: what is read now may have been there until a moment ago.
    """

    present: Set[str]
    complete: bool = True
    strange: bool = False
    brief: Set[str] = frozenset()
    unread: Set[str] = frozenset()
    settling: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happens to an entry, and the promise as it stands after the whole verdict. `origin`: the path it moved from."""

    verb: Verb
    entry: Known
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `decide` found. `held` are paths missing in such a number that nothing is withdrawn; `deferred` files are to be read again."""

    changes: tuple[Change, ...] = ()
    refused: tuple[Problem, ...] = ()
    held: tuple[str, ...] = ()
    deferred: tuple[str, ...] = ()


def visible(article: Article) -> str:
    """The digest of what readers see of an article: title, the author's summary, content, links, authors, categories, its picture.

    A generated summary is not part of it: it follows from the content, and a better summarizer must not mark everything unread.
    """
    links = [(x.href, x.rel, x.type, x.title, x.hreflang, x.length) for x in article.links]
    authors = [(x.name, x.uri, x.email) for x in article.authors]
    categories = [(x.term, x.scheme, x.label) for x in article.categories]
    facts: list[object] = [article.title, article.summary, article.content, links, authors, categories]
    if article.image:  # what has none keeps the digest it had before there were any
        facts.append(article.image.href)
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def credible(modified: datetime | None, now: datetime) -> datetime | None:
    """A file's own time if it can be true, else None: neither damaged, nor before the Web, nor ahead of `now`."""
    return modified if modified and EARLIEST <= modified <= now else None


def sketch(title: str, body: str) -> bytes:
    """The smallest hashes of a text's vocabulary, for `likeness`: at most 64 unsigned 32-bit numbers, ascending (bottom-k MinHash, Broder 1997)."""
    words = {word.strip(PUNCTUATION) for word in set(f"{title} {body}".lower().split())} - {""}
    for run in [word for word in words if len(word) > LONG or word[0] >= CJK]:  # no word but a clause, in a script without spaces
        words.remove(run)
        words.update(run[at : at + 3] for at in range(max(len(run) - 2, 1)))
    return array("I", sorted(map(zlib.crc32, map(str.encode, words)))[:SKETCH]).tobytes()


def likeness(one: bytes, other: bytes) -> float:
    """How much of their vocabulary two sketches share, 0 to 1 (an estimate of the Jaccard index, ± 0.06)."""
    a, b = set(array("I", one)), set(array("I", other))
    union = sorted(a | b)[:SKETCH]
    return sum(number in a and number in b for number in union) / len(union) if union else 0.0


def minted(feed_id: str, path: str, number: int = 1) -> str:
    """The id of the article first seen at `path`, so that a lost ledger mints the same; the `number`-th one, where others had the path before."""
    return uuid5(_namespace(feed_id), path if number == 1 else f"{path}#{number}").urn


def minted_slug(path: str, taken: Set[str]) -> str:
    """A permalink's name, from the path alone, so that a lost ledger mints the same; one that is too long, or taken, ends in a digest of the path.

    `taken` are the names that others have, casefolded.
    """
    name = text.slug(str(PurePosixPath(path).with_suffix("")), limit=LONGEST)
    slug, number = name, 0
    while slug.casefold() in taken or len(slug.encode()) > SLUG:
        digest = hashlib.sha256(path.encode() + b"#" * number).hexdigest()[:8]
        slug, number = f"{text.slug(name, limit=SLUG - 9)}-{digest}", number + 1
    return slug


def stated(feed_id: str, said: str) -> str:
    """The author's own id: as it is when it is absolute (RFC 4287 section 4.2.6), else made so within this feed."""
    return said if ABSOLUTE.fullmatch(said) else uuid5(_namespace(feed_id), f"id:{said}").urn


def _namespace(feed_id: str) -> UUID:
    return uuid5(NAMESPACE_URL, feed_id)


def decide(
    known: Mapping[str, Known],
    look: Look,
    found: Sequence[Found],
    now: datetime,
    *,
    feed_id: str,
    accept_removals: bool = False,
    keep_removed: bool = False,
) -> Verdict:
    """Decide what this look at the folder means for subscribers (DESIGN section 3).

    `known` maps ids to promises; `found` holds the files read in this cycle; `now` is aware UTC in whole seconds. `feed_id` is
    the feed's own atom:id, from which entry ids are minted. `accept_removals` lets a mass removal through that is otherwise held;
    with `keep_removed` what was published stays when its file goes.
    """
    desk = _Desk(known, look, now, feed_id, keep_removed)
    desk.take_all(sorted(found, key=lambda f: f.path))
    held = desk.withdraw(accept=accept_removals)
    desk.pass_time()
    return Verdict(desk.changes(), tuple(desk.refused), held, tuple(desk.deferred))


@dataclass(slots=True)
class _Desk:
    """The promises while they are being decided about; one desk a verdict."""

    known: Mapping[str, Known]
    look: Look
    now: datetime
    feed_id: str
    keep: bool
    after: dict[str, Known] = field(default_factory=dict)
    verbs: list[tuple[Verb, str, str]] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    holders: dict[str, Known] = field(default_factory=dict)
    gone: dict[str, Known] = field(default_factory=dict)
    times: set[datetime] | None = None
    marks: dict[tuple[datetime, timedelta], datetime] = field(default_factory=dict)
    slugs: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.holders = {k.path: k for k in self.known.values() if k.state not in UNFILED}
        self.gone = {k.id: k for path, k in self.holders.items() if path not in self.look.present}

    # -- which promise a file belongs to ------------------------------------------------------------------------------

    def take_all(self, found: Sequence[Found]) -> None:
        if not found:
            return
        self.slugs = {k.slug.casefold() for k in self.known.values()}
        moved = self._moves(found)
        left = {k.id for k in moved.values()}
        fresh: list[Found] = []
        for f in found:
            holder = self.holders.get(f.path)
            old = moved.get(f.path) or (holder if holder and holder.id not in left else self._buried(f))
            if self.look.settling and f.path not in moved and not (old and alike(old, f)):
                self.deferred.append(f.path)  # it may be the article of a file that cannot be read yet: two exchange their names one by one
            elif old is None:
                fresh.append(f)
            elif f.path != old.path and not self.look.complete:
                self.deferred.append(f.path)  # its file may still be where it was, in a folder that could not be listed
            elif old.bare:
                self._revive(old, f)
            else:
                self._keep(old, f)
        self._give_way()
        for f in sorted(fresh, key=lambda f: (self._first_date(f), f.path)):
            self._mint(f)

    def _buried(self, f: Found) -> Known | None:
        """The entry first seen at this path, where only its tombstone is left: nothing but its id can be compared."""
        old = None if f.id else self.known.get(minted(self.feed_id, f.path))
        return old if old and old.bare else None

    def _give_way(self) -> None:
        """An entry whose path another one's file has moved onto has no file any more."""
        paths = {k.path for k in self.after.values() if k.state not in UNFILED}
        for k in [self.holders[path] for path in sorted(paths & self.holders.keys())]:
            if k.id not in self.after:
                self._leave(k)

    def _moves(self, found: Sequence[Found]) -> dict[str, Known]:
        """New path -> the entry that moved or came back there: by its own id, then by equal bytes, then by likeness, then from withdrawal.

        Who may have moved: an entry whose file is gone, or whose path now holds what cannot be the same article. What may be a
        moved file: one at a path that was nobody's, or such a stranger. A stranger that is nobody else's is an edit after all.
        """
        strangers = [f for f in found if (holder := self.holders.get(f.path)) is None or (holder.raw != f.raw and not alike(holder, f))]
        left = sorted([*self.gone.values(), *(self.holders[f.path] for f in strangers if f.path in self.holders)], key=lambda k: (k.path, k.id))
        moved: dict[str, Known] = {}
        taken: set[str] = set()
        for pairs in (self._by_id, self._by_bytes, self._by_likeness, self._by_return):
            for f, old in pairs([f for f in strangers if f.path not in moved], [k for k in left if k.id not in taken]):
                if old.id not in taken and f.path not in moved and (old.path != f.path or old.state in UNFILED):
                    moved[f.path] = old
                    taken.add(old.id)
                    self.gone.pop(old.id, None)
        return moved

    def _by_id(self, strangers: Sequence[Found], left: Sequence[Known]) -> Iterator[tuple[Found, Known]]:
        at_large = {k.id for k in left}
        for f in strangers:
            old = self.known.get(self._stated_id(f)) if f.id else None
            if old and (old.id in at_large or old.state in UNFILED):
                yield f, old

    def _by_bytes(self, strangers: Sequence[Found], left: Sequence[Known]) -> Iterator[tuple[Found, Known]]:
        by_raw: dict[str, list[Known]] = defaultdict(list)
        for k in left:
            by_raw[k.raw].append(k)
        yield from ((f, by_raw[f.raw].pop(0)) for f in strangers if by_raw[f.raw])

    def _by_likeness(self, strangers: Sequence[Found], left: Sequence[Known]) -> Iterator[tuple[Found, Known]]:
        """Edited while renamed, the likeliest pair first; also what was withdrawn only lately, while it was being edited.

        Bounded: of a great many, only the first are compared.
        """
        fresh = [f for f in strangers if not f.id][:PAIRS]
        lately = [k for k in self.known.values() if k.state in UNFILED and k.since and k.since > self.now - LATELY] if fresh else []
        candidates = [*left, *sorted(lately, key=lambda k: (k.path, k.id))][: PAIRS // max(len(fresh), 1)]
        scores = ((likeness(k.sketch, f.sketch), f, k) for f in fresh for k in candidates)
        likely = [(score, f, k) for score, f, k in scores if score >= needed(k, f)]
        for _, f, k in sorted(likely, key=lambda pair: (-pair[0], pair[2].path, pair[1].path)):
            yield f, k

    def _by_return(self, strangers: Sequence[Found], left: Sequence[Known]) -> Iterator[tuple[Found, Known]]:
        """An article without a file that is back: at its old path if it is still the same article, or anywhere with the same bytes."""
        held = {k.path for k in left}  # whoever else had a path has moved on
        paths = {f.path: f for f in strangers if f.path not in held and not f.id}
        raws = {f.raw for f in paths.values()}
        withdrawn = [k for k in self.known.values() if k.state in UNFILED and (k.path in paths or k.raw in raws)]
        latest = sorted(withdrawn, key=lambda k: (k.since or self.now, k.id), reverse=True)
        yield from ((paths[k.path], k) for k in latest if k.path in paths and alike(k, paths[k.path]))
        by_raw = {k.raw: k for k in reversed(latest)}
        yield from ((f, by_raw[f.raw]) for f in paths.values() if f.raw in by_raw)

    # -- what the file does to its promise ----------------------------------------------------------------------------

    def _keep(self, old: Known, f: Found) -> None:
        """The file of an entry that is known already, wherever it is now."""
        if old.path != f.path:
            self._set(Verb.MOVE, replace(old, path=f.path), origin=old.path)
        if old.state in (State.WITHDRAWN, State.DRAFT) and not f.draft:
            self._set(Verb.RESTORE, replace(self._now(old), state=State.LIVE, since=self.now))
        elif old.state is not State.DRAFT and f.draft:
            self._set(Verb.WITHDRAW, replace(self._now(old), state=State.DRAFT, since=self._since(old)))
        elif old.state is State.KEPT:
            self._set(Verb.RETOUCH, replace(self._now(old), state=State.LIVE, since=None))
        new = replace(self._now(old), raw=f.raw, visible=f.visible, title=f.title, sketch=f.sketch, expires=f.expires)
        if not new.arrival and new.state is not State.PROMISED:
            self._times().discard(old.updated)
            new = self._dated(new, f)  # nobody has seen it yet: its author may still reschedule it
        elif f.raw != old.raw and f.visible != old.visible and not f.minor:
            new = replace(new, updated=self._edit_time(old.updated, f.updated))
        self._set(Verb.RETOUCH if new.updated == old.updated else Verb.EDIT, new)

    def _revive(self, old: Known, f: Found) -> None:
        """The file of an entry of which only the tombstone was left: all but its id is as at first sight, and `updated` no earlier than that."""
        if (slug := self._slug(f)) is None:
            return
        facts = replace(old, path=f.path, slug=slug, raw=f.raw, visible=f.visible, title=f.title, sketch=f.sketch)
        dated = self._dated(replace(facts, expires=f.expires), f)
        back = replace(dated, updated=max(dated.updated, old.updated))
        if f.draft:
            self._set(Verb.RETOUCH, replace(back, state=State.DRAFT))
        elif f.expires and f.expires <= self.now:
            self._set(Verb.RETOUCH, replace(back, state=State.EXPIRED))
        else:
            self._set(Verb.RESTORE, replace(back, state=State.LIVE, since=None))

    def _mint(self, f: Found) -> None:
        """The first sight of an article: its id, its permalink and its dates."""
        if f.draft:
            return
        ident = self._stated_id(f) if f.id else self._minted_id(f.path)
        if ident in self.known or ident in self.after:
            holder = (self.after.get(ident) or self.known[ident]).path
            self.refused.append(
                Problem(
                    f.path, f"its id {text.printable(f.id or '')} belongs to {text.printable(holder)}", "give each article an id of its own, or none"
                )
            )
            return
        if (slug := self._slug(f)) is None:
            return
        entry = Known(ident, f.path, slug, self.now, self.now, f.raw, f.visible, f.title, f.sketch, expires=f.expires)
        self._set(Verb.ADD, self._dated(entry, f))

    def _slug(self, f: Found) -> str | None:
        """The permalink's name, which then is taken; None where its author wants one that another article has: the file is refused."""
        if f.slug and f.slug.casefold() in self.slugs:
            self.refused.append(Problem(f.path, f"another article has the slug {f.slug}", "choose another `slug`, or leave it out"))
            return None
        slug = f.slug or minted_slug(f.path, self.slugs)
        self.slugs.add(slug.casefold())
        return slug

    def _stated_id(self, f: Found) -> str:
        return stated(self.feed_id, f.id or "")

    def _minted_id(self, path: str) -> str:
        """From the first-seen path; never one that another entry has."""
        number, ident = 1, minted(self.feed_id, path)
        while ident in self.known or ident in self.after:
            number += 1
            ident = minted(self.feed_id, path, number)
        return ident

    # -- dates ----------------------------------------------------------------------------------------------------------

    def _first_date(self, f: Found) -> datetime:
        """`published`: the author's word, else the file's own time if it can be true, else now."""
        return f.published or credible(f.modified, self.now) or self.now

    def _dated(self, entry: Known, f: Found) -> Known:
        """The dates of an entry nobody has seen yet. Equal times are spread: dates we made up backwards, an author's `updated` forwards."""
        published = updated = self._first_date(f)
        if f.published is None:
            published = updated = self._free(published, -SECOND)
        else:
            later = f.updated if f.updated and published < f.updated <= self.now else published
            updated = self._free(later, SECOND)
            if later <= self.now < updated:
                self._times().discard(updated)
                updated = self._free(later, -SECOND)  # rather a second early than in the future
        return replace(entry, published=published, updated=updated, stated=f.published is not None)

    def _edit_time(self, before: datetime, stated: datetime | None) -> datetime:
        """`updated` of an edit: the author's word if it can be true, else now; later than before, whatever the clock says."""
        wanted = stated if stated and before < stated <= self.now else self.now
        back = self._free(wanted, -SECOND)
        return back if back > before else self._free(max(wanted, before + SECOND), SECOND)

    def _free(self, wanted: datetime, step: timedelta) -> datetime:
        """The nearest time that no other entry has (the validator warns of equal ones), which then is taken."""
        times = self._times()
        found = self.marks.get((wanted, step), wanted)
        while found in times and found != LATEST:
            found += step
        if found in times:
            return self._free(wanted - SECOND, -SECOND)
        self.marks[wanted, step] = found
        times.add(found)
        return found

    def _times(self) -> set[datetime]:
        if self.times is None:
            self.times = {k.updated for k in self.known.values() if k.state is not State.WITHDRAWN}
        return self.times

    # -- what is gone, and what time brings -----------------------------------------------------------------------------

    def withdraw(self, *, accept: bool) -> tuple[str, ...]:
        """Withdraw what is gone, or return the paths that are held because so many cannot be meant.

        What was kept before is withdrawn with it, once it is no longer to be kept.
        """
        kept = [] if self.keep else [k for k in self.known.values() if k.state is State.KEPT]
        gone = [k for k in [*self.gone.values(), *kept] if k.id not in self.after]
        if not self.look.complete or not gone:
            return ()
        shown = [k for k in gone if k.state in SHOWN]
        live = sum(k.state is State.LIVE for k in self.holders.values()) + len(kept)
        mass = len(shown) > 5 and 2 * len(shown) > live
        if (mass or self.look.strange or not self.look.present) and not (accept or self.keep):
            return tuple(sorted(k.path for k in gone))
        for k in sorted(gone, key=lambda k: k.path):
            if k.path not in self.look.brief:
                self._leave(k)
        return ()

    def _leave(self, k: Known) -> None:
        """What becomes of an entry without a file."""
        if self.keep and k.public:
            self._set(Verb.RETOUCH, replace(k, state=State.KEPT, since=self.now))
        else:
            self._set(Verb.WITHDRAW, replace(k, state=State.WITHDRAWN, since=self._since(k)))

    def _since(self, k: Known) -> datetime:
        """Since when subscribers do without it: after all they were told of it, whatever the clock says, or they keep it (RFC 6721 section 3)."""
        return max(self.now, k.updated) if k.since is None or k.state in SHOWN else k.since

    def pass_time(self) -> None:
        """Expiry, embargo, and dates of ours that a wrong clock had put far ahead."""
        due, unread = list[Known](), {*self.look.unread, *self.deferred}
        restless = [k for k in self.known.values() if k.id not in self.after and not self._settled(k)]
        for k in [*restless, *self.after.values()]:
            over = k.expires is not None and k.expires <= self.now
            if k.state is State.EXPIRED and not over:
                k = replace(k, state=State.LIVE, since=self.now)
                self._set(Verb.RESTORE, k)
            if k.state in ALIVE and over:
                self._set(Verb.EXPIRE, replace(k, state=State.EXPIRED, since=self._ended(k)))
            elif k.public and not k.stated and k.published > self.now + CLOCK_FAULT:
                first = self._free(self.now, -SECOND)
                self._set(Verb.REDATE, replace(k, published=first, updated=first if k.updated == k.published else k.updated))
            elif k.state in WAITING and not k.arrival and k.published <= self.now and not self._unsure(k, unread):
                due.append(replace(k, state=State.LIVE))
        arrival = max((k.arrival for k in self.known.values()), default=0) if due else 0
        for number, k in enumerate(sorted(due, key=lambda k: (k.published, k.updated, k.path)), arrival + 1):
            self._set(Verb.RELEASE, replace(k, arrival=number))

    def _ended(self, k: Known) -> datetime:
        """Since when subscribers do without an entry that is over: if they did already, since then, whatever end its file states now."""
        old = self.known.get(k.id)
        if old and old.since and old.arrival and not old.public:
            return old.since
        return max(k.expires or k.updated, k.updated)

    def _unsure(self, k: Known, unread: Set[str]) -> bool:
        """Whether its file is gone, or cannot be read as it is now: its author may have meant to hold it back."""
        return k.id in self.gone or (k.id not in self.after and k.path in unread)

    def _settled(self, k: Known) -> bool:
        """Whether time can bring nothing to it; true of nearly all, so that asking costs next to nothing."""
        if k.state is State.LIVE:
            return k.arrival > 0 and k.expires is None and (k.stated or k.published <= self.now)
        return k.state not in (State.EXPIRED, State.PROMISED) and (k.state is not State.KEPT or k.expires is None)

    # -- the outcome ------------------------------------------------------------------------------------------------------

    def _now(self, old: Known) -> Known:
        return self.after.get(old.id, old)

    def _set(self, verb: Verb, entry: Known, origin: str = "") -> None:
        self.after[entry.id] = entry
        self.verbs.append((verb, entry.id, origin))

    def changes(self) -> tuple[Change, ...]:
        """Every change with the promise as it stands at the end."""
        return tuple(Change(verb, self.after[ident], origin) for verb, ident, origin in self.verbs)


def needed(k: Known, f: Found) -> float:
    """How alike two texts must be to be one article under two names; few words say little."""
    if k.title == f.title:
        return 0.3
    return 0.8 if min(len(k.sketch), len(f.sketch)) < 4 * FEW_WORDS else 0.6


def alike(k: Known, f: Found) -> bool:
    """Whether what stands at a path can be the article that stood there."""
    return k.title == f.title or likeness(k.sketch, f.sketch) >= 0.3


def outcome(changes: Iterable[Change]) -> dict[str, Verb]:
    """By entry id, the weightiest of the things that happened to it: what a log or a plan says of it."""
    order = list(Verb)
    found: dict[str, Verb] = {}
    for change in changes:
        found[change.entry.id] = min(change.verb, found.get(change.entry.id, change.verb), key=order.index)
    return found


def next_due(known: Iterable[Known]) -> datetime | None:
    """The next second at which an embargo or a life ends, or None: the schedule must not wait for its next tick then."""
    live = [k for k in known if (not k.arrival or k.expires) and k.state in ALIVE]
    return min([*(k.published for k in live if not k.arrival), *(k.expires for k in live if k.expires)], default=None)
