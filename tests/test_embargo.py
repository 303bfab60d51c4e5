"""What is not to be read yet, or any more, is nowhere: not in a byte that is published, served or told, before its second or after it."""

from __future__ import annotations

import gzip
import html
import http.client
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from feeder import compose, config, facets, pipeline
from feeder.clock import Clock
from feeder.errors import Abandoned, PublishError
from feeder.listener import Server
from feeder.server import app
from feeder.service import Service
from feeder.shelf import Shelf
from tests import test_websub
from tests.beside import png
from tests.desk import Tearing
from tests.newsroom import NOON
from tests.subscribers import issue
from tests.test_websub import Room

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
STORY = Path(__file__).parent / "stories" / "same" / "bridge.en"  # two articles on one event: one is public, the other tells it too
PLACE = "zqfolder/zqname.md"
PICTURE = "zqfolder/zqpicture.png"
WORDS = ("title", "body", "summary", "tag", "author", "rights", "slug", "number", "folder", "name", "picture", "caption", "link")
MATTER = {
    "title": "The zqtitle of it",
    "summary": "This is the zqsummary of what happened.",
    "tags": "[bridges, zqtag]",
    "authors": "[Ann Author, Zqauthor]",
    "rights": "zqrights",
    "slug": "zqslug",
    "id": "tag:news.example,2036:zqnumber",
    "link": "https://zqlink.example/",
    "image": "zqpicture.png",
}
SECRET = re.compile("zq[a-z]+")


def secret(**facts: object) -> str:
    """An article with an unmistakable word in everything it has, on an event that another article tells, too."""
    matter = "".join(f"{name}: {value}\n" for name, value in {**MATTER, **facts}.items())
    story = (STORY / "2.txt").read_text().split("\n", 1)[1]
    return f"---\n{matter}---\n{story}\n\nThe zqbody of it.\n\n![zqcaption](zqpicture.png)\n"


@dataclass(frozen=True)
class Said:
    """All that anybody can get of a feed at one moment: documents, and what the server answers for each, in each coding. Pings by topic."""

    documents: Mapping[str, bytes]
    answers: Mapping[str, tuple[int, Mapping[str, str], bytes]]
    pings: tuple[str, ...]

    @property
    def words(self) -> set[str]:
        """Every secret word in any of it, however it is encoded."""
        heads = [f"{name}: {value}" for _, headers, _ in self.answers.values() for name, value in headers.items()]
        bodies = [body.decode(errors="replace") for _, _, body in self.answers.values()]
        files = [body.decode(errors="replace") for body in self.documents.values()]
        names = [*self.documents, *self.answers, *self.pings]
        return {word for text in (*heads, *bodies, *files, *names) for word in SECRET.findall(_plain(text))}


def _plain(text: str) -> str:
    return unquote(html.unescape(text)).lower()


@dataclass
class Press:
    """A newsroom with a hub, and a server on what it has published."""

    room: Room
    hub: test_websub.Desk
    gone: frozenset[str] = frozenset()
    keys: set[str] = field(default_factory=set)

    def cycle(self) -> None:
        """Publish, and tell the hub all there is to tell."""
        self.gone = self.room.cycle().gone
        self.room.tell()
        assert self.room.waiting() == [0]

    def said(self, *also: str) -> Said:
        """Ask for everything: what is there, and `also` what might be."""
        documents = self.room.published()
        shelf = Shelf(self.room.output)
        shelf.load(gone=self.gone)
        server = Server(app(shelf, health=lambda: (True, {}), clock=self._later), host="127.0.0.1", port=0)
        server.start()
        try:
            with closing(http.client.HTTPConnection(*server.address, timeout=10)) as connection:
                answers = {f"{coding} {path}": _asked(connection, path, coding) for path in (*documents, *also) for coding in ("identity", "gzip")}
        finally:
            server.stop(0.2)
        return Said(documents, answers, tuple(request.topic for request in self.hub.requests))

    @staticmethod
    def _later() -> float:
        """A time at which no document is from the future: one that was written twice in a second is dated to the next one for a while."""
        return time.time() + 3600


def _asked(connection: http.client.HTTPConnection, path: str, coding: str) -> tuple[int, Mapping[str, str], bytes]:
    connection.request("GET", f"/{quote(path)}", headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() != "date"}
    body = answer.read()
    return answer.status, headers, gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


PROBES = (
    "articles/zqslug.html",
    "articles/zqfolder-zqname.html",
    f"{facets.tag('zqtag').address}/index.html",
    f"{facets.tag('zqtag').address}/feed.xml",
    f"{facets.author('Zqauthor').address}/index.html",
    f"{facets.folders(PLACE)[0].address}/index.html",
)


@pytest.fixture
def hub() -> Iterator[test_websub.Desk]:
    made = test_websub.Desk()
    yield made
    made.close()


@pytest.fixture
def press(tmp_path: Path, hub: test_websub.Desk) -> Press:
    """A feed with three public articles, one of which tells the same story as the secret one will."""
    room = Room(tmp_path, hub.url)
    room.write("bridge.md", "---\ntags: [bridges]\nauthors: [Ann Author]\n---\n" + (STORY / "1.txt").read_text(), age=3 * HOUR)
    room.write("rain.md", "---\ntags: [weather]\n---\n# Rain\n\nIt rained for a week, and then it stopped.\n", age=2 * HOUR)
    room.write("tide.md", "# Tide\n\nThe tide came in at noon and went out again.\n", age=5 * HOUR)
    made = Press(room, hub)
    made.cycle()
    return made


def put(room: Room, text: str, path: str = PLACE) -> None:
    room.write(path, text)
    room.write(f"{path.rpartition('/')[0]}/zqpicture.png".lstrip("/"), png(7, 7))


def unchanged(before: Said, after: Said) -> bool:
    return (before.documents, before.answers, before.pings) == (after.documents, after.answers, after.pings)


# -- what never was public ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        (PLACE, {"date": (NOON + HOUR).isoformat()}),
        (PLACE, {"draft": "true"}),
        (PLACE, {"draft": "true", "date": (NOON - HOUR).isoformat()}),
        (PLACE, {"date": (NOON - 3 * HOUR).isoformat(), "expires": (NOON - HOUR).isoformat()}),
        ("zqfolder/_zqname.md", {}),
        ("_zqfolder/zqname.md", {}),
        ("zqfolder/.zqname.md", {}),
    ],
    ids=["embargo", "draft", "draft of the past", "expired", "underscore", "folder with an underscore", "dot"],
)
def test_what_is_held_back_changes_not_a_byte_nor_a_header_nor_is_a_hub_told(press: Press, path: str, facts: dict[str, object]) -> None:
    """Also after an edit, a rename and a deletion of it, a restart, and what is made of an empty output or without the ledger."""
    before = press.said(*PROBES)
    assert {status for name, (status, _, _) in before.answers.items() if name.split(" ")[1] in PROBES} == {404}
    assert before.words == {word for name in PROBES for word in SECRET.findall(name.lower())}

    def same() -> None:
        press.cycle()
        assert unchanged(before, press.said(*PROBES))

    put(press.room, secret(**facts), path)
    same()
    same()
    put(press.room, secret(**{**facts, "title": "Another zqtitle"}), path)
    same()
    (press.room.input / path).rename(press.room.input / path.replace("zqname", "zqname-two"))
    same()
    shutil.rmtree(press.room.output)
    press.cycle()
    assert press.room.published() == before.documents
    shutil.rmtree(press.room.folder / ".feeder")
    press.cycle()
    assert press.room.published() == before.documents
    (press.room.input / path.replace("zqname", "zqname-two")).unlink()
    press.cycle()
    assert press.room.published() == before.documents


# -- the second of an embargo ------------------------------------------------------------------------------------------------------


def embargoed(press: Press) -> datetime:
    """The secret article is there, and its second comes in an hour."""
    put(press.room, secret(date=(NOON + HOUR).isoformat()))
    press.cycle()
    return NOON + HOUR


def test_an_embargo_ends_at_its_second_and_not_one_before(press: Press) -> None:
    """Then everything has it: page, feeds, lists, the article on the same event, and the hub."""
    before = press.said()
    until = embargoed(press)
    press.room.now = until - SECOND
    press.cycle()
    assert unchanged(before, press.said())
    press.room.now = until
    press.cycle()
    out = press.said(*PROBES[:1], *PROBES[2:])
    assert out.words == {f"zq{word}" for word in WORDS if word not in {"name", "picture"}}
    assert {status for name, (status, _, _) in out.answers.items() if not name.endswith(" 404.html")} == {200}
    assert "zqtitle" in out.documents["articles/bridge.html"].decode(), "it tells the same story"
    for path in ("feed.xml", "rss.xml", "feed.json", "index.html", "feeds.opml", "tags/index.html", "authors/index.html", "folders/index.html"):
        assert out.documents[path] != before.documents.get(path)
    (item,) = [item for item in issue(out.documents["feed.xml"]).items if "zqtitle" in item.title]
    assert (item.published, issue(out.documents["feed.xml"]).updated) == (until, until)
    assert {*out.pings} - {*before.pings} >= {"https://news.example/tags/zqtag/feed.xml"}
    press.room.now = until + SECOND
    press.cycle()
    assert unchanged(out, press.said(*PROBES[:1], *PROBES[2:])), "and then nothing more happens"


@pytest.mark.parametrize("disaster", ["output", "ledger", "both"])
def test_an_embargo_survives_the_loss_of_output_and_ledger(press: Press, disaster: str) -> None:
    before = press.said()
    until = embargoed(press)
    press.room.now = until - SECOND
    for lost in {"output": ["output"], "ledger": [".feeder"], "both": ["output", ".feeder"]}[disaster]:
        shutil.rmtree(press.room.folder / lost)
    press.cycle()
    assert press.room.published() == before.documents
    press.room.now = until
    press.cycle()
    assert press.said().words >= {"zqtitle", "zqbody", "zqtag"}


@pytest.mark.parametrize("tear", [False, True])
def test_a_cycle_that_fails_during_a_release_leaves_old_or_new_and_the_next_one_is_whole(press: Press, tear: bool, tmp_path: Path) -> None:
    """At each step, and at each document: a page before all that leads to it, the main feed last, and no ping of what is not out."""
    until = embargoed(press)
    told = len(press.hub.requests)
    start = tmp_path / "start"
    shutil.copytree(press.room.folder, start, ignore=shutil.ignore_patterns("start", "whole"), symlinks=True)
    press.room.now = until
    press.cycle()
    whole = press.room.published()
    for k in range(1, 200):
        for name in ("output", ".feeder"):
            shutil.rmtree(press.room.folder / name)
            shutil.copytree(start / name, press.room.folder / name)
        press.room.now = until - SECOND
        assert not _fails(press, k, tear=tear) or "zq" not in str(press.room.published())
        press.room.now = until
        failed = _fails(press, k, tear=tear)
        there = press.room.published()
        if "zqtitle" in there["feed.xml"].decode():
            assert {path: body for path, body in whole.items() if path != "feed.xml"}.items() <= there.items()
        for path, body in there.items():
            assert "articles/zqslug.html" not in body.decode(errors="replace") or "articles/zqslug.html" in there, path
        press.cycle()
        assert press.room.published() == whole
        if not failed:
            break
    assert k > 5
    assert len(press.hub.requests) > told


def _fails(press: Press, k: int, *, tear: bool) -> bool:
    """A cycle that ends at its k-th document or step; whether it did."""
    steps = iter(range(k))

    def stop() -> None:
        if not tear and next(steps, None) is None:
            raise Abandoned("it is asked to end")

    with press.room.parts() as parts:
        torn = replace(parts, publisher=Tearing(parts.publisher, k)) if tear else parts  # type: ignore[arg-type]
        try:
            pipeline.cycle(torn, now=press.room.now, tick=press.room.tick, stop=stop)
        except (PublishError, Abandoned):
            return True
    return False


# -- what was public --------------------------------------------------------------------------------------------------------------


def public(press: Press, **facts: object) -> str:
    """The secret article is out; return its id."""
    put(press.room, secret(date=(NOON - HOUR).isoformat(), **facts))
    press.cycle()
    return "tag:news.example,2036:zqnumber"


KEPT = {"zqnumber", "zqslug"}  # an entry's id in the tombstone, and the address of its page: subscribers have both


def _ended(press: Press, ident: str, when: datetime) -> None:
    """Only what may be kept is left of it: an id with a time, and a page that says it is gone."""
    after = press.said(*PROBES)
    left = replace(after, answers={name: answer for name, answer in after.answers.items() if name.split(" ")[1] not in PROBES[1:]}, pings=())
    assert left.words == KEPT
    assert {path for path, body in left.documents.items() if SECRET.search(body.decode(errors="replace"))} <= {"feed.xml", "articles/zqslug.html"} | {
        path for path in left.documents if path.endswith("/feed.xml")
    }
    assert "articles/zqslug.html" not in "".join(body.decode(errors="replace") for path, body in left.documents.items() if not path.startswith("art"))
    assert {after.answers[f"identity {path}"][0] for path in PROBES} == {410, 404}
    assert after.answers["identity articles/zqslug.html"][0] == 410
    assert issue(after.documents["feed.xml"]).tombstones == {ident: when}
    assert not any(path.startswith("media/") for path in after.documents)


def test_an_article_that_expires_is_there_until_its_second_and_nowhere_from_then_on(press: Press) -> None:
    until = NOON + HOUR
    ident = public(press, expires=until.isoformat())
    before = press.said()
    press.room.now = until - SECOND
    press.cycle()
    assert unchanged(before, press.said())
    for moment in (until, until + SECOND):
        press.room.now = moment
        press.cycle()
        _ended(press, ident, until)
    shutil.rmtree(press.room.output)
    press.cycle()
    _ended(press, ident, until)


@pytest.mark.parametrize("how", ["deleted", "draft", "rescheduled away"])
def test_an_article_that_is_withdrawn_leaves_its_id_and_its_address_and_no_word(press: Press, how: str) -> None:
    ident = public(press)
    press.room.now = NOON + HOUR
    if how == "deleted":
        (press.room.input / PLACE).unlink()
    elif how == "draft":
        put(press.room, secret(date=(NOON - HOUR).isoformat(), draft="true", title="The zqnew zqtitle"))
    else:
        put(press.room, secret(date=(NOON - HOUR).isoformat(), expires=(NOON + HOUR - SECOND).isoformat(), title="The zqnew zqtitle"))
    press.cycle()
    when = issue(press.room.published()["feed.xml"]).tombstones[ident]
    assert when in (NOON + HOUR, NOON + HOUR - SECOND)
    _ended(press, ident, when)
    press.room.now += timedelta(days=31)
    press.cycle()
    assert replace(press.said(), pings=()).words == {"zqslug"}, "in the end only its page says that it is gone"


# -- the service itself ------------------------------------------------------------------------------------------------------------


def test_the_service_says_nothing_of_what_is_to_come(tmp_path: Path) -> None:
    """/health is for everybody: neither when an embargo ends, nor that something came; then it is out by itself, at its second."""

    def load() -> config.Config:
        return config.load(tmp_path / "feeder.toml", {})

    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "rain.md").write_text("# Rain\n\nIt rained for a week.\n")
    (tmp_path / "feeder.toml").write_text('[input]\nsettle = "100ms"\n[schedule]\nevery = "1h"\n')
    with compose.publishing(load()) as parts:
        service = Service(load(), parts, load, watch=False, accept_removals=False, on_hung=lambda: None, clock=Clock())
        server = Server(service.app(), host="127.0.0.1", port=0)
        server.start()
        port = server.address[1]
        service.start(load())
        try:
            _until(lambda: b"Rain" in _got(port, "feed.xml"))
            before = json.loads(_got(port, "health"))
            when = datetime.now().astimezone().replace(microsecond=0) + timedelta(seconds=5)
            (tmp_path / "input" / "zqname.md").write_text(f"---\ntitle: zqtitle\ndate: {when.isoformat()}\n---\nThe zqbody.\n")
            time.sleep(0.3)
            service.runner.request("a file")
            _until(lambda: json.loads(_got(port, "health"))["cycles"] > before["cycles"])
            after = json.loads(_got(port, "health"))
            moving = {"cycles", "last_cycle"}
            assert {name: fact for name, fact in after.items() if name not in moving} == {n: fact for n, fact in before.items() if n not in moving}
            assert b"zq" not in _got(port, "feed.xml")
            _until(lambda: b"zqtitle" in _got(port, "feed.xml"), 15)
            assert time.time() >= when.timestamp()
        finally:
            service.stop()
            server.stop(0.2)


def _got(port: int, path: str) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", f"/{path}")
        return connection.getresponse().read()


def _until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
