"""The tables: the only list of what a configuration may say, and the Config that comes of it. Reads nothing."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    InstanceOf,
    SecretStr,
)
from pydantic_core import core_schema

from feeder import place
from feeder.config._values import (
    Duration,
    Folder,
    Iri,
    OneLine,
    WrongError,
    Zone,
    bare,
    credential,
    crontab,
    email_address,
    host_name,
    hub_address,
    kind_name,
    language_tag,
    once_each,
    one_or_more,
    podcast_category,
    publisher_name,
    reader_name,
    renderer_name,
    screen_color,
    secret_address,
    shown,
    size,
    watchword,
    web_address,
)
from feeder.model import Person
from feeder.plugins import Part

__all__ = ["BUILTIN", "EITHER", "KEYS", "MODELS", "SECRETS", "AuthorTable", "Config", "LlmTable", "Table", "Tables", "people"]

_UTC = ZoneInfo("UTC")


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AuthorTable(Table):
    name: OneLine = Field(description="one line of text", examples=["Ann Author"])
    uri: Iri | None = Field(default=None, description="an absolute address", examples=["https://example.org/ann"])
    email: Annotated[str, AfterValidator(email_address)] | None = Field(default=None, description="an e-mail address", examples=["ann@example.org"])


def people(value: object) -> object:
    """A name, a table, or a list of these."""
    listed = value if isinstance(value, list) else [value]
    return tuple({"name": person} if isinstance(person, str) else person for person in listed)


def _person(author: AuthorTable) -> Person:
    if found := re.fullmatch(r"(.*\S)\s*<([^@\s<>]+@[^@\s<>]+)>", author.name):
        raise WrongError(f"{shown(author.name)} holds an e-mail address", f'did you mean {{ name = "{found[1]}", email = "{found[2]}" }}?')
    return Person(author.name, author.uri, author.email)


def _person_schema(_: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    """Checked as a table, kept as a Person."""
    as_table = core_schema.plain_serializer_function_ser_schema(asdict)
    return core_schema.no_info_after_validator_function(_person, handler(AuthorTable), serialization=as_table)


_Person = Annotated[Person, GetPydanticSchema(_person_schema)]


class _FeedTable(Table):
    title: OneLine = Field(default="", description="one line of text", examples=["My notes"])
    subtitle: OneLine | None = Field(default=None, description="one line of text", examples=["What I learned this week"])
    base_url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None, description="a web address", examples=["https://example.org/notes/"]
    )
    id: Iri | None = Field(default=None, description="an absolute address", examples=["urn:uuid:7c0e4a3e-3c5f-4b6e-9d51-2f1f0c2a9b10"])
    language: Annotated[str, AfterValidator(language_tag)] = Field(default="en", description="a language tag (BCP 47)", examples=["en-GB"])
    authors: Annotated[tuple[_Person, ...], BeforeValidator(people)] = Field(
        default=(),
        validation_alias=AliasChoices("authors", "author"),
        description='a name, {name = "…", uri = "…", email = "…"}, or a list of these',
        examples=["Ann Author"],
    )
    rights: OneLine | None = Field(default=None, description="one line of text", examples=["© 2026 Ann Author, CC BY 4.0"])
    time_zone: Zone = Field(default=_UTC, description="the name of a time zone", examples=["Europe/Berlin"])
    entries: int = Field(default=50, ge=20, le=500, description="a whole number from 20 to 500", examples=[50])
    tombstones: Duration = Field(default=30 * 86400.0, ge=0, le=3660 * 86400, description="a length of time, at most 3660d", examples=["30d"])


class _InputTable(Table):
    folder: Folder = Field(default=Path("input"), description="the name of a folder", examples=["input"])
    settle: Duration = Field(default=1.0, ge=0, le=3600, description="a length of time, at most 1h", examples=["1s"])
    max_size: Annotated[int, BeforeValidator(size)] = Field(default=10_000_000, ge=1, description="a size of at least 1B", examples=["10MB"])
    max_media: Annotated[int, BeforeValidator(size)] = Field(default=200_000_000, ge=1, description="a size of at least 1B", examples=["200MB"])
    on_removal: Literal["withdraw", "keep"] = Field(default="withdraw", description='"withdraw" or "keep"', examples=["withdraw"])


class _OutputTable(Table):
    folder: Folder = Field(default=Path("output"), description="the name of a folder", examples=["output"])
    publisher: Annotated[str, AfterValidator(publisher_name)] = Field(default="folder", description="the name of a publisher", examples=["folder"])
    renderers: Annotated[tuple[Annotated[str, AfterValidator(renderer_name)], ...], BeforeValidator(one_or_more), AfterValidator(once_each)] = Field(
        default=(), description="a list of names of renderers", examples=[["gemtext"]]
    )


class _ScheduleTable(Table):
    every: Duration | None = Field(default=300.0, ge=0.1, le=366 * 86400, description="a length of time from 100ms to 366d", examples=["5m"])
    cron: Annotated[str, AfterValidator(crontab)] | None = Field(default=None, description="a crontab of 5 fields", examples=["0 7 * * 1-5"])
    time_zone: Zone = Field(default=_UTC, description="the name of a time zone", examples=["Europe/Berlin"])
    watch: bool = Field(default=True, description="true or false", examples=[True])
    deadline: Duration = Field(default=600.0, ge=0.1, le=366 * 86400, description="a length of time from 100ms to 366d", examples=["10m"])
    heartbeat: Annotated[SecretStr, AfterValidator(secret_address)] | None = Field(
        default=None, description="a web address", examples=["https://monitor.example/ping/0000"], repr=False
    )


class _ServeTable(Table):
    host: Annotated[str, AfterValidator(host_name)] = Field(default="127.0.0.1", description="a host name or an IP address", examples=["127.0.0.1"])
    port: int = Field(default=8000, ge=0, le=65535, description="a whole number from 0 (any free port) to 65535", examples=[8000])
    token: Annotated[SecretStr, AfterValidator(watchword)] | None = Field(default=None, description="a text", repr=False)


class _LogTable(Table):
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description='"debug", "info", "warning" or "error"', examples=["info"]
    )
    format: Literal["text", "json"] = Field(default="text", description='"text" or "json"', examples=["text"])


class LlmTable(Table):
    base_url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None, description="a web address", examples=["http://127.0.0.1:11434/v1"]
    )
    model: OneLine | None = Field(default=None, description="one line of text", examples=["gemma3"])
    key: Annotated[SecretStr, AfterValidator(credential)] | None = Field(default=None, description="a text", repr=False)
    timeout: Duration = Field(default=20.0, ge=0.1, le=600, description="a length of time from 100ms to 10m", examples=["20s"])
    patience: Duration = Field(default=60.0, ge=0.1, le=3600, description="a length of time from 100ms to 1h", examples=["60s"])
    attempts: int = Field(default=2, ge=1, le=5, description="a whole number from 1 to 5", examples=[2])
    calls_per_day: int = Field(default=200, ge=1, description="a whole number, at least 1", examples=[200])
    tokens_per_day: int = Field(default=500_000, ge=20_000, description="a whole number, at least 20000", examples=[500_000])


class _SummaryTable(Table):
    kind: Annotated[str, AfterValidator(kind_name)] = Field(default="extractive", description="the name of a summarizer", examples=["extractive"])
    llm: LlmTable = LlmTable()


class _PodcastTable(Table):
    cover: OneLine | None = Field(default=None, description="the name of a file", examples=["cover.jpg"])
    category: Annotated[str, AfterValidator(podcast_category)] | None = Field(
        default=None, description="one of Apple's categories", examples=["Arts > Books"]
    )
    explicit: bool = Field(default=False, description="true or false", examples=[False])
    owner: OneLine | None = Field(default=None, description="one line of text", examples=["Ann Author"])
    email: Annotated[str, AfterValidator(email_address)] | None = Field(default=None, description="an e-mail address", examples=["ann@example.org"])


class _WebsubTable(Table):
    hubs: Annotated[tuple[Annotated[str, AfterValidator(hub_address)], ...], BeforeValidator(one_or_more), AfterValidator(once_each)] = Field(
        default=(), max_length=5, description="a list of at most 5 web addresses", examples=[["https://hub.example/"]], repr=False
    )
    allow_private: bool = Field(default=False, description="true or false", examples=[True])
    timeout: Duration = Field(default=10.0, ge=0.1, le=60, description="a length of time from 100ms to 1m", examples=["10s"])


class _PagesTable(Table):
    icon: OneLine | None = Field(default=None, description="the name of a file", examples=["logo.png"])
    color: Annotated[str, AfterValidator(screen_color)] | None = Field(default=None, description="a colour", examples=["#1a5fb4"])
    readers: Annotated[tuple[Annotated[str, AfterValidator(reader_name)], ...], BeforeValidator(one_or_more), AfterValidator(once_each)] = Field(
        default=(), description="a list of names of feed readers", examples=[["feedly", "inoreader"]]
    )


class Tables(Table):
    feed: _FeedTable = _FeedTable()
    input: _InputTable = _InputTable()
    output: _OutputTable = _OutputTable()
    schedule: _ScheduleTable = _ScheduleTable()
    serve: _ServeTable = _ServeTable()
    log: _LogTable = _LogTable()
    summary: _SummaryTable = _SummaryTable()
    pages: _PagesTable = _PagesTable()
    podcast: _PodcastTable = _PodcastTable()
    websub: _WebsubTable = _WebsubTable()


class Config(Tables):
    """All that can be configured, complete: folders absolute, times in seconds, sizes in bytes, nothing left to decide.

    `root` is the folder of the file, or the one that feeder was started in; `file` is None where there is none.
    `said` is who said each key that was said; `heard` the variables that were there, each with the key that it says, if it says one.
    `among` counts the configurations that are served together.
    `parts` are plugins with their options: those that are used, and those that have a table.
    """

    root: Path
    file: Path | None
    said: tuple[tuple[str, str], ...] = ()
    heard: tuple[tuple[str, str], ...] = ()
    among: int = 1
    parts: tuple[InstanceOf[Part], ...] = Field(default=(), repr=False)

    @property
    def name(self) -> str:
        """What it is called among several."""
        return place.name(self.file, self.root)

    @property
    def prefix(self) -> str:
        """Its own path below the server's address: nothing, or where there are several, its name and "/"."""
        return "" if self.among == 1 else f"{quote(self.name, safe='', errors='surrogateescape')}/"

    @property
    def foldered(self) -> bool:
        """Whether what is published lies in a folder of this machine, where the built-in server finds it."""
        return self.output.publisher == "folder"

    def part(self, group: str, name: str) -> Part | None:
        """The plugin of this group and name that the configuration uses or says something of."""
        return next((part for part in self.parts if (part.plugin.group, part.plugin.name) == (group, name)), None)

    @property
    def base(self) -> str:
        """The absolute URL that everything published stands under; ends in "/"."""
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared with, not bound to
        host = anywhere.get(self.serve.host, f"[{self.serve.host}]" if ":" in self.serve.host else self.serve.host)
        return self.feed.base_url or f"http://{host}:{self.serve.port}/{self.prefix}"

    @property
    def state(self) -> Path:
        """The folder of the ledger and the caches, beside the configuration and of it alone."""
        return place.state(self.file, self.root)


MODELS: dict[str, type[Table]] = {**{name: type(table) for name, table in Tables()}, "summary.llm": LlmTable}
KEYS = {
    table: tuple(key for key in (*model.model_fields, *(["author"] if table == "feed" else [])) if f"{table}.{key}" not in MODELS)
    for table, model in MODELS.items()
}
SECRETS = tuple(
    f"{table}.{key}" for table, model in MODELS.items() for key, field in model.model_fields.items() if bare(field.annotation)[0] is SecretStr
)
"""They come from the environment alone: a file is backed up, shown and committed. Nothing prints them."""
BUILTIN: dict[str, tuple[str, ...]] = {"readers": (), "summarizers": ("extractive", "llm"), "renderers": (), "publishers": ("folder",)}
"""What has a name of its own without being installed, by the groups of plugins."""
EITHER = {"author": "authors", "authors": "author", "every": "cron", "cron": "every"}
