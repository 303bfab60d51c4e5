"""Dates as people and programs write them, read as UTC. It knows no clock, so nothing relative to now."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

__all__ = ["dated_name", "moment"]

_ISO = re.compile(r"(\d{4}-\d\d-\d\d|\d{8})(?:[Tt ]\s*(\d\d:?\d\d(?::?\d\d)?)(?:[.,]\d{1,9})?\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII)
_RFC_2822 = re.compile(r"(?:[A-Za-z]{3,9}, *)?\d{1,2} [A-Za-z]{3} \d{4} \d\d?:\d\d(?::\d\d)?(?: (?:[+-]\d{4}|[A-Z]{1,4}))?(?: \([A-Z]+\))?", re.ASCII)
_NAME = re.compile(r"(\d{4})([-_.]?)(\d\d)\2(\d\d)(?!\d)[-_. ]*", re.ASCII)
_ZULU = {"Z", "UTC", "GMT"}
# Before it lie the "no date" of other programs (year 1) and slips of the key.
_FIRST_YEAR = 1000


def moment(text: str, zone: tzinfo) -> datetime:
    """Return the moment a date says, in UTC and whole seconds: RFC 3339, ISO 8601 (date, or date and time) or RFC 2822.

    Without an offset it is meant in `zone`; a date alone is its first second; of a time that the clocks show twice it is
    the first, and one they skip is taken as if they had not. Raises ValueError for anything else.
    """
    try:
        found = _parsed(text.strip())
        if found.tzinfo is None or found.utcoffset() is None:
            found = found.replace(tzinfo=zone)
        found = found.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError("is no date, write it as 2026-11-22 or 2026-11-22T09:30:00+01:00") from error
    if found.year < _FIRST_YEAR:
        raise ValueError("is no date an article can have")
    return found


def _parsed(text: str) -> datetime:
    if iso := _ISO.fullmatch(text):
        day, time, offset = iso.groups()
        if time is None:
            return datetime.fromisoformat(day).replace(tzinfo=None)
        offset = "+00:00" if offset and offset.upper() in _ZULU else offset or ""
        return datetime.fromisoformat(f"{day.replace('-', '')}T{time.replace(':', '')}{offset.replace(':', '')}")
    if len(text) < 60 and _RFC_2822.fullmatch(text):
        return parsedate_to_datetime(text)
    raise ValueError(text)


def dated_name(stem: str) -> tuple[str | None, str]:
    """Return the date a file's name begins with, as ISO 8601, and the rest of the name: `2026-11-22-title`, `20261122 title`."""
    found = _NAME.match(stem)
    if found is None or not 1900 <= int(found[1]) <= 2199:
        return None, stem
    day = f"{found[1]}-{found[3]}-{found[4]}"
    try:
        datetime.fromisoformat(day)
    except ValueError:
        return None, stem
    return day, stem[found.end() :]
