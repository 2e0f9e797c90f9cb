"""The lab's network: a namespace of its own with a bridge and no way out.

The host's root namespace never has a route to the lab's addresses, nor the lab one to the host's: there is no default
route, no veth between the two, and forwarding is off in a new namespace.
"""

import asyncio
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from tuchanka.errors import HostError
from tuchanka.providers.base import BMC

BRIDGE = "br0"
NAMESPACES = Path("/run/netns")
PORT, BMC_PORT = "vb-", "bm-"
NAME_LONGEST = 15 - len(PORT)
"""Letters in the name of a machine: a port's has at most 15 (IFNAMSIZ in netdevice(7), less the closing NUL)."""


def interface(machine: str) -> str:
    """Return the bridge's port that a machine hangs on, as nspawn calls it, or the machine's BMC (``bmc_of``)."""
    name = machine.removesuffix(BMC)
    return f"{PORT if name == machine else BMC_PORT}{name}"


async def _ip(*arguments: str, check: bool = True) -> int:
    process = await asyncio.create_subprocess_exec(
        "ip", *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await asyncio.wait_for(process.communicate(), timeout=10)
    if check and process.returncode:
        raise HostError(f"'ip {' '.join(arguments)}' failed: {stderr.decode().strip()}", hint="see 'tuchanka doctor'")
    return process.returncode or 0


def namespace_file(namespace: str) -> Path:
    """Return the file that holds a network namespace, as ip-netns(8) keeps them."""
    return NAMESPACES / namespace


async def make(name: str, subnet: IPv4Network, host: IPv4Address) -> None:
    """Make the namespace called ``name`` and its bridge, which has the host side's address; safe to repeat."""
    # A namespace without its bridge is left by an interrupted call; so is a file that isn't a mount.
    if await _ip("-n", name, "link", "show", BRIDGE, check=False) != 0:
        await remove(name)
        await _ip("netns", "add", name)
        await _ip("-n", name, "link", "set", "lo", "up")
        await _ip("-n", name, "link", "add", BRIDGE, "type", "bridge", "forward_delay", "0")
    await _ip("-n", name, "addr", "replace", f"{host}/{subnet.prefixlen}", "dev", BRIDGE)
    await _ip("-n", name, "link", "set", BRIDGE, "up")


async def remove(name: str) -> None:
    """Remove the namespace, and with it every device in it; safe to repeat."""
    file = namespace_file(name)
    if file.exists() and await _ip("netns", "del", name, check=False) != 0:
        file.unlink(missing_ok=True)
