"""How nodes are fenced: the devices as Pacemaker's resources, its levels, and what the agents need on the nodes.

Sources: pcs(8), stonith; Pacemaker Explained, "Fencing"; the FenceAgentAPI of fence-agents; sbd(8).
"""

import math
from collections.abc import Mapping

from tuchanka.files import File
from tuchanka.helpers.files import at_once
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.templating import fill
from tuchanka.topology.fencing import IPMI_AGENTS
from tuchanka.topology.types import Cluster, FencingDevice

PROGRAMS = "/usr/lib/tuchanka/fencing"
SECRETS = "/etc/tuchanka/fencing"
AT_ONCE_SLACK_S = 5
"""How much longer than the watchdog's time Pacemaker lets an agent run that waits for it."""


def resource(node: str) -> str:
    """Return the name of the resource that is the node's fencing device."""
    return f"fence-{node}"


def agent(device: FencingDevice, timing: Timing) -> str:
    """Return the agent that Pacemaker calls: the device's, or the one that wraps it."""
    return at_once(device.agent) if timing.counts_at_once else device.agent


def parameters(device: FencingDevice, cluster: Cluster, timing: Timing) -> dict[str, str]:
    """Return the parameters of the device's resource in their order."""
    found = dict(device.parameters)
    if device.bmc or device.password_file is not None:
        found |= _password(device)
    if timing.counts_at_once:
        found["watchdog_timeout"] = f"{timing.stonith_watchdog_timeout_ms / 1000:g}"
    # A node that is switched off stays off: it could not join by itself anyway, and off is sooner sure than a reboot.
    found |= {"pcmk_host_list": device.node, "pcmk_reboot_action": "off"}
    # By default a device does one thing at a time: a fencing waits for a monitor that a dead device does not answer.
    found.setdefault("pcmk_action_limit", "-1")
    if cluster.fencing.watchdog:
        least_s = math.ceil(timing.stonith_watchdog_timeout_ms / 1000) + AT_ONCE_SLACK_S
        limit_s = least_s if timing.counts_at_once else timing.device_timeout_s
        found |= {"pcmk_reboot_timeout": f"{limit_s}s", "pcmk_off_timeout": f"{limit_s}s"}
    if len(cluster.nodes) == 2 and not cluster.witness and device is cluster.fencing.devices[0]:
        # Two nodes that each have the quorum: the first is shot later, so it is the one that survives.
        found.setdefault("pcmk_delay_base", f"{timing.device_delay_s}s")
    return found


def agent_input(device: FencingDevice, cluster: Cluster, timing: Timing, action: str) -> str:
    """Return what the device's own agent reads from its standard input, as Pacemaker would write it."""
    own = {name: value for name, value in parameters(device, cluster, timing).items() if not name.startswith("pcmk_")}
    own.pop("watchdog_timeout", None)
    told = {"action": action, "nodename": device.node, **own}
    return "".join(f"{name}={value}\n" for name, value in told.items())


def _password(device: FencingDevice) -> dict[str, str]:
    """Return the parameter by which the agent gets at the password; none has it itself.

    fence_ipmilan would write it into the arguments of ipmitool, so that one is wrapped.
    """
    if device.agent in IPMI_AGENTS:
        return {"ipmitool_path": f"{PROGRAMS}/ipmitool-{device.node}"}
    return {"password_script": f"{PROGRAMS}/password-{device.node}"}


def script(cluster: Cluster, timing: Timing) -> str:
    """Return the script that makes the devices and levels."""
    devices = [
        {
            "node": device.node,
            "resource": resource(device.node),
            "agent": agent(device, timing),
            "parameters": parameters(device, cluster, timing),
        }
        for device in cluster.fencing.devices
    ]
    return fill(
        "tuchanka.stacks.pacemaker.render",
        "pcs_fencing.sh.j2",
        cluster=cluster,
        devices=devices,
        timing=timing,
        at_once=timing.counts_at_once,
    )


def agent_names(cluster: Cluster) -> tuple[str, ...]:
    """Return the names by which agents of the cluster's devices may write to the journal."""
    return tuple(sorted({at_once(device.agent) for device in cluster.fencing.devices}))


def wrapped_agents(cluster: Cluster, timing: Timing) -> tuple[str, ...]:
    """Return the fence agents that are wrapped, so that the watchdog's time counts from when they are asked."""
    if not timing.counts_at_once:
        return ()
    return tuple(sorted({device.agent for device in cluster.fencing.devices}))


def fencing_files(cluster: Cluster, node: str) -> dict[str, File]:
    """Return path → file of the programs by which a node's agents get at the passwords of the others' devices."""
    files: dict[str, File] = {}
    for device in _with_password(cluster, node):
        ((parameter, path),) = _password(device).items()
        text = fill(
            "tuchanka.stacks.pacemaker.render",
            "fencing_ipmitool.sh.j2" if parameter == "ipmitool_path" else "fencing_password.sh.j2",
            node=device.node,
            file=_secret(device),
        )
        files[path] = File(text, mode=0o755)
    return files


def password_files(cluster: Cluster, node: str, passwords: Mapping[str, str]) -> dict[str, File]:
    """Return path → file of the passwords on a node; ``passwords`` maps another node to that of its device."""
    return {
        _secret(device): File(f"{passwords[device.node]}\n", mode=0o600) for device in _with_password(cluster, node)
    }


def _with_password(cluster: Cluster, node: str) -> tuple[FencingDevice, ...]:
    """Return the devices with a password that the node may have to use: no node switches itself."""
    return tuple(
        device
        for device in cluster.fencing.devices
        if device.node != node and (device.bmc or device.password_file is not None)
    )


def _secret(device: FencingDevice) -> str:
    return f"{SECRETS}/{device.node}.password"
