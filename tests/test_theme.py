"""Templates and a stylesheet beside the configuration: they win piece by piece, are noticed when they change, and stop nothing when wrong."""

from __future__ import annotations

import functools
import logging
import os
from pathlib import Path

import pytest

from feeder import compose, once, pipeline, theme
from feeder.clock import Clock
from feeder.model import Site
from feeder.pipeline import Parts
from feeder.renderers import fitting
from feeder.renderers.html import POLICY, Pages
from feeder.service import Service, _metrics
from feeder.service._state import SAID
from feeder.survey import survey
from feeder.theme import Theme
from tests.newsroom import Newsroom
from tests.overseer import until

SITE = Site("urn:x", "The News", "https://news.example/")
MINE = '{% extends "feeder/article.html" %}{% block neighbours %}<p>Mine: {{ entry.title }}</p>{{ super() }}{% endblock %}'


TOO_FAR = "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000)."


def faults(**templates: str) -> list[str]:
    """What is wrong with templates, each by its name without the suffix."""
    return [f"{problem.where}: {problem.reason}" for problem in fitting.faults(SITE, {f"{name}.html": text for name, text in templates.items()})]


@pytest.fixture
def news(tmp_path: Path) -> Newsroom:
    news = Newsroom(tmp_path)
    news.write("fog.md", "# Fog\n\nFog came on a Tuesday, and nobody had ordered it.\n")
    return news


def lay(news: Newsroom, name: str, text: str | bytes) -> Path:
    """Put a file beside the configuration."""
    file = news.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def page(news: Newsroom, path: str = "articles/fog.html") -> str:
    return (news.output / path).read_text("utf-8")


def test_a_template_wins_block_by_block_and_ours_takes_up_the_others(news: Newsroom) -> None:
    """Also below another one: the owner's page.html counts for pages whose own template is ours."""
    lay(news, "templates/article.html", MINE)
    lay(
        news,
        "templates/page.html",
        '{% extends "feeder/page.html" %}{% block head %}<meta name="x" content="{% include "bit.html" %}">{% endblock %}',
    )
    lay(news, "templates/bit.html", "{{ site.title }}")
    news.cycle()
    assert "<p>Mine: Fog</p>" in page(news)
    assert '<h1 class="p-name">Fog</h1>' in page(news)
    assert all('<meta name="x" content="The News">' in page(news, path) for path in ("articles/fog.html", "index.html", "404.html"))


def test_a_stylesheet_takes_the_place_of_ours_which_stays_beside_it(news: Newsroom) -> None:
    ours = Newsroom(news.folder / "other")
    ours.cycle()
    lay(news, "style.css", css := '@import "feeder.css"; h1 { color: red }')
    news.cycle()
    assert page(news, "style.css") == css
    assert page(news, "feeder.css") == page(ours, "style.css")
    (news.folder / "style.css").unlink()
    news.cycle()
    assert page(news, "style.css") == page(ours, "style.css")
    assert not (news.output / "feeder.css").exists()


def test_with_or_without_a_theme_a_second_look_writes_nothing(news: Newsroom) -> None:
    lay(news, "templates/article.html", MINE)
    lay(news, "style.css", "h1 {}")
    assert news.cycle().put.written
    assert news.cycle().put == pipeline.NOTHING


@pytest.mark.parametrize(
    ("templates", "where"),
    [
        ({"article": "a\n{% if x"}, "templates/article.html:2: unexpected end of template, expected 'end of statement block'."),
        ({"month": '{% extends "feeder/month.html" %}\n{% block main %}\n{{ fog }}{% endblock %}'}, "templates/month.html:3: 'fog' is undefined"),
        ({"page": '{% extends "page.html" %}'}, "templates/page.html:1: includes or extends itself"),
        ({"page": "{% include 'feeder/nothing.html' %}"}, "templates/page.html:1: there is no template feeder/nothing.html"),
        ({"notice": "{{ 1 / 0 }}"}, "templates/notice.html:1: division by zero"),
        ({"notice": "{{ 'x' * 2 ** 62 }}"}, "templates/notice.html:1: MemoryError"),
        ({"year": "{{ entries[0].nothing }}"}, "templates/year.html:1: 'feeder.model.Entry object' has no attribute 'nothing'"),
        ({"index": "{{ site.__class__ }}"}, "templates/index.html:1: access to attribute '__class__' of 'Site' object is unsafe."),
        ({"index": "{% for n in range(10 ** 9) %}{% endfor %}"}, "templates/index.html:1: " + TOO_FAR),
        ({"unused": "{% nonsense %}"}, "templates/unused.html:1: Encountered unknown tag 'nonsense'."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_template_is_told_with_file_and_line(templates: dict[str, str], where: str) -> None:
    assert where in faults(**templates)


def test_our_own_templates_pass_the_fitting_in_the_sandbox_too() -> None:
    assert faults(nothing="") == []
    assert fitting.faults(SITE, {}) == ()


def test_a_broken_template_stops_no_feed_and_changes_no_page(news: Newsroom) -> None:
    """New articles come out in the look that was the last to work, also in a process that starts beside the broken one."""
    lay(news, "templates/article.html", MINE)
    news.cycle()
    before = page(news)
    lay(news, "templates/article.html", "{{ nonsense }}")
    news.write("rain.md", "# Rain\n\nRain followed it, and stayed for the rest of that week.\n")
    report = news.cycle()
    assert [problem.where for problem in report.problems] == ["templates/article.html:1"]
    assert "Rain" in page(news, "feed.xml")
    assert "<p>Mine: Rain</p>" in page(news, "articles/rain.html")
    assert before.partition("Mine")[0] == page(news).partition("Mine")[0]
    assert [problem.where for problem in once.check(news.config, clock=Clock()).problems] == ["templates/article.html:1"]


def test_status_tells_of_a_broken_template_until_it_is_mended(news: Newsroom) -> None:
    """From the ledger, so that no service has to run; and a second look writes nothing."""
    news.cycle()
    assert survey(news.config.state, now=news.now).state == "ok"
    broken = lay(news, "templates/article.html", "{{ nonsense }}")
    news.cycle()
    told = survey(news.config.state, now=news.now)
    assert (told.state, [concern.about for concern in told.concerns]) == ("attention", ["templates"])
    assert told.templates[0].startswith("templates/article.html:1: ")
    broken.unlink()
    news.cycle()
    assert survey(news.config.state, now=news.now).state == "ok"


def test_a_template_that_leads_out_of_its_folder_is_not_read(news: Newsroom) -> None:
    """A folder of somebody else's publishes nothing that only its reader may see."""
    lay(news, "templates/bit.html", "a bit")
    (news.folder / "secret.txt").write_text("a secret")
    (news.folder / "templates/page.html").symlink_to("../secret.txt")
    report = news.cycle()
    assert [str(problem.where) for problem in report.problems] == ["templates/page.html"]
    assert not any(b"a secret" in body for body in news.published().values())
    (news.folder / "templates/page.html").unlink()
    (news.folder / "templates/other.html").symlink_to("bit.html")
    assert news.cycle().problems == ()


def test_a_page_that_fails_after_the_fitting_is_made_with_ours_and_told() -> None:
    pages = Pages(SITE, {"month.html": "{{ {'2026-01': 1}[name].real }}"})
    assert pages.month("2026-01", ()) == b"1"
    assert pages.month("2026-02", ()) == Pages(SITE).month("2026-02", ())
    assert list(pages.faults) == ["templates/month.html:1"]


def test_a_service_takes_up_a_theme_with_its_next_cycle(news: Newsroom) -> None:
    """And asks no more of the disk than names, times and sizes while nothing changes."""
    with compose.publishing(news.config) as parts:

        def cycle(parts: Parts) -> tuple[Parts, str]:
            worn = compose.dressed(news.config, parts)
            pipeline.cycle(worn, now=news.now, tick=news.tick, stop=lambda: None)
            return worn, page(news)

        first, plain = cycle(parts)
        assert first is parts
        lay(news, "templates/article.html", MINE)
        second, mine = cycle(first)
        assert "<p>Mine: Fog</p>" in mine
        assert compose.dressed(news.config, second) is second
        (news.folder / "templates/article.html").unlink()
        assert cycle(second)[1] == plain


def test_a_service_says_of_a_broken_template_what_it_is_and_of_which_feed(news: Newsroom, caplog: pytest.LogCaptureFixture) -> None:
    """At /health and among the metrics as such, and as nothing else; its words are the owner's, in the log and there with the feed's name."""
    lay(news, "templates/article.html", "{{ nonsense }}")
    log = logging.getLogger("feeder.harbour")
    with news.parts() as parts:
        load = functools.partial(getattr, news, "config")
        service = Service(news.config, parts, load, watch=False, accept_removals=False, on_hung=lambda: None, clock=Clock(), log=log)
        service.start(news.config)
        try:
            until(lambda: sum(service.figures().lasted))
            health = service.health()[1]
            samples = _metrics.troubles(service)
        finally:
            service.stop()
    assert (health["status"], health["reasons"]) == ("degraded", [SAID["templates"]])
    assert [sample.labels["about"] for sample in samples if sample.value] == ["templates"]
    assert [record.name for record in caplog.records if "nonsense" in record.getMessage()] == [log.name]


def test_only_files_that_are_meant_count(news: Newsroom, tmp_path: Path) -> None:
    """Not what an editor leaves, no pipe that somebody would wait for; and what cannot be read is told."""
    for name in (".article.html.swp", "article.html~", ".#page.html", "_draft.html"):
        lay(news, f"templates/{name}", "{% nonsense")
    os.mkfifo(news.folder / "templates" / "index.html")
    assert theme.read(news.folder) == (Theme(), ())
    lay(news, "templates/page.html", b"\xff\xfe")
    lay(news, "style.css", b"/*" + b"x" * theme.LARGEST)
    found = [f"{problem.where}: {problem.reason}" for problem in theme.read(news.folder)[1]]
    assert found == ["style.css: is larger than 1 MB", "templates/page.html: is not UTF-8"]


def test_a_theme_is_the_same_after_it_was_remembered() -> None:
    for one in (Theme(), Theme({"a.html": "ä"}, "b"), Theme({}, "")):
        assert Theme.unpacked(one.packed()) == one
    assert Theme().packed() == ""


def test_no_template_can_loosen_the_policy_unnoticed() -> None:
    """What is in a page's head before its blocks is ours, unless page.html is replaced as a whole."""
    pages = Pages(SITE, {"article.html": MINE, "page.html": '{% extends "feeder/page.html" %}{% block title %}x{% endblock %}'})
    assert POLICY.replace("'", "&#39;").encode() in pages.missing()
