"""What docs/deploy/ offers, in front of a real Feeder: real nginx and Caddy, and a linter for the Dockerfile. Skipped where they are missing."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import pytest

from tests.shell import ROOT, Shell, until

DEPLOY = ROOT / "docs" / "deploy"
ARTICLE = "A week of rain\n\nIt has rained for a week, and the river is as high as the bench below the bridge.\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def asked(address: str, **headers: str) -> tuple[int, Message, bytes]:
    """Status, header and body of an answer; names of fields with underscores."""
    request = urllib.request.Request(address, headers={"Host": "example.org", **{name.replace("_", "-"): value for name, value in headers.items()}})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers, refused.read()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path / "srv" / "notes", tmp_path / "programs")
    made.feeder()
    (made.folder / "input").mkdir()
    (made.folder / "input" / "rain.txt").write_text(ARTICLE)
    (made.folder / "input" / "bench.txt").write_text("The bench\n\nNobody has moved it.\n")
    (made.folder / "feeder.toml").write_text('[feed]\ntitle = "Notes"\nbase_url = "https://example.org/notes/"\n')
    return made


@contextmanager
def nginx(folder: Path, text: str) -> Iterator[str]:
    """nginx as it is installed, with a server of ours on a free port, by its address."""
    if (program := shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")) is None:
        pytest.skip("without nginx")
    port = free_port()
    folder.mkdir()
    text = re.sub(r"listen 80;", f"listen 127.0.0.1:{port};", re.sub(r"listen \[::\]:80;\n", "", text))
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\ndaemon off;\nworker_processes 1;\n"
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{ }}\n"
        f"http {{\naccess_log off;\n{paths}include {folder}/site.conf;\n}}\n"
    )
    command = [program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port) or process.poll() is not None)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_behind_nginx_readers_get_what_feeder_answers(shell: Shell, tmp_path: Path) -> None:
    """The path of base_url is taken away, validators and codings come through, and what is for the owner does not."""
    with shell.running("feeder run") as page:
        text = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8000", page.split("/")[2])
        with nginx(tmp_path / "nginx", text) as front:
            until(lambda: b"articles/rain.html" in asked(f"{front}notes/feed.xml")[2])
            status, fields, body = asked(f"{front}notes/feed.xml")
            assert (status, fields.get_content_type()) == (200, "application/atom+xml")
            assert b"https://example.org/notes/articles/rain.html" in body
            assert asked(f"{front}notes/feed.xml", If_None_Match=str(fields["etag"]))[0] == 304
            assert asked(f"{front}notes/feed.xml", Accept_Encoding="gzip")[1]["content-encoding"] == "gzip"
            assert asked(f"{front}notes/feed.xml", Sec_Fetch_Dest="document")[1].get_content_type() == "application/xml"
            assert asked(f"{front}notes/articles/rain.html")[0] == 200
            assert asked(f"{front}notes/tags")[0] == 404
            assert {asked(f"{front}notes/{name}")[0] for name in ("status", "status.json", "metrics")} == {404}
            (shell.folder / "input" / "rain.txt").rename(shell.folder / "rain.txt")
            until(lambda: asked(f"{front}notes/articles/rain.html")[0] == 410)


def test_nginx_alone_serves_the_folder_as_readers_want_it(shell: Shell, tmp_path: Path) -> None:
    shell.run("feeder build -q")
    text = (DEPLOY / "nginx-static.conf").read_text().replace("/srv/notes/", f"{shell.folder}/")
    with nginx(tmp_path / "nginx", text) as front:
        kinds = {
            "feed.xml": "application/atom+xml",
            "rss.xml": "application/rss+xml",
            "feed.json": "application/feed+json",
            "feeds.opml": "text/x-opml",
        }
        kinds |= {"": "text/html", "articles/rain.html": "text/html", "style.css": "text/css", "icon.svg": "image/svg+xml"}
        answers = {name: asked(f"{front}notes/{name}") for name in kinds}
        assert {name: (status, fields.get_content_type()) for name, (status, fields, _) in answers.items()} == {
            name: (200, kind) for name, kind in kinds.items()
        }
        assert asked(f"{front}notes/feed.xml", If_None_Match=str(answers["feed.xml"][1]["etag"]))[0] == 304
        status, _, body = asked(f"{front}notes/nothing-here")
        assert status == 404
        assert b"nothing at this address" in body


def test_the_rule_that_no_page_may_break_is_the_same_in_nginx(shell: Shell) -> None:
    """Content-Security-Policy, as Feeder's server sends it."""
    with shell.running("feeder run") as page:
        said = asked(page)[1]["content-security-policy"]
    assert f'"{said}"' in (DEPLOY / "nginx-static.conf").read_text()


def test_the_caddyfile_is_one(tmp_path: Path) -> None:
    if not (caddy := shutil.which("caddy")):
        pytest.skip("without caddy")
    environ = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for command in (["adapt", "--validate", "--config"], ["fmt", "--diff"]):
        told = subprocess.run([caddy, *command, DEPLOY / "Caddyfile"], capture_output=True, text=True, env=environ)
        assert told.returncode == 0, told.stderr


def test_the_dockerfile_has_nothing_that_a_linter_would_change() -> None:
    if not (hadolint := shutil.which("hadolint")):
        pytest.skip("without hadolint")
    told = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "")
