"""The JSON Feed document: the Atom document's twin, read back by a JSON parser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeder.errors import PublishError
from feeder.model import Category, Entry, Feed, Image, Link, Person, Sibling, Site, Tombstone
from feeder.renderers import jsonfeed, xml
from feeder.renderers._common import uri
from feeder.text import legal

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BASE = "https://news.example/notes/"
SITE = Site(
    "tag:news.example,2026:notes", "Harbour News", BASE, "en", (Person("Ann Ä.", "https://ann.example/", "ann@ann.example"),), "All that floats"
)
LINKS = (Link(f"{BASE}feed.json", "self", "application/feed+json"), Link(BASE, "alternate", "text/html"))
HOSTILE = '</script><script>alert(1)</script> AT&T 3 < 5 &amp; "q" \u202e \u2028 \0 \x0b \ud800 \ufffe 漢字 🎉'
KEPT = '</script><script>alert(1)</script> AT&T 3 < 5 &amp; "q" \u202e \u2028 \ufffd \ufffd \ufffd \ufffd 漢字 🎉'


def entry(number: int = 1, *links: Link, **facts: object) -> Entry:
    """An entry that says nothing of interest but for `facts`."""
    when = NOON - timedelta(hours=number)
    permalink = Link(f"{BASE}articles/{number}.html", type="text/html")
    plain = Entry(f"urn:x:{number}", f"Title {number}", when, when, f"Summary {number}.", "<p>Text.</p>", (permalink, *links))
    return replace(plain, **facts)  # type: ignore[arg-type]  # the keywords are Entry's own


def feed(*entries: Entry, **facts: object) -> Feed:
    return replace(Feed(SITE, NOON, LINKS, entries), **facts)  # type: ignore[arg-type]  # the keywords are Feed's own


def read(document: Feed) -> dict[str, Any]:
    """What a reader gets, and nothing twice in one object."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    found = json.loads(jsonfeed.render(document).decode(), object_pairs_hook=once)
    assert isinstance(found, dict)
    return found


def item(*links: Link, site: Site = SITE, **facts: object) -> dict[str, Any]:
    """The one item of a feed with one entry."""
    (found,) = read(feed(entry(1, *links, **facts), site=site))["items"]
    assert isinstance(found, dict)
    return found


# --- the document ---------------------------------------------------------------------------------------------------


def test_the_feed_says_everything_about_itself() -> None:
    """`rule 33`."""
    site = replace(SITE, image=Image(f"{BASE}media/cover.png", "image/png", 1400, 1400))
    assert read(feed(site=site, links=(*LINKS, Link("https://hub.example/", "hub")))) == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Harbour News",
        "home_page_url": BASE,
        "feed_url": f"{BASE}feed.json",
        "description": "All that floats",
        "icon": f"{BASE}media/cover.png",
        "favicon": f"{BASE}favicon.ico",
        "authors": [{"name": "Ann Ä.", "url": "https://ann.example/"}],
        "language": "en",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [],
    }


def test_an_item_says_everything_it_knows() -> None:
    """`rule 33`."""
    found = item(
        Link("https://source.example/a?b=1&c=2", "related"),
        Link(f"{BASE}media/a.mp3", "enclosure", "audio/mpeg", "Hören", length=123456),
        Link(f"{BASE}media/b.ogg", "enclosure", "audio/ogg", length=0),
        authors=(Person("Bo"), Person("Cy", "https://cy.example/")),
        categories=(Category("c++", f"{BASE}tags/", "C++"), Category("日本")),
        language="de",
        image=Image(f"{BASE}media/fog.jpg"),
        duration=61,
        updated=NOON,
    )
    assert found == {
        "id": "urn:x:1",
        "url": f"{BASE}articles/1.html",
        "external_url": "https://source.example/a?b=1&c=2",
        "title": "Title 1",
        "content_html": "<p>Text.</p>",
        "summary": "Summary 1.",
        "image": f"{BASE}media/fog.jpg",
        "date_published": "2026-11-22T11:00:00Z",
        "date_modified": "2026-11-22T12:00:00Z",
        "authors": [{"name": "Bo"}, {"name": "Cy", "url": "https://cy.example/"}],
        "tags": ["C++", "日本"],
        "language": "de",
        "attachments": [
            {"url": f"{BASE}media/a.mp3", "mime_type": "audio/mpeg", "title": "Hören", "size_in_bytes": 123456, "duration_in_seconds": 61},
            {"url": f"{BASE}media/b.ogg", "mime_type": "audio/ogg", "size_in_bytes": 0},
        ],
    }


def test_what_nobody_said_is_not_there() -> None:
    assert item().keys() == {"id", "url", "title", "content_html", "summary", "date_published", "date_modified"}
    bare = read(feed(site=Site("urn:x", "Notes", BASE)))
    assert bare.keys() == {"version", "title", "home_page_url", "feed_url", "favicon", "language", "items"}


def test_a_feed_without_entries_has_an_empty_list() -> None:
    assert jsonfeed.check(jsonfeed.render(feed())) == ()


def test_an_entry_whose_content_stays_on_its_page_has_its_summary_for_a_content() -> None:
    """The format asks for one of content_html and content_text in each item."""
    brief, whole = read(feed(entry(1), entry(2), summary_only=frozenset(["urn:x:1"])))["items"]
    assert (brief["content_text"], brief["summary"], "content_html" in brief) == ("Summary 1.", "Summary 1.", False)
    assert (whole["content_html"], "content_text" in whole) == ("<p>Text.</p>", False)
    assert jsonfeed.check(jsonfeed.render(feed(entry(1, summary=""), summary_only=frozenset(["urn:x:1"])))) == ("urn:x:1",)


def test_an_entry_in_the_feeds_language_does_not_repeat_it() -> None:
    assert "language" not in item(language="en")
    assert item(language="de")["language"] == "de"


def test_an_enclosure_of_unknown_type_is_any_bytes() -> None:
    """The format asks for a type."""
    assert item(Link(f"{BASE}media/x", "enclosure"))["attachments"] == [{"url": f"{BASE}media/x", "mime_type": "application/octet-stream"}]


def test_the_same_tag_is_named_once() -> None:
    assert item(categories=(Category("a", label="A"), Category("A"), Category("b")))["tags"] == ["A", "b"]


def test_only_web_addresses_are_handed_to_readers() -> None:
    """C14: whatever an author writes, no reader is given `javascript:` or `file:`."""
    evil = "javascript:alert(1)"
    found = item(
        Link(evil, "related"),
        Link("file:///etc/passwd", "enclosure", "text/plain"),
        Link(f"{BASE}media/a.mp3", "enclosure", "audio/mpeg"),
        authors=(Person("Bo", evil),),
        image=Image(evil),
        duration=9,
    )
    assert "external_url" not in found
    assert "image" not in found
    assert found["authors"] == [{"name": "Bo"}]
    assert found["attachments"] == [{"url": f"{BASE}media/a.mp3", "mime_type": "audio/mpeg"}], "how long the first takes is not said of the second"
    hubs = (Link(evil, "hub"), Link("https://hub.example/", "hub"))
    head = read(feed(site=replace(SITE, image=Image("data:image/png,x")), links=(*LINKS, *hubs)))
    assert "icon" not in head
    assert head["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]


def test_hostile_texts_are_read_back_as_they_were_but_for_what_xml_cannot_carry() -> None:
    """C4 `rule 15` `rule 20`: U+FFFD in its place, as in the Atom twin; and the bytes are UTF-8."""
    site = replace(SITE, title=HOSTILE, subtitle=HOSTILE, authors=(Person(HOSTILE),))
    facts = {"title": HOSTILE, "summary": HOSTILE, "content": HOSTILE, "authors": (Person(HOSTILE),), "categories": (Category(HOSTILE),)}
    document = read(feed(entry(1, **facts), entry(2, **facts), site=site, summary_only=frozenset(["urn:x:2"])))
    assert (document["title"], document["description"], document["authors"]) == (KEPT, KEPT, [{"name": KEPT}])
    whole, brief = document["items"]
    assert (whole["title"], whole["summary"], whole["content_html"], whole["authors"], whole["tags"]) == (KEPT, KEPT, KEPT, [{"name": KEPT}], [KEPT])
    assert brief["content_text"] == KEPT


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("https://x.example/a%20b?q=1&r=[2]#c", "https://x.example/a%20b?q=1&r=[2]#c"),
        ("https://例え.example:8080/日 本?q=é#ü", "https://xn--r8jz45g.example:8080/%E6%97%A5%20%E6%9C%AC?q=%C3%A9#%C3%BC"),
        ("HTTPS://x.example?q=é/", "HTTPS://x.example?q=%C3%A9/"),
        ("https://é..example/", "https://%C3%A9..example/"),
        ("https://x\x01.example/\ud800", "https://x%EF%BF%BD.example/%EF%BF%BD"),
    ],
)
def test_addresses_are_uris(address: str, written: str) -> None:
    """RFC 3987 section 3.1: the format knows no other addresses, and neither does RSS."""
    assert item(Link(address, "related"))["external_url"] == written


def test_a_diff_shows_what_changed() -> None:
    """One value on each line, letters of all scripts as they are, a line end at the end."""
    body = jsonfeed.render(feed(entry(1, title="日本"), entry(2)))
    assert body.endswith(b"}\n")
    assert '"title": "日本",\n' in body.decode()
    edited = jsonfeed.render(feed(entry(1, title="日本へ"), entry(2)))
    assert sum(old != new for old, new in zip(body.splitlines(), edited.splitlines(), strict=True)) == 1


def test_the_same_feed_has_the_same_bytes_in_every_process() -> None:
    """`rule 21`: under any hash seed, time zone and locale."""
    code = "import sys, tests.test_renderers_json as t; sys.stdout.buffer.write(t.jsonfeed.render(t.feed(t.entry(1, categories=t.TAGS), t.entry(2))))"
    environ = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    elsewhere = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True).stdout
    assert elsewhere == jsonfeed.render(feed(entry(1, categories=TAGS), entry(2)))


TAGS = tuple(Category(tag) for tag in ("b", "ä", "a", "日本"))


# --- its twin -------------------------------------------------------------------------------------------------------


def atom(document: Feed) -> list[dict[str, object]]:
    """What the Atom document says of its entries, under the names of JSON Feed."""
    names = {"id": "id", "title": "title", "summary": "summary", "published": "date_published", "updated": "date_modified", "content": "content_html"}
    ns = "{http://www.w3.org/2005/Atom}"
    entries = []
    for found in etree.fromstring(xml.atom(document, generator_version="1")).iterfind(f"{ns}entry"):
        said: dict[str, object] = {names[name]: "".join(e.itertext()) for name in names if (e := found.find(f"{ns}{name}")) is not None}
        links = [(link.get("rel"), link.get("href")) for link in found.iterfind(f"{ns}link")]
        said["url"] = next(uri(href) for rel, href in links if rel == "alternate" and href)
        said["attachments"] = [uri(href) for rel, href in links if rel == "enclosure" and href]
        said["tags"] = [category.get("label") or category.get("term") for category in found.iterfind(f"{ns}category")]
        said["authors"] = [person.findtext(f"{ns}name") for person in found.iterfind(f"{ns}author")]
        entries.append(said)
    return entries


def as_atom(found: dict[str, Any]) -> dict[str, object]:
    """An item as `atom` gives it."""
    texts = {name: found[name] for name in ("id", "title", "date_published", "date_modified", "url")}
    texts |= {name: found[name] for name in ("content_html", "summary") if found.get(name)}
    lists = {
        "attachments": [medium["url"] for medium in found.get("attachments", ())],
        "tags": found.get("tags", []),
        "authors": [author["name"] for author in found.get("authors", ())],
    }
    return {**texts, **lists}


# Whatever an entry may hold; white space alone and line ends are the business of text.line and of no twin.
TEXT = st.text(max_size=30)
LINE = st.text(st.characters(exclude_categories=["Z", "Cc"]), min_size=1, max_size=30)
HREF = st.sampled_from([f"{BASE}media/a.mp3", "https://x.example/?q=é&amp;", "javascript:alert(1)", "HTTP://X.example/", "data:,x", f"{BASE}\x01"])
WHEN = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(lambda when: when.replace(microsecond=0))
LINK = st.builds(Link, HREF, st.sampled_from(["enclosure", "related", "via"]), st.none() | LINE, st.none() | TEXT, length=st.none() | st.integers(0))


@st.composite
def entries(draw: st.DrawFn, number: int = 1) -> Entry:
    """Any entry that the model allows."""
    return Entry(
        f"urn:x:{number}",
        draw(LINE),
        draw(WHEN),
        draw(WHEN),
        draw(LINE | st.just("")),
        draw(LINE),
        (Link(f"{BASE}articles/{number}.html"), *draw(st.lists(LINK, max_size=3))),
        tuple(draw(st.lists(st.builds(Person, LINE, st.none() | HREF), max_size=2))),
        tuple(draw(st.lists(st.builds(Category, LINE), max_size=3, unique=True))),
        draw(st.none() | st.sampled_from(["en", "de", "ar-Latn"])),
        image=draw(st.none() | st.builds(Image, HREF)),
        duration=draw(st.none() | st.integers(0, 10**6)),
        same_story=tuple(draw(st.lists(st.builds(Sibling, st.just(f"{BASE}articles/9.html"), LINE, WHEN), max_size=1))),
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_twins_agree_whatever_an_entry_holds(data: st.DataObject) -> None:
    """`rule 34`: ids, titles, times, links, tags, people, in the same order; and what is written is a sound JSON Feed."""
    both = tuple(data.draw(entries(number)) for number in (1, 2))
    document = feed(*both, summary_only=data.draw(st.sampled_from([frozenset(), frozenset(["urn:x:1"])])))
    body = jsonfeed.render(document)
    assert jsonfeed.check(body) == xml.check(xml.atom(document, generator_version="1"))
    assert legal(body.decode())
    found = json.loads(body)["items"]
    assert [as_atom(one) for one in found] == atom(document)
    for one in found:
        addresses = [one["url"], one.get("image"), one.get("external_url"), *(medium["url"] for medium in one.get("attachments", ()))]
        assert all(re.match("https?://", address, re.IGNORECASE) for address in addresses if address is not None)
        assert ("content_html" in one) != ("content_text" in one)


def test_tombstones_are_told_by_the_atom_twin_alone() -> None:
    """The format has no word for them."""
    with_one = feed(entry(), tombstones=(Tombstone("urn:x:9", NOON),))
    assert jsonfeed.render(with_one) == jsonfeed.render(feed(entry()))


# --- looked at again ------------------------------------------------------------------------------------------------


def test_a_document_of_ours_is_sound_and_gives_its_ids_in_its_order() -> None:
    assert jsonfeed.check(jsonfeed.render(feed(entry(2), entry(1)))) == ("urn:x:2", "urn:x:1")


SOUND = json.loads(jsonfeed.render(feed(entry(1), entry(2))))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a JSON document"),
        (jsonfeed.render(feed(entry()))[:-20], "not a JSON document"),
        ("\ufeff{}".encode(), "not a JSON document"),
        (b'{"version": "\xff"}', "not a JSON document"),
        (b"[" * 100_000, "not a JSON document"),
        (b"[]", "not a JSON Feed"),
        (json.dumps(SOUND | {"version": "https://jsonfeed.org/version/1"}).encode(), "not a JSON Feed of version 1.1"),
        (json.dumps(SOUND | {"title": " "}).encode(), "the feed needs a title"),
        (json.dumps(SOUND | {"feed_url": None}).encode(), "the feed needs a feed_url"),
        (json.dumps(SOUND | {"items": {}}).encode(), "a list of items"),
        (json.dumps(SOUND | {"items": ["x"]}).encode(), "a list of items"),
        (json.dumps(SOUND | {"items": [SOUND["items"][0] | {"id": 7}]}).encode(), "item 1 needs a id"),
        (json.dumps(SOUND | {"items": [SOUND["items"][0], SOUND["items"][1] | {"url": ""}]}).encode(), "item 2 needs a url"),
        (json.dumps(SOUND | {"items": [SOUND["items"][0] | {"content_html": None}]}).encode(), "item 1 has no content"),
        (json.dumps(SOUND | {"items": [SOUND["items"][0]] * 2}).encode(), "two items have the id urn:x:1"),
    ],
)
def test_a_broken_document_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    """O11: it never replaces the one before."""
    with pytest.raises(PublishError, match=reason):
        jsonfeed.check(body)
