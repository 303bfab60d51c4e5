"""The OPML document: every feed of a site, for readers to import, read back by an XML parser and by a feed reader."""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeder import facets
from feeder.model import Person, Site
from feeder.renderers import opml
from feeder.text import legal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from feeder.facets import Facet

BASE = "https://news.example/my%20notes/"
SITE = Site("tag:news.example,2026:notes", "My notes", BASE, authors=(Person("Ann Ä."), Person("Bo")))
FACETS = (facets.tag("日本"), *facets.folders("2026/rain & fog/a.md"), facets.author("Ann Ä."), facets.tag("C++"), facets.tag("c#"))
HOSTILE = '"><script>alert(1)</script> \u202e &amp; \0 \ud800 \ufffe \n 港'


def read(site: Site, shared: Sequence[Facet]) -> etree._Element:
    root = etree.fromstring(opml.render(site, shared))
    assert (root.tag, dict(root.attrib)) == ("opml", {"version": "2.0"})
    assert [part.tag for part in root] == ["head", "body"]
    return root


def subscriptions(site: Site, shared: Sequence[Facet]) -> list[tuple[str | None, str | None]]:
    """The title and address of each feed, in the document's order."""
    return [(outline.get("title"), outline.get("xmlUrl")) for outline in read(site, shared).iter("outline") if outline.get("xmlUrl")]


def test_it_names_the_site_its_owner_and_every_feed_by_kind() -> None:
    root = read(SITE, FACETS)
    assert [(fact.tag, fact.text) for fact in root[0]] == [("title", "My notes"), ("ownerName", "Ann Ä., Bo")], "and no date"
    whole, *groups = root[1]
    assert dict(whole.attrib) == {"text": "My notes", "title": "My notes", "type": "rss", "xmlUrl": f"{BASE}feed.xml", "htmlUrl": BASE}
    assert [(group.get("text"), group.get("type"), [outline.get("text") for outline in group]) for group in groups] == [
        ("Tags", None, ["My notes: c#", "My notes: C++", "My notes: 日本"]),
        ("Authors", None, ["My notes: Ann Ä."]),
        ("Folders", None, ["My notes: 2026", "My notes: 2026/rain & fog"]),
    ]


def test_every_address_is_absolute_ascii_and_below_the_base() -> None:
    root = read(SITE, FACETS)
    feeds = [outline for outline in root.iter("outline") if outline.get("type")]
    assert f"{BASE}tags/%E6%97%A5%E6%9C%AC/feed.xml" in [outline.get("xmlUrl") for outline in feeds]
    for outline in feeds:
        page, feed = outline.get("htmlUrl") or "", outline.get("xmlUrl") or ""
        assert page.isascii()
        assert page.startswith(BASE)
        assert feed == f"{page}feed.xml"
        assert set(outline.keys()) == {"text", "title", "type", "xmlUrl", "htmlUrl"}


def test_a_site_without_anything_shared_has_its_one_feed_and_no_empty_group() -> None:
    root = read(replace(SITE, authors=()), ())
    assert [fact.tag for fact in root[0]] == ["title"]
    assert [(outline.get("text"), len(outline)) for outline in root[1]] == [("My notes", 0)]


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_same_feeds_give_the_same_bytes_in_any_order(chance: random.Random) -> None:
    """`rule 21`."""
    shuffled = chance.sample(FACETS, len(FACETS))
    assert opml.render(SITE, shuffled) == opml.render(SITE, FACETS)


def test_it_is_utf_8_with_each_outline_on_a_line_of_its_own() -> None:
    body = opml.render(SITE, FACETS)
    assert body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<opml version=\"2.0\">\n")
    assert body.endswith(b"</opml>\n")
    assert [line.count("<outline") for line in body.decode().splitlines() if "<outline" in line] == [1] * 10


def test_hostile_names_are_read_back_as_they_were_but_for_what_xml_cannot_carry() -> None:
    """C4 C13: a tag is text, whatever its author made of it."""
    kept = HOSTILE.replace("\0", "\ufffd").replace("\ud800", "\ufffd").replace("\ufffe", "\ufffd")
    site = replace(SITE, title=HOSTILE, authors=(Person(HOSTILE),))
    root = read(site, [facets.tag(HOSTILE)])
    assert [fact.text for fact in root[0]] == [kept, kept]
    assert [title for title, _ in subscriptions(site, [facets.tag(HOSTILE)])] == [kept, f"{kept}: {kept}"]
    assert not root.findall(".//script")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), max_size=5, unique_by=lambda name: facets.tag(name).address))
def test_any_names_make_a_document_with_every_feed_in_it(names: list[str]) -> None:
    shared = [facet for name in names for facet in (facets.tag(name), facets.author(name))]
    assert len(subscriptions(SITE, shared)) == len(shared) + 1
    assert legal(opml.render(SITE, shared).decode())


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
def test_a_feed_reader_imports_every_feed_with_its_group(tmp_path: Path) -> None:
    """newsboat takes a group's name for a tag."""
    (tmp_path / "feeds.opml").write_bytes(opml.render(SITE, FACETS))
    (tmp_path / "urls").touch()
    command = ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "/dev/null", "-i", "feeds.opml"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=30, env={"HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})
    imported = [line.split(" ", 1) for line in (tmp_path / "urls").read_text("utf-8").splitlines()]
    assert [address for address, *_ in imported] == [address for _, address in subscriptions(SITE, FACETS)]
    assert [group for _, *group in imported] == [[], *[['"Tags"']] * 3, ['"Authors"'], *[['"Folders"']] * 2]
