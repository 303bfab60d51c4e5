"""Pictures and recordings that an article refers to: which file is meant, and what stands in the article in its place."""

from __future__ import annotations

import re

import pytest

from feeder.errors import Unreadable
from feeder.model import Article, Image, Link, Medium, Source
from feeder.readers import read

HOME = "https://news.example/notes/"
PHOTO = Medium("aa.jpg", "image/jpeg", 1000, 640, 480)
TINY = Medium("bb.gif", "image/gif", 40, 16, 16)
TALK = Medium("cc.mp3", "audio/mpeg", 5000, duration=61, title="A talk on rain")
SONG = Medium("dd.opus", "audio/ogg", 7000, duration=9)


def article(text: str, media: dict[str, Medium | str] | None = None, path: str = "2026/trip.md") -> Article:
    """An article in a folder of the input, read with these media beside it."""
    folder = path.rpartition("/")[0]
    return read(Source(path, text.encode(), f"{HOME}{folder}/" if folder else HOME, home=HOME, media=media or {}))


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("photo.jpg", "2026/photo.jpg"),
        ("./photo.jpg", "2026/photo.jpg"),
        ("pics/a.png", "2026/pics/a.png"),
        ("../a.png", "a.png"),
        ("/pics/a.png", "pics/a.png"),
        ("photo.jpg?size=large#top", "2026/photo.jpg"),
        ("My%20photo.jpg", "2026/My photo.jpg"),
        ("a%CC%88.jpg", "2026/\u00e4.jpg"),
        ("%E6%97%A5%E6%9C%AC.jpg", "2026/日本.jpg"),
        ("x/../../2026/photo.jpg", "2026/photo.jpg"),
    ],
)
def test_a_reference_means_a_file_in_the_input_folder(reference: str, path: str) -> None:
    """Relative to the article, or to the folder where it begins with a slash; decoded once, NFC."""
    assert article(f"# Trip\n\nText ![]({reference}) text").references == (path,)
    assert article(f'# Trip\n\n<p>Text <img src="{reference}"></p>').references == (path,)


@pytest.mark.parametrize(
    "reference", ["https://cdn.example/photo.jpg", "//cdn.example/photo.jpg", "data:image/png;base64,AAAA", "#top", "?x", "mailto:a@b"]
)
def test_an_address_elsewhere_means_no_file(reference: str) -> None:
    """It stays what it is."""
    assert article(f'# Trip\n\n<p>Text <img src="{reference}"> text</p>').references == ()


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("../../etc/passwd.png", "leads out of the input folder"),
        ("/../secret.png", "leads out of the input folder"),
        ("%2e%2e/%2e%2e/secret.png", "leads out of the input folder"),
        ("..%2f..%2fsecret.png", "no file name here may have"),
        ("..%5csecret.png", "no file name here may have"),
        ("..\\secret.png", "no file name here may have"),
        ("photo.jpg%00.png", "no file name here may have"),
        ("caf%e9.png", "no name in UTF-8"),
    ],
)
def test_no_reference_leads_out_of_the_folder(reference: str, words: str) -> None:
    """C17: whatever it is written as, nothing is looked for and the author is told."""
    found = article(f'# Trip\n\n<p>Text <img src="{reference}"></p>')
    assert found.references == ()
    assert [flag for flag in found.flags if words in flag]


def test_a_picture_is_shown_from_where_it_is_published() -> None:
    """With its size, so that a page does not jump while it loads; and it stands for the article."""
    found = article("# Trip\n\nText ![The sea](photo.jpg) text", {"2026/photo.jpg": PHOTO})
    assert f'<img src="{HOME}media/aa.jpg" alt="The sea" width="640" height="480">' in found.content
    assert found.image == Image(f"{HOME}media/aa.jpg", "image/jpeg", 640, 480, "The sea")
    assert found.references == ("2026/photo.jpg",)
    assert found.flags == ()


def test_a_size_that_the_author_states_stays() -> None:
    """Both of it, or the one that is there."""
    found = article('# Trip\n\n<p>Text <img src="photo.jpg" width="320"></p>', {"2026/photo.jpg": PHOTO})
    assert re.findall('<img[^>]*(?:width|height)="[^>]*', found.content) == [f'<img src="{HOME}media/aa.jpg" width="320"']


def test_an_icon_does_not_stand_for_the_article() -> None:
    """Unless its author says so."""
    media: dict[str, Medium | str] = {"2026/i.gif": TINY, "2026/photo.jpg": PHOTO}
    text = "# Trip\n\nText ![](i.gif) and ![](photo.jpg)"
    assert (article(text, media).image or Image("")).href.endswith("aa.jpg")
    assert (article(f"---\nimage: i.gif\n---\n{text}", media).image or Image("")).href.endswith("bb.gif")


@pytest.mark.parametrize(
    "said", ["image: cover.jpg", "image:\n  url: cover.jpg\n  alt: Us", "cover: {image: cover.jpg, alt: Us}", "thumbnail: ./cover.jpg"]
)
def test_the_picture_in_front_matter_stands_for_the_article(said: str) -> None:
    """As a file name, or a table as other programs have it."""
    text = f"---\n{said}\n---\n# Trip\n\nText of the trip."
    assert article(text).references == ("2026/cover.jpg",)
    found = article(text, {"2026/cover.jpg": PHOTO}).image
    assert found == Image(f"{HOME}media/aa.jpg", "image/jpeg", 640, 480, "Us" if "Us" in said else "")


def test_a_picture_elsewhere_is_only_linked() -> None:
    """Its type follows from the suffix."""
    found = article("---\nimage: https://cdn.example/cover.webp\n---\n# Trip\n\nText of the trip.")
    assert found.image == Image("https://cdn.example/cover.webp", "image/webp")
    assert found.references == ()


def test_an_enclosure_has_its_true_length_and_type() -> None:
    """RFC 4287 section 4.2.7, FEED_RULES 8; and the entry knows how long it lasts."""
    found = article("---\nenclosure: talk.mp3\n---\n# Trip\n\nText of the trip.", {"2026/talk.mp3": TALK})
    assert found.links == (Link(f"{HOME}media/cc.mp3", "enclosure", "audio/mpeg", "A talk on rain", length=5000),)
    assert found.duration == 61


def test_several_enclosures_stand_in_the_order_of_their_author() -> None:
    """Files beside the article and addresses alike; the duration is that of the first."""
    text = """---
enclosure:
  - song.opus
  - https://cdn.example/long.MP3
  - {url: "https://cdn.example/film", type: video/webm, length: 123, title: The film}
---
# Trip

Text of the trip."""
    found = article(text, {"2026/song.opus": SONG})
    assert found.links == (
        Link(f"{HOME}media/dd.opus", "enclosure", "audio/ogg", length=7000),
        Link("https://cdn.example/long.MP3", "enclosure", "audio/mpeg"),
        Link("https://cdn.example/film", "enclosure", "video/webm", "The film", length=123),
    )
    assert found.duration == 9


@pytest.mark.parametrize("said", ["javascript:alert(1)", "file:///etc/passwd", "mailto:a@b.example"])
def test_an_enclosure_that_is_no_web_address_is_left_out(said: str) -> None:
    """C14."""
    found = article(f'---\nenclosure: "{said}"\nimage: "{said}"\n---\n# Trip\n\nText of the trip.')
    assert (found.links, found.image) == ((), None)
    assert len(found.flags) == 2


def test_a_link_to_a_recording_becomes_the_enclosure() -> None:
    """And leads to what is published; other files are linked as ever."""
    text = "# Trip\n\n[Listen](talk.mp3) to it, [look](photo.jpg), [read](other.md)."
    found = article(text, {"2026/talk.mp3": TALK, "2026/photo.jpg": PHOTO})
    assert f'<a href="{HOME}media/cc.mp3">Listen</a>' in found.content
    assert f'<a href="{HOME}media/aa.jpg">look</a>' in found.content
    assert f'<a href="{HOME}2026/other.md">read</a>' in found.content
    assert [link.href for link in found.links] == [f"{HOME}media/cc.mp3"]
    assert found.references == ("2026/talk.mp3", "2026/photo.jpg")


def test_a_stated_enclosure_goes_before_those_in_the_text() -> None:
    """The author said which."""
    text = "---\nenclosure: song.opus\n---\n# Trip\n\n[Listen](talk.mp3) to it."
    found = article(text, {"2026/talk.mp3": TALK, "2026/song.opus": SONG})
    assert [link.href for link in found.links] == [f"{HOME}media/dd.opus"]


@pytest.mark.parametrize("html", ['<audio controls src="talk.mp3">old</audio>', '<audio><source src="x.aac"><source src="talk.mp3"></audio>'])
def test_a_player_becomes_a_link_and_the_enclosure(html: str) -> None:
    """FEED_RULES 57: no player in a feed; its readers have their own."""
    page = f"<h1>Trip</h1><p>Text of the trip.</p>{html}<p>More of it.</p>"
    found = article(page, {"2026/talk.mp3": TALK, "2026/x.aac": "is no picture and no recording"}, "2026/trip.html")
    assert f'<a href="{HOME}media/cc.mp3">A talk on rain</a>' in found.content
    assert "<audio" not in found.content
    assert "old" not in found.content
    assert [link.type for link in found.links] == ["audio/mpeg"]


def test_a_file_that_cannot_be_published_is_told_of() -> None:
    """In the author's words for it; everything else stays as it was."""
    text = "---\nenclosure: talk.mp3\n---\n# Trip\n\nText ![the sea](photo.jpg) text"
    found = article(text, {"2026/photo.jpg": "is not beside the article", "2026/talk.mp3": "is a QuickTime film"})
    assert found.flags == ("talk.mp3 is a QuickTime film", "photo.jpg is not beside the article")
    assert f'src="{HOME}2026/photo.jpg"' in found.content
    assert found.links == ()


def test_a_recording_in_place_of_a_picture_is_told_of() -> None:
    """And the other way round."""
    found = article("# Trip\n\nText ![x](talk.mp3) text", {"2026/talk.mp3": TALK})
    assert found.flags == ("talk.mp3 is no picture",)
    found = article("<h1>Trip</h1><p>Text.</p><audio src='photo.jpg'></audio>", {"2026/photo.jpg": PHOTO}, "2026/trip.html")
    assert "photo.jpg is no recording" in found.flags


def test_a_recording_alone_is_an_article() -> None:
    """Before anybody looked for it, too; but not when it is not there."""
    text = "---\ntitle: Episode 1\nenclosure: talk.mp3\n---\n"
    assert article(text).references == ("2026/talk.mp3",)
    assert article(text, {"2026/talk.mp3": TALK}).content == f'<p><a href="{HOME}media/cc.mp3">A talk on rain</a></p>'
    with pytest.raises(Unreadable, match="nothing is left to publish"):
        article(text, {"2026/talk.mp3": "is not beside the article"})


def test_a_page_that_states_its_own_address_refers_to_nothing_here() -> None:
    """It was saved from elsewhere; its pictures are there."""
    page = "<head><base href='https://there.example/x/'></head><h1>Trip</h1><p>Text of the trip. <img src='photo.jpg'></p>"
    found = article(page, path="2026/trip.html")
    assert found.references == ()
    assert "https://there.example/x/photo.jpg" in found.content


def test_an_article_has_a_bound_of_media() -> None:
    """C21: a file of references only."""
    found = article("# Trip\n\nText " + " ".join(f"![]({n}.jpg)" for n in range(600)))
    assert len(found.references) == 500
    assert "one medium too many" in found.flags[-1]
