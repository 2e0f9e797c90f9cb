"""Keeps what the machines themselves say about a failed trial, in files beside the report."""

from pathlib import Path

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Machine
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

ASK_S = 15.0
LOG_BYTES = 4 << 20
FOLDER = "evidence"

# File → the command whose output it holds. Each has its own deadline: a daemon that hangs hides nothing but itself.
ASKED: dict[str, str] = {
    "pcs-status.txt": "pcs status --full",
    "crm_mon.txt": "crm_mon --one-shot --inactive --group-by-node --failcounts --operations --show-node-attributes",
    "cib.xml": "cibadmin --query || cat /var/lib/pacemaker/cib/cib.xml",
    "fencing.txt": "stonith_admin --history '*' --verbose",
    "quorum.txt": "corosync-quorumtool -s; corosync-qdevice-tool -sv; corosync-qnetd-tool -lv",
    "corosync-rings.txt": "corosync-cfgtool -n; corosync-cmapctl -m stats",
    "journal.txt": f"journalctl --no-pager --output=short-precise | tail -c {LOG_BYTES}",
    "corosync.log": "journalctl --no-pager --output=short-precise -t corosync -t corosync-qdevice -t corosync-qnetd",
    "postgres.log": "journalctl --no-pager --output=short-precise SYSLOG_FACILITY=16 + _COMM=postgres",
    "pacemaker.log": f"tail -c {LOG_BYTES} /var/log/pacemaker/pacemaker.log",
    "processes.txt": "ps axfo pid,ppid,stat,wchan:20,etime,rss,args",
    "host.txt": "uptime; free -m; df -h; df -i; ip -d address; ip neighbour; nft list ruleset",
    "data.txt": 'ls -la /var/lib/postgresql/*/; for d in /var/lib/postgresql/*/*/; do echo "$d";'
    ' /usr/lib/postgresql/*/bin/pg_controldata -D "$d" | grep -v nonce; done',
}


async def keep_evidence(lab: Lab, cluster: Cluster, folder: Path, trial: int, moment: str = "") -> str:
    """Ask every machine of the cluster, and the witness, for everything; return where it is, below ``folder``.

    ``moment`` names a look of its own in the middle of a trial. A machine that is off only has its console.
    """
    here = Path(FOLDER) / f"trial-{trial}" / moment
    await together(*(_of_machine(machine, folder / here / machine.name) for machine in lab.machines_of((cluster,))))
    return str(here)


async def _of_machine(machine: Machine, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "console.txt", machine.console_log())
    if await machine.power_state() == "off":
        _write(folder / "off.txt", "the machine was off\n")
        return
    await together(*(_ask(machine, folder / name, command) for name, command in ASKED.items()))


async def _ask(machine: Machine, file: Path, command: str) -> None:
    try:
        done = await machine.run(["sh", "-c", f"exec 2>&1; {command}"], timeout=ASK_S, check=False)
    except (MachineError, DeadlineExceeded) as error:
        _write(file, f"{error}\n")
    else:
        _write(file, done.stdout)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="replace")
