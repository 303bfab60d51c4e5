"""Where the state of a configuration stands. Not what is in it: config and ledger know that, and `feeder status` loads only one of them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["state"]


def state(config_file: Path | None, root: Path) -> Path:
    """Return the folder of the ledger for this file, or for no file in the folder `root`.

    Each configuration has a ledger of its own, because two in one would withdraw each other's articles: .feeder/ for
    feeder.toml and for none, .feeder/NAME/ for NAME.toml beside it.
    """
    folder = (config_file.parent if config_file else root) / ".feeder"
    if config_file is None or config_file.name == "feeder.toml":
        return folder
    return folder / (config_file.stem if config_file.suffix == ".toml" else config_file.name)
