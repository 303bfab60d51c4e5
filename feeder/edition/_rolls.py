"""The entries in order and in groups, kept from edition to edition, so that one change among ten thousand costs little. It makes no documents."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Generic, TypeVar

from feeder.changes import Known, State

__all__ = ["AGE", "Groups", "Roll", "called", "came_back", "grouped"]

AGE = attrgetter("published", "arrival")
ARRIVAL = attrgetter("arrival")
FEW = 10  # a share of the entries, one in so many; when more have changed, all are sorted anew
T = TypeVar("T")


def came_back(k: Known) -> datetime:
    """When subscribers last had to be told of a public entry: when it changed, or came back after it was gone."""
    return max(k.updated, k.since) if k.since and k.state is State.LIVE else k.updated


def _told(k: Known) -> tuple[datetime, int]:
    return came_back(k), k.arrival


@dataclass(frozen=True, slots=True)
class Roll:
    """All entries that were ever public, as they are now, and the ids of those that are not as in the roll before.

    `arrived` is in the order of arrival; the others hold the public ones only, `public` by their age, `told` by when subscribers last
    had to be told of them; the latest last.
    """

    known: Mapping[str, Known]
    changed: Set[str]
    arrived: list[Known]
    public: list[Known]
    told: list[Known]


def called(known: Mapping[str, Known], last: Roll | None) -> Roll:
    """Call the roll. Nobody is looked at twice whose promise is the very same object as last time: promises are never changed in place."""
    before = last.known if last else {}
    now = {ident: k for ident, k in known.items() if k.arrival}
    changed = {ident for ident, k in now.items() if before.get(ident) is not k} | (before.keys() - now.keys())
    fresh = [now[ident] for ident in changed & now.keys()]
    shown = [k for k in fresh if k.public]
    if last is None or len(changed) * FEW > len(now):
        everybody = list(now.values())
        public = [k for k in everybody if k.public]
        return Roll(now, changed, sorted(everybody, key=ARRIVAL), sorted(public, key=AGE), sorted(public, key=_told))
    merged = (_merged(last.arrived, changed, fresh, ARRIVAL), _merged(last.public, changed, shown, AGE), _merged(last.told, changed, shown, _told))
    return Roll(now, changed, *merged)


def _merged(before: list[Known], changed: Set[str], fresh: Iterable[Known], key: Callable[[Known], tuple[datetime, int] | int]) -> list[Known]:
    kept = [k for k in before if k.id not in changed] if changed else before
    for k in fresh:
        insort(kept, k, key=key)
    return kept


@dataclass(frozen=True, slots=True)
class Groups(Generic[T]):
    """Entries by place, and what was made of each place. `placed` says where each entry is; `members` are in no order."""

    placed: Mapping[str, tuple[str, ...]]
    members: Mapping[str, list[Known]]
    made: Mapping[str, T]


def grouped(
    last: Groups[T] | None,
    changed: Set[str],
    entries: Mapping[str, Known],
    places: Callable[[Known], tuple[str, ...]],
    make: Callable[[str, list[Known]], T],
    anew: Iterable[str] = (),
) -> Groups[T]:
    """Put the entries into their places, and make what there is to be made of each place that has any, in the order of their names.

    What was made of a place stays when neither a member of it nor of the place before has changed, unless it is to be made `anew`.
    """
    placed, members, made = ({}, {}, {}) if last is None else (dict(last.placed), dict(last.members), dict(last.made))
    fresh: dict[str, list[Known]] = defaultdict(list)
    touched = set(anew)
    for ident in entries.keys() if last is None else changed:
        touched.update(placed.pop(ident, ()))
        if k := entries.get(ident):
            placed[ident] = places(k)
            for place in placed[ident]:
                fresh[place].append(k)
    touched |= fresh.keys()
    for place in touched:
        members[place] = [*(k for k in members.get(place, ()) if k.id not in changed), *fresh.get(place, ())]
        if members[place]:
            made[place] = make(place, members[place])
        else:
            del members[place]
            made.pop(place, None)
    return Groups(placed, members, {place: made[place] for place in sorted(made)} if touched else made)
