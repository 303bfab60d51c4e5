"""Five hundred articles with everything that articles can have, published twice with a life between: what judges of feeds are shown.

`python -m tests.corpus FOLDER --feeds 'JUDGE …' --atom 'JUDGE …' --json 'JUDGE …'` builds it in FOLDER and runs each judge, a command, on all
Atom and RSS documents, on the Atom ones, on the JSON ones. It ends with 1 if a judge does, or if the archives do not hold what is published.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feeder.renderers import xml
from tests.beside import gif, jpeg, m4a, mp3, png, webp
from tests.newsroom import Newsroom
from tests.subscribers import chain, issue

__all__ = ["COUNT", "article", "feeds", "missing", "publish"]

COUNT = 500
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)  # for judges, who do not believe in the future
BASE = "https://news.example/notes/"
SETTINGS = f"""
[feed]
title = "Everything & <more>"
subtitle = "All that there is"
base_url = "{BASE}"
authors = ["Ann Author", {{ name = "Ben Writer", uri = "https://news.example/ben", email = "ben@news.example" }}]
rights = "© 2026 Ann Author, CC BY 4.0"
[podcast]
cover = "cover.png"
category = "Arts > Books"
owner = "Ann Author"
email = "ann@news.example"
[websub]
hubs = ["https://hub.example/"]
"""
TEXTS = Path(__file__).parent / "stories" / "same"
TAGS = ("C++", "c#", "日本", "Ärger", "חדשות", "новости", "ข่าว", "🎈", "a b", "A/B", "AT&T", "100%", "con", "plain", "tag with a very long name " * 6)
PEOPLE = ("Ann Author", "李雷", "Ólafur Þór", "Ben & Co.", "משה", "D'Arcy <x>")
FOLDERS = ("", "x/", "y/z/", "Ünder/", "日記/2026/", "a & b/")
TITLES = (
    "AT&T 3 < 5",
    "List<T> & Map<K, V>",
    "a literal &amp;",
    "日本のニュース",
    "כותרת עברית",
    "🎈 balloon",
    "It's “quoted”",
    "{{ 7*7 }}",
    "100 % ]]>",
    "plain",
)
MEDIA = {
    "picture.png": png(640, 480),
    "photo.jpg": jpeg(320, 240, turn=6),
    "moving.gif": gif(),
    "new.webp": webp(),
    "talk.mp3": mp3(3),
    "talk.m4a": m4a(),
}


def article(number: int, now: str) -> tuple[str, str]:
    """The path and the text of an article, a function of `number`; `now` is a day that is over."""
    suffix = (".md", ".md", ".txt", ".html")[number % 4]
    path = f"{FOLDERS[number % len(FOLDERS)]}{number:03}-{TAGS[number % 5].replace('/', '-')}{suffix}"
    title = f"{TITLES[number % len(TITLES)]} {number}"
    body = _body(number)
    if suffix == ".html":
        return path, f"<html lang=en><head><title>{title.replace('<', '&lt;')}</title></head><body><h1>x</h1><p>{body}</p></body></html>"
    matter = "".join(f"{name}: {value}\n" for name, value in _facts(number, title, now) if value)
    beside = '\n\n![a view](picture.png)\n\n[a talk](talk.mp3) and <script>alert(1)</script>\n\n<audio src="talk.m4a"></audio>\n' * (number % 5 == 1)
    return path, f"---\n{matter}---\n{body}{beside}\n"


def _facts(number: int, title: str, now: str) -> Iterator[tuple[str, str]]:
    tags = [f"'{TAGS[(number * step) % len(TAGS)]}'" for step in range(1, 1 + number % 4)]
    scheme = '{ term: "topic", scheme: "https://news.example/topics", label: "A topic" }'
    yield "title", f"'{title.replace(chr(39), chr(39) * 2)}'"
    yield "tags", f"[{', '.join(tags + [scheme] * (number % 7 == 0))}]" if tags else ""
    yield "authors", _names(number) if number % 3 else ""
    yield "date", f"{2020 + number % 6}-{1 + number % 12:02}-{1 + number % 28:02}T08:00:00+02:00" if number % 2 else ""
    yield "language", ("de", "ja", "he", "pt-BR", "", "")[number % 6]
    yield "rights", f"'© 2026 author of {number}'" * (number % 8 == 3)
    yield "summary", "'A summary with 3 < 5 > 1 & an ampersand.'" * (number % 9 == 2)
    yield "link", f"https://other.example/{number}?a=1&b=2" * (number % 10 == 1)
    yield "image", ("photo.jpg", "picture.png", "new.webp", "moving.gif", "", "", "https://other.example/i.png")[number % 7]
    yield "enclosure", ("talk.mp3", "[talk.mp3, talk.m4a]", "", "", "", "")[number % 6] if number % 5 == 0 else ""
    yield "id", f"tag:news.example,2026:{number}" * (number % 11 == 5)
    yield "slug", f"my-own-{number}" * (number % 13 == 6)
    yield "draft", "true" * (number % 50 == 7)
    yield "date", "2026-12-24" * (number % 50 == 8)
    yield "expires", (f"{now}" if number % 100 == 9 else "2027-01-01") if number % 50 == 9 else ""


def _names(number: int) -> str:
    names = [f'"{PEOPLE[(number + step) % len(PEOPLE)]}"' for step in range(1 + number % 3)]
    return f"[{', '.join(names)}]"


def _body(number: int) -> str:
    texts = sorted(TEXTS.glob("*/*.txt"))
    words = " ".join(f"lantern{number}by{place}" for place in range(30))
    long = "A long paragraph that does not end soon, about the harbour and all its lanterns. " * 5000 if number % 125 == 60 else ""
    return f"{texts[number % len(texts)].read_text().strip()}\n\nOf all lanterns: {words}. Tom & Ann said 3 < 5.\n\n{long}"


def publish(folder: Path, count: int = COUNT) -> Newsroom:
    """Build the corpus: most of it at first, then a day with edits, renames, withdrawals and what is new."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cover.png").write_bytes(png(1400, 1400))
    news = Newsroom(folder, SETTINGS)
    news.now = TODAY
    now = f"{news.now - timedelta(days=1):%Y-%m-%d}"
    late = count * 2 // 5
    texts = dict(article(number, now) for number in range(count))
    paths = list(texts)
    for home in FOLDERS:
        for name, body in MEDIA.items():
            news.write(home + name, body, age=timedelta(days=9))
    for place, path in enumerate(paths[:-late]):
        news.write(path, texts[path], age=timedelta(days=9, minutes=place))
    news.cycle()
    news.later(days=1)
    for place, path in enumerate(paths[-late:]):
        news.write(path, texts[path], age=timedelta(hours=2, minutes=place))
    for path in paths[10:50:2]:
        news.write(path, texts[path].replace("Of all lanterns", "Of all the lanterns"))
    for path in paths[11:31:2]:
        (news.input / path).rename(news.input / path.replace(Path(path).stem, Path(path).stem + "-renamed"))
    news.cycle()
    news.later(hours=1)
    for path in paths[60:80]:
        (news.input / path).unlink()
    news.cycle()
    return news


def feeds(news: Newsroom) -> Mapping[str, list[Path]]:
    """The published feed documents: "atom", "rss", "json"."""
    paths = sorted(path for path in news.output.rglob("*") if path.suffix in {".xml", ".json"} and not path.name.startswith("."))
    kinds: dict[str, list[Path]] = {"atom": [], "rss": [], "json": []}
    for path in paths:
        kinds["rss" if path.name == "rss.xml" else "json" if path.suffix == ".json" else "atom"].append(path)
    return kinds


def missing(news: Newsroom) -> tuple[set[str], set[str], int]:
    """Ids that are live and that no document on the way through the archives has; those that are there and not live; how many there should be."""
    with news.parts() as parts:
        live = {k.id for k in parts.ledger.known().values() if k.public}
    found = {
        item.id
        for _, document in chain(lambda address: (news.output / address.removeprefix(BASE)).read_bytes(), f"{BASE}feed.xml")
        for item in document.items
    }
    return live - found, found - live, len(live)


def main() -> int:
    """Build, let the judges judge, and say what they said."""
    parser = ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    for kind in ("feeds", "atom", "json"):
        parser.add_argument(f"--{kind}", action="append", default=[], metavar="JUDGE")
    asked = parser.parse_args()
    news = publish(asked.folder)
    found = feeds(news)
    lost, strange, live = missing(news)
    entries = sum(len(issue(path.read_bytes()).items) for path in found["atom"])
    for path in found["atom"]:
        xml.check(path.read_bytes())
    print(f"{live} live articles; " + ", ".join(f"{len(paths)} {kind}" for kind, paths in found.items()), f"documents, {entries} entries in Atom")  # noqa: T201
    print(f"on the way through the archives {len(lost)} are missing and {len(strange)} too many")  # noqa: T201
    groups = {"feeds": [*found["atom"], *found["rss"]], "atom": found["atom"], "json": found["json"]}
    bad = bool(lost or strange)
    for kind, paths in groups.items():
        for judge in getattr(asked, kind):
            run = subprocess.run([*shlex.split(judge), *map(str, paths)], capture_output=True, text=True, check=False)
            (asked.folder / f"{kind}.log").write_text(run.stdout + run.stderr)
            bad |= run.returncode != 0
            print(f"{kind}: {judge}: {run.returncode} for {len(paths)} documents, see {asked.folder / f'{kind}.log'}")  # noqa: T201
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
