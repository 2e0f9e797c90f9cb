"""What a machine can do: small capabilities, each of which a provider may or may not have.

A stage or a fault asks for the capability it needs and nothing more, so that it runs on every provider that has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from tuchanka.files import File

PowerState = Literal["on", "off"]
WatchdogState = Literal["armed", "disarmed", "absent", "unknown"]
BmcBehaviour = Literal["works", "off", "slow", "refuses", "lies", "wrong node", "forgot"]
"""How a machine's BMC (its management controller, which a fence agent asks) behaves.

``off``: it has no power. ``slow``: each answer takes longer than any level of fencing waits. ``refuses``: it tells
the state, and obeys no command. ``lies``: it obeys none, and says ``off`` after it was told to switch off.
``wrong node``: it tells the state of another machine, and switches that one, as where two addresses were mixed up.
``forgot``: it says ``off`` whatever the machine does, as one whose machine was moved to another slot.
"""
# Of a command that runs on a machine: nothing of this host's comes along.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
# The end of a ``Cut`` that is no machine: every client of the lab.
CLIENT = "client"
# What a BMC's name ends with there; no machine's name has a dot.
BMC = ".bmc"


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended, and what it wrote."""

    status: int
    stdout: str
    stderr: str


@runtime_checkable
class Runner(Protocol):
    """Runs commands as root, or as another user of the machine."""

    @property
    def name(self) -> str:
        """The machine's name."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        user: str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> Completed:
        """Run a command to its end; it is killed with its caller.

        Raises:
            CommandFailed: it ended with a status other than 0, and ``check`` is true.
            DeadlineExceeded: it had not ended after ``timeout`` seconds; it has been killed.
            MachineError: the machine is off or can't be reached.
        """

    async def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command of this host that runs ``argv`` on the machine, with its standard streams.

        It is to be started with ``ENVIRONMENT``.

        Raises:
            MachineError: the machine is off or can't be reached.
        """


@runtime_checkable
class Copier(Protocol):
    """Copies files in and out."""

    async def put(self, files: Mapping[str, File]) -> None:
        """Write the files (path → content), making folders that are missing."""

    async def get(self, path: str) -> bytes:
        """Read a file."""


@runtime_checkable
class Ready(Protocol):
    """Says when the machine takes commands."""

    async def wait_ready(self) -> None:
        """Wait until its system is up; at once where it is.

        Raises:
            MachineError: the machine is off.
            DeadlineExceeded: it isn't up in time.
        """


@runtime_checkable
class Power(Protocol):
    """Switches the machine; each verb is safe to repeat, and returns when it took effect."""

    async def power_on(self) -> None:
        """Switch it on, and end a pause. Its system takes commands later: see ``Ready``."""

    async def power_off(self, reason: str = "power-off") -> float:
        """Cut the power, without an orderly stop of anything. Returns when, in monotonic seconds.

        ``reason`` is what the power log says.
        """

    async def reset(self, reason: str = "reset") -> float:
        """Cut the power and switch it on again, without waiting for it. Returns when the power went."""

    async def shut_down(self) -> None:
        """Ask the system to stop, and wait until it is off."""

    async def power_state(self) -> PowerState:
        """Say whether it is switched on."""


@runtime_checkable
class Link(Protocol):
    """Takes the machine's network link down and up; a pulled cable stays pulled whatever happens to the machine."""

    async def link(self, *, up: bool) -> float:
        """Set the link, also of a machine that is off. Returns when, in monotonic seconds."""


@runtime_checkable
class Snapshots(Protocol):
    """Keeps states of the machine's disk; the machine must be off for each verb but ``snapshots``."""

    def snapshots(self) -> tuple[str, ...]:
        """The names, oldest first."""

    async def snapshot(self, name: str) -> None:
        """Keep the disk as it is now."""

    async def rollback(self, name: str | None) -> None:
        """Go back to a snapshot (``None``: to the empty disk), forgetting the later ones."""


@runtime_checkable
class Console(Protocol):
    """Shows what the machine wrote to its console."""

    def console_log(self) -> str:
        """The text so far; what is old may be missing."""


@runtime_checkable
class Watchdog(Protocol):
    """Has a hardware watchdog, or something that acts as one."""

    async def watchdog(self) -> WatchdogState:
        """Say whether it would reset the machine if nobody fed it."""


@runtime_checkable
class Pause(Protocol):
    """Stops the whole machine with its watchdog, as a hypervisor pauses a virtual one, and lets it go on afterwards.

    Power off, reset and power on end a pause; the machine boots running.
    """

    async def pause(self) -> float:
        """Stop it. Returns when all of it had stopped, in monotonic seconds.

        Raises:
            MachineError: the machine is off, or the host can't pause it.
        """

    async def resume(self) -> float:
        """Let it go on; safe where it isn't paused. Returns when, in monotonic seconds."""

    async def paused(self) -> bool:
        """Say whether it is paused, or stalled."""


@runtime_checkable
class Stall(Protocol):
    """Stops the whole machine while its watchdog goes on counting, as hardware does, and resets it."""

    async def stall(self) -> float:
        """Stop it. Returns when all of it had stopped, in monotonic seconds.

        Raises:
            MachineError: the machine is off, or the host can't stall it.
        """

    async def end_stall(self) -> None:
        """Let it go on, if its watchdog hasn't reset it already; safe to repeat."""


@runtime_checkable
class DiskHang(Protocol):
    """Lets whatever is written to the machine's data disk wait, without an error.

    Power off and reset end that, too: what waits for the disk can't end before.
    """

    async def hang_disk(self) -> float:
        """Let the disk hang. Returns when, in monotonic seconds.

        Raises:
            MachineError: the machine is off.
        """

    async def release_disk(self) -> None:
        """Let it go on; safe where it doesn't hang."""


@dataclass(frozen=True, slots=True)
class Stop:
    """When (monotonic seconds) and why a machine stopped running, or lost its power.

    ``frozen``, ``thawed``: its last pause or stall since it had booted; it may have stopped without going on.
    """

    t: float
    reason: str
    frozen: float | None = None
    thawed: float | None = None


@runtime_checkable
class PowerLog(Protocol):
    """Remembers when the machine stopped."""

    def stops(self) -> tuple[Stop, ...]:
        """Every stop, the oldest first."""


@runtime_checkable
class Bmc(Protocol):
    """May have a BMC at an address of its own, with power of its own, that works or fails as it is told."""

    async def set_bmc(self, behaviour: BmcBehaviour, other: str = "") -> float:
        """Let it behave so from now on, whatever becomes of the machine. Returns when, in monotonic seconds.

        ``other`` is the machine that one of the ``wrong node`` switches.

        Raises:
            MachineError: the machine has none.
        """

    async def bmc(self) -> BmcBehaviour | None:
        """Say how it behaves; ``None``: the machine has none."""

    def bmc_password(self) -> str:
        """Return the password of the user who may switch the machine, generated when it is first asked for."""


@runtime_checkable
class WatchdogFailure(Protocol):
    """Lets the machine's watchdog fail, so that it takes what feeds it and never fires."""

    async def disable_watchdog(self) -> float:
        """Let it fail until ``enable_watchdog``, also over resets. Returns when, in monotonic seconds."""

    async def enable_watchdog(self) -> None:
        """Let it work again; safe to repeat."""


class Node(Runner, Copier, Ready, Protocol):
    """What every machine can do, also a server that isn't ours to switch off."""


class Machine(
    Node, Power, Link, Snapshots, Console, Watchdog, Pause, Stall, DiskHang, Bmc, WatchdogFailure, Protocol
):
    """A machine with every capability, as the lab providers make them."""


async def make_ready(machine: Node) -> None:
    """Switch the machine on, where it has a power switch of ours, and wait until it takes commands."""
    if isinstance(machine, Power):
        await machine.power_on()
    await machine.wait_ready()


def bmc_of(machine: str) -> str:
    """Return what a machine's BMC is called as an end of a ``Cut``."""
    return f"{machine}{BMC}"


@dataclass(frozen=True, slots=True)
class Cut:
    """``destination`` doesn't hear ``source``; each is a machine's name, ``bmc_of`` one, or ``CLIENT``.

    With ``tcp_port`` only TCP from or to that port is lost. ``loss_percent`` is how much of it, drawn at random.
    """

    source: str
    destination: str
    tcp_port: int | None = None
    loss_percent: int = 100


@runtime_checkable
class Traffic(Protocol):
    """Loses what one machine sends to another. Cuts stay until they are taken back, whatever becomes of a machine."""

    async def block(self, name: str, cuts: Sequence[Cut]) -> float:
        """Put the cuts in force under a name, in place of what was there. Returns when, in monotonic seconds."""

    async def unblock(self, name: str | None = None) -> None:
        """Take back the cuts of a name, or all; safe to repeat."""

    async def blocked(self) -> tuple[str, ...]:
        """Return the names that have cuts in force."""


@runtime_checkable
class Latency(Protocol):
    """Delays what a machine hears, until it is taken back or the machine boots again."""

    async def delay(self, machine: str, milliseconds: int) -> float:
        """Delay it. Returns when that began, in monotonic seconds."""

    async def undelay(self, machine: str) -> None:
        """Take the delay back; safe to repeat."""


class Network(Traffic, Latency, Protocol):
    """Everything that can be done to a lab's network."""


class Provider(Protocol):
    """Makes machines and the network between them, and takes all of it away again."""

    @property
    def network(self) -> Network:
        """What can be done to the network between the machines."""

    def missing(self) -> Mapping[str, str]:
        """Return the capabilities that this host can't give, by their protocol's name, and why."""

    async def make_image(self, note: Callable[[str], None]) -> None:
        """Make what machines are made from, if it isn't there; ``note`` is told what is going on."""

    async def prepare(self) -> None:
        """Make what all machines share (network, folders); safe to repeat."""

    async def tidy(self) -> None:
        """End what an earlier, killed command has left running in the machines; the caller holds the lab's lock."""

    def machine(self, name: str) -> Machine:
        """Return the machine called ``name``; it need not exist yet."""

    def inside(self, argv: Sequence[str]) -> list[str]:
        """Return the command of this host that runs ``argv`` where the lab's addresses can be reached."""

    async def destroy(self) -> None:
        """Take away every process, mount, namespace, control group and file of the lab; safe to repeat."""
