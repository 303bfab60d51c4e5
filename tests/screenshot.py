"""The picture in the README: the front page of an invented feed, as Chromium shows it.

`python -m tests.screenshot` makes docs/screenshot.png anew.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser import CHROMIUM, FLAGS
from tests.newsroom import Newsroom

__all__ = ["PICTURE", "publish"]

PICTURE = Path(__file__).parent.parent / "docs" / "screenshot.png"
SETTINGS = """
[feed]
title = "Harbour Gazette"
subtitle = "Tides, boats and weather from the north quay"
author = "Ann Author"
base_url = "https://gazette.example/"
"""
ARTICLES = {
    "fog.md": """---
title: Nine days of fog
tags: [weather]
---
The fog came on a Tuesday and stayed for nine days, the longest that the harbour office has on record. Forty boats waited outside the mole, and the
horn sounded every two minutes. Nobody was hurt, and the bakery on the quay sold out every morning.
""",
    "ferry.md": """---
title: The ferry to the islands sails twice a day again
tags: [ferry]
---
From Monday the ferry leaves at seven in the morning and at four in the afternoon. The second crossing had been suspended since spring, when its
engine failed off the lighthouse. Tickets cost as much as before.
""",
    "lamp.md": """---
title: A lamp for the head of the mole
tags: [harbour]
---
The new lamp is seen from eleven miles and uses less power than a kettle. It replaces the one that a storm took in January. The old lens will stand
in the museum, beside the ledger in which its keepers wrote down every ship.
""",
    "eels.md": """---
title: What the eels know about the moon
tags: [nature]
---
Every autumn the eels leave the brook on the darkest night. Two teachers and their class counted them for six years, and found that clouds do as well
as a new moon. Their tables are in the school library, for whoever wants to count on.
""",
}


def publish(folder: Path) -> Path:
    """Publish the invented feed in a folder; return its front page."""
    news = Newsroom(folder, SETTINGS)
    news.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for place, (path, text) in enumerate(ARTICLES.items()):
        news.write(path, text, age=timedelta(days=2 + 3 * place))
    news.cycle()
    return news.output / "index.html"


def main() -> int:
    """Publish it, open its front page, and keep what is seen."""
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        page = chromium.new_page(viewport={"width": 1280, "height": 800}, java_script_enabled=False)
        page.goto(publish(Path(folder)).as_uri())
        page.screenshot(path=PICTURE)
        chromium.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} KB")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
