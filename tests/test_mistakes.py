"""Each mistake in a configuration is told where it stands, says what is wrong and what to do: tests/mistakes.txt, and what no text can show."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeder.cli import main
from feeder.config import load
from feeder.errors import ConfigError

TABLE = (Path(__file__).parent / "mistakes.txt").read_text("utf-8")


class Case(NamedTuple):
    """One block of the table."""

    name: str
    environ: dict[str, str]
    text: str
    told: list[str]


def _case(block: str) -> Case:
    head, told = block.split("--\n")
    name, *rows = head.split("\n")
    environ = dict(row[2:].split("=", 1) for row in rows if row.startswith("$ "))
    text = "\n".join(row for row in rows if not row.startswith("$ "))
    return Case(name, environ, re.sub(r"⟨U\+(\w{4})⟩", lambda found: chr(int(found[1], 16)), text), told.partition("\n\n")[0].strip().split("\n"))


CASES = [_case(block) for block in TABLE.split("\n== ")[1:]]


def told(folder: Path, body: bytes | str, environ: dict[str, str] | None = None) -> list[str]:
    """What is said of a feeder.toml."""
    (folder / "feeder.toml").write_bytes(body.encode() if isinstance(body, str) else body)
    with pytest.raises(ConfigError) as caught:
        load(Path("feeder.toml"), environ or {})
    return [str(problem).replace(str(folder), "FOLDER") for problem in caught.value.problems]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_mistake_is_told_word_for_word(here: Path, case: Case) -> None:
    assert told(here, case.text, case.environ) == case.told


def test_the_table_is_long_and_each_message_says_what_to_do() -> None:
    """Each has a place, and ends with a way out in brackets."""
    assert len(CASES) >= 120
    for line in (line for case in CASES for line in case.told):
        assert re.match(r"(feeder\.toml:\d+:\d+|\$FEEDER_\w+): .{10,} \(.{7,}\)$", line), line


# --- what stands in no text ---


def test_a_configuration_that_is_a_folder_a_pipe_or_absurdly_long_is_not_read(here: Path) -> None:
    """A pipe would keep the program waiting for ever."""
    (here / "feeder.toml").write_text("")
    os.mkfifo(here / "pipe.toml")
    (here / "huge.toml").touch()
    os.truncate(here / "huge.toml", 100_000_000)
    for name, words in {
        ".": f"is a folder, and must be a file (did you mean {'feeder.toml'}?)",
        "pipe.toml": "is a pipe or a device, and must be a file (did you mean feeder.toml?)",
        "huge.toml": "is 100,000,000 bytes long, and no configuration is (name a feeder.toml)",
    }.items():
        with pytest.raises(ConfigError) as caught:
            load(Path(name), {})
        assert str(caught.value) == f"{name}: {words}"


def test_an_empty_configuration_is_one(here: Path) -> None:
    (here / "feeder.toml").write_bytes(b"")
    assert load(Path("feeder.toml"), {}).feed.entries == 50
    (here / "feeder.toml").write_bytes(b"\xef\xbb\xbf\r\n")
    assert load(Path("feeder.toml"), {}).feed.entries == 50


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_configuration_that_may_not_be_read_is_told(here: Path) -> None:
    (here / "feeder.toml").write_text("")
    (here / "feeder.toml").chmod(0)
    with pytest.raises(ConfigError, match=r"^feeder\.toml: cannot be read: Permission denied \(name a file that you may read\)$"):
        load(Path("feeder.toml"), {})


def test_other_encodings_are_told_with_their_place_in_characters(here: Path) -> None:
    """Windows' own, and UTF-16 as its editors once saved it."""
    assert told(here, "[feed]\ntitle = 'Größe → ".encode() + b"f\xfcr'\n") == [
        "feeder.toml:2:19: is not UTF-8: here is a byte that is ü in Windows' encoding (save the file as UTF-8)"
    ]
    assert told(here, '[feed]\ntitle = "x"\n'.encode("utf-16")) == ["feeder.toml:1:1: is UTF-16, not UTF-8 (save the file as UTF-8)"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_places_are_the_same_with_the_line_ends_and_marks_of_windows(here: Path, begin: str, end: str) -> None:
    text = begin + '[feed]\n\ttilte = "a"\nentries = 5\nrights = “b”\n'.replace("\n", end)
    assert [line.partition(": ")[0] for line in told(here, text)] == ["feeder.toml:2:2", "feeder.toml:3:11", "feeder.toml:4:10"]


def test_a_folder_that_is_a_file_is_told(here: Path) -> None:
    (here / "texts").write_text("an article?")
    (here / "public").write_text("a page?")
    assert told(here, '[input]\nfolder = "texts"\n[output]\nfolder = "public"\n') == [
        "feeder.toml:2:10: folder names FOLDER/texts, which is a file (name the folder that it is in)",
        "feeder.toml:4:10: folder names FOLDER/public, which is a file (name the folder that it is in)",
    ]


def test_a_secret_that_is_endless_or_no_text_is_told(here: Path) -> None:
    (here / "bytes").write_bytes(b"\xff\xfe")
    hint = "(it takes the path of a file; the value itself goes into the variable without _FILE)"
    for path, reason in {"/dev/zero": "it is too long", "bytes": "it is not UTF-8 text"}.items():
        environ = {"FEEDER_SERVE__TOKEN_FILE": path}
        assert told(here, "", environ) == [f"$FEEDER_SERVE__TOKEN_FILE: names a file that cannot be read: {reason} {hint}"]


@pytest.mark.parametrize("command", [("build",), ("run",), ("serve",), ("check",), ("plan",), ("export",), ("recover",), ("config", "show")])
def test_every_command_tells_mistakes_and_ends_with_78(here: Path, command: tuple[str, ...]) -> None:
    (here / "feeder.toml").write_text('[feed]\ntilte = "x"\n[serve]\nport = "80"\n')
    ended = CliRunner().invoke(main, command, prog_name="feeder")
    assert ended.exit_code == 78
    assert ended.stderr == (
        'feeder.toml:2:1: unknown key "tilte" in [feed] (did you mean "title"?)\n'
        'feeder.toml:4:8: port must be a whole number from 0 (any free port) to 65535, not "80" (a number has no quotes: port = 80)\n'
    )


@pytest.mark.parametrize(
    ("asked", "there", "hint"),
    [
        ("feder.toml", ("feeder.toml", "other.toml"), "did you mean feeder.toml?"),
        ("notes.toml", ("feeder.toml", "other.toml"), "did you mean feeder.toml?"),
        ("note.toml", ("feeder.toml", "notes.toml"), "did you mean notes.toml?"),
        ("a.toml", ("notes.toml",), "did you mean notes.toml?"),
        ("a.toml", (), "`feeder init` writes one"),
        ("else/where/a.toml", ("feeder.toml",), "there is no folder else/where either"),
        ("feeder.toml/a.toml", ("feeder.toml",), "there is no folder feeder.toml either"),
    ],
)
@pytest.mark.parametrize("command", ["check", "status"])
def test_a_configuration_that_is_not_there_is_told_with_the_nearest_that_is(
    here: Path, command: str, asked: str, there: tuple[str, ...], hint: str
) -> None:
    for name in there:
        (here / name).touch()
    ended = CliRunner().invoke(main, [command, "--config", asked], prog_name="feeder")
    assert (ended.exit_code, ended.stderr) == (78, f"{asked}: there is no such file ({hint})\n")


_PIECES = st.sampled_from(
    [
        "[",
        "]",
        "[feed]",
        "\n",
        "\n",
        "title",
        " = ",
        '"',
        "'",
        '"a"',
        '"""',
        "{",
        "}",
        ",",
        "5m",
        "#",
        "“",
        "\u00a0",
        "ｔ",
        ".",
        ":",
        "\\",
        "\r",
        "1",
        "x = 1",
    ]
)


@settings(max_examples=150, deadline=None)
@example(['"""', "\n", '"', "\n", '"""'])
@example(["x = 1", "\n", "]", "[", "\n"])
@given(st.lists(_PIECES, max_size=14))
def test_no_text_is_too_strange_to_be_told_about(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    """Whatever it is, it is read, or each mistake has its place in it; and nothing is told twice."""
    file = tmp_path_factory.getbasetemp() / "feeder.toml"
    file.write_text("".join(pieces), "utf-8", newline="")
    try:
        load(file, {})
    except ConfigError as error:
        problems = error.problems
    else:
        return
    rows = "".join(pieces).replace("\r\n", "\n").count("\n") + 1
    assert problems
    assert len(set(problems)) == len(problems)
    assert all(1 <= int(problem.where.split(":")[-2]) <= rows for problem in problems if problem.where.count(":") >= 2)
