"""Several feeds in one service, with real processes, real folders and real HTTP: each by itself, whatever becomes of the others."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from feeder import compose, config, service, together
from feeder.cli import main
from feeder.ledger import holder
from feeder.renderers import xml
from tests.newsboat import Newsboat

ROOT = Path(__file__).parent.parent
QUICK = '[input]\nfolder = "{0}"\nsettle = "50ms"\n[output]\nfolder = "out/{0}"\n[schedule]\nevery = "1h"\n'


class Answer(NamedTuple):
    status: int
    fields: Mapping[str, str]
    body: str


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until it holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class Site:
    """A folder with configurations, and a service over them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = ""
        self.environ: dict[str, str] = {}

    def feed(self, name: str, more: str = "", *, folder: bool = True) -> None:
        """A configuration with folders of its own, and an article."""
        (self.root / f"{name}.toml").write_text(QUICK.format(name) + more)
        if folder:
            self.write(name, "first", f"First of {name}")

    def write(self, name: str, file: str, title: str, matter: str = "") -> Path:
        path = self.root / name / f"{file}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"---\ntitle: {title}\n{matter}---\nIt is told here at some length, for all who want to read it.\n")
        return path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        around = {name: value for name, value in os.environ.items() if not name.startswith(("FEEDER_", "NOTIFY_"))}
        paths = os.pathsep.join(filter(None, [self.environ.get("PYTHONPATH", ""), str(ROOT)]))
        with (self.root / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "feeder", *arguments],
                cwd=self.root,
                env={**around, **self.environ, "PYTHONPATH": paths},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """A command that ends: its exit code, and what it says."""
        (self.root / "log").write_text("")
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said, self.log()

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        process = self.start(*arguments, "--port", "0")
        try:
            assert process.stdout
            self.said = []
            for line in process.stdout:
                self.said.append(line.rstrip("\n"))
                if "Ctrl-C" in line:
                    break
            found = re.search(r"http://127\.0\.0\.1:\d+", "\n".join(self.said))
            assert found, self.log()
            self.address = found[0]
            yield process
        finally:
            process.kill()
            process.communicate()

    def get(self, path: str, host: str | None = None, **fields: str) -> Answer:
        with closing(http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=10)) as connection:
            connection.request("GET", path, headers={**({"Host": host} if host else {}), **fields})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode())

    def titles(self, path: str, host: str | None = None) -> set[str]:
        return set(re.findall(r"<title>(.*?)</title>", self.get(f"{path}feed.xml", host).body)[1:])

    def log(self) -> str:
        return (self.root / "log").read_text()


def stops_well(process: subprocess.Popen[str]) -> bool:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    return process.wait(10) == 0 and time.monotonic() - began < 5


# -- what there is, and where -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Four feeds: on a host, below a path of another, with a name to be encoded, and without its input folder."""
    site = Site(tmp_path_factory.mktemp("four"))
    site.feed("news", '[feed]\nbase_url = "https://news.example/"\n')
    site.feed("notes", '[feed]\nbase_url = "https://example.org/n%C3%B6tes/"\n')
    site.feed("my diary")
    site.feed("away", folder=False)
    with site.running("run", "news.toml", "notes.toml", "my diary.toml", "away.toml"):
        until(lambda: all(site.titles(f"/{name}/") for name in ("news", "notes", "my%20diary")))
        until(lambda: "degraded" in site.get("/health").body)
        yield site


def test_the_greeting_says_where_each_feed_is_and_where_all_are(four: Site) -> None:
    at = four.address
    assert four.said == [
        "news: Publishing news/ to out/news/ when a file changes, and every 1h.",
        f"  page  {at}/news/",
        f"  feed  {at}/news/feed.xml",
        "notes: Publishing notes/ to out/notes/ when a file changes, and every 1h.",
        f"  page  {at}/notes/",
        f"  feed  {at}/notes/feed.xml",
        "my diary: Publishing my diary/ to out/my diary/ when a file changes, and every 1h.",
        f"  page  {at}/my%20diary/",
        f"  feed  {at}/my%20diary/feed.xml",
        "away: Publishing away/ to out/away/ when a file changes, and every 1h.",
        f"  page  {at}/away/",
        f"  feed  {at}/away/feed.xml",
        "Ctrl-C stops them.",
    ]


@pytest.mark.parametrize(
    ("host", "path", "feed"),
    [
        ("news.example", "/", "news"),
        ("example.org", "/n%C3%B6tes/", "notes"),
        ("example.org", "/n%c3%b6tes/", "notes"),
        ("example.org", "/notes/", "notes"),
        (None, "/n%C3%B6tes/", "notes"),
        (None, "/my%20diary/", "my diary"),
        ("attacker.example", "/my%20diary/", "my diary"),
        (None, "/", "news"),
    ],
)
def test_a_feed_is_found_by_host_and_path_and_by_its_name(four: Site, host: str | None, path: str, feed: str) -> None:
    assert four.titles(path, host) == {f"First of {feed}"}
    page = four.get(f"{path}articles/first.html", host)
    assert (page.status, f"First of {feed}" in page.body) == (200, True)


def test_the_links_in_each_feed_are_those_of_where_it_is_found(four: Site) -> None:
    """Also where the port is only known when the server listens."""
    for path, base in (
        ("/news/", "https://news.example/"),
        ("/n%C3%B6tes/", "https://example.org/n%C3%B6tes/"),
        ("/my%20diary/", f"{four.address}/my%20diary/"),
    ):
        body = four.get(f"{path}feed.xml").body
        assert f'href="{base}feed.xml" rel="self"' in body
        assert f'href="{base}articles/first.html"' in body


@pytest.mark.parametrize(("path", "host"), [("/nowhere/feed.xml", "example.org"), ("/feed.xml", "example.org"), ("/n%C3%B6tes/nix.html", None)])
def test_what_is_nobodys_is_not_found_and_no_host_is_repeated(four: Site, path: str, host: str | None) -> None:
    answer = four.get(path, host or "attacker.example")
    assert answer.status == 404
    assert (host or "attacker.example") not in answer.body + str(answer.fields)


def test_a_feed_without_its_slash_is_a_redirect_below_any_proxy(four: Site) -> None:
    answer = four.get("/my%20diary", "attacker.example")
    assert (answer.status, answer.fields["location"]) == (301, "./my%20diary/")


def test_where_no_feed_lives_the_names_are_listed(four: Site) -> None:
    """For people, and for readers that look for feeds."""
    answer = four.get("/", "example.org")
    assert (answer.status, answer.fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert re.findall(r'<li><a href="(.*?)"><bdi>(.*?)</bdi>', answer.body) == [
        ("./news/", "news"), ("./notes/", "notes"), ("./my%20diary/", "my diary"), ("./away/", "away"),
    ]  # fmt: skip
    assert re.findall(r'<link rel="alternate" type="application/atom\+xml" title="my diary" href="(.*?)">', answer.body) == ["./my%20diary/feed.xml"]
    assert "First of" not in answer.body
    assert four.get("/", "example.org", **{"If-None-Match": answer.fields["etag"]}).status == 304
    assert four.get("/style.css", "example.org").fields["content-type"] == "text/css; charset=utf-8"


def test_each_feed_has_its_own_tags_and_a_304_of_its_own(four: Site) -> None:
    tags = {path: four.get(f"{path}feed.xml").fields["etag"] for path in ("/news/", "/notes/", "/my%20diary/")}
    assert len(set(tags.values())) == 3
    for path in tags:
        assert [four.get(f"{path}feed.xml", **{"If-None-Match": tag}).status for tag in tags.values()].count(304) == 1
        assert four.get(f"{path}feed.xml", **{"If-None-Match": tags[path]}).status == 304


def test_health_tells_of_all_and_not_which(four: Site) -> None:
    """One cannot find its articles: it is told of by its own name only where one knows that name."""
    for host in (None, "news.example"):
        answer = four.get("/health", host)
        facts = json.loads(answer.body)
        assert (answer.status, facts["status"], facts["reasons"]) == (200, "degraded", ["1 of 4 feeds is degraded"])
        assert facts["feeds"] == {"ok": 3, "degraded": 1, "unwell": 0}
        assert not re.search("news|notes|diary|away", answer.body)
    assert [four.get(path).status for path in ("/health/live", "/health/ready")] == [200, 200]
    assert json.loads(four.get("/away/health").body)["status"] == "degraded"
    assert json.loads(four.get("/news/health").body)["status"] == "ok"


def test_each_has_its_own_ledger_and_its_own_output(four: Site) -> None:
    states = [four.root / ".feeder" / name for name in ("news", "notes", "my diary", "away")]
    assert len({(state / "ledger.db").stat().st_ino for state in states}) == 4
    assert len({holder(state) for state in states}) == 1
    for name in ("news", "notes", "my diary"):
        bodies = [file.read_text() for file in (four.root / "out" / name).rglob("*.*ml")]
        assert {found for body in bodies for found in re.findall(r"First of (news|notes|my diary)", body)} == {name}


def test_the_log_names_the_feed(four: Site) -> None:
    for name in ("news", "notes", "my diary"):
        assert re.search(rf"^\S+ \S+ INFO {name}: 1 added, \d+ documents written$", four.log(), re.MULTILINE)
    assert re.search(r"^\S+ \S+ WARNING away: \S+away is not watched", four.log(), re.MULTILINE)


@pytest.mark.skipif(not shutil.which("newsboat"), reason="needs newsboat")
def test_newsboat_subscribes_to_all_of_them(four: Site, tmp_path: Path) -> None:
    """Each guid is one feed's."""
    guids: list[str] = []
    for number, path in enumerate(("/news/", "/notes/", "/my%20diary/")):
        reader = Newsboat(tmp_path / str(number), f"{four.address}{path}feed.xml")
        reader.poll()
        assert len(reader.items()) == 1
        guids += reader.items()
    assert len(set(guids)) == 3


# -- each by itself -------------------------------------------------------------------------------------------------------------


def test_what_happens_to_one_feed_happens_to_no_other(tmp_path: Path) -> None:
    """Edits, an embargo, a wrong configuration at SIGHUP, a retry, a folder that goes; then all end at once."""
    site = Site(tmp_path)
    for name in ("a", "b", "c"):
        site.feed(name)
    with site.running("run", "a.toml", "b.toml", "c.toml") as process:
        until(lambda: all(site.titles(f"/{name}/") for name in "abc"))
        assert f"All feeds: {site.address}/" in site.said
        before = {name: site.get(f"/{name}/feed.xml").fields["etag"] for name in "abc"}
        due = datetime.now().astimezone().replace(microsecond=0) + timedelta(seconds=3)
        site.write("a", "secret", "Zqsecret", f"date: {due.isoformat()}\n")
        site.write("b", "second", "Second of b")
        until(lambda: site.titles("/b/") == {"First of b", "Second of b"})
        seen = [site.get(path).body for path in ("/", "/health", "/a/health", *(f"/{name}/{page}" for name in "abc" for page in ("", "feed.xml")))]
        if datetime.now().astimezone() < due - timedelta(seconds=0.5):
            assert not any("Zqsecret" in body for body in seen)
            assert site.get("/a/feed.xml").fields["etag"] == before["a"]
        until(lambda: site.titles("/a/") == {"First of a", "Zqsecret"})
        assert datetime.now().astimezone() >= due
        assert site.get("/c/feed.xml").fields["etag"] == before["c"]

        (tmp_path / "b.toml").write_text("[feed]\nentries = 1\n")
        (tmp_path / "c.toml").write_text(QUICK.format("c") + '[feed]\ntitle = "Another name"\nbase_url = "https://c.example/"\n')
        process.send_signal(signal.SIGHUP)
        until(lambda: "<title>Another name</title>" in site.get("/feed.xml", "c.example").body)
        assert re.search(r"ERROR b: b\.toml:2:\d+: entries must be .*\n.*ERROR b: the configuration stays as it was", site.log())
        assert re.search(r"INFO a: the configuration was read again", site.log())
        assert not re.search(r"(a|c): the configuration stays", site.log())
        assert "wait for the next start" not in site.log()
        assert site.titles("/b/") == {"First of b", "Second of b"}

        (tmp_path / "b").rename(tmp_path / "gone")
        assert site.run("retry", "b.toml", "c.toml")[:2] == (
            0,
            f"b: the service (process {process.pid}) does it now\nc: the service (process {process.pid}) does it now\n",
        )
        site.write("c", "last", "Last of c")
        until(lambda: "Last of c" in site.titles("/c/"))
        until(lambda: json.loads(site.get("/b/health").body)["status"] == "degraded")
        assert site.titles("/b/") == {"First of b", "Second of b"}, "nothing is withdrawn for want of a folder"
        assert stops_well(process)
    assert "Traceback" not in site.log()


HANGING = """
import pathlib, time
from feeder.summarizers.extractive import summarize
def hang(article):
    while pathlib.Path("hang").exists():
        time.sleep(0.05)
    return summarize(article)
def slow(article):
    time.sleep(0.2 * pathlib.Path("slow").exists())
    return summarize(article)
"""


@pytest.mark.slow
def test_a_cycle_that_hangs_begins_the_process_anew_and_the_cycles_of_others_end_before(tmp_path: Path) -> None:
    """J5. Until then the others publish; afterwards the one that hung does, too."""
    site = Site(tmp_path)
    plugins = tmp_path / "plugins"
    (plugins / "hanging-1.dist-info").mkdir(parents=True)
    (plugins / "hanging-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging\nVersion: 1\n")
    (plugins / "hanging-1.dist-info" / "entry_points.txt").write_text("[feeder.summarizers]\nhang = hanging:hang\nslow = hanging:slow\n")
    (plugins / "hanging.py").write_text(HANGING)
    site.environ["PYTHONPATH"] = str(plugins)
    site.feed("a", '[summary]\nkind = "hang"\n')
    site.feed("b", '[summary]\nkind = "slow"\n')
    (tmp_path / "a.toml").write_text((tmp_path / "a.toml").read_text().replace('every = "1h"', 'every = "1h"\ndeadline = "200ms"'))
    with site.running("run", "a.toml", "b.toml") as process:
        until(lambda: site.titles("/a/") and site.titles("/b/"))
        (tmp_path / "hang").touch()
        site.write("a", "second", "Second of a")
        until(lambda: "CRITICAL a" not in site.log() and "ERROR a: the cycle runs for more than 0 s" in site.log())
        site.write("b", "second", "Second of b")
        until(lambda: "Second of b" in site.titles("/b/"), 4)
        (tmp_path / "slow").touch()
        for number in range(60):
            site.write("b", f"many{number}", f"Many {number}")
        until(lambda: "CRITICAL a: the cycle hangs and does not stop" in site.log())
        (tmp_path / "hang").unlink()
        until(lambda: "the process starts anew in place" in site.log())
        (tmp_path / "slow").unlink()
        assert "WARNING b: the cycle was asked to stop before it was done" in site.log().partition("starts anew")[0]
        assert process.poll() is None
        until(lambda: len(re.findall("documents written", site.log().partition("starts anew")[2])) == 2)
        assert {"First of a", "Second of a"} == titles_of(tmp_path / "out" / "a" / "feed.xml")
        assert len(titles_of(tmp_path / "out" / "b" / "feed.xml")) == 50
        assert stops_well(process)


def titles_of(file: Path) -> set[str]:
    return set(re.findall(r"<title>(.*?)</title>", file.read_text())[1:])


# -- all or nothing, at a start ------------------------------------------------------------------------------------------------


def test_one_wrong_file_at_a_start_starts_none_and_all_mistakes_are_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.feed("a")
    site.feed("b", "[feed]\nentries = 1\n")
    code, _, said = site.run("run", "a.toml", "b.toml", "nix.toml", "--port", "0")
    assert code == 78
    assert [line.partition(":")[0] for line in said.splitlines()] == ["b.toml", "nix.toml"]
    assert not (tmp_path / "out").exists()


def test_one_that_another_process_publishes_starts_none_and_is_named(tmp_path: Path) -> None:
    """A service that lacks a part looks like one that is whole: whoever starts it tries again."""
    site = Site(tmp_path)
    for name in ("a", "b"):
        site.feed(name)
    with site.running("run", "b.toml") as process:
        code, _, said = site.run("run", "a.toml", "b.toml", "--port", "0")
        assert code == 75
        assert re.search(rf"^feeder: b\.toml: .*process {process.pid} ", said, re.MULTILINE)
        code, out, said = site.run("build", "a.toml", "b.toml")
        assert (code, out[:11]) == (75, "a: 1 added,"), "what ends by itself does what it can"
        assert re.search(rf"^b: feeder: .*process {process.pid} ", said, re.MULTILINE)


def said_by(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    """What a command says, in this process."""
    monkeypatch.chdir(folder)
    return CliRunner().invoke(main, words, prog_name="feeder")


def test_both_ways_to_name_a_configuration_at_once_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Site(tmp_path).feed("a")
    for command in ("run", "serve", "build", "check", "status", "plan", "retry"):
        assert said_by(tmp_path, monkeypatch, command, "a.toml", "-c", "a.toml").exit_code == 2


def test_what_is_said_of_several_feeds_names_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a program it is a list."""
    site = Site(tmp_path)
    for name in ("a", "b"):
        site.feed(name)
    (tmp_path / "b" / "bad.md").write_bytes(b"%PDF-1.7\n")
    told = said_by(tmp_path, monkeypatch, "check", "a.toml", "b.toml")
    assert told.exit_code == 65
    assert told.stdout.splitlines()[0] == "a: 1 article can be published, 0 problems"
    assert "b: set aside: bad.md: " in told.stderr
    facts = json.loads(said_by(tmp_path, monkeypatch, "check", "--json", "a.toml", "b.toml").stdout)["feeds"]
    assert [(one["name"], one["articles"], len(one["problems"])) for one in facts] == [("a", 1, 0), ("b", 1, 1)]
    stands = json.loads(said_by(tmp_path, monkeypatch, "status", "--json", "a.toml", "b.toml").stdout)["feeds"]
    assert [one["name"] for one in stands] == ["a", "b"]
    assert said_by(tmp_path, monkeypatch, "status", "a.toml", "b.toml").stdout.startswith("a:\n")


def test_feeds_that_were_begun_alone_under_one_id_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(tmp_path)
    for name in ("a", "b"):
        site.feed(name)
        with compose.publishing(config.load(tmp_path / f"{name}.toml", {})):
            pass
    configs = together.loaded([partial(config.load, tmp_path / f"{name}.toml", {}) for name in ("a", "b")])
    with compose.publishing(configs[0]) as one, compose.publishing(configs[1]) as other:
        service._warn_of_twins(configs, [one, other])
    assert [record.name for record in caplog.records] == ["feeder.b"]
    assert f"it has the id of a, {one.press.site.id}: " in caplog.text


def test_no_memory_that_documents_are_made_with_is_shared_and_all_are_bounded_together(tmp_path: Path) -> None:
    """Two threads in one would spoil it."""
    site = Site(tmp_path)
    for name in ("a", "b"):
        site.feed(name)
    configs = together.loaded([partial(config.load, tmp_path / f"{name}.toml", {}) for name in ("a", "b")])
    with compose.publishing(configs[0]) as one, compose.publishing(configs[1]) as other:
        assert one.press.memo is not other.press.memo
        assert one.press.memo.room + other.press.memo.room <= xml.ROOM


# -- who only serves -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_several_outputs_are_served_together_as_they_are_published(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.feed("a", '[feed]\nbase_url = "https://a.example/"\n')
    site.feed("b")
    site.feed("c")
    assert site.run("build", "a.toml", "b.toml")[0] == 0
    with site.running("serve", "a.toml", "b.toml", "c.toml") as process:
        until(lambda: (site.titles("/", "a.example"), site.titles("/b/")) == ({"First of a"}, {"First of b"}))
        assert site.get("/health").status == 503
        assert "Nothing is published there yet" in "\n".join(site.said)
        assert site.titles("/c/") == set()
        assert site.run("build", "a.toml", "b.toml", "c.toml")[0] == 0
        until(lambda: site.titles("/c/") == {"First of c"})
        assert site.get("/health").status == 200
        assert stops_well(process)
