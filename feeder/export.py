"""Everything the ledger holds, as one JSON document: for a backup that can be read, or for another program. Nothing is published or changed.

The document is described in docs/export.md. It is written piece by piece, so that a feed of any length needs the memory of one entry.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from feeder import compose, edition
from feeder.changes import Known, State
from feeder.config import Config
from feeder.errors import FeederError
from feeder.ledger import FileRecord, Ledger
from feeder.model import Entry, Site
from feeder.pipeline import Progress

__all__ = ["SCHEMA", "VERSION", "exported", "write"]

SCHEMA, VERSION = "feeder-export", 1
CONTENT = ("title", "summary", "content", "authors", "categories", "links", "language", "rights", "image", "duration")
STATES = {State.LIVE: "published", State.KEPT: "published"}


def exported(config: Config, *, progress: Progress | None = None) -> Iterator[str]:
    """The document, in pieces. Beside a running service it is as the ledger was when it began. Raises LedgerError."""
    with compose.looking(config) as parts, parts.ledger.snapshot():
        ledger, site = parts.ledger, parts.press.site
        known = sorted(ledger.known().values(), key=lambda k: (not k.arrival, k.arrival, k.published, k.id))
        files = sorted((record for record in ledger.files().values() if record.reason), key=lambda record: record.path)
        yield f'{{\n"schema": {_json(SCHEMA)},\n"version": {VERSION},\n"feed": {_json(_feed(site))},\n"entries": ['
        for number, piece in enumerate(_listed(_entry(k, ledger, site.base) for k in known)):
            if progress:
                progress("exporting", number, len(known))
            yield piece
        yield '],\n"quarantine": ['
        yield from _listed(map(_file, files))
        yield "]\n}\n"


def write(config: Config, file: Path, *, progress: Progress | None = None) -> None:
    """Write the document to a file, whole or not at all. Raises LedgerError, FeederError."""
    temp = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        try:
            with temp.open("x", encoding="utf-8", errors="backslashreplace") as out:
                out.writelines(exported(config, progress=progress))
                out.flush()
                os.fsync(out.fileno())
            temp.replace(file)
        finally:
            temp.unlink(missing_ok=True)
    except OSError as error:
        raise FeederError(f"{file} cannot be written: {error.strerror}") from error


def _listed(values: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """The elements of an array, one a line."""
    before = "\n"
    for value in values:
        yield before + _json(value)
        before = ",\n"
    if before == ",\n":
        yield "\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _feed(site: Site) -> dict[str, object]:
    facts = {"id": site.id, "title": site.title, "subtitle": site.subtitle, "base_url": site.base, "language": site.language}
    return {**facts, "authors": [asdict(person) for person in site.authors], "rights": site.rights}


def _entry(k: Known, ledger: Ledger, base: str) -> dict[str, object]:
    """One entry. Of a withdrawal that `feeder recover` found, nobody knows more than id and time."""
    permalink = None if k.bare else base + edition.page_path(k)
    promise = {
        "id": k.id,
        "path": None if k.bare else k.path,
        "slug": None if k.bare else k.slug,
        "permalink": permalink,
        "state": STATES.get(k.state, str(k.state)) if k.arrival or k.state is not State.LIVE else "waiting",
        "arrival": k.arrival or None,
        "published": None if k.bare else _when(k.published),
        "updated": None if k.bare else _when(k.updated),
        "expires": _when(k.expires),
        "since": _when(k.since),
    }
    return {**promise, **_content(ledger.entry(k.id, permalink or ""))}


def _content(entry: Entry | None) -> dict[str, object]:
    """What readers see of it, as it was read last; of what was never read, nothing."""
    if entry is None:
        return dict.fromkeys(CONTENT)
    facts = asdict(entry)
    links = [link for link in facts["links"] if link["rel"] != "alternate"]
    return {**{name: facts[name] for name in CONTENT}, "links": links}


def _file(record: FileRecord) -> dict[str, object]:
    return {"path": record.path, "reason": record.reason, "hint": record.hint, "since": _when(record.since)}


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
