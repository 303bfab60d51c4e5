"""Which feed a request is for: by host, by name, by path, through proxies that keep and that take away."""

from __future__ import annotations

import asyncio

import pytest

from feeder.front import Door, Front, place
from feeder.server import App, Scope


class Answered:
    """Applications that do nothing but remember who was asked for what."""

    def __init__(self) -> None:
        self.by: tuple[str, str] = ("", "")
        self.status, self.location = 0, ""

    def app(self, name: str) -> App:
        async def answer(scope: Scope, receive: object, send: object) -> None:
            self.by = name, scope["raw_path"].decode("latin-1")

        return answer

    async def send(self, message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            assert isinstance(headers, list)
            self.status, self.location = int(str(message["status"])), dict(headers).get(b"location", b"").decode()


async def receive() -> object:
    return {}


FEEDS = {
    "root": "https://example.org/",
    "notes": "https://example.org/notes/",
    "deep": "https://example.org/notes/deep/",
    "other": "https://other.example/",
    "port": "http://port.example:8080/feeds/",
    "umlaut": "https://example.org/n%C3%B6tes/",
    "here": None,
    "my diary": None,
    "täglich": None,
}


@pytest.fixture
def answered() -> Answered:
    return Answered()


def ask(answered: Answered, path: str, host: str | None = None, feeds: dict[str, str | None] | None = None) -> tuple[str, str]:
    """Who answers, and for which path."""
    front = Front(answered.app("lobby"), {"health", "status"})
    front.open([Door(name, address, answered.app(name)) for name, address in (FEEDS if feeds is None else feeds).items()])
    headers = [] if host is None else [(b"host", host.encode())]
    answered.by = ("", "")
    asyncio.run(front({"type": "http", "method": "GET", "raw_path": path.encode(), "headers": headers}, receive, answered.send))
    return answered.by


@pytest.mark.parametrize(
    ("host", "path", "found"),
    [
        ("example.org", "/", ("root", "/")),
        ("example.org", "/feed.xml", ("root", "/feed.xml")),
        ("example.org", "/notes/", ("notes", "/")),
        ("example.org", "/notes/tags/rain/feed.xml", ("notes", "/tags/rain/feed.xml")),
        ("example.org", "/notes/deep/feed.xml", ("deep", "/feed.xml")),
        ("example.org", "/notes/deeper/feed.xml", ("notes", "/deeper/feed.xml")),
        ("example.org", "/notesfeed.xml", ("root", "/notesfeed.xml")),
        ("EXAMPLE.org", "/notes/feed.xml", ("notes", "/feed.xml")),
        ("example.org:443", "/notes/feed.xml", ("notes", "/feed.xml")),
        ("other.example", "/notes/feed.xml", ("other", "/notes/feed.xml")),
        ("port.example:8080", "/feeds/feed.xml", ("port", "/feed.xml")),
        ("port.example", "/feeds/feed.xml", ("port", "/feed.xml")),
        ("port.example", "/feed.xml", ("lobby", "/feed.xml")),
    ],
)
def test_a_feed_is_found_by_its_host_and_the_longest_path(answered: Answered, host: str, path: str, found: tuple[str, str]) -> None:
    """Also where a proxy leaves out the port, or says the usual one."""
    assert ask(answered, path, host) == found


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "port.example", "attacker.example", "", None])
def test_every_feed_is_found_by_its_name_on_a_host_that_has_no_other(answered: Answered, host: str | None) -> None:
    """A proxy may put /NAME/ in the place of the path that it takes away; and its owner sits at this machine."""
    for name, raw in (("here", "here"), ("notes", "notes"), ("my diary", "my%20diary"), ("täglich", "t%C3%A4glich"), ("other", "other")):
        assert ask(answered, f"/{raw}/articles/a.html", host) == (name, "/articles/a.html")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/notes/deep/feed.xml", ("deep", "/feed.xml")),
        ("/feeds/feed.xml", ("port", "/feed.xml")),
        ("/n%C3%B6tes/feed.xml", ("umlaut", "/feed.xml")),
        ("/feed.xml", ("lobby", "/feed.xml")),
    ],
)
def test_where_the_host_is_nobodys_a_path_that_one_feed_has_is_enough(answered: Answered, path: str, found: tuple[str, str]) -> None:
    """nginx sends the host of its upstream unless it is told otherwise. Two feeds here live at a root, each of its own host: neither can be meant."""
    assert ask(answered, path, "127.0.0.1:8000") == found


def test_a_feed_at_the_only_root_is_found_on_any_host(answered: Answered) -> None:
    assert ask(answered, "/feed.xml", "127.0.0.1:8000", {"one": "https://one.example/", "two": "https://two.example/2/"}) == ("one", "/feed.xml")
    assert ask(answered, "/", "127.0.0.1:8000", {"one": "https://one.example/1/", "two": None}) == ("lobby", "/")


def test_one_host_does_not_show_what_another_one_has(answered: Answered) -> None:
    """Only the names are found on every host."""
    assert ask(answered, "/feeds/feed.xml", "example.org") == ("root", "/feeds/feed.xml")
    assert ask(answered, "/notes/deep/feed.xml", "port.example") == ("notes", "/deep/feed.xml")


@pytest.mark.parametrize("path", ["/n%C3%B6tes/feed.xml", "/n%c3%b6tes/feed.xml", "/%6E%C3%B6tes/feed.xml"])
def test_a_path_is_compared_decoded_and_the_rest_is_passed_on_as_it_came(answered: Answered, path: str) -> None:
    assert ask(answered, path, "example.org") == ("umlaut", "/feed.xml")
    assert ask(answered, "/notes/%41%2Fb/%zz", "example.org") == ("notes", "/%41%2Fb/%zz")
    assert ask(answered, "/%ff/x", "port.example") == ("lobby", "/%ff/x")


@pytest.mark.parametrize(("path", "host"), [("/notes", "example.org"), ("/here", None), ("/my%20diary", None), ("/feeds", "port.example:8080")])
def test_a_feed_without_its_last_slash_is_a_redirect_that_repeats_no_host(answered: Answered, path: str, host: str | None) -> None:
    assert ask(answered, path, host) == ("", "")
    assert (answered.status, answered.location) == (301, f".{path}/")


@pytest.mark.parametrize("host", ["example.org", "other.example", "127.0.0.1", None])
@pytest.mark.parametrize("path", ["/health", "/status", "/%73tatus"])
def test_what_concerns_them_all_is_asked_in_the_lobby_on_every_host(answered: Answered, path: str, host: str | None) -> None:
    assert ask(answered, path, host) == ("lobby", path)
    assert ask(answered, f"/notes{path}", "example.org") == ("notes", path)


def test_a_host_in_the_target_goes_before_the_field(answered: Answered) -> None:
    """RFC 9112 section 3.2.2."""
    assert ask(answered, "http://other.example/feed.xml", "example.org") == ("other", "/feed.xml")
    assert ask(answered, "http://nobody.example/x", "port.example") == ("lobby", "http://nobody.example/x"), "who it was for is still to be seen"


@pytest.mark.parametrize("target", ["*", "feed.xml", "http://example.org", ""])
def test_a_target_that_is_no_path_is_the_lobbys_to_refuse(answered: Answered, target: str) -> None:
    assert ask(answered, target, "example.org") == ("lobby", target)


@pytest.mark.parametrize("path", ["//", "/notes//feed.xml", "/./notes/", "/../notes/", "/notes/../deep/feed.xml"])
def test_steps_that_go_nowhere_lead_nowhere_else(answered: Answered, path: str) -> None:
    assert ask(answered, path, "example.org")[0] in ("root", "notes")
    assert ask(answered, path, "example.org")[1].endswith(path.removeprefix("/notes"))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://Example.org:443/", ("example.org", ())),
        ("http://example.org:80/a/", ("example.org", ("a",))),
        ("http://example.org:443/a/b/", ("example.org:443", ("a", "b"))),
        ("http://[::1]:8000/n%C3%B6tes/", ("[::1]:8000", ("nötes",))),
    ],
)
def test_an_address_is_a_host_and_steps(address: str, found: tuple[str, tuple[str, ...]]) -> None:
    assert place(address) == found
