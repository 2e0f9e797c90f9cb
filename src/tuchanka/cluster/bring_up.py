"""From any state of a lab whose machines are set up to healthy clusters."""

from tuchanka.cluster import restore
from tuchanka.cluster.controldata import parse_controldata
from tuchanka.cluster.health import problems
from tuchanka.cluster.observe import observe
from tuchanka.cluster.operate import start_node, wait_healthy
from tuchanka.cluster.state import ClusterState
from tuchanka.errors import DeadlineExceeded
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Note, Progress
from tuchanka.render.layout import InstancePaths
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together, wait_until

SETTLE_S = 60.0


async def bring_up(lab: Lab, cluster: Cluster, progress: Progress) -> ClusterState:
    """Switch everything on, start what is stopped, restore what can't simply be started, and wait until healthy."""
    await together(*(machine.power_on() for machine in lab.machines_of((cluster,))))
    state = await observe(lab, cluster)
    if not problems(state, cluster):
        return state
    with progress.step("start", cluster.name) as note:
        if not state.running:
            first = await newest(lab, cluster)
            await together(*(start_node(cluster, lab.machine(name)) for name in first))
        state = await settle(lab, cluster, note)
    for name in to_restore(state):
        steps = await restore.plan(lab, cluster, name, None, force=False)
        await restore.carry_out(lab, cluster, name, steps, progress)
    with progress.step("healthy", cluster.name) as note:
        return await wait_healthy(lab, cluster, note=note)


async def newest(lab: Lab, cluster: Cluster) -> list[str]:
    """Return the nodes that may be started together: those whose copies are all on the newest timeline.

    A node that was primary before a failover is on an older one. It must not take part in the election, because its
    stored score may be the highest.
    """
    on_timeline: dict[str, dict[str, int]] = {}
    for instance in cluster.instances:
        paths = InstancePaths(lab.topology.postgresql, instance.name)
        for name in instance.nodes:
            command = [f"{paths.programs}/pg_controldata", "-D", paths.data]
            done = await lab.machine(name).run(command, check=False)
            timeline = parse_controldata(done.stdout, where=name).timeline if done.status == 0 else 0
            on_timeline.setdefault(instance.name, {})[name] = timeline
    old = {
        name
        for timelines in on_timeline.values()
        for name, timeline in timelines.items()
        if timeline < max(timelines.values())
    }
    return [node.name for node in cluster.nodes if node.name not in old] or [node.name for node in cluster.nodes]


async def settle(lab: Lab, cluster: Cluster, note: Note) -> ClusterState:
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
    """Whether a copy on a node that runs the stack, without a failure there, has yet to stream."""
    running = {node.name for node in state.nodes if node.stack_running and not node.fail_counts}
    return any(
        copy.node in running and copy.role != "primary" and copy.state != "streaming"
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
