"""What every target promises, as tests: for ours and for those of others, who subclass `Conformance`. It needs a test runner, and imports none.

    from feeder.publishers.conformance import Conformance

    class TestMine(Conformance):
        @pytest.fixture
        def publisher(self, tmp_path):
            return Mine(tmp_path / "target")

Each test is given an empty target. `pytest.register_assert_rewrite("feeder.publishers.conformance")` before that import has pytest say more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from threading import Event

from feeder.errors import Busy, FeederError, PublishError
from feeder.model import Document
from feeder.publishers import Publisher, Put

__all__ = ["BAD_PATHS", "Conformance"]

BAD_PATHS = ("", "/", "/etc/passwd", "../a", "a/../b", "a/..", "a//b", "a/", "./a", ".a", "a/.b/c", "..\\a", "a\0b", ".feeder.lock")
"""None of them may ever be written, removed or read."""
TICK = 0.02  # seconds after which a file system's clock shows another time


def _document(path: str, body: bytes = b"body") -> Document:
    return Document(path, "application/octet-stream", body)


def _raised(expected: type[Exception], act: Callable[[], object]) -> str:
    """What `act` raises, in words; it has to be this."""
    try:
        act()
    except expected as error:
        return str(error)
    raise AssertionError(f"{expected.__name__} was to be raised, and nothing was")


class Conformance:
    """The tests. `publisher`, a fixture that a subclass brings, is a new and empty target each time."""

    def test_what_is_put_can_be_got(self, publisher: Publisher) -> None:
        """Byte for byte, and nothing else: no folder, nothing below a document."""
        put = publisher.put([_document("articles/a.html", b"a"), _document("deep/er/b.html", b""), _document("feed.xml", b"\0\xff")])
        assert put == Put(("articles/a.html", "deep/er/b.html", "feed.xml"), (), 0)
        assert [publisher.get(path) for path in put.written] == [b"a", b"", b"\0\xff"]
        assert [publisher.get(path) for path in ("articles/none.html", "none/a.html", "articles", "feed.xml/a")] == [None] * 4

    def test_names_are_those_of_any_script(self, publisher: Publisher) -> None:
        """As they are given, and told again the same: tags and folders are called so."""
        names = ("tags/日本/index.html", "tags/größe/index.html", "folders/a b/c%20d.html")
        assert publisher.put([_document(name, name.encode()) for name in names]).written == names
        assert publisher.stats().keys() == {*names}
        assert [publisher.get(name) for name in names] == [name.encode() for name in names]

    def test_an_empty_target_has_nothing(self, publisher: Publisher) -> None:
        """And an empty put leaves it so."""
        assert publisher.get("feed.xml") is None
        assert publisher.stats() == {}
        assert publisher.stats(["feed.xml"]) == {}
        assert publisher.put([]) == Put((), (), 0)

    def test_only_what_differs_is_written(self, publisher: Publisher) -> None:
        """And only that looks different afterwards."""
        publisher.put([_document("a", b"1"), _document("b", b"1"), _document("c", b"1")])
        before = publisher.stats()
        Event().wait(TICK)
        assert publisher.put([_document("a", b"1"), _document("b", b"2"), _document("c", b"12")]) == Put(("b", "c"), (), 1)
        after = publisher.stats()
        assert before["a"] == after["a"]
        assert before["b"] != after["b"]
        assert publisher.get("c") == b"12"

    def test_removals_come_last_and_need_not_exist(self, publisher: Publisher) -> None:
        """Nor may anything lie where they would."""
        publisher.put([_document("articles/a"), _document("articles/b"), _document("tags/x/a")])
        put = publisher.put([_document("feed.xml")], ["articles/a", "articles/none", "none/a", "tags/x/a", "articles/b/c"])
        assert put == Put(("feed.xml",), ("articles/a", "tags/x/a"), 0)
        assert publisher.stats().keys() == {"articles/b", "feed.xml"}

    def test_a_path_both_put_and_removed_stays(self, publisher: Publisher) -> None:
        """Whether it is written or is there already."""
        publisher.put([_document("a", b"old")])
        assert publisher.put([_document("a", b"new"), _document("b")], ["a", "b"]) == Put(("a", "b"), (), 0)
        assert publisher.put([_document("a", b"new")], ["a"]) == Put((), (), 1)

    def test_documents_and_removals_may_be_iterators(self, publisher: Publisher) -> None:
        """They are consumed once."""
        publisher.put([_document("a"), _document("b")])
        assert publisher.put(iter([_document("c")]), iter(["a"])) == Put(("c",), ("a",), 0)

    def test_stats_tell_the_size_of_each_document_or_of_those_asked_for(self, publisher: Publisher) -> None:
        """Of what is not there they say nothing."""
        publisher.put([_document("articles/a", b"123"), _document("articles/b", b""), _document("feed.xml", b"1")])
        assert {path: size for path, (size, _) in publisher.stats().items()} == {"articles/a": 3, "articles/b": 0, "feed.xml": 1}
        assert publisher.stats(iter(["feed.xml", "none", "none/a", "articles/a", "feed.xml/a"])) == {
            path: there for path, there in publisher.stats().items() if path != "articles/b"
        }

    def test_a_lazy_run_of_documents_that_fails_changes_nothing_and_its_error_is_passed_on(self, publisher: Publisher) -> None:
        """Nothing is visible before the last document is known."""

        def documents() -> Iterator[Document]:
            yield _document("a", b"new")
            yield _document("new/c")
            raise FeederError("the renderer's own")

        publisher.put([_document("a", b"old"), _document("b")])
        before = publisher.stats()
        assert _raised(FeederError, lambda: publisher.put(documents(), ["b"])) == "the renderer's own"
        assert publisher.stats() == before
        assert publisher.get("a") == b"old"

    def test_a_path_that_could_leave_the_target_is_refused_before_anything_changes(self, publisher: Publisher) -> None:
        """Written, removed or read: `feeder.publishers.located` refuses it."""
        publisher.put([_document("a", b"old")])
        for path in BAD_PATHS:
            attempts: tuple[Callable[[], object], ...] = (
                lambda path=path: publisher.put([_document("a", b"new"), _document(path)]),  # type: ignore[misc]
                lambda path=path: publisher.put([_document("a", b"new")], [path]),  # type: ignore[misc]
                lambda path=path: publisher.get(path),  # type: ignore[misc]
            )
            for attempt in attempts:
                assert "cannot be published" in _raised(PublishError, attempt), path
        assert publisher.get("a") == b"old"
        assert publisher.stats().keys() == {"a"}

    def test_two_documents_for_one_path_are_refused(self, publisher: Publisher) -> None:
        """Which of them would be right nobody knows."""
        assert "two documents with one path" in _raised(PublishError, lambda: publisher.put([_document("a", b"1"), _document("a", b"2")]))
        assert publisher.get("a") is None

    def test_one_publisher_at_a_time(self, publisher: Publisher) -> None:
        """A second one is told whom it would disturb; whoever holds the lock can put."""
        with publisher.lock():
            assert re.search(rf"process {os.getpid()}\b", _raised(Busy, lambda: publisher.lock().__enter__()))
            assert publisher.put([_document("a")]).written == ("a",)
        with publisher.lock():
            assert publisher.get("a") == b"body"

    def test_the_fingerprint_stays_while_nothing_is_added_or_removed(self, publisher: Publisher) -> None:
        """A quiet cycle asks for nothing else."""
        publisher.put([_document("articles/a"), _document("feed.xml")])
        before = publisher.fingerprint()
        assert publisher.put([_document("articles/a"), _document("feed.xml")]).unchanged == 2
        assert publisher.fingerprint() == before
        Event().wait(TICK)
        publisher.put([_document("tags/x/b")])
        second = publisher.fingerprint()
        assert second != before
        Event().wait(TICK)
        publisher.put([], ["articles/a"])
        assert publisher.fingerprint() not in (before, second)
