"""Chromium, a browser for people, as a visitor that tests can look over the shoulder of.

Playwright's loop lives in a thread of the browser's own: in the thread of the tests it would be the running loop of everybody else.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pytest

from feeder.listener import Server
from feeder.server import app
from feeder.shelf import Shelf

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Page

__all__ = ["NARROW", "WIDE", "Browser", "Sight", "browser", "needs_chromium", "served"]

T = TypeVar("T")
NARROW, WIDE = 320, 1280
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Nobody but this machine is asked anything, whatever a page wants: what it wanted is in `Sight.requests`.
FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-sandbox", "--hide-scrollbars", "--font-render-hinting=none", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@dataclass(frozen=True, slots=True)
class Sight:
    """What came of a visit: the answer's status (0 for a file), each message in the console, each address that was asked for.

    `told` is what the visitor found out: the value of its expression or of its function.
    """

    status: int
    console: tuple[str, ...]
    requests: tuple[str, ...]
    told: Any

    def strangers(self) -> set[str]:
        """The hosts that were asked besides the one that was visited."""
        hosts = [urlsplit(address).netloc for address in self.requests if not address.startswith(("data:", "blob:"))]
        return {*hosts} - {hosts[0]}


class Browser:
    """A headless Chromium. Each visit is that of somebody who was never there: no cookie, no cache. Scripts are off unless said otherwise."""

    def __init__(self, thread: ThreadPoolExecutor, chromium: Chromium) -> None:
        self._thread, self._chromium = thread, chromium

    def visit(
        self,
        address: str,
        look: str | Callable[[Page], object] | None = None,
        *,
        width: int = WIDE,
        height: int = 900,
        dark: bool = False,
        shot: Path | None = None,
        **options: Any,
    ) -> Sight:
        """Open an address in a window of `width` x `height` CSS pixels, and `look`: a JavaScript expression, or what is done with the page.

        `shot` is where a PNG of the whole page goes. `options` are those of a Playwright context: `java_script_enabled=True`,
        `http_credentials={…}`, `reduced_motion="reduce"`, `forced_colors="active"`, `extra_http_headers={…}`.
        """

        def go(page: Page) -> Sight:
            console, requests = list[str](), list[str]()
            page.on("console", lambda message: console.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: console.append(f"error: {error}"))
            page.on("request", lambda request: requests.append(request.url))
            answer = page.goto(address, wait_until="load")
            if shot:
                shot.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=shot, full_page=True)
            told = look(page) if callable(look) else page.evaluate(look) if look else None
            return Sight(answer.status if answer else 0, tuple(console), tuple(requests), told)

        return self._with_page(go, width, height, dark, options)

    def axe(self, address: str, *, width: int = WIDE, dark: bool = False, **options: Any) -> list[str]:
        """What axe-core has against a page, a line for each rule and element; it is a script, so the page's policy does not hold."""
        from axe_playwright_python.sync_playwright import Axe

        def go(page: Page) -> list[str]:
            page.goto(address, wait_until="load")
            broken = Axe().run(page).response["violations"]
            return [f"{rule['id']} ({rule['help']}): {node['html'][:160]}" for rule in broken for node in rule["nodes"]]

        return self._with_page(go, width, 900, dark, {"java_script_enabled": True, "bypass_csp": True, **options})

    def pdf(self, address: str, path: Path) -> None:
        """Print a page on A4."""
        self._with_page(lambda page: (page.goto(address, wait_until="load"), page.pdf(path=path, format="A4")), WIDE, 900, False, {})

    def _with_page(self, go: Callable[[Page], T], width: int, height: int, dark: bool, options: dict[str, Any]) -> T:
        """Run it in the browser's thread, with a page of a new profile."""

        def run() -> T:
            window: Any = {"width": width, "height": height}
            said = {"java_script_enabled": False, "color_scheme": "dark" if dark else "light", "viewport": window, **options}
            context = self._chromium.new_context(**said)
            context.set_default_timeout(20_000)
            try:
                return go(context.new_page())
            finally:
                context.close()

        return self._thread.submit(run).result(timeout=120)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a session; it starts with the first that asks."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_api.sync_playwright().start()).result(timeout=60)
        try:
            chromium = thread.submit(lambda: playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])).result(timeout=60)
            try:
                yield Browser(thread, chromium)
            finally:
                thread.submit(chromium.close).result(timeout=60)
        finally:
            thread.submit(playwright.stop).result(timeout=60)


@contextmanager
def served(output: Path, gone: frozenset[str] = frozenset(), port: int = 0, base: str = "") -> Iterator[str]:
    """What was published, on the real server: the address where it begins, with a slash at its end. `base` is its public one."""
    shelf = Shelf(output, max_age=0)
    shelf.load(gone=gone)
    server = Server(app(shelf, health=lambda: (True, {}), base=base), host="127.0.0.1", port=port)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.address[1]}/"
    finally:
        server.stop(0.2)
