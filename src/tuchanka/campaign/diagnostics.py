"""Keeps what the machines themselves say about a failed trial, in files beside the report."""

from collections.abc import Mapping
from pathlib import Path

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Machine
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

ASK_S = 15.0
FOLDER = "evidence"


async def keep_evidence(lab: Lab, cluster: Cluster, folder: Path, trial: int, moment: str = "") -> str:
    """Ask every machine of the cluster, and the witness, for everything; return where it is, below ``folder``.

    ``moment`` names a look of its own in the middle of a trial. A machine that is off only has its console.
    """
    here = Path(FOLDER) / f"trial-{trial}" / moment
    machines = lab.machines_of((cluster,))
    await together(*(_of_machine(one, folder / here / one.name, lab.stack.evidence) for one in machines))
    return str(here)


async def _of_machine(machine: Machine, folder: Path, commands: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "console.txt", machine.console_log())
    if await machine.power_state() == "off":
        _write(folder / "off.txt", "the machine was off\n")
        return
    await together(*(_ask(machine, folder / name, command) for name, command in commands.items()))


async def _ask(machine: Machine, file: Path, command: str) -> None:
    try:
        done = await machine.run(["sh", "-c", f"exec 2>&1; {command}"], timeout=ASK_S, check=False)
    except (MachineError, DeadlineExceeded) as error:
        _write(file, f"{error}\n")
    else:
        _write(file, done.stdout)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="replace")
