"""What people write before they look for a program: all files read, the fifty newest rendered, one feed. Run as a script, to be beaten."""

from __future__ import annotations

import sys
from pathlib import Path

import comrak
from feedgen.feed import FeedGenerator

NEWEST = 50


def main(source: Path, target: Path) -> None:
    """Write the feed of the Markdown files below `source` to the file `target`."""
    articles = []
    for file in source.rglob("*.md"):
        _, matter, body = file.read_text(encoding="utf-8").split("---\n", 2)
        facts = {name: value.strip('"') for name, value in (line.split(": ", 1) for line in matter.splitlines())}
        articles.append((facts["date"], file.stem, facts, body))
    feed = FeedGenerator()
    feed.id("https://bench.example/")
    feed.title("Benchmark")
    feed.link(href="https://bench.example/")
    for date, name, facts, body in sorted(articles, key=lambda article: article[:2], reverse=True)[:NEWEST]:
        entry = feed.add_entry(order="append")
        entry.id(f"https://bench.example/{name}")
        entry.link(href=f"https://bench.example/{name}")
        entry.title(facts["title"])
        entry.author(name=facts["author"])
        entry.published(date)
        entry.updated(date)
        entry.content(comrak.render_markdown(body), type="html")
    feed.atom_file(str(target))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
