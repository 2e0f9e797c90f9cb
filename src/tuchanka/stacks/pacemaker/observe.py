"""Looks at a live cluster: one command on every node, all nodes at once, each with its own deadline."""

import contextlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.lab.lab import Deployment
from tuchanka.postgres.psql import AS_POSTGRES, command
from tuchanka.providers.base import Node, Power, PowerState, Watchdog, WatchdogState
from tuchanka.sections import read_sections, side_by_side
from tuchanka.stacks.pacemaker.crm import CrmView, parse
from tuchanka.stacks.pacemaker.quorum import read_quorum
from tuchanka.stacks.pacemaker.recent_fencings import fencing_command, recent
from tuchanka.stacks.pacemaker.render.fencing import resource
from tuchanka.stacks.pacemaker.state import (
    ClusterState,
    Copy,
    DeviceState,
    InstanceState,
    NodeState,
    QuorumState,
    VipState,
)
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import together

LOOK_S = 8.0
ROLES = {"Promoted": "primary", "Unpromoted": "standby"}
# pg_current_wal_lsn() is an error on a standby, so each use of it stands behind pg_is_in_recovery(). The control file
# learns of a promotion's timeline only with a checkpoint, the names of the log's files at once.
SQL = """
select json_build_object(
 'in_recovery', pg_is_in_recovery(),
 'timeline', case when pg_is_in_recovery() then (select timeline_id from pg_control_checkpoint())
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end,
 'received_timeline', (select received_tli from pg_stat_wal_receiver),
 'lsn', case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
 'standbys', (select coalesce(json_object_agg(application_name, json_build_object(
    'state', state, 'sync_state', sync_state,
    'lag', case when pg_is_in_recovery() then null else pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) end
  )), '{}') from pg_stat_replication where application_name <> 'pg_basebackup'))
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What one node showed. ``sql`` maps an instance to PostgreSQL's own answer, where it gave one."""

    power: PowerState
    watchdog: WatchdogState
    stack_running: bool = False
    crm: CrmView | None = None
    quorum: str = ""
    qdevice: str = ""
    fencing: str = ""
    sql: dict[str, dict[str, Any]] = field(default_factory=dict)


def script(cluster: Cluster, node: str) -> str:
    """Return the shell script that shows everything of a node."""
    sections = {
        "stack": "timeout 3 systemctl is-active corosync pacemaker",
        "quorum": "timeout 3 corosync-quorumtool -s",
        "qdevice": "timeout 3 corosync-qdevice-tool -s",
        "crm": "timeout 5 crm_mon --output-as=xml --one-shot --failcounts --operations --show-node-attributes",
        "fencing": fencing_command(cluster),
    } | {
        f"sql {instance.name}": f"timeout 3 {AS_POSTGRES} {' '.join(command(instance.port))} <<'END'{SQL}END"
        for instance in cluster.instances
        if node in instance.nodes
    }
    return side_by_side(sections)


async def look(machine: Node, cluster: Cluster) -> Look:
    """Look at one node; a node that is off or doesn't answer shows nothing."""
    power = await machine.power_state() if isinstance(machine, Power) else "on"
    watchdog = await watchdog_of(machine)
    if power == "off":
        return Look(power, watchdog)
    try:
        done = await machine.run(["sh"], stdin=script(cluster, machine.name).encode(), timeout=LOOK_S, check=False)
    except (MachineError, DeadlineExceeded):
        return Look(power, watchdog)
    sections = read_sections(done.stdout)
    return Look(
        power,
        watchdog,
        stack_running=sections.get("stack", "").split() == ["active", "active"],
        crm=parse(sections.get("crm", "")),
        quorum=sections.get("quorum", ""),
        qdevice=sections.get("qdevice", ""),
        fencing=sections.get("fencing", ""),
        sql=read_answers(sections),
    )


async def watchdog_of(machine: Node) -> WatchdogState:
    """Say how the machine's watchdog is, where its provider knows."""
    return await machine.watchdog() if isinstance(machine, Watchdog) else "unknown"


def read_answers(sections: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return instance → PostgreSQL's answer; one that was cut short is none."""
    answers: dict[str, dict[str, Any]] = {}
    for name, text in sections.items():
        if name.startswith("sql ") and text.startswith("{"):
            with contextlib.suppress(ValueError):
                answers[name.removeprefix("sql ")] = json.loads(text)
    return answers


async def observe(lab: Deployment, cluster: Cluster) -> ClusterState:
    """Look at every node of the cluster at once and join what they show."""
    looks = await together(*(look(machine, cluster) for machine in lab.nodes(cluster)))
    return join(cluster, dict(zip((node.name for node in cluster.nodes), looks, strict=True)))


def join(cluster: Cluster, looks: dict[str, Look]) -> ClusterState:
    """Make one state of the nodes' views: Pacemaker's is taken from a node with quorum, if there is one."""
    views = [look.crm for look in looks.values() if look.crm]
    view = next((view for view in views if view.with_quorum), views[0] if views else CrmView())
    nodes = tuple(_node(node.name, node.site, looks[node.name], view) for node in cluster.nodes)
    return ClusterState(
        name=cluster.name,
        nodes=nodes,
        quorum=_quorum(cluster, list(looks.values())),
        instances=tuple(_instance(instance, looks, view) for instance in cluster.instances),
        vips=tuple(
            VipState(
                vip.name,
                str(vip.address),
                instance.name,
                "primary" if vip == instance.primary_vip else "standby",
                tuple(node.name for node in nodes if (f"{vip.name}-vip", node.name) in view.roles),
            )
            for instance in cluster.instances
            for vip in instance.vips
        ),
        coordinator=view.coordinator,
        fencing=view.fencing,
        maintenance=view.maintenance,
        devices=tuple(_device(device.node, view) for device in cluster.fencing.devices),
        fenced=recent(look.fencing for look in looks.values()),
    )


def _device(node: str, view: CrmView) -> DeviceState:
    name = resource(node)
    # A device is started by asking it: a start that goes on has no answer yet, whatever role Pacemaker shows.
    # One whose monitor fails stays started.
    running = tuple(
        on
        for (started, on), role in view.roles.items()
        if (started, role) == (name, "Started") and (started, on) not in {*view.starting, *view.fail_counts}
    )
    failed = any(failing == name for (failing, _) in view.fail_counts)
    askable = any(seen.online for other, seen in view.nodes.items() if other != node)
    return DeviceState(node, name, running, failed, askable)


def _node(name: str, site: str, look: Look, view: CrmView) -> NodeState:
    seen = view.nodes.get(name)
    return NodeState(
        name=name,
        site=site,
        power=look.power,
        stack_running=look.stack_running,
        online=bool(seen and seen.online),
        standby=bool(seen and seen.standby),
        maintenance=bool(seen and seen.maintenance),
        unclean=bool(seen and seen.unclean),
        watchdog=look.watchdog,
        fail_counts={resource: count for (resource, node), count in view.fail_counts.items() if node == name},
    )


def _quorum(cluster: Cluster, looks: list[Look]) -> QuorumState:
    """Read the quorum of a node that has it if there is one."""
    texts = [look.quorum for look in looks if look.quorum]
    text = next((text for text in texts if re.search(r"^Quorate:\s+Yes", text, re.MULTILINE)), "".join(texts[:1]))
    return read_quorum(text, witness=cluster.witness)


def _instance(instance: Instance, looks: dict[str, Look], view: CrmView) -> InstanceState:
    answers = {name: looks[name].sql.get(instance.name) for name in instance.nodes}
    primary = next((answer for answer in answers.values() if answer and not answer["in_recovery"]), None)
    standbys: dict[str, dict[str, Any]] = primary["standbys"] if primary else {}
    copies = []
    for name in instance.nodes:
        answer = answers[name] or {}
        # The primary goes on naming a standby that is gone until its own wal_sender_timeout.
        seen = standbys.get(name, {}) if answer else {}
        copies.append(
            Copy(
                node=name,
                role=ROLES.get(view.roles.get((instance.name, name), ""), "stopped"),
                in_recovery=answer.get("in_recovery"),
                timeline=answer.get("received_timeline") or answer.get("timeline"),
                lsn=answer.get("lsn"),
                state=seen.get("state"),
                sync_state=seen.get("sync_state"),
                lag_bytes=int(seen["lag"]) if seen.get("lag") is not None else None,
                score=view.scores.get((instance.name, name)),
            )
        )
    return InstanceState(instance.name, tuple(copies))
