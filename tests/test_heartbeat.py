"""A monitor elsewhere hears of good cycles, from a real service over a real connection; a slow or failing one holds up nobody."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from feeder.endpoint import Endpoint
from feeder.heartbeat import TRIES, Heartbeat
from tests.overseer import overseen, until
from tests.test_health import got, posted

SECRET = "zq-secret-path"


@pytest.mark.parametrize(("status", "delay"), [(200, 0.0), (500, 0.0), (302, 0.0), (200, 3.0)], ids=["well", "failing", "moved", "slow"])
def test_a_good_cycle_is_told_and_nobody_waits_for_it(tmp_path: Path, status: int, delay: float) -> None:
    with posted(status, delay) as (address, paths), overseen(tmp_path, FEEDER_SCHEDULE__HEARTBEAT=f"{address}{SECRET}") as service:
        service.write("river.txt")
        until(lambda: "A day at the river" in service.feed())
        until(lambda: paths)
        assert paths == [f"/{SECRET}"], "once in a minute, and no redirect is followed"
        if status != 200:
            until(lambda: "heartbeat: the monitor is not reached" in str(got(service.address() + "health")[1]["reasons"]))
        assert service.stop() < 5
        assert SECRET not in service.log()


def test_two_signs_are_a_while_apart() -> None:
    with posted(200, 0.0) as (address, paths):
        beat = Heartbeat(Endpoint(address, agent="test", headers={}, head_only=True), note=lambda _: None, least=0.5)
        until(lambda: beat.good() or paths)  # type: ignore[func-returns-value]
        first = time.monotonic()
        until(lambda: beat.good() or len(paths) == 2)  # type: ignore[func-returns-value]
        beat.stop()
        assert time.monotonic() - first > 0.4


def test_a_sign_that_is_not_heard_is_given_three_times_and_then_with_the_next_good_cycle() -> None:
    """The next cycle may be a day away, and one hiccup is no alarm."""
    with posted(500, 0.0) as (address, paths):
        beat = Heartbeat(Endpoint(address, agent="test", headers={}, head_only=True), note=lambda _: None, least=0.05)
        beat.good()
        until(lambda: len(paths) == TRIES)
        time.sleep(0.3)
        assert len(paths) == TRIES
        beat.good()
        until(lambda: len(paths) > TRIES)
        beat.stop()
