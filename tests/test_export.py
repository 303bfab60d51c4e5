"""Everything that the ledger holds, as one JSON document whose shape is written down."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from feeder import export, rescue
from feeder.cli import main
from feeder.errors import FeederError
from tests.newsroom import NewsClock, Newsroom

ROOT = Path(__file__).parent.parent
NOTE = (ROOT / "docs" / "export.md").read_text("utf-8")
FULL = """---
date: 2036-11-20T10:00:00Z
author: Ada
tags: [news]
link: https://other.example/
rights: CC0
language: de
expires: 2037-01-01
---
# Grüße & “Küsse” 日本

Ein Text über den Regen, der lange dauerte und von dem niemand etwas geahnt hatte.
"""


@pytest.fixture
def news(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def exported(news: Newsroom) -> dict[str, Any]:
    document = json.loads("".join(export.exported(news.config)))
    assert isinstance(document, dict)
    return document


def shape(heading: str) -> list[str]:
    """The members that the description names in the table of this heading."""
    table = NOTE.partition(f"| {heading} | is |\n")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)`", table, re.MULTILINE)


def full(news: Newsroom) -> None:
    """One entry in each state, and a file in quarantine."""
    news.write("full.md", FULL)
    news.write("gone.md", "# Gone\n\nIt was there.\n", age=timedelta(hours=4))
    news.write("draft.md", "# Taken back\n\nIt was there, too.\n", age=timedelta(hours=3))
    news.write("ends.md", "---\nexpires: 2036-11-22T12:30:00Z\n---\n# Ends\n\nIt was there for a while.\n", age=timedelta(hours=2))
    news.write("later.md", "---\ndate: 2036-12-24\n---\n# Waits\n\nA secret until then.\n")
    news.write("bad.md", b"\x00\x01\x02\xff" * 100)
    news.cycle()
    news.later(hours=1)
    (news.input / "gone.md").unlink()
    news.write("draft.md", "---\ndraft: true\n---\n# Taken back\n\nIt was there, too.\n")
    news.cycle()
    old = b"<rss><channel><item><title>Moved</title><guid>https://old.example/1</guid><pubDate>5 Jan 2026 10:00 GMT</pubDate></item></channel></rss>"
    news.write("moved.md", "# Moved\n\nFrom elsewhere.\n")
    rescue.adopt(news.config, old, clock=NewsClock(news))


def test_an_entry_is_told_with_all_that_was_promised_and_all_that_it_says(news: Newsroom) -> None:
    news.write("full.md", FULL)
    news.cycle()
    published = news.feed()[0]
    (entry,) = exported(news)["entries"]
    assert {name: entry[name] for name in ("id", "published", "updated", "content", "summary")} == {
        name: published[name] for name in ("id", "published", "updated", "content", "summary")
    }
    assert (entry["permalink"], entry["path"], entry["slug"]) == (published["link"], "full.md", "full")
    assert (entry["state"], entry["arrival"], entry["expires"], entry["since"]) == ("published", 1, "2037-01-01T00:00:00Z", None)
    assert (entry["title"], entry["language"], entry["rights"]) == ("Grüße & “Küsse” 日本", "de", "CC0")
    assert entry["authors"] == [{"name": "Ada", "uri": None, "email": None}]
    assert [category["term"] for category in entry["categories"]] == ["news"]
    assert [link["href"] for link in entry["links"]] == ["https://other.example/"]


def test_every_state_is_in_it_and_every_file_in_quarantine(news: Newsroom) -> None:
    """Also what waits for its date: it is the owner's."""
    full(news)
    document = exported(news)
    assert [(entry["path"], entry["state"], bool(entry["arrival"])) for entry in document["entries"]] == [
        ("full.md", "published", True),
        ("gone.md", "withdrawn", True),
        ("draft.md", "draft", True),
        ("ends.md", "expired", True),
        ("moved.md", "promised", False),
        ("later.md", "waiting", False),
    ]
    assert [entry["title"] for entry in document["entries"]][-1] == "Waits"
    assert [(file["path"], bool(file["reason"])) for file in document["quarantine"]] == [("bad.md", True)]
    assert (document["feed"]["title"], document["feed"]["base_url"]) == ("The News", "https://news.example/")


def test_it_has_the_shape_that_is_described(news: Newsroom) -> None:
    """docs/export.md names each member, in its order, and no other."""
    full(news)
    document = exported(news)
    assert list(document) == shape("member")
    assert (document["schema"], document["version"]) == (export.SCHEMA, export.VERSION)
    assert list(document["feed"]) == shape("in `feed`")
    assert {tuple(entry) for entry in document["entries"]} == {tuple(shape("in an entry"))}
    assert [list(file) for file in document["quarantine"]] == [shape("in `quarantine`")]
    states = NOTE.partition("| `state` |")[2].partition("\n")[0]
    assert {entry["state"] for entry in document["entries"]} == set(re.findall(r"`(\w+)`", states))


def test_the_same_ledger_gives_the_same_bytes(news: Newsroom) -> None:
    """Rule 21; and one line is one entry."""
    full(news)
    first = "".join(export.exported(news.config))
    assert "".join(export.exported(news.config)) == first
    assert sum(line.startswith('{"id": ') for line in first.splitlines()) == 6


def test_of_a_recovered_withdrawal_nothing_is_made_up(news: Newsroom) -> None:
    news.write("a.md", "# A\n\nStays.\n")
    news.write("b.md", "# B\n\nGoes.\n")
    news.cycle()
    (news.input / "b.md").unlink()
    news.later(hours=1)
    news.cycle()
    rescue.recover(news.config, clock=NewsClock(news), force=True)
    gone = exported(news)["entries"][1]
    assert (gone["state"], gone["since"], gone["arrival"]) == ("withdrawn", "2036-11-22T13:00:00Z", 2)
    assert {gone[name] for name in ("path", "slug", "permalink", "published", "updated", "title", "content")} == {None}


def test_before_anything_was_published_it_is_empty(news: Newsroom) -> None:
    document = exported(news)
    assert (document["entries"], document["quarantine"]) == ([], [])
    assert not (news.folder / ".feeder").exists()


def test_a_running_service_is_not_in_the_way_and_does_not_change_it_halfway(news: Newsroom) -> None:
    """All of it is as the ledger was when it began."""
    for number in range(3):
        news.write(f"{number}.md", f"# Story {number}\n\nText {number}.\n")
    news.cycle()
    pieces = export.exported(news.config)
    begin = [next(pieces), next(pieces)]
    news.write("2.md", "# Other\n\nChanged.\n")
    news.later(hours=1)
    news.cycle()
    document = json.loads("".join([*begin, *pieces]))
    assert {entry["title"] for entry in document["entries"]} == {"Story 0", "Story 1", "Story 2"}


def test_it_is_written_whole_or_not_at_all(news: Newsroom) -> None:
    """O1: whatever was there stays until all of the new one is."""
    news.write("a.md", "# A\n\nText.\n")
    news.cycle()
    file = news.folder / "all.json"
    export.write(news.config, file)
    assert json.loads(file.read_text("utf-8"))["entries"][0]["title"] == "A"
    with pytest.raises(FeederError, match="cannot be written"):
        export.write(news.config, news.folder / "nowhere" / "all.json")
    (news.folder / ".feeder" / "ledger.db").write_bytes(b"damaged" * 1000)
    before = file.read_bytes()
    with pytest.raises(FeederError, match="feeder recover"):
        export.write(news.config, file)
    assert file.read_bytes() == before
    assert [path.name for path in news.folder.iterdir() if path.name.endswith("tmp")] == []


def test_the_command_writes_to_the_terminal_or_to_a_file(news: Newsroom) -> None:
    """In UTF-8, whatever the locale."""
    news.write("full.md", FULL)
    news.cycle()
    configuration = ("-c", str(news.folder / "feeder.toml"))
    told = CliRunner().invoke(main, ["export", *configuration])
    assert told.exit_code == 0
    done = CliRunner().invoke(main, ["export", str(news.folder / "all.json"), *configuration])
    assert (done.exit_code, done.output) == (0, "")
    assert (news.folder / "all.json").read_bytes() == told.stdout_bytes
    assert "Grüße" in told.stdout_bytes.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_behind_standard_output_is_no_fault_of_ours(news: Newsroom) -> None:
    """O1: a sentence and exit code 1, with any command."""
    news.write("full.md", FULL)
    news.cycle()
    for command in ("export", "plan"):
        with Path("/dev/full").open("wb") as full:
            words = [sys.executable, "-m", "feeder", command, "-c", str(news.folder / "feeder.toml")]
            done = subprocess.run(words, check=False, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (1, "feeder: standard output cannot be written: No space left on device\n")


@pytest.mark.slow
def test_ten_thousand_articles_take_little_memory(news: Newsroom) -> None:
    """Less than 250 MB, most of which is Python and the ledger's promises."""
    for number in range(10_000):
        news.write(f"{number // 100}/{number}.md", f"# Story {number}\n\n" + f"word{number} " * 400, age=timedelta(days=1))
    news.cycle()
    words = ["export", "-c", str(news.folder / "feeder.toml"), str(news.folder / "all.json")]
    code = f"from feeder.cli import main\ntry: main({words!r})\nfinally: print(open('/proc/self/status').read())"
    told = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True).stdout
    assert int(re.search(r"VmHWM:\s+(\d+) kB", told)[1]) < 250_000  # type: ignore[index]
    assert len(json.loads((news.folder / "all.json").read_text("utf-8"))["entries"]) == 10_000
