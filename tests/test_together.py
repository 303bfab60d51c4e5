"""What configurations that are served together may not share: each mistake with its place, all at once, at a start and at a reload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from feeder import compose, config, together
from feeder.config import Config
from feeder.errors import ConfigError

HERE = "http://127.0.0.1:8000/"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> list[Callable[[], Config]]:
    """These files, and what reads them."""
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    return [partial(config.load, Path(name), environ or {}) for name in files]


def told(files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        together.loaded(written(files, environ))
    return str(error.value).splitlines()


def feed(name: str, more: str = "") -> str:
    """A configuration with folders of its own."""
    return f'[input]\nfolder = "in/{name}"\n[output]\nfolder = "out/{name}"\n{more}'


def test_each_has_its_own_path_where_it_has_no_address_and_the_one_server(tmp_path: Path) -> None:
    one, other, last = together.loaded(
        written(
            {
                "a.toml": feed("a", "[serve]\nport = 9000\n"),
                "my diary.toml": feed("b"),
                "c.toml": feed("c", '[feed]\nbase_url = "https://example.org/c/"\n'),
            }
        )
    )
    assert [one.base, other.base, last.base] == ["http://127.0.0.1:9000/a/", "http://127.0.0.1:9000/my%20diary/", "https://example.org/c/"]
    assert [one.name, other.name, last.name] == ["a", "my diary", "c"]
    assert len({one.state, other.state, last.state}) == 3


def test_each_is_called_like_its_file_where_it_has_no_title() -> None:
    """They may all lie in one folder, whose name is the title of one alone."""
    one, other, last = together.loaded(written({"river-news.toml": feed("a"), "b.toml": feed("b", '[feed]\ntitle = "Mine"\n'), "x/feeder.toml": ""}))
    assert [config.feed.title for config in (one, other, last)] == ["River news", "Mine", "X"]
    assert [config.feed.authors[0].name for config in (one, other, last)] == ["River news", "Mine", "X"]


def test_one_alone_is_as_it_ever_was() -> None:
    (alone,) = together.loaded(written({"a.toml": ""}))
    assert alone == config.load(Path("a.toml"), {})
    assert alone.base == HERE


def test_a_feeder_toml_is_called_like_its_folder() -> None:
    """Every folder may have one."""
    one, other = together.loaded(written({"news/feeder.toml": "", "notes/feeder.toml": ""}))
    assert (one.base, other.base) == (f"{HERE}news/", f"{HERE}notes/")


def test_feeds_that_nobody_gave_an_id_do_not_get_the_same() -> None:
    """Readers would take one for the other, and their first articles too."""
    ids = set()
    for each in together.loaded(written({"a.toml": feed("a"), "b.toml": feed("b")})):
        with compose.publishing(each) as parts:
            ids.add(parts.press.site.id)
    assert len(ids) == 2


def test_the_mistakes_of_all_files_are_told_at_once_and_each_only_once() -> None:
    """A variable speaks to each of them."""
    lines = told({"a.toml": '[feed]\ntitel = "A"\n', "b.toml": feed("b"), "d.toml": "[feed]\nentries = 1\n"}, {"FEEDER_SERVE__PROT": "1"})
    assert [line.partition(" ")[0] for line in lines] == ["a.toml:2:1:", "$FEEDER_SERVE__PROT:", "d.toml:2:11:"]


def test_those_that_can_be_read_are_compared_although_another_cannot() -> None:
    assert [line.partition(":")[0] for line in told({"a.toml": "[feed]\nentries = 1\n", "b.toml": feed("x"), "c.toml": feed("x")})] == [
        "a.toml",
        "c.toml",
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.toml": feed("a"), "./a.toml": feed("a")}, ["a.toml: is given twice (name each configuration once)"]),
        (
            {"x/a.toml": feed("a"), "y/a.toml": feed("a")},
            ['y/a.toml: is called "a", as x/a.toml is (rename one of the files: the name stands in addresses and in the log)'],
        ),
        ({"a.toml": feed("a"), "b.toml": feed("a")}, ["b.toml:4: the output out/a is the output of a.toml, too (give each a folder of its own)"]),
        (
            {"a.toml": feed("a"), "b.toml": '[output]\nfolder = "out/a/b"\n'},
            ["b.toml:2: the output out/a/b and the output of a.toml, out/a, lie in one another (give each a folder of its own)"],
        ),
        (
            {"a.toml": feed("a"), "b.toml": '[output]\nfolder = "out"\n'},
            ["b.toml:2: the output out and the output of a.toml, out/a, lie in one another (give each a folder of its own)"],
        ),
        (
            {"a.toml": feed("a"), "b.toml": '[input]\nfolder = "b"\n[output]\nfolder = "in/a/b"\n'},
            ["b.toml:4: the output in/a/b and the input of a.toml, in/a, lie in one another (give each a folder of its own)"],
        ),
        (
            {"a.toml": '[output]\nfolder = "in/b"\n', "b.toml": feed("b")},
            ["a.toml:2: the output in/b is the input of b.toml, too (give each a folder of its own)"],
        ),
        (
            {"x/a.toml": feed("a"), "b.toml": '[output]\nfolder = "x"\n'},
            [
                "b.toml:2: the output x and the output of x/a.toml, x/out/a, lie in one another (give each a folder of its own)",
                "b.toml:2: the output x and the input of x/a.toml, x/in/a, lie in one another (give each a folder of its own)",
                "b.toml:2: the output x and the ledger of x/a.toml, x/.feeder/a, lie in one another (give each a folder of its own)",
            ],
        ),
        (
            {"a.toml": feed("a", '[feed]\nid = "tag:a"\n'), "b.toml": feed("b", '[feed]\nid = "tag:a"\n')},
            ["b.toml:6: the id is that of a.toml, too (an id is one feed's for ever: give this one another, or none)"],
        ),
        (
            {
                "a.toml": feed("a", '[feed]\nbase_url = "https://a.example/x"\n'),
                "b.toml": feed("b", '[feed]\nbase_url = "https://A.example:443/x/"\n'),
            },
            ["b.toml:6: https://a.example:443/x/ is the address of a.toml, too (give each an address of its own)"],
        ),
        (
            {"a.toml": feed("a", f'[feed]\nbase_url = "{HERE}b/"\n'), "b.toml": feed("b")},
            ["a.toml:6: http://127.0.0.1:8000/b/ is the address of b.toml, too (give each an address of its own)"],
        ),
        (
            {"a.toml": feed("a", '[feed]\nbase_url = "https://example.org/b/"\n'), "b.toml": feed("b")},
            ["a.toml:6: /b/ is where b.toml is found whatever the host (publish it at another address, or rename that file)"],
        ),
        (
            {
                "a.toml": feed("a", '[feed]\nbase_url = "https://example.org/tags/"\n'),
                "b.toml": feed("b", '[feed]\nbase_url = "https://example.org/"\n'),
            },
            ["a.toml:6: https://example.org/tags/ lies among the pages of b.toml (publish it at another address)"],
        ),
        (
            {"a.toml": feed("a"), "b.toml": feed("b", '[serve]\nport = 9000\nhost = "0.0.0.0"\n')},
            [
                "b.toml:7: host is 0.0.0.0, and for a.toml it is 127.0.0.1 (the first configuration says where all of them are served)",
                "b.toml:6: port is 9000, and for a.toml it is 8000 (the first configuration says where all of them are served)",
            ],
        ),
        (
            {"a.toml": feed("a"), "b\\.toml": feed("b")},
            ["b\\.toml: cannot be named in an address (give it a name of letters, digits, - and _)"],
        ),
    ],
    ids=lambda value: "" if isinstance(value, list) else None,
)
def test_what_two_may_not_share_is_told_where_it_is_said(files: dict[str, str], expected: list[str]) -> None:
    assert told(files) == expected


@pytest.mark.parametrize(
    "files",
    [
        {"a.toml": '[output]\nfolder = "a"\n', "b.toml": '[output]\nfolder = "b"\n'},
        {"a.toml": feed("a"), "b.toml": '[input]\nfolder = "in/a/part"\n[output]\nfolder = "b"\n'},
        {"a.toml": feed("a", "[serve]\nport = 9000\n"), "b.toml": feed("b", "[serve]\nport = 9000\n")},
        {"a.toml": feed("a", '[feed]\nbase_url = "https://example.org/"\n'), "b.toml": feed("b", '[feed]\nbase_url = "https://example.org/b/"\n')},
        {"a.toml": feed("a", '[feed]\nbase_url = "https://a.example/"\n'), "b.toml": feed("b", '[feed]\nbase_url = "https://b.example/"\n')},
        {"feeder.toml": feed("a"), "b.toml": feed("b")},
    ],
    ids=["one input", "a part of an input", "one port said twice", "paths of one host", "hosts", "a ledger's folder in another's"],
)
def test_what_is_shared_on_purpose_is_no_mistake(files: dict[str, str]) -> None:
    assert len(together.loaded(written(files))) == 2


def test_links_to_folders_hide_nothing() -> None:
    Path("real").mkdir()
    Path("link").symlink_to("real")
    assert told({"a.toml": '[output]\nfolder = "real/out"\n', "b.toml": '[output]\nfolder = "link/out"\n'}) == [
        "b.toml:2: the output real/out is the output of a.toml, too (give each a folder of its own)"
    ]


def test_a_variable_that_would_make_them_one_is_named() -> None:
    """It says the same to all."""
    (line,) = told({"a.toml": feed("a"), "b.toml": feed("b")}, {"FEEDER_FEED__BASE_URL": "https://example.org/"})
    assert line == "$FEEDER_FEED__BASE_URL: https://example.org/ is the address of a.toml, too (give each an address of its own)"


# -- at a reload ------------------------------------------------------------------------------------------------------------


def running(files: Mapping[str, str]) -> tuple[list[Callable[[], Config]], tuple[Config, ...]]:
    loads = written(files)
    return loads, together.loaded(loads)


AT = '[feed]\nbase_url = "https://example.org/{}/"\n'


def test_a_wrong_file_stays_as_it_was_and_the_others_are_taken_up() -> None:
    loads, before = running({"a.toml": feed("a"), "b.toml": feed("b"), "c.toml": feed("c")})
    Path("b.toml").write_text("[feed]\nentries = 1\n")
    Path("c.toml").write_text(feed("c", '[feed]\ntitle = "New"\n'))
    a, b, c = together.reloaded(loads, before)
    assert a == before[0]
    assert isinstance(b, ConfigError)
    assert isinstance(c, Config)
    assert (c.feed.title, c.base) == ("New", before[2].base)


def test_one_that_would_be_in_the_way_of_another_stays_as_it_was() -> None:
    loads, before = running({"a.toml": feed("a", AT.format("x")), "b.toml": feed("b", AT.format("y"))})
    Path("b.toml").write_text(feed("b", AT.format("x")))
    a, b = together.reloaded(loads, before)
    assert isinstance(a, Config)
    assert str(b) == "b.toml:6: https://example.org/x/ is the address of a.toml, too (give each an address of its own)"


def test_two_that_change_their_places_at_once_are_in_nobodys_way() -> None:
    loads, before = running({"a.toml": feed("a", AT.format("x")), "b.toml": feed("b", AT.format("y"))})
    Path("a.toml").write_text(feed("a", AT.format("y")))
    Path("b.toml").write_text(feed("b", AT.format("x")))
    assert [one.base for one in together.reloaded(loads, before) if isinstance(one, Config)] == ["https://example.org/y/", "https://example.org/x/"]


def test_one_that_follows_another_that_may_not_go_may_not_either() -> None:
    """b wants the place of a, and a cannot be read: nobody is left without one, or two with the same."""
    loads, before = running({"a.toml": feed("a", AT.format("x")), "b.toml": feed("b", AT.format("y"))})
    Path("a.toml").write_text("[feed]\nentries = 1\n")
    Path("b.toml").write_text(feed("b", AT.format("x")))
    assert all(isinstance(one, ConfigError) for one in together.reloaded(loads, before))


def test_an_output_and_a_server_that_wait_for_the_next_start_are_in_nobodys_way_yet() -> None:
    loads, before = running({"a.toml": feed("a"), "b.toml": feed("b")})
    Path("b.toml").write_text(feed("a", "[serve]\nport = 9000\n"))
    assert all(isinstance(one, Config) for one in together.reloaded(loads, before))
