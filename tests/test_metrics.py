"""What can be measured: the format by Prometheus's own parser, every metric in the documentation, and the figures of a service at work."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from feeder.metrics import METRICS, Sample, exposition
from tests.overseer import ARTICLE, overseen, until

DOCS = (Path(__file__).parent.parent / "docs" / "monitoring.md").read_text("utf-8")
TOKEN = "a-token-of-twenty-four-letters"


def parsed(text: str) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Every sample by name and labels; none is there twice, and each has its type."""
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    known = {metric.name: metric.kind for metric in METRICS}
    for family in text_string_to_metric_families(text):
        name = family.name if family.name in known else f"{family.name}_total"
        assert family.type == known[name]
        assert family.documentation
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            assert labels not in found.setdefault(sample.name, {}), f"{sample.name} is there twice"
            found[sample.name][labels] = sample.value
    return found


def got(address: str, **fields: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=fields), timeout=5) as answer:
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert answer.headers["cache-control"] == "no-store"
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_every_metric_is_documented_as_it_is_and_nothing_else() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \| (.*?) \| (.*) \|$", DOCS, re.MULTILINE)
    assert rows == [(metric.name, metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.what) for metric in METRICS]


def test_names_are_as_prometheus_wants_them() -> None:
    """A counter ends in _total, and what has a unit ends in it."""
    for metric in METRICS:
        assert re.fullmatch(r"(feeder|process)_[a-z_]+[a-z]", metric.name)
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        assert metric.what.endswith(".")


def test_whatever_a_feed_is_called_a_sample_stays_one_line() -> None:
    name = 'a "b" \\ c\nfeeder_live 0\udcff'
    (labels,) = parsed(exposition([Sample("feeder_ready", 1, {"feed": name})]).decode())["feeder_ready"]
    assert dict(labels) == {"feed": name.replace("\udcff", "\\udcff")}


def test_what_is_in_no_list_is_no_metric() -> None:
    with pytest.raises(ValueError, match="feeder_unheard"):
        exposition([Sample("feeder_unheard", 1, {})])


def test_a_service_tells_its_owner_what_it_has_done(tmp_path: Path) -> None:
    """And nobody else, not even that there is something to tell."""
    with overseen(tmp_path, '[schedule]\nwatch = false\nevery = "300ms"\n') as service:
        service.write("river.txt")
        (tmp_path / "input" / "broken.md").write_bytes(b"\x00\x01\x02\xff\xfe" * 50)
        address = service.address()
        until(lambda: "A day at the river" in service.feed())
        until(lambda: got(address + "nothing")[0] == 404)
        until(lambda: "feeder_files_quarantined" in got(address + "metrics")[1])
        found = parsed(got(address + "metrics")[1])
        of = ("feed", tmp_path.name)

        def value(name: str, **labels: str) -> float:
            return found[name][frozenset((of, *labels.items()))]

        assert value("feeder_entries", state="live") == 1
        assert value("feeder_files_quarantined") == 1
        assert value("feeder_trouble", about="articles") == 1
        assert value("feeder_trouble", about="watch") == 0
        assert (value("feeder_live"), value("feeder_ready"), value("feeder_watching")) == (1, 1, 0)
        assert value("feeder_cycles_total") >= value("feeder_cycle_seconds_count") >= 1
        assert value("feeder_cycle_seconds_bucket", le="+Inf") == value("feeder_cycle_seconds_count")
        assert value("feeder_documents_written_total") >= value("feeder_documents") > 5
        assert value("feeder_documents_written_bytes_total") >= value("feeder_documents_bytes") > len(ARTICLE)
        assert found["feeder_http_requests_total"][frozenset({("class", "4xx")})] == 1
        assert found["process_resident_memory_bytes"][frozenset()] > 10_000_000
        assert found["process_open_fds"][frozenset()] > 5
        for fields in ({"X-Forwarded-For": "203.0.113.1"}, {"Host": "news.example"}):
            assert got(address + "metrics", **fields) == got(address + "nothing", **fields)


def test_with_a_token_it_takes_the_token(tmp_path: Path) -> None:
    with overseen(tmp_path, FEEDER_SERVE__TOKEN=TOKEN, FEEDER_FEED__BASE_URL="https://news.example/") as service:
        address = service.address() + "metrics"
        assert got(address)[0] == 401
        assert got(address, Authorization=f"Bearer {TOKEN}")[0] == 200
        assert TOKEN not in service.log()
