"""What a Tab completes, in real shells: bash and zsh at a terminal, fish by its own question."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from feeder import readers
from feeder.cli import main
from feeder.cli._around import ARTICLES

# What is typed, Tabs among it, and the words that the program is then given.
CASES = [
    ("bui\t", "build"),
    ("recov\t--fo\t", "recover --force"),
    ("build --acc\t", "build --accept-removals"),
    ("build -c mi\t", "build -c mine.toml"),
    ("build --config=mi\t", "build --config=mine.toml"),
    ("check -c fol\tin\t", "check -c folder/inner.toml"),
    ("explain a\t", "explain a day.md"),
    ("explain no\t", "explain no"),
    ("import no\t", "import notes.pdf"),
    ("init fol\t", "init folder/"),
    ("completion f\t", "completion fish"),
    ("run --host m\t", "run --host m"),
    ("stat\t-c mine.toml --js\t", "status -c mine.toml --json"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files to choose from."""
    folder = tmp_path_factory.mktemp("shell")
    for name in ("mine.toml", "mile.txt.bak", "a day.md", "notes.pdf", "folder/inner.toml", "folder/inside.md"):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    return folder


def script(shell: str) -> str:
    """What `feeder completion` prints."""
    told = CliRunner().invoke(main, ["completion", shell], prog_name="feeder")
    assert told.exit_code == 0
    return told.stdout


class Terminal:
    """A shell with somebody at its keyboard."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.child, self.screen = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "PS1": "$ ", "LC_ALL": "C.UTF-8"}
            os.execvpe(command[0], command, environ)
        self.shown = ""

    def type(self, keys: str, until: str) -> str:
        """Press keys until the terminal shows something that matches; return what it shows since."""
        os.write(self.screen, keys.encode())
        self.shown, end = "", time.monotonic() + 15
        while not re.search(until, self.shown):
            assert time.monotonic() < end, self.shown
            if select.select([self.screen], [], [], 0.2)[0]:
                self.shown += os.read(self.screen, 65536).decode(errors="replace")
        return self.shown

    def close(self) -> None:
        """Leave."""
        os.close(self.screen)
        os.waitpid(self.child, 0)


def given(terminal: Terminal, keys: str) -> str:
    """The words that the program is given when this is typed, and Enter."""
    shown = terminal.type(f"feeder {keys}\n", r"GOT<[^>]*>\r")
    found = re.findall(r"GOT<([^>]*)>\r", shown)
    assert found
    return str(found[-1]).strip()


@pytest.fixture(scope="module")
def bash(folder: Path) -> Iterator[Terminal]:
    """bash as it is when somebody has logged in."""
    terminal = Terminal(folder, "bash", "--noprofile", "--norc", "-i")
    (folder / ".setup").write_text(script("bash") + "\nfeeder() { printf 'GOT<%s>\\n' \"$*\"; }\nbind 'set bell-style none'\necho READY\n")
    terminal.type("source .setup\n", r"READY\r")
    yield terminal
    terminal.close()


@pytest.fixture(scope="module")
def zsh(folder: Path) -> Iterator[Terminal]:
    """zsh with its own completion switched on."""
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    terminal = Terminal(folder, "zsh", "-f", "-i")
    setup = 'autoload -U compinit; compinit -u -D\nunsetopt beep list_beep\nfeeder() { print -r -- "GOT<$*>" }\n'
    (folder / ".zsetup").write_text(f"{setup}{script('zsh')}\nprint READY\n")
    terminal.type("source ./.zsetup\n", r"READY\r")
    yield terminal
    terminal.close()


@pytest.mark.parametrize(("keys", "words"), CASES)
def test_bash_completes(bash: Terminal, keys: str, words: str) -> None:
    assert given(bash, keys) == words


@pytest.mark.parametrize(("keys", "words"), CASES)
def test_zsh_completes(zsh: Terminal, keys: str, words: str) -> None:
    assert given(zsh, keys) == words.rstrip("/")  # which it takes away at Enter


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(folder: Path, tmp_path: Path) -> None:
    """What it offers for the last word of each line; all in one fish, which takes its time to start."""
    (tmp_path / "feeder.fish").write_text(script("fish"))
    lines = [re.sub(r"\t(?=.*\t)", " ", keys).rstrip("\t") for keys, _ in CASES]
    lines = [line.replace("recov ", "recover ").replace("fol in", "folder/in").replace("stat -c", "status -c") for line in lines]
    asked = "".join(f"echo '# {line}'; complete -C 'feeder {line}'\n" for line in lines)
    environ = {**os.environ, "HOME": str(tmp_path)}
    told = subprocess.run(
        ["fish", "--no-config", "-c", f"source {tmp_path}/feeder.fish\n{asked}"], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    offers = {head: body for head, _, body in (block.partition("\n") for block in told.stdout.split("# ")[1:])}
    for line, (_, words) in zip(lines, CASES, strict=True):
        found = {row.partition("\t")[0] for row in offers[line].splitlines()}
        last = words.rpartition(" ")[2].replace("day.md", "a day.md")
        assert found == (set() if last in ("no", "m") else {last}), line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_option_is_in_the_script(shell: str) -> None:
    """By walking the commands."""
    told = script(shell)
    for path, command in walk(main):
        assert all(name in told for name in path)
        for option in (p for p in command.params if isinstance(p, click.Option)):
            assert all((f"-l {name[2:]}" if shell == "fish" and name.startswith("--") else name) in told for name in option.opts if len(name) > 2)


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below this one, groups too."""
    for name, other in command.commands.items() if isinstance(command, click.Group) else ():
        yield (*path, name), other
        yield from walk(other, (*path, name))


def test_what_explain_completes_is_what_is_read() -> None:
    assert set(ARTICLES.suffixes) == set(readers.SUFFIXES)


def test_a_tab_takes_no_time(folder: Path) -> None:
    """No program is started for it: two hundred take less than a tenth of a second each, by far."""
    (folder / ".time").write_text(
        script("bash") + "\nCOMP_WORDS=(feeder build --a); COMP_CWORD=2\nfor ((n = 0; n < 200; n++)); do _feeder; done\necho ${COMPREPLY[0]}; times\n"
    )
    told = subprocess.run(["bash", "--norc", ".time"], cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[0] == "--accept-removals"
    minutes = re.findall(r"(\d+)m([\d.]+)s", "\n".join(told[1:]))
    assert sum(60 * int(minute) + float(second) for minute, second in minutes) < 200 * 0.1
