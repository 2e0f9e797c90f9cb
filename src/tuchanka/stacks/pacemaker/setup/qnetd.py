"""TLS between the quorum device's server on the witness and the nodes of the clusters.

Source: corosync-qnetd-certutil(8) and corosync-qdevice-net-certutil(8), the certificate steps in their order.
"""

import base64

from tuchanka.files import File
from tuchanka.providers.base import Node
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

SERVER = "/etc/corosync/qnetd/nssdb"
CLIENT = "/etc/corosync/qdevice/net/nssdb"
CA = "qnetd-cacert.crt"
CERTUTIL_S = 60.0


async def install(witness: Node) -> None:
    """Make the server's certificate authority and have the server start on boot; it keeps no cluster's data."""
    await witness.run(["rm", "-rf", SERVER])
    await witness.run(["corosync-qnetd-certutil", "-i"], timeout=CERTUTIL_S)
    # The daemon runs as a user of its own, which must be able to read its keys.
    await witness.run(["chown", "-R", "coroqnetd:coroqnetd", "/etc/corosync/qnetd"])
    await witness.run(["systemctl", "enable", "--quiet", "--now", "corosync-qnetd"])


async def _get(machine: Node, path: str) -> str:
    return base64.b64encode(await machine.get(path)).decode()


async def _put(machine: Node, path: str, content: str) -> None:
    """Write a binary file; certificates travel as base64, because files are text."""
    await machine.put({f"{path}.b64": File(content, mode=0o600)})
    await machine.run(["sh", "-c", 'base64 -d "$1.b64" > "$1" && chmod 600 "$1" && rm "$1.b64"', "sh", path])


async def enroll(witness: Node, nodes: tuple[Node, ...], cluster: Cluster) -> None:
    """Give the nodes of a cluster the certificate with which they may ask the server."""
    authority = await _get(witness, f"{SERVER}/{CA}")

    async def initialise(node: Node) -> None:
        await node.run(["rm", "-rf", CLIENT])
        await node.run(["mkdir", "-p", CLIENT.rpartition("/")[0]])
        await _put(node, f"/root/{CA}", authority)
        await node.run(["corosync-qdevice-net-certutil", "-i", "-c", f"/root/{CA}"], timeout=CERTUTIL_S)

    await together(*(initialise(node) for node in nodes))
    first, others = nodes[0], nodes[1:]
    await first.run(["corosync-qdevice-net-certutil", "-r", "-n", cluster.name], timeout=CERTUTIL_S)
    request, signed = f"/root/qdevice-{cluster.name}.crq", f"{SERVER}/cluster-{cluster.name}.crt"
    await _put(witness, request, await _get(first, f"{CLIENT}/qdevice-net-node.crq"))
    await witness.run(["corosync-qnetd-certutil", "-s", "-c", request, "-n", cluster.name], timeout=CERTUTIL_S)
    await _put(first, f"/root/{cluster.name}.crt", await _get(witness, signed))
    await first.run(["corosync-qdevice-net-certutil", "-M", "-c", f"/root/{cluster.name}.crt"], timeout=CERTUTIL_S)
    bundle = await _get(first, f"{CLIENT}/qdevice-net-node.p12")

    async def take(node: Node) -> None:
        await _put(node, "/root/qdevice-net-node.p12", bundle)
        command = ["corosync-qdevice-net-certutil", "-m", "-c", "/root/qdevice-net-node.p12"]
        await node.run(command, timeout=CERTUTIL_S)
        await node.run(["rm", "-f", "/root/qdevice-net-node.p12"])

    await together(*(take(node) for node in others))
