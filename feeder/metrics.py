"""What can be measured: the only list of metrics, and samples of them as Prometheus's text format 0.0.4. It measures nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["MEDIA", "METRICS", "Metric", "Sample", "exposition"]

MEDIA = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it is called and counts, and which labels its samples have."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    what: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value of a metric; `part` is "_bucket", "_sum" or "_count" of a histogram."""

    name: str
    value: float
    labels: Mapping[str, str]
    part: str = ""


OF = ("feed",)
METRICS = (
    Metric("feeder_build_info", "gauge", "Always 1; the versions are in its labels.", ("version", "python")),
    Metric("feeder_http_requests_total", "counter", "Requests that were answered or refused, by class of the status code.", ("class",)),
    Metric("feeder_live", "gauge", "1 while the feed makes progress: no cycle is past its deadline, the supervisor is awake.", OF),
    Metric("feeder_ready", "gauge", "1 while there is something to serve and it is looked after.", OF),
    Metric("feeder_trouble", "gauge", "1 for what is not as it should be.", ("feed", "about")),
    Metric("feeder_watching", "gauge", "1 while changed files wake the feed; 0 where only the schedule does.", OF),
    Metric("feeder_entries", "gauge", "Entries that are or were public, by state.", ("feed", "state")),
    Metric("feeder_entries_waiting", "gauge", "Entries that wait for their date.", OF),
    Metric("feeder_entries_held", "gauge", "Entries whose files are gone, too many at once, and that stay published for now.", OF),
    Metric("feeder_files_quarantined", "gauge", "Files that cannot be read and are set aside.", OF),
    Metric("feeder_documents", "gauge", "Documents that are served.", OF),
    Metric("feeder_documents_bytes", "gauge", "Their size in all.", OF),
    Metric("feeder_documents_written_total", "counter", "Documents written because their bytes differ.", OF),
    Metric("feeder_documents_written_bytes_total", "counter", "Their size in all.", OF),
    Metric("feeder_cycles_total", "counter", "Cycles that have begun.", OF),
    Metric("feeder_cycle_failures_total", "counter", "Cycles that failed, by reason.", ("feed", "reason")),
    Metric("feeder_cycle_seconds", "histogram", "How long cycles took that have ended, well or not.", OF),
    Metric("feeder_cycle_last_seconds", "gauge", "How long the last one took.", OF),
    Metric("feeder_last_success_timestamp_seconds", "gauge", "When the last cycle that went well ended.", OF),
    Metric("feeder_next_run_timestamp_seconds", "gauge", "When the schedule has the next cycle.", OF),
    Metric("feeder_hub_pings_waiting", "gauge", "Feeds that a hub is still to be told of.", ("feed", "hub")),
    Metric("feeder_hub_failures", "gauge", "How often in a row a hub has failed.", ("feed", "hub")),
    Metric("feeder_llm_calls_today", "gauge", "Requests to the language model today (UTC).", OF),
    Metric("feeder_llm_calls_per_day", "gauge", "How many there may be in a day.", OF),
    Metric("feeder_llm_tokens_today", "gauge", "Tokens that today has cost.", OF),
    Metric("feeder_llm_tokens_per_day", "gauge", "How many a day may cost.", OF),
    Metric("feeder_llm_summaries_waiting", "gauge", "Summaries that wait for an answer of the language model.", OF),
    Metric("process_start_time_seconds", "gauge", "When the process began, or began anew in place."),
    Metric("process_cpu_seconds_total", "counter", "Processor time that it has used, user and system."),
    Metric("process_resident_memory_bytes", "gauge", "Memory that it has."),
    Metric("process_open_fds", "gauge", "Files and sockets that it has open."),
)


def exposition(samples: Iterable[Sample]) -> bytes:
    """The samples as text, each metric in one block, in the order of METRICS. A metric without a sample is left out."""
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        by_name.setdefault(sample.name, []).append(sample)
    lines = []
    for metric in METRICS:
        if found := by_name.pop(metric.name, None):
            lines += [f"# HELP {metric.name} {metric.what}", f"# TYPE {metric.name} {metric.kind}", *map(_line, found)]
    if by_name:
        raise ValueError(f"not in METRICS: {', '.join(by_name)}")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
    value = int(sample.value) if sample.value == int(sample.value) else sample.value
    return f"{sample.name}{sample.part}{f'{{{labels}}}' if labels else ''} {value}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
