"""`feeder config show`: what holds, who said it, and that it could be pasted into a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.cli import main
from feeder.config import Config, load
from feeder.config import settings as shown
from feeder.config._values import seconds

EXACT = {"said", "heard"}


def held(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration of a folder whose feeder.toml says `text`."""
    (folder / "feeder.toml").write_text(text, "utf-8")
    return load(folder / "feeder.toml", environ or {})


def rows(config: Config, *, changed: bool = False) -> dict[str, str]:
    """Each line of the document with a key in it, by table and key: "value  # origin"."""
    table, told = "", {}
    for line in shown.document(config, changed=changed):
        table = found[1] if (found := re.fullmatch(r"\[([\w.]+)\]", line)) else table
        if found := re.fullmatch(r"#?(\w+)(?: = (.*?))? +# (.+)", line):
            told[f"{table}.{found[1]}"] = f"{found[2] or ''}  # {found[3]}"
    return told


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, ["config", *words], prog_name="feeder")


SAID = """[feed]
title = 'Notes "of" mine'
authors = ["Ann", { name = "Ben", email = "b@example.org" }]
time_zone = "Europe/Berlin"
[input]
folder = "../texts"
settle = 1.25
max_size = "512 KiB"
[schedule]
cron = "0 7 * * 1-5"
[summary.llm]
timeout = "90s"
"""


def test_each_value_is_shown_as_it_could_be_written_with_who_said_it(tmp_path: Path) -> None:
    """A line of the file, a variable, or the default and what it follows from."""
    config = held(tmp_path, SAID, {"FEEDER_SERVE__PORT": "9", "FEEDER_SERVE__HOST": "", "FEEDER_SUMMARY__LLM__KEY": "sk-zq"})
    told, file = rows(config), "feeder.toml"
    assert told["feed.title"] == f'"Notes \\"of\\" mine"  # {file}:2'
    assert told["feed.authors"] == f'["Ann", {{ name = "Ben", email = "b@example.org" }}]  # {file}:3'
    assert told["input.folder"] == f'"../texts"  # {file}:6'
    assert (told["input.settle"], told["input.max_size"]) == (f'"1s 250ms"  # {file}:7', f'"512KiB"  # {file}:8')
    assert told["schedule.cron"] == f'"0 7 * * mon,tue,wed,thu,fri"  # {file}:10'
    assert told["schedule.every"] == "  # not set: cron says when"
    assert told["schedule.time_zone"] == '"Europe/Berlin"  # default: the time zone of [feed]'
    assert told["serve.port"] == "9  # environment FEEDER_SERVE__PORT"
    assert told["serve.host"] == '"127.0.0.1"  # default'
    assert told["feed.base_url"] == "  # not set: the server's address holds, http://127.0.0.1:9/"
    assert told["summary.llm.key"] == "  # set: environment FEEDER_SUMMARY__LLM__KEY; never shown"
    assert told["summary.llm.timeout"] == f'"1m 30s"  # {file}:12'
    assert "sk-zq" not in "\n".join(shown.document(config)) + json.dumps(shown.facts(config))


def test_without_a_file_the_head_says_so_and_derived_values_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rainy-days").mkdir()
    monkeypatch.chdir(tmp_path / "rainy-days")
    config = load(None, {"FEEDER_SERVE__HOST": ""})
    assert list(shown.document(config))[:4] == [
        f"# file         none: there is no feeder.toml in {tmp_path / 'rainy-days'}",
        "# environment  FEEDER_SERVE__HOST (empty: says nothing)",
        "# addresses    begin with http://127.0.0.1:8000/",
        f"# kept in      {tmp_path / 'rainy-days' / '.feeder'}",
    ]
    told = rows(config)
    assert told["feed.title"] == '"Rainy days"  # default: the name of the folder'
    assert told["feed.authors"] == '["Rainy days"]  # default: the title'
    assert told["feed.id"] == "  # not set: made once, and kept in the ledger"
    assert "# everything is as it is by default" in list(shown.document(config, changed=True))


@pytest.mark.parametrize("environ", [{}, {"FEEDER_FEED__TITLE": 'a "b" \\ c — 日本', "FEEDER_INPUT__SETTLE": "30m 1s 20ms"}])
@pytest.mark.parametrize("text", ["", SAID, '[output]\nfolder = "/srv/public"\n[websub]\nhubs = "https://hub.example/"\n'])
def test_what_is_shown_can_be_the_content_of_the_file(tmp_path: Path, text: str, environ: Mapping[str, str]) -> None:
    """All of it, or only what was changed: the same holds then."""
    config = held(tmp_path, text, environ)
    for changed in (False, True):
        again = held(tmp_path, "\n".join(shown.document(config, changed=changed)))
        assert again.model_dump(exclude=EXACT) == config.model_dump(exclude=EXACT)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 3600) | st.integers(0, 3_600_000).map(lambda number: number / 1000))
def test_every_length_of_time_means_the_same_when_it_is_read_again(tmp_path_factory: pytest.TempPathFactory, length: float) -> None:
    config = held(tmp_path_factory.getbasetemp(), f"input.settle = {length!r}")
    (setting,) = [setting for setting in shown.settings(config) if setting.name == "input.settle"]
    assert seconds(setting.value) == config.input.settle == length


def test_only_what_differs_can_be_asked_for(tmp_path: Path) -> None:
    """What is said, but says what holds anyway, does not."""
    config = held(tmp_path, '[feed]\nlanguage = "en"\nentries = 30\n[schedule]\nevery = 300\nwatch = false\n')
    assert set(rows(config, changed=True)) == {"feed.entries", "schedule.watch"}


def test_a_program_gets_each_value_with_its_origin(tmp_path: Path) -> None:
    """Lengths of time in seconds, too, and sizes in bytes; of a secret only whether it is set."""
    told = shown.facts(held(tmp_path, SAID, {"FEEDER_SUMMARY__LLM__KEY": "sk-zq", "FEEDER_FEED__RIGHTS": ""}))
    values = told["settings"]
    assert isinstance(values, dict)
    assert values["input.settle"] == {"value": "1s 250ms", "seconds": 1.25, "origin": f"{tmp_path / 'feeder.toml'}:7"}
    assert values["input.max_size"]["bytes"] == 524_288
    assert values["feed.subtitle"] == {"value": None, "origin": "default"}
    assert values["summary.llm.key"] == {"set": True, "origin": "environment FEEDER_SUMMARY__LLM__KEY"}
    assert told["environment"] == {"FEEDER_SUMMARY__LLM__KEY": "summary.llm.key", "FEEDER_FEED__RIGHTS": None}


def test_the_command_shows_one_file_or_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its own head; a wrong one ends with 78 and all of its mistakes."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(f'[feed]\ntitle = "{name}"\n[output]\nfolder = "{name}"\n')
    told = typed("show", "a.toml", "b.toml")
    assert told.exit_code == 0
    assert re.findall(r"^# file +(.+)$", told.stdout, re.MULTILINE) == [str(tmp_path / "a.toml"), str(tmp_path / "b.toml")]
    assert re.findall(r"^title = (.+)$", told.stdout, re.MULTILINE) == ['"a"         # a.toml:2', '"b"         # b.toml:2']
    assert typed("show", "-c", "a.toml", "--changed").stdout.endswith('\n\n[feed]\ntitle = "a"  # a.toml:2\n\n[output]\nfolder = "a"  # a.toml:4\n')
    answer = json.loads(typed("show", "a.toml", "b.toml", "--json", "--changed").stdout)
    assert {name: each["settings"]["feed.title"] for name, each in answer["feeds"].items()} == {
        name: {"value": name, "origin": f"{name}.toml:2"} for name in ("a", "b")
    }
    assert json.loads(typed("show", "-c", "a.toml", "--json", "--changed").stdout)["settings"]["output.folder"] == {
        "value": "a",
        "origin": "a.toml:4",
    }
    (tmp_path / "a.toml").write_text("[feed]\nentries = 5\n")
    (tmp_path / "b.toml").write_text('[feed]\ntitel = "b"\n')
    refused = typed("show", "a.toml", "b.toml")
    assert (refused.exit_code, refused.stdout) == (78, "")
    assert refused.stderr.splitlines() == [
        "a.toml:2:11: entries must be a whole number from 20 to 500, not 5 (for example entries = 50)",
        'b.toml:2:1: unknown key "titel" in [feed] (did you mean "title"?)',
    ]
