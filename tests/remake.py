"""What is made from the code and kept beside it: `python -m tests.remake` writes it anew. Tests say when it is time to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from feeder.config._tables import MODELS, SECRETS
from feeder.config._written import toml, written
from feeder.config.schema import explanations, schema
from feeder.config.settings import DERIVED

__all__ = ["MADE", "ROOT"]

ROOT = Path(__file__).parent.parent


def _schema() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


_INTRODUCTION = """# The configuration

Written by `python -m tests.remake` from the tables that check it and the words of [`example.toml`](../feeder/example.toml), which `feeder init`
copies. All of it is optional.

Feeder reads `feeder.toml` in the current folder, or what `--config` names; paths in it are relative to it. An option of the command line goes
before the environment, the environment before the file, the file before the default. `feeder config show` tells for each key what holds and who
said it, `feeder check` what is wrong, all mistakes at once, each with its line and column and what was probably meant; a wrong configuration
ends every command with 78.

**Values.** A length of time is written `"500ms"`, `"90s"`, `"5m"`, `"1h 30m"`, `"2d"`, or as a number of seconds; a size `"512KiB"`, `"10MB"`,
or as a number of bytes. Where a list may stand, one alone need not be written as one.

**The environment.** Each key is also a variable: `FEEDER_`, the table, two underscores, the key, all in capitals, a dot in the table's name as
two underscores: `FEEDER_FEED__TITLE`, `FEEDER_SUMMARY__LLM__MODEL`. Text stands in it as it is; numbers, `true` and `false`, lists and tables as
in TOML (`["Ann", { name = "Ben" }]`). With `_FILE` behind it, `FEEDER_SERVE__TOKEN_FILE`, it names a file that holds the value, without the end
of its line. An empty variable says nothing, one that is no key is a mistake. Secrets come from the environment alone, and nothing ever shows
them.

**Editors.** `feeder init` writes a JSON Schema to `.feeder/feeder.schema.json`, and the first line of `feeder.toml` names it: Taplo, and Even
Better TOML in VS Code, then complete, explain and check the file while you write, without the network. `feeder config schema` prints it; for a
file that was there before, and after an upgrade:

    mkdir -p .feeder && feeder config schema > .feeder/feeder.schema.json

and `#:schema .feeder/feeder.schema.json` as the first line of the file.
"""


def _page() -> str:
    """docs/configuration.md: each table with its keys in the order of the example, secrets last."""
    told = explanations()
    parts = [_INTRODUCTION]
    for table in dict.fromkeys(name.rpartition(".")[0] for name in told if name not in MODELS):
        keys = [name for name in told if name.rpartition(".")[0] == table and name not in MODELS]
        secrets = [name for name in SECRETS if name.rpartition(".")[0] == table]
        rows = "\n".join(map(_row, [*keys, *secrets]))
        about = f"{told[table]}\n\n" if told.get(table) else ""
        parts.append(f"## [{table}]\n\n{about}| key | takes | default | meaning |\n|-----|-------|---------|---------|\n{rows}\n")
    return "\n".join(parts)


def _row(name: str) -> str:
    table, _, key = name.rpartition(".")
    field = MODELS[table].model_fields["authors" if key == "author" else key]
    if name in SECRETS:
        variable = f"FEEDER_{name}".upper().replace(".", "__")
        return f"| `{key}` | a text | | A secret: it comes from `{variable}` or `{variable}_FILE` alone. |"
    value = written(field, field.default) if field.default not in (None, "", ()) else None
    default = DERIVED.get("feed.authors" if name == "feed.author" else name) or (f"`{toml(value)}`" if value is not None else "")
    cells = (f"`{key}`", field.description or "", "" if name == "feed.authors" else default, explanations()[name])
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


MADE: Mapping[str, Callable[[], str]] = {"feeder/feeder.schema.json": _schema, "docs/configuration.md": _page}
"""Each file by its path in the repository, with what makes its text."""

if __name__ == "__main__":
    for path, make in MADE.items():
        (ROOT / path).write_text(make(), "utf-8")
