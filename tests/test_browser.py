"""The browser that tests of pages look with: it must see what it is there to find."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.browser import NARROW, Browser, needs_chromium, served

pytestmark = needs_chromium
PAGE = """<!doctype html><html lang="en"><title>Fog</title><style>:root { color-scheme: light dark }</style>
<h1>Fog</h1><img src="https://elsewhere.example/fog.png"><p id="p">no script</p><script>p.textContent = "script"; console.log("hello")</script>"""


def test_a_visit_tells_what_was_said_asked_and_run(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text(PAGE)
    with served(tmp_path / "site") as home:
        read = "document.getElementById('p').textContent"
        still = browser.visit(home, read, bypass_csp=True, shot=tmp_path / "shots/still.png", width=NARROW)
        lively = browser.visit(home, read, bypass_csp=True, java_script_enabled=True)
        strict = browser.visit(home, read, java_script_enabled=True)
        dark = browser.visit(home, "matchMedia('(prefers-color-scheme: dark)').matches", dark=True)
        violations = browser.axe(home)
        browser.pdf(home, tmp_path / "page.pdf")
    assert (still.status, still.told, still.strangers()) == (200, "no script", {"elsewhere.example"})
    assert (lively.told, "log: hello" in lively.console) == ("script", True)
    assert strict.told == "no script"
    assert any("Content Security Policy" in said for said in strict.console)
    assert dark.told is True
    assert any(violation.startswith("image-alt") for violation in violations)
    assert (tmp_path / "shots/still.png").read_bytes()[16:20] == NARROW.to_bytes(4, "big")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_other_tests_may_have_a_loop_of_their_own(browser: Browser) -> None:
    """Playwright's would be in their way."""
    assert browser.visit("about:blank", "1 + 1").told == 2
    assert asyncio.run(asyncio.sleep(0, "theirs")) == "theirs"
