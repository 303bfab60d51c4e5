"""What a plan says, against what a build then does: a subscriber with eyes of his own reads the feeds before and after it."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from feeder import once
from feeder.clock import Clock
from feeder.forecast import Fate, Outlook, Prospect, compare, kinds
from feeder.once import Plan
from feeder.publishers.rehearsal import Rehearsal
from tests.fakes import MemoryPublisher
from tests.newsroom import ATOM, Newsroom

AT = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
QUICK = '[feed]\ntitle = "{title}"\nbase_url = "{base}"\n{more}\n[input]\nsettle = 0\n'
PLACES = ["bay", "pier", "town", "mill", "lake", "hill", "cape", "moor"]


class Still(Clock):
    """The newsroom's clock; waiting for files moves it."""

    def __init__(self, room: Newsroom) -> None:
        self.room = room

    def wall(self) -> float:
        return self.room.now.timestamp()

    def tick(self) -> float:
        return self.room.tick

    def sleep(self, seconds: float) -> None:
        self.room.later(seconds=int(seconds) + 1)


class Subscriber:
    """Somebody who has read the current document and every archive: by id, what he was shown."""

    def __init__(self, room: Newsroom) -> None:
        self.shown: dict[str, tuple[str, ...]] = {}
        self.updated: dict[str, str] = {}
        self.gone: set[str] = set()
        for path in [room.output / "feed.xml", *sorted((room.output / "archive").glob("*.xml"))]:
            root = etree.fromstring(path.read_bytes()) if path.exists() else etree.Element("none")
            self.gone |= {str(stone.get("ref")) for stone in root.iter(AT)}
            for entry in root.iter(f"{ATOM}entry"):
                ident = str(entry.findtext(f"{ATOM}id"))
                shown = [entry.findtext(ATOM + name) or "" for name in ("title", "summary", "published", "updated", "content")]
                links = sorted(" ".join(map(str, link.values())) for link in entry.iter(f"{ATOM}link"))
                self.shown.setdefault(ident, (*shown, *links))
                self.updated.setdefault(ident, shown[3])


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return configured(Newsroom(tmp_path))


def configured(room: Newsroom, title: str = "The News", base: str = "https://news.example/", more: str = "") -> Newsroom:
    room.configure(QUICK.format(title=title, base=base, more=more))
    return room


def planned(room: Newsroom, *, accept_removals: bool = False) -> Plan:
    """What the plan says; it changes nothing."""
    before = room.published()
    plan = once.foresee(room.config, clock=Still(room), accept_removals=accept_removals)
    assert room.published() == before
    return plan


def kept(room: Newsroom, *, accept_removals: bool = False) -> Plan:
    """Plan and build, and hold the plan to what a subscriber sees."""
    plan, before, documents = planned(room, accept_removals=accept_removals), Subscriber(room), room.published()
    report = once.build(room.config, clock=Still(room), accept_removals=accept_removals)
    after, told = Subscriber(room), {entry.id: entry for entry in plan.prospect.entries}
    assert (set(plan.written), set(plan.removed)) == (set(report.put.written), set(report.put.removed))
    now_there = room.published()
    assert set(plan.written) == {path for path, body in now_there.items() if documents.get(path) != body}
    assert set(plan.removed) == documents.keys() - now_there.keys()
    fresh, lost = after.shown.keys() - before.shown.keys(), before.shown.keys() - after.shown.keys()
    assert {ident for ident, entry in told.items() if entry.fate in (Fate.NEW, Fate.BACK)} == fresh
    assert {ident for ident, entry in told.items() if entry.fate is Fate.GONE} == lost
    assert {ident for ident, entry in told.items() if entry.fate is Fate.BACK} == fresh & before.gone
    both = before.shown.keys() & after.shown.keys()
    assert {ident for ident, entry in told.items() if entry.fate is Fate.CHANGED} == {i for i in both if before.shown[i] != after.shown[i]}
    again = {ident for ident in both if before.updated[ident] != after.updated[ident]}
    assert {ident for ident, entry in told.items() if entry.unread and entry.fate is Fate.CHANGED} == again
    assert plan.prospect.again == len(again)
    assert plan.prospect.unread == len(again) + len(fresh - before.gone)
    assert (plan.prospect.published, plan.prospect.live) == (len(before.shown), len(after.shown))
    nothing = planned(room)
    assert (nothing.prospect, nothing.written, nothing.removed) == (Prospect((), (), len(after.shown), len(after.shown)), (), ())
    return plan


def write(room: Newsroom, name: str, words: str = "", *, matter: str = "") -> None:
    """An article on a place."""
    room.write(
        f"{name}.md", f"---\ntags: [{name[0]}]\n{matter}---\n# The {name}\n\nWe went to the {name} and saw all of it. {words}\n\nThen we left.\n"
    )


def only(plan: Plan) -> Outlook:
    """The one entry that a plan speaks of."""
    (entry,) = plan.prospect.entries
    return entry


def differing(plan: Plan) -> dict[str, tuple[str, str]]:
    """What differs in it."""
    return {difference.name: (difference.before, difference.after) for difference in only(plan).differences}


def test_a_first_build_is_all_new(room: Newsroom) -> None:
    write(room, "bay")
    write(room, "pier")
    plan = kept(room)
    told = {(entry.title, entry.fate, entry.unread) for entry in plan.prospect.entries}
    assert told == {("The pier", Fate.NEW, True), ("The bay", Fate.NEW, True)}
    assert kinds(plan.written)["articles"] == 2


def test_an_edit_says_what_of_the_entry_changes_and_that_it_is_marked_unread(room: Newsroom) -> None:
    write(room, "bay")
    kept(room)
    room.later(hours=1)
    room.write("bay.md", "---\ntags: [c, b]\n---\n# The bight\n\nWe went to the bay and saw little of it.\n\nThen we left.\n")
    plan = kept(room)
    assert only(plan).unread
    assert differing(plan)["title"] == ("The bay", "The bight")
    assert differing(plan)["content"] == ("1", "1")
    assert differing(plan)["categories"] == ("b", "c, b")


def test_a_minor_edit_a_rename_and_a_touch_mark_nothing_unread(room: Newsroom) -> None:
    for name in PLACES[:3]:
        write(room, name)
    kept(room)
    room.later(hours=1)
    write(room, "bay", "It rained.", matter="minor: true\n")
    (room.input / "pier.md").rename(room.input / "quay.md")
    room.date(room.input / "town.md", timedelta())
    plan = kept(room)
    assert (plan.prospect.unread, only(plan).title) == (0, "The bay")
    assert sorted(change.verb for change in plan.told) == ["move"]


def test_what_is_withdrawn_is_gone_and_what_returns_is_back(room: Newsroom) -> None:
    for name in PLACES[:3]:
        write(room, name)
    kept(room)
    room.later(hours=1)
    text = (room.input / "bay.md").read_bytes()
    (room.input / "bay.md").unlink()
    plan = kept(room)
    assert (only(plan).fate, plan.prospect.unread) == (Fate.GONE, 0)
    room.later(hours=1)
    room.write("bay.md", text)
    assert only(kept(room)).fate is Fate.BACK


def test_so_many_removals_that_they_are_held_are_told_as_held(room: Newsroom) -> None:
    for name in PLACES:
        write(room, name)
    kept(room)
    for name in PLACES[:6]:
        (room.input / f"{name}.md").unlink()
    plan = planned(room)
    assert (len(plan.report.held), plan.prospect.entries) == (6, ())
    assert len(kept(room, accept_removals=True).prospect.entries) == 6


def test_an_input_that_is_not_mounted_is_told_as_held(room: Newsroom) -> None:
    """With the ledger, and without one."""
    write(room, "bay")
    kept(room)
    (room.input / "bay.md").unlink()
    assert (len(planned(room).report.held), planned(room).away) == (1, False)
    for file in (room.folder / ".feeder").iterdir():
        file.unlink()
    plan = planned(room)
    assert (len(plan.report.held), plan.prospect.entries, plan.written, plan.away) == (1, (), (), True)


def test_another_title_or_address_of_the_site_marks_nothing_unread(room: Newsroom) -> None:
    for name in PLACES[:3]:
        write(room, name)
    kept(room)
    plan = kept(configured(room, "The Olds"))
    assert (plan.prospect.unread, plan.prospect.entries) == (0, ())
    assert [(difference.name, difference.before, difference.after) for difference in plan.prospect.feed] == [("title", "The News", "The Olds")]
    assert kinds(plan.written)["articles"] == 3
    plan = kept(configured(room, "The Olds", "https://olds.example/"))
    assert plan.prospect.unread == 0
    assert {difference.name for entry in plan.prospect.entries for difference in entry.differences} >= {"address"}


def test_another_feed_id_makes_every_entry_new(room: Newsroom) -> None:
    for name in PLACES[:3]:
        write(room, name)
    kept(room)
    plan = planned(configured(room, more='id = "urn:uuid:00000000-0000-4000-8000-000000000001"'))
    assert plan.prospect.renamed
    assert (plan.prospect.unread, plan.prospect.again) == (3, 3)


def test_a_lost_ledger_is_judged_by_its_effect(room: Newsroom) -> None:
    """Here by none: the same ids are minted again."""
    write(room, "bay")
    kept(room)
    for file in (room.folder / ".feeder").iterdir():
        file.unlink()
    assert planned(room).prospect.unread == 0


def test_an_entry_that_only_leaves_the_current_document_for_its_archive_is_not_spoken_of(room: Newsroom) -> None:
    """Archives of fifty: what is in one that does not change still stands."""
    for number in range(104):
        room.write(f"{number:03}.txt", f"Number {number}\n\nIt is number {number} of very many.\n", age=timedelta(hours=200 - number))
    kept(room)
    for number in range(3):
        room.later(hours=1)
        room.write(f"new{number}.txt", f"New {number}\n\nThis is new, and it is the {number}.\n", age=timedelta())
        assert only(kept(room)).fate is Fate.NEW


def test_a_picture_beside_an_article_is_planned_and_nothing_is_kept_of_it(room: Newsroom) -> None:
    picture = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
    room.write("dot.png", picture)
    write(room, "bay", "![a dot](dot.png)")
    before = {path for path in room.folder.rglob("*") if path.is_file()}
    assert kinds(planned(room).written)["media"] == 1
    assert {path for path in room.folder.rglob("*") if path.is_file()} == before
    assert kinds(kept(room).written)["media"] == 1


def test_a_feed_that_nobody_could_read_told_nobody_anything() -> None:
    sound = b'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:f</id><entry><id>urn:x:1</id><title>One</title></entry></feed>'
    found = compare({"feed.xml": b"<feed"}.get, {"feed.xml": sound}.get, ["feed.xml", "tags/a/feed.xml"], 1)
    assert [(entry.title, entry.fate) for entry in found.entries] == [("One", Fate.NEW)]
    assert (found.feed, found.published, found.live) == ((), 0, 1)


def test_documents_are_counted_by_kind() -> None:
    paths = ["feed.xml", "rss.xml", "tags/a/feed.xml", "archive/0001.xml", "articles/a.html", "tags/a/index.html", "media/x.png", "style.css"]
    assert kinds(paths) == {"feeds": 3, "archives": 1, "articles": 1, "pages": 1, "media": 1, "others": 1}


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "edit", "minor", "delete", "rename", "future", "wait", "title", "expire"]), st.integers(0, 7)), max_size=6
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cycles=st.lists(STEPS, min_size=1, max_size=4))
def test_whatever_happens_a_plan_says_what_then_is_seen(tmp_path_factory: pytest.TempPathFactory, cycles: list[list[tuple[str, int]]]) -> None:
    """A law of plans, over random histories of a folder."""
    room = configured(Newsroom(tmp_path_factory.mktemp("room")))
    for number, steps in enumerate(cycles):
        for what, which in steps:
            _happens(room, what, PLACES[which], number)
        kept(room, accept_removals=True)
        room.later(minutes=7)


def _happens(room: Newsroom, what: str, name: str, number: int) -> None:
    file = room.input / f"{name}.md"
    if what in ("write", "edit"):
        write(room, name, f"The {what} number {number} was like no other.")
    elif what == "minor":
        write(room, name, f"A comma {number}.", matter="minor: true\n")
    elif what in ("future", "expire"):
        key = "date" if what == "future" else "expires"
        write(room, name, matter=f"{key}: {room.now + timedelta(minutes=3 * number + 1):%Y-%m-%dT%H:%M:%SZ}\n")
    elif what == "wait":
        room.later(minutes=5)
    elif what == "title":
        configured(room, f"The {name} News")
    elif file.exists():
        file.unlink() if what == "delete" else file.rename(file.with_name(f"{name}-{number}.md"))


# --- the rehearsal ---


def test_a_rehearsal_compares_and_leaves_the_real_one_alone() -> None:
    """Also over several puts: there and back again is no change."""
    from feeder.model import Document

    real = MemoryPublisher(documents={"a.html": (b"a", 1), "b.html": (b"b", 1), "feed.xml": (b"<f/>", 1)})
    stage = Rehearsal(real)
    put = stage.put([Document("a.html", "text/html", b"a"), Document("c.html", "text/html", b"c"), Document("feed.xml", "x", b"<g/>")], ["b.html"])
    assert (put.written, put.removed, put.unchanged) == (("c.html", "feed.xml"), ("b.html",), 1)
    assert (stage.get("feed.xml"), stage.get("b.html"), real.get("feed.xml")) == (b"<g/>", None, b"<f/>")
    assert stage.stats() == {"a.html": (1, 1), "c.html": (1, 0), "feed.xml": (4, 0)}
    assert stage.stats(["c.html", "b.html"]) == {"c.html": (1, 0)}
    before = stage.fingerprint()
    with stage.lock():
        put = stage.put(
            [Document("b.html", "text/html", b"b"), Document("feed.xml", "x", b"<f/>"), Document("c.html", "text/html", b"c")], ["c.html", "a.html"]
        )
    assert (put.written, put.removed, put.unchanged) == (("b.html", "feed.xml"), ("a.html",), 1)
    assert stage.fingerprint() != before
    stage.put([], ["c.html", "nowhere.html"])
    assert (stage.written, stage.removed) == ((), ("a.html",))
    assert real.puts == 0
