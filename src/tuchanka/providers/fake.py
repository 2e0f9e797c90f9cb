"""Machines that exist in memory only: what drives stages, operations and campaigns in unit tests.

A fake machine keeps files, power, link and snapshots as a real one does, and refuses what a real one refuses. It runs
nothing: the script says how a command ends, and one that the script doesn't know ends well and writes nothing.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tuchanka.errors import CommandFailed, DeadlineExceeded, LabError, MachineError, UnknownName
from tuchanka.files import File
from tuchanka.providers.base import BmcBehaviour, Completed, Cut, PowerState, Provider, WatchdogState


@dataclass(frozen=True, slots=True)
class Step:
    """One verb that a machine was asked for; ``what`` is the command line, the paths or the name of the snapshot."""

    machine: str
    verb: str
    what: str = ""
    stdin: str = ""
    user: str | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.machine, self.verb, self.what) if part)


Answer = Completed | Exception
# A list is searched for the first pattern found in "MACHINE COMMAND…"; a callable answers None if it doesn't know.
Script = Callable[[Step], Answer | None] | Sequence[tuple[str, Answer]]


class FakeProvider:
    """Makes fake machines; ``steps`` records everything that was asked of them, in order.

    ``before`` is called before each step takes effect; what it raises is what the step raises. ``script`` and
    ``before`` may be replaced at any time.
    """

    def __init__(
        self,
        script: Script = (),
        *,
        before: Callable[[Step], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.script = script
        self.before = before
        self.clock = clock
        self.steps: list[Step] = []
        self.machines: dict[str, FakeMachine] = {}
        self.has_image = False
        self.has_network = False
        self.network = FakeNetwork(self)
        self.lacks: dict[str, str] = {}

    def missing(self) -> Mapping[str, str]:
        """Return what the test says that this host lacks."""
        return self.lacks

    async def make_image(self, note: Callable[[str], None]) -> None:
        """Remember that there is an image."""
        self.has_image = True
        note("nothing to build")

    async def prepare(self) -> None:
        """Remember that there is a network."""
        self.has_network = True

    async def tidy(self) -> None:
        """Do nothing: no command outlives its caller here."""

    def machine(self, name: str) -> "FakeMachine":
        """Return the machine called ``name``, always the same one."""
        return self.machines.setdefault(name, FakeMachine(name, self))

    def inside(self, argv: Sequence[str]) -> list[str]:
        """Return the command as it is: there is no network to enter."""
        return list(argv)

    async def destroy(self) -> None:
        """Forget everything but the steps."""
        self.machines.clear()
        self.has_image = self.has_network = False

    def commands(self, machine: str | None = None) -> list[str]:
        """Return the command lines that were run, of one machine or of all."""
        return [step.what for step in self.steps if step.verb == "run" and machine in {None, step.machine}]

    def take(self, step: Step) -> None:
        """Record a step, unless it is interrupted."""
        self.before(step)
        self.steps.append(step)

    def answer(self, step: Step) -> Completed | None:
        """Return how the script says that a command ends."""
        if callable(self.script):
            answer = self.script(step)
        else:
            line = f"{step.machine} {step.what}"
            answer = next((answer for pattern, answer in self.script if re.search(pattern, line)), None)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeNetwork:
    """The cuts and delays in force."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.cuts: dict[str, tuple[Cut, ...]] = {}
        self.delays: dict[str, int] = {}

    async def block(self, name: str, cuts: Sequence[Cut]) -> float:
        """Keep the cuts."""
        self.provider.take(Step("network", "block", name))
        self.cuts[name] = tuple(cuts)
        return self.provider.clock()

    async def unblock(self, name: str | None = None) -> None:
        """Forget them."""
        self.provider.take(Step("network", "unblock", name or ""))
        self.cuts = {one: cuts for one, cuts in self.cuts.items() if name not in {None, one}}

    async def blocked(self) -> tuple[str, ...]:
        """Return their names."""
        return tuple(self.cuts)

    async def delay(self, machine: str, milliseconds: int) -> float:
        """Keep the delay."""
        self.provider.take(Step(machine, "delay", str(milliseconds)))
        self.delays[machine] = milliseconds
        return self.provider.clock()

    async def undelay(self, machine: str) -> None:
        """Forget it."""
        self.delays.pop(machine, None)


class FakeMachine:
    """One machine: the verbs of ``protocols.Machine``. Tests set ``armed`` and ``console`` as they need them.

    It has a BMC, unless a test sets ``behaviour`` to ``None``.
    """

    def __init__(self, name: str, provider: FakeProvider) -> None:
        self.name = name
        self.provider = provider
        self.files: dict[str, File] = {}
        self.kept: list[tuple[str, dict[str, File]]] = []
        self.on = False
        self.link_up = True
        self.is_frozen = False
        self.armed = False
        self.watchdog_works = True
        self.behaviour: BmcBehaviour | None = "works"
        self.boots = 0
        self.console = ""

    def _take(self, verb: str, what: str = "", stdin: bytes = b"", user: str | None = None) -> Step:
        step = Step(self.name, verb, what, stdin.decode(errors="replace"), user)
        self.provider.take(step)
        return step

    def _must_be_on(self, what: str = "is off") -> None:
        if not self.on:
            raise MachineError(what, where=self.name, hint="switch it on first")

    def _must_be_off(self) -> None:
        if self.on:
            raise LabError("is on, so its disk can't be changed", where=self.name, hint="switch it off first")

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        user: str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> Completed:
        """End as the script says; a command that is to take too long is scripted as ``DeadlineExceeded``."""
        self._must_be_on()
        if self.is_frozen:
            raise DeadlineExceeded(f"{' '.join(argv)[:80]!r} had not ended after {timeout:g} s", where=self.name)
        completed = self.provider.answer(self._take("run", " ".join(argv), stdin, user)) or Completed(0, "", "")
        if check and completed.status != 0:
            output = completed.stderr or completed.stdout
            raise CommandFailed(self.name, " ".join(argv)[:80], completed.status, output)
        return completed

    async def command(self, argv: Sequence[str]) -> list[str]:
        """Return a command that only says what would be run."""
        self._must_be_on()
        return ["echo", self.name, *argv]

    async def put(self, files: Mapping[str, File]) -> None:
        """Keep the files."""
        self._must_be_on()
        self._take("put", " ".join(files))
        self.files |= files

    async def get(self, path: str) -> bytes:
        """Return a file that was put, or else what the script answers to ``cat -- PATH``."""
        self._must_be_on()
        step = self._take("get", f"cat -- {path}")
        if path in self.files:
            return self.files[path].content.encode()
        completed = self.provider.answer(step) or Completed(1, "", f"cat: {path}: No such file or directory")
        if completed.status != 0:
            raise CommandFailed(self.name, f"cat {path}", completed.status, completed.stderr)
        return completed.stdout.encode()

    async def wait_ready(self) -> None:
        """Be ready at once, where it is on and not paused."""
        self._must_be_on()
        if self.is_frozen:
            raise DeadlineExceeded("had not booted in time", where=self.name)

    async def power_on(self) -> None:
        """Switch it on, and end a pause."""
        self._take("power_on")
        self.is_frozen = False
        if not self.on:
            self.on = True
            self.boots += 1

    async def power_off(self, reason: str = "power-off") -> float:
        """Switch it off; there is no power log to write the reason to."""
        del reason
        self._take("power_off")
        self.on = self.armed = self.is_frozen = False
        return self.provider.clock()

    async def reset(self, reason: str = "reset") -> float:
        """Boot it again; there is no power log to write the reason to."""
        del reason
        self._must_be_on("is off, so it can't be reset")
        self._take("reset")
        self.armed = self.is_frozen = False
        self.boots += 1
        return self.provider.clock()

    async def shut_down(self) -> None:
        """Switch it off in good order, which makes no difference here."""
        if self.is_frozen:
            raise MachineError("is frozen, so it can't shut down", where=self.name, hint="thaw it, or cut its power")
        self._take("shut_down")
        self.on = self.armed = False

    async def power_state(self) -> PowerState:
        """Say whether it is on."""
        return "on" if self.on else "off"

    async def link(self, *, up: bool) -> float:
        """Set the link."""
        self._take("link", "up" if up else "down")
        self.link_up = up
        return self.provider.clock()

    def snapshots(self) -> tuple[str, ...]:
        """The names, oldest first."""
        return tuple(name for name, _ in self.kept)

    async def snapshot(self, name: str) -> None:
        """Keep the files as they are now."""
        self._must_be_off()
        self._take("snapshot", name)
        self.kept.append((name, dict(self.files)))

    async def rollback(self, name: str | None) -> None:
        """Go back to the files of a snapshot."""
        self._must_be_off()
        if name is not None and name not in self.snapshots():
            raise UnknownName("snapshot", name, list(self.snapshots()))
        self._take("rollback", name or "")
        while self.kept and self.kept[-1][0] != name:
            self.kept.pop()
        self.files = dict(self.kept[-1][1]) if self.kept else {}

    def console_log(self) -> str:
        """What the test put there."""
        return self.console

    async def watchdog(self) -> WatchdogState:
        """Say whether the test armed it."""
        if not self.on:
            return "absent"
        return "armed" if self.armed else "disarmed"

    async def pause(self) -> float:
        """Stop."""
        return self._stop("pause")

    async def resume(self) -> float:
        """Go on."""
        self._take("resume")
        self.is_frozen = False
        return self.provider.clock()

    async def paused(self) -> bool:
        """Say whether it is paused, or stalled."""
        return self.is_frozen

    async def stall(self) -> float:
        """Stop; no watchdog resets it here."""
        return self._stop("stall")

    def _stop(self, verb: str) -> float:
        self._must_be_on("is off, so it can't be frozen")
        self._take(verb)
        self.is_frozen = True
        return self.provider.clock()

    async def end_stall(self) -> None:
        """Go on."""
        self._take("end_stall")
        self.is_frozen = False

    async def hang_disk(self) -> float:
        """Only note it: nothing is written here."""
        self._must_be_on("is off, so it can't be given a disk that hangs")
        self._take("hang_disk")
        return self.provider.clock()

    async def release_disk(self) -> None:
        """Only note it."""
        self._take("release_disk")

    async def set_bmc(self, behaviour: BmcBehaviour, other: str = "") -> float:
        """Keep it; nothing asks the BMC here."""
        if self.behaviour is None:
            raise MachineError("has no BMC", where=self.name, hint="give the node a 'bmc' in the topology")
        self._take("set_bmc", f"{behaviour} {other}".strip())
        self.behaviour = behaviour
        return self.provider.clock()

    async def bmc(self) -> BmcBehaviour | None:
        """Say what was kept."""
        return self.behaviour

    def bmc_password(self) -> str:
        """Return one that is no secret."""
        return f"password of {self.name}"

    async def disable_watchdog(self) -> float:
        """Keep it; no watchdog resets it here anyway."""
        self._take("disable_watchdog")
        self.watchdog_works = False
        return self.provider.clock()

    async def enable_watchdog(self) -> None:
        """Keep it."""
        self.watchdog_works = True


_: Callable[[], Provider] = FakeProvider  # mypy checks here that nothing of the protocols is missing
