"""Which documents should exist, and when one has to be made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from feeder.changes import Known, State
from feeder.edition import NONE, Edition, Kind, Terms, came_back, neighbours, page_path, plan
from feeder.facets import Facet, author, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def known(number: int, **facts: Any) -> Known:
    day = NOON - timedelta(days=20 * number)
    return replace(Known(f"urn:x:{number}", f"{number}.md", f"a-{number}", day, day, "", "", "T", b"", arrival=100 - number), **facts)


def edition(
    entries: list[Known],
    *,
    limit: int = 3,
    style: str = "s",
    changed: str = "",
    archive: int = 50,
    now: datetime = NOON,
    facets: Mapping[str, Sequence[Facet]] | None = None,
) -> Edition:
    revisions = {k.id: 2 if k.id == changed else 1 for k in entries}
    terms = Terms(limit, archive=archive)
    return plan({k.id: k for k in entries}, revisions, facets=facets or {}, style=style, static={"style.css": "digest"}, now=now, terms=terms)


def keys(edition: Edition) -> dict[str, str]:
    return {wanted.path: wanted.key for wanted in edition.wanted}


def test_pages_come_first_and_the_feed_last() -> None:
    """O10."""
    order = [wanted.kind for wanted in edition([known(0), known(2)]).wanted]
    pages = [Kind.STATIC, Kind.ARTICLE, Kind.ARTICLE, Kind.MONTH, Kind.MONTH, Kind.MISSING, Kind.INDEX]
    assert order == [*pages, *[Kind.ARCHIVE] * 3, Kind.OPML, Kind.RSS, Kind.JSON, Kind.FEED]


def test_an_empty_folder_still_has_a_page_and_a_feed_the_same_in_every_build() -> None:
    empty = edition([])
    assert [wanted.path for wanted in empty.wanted] == ["style.css", "404.html", "index.html", "feeds.opml", "rss.xml", "feed.json", "feed.xml"]
    assert empty.updated == datetime(1970, 1, 1, tzinfo=UTC)


FEEDS = {"feed.xml", "rss.xml", "feed.json"}


def changed(entries: list[Known], ident: str, **terms: Any) -> set[str]:
    """The paths of the documents that are made again after a change of one entry."""
    before, after = keys(edition(entries, **terms)), keys(edition(entries, changed=ident, **terms))
    return {path for path in before if before[path] != after[path]}


def test_one_changed_article_changes_its_page_its_month_its_archive_and_the_feeds_only() -> None:
    entries = [known(number) for number in range(60)]
    assert changed(entries, "urn:x:1") == {"articles/a-1.html", "archive/2026-11.html", "index.html", "archive/0002.xml", *FEEDS}
    assert changed(entries, "urn:x:52") == {"articles/a-52.html", "archive/2024-01.html", "archive/0001.xml"}


def test_an_article_changes_the_pages_of_its_neighbours_only_when_it_comes_goes_or_is_called_otherwise() -> None:
    """Neighbours by `published`: one that comes stands between two others, the newest beside one; withdrawn ones are stepped over."""

    def pages(entries: list[Known]) -> dict[str, str]:
        return {path: key for path, key in keys(edition(entries)).items() if path.startswith("articles/")}

    def others(before: list[Known], after: list[Known]) -> set[str]:
        one, two = pages(before), pages(after)
        return {path for path in one.keys() & two.keys() if one[path] != two[path]}

    entries = [known(number) for number in range(1, 6)]  # the first is the newest
    assert others(entries, [known(0), *entries]) == {"articles/a-1.html"}
    between = known(0, published=known(3).published - timedelta(seconds=1))
    assert others(entries, [between, *entries]) == {"articles/a-3.html", "articles/a-4.html"}
    called = [replace(k, title="Fog") if k.id == "urn:x:3" else k for k in entries]
    assert others(entries, called) == {"articles/a-2.html", "articles/a-4.html"}
    gone = [replace(k, state=State.WITHDRAWN, since=NOON) if k.id == "urn:x:3" else k for k in entries]
    assert others(entries, gone) == {"articles/a-2.html", "articles/a-3.html", "articles/a-4.html"}
    older, newer = neighbours(edition(gone), "urn:x:4")
    assert (older and older.id, newer and newer.id) == ("urn:x:5", "urn:x:2")
    assert neighbours(edition(gone), "urn:x:1")[1] is None
    assert neighbours(NONE, "urn:x:1") == (None, None)


# -- archives ------------------------------------------------------------------------------------------------------------------


def archives(edition: Edition) -> dict[str, tuple[str, ...]]:
    return {wanted.path: tuple(reversed(wanted.ids)) for wanted in edition.wanted if wanted.kind is Kind.ARCHIVE}


def arrived(number: int, **facts: Any) -> Known:
    """The entry with this arrival number, a day after the one before."""
    day = NOON + timedelta(days=number)
    return replace(known(0), **{"id": f"urn:x:{number}", "slug": f"a-{number}", "arrival": number, "published": day, "updated": day, **facts})


def test_there_is_no_archive_before_one_is_full() -> None:
    """RFC 5005 section 4."""
    result = edition([arrived(number) for number in range(1, 5)], archive=5)
    assert (archives(result), result.sealed) == ({}, 0)
    assert result.unsealed == {f"urn:x:{number}" for number in range(1, 5)}


def test_each_archive_holds_its_arrivals_and_an_open_one_follows_the_last() -> None:
    result = edition([arrived(number) for number in range(1, 13)], archive=5)
    assert archives(result) == {
        "archive/0001.xml": tuple(f"urn:x:{number}" for number in range(5, 0, -1)),
        "archive/0002.xml": tuple(f"urn:x:{number}" for number in range(10, 5, -1)),
        "archive/0003.xml": ("urn:x:12", "urn:x:11"),
    }
    assert (result.sealed, set(result.unsealed)) == (2, {"urn:x:11", "urn:x:12"})


def test_a_new_article_changes_no_sealed_archive() -> None:
    """Not even when it seals the next one."""
    for count in range(5, 30):
        before, after = (edition([arrived(number) for number in range(1, last + 1)], archive=5) for last in (count, count + 1))
        sealed = [f"archive/{number:04}.xml" for number in range(1, before.sealed + 1)]
        assert [keys(before)[path] for path in sealed] == [keys(after)[path] for path in sealed]


def test_a_withdrawal_changes_the_archive_it_was_in_and_moves_no_other_entry() -> None:
    entries = [arrived(number) for number in range(1, 13)]
    gone = [replace(k, state=State.WITHDRAWN, since=NOON) if k.arrival == 4 else k for k in entries]
    before, after = edition(entries, archive=5), edition(gone, changed="urn:x:4", archive=5)
    assert archives(before) == archives(after)
    assert keys(before)["archive/0001.xml"] != keys(after)["archive/0001.xml"]
    assert keys(before)["archive/0002.xml"] == keys(after)["archive/0002.xml"]


def test_what_stands_in_no_sealed_archive_stands_in_the_feed() -> None:
    entries = [arrived(number, published=NOON - timedelta(days=9 * number), updated=NOON - timedelta(days=9 * number)) for number in range(1, 30)]
    result = edition(entries, limit=2, archive=20)
    (feed,) = [wanted for wanted in result.wanted if wanted.kind is Kind.FEED]
    assert {f"urn:x:{number}" for number in range(21, 30)} <= set(feed.ids)


# -- tombstones ----------------------------------------------------------------------------------------------------------------


def test_who_is_gone_has_a_tombstone_for_a_while() -> None:
    """Rule 29: withdrawn, expired or taken back; not what nobody ever saw."""
    gone = [
        known(0, state=State.WITHDRAWN, since=NOON - timedelta(days=2)),
        known(1, state=State.EXPIRED, since=NOON - timedelta(days=1)),
        known(2, state=State.DRAFT, since=NOON - timedelta(days=31)),
        known(3, state=State.WITHDRAWN, since=NOON, arrival=0),
    ]
    result = edition(gone)
    assert result.tombstones == (("urn:x:1", NOON - timedelta(days=1)), ("urn:x:0", NOON - timedelta(days=2)))
    assert result.until == NOON + timedelta(days=28)
    assert edition([known(0)]).until is None


def test_the_feeds_are_made_again_when_a_tombstone_has_been_told_long_enough() -> None:
    entries = [known(0), known(1, state=State.WITHDRAWN, since=NOON)]
    before, after = (keys(edition(entries, now=NOON + timedelta(days=days))) for days in (29, 30))
    assert {path for path in before if before[path] != after[path]} == FEEDS


# -- tags, authors, folders ----------------------------------------------------------------------------------------------------


def shared(entries: list[Known], **facets: list[str]) -> Edition:
    """The edition of entries with tags, by the last part of their id."""
    return edition(entries, facets={f"urn:x:{ident[1:]}": [tag(name) for name in names] for ident, names in facets.items()})


def test_a_tag_an_author_and_a_folder_have_a_page_and_a_feed_and_each_kind_a_directory() -> None:
    entries = [known(0, path="x/y/0.md"), known(1)]
    stated = {"urn:x:0": [tag("C++"), author("Ann")], "urn:x:1": [tag("c#")]}
    paths = [w.path for w in edition(entries, facets=stated).wanted if w.kind in (Kind.FACET, Kind.DIRECTORY, Kind.FACET_FEED)]
    addresses = sorted(["authors/ann", tag("C++").address, tag("c#").address, "folders/x", "folders/x/y"])
    directories = [f"{kind}/index.html" for kind in ("authors", "folders", "tags")]
    assert paths == [*directories, *(f"{a}/index.html" for a in addresses), *(f"{a}/feed.xml" for a in addresses)]


def test_there_is_nothing_of_a_tag_that_no_public_entry_has() -> None:
    """No embargo leaks, and no empty pages."""
    result = shared([known(0), known(1, arrival=0), known(2, state=State.WITHDRAWN, since=NOON)], x0=["a"], x1=["b"], x2=["c"])
    assert list(result.facets) == ["tags/a"]
    assert not [w.path for w in result.wanted if "tags/b" in w.path or "tags/c" in w.path]


def test_another_spelling_is_the_same_tag_and_it_is_called_as_its_first_article_calls_it() -> None:
    result = shared([known(0), known(1)], x0=["machine-learning"], x1=["Machine Learning"])
    assert [facet.label for facet in result.facets.values()] == ["Machine Learning"]


def test_an_article_that_joins_or_leaves_a_tag_changes_its_documents_and_no_other_tags() -> None:
    entries = [known(number) for number in range(4)]
    stated = {k.id: [tag("a")] if k.id != "urn:x:3" else [tag("b")] for k in entries}
    before = keys(edition(entries, facets=stated))
    for now in ({**stated, "urn:x:1": [tag("b")]}, {**stated, "urn:x:1": []}, {**stated, "urn:x:1": [tag("a"), tag("b")]}):
        after = keys(edition(entries, facets=now, changed="urn:x:1"))
        moved = {path for path in before if path.startswith("tags/") and before[path] != after[path]}
        touched = {"tags/a/index.html", "tags/a/feed.xml"} | ({"tags/b/index.html", "tags/b/feed.xml"} if tag("b") in now["urn:x:1"] else set())
        assert moved == touched


def test_the_feed_of_a_tag_holds_the_tombstones_of_its_own() -> None:
    entries = [known(0), known(1), known(2, state=State.WITHDRAWN, since=NOON), known(3, state=State.WITHDRAWN, since=NOON)]
    result = shared(entries, x0=["a"], x1=["b"], x2=["a"], x3=["b"])
    feeds = {w.path: set(w.ids) for w in result.wanted if w.kind is Kind.FACET_FEED}
    assert feeds == {"tags/a/feed.xml": {"urn:x:0", "urn:x:2"}, "tags/b/feed.xml": {"urn:x:1", "urn:x:3"}}


def one_after_the_other(*states: tuple[list[Known], dict[str, list[str]]]) -> Edition:
    """The edition of the last of these entries with their tags, planned from that of those before."""
    last = NONE
    for number, (entries, tags) in enumerate(states, 1):
        facets = {ident: [tag(name) for name in names] for ident, names in tags.items()}
        revisions = {k.id: number if k.id == "urn:x:1" else 1 for k in entries}
        promises = {k.id: k for k in entries}
        last = plan(promises, revisions, facets=facets, style="s", static={}, now=NOON, terms=Terms(), last=last)
    return last


@pytest.mark.parametrize("gone", [known(1), known(1, state=State.DRAFT, since=NOON - timedelta(hours=1))], ids=["returns", "stays away"])
def test_tags_that_change_while_an_article_is_away_change_the_feeds_of_both(gone: Known) -> None:
    """Planned from the edition before, the documents are those planned from nothing: a restart changes none."""
    others = [known(2), known(3)]
    tags = {"urn:x:1": ["a"], "urn:x:2": ["a"], "urn:x:3": ["b"]}
    away = [known(1, state=State.DRAFT, since=NOON - timedelta(hours=1)), *others]
    steps = ([known(1), *others], tags), (away, tags), ([gone, *others], {**tags, "urn:x:1": ["b"]})
    found, fresh = one_after_the_other(*steps), one_after_the_other(([], {}), ([], {}), steps[-1])
    assert keys(found) == keys(fresh)
    assert {w.path: set(w.ids) for w in found.wanted} == {w.path: set(w.ids) for w in fresh.wanted}


def test_a_large_tag_has_a_page_for_each_year() -> None:
    entries = [known(number) for number in range(51)]
    years = [w for w in edition(entries, facets={k.id: [tag("a")] for k in entries}).wanted if w.kind is Kind.YEAR]
    assert [w.path for w in years] == ["tags/a/2026.html", "tags/a/2025.html", "tags/a/2024.html"]
    assert [ident for w in years for ident in w.ids] == [k.id for k in entries]
    assert not [w for w in edition(entries[:20], facets={k.id: [tag("a")] for k in entries}).wanted if w.kind is Kind.YEAR]


# -- what is said of others ----------------------------------------------------------------------------------------------------


def test_another_style_makes_every_page_again_but_not_what_is_fixed() -> None:
    before, after = keys(edition([known(0)])), keys(edition([known(0)], style="t"))
    assert [path for path in before if before[path] == after[path]] == ["style.css"]


def test_the_feed_may_choose_among_the_newest_the_last_edited_and_the_last_arrived() -> None:
    entries = [known(number) for number in range(20)]
    entries[15] = replace(entries[15], updated=NOON + timedelta(days=1))
    entries[18] = replace(entries[18], arrival=500)
    (feed,) = [wanted for wanted in edition(entries, limit=2).wanted if wanted.kind is Kind.FEED]
    assert {"urn:x:0", "urn:x:1", "urn:x:15", "urn:x:18"} == set(feed.ids)


def test_what_is_not_public_yet_has_no_document_and_no_trace() -> None:
    """No embargo leaks: neither page, month, key nor `updated` tell of it."""
    waiting = known(0, id="urn:x:w", slug="secret", arrival=0, published=NOON + timedelta(days=90), updated=NOON + timedelta(days=90))
    assert edition([known(1), waiting]) == edition([known(1)])


def test_what_was_public_and_is_gone_keeps_a_page_that_says_so() -> None:
    """Rule 53."""
    gone = known(0, state=State.WITHDRAWN, since=NOON + timedelta(hours=1))
    drafted = known(1, state=State.DRAFT, since=NOON)
    never = known(2, state=State.WITHDRAWN, since=NOON, arrival=0)
    result = edition([gone, drafted, never])
    assert [w.path for w in result.wanted if w.kind is Kind.GONE] == ["articles/a-1.html", "articles/a-0.html"]
    assert result.gone == {"articles/a-0.html", "articles/a-1.html"}
    assert result.months == ()


def test_the_feeds_updated_is_the_newest_of_entries_and_withdrawals() -> None:
    """Rule 11."""
    assert edition([known(0), known(1)]).updated == NOON
    assert edition([known(0), known(1, state=State.WITHDRAWN, since=NOON + timedelta(hours=1))]).updated == NOON + timedelta(hours=1)


def test_months_are_counted_newest_first() -> None:
    assert edition([known(0), known(1), known(2, published=NOON)]).months == (("2026-11", 3),)
    assert edition([known(0), known(2)]).months == (("2026-11", 1), ("2026-10", 1))


def test_the_front_page_is_made_again_when_one_month_takes_the_place_of_another() -> None:
    """All that it shows is as it was: only the list of months is another."""
    newest, old, other = [known(number, published=NOON) for number in range(50)], known(60), known(62)
    before, after = (keys(edition([*newest, entry])) for entry in (old, other))
    assert before["index.html"] != after["index.html"]


def test_a_permalink_is_percent_encoded() -> None:
    assert page_path(known(0, slug="日本")) == "articles/%E6%97%A5%E6%9C%AC.html"


def test_an_entry_that_came_back_is_told_like_one_that_changed() -> None:
    assert came_back(known(0)) == NOON
    assert came_back(known(0, since=NOON + timedelta(hours=1))) == NOON + timedelta(hours=1)
    assert came_back(known(0, since=NOON - timedelta(hours=1))) == NOON
    assert came_back(known(0, since=NOON + timedelta(hours=1), state=State.KEPT)) == NOON


# -- from edition to edition -----------------------------------------------------------------------------------------------------


class Feed:
    """Promises that change at random, with all that an edition is planned from."""

    def __init__(self, seed: int) -> None:
        self.random, self.now, self.generation = Random(seed), NOON, 0
        self.known: dict[str, Known] = {}
        self.revisions: dict[str, int] = {}
        self.facets: dict[str, tuple[Facet, ...]] = {}
        self.kin: dict[str, tuple[tuple[str, float], ...]] = {}
        self.media: dict[str, tuple[str, ...]] = {}

    def plan(self, last: Edition) -> Edition:
        facts = (dict(self.known), dict(self.revisions), dict(self.kin), dict(self.facets), dict(self.media))
        return plan(*facts, now=self.now, style="s", static={}, terms=Terms(3, timedelta(days=3), 4), last=last)

    def change(self) -> None:
        """One to five things happen in one verdict."""
        self.generation += 1
        for _ in range(self.random.choice([1, 1, 1, 2, 5])):
            self.random.choice([self.add, self.add, self.edit, self.go, self.come_back, self.retag, self.move, self.wait, self.relate])()

    def add(self) -> None:
        number, day = len(self.known) + 1, self.now - timedelta(days=self.random.randrange(900))
        k = known(number, path=self.path(number), published=day, updated=day, arrival=number)
        self.known[k.id], self.revisions[k.id] = k, self.generation
        self.facets[k.id], self.media[k.id] = self.tags(), (f"{self.random.randrange(4)}.png",)

    def edit(self) -> None:
        self.touch(public=True, updated=self.now, title=str(self.generation))

    def go(self) -> None:
        self.touch(public=True, state=self.random.choice([State.WITHDRAWN, State.DRAFT, State.EXPIRED, State.KEPT]), since=self.now)

    def come_back(self) -> None:
        self.touch(public=False, state=State.LIVE, since=self.now)

    def retag(self) -> None:
        if ident := self.touch(public=True):
            self.facets[ident] = self.tags()

    def move(self) -> None:
        self.touch(public=True, path=self.path(self.random.randrange(99)))

    def wait(self) -> None:
        self.now += timedelta(hours=self.random.choice([1, 30, 80]))

    def relate(self) -> None:
        if len(self.known) > 1:
            one, other = self.random.sample(sorted(self.known), 2)
            self.kin |= {one: ((other, 0.9),), other: ((one, 0.9),)}

    def touch(self, *, public: bool, **facts: Any) -> str:
        """Change the promise of one of them, and return its id; nothing where there is none."""
        there = [ident for ident, k in self.known.items() if k.public is public]
        ident = self.random.choice(there) if there else ""
        if ident:
            self.known[ident], self.revisions[ident] = replace(self.known[ident], **facts), self.generation
        return ident

    def path(self, number: int) -> str:
        return f"{self.random.choice(['', 'x/', 'x/y/', 'z/'])}{number}.md"

    def tags(self) -> tuple[Facet, ...]:
        names = self.random.sample(["a", "b", "A", "c"], self.random.randrange(3))
        return tuple({facet.address: facet for facet in map(tag, names)}.values())


def said(edition: Edition) -> tuple[object, ...]:
    """All of an edition. In which order archives and feeds of tags are given their entries does not matter: they have their own."""
    free = (Kind.ARCHIVE, Kind.FACET_FEED)
    wanted = [(w.path, w.kind, w.key, sorted(w.ids) if w.kind in free else list(w.ids)) for w in edition.wanted]
    past = (edition.tombstones, edition.until, edition.sealed, edition.unsealed, edition.updated)
    return wanted, edition.months, edition.gone, dict(edition.same_story), edition.facets, *past


@pytest.mark.parametrize("seed", range(30))
def test_an_edition_that_takes_over_from_the_last_is_the_one_that_is_planned_anew(seed: int) -> None:
    """Rule 21: a service and a process that starts anew publish the same bytes."""
    feed, last = Feed(seed), NONE
    for _ in range(40):
        feed.change()
        last, anew = feed.plan(last), feed.plan(NONE)
        assert said(last) == said(anew)
