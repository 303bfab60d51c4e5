"""A cycle that is killed, starved or watched at any step: subscribers see old or new, and the next cycle heals. Real processes, real files."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import unquote

import pytest
from lxml import html

from feeder import notify, pipeline
from feeder.changes import Known, Verb, outcome
from feeder.errors import FeederError, LedgerError, PublishError
from feeder.ledger import Ledger, holder
from feeder.pipeline import Memory, Parts, Report
from feeder.renderers import xml
from tests.fakes import powerless, refused
from tests.newsroom import Newsroom

REPO = Path(__file__).parent.parent
HOUR = timedelta(hours=1)
BASE = "https://news.example/"
HUB = "https://hub.example/"  # never contacted here: no kill may lose a ping that waits for it
SETTINGS = f'[feed]\ntitle = "The News"\nbase_url = "{BASE}"\n[websub]\nhubs = ["{HUB}"]\n'


def article(title: str, words: str = "It is short.") -> str:
    """One that is like no other, so that none is taken for another that moved."""
    own = " ".join(f"{word}{number}" for number in range(20) for word in title.split()[1:2])
    return f"# {title}\n\nThis is what {title} tells. {words} It goes on: {own}.\n"


# -- scenarios: what was there before, and what happens ---------------------------------------------------------------------------


def empty(news: Newsroom) -> None:
    """Nothing was ever published."""


def ten_articles(news: Newsroom) -> None:
    """More documents than are synced one by one."""
    for number in range(9):
        news.write(f"{number}.md", article(f"Note {number}"))
    news.write("Überlauf.md", article("Überlauf am Damm"))


def six_articles(news: Newsroom) -> None:
    for number, name in enumerate(("edited", "deleted", "renamed", "kept", "both")):
        news.write(f"{name}.md", article(f"The {name} one", f"It has {number} neighbours."))
    news.write("old/Überlauf.md", "---\ndate: 2036-10-01\n---\n" + article("Überlauf am Damm"))
    news.cycle()


def everything_at_once(news: Newsroom) -> None:
    """An edit, a deletion (also of the only article of its month), a rename, a rename with an edit, and a new one."""
    news.later(hours=1)
    news.write("edited.md", article("The edited one", "It was put right."))
    (news.input / "deleted.md").unlink()
    shutil.rmtree(news.input / "old")
    (news.input / "renamed.md").rename(news.input / "another.md")
    (news.input / "both.md").unlink()
    news.write("sub/both again.md", article("The both one", "It has 4 neighbours, now."))
    news.write("added.md", article("The added one"))


def embargoed(news: Newsroom) -> None:
    news.write("public.md", article("The public one"))
    news.write("secret.md", "---\ndate: 2036-11-22T18:00:00Z\n---\n" + article("The secret one"))
    news.cycle()


def six_hours_pass(news: Newsroom) -> None:
    news.later(hours=6)


Step = Callable[[Newsroom], None]
MUCH = "edit, delete, rename, add"
SCENARIOS: dict[str, tuple[Step, Step]] = {
    "first build": (empty, ten_articles),
    MUCH: (six_articles, everything_at_once),
    "embargo release": (embargoed, six_hours_pass),
}


def cycles(news: Newsroom) -> Generator[Report, None, None]:
    """Publish as one process does."""
    with news.parts() as parts:
        yield from until_settled(news, parts)


def until_settled(news: Newsroom, parts: Parts) -> Iterator[Report]:
    """Cycle after cycle, until nothing is missing too briefly."""
    while True:
        report = pipeline.cycle(parts, now=news.now, tick=news.tick, stop=lambda: None)
        yield report
        if report.waiting is None:
            return
        news.tick += report.waiting


def linked(body: bytes) -> set[str]:
    """The paths of the pages of articles and months that a feed or the index links to."""
    links = (unquote(str(link)).removeprefix(BASE) for link in html.document_fromstring(body).xpath("//@href"))
    return {link for link in links if link.startswith(("articles/", "archive/"))}


def topics(news: Newsroom) -> dict[str, bytes]:
    """The feeds that hubs are told of, as they are out."""
    return {path: body for path, body in news.published().items() if notify.is_topic(path)}


def tell(news: Newsroom) -> dict[str, bytes]:
    """Have the hub take all pings that wait; return the feeds it has been told of."""
    if not news.config.state.exists():
        return {}
    with news.parts() as parts:
        for ping in (pings := parts.ledger.pings).due(HUB, 2**40, last=2**40, limit=10**6):
            pings.taken(HUB, ping, 0)
    return topics(news)


class Outcome(NamedTuple):
    """All that is in the output folder, hidden or not, but the lock; and the promises in the ledger."""

    files: dict[str, bytes]
    promises: dict[str, Known]


class Drill:
    """One scenario, again and again from its beginning.

    `stages` are the documents before, and after each cycle of an undisturbed run. `healed[i]` is the outcome when the process ends
    after its i-th cycle and the next one comes an hour later: whatever was not promised by then bears the later time.
    """

    def __init__(self, folder: Path, before: Step, change: Step) -> None:
        self.news, self._saved = Newsroom(folder / "news", SETTINGS), folder / "saved"
        self._live = (self.news.output, self.news.config.state)
        before(self.news)
        self._told = tell(self.news)
        for path in filter(Path.exists, self._live):
            shutil.copytree(path, self._saved / path.name)
        change(self.news)
        self.now, self.tick = self.news.now, self.news.tick
        self.stages, self.verbs = [self.news.published()], set[Verb]()
        for report in cycles(self.news):
            self.stages.append(self.news.published())
            self.verbs |= set(outcome(report.changes).values())
        self.healed = [self._interrupted(done) for done in range(len(self.stages))]

    def rewind(self) -> None:
        for path in self._live:
            shutil.rmtree(path, ignore_errors=True)
            if (self._saved / path.name).exists():
                shutil.copytree(self._saved / path.name, path)
        self.news.now, self.news.tick = self.now, self.tick

    def _interrupted(self, done: int) -> Outcome:
        self.rewind()
        with closing(cycles(self.news)) as process:
            for _ in islice(process, done):
                pass
        return self.heal()

    def heal(self) -> Outcome:
        """What the next process makes of it an hour later, and that it looks a second time and finds nothing to do."""
        self.news.now = self.now + HOUR
        with self.news.parts() as parts:
            for _ in until_settled(self.news, parts):
                pass
            (again,) = until_settled(self.news, replace(parts, memory=Memory()))
            assert (again.changes, again.put.written, again.put.removed) == ((), (), ())
            promises = dict(parts.ledger.known())
            waiting = {ping.path for ping in parts.ledger.pings.due(HUB, 2**40, last=2**40, limit=10**6)}
        assert waiting >= {path for path, body in topics(self.news).items() if self._told.get(path) != body}  # rule 55
        found = (path for path in self.news.output.rglob("*") if path.name != ".feeder.lock")
        return Outcome({str(path.relative_to(self.news.output)): b"" if path.is_dir() else path.read_bytes() for path in found}, promises)

    def examine(self, where: str) -> None:
        """After a crash: each document is whole, the feed is not ahead of its pages, and what was seen of the new is never taken back."""
        seen = self.news.published()
        ages = {path: self._age(path, body) for path, body in seen.items()}
        assert None not in ages.values(), f"{where}: torn, or never meant to be there: {[path for path in ages if ages[path] is None]}"
        for path in seen.keys() & {"feed.xml", "index.html"}:
            assert linked(seen[path]) <= seen.keys(), f"{where}: {path} links to a page that is not there"
        later = self.stages[ages.get("feed.xml") or 0 :]
        behind = [path for path in later[0] if path not in seen or seen[path] not in [stage.get(path) for stage in later]]
        assert not behind, f"{where}: the feed is newer than {behind}"
        told = max((age or 0 for age in ages.values()), default=0)
        assert self.heal() in self.healed[told:], f"{where}: not healed"

    def _age(self, path: str, body: bytes) -> int | None:
        """The first stage that this may be of."""
        return next((age for age, stage in enumerate(self.stages) if stage.get(path) == body), None)


def bustle(news: Newsroom, number: int) -> None:
    """One of many changes to six articles."""
    news.write("edited.md", article("The edited one", f"It was put right {number} times. " * (1 + number % 7 * 40)))
    match number % 5:
        case 0:
            news.write(f"{number}.md", article(f"Number {number}"))
        case 1:
            (news.input / "kept.md").rename(news.input / "moved.md")
        case 2:
            (news.input / "moved.md").rename(news.input / "kept.md")
        case 3:
            (news.input / "deleted.md").unlink()
        case _:
            news.write("deleted.md", article("The deleted one", "It has 1 neighbours."))


# -- a process that is killed -----------------------------------------------------------------------------------------------------

VISIBLE = {"os.rename", "os.remove", "COMMIT"}
WRITES = os.O_WRONLY | os.O_RDWR


class Order(NamedTuple):
    """What a child is to do: one process's cycles in `folder`, as of `now` and `tick`, until it dies at its `last` step (0: never).

    `strace` are options of strace(1), which is then attached to it.
    """

    folder: str
    now: float
    tick: float
    last: int = 0
    strace: tuple[str, ...] = ()


class End(NamedTuple):
    """How a child ended: killed, or with an error, or well; and its steps, if it lived to tell them."""

    killed: bool
    error: str = ""
    steps: tuple[str, ...] = ()


class Steps:
    """What this process does to the world, step by step: files it opens to write, renames or removes, and statements of SQLite.

    It dies before the `last`.
    """

    def __init__(self, last: int) -> None:
        self.names: list[str] = []
        self._last = last
        sys.addaudithook(self._audit)

    def _audit(self, event: str, values: tuple[object, ...]) -> None:
        if event in {"os.rename", "os.remove", "os.mkdir", "os.rmdir"} or (event == "open" and isinstance(values[2], int) and values[2] & WRITES):
            self._step(event)
        elif event == "sqlite3.connect/handle" and isinstance(values[0], sqlite3.Connection):
            sys.setprofile(partial(self._connected, values[0]))

    def _connected(self, db: sqlite3.Connection, *_: object) -> None:
        """A connection cannot be traced before connect() has returned: this comes at the very next event."""
        sys.setprofile(None)
        db.set_trace_callback(lambda statement: None if statement.startswith("SELECT") else self._step(statement.split()[0]))

    def _step(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def hatchery() -> None:
    """Runs in a process of its own, warmed up once: for each order on its input a forked child, and one line on how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        news = Newsroom(Path(folder))
        six_articles(news)
    for line in sys.stdin:
        order = Order(*json.loads(line))
        child = os.fork()
        if child == 0:
            _obey(order)
        tracer = _attach(child, order.strace) if order.strace else None
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if tracer:
            tracer.communicate()
        if status:
            say([status == -signal.SIGKILL, f"ended with {status}"])


def _obey(order: Order) -> NoReturn:
    news = Newsroom(Path(order.folder), SETTINGS)
    if order.strace:
        os.kill(os.getpid(), signal.SIGSTOP)
    news.now, news.tick = datetime.fromtimestamp(order.now, UTC), order.tick
    steps, error = Steps(order.last), ""
    try:
        for _ in cycles(news):
            pass
    except FeederError as failure:
        error = f"{type(failure).__name__}: {failure}"
    say([False, error, steps.names])
    os._exit(0)


def say(value: object) -> None:
    """One line to whoever started this process; not by write(2), whose calls are counted."""
    os.writev(1, [json.dumps(value).encode(), b"\n"])


def _attach(child: int, options: Iterable[str]) -> subprocess.Popen[bytes]:
    os.waitpid(child, os.WUNTRACED)
    tracer = subprocess.Popen(["strace", "-p", str(child), *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    attached = tracer.stderr.readline()
    assert b"attached" in attached, attached
    os.kill(child, signal.SIGCONT)
    return tracer


class Children:
    """Children of the hatchery, one at a time."""

    def __init__(self, hatchery: subprocess.Popen[str]) -> None:
        assert hatchery.stdin is not None
        assert hatchery.stdout is not None
        self._orders, self._ends = hatchery.stdin, hatchery.stdout

    def run(self, drill: Drill, *, last: int = 0, strace: tuple[str, ...] = ()) -> End:
        """Let a child do what there is to do in the drill."""
        order = Order(str(drill.news.folder), drill.now.timestamp(), drill.tick, last, strace)
        print(json.dumps(order), file=self._orders, flush=True)
        killed, error, *steps = json.loads(self._ends.readline())
        return End(killed, error, *map(tuple, steps))


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    program = "from tests.test_crash import hatchery; hatchery()"
    command = [sys.executable, "-W", "error", "-c", program]
    with subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Children(process)
        process.communicate()


@pytest.fixture(scope="module")
def drills(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Drill]:
    return cache(lambda name: Drill(tmp_path_factory.mktemp("drill"), *SCENARIOS[name]))


@pytest.fixture
def drill(request: pytest.FixtureRequest, drills: Callable[[str], Drill]) -> Drill:
    """The scenario that is asked for, at its beginning."""
    drill = drills(getattr(request, "param", MUCH))
    drill.rewind()
    return drill


all_scenarios = pytest.mark.parametrize("drill", SCENARIOS, indirect=True)


@pytest.mark.parametrize(
    ("drill", "verbs"),
    [("first build", {Verb.ADD}), (MUCH, {Verb.ADD, Verb.EDIT, Verb.MOVE, Verb.WITHDRAW}), ("embargo release", {Verb.RELEASE})],
    indirect=["drill"],
)
def test_a_scenario_holds_what_it_says(drill: Drill, verbs: set[Verb]) -> None:
    assert drill.verbs == verbs
    assert len(drill.stages) == (3 if drill.verbs >= {Verb.WITHDRAW} else 2)
    assert len(drill.healed) == len(drill.stages)
    assert (drill.healed[0] != drill.healed[1]) is (Verb.EDIT in verbs)


@all_scenarios
def test_a_kill_at_any_step_is_healed_by_the_next_cycle(drill: Drill, children: Children) -> None:
    """S7, J7, O4, O9, O10: at every fourth step that others can see, and at the first of each kind."""
    _, error, steps = children.run(drill)
    assert error == ""
    drill.examine("undisturbed")
    around = sorted({at for number, name in enumerate(steps, 1) if name in VISIBLE for at in (number, number + 1)})
    for number in sorted({*around[:-1:4], *(steps.index(name) + 1 for name in steps)}):
        drill.rewind()
        assert children.run(drill, last=number).killed
        drill.examine(f"killed before step {number} of {len(steps)}, {steps[number - 1]}")


# -- the kernel's side ------------------------------------------------------------------------------------------------------------

CHANGING = ("ftruncate", "mkdir", "mkdirat", "pwrite64", "renameat", "unlink", "unlinkat", "write")
REPORTED = r"LedgerError: .*disk I/O error|PublishError: .*the disk reports an error: check it"
MANY = 20
SYNCING = ("fdatasync", "fsync", "syncfs")


@pytest.fixture
def strace(children: Children) -> Children:
    if not shutil.which("strace") or subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("strace is missing or may not trace here")
    return children


def traced(children: Children, drill: Drill) -> list[str]:
    """The system calls of an undisturbed run that change or sync something, one a line, with the paths of descriptors."""
    log = drill.news.folder / "strace"
    drill.rewind()
    assert children.run(drill, strace=("-y", "-o", str(log), "-e", f"trace={','.join(CHANGING + SYNCING)}")).error == ""
    return [line for line in log.read_text().splitlines() if "(" in line]


def disturbed(children: Children, drill: Drill, calls: Iterable[str], how: str) -> Iterator[tuple[str, End]]:
    """What becomes of a run that is disturbed at each of these system calls in turn; at every third of those that SQLite makes by the page."""
    counts = Counter(line.partition("(")[0] for line in traced(children, drill))
    for call in sorted(counts.keys() & calls):
        for number in range(1, counts[call] + 1, 1 if counts[call] <= MANY else 3):
            drill.rewind()
            where = f"inject={call}:{how}:when={number}"
            yield where, children.run(drill, strace=("-o", os.devnull, "-e", f"trace={call}", "-e", where))


@pytest.mark.slow
@all_scenarios
def test_a_kill_at_any_system_call_is_healed_by_the_next_cycle(drill: Drill, strace: Children) -> None:
    """S7, J7: at those that change anything, SQLite's own included; a kill between two of them leaves what one at the second does."""
    for where, end in disturbed(strace, drill, CHANGING, "signal=SIGKILL"):
        assert end.killed, where
        drill.examine(where)


@pytest.mark.slow
def test_an_error_of_the_disk_at_any_sync_or_rename_is_reported_and_healed(drill: Drill, strace: Children) -> None:
    """S3, O8: but for the few that SQLite can do without, at a folder's sync and when it is closed."""
    for where, end in disturbed(strace, drill, [*SYNCING, "renameat"], "error=EIO"):
        assert re.match(REPORTED, end.error) or (end.error == "" and drill.news.published() == drill.stages[-1]), (where, end)
        drill.examine(where)


@all_scenarios
def test_a_power_loss_leaves_nothing_visible_that_is_not_durable(drill: Drill, strace: Children) -> None:
    """S8, rule 11 of the house: bytes before names, the promise before the page, and folders before the end."""
    unsynced, renames = set[str](), 0
    for line in traced(strace, drill):
        call, _, rest = line.partition("(")
        paths = {path for path in re.findall(r"\d<([^>]*)>", rest) if path.startswith(str(drill.news.folder)) and not path.endswith(("lock", "-shm"))}
        if call == "renameat":
            renames += 1
            temp = f"{min(paths)}/{rest.split(chr(34))[1]}"
            assert not {path for path in unsynced if path == temp or "/.feeder/" in path}, line
        if call in {"fsync", "fdatasync"}:
            unsynced -= paths
        elif call == "syncfs":
            unsynced.clear()
        elif call != "ftruncate" and "= -1" not in line:
            unsynced |= paths
            unsynced -= {f"{min(paths)}/{rest.split(chr(34))[1]}"} if "AT_REMOVEDIR" in rest else set()
    assert renames
    assert unsynced == set()


# -- a reader that never sleeps -----------------------------------------------------------------------------------------------------


def digests(bodies: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Of each document its path and what names its bytes."""
    return {(path, hashlib.sha256(body).hexdigest()) for path, body in bodies.items()}


def newsreader(root: Path, stop: Path) -> None:
    """Runs in a process of its own: polls the feed and all that it links to until `stop` is there, then says what it saw."""
    ids, seen = set[str](), set[tuple[str, str]]()
    say("polling")
    while not stop.exists():
        feed = (root / "feed.xml").read_bytes()
        ids.update(xml.check(feed))
        bodies = {"feed.xml": feed} | {path: (root / path).read_bytes() for path in ("index.html", *linked(feed))}
        assert all(html.document_fromstring(body).tag == "html" for path, body in bodies.items() if path != "feed.xml")
        seen |= digests(bodies)
        time.sleep(0.002)
    say([sorted(ids), sorted(seen)])


def test_a_reader_that_polls_all_the_while_never_sees_a_torn_document(tmp_path: Path) -> None:
    """O4, O10: over fifty cycles that edit, add, delete, rename and restore, each thing seen was published as a whole."""
    news, stop = Newsroom(tmp_path), tmp_path / "stop"
    six_articles(news)
    versions, ids, changed = digests(news.published()), {entry["id"] for entry in news.feed()}, 0
    program = "import sys; from pathlib import Path; from tests.test_crash import newsreader; newsreader(*map(Path, sys.argv[1:]))"
    command = [sys.executable, "-c", program, str(news.output), str(stop)]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as reader, news.parts() as parts:
        try:
            assert reader.stdout is not None
            assert json.loads(reader.stdout.readline()) == "polling"
            for number in range(50):
                news.later(minutes=1)
                bustle(news, number)
                for report in until_settled(news, parts):
                    changed += bool(report.put.written)
                    versions |= digests(news.published())
                    ids |= {entry["id"] for entry in news.feed()}
        finally:
            stop.touch()
        seen_ids, seen = json.loads(reader.communicate()[0])
    assert changed >= 50
    assert sum(path == "feed.xml" for path, _ in seen) > 5
    assert set(seen_ids) <= ids
    assert {(path, digest) for path, digest in seen} <= versions


# -- a machine that refuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drill", "call", "code", "message"),
    [
        (MUCH, "write", errno.ENOSPC, "No space left on device: free some space"),
        (MUCH, "write", errno.EIO, "the disk reports an error: check it"),
        (MUCH, "fsync", errno.EIO, "the disk reports an error: check it"),
        ("first build", "syncfs", errno.EIO, "the disk reports an error: check it"),
        (MUCH, "renameat", errno.EROFS, "mount it writable"),
    ],
    indirect=["drill"],
)
def test_an_output_that_refuses_keeps_the_old_feed_and_the_next_cycle_of_the_same_process_heals(
    drill: Drill, call: str, code: int, message: str
) -> None:
    """O1, O2, O8."""
    with drill.news.parts() as parts:
        with pytest.raises(PublishError, match=message):
            refused(call, code, lambda: list(until_settled(drill.news, parts)))
        assert drill.news.published() == drill.stages[0]
        for _ in until_settled(drill.news, parts):
            pass
        assert drill.news.published() == drill.stages[-1]
    drill.examine(f"{call} refused")


@pytest.mark.parametrize(("name", "error"), [("output", PublishError), (".feeder", LedgerError)])
def test_a_folder_that_may_not_be_written_keeps_the_old_feed_and_the_next_cycle_heals(drill: Drill, name: str, error: type[FeederError]) -> None:
    """S4, O2."""
    top = drill.news.folder / name
    there = [top, *top.rglob("*")]
    for path in there:
        path.chmod(0o555 if path.is_dir() else 0o444)
    with pytest.raises(error, match="writ"):
        powerless(lambda: list(cycles(drill.news)))
    assert drill.news.published() == drill.stages[0]
    for path in there:
        path.chmod(0o755 if path.is_dir() else 0o644)
    drill.examine(f"{name} read-only")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of four megabytes."""
    root = tmp_path / "disk"
    root.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(root)], capture_output=True).returncode:
        pytest.skip("mounting needs root and a kernel that lets it")
    yield root
    subprocess.run(["umount", str(root)], check=True)


@pytest.mark.parametrize("scenario", ["first build", MUCH])
def test_a_disk_that_fills_up_at_any_write_keeps_whole_documents_and_the_next_cycle_heals(disk: Path, children: Children, scenario: str) -> None:
    """S3, O1: with ever more room, until it is enough; what is told apart is only how far the cycle got."""
    drill, ballast, page = Drill(disk, *SCENARIOS[scenario]), disk / "ballast", os.statvfs(disk).f_frsize
    errors: Counter[str] = Counter()
    for room in count(0, 4):
        drill.rewind()
        ballast.write_bytes(b"x" * page * (os.statvfs(disk).f_bavail - room))
        end = children.run(drill)
        ballast.unlink()
        assert drill.news.published() in drill.stages, (room, end)
        assert not [*drill.news.output.rglob(".feeder-*")], (room, end)
        drill.examine(f"{room} pages free")
        if not end.error:
            break
        errors[end.error.partition(":")[0]] += 1
        assert re.match(r"LedgerError: .*disk is (not )?full|PublishError: .*free some space", end.error), (room, end)
        assert "feeder recover" not in end.error
    assert errors.keys() == {"LedgerError", "PublishError"}


@pytest.mark.parametrize("room", [0, 8, 16])
def test_a_service_whose_disk_was_full_goes_on_where_there_is_room_again(disk: Path, room: int) -> None:
    """S3, O1: with the same ledger and publisher, which remember nothing that was not written."""
    drill, ballast = Drill(disk, *SCENARIOS[MUCH]), disk / "ballast"
    drill.rewind()
    with drill.news.parts() as parts:
        ballast.write_bytes(b"x" * os.statvfs(disk).f_frsize * (os.statvfs(disk).f_bavail - room))
        for _ in range(2):
            with pytest.raises((LedgerError, PublishError)):
                list(until_settled(drill.news, parts))
        ballast.unlink()
        for _ in until_settled(drill.news, parts):
            pass
        assert drill.news.published() == drill.stages[-1]
    drill.examine(f"{room} pages free")


def test_a_disk_that_became_read_only_keeps_the_old_feed_and_the_next_cycle_heals(disk: Path) -> None:
    """S4, O2."""
    drill = Drill(disk, *SCENARIOS[MUCH])
    drill.rewind()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(LedgerError, match=r"Read-only file system"):
        list(cycles(drill.news))
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert drill.news.published() == drill.stages[0]
    drill.examine("read-only")


def test_a_file_system_without_locks_is_an_error_that_says_so(tmp_path: Path) -> None:
    """S6."""
    with closing(Ledger.open(tmp_path)):
        assert holder(tmp_path) == os.getpid()
    with pytest.raises(LedgerError, match="cannot lock files"):
        refused("flock", errno.ENOLCK, lambda: Ledger.open(tmp_path))
    assert refused("flock", errno.ENOLCK, lambda: holder(tmp_path)) is None


def test_a_second_publisher_with_another_ledger_is_kept_off_the_output(tmp_path: Path) -> None:
    """S6: the lock is also the output's."""
    shared = f'[feed]\ntitle = "The News"\nbase_url = "{BASE}"\n[output]\nfolder = "{tmp_path / "shared"}"\n'
    first, second = Newsroom(tmp_path / "one", shared), Newsroom(tmp_path / "two", shared)
    first.write("a.md", article("The first one"))
    second.write("b.md", article("The second one"))
    first.cycle()
    with first.parts() as parts:
        before = parts.publisher.get("feed.xml")
        build = [sys.executable, "-m", "feeder", "build", "--config", str(second.folder / "feeder.toml")]
        ended = subprocess.run(build, cwd=REPO, capture_output=True, text=True)
        assert (ended.returncode, f"process {os.getpid()}" in ended.stderr) == (75, True), ended
        assert parts.publisher.get("feed.xml") == before
