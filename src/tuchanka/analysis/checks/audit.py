"""What the audit of the nodes says of a trial: each function looks for one kind of harm. Pure.

Every node has its facts from before and after; a node without facts couldn't be asked, and then whatever needs it
isn't checked.
"""

from collections.abc import Iterator, Mapping

from tuchanka.analysis.checks.outcome import Judgement, judged
from tuchanka.analysis.trial_record import TrialRecord
from tuchanka.events import CopyFacts, NodeFacts
from tuchanka.events.facts import FEW_FILES

# The file that finds the limit passed, and the one that was written meanwhile.
SLACK_BYTES = 2 * 16 << 20
NOBODY = "nobody looked at the nodes after the trial"
Nodes = Mapping[str, NodeFacts]
# (instance, node → its copy)
Copies = tuple[str, dict[str, CopyFacts]]


def _after(trial: TrialRecord) -> dict[str, NodeFacts]:
    return {one.node: one.found for one in trial.audits}


def _before(trial: TrialRecord) -> dict[str, NodeFacts]:
    return {one.node: one.before for one in trial.audits}


def _unknown(nodes: Nodes, key: str) -> Iterator[str]:
    """Name the nodes that did not show a value, ``key`` being its name in ``NodeFacts``."""
    if not nodes:
        yield NOBODY
    yield from (
        f"{node} did not show its {key.replace('_', ' ')}"
        for node, facts in nodes.items()
        if getattr(facts, key) is None
    )


def _copies(nodes: Nodes) -> Iterator[Copies]:
    found: dict[str, dict[str, CopyFacts]] = {}
    for node, facts in nodes.items():
        for name, copy in facts.copies.items():
            found.setdefault(name, {})[node] = copy
    yield from found.items()


def _silent(trial: TrialRecord, nodes: Nodes) -> Iterator[str]:
    """Name the copies that should have answered."""
    if not nodes:
        yield NOBODY
        return
    for watched in trial.watched:
        for node in watched.nodes:
            if node not in nodes or watched.instance not in nodes[node].copies:
                yield f"{watched.instance} on {node} did not answer"


def fail_counts(trial: TrialRecord) -> Judgement:
    """Find failures that are still counted."""
    nodes = _after(trial)
    counted = (
        f"{resource} still has {count} failures on {node}"
        for node, facts in nodes.items()
        for resource, count in (facts.fail_counts or {}).items()
    )
    return judged(counted, _unknown(nodes, "fail_counts"))


def settings(trial: TrialRecord) -> Judgement:
    """Find constraints, properties and node attributes that weren't there before, or that are gone or changed."""
    after, before = _after(trial), _before(trial)
    unknown = [*_unknown(after, "settings"), *_unknown(before, "settings")]
    changed = []
    for node in after:
        was, now = before[node].settings, after[node].settings
        if was is not None and now is not None:
            changed += [f"left behind: {now[name]}" for name in now if name not in was]
            changed += [f"gone: {was[name]}" for name in was if name not in now]
            changed += [f"{was[name]} is now {now[name]}" for name in now if name in was and was[name] != now[name]]
    return judged(changed, unknown)


def scores(trial: TrialRecord) -> Judgement:
    """Find promotion scores that don't fit the roles: the standby would not be promoted, or another one."""
    nodes = _after(trial)
    return judged(_stale(nodes), [*_unknown(nodes, "scores"), *_silent(trial, nodes)])


def _stale(nodes: Nodes) -> Iterator[str]:
    for name, copies in _copies(nodes):
        own = {node: shown.get(name) for node in copies if (shown := nodes[node].scores) is not None}
        known = [score for score in own.values() if score is not None]
        for node, score in own.items():
            if score is None or score <= 0:
                yield f"{name} on {node} has the promotion score {'none' if score is None else score}"
            elif not copies[node].in_recovery and score < max(known):
                yield f"{name}'s primary on {node} has the promotion score {score}, a standby {max(known)}"


def crashes(trial: TrialRecord) -> Judgement:
    """Find core dumps, and processes that were ended by a signal of their own making."""
    after, before = _after(trial), _before(trial)
    found = []
    for node, facts in after.items():
        new = [core for core in facts.cores or () if core not in (before[node].cores or ())]
        found += [f"{node}: core dump {core}" for core in new]
        # A server that can't write (a full disk) ends itself with SIGABRT: on a node that was hit that is no crash.
        found += [
            f"{node}: {line}" for line in facts.crashes or () if node not in trial.hit or "postgres-" not in line
        ]
    return judged(found, [*_unknown(after, "cores"), *_unknown(before, "cores")])


def daemons(trial: TrialRecord) -> Judgement:
    """Find daemons of the cluster that were restarted, or are gone, on nodes that the fault did not hit."""
    after, before = _after(trial), _before(trial)
    found, unknown = [], list(_unknown(after, "daemons"))
    for node, facts in after.items():
        was, now = before[node].daemons, facts.daemons
        if node in trial.hit or now is None:
            continue
        if was is None:
            unknown.append(f"{node} did not show its daemons before the fault")
        elif before[node].boot != facts.boot:
            found.append(f"{node} was restarted, and the fault did not hit it")
        else:
            found += [f"{name} on {node} is gone" for name in was if name not in now]
            # One more is a command of the same name (pacemakerd --features), or a daemon's child.
            restarted = [name for name in now if not set(was.get(name, ())) <= set(now[name])]
            found += [f"{name} on {node} was restarted" for name in restarted]
    return judged(found, unknown)


def replication(trial: TrialRecord) -> Judgement:
    """Find copies that don't follow: not streaming, or without what the primary had."""
    nodes = _after(trial)
    return judged(_behind(nodes), _silent(trial, nodes))


def _behind(nodes: Nodes) -> Iterator[str]:
    for name, copies in _copies(nodes):
        primaries = [node for node, copy in copies.items() if not copy.in_recovery]
        if len(primaries) != 1:
            yield f"{name} has {len(primaries)} primaries"
            continue
        primary = copies[primaries[0]]
        for node, copy in copies.items():
            if node != primaries[0] and node not in primary.streaming:
                yield f"{name} on {node} does not stream"
            elif copy.lsn < primary.lsn:
                yield f"{name} on {node} is {primary.lsn - copy.lsn} bytes behind"


def rows(trial: TrialRecord) -> Judgement:
    """Find copies whose rows differ from the primary's."""
    nodes = _after(trial)
    found = []
    for name, copies in _copies(nodes):
        for node, copy in copies.items():
            others = [other for other in copies if not copies[other].in_recovery and other != node]
            found += [
                f"{name}: {copies[other].rows[0]} rows on {other}, {copy.rows[0]} on {node}, not the same"
                for other in others
                if copies[other].rows != copy.rows
            ]
    return judged(found, _silent(trial, nodes))


def checksums(trial: TrialRecord) -> Judgement:
    """Find pages whose checksum PostgreSQL found wrong since the trial began."""
    after, before = _after(trial), dict(_copies(_before(trial)))
    found = []
    for name, copies in _copies(after):
        for node, copy in copies.items():
            was = before.get(name, {}).get(node)
            earlier, now = was.checksum_failures if was else 0, copy.checksum_failures
            # A restart after a crash, and another copy of the data, begin at 0 again.
            if new := now - earlier if now >= earlier else now:
                found.append(f"{name} on {node}: {new} checksum failures")
    return judged(found, _silent(trial, after))


def timelines(trial: TrialRecord) -> Judgement:
    """Find copies on another timeline than the primary's, and a primary's that doesn't descend from the last."""
    after, before = _after(trial), dict(_copies(_before(trial)))
    found, unknown = [], list(_silent(trial, after))
    for name, copies in _copies(after):
        for primary in (copy for copy in copies.values() if not copy.in_recovery):
            timeline = primary.timeline
            found += [
                f"{name} on {node} is on timeline {copy.timeline}, the primary on {timeline}"
                for node, copy in copies.items()
                if copy.timeline != timeline
            ]
            earlier = [copy for copy in before.get(name, {}).values() if not copy.in_recovery]
            if not earlier:
                unknown.append(f"{name}'s timeline before the fault is not known")
            for was in earlier:
                left = primary.parents.get(was.timeline)
                if timeline != was.timeline and (left is None or left < was.lsn):
                    found.append(f"{name}'s timeline {timeline} does not descend from {was.timeline}")
    return judged(found, unknown)


def quorum(trial: TrialRecord) -> Judgement:
    """Find nodes that don't see every vote."""
    nodes = _after(trial)
    found = []
    for node, facts in nodes.items():
        seen = facts.quorum
        if seen is None:
            continue
        if not seen.quorate:
            found.append(f"{node} has no quorum")
        if seen.device is False:
            found.append(f"{node} has no vote of the quorum device")
        if seen.votes != seen.expected:
            found.append(f"{node} sees {seen.votes} of {seen.expected} votes")
    return judged(found, _unknown(nodes, "quorum"))


def watchdog(trial: TrialRecord) -> Judgement:
    """Find nodes whose watchdog is not armed: such a node would not end by itself."""
    nodes = _after(trial)
    found = (
        f"the watchdog of {node} is {facts.watchdog}"
        for node, facts in nodes.items()
        if facts.watchdog not in {None, "armed"}
    )
    return judged(found, _unknown(nodes, "watchdog"))


def waiting_log(trial: TrialRecord) -> Judgement:
    """Find more log that waited for the archive than the limit allows."""
    nodes, found, seen = _after(trial), [], []
    for node, facts in nodes.items():
        for name, copy in facts.copies.items():
            if copy.archive is None or copy.archive.limit_bytes is None:
                continue
            most, limit = max(copy.archive.waiting_bytes, copy.archive.most_bytes), copy.archive.limit_bytes
            if most > limit + SLACK_BYTES:
                found.append(f"{most >> 20} MiB of {name}'s log waited on {node}, the limit is {limit >> 20} MiB")
            if copy.archive.most_bytes:
                seen.append(f"log of {name} was dropped on {node}")
    return judged(found, [*_silent(trial, nodes), *_unarchived(nodes)], "; ".join(seen))


def archive(trial: TrialRecord) -> Judgement:
    """Find log that still waits for the archive, and gaps that no backup has made up for."""
    nodes, found, seen = _after(trial), list[str](), list[str]()
    unknown = [*_silent(trial, nodes), *_unarchived(nodes)]
    for name, copies in _copies(nodes):
        known = {node: copy.archive for node, copy in copies.items() if copy.archive is not None}
        seen += (note for one in known.values() for note in one.notes)
        primaries = {node: one for node, one in known.items() if not copies[node].in_recovery}
        for node, one in primaries.items():
            if one.waiting >= FEW_FILES:
                found.append(f"{one.waiting} files of {name}'s log still wait for the archive on {node}")
            found += [f"the archive of {name}: {gap}" for gap in one.gaps or ()]
        if primaries and all(one.gaps is None for one in primaries.values()):
            unknown.append(f"the archive of {name} could not be asked")
    return judged(found, unknown, "; ".join(dict.fromkeys(seen)))


def _unarchived(nodes: Nodes) -> Iterator[str]:
    """Name the instances of which no primary has said how its archive is."""
    for name, copies in _copies(nodes):
        if not any(copy.archive is not None and not copy.in_recovery for copy in copies.values()):
            yield f"no primary of {name} says how its archive is"


def unsettled(nodes: Nodes) -> bool:
    """Whether something isn't as it should be that a moment's patience may put right: replay, scores, votes."""
    silent = any(not facts.answered for facts in nodes.values())
    voteless = any(facts.quorum is not None and facts.quorum.device is False for facts in nodes.values())
    return silent or voteless or any(_behind(nodes)) or any(_stale(nodes))
