"""What happened between a fault and the first write, from the journals of the surviving nodes. Pure.

To follow another wording of Pacemaker or corosync, change ``RULES`` and nothing else.
"""

import re
from dataclasses import dataclass

from tuchanka.campaign.slices import Slice


@dataclass(frozen=True, slots=True)
class Rule:
    """A journal line that marks a phase: ``unit`` is the whole syslog identifier, ``message`` is searched for.

    ``INSTANCE`` and ``TARGET`` stand for the trial's. ``after`` names a phase that must have been seen before.
    """

    phase: str
    unit: str
    message: str
    after: str = ""


FIRST_WRITE = "first write"
RULES: tuple[Rule, ...] = (
    Rule("detected", r"corosync", r"A processor failed, forming new configuration"),
    Rule(
        "quorum decided",
        r"corosync",
        r"This node is within the primary component|\[QUORUM\s*\] Members\[\d+\]",
        after="detected",
    ),
    Rule(
        "quorum decided", r"pacemakerd|pacemaker-controld", r"Quorum (?:acquired|retained|regained)", after="detected"
    ),
    Rule(
        "fenced",
        r"pacemaker-fenced|pacemaker-controld",
        r"Operation .?(?:reboot|off).? .*(?:targeting|of) TARGET\b.*\b(?:OK|complete)"
        r"|Self-fencing \((?:reboot|off)\) by TARGET\b.* assumed complete"
        r"|TARGET was (?:terminated|fenced) \((?:reboot|off)\).*\bOK"
        r"|\bTARGET was (?:terminated|fenced) \((?:reboot|off)\)(?!.*(?:[Ff]ailed|rror))",
    ),
    Rule(
        "promoted",
        r"pacemaker-controld",
        r"Result of promote operation for INSTANCE(?:[:-]\S*)? on \S+: (?:OK|ok|0)\b",
    ),
    Rule("VIP up", r"pacemaker-controld", r"Result of start operation for INSTANCE-vip on \S+: (?:OK|ok|0)\b"),
)
PHASES: tuple[str, ...] = (*dict.fromkeys(rule.phase for rule in RULES), FIRST_WRITE)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The phases of one trial, in order; None where one wasn't seen.

    ``at`` is seconds from the injection. ``seconds`` is how long each lasted: since the latest phase before it that
    was seen, so that they add up to the latest ``at``. A phase that came before one listed earlier lasted 0.
    """

    at: dict[str, float | None]
    seconds: dict[str, float | None]


def anatomy(trial: Slice, first_write: float | None) -> Anatomy:
    """Measure the phases; ``first_write`` is when the first write after the outage was answered (monotonic).

    Only lines of the surviving nodes count: not the fault's target, and none of another cluster (nodes that nobody
    asked for their role, where anybody was asked at all).
    """
    at: dict[str, float | None] = dict.fromkeys(PHASES)
    injected = trial.injected
    if injected is not None:
        for phase in PHASES[:-1]:
            at[phase] = _first(trial, phase, injected, at)
        at[FIRST_WRITE] = None if first_write is None else first_write - injected
    seconds: dict[str, float | None] = dict.fromkeys(PHASES)
    reached = 0.0
    for phase, point in at.items():
        if point is not None:
            seconds[phase] = max(0.0, point - reached)
            reached = max(reached, point)
    return Anatomy(at, seconds)


def _first(trial: Slice, phase: str, injected: float, at: dict[str, float | None]) -> float | None:
    until = trial.end if trial.stable is None else trial.stable
    nodes = set(trial.nodes)
    for line in trial.journal:
        if not injected <= line.t <= until or line.node == trial.started.target:
            continue
        if nodes and line.node not in nodes:
            continue
        for rule in RULES:
            if rule.phase != phase:
                continue
            seen = at[rule.after] if rule.after else 0.0
            if seen is not None and line.t - injected >= seen and _matches(rule, trial, line.unit, line.message):
                return line.t - injected
    return None


def _matches(rule: Rule, trial: Slice, unit: str, message: str) -> bool:
    pattern = rule.message.replace("INSTANCE", re.escape(trial.started.instance))
    pattern = pattern.replace("TARGET", re.escape(trial.started.target))
    return re.fullmatch(rule.unit, unit) is not None and re.search(pattern, message) is not None
