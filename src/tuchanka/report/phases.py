"""The phases of a reaction, predicted and measured: a bar each on one time axis, and the rows of a table. Pure."""

from dataclasses import dataclass

from markupsafe import Markup

from tuchanka.campaign.anatomy import PHASES
from tuchanka.campaign.checker import Verdict
from tuchanka.report.svg import Scale, element, group
from tuchanka.report.words import NONE, clean, seconds, signed

WIDTH, LEFT, RIGHT = 1000.0, 96.0, 984.0
BAR, GAP, CHARACTER = 34.0, 12.0, 7.6
# A prediction that is off by more than this part of what was measured is shown as such.
OFF = 0.25
# Below this a phase is a matter of scheduling, and its part means nothing.
OFF_LEAST_S = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One phase: seconds predicted and measured, and when it was reached after the injection."""

    number: int
    name: str
    predicted: str
    measured: str
    reached: str
    remark: str
    off: bool


def names(verdict: Verdict) -> list[str]:
    """Return the phases that were predicted or measured, in order."""
    return list(dict.fromkeys([*PHASES, *verdict.predicted]))


def rows(verdict: Verdict) -> list[Row]:
    """Return the table: a row per phase, and the sum."""
    found = []
    for number, name in enumerate(names(verdict)):
        predicted, measured = verdict.predicted.get(name), verdict.phases.get(name)
        remark = "not seen in the journals" if measured is None else _difference(predicted, measured)
        if measured is None and name == "first write":
            remark = "writes never came back" if verdict.outages else "writes were never away"
        found.append(
            Row(
                number=number,
                name=clean(name),
                predicted=seconds(predicted),
                measured=seconds(measured),
                reached=seconds(verdict.phases_at.get(name)),
                remark=remark,
                off=_off(predicted, measured),
            )
        )
    found.append(
        Row(
            number=-1,
            name="sum",
            predicted=seconds(verdict.predicted_s),
            measured=seconds(verdict.reaction_s),
            reached=NONE,
            remark=_difference(verdict.predicted_s, verdict.reaction_s),
            off=_off(verdict.predicted_s, verdict.reaction_s),
        )
    )
    return found


def bars(verdict: Verdict) -> Markup | None:
    """Return both bars as SVG; None where neither has a phase."""
    both = [("predicted", dict[str, float | None](verdict.predicted)), ("measured", verdict.phases)]
    longest = max(sum(value or 0.0 for value in phases.values()) for _, phases in both)
    if longest <= 0:
        return None
    x = Scale(0.0, longest * 1.04, LEFT, RIGHT)
    parts = [_bar(verdict, label, phases, x, index * (BAR + GAP) + 4) for index, (label, phases) in enumerate(both)]
    height = 2 * (BAR + GAP) + 4
    axis = [element("line", x1=LEFT, x2=RIGHT, y1=height, y2=height, class_="base")]
    for tick in x.ticks():
        axis.append(element("line", x1=x(tick), x2=x(tick), y1=height, y2=height + 5, class_="base"))
        axis.append(element("text", f"{tick:g} s", x=x(tick), y=height + 18, class_="axis", text_anchor="middle"))
    return element(
        "svg",
        element("title", f"Phases of trial {verdict.trial}, predicted and measured"),
        *parts,
        group(axis),
        viewBox=f"0 0 {WIDTH:.0f} {height + 24:.0f}",
        class_="phases",
        role="img",
    )


def _bar(verdict: Verdict, label: str, phases: dict[str, float | None], x: Scale, y: float) -> Markup:
    parts = [element("text", label, x=LEFT - 10, y=y + BAR / 2 + 4, class_="lane", text_anchor="end")]
    begin = 0.0
    for number, name in enumerate(names(verdict)):
        length = phases.get(name)
        if not length:
            continue
        left, right = x(begin), x(begin + length)
        hint = element("title", clean(f"{label}: {name} {length:.2f} s, reached at {begin + length:.2f} s"))
        parts.append(
            element(
                "rect", hint, x=left, y=y, width=max(right - left - 1.5, 0.8), height=BAR, class_=f"segment p{number}"
            )
        )
        text = clean(name) if right - left > (len(name) + 7) * CHARACTER else ""
        figure = seconds(length)
        if text or right - left > len(figure) * CHARACTER + 6:
            words = f"{text} {figure}".strip()
            parts.append(element("text", words, x=left + 6, y=y + BAR / 2 + 4, class_="segment-label"))
        begin += length
    return group(parts)


def _difference(predicted: float | None, measured: float | None) -> str:
    if predicted is None or measured is None:
        return ""
    return signed(measured - predicted)


def _off(predicted: float | None, measured: float | None) -> bool:
    if predicted is None or measured is None:
        return False
    return abs(measured - predicted) > max(OFF * measured, OFF_LEAST_S)
