"""Parts are found by name, built in or installed, and what is wrong with a name is said in words its owner can use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from feeder.errors import FeederError
from feeder.plugins import load, names

if TYPE_CHECKING:
    from pathlib import Path

BUILTIN = {".md": "json:loads", ".markdown": "json:loads", ".txt": "json:dumps", "broken": "no_such_module:read", "empty": "json:no_such_function"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package installed for real, metadata and all, and the group that only it has parts in."""
    group = f"test{abs(hash(tmp_path))}"
    (tmp_path / f"part_{group}.py").write_text("def read(): return 'from the plugin'\n")
    about = tmp_path / f"part_{group}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: part_{group}\nVersion: 1.0\n")
    parts = f".md = part_{group}:read\n.rst = part_{group}:read\nlost = part_{group}:gone\n"
    (about / "entry_points.txt").write_text(f"[feeder.{group}]\n{parts}")
    monkeypatch.syspath_prepend(str(tmp_path))
    return group


def test_a_part_of_the_table_is_loaded_by_its_kind_or_suffix() -> None:
    assert load("readers", ".txt", BUILTIN) is sys.modules["json"].dumps


def test_an_installed_part_is_loaded_by_its_name(installed: str) -> None:
    part = load(installed, ".rst", BUILTIN)
    assert callable(part)
    assert part() == "from the plugin"


def test_the_table_comes_before_an_installed_part_of_the_same_name(installed: str) -> None:
    assert load(installed, ".md", BUILTIN) is sys.modules["json"].loads


def test_the_names_are_those_of_the_table_and_of_what_is_installed_in_order(installed: str) -> None:
    assert names(installed, {".txt": "x:y"}) == (".md", ".rst", ".txt", "lost")


def test_an_unknown_name_is_answered_with_the_nearest_and_with_all_there_are() -> None:
    with pytest.raises(
        FeederError, match=r"readers: there is no '\.mrkdown' \(did you mean '\.markdown'\? there is: \.markdown, \.md, \.txt, broken, empty\)"
    ):
        load("readers", ".mrkdown", BUILTIN)


def test_a_name_like_no_other_is_answered_without_a_guess() -> None:
    with pytest.raises(FeederError, match=r"there is no 'llm' \(there is: lead\)"):
        load("summarizers", "llm", {"lead": "json:loads"})


def test_an_empty_group_says_that_it_is_empty() -> None:
    with pytest.raises(FeederError, match=r"\(there is: nothing\)"):
        load("nothing", "x", {})


@pytest.mark.parametrize("name", ["broken", "empty"])
def test_a_part_whose_package_is_missing_says_what_is_missing(name: str) -> None:
    with pytest.raises(FeederError, match=rf"'{name}' cannot be loaded from {BUILTIN[name]}: .*no_such"):
        load("readers", name, BUILTIN)


def test_a_broken_plugin_is_named(installed: str) -> None:
    with pytest.raises(FeederError, match=rf"'lost' cannot be loaded from the plugin part_{installed}:gone"):
        load(installed, "lost", BUILTIN)
