"""Templates become text here, for every page: Jinja2, what it compiled, and the filters that no site changes. It makes no page."""

from __future__ import annotations

from importlib import resources
from itertools import takewhile
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache, DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from feeder.renderers._common import on_the_web, stamp
from feeder.renderers._meta import data_block

if TYPE_CHECKING:
    from datetime import datetime
    from types import CodeType

    from jinja2.bccache import Bucket

__all__ = ["FILES", "day", "direction", "environment", "month"]

FILES = {
    file.name: file.read_bytes()
    for file in sorted((resources.files("feeder.renderers") / "templates").iterdir(), key=lambda file: file.name)
    if file.is_file()
}
"""Our templates, stylesheets and icons by name."""

_RTL_LANGUAGES = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "glk", "he", "iw", "khw", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi"]
)
_RTL_SCRIPTS = frozenset(["adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"])
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_EAST_ASIAN = {"ja": ("年", "月", "日"), "zh": ("年", "月", "日"), "ko": ("년 ", "월 ", "일")}


class _Compiled(BytecodeCache):
    """What templates were compiled to in this process: they are the same for every site, and compiling takes longer than a hundred pages."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def environment() -> Environment:
    """Return a new environment with our templates; a template is compiled when a process first needs it.

    Everything is escaped, and what is undefined is an error. Filters: `day` and `month` (with a language), `direction` of a language, `stamp`
    of a time, `data` for machines; test: `web`, whether an address may become a link. Whoever asks may add more, and globals: this one is
    nobody else's.
    """
    made = Environment(
        loader=DictLoader({name: body.decode() for name, body in FILES.items() if name.endswith(".html")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=_COMPILED,
    )
    made.filters |= {"data": _data, "day": day, "direction": direction, "month": month, "stamp": stamp}
    made.tests |= {"web": on_the_web}
    return made


def _data(facts: object) -> Markup:
    """JSON in a <script> that is none: its text is no markup to a browser, and nothing is left in it that could end it."""
    return Markup(data_block(facts))  # noqa: S704


def direction(language: str) -> str:
    """The `dir` of a BCP 47 tag: its script subtag decides, else its primary language."""
    primary, *rest = language.lower().split("-")
    before_extensions = takewhile(lambda part: len(part) > 1, rest)
    script = next((part for part in before_extensions if len(part) == 4 and part.isalpha()), None)
    right = primary in _RTL_LANGUAGES if script is None else script in _RTL_SCRIPTS
    return "rtl" if right else "ltr"


def day(when: datetime, language: str) -> str:
    """The day (UTC) as nobody can misread it: in words where we know them, else in ISO 8601."""
    primary = language.lower().partition("-")[0]
    if primary == "en":
        return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
    if primary in _EAST_ASIAN:
        year, month, day = _EAST_ASIAN[primary]
        return f"{when.year}{year}{when.month}{month}{when.day}{day}"
    return f"{when.date()}"


def month(name: str, language: str) -> str:
    """The month "2026-11" in words where we know them, else as it is."""
    primary = language.lower().partition("-")[0]
    year, _, month = name.partition("-")
    if primary == "en":
        return f"{_MONTHS[int(month) - 1]} {year}"
    if primary in _EAST_ASIAN:
        marks = _EAST_ASIAN[primary]
        return f"{year}{marks[0]}{int(month)}{marks[1]}".rstrip()
    return name
