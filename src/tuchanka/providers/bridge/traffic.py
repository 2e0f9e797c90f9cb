"""Who can't hear whom: cuts become nftables rules at the lab's bridge, one table a cut's name.

The rules are in the lab's own network namespace. They match the bridge's ports by name, so that they go for whatever
address a machine has at the moment, and hold when a machine is switched off and on. A table of its own for each name
lets faults of several clusters be there at the same time, and a later command find what a killed one has left.

Source: nft(8), "bridge address family"; `ip netns exec` would mount a /sys of its own for nothing, so it is nsenter.
"""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

from tuchanka.errors import HostError
from tuchanka.providers.base import CLIENT, Cut
from tuchanka.providers.bridge.network import interface

PREFIX = "tuchanka."
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
ANSWER_S = 10.0


def render(name: str, cuts: Sequence[Cut]) -> str:
    """Return the input for nft that puts the cuts in force under a name, in place of what was there. Pure."""
    chains: dict[str, list[str]] = {"forward": [], "input": [], "output": []}
    for cut in cuts:
        hook, where = _where(cut)
        share = "" if cut.loss_percent == 100 else f"numgen random mod 100 < {cut.loss_percent} "
        ports = [""] if cut.tcp_port is None else [f"tcp dport {cut.tcp_port} ", f"tcp sport {cut.tcp_port} "]
        chains[hook] += [f"{where} {port}{share}drop" for port in ports]
    table = f"table bridge {PREFIX}{name}"
    lines = [table, f"delete {table}", f"{table} {{"]
    for hook, rules in chains.items():
        if rules:
            lines += [f"  chain {hook} {{", f"    type filter hook {hook} priority 0;"]
            lines += [*(f"    {rule}" for rule in rules), "  }"]
    return "\n".join([*lines, "}", ""])


def _where(cut: Cut) -> tuple[str, str]:
    """Return the bridge's hook that such a frame comes by, and the match: clients are on the bridge itself."""
    if cut.destination == CLIENT:
        return "input", f'iifname "{interface(cut.source)}"'
    if cut.source == CLIENT:
        return "output", f'oifname "{interface(cut.destination)}"'
    return "forward", f'iifname "{interface(cut.source)}" oifname "{interface(cut.destination)}"'


class BridgeTraffic:
    """The capabilities ``Traffic`` and ``Latency`` of a lab."""

    def __init__(self, namespace: Path) -> None:
        """``namespace`` is the file of the lab's network namespace."""
        self.namespace = namespace

    async def block(self, name: str, cuts: Sequence[Cut]) -> float:
        """Put the cuts in force, all at the same moment."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} can't be the name of a table")
        await self._do("nft", "--file", "-", stdin=render(name, cuts))
        return time.monotonic()

    async def unblock(self, name: str | None = None) -> None:
        """Remove the tables."""
        for one in await self.blocked():
            if name in {None, one}:
                await self._do("nft", "delete", "table", "bridge", f"{PREFIX}{one}")

    async def blocked(self) -> tuple[str, ...]:
        """Return the names of the tables."""
        if not self.namespace.exists():
            return ()
        seen = json.loads(await self._do("nft", "--json", "list", "tables", "bridge"))["nftables"]
        names = [entry["table"]["name"] for entry in seen if "table" in entry]
        return tuple(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))

    async def delay(self, machine: str, milliseconds: int) -> float:
        """Delay what the machine hears; its link has to be there."""
        words = ("tc", "qdisc", "replace", "dev", interface(machine), "root", "netem", "delay", f"{milliseconds}ms")
        await self._do(*words)
        return time.monotonic()

    async def undelay(self, machine: str) -> None:
        """Remove the delay."""
        if not self.namespace.exists():
            return
        queues = json.loads(await self._do("tc", "-json", "qdisc", "show"))
        if any((queue.get("dev"), queue["kind"]) == (interface(machine), "netem") for queue in queues):
            await self._do("tc", "qdisc", "delete", "dev", interface(machine), "root")

    async def _do(self, *words: str, stdin: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *("nsenter", f"--net={self.namespace}", "--", *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        stdout, stderr = await asyncio.wait_for(process.communicate(stdin.encode()), timeout=ANSWER_S)
        if process.returncode:
            raise HostError(f"'{' '.join(words)}' failed: {stderr.decode().strip()}", hint="see 'tuchanka doctor'")
        return stdout.decode()
