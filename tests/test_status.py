"""What the owner of a feed sees: the facts, the page and who gets it, from values, from a real service, and with a real browser."""

from __future__ import annotations

import base64
import http.client
import json
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from lxml import html

from feeder import compose, config, together
from feeder.clock import Clock
from feeder.desk import Asked
from feeder.ledger import FileRecord, Ledger
from feeder.listener import Server
from feeder.renderers.status import STYLE, StatusPage, cycle_plot, day_plot
from feeder.server import app
from feeder.service import House, Service
from feeder.service._status import desks, owned
from feeder.shelf import Shelf
from feeder.standing import Cycle, Day, Standing, distance, facts, size, stamped
from feeder.survey import survey
from tests.browser import NARROW, WIDE, Browser, needs_chromium
from tests.situations import EMPTY, EVIL, NOON, RICH, WELL

DOCUMENT = (Path(__file__).parent.parent / "docs" / "status.md").read_text("utf-8")
TOKEN = "0123456789abcdef0123"
SECRET = "zqlater"


# --- the facts ---


def keys(told: object) -> set[str]:
    """Every key in an answer, however deep."""
    if isinstance(told, list):
        return {key for each in told for key in keys(each)}
    return {*told, *(key for each in told.values() for key in keys(each))} if isinstance(told, dict) else set()


def test_every_key_of_the_answer_is_in_its_document() -> None:
    """docs/status.md, in the order of the answer; and none that is not there."""
    answer = facts(RICH)
    told = set(re.findall(r"`(\w+)`", DOCUMENT))
    assert keys(answer) <= told
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE)
    assert rows == list(answer)
    assert json.loads(json.dumps(answer)) == answer


def test_an_answer_has_one_shape_however_it_stands() -> None:
    assert facts(RICH).keys() == facts(WELL).keys() == facts(EMPTY).keys()


def test_the_most_urgent_comes_first_and_each_says_what_to_do() -> None:
    assert [concern.about for concern in RICH.concerns] == ["cycles", "watch", "held", "quarantine", "plugins", "hubs", "summaries"]
    assert [concern.grave for concern in RICH.concerns] == [True, *[False] * 6]
    assert all(concern.todo for concern in RICH.concerns if concern.about != "watch")
    assert "9,903 files are set aside" in [concern.says for concern in RICH.concerns]


@pytest.mark.parametrize(
    ("stands", "state", "headline"),
    [
        (RICH, "trouble", "Something does not work"),
        (WELL, "ok", "All is well"),
        (EMPTY, "starting", "The first look is under way"),
        (replace(EMPTY, service=None), "empty", "Nothing is published yet"),
        (replace(WELL, held=("a.md",)), "attention", "1 thing needs your attention"),
        (replace(WELL, held=("a.md",), hubs=RICH.hubs), "attention", "2 things need your attention"),
        (replace(WELL, trouble="the ledger is damaged"), "trouble", "Something does not work"),
    ],
)
def test_how_it_stands_is_one_word_and_one_sentence(stands: Standing, state: str, headline: str) -> None:
    assert (stands.state, stands.headline) == (state, headline)


def test_a_time_is_told_in_whole_seconds() -> None:
    """What is due next is not a round moment; HTML has no microseconds."""
    assert stamped(NOON.replace(second=7, microsecond=573938)) == stamped(NOON.replace(second=7))
    assert stamped(NOON.date()) == f"{NOON:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *((0, "now"), (1, "in 1 s"), (-59, "59 s ago"), (60, "in 1 min"), (-3599, "59 min ago"), (3600, "in 1 h"), (-86_399, "23 h ago")),
        *((86_400, "in 1 day"), (-2 * 86_400, "2 days ago"), (366 * 86_400, "in 1 year"), (365 * 86_400 * 2000, "in 2,000 years")),
    ],
)
def test_how_far_away_a_time_is_in_its_largest_unit(seconds: int, told: str) -> None:
    assert distance(NOON + timedelta(seconds=seconds), NOON) == told


def test_a_number_of_bytes_is_told_as_a_person_reads_it() -> None:
    assert [size(number) for number in (0, 1023, 1024, 3 * 2**20, 5 * 2**30)] == ["0 B", "1023 B", "1.0 KiB", "3.0 MiB", "5.0 GiB"]


def test_a_survey_of_ten_thousand_set_aside_tells_a_hundred_and_counts_them_all(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path)) as ledger:
        ledger.apply([], {}, [FileRecord(f"{n}.md", (1,), "salt", reason="it is empty", since=NOON) for n in range(10_000)])
    began = time.thread_time()
    stands = survey(tmp_path, now=NOON, most=100)
    page = StatusPage()
    page.made((stands,))
    made = time.thread_time() - began
    assert (len(stands.quarantine), stands.more.quarantine) == (100, 9_900)
    assert b"and 9,900 more" in page.made((stands,))
    assert made < 1, "some 60 ms and the compilation of its template"
    assert len(page.made((stands,))) < 100_000


# --- plots ---


def test_a_day_is_a_bar_as_high_as_its_number() -> None:
    days = [Day((NOON + timedelta(days=n)).date(), number) for n, number in enumerate([0, 3, 4, 1])]
    plot = day_plot(days)
    assert [bar.height for bar in plot.bars] == [0, 75, 100, 25]
    assert plot.bars[1].says == "2026-11-23: 3 articles"
    assert (plot.ticks, plot.says) == (("4", "2", "0"), "8 articles in 4 days; the most on 2026-11-24: 4.")


def test_looks_are_bars_from_the_oldest_to_the_newest_with_a_line_at_the_median() -> None:
    cycles = [Cycle(NOON - timedelta(hours=n), seconds, f"did {n}") for n, seconds in enumerate([0.5, 2.0, 0.1])]
    plot = cycle_plot(cycles)
    assert [(bar.height, bar.says[-5:]) for bar in plot.bars] == [(5, "did 2"), (100, "did 1"), (25, "did 0")]
    assert (plot.middle, plot.ticks) == (25, ("2 s", "1 s", "0"))
    assert plot.says == "Half of them took at most 0.50 s (the line), the longest 2.00 s."
    assert cycle_plot(cycles[:1]).bars[0].height == pytest.approx(500 / 6)
    assert cycle_plot([Cycle(NOON, 0.0, "")]).bars[0].height == 0


# --- the page ---


def seen(*feeds: Standing) -> html.HtmlElement:
    return html.document_fromstring(StatusPage().made(feeds).decode())


def text(node: html.HtmlElement) -> str:
    return " ".join(" ".join(node.itertext()).split())


def test_the_page_says_all_of_it() -> None:
    told = text(seen(RICH))
    for words in (
        *("Something does not work", "A look is under way, for 12 s.", "the last cycle failed: the output cannot be written: No space left"),
        *("photo.txt this is binary data, not a text save the article as .txt, .md or .html in UTF-8 set aside 20 min ago", "and 9,900 more"),
        *("market.md the front matter is not closed", "its last good version stays published", "archive/2019/note-03.md", "settles: 0.7 s more"),
        *("harbour/regatta.md in 3 h , 2026-11-22T15:00:00Z", "Published per day", "Half of them took at most", "1 added, 9 documents written"),
        *("187 of 200", "121,000 of 500,000", "14 summaries are waited for; it failed: it answered 500; asked again in 8 min"),
        *("https://switchboard.example It does not take pings: it answered 503", "6 pings wait; told again in 25 min ; given up: 2; never told yet"),
        *("1,893, of which 2 failed", "The Harbour Notes feeder.toml:2", "Europe/Berlin", "FEEDER_SCHEDULE__EVERY", "old.txt decoded as cp1252"),
    ):
        assert words in told, words


def test_a_name_is_text_and_moves_nothing() -> None:
    """Whatever a file is called: markup is escaped, and what moves a cursor or turns a line around is shown."""
    made = StatusPage().made((RICH,)).decode()
    assert "<img" not in made
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", made)
    assert text(seen(RICH)).count('<img src=x onerror="alert(1)">\\x1b[2J\\u202e.md') == 2
    assert StatusPage().made((replace(RICH, name="caf\udce9", held=("caf\udce9.md",)),))
    assert EVIL in RICH.quarantine[2].where


def test_there_is_no_script_and_no_style_that_the_policy_would_refuse() -> None:
    for stands in (RICH, WELL, EMPTY):
        made = seen(stands)
        assert not made.xpath("//script | //style | //*[@style] | //@*[starts-with(name(), 'on')] | //meta[@http-equiv]")
        assert made.xpath("//link/@href | //img/@src") == ["data:,", "status.css"]
    assert b"url(" not in STYLE
    assert b"@import" not in STYLE


def test_identifiers_and_headings_are_in_order_with_several_feeds() -> None:
    made = seen(replace(RICH, name="a"), replace(WELL, name="b"))
    ids = made.xpath("//@id")
    assert len(ids) == len({*ids})
    assert {each.lstrip("#") for each in made.xpath("//a[starts-with(@href, '#')]/@href")} <= {*ids}
    assert {each for names in made.xpath("//@aria-labelledby") for each in names.split()} <= {*ids}
    assert [len(made.xpath(f"//{name}")) for name in ("h1", "main")] == [1, 1]
    assert text(made.xpath("//h1")[0]) == "2 feeds"
    assert [text(head) for head in made.xpath("//*[@class='headline']")] == ["a : Something does not work", "b : All is well"]


# --- the service ---


@contextmanager
def service(folder: Path, settings: str = "", environ: Mapping[str, str] | None = None) -> Iterator[tuple[Service, int]]:
    """A real one on a free port of the loopback, with what is in the folder."""

    def load() -> config.Config:
        return config.load(folder / "feeder.toml", environ or {})

    (folder / "input").mkdir(exist_ok=True)
    (folder / "feeder.toml").write_text(f'[input]\nsettle = "100ms"\n[schedule]\nevery = "1h"\n{settings}')
    with compose.publishing(load()) as parts:
        made = Service(load(), parts, load, watch=False, accept_removals=False, on_hung=lambda: None, clock=Clock())
        house = House([made], [load])
        port = house.serve("127.0.0.1", 0, owned(house.services))
        house.start([load()])
        try:
            yield made, port
        finally:
            house.stop()


def asked(port: int, path: str, **fields: str) -> tuple[int, Mapping[str, str], bytes]:
    """The answer to a browser at this machine, with what it says besides."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.putrequest("GET", path, skip_host="Host" in fields)
        for name, value in fields.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders() if name.lower() != "date"}, answer.read()


def until_there(port: int, path: str) -> None:
    end = time.monotonic() + 10
    while asked(port, path)[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.03)


def write(folder: Path) -> None:
    (folder / "input").mkdir()
    (folder / "input" / "rain.md").write_text("# Rain\n\nIt rained for a week.\n")
    (folder / "input" / f"{SECRET}.md").write_text("---\ndate: 2999-01-01\n---\n# Zqlater\n\nThe future.\n")
    (folder / "input" / "photo.txt").write_bytes(bytes(range(256)) * 8)


def test_the_owner_sees_how_it_stands(tmp_path: Path) -> None:
    """From the machine that it runs on: a page, its sheet and the same for a program; nobody keeps any of it."""
    write(tmp_path)
    with service(tmp_path) as (_, port):
        until_there(port, "/articles/rain.html")
        for path, media in (
            ("/status", "text/html; charset=utf-8"),
            ("/status.json", "application/json"),
            ("/status.css", "text/css; charset=utf-8"),
        ):
            status, headers, body = asked(port, path)
            assert (status, headers["content-type"], headers["cache-control"]) == (200, media, "no-store")
            assert (headers["x-content-type-options"], headers["cross-origin-resource-policy"]) == ("nosniff", "same-origin")
            assert headers["content-length"] == str(len(body))
            assert "refresh" not in headers
        told = json.loads(asked(port, "/status.json")[2])
        assert told.keys() == facts(RICH).keys()
        assert (told["state"], told["published"], told["service"]["ready"]) == ("attention", 1, True)
        assert [row["path"] for row in told["embargoed"]] == [f"{SECRET}.md"]
        assert [row["where"] for row in told["quarantine"]] == ["photo.txt"]
        there = [file.stat().st_size for file in (tmp_path / "output").rglob("*.*") if file.is_file()]
        assert sum(cycle["documents"] for cycle in told["cycles"]) >= len(there) - 1
        assert sum(cycle["bytes"] for cycle in told["cycles"]) >= sum(there) * 0.9
        assert {"key": "input.settle", "value": '"100ms"', "origin": "feeder.toml:2", "note": ""} in [
            {**setting, "origin": Path(setting["origin"]).name} for setting in told["settings"]
        ]
        page = html.document_fromstring(asked(port, "/status")[2].decode())
        assert "1 thing needs your attention" in text(page)
        links = page.xpath("//section[contains(@class, 'state')]//a/@href")
        assert links == [f"http://127.0.0.1:{8000}/", f"http://127.0.0.1:{8000}/feed.xml"]
        assert asked(port, "/status?refresh=60")[1]["refresh"] == "60"


STRANGERS = (
    {"Host": "evil.example"},
    {"X_Forwarded_For": "127.0.0.1"},
    {"Forwarded": "for=_x"},
    {"Via": "1.1 proxy"},
    {"Authorization": f"Bearer {TOKEN}", "Host": "x"},
)


@pytest.mark.parametrize("settings", ["", '[feed]\nbase_url = "https://news.example/"\n'])
def test_everybody_else_finds_what_is_at_any_unknown_address(tmp_path: Path, settings: str) -> None:
    """Byte for byte, header by header."""
    write(tmp_path)
    with service(tmp_path, settings) as (_, port):
        until_there(port, "/articles/rain.html")
        for path in ("/status", "/status.json", "/status.css", "/status?refresh=60", "/%73tatus"):
            for fields in (*STRANGERS, *([{}] if settings else [])):
                answer = asked(port, path, **fields)
                assert answer == asked(port, "/none", **fields)
                assert (answer[0], SECRET.encode() in answer[2]) == (404, False)


def test_with_a_token_it_is_shown_to_whoever_says_it(tmp_path: Path) -> None:
    """A browser is asked for it, at these addresses only."""
    write(tmp_path)
    basic = base64.b64encode(f"ann:{TOKEN}".encode()).decode()
    with service(tmp_path, '[feed]\nbase_url = "https://news.example/"\n', {"FEEDER_SERVE__TOKEN": TOKEN}) as (_, port):
        until_there(port, "/articles/rain.html")
        for said in (f"Bearer {TOKEN}", f"Basic {basic}"):
            status, _, body = asked(port, "/status.json", Authorization=said, Host="news.example", X_Forwarded_For="192.0.2.1")
            assert (status, json.loads(body)["service"]["page"]) == (200, "https://news.example/")
            assert TOKEN.encode() not in body
            assert TOKEN.encode() not in asked(port, "/status", Authorization=said)[2]
        for fields in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "Basic !"}):
            status, headers, body = asked(port, "/status", **fields)
            assert (status, headers["www-authenticate"]) == (401, 'Basic realm="feeder", charset="UTF-8"')
            assert headers["cache-control"] == "no-store"
            assert SECRET.encode() not in body
        assert asked(port, "/none")[0] == 404


def test_a_damaged_ledger_is_told_on_the_page_and_the_rest_is_still_there(tmp_path: Path) -> None:
    write(tmp_path)
    with service(tmp_path) as (made, port):
        until_there(port, "/articles/rain.html")
        ledger = tmp_path / ".feeder" / "ledger.db"
        ledger.rename(ledger.with_name("away.db"))
        for name in ("ledger.db-wal", "ledger.db-shm"):
            (tmp_path / ".feeder" / name).unlink(missing_ok=True)
        ledger.write_bytes(b"This is no database at all. " * 400)
        status, _, body = asked(port, "/status")
        assert status == 200
        page = text(html.document_fromstring(body.decode()))
        assert "Something does not work" in page
        assert "feeder recover" in page
        assert "Next look" in page
        assert json.loads(asked(port, "/status.json")[2])["trouble"]
        assert made.standing().service is not None


def test_it_is_shown_while_the_first_cycle_runs_and_while_somebody_writes(tmp_path: Path) -> None:
    """It takes no lock, and waits for none."""
    write(tmp_path)
    with service(tmp_path) as (made, port):
        until_there(port, "/articles/rain.html")
        with closing(sqlite3.connect(tmp_path / ".feeder" / "ledger.db", isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            assert asked(port, "/status")[0] == 200
            writer.execute("ROLLBACK")
        made.runner.stop()
    shelf = Shelf(tmp_path / "nothing")
    server = Server(app(shelf, health=lambda: (False, {}), desks=desks(lambda: (EMPTY,), lambda: (None, False))), host="127.0.0.1", port=0)
    server.start()
    try:
        assert asked(server.address[1], "/feed.xml")[0] == 503
        assert b"The first look is under way" in asked(server.address[1], "/status")[2]
    finally:
        server.stop(0.2)


def test_of_several_feeds_a_program_is_told_each_by_its_name() -> None:
    desk = desks(lambda: (replace(RICH, name="a"), replace(WELL, name="b")), lambda: (TOKEN, True))["status.json"]
    later = desk(Asked("status.json", fields={"authorization": f"Bearer {TOKEN}"}))
    assert callable(later)
    assert [(feed["name"], feed["state"]) for feed in json.loads(later().body)["feeds"]] == [("a", "trouble"), ("b", "ok")]


@pytest.mark.parametrize("settings", ["", '[feed]\nbase_url = "https://{name}.example/"\n'])
def test_of_several_feeds_in_one_service_the_owner_sees_all_and_a_stranger_none(tmp_path: Path, settings: str) -> None:
    """On each host the answer to a stranger is that of any other unknown address there."""
    loads = []
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{SECRET}.md").write_text("---\ndate: 2999-01-01\n---\n# Zqlater\n\nThe future.\n")
        (tmp_path / name / "rain.md").write_text("# Rain\n\nIt rained for a week.\n")
        said = f'[input]\nfolder = "{name}"\nsettle = "100ms"\n[output]\nfolder = "{name}-out"\n[schedule]\nevery = "1h"\n'
        (tmp_path / f"{name}.toml").write_text(said + settings.format(name=name))
        loads.append(partial(config.load, tmp_path / f"{name}.toml", {"FEEDER_SERVE__TOKEN": TOKEN} if settings else {}))
    with ExitStack() as stack:
        configs = together.loaded(loads)
        opened = [(one, stack.enter_context(compose.publishing(one))) for one in configs]
        options = {"watch": False, "accept_removals": False, "on_hung": lambda: None, "clock": Clock()}
        house = House([Service(one, part, load, **options) for (one, part), load in zip(opened, loads, strict=True)], loads)  # type: ignore[arg-type]
        port = house.serve("127.0.0.1", 0, owned(house.services))
        house.start(configs)
        stack.callback(house.stop)
        for name in ("north", "south"):
            until_there(port, f"/{name}/articles/rain.html")
        key = {"Authorization": f"Bearer {TOKEN}"} if settings else {}
        for asks in ({}, {"Host": "north.example"}) if settings else ({},):
            told = json.loads(asked(port, "/status.json", **key, **asks)[2])["feeds"]
            assert [(feed["name"], feed["published"]) for feed in told] == [("north", 1), ("south", 1)]
            assert b"north" in asked(port, "/status", **key, **asks)[2]
        for host in ("north.example", "south.example", "evil.example"):
            status, headers, body = asked(port, "/status", Host=host)
            assert (status, SECRET.encode() in body) == (401 if settings else 404, False)
            assert settings or (status, headers, body) == asked(port, "/none", Host=host)


# --- in a browser ---


@contextmanager
def shown(*feeds: Standing, token: str | None = None) -> Iterator[str]:
    """The page in a real server, as the owner opens it."""
    served = app(Shelf(Path("nowhere")), health=lambda: (True, {}), desks=desks(lambda: feeds, lambda: (token, False)))
    server = Server(served, host="127.0.0.1", port=0)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.address[1]}/status"
    finally:
        server.stop(0.2)


@needs_chromium
@pytest.mark.parametrize("feeds", [(RICH,), (EMPTY,), (replace(RICH, name="a"), replace(WELL, name="b"))], ids=["rich", "empty", "several"])
@pytest.mark.parametrize(("width", "dark"), [(NARROW, False), (WIDE, True)])
def test_a_browser_has_nothing_against_it(browser: Browser, feeds: tuple[Standing, ...], width: int, dark: bool) -> None:
    """No rule of accessibility is broken, nothing is said in the console, no other host is asked, and nothing stands over the edge."""
    with shown(*feeds) as address:
        sight = browser.visit(address, "document.documentElement.scrollWidth", width=width, dark=dark)
        assert (sight.status, sight.console, sight.strangers(), sight.told) == (200, (), set(), width)
        assert {request.removeprefix(address) for request in sight.requests} == {"", ".css", "data:,"} - ({"data:,"} - {*sight.requests})
        assert browser.axe(address, width=width, dark=dark) == []


@needs_chromium
def test_a_browser_asks_for_the_token_once_for_the_page_and_its_sheet(browser: Browser) -> None:
    with shown(RICH, token=TOKEN) as address:
        owner = {"username": "", "password": TOKEN}
        sight = browser.visit(address, "getComputedStyle(document.querySelector('.state')).display", http_credentials=owner)
        assert (sight.status, sight.told, sight.console) == (200, "flex", ())
