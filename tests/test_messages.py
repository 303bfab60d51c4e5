"""Each trouble that somebody may have, and what is said to them: what is wrong, where, and what to do. One table.

Permissions are tried without the rights of root: as another user would have it, whoever runs these tests.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from feeder.cli import main

ROOT = Path(__file__).parent.parent
RIVER = "A day at the river\n\nThe river was high after the rain, and nobody had expected the ducks.\n"
AT_ONCE = '[input]\nsettle = "0s"\n'
HUMBLE = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


def write(path: str, body: str = "x\n") -> Callable[[Path], None]:
    """Save a file."""

    def prepare(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body)

    return prepare


def no(path: str) -> Callable[[Path], None]:
    """Take a file or a folder away."""
    return lambda folder: shutil.rmtree(folder / path) if (folder / path).is_dir() else (folder / path).unlink()


def mode(path: str, bits: int) -> Callable[[Path], None]:
    """Change who may do what."""
    return lambda folder: (folder / path).chmod(bits)


def built(folder: Path) -> None:
    """Publish once."""
    assert CliRunner().invoke(main, ["build", "--quiet"], prog_name="feeder").exit_code == 0


@dataclass(frozen=True)
class Trouble:
    """A situation, a command, and what comes of it. HERE stands for the folder in which all this is."""

    situation: str
    prepare: tuple[Callable[[Path], None], ...]
    words: tuple[str, ...]
    code: int
    said: str
    out: str = ""
    humble: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)
    prelude: str = ""


LLM = '[summary]\nkind = "llm"\n[summary.llm]\nbase_url = "http://127.0.0.1:1/v1"\nmodel = "m"\n'
HUB = '[feed]\nbase_url = "https://news.example/"\n[websub]\nhubs = ["https://hub.example/"]\n'
DELETED = "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
NO_HTTP = "sys.modules['httpx2'] = None\n"
LET = "let the user that runs feeder write there (chown, chmod)"
NO_INPUT = "feeder: there is no folder HERE/input: make it and put articles in, or let `feeder init` do it\n"
A_FILE = "feeder: HERE/input is a file, and should be the folder of the articles: move it away, or name another `folder` in [input]\n"
GONE = "feeder: the current folder was deleted: change to one that is there (cd)\n"
MAY_NOT = "let the user that runs feeder read and write it, and make files beside it (chown, chmod)\n"
INTO = "feeder: HERE/.feeder/ledger.db cannot be read: Permission denied; let the user that runs feeder into its folder (chown, chmod)\n"

TROUBLES = [
    Trouble(
        "a typo in the configuration",
        (write("feeder.toml", '[feed]\ntilte = "x"\n'),),
        ("build",),
        78,
        'feeder.toml:2:1: unknown key "tilte" in [feed] (did you mean "title"?)\n',
    ),
    Trouble(
        "a configuration that is not there",
        (),
        ("build", "-c", "feedre.toml"),
        78,
        "feedre.toml: there is no such file (did you mean feeder.toml?)\n",
    ),
    Trouble(
        "a configuration that is a folder",
        (),
        ("build", "-c", "input"),
        78,
        "input: is a folder, and must be a file (`feeder init` writes one)\n",
    ),
    Trouble(
        "a configuration that may not be read",
        (mode("feeder.toml", 0),),
        ("build",),
        78,
        "feeder.toml: cannot be read: Permission denied (name a file that you may read)\n",
        humble=True,
    ),
    *(Trouble(f"no input folder: {name}", (no("input"),), (name,), 1, NO_INPUT) for name in ("build", "check", "plan")),
    *(Trouble(f"an input that is a file: {name}", (no("input"), write("input")), (name,), 1, A_FILE) for name in ("build", "run", "recover")),
    Trouble(
        "an article that is not there",
        (),
        ("explain", "input/rivr.txt"),
        2,
        'feeder: there is no file "input/rivr.txt"\nfeeder explain --help says what it takes\n',
    ),
    Trouble(
        "an article that may not be read",
        (mode("input/river.txt", 0),),
        ("check",),
        65,
        "set aside: river.txt: cannot be read: Permission denied (let the user that runs feeder read it (chmod, chown))\n",
        out="0 articles can be published, 1 problem\nnothing is published yet\n",
        humble=True,
    ),
    Trouble(
        "a privileged port",
        (),
        ("serve", "--port", "80"),
        1,
        "feeder: cannot serve on 127.0.0.1:80: this user may not: ports below 1024 are for root; choose another port with `--port`, "
        "and let a web server in front listen there\n",
        humble=True,
    ),
    Trouble(
        "an address that is another machine's",
        (),
        ("serve", "--host", "203.0.113.5"),
        1,
        "feeder: cannot serve on 203.0.113.5:8000: this machine has no such address; choose another host, or 127.0.0.1\n",
    ),
    Trouble(
        "an output that may not be written",
        (built, write("input/new.txt", RIVER), mode("output", 0o555)),
        ("build",),
        73,
        f"feeder: HERE/output/DOCUMENT: Permission denied: {LET}\n",
        humble=True,
    ),
    Trouble(
        "an output that is a file",
        (write("output"),),
        ("build",),
        73,
        "feeder: HERE/output/DOCUMENT: File exists: a file is where the output folder should be: move it away\n",
    ),
    Trouble(
        "a folder in which nothing may be made",
        (mode(".", 0o555),),
        ("build",),
        74,
        "feeder: HERE/.feeder: Permission denied; make the folder writable for this user\n",
        humble=True,
    ),
    Trouble(
        "a file where the ledger's folder should be",
        (write(".feeder"),),
        ("build",),
        74,
        "feeder: HERE/.feeder: File exists; a file is where the folder of the ledger should be: move it away\n",
    ),
    *(Trouble(f"a .feeder that may not be entered: {name}", (built, mode(".feeder", 0)), (name,), 74, INTO, humble=True) for name in ("plan",)),
    *(
        Trouble(f"a .feeder that may not be entered: {name}", (built, mode(".feeder", 0)), (name,), 74, INTO.replace("HERE/", ""), humble=True)
        for name in ("status",)
    ),
    Trouble(
        "a .feeder that may not be written",
        (built, mode(".feeder", 0o555)),
        ("build",),
        74,
        f"feeder: HERE/.feeder/ledger.db cannot be used: attempt to write a readonly database; {MAY_NOT}",
        humble=True,
    ),
    Trouble(
        "a ledger that may not be read",
        (built, mode(".feeder/ledger.db", 0)),
        ("status",),
        74,
        f"feeder: HERE/.feeder/ledger.db cannot be opened: unable to open database file; {MAY_NOT}",
        humble=True,
    ),
    Trouble(
        "init where nothing may be made",
        (no("feeder.toml"), mode(".", 0o555)),
        ("init",),
        1,
        "feeder: feeder.toml cannot be written: Permission denied; let this user write there (chown, chmod), or say another folder\n",
        humble=True,
    ),
    *(
        Trouble(
            f"a folder that was deleted: {' '.join(words)}", (), words, 1, GONE, prelude="os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        )
        for words in (("build",), ("init",))
    ),
    Trouble("no HOME", (built,), ("plan",), 0, "", out="nothing would change\n", prelude="os.environ.pop('HOME', None)\n"),
    Trouble("a locale that is C", (built,), ("plan",), 0, "", out="nothing would change\n", environ={"LC_ALL": "C"}),
    Trouble("a locale that is POSIX", (built,), ("status", "--quiet"), 0, "", environ={"LC_ALL": "POSIX"}),
    Trouble(
        "a locale in which names are not UTF-8",
        (),
        ("build",),
        1,
        "feeder: the names of files are not UTF-8 in this locale: set LC_ALL=C.UTF-8, or PYTHONUTF8=1\n",
        environ={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ),
    Trouble(
        "a language model without its package",
        (write("feeder.toml", LLM),),
        ("build",),
        78,
        "feeder.toml:2: kind \"llm\" needs the package httpx2 (install it with: pip install 'feeder[llm]')\n",
        prelude=NO_HTTP,
    ),
    Trouble(
        "a hub without its package",
        (write("feeder.toml", HUB),),
        ("build",),
        78,
        "feeder.toml:4: hubs need the package httpx2 (install it with: pip install 'feeder[websub]')\n",
        prelude=NO_HTTP,
    ),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an article and a configuration that waits for nothing."""
    folder = tmp_path / "notes"
    folder.mkdir()
    write("input/river.txt", RIVER)(folder)
    write("feeder.toml", AT_ONCE)(folder)
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("FEEDER_")]:
        monkeypatch.delenv(name)
    yield folder
    for place in (folder, folder / ".feeder", folder / "output"):
        if place.is_dir():
            place.chmod(0o755)


def around(**more: str) -> dict[str, str]:
    """The environment of a process, without the coverage that this process measures already."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "FEEDER_", "LC_", "LANG"))}
    return {**environ, "PYTHONPATH": str(ROOT), **more}


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: str(trouble.situation))
def test_a_trouble_is_told_with_what_to_do(trouble: Trouble, here: Path) -> None:
    if trouble.humble and HUMBLE and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    for prepare in trouble.prepare:
        prepare(here)
    if trouble.humble or trouble.prelude or trouble.environ or trouble.words[0] == "run":
        program = f"import os, sys\n{trouble.prelude}from feeder.cli import main\nmain(prog_name='feeder')"
        command = [*(HUMBLE if trouble.humble else ()), sys.executable, "-c", program, *trouble.words]
        ended = subprocess.run(command, cwd=here, env=around(**trouble.environ), capture_output=True, text=True, timeout=60, check=False)
        code, out, err = ended.returncode, ended.stdout, ended.stderr
    else:
        told = CliRunner().invoke(main, trouble.words, prog_name="feeder")
        code, out, err = told.exit_code, told.stdout, told.stderr
    err = re.sub("HERE/output/[a-z0-9./-]+", "HERE/output/DOCUMENT", err.replace(str(here), "HERE"))
    assert (err, out, code) == (trouble.said, trouble.out, trouble.code)


@contextmanager
def running(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A service, until the end of the block."""
    command = [sys.executable, "-m", "feeder", "run", *words]
    process = subprocess.Popen(command, cwd=folder, env=around(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout
        assert any("Ctrl-C stops it." in line for line in process.stdout)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_a_second_instance_is_told_who_is_there_and_since_when(here: Path) -> None:
    with running(here, "--no-serve") as first:
        told = CliRunner().invoke(main, ["build"], prog_name="feeder")
    assert told.exit_code == 75
    found = re.fullmatch(
        r"feeder: another feeder publishes here already: process (\d+) since (\S+ \S+) UTC \(it holds (\S+)/lock\): "
        r"leave the work to it, or stop it first\n",
        told.stderr,
    )
    assert found
    assert (int(found[1]), found[3]) == (first.pid, str(here / ".feeder"))
    assert abs(time.time() - time.mktime(time.strptime(f"{found[2]} UTC", "%Y-%m-%d %H:%M:%S %Z")) + time.timezone) < 120


def test_a_port_that_is_taken_is_told_with_two_ways_out(here: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = CliRunner().invoke(main, ["serve", "--port", str(port)], prog_name="feeder")
    assert told.exit_code == 1
    assert told.stderr == (
        f"feeder: cannot serve on 127.0.0.1:{port}: it is taken: another `feeder` or another program listens there (`ss -ltnp` tells which); "
        "stop it, or choose another port with `--port`: 0 takes any free one\n"
    )


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small disk of its own, where mounting is allowed."""
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_full_is_told_as_such(here: Path) -> None:
    """Where the output goes, and where the ledger is."""
    disk = here / "disk"
    disk.mkdir()
    with mounted(disk, "size=16k"):
        write("feeder.toml", f'{AT_ONCE}[output]\nfolder = "disk/output"\n')(here)
        told = CliRunner().invoke(main, ["build"], prog_name="feeder")
    assert told.exit_code == 73
    assert re.search(r"^feeder: \S+/disk/output\S*: No space left on device", told.stderr)


def test_a_read_only_file_system_is_told_as_such(here: Path) -> None:
    disk = here / "disk"
    disk.mkdir()
    with mounted(disk, "ro"):
        told = CliRunner().invoke(main, ["init", "disk"], prog_name="feeder")
    assert (told.exit_code, told.stderr.startswith("feeder: disk/feeder.toml cannot be written: Read-only file system; ")) == (1, True)


def test_a_limit_on_the_size_of_files_ends_like_a_full_disk(here: Path) -> None:
    """With a sentence, and nothing half-written."""
    process = subprocess.run(
        [sys.executable, "-m", "feeder", "build"],
        cwd=here,
        env=around(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert process.returncode in (73, 74)
    assert re.fullmatch(r"feeder: .*(disk I/O error|File too large).*\n", process.stderr)
    assert not (here / "output" / "feed.xml").exists()
