"""From any state of a lab whose machines are set up to healthy clusters."""

from tuchanka.errors import DeadlineExceeded
from tuchanka.lab.lab import Deployment, Lab
from tuchanka.lab.progress import Note, Progress
from tuchanka.providers.base import make_ready
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.operate import wait_healthy
from tuchanka.stacks.pacemaker.restore import cold_start
from tuchanka.stacks.pacemaker.restore import repair as restore
from tuchanka.stacks.pacemaker.restore.cold_plan import ColdPlan
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together, wait_until

SETTLE_S = 60.0
ATTEMPTS = 3


async def bring_up(lab: Lab, cluster: Cluster, progress: Progress) -> ClusterState:
    """Switch everything on, start what is stopped, restore what can't simply be started, and wait until healthy."""
    await together(*map(make_ready, lab.machines_of((cluster,))))
    state = await observe(lab, cluster)
    if not problems(state, cluster):
        return state
    if not state.running:
        await cold_start.carry_out(lab, cluster, await cold_start.plan(lab, cluster), progress)
    state = await _settle_or_start_anew(lab, cluster, progress)
    for attempt in range(1, ATTEMPTS + 1):
        await restore_all(lab, cluster, state, progress)
        await forget_failures(lab, cluster)
        with progress.step("healthy", cluster.name) as note:
            # A reaction may come late: a node that was fine is fenced in the middle of it all.
            unless = _down if attempt < ATTEMPTS else lambda _: []
            state = await wait_healthy(lab, cluster, note=note, unless=unless)
        if not _down(state):
            break
        state = await settle(lab, cluster, progress)
    return state


def _down(state: ClusterState) -> list[str]:
    return [name for name in to_restore(state) if not state.node(name).stack_running]


async def forget_failures(lab: Deployment, cluster: Cluster) -> None:
    """Clean up the failures that Pacemaker still counts, of resources that run again."""
    state = await observe(lab, cluster)
    asked = next((node.name for node in state.nodes if node.online), None)
    failures = [(resource, node.name) for node in state.nodes for resource in node.fail_counts]
    for resource, node in failures if asked else ():
        command = ["crm_resource", "--cleanup", "--resource", resource, "--node", node]
        await lab.machine(str(asked)).run(command)


async def _settle_or_start_anew(lab: Lab, cluster: Cluster, progress: Progress) -> ClusterState:
    """Wait until the cluster has settled; where nothing of it serves by then, cut its power, and start it cold.

    After a link that lost every third packet Pacemaker was seen to wait without end for a coordinator that had been
    fenced: it elects no other, and a stop, which a coordinator would have to grant, takes half an hour.
    """
    try:
        return await settle(lab, cluster, progress)
    except DeadlineExceeded:
        if any(instance.primary for instance in (await observe(lab, cluster)).instances):
            raise
    nodes = lab.nodes(cluster)
    with progress.step("power cycle", cluster.name):
        await together(*(node.power_off() for node in nodes))
        await together(*map(make_ready, nodes))
    return await start_from_nothing(lab, cluster, await cold_start.plan(lab, cluster), progress)


async def start_from_nothing(lab: Deployment, cluster: Cluster, cold: ColdPlan, progress: Progress) -> ClusterState:
    """Bring the most advanced copies up first, and wait until they are primaries."""
    await cold_start.carry_out(lab, cluster, cold, progress)
    return await settle(lab, cluster, progress)


async def restore_all(
    lab: Deployment, cluster: Cluster, state: ClusterState, progress: Progress, *, force: bool = False
) -> dict[str, tuple[RestoreStep, ...]]:
    """Restore every node of a settled cluster that has to be, and return node → steps.

    Those that are down come first and all at once, then, one after another, what doesn't stream by itself even now:
    a cluster stopped on several nodes at the same time might lose its quorum.
    """
    done: dict[str, tuple[RestoreStep, ...]] = {}

    async def one(name: str) -> None:
        done[name] = await restore.plan(lab, cluster, name, None, force=force)
        await restore.carry_out(lab, cluster, name, done[name], progress, force=force)

    await together(*(one(name) for name in _down(state)))
    for name in to_restore(await observe(lab, cluster)):
        if name not in done:
            await one(name)
    return done


async def settle(lab: Deployment, cluster: Cluster, progress: Progress) -> ClusterState:
    """Wait until the cluster has settled, and show how far it has come."""
    with progress.step("settle", cluster.name) as note:
        return await _settle(lab, cluster, note)


async def _settle(lab: Deployment, cluster: Cluster, note: Note) -> ClusterState:
    """Wait until every node that runs the stack has what it should have, or until that can't be expected any more."""
    last: ClusterState | None = None

    async def settled() -> ClusterState | None:
        nonlocal last
        last = await observe(lab, cluster)
        missing = problems(last, cluster)
        if missing:
            note(missing[0])
        ready = all(instance.primary for instance in last.instances) and not _expected(last)
        return last if ready or not missing else None

    try:
        return await wait_until(settled, deadline_s=SETTLE_S, interval_s=0.3, what=f"a primary in {cluster.name}")
    except DeadlineExceeded:
        if last is None or not all(instance.primary for instance in last.instances):
            raise
        return last  # the copies that still don't stream are restored


def _expected(state: ClusterState) -> bool:
    """Whether a copy that can be expected to stream doesn't yet.

    That is one on a node that runs the stack; after a failure there only one that runs as a standby again.
    """
    running = {node.name for node in state.nodes if node.stack_running}
    unfailed = {node.name for node in state.nodes if not node.fail_counts}
    return any(
        copy.node in running
        and (copy.node in unfailed or (copy.role == "standby" and copy.in_recovery))
        and copy.role != "primary"
        and copy.state != "streaming"
        for instance in state.instances
        for copy in instance.copies
    )


def to_restore(state: ClusterState) -> list[str]:
    """Return the nodes with a copy that is neither primary nor streams."""
    return [
        node.name
        for node in state.nodes
        if any(
            copy.node == node.name and copy.role != "primary" and copy.state != "streaming"
            for instance in state.instances
            for copy in instance.copies
        )
    ]
