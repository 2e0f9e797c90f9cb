"""Does the steps of a restore that change a copy's data; each can be repeated, also when it was killed half-way.

``tuchanka restore`` and the ``restore`` of a node do them in the same way.
"""

from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres import pg_ctl
from tuchanka.postgres.base_backup import BACKUP_S, base_backup
from tuchanka.postgres.recover import recover
from tuchanka.providers.base import Runner
from tuchanka.stacks.pacemaker.restore.plan import Action


async def change_data(machine: Runner, paths: InstancePaths, action: Action) -> None:
    """Do what needs nothing but the copy itself.

    Raises:
        CommandFailed, DeadlineExceeded: it failed.
    """
    match action:
        case "stop-server":
            await pg_ctl.stop(machine, paths, timeout=BACKUP_S)
        case "restart":
            # Half copies of killed restores go; and a server that is started by hand is a standby, never a primary.
            await machine.run(["rm", "-rf", paths.copying, paths.half_old], timeout=BACKUP_S)
            await machine.run(["touch", f"{paths.data}/standby.signal"], user="postgres")
        case "recover":
            await recover(machine, paths)
        case "keep-copy":
            copy = 'rm -rf "$2.half" && cp -a --reflink=auto "$1" "$2.half" && mv "$2.half" "$2"'
            await machine.run(["sh", "-c", copy, "sh", paths.data, paths.old], timeout=BACKUP_S)
        case "delete-data":
            await machine.run(["rm", "-rf", paths.data], timeout=BACKUP_S)
        case "drop-old":
            await machine.run(["rm", "-rf", paths.old, paths.half_old], timeout=BACKUP_S)
        case _:
            raise AssertionError(f"{action} changes no data by itself")


async def copy_data(machine: Runner, paths: InstancePaths, *, primary: str, port: int) -> None:
    """Do a base backup from the primary at this address; what an unfinished pg_rewind left goes with the old data."""
    await base_backup(machine, paths, primary, port)
    await machine.run(["rm", "-f", paths.rewinder])
