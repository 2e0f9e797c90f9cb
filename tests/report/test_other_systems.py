"""Figures of other systems: the data file, and where they are shown."""

from pathlib import Path

import pytest

from tests.analysis.forged import power_loss, standby_fault
from tuchanka.errors import InputError
from tuchanka.report.html import render_html
from tuchanka.report.markdown import render_markdown
from tuchanka.report.other_systems import OtherFigure, OtherSystem, parse, read
from tuchanka.report.runs import Report, run_of
from tuchanka.stacks.pacemaker.journal_rules import RULES

ROOT = Path(__file__).parents[2]
HERE = Path("/nothing/here")
OURS = ROOT / "benchmarks" / "other-systems.toml"
DOCUMENTED = (ROOT / "docs" / "report.md").read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]


def report(*systems: OtherSystem) -> Report:
    return Report(HERE, (run_of(power_loss(), HERE, RULES),), other_systems=systems)


def test_the_example() -> None:
    systems = read(OURS)
    assert len(systems) == 3
    assert [str(one.of("tuchanka2", "power-off", "primary")) for one in systems] == [
        "28.8 s",
        "11.9 s",
        "39 ± 8 s (21)",
    ]
    assert all(one.of("tuchanka2", "power-off", "standby") is None for one in systems)


def test_the_documentation_is_an_example_that_can_be_read() -> None:
    (one,) = parse(DOCUMENTED, where="docs/report.md")
    assert one.of("tuchanka2", "power-off", "primary") == OtherFigure(39, 8, 21)
    assert one.of("tuchanka9", "power-off", "primary") == OtherFigure(28.8)


def test_without_a_file_no_report_says_a_word_of_others() -> None:
    for page in (render_html(report()), render_markdown(report())):
        assert "rototype" not in page
        assert "Patroni" not in page
        assert "other system" not in page.lower()


def test_they_stand_beside_ours() -> None:
    systems = read(OURS)
    page, text = render_html(report(*systems)), render_markdown(report(*systems))
    for one in systems:
        assert f"<th>{one.name}" in page
        assert f"| {one.name} |" in text.replace("\\", "")
    assert '<td class="n">28.8 s</td><td class="n">11.9 s</td><td class="n">39 ± 8 s (21)</td>' in page
    assert page.count('class="other"') == 3
    assert "| 28.8 s | 11.9 s | 39 ± 8 s (21) |" in text


def test_what_fits_no_trial_is_not_shown() -> None:
    assert "Other systems" not in render_html(report(OtherSystem("X", faults={"unlink": OtherFigure(3.0)})))
    standbys = Report(HERE, (run_of(standby_fault(), HERE, RULES),), other_systems=read(OURS))
    assert "Other systems" not in render_html(standbys)


def test_what_comes_from_the_file_is_escaped() -> None:
    nasty = "</script><script>\x00<b>|"
    system = OtherSystem(nasty, nasty, nasty, {"power-off": OtherFigure(3.0)})
    page = render_html(report(system))
    assert "<script>" not in page
    assert "\x00" not in page
    assert "<script>" not in render_markdown(report(system))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("systems = ", "isn't TOML"),
        ("", "should hold [[systems]] and nothing else"),
        ("[systems]", "should hold [[systems]] and nothing else"),
        ("systems = [1]", "f: systems[1]: should be a table"),
        ("[[systems]]", "f: systems[1]: name should be a text"),
        ("[[systems]]\nname = 'a'\n[[systems]]\nname = 2", "f: systems[2]: name should be a text"),
        ("[[systems]]\nname = 'a'\nremarks = 'b'", "unknown key 'remarks'"),
        ("[[systems]]\nname = 'a'\nfaults = 3", "f: systems[1].faults: should be a table"),
        ("[[systems]]\nname = 'a'\nclusters = { t = 3 }", "f: systems[1].clusters.t: should be a table"),
        *(
            (
                f"[[systems]]\nname = 'a'\nfaults = {{ unlink = {value} }}",
                "systems[1].faults.unlink: should be seconds",
            )
            for value in (
                *("'3'", "true", "0", "-1", "inf", "nan", "[3]", "{}", "{ seconds = 3, median = 3 }"),
                *("{ seconds = 3, deviation = -1 }", "{ seconds = 3, count = 1.5 }", "{ deviation = 3 }"),
            )
        ),
    ],
)
def test_a_file_that_is_wrong(text: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(text, where="f")
    assert words in str(raised.value)
    assert "docs/report.md" in str(raised.value)


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: No such file"):
        read(tmp_path / "missing.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(InputError, match="isn't UTF-8"):
        read(tmp_path / "bytes.toml")
