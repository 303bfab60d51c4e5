"""What is wrong with what was said, in the words of its owner: unknown keys, wrong values, and keys that contradict each other."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from feeder.config._said import Said
from feeder.config._tables import KEYS, MODELS, SECRETS, AuthorTable, LlmTable, Tables
from feeder.config._values import TRUTHS, WrongError, bare, closest, names_folder, one_line, shown
from feeder.config._written import functions
from feeder.locator import KeyPath

__all__ = ["compare", "compare_times", "validated"]


def validated(said: Said) -> Tables:
    """The tables as they are meant; where they cannot be, the defaults, and each mistake is noted."""
    try:
        return Tables.model_validate(said.data)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        strange = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
        for error in errors:
            if error["type"] != "missing" or not (said.torn or _misspelt(error["loc"], strange)):
                _explain(said, error, *_written(said.data, error["loc"]))
        return Tables()


def _misspelt(path: KeyPath, strange: list[KeyPath]) -> bool:
    """Whether what is missing is there under another name, which is told already."""
    return any(other[:-1] == path[:-1] and closest(str(other[-1]), [str(path[-1])]) for other in strange)


def _written(data: object, path: KeyPath) -> tuple[KeyPath, object]:
    """The path that leads through what was written, and what stands there: one author is no list there, but one for pydantic."""
    taken: KeyPath = ()
    for part in path:
        inner = dict(enumerate(data)) if isinstance(data, list) else data
        if isinstance(inner, dict) and part in inner:
            data, taken = inner[part], (*taken, part)
    return taken, data


def _explain(said: Said, error: ErrorDetails, path: KeyPath, value: object) -> None:
    names = [part for part in error["loc"] if isinstance(part, str)]
    if error["type"] == "extra_forbidden":
        return _explain_unknown(said, path, names, value)
    if (table := ".".join(names)) in MODELS:
        hint = f"begin with a line [{table}] and write its keys under it"
        return said.add(path, f"[{table}] is a table of keys, not {shown(value)}", hint, at_key=True)
    key = names[-1]
    model = MODELS.get(".".join(names[:-1]), AuthorTable)
    field = model.model_fields["authors" if key == "author" else key]
    example = f"for example {key} = {json.dumps(field.examples[0], ensure_ascii=False)}" if field.examples else ""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, WrongError):
        return said.add(path, f"{key} {cause.reason}", cause.hint or example)
    instead = f", not {shown(value)}" if field.repr else ""
    reason = "is missing" if error["type"] == "missing" else f"must be {field.description}{instead}"
    return said.add(path, f"{key} {reason}", _converted(key, field, value) or example)


def _converted(key: str, field: FieldInfo, value: object) -> str:
    """The same value in the form that was meant: a number without its quotes, a text with them."""
    kind, _ = bare(field.annotation, field.metadata)
    if kind is str and one_line in functions(field) and isinstance(value, int | float | date) and not isinstance(value, bool):
        return f'text stands in quotes: {key} = "{value}"'
    if kind is int and isinstance(value, str) and re.fullmatch(r"[0-9][0-9_]*", value):
        return f"a number has no quotes: {key} = {value}"
    if kind is bool and isinstance(value, str) and (truth := TRUTHS.get(value.lower())):
        return f"did you mean {key} = {truth}?"
    return ""


def _explain_unknown(said: Said, path: KeyPath, names: list[str], value: object) -> None:
    *parents, key = names
    if parents == [key]:
        return said.add(path, f'unknown key "{key}" in [{key}]', f"under [{key}] a key stands alone, without {key} and a dot before it", at_key=True)
    if parents and isinstance(value, dict) and (close := closest(".".join(names), KEYS)):
        return said.add(path, f'unknown table "{".".join(names)}"', f"did you mean [{close}]?", at_key=True)
    if not parents and isinstance(value, dict | list):
        close, known = closest(key, KEYS), " ".join(f"[{table}]" for table in KEYS)
        return said.add(path, f'unknown table "{key}"', f"did you mean [{close}]?" if close else f"the tables are {known}", at_key=True)
    if parents == ["feed"] and key in ("author", "authors"):
        return said.add(path, "author and authors are both there", "keep one of the two", at_key=True)
    owner = {name: table for table in reversed(KEYS) for name in KEYS[table]}
    table = ".".join(parents)
    keys = () if not parents else KEYS.get(table, tuple(AuthorTable.model_fields))
    where = "outside of a table" if not parents else f"in [{table}]" if table in KEYS else f"of {parents[-1]}"
    if close := closest(key, keys):
        hint = f'did you mean "{close}"?{_stranger(key)}'
    elif close := closest(key, owner):
        hint = f"this key belongs in [{owner[close]}]" if close == key else f'did you mean "{close}" in [{owner[close]}]?'
    else:
        hint = f"known are {', '.join(keys or (f'[{table}]' for table in KEYS))}"
    return said.add(path, f'unknown key "{key}" {where}', hint, at_key=True)


def _stranger(key: str) -> str:
    """What tells a letter that only looks like one of ASCII."""
    letter = next((letter for letter in key if not letter.isascii()), "")
    return f" {letter} is U+{ord(letter):04X}, {unicodedata.name(letter, 'a character without a name').lower()}" if letter else ""


def compare(said: Said, root: Path) -> None:
    """What no key can be wrong in alone: two ways to say one thing, and folders in one another."""
    tables = {table: said.table(table) for table in KEYS}
    _refuse_secrets(said)
    _compare_summary(said, tables["summary"].get("kind"), tables["summary.llm"])
    if {"every", "cron"} <= tables["schedule"].keys():
        last = max(("every", "cron"), key=list(tables["schedule"]).index)
        said.add(("schedule", last), "every and cron are both there", "keep one of the two", at_key=True)
    given = [tables[table].get("folder", table) for table in ("input", "output")]
    folders = [folder for folder in given if names_folder(folder)]
    if len(folders) < len(given):
        return
    try:
        source, target, state = ((root / Path(folder).expanduser()).resolve() for folder in (*folders, ".feeder"))
    except (RuntimeError, OSError):  # the home of somebody unknown, which is told with the key; a link that leads to itself
        return
    for table, found in (("input", source), ("output", target)):
        if "folder" in tables[table] and found.is_file():  # of a default it is told when it is needed
            said.add((table, "folder"), f"folder names {found}, which is a file", "name the folder that it is in")
    if source == target or source in target.parents or target in source.parents:
        said.add(("output", "folder"), f"the output {target} and the input {source} lie in one another", "give each a folder of its own")
    elif target in (state, *state.parents) or state in target.parents:
        said.add(("output", "folder"), "the output would hold the ledger, and a web server would hand it out", 'for example folder = "output"')


def _compare_summary(said: Said, kind: object, llm: Mapping[str, object]) -> None:
    if missing := [key for key in ("base_url", "model") if key not in llm and kind == "llm"]:
        example = ", ".join(f'{key} = "{LlmTable.model_fields[key].examples[0]}"' for key in missing)  # type: ignore[index]
        said.add(("summary", "kind"), f'kind "llm" needs {" and ".join(missing)} in [summary.llm]', f"for example {example}")


def _refuse_secrets(said: Said) -> None:
    for name in SECRETS:
        *tables, key = path = tuple(name.split("."))
        if key in said.table(".".join(tables)) and path not in said.variables:
            variable = f"FEEDER_{'__'.join(path).upper()}"
            hint = f"set {variable}, or {variable}_FILE to the name of a file that only you may read"
            said.add(path, f"{key} is a secret and does not belong in this file", hint, at_key=True)


def compare_times(said: Said, tables: Tables) -> None:
    """One request in one wait for the endpoint in one cycle: each length of time must fit in the next."""
    llm = tables.summary.llm
    if tables.summary.kind != "llm":
        return
    if llm.timeout > llm.patience:
        longer = "timeout" if "timeout" in said.table("summary.llm") else "patience"
        said.add(("summary", "llm", longer), f"timeout is {llm.timeout:g}s and patience {llm.patience:g}s", "patience holds at least one timeout")
    if 2 * llm.patience > tables.schedule.deadline:
        reason = f"patience is {llm.patience:g}s and a cycle ends after {tables.schedule.deadline:g}s"
        said.add(("summary", "llm", "patience"), reason, "let deadline in [schedule] be at least twice as long")
