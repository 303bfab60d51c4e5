"""Templates become text here, for every page: Jinja2, what it compiled, and the filters that no site changes. It makes no page."""

from __future__ import annotations

from importlib import resources
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING

from jinja2 import BaseLoader, BytecodeCache, Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from feeder.errors import Problem
from feeder.renderers._common import on_the_web, stamp
from feeder.renderers._meta import data_block
from feeder.text import line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import CodeType

    from jinja2.bccache import Bucket

__all__ = ["ERRORS", "FILES", "blame", "day", "direction", "environment", "month"]

FILES = {
    file.name: file.read_bytes()
    for file in sorted((resources.files("feeder.renderers") / "templates").iterdir(), key=lambda file: file.name)
    if file.is_file()
}
"""Our templates, stylesheets and icons by name."""

OWN = "templates"
"""The folder of the owner's templates, as they see it."""

ERRORS = (TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
"""What a template may raise that somebody else wrote."""

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


_COMPILED, _SANDBOXED = _Compiled(), _Compiled()


class _Loader(BaseLoader):
    """The owner's templates before ours; "feeder/" before a name asks for ours."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = own

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        del environment
        if template in self._own:
            return self._own[template], f"{OWN}/{template}", None
        name = template.removeprefix("feeder/")
        if name not in FILES or not name.endswith(".html"):
            raise TemplateNotFound(template)
        return FILES[name].decode(), None, None


def environment(own: Mapping[str, str] = MappingProxyType({})) -> Environment:
    """Return a new environment with our templates; a template is compiled when a process first needs it.

    What is in `own`, by name, takes the place of ours, in a sandbox: a template may come from a stranger, and should be able to do no more than
    to say how a page looks. Everything is escaped, and what is undefined is an error. Filters: `day` and `month` (with a language), `direction`
    of a language, `stamp` of a time, `data` for machines; test: `web`, whether an address may become a link. Whoever asks may add more, and
    globals: this one is nobody else's.
    """
    made = (ImmutableSandboxedEnvironment if own else Environment)(
        loader=_Loader(own),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=_SANDBOXED if own else _COMPILED,
    )
    made.filters |= {"data": _data, "day": day, "direction": direction, "month": month, "stamp": stamp}
    made.tests |= {"web": on_the_web}
    return made


def blame(error: BaseException) -> Problem:
    """Say where in the owner's templates an error arose, and what can be done about it."""
    place, row, lines = OWN, 0, error.__traceback__
    if isinstance(error, TemplateSyntaxError):
        place, row = f"{OWN}/{error.name}", error.lineno
    else:
        while lines:
            if (file := lines.tb_frame.f_code.co_filename).startswith(f"{OWN}/"):
                place, row = file, lines.tb_lineno
            lines = lines.tb_next
    if isinstance(error, RecursionError):
        reason, hint = "includes or extends itself", 'ours are extended as {% extends "feeder/page.html" %}'
    elif isinstance(error, TemplateNotFound):
        reason, hint = f"there is no template {error.name}", "the names are in docs/how-to/templates.md"
    else:
        reason, hint = str(error) or type(error).__name__, "mend it, or take the file away; until then pages look as they did"
    return Problem(f"{place}:{row}" if row else place, line(reason), hint)


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
