"""The life of a feed in random histories: whatever happens to folder, clock, process and disk, its subscribers see what is true.

`Lives` drives a desk (`tests.desk`) at random, with subscribers (`tests.subscribers`) who poll when they like. What a random history has
found stands below it as a test of its own. Longer ones, 3,000 of them:
`FEEDER_TEST_HISTORIES=3000 python -m pytest tests/test_histories.py -m slow`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from feeder.edition import ARCHIVE
from tests.desk import FOLDERS, KEPT, MARK, PEOPLE, PROMISED, TAGS, Desk, Story
from tests.subscribers import Follower, Poller, json_issue, rss_issue

# -- random histories -------------------------------------------------------------------------------------------------------------


class Lives(RuleBasedStateMachine):
    """Things happen; now and then a cycle runs, and subscribers poll when they like."""

    @initialize(articles=st.sampled_from([0, 1, 3, 9, 30]), page=st.sampled_from([4, 4, 4, ARCHIVE]), entries=st.sampled_from([20, 30]))
    def begin(self, articles: int, page: int, entries: int) -> None:
        self.folder = TemporaryDirectory()
        self.desk = Desk(Path(self.folder.name), page=page, entries=entries)
        articles = articles if page < ARCHIVE else 2 * articles
        for number in range(articles):
            stated = self.desk.now - timedelta(days=number * 7 % 11) if number % 3 else None
            self.desk.add(tags=TAGS[: number % 3], stated=stated)
        self.back = timedelta()
        self.readers = [Reader(self.desk)]
        self.twins = {"rss.xml": Poller(rss_issue), "feed.json": Poller(json_issue)}
        self.desk.publish()

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        try:
            if self.desk.whole:
                for reader in self.readers:
                    reader.poll(walk=False)
        finally:
            self.desk.close()
            self.folder.cleanup()

    def one(self, data: st.DataObject, stories: Iterable[Story]) -> Story:
        return self.desk.stories[data.draw(st.sampled_from([story.number for story in stories]))]

    def then(self, publish: bool) -> None:
        if publish:
            self.desk.publish()

    # -- authors --

    @rule(
        data=st.data(),
        ahead=st.sampled_from([None, None, -3000, -5, 5, 60]),
        life=st.sampled_from([None, None, None, 30, 90]),
        draft=st.sampled_from([False, False, False, True]),
        named=st.sampled_from([False, False, True]),
        publish=st.booleans(),
    )
    def add(self, data: st.DataObject, ahead: int | None, life: int | None, draft: bool, named: bool, publish: bool) -> None:
        """With a date, or without; to come, or with an end; as a draft; with an id of its own."""
        desk = self.desk
        desk.add(
            desk.fresh(data.draw(st.sampled_from(FOLDERS))),
            tags=tuple(data.draw(st.sets(st.sampled_from(TAGS), max_size=2))),
            people=data.draw(st.sampled_from([(), PEOPLE[:1], PEOPLE[1:]])),
            ident=f"tag:news.example,2036:{len(desk.stories)}" if named else None,
            stated=None if ahead is None else desk.now + timedelta(minutes=ahead),
            expires=None if life is None else desk.now + timedelta(minutes=life),
            draft=draft,
        )
        self.then(publish)

    @rule(number=st.integers(2, 12))
    def add_many(self, number: int) -> None:
        """Enough for an archive or two."""
        for _ in range(number):
            self.desk.add()
        self.desk.publish()

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), minor=st.sampled_from([False, False, True]), publish=st.booleans())
    def edit(self, data: st.DataObject, minor: bool, publish: bool) -> None:
        self.desk.edit(self.one(data, self.desk.here()), minor=minor)
        self.then(publish)

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), what=st.sampled_from(["names", "tags", "people"]), publish=st.booleans())
    def edit_facts(self, data: st.DataObject, what: str, publish: bool) -> None:
        """Another title, other tags or other authors."""
        story = self.one(data, self.desk.here())
        facts: dict[str, object] = {
            "names": story.names + 1,
            "tags": data.draw(st.sampled_from([(), TAGS[:1], TAGS[1:3], TAGS[3:]])),
            "people": data.draw(st.sampled_from([(), PEOPLE[:2], PEOPLE[2:]])),
        }
        self.desk.edit(story, {what: facts[what]})
        self.then(publish)

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data())
    def rewrite(self, data: st.DataObject) -> None:
        """Hardly a word is what it was, but the file is."""
        self.desk.publish()
        if self.desk.here():
            story = self.one(data, self.desk.here())
            self.desk.edit(story, {"words": story.words + 1, "revision": story.revision + 1})
            self.desk.publish()

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), publish=st.booleans())
    def touch(self, data: st.DataObject, publish: bool) -> None:
        """Saved as it was; perhaps all of them, as a checkout does."""
        for story in self.desk.here()[: data.draw(st.sampled_from([1, 1000]))]:
            self.desk.save(story)
        self.then(publish)

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), also_edit=st.booleans(), publish=st.booleans())
    def rename(self, data: st.DataObject, also_edit: bool, publish: bool) -> None:
        """Another name, or another folder."""
        story = self.one(data, self.desk.here())
        self.desk.rename(story, self.desk.fresh(data.draw(st.sampled_from(FOLDERS))))
        if also_edit:
            self.desk.edit(story)
        self.then(publish)

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), publish=st.booleans())
    def rename_a_folder(self, data: st.DataObject, publish: bool) -> None:
        folder, self.desk.count = data.draw(st.sampled_from(FOLDERS[1:])), self.desk.count + 1
        for story in [story for story in self.desk.here() if str(story.path).startswith(folder)]:
            self.desk.rename(story, f"moved{self.desk.count}/{story.path}")
        self.then(publish)

    @precondition(lambda self: len(self.desk.here()) > 1)
    @rule(data=st.data(), also_edit=st.booleans(), publish=st.booleans())
    def exchange(self, data: st.DataObject, also_edit: bool, publish: bool) -> None:
        """Two articles swap names."""
        one, other = self.one(data, self.desk.here()), self.one(data, self.desk.here())
        if one is not other and one.minted and other.minted:
            self.desk.exchange(one, other)
            if also_edit:
                self.desk.edit(one)
            self.then(publish)

    @precondition(lambda self: len(self.desk.here()) > 1)
    @rule(data=st.data(), publish=st.booleans())
    def overwrite(self, data: st.DataObject, publish: bool) -> None:
        """One article's file takes another one's name, and that one is gone."""
        one, other = self.one(data, self.desk.here()), self.one(data, self.desk.here())
        if one is not other and one.minted and other.minted:
            self.desk.rename(one, str(other.path))
            self.then(publish)

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), publish=st.booleans())
    def delete(self, data: st.DataObject, publish: bool) -> None:
        self.desk.delete(self.one(data, self.desk.here()))
        self.then(publish)

    @precondition(lambda self: len(self.desk.here()) > 6)
    @rule(data=st.data())
    def delete_many(self, data: st.DataObject) -> None:
        """Perhaps so many that it is held until it is confirmed."""
        stories, step = self.desk.here(), data.draw(st.sampled_from([1, 2, 3]))
        for story in stories[data.draw(st.integers(0, 3)) :: step]:
            self.desk.delete(story)
        self.desk.publish()

    @precondition(lambda self: any(story.path is None for story in self.desk.stories))
    @rule(data=st.data(), elsewhere=st.booleans(), also_edit=st.booleans(), publish=st.booleans())
    def restore(self, data: st.DataObject, elsewhere: bool, also_edit: bool, publish: bool) -> None:
        """The same bytes are back, at their old place or at another one; or edited, at the old place."""
        story = self.one(data, [story for story in self.desk.stories if story.path is None])
        place, known = self.desk.vacant(story), story.raw == story.text() or not story.buried
        if place and not (elsewhere and known):
            self.desk.restore(story, place)
            if also_edit:
                self.desk.edit(story)
        elif known:
            self.desk.restore(story, self.desk.fresh())
        self.then(publish)

    @precondition(lambda self: any(self.desk.withdrawn(story) for story in self.desk.stories))
    @rule(data=st.data(), publish=st.booleans())
    def reuse_a_name(self, data: st.DataObject, publish: bool) -> None:
        """Another article comes under the name of one that was withdrawn."""
        self.desk.add(self.one(data, filter(self.desk.withdrawn, self.desk.stories)).last)
        self.then(publish)

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), publish=st.booleans())
    def redraft(self, data: st.DataObject, publish: bool) -> None:
        story = self.one(data, self.desk.here())
        self.desk.edit(story, {"draft": not story.draft})
        self.then(publish)

    @precondition(lambda self: any(story.minted and not story.arrived and story.stated for story in self.desk.here()))
    @rule(data=st.data(), minutes=st.integers(1, 100), publish=st.booleans())
    def reschedule(self, data: st.DataObject, minutes: int, publish: bool) -> None:
        """Its embargo ends sooner, or later."""
        story = self.one(data, [story for story in self.desk.here() if story.minted and not story.arrived and story.stated])
        self.desk.edit(story, {"stated": self.desk.now + timedelta(minutes=minutes)})
        self.then(publish)

    @precondition(lambda self: self.desk.here())
    @rule(data=st.data(), life=st.sampled_from([None, -5, 10, 200]), publish=st.booleans())
    def give_an_end(self, data: st.DataObject, life: int | None, publish: bool) -> None:
        story = self.one(data, self.desk.here())
        self.desk.edit(story, {"expires": None if life is None else self.desk.now + timedelta(minutes=life)})
        self.then(publish)

    # -- the world --

    @rule(delta=st.sampled_from([timedelta(seconds=1), timedelta(minutes=7), timedelta(hours=2), timedelta(days=9), timedelta(days=40)]))
    def time_passes(self, delta: timedelta) -> None:
        self.desk.later(delta)
        self.desk.publish()

    @precondition(lambda self: self.desk.report.due is not None)
    @rule(early=st.booleans())
    def the_hour_comes(self, early: bool) -> None:
        """A cycle at the second at which something is due; perhaps one a second before, too."""
        due = self.desk.report.due
        assert due is not None
        if early and due - timedelta(seconds=1) > self.desk.now:
            self.desk.later(due - timedelta(seconds=1) - self.desk.now)
            self.desk.publish()
        self.desk.later(max(due - self.desk.now, timedelta()))
        self.desk.publish()

    @precondition(lambda self: self.desk.now > self.desk.latest - timedelta(hours=12))
    @rule(publish=st.booleans())
    def the_clock_is_set_back(self, publish: bool) -> None:
        self.desk.later(timedelta(hours=-1))
        self.then(publish)

    @rule(publish=st.booleans())
    def the_process_starts_anew(self, publish: bool) -> None:
        self.desk.close()
        self.then(publish)

    @rule(k=st.integers(1, 14), tear=st.booleans(), die=st.booleans(), look=st.booleans(), walk=st.booleans())
    def a_cycle_fails(self, k: int, tear: bool, die: bool, look: bool, walk: bool) -> None:
        """In the middle; somebody may look before the next one heals it."""
        if any(story.saved and story.saved >= self.desk.now for story in self.desk.here()):
            return  # since the clock was set back, nobody can tell which files have settled
        self.desk.crash(k, tear=tear)
        if die:
            self.desk.close()
        if look and not self.desk.whole:
            for reader in self.readers:
                reader.glance(walk=walk)

    @precondition(lambda self: self.desk.page == ARCHIVE)
    @rule()
    def the_ledger_is_lost_and_recovered(self) -> None:
        """Recovery knows archives of fifty only. Everybody has looked before: nobody is told of it."""
        self.desk.publish()
        for reader in self.readers:
            reader.poll(walk=False)
        before = self.desk.documents()
        self.desk.recover()
        self.desk.publish()
        after = self.desk.documents()
        other = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        growing = max((path for path in after if re.fullmatch(r"archive/\d{4}\.xml", path)), default="")
        if self.desk.now == self.desk.latest:  # else a tombstone whose days were over may stand again
            assert other <= {growing}, f"{sorted(other)}: only the archive that fills up may have forgotten when somebody left it"
        for poller in self.twins.values():
            for ident in self.desk.lost:
                poller.store.pop(ident, None)  # should it return, then with the dates of first sight

    @rule(base=st.sampled_from(["https://news.example/", "https://other.example/sub/"]))
    def the_address_changes(self, base: str) -> None:
        """Subscribers are led to the new one."""
        self.desk.configure(base=base)
        self.desk.publish()

    @rule(entries=st.integers(20, 40))
    def the_limit_changes(self, entries: int) -> None:
        self.desk.configure(entries=entries)
        self.desk.publish()

    @rule()
    def a_cycle(self) -> None:
        self.desk.publish()
        self.quiet()

    def quiet(self) -> None:
        """A second look changes nothing."""
        before = self.desk.stats()
        again = self.desk.publish()
        assert again.changes == ()
        assert again.put.written == again.put.removed == ()
        assert self.desk.stats() == before

    # -- subscribers --

    @precondition(lambda self: self.desk.whole)
    @rule(data=st.data(), walk=st.sampled_from([False, False, True]))
    def somebody_polls(self, data: st.DataObject, walk: bool) -> None:
        self.readers[data.draw(st.integers(0, len(self.readers) - 1))].poll(walk=walk)

    @precondition(lambda self: self.desk.whole)
    @rule()
    def all_poll(self) -> None:
        for reader in self.readers:
            reader.poll(walk=False)
        for path, poller in self.twins.items():
            if (body := self.desk.body(path)) is not None:
                poller.poll(body)

    @precondition(lambda self: self.desk.whole and len(self.readers) < 4)
    @rule()
    def somebody_subscribes(self) -> None:
        self.readers.append(Reader(self.desk))
        self.readers[-1].poll(walk=True)


class Reader:
    """A subscriber, and what it must have been told by now."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.follower = desk, Follower()
        self.at, self.when = 0, desk.now
        self.told: dict[str, int] = {}

    def poll(self, *, walk: bool) -> None:
        """Look now. Who was away for long, or missed much, follows the archives. Afterwards the reader's view is the truth."""
        desk, follower = self.desk, self.follower
        missed = {ident for ident, cycle in desk.changed.items() if cycle > self.at}
        away = desk.latest - self.when >= KEPT - timedelta(days=1) or len(missed) > PROMISED
        before, told = follower.store.keys() | set(), dict(follower.unread)
        follower.poll(desk.get, f"{desk.base}feed.xml", walk=walk or away)
        self.at, self.when, live = desk.cycles, desk.latest, desk.live()
        assert follower.store.keys() == live.keys(), "subscribers have what is published, and nothing else"
        for ident, story in live.items():
            kept = follower.store[ident]
            assert story.item is not None
            assert kept.updated == story.item.updated, "an edit did not reach a subscriber"
            assert kept.title == story.item.title or story.silent
            assert {*MARK.findall(kept.content.encode())} <= story.marks
        again = {ident for ident, count in follower.unread.items() if count > told.get(ident, 0)}
        assert again <= missed | (live.keys() - before), "an entry was marked unread, and nothing had changed"

    def glance(self, *, walk: bool) -> None:
        """Look while a failed cycle is not mended: nothing is wrong or lost, though not everything is there."""
        desk, store = self.desk, self.follower.store
        held = {*store} if not walk else desk.live().keys()
        self.follower.poll(desk.get, f"{desk.base}feed.xml", walk=walk)
        stay = {ident for ident, story in desk.live().items() if story.path and not story.draft and not (story.expires and story.expires <= desk.now)}
        assert held & stay <= store.keys(), "an entry vanished for a moment"


QUICK = settings(max_examples=42, stateful_step_count=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def test_subscribers_see_the_truth_through_random_histories() -> None:
    """No duplicate, nothing missed or lost, no entry marked unread without a change, no date that moves, nothing told too early."""
    run_state_machine_as_test(Lives, settings=QUICK)


@pytest.mark.slow
def test_subscribers_see_the_truth_through_long_random_histories() -> None:
    """As above, other histories at each run; FEEDER_TEST_HISTORIES says how many."""
    number = int(os.environ.get("FEEDER_TEST_HISTORIES", "100"))
    run_state_machine_as_test(Lives, settings=settings(QUICK, max_examples=number, stateful_step_count=100, derandomize=False))
