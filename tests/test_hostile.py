"""Everything bad at once beside three good articles: the good are published whole, the bad are harmless or named in `status`, and nothing hangs."""

from __future__ import annotations

import ctypes
import json
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

import feedparser
import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeder.changes import State, Verb
from feeder.errors import Problem
from feeder.ledger import FileRecord
from feeder.pipeline import Report
from tests.fakes import powerless
from tests.newsroom import ATOM, NOON, Newsroom

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

BASE = "https://news.example/"
SETTINGS = f'[feed]\ntitle = "The News"\nbase_url = "{BASE}"\nentries = 500\n'
GOOD = {
    "good/dam.txt": ("The dam holds", "The river rose by four metres in one night, and the dam held."),
    "good/ferry.md": ("A ferry for the island", "The island of Lund gets its ferry back after eleven years."),
    "good/tree.html": ("The oldest tree", "A yew in the churchyard is older than the church, and than the village."),
}
SENSE = "Here stands one harmless sentence, so that there is something to publish."
ODD = "\\xff\\xfe"
DEEP = "/".join("d" * 65)


@dataclass(frozen=True)
class Case:
    """One bad file: what is there, and what must come of it.

    `refused` and `noted` are regular expressions for what `status` says; a file that is not refused is published as `title`, with
    the words `says` in its text. `shown` is its path in `status`, where that is another one.
    """

    fault: str
    path: str
    body: bytes | str | Callable[[Path], None]
    refused: str = ""
    noted: str = ""
    title: str = ""
    says: str = ""
    shown: str = ""
    waits: bool = False

    @property
    def where(self) -> str:
        return self.shown or self.path

    def put(self, news: Newsroom) -> None:
        if callable(self.body):
            (news.input / self.path).parent.mkdir(parents=True, exist_ok=True)
            self.body(news.input / self.path)
        else:
            news.write(self.path, self.body, age=timedelta(hours=2))

    def mend(self, news: Newsroom) -> None:
        """What its owner does about it: write an article there, or take it away where there can be none."""
        file = news.input / self.path
        article = stat.S_ISREG(file.lstat().st_mode) and not self.shown
        file.unlink()  # not written over: it may be a hard link
        if article:
            news.write(self.path, f"Mended article {self.path!a}\n\nNow it is well, and says {self.path!a}.\n")


def plain(title: str, more: str = "") -> str:
    return f"{title}\n\n{SENSE} {more}"


def matter(*fields: str, body: str = SENSE) -> str:
    return "\n".join(("---", *fields, "---", "", body, ""))


def dated(seconds: int, body: str) -> Callable[[Path], None]:
    def put(file: Path) -> None:
        file.write_text(body)
        os.utime(file, (seconds, seconds))

    return put


def sparse(file: Path) -> None:
    with file.open("wb") as handle:
        handle.truncate(2 << 30)


def locked(file: Path) -> None:
    file.write_text(plain("Not for you"))
    file.chmod(0)


def listening(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        at = os.open(file.parent, os.O_RDONLY)
        try:
            end.bind(f"/proc/self/fd/{at}/{file.name}")  # the whole path is too long for a socket
        finally:
            os.close(at)


def escaping(file: Path) -> None:
    secret = file.parent.parent / "secret.txt"
    secret.write_text(plain("Top secret", "Nobody may ever read this."))
    file.symlink_to(secret)


def twice(file: Path) -> None:
    file.write_text(plain("One file, two names"))
    os.link(file, file.with_name("linked-again.txt"))


def nested(folder: Path) -> None:
    folder.mkdir()
    at = os.open(folder, os.O_RDONLY)
    for _ in range(2999):
        os.mkdir("d", dir_fd=at)
        above, at = at, os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(above)
    file = os.open("deep.txt", os.O_CREAT | os.O_WRONLY, dir_fd=at)
    os.write(file, plain("Too deep").encode())
    os.close(file)
    os.close(at)


def clear(folder: Path) -> None:
    """Remove a folder; Python's own rmtree, which pytest uses later, gives up at a thousand folders in each other."""
    subprocess.run(["rm", "-rf", "--", folder], check=True)


FRENCH = "Un été à Orléans\n\nLes élèves étaient ravis: l'été à Orléans était très beau cette année-là, déjà chaud et très long.\n"
ACTIVE = """<script>alert(1)</script><svg onload=alert(2)><script>alert(3)</script></svg><math href="javascript:alert(4)"><mtext></math>
<iframe src="https://evil.example/"></iframe><object data="x"></object><embed src="x"><form action="https://evil.example/"><input name="a"></form>
<img src="x" onerror="alert(5)" alt="picture"><p style="background:url(javascript:alert(6))" onclick="alert(7)">Styled words.</p>
<a href="data:text/html,<script>alert(8)</script>">data</a>
<a href="&#106;avascript:alert(9)">spelled</a> <a href=" java&#10;script:alert(10)">split</a>
<base href="https://evil.example/"><link rel="stylesheet" href="https://evil.example/x.css"><meta http-equiv="refresh" content="0;url=https://evil.example/">
<style>*{display:none}</style><noscript><p title="</noscript><img src=x onerror=alert(11)>"></noscript><template><script>alert(12)</script></template>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(13)&gt;">
"""

CASES = (
    # -- what is no file with an article in it
    Case("I15", "empty.txt", b"", refused="is empty"),
    Case("I16", "binary.txt", bytes(range(256)) * 40, refused="binary data"),
    Case("I16 tiny", "tiny.txt", b"\0\1", refused="binary data"),
    Case("I16 like UTF-32", "utf32ish.txt", b"\x00\x01\x02\x03" * 100, refused="not"),
    Case("I16 a program", "program.txt", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 9, refused="a program"),
    Case("I16 a picture", "picture.md", b"\x89PNG\r\n\x1a\n" + bytes(300), refused="a PNG image"),
    Case("I12", "pipe.txt", os.mkfifo, refused="not a regular file"),
    Case("I12 a socket", "socket.md", listening, refused="not a regular file"),
    Case("I11", "escape.txt", escaping, refused="symbolic link"),
    Case("I11 a folder", "root", lambda file: file.symlink_to(file.parent.parent), refused="symbolic link"),
    Case("I10", "loop.txt", lambda file: file.symlink_to("loop.txt"), refused="symbolic link"),
    Case("I14", "sparse.txt", sparse, refused="2147483648 bytes long"),
    Case("I9", "locked.txt", locked, refused="cannot be read: Permission denied"),
    Case("I18", "d", nested, refused="more than 64 folders down", shown=DEEP),
    Case("I30", "linked.txt", twice, title="One file, two names"),
    # -- names
    Case("I19", os.fsdecode(b"\xff\xfe.txt"), plain("A name of no characters"), refused="not UTF-8", shown=f"{ODD}.txt"),
    Case("I20 newline", "new\nline.txt", plain("A name of two lines"), title="A name of two lines"),
    Case("I20 newline, refused", "bad\nline.txt", b"\0\1", refused="binary data"),
    Case("I20 ESC and RLO", "e\x1b[31m\u202egpj.txt", plain("A name with colours"), title="A name with colours"),
    Case("I20 ESC and RLO, refused", "f\x1b[31m\u202e\x9b.txt", b"\0\1", refused="binary data"),
    Case("I21", "n" * 251 + ".txt", plain("A name of 255 bytes"), title="A name of 255 bytes"),
    Case("I21 in Chinese", "名" * 83 + ".md", plain("# A name of 252 bytes"), title="A name of 252 bytes"),
    Case("I22", "caf\u00e9.txt", plain("Composed", "One of two."), title="Composed"),
    Case("I22 again", "cafe\u0301.txt", plain("Decomposed", "Two of two."), refused="look the same", shown="cafe\u0301.txt"),
    Case("I23", "Case.txt", plain("Upper case", "The one."), title="Upper case"),
    Case("I23 again", "case.txt", plain("Lower case", "The other."), title="Lower case"),
    *(
        Case(f"I24 {name}", name, plain(f"Called {name.encode().hex()}"), title=f"Called {name.encode().hex()}")
        for name in ("-rf.txt", "%2e%2e.txt", "con.txt", " .txt")
    ),
    Case("I24 markup", "<i>&amp;{{7*7}}'\".md", SENSE, title="<i>&amp;{{7*7}}'\""),
    # -- time
    Case("T1", "future.txt", dated(2**33, plain("From the future")), noted="cannot be true", title="From the future"),
    Case("T2", "epoch.txt", dated(0, plain("From 1970")), noted="cannot be true", title="From 1970"),
    Case("T2 negative", "negative.txt", dated(-(10**9), plain("From 1938")), noted="cannot be true", title="From 1938"),
    Case("T6", "thirtieth.md", matter("title: The 30th", "date: 2026-02-30"), noted="2026-02-30' is no date", title="The 30th"),
    Case("T6 offset", "offset.md", matter("title: The offset", "date: 0000-01-01T99:99:99+99:99"), noted="is no date", title="The offset"),
    Case("T6 the last second", "never.md", matter("title: Never", "date: 9999-12-31T23:59:59Z"), waits=True),
    Case("T6 the last second again", "nor.md", matter("title: Nor", "date: 9999-12-31T23:59:59Z", body="Nor will this."), waits=True),
    # -- characters
    Case("C1", "sixteen.txt", plain("Sixteen bits: Ж").encode("utf-16"), title="Sixteen bits: Ж", says=SENSE),
    Case("C1 unmarked", "unmarked.txt", plain("Sixteen bits, unsaid").encode("utf-16-le"), noted="utf-16-le, a guess", title="Sixteen bits, unsaid"),
    Case("C1 UTF-32", "thirtytwo.txt", plain("Thirty-two bits").encode("utf-32"), title="Thirty-two bits", says=SENSE),
    Case("C2", "latin.txt", FRENCH.encode("latin-1"), noted="cp1252, a guess", title="Un été à Orléans", says="déjà chaud"),
    Case("C3", "cut.txt", plain("Cut off – here").encode() + "…".encode()[:2], noted="cut-off last character", title="Cut off – here", says=SENSE),
    Case(
        "C4",
        "nul.txt",
        plain("NUL and friends", "A \0 bell \x07 and \x1b[31m red.").encode(),
        title="NUL and friends",
        says="A \ufffd bell \ufffd and \ufffd[31m red.",
    ),
    Case("C4 in the title", "nultitle.txt", plain("A\0B\x0eC"), title="A\ufffdB\ufffdC"),
    Case("C4 noncharacters", "nonchar.txt", plain("Nonchar\uffff", "See \ufffe here."), title="Nonchar\ufffd", says="See \ufffd here."),
    Case("C4 surrogates", "lone.txt", plain("Lone").encode() + b"\xed\xa0\x80!", noted="surrogates", title="Lone", says="\ufffd!"),
    Case("C4 by reference", "refs.html", f"<h1>Refs</h1><p>A&#0;B&#xD800;C&#xFFFF;D&#27;E {SENSE}</p>", title="Refs", says=SENSE),
    Case("C4 in front matter", "escapes.md", matter('title: "Esc\\u0000aped\\uD800"'), title="Esc\ufffdaped\ufffd"),
    Case("C26", "rlo.md", matter('title: "Bill \u202egpj.exe"'), noted="direction of writing", title="Bill gpj.exe"),
    # -- front matter
    Case("C5", "laughs.md", matter("a: &a [x, x]", "b: &b [*a, *a]", "title: *b"), refused="line 2: anchors"),
    Case("C6", "merge.md", matter("base: &b {k: v}", "title: x", "<<: *b"), refused="line 2: anchors"),
    Case("C7", "brackets.md", matter("title: " + "[" * 9000), refused="line 2: nested"),
    Case("C7 TOML", "brackets2.md", "+++\ntitle = " + "[" * 9000 + "\n+++\n" + SENSE, refused="front matter"),
    Case("C8", "digits.md", matter("title: " + "9" * 200), title="9" * 200),
    Case("C8 TOML", "digits2.md", "+++\ntitle = " + "9" * 9000 + "\n+++\n" + SENSE, refused="line 2"),
    Case("C9", "python.md", matter("title: !!python/object/apply:os.system ['true']"), refused="line 2: .*tags"),
    Case("C10", "twelve.md", matter("title: 12:30", "tags: [no, 010, 1_000]"), title="12:30"),
    Case("C11", "double.md", matter("title: One", "title: Two"), refused="line 3"),
    Case("C12", "rule.md", f"---\n{SENSE}\n---\n\n# Only a rule\n", title="Only a rule"),
    Case("an unknown key", "unknown.md", matter("title: Unknown key", "layout: post", "frobnicate: {a: [1]}"), title="Unknown key"),
    Case("C17", "climb.md", matter("title: Climbing", "slug: ../../../etc/passwd"), noted="not safe as a file name", title="Climbing"),
    Case("C27 id", "id1.md", matter("title: First of its id", "id: tag:news.example,2026:1"), title="First of its id"),
    Case(
        "C27 id again", "id2.md", matter("title: Second of its id", "id: tag:news.example,2026:1", body="Other words."), refused="belongs to id1.md"
    ),
    Case("C27 slug", "slug1.md", matter("title: First of its slug", "slug: same"), title="First of its slug"),
    Case("C27 slug again", "slug2.md", matter("title: Second of its slug", "slug: same", body="Other words."), refused="has the slug same"),
    # -- markup
    Case(
        "C13",
        "active.html",
        f"<html><head><title>Active</title></head><body><article><h1>Active</h1><p>{SENSE}</p>{ACTIVE}</article>",
        noted="left out",
        title="Active",
        says=SENSE,
    ),
    Case(
        "C13 in Markdown",
        "active.md",
        f"# Active too\n\n{SENSE}\n\n{ACTIVE}\n\n[x](javascript:alert(1)) ![y](javascript:alert(2)) <javascript:alert(3)>",
        noted="left out",
        title="Active too",
        says=SENSE,
    ),
    Case(
        "C13 in plain text",
        "active.txt",
        plain("Active, as text", "<script>alert(1)</script>"),
        title="Active, as text",
        says="<script>alert(1)</script>",
    ),
    Case(
        "C13 everywhere",
        "everywhere.md",
        matter(
            *("title: <script>alert(1)</script>", "summary: <img src=x onerror=alert(2)> is said here", "author: '<script>alert(3)</script>'"),
            *("tags: ['<script>alert(4)</script>']", "link: 'javascript:alert(5)'", "rights: <b>none</b>"),
        ),
        noted="no http, https or mailto",
        title="<script>alert(1)</script>",
    ),
    Case("C14", "links.md", matter("title: Links", "link: ['file:///etc/passwd', 'data:text/html,x']"), noted="links", title="Links"),
    Case(
        "C15",
        "cdata.md",
        matter("title: ']]> &amp;lt; <![CDATA['", body=f"{SENSE} `]]>` and `&amp;`."),
        title="]]> &amp;lt; <![CDATA[",
        says="]]> and &amp;.",
    ),
    Case(
        "C16", "entity.html", f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><h1>Entity</h1><p>&e; {SENSE}</p>', title="Entity", says=SENSE
    ),
    Case(
        "C18",
        "template.md",
        matter('title: "{{7*7}} {% raw %}"', body=f"{SENSE} {{{{7*7}}}} {{% raw %}}"),
        title="{{7*7}} {% raw %}",
        says="{{7*7}} {% raw %}",
    ),
    Case("C21", "stars.md", "# Stars\n\n" + "*a **b " * 5000, title="Stars"),
    Case("C25", "line.txt", plain("One line", "x" * 3_000_000), refused="million characters"),
    Case(
        "C28",
        "tracking.html",
        f'<h1>Tracked</h1><p>{SENSE}<img src="http://a.example/p.gif" width=1 height=1><a href="file:///etc">x</a></p>',
        noted="left out",
        title="Tracked",
    ),
    Case("C29", "nothing.md", "# Nothing\n\n<script>alert(1)</script>", refused="nothing is left"),
)
CASE = {case.fault: case for case in CASES}

# -- the room in which it happens, and what came of it ------------------------------------------------------------------------


def good_body(path: str) -> str:
    title, words = GOOD[path]
    match path.rpartition(".")[2]:
        case "html":
            return f"<html lang=en><title>{title}</title><article><h1>{title}</h1><p>{words}</p></article>"
        case "md":
            return f"# {title}\n\n{words}\n"
        case _:
            return f"{title}\n\n{words}\n"


def newsroom(folder: Path, now: datetime = NOON) -> Newsroom:
    """A publisher with the good articles, two hours old."""
    news = Newsroom(folder, SETTINGS)
    news.now = now
    for path in GOOD:
        news.write(path, good_body(path), age=timedelta(hours=2))
    return news


@pytest.fixture
def news(tmp_path: Path) -> Iterator[Newsroom]:
    yield newsroom(tmp_path)
    clear(tmp_path / "input" / "d")


@dataclass(frozen=True)
class Aftermath:
    """What one cycle made of all cases, and then a second one."""

    report: Report
    again: Report
    documents: Mapping[str, bytes]
    after: Mapping[str, bytes]
    entries: Mapping[str, Mapping[str, str]]
    files: Mapping[str, FileRecord]
    waiting: frozenset[str]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    news = newsroom(tmp_path_factory.mktemp("hostile"))
    for case in CASES:
        case.put(news)
    try:
        yield observed(news)
    finally:
        clear(news.input / "d")


def observed(news: Newsroom) -> Aftermath:
    """Two cycles and what they left; an unreadable file is one for this process even where the tests are root's."""
    report, documents = powerless(news.cycle), news.published()
    by_id = {entry["id"]: entry for entry in news.feed()}
    with news.parts() as parts:
        known, files = dict(parts.ledger.known()), dict(parts.ledger.files())
    entries = {k.path: by_id[k.id] for k in known.values() if k.public}
    waiting = frozenset(k.path for k in known.values() if k.state is State.LIVE and not k.arrival)
    news.later(minutes=5)
    again = powerless(news.cycle)
    return Aftermath(report, again, documents, news.published(), entries, files, waiting)


# -- what documents must never hold -------------------------------------------------------------------------------------------

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
HIDING = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PASSIVE = frozenset(
    re.findall(
        r"\w+",
        "p br hr h1 h2 h3 h4 h5 h6 blockquote pre ul ol li dl dt dd figure figcaption section div table caption thead tbody tfoot tr th td a img"
        " details summary em strong b i u s del ins mark small sub sup code kbd samp var q cite dfn abbr time bdi bdo ruby rt rp wbr span",
    )
)
FRAME = PASSIVE | {"html", "head", "body", "title", "meta", "link", "header", "footer", "main", "nav", "article", "aside", "data"}
# The frame's own: a block of JSON that nothing runs, and the drawing of the feed's address.
DRAWN = {f"{{http://www.w3.org/2000/svg}}{name}" for name in ("svg", "path")}
ADDRESSES = {"href", "src", "cite", "action", "data", "poster", "background", "srcset", "ping", "formaction", "longdesc", "xlink:href"}


def offences(root: Element, tags: frozenset[str], schemes: frozenset[str]) -> list[str]:
    """Whatever in a tree could act, load or lead somewhere else than to the web. Every element and every attribute is looked at."""
    found = []
    for element in root.iter():
        tag = element.tag if isinstance(element.tag, str) else "a comment"
        found += [] if tag in tags or tag == "DOCUMENT_FRAGMENT" else [tag]
        for name, value in element.items():
            bad = name.startswith("on") or name in {"style", "srcdoc"} or (name == "http-equiv" and value != "Content-Security-Policy")
            bad |= name in ADDRESSES and urlsplit(value).scheme not in schemes
            bad |= tag == "link" and urlsplit(value).netloc not in {"", "news.example"}
            found += [f"{tag} {name}={value}"] if bad else []
    return found


def fragment(content: str) -> Element:
    return cast("Element", html5lib.parseFragment(content, namespaceHTMLElements=False))


@cache
def page(body: bytes) -> Element:
    return html5lib.parse(body.decode(), namespaceHTMLElements=False)


def words(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def harmless(documents: Mapping[str, bytes]) -> None:
    """Every document carries only legal characters and nothing active, parsed as its readers parse it."""
    for path, body in documents.items():
        if not path.endswith((".ico", ".png")):
            assert ILLEGAL.search(body.decode()) is None, path
        if path.endswith(".html"):
            blocks = [block.attrib for block in page(body).iter("script")]
            assert blocks in ([], [{"type": "application/ld+json"}]), path
            assert offences(page(body), FRAME | DRAWN | {"script"}, frozenset({"", "http", "https", "mailto"})) == [], path
    harmless_feed(documents["feed.xml"])


def harmless_feed(body: bytes) -> None:
    assert not feedparser.parse(body).bozo
    for element in etree.fromstring(body).iter(etree.Element):
        assert str(element.tag).startswith(ATOM)
        for name in ("href", "src", "uri"):
            assert urlsplit(element.get(name, "https:")).scheme in {"http", "https", "urn"}, etree.tostring(element)
        if element.tag in {ATOM + "title", ATOM + "summary", ATOM + "subtitle"}:
            assert element.get("type", "text") == "text"
        if element.tag == ATOM + "uri":
            assert urlsplit(element.text or "").scheme in {"http", "https"}
        if element.tag == ATOM + "content":
            assert (element.get("type"), element.get("src")) == ("html", None)
            assert offences(fragment(element.text or ""), PASSIVE, frozenset({"http", "https", "mailto"})) == []


def good_are_there(news: Newsroom, documents: Mapping[str, bytes]) -> None:
    """The good articles are in the feed, on their pages and in the index, whole."""
    entries = {entry["title"]: entry for entry in news.feed()}
    index = words(page(documents["index.html"]))
    for title, said in GOOD.values():
        assert words(fragment(entries[title]["content"])) == said
        own = page(documents[unquote(entries[title]["link"].removeprefix(BASE))])
        assert (words(own.find(".//h1")), said in words(own), title in index) == (title, True, True)


# -- all at once --------------------------------------------------------------------------------------------------------------


def test_no_document_holds_anything_active_or_illegal(aftermath: Aftermath) -> None:
    """C4, C13, C14, C28, rules 1, 14, 16, 19, 20, 57."""
    assert len(aftermath.documents) > 50
    harmless(aftermath.documents)
    assert not any(b"Nobody may ever read this" in body or b"root:x:" in body for body in aftermath.documents.values())


def test_exactly_the_files_that_cannot_be_published_are_named(aftermath: Aftermath) -> None:
    assert {problem.where for problem in aftermath.report.problems} == {case.where for case in CASES if case.refused}
    assert all(problem.reason and problem.hint for problem in aftermath.report.problems)
    assert {path for path, file in aftermath.files.items() if file.flags} == {case.path for case in CASES if case.noted}
    assert aftermath.waiting == {case.path for case in CASES if case.waits}
    assert aftermath.entries.keys() == {*GOOD, "linked-again.txt", *(case.path for case in CASES if not (case.refused or case.waits))}


def test_a_second_cycle_changes_nothing(aftermath: Aftermath) -> None:
    """Rule 46."""
    assert (aftermath.again.changes, aftermath.again.put.written, aftermath.again.put.removed) == ((), (), ())
    assert aftermath.after == aftermath.documents
    assert set(aftermath.again.problems) == set(aftermath.report.problems)


@pytest.mark.parametrize("fault", [case.fault for case in CASES if case.refused])
def test_a_file_that_cannot_be_published_says_why_and_what_to_do(aftermath: Aftermath, fault: str) -> None:
    """I9-I12, I14-I16, I18-I20, I22, C5-C9, C11, C25, C27, C29."""
    case = CASE[fault]
    (problem,) = [problem for problem in aftermath.report.problems if problem.where == case.where]
    assert re.search(case.refused, problem.reason)
    assert problem.hint
    assert case.where not in aftermath.entries


@pytest.mark.parametrize("fault", [case.fault for case in CASES if not (case.refused or case.waits)])
def test_a_file_that_can_be_published_is_and_with_the_right_words(aftermath: Aftermath, fault: str) -> None:
    """I20-I24, I30, T1, T2, T6, C1-C4, C8, C10, C12-C18, C21, C26-C28."""
    case = CASE[fault]
    entry = aftermath.entries[case.path]
    assert entry["title"] == case.title
    assert case.says in words(fragment(entry["content"]))
    own = page(aftermath.documents[unquote(entry["link"].removeprefix(BASE))])
    assert words(own.find(".//h1")) == " ".join(case.title.split())
    assert words(own.find("head/title")).startswith(" ".join(case.title.split()))


@pytest.mark.parametrize("fault", [case.fault for case in CASES if case.noted])
def test_what_was_mended_on_the_way_is_noted(aftermath: Aftermath, fault: str) -> None:
    """T1, T2, T6, C1-C4, C13, C14, C17, C26, C28."""
    case = CASE[fault]
    assert re.search(case.noted, "\n".join(aftermath.files[case.path].flags))


def test_no_two_articles_share_an_id_a_page_or_a_time(aftermath: Aftermath) -> None:
    """I22, I23, I30, C27, rules 10, 12: pages are distinct on a disk that ignores case, too."""
    entries = aftermath.entries.values()
    for name in ("id", "link", "updated"):
        assert len({entry[name].casefold() for entry in entries}) == len(entries), name
    for entry in entries:
        name = unquote(entry["link"].removeprefix(BASE)).removeprefix("articles/")
        assert re.fullmatch(r"[^\x00-\x20/\\:*?\"<>|.-][^\x00-\x20/\\:*?\"<>|]*\.html", name)
        assert len(name.encode()) <= 255


def test_no_date_is_in_the_future_or_before_the_web(aftermath: Aftermath) -> None:
    """T1, T2, T6, rule 11."""
    assert all("1990" < entry["published"] <= entry["updated"] <= "2036-11-22T12:00:00Z" for entry in aftermath.entries.values())


def test_when_each_is_mended_or_taken_away_everything_is_well_again(news: Newsroom) -> None:
    cases = [case for case in CASES if case.fault != "I18"]  # the kernel takes a second for it, and it is like any other folder
    for case in cases:
        case.put(news)
    assert powerless(news.cycle).problems
    before = {entry["title"]: entry for entry in news.feed()}
    for case in cases:
        case.mend(news)
    news.later(minutes=5)
    report = powerless(news.cycle)
    with news.parts() as parts:
        files = parts.ledger.files()
        assert [(path, file.reason, file.flags) for path, file in files.items() if file.reason or file.flags] == []
    assert (report.problems, report.held) == ((), ())
    after = {entry["title"]: entry for entry in news.feed()}
    assert all(after[title] == before[title] for title, _ in GOOD.values())
    assert len(news.feed()) == len([file for file in news.input.rglob("*") if file.is_file()])
    good_are_there(news, news.published())
    harmless(news.published())


# -- the same at the command line ---------------------------------------------------------------------------------------------


def owned(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run feeder in `folder` as a user to whom permissions apply, root or not; what takes over a minute hangs."""
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONUTF8": "1"}
    command = partial(subprocess.run, [sys.executable, "-m", "feeder", *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=60)
    with ThreadPoolExecutor(1, initializer=_no_root) as pool:
        return pool.submit(command).result()


def _no_root() -> None:
    """Let uid 0 gain no capabilities in programs that this thread starts (prctl(2), PR_SET_SECUREBITS, SECBIT_NOROOT)."""
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(28, 1, 0, 0, 0):
        raise OSError("this root cannot do without its powers")


def test_the_command_line_publishes_the_good_and_tells_of_the_bad(news: Newsroom) -> None:
    """I12, I14, I20: nothing blocks, and no name moves the cursor or turns the line around."""
    news = newsroom(news.folder, datetime.now(UTC))
    for case in CASES:
        case.put(news)
    build = owned("build", folder=news.folder)
    assert build.returncode == 65, build.stderr
    good_are_there(news, news.published())
    harmless(news.published())
    status, answer = owned("status", "--all", folder=news.folder), owned("status", "--json", folder=news.folder)
    for run in (build, status, answer):
        assert HIDING.search(run.stdout + run.stderr) is None
    refused = {case.where: case for case in CASES if case.refused}
    told = json.loads(answer.stdout)
    assert {row["where"] for row in told["quarantine"]} == refused.keys()
    for row in told["quarantine"]:
        assert re.search(refused[row["where"]].refused, row["reason"])
        rows = status.stdout.splitlines()
        (at,) = [at for at, line in enumerate(rows) if line == f"  {shown(row['where'])}: {row['reason']}"]
        assert rows[at + 1].strip() == row["hint"] or not row["hint"]
        assert f": {shown(row['where'])}: {row['reason']}" in build.stderr
    assert {row["where"] for row in told["notes"]} == {case.path for case in CASES if case.noted}
    assert {row["path"] for row in told["embargoed"]} == {case.path for case in CASES if case.waits}


def shown(name: str) -> str:
    """The name as it may stand on a terminal."""
    return HIDING.sub(lambda found: found[0].encode("unicode_escape").decode(), name.replace("\n", "\\n"))


def test_a_strange_file_is_explained_without_moving_the_cursor(news: Newsroom) -> None:
    """I20, C13."""
    strange = replace(CASE["C13 everywhere"], path="e\x1b[31m\u202e\n.md")
    strange.put(news)
    run = owned("explain", f"input/{strange.path}", folder=news.folder)
    assert run.returncode == 0, run.stderr
    assert HIDING.search(run.stdout + run.stderr) is None
    assert strange.title in run.stdout


@pytest.mark.parametrize("fault", ["I12", "I14", "I20 ESC and RLO, refused"])
def test_what_is_no_article_is_not_explained_but_said_to_be_none_at_once(news: Newsroom, fault: str) -> None:
    """I12, I14, I16, I20."""
    CASE[fault].put(news)
    run = owned("explain", f"input/{CASE[fault].path}", folder=news.folder)
    assert (run.returncode, run.stdout) == (65, "")
    assert shown(CASE[fault].path) in run.stderr
    assert HIDING.search(run.stderr) is None


# -- titles -------------------------------------------------------------------------------------------------------------------

TITLES = {
    "AT&T 3 < 5": "AT&T 3 < 5",
    "<b>": "<b>",
    "A literal &amp; stays": "A literal &amp; stays",
    "&lt;script&gt;": "&lt;script&gt;",
    "島の古い灯台": "島の古い灯台",
    "המגדלור על האי": "המגדלור על האי",
    "An invoice \u202efdp.exe": "An invoice fdp.exe",
    "👩‍🚒 and 🏳️‍🌈": "👩‍🚒 and 🏳️‍🌈",
    "long " * 2000: "long " * 59 + "long…",
    "x" * 10_000: "x" * 300 + "…",
    " \t\u3000": "",
    "\u200b": "",
    "{{7*7}}": "{{7*7}}",
    "{% include 'x' %}": "{% include 'x' %}",
    "a ]]> b": "a ]]> b",
    "'\"><img src=x onerror=alert(1)>": "'\"><img src=x onerror=alert(1)>",
    "<!-- x": "<!-- x",
    "</title></h1>": "</title></h1>",
    "Two\nlines": "Two lines",
}


def test_nasty_titles_are_shown_as_they_are_everywhere(news: Newsroom) -> None:
    """C15, C18, C26, rules 14, 15: in front matter and in HTML; a title with nothing to see is the file's name."""
    expected: dict[str, str] = {}
    for number, (said, seen) in enumerate(TITLES.items()):
        news.write(f"m{number}.md", matter(f"title: {json.dumps(said, ensure_ascii=False)}", body=f"{SENSE} Number {number}."))
        news.write(f"h{number}.html", f"<article><h1>{escape(said)}</h1><p>{SENSE} It is page {number}.</p></article>")
        expected |= {f"m{number}.html": seen or f"M{number}", f"h{number}.html": seen or f"H{number}"}
    news.cycle()
    documents = news.published()
    harmless(documents)
    good_are_there(news, documents)
    entries = {entry["link"].removeprefix(f"{BASE}articles/"): entry for entry in news.feed()}
    parsed = {entry.link.removeprefix(f"{BASE}articles/"): entry.title for entry in feedparser.parse(documents["feed.xml"]).entries}
    listed = {link.get("href"): words(link) for link in page(documents["index.html"]).iter("a")}
    for name, title in expected.items():
        own = page(documents[f"articles/{name}"])
        assert (entries[name]["title"], parsed[name], words(own.find(".//h1"))) == (title, title, title)
        assert words(own.find("head/title")) == f"{title} · The News"
        assert listed.get(f"articles/{name}", title) == title
    assert len([href for href in listed if href and href.startswith("articles/")]) > 30


# -- single faults that need a history -----------------------------------------------------------------------------------------


def test_a_file_made_empty_after_it_was_published_keeps_its_last_good_version(news: Newsroom) -> None:
    """I3."""
    news.cycle()
    before = news.published()
    news.write("good/dam.txt", b"")
    report = news.cycle()
    assert [(problem.where, problem.reason) for problem in report.problems] == [("good/dam.txt", "is empty")]
    assert news.published() == before


def test_a_folder_that_cannot_be_entered_withdraws_nothing(news: Newsroom) -> None:
    """I9, I28."""
    news.cycle()
    before = news.published()
    (news.input / "good").chmod(0)
    try:
        report = powerless(news.cycle)
    finally:
        (news.input / "good").chmod(0o755)
    assert [problem.where for problem in report.problems] == ["good"]
    assert news.published() == before
    assert powerless(news.cycle).problems == ()


def test_a_folder_with_a_decomposed_name_that_became_a_link_withdraws_nothing_below_it(news: Newsroom) -> None:
    """I11, I22: the name is one in NFC, whichever way the disk spells it."""
    folder = "Bu\u0308cher"
    news.write(f"{folder}/a.txt", plain("In a folder"))
    news.cycle()
    (news.input / folder).rename(news.folder / "elsewhere")
    (news.input / folder).symlink_to(news.folder / "elsewhere")
    assert [problem.where for problem in news.cycle().problems] == ["B\u00fccher"]
    assert "In a folder" in news.titles()


def test_a_problem_is_never_taken_for_a_file_whose_name_looks_like_its_own_on_a_terminal(news: Newsroom) -> None:
    """I20."""
    news.write("a\\nb.txt", plain("Named with a backslash"))
    (news.input / "a\nb.txt").symlink_to("nowhere")
    assert [problem.where for problem in news.cycle().problems] == ["a\nb.txt"]
    with news.parts() as parts:
        assert (parts.ledger.files()["a\\nb.txt"].reason, parts.ledger.files()["a\\nb.txt"].raw != "") == ("", True)
    assert "Named with a backslash" in news.titles()


def test_a_time_a_day_ahead_is_a_clock_that_differs_and_not_worth_a_note(news: Newsroom) -> None:
    """T1."""
    for name, hours in (("soon.txt", 20), ("late.txt", 30)):
        news.write(name, plain(f"By {name}", name), age=-timedelta(hours=hours))
    report = news.cycle()
    with news.parts() as parts:
        assert [path for path, file in parts.ledger.files().items() if file.flags] == ["late.txt"]
    assert report.due is None
    assert {"By soon.txt", "By late.txt"} < set(news.titles())


def test_a_stated_date_is_believed_whatever_the_file_says(news: Newsroom) -> None:
    """T1, T2."""
    file = news.write("stated.md", matter("title: Stated", "date: 2026-01-02"))
    os.utime(file, (0, 0))
    news.cycle()
    assert news.entry("Stated")["published"] == "2026-01-02T00:00:00Z"
    with news.parts() as parts:
        assert parts.ledger.files()["stated.md"].flags == ()


def test_what_is_dated_to_the_last_second_waits_and_breaks_nothing(news: Newsroom) -> None:
    """T6: times that are equal are spread, but not beyond the calendar."""
    for number in range(3):
        news.write(f"{number}.md", matter("date: 9999-12-31T23:59:59Z", body=f"{SENSE} Number {number}."))
    report = news.cycle()
    assert [change.verb for change in report.changes].count(Verb.ADD) == 6
    assert (report.due, len(news.feed())) == (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), 3)


# -- anything -----------------------------------------------------------------------------------------------------------------

BITS = st.sampled_from(
    [
        *(
            b"---\n",
            b"+++\n",
            b"title: ",
            b"date: ",
            b"id: ",
            b"slug: ",
            b"link: ",
            b"draft: ",
            b"expires: ",
            b"tags: [",
            b": ",
            b"&a ",
            b"*a",
            b"!!",
            b'"',
            b"'",
        ),
        *(
            b"\n",
            b"\n\n",
            b"# ",
            b"- ",
            b"|",
            b"```",
            b"[x](",
            b")",
            b"<",
            b">",
            b"<script>",
            b"<!--",
            b"]]>",
            b"&#0;",
            b"&amp;",
            b"</p>",
            b"<svg ",
            b"<h1>",
        ),
        *(
            b"onerror=",
            b"javascript:",
            b"http://[",
            b"9999-12-31",
            b"2026-02-30",
            b"\0",
            b"\x1b[",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\xed\xa0\x80",
            b"\xe2\x80\xae",
        ),
        *(b"Words make sense. ", "Ωδή ".encode(), "漢字。".encode(), b"\xe9t\xe9 "),
    ]
)
BODIES = st.binary(max_size=60) | st.lists(BITS | st.binary(max_size=6), max_size=24).map(b"".join)
STEMS = st.binary(min_size=1, max_size=24) | st.text("ab -_.%\n\u202e\u0301é漢\x1b<&'\"", min_size=1, max_size=8).map(str.encode)
NAMES = st.builds(bytes.__add__, STEMS, st.sampled_from([b"", b".txt", b".md", b".html", b".TXT", b".htm"])).filter(
    lambda name: not (set(name) & set(b"/\0")) and name not in {b".", b"..", b"good"}
)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(NAMES, BODIES, max_size=5))
def test_whatever_the_bytes_and_names_the_good_are_published_and_nothing_else_breaks(files: dict[bytes, bytes]) -> None:
    """I16, I19, I20, C4, C13, C22, rules 20, 46, 57."""
    with tempfile.TemporaryDirectory() as folder:
        news = newsroom(Path(folder))
        for name, body in files.items():
            news.write(os.fsdecode(name), body, age=timedelta(hours=2))
        report = news.cycle()
        documents = news.published()
        good_are_there(news, documents)
        harmless(documents)
        assert all(isinstance(problem, Problem) and problem.reason and problem.hint for problem in report.problems)
        news.later(minutes=5)
        again = news.cycle()
        assert (again.changes, again.put.written, news.published() == documents) == ((), (), True)
