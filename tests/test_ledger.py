"""The ledger keeps what was promised, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder.changes import Change, Known, State, Verb
from feeder.errors import Busy, LedgerError, Problem
from feeder.ledger import FileRecord, Ledger, Logged, Shelved, Told, holder
from feeder.ledger._database import APPLICATION, MIGRATIONS, opened, told
from feeder.ledger._rebuilt import rebuilding
from feeder.model import Article, Category, Link, Person
from tests.fakes import powerless, refused

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENTRY = Known("urn:x:1", "a.md", "a", NOON, NOON, "raw", "visible", "Title", b"\1\2\3\4", arrival=1)
ARTICLE = Article(
    "a.md",
    "Title",
    "<p>Content</p>",
    authors=(Person("Ada", "https://ada.example/", "ada@ada.example"),),
    categories=(Category("news", "https://tags.example/", "News"),),
    links=(Link("https://other.example/", "related", title="Other"),),
    language="en",
    rights="CC0",
)
TOLD = {"a.md": Told(ARTICLE, "A summary.")}
SEEN = FileRecord("a.md", (1, 2, 3), "salt", "raw", flags=("decoded as latin-1", "no date"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path)) as ledger:
        yield ledger


def test_a_promise_comes_back_as_it_was_given(tmp_path: Path) -> None:
    life = replace(ENTRY, stated=True, expires=NOON.replace(year=2027), state=State.WITHDRAWN, since=NOON)
    with closing(Ledger.open(tmp_path)) as ledger:
        ledger.apply([Change(Verb.ADD, life)], TOLD, [SEEN])
        assert ledger.known() == {"urn:x:1": life}
    with closing(Ledger.open(tmp_path)) as ledger:
        assert ledger.known() == {"urn:x:1": life}
        assert ledger.files() == {"a.md": SEEN}


def test_an_entry_holds_the_articles_facts_its_summary_and_its_permalink(ledger: Ledger) -> None:
    ledger.apply([Change(Verb.ADD, ENTRY)], TOLD)
    (entry,) = ledger.entries(["urn:x:1"], {"urn:x:1": "https://news.example/articles/a.html"})
    assert (entry.title, entry.summary, entry.content, entry.language, entry.rights) == ("Title", "A summary.", "<p>Content</p>", "en", "CC0")
    assert (entry.authors, entry.categories) == (ARTICLE.authors, ARTICLE.categories)
    assert entry.links == (Link("https://news.example/articles/a.html", type="text/html"), *ARTICLE.links)
    assert (entry.published, entry.updated, entry.arrival) == (NOON, NOON, 1)


def test_a_promise_without_content_stops_the_cycle_with_advice(ledger: Ledger) -> None:
    ledger.apply([Change(Verb.ADD, ENTRY)], {})
    with pytest.raises(LedgerError, match=r"no content for urn:x:1.*feeder recover"):
        list(ledger.entries(["urn:x:1"], {"urn:x:1": "https://news.example/a"}))


def test_the_generation_moves_with_every_change_and_with_nothing_else(ledger: Ledger) -> None:
    assert ledger.generation() == 0
    ledger.apply([Change(Verb.ADD, ENTRY)], TOLD)
    ledger.apply([], {}, [SEEN])
    assert (ledger.generation(), ledger.revisions()) == (1, {"urn:x:1": 1})
    ledger.apply([Change(Verb.EDIT, replace(ENTRY, title="New"))], TOLD)
    assert (ledger.generation(), ledger.revisions()) == (2, {"urn:x:1": 2})


def test_two_entries_may_exchange_their_paths_in_one_verdict(ledger: Ledger) -> None:
    other = replace(ENTRY, id="urn:x:2", path="b.md", slug="b", arrival=2)
    ledger.apply([Change(Verb.ADD, ENTRY), Change(Verb.ADD, other)], TOLD)
    ledger.apply([Change(Verb.MOVE, replace(ENTRY, path="b.md"), "a.md"), Change(Verb.MOVE, replace(other, path="a.md"), "b.md")], {})
    assert {k.id: k.path for k in ledger.known().values()} == {"urn:x:1": "b.md", "urn:x:2": "a.md"}


@pytest.mark.parametrize("clash", [{"slug": "A"}, {"path": "a.md"}, {"arrival": 1}])
def test_a_verdict_that_would_break_a_promise_is_refused_whole(ledger: Ledger, clash: dict[str, str]) -> None:
    """One permalink, one path, one arrival each; what was kept stays as it was."""
    ledger.apply([Change(Verb.ADD, ENTRY)], TOLD)
    other = replace(ENTRY, **{"id": "urn:x:2", "path": "b.md", "slug": "b", "arrival": 2, **clash})  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="UNIQUE"):
        ledger.apply([Change(Verb.ADD, replace(ENTRY, id="urn:x:3", path="c.md", slug="c", arrival=3)), Change(Verb.ADD, other)], {})
    assert ledger.known() == {"urn:x:1": ENTRY}
    assert ledger.generation() == 1


def test_files_are_noted_and_forgotten(ledger: Ledger) -> None:
    bad = FileRecord("b.md", (1,), "salt", reason="it is empty", hint="write something", since=NOON)
    ledger.apply([], {}, [SEEN, bad])
    assert ledger.files()["b.md"].problem == Problem("b.md", "it is empty", "write something")
    assert ledger.files()["a.md"].problem is None
    ledger.apply([], {}, [], ["b.md", "never-there.md"])
    assert set(ledger.files()) == {"a.md"}


def test_quarantined_files_can_be_marked_to_be_read_again(ledger: Ledger) -> None:
    ledger.apply([], {}, [SEEN, FileRecord("b.md", (1,), "salt", reason="it is empty")])
    assert ledger.retry() == 1
    assert (ledger.files()["b.md"].stat, ledger.files()["a.md"].stat) == ((), (1, 2, 3))


def test_how_it_stands_is_told_in_a_few_figures(ledger: Ledger) -> None:
    bad = FileRecord("a.md", (1,), "salt", reason="it is empty", since=NOON)
    gone = replace(ENTRY, id="urn:x:2", path="b.md", slug="b", arrival=2, state=State.WITHDRAWN)
    later = replace(ENTRY, id="urn:x:3", path="c.md", slug="c", arrival=0)
    never = replace(ENTRY, id="urn:x:4", path="d.md", slug="d", arrival=0, state=State.WITHDRAWN)
    ledger.apply(
        [Change(Verb.ADD, k) for k in (ENTRY, gone, later, never)], TOLD, [bad, replace(SEEN, path="e.md"), FileRecord("f.md", (1,), "salt")]
    )
    standing = ledger.standing()
    assert standing.counts == {State.LIVE: 1, State.WITHDRAWN: 1}
    assert standing.embargoed == (("c.md", NOON),)
    assert [[record.path for record in records] for records in (standing.aside, standing.noted)] == [["a.md"], ["e.md"]]
    assert standing.kept == {"a.md"}
    assert (standing.waiting, standing.troubled, standing.flagged) == (1, 1, 1)


def test_of_long_lists_the_first_are_told_and_all_are_counted(ledger: Ledger) -> None:
    """What is due soonest, and what was set aside last; nothing reads the others."""
    later = [replace(ENTRY, id=f"urn:x:{n}", path=f"{n}.md", slug=str(n), arrival=0, published=NOON - n * HOUR) for n in range(9)]
    bad = [FileRecord(f"bad-{n}.md", (1,), "salt", reason="it is empty", since=NOON + n * HOUR) for n in range(9)]
    noted = [replace(SEEN, path=f"noted-{n}.md") for n in range(9)]
    ledger.apply([Change(Verb.ADD, k) for k in later], TOLD, [*bad, *noted])
    standing = ledger.standing(2)
    assert [path for path, _ in standing.embargoed] == ["8.md", "7.md"]
    assert [record.path for record in standing.aside] == ["bad-8.md", "bad-7.md"]
    assert [record.path for record in standing.noted] == ["noted-0.md", "noted-1.md"]
    assert (standing.waiting, standing.troubled, standing.flagged) == (9, 9, 9)


def test_what_came_out_last_is_told_and_how_much_on_which_day(ledger: Ledger) -> None:
    """By the day on which it was published (UTC): not what is withdrawn, nor what is still to come."""
    times = [NOON, NOON, NOON - 24 * HOUR, NOON - 100 * 24 * HOUR]
    out = [replace(ENTRY, id=f"urn:x:{n}", path=f"{n}.md", slug=f"s{n}", arrival=n + 1, published=when) for n, when in enumerate(times)]
    gone = replace(ENTRY, id="urn:x:gone", path="gone.md", slug="gone", arrival=9, state=State.WITHDRAWN)
    later = replace(ENTRY, id="urn:x:later", path="later.md", slug="later", arrival=0, published=NOON)
    kept = replace(ENTRY, id="urn:x:kept", path="kept.md", slug="kept", arrival=10, published=NOON, state=State.KEPT)
    ledger.apply([Change(Verb.ADD, k) for k in (*out, gone, later, kept)], TOLD)
    today, yesterday = NOON.date(), (NOON - 24 * HOUR).date()
    assert ledger.per_day(yesterday) == {today: 3, yesterday: 1}
    assert ledger.per_day(today) == {today: 3}
    assert [path for path, *_ in ledger.latest(2)] == ["3.md", "2.md"]
    assert ledger.latest(1) == (("3.md", ENTRY.title, "s3", times[3]),)


def test_the_shelf_is_noted_with_the_name_of_what_it_was_made_from(ledger: Ledger) -> None:
    page, feed = Shelved("articles/a.html", "k", 1, 2), Shelved("feed.xml", "k", 3, 4)
    ledger.note_shelf([page, feed], [], "1 style")
    ledger.note_shelf([replace(feed, size=5)], ["articles/a.html"], "2 style")
    assert (ledger.shelf(), ledger.get("shelf")) == ({"feed.xml": replace(feed, size=5)}, "2 style")


def test_a_document_that_is_expected_is_known_before_anything_is_known_of_it(ledger: Ledger) -> None:
    """O9: a process killed while it publishes leaves nothing that the next one does not know."""
    ledger.expect(["a.html"])
    assert dict(ledger.shelf()) == {"a.html": Shelved("a.html", "", 0, 0)}
    ledger.expect(["b.html"])
    ledger.expect([])
    assert dict(ledger.shelf()) == {path: Shelved(path, "", 0, 0) for path in ("a.html", "b.html")}


def test_the_last_hundred_cycles_are_remembered_newest_first(ledger: Ledger) -> None:
    for number in range(103):
        ledger.log(Logged(NOON, 0.5, f"cycle {number}", number, 7 * number))
    cycles = ledger.cycles()
    assert (len(cycles), cycles[0], cycles[-1].summary) == (100, Logged(NOON, 0.5, "cycle 102", 102, 714), "cycle 3")


def test_single_values_are_kept(ledger: Ledger) -> None:
    ledger.put(one="1", two="2")
    ledger.put(one="3")
    assert (ledger.get("one"), ledger.get("two"), ledger.get("three")) == ("3", "2", None)


def test_a_second_process_is_refused_and_told_who_is_first(tmp_path: Path, ledger: Ledger) -> None:
    """S6."""
    with pytest.raises(Busy, match=f"process {os.getpid()} since") as refusal:
        Ledger.open(tmp_path)
    assert refusal.value.exit_code == 75


def test_who_only_looks_for_the_holder_keeps_nobody_out(tmp_path: Path) -> None:
    """`feeder status` shares the lock for an instant, and whoever starts just then waits for it to be over."""
    Ledger.open(tmp_path).close()
    with (tmp_path / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        over = threading.Timer(0.1, fcntl.flock, (looking, fcntl.LOCK_UN))
        over.start()
        Ledger.open(tmp_path).close()
        over.join()


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    Ledger.open(tmp_path).close()


def test_looking_takes_no_lock_and_writes_nothing(tmp_path: Path, ledger: Ledger) -> None:
    ledger.apply([Change(Verb.ADD, ENTRY)], TOLD)
    look = Ledger.look(tmp_path)
    assert look is not None
    with closing(look):
        assert look.known() == {"urn:x:1": ENTRY}
        with pytest.raises(LedgerError, match="readonly"):
            look.put(a="b")


def test_looking_for_a_ledger_that_is_not_there_finds_none(tmp_path: Path) -> None:
    assert Ledger.look(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_newer_ledger_is_refused_untouched(tmp_path: Path) -> None:
    """S5."""
    Ledger.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        db.execute("PRAGMA user_version = 99")
    before = (tmp_path / "ledger.db").read_bytes()
    with pytest.raises(LedgerError, match="newer feeder"):
        Ledger.open(tmp_path)
    assert (tmp_path / "ledger.db").read_bytes() == before


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        db.execute("CREATE TABLE theirs (x)")
        db.execute("PRAGMA user_version = 1")
    with pytest.raises(LedgerError, match="another program"):
        Ledger.open(tmp_path)


@pytest.mark.parametrize("open_it", [Ledger.open, Ledger.look])
def test_a_file_that_is_no_database_is_refused_with_advice(tmp_path: Path, open_it: object) -> None:
    """S1."""
    (tmp_path / "ledger.db").write_bytes(b"not a database " * 1000)
    with pytest.raises(LedgerError, match="cannot be"):
        open_it(tmp_path)  # type: ignore[operator]


def test_a_damaged_page_is_noticed_at_the_start(tmp_path: Path) -> None:
    """S1."""
    with closing(Ledger.open(tmp_path)) as ledger:
        for number in range(200):
            ledger.apply([Change(Verb.ADD, replace(ENTRY, id=f"urn:x:{number}", path=f"{number}", slug=f"{number}", arrival=number + 1))], {})
    path = tmp_path / "ledger.db"
    body = bytearray(path.read_bytes())
    body[8192:12288] = b"\xff" * 4096
    path.write_bytes(body)
    with pytest.raises(LedgerError, match=r"damaged|malformed"):
        Ledger.open(tmp_path)


def test_a_row_with_a_flipped_bit_stops_the_cycle(tmp_path: Path) -> None:
    """S11."""
    with closing(Ledger.open(tmp_path)) as ledger:
        ledger.apply([Change(Verb.ADD, ENTRY)], TOLD)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        db.execute("UPDATE entry SET published = published + 65536")
        db.commit()
    with closing(Ledger.open(tmp_path)) as ledger, pytest.raises(LedgerError, match=r"'a\.md' is damaged"):
        ledger.known()


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    """S4."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="move it away"):
        Ledger.open(tmp_path / "file" / "state")


def test_a_folder_in_the_ledgers_place_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError, match="ledger"):
        Ledger.open(tmp_path)
    with pytest.raises(LedgerError, match="ledger"):
        Ledger.look(tmp_path)


KILLED = """
import sys, os, signal
from pathlib import Path
from dataclasses import replace
from feeder.ledger import Ledger
from tests.test_ledger import ENTRY, TOLD, SEEN, Change, Verb
ledger = Ledger.open(Path(sys.argv[1]))
ledger.apply([Change(Verb.ADD, ENTRY)], TOLD, [SEEN])
class Deadly(list):
    def __iter__(self):
        os.kill(os.getpid(), signal.SIGKILL)
ledger.apply([Change(Verb.EDIT, replace(ENTRY, title="New"))], TOLD, Deadly())
"""


def test_a_kill_in_the_middle_of_a_verdict_leaves_the_one_before(tmp_path: Path) -> None:
    """S7."""
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=Path(__file__).parent.parent)
    assert killed.returncode == -signal.SIGKILL
    with closing(Ledger.open(tmp_path)) as ledger:
        assert (ledger.known(), ledger.generation()) == ({"urn:x:1": ENTRY}, 1)


def test_a_failure_in_the_middle_of_a_verdict_leaves_the_one_before(ledger: Ledger) -> None:
    def broken() -> Iterator[FileRecord]:
        yield SEEN
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.apply([Change(Verb.ADD, ENTRY)], TOLD, broken())
    assert (ledger.known(), ledger.files(), ledger.generation()) == ({}, {}, 0)


def test_a_wish_waits_for_the_next_cycle_and_makes_no_ledger_where_there_is_none(tmp_path: Path, ledger: Ledger) -> None:
    Ledger.ask(tmp_path, "retry")
    assert ledger.get("asked") == "retry"
    Ledger.ask(tmp_path / "nowhere", "retry")
    assert not (tmp_path / "nowhere").exists()


def test_the_process_that_publishes_is_known_to_others(tmp_path: Path, ledger: Ledger) -> None:
    assert holder(tmp_path) == os.getpid()
    (tmp_path / "lock").write_text("not a number")
    assert holder(tmp_path) is None
    ledger.close()
    assert holder(tmp_path) is None
    assert holder(tmp_path / "nowhere") is None
    ledger._lock = None


def test_a_file_system_without_locks_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot lock files"):
        refused("flock", errno.ENOLCK, lambda: Ledger.open(tmp_path))
    assert refused("flock", errno.ENOLCK, lambda: holder(tmp_path)) is None


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_CORRUPT, "feeder recover"),
        (sqlite3.SQLITE_BUSY, "end that one"),
        (sqlite3.SQLITE_FULL, "disk is not full"),
        (sqlite3.SQLITE_IOERR_WRITE, "disk is not full"),
        (sqlite3.SQLITE_MISUSE, "report it"),
    ],
)
def test_what_to_do_follows_from_what_went_wrong(code: int, advice: str) -> None:
    """S1, S2, S3: only a damaged ledger is to be rebuilt; that loses promises."""
    error = sqlite3.OperationalError("something")
    error.sqlite_errorcode = code
    assert advice in str(told(error, "it cannot be used"))


def test_a_ledger_that_was_removed_or_replaced_is_noticed(tmp_path: Path, ledger: Ledger) -> None:
    ledger.assure()
    (tmp_path / "lock").rename(tmp_path / "elsewhere")
    with pytest.raises(LedgerError, match="removed or replaced"):
        ledger.assure()
    (tmp_path / "lock").write_text("another")
    with pytest.raises(LedgerError, match="removed or replaced"):
        ledger.assure()
    with closing(Ledger.blank()) as nowhere:
        nowhere.assure()


# -- a ledger made anew --------------------------------------------------------------------------------------------------------


def remade(folder: Path, *, force: bool = False) -> None:
    """A new ledger in the place of the one there is, which is kept as "old.db"."""
    with rebuilding(folder, "old.db", force=force):
        pass


def test_a_ledger_that_never_held_anything_may_be_replaced_and_is_kept(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    remade(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"ledger.db", "old.db"}
    with closing(Ledger.open(tmp_path)) as ledger:
        assert not ledger.known()


def test_one_that_knows_something_is_replaced_when_it_is_said_twice(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path)) as ledger:
        ledger.apply((Change(Verb.ADD, ENTRY),), {})
    with pytest.raises(LedgerError, match="--force sets it aside"):
        remade(tmp_path)
    remade(tmp_path, force=True)
    with closing(Ledger.open(tmp_path)) as ledger:
        assert not ledger.known()


def test_one_that_cannot_be_looked_into_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError, match="cannot be opened"):
        remade(tmp_path)
    assert (tmp_path / "ledger.db").is_dir()


def test_one_that_is_sound_and_still_no_ledger_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        db.executescript(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 1; CREATE TABLE other (x);")
    with pytest.raises(LedgerError, match="cannot be read: no such table"):
        remade(tmp_path)


def test_a_disk_without_links_has_the_old_one_copied(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    before = (tmp_path / "ledger.db").read_bytes()
    refused("link", errno.EPERM, lambda: remade(tmp_path))
    assert (tmp_path / "old.db").read_bytes() == before


def test_an_older_one_that_was_set_aside_is_never_overwritten(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    (tmp_path / "old.db").write_bytes(b"kept")
    with pytest.raises(LedgerError, match="cannot be replaced: File exists"):
        remade(tmp_path)
    assert (tmp_path / "old.db").read_bytes() == b"kept"


def test_a_ledger_from_before_tags_were_kept_learns_them_from_its_contents(tmp_path: Path) -> None:
    """A migration: nothing needs to be read again."""
    with closing(opened(str((tmp_path / "ledger.db").absolute().as_uri()))) as db:
        content = {"categories": [["C++", None, None], ["rain", None, None]], "authors": [["Ann", None, None], ["Ann", None, None]]}
        db.execute("INSERT INTO content VALUES ('urn:x:1', ?)", (json.dumps(content),))
        step = next(step for step in MIGRATIONS if "CREATE TABLE facet" in step)
        db.executescript(f"DROP TABLE facet; {step}")
    with closing(Ledger.open(tmp_path)) as ledger:
        assert [facet.label for facet in ledger.facets.all()["urn:x:1"]] == ["Ann", "C++", "rain"]


def test_a_ledger_in_a_folder_that_is_shut_says_whom_to_let_in(tmp_path: Path) -> None:
    """I9 for what is looked at."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0)
    with pytest.raises(LedgerError, match=r"cannot be read: Permission denied; let the user that runs feeder into its folder"):
        powerless(lambda: Ledger.look(shut))
