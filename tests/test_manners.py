"""How commands behave, whatever they do: help and examples, quiet and verbose, colours, progress, Ctrl-C, pipes, narrow terminals.

All that can be said of every command is tried with every command that there is, by walking them.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from feeder.cli import main
from feeder.cli._around import coloured, styled
from feeder.cli._progress import Bar
from feeder.cli._shape import Command
from feeder.terminal import columns

ROOT = Path(__file__).parent.parent
SERVICES = ("run", "serve")  # do not end by themselves
DOCUMENTS = ("export", "completion", "systemd", "config schema", "config show")  # are what was asked for, also with --quiet
WORDS = {"explain": ("input/river.txt",), "import": ("old-feed.xml",), "completion": ("bash",), "init": ("elsewhere",)}
OLD = """<rss version="2.0"><channel><title>Old</title><link>https://old.example/</link><description>d</description>
<item><title>A day at the river</title><link>https://old.example/river</link><guid>tag:old.example,2020:1</guid></item></channel></rss>"""


def walk(command: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words behind `feeder`."""
    for name, other in command.commands.items() if isinstance(command, click.Group) else ():
        if not isinstance(other, click.Group):
            yield " ".join((*path, name)), other
        yield from walk(other, (*path, name))


COMMANDS = dict(walk())
EXAMPLES = [(name, line) for name, command in COMMANDS.items() for line, _ in getattr(command, "examples", ())]
ENDING = [name for name in COMMANDS if name not in SERVICES]


def options(name: str) -> set[str]:
    """The names of a command's options."""
    return {option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("-")}


def typed(*words: str) -> Result:
    """Run a command to its end, in this process."""
    return CliRunner().invoke(main, words, prog_name="feeder")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every test begins with: everything that examples speak of is there, and something is published."""
    desk = tmp_path_factory.mktemp("desk")
    (desk / "input").mkdir()
    (desk / "input" / "first.txt").write_text("A first article\n\nThis file is an article, and this is what it says.\n")
    (desk / "input" / "river.txt").write_text("A day at the river\n\nThe river was high after the rain, and nobody had expected the ducks.\n")
    (desk / "old-feed.xml").write_text(OLD)
    (desk / "feeder.toml").write_text('[input]\nsettle = "0s"\n')
    for name in ("news", "notes"):
        (desk / f"{name}.toml").write_text(f'[input]\nsettle = "0s"\n[output]\nfolder = "{name}"\n')
    assert feeder("build", cwd=desk).returncode == 0
    return desk


@pytest.fixture
def folder(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own that is as the desk."""
    folder = Path(shutil.copytree(desk, tmp_path / "desk"))
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("FEEDER_", "CLICOLOR", "FORCE_COLOR", "NO_COLOR"))]:
        monkeypatch.delenv(name)
    return folder


def around(**more: str) -> dict[str, str]:
    """The environment of a process, without the coverage that this process measures already."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "FEEDER_", "COLUMNS", "LINES"))}
    return {**environ, "PYTHONPATH": str(ROOT), **more}


def feeder(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    options: dict[str, object] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": around(), "text": True}
    return subprocess.run([sys.executable, "-m", "feeder", *words], check=False, **{**options, **more})  # type: ignore[call-overload,no-any-return]


# --- help ---


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_the_common_options(name: str) -> None:
    """Make it with `command(examples=…)` of feeder/cli/_shape.py."""
    command = COMMANDS[name]
    assert isinstance(command, Command)
    assert command.examples
    assert {"-q", "--quiet", "-v", "--verbose"} <= options(name)
    assert all(line.startswith(("feeder ", "curl ")) and f"feeder {name}" in line for line, _ in command.examples)


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_every_example_is_understood(name: str, line: str, folder: Path) -> None:
    """Every option in it is there, and every word has its place."""
    given = next(part.split(">")[0] for part in line.split("|") if part.strip().startswith("feeder "))
    words = shlex.split(given)[1 + len(name.split()) :]
    command = COMMANDS[name]
    with command.make_context(name, words, parent=main.context_class(main, info_name="feeder")):
        pass  # what was opened is closed
    assert line in " ".join(typed(*name.split(), "--help").stdout.split())


@pytest.mark.parametrize(
    ("name", "line"), [(n, line) for n, line in EXAMPLES if n in ENDING and re.fullmatch(r"[^|>&$]*", line) and "/srv/" not in line]
)
def test_every_harmless_example_ends_well(name: str, line: str, folder: Path) -> None:
    """It is run as it stands there, but for those of another place. Without a service, some say so."""
    told = typed(*shlex.split(line)[1:])
    allowed = (0, 74) if name == "recover" else (0, 1) if name == "healthcheck" else (0,)  # a sound ledger is not set aside
    assert told.exit_code in allowed, told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_tells_first_what_the_command_does(name: str) -> None:
    """In a whole sentence of one line, in which --help of the group shows it."""
    first = (COMMANDS[name].help or "").partition("\n")[0]
    assert re.fullmatch(r"[A-Z].{5,64}\.", first), first
    assert first in typed(*name.split()[:-1], "--help").stdout


def test_the_sections_of_the_help_hold_every_command() -> None:
    assert [command.name for commands in main.sections.values() for command in commands] == list(main.commands)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("biuld",), 'feeder: there is no command "biuld" (did you mean "build"?)\nfeeder --help says what it takes\n'),
        (("xyzzy",), 'feeder: there is no command "xyzzy"\nfeeder --help says what it takes\n'),
        (("build", "--jsn"), 'feeder: there is no option "--jsn" (did you mean "--json"?)\nfeeder build --help says what it takes\n'),
        (("build", "-q", "-v"), "feeder: --quiet and --verbose contradict each other: say one of them\nfeeder build --help says what it takes\n"),
        (("explain",), "feeder: missing argument 'FILE'.\nfeeder explain --help says what it takes\n"),
    ],
)
def test_a_slip_of_the_key_is_told_with_what_was_meant(words: tuple[str, ...], said: str) -> None:
    told = typed(*words)
    assert (told.exit_code, told.stdout, told.stderr) == (2, "", said)


def test_without_a_command_the_help_is_an_error() -> None:
    """A script that calls `feeder $COMMAND` with nothing in it must notice."""
    told = typed()
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == typed("--help").stdout


# --- stdout, stderr ---


@pytest.mark.parametrize("name", ENDING)
def test_quiet_means_errors_only(name: str, folder: Path) -> None:
    """But for documents, which nobody asks for and not for them."""
    told = typed(*name.split(), "--quiet", *WORDS.get(name, ()))
    assert told.stdout == "" or name in DOCUMENTS
    assert told.stderr == "" or told.exit_code


@pytest.mark.parametrize("name", ENDING)
def test_verbose_adds_to_stderr_alone(name: str, folder: Path) -> None:
    if name in ("recover", "retry", "import", "init"):  # a second time they have something else to say
        return
    typed("build")
    plain, wordy = (re.sub(r"\d[\d.:]*", "N", typed(*name.split(), *flag, *WORDS.get(name, ())).stdout) for flag in ((), ("--verbose",)))
    assert wordy == plain


@pytest.mark.parametrize("name", [name for name in ENDING if "--json" in options(name)])
@pytest.mark.parametrize("flag", ["--quiet", "--verbose"])
def test_json_is_never_mixed_with_anything_else(name: str, flag: str, folder: Path) -> None:
    told = typed(*name.split(), "--json", flag, *WORDS.get(name, ()))
    assert isinstance(json.loads(told.stdout), dict)
    assert "\x1b" not in told.stdout


def test_verbose_says_what_is_done_and_why(folder: Path) -> None:
    (folder / "input" / "new.txt").write_text("A new one\n\nIt was written after the others.\n")
    said = typed("build", "--verbose").stderr.splitlines()
    assert f"configuration: {folder}/feeder.toml" in said
    assert "add       new.txt: a file that was not there before" in said
    assert "written   articles/new.html" in said


# --- colours ---


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, None),
        ({"CLICOLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_a_terminal_unless_somebody_says_otherwise(environ: Mapping[str, str], expected: bool | None) -> None:
    assert coloured(environ) is expected


def test_an_error_is_red_on_a_terminal_and_never_with_no_color(folder: Path) -> None:
    _, shown = seen(folder, "biuld", TERM="xterm")
    _, plain = seen(folder, "biuld", TERM="xterm", NO_COLOR="1")
    assert styled("error", "feeder:") in shown
    assert "\x1b" not in plain
    assert "\x1b" not in feeder("biuld", cwd=folder).stderr


def seen(folder: Path, *words: str, columns: int = 80, **environ: str) -> tuple[int, str]:
    """The exit code of a command, and what it shows on a terminal."""
    terminal, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "feeder", *words]
    process = subprocess.Popen(command, cwd=folder, env=around(**environ), stdin=child, stdout=child, stderr=child)
    os.close(child)
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody has the other side any more
            break
        shown += piece
    os.close(terminal)
    return process.wait(30), shown.decode()


@pytest.mark.parametrize("words", [("--help",), ("build", "--help"), ("explain", "input/river.txt")])
def test_a_terminal_of_forty_columns_is_respected(folder: Path, words: tuple[str, ...]) -> None:
    """But for an example's command line, a path or an address, which are whole."""
    _, shown = seen(folder, *words, columns=40, TERM="dumb")
    long = [line for line in shown.split("\r\n") if columns(line) > 40]
    assert not [line for line in long if not re.match(r"\s+(feeder|https?:|cp) ?|.*(urn:uuid:|http://)", line)]


# --- progress ---


class Screen(io.StringIO):
    """A terminal of some columns that shows nothing but keeps all."""

    def fileno(self) -> int:
        raise io.UnsupportedOperation

    def lines(self) -> list[str]:
        """What was drawn, line by line."""
        return [line.removesuffix("\x1b[K") for line in self.getvalue().split("\r")[1:]]


def drawn(pieces: int, seconds: float, what: str = "reading") -> Screen:
    """A bar over so many pieces in so many seconds."""
    screen, now = Screen(), [0.0]
    bar = Bar(screen, lambda: now[0])
    for number in range(pieces):
        bar(what, number, pieces)
        now[0] += seconds / pieces
    bar.clear()
    return screen


def test_short_work_shows_no_progress() -> None:
    assert drawn(1000, 0.9).getvalue() == ""


def test_long_work_tells_its_rate_and_what_remains() -> None:
    lines = drawn(1000, 10).lines()
    assert lines[0] == "reading     [##------------------]  100 of 1,000  100/s  9 s left"
    assert re.fullmatch(r"reading     \[#{19}-\]  99\d of 1,000  100/s  0 s left", lines[-2])
    assert lines[-1] == ""
    assert len(lines) < 110
    assert drawn(10_000, 36_000).lines()[40].endswith("0.3/s  9 h 58 min left")


def test_progress_never_takes_more_than_the_line() -> None:
    """A wide character takes two columns of it."""
    assert all(columns(line) < 80 for line in drawn(1000, 10, what="読み込み中" * 9).lines())


def test_a_long_build_shows_how_far_it_is_and_leaves_nothing_behind(folder: Path) -> None:
    """Also when it fails; nothing is shown with --quiet, on a dumb terminal, or where no terminal is."""
    slow = "import time\n\ndef summary(article):\n    from feeder.model import Summary\n    time.sleep(0.08)\n    return Summary('slow', 'slow')\n"
    for path, said in {
        "parts/slow.py": slow,
        "parts/slow-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: slow\nVersion: 1\n",
        "parts/slow-1.dist-info/entry_points.txt": "[feeder.summarizers]\nslow = slow:summary\n",
        "feeder.toml": '[input]\nsettle = "0s"\n[summary]\nkind = "slow"\n',
        **{f"input/{number}.txt": f"Article {number}\n\nIts text.\n" for number in range(20)},
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(said)
    parts = os.pathsep.join([str(ROOT), str(folder / "parts")])
    code, shown = seen(folder, "build", TERM="xterm", PYTHONPATH=parts)
    assert code == 0
    assert re.search(r"\rreading     \[#+-+\]  \d+ of 22  \d+(\.\d)?/s  \d s left\x1b\[K", shown)
    assert re.search(r"\r\x1b\[K[^\r]*20 added, ", shown)
    assert "reading" not in seen(folder, "plan", "--quiet", TERM="xterm", PYTHONPATH=parts)[1]


# --- the end ---


def test_a_service_can_be_quiet(folder: Path) -> None:
    """It says nothing, and logs nothing that is no error."""
    (folder / "input" / "new.txt").write_text("A new one\n\nIt was written after the others.\n")
    command = [sys.executable, "-m", "feeder", "run", "--quiet", "--no-serve"]
    process = subprocess.Popen(command, cwd=folder, env=around(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while not (folder / "output" / "articles" / "new.html").exists() and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert (process.communicate(timeout=20), process.returncode) == (("", ""), 0)
    assert (folder / "output" / "articles" / "new.html").exists()


def test_ctrl_c_while_it_starts_says_nothing(tmp_path: Path) -> None:
    """It is the system that ends the process, before anything of it is at work."""
    (tmp_path / "click.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n")
    told = feeder("status", cwd=tmp_path, env=around(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"))
    assert (told.returncode, told.stdout, told.stderr) == (-signal.SIGINT, "", "")


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    """The first lets the command clean up; what hangs there is not waited for."""
    program = (
        "import click, time\nfrom feeder.cli._shape import Group, command\n@click.group(cls=Group)\ndef main(): pass\n"
        "@main.command()\ndef hang():\n    try:\n        print('at work', flush=True)\n        time.sleep(60)\n"
        "    finally:\n        print('cleaning', flush=True)\n        time.sleep(60)\nmain(['hang'])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], env=around(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    for line in ("at work\n", "cleaning\n"):
        assert process.stdout.readline() == line
        process.send_signal(signal.SIGINT)
    began = time.monotonic()
    said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, ("", ""))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("words", [("status",), ("export",), ("--help",), ("check",), ("completion", "bash")])
def test_a_reader_that_left_is_141_and_no_word(folder: Path, words: tuple[str, ...]) -> None:
    """As of other programs in a shell."""
    reader, writer = os.pipe()
    os.close(reader)
    told = feeder(*words, cwd=folder, stdout=writer)
    os.close(writer)
    assert (told.returncode, told.stderr) == (141, "")


def test_closed_streams_are_no_fault(folder: Path) -> None:
    """`>&-`: what was done is done; only a document has to go somewhere."""
    run = f"{shlex.quote(sys.executable)} -m feeder"

    def shell(line: str) -> tuple[int, str]:
        told = subprocess.run(["bash", "-c", line], cwd=folder, env=around(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return told.returncode, told.stdout + told.stderr

    assert shell(f"{run} build >&-") == (0, "")
    assert shell(f"{run} biuld 2>&-") == (2, "")
    assert shell(f"{run} status <&- >&- 2>&-") == (0, "")
    assert shell(f"{run} export >&-") == (1, "feeder: standard output is closed: name a FILE\n")
    assert shell(f"{run} status >/dev/full") == (1, "feeder: standard output cannot be written: No space left on device\n")


def test_a_locale_without_a_letter_gets_its_number(folder: Path) -> None:
    """An arrow in what `plan` says must not end it."""
    (folder / "input" / "river.txt").write_text("Two days at the river\n\nThe river was high after the rain, and nobody had expected the ducks.\n")
    told = feeder("plan", cwd=folder, env=around(PYTHONIOENCODING="latin-1"))
    assert told.returncode == 0
    assert 'title "A day at the river" \\u2192 "Two days at the river"' in told.stdout
