"""A machine that is a systemd-nspawn container, with every capability of the protocols."""

import asyncio
import contextlib
import fcntl
import io
import itertools
import os
import re
import tarfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tuchanka.errors import CommandFailed, DeadlineExceeded, LabError, MachineError
from tuchanka.files import File
from tuchanka.providers import layers
from tuchanka.providers.base import ENVIRONMENT, BmcBehaviour, Completed, PowerState, Stop, WatchdogState
from tuchanka.providers.bmc import control as bmcs
from tuchanka.providers.nspawn import cgroups, client, console, disks, powerlog
from tuchanka.providers.nspawn.paths import LabPaths
from tuchanka.topology.types import Limits
from tuchanka.waiting import wait_until

NUMBERS = itertools.count()  # of the commands of this process: each has a control group of its own
# Colours and the like, the terminal's settings, and the carriage returns in front of line feeds.
CONTROL = re.compile(r"\x1b\[[0-9;?!]*[A-Za-z]|\x1b\][^\a]*\a|\r")
BOOT_S = 60.0
SHUTDOWN_S = 90.0


class NspawnMachine:
    """One machine of a lab. All its state is on disk and in its supervisor, so that it can be made at any time."""

    def __init__(
        self, lab: LabPaths, name: str, *, base: Path, limits: Limits, watchdog_s: float, has_bmc: bool = False
    ) -> None:
        self.lab = lab
        self.name = name
        self.paths = lab.machine(name)
        self.base = base
        self.limits = limits
        self.watchdog_s = watchdog_s
        self.has_bmc = has_bmc
        self._leader: int | None = None

    # --- Runner

    async def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command of this host that runs ``argv`` in the machine; both die with their parent."""
        await self._find()
        return self._command(argv, None, self.exec_group("user"))

    def exec_group(self, name: str) -> str:
        """Return the control group for a command that comes from outside: below the machine's limits."""
        return f"{self.lab.group}/{self.name}/exec/{name}"

    def _command(self, argv: Sequence[str], user: str | None, group: str) -> list[str]:
        if self._leader is None:
            raise self._off()
        cgroups.make(group)
        become = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return [
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *cgroups.entering(group, []),
            *("nsenter", "--target", str(self._leader), "--all", "--"),
            *("setpriv", "--pdeathsig", "KILL", *become, "--", *argv),
        ]

    async def _find(self) -> None:
        """Look up the machine's first process, which ``command`` needs.

        Raises:
            MachineError: the machine is off.
        """
        status = await client.ask(self.paths, "status")
        self._leader = status["leader"] if status else None
        if self._leader is None:
            raise self._off()

    def _off(self) -> MachineError:
        return MachineError("is off", where=self.name, hint=f"switch it on with 'tuchanka power-on {self.name}'")

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        user: str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> Completed:
        """Run a command to its end; see ``protocols.Runner``."""
        status, stdout, stderr = await self._run(argv, stdin, user, timeout)
        completed = Completed(status, stdout.decode(errors="replace"), stderr.decode(errors="replace"))
        if check and status != 0:
            raise CommandFailed(self.name, " ".join(argv)[:80], status, completed.stderr or completed.stdout)
        return completed

    async def _run(
        self, argv: Sequence[str], stdin: bytes, user: str | None, timeout: float
    ) -> tuple[int, bytes, bytes]:
        await self._find()
        group = self.exec_group(f"{os.getpid()}.{next(NUMBERS)}")
        process = await asyncio.create_subprocess_exec(
            *self._command(argv, user, group),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
        )
        ended = False
        try:
            async with asyncio.timeout(timeout):
                stdout, stderr = await process.communicate(stdin)
            ended = True
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"{' '.join(argv)[:80]!r} had not ended after {timeout:g} s", where=self.name
            ) from error
        finally:
            if not ended:
                # Its children hold the pipes, too, and would keep working on something nobody waits for.
                await asyncio.shield(cgroups.kill(group))
                await process.communicate()
            cgroups.remove_if_empty(group)
        return process.returncode or 0, stdout, stderr

    # --- Copier

    async def put(self, files: Mapping[str, File]) -> None:
        """Write the files as one archive that tar unpacks in the machine."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, file in files.items():
                data = file.content.encode()
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.size, entry.mode, entry.uname, entry.gname = len(data), file.mode, file.owner, file.group
                entry.mtime = int(time.time())
                tar.addfile(entry, io.BytesIO(data))
        await self.run(["tar", "--extract", "--no-overwrite-dir", "--directory=/"], stdin=archive.getvalue())

    async def get(self, path: str) -> bytes:
        """Read a file of the machine."""
        status, stdout, stderr = await self._run(["cat", "--", path], b"", None, 60)
        if status != 0:
            raise CommandFailed(self.name, f"cat {path}", status, stderr.decode(errors="replace"))
        return stdout

    # --- Power

    async def power_state(self) -> PowerState:
        """Say whether it has a supervisor."""
        return "on" if await client.ask(self.paths, "status") else "off"

    async def power_on(self) -> None:
        """Boot the machine, unless it is on, and end a pause.

        Clusters that come up at the same time all switch the witness on: the first starts it, the others wait.
        """
        self.paths.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.paths.run / "power.lock").open("w") as lock:

            async def alone() -> bool:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                return False

            await wait_until(alone, deadline_s=BOOT_S, interval_s=0.05, what=f"the other start of {self.name}")
            if await self.power_state() == "off":
                await client.start(self.lab, self.name, self.base, self.limits, self.watchdog_s)
            await self.resume()

    async def wait_ready(self) -> None:
        """Wait until systemd in the machine has reached multi-user.target, which comes after the network."""
        if await self.power_state() == "off":
            raise self._off()

        async def booted() -> bool:
            # Without a link systemd waits for one, for two minutes.
            target = "basic.target" if self.paths.unlinked.exists() else "multi-user.target"
            try:
                state = await self.run(["systemctl", "is-active", target], check=False, timeout=10)
            except (MachineError, DeadlineExceeded):
                return False
            return state.stdout.strip() == "active"

        hint = f"see {self.paths.console}"
        await wait_until(booted, deadline_s=BOOT_S, interval_s=0.1, what=f"the boot of {self.name}", hint=hint)

    async def power_off(self, reason: str = "power-off") -> float:
        """Take the link down, then kill the machine's first process."""
        answer = await client.ask(self.paths, "power-off", reason=reason)
        await self._wait_off(10)
        return float(answer["t"]) if answer else time.monotonic()

    async def reset(self, reason: str = "reset") -> float:
        """Cut the power; the supervisor boots the machine again."""
        return self._moment(await client.ask(self.paths, "reset", reason=reason), "reset")

    def _moment(self, answer: dict[str, Any] | None, done: str) -> float:
        if answer is None:
            raise MachineError(f"is off, so it can't be {done}", where=self.name, hint="switch it on first")
        if "error" in answer:
            raise MachineError(answer["error"], where=self.name)
        return float(answer["t"])

    async def shut_down(self) -> None:
        """Have the machine's systemd stop everything."""
        answer = await client.ask(self.paths, "shut-down")
        if answer and "error" in answer:
            hint = f"'tuchanka power-off {self.name}' cuts its power"
            raise MachineError(answer["error"], where=self.name, hint=hint)
        await self._wait_off(SHUTDOWN_S)

    async def _wait_off(self, seconds: float) -> None:
        async def off() -> bool:
            return await self.power_state() == "off"

        hint = f"'tuchanka power-off {self.name}' cuts its power"
        await wait_until(off, deadline_s=seconds, interval_s=0.01, what=f"the end of {self.name}", hint=hint)
        self._leader = None

    # --- Link, snapshots, console, watchdog, BMC, pause, stall, disk

    async def link(self, *, up: bool) -> float:
        """Set the host's end of the machine's veth, and every one that the machine will have."""
        self.paths.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        if up:
            self.paths.unlinked.unlink(missing_ok=True)
        else:
            self.paths.unlinked.touch()
        answer = await client.ask(self.paths, "link")
        return float(answer["t"]) if answer else time.monotonic()

    def snapshots(self) -> tuple[str, ...]:
        """The snapshots' names, oldest first."""
        return layers.names(self.paths.disk)

    async def snapshot(self, name: str) -> None:
        """Freeze the upper layer."""
        await self._must_be_off()
        layers.freeze(self.paths.disk, name, partial(disks.make_layer, disks.disks(self.base, self.limits)))

    async def rollback(self, name: str | None) -> None:
        """Drop the layers after the snapshot."""
        await self._must_be_off()
        layers.roll_back(self.paths.disk, name)

    async def _must_be_off(self) -> None:
        if await self.power_state() == "on":
            raise LabError("is on, so its disk can't be changed", where=self.name, hint="switch it off first")
        await disks.released(self.paths.disk)

    def console_log(self) -> str:
        """The newest of what came from the console, without what only a terminal understands."""
        return CONTROL.sub("", console.read(self.paths.console).decode(errors="replace"))

    def stops(self) -> tuple[Stop, ...]:
        """When and why it stopped, as its supervisor wrote it down."""
        return powerlog.stops(self.paths.log.read_text().splitlines() if self.paths.log.exists() else ())

    async def watchdog(self) -> WatchdogState:
        """Ask the supervisor."""
        status = await client.ask(self.paths, "status")
        if status is None:
            return "absent"
        return "armed" if status["armed"] else "disarmed"

    async def disable_watchdog(self) -> float:
        """Have the supervisor, and every one that the machine will have, let the watchdog never fire."""
        return await self._set_watchdog(works=False)

    async def enable_watchdog(self) -> None:
        """Have it fire again."""
        await self._set_watchdog(works=True)

    async def _set_watchdog(self, *, works: bool) -> float:
        self.paths.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        if works:
            self.paths.watchdog_fails.unlink(missing_ok=True)
        else:
            self.paths.watchdog_fails.touch()
        answer = await client.ask(self.paths, "watchdog", works=works)
        return float(answer["t"]) if answer else time.monotonic()

    async def set_bmc(self, behaviour: BmcBehaviour, other: str = "") -> float:
        """Have the lab's BMC daemon let it behave so."""
        if not self.has_bmc:
            raise MachineError("has no BMC", where=self.name, hint="give the node a 'bmc' in the topology")
        await bmcs.behave(self.lab.bmcs, self.name, behaviour, other)
        return time.monotonic()

    async def bmc(self) -> BmcBehaviour | None:
        """Ask the lab's BMC daemon."""
        return await bmcs.behaviour(self.lab.bmcs, self.name) if self.has_bmc else None

    def bmc_password(self) -> str:
        """Read it, or make it."""
        return bmcs.password(self.paths.bmc_password)

    async def pause(self) -> float:
        """Have the supervisor freeze the machine's control groups, and its watchdog with them."""
        return self._moment(await client.ask(self.paths, "freeze", watchdog_runs=False), "frozen")

    async def resume(self) -> float:
        """Have the supervisor thaw all of it."""
        answer = await client.ask(self.paths, "thaw")
        return float(answer["t"]) if answer else time.monotonic()

    async def paused(self) -> bool:
        """Ask the supervisor."""
        status = await client.ask(self.paths, "status")
        return bool(status and status["frozen"])

    async def stall(self) -> float:
        """Have the supervisor freeze the machine's control groups; the watchdog is its own, and goes on."""
        return self._moment(await client.ask(self.paths, "freeze", watchdog_runs=True), "frozen")

    async def end_stall(self) -> None:
        """Have the supervisor thaw all of it."""
        await self.resume()

    async def hang_disk(self) -> float:
        """Have the supervisor freeze the file system of the machine's data disk."""
        return self._moment(await client.ask(self.paths, "hang-disk"), "given a disk that hangs")

    async def release_disk(self) -> None:
        """Have the supervisor thaw that file system."""
        await client.ask(self.paths, "release-disk")
