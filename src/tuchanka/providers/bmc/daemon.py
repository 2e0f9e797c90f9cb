"""One process per lab that keeps its BMCs: an ``ipmi_sim`` for each, and the power behind it.

Each ``ipmi_sim`` runs in a network namespace of its own, with one interface at the lab's bridge, as a BMC has a port
of its own: it can be cut off like a machine, and answers while its machine is off. It asks for power and switches it
by a UNIX socket; so do the commands of the lab that let a BMC fail. A question is one line, and so is its answer.

Started as ``python -m tuchanka.providers.bmc.daemon SPEC`` in the lab's network namespace, with a JSON file that has
the fields of ``Spec``. It outlives the command that started it; ``destroy`` ends it with the lab's control group.
"""

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from tuchanka.errors import TuchankaError
from tuchanka.providers import registry
from tuchanka.providers.base import Machine, Power, Provider, bmc_of
from tuchanka.providers.bmc.behaviour import Order, State, answer, orders, parsed
from tuchanka.providers.bmc.control import STATE_FILE
from tuchanka.providers.bmc.render import COMMANDS, configuration
from tuchanka.providers.bmc.spec import Spec
from tuchanka.providers.bridge.network import BRIDGE, interface
from tuchanka.topology.load import load
from tuchanka.waiting import wait_until
from tuchanka.writing import write_atomically

LOG = logging.getLogger(__name__)
BMC_REASON = "bmc"
"""What the power log says of a machine that its BMC has switched."""
NAMESPACE_S = 10.0
SLOW_S = 120.0
"""How long a slow BMC takes for an answer: longer than any level of fencing waits."""
RESTART_S = 0.5
# The interface is moved into the namespace only when there is a process in it.
IN_NAMESPACE = """\
tries=0
until ip link show dev eth0 >/dev/null 2>&1; do
    tries=$((tries + 1)); [ "$tries" -lt 500 ] || exit 1
    sleep 0.02
done
ip link set lo up && ip address add "$1" dev eth0 && ip link set eth0 up || exit 1
shift
exec "$@"
"""


class VirtualBmc:
    """The BMC of one machine of ``machines``."""

    def __init__(self, name: str, address: str, run: Path, machines: Mapping[str, Machine]) -> None:
        self.name = name
        self.address = address
        self.socket = run / "socket"
        self.machines = machines
        self.folder = run / name
        self.kept = self.folder / STATE_FILE
        self.state = State(**json.loads(self.kept.read_text())) if self.kept.exists() else State(name)
        self.changed = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None

    def behave(self, state: State) -> None:
        """Behave so from now on; what waits for a slow answer gets none."""
        self.state = state
        write_atomically(self.kept, json.dumps(asdict(state)))
        self.changed.set()
        self.changed = asyncio.Event()
        if state.behaviour == "off" and self.process is not None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                self.process.kill()

    async def keep(self) -> None:
        """Run ``ipmi_sim`` whenever the BMC has power."""
        while True:
            if self.state.behaviour == "off":
                await self.changed.wait()
                continue
            await self.run()
            await asyncio.sleep(RESTART_S)

    def files(self) -> list[str]:
        """Write what ``ipmi_sim`` needs, and return the command that starts it."""
        kept = self.folder / "kept"
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        configured, commands = self.folder / "lan.conf", self.folder / "commands"
        password, address = self.machines[self.name].bmc_password(), self.address.partition("/")[0]
        write_atomically(configured, configuration(self.name, address, password, self.socket), mode=0o600)
        write_atomically(commands, COMMANDS)
        return ["ipmi_sim", "-n", "-c", str(configured), "-f", str(commands), "-s", str(kept)]

    async def run(self) -> None:
        """Run ``ipmi_sim`` until it ends."""
        port = interface(bmc_of(self.name))
        await _ip("link", "delete", port)  # the kernel takes a dead namespace's away only a moment later
        self.process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net", "--"),
            *("sh", "-c", IN_NAMESPACE, "bmc", self.address, *self.files()),
            stdin=asyncio.subprocess.DEVNULL,
        )
        pid, own = self.process.pid, Path("/proc/self/ns/net").readlink()

        async def apart() -> bool:
            with contextlib.suppress(OSError):  # it has just ended
                return Path(f"/proc/{pid}/ns/net").readlink() != own
            return True

        await wait_until(apart, deadline_s=NAMESPACE_S, interval_s=0.01, what=f"the namespace of {self.name}'s BMC")
        await _ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        await _ip("link", "set", port, "master", BRIDGE, "up")
        await self.process.wait()
        self.process = None

    async def _changes_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.changed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def chassis(self, verb: str, words: list[str]) -> str | None:
        """Answer ``ipmi_sim``'s question, or carry its order out; ``None``: it is refused."""
        if self.state.behaviour == "slow" and await self._changes_within(SLOW_S):
            return None  # an order that is late must not hit the machine after the healing
        machine = self.machines[self.state.machine]
        if verb == "get":
            says = self.state.answers
            on = await machine.power_state() == "on" if says is None else says
            return answer(words, on=on)
        for order in orders(words):
            if self.state.behaviour == "refuses":
                return None
            if order == "power-off":
                self.behave(replace(self.state, told_off=True))
            if self.state.obeys:
                await switch(machine, order)
        return ""


async def switch(machine: Power, order: Order) -> None:
    """Carry an order out by the machine's own power verbs."""
    match order:
        case "power-off":
            await machine.power_off(BMC_REASON)
        case "power-on":
            await machine.power_on()
        case "reset":
            await machine.reset(BMC_REASON)


async def _ip(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec("ip", *arguments, stderr=asyncio.subprocess.DEVNULL)
    await process.wait()


class Daemon:
    """All BMCs of the lab, and the socket."""

    def __init__(self, spec: Spec, provider: Provider) -> None:
        self.run_folder = Path(spec.run)
        machines = {name: provider.machine(name) for name in spec.addresses}
        self.bmcs = {
            name: VirtualBmc(name, address, self.run_folder, machines) for name, address in spec.addresses.items()
        }

    async def run(self) -> None:
        """Serve until this process is ended."""
        socket = self.run_folder / "socket"
        socket.unlink(missing_ok=True)
        await asyncio.start_unix_server(self.serve, socket)
        async with asyncio.TaskGroup() as group:
            for bmc in self.bmcs.values():
                group.create_task(bmc.keep())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one line: ``MACHINE get|set WORD…`` of ipmi_sim, ``MACHINE behave STATE`` or ``MACHINE state``.

        The answer is ``ok``, and what was asked for, or ``no``.
        """
        try:
            name, verb, *words = (await reader.readline()).decode().split()
            said = await self.do(self.bmcs[name], verb, words)
            writer.write(b"no\n" if said is None else f"ok {said}".strip().encode() + b"\n")
            await writer.drain()
        except (ValueError, KeyError, ConnectionError, TuchankaError) as error:
            LOG.warning("bad request: %r", error)
        finally:
            writer.close()

    async def do(self, bmc: VirtualBmc, verb: str, words: list[str]) -> str | None:
        """Do what a line asks for, and return the answer."""
        LOG.info("%s (%s): %s %s", bmc.name, bmc.state.behaviour, verb, " ".join(words))
        if verb == "behave":
            bmc.behave(parsed(" ".join(words), bmc.machines))
            return ""
        if verb == "state":
            return bmc.state.behaviour
        if verb not in {"get", "set"}:
            raise ValueError(verb)
        return await bmc.chassis(verb, words)


async def run(spec: Spec, provider: Provider) -> None:
    """Keep the BMCs until SIGTERM."""
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await Daemon(spec, provider).run()


def main() -> None:
    """Become the daemon that the file in ``argv`` describes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    spec = Spec(**json.loads(Path(sys.argv[1]).read_text()))
    folder = Path(spec.folder)
    provider = registry.make(folder, load(Path(spec.topology)), watchdog_s=spec.watchdog_s)
    asyncio.run(run(spec, provider))


if __name__ == "__main__":
    main()
