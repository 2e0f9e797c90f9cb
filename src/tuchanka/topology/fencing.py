"""From ``[clusters.CLUSTER.fencing]`` and the nodes' ``bmc`` to what fences each node. Pure."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tuchanka.topology.explain import Problem, dotted, shown
from tuchanka.topology.model import ClusterInput
from tuchanka.topology.types import Fencing, FencingDevice

IPMI_AGENTS = frozenset(
    {"fence_ipmilan", "fence_ipmilanplus", "fence_idrac", "fence_ilo3", "fence_ilo4", "fence_ilo5", "fence_imm"}
)
"""The names of fence_ipmilan, whose program is ipmitool."""

BMC_AGENT = "fence_ipmilan"
BMC_USER = "fence"
BMC_PARAMETERS: Mapping[str, str] = {
    "username": BMC_USER,
    "lanplus": "1",
    # RAKP-HMAC-SHA1, AES-CBC-128: what ipmi_sim has (ipmitool(1), -C).
    "cipher": "3",
    # The agent asks for the state until it is off: to wait before it asks is to wait for nothing.
    "power_wait": "0",
}
"""What ``fence_ipmilan`` is told of a BMC of the lab, besides its address."""


def fencing(cluster: ClusterInput, folder: Path) -> Fencing:
    """Return how the cluster's nodes are fenced; password files are looked for from ``folder``."""
    asked = cluster.fencing
    if "device" not in asked.levels:
        return Fencing(tuple(asked.levels))
    return Fencing(tuple(asked.levels), tuple(_device(name, cluster, folder) for name in cluster.nodes))


def _device(node: str, cluster: ClusterInput, folder: Path) -> FencingDevice:
    its = cluster.fencing.devices.get(node)
    if its is None:
        return FencingDevice(node, BMC_AGENT, {"ip": str(cluster.nodes[node].bmc), **BMC_PARAMETERS}, bmc=True)
    file = None if its.password_file is None else str((folder / its.password_file).absolute())
    return FencingDevice(node, its.agent, dict(its.parameters), file)


def fencing_contradictions(key: str, cluster: ClusterInput) -> Iterator[Problem]:
    """Yield what leaves the fencing without a meaning; ``key`` is its table's."""
    asked = cluster.fencing
    if len(set(asked.levels)) < len(asked.levels):
        yield Problem(f"{key}.levels", "names a level twice", "write each once")
    for node in asked.devices:
        if node not in cluster.nodes:
            what = f"the cluster has no node {shown(node)}"
            yield Problem(f"{key}.devices.{dotted((node,))}", what, f"choose from: {', '.join(cluster.nodes)}")
    if "device" not in asked.levels:
        if asked.devices:
            yield Problem(f"{key}.devices", "no level uses a device", 'write levels = ["device", "watchdog"]')
        return
    for node, its in cluster.nodes.items():
        if node in asked.devices and its.bmc is not None:
            yield Problem(f"{key}.devices.{node}", "the node has a BMC of the lab, too", "write one of the two")
        if node not in asked.devices and its.bmc is None:
            what = f"nothing switches {node} off"
            yield Problem(f"{key}.levels", what, f"give the node a bmc, or write [{key}.devices.{node}]")
