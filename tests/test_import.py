"""A move from another tool marks nothing as unread: ids and dates are taken over for the articles that its feed has."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder import rescue, subscription
from feeder.errors import Busy, Unreadable
from feeder.rescue import Adopted
from feeder.subscription import moment, read
from tests import beside
from tests.newsroom import NewsClock, Newsroom

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Old blog</title><link>https://old.example/</link><description>It was.</description>{}</channel></rss>"""
ITEM = """<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">{guid}</guid><pubDate>{date}</pubDate>{more}</item>"""
ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:old.example,2020:feed</id><title>Old</title><updated>2036-01-01T00:00:00Z</updated>{}</feed>"""
ENTRY = """<entry><id>{id}</id><title>{title}</title><link href="{link}"/><published>{published}</published><updated>{updated}</updated></entry>"""
MONDAY = "Mon, 05 Jan 2026 10:00:00 +0100"


@pytest.fixture
def news(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def item(title: str = "A title", link: str = "", guid: str = "", date: str = MONDAY, more: str = "") -> str:
    return ITEM.format(title=title, link=link, guid=guid or f"https://old.example/?p={title}".replace(" ", "-"), date=date, more=more)


def story(title: str, number: int = 0) -> str:
    return f"# {title}\n\n" + " ".join(f"w{number}x{position}" for position in range(60)) + "\n"


def adopt(news: Newsroom, feed: str | bytes, *, dry_run: bool = False) -> Adopted:
    return rescue.adopt(news.config, feed.encode() if isinstance(feed, str) else feed, clock=NewsClock(news), dry_run=dry_run)


def how(adopted: Adopted) -> dict[str, str]:
    """Path -> how it was recognized."""
    return {taken.entry.path: taken.how for taken in adopted.taken}


def test_the_first_build_publishes_the_ids_and_dates_of_the_old_feed(news: Newsroom) -> None:
    """As they were, to the letter: that is what readers compare."""
    news.write("2026-01-05-rain.md", story("Rain", 1))
    news.write("sun.md", story("Sun", 2))
    news.write("new.md", story("Never seen", 3))
    old = [
        ENTRY.format(
            id="https://old.example/?p=1",
            title="Rain",
            link="https://old.example/2026/01/05/rain/",
            published="2026-01-05T09:00:00+01:00",
            updated="2026-02-01T00:00:00Z",
        ),
        ENTRY.format(
            id="urn:old:2", title="Sun", link="https://old.example/sun.html", published="2026-01-06T08:00:00Z", updated="2026-02-01T00:00:00Z"
        ),
    ]
    adopted = adopt(news, ATOM.format("".join(old)))
    assert (len(adopted.taken), adopted.left, adopted.others) == (2, (), ("new.md",))
    news.cycle()
    rain, sun = news.entry("Rain"), news.entry("Sun")
    assert [rain[name] for name in ("id", "published", "updated")] == ["https://old.example/?p=1", "2026-01-05T08:00:00Z", "2026-02-01T00:00:00Z"]
    assert [sun[name] for name in ("id", "published", "updated")] == ["urn:old:2", "2026-01-06T08:00:00Z", "2026-02-01T00:00:00Z"]
    assert news.atom().findtext("{http://www.w3.org/2005/Atom}id") == "tag:old.example,2020:feed"
    assert news.entry("Never seen")["id"].startswith("urn:uuid:")
    news.later(hours=1)
    assert news.cycle().summary == ""


def test_an_article_whose_picture_has_just_been_copied_is_waited_for(news: Newsroom) -> None:
    """Otherwise it would be nobody's, and the first build give it an id of its own."""
    news.write("sun.md", "# Sun\n\nIt shone. ![The sun](sun.png)\n")
    news.write("sun.png", beside.png(), age=timedelta(0))
    assert how(adopt(news, RSS.format(item("Sun")))) == {"sun.md": "its title"}


def test_arrivals_are_chronological_after_a_move(news: Newsroom) -> None:
    """The oldest article is in the first archive."""
    for number in range(5):
        news.write(f"{number}.md", story(f"Story {number}", number))
    dates = ["Fri, 05 Jan 2035", "Thu, 05 Jan 2034", "Wed, 05 Jan 2033", "Tue, 05 Jan 2032", "Mon, 05 Jan 2031"]
    adopt(news, RSS.format("".join(item(f"Story {n}", date=f"{day} 10:00:00 GMT") for n, day in enumerate(dates))))
    news.cycle()
    with news.parts() as parts:
        known = sorted(parts.ledger.known().values(), key=lambda k: k.arrival)
    assert [k.path for k in known] == ["4.md", "3.md", "2.md", "1.md", "0.md"]


@pytest.mark.parametrize(
    ("path", "text", "old", "by"),
    [
        ("post.md", "---\nid: tag:old.example,2026:17\n---\n" + story("New title"), item("Old title", guid="tag:old.example,2026:17"), "its id"),
        ("2026-11-22-title.md", story("Other"), item("Old title", "https://old.example/2026/11/22/title/"), "its address"),
        ("2026-11-22-title.md", story("Other"), item("Old title", "https://old.example/posts/title.html?utm_source=rss#x"), "its address"),
        ("title.md", story("Other"), item("Old title", "https://old.example/2026-11-22-title"), "its address"),
        ("posts/my-post/index.md", story("Other"), item("Old title", "https://old.example/posts/my-post/index.html"), "its address"),
        ("My Post.md", story("Other"), item("Old title", "https://old.example/my-post/"), "its address"),
        ("東京.md", story("Other"), item("Old title", "https://old.example/%E6%9D%B1%E4%BA%AC/"), "its address"),
        ("named.md", "---\nslug: short\n---\n" + story("Other"), item("Old title", "https://old.example/short"), "its address"),
        ("a.md", story("It’s “AT&T” – 3 < 5"), item("It&amp;#8217;s &quot;AT&amp;amp;T&quot; - 3 &amp;lt; 5"), "its title"),
        ("a.md", story("Other", 7), item("Old title", more=f"<description><![CDATA[<p>{story('', 7)[4:]}</p>]]></description>"), "its text"),
    ],
)
def test_an_article_is_recognized(news: Newsroom, path: str, text: str, old: str, by: str) -> None:
    """By the id it states, by its address with or without a date, by its title however that is escaped, by its text."""
    news.write(path, text)
    news.write("another.md", story("Something else", 99))
    assert how(adopt(news, RSS.format(old))) == {path: by}


def test_two_dated_articles_of_one_name_are_told_apart(news: Newsroom) -> None:
    """By the dates in their addresses."""
    news.write("2025-01-05-week.md", story("Week", 1))
    news.write("2026-01-05-week.md", story("Week", 2))
    old = [item("Week", f"https://old.example/{year}/01/05/week/", f"urn:old:{year}") for year in (2026, 2025)]
    adopted = adopt(news, RSS.format("".join(old)))
    assert {taken.entry.path: taken.entry.id for taken in adopted.taken} == {
        "2025-01-05-week.md": "urn:old:2025",
        "2026-01-05-week.md": "urn:old:2026",
    }


def test_what_could_be_several_is_left_out_and_said(news: Newsroom) -> None:
    """In both directions: two articles for an entry, and two entries for an article."""
    news.write("x/note.md", story("Note", 1))
    news.write("y/note.md", story("Note", 2))
    news.write("one.md", story("One", 3))
    old = [item("Note", "https://old.example/note", "urn:old:1"), item("One", guid="urn:old:2"), item("One", guid="urn:old:3")]
    adopted = adopt(news, RSS.format("".join(old)))
    assert adopted.taken == ()
    assert [left.why for left in adopted.left] == [
        "it could be any of x/note.md, y/note.md by its title",
        "it could be one.md, and so could another entry, by its title",
        "it could be one.md, and so could another entry, by its title",
    ]
    assert adopted.others == ("one.md", "x/note.md", "y/note.md")


def test_an_article_that_is_public_keeps_its_id(news: Newsroom) -> None:
    """It never changes; one that waits still takes the old one."""
    news.write("a.md", story("Public", 1))
    news.write("b.md", "---\ndate: 2036-12-24\n---\n" + story("Waits", 2))
    news.cycle()
    before = news.published()["feed.xml"]
    adopted = adopt(news, RSS.format(item("Public") + item("Waits", guid="urn:old:b")))
    assert [(left.item.title, left.why) for left in adopted.left] == [("Public", "a.md is published already, under an id that never changes")]
    news.cycle()
    assert news.entry("Waits")["id"] == "urn:old:b"
    assert news.entry("Waits")["published"] == "2026-01-05T09:00:00Z"
    assert before.split(b"<entry>")[-1].split(b"</entry>")[0] in news.published()["feed.xml"]


def test_the_feed_keeps_its_own_id_once_anything_is_public(news: Newsroom) -> None:
    news.write("a.md", story("Public", 1))
    news.cycle()
    adopted = adopt(news, ATOM.format(""))
    assert (adopted.feed_id, "something is published already" in adopted.remark) == ("", True)


def test_an_id_in_the_configuration_goes_before_the_old_one(news: Newsroom) -> None:
    """And it is said how to have the old one."""
    news.configure('[feed]\ntitle = "The News"\nbase_url = "https://news.example/"\nid = "urn:uuid:989f4b80-1d8b-4923-89f9-4f9fd7a2b617"\n')
    adopted = adopt(news, ATOM.format(""))
    assert (adopted.feed_id, 'id = "tag:old.example,2020:feed"' in adopted.remark) == ("", True)


def test_a_dry_run_changes_nothing(news: Newsroom) -> None:
    news.write("a.md", story("Rain"))
    assert how(adopt(news, RSS.format(item("Rain")), dry_run=True)) == {"a.md": "its title"}
    assert not (news.folder / ".feeder").exists()
    news.cycle()
    assert news.entry("Rain")["id"].startswith("urn:uuid:")


def test_what_happens_before_the_first_build_changes_no_id(news: Newsroom) -> None:
    """A rename keeps the dates, too; an edit is one; a change of the base address or a touch is none; what is deleted never appears."""
    for number in range(5):
        news.write(f"{number}.md", story(f"Story {number}", number))
    adopt(news, RSS.format("".join(item(f"Story {number}", guid=f"urn:old:{number}") for number in range(5))))
    news.later(hours=1)
    (news.input / "0.md").rename(news.input / "renamed.md")
    news.write("1.md", story("Story 1", 1) + "\nA line more.\n")
    (news.input / "2.md").unlink()
    news.date(news.input / "3.md", timedelta(0))
    news.configure('[feed]\ntitle = "The News"\nbase_url = "https://elsewhere.example/"\n')
    news.later(seconds=5)
    news.cycle()
    assert {entry["id"]: entry["published"] == entry["updated"] for entry in news.feed()} == {
        "urn:old:0": True,
        "urn:old:1": False,
        "urn:old:3": True,
        "urn:old:4": True,
    }
    assert {entry["published"] for entry in news.feed()} == {"2026-01-05T09:00:00Z"}


def test_a_long_feed_may_come_in_pages(news: Newsroom) -> None:
    """What was taken over from the first stays, and is recognized when it comes again."""
    news.write("a.md", story("Rain", 1))
    news.write("b.md", story("Rain", 2))
    adopt(news, RSS.format(item("Rain", "https://old.example/a", "urn:old:a")))
    adopted = adopt(news, RSS.format(item("Rain", "https://old.example/a", "urn:old:a") + item("Rain", guid="urn:old:b")))
    assert how(adopted) == {"a.md": "taken over before", "b.md": "its title"}
    news.cycle()
    assert {entry["id"] for entry in news.feed()} == {"urn:old:a", "urn:old:b"}


def test_a_draft_stays_one(news: Newsroom) -> None:
    news.write("a.md", "---\ndraft: true\n---\n" + story("Rain"))
    adopted = adopt(news, RSS.format(item("Rain")))
    assert [left.why for left in adopted.left] == ["a.md is a draft"]
    news.cycle()
    assert news.feed() == []


def test_an_id_that_atom_cannot_carry_is_said_and_the_dates_are_taken(news: Newsroom) -> None:
    news.write("a.md", story("Rain"))
    (taken,) = adopt(news, RSS.format(item("Rain", guid="17 on old.example"))).taken
    assert "no absolute address" in taken.note
    assert taken.entry.published == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert taken.entry.id.startswith("urn:uuid:")
    news.cycle()
    assert news.entry("Rain")["published"] == "2026-01-05T09:00:00Z"


def test_a_date_in_the_future_or_none_is_the_files_own(news: Newsroom) -> None:
    """Rule 11: none lies in the future."""
    for name in ("a", "b"):
        news.write(f"{name}.md", story(f"Story {name}"), age=timedelta(days=1))
    adopted = adopt(news, RSS.format(item("Story a", date="Fri, 01 Jan 2100 00:00:00 GMT") + item("Story b", date="yesterday")))
    assert [("future" in taken.note, taken.entry.published) for taken in adopted.taken] == [(True, news.now - timedelta(days=1))] * 2


def test_a_running_service_is_not_disturbed(news: Newsroom) -> None:
    with news.parts(), pytest.raises(Busy):
        adopt(news, RSS.format(""))


# --- feeds as they are out there ---


def test_the_guid_is_the_id_and_the_link_stands_in_for_it() -> None:
    """A permanent guid is an address, too; readers know an item without a guid by its link."""
    first, second, third = read(
        RSS.format(
            "<item><guid>https://old.example/a</guid></item>"
            '<item><guid isPermaLink="false">urn:old:2</guid><link>https://old.example/b</link></item>'
            "<item><link>/c?x=1&amp;y=2</link></item>"
        ).encode()
    ).items
    assert [(i.id, i.link) for i in (first, second)] == [("https://old.example/a", "https://old.example/a"), ("urn:old:2", "https://old.example/b")]
    assert (third.id, third.link) == ("https://old.example/c?x=1&y=2", "https://old.example/c?x=1&y=2")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Mon, 05 Jan 2026 10:00:00 +0100", "2026-01-05T09:00:00+00:00"),
        ("Mon, 05 Jan 2026 10:00:00 EST", "2026-01-05T15:00:00+00:00"),
        ("Mon, 05 Jan 2026 10:00:00 CET", "2026-01-05T09:00:00+00:00"),
        ("Mon, 05 Jan 2026 10:00:00 XYZ", "2026-01-05T10:00:00+00:00"),
        ("Mon, 05 Jan 2026 10:00:00 +9900", "2026-01-05T10:00:00+00:00"),
        ("Mon, 05 Jan 2026 10:00:00 -0000", "2026-01-05T10:00:00+00:00"),
        ("Sunday, 5 Jan 26 10:00", "2026-01-05T10:00:00+00:00"),
        ("5 Jan 2026 10:00:00 Z", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05T10:00:00.123z", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05", "2026-01-05T00:00:00+00:00"),
        ("2026-01-05 10:00:00-05:00", "2026-01-05T15:00:00+00:00"),
        ("32 Jan 2026 10:00:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        ("soon", None),
    ],
)
def test_dates_are_read_as_they_are_written(said: str, meant: str | None) -> None:
    """RSS's and Atom's, with zones that no standard knows."""
    found = moment(said)
    assert (found and found.isoformat()) == meant


def test_an_rdf_feed_and_a_json_feed_are_read() -> None:
    """RSS 1.0 keeps its items beside the channel, and ids may be numbers in a JSON Feed."""
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="https://old.example/"><title>Old</title><link>https://old.example/</link></channel>
      <item rdf:about="https://old.example/a"><title>A &nbsp; B</title><link>https://old.example/a</link><dc:date>2026-01-05T10:00+01:00</dc:date></item>
    </rdf:RDF>"""
    (found,) = read(rdf.encode()).items
    assert (found.id, found.title, found.published) == ("https://old.example/a", "A B", datetime(2026, 1, 5, 9, tzinfo=UTC))
    facts = {"id": 17, "url": "/a", "title": "A & B", "content_text": "1 < 2", "date_published": "2026-01-05T10:00:00Z", "tags": ["x", 3]}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Old", "home_page_url": "https://old.example/", "items": [facts, "nothing"]}
    (found,) = read(json.dumps(feed).encode()).items
    assert (found.id, found.link, found.title, found.content) == ("17", "https://old.example/a", "A & B", "1 &lt; 2")
    assert [category.term for category in found.categories] == ["x"]


def test_of_a_wordpress_export_only_what_was_public_counts() -> None:
    """It is RSS with drafts, pages and attachments in it."""
    kinds = [("publish", "post"), ("draft", "post"), ("publish", "page"), ("inherit", "attachment")]
    facts = "<wp:status xmlns:wp='http://wordpress.org/export/1.2/'>{}</wp:status><wp:post_type xmlns:wp='http://wordpress.org/export/1.2/'>{}</wp:post_type>"
    feed = read(RSS.format("".join(item(f"{number}", more=facts.format(*kind)) for number, kind in enumerate(kinds))).encode())
    assert [found.title for found in feed.items] == ["0"]


def test_atom_titles_and_contents_of_every_type_are_read() -> None:
    body = ATOM.format(
        '<entry xml:base="https://old.example/x/"><title type="html">A &amp;lt;b&amp;gt; &lt;i&gt;c&lt;/i&gt;</title><link href="a"/>'
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Text</p></div></content></entry>'
        "<entry><title>1 &lt; 2</title><content>3 &lt; 4</content></entry>"
    )
    first, second = read(body.encode()).items
    assert (first.title, first.link, "<p>Text</p>" in first.content) == ("A <b> c", "https://old.example/x/a", True)
    assert (second.title, second.content, second.id) == ("1 < 2", "3 &lt; 4", "")


BOMB = '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "&{a};&{a};&{a};&{a};&{a};&{a};&{a};&{a};">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"no feed at all",
        b"<html><body>Not found</body></html>",
        b"<rss><channel><item></rss>",
        b"{",
        b"{}",
        b'{"version": "https://jsonfeed.org/version/1", "items": 3}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"<a>" * 100_000,
        f"{BOMB}]><rss><channel><title>&i;</title></channel></rss>".encode(),
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>',
        b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss><channel/></rss>',
        b"\xff\xfe\x00\x01",
        b"<rss>\x00</rss>",
    ],
)
def test_a_hostile_feed_is_refused_with_a_reason(hostile: bytes) -> None:
    """C5, C16: nothing in it is expanded, and nothing outside of it is read."""
    with pytest.raises(Unreadable):
        read(hostile)


def test_a_feed_that_is_too_long_is_refused() -> None:
    with pytest.raises(Unreadable, match="64 MiB"):
        read(b" " * (subscription.LARGEST + 1))


def test_hostile_items_cost_nothing_but_themselves(news: Newsroom) -> None:
    """Ids with markup in them, of a megabyte, twice; addresses that are none."""
    news.write("a.md", story("Rain"))
    strange = [
        item("Huge", guid="urn:" + "x" * 1_000_000),
        item("Twice", guid="urn:old:1"),
        item("Twice again", guid="urn:old:1"),
        item("Nowhere", link="http://[::1"),
        item("Nothing", link="javascript:alert(1)", guid="&lt;script&gt;"),
        "<item/>",
        item("Rain", guid="urn:old:rain"),
    ]
    adopted = adopt(news, RSS.format("".join(strange)))
    assert {taken.entry.path: taken.entry.id for taken in adopted.taken} == {"a.md": "urn:old:rain"}
    assert len(adopted.left) == 6
    news.cycle()


BEGINNINGS = [b"<rss><channel><item>", b'<feed xmlns="http://www.w3.org/2005/Atom">', b"{", b""]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    st.sampled_from(BEGINNINGS),
)
def test_whatever_the_bytes_are_reading_ends_in_a_feed_or_a_reason(body: bytes, begin: bytes) -> None:
    with suppress(Unreadable):
        assert read(begin + body).items is not None
