"""A feed with recordings is a podcast; one without is none."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid5

import feedparser
import pytest
from lxml import etree

from feeder.errors import ConfigError
from feeder.renderers.xml._podcast import _NAMESPACE
from tests import beside
from tests.newsroom import Newsroom

ITUNES, PODCAST = "{http://www.itunes.com/dtds/podcast-1.0.dtd}", "{https://podcastindex.org/namespace/1.0}"
SETTINGS = """[feed]
title = "Rain & Co."
base_url = "https://news.example/"
author = "Ann Author"
[podcast]
cover = "cover.png"
category = "Arts > Books"
owner = "Ann & Bob"
email = "ann@news.example"
"""


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    (tmp_path / "cover.png").write_bytes(beside.png(30, 30, turn=1))
    room = Newsroom(tmp_path, SETTINGS)
    room.write("text.md", "# A text\n\nThere is nothing to listen to in this article, only to read.")
    return room


def episode(room: Newsroom) -> None:
    """Put an episode there, with a picture of its own."""
    room.write("one.md", "---\nenclosure: one.mp3\nimage: one.jpg\n---\n# Episode 1\n\nWe talk about the rain of last week, and what it did.")
    room.write("one.mp3", beside.mp3(61))
    room.write("one.jpg", beside.jpeg())


def channel(room: Newsroom) -> etree._Element:
    """The channel of the RSS document."""
    return etree.fromstring(room.published()["rss.xml"])[0]


def test_a_feed_without_recordings_is_no_podcast(room: Newsroom) -> None:
    """FEED_RULES 35: not a word of it, whatever is configured."""
    room.cycle()
    assert b"itunes" not in room.published()["rss.xml"]
    assert b"podcast" not in room.published()["rss.xml"]


def test_a_feed_with_a_recording_says_what_clients_and_directories_ask_for(room: Newsroom) -> None:
    """Of the show and of the episode; of an article that is none, nothing."""
    episode(room)
    room.cycle()
    show = channel(room)
    texts = {name: show.findtext(ITUNES + name) for name in ("author", "explicit", "type")}
    assert texts == {"author": "Ann Author", "explicit": "false", "type": "episodic"}
    assert show.findtext(f"{ITUNES}owner/{ITUNES}name") == "Ann & Bob"
    assert show.findtext(f"{ITUNES}owner/{ITUNES}email") == "ann@news.example"
    assert show.xpath("*[local-name()='category']/@text | *[local-name()='category']/*/@text") == ["Arts", "Books"]
    one, text = ({item.findtext("title"): item for item in show.iter("item")}[title] for title in ("Episode 1", "A text"))
    assert (one.findtext(f"{ITUNES}duration"), one.findtext(f"{ITUNES}episodeType")) == ("61", "full")
    assert one.find("enclosure").get("type") == "audio/mpeg"  # type: ignore[union-attr]
    assert not [child for child in text.iter() if str(child.tag).startswith((ITUNES, PODCAST))]


def test_the_cover_is_published_and_named(room: Newsroom) -> None:
    """Cleaned like any picture; also when it stands for an article, too."""
    episode(room)
    room.write("two.md", "---\nimage: /cover.png\n---\n# Two\n\nThis article has the cover for its picture, and nothing else.")
    room.write("cover.png", beside.png(30, 30))
    room.cycle()
    address = channel(room).find(f"{ITUNES}image").get("href")  # type: ignore[union-attr]
    body = room.published()[str(address).removeprefix("https://news.example/")]
    assert body.startswith(b"\x89PNG")
    assert beside.PLACE not in body


def test_the_identity_of_a_podcast_follows_from_its_address(room: Newsroom) -> None:
    """UUIDv5 of the address without its scheme, as the Podcasting 2.0 namespace has it; so that it is the same in every directory."""
    episode(room)
    room.cycle()
    said = channel(room).findtext(f"{PODCAST}guid")
    assert uuid5(_NAMESPACE, "mp3s.nashownotes.com/pc20rss.xml") == UUID("917393e3-1b1e-5cef-ace4-edaa54e1f810")  # its documentation's example
    assert said == str(uuid5(_NAMESPACE, "news.example/rss.xml"))
    room.configure(SETTINGS.replace("https://", "http://"))
    room.cycle()
    assert channel(room).findtext(f"{PODCAST}guid") == said
    locked = channel(room).find(f"{PODCAST}locked")
    assert locked is not None
    assert (locked.text, locked.get("owner")) == ("yes", "ann@news.example")


def test_a_podcast_client_takes_it(room: Newsroom) -> None:
    """As feedparser reads it."""
    episode(room)
    room.cycle()
    feed = feedparser.parse(room.published()["rss.xml"])
    assert not feed.bozo
    (one,) = [entry for entry in feed.entries if entry.title == "Episode 1"]
    assert one.itunes_duration == "61"
    (enclosure,) = one.enclosures
    assert enclosure.length == str(len(room.published()[enclosure.href.removeprefix("https://news.example/")]))
    assert feed.feed.image.href.startswith("https://news.example/media/")


@pytest.mark.parametrize(
    ("cover", "words"),
    [(b"", "no picture"), (beside.png(30, 20), "no square picture"), (beside.mp3(1), "no square picture"), (None, "cannot be read")],
)
def test_a_cover_that_is_none_is_told_where_it_was_configured(room: Newsroom, cover: bytes | None, words: str) -> None:
    """With the line of the configuration."""
    (room.folder / "cover.png").unlink()
    if cover is not None:
        (room.folder / "cover.png").write_bytes(cover)
    with pytest.raises(ConfigError, match=rf"feeder\.toml:6: the cover cover\.png .*{words}"):
        room.cycle()


@pytest.mark.parametrize(
    ("said", "words"), [("Art", 'did you mean "Arts"'), ("Arts > ", "no category"), ("a > b > c", "no category"), ("", "no category")]
)
def test_a_category_is_one_of_apples(tmp_path: Path, said: str, words: str) -> None:
    """Directories refuse others."""
    with pytest.raises(ConfigError, match=words):
        Newsroom(tmp_path, f'[podcast]\ncategory = "{said}"\n')
