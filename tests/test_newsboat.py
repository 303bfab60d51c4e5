"""A month in the life of a feed, with newsboat as its subscriber from the first day to the last."""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from feeder.listener import Server
from feeder.server import app
from feeder.shelf import Shelf
from tests.desk import Desk, Story
from tests.newsboat import Newsboat
from tests.subscribers import issue

pytestmark = pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
DAY = timedelta(days=1)


class Month:
    """A desk whose output is served, and what happens there day by day. Each day ends with a cycle and a poll."""

    def __init__(self, desk: Desk, shelf: Shelf, reader: Newsboat) -> None:
        self.desk, self.shelf, self.reader = desk, shelf, reader
        self.days = 0

    def day(self, *events: Callable[[], object], hours: int = 24) -> set[str]:
        """What newsboat shows as new, or as changed, at the end of the day."""
        for event in events:
            event()
        self.desk.later(timedelta(hours=hours))
        self.shelf.load(gone=self.desk.publish().gone)
        self.reader.poll()
        self.days += 1
        unread = self.reader.read()
        return {title for guid, title in self.reader.rows() if guid in unread}


@contextmanager
def served(desk: Desk, folder: Path) -> Iterator[Month]:
    """The desk's output on a real server, and a newsboat that knows its address."""
    desk.publish()
    shelf = Shelf(desk.news.output, max_age=0)
    shelf.load()
    server = Server(app(shelf, health=lambda: (True, {})), host="127.0.0.1", port=0)
    server.start()
    try:
        yield Month(desk, shelf, Newsboat(folder / "reader", f"http://127.0.0.1:{server.address[1]}/feed.xml"))
    finally:
        server.stop(0.2)
        desk.close()


def titles(*stories: Story) -> set[str]:
    return {story.title for story in stories}


def status(month: Month, story: Story) -> int:
    """What the server says of an article's page."""
    assert story.item is not None
    connection = http.client.HTTPConnection(urlsplit(month.reader.address).netloc, timeout=10)
    connection.request("GET", urlsplit(story.item.link).path)
    answer = connection.getresponse().status
    connection.close()
    return answer


def test_a_month_of_edits_renames_deletions_and_disasters_leaves_newsboat_with_exactly_the_live_articles_once_each(tmp_path: Path) -> None:
    """rules 9, 60.

    newsboat (2.21) forgets nothing by itself: it does not read tombstones (RFC 6721), and an item that vanishes from the feed stays in its
    cache, since most feeds hold only their newest. So at the end it has each live article once, and each withdrawn one once, with its tombstone
    in the feed and its page answering 410; nobody else, and none twice. A newsboat that subscribes on that day has exactly the live articles.
    """
    desk = Desk(tmp_path)
    stories = [desk.add(stated=desk.now - number * DAY, tags=("alpha",)) for number in range(6)]
    with served(desk, tmp_path) as month:
        assert month.day() == titles(*stories)
        assert month.day() == set()
        assert month.day(lambda: desk.edit(stories[1])) == titles(stories[1])
        assert month.day(lambda: desk.rename(stories[2], "drawer/two.md")) == set()
        assert month.day(lambda: desk.rename(stories[0], "zero.md"), lambda: desk.edit(stories[0])) == titles(stories[0])
        secret = desk.add(stated=desk.now + 3 * DAY)
        assert month.day() == set()
        assert month.day(hours=23) == set()
        assert month.day(hours=25) == titles(secret)
        assert month.day(lambda: desk.delete(stories[3])) == set()
        assert month.day(*(partial(desk.save, story) for story in stories[:3])) == set()
        assert month.day(lambda: desk.exchange(stories[4], stories[5])) == set()
        assert month.day(desk.close) == set()
        assert month.day(lambda: desk.edit(stories[5], minor=True)) == titles(stories[5]), "newsboat goes by the text, not by `updated`"
        guest = desk.add(expires=desk.now + 2 * DAY)
        assert month.day() == titles(guest)
        assert month.day(hours=48) == set()
        assert month.day(lambda: desk.restore(stories[3], "back.md")) == set(), "it has it still"
        assert month.day(lambda: desk.crash(3, tear=True)) == set()
        assert month.day(lambda: desk.edit(stories[1], {"draft": True})) == set()
        assert month.day(lambda: desk.configure(entries=30)) == set()
        assert month.day(lambda: desk.later(timedelta(hours=-1))) == set()
        assert month.day(lambda: desk.edit(stories[1], {"draft": False})) == set()
        assert month.day(lambda: desk.edit(stories[4], {"names": 1}), lambda: desk.rename(stories[4], "four.md")) == set(), "nor by the title"
        late = [desk.add() for _ in range(5)]
        assert month.day() == titles(*late)
        assert month.day(lambda: desk.delete(late[0]), lambda: desk.delete(late[1])) == set()
        assert month.day(lambda: desk.rename(late[2], "late.md")) == set()
        while month.days < 30:
            assert month.day() == set()
        gone = [guest, late[0], late[1]]
        rows = month.reader.rows()
        assert len(rows) == len(dict(rows)), "none twice"
        assert dict(rows).keys() == {story.item.id for story in desk.stories if story.item}
        feed = issue(desk.documents()["feed.xml"])
        assert dict(rows).keys() - feed.tombstones.keys() == desk.live().keys()
        assert feed.tombstones.keys() == {story.item.id for story in gone if story.item}
        assert [status(month, story) for story in gone] == [410] * 3
        assert {status(month, story) for story in desk.live().values()} == {200}
        fresh = Newsboat(tmp_path / "fresh", month.reader.address)
        fresh.poll()
        assert fresh.items() == {ident: story.title for ident, story in desk.live().items()}
        assert len(fresh.rows()) == len(desk.live())
