"""``junit.xml``: a test case per trial, as CI systems read it. Pure."""

from collections.abc import Sequence
from xml.etree import ElementTree

from tuchanka.analysis.verdict import Verdict
from tuchanka.report.details import details
from tuchanka.report.headings import title
from tuchanka.report.text import clean


def render_junit(verdicts: Sequence[Verdict], *, suite: str = "tuchanka") -> str:
    """Return the verdicts as JUnit XML; a trial that isn't recovered is a failure with its problems."""
    failed = sum(1 for one in verdicts if not one.recovered)
    root = ElementTree.Element("testsuites", tests=str(len(verdicts)), failures=str(failed), errors="0")
    inside = ElementTree.SubElement(
        root, "testsuite", name=clean(suite), tests=str(len(verdicts)), failures=str(failed), errors="0"
    )
    for verdict in verdicts:
        case = ElementTree.SubElement(
            inside,
            "testcase",
            classname=clean(f"{verdict.subject.cluster}.{verdict.subject.instance}"),
            name=f"trial {verdict.subject.trial}: {title(verdict)}",
            # What a CI system plots over its runs: how long writes were away.
            time=f"{verdict.service.reaction_s or 0:.3f}",
        )
        if not verdict.recovered:
            failure = ElementTree.SubElement(case, "failure", message=clean(verdict.problem))
            failure.text = clean("\n".join(verdict.problems))
        out = ElementTree.SubElement(case, "system-out")
        told = [(one.name, one.value, one.remark) for one in details(verdict)]
        told += [(f"check {one.name}", one.outcome, one.detail or one.promise) for one in verdict.checks]
        out.text = clean("\n".join(f"{name}: {value}" + (f" ({why})" if why else "") for name, value, why in told))
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return f"{text.decode()}\n"
