"""Packages of plugins, installed for real: wheels that pip unpacks, found by importlib.metadata like any other. No network, no build backend.

A package is a folder with a pyproject.toml, as `tests/gemini`, or a few modules that a test makes up. What hatchling would make of it, a
wheel, is made here: a ZIP file of the modules, with METADATA, WHEEL, entry_points.txt and RECORD (binary distribution format 1.0).
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from feeder.plugins._plugin import entry_points

__all__ = ["GEMINI", "Workshop", "feeder", "forget", "install", "made_up", "wheel"]

ROOT = Path(__file__).parent.parent
GEMINI = Path(__file__).parent / "gemini"


def made_up(
    folder: Path, modules: Mapping[str, str], points: Mapping[str, Mapping[str, str]], *, name: str = "feeder-made-up", version: str = "1.0"
) -> Path:
    """A package: modules by name, and by group entry points. The folder it is in."""
    folder.mkdir(parents=True)
    tables = [f'[project]\nname = "{name}"\nversion = "{version}"\n']
    for group, found in points.items():
        tables.append(f'[project.entry-points."feeder.{group}"]\n' + "".join(f'"{point}" = "{target}"\n' for point, target in found.items()))
    (folder / "pyproject.toml").write_text("\n".join(tables))
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
    return folder


def wheel(package: Path, into: Path) -> Path:
    """The wheel of a package of pure Python."""
    project: Mapping[str, Any] = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    about = f"{name}-{version}.dist-info"
    files = {path.relative_to(package).as_posix(): path.read_bytes() for path in sorted(package.rglob("*.py"))}
    requires = "".join(f"Requires-Dist: {requirement}\n" for requirement in project.get("dependencies", ()))
    files[f"{about}/METADATA"] = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n{requires}".encode()
    files[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    groups = project["entry-points"].items()
    points = "\n".join(f"[{group}]\n" + "".join(f"{point} = {target}\n" for point, target in found.items()) for group, found in groups)
    files[f"{about}/entry_points.txt"] = points.encode()
    files[f"{about}/RECORD"] = "".join([*(f"{path},{_digest(body)},{len(body)}\n" for path, body in files.items()), f"{about}/RECORD,,\n"]).encode()
    into.mkdir(parents=True, exist_ok=True)
    made = into / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, body in files.items():
            archive.writestr(path, body)
    return made


def install(package: Path, into: Path) -> Path:
    """Install a package into the folder `into`, for PYTHONPATH: by pip, and where there is none, as pip does with such a wheel."""
    made = wheel(package, into.parent / "wheels")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--disable-pip-version-check",
        "--target",
        str(into),
    ]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        subprocess.run([*pip, str(made)], check=True, capture_output=True)
    else:
        zipfile.ZipFile(made).extractall(into)
    return into


def feeder(folder: Path, *arguments: str, path: Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, in `folder`, with what is installed at `path`."""
    searched = os.pathsep.join([str(path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    ours = {**os.environ, "PYTHONPATH": searched, **(environ or {})}
    return subprocess.run([sys.executable, "-m", "feeder", *arguments], cwd=folder, env=ours, capture_output=True, text=True, timeout=60)


def _main(site: str, command: str, package: str) -> None:
    assert command == "install"
    install(Path(package), Path(site))


def _digest(body: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


class Workshop:
    """Makes up packages and puts them where this process finds them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._number = 0

    def bring(self, text: str, *, version: str = "1.0", package: str = "feeder-made-up", **points: str) -> None:
        """Install a package with one module, in which each group has a part: renderers="gemtext = Gemtext". What was installed goes."""
        self._number += 1
        module = f"made_up_{abs(hash(self._folder))}"
        sys.modules.pop(module, None)
        named = {group: dict([_point(point, module) for point in said.split(",")]) for group, said in points.items()}
        made = made_up(self._folder / f"package{self._number}", {module: textwrap.dedent(text)}, named, name=package, version=version)
        self.take(made)

    def take(self, package: Path) -> None:
        """Install a package that is there, in the place of what was installed."""
        site = self._folder / f"site{self._number}"
        zipfile.ZipFile(wheel(package, self._folder / "wheels")).extractall(site)
        self._monkeypatch.undo()
        self._monkeypatch.syspath_prepend(str(site))
        forget()


def _point(said: str, module: str) -> tuple[str, str]:
    name, _, attribute = said.partition("=")
    return name.strip(), f"{module}:{attribute.strip()}"


def forget() -> None:
    """Have the process look for plugins anew."""
    entry_points.cache_clear()


if __name__ == "__main__":
    _main(*sys.argv[1:])
