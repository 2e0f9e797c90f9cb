"""What the audit of the nodes says of a trial: each function looks for one kind of harm. Pure.

Every node has its facts (``stacks.pacemaker.audit_facts``) from before and after; a node without facts couldn't be
asked, and then whatever needs it isn't checked.
"""

from collections.abc import Iterator, Mapping

from tuchanka.analysis.checks.outcome import Finding, find
from tuchanka.analysis.trial_record import Slice
from tuchanka.stacks.pacemaker.audit_facts import Facts
from tuchanka.stacks.pacemaker.crm import INFINITY

NOBODY = "nobody looked at the nodes after the trial"
Nodes = Mapping[str, Facts]
# (instance, node → its copy)
Copies = tuple[str, dict[str, Facts]]


def _after(trial: Slice) -> dict[str, Facts]:
    return {one.node: one.found for one in trial.audits}


def _before(trial: Slice) -> dict[str, Facts]:
    return {one.node: one.before for one in trial.audits}


def _unknown(nodes: Nodes, key: str) -> Iterator[str]:
    if not nodes:
        yield NOBODY
    yield from (
        f"{node} did not show its {key.replace('_', ' ')}" for node, facts in nodes.items() if key not in facts
    )


def _copies(nodes: Nodes) -> Iterator[Copies]:
    found: dict[str, dict[str, Facts]] = {}
    for node, facts in nodes.items():
        for name, copy in facts.get("instances", {}).items():
            found.setdefault(name, {})[node] = copy
    yield from found.items()


def _silent(trial: Slice, nodes: Nodes) -> Iterator[str]:
    """Name the copies that should have answered."""
    if not nodes:
        yield NOBODY
        return
    for watched in trial.watched:
        for node in watched.nodes:
            if watched.instance not in nodes.get(node, {}).get("instances", {}):
                yield f"{watched.instance} on {node} did not answer"


def fail_counts(trial: Slice) -> Finding:
    """Find failures that Pacemaker still counts."""
    nodes = _after(trial)
    counted = (
        f"{resource} still has {count} failures on {node}"
        for node, facts in nodes.items()
        for resource, count in facts.get("fail_counts", {}).items()
    )
    return find(counted, _unknown(nodes, "fail_counts"))


def settings(trial: Slice) -> Finding:
    """Find constraints, properties and node attributes that weren't there before, or that are gone or changed."""
    after, before = _after(trial), _before(trial)
    unknown = [*_unknown(after, "settings"), *_unknown(before, "settings")]
    changed = []
    for node in after:
        was, now = before[node].get("settings", {}), after[node].get("settings", {})
        if "settings" in before[node] and "settings" in after[node]:
            changed += [f"left behind: {now[name]}" for name in now if name not in was]
            changed += [f"gone: {was[name]}" for name in was if name not in now]
            changed += [f"{was[name]} is now {now[name]}" for name in now if name in was and was[name] != now[name]]
    return find(changed, unknown)


def scores(trial: Slice) -> Finding:
    """Find promotion scores that don't fit the roles: PAF would not promote the standby, or another one."""
    nodes = _after(trial)
    return find(_stale(nodes), [*_unknown(nodes, "scores"), *_silent(trial, nodes)])


def _stale(nodes: Nodes) -> Iterator[str]:
    for name, copies in _copies(nodes):
        own = {node: nodes[node]["scores"].get(name) for node in copies if "scores" in nodes[node]}
        best = max((score for score in own.values() if score is not None), default=-INFINITY)
        for node, score in own.items():
            if score is None or score <= 0:
                yield f"{name} on {node} has the promotion score {'none' if score is None else score}"
            elif not copies[node]["in_recovery"] and score < best:
                yield f"{name}'s primary on {node} has the promotion score {score}, a standby {best}"


def crashes(trial: Slice) -> Finding:
    """Find core dumps, and processes that were ended by a signal of their own making."""
    after, before = _after(trial), _before(trial)
    found = []
    for node, facts in after.items():
        new = [core for core in facts.get("cores", []) if core not in before[node].get("cores", [])]
        found += [f"{node}: core dump {core}" for core in new]
        # A server that can't write (a full disk) ends itself with SIGABRT: on a node that was hit that is no crash.
        found += [
            f"{node}: {line}" for line in facts.get("crashes", []) if node not in trial.hit or "postgres-" not in line
        ]
    return find(found, [*_unknown(after, "cores"), *_unknown(before, "cores")])


def daemons(trial: Slice) -> Finding:
    """Find daemons of the cluster that were restarted, or are gone, on nodes that the fault did not hit."""
    after, before = _after(trial), _before(trial)
    found, unknown = [], list(_unknown(after, "daemons"))
    for node, facts in after.items():
        if node in trial.hit or "daemons" not in facts:
            continue
        was, now = before[node].get("daemons"), facts["daemons"]
        if was is None:
            unknown.append(f"{node} did not show its daemons before the fault")
        elif before[node].get("boot") != facts.get("boot"):
            found.append(f"{node} was restarted, and the fault did not hit it")
        else:
            found += [f"{name} on {node} is gone" for name in was if name not in now]
            # One more is a command of the same name (pacemakerd --features), or a daemon's child.
            restarted = [name for name in now if not set(was.get(name, ())) <= set(now[name])]
            found += [f"{name} on {node} was restarted" for name in restarted]
    return find(found, unknown)


def replication(trial: Slice) -> Finding:
    """Find copies that don't follow: not streaming, or without what the primary had."""
    nodes = _after(trial)
    return find(_behind(nodes), _silent(trial, nodes))


def _behind(nodes: Nodes) -> Iterator[str]:
    for name, copies in _copies(nodes):
        primaries = [node for node, copy in copies.items() if not copy["in_recovery"]]
        if len(primaries) != 1:
            yield f"{name} has {len(primaries)} primaries"
            continue
        primary = copies[primaries[0]]
        for node, copy in copies.items():
            if node != primaries[0] and node not in primary["streaming"]:
                yield f"{name} on {node} does not stream"
            elif copy["lsn"] < primary["lsn"]:
                yield f"{name} on {node} is {primary['lsn'] - copy['lsn']} bytes behind"


def rows(trial: Slice) -> Finding:
    """Find copies whose rows differ from the primary's."""
    nodes = _after(trial)
    found = []
    for name, copies in _copies(nodes):
        for node, copy in copies.items():
            others = [other for other in copies if not copies[other]["in_recovery"] and other != node]
            found += [
                f"{name}: {copies[other]['rows'][0]} rows on {other}, {copy['rows'][0]} on {node}, not the same"
                for other in others
                if copies[other]["rows"] != copy["rows"]
            ]
    return find(found, _silent(trial, nodes))


def checksums(trial: Slice) -> Finding:
    """Find pages whose checksum PostgreSQL found wrong since the trial began."""
    after, before = _after(trial), dict(_copies(_before(trial)))
    found = []
    for name, copies in _copies(after):
        for node, copy in copies.items():
            earlier = before.get(name, {}).get(node, {}).get("checksum_failures", 0)
            now = copy["checksum_failures"]
            # A restart after a crash, and another copy of the data, begin at 0 again.
            if new := now - earlier if now >= earlier else now:
                found.append(f"{name} on {node}: {new} checksum failures")
    return find(found, _silent(trial, after))


def timelines(trial: Slice) -> Finding:
    """Find copies on another timeline than the primary's, and a primary's that doesn't descend from the last."""
    after, before = _after(trial), dict(_copies(_before(trial)))
    found, unknown = [], list(_silent(trial, after))
    for name, copies in _copies(after):
        for primary in (copy for copy in copies.values() if not copy["in_recovery"]):
            timeline = primary["timeline"]
            found += [
                f"{name} on {node} is on timeline {copy['timeline']}, the primary on {timeline}"
                for node, copy in copies.items()
                if copy["timeline"] != timeline
            ]
            earlier = [copy for copy in before.get(name, {}).values() if not copy["in_recovery"]]
            if not earlier:
                unknown.append(f"{name}'s timeline before the fault is not known")
            for was in earlier:
                left = primary["parents"].get(str(was["timeline"]))
                if timeline != was["timeline"] and (left is None or left < was["lsn"]):
                    found.append(f"{name}'s timeline {timeline} does not descend from {was['timeline']}")
    return find(found, unknown)


def quorum(trial: Slice) -> Finding:
    """Find nodes that don't see every vote."""
    nodes = _after(trial)
    found = []
    for node, facts in nodes.items():
        seen = facts.get("quorum")
        if not seen:
            continue
        if not seen["quorate"]:
            found.append(f"{node} has no quorum")
        if seen["device"] is False:
            found.append(f"{node} has no vote of the quorum device")
        if seen["votes"] != seen["expected"]:
            found.append(f"{node} sees {seen['votes']} of {seen['expected']} votes")
    return find(found, _unknown(nodes, "quorum"))


def watchdog(trial: Slice) -> Finding:
    """Find nodes whose watchdog is not armed: such a node would not end by itself."""
    nodes = _after(trial)
    found = (
        f"the watchdog of {node} is {facts['watchdog']}"
        for node, facts in nodes.items()
        if facts.get("watchdog", "armed") != "armed"
    )
    return find(found, _unknown(nodes, "watchdog"))


def unsettled(nodes: Nodes) -> bool:
    """Whether something isn't as it should be that a moment's patience may put right: replay, scores, votes."""
    asked = [node for node, facts in nodes.items() if facts]
    votes = all(facts.get("quorum", {}).get("device") is not False for facts in nodes.values())
    return len(asked) < len(nodes) or not votes or any(_behind(nodes)) or any(_stale(nodes))
