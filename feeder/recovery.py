"""What was promised to subscribers, read back from what was published: documents in, promises out. Pure: no disk, no clock, no ledger.

Two questions, one after the other. `recall`: which entries were there, with which ids, permalinks, dates and arrival numbers, and who was
withdrawn? The feed documents alone say so. `recognized`: which file in the folder is which of these entries? That is only a matter of
likeness, as it is for `changes`: nothing in a document names a file.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import quote, unquote

from feeder import changes, facets, subscription, text
from feeder.changes import Found, Known, State
from feeder.errors import FeederError, Unreadable
from feeder.facets import Facet
from feeder.model import Article, Category, Link, Person
from feeder.subscription import Item, Subscription

__all__ = ["CURRENT", "History", "promises", "published", "recall", "recognized", "remembered", "told", "unchanged"]

CURRENT = "feed.xml"
_ARCHIVED = re.compile(r"archive/(\d{4,9})\.xml")
_SHARED = re.compile(r"((?:tags|authors|folders)/.+)/feed\.xml")
PAGE = 50  # arrivals of an archive document
OPEN = 0  # stands for the archive that is not sealed yet
PAGES = "articles/"  # where permalinks are, below the base
NUMBERS = 4  # articles that had one path, one after another, are looked for so far
FOUNDED = datetime(1970, 1, 1, tzinfo=UTC)
_MARKUP = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class History:
    """What the published documents say of the past.

    `feed_id` is the feed's own id, `base` the address it was published for. `known` are the promises by id, as if no file were there: all
    of them at a path that no article can have, of the withdrawn ones nothing but id, `since` and arrival number. `items` are the live
    ones as they were published; `shared` are the tags and authors of withdrawn ones, by id. `current` are the ids in the current document, in
    its order, and `updated` its time. `remarks` tell what could not be read.
    """

    feed_id: str
    base: str
    known: Mapping[str, Known]
    items: Mapping[str, Item]
    shared: Mapping[str, Sequence[Facet]]
    current: tuple[str, ...]
    updated: datetime
    remarks: tuple[str, ...]


def published(path: str) -> bool:
    """Whether a document can tell anything of the past: the feed, its archives, and the feeds of tags, authors and folders."""
    return path == CURRENT or bool(_ARCHIVED.fullmatch(path) or _SHARED.fullmatch(path))


def recall(documents: Mapping[str, bytes]) -> History:
    """Read the published feed (`feed.xml`) and its archives (`archive/0001.xml` …), by path. Raises FeederError where neither can be read.

    The feeds of tags, authors and folders need not be there. They only tell in which of them a withdrawn entry was.
    """
    remarks: list[str] = []
    read = dict(_read(documents, remarks))
    own = {path: document for path, document in read.items() if not _SHARED.fullmatch(path)}
    if not own:
        raise FeederError("nothing can be recovered: there is no published feed that can be read; " + "; ".join(remarks))
    current = own.get(CURRENT) or max(own.values(), key=lambda document: document.updated or FOUNDED)
    archives = {path: document for path, document in own.items() if path != CURRENT and document.id == current.id}
    remarks += [f"{path} is another feed's: it is left out" for path in sorted(own.keys() - archives.keys() - {CURRENT})]
    items, slugs = _items([*archives.items(), (CURRENT, current)], remarks)
    register = _Register(current.id, items)
    for path, page in sorted(archives.items(), key=lambda document: not document[1].archive):
        register.archive(int(_ARCHIVED.fullmatch(path)[1]), page) if page.archive else register.open(page)  # type: ignore[index]
    register.add(current)
    stones = {stone.ref: stone.when for page in (*archives.values(), current) for stone in page.gone if stone.ref not in items}
    shared = _shared(read, current)
    known = {ident: _promise(items[ident], slugs[ident], arrival, _folder(shared.get(ident, ()))) for ident, arrival in register.arrivals.items()}
    known |= {k.id: replace(k, path=f"{_folder(shared.get(k.id, ()))}_gone-{k.arrival}") for k in register.bury(stones, current)}
    tags = {ident: [facet for facet in found if facet.kind != "folders"] for ident, found in shared.items() if ident not in items}
    told = tuple(item.id for item in current.items if item.id in items)
    return History(current.id, _base(CURRENT, current), known, items, tags, told, current.updated or FOUNDED, tuple(remarks))


def _shared(read: Mapping[str, Subscription], current: Subscription) -> dict[str, list[Facet]]:
    """By id, what the feeds of tags, authors and folders say of entries that are gone, and of live ones their folders."""
    found: dict[str, list[Facet]] = defaultdict(list)
    for path, document in sorted(read.items()):
        address = shared[1] if (shared := _SHARED.fullmatch(path)) else ""
        label = document.title.removeprefix(f"{current.title}: ")
        facet = _facet(address, label) if address else None
        for ident in _members(document, facet):
            found[ident].append(facet)  # type: ignore[arg-type]
    return found


def _members(document: Subscription, facet: Facet | None) -> list[str]:
    live = [item.id for item in document.items] if facet and facet.kind == "folders" else []
    return [*live, *(stone.ref for stone in document.gone)] if facet else []


def _facet(address: str, label: str) -> Facet | None:
    """What stands at an address, as its feed's title calls it; None where that does not agree."""
    match address.partition("/")[0]:
        case "tags":
            made = facets.tag(label)
        case "authors":
            made = facets.author(label)
        case _:
            made = facets.folders(f"{label}/_")[-1]
    return made if made.address == address else None


def _folder(shared: Iterable[Facet]) -> str:
    """The innermost folder that an entry is known to have been in, with a "/" behind it; empty for none."""
    return max((f"{facet.label}/" for facet in shared if facet.kind == "folders"), key=len, default="")


def _read(documents: Mapping[str, bytes], remarks: list[str]) -> Iterator[tuple[str, Subscription]]:
    for path in sorted(documents):
        try:
            document = subscription.read(documents[path])
            if not (document.id and _base(path, document)):
                raise Unreadable("is no Atom feed with an id and an address of its own")
            yield path, document
        except Unreadable as error:
            remarks.append(f"{path} {error}: what only it knew is lost")


def _base(path: str, document: Subscription) -> str:
    """The address a document was published for: that of its rel=self, less its own place below it. It may have been another one than now."""
    own = next((link.href for link in document.links if link.rel == "self"), "")
    home = next((link.href for link in document.links if link.rel == "alternate"), "")
    return own.removesuffix(quote(path)) if own.endswith(quote(path)) else home


def _items(documents: Iterable[tuple[str, Subscription]], remarks: list[str]) -> tuple[dict[str, Item], dict[str, str]]:
    """Each live entry as it was published last, whole where any document has it whole; and its permalink's name."""
    found: dict[str, Item] = {}
    slugs: dict[str, str] = {}
    for path, document in documents:
        base = _base(path, document)
        for item in document.items:
            slug = _slug(item.link, base)
            if not item.id or not item.updated or slug is None or slugs.get(item.id, slug) != slug:
                remarks.append(f"{path}: an entry is left out, its id, time or address is missing or not this feed's: {text.printable(item.title)}")
                continue
            old = found.get(item.id)
            if old is None or old.updated is None or old.updated < item.updated or (old.updated == item.updated and not old.content):
                found[item.id] = item
            slugs[item.id] = slug
    return found, slugs


def _slug(link: str, base: str) -> str | None:
    """The name in a permalink, None where it is not one of ours."""
    place = link.removeprefix(base) if base else link
    at = place.rfind(PAGES)
    name = unquote(place[at + len(PAGES) :].removesuffix(".html")) if at >= 0 and place.endswith(".html") else ""
    return name if name and "/" not in name else None


def _promise(item: Item, slug: str, arrival: int, folder: str) -> Known:
    """A live entry whose file is nowhere: no article has a name that begins so."""
    updated = item.updated or FOUNDED
    sketch = changes.sketch(item.title, _words(item.content or item.summary))
    return Known(item.id, f"{folder}_{slug}", slug, item.published or updated, updated, "", "", item.title, sketch, stated=True, arrival=arrival)


def _words(content: str) -> str:
    return html.unescape(_MARKUP.sub(" ", content))


@dataclass(slots=True)
class _Register:
    """Arrival numbers, given out again. `free` are those within the archives that belong to nobody who is live, per archive and the last first."""

    feed_id: str
    items: Mapping[str, Item]
    arrivals: dict[str, int] = field(default_factory=dict)
    free: dict[int, list[int]] = field(default_factory=dict)
    moved: dict[int, datetime] = field(default_factory=dict)
    sealed: int = 0

    def archive(self, number: int, page: Subscription) -> None:
        """A sealed archive holds the arrivals (number - 1) * 50 + 1 to number * 50, without those who were withdrawn since.

        Where the gaps are, nobody can tell any more. The live ones take the last numbers, so that a sealed archive stays sealed.
        """
        places = list(range(number * PAGE, (number - 1) * PAGE, -1))
        fresh = [item.id for item in page.items if item.id in self.items and item.id not in self.arrivals]
        self.arrivals |= dict(zip(fresh, places, strict=False))
        self.free[number] = places[len(fresh) :]
        self.sealed = max(self.sealed, number)
        newest = max((self.items[ident].updated or FOUNDED for ident in fresh), default=None)
        if page.updated and (newest is None or page.updated > newest):
            self.moved[number] = page.updated

    def open(self, page: Subscription) -> None:
        """The archive that is not sealed yet holds the arrivals after the last sealed one, without those who were withdrawn since."""
        self.add(page)
        newest = max((self.items[item.id].updated or FOUNDED for item in page.items if item.id in self.items), default=FOUNDED)
        if page.updated and page.updated > newest:
            self.moved[OPEN] = page.updated

    def add(self, page: Subscription) -> None:
        """Whoever is in no sealed archive, the newest first: in the open one by arrival, in the current document by `published`."""
        for item in reversed(page.items):
            if item.id in self.items and item.id not in self.arrivals:
                self.arrivals[item.id] = self._next()

    def _next(self) -> int:
        return max(max(self.arrivals.values(), default=0), self.sealed * PAGE) + 1

    def bury(self, stones: Mapping[str, datetime], current: Subscription) -> Iterator[Known]:
        """The withdrawn, at numbers that are free. Some have no tombstone any more, but a document still shows the time when they left it."""
        left = dict(sorted(stones.items(), key=lambda stone: stone[1], reverse=True))
        times = {**self.moved}
        for number, when in sorted(self.moved.items()):
            ident = next((ident for ident, since in left.items() if since == when), None)
            yield self._grave(ident, when, number)
            left.pop(ident or "", None)
        for ident, when in left.items():
            fitting = [number for number, moved in times.items() if moved >= when and self.free.get(number)]
            yield self._grave(ident, when, min(fitting, key=lambda number: (times[number], number), default=OPEN))
        newest = max(chain(stones.values(), times.values(), (item.updated for item in self.items.values() if item.updated)), default=FOUNDED)
        if current.updated and current.updated > newest:
            yield self._grave(None, current.updated, OPEN)

    def _grave(self, ident: str | None, when: datetime, number: int) -> Known:
        arrival = self.free[number].pop(0) if self.free.get(number) else self._next()
        ident = ident or changes.minted(self.feed_id, f"\0{arrival}")
        self.arrivals[ident] = arrival
        return Known(ident, "", "", when, when, "", "", "", b"", arrival=arrival, state=State.WITHDRAWN, since=when)


# -- which file is which entry ------------------------------------------------------------------------------------------------


def recognized(history: History, found: Sequence[Found], articles: Mapping[str, tuple[Article, str]], unread: Iterable[str] = ()) -> dict[str, str]:
    """Path -> id of the live entry whose file it is.

    In this order: by the id that the author states, by the same title and content, by the path that the id was minted from if that can be
    the same article, by likeness (renamed and edited), and by the path alone (rewritten in place). `articles` are what the files say,
    each with its summary, by path; `unread` are paths of files that cannot be read now, of which only the path can be known.
    """
    desk = _Desk(history, {k.id: k for k in history.known.values() if k.public}, {f.path: f for f in found})
    desk.pair((f.path, ident) for f in found if f.id and (ident := changes.stated(history.feed_id, f.id)))
    desk.pair(desk.same(articles))
    desk.pair((f.path, k.id) for f, k in desk.minted() if changes.alike(k, f))
    desk.pair(desk.alike())
    desk.pair((f.path, k.id) for f, k in desk.minted())
    desk.pair((path, k.id) for path in sorted(unread) for k in desk.minted_from(path))
    return desk.pairs


@dataclass(slots=True)
class _Desk:
    history: History
    open: dict[str, Known]
    files: dict[str, Found]
    pairs: dict[str, str] = field(default_factory=dict)

    def pair(self, candidates: Iterable[tuple[str, str]]) -> None:
        """Each file and each entry once; whoever comes first has it."""
        for path, ident in candidates:
            if ident in self.open and path not in self.pairs:
                self.pairs[path] = ident
                del self.open[ident]
                self.files.pop(path, None)

    def same(self, articles: Mapping[str, tuple[Article, str]]) -> Iterator[tuple[str, str]]:
        """Files that say just what was published; of several such, the one at the path that the id was minted from goes first."""
        by_title: dict[str, list[Known]] = defaultdict(list)
        for k in self.open.values():
            by_title[k.title].append(k)
        pairs = [
            (f.path, k.id) for f in self.files.values() for k in by_title.get(f.title, ()) if unchanged(self.history.items[k.id], *articles[f.path])
        ]
        yield from sorted(pairs, key=lambda pair: pair[1] not in self._ids(pair[0]))

    def minted(self) -> Iterator[tuple[Found, Known]]:
        for f in list(self.files.values()):
            yield from ((f, k) for k in self.minted_from(f.path) if not f.id)

    def minted_from(self, path: str) -> list[Known]:
        return [self.open[ident] for ident in self._ids(path) if ident in self.open]

    def _ids(self, path: str) -> list[str]:
        return [changes.minted(self.history.feed_id, path, number) for number in range(NUMBERS, 0, -1)]

    def alike(self) -> Iterator[tuple[str, str]]:
        """The likeliest pairs first. Bounded: of very many, only the first are compared."""
        fresh = [f for f in self.files.values() if not f.id][: changes.PAIRS]
        entries = sorted(self.open.values(), key=lambda k: k.arrival, reverse=True)[: changes.PAIRS // max(len(fresh), 1)]
        scores = ((changes.likeness(k.sketch, f.sketch), f, k) for f in fresh for k in entries)
        likely = [(-score, k.id, f.path) for score, f, k in scores if score >= changes.needed(k, f)]
        yield from ((path, ident) for _, ident, path in sorted(likely))


def promises(history: History, found: Mapping[str, Found], pairs: Mapping[str, str], same: Set[str]) -> list[Known]:
    """Every promise with the file that was recognized (`pairs`, path -> id).

    Where the file says what was published (`same`), it is the file that was read then. Where it does not, it has changed since: what the
    entry was made of is left unknown, and the next cycle sees an edit.
    """
    paths = {ident: path for path, ident in pairs.items()}
    return [_with_file(k, paths.get(k.id, k.path), found, same) for k in history.known.values()]


def _with_file(k: Known, path: str, found: Mapping[str, Found], same: Set[str]) -> Known:
    f = found.get(path)
    if f is None:
        return replace(k, path=path)
    if path not in same:
        return replace(k, path=path, stated=f.published is not None)
    as_read = replace(k, raw=f.raw, visible=f.visible, title=f.title, sketch=f.sketch, expires=f.expires)
    return replace(as_read, path=path, stated=f.published is not None)


def unchanged(item: Item, article: Article, summary: str) -> bool:
    """Whether subscribers would see no difference between what was published and what a file says now, as far as `updated` goes.

    That is: title, the author's summary, content, links, authors, categories (`changes.visible`). Where an entry
    stood in the feed without its content, the summary that was made of it stands for it.
    """
    links = [link.href for link in item.links if link.rel not in ("alternate", "enclosure") and not _sibling(link)]
    said = [link.href for link in article.links if link.rel != "enclosure" and link.href.startswith(("https://", "http://"))]
    return (
        item.title == text.line(text.clean(article.title))
        and (article.summary is None or _plain(item.summary) == article.summary)
        and (item.content == article.content if item.content else _plain(item.summary) == summary)
        and links == said
        and [person.name for person in item.authors] == [person.name for person in article.authors]
        and [category.term for category in item.categories] == [category.term for category in article.categories]
    )


def remembered(facets: Iterable[Facet], path: str) -> Article:
    """A withdrawn entry, as far as its tags and authors go."""
    categories = tuple(Category(facet.label) for facet in facets if facet.kind == "tags")
    return Article(path, "", "", categories=categories, authors=tuple(Person(facet.label) for facet in facets if facet.kind == "authors"))


def _plain(summary: str) -> str:
    return html.unescape(summary)


def told(item: Item, path: str, base: str) -> tuple[Article, str]:
    """What subscribers were told of an entry: its facts as an article's, and its summary. Links to the same story are found anew."""
    links = tuple(link for link in item.links if link.rel != "alternate" and not _sibling(link))
    categories = tuple(replace(category, scheme=None) if category.scheme == f"{base}tags/" else category for category in item.categories)
    summary = _plain(item.summary)
    content = item.content or f"<p>{item.summary}</p>"
    facts = {"authors": item.authors, "categories": categories, "links": links, "language": item.language, "rights": item.rights}
    return Article(path, item.title, content, **facts), summary  # type: ignore[arg-type]


def _sibling(link: Link) -> bool:
    """Whether a link leads to another article on the same event: an author's own has neither type nor title."""
    return link.rel == "related" and link.type is not None and link.title is not None
