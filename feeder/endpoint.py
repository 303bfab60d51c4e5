"""One request to an HTTP endpoint, bounded in time and bytes; the only room of httpx2. It knows nothing of articles, budgets or retries.

Only the one address is ever contacted: redirects are not followed, proxies of the environment are not used. TLS certificates are
verified against the system's. Nothing that comes out of here holds the key, the question or a word of the response's own: a library's
message may repeat a header, and an error page may repeat the key.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from socket import gaierror
from ssl import SSLContext, SSLError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    import httpx2

__all__ = ["Answered", "Endpoint", "Unanswered", "available"]

LARGEST = 256 * 1024  # bytes of a response
BEAT = 0.1  # seconds between two looks whether to stop
FAREWELL = 1.0  # seconds that an abandoned connection has to close


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


class Endpoint:
    """An address that JSON can be posted to, with a key for it."""

    def __init__(self, url: str, key: str | None, *, agent: str) -> None:
        self._url = url
        self._headers = {"User-Agent": agent, "Accept": "application/json", "Content-Type": "application/json", "Accept-Encoding": "identity"}
        self._headers |= {"Authorization": f"Bearer {key}"} if key else {}

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

        task = asyncio.create_task(self._exchange(body))
        clock = asyncio.get_running_loop().time
        end = clock() + timeout
        while not task.done():
            stop()
            left = end - clock()
            if left <= 0:
                return Unanswered(f"it did not answer within {timeout:g} s", late=True)
            await asyncio.wait({task}, timeout=min(left, BEAT))
        return task.result()

    async def _exchange(self, body: bytes) -> Answered | Unanswered:
        import httpx2

        for library in ("httpx2", "httpcore2"):
            logging.getLogger(library).setLevel(logging.CRITICAL)  # their log lines hold headers
        try:
            async with (
                httpx2.AsyncClient(trust_env=False, verify=_trusted(), timeout=None) as client,
                client.stream("POST", self._url, content=body, headers=self._headers) as response,
            ):
                return await _received(response)
        except (httpx2.ConnectError, OSError) as error:
            return Unanswered(f"it cannot be reached: {_cause(error)}", sent=False)
        except httpx2.HTTPError as error:
            return Unanswered(f"the connection broke ({type(error).__name__})")


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
    return Answered(response.status_code, bytes(received), _pause(response.headers.get("Retry-After"), response.headers.get("Date")))


def _pause(after: str | None, date: str | None) -> float | None:
    """The seconds in a Retry-After field, or until the time in it, as the sender's clock has it."""
    from email.utils import parsedate_to_datetime

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
