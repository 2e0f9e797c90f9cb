"""A lab of real machines, driven through the command line as a user would."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.real.leftovers import leftovers, pids
from tuchanka.lab.folder import DEFAULT_ROOT, lock_file
from tuchanka.providers.base import ENVIRONMENT
from tuchanka.providers.nspawn.paths import LabPaths

PROGRAM = Path(sys.executable).with_name("tuchanka")
CLUSTER = "tuchanka2"
INSTANCE = "krogan2"
NODES = ("tuchanka2a", "tuchanka2b")
MACHINES = (*NODES, "witness")
ADDRESSES = {"tuchanka2a": "192.168.89.11", "tuchanka2b": "192.168.89.12", "witness": "192.168.89.251"}
VIPS = {"krogan2": "192.168.89.103", "krogan2s1": "192.168.89.104"}
DATA = "var/lib/postgresql/17/krogan2"
UP_S = 240.0

T = TypeVar("T")
Done = subprocess.CompletedProcess[str]


def wait_for(question: Callable[[], T], what: str, *, seconds: float = 60, every: float = 0.02) -> T:
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds:g} s"
        time.sleep(every)
    return answer


class Running:
    """A command of the program that is under way, in a session of its own; its output is collected by lines."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.lines: list[str] = []
        self.began = time.time()
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
        self.process.stdout.close()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def says(self, *words: str) -> bool:
        """Whether a line so far has these words one after another: ``says("✓", "create", "witness")``."""
        return any(" ".join(words) in " ".join(line.split()) for line in self.lines)

    def wrote(self, file: Path) -> bool:
        """Whether the file or folder was made or changed since the command began."""
        try:
            return file.stat().st_ctime >= self.began
        except FileNotFoundError:
            return False

    def wait_for(self, moment: Callable[[], object], what: str, *, seconds: float = UP_S) -> None:
        """Wait for a moment in the middle of the command."""

        def come() -> bool:
            assert self.process.poll() is None, f"it ended before {what}:\n{self.output}"
            return bool(moment())

        wait_for(come, what, seconds=seconds, every=0.005)

    def kill(self) -> None:
        """Kill the command, and nothing else, with SIGKILL."""
        assert self.process.poll() is None, f"it ended before it could be killed:\n{self.output}"
        self.process.kill()
        assert self.process.wait(timeout=10) == -signal.SIGKILL

    def end(self, *, seconds: float = UP_S) -> int:
        """Wait for the command's end and return its exit status."""
        status = self.process.wait(timeout=seconds)
        self.reader.join(timeout=10)
        return status

    def stop(self) -> None:
        """Make sure that it doesn't run any more."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)


class RealLab:
    """One lab in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = LabPaths(folder)
        self.output: list[str] = []
        self.started: list[Running] = []

    def argv(self, *words: str) -> list[str]:
        return [str(PROGRAM), "--lab", str(self.folder), *words]

    def run(self, *words: str, status: int | None = 0, seconds: float = 120, stdin: str = "") -> Done:
        """Run a command of the program to its end and check its exit status."""
        # Into files: what a command leaves running may hold its output open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            argv = self.argv(*words)
            ended = subprocess.run(argv, input=stdin, stdout=out, stderr=err, text=True, timeout=seconds, check=False)
            out.seek(0)
            err.seek(0)
            done = Done(argv, ended.returncode, out.read(), err.read())
        self.output += [done.stdout, done.stderr]
        assert status in {None, done.returncode}, f"{words}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words: str) -> Running:
        """Start a command of the program."""
        running = Running(self.argv(*words))
        self.started.append(running)
        return running

    def up(self) -> None:
        self.run("up", CLUSTER, seconds=UP_S)

    def argv_on(self, node: str, *command: str) -> list[str]:
        return ["nsenter", f"--target={self.leader(node)}", "--all", "--", *command]

    def argv_inside(self, *command: str) -> list[str]:
        return ["nsenter", f"--net={self.paths.namespace_file}", "--", *command]

    def execute(self, node: str, *command: str, status: int | None = 0, seconds: float = 60) -> str:
        """Run a command on a machine and return what it printed, errors too; past the program, which takes longer."""
        done = subprocess.run(
            self.argv_on(node, *command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=ENVIRONMENT,
            timeout=seconds,
            check=False,
        )
        assert status in {None, done.returncode}, f"{node}: {command}: status {done.returncode}\n{done.stdout}"
        return done.stdout.strip()

    def sql(self, node: str, statement: str, *, database: str = "postgres") -> str:
        """Run a statement as PostgreSQL's superuser on a node."""
        return self.execute(node, *AS_POSTGRES, "psql", "-XAtq", "-d", database, "-c", statement)

    def inside(self, *command: str, stdin: str = "", seconds: float = 30) -> Done:
        """Run a command of the host in the lab's network."""
        argv = self.argv_inside(*command)
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=seconds, check=False)

    def state(self) -> dict[str, Any]:
        """Return what ``status --json`` says about the cluster."""
        (state,) = json.loads(self.run("status", CLUSTER, "--json", status=None).stdout)
        assert isinstance(state, dict)
        return state

    def is_healthy(self) -> bool:
        return (self.folder / "lab.json").exists() and bool(self.state()["healthy"])

    def in_role(self, role: str) -> str:
        """Return the node with this role."""
        (copies,) = (instance["copies"] for instance in self.state()["instances"])
        (node,) = (copy["node"] for copy in copies if copy["role"] == role)
        assert isinstance(node, str)
        return node

    @property
    def primary(self) -> str:
        return self.in_role("primary")

    @property
    def standby(self) -> str:
        return self.in_role("standby")

    def supervisor_said(self, node: str) -> list[str]:
        """Return what the machine's supervisor has recorded, one word or two for each event."""
        return [json.loads(line)["what"] for line in self.supervisor_log(node).splitlines()]

    def supervisor_log(self, node: str) -> str:
        log = self.paths.machine(node).log
        return log.read_text() if log.exists() else ""

    def leaders(self, node: str) -> list[int]:
        """Return the PID, on the host, of the machine's first process; none if it is off."""
        group = f":/{self.paths.group}/{node}"
        return [int(process.name) for process in pids() if is_first_in(process, group)]

    def leader(self, node: str) -> int:
        """Return the PID, on the host, of the machine's first process; one that was reset is off for a moment."""
        (found,) = wait_for(lambda: self.leaders(node), f"{node} on", seconds=10)
        return found

    def is_booted(self, node: str) -> bool:
        return self.execute(node, "systemctl", "is-active", "multi-user.target", status=None) == "active"

    def on_disk(self, node: str, path: str) -> Path:
        """Return where the host finds a file of a machine, while that is on."""
        booted = re.findall(r'"what": "booted".*"leader": (\d+)', self.supervisor_log(node))
        return Path(f"/proc/{booted[-1] if booted else 'none'}/root") / path

    def holder(self) -> str:
        """Return what the lab's lock says about who holds it."""
        try:
            return lock_file(self.folder).read_text()
        except FileNotFoundError:
            return ""

    def repair(self) -> None:
        """Make the lab healthy again, whatever was done to it."""
        self.stop_commands()
        if self.is_healthy():
            return
        if self.run("up", CLUSTER, status=None, seconds=UP_S).returncode != 0:
            self.run("rollback", "setup", "--yes")
            self.up()

    def stop_commands(self) -> None:
        for running in self.started:
            running.stop()
            self.output += running.lines
        self.started.clear()

    def destroy(self) -> None:
        """Take the lab away; nothing of it may be left."""
        self.stop_commands()
        self.run("destroy", "--yes")
        assert leftovers(self.folder) == []


AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--")


def is_first_in(process: Path, group: str) -> bool:
    """Whether the process is the first of its PID namespace, in this control group or below it."""
    try:
        inside = (process / "status").read_text().partition("NSpid:")[2].splitlines()[0].split()[1:]
        places = (process / "cgroup").read_text().splitlines()
        return inside == ["1"] and any(f"{place}/".partition(group + "/")[1] for place in places)
    except (OSError, IndexError):
        return False


L = TypeVar("L", bound=RealLab)


@contextmanager
def new_lab(kind: type[L] = RealLab) -> Iterator[L]:  # type: ignore[assignment]
    """Give a lab with an empty folder; it is destroyed at the end, whatever happened."""
    DEFAULT_ROOT.mkdir(parents=True, exist_ok=True)
    lab = kind(Path(tempfile.mkdtemp(prefix="test-", dir=DEFAULT_ROOT)))
    try:
        yield lab
    finally:
        lab.destroy()
        with contextlib.suppress(OSError):  # other labs are there
            DEFAULT_ROOT.rmdir()


class ProcessWatch:
    """Collects the arguments and environments of all processes while a block runs."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self.over.wait(0.01):
            for process in pids():
                for name in ("cmdline", "environ"):
                    with contextlib.suppress(OSError):  # it has just ended
                        self.seen.add((process / name).read_bytes())

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.thread.join()
