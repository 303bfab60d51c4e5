"""What a look at the folder means for subscribers (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from feeder.changes import Known, State, Verb, likeness, next_due, outcome, sketch
from feeder.ledger import Ledger
from tests.world import NOON, MemoryStore, Store, Text, World, words

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "ledger"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield World()
        return
    ledger = Ledger.open(tmp_path)
    yield World(ledger)
    ledger.close()


def verbs(world: World, **how: object) -> list[Verb]:
    return [change.verb for change in world.look(**how).changes]  # type: ignore[arg-type]


# -- identity ----------------------------------------------------------------------------------------------------------------


def test_a_new_file_is_a_new_entry_and_a_second_look_changes_nothing(world: World) -> None:
    world.add("a.md")
    assert verbs(world) == [Verb.ADD, Verb.RELEASE]
    assert world.public() == {"a.md"}
    assert verbs(world) == []


def test_a_lost_ledger_mints_the_same_ids_and_permalinks() -> None:
    """S10, rule 9."""
    first, second = World(), World()
    for world in (first, second):
        for path in ("news/a.md", "b.txt", "ünï/c.html"):
            world.add(path)
        world.look()
        world.later(days=3)
    assert [(k.id, k.slug, k.published) for k in first.store.known().values()] == [(k.id, k.slug, k.published) for k in second.store.known().values()]
    assert all(ident.startswith("urn:uuid:") for ident in first.store.known())


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("rename", lambda w: w.rename("a.md", "b.md")),
        ("move to a subfolder", lambda w: w.rename("a.md", "news/a.md")),
        ("edit", lambda w: w.edit("a.md")),
        ("another title", lambda w: w.edit("a.md", title="Quite another title")),
        ("another date", lambda w: w.edit("a.md", published=NOON - 9 * HOUR)),
        ("rename and edit", lambda w: (w.rename("a.md", "b.md"), w.edit("b.md"))),
        ("rename and another title", lambda w: (w.rename("a.md", "b.md"), w.edit("b.md", title="Quite another title"))),
        ("an id of its own, too late", lambda w: w.edit("a.md", id="tag:news.example,2026:late")),
    ],
)
def test_id_permalink_and_published_stay_through(world: World, what: str, change: object) -> None:
    world.add("a.md")
    world.add("other.md")
    world.look()
    before = world.entry("a.md")
    world.later(hours=1)
    change(world)  # type: ignore[operator]
    world.look()
    after = world.entry(next(path for path in world.files if path != "other.md"))
    assert (after.id, after.slug, after.published, after.arrival) == (before.id, before.slug, before.published, before.arrival), what
    assert len(world.public()) == 2


def test_two_files_that_exchange_their_names_keep_their_entries(world: World) -> None:
    world.add("a.md")
    world.add("b.md")
    world.look()
    a, b = world.entry("a.md").id, world.entry("b.md").id
    world.files["a.md"], world.files["b.md"] = world.files["b.md"], world.files["a.md"]
    assert verbs(world) == [Verb.MOVE, Verb.RETOUCH, Verb.MOVE, Verb.RETOUCH]
    assert (world.entry("a.md").id, world.entry("b.md").id) == (b, a)


def test_a_file_moved_away_and_another_put_in_its_place_are_two_entries(world: World) -> None:
    world.add("today.md")
    world.look()
    old = world.entry("today.md")
    world.rename("today.md", "yesterday.md")
    world.add("today.md", title="Something else")
    world.look()
    assert world.entry("yesterday.md").id == old.id
    assert world.entry("today.md").id != old.id
    assert world.entry("today.md").slug != old.slug


def test_a_file_moved_over_another_is_still_itself_and_the_other_is_gone(world: World) -> None:
    for path in ("a.md", "b.md", "c.md"):
        world.add(path)
    world.look()
    a, b = world.entry("a.md").id, world.entry("b.md").id
    world.rename("b.md", "a.md")
    world.look()
    assert (world.entry("a.md").id, world.store.known()[a].state) == (b, State.WITHDRAWN)
    assert world.public() == {"a.md", "c.md"}


def test_names_passed_on_along_a_chain_leave_each_article_its_entry(world: World) -> None:
    for path in ("a.md", "b.md", "z.md"):
        world.add(path)
    world.look()
    a, b = world.entry("a.md").id, world.entry("b.md").id
    world.rename("b.md", "c.md")
    world.edit("c.md")
    world.rename("a.md", "b.md")
    world.look()
    assert (world.entry("b.md").id, world.entry("c.md").id) == (a, b)


def test_articles_with_ids_of_their_own_keep_them_when_they_exchange_names_while_edited(world: World) -> None:
    world.add("a.md", id="tag:news.example,2026:a")
    world.add("b.md", id="tag:news.example,2026:b")
    world.look()
    world.files["a.md"], world.files["b.md"] = world.files["b.md"], world.files["a.md"]
    world.edit("a.md")
    world.edit("b.md", title="Quite another title")
    world.look()
    assert (world.entry("a.md").id, world.entry("b.md").id) == ("tag:news.example,2026:b", "tag:news.example,2026:a")


def test_another_article_with_an_id_of_its_own_never_comes_back_as_the_one_that_was_there(world: World) -> None:
    world.add("weekly.md", title="Weekly", id="tag:news.example,2026:a")
    world.add("z.md")
    world.look()
    text = world.files.pop("weekly.md")
    world.look()
    world.files["weekly.md"] = replace(text, id="tag:news.example,2026:b")
    world.look()
    assert world.entry("weekly.md").id == "tag:news.example,2026:b"


def test_an_article_renamed_and_then_edited_for_a_while_is_still_itself(world: World) -> None:
    """The old name is withdrawn before the new file has settled."""
    world.add("a.md")
    world.add("z.md")
    world.look()
    ident = world.entry("a.md").id
    world.rename("a.md", "b.md")
    assert verbs(world, hide=frozenset({"b.md"})) == [Verb.WITHDRAW]
    world.later(minutes=2)
    world.edit("b.md")
    world.look()
    assert world.entry("b.md").id == ident


def test_equal_files_renamed_together_go_by_their_names(world: World) -> None:
    for number in range(4):
        world.add(f"d{number}.md")
        world.files[f"d{number}.md"] = world.files["d0.md"]
    world.add("z.md")
    world.look()
    ids = [world.entry(f"d{number}.md").id for number in range(4)]
    for number in range(4):
        world.rename(f"d{number}.md", f"e{number}.md")
    world.look()
    assert [world.entry(f"e{number}.md").id for number in range(4)] == ids


def test_a_permalink_that_looks_like_a_minted_one_stops_nothing(world: World) -> None:
    """C27."""
    world.add("x.md")
    world.look()
    world.add("x.txt")
    minted = World(files=dict(world.files))
    minted.look()
    world.add("other.md", slug=minted.entry("x.txt").slug, modified=NOON - 9 * HOUR)
    world.look()
    assert len(world.public()) == 3


def test_long_names_that_begin_alike_mint_the_same_permalinks_in_any_order() -> None:
    """S10."""
    paths = [f"{'a-very-long-name-' * 6}part-{number}.md" for number in range(2)]
    slugs = []
    for order in (paths, paths[::-1]):
        world = World()
        for age, path in enumerate(order):
            world.add(path, modified=NOON - age * HOUR)
        world.look()
        slugs.append([world.entry(path).slug for path in paths])
    assert slugs[0] == slugs[1]


def test_an_entry_whose_path_was_taken_and_whose_bytes_went_to_its_twin_is_withdrawn(world: World) -> None:
    world.add("a-twin.md")
    world.files["b-twin.md"] = world.files["a-twin.md"]
    world.add("z.md")
    world.look()
    first, second, other = (world.entry(path).id for path in ("a-twin.md", "b-twin.md", "z.md"))
    world.rename("z.md", "b-twin.md")
    world.rename("a-twin.md", "c.md")
    assert Verb.WITHDRAW in verbs(world)
    assert {path: world.entry(path).id for path in world.files} == {"b-twin.md": other, "c.md": first}
    assert world.store.known()[second].state is State.WITHDRAWN


def test_equal_articles_are_two_entries_with_two_ids_and_permalinks(world: World) -> None:
    """I30."""
    world.add("a.md")
    world.files["b.md"] = world.files["a.md"]
    world.look()
    assert world.entry("a.md").id != world.entry("b.md").id


def test_permalinks_are_unique_whatever_the_case_and_keep_to_their_first_entry(world: World) -> None:
    """I23."""
    for path in ("A.txt", "a.txt", "a.md", "sub/b.md", "sub-b.md"):
        world.add(path)
    world.look()
    slugs = [k.slug.casefold() for k in world.store.known().values()]
    assert len(set(slugs)) == 5


def test_the_authors_id_wins_and_follows_its_file_anywhere(world: World) -> None:
    world.add("a.md", id="tag:news.example,2026:a")
    world.add("b.md")
    world.look()
    assert world.entry("a.md").id == "tag:news.example,2026:a"
    world.rename("a.md", "z.md")
    world.edit("z.md", title="New", body=words(12345))
    world.look()
    assert world.entry("z.md").id == "tag:news.example,2026:a"


def test_an_id_that_is_not_absolute_is_made_so(world: World) -> None:
    """Rule 9."""
    world.add("a.md", id="42")
    world.look()
    assert world.entry("a.md").id.startswith("urn:uuid:")


@pytest.mark.parametrize("facts", [{"id": "tag:news.example,2026:a"}, {"slug": "same"}])
def test_of_two_articles_with_one_id_or_slug_the_first_wins_and_the_second_is_refused(world: World, facts: dict[str, Any]) -> None:
    """C27."""
    world.add("a.md", **facts)
    world.add("b.md", **facts)
    verdict = world.look()
    assert world.public() == {"a.md"}
    assert [problem.where for problem in verdict.refused] == ["b.md"]
    assert "a.md" in verdict.refused[0].reason or "same" in verdict.refused[0].reason
    world.edit("b.md", id=None, slug=None)
    world.look()
    assert world.public() == {"a.md", "b.md"}


def test_an_id_never_returns_to_another_article(world: World) -> None:
    world.add("weekly.md", title="Week one")
    world.add("other.md")
    world.look()
    first = world.entry("weekly.md")
    del world.files["weekly.md"]
    world.look()
    world.files["weekly.md"] = replace(world.files["other.md"], title="Week two", body=words(777))
    world.look()
    second = world.entry("weekly.md")
    assert (second.id == first.id, second.slug == first.slug) == (False, False)


# -- dates -------------------------------------------------------------------------------------------------------------------


def test_published_is_the_authors_word_else_the_files_time_else_now(world: World) -> None:
    world.add("said.md", published=NOON - 9 * HOUR, modified=NOON - HOUR)
    world.add("file.md", modified=NOON - HOUR)
    world.add("now.md")
    world.look()
    assert [world.entry(path).published for path in ("said.md", "file.md", "now.md")] == [NOON - 9 * HOUR, NOON - HOUR, NOON]


@pytest.mark.parametrize("modified", [NOON + HOUR, NOON.replace(year=1970), NOON.replace(year=9999)])
def test_a_file_time_that_cannot_be_true_is_not_used(world: World, modified: object) -> None:
    """T1, T2."""
    world.add("a.md", modified=modified)
    world.look()
    assert world.entry("a.md").published == NOON


def test_updated_is_the_authors_word_at_first_sight_when_it_can_be_true(world: World) -> None:
    world.add("a.md", published=NOON - 9 * HOUR, updated=NOON - HOUR)
    world.add("b.md", published=NOON - 8 * HOUR, updated=NOON + HOUR)
    world.add("c.md", published=NOON - 7 * HOUR, updated=NOON - 9 * HOUR)
    world.look()
    assert [world.entry(path).updated for path in ("a.md", "b.md", "c.md")] == [NOON - HOUR, NOON - 8 * HOUR, NOON - 7 * HOUR]


def test_updated_moves_when_readers_see_something_new_and_only_then(world: World) -> None:
    """T7, T8, rule 11."""
    world.add("a.md", modified=NOON - HOUR)
    world.look()
    before = world.entry("a.md")
    world.later(hours=1)
    world.edit("a.md", slug="ignored-now")  # other bytes, nothing to see
    assert verbs(world) == [Verb.RETOUCH]
    assert world.entry("a.md").updated == before.updated
    world.edit("a.md")
    assert verbs(world) == [Verb.EDIT]
    assert world.entry("a.md").updated == world.now


def test_the_same_bytes_read_by_a_newer_reader_are_no_edit(world: World) -> None:
    world.add("a.md")
    world.look()
    before = world.entry("a.md")
    world.later(hours=1)
    improved = replace(world.found("a.md", world.files["a.md"]), visible="another digest")
    world.found = lambda path, text: improved  # type: ignore[method-assign]
    world.seen.clear()
    assert verbs(world) == [Verb.RETOUCH]
    assert world.entry("a.md") == replace(before, visible="another digest")


def test_a_minor_edit_passes_silently(world: World) -> None:
    world.add("a.md")
    world.look()
    before = world.entry("a.md").updated
    world.later(hours=1)
    world.edit("a.md", body="typo mended", minor=True)
    assert verbs(world) == [Verb.RETOUCH]
    assert world.entry("a.md").updated == before


def test_the_authors_updated_dates_an_edit_when_it_can_be_true(world: World) -> None:
    world.add("a.md", published=NOON - 9 * HOUR)
    world.look()
    world.later(hours=2)
    world.edit("a.md", body="new", updated=NOON + HOUR)
    world.look()
    assert world.entry("a.md").updated == NOON + HOUR


def test_updated_never_goes_back_even_if_the_clock_does(world: World) -> None:
    """T3."""
    world.add("a.md")
    world.look()
    before = world.entry("a.md").updated
    world.later(hours=-1)
    world.edit("a.md")
    world.look()
    assert world.entry("a.md").updated == before + SECOND


def test_no_two_entries_get_the_same_updated_and_none_lies_in_the_future(world: World) -> None:
    """Rule 12."""
    for number in range(20):
        world.add(f"{number:02}.md", modified=NOON)
    world.look()
    for number in range(20):
        world.edit(f"{number:02}.md")
    world.later(minutes=1)
    world.look()
    updated = [k.updated for k in world.store.known().values()]
    assert len(set(updated)) == 20
    assert max(updated) <= world.now


def test_articles_the_author_dated_to_the_same_day_keep_published_and_differ_in_updated(world: World) -> None:
    """Rule 12."""
    day = NOON - 36 * HOUR
    for path in ("a.md", "b.md", "c.md"):
        world.add(path, published=day)
    world.look()
    assert {k.published for k in world.store.known().values()} == {day}
    assert sorted(k.updated - day for k in world.store.known().values()) == [0 * SECOND, SECOND, 2 * SECOND]


def test_an_updated_that_cannot_be_spread_forwards_is_spread_back_from_now(world: World) -> None:
    """Rule 11: none in the future."""
    for path in ("a.md", "b.md", "c.md"):
        world.add(path, published=NOON)
    world.look()
    assert sorted(NOON - k.updated for k in world.store.known().values()) == [0 * SECOND, SECOND, 2 * SECOND]


def test_two_thousand_files_of_one_second_are_each_a_second_apart() -> None:
    """A checkout or an archive unpacked: as many files of one time as one likes."""
    world = World()
    for number in range(2_000):
        world.files[f"{number}.md"] = Text(f"Note {number}", f"body {number}", modified=NOON)
    world.look()
    updated = {k.updated for k in world.store.known().values()}
    assert (len(updated), min(updated)) == (2_000, NOON - 1_999 * SECOND)


def test_a_date_from_a_clock_that_was_years_ahead_is_repaired(world: World) -> None:
    """T4."""
    world.later(days=50 * 365)
    world.add("a.md")
    world.add("stated.md", published=NOON + 2 * HOUR)
    world.look()
    assert world.public() == {"a.md", "stated.md"}
    world.now = NOON
    assert verbs(world) == [Verb.REDATE]
    assert (world.entry("a.md").published, world.entry("a.md").updated) == (NOON, NOON)
    assert world.public() == {"a.md", "stated.md"}


def test_a_repaired_date_leaves_a_later_edit_where_it_is(world: World) -> None:
    """T4: `updated` never goes back."""
    world.later(days=50 * 365)
    world.add("a.md")
    world.look()
    world.later(hours=1)
    world.edit("a.md")
    world.look()
    edited = world.entry("a.md").updated
    world.now = NOON
    world.look()
    assert (world.entry("a.md").published, world.entry("a.md").updated) == (NOON, edited)


# -- embargo, expiry, drafts ---------------------------------------------------------------------------------------------------


def test_an_embargoed_article_is_public_from_its_second_on_and_stays_so_when_the_clock_goes_back(world: World) -> None:
    world.add("a.md", published=NOON + HOUR)
    assert verbs(world) == [Verb.ADD]
    assert next_due(world.store.known().values()) == NOON + HOUR
    world.now = NOON + HOUR - SECOND
    assert verbs(world) == []
    world.now = NOON + HOUR
    assert verbs(world) == [Verb.RELEASE]
    assert world.entry("a.md").published == world.entry("a.md").updated == NOON + HOUR
    world.now = NOON
    assert verbs(world) == []
    assert world.public() == {"a.md"}


def test_an_embargo_may_be_moved_until_it_has_ended(world: World) -> None:
    world.add("a.md", published=NOON + HOUR)
    world.look()
    world.edit("a.md", published=NOON + 3 * HOUR)
    world.look()
    assert world.entry("a.md").published == NOON + 3 * HOUR
    world.edit("a.md", published=None)
    world.look()
    assert (world.public(), world.entry("a.md").published) == ({"a.md"}, NOON)


@pytest.mark.parametrize("complete", [True, False])
def test_an_embargoed_article_whose_file_is_gone_is_not_released(world: World, complete: bool) -> None:
    world.add("a.md", published=NOON + HOUR)
    world.add("b.md")
    world.look()
    del world.files["a.md"]
    world.later(hours=2)
    world.look(complete=complete)
    assert world.public() == {"b.md"}


def test_an_embargoed_article_that_cannot_be_read_as_it_is_now_is_not_released(world: World) -> None:
    """Its author may have moved the date, with a slip."""
    world.add("a.md", published=NOON + HOUR)
    world.look()
    world.later(hours=2)
    world.look(unread=frozenset({"a.md"}))
    assert world.public() == set()
    world.look()
    assert world.public() == {"a.md"}


def test_an_article_given_an_end_in_the_past_expired_after_its_last_change(world: World) -> None:
    world.add("a.md")
    world.look()
    world.edit("a.md", expires=NOON - 900 * HOUR)
    world.look()
    assert world.entry("a.md").since == world.entry("a.md").updated


def test_articles_arrive_in_the_order_of_their_dates(world: World) -> None:
    for path, age in (("c.md", 1), ("a.md", 3), ("b.md", 2)):
        world.add(path, published=NOON - age * HOUR)
    world.look()
    assert [world.entry(path).arrival for path in ("a.md", "b.md", "c.md")] == [1, 2, 3]
    world.add("d.md", published=NOON - 9 * HOUR)
    world.look()
    assert world.entry("d.md").arrival == 4


def test_an_expired_article_goes_at_its_second_and_comes_back_when_its_life_is_prolonged(world: World) -> None:
    world.add("a.md", expires=NOON + HOUR)
    world.look()
    assert next_due(world.store.known().values()) == NOON + HOUR
    world.later(hours=1)
    assert verbs(world) == [Verb.EXPIRE]
    assert (world.public(), world.entry("a.md").since) == (set(), NOON + HOUR)
    assert verbs(world) == []
    before = world.entry("a.md")
    world.edit("a.md", expires=NOON + 9 * HOUR)
    assert verbs(world) == [Verb.RETOUCH, Verb.RESTORE]
    assert (world.public(), world.entry("a.md").updated) == ({"a.md"}, before.updated)


def test_drafts_stay_in_and_a_published_article_made_a_draft_is_taken_back(world: World) -> None:
    world.add("a.md", draft=True)
    assert verbs(world) == []
    world.edit("a.md", draft=False)
    world.look()
    ident = world.entry("a.md").id
    world.edit("a.md", draft=True)
    assert verbs(world) == [Verb.WITHDRAW, Verb.RETOUCH]
    assert (world.public(), world.entry("a.md").state) == (set(), State.DRAFT)
    world.edit("a.md", draft=False, title="Quite another title", body=words(4711))
    assert verbs(world) == [Verb.RESTORE, Verb.EDIT]
    assert world.entry("a.md").id == ident


def test_a_withdrawn_article_that_comes_back_as_a_draft_stays_in(world: World) -> None:
    world.add("a.md")
    world.add("b.md")
    world.look()
    text = world.files.pop("a.md")
    world.look()
    world.files["a.md"] = replace(text, draft=True)
    world.look()
    assert (world.public(), world.entry("a.md").state, world.entry("a.md").since) == ({"b.md"}, State.DRAFT, NOON)


def test_an_article_deleted_before_its_embargo_ended_was_never_there(world: World) -> None:
    world.add("a.md", published=NOON + HOUR)
    world.add("b.md")
    world.look()
    text = world.files.pop("a.md")
    world.look()
    world.later(hours=2)
    assert verbs(world) == []
    world.files["a.md"] = replace(text, published=NOON + 5 * HOUR)
    world.look()
    assert (world.public(), world.entry("a.md").published) == ({"b.md"}, NOON + 5 * HOUR)


# -- withdrawal ----------------------------------------------------------------------------------------------------------------


def test_a_deleted_file_is_withdrawn_at_that_time_and_its_return_restores_the_same_entry(world: World) -> None:
    world.add("a.md")
    world.add("b.md")
    world.look()
    before = world.entry("a.md")
    text = world.files.pop("a.md")
    world.later(hours=1)
    assert verbs(world) == [Verb.WITHDRAW]
    assert world.store.known()[before.id].since == NOON + HOUR
    world.later(hours=1)
    world.files["a.md"] = text
    assert verbs(world) == [Verb.RESTORE, Verb.RETOUCH]
    assert world.entry("a.md") == replace(before, since=world.now)


# -- what is kept --------------------------------------------------------------------------------------------------------------


def kept(world: World) -> Known:
    """The one entry that is published without a file."""
    (entry,) = [k for k in world.store.known().values() if k.state is State.KEPT]
    return entry


def test_what_is_kept_stays_published_without_its_file_and_is_the_same_entry_when_that_returns(world: World) -> None:
    world.keep = True
    world.add("a.md")
    world.add("b.md")
    world.look()
    before, text = world.entry("a.md"), world.files.pop("a.md")
    assert verbs(world) == [Verb.RETOUCH]
    assert verbs(world) == []
    assert (kept(world).id, world.public()) == (before.id, {"a.md", "b.md"})
    world.files["elsewhere/a.md"] = text
    assert verbs(world) == [Verb.MOVE, Verb.RETOUCH, Verb.RETOUCH]
    assert world.entry("elsewhere/a.md") == replace(before, path="elsewhere/a.md")


def test_everything_may_go_at_once_and_is_kept(world: World) -> None:
    world.keep = True
    for number in range(10):
        world.add(f"{number}.md")
    world.look()
    world.files.clear()
    assert world.look().held == ()
    assert len(world.public()) == 10


def test_another_article_at_the_path_of_a_kept_one_is_another_entry(world: World) -> None:
    world.keep = True
    world.add("a.md")
    world.look()
    before = world.entry("a.md")
    del world.files["a.md"]
    world.look()
    world.files["a.md"] = Text("Another", words(77))
    assert verbs(world) == [Verb.ADD, Verb.RELEASE]
    assert world.entry("a.md").id != before.id == kept(world).id


def test_a_name_passed_on_to_another_article_leaves_the_one_that_had_it_kept(world: World) -> None:
    world.keep = True
    world.add("a.md")
    world.add("b.md")
    world.look()
    before = world.entry("b.md")
    world.rename("a.md", "b.md")
    world.look()
    assert (kept(world).id, len(world.public())) == (before.id, 1)


def test_what_nobody_has_seen_yet_is_not_kept_and_an_end_comes_without_a_file_too(world: World) -> None:
    world.keep = True
    world.add("later.md", published=NOON + HOUR)
    world.add("short.md", expires=NOON + 2 * HOUR)
    world.look()
    world.files.clear()
    world.look()
    assert world.public() == {"short.md"}
    world.later(hours=1)
    assert verbs(world) == []
    world.later(hours=1)
    assert verbs(world) == [Verb.EXPIRE]
    assert world.public() == set()


def test_what_was_kept_goes_once_it_is_no_longer_to_be_kept(world: World) -> None:
    world.keep = True
    world.add("a.md")
    world.add("b.md")
    world.look()
    del world.files["a.md"]
    world.look()
    world.keep = False
    world.later(hours=1)
    assert verbs(world) == [Verb.WITHDRAW]
    (gone,) = [k for k in world.store.known().values() if k.state is State.WITHDRAWN]
    assert gone.since == NOON + HOUR


def test_a_kept_article_that_returns_as_a_draft_is_taken_back(world: World) -> None:
    world.keep = True
    world.add("a.md")
    world.add("b.md")
    world.look()
    text = world.files.pop("a.md")
    world.look()
    world.files["a.md"] = replace(text, draft=True)
    world.later(hours=1)
    world.look()
    assert (world.entry("a.md").state, world.entry("a.md").since) == (State.DRAFT, NOON + HOUR)


def test_a_withdrawn_article_comes_back_under_another_name_too(world: World) -> None:
    world.add("a.md")
    world.add("b.md")
    world.look()
    ident = world.entry("a.md").id
    text = world.files.pop("a.md")
    world.look()
    world.files["c.md"] = text
    world.look()
    assert world.entry("c.md").id == ident


def test_a_withdrawn_article_comes_back_under_another_name_by_its_own_id(world: World) -> None:
    world.add("a.md", id="tag:news.example,2026:a")
    world.add("b.md")
    world.look()
    text = world.files.pop("a.md")
    world.look()
    world.files["c.md"] = replace(text, body=words(99), title="Different")
    world.look()
    assert world.entry("c.md").id == "tag:news.example,2026:a"


def test_nothing_is_withdrawn_or_moved_after_an_incomplete_scan(world: World) -> None:
    """I7, I27, I28."""
    for path in ("x/a.md", "b.md", "c.md"):
        world.add(path)
    world.look()
    copied = world.files["x/a.md"]
    world.files["a.md"] = copied
    verdict = world.look(complete=False, hide=frozenset({"x/a.md"}))
    assert (verdict.changes, verdict.deferred) == ((), ("a.md",))
    assert "x/a.md" in world.public()
    world.look()
    assert world.public() == {"x/a.md", "b.md", "c.md", "a.md"}


def test_a_file_missing_for_less_than_the_settle_time_is_not_withdrawn(world: World) -> None:
    """I5: an editor that deletes and writes anew."""
    world.add("a.md")
    world.add("b.md")
    world.look()
    assert verbs(world, hide=frozenset({"a.md"}), brief=frozenset({"a.md"})) == []
    assert verbs(world, hide=frozenset({"a.md"})) == [Verb.WITHDRAW]


def test_when_more_than_half_and_more_than_five_vanish_at_once_all_are_held(world: World) -> None:
    """I8."""
    for number in range(10):
        world.add(f"{number}.md")
    world.look()
    for number in range(6):
        del world.files[f"{number}.md"]
    verdict = world.look()
    assert (len(verdict.held), verdict.changes, len(world.public())) == (6, (), 10)
    assert len(world.look(accept=True).changes) == 6
    assert len(world.public()) == 4


@pytest.mark.parametrize(("there", "deleted"), [(10, 5), (6, 3), (20, 10)])
def test_fewer_are_withdrawn_as_they_go(world: World, there: int, deleted: int) -> None:
    for number in range(there):
        world.add(f"{number}.md")
    world.look()
    for number in range(deleted):
        del world.files[f"{number}.md"]
    assert world.look().held == ()
    assert len(world.public()) == there - deleted


@pytest.mark.parametrize("strange", [True, False])
def test_an_empty_folder_or_another_device_withdraws_nothing(world: World, strange: bool) -> None:
    """I8."""
    world.add("a.md")
    world.add("b.md")
    world.look()
    del world.files["a.md"]
    if not strange:
        del world.files["b.md"]
    assert world.look(strange=strange).held
    assert world.public() == {"a.md", "b.md"}


def test_a_whole_folder_that_is_renamed_is_no_removal(world: World) -> None:
    for number in range(30):
        world.add(f"old/{number}.md")
    world.look()
    ids = set(world.store.known())
    for number in range(30):
        world.rename(f"old/{number}.md", f"new/{number}.md")
    assert set(verbs(world)) == {Verb.MOVE, Verb.RETOUCH}
    assert set(world.store.known()) == ids


def test_of_all_that_happens_to_an_entry_the_weightiest_is_told(world: World) -> None:
    world.add("a.md")
    world.add("b.md")
    assert set(outcome(world.look().changes).values()) == {Verb.ADD}
    world.rename("a.md", "c.md")
    world.edit("c.md")
    assert list(outcome(world.look().changes).values()) == [Verb.MOVE]


def test_likeness_tells_an_edit_from_another_article() -> None:
    one = sketch("A", words(1))
    assert likeness(one, sketch("A", words(1) + " and a new end")) > 0.8
    assert likeness(one, sketch("B", words(2))) < 0.2
    assert likeness(b"", b"") == 0.0


def test_likeness_is_not_confused_by_the_first_letter_with_an_accent() -> None:
    text = "The ferry sails twice a day, and tickets cost four crowns. It carries ninety people (and their dogs) to the island."
    assert likeness(sketch("Ferry", text), sketch("Ferry", text + " There is a café on board.")) > 0.6


def test_likeness_works_without_spaces_between_words() -> None:
    text = "今日は天気がいいので散歩に行きました公園には花がたくさん咲いていて子供たちが遊んでいました"
    assert likeness(sketch("散歩", text), sketch("散歩", text.replace("公園", "海辺"))) > 0.6


# -- what is still being written --------------------------------------------------------------------------------------------------


def test_names_that_are_exchanged_one_after_the_other_are_not_taken_for_edits() -> None:
    """rule 9: of two files that swap names one may settle first; what stands there waits for the other."""
    world = World()
    a, b = world.add("a.md"), world.add("b.md")
    world.look()
    ids = {text.title: world.entry(path).id for path, text in world.files.items()}
    world.files[a], world.files[b] = world.files[b], world.files[a]
    assert world.look(settling=frozenset({a})).deferred == (b,)
    world.look()
    assert {text.title: world.entry(path).id for path, text in world.files.items()} == ids


def test_a_name_that_is_passed_on_before_the_file_that_left_it_is_seen_makes_no_new_article() -> None:
    """rule 9: a became c and b became a, and a has not settled yet."""
    world = World()
    world.add("a.md"), world.add("b.md")
    world.look()
    ids = {text.title: world.entry(path).id for path, text in world.files.items()}
    world.rename("a.md", "c.md")
    world.rename("b.md", "a.md")
    assert world.look(settling=frozenset({"a.md"}), brief=frozenset({"b.md"})).changes == ()
    world.look()
    assert {text.title: world.entry(path).id for path, text in world.files.items()} == ids


def test_what_waits_for_another_file_is_not_released_meanwhile() -> None:
    """An embargo does not end for an article whose file may be another one by now."""
    world = World()
    path, other = world.add("a.md", published=NOON + timedelta(minutes=1)), world.add("b.md")
    world.look()
    world.edit(path, title="Another", body=words(99), published=NOON + timedelta(days=1))
    world.later(minutes=2)
    world.look(settling=frozenset({other}))
    assert not world.entry(path).public


def test_a_draft_that_is_finished_after_its_end_was_gone_since_it_became_one() -> None:
    """rule 29: nobody has seen it in between."""
    world = World()
    path = world.add("a.md", expires=NOON + timedelta(hours=1))
    world.look()
    world.edit(path, draft=True)
    world.look()
    world.later(hours=2)
    world.edit(path, draft=False)
    world.look()
    assert (world.entry(path).state, world.entry(path).since) == (State.EXPIRED, NOON)


def test_a_withdrawn_article_comes_back_under_a_name_that_another_one_has_just_left() -> None:
    """rule 9: also long after it went, when only its bytes are known."""
    world = World()
    a, b = world.add("a.md"), world.add("b.md")
    world.look()
    one, other = world.entry(a).id, world.entry(b).id
    text = world.files.pop(a)
    world.look()
    world.later(days=1)
    world.rename(b, "c.md")
    world.edit("c.md")
    world.files[b] = text
    world.look()
    assert (world.entry(b).id, world.entry("c.md").id) == (one, other)


@pytest.mark.parametrize("how", ["deleted", "draft"])
def test_a_withdrawal_is_never_older_than_the_last_edit_even_if_the_clock_was_set_back(how: str) -> None:
    """T3, rule 29: readers keep an entry that is newer than its tombstone."""
    world = World()
    path, _ = world.add("a.md"), world.add("b.md")
    world.look()
    world.edit(path)
    world.look()
    edited = world.entry(path)
    world.later(hours=-1)
    if how == "draft":
        world.edit(path, draft=True)
    else:
        del world.files[path]
    world.look()
    since = world.store.known()[edited.id].since
    assert since is not None
    assert since >= edited.updated


def test_what_was_withdrawn_and_comes_back_with_an_end_long_past_is_gone_since_its_withdrawal(world: World) -> None:
    """Rule 11: or the feed would be older than it was."""
    path, _ = world.add("a.md"), world.add("b.md")
    world.look()
    text, ident = world.files.pop(path), world.entry(path).id
    world.later(hours=2)
    world.look()
    gone = world.store.known()[ident].since
    world.files[path] = replace(text, expires=NOON + HOUR)
    world.later(hours=1)
    world.look()
    assert (world.store.known()[ident].state, world.store.known()[ident].since) == (State.EXPIRED, gone)


# -- laws over random histories (HOUSE_RULES 18) ---------------------------------------------------------------------------------


class Histories(RuleBasedStateMachine):
    """Whatever happens to the folder: feed = folder, identity stays, dates stay, updated never falls."""

    store: type[Store] = MemoryStore

    @initialize()
    def begin(self) -> None:
        self.world = World(self.make_store())
        self.ids: dict[int, str] = {}  # article number -> id
        self.at: dict[str, int] = {}  # path -> article number, for every file there
        self.kept: dict[int, tuple[str, Text]] = {}  # article number -> its text when it was deleted
        self.past: dict[str, Known] = {}
        self.count = 0
        self.vacated: set[str] = set()

    def make_store(self) -> Store:
        return MemoryStore()

    def some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.at)))

    @rule(folder=st.sampled_from(["", "x/", "y/z/"]), ahead=st.sampled_from([None, -5, 5, 60]), life=st.sampled_from([None, 30]))
    def add(self, folder: str, ahead: int | None, life: int | None) -> None:
        self.count += 1
        path = f"{folder}{self.count}.md"
        published = None if ahead is None else self.world.now + timedelta(minutes=ahead)
        expires = None if life is None else self.world.now + timedelta(minutes=life)
        self.world.add(path, published=published, expires=expires)
        self.at[path] = self.count

    @precondition(lambda self: self.at)
    @rule(data=st.data(), minor=st.booleans())
    def edit(self, data: st.DataObject, minor: bool) -> None:
        path = self.some(data)
        self.world.edit(path, body=self.world.files[path].body + f" edit{self.count}", minor=minor)

    @precondition(lambda self: self.at)
    @rule(data=st.data(), draft=st.booleans())
    def redraft(self, data: st.DataObject, draft: bool) -> None:
        self.world.edit(self.some(data), draft=draft)

    @precondition(lambda self: self.at)
    @rule(data=st.data(), also_edit=st.booleans())
    def rename(self, data: st.DataObject, also_edit: bool) -> None:
        old = self.some(data)
        self.count += 1
        new = f"moved/{self.count}.md"
        self.world.rename(old, new)
        if also_edit and not self.world.files[new].draft:
            self.world.edit(new, body=self.world.files[new].body + f" edit{self.count}")
        self.at[new] = self.at.pop(old)

    @precondition(lambda self: len(self.at) > 1)
    @rule(data=st.data())
    def exchange(self, data: st.DataObject) -> None:
        self.look()
        one, other = self.some(data), self.some(data)
        files = self.world.files
        if one in self.world.seen and other in self.world.seen:
            files[one], files[other] = files[other], files[one]
            self.at[one], self.at[other] = self.at[other], self.at[one]
            self.look()

    @precondition(lambda self: self.at)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        path = self.some(data)
        self.look()
        number = self.at.pop(path)
        self.kept[number] = (path, self.world.files.pop(path))
        self.look()
        self.look(accept=True)

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), elsewhere=st.booleans())
    def restore(self, data: st.DataObject, elsewhere: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.kept)))
        path, text = self.kept.pop(number)
        self.count += 1
        if path in self.at or elsewhere:
            path = f"back/{self.count}.md"
        self.world.files[path] = text
        self.at[path] = number
        self.look()

    @rule(minutes=st.integers(0, 40))
    def wait(self, minutes: int) -> None:
        self.world.later(minutes=minutes)

    @rule(minutes=st.integers(1, 90))
    def set_the_clock_back(self, minutes: int) -> None:
        self.look()
        self.world.later(minutes=-minutes)

    @rule(hidden=st.booleans())
    def an_incomplete_scan(self, hidden: bool) -> None:
        self.look()
        hide = frozenset(list(self.at)[:1]) if hidden else frozenset()
        before = self.world.public()
        seen = dict(self.world.seen)
        self.world.look(complete=False, hide=hide)
        self.world.seen |= {path: seen[path] for path in hide if path in seen}
        assert before <= self.world.public()

    @rule()
    def look(self, accept: bool = False) -> None:
        held = self.world.look(accept=accept).held
        again = self.world.look(accept=accept)
        assert again.changes == (), "a second look changes nothing"
        if not held:
            self.feed_is_folder()

    def feed_is_folder(self) -> None:
        world = self.world
        for path, number in self.at.items():
            text = world.files[path]
            entries = [k for k in world.store.known().values() if k.path == path and k.state is not State.WITHDRAWN]
            if text.draft and not entries:
                continue
            (entry,) = entries
            assert self.ids.setdefault(number, entry.id) == entry.id, "an entry keeps its id"
            over = text.expires is not None and text.expires <= world.now
            begun = entry.arrival > 0
            assert entry.public == (begun and not over and not text.draft)
            assert begun or entry.published > world.now or over or text.draft
        there = {k.path for k in world.store.known().values() if k.public}
        assert there <= set(self.at)
        assert len(set(self.ids.values())) == len(self.ids), "no id is given twice"

    @invariant()
    def promises_are_kept(self) -> None:
        if not hasattr(self, "world"):
            return
        known = dict(self.world.store.known())
        for ident, old in self.past.items():
            new = known[ident]
            assert new.slug == old.slug
            if old.arrival:
                assert (new.published, new.arrival) == (old.published, old.arrival)
                assert new.updated >= old.updated
        arrivals = [k.arrival for k in known.values() if k.arrival]
        assert sorted(arrivals) == list(range(1, len(arrivals) + 1))
        assert len({k.slug.casefold() for k in known.values()}) == len(known)
        self.past = known


class LedgerHistories(Histories):
    """The same laws, with the promises in SQLite and read back from it at every step."""

    def make_store(self) -> Store:
        self.folder = TemporaryDirectory()
        return _Reopened(Path(self.folder.name))

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


class _Reopened:
    """The real ledger, opened anew for each use: nothing is remembered but what is on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def known(self) -> dict[str, Known]:
        ledger = Ledger.open(self.folder)
        try:
            return dict(ledger.known())
        finally:
            ledger.close()

    def apply(self, changes: object, told: object) -> None:
        ledger = Ledger.open(self.folder)
        try:
            ledger.apply(changes, told)  # type: ignore[arg-type]
        finally:
            ledger.close()


def test_laws_over_random_histories() -> None:
    run_state_machine_as_test(Histories, settings=settings(max_examples=90, stateful_step_count=40, deadline=None))


def test_laws_over_random_histories_in_the_real_ledger() -> None:
    quick = settings(max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(LedgerHistories, settings=quick)
