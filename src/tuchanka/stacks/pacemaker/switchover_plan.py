"""Which standby takes over in a planned switchover, or why none may. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from tuchanka.errors import SwitchoverRefused, UnknownName
from tuchanka.postgres.controldata import lsn
from tuchanka.stacks.pacemaker.health import CAUGHT_UP_BYTES
from tuchanka.stacks.pacemaker.state import ClusterState, Copy, InstanceState
from tuchanka.topology.types import Instance


@dataclass(frozen=True, slots=True)
class Switch:
    """Who hands the instance over to whom; the same node twice: it is there already.

    ``position`` is where the primary's log was at that moment: the standby has to come as far before it may begin.
    """

    instance: str
    source: str
    target: str
    position: str

    @property
    def done(self) -> bool:
        """Whether there is nothing to do."""
        return self.source == self.target


def choose(state: ClusterState, instance: Instance, to: str | None = None) -> Switch:
    """Return the switchover to the node ``to``, or to the best standby.

    The best is one that has caught up, then the home node, then a synchronous standby, then the least lag.

    Raises:
        UnknownName: ``to`` doesn't keep the instance.
        SwitchoverRefused: it would lose commits, or nothing would come of it.
    """
    if to is not None and to not in instance.nodes:
        raise UnknownName("node with this instance", to, list(instance.nodes))
    seen = state.instance(instance.name)
    source = seen.copy(seen.primary or "")
    against = next(_against_any(state, seen), "")
    if against or source is None or source.lsn is None:
        raise SwitchoverRefused(against, where=instance.name, hint="'tuchanka status' shows the whole")
    if to == source.node:
        return Switch(instance.name, source.node, to, source.lsn)
    if to is not None and instance.failback == "automatic" and to != instance.home:
        raise SwitchoverRefused(
            f"{to} is not its home {instance.home}: with failback = automatic it would move back at once",
            where=instance.name,
            hint=f"'tuchanka standby {source.node}' keeps it away from there",
        )
    unfit = {one.node: unfitness(state, instance.name, one) for one in seen.copies if one is not source}
    if to is not None and unfit[to]:
        raise _lossy(instance, f"{to} {unfit[to]}")
    fit = [one for one in seen.copies if not unfit.get(one.node, "it is the primary")]
    if not fit:
        raise _lossy(instance, ", ".join(f"{node} {reason}" for node, reason in unfit.items()) or "it has no standby")
    best = to or min(fit, key=lambda one: _rank(one, instance)).node
    if to is None and instance.failback == "automatic" and best != instance.home:
        raise SwitchoverRefused(
            f"it is at its home {source.node}, where failback = automatic would take it back at once",
            where=instance.name,
            hint=f"'tuchanka standby {source.node}' keeps it away from there",
        )
    return Switch(instance.name, source.node, best, source.lsn)


def _lossy(instance: Instance, why: str) -> SwitchoverRefused:
    return SwitchoverRefused(
        f"no standby can take over without losing commits: {why}", where=instance.name, hint="correct that first"
    )


def _against_any(state: ClusterState, seen: InstanceState) -> Iterator[str]:
    """Yield what forbids a switchover to whichever node."""
    if not state.running:
        yield "the cluster is not running on any node"
    if not state.quorum.quorate:
        yield "the cluster has no quorum"
    if state.maintenance:
        yield "the cluster is in maintenance, so Pacemaker would move nothing"
    if seen.primary is None:
        yield "there is no primary that could hand over"
    for node in state.nodes:
        if node.unclean:
            yield f"{node.name} waits to be fenced"
    for copy in seen.copies:
        if copy.node == seen.primary and (copy.in_recovery is not False or copy.lsn is None):
            yield f"the primary on {copy.node} does not answer"


def unfitness(state: ClusterState, instance: str, copy: Copy) -> str:
    """Return the first reason why a copy may not become primary; empty if it may."""
    node = state.node(copy.node)
    reasons = (
        (node.power == "off", "is off"),
        (not node.stack_running or not node.online, "does not run the cluster"),
        (node.standby, "is in standby"),
        (node.maintenance, "is in maintenance"),
        (copy.role != "standby", f"is {copy.role}"),
        (instance in node.fail_counts, f"has failed ({node.fail_counts.get(instance)})"),
        (copy.in_recovery is None, "does not answer"),
        (copy.in_recovery is False, "is called standby but accepts writes"),
        (copy.state != "streaming", f"is not streaming ({copy.state or 'not connected'})"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _rank(copy: Copy, instance: Instance) -> tuple[bool, bool, bool, int]:
    lag = copy.lag_bytes or 0
    return (lag > CAUGHT_UP_BYTES, copy.node != instance.home, copy.sync_state not in {"sync", "quorum"}, lag)


def caught_up(state: ClusterState, switch: Switch) -> str:
    """Return why the target may not take over yet; empty when it has replayed all that it was behind.

    Raises:
        SwitchoverRefused: the target fell out meanwhile.
    """
    seen = state.instance(switch.instance)
    target = seen.copy(switch.target)
    if target is None or seen.primary != switch.source:
        raise SwitchoverRefused(
            f"{switch.source} is not the primary any more", where=switch.instance, hint="see 'tuchanka status'"
        )
    why = unfitness(state, switch.instance, target)
    if why:
        return f"{switch.target} {why}"
    if target.lsn is None or lsn(target.lsn) < lsn(switch.position) or (target.lag_bytes or 0) > CAUGHT_UP_BYTES:
        return f"{switch.target} has replayed {target.lsn} of {switch.position}, {target.lag_bytes} bytes behind"
    return ""


def standby_refusal(state: ClusterState, node: str, instances: tuple[Instance, ...]) -> str:
    """Return why a node may not go into standby: whose commits would be lost, or would wait; empty if it may."""
    if state.running and not state.quorum.quorate:
        return "the cluster has no quorum"
    for instance in instances:
        seen = state.instance(instance.name)
        here = seen.copy(node)
        if here is None or here.role == "stopped":
            continue
        others = [one for one in seen.copies if one.node not in {node, seen.primary}]
        fit = [one for one in others if not unfitness(state, instance.name, one)]
        if here.role == "primary" and not fit:
            reasons = ", ".join(f"{one.node} {unfitness(state, instance.name, one)}" for one in others)
            return f"{instance.name} would stop: no standby could take over ({reasons or 'it has none'})"
        left = len(fit) - (here.role == "primary")
        if instance.synchronous is not None and left < instance.synchronous.count:
            return f"commits of {instance.name} would wait without end: {left} synchronous standbys would be left"
    return ""
