"""Front matter: the fields between two `---` (YAML) or `+++` (TOML) lines at the top of a file. What they mean is _facts.py's business."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from feeder import text
from feeder.errors import Unreadable
from feeder.readers._parsed import Claim
from feeder.readers._yaml import YamlError, key_of, parse

if TYPE_CHECKING:
    from feeder.model import Source
    from feeder.readers._parsed import Value

__all__ = ["fields", "opened"]

ORIGIN = "front matter"
_LIMIT = 64 * 1024
_DEPTH = 8
_CLOSING = {"---": re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE), "+++": re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)}
_TOML_KEY = re.compile(r"[\w.\"'-]+[ \t]*=|\[")
# tomllib takes quadratic time on a dotted key; one this long is nested too deeply anyway.
_TOML_DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){20}""")
_TOML_LINE = re.compile(r"(.*?) ?\(at (?:line (\d+).*|end of document)\)$", re.DOTALL)
_HINT = "correct it, or remove both lines around the front matter"

# For each field of an Article its names in front matter, the one that is believed first before the others.
_NAMES = {
    "title": ("title",),
    "authors": ("authors", "author"),
    "categories": ("tags", "categories", "keywords", "tag", "category"),
    "language": ("language", "lang"),
    "published": ("published", "date"),
    "updated": ("updated", "modified", "lastmod"),
    "expires": ("expires", "expiry", "expirydate"),
    "draft": ("draft",),
    "minor": ("minor",),
    "id": ("id",),
    "slug": ("slug",),
    "summary": ("summary", "description", "excerpt"),
    "links": ("link",),
    "image": ("image", "cover", "thumbnail"),
    "enclosures": ("enclosure", "enclosures", "audio"),
    "rights": ("rights", "copyright"),
}


def opened(source: Source) -> tuple[str, tuple[Claim, ...], tuple[str, ...]]:
    """Return a text file's body, the claims of its front matter, and flags: decoded, cleaned, split.

    Raises Unreadable for what is no text, and naming the line of front matter that is wrong.
    """
    if not source.body.strip():
        raise Unreadable("empty", "write something into it, or delete it")
    decoded, guess = text.decode(source.body)
    claims, body = fields(text.clean(decoded))
    return body, claims, (f"decoded as {guess}, a guess: save it in UTF-8",) if guess else ()


def fields(document: str) -> tuple[tuple[Claim, ...], str]:
    """Return what front matter claims, and the rest of a cleaned text. What is no mapping is no front matter but text (C12)."""
    mark = document[:3]
    first, _, rest = document.partition("\n")
    if mark not in _CLOSING or first.strip() != mark:
        return (), document
    end = _CLOSING[mark].search(rest)
    found = rest[: end.start()] if end else rest[:_LIMIT]
    if not _is_mapping(mark, found, ended=end is not None):
        return (), document
    if end is None:
        raise Unreadable(f"front matter, line 1: the closing {mark} line is missing", f"write {mark} on a line of its own below the fields")
    if len(found.encode()) > _LIMIT:
        raise Unreadable("front matter is larger than 64 KB", "move the text below it")
    return _claims(_mapping(mark, found)), rest[end.end() :].removeprefix("\n")


def _is_mapping(mark: str, found: str, *, ended: bool) -> bool:
    said = next((row.strip() for row in found.split("\n") if row.strip() and not row.lstrip().startswith("#")), "")
    if not said:
        return ended
    if mark == "+++":
        return _TOML_KEY.match(said) is not None
    pair = key_of(said)
    if ended:
        return pair is not None
    # A line of dashes without a partner may be a rule above some prose. With a field we know below it, its partner was forgotten.
    return pair is not None and any(pair[0].lower() in names for names in _NAMES.values())


def _mapping(mark: str, found: str) -> dict[str, Value]:
    try:
        value = parse(found) if mark == "---" else _toml(found)
    except YamlError as error:
        raise Unreadable(f"front matter, line {error.line + 2}: {error.reason}", _HINT) from error
    except RecursionError as error:
        raise Unreadable("front matter: nested too deeply", _HINT) from error
    except ValueError as error:  # tomllib's own, or a number of more digits than Python reads
        said = _TOML_LINE.match(str(error))
        line = int(said[2]) + 1 if said and said[2] else found.count("\n") + 1
        raise Unreadable(f"front matter, line {line}: {said[1] if said else 'a number is too long'}", _HINT) from error
    return value if isinstance(value, dict) else {}


def _toml(found: str) -> Value:
    if _TOML_DOTTED.search(found):
        raise RecursionError
    return _texts(tomllib.loads(found), 1)


def _texts(value: object, depth: int) -> Value:
    """Return a TOML value with text for all its scalars; dates in ISO 8601."""
    if depth > _DEPTH + 1:
        raise RecursionError
    match value:
        case dict():
            return {str(key): _texts(inner, depth + 1) for key, inner in value.items()}
        case list():
            return [_texts(inner, depth + 1) for inner in value]
        case bool():
            return str(value).lower()
    return str(value)


def _claims(mapping: dict[str, Value]) -> tuple[Claim, ...]:
    said = {key.lower().replace("-", ""): value for key, value in mapping.items() if value}
    found = [Claim(field, said[name], ORIGIN) for field, names in _NAMES.items() for name in names if name in said]
    if str(said.get("published")).lower() in {"false", "no"}:  # Jekyll's way to say draft
        found = [claim for claim in found if claim.value != said["published"]]
        found.append(Claim("draft", "true", ORIGIN))
    return tuple(found)
