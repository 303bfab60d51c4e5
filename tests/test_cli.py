"""The commands as a user meets them: what they say, what they do, and the exit code that a script may rely on."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner, Result

from feeder import __version__
from feeder.cli import main
from feeder.terminal import columns, shortened
from tests.newsboat import Newsboat

ROOT = Path(__file__).parent.parent
AT_ONCE = '[input]\nsettle = "0s"\n'
RIVER = "A day at the river\n\nThe river was high after the rain, and nobody had expected the ducks.\n"
MARKET = "Notes from the market\n\nThe baker sold out before nine, which had not happened since the spring.\n"


class Desk:
    """A folder with somebody at the keyboard."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, body: str | bytes) -> Path:
        """Save a file below the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body if isinstance(body, bytes) else body.encode())
        return file

    def type(self, *words: str) -> Result:
        """Run a command to its end, in this process."""
        return CliRunner().invoke(main, words, prog_name="feeder")

    def json(self, *words: str) -> dict[str, object]:
        """What a command answers to a program."""
        answer = json.loads(self.type(*words, "--json").stdout)
        assert isinstance(answer, dict)
        return answer

    def start(self, *words: str, **environ: str) -> Process:
        """Run a command in a process of its own."""
        return Process(self.folder, words, {**around(), **environ})

    @contextmanager
    def running(self, *words: str) -> Iterator[Process]:
        """A service, until the end of the test."""
        process = Process(self.folder, words, {**os.environ, "PYTHONPATH": str(ROOT)})
        try:
            process.greeting("Ctrl-C stops it.")
            yield process
        finally:
            process.end()

    def feed(self) -> str:
        """The published feed, empty when there is none."""
        feed = self.folder / "output" / "feed.xml"
        return feed.read_text() if feed.exists() else ""


class Process:
    """A command at work, with all that it says in two files."""

    def __init__(self, folder: Path, words: tuple[str, ...], environ: dict[str, str]) -> None:
        self.out, self.err = (folder.parent / f"{folder.name}.{name}" for name in ("out", "err"))
        with self.out.open("wb") as out, self.err.open("wb") as err:
            command = [sys.executable, "-m", "feeder", *words]
            self.child = subprocess.Popen(command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def greeting(self, last: str) -> str:
        """What it said so far, once it has said this."""
        until(lambda: last in self.out.read_text() or self.child.poll() is not None)
        assert last in self.out.read_text(), self.err.read_text()
        return self.out.read_text()

    def address(self, name: str = "page") -> str:
        """The address it printed."""
        found = re.search(rf"^  {name}  (\S+)$", self.out.read_text(), re.MULTILINE)
        assert found
        return found[1]

    def says(self, words: str) -> bool:
        """Whether its log holds these words."""
        return words in self.err.read_text()

    def ends(self, number: int | None = None) -> int:
        """Its exit code, after this signal if there is one."""
        if number is not None:
            self.child.send_signal(number)
        return self.child.wait(30)

    def end(self) -> None:
        """Make sure that it is no more."""
        self.child.kill()
        self.child.wait()


def around() -> dict[str, str]:
    """The environment of a command whose lines are measured in this process already: measuring them twice takes as long again."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")} | {"PYTHONPATH": str(ROOT)}


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until it holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def got(address: str) -> tuple[int, str]:
    """Status and body at an address."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, str(answer.read(), "utf-8")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, str(refused.read(), "utf-8")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty folder to sit in."""
    folder = tmp_path / "notes"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("FEEDER_")]:
        monkeypatch.delenv(name)
    return Desk(folder)


@pytest.fixture
def quick(desk: Desk) -> Desk:
    """The same with a configuration that waits for nothing, and two articles."""
    desk.write("feeder.toml", AT_ONCE)
    desk.write("input/river.txt", RIVER)
    desk.write("input/market.txt", MARKET)
    return desk


# --- help ---


def test_help_lists_every_command_with_a_whole_sentence(desk: Desk) -> None:
    """Nothing is cut off at the end of a line of 80."""
    told = desk.type("--help")
    assert told.exit_code == 0
    for name, command in main.commands.items():
        first = (command.help or "").partition("\n")[0]
        assert re.search(rf"^  {name} +{re.escape(first)}$", told.stdout, re.MULTILINE)


def test_help_loads_no_room_and_no_package_that_it_does_not_need(desk: Desk) -> None:
    """It answers at once, because it imports click and nothing else but the words."""
    heavy = {"lxml", "pydantic", "jinja2", "apscheduler", "uvicorn", "rich", "watchfiles", "sqlite3", "json", "asyncio", "logging", "dataclasses"}
    rooms = {"feeder", "feeder.cli", "feeder.words", "feeder.__main__"}
    loaded = _imported_by(desk, "--help")
    assert not heavy & loaded
    assert {".".join(name.split(".")[:2]) for name in loaded if name.partition(".")[0] == "feeder"} <= rooms


def test_status_loads_no_package_that_only_publishing_needs(quick: Desk) -> None:
    """It is asked often, by scripts too."""
    quick.type("build")
    heavy = {"lxml", "pydantic", "jinja2", "apscheduler", "uvicorn", "watchfiles", "feedgen", "asyncio", "feeder.changes", "feeder.model"}
    assert not heavy & _imported_by(quick, "status")


def _imported_by(desk: Desk, *words: str) -> set[str]:
    program = "import sys; sys.argv[0] = 'feeder'\ntry: from feeder.cli import main; main()\nexcept SystemExit: print(*sys.modules, sep='\\n')"
    told = subprocess.run([sys.executable, "-c", program, *words], cwd=desk.folder, env=around(), capture_output=True, text=True, check=True)
    return set(told.stdout.splitlines())


def test_the_version_is_told(desk: Desk) -> None:
    """With what a report of a fault needs."""
    assert re.fullmatch(rf"feeder {re.escape(__version__)} \(Python 3\.\d+\.\d+, Linux \w+\)\n", desk.type("--version").stdout)


@pytest.mark.parametrize("words", [("bogus",), ("build", "--bogus"), ("explain",), ("explain", "nowhere.md"), ("run", "--port", "x")])
def test_a_wrong_command_line_is_2(desk: Desk, words: tuple[str, ...]) -> None:
    refused = desk.type(*words)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("feeder: ")
    assert refused.stderr.endswith(" --help says what it takes\n")


# --- init ---


def test_init_makes_a_configuration_and_an_article_that_can_be_published(desk: Desk) -> None:
    told = desk.type("init")
    assert told.exit_code == 0
    assert told.stdout == (
        "made  feeder.toml, the configuration: all of it is explained, and nothing has to be changed\n"
        "made  .feeder/feeder.schema.json, from which editors know what may stand in it\n"
        "made  input/welcome.md, a first article, which tells how to write the next\n"
        "Now:  feeder run\n"
    )
    assert re.search(r'^id = "urn:uuid:[0-9a-f-]{36}"$', (desk.folder / "feeder.toml").read_text(), re.MULTILINE)
    assert desk.type("check").stdout == "1 article can be published, 0 problems\nnothing is published yet\n"


def test_init_touches_nothing_that_is_there(desk: Desk) -> None:
    config, article = desk.write("feeder.toml", "# mine\n"), desk.write("input/first.txt", RIVER)
    told = desk.type("init")
    assert "kept  feeder.toml, which is there already" in told.stdout
    assert (config.read_text(), article.read_text()) == ("# mine\n", RIVER)


def test_init_adds_no_article_to_those_that_are_there(desk: Desk) -> None:
    """A sample among them would go to subscribers."""
    desk.write("input/river.txt", RIVER)
    assert desk.type("init").stdout.splitlines()[2:] == ["kept  input, which is there already", "Now:  feeder run"]
    assert [file.name for file in (desk.folder / "input").iterdir()] == ["river.txt"]


def test_init_makes_what_can_be_published_at_once_and_tells_editors_where_the_schema_is(desk: Desk) -> None:
    desk.type("init")
    first = (desk.folder / "feeder.toml").read_text().splitlines()[0]
    assert first == "#:schema .feeder/feeder.schema.json"
    assert (desk.folder / first.split()[1]).read_text() == desk.type("config", "schema").stdout
    assert desk.type("status").stdout == "nothing is published from here yet; begin with: feeder run\n"
    built = desk.type("build")
    assert (built.exit_code, built.stderr) == (0, "")
    assert "A first article" in desk.feed()
    again = desk.type("check")
    assert (again.exit_code, again.stderr) == (0, "")
    assert "note" not in again.stdout


def test_init_of_another_folder_says_how_to_get_there(desk: Desk) -> None:
    """In words that a shell takes."""
    told = desk.type("init", "my notes")
    assert told.stdout.endswith("Now:  cd 'my notes' && feeder run\n")
    assert (desk.folder / "my notes" / "input" / "welcome.md").exists()


def test_init_where_nothing_can_be_made_says_which_file(desk: Desk) -> None:
    desk.write("input", "a file where the folder should be")
    refused = desk.type("init")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("feeder: input/welcome.md cannot be written: ")


# --- build ---


def test_build_publishes_and_then_has_nothing_to_do(quick: Desk) -> None:
    first, second = quick.type("build"), quick.type("build")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.startswith("2 added, ")
    assert second.stdout == "nothing to do: the feed is as the folder\n"
    assert "A day at the river" in quick.feed()


def test_build_waits_for_a_file_that_is_still_being_written(desk: Desk) -> None:
    desk.write("feeder.toml", '[input]\nsettle = "300ms"\n')
    desk.write("input/river.txt", RIVER)
    assert desk.type("build").exit_code == 0
    assert "A day at the river" in desk.feed()


def test_build_publishes_the_rest_and_ends_with_65_when_a_file_is_set_aside(quick: Desk) -> None:
    quick.write("input/photo.txt", bytes(range(256)) * 8)
    told = quick.type("build")
    assert told.exit_code == 65
    assert told.stdout.startswith("2 added, ")
    assert told.stderr == "set aside: photo.txt: this is binary data, not a text (save the article as .txt, .md or .html in UTF-8)\n"
    assert quick.type("build", "--quiet").stdout == ""


def test_build_tells_a_program_everything(quick: Desk) -> None:
    quick.write("input/photo.txt", bytes(range(256)) * 8)
    told = quick.json("build")
    assert sorted((c["verb"], c["path"]) for c in told["changes"]) == [  # type: ignore[attr-defined]
        ("add", "market.txt"),
        ("add", "river.txt"),
        ("release", "market.txt"),
        ("release", "river.txt"),
    ]
    assert "feed.xml" in told["written"]  # type: ignore[operator]
    assert [p["where"] for p in told["problems"]] == ["photo.txt"]  # type: ignore[attr-defined]
    assert (told["removed"], told["held"]) == ([], [])


def test_removals_in_great_number_are_held_until_they_are_accepted(quick: Desk) -> None:
    """O: half of the folder gone is a mistake, until its owner says otherwise."""
    files = [quick.write(f"input/{number}.txt", f"Article {number}\n\nIts text, which is number {number}.\n") for number in range(8)]
    quick.type("build")
    for file in files:
        file.unlink()
    held = quick.type("build")
    assert held.exit_code == 0
    assert held.stderr == "8 articles are gone at once and stay published: put the files back, or say --accept-removals\n"
    assert "Article 3" in quick.feed()
    told = quick.type("status").stdout
    assert "  ! 8 articles are gone at once and stay published\n    put the files back, or have them withdrawn with: feeder retry --accept" in told
    assert "Gone at once, and published all the same (8)\n  0.txt\n" in told
    assert "8 articles are gone" in quick.type("plan").stderr
    assert "8 entries would change" in quick.type("plan", "--accept-removals").stdout
    assert quick.type("build", "--accept-removals").stdout.startswith("8 withdrawn, ")
    assert "Article 3" not in quick.feed()
    assert "gone at once" not in quick.type("status").stdout.lower()


def test_retry_accepts_removals_for_the_next_build(quick: Desk) -> None:
    quick.type("build")
    for file in (quick.folder / "input").iterdir():
        file.unlink()
    assert "2 articles are gone" in quick.type("build").stderr
    assert quick.type("retry", "--accept-removals").stdout == "the next feeder build or feeder run does it\n"
    assert quick.type("build").stdout.startswith("2 withdrawn, ")


@pytest.mark.parametrize("command", ["build", "plan", "check"])
def test_without_an_input_folder_it_says_what_to_do(desk: Desk, command: str) -> None:
    refused = desk.type(command)
    assert refused.exit_code == 1
    assert refused.stderr == f"feeder: there is no folder {desk.folder}/input: make it and put articles in, or let `feeder init` do it\n"
    assert list(desk.folder.iterdir()) == []


# --- plan, check, explain ---


def test_plan_says_what_subscribers_would_see_and_writes_nothing(quick: Desk) -> None:
    quick.type("build")
    (quick.folder / "input" / "river.txt").rename(quick.folder / "input" / "ducks.txt")
    quick.write("input/market.txt", MARKET.replace("nine", "eight"))
    before = _everything(quick.folder)
    told = quick.type("plan", "--documents")
    assert told.exit_code == 0
    assert "edit      market.txt  Notes from the market\n          marked unread; " in told.stdout
    assert "content: 1 word more, 1 word fewer" in told.stdout
    assert "move      ducks.txt (was river.txt)  A day at the river\n          subscribers see no difference\n" in told.stdout
    assert "write     articles/market.html\n" in told.stdout
    assert told.stdout.endswith("2 entries would change: 0 new, 1 marked unread again\n")
    answer = quick.json("plan")
    assert (answer["unread"], answer["again"]) == (1, 1)
    assert "feed.xml" in answer["written"]  # type: ignore[operator]
    assert _everything(quick.folder) == before


def test_plan_warns_of_another_feed_id_because_every_entry_would_be_new(quick: Desk) -> None:
    quick.type("build")
    quick.write("feeder.toml", AT_ONCE + '[feed]\nid = "urn:uuid:00000000-0000-4000-8000-000000000001"\n')
    told = quick.type("plan")
    assert "warning: to subscribers it would be another feed, and all 2 entries new; say id = " in told.stderr
    assert quick.json("plan")["unread"] == 2


def test_plan_and_check_wait_for_a_file_that_was_just_saved(desk: Desk) -> None:
    desk.write("feeder.toml", '[input]\nsettle = "300ms"\n')
    desk.write("input/river.txt", RIVER)
    assert desk.type("plan").stdout.startswith("add       river.txt  A day at the river\n")
    desk.write("input/market.txt", MARKET)
    assert desk.type("check").stdout == "2 articles can be published, 0 problems\nnothing is published yet\n"


def test_plan_says_when_nothing_would_change(quick: Desk) -> None:
    quick.type("build")
    assert quick.type("plan").stdout == "nothing would change\n"


def _everything(folder: Path) -> dict[str, tuple[int, int]]:
    stats = {str(path): path.stat() for path in folder.rglob("*")}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items() if not path.endswith(("-shm", "-wal", ".feeder"))}


def test_check_reads_everything_and_publishes_nothing(quick: Desk) -> None:
    quick.write("input/old.txt", "Ein alter Text\n\nDie Tür war schön grün, und über dem Fluß flogen die Möwen.\n".encode("cp1252"))
    quick.write("input/photo.txt", bytes(range(256)) * 8)
    told = quick.type("check")
    assert told.exit_code == 65
    assert "set aside: photo.txt: " in told.stderr
    assert "note: old.txt: decoded as cp1252, a guess" in told.stdout
    assert told.stdout.endswith("3 articles can be published, 1 problem\nnothing is published yet\n")
    answer = quick.json("check")
    assert (answer["articles"], [p["where"] for p in answer["problems"]], [n["where"] for n in answer["notes"]]) == (3, ["photo.txt"], ["old.txt"])  # type: ignore[attr-defined]
    assert not (quick.folder / "output").exists()


def test_check_judges_what_is_published_by_rules_with_numbers(quick: Desk) -> None:
    quick.type("build")
    assert quick.type("check").stdout.endswith("what is published keeps the rules\n")
    sound = (quick.folder / "output" / "feed.xml").read_text()
    quick.write("output/feed.xml", re.sub("<generator.*</generator>", "<generated>by hand</generated>", sound))
    told = quick.type("check")
    assert told.exit_code == 65
    (line,) = [line for line in told.stderr.splitlines() if "rule 3:" in line]
    assert re.fullmatch(r"published: rule 3: feed\.xml:\d+: <generated> is not known in <feed>", line)
    assert told.stdout.endswith("what is published has 1 error and 1 warning\n")
    found = quick.json("check")["findings"]
    assert {(f["rule"], f["severity"], f["path"]) for f in found} == {(3, "error", "feed.xml"), (23, "warning", "feed.xml")}  # type: ignore[attr-defined]
    quick.type("build")
    assert quick.type("check").exit_code == 0


def test_a_warning_alone_is_no_failure(quick: Desk) -> None:
    quick.type("build")
    sound = (quick.folder / "output" / "feed.xml").read_text()
    quick.write("output/feed.xml", re.sub("<generator.*?</generator>", "", sound))
    told = quick.type("check")
    assert told.exit_code == 0
    assert "published: warning: rule 23: feed.xml: " in told.stderr


def test_explain_says_where_each_fact_comes_from(quick: Desk) -> None:
    article = quick.write(
        "input/Über den Fluß.md", "---\ntitle: Said here\ndate: 2024-02-03\ntags: [ducks, rain]\n---\n# Not this\n\nThe river was high.\n"
    )
    quick.type("build")
    told = quick.type("explain", str(article)).stdout
    for line in (
        r"title +Said here   \[front matter\]",
        r"categories ducks, rain   \[front matter\]",
        r"published +2024-02-03T00:00:00Z   \[the author\]",
    ):
        assert re.search(f"^{line}$", told, re.MULTILINE), told
    link = quick.json("explain", str(article))["permalink"]
    assert link == {"value": "http://127.0.0.1:8000/articles/%C3%BCber-den-flu%C3%9F.html", "origin": "fixed at first sight"}
    assert str(link["value"]) in quick.feed()


@pytest.mark.parametrize(
    ("path", "body", "state"),
    [
        ("draft.md", "---\ndraft: true\n---\n# A thought\n\nNot yet.\n", "a draft"),
        ("_notes/river.txt", RIVER, "left alone"),
        ("later.md", "---\ndate: 2999-01-01\n---\n# Later\n\nThe future.\n", "waits until 2999-01-01T00:00:00Z"),
        ("gone.md", "---\nexpires: 2024-01-02\ndate: 2024-01-01\n---\n# Over\n\nThe past.\n", "expired"),
    ],
)
def test_explain_says_why_an_article_is_not_there(quick: Desk, path: str, body: str, state: str) -> None:
    article = quick.write(f"input/{path}", body)
    quick.type("build")
    assert re.search(f"^state +{state}", quick.type("explain", str(article)).stdout, re.MULTILINE)


def test_explain_notes_what_its_author_should_know(quick: Desk) -> None:
    article = quick.write("input/old.txt", "Ein alter Text\n\nDie Tür war schön grün, und über dem Fluß flogen die Möwen.\n".encode("cp1252"))
    assert "note 1     decoded as cp1252, a guess: save it in UTF-8\n" in quick.type("explain", str(article)).stdout


ROUND = "The council met on Monday and talked about the round table for three hours. "


def told_of(quick: Desk, name: str, body: str) -> list[str]:
    """What explain says below the facts, in rows."""
    answer = quick.type("explain", str(quick.write(f"input/{name}", body)))
    assert answer.exit_code == 0, answer.output
    rows = answer.stdout.splitlines()
    assert all(columns(row) <= 80 for row in rows), answer.stdout
    return rows[rows.index("") + 1 :]


def test_explain_shows_each_sentence_that_was_looked_at_and_why_it_is_in_or_out(quick: Desk) -> None:
    """In the article's order, each on one row, with what the summarizer says; to a program all of it, unshortened."""
    body = (
        "The round table\n\n"
        + ROUND
        + "Subscribe to our newsletter. It was sold in May to a farmer from the other side of the valley, who has no chairs.\n"
    )
    rows, facts = told_of(quick, "table.txt", body), quick.json("explain", "input/table.txt")
    text = facts["summary"]["value"]  # type: ignore[index]
    assert rows[0] == f"The summary, {len(text)} characters, is how the story begins:"
    told = facts["sentences"]
    assert isinstance(told, list)
    assert [each["sentence"] for each in told][:2] == [ROUND.strip(), "Subscribe to our newsletter."]
    kept = [each["sentence"] for each in told if each["why"] == "kept"]
    assert kept
    assert all(sentence in text for sentence in kept)
    below = rows[rows.index("Sentence by sentence:") + 1 :]
    assert below[:3] == ["", "  kept", f"    {shortened(ROUND.strip(), 76)}"]
    assert below[below.index("    Subscribe to our newsletter.") - 1].startswith("  dropped: ")


@pytest.mark.parametrize(
    ("name", "body", "place"),
    [
        ("own.md", "---\nexcerpt: The *short* of it.\n---\n# A title\n\nAnd the long of it.\n", "front matter"),
        ("own.md", "# A title\n\nThe *short* of it.\n\n<!--more-->\n\nAnd the long of it.\n", "<!--more-->"),
        ("own.html", f"<meta name=description content='The short of it.'><p>{ROUND}</p>", "meta name=description"),
    ],
)
def test_explain_says_when_the_summary_is_the_authors_own_and_where_it_stands(quick: Desk, name: str, body: str, place: str) -> None:
    """No sentence was looked at then."""
    rows = told_of(quick, name, body)
    assert re.sub(r"\d+", "N", rows[0]) == f"The summary, N characters, is your own, from {place}:"
    assert rows[2].replace("*", "") == "  The short of it."
    assert len(rows) == 3
    assert quick.json("explain", f"input/{name}")["sentences"] == []


def test_explain_says_which_description_was_not_taken_for_a_summary(quick: Desk) -> None:
    page = quick.write("input/page.html", f"<meta name=description content='Just another WordPress site'><h1>Tables</h1><p>{ROUND}</p>")
    assert "not used 1 meta name=description: it says nothing about the article\n" in quick.type("explain", str(page)).stdout


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("# Links\n\n- the first\n- the second\n", "made of its first pieces, for want of whole sentences"),
        ("# Links\n\n```\ncode and code\n```\n", "its first words, for want of sentences"),
        ("# Links\n\n![a picture](/a.png)\n", "its title, for want of words"),
    ],
)
def test_explain_says_what_was_taken_where_there_are_no_sentences(quick: Desk, body: str, made: str) -> None:
    assert f"is {made}:" in " ".join(told_of(quick, "links.md", body))


def test_explain_says_how_many_sentences_were_not_looked_at_and_never_floods_the_screen(quick: Desk) -> None:
    many = "".join(f"The cow with the number {number} was sold to a farmer from the other side of the valley.\n\n" for number in range(900))
    rows = told_of(quick, "cows.txt", f"The cows\n\n{many}")
    looked = quick.json("explain", "input/cows.txt")["sentences"]
    assert isinstance(looked, list)
    assert rows[-1] == f"{900 - len(looked)} sentences further down were not looked at."
    assert len(rows) < 250
    last = "The town has sold all of its cows to a farmer from the other side of the valley, and the market is closed for good.\n"
    assert not told_of(quick, "few.txt", f"The cows\n\n{last}")[-1].endswith("not looked at.")


def test_explain_shows_the_first_of_very_many_sentences_with_one_reason(quick: Desk) -> None:
    calls = "".join(f"Subscribe to our newsletter number {number}.\n\n" for number in range(60))
    rows = told_of(quick, "calls.txt", f"The round table\n\n{calls}{ROUND}\n")
    assert sum("Subscribe" in row for row in rows) == 40
    assert rows[rows.index("    Subscribe to our newsletter number 39.") + 1] == "    … and 20 more"


def test_explain_does_not_call_a_summary_the_authors_of_which_nothing_is_left(quick: Desk) -> None:
    rows = told_of(quick, "empty.md", f"---\nsummary: <br>\n---\n# The round table\n\n{ROUND}\n")
    assert "is how the story begins:" in rows[0]


@pytest.mark.parametrize(
    ("language", "body"),
    [
        (
            "ar",
            "الجسر القديم\n\nأغلقت المدينة الجسر القديم يوم الاثنين بعد العثور على شقوق فيه، ولا يتوقع أحد أن يفتح قبل الصيف.\n",
        ),
        ("ja", "古い橋\n\n町の古い橋は月曜日から通行止めになり、五つのアーチのうち三つにひびが見つかったため夏まで開かないと見られている。\n"),
        ("th", "สะพานเก่า\n\n" + "เมืองปิดสะพานเก่าตั้งแต่วันจันทร์หลังจากพบรอยร้าวในซุ้มโค้งสามแห่งจากห้าแห่ง" * 3 + "\n"),
    ],
)
def test_explain_keeps_to_80_columns_in_every_script(quick: Desk, language: str, body: str) -> None:
    assert told_of(quick, f"{language}.txt", body)
    assert quick.json("explain", f"input/{language}.txt")["language"] == {"value": language, "origin": "detected"}


def test_explain_knows_a_name_however_its_accents_are_spelled(quick: Desk) -> None:
    """I22: as macOS spells them, decomposed; the file is read by that name and known by the composed one."""
    article = quick.write("input/cafe\u0301.txt", "The cafe is open\n\nIt opened before nine, and sold out of everything.\n")
    quick.type("build")
    told = quick.type("explain", str(article)).stdout
    assert re.search("^title +The cafe is open", told, re.MULTILINE)
    assert re.search("^state +published$", told, re.MULTILINE)


def test_explain_of_a_name_that_is_not_utf_8_says_what_to_do(quick: Desk) -> None:
    article = quick.write(os.fsdecode(b"input/caf\xe9.txt"), RIVER)
    refused = quick.type("explain", str(article))
    assert refused.exit_code == 65
    assert refused.stderr == f"feeder: {quick.folder}/input/caf\\udce9.txt has a name that is not UTF-8 (rename it)\n"


def test_explain_before_anything_is_published(quick: Desk) -> None:
    assert re.search("^state +not published yet$", quick.type("explain", "input/river.txt").stdout, re.MULTILINE)


def test_explain_of_a_file_elsewhere_says_where_articles_are(quick: Desk) -> None:
    file = quick.write("other/note.txt", RIVER)
    refused = quick.type("explain", str(file))
    assert refused.exit_code == 1
    assert refused.stderr == f"feeder: {file} is not in the input folder {quick.folder}/input\n"


def test_explain_of_a_file_that_cannot_be_read_says_why(quick: Desk) -> None:
    quick.write("input/photo.txt", bytes(range(256)) * 8)
    refused = quick.type("explain", "input/photo.txt")
    assert refused.exit_code == 65
    assert refused.stderr.startswith("feeder: input/photo.txt: this is binary data, not a text (")


def test_what_an_article_says_cannot_move_the_cursor(quick: Desk) -> None:
    """I20: neither its name nor its title."""
    quick.write("input/evil\x1b[2J.md", "# All \x1b[2Jis lost\n\nNo.\n")
    for words in (("plan",), ("check",), ("build",), ("status",), ("explain", "input/evil\x1b[2J.md")):
        assert "\x1b" not in quick.type(*words).output


# --- status and retry ---


def test_status_before_anything_says_how_to_begin(desk: Desk) -> None:
    told = desk.type("status")
    assert (told.exit_code, told.stdout) == (0, "nothing is published from here yet; begin with: feeder run\n")
    assert list(desk.folder.iterdir()) == []


def test_status_answers_a_program_in_one_shape(quick: Desk) -> None:
    """Before the first build as after it."""
    before = quick.json("status")
    quick.type("build")
    after = quick.json("status")
    assert before.keys() == after.keys()
    assert (before["published"], after["published"]) == (0, 2)
    (cycle,) = after["cycles"]  # type: ignore[misc]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", cycle["at"])  # type: ignore[has-type]


def test_status_says_what_is_not_published_and_why(quick: Desk) -> None:
    quick.write("input/later.md", "---\ndate: 2999-01-01\n---\n# Later\n\nThe future.\n")
    quick.write("input/over.md", "# Over\n\nThe past.\n")
    quick.write("input/old.txt", "Ein alter Text\n\nDie Tür war schön grün, und über dem Fluß flogen die Möwen.\n".encode("cp1252"))
    quick.type("build")
    quick.write("input/over.md", "---\nexpires: 2024-02-01\n---\n# Over\n\nThe past.\n")
    quick.write("input/market.txt", bytes(range(256)) * 8)
    quick.write("input/photo.txt", bytes(range(256)) * 8)
    (quick.folder / "input" / "river.txt").unlink()
    quick.type("build")
    told = quick.type("status").stdout
    lost, fix = "this is binary data, not a text", r"save the article as .txt, .md or .html in UTF-8"
    for lines in (
        "1 thing needs your attention",
        r"  ! 2 files are set aside\n    mend each as it says below",
        "published     2 articles, 1 withdrawn, 1 expired",
        "service       none is running",
        rf"Set aside \(2\)\n  market.txt: {lost}\n    {fix}\n    set aside (\d+ s ago|now) \(\S+Z\); its last good version stays published",
        rf"  photo.txt: {lost}\n    {fix}\n    set aside (\d+ s ago|now) \(\S+Z\)",
        r"Waiting for their time \(1\)\n  2999-01-01T00:00:00Z  in 97\d years  later.md",
        r"Published, with a note \(1\)\n  old.txt: decoded as cp1252, a guess: save it in UTF-8",
        r"  \d.*Z  (\d+ s ago|now) +\d\.\d\d s  +\d+\.\d KiB  .*1 withdrawn.*",
    ):
        assert re.search(f"^{lines}", told, re.MULTILINE), (lines, told)
    assert "\n\n\n" not in told
    assert not [line for line in told.splitlines() if line != line.rstrip()]


def test_status_and_retry_name_a_configuration_that_is_not_there(desk: Desk) -> None:
    """Instead of telling of a ledger that is not there either."""
    for command in ("status", "retry", "build"):
        refused = desk.type(command, "-c", "else/feeder.toml")
        assert refused.exit_code == 78
        assert refused.stderr == "else/feeder.toml: there is no such file (there is no folder else either)\n"


def test_two_configurations_in_one_folder_leave_each_others_articles_alone(desk: Desk) -> None:
    """Each has its own ledger, and `status` and `retry` ask the one of their configuration."""
    for name, body in (("a", RIVER), ("b", MARKET)):
        desk.write(f"{name}.toml", f'{AT_ONCE}folder = "{name}-in"\n[output]\nfolder = "{name}-out"\n')
        desk.write(f"{name}-in/note.txt", body)
        assert desk.type("build", "-c", f"{name}.toml").exit_code == 0
    assert desk.type("build", "-c", "a.toml").stdout == "nothing to do: the feed is as the folder\n"
    assert "A day at the river" in (desk.folder / "a-out/feed.xml").read_text()
    assert {path.name for path in (desk.folder / ".feeder").iterdir()} == {"a", "b"}
    assert desk.json("status", "-c", "a.toml")["published"] == 1
    assert desk.json("status")["published"] == 0
    assert desk.type("retry", "-c", "b.toml").exit_code == 0
    with closing(sqlite3.connect(desk.folder / ".feeder/b/ledger.db")) as asked:
        assert asked.execute("SELECT value FROM meta WHERE key = 'asked'").fetchall() == [("retry",)]


def test_retry_has_a_file_read_again_and_says_who_does_it(quick: Desk) -> None:
    quick.write("input/photo.txt", bytes(range(256)) * 8)
    quick.type("build")
    assert quick.type("retry").stdout == "the next feeder build or feeder run does it\n"
    assert quick.type("build").exit_code == 65
    assert [found["where"] for found in quick.json("status")["quarantine"]] == ["photo.txt"]  # type: ignore[attr-defined]


def test_a_lost_ledger_gives_the_same_ids_though_the_address_was_set_since(quick: Desk) -> None:
    """S10: the published feed still knows the id that everything was minted from."""
    quick.type("build")
    before = re.findall("<id>.*</id>", quick.feed())
    quick.write("feeder.toml", f'{AT_ONCE}[feed]\nbase_url = "https://news.example/"\n')
    shutil.rmtree(quick.folder / ".feeder")
    assert quick.type("build").exit_code == 0
    assert "https://news.example/articles/" in quick.feed()
    assert (len(before), re.findall("<id>.*</id>", quick.feed())) == (3, before)


LOST = "warning: there is no ledger: what subscribers were promised is read back from the published feed (entries: 2, withdrawals: 0)\n"


@pytest.fixture
def renamed(quick: Desk) -> Desk:
    """The same, published; then an article was renamed, whose path mints another id now, and published again."""
    quick.write("feeder.toml", f'{AT_ONCE}[feed]\nbase_url = "https://news.example/"\n')
    quick.type("build")
    (quick.folder / "input" / "river.txt").rename(quick.folder / "input" / "water.txt")
    assert "1 moved" in quick.type("build").stdout
    return quick


def _published(desk: Desk) -> dict[str, tuple[int, int]]:
    return {path: stat for path, stat in _everything(desk.folder / "output").items() if not path.endswith(".lock")}


def test_a_lost_ledger_is_made_anew_by_the_next_build_and_subscribers_see_nothing(renamed: Desk) -> None:
    """S10: also for what was renamed. It is told once."""
    before = _published(renamed)
    shutil.rmtree(renamed.folder / ".feeder")
    built = renamed.type("build", "--quiet")
    assert (built.exit_code, built.stdout, built.stderr) == (0, "", LOST)
    assert _published(renamed) == before
    built = renamed.type("build")
    assert (built.stdout, built.stderr) == ("nothing to do: the feed is as the folder\n", "")


def test_plan_foresees_that_a_lost_ledger_is_made_anew(renamed: Desk) -> None:
    """And makes none."""
    shutil.rmtree(renamed.folder / ".feeder")
    planned = renamed.type("plan")
    assert (planned.stdout, planned.stderr) == ("nothing would change\n", LOST)
    assert renamed.json("plan")["recovered"] == LOST.removeprefix("warning: ").strip()
    assert not (renamed.folder / ".feeder").exists()


def test_run_makes_a_lost_ledger_anew_as_soon_as_the_articles_are_there(renamed: Desk) -> None:
    """S10, I8: the folder is mounted after the start; until then everything stays, and then, too."""
    before = _published(renamed)
    shutil.rmtree(renamed.folder / ".feeder")
    (renamed.folder / "input").rename(renamed.folder / "away")
    (renamed.folder / "input").mkdir()
    with renamed.running("run", "--port", "0") as service:
        until(lambda: service.says("too much is gone at once"))
        (renamed.folder / "input").rmdir()
        (renamed.folder / "away").rename(renamed.folder / "input")
        until(lambda: service.says("there is no ledger: what subscribers were promised is read back"))
        until(lambda: "published     2 articles" in renamed.type("status").stdout)
        assert service.ends(signal.SIGTERM) == 0
    assert _published(renamed) == before


@pytest.mark.parametrize("damage", ["no database", "a flipped bit"])
@pytest.mark.parametrize("command", ["build", "run"])
def test_a_damaged_ledger_is_set_aside_and_made_anew_at_the_start(renamed: Desk, damage: str, command: str) -> None:
    """S1: nobody need come for it; and nothing is deleted."""
    before, ledger = _published(renamed), renamed.folder / ".feeder" / "ledger.db"
    if damage == "no database":
        ledger.write_bytes(b"no database at all, but of some length" * 100)
    else:
        with closing(sqlite3.connect(ledger)) as db, db:
            db.execute("UPDATE entry SET published = published + 65536")
    damaged = ledger.read_bytes()
    if command == "build":
        told = renamed.type("build").stderr
    else:
        with renamed.running("run", "--port", "0") as service:
            told = service.err.read_text()
    (aside,) = ledger.parent.glob("ledger.db.2*Z")
    assert f"the ledger is damaged and set aside as {aside.name}: what subscribers were promised is read back" in told
    assert aside.read_bytes() == damaged
    assert "nothing to do" in renamed.type("build").stdout
    assert _published(renamed) == before


OTHERS = """<feed xmlns="http://www.w3.org/2005/Atom"><id>https://other.example/</id><title>Another tool's</title>
<updated>2036-11-22T12:00:00Z</updated>
<link rel="self" href="https://other.example/feed.xml"/><entry><id>https://other.example/1</id><title>One</title><updated>2036-11-22T12:00:00Z</updated>
<link href="https://other.example/2036/one/"/></entry></feed>"""


@pytest.mark.parametrize("feed", ["", "<feed", "<rss/>", '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x</id></feed>', OTHERS])
def test_where_nothing_was_lost_no_word_is_said(quick: Desk, feed: str) -> None:
    """A first build, beside what is no feed of ours."""
    if feed:
        quick.write("output/feed.xml", feed)
    built = quick.type("build")
    assert (built.exit_code, built.stderr) == (0, "")
    assert "2 added" in built.stdout


def test_a_feed_that_shall_be_another_one_begins_anew(renamed: Desk) -> None:
    """Its id in the configuration says so."""
    before = re.findall("<id>.*</id>", renamed.feed())
    shutil.rmtree(renamed.folder / ".feeder")
    renamed.write("feeder.toml", f'{AT_ONCE}[feed]\nid = "urn:uuid:0c0ffee0-1111-4222-8333-444444444444"\n')
    assert renamed.type("build").stderr == ""
    assert not {*before} & {*re.findall("<id>.*</id>", renamed.feed())}


# --- what can be wrong ---


def test_all_mistakes_of_a_configuration_are_told_at_once(quick: Desk) -> None:
    quick.write("feeder.toml", '[feed]\ntilte = "Notes"\nentries = 3\n[schedual]\nevery = "5m"\n')
    for command in ("build", "run", "check", "serve", "plan"):
        refused = quick.type(command)
        assert refused.exit_code == 78
        assert refused.stderr.splitlines() == [
            'feeder.toml:2:1: unknown key "tilte" in [feed] (did you mean "title"?)',
            "feeder.toml:3:11: entries must be a whole number from 20 to 500, not 3 (for example entries = 50)",
            'feeder.toml:4:2: unknown table "schedual" (did you mean [schedule]?)',
        ]


def test_an_output_that_cannot_be_written_is_73(quick: Desk) -> None:
    quick.write("output", "a file where the folder should be")
    refused = quick.type("build")
    assert refused.exit_code == 73
    assert f"{quick.folder}/output" in refused.stderr


@pytest.mark.parametrize("command", ["build", "status"])
def test_a_ledger_that_cannot_be_used_is_74(quick: Desk, command: str) -> None:
    quick.type("build")
    (ledger,) = (quick.folder / ".feeder").glob("ledger.db")
    ledger.write_bytes(b"no database at all, but of some length" * 100)
    (quick.folder / "output" / "feed.xml").unlink()  # from which it could be made anew
    refused = quick.type(command)
    assert refused.exit_code == 74
    assert "ledger.db" in refused.stderr


def test_a_ledger_of_a_newer_feeder_is_refused_untouched(quick: Desk) -> None:
    """It is not damaged: what is published is no reason to set it aside."""
    quick.type("build")
    ledger = quick.folder / ".feeder" / "ledger.db"
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA user_version = 999")
    before = ledger.read_bytes()
    refused = quick.type("build")
    assert (refused.exit_code, "newer feeder" in refused.stderr) == (74, True)
    assert ledger.read_bytes() == before
    assert not [*ledger.parent.glob("ledger.db.*")]


def test_a_fault_of_the_program_is_70_with_all_that_is_known(quick: Desk) -> None:
    """Here it is one of a library, which the program cannot know."""
    quick.write("feeder.toml", AT_ONCE)
    quick.write("input/day.md", "# A day\n\nIt rained.\n")
    quick.write(
        "parts/comrak.py",
        "class ExtensionOptions: ...\nclass RenderOptions: ...\ndef render_markdown(*_, **__):\n    raise ZeroDivisionError('a day without rain')\n",
    )
    process = quick.start("build", PYTHONPATH=os.pathsep.join([str(ROOT), str(quick.folder / "parts")]))
    assert process.ends() == 70
    assert process.says("ZeroDivisionError: a day without rain\nfeeder: this is a fault in feeder itself; please report it with the lines above\n")


def test_an_interrupted_build_is_130(desk: Desk) -> None:
    desk.write("feeder.toml", '[input]\nsettle = "1h"\n')
    desk.write("input/river.txt", RIVER)
    process = desk.start("build")
    until(lambda: desk.feed() or process.child.poll() is not None)
    assert process.ends(signal.SIGINT) == 130
    assert process.err.read_text() == ""


def test_retry_does_not_end_a_build_that_is_running(desk: Desk) -> None:
    """Its SIGHUP is meant for a service; the build goes on to its own end, and the wish waits for the next."""
    desk.write("feeder.toml", '[input]\nsettle = "2500ms"\n')
    desk.write("input/river.txt", RIVER)
    before = signal.getsignal(signal.SIGHUP)
    process = desk.start("build")
    until(lambda: desk.feed() or process.child.poll() is not None)
    assert desk.type("retry").stdout == f"the service (process {process.child.pid}) does it now\n"
    assert process.ends() == 0
    assert "A day at the river" in desk.feed()
    assert desk.type("build").exit_code == 0
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_reader_that_left_is_no_fault(quick: Desk) -> None:
    """J10: `feeder status | head`."""
    quick.type("build")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        command = [sys.executable, "-m", "feeder", "status"]
        told = subprocess.run(command, cwd=quick.folder, env=around(), stdout=nobody, stderr=subprocess.PIPE, check=False)
    assert (told.returncode, told.stderr) == (141, b"")


# --- run ---


def test_run_needs_nothing_but_a_folder(desk: Desk) -> None:
    """It makes input/, says where to look, publishes what is dropped there, and ends well."""
    with desk.running("run", "--port", "0") as process:
        made, publishing, page, feed, _ = process.greeting("Ctrl-C stops it.").splitlines()
        assert made == "Made input/: put your articles there."
        assert publishing == "Publishing input/ to output/ when a file changes, and every 5m."
        assert re.fullmatch(r"  page  http://127\.0\.0\.1:\d+/", page)
        assert feed == page.replace("page", "feed") + "feed.xml"
        desk.write("input/river.txt", RIVER)
        until(lambda: "A day at the river" in got(process.address("feed"))[1])
        assert "A day at the river" in got(process.address("page"))[1]
        assert process.ends(signal.SIGTERM) == 0
    assert not process.says("Traceback")
    assert not process.says("WARNING")


def test_run_does_not_make_a_folder_that_may_be_a_disk(desk: Desk) -> None:
    """I7: one that the configuration names, or one that there was before."""
    desk.write("feeder.toml", '[input]\nfolder = "articles"\n[schedule]\nevery = "1s"\n')
    with desk.running("run", "--no-serve", "--no-watch") as process:
        assert process.out.read_text() == "Publishing articles/ to output/ every 1s.\nCtrl-C stops it.\n"
        until(desk.feed)
        assert not (desk.folder / "articles").exists()
        desk.write("articles/river.txt", RIVER)
        until(lambda: "A day at the river" in desk.feed())
        assert process.ends(signal.SIGINT) == 0


def test_other_commands_beside_a_running_service(quick: Desk) -> None:
    """They look, they ask, and none of them publishes beside it (S6)."""
    with quick.running("run", "--port", "0", "--verbose") as process:
        until(lambda: "A day at the river" in quick.feed())
        pid = process.child.pid
        assert f"runs as process {pid}\n" in quick.type("status").stdout
        assert quick.json("status")["process"] == pid
        assert process.address() + "articles/river.html" in quick.type("explain", "input/river.txt").stdout
        assert quick.type("plan").stdout == "nothing would change\n"
        second = quick.type("build")
        assert second.exit_code == 75
        assert second.stderr.startswith(f"feeder: another feeder publishes here already: process {pid} ")
        assert quick.type("retry").stdout == f"the service (process {pid}) does it now\n"
        until(lambda: process.says("the configuration was read again"))
        quick.write("feeder.toml", "[feed]\nentries = 1\n")
        process.child.send_signal(signal.SIGHUP)
        until(lambda: "config: what was to be read again is wrong" in got(process.address() + "health")[1])
        assert process.says("feeder.toml:2:11: entries must be")
        assert got(process.address() + "health")[0] == 200
        quick.write("input/ducks.txt", "Ducks\n\nThere were four of them.\n")
        until(lambda: "Ducks" in quick.feed())
        assert process.ends(signal.SIGTERM) == 0


def test_a_port_that_is_taken_is_told_with_the_way_out(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = desk.start("run", "--port", str(port))
        assert process.ends() == 1
        assert process.says(f"feeder: cannot serve on 127.0.0.1:{port}: ")
        assert process.says("--port")
        assert not process.says("Traceback")


# --- serve ---


def test_serve_shows_what_another_process_publishes(quick: Desk) -> None:
    """Also that something is gone: 410, and not 404."""
    with quick.running("serve", "--port", "0") as process:
        assert process.out.read_text().splitlines()[3] == "Nothing is published there yet: feeder build does it, or feeder run."
        assert got(process.address("feed"))[0] == 503
        quick.type("build")
        until(lambda: "A day at the river" in got(process.address("feed"))[1])
        page = process.address() + "articles/river.html"
        assert got(page)[0] == 200
        (quick.folder / "input" / "river.txt").unlink()
        quick.type("build")
        until(lambda: got(page)[0] == 410)
        assert "A day at the river" not in got(process.address("feed"))[1]
        process.child.send_signal(signal.SIGHUP)
        assert process.ends(signal.SIGTERM) == 0


# --- a reader that subscribes ---


class Relay:
    """Stands between a reader and the server, and remembers the first line of each answer."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._there = (parts.hostname or "", parts.port or 80)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._door.getsockname()[1]}{parts.path}"
        self.answers: list[str] = []
        self.last = b""
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                threading.Thread(target=self._pass, args=(here,), daemon=True).start()

    def _pass(self, here: socket.socket) -> None:
        with here, socket.create_connection(self._there) as there, suppress(OSError):
            while question := here.recv(65536):
                there.sendall(question)
                answer = there.recv(65536)
                self.answers.append(answer.split(b"\r\n", 1)[0].decode())
                here.sendall(answer)
                while not _whole(answer):
                    more = there.recv(65536)
                    here.sendall(more)
                    answer += more
                self.last = answer

    def close(self) -> None:
        """Take no more connections."""
        self._door.close()


def _whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
    return b" 304 " in head[:20] or length is None or len(body) >= int(length[1])


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
def test_newsboat_subscribes_polls_for_304_and_never_sees_an_entry_twice(quick: Desk, tmp_path: Path) -> None:
    """Not after a rename with an edit and a removal either."""
    river = RIVER + "We walked along the bank until the old mill, where somebody had left a boat and a note for the owner.\n"
    quick.write("feeder.toml", '[input]\nsettle = "500ms"\n')
    quick.write("input/river.txt", river)
    with quick.running("run", "--port", "0") as process:
        address = process.address("feed")
        until(lambda: "A day at the river" in got(address)[1])
        relay = Relay(address)
        reader = Newsboat(tmp_path / "reader", relay.address)
        reader.poll()
        first = reader.items()
        assert sorted(first.values()) == ["A day at the river", "Notes from the market"]
        reader.poll()  # it keeps an ETag only for a feed that it knows already: from its second poll on
        reader.poll()
        assert relay.answers == ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 304 Not Modified"]
        (quick.folder / "input" / "river.txt").rename(quick.folder / "input" / "ducks.txt")
        quick.write("input/ducks.txt", river.replace("A day", "Two days"))
        (quick.folder / "input" / "market.txt").unlink()
        until(lambda: "Two days at the river" in (served := got(address)[1]) and "Notes from the market" not in served)
        reader.poll()
        assert relay.answers[3:] == ["HTTP/1.1 200 OK"]
        assert first.keys() == reader.items().keys()
        # What newsboat was given, not what it shows: now and then it keeps an old title although the answer has the new one.
        head, _, body = relay.last.partition(b"\r\n\r\n")
        given = (gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body).decode()
        assert "<title>Two days at the river</title>" in given
        assert "A day at the river" not in given
        relay.close()


# --- every command ---


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_is_explained(name: str) -> None:
    options = [parameter for parameter in main.commands[name].params if isinstance(parameter, click.Option)]
    assert all(option.help and option.help.endswith(".") for option in options)
