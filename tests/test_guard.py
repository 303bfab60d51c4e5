"""Who is taken for the owner of a feed, and who is told that there is nothing: by everything a request says of where it comes from."""

from __future__ import annotations

import base64

import pytest

from feeder.desk import Asked
from feeder.guard import Verdict, admitted

TOKEN = "correct horse battery staple".replace(" ", "-")
HERE = {"host": "127.0.0.1:8000"}


def verdict(client: str = "127.0.0.1", *, token: str | None = None, public: bool = False, **fields: str) -> Verdict:
    """What becomes of a request from `client` with these header fields, on top of a Host that names this machine."""
    said = HERE | {name.replace("_", "-"): value for name, value in fields.items()}
    return admitted(Asked("status", fields=said, client=client), token=token, public=public)


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]", "[::1]:8000", "localhost:"])
def test_whoever_sits_at_this_machine_is_the_owner(client: str, host: str) -> None:
    assert verdict(client, host=host) is Verdict.ADMITTED


@pytest.mark.parametrize("client", ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%eth0", "128.0.0.1", "", "unix", "::"])
def test_whoever_comes_from_elsewhere_is_not(client: str) -> None:
    assert verdict(client) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "evil-localhost", "a.localhost", "localhost."),
        *("", "[::1", "::1", "[::1]x", "[::2]", "[]", "192.0.2.1:8000", "0.0.0.0", "127.0.0.1:80:80", "127.0.0.1:x", "127.0.0.1@evil.example"),
        *("localhost,evil.example", "127.0.0.1, 127.0.0.1", "localhost\n", "[localhost]", "2130706433", "127.0.0.1:８０"),
    ],
)
def test_a_name_that_is_not_this_machines_own_is_a_page_that_rebinds_it(host: str) -> None:
    """DNS rebinding: a browser at this machine asks us for what a stranger's page wants to read."""
    assert verdict(host=host) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "name",
    ["Forwarded", "Via", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Anything", "CF-Connecting-IP"],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "192.0.2.1", ""])
def test_what_a_proxy_passes_on_is_not_from_this_machine_whatever_it_says(name: str, value: str) -> None:
    assert admitted(Asked("status", fields=HERE | {name.lower(): value}, client="127.0.0.1"), token=None, public=False) is Verdict.UNKNOWN


def test_where_the_feed_has_a_public_address_only_the_token_opens() -> None:
    """A proxy on this machine need not say that it is one."""
    assert verdict(public=True) is Verdict.UNKNOWN
    assert verdict(public=True, token=TOKEN) is Verdict.CHALLENGED
    assert verdict(public=True, token=TOKEN, authorization=f"Bearer {TOKEN}") is Verdict.ADMITTED


@pytest.mark.parametrize(
    "said", [f"Bearer {TOKEN}", f"bearer   {TOKEN} ", basic(f":{TOKEN}"), basic(f"ann:{TOKEN}"), basic(f"Ünal:{TOKEN}").replace("Basic", "bAsIc")]
)
def test_the_token_opens_from_anywhere(said: str) -> None:
    """As Bearer, or as the password that a browser asks for, whatever the user is called; through a proxy and under any name."""
    assert verdict("192.0.2.1", token=TOKEN, authorization=said) is Verdict.ADMITTED
    assert verdict("127.0.0.1", token=TOKEN, authorization=said, x_forwarded_for="192.0.2.1", host="news.example") is Verdict.ADMITTED


@pytest.mark.parametrize(
    "said",
    [
        *("", "Bearer", "Bearer ", "Basic", "Basic ", TOKEN, f"Token {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}"),
        *(basic(TOKEN), basic(f"{TOKEN}:"), basic(f"ann:{TOKEN}x"), basic("ann:"), basic(f"ann:{TOKEN}:"), "Basic !!!!", "Basic YW5uO", "Basic /w=="),
        *(f"{basic(f'ann:{TOKEN}')}!", f"Bearer x, Bearer {TOKEN}", "Bearer \udcff", "Bearer ÿ", "Basic ÿ", f"Digest {TOKEN}"),
    ],
)
def test_anything_else_than_the_token_does_not(said: str) -> None:
    """Not even at this machine: where there is a token, it is needed."""
    assert verdict(token=TOKEN, authorization=said) is Verdict.CHALLENGED


def test_without_a_token_none_is_right() -> None:
    """An empty one is none; nor does one that is said help a stranger."""
    assert verdict("192.0.2.1", authorization="Bearer ") is Verdict.UNKNOWN
    assert verdict("192.0.2.1", authorization=basic(":")) is Verdict.UNKNOWN
    assert verdict("192.0.2.1", token="", authorization="Bearer ") is Verdict.UNKNOWN
