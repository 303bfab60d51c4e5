"""How feeds may stand, as values for what shows them: one with everything at once, and one with nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from feeder.standing import Aside, Assistant, Cycle, Day, Failing, Hub, More, Note, Out, Remark, Service, Setting, Settling, Standing, Waiting

__all__ = ["EMPTY", "EVIL", "NOON", "RICH", "WELL"]

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVIL = '<img src=x onerror="alert(1)">\x1b[2J\u202e.md'

_DAYS = tuple(Day((NOON - (59 - n) * DAY).date(), (n * 7 + n * n) % 9 if n % 7 not in (2, 3) else 0) for n in range(60))
_CYCLES = tuple(
    Cycle(
        NOON - n * HOUR - MINUTE,
        0.05 + (n * 37 % 23) / 40 + (3.2 if n == 41 else 0),
        f"{1 + n % 3} added, {9 + n} documents written",
        9 + n,
        4321 * n + 900,
    )
    for n in range(90)
)
_SETTINGS = (
    Setting("feed.title", "The Harbour Notes", "feeder.toml:2"),
    Setting("feed.base_url", "", "default"),
    Setting("feed.language", "en", "default"),
    Setting("input.folder", "/srv/news/input", "default"),
    Setting("schedule.every", "300", "FEEDER_SCHEDULE__EVERY"),
    Setting("schedule.time_zone", "Europe/Berlin", "feeder.toml:9"),
    Setting("summary.kind", "llm", "feeder.toml:12"),
    Setting("summary.llm.model", "gemma3", "feeder.toml:15"),
)
_LIVE = Service(
    since=NOON - 3 * DAY,
    ready=True,
    page="https://news.example/notes/",
    cycles=1893,
    failures=2,
    last=NOON - 2 * MINUTE,
    did="nothing new",
    next=NOON + 3 * MINUTE,
)
_OUT = tuple(
    Out(f"harbour/{name}.md", title, f"articles/{name}.html", NOON - hours * HOUR)
    for name, title, hours in (
        ("ferry", "The ferry runs again, and everybody is late for another reason", 1),
        ("fog", "Fog", 5),
        (
            "tide",
            "What the tide table does not say: a reader’s guide to the harbour in winter, with a very long title that has to break somewhere",
            30,
        ),
        ("port", "港の冬：霧と潮について", 52),
        ("mina", "الميناء في الشتاء", 80),
    )
)

WELL = Standing(
    version="0.1.0",
    at=NOON,
    process=4242,
    published=128,
    withdrawn=3,
    latest=_OUT,
    cycles=_CYCLES,
    days=_DAYS,
    service=_LIVE,
    settings=_SETTINGS,
)
EMPTY = Standing(
    version="0.1.0",
    at=NOON,
    days=tuple(Day(day.day, 0) for day in _DAYS),
    service=Service(since=NOON, ready=False, page="http://127.0.0.1:8000/", busy=0.4),
)
RICH = Standing(
    version="0.1.0",
    at=NOON,
    name="harbour",
    process=4242,
    published=1284,
    kept=2,
    withdrawn=17,
    expired=4,
    drafts=1,
    latest=_OUT,
    embargoed=(Waiting("harbour/regatta.md", NOON + 3 * HOUR), Waiting("council-vote.txt", NOON + 9 * DAY)),
    held=tuple(f"archive/2019/note-{n:02}.md" for n in range(7)),
    quarantine=(
        Aside("photo.txt", "this is binary data, not a text", "save the article as .txt, .md or .html in UTF-8", NOON - 20 * MINUTE, published=False),
        Aside("market.md", "the front matter is not closed", "end it with a line ---", NOON - 2 * DAY, published=True),
        Aside(EVIL, "it is empty", "write something, or delete it", NOON - 40 * DAY, published=False),
    ),
    notes=(Note("old.txt", "decoded as cp1252, a guess: save it in UTF-8"), Note(EVIL, "no date")),
    more=More(quarantine=9_900),
    assistant=Assistant("gemma3 at http://127.0.0.1:11434/v1/", 187, 200, 121_000, 500_000, 14, "it answered 500", NOON + 8 * MINUTE),
    hubs=(
        Hub("https://hub.example", 0, last_told=NOON - HOUR),
        Hub("https://switchboard.example", 6, "it answered 503", NOON + 25 * MINUTE, given_up=2),
    ),
    plugins=("feeder-gopher 1.2",),
    failing=(Failing("the renderer gopher cannot make menu.txt: ValueError: no port", NOON - HOUR),),
    cycles=_CYCLES,
    days=_DAYS,
    service=_LIVE._replace(
        error="the output cannot be written: No space left on device; make room",
        busy=12.3,
        notes=(Remark("watch", "the folder is not watched: too many files"),),
        settling=(Settling("harbour/being-written.md", 0.7),),
    ),
    settings=_SETTINGS,
)
