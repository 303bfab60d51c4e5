"""Tags, authors and folders have addresses that neither collide nor change."""

from __future__ import annotations

import pytest

from feeder.facets import LIMIT, author, folders, tag


def test_tags_of_every_script_have_addresses_of_their_own() -> None:
    terms = ["日本", "C++", "c#", "C", "c", "Zürich", "привет", "العربية", "!!!", "???", "a/b", "a b", "con", "..", "🎉", "क", "x" * 300, "x" * 301]
    addresses = [tag(term).address for term in terms]
    assert len(set(addresses)) == len(terms) - 1  # "C" and "c" are one
    assert addresses[0] == "tags/日本"
    assert addresses[5] == "tags/zürich"
    for address in addresses:
        step = address.removeprefix("tags/")
        assert step
        assert not set(step) & set("/\\.%")
        assert len(step.encode()) <= LIMIT


@pytest.mark.parametrize("name", ["Machine Learning", "machine-learning", "machine_learning", " machine  learning "])
def test_case_spaces_and_hyphens_make_no_other_tag(name: str) -> None:
    assert tag(name).address == "tags/machine-learning"


def test_a_lossy_address_does_not_meet_a_tag_that_is_called_like_it() -> None:
    assert tag(tag("C++").address.removeprefix("tags/")).address != tag("C++").address


def test_an_author_and_a_tag_of_one_name_are_two() -> None:
    assert author("Ann Author").address == "authors/ann-author"
    assert author("Ann Author").kind == "authors"


def test_an_article_belongs_to_each_folder_above_it() -> None:
    assert [facet.address for facet in folders("2026/Reise & Co/a.md")] == ["folders/2026", folders("2026/Reise & Co/b.md")[1].address]
    assert folders("2026/Reise & Co/a.md")[1].label == "2026/Reise & Co"
    assert folders("a.md") == ()


def test_a_folder_is_called_as_any_document_can_carry_it() -> None:
    """I20: a disk takes names with control characters, line ends and direction marks, and such that show nothing."""
    assert [facet.label for facet in folders("a\x1b\nb/\u202egnp/\u200b/x.md")] == ["a\ufffd b", "a\ufffd b/gnp", "a\ufffd b/gnp/\ufffd"]
