"""Text as it lies on a terminal: widths, rows and the ellipsis in the middle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.terminal import columns, shortened, wrapped

TEXTS = st.text(st.sampled_from("ab c.　漢字かー。「」한글กำั่ e\u0301👍\u200d🏽ع"), max_size=200)


@pytest.mark.parametrize(("text", "width"), [("", 0), ("abc", 3), ("漢字", 4), ("e\u0301", 1), ("👍", 2), ("한", 2), ("กั", 1), ("ﺍ\u200b", 1)])
def test_a_character_takes_the_columns_that_a_terminal_gives_it(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize(
    ("text", "width", "row"),
    [
        ("short enough", 12, "short enough"),
        ("a sentence that is too long", 12, "a sente…long"),
        ("a sente nce that is too long", 13, "a sente…long"),
        ("漢字漢字漢字漢字", 9, "漢字…漢字"),
        ("x" * 1_000_000, 5, "xx…xx"),
        ("abcdefgh" + "e\u0301" * 9, 6, "abc…e\u0301e\u0301"),
        ("e" + "\u0301" * 1_000, 9, "e" + "\u0301" * 35 + "…"),
        ("ab cd" + "\u0bbe" * 9, 6, "ab…"),
    ],
)
def test_a_long_line_is_shortened_in_its_middle(text: str, width: int, row: str) -> None:
    """No mark is left without its letter, no space beside the ellipsis."""
    assert shortened(text, width) == row


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("", 9, []),
        ("one row", 9, ["one row"]),
        ("three short words", 11, ["three short", "words"]),
        ("gaps   stay, but   not at an end", 13, ["gaps   stay,", "but   not at", "an end"]),
        ("see https://example.org/a/b there", 9, ["see", "https://example.org/a/b", "there"]),
        ("川は高い。鴨がいた。", 10, ["川は高い。", "鴨がいた。"]),
        ("あ「鴨」と", 6, ["あ", "「鴨」", "と"]),
        ("ก" * 7, 3, ["กกก", "กกก", "ก"]),
    ],
)
def test_a_text_is_wrapped_where_its_script_may_be(text: str, width: int, rows: list[str]) -> None:
    assert wrapped(text, width) == rows


@given(TEXTS, st.integers(8, 80))
def test_nothing_is_lost_in_wrapping_and_no_row_is_too_wide(text: str, width: int) -> None:
    """But long ASCII words, which stay whole."""
    rows = wrapped(text, width)
    assert "".join("".join(rows).split()) == "".join(text.split())
    assert all(columns(row) <= width or (row.isascii() and " " not in row) for row in rows)


@given(TEXTS, st.integers(3, 80))
def test_what_is_shortened_fits(text: str, width: int) -> None:
    assert columns(shortened(text, width)) <= width
    assert shortened(text, width) == text or "…" in shortened(text, width)
