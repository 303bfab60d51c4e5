"""WebSub: hubs are told of changes, each once and none lost, whatever they do. The hubs here are real servers on the loopback."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from lxml import etree

from feeder import cli, compose, config, notify, once, pipeline
from feeder.clock import Clock
from feeder.config import Config
from feeder.endpoint import Answered, Endpoint, Unanswered, near, private
from feeder.errors import Abandoned, ConfigError, LedgerError
from feeder.ledger import Hub, Ledger, News, Pings, Shelved
from feeder.listener import Server
from feeder.model import Document
from feeder.notify import FORM, Courier, Rounds, is_topic, link_field
from feeder.pipeline import Report
from feeder.publishers import Publisher, Put
from feeder.service import Service
from feeder.shelf import Shelf
from tests.newsroom import ATOM, NOON, Newsroom

TOKEN = "tok-Zq7-not-to-be-seen"
BASE = "https://news.example/"
FEED = BASE + "feed.xml"
DAY = 86_400


# --- a hub that does what the test says ---


@dataclass
class Request:
    """What arrived."""

    line: str
    headers: dict[str, str]
    form: dict[str, list[str]]

    @property
    def topic(self) -> str:
        """The feed that it is about."""
        return self.form["hub.url"][0]


def plain(status: str = "204 Taken", body: bytes = b"", **headers: str) -> bytes:
    """Any response."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{named}Connection: close\r\n\r\n".encode() + body


Behaviour = bytes | Callable[[socket.socket], None]


@dataclass
class Desk:
    """A hub: it gives the answers in `script` one after another, then `answer` for ever. `hears` is called before each, with the request."""

    answer: Behaviour = field(default_factory=plain)
    script: list[Behaviour] = field(default_factory=list)
    hears: Callable[[Request], None] = lambda request: None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    hold: threading.Event = field(default_factory=threading.Event)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Take no more connections, and end those that are there."""
        self.hold.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(3)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            if (request := _request(connection)) is None:
                return
            self.hears(request)
            self.requests.append(request)
            behaviour = self.script.pop(0) if self.script else self.answer
            if isinstance(behaviour, bytes):
                connection.sendall(behaviour)
            else:
                behaviour(connection)
            connection.close()

    def hang(self, _connection: socket.socket) -> None:
        """Say nothing."""
        self.hold.wait(5)

    def drip(self, connection: socket.socket) -> None:
        """Say it a byte at a time: no single wait is long."""
        for byte in plain():
            connection.sendall(bytes([byte]))
            if self.hold.wait(0.05):
                return

    def told(self, topic: str = FEED) -> int:
        """How many pings for a feed arrived."""
        return sum(request.topic == topic for request in self.requests)


def _request(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65536)) or not b"POST".startswith((data + piece)[:4]):
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rows = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Request(line, headers, parse_qs(body.decode(), strict_parsing=True))


@pytest.fixture
def hubs() -> Iterator[Callable[[], Desk]]:
    """Hubs that take every ping unless told otherwise."""
    opened: list[Desk] = []

    def made() -> Desk:
        opened.append(Desk())
        return opened[-1]

    yield made
    for desk in opened:
        desk.close()


@pytest.fixture
def hub(hubs: Callable[[], Desk]) -> Desk:
    """One of them."""
    return hubs()


class Still(Clock):
    """A clock that a test sets, with a monotonic one that runs."""

    def __init__(self, room: Newsroom) -> None:
        self._room = room

    def wall(self) -> float:
        return self._room.now.timestamp()


class Room(Newsroom):
    """A newsroom that tells hubs."""

    def __init__(self, folder: Path, *addresses: str, base: str = BASE, extra: str = "") -> None:
        super().__init__(folder)
        self.clock = Still(self)
        self.hire(*addresses, base=base, extra=extra)

    def hire(self, *addresses: str, base: str = BASE, extra: str = "") -> None:
        """Write the configuration with these hubs."""
        said = f'timeout = "2s"\nallow_private = true\nhubs = {json.dumps(addresses)}\n{extra}'
        self.configure(f'[feed]\ntitle = "The News"\nbase_url = "{base}"\n[websub]\n{said}')

    def tell(self, within: float = 9.0) -> tuple[str, ...]:
        """One round to all hubs, as a build does at its end."""
        with self.ledger() as ledger:
            last = ledger.pings.last()
        return notify.deliver(compose.couriers(self.config, self.clock), partial(compose.queue, self.config), last=last, within=within)

    def publish(self) -> Report:
        """A cycle, and the pings after it."""
        report = self.cycle()
        self.tell()
        return report

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, to look at."""
        found = Ledger.look(self.config.state)
        assert found
        with closing(found):
            yield found

    def waiting(self) -> list[int]:
        """How many pings wait, for each hub."""
        with self.ledger() as ledger:
            return [hub.waiting for hub in ledger.pings.hubs()]

    def stands(self) -> Hub:
        """How it stands with the only hub."""
        with self.ledger() as ledger:
            (found,) = ledger.pings.hubs()
            return found


@pytest.fixture
def room(tmp_path: Path, hub: Desk) -> Room:
    """A newsroom with one article and one hub."""
    made = Room(tmp_path, hub.url)
    made.write("rain.txt", "Rain in Velden\n\nIt rained all day.\n")
    return made


# --- what is sent, and when ---


def test_a_ping_is_a_form_that_every_known_hub_understands(room: Room, hub: Desk) -> None:
    """rule 55: hub.url for Google's and Superfeedr, hub.topic for Switchboard."""
    room.publish()
    request = next(request for request in hub.requests if request.topic == FEED)
    assert request.line == "POST / HTTP/1.1"
    assert request.form == {"hub.mode": ["publish"], "hub.url": [FEED], "hub.topic": [FEED]}
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert re.fullmatch(r"feeder/[\d.]+", request.headers["user-agent"])


def test_each_feed_that_changed_is_told_of_once_and_nothing_else(room: Room, hub: Desk) -> None:
    """rule 55: in every format; pages, archives and styles are no topics."""
    report = room.publish()
    assert sorted(request.topic for request in hub.requests) == sorted(BASE + path for path in report.put.written if is_topic(path))
    assert FEED in {request.topic for request in hub.requests}
    assert not any(map(is_topic, ("archive/0001.xml", "index.html", "feeds.opml", "articles/feed.html", "feed.css")))
    assert all(map(is_topic, ("feed.xml", "rss.xml", "feed.json", "tags/x/feed.xml", "folders/feed.xml/feed.xml")))


def test_an_unchanged_rebuild_tells_nobody(room: Room, hub: Desk) -> None:
    """rule 55: not after a touch, a restart or the loss of the whole output folder either."""
    room.publish()
    count = len(hub.requests)
    room.publish()
    room.date(room.input / "rain.txt", timedelta(minutes=1))
    room.publish()
    shutil.rmtree(room.output)
    assert FEED.removeprefix(BASE) in room.publish().put.written
    assert len(hub.requests) == count


def test_a_change_is_told_of_again(room: Room, hub: Desk) -> None:
    room.publish()
    room.later(hours=1)
    room.write("sun.txt", "Sun in Velden\n\nIt shone all day.\n", age=timedelta(minutes=1))
    room.publish()
    assert hub.told() == 2


def test_a_change_that_readers_do_not_see_is_not_told(room: Room, hub: Desk) -> None:
    """Nobody hears of a draft, nor before its second of an article under embargo; at its second they do."""
    room.publish()
    count = len(hub.requests)
    room.write("draft.md", "---\ndraft: true\n---\n# Secret\n\nNot yet.\n")
    room.write("later.md", "---\ndate: 2036-11-22T13:00:00Z\ntags: [surprise]\n---\n# Later\n\nNot before one.\n")
    room.later(minutes=59, seconds=59)
    room.publish()
    assert len(hub.requests) == count
    assert room.waiting() == [0]
    room.later(seconds=1)
    room.publish()
    assert hub.told() == 2


def test_looking_tells_nobody(room: Room, hub: Desk) -> None:
    """`plan`, `check`, `explain` and `status`, even while a ping waits and could be sent."""
    room.cycle()
    assert room.waiting() != [0]
    once.foresee(room.config, clock=Clock())
    once.check(room.config, clock=Clock())
    once.explain(room.config, room.input / "rain.txt")
    said_by(room, "status")
    assert hub.connections == 0


def test_a_feed_is_told_by_the_address_it_has_now(room: Room, hub: Desk) -> None:
    """After a move, what waited for the old address is told as the new one."""
    hub.answer = plain("500 No")
    room.publish()
    room.hire(hub.url, base="https://moved.example/notes/")
    hub.answer = plain()
    room.later(minutes=1)
    room.publish()
    assert {request.topic for request in hub.requests[1:]} >= {"https://moved.example/notes/feed.xml"}
    assert hub.told() <= 1
    assert room.waiting() == [0]


def test_a_hub_that_is_no_longer_configured_is_forgotten_with_its_pings(room: Room, hubs: Callable[[], Desk]) -> None:
    other = hubs()
    hub_url = room.config.websub.hubs[0]
    room.hire(hub_url, other.url)
    room.cycle()
    assert len(room.waiting()) == 2
    room.hire(other.url)
    room.publish()
    with room.ledger() as ledger:
        assert [hub.address for hub in ledger.pings.hubs()] == [other.url]
    room.configure("")
    room.cycle()
    with room.ledger() as ledger:
        assert (ledger.pings.hubs(), ledger.pings.last()) == ((), 0)


def test_a_feed_that_is_gone_is_not_told_any_more() -> None:
    """Its hub would find nothing."""
    with closing(Ledger.blank()) as ledger:
        put = [Shelved("tags/x/feed.xml", "k", 1, 1)]
        ledger.note_shelf(put, [], "1", News(("https://hub.example/",), {"tags/x/feed.xml": "1"}, NOON))
        assert ledger.pings.last() == 1
        ledger.note_shelf([], ["tags/x/feed.xml"], "2", News(("https://hub.example/",), {}, NOON))
        assert ledger.pings.last() == 0
        ledger.note_shelf(put, [], "3", News(("https://hub.example/",), {"tags/x/feed.xml": "1"}, NOON))
        assert ledger.pings.last() == 2


# --- when the hub does not take it ---


def _closed(connection: socket.socket) -> None:
    connection.close()


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _huge(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 204 Taken\r\n")
    for _ in range(100):
        connection.sendall(b"X-Filler: " + b"x" * 10_000 + b"\r\n")


WRONG = {
    "closed at once": (_closed, "the connection broke"),
    "reset": (_reset, "the connection broke"),
    "cut off": (b"HTTP/1.1 204 Ta", "the connection broke"),
    "1 MB of fields": (_huge, "the connection broke"),
    "no HTTP": (b"HELLO\r\n\r\n", "the connection broke"),
    "301": (plain("301 Moved", Location="/other"), "it answered 301, it has moved: write its new address"),
    "302": (plain("302 Found", Location="http://127.0.0.1:9/"), "it answered 302, redirects are not followed"),
    "307": (plain("307 Elsewhere", Location="/other"), "it answered 307, redirects are not followed"),
    "308": (plain("308 Moved", Location="/other"), "it answered 308, it has moved: write its new address"),
    "403": (plain("403 No", b"who are you"), "it answered 403, it does not take pings from everybody"),
    "404": (plain("404 No"), "it answered 404, is its address right?"),
    "429": (plain("429 Slow"), "it answered 429, too many requests"),
    "500": (plain("500 Oops"), "it answered 500;"),
}


@pytest.mark.parametrize(("behaviour", "said"), WRONG.values(), ids=WRONG)
def test_whatever_a_hub_does_the_ping_stays_and_the_reason_is_told(room: Room, hub: Desk, behaviour: Behaviour, said: str) -> None:
    """W1, W5: nothing is sent again at once, no redirect is followed, and one request shows for all feeds that wait."""
    hub.answer = behaviour
    room.cycle()
    before = room.waiting()
    (remark,) = room.tell()
    assert remark.startswith(f"{hub.url[:-1]} does not take pings: ")
    assert said in remark
    assert remark.endswith("; told again after 2036-11-22T12:01:00Z")
    assert (len(hub.requests), hub.connections) == (1, 1)
    assert room.waiting() == before
    assert room.tell() == ()
    hub.answer = plain()
    room.later(minutes=1)
    assert room.tell() == ()
    assert room.waiting() == [0]
    assert room.stands().error == ""


@pytest.mark.parametrize("behaviour", [Desk.hang, Desk.drip], ids=["hanging", "dripping"])
def test_a_ping_has_a_deadline_over_all_of_it(room: Room, hub: Desk, behaviour: Callable[[Desk, socket.socket], None]) -> None:
    """W1."""
    room.hire(hub.url, extra="")
    (room.folder / "feeder.toml").write_text((room.folder / "feeder.toml").read_text().replace('"2s"', '"300ms"'))
    room.config = config.load(room.folder / "feeder.toml", {})
    hub.answer = partial(behaviour, hub)
    room.cycle()
    began = time.monotonic()
    (remark,) = room.tell()
    assert time.monotonic() - began < 2
    assert "it did not answer within 0.3 s" in remark


def test_of_an_answer_only_the_head_matters(room: Room, hub: Desk) -> None:
    """W5: a body of ten gigabytes, or one that never ends, is not waited for."""

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 202 Taken\r\nContent-Length: 10000000000\r\n\r\n" + b"x" * 1000)
        hub.hold.wait(5)

    hub.answer = endless
    room.cycle()
    began = time.monotonic()
    assert room.tell() == ()
    assert time.monotonic() - began < 2
    assert room.waiting() == [0]


def test_a_hub_that_is_not_there_is_tried_ever_more_seldom(room: Room, hub: Desk) -> None:
    """1 minute to 6 hours, the same each time, whatever the number of restarts and of feeds that wait."""
    hub.close()
    room.cycle()
    pauses = []
    for _ in range(12):
        (remark,) = room.tell()
        assert "Connection refused" in remark
        until = datetime.fromisoformat(remark.rpartition(" after ")[2])
        pauses.append(round((until - room.now).total_seconds() / 60))
        room.now = until - timedelta(seconds=1)
        assert room.tell() == ()
        room.now = until
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"Retry_After": "600"}, 600),
        ({"Retry_After": "5"}, 60),
        ({"Retry_After": "999999999"}, DAY),
        ({"Retry_After": "soon"}, 60),
        ({"Retry_After": "Sat, 22 Nov 2036 14:00:00 GMT", "Date": "Sat, 22 Nov 2036 13:00:00 GMT"}, 3600),
    ],
)
def test_a_hub_may_ask_to_be_left_alone_for_longer_up_to_a_day(room: Room, hub: Desk, fields: dict[str, str], seconds: int) -> None:
    hub.answer = plain("503 Busy", b"", **fields)
    room.publish()
    assert room.stands().until == int(room.now.timestamp()) + seconds


def test_what_is_not_taken_for_seven_days_is_given_up_and_status_says_so(room: Room, hub: Desk) -> None:
    hub.answer = plain("500 No")
    room.publish()
    waiting, began, remarks = room.stands().waiting, room.now, tuple[str, ...]()
    while room.stands().waiting:
        room.later(hours=6)
        remarks = room.tell()
    assert timedelta(days=7) <= room.now - began <= timedelta(days=7, hours=6)
    assert remarks[1] == f"{hub.url[:-1]} has not been told of changes for 7 days (feeds: {waiting}): given up until they change again"
    assert "no ping waits; it does not take them: it answered 500" in said_by(room, "status")
    assert f"given up: {room.stands().given_up}; never told yet" in said_by(room, "status")
    hub.answer = plain()
    room.write("sun.txt", "Sun in Velden\n\nIt shone all day.\n", age=timedelta(minutes=1))
    room.later(hours=7)
    room.publish()
    assert (room.stands().given_up, room.waiting(), hub.told() > 1) == (0, [0], True)


def test_what_waited_while_nothing_ran_is_sent_before_it_could_be_given_up(room: Room, hub: Desk) -> None:
    """T4: or while the clock was years ahead; nor does one failure more end it."""
    hub.script = [plain("500 No")]
    room.cycle()
    room.later(days=3000)
    room.tell()
    assert room.waiting() != [0]
    room.later(minutes=1)
    assert room.tell() == ()
    assert (hub.told() > 0, room.waiting()) == (True, [0])


def test_a_pause_that_a_wrong_clock_has_put_years_ahead_is_none(room: Room, hub: Desk) -> None:
    """T3."""
    hub.answer = plain("500 No")
    room.cycle()
    room.later(days=3650)
    room.tell()
    room.later(days=-3650)
    hub.answer = plain()
    room.tell()
    assert room.waiting() == [0]


def test_one_ping_waits_for_a_feed_and_it_is_about_the_newest_change(room: Room, hub: Desk) -> None:
    hub.answer = plain("500 No")
    room.publish()
    before = room.stands()
    room.later(seconds=30)
    room.write("sun.txt", "Sun in Velden\n\nIt shone all day.\n", age=timedelta(minutes=1))
    room.publish()
    after = room.stands()
    assert after.waiting == before.waiting
    assert (len(hub.requests), after.until) == (1, before.until)  # a change does not end the pause


def test_a_change_while_its_feed_is_being_told_is_told_again(room: Room, hub: Desk) -> None:
    """The answer to the older ping does not cross out the newer one."""

    def change(request: Request) -> None:
        if request.topic == FEED and hub.told() == 0:
            room.write("sun.txt", "Sun in Velden\n\nIt shone all day.\n", age=timedelta(minutes=1))
            room.cycle()

    hub.hears = change
    room.publish()
    assert hub.told() == 1
    assert room.waiting() != [0]
    room.tell()
    assert (hub.told(), room.waiting()) == (2, [0])


def test_a_feed_that_a_hub_does_not_take_holds_up_no_other(hub: Desk, tmp_path: Path) -> None:
    """The ping that was tried least goes first."""
    room = Room(tmp_path, hub.url)
    paths = ["feed.xml", *(f"tags/{number}/feed.xml" for number in range(5))]
    with closing(Ledger.open(room.config.state)) as ledger:
        ledger.note_shelf([], [], "", News(room.config.websub.hubs, dict.fromkeys(paths, "1"), room.now))
    hub.script = [plain("400 No")]
    room.tell()
    room.later(minutes=1)
    hub.script = [plain() for _ in paths[1:]]
    hub.answer = plain("400 No")
    room.tell()
    assert [request.topic.removeprefix(BASE) for request in hub.requests] == ["feed.xml", *paths[1:], "feed.xml"]
    assert room.waiting() == [1]
    for _ in range(4 * 8):  # it is given up by itself, though its hub takes others
        hub.script = [plain()]
        with closing(Ledger.open(room.config.state)) as ledger:
            ledger.note_shelf([], [], "", News(room.config.websub.hubs, {"tags/0/feed.xml": str(room.now)}, room.now))
        room.later(hours=6)
        room.tell()
    assert room.waiting() == [0]
    assert len(hub.requests) > 30


def test_the_main_feed_is_told_before_those_of_tags_and_between_them_when_it_changes(hub: Desk, tmp_path: Path) -> None:
    room = Room(tmp_path, hub.url)
    paths = [*(f"tags/{number}/feed.xml" for number in range(40)), "feed.xml"]
    with closing(Ledger.open(room.config.state)) as ledger:
        ledger.note_shelf([], [], "", News(room.config.websub.hubs, dict.fromkeys(paths, "1"), room.now))

        def change(request: Request) -> None:
            if request.topic == BASE + paths[2]:
                ledger.note_shelf([], [], "", News(room.config.websub.hubs, {"feed.xml": "2"}, room.now))

        hub.hears = change
        with compose.queue(room.config) as pings:
            (courier,) = compose.couriers(room.config, room.clock)
            delivered = courier.deliver(pings, 10**6, lambda: None)
    assert delivered.told == 42
    order = [number for number, request in enumerate(hub.requests) if request.topic == FEED]
    assert order == [0, notify.BATCH]


def test_with_one_request_it_shows_for_all_feeds_that_a_hub_is_away_and_they_are_given_up_together(hub: Desk, tmp_path: Path) -> None:
    room = Room(tmp_path, hub.url)
    paths = [f"tags/{number}/feed.xml" for number in range(30)]
    with closing(Ledger.open(room.config.state)) as ledger:
        ledger.note_shelf([], [], "", News(room.config.websub.hubs, dict.fromkeys(paths, "1"), room.now))
    hub.answer = plain("500 No")
    for _ in range(10):
        assert len(room.tell()) == 1
        assert room.tell() == ()
        room.later(hours=6)
    assert (len(hub.requests), room.waiting()) == (10, [30])
    room.later(days=7)
    room.tell()
    assert (len(hub.requests), room.waiting(), room.stands().given_up) == (11, [0], 30)


def test_one_hub_that_hangs_does_not_hold_up_another(room: Room, hub: Desk, hubs: Callable[[], Desk]) -> None:
    other = hubs()
    room.hire(hub.url, other.url)
    hub.answer = hub.hang
    room.cycle()
    waits = threading.Event()
    other.hears = lambda request: waits.set()
    teller = threading.Thread(target=room.tell)
    teller.start()
    assert waits.wait(1.5)
    hub.hold.set()
    teller.join(5)
    assert room.waiting()[1] == 0


# --- a kill at any moment ---


class Killed(BaseException):
    """The process ends here."""


class Killing:
    """A publisher that puts the documents, and then the process is killed."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.get, self.stats, self.fingerprint, self.lock = publisher.get, publisher.stats, publisher.fingerprint, publisher.lock

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        self._publisher.put(documents, remove)
        raise Killed


def test_a_kill_between_the_new_bytes_and_their_note_loses_no_ping(room: Room, hub: Desk) -> None:
    """rule 55: the next cycle writes nothing, for the bytes are there, and tells the hub all the same."""
    with room.parts() as parts:
        killing = replace(parts, publisher=Killing(parts.publisher))
        with pytest.raises(Killed):
            pipeline.cycle(killing, now=room.now, tick=room.tick, stop=lambda: None)
    assert room.feed()
    report = room.publish()
    assert "feed.xml" not in report.put.written
    assert hub.told() == 1
    room.publish()
    assert hub.told() == 1


def test_a_kill_in_mid_ping_sends_it_again(room: Room, hub: Desk) -> None:
    """A duplicate does no harm, a lost one does. The next process tells the hub, and one more tells nobody."""
    hub.answer = hub.hang
    room.now = Clock().now()
    room.date(room.input / "rain.txt", timedelta(hours=1))
    with feeder(room, "build") as process:
        wait_for(lambda: hub.requests)
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    hub.hold.set()
    (first,) = hub.requests
    hub.answer = plain()
    room.publish()
    room.publish()
    assert hub.told(first.topic) == 2
    assert len(hub.requests) == len({request.topic for request in hub.requests}) + 1


def test_what_waits_survives_a_restart_and_a_retry_sends_it_at_once(room: Room, hub: Desk) -> None:
    hub.answer = plain("500 No")
    room.publish()
    hub.answer = plain()
    room.publish()
    assert room.waiting() != [0]
    Ledger.ask(room.config.state, "retry")
    room.publish()
    assert room.waiting() == [0]


def test_nothing_is_told_that_is_not_served_yet(room: Room, hub: Desk) -> None:
    """Pings are numbered, and a courier goes no further than it was told."""
    room.cycle()
    with compose.queue(room.config) as pings:
        (courier,) = compose.couriers(room.config, room.clock)
        assert courier.deliver(pings, 0, lambda: None).told == 0
        assert hub.connections == 0
        assert courier.deliver(pings, pings.last(), lambda: None).told > 0


# --- couriers at work ---


def test_rounds_go_out_when_woken_and_when_a_pause_is_over(room: Room, hub: Desk) -> None:
    hub.answer = plain("500 No")
    room.cycle()
    notes: dict[str, str | None] = {}
    rounds = Rounds(compose.couriers(room.config, room.clock), partial(compose.queue, room.config), last=0, note=notes.__setitem__)
    rounds.beat()
    try:
        time.sleep(0.1)
        assert hub.connections == 0
        rounds.wake(10**6)
        name = hub.url[:-1]
        wait_for(lambda: notes.get(name) == "does not take pings: it answered 500")
        hub.answer = plain()
        room.later(seconds=59)  # the pause itself is not waited for here: a second later it is over
        rounds.wake(10**6)
        wait_for(lambda: len(hub.requests) == 1)
        room.later(seconds=1)
        wait_for(lambda: room.waiting() == [0])
        wait_for(lambda: notes[name] is None)
    finally:
        rounds.stop(2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_courier_whose_thread_ended_is_replaced(room: Room, hub: Desk) -> None:
    room.cycle()
    broken = threading.Event()

    class Fatal(Courier):
        def deliver(self, *args: object, **kwargs: object) -> notify.Delivery:
            if not broken.is_set():
                broken.set()
                raise SystemExit  # ends a thread without a word
            return super().deliver(*args, **kwargs)  # type: ignore[arg-type]

    address = Endpoint(hub.url, agent="x", headers=FORM, head_only=True)
    fatal = Fatal(hub.url, BASE, address, timeout=2, clock=room.clock)
    rounds = Rounds([fatal], partial(compose.queue, room.config), last=10**6, note=lambda about, problem: None)
    try:
        rounds.beat()
        wait_for(broken.is_set)
        while room.waiting() != [0]:
            rounds.beat()
    finally:
        rounds.stop(2)


def test_a_ledger_that_fails_is_told_and_tried_again(tmp_path: Path, hub: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A courier outlives it."""
    room = Room(tmp_path, hub.url)
    rounds = Rounds(compose.couriers(room.config, room.clock), partial(compose.queue, room.config), last=10**6, note=lambda *_: None)
    rounds.beat()
    try:
        wait_for(lambda: "ledger.db cannot be opened" in caplog.text)
        room.write("rain.txt", "Rain in Velden\n\nIt rained all day.\n")
        room.cycle()
        rounds.wake(10**6)
        wait_for(lambda: room.waiting() == [0])
    finally:
        rounds.stop(2)
    assert notify.deliver(compose.couriers(Room(tmp_path / "other", hub.url).config, room.clock), no_ledger, last=1, within=1)[0].endswith(": gone")


def no_ledger() -> AbstractContextManager[Pings]:
    """A ledger that went away."""
    raise LedgerError("gone")


def test_a_round_that_is_stopped_in_mid_request_ends_at_once_and_keeps_the_ping(room: Room, hub: Desk) -> None:
    hub.answer = hub.hang
    room.cycle()
    rounds = Rounds(compose.couriers(room.config, room.clock), partial(compose.queue, room.config), last=10**6, note=lambda *_: None)
    rounds.beat()
    wait_for(lambda: hub.requests)
    began = time.monotonic()
    rounds.stop(2)
    assert time.monotonic() - began < 1
    assert room.waiting() != [0]
    assert room.stands().error == ""


def test_a_round_has_so_many_seconds_and_no_more(room: Room, hub: Desk) -> None:
    hub.answer = hub.hang
    room.cycle()
    began = time.monotonic()
    (remark,) = room.tell(within=0.3)
    assert time.monotonic() - began < 2
    assert "it did not answer within 0.3 s" in remark
    room.later(minutes=1)
    assert room.tell(within=0.0) == ()


# --- the program ---


@contextmanager
def feeder(room: Newsroom, *args: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A real process in the room's folder."""
    command = [sys.executable, "-m", "feeder", *args]
    everything = {**os.environ, "PYTHONPATH": str(Path(compose.__file__).parent.parent), **environ}
    with subprocess.Popen(command, cwd=room.folder, env=everything, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(what: Callable[[], object], within: float = 8.0) -> None:
    """Wait until it is so."""
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def said_by(room: Newsroom, *args: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(cli.main, [*args, "-c", str(room.folder / "feeder.toml")])
    assert done.exit_code == 0, done.output
    return done.output


def got(address: str) -> str:
    """What is at an address; nothing while it is not."""
    try:
        with urlopen(address, timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except HTTPError as refused:
        refused.close()
        return ""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def test_a_running_service_tells_when_the_new_bytes_can_be_fetched_and_ends_at_once_in_mid_ping(hub: Desk, tmp_path: Path) -> None:
    """rules 54 and 55, W1, J6: what the hub fetches when it is told holds the news; a hub that hangs holds up neither publishing nor the end."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    room = Room(tmp_path, hub.url, base=base, extra=f'[serve]\nport = {port}\n[input]\nsettle = "100ms"\n')
    room.now = Clock().now()
    room.write("rain.txt", "Rain in Velden\n\nIt rained all day.\n")
    fetched: list[tuple[str, str]] = []
    hub.hears = lambda request: fetched.append((request.topic, got(request.topic)))
    with feeder(room, "run") as process:
        wait_for(lambda: any("Rain in Velden" in body for _, body in fetched) and room.waiting() == [0])
        _link_fields_are_right(base, hub)
        hub.answer = hub.hang
        room.write("sun.txt", "Sun in Velden\n\nIt shone all day.\n")
        wait_for(lambda: any("Sun in Velden" in body for _, body in fetched))
        room.write("snow.txt", "Snow in Velden\n\nIt snowed all day.\n")
        wait_for(lambda: "Snow in Velden" in got(f"{base}feed.xml"))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
        assert time.monotonic() - began < 4
    assert process.returncode == 0
    assert len(set(fetched)) == len(fetched)  # each ping led to bytes that were not there at the one before
    assert "Traceback" not in log
    assert f"{hub.url[:-1]} was told of changes (feeds: " in log


class SlowShelf(Shelf):
    """One that takes its time to take up new documents, so that whoever is too early is seen."""

    def refresh(self, *args: object) -> None:
        time.sleep(0.3)
        super().refresh(*args)  # type: ignore[arg-type]


def test_a_ping_waits_until_the_server_has_taken_up_the_new_bytes(hub: Desk, tmp_path: Path) -> None:
    """rule 55: not only until they are in the folder; also when a courier is just at work."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    room = Room(tmp_path, hub.url, base=base, extra=f'[serve]\nport = {port}\n[input]\nsettle = "50ms"\n[schedule]\nwatch = false\n')
    room.now = Clock().now()
    room.cycle()
    fetched: list[str] = []
    hub.hears = lambda request: fetched.append(got(request.topic))
    with compose.publishing(room.config) as parts:
        load = partial(config.load, room.folder / "feeder.toml", {})
        service = Service(room.config, parts, load, watch=False, accept_removals=False, on_hung=lambda: None, clock=Clock())
        service._shelf = SlowShelf(room.output)
        service._shelf.load()
        server = Server(service.app(), host="127.0.0.1", port=port)
        server.start()
        service.start(room.config)
        try:
            wait_for(lambda: room.waiting() == [0])
            fetched.clear()
            room.write("sun.txt", "Sun in Velden\n\nIt shone all day.\n")
            service.runner.request("test")
            wait_for(lambda: room.waiting() != [0])
            assert service._rounds
            service._rounds.wake(service._out)  # an older one has just failed, say
            wait_for(lambda: room.waiting() == [0])
        finally:
            assert service.stop()
            server.stop(0.2)
    assert fetched
    assert all("Sun in Velden" in body for body in fetched)


def _link_fields_are_right(base: str, hub: Desk) -> None:
    """rule 54: rel=hub and exactly one rel=self with each feed, and nothing with a page."""
    with urlopen(f"{base}feed.xml", timeout=5) as answer:
        assert answer.headers.get_all("Link") == [f'<{hub.url}>; rel="hub", <{base}feed.xml>; rel="self"']
    with urlopen(base, timeout=5) as answer:
        assert answer.headers["Link"] is None


def test_a_service_whose_hub_fails_says_so_and_a_retry_tells_it_at_once(room: Room, hub: Desk) -> None:
    """And it publishes meanwhile."""
    room.now = Clock().now()
    room.date(room.input / "rain.txt", timedelta(hours=1))
    hub.answer = plain("500 No")
    with feeder(room, "run", "--port", "0") as process:
        assert process.stdout
        address = next(row.split()[1] for row in process.stdout if row.startswith("  page"))
        wait_for(lambda: "pings: a hub does not take pings" in got(f"{address}health"))
        wait_for(lambda: "Rain in Velden" in got(f"{address}feed.xml"))
        told = said_by(room, "status")
        assert re.search(r"\d+ pings? waits?; it does not take them", told)
        assert re.search(r"it does not take them: it answered 500; told again (in \d+ \w+|now) \(\S+Z\); never told yet", told)
        hub.answer = plain()
        said_by(room, "retry")
        wait_for(lambda: room.waiting() == [0])
        wait_for(lambda: "does not take pings" not in got(f"{address}health"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    facts = json.loads(said_by(room, "status", "--json"))["hubs"]
    assert [(one["hub"], one["waiting"], one["error"], one["told_after"], one["given_up"]) for one in facts] == [(hub.url[:-1], 0, "", None, 0)]
    assert facts[0]["last_told"]


def test_a_reload_takes_up_other_hubs(room: Room, hub: Desk, hubs: Callable[[], Desk]) -> None:
    room.now = Clock().now()
    room.date(room.input / "rain.txt", timedelta(hours=1))
    other = hubs()
    with feeder(room, "run", "--no-serve") as process:
        wait_for(lambda: hub.told() == 1)
        room.hire(other.url)
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: other.told() == 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert hub.told() == 1


def test_build_says_what_is_left(room: Room, hub: Desk) -> None:
    room.now = Clock().now()
    hub.answer = plain("500 No")
    with feeder(room, "build") as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    first, second = told.splitlines()
    assert first.startswith(f"note: {hub.url[:-1]} does not take pings: it answered 500; told again after ")
    assert re.fullmatch(rf"note: {hub.url[:-1]} is still to be told of changes \(feeds: \d+\); a later feeder build or run does it", second)


def test_the_client_is_loaded_with_the_first_ping_only(room: Room) -> None:
    """Not by `status`, nor by a build that has nothing to tell."""
    room.now = Clock().now()
    room.date(room.input / "rain.txt", timedelta(hours=1))
    room.publish()
    code = (
        "import sys\nfrom feeder.cli import main\n"
        "for command in 'build', 'check', 'status', 'plan':\n"
        "    try:\n        main([command])\n    except SystemExit as end:\n        assert not end.code\n"
        "sys.exit('httpx2' in sys.modules)"
    )
    assert python(room, code).returncode == 0


def python(room: Newsroom, code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What comes of some code in a process of its own."""
    everything = {**os.environ, "PYTHONPATH": str(Path(compose.__file__).parent.parent), **environ}
    return subprocess.run([sys.executable, "-c", code], cwd=room.folder, capture_output=True, text=True, env=everything)


def test_without_the_extra_it_says_what_to_install(room: Room) -> None:
    code = (
        "import sys\nfrom importlib.abc import MetaPathFinder\n"
        "class Absent(MetaPathFinder):\n    def find_spec(self, name, path, target=None):\n"
        "        if name == 'httpx2':\n            raise ModuleNotFoundError(name)\n"
        "import importlib.util\nfound = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'httpx2' else found(name, *more)\n"
        "from feeder.cli import main\nmain(['build'])"
    )
    done = python(room, code)
    assert done.returncode == 78
    assert "feeder.toml:7: hubs need the package httpx2 (install it with: pip install 'feeder[websub]')" in done.stderr


# --- where it may go ---


NEAR = """
    127.0.0.1 127.9.9.9 ::1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 fe80::1 fe80::1%eth0 100.64.0.1 100.100.100.200 fd00:ec2::254 fc00::1
    0.0.0.0 :: 255.255.255.255 224.0.0.1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2002:a00:1::
    fec0::1 192.0.0.192 198.18.0.1 192.0.2.1 2001:db8::1 168.63.129.16 240.0.0.1 64:ff9b:1::1 ::7f00:1
"""
FAR = "93.184.216.34 8.8.8.8 2606:4700::1111 64:ff9b::808:808 2002:808:808:: ::ffff:8.8.8.8 2a00:1450:4001:80e::200e"
SAID_NEAR = "127.0.0.1 [::1] localhost box.localhost 192.168.7.7 169.254.169.254 metadata.google.internal nas.local"


@pytest.mark.parametrize("address", NEAR.split())
def test_an_address_off_the_open_internet_is_known(address: str) -> None:
    """W2: loopback, private, link-local, shared (CGNAT), unique local, a cloud's metadata, and such ones within others."""
    assert private(address)


@pytest.mark.parametrize("address", FAR.split())
def test_an_address_of_the_open_internet_is_taken(address: str) -> None:
    assert not private(address)


@pytest.mark.parametrize("host", SAID_NEAR.split())
def test_a_hub_that_says_itself_that_it_is_near_is_refused_at_once(tmp_path: Path, host: str) -> None:
    """W2: with its line in the file, and what to do if it is meant."""
    room = Newsroom(tmp_path, f'[feed]\nbase_url = "{BASE}"\n[websub]\nhubs = ["http://{host}:8080/{TOKEN}"]\n')
    with pytest.raises(ConfigError) as caught:
        room.cycle()
    assert f"feeder.toml:4: http://{host}:8080: not on the open Internet" in str(caught.value)
    assert "say allow_private = true in [websub]" in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert not near("https://hub.example/")


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1"])
def test_a_name_that_leads_near_is_not_contacted(tmp_path: Path, hub: Desk, host: str) -> None:
    """W2: whatever it looks like, what it was looked up to counts."""
    room = Room(tmp_path)
    room.configure(f'[feed]\nbase_url = "{BASE}"\n[websub]\nhubs = ["http://{host}:{hub.port}/"]\n')
    room.write("rain.txt", "Rain in Velden\n\nIt rained all day.\n")
    room.cycle()
    (remark,) = room.tell()
    assert "does not take pings: its address is a private one" in remark
    assert hub.connections == 0


def test_a_hub_cannot_be_told_of_a_feed_that_nobody_outside_can_fetch(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, '[websub]\nhubs = ["https://hub.example/"]\n')
    with pytest.raises(
        ConfigError, match=r"feeder\.toml:2: hubs cannot fetch the feed from http://127\.0\.0\.1:8000/ \(say where .* base_url in \[feed\]\)"
    ):
        room.cycle()


def test_a_host_is_looked_up_once_and_the_connection_goes_there(room: Room, hub: Desk) -> None:
    """W2: a second look-up, which might lead elsewhere, never happens; the host stays the one of the address."""
    code = (
        "import socket\ncalls = []\n"
        "def found(host, *more, **others):\n"
        "    calls.append(host)\n"
        "    return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', ('127.0.0.1' if len(calls) == 1 else '192.0.2.1', 0))]\n"
        "socket.getaddrinfo = found\n"
        "from feeder.endpoint import Endpoint\n"
        f"print(Endpoint('http://hub.example:{hub.port}/x', agent='a').post(b'hub.url=1', timeout=3, stop=lambda: None), calls)\n"
        f"calls.clear()\nprint(Endpoint('http://hub.example:{hub.port}/x', agent='a', public=True).post(b'hub.url=1', timeout=3, stop=lambda: None))"
    )
    done = python(room, code)
    assert done.stdout.splitlines() == [
        "Answered(status=204, body=b'', after=None) ['hub.example']",
        "Unanswered(reason='its address is a private one', sent=False, late=False)",
    ]
    (request,) = hub.requests
    assert request.headers["host"] == f"hub.example:{hub.port}"


def test_the_first_address_that_answers_is_taken(room: Room, hub: Desk) -> None:
    """As with a host that has an address of either kind, one of them dead."""
    code = (
        "import socket\n"
        "kinds = (socket.AF_INET6, ('::1', 0, 0, 0)), (socket.AF_INET6, ('fe80::1%lo', 0, 0, 1)), (socket.AF_INET, ('127.0.0.1', 0))\n"
        "socket.getaddrinfo = lambda *more, **others: [(kind, socket.SOCK_STREAM, 6, '', at) for kind, at in kinds]\n"
        "from feeder.endpoint import Endpoint\n"
        f"print(Endpoint('http://hub.example:{hub.port}/', agent='a').post(b'hub.url=1', timeout=3, stop=lambda: None))"
    )
    assert python(room, code).stdout == "Answered(status=204, body=b'', after=None)\n"


def test_a_look_up_that_hangs_keeps_nobody_waiting(room: Room) -> None:
    """J6: neither the deadline nor the end of the process."""
    code = (
        "import socket, threading\nsocket.getaddrinfo = lambda *more, **others: threading.Event().wait(30)\n"
        "from feeder.endpoint import Endpoint\n"
        "print(Endpoint('http://hub.example/', agent='a').post(b'', timeout=0.2, stop=lambda: None))"
    )
    began = time.monotonic()
    assert "it did not answer within 0.2 s" in python(room, code).stdout
    assert time.monotonic() - began < 8


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for localhost, signed by itself."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    made = tmp_path / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        str(made),
        "-out",
        str(tmp_path / "public.pem"),
        *names,
    ]
    subprocess.run(command, check=True, capture_output=True)
    made.write_text(made.read_text() + (tmp_path / "public.pem").read_text())
    return made


def test_a_hub_proves_by_its_name_who_it_is(room: Room, hub: Desk, certificate: Path) -> None:
    """TLS is verified for the name, though the connection goes to an address; an unknown certificate, another name and no TLS at all are refused."""
    post = "Endpoint('https://{}:{}/', agent='a').post(b'hub.url=1', timeout=3, stop=lambda: None)"
    code = "from feeder.endpoint import Endpoint\n" + "".join(f"print({post.format(host, hub.port)})\n" for host in ("localhost", "127.0.0.1"))
    assert python(room, code).stdout.count("it cannot be reached: ") == 2  # it speaks no TLS
    hub.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    hub.tls.load_cert_chain(certificate)
    assert python(room, code).stdout.count("certificate verify failed: self-signed certificate") == 2
    trusting = f"import ssl, httpx2\nhttpx2.create_ssl_context = lambda **_: ssl.create_default_context(cafile={str(certificate)!r})\n"
    known, other = python(room, trusting + code).stdout.splitlines()
    assert known == "Answered(status=204, body=b'', after=None)"
    assert "certificate verify failed: IP address mismatch" in other
    assert len(hub.requests) == 1


def test_an_answer_whose_body_is_wanted_is_received_whole(hub: Desk) -> None:
    """The one difference between a ping and another request."""
    hub.answer = plain("200 Well", b"words")
    ask: Callable[..., Answered | Unanswered] = partial(Endpoint(hub.url, agent="a").post, b"hub.url=1", timeout=3, stop=lambda: None)
    assert ask() == Answered(200, b"words")
    tell = Endpoint(hub.url, agent="a", head_only=True)
    assert tell.post(b"hub.url=1", timeout=3, stop=lambda: None) == Answered(200, b"")


def test_a_request_can_be_given_up_while_it_is_under_way(hub: Desk) -> None:
    hub.answer = hub.hang

    def stop() -> None:
        if hub.requests:
            raise Abandoned("enough")

    with pytest.raises(Abandoned):
        Endpoint(hub.url, agent="a").post(b"hub.url=1", timeout=5, stop=stop)


# --- what is said of it ---


def test_a_token_in_a_hubs_address_is_shown_nowhere(tmp_path: Path, hub: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """W4: nor a word of what a hub answers. It goes to the hub, and into the feed, where subscribers find the hub."""
    caplog.set_level(logging.DEBUG)
    room = Room(tmp_path, f"{hub.url}{TOKEN}?key={TOKEN}")
    room.write("rain.txt", "Rain in Velden\n\nIt rained all day.\n")
    hub.script = [plain(f"500 {TOKEN}", TOKEN.encode(), Retry_After=TOKEN), plain("302 x", Location=f"/{TOKEN}")]
    shown = [repr(room.config.websub)]
    for _ in range(3):
        shown += [repr(room.cycle()), *room.tell(), said_by(room, "status"), said_by(room, "status", "--json")]
        room.later(hours=1)
    shown += [once_explained(room), caplog.text]
    assert hub.requests[0].line == f"POST /{TOKEN}?key={TOKEN} HTTP/1.1"
    assert room.waiting() == [0]
    assert not [text for text in shown if TOKEN in text]


def once_explained(room: Newsroom) -> str:
    """What `feeder explain` knows."""
    return repr(once.explain(room.config, room.input / "rain.txt"))


def test_each_feed_names_the_hubs_and_itself_once(room: Room, hub: Desk) -> None:
    """rule 54: whatever its format."""
    room.cycle()
    feeds = {path: body for path, body in room.published().items() if is_topic(path)}
    assert "feed.xml" in feeds
    for path, body in feeds.items():
        if path.endswith(".json"):
            told = json.loads(body)
            assert (told["hubs"], told["feed_url"]) == ([{"type": "WebSub", "url": hub.url}], BASE + path)
            continue
        links = [(link.get("rel"), link.get("href")) for link in etree.fromstring(body).iter(ATOM + "link")]
        assert [link for link in links if link[0] in ("hub", "self")] == [("self", BASE + path), ("hub", hub.url)]


def test_the_link_field_names_the_hubs_and_the_feed_itself_once() -> None:
    """rule 54."""
    both = ("https://a.example/", "https://b.example/?x=1")
    assert link_field("tags/日本/feed.xml", BASE, both) == (
        '<https://a.example/>; rel="hub", <https://b.example/?x=1>; rel="hub", <https://news.example/tags/%E6%97%A5%E6%9C%AC/feed.xml>; rel="self"'
    )
    assert link_field("index.html", BASE, both) is None
    assert link_field("feed.xml", BASE, ()) is None


def test_the_configuration_in_the_how_to_is_valid(tmp_path: Path) -> None:
    page = Path(__file__).parent.parent / "docs" / "how-to" / "websub.md"
    (example,) = re.findall(r"^```toml feeder.toml\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert said(tmp_path, example).websub.hubs


def said(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    """A configuration."""
    (folder / "feeder.toml").write_text(text)
    return config.load(folder / "feeder.toml", environ or {})


@pytest.mark.parametrize(
    ("text", "hubs"),
    [
        ('hubs = ["https://hub.example"]', ("https://hub.example/",)),
        ('hubs = "https://hub.example/"', ("https://hub.example/",)),
        ('hubs = ["https://Hub.Example:8443/a b?x=é"]', ()),
        ('hubs = ["https://HÜB.example:8443/ä?x=é&y=1"]', ("https://xn--hb-xka.example:8443/%C3%A4?x=%C3%A9&y=1",)),
        ('hubs = ["https://a.example/", "https://a.example", "http://[2606:4700::1]/"]', ("https://a.example/", "http://[2606:4700::1]/")),
        ("hubs = []", ()),
    ],
)
def test_hubs_are_addresses_each_once_in_ascii(tmp_path: Path, text: str, hubs: tuple[str, ...]) -> None:
    if " b" in text:
        with pytest.raises(ConfigError):
            said(tmp_path, f"[websub]\n{text}")
        return
    assert said(tmp_path, f"[websub]\n{text}").websub.hubs == hubs


def test_hubs_can_come_from_the_environment(tmp_path: Path) -> None:
    """One, or a list as in TOML."""
    one = said(tmp_path, "", {"FEEDER_WEBSUB__HUBS": "https://a.example/"})
    more = said(tmp_path, "", {"FEEDER_WEBSUB__HUBS": '["https://a.example/", "https://b.example/"]', "FEEDER_WEBSUB__ALLOW_PRIVATE": "true"})
    assert (one.websub.hubs, more.websub.hubs) == (("https://a.example/",), ("https://a.example/", "https://b.example/"))
    assert more.websub.allow_private


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'hubs = ["ftp://hub.example/{TOKEN}"]', "2:9: hubs must be web addresses that begin with https:// or http://"),
        (f'hubs = ["{TOKEN}"]', "2:9: hubs must be web addresses"),
        (f'hubs = ["https://[{TOKEN}/"]', "2:9: hubs must be web addresses"),
        (
            f'hubs = ["https://me:{TOKEN}@hub.example/"]',
            "hubs must have no #fragment and no user name (they stand in the feed, ",
        ),
        (f'hubs = ["https://hub.example/#{TOKEN}"]', "hubs must have no #fragment"),
        (f'hubs = ["https://a.example/", 5, "{TOKEN}"]', "hubs must be a list of at most 5 web addresses"),
        ("hubs = 5", "2:8: hubs must be a list of at most 5 web addresses (for example hubs = "),
        (f"hubs = {[f'https://{n}.example/{TOKEN}' for n in range(6)]}", "2:8: hubs must be a list of at most 5 web addresses"),
        ('allow_private = "yes"', 'allow_private must be true or false, not "yes"'),
        ('timeout = "2m"', 'timeout must be a length of time from 100ms to 1m, not "2m"'),
        ('hub = "https://hub.example/"', 'unknown key "hub" in [websub] (did you mean "hubs"?)'),
    ],
)
def test_a_mistake_about_hubs_is_told_in_its_place_and_without_the_address(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        said(tmp_path, f"[websub]\n{text}\n")
    assert told in str(caught.value)
    assert TOKEN not in str(caught.value)
