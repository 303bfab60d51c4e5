"""Articles on one event find each other, whatever the language and the size of the folder; what is not public is never named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeder import edition, readers, stories
from feeder.changes import Change, Known, State, Verb, sketch
from feeder.errors import LedgerError
from feeder.ledger import Ledger, Told
from feeder.model import Article, Block, Source
from feeder.pipeline import cycle
from feeder.stories import ALL, LEAST, NEAR, WINDOW, Scale, Story, partners, terms, vector
from tests.newsroom import ATOM, Newsroom

TEXTS = Path(__file__).parent / "stories"
SAME = sorted(path.name for path in (TEXTS / "same").iterdir())
SERIES = sorted(path.name for path in (TEXTS / "series").iterdir())
FEEDS = {"feed.xml", "rss.xml", "feed.json"}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
number = count().__next__


def articles(kind: str, name: str) -> list[Article]:
    """The texts of one folder, as they are read."""
    files = sorted((TEXTS / kind / name).iterdir())
    return [readers.read(Source(f"{name}/{file.name}", file.read_bytes(), "https://news.example/")) for file in files]


def story(article: Article, published: int = 0) -> Story:
    body = " ".join(block.text for block in article.blocks)
    return Story(number(), published, article.language, article.title, sketch(article.title, body), vector(article.title, article.blocks))


def told(title: str, text: str, language: str | None = None) -> Story:
    return story(Article("a.md", title, "", (Block("paragraph", text),), language=language))


def scale(known: Iterable[Story]) -> Scale:
    found = list(known)
    return Scale(Counter(term for each in found for term in (ALL, *terms(each.vector))))


def alike(known: Sequence[Story], among: Iterable[Story] = ()) -> float:
    """How alike the two likeliest of some stories are."""
    measure = scale([*known, *among])
    return max(measure.likeness(one, other) for one, other in combinations(known, 2))


BACKGROUND = [story(article) for kind in ("same", "series") for name in sorted((TEXTS / kind).iterdir()) for article in articles(kind, name.name)[:1]]


# --- what is one story ---


@pytest.mark.parametrize("name", SAME)
def test_two_articles_on_one_event_find_each_other(name: str) -> None:
    """Alone in a folder, where frequencies say nothing, and among others; each pair has two authors, who share hardly a phrase."""
    pair = [story(article) for article in articles("same", name)]
    others = [other for other in BACKGROUND if other.title not in {one.title for one in pair}]
    assert alike(pair) >= LEAST
    assert alike(pair, others) >= LEAST


@pytest.mark.parametrize("name", sorted({*SERIES} - {"football.en"}))
def test_a_common_subject_or_a_common_form_makes_no_common_story(name: str) -> None:
    """Forecasts, minutes, recipes, release notes, results: alone in a folder, where nothing else shows what their kind always says."""
    assert alike([story(article) for article in articles("series", name)]) < LEAST


def test_two_matches_of_one_club_in_one_week_are_taken_for_one_story() -> None:
    """A limit, told in docs/design.md: the same names and the same words; only a season of them shows that they come again."""
    matches = [story(article) for article in articles("series", "football.en")]
    assert alike(matches[:2]) >= LEAST
    season = [
        told(f"Marwick Rovers match {n}", f"Number{n}. At home Marwick Rovers and Sue Brandt, with Okoro, once more in the league.")
        for n in range(40)
    ]
    assert alike(matches[:2], season) < alike(matches[:2])


def test_strangers_stay_strangers() -> None:
    measure = scale(BACKGROUND)
    assert not [(a.title, b.title) for a, b in combinations(BACKGROUND, 2) if measure.likeness(a, b) >= LEAST]
    assert not [(a.title, b.title) for a, b in combinations(BACKGROUND, 2) if alike([a, b]) >= LEAST]


def test_two_languages_are_no_pair_and_an_unknown_one_is() -> None:
    one, other = (story(article) for article in articles("same", "bridge.en"))
    assert alike([one, replace(other, language="en-GB")]) >= LEAST
    assert alike([one, replace(other, language=None)]) >= LEAST
    assert alike([one, replace(other, language="nl")]) == 0


def test_a_subject_without_a_common_name_or_figure_is_no_story() -> None:
    text = "They said that the {} near the {} was shaken before breakfast, that walls were cracked, and that nobody had been hurt by falling stones."
    quakes = [told("Walls cracked", text.format("town of Sarn", "Pellora")), told("Another tremor", text.format("village of Bergot", "Tahlin"))]
    assert alike(quakes) == 0
    assert (
        alike([told("Walls cracked", text.format("town of Sarn", "Pellora")), told("Another tremor", text.format("port of Sarn", "Pellora"))]) > LEAST
    )


def test_titles_that_differ_in_a_number_make_a_series_only_where_the_texts_are_alike() -> None:
    one, other = (story(article) for article in articles("same", "bridge.en"))
    assert alike([replace(one, title="Ormsey bridge, day 1"), replace(other, title="Ormsey bridge, day 2")]) >= LEAST
    assert alike([replace(one, title="Ormsey bridge, day 1"), replace(one, title="Ormsey bridge, day 2", number=number())]) == 0


@pytest.mark.parametrize("text", ["", "—", "...", "1 2 3"])
def test_a_text_with_hardly_a_word_has_no_story(text: str) -> None:
    assert vector("", [Block("paragraph", text)] if text else []) == b"" or alike([told("", text), told("", "Another text")]) < LEAST


def test_code_tables_and_headings_say_nothing_of_the_event() -> None:
    blocks = [Block("code", "import bridge"), Block("table", "bridge 1"), Block("heading", "Bridge"), Block("paragraph", "Rain fell.")]
    assert vector("Rain", blocks) == vector("Rain", blocks[3:])


def test_an_article_is_looked_at_for_its_first_words_only() -> None:
    """No length makes it slow: a clause of ten million characters, a million words, signs without words."""
    for part in ("x", "word ", "古墓", "? ", "phố "):
        text = part * (200_000 // len(part))
        assert vector("Title", [Block("paragraph", text)]) == vector("Title", [Block("paragraph", text[: stories.LOOKED_AT])])


def test_what_was_read_is_remembered_within_bounds() -> None:
    """Neither a million different words nor a large batch fill the memory."""
    words, weighed = stories.REMEMBERED
    for start in range(0, words + 1000, 200):
        vector("Title", [Block("paragraph", " ".join(f"w{n:x}" for n in range(start, start + 200)))])
    assert len(stories._terms.__self__) <= words  # type: ignore[attr-defined]
    many = [told(f"Title {n}", f"Marwick and Okoro{n}") for n in range(weighed + 100)]
    measure = scale(many)
    first = [measure.likeness(many[0], other) for other in many[1:]]
    assert [measure.likeness(other, many[0]) for other in many[1:]] == first
    assert len(measure._weighed) <= weighed


WORDS = st.lists(
    st.sampled_from(
        [
            "Marwick",
            "Rovers",
            "league",
            "point",
            "1988",
            "4.2.7",
            "rain",
            "бой",
            "Бой",
            "古墓",
            "县",
            "zwei",
            "l'eau",
            "Hà",
            "Nội",
            "thành",
            "phố",
            ".",
            "!",
            "A",
        ]
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(WORDS, WORDS, WORDS)
def test_likeness_is_the_same_both_ways_and_lies_between_0_and_1(one: list[str], other: list[str], third: list[str]) -> None:
    texts = [told("A plain title", " ".join(words)) for words in (one, other, third)]
    measure = scale(texts)
    for a, b in combinations(texts, 2):
        assert measure.likeness(a, b) == measure.likeness(b, a)
        assert 0 <= measure.likeness(a, b) <= 1.000001


# --- who is compared ---


def window(*vectors: Story) -> list[tuple[int, int, bytes]]:
    return sorted((each.published, each.number, each.vector) for each in vectors)


def test_only_those_are_compared_that_share_two_keys_within_five_days() -> None:
    texts = [told("Title", "Marwick and Okoro"), told("Title", "Okoro of Marwick"), told("Title", "Okoro and Sue"), told("Title", "Marwick, Okoro")]
    times = [0, WINDOW, WINDOW, WINDOW + 1]
    first, second, _, last = found = [replace(text, published=when) for text, when in zip(texts, times, strict=True)]
    two = sorted({*terms(told("", "Marwick Okoro").vector)})
    assert partners(window(*found), {first.number: two}) == [(first.number, second.number)]
    assert partners(window(*found), {last.number: two}) == [(second.number, last.number)]
    assert len(partners(window(*found), {each.number: [term for term in two if term in terms(each.vector)] for each in found})) == 2


def test_a_thousand_alike_at_one_moment_cost_no_more_than_a_few_each() -> None:
    texts = [told("Title", "Marwick and Okoro") for _ in range(1000)]
    keys = [*terms(texts[0].vector)]
    assert len(partners(window(*texts), {texts[500].number: keys})) == stories.MEASURED <= 2 * NEAR
    assert len(partners(window(*texts), {text.number: keys for text in texts})) <= 1000 * stories.MEASURED


def test_what_nobody_else_says_is_no_key_nor_what_everybody_says() -> None:
    texts = [told("Title", f"Everybody says Marwick here, but Number{n} and Figure{n // 2} are mine.") for n in range(40)]
    first, second, third = ({*terms(text.vector)} for text in texts[:3])
    assert {*scale(texts).keys(texts[0])} == (first & second) - third


# --- in the ledger ---


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with closing(Ledger.blank()) as ledger:
        yield ledger


def known(article: Article, published: datetime = NOON, **facts: object) -> Known:
    body = " ".join(block.text for block in article.blocks)
    promise = Known(f"urn:x:{article.path}", article.path, article.path, published, published, "", "", article.title, sketch(article.title, body))
    return replace(promise, **facts)  # type: ignore[arg-type]


def record(ledger: Ledger, *found: Article, verb: Verb = Verb.ADD, read: bool = True, **facts: object) -> None:
    """One verdict about these articles."""
    changes = [Change(verb, known(article, **facts)) for article in found]  # type: ignore[arg-type]
    ledger.apply(changes, {a.path: Told(replace(a, blocks=()), "", vector(a.title, a.blocks)) for a in found} if read else {})


def kin(ledger: Ledger) -> dict[str, list[str]]:
    return {ident: [other for other, _ in found] for ident, found in ledger.stories.kin().items()}


def rows(ledger: Ledger) -> dict[str, int]:
    tables = ("story", "term", "kin")
    return {table: ledger.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


BRIDGE, ISLAND = articles("same", "bridge.en")
BOTH = {f"urn:x:{BRIDGE.path}": [f"urn:x:{ISLAND.path}"], f"urn:x:{ISLAND.path}": [f"urn:x:{BRIDGE.path}"]}


def test_a_pair_is_found_in_both_directions_at_once_or_one_after_the_other(ledger: Ledger) -> None:
    record(ledger, BRIDGE, ISLAND)
    assert kin(ledger) == BOTH
    ((_, likeness),) = ledger.stories.of(f"urn:x:{BRIDGE.path}")
    assert LEAST <= likeness <= 1
    assert ledger.stories.of("urn:x:nobody") == ()
    with closing(Ledger.blank()) as other:
        record(other, BRIDGE)
        assert kin(other) == {}
        record(other, ISLAND)
        assert other.stories.kin() == ledger.stories.kin()


def test_a_large_batch_finds_the_same_pairs_and_compares_with_what_was_there(ledger: Ledger) -> None:
    record(ledger, BRIDGE)
    others = [replace(BRIDGE, path=f"{n}.txt", title=f"Note {n}", blocks=(Block("paragraph", f"Rain{n} fell on Hill{n}."),)) for n in range(30)]
    record(ledger, *others, ISLAND)
    assert kin(ledger) == BOTH


def test_what_is_withdrawn_or_made_a_draft_is_forgotten_and_found_again(ledger: Ledger) -> None:
    record(ledger, BRIDGE, ISLAND)
    before = rows(ledger)
    for state in (State.WITHDRAWN, State.DRAFT):
        record(ledger, ISLAND, verb=Verb.WITHDRAW, read=False, state=state)
        assert kin(ledger) == {}
        record(ledger, ISLAND, verb=Verb.RESTORE)
        assert (kin(ledger), rows(ledger)) == (BOTH, before)
    record(ledger, BRIDGE, ISLAND, verb=Verb.WITHDRAW, read=False, state=State.WITHDRAWN)
    assert rows(ledger) == dict.fromkeys(before, 0)


def test_an_edit_is_compared_anew_and_what_changes_no_word_is_not(ledger: Ledger) -> None:
    record(ledger, BRIDGE, ISLAND)
    elsewhere = replace(ISLAND, title="Rain", blocks=(Block("paragraph", "Rain in the north."),))
    record(ledger, elsewhere, verb=Verb.EDIT)
    assert kin(ledger) == {}
    record(ledger, replace(elsewhere, title="", blocks=()), verb=Verb.EDIT)
    assert rows(ledger)["story"] == 1
    record(ledger, ISLAND, verb=Verb.EDIT)
    assert kin(ledger) == BOTH
    ledger.db.execute("UPDATE kin SET likeness = 0.99")
    ledger.stories.forget()
    record(ledger, ISLAND, verb=Verb.RETOUCH)
    record(ledger, ISLAND, verb=Verb.RELEASE, read=False)
    assert {likeness for found in ledger.stories.kin().values() for _, likeness in found} == {0.99}


def test_another_date_is_another_neighbourhood(ledger: Ledger) -> None:
    record(ledger, BRIDGE)
    record(ledger, ISLAND, published=NOON + timedelta(days=6))
    assert kin(ledger) == {}
    record(ledger, ISLAND, verb=Verb.REDATE, read=False, published=NOON + timedelta(days=5))
    assert kin(ledger) == BOTH
    record(ledger, ISLAND, verb=Verb.REDATE, read=False, published=NOON - timedelta(days=6))
    assert kin(ledger) == {}


def test_an_answer_that_took_a_summarys_place_leaves_the_story_alone(ledger: Ledger) -> None:
    record(ledger, BRIDGE, ISLAND)
    ledger.apply([Change(Verb.RETOUCH, known(ISLAND))], {ISLAND.path: Told(replace(ISLAND, blocks=()), "Another summary.")})
    assert kin(ledger) == BOTH
    never = replace(ISLAND, path="never-read.txt")
    ledger.apply([Change(Verb.ADD, known(never))], {never.path: Told(replace(never, blocks=()), "")})
    assert kin(ledger) == BOTH


def test_a_verdict_that_fails_leaves_what_was_found_before(ledger: Ledger) -> None:
    record(ledger, BRIDGE, ISLAND)
    clash = replace(BRIDGE, path="third.txt")
    with pytest.raises(LedgerError, match="UNIQUE"):
        record(ledger, replace(ISLAND, blocks=()), clash, slug="one")
    assert kin(ledger) == BOTH


GROUPS = (("same", "bridge.en"), ("same", "merger.en"), ("series", "football.en"), ("series", "weather.en"))
LIBRARY = [article for kind, name in GROUPS for article in articles(kind, name)]


@settings(max_examples=20, deadline=None)
@given(st.permutations(LIBRARY), st.lists(st.integers(0, 8), min_size=len(LIBRARY), max_size=len(LIBRARY)))
def test_the_order_of_files_makes_no_difference(order: list[Article], days: list[int]) -> None:
    """Nor does a ledger that was lost: what is found in one cycle follows from the folder alone."""
    dates = {article.path: NOON + timedelta(days=day) for article, day in zip(LIBRARY, days, strict=True)}
    found = []
    for folder in (LIBRARY, order):
        with closing(Ledger.blank()) as ledger:
            vectors = {a.path: Told(replace(a, blocks=()), "", vector(a.title, a.blocks)) for a in folder}
            ledger.apply([Change(Verb.ADD, known(article, dates[article.path])) for article in folder], vectors)
            found.append(dict(ledger.stories.kin()))
    assert found[0] == found[1]
    assert all((one, likeness) in found[0][other] for one, all_of in found[0].items() for other, likeness in all_of)


# --- in the edition ---


def entry(which: int, **facts: object) -> Known:
    return replace(Known(f"urn:x:{which}", f"{which}.md", f"a-{which}", NOON, NOON, "", "", "T", b"", arrival=which + 1), **facts)  # type: ignore[arg-type]


def planned(entries: Iterable[Known], kin: Mapping[str, Sequence[tuple[str, float]]], *, changed: str = "", limit: int = 3) -> edition.Edition:
    found = {k.id: k for k in entries}
    return edition.plan(
        found, {ident: 2 if ident == changed else 1 for ident in found}, kin, now=NOON, style="s", static={}, terms=edition.Terms(limit, archive=1)
    )


STATES = [State.LIVE, State.DRAFT, State.EXPIRED, State.WITHDRAWN]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(STATES), st.booleans()), min_size=2, max_size=8), st.data())
def test_only_what_is_public_names_or_is_named(states: list[tuple[State, bool]], data: st.DataObject) -> None:
    """No embargo, draft or withdrawal leaks through those who tell the same story: it is as if nothing were known of them."""
    entries = [entry(which, state=state, arrival=which + 1 if arrived else 0) for which, (state, arrived) in enumerate(states)]
    pairs = data.draw(st.sets(st.sampled_from(list(combinations([k.id for k in entries], 2)))))
    kin = {k.id: tuple((b if a == k.id else a, 0.5) for a, b in sorted(pairs) if k.id in (a, b)) for k in entries}
    public = {k.id for k in entries if k.public}
    found = planned(entries, kin)
    assert set(found.same_story) | {ident for others in found.same_story.values() for ident in others} <= public
    bare = {ident: tuple(pair for pair in others if pair[0] in public) for ident, others in kin.items() if ident in public}
    assert planned(entries, bare) == found


def test_the_five_most_alike_are_named() -> None:
    kin = {"urn:x:0": [(f"urn:x:{which}", 1 - which / 10) for which in range(1, 9)]}
    hidden = [entry(which, state=State.EXPIRED) for which in (1, 2)]
    assert planned([entry(0), *hidden, *map(entry, range(3, 9))], kin).same_story == {"urn:x:0": tuple(f"urn:x:{which}" for which in range(3, 8))}


def test_a_change_of_one_makes_the_pages_again_that_name_it_and_no_others() -> None:
    old = [entry(which, published=NOON + timedelta(days=40 * which), updated=NOON + timedelta(days=40 * which)) for which in range(6)]
    for named, also in (("urn:x:0", set()), ("urn:x:5", FEEDS)):  # the fifth is the one in the feed
        kin = {named: [("urn:x:1", 0.5)], "urn:x:1": [(named, 0.5)]}
        before, after = ({w.path: w.key for w in planned(old, kin, changed=changed, limit=1).wanted} for changed in ("", "urn:x:1"))
        pages = {f"articles/a-{named[-1]}.html", "articles/a-1.html", "archive/2027-01.html", "index.html", "archive/0002.xml"}
        assert {path for path in before if before[path] != after[path]} == pages | also


# --- in the feed and on the page ---


def related(news: Newsroom) -> dict[str, list[tuple[str, str, str]]]:
    """By title: the links of rel=related in the feed, as address, type and title."""
    found = {}
    for element in news.atom().iter(ATOM + "entry"):
        links = element.findall(f"{ATOM}link[@rel='related']")
        found[element.findtext(ATOM + "title", "")] = [(link.get("href", ""), link.get("type", ""), link.get("title", "")) for link in links]
    return found


def page(news: Newsroom, title: str) -> etree._Element:
    path = news.entry(title)["link"].removeprefix("https://news.example/")
    return etree.HTML((news.output / path).read_text())


def block(news: Newsroom, title: str) -> list[tuple[str, str, str]]:
    """The links of "Same story" on an article's page: address, text, time."""
    items = page(news, title).findall(".//aside[@aria-labelledby='same-story']//li")
    return [(li.find("a").get("href"), "".join(li.find("a").itertext()), li.find("time").get("datetime")) for li in items]  # type: ignore[union-attr,misc]


CARGO, WEEKS = BRIDGE.title, ISLAND.title


@pytest.fixture
def news(tmp_path: Path) -> Newsroom:
    """The island's bridge told twice, and a merger."""
    news = Newsroom(tmp_path)
    for path, source, age in (("ship.txt", "bridge.en/1.txt", 5), ("island.txt", "bridge.en/2.txt", 4), ("merger.txt", "merger.en/1.txt", 3)):
        news.write(path, (TEXTS / "same" / source).read_bytes(), age=age * HOUR)
    news.cycle()
    return news


def test_the_feed_and_the_pages_name_who_tells_the_same_story(news: Newsroom) -> None:
    assert related(news) == {
        CARGO: [("https://news.example/articles/island.html", "text/html", WEEKS)],
        WEEKS: [("https://news.example/articles/ship.html", "text/html", CARGO)],
        "Brennick to buy rival Tollan Foods for 840 million": [],
    }
    assert block(news, CARGO) == [("../articles/island.html", WEEKS, "2036-11-22T08:00:00Z")]
    assert block(news, WEEKS) == [("../articles/ship.html", CARGO, "2036-11-22T07:00:00Z")]
    assert page(news, "Brennick to buy rival Tollan Foods for 840 million").find(".//aside") is None


def test_a_later_article_on_the_event_makes_the_others_page_and_the_feed_again_and_moves_no_time(news: Newsroom) -> None:
    """Relations are no change of an entry: a new article never marks an old one unread."""
    news.later(hours=1)
    before, times = news.published(), news.entry("Brennick to buy rival Tollan Foods for 840 million")
    news.write("esk.txt", (TEXTS / "same" / "merger.en" / "2.txt").read_bytes())
    report = news.cycle()
    assert {path for path in report.put.written if path in before} == {"articles/merger.html", "archive/2036-11.html", "index.html", *FEEDS}
    assert {**news.entry(times["title"])} == times
    assert block(news, times["title"]) == [("../articles/esk.html", "Workers in Esk fear for their factory", "2036-11-22T12:00:00Z")]


@pytest.mark.parametrize("away", ["withdrawn", "draft", "expired"])
def test_what_is_taken_away_is_named_no_more_and_comes_back(news: Newsroom, away: str) -> None:
    text = (news.input / "island.txt").read_text()
    before = news.published()
    news.later(hours=1)
    if away == "withdrawn":
        (news.input / "island.txt").unlink()
    else:
        fact = "draft: true" if away == "draft" else "expires: 2036-11-22T12:30:00Z"
        news.write("island.txt", f"---\n{fact}\n---\n{text}", age=timedelta(0))
        news.later(seconds=5)
    news.cycle()
    assert related(news)[CARGO] == []
    assert block(news, CARGO) == []
    assert WEEKS.encode() not in b"".join(body for path, body in news.published().items() if path != "articles/island.html")
    news.write("island.txt", text, age=timedelta(0))
    news.later(seconds=5)
    news.cycle()
    assert related(news)[CARGO] == [("https://news.example/articles/island.html", "text/html", WEEKS)]
    assert news.published()["articles/ship.html"] == before["articles/ship.html"]


def test_an_embargo_leaks_nothing_and_ends_for_both_at_once(tmp_path: Path) -> None:
    news = Newsroom(tmp_path)
    news.write("ship.txt", (TEXTS / "same" / "bridge.en" / "1.txt").read_bytes())
    news.cycle()
    alone = news.published()
    news.write("island.txt", f"---\ndate: 2036-11-23T12:00:00Z\n---\n{(TEXTS / 'same' / 'bridge.en' / '2.txt').read_text()}")
    news.cycle()
    assert news.published() == alone
    news.later(days=1)
    news.cycle()
    assert [title for title, links in related(news).items() if links] == [WEEKS, CARGO]


def test_a_lost_ledger_finds_the_same_again(news: Newsroom) -> None:
    before = news.published()
    for file in (news.folder / ".feeder").iterdir():
        file.unlink()
    news.cycle()
    assert news.published() == before


def test_what_the_author_links_to_is_not_linked_twice(news: Newsroom) -> None:
    link = "https://news.example/articles/island.html"
    text = (news.input / "ship.txt").read_text()
    news.write("ship.txt", f'---\nlink: "{link}"\n---\n{text}', age=timedelta(0))
    news.later(seconds=5)
    news.cycle()
    assert [address for address, _, _ in related(news)[CARGO]] == [link]
    assert block(news, CARGO) == []
    assert [address for address, _, _ in related(news)[WEEKS]] == ["https://news.example/articles/ship.html"]


def test_what_was_published_by_an_earlier_version_is_compared_too(news: Newsroom) -> None:
    """Its ledger has no stories; every file is read again, and nobody's `updated` moves."""
    before = news.published()
    with news.parts() as parts:
        for table in ("story", "term", "kin"):
            parts.ledger.db.execute(f"DELETE FROM {table}")
        older = replace(parts, intake=replace(parts.intake, salt="as it was before"))
        cycle(older, now=news.now, tick=news.tick, stop=lambda: None)
    news.cycle()
    assert news.published() == before
