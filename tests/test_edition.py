"""Which documents should exist, and when one has to be made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from feeder.changes import Known, State
from feeder.edition import Edition, Kind, page_path, plan

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def known(number: int, **facts: object) -> Known:
    day = NOON - timedelta(days=20 * number)
    return replace(Known(f"urn:x:{number}", f"{number}.md", f"a-{number}", day, day, "", "", "T", b"", arrival=100 - number), **facts)  # type: ignore[arg-type]


def edition(entries: list[Known], *, limit: int = 3, style: str = "s", changed: str = "") -> Edition:
    revisions = {k.id: 2 if k.id == changed else 1 for k in entries}
    return plan({k.id: k for k in entries}, revisions, style=style, static={"style.css": "digest"}, limit=limit)


def keys(edition: Edition) -> dict[str, str]:
    return {wanted.path: wanted.key for wanted in edition.wanted}


def test_pages_come_first_and_the_feed_last() -> None:
    """O10."""
    order = [wanted.kind for wanted in edition([known(0), known(2)]).wanted]
    assert order == [Kind.STATIC, Kind.ARTICLE, Kind.ARTICLE, Kind.MONTH, Kind.MONTH, Kind.MISSING, Kind.INDEX, Kind.FEED]


def test_an_empty_folder_still_has_a_page_and_a_feed_the_same_in_every_build() -> None:
    empty = edition([])
    assert [wanted.path for wanted in empty.wanted] == ["style.css", "404.html", "index.html", "feed.xml"]
    assert empty.updated == datetime(1970, 1, 1, tzinfo=UTC)


def test_one_changed_article_changes_its_page_its_month_and_the_feed_only() -> None:
    entries = [known(number) for number in range(12)]
    before, after = keys(edition(entries)), keys(edition(entries, changed="urn:x:1"))
    assert {path for path in before if before[path] != after[path]} == {"articles/a-1.html", "archive/2026-11.html", "index.html", "feed.xml"}
    before, after = keys(edition(entries)), keys(edition(entries, changed="urn:x:11"))
    assert {path for path in before if before[path] != after[path]} == {"articles/a-11.html", "archive/2026-04.html"}


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
    assert [w.path for w in result.wanted if w.kind is Kind.GONE] == ["articles/a-0.html", "articles/a-1.html"]
    assert result.gone == {"articles/a-0.html", "articles/a-1.html"}
    assert result.months == ()


def test_the_feeds_updated_is_the_newest_of_entries_and_withdrawals() -> None:
    """Rule 11."""
    assert edition([known(0), known(1)]).updated == NOON
    assert edition([known(0), known(1, state=State.WITHDRAWN, since=NOON + timedelta(hours=1))]).updated == NOON + timedelta(hours=1)


def test_months_are_counted_newest_first() -> None:
    assert edition([known(0), known(1), known(2, published=NOON)]).months == (("2026-11", 3),)
    assert edition([known(0), known(2)]).months == (("2026-11", 1), ("2026-10", 1))


def test_a_permalink_is_percent_encoded() -> None:
    assert page_path(known(0, slug="日本")) == "articles/%E6%97%A5%E6%9C%AC.html"
