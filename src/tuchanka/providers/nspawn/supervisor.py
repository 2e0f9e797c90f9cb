"""One small process per machine, as a VMM is for a virtual machine.

It owns the machine's nspawn, serves its watchdog FIFO, power-cycles it when the watchdog expires or the guest asks
for a reboot, and ends when the machine is off. It outlives the command line that started it, and is spoken to over a
UNIX socket: one JSON object in, one out.

Started as ``python -m tuchanka.providers.nspawn.supervisor SPEC`` with a JSON file made by ``Spec``. It imports only
what it needs, because a lab runs one of these for every machine.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tuchanka.errors import DeadlineExceeded
from tuchanka.providers.bridge.network import interface
from tuchanka.providers.nspawn import disks, linux
from tuchanka.providers.nspawn.console import ConsoleLog
from tuchanka.providers.nspawn.freezer import Freezer
from tuchanka.providers.nspawn.watchdog import WatchdogFifo

NSPAWN_STATE = Path("/run/systemd/nspawn")
LAST_WORDS_S = 1.0  # for what the console still holds when nspawn has ended
ORDERLY_SHUTDOWN = signal.SIGRTMIN + 3  # systemd(1), signals: start halt.target; nspawn passes it on


@dataclass(frozen=True, slots=True)
class Spec:
    """What a supervisor needs to know, in JSON's types.

    ``enter`` is put before nspawn: the way into its groups. ``unlinked`` is the file that holds the link down,
    ``watchdog_fails`` the one that keeps the watchdog from firing,
    ``freezable`` the groups that are the whole machine.
    """

    name: str
    disks: dict[str, list[str]]
    mounts: str
    namespace: str
    bridge: str
    watchdog: str
    watchdog_s: float
    control: str
    console: str
    log: str
    enter: list[str]
    unlinked: str
    watchdog_fails: str
    freezable: list[str]

    def to_json(self) -> str:
        """Return the JSON form."""
        return json.dumps(asdict(self))


class Supervisor:
    """The state of one running machine."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.interface = interface(spec.name)
        self.nspawn: asyncio.subprocess.Process | None = None
        self.leader: int | None = None
        self.keep_on = True
        self.cut = False
        self.boots = 0
        self.resetting: asyncio.Task[float] | None = None
        self.freezer = Freezer([Path(group) for group in spec.freezable])
        self.hung: Path | None = None  # where the disk is mounted that hangs
        self.watchdog = WatchdogFifo(Path(spec.watchdog), spec.watchdog_s, self.watchdog_expired)
        self.watchdog.works = not Path(spec.watchdog_fails).exists()

    @property
    def link_up(self) -> bool:
        """Whether the link is set up; kept in a file, so that it stays as it was set when the machine is off."""
        return not Path(self.spec.unlinked).exists()

    def record(self, what: str, **details: object) -> None:
        """Append a line to the supervisor's log."""
        line = json.dumps({"t": time.monotonic(), "wall": time.time(), "what": what, **details})
        with Path(self.spec.log).open("a") as log:
            log.write(line + "\n")

    async def run(self) -> None:
        """Boot the machine again and again until it is to stay off."""
        server = await asyncio.start_unix_server(self.serve, self.spec.control)
        try:
            while self.keep_on:
                status = await self.boot()
                self.record("ended", status=status)
        finally:
            server.close()
            self.watchdog.close()
            Path(self.spec.control).unlink(missing_ok=True)

    async def boot(self) -> int:
        """Run nspawn once, until the machine stops, and return its status.

        The machine stays off after a status of 0 (the guest powered off) and where it never got a first process by
        itself; after a reboot, a crash and a power cycle it boots again.
        """
        await self.ip("link", "del", self.interface)  # the kernel takes a dead machine's away only a moment later
        self.watchdog.drain()
        self.freezer.thaw()
        self.release_disk()
        self.cut = False
        self.boots += 1
        self.nspawn = await asyncio.create_subprocess_exec(
            *nspawn_command(self.spec),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        listening = asyncio.create_task(self.listen(self.nspawn))
        if not self.keep_on:  # it was switched off before there was anything to kill
            self.nspawn.kill()
        waiting = asyncio.create_task(self.nspawn.wait())
        while self.leader is None and not waiting.done():
            self.leader = linux.child_with_own_pids(self.nspawn.pid)
            await asyncio.sleep(0.02)
        self.record("booted", boots=self.boots, leader=self.leader)
        if not self.link_up:
            await self.ip("link", "set", self.interface, "down")
        status = await waiting
        await asyncio.wait({listening}, timeout=LAST_WORDS_S)
        listening.cancel()
        self.keep_on = self.keep_on and status != 0 and (self.leader is not None or self.cut)
        self.leader = self.nspawn = None
        return status

    async def listen(self, nspawn: asyncio.subprocess.Process) -> None:
        """Copy the console to its log."""
        log = ConsoleLog(Path(self.spec.console))
        try:
            while nspawn.stdout and (data := await nspawn.stdout.read(1 << 16)):
                log.write(data)
        finally:
            log.close()

    async def ip(self, *arguments: str) -> int:
        """Run ip in the lab's namespace, where this process is."""
        process = await asyncio.create_subprocess_exec("ip", *arguments, stderr=asyncio.subprocess.DEVNULL)
        return await process.wait()

    async def cut_power(self, reason: str) -> float:
        """Take the link down, then kill the machine's PID 1 (before that nspawn); return when the link went."""
        await self.ip("link", "set", self.interface, "down")
        moment = time.monotonic()
        self.watchdog.disarm()
        self.record("power cut", reason=reason)
        self.cut = True
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            if self.leader:
                os.kill(self.leader, signal.SIGKILL)
            elif self.nspawn:
                self.nspawn.kill()
        self.release_disk()  # what waits for it can't end before
        return moment

    def watchdog_expired(self, silence_s: float) -> None:
        """Reset the machine: nobody fed the watchdog."""
        self.record("watchdog expired", silence_s=silence_s)
        self.resetting = asyncio.create_task(self.cut_power("watchdog"))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            request: dict[str, Any] = json.loads(await asyncio.wait_for(reader.readline(), timeout=5))
            verb = self.verbs().get(request.get("verb", ""))
            answer = await verb(request) if verb else {"error": "unknown verb"}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ValueError, TimeoutError, ConnectionError) as error:
            self.record("bad request", error=str(error))
        except asyncio.CancelledError:
            # The supervisor ends; asyncio would write a traceback to the log for a connection that is still open.
            return
        finally:
            writer.close()

    def verbs(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]]:
        """Return what can be asked of a supervisor."""
        return {
            "status": self.do_status,
            "power-off": self.do_power_off,
            "reset": self.do_reset,
            "shut-down": self.do_shut_down,
            "link": self.do_link,
            "freeze": self.do_freeze,
            "thaw": self.do_thaw,
            "watchdog": self.do_watchdog,
            "hang-disk": self.do_hang_disk,
            "release-disk": self.do_release_disk,
        }

    async def do_status(self, _: dict[str, Any]) -> dict[str, Any]:
        """Answer with the machine's first process, its boots and its watchdog."""
        return {
            "leader": self.leader,
            "boots": self.boots,
            "armed": self.watchdog.armed,
            "link": self.link_up,
            "frozen": self.freezer.frozen(),
        }

    async def do_power_off(self, request: dict[str, Any]) -> dict[str, Any]:
        """Cut the power for good."""
        self.keep_on = False
        return {"t": await self.cut_power(request.get("reason", "power-off"))}

    async def do_reset(self, request: dict[str, Any]) -> dict[str, Any]:
        """Cut the power; the machine boots again."""
        return {"t": await self.cut_power(request.get("reason", "reset"))}

    async def do_watchdog(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let the watchdog fail, or work again; a file keeps it, so that it stays so when the machine is off."""
        self.watchdog.works = request["works"]
        self.record("watchdog works" if request["works"] else "watchdog fails")
        return {"t": time.monotonic()}

    async def do_shut_down(self, _: dict[str, Any]) -> dict[str, Any]:
        """Ask the guest's systemd to stop."""
        if self.freezer.frozen():
            return {"error": "is frozen, so it can't shut down"}
        self.keep_on = False
        if self.leader:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(self.leader, ORDERLY_SHUTDOWN)
        else:
            await self.cut_power("shut-down before the boot")
        return {}

    async def do_link(self, _: dict[str, Any]) -> dict[str, Any]:
        """Set the link as the file has it; every boot to come does so, too."""
        await self.set_link()
        return {"t": time.monotonic()}

    async def set_link(self) -> None:
        """Set the host's end of the veth; the host's kernel would go on answering for a frozen machine."""
        up = self.link_up and not self.freezer.frozen()
        await self.ip("link", "set", self.interface, "up" if up else "down")

    async def do_freeze(self, request: dict[str, Any]) -> dict[str, Any]:
        """Freeze the machine, and its watchdog with it unless that one is to run on."""
        if self.leader is None:
            return {"error": "is only about to boot, so it can't be frozen"}
        if not self.freezer.groups:
            return {"error": "can't be frozen: this host has no cgroup v2, nor its hybrid mount"}
        if not request["watchdog_runs"]:
            self.watchdog.pause()
        try:
            moment = await self.freezer.freeze()
        except (DeadlineExceeded, OSError) as error:
            self.watchdog.resume()
            return {"error": f"can't be frozen: {error}"}
        await self.set_link()
        self.record("frozen", watchdog_runs=request["watchdog_runs"])
        return {"t": moment}

    async def do_thaw(self, _: dict[str, Any]) -> dict[str, Any]:
        """Thaw the machine and its watchdog."""
        self.watchdog.resume()
        if not self.freezer.frozen():
            return {"t": time.monotonic()}
        moment = self.freezer.thaw()
        await self.set_link()
        self.record("thawed")
        return {"t": moment}

    async def do_hang_disk(self, _: dict[str, Any]) -> dict[str, Any]:
        """Let everything that is written to the data disk from now on wait."""
        if self.leader is None:
            return {"error": "is only about to boot, so its disk can't hang"}
        if self.hung is None:
            disk = disks.written(Path(self.spec.mounts), "data", self.spec.disks["data"])
            # What was written so far goes to the disk first; meanwhile the watchdog has to be served.
            await asyncio.to_thread(linux.freeze_filesystem, disk)
            self.hung = disk
            self.record("disk hangs")
        return {"t": time.monotonic()}

    async def do_release_disk(self, _: dict[str, Any]) -> dict[str, Any]:
        """Let the data disk go on."""
        self.release_disk()
        return {}

    def release_disk(self) -> None:
        """Let the data disk go on; safe to repeat."""
        if self.hung is not None:
            linux.thaw_filesystem(self.hung)
            self.hung = None
            self.record("disk goes on")


def nspawn_command(spec: Spec) -> list[str]:
    """Return the nspawn command; the machine sees neither the host's watchdog nor a writable sysrq-trigger."""
    return [
        *("setpriv", "--pdeathsig", "KILL", "--", *spec.enter),
        "systemd-nspawn",
        "--quiet",
        "--boot",
        f"--directory={spec.mounts}/root",
        f"--bind={spec.mounts}/data:{disks.DATA}",
        f"--machine={spec.name}",
        f"--network-bridge={spec.bridge}",
        f"--bind={spec.watchdog}:/dev/watchdog",
        "--capability=CAP_IPC_LOCK",  # corosync and sbd lock their memory
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--console=read-only",  # with "pipe" the guest has no /dev/console, and writes nothing
        "--register=no",
        "--keep-unit",
    ]


async def supervise(spec: Spec) -> None:
    """Run the machine until it is off."""
    await Supervisor(spec).run()


def main() -> None:
    """Become the supervisor of the machine that the file in ``argv`` describes."""
    spec = Spec(**json.loads(Path(sys.argv[1]).read_text()))
    linux.own_mount_namespace()
    # nspawn keeps locks and sockets here under the machine's name; two labs may use one name.
    NSPAWN_STATE.mkdir(parents=True, exist_ok=True)
    linux.mount_tmpfs(NSPAWN_STATE)
    disks.mount(spec.disks, Path(spec.mounts))
    linux.enter_network_namespace(Path(spec.namespace))
    asyncio.run(supervise(spec))


if __name__ == "__main__":
    main()
