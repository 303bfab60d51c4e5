"""The JSON Schema of feeder.toml: it knows every key, refuses what it can see, and never what `load` accepts (tests/test_config.py asks it, too)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from feeder.cli import main
from feeder.config._tables import KEYS, SECRETS
from feeder.config.schema import schema
from tests.remake import MADE, ROOT
from tests.test_config import EXAMPLE, MISTAKES, SCHEMA

BEYOND = re.compile(
    r"is not a known time zone|lie in one another|would hold the ledger|never happens|both a day of the month|needs base_url and model"
    r'|the (minute|hour|month|weekday|day of the month) "|every must be a length of time from 100ms to 366d, not "|at most 1h, not "2h"'
    r"|at least 1B|not 80\.0|did you mean \"https://example.org/notes/\"|no \?query|a\.example:99999|is not a web address$"
)
"""What one value alone, or a pattern, cannot tell: bounds of texts that are measured, places, days, and what depends on two keys."""


def properties(node: object, path: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Each table and key of the schema by its name, with what is said of it."""
    assert isinstance(node, dict)
    for name, told in node.get("properties", {}).items():
        yield f"{path}{name}", told
        yield from properties(told, f"{path}{name}.") if path.count(".") < 1 or told.get("title") else ()


@pytest.mark.parametrize("path", MADE)
def test_what_is_made_from_the_code_is_up_to_date(path: str) -> None:
    """`python -m tests.remake` writes it anew."""
    assert (ROOT / path).read_text("utf-8") == MADE[path](), "python -m tests.remake"


def test_the_command_prints_it_and_it_is_a_valid_schema() -> None:
    told = CliRunner().invoke(main, ["config", "schema"]).stdout
    assert told == (files("feeder") / "feeder.schema.json").read_text("utf-8")
    Draft202012Validator.check_schema(json.loads(told))
    assert set(json.loads(told)) >= {"$id", "$schema", "title", "description"}


def test_it_knows_each_key_but_the_secrets_and_explains_it_in_sentences() -> None:
    """What an editor shows beside the key: at least a sentence, what may be written, and an example or the default."""
    known = dict(properties(schema()))
    keys = {f"{table}.{key}" for table in KEYS for key in KEYS[table]}
    assert known.keys() - set(KEYS) == keys - set(SECRETS)
    for name in keys - set(SECRETS):
        told = known[name]
        assert re.match(r"[A-Z0-9\"].{14,}\.$", str(told["description"]), re.DOTALL), name
        assert "default" in told or "examples" in told, name
        assert "anyOf" in told or "enum" in told or "type" in told, name
    for secret in SECRETS:
        assert f"$FEEDER_{secret.upper().replace('.', '__')}" in str(known[secret.rpartition(".")[0]]["description"])


def test_defaults_are_written_as_people_write_them_and_they_and_the_examples_are_valid() -> None:
    known = dict(properties(schema()))
    assert (known["schedule.every"]["default"], known["input.max_size"]["default"], known["input.folder"]["default"]) == ("5m", "10MB", "input")
    for name, told in known.items():
        examples = told.get("examples", [])
        assert isinstance(examples, list)
        for value in [*examples, *([told["default"]] if "default" in told else [])]:
            assert Draft202012Validator(told).is_valid(value), (name, value)


def test_the_example_with_everything_said_is_valid() -> None:
    """All but one of each pair of which only one may be there."""
    said = re.sub(r"^#(?=(?!every|authors)\w+ = )", "", EXAMPLE, flags=re.MULTILINE)
    assert not list(SCHEMA.iter_errors(tomllib.loads(said)))
    assert len(re.findall(r"^\w+ = ", said, re.MULTILINE)) == sum(map(len, KEYS.values())) - len(SECRETS) - 2


@pytest.mark.parametrize("text", ["every = '5m'\ncron = '0 7 * * *'", "every = '5m'", "cron = '0 7 * * *'"])
def test_two_ways_to_say_one_thing_are_refused(text: str) -> None:
    assert SCHEMA.is_valid({"schedule": tomllib.loads(text)}) == (len(tomllib.loads(text)) == 1)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_refused(secret: str) -> None:
    assert not SCHEMA.is_valid(tomllib.loads(f'{secret} = "x"'))


def test_it_refuses_each_mistake_that_one_value_alone_can_tell() -> None:
    """Of the table of mistakes, all but those that need a calendar, a disk, or another key."""
    missed = []
    for text, _, told in MISTAKES:
        try:
            said = tomllib.loads(text)
        except (ValueError, RecursionError):
            continue
        if SCHEMA.is_valid(said) and not BEYOND.search(f"{told} {text}"):
            missed.append((text, told))
    assert not missed
