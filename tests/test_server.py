"""What a subscriber, a browser and a hostile client get from the server, over real sockets on the loopback."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gzip
import http.client
import json
import os
import resource
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from feeder.desk import Asked, Told
from feeder.errors import FeederError
from feeder.listener import Limits, Server, _Gate, _RefusedError
from feeder.server import app
from feeder.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ATOM = '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>{0}</title>{1}</feed>\n'
BIG = ATOM.format("Big", "".join(f"<entry><title>{n * 7919 % 100003}</title></entry>" for n in range(12_000)))
THEN = 1_700_000_000
LARGEST = 8 * 1024 * 1024

FILES = {
    "feed.xml": ATOM.format("News", "<entry><title>one</title></entry>" * 200),
    "rss.xml": '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>News</title></channel></rss>\n',
    "plain.xml": '<?xml version="1.0"?>\n<urlset/>\n',
    "feed.json": '{"version": "https://jsonfeed.org/version/1.1", "title": "News"}',
    "data.json": '{"a": 1}',
    "feeds.opml": '<opml version="2.0"/>',
    "index.html": "<!doctype html><title>Home</title>" + "<p>words</p>" * 100,
    "404.html": "<!doctype html><title>Not here</title>",
    "style.css": "body { margin: 0 }",
    "icon.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "favicon.ico": "icon",
    "articles/a.html": "<!doctype html><title>A</title>" + "<p>words</p>" * 500,
    "articles/gone.html": "<!doctype html><title>Withdrawn</title>",
    "articles/straße é.html": "<!doctype html><title>Unicode</title>",
    "tags/x/index.html": "<!doctype html><title>Tag</title>",
    "tags/x/feed.xml": ATOM.format("Tag", ""),
    ".secret": "no",
    ".git/config.html": "no",
    "articles/.a.html.tmp": "no",
    "articles/.hidden.html": "no",
    "state.db": "no",
    "noted.tmp": "no",
}

QUICK = Limits(head=0.4, idle=0.5, write=0.4, linger=0.3, connections=20)


class Reply(NamedTuple):
    """One response as a client sees it; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def write(folder: Path, path: str, text: str, when: float = THEN) -> None:
    """Put a document in place as the publisher does: whole, by a rename."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    temp = folder / path.replace(path.rpartition("/")[2], ".temp")
    temp.write_text(text, encoding="utf-8")
    os.utime(temp, (when, when))
    temp.replace(folder / path)


def get(server: Server, path: str, method: str = "GET", **headers: str) -> Reply:
    """Ask on a connection of its own."""
    connection = http.client.HTTPConnection(*server.address, timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def dial(server: Server) -> socket.socket:
    return socket.create_connection(server.address, timeout=10)


def until_closed(client: socket.socket) -> bytes:
    """Read until the server closes; a reset after the answer counts as closed."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(65536):
            got += data
    return got


def raw(server: Server, *pieces: bytes) -> bytes:
    """Send bytes as they are and return all that comes until the server closes the connection."""
    with dial(server) as client:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            for piece in pieces:
                client.sendall(piece)
        return until_closed(client)


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer[9:12])


@contextlib.contextmanager
def serving(shelf: Shelf, limits: Limits = QUICK, log: Callable[[str], None] = print, **options: object) -> Iterator[Server]:
    health = options.pop("health", lambda: (True, {}))
    server = Server(app(shelf, health=health, **options), host="127.0.0.1", port=0, limits=limits, log=log)  # type: ignore[arg-type]
    server.start()
    try:
        yield server
    finally:
        server.stop(0.2)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder that no test changes."""
    folder = tmp_path_factory.mktemp("output")
    for path, text in FILES.items():
        write(folder, path, text)
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.html").write_text("secret")
    (folder / "link.html").symlink_to(outside / "secret.html")
    (folder / "linked").symlink_to(outside, target_is_directory=True)
    os.mkfifo(folder / "pipe.html")
    return folder


@pytest.fixture(scope="module")
def server(output: Path) -> Iterator[Server]:
    """A server over it."""
    shelf = Shelf(output, max_age=120)
    shelf.load(gone={"articles/gone.html", "articles/nothing.html"})
    with serving(shelf, moved={"old.xml": "https://example.org/feed.xml", "alt.xml": "/é feed.xml"}) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small published folder for a test's own use."""
    for path in ("feed.xml", "index.html", "articles/a.html"):
        write(tmp_path, path, FILES[path])
    return tmp_path


# --- documents


@pytest.mark.parametrize(
    ("path", "media", "shown"),
    [
        ("/feed.xml", "application/atom+xml; charset=utf-8", "application/xml; charset=utf-8"),
        ("/rss.xml", "application/rss+xml; charset=utf-8", "application/xml; charset=utf-8"),
        ("/tags/x/feed.xml", "application/atom+xml; charset=utf-8", "application/xml; charset=utf-8"),
        ("/plain.xml", "application/xml; charset=utf-8", "application/xml; charset=utf-8"),
        ("/feed.json", "application/feed+json", "application/json"),
        ("/data.json", "application/json", "application/json"),
        ("/feeds.opml", "text/x-opml; charset=utf-8", "text/x-opml; charset=utf-8"),
        ("/", "text/html; charset=utf-8", "text/html; charset=utf-8"),
        ("/articles/a.html", "text/html; charset=utf-8", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml", "image/svg+xml"),
        ("/favicon.ico", "image/x-icon", "image/x-icon"),
    ],
)
def test_each_document_is_served_whole_with_its_media_type(server: Server, path: str, media: str, shown: str) -> None:
    """rule 36, rule 49: and a browser that opens a feed gets a type it shows (DESIGN 4)."""
    reply = get(server, path)
    assert (reply.status, reply.headers["content-type"]) == (200, media)
    assert reply.body.decode() == FILES[path[1:] or "index.html"]
    assert reply.headers["content-length"] == str(len(reply.body))
    assert get(server, path, Sec_Fetch_Dest="document").headers["content-type"] == shown
    assert ("Sec-Fetch-Dest" in reply.headers.get("vary", "")) == (media != shown)


def test_every_document_has_an_etag_and_a_last_modified_and_no_cookie(server: Server) -> None:
    """rule 37, rule 44, rule 45: max-age follows the schedule, pages are asked for anew, nothing is no-store."""
    feed, page = get(server, "/feed.xml"), get(server, "/articles/a.html")
    assert feed.headers["etag"] != page.headers["etag"]
    assert feed.headers["last-modified"] == formatdate(THEN, usegmt=True)
    assert (feed.headers["cache-control"], page.headers["cache-control"]) == ("max-age=120", "no-cache")
    assert "set-cookie" not in feed.headers | page.headers


def test_a_time_in_the_future_is_not_told_and_not_mistaken_for_now(folder: Path) -> None:
    """rule 37, T3: Last-Modified is never later than now (RFC 9110 8.8.2.1); until then a new document is never taken for the old one."""
    write(folder, "feed.xml", FILES["feed.xml"], when=THEN + 500)
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf, clock=lambda: THEN + 100.5) as server:
        assert "last-modified" not in get(server, "/feed.xml").headers
        assert get(server, "/feed.xml", If_Modified_Since=formatdate(THEN + 100, usegmt=True)).status == 200
    with serving(shelf, clock=lambda: THEN + 500) as server:
        assert get(server, "/feed.xml").headers["last-modified"] == formatdate(THEN + 500, usegmt=True)


def test_pages_may_not_run_or_load_anything_of_others_but_images(server: Server) -> None:
    """rule 51, rule 57: nosniff and a strict policy, on errors too."""
    for path in ("/", "/feed.xml", "/none", "/%zz", "/health"):
        headers = get(server, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src * data:;")
        assert "script" not in policy
        assert all(f"{directive} 'none'" in policy for directive in ("base-uri", "form-action", "frame-ancestors"))


def test_an_unchanged_restart_keeps_every_header(output: Path, server: Server) -> None:
    """rule 46"""
    shelf = Shelf(output, max_age=120)
    shelf.load()
    with serving(shelf) as again:
        for path in ("/feed.xml", "/articles/a.html", "/"):
            old, new = get(server, path), get(again, path)
            assert {**old.headers, "date": ""} == {**new.headers, "date": ""}
            assert old.body == new.body


# --- conditions


@pytest.mark.parametrize("path", ["/feed.xml", "/articles/a.html"])
@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"zzz", W/"y,y", {0}', '"a" , W/{0},"b"', "*", " * "])
def test_a_known_version_is_304_in_every_form(server: Server, path: str, form: str) -> None:
    """rule 38, rule 40: bodyless, with the fields that the 200 had."""
    whole = get(server, path)
    reply = get(server, path, If_None_Match=form.format(whole.headers["etag"].removeprefix("W/")))
    assert (reply.status, reply.body) == (304, b"")
    for name in ("etag", "cache-control", "vary", "last-modified"):
        assert reply.headers[name] == whole.headers[name]
    assert "content-type" not in reply.headers


@pytest.mark.parametrize("tags", ['"nope"', "nope", '"', "W/", "", ",,,", '"**"'])
def test_another_version_or_nonsense_is_200(server: Server, tags: str) -> None:
    """rule 39, H9: even when If-Modified-Since alone would match."""
    assert get(server, "/feed.xml", If_None_Match=tags, If_Modified_Since=formatdate(THEN, usegmt=True)).status == 200


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Tue, 14 Nov 2023 22:13:20 GMT", 304),
        ("Tue, 14 Nov 2023 22:13:21 GMT", 304),
        ("Tue, 14 Nov 2023 22:13:19 GMT", 200),
        ("Tuesday, 14-Nov-23 22:13:20 GMT", 304),
        ("Tue Nov 14 22:13:20 2023", 304),
        ("Tue, 14 Nov 2023 23:13:20 +0100", 200),
        ("yesterday", 200),
        ("", 200),
        ("Tue, 99 Nov 2043 22:13:20 GMT", 200),
        ("Tue, 14 Nov 99999999999999 22:13:20 GMT", 200),
        ("Tue, 14 Nov 2043 22:13:20 GMT, Tue, 14 Nov 2043 22:13:20 GMT", 200),
        ("\xe9", 200),
    ],
)
def test_if_modified_since_takes_each_http_date_and_ignores_others(server: Server, date: str, expected: int) -> None:
    """rule 39, H9 (RFC 9110 5.6.7, 13.1.3)"""
    assert get(server, "/feed.xml", If_Modified_Since=date).status == expected


def test_head_has_the_headers_of_get_and_no_body(server: Server) -> None:
    """rule 41, H10"""
    for path in ("/feed.xml", "/articles/a.html", "/none", "/articles/gone.html", "/health", "/tags/x"):
        for accept in ("gzip", "identity"):
            answer, head = get(server, path, Accept_Encoding=accept), get(server, path, "HEAD", Accept_Encoding=accept)
            assert (head.status, {**head.headers, "date": ""}) == (answer.status, {**answer.headers, "date": ""})
            assert head.body == b""


# --- codings


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0.001", True),
        ("*", True),
        ("identity;q=0.5, *;q=0.6", True),
        ("deflate , gzip ; q=1.000", True),
        ("identity;q=0", False),
        ("identity;q=0, gzip", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("gzip;q=x", False),
        ("gzip;q=2", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_those_who_like_it(server: Server, accept: str, packed: bool) -> None:
    """rule 42, H12"""
    for path in ("/feed.xml", "/articles/a.html"):
        reply = get(server, path, Accept_Encoding=accept)
        assert (reply.headers.get("content-encoding") == "gzip") == packed
        assert "Accept-Encoding" in reply.headers["vary"]
        assert (gzip.decompress(reply.body) if packed else reply.body).decode() == FILES[path[1:]]
        assert reply.headers["content-length"] == str(len(reply.body))


def test_one_weak_etag_revalidates_across_codings(server: Server) -> None:
    """rule 43 (RFC 9110 8.8.3.3)"""
    packed, plain = get(server, "/feed.xml", Accept_Encoding="gzip"), get(server, "/feed.xml")
    assert packed.headers["etag"] == plain.headers["etag"]
    assert plain.headers["etag"].startswith('W/"')
    assert get(server, "/feed.xml", If_None_Match=packed.headers["etag"]).status == 304
    assert get(server, "/feed.xml", If_None_Match=plain.headers["etag"], Accept_Encoding="gzip").status == 304


def test_what_gzip_cannot_shrink_is_sent_plain(server: Server) -> None:
    reply = get(server, "/favicon.ico", Accept_Encoding="gzip")
    assert "content-encoding" not in reply.headers
    assert "vary" not in reply.headers


def test_delta_and_range_requests_get_the_whole_document(server: Server) -> None:
    """rule 48, H8"""
    assert get(server, "/feed.xml", A_IM="feed", If_None_Match='"old"').status == 200
    for value in ("bytes=0-10", "bytes=" + ",".join(f"{n}-" for n in range(500)), "bytes=-", "x"):
        reply = get(server, "/feed.xml", Range=value)
        assert (reply.status, reply.body.decode()) == (200, FILES["feed.xml"])


# --- methods and paths


def test_only_reading_is_allowed(server: Server) -> None:
    """rule 51, H10"""
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
        reply = get(server, "/feed.xml", method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert status(raw(server, b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == 405
    reply = get(server, "/feed.xml", "BREW")
    assert (reply.status, reply.headers["allow"]) == (501, "GET, HEAD, OPTIONS")
    for target in ("/feed.xml", "*"):
        reply = get(server, target, "OPTIONS")
        assert (reply.status, reply.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "target",
    [
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/..\\..\\etc\\passwd",
        "/%252e%252e%252fetc/passwd",
        "/%c0%ae%c0%ae/etc/passwd",
        "//etc/passwd",
        "///feed.xml",
        "/articles/../feed.xml",
        "/./feed.xml",
        "/articles%2fa.html",
        "/feed.xml%00.html",
        "/feed.xml%0d%0aX: y",
        "/feed.xml%",
        "/feed.xml%g0",
        "/feed.xml/",
        "/%ff",
        "file:///etc/passwd",
        "feed.xml",
        "*",
    ],
)
def test_no_path_climbs_out(server: Server, target: str) -> None:
    """rule 50, H1"""
    line = target.replace(" ", "%20").encode()
    answer = raw(server, b"GET " + line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(answer) in (400, 404)
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/.secret",
        "/.git/config.html",
        "/articles/.a.html.tmp",
        "/articles/.hidden.html",
        "/state.db",
        "/noted.tmp",
        "/link.html",
        "/linked/secret.html",
        "/pipe.html",
        "/404.html",
        "/articles",
        "/articles/",
    ],
)
def test_what_is_not_a_document_is_not_there(server: Server, path: str) -> None:
    """rule 50, H2, H3"""
    reply = get(server, path)
    assert reply.status == 404
    assert b"Not here" in reply.body
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "etag" not in reply.headers


def test_addresses_are_understood_in_each_form(server: Server) -> None:
    """RFC 9112 3.2.2: the absolute form; names beyond ASCII; a query is not part of the name."""
    for target in ("/feed.xml?x=1", "http://other.example/feed.xml", "/%66eed.xml"):
        assert get(server, target).body.decode() == FILES["feed.xml"]
    assert get(server, "http://other.example").body.decode() == FILES["index.html"]
    assert b"Unicode" in get(server, "/articles/stra%C3%9Fe%20%C3%A9.html").body


def test_a_folder_is_its_index_page(server: Server) -> None:
    assert b"Tag" in get(server, "/tags/x/").body
    reply = get(server, "/tags/x", Host="evil.example")
    assert (reply.status, reply.headers["location"]) == (301, "./x/")


def test_what_is_asked_for_below_the_path_of_the_public_address_is_what_is_asked_for_without(output: Path) -> None:
    """A proxy may leave that path on, and the page for what is not there names it; what is published comes first."""
    shelf = Shelf(output)
    shelf.load(gone=frozenset({"articles/gone.html"}))
    with serving(shelf, base="https://example.org/tags/m%C3%A9/") as server:
        assert get(server, "/tags/m%C3%A9/style.css").body.decode() == FILES["style.css"]
        assert get(server, "/tags/m%C3%A9/").body.decode() == FILES["index.html"]
        assert get(server, "/tags/m%C3%A9/articles/gone.html").status == 410
        assert get(server, "/tags/m%C3%A9/nothing").status == 404
        assert get(server, "/tags/x/").body.decode() == FILES["tags/x/index.html"]


def test_withdrawn_pages_are_410_and_moved_feeds_301(server: Server) -> None:
    """rule 53: the page's own words where there is one; conditions do not apply to it."""
    reply = get(server, "/articles/gone.html", If_None_Match="*")
    assert (reply.status, reply.body.decode()) == (410, FILES["articles/gone.html"])
    reply = get(server, "/articles/nothing.html")
    assert (reply.status, reply.body) == (410, b"410 Gone\n")
    reply = get(server, "/old.xml", Host="evil.example")
    assert (reply.status, reply.headers["location"]) == (301, "https://example.org/feed.xml")
    assert get(server, "/alt.xml").headers["location"] == "/%C3%A9%20feed.xml"


def test_a_bare_site_still_answers(tmp_path: Path) -> None:
    """rule 49: no icon is 204, no 404 page is two words, no index is 404."""
    shelf = Shelf(tmp_path)
    shelf.load()
    with serving(shelf) as server:
        assert get(server, "/favicon.ico").status == 204
        assert get(server, "/none").body == b"404 Not Found\n"
        assert get(server, "/").status == 404


# --- health


def test_health_tells_why(folder: Path) -> None:
    """rule 47"""
    state: dict[str, object] = {}
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf, health=lambda: (not state, state)) as server:
        reply = get(server, "/health")
        assert (reply.status, json.loads(reply.body), reply.headers["cache-control"]) == (200, {"ready": True}, "no-store")
        state["reason"] = "the disk is full: \u00e9"
        reply = get(server, "/health")
        assert (reply.status, json.loads(reply.body)["reason"]) == (503, state["reason"])
        assert int(reply.headers["retry-after"]) > 0


def test_health_answers_whatever_a_folder_is_called(folder: Path) -> None:
    """rule 47: a name that is not UTF-8 too."""
    state = {"reason": os.fsdecode(b"/srv/caf\xe9 is not watched")}
    with serving(Shelf(folder), health=lambda: (True, state)) as server:
        reply = get(server, "/health")
        assert (reply.status, json.loads(reply.body)) == (200, {"ready": True, **state})


# --- desks


def test_a_desk_answers_where_no_document_is(folder: Path) -> None:
    """With what it is asked: path, query, header fields, and who asks; a HEAD is told how long the answer would be."""
    heard: list[Asked] = []

    def desk(asked: Asked) -> Told:
        heard.append(asked)
        return Told(203, "text/plain; charset=utf-8", b"told", (("X-Own", "caf\xe9"),))

    with serving(Shelf(folder), desks={"desk": desk}) as server:
        reply = get(server, "/desk?a=%20b&c", Accept="x", Cookie="y")
        assert (reply.status, reply.body, reply.headers["x-own"]) == (203, b"told", "caf\xe9")
        assert reply.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert (heard[0].path, heard[0].query, heard[0].client) == ("desk", "a=%20b&c", "127.0.0.1")
        assert heard[0].fields == {"host": "{}:{}".format(*server.address), "accept": "x", "cookie": "y"}
        head = get(server, "/d%65sk", "HEAD")
        assert (head.status, head.body, head.headers["content-length"]) == (203, b"", "4")
        assert get(server, "/desk", "POST").status == 405
        assert status(raw(server, b"GET http://evil.example/desk HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) == 203
        assert heard[-1].fields["host"] == "evil.example", "of two names the one in the target counts (RFC 9112 section 3.2.2)"


def test_to_whom_a_desk_tells_nothing_its_address_is_like_any_other_that_is_unknown(folder: Path) -> None:
    """Byte for byte, whether a 404 page is published or not."""
    shelf = Shelf(folder)
    for _ in range(2):
        shelf.load()
        with serving(shelf, desks={"secret": lambda asked: None}) as server:
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                told, unknown = (get(server, path, method) for path in ("/secret", "/nothing"))
                assert (told.status, told.headers | {"date": ""}, told.body) == (unknown.status, unknown.headers | {"date": ""}, unknown.body)
        (folder / "404.html").unlink(missing_ok=True)


def test_a_desk_that_takes_its_time_stops_nobody_else(folder: Path) -> None:
    """Its answer is made in a thread; where the disk fails, it is to be asked for again."""
    shelf, go = Shelf(folder), threading.Event()
    shelf.load()

    def slow() -> Told:
        assert go.wait(10)
        return Told(200, "text/plain", b"at last")

    def broken() -> Told:
        raise OSError("the disk is gone")

    with serving(shelf, desks={"slow": lambda asked: slow, "broken": lambda asked: broken}) as server:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(get, server, "/slow")
            assert get(server, "/feed.xml").status == 200
            assert not waiting.done()
            go.set()
            assert waiting.result().body == b"at last"
        reply = get(server, "/broken")
        assert (reply.status, "retry-after" in reply.headers) == (503, True)


def test_during_a_first_build_it_is_503_and_not_404(tmp_path: Path) -> None:
    """rule 47: a reader that comes too early does not give the feed up."""
    ready = False
    shelf = Shelf(tmp_path)
    shelf.load(gone={"articles/gone.html"})
    with serving(shelf, health=lambda: (ready, {})) as server:
        for path in ("/", "/feed.xml", "/favicon.ico"):
            reply = get(server, path)
            assert (reply.status, "retry-after" in reply.headers) == (503, True)
        assert get(server, "/articles/gone.html").status == 410
        ready = True
        assert get(server, "/feed.xml").status == 404
        ready = False
        write(tmp_path, "feed.xml", FILES["feed.xml"])
        shelf.load()
        assert (get(server, "/feed.xml").status, get(server, "/none").status) == (200, 404)


def test_before_the_first_load_it_is_503_and_never_an_empty_200(tmp_path: Path) -> None:
    """rule 47: a missing folder is not an empty site, and a refresh does not make one of it."""
    shelf = Shelf(tmp_path / "output")
    shelf.refresh(["feed.xml"], [], ())
    shelf.load()
    with serving(shelf) as server:
        reply = get(server, "/feed.xml")
        assert (reply.status, "retry-after" in reply.headers) == (503, True)
        write(tmp_path, "output/feed.xml", FILES["feed.xml"])
        shelf.load()
        assert get(server, "/feed.xml").status == 200


# --- the shelf


def test_refresh_shows_what_changed_and_only_that(folder: Path) -> None:
    """rule 60: changed, new, removed, gone and back."""
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf) as server:
        before = get(server, "/feed.xml")
        write(folder, "feed.xml", ATOM.format("Newer", ""), when=THEN + 60)
        assert get(server, "/feed.xml") == before._replace(headers={**before.headers, "date": get(server, "/feed.xml").headers["date"]})
        write(folder, "articles/b.html", "<title>B</title>")
        (folder / "articles/a.html").unlink()
        shelf.refresh(["feed.xml", "articles/b.html", "articles/.x.html", "../x.html", "state.db"], ["articles/a.html"], {"articles/a.html"})
        after = get(server, "/feed.xml", If_None_Match=before.headers["etag"])
        assert (after.status, after.headers["last-modified"]) == (200, formatdate(THEN + 60, usegmt=True))
        assert b"Newer" in after.body
        assert get(server, "/articles/b.html").status == 200
        assert get(server, "/articles/a.html").status == 410
        shelf.refresh([], [], ())
        assert get(server, "/articles/a.html").status == 404


def test_a_page_replaced_or_removed_behind_our_back_is_right_or_absent(folder: Path) -> None:
    """H16: what is served is one version, with that version's tag."""
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf) as server:
        old = get(server, "/articles/a.html", "HEAD").headers["etag"]
        shelf = Shelf(folder)
        write(folder, "articles/a.html", "<title>Other</title>")
        shelf.load()
        right = shelf.manifest.items["articles/a.html"].tag if shelf.manifest else ""
    with serving(shelf) as server:
        assert right not in old
        assert get(server, "/articles/a.html").headers["etag"] == f'W/"{right}"'
        write(folder, "articles/a.html", "<title>Third</title>")
        shelf.refresh([], [], ())
        assert get(server, "/articles/a.html").body == b"<title>Other</title>"  # still held, still whole
        write(folder, "articles/b.html", "<title>Fourth</title>")
        shelf.refresh(["articles/b.html"], [], ())
        write(folder, "articles/b.html", "<title>Fifth</title>")
        reply = get(server, "/articles/b.html")
        assert reply.body == b"<title>Fifth</title>"
        known = get(server, "/articles/b.html", If_None_Match=reply.headers["etag"])
        assert known.status in (200, 304)
        (folder / "articles/b.html").unlink()
        (folder / "articles/b.html").symlink_to(folder / "feed.xml")
        assert get(server, "/articles/b.html").status == 404


def test_a_file_that_cannot_be_read_now_stays_as_it_was_known(folder: Path) -> None:
    """rule 47: a passing error of the system is 503 for its page, and takes no document off the shelf."""
    shelf = Shelf(folder)
    shelf.load()
    assert shelf.manifest
    before = dict(shelf.manifest.items)
    sent: list[dict[str, object]] = []

    async def receive() -> object:
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def ask() -> None:
        await asyncio.to_thread(int)  # the thread is there before descriptors are short
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            shelf.load()
            shelf.refresh(["feed.xml", "articles/a.html", "articles/new.html"], [], ())
            await app(shelf, health=lambda: (True, {}))(
                {"type": "http", "method": "GET", "raw_path": b"/articles/a.html", "headers": []}, receive, send
            )
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    asyncio.run(ask())
    assert dict(shelf.manifest.items) == before
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"5") in sent[0]["headers"]  # type: ignore[operator]


def test_a_file_too_large_to_hold_is_not_served(folder: Path) -> None:
    """I13: its size is looked at before its bytes."""
    (folder / "articles" / "big.html").write_bytes(b"")
    os.truncate(folder / "articles" / "big.html", 10 * 1024**3)
    (folder / "articles" / "most.html").write_bytes(b"x" * LARGEST)
    shelf = Shelf(folder, room=1)
    shelf.load()
    with serving(shelf) as server:
        assert get(server, "/articles/big.html").status == 404
        assert len(get(server, "/articles/most.html").body) == LARGEST
        os.truncate(folder / "articles" / "most.html", LARGEST + 1)
        shelf.refresh(["articles/most.html"], [], ())
        assert get(server, "/articles/most.html").status == 404


def test_a_folder_that_cannot_be_listed_keeps_its_documents() -> None:
    """rule 47"""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        for path in ("feed.xml", "articles/a.html"):
            write(folder, path, FILES[path])
        shelf = Shelf(folder)
        shelf.load()
        (folder / "articles").chmod(0)
        stack.callback((folder / "articles").chmod, 0o755)
        if os.geteuid() == 0:  # root may list everything, so it looks as nobody
            os.seteuid(65534)
            stack.callback(os.seteuid, 0)
        shelf.load()
        assert shelf.manifest
        assert sorted(shelf.manifest.items) == ["articles/a.html", "feed.xml"]


def test_the_cache_forgets_the_oldest_first_and_stays_within_its_room(folder: Path) -> None:
    for name in "bcd":
        write(folder, f"articles/{name}.html", f"<title>{name}</title>" + os.urandom(2000).hex())
    shelf = Shelf(folder, room=9_000)
    shelf.load()
    assert shelf.manifest
    items = [shelf.manifest.items[f"articles/{name}.html"] for name in "bcd"]
    for item in items:
        assert shelf.read(item)
    assert shelf.held(items[0]) is None
    assert shelf.held(items[2]) is not None


def test_a_thousand_reads_during_fifty_rebuilds_are_all_whole(folder: Path) -> None:
    """rule 52, O4, H16"""
    shelf = Shelf(folder)
    shelf.load()
    versions = [ATOM.format(n, f"<entry><title>{n}</title></entry>" * (n * 37 % 300)) for n in range(50)]

    def read(server: Server, count: int) -> set[str]:
        connection = http.client.HTTPConnection(*server.address, timeout=10)
        seen = set()
        for n in range(count):
            path = ("/feed.xml", "/articles/a.html")[n % 2]
            connection.request("GET", path, headers={"Accept-Encoding": ("gzip", "identity")[n // 2 % 2]})
            reply = connection.getresponse()
            body = reply.read()
            root = ET.fromstring(gzip.decompress(body) if reply.headers["content-encoding"] else body)
            titles = [element.text for element in root.iter("{http://www.w3.org/2005/Atom}title")]
            assert len(set(titles)) == 1
            seen.add(str(titles[0]))
        connection.close()
        return seen

    with serving(shelf) as server, concurrent.futures.ThreadPoolExecutor(4) as pool:
        write(folder, "feed.xml", versions[0])
        write(folder, "articles/a.html", versions[0])
        shelf.load()
        readers = [pool.submit(read, server, 250) for _ in range(4)]
        for version in versions:
            write(folder, "articles/a.html", version)
            write(folder, "feed.xml", version)
            shelf.refresh(["articles/a.html", "feed.xml"], [], ())
            time.sleep(0.01)
        assert len(set().union(*(reader.result() for reader in readers))) > 3


# --- hostile and unlucky clients

HEAD = b"GET /feed.xml HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400),
        (HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        (HEAD + b"Content-Length: 3, 3\r\n\r\nabc", 400),
        (HEAD + b"Content-Length: +5\r\n\r\nabcde", 400),
        (HEAD + b"Content-Length: 1_0\r\n\r\n0123456789", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length:\r\n\r\n", 400),
        (HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", 400),
        (HEAD + b"X: a\r\n b\r\n\r\n", 400),
        (HEAD + b"X : a\r\n\r\n", 400),
        (HEAD + b"X\r\n\r\n", 400),
        (HEAD + b"X: a\0b\r\n\r\n", 400),
        (HEAD + b"X: a\rb\r\n\r\n", 400),
        (HEAD + b"X: a\nY: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"\0\r\n\r\n", 400),
        (b"\r\n\r\n\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n", 411),
        (HEAD + b"Content-Length: 65537\r\n\r\n", 413),
        (HEAD + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n", 417),
        (HEAD + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n", 431),
        (HEAD + b"X: y\r\n" * 5_000 + b"\r\n", 431),
        (HEAD + b"X: y\r\n" * 100 + b"\r\n", 431),
        (b"GET /" + b"x" * 262_144 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"x" * 8_192 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"G" * 300_000, 414),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), 400),
    ],
)
def test_what_is_not_exactly_a_request_is_refused_and_closed(server: Server, request_: bytes, expected: int) -> None:
    """H5, H6, H7, H11, H14: nothing after it is taken for a request."""
    answer = raw(server, request_ + b"GET /rss.xml HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(answer) == expected
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer
    assert b"\r\ndate: " in answer


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\nHost: x\n\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\nX: \0"])
def test_what_no_further_byte_can_mend_is_refused_at_once(server: Server, start: bytes) -> None:
    """H7, H14: 400, not 408 after a wait."""
    assert status(raw(server, start)) == 400


def test_a_refusal_is_not_reset_away_while_the_client_still_sends(server: Server) -> None:
    """H5: a client that sends first and reads later still finds the answer (RFC 9112 9.6)."""
    with dial(server) as client:
        client.sendall(b"BROKEN\r\n\r\n")
        assert status(until_closed(client)) == 400
        for _ in range(3):
            client.sendall(b"x" * 1000)
            time.sleep(0.03)


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"X:y\r\n" * 98 + b"\r\n",
        b"GET /feed.xml?" + b"x" * 8_178 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"X: \xe9\t y \r\n\r\n",
        HEAD + b"Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n\r\n",
        b"\r\n" + HEAD + b"\r\n",
        b"GET /feed.xml HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET /feed.xml HTTP/1.1\r\nhOST: [::1]:80\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_what_is_odd_but_right_is_answered(server: Server, request_: bytes) -> None:
    """H7: strict is not narrow. A second request on the connection is understood too."""
    answer = raw(server, request_, HEAD + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def feed(gate: _Gate, *pieces: bytes) -> list[bytes]:
    """Return the requests that a gate makes of pieces."""
    taken = []
    for piece in pieces:
        gate.feed(piece)
        while (request := gate.take()) is not None:
            taken.append(request)
    return taken


def test_a_request_is_cut_right_wherever_the_network_cuts_it() -> None:
    """H7: any split of two requests gives the same two requests, and a wrong one is refused at every split."""
    first, second = b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n\r\n\r\n", b"\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"
    for cut in range(len(first + second) + 1):
        gate = _Gate(Limits())
        assert feed(gate, (first + second)[:cut], (first + second)[cut:]) == [first, second[2:]]
        assert len(gate) == 0
    wrong = b"GET /a HTTP/1.1\r\nHost: x\r\nX: a\n b\r\n\r\n"
    for cut in range(1, len(wrong)):
        gate = _Gate(Limits())
        with pytest.raises(_RefusedError, match="400"):
            feed(gate, wrong[:cut], wrong[cut:])


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    """H7: and a wrong one waits for the answers before it."""
    targets = ["/feed.xml", "/articles/a.html", "/none", "/rss.xml"] * 25
    requests = b"".join(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for target in targets)
    answer = raw(server, requests + b"BROKEN\r\n\r\n")
    statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 200, 404, 200] * 25 + [400]


def test_a_client_that_pipelines_without_end_is_not_buffered_without_end(folder: Path) -> None:
    """H4: while answers wait to be taken, no more is read."""
    (folder / "feed.xml").write_text(BIG)
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf, Limits(write=30)) as server, dial(server) as client:
        client.settimeout(0.5)
        sent, request = 0, HEAD + b"X: " + b"y" * 8_000 + b"\r\n\r\n"
        with contextlib.suppress(TimeoutError):
            while sent < 64 * 1024 * 1024:
                sent += client.send(request)
        assert sent < 16 * 1024 * 1024


def test_the_host_is_never_reflected(server: Server) -> None:
    """H11"""
    for path in ("/", "/none", "/tags/x", "/old.xml", "/health", "/%zz"):
        reply = get(server, path, Host="evil.example", X_Forwarded_Host="evil.example")
        assert "evil" not in str(reply.headers) + reply.body.decode()


def test_a_half_closed_client_in_the_middle_of_a_long_answer_gets_all_of_it(folder: Path) -> None:
    """RFC 9112 9.6"""
    (folder / "feed.xml").write_text(BIG * 15)
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf, Limits()) as server, dial(server) as client:
        client.sendall(HEAD + b"\r\n")
        time.sleep(0.2)
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client).endswith((BIG * 15).encode())


def test_only_http_is_spoken(tmp_path: Path) -> None:
    """An ASGI server that offers a lifespan or a WebSocket is told no."""
    with pytest.raises(RuntimeError, match="HTTP only, not lifespan"):
        asyncio.run(app(Shelf(tmp_path), health=lambda: (True, {}))({"type": "lifespan"}, None, None))  # type: ignore[arg-type, typeddict-item]


def test_old_and_half_closed_clients_get_their_answer(server: Server) -> None:
    """RFC 9112 9.6: a client may shut its side and wait; HTTP/1.0 needs no Host."""
    assert raw(server, b"GET /rss.xml HTTP/1.0\r\n\r\n").endswith(FILES["rss.xml"].encode())
    with dial(server) as client:
        client.sendall(HEAD + b"\r\n")
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client).endswith(FILES["feed.xml"].encode())
    with dial(server) as client:
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client) == b""


def test_a_slow_head_or_body_is_408_and_closed(server: Server) -> None:
    """H4: however often a byte comes."""
    for start in (b"", HEAD + b"Content-Length: 60000\r\n\r\n"):
        with dial(server) as client:
            begin = time.monotonic()
            client.sendall(start + b"G")
            while not select.select([client], [], [], 0.05)[0]:
                client.sendall(b"E")
            assert status(until_closed(client)) == 408
            assert 0.3 < time.monotonic() - begin < 3


def test_a_silent_or_idle_connection_is_closed_without_a_word(server: Server) -> None:
    """H4"""
    with dial(server) as client:
        assert until_closed(client) == b""
    with dial(server) as client:
        begin = time.monotonic()
        client.sendall(HEAD + b"\r\n")
        answer = until_closed(client)
        assert answer.count(b"HTTP/1.1") == 1
        assert answer.endswith(FILES["feed.xml"].encode())
        assert 0.4 < time.monotonic() - begin < 3


def test_a_client_that_does_not_read_is_cut_off(folder: Path) -> None:
    """H4: in the middle of an answer and at its end."""
    (folder / "feed.xml").write_text(BIG * 10)
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf) as server:
        for closing in (b"", b"Connection: close\r\n"):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(server.address)
                client.settimeout(10)
                client.sendall(HEAD + closing + b"\r\n")
                time.sleep(1.2)
                assert len(until_closed(client)) < len(BIG * 10)
        assert get(server, "/").status == 200


def test_a_slow_but_steady_reader_gets_everything(folder: Path) -> None:
    """H4: the limit is on standing still, not on the whole answer. H16: and the bytes are those of the version it began with."""
    (folder / "feed.xml").write_text(BIG * 15)
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf) as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.connect(server.address)
        client.settimeout(10)
        client.sendall(HEAD + b"Connection: close\r\n\r\n")
        got = client.recv(1000)
        write(folder, "feed.xml", FILES["feed.xml"])
        shelf.refresh(["feed.xml"], [], ())
        begin = time.monotonic()
        while data := client.recv(128 * 1024):
            got += data
            time.sleep(0.015)
        assert time.monotonic() - begin > QUICK.write
        assert got.partition(b"\r\n\r\n")[2] == (BIG * 15).encode()


def test_the_last_piece_of_an_answer_that_is_never_taken_is_dropped(folder: Path) -> None:
    """H4: the answer is complete for us, its last bytes wait for the client, and the idle time is over."""
    (folder / "feed.xml").write_text("<feed>" + "x" * 60_000)
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf) as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(server.address)
        for _ in range(500):
            client.sendall(HEAD + b"\r\n")
            time.sleep(0.01)
            if any(door.transport.get_write_buffer_size() for door in server._host.waiting):
                break
        else:
            pytest.fail("the system took all answers itself")
        time.sleep(1.2)
        assert not server._host.server_state.connections


def test_a_client_that_leaves_in_mid_answer_is_no_news(folder: Path) -> None:
    """H15"""
    (folder / "feed.xml").write_text(BIG * 4)
    shelf = Shelf(folder)
    shelf.load()
    lines: list[str] = []
    with serving(shelf, log=lines.append) as server:
        for _ in range(20):
            with dial(server) as client:
                client.sendall((HEAD + b"\r\n") * 3)
                client.recv(10)
        assert get(server, "/").status == 200
    assert lines == []


def test_too_many_connections_shed_the_oldest_idle_one(server: Server) -> None:
    """H13"""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(dial(server)) for _ in range(3 * QUICK.connections)]
        assert get(server, "/feed.xml").status == 200
        assert until_closed(clients[0]) == b""


def test_with_nothing_to_shed_a_newcomer_is_asked_to_come_back(folder: Path) -> None:
    """H13, rule 47"""
    (folder / "feed.xml").write_text(BIG * 10)
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf, Limits(connections=2, linger=0.3)) as server, contextlib.ExitStack() as stack:
        for _ in range(2):
            busy = stack.enter_context(socket.socket())
            busy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            busy.connect(server.address)
            busy.sendall(HEAD + b"\r\n")
            busy.recv(10)
        time.sleep(0.1)
        answer = raw(server, HEAD + b"\r\n")
        assert status(answer) == 503
        assert b"\r\nretry-after: 5\r\n" in answer


def test_a_refused_client_that_never_stops_sending_is_cut_off(server: Server) -> None:
    """H5: reading on after a refusal has an end."""
    with dial(server) as client:
        sent = 0
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while sent < 256 * 1024 * 1024:
                sent += client.send(b"X" * 65536)
        assert sent < 64 * 1024 * 1024


SCARCE = """
import pathlib, resource, sys
from feeder.listener import Limits, Server
from feeder.server import app
from feeder.shelf import Shelf
resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
shelf = Shelf(pathlib.Path(sys.argv[1]))
shelf.load()
server = Server(app(shelf, health=lambda: (True, {})), host="127.0.0.1", port=0, limits=Limits(), log=lambda line: print(line, file=sys.stderr))
server.start()
print(server.address[1], flush=True)
sys.stdin.read()
server.stop(0)
"""


def test_out_of_file_descriptors_it_still_answers(folder: Path) -> None:
    """H13: the system's limit is below ours; the oldest idle connections make room."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCARCE, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process, contextlib.ExitStack() as stack:
        assert process.stdout
        port = int(process.stdout.readline())
        for _ in range(80):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", "/articles/a.html")
        assert client.getresponse().status in (200, 503)
        client.close()
        said = process.communicate("", timeout=10)[1]
    assert "system resource" in said
    assert process.returncode == 0


# --- the server's life


def test_a_taken_or_forbidden_address_is_told_at_once(server: Server, tmp_path: Path) -> None:
    def start(host: str, port: int) -> str:
        other = Server(app(Shelf(tmp_path), health=lambda: (True, {})), host=host, port=port)
        with pytest.raises(FeederError) as error:
            other.start()
        assert not other.alive
        other.stop()
        return str(error.value)

    port = server.address[1]
    assert start("127.0.0.1", port).startswith(f"cannot serve on 127.0.0.1:{port}: it is taken: another `feeder`")
    assert "--port" in start("127.0.0.1", port)
    assert "no such address" in start("192.0.2.1", 0)
    assert "a..b:80:" in start("a..b", 80)
    assert "127.0.0.1:70000" in start("127.0.0.1", 70_000)
    assert "[::1%none]:1:" in start("::1%none", 1)


def test_it_starts_answers_and_stops_within_its_grace(folder: Path) -> None:
    """J6: an idle client and one that never reads do not hold it."""
    (folder / "feed.xml").write_text(BIG * 10)
    shelf = Shelf(folder)
    shelf.load()
    server = Server(app(shelf, health=lambda: (True, {})), host="127.0.0.1", port=0)
    server.start()
    assert server.alive
    assert server.address[1] > 0
    with dial(server) as idle, socket.socket() as stuck:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.recv(10)
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(server.address)
        stuck.sendall(HEAD + b"\r\n")
        stuck.recv(10)
        begin = time.monotonic()
        server.stop(0.3)
        assert time.monotonic() - begin < 2
    assert [server.alive] == [False]
    with pytest.raises(ConnectionRefusedError):
        dial(server)


def test_stop_lets_an_answer_finish(folder: Path) -> None:
    """J6"""
    (folder / "feed.xml").write_text(BIG * 4)
    shelf = Shelf(folder)
    shelf.load()
    server = Server(app(shelf, health=lambda: (True, {})), host="127.0.0.1", port=0)
    server.start()
    with dial(server) as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
        client.sendall(HEAD + b"\r\n")
        got = client.recv(1000)
        stopping = pool.submit(server.stop, 5.0)
        time.sleep(0.2)
        got += until_closed(client)
        assert got.partition(b"\r\n\r\n")[2] == (BIG * 4).encode()
        stopping.result(10)
    assert not server.alive


def test_an_error_of_ours_is_a_500_and_one_line_in_the_log(folder: Path) -> None:
    def health() -> tuple[bool, Mapping[str, object]]:
        raise LookupError("no\nstate")

    lines: list[str] = []
    shelf = Shelf(folder)
    shelf.load()
    with serving(shelf, log=lines.append, health=health) as server:
        assert get(server, "/health").status == 500
        assert get(server, "/feed.xml").status == 200
    assert lines == ["server: Exception in ASGI application: LookupError('no\\nstate')"]


def test_now_is_told_in_every_answer(server: Server) -> None:
    """RFC 9110 6.6.1"""
    assert abs(parsedate_to_datetime(get(server, "/feed.xml").headers["date"]).timestamp() - time.time()) < 5
