"""What may be written in a feeder.toml, as a JSON Schema (draft 2020-12), made from the tables; the words are those of example.toml.

It tells an editor what `load` would refuse, as far as one value alone can tell, and never refuses what `load` accepts: where a rule cannot be
said in it (does this time zone exist? do the folders lie in one another?), it lets the value pass. No "$ref" is in it, so that nothing has to be
resolved. It says what a file may say: a key that comes from the environment alone is not in it, and defaults are written as people write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from feeder.config import _tables, _values
from feeder.config._plugged import PLUGGABLE
from feeder.config._tables import EITHER, KEYS, MODELS, SECRETS, AuthorTable, Table
from feeder.config._written import functions, written

__all__ = ["explanations", "schema"]

Schema = dict[str, object]

_SEEN = r"[^\u0000-\u0020\u007F]"
_UNSEEN = r"[^\u0000-\u001F\u007F]"
_NAME = r"^[a-z][a-z0-9_\-]*$"
_CATEGORIES = "|".join(re.sub(r"\s+", r"\\s+", name) for name in _values.CATEGORIES)
# What each function of _values takes of a text. A function that is not here takes any.
_PATTERNS: Mapping[object, str] = {
    _values.seconds: r"^\s*([0-9]+(\.[0-9]+)?\s*(ms|[smhdw])\s*)+$",
    _values.size: r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgG][iI]?)?[bB]\s*$",
    _values.folder: r"^[^\u0000-\u001F]*[^\u0000-\u0020][^\u0000-\u001F]*$",
    _values.zone: r"^[^\s]+$",
    _values.one_line: rf"^\s*{_UNSEEN}*{_SEEN}{_UNSEEN}*\s*$",
    _values.language_tag: r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    _values.iri: r"""^[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>"{}|\\^`]+$""",
    _values.email_address: r"^[^@\s<>]+@[^@\s<>]+$",
    _values.web_address: r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@]+(/[^\s?#]*)?[?#]*$",
    _values.hub_address: r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@]+([/?][^\s#]*)?#?$",
    _values.host_name: r"^(?![^:]+:[0-9]+$)([A-Za-z0-9_.\-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
    _values.kind_name: _NAME,
    _values.publisher_name: _NAME,
    _values.renderer_name: _NAME,
    _values.podcast_category: rf"^\s*({_CATEGORIES})\s*(>[^>]*[^>\s][^>]*)?$",
    _values.crontab: r"^\s*([0-9A-Za-z*/,\-]+\s+){4}[0-9A-Za-z*/,\-]+\s*$",
}
_TYPES: Mapping[object, str] = {bool: "boolean", int: "integer", float: "number"}
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_MANNERS: Mapping[object, str] = {
    _values.seconds: 'Written "500ms", "90s", "5m", "1h 30m", "2d", or as a number of seconds.',
    _values.size: 'Written "512KiB", "10MB", or as a number of bytes.',
    _values.crontab: "Minute, hour, day of the month, month, weekday.",
    _values.folder: "A path is relative to the file it is written in; ~ is the home folder.",
}


def schema() -> Schema:
    """The JSON Schema of a feeder.toml."""
    told = explanations()
    properties: dict[str, Schema] = {}
    for table, model in MODELS.items():
        holder, _, name = table.rpartition(".")
        within = properties if not holder else properties[holder]["properties"]
        within[name] = _table(table, model, told)  # type: ignore[index]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "tag:feeder.example,2026:feeder.schema.json",
        "title": "Configuration of Feeder",
        "description": "What a feeder.toml may say. All of it is optional; `feeder check` tells what is wrong with it beyond what a schema can see.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


@cache
def explanations() -> Mapping[str, str]:
    """What example.toml says of each table ("feed") and key ("feed.title"): the comment above it, on one line."""
    told: dict[str, str] = {}
    table, comment = "", list[str]()
    for row in files("feeder").joinpath("example.toml").read_text("utf-8").splitlines():
        if found := re.fullmatch(r"\[([\w.]+)\]", row):
            table = found[1]
            told[table], comment = " ".join(comment), []
        elif found := re.match(r"#(\w+) = ", row):
            told[f"{table}.{found[1]}"] = " ".join(comment)
        elif row.startswith("# "):
            comment.append(row[2:].strip())
        elif not row:
            comment = []
    return told


def _table(table: str, model: type[Table], told: Mapping[str, str]) -> Schema:
    keys = {key: model.model_fields["authors" if key == "author" else key] for key in KEYS[table]}
    properties = {key: _key(key, field, told.get(f"{table}.{key}", "")) for key, field in keys.items() if f"{table}.{key}" not in SECRETS}
    pairs = sorted({tuple(sorted((key, EITHER[key]))) for key in keys if key in EITHER})
    either: Schema = {"allOf": [{"not": {"required": list(pair)}} for pair in pairs]} if pairs else {}
    secret = [f"FEEDER_{table}__{key}".upper().replace(".", "__") for key in keys if f"{table}.{key}" in SECRETS]
    note = [f"${name}, or ${name}_FILE for a file that holds it, is a secret: it comes from the environment and is refused here." for name in secret]
    description = " ".join([told.get(table, ""), *note]).strip()
    said: Schema = {"description": description} if description else {}
    others: object = {"type": "object", "description": "The options of the plugin of this name."} if table in PLUGGABLE else False
    return {"title": f"[{table}]", **said, "type": "object", "properties": properties, "additionalProperties": others, **either}


def _key(key: str, field: FieldInfo, comment: str) -> Schema:
    manner = next((_MANNERS[function] for function in functions(field) if function in _MANNERS), "")
    kind = field.description or ""
    sentence = "" if kind == "true or false" else f"{kind[:1].upper()}{kind[1:]}."
    said: Schema = {"description": " ".join(filter(None, (comment, sentence, manner)))}
    if default := written(field, field.default) if field.default not in (None, "", ()) else None:
        said["default"] = default
    elif field.default is False:
        said["default"] = False
    if field.examples:
        said["examples"] = field.examples if key != "authors" else [["Ann Author", {"name": "Ben Writer", "uri": "https://example.org/ben"}]]
    return {**said, **_written(field.annotation, field.metadata)}


def _written(annotation: object, metadata: object) -> Schema:
    """What may stand there: for a list that may be one alone, either."""
    kind, marks = _values.bare(annotation, metadata)  # type: ignore[arg-type]
    called = [getattr(mark, "func", None) for mark in marks]
    if get_origin(kind) is tuple:
        one = _author() if _tables.people in called else _written(get_args(kind)[0], ())
        many: Schema = {"type": "array", "items": one}
        return {"anyOf": [*_choices(one), many]} if {_values.one_or_more, _tables.people} & {*called} else many
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    bounds = {name: getattr(mark, ge) for mark in marks for ge, name in _BOUNDS.items() if getattr(mark, ge, None) is not None}
    patterns = [_PATTERNS[function] for function in called if function in _PATTERNS]
    text: Schema = {"type": "string", **({"pattern": patterns[0]} if patterns else {})}
    if kind in _TYPES:
        plain: Schema = {"type": _TYPES[kind], **{name: _whole(bound) for name, bound in bounds.items()}}
        return {"anyOf": [text, plain]} if patterns else plain
    return text


def _author() -> Schema:
    """A name, or a table with more."""
    keys: Schema = {
        key: {"description": f"{(field.description or '').capitalize()}.", "examples": field.examples, **_written(field.annotation, field.metadata)}
        for key, field in AuthorTable.model_fields.items()
    }
    table: Schema = {"type": "object", "properties": keys, "required": ["name"], "additionalProperties": False}
    return {"anyOf": [{"type": "string", "pattern": _PATTERNS[_values.one_line]}, table]}


def _choices(one: Schema) -> list[Schema]:
    choices = one.get("anyOf", [one])
    return choices if isinstance(choices, list) else [one]


def _whole(number: float) -> float:
    return int(number) if number == int(number) else number
