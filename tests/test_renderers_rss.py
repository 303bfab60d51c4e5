"""The RSS document: the twin of the Atom one, in the words of RSS 2.0 and by the RSS Advisory Board's profile."""

from __future__ import annotations

import html
import locale
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeder.errors import PublishError
from feeder.model import Category, Entry, Image, Link, Person, Sibling, Site, Tombstone
from feeder.renderers import xml
from feeder.renderers._common import carried, stamp, uri
from tests.test_renderers_xml import ANN, HOME, HOSTILE, LANG, NOON, SELF, SITE, calls, entry, feed, parsed, tree

NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
OWN = Link("https://example.org/news/rss.xml", "self", "application/rss+xml")


def render(*entries: Entry, **changes: Any) -> bytes:
    return xml.rss(feed(*entries, **{"links": (OWN, HOME), **changes}), generator_version="1.2.3")


def channel(*entries: Entry, **changes: Any) -> etree._Element:
    return tree(render(*entries, **changes))[0]


def item(one: Entry, **changes: Any) -> etree._Element:
    found = channel(one, **changes).find("item")
    assert found is not None
    return found


PODCAST = ("{http://www.itunes.com/", "{https://podcastindex.org/")


def told(element: etree._Element) -> list[tuple[str, str]]:
    """The children that hold text, by prefix and name, in their order; without those of podcasts, which have tests of their own."""
    names = {f"{{{name}}}": f"{prefix}:" for prefix, name in NS.items()}
    children = [child for child in element.iter("{*}*") if not str(child.tag).startswith(PODCAST)]
    shown = [(re.sub("^{.*}", lambda found: names[found[0]], str(child.tag)), "".join(child.itertext())) for child in children]
    return [(name, text) for name, text in shown if text.strip() and name not in ("channel", "item", "image")]


# --- the document ---------------------------------------------------------------------------------------------------


def test_the_channel_says_everything_about_itself_once() -> None:
    """rules 4, 6, 18, 23, 31, 32: the twin of the Atom document's head."""
    site = replace(SITE, every=300, hubs=("https://hub.example.net/",), image=Image("https://example.org/news/media/ä.png", "image/png", 3000, 3000))
    root = tree(render(site=site, links=(OWN, HOME, Link("https://hub.example.net/", "hub"), replace(SELF, rel="prev-archive"))))
    assert (root.tag, dict(root.attrib)) == ("rss", {"version": "2.0"})
    (only,) = root
    assert told(only) == [
        ("title", "Harbour News"),
        ("link", "https://example.org/news/"),
        ("description", "All that floats"),
        ("copyright", "© Harbour"),
        ("docs", "http://www.rssboard.org/rss-specification"),
        ("generator", "Feeder 1.2.3"),
        ("url", "https://example.org/news/media/%C3%A4.png"),
        ("title", "Harbour News"),
        ("link", "https://example.org/news/"),
        ("language", "en"),
        ("ttl", "5"),
        ("lastBuildDate", "Sun, 22 Nov 2026 12:00:00 GMT"),
        ("dc:creator", "Ann Ä. Author"),
        ("sy:updatePeriod", "hourly"),
        ("sy:updateFrequency", "12"),
    ]
    assert [dict(link.attrib) for link in only.iterfind("atom:link", NS)] == [
        {"href": "https://example.org/news/rss.xml", "rel": "self", "type": "application/rss+xml"},
        {"href": "https://hub.example.net/", "rel": "hub"},
    ]


def test_an_item_says_everything_its_entry_knows() -> None:
    """rules 8, 19, 24, 31: what RSS has no word for stands in the words of Atom, Dublin Core and Media RSS."""
    full = entry(
        links=(
            *entry().links,
            Link("https://example.net/source?a=1&b=2", "via"),
            Link("https://example.org/news/media/ü.mp3", "enclosure", "audio/mpeg", "Hören", length=123456),
            Link("https://example.org/news/media/1.pdf", "enclosure", "application/pdf", length=0),
        ),
        authors=(ANN, Person("Bo & Co")),
        categories=(Category("ships", "https://example.org/news/tags/", "Ships & boats"), Category("sea")),
        language="de",
        rights="CC BY 4.0",
        published=NOON - timedelta(days=3),
        summary="Fünf & sechs < sieben",
        content="<p>Fünf &amp; sechs</p>",
        same_story=(Sibling("https://example.org/news/articles/2.html", "Another", NOON),),
        image=Image("https://example.org/news/media/1ä.jpg", "image/jpeg", 800, 600, "A boat"),
    )
    found = item(full)
    assert told(found) == [
        ("title", "Title 1"),
        ("link", "https://example.org/news/articles/1.html"),
        ("description", "Fünf &amp; sechs &lt; sieben"),
        ("content:encoded", "<p>Fünf &amp; sechs</p>"),
        ("guid", full.id),
        ("category", "Ships & boats"),
        ("category", "sea"),
        ("pubDate", "Thu, 19 Nov 2026 12:00:00 GMT"),
        ("atom:updated", "2026-11-22T11:00:00Z"),
        ("dc:creator", "Ann Ä. Author"),
        ("dc:creator", "Bo & Co"),
        ("dc:rights", "CC BY 4.0"),
    ]
    assert found.xpath("guid/@isPermaLink | category/@domain") == ["false", "https://example.org/news/tags/"]
    assert found.get(LANG) == "de"
    assert [dict(e.attrib) for e in found.iterfind("enclosure")] == [
        {"url": "https://example.org/news/media/%C3%BC.mp3", "length": "123456", "type": "audio/mpeg"}
    ]
    assert [dict(link.attrib) for link in found.iterfind("atom:link", NS)] == [
        {"href": "https://example.net/source?a=1&b=2", "rel": "via"},
        {"href": "https://example.org/news/media/1.pdf", "rel": "enclosure", "type": "application/pdf", "length": "0"},
        {"href": "https://example.org/news/articles/2.html", "rel": "related", "type": "text/html"},
    ]
    (thumbnail,) = found.iterfind("media:thumbnail", NS)
    assert dict(thumbnail.attrib) == {"url": "https://example.org/news/media/1%C3%A4.jpg", "width": "800", "height": "600"}


def test_what_is_not_known_is_left_out() -> None:
    bare = entry(summary="", content="")
    assert [name for name, _ in told(item(bare))] == ["title", "link", "guid", "pubDate", "atom:updated"]
    site = Site(SITE.id, "Harbour", SITE.base)
    assert [name for name, _ in told(channel(site=site))] == ["title", "link", "description", "docs", "generator", "language", "lastBuildDate"]
    assert channel(site=site).findtext("description") == "Harbour"


def test_namespaces_are_declared_once_and_only_where_something_is_in_them() -> None:
    declared = re.compile(rb'xmlns:(\w+)="')
    assert declared.findall(render(site=Site(SITE.id, "Harbour", SITE.base))) == [b"atom"]
    body = render(entry(1), entry(2, image=Image("https://example.org/a.png")), entry(3, authors=(ANN,)))
    assert declared.findall(body) == [b"atom", b"content", b"dc", b"media"]


def test_a_feed_reader_gets_every_item_as_it_was_meant() -> None:
    """rule 31: through feedparser, with the right language for each, and the pictures and recordings."""
    recording = Link("https://example.org/news/media/1.mp3", "enclosure", "audio/mpeg", length=7)
    found = parsed(render(entry(1, language="he", links=(*entry().links, recording)), entry(2), entry(3, language="en", authors=(ANN, Person("Bo")))))
    assert [one.id for one in found.entries] == [entry(n).id for n in (1, 2, 3)]
    assert [(one.link, one.title, one.summary, one.content[0].value) for one in found.entries] == [
        (f"https://example.org/news/articles/{n}.html", f"Title {n}", f"Summary {n}.", "<p>Text.</p>") for n in (1, 2, 3)
    ]
    assert [one.title_detail.language for one in found.entries] == ["he", None, None]
    assert [dict(one) for one in found.entries[0].enclosures] == [{"href": recording.href, "type": "audio/mpeg", "length": "7"}]
    assert [one.name for one in found.entries[2].authors] == ["Ann Ä. Author", "Bo"]
    assert not found.entries[0].guidislink


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_survive(title: str) -> None:
    """rules 14, 15, 31: a title is plain text whose & and < are numbers; a summary becomes the HTML that a description is."""
    body = render(
        entry(title=title, summary=title, authors=(Person(title),), categories=(Category(title),), rights=title),
        site=replace(SITE, title=title, subtitle=title),
    )
    (found,) = parsed(body).entries
    assert [found.title, html.unescape(found.summary), found.author, found.tags[0].term, found.rights] == [title] * 5
    assert [parsed(body).feed.title, parsed(body).feed.subtitle] == [title] * 2
    head, _, rest = body.partition(b"<item>")
    plain = re.findall(rb"<(?:title|description)>(.*?)</", head) + re.findall(rb"<(?:title|category|dc:creator|dc:rights)>(.*?)</", rest)
    assert len(plain) == 6
    assert not re.search(rb"&(?!#x26;|#x3C;|gt;)", b"".join(plain))


def test_times_have_four_digits_of_year_and_follow_no_locale() -> None:
    """rule 31, trap 6: feedgen would set the locale of the process to write them."""
    old = entry(published=datetime(987, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert item(old).findtext("pubDate") == "Tue, 02 Jan 0987 03:04:05 GMT"
    before = locale.setlocale(locale.LC_ALL)
    assert calls(lambda: render(entry(1, title="Another"), entry(2)))["setlocale"] == 0
    assert locale.setlocale(locale.LC_ALL) == before


@pytest.mark.parametrize(
    ("every", "ttl", "rhythm"),
    [
        (1, "1", ("hourly", "3600")),
        (60, "1", ("hourly", "60")),
        (300, "5", ("hourly", "12")),
        (3600, "60", ("hourly", "1")),
        (5400, "90", ("daily", "16")),
        (86_400, "1440", ("daily", "1")),
        (604_800, "10080", ("weekly", "1")),
        (2501, "41", ("hourly", "1")),
        (40_000_000, "666666", ("yearly", "1")),
    ],
)
def test_readers_are_told_how_often_to_come(every: int, ttl: str, rhythm: tuple[str, str]) -> None:
    """rule 32"""
    found = channel(site=replace(SITE, every=every))
    assert found.findtext("ttl") == ttl
    assert (found.findtext("sy:updatePeriod", namespaces=NS), found.findtext("sy:updateFrequency", namespaces=NS)) == rhythm


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        (Image("https://example.org/a.jpg", "image/jpeg", 100, 100), True),
        (Image("https://example.org/a.png"), True),
        (Image("https://example.org/a.png", "image/png", 200, 100), False),
        (Image("https://example.org/a.svg", "image/svg+xml", 100, 100), False),
        (Image("javascript:alert(1)"), False),
    ],
)
def test_only_a_square_picture_of_three_formats_stands_for_the_channel(image: Image, shown: bool) -> None:
    assert (channel(site=replace(SITE, image=image)).find("image") is not None) == shown


def test_an_enclosure_always_says_its_type_and_length() -> None:
    """Both are asked for: 0 stands for a length, and a general type for a type, that nobody knows."""
    found = item(entry(links=(*entry().links, Link("javascript:x", "enclosure"), Link("https://example.net/a", "enclosure"))))
    assert [dict(e.attrib) for e in found.iterfind("enclosure")] == [
        {"url": "https://example.net/a", "length": "0", "type": "application/octet-stream"}
    ]
    assert found.find("atom:link", NS) is None


def test_entries_named_in_summary_only_leave_their_content_to_their_page() -> None:
    """rule 26"""
    short, whole = channel(entry(1), entry(2), summary_only=frozenset({entry(1).id})).iterfind("item")
    assert (short.findtext("description"), short.find("content:encoded", NS)) == ("Summary 1.", None)
    assert whole.findtext("content:encoded", namespaces=NS) == "<p>Text.</p>"


def test_archives_and_tombstones_have_no_form_in_rss() -> None:
    said = {"archive": True, "tombstones": (Tombstone("urn:x:gone", NOON),)}
    assert render(entry(), **said) == render(entry())


def test_the_document_opens_with_its_declaration_and_each_element_has_a_line() -> None:
    """rules 1, 22, 59: and a CSS stylesheet, for people."""
    body = render(entry(2, title="Ä"), entry(1))
    assert body.splitlines()[:2] == [b'<?xml version="1.0" encoding="UTF-8"?>', b'<?xml-stylesheet type="text/css" href="feed.css"?>']
    assert not tree(body).getroottree().docinfo.doctype
    assert body.splitlines().count(b"<item>") == 2
    assert xml.check_rss(body) == (entry(2).id, entry(1).id)


# --- the twin -------------------------------------------------------------------------------------------------------

_moments = st.datetimes(datetime(1, 1, 2), datetime(9998, 1, 1)).map(lambda when: when.replace(microsecond=0, tzinfo=UTC))
_texts = st.text(st.characters(), max_size=12)
_web = st.text(st.characters(), max_size=8).map("https://example.org/{}".format)
_links = st.builds(
    Link, _web, st.sampled_from(("related", "via", "enclosure", "license")), st.none() | st.just("audio/mpeg"), _texts, length=st.none() | st.just(7)
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry that may be built, its page at an address such as pages have."""
    number = draw(st.integers(1, 10**6))
    page = Link(f"https://example.org/news/articles/{number}.html", type="text/html")
    return Entry(
        f"urn:x:{number}",
        "t" + draw(_texts),
        draw(_moments),
        draw(_moments),
        draw(_texts),
        draw(_texts),
        (page, *draw(st.lists(_links, max_size=3))),
        tuple(Person(f"n{name}") for name in draw(st.lists(_texts, max_size=2))),
        tuple(draw(st.lists(st.builds(Category, _texts.map("c{}".format), st.none() | st.just("urn:x:s"), st.none() | _texts), max_size=2))),
        draw(st.none() | st.sampled_from(("de", "en"))),
        draw(st.none() | _texts),
        image=draw(st.none() | st.builds(Image, _web, width=st.none() | st.just(3))),
    )


def atom_said(found: etree._Element) -> dict[str, object]:
    """What an entry says that RSS can say too, addresses as URIs."""
    return {
        **{name: found.findtext(f"a:{name}", namespaces={"a": NS["atom"]}) for name in ("id", "title", "published", "updated", "rights")},
        "links": sorted((link.get("rel"), uri(link.get("href", ""))) for link in found.iterfind("atom:link", NS)),
        "authors": [name.text for name in found.iterfind("atom:author/atom:name", NS)],
        "categories": [(one.get("label") or one.get("term"), one.get("scheme")) for one in found.iterfind("atom:category", NS)],
        "language": found.get(LANG),
        "thumbnail": [dict(one.attrib) for one in found.iterfind("media:thumbnail", NS)],
    }


def rss_said(found: etree._Element) -> dict[str, object]:
    """The same of an item."""
    links = [(link.get("rel"), link.get("href")) for link in found.iterfind("atom:link", NS)]
    return {
        "id": found.findtext("guid"),
        "title": found.findtext("title"),
        "published": stamp(datetime.strptime(found.findtext("pubDate", ""), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)),
        "updated": found.findtext("atom:updated", namespaces=NS),
        "rights": found.findtext("dc:rights", namespaces=NS),
        "links": sorted([("alternate", found.findtext("link")), *(("enclosure", one.get("url")) for one in found.iterfind("enclosure")), *links]),
        "authors": [name.text for name in found.iterfind("dc:creator", NS)],
        "categories": [(one.text, one.get("domain")) for one in found.iterfind("category")],
        "language": found.get(LANG),
        "thumbnail": [dict(one.attrib) for one in found.iterfind("media:thumbnail", NS)],
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(entries(), max_size=3, unique_by=lambda one: one.id), st.booleans())
def test_the_twins_say_the_same_of_whatever_can_be_an_entry(these: list[Entry], brief: bool) -> None:
    """rule 34: any legal entry can be written; ids, titles, times, links and the rest agree, in the same order; nothing is relative."""
    document = feed(*these, summary_only=frozenset(one.id for one in these if brief))
    atom, rss = xml.atom(document, generator_version="1"), xml.rss(replace(document, links=(OWN, HOME)), generator_version="1")
    assert xml.check(atom) == xml.check_rss(rss) == tuple(one.id for one in these)
    items = tree(rss)[0].findall("item")
    assert [rss_said(one) for one in items] == [atom_said(one) for one in tree(atom).iterfind("atom:entry", NS)]
    for one, found in zip(these, items, strict=True):
        assert len(found.findall("enclosure")) <= 1
        assert all(urlsplit(str(address)).scheme == "https" for address in found.xpath("link/text() | */@url | */@href"))
        summary, content = html.unescape(found.findtext("description", "")), found.findtext("content:encoded", namespaces=NS)
        if one.summary:
            assert summary.replace("\r", "\n") == carried(one.summary).replace("\r", "\n")
            assert content == (None if brief or not one.content else carried(one.content))


# --- check ----------------------------------------------------------------------------------------------------------

SOUND = render(entry())


def test_a_sound_document_gives_its_guids_in_order() -> None:
    """O11"""
    assert xml.check_rss(render(entry(2), entry(1))) == (entry(2).id, entry(1).id)
    assert xml.check_rss(render()) == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not well-formed"),
        (SOUND[:-20], "not well-formed"),
        (SOUND.replace(b"<rss", b'<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss', 1), "DOCTYPE"),
        (b"<feed/>", "its root is feed"),
        (b"<rss version='0.91'><channel/></rss>", "not an RSS 2.0 feed"),
        (b"<rss version='2.0'/>", "one channel, not 0"),
        (SOUND.replace(b"</channel>", b"</channel><channel/>"), "one channel, not 2"),
        (SOUND.replace(b"Harbour News", b""), "the channel needs one title"),
        (SOUND.replace(b"<link>https://example.org/news/</link>", b""), "the channel needs one link"),
        (SOUND.replace(b"All that floats", b" "), "the channel needs one description"),
        (SOUND.replace(entry().id.encode(), b""), "item 1 needs one guid"),
        (SOUND.replace(b"<guid", b"<guid>urn:x</guid><guid"), "item 1 needs one guid"),
        (SOUND.replace(b"Title 1", b" ").replace(b"Summary 1.", b""), "item 1 needs a title or a description"),
        (render(entry(), entry()), f"two items have the guid {entry().id}"),
    ],
)
def test_a_document_that_is_not_sound_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    """O11"""
    assert body != SOUND
    with pytest.raises(PublishError, match=reason):
        xml.check_rss(body)


def test_an_item_may_have_a_title_or_a_description_alone() -> None:
    assert xml.check_rss(SOUND.replace(b"Title 1", b"")) == xml.check_rss(SOUND.replace(b"Summary 1.", b"")) == (entry().id,)
