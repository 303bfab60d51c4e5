"""Pictures and recordings beside articles, from the input folder to what is published."""

from __future__ import annotations

import os
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests import beside
from tests.newsroom import ATOM, Newsroom

TRIP = "# Trip\n\nWe went to the sea ![The sea](photo.jpg) and it was there all day."
UNREADABLE = "---\ntitle: a field and no end\n"


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def media(room: Newsroom) -> dict[str, bytes]:
    """What is published of media, by name."""
    return {path.removeprefix("media/"): body for path, body in room.published().items() if path.startswith("media/")}


def kept(room: Newsroom) -> set[str]:
    """What is kept beside the ledger."""
    folder = room.folder / ".feeder" / "media"
    return {file.name for file in folder.iterdir()} if folder.exists() else set()


def test_a_picture_beside_an_article_is_published_with_it(room: Newsroom) -> None:
    """At an address of its own, in feed and page, with its size and without the place where it was taken (C24)."""
    room.write("2026/trip.md", TRIP)
    room.write("2026/photo.jpg", beside.jpeg(turn=6))
    room.cycle()
    ((name, body),) = media(room).items()
    assert beside.PLACE not in body
    assert f'src="https://news.example/media/{name}" alt="The sea" width="6" height="8"' in room.entry("Trip")["content"]
    assert f"media/{name}".encode() in room.published()["articles/2026-trip.html"]
    assert beside.PLACE not in b"".join(room.published().values())


def test_a_recording_becomes_an_enclosure_of_true_length(room: Newsroom) -> None:
    """FEED_RULES 8: that of the published bytes."""
    room.write("talk.md", "---\nenclosure: talk.mp3\n---\n# Talk\n\nA talk on rain, and on what comes after it.")
    room.write("talk.mp3", beside.mp3(30, told=True))
    room.cycle()
    ((name, body),) = media(room).items()
    (link,) = [link for link in room.atom().iter(ATOM + "link") if link.get("rel") == "enclosure"]
    assert (link.get("href"), link.get("type"), link.get("length")) == (f"https://news.example/media/{name}", "audio/mpeg", str(len(body)))


def test_nothing_to_do_is_nothing_done(room: Newsroom) -> None:
    """A touched picture is the picture that it was: no file is written, and no entry is edited."""
    room.write("trip.md", TRIP)
    photo = room.write("photo.jpg", beside.jpeg())
    room.cycle()
    before = room.published()
    room.later(hours=1)
    room.date(photo, timedelta(minutes=5))
    report = room.cycle()
    assert (report.changes, report.put.written, report.put.removed) == ((), (), ())
    assert room.published() == before
    os.utime(photo)
    photo.write_bytes(beside.jpeg(turn=1))  # the same picture, with a place
    room.date(photo, timedelta(minutes=4))
    assert room.cycle().changes == ()
    assert room.published() == before


def test_another_picture_is_an_edit_of_the_article(room: Newsroom) -> None:
    """Readers see it; the one before is gone from everywhere."""
    room.write("trip.md", TRIP)
    room.write("photo.jpg", beside.jpeg())
    room.cycle()
    (before,), updated = media(room), room.entry("Trip")["updated"]
    room.later(hours=1)
    room.write("photo.jpg", beside.jpeg(note=b"another"), age=timedelta(minutes=1))
    room.cycle()
    (after,) = media(room)
    assert after != before
    assert after in room.entry("Trip")["content"]
    assert room.entry("Trip")["updated"] > updated
    assert kept(room) == {after}


def test_a_picture_that_comes_later_or_goes_is_followed(room: Newsroom) -> None:
    """The article says so as long as it is missing, and is published without it."""
    room.write("trip.md", TRIP)
    room.cycle()
    assert room.titles() == ["Trip"]
    with room.parts() as parts:
        assert parts.ledger.files()["trip.md"].flags == ("photo.jpg is not beside the article",)
    room.later(minutes=5)
    photo = room.write("photo.jpg", beside.jpeg(), age=timedelta(minutes=1))
    room.cycle()
    assert len(media(room)) == 1
    with room.parts() as parts:
        assert parts.ledger.files()["trip.md"].flags == ()
    photo.unlink()
    room.later(minutes=5)
    room.cycle()
    assert media(room) == {}
    assert kept(room) == set()
    assert "media/" not in room.entry("Trip")["content"]


def test_an_article_waits_for_a_picture_that_is_still_being_written(room: Newsroom) -> None:
    """I1: neither is seen half."""
    room.write("trip.md", TRIP)
    room.write("photo.jpg", beside.jpeg()[:40], age=timedelta(0))
    with room.parts() as parts:
        from feeder import pipeline

        report = pipeline.cycle(parts, now=room.now, tick=room.tick, stop=lambda: None)
        assert report.waiting is not None
        assert report.changes == ()
        room.write("photo.jpg", beside.jpeg(), age=timedelta(0))
        room.later(seconds=5)
        pipeline.cycle(parts, now=room.now, tick=room.tick, stop=lambda: None)
    assert len(media(room)) == 1


@pytest.mark.parametrize("date", ["2036-11-22T13:00:00Z"])
def test_no_byte_of_an_embargoed_picture_is_out_before_its_article(room: Newsroom, date: str) -> None:
    """Then both, without the source; and an expired one goes with its article."""
    room.write("trip.md", f"---\ndate: {date}\nexpires: 2036-11-22T15:00:00Z\n---\n{TRIP}")
    photo = room.write("photo.jpg", beside.jpeg())
    room.write("other.md", "# Other\n\nAnother article about nothing much at all.")
    room.cycle()
    assert media(room) == {}
    assert not any(name.encode() in body for body in room.published().values() for name in kept(room))
    room.later(hours=1)
    room.cycle()
    assert set(media(room)) == kept(room) != set()
    photo.unlink()
    room.write("trip.md", UNREADABLE, age=timedelta(minutes=1))
    room.cycle()
    assert set(media(room)) == kept(room) != set()
    room.later(hours=2)
    room.cycle()
    assert media(room) == {}


def test_what_is_set_aside_keeps_its_picture(room: Newsroom) -> None:
    """Its last good version stays published, whatever becomes of the sources."""
    room.write("trip.md", TRIP)
    photo = room.write("photo.jpg", beside.jpeg())
    room.cycle()
    before = media(room)
    room.later(minutes=5)
    photo.unlink()
    room.write("trip.md", UNREADABLE, age=timedelta(minutes=1))
    room.cycle()
    assert media(room) == before
    (room.output / "media" / next(iter(before))).unlink()
    room.later(minutes=5)
    room.cycle()
    assert media(room) == before


def test_a_link_is_not_followed(room: Newsroom, tmp_path: Path) -> None:
    """I11: a picture beside the article that is a symbolic link, or in a folder that is one."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "photo.jpg").write_bytes(beside.jpeg())
    room.write("trip.md", TRIP.replace("photo.jpg", "photo.jpg) ![](more/photo.jpg"))
    (room.input / "photo.jpg").symlink_to(tmp_path / "secret" / "photo.jpg")
    (room.input / "more").symlink_to(tmp_path / "secret")
    room.cycle()
    assert media(room) == {}
    with room.parts() as parts:
        flags = parts.ledger.files()["trip.md"].flags
    assert flags[0] == "photo.jpg is a symbolic link"
    assert flags[1].startswith("more/photo.jpg is")


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("photo.jpg", beside.png(60_000, 60_000), "at most 50 million"),
        ("photo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG can hold programs"),
        ("_photo.jpg", beside.jpeg(), "begins with _ or ."),
        ("photo.exe", beside.jpeg(), "does not end like"),
        ("photo.jpg", b"x" * 2000, "no picture"),
        ("photo.jpg", beside.jpeg() + bytes(3000), "at most 2000"),
    ],
)
def test_what_cannot_be_published_is_told_to_the_author(room: Newsroom, name: str, body: bytes, words: str) -> None:
    """C23 and others; the article is published all the same."""
    room.configure('[feed]\ntitle = "The News"\nbase_url = "https://news.example/"\n[input]\nmax_media = "2000B"\n')
    room.write("trip.md", TRIP.replace("photo.jpg", name))
    room.write(name, body)
    room.cycle()
    assert room.titles() == ["Trip"]
    assert media(room) == {}
    with room.parts() as parts:
        assert words in " ".join(parts.ledger.files()["trip.md"].flags)


def test_articles_share_a_picture_and_its_name_does_not_matter(room: Newsroom) -> None:
    """It goes with the last that shows it."""
    room.write("a/trip.md", TRIP)
    room.write("a/photo.jpg", beside.jpeg())
    room.write("b/sea.md", TRIP.replace("Trip", "Sea").replace("photo", "sea"))
    room.write("b/sea.jpg", beside.jpeg(turn=1))
    room.cycle()
    assert len(media(room)) == 1
    for path in ("a/trip.md", "b/sea.md"):
        assert len(media(room)) == 1
        (room.input / path).unlink()
        room.later(minutes=5)
        room.cycle(accept_removals=True)
    assert media(room) == {}


def test_an_article_that_moves_with_its_picture_is_not_edited(room: Newsroom) -> None:
    """Both to another folder: its address stays, and so does that of the picture."""
    room.write("a/trip.md", TRIP)
    room.write("a/photo.jpg", beside.jpeg())
    room.write("other.md", "# Other\n\nAnother article about nothing much at all.")
    room.cycle()
    before = room.entry("Trip")
    (room.input / "a").rename(room.input / "b")
    room.later(minutes=5)
    room.cycle()
    assert room.entry("Trip") == before


def test_a_recording_that_an_article_needs_may_come_after_it(room: Newsroom) -> None:
    """Until then there is nothing to publish; then it is read again although it has not changed."""
    room.write("episode.md", "---\ntitle: Episode 1\nenclosure: talk.mp3\n---\n")
    assert [problem.reason for problem in room.cycle().problems] == ["nothing is left to publish but a title"]
    room.later(minutes=5)
    room.write("talk.mp3", beside.mp3(30, title="On rain"), age=timedelta(minutes=1))
    room.cycle()
    assert room.titles() == ["Episode 1"]
    assert "On rain" in room.entry("Episode 1")["content"]


def test_a_lost_store_is_filled_again(room: Newsroom) -> None:
    """From the sources; nothing that subscribers see changes."""
    room.write("trip.md", TRIP)
    room.write("photo.jpg", beside.jpeg())
    room.cycle()
    before = room.published()
    for name in kept(room):
        (room.folder / ".feeder" / "media" / name).unlink()
    for name in media(room):
        (room.output / "media" / name).unlink()
    room.later(minutes=5)
    assert room.cycle().changes == ()
    assert room.published() == before


def test_what_a_killed_process_left_half_written_is_taken_away(room: Newsroom) -> None:
    """By the next one that publishes (O9)."""
    room.write("trip.md", TRIP)
    room.write("photo.jpg", beside.jpeg())
    room.cycle()
    before = kept(room)
    (room.folder / ".feeder" / "media" / "0123.jpg.part").write_bytes(b"half")
    room.write("trip.md", TRIP + " We went there again.")
    room.cycle()
    assert kept(room) == before


@pytest.mark.parametrize("settings", ["[input]\non_removal = 'keep'\n", ""], ids=["kept", "set aside"])
def test_a_medium_that_is_nowhere_any_more_stops_nothing(tmp_path: Path, settings: str) -> None:
    """DESIGN 5: a store and an output that are lost, and an article that is published although its file cannot be read."""
    room = Newsroom(tmp_path, settings)
    room.write("trip.md", TRIP)
    photo = room.write("photo.jpg", beside.jpeg())
    room.cycle()
    if settings:
        (room.input / "trip.md").unlink()
    else:
        room.write("trip.md", UNREADABLE)
    photo.unlink()
    room.write("more.md", "# More\n\nIt rained.\n")
    room.cycle()
    for folder in (room.folder / ".feeder" / "media", room.output / "media"):
        shutil.rmtree(folder)
    room.write("later.md", "# Later\n\nThe sun shone.\n")
    room.cycle()
    assert sorted(room.titles()) == ["Later", "More", "Trip"]
    assert media(room) == {}
    room.write("photo.jpg", beside.jpeg())
    room.write("trip.md", TRIP)
    room.cycle()
    assert len(media(room)) == 1


def test_check_and_explain_look_beside_the_article(room: Newsroom) -> None:
    """Without waiting, and without keeping anything."""
    from feeder import once
    from feeder.clock import Clock

    room.write("trip.md", TRIP)
    room.write("lost.md", TRIP.replace("photo", "lost"))
    room.write("photo.jpg", beside.jpeg())
    notes = once.check(room.config, clock=Clock()).notes
    assert [(note.where, note.reason) for note in notes if "beside" in note.reason] == [("lost.md", "lost.jpg is not beside the article")]
    assert kept(room) == set()


def test_every_published_address_of_a_medium_is_there(room: Newsroom) -> None:
    """Pages and feeds name no medium that is not published."""
    for number in range(3):
        room.write(f"{number}/trip.md", f"---\nimage: cover.png\nenclosure: talk.m4a\n---\n{TRIP.replace('Trip', f'Trip {number}')}")
        room.write(f"{number}/photo.jpg", beside.jpeg(note=bytes([number])))
        room.write(f"{number}/cover.png", beside.png(20 + number, 20))
        room.write(f"{number}/talk.m4a", beside.m4a(10 + number))
    room.cycle()
    named = {found for body in room.published().values() for found in re.findall(rb"https://news\.example/media/([^\"<&\\\\]+)", body)}
    assert named == {name.encode() for name in media(room)}
    assert len(named) == 9
