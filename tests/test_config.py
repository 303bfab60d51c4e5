"""The configuration as its owner meets it: what holds without one, what can be said, and how each mistake is told."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from feeder.config import Config, load, origins
from feeder.config._tables import KEYS, MODELS, SECRETS
from feeder.config._written import toml
from feeder.config.schema import schema
from feeder.errors import ConfigError, Problem
from feeder.model import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE = (files("feeder") / "example.toml").read_text("utf-8")
SCHEMA = Draft202012Validator(schema())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a name that makes a title."""
    folder = tmp_path / "my_reading-notes"
    folder.mkdir()
    return folder


def said(root: Path, text: str, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration of a folder whose feeder.toml says `text`. What is accepted, the schema accepts as well."""
    (root / "feeder.toml").write_text(text, "utf-8")
    config = load(root / "feeder.toml", environ or {})
    assert not list(SCHEMA.iter_errors(tomllib.loads(text)))
    return config


def problems(root: Path, text: str, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """What is wrong with `text`, each at "row:column" or "$VARIABLE"."""
    with pytest.raises(ConfigError) as caught:
        said(root, text, environ)
    places = [problem.where.removeprefix(f"{root / 'feeder.toml'}").removeprefix(":") for problem in caught.value.problems]
    return tuple(Problem(place, problem.reason, problem.hint) for place, problem in zip(places, caught.value.problems, strict=True))


# --- what holds without one ---


def test_without_a_file_everything_has_a_default(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero configuration: the current folder is the root and its readable name is the title and the author."""
    monkeypatch.chdir(root)
    config = load(None, {})
    assert (config.root, config.file, config.state) == (root, None, root / ".feeder")
    assert (config.feed.title, config.feed.authors) == ("My reading notes", (Person("My reading notes"),))
    assert (config.feed.subtitle, config.feed.id, config.feed.base_url, config.feed.rights) == (None, None, None, None)
    assert (config.feed.language, config.feed.time_zone, config.feed.entries) == ("en", ZoneInfo("UTC"), 50)
    assert (config.input.folder, config.input.settle, config.input.max_size) == (root / "input", 1.0, 10_000_000)
    assert config.output.folder == root / "output"
    assert (config.schedule.every, config.schedule.cron, config.schedule.watch, config.schedule.deadline) == (300.0, None, True, 600.0)
    assert (config.schedule.time_zone, config.summary.kind) == (ZoneInfo("UTC"), "extractive")
    assert (config.serve.host, config.serve.port, config.base) == ("127.0.0.1", 8000, "http://127.0.0.1:8000/")
    assert set(origins(config).values()) == {"default"}


@pytest.mark.parametrize(("name", "state"), [("feeder.toml", "."), ("a.toml", "a"), ("a.b.toml", "a.b"), ("a.conf", "a.conf"), ("feeder", "feeder")])
def test_each_file_of_a_folder_has_a_state_of_its_own(root: Path, name: str, state: str) -> None:
    (root / name).write_text("")
    assert load(root / name, {}).state == root / ".feeder" / state


def test_the_file_of_the_current_folder_is_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name stays short in messages and origins."""
    monkeypatch.chdir(root)
    (root / "feeder.toml").write_text('[feed]\n\ntitle = "Found"\n')
    config = load(None, {"FEEDER_SERVE__PORT": "9"})
    assert (config.root, config.file, config.feed.title) == (root, root / "feeder.toml", "Found")
    told = origins(config)
    assert (told["feed.title"], told["serve.port"], told["feed.rights"]) == ("feeder.toml:3", "environment FEEDER_SERVE__PORT", "default")
    (root / "feeder.toml").write_text("[fed]\n")
    with pytest.raises(ConfigError, match=r"^feeder\.toml:1:2: unknown table") as caught:
        load(None, {})
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(("name", "title"), [("a  b", "A b"), ("\u202eabc", "Abc"), ("--", "Feeder"), ("\udcff-x", "\ufffd x")])
def test_any_folder_name_makes_a_title(tmp_path: Path, name: str, title: str) -> None:
    """I19, I20: bytes that are no UTF-8 and bidi controls never reach the feed."""
    (tmp_path / name).mkdir()
    assert said(tmp_path / name, "").feed.title == title


def test_the_configuration_cannot_be_changed(root: Path) -> None:
    """A reload makes a new one."""
    config = said(root, "")
    with pytest.raises(ValueError, match="frozen"):
        config.feed.title = "Other"


# --- what can be said ---


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('"90s"', 90),
        ('"5m"', 300),
        ('"1h 30m"', 5400),
        ('"500ms"', 0.5),
        ('"2d"', 172800),
        ('"1w"', 604800),
        ("7", 7),
        ("0.5", 0.5),
        ('" 1 h30 m "', 5400),
    ],
)
def test_times_are_written_with_units_or_in_seconds(root: Path, text: str, seconds: float) -> None:
    """A length of time may have several parts."""
    assert said(root, f"schedule.every = {text}").schedule.every == seconds


@pytest.mark.parametrize(
    ("text", "size"), [('"10MB"', 10_000_000), ('"512KiB"', 524_288), ('"1.5 kB"', 1500), ('"7b"', 7), ('"1GiB"', 2**30), ("4096", 4096)]
)
def test_sizes_are_written_with_units_or_in_bytes(root: Path, text: str, size: int) -> None:
    """MB is a million bytes, MiB 2**20."""
    assert said(root, f"input.max_size = {text}").input.max_size == size


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ('author = "Ann"', (Person("Ann"),)),
        ('authors = "Ann"', (Person("Ann"),)),
        ('author = { name = "Ann", uri = "https://a.example/" }', (Person("Ann", "https://a.example/"),)),
        ('authors = ["Ann", { name = " Ben", email = "b@example.org" }]', (Person("Ann"), Person("Ben", None, "b@example.org"))),
        ('[[feed.authors]]\nname = "Ann"\n[[feed.authors]]\nname = "Ben"', (Person("Ann"), Person("Ben"))),
        ('title = "T"\nauthors = []', (Person("T"),)),
    ],
)
def test_authors_are_names_or_tables(root: Path, text: str, people: tuple[Person, ...]) -> None:
    """They come out as Person constructs of RFC 4287."""
    assert said(root, f"[feed]\n{text}").feed.authors == people


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTP://Example.ORG:8080/notes//", "http://example.org:8080/notes/"),
        ("https://bücher.example/straße/%C3%A9", "https://xn--bcher-kva.example/stra%C3%9Fe/%C3%A9/"),
        ("http://[::1]:81/a", "http://[::1]:81/a/"),
    ],
)
def test_the_base_url_is_ascii_and_ends_with_a_slash(root: Path, text: str, url: str) -> None:
    """Relative references are resolved against it as they stand."""
    config = said(root, f'feed.base_url = "{text}"')
    assert (config.feed.base_url, config.base) == (url, url)


@pytest.mark.parametrize(
    ("host", "base"),
    [("0.0.0.0", "http://127.0.0.1:1/"), ("::", "http://[::1]:1/"), ("::1", "http://[::1]:1/"), ("box.lan", "http://box.lan:1/")],
)
def test_without_a_base_url_the_server_address_is_it(root: Path, host: str, base: str) -> None:
    """A wildcard is no address: loopback stands for it."""
    assert said(root, f'serve = {{ host = "{host}", port = 1 }}').base == base


def test_the_schedule_keeps_the_time_zone_of_the_feed_or_its_own(root: Path) -> None:
    """T5: two zones, each with its job."""
    assert said(root, 'feed.time_zone = "Asia/Tokyo"').schedule.time_zone == ZoneInfo("Asia/Tokyo")
    own = said(root, 'feed.time_zone = "Asia/Tokyo"\nschedule.time_zone = "UTC"')
    assert (own.feed.time_zone, own.schedule.time_zone) == (ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC"))


def test_folders_are_relative_to_the_file_or_absolute_or_at_home(root: Path) -> None:
    """None needs to exist."""
    config = said(root, 'input.folder = "../texts"\noutput.folder = "~/public"')
    assert (config.input.folder, config.output.folder) == (root / "../texts", Path.home() / "public")
    assert said(root, 'input.folder = "/srv/texts"').input.folder == Path("/srv/texts")


def test_a_file_with_a_byte_order_mark_and_crlf_is_read(root: Path) -> None:
    """C1: as Windows editors save it; columns stay right."""
    (root / "feeder.toml").write_bytes('\ufeff[feed]\r\ntitle = "T"\r\n\r\nport = 1\r\n'.encode())
    with pytest.raises(ConfigError, match=r"feeder\.toml:4:1: unknown key") as caught:
        load(root / "feeder.toml", {})
    assert len(caught.value.problems) == 1


# --- crontabs ---


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("0 7 * * 1-5", "0 7 * * mon,tue,wed,thu,fri"),
        ("0 7 * * 0", "0 7 * * sun"),
        ("0 7 * * 7", "0 7 * * sun"),
        ("0 7 * * 5-7", "0 7 * * fri,sat,sun"),
        ("*/15 9-17/2 * JAN-mar SUN", "*/15 9-17/2 * 1,2,3 sun"),
        ("0 0 1,15 * *", "0 0 1,15 * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 31 2,3 *", "0 0 31 2,3 *"),
        ("5 4 * 1-12 0-6", "5 4 * * *"),
    ],
)
def test_a_crontab_means_what_cron_means(root: Path, text: str, cron: str) -> None:
    """Weekday 0 is Sunday; they come out as names, because APScheduler counts from Monday."""
    config = said(root, f'schedule.cron = "{text}"')
    assert (config.schedule.cron, config.schedule.every) == (cron, None)


_RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


@st.composite
def crontabs(draw: st.DrawFn) -> str:
    """Crontabs of numbers, ranges, steps and lists, with a day of the month or a weekday but not both."""
    fields = []
    for low, high in _RANGES:
        first = draw(st.integers(low, high - 1))
        last = draw(st.integers(first + 1, high))
        step = draw(st.integers(1, last - first))
        fields.append(draw(st.sampled_from(["*", f"*/{step}", f"{first}", f"{first}-{last}", f"{first}-{last}/{step}", f"{first},{last}"])))
    fields[draw(st.sampled_from([2, 4]))] = "*"
    return " ".join(fields)


@settings(max_examples=60, deadline=None)
@given(crontabs())
@example("0 0 * * 6-7")
def test_every_crontab_that_is_accepted_fires(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """The scheduler takes it and finds a next time; nothing that never happens is let through."""
    folder = tmp_path_factory.getbasetemp()
    try:
        cron = said(folder, f'schedule.cron = "{text}"').schedule.cron
    except ConfigError as error:
        refused = str(error)
        assert "never happens" in refused
        return
    assert cron
    assert CronTrigger.from_crontab(cron, UTC).get_next_fire_time(None, datetime(2026, 11, 22, tzinfo=UTC)) is not None


# --- the environment ---


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("FEEDER_FEED__TITLE", "42", "feed.title", "42"),
        ("FEEDER_FEED__TITLE", "[draft]", "feed.title", "[draft]"),
        ("FEEDER_FEED__AUTHOR", "Ann", "feed.authors", (Person("Ann"),)),
        ("FEEDER_FEED__AUTHOR", "1984", "feed.authors", (Person("1984"),)),
        ("FEEDER_FEED__AUTHORS", '["Ann", {name = "Ben"}]', "feed.authors", (Person("Ann"), Person("Ben"))),
        ("FEEDER_FEED__ENTRIES", "100", "feed.entries", 100),
        ("FEEDER_SCHEDULE__EVERY", "2m", "schedule.every", 120.0),
        ("FEEDER_SCHEDULE__WATCH", "false", "schedule.watch", False),
        ("FEEDER_SERVE__PORT", "", "serve.port", 1000),
        ("FEEDER_INPUT__MAX_SIZE", "1MiB", "input.max_size", 2**20),
    ],
)
def test_the_environment_goes_before_the_file(root: Path, variable: str, value: str, key: str, expected: object) -> None:
    """An empty variable says nothing."""
    text = 'feed = { title = "T", author = "A", entries = 20 }\nserve.port = 1000\nschedule.every = "1m"\n'
    config = said(root, text, {variable: value, "OTHER": "x"})
    table, name = key.split(".")
    assert getattr(getattr(config, table), name) == expected
    assert origins(config)[key] == (f"environment {variable}" if value else f"{root / 'feeder.toml'}:2")


_TEXTS: dict[str, object] = {
    "every": "2m",
    "authors": ["Ann", {"name": "Ben"}],
    "renderers": [],
    "readers": ["feedly"],
    "hubs": ["https://hub.example/"],
}
_EVERY = [(table, key) for table, keys in KEYS.items() for key in keys]


@pytest.mark.parametrize(("table", "key"), _EVERY, ids=[".".join(pair) for pair in _EVERY])
@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_each_key_of_each_table_can_be_said_by_a_variable_or_a_file_that_one_names(root: Path, table: str, key: str, suffix: str) -> None:
    """Texts as they are, all else as in TOML; it means what it means in the file, and goes before it."""
    field = MODELS[table].model_fields["authors" if key == "author" else key]
    value = _TEXTS.get(key, field.examples[0] if field.examples else WATCHWORD)
    text = value if isinstance(value, str) else toml(value)
    variable = f"FEEDER_{table}__{key}".upper().replace(".", "__")
    (root / "value").write_text(f"{text}\n")
    config = said(root, "", {f"{variable}{suffix}": str(root / "value") if suffix else text})
    assert dict(config.said) == {f"{table}.{'authors' if key == 'author' else key}": f"environment {variable}{suffix}"}
    assert config.heard == ((f"{variable}{suffix}", f"{table}.{key}"),)
    if f"{table}.{key}" not in SECRETS:
        assert said(root, f"{table}.{key} = {toml(value)}").model_dump(exclude={"said", "heard"}) == config.model_dump(exclude={"said", "heard"})


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("0.5", 0.5), ("1m 30s", 90.0), (" 2m ", 120.0)])
def test_a_length_of_time_in_the_environment_is_written_as_in_the_file(root: Path, text: str, seconds: float) -> None:
    """A number of seconds, or with units."""
    assert said(root, "", {"FEEDER_SCHEDULE__EVERY": text}).schedule.every == seconds


def test_an_option_of_the_command_line_is_told_by_its_own_name(root: Path) -> None:
    """It takes the place of a variable, and is none."""
    environ, options = {"FEEDER_SERVE__PORT": "9"}, {"FEEDER_SERVE__PORT": "--port"}
    config = load(None, environ, options)
    assert (config.serve.port, origins(config)["serve.port"], config.heard) == (9, "option --port", ())
    with pytest.raises(ConfigError, match=r"^--port: port must be a whole number from 0"):
        load(None, {"FEEDER_SERVE__PORT": "http"}, options)


def test_one_way_to_say_a_thing_replaces_the_other(root: Path) -> None:
    """A crontab in the environment takes the place of the file's `every`; two in one place are a mistake."""
    config = said(root, 'schedule.every = "1m"\nfeed.authors = ["A"]', {"FEEDER_SCHEDULE__CRON": "0 7 * * *", "FEEDER_FEED__AUTHOR": "B"})
    assert (config.schedule.every, config.schedule.cron, config.feed.authors) == (None, "0 7 * * *", (Person("B"),))
    both = problems(root, "", {"FEEDER_SCHEDULE__CRON": "0 7 * * *", "FEEDER_SCHEDULE__EVERY": "1m"})
    assert [(problem.where, problem.reason) for problem in both] == [("$FEEDER_SCHEDULE__EVERY", "every and cron are both there")]


def test_a_variable_can_name_a_file_with_the_value(root: Path) -> None:
    """One newline at its end is not part of the value."""
    (root / "id").write_text("urn:x:1\n")
    assert said(root, "", {"FEEDER_FEED__ID_FILE": str(root / "id")}).feed.id == "urn:x:1"


@pytest.mark.parametrize(
    ("environ", "where", "told"),
    [
        ({"FEEDER_FEED__TITEL": "x"}, "$FEEDER_FEED__TITEL", "is not a variable of feeder (did you mean $FEEDER_FEED__TITLE?)"),
        ({"FEEDER_DEBUG": "1"}, "$FEEDER_DEBUG", "is not a variable of feeder (FEEDER_FEED__TITLE"),
        ({"FEEDER_SERVE__PORT": "http"}, "$FEEDER_SERVE__PORT", 'port must be a whole number from 0 (any free port) to 65535, not "http"'),
        ({"FEEDER_SCHEDULE__WATCH": "yes"}, "$FEEDER_SCHEDULE__WATCH", 'watch must be true or false, not "yes" (did you mean watch = true?)'),
        ({"FEEDER_FEED__AUTHORS": "[1"}, "", ""),
        ({"FEEDER_FEED__AUTHORS": '[{nam = "x"}]'}, "$FEEDER_FEED__AUTHORS", 'unknown key "nam" of authors (did you mean "name"?)'),
        ({"FEEDER_FEED__TITLE": "a\udcffb"}, "$FEEDER_FEED__TITLE", "title must be one line of text"),
        ({"FEEDER_FEED__ID_FILE": "/nowhere/id"}, "$FEEDER_FEED__ID_FILE", "cannot be read: No such file or directory"),
        ({"FEEDER_FEED__ID": "urn:x:1", "FEEDER_FEED__ID_FILE": "x"}, "$FEEDER_FEED__ID_FILE", "says the same as $FEEDER_FEED__ID"),
    ],
)
def test_a_wrong_variable_is_told_by_its_name(root: Path, environ: Mapping[str, str], where: str, told: str) -> None:
    """As precise as a mistake in the file."""
    if not where:  # an unclosed list is a strange name, but a name
        assert said(root, "", environ).feed.authors == (Person(environ["FEEDER_FEED__AUTHORS"]),)
        return
    assert any(problem.where == where and told in str(problem) for problem in problems(root, "", environ)), problems(root, "", environ)


def test_a_variable_cannot_mend_a_table_that_is_none(root: Path) -> None:
    """The file's mistake is told, and once."""
    assert len(problems(root, "feed = 3", {"FEEDER_FEED__TITLE": "x"})) == 1


def test_a_secret_file_that_is_no_text_is_told(root: Path) -> None:
    """Not a traceback."""
    (root / "secret").write_bytes(b"\xff\xfe")
    assert problems(root, "", {"FEEDER_FEED__TITLE_FILE": str(root / "secret")})[0].reason.endswith("it is not UTF-8 text")


WATCHWORD = "0123456789abcdef"


def test_the_token_is_a_secret(root: Path) -> None:
    """It comes from a variable or a file that one names, and neither the value nor its origin is shown."""
    (root / "secret").write_text(f"{WATCHWORD}\n")
    for environ in ({"FEEDER_SERVE__TOKEN": WATCHWORD}, {"FEEDER_SERVE__TOKEN_FILE": str(root / "secret")}):
        config = said(root, "", environ)
        assert config.serve.token is not None
        assert config.serve.token.get_secret_value() == WATCHWORD
        assert WATCHWORD not in repr(config)
        assert "serve.token" not in origins(config)
    assert said(root, "").serve.token is None


@pytest.mark.parametrize(
    ("text", "environ", "where", "told"),
    [
        (f'[serve]\ntoken = "{WATCHWORD}"', {}, "2:1", "token is a secret and does not belong in this file (set FEEDER_SERVE__TOKEN, or"),
        ("", {"FEEDER_SERVE__TOKEN": WATCHWORD[1:]}, "$FEEDER_SERVE__TOKEN", "token must have at least 16 characters (`openssl rand -hex 16`"),
        ("", {"FEEDER_SERVE__TOKEN": f"two {WATCHWORD}"}, "$FEEDER_SERVE__TOKEN", "token must be one word"),
    ],
)
def test_a_wrong_token_is_told_and_not_shown(root: Path, text: str, environ: Mapping[str, str], where: str, told: str) -> None:
    (found,) = problems(root, text, environ)
    assert found.where == where
    assert told in str(found)
    assert WATCHWORD[1:] not in str(found)


# --- mistakes ---

MISTAKES = [
    # unknown names
    ('[fed]\ntitle = "x"', "1:2", 'unknown table "fed" (did you mean [feed]?)'),
    ("[feed]\n\n[ scheduel ]", "3:3", "did you mean [schedule]?"),
    ("[zzz]", "1:2", "the tables are [feed] [input] [output] [schedule] [serve] [log] [summary]"),
    ('title = "x"', "1:1", 'unknown key "title" outside of a table (this key belongs in [feed])'),
    ("prot = 1", "1:1", 'did you mean "port" in [serve]?'),
    ("qqq = 1", "1:1", "known are [feed], [input]"),
    ('[feed]\ntilte = "x"', "2:1", 'unknown key "tilte" in [feed] (did you mean "title"?)'),
    ('[feed]\n  base-url = "https://x.example/"', "2:3", 'did you mean "base_url"?'),
    ('[feed]\nTitle = "x"', "2:1", 'did you mean "title"?'),
    ('[feed]\nurl = "x"', "2:1", 'did you mean "base_url"?'),
    ("[serve]\nport = 1\nevery = 3", "3:1", 'unknown key "every" in [serve] (this key belongs in [schedule])'),
    ("[input]\ninterval = 3", "2:1", 'did you mean "every" in [schedule]?'),
    ("[serve]\nxyzzy = 3", "2:1", "known are host, port"),
    ('feed.tilte = "x"', "1:6", 'did you mean "title"?'),
    ('"feed" . "tilte" = "x"', "1:10", 'did you mean "title"?'),
    ('feed = { title = "a", rigths = "b" }', "1:23", 'did you mean "rights"?'),
    ('feed.authors = ["A", { name = "B", mail = "c" }]', "1:36", 'unknown key "mail" of authors (did you mean "email"?)'),
    ('[[feed.authors]]\nname = "A"\n\n[[feed.authors]]\nname = "B"\nurl = "c"', "6:1", 'did you mean "uri"?'),
    ('[feed.authors]\nname = "A"\nx = 1', "3:1", 'unknown key "x" of authors (known are name, uri, email)'),
    ('[[feed.authors]]\nname = "A"\n[feed.authors.more]\nx = 1', "3:15", 'unknown key "more" of authors'),
    ('[[feed.authors]]\nname = "A"\n[[feed.authors]]\nuri = "urn:x:1"', "3:1", "name is missing"),
    # wrong types
    ("[feed]\ntitle = 42", "2:9", 'title must be one line of text, not 42 (text stands in quotes: title = "42")'),
    ("feed.title = 2026-11-22", "1:14", "not 2026-11-22"),
    ("feed.title = ['a']", "1:14", "not a list"),
    ("feed.title.x = 1", "1:6", "not a table"),
    (
        '[serve]\n# the port\nport = "80"',
        "3:8",
        'port must be a whole number from 0 (any free port) to 65535, not "80" (a number has no quotes: port = 80)',
    ),
    ("serve.port = true", "1:14", "not true"),
    ("serve.port = 80.0", "1:14", "not 80.0"),
    ('schedule.watch = "no"', "1:18", 'watch must be true or false, not "no" (did you mean watch = false?)'),
    ("schedule.every = true", "1:18", "every must be a length of time from 100ms to 366d, not true"),
    ("feed = 3", "1:1", "[feed] is a table of keys, not 3 (begin with a line [feed]"),
    ("[[feed]]\ntitle = 'x'", "1:3", "[feed] is a table of keys, not a list"),
    ("feed.authors = [\n  'A', # first\n  4,\n]", "3:3", "authors must be a name, {name"),
    ("feed.author = 3", "1:15", "author must be a name, {name"),
    ("input.folder = 3", "1:16", 'folder must be the name of a folder, not 3 (for example folder = "input")'),
    ("feed.time_zone = 3", "1:18", "time_zone must be the name of a time zone, not 3"),
    ("input.max_size = 1.5", "1:18", "max_size must be a size of at least 1B, not 1.5"),
    # wrong values
    ('[feed]\ntitle = " "', "2:9", "title must be one line of text, not empty"),
    ('feed.title = "a\\nb"', "1:14", "title must be one line of text"),
    ('feed.title = """\na"b"""\nfeed.entries = 1', "3:16", "entries must be a whole number from 20 to 500, not 1"),
    ('feed.title = "a\\u0000"', "1:14", "without control characters"),
    ("feed.entries = 501", "1:16", "from 20 to 500, not 501"),
    ('input.on_removal = "delete"', "1:20", 'on_removal must be "withdraw" or "keep", not "delete"'),
    ('feed.tombstones = "a month"', "1:19", "tombstones must be a length of time"),
    ('feed.language = "en_US.UTF-8"', "1:17", 'did you mean "en-US"?'),
    ('feed.language = "english"', "1:17", 'language "english" is not a language tag (BCP 47) (did you mean "en"?)'),
    ('feed.time_zone = "Berlin"', "1:18", 'time_zone "Berlin" is not a known time zone (did you mean "Europe/Berlin"?)'),
    ('feed.time_zone = "Europe"', "1:18", '"Europe" is not a known time zone'),
    ('feed.time_zone = "../../etc/passwd"', "1:18", 'is not a known time zone (for example time_zone = "Europe/Berlin")'),
    ('feed.id = "7C0E4A3E-3c5f-4b6e-9d51-2f1f0c2a9b10"', "1:11", 'did you mean "urn:uuid:7c0e4a3e-3c5f-4b6e-9d51-2f1f0c2a9b10"?'),
    ('feed.id = "my feed"', "1:11", "is not an absolute address (IRI)"),
    ('feed.base_url = "example.org/notes"', "1:17", 'did you mean "https://example.org/notes/"?'),
    ('feed.base_url = "ftp://example.org/"', "1:17", "begins with http:// or https://"),
    ('feed.base_url = "https://"', "1:17", "is not a web address"),
    ('feed.base_url = "https://a b/"', "1:17", "is not a web address"),
    ('feed.base_url = "https://a.example:99999/"', "1:17", "is not a web address"),
    ('feed.base_url = "https://a.example/?p=1"', "1:17", "no ?query, no #fragment, no user name"),
    ('feed.base_url = "https://me:pw@a.example/"', "1:17", "no user name"),
    ('feed.author = { name = "A", uri = "www" }', "1:35", 'uri "www" is not an absolute address (IRI)'),
    ('feed.author = { name = "A", email = "me" }', "1:37", 'email "me" is not an e-mail address'),
    ('feed.author = ""', "1:15", "name must be one line of text"),
    ('feed.authors = [{ uri = "https://a.example" }]', "1:17", 'name is missing (for example name = "Ann Author")'),
    ('feed.authors = ["A"]\nfeed.author = "B"', "2:6", "author and authors are both there (keep one of the two)"),
    ('input.folder = ""', "1:16", "folder must name a folder"),
    ('input.settle = "soon"', "1:16", 'settle must be a length of time, not "soon" (a number and ms, s, m, h, d or w'),
    ('input.settle = "2h"', "1:16", 'settle must be a length of time, at most 1h, not "2h"'),
    ("schedule.every = 0", "1:18", "from 100ms to 366d, not 0"),
    ("schedule.every = inf", "1:18", "not Infinity"),
    ('input.max_size = "10 megs"', "1:18", 'max_size must be a size, not "10 megs"'),
    ('input.max_size = "0B"', "1:18", "at least 1B"),
    ('serve.host = "localhost:80"', "1:14", "without the port, which has its own key"),
    ('serve.host = "http://localhost"', "1:14", "is not a host name or an IP address"),
    ("serve.port = 65536", "1:14", "to 65535, not 65536"),
    ('summary.kind = "The Best"', "1:16", 'kind "The Best" is not the name of a summarizer'),
    # crontabs
    ('schedule.cron = "0 7 * *"', "1:17", "cron must have 5 fields, not 4: minute, hour"),
    ('schedule.cron = "60 7 * * *"', "1:17", 'the minute "60" is not *, 0-59, a range or a step'),
    ('schedule.cron = "0 17-9 * * *"', "1:17", 'the hour "17-9"'),
    ('schedule.cron = "0 0 0 * *"', "1:17", 'the day of the month "0"'),
    ('schedule.cron = "0 0 * foo *"', "1:17", 'the month "foo" is not *, 1-12'),
    ('schedule.cron = "0 0 * * mo"', "1:17", 'the weekday "mo"'),
    ('schedule.cron = "*/0 0 * * *"', "1:17", 'the minute "*/0"'),
    ('schedule.cron = "5/10 0 * * *"', "1:17", 'the minute "5/10"'),
    ('schedule.cron = "0 0 13 * fri"', "1:17", "names both a day of the month and a weekday"),
    ('schedule.cron = "0 0 31 2,4 *"', "1:17", "never happens: there is no such day in feb, apr"),
    ('[schedule]\ncron = "0 7 * * *"\nevery = "5m"', "3:1", "every and cron are both there (keep one of the two)"),
    # folders (I31)
    ('[input]\nfolder = "x"\n[output]\nfolder = "./x"', "4:10", "lie in one another (give each a folder of its own)"),
    ('output.folder = "input/out"', "1:17", "lie in one another"),
    ('input.folder = "output/in"', "", "lie in one another"),
    ('input.folder = "."', "", "lie in one another"),
    ('input.folder = "../in"\noutput.folder = "."', "2:17", "would hold the ledger"),
    ('output.folder = ".feeder"', "1:17", "would hold the ledger"),
    ('output.folder = ".feeder/other"', "1:17", "would hold the ledger"),
    # no TOML
    ("[feed]\ntitle = My notes", "2:9", "this is not a value: text stands in quotes (did you mean"),
    ("[feed]\ntitle", "2:6", "a key needs = and a value"),
    ('[feed]\ntitle = "My notes', "2:18", "the quotes are not closed"),
    ('[feed]\ntitle = "a"\ntitle = "b"', "3:1", "title: this key is already there, in line 2 (keep"),
    ("[feed]\n[serve]\n[feed]", "3:1", "[feed]: this table is already there, in line 1 (move"),
    ('input.folder = "C:\\texts\\new"', "1:16", "write \\\\ for a backslash"),
    ('input.folder = "C:\\Users"', "1:21", "write \\\\ for a backslash"),
    ("[feed\n", "1:6", "the [ of this table is not closed"),
    ("x = [1,\n2", "1:5", "the [ of this list is not closed"),
    ("a = 2026-13-45", "1:5", "2026-13-45 is no date, and no text without quotes"),
    ("x = " + "9" * 5000, "", "this is not TOML: "),
    ("x = " + "[" * 5000, "1:1", "too many brackets"),
]


@pytest.mark.parametrize(("text", "where", "told"), MISTAKES, ids=[re.sub(r"\s+", " ", text)[:40] for text, *_ in MISTAKES])
def test_each_mistake_is_told_where_it_stands(root: Path, text: str, where: str, told: str) -> None:
    """I31 among them. One mistake, one problem: its place, what is wrong, and what to do."""
    (problem,) = problems(root, text)
    assert told in str(problem)
    assert problem.where == where or not where


def test_all_mistakes_are_told_at_once_and_in_order(root: Path) -> None:
    """First the file's from top to bottom, then the environment's by name."""
    text = 'titel = "x"\n[serve]\nport = "x"\nhost = ""\n[feed]\nid = "x"\nnmae = 1\n'
    told = problems(root, text, {"FEEDER_SUMMARY__KIND": "!", "FEEDER_FOO": "1"})
    assert [problem.where for problem in told] == ["1:1", "3:8", "4:8", "6:6", "7:1", "$FEEDER_FOO", "$FEEDER_SUMMARY__KIND"]


def test_output_reached_through_a_link_is_still_inside_the_input(root: Path) -> None:
    """I31: names differ, the folder is the same."""
    (root / "input").mkdir()
    (root / "output").symlink_to("input")
    assert "lie in one another" in problems(root, "")[0].reason


def test_long_values_are_cut_in_messages(root: Path) -> None:
    """A message stays a line."""
    assert len(problems(root, f'schedule.every = "{"x" * 5000}"')[0].reason) < 120


def test_a_file_that_was_named_must_be_there(root: Path) -> None:
    """Unlike the one that is only looked for."""
    with pytest.raises(ConfigError, match=r"absent\.toml: there is no such file \(`feeder init` writes one\)"):
        load(root / "absent.toml", {})
    with pytest.raises(ConfigError, match=r"notes: is a folder, and must be a file \(`feeder init` writes one\)"):
        load(root, {})


def test_a_file_that_is_not_utf_8_is_told_with_its_place(root: Path) -> None:
    """C2: a configuration is never guessed."""
    (root / "feeder.toml").write_bytes("[feed]\ntitle = 'Zürich'\n".encode("latin-1"))
    with pytest.raises(
        ConfigError, match=r"feeder\.toml:2:11: is not UTF-8: here is a byte that is ü in Windows' encoding \(save the file as UTF-8\)"
    ):
        load(root / "feeder.toml", {})


_SCALARS = st.sampled_from(['"a # ] b"', "'[x'", '"""\nx = "1"\n\\""""', "'''\n[y]\n'''", "1.5", "true", "2026-11-22 07:00:00", '"\\""', "''"])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[ # (\n" + "".join(f"{item}, # ,\n" for item in items) + "]")
        | st.lists(inner, max_size=2).map(lambda items: "{" + ", ".join(f'k{i}."x.y" = {item}' for i, item in enumerate(items)) + "}")
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_VALUES, max_size=4))
def test_no_toml_before_it_moves_the_place_of_a_mistake(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    """Strings, lists and tables of any shape are stepped over, quotes, brackets and comments in them included."""
    text = "".join(f"zq{i} = {value} # end\n" for i, value in enumerate(values)) + "[serve] # here\n\n  port = 'x'\n"
    told = problems(tmp_path_factory.getbasetemp(), text)
    assert told[-1].where == f"{text.count(chr(10))}:10"
    assert len(told) == len(values) + 1


# --- the example that `feeder init` writes ---

_LINES = re.findall(r"^#(\w+) = (.+)$", EXAMPLE, re.MULTILINE)
_DERIVED = {"title", "subtitle", "base_url", "id", "author", "authors", "rights", "cron", "model", "hubs", "cover", "category", "owner", "email"}
_DERIVED |= {"icon", "color", "readers"}
"""Of these there is an example, not what holds anyway."""


def _uncommented(pattern: str) -> str:
    return re.sub(rf"^#(?=(?:{pattern}) = )", "", EXAMPLE, flags=re.MULTILINE)


def test_the_example_changes_nothing_until_it_is_changed(root: Path) -> None:
    """Neither as it is, nor with the # taken away from every default."""
    plain = said(root, "")
    assert said(root, EXAMPLE) == plain
    defaults = "|".join({key for key, _ in _LINES} - _DERIVED)
    config = said(root, _uncommented(defaults))
    assert config.model_dump(exclude={"said", "heard"}) == plain.model_dump(exclude={"said", "heard"})
    assert len(config.said) == len([key for key, _ in _LINES if key not in _DERIVED])


def test_the_example_shows_each_key_once_in_its_table(root: Path) -> None:
    """Docs cannot lie: a key that is not in it fails here."""
    table, shown = "", []
    for row in EXAMPLE.splitlines():
        table = match[1] if (match := re.fullmatch(r"\[([\w.]+)\]", row)) else table
        shown += [f"{table}.{match[1]}"] if (match := re.match(r"#(\w+) = ", row)) else []
    assert sorted(shown) == sorted([*origins(said(root, "")), "feed.author"])


@pytest.mark.parametrize("key", sorted(_DERIVED))
def test_each_example_in_the_example_is_valid(root: Path, key: str) -> None:
    """So that taking the # away is enough to try it."""
    assert len(said(root, _uncommented(key)).said) == sum(name == key for name, _ in _LINES)
