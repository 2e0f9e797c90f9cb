import re
from pathlib import Path

from tuchanka.stacks.pacemaker.timing.derive import KEYS
from tuchanka.stacks.pacemaker.timing.predict import PREDICTIONS, predict, predict_power_off, safety_margin_s
from tuchanka.stacks.pacemaker.timing.profiles import CAUTIOUS, PROFILES
from tuchanka.stacks.pacemaker.timing.rules import rules

DOC = (Path(__file__).parents[2] / "docs" / "timing.md").read_text(encoding="utf-8")


def test_the_table_of_values_is_the_code():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|", DOC, re.MULTILINE)
    assert rows == [(key, *(str(getattr(timing, key)) for timing in PROFILES.values())) for key in KEYS]


def test_every_rule_is_there_with_its_source():
    for rule in rules(CAUTIOUS):
        assert re.search(rf"^\| {re.escape(rule.name)} \| .* \| {re.escape(rule.source)} \|$", DOC, re.MULTILINE)


def test_the_prediction_and_the_margin():
    predicted = " | ".join(f"{predict_power_off(timing).seconds:.1f} s" for timing in PROFILES.values())
    margins = " | ".join(f"{safety_margin_s(timing):.1f} s" for timing in PROFILES.values())
    assert f"| predicted reaction | {predicted} |" in DOC
    assert f"| safety margin | {margins} |" in DOC
    for phase in predict_power_off(CAUTIOUS).phases:
        assert f"**{phase.name}**" in DOC


def test_the_predictions_of_the_other_faults():
    rows = re.findall(r"^\| (`.*`) \| .* \| (.*) \| (.*) \| (.*) \|$", DOC, re.MULTILINE)
    shown = {fault: cells for names, *cells in rows for fault in re.findall(r"`([a-z-]+)`", names)}
    predicted = {fault: [predict(timing, fault) for timing in PROFILES.values()] for fault in PREDICTIONS}
    assert shown == {
        fault: [f"{one.seconds:.1f} s" if one and one.phases else "none" for one in of_profiles]
        for fault, of_profiles in predicted.items()
    }
