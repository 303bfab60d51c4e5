"""What a configuration is called, and where its state stands. What is in them config and ledger know; `feeder status` loads only one of the two."""

from __future__ import annotations

import unicodedata
from pathlib import Path

__all__ = ["name", "nearest", "state"]


def name(config_file: Path | None, root: Path) -> str:
    """Return what this configuration is called among several: like its file; a `feeder.toml`, which every folder may have, like its folder."""
    called = root.name if config_file is None or config_file.name == "feeder.toml" else config_file.stem
    return unicodedata.normalize("NFC", called)


def state(config_file: Path | None, root: Path) -> Path:
    """Return the folder of the ledger for this file, or for no file in the folder `root`.

    Each configuration has a ledger of its own, because two in one would withdraw each other's articles: .feeder/ for
    feeder.toml and for none, .feeder/NAME/ for NAME.toml beside it.
    """
    folder = (config_file.parent if config_file else root) / ".feeder"
    if config_file is None or config_file.name == "feeder.toml":
        return folder
    return folder / (config_file.stem if config_file.suffix == ".toml" else config_file.name)


def nearest(config_file: Path) -> str:
    """What to do about a configuration that is not there: the name beside it that is most like it, or how to make one."""
    from difflib import get_close_matches

    folder = config_file if config_file.is_dir() else config_file.parent
    names = sorted(path.name for path in folder.glob("*.toml") if path.is_file()) if folder.is_dir() else []
    stems = {name.removesuffix(".toml"): name for name in names}
    close = [stems[stem] for stem in get_close_matches(config_file.stem, stems, 1, 0.7)] or [name for name in names if name == "feeder.toml"] or names
    if close:
        return f"did you mean {folder / close[0]}?"
    return "`feeder init` writes one" if folder.is_dir() else f"there is no folder {folder} either"
