"""A whole publisher in a temporary folder, with a clock that the test moves: real files, ledger, pages and feed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxml import etree

from feeder import compose, config, pipeline
from feeder.clock import Clock
from feeder.pipeline import Parts, Report

NOON = datetime(2036, 11, 22, 12, 0, 0, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


class NewsClock(Clock):
    """The newsroom's time, for what runs by a clock of its own."""

    def __init__(self, news: Newsroom) -> None:
        self._news = news

    def wall(self) -> float:
        return self._news.now.timestamp()

    def tick(self) -> float:
        return self._news.tick

    def sleep(self, seconds: float) -> None:
        self._news.later(seconds=seconds)


class Newsroom:
    """`folder` holds input/ and output/; `write` puts an article there, `cycle` publishes."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder, self.now, self.tick = folder, NOON, 1000.0
        self.input, self.output = folder / "input", folder / "output"
        self.input.mkdir(parents=True, exist_ok=True)
        self.configure(settings)

    def configure(self, settings: str) -> None:
        """Write feeder.toml; the feed is of https://news.example/ unless it says otherwise."""
        default = '[feed]\ntitle = "The News"\nbase_url = "https://news.example/"\n'
        (self.folder / "feeder.toml").write_text(settings or default)
        self.config = config.load(self.folder / "feeder.toml", {})

    def write(self, path: str, text: str | bytes, *, age: timedelta = timedelta(hours=1)) -> Path:
        """Put a file there that was written `age` ago."""
        file = self.input / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.date(file, age)
        return file

    def date(self, file: Path, age: timedelta) -> None:
        """Give a file the time `age` ago."""
        when = (self.now - age).timestamp()
        os.utime(file, (when, when))

    def later(self, **delta: float) -> None:
        """Move both clocks."""
        self.now += timedelta(**delta)
        self.tick += timedelta(**delta).total_seconds()

    @contextmanager
    def parts(self) -> Iterator[Parts]:
        """The parts of a cycle, locked, for a test that looks inside."""
        with compose.publishing(self.config) as parts:
            yield parts

    def cycle(self, *, accept_removals: bool = False, stop: Callable[[], None] = lambda: None) -> Report:
        """Publish as a process of its own would, until no file needs to settle and nothing is missing too briefly."""
        with self.parts() as parts:
            report = pipeline.cycle(parts, now=self.now, tick=self.tick, stop=stop, accept_removals=accept_removals)
            if report.waiting is not None and report.waiting <= 2:
                self.tick += 2
                report = pipeline.cycle(parts, now=self.now, tick=self.tick, stop=stop, accept_removals=accept_removals)
            return report

    def published(self) -> dict[str, bytes]:
        """Every published document."""
        files = (path for path in self.output.rglob("*") if path.is_file() and not path.name.startswith("."))
        return {path.relative_to(self.output).as_posix(): path.read_bytes() for path in files}

    def feed(self) -> list[dict[str, str]]:
        """The entries of the feed: id, title, link, published, updated, summary, content."""
        return [self._entry(entry) for entry in self.atom().iter(ATOM + "entry")]

    def atom(self) -> etree._Element:
        """The feed's root element."""
        return etree.fromstring((self.output / "feed.xml").read_bytes())

    def entry(self, title: str) -> dict[str, str]:
        """The one entry of this title."""
        (entry,) = [entry for entry in self.feed() if entry["title"] == title]
        return entry

    def titles(self) -> list[str]:
        """The titles in the feed, in its order."""
        return [entry["title"] for entry in self.feed()]

    @staticmethod
    def _entry(entry: etree._Element) -> dict[str, str]:
        facts = {name: entry.findtext(ATOM + name) or "" for name in ("id", "title", "published", "updated", "summary", "content")}
        link = entry.find(f"{ATOM}link[@rel='alternate']")
        return {**facts, "link": "" if link is None else str(link.get("href"))}
