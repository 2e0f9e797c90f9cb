"""The profile, its overrides and the rules that they keep: what the stack says of a topology. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said
from tuchanka.stacks.pacemaker.timing.derive import derive, timing_of
from tuchanka.stacks.pacemaker.timing.rules import LEVELS, rules
from tuchanka.topology.types import Topology


def must_have_timing(topology: Topology) -> None:
    """Refuse a profile and overrides that the stack doesn't know.

    Raises:
        TopologyError: file, key (``profile`` or ``timing.KEY``), what and hint.
    """
    derive(topology)


def timing_rules_hold(topology: Topology) -> Iterator[Said]:
    """Every rule of ``stacks.pacemaker.timing.rules`` holds for each cluster; what several break is said once."""
    said = set()
    for cluster in topology.clusters:
        for rule in rules(timing_of(topology, cluster)):
            if not rule.holds and rule not in said:
                said.add(rule)
                what = f'the rule "{rule.name}" doesn\'t hold: {rule.text} ({rule.source})'
                key = rule.key.replace("CLUSTER", cluster.name) if rule.key == LEVELS else f"timing.{rule.key}"
                yield Said("error", key, what, rule.instead)
