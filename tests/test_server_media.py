"""What a podcast client and a browser get when they ask for media: parts of them, for ever, and nothing held in memory."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from feeder.listener import Server
from feeder.server import app
from feeder.shelf import Shelf
from tests.test_server import THEN, get

NAME = "0123456789abcdef0123456789abcdef"
TALK, PHOTO, EMPTY = f"/media/{NAME}.mp3", f"/media/{NAME[::-1]}.jpg", f"/media/{'0' * 32}.wav"
BODY = bytes(range(256)) * 40_000  # more than is ever read at once


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "media").mkdir()
    for path, body in ((TALK, BODY), (PHOTO, b"picture"), (EMPTY, b"")):
        (tmp_path / path[1:]).write_bytes(body)
        os.utime(tmp_path / path[1:], (THEN, THEN))
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    shelf = Shelf(folder)
    shelf.load()
    server = Server(app(shelf, health=lambda: (True, {})), host="127.0.0.1", port=0)
    server.start()
    yield server
    server.stop()


def test_a_medium_may_be_kept_for_ever(server: Server) -> None:
    """Its address is the digest of its bytes: another picture has another one."""
    reply = get(server, TALK)
    assert (reply.status, reply.body == BODY, reply.headers["content-type"]) == (200, True, "audio/mpeg")
    assert reply.headers["cache-control"] == "max-age=31536000, immutable"
    assert reply.headers["etag"] == f'"{NAME}"'
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert get(server, TALK, If_None_Match=f'"{NAME}"').status == 304
    assert get(server, TALK, If_Modified_Since=formatdate(THEN, usegmt=True)).status == 304


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(BODY)),
        ("bytes=-5", len(BODY) - 5, len(BODY)),
        ("bytes=-999999999", 0, len(BODY)),
        ("bytes=70000-200000", 70_000, 200_001),
        (f"bytes=5-{10**15}", 5, len(BODY)),
        ("BYTES=1-2", 1, 3),
    ],
)
def test_one_range_is_answered_with_its_bytes(server: Server, asked: str, start: int, end: int) -> None:
    """RFC 9110 sections 14.2 and 15.3.7: a client goes on where it stopped."""
    reply = get(server, TALK, Range=asked)
    assert (reply.status, reply.body == BODY[start:end]) == (206, True)
    assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/{len(BODY)}"
    assert reply.headers["content-length"] == str(end - start)
    assert reply.headers["etag"] == f'"{NAME}"'


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=" + ",".join(f"{n}-" for n in range(500)), "items=0-1", "bytes=-", "bytes=5-2", "bytes=x", "x"]
)
def test_several_ranges_and_nonsense_get_all_of_it(server: Server, asked: str) -> None:
    """H8: as a server may (RFC 9110 section 14.2)."""
    reply = get(server, PHOTO, Range=asked)
    assert (reply.status, reply.body) == (200, b"picture")


@pytest.mark.parametrize(("path", "asked"), [(TALK, f"bytes={len(BODY)}-"), (TALK, "bytes=-0"), (TALK, "bytes=99999999999-"), (EMPTY, "bytes=0-")])
def test_a_range_that_is_not_there_is_416(server: Server, path: str, asked: str) -> None:
    """With the true length, so that the client can ask again (RFC 9110 section 15.5.17)."""
    reply = get(server, path, Range=asked)
    assert reply.status == 416
    assert reply.headers["content-range"] == f"bytes */{len(BODY) if path == TALK else 0}"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f'"{NAME}"', 206),
        (f'W/"{NAME}"', 200),
        ('"other"', 200),
        (formatdate(THEN, usegmt=True), 206),
        (formatdate(THEN + 1, usegmt=True), 200),
        ("x", 200),
    ],
)
def test_a_part_is_sent_only_of_what_the_client_has(server: Server, said: str, status: int) -> None:
    """RFC 9110 section 13.1.5: a weak tag never matches."""
    assert get(server, TALK, Range="bytes=0-9", If_Range=said).status == status


def test_a_head_has_the_fields_of_the_get(server: Server) -> None:
    """And a range means nothing to it (RFC 9110 section 14.2)."""
    head, whole = get(server, TALK, "HEAD", Range="bytes=0-9"), get(server, TALK)
    assert (head.status, head.body) == (200, b"")
    assert {k: v for k, v in head.headers.items() if k != "date"} == {k: v for k, v in whole.headers.items() if k != "date"}


def test_a_recording_of_any_length_is_served_without_being_read(folder: Path) -> None:
    """Ten gigabytes, of which there is nothing on the disk: neither loading nor a range looks at more than it needs."""
    with (folder / TALK[1:]).open("r+b") as file:
        file.truncate(10_000_000_000)
    began = time.process_time()
    shelf = Shelf(folder)
    shelf.load()
    server = Server(app(shelf, health=lambda: (True, {})), host="127.0.0.1", port=0)
    server.start()
    try:
        reply = get(server, TALK, Range="bytes=9999999990-")
        assert (reply.status, reply.body) == (206, bytes(10))
        assert get(server, TALK, "HEAD").headers["content-length"] == "10000000000"
    finally:
        server.stop()
    assert time.process_time() - began < 2


def test_a_medium_that_goes_away_or_changes_is_not_sent_half(server: Server, folder: Path) -> None:
    """H16: what is being sent is sent whole; then it is not there."""
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(f"GET {TALK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        got = client.recv(1000)
        (folder / TALK[1:]).unlink()
        while data := client.recv(65536):
            got += data
    assert got.endswith(BODY[-1000:])
    assert len(got) > len(BODY)
    assert get(server, TALK).status == 404
    (folder / PHOTO[1:]).write_bytes(b"shorter" * 2)
    assert get(server, PHOTO).status == 503


def test_a_client_that_leaves_takes_its_file_along(server: Server) -> None:
    """H15: no descriptor stays open behind it."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with socket.create_connection(server.address, timeout=10) as client:
            client.sendall(f"GET {TALK} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            client.recv(1000)
    end = time.monotonic() + 10
    while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < end:
        time.sleep(0.05)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_what_is_not_named_by_its_digest_is_no_medium(server: Server, folder: Path) -> None:
    """Somebody else's file in that folder may change: it is served like any other."""
    (folder / "media" / "logo.png").write_bytes(b"logo")
    shelf = Shelf(folder)
    shelf.load()
    manifest = shelf.manifest
    assert manifest is not None
    assert not manifest.items["media/logo.png"].lasts
    assert manifest.items[TALK[1:]].lasts
