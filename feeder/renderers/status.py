"""The page on which the owner of feeds sees how they stand: values into HTML, with two plots. It decides nothing and asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feeder.renderers._templates import FILES, environment
from feeder.standing import count, distance, size, stamped
from feeder.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeder.standing import Cycle, Day, Setting, Standing

__all__ = ["REFRESH", "STYLE", "Bar", "Plot", "StatusPage", "cycle_plot", "day_plot"]

STYLE = FILES["status.css"]
REFRESH = "refresh=60"
"""The query with which the page loads itself anew each minute: who asks for it knows, nobody else's reading is torn away."""
WORDS = {"ok": "Well", "starting": "Starting", "empty": "Empty", "attention": "Look here", "trouble": "Trouble"}
HEIGHT = 100.0
ROUND = tuple(float(f"{digit}e{power}") for power in range(-2, 10) for digit in (1, 2, 4, 6))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot: where it begins from the left, and how high it is, of HEIGHT; and what it says."""

    x: int
    height: float
    says: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars side by side, one unit wide each, below lines at 0, a half and the whole of `top`. `middle` is a line across at this height.

    `ticks` are what is written at the lines, from the top; `ends` what is written below the first, the middle and the last bar.
    """

    title: str
    says: str
    bars: tuple[Bar, ...]
    ticks: tuple[str, str, str]
    ends: tuple[str, str, str]
    middle: float | None = None


class StatusPage:
    """The page; its template is compiled with the first."""

    def __init__(self) -> None:
        self._templates = environment()
        self._templates.filters |= {"plain": printable, "iso": stamped, "size": size, "tables": _tables}
        self._templates.globals = {"count": count, "distance": distance, "words": WORDS, "day_plot": day_plot, "cycle_plot": cycle_plot}

    def made(self, feeds: Sequence[Standing], *, refreshing: bool = False) -> bytes:
        """The page on these feeds, at least one. `refreshing` tells that it comes anew each minute."""
        text = self._templates.get_template("status.html").render(feeds=feeds, refreshing=refreshing, refresh=REFRESH)
        return text.encode("utf-8", "replace")


def _tables(settings: Sequence[Setting]) -> list[tuple[str, bool, list[tuple[str, Setting]]]]:
    """The settings by table: its name, whether anything was said in it, and each key there with its setting."""
    found: dict[str, list[tuple[str, Setting]]] = {}
    for setting in settings:
        table, _, key = setting.key.rpartition(".")
        found.setdefault(table, []).append((key, setting))
    return [(table, any(setting.origin != "default" for _, setting in rows), rows) for table, rows in found.items()]


def day_plot(days: Sequence[Day]) -> Plot:
    """How many articles each day brought."""
    top = _ceiling(max((day.published for day in days), default=0))
    bars = (Bar(x, HEIGHT * day.published / top, f"{day.day}: {count(day.published, 'article')}") for x, day in enumerate(days))
    busiest = max(days, key=lambda day: day.published)
    total = sum(day.published for day in days)
    said = f"{count(total, 'article')} in {len(days)} days" + (f"; the most on {busiest.day}: {busiest.published:,}." if total else ".")
    ticks = (f"{top:,}", f"{top / 2:g}" if top % 2 == 0 else "", "0")
    return Plot("Published per day", said, tuple(bars), ticks, (str(days[0].day), str(days[len(days) // 2].day), "today"))


def cycle_plot(cycles: Sequence[Cycle]) -> Plot:
    """How long the last cycles took, the newest at the right; `cycles` come newest first, and there is one at least."""
    times = [cycle.seconds for cycle in reversed(cycles)]
    longest, usual = max(times), sorted(times)[len(times) // 2]
    top = _top(longest)
    told = ((cycle.seconds, f"{stamped(cycle.at)}: {cycle.seconds:.2f} s, {printable(cycle.did)}") for cycle in reversed(cycles))
    bars = tuple(Bar(x, HEIGHT * seconds / top, says) for x, (seconds, says) in enumerate(told))
    said = f"Half of them took at most {usual:.2f} s (the line), the longest {longest:.2f} s."
    ends = (stamped(cycles[-1].at.date()), "", stamped(cycles[0].at.date()))
    ticks = (f"{top:g} s", f"{top / 2:g} s", "0")
    return Plot(f"Seconds of the last {count(len(times), 'look')} with something to do", said, bars, ticks, ends, HEIGHT * usual / top)


def _ceiling(most: int) -> int:
    """A round number that no bar is higher than, whole."""
    return int(next(top for top in ROUND if top >= max(most, 1)))


def _top(most: float) -> float:
    """A round number of seconds that no bar is higher than."""
    return next(top for top in ROUND if top >= most)
