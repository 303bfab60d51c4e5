"""An Entry that is built can be serialized: what would break a document is refused where it arises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from feeder.errors import Problem
from feeder.model import Entry, Link

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENTRY = Entry(
    "urn:x:1", "A title", NOON, NOON, "A summary.", "<p>Content</p>", (Link("https://news.example/a"), Link("https://other.example/", "related"))
)


def test_the_permalink_is_the_alternate_link() -> None:
    assert ENTRY.permalink == "https://news.example/a"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"id": ""}, "an id and a title"),
        ({"title": " \n"}, "an id and a title"),
        ({"links": ()}, "exactly one alternate"),
        ({"links": ENTRY.links + ENTRY.links}, "exactly one alternate"),
        ({"published": datetime(2026, 11, 22)}, "UTC in whole seconds"),
        ({"updated": NOON.replace(microsecond=1)}, "UTC in whole seconds"),
        ({"updated": NOON.astimezone(timezone(timedelta(hours=1)))}, "UTC in whole seconds"),
    ],
)
def test_an_entry_that_would_break_a_document_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(ENTRY, **wrong)  # type: ignore[arg-type]


def test_a_problem_names_its_place_what_is_wrong_and_what_to_do() -> None:
    assert str(Problem("a.md", "it is empty", "write something")) == "a.md: it is empty (write something)"
    assert str(Problem("a.md", "it is empty", "")) == "a.md: it is empty"
