"""The published documents, judged by the rules of a good feed that need no network (docs/check.md). Pure: it is given bytes, and mends nothing.

Every document is read once and let go; what is kept of it is what others can contradict: ids, titles, links and times of its
entries, and digests of their contents. So ten thousand pages cost the time to read them, and no more memory than the largest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from feeder.judge import _entries, _history, _pages, _twins
from feeder.judge._document import ATOM, Facts, Finding, Paper, at, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import datetime

__all__ = ["Finding", "base_of", "judge"]

CURRENT = "feed.xml"
_SELF = re.compile(rb'<link href="(https?://[!-~]+/)feed\.xml" rel="self"')
TWINS = ("rss.xml", "feed.json")


def judge(
    sizes: Mapping[str, int],
    read: Callable[[str], bytes | None],
    *,
    base: str,
    now: datetime,
    live: Collection[str] | None = None,
    every: int = 0,
) -> list[Finding]:
    """What is wrong with what is published, the documents in the order of their paths, those beside each other last.

    `sizes` maps the path of each document to its bytes; `read` gives its body, None when it has gone meanwhile. `base` is the absolute
    URL that the paths are below, with "/" at its end; `now` is aware UTC. `live` are the ids of all public entries, None where nobody
    knows; `every` is the schedule in seconds, 0 where it has none.
    """
    bench, found = _Bench(sizes, base, now, every, _entries.Contents({}), {}), list[Finding]()
    for path in sorted(sizes):
        suffix = path.rpartition(".")[2]
        body = read(path) if suffix in ("xml", "json", "html", "opml") else None
        if body is not None:
            found += bench.judged(path, suffix, body)
    return [*found, *bench.together(live)]


def base_of(feed: bytes) -> str | None:
    """The base that the main feed says it is published below; None where it says nothing of the kind."""
    own = _SELF.search(feed)
    return own[1].decode() if own else None


@dataclass(frozen=True, slots=True)
class _Bench:
    """What is known of everything while it is being judged."""

    sizes: Mapping[str, int]
    base: str
    now: datetime
    every: int
    contents: _entries.Contents
    feeds: dict[str, Facts]

    def judged(self, path: str, suffix: str, body: bytes) -> list[Finding]:
        paper = Paper(path, body, self.base, self.now, self.sizes, self.every)
        match suffix:
            case "xml":
                return self._xml(paper)
            case "json":
                facts, found = _twins.json_feed(paper, self.contents)
                self._keep(facts)
                return found
            case "html":
                return list(_pages.page(paper, CURRENT))
        return list(_pages.opml(paper))

    def _xml(self, paper: Paper) -> list[Finding]:
        root, found = parsed(paper)
        if root is None:
            return found
        if root.tag == f"{ATOM}feed":
            facts, more = _entries.atom(paper, root, self.contents)
        elif root.tag == "rss":
            facts, more = _twins.rss(paper, root, self.contents)
        else:
            return [*found, paper.wrong(3, f"<{etree.QName(root).localname}> is neither an Atom feed nor RSS", "", at(root))]
        self._keep(facts)
        return [*found, *more]

    def _keep(self, facts: Facts | None) -> None:
        if facts is not None:
            facts.paper = Paper(facts.paper.path, b"", self.base, self.now, self.sizes, self.every)
            self.feeds[facts.paper.path] = facts

    def together(self, live: Collection[str] | None) -> Iterator[Finding]:
        """The documents beside each other, if there is a feed at all."""
        current = self.feeds.get(CURRENT)
        yield from _history.agreement(self.feeds)
        if current is None:
            return
        yield from _history.walk(self.feeds, current, live)
        for twin in TWINS:
            if twin in self.feeds:
                yield from _twins.twins(current, self.feeds[twin])
