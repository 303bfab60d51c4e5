"""What stands in the ledger's rows, and the values they become. No SQL is run here."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from feeder.errors import Damaged, Problem
from feeder.ledger._database import moment

if TYPE_CHECKING:  # at run time where an entry is made: `feeder status` makes none, and must answer at once
    from feeder.changes import Known
    from feeder.model import Article, Entry

__all__ = [
    "FILES",
    "SELECT",
    "UPSERT",
    "FileRecord",
    "Shelved",
    "Told",
    "body_row",
    "entry_of",
    "file_record",
    "file_row",
    "promise",
    "promise_row",
]

SELECT = """
    SELECT id, path, slug, published, updated, raw, visible, title, sketch, stated, arrival, expires, state, since, checksum, revision FROM entry
"""
FILES = "SELECT path, stat, salt, raw, reason, hint, flags, since, pending, refers FROM file"
UPSERT = """
    INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET
        path = excluded.path, slug = excluded.slug, slug_key = excluded.slug_key, published = excluded.published, updated = excluded.updated,
        raw = excluded.raw, visible = excluded.visible, title = excluded.title, sketch = excluded.sketch, stated = excluded.stated,
        arrival = excluded.arrival, expires = excluded.expires, state = excluded.state, since = excluded.since,
        revision = excluded.revision, checksum = excluded.checksum
"""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was last read. `reason` is empty unless it is in quarantine; `salt` names the reader that read it.

    `pending` is the key of the answer that its summary waits for, empty when the summary is final. `refers` are the media beside it, each a
    path and what that was: the medium's name, or why there is none.
    """

    path: str
    stat: tuple[int, ...]
    salt: str
    raw: str = ""
    reason: str = ""
    hint: str = ""
    flags: tuple[str, ...] = ()
    since: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    pending: str = ""
    refers: tuple[tuple[str, str], ...] = ()

    @property
    def problem(self) -> Problem | None:
        """Why it is in quarantine, or None."""
        return Problem(self.path, self.reason, self.hint) if self.reason else None


@dataclass(frozen=True, slots=True)
class Told:
    """What subscribers are told of one article: its facts and the summary made for it.

    `vector` is that of `stories`, for finding others on the same event; None leaves the one that is kept.
    """

    article: Article
    summary: str
    vector: bytes | None = None


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document as it was put on the shelf. `key` names what it was made from; `mtime_ns` is the publisher's."""

    path: str
    key: str
    size: int
    mtime_ns: int


def stamp(when: datetime | None) -> int | None:
    """Seconds since 1970, as rows hold a time."""
    return None if when is None else int(when.timestamp())


def promise_row(k: Known, revision: int) -> tuple[object, ...]:
    """The row of a promise, with its checksum."""
    dates = (stamp(k.published), stamp(k.updated))
    life = (int(k.stated), k.arrival, stamp(k.expires), str(k.state), stamp(k.since))
    row = (k.id, k.path, k.slug, *dates, k.raw, k.visible, k.title, k.sketch, *life)
    return (*row[:3], k.slug.casefold() or f"\0{k.id}", *row[3:], revision, checksum(row))  # of many the permalink is not known


def promise(row: tuple[object, ...]) -> Known:
    """The promise in a row. Raises Damaged when its checksum is wrong."""
    from feeder.changes import Known, State

    ident, path, slug, published, updated, raw, visible, title, sketch, stated, arrival, expires, state, since, written, _ = row
    if checksum(row[:14]) != written:
        raise Damaged(f"the ledger's row of {path!r} is damaged")
    times = (moment(published), moment(updated))  # type: ignore[arg-type]
    expiry, gone = (None if when is None else moment(when) for when in (expires, since))  # type: ignore[arg-type]
    return Known(ident, path, slug, *times, raw, visible, title, sketch, bool(stated), arrival, expiry, State(state), gone)  # type: ignore[arg-type]


def checksum(row: tuple[object, ...]) -> int:
    """Of a promise: a flipped bit must stop the cycle."""
    return zlib.crc32(repr(row).encode("utf-8", "surrogatepass"))


def file_row(f: FileRecord) -> tuple[object, ...]:
    """The row of a file."""
    return (f.path, " ".join(map(str, f.stat)), f.salt, f.raw, f.reason, f.hint, "\n".join(f.flags), stamp(f.since), f.pending, json.dumps(f.refers))


def file_record(row: tuple[str, str, str, str, str, str, str, int, str, str]) -> FileRecord:
    """The file in a row."""
    path, stat, salt, raw, reason, hint, flags, since, pending, refers = row
    said = tuple(flags.split("\n")) if flags else ()
    beside = tuple((path, token) for path, token in json.loads(refers)) if refers != "[]" else ()
    return FileRecord(path, tuple(map(int, stat.split())), salt, raw, reason, hint, said, moment(since), pending, beside)


def body_row(told: Told) -> str:
    """What subscribers are told of an article, as JSON."""
    a = told.article
    facts = {
        "title": a.title,
        "summary": told.summary,
        "content": a.content,
        "links": [[x.href, x.rel, x.type, x.title, x.hreflang, x.length] for x in a.links],
        "authors": [[x.name, x.uri, x.email] for x in a.authors],
        "categories": [[x.term, x.scheme, x.label] for x in a.categories],
        "language": a.language,
        "rights": a.rights,
        **({"image": [a.image.href, a.image.type, a.image.width, a.image.height, a.image.alt]} if a.image else {}),
        **({"duration": a.duration} if a.duration else {}),
    }
    return json.dumps(facts, ensure_ascii=False)


def entry_of(k: Known, body: Mapping[str, object], permalink: str) -> Entry:
    """The entry of a promise and what subscribers are told of it."""
    from feeder.model import Category, Entry, Image, Link, Person

    facts = dict(body)
    for name, noun in (("links", Link), ("authors", Person), ("categories", Category)):
        facts[name] = tuple(noun(*values) for values in facts[name])  # type: ignore[attr-defined]
    if "image" in facts:
        facts["image"] = Image(*facts["image"])  # type: ignore[misc]
    alternate = Link(permalink, type="text/html")
    return Entry(id=k.id, published=k.published, updated=k.updated, arrival=k.arrival, **{**facts, "links": (alternate, *facts["links"])})  # type: ignore[misc,arg-type]
