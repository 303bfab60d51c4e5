"""The Atom document: what subscribers parse. feedgen's twelve known traps have a contract test each."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections import Counter
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser
import pytest
from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from packaging.requirements import Requirement

from feeder.errors import PublishError
from feeder.model import Category, Entry, Feed, Image, Link, Person, Sibling, Site, Tombstone
from feeder.renderers import xml
from feeder.renderers.xml._fragments import MEMO, Fragment, Memo
from feeder.text import legal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

ROOT = Path(__file__).parent.parent
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
    "media": "http://search.yahoo.com/mrss/",
}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANN = Person("Ann Ä. Author", "https://example.org/ann", "ann@example.org")
SITE = Site(
    "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e", "Harbour News", "https://example.org/news/", "en", (ANN,), "All that floats", "© Harbour"
)
SELF = Link("https://example.org/news/feed.xml", "self", "application/atom+xml")
HOME = Link("https://example.org/news/", "alternate", "text/html")
HOSTILE = (
    "AT&T 3 < 5",
    "<b>",
    "A literal &amp; and &lt;b&gt; and &#38;",
    "漢字の題名",
    "שלום עולם",
    "Party 🎉 with 👩‍👩‍👧",
    "Closing ]]> early",
    "\"Quotes\" and 'apostrophes'",
    "<script>alert(1)</script>",
)


def entry(number: int = 1, **changes: Any) -> Entry:
    when = NOON - timedelta(hours=number)
    permalink = Link(f"https://example.org/news/articles/{number}.html", type="text/html")
    plain = Entry(
        f"urn:uuid:00000000-0000-4000-8000-{number:012d}", f"Title {number}", when, when, f"Summary {number}.", "<p>Text.</p>", (permalink,)
    )
    return replace(plain, **changes)


def feed(*entries: Entry, site: Site = SITE, **changes: Any) -> Feed:
    return replace(Feed(site, NOON, (SELF, HOME), entries), **changes)


def render(*entries: Entry, **changes: Any) -> bytes:
    return xml.atom(feed(*entries, **changes), generator_version="1.2.3")


def tree(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False))


def first(*entries: Entry, **changes: Any) -> etree._Element:
    found = tree(render(*entries, **changes)).find("a:entry", NS)
    assert found is not None
    return found


def texts(element: etree._Element) -> dict[str, str]:
    """The children that hold text, by local name."""
    return {etree.QName(child).localname: "".join(child.itertext()) for child in element if not len(child) and "".join(child.itertext())}


def parsed(body: bytes) -> Any:
    found = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    assert found.bozo == 0, found.get("bozo_exception")
    return found


# --- the document ---------------------------------------------------------------------------------------------------


def test_the_feed_says_everything_about_itself_once() -> None:
    """rules 4, 6, 13, 18, 23, 24: id, title, updated, author, self, alternate, generator, icon, rights, language."""
    root = tree(render(entry()))
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    assert root.get(LANG) == "en"
    assert texts(root) == {
        "id": SITE.id,
        "title": "Harbour News",
        "updated": "2026-11-22T12:00:00Z",
        "generator": "Feeder",
        "icon": "https://example.org/news/icon.svg",
        "rights": "© Harbour",
        "subtitle": "All that floats",
    }
    counts = Counter(etree.QName(child).localname for child in root)
    assert counts == {"link": 2, **dict.fromkeys(("id", "title", "updated", "author", "generator", "icon", "rights", "subtitle", "entry"), 1)}
    assert [dict(link.attrib) for link in root.iterfind("a:link", NS)] == [
        {"href": "https://example.org/news/feed.xml", "rel": "self", "type": "application/atom+xml"},
        {"href": "https://example.org/news/", "rel": "alternate", "type": "text/html"},
    ]
    generator = root.find("a:generator", NS)
    assert generator is not None
    assert generator.get("version") == "1.2.3"
    assert (generator.get("uri") or "").startswith("urn:uuid:")


def test_an_entry_says_everything_it_knows() -> None:
    """rules 5, 7, 8, 13, 16, 18, 24: all fields of an entry arrive in a reader as they went in."""
    links = (
        Link("https://example.org/news/articles/1.html", type="text/html", hreflang="de", title="Die Seite"),
        Link("https://example.org/news/media/1.mp3", "enclosure", "audio/mpeg", "Hören", length=123456),
        Link("https://example.com/source?a=1&b=2", "via"),
        Link("https://example.com/licence", "license", "text/html"),
    )
    full = entry(
        links=links,
        authors=(ANN, Person("Bo")),
        categories=(Category("ships", "https://example.org/news/tags/", "Ships & boats"), Category("sea")),
        language="de",
        rights="CC BY 4.0",
        published=NOON - timedelta(days=3),
        content='<p>Fünf &amp; sechs &lt; <a href="https://example.org/">sieben</a></p>',
    )
    body = render(full)
    element = first(full)
    assert texts(element) == {
        "id": full.id,
        "title": "Title 1",
        "updated": "2026-11-22T11:00:00Z",
        "published": "2026-11-19T12:00:00Z",
        "content": full.content,
        "summary": "Summary 1.",
        "rights": "CC BY 4.0",
    }
    assert element.get(LANG) == "de"
    (found,) = parsed(body).entries
    assert [dict(link) for link in found.links] == [
        {"href": links[0].href, "rel": "alternate", "type": "text/html", "hreflang": "de", "title": "Die Seite"},
        {"href": links[1].href, "rel": "enclosure", "type": "audio/mpeg", "title": "Hören", "length": "123456"},
        {"href": "https://example.com/source?a=1&b=2", "rel": "via", "type": "text/html"},
        {"href": links[3].href, "rel": "license", "type": "text/html"},
    ]
    # Not through feedparser, which gives the second author the first one's address.
    assert [texts(author) for author in element.iterfind("a:author", NS)] == [{"name": ANN.name, "uri": ANN.uri, "email": ANN.email}, {"name": "Bo"}]
    assert [dict(tag) for tag in found.tags] == [
        {"term": "ships", "scheme": "https://example.org/news/tags/", "label": "Ships & boats"},
        {"term": "sea", "scheme": None, "label": None},
    ]
    assert found.content[0].value == full.content


def test_xml_lang_stands_only_on_entries_that_differ() -> None:
    """rule 18"""
    languages = [element.get(LANG) for element in tree(render(entry(1), entry(2, language="en"), entry(3, language="he"))).iterfind("a:entry", NS)]
    assert languages == [None, None, "he"]


def test_what_is_not_known_is_left_out() -> None:
    bare = entry(summary="", content="", authors=())
    assert sorted(etree.QName(child).localname for child in first(bare)) == ["id", "link", "published", "title", "updated"]
    root = tree(render(site=replace(SITE, subtitle=None, rights="")))
    assert {"subtitle", "rights"}.isdisjoint(etree.QName(child).localname for child in root)


def test_a_site_without_authors_is_its_own_author() -> None:
    """rule 4: a feed must have an author (RFC 4287 section 4.1.1)."""
    assert tree(render(entry(), site=replace(SITE, authors=()))).findtext("a:author/a:name", namespaces=NS) == "Harbour News"


def test_entries_named_in_summary_only_leave_their_content_to_their_page() -> None:
    """rule 26"""
    body = render(entry(1), entry(2), summary_only=frozenset({entry(1).id}))
    short, whole = tree(body).findall("a:entry", NS)
    assert short.find("a:content", NS) is None
    assert short.findtext("a:summary", namespaces=NS) == "Summary 1."
    assert whole.findtext("a:content", namespaces=NS) == "<p>Text.</p>"
    assert parsed(body).entries[0].link == "https://example.org/news/articles/1.html"


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_survive(title: str) -> None:
    """rules 14, 15, 58: what was written is what a reader shows, as plain text, in titles, summaries and names."""
    hostile = entry(title=title, summary=title, content="<p>x</p>", authors=(Person(title),), rights=title)
    found = parsed(render(hostile, site=replace(SITE, title=title, subtitle=title, rights=title)))
    (item,) = found.entries
    for detail in (
        item.title_detail,
        item.summary_detail,
        item.rights_detail,
        found.feed.title_detail,
        found.feed.subtitle_detail,
        found.feed.rights_detail,
    ):
        assert detail.value == title
        assert detail.type == "text/plain"
    assert item.author == title


@pytest.mark.parametrize("content", ["<p>a &lt; b &amp;&amp; c ]]&gt;</p>", "<pre>&amp;amp;</pre>", "<p>漢字 שלום 🎉</p>", "<p>]]></p>"])
def test_content_is_html_escaped_once(content: str) -> None:
    """rule 16, C15"""
    found = parsed(render(entry(content=content))).entries[0].content[0]
    assert (found.type, found.value) == ("text/html", content)


def test_a_literal_ampersand_in_plain_text_is_spelled_as_a_number() -> None:
    """The W3C validator takes `&amp;amp;` in a plain title for undeclared HTML, `&#x26;amp;` not (rule 2); a parser sees no difference."""
    assert b"<title>One &#x26;amp; two &#x26; three</title>" in render(entry(title="One &amp; two & three"))


def test_the_document_opens_with_its_declaration_and_a_css_stylesheet() -> None:
    """rules 1, 59: UTF-8 declared first, no BOM, no DOCTYPE, CSS and never XSLT."""
    body = render(entry(title="Ä"))
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    assert "Ä".encode() in body
    root = tree(body)
    assert not root.getroottree().docinfo.doctype
    instruction = root.getprevious()
    assert isinstance(instruction, etree._ProcessingInstruction)
    assert (instruction.target, dict(instruction.attrib)) == ("xml-stylesheet", {"type": "text/css", "href": "feed.css"})
    assert instruction.getprevious() is None


def test_the_stylesheet_is_found_from_a_document_in_a_folder() -> None:
    own = replace(SELF, href="https://example.org/news/tags/sea/feed.xml")
    assert b'href="../../feed.css"' in render(links=(own, HOME))


def test_each_entry_stands_on_its_own_lines() -> None:
    """A change of one entry is a change of its lines, for people who compare documents."""
    before, after = (render(entry(1), entry(2, title=title), entry(3)).splitlines() for title in ("Old", "New"))
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [(b"<title>Old</title>", b"<title>New</title>")]
    assert before.count(b"<entry>") == 3


def test_same_feed_same_bytes_whatever_the_process() -> None:
    """rule 21: any PYTHONHASHSEED, TZ, LC_ALL."""
    script = f"import sys; from {Path(__file__).stem} import render, entry; sys.stdout.buffer.write(render(*map(entry, range(1, 5))))"
    bodies = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("1", "Asia/Tokyo", "C.UTF-8"), ("4711", "America/St_Johns", "de_DE.UTF-8")):
        environ = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": locale,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
        }
        bodies.add(subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, check=True).stdout)
    assert bodies == {render(*map(entry, range(1, 5)))}


_characters = st.text(st.characters(), max_size=12)


@settings(max_examples=60, deadline=None)
@given(_characters, _characters, _characters, _characters, _characters)
def test_no_text_can_keep_the_feed_from_being_written(title: str, summary: str, content: str, name: str, language: str) -> None:
    """rule 20, C4: any text there is, in any place, gives a document that is read back; what XML can carry arrives unchanged."""
    author, link = Person(name + "n", summary, title), Link(f"https://example.org/?{content}", title=summary)
    odd = entry(
        1,
        title="t" + title,
        summary=summary,
        content=content,
        authors=(author,),
        language=language,
        links=(link,),
        categories=(Category("c" + name),),
    )
    body = render(odd, entry(2))
    assert xml.check(body) == (odd.id, entry(2).id)
    found = first(odd)
    carried = {
        key: "".join(c if legal(c) else "\ufffd" for c in value)
        for key, value in {"title": odd.title, "summary": summary, "content": content}.items()
    }
    assert {key: value for key, value in texts(found).items() if key in carried} == {key: value for key, value in carried.items() if value}


# --- a feed for its whole life --------------------------------------------------------------------------------------

GONE = (Tombstone("urn:x:late", NOON), Tombstone("urn:x:early\ufffe", NOON - timedelta(days=3)))
ARCHIVE = tuple(
    Link(f"https://example.org/news/{path}", rel, "application/atom+xml")
    for path, rel in (
        ("archive/0002.xml", "self"),
        ("feed.xml", "current"),
        ("archive/0001.xml", "prev-archive"),
        ("archive/0003.xml", "next-archive"),
    )
)


def test_an_archive_says_so_and_where_it_stands() -> None:
    """rule 27, RFC 5005 section 4"""
    root = tree(render(entry(), archive=True, links=(*ARCHIVE, HOME)))
    assert len(root.findall("fh:archive", NS)) == 1
    assert [dict(link.attrib) for link in root.iterfind("a:link", NS)][:4] == [
        {"href": link.href, "rel": link.rel, "type": "application/atom+xml"} for link in ARCHIVE
    ]
    current = tree(render(entry(), links=(SELF, HOME, ARCHIVE[2], Link("https://hub.example.net/", "hub"))))
    assert current.find("fh:archive", NS) is None
    assert current.xpath("a:link/@rel", namespaces=NS) == ["self", "alternate", "prev-archive", "hub"]


def test_who_is_gone_stands_before_the_first_entry() -> None:
    """rule 29, RFC 6721 section 3: after it, the grammar of RFC 4287 fails."""
    body = render(entry(1), entry(2), tombstones=GONE)
    names = [etree.QName(child).localname for child in tree(body)]
    assert names[-4:] == ["deleted-entry", "deleted-entry", "entry", "entry"]
    assert [dict(one.attrib) for one in tree(body).iterfind("at:deleted-entry", NS)] == [
        {"ref": "urn:x:late", "when": "2026-11-22T12:00:00Z"},
        {"ref": "urn:x:early\ufffd", "when": "2026-11-19T12:00:00Z"},
    ]
    assert xml.check(body) == (entry(1).id, entry(2).id)
    assert structure_faults(tree(body)) == structure_faults(tree(render(archive=True, links=(*ARCHIVE, HOME), tombstones=GONE))) == []


def test_a_picture_of_the_site_is_its_icon() -> None:
    """rule 24: it is square; a picture that is not on the web is none."""
    for href, icon in (("https://example.org/cover ä.png", "https://example.org/cover%20%C3%A4.png"), ("cover.png", f"{SITE.base}icon.svg")):
        assert tree(render(site=replace(SITE, image=Image(href, "image/png", 3000, 3000)))).findtext("a:icon", namespaces=NS) == icon


def test_a_picture_of_an_entry_is_its_thumbnail() -> None:
    """rule 25: Media RSS knows URIs only; sizes stand where they are known."""
    pictures = (
        Image("https://example.org/ä.png", "image/png", 40, 30, "Boats"),
        Image("https://example.org/b.png"),
        Image("javascript:alert(1)"),
        None,
    )
    root = tree(render(*(entry(number, image=image) for number, image in enumerate(pictures, 1))))
    assert [[dict(one.attrib) for one in found.iterfind("media:thumbnail", NS)] for found in root.iterfind("a:entry", NS)] == [
        [{"url": "https://example.org/%C3%A4.png", "width": "40", "height": "30"}],
        [{"url": "https://example.org/b.png"}],
        [],
        [],
    ]


def test_namespaces_are_declared_once_at_the_top_and_only_where_something_is_in_them() -> None:
    """Readers that know prefixes only get the usual ones."""
    plain = render(entry(content='<pre>&lt;media:thumbnail xmlns:media="http://search.yahoo.com/mrss/"/&gt;</pre>'))
    assert plain.count(b"xmlns") == 2  # its own, and the text of the content
    full = render(entry(image=Image("https://example.org/b.png")), entry(2), archive=True, tombstones=GONE)
    assert full.splitlines()[2].count(b"xmlns") == full.count(b"xmlns") == 4
    assert {prefix: name for prefix, name in tree(full).nsmap.items() if prefix} == {prefix: name for prefix, name in NS.items() if prefix != "a"}


# --- what is made of an entry is made once --------------------------------------------------------------------------


def made(work: Callable[[], object]) -> int:
    """How many entries feedgen writes while `work` runs."""
    counts = calls(work)
    return counts["atom_entry"] + counts["rss_entry"]


@pytest.mark.parametrize("form", [xml.atom, xml.rss])
def test_a_document_has_the_same_bytes_whatever_is_remembered(form: Callable[..., bytes]) -> None:
    """rule 21: with nothing, everything, something else, and an older state of an entry remembered."""
    these = [
        entry(number, image=Image("https://example.org/b.png") if number % 2 else None, language="de" if number > 2 else None)
        for number in range(1, 5)
    ]
    documents = [
        feed(*these),
        feed(*these, summary_only=frozenset({these[0].id})),
        feed(*these, site=replace(SITE, language="de")),
        feed(replace(these[0], title="Edited"), *these[1:]),
        feed(*reversed(these), archive=True, links=(*ARCHIVE, HOME)),
        feed(),
    ]
    alone = []
    for document in documents:
        MEMO.clear()
        alone.append(form(document, generator_version="1"))
    assert [form(document, generator_version="1") for document in documents] == alone
    assert [form(document, generator_version="1") for document in reversed(documents)] == alone[::-1]


def test_an_entry_is_written_once_for_all_its_documents() -> None:
    MEMO.clear()
    these = [entry(number, authors=(ANN,)) for number in range(1, 11)]
    assert made(lambda: render(*these)) == 10
    assert made(lambda: render(*deepcopy(these), archive=True, links=(*ARCHIVE, HOME), tombstones=GONE)) == 0
    assert made(lambda: render(*these[2:5], updated=NOON + timedelta(hours=1), site=replace(SITE, title="Another"))) == 0
    assert made(lambda: xml.rss(feed(*these), generator_version="1")) == 10
    assert made(lambda: render(replace(these[0], summary="Edited."), *these[1:])) == 1
    assert made(lambda: render(*these, summary_only=frozenset({these[3].id}))) == 2  # and the edited one as it was
    told = replace(these[0], same_story=(Sibling("https://example.org/news/articles/2.html", "Again", NOON),))
    assert [made(partial(render, one)) for one in (told, these[0], told)] == [1, 0, 0]


def test_the_memory_of_entries_is_bounded_and_keeps_the_last_used() -> None:
    """In bytes, of the entries themselves too; one that is larger than all of it is made each time."""
    memo, large = Memo(200_000), [entry(number, content="x" * 20_000) for number in range(20)]
    count = Counter[str]()

    def get(one: Entry) -> Fragment:
        def make() -> etree._Element:
            count[one.id] += 1
            return etree.Element("entry", id=one.id, text=one.content)

        return memo.fragment(one, "atom", make)

    for one in large:
        assert get(large[0]).xml.startswith(f'<entry id="{large[0].id}"'.encode())
        get(one)
    assert set(count.values()) == {1}
    for one in large[-3:]:
        get(one)
    get(large[1])
    assert (count[large[0].id], count[large[1].id], count[large[-1].id]) == (1, 2, 1)
    for edit in range(20):
        get(entry(3, content="x" * 20_000, title=f"Edited {edit}"))
    get(large[1])
    assert (count[large[3].id], count[large[1].id]) == (21, 2)  # what an entry was before weighs nothing
    huge = entry(99, content="x" * 300_000)
    assert get(huge) == get(huge)
    assert count[huge.id] == 2


# --- RFC 4287 -------------------------------------------------------------------------------------------------------

FEED_ONCE = {"id", "title", "updated", "generator", "icon", "logo", "rights", "subtitle"}
ENTRY_ONCE = {"id", "title", "updated", "published", "content", "summary", "rights", "source"}
ATTRIBUTES = {
    "link": {"href", "rel", "type", "hreflang", "title", "length"},
    "category": {"term", "scheme", "label"},
    "generator": {"uri", "version"},
    "content": {"type"},
    "entry": {LANG},
}


def structure_faults(root: etree._Element) -> list[str]:
    """What a document has that sections 4.1.1, 4.1.2 and 3.2 of RFC 4287 do not allow, or lacks that they ask for."""
    faults = []
    for parent, once in [(root, FEED_ONCE), *((element, ENTRY_ONCE) for element in root.iterfind("a:entry", NS))]:
        counts = Counter(etree.QName(child).localname for child in parent)
        faults += [f"{name} x {counts[name]}" for name in once if counts[name] > 1]
        faults += [f"no {name}" for name in ("id", "title", "updated") if not counts[name]]
        known = once | {"author", "contributor", "category", "link", "entry", "archive", "deleted-entry", "thumbnail"}
        faults += [f"unknown {name}" for name in counts if name not in known]
        links = [link for link in parent.iterfind("a:link", NS) if link.get("rel", "alternate") == "alternate"]
        alternates = Counter((link.get("type"), link.get("hreflang")) for link in links)
        faults += [f"alternate twice: {key}" for key, count in alternates.items() if count > 1]
        if not alternates:
            faults.append("no alternate link")
    if {etree.QName(child).localname for entry in root.iterfind("a:entry", NS) for child in entry.itersiblings()} > {"entry"}:
        faults.append("something stands after an entry")
    for element in root.iterdescendants(f"{{{NS['a']}}}*"):
        name = etree.QName(element).localname
        faults += [f"{name}/@{key}" for key in element.attrib if key not in ATTRIBUTES.get(name, set())]
    return faults


def test_the_structure_is_that_of_rfc_4287() -> None:
    """rules 3, 7: sparse, full and shortened entries."""
    second = Link("https://example.org/news/articles/2.pdf", "enclosure", "application/pdf", length=0)
    full = entry(2, authors=(ANN,), categories=(Category("a"), Category("b")), links=(*entry(2).links, second), rights="r", language="fr")
    root = tree(render(entry(1), full, entry(3, summary="", content=""), summary_only=frozenset({entry(1).id})))
    assert structure_faults(root) == []


# --- feedgen's twelve traps: what feedgen does by itself, and that our documents are free of it ------------------------


def feedgen_alone(**link: str) -> tuple[FeedGenerator, FeedEntry]:
    generator = FeedGenerator()
    generator.id("urn:f")
    generator.title("f")
    generator.description("d")
    generator.link(href="https://example.org/")
    generator.updated(NOON)
    element = generator.add_entry()
    element.id("urn:e")
    element.title("t")
    element.updated(NOON)
    element.link(href="https://example.org/1")
    if link:
        element.link(**link)
    return generator, element


def calls(work: Callable[[], object]) -> Counter[str]:
    """How often each Python function is called while `work` runs."""
    counts: Counter[str] = Counter()

    def seen(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            counts[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counts


def test_trap_1_an_enclosure_is_no_second_alternate() -> None:
    """rules 7, 8: feedgen keeps an entry link's href alone."""
    enclosure = {"href": "https://example.org/1.mp3", "rel": "enclosure", "type": "audio/mpeg", "length": "7"}
    assert structure_faults(tree(feedgen_alone(**enclosure)[0].atom_str())) == ["alternate twice: (None, None)"]
    links = (*entry().links, Link("https://example.org/1.mp3", "enclosure", "audio/mpeg", length=7))
    assert [dict(link.attrib) for link in first(entry(links=links)).iterfind("a:link", NS)][1] == enclosure


@pytest.mark.parametrize("rel", ["license", "replies", "next", "https://example.org/rel/own"])
def test_trap_2_an_entry_link_may_have_any_relation(rel: str) -> None:
    """feedgen refuses all but five."""
    with pytest.raises(ValueError, match="Invalid value for rel"):
        feedgen_alone(href="https://example.org/", rel=rel)
    found = first(entry(links=(*entry().links, Link("https://example.org/x", rel)))).findall("a:link", NS)
    assert [link.get("rel") for link in found] == ["alternate", rel]


def test_trap_3_entries_keep_their_order_and_their_times() -> None:
    """rules 21, 22: feedgen prepends, and takes the time of the call, with microseconds, for `updated`."""
    root = tree(render(entry(1), entry(3), entry(2), updated=NOON))
    assert root.xpath("a:entry/a:id/text()", namespaces=NS) == [entry(1).id, entry(3).id, entry(2).id]
    assert root.xpath("//a:updated/text()", namespaces=NS) == [
        "2026-11-22T12:00:00Z",
        "2026-11-22T11:00:00Z",
        "2026-11-22T09:00:00Z",
        "2026-11-22T10:00:00Z",
    ]


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_trap_4_a_character_xml_cannot_carry_spoils_no_feed(bad: str) -> None:
    """rule 20, C4: feedgen raises while it serializes, and names no entry."""
    generator, element = feedgen_alone()
    element.summary(f"a{bad}b")
    with pytest.raises(ValueError, match=r"XML compatible|surrogates not allowed"):
        generator.atom_str()
    link = replace(entry().links[0], title=f"a{bad}b")
    odd = entry(1, title=f"a{bad}b", summary=f"a{bad}b", content=f"<p>a{bad}b</p>", authors=(Person(f"a{bad}b"),), links=(link,))
    found = parsed(render(odd, entry(2))).entries
    assert [found[0].title, found[0].summary, found[0].author, found[0].links[0].title] == ["a\ufffdb"] * 4
    assert found[0].content[0].value == "<p>a\ufffdb</p>"
    assert found[1].title == "Title 2"


def test_trap_4_content_is_not_normalized_while_it_is_mended() -> None:
    """C13: joining a mark to the ">" of a tag would open the tag again, after the sanitizer has passed it."""
    content = "<p>\u0338\x00 onclick=alert(1) </p>"
    assert first(entry(content=content)).findtext("a:content", namespaces=NS) == content.replace("\x00", "\ufffd")


def test_trap_4_an_entry_without_a_title_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="needs an id and a title"):
        entry(title=" ")


def test_trap_5_content_is_always_html_and_never_cdata() -> None:
    """rules 14, 16: feedgen writes type="CDATA" when asked to, and content without a type shows its tags as text."""
    body = render(entry(content="<p>a</p>"), entry(2, content="plain"))
    assert [element.get("type") for element in tree(body).iterfind(".//a:content", NS)] == ["html", "html"]
    assert b"CDATA" not in body
    assert tree(body).xpath("//a:title[@type!='text'] | //a:summary[@type!='text']", namespaces=NS) == []


def test_trap_6_the_locale_of_the_process_is_left_alone() -> None:
    """feedgen's RSS dates set and reset it, for all threads."""
    rss, _ = feedgen_alone()
    assert calls(rss.rss_str)["setlocale"] > 0
    assert calls(lambda: render(entry()))["setlocale"] == 0


def test_trap_7_authors_need_no_email_and_links_no_length() -> None:
    """feedgen drops an RSS author without an address, and writes length="None" for an enclosure of unknown size."""
    rss, item = feedgen_alone()
    item.author(name="Ann")
    item.enclosure("https://example.org/1.mp3", None, "audio/mpeg")
    channel = tree(rss.rss_str())
    assert channel.find(".//item/author") is None
    assert channel.xpath("string(//enclosure/@length)") == "None"
    authors = (Person("Ann"), Person("Bo", email="bo@example.org"))
    element = first(entry(authors=authors, links=(*entry().links, Link("https://example.org/1.mp3", "enclosure", "audio/mpeg"))))
    assert element.xpath("a:author/a:name/text()", namespaces=NS) == ["Ann", "Bo"]
    assert element.xpath("a:link/@length", namespaces=NS) == []


def test_trap_8_no_extension_of_feedgen_is_used() -> None:
    """Its syndication module writes element names that do not exist, its media module groups nobody asked for."""
    rss, item = feedgen_alone()
    rss.load_extension("syndication")
    rss.syndication.update_period("hourly")
    rss.load_extension("media")
    item.media.thumbnail(url="https://example.org/1.png")
    assert {"UpdatePeriod", "group"} <= {etree.QName(element).localname for element in tree(rss.rss_str()).iter(etree.Element)}
    assert {etree.QName(element).namespace for element in tree(render(entry())).iter(etree.Element)} == {NS["a"]}


@pytest.mark.parametrize(
    "address", ["", " ", "javascript:alert(1)", "JavaScript:alert(1)", "\tjavascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "a.html"]
)
def test_trap_9_addresses_that_are_not_on_the_web_are_left_out(address: str) -> None:
    """rules 19, 57, C14: feedgen takes any."""
    feedgen_alone(href=address, rel="related")[0].atom_str()
    element = first(entry(authors=(Person("Ann", address),), links=(*entry().links, Link(address, "related"))))
    assert element.xpath("a:link/@rel", namespaces=NS) == ["alternate"]
    assert element.xpath("a:author/*/text()", namespaces=NS) == ["Ann"]


def test_trap_9_addresses_on_the_web_stay_as_they_are_written() -> None:
    links = (*entry().links, Link("HTTPS://Example.org/Ä?a=1&b=[2]", "related"))
    assert first(entry(links=links)).xpath("a:link[2]/@href", namespaces=NS) == ["HTTPS://Example.org/Ä?a=1&b=[2]"]


def test_trap_9_two_entries_with_one_id_are_refused() -> None:
    """rule 9: feedgen writes both."""
    with pytest.raises(PublishError, match=f"two entries have the id {entry().id}"):
        xml.check(render(entry(), entry()))


def test_trap_9_values_are_not_changed_by_rendering() -> None:
    """feedgen changes the dicts it is given; two renderings of one feed are the same."""
    document = feed(entry(categories=(Category("a"),), authors=(ANN,)))
    assert xml.atom(document, generator_version="1") == xml.atom(document, generator_version="1")


def test_trap_10_nothing_is_written_in_place() -> None:
    """O4: feedgen's *_file functions let readers see half a document; bytes leave this room, files are the publisher's."""
    sources = [ast.parse(module.read_text(encoding="utf-8")) for module in Path(xml.__file__).parent.glob("*.py")]
    nodes = [node for source in sources for node in ast.walk(source)]
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {node.id for node in nodes if isinstance(node, ast.Name)}
    assert "atom_str" in names
    assert not {name for name in names if name.endswith("_file") or name in {"open", "write", "write_bytes"}}


def test_trap_11_an_old_feedgen_cannot_be_installed() -> None:
    """feedgen 1.0 has no wheel: `--only-binary` would quietly take 0.4, whose defects are others."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (needed,) = (found for found in map(Requirement, project["dependencies"]) if found.name == "feedgen")
    assert not any(needed.specifier.contains(old) for old in ("0.4.0", "0.9.0", "2.0"))
    assert needed.specifier.contains(version("feedgen"))


def test_trap_12_the_work_grows_with_the_entries_and_no_faster() -> None:
    """Counted in function calls, not in seconds, and with nothing remembered."""
    few, many = ([entry(number, summary=f"Of {count}.") for number in range(count)] for count in (50, 200))
    assert calls(lambda: render(*many)).total() < 4.2 * calls(lambda: render(*few)).total()


# --- check ----------------------------------------------------------------------------------------------------------


def test_a_sound_document_gives_its_entry_ids_in_order() -> None:
    """O11"""
    assert xml.check(render(entry(2), entry(1))) == (entry(2).id, entry(1).id)
    assert xml.check(render()) == ()
    assert xml.check(render(archive=True, tombstones=GONE)) == ()


BOMB = b'<!DOCTYPE feed [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
SOUND = render(entry())
TOMBSTONE = b'<deleted-entry xmlns="http://purl.org/atompub/tombstones/1.0" ref="urn:x:gone" when="2026-11-22T12:00:00Z"/>'


def test_a_published_feed_tells_its_id() -> None:
    """S10: where the ledger is lost, it is the only one who knows."""
    assert xml.feed_id(SOUND) == SITE.id
    assert xml.feed_id(render()) == SITE.id


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html/>",
        SOUND[:-20],
        SOUND.replace(b"<feed", BOMB + b"<feed", 1),
        SOUND.replace(SITE.id.encode(), b"", 1),
        SOUND.replace(SITE.id.encode(), b"not an id", 1),
        SOUND.replace(SITE.id.encode(), b"/relative", 1),
        SOUND.replace(b"<id>", b"<id>urn:x:another</id><id>", 1),
    ],
)
def test_an_odd_document_tells_no_id(body: bytes) -> None:
    assert body != SOUND
    assert xml.feed_id(body) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not well-formed"),
        (SOUND[:-20], "not well-formed"),
        (SOUND.replace(b"<entry>", b"<entry>\x00"), "not well-formed"),
        (SOUND.replace(b"<feed", BOMB + b"<feed", 1), "DOCTYPE"),
        (b'<!DOCTYPE feed SYSTEM "file:///etc/passwd"><feed/>', "DOCTYPE"),
        (b"<rss version='2.0'/>", "its root is rss"),
        (b"<feed/>", "its root is feed"),
        (SOUND.replace(b"Harbour News</title>", b"</title>", 1), "the feed needs one title"),
        (SOUND.replace(b"Title 1", b" "), "entry 1 needs one title"),
        (SOUND.replace(entry().id.encode(), b""), "entry 1 needs one id"),
        (SOUND.replace(b"<updated>2026-11-22T11:00:00Z</updated>", b""), "entry 1 needs one updated"),
        (SOUND.replace(b"<entry>", b"<entry><title>Another</title>"), "entry 1 needs one title"),
        (SOUND.replace(b'articles/1.html" rel="alternate"', b'articles/1.html" rel="related"'), "entry 1 has no alternate link"),
        (SOUND.replace(b'href="https://example.org/news/articles/1.html"', b'href=""'), "entry 1 has no alternate link"),
        (SOUND.replace(b"</feed>", TOMBSTONE + b"</feed>"), "a tombstone stands after an entry"),
        (render(entry(1), entry(2)).replace(b"</entry>", b"</entry>" + TOMBSTONE, 1), "a tombstone stands after an entry"),
        (
            SOUND.replace(b"<entry>", TOMBSTONE.replace(b"urn:x:gone", entry().id.encode()) + b"<entry>"),
            f"an entry and a tombstone have the id {entry().id}",
        ),
        (SOUND.replace(b"<entry>", TOMBSTONE * 2 + b"<entry>"), "two tombstones are for the id urn:x:gone"),
        (SOUND.replace(b"<entry>", TOMBSTONE.replace(b"ref", b"by") + b"<entry>"), "a tombstone needs ref and when"),
        (SOUND.replace(b"<entry>", TOMBSTONE.replace(b"when", b"then") + b"<entry>"), "a tombstone needs ref and when"),
    ],
)
def test_a_document_that_is_not_sound_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    """O11"""
    assert body != SOUND
    with pytest.raises(PublishError, match=reason):
        xml.check(body)


def test_who_tells_the_same_story_follows_the_authors_links() -> None:
    """RFC 4287 section 4.2.7.2: rel=related, with type and title."""
    sibling = Sibling("https://example.org/news/articles/2.html", "AT&T, again", NOON)
    element = first(entry(links=(*entry().links, Link("https://example.net/", "related")), same_story=(sibling,)))
    assert [dict(link.attrib) for link in element.findall("a:link[@rel='related']", NS)] == [
        {"href": "https://example.net/", "rel": "related"},
        {"href": "https://example.org/news/articles/2.html", "rel": "related", "type": "text/html", "title": "AT&T, again"},
    ]


def test_a_title_of_a_link_that_readers_would_take_for_markup_is_left_out() -> None:
    """rules 2, 14: in an attribute nothing can be spelled so that they do not."""
    titles = ("AT&amp;T", "<b>bold</b>", "3 < 5 & more", "C&A; and so on")
    links = (Link(f"https://example.org/{number}", "related", title=title) for number, title in enumerate(titles))
    told = first(entry(links=(*entry().links, *links)))
    assert [link.get("title") for link in told.iterfind("{*}link[@rel='related']")] == [None, None, "3 < 5 & more", None]
