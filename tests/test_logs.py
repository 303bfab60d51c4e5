"""The log: for people, for journald, for programs; whatever a name holds, a line is a line."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

import pytest

from feeder.logs import Journal, Json, Lines, journald
from tests.overseer import overseen, until

NASTY = "a\nERROR all is lost\x1b[2J\u202eevil\x00"


def record(message: str = "cannot read %s", level: int = logging.ERROR, name: str = "feeder", **more: object) -> logging.LogRecord:
    try:
        raise ValueError(NASTY)
    except ValueError:
        made = logging.LogRecord(name, level, __file__, 1, message, (NASTY,), sys.exc_info())
    made.__dict__.update(more)
    return made


@pytest.mark.parametrize("form", [Lines(), Journal(), Json()])
def test_a_name_moves_no_cursor_feigns_no_line_and_turns_no_direction(form: logging.Formatter) -> None:
    """I20: not in the message and not in a traceback."""
    lines = form.format(record()).split("\n")
    assert not [line for line in lines if any(not character.isprintable() for character in line)]
    assert not [line for line in lines if line.lstrip("<>0123456789").startswith("ERROR all")]


def test_an_event_is_one_json_object_with_its_facts_and_its_traceback() -> None:
    line = Json().format(record(name="feeder.news", facts={"event": "failed", "seconds": 0.25, "level": "mine"}))
    assert "\n" not in line
    assert line.isascii()
    said = json.loads(line)
    assert {name: said[name] for name in ("level", "message", "feed", "event", "seconds")} == {
        "level": "error",
        "message": f"cannot read {NASTY}",
        "feed": "news",
        "event": "failed",
        "seconds": 0.25,
    }
    assert said["traceback"].startswith("Traceback (most recent call last)")
    assert said["time"].endswith("Z")


@pytest.mark.parametrize(
    ("level", "priority"), [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)]
)
def test_journald_is_told_the_priority_of_each_line_and_no_time(level: int, priority: int) -> None:
    lines = Journal().format(record(level=level)).split("\n")
    assert lines[0].startswith(f"<{priority}>cannot read a\\nERROR")
    assert len(lines) > 2
    assert all(line.startswith(f"<{priority}>") for line in lines)


def test_only_a_stderr_that_is_journalds_is_written_to_as_such() -> None:
    """systemd.exec(5): a child whose stderr goes elsewhere has the variable, too."""
    here = os.fstat(2)
    assert journald({"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino}"})
    assert not journald({"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino + 1}"})
    assert not journald({})


def test_a_service_logs_as_its_configuration_says_also_after_a_reload(tmp_path: Path) -> None:
    with overseen(tmp_path, '[log]\nformat = "json"\nlevel = "debug"\n') as service:
        service.write("river.txt")
        until(lambda: '"published"' in service.log())
        said = [json.loads(line) for line in service.log().splitlines()]
        assert {"debug", "info"} <= {event["level"] for event in said}
        (published,) = [event for event in said if event.get("event") == "published" and "1 added" in event["message"]]
        assert published["seconds"] > 0
        toml = (tmp_path / "feeder.toml").read_text()
        (tmp_path / "feeder.toml").write_text(toml.replace('"json"', '"text"').replace('"debug"', '"error"'))
        service.process.send_signal(1)
        until(lambda: "the configuration was read again" in service.log())
        service.write("lake.txt", "A day at the lake\n\nThe lake was calm, and nobody had expected the swans.\n")
        until(lambda: "A day at the lake" in service.feed())
        assert service.log().count("1 added") == 1
