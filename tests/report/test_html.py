import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree, html

from tests.analysis.forged import change, power_loss, renumber, standby_fault
from tests.report.many import campaign
from tuchanka.analysis.phases import PHASES
from tuchanka.events import CommitsCounted, Event, Healthy, Journal, RunStarted, TrialEnded, TrialStarted, Write
from tuchanka.report.figures import NONE
from tuchanka.report.html import render_html as render
from tuchanka.report.runs import Report, run_of
from tuchanka.stacks.pacemaker.journal_rules import RULES
from tuchanka.topology.load import default_text

HERE = Path("/nothing/here")
NASTY = "</script><script>alert(1)</script>\x00\x1b[31m\"'&<b>"


def render_html(events: list[Event]) -> str:
    return render(Report(HERE, (run_of(events, HERE, RULES),)))


def histories() -> dict[str, list[Event]]:
    events = power_loss()
    return {
        "good": events,
        "standby": standby_fault(),
        "two": [*events, *renumber(standby_fault(), 2, 100.0)],
        "never counted": change(events, CommitsCounted, lambda _: None),
        "never back": change(
            events,
            Write,
            lambda one: Write(one.t, one.instance, one.seq, one.due, one.sent, "refused") if one.due > 106 else one,
        ),
        "no journal": change(events, Journal, lambda _: None),
        "interrupted": [event for event in events if event.t < 107],
        "before the fault": [event for event in events if event.t < 103],
        "no beats": [event for event in events if isinstance(event, TrialStarted | TrialEnded | Healthy)],
        "empty": [],
    }


@pytest.fixture(params=sorted(histories()))
def page(request: pytest.FixtureRequest) -> str:
    return render_html(histories()[request.param])


def test_it_parses_strictly_and_needs_nothing_else(page: str) -> None:
    parser = etree.HTMLParser()
    tree = html.document_fromstring(page, parser=html.HTMLParser())
    etree.fromstring(page, parser)
    # libxml2 knows the tags of HTML 4: any other error (a tag that isn't closed, say) is one.
    unknown = {
        "header",
        "main",
        "section",
        "article",
        "footer",
        "svg",
        "defs",
        "pattern",
        "line",
        "g",
        "rect",
        "text",
        "path",
        "title",
        "circle",
        "tspan",
        "use",
        "details",
        "summary",
    }
    errors = [one for one in parser.error_log if not any(f"Tag {tag} " in one.message for tag in unknown)]
    assert errors == []
    assert not re.search(r"https?:|//[a-z]", page)
    assert not tree.xpath("//@src | //link | //iframe | //img | //object | //@onload | //@onclick")
    assert all(target.startswith("#") for target in tree.xpath("//@href"))
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in tree.xpath("//@href")} <= set(ids)
    assert not tree.xpath("//script")


def test_charts_are_xml_and_within_their_frame(page: str) -> None:
    for drawn in re.findall(r"<svg .*?</svg>", page, flags=re.DOTALL):
        svg = etree.fromstring(drawn)
        if svg.get("viewBox") is None:
            continue
        _, _, width, height = map(float, str(svg.get("viewBox")).split())
        for rect in svg.iter("rect"):
            x, y, wide, high = (float(rect.get(key) or 0) for key in ("x", "y", "width", "height"))
            assert wide > 0
            assert high > 0
            assert -1 <= x <= x + wide <= width + 1
            assert -1 <= y <= y + high <= height + 1


def text(page: str) -> str:
    return " ".join(" ".join(html.fromstring(page).xpath("//body//text()[not(ancestor::script)]")).split())


def test_what_people_in_a_hurry_read() -> None:
    found = text(render_html(power_loss()))
    assert "krogan2 took writes again 8.4 s after the power-off of tuchanka2a, its primary" in found
    for words in ("8.4 s writes were away", "8.5 s fresh reads were away", "0 of 102 acknowledged commits lost"):
        assert words in found
    assert "never two primaries at once" in found
    assert "timing profile fast" in found
    assert "host with 4 cores" in found
    assert "PostgreSQL 17.6" in found


def test_a_mark_for_the_fault_and_each_phase() -> None:
    tree = html.fromstring(render_html(power_loss()))
    labels = tree.xpath("//svg[contains(@class, 'timeline')]//text[contains(@class, 'label')]/text()")
    for phase in (one for one in PHASES if one != "recovered"):
        assert any(label.startswith(phase) for label in labels), phase
    assert "power-off" in labels
    hints = tree.xpath("//path[@class='indeterminate']/title/text()")
    assert len(hints) == 1
    assert f"beats 46{NONE}47 indeterminate" in hints[0]
    assert "no answer within the deadline" in hints[0]


def test_what_was_not_measured_is_a_dash_with_its_reason() -> None:
    found = text(render_html(histories()["never counted"]))
    assert "the commits were never counted" in found
    assert f"{NONE} of 217 acknowledged commits lost" in found
    assert "writes were never away" in text(render_html(standby_fault()))
    assert "writes never came back" in text(render_html(histories()["never back"]))
    assert "not seen in the journals" in text(render_html(histories()["no journal"]))


def test_what_comes_from_outside_is_escaped() -> None:
    events = change(power_loss(), TrialEnded, lambda one: TrialEnded(one.t, 1, NASTY))
    events = change(events, RunStarted, lambda one: RunStarted(one.t, NASTY, NASTY, NASTY, 4, {NASTY: NASTY}))
    events = change(
        events, TrialStarted, lambda one: TrialStarted(one.t, 1, NASTY, "krogan2", NASTY, NASTY, NASTY, {NASTY: 1.0})
    )
    events = change(
        events,
        Write,
        lambda one: Write(one.t, one.instance, one.seq, one.due, one.sent, one.outcome, NASTY if one.error else ""),
    )
    page = render_html(events)
    assert "<script>alert" not in page
    assert "<b>" not in re.sub(r"<b>[^<]*</b>", "", page)
    assert "\x00" not in page
    assert "\x1b" not in page
    test_charts_are_xml_and_within_their_frame(page)


def page_of(folder: Path, events: list[Event], topology: str = "") -> str:
    if topology:
        (folder / "topology.toml").write_text(topology)
    return render(Report(folder, (run_of(events, folder, RULES),)))


def test_the_cluster_is_shown_where_its_topology_was_kept(tmp_path: Path) -> None:
    assert "The cluster as planned" not in page_of(tmp_path, power_loss())
    page = page_of(tmp_path, power_loss(), default_text())
    assert "The cluster as planned" in page
    assert "http:" not in page
    assert "The cluster as planned" not in page_of(tmp_path, power_loss(), "name = 1")


def test_evidence_is_linked(tmp_path: Path) -> None:
    kept = tmp_path / "evidence" / "trial-1" / "tuchanka2a"
    kept.mkdir(parents=True)
    (kept / "pcs status.txt").write_text("all is well")
    tree = html.fromstring(page_of(tmp_path, power_loss()))
    (link,) = tree.xpath("//p[@class='evidence']/a")
    assert (tmp_path / unquote(link.get("href"))).read_text() == "all is well"


def test_a_comparison(tmp_path: Path) -> None:
    runs = tuple(
        run_of(power_loss(), HERE, RULES, name=name, first=number) for number, name in enumerate(("old", "new"), 1)
    )
    page = render(Report(HERE, runs, compare=True))
    found = text(page)
    assert "old and new: 2 trials compared" in found
    assert "new beside old" in found
    assert "not enough trials: 1 and 1" in found
    assert "trial 1 of new" in found
    test_charts_are_xml_and_within_their_frame(page)


def test_many_trials_stay_a_small_page() -> None:
    page = render_html(list(campaign(60)))
    assert len(page) / 60 < 20_000
    tree = html.fromstring(page)
    assert len(tree.xpath("//details[@class='trial']")) == 60
    assert not tree.xpath("//details[@class='trial'][@open]")
    assert set(tree.xpath("//a/@href")) <= {f"#trial-{number}" for number in range(1, 61)}
