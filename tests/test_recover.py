"""A ledger that was lost is made anew from what was published, and subscribers notice nothing."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from feeder import edition, recovery, rescue
from feeder.errors import Abandoned, Busy, Damaged, FeederError, LedgerError
from feeder.ledger import Ledger
from feeder.rescue import Recovered
from tests import beside
from tests.newsroom import NewsClock, Newsroom


@pytest.fixture
def news(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def story(number: int, more: str = "") -> str:
    """An article of sixty words that no other number shares."""
    return f"# Story {number}\n\n" + " ".join(f"w{number}x{position}" for position in range(60)) + f"\n\n{more}\n"


def lose(news: Newsroom) -> None:
    """The disk with the state is gone."""
    shutil.rmtree(news.folder / ".feeder")


def recover(news: Newsroom, *, force: bool = False) -> Recovered:
    return rescue.recover(news.config, clock=NewsClock(news), force=force)


def rebuilt(news: Newsroom) -> tuple[str, ...]:
    """Lose the ledger, recover it, build; which documents that wrote or removed."""
    lose(news)
    recover(news)
    put = news.cycle().put
    return (*put.written, *put.removed)


def test_after_a_loss_and_a_recovery_no_document_is_written(news: Newsroom) -> None:
    """S10: with articles that were renamed, edited, both, withdrawn and brought back."""
    for number in range(12):
        news.write(f"{number}.md", story(number), age=timedelta(hours=30 - number))
    news.write("stated.md", "---\ndate: 2036-01-02\nid: tag:news.example,2036:own\ntags: [a, b]\nlink: https://other.example/\n---\n" + story(90))
    news.cycle()
    news.later(hours=1)
    (news.input / "3.md").rename(news.input / "sub-3.md")
    news.write("4.md", story(4, "More of it."))
    (news.input / "5.md").rename(news.input / "renamed.md")
    news.write("renamed.md", story(5, "Renamed and edited at once."))
    (news.input / "6.md").unlink()
    news.cycle()
    news.later(hours=1)
    news.write("6.md", story(6))
    (news.input / "7.md").unlink()
    news.cycle()
    news.later(hours=1)
    before = news.published()
    assert rebuilt(news) == ()
    assert news.published() == before
    news.later(hours=1)
    assert news.cycle().summary == ""


def test_a_long_history_with_archives_tags_and_folders_is_recovered_to_the_byte(news: Newsroom) -> None:
    """S10: 140 articles, three archives; edits, renames, both at once, withdrawals, returns and expiries, some of them long ago."""
    heads = ["---\ntags: [news, C++]\n---\n", "---\nauthor: Ada\ntags: [日本]\n---\n", ""]
    for number in range(140):
        folder = "" if number % 4 else "2036/east/"
        news.write(f"{folder}{number}.md", heads[number % 3] + story(number), age=timedelta(days=400 - number))
    news.write("ends.md", "---\nexpires: 2036-11-25\ntags: [news]\n---\n" + story(900), age=timedelta(days=300))
    news.cycle()
    for day in range(4):
        news.later(days=9)
        for number in range(day, 140, 17):
            old = next(news.input.rglob(f"{number}.md"), None)
            if old is None:
                news.write(f"{number}.md", heads[number % 3] + story(number), age=timedelta(days=400))
            elif number % 5 == 0:
                old.unlink()
            elif number % 5 == 1:
                old.rename(news.input / f"renamed-{number}.md")
            elif number % 5 == 2:
                old.unlink()
                news.write(f"both/{number}-new.md", heads[number % 3] + story(number, "With a sentence more."))
            else:
                old.write_text(heads[(number + 1) % 3] + story(number, f"Edited on day {day}."))
        news.cycle()
        for number in range(day, 140, 34):
            if number % 5 == 0:
                news.write(f"{number}.md", heads[number % 3] + story(number), age=timedelta(days=400))
        news.later(hours=1)
        news.cycle()
    before = news.published()
    assert sum(path.startswith("archive/00") for path in before) == 3
    assert before["feed.xml"].count(b"deleted-entry") > 2
    lose(news)
    recovered = recover(news)
    assert (recovered.changed, recovered.missing, recovered.remarks) == ((), (), ())
    put = news.cycle().put
    assert (put.written, put.removed) == ((), ())
    assert news.published() == before


def test_the_feeds_of_tags_and_folders_are_not_needed(news: Newsroom) -> None:
    """Without them only their own tombstones are forgotten; all else stands in the feed and its archives."""
    news.write("in/a.md", "---\ntags: [news]\n---\n" + story(1))
    news.write("in/b.md", "---\ntags: [news]\n---\n" + story(2))
    news.cycle()
    (news.input / "in" / "b.md").unlink()
    news.later(hours=1)
    news.cycle()
    before = news.published()
    for path in [*news.output.glob("*/*/feed.xml")]:
        path.unlink()
    assert {path.rpartition("/")[0] for path in rebuilt(news)} == {"tags/news", "folders/in"}
    assert news.published()["feed.xml"] == before["feed.xml"]
    assert b"deleted-entry" not in news.published()["tags/news/feed.xml"]


def test_a_withdrawn_article_comes_back_as_the_same_entry_after_a_loss(news: Newsroom) -> None:
    """Its tombstone knew nothing but its id and the time; the rest is as at first sight."""
    for number in range(3):
        news.write(f"{number}.md", story(number), age=timedelta(days=3))
    news.write("ends.md", "---\nexpires: 2036-11-22T12:30:00Z\n---\n" + story(3), age=timedelta(days=3))
    news.cycle()
    before = {entry["title"]: entry for entry in news.feed()}
    (news.input / "1.md").unlink()
    (news.input / "2.md").write_text("---\ndraft: true\n---\n" + story(2))
    news.later(hours=1)
    news.cycle()
    assert news.titles() == ["Story 0"]
    assert rebuilt(news) == ()
    news.write("1.md", story(1), age=timedelta(days=3))
    news.write("2.md", story(2), age=timedelta(days=3))
    news.write("ends.md", story(3), age=timedelta(days=3))
    news.later(hours=1)
    news.cycle()
    after = {entry["title"]: entry for entry in news.feed()}
    assert {title: (entry["id"], entry["link"]) for title, entry in after.items()} == {t: (e["id"], e["link"]) for t, e in before.items()}
    assert all(after[title]["updated"] >= before[title]["updated"] for title in before)
    assert b"deleted-entry" not in news.published()["feed.xml"]


def test_the_time_of_a_withdrawal_that_nobody_remembers_stays(news: Newsroom) -> None:
    """Rule 11: its tombstone is gone after thirty days, but the feed's `updated` never goes back."""
    for number in range(60):
        news.write(f"{number}.md", story(number), age=timedelta(days=90 - number))
    news.cycle()
    news.later(days=1)
    (news.input / "7.md").unlink()
    (news.input / "59.md").unlink()
    news.cycle()
    news.later(days=40)
    news.cycle()
    before = news.published()
    assert b"deleted-entry" not in before["feed.xml"]
    assert rebuilt(news) == ()
    assert news.published() == before


def test_the_time_of_a_forgotten_withdrawal_stays_without_archives(news: Newsroom) -> None:
    """Rule 11: where the feed itself is all there is."""
    for number in range(3):
        news.write(f"{number}.md", story(number), age=timedelta(days=90 - number))
    news.cycle()
    news.later(days=1)
    (news.input / "1.md").unlink()
    news.cycle()
    news.later(days=40)
    news.cycle()
    assert rebuilt(news) == ()


def test_archives_with_gaps_stay_sealed(news: Newsroom) -> None:
    """Even one of which nobody is left: what arrives next is in the archive that is open."""
    for number in range(55):
        news.write(f"{number}.md", story(number), age=timedelta(days=90 - number))
    news.cycle()
    news.later(days=1)
    for number in range(50):
        (news.input / f"{number}.md").unlink()
    news.cycle(accept_removals=True)
    news.later(days=40)
    news.cycle()
    assert rebuilt(news) == ()
    news.write("next.md", story(99))
    news.later(hours=1)
    assert {path for path in news.cycle().put.written if path.endswith("xml")} == {"archive/0002.xml", "feed.xml", "rss.xml"}


def test_an_archive_has_as_many_arrivals_here_as_where_it_is_made() -> None:
    assert recovery.PAGE == edition.ARCHIVE


def test_pictures_and_recordings_are_where_they_were(news: Newsroom) -> None:
    """Also that of an entry whose file is gone, as long as it is known to subscribers."""
    news.write("trip.md", "# Trip\n\nWe went to the sea ![The sea](photo.jpg) and it was there all day.")
    news.write("photo.jpg", beside.jpeg())
    news.write("talk.md", "---\nenclosure: talk.mp3\n---\n# Talk\n\nA talk on rain, and on what comes after it.")
    news.write("talk.mp3", beside.mp3(30, told=True))
    news.cycle()
    before = news.published()
    assert rebuilt(news) == ()
    assert news.published() == before
    news.later(hours=1)
    assert news.cycle().summary == ""


def test_what_is_kept_without_its_file_is_kept_after_a_loss(news: Newsroom) -> None:
    """on_removal = "keep": it stands in the feed, and nowhere else."""
    news.configure('[feed]\ntitle = "The News"\nbase_url = "https://news.example/"\n[input]\non_removal = "keep"\n')
    for number in range(3):
        news.write(f"in/{number}.md", story(number))
    news.cycle()
    (news.input / "in" / "1.md").unlink()
    news.later(hours=1)
    news.cycle()
    before = news.published()
    assert rebuilt(news) == ()
    news.later(hours=1)
    assert news.cycle().put.written == ()
    assert news.published() == before


def test_a_renamed_article_keeps_its_id_address_and_dates_after_a_loss(news: Newsroom) -> None:
    """S10: its path mints another id by now, and its file another date."""
    news.write("old.md", story(1), age=timedelta(days=3))
    news.cycle()
    before = news.entry("Story 1")
    (news.input / "old.md").rename(news.input / "new.md")
    news.cycle()
    news.date(news.input / "new.md", timedelta(minutes=5))
    assert rebuilt(news) == ()
    assert news.entry("Story 1") == before


def test_a_file_that_changed_since_is_an_edit_of_its_entry(news: Newsroom) -> None:
    """Whether it was renamed besides, or written anew in its place."""
    for number in range(3):
        news.write(f"{number}.md", story(number))
    news.cycle()
    before = {entry["id"]: entry for entry in news.feed()}
    lose(news)
    news.later(hours=1)
    (news.input / "0.md").rename(news.input / "moved.md")
    news.write("moved.md", story(0, "A sentence more."))
    news.write("1.md", "# Quite another story\n\nOf which nothing was there before.\n")
    assert recover(news).changed == ("1.md", "moved.md")
    news.cycle()
    after = {entry["id"]: entry for entry in news.feed()}
    assert after.keys() == before.keys()
    assert {ident: entry["published"] for ident, entry in after.items()} == {ident: entry["published"] for ident, entry in before.items()}
    assert {entry["title"] for ident, entry in after.items() if entry["updated"] != before[ident]["updated"]} == {"Story 0", "Quite another story"}


def test_names_that_were_exchanged_are_told_apart(news: Newsroom) -> None:
    """By what the files say: the path that an id was minted from is another one's now."""
    news.write("a.md", story(1))
    news.write("b.md", story(2))
    news.cycle()
    before = {entry["title"]: entry["id"] for entry in news.feed()}
    (news.input / "a.md").rename(news.input / "c")
    (news.input / "b.md").rename(news.input / "a.md")
    (news.input / "c").rename(news.input / "b.md")
    news.cycle()
    assert rebuilt(news) == ()
    assert {entry["title"]: entry["id"] for entry in news.feed()} == before


def test_names_exchanged_between_articles_of_one_title_are_told_apart(news: Newsroom) -> None:
    """What a file says goes before the name that it has now."""
    news.write("a.md", "# Week\n\n" + story(1)[11:])
    news.write("b.md", "# Week\n\n" + story(2)[11:])
    news.cycle()
    before = {entry["content"]: entry["id"] for entry in news.feed()}
    (news.input / "a.md").rename(news.input / "c")
    (news.input / "b.md").rename(news.input / "a.md")
    (news.input / "c").rename(news.input / "b.md")
    lose(news)
    recover(news)
    news.cycle()
    assert {entry["content"]: entry["id"] for entry in news.feed()} == before


def test_one_that_comes_back_after_a_loss_with_the_slug_of_another_is_refused_and_stops_nothing(news: Newsroom) -> None:
    news.write("a.md", story(1))
    news.write("b.md", story(2))
    news.cycle()
    news.later(hours=1)
    (news.input / "a.md").unlink()
    news.cycle()
    news.later(hours=1)
    lose(news)
    recover(news)
    news.write("a.md", "---\nslug: b\n---\n" + story(1))
    news.write("c.md", story(3))
    problems = news.cycle().problems
    assert [(problem.where, problem.reason) for problem in problems] == [("a.md", "another article has the slug b")]
    assert news.titles() == ["Story 3", "Story 2"]


def test_an_entry_whose_file_is_gone_is_withdrawn_by_the_ordinary_rules(news: Newsroom) -> None:
    """It stays as subscribers know it until then."""
    for number in range(3):
        news.write(f"{number}.md", story(number))
    news.cycle()
    lose(news)
    (news.input / "1.md").unlink()
    assert recover(news).missing == ("1",)
    with news.parts() as parts:
        assert sorted(k.title for k in parts.ledger.known().values() if k.public) == ["Story 0", "Story 1", "Story 2"]
    news.later(minutes=5)
    news.cycle()
    assert sorted(news.titles()) == ["Story 0", "Story 2"]


def test_a_mass_removal_after_a_loss_is_held(news: Newsroom) -> None:
    """I8: and what is held stays published whole, although its files were never read."""
    for number in range(10):
        news.write(f"{number}.md", story(number))
    news.cycle()
    before = news.published()
    lose(news)
    for number in range(8):
        (news.input / f"{number}.md").unlink()
    recover(news)
    report = news.cycle()
    assert len(report.held) == 8
    assert news.published() == before


def test_a_file_in_quarantine_keeps_its_last_good_version_after_a_loss(news: Newsroom) -> None:
    """It cannot be read, but it is there."""
    news.write("a.md", story(1))
    news.cycle()
    before = news.published()
    news.write("a.md", b"\x00\x01\x02\xff" * 100)
    lose(news)
    recover(news)
    report = news.cycle()
    assert [problem.where for problem in report.problems] == ["a.md"]
    assert news.published() == before


def test_what_was_never_public_is_not_made_so(news: Newsroom) -> None:
    """An embargo, a draft: nothing of them was published, and the ordinary cycle finds them again."""
    news.write("a.md", story(1))
    news.write("later.md", "---\ndate: 2036-11-23\n---\n" + story(2))
    news.write("draft.md", "---\ndraft: true\n---\n" + story(3))
    news.cycle()
    assert rebuilt(news) == ()
    assert news.titles() == ["Story 1"]
    news.later(days=1)
    news.cycle()
    assert sorted(news.titles()) == ["Story 1", "Story 2"]


def test_the_base_address_may_have_changed_meanwhile(news: Newsroom) -> None:
    """The permalinks' names are read from the feed's own address; ids, dates and `updated` stay."""
    news.write("a note.md", story(1, "See [this](other.html)."))
    news.cycle()
    before = news.entry("Story 1")
    lose(news)
    news.configure('[feed]\ntitle = "The News"\nbase_url = "https://elsewhere.example/news/"\n')
    assert recover(news).same == 1
    news.later(hours=1)
    news.cycle()
    after = news.entry("Story 1")
    assert after["link"] == before["link"].replace("https://news.example/", "https://elsewhere.example/news/")
    assert [after[name] for name in ("id", "published", "updated")] == [before[name] for name in ("id", "published", "updated")]
    assert "https://elsewhere.example/news/other.html" in after["content"]


# --- by itself, before the next cycle ---


def test_a_cycle_that_is_stopped_while_it_reads_a_loss_back_has_done_nothing(news: Newsroom) -> None:
    """J11: the next one begins it again."""
    for number in range(3):
        news.write(f"{number}.md", story(number))
    news.cycle()
    (news.input / "0.md").rename(news.input / "renamed.md")
    news.cycle()
    before = news.published()
    lose(news)
    steps = iter(range(3))

    def stop() -> None:
        if next(steps, None) is None:
            raise Abandoned("enough")

    with news.parts() as parts:
        with pytest.raises(Abandoned):
            rescue.revived(parts, clock=NewsClock(news), stop=stop)
        assert not parts.ledger.known()
    with news.parts() as parts:
        assert rescue.revived(parts, clock=NewsClock(news)) == Recovered(3, 0, 3, (), (), ())
        assert rescue.revived(parts, clock=NewsClock(news)) is None
    assert news.cycle().put.written == ()
    assert news.published() == before


def test_a_file_that_is_still_being_written_is_waited_for(news: Newsroom) -> None:
    """Else its entry would be one whose file is gone."""
    news.write("a.md", story(1))
    news.write("b.md", story(2))
    news.cycle()
    lose(news)
    (news.input / "a.md").rename(news.input / "new.md")
    news.date(news.input / "new.md", timedelta(0))
    with news.parts() as parts:
        assert rescue.revived(parts, clock=NewsClock(news)) == Recovered(2, 0, 2, (), (), ())


def test_without_an_article_nothing_is_read_back_by_itself(news: Newsroom) -> None:
    """I8: a folder that is not mounted; and what is damaged stays as it is."""
    news.write("a.md", story(1))
    news.cycle()
    (news.input / "a.md").unlink()
    ledger = news.folder / ".feeder" / "ledger.db"
    ledger.write_bytes(b"damaged" * 1000)
    there = sorted(path.name for path in ledger.parent.iterdir())
    with pytest.raises(Damaged, match="feeder recover"), rescue.publishing(news.config, clock=NewsClock(news), say=pytest.fail):
        pass
    assert sorted(path.name for path in ledger.parent.iterdir()) == there
    assert ledger.read_bytes() == b"damaged" * 1000
    lose(news)
    with news.parts() as parts:
        assert rescue.revived(parts, clock=NewsClock(news)) is None


def test_damage_that_cannot_be_found_again_sets_nothing_aside(news: Newsroom) -> None:
    """Here it is met by whoever publishes, and the ledger is sound."""
    news.write("a.md", story(1))
    news.cycle()
    damage = Damaged("a row of it was misread")
    with pytest.raises(Damaged, match="misread"):
        rescue._mended(news.config, NewsClock(news), damage)
    assert not [*(news.folder / ".feeder").glob("ledger.db.*")]


def test_damage_that_is_met_later_sets_nothing_aside(news: Newsroom) -> None:
    """Only at the start: a service at work says so and publishes nothing."""
    news.write("a.md", story(1))
    news.cycle()
    with pytest.raises(Damaged, match="later"), rescue.publishing(news.config, clock=NewsClock(news), say=pytest.fail):
        raise Damaged("a page was damaged later")
    assert not [*(news.folder / ".feeder").glob("ledger.db.*")]


# --- what is done with the ledger that is there ---


def test_a_sound_ledger_is_not_replaced_unless_by_force(news: Newsroom) -> None:
    """It knows more than any feed; by force it is kept under another name."""
    news.write("a.md", story(1))
    news.cycle()
    ledger = news.folder / ".feeder" / "ledger.db"
    with pytest.raises(LedgerError, match="--force"):
        recover(news)
    before = ledger.read_bytes()
    aside = recover(news, force=True).aside
    assert (news.folder / ".feeder" / aside).read_bytes() == before
    assert news.cycle().put.written == ()


@pytest.mark.parametrize("damage", [b"not a database " * 1000, b"\xff" * 8192, None])
def test_a_damaged_ledger_is_set_aside_and_made_anew(news: Newsroom, damage: bytes | None) -> None:
    """S1, S11: whether it is no database at all or one of its rows has a flipped bit; and the message says what to do."""
    news.write("a.md", story(1))
    news.cycle()
    ledger = news.folder / ".feeder" / "ledger.db"
    if damage is None:
        with closing(Ledger.open(news.config.state)) as opened:
            opened.db.execute("UPDATE entry SET published = published + 65536")
    else:
        ledger.write_bytes(damage)
    damaged = ledger.read_bytes()
    with pytest.raises(LedgerError, match="feeder recover"):
        news.cycle()
    aside = recover(news).aside
    assert aside.startswith("ledger.db.2036")
    assert (ledger.parent / aside).read_bytes() == damaged
    assert news.cycle().put.written == ()


def test_a_log_that_lay_beside_the_damaged_ledger_does_not_touch_the_new_one(news: Newsroom) -> None:
    """S12: SQLite would play it into whatever database has the name."""
    news.write("a.md", story(1))
    news.cycle()
    state = news.folder / ".feeder"
    (state / "ledger.db").write_bytes(b"nothing of use" * 1000)
    (state / "ledger.db-wal").write_bytes(b"an old log" * 1000)
    aside = recover(news).aside
    assert not (state / "ledger.db-wal").exists()
    assert (state / f"{aside}-wal").read_bytes() == b"an old log" * 1000
    assert news.cycle().put.written == ()


def test_a_running_service_is_not_disturbed(news: Newsroom) -> None:
    """S6."""
    news.write("a.md", story(1))
    news.cycle()
    with news.parts(), pytest.raises(Busy, match="publishes here already"):
        recover(news, force=True)


@pytest.mark.parametrize("feed", [None, b"", b"<feed", b"<rss/>", b"<!DOCTYPE feed><feed xmlns='http://www.w3.org/2005/Atom'/>"])
def test_without_a_feed_nothing_is_recovered_and_nothing_touched(news: Newsroom, feed: bytes | None) -> None:
    """All or nothing."""
    news.write("a.md", story(1))
    news.cycle()
    state = news.folder / ".feeder"
    (state / "ledger.db").write_bytes(b"damaged" * 1000)
    (news.output / "feed.xml").unlink()
    if feed is not None:
        (news.output / "feed.xml").write_bytes(feed)
    there = sorted(path.name for path in state.iterdir())
    with pytest.raises(FeederError, match="nothing can be recovered"):
        recover(news)
    assert sorted(path.name for path in state.iterdir()) == there
    assert (state / "ledger.db").read_bytes() == b"damaged" * 1000
