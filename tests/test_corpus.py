"""Articles with everything that articles can have, hundreds of them: every document is within its bounds, and together they hold all."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeder.renderers import xml
from tests import corpus
from tests.subscribers import issue, json_issue, rss_issue


@pytest.mark.parametrize("count", [150, pytest.param(corpus.COUNT, marks=pytest.mark.slow)])
def test_every_live_article_is_met_on_the_way_through_the_archives_and_no_document_is_too_large(tmp_path: Path, count: int) -> None:
    """rules 8, 26, 27, 34. What other judges say of it: `python -m tests.corpus`."""
    news = corpus.publish(tmp_path / "news", count)
    lost, strange, live = corpus.missing(news)
    assert (lost, strange) == (set(), set())
    assert live > count * 4 // 5
    found = corpus.feeds(news)
    assert len(found["atom"]) > 25
    for path in (*found["atom"], *found["rss"], *found["json"]):
        assert path.stat().st_size <= 512 * 1024, path
    for path in found["atom"]:
        assert set(xml.check(path.read_bytes())) == issue(path.read_bytes()).ids
    twins = issue(news.published()["feed.xml"]), rss_issue(news.published()["rss.xml"]), json_issue(news.published()["feed.json"])
    assert len({tuple((item.id, item.title, item.published) for item in twin.items) for twin in twins}) == 1
