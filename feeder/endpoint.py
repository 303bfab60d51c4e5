"""One request to an HTTP endpoint, bounded in time and bytes; the only room of httpx2. It knows nothing of articles, budgets or retries.

Only the one address is ever contacted: redirects are not followed, proxies of the environment are not used. A host name is looked up once,
by us, and the connection goes to what was found and judged, so that no second look can lead elsewhere. TLS certificates are
verified against the system's. Nothing that comes out of here holds the key, the question or a word of the response's own: a library's
message may repeat a header, and an error page may repeat the key.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import gaierror
from ssl import SSLContext, SSLError
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import asyncio

    import httpx2

__all__ = ["Answered", "Endpoint", "Unanswered", "available", "near", "private"]

LARGEST = 256 * 1024  # bytes of a response
TRIED = 4  # addresses of one host
BEAT = 0.1  # seconds between two looks whether to stop
FAREWELL = 1.0  # seconds that an abandoned connection has to close
JSON = {"Accept": "application/json", "Content-Type": "application/json"}
GLOBAL = IPv6Network("2000::/3")  # all that is given out for the open Internet (RFC 4291 section 2.4)
TRANSLATED, TUNNELLED = IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16")  # an IPv4 address inside (RFC 6052, RFC 3056)
METADATA = IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24")  # services of a cloud for its machines that look like anybody's


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole response. `after` is what it asks to wait before the next request, in seconds (RFC 9110 section 10.2.3), if it does."""

    status: int
    body: bytes
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No whole response, and why. `sent` tells whether the request may have arrived, `late` whether the time was over."""

    reason: str
    sent: bool = True
    late: bool = False


def available() -> bool:
    """Whether the HTTP client is installed (`pip install 'feeder[llm]'`), without loading it: that takes a quarter of a second."""
    return find_spec("httpx2") is not None


def private(address: str) -> bool:
    """Whether an IP address, as text, is not one of the open Internet: loopback, private, link-local, shared, multicast, of a cloud's metadata."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and (inner := _inner(found)):
        found = inner
    if not found.is_global or found.is_multicast:
        return True
    return found not in GLOBAL if isinstance(found, IPv6Address) else any(found in network for network in METADATA)


def near(url: str) -> bool:
    """Whether an address says itself that it is not one of the open Internet. What a name leads to shows when it is looked up."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return private(host)
    return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this one ends up at, if there is one."""
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or (address.sixtofour if address in TUNNELLED else None)


class Endpoint:
    """An address that something can be posted to: JSON with a key, unless `headers` say otherwise.

    With `public`, only addresses of the open Internet are connected to. With `head_only` the body of a response is not even received.
    """

    def __init__(
        self, url: str, key: str | None = None, *, agent: str, headers: Mapping[str, str] = JSON, public: bool = False, head_only: bool = False
    ) -> None:
        self._url = url
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._headers = {"Host": parts.netloc, "User-Agent": agent, "Accept-Encoding": "identity", **headers}
        self._headers |= {"Authorization": f"Bearer {key}"} if key else {}
        self._public = public
        self._head_only = head_only

    def post(self, body: bytes, *, timeout: float, stop: Callable[[], None]) -> Answered | Unanswered:
        """Send one request and wait for the whole response, `timeout` seconds in all however it drips.

        `stop` is called several times a second, and may raise to give it up.
        """
        import asyncio

        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(self._within(body, timeout, stop))
        finally:
            _wound_up(loop)

    async def _within(self, body: bytes, timeout: float, stop: Callable[[], None]) -> Answered | Unanswered:
        import asyncio

        task = asyncio.create_task(self._exchange(body, timeout))
        clock = asyncio.get_running_loop().time
        end = clock() + timeout
        while not task.done():
            stop()
            left = end - clock()
            if left <= 0:
                return Unanswered(f"it did not answer within {timeout:g} s", late=True)
            await asyncio.wait({task}, timeout=min(left, BEAT))
        return task.result()

    async def _exchange(self, body: bytes, timeout: float) -> Answered | Unanswered:
        try:
            found = await _looked_up(self._host, self._port)
        except (OSError, UnicodeError) as error:
            return Unanswered(f"it cannot be reached: {_cause(error)}", sent=False)
        addresses = [address for address in found if not (self._public and private(address))][:TRIED]
        outcome: Answered | Unanswered = Unanswered("its address is a private one", sent=False)
        for address in addresses:
            outcome = await self._sent_to(address, body, timeout / len(addresses))
            if isinstance(outcome, Answered) or outcome.sent:
                break
        return outcome

    async def _sent_to(self, address: str, body: bytes, patience: float) -> Answered | Unanswered:
        """Send it to one address of the host, with `patience` seconds to be connected."""
        import httpx2

        for library in ("httpx2", "httpcore2"):
            logging.getLogger(library).setLevel(logging.CRITICAL)  # their log lines hold headers
        url, extensions = httpx2.URL(self._url).copy_with(host=address), {"sni_hostname": self._host}
        try:
            async with (
                httpx2.AsyncClient(trust_env=False, verify=_trusted(), timeout=httpx2.Timeout(None, connect=patience)) as client,
                client.stream("POST", url, content=body, headers=self._headers, extensions=extensions) as response,
            ):
                return Answered(response.status_code, b"", _after(response)) if self._head_only else await _received(response)
        except httpx2.ConnectTimeout:
            return Unanswered("it cannot be reached: nobody answers there", sent=False)
        except (httpx2.ConnectError, OSError) as error:
            return Unanswered(f"it cannot be reached: {_cause(error)}", sent=False)
        except httpx2.HTTPError as error:
            return Unanswered(f"the connection broke ({type(error).__name__})")


async def _looked_up(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError, UnicodeError.

    In a thread that nobody waits for, unlike asyncio's own: a process that ends must not wait for a resolver.
    """
    import asyncio

    with suppress(ValueError):
        return [str(ip_address(host))]
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def look() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            try:
                answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                loop.call_soon_threadsafe(_settle, found, error)
            else:
                addresses = dict.fromkeys(str(at[0]) for *_, at in answers)
                loop.call_soon_threadsafe(_settle, found, [address for address in addresses if "%" not in address])  # not of one cable

    threading.Thread(target=look, name="resolver", daemon=True).start()
    return await found


def _settle(found: asyncio.Future[list[str]], outcome: list[str] | Exception) -> None:
    if found.done():  # given up
        return
    if isinstance(outcome, Exception):
        found.set_exception(outcome)
    else:
        found.set_result(outcome)


@cache
def _trusted() -> SSLContext:
    """Whom to believe: the system's certificates, whatever the environment says. Read once in a process (40 ms)."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


async def _received(response: httpx2.Response) -> Answered | Unanswered:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return Unanswered("its response is compressed, which was not asked for")
    received = bytearray()
    async for piece in response.aiter_raw():
        received += piece
        if len(received) > LARGEST:
            return Unanswered(f"its response is longer than {LARGEST // 1024} KiB")
    return Answered(response.status_code, bytes(received), _after(response))


def _after(response: httpx2.Response) -> float | None:
    """The seconds in a Retry-After field, or until the time in it, as the sender's clock has it."""
    from email.utils import parsedate_to_datetime

    after, date = response.headers.get("Retry-After"), response.headers.get("Date")
    if after and after.isascii() and after.isdigit() and len(after) < 10:
        return float(after)
    try:
        return max((parsedate_to_datetime(after or "") - parsedate_to_datetime(date or "")).total_seconds(), 0.0)
    except (ValueError, TypeError):  # no date, or only one of the two with a time zone
        return None


def _cause(error: BaseException) -> str:
    """What the system says; a library's own words may hold anything."""
    inner: BaseException | None = error
    while inner is not None and not (isinstance(inner, OSError) and inner.strerror):
        inner = inner.exceptions[0] if isinstance(inner, BaseExceptionGroup) else inner.__cause__ or inner.__context__
    if not isinstance(inner, OSError):
        return type(error).__name__
    own = isinstance(inner, gaierror | SSLError) or inner.errno is None  # these have numbers of their own
    return (inner.strerror or "") if own else os.strerror(inner.errno or 0)


def _wound_up(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop with all that is still under way in it."""
    import asyncio

    try:
        for task in (tasks := asyncio.all_tasks(loop)):
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=FAREWELL))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
