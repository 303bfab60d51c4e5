"""From a file in the folder to what subscribers see, through the real folder, ledger, pages and feed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

from feeder import pipeline
from feeder.changes import Verb
from feeder.errors import Abandoned, Busy, ConfigError, LedgerError, PublishError
from feeder.ledger import Ledger
from feeder.model import Document
from feeder.publishers import Publisher, Put
from tests.newsroom import NOON, Newsroom

HOUR = timedelta(hours=1)
DAM = """The dam at Altwasser holds

The river rose by four metres in one night, and the dam held. Engineers had strengthened it only last year. The mayor thanked them.

A long night

Volunteers filled nine thousand sandbags by the light of their cars. By morning the water fell again.
"""
FERRY = """---
title: A ferry for the island
date: 2036-11-20 08:30
tags: [islands, transport]
author: Ada Brown
---

The island of Lund gets its **ferry** back after eleven years. It sails twice a day. Tickets cost four crowns.
"""


@pytest.fixture
def news(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


@pytest.fixture
def two(news: Newsroom) -> Newsroom:
    news.write("dam.txt", DAM)
    news.write("ferry.md", FERRY)
    news.cycle()
    return news


def test_files_become_entries_with_title_date_summary_and_a_page_that_opens(two: Newsroom) -> None:
    dam, ferry = two.entry("The dam at Altwasser holds"), two.entry("A ferry for the island")
    assert dam["published"] == "2036-11-22T11:00:00Z"
    assert ferry["published"] == "2036-11-20T08:30:00Z"
    assert dam["summary"].startswith("The river rose by four metres in one night")
    assert "The dam at Altwasser holds" not in dam["content"]
    assert "<h2>A long night</h2>" in dam["content"]
    for entry in (dam, ferry):
        page = two.output / entry["link"].removeprefix("https://news.example/")
        assert entry["title"] in page.read_text()


def test_a_feed_reader_finds_nothing_to_complain_of(two: Newsroom) -> None:
    feed = feedparser.parse((two.output / "feed.xml").read_bytes())
    assert (feed.bozo, feed.version, feed.feed.title) == (False, "atom10", "The News")
    assert [entry.title for entry in feed.entries] == ["The dam at Altwasser holds", "A ferry for the island"]
    assert [tag.term for tag in feed.entries[1].tags] == ["islands", "transport"]
    assert feed.entries[1].author == "Ada Brown"


def test_a_second_cycle_writes_no_file(two: Newsroom) -> None:
    """Rule 46."""
    before = {path: path.stat() for path in two.folder.rglob("*") if path.is_file()}
    two.later(minutes=5)
    report = two.cycle()
    after = {path: path.stat() for path in two.folder.rglob("*") if path.is_file() and path.suffix != ".db-shm"}
    assert (report.changes, report.put.written, report.summary) == ((), (), "")
    output = {path for path in before if path.is_relative_to(two.output) and path.name != ".feeder.lock"}
    assert {path: (s.st_mtime_ns, s.st_ino) for path, s in after.items() if path in output} == {
        path: (s.st_mtime_ns, s.st_ino) for path, s in before.items() if path in output
    }


def test_touching_every_input_changes_no_byte(two: Newsroom) -> None:
    """T7, rule 46."""
    before = two.published()
    for file in two.input.iterdir():
        two.date(file, timedelta(minutes=1))
    two.later(hours=1)
    assert two.cycle().changes == ()
    assert two.published() == before


def test_the_same_input_is_the_same_bytes_anywhere(tmp_path: Path) -> None:
    """Rule 21."""
    program = "import sys; from pathlib import Path; from tests.test_pipeline import build; build(Path(sys.argv[1]))"
    outputs = []
    for name, environment in (
        ("one", {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"}),
        ("two", {"PYTHONHASHSEED": "77", "TZ": "America/Lima", "LC_ALL": "C.UTF-8"}),
    ):
        folder = tmp_path / name
        subprocess.run([sys.executable, "-c", program, str(folder)], check=True, env={**os.environ, **environment}, cwd=Path(__file__).parent.parent)
        outputs.append(Newsroom(folder).published())
    assert len(outputs[0]) > 8
    assert outputs[0] == outputs[1]


def build(folder: Path) -> None:
    """What the test above runs in a process of its own."""
    news = Newsroom(folder)
    news.write("dam.txt", DAM)
    news.write("ferry.md", FERRY)
    for number in range(30):
        news.write(f"notes/{number}.md", f"---\ntags: [a, b, c{number}]\n---\n# Note {number}\n\nThis is the note of number {number}. It is short.\n")
    news.cycle()


def test_a_lost_ledger_gives_the_same_ids_permalinks_and_bytes(two: Newsroom) -> None:
    """S10, rule 9."""
    before = two.published()
    shutil.rmtree(two.folder / ".feeder")
    report = two.cycle()
    assert two.published() == before
    assert (report.put.written, report.put.unchanged > 5) == ((), True)


@pytest.mark.parametrize(
    ("what", "change", "edited"),
    [
        ("rename", lambda n: (n.input / "dam.txt").rename(n.input / "river.txt"), False),
        ("edit", lambda n: n.write("dam.txt", DAM + "\nThe dam opens on Monday.\n"), True),
        ("another title", lambda n: n.write("dam.txt", DAM.replace("The dam at Altwasser holds", "The dam held")), True),
        ("rename and edit", lambda n: ((n.input / "dam.txt").unlink(), n.write("river.txt", DAM + "\nThe dam opens on Monday.\n")), True),
        ("move to a subfolder", lambda n: ((n.input / "2026").mkdir(), (n.input / "dam.txt").rename(n.input / "2026" / "dam.txt")), False),
        ("another suffix", lambda n: (n.input / "dam.txt").rename(n.input / "dam.text"), False),
        ("delete and restore", lambda n: ((n.input / "dam.txt").unlink(), n.cycle(), n.write("dam.txt", DAM)), False),
        ("delete and restore elsewhere", lambda n: ((n.input / "dam.txt").unlink(), n.cycle(), n.write("back/dam.txt", DAM)), False),
        ("another base URL", lambda n: n.configure('[feed]\ntitle = "The News"\nbase_url = "https://other.example/a/"\n'), False),
        ("a touch", lambda n: n.date(n.input / "dam.txt", timedelta(minutes=3)), False),
    ],
)
def test_the_entry_stays_the_same_entry_through(two: Newsroom, what: str, change: Callable[[Newsroom], object], edited: bool) -> None:
    """Rule 60."""
    before = two.entry("The dam at Altwasser holds")
    two.later(hours=1)
    change(two)
    two.cycle()
    (after,) = [entry for entry in two.feed() if entry["id"] == before["id"]]
    assert (after["link"].rpartition("/")[2], after["published"]) == (before["link"].rpartition("/")[2], before["published"]), what
    assert (after["updated"] != before["updated"]) is edited
    assert len(two.feed()) == 2


def test_a_deleted_article_leaves_the_feed_and_its_page_says_so(two: Newsroom) -> None:
    """Rule 53."""
    link = two.entry("The dam at Altwasser holds")["link"]
    (two.input / "dam.txt").unlink()
    two.later(hours=1)
    report = two.cycle()
    page = link.removeprefix("https://news.example/")
    assert two.titles() == ["A ferry for the island"]
    assert report.gone == {page}
    assert "four metres" not in (two.output / page).read_text()
    assert two.atom().findtext("{http://www.w3.org/2005/Atom}updated") == "2036-11-22T13:00:00Z"


def test_an_embargo_leaks_nothing_until_its_second(two: Newsroom) -> None:
    before = two.published()
    two.write(
        "secret.md",
        "---\ndate: 2036-11-22T18:00:00Z\ntags: [unheard]\n---\n# The prize goes to Mars\n\nNobody expected it. More follows.\n",
    )
    report = two.cycle()
    assert two.published() == before
    assert report.due == NOON + 6 * HOUR
    two.later(hours=6)
    assert [change.verb for change in two.cycle().changes] == [Verb.RELEASE]
    assert two.entry("The prize goes to Mars")["updated"] == "2036-11-22T18:00:00Z"


def test_what_expires_is_taken_away_at_its_second(two: Newsroom) -> None:
    two.write("offer.md", "---\nexpires: 2036-11-22T18:00:00Z\n---\n# Cheap boots\n\nBoots are cheap today only. Come early.\n")
    assert two.cycle().due == NOON + 6 * HOUR
    two.later(hours=6)
    two.cycle()
    assert "Cheap boots" not in two.titles()
    assert not any(b"cheap today" in body for body in two.published().values())


def test_a_foreign_file_in_the_output_is_left_alone_and_a_lost_document_is_made_again(two: Newsroom) -> None:
    """O3."""
    before = two.published()
    (two.output / "CNAME").write_text("news.example")
    (two.output / "feed.xml").unlink()
    (two.output / "articles" / "dam.html").write_text("tampered")
    two.cycle()
    assert two.published() == {**before, "CNAME": b"news.example"}


def test_mass_removal_is_held_and_goes_on_when_accepted(news: Newsroom) -> None:
    """I8."""
    for number in range(10):
        news.write(f"{number}.md", f"# Note {number}\n\nThis is the note of number {number}. It is short.\n")
    news.cycle()
    for number in range(8):
        (news.input / f"{number}.md").unlink()
    report = news.cycle()
    assert (len(report.held), len(news.feed())) == (8, 10)
    assert news.cycle(accept_removals=True).held == ()
    assert len(news.feed()) == 2


@pytest.mark.parametrize("there", [True, False])
def test_a_lost_ledger_and_an_input_that_is_empty_or_not_mounted_leave_the_feed_alone(two: Newsroom, there: bool) -> None:
    """I7, I8, S10."""
    before = two.published()
    shutil.rmtree(two.folder / ".feeder")
    two.input.rename(two.folder / "elsewhere")
    if there:
        two.input.mkdir()
    assert len(two.cycle().held) == 2
    assert len(two.cycle().held) == 2
    assert two.published() == before
    shutil.rmtree(two.input, ignore_errors=True)
    (two.folder / "elsewhere").rename(two.input)
    assert two.cycle().held == ()
    assert two.published() == before


def test_an_emptied_feed_without_a_ledger_is_published_when_it_is_meant(two: Newsroom) -> None:
    shutil.rmtree(two.folder / ".feeder")
    shutil.rmtree(two.input)
    two.input.mkdir()
    two.cycle(accept_removals=True)
    assert two.feed() == []


def test_a_ledger_removed_under_a_running_service_stops_the_cycle_with_advice(two: Newsroom) -> None:
    """S10: what went on being written would be lost."""
    with two.parts() as parts:
        shutil.rmtree(two.folder / ".feeder")
        with pytest.raises(LedgerError, match="stop feeder and start it again"):
            pipeline.cycle(parts, now=two.now, tick=two.tick, stop=lambda: None)


def test_an_unknown_kind_of_summary_is_told_as_a_mistake_of_the_configuration(two: Newsroom) -> None:
    with pytest.raises(ConfigError, match=r'feeder\.toml:5:8: there is no summarizer "extractve" \(did you mean "extractive"\?\)'):
        two.configure('[feed]\ntitle = "The News"\n\n[summary]\nkind = "extractve"\n')


def test_a_missing_input_folder_changes_nothing(two: Newsroom) -> None:
    """I7."""
    before = two.published()
    two.input.rename(two.folder / "elsewhere")
    two.later(hours=1)
    two.cycle()
    assert two.published() == before


def test_a_folder_that_became_a_link_withdraws_nothing_below_it(news: Newsroom) -> None:
    """I11."""
    news.write("a.md", "# One\n\nThis is the first one. It was here.\n")
    news.write("sub/b.md", "# Two\n\nThis is the second one. It stays here.\n")
    news.cycle()
    (news.input / "sub").rename(news.folder / "elsewhere")
    (news.input / "sub").symlink_to(news.folder / "elsewhere")
    report = news.cycle()
    assert [problem.where for problem in report.problems] == ["sub"]
    assert sorted(news.titles()) == ["One", "Two"]


def test_a_cycle_told_to_stop_leaves_old_or_new_and_the_next_finishes(news: Newsroom) -> None:
    """J6: at every step."""
    for number in range(5):
        news.write(f"{number}.md", f"# Note {number}\n\nThis is the note of number {number}. It is short.\n")
    for allowed in range(40):
        steps = iter(range(allowed))

        def stop(steps: object = steps) -> None:
            if next(steps, None) is None:  # type: ignore[call-overload]
                raise Abandoned("enough")

        try:
            news.cycle(stop=stop)
        except Abandoned:
            assert news.published() == {}
        else:
            break
    assert len(news.feed()) == 5


def test_another_process_on_the_same_feed_is_refused(news: Newsroom) -> None:
    """S6."""
    with news.parts(), pytest.raises(Busy, match=str(os.getpid())):
        news.cycle()


def test_a_feed_that_does_not_read_back_never_replaces_a_good_one(two: Newsroom) -> None:
    """O11."""
    before = (two.output / "feed.xml").read_bytes()
    with two.parts() as parts, pytest.raises(PublishError):
        parts.publisher.put([Document("feed.xml", "application/atom+xml", b"<feed>")])
    assert (two.output / "feed.xml").read_bytes() == before


def test_the_tags_of_a_draft_are_nobodys_business_and_its_tombstone_stands_where_it_stood(news: Newsroom) -> None:
    news.write("a.md", f"---\ntags: [water]\n---\n{DAM}")
    news.write("b.md", "---\ntags: [water]\n---\nThe ferry to Lund sails twice a day, and a ticket costs four crowns.\n")
    news.write("c.md", "---\ntags: [roads]\n---\nOne bridge was painted green, by nobody in particular.\n")
    news.cycle()
    news.write("a.md", f"---\ntags: [roads]\ndraft: true\n---\n{DAM}")
    news.later(minutes=5)
    news.cycle()
    documents = news.published()
    assert [b"deleted-entry" in documents[f"tags/{tag}/feed.xml"] for tag in ("water", "roads")] == [True, False]


def test_what_is_kept_says_what_it_said_when_another_article_takes_its_name(news: Newsroom) -> None:
    news.configure('[feed]\ntitle = "The News"\nbase_url = "https://news.example/"\n[input]\non_removal = "keep"\n')
    news.write("dam.txt", DAM)
    news.write("ferry.md", FERRY)
    news.cycle()
    before = news.feed()
    (news.input / "ferry.md").rename(news.input / "dam.txt")
    news.later(minutes=5)
    news.cycle()
    assert [(entry["id"], entry["title"]) for entry in news.feed()] == [(entry["id"], entry["title"]) for entry in before]
    assert news.entry("The dam at Altwasser holds") == before[0]


def test_an_article_that_cannot_be_read_any_more_keeps_its_last_good_version(two: Newsroom) -> None:
    before = two.published()
    two.write("dam.txt", b"\x00\x01\x02\x03" * 100)
    report = two.cycle()
    assert [problem.where for problem in report.problems] == ["dam.txt"]
    assert two.published() == before
    two.write("dam.txt", DAM)
    assert two.cycle().problems == ()


class Dying:
    """A publisher whose process dies when it has published, before anybody can note it."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._publisher, name)

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        self._publisher.put(documents, remove)
        raise PublishError("killed")


def test_what_a_killed_process_published_is_taken_away_when_nobody_wants_it_any_more(two: Newsroom) -> None:
    """O9: a tag that was taken back meanwhile leaves no page behind."""
    two.write("third.md", "---\ntags: [steel]\n---\n# Third\n\nIt rained in Velden again. Nobody minded.\n")
    with two.parts() as parts, pytest.raises(PublishError):
        pipeline.cycle(replace(parts, publisher=Dying(parts.publisher)), now=two.now, tick=two.tick, stop=lambda: None)
    assert "tags/steel/index.html" in two.published()
    two.later(minutes=1)
    two.write("third.md", "---\ntags: [bridges]\n---\n# Third\n\nIt rained in Velden again. Nobody minded.\n", age=timedelta(minutes=1))
    two.cycle()
    tags = {path.split("/")[1] for path in two.published() if path.startswith("tags/")}
    assert tags == {"index.html", "bridges", "islands", "transport"}


def test_a_tombstone_ends_at_its_second_without_waiting_for_a_change(two: Newsroom) -> None:
    """Rule 29; the next cycle is asked for then, and it is the last one for this reason."""
    two.write("third.md", "# Third\n\nIt rained in Velden again. Nobody minded.\n")
    two.cycle()
    (two.input / "third.md").unlink()
    with two.parts() as parts:
        while (report := pipeline.cycle(parts, now=two.now, tick=two.tick, stop=lambda: None)).waiting is not None:
            two.tick += report.waiting
        gone = two.now
        assert (b"deleted-entry" in two.published()["feed.xml"], report.due) == (True, gone + timedelta(days=30))
        for seconds, told in ((-1, True), (0, False)):
            two.now = gone + timedelta(days=30, seconds=seconds)
            report = pipeline.cycle(parts, now=two.now, tick=two.tick, stop=lambda: None)
            assert (b"deleted-entry" in two.published()["feed.xml"]) is told
        assert (report.put.written, report.due) == (("feed.xml",), None)


def test_a_retry_asked_from_outside_reads_what_is_in_quarantine_again(two: Newsroom) -> None:
    two.write("bad.txt", b"\x00\x01\x02\x03" * 100)
    assert len(two.cycle().problems) == 1
    two.later(hours=1)
    Ledger.ask(two.config.state, "retry")
    assert len(two.cycle().problems) == 1
    with two.parts() as parts:
        assert parts.ledger.get("asked") == ""
        assert parts.ledger.files()["bad.txt"].since == NOON, "it is there since the first time"


def test_an_article_put_right_is_published_with_the_next_cycle(two: Newsroom) -> None:
    """C27: the conflict ends when the other article does."""
    two.write("one.md", "---\nid: tag:news.example,2036:x\n---\n# One\n\nThis is the first one. It was here.\n")
    two.cycle()
    two.write("two.md", "---\nid: tag:news.example,2036:x\n---\n# Two\n\nQuite different words stand here now. Nobody else has them.\n")
    (problem,) = two.cycle().problems
    assert (problem.where, "one.md" in problem.reason) == ("two.md", True)
    assert "Two" not in two.titles()
    two.write("two.md", "---\nid: tag:news.example,2036:y\n---\n# Two\n\nQuite different words stand here now. Nobody else has them.\n")
    assert two.cycle().problems == ()
    assert {"One", "Two"} < set(two.titles())
