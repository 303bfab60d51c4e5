"""What others bring: installed packages whose readers, summarizers, renderers and publishers do their work, or fail at it, and stop nothing."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from feeder import compose, config, once, pipeline, words
from feeder.config.settings import document
from feeder.errors import Abandoned, Busy, ConfigError, PluginError, PublishError
from feeder.ledger import Ledger
from feeder.listener import Server
from feeder.model import Document
from feeder.plugins import Part, installed
from feeder.plugins._boundary import Boundary
from feeder.publishers import Publisher
from feeder.publishers.conformance import Conformance
from feeder.publishers.installed import InstalledPublisher
from feeder.service import Service
from feeder.shelf import Shelf
from feeder.survey import survey
from tests import plugs
from tests.newsroom import NOON, NewsClock, Newsroom
from tests.overseer import until
from tests.plugs import GEMINI, Workshop
from tests.test_service import MovingClock

FEED = '[feed]\ntitle = "The News"\nbase_url = "https://news.example/"\n'
DAY = timedelta(days=1)


@pytest.fixture
def news(tmp_path: Path) -> Newsroom:
    room = Newsroom(tmp_path / "news")
    room.write("rain.md", "# Rain\n\nIt rained for a week in the valley. Then it stopped at last.\n", age=2 * DAY)
    room.write("tide.md", "# Tide\n\nThe tide came in at noon. It went out again before the evening.\n", age=DAY)
    return room


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with pytest.MonkeyPatch.context() as patch:
        yield Workshop(tmp_path / "workshop", patch)
    plugs.forget()


@pytest.fixture
def gemini(workshop: Workshop) -> None:
    """The example of the manual is installed."""
    workshop.take(GEMINI)


def mistakes(news: Newsroom, settings: str, environ: dict[str, str] | None = None) -> list[str]:
    (news.folder / "feeder.toml").write_text(settings)
    with pytest.raises(ConfigError) as caught:
        config.load(news.folder / "feeder.toml", environ or {})
    return [str(problem).replace(f"{news.folder}/", "") for problem in caught.value.problems]


# -- a package that is really installed ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the manual, installed by pip into a folder of its own."""
    return plugs.install(GEMINI, tmp_path_factory.mktemp("plugins") / "site")


def folder(tmp_path: Path, output: str) -> Path:
    (tmp_path / "input").mkdir(parents=True)
    article = tmp_path / "input" / "rain.gmi"
    article.write_text(
        "# Rain\n\nIt rained for a week in the valley.\n=> https://news.example/more More on rain\n* one\n* two\n> Enough!\n```\na  b\n```\n"
    )
    os.utime(article, (1e9, 1e9))
    (tmp_path / "feeder.toml").write_text(f'{FEED}[summary]\nkind = "opening"\n[summary.opening]\nwords = 4\n[output]\n{output}')
    return tmp_path


def test_an_installed_package_reads_summarizes_and_renders(tmp_path: Path, site: Path) -> None:
    """In a process that knows nothing of it but what importlib.metadata finds; and the next one has nothing to do."""
    root = folder(tmp_path, 'renderers = ["gemtext"]\n[output.gemtext]\ngreeting = "Welcome."\n')
    built = plugs.feeder(root, "build", path=site)
    assert (built.returncode, built.stderr) == (0, "")
    page = (root / "output" / "articles" / "rain.html").read_text()
    for part in ('<a href="https://news.example/more"', "<li>one</li>\n<li>two</li>", "<blockquote><p>Enough!</p></blockquote>", "<pre>a  b</pre>"):
        assert part in page
    assert "<summary>It rained for a…</summary>" in (root / "output" / "feed.xml").read_text()
    expected = "# The News\n\nWelcome.\n\n=> https://news.example/articles/rain.html 2001-09-09 Rain\n"
    assert (root / "output" / "index.gmi").read_text() == expected
    assert plugs.feeder(root, "build", path=site).stdout == "nothing to do: the feed is as the folder\n"


def test_an_installed_publisher_has_what_the_folder_would_have(news: Newsroom, gemini: None) -> None:
    """All of it, byte for byte."""
    news.configure(f'{FEED}[output]\npublisher = "zip"\n[output.zip]\npath = "out/site.zip"\n')
    news.cycle()
    assert news.published() == {}
    assert news.cycle().put.written == ()
    with zipfile.ZipFile(news.folder / "out" / "site.zip") as found:
        published = {name: found.read(name) for name in found.namelist()}
    news.configure(FEED)
    news.cycle()
    assert published == news.published()


def test_a_service_that_publishes_elsewhere_says_that_it_serves_no_document(tmp_path: Path, site: Path) -> None:
    """It answers what it is asked of itself, and `feeder serve` has nothing to hand out."""
    root = folder(tmp_path, 'publisher = "zip"\n[output.zip]\npath = "site.zip"\n')
    environ = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{plugs.ROOT}", "PYTHONUNBUFFERED": "1"}
    service = subprocess.Popen([sys.executable, "-m", "feeder", "run", "--port", "0"], cwd=root, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert service.stdout is not None
        greeting = [service.stdout.readline() for _ in range(3)]
        assert "Publishing input/ with zip when a file changes, and every 5m." in greeting[0]
        assert "hands out folders alone" in greeting[1]
        for _ in range(200):
            if (root / "site.zip").exists():
                break
            time.sleep(0.05)
        assert (root / "site.zip").exists()
    finally:
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=10)
    assert service.returncode == 0
    refused = plugs.feeder(root, "serve", "--port", "0", path=site)
    assert refused.returncode == 1
    assert 'publishes elsewhere, with zip: serve it from there, or say publisher = "folder" in [output]' in refused.stderr


def test_check_tells_which_plugins_there_are(news: Newsroom, gemini: None) -> None:
    """In use or not, for a person and for a program."""
    news.configure(f'{FEED}[output]\nrenderers = ["gemtext"]\n')
    found = once.check(news.config, clock=NewsClock(news)).plugins
    assert list(words.plugin_lines(found)) == [
        "plugin: the reader .gmi (feeder-gemini 1.0): in use",
        "plugin: the summarizer opening (feeder-gemini 1.0): installed, not in use",
        "plugin: the renderer gemtext (feeder-gemini 1.0): in use",
        "plugin: the publisher zip (feeder-gemini 1.0): installed, not in use",
    ]
    facts = {"group": "readers", "name": ".gmi", "package": "feeder-gemini", "version": "1.0", "used": True, "error": None}
    assert words.plugin(found[0]) == facts


class TestZip(Conformance):
    """The publisher of the manual keeps every promise."""

    @pytest.fixture
    def publisher(self, tmp_path: Path, gemini: None) -> Publisher:
        made: Publisher = Part(installed("publishers")["zip"], {"path": tmp_path / "target" / "site.zip"}).made
        return made


class TestInstalledZip(Conformance):
    """And so it does behind the boundary."""

    @pytest.fixture
    def publisher(self, tmp_path: Path, gemini: None) -> Publisher:
        part = Part(installed("publishers")["zip"], {"path": tmp_path / "target" / "site.zip"}, within=None)
        return InstalledPublisher(part, check=lambda path, body: None)


def test_the_manual_shows_the_package_as_it_is() -> None:
    """Each file of it, and none that is not there."""
    shown = dict(re.findall(r"^```\w+ feeder-gemini/(\S+)\n(.*?)^```$", (plugs.ROOT / "docs/how-to/plugin.md").read_text(), re.MULTILINE | re.DOTALL))
    assert shown == {path.relative_to(GEMINI).as_posix(): path.read_text() for path in GEMINI.rglob("*") if path.suffix in (".py", ".toml")}


# -- options ---------------------------------------------------------------------------------------------------------------------

OPTIONS = """
    from dataclasses import dataclass, field
    from pathlib import Path
    from typing import Literal

    @dataclass(frozen=True)
    class Part:
        path: str = "extra.txt"
        most: int = 3
        share: float = 0.5
        loud: bool = False
        tone: Literal["dry", "warm"] = "dry"
        names: tuple[str, ...] = ()
        sizes: list[int] = field(default_factory=list)
        key: str | None = field(default=None, metadata={"secret": True, "help": "the key of the service"})
        file: Path = field(default=Path("notes.txt"), metadata={"help": "where the notes are"})

        def __post_init__(self):
            if self.most < 1:
                raise ValueError("most must be at least 1")
            if self.loud and self.tone == "warm":
                raise ValueError("what is loud is not warm")

        @property
        def documents(self):
            return {self.path: "text/plain"}

        def __call__(self, feed):
            return {self.path: repr(self).encode()}

    @dataclass
    class Needy:
        where: str = field(metadata={"help": "where to put it"})
        documents = {"needy.txt": "text/plain"}

    @dataclass
    class Odd:
        when: dict[str, str]

    def plain(feed):
        return {}
"""

MISTAKES = [
    ('renderers = ["prt"]', ['5:14: there is no renderer "prt" (did you mean "part"?)']),
    ('renderers = ["part"]\n[output.part]\nmost = "x"', ['7:8: most must be a whole number, not "x" (for example most = 3)']),
    ('renderers = ["part"]\n[output.part]\nmost = true', ["7:8: most must be a whole number, not true (for example most = 3)"]),
    ('renderers = ["part"]\n[output.part]\nshare = "half"', ['7:9: share must be a number, not "half" (for example share = 0.5)']),
    ('renderers = ["part"]\n[output.part]\nloud = 1', ["7:8: loud must be true or false, not 1 (for example loud = false)"]),
    ('renderers = ["part"]\n[output.part]\ntone = "wet"', ['7:8: tone must be "dry" or "warm", not "wet" (for example tone = "dry")']),
    ('renderers = ["part"]\n[output.part]\nnames = [1]', ["7:9: names must be a list of texts (for example names = [])"]),
    ('renderers = ["part"]\n[output.part]\nmots = 1', ['7:1: unknown key "mots" in [output.part] (did you mean "most"?)']),
    ('renderers = ["part"]\n[output.part]\nmost = 0', ["7:8: most must be at least 1"]),
    ('renderers = ["part"]\n[output.part]\nloud = true\ntone = "warm"', ["6:9: [output.part]: what is loud is not warm"]),
    ('renderers = ["part"]\n[output.part]\nkey = "hush"', ["7:1: key is a secret and does not belong in this file"]),
    ('renderers = ["part"]\npart = 5', ["6:1: [output.part] is a table of keys, not 5"]),
    ('renderers = ["needy"]', ["5:14: where is missing in [output.needy] (where to put it)"]),
    (
        'renderers = ["odd"]',
        ["5:14: the renderer odd (feeder-made-up 1.0): its option when is of a type that no configuration can say: dict[str, str]"],
    ),
    ('renderers = ["plain"]\n[output.plain]\nx = 1', ['7:1: unknown key "x" in [output.plain] (it has no options)']),
    ('renderers = ["part"]\n[output.prat]\nx = 1', ["6:9: there is no plugin that [output.prat] could be of (did you mean [output.part]?)"]),
    ('publisher = "part"', ['5:13: there is no publisher "part" (did you mean "parts"?)']),
    ('publisher = "PART"', ['5:13: publisher "PART" is not the name of a publisher']),
    (
        'publisher = "zip"\nrenderers = ["zip"]',
        ["6:14: the publisher zip (feeder-made-up 1.0) and the renderer zip (feeder-made-up 1.0) have one name"],
    ),
]


@pytest.mark.parametrize(("said", "told"), MISTAKES, ids=[said for said, _ in MISTAKES])
def test_a_mistake_in_the_table_of_a_plugin_is_told_where_it_stands(news: Newsroom, workshop: Workshop, said: str, told: list[str]) -> None:
    """With what it may be, and what was probably meant: as any other."""
    workshop.bring(OPTIONS, renderers="part = Part, needy = Needy, odd = Odd, plain = plain, zip = Part", publishers="parts = Part, zip = Part")
    found = mistakes(news, f"{FEED}[output]\n{said}\n")
    assert len(found) == len(told)
    for one, expected in zip(found, told, strict=True):
        assert one.startswith(f"feeder.toml:{expected}")


def test_options_come_as_the_fields_say(news: Newsroom, workshop: Workshop) -> None:
    """Numbers as numbers, lists as the field has them, paths below the folder of the configuration, and nothing said as its default."""
    workshop.bring(OPTIONS, renderers="part = Part")
    news.configure(f'{FEED}[output]\nrenderers = ["part"]\n[output.part]\nshare = 1\nnames = ["a", "b"]\nsizes = [1]\nfile = "sub/x.txt"\n')
    part = news.config.part("renderers", "part")
    assert part is not None
    assert part.values == {
        "path": "extra.txt",
        "most": 3,
        "share": 1.0,
        "loud": False,
        "tone": "dry",
        "names": ("a", "b"),
        "sizes": [1],
        "key": None,
        "file": news.folder / "sub" / "x.txt",
    }
    assert type(part.values["share"]) is float


def test_a_variable_goes_before_the_file_and_a_secret_comes_from_nowhere_else(news: Newsroom, workshop: Workshop, tmp_path: Path) -> None:
    """`feeder config show` says who said what, and of a secret only that it is there."""
    workshop.bring(OPTIONS, renderers="part = Part")
    (news.folder / "feeder.toml").write_text(f'{FEED}[output]\nrenderers = ["part"]\n[output.part]\nmost = 4\nloud = true\n')
    (tmp_path / "key").write_text("hush\n")
    environ = {"FEEDER_OUTPUT__PART__MOST": "7", "FEEDER_OUTPUT__PART__KEY_FILE": str(tmp_path / "key"), "FEEDER_OUTPUT__PART__NAMES": '["x"]'}
    loaded = config.load(news.folder / "feeder.toml", environ)
    part = loaded.part("renderers", "part")
    assert part is not None
    assert part.given == {"most": 7, "loud": True, "key": "hush", "names": ("x",)}
    shown = "\n".join(document(loaded))
    assert re.search(r"^most = 7 +# environment FEEDER_OUTPUT__PART__MOST$", shown, re.MULTILINE)
    assert re.search(r"^loud = true +# \S*feeder.toml:8$", shown, re.MULTILINE)
    assert re.search(r'^tone = "dry" +# default$', shown, re.MULTILINE)
    assert re.search(r'^file = "notes.txt" +# default: where the notes are$', shown, re.MULTILINE)
    assert re.search(r"^#key +# set: environment FEEDER_OUTPUT__PART__KEY_FILE; never shown$", shown, re.MULTILINE)
    assert "hush" not in shown + repr(loaded)
    assert mistakes(news, f"{FEED}[output]\nrenderers = ['part']\n", {"FEEDER_OUTPUT__PART__MSOT": "1"}) == [
        "$FEEDER_OUTPUT__PART__MSOT: is not a variable of feeder (did you mean $FEEDER_OUTPUT__PART__MOST?)"
    ]


def test_the_table_of_a_plugin_that_is_not_in_use_is_checked_and_does_nothing(news: Newsroom, workshop: Workshop) -> None:
    """One can be turned off without taking its table away."""
    workshop.bring(OPTIONS, renderers="part = Part")
    news.configure(f"{FEED}[output.part]\nmost = 4\n")
    assert news.cycle().failing == ()
    assert "extra.txt" not in news.published()
    assert mistakes(news, f"{FEED}[output.part]\nmost = 'x'\n") == ['feeder.toml:5:8: most must be a whole number, not "x" (for example most = 3)']


READER = """
    from dataclasses import dataclass
    from feeder.readers import Claim, Parsed, opened

    @dataclass
    class Shout:
        mark: str = "!"

        def __call__(self, source):
            body, claims, flags = opened(source)
            html = f"<p>{body}{self.mark} <script>no()</script><a href='/x' onclick='no()'>x</a></p>"
            return Parsed(html, (*claims, Claim("title", "Shout", "name")), flags)
"""


def test_a_reader_has_the_table_of_its_suffix_and_its_files_are_read_again_when_an_option_changes(news: Newsroom, workshop: Workshop) -> None:
    """What it hands over is sanitized like all else; and nobody is told of an update."""
    workshop.bring(READER, readers=".shout = Shout")
    news.write("a.shout", "---\ntags: [noise]\n---\nHear me")
    news.configure(f'{FEED}[input.shout]\nmark = "?"\n')
    news.cycle()
    before = news.entry("Shout")
    assert before["content"] == '<p>Hear me? <a href="https://news.example/x">x</a></p>'
    assert "tags/noise/feed.xml" in news.published()
    news.configure(f'{FEED}[input.shout]\nmark = "!!"\n')
    news.cycle()
    after = news.entry("Shout")
    assert after["content"].startswith("<p>Hear me!!")
    assert after["updated"] == before["updated"]


# -- renderers -------------------------------------------------------------------------------------------------------------------

RENDERER = """
    from dataclasses import dataclass
    {also}

    @dataclass(frozen=True)
    class Counting:
        word: str = "title"
        path: str = "extra/list.txt"
        whole = {whole}

        @property
        def documents(self):
            return {{self.path: "text/x-list; charset=utf-8"}}

        def __call__(self, feed):
            made.append(len(feed.entries))
            {act}
            return {{self.path: "\\n".join(getattr(entry, self.word) for entry in feed.entries).encode()}}

    import sys
    made = sys.__dict__.setdefault("made_by_counting", [])
"""


def counting(*, whole: bool = False, act: str = "pass", also: str = "") -> str:
    return RENDERER.format(whole=whole, act=act, also=also)


@pytest.fixture
def made() -> Iterator[list[int]]:
    """How many entries the renderer was given, each time it was asked."""
    found: list[int] = []
    sys.__dict__["made_by_counting"] = found
    yield found
    del sys.__dict__["made_by_counting"]


EXTRA = f'{FEED}[output]\nrenderers = ["counting"]\n'


def test_a_document_is_made_anew_when_its_entries_its_options_or_its_version_change_and_not_otherwise(
    news: Newsroom, workshop: Workshop, made: list[int]
) -> None:
    """Nor are ours, when the plugin changes."""
    workshop.bring(counting(), renderers="counting = Counting")
    news.configure(EXTRA)
    news.cycle()
    assert news.published()["extra/list.txt"] == b"Tide\nRain"
    assert made == [2]
    assert news.cycle().put.written == ()
    assert made == [2]
    news.write("wind.md", "# Wind\n\nThe wind blew from the west all day long.\n")
    assert "extra/list.txt" in news.cycle().put.written
    assert made == [2, 3]
    news.configure(f'{EXTRA}[output.counting]\nword = "id"\n')
    assert news.cycle().put.written == ("extra/list.txt",)
    assert made == [2, 3, 3]
    workshop.bring(counting(act="return {self.path: b'two'}"), version="2.0", renderers="counting = Counting")
    news.configure(f'{EXTRA}[output.counting]\nword = "id"\n')
    assert news.cycle().put.written == ("extra/list.txt",)
    assert news.published()["extra/list.txt"] == b"two"
    news.configure(FEED)
    assert news.cycle().put.removed == ("extra/list.txt",)


@pytest.mark.parametrize("whole", [False, True])
def test_a_renderer_is_given_what_is_public_and_nothing_else(news: Newsroom, workshop: Workshop, made: list[int], *, whole: bool) -> None:
    """Neither what waits, nor a draft, nor what has expired or is gone: not before its second, nor after it, and it is not even asked."""
    workshop.bring(counting(whole=whole), renderers="counting = Counting")
    news.configure(EXTRA)
    news.cycle()
    news.write("later.md", f"---\ndate: {(NOON + timedelta(hours=1)).isoformat()}\n---\n# Secret\n\nNobody shall read this before it is time.\n")
    news.write("draft.md", "---\ndraft: true\n---\n# Hidden\n\nThis is not for anybody, today or tomorrow.\n")
    news.write("past.md", f"---\nexpires: {(NOON - DAY).isoformat()}\n---\n# Bygone\n\nThis was over before it could begin.\n")
    news.cycle()
    assert made == [2]
    assert news.published()["extra/list.txt"] == b"Tide\nRain"
    news.later(hours=2)
    news.cycle()
    assert b"Secret" in news.published()["extra/list.txt"]
    (news.input / "later.md").unlink()
    news.later(hours=1)
    news.cycle()
    news.later(hours=1)
    news.cycle()
    assert news.published()["extra/list.txt"] == b"Tide\nRain"


def test_one_that_wants_everything_is_given_everything(news: Newsroom, workshop: Workshop, made: list[int]) -> None:
    """Also what the feed has left to its archives."""
    for number in range(60):
        news.write(
            f"n{number}.md",
            f"# Number {number}\n\nThis is article {number} of many others that are like it.\n",
            age=timedelta(days=3, minutes=number),
        )
    workshop.bring(counting(whole=True), renderers="counting = Counting")
    news.configure(EXTRA.replace('"The News"', '"The News"\nentries = 20'))
    news.cycle()
    titles = news.published()["extra/list.txt"].decode().split("\n")
    assert titles == ["Tide", "Rain", *(f"Number {number}" for number in range(60))]


FAILURES = {
    "raises": ("raise KeyError('zq')", "failed: KeyError: 'zq' (in made_up_"),
    "exits": ("sys.exit(3)", "failed: SystemExit: 3"),
    "recurses": ("self(feed)", "failed: RecursionError: maximum recursion depth exceeded"),
    "returns nothing": ("return None", "failed: TypeError: it is to return bytes by path"),
    "returns a text": ("return {self.path: 'text'}", "failed: TypeError: it is to return bytes by path"),
    "returns another": (
        "return {'index.html': b'', self.path: b''}",
        "failed: ValueError: it made extra/list.txt, index.html and not extra/list.txt",
    ),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_renderer_that_fails_stops_nothing_and_its_document_stays(news: Newsroom, workshop: Workshop, made: list[int], kind: str) -> None:
    """It is told with its name: in the report, in the ledger for `feeder status`, and to `feeder retry`, after which it is asked again."""
    act, told = FAILURES[kind]
    workshop.bring(counting(), renderers="counting = Counting")
    news.configure(EXTRA)
    news.cycle()
    workshop.bring(counting(act=f"if len(feed.entries) == 3: {act}"), renderers="counting = Counting")
    news.configure(EXTRA)
    news.write("wind.md", "# Wind\n\nThe wind blew from the west all day long.\n")
    report = news.cycle()
    assert news.titles() == ["Wind", "Tide", "Rain"]
    assert news.published()["extra/list.txt"] == b"Tide\nRain"
    assert [problem.where for problem in report.failing] == ["the renderer counting"]
    assert report.failing[0].reason.startswith(f"the renderer counting (feeder-made-up 1.0) {told}")
    (concern,) = survey(news.config.state, now=news.now).concerns
    assert (concern.about, concern.says) == ("plugins", report.failing[0].reason)
    asked = len(made)
    with news.parts() as parts:
        for _ in range(3):
            assert pipeline.cycle(parts, now=news.now, tick=news.tick, stop=lambda: None).failing == report.failing
    assert len(made) <= asked + 1 + 1000 * (kind == "recurses")  # at a start once more, and not at each look
    workshop.bring(counting(), renderers="counting = Counting")
    news.configure(EXTRA)
    Ledger.ask(news.config.state, "retry")
    assert news.cycle().failing == ()
    assert news.published()["extra/list.txt"] == b"Wind\nTide\nRain"


def test_what_is_withdrawn_does_not_stay_in_the_document_of_a_renderer_that_fails(news: Newsroom, workshop: Workshop, made: list[int]) -> None:
    """The document goes until it can be made again: a withdrawal is a promise, and a Gemini index is none."""
    news.write("wind.md", "# Wind\n\nThe wind blew from the west all day long.\n")
    workshop.bring(counting(), renderers="counting = Counting")
    news.configure(EXTRA)
    news.cycle()
    workshop.bring(counting(act="raise OSError(28, 'No space left on device')"), renderers="counting = Counting")
    news.configure(EXTRA)
    (news.input / "wind.md").unlink()
    news.later(hours=1)
    news.cycle()
    news.later(hours=1)
    news.cycle()
    assert news.titles() == ["Tide", "Rain"]
    assert "extra/list.txt" not in news.published()


def test_xml_that_is_not_well_formed_is_not_published(news: Newsroom, workshop: Workshop, made: list[int]) -> None:
    """And what is, is published though it is no feed of ours; `feeder check` does not judge it."""
    text = counting(act="return {self.path: b'<calendar>' + (b'</calendar>' if len(feed.entries) == 3 else b'')}").replace(
        "text/x-list", "application/xml"
    )
    workshop.bring(text, renderers="counting = Counting")
    news.configure(f'{EXTRA}[output.counting]\npath = "calendar.xml"\n')
    report = news.cycle()
    assert "calendar.xml is not well-formed" in report.failing[0].reason
    news.write("wind.md", "# Wind\n\nThe wind blew from the west all day long.\n")
    assert news.cycle().failing == ()
    assert news.published()["calendar.xml"] == b"<calendar></calendar>"
    assert once.check(news.config, clock=NewsClock(news)).findings == ()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("feed.xml", "cannot have feed.xml: it belongs to Feeder"),
        ("articles/x.txt", "cannot have articles/x.txt: it belongs to Feeder"),
        ("style.css", "cannot have style.css: it belongs to Feeder"),
        ("status", "cannot have status: it belongs to Feeder"),
        ("status.css", "cannot have status.css: it belongs to Feeder"),
        ("health/live", "cannot have health/live: it belongs to Feeder"),
        ("feed.xml/x", "cannot have feed.xml/x: it belongs to Feeder"),
        ("icon.svg/x", "cannot have icon.svg/x: it belongs to Feeder"),
        ("Feed.XML", "cannot have Feed.XML: it belongs to Feeder"),
        ("Articles/x.txt", "cannot have Articles/x.txt: it belongs to Feeder"),
        ("Style.css", "cannot have Style.css: it belongs to Feeder"),
        (r"a\nb", r"'a\nb' is no path that could be asked for"),
        ("../x", "'../x' cannot be published"),
        ("/etc/x", "'/etc/x' cannot be published"),
        ("", "failed: TypeError: its documents are to be a mapping of paths to media types"),
    ],
)
def test_a_path_that_is_not_its_own_is_refused_where_the_renderer_is_named(news: Newsroom, workshop: Workshop, path: str, told: str) -> None:
    """Before anything is published."""
    workshop.bring(counting(), renderers="counting = Counting")
    news.configure(f'{EXTRA}[output.counting]\npath = "{path}"\n')
    with pytest.raises(ConfigError, match=re.escape(told)) as caught:
        news.cycle()
    assert caught.value.problems[0].where.endswith("feeder.toml:5")


def test_two_renderers_cannot_have_one_path(news: Newsroom, workshop: Workshop) -> None:
    """Nor one that is a folder of the other's: what is in the way of a document has to be moved away by hand."""
    workshop.bring(counting(), renderers="one = Counting, two = Counting")
    news.configure(f'{FEED}[output]\nrenderers = ["one", "two"]\n')
    with pytest.raises(ConfigError, match=r"the renderer two \(feeder-made-up 1.0\) cannot have extra/list.txt: it belongs to the renderer one"):
        news.cycle()
    news.configure(f'{FEED}[output]\nrenderers = ["one", "two"]\n[output.two]\npath = "extra"\n')
    with pytest.raises(ConfigError, match="cannot have extra: it belongs to the renderer one"):
        news.cycle()


def test_the_server_has_the_media_type_that_the_renderer_says(news: Newsroom, workshop: Workshop, made: list[int]) -> None:
    """Whatever its name ends in."""
    workshop.bring(counting(), renderers="counting = Counting")
    news.configure(EXTRA)
    news.cycle()
    with news.parts() as parts:
        shelf = Shelf(news.output, others=parts.press.others)
    shelf.load()
    assert shelf.manifest is not None
    assert shelf.manifest.items["extra/list.txt"].media == "text/x-list; charset=utf-8"


# -- what fails ------------------------------------------------------------------------------------------------------------------

WRONG_READERS = {
    "raises": ("raise ZeroDivisionError('no')", "the reader .odd (feeder-made-up 1.0) failed: ZeroDivisionError: no (in made_up_"),
    "exits": ("raise SystemExit", "failed: SystemExit"),
    "returns nothing": ("return None", "failed: TypeError: it returned NoneType, not a Parsed"),
    "returns a number for a title": ("return Parsed('<p>x</p>', (Claim('title', 1, ''),))", "is no Claim of a text, a list or a table"),
    "returns a strange content": ("return Parsed(5)", "its content is int, neither text nor a tree of lxml"),
}


@pytest.mark.parametrize("kind", WRONG_READERS)
def test_a_file_at_which_its_reader_fails_is_set_aside_with_the_readers_name(news: Newsroom, workshop: Workshop, kind: str) -> None:
    """Its last good version stays, and everything else is published."""
    act, told = WRONG_READERS[kind]
    text = f"""
    from feeder.readers import Claim, Parsed
    def read(source):
        if b"bad" in source.body: {act}
        return Parsed("<p>All is well with it.</p>", (Claim("title", "Odd", "name"),))
    """
    workshop.bring(text, readers=".odd = read")
    news.write("a.odd", "good")
    news.configure(FEED)
    news.cycle()
    news.write("a.odd", "bad", age=timedelta(minutes=5))
    news.write("wind.md", "# Wind\n\nThe wind blew from the west all day long.\n")
    (problem,) = news.cycle().problems
    assert told in problem.reason
    assert problem.hint == "tell whoever makes feeder-made-up, or write the article in another format"
    assert sorted(news.titles()) == ["Odd", "Rain", "Tide", "Wind"]


def test_what_a_reader_says_of_its_file_is_said_to_its_author(news: Newsroom, workshop: Workshop) -> None:
    """Unreadable is part of what a reader may answer: it is not the plugin that failed."""
    workshop.bring("from feeder.errors import Unreadable\ndef read(source): raise Unreadable('has no end', 'write one')\n", readers=".odd = read")
    news.write("a.odd", "x")
    news.configure(FEED)
    (problem,) = news.cycle().problems
    assert (problem.reason, problem.hint) == ("has no end", "write one")


def test_a_reader_that_cannot_be_loaded_concerns_its_files_alone(news: Newsroom, workshop: Workshop) -> None:
    """They are set aside with what is missing, and `feeder check` knows it before there are any."""
    workshop.bring("import no_such_library\n", readers=".odd = read")
    news.configure(FEED)
    (plugin,) = once.check(news.config, clock=NewsClock(news)).plugins
    assert "No module named 'no_such_library' (install what is missing" in plugin.error
    news.write("a.odd", "x")
    (problem,) = news.cycle().problems
    assert "No module named 'no_such_library'" in problem.reason
    assert news.titles() == ["Tide", "Rain"]


WRONG_SUMMARIES = {
    "raises": ("raise LookupError('no')", "failed: LookupError: no"),
    "returns a text": ("return 'x'", "failed: TypeError: it returned str, not a Summary"),
    "is empty": ("return Summary(' \\n', 'x')", "failed: ValueError: the summary is empty"),
    "is too long": ("return Summary('word ' * 1000, 'x')", "failed: ValueError: the summary has 4,999 characters, at most 1,000 are published"),
    "is HTML": ("return Summary('It <b>rained</b>.', 'x')", "failed: ValueError: the summary is to be plain text and has markup: <b>"),
    "has an entity": ("return Summary('Rain &amp; wind.', 'x')", "has markup: &amp;"),
}


@pytest.mark.parametrize("kind", WRONG_SUMMARIES)
def test_where_a_summarizer_fails_the_extract_is_published_and_noted(news: Newsroom, workshop: Workshop, kind: str) -> None:
    """After `feeder retry` it is asked again."""
    act, told = WRONG_SUMMARIES[kind]
    text = "from feeder.model import Summary\ndef say(article):\n    {act}\n"
    workshop.bring(text.format(act=f"if article.title == 'Rain': {act}\n    return Summary('Said by another.', 'mine')"), summarizers="mine = say")
    settings = f'{FEED}[summary]\nkind = "mine"\n'
    news.configure(settings)
    news.cycle()
    assert news.entry("Tide")["summary"] == "Said by another."
    assert news.entry("Rain")["summary"].startswith("It rained for a week in the valley.")
    with news.parts() as parts:
        (flag,) = [flag for record in parts.ledger.files().values() for flag in record.flags]
    assert told in flag
    assert flag.endswith("the extract is published instead")
    assert [note.where for note in once.check(news.config, clock=NewsClock(news)).notes] == ["rain.md"]
    workshop.bring(text.format(act="return Summary('All right now.', 'mine')"), summarizers="mine = say")
    news.configure(settings)
    assert news.cycle().put.written == ()
    Ledger.ask(news.config.state, "retry")
    news.cycle()
    assert news.entry("Rain")["summary"] == "All right now."
    assert news.entry("Tide")["summary"] == "Said by another."


def test_the_authors_own_summary_goes_before_that_of_a_plugin(news: Newsroom, workshop: Workshop) -> None:
    workshop.bring("from feeder.model import Summary\ndef say(article): return Summary('Mine.', 'mine')\n", summarizers="mine = say")
    news.write("own.md", "---\nsummary: My own words.\n---\n# Own\n\nThe text of it is another one, and longer.\n")
    news.configure(f'{FEED}[summary]\nkind = "mine"\n')
    news.cycle()
    assert (news.entry("Own")["summary"], news.entry("Rain")["summary"]) == ("My own words.", "Mine.")


# -- the boundary ----------------------------------------------------------------------------------------------------------------


def test_what_does_not_end_is_left_behind_and_ended() -> None:
    """A loop in Python ends soon after, and the plugin can be asked again."""
    boundary, seen, traced = Boundary("the reader .odd", within=0.05), list[int](), list[bool]()

    def loops() -> None:
        while not traced:
            seen.append(1)

    with pytest.raises(PluginError, match=r"^the reader \.odd did not end within 0\.05 s$"):
        boundary.call(loops)
    if sys.gettrace():  # by what measures coverage: then nothing is interrupted
        traced.append(True)
    for _ in range(100):
        try:
            assert boundary.call(lambda: "back") == "back"
            break
        except PluginError:
            time.sleep(0.01)
    else:
        pytest.fail("it goes on and on")
    count = len(seen)
    time.sleep(0.02)
    assert len(seen) == count


def test_what_cannot_be_ended_is_asked_nothing_more_until_it_is_back() -> None:
    """Its file is not set aside for that, but looked at again."""
    from threading import Event

    boundary, go = Boundary("the reader .odd", within=0.02), Event()
    with pytest.raises(PluginError, match="did not end"):
        boundary.call(go.wait)
    with pytest.raises(PluginError, match="has not come back from an earlier call") as caught:
        boundary.call(lambda: "never asked")
    assert caught.value.busy
    go.set()
    time.sleep(0.05)
    assert boundary.call(lambda: "back") == "back"


def test_a_file_is_looked_at_again_while_its_reader_is_still_at_another(news: Newsroom, workshop: Workshop) -> None:
    """One that hangs is set aside; the one after it is nobody's fault."""
    text = """
    import sys
    from feeder.readers import Claim, Parsed
    def read(source):
        asked.append(source.path)
        if source.path == asked[0]: sys.__dict__["go"].wait()
        return Parsed("<p>All is well with it.</p>", (Claim("title", "Fast", "name"),))
    asked = []
    """
    from threading import Event

    go = sys.__dict__["go"] = Event()
    workshop.bring(text, readers=".slow = read")
    news.write("a.slow", "x")
    news.write("b.slow", "x")
    news.configure(FEED)
    part = Part(installed("readers")[".slow"], within=0.1)
    news.config = news.config.model_copy(update={"parts": (part,)})
    with news.parts() as parts:
        report = pipeline.cycle(parts, now=news.now, tick=news.tick, stop=lambda: None)
        assert ["did not end within 0.1 s" in problem.reason for problem in report.problems] == [True]
        assert report.waiting is not None
        assert "Fast" not in news.titles()
        go.set()
        time.sleep(0.05)
        pipeline.cycle(parts, now=news.now, tick=news.tick + 2, stop=lambda: None)
    assert "Fast" in news.titles()
    del sys.__dict__["go"]


PUBLISHER = """
    class Odd:
        def put(self, documents, remove=()):
            documents = list(documents)
            {act}
        def get(self, path): return None
        def stats(self, paths=None): return {{}}
        def fingerprint(self): return 1
        def lock(self):
            from contextlib import nullcontext
            return nullcontext()
"""


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("raise ConnectionError('the line is dead')", "the publisher odd (feeder-made-up 1.0) failed: ConnectionError: the line is dead"),
        ("raise SystemExit(1)", "the publisher odd (feeder-made-up 1.0) failed: SystemExit: 1"),
        (
            "import asyncio; raise asyncio.CancelledError('gone')",
            "the publisher odd (feeder-made-up 1.0) failed: asyncio.exceptions.CancelledError: gone",
        ),
        ("return None", "the publisher odd (feeder-made-up 1.0) returned NoneType, not a Put"),
        ("from feeder.errors import PublishError; raise PublishError('the disk is full')", "the disk is full"),
    ],
)
def test_a_publisher_that_fails_is_an_error_of_the_output_with_its_name(news: Newsroom, workshop: Workshop, act: str, told: str) -> None:
    """The cycle stops as with a full disk, and the next one tries again."""
    workshop.bring(PUBLISHER.format(act=act), publishers="odd = Odd")
    news.configure(f'{FEED}[output]\npublisher = "odd"\n')
    with pytest.raises(PublishError) as caught:
        news.cycle()
    assert str(caught.value).startswith(told)


def test_what_happens_to_us_while_a_publisher_takes_documents_is_not_its_fault(workshop: Workshop) -> None:
    """Even if it swallows it: a cycle that is asked to stop stops, and a document that fails its check is not published."""
    act = "return __import__('feeder.publishers').publishers.Put((), (), 0)"
    text = PUBLISHER.format(act=act).replace(
        "documents = list(documents)", "\n            try: list(documents)\n            except BaseException: pass"
    )
    workshop.bring(text, publishers="odd = Odd")

    def check(path: str, body: bytes) -> None:
        if body == b"bad":
            raise PublishError(f"{path} is broken")

    publisher = InstalledPublisher(Part(installed("publishers")["odd"], within=None), check=check)

    def documents() -> Iterator[Document]:
        yield Document("a", "text/plain", b"")
        raise Abandoned("asked to stop")

    with pytest.raises(Abandoned):
        publisher.put(documents())
    with pytest.raises(PublishError, match="a is broken"):
        publisher.put([Document("a", "text/plain", b"bad")])


def test_a_lock_that_another_holds_is_said_as_it_is(tmp_path: Path, gemini: None) -> None:
    """75, and not a failing plugin."""
    part = Part(installed("publishers")["zip"], {"path": tmp_path / "a.zip"}, within=None)
    publisher = InstalledPublisher(part, check=lambda path, body: None)
    with publisher.lock(), pytest.raises(Busy), publisher.lock():
        pass


# -- versions --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interface", "mend"), [(2, "install a newer Feeder, or an older feeder-made-up"), (0, "install a newer feeder-made-up, or an older Feeder")]
)
def test_a_plugin_for_another_interface_is_refused_with_a_sentence(news: Newsroom, workshop: Workshop, interface: int, mend: str) -> None:
    """Where it is named, before anything of it runs."""
    workshop.bring(f"FEEDER_INTERFACE = {interface}\ndef say(article): raise AssertionError\n", summarizers="mine = say")
    expected = f"the summarizer mine (feeder-made-up 1.0) is written for interface {interface} of Feeder's plugins, and this Feeder has 1: {mend}"
    assert mistakes(news, f'{FEED}[summary]\nkind = "mine"\n') == [f"feeder.toml:5:8: {expected}"]


def test_a_module_that_fails_while_it_is_imported_is_told_where_it_is_named(news: Newsroom, workshop: Workshop) -> None:
    workshop.bring("1 / 0\n", renderers="broken = Broken")
    (told,) = mistakes(news, f'{FEED}[output]\nrenderers = ["broken"]\n')
    assert told.startswith("feeder.toml:5:14: the renderer broken (feeder-made-up 1.0) failed: ZeroDivisionError: division by zero")


def test_nobody_looks_for_plugins_where_none_is_named(news: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would cost each command that reads the configuration 20 ms."""
    from feeder.plugins import _plugin

    _plugin.entry_points.cache_clear()
    config.load(news.folder / "feeder.toml", {"FEEDER_SUMMARY__LLM__TIMEOUT": "5s"})
    assert _plugin.entry_points.cache_info().currsize == 0


def test_the_plugins_in_use_are_told(news: Newsroom, gemini: None) -> None:
    """To `feeder status`, which reads no configuration."""
    news.configure(f'{FEED}[output]\nrenderers = ["gemtext"]\n')
    news.cycle()
    ledger = Ledger.look(news.config.state)
    assert ledger is not None
    assert ledger.plugins.used() == ("the reader .gmi (feeder-gemini 1.0)", "the renderer gemtext (feeder-gemini 1.0)")
    ledger.close()
    assert [str(part.plugin) for part in compose.plugged(news.config)] == [
        "the reader .gmi (feeder-gemini 1.0)",
        "the renderer gemtext (feeder-gemini 1.0)",
    ]


# -- a service -------------------------------------------------------------------------------------------------------------------


def test_a_service_says_which_renderer_fails_and_takes_up_another_while_it_runs(news: Newsroom, workshop: Workshop, made: list[int]) -> None:
    """At /health with its name, and nothing of what it said; SIGHUP is enough to have further documents made and served."""
    act = "if self.path == 'extra/list.txt': raise ValueError('zq')"
    workshop.bring(counting(act=act), renderers="counting = Counting, more = Counting")
    news.configure(EXTRA)
    with news.parts() as parts:
        service = Service(news.config, parts, lambda: news.config, watch=False, accept_removals=False, on_hung=lambda: None, clock=NewsClock(news))
        service.start(news.config)
        try:
            health = eventually(service, cycles=1)
            assert (health["status"], health["reasons"]) == ("degraded", ["plugins: a document could not be made anew by the renderer counting"])
            news.configure(f'{FEED}[output]\nrenderers = ["more"]\n[output.more]\npath = "more.list"\n')
            service.reload()
            health = eventually(service, cycles=2)
            assert (health["status"], health["reasons"]) == ("ok", [])
            assert answered(service, "/more.list") == (200, "text/x-list; charset=utf-8", b"Tide\nRain")
        finally:
            service.stop()


def test_a_cycle_past_its_deadline_in_a_plugin_is_no_hung_one_before_the_call_has_to_end(news: Newsroom, workshop: Workshop, made: list[int]) -> None:
    """J5: the process that begins anew takes the cycles of all other feeds along; so a call that may take its 30 seconds is waited for."""
    hold, held, hung = news.folder / "hold", news.folder / "held", threading.Event()
    also = "from pathlib import Path; from time import sleep"
    act = f"""Path({str(held)!r}).touch()
            while Path({str(hold)!r}).exists(): sleep(0.01)"""
    workshop.bring(counting(also=also, act=act), renderers="counting = Counting")
    news.configure(EXTRA)
    clock = MovingClock()
    with news.parts() as parts:
        service = Service(news.config, parts, lambda: news.config, watch=False, accept_removals=False, on_hung=hung.set, clock=clock)
        hold.touch()
        service.start(news.config)
        try:
            until(held.exists)
            for late, expected in ((1, False), (20, False), (38, True)):
                clock.tick_off = clock.wall_off = news.config.schedule.deadline + late
                service.runner.beat()
                assert hung.is_set() is expected
        finally:
            hold.unlink()
            service.stop()


def test_a_configuration_that_is_read_while_a_cycle_takes_up_a_theme_is_not_lost(news: Newsroom, workshop: Workshop, made: list[int]) -> None:
    """J8: a cycle that makes its parts anew does so with what it began with; what was read meanwhile counts."""
    hold, held = news.folder / "hold", news.folder / "held"
    text = counting(also="from pathlib import Path; from time import sleep")
    waits = f"""
            while Path({str(hold)!r}).exists():
                Path({str(held)!r}).touch()
                sleep(0.01)
            return {{self.path:"""
    workshop.bring(text.replace("\n            return {self.path:", waits, 1), renderers="counting = Counting")
    news.configure(EXTRA)
    with news.parts() as parts:
        service = Service(news.config, parts, lambda: news.config, watch=False, accept_removals=False, on_hung=lambda: None, clock=NewsClock(news))
        service.start(news.config)
        try:
            eventually(service, cycles=1)
            hold.touch()
            (news.folder / "style.css").write_text("p { color: #123 }\n")
            service.runner.request("theme")
            until(held.exists)
            news.configure(FEED.replace("The News", "The Other News"))
            service.reload()
            hold.unlink()
            eventually(service, cycles=3)
            assert b"The Other News" in answered(service, "/feed.xml")[2]
        finally:
            service.stop()


def eventually(service: Service, *, cycles: int) -> Mapping[str, object]:
    """Its health after so many cycles have ended."""
    for _ in range(400):
        if sum(service.figures().lasted) >= cycles:
            return service.health()[1]
        time.sleep(0.025)
    pytest.fail("the cycle does not end")


def answered(service: Service, path: str) -> tuple[int, str, bytes]:
    """What a reader is answered."""
    server = Server(service.app(), host="127.0.0.1", port=0)
    server.start()
    try:
        with closing(http.client.HTTPConnection(*server.address, timeout=10)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        server.stop(0.2)
