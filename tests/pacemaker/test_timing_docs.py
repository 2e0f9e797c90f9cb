import re
from dataclasses import replace
from pathlib import Path

from tuchanka.faults.catalogue import REACTIONS
from tuchanka.prediction import Prediction
from tuchanka.stacks.pacemaker.predictions import predict, predict_all
from tuchanka.stacks.pacemaker.timing.derive import KEYS, timing_of
from tuchanka.stacks.pacemaker.timing.predict import (
    predict_power_off,
    safety_margin_s,
)
from tuchanka.stacks.pacemaker.timing.profiles import CAUTIOUS, PROFILES
from tuchanka.stacks.pacemaker.timing.rules import rules
from tuchanka.topology.load import load
from tuchanka.topology.types import STOCK

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-sites.toml"
PLAIN = Path(__file__).parents[2] / "examples" / "stock.toml"
DOC = (Path(__file__).parents[2] / "docs" / "timing.md").read_text(encoding="utf-8")


def test_the_table_of_values_is_the_code():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|", DOC.split("## Rules")[0], re.MULTILINE)
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


def test_what_the_stock_stack_is_predicted_to_take():
    plain = load(PLAIN)
    assert plain.helpers == STOCK
    timings = [timing_of(replace(plain, profile=profile), plain.clusters[0]) for profile in PROFILES]
    stock = [predict_all(timing, REACTIONS) for timing in timings]
    ours = [predict_all(timing, REACTIONS) for timing in PROFILES.values()]
    pairs = list(zip(stock, ours, strict=True))
    differing = [fault for fault in REACTIONS if any(a.get(fault) != b.get(fault) for a, b in pairs)]
    part = DOC.split("## Without helpers")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*`) \| (.*) \| (.*) \| (.*) \|$", part, re.MULTILINE)
    shown = {fault: cells for names, *cells in rows for fault in re.findall(r"`([a-z-]+)`", names)}
    assert shown == {fault: [cell(one.get(fault)) for one in stock] for fault in differing}


def cell(prediction: Prediction | None) -> str:
    if prediction is None:
        return "?"
    return f"{prediction.seconds:.1f} s" if prediction.phases else "none"


def test_what_a_cluster_without_a_witness_has():
    topology = load(EXAMPLE)
    here = [replace(topology, profile=profile) for profile in PROFILES]
    timings = [timing_of(one, one.clusters[0]) for one in here]
    fencing = " | ".join(str(timing.stonith_watchdog_timeout_ms) for timing in timings)
    predicted = " | ".join(f"{predict_power_off(timing).seconds:.1f} s" for timing in timings)
    margins = " | ".join(f"{safety_margin_s(timing):.1f} s" for timing in timings)
    part = DOC.split("## Without a quorum device")[1]
    assert f"| `stonith_watchdog_timeout_ms` | {fencing} |" in part
    assert f"| predicted reaction to a power loss | {predicted} |" in part
    assert f"| safety margin | {margins} |" in part


def test_the_predictions_of_the_other_faults():
    rows = re.findall(r"^\| (`.*`) \| .* \| (.*) \| (.*) \| (.*) \|$", DOC, re.MULTILINE)
    shown = {fault: cells for names, *cells in rows for fault in re.findall(r"`([a-z-]+)`", names)}
    predicted = {fault: [predict(timing, REACTIONS[fault]) for timing in PROFILES.values()] for fault in REACTIONS}
    assert shown == {
        fault: [f"{one.seconds:.1f} s" if one and one.phases else "none" for one in of_profiles]
        for fault, of_profiles in predicted.items()
    }
