"""Whether a service is well, asked from outside: its addresses, and `feeder healthcheck` of services that start, are ready, hang and have stopped."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feeder import pulse
from tests.overseer import overseen, until

ROOT = Path(__file__).parent.parent
WELL = {"live": True, "ready": True, "reasons": []}


def healthcheck(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """The exit code of the command and what it says."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-m", "feeder", "healthcheck", *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=20)
    return done.returncode, (done.stdout + done.stderr).strip()


def got(address: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def test_a_service_is_asked_while_it_starts_is_ready_hangs_and_has_stopped(tmp_path: Path) -> None:
    """With port 0: what the configuration says of a port is not where it is."""
    with overseen(tmp_path, '[schedule]\ndeadline = "2s"\n', held=True) as service:
        service.write("river.txt")
        until((tmp_path / "asked").exists)
        until((tmp_path / ".feeder" / "pulse").exists)
        assert healthcheck(tmp_path) == (1, "feeder: not ready: nothing is published yet")
        address = service.address()
        assert got(f"{address}health/live") == (200, {"live": True, "reasons": []})
        assert got(f"{address}health/ready") == (503, {"ready": False, "reasons": ["nothing is published yet"]})
        service.release()
        until(lambda: got(f"{address}health/ready") == (200, {"ready": True, "reasons": []}))
        assert healthcheck(tmp_path) == (0, "well")
        assert healthcheck(Path("/"), "--url", address) == (0, "well")
        service.hold()
        service.write("lake.txt", "A day at the lake\n\nThe lake was as calm as ever, and nobody had expected the swans.\n")
        until(lambda: got(f"{address}health/live")[0] == 503)
        late = "a cycle is past its deadline and has not stopped yet"
        assert got(f"{address}health/ready")[0] == 200, "what is published is served meanwhile"
        assert healthcheck(tmp_path) == (1, f"feeder: not alive: {late}")
        service.release()
        until(lambda: got(f"{address}health")[1]["status"] == "ok")
        assert service.stop() < 5
        assert not (tmp_path / ".feeder" / "pulse").exists()
        code, said = healthcheck(tmp_path, FEEDER_SERVE__PORT="1")
        assert (code, said) == (1, "feeder: no service runs here: nobody listens at http://127.0.0.1:1/health")


def test_a_service_without_a_server_is_known_by_its_sign_of_life(tmp_path: Path) -> None:
    with overseen(tmp_path, arguments=("--no-serve",)) as service:
        until(lambda: service.said("READY"))
        until(lambda: healthcheck(tmp_path) == (0, "well"))
        service.process.kill()
        service.process.wait()
        sign = tmp_path / ".feeder" / "pulse"
        long_ago = time.time() - 100
        os.utime(sign, (long_ago, long_ago))
        assert healthcheck(tmp_path) == (1, "feeder: not alive: its last sign of life is 100 s old")


def test_the_sign_of_life_is_given_again_and_again_where_there_is_no_server_to_ask(tmp_path: Path) -> None:
    sign = pulse.Pulse(tmp_path)
    for tick in range(25):
        os.utime(tmp_path, None)
        if (tmp_path / "pulse").exists():
            os.utime(tmp_path / "pulse", (tick, tick))
        sign.beat(float(tick), None, WELL)
        written = (tmp_path / "pulse").stat().st_mtime > 1000
        assert written == (tick in (0, 10, 20))
    sign.end()
    sign.end()


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/", None])
def test_a_sign_of_life_that_somebody_took_away_comes_back(tmp_path: Path, address: str | None) -> None:
    sign = pulse.Pulse(tmp_path)
    sign.beat(0.0, address, WELL)
    (tmp_path / "pulse").unlink()
    sign.beat(pulse.RHYTHM, address, WELL)
    assert (tmp_path / "pulse").exists()


def test_a_sign_of_life_that_cannot_be_given_stops_nobody(tmp_path: Path) -> None:
    pulse.Pulse(tmp_path / "nowhere").beat(0.0, None, WELL)


@pytest.mark.parametrize("said", [b"", b"[]", b"{", b"\xff"])
def test_a_sign_that_is_none_is_no_well_being(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "pulse").write_bytes(said)
    assert not pulse.feel(tmp_path, time.time(), "http://127.0.0.1:1/", 1.0).well


@contextmanager
def answering(status: int, body: bytes, drip: float = 0.0) -> Iterator[str]:
    """The address of a server that is not ours."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(drip)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "well", "why"),
    [
        (200, b'{"ready": true, "live": true, "reasons": []}', True, "well"),
        (200, b'{"ready": true, "live": true, "reasons": ["watch: \\u001b[2J"]}', True, "well, but watch: \x1b[2J"),
        (503, b'{"ready": false, "live": true, "reasons": []}', False, "not ready: it does not say why"),
        (200, b"<html>hello</html>", False, "health is not one of feeder: it answers 200"),
        (404, b"[]", False, "health is not one of feeder: it answers 404"),
    ],
)
def test_an_answer_is_judged_by_what_it_says(status: int, body: bytes, well: bool, why: str) -> None:
    with answering(status, body) as address:
        found = pulse.ask(address, 2.0)
        assert (found.well, found.why.removeprefix(address)) == (well, why)


def test_an_answer_that_drips_is_not_waited_for() -> None:
    with answering(200, b" " * 100, drip=0.05) as address:
        began = time.monotonic()
        assert pulse.ask(address, 0.3) == (False, f"no answer from {address}health within 0.3 s")
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("address", ["ftp://news.example/", "http:///", "nonsense://", "http://127.0.0.1:port/"])
def test_what_is_no_web_address_is_said(address: str) -> None:
    assert "is no web address" in pulse.ask(address, 0.2).why


@pytest.mark.parametrize(
    ("toml", "environ", "address"),
    [
        ("", {}, "http://127.0.0.1:8000/"),
        ('[serve]\nhost = "0.0.0.0"\nport = 81\n', {}, "http://127.0.0.1:81/"),
        ('[serve]\nhost = "::"\n', {"FEEDER_SERVE__PORT": "82"}, "http://[::1]:82/"),
        ("serve = 1", {}, "http://127.0.0.1:8000/"),
        ("not TOML", {"FEEDER_SERVE__HOST": "news.example"}, "http://news.example:8000/"),
    ],
)
def test_where_no_sign_is_the_configuration_says_whom_to_ask(tmp_path: Path, toml: str, environ: dict[str, str], address: str) -> None:
    (tmp_path / "feeder.toml").write_text(toml)
    assert pulse.configured(tmp_path / "feeder.toml", environ) == address


def test_asking_takes_no_time_to_speak_of(tmp_path: Path) -> None:
    """A container does it twice a minute for ever: nothing large is loaded."""
    code = "import sys; from feeder import cli\ntry: cli.main(['healthcheck'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    around = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}  # it loads much itself
    environ = {**around, "PYTHONPATH": str(ROOT), "FEEDER_SERVE__PORT": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=20)
    large = {"pydantic", "sqlite3", "lxml", "jinja2", "uvicorn", "asyncio", "httpx2", "http.client", "feeder.text", "feeder.ledger"}
    assert not large & set(done.stdout.split())


@contextmanager
def posted(status: int, delay: float) -> Iterator[tuple[str, list[str]]]:
    """The address of a monitor, and the paths that were posted to."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            paths.append(self.path)
            time.sleep(delay)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", paths
        finally:
            server.shutdown()
            thread.join()
