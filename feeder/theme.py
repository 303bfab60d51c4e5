"""What lies beside the configuration to change how pages look: `templates/*.html` and `style.css`, read from the disk. It renders nothing."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import stat_result
from pathlib import Path

from feeder.errors import Problem

__all__ = ["FOLDER", "STYLE", "Theme", "fingerprint", "read"]

FOLDER, STYLE = "templates", "style.css"
LARGEST = 1_000_000  # bytes of one file


@dataclass(frozen=True, slots=True)
class Theme:
    """The owner's templates by name ("article.html"), and the stylesheet that takes the place of ours, if there is one."""

    templates: Mapping[str, str] = field(default_factory=dict)
    style: str | None = None

    def packed(self) -> str:
        """The theme as one text, empty when nothing is another than ours."""
        return json.dumps([dict(self.templates), self.style], ensure_ascii=False, sort_keys=True) if self != Theme() else ""

    @classmethod
    def unpacked(cls, text: str) -> Theme:
        """The theme that `packed` gave this text."""
        return cls(*json.loads(text)) if text else cls()


def fingerprint(root: Path) -> tuple[object, ...]:
    """Return what differs whenever one of the files may be another: their names, times and sizes."""
    return tuple(sorted((str(file), told.st_mtime_ns, told.st_size, told.st_ino) for file, told in _files(root)))


def read(root: Path) -> tuple[Theme, tuple[Problem, ...]]:
    """Return the theme beside the configuration, and what of it cannot be read."""
    texts, problems = dict[str, str](), list[Problem]()
    for file, told in _files(root):
        where = file.relative_to(root).as_posix()
        try:
            if told.st_size > LARGEST:
                raise ValueError(f"is larger than {LARGEST // 1_000_000} MB")
            if where != STYLE and not file.resolve().is_relative_to(file.parent.resolve()):  # somebody else's could publish what only you may read
                raise ValueError("leads out of its folder")
            texts[where] = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            problems.append(Problem(where, "is not UTF-8", "save it as UTF-8"))
        except OSError as error:
            problems.append(Problem(where, f"cannot be read: {error.strerror}", "give it to whoever runs feeder"))
        except ValueError as error:
            problems.append(Problem(where, str(error), "no template needs that"))
    templates = {where.removeprefix(f"{FOLDER}/"): text for where, text in sorted(texts.items()) if where != STYLE}
    return Theme(templates, texts.get(STYLE)), tuple(problems)


def _files(root: Path) -> Iterator[tuple[Path, stat_result]]:
    """The files that count: regular ones, a template by its suffix, none that an editor hides."""
    candidates = [root / STYLE, *(root / FOLDER).glob("[!._]*.html")]
    for file in candidates:
        try:
            told = file.stat()
        except OSError:  # none, or it is just being replaced: the next look finds it
            continue
        if stat.S_ISREG(told.st_mode):
            yield file, told
