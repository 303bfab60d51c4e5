"""The unit of systemd: judged by systemd itself, and what it forbids is tried on a real service."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from feeder import config
from feeder.errors import FeederError
from feeder.unit import Facts, facts, unit
from tests.overseer import overseen, until

ROOT = Path(__file__).parent.parent
ANALYZE = shutil.which("systemd-analyze")
STRACE = shutil.which("strace")
with_systemd = pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not here")


def made(folder: Path = Path("/srv/notes"), **more: object) -> Facts:
    said = {"command": ["/bin/true", "run"], "folder": folder, "writes": [folder / ".feeder", folder / "output"], "reads": [folder / "input"]}
    return Facts(**{**said, "user": "daemon", **more})  # type: ignore[arg-type]


def settings(text: str) -> dict[str, list[str]]:
    """Every value of every key, comments left out."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def judged(tmp_path: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "feeder.service"
    file.write_text(text)
    assert ANALYZE
    return subprocess.run([ANALYZE, *words, str(file)], capture_output=True, text=True, timeout=60)


WHATEVER = [
    made(),
    made(loopback=False, port=80),
    made(Path("/home/ann/notes")),
    made(Path("/srv/a \"b\" 'c' 100% $HOME \\x41 ü"), command=["/bin/true", "/srv/a \"b\" 'c' 100% $HOME \\x41 ü/feeder.toml"]),
    made(secrets={"FEEDER_SERVE__TOKEN_FILE": "/etc/feeder/token"}, environ={"FEEDER_FEED__TITLE": '100% "x" \\y $z'}, title="100%\nUser=root"),
    made(own=True),
]


@with_systemd
@pytest.mark.parametrize("of", WHATEVER, ids=["plain", "public", "home", "names", "environment", "own"])
def test_systemd_takes_the_unit_as_it_is(tmp_path: Path, of: Facts) -> None:
    told = judged(tmp_path, unit(of), "verify")
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


@with_systemd
@pytest.mark.parametrize("of", [WHATEVER[0], WHATEVER[1], WHATEVER[2]], ids=["plain", "public, port 80", "home"])
def test_a_service_is_exposed_as_little_as_can_be(tmp_path: Path, of: Facts) -> None:
    """`systemd-analyze security` counts from 0 to 10; a service with no limits has 9.6."""
    told = judged(tmp_path, unit(of), "security", "--offline=yes", "--no-pager")
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert exposure
    assert float(exposure[1]) <= 1.5, told.stdout


def test_it_may_write_the_ledger_and_the_output_and_nothing_else() -> None:
    said = settings(unit(made()))
    assert said["ProtectSystem"] == ["strict"]
    assert said["ReadWritePaths"] == ["/srv/notes/.feeder /srv/notes/output"]
    assert said["ReadOnlyPaths"] == ["/srv/notes/input"]
    assert said["ProtectHome"] == ["yes"]
    assert settings(unit(made(Path("/home/ann/notes"))))["ProtectHome"] == ["read-only"], "yes would hide its own folder"
    assert settings(unit(made(Path("/tmp/notes"))))["PrivateTmp"] == ["no"], "yes would hide its own folder"


def test_names_are_written_as_systemd_reads_them() -> None:
    """systemd.syntax(7): % begins a specifier everywhere; quotes and backslashes count in commands, and quotes alone in lists of paths."""
    said = settings(unit(made(Path('/srv/a "b" 5% \\n'), command=["/usr/bin/feeder", 'a "b" 5% \\n $x'])))
    assert said["ExecStart"] == [r':"/usr/bin/feeder" "a \"b\" 5%% \\n $x"']
    assert said["WorkingDirectory"] == ['/srv/a "b" 5%% \\n']
    assert said["ReadOnlyPaths"] == ['"/srv/a "\'"\'"b"\'"\'" 5%% \\n/input"']


@pytest.mark.parametrize("name", ["line\nbreak", "bell\x07", "\udcff", "trailing ", "trailing\\"])
def test_a_name_that_no_unit_can_hold_is_refused(name: str) -> None:
    with pytest.raises(FeederError, match="cannot be written in a unit"):
        unit(made(Path("/srv") / name, writes=[], reads=[]))


def test_a_unit_is_made_for_the_configuration_and_no_secret_is_in_it(tmp_path: Path) -> None:
    """The command prints it for the owner of the folder, as this very program is called."""
    (tmp_path / "feeder.toml").write_text('[feed]\ntitle = "Notes"\n[output]\nfolder = "out"\n[serve]\nhost = "0.0.0.0"\n')
    environ = {"FEEDER_SERVE__TOKEN": "a-token-of-twenty-four-letters", "FEEDER_FEED__SUBTITLE": "Every day"}
    command = [sys.executable, "-m", "feeder", "systemd", "--user", "daemon"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), **environ}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    assert "a-token" not in done.stdout + done.stderr
    said = settings(done.stdout)
    assert said["Description"] == ["Notes"]
    assert said["User"] == ["daemon"]
    assert said["ReadWritePaths"] == [f"{tmp_path}/.feeder {tmp_path}/out"]
    assert said["LoadCredential"] == ["serve-token:/etc/feeder/serve-token"]
    assert said["Environment"] == ['"FEEDER_FEED__SUBTITLE=Every day"', "FEEDER_SERVE__TOKEN_FILE=%d/serve-token"]
    assert "IPAddressDeny" not in said
    assert said["ExecStart"][0].endswith(f'"run" "--config" "{tmp_path}/feeder.toml"')
    assert "LoadCredential names" in done.stderr
    assert f"{tmp_path}/out has to be there before it starts" in done.stderr


@pytest.mark.parametrize(
    ("toml", "loopback"),
    [
        ("", True),
        ('[serve]\nhost = "::"\n', False),
        ('[feed]\nbase_url = "https://news.example/"\n[websub]\nhubs = "https://hub.example/"\n', False),
        ('[summary]\nkind = "llm"\n[summary.llm]\nbase_url = "https://llm.example/v1"\nmodel = "m"\n', False),
    ],
)
def test_only_who_has_nothing_to_do_with_other_machines_is_kept_from_them(tmp_path: Path, toml: str, loopback: bool) -> None:
    (tmp_path / "feeder.toml").write_text(toml)
    said = facts(config.load(tmp_path / "feeder.toml", {}), {}, secrets=(), user=None, own=False)
    beating = config.load(tmp_path / "feeder.toml", {"FEEDER_SCHEDULE__HEARTBEAT": "https://monitor.example/zq"})
    assert not facts(beating, {}, secrets=(), user=None, own=False).loopback
    assert said.loopback == loopback
    assert ("IPAddressDeny" in settings(unit(said))) == loopback


# -- what it forbids, tried on a real service --------------------------------------------------------------------------------------


@cache
def calls(group: str) -> frozenset[str]:
    """The system calls of a group, those of groups in it included."""
    assert ANALYZE
    told = subprocess.run([ANALYZE, "syscall-filter", "--no-pager", group], capture_output=True, text=True, timeout=30, check=True).stdout
    names = [line.strip() for line in told.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return frozenset().union(*({name} if not name.startswith("@") else calls(name) for name in names))


def at_work(folder: Path, *before: str) -> str:
    """Start a service, publish, ask, reload and stop; return its log."""
    with overseen(folder, before=before) as service:
        until(lambda: service.said("READY"), 60)
        service.write("river.txt")
        until(lambda: "A day at the river" in service.feed(), 60)
        child = service.process.pid
        children = Path(f"/proc/{child}/task/{child}/children").read_text().split()
        os.kill(int(children[0]) if before and children else child, 1)
        until(lambda: "RELOADING" in service.order("RELOADING"), 30)
        os.kill(int(children[0]) if before and children else child, 15)
        assert service.process.wait(30) == 0
        return service.log()


@with_systemd
@pytest.mark.skipif(not STRACE, reason="strace is not here")
def test_it_makes_no_system_call_that_its_unit_forbids(tmp_path: Path) -> None:
    """From the interpreter's start to its end; also none that would merely be refused."""
    trace = tmp_path / "trace"
    assert STRACE
    if subprocess.run([STRACE, "-o", "/dev/null", "/bin/true"], capture_output=True).returncode:
        pytest.skip("strace may not trace here")
    at_work(tmp_path, STRACE, "-f", "-qq", "-o", str(trace))
    made = set(re.findall(r"^\d+ +(?:<\.\.\. )?(\w+)[( ]", trace.read_text(errors="replace"), re.MULTILINE))
    forbidden = (calls("@privileged") | calls("@resources")) - calls("@default")
    assert len(made) > 40
    assert made - {"resumed", "exit"} - calls("@system-service") - calls("@default") == set()
    assert made & forbidden <= {"fchown"}, "which SQLite makes as root alone, and which may fail"


NO_NEW_CODE = "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) and sys.exit(99); os.execv(sys.argv[1], sys.argv[1:])"


def test_it_works_where_no_memory_may_be_both_written_and_run(tmp_path: Path) -> None:
    """MemoryDenyWriteExecute, by the kernel's own switch (PR_SET_MDWE): lxml, pydantic, nh3, comrak and the others are compiled already."""
    if subprocess.run([sys.executable, "-c", NO_NEW_CODE, "/bin/true"], capture_output=True).returncode == 99:
        pytest.skip("this kernel has no such switch")
    assert "ERROR" not in at_work(tmp_path, sys.executable, "-c", NO_NEW_CODE)
