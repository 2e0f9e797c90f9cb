"""The state of a cluster as people read it on a terminal. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuchanka.stacks.pacemaker.state import ClusterState, Copy, NodeState

# The program that wanted a node fenced, where that is the cluster itself; nothing where no line tells it yet.
WANTED_BY = {"pacemaker-controld": "the cluster", "": "-"}
ROLE_COLOURS = {"primary": "bold green", "standby": "cyan", "stopped": "red"}


def state_view(state: ClusterState, problems: Sequence[str]) -> RenderableType:
    """Return a heading that says healthy or why not, then nodes, instances and floating addresses."""
    heading = Text(f"{state.name}: ", "bold").append("healthy", "bold green")
    if problems:
        heading = Text(f"{state.name}: ", "bold").append("not healthy", "bold red")
    quorum = state.quorum
    device = {True: ", the quorum device votes", False: ", the quorum device does not vote", None: ""}[quorum.device]
    votes = f"{'quorum' if quorum.quorate else 'no quorum'}, {quorum.votes} of {quorum.expected} votes{device}"
    return Group(
        heading,
        *(Text(f"  - {problem}", "red") for problem in problems),
        Text(f"  {votes}; coordinator {state.coordinator or 'none'}", "dim"),
        _nodes(state),
        _instances(state),
        _vips(state),
        *_fencing(state),
        Text(),
    )


def _fencing(state: ClusterState) -> list[RenderableType]:
    """Return the devices, and the last fencings: who, by whom, how, when, how long."""
    shown: list[RenderableType] = []
    if state.devices:
        table = _table("fencing device", "of", "asked by")
        for device in state.devices:
            by = Text("does not answer", "red") if device.silent else Text(", ".join(device.nodes) or "-")
            if device.nodes and device.failed:
                by.append(", has failed", "yellow")
            table.add_row(device.resource, device.node, by)
        shown.append(table)
    if state.fenced:
        table = _table("fenced", "by", "for", "how", "at", "took")
        for one in state.fenced:
            at = datetime.fromtimestamp(one.requested, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            took = Text("under way", "yellow") if one.seconds is None else Text(f"{one.seconds:.2f} s")
            if one.ended is not None and not one.well:
                took = Text(f"failed after {one.seconds:.2f} s", "red")
            table.add_row(one.target, one.by, WANTED_BY.get(one.client, one.client), one.how or "-", at, took)
        shown.append(table)
    return shown


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, padding=(0, 1), header_style="dim")


def _nodes(state: ClusterState) -> Table:
    table = _table("node", "site", "machine", "cluster", "watchdog", "failures")
    for node in state.nodes:
        failures = ", ".join(f"{resource} {count}" for resource, count in node.fail_counts.items())
        table.add_row(
            node.name,
            node.site,
            Text(node.power, "" if node.power == "on" else "red"),
            _membership(node),
            Text(node.watchdog, "" if node.watchdog == "armed" else "yellow"),
            Text(failures or "-", "red" if failures else ""),
        )
    return table


def _membership(node: NodeState) -> Text:
    flags = [flag for flag in ("standby", "maintenance", "unclean") if getattr(node, flag)]
    if not node.stack_running:
        return Text("not running", "red")
    return Text(" ".join(["online" if node.online else "offline", *flags]), "green" if node.online else "red")


def _instances(state: ClusterState) -> Table:
    table = _table("instance", "node", "role", "timeline", "position", "replication", "lag", "score")
    for instance in state.instances:
        for copy in instance.copies:
            table.add_row(
                instance.name,
                copy.node,
                Text(copy.role, ROLE_COLOURS[copy.role]),
                "-" if copy.timeline is None else str(copy.timeline),
                copy.lsn or "-",
                _replication(copy),
                "-" if copy.lag_bytes is None else f"{copy.lag_bytes} B",
                "-" if copy.score is None else str(copy.score),
            )
    return table


def _replication(copy: Copy) -> Text:
    if copy.role != "standby":
        return Text("-")
    if copy.state is None:
        return Text("not streaming", "red")
    return Text(f"{copy.state}, {copy.sync_state}", "" if copy.state == "streaming" else "yellow")


def _vips(state: ClusterState) -> Table:
    table = _table("address", "", "for", "on")
    for vip in state.vips:
        table.add_row(vip.name, vip.address, f"{vip.role} of {vip.instance}", Text(", ".join(vip.nodes) or "-"))
    return table
