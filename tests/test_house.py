"""The house rules that a machine can check: who may import whom, how long a function may be, what must be said about it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import feeder
from feeder import cli, errors
from feeder.readers import _matter

HOUSE = Path(feeder.__file__).parent
ROOT = HOUSE.parent
README = (ROOT / "README.md").read_text("utf-8")
NOTES = (ROOT / "docs" / "design.md").read_text("utf-8")
MODULES = sorted(path.relative_to(HOUSE).as_posix() for path in HOUSE.rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Who may look at a clock. The socket's own timeouts are no times of articles; the server takes a clock as an argument, with a default.
CLOCKS = {"clock.py": {"time.time", "time.monotonic", "time.sleep"}, "listener.py": {"time.monotonic"}, "server.py": {"time.time"}}
LOOKS = re.compile(
    r"time\.(time|monotonic|perf_counter|process_time|thread_time|clock_gettime)(_ns)?|time\.(sleep|localtime|gmtime|ctime|strftime)"
    r"|(datetime\.)?(datetime|date)\.(now|utcnow|today)"
)

# The one room (or rooms) each of these may be named in.
ONLY_IN = {
    "apscheduler": {"service/_alarm.py"},
    "feedgen": {"renderers/xml/"},
    "httpx2": {"endpoint.py"},
    "jinja2": {"renderers/_templates.py"},
    "pydantic": {"config/"},
    "sqlite3": {"ledger/"},
    "tinytag": {"media/"},
    "watchfiles": {"host.py"},
}
PURE = (
    "adoption.py",
    "changes.py",
    "desk.py",
    "edition/",
    "facets.py",
    "feeds.py",
    "forecast.py",
    "guard.py",
    "judge/",
    "media/",
    "model.py",
    "readers/",
    "recovery.py",
    "renderers/",
    "standing.py",
    "stories.py",
    "subscription.py",
    "summarizers/",
    "text.py",
)
IMPURE = {
    "asyncio",
    "http",
    "os",
    "pathlib.Path",
    "random",
    "secrets",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
}


@cache
def tree(module: str) -> ast.Module:
    """The syntax tree of a file of the package."""
    return ast.parse((HOUSE / module).read_text("utf-8"))


def imported(module: str) -> set[str]:
    """Every name that a module imports anywhere, each with all that it lies in: `a.b.c`, `a.b` and `a`."""
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.rsplit(".", cut)[0] for name in names for cut in range(name.count(".") + 1)}


def functions(module: str) -> Iterator[tuple[Function, bool]]:
    """Each function and method of a module, and whether it is public: reachable by names without an underscore."""

    def inside(node: ast.AST, public: bool) -> Iterator[tuple[Function, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function | ast.ClassDef):
                seen = public and not child.name.startswith("_")
                if isinstance(child, Function):
                    yield child, seen
                yield from inside(child, seen and isinstance(child, ast.ClassDef))
            else:
                yield from inside(child, public)

    return inside(tree(module), True)


def length(function: Function) -> int:
    """Lines from `def` to the end, docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def depth(node: ast.AST) -> int:
    """How many blocks stand inside one another; an elif is not inside its if, a function in a function begins anew."""
    blocks = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.Match
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            continue
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child] and child.col_offset == node.col_offset
        deepest = max(deepest, depth(child) + (isinstance(child, blocks) and not elif_))
    return deepest


# --- who imports whom ---


def test_imports_only_go_down() -> None:
    """The layers contract in pyproject.toml holds, and every room has its place in it."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_package_is_named_in_one_room(package: str) -> None:
    """So that it can be replaced there; a lazy import counts too."""
    rooms = tuple(ONLY_IN[package])
    assert {module for module in MODULES if package in imported(module) and not module.startswith(rooms)} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith(PURE)])
def test_a_pure_room_touches_nothing(module: str) -> None:
    """No disk, clock, network, configuration or thread: everything comes as an argument."""
    assert not imported(module) & (IMPURE | {"feeder.config"})


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_the_package_root(module: str) -> None:
    """Except for the version."""
    roots = [node for node in ast.walk(tree(module)) if isinstance(node, ast.ImportFrom) and node.module == "feeder"]
    rooms = {path.removesuffix(".py").removesuffix("/__init__").split("/")[0] for path in MODULES}
    assert {alias.name for node in roots for alias in node.names} <= rooms | {"__version__"}
    assert not any(alias.name == "feeder" for node in ast.walk(tree(module)) if isinstance(node, ast.Import) for alias in node.names)


@pytest.mark.parametrize("module", MODULES)
def test_only_one_room_has_a_clock(module: str) -> None:
    """Below it, what time it is comes as an argument; a fault of time is tried out with another Clock."""
    used = {ast.unparse(node) for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute) and LOOKS.fullmatch(ast.unparse(node))}
    assert used == CLOCKS.get(module, set())
    assert not {name for name in imported(module) if name.startswith("time.")}


# --- what is said about it ---


@pytest.mark.parametrize("module", MODULES)
def test_a_module_opens_with_what_it_is_and_lists_its_names(module: str) -> None:
    """Sentences, the first on the first line; and `__all__`, with names that are there."""
    told = (ast.get_docstring(tree(module)) or "").partition("\n")[0]
    assert re.fullmatch(r"[^\n]{20,150}[.:]", told), told
    body = tree(module).body
    defined = {node.name for node in body if isinstance(node, Function | ast.ClassDef)}
    named = {name.id for node in body for name in ast.walk(node) if isinstance(name, ast.Name)}
    brought = {alias.asname or alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names}
    lists = [ast.literal_eval(node.value) for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    assert lists or not any(not name.startswith("_") for name in defined)
    assert {name for names in lists for name in names} <= defined | named | brought


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_has_a_docstring(module: str) -> None:
    """Methods and properties too."""
    assert not [function.name for function, public in functions(module) if public and not ast.get_docstring(function)]


# --- how it reads ---


@pytest.mark.parametrize("module", MODULES)
def test_no_function_is_over_40_lines_or_3_levels(module: str) -> None:
    """What is longer or deeper does two things."""
    assert not [(function.name, length(function)) for function, _ in functions(module) if length(function) > 40]
    assert not [(function.name, depth(function)) for function, _ in functions(module) if depth(function) > 3]


def test_nine_of_ten_functions_fit_in_20_lines() -> None:
    """The 90th percentile over the package."""
    lengths = sorted(length(function) for module in MODULES for function, _ in functions(module))
    assert lengths[len(lengths) * 9 // 10] <= 20


# The tops of the program, and the boundary behind which there is nothing of ours to mend: what a plugin raises must stop no cycle.
CATCHERS = ("cli/_shape.py", "service/__init__.py", "supervisor.py", "plugins/_boundary.py")


@pytest.mark.parametrize("module", [module for module in MODULES if module not in CATCHERS])
def test_only_the_tops_and_the_boundary_of_plugins_catch_everything(module: str) -> None:
    """Elsewhere an `except` names what it can mend, or passes on what it caught."""
    handlers = [node for node in ast.walk(tree(module)) if isinstance(node, ast.ExceptHandler) and ast.unparse(node.body[-1]) != "raise"]
    caught = {name.id for node in handlers if node.type for name in ast.walk(node.type) if isinstance(name, ast.Name)}
    assert not caught & {"Exception", "BaseException"}
    assert all(node.type for node in handlers)


# --- what is written elsewhere about it ---


def test_every_exit_code_is_in_the_readme_and_in_the_help() -> None:
    """A script may rely on them, and on no others."""
    codes = {getattr(errors, name).exit_code for name in errors.__all__ if hasattr(getattr(errors, name), "exit_code")}
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert told == codes | {0, 2, cli.QUARANTINE, cli.FAULT, cli.INTERRUPTED, cli.GONE}
    assert told == set(cli.EXIT_CODES)


def test_every_command_is_in_the_readme() -> None:
    """In the order of the help."""
    assert re.findall(r"^\| `feeder (\w+)", README, re.MULTILINE) == list(cli.main.commands)


def test_every_option_that_the_readme_names_is_there() -> None:
    """And each that only a program needs is named."""
    commands = [*cli.main.commands.values()]
    commands += [inner for command in commands if isinstance(command, click.Group) for inner in command.commands.values()]
    options = {option for command in commands for parameter in command.params for option in parameter.opts}
    named = set(re.findall(r"`(?:feeder \w+ )?(--[a-z][a-z-]+)`", README))
    assert named <= options | {"--help"}
    assert {name for name, command in cli.main.commands.items() if any("--json" in parameter.opts for parameter in command.params)} == {
        *re.findall(r"`(\w+)`", re.search(r"tells the rest.*?; (.*?) answer a program with `--json`", README, re.DOTALL)[1])  # type: ignore[index]
    }


def test_every_fact_of_an_article_is_in_the_readme() -> None:
    """By a name that front matter takes."""
    table = README.partition("| front matter |")[2].partition("\n\n")[0]
    said = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    meant = [field for name in said for field, names in _matter._NAMES.items() if name in names]
    assert sorted(meant) == sorted(_matter._NAMES)


def test_every_configuration_key_has_its_row_in_the_manual_and_those_in_the_readme_are_true() -> None:
    """docs/configuration.md is made of the tables and of example.toml (`python -m tests.remake`), so a new key is explained there."""
    manual, table = {}, ""
    for row in (ROOT / "docs" / "configuration.md").read_text("utf-8").splitlines():
        table = found[1] if (found := re.fullmatch(r"## \[([\w.]+)\]", row)) else table
        if found := re.match(r"\| `(\w+)` \| .*? \| (.*?) ?\| ", row):
            manual[table, found[1]] = found[2]
    example = (HOUSE / "example.toml").read_text("utf-8")
    assert all(any(key == name for _, key in manual) for name in re.findall(r"^#(\w+) = ", example, re.MULTILINE))
    readme = {(table, key): default for table, key, default in re.findall(r"^\| `\[([\w.]+)\]` \| `(\w+)` \| (.*?) ?\| ", README, re.MULTILINE)}
    assert readme
    assert readme.items() <= manual.items()


def test_every_dependency_has_its_note() -> None:
    """docs/design.md says what each saves and costs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[^\w-]", requirement)[0] for requirement in project["dependencies"]]
    assert not [name for name in names if not re.search(rf"^\| {name} \|", NOTES, re.MULTILINE)]


def test_every_room_is_in_the_notes() -> None:
    """By the name of its file, a folder by its own."""
    rooms = {module.partition("/")[0] for module in MODULES} - {"__init__.py", "__main__.py"}
    assert not [room for room in rooms if not re.search(rf"`{re.escape(room.removesuffix('.py'))}([./]\w+)*`", NOTES)]


def test_the_layers_are_drawn_as_they_are_checked() -> None:
    """The picture in the notes is the contract in pyproject.toml."""
    (contract,) = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [layer.replace("(", "").replace(")", "") for layer in contract["layers"]]  # brackets mean there: not built yet
    drawn = " > ".join(f"({layer})" if "|" in layer else layer for layer in layers)
    assert drawn in " ".join(NOTES.split())


def test_every_note_has_its_problem_its_choice_and_its_price() -> None:
    """In this order: a decision without a price is advertising."""
    for note in NOTES.split("\n## ")[1:]:
        title = note.partition("\n")[0]
        assert re.findall(r"^\*\*(\w+)\.\*\*", note, re.MULTILINE) == ["Problem", "Choice", "Price"], title


def test_every_link_between_documents_leads_somewhere() -> None:
    """Relative links of all Markdown files at the root and in docs."""
    broken = []
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text("utf-8"))
        broken += [f"{document.name}: {link}" for link in links if not (document.parent / link).exists()]
    assert not broken
