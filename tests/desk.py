"""A newsroom whose authors may do anything to their files, and a model that knows what DESIGN section 3 promises to come of it.

`Desk` looks at everything published after each cycle and compares it with the model. It decides nothing about when: tests do.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from feeder import compose, facets, pipeline, rescue
from feeder.errors import Abandoned, PublishError
from feeder.model import Document
from feeder.pipeline import Parts, Report
from feeder.publishers import Publisher, Put
from tests.newsroom import NewsClock, Newsroom
from tests.subscribers import Issue, Item, chain, issue, json_issue, rss_issue

__all__ = ["FOLDERS", "KEPT", "MARK", "PEOPLE", "PROMISED", "TAGS", "Desk", "Story"]

AGE = timedelta(days=2)  # of a file when it is put there: it has settled, also when the clock is set back
AHEAD = timedelta(minutes=1)  # edits of one second, also those that nobody saw, are told as of one second after another
PAGE = 4  # arrivals in one archive document
PROMISED = 20  # so many changes may lie between two polls of somebody who does not follow the archives
KEPT = timedelta(days=30)  # how long a tombstone stands
MARK = re.compile(rb"zq\d+r\d+x")
TAGS = ("alpha", "C++", "c#", "日本", "Ärger")
PEOPLE = ("Ann Author", "Ben Writer", "李雷")
FOLDERS = ("", "x/", "y/z/", "Ünder/")


class Told(NamedTuple):
    """What the ledger knows of an article's text."""

    mark: str
    title: str
    tags: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(repr=False)
class Story:
    """One article as its author knows it, and what subscribers have been told of it. `path` is None while it is deleted."""

    number: int
    path: str | None
    tags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    ident: str | None = None
    stated: datetime | None = None
    expires: datetime | None = None
    draft: bool = False
    minor: bool = False
    revision: int = 0
    names: int = 0
    words: int = 0
    saved: datetime | None = None
    # What the ledger knows.
    raw: str = ""
    last: str = ""
    due: datetime | None = None
    minted: bool = False
    buried: bool = False
    ends: datetime | None = None
    hidden: bool = False
    told: Told | None = None
    arrived: bool = False
    live: bool = False
    shown: object = None
    moved: bool = False
    silent: bool = False
    marks: set[bytes] = field(default_factory=set)
    # What was published.
    public: bool = False
    renamed: bool = False
    item: Item | None = None
    gone: datetime | None = None

    def __repr__(self) -> str:
        return f"<{self.title} at {self.path}>"

    @property
    def mark(self) -> str:
        """The word that only this revision of this article has."""
        return f"zq{self.number}r{self.revision}x"

    @property
    def title(self) -> str:
        return f"Story {self.number}" + f" told {self.names} times" * bool(self.names)

    @property
    def visible(self) -> object:
        return self.title, self.revision, self.words, self.tags, self.people

    def text(self) -> str:
        """The file."""
        facts = {
            "title": self.title,
            "tags": _list(self.tags),
            "authors": _list(self.people),
            "id": self.ident,
            "date": self.stated and self.stated.isoformat(),
            "expires": self.expires and self.expires.isoformat(),
            "draft": "true" if self.draft else "",
            "minor": "true" if self.minor else "",
        }
        matter = "".join(f"{name}: {value}\n" for name, value in facts.items() if value)
        words = " ".join(f"w{self.number}x{self.words}x{position}" for position in range(60))
        return f"---\n{matter}---\nWhat {self.mark} has to tell is told here, at some length, for all who read it. {words}.\n"


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(repr(name) for name in names)}]" if names else ""


class Tearing:
    """The real folder, on a disk that fails once, in the middle of the renames: what comes before the `k`-th document is out."""

    def __init__(self, folder: Publisher, k: int) -> None:
        self._folder, self._left = folder, k

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        before: list[Document] = []
        for document in documents:
            self._left -= 1
            if self._left == 0:
                self._folder.put(before)
                raise PublishError(f"{document.path}: no space left on device: free some space")
            before.append(document)
        return self._folder.put(before, remove)

    def __getattr__(self, name: str) -> object:
        return getattr(self._folder, name)


class Desk:
    """A newsroom, its authors, and the truth."""

    def __init__(self, folder: Path, *, page: int = PAGE, entries: int = 20) -> None:
        self.page, self.entries, self.base = page, entries, "https://news.example/"
        self.news = Newsroom(folder)
        self.configure()
        self.stories: list[Story] = []
        self.latest = self.news.now
        self.count = 0
        self.changed: dict[str, int] = {}  # id -> number of the last good cycle that changed it
        self.cycles = 0
        self.lost: set[str] = set()
        self.whole = True
        self.report = Report()
        self.archives: dict[str, tuple[bytes, set[str], str]] = {}
        self._open = ExitStack()
        self._parts: Parts | None = None
        self._bodies: dict[str, tuple[tuple[int, int], bytes]] = {}

    def close(self) -> None:
        """End the process."""
        self._open.close()
        self._parts = None

    def configure(self, **changes: object) -> None:
        """Change base address or limit, and start anew."""
        self.base, self.entries = str(changes.get("base", self.base)), int(str(changes.get("entries", self.entries)))
        self.news.configure(f'[feed]\ntitle = "The News"\nbase_url = "{self.base}"\nentries = {self.entries}\n')
        if hasattr(self, "_open"):
            self.close()

    @property
    def now(self) -> datetime:
        return self.news.now

    def parts(self) -> Parts:
        """The process's parts, opened when it has none."""
        if self._parts is None:
            opened = self._open.enter_context(compose.publishing(self.news.config))
            self._parts = replace(opened, terms=replace(opened.terms, archive=self.page))
        return self._parts

    # -- what authors do ----------------------------------------------------------------------------------------------

    def fresh(self, folder: str = "") -> str:
        """A path that nobody has had."""
        self.count += 1
        return f"{folder}{self.count}.md"

    def add(self, path: str | None = None, **facts: object) -> Story:
        """A new article."""
        story = Story(len(self.stories), path or self.fresh(), **facts)  # type: ignore[arg-type]
        self.stories.append(story)
        self.save(story)
        return story

    def save(self, story: Story) -> None:
        """Write its file as it is now."""
        assert story.path is not None
        story.saved, story.buried = self.now - AGE, False
        self.news.write(story.path, story.text(), age=AGE)

    def edit(self, story: Story, facts: Mapping[str, object] | None = None, *, minor: bool = False) -> None:
        """Another text, or other facts beside the same one."""
        for name, value in (facts or {"revision": story.revision + 1}).items():
            setattr(story, name, value)
        story.minor = minor
        self.save(story)

    def rename(self, story: Story, path: str) -> None:
        """Another path; what was there is overwritten."""
        assert story.path is not None
        old, new = self.news.input / story.path, self.news.input / path
        for other in self.stories:
            if other.path == path and other is not story:
                other.path = None
        new.parent.mkdir(parents=True, exist_ok=True)
        old.rename(new)
        story.path, story.renamed = path, True

    def exchange(self, one: Story, other: Story) -> None:
        """Each gets the other's name."""
        mine, its = one.path, other.path
        assert mine is not None
        assert its is not None
        hand = self.news.input / "hand"
        (self.news.input / mine).rename(hand)
        (self.news.input / its).rename(self.news.input / mine)
        hand.rename(self.news.input / its)
        one.path, other.path, one.renamed, other.renamed = its, mine, True, True

    def delete(self, story: Story) -> None:
        assert story.path is not None
        (self.news.input / story.path).unlink()
        story.path = None

    def restore(self, story: Story, path: str) -> None:
        """The same bytes are back."""
        story.path = path
        self.save(story)

    def vacant(self, story: Story) -> str | None:
        """The path where it was last seen, if nobody is there now, or was at the last look: a name that is passed on at once is an edit."""
        taken = {other.path for other in self.stories}
        taken |= {other.last for other in self.stories if other is not story and other.path is None and not other.buried}
        return None if not story.last or story.last in taken else story.last

    def withdrawn(self, story: Story) -> bool:
        """Whether its name is free, and subscribers were told so: then another article may have it."""
        return story.buried and self.vacant(story) is not None

    def later(self, delta: timedelta) -> None:
        """Time passes; of the clock on the wall, any amount."""
        self.news.now += delta
        self.news.tick += max(delta.total_seconds(), 1)

    def stats(self) -> dict[str, tuple[int, int]]:
        """When each document was written."""
        self.documents()
        return {path: key for path, (key, _) in self._bodies.items()}

    def here(self) -> list[Story]:
        return [story for story in self.stories if story.path is not None]

    # -- cycles -------------------------------------------------------------------------------------------------------

    def publish(self) -> Report:
        """Cycles until nothing is waited for; then everything published is looked at. What is held at first is then accepted."""
        report = self._settled()
        if report.held:
            self._commit(held=True)
            self._look(report)
            report = self._settled(accept=True)
            assert not report.held
        self._commit()
        self._look(report)
        return report

    def _settled(self, *, accept: bool = False) -> Report:
        for _ in range(15):
            report = pipeline.cycle(self.parts(), now=self.now, tick=self.news.tick, stop=lambda: None, accept_removals=accept)
            if report.waiting is None:
                self.report = report
                return report
            self.news.tick += 2
        raise AssertionError("a file never settles")

    def crash(self, k: int, *, tear: bool) -> None:
        """A cycle that ends at its `k`-th document, or at its `k`-th step, if it has so many."""
        calls = iter(range(k))

        def stop() -> None:
            if not tear and next(calls, None) is None:
                raise Abandoned("it is asked to end")

        parts = self.parts()
        before = parts.ledger.generation()
        torn = replace(parts, publisher=Tearing(parts.publisher, k)) if tear else parts  # type: ignore[arg-type]
        try:
            pipeline.cycle(torn, now=self.now, tick=self.news.tick, stop=stop)
        except (PublishError, Abandoned):
            self.whole = False
            if parts.ledger.generation() != before:
                self._commit(crashed=True)
        else:
            self.publish()

    def recover(self) -> None:
        """What the publisher remembered is lost, and made anew from what is published: of what is not public, hardly anything is left."""
        self.close()
        shutil.rmtree(self.news.folder / ".feeder")
        rescue.recover(self.news.config, clock=NewsClock(self.news))
        for story in self.stories:
            story.buried = False
            if not story.live and (story.arrived or story.hidden or story.path is None):
                self.lost |= {story.item.id} if story.item else set()
                story.item, story.shown, story.raw, story.last = None, None, "", ""
                story.minted = story.moved = story.public = False

    # -- what must come of it -----------------------------------------------------------------------------------------

    def _commit(self, *, held: bool = False, crashed: bool = False) -> None:
        """The ledger has seen the folder as it is now."""
        self.latest = max(self.latest, self.now)
        for story in self.stories:
            if story.path is not None:
                self._seen(story)
            there = story.path is not None or (held and story.live)
            over = story.ends is not None and story.ends <= self.now
            there = there and not story.hidden and not over
            story.arrived |= there and story.due is not None and story.due <= self.now
            if not crashed:
                story.live = there and story.arrived
                story.buried = story.minted and story.path is None and not held

    def _seen(self, story: Story) -> None:
        assert story.path is not None
        assert story.saved is not None
        story.last, story.ends, story.hidden = story.path, story.expires, story.draft
        story.told = Told(story.mark, story.title, story.tags, story.people)
        if story.raw != story.text():
            story.raw = story.text()
            if not (story.arrived or story.draft):
                story.due = story.stated or min(story.saved, self.now)
        if not story.minted:
            story.minted, story.shown, story.marks = not story.draft, story.visible, set()
        elif story.shown != story.visible:
            story.moved |= not story.minor
            if not story.minor:
                story.marks = set()
            story.silent = story.minor
            story.shown = story.visible
        story.marks.add(story.mark.encode())

    def get(self, address: str) -> bytes | None:
        """What the server would answer."""
        assert address.startswith(self.base), address
        return self.body(address.removeprefix(self.base))

    def body(self, path: str) -> bytes | None:
        file = self.news.output / path
        return file.read_bytes() if file.is_file() else None

    def documents(self) -> dict[str, bytes]:
        """Every published document; what has not changed since the last time is not read again."""
        found: dict[str, tuple[tuple[int, int], bytes]] = {}
        for place, folders, names in os.walk(self.news.output):
            folders[:] = [folder for folder in folders if not folder.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    file = os.path.join(place, name)
                    stat = os.stat(file)
                    path, key = os.path.relpath(file, self.news.output), (stat.st_mtime_ns, stat.st_ino)
                    kept = self._bodies.get(path)
                    found[path] = kept if kept and kept[0] == key else (key, Path(file).read_bytes())
        self._bodies = found
        return {path: body for path, (_, body) in found.items()}

    def live(self) -> dict[str, Story]:
        """The articles that are public, by id."""
        return {story.item.id: story for story in self.stories if story.live and story.item}

    def _look(self, report: Report) -> None:
        """Everything published is as it should be."""
        self.cycles, self.whole = self.cycles + 1, True
        documents = self.documents()
        self._learn(documents)
        marks = {mark for body in documents.values() for mark in MARK.findall(body)}
        assert marks == {story.told.mark.encode() for story in self.stories if story.live and story.told}, (
            "some text is out that should not be, or is missing"
        )
        self._twins(documents)
        self._history(documents)
        self._families(documents)
        self._tombs(issue(documents["feed.xml"]))
        assert report.held or report.due == self._due(issue(documents["feed.xml"]))

    def _learn(self, documents: dict[str, bytes]) -> None:
        """Each live article has one entry, with the id, title, text and dates that it should have."""
        items = [item for path in documents if path == "feed.xml" or re.fullmatch(r"archive/\d+\.xml", path) for item in issue(documents[path]).items]
        entries: dict[str, Item] = {}
        for item in items:
            known = entries.setdefault(item.id, item)
            assert known.updated == item.updated, "two documents have two versions of one entry"
            assert (known.title, known.summary) == (item.title, item.summary)
            if len(item.content) > len(known.content):
                entries[item.id] = item
        by_mark: dict[str, Item] = {}
        for item in entries.values():
            (mark,) = set(MARK.findall(item.content.encode()))
            assert by_mark.setdefault(mark.decode(), item) is item, "one article has two entries"
        for story in self.live_stories():
            assert story.told
            self._compare(story, story.told, by_mark[story.told.mark])
        for story in self.stories:
            if story.item and story.public and not story.live:
                self.changed[story.item.id] = self.cycles
                story.public = False
        assert len(entries) == len(self.live_stories())

    def live_stories(self) -> list[Story]:
        return [story for story in self.stories if story.live]

    def _compare(self, story: Story, told: Told, item: Item) -> None:
        """This entry is this article's, and nothing moved that should not."""
        assert (item.title, item.tags) == (told.title, frozenset(told.tags))
        assert item.authors == told.people or not told.people
        assert item.updated is not None
        if (old := story.item) is not None:
            assert old.updated is not None
            assert (item.id, item.published) == (old.id, old.published), "an id or a date changed"
            assert item.link.rpartition("/")[2] == old.link.rpartition("/")[2], "a permalink changed"
            if story.moved:
                assert item.updated > old.updated, "an edit was not told"
            else:
                assert item.updated == old.updated, "an entry was marked unread without a change"
        elif story.stated:
            assert item.published == story.stated
        else:
            assert item.published <= self.latest
        if not story.public or story.moved or old is None:
            self.changed[item.id] = self.cycles
        story.item, story.moved, story.public, story.gone = item, False, True, None
        others = [other for other in self.stories if other.item and other.item.id == item.id]
        assert others == [story], "two articles had one id"

    def _twins(self, documents: dict[str, bytes]) -> None:
        """rule 34: RSS and JSON Feed say what Atom says."""
        atom = issue(documents["feed.xml"])
        facts = [(item.id, item.title, item.link, item.published) for item in atom.items]
        for path, read in (("rss.xml", rss_issue), ("feed.json", json_issue)):
            assert [(item.id, item.title, item.link, item.published) for item in read(documents[path]).items] == facts

    def _history(self, documents: dict[str, bytes]) -> None:
        """rule 27: the archives hold every live entry, lead to each other, and change only with their own entries."""
        paths = sorted(path for path in documents if re.fullmatch(r"archive/\d+\.xml", path))
        way = list(chain(self.get, f"{self.base}feed.xml"))
        sealed = [place.removeprefix(self.base) for place, _ in reversed(way[1:])]
        assert sealed == paths[: len(sealed)]
        assert len(paths) == (len(sealed) + 1 if sealed else 0), "behind the last sealed archive is the one that fills up"
        held = {item.id for _, document in way for item in document.items}
        assert held == self.live().keys(), "the current document and the archives hold every live entry, and nothing else"
        for number, path in enumerate(paths):
            self._archive(path, issue(documents[path]), paths[number - 1] if number else None, paths[number + 1] if path in sealed else None)
            self._sealed(path, documents[path], sealed=path in sealed)

    def _archive(self, path: str, found: Issue, before: str | None, after: str | None) -> None:
        links = {"self": path, "current": "feed.xml", "prev-archive": before, "next-archive": after}
        assert {rel: found.links.get(rel) for rel in links} == {rel: to and self.base + to for rel, to in links.items()}
        assert found.archive == (after is not None)

    def _sealed(self, path: str, body: bytes, *, sealed: bool) -> None:
        """A sealed archive's bytes stay while its own entries do."""
        before = self.archives.get(path)
        members = issue(body).ids | (before[1] if before else set())
        if before and before[0] != body and before[2] == self.base:
            touched = {ident for ident in members if self.changed.get(ident) == self.cycles}
            silent = {story.item.id for story in self.stories if story.item and story.silent}
            assert touched | (silent & members), f"{path} changed and none of its entries did"
        if sealed:
            self.archives[path] = body, members, self.base

    def _families(self, documents: dict[str, bytes]) -> None:
        """Each tag, author and folder of a live entry has its page and feed, and nothing else has."""
        wanted: dict[str, set[str]] = {}
        for ident, story in self.live().items():
            path = story.last
            assert story.told
            for facet in {*map(facets.tag, story.told.tags), *map(facets.author, story.told.people), *facets.folders(path)}:
                wanted.setdefault(facet.address, set()).add(ident)
        feeds = [path for path in documents if re.fullmatch(r"(tags|authors|folders)/.*/feed\.xml", path)]
        found = {path.rpartition("/")[0]: issue(documents[path]).ids for path in feeds}
        assert found.keys() == wanted.keys()
        for address, ids in found.items():
            assert ids == wanted[address] if len(wanted[address]) <= 20 else ids <= wanted[address]

    def _tombs(self, current: Issue) -> None:
        """rule 29: what was public lately and is not any more has a tombstone, later than all that was said of it; nothing else has one."""
        for story in self.stories:
            if story.item is None:
                continue
            when = current.tombstones.get(story.item.id)
            assert not (story.live and when)
            if when is None:
                since = story.gone or story.ends
                assert story.live or (since and since <= self.latest - KEPT), f"{story.title} has gone without a word"
                continue
            assert story.item.updated is not None
            assert story.item.updated <= when <= max(self.latest, story.item.updated) + AHEAD, (
                f"{story.title} is gone since {when}, and was updated {story.item.updated}"
            )
            assert story.gone in (None, when), "the time of a withdrawal moved"
            story.gone = when
        strangers = current.tombstones.keys() - {story.item.id for story in self.stories if story.item} - self.lost
        assert len(strangers) <= sum(story.arrived and story.item is None for story in self.stories), "a tombstone of what was never seen"

    def _due(self, current: Issue) -> datetime | None:
        """The next second at which time changes something."""
        alive = [story for story in self.here() if story.minted and not story.hidden and not (story.ends and story.ends <= self.now)]
        begins = [story.due for story in alive if story.due and not story.arrived]
        fades = [when + KEPT for when in current.tombstones.values()]
        return min([*begins, *fades, *(story.ends for story in alive if story.ends)], default=None)
