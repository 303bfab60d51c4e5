"""Which entries a feed document holds, in which order, and how long it may get."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.facets import author, tag
from feeder.feeds import Bounds, Past, archive, current, shared, twin
from feeder.model import Category, Entry, Image, Link, Person, Site, Tombstone
from feeder.renderers.xml import atom

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feeder.model import Feed

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SITE = Site("urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e", "News", "https://example.org/news/", "en")


def entry(number: int, **changes: Any) -> Entry:
    """The entry that arrived as the number-th, an hour after the one before."""
    when = changes.get("published", START + timedelta(hours=number))
    link = Link(f"https://example.org/news/articles/{number}.html", type="text/html")
    plain = Entry(f"urn:x:{number:04d}", f"Title {number}", when, when, f"Summary {number}.", "<p>Text.</p>", (link,), arrival=number)
    return replace(plain, **changes)


def numbers(entries: Iterable[Entry]) -> list[int]:
    return [int(found.id.removeprefix("urn:x:")) for found in entries]


def held(entries: Sequence[Entry], **bounds: Any) -> list[int]:
    return numbers(current(SITE, entries, updated=NOW, bounds=Bounds(**bounds)).entries)


def down(newest: int, oldest: int) -> list[int]:
    return list(range(newest, oldest - 1, -1))


# --- which, and in which order --------------------------------------------------------------------------------------


def test_the_newest_entries_stand_first_and_older_ones_are_left_out() -> None:
    """rule 22"""
    assert held([entry(n) for n in range(1, 101)]) == down(100, 51)


def test_the_order_does_not_depend_on_the_order_given_even_among_equal_times() -> None:
    """rules 21, 22: ties go by arrival, then by id."""
    tied = [entry(n, published=START, updated=START, arrival=(11 - n) // 2) for n in range(12)]
    expected = [1, 0, 3, 2, 5, 4]
    for seed in range(5):
        Random(seed).shuffle(tied)
        assert held(tied, limit=6, least=3) == expected


def test_an_edited_old_entry_comes_back_in_at_its_place_by_date() -> None:
    entries = [entry(n) for n in range(1, 101)]
    entries[2] = entry(3, updated=NOW)
    assert held(entries) == [*down(100, 52), 3]


def test_a_late_arrival_with_an_old_date_is_in() -> None:
    """Subscribers are told of it, though neither of its times is new."""
    entries = [entry(n) for n in range(1, 101)]
    late = entry(101, published=START - timedelta(days=400))
    assert held([*entries, late]) == [*down(100, 52), 101]


def test_a_mass_edit_does_not_push_out_what_is_new() -> None:
    entries = [entry(n, updated=NOW + timedelta(seconds=n)) if n <= 80 else entry(n) for n in range(1, 101)]
    found = held(entries)
    assert len(found) == 50
    assert found[:20] == down(100, 81)
    assert {80, 79, 78} <= set(found)


def test_an_id_given_twice_counts_once() -> None:
    assert held([entry(1), entry(2), entry(1)]) == [2, 1]


@pytest.mark.parametrize("least", [0, 3, 9])
def test_there_are_never_more_than_the_limit_and_what_is_promised(least: int) -> None:
    entries = [entry(n, updated=NOW - timedelta(hours=n), arrival=n * 7 % 31) for n in range(31)]
    assert len(held(entries, limit=5, least=least)) == {0: 5, 3: 6, 9: 13}[least]
    assert held(entries, limit=0, least=least) == []


def test_no_entries_make_a_feed_without_entries() -> None:
    assert current(SITE, [], updated=NOW).entries == ()


def test_the_feed_says_where_it_is_and_what_it_is_about() -> None:
    """rule 6"""
    feed = current(SITE, [entry(1)], updated=NOW, path="tags/größe/feed.xml")
    assert (feed.site, feed.updated) == (SITE, NOW)
    assert feed.links == (
        Link("https://example.org/news/tags/gr%C3%B6%C3%9Fe/feed.xml", "self", "application/atom+xml"),
        Link("https://example.org/news/tags/gr%C3%B6%C3%9Fe/", "alternate", "text/html"),
    )
    assert current(SITE, [], updated=NOW).links[1] == Link("https://example.org/news/", "alternate", "text/html")


# --- how long ---------------------------------------------------------------------------------------------------------


def page(size: int) -> str:
    return f"<p>{'x' * size}</p>"


def test_entries_beyond_the_least_stay_out_where_they_do_not_fit() -> None:
    """rule 26"""
    feed = current(SITE, [entry(n, content=page(10_000)) for n in range(1, 101)], updated=NOW, bounds=Bounds(budget=300_000))
    assert numbers(feed.entries) == down(100, 73)
    assert feed.summary_only == frozenset()


@pytest.mark.parametrize("budget", range(3_000, 9_000, 500))
def test_no_entry_beyond_the_least_goes_over_the_budget(budget: int) -> None:
    feed = current(SITE, [entry(n, content=page(1_000)) for n in range(1, 21)], updated=NOW, bounds=Bounds(least=1, budget=budget))
    assert feed.summary_only == frozenset()
    assert budget - 2_500 < len(atom(feed, generator_version="1")) <= budget


def test_the_longest_of_the_least_leave_their_content_to_their_page() -> None:
    """rule 26: the newest 20 are all there, those that fit with their content."""
    entries = [entry(n, content=page(100_000 if n % 4 == 0 else 20_000)) for n in range(1, 31)]
    feed = current(SITE, entries, updated=NOW)
    assert numbers(feed.entries) == down(30, 11)
    assert sorted(feed.summary_only) == ["urn:x:0012", "urn:x:0016", "urn:x:0020"]
    assert len(atom(feed, generator_version="1")) <= 512 * 1024


def test_of_equally_long_ones_the_oldest_leave_their_content() -> None:
    feed = current(SITE, [entry(n, content=page(1_000)) for n in range(1, 6)], updated=NOW, bounds=Bounds(least=5, budget=6_500))
    assert feed.summary_only == {"urn:x:0001", "urn:x:0002"}


def test_an_edited_old_entry_comes_back_in_even_where_the_new_ones_fill_the_document() -> None:
    entries = [entry(n, content=page(100_000)) for n in range(1, 41)]
    entries[0] = entry(1, content=page(150_000), updated=NOW)
    feed = current(SITE, entries, updated=NOW)
    assert numbers(feed.entries) == [*down(40, 21), 1]
    assert "urn:x:0001" in feed.summary_only
    assert len(atom(feed, generator_version="1")) <= 512 * 1024


def test_where_not_even_summaries_fit_the_least_are_given_all_the_same_and_no_more() -> None:
    entries = [entry(n, summary="s" * 400) for n in range(1, 31)]
    entries[0] = entry(1, updated=NOW)
    feed = current(SITE, entries, updated=NOW, bounds=Bounds(budget=1_000))
    assert numbers(feed.entries) == down(30, 11)
    assert feed.summary_only == {found.id for found in feed.entries}


def test_the_bound_is_near_the_bytes_of_an_ordinary_feed() -> None:
    content = '<p>Words &amp; <a href="https://example.org/">links</a>, in paragraphs of some length, as people write them.</p>\n' * 30
    entries = [entry(n, content=content, summary="s" * 300) for n in range(50)]
    size = len(atom(current(SITE, entries, updated=NOW), generator_version="1"))
    assert len(held(entries, budget=size * 103 // 100)) == 50
    assert len(held(entries, budget=size - 1)) < 50


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": "&" * 2_000},
        {"summary": "<>" * 1_000},
        {"content": "\r" * 2_000},
        {"content": "漢&<>" * 500},
        {"authors": (Person("a", "https://b", "c"),) * 100},
        {"categories": (Category("a", "b", "c"),) * 100},
        {"links": entry(2).links + (Link("https://b", "r", "t", "i", "h", 1),) * 100},
        {"links": (replace(entry(2).links[0], title='"\n\t\r' * 500),)},
        {"image": Image("https://example.org/" + "é" * 2_000, "image/png", 10**5, 10**5)},
    ],
)
def test_the_bound_is_never_too_low(changes: dict[str, Any]) -> None:
    """rule 26: with a byte less than all of it needs, not all of it is in, whatever it is made of."""
    entries = [entry(1), entry(2, **changes)]
    everything = atom(current(SITE, entries, updated=NOW), generator_version="1.2.3")
    feed = current(SITE, entries, updated=NOW, bounds=Bounds(least=1, budget=len(everything) - 1))
    assert len(atom(feed, generator_version="1.2.3")) < len(everything)


_words = st.text(st.sampled_from("aé漢🎉&<>\"'\n\t\r "), max_size=20)
_titles = _words.map(lambda word: "t" + word)
_people = st.builds(Person, _titles, st.none() | _words.map(lambda word: f"https://example.org/{word}"), st.none() | _words)
_links = st.builds(
    Link,
    _words.map(lambda word: f"https://example.org/{word}"),
    st.just("related"),
    st.none() | _words,
    st.none() | _words,
    length=st.none() | st.just(10**9),
)
_categories = st.builds(Category, _titles, st.none() | _words, st.none() | _words)
_days = st.integers(0, 40).map(lambda day: START + timedelta(days=day))


@st.composite
def _entries(draw: st.DrawFn) -> list[Entry]:
    shape = st.fixed_dictionaries(
        {
            "title": _titles,
            "summary": _words,
            "content": st.builds(lambda word, times: word * times, _titles, st.integers(0, 60)),
            "authors": st.lists(_people, max_size=2).map(tuple),
            "categories": st.lists(_categories, max_size=2).map(tuple),
            "language": st.none() | st.just("de-CH"),
            "rights": st.none() | _words,
            "published": _days,
            "updated": _days,
            "arrival": st.integers(0, 9),
        }
    )
    more = draw(st.lists(st.tuples(shape, st.lists(_links, max_size=2)), max_size=9))
    return [entry(n, **fields, links=(*entry(n).links, *links)) for n, (fields, links) in enumerate(more)]


@settings(max_examples=60, deadline=None)
@given(_entries(), st.integers(1, 12), st.integers(0, 4), st.integers(0, 12_000), _titles, _people)
def test_what_is_rendered_stays_within_the_budget(entries: list[Entry], limit: int, least: int, budget: int, title: str, author: Person) -> None:
    """rule 26: wherever the summaries of the least fit."""
    site = replace(SITE, title=title, subtitle=title, rights=title, authors=(author,))
    feed = current(site, entries, updated=NOW, bounds=Bounds(limit=limit, least=least, budget=budget))
    body = atom(feed, generator_version="1.2.3")
    bare = replace(feed, summary_only=frozenset(found.id for found in feed.entries))
    assert len(body) <= max(budget, len(atom(bare, generator_version="1.2.3")))
    assert len(feed.entries) >= min(least, limit, len(entries))
    assert len(feed.entries) <= max(limit, 2 * least)
    assert feed.summary_only <= {found.id for found in feed.entries}
    assert [(e.published, e.arrival, e.id) for e in feed.entries] == sorted(((e.published, e.arrival, e.id) for e in feed.entries), reverse=True)


# --- what was, and what is gone -----------------------------------------------------------------------------------------


def rels(feed: Feed) -> dict[str, str]:
    return {link.rel: link.href.removeprefix(SITE.base) for link in feed.links}


def test_everything_in_no_sealed_archive_is_held_however_old_it_says_to_be() -> None:
    """rule 27"""
    entries = [entry(n) for n in range(1, 101)]
    late = [entry(n, published=START - timedelta(days=n), updated=START - timedelta(days=n)) for n in range(101, 150)]
    feed = current(SITE, [*entries, *late], updated=NOW, past=Past(2, {e.id for e in late}))
    assert set(numbers(late)) <= set(numbers(feed.entries))
    assert set(down(100, 81)) <= set(numbers(feed.entries))


def test_an_edit_is_held_beside_all_that_is_in_no_archive() -> None:
    entries = [entry(n) for n in range(1, 150)]
    entries[4] = entry(5, updated=NOW)
    feed = current(SITE, entries, updated=NOW, past=Past(2, {f"urn:x:{n:04d}" for n in range(101, 150)}))
    assert numbers(feed.entries) == [*down(149, 100), 5]


def test_what_came_back_is_held_like_what_changed() -> None:
    entries = [entry(n) for n in range(1, 101)]
    feed = current(SITE, entries, updated=NOW, past=Past(2, restored={"urn:x:0007": NOW}))
    assert numbers(feed.entries) == [*down(100, 52), 7]


def test_the_current_document_leads_to_the_last_sealed_archive_and_names_the_hubs() -> None:
    hub = "https://hub.example/"
    feed = current(replace(SITE, hubs=(hub,)), [entry(1)], updated=NOW, past=Past(12))
    assert rels(feed) == {"self": "feed.xml", "alternate": "", "hub": hub, "prev-archive": "archive/0012.xml"}
    assert rels(current(SITE, [entry(1)], updated=NOW)) == {"self": "feed.xml", "alternate": ""}


def test_tombstones_are_told_the_latest_as_many_as_fit_their_share() -> None:
    """rules 26, 29"""
    told = tuple(Tombstone(f"urn:x:{n:060d}", NOW - timedelta(hours=n)) for n in range(2_000))
    feed = current(SITE, [entry(n, content=page(100_000)) for n in range(1, 31)], updated=NOW, past=Past(tombstones=told))
    assert feed.tombstones == told[: len(feed.tombstones)]
    assert 300 < len(feed.tombstones) < 1_000
    assert len(feed.entries) >= 20
    assert len(atom(feed, generator_version="1")) <= 512 * 1024


def test_where_not_even_the_summaries_fit_of_what_must_be_held_they_are_cut() -> None:
    """rule 26"""
    entries = [entry(n, summary="Wörter " * 3_000) for n in range(1, 50)]
    feed = current(SITE, entries, updated=NOW, past=Past(1, {e.id for e in entries}))
    assert len(feed.entries) == 49
    assert len(atom(feed, generator_version="1")) <= 512 * 1024
    assert all(found.summary.endswith("Wörter…") for found in feed.entries)
    short = current(SITE, [*entries[:-1], entry(99)], updated=NOW, past=Past(1, {e.id for e in entries}))
    assert short.entries[0] == entry(99)


def test_a_summary_of_one_word_is_cut_too() -> None:
    feed = current(SITE, [entry(n, summary="w" * 20_000) for n in range(1, 50)], updated=NOW, bounds=Bounds(budget=40_000))
    assert {found.summary for found in feed.entries} == {feed.entries[0].summary}
    assert feed.entries[0].summary.strip("w") == "…"


def test_a_sealed_archive_says_so_and_leads_both_ways() -> None:
    """rule 27; its successor is named from the beginning, so that it need not change for it."""
    entries = [entry(n, published=NOW - timedelta(days=n)) for n in range(51, 101)]
    feed = archive(SITE, entries, number=2, sealed=2, updated=NOW)
    assert (feed.archive, numbers(feed.entries)) == (True, down(100, 51))
    links = {"prev-archive": "archive/0001.xml", "next-archive": "archive/0003.xml", "current": "feed.xml"}
    assert rels(feed) == {"self": "archive/0002.xml", "alternate": "", **links}
    assert archive(SITE, entries, number=2, sealed=40, updated=NOW) == feed
    assert "prev-archive" not in rels(archive(SITE, entries, number=1, sealed=2, updated=NOW))


def test_the_open_one_behind_the_last_sealed_is_no_archive_yet() -> None:
    feed = archive(SITE, [entry(101)], number=3, sealed=2, updated=NOW)
    assert not feed.archive
    assert rels(feed) == {"self": "archive/0003.xml", "alternate": "", "current": "feed.xml", "prev-archive": "archive/0002.xml"}


def test_the_longest_of_an_archive_leave_their_content_to_their_page() -> None:
    """rule 26"""
    feed = archive(SITE, [entry(n, content=page(20_000)) for n in range(1, 51)], number=1, sealed=1, updated=NOW)
    assert len(feed.entries) == 50
    assert 20 < len(feed.summary_only) < 30
    assert len(atom(feed, generator_version="1")) <= 512 * 1024


# --- other forms, and parts -----------------------------------------------------------------------------------------------


def test_a_twin_holds_the_same_and_says_nothing_of_the_past() -> None:
    """rule 34"""
    site = replace(SITE, hubs=("https://hub.example/",))
    feed = current(site, [entry(1)], updated=NOW, past=Past(3, tombstones=(Tombstone("urn:x:9", NOW),)))
    other = twin(feed, "rss.xml", "application/rss+xml")
    assert (other.entries, other.updated, other.summary_only, other.tombstones) == (feed.entries, feed.updated, feed.summary_only, ())
    assert rels(other) == {"self": "rss.xml", "alternate": "", "hub": "https://hub.example/"}
    assert other.links[0].type == "application/rss+xml"


def test_the_feed_of_a_tag_is_a_feed_of_its_own() -> None:
    """rule 9: its id follows from the feed's and the address, and from no address of the site."""
    site = replace(SITE, subtitle="All of it")
    found = shared(site, tag("C++"))
    assert (found.title, found.subtitle, found.base) == ("News: C++", None, SITE.base)
    assert found.id.startswith("urn:uuid:")
    assert shared(replace(site, base="https://elsewhere.example/"), tag("c++")).id == found.id
    assert len({shared(site, tag("c#")).id, shared(site, author("C++")).id, found.id, site.id}) == 4
