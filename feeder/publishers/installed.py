"""A publisher of others, kept to what a Publisher promises: its faults are told as errors of the output, with its name, and ours as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from feeder.errors import Busy, PluginError, PublishError
from feeder.publishers import Put, located

if TYPE_CHECKING:
    from feeder.model import Document
    from feeder.plugins import Part

__all__ = ["InstalledPublisher"]

T = TypeVar("T")


class InstalledPublisher:
    """A Publisher: `plugin`, whose documents are given to `check(path, body)` first; its PublishError stops the put."""

    def __init__(self, plugin: Part, *, check: Callable[[str, bytes], None]) -> None:
        self._plugin = plugin
        self._check = check

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        """See Publisher.put. What `documents` raises is passed on, whatever the plugin makes of it."""
        gone = [path for path in remove if located(path)]
        source = _Source(documents, self._check)
        try:
            put = self._asked(lambda publisher: publisher.put(iter(source), gone))
        finally:
            if source.raised:
                raise source.raised
        if not source.ended:
            raise PublishError(f"{self._plugin.plugin} did not take all documents")
        if not isinstance(put, Put):
            raise PublishError(f"{self._plugin.plugin} returned {type(put).__name__}, not a Put")
        return put

    def get(self, path: str) -> bytes | None:
        """See Publisher.get."""
        located(path)
        body = self._asked(lambda publisher: publisher.get(path))
        if body is not None and not isinstance(body, bytes):
            raise PublishError(f"{self._plugin.plugin}: what lies at {path} is {type(body).__name__}, not bytes")
        return body

    def stats(self, paths: Iterable[str] | None = None) -> Mapping[str, tuple[int, int]]:
        """See Publisher.stats."""
        asked = None if paths is None else list(paths)
        return self._asked(lambda publisher: {str(path): (int(size), int(when)) for path, (size, when) in publisher.stats(asked).items()})

    def fingerprint(self) -> object:
        """See Publisher.fingerprint."""
        return self._asked(lambda publisher: publisher.fingerprint())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """See Publisher.lock."""
        lock = self._asked(lambda publisher: publisher.lock())
        self._asked(lambda _: lock.__enter__())
        try:
            yield
        finally:
            self._asked(lambda _: lock.__exit__(None, None, None))

    def _asked(self, ask: Callable[[Any], T]) -> T:
        try:
            return self._plugin.call(ask, PublishError, Busy)
        except PluginError as error:
            raise PublishError(str(error)) from error


class _Source:
    """Documents on their way to a plugin: checked, and what they raise remembered, since it is not the plugin's to explain."""

    def __init__(self, documents: Iterable[Document], check: Callable[[str, bytes], None]) -> None:
        self._documents = documents
        self._check = check
        self.raised: BaseException | None = None
        self.ended = False

    def __iter__(self) -> Iterator[Document]:
        try:
            for document in self._documents:
                self._check(document.path, document.body)
                yield document
        except GeneratorExit:
            raise
        except BaseException as error:
            self.raised = error
            raise
        self.ended = True
