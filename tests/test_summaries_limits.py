"""No article makes its summary slow: of a text of any size the same bounded part is looked at, counted in calls and characters, not in time."""

from __future__ import annotations

import gc
import sys
import time
from typing import TYPE_CHECKING

import pytest

from feeder import text
from feeder.model import Article, Block
from feeder.summarizers.extractive import summarize

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

MB = 1_000_000
STORY = "Anna Bell opened the bridge on Friday. Neighbours had asked for it for years. The mayor cut a ribbon at noon. "


def paragraph(body: str) -> Block:
    return Block("paragraph", body)


def repeated(unit: str) -> Callable[[int], tuple[Block, ...]]:
    """One block that is nothing but this, over and over."""
    return lambda size: (paragraph((unit * (size // len(unit) + 1))[:size]),)


def many(*blocks: Block) -> Callable[[int], tuple[Block, ...]]:
    """So many blocks that their texts come to a size."""
    length = sum(len(block.text) for block in blocks)
    return lambda size: blocks * (size // length)


HOSTILE: dict[str, Callable[[int], tuple[Block, ...]]] = {
    "one sentence": repeated("word "),
    "one word": repeated("a"),
    "no spaces": repeated("它很长"),
    "short sentences": repeated("It is. "),
    "open quotes": repeated("“"),
    "quotes and words": repeated("“a "),
    "straight quotes": repeated('" '),
    "open brackets": repeated("("),
    "square brackets": repeated("[A"),
    "commas": repeated("(a, [b, "),
    "greetings": repeated("Hello! "),
    "dots": repeated(". . . . "),
    "datelines": repeated("(CNN) -- "),
    "dashes": repeated("A - "),
    "dates": repeated("1/1/1 "),
    "capitals": repeated("By Ann "),
    "boilerplate": repeated("Subscribe to us now. "),
    "a story without end": repeated(STORY),
    "boilerplate in lines": many(paragraph("Read more here.")),
    "one-word blocks": many(paragraph("word")),
    "items": many(Block("item", "word " * 10)),
    "questions": many(paragraph("Who asks for it?")),
    "sentences in lines": many(paragraph("A bridge is a promise of one town to another.")),
    "stories": many(paragraph(STORY)),
    "long blocks": many(paragraph("a" * 4_000)),
    "headings and sentences": many(Block("heading", "News"), paragraph("A bridge is a promise of one town to another.")),
}


def effort(article: Article) -> tuple[int, int]:
    """The calls of Python functions that a summary takes, and the characters that are split into sentences or that methods of texts go through."""
    calls = characters = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls, characters
        if event == "call":
            calls += 1
            if frame.f_code is text.sentences.__code__:
                characters += len(frame.f_locals["text"])
        elif event == "c_call" and isinstance(body := getattr(argument, "__self__", None), str):
            characters += len(body)

    summarize(article)  # patterns and tables are made once
    gc.disable()  # its callbacks would be counted
    sys.setprofile(profile)
    try:
        summarize(article)
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls, characters


@pytest.mark.parametrize("name", HOSTILE)
def test_no_more_is_looked_at_in_ten_megabytes_than_in_one(name: str) -> None:
    """C22, C25: at most one step for each block more, to see whether it is prose."""
    small, large = (Article("a.txt", "Minutes of the town", "", HOSTILE[name](size), language="en") for size in (MB, 10 * MB))
    (calls, characters), (more_calls, same_characters) = effort(small), effort(large)
    assert same_characters == characters
    assert more_calls - calls <= len(large.blocks) - len(small.blocks)
    assert calls < 150_000


@pytest.mark.parametrize("kind", ["item", "caption", "code", "table", "heading"])
def test_what_is_no_prose_is_passed_by_at_one_step_for_a_block(kind: str) -> None:
    """A short story needs to know whether there is anything else to read."""
    made = Block(kind, "word")  # type: ignore[arg-type]
    few, more = (effort(Article("a.txt", "", "", (paragraph(STORY), *(made,) * number), language="en"))[0] for number in (1_000, 11_000))
    assert more - few <= 10_000


def test_a_title_is_looked_at_no_further_than_a_block() -> None:
    for blocks in ((paragraph(STORY),), HOSTILE["open quotes"](MB), HOSTILE["sentences in lines"](MB)):
        one, four = (effort(Article("a.txt", "word " * size, "", blocks, language="en")) for size in (10_000, 40_000))
        assert one == four


SHAPES = [
    *(
        "a",
        "A",
        "1",
        " .",
        "a ",
        "A ",
        "a. ",
        "A. ",
        "- ",
        "A - ",
        "!",
        "A—",
        "(",
        "(a",
        "[",
        "a: ",
        ": ",
        "1/",
        "1/1/1 ",
        "By Ann ",
        "By Ann Fox, ",
        "AB ",
    ),
    *(
        "“",
        "”",
        "“a",
        "„",
        "«",
        "‘‘",
        "’’",
        '"',
        '" ',
        "! ",
        "a! ",
        "a b! ",
        "_",
        "...",
        ". . ",
        "(CNN) -- ",
        "字",
        "日",
        "新华社",
        "1日",
        "【",
        "(a=b) ",
        "=",
    ),
    *(
        "기자",
        "か",
        "أ - ",
        "(भाषा",
        'אa"',
        'א"',
        "the former ",
        "dieses ",
        "stimmen a ",
        "Photos ",
        "weitere x ",
        "follow a ",
        "ن ",
        "\u064b",
        "ก",
        "МОСКВА, ",
    ),
    *("/ ", "ТАСС/ ", ",", ", a", "protokoll"),
]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_no_pattern_takes_time_that_grows_faster_than_the_text(shape: str) -> None:
    """C22: of a block of the size that is split at once, and of a quarter of it. Quadratic time would grow sixteenfold."""

    def spent(size: int) -> float:
        blocks = [paragraph((head + shape * size)[: size - len(tail)] + tail) for head, tail in (("", "a."), ("a", "~."), ("By Ann Fox, ", " - A."))]
        articles = [Article("a.txt", "Minutes", "", tuple(blocks) * 5, language=language) for language in ("en", "de", "zh")]
        start = time.process_time()
        for article in articles:
            summarize(article)
        return time.process_time() - start

    short = max(min(spent(350) for _ in range(3)), 0.01)
    assert min(spent(1_400) for _ in range(3)) < 11 * short


@pytest.mark.parametrize("own", ["<p " * 60_000, "<a>" * 60_000, "&amp;" * 40_000 + "<b>", "<" * 200_000, "word " * 400_000])
def test_the_time_for_a_hostile_summary_of_the_author_is_short(own: str) -> None:
    """C22"""
    start = time.process_time()
    summarize(Article("a.txt", "", "", (paragraph(STORY),), summary=own))
    assert time.process_time() - start < 2
