"""``junit.xml``: a test case per trial, as CI systems read it. Pure."""

from collections.abc import Sequence

from lxml import etree

from tuchanka.analysis.verdict import Verdict
from tuchanka.report import wording as words


def render_junit(verdicts: Sequence[Verdict], *, suite: str = "tuchanka") -> str:
    """Return the verdicts as JUnit XML; a trial that isn't recovered is a failure with its problems."""
    failed = sum(1 for one in verdicts if not one.recovered)
    root = etree.Element("testsuites", tests=str(len(verdicts)), failures=str(failed), errors="0")
    inside = etree.SubElement(
        root, "testsuite", name=words.clean(suite), tests=str(len(verdicts)), failures=str(failed), errors="0"
    )
    for verdict in verdicts:
        case = etree.SubElement(
            inside,
            "testcase",
            classname=words.clean(f"{verdict.cluster}.{verdict.instance}"),
            name=f"trial {verdict.trial}: {words.title(verdict)}",
            # What a CI system plots over its runs: how long writes were away.
            time=f"{verdict.reaction_s or 0:.3f}",
        )
        if not verdict.recovered:
            failure = etree.SubElement(case, "failure", message=words.clean(verdict.problem))
            failure.text = words.clean("\n".join(verdict.problems))
        out = etree.SubElement(case, "system-out")
        told = [(one.name, one.value, one.remark) for one in words.figures(verdict)]
        told += [(f"check {one.name}", one.outcome, one.detail or one.promise) for one in verdict.checks]
        out.text = words.clean(
            "\n".join(f"{name}: {value}" + (f" ({why})" if why else "") for name, value, why in told)
        )
    return etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8").decode()
