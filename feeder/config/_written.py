"""Values as a person writes them in TOML, the way back from `_values`: 300 seconds are "5m", ten million bytes "10MB". Reads nothing."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic.fields import FieldInfo

from feeder.config._values import bare, seconds, size
from feeder.model import Person

__all__ = ["functions", "toml", "written"]

_TIMES = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_SIZES = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


def functions(field: FieldInfo) -> set[object]:
    """The functions of `_values` that a key's value goes through."""
    _, metadata = bare(field.annotation, field.metadata)
    return {getattr(part, "func", None) for part in metadata} - {None}


def written(field: FieldInfo, value: object, root: Path = Path()) -> object:
    """A key's value as text, number, true or false, list or table; a path relative to `root` where it lies in there."""
    if isinstance(value, float):
        return _length_of_time(value)
    if isinstance(value, int) and size in functions(field):
        return next((f"{value // unit}{name}" for name, unit in _SIZES if value and value % unit == 0), value)
    if isinstance(value, Path):
        return (value.relative_to(root) if value.is_relative_to(root) else value).as_posix()
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, Person):
        facts = {name: said for name, said in (("name", value.name), ("uri", value.uri), ("email", value.email)) if said}
        return value.name if len(facts) == 1 else facts
    if isinstance(value, tuple):
        return [written(field, item, root) for item in value]
    return value


def toml(value: object) -> str:
    """What `written` returned, in the letters of TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(item)}' for key, item in value.items())} }}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON's escapes are TOML's, but for this one
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:_}" if isinstance(value, int) and value >= 100_000 else str(value)


def _length_of_time(value: float) -> object:
    """For example "1h 30m"; a number of seconds where no milliseconds are it to the letter."""
    parts, rest = [], round(value * 1000)
    for unit, length in _TIMES:
        count, rest = divmod(rest, length)
        parts += [f"{count}{unit}"] if count else []
    text = " ".join(parts) or "0s"
    return text if seconds(text) == value else value
