"""What the service manager hears: words on a socket, and those of a real service that is ready, hangs, reloads and stops (sd_notify(3))."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from feeder.notice import Notice
from tests.overseer import overseen, until


def heard(way: socket.socket) -> str:
    way.settimeout(2)
    return way.recv(4096).decode()


# -- words on a socket -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True], ids=["a file", "an abstract name"])
def test_states_are_one_datagram_of_lines(tmp_path: Path, abstract: bool) -> None:
    name = f"@feeder-{os.getpid()}-{time.monotonic_ns()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.bind(f"\0{name[1:]}" if abstract else name)
        assert Notice(name).tell(READY=1, STATUS="all\nis  well")
        assert heard(way) == "READY=1\nSTATUS=all is well", "a line break would begin another state"


def test_what_names_the_manager_is_taken_out_of_the_environment_and_kept_for_a_fresh_start() -> None:
    ours = {"NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}
    environ = {**ours, "HOME": "/"}
    notice = Notice.taken(environ)
    assert environ == {"HOME": "/"}
    assert (notice.watchdog, notice.environ, notice.heard) == (30.0, ours, True)


@pytest.mark.parametrize("environ", [{"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {}])
def test_a_watchdog_of_another_process_or_of_no_time_is_none(environ: dict[str, str]) -> None:
    assert Notice.taken(dict(environ)).watchdog is None


def test_without_a_manager_there_is_nobody_to_tell() -> None:
    assert Notice().tell(READY=1)
    assert not Notice().heard


@pytest.mark.parametrize("address", ["/no/such/socket", "relative", "@nobody-is-there", "/" + "x" * 200, "vsock:2:1234", "/a\0b"])
def test_a_socket_that_is_wrong_costs_one_line_in_the_log(address: str, caplog: pytest.LogCaptureFixture) -> None:
    notice = Notice(address)
    assert not notice.tell(READY=1)
    assert not notice.tell(STATUS="still here")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_manager_that_reads_nothing_holds_up_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.bind(str(tmp_path / "notify"))
        notice, began = Notice(str(tmp_path / "notify")), time.monotonic()
        while notice.tell(STATUS="x" * 1000):
            assert time.monotonic() - began < 5
    assert not caplog.records, "it is busy, not wrong"


# -- a real service ----------------------------------------------------------------------------------------------------------------


def test_a_service_is_ready_when_its_first_cycle_is_out_and_not_before(tmp_path: Path) -> None:
    with overseen(tmp_path, held=True) as service:
        service.write("river.txt")
        until((tmp_path / "asked").exists)
        service.listen(1.3)
        with pytest.raises(urllib.error.HTTPError, match="503"):  # its server listens
            urllib.request.urlopen(service.address() + "health", timeout=5)
        assert service.said("READY") == []
        assert service.said("STATUS") == ["The first cycle is on its way"]
        assert set(service.said("EXTEND_TIMEOUT_USEC")) == {"60000000"}, "it takes its steps: the manager is to wait"
        service.release()
        until(lambda: service.said("READY") == ["1"])
        assert "A day at the river" in service.feed()
        until(lambda: service.said("STATUS")[-1].startswith("Published, all is well (cycles: "))
        assert service.stop() < 5
        assert service.order("STOPPING", "READY") == ["READY", "STOPPING"]
        assert service.said("STATUS")[-1] == "Stopping"
        assert not service.said("MAINPID")


def test_the_watchdog_hears_nothing_while_a_cycle_hangs_and_again_from_the_process_that_started_anew(tmp_path: Path) -> None:
    """Half of its time between two pings; exec keeps the process, its number and the way to its manager, for systemd nothing else happens."""
    with overseen(tmp_path, '[schedule]\ndeadline = "2s"\n', watchdog=1.0, abstract=True) as service:
        until(lambda: len(service.said("WATCHDOG")) >= 6)
        times = [when for when, states in service.heard if "WATCHDOG" in states][1:]
        assert all(0.2 < after - before < 0.9 for before, after in itertools.pairwise(times)), times
        number = service.process.pid
        service.hold()
        service.write("river.txt")
        until(lambda: any("past its deadline" in status for status in service.said("STATUS")))
        before = len(service.said("WATCHDOG"))
        service.listen(2.5)
        assert len(service.said("WATCHDOG")) == before
        service.release()
        until(lambda: "A day at the river" in service.feed())
        until(lambda: len(service.said("WATCHDOG")) > before)
        assert service.process.poll() is None
        assert service.process.pid == number
        assert service.stop() < 5


def test_a_reload_begins_and_ends_whatever_comes_of_it(tmp_path: Path) -> None:
    """As Type=notify-reload wants it: the time is the monotonic clock's, from after the signal."""
    with overseen(tmp_path) as service:
        until(lambda: service.said("READY"))
        for number, toml in enumerate(('[feed]\ntitle = "After"\n', '[feed]\ntitel = "Typo"\n'), 1):
            (tmp_path / "feeder.toml").write_text(toml)
            before = time.monotonic_ns() // 1000
            service.process.send_signal(signal.SIGHUP)
            until(lambda number=number: len(service.said("READY")) == 1 + number)  # type: ignore[misc]
            assert before <= int(service.said("MONOTONIC_USEC")[-1]) <= time.monotonic_ns() // 1000
        assert service.order("READY", "RELOADING") == ["READY", "RELOADING", "READY", "RELOADING", "READY"]
        until(lambda: any(status.startswith("Published, but config: ") for status in service.said("STATUS")))


def test_a_reload_before_it_is_ready_does_not_feign_that_it_is(tmp_path: Path) -> None:
    with overseen(tmp_path, held=True) as service:
        service.write("river.txt")
        until((tmp_path / "asked").exists)
        service.process.send_signal(signal.SIGHUP)
        until(lambda: "the configuration was read again" in service.log())
        service.listen(1.2)
        assert service.order("READY", "RELOADING") == []
        service.release()
        until(lambda: service.order("READY", "RELOADING") == ["RELOADING", "READY"])


def test_a_service_with_a_wrong_socket_publishes_as_ever(tmp_path: Path) -> None:
    with overseen(tmp_path, NOTIFY_SOCKET="/no/such/socket") as service:
        service.write("river.txt")
        until(lambda: "A day at the river" in service.feed())
        until(lambda: "$NOTIFY_SOCKET" in service.log())
        assert service.stop() < 5
        assert service.log().count("$NOTIFY_SOCKET") == 1
