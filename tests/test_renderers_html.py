"""The pages for people: what they say, what they never do, and that every link on them opens something."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote, urljoin, urlsplit

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feeder
from feeder import facets
from feeder.model import Category, Entry, Image, Link, Look, Person, Sibling, Site
from feeder.renderers.html import SHOWN, VERSION, Pages, static

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType
    from xml.etree.ElementTree import Element

PACKAGE = Path(feeder.__file__).parent
BASE = "https://example.org/blog/"
HOSTILE = "</title><script>alert(1)</script> AT&T 3 < 5 &amp; \"a\" 'b' {{ 7 * 7 }} {% raw %}"
LABEL = '日本 & "C++">\u202e<script>alert(1)</script> #?%2F'
SITE = Site("tag:example.org,2026:harbour", "Notes from the harbour", BASE, authors=(Person("Marta"),), subtitle="Ships", rights="© Marta")


PAGES = Pages(SITE)


def entry(slug: str = "fog", *links: Link, base: str = BASE, **facts: object) -> Entry:
    """An entry that says nothing of interest but for `facts`."""
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    plain = Entry(f"urn:x:{slug}", "Fog", noon, noon, "Fog again.", "<p>Fog.</p>", (Link(f"{base}articles/{slug}.html"), *links))
    return replace(plain, **facts)  # type: ignore[arg-type]  # the keywords are Entry's own


@cache
def parse(page: bytes) -> Element:
    """The tree of a page as a browser builds it; any parse error fails the test."""
    return cast("Element", html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page))


def text(element: Element | None) -> str:
    assert element is not None
    return "".join(element.itertext())


def found(page: bytes, path: str) -> list[Element]:
    return parse(page).findall(f".//{path}")


def one(page: bytes, path: str) -> Element:
    (element,) = found(page, path)
    return element


@cache
def published(site: Site) -> dict[str, bytes]:
    """A whole small site, as paths and bytes, with everything on it that a page can show."""
    pages = Pages(site)
    rich = entry(
        "rich",
        Link("https://example.net/source", "via", title="The Gazette", hreflang="sv"),
        Link(f"{site.base}media/fog.mp3", "enclosure", "audio/mpeg"),
        base=site.base,
        title=HOSTILE,
        summary=HOSTILE,
        content='<h2 id="a">Omen</h2><pre><code>a\n b</code></pre><table><tbody><tr><td>1</td></tr></tbody></table>',
        updated=datetime(2026, 12, 1, tzinfo=UTC),
        authors=(Person("Ann", "https://example.net/ann"), Person("Bo", "javascript:alert(1)")),
        categories=(Category("fog", label="Fog & rain"), Category("sea"), Category(LABEL)),
        image=Image(f"{site.base}media/fog.jpg", "image/jpeg", 640, 480, HOSTILE),
        language="ar",
        same_story=(
            Sibling(f"{site.base}articles/fog.html", HOSTILE, datetime(2026, 11, 21, tzinfo=UTC)),
            Sibling(f"{site.base}articles/%E6%B8%AF.html", "港", datetime(2026, 11, 20, tzinfo=UTC)),
        ),
    )
    entries = (rich, entry("%E6%B8%AF", base=site.base, language="ja"), entry(base=site.base))
    shared = (facets.tag("fog"), facets.tag(LABEL), facets.author("Ann"), *facets.folders(f"2026/{LABEL}/rich.md"))
    return {
        "articles/rich.html": pages.article(rich, facets=shared),
        "articles/港.html": pages.article(entries[1]),
        "articles/fog.html": pages.article(entries[2]),
        "articles/gone.html": pages.gone("Fog & rain", f"{site.base}articles/gone.html"),
        "index.html": pages.index(entries, (("2026-11", 3), ("2026-10", 9)), kinds=("folders", "authors", "tags")),
        "archive/2026-11.html": pages.month("2026-11", entries),
        "archive/2026-10.html": pages.month("2026-10", ()),
        **{f"{facet.address}/index.html": pages.group(facet, entries, ("2026", "2025")) for facet in shared},
        **{f"{facet.address}/{year}.html": pages.year(facet, year, entries) for facet in shared for year in ("2026", "2025")},
        **{f"{kind}/index.html": pages.directory(kind, [facet for facet in shared if facet.kind == kind]) for kind in ("tags", "authors", "folders")},
        "404.html": pages.missing(),
        **{f"{facet.address}/feed.xml": b"" for facet in shared},
        **dict.fromkeys(("feed.xml", "rss.xml", "feed.json", "feeds.opml", "media/fog.jpg", "media/fog.mp3"), b""),
        **{document.path: document.body for document in static(SITE)},
    }


def pages_of(site: Site) -> Iterator[tuple[str, bytes]]:
    return ((path, body) for path, body in published(site).items() if path.endswith(".html"))


@pytest.mark.parametrize("site", [SITE, replace(SITE, language="he", rights=None, subtitle=None, authors=())], ids=["english", "hebrew"])
def test_every_page_is_valid_html_with_one_h1_one_main_and_a_skip_link(site: Site) -> None:
    for path, body in pages_of(site):
        tree = parse(body)
        assert body.startswith(b"<!doctype html>\n"), path
        assert len(tree.findall(".//h1")) == 1, path
        assert text(tree.find(".//h1")).strip(), path
        assert [element.get("id") for element in tree.iter("main")] == ["main"], path
        assert tree.find("body/a").get("href") == "#main", path  # type: ignore[union-attr]
        assert all(tree.find(f".//{landmark}") is not None for landmark in ("header", "footer", "nav")), path
        ids = [element.get("id") for element in tree.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), path
        assert tree.find("head/meta[@name='viewport']") is not None, path
        assert tree.find("head/meta[@name='description']").get("content"), path  # type: ignore[union-attr]


def test_no_page_carries_active_content_or_loads_anything_from_another_host() -> None:
    """C13 `rule 57`: not even our own pages need a script, and the policy forbids what sanitizing might let through.

    A <script> of JSON is a block of data (HTML section 4.12.1): nothing runs it, with or without a policy.
    """
    for path, body in pages_of(SITE):
        for element in parse(body).iter():
            assert element.tag != "script" or element.attrib == {"type": "application/ld+json"}, path
            assert element.tag not in {"style", "iframe", "object", "embed", "form", "base"}, path
            assert not [name for name in element.attrib if name == "style" or name.startswith("on")], path
            assert "javascript:" not in "".join(element.attrib.values()), path
            loaded = element.get("src") or (element.get("href") if element.get("rel") in {"stylesheet", "icon"} else None)
            assert loaded is None or not urlsplit(loaded).netloc, path


def test_the_content_security_policy_stands_before_anything_is_loaded() -> None:
    for path, body in pages_of(SITE):
        head = parse(body).find("head")
        assert head is not None
        charset, policy, *_ = head
        assert charset.get("charset") == "utf-8", path
        assert policy.get("http-equiv") == "Content-Security-Policy", path
        allowed = dict(rule.split(" ", 1) for rule in (policy.get("content") or "").split("; "))
        assert allowed.pop("default-src") == "'none'", path
        assert allowed.pop("style-src") == "'self'", path
        assert set(allowed) == {"img-src", "media-src", "base-uri", "form-action"}, path


@pytest.mark.parametrize("base", [BASE, "https://example.org/", "http://127.0.0.1:8000/", "https://example.org/~m/日記/"])
def test_every_link_between_our_pages_opens_something_we_publish(base: str) -> None:
    site = replace(SITE, base=base)
    paths = published(site)
    for path, body in pages_of(site):
        shown_at = "no/such/place.html" if path == "404.html" else path
        tree = parse(body)
        for target in (value for element in tree.iter() for name in ("href", "src") if (value := element.get(name))):
            address, _, fragment = urljoin(base + shown_at, target).partition("#")
            if not address.startswith(base):
                assert address.startswith("https://example.net/"), (path, target)
                continue
            opened = unquote(address.removeprefix(base))
            opened += "index.html" if opened.endswith("/") or not opened else ""
            assert opened in paths or opened == shown_at, (path, target)
            if fragment and opened in paths:
                assert parse(paths[opened]).find(f".//*[@id='{fragment}']") is not None, (path, target)


def test_pages_work_under_any_address_because_only_the_404_page_names_the_base_path() -> None:
    assert one(PAGES.article(entry()), "link[@rel='stylesheet']").get("href") == "../style.css"
    assert one(PAGES.index((), ()), "link[@rel='stylesheet']").get("href") == "style.css"
    assert one(PAGES.missing(), "link[@rel='stylesheet']").get("href") == "/blog/style.css"


def test_an_article_that_lives_elsewhere_is_linked_where_it_lives() -> None:
    elsewhere = entry(base="https://old.example/")
    assert one(PAGES.index([elsewhere], ()), "a[@class='u-url']").get("href") == "https://old.example/articles/fog.html"
    assert one(PAGES.article(elsewhere), "link[@rel='stylesheet']").get("href") == f"{BASE}style.css"


def test_canonical_addresses_and_the_feeds_are_absolute() -> None:
    """`rule 59`: a feed reader given any page finds the feed, in all its forms, Atom first; on a tag's pages the tag's before them."""
    forms = [("application/atom+xml", "feed.xml"), ("application/rss+xml", "rss.xml"), ("application/feed+json", "feed.json")]
    for path, body in pages_of(SITE):
        feeds = [(feed.get("type"), feed.get("href")) for feed in found(body, "head/link[@rel='alternate']")]
        assert feeds[-3:] == [(media_type, BASE + name) for media_type, name in forms], path
        folder = path.rpartition("/")[0]
        assert feeds[:-3] == ([("application/atom+xml", f"{BASE}{quote(folder)}/feed.xml")] if f"{folder}/feed.xml" in published(SITE) else []), path
    assert one(PAGES.article(entry()), "link[@rel='canonical']").get("href") == f"{BASE}articles/fog.html"
    assert one(PAGES.index((), ()), "link[@rel='canonical']").get("href") == BASE
    assert one(PAGES.month("2026-11", ()), "link[@rel='canonical']").get("href") == f"{BASE}archive/2026-11.html"


@pytest.mark.parametrize(
    ("language", "direction"),
    [
        ("en", "ltr"),
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("FA", "rtl"),
        ("ar-Latn", "ltr"),
        ("az-Arab-IR", "rtl"),
        ("zh-Hant-TW", "ltr"),
        ("de-1996", "ltr"),
        ("ar-u-nu-latn", "rtl"),
        ("en-x-arab", "ltr"),
    ],
)
def test_a_page_is_in_its_articles_language_and_runs_its_way(language: str, direction: str) -> None:
    html = parse(PAGES.article(entry(language=language)))
    assert (html.get("lang"), html.get("dir")) == (language, direction)


def test_an_article_without_a_language_has_the_sites() -> None:
    assert parse(Pages(replace(SITE, language="fa")).article(entry())).attrib == {"lang": "fa", "dir": "rtl"}


def test_in_a_list_only_an_article_in_another_language_says_so() -> None:
    entries = [entry("a"), entry("b", language="en"), entry("c", language="ar")]
    marks = [(element.get("lang"), element.get("dir")) for element in found(PAGES.index(entries, ()), "article")]
    assert marks == [(None, None), (None, None), ("ar", "rtl")]


@pytest.mark.parametrize(
    ("language", "day", "month"),
    [
        ("en-GB", "3 February 2026", "February 2026"),
        ("ja", "2026年2月3日", "2026年2月"),
        ("zh-Hant", "2026年2月3日", "2026年2月"),
        ("ko", "2026년 2월 3일", "2026년 2월"),
        ("de", "2026-02-03", "2026-02"),
        ("ar", "2026-02-03", "2026-02"),
    ],
)
def test_dates_cannot_be_misread_in_any_language(language: str, day: str, month: str) -> None:
    when = datetime(2026, 2, 3, 23, 59, 59, tzinfo=UTC)
    pages = Pages(replace(SITE, language=language))
    time = one(pages.article(entry(published=when, updated=when)), "time")
    assert (time.get("datetime"), time.text, time.get("dir")) == ("2026-02-03T23:59:59Z", day, "ltr")
    assert text(one(pages.month("2026-02", ()), "h1")) == month


def test_an_update_is_dated_only_when_it_came_on_a_later_day() -> None:
    same_day = entry(updated=datetime(2026, 11, 22, 23, tzinfo=UTC))
    later = entry(updated=datetime(2026, 11, 24, tzinfo=UTC))
    for render in (PAGES.article, lambda one_entry: PAGES.month("2026-11", [one_entry])):
        assert not found(render(same_day), "time[@class='dt-updated']")
        assert text(one(render(later), "time[@class='dt-updated']")) == "24 November 2026"


def test_a_hostile_title_and_summary_are_escaped_exactly_once() -> None:
    """C13 `rule 15`: a title is text, in the heading, in the window's title, in every list."""
    pages, hostile = Pages(replace(SITE, title=HOSTILE)), entry(title=HOSTILE, summary=HOSTILE)
    article, index = pages.article(hostile), pages.index([hostile], ())
    assert text(one(article, "h1")) == text(one(index, "h1")) == text(one(article, "title")) == HOSTILE
    assert one(article, "meta[@name='description']").get("content") == HOSTILE
    assert text(one(index, "article/h3")) == text(one(index, "p[@class='p-summary']")) == HOSTILE
    assert HOSTILE in text(one(pages.gone(HOSTILE, hostile.permalink), "main"))


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip))
def test_any_title_is_read_back_as_it_was_written(title: str) -> None:
    assert text(one(PAGES.article(entry(title=title)), "h1")) == title


def test_content_is_marked_safe_at_exactly_one_place() -> None:
    """Beside the JSON for machines, which is no markup at all, and the QR code, which is our own drawing."""
    sources = [*sorted((PACKAGE / "renderers").rglob("*.py")), *(PACKAGE / "renderers" / "templates").glob("*.html")]
    marks = [source.name for source in sources for _ in re.findall(r"\|\s*safe|Markup\(|autoescape\s+false|__html__", source.read_text())]
    assert sorted(marks) == ["_templates.py", "article.html", "subscribe.html"]
    assert (PACKAGE / "renderers/templates/subscribe.html").read_text().count('feed|qr("QR code of the feed’s address")|safe') == 1


def test_content_is_passed_on_byte_for_byte() -> None:
    content = "<h2>Omen</h2>\n<pre><code>a\n  b\n</code></pre><p>&lt;b&gt; &amp;amp; ünï</p>"
    assert content.encode() in PAGES.article(entry(content=content))


def test_an_article_names_its_authors_sources_and_tags_but_links_only_to_the_web() -> None:
    """C13: a `javascript:` address in front matter never becomes a link."""
    links = (
        Link("HTTPS://example.net/a", "via", title="Gazette"),
        Link("javascript:alert(1)", "related"),
        Link("https://example.net/f.mp3", "enclosure"),
    )
    authors = (Person("Ann", "https://example.net/ann"), Person("Bo", "data:text/html,x"), Person("Cy"))
    page = PAGES.article(entry("fog", *links, authors=authors, categories=(Category("t", label="Tag"), Category("u")), rights="CC0"))
    assert [text(item) for item in found(page, "ul[@class='links']/li")] == ["Source Gazette", "Download https://example.net/f.mp3"]
    assert [item.get("href") for item in found(page, "*[@class='p-author h-card']")] == ["https://example.net/ann", None, None]
    assert [text(item) for item in found(page, "li[@class='p-category']")] == ["Tag", "u"]
    assert text(one(page, "footer//small")) == "CC0"


def test_an_article_without_authors_or_rights_has_the_sites() -> None:
    page = PAGES.article(entry())
    assert text(one(page, "*[@class='p-author h-card']")) == "Marta"
    assert text(one(page, "footer//small")) == "© Marta"
    assert not found(page, "ul")


def test_the_index_gives_the_feeds_address_as_one_piece_of_text() -> None:
    page = PAGES.index([entry()], ())
    assert text(one(page, "aside[@id='subscribe']//code")) == f"{BASE}feed.xml"
    assert "user-select: all" in (PACKAGE / "renderers/templates/style.css").read_text()


def test_the_index_keeps_the_order_given_and_leads_to_the_months_when_there_is_more_than_it_shows() -> None:
    entries = [entry(f"a{number}", title=f"Title {number}") for number in range(SHOWN + 1)]
    months = (("2026-10", 1), ("2026-11", SHOWN))
    full = PAGES.index(entries, months)
    assert [text(title) for title in found(full, "article/h3")] == [f"Title {number}" for number in range(SHOWN)]
    assert [(link.get("href"), text(link)) for link in found(full, "nav[@class='months']//a")] == [
        ("archive/2026-11.html", "November 2026"),
        ("archive/2026-10.html", "October 2026"),
    ]
    assert not found(PAGES.index(entries[:2], (("2026-11", 2),)), "nav[@class='months']")


def test_an_index_without_articles_says_so() -> None:
    assert "Nothing has been published yet" in text(one(PAGES.index((), ()), "main"))


def test_lists_and_articles_are_h_feeds_of_h_entries() -> None:
    for page, properties in (
        (PAGES.article(entry()), {"p-name", "u-url", "dt-published", "p-author", "e-content"}),
        (PAGES.index([entry()], ()), {"h-feed", "p-name", "u-url", "dt-published", "p-summary"}),
        (PAGES.month("2026-11", [entry()]), {"h-feed", "p-name", "u-url", "dt-published", "p-summary"}),
    ):
        classes = {name for element in parse(page).iter() for name in (element.get("class") or "").split()}
        assert classes >= properties | {"h-entry"}
    assert text(one(PAGES.month("2026-11", ()), "main[@class='h-feed']/h1[@class='p-name']")) == "November 2026"


def test_a_withdrawn_article_says_so_and_asks_not_to_be_indexed() -> None:
    """`rule 53`: the page that is served with 410."""
    named, unnamed = PAGES.gone("Fog", f"{BASE}articles/fog.html"), PAGES.gone(None, f"{BASE}articles/fog.html")
    for page in (named, unnamed):
        assert text(one(page, "h1")) == "This article was withdrawn"
        assert one(page, "meta[@name='robots']").get("content") == "noindex"
        assert not found(page, "link[@rel='canonical']")
    assert "“Fog” is no longer published here." in text(one(named, "main"))
    assert "“" not in text(one(unnamed, "main"))


def run(package_parent: Path, code: str, **environ: str) -> str:
    """What `code` prints in a process of its own, outside of coverage: it may run a copy of the package."""
    command = [sys.executable, "-B", "-c", code]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return subprocess.run(command, cwd=package_parent, env={**inherited, **environ}, check=True, capture_output=True, text=True).stdout


def test_the_same_site_has_the_same_bytes_in_every_process() -> None:
    """`rule 21`: under any hash seed, time zone and locale."""
    code = "import hashlib, tests.test_renderers_html as t; print(hashlib.sha256(repr(t.published(t.SITE)).encode()).hexdigest())"
    elsewhere = run(PACKAGE.parent, code, PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C")
    assert elsewhere.strip() == hashlib.sha256(repr(published(SITE)).encode()).hexdigest()


def test_a_changed_template_stylesheet_or_renderer_changes_the_version(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "feeder", ignore=shutil.ignore_patterns("__pycache__"))
    versions = [run(tmp_path, code := "from feeder.renderers.html import VERSION; print(VERSION)").strip()]
    assert versions == [VERSION]
    for name in ("templates/article.html", "templates/style.css", "html.py", "jsonfeed.py", "xml/_atom.py"):
        file = tmp_path / "feeder/renderers" / name
        file.write_text(file.read_text().replace("a", "o", 1) if not name.endswith(".py") else file.read_text() + "\n")
        versions.append(run(tmp_path, code).strip())
    assert len(set(versions)) == 6


def test_static_documents_are_small_and_load_nothing() -> None:
    documents = {document.path: document for document in static(SITE)}
    assert {path: document.media_type for path, document in documents.items()} == {
        "style.css": "text/css",
        "feed.css": "text/css",
        "icon.svg": "image/svg+xml",
        "favicon.ico": "image/x-icon",
        "apple-touch-icon.png": "image/png",
    }
    for path in ("style.css", "feed.css"):
        css = documents[path].body.decode("ascii")
        assert len(css) <= 15 * 1024
        assert "url(" not in css
        assert "@import" not in css
        assert css.count("{") == css.count("}")


def test_text_has_enough_contrast_in_light_and_dark() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 or better, for each colour of text on each background."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    css = (PACKAGE / "renderers/templates/style.css").read_text()
    schemes = [dict(re.findall(r"--(\w+): (#\w{6});", part)) for part in css.split("@media")[:2]]
    for scheme in schemes:
        for ink in ("ink", "soft", "accent"):
            for paper in ("paper", "wash"):
                dark, light = sorted((luminance(scheme[ink]), luminance(scheme[paper])))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper, scheme)


def test_a_page_names_who_tells_the_same_story_in_a_part_of_its_own() -> None:
    """Labelled by its heading, apart from the author's own links, with the way there from this page and the day."""
    sibling = Sibling(f"{BASE}articles/rain.html", "Rain & fog", datetime(2026, 11, 21, 8, tzinfo=UTC))
    page = PAGES.article(entry("fog", Link("https://example.net/", "related"), same_story=(sibling,)))
    aside = one(page, "aside[@aria-labelledby='same-story']")
    assert text(one(page, "h2[@id='same-story']")) == "Same story"
    assert [(a.get("href"), text(a)) for a in aside.iter("a")] == [("../articles/rain.html", "Rain & fog")]
    assert [(time.get("datetime"), text(time)) for time in aside.iter("time")] == [("2026-11-21T08:00:00Z", "21 November 2026")]
    assert [a.get("href") for a in found(page, "ul[@class='links']/li/a")] == ["https://example.net/"]
    assert not found(PAGES.article(entry()), "aside")


# --- what articles share --------------------------------------------------------------------------------------------

CPP = facets.tag("C++")
FOLDERS = facets.folders("2026/fog & rain/日本/a.md")


def hrefs(elements: Iterable[Element]) -> list[tuple[str | None, str]]:
    return [(element.get("href"), text(element)) for element in elements if element.tag == "a"]


def test_a_tag_has_a_page_with_its_articles_its_feed_and_its_years() -> None:
    page = PAGES.group(CPP, [entry("b", title="B"), entry("a", title="A")], ("2026", "2025"))
    assert text(one(page, "head/title")) == "C++ · Notes from the harbour"
    assert text(one(page, "main[@class='h-feed']//h1[@class='p-name']")) == "C++"
    assert [text(title) for title in found(page, "article[@class='h-entry']/h2")] == ["B", "A"], "in the order given"
    assert hrefs(found(page, "article/h2/a"))[1] == ("../../articles/a.html", "A")
    assert hrefs(found(page, "p[@class='subscribe']/a")) == [("feed.xml", "Feed")]
    assert text(one(page, "p[@class='subscribe']/code")) == f"{BASE}tags/c-cedb1bac/feed.xml"
    assert one(page, "head/link[@rel='canonical']").get("href") == f"{BASE}tags/c-cedb1bac/"
    assert found(page, "head/link[@rel='alternate']")[0].attrib["title"] == "Notes from the harbour: C++"
    assert hrefs(found(page, "nav[@class='crumbs']/a")) == [("../../tags/index.html", "Tags")]
    assert hrefs(found(page, "nav[@class='months']//a")) == [("2026.html", "2026"), ("2025.html", "2025")]
    assert not found(PAGES.group(CPP, [entry()], ()), "nav[@class='months']")


def test_a_page_of_a_year_has_the_titles_and_days_only() -> None:
    page = PAGES.year(CPP, "2026", [entry("b", title="ב", language="he"), entry("a", title="A", image=Image(f"{BASE}media/a.jpg"))])
    assert text(one(page, "head/title")) == "C++ · 2026 · Notes from the harbour"
    assert text(one(page, "h1")) == "2026"
    assert [text(item) for item in found(page, "li[@class='h-entry']")] == ["ב 22 November 2026", "A 22 November 2026"]
    assert hrefs(found(page, "li/a")) == [("../../articles/b.html", "ב"), ("../../articles/a.html", "A")]
    assert len(found(page, "li/a/bdi")) == 2
    assert hrefs(found(page, "nav[@class='crumbs']/a")) == [("../../tags/index.html", "Tags"), ("index.html", "C++")]
    assert one(page, "head/link[@rel='canonical']").get("href") == f"{BASE}tags/c-cedb1bac/2026.html"
    assert not found(page, "main//img")


def test_a_folder_leads_to_the_folders_it_lies_in() -> None:
    """By relative addresses that a disk understands, at any depth."""
    page = PAGES.group(FOLDERS[2], [entry()], ())
    assert text(one(page, "h1")) == "日本"
    assert text(one(page, "head/title")).startswith("2026/fog & rain/日本 · ")
    assert hrefs(found(page, "nav[@class='crumbs']/a")) == [
        ("../../../../folders/index.html", "Folders"),
        ("../../index.html", "2026"),
        ("../index.html", "fog & rain"),
    ]
    assert hrefs(found(page, "article/h2/a")) == [("../../../../articles/fog.html", "Fog")]


def test_the_page_of_an_author_leads_to_where_they_are() -> None:
    """The last word of an article counts; no other author's, and nothing but the web."""
    authors = (Person("Bo", "https://example.net/bo"), Person("ann", "https://example.net/ann"))
    page = PAGES.group(facets.author("Ann"), [entry("a", authors=authors), entry("b", authors=(Person("Ann", "https://example.net/old"),))], ())
    assert hrefs(found(page, "header/p/span[@class='p-author h-card']/a")) == [("https://example.net/ann", "https://example.net/ann")]
    evil = PAGES.group(facets.author("Ann"), [entry(authors=(Person("Ann", "javascript:alert(1)"),))], ())
    assert not found(evil, "header/p/span[@class='p-author h-card']")


def test_a_directory_lists_what_there_is_in_alphabetical_order() -> None:
    """Without counts: it changes only when one comes or goes. It leads to the OPML of all."""
    tags = [facets.tag(term) for term in ("日本", "b", "C++", "A")]
    page = PAGES.directory("tags", tags)
    assert text(one(page, "h1")) == "Tags"
    assert [label for _, label in hrefs(found(page, "li/a"))] == ["A", "b", "C++", "日本"]
    assert hrefs(found(page, "li/a"))[3] == ("../tags/%E6%97%A5%E6%9C%AC/index.html", "日本")
    assert PAGES.directory("tags", tags[::-1]) == page
    assert hrefs(found(page, "p[@class='also']//a")) == [("../feeds.opml", "all of them for a feed reader")]
    assert one(page, "head/link[@rel='canonical']").get("href") == f"{BASE}tags/"
    folders = PAGES.directory("folders", [*facets.folders("b b/x/a.md"), *facets.folders("b/y/a.md"), *facets.folders("b/X/a.md")])
    assert [label for _, label in hrefs(found(folders, "li/a"))] == ["b", "b", "b/X", "b/y", "b b", "b b/x"]


def test_an_article_leads_to_what_it_shares_with_others() -> None:
    authors, categories = (Person("Ann", "https://example.net/ann"), Person("Bo")), (Category("c++", label="C++"), Category("sea"))
    full = entry(authors=authors, categories=categories)
    page = PAGES.article(full, facets=(CPP, facets.author("Ann"), *FOLDERS))
    assert hrefs(found(page, "a[@class='p-author h-card']")) == [("../authors/ann/index.html", "Ann")]
    assert [(text(tag), hrefs(tag)) for tag in found(page, "ul[@class='tags']/li[@class='p-category']")] == [
        ("C++", [("../tags/c-cedb1bac/index.html", "C++")]),
        ("sea", []),
    ]
    assert hrefs(found(page, "p[@class='folder']/a")) == [
        ("../folders/2026/index.html", "2026"),
        (f"../{quote(FOLDERS[1].address)}/index.html", "fog & rain"),
        (f"../{quote(FOLDERS[2].address)}/index.html", "日本"),
    ]
    alone = PAGES.article(full)
    assert not found(alone, "p[@class='folder']")
    assert hrefs(found(alone, "*[@class='p-author h-card']")) == [("https://example.net/ann", "Ann")]
    assert not hrefs(one(alone, "ul[@class='tags']").iter())


def test_an_author_of_the_site_has_no_page_for_that() -> None:
    """Only who is stated in an article; but then in the names of the site, too."""
    assert not hrefs(found(PAGES.article(entry(), facets=(facets.author("Somebody"),)), "*[@class='p-author h-card']"))


def test_the_index_names_all_forms_of_the_feed_and_the_kinds_that_there_are() -> None:
    page = PAGES.index([entry()], (), kinds=("folders", "tags"))
    forms = [("feed.xml", "Atom"), ("rss.xml", "RSS"), ("feed.json", "JSON Feed"), ("feeds.opml", "all feeds")]
    assert hrefs(found(page, "aside[@id='subscribe']//a")) == forms
    assert text(one(page, "aside[@id='subscribe']//code")) == f"{BASE}feed.xml"
    assert hrefs(found(page, "nav[@class='kinds']/a")) == [("tags/index.html", "Tags"), ("folders/index.html", "Folders")]
    assert not found(PAGES.index([entry()], ()), "nav[@class='kinds']")


def test_the_index_leads_into_the_readers_that_were_asked_for() -> None:
    """With the feed's own address, as each of them documents it; without telling them where it came from."""
    site = replace(SITE, look=Look(readers=("feedly", "newsblur", "netnewswire")))
    links = found(Pages(site).index([entry()], ()), "aside[@id='subscribe']//a[@rel='nofollow noreferrer external']")
    assert hrefs(links) == [
        ("https://feedly.com/i/subscription/feed%2Fhttps%3A%2F%2Fexample.org%2Fblog%2Ffeed.xml", "Feedly"),
        ("https://www.newsblur.com/?url=https%3A%2F%2Fexample.org%2Fblog%2Ffeed.xml", "NewsBlur"),
        ("x-netnewswire-feed:https://example.org/blog/feed.xml", "NetNewsWire"),
    ]


def test_an_address_too_long_for_a_code_has_none() -> None:
    site = replace(SITE, base=f"https://example.org/{'a' * 320}/")
    assert found(PAGES.index([], ()), "figure")
    assert not found(Pages(site).index([], ()), "figure")


@pytest.mark.parametrize("label", [HOSTILE, LABEL, "שלום\u202e ](x)", "W" * 300])
def test_a_hostile_label_is_text_wherever_it_stands(label: str) -> None:
    """C13 C26: escaped once, isolated from the text around it, so that no direction runs out of it."""
    shared = (facets.tag(label), facets.author(label), *facets.folders(f"{label.replace('/', '|')}/a.md"))
    rich = entry(authors=(Person(label),), categories=(Category(label),))
    for facet in shared:
        pages = [PAGES.group(facet, [rich], ("2026",)), PAGES.year(facet, "2026", [rich]), PAGES.directory(facet.kind, [facet])]
        pages.append(PAGES.article(rich, facets=shared))
        for page in pages:
            shown = [bdi for bdi in parse(page).iter("bdi") if text(bdi) == facet.label]
            assert shown
            for element in one(page, "body").iter():
                assert facet.label not in (element.tail or "")
                assert facet.label not in (element.text or "") or element.tag == "bdi"
            assert all(script.get("type") == "application/ld+json" for script in parse(page).iter("script"))
        assert text(one(pages[0], "head/title")) == f"{facet.label} · {SITE.title}"


def test_a_picture_is_shown_only_where_it_lies_here() -> None:
    """Whoever reads a page is told to nobody else; in the content, a picture is the author's own word."""
    own, foreign = Image(f"{BASE}media/fog.jpg", width=640, height=480, alt='"Fog"'), Image("https://example.net/pixel.gif")
    page = PAGES.article(entry(image=own))
    picture = one(page, "img[@class='u-featured']")
    assert dict(picture.attrib) == {"class": "u-featured", "src": "../media/fog.jpg", "width": "640", "height": "480", "alt": '"Fog"'}
    card = one(PAGES.group(CPP, [entry(image=own)], ()), "article/img")
    assert (card.get("src"), card.get("alt"), card.get("loading")) == ("../../media/fog.jpg", "", "lazy")
    assert not found(PAGES.article(entry(image=foreign)), "main//img")
    assert not found(PAGES.index([entry(image=foreign)], ()), "main//img")
    in_the_text = entry(image=own, content=f'<p><img src="{BASE}media/fog.jpg" alt="Fog"></p>')
    assert len(found(PAGES.article(in_the_text), "main//img")) == 1


def test_a_recording_of_ours_can_be_played_on_its_page() -> None:
    """And is not loaded before somebody asks for it."""
    sounds = (Link(f"{BASE}media/fog.mp3", "enclosure", "audio/mpeg"), Link("https://example.net/a.mp3", "enclosure", "audio/mpeg"))
    page = PAGES.article(entry("fog", *sounds, Link(f"{BASE}media/fog.pdf", "enclosure", "application/pdf"), Link(f"{BASE}media/x", "enclosure")))
    assert dict(one(page, "audio").attrib) == {"controls": "", "preload": "none", "src": "../media/fog.mp3"}
    assert len(found(page, "ul[@class='links']/li")) == 4


def test_templates_are_compiled_once_in_a_process() -> None:
    """The pages of another site, or of the same one configured anew, take what is there."""
    compiled = 0

    def watch(frame: FrameType, event: str, _what: object) -> None:
        nonlocal compiled
        compiled += event == "call" and frame.f_code.co_name == "generate" and frame.f_globals["__name__"] == "jinja2.compiler"

    assert published(SITE)
    sys.setprofile(watch)
    try:
        Pages(replace(SITE, title="Another")).article(entry())
    finally:
        sys.setprofile(None)
    assert compiled == 0
