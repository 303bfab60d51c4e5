"""What becomes of a picture's or a recording's bytes before they are published."""

from __future__ import annotations

import struct
import time
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.errors import Unreadable
from feeder.media import SUFFIXES, guessed, prepared
from tests import beside
from tests.beside import PLACE

TELLING = {
    "image/jpeg": beside.jpeg(turn=1),
    "image/png": beside.png(turn=1),
    "image/gif": beside.gif(told=True),
    "image/webp": beside.webp(turn=1),
    "audio/mpeg": beside.mp3(title="A talk", told=True),
    "audio/mp4": beside.m4a(told=True),
    "audio/wav": beside.wav(told=True),
    "audio/flac": beside.flac(told=True),
}
SILENT = {
    "image/jpeg": beside.jpeg(),
    "image/png": beside.png(),
    "image/gif": beside.gif(),
    "image/webp": beside.webp(),
    "audio/mpeg": beside.mp3(title="A talk"),
    "audio/mp4": beside.m4a(),
    "audio/wav": beside.wav(),
    "audio/flac": beside.flac(),
    "audio/ogg": beside.ogg(),
    "video/mp4": beside.m4a(track=b"vide"),
}


@pytest.mark.parametrize("kind", TELLING)
def test_what_tells_a_place_is_not_published(kind: str) -> None:
    """C24: camera data, XMP, IPTC, comments, private data, what lies behind the picture, and the covers of recordings."""
    assert PLACE in TELLING[kind] or zlib.compress(PLACE) in TELLING[kind]
    medium, body = prepared(TELLING[kind])
    assert medium.type == kind
    assert PLACE not in body
    assert b"GPS" not in body
    assert zlib.compress(PLACE) not in body


@pytest.mark.parametrize("kind", SILENT)
def test_what_tells_nothing_is_published_as_it_is(kind: str) -> None:
    """To the byte: nothing is decoded, nothing encoded anew."""
    medium, body = prepared(SILENT[kind])
    assert (medium.type, medium.length, body) == (kind, len(body), SILENT[kind])


@pytest.mark.parametrize("body", [*TELLING.values(), *SILENT.values()], ids=[*TELLING, *SILENT])
def test_what_was_prepared_once_stays_as_it_is(body: bytes) -> None:
    """So that a picture taken from a published page has the address it had."""
    medium, clean = prepared(body)
    again, cleaner = prepared(clean)
    assert cleaner == clean
    assert again.name == medium.name


def test_the_pixels_are_those_of_the_file() -> None:
    """Only what stands around them is left out: colours, tables and coded data stay."""
    plain, cleaned = beside.jpeg(), prepared(beside.jpeg(turn=1))[1]
    assert cleaned == plain
    assert prepared(beside.png(turn=1))[1] == beside.png()
    assert prepared(beside.gif(told=True))[1] == beside.gif()
    assert b"ICC_PROFILE" in cleaned


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("make", [beside.jpeg, beside.png, beside.webp])
def test_which_way_up_is_kept(make: object, turn: int) -> None:
    """A picture on its side stays upright for readers, and its width and height are those of what they see."""
    medium, body = prepared(make(turn=turn))  # type: ignore[operator]
    upright, _ = prepared(make())  # type: ignore[operator]
    across = (upright.width, upright.height) if turn < 5 else (upright.height, upright.width)
    assert (medium.width, medium.height) == across
    said = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">H", turn)
    assert (said in body) == (turn > 1)


def test_sizes_are_read_from_the_header() -> None:
    """In pixels."""
    found = [(m.width, m.height) for m in (prepared(b)[0] for b in (beside.jpeg(640, 480), beside.png(3, 7), beside.gif(9, 5), beside.webp(16, 2)))]
    assert found == [(640, 480), (3, 7), (9, 5), (16, 2)]


@pytest.mark.parametrize(
    "body",
    [beside.jpeg(65_000, 65_000), beside.png(1_000_000, 1_000_000), beside.png(20_001, 1), beside.gif(65_535, 65_535), beside.webp(16_384, 16_384)],
)
def test_a_bomb_is_refused_before_anybody_decodes_it(body: bytes) -> None:
    """C23: a few bytes that unpack to gigabytes."""
    assert len(body) < 2000
    began = time.process_time()
    with pytest.raises(Unreadable, match="at most 50 million and 20,000 a side"):
        prepared(body)
    assert time.process_time() - began < 0.5


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def _within(kind: bytes, depth: int) -> bytes:
    """Boxes in boxes, with nothing in the innermost."""
    return b"".join(struct.pack(">I", 8 * left) + kind for left in range(depth, 0, -1))


@pytest.mark.parametrize(
    "body",
    [
        beside.jpeg().replace(b"coded", b"\xff" * 300_000),
        b"ID3\x03\0\0\0\0\0\0" * 100_000 + beside.mp3(title="A talk"),
        beside.m4a() + _box(b"free", bytes(2_000_000)) + _box(b"moov", _within(b"udta", 90_000)),
    ],
    ids=["jpeg", "mp3", "mp4"],
)
def test_time_grows_with_the_length_of_a_file_and_not_faster(body: bytes) -> None:
    """C23: fill bytes, empty tags and boxes in boxes, some hundred thousand of them."""
    began = time.process_time()
    prepared(body)
    assert time.process_time() - began < 4


def test_a_place_that_cameras_and_taggers_hide_elsewhere_is_not_published() -> None:
    """C24: the XML that cameras note of a film as a whole, the tag behind an MP3 with its cover, private frames in a chapter."""
    film = beside.m4a() + _box(b"meta", bytes(4) + _box(b"hdlr", bytes(8) + b"nrtm") + _box(b"xml ", b"<Item name='Latitude'>" + PLACE))
    item = struct.pack("<II", len(PLACE), 0) + b"Record Location\0" + PLACE
    ends = [b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, flags) + bytes(8) for flags in (0xA0000000, 0x80000000)]
    tagged = beside.mp3(title="A talk") + ends[0] + item + ends[1]
    inner = b"TXXX" + struct.pack(">I", 30) + b"\0\0\0location\0" + PLACE
    frame = b"CHAP" + struct.pack(">I", len(inner) + 19) + b"\0\0c1\0" + bytes(16) + inner
    chapter = b"ID3\x03\0\0\0\0" + bytes([len(frame) >> 7, len(frame) & 0x7F]) + frame + beside.mp3()
    for body in (film, tagged, tagged + b"TAG" + bytes(125), chapter):
        assert PLACE in body
        assert PLACE not in prepared(body)[1]
    assert prepared(tagged)[1] == beside.mp3(title="A talk")


def test_a_place_far_behind_in_long_comments_is_found() -> None:
    """C24: comments may be longer than the page they begin on, which cuts the word in two."""
    words = b"LYRICS=" + b"la" * 40_000
    tags = b"OpusTags" + struct.pack("<II", 0, 2) + struct.pack("<I", len(words)) + words + struct.pack("<I", 20) + b"LOCATION=" + PLACE
    cut = tags.index(b"LOCATION") + 4
    pieces = [tags[at : min(at + 255 * 255, cut)] for at in range(0, cut, 255 * 255)] + [tags[cut:]]
    pages = b"".join(
        b"OggS\0\0"
        + struct.pack("<qIIIB", 0, 1, number, 0, (len(piece) + 254) // 255)
        + bytes([255] * (len(piece) // 255) + [len(piece) % 255] * bool(len(piece) % 255))
        + piece
        for number, piece in enumerate(pieces, 1)
    )
    plain = beside.ogg()
    head = plain[: plain.index(b"OggS", 4)]
    assert b"LOCATION" not in head + pages
    with pytest.raises(Unreadable, match="a place in its comments"):
        prepared(head + pages)


def test_a_webp_whose_parts_disagree_counts_as_the_larger() -> None:
    """C23: a small canvas may hold a bomb."""
    small = beside.webp(4, 4, turn=1)
    bomb = small.replace(struct.pack("<I", 3 | 3 << 14), struct.pack("<I", 16_383 | 16_383 << 14))
    assert bomb != small
    with pytest.raises(Unreadable, match="has 16384 by 16384"):
        prepared(bomb)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG can hold programs"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC or AVIF"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "save it as JPEG"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "QuickTime"),
        (b"<!doctype html><script>alert(1)</script>", "no picture and no recording"),
        (b"ID3\x03\0\0\0\0\0\0<script>alert(1)</script>", "without sound"),
        (b"ID3\x03\0\0\0\0\0\0" + beside.flac(told=True) + beside.mp3(), "without sound"),
        (b"OggS" + bytes(24) + b"\x80theora" + bytes(40), "a kind that is not taken"),
        (beside.ogg(b"LOCATION=" + PLACE), "a place in its comments"),
        (beside.m4a(track=b"meta"), "track of measurements"),
        (b"", "no picture"),
        (beside.jpeg(0, 8), "without a size"),
    ],
)
def test_what_is_refused_says_why(body: bytes, words: str) -> None:
    """Active content, formats that not everybody shows, and places that cannot be taken out."""
    with pytest.raises(Unreadable, match=words):
        prepared(body)


@pytest.mark.parametrize("kind", [kind for kind in SILENT if kind not in ("audio/mpeg", "audio/ogg")])
def test_half_a_file_is_refused(kind: str) -> None:
    """Whatever the half: it is still being copied, or damaged."""
    body = SILENT[kind]
    for end in range(12, len(body) - 6, 7):
        with pytest.raises(Unreadable):
            prepared(body[:end])


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_bytes_do_more_than_be_refused(data: st.DataObject) -> None:
    """C19, C23: a file is hostile until it is not."""
    body = bytearray(data.draw(st.sampled_from([*TELLING.values(), *SILENT.values()])))
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6)):
        body[at % len(body)] = byte
    try:
        medium, clean = prepared(bytes(body))
    except Unreadable:
        return
    assert medium.length == len(clean)


def test_a_recording_tells_how_long_it_is_and_what_it_is_called() -> None:
    """In whole seconds; what has none tells none."""
    told = [prepared(body)[0] for body in (beside.mp3(60, title="A talk"), beside.m4a(90, told=True), beside.wav(2), beside.flac(3), beside.ogg())]
    assert [m.duration for m in told] == [60, 90, 2, 3, 2]
    assert [m.title for m in told] == ["A talk", "A talk", None, None, "A talk"]


def test_what_a_file_is_called_does_not_matter() -> None:
    """Equal bytes have one address; other bytes another, and its suffix is that of what it is."""
    one, other = prepared(beside.jpeg())[0], prepared(beside.jpeg(note=b"x"))[0]
    assert one.name != other.name
    assert one == prepared(beside.jpeg(turn=1))[0]
    assert replace(one, name="").type == "image/jpeg"
    assert one.name.endswith(".jpg")
    assert prepared(beside.ogg())[0].name.endswith(".opus")


def test_an_address_elsewhere_is_taken_by_its_suffix() -> None:
    """Where only a link is made."""
    assert guessed("https://cdn.example/a/talk.MP3?x=1") == "audio/mpeg"
    assert guessed("https://cdn.example/feed") is None
    assert guessed("https://[bad/talk.mp3") is None
    assert {".jpg", ".jpeg", ".svg", ".mp3", ".heic"} <= SUFFIXES
