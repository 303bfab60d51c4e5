"""The configuration: `feeder.toml` and the environment into one frozen Config, or every mistake at once. Makes no folder, starts nothing.

A value comes from an environment variable, else from the file, else it is the default. The tables below are the only list of
keys: types and bounds are checked by pydantic, and a key's `description` and `examples` make the sentence its owner reads when a
value is wrong. tomllib forgets where things stood, so `locator` finds keys and values again in a text that tomllib has accepted.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, TypeGuard, get_origin
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, core_schema

from feeder import place
from feeder.errors import ConfigError, Problem
from feeder.locator import KeyPath, Spot, located, syntax
from feeder.model import Person
from feeder.text import clean, legal, line

__all__ = ["Config", "load", "origins"]

_UTC = ZoneInfo("UTC")


# Values: each function turns what was written into what is meant, or raises _WrongError to finish the sentence that begins with the key.


class _WrongError(ValueError):
    """`every` + " " + reason is the sentence; without a hint the key's example is shown."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def _seconds(value: object) -> object:
    if isinstance(value, str):
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])", value)
        if not re.fullmatch(r"\s*(?:\d+(?:\.\d+)?\s*(?:ms|[smhdw])\s*)+", value):
            raise _WrongError(f"must be a length of time, not {_shown(value)}", 'a number and ms, s, m, h, d or w, for example "5m" or "1h 30m"')
        return math.fsum(float(number) * _UNITS[unit] for number, unit in parts)
    return value


def _bytes(value: object) -> object:
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]i?b|b)\s*", value.lower())
        if not match:
            raise _WrongError(f"must be a size, not {_shown(value)}", 'a number and B, kB, MB, GB, KiB, MiB or GiB, for example "10MB"')
        return int(float(match[1]) * _SIZES[match[2]])
    return value


def _folder(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _names_folder(value):
        raise _WrongError("must name a folder, without control characters", r"write \\ for a backslash" if "\t" in value or "\n" in value else "")
    return Path(value).expanduser()


def _names_folder(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip()) and not re.search(r"[\x00-\x1f]", value)


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, "../etc", or a folder of zones such as "Europe"
        zones = sorted(available_timezones())
        names = {zone.rpartition("/")[2].lower(): zone for zone in zones} | {zone.lower(): zone for zone in zones}
        close = _closest(value.replace(" ", "_"), names)
        raise _WrongError(f"{_shown(value)} is not a known time zone", f'did you mean "{names[close]}"?' if close else "") from None


def _one_line(value: str) -> str:
    if not line(value) or line(value) != value.strip() or not legal(value):
        raise _WrongError("must be one line of text, not empty and without control characters")
    return line(value)


def _language(value: str) -> str:
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        return value
    guess = value.partition(".")[0].replace("_", "-")
    hint = f'did you mean "{guess}"?' if re.fullmatch(r"[A-Za-z]{2,3}-[A-Za-z]{2}", guess) else ""
    raise _WrongError(f"{_shown(value)} is not a language tag (BCP 47)", hint)


def _iri(value: str) -> str:
    if re.fullmatch(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+""", value) and legal(value):
        return value
    bare = re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", value)
    raise _WrongError(f"{_shown(value)} is not an absolute address (IRI)", f'did you mean "urn:uuid:{value.lower()}"?' if bare else "")


def _email(value: str) -> str:
    if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value) and legal(value):
        return value
    raise _WrongError(f"{_shown(value)} is not an e-mail address")


_CATEGORIES = (
    *("Arts", "Business", "Comedy", "Education", "Fiction", "Government", "Health & Fitness", "History", "Kids & Family", "Leisure", "Music", "News"),
    *("Religion & Spirituality", "Science", "Society & Culture", "Sports", "Technology", "True Crime", "TV & Film"),
)


def _category(value: str) -> str:
    first, *rest = (" ".join(part.split()) for part in value.split(">"))
    if first in _CATEGORIES and len(rest) < 2 and all(rest):
        return " > ".join((first, *rest))
    close = next(iter(difflib.get_close_matches(first, _CATEGORIES, 1)), "")
    raise _WrongError(f"{_shown(value)} is no category of podcasts", f'did you mean "{close}"?' if close else 'for example "Arts > Books"')


def _web(value: str) -> str:
    if "://" not in value:
        raise _WrongError(f"{_shown(value)} is not a full web address", f'did you mean "https://{value.strip().strip("/")}/"?')
    if (place := _place(value)) is None:
        raise _WrongError(f"{_shown(value)} is not a web address that begins with http:// or https://")
    parts = urlsplit(value)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise _WrongError("must be a plain folder address: no ?query, no #fragment, no user name")
    return urlunsplit((parts.scheme, place, quote(parts.path.rstrip("/"), safe=_IN_PATHS) + "/", "", ""))


def _place(value: str) -> str | None:
    """Host and port of a web address, in ASCII; None where it is none."""
    try:
        parts = urlsplit(value)
        port = "" if parts.port is None else f":{parts.port}"
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return None
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host) or parts.scheme not in ("http", "https") or re.search(r"[\s\x00-\x1f]", value):
        return None
    return (f"[{host}]" if ":" in host else host) + port


def _hub(value: str) -> str:
    """A hub's address as it stands in feeds. The messages do not repeat it: a token may be in it."""
    if (place := _place(value)) is None:
        raise _WrongError("must be web addresses that begin with https:// or http://")
    parts = urlsplit(value)
    if parts.fragment or "@" in parts.netloc:
        raise _WrongError("must have no #fragment and no user name", "they stand in the feed, where everybody can read them")
    return urlunsplit((parts.scheme, place, quote(parts.path, safe=_IN_PATHS) or "/", quote(parts.query, safe=_IN_PATHS + "?"), ""))


def _one_or_more(value: object) -> object:
    return tuple(value if isinstance(value, list) else [value])


def _once_each(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _host(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]*::?[0-9A-Fa-f:.]*", value) and not re.fullmatch(r"[^:]+:\d+", value):
        return value
    raise _WrongError(f"{_shown(value)} is not a host name or an IP address", "without http:// and without the port, which has its own key")


def _kind(value: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_-]*", value):
        return value
    raise _WrongError(f"{_shown(value)} is not the name of a summarizer")


def _credential(value: SecretStr) -> SecretStr:
    word = value.get_secret_value().strip()
    if re.fullmatch(r"[!-~]+", word):  # what may stand in a header of HTTP; the message never shows it
        return SecretStr(word)
    raise _WrongError("must be one word of letters, digits and signs (ASCII)", "see that the variable, or the file it names, holds the key alone")


_CRON = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _cron(value: str) -> str:
    """The crontab with names as numbers and weekdays as names: crontab counts them from Sunday, APScheduler from Monday."""
    fields = value.lower().split()
    if len(fields) != 5:
        raise _WrongError(f"must have 5 fields, not {len(fields)}: minute, hour, day of the month, month, weekday")
    _minutes, _hours, days, months, weekdays = (_cron_field(field, *bounds) for field, bounds in zip(fields, _CRON, strict=True))
    if len(days) < 31 and len({_DAYS[day] for day in weekdays}) < 7:
        raise _WrongError("names both a day of the month and a weekday", "programs disagree whether one or both must fit: leave one of them *")
    if min(days) > max(_LONGEST[month - 1] for month in months):
        raise _WrongError(f"never happens: there is no such day in {', '.join(_MONTHS[month - 1] for month in months)}")
    names = dict.fromkeys(_DAYS[day] for day in weekdays)
    fields[3] = "*" if len(months) == 12 else ",".join(map(str, months))
    fields[4] = "*" if len(names) == 7 else ",".join(names)
    return " ".join(fields)


def _cron_field(field: str, name: str, low: int, high: int) -> list[int]:
    """The numbers that one field stands for, sorted: "*", "*/15", "7", "1-5", "9-17/2", "mon-fri", and lists of these."""
    names = {"month": dict(zip(_MONTHS, range(1, 13), strict=True)), "weekday": dict(zip(_DAYS[:7], range(7), strict=True))}.get(name, {})
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(?:(\*)|([a-z]+|\d{1,3})(?:-([a-z]+|\d{1,3}))?)(?:/(\d{1,3}))?", part)
        words = (match[2], match[3] or match[2]) if match and not match[1] else (str(low), str(high))
        first, last = (names.get(word, int(word) if word.isdigit() else -1) for word in words)
        step = int(match[4] or 1) if match else 0
        sensible = not match or not match[4] or 1 <= step <= last - first  # "5/10" and "*/90" mean something else to each program
        if not step or not sensible or not low <= first <= last <= high:
            raise _WrongError(f'the {name} "{part}" is not *, {low}-{high}, a range or a step', 'for example "*/15", "7", "1-5" or "9-17/2"')
        found.update(range(first, last + 1, step))
    return sorted(found)


_IN_PATHS = "/%:@!$&'()*+,;=~"
_Line = Annotated[str, AfterValidator(_one_line)]
_Iri = Annotated[str, AfterValidator(_iri)]
_Duration = Annotated[float, BeforeValidator(_seconds)]
_Folder = Annotated[Path, BeforeValidator(_folder)]
_Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]


# Tables: what a file may say.


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _AuthorTable(_Table):
    name: _Line = Field(description="one line of text", examples=["Ann Author"])
    uri: _Iri | None = Field(default=None, description="an absolute address", examples=["https://example.org/ann"])
    email: Annotated[str, AfterValidator(_email)] | None = Field(default=None, description="an e-mail address", examples=["ann@example.org"])


def _people(value: object) -> object:
    people = value if isinstance(value, list) else [value]
    return tuple({"name": person} if isinstance(person, str) else person for person in people)


def _person(author: _AuthorTable) -> Person:
    return Person(author.name, author.uri, author.email)


def _person_schema(_: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    """Checked as a table, kept as a Person."""
    as_table = core_schema.plain_serializer_function_ser_schema(asdict)
    return core_schema.no_info_after_validator_function(_person, handler(_AuthorTable), serialization=as_table)


_Person = Annotated[Person, GetPydanticSchema(_person_schema)]


class _FeedTable(_Table):
    title: _Line = Field(default="", description="one line of text", examples=["My notes"])
    subtitle: _Line | None = Field(default=None, description="one line of text", examples=["What I learned this week"])
    id: _Iri | None = Field(default=None, description="an absolute address", examples=["urn:uuid:7c0e4a3e-3c5f-4b6e-9d51-2f1f0c2a9b10"])
    base_url: Annotated[str, AfterValidator(_web)] | None = Field(default=None, description="a web address", examples=["https://example.org/notes/"])
    language: Annotated[str, AfterValidator(_language)] = Field(default="en", description="a language tag (BCP 47)", examples=["en-GB"])
    authors: Annotated[tuple[_Person, ...], BeforeValidator(_people)] = Field(
        default=(),
        validation_alias=AliasChoices("authors", "author"),
        description='a name, {name = "…", uri = "…", email = "…"}, or a list of these',
        examples=["Ann Author"],
    )
    rights: _Line | None = Field(default=None, description="one line of text", examples=["© 2026 Ann Author, CC BY 4.0"])
    time_zone: _Zone = Field(default=_UTC, description="the name of a time zone", examples=["Europe/Berlin"])
    entries: int = Field(default=50, ge=20, le=500, description="a whole number from 20 to 500", examples=[50])
    tombstones: _Duration = Field(default=30 * 86400.0, ge=0, le=3660 * 86400, description="a length of time, at most 3660d", examples=["30d"])


class _InputTable(_Table):
    folder: _Folder = Field(default=Path("input"), description="the name of a folder", examples=["input"])
    settle: _Duration = Field(default=1.0, ge=0, le=3600, description="a length of time, at most 1h", examples=["1s"])
    max_size: Annotated[int, BeforeValidator(_bytes)] = Field(default=10_000_000, ge=1, description="a size of at least 1B", examples=["10MB"])
    max_media: Annotated[int, BeforeValidator(_bytes)] = Field(default=200_000_000, ge=1, description="a size of at least 1B", examples=["200MB"])
    on_removal: Literal["withdraw", "keep"] = Field(default="withdraw", description='"withdraw" or "keep"', examples=["withdraw"])


class _OutputTable(_Table):
    folder: _Folder = Field(default=Path("output"), description="the name of a folder", examples=["output"])


class _ScheduleTable(_Table):
    every: _Duration | None = Field(default=300.0, ge=0.1, le=366 * 86400, description="a length of time from 100ms to 366d", examples=["5m"])
    cron: Annotated[str, AfterValidator(_cron)] | None = Field(default=None, description="a crontab of 5 fields", examples=["0 7 * * 1-5"])
    time_zone: _Zone = Field(default=_UTC, description="the name of a time zone", examples=["Europe/Berlin"])
    watch: bool = Field(default=True, description="true or false", examples=[True])
    deadline: _Duration = Field(default=600.0, ge=0.1, le=366 * 86400, description="a length of time from 100ms to 366d", examples=["10m"])


class _ServeTable(_Table):
    host: Annotated[str, AfterValidator(_host)] = Field(default="127.0.0.1", description="a host name or an IP address", examples=["127.0.0.1"])
    port: int = Field(default=8000, ge=0, le=65535, description="a whole number from 0 (any free port) to 65535", examples=[8000])


class _LlmTable(_Table):
    base_url: Annotated[str, AfterValidator(_web)] | None = Field(default=None, description="a web address", examples=["http://127.0.0.1:11434/v1"])
    model: _Line | None = Field(default=None, description="one line of text", examples=["gemma3"])
    key: Annotated[SecretStr, AfterValidator(_credential)] | None = Field(default=None, description="a text", repr=False)
    timeout: _Duration = Field(default=20.0, ge=0.1, le=600, description="a length of time from 100ms to 10m", examples=["20s"])
    patience: _Duration = Field(default=60.0, ge=0.1, le=3600, description="a length of time from 100ms to 1h", examples=["60s"])
    attempts: int = Field(default=2, ge=1, le=5, description="a whole number from 1 to 5", examples=[2])
    calls_per_day: int = Field(default=200, ge=1, description="a whole number, at least 1", examples=[200])
    tokens_per_day: int = Field(default=500_000, ge=20_000, description="a whole number, at least 20000", examples=[500_000])


class _SummaryTable(_Table):
    kind: Annotated[str, AfterValidator(_kind)] = Field(default="extractive", description="the name of a summarizer", examples=["extractive"])
    llm: _LlmTable = _LlmTable()


class _PodcastTable(_Table):
    cover: _Line | None = Field(default=None, description="the name of a file", examples=["cover.jpg"])
    category: Annotated[str, AfterValidator(_category)] | None = Field(
        default=None, description="one of Apple's categories", examples=["Arts > Books"]
    )
    explicit: bool = Field(default=False, description="true or false", examples=[False])
    owner: _Line | None = Field(default=None, description="one line of text", examples=["Ann Author"])
    email: Annotated[str, AfterValidator(_email)] | None = Field(default=None, description="an e-mail address", examples=["ann@example.org"])


class _WebsubTable(_Table):
    hubs: Annotated[tuple[Annotated[str, AfterValidator(_hub)], ...], BeforeValidator(_one_or_more), AfterValidator(_once_each)] = Field(
        default=(), max_length=5, description="a list of at most 5 web addresses", examples=[["https://hub.example/"]], repr=False
    )
    allow_private: bool = Field(default=False, description="true or false", examples=[True])
    timeout: _Duration = Field(default=10.0, ge=0.1, le=60, description="a length of time from 100ms to 1m", examples=["10s"])


class _Tables(_Table):
    feed: _FeedTable = _FeedTable()
    input: _InputTable = _InputTable()
    output: _OutputTable = _OutputTable()
    schedule: _ScheduleTable = _ScheduleTable()
    serve: _ServeTable = _ServeTable()
    summary: _SummaryTable = _SummaryTable()
    podcast: _PodcastTable = _PodcastTable()
    websub: _WebsubTable = _WebsubTable()


class Config(_Tables):
    """All that can be configured, complete: folders absolute, times in seconds, sizes in bytes, nothing left to decide.

    `root` is the folder of the file, or the one that feeder was started in; `file` is None where there is none.
    """

    root: Path
    file: Path | None
    said: tuple[tuple[str, str], ...] = ()

    @property
    def base(self) -> str:
        """The absolute URL that everything published stands under; ends in "/"."""
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared with, not bound to
        host = anywhere.get(self.serve.host, f"[{self.serve.host}]" if ":" in self.serve.host else self.serve.host)
        return self.feed.base_url or f"http://{host}:{self.serve.port}/"

    @property
    def state(self) -> Path:
        """The folder of the ledger and the caches, beside the configuration and of it alone."""
        return place.state(self.file, self.root)


_MODELS: dict[str, type[_Table]] = {**{name: type(table) for name, table in _Tables()}, "summary.llm": _LlmTable}
_KEYS = {
    table: tuple(key for key in (*model.model_fields, *(["author"] if table == "feed" else [])) if f"{table}.{key}" not in _MODELS)
    for table, model in _MODELS.items()
}
_SECRET = "summary.llm.key"  # noqa: S105 - its name; it is in no file that is backed up, shown or committed
_EITHER = {"author": "authors", "authors": "author", "every": "cron", "cron": "every"}
# What people write who know other programs: difflib cannot see that an interval is an `every`.
_SYNONYMS = (
    "interval=every url=base_url link=base_url name=title description=subtitle limit=entries path=folder bind=host copyright=rights tz=time_zone"
    " llm=summary.llm"
)
_ALSO_CALLED = dict(pair.split("=") for pair in _SYNONYMS.split())


class _Said:
    """Everything that was said, where it was said, and the problems met on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.data: dict[str, object] = {}
        self.variables: dict[KeyPath, str] = {}
        self._text = ""
        self._spots: Mapping[KeyPath, Spot] = {}
        self._problems: list[tuple[int, int, Problem]] = []

    def read(self, text: str) -> None:
        """Take the text of a file; where it is no TOML, that is the one problem of the file."""
        self._text = text
        try:
            self.data, self._spots = tomllib.loads(text), located(text)
        except RecursionError:
            self.add_at(0, "too many brackets inside each other", "two levels are enough for every key")
        except ValueError as error:  # TOMLDecodeError, and a bare ValueError for a number of thousands of digits
            self.add_at(*syntax(str(error), text))

    def add(self, path: KeyPath, reason: str, hint: str, *, at_key: bool = False) -> None:
        """Note what is wrong with the key at `path`, or with the nearest thing around it that was written down."""
        for end in range(len(path), 0, -1):
            if variable := self.variables.get(path[:end]):
                return self.add_variable(variable, reason, hint)
            if spot := self._spots.get(path[:end]):
                return self.add_at(spot.key if at_key else spot.value, reason, hint)
        return self._problems.append((0, 0, Problem(self.name, reason, hint)))

    def add_at(self, offset: int, reason: str, hint: str) -> None:
        """Note what is wrong at an offset of the file."""
        row, column = self._position(offset)
        self._problems.append((row, column, Problem(f"{self.name}:{row}:{column}", reason, hint)))

    def add_variable(self, variable: str, reason: str, hint: str) -> None:
        """Note what is wrong with an environment variable; these come after the file's problems."""
        self._problems.append((sys.maxsize, 0, Problem(f"${variable}", reason, hint)))

    def problems(self) -> tuple[Problem, ...]:
        """All problems in the order of the file."""
        return tuple(problem for *_, problem in sorted(self._problems, key=lambda item: (*item[:2], item[2].where)))

    def origins(self) -> Iterable[tuple[str, str]]:
        """("section.key", "feeder.toml:3" or "environment") for each key that was said."""
        for table in _KEYS:
            for key in filter(_KEYS[table].__contains__, self.table(table)):
                path = (*table.split("."), key)
                spot = self._spots.get(path)
                place = "environment" if path in self.variables or not spot else f"{self.name}:{self._position(spot.key)[0]}"
                yield f"{table}.{'authors' if key == 'author' else key}", place

    def table(self, name: str) -> dict[str, object]:
        """What was said in a table ("summary.llm" lies in "summary"); empty where there is none, or no table."""
        found: object = self.data
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _position(self, offset: int) -> tuple[int, int]:
        return self._text.count("\n", 0, offset) + 1, offset - self._text.rfind("\n", 0, offset)


# Reading.


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration in the file `path` and in the FEEDER_ variables of `environ`.

    Without a path it is `feeder.toml` of the current folder, and where there is none, the defaults. Reads the file and those
    that FEEDER_…_FILE variables name. Raises ConfigError with every problem, those of the file first and in its order.
    """
    found = path or (Path("feeder.toml") if Path("feeder.toml").exists() else None)
    root = Path.cwd() if found is None else found.absolute().parent
    said = _Said(str(found or "feeder.toml"))
    if found is not None:
        said.read(_text(found))
    _hear(said, environ)
    _compare(said, root)
    tables = _validated(said)
    _compare_times(said, tables)
    if problems := said.problems():
        raise ConfigError(problems)
    return Config.model_validate({"root": root, "file": found and found.absolute(), "said": tuple(said.origins()), **_completed(tables, root)})


def origins(config: Config) -> Mapping[str, str]:
    """Where each value comes from: "feed.title" -> "feeder.toml:3", "environment" or "default"."""
    said = dict(config.said)
    names = (f"{table}.{key}" for table, keys in _KEYS.items() for key in keys if key != "author")
    return {name: said.get(name, "default") for name in names if name != _SECRET}


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError((Problem(str(path), "there is no such file", "`feeder init` writes one"),)) from None
    except OSError as error:
        raise ConfigError((Problem(str(path), f"cannot be read: {error.strerror}", "name a file that you may read"),)) from None
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        raise ConfigError((Problem(f"{path}:{row}:{column}", "is not UTF-8", "save the file as UTF-8"),)) from None


def _hear(said: _Said, environ: Mapping[str, str]) -> None:
    """Put what the environment says over what the file says. An empty variable says nothing, as docker compose leaves them."""
    names = {f"FEEDER_{table}__{key}".upper().replace(".", "__"): (table, key) for table, keys in _KEYS.items() for key in keys}
    for variable in sorted(name for name in environ if name.startswith("FEEDER_") and environ[name]):
        plain = variable if variable in names else variable.removesuffix("_FILE")
        if plain not in names:
            close = _closest(plain.removeprefix("FEEDER_"), [name.removeprefix("FEEDER_").lower() for name in names])
            said.add_variable(
                variable,
                "is not a variable of feeder",
                f"did you mean $FEEDER_{close.upper()}?" if close else "FEEDER_FEED__TITLE is title in [feed]",
            )
        elif plain != variable and environ.get(plain):
            said.add_variable(variable, f"says the same as ${plain}", "set one of the two")
        else:
            value = environ[variable] if plain == variable else _secret(said, variable, environ[variable])
            if value is not None:
                _put(said, *names[plain], variable, value)


def _secret(said: _Said, variable: str, path: str) -> str | None:
    try:
        return Path(path).read_text("utf-8").removesuffix("\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        said.add_variable(variable, f"names a file that cannot be read: {reason}", "give the path of a text file")
        return None


def _put(said: _Said, table: str, key: str, variable: str, value: str) -> None:
    path, keys = tuple(table.split(".")), said.data
    for part in path:
        inner = keys.setdefault(part, {})
        if not isinstance(inner, dict):
            return  # the file's mistake is told already
        keys = inner
    if (*path, other := _EITHER.get(key, "")) not in said.variables:
        keys.pop(other, None)
    said.variables[*path, key] = variable
    keys[key] = _typed(_MODELS[table].model_fields["authors" if key == "author" else key], value)


def _typed(field: FieldInfo, value: str) -> object:
    """A variable is text; numbers, true and false and lists are written in it as in TOML."""
    if field.annotation in (int, bool) or (get_origin(field.annotation) is tuple and value[0] in "[{"):
        try:
            return tomllib.loads(f"value = {value}")["value"]
        except ValueError:
            return value
    return value


# Checking.


def _validated(said: _Said) -> _Tables:
    try:
        return _Tables.model_validate(said.data)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            _explain(said, error, *_written(said.data, error["loc"]))
        return _Tables()


def _written(data: object, path: KeyPath) -> tuple[KeyPath, object]:
    """The path that leads through what was written, and what stands there: one author is no list there, but one for pydantic."""
    taken: KeyPath = ()
    for part in path:
        inner = dict(enumerate(data)) if isinstance(data, list) else data
        if isinstance(inner, dict) and part in inner:
            data, taken = inner[part], (*taken, part)
    return taken, data


def _explain(said: _Said, error: ErrorDetails, path: KeyPath, value: object) -> None:
    names = [part for part in error["loc"] if isinstance(part, str)]
    if error["type"] == "extra_forbidden":
        return _explain_unknown(said, path, names, value)
    if (table := ".".join(names)) in _MODELS:
        hint = f"begin with a line [{table}] and write its keys under it"
        return said.add(path, f"[{table}] is a table of keys, not {_shown(value)}", hint, at_key=True)
    key = names[-1]
    model = _MODELS.get(".".join(names[:-1]), _AuthorTable)
    field = model.model_fields["authors" if key == "author" else key]
    example = f"for example {key} = {json.dumps(field.examples[0], ensure_ascii=False)}" if field.examples else ""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, _WrongError):
        return said.add(path, f"{key} {cause.reason}", cause.hint or example)
    shown = f", not {_shown(value)}" if field.repr else ""
    reason = "is missing" if error["type"] == "missing" else f"must be {field.description}{shown}"
    return said.add(path, f"{key} {reason}", example)


def _explain_unknown(said: _Said, path: KeyPath, names: list[str], value: object) -> None:
    *parents, key = names
    if not parents and isinstance(value, dict | list):
        close, known = _closest(key, _KEYS), " ".join(f"[{table}]" for table in _KEYS)
        return said.add(path, f'unknown table "{key}"', f"did you mean [{close}]?" if close else f"the tables are {known}", at_key=True)
    if parents == ["feed"] and key in ("author", "authors"):
        return said.add(path, "author and authors are both there", "keep one of the two", at_key=True)
    owner = {name: table for table in reversed(_KEYS) for name in _KEYS[table]}
    table = ".".join(parents)
    keys = () if not parents else _KEYS.get(table, tuple(_AuthorTable.model_fields))
    where = "outside of a table" if not parents else f"in [{table}]" if table in _KEYS else f"of {parents[-1]}"
    if close := _closest(key, keys):
        hint = f'did you mean "{close}"?'
    elif close := _closest(key, owner):
        hint = f"this key belongs in [{owner[close]}]" if close == key else f'did you mean "{close}" in [{owner[close]}]?'
    else:
        hint = f"known are {', '.join(keys or (f'[{table}]' for table in _KEYS))}"
    return said.add(path, f'unknown key "{key}" {where}', hint, at_key=True)


def _compare(said: _Said, root: Path) -> None:
    """What no key can be wrong in alone: two ways to say one thing, and folders in one another."""
    tables = {table: said.table(table) for table in _KEYS}
    _compare_summary(said, tables["summary"].get("kind"), tables["summary.llm"])
    if {"every", "cron"} <= tables["schedule"].keys():
        last = max(("every", "cron"), key=list(tables["schedule"]).index)
        said.add(("schedule", last), "every and cron are both there", "keep one of the two", at_key=True)
    given = [tables[table].get("folder", table) for table in ("input", "output")]
    folders = [folder for folder in given if _names_folder(folder)]
    if len(folders) < len(given):
        return
    source, target, state = ((root / Path(folder).expanduser()).resolve() for folder in (*folders, ".feeder"))
    if source == target or source in target.parents or target in source.parents:
        said.add(("output", "folder"), f"the output {target} and the input {source} lie in one another", "give each a folder of its own")
    elif target in (state, *state.parents) or state in target.parents:
        said.add(("output", "folder"), "the output would hold the ledger, and a web server would hand it out", 'for example folder = "output"')


def _compare_summary(said: _Said, kind: object, llm: Mapping[str, object]) -> None:
    if missing := [key for key in ("base_url", "model") if key not in llm and kind == "llm"]:
        example = ", ".join(f'{key} = "{_LlmTable.model_fields[key].examples[0]}"' for key in missing)  # type: ignore[index]
        said.add(("summary", "kind"), f'kind "llm" needs {" and ".join(missing)} in [summary.llm]', f"for example {example}")
    if "key" in llm and ("summary", "llm", "key") not in said.variables:
        hint = "set FEEDER_SUMMARY__LLM__KEY, or FEEDER_SUMMARY__LLM__KEY_FILE to the name of a file that only you may read"
        said.add(("summary", "llm", "key"), "key is a secret and does not belong in this file", hint, at_key=True)


def _compare_times(said: _Said, tables: _Tables) -> None:
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


def _completed(tables: _Tables, root: Path) -> dict[str, _Table]:
    """The tables with the defaults that depend on other keys."""
    feed, schedule = tables.feed, tables.schedule
    title = feed.title or line(clean(re.sub(r"[-_\s]+", " ", root.name))) or "Feeder"
    title = feed.title or title[0].upper() + title[1:]
    time_zone = schedule.time_zone if "time_zone" in schedule.model_fields_set else feed.time_zone
    return {
        **dict(tables),
        "feed": feed.model_copy(update={"title": title, "authors": feed.authors or (Person(title),)}),
        "schedule": schedule.model_copy(update={"time_zone": time_zone, "every": None if schedule.cron else schedule.every}),
        "input": tables.input.model_copy(update={"folder": root / tables.input.folder}),
        "output": tables.output.model_copy(update={"folder": root / tables.output.folder}),
    }


def _closest(word: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `word` was probably meant to be."""
    names = list(names)
    word = word.lower().replace("-", "_")
    return next(iter(difflib.get_close_matches(word, names, 1, 0.6)), None) or next((name for name in names if name == _ALSO_CALLED.get(word)), None)


def _shown(value: object) -> str:
    """A value as its owner wrote it, more or less, and short."""
    if isinstance(value, dict | list | tuple):
        return "a table" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
