"""Renders an index in gemtext, as Gemini browsers subscribe to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from feeder.model import Feed

FEEDER_INTERFACE = 1


@dataclass(frozen=True)
class Gemtext:
    """The newest articles, a link each."""

    path: str = field(default="index.gmi", metadata={"help": "where it is published, below the output"})
    most: int = field(default=20, metadata={"help": "how many articles it names"})
    greeting: str | None = field(default=None, metadata={"help": "a line below the title"})

    @property
    def documents(self) -> Mapping[str, str]:
        return {self.path: "text/gemini; charset=utf-8"}

    def __call__(self, feed: Feed) -> Mapping[str, bytes]:
        lines = [f"# {feed.site.title}", ""]
        lines += [self.greeting, ""] if self.greeting else []
        lines += [f"=> {entry.permalink} {entry.published:%Y-%m-%d} {entry.title}" for entry in feed.entries[: self.most]]
        return {self.path: "".join(f"{line}\n" for line in lines).encode()}
