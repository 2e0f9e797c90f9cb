"""pg_basebackup: copies a primary's data to a standby."""

from tuchanka.instance_paths import PGPASS, InstancePaths
from tuchanka.providers.base import Runner

BACKUP_S = 3600.0
# Arguments: data, its copy, where old data is kept, and the mark of an unfinished pg_rewind. The mark goes with the
# data that it is about, before there is other data.
SWAP = """\
if [ -e "$1" ] && [ -e "$3" ]; then rm -rf "$1"; fi &&
if [ -e "$1" ]; then mv "$1" "$3"; fi &&
sync -f "$2" && rm -f "$4" && mv "$2" "$1"
"""


async def base_backup(machine: Runner, paths: InstancePaths, primary: str, port: int) -> None:
    """Copy the data directory of the primary at this address, whole or not at all; the old one is put aside.

    Where there is an ``.old`` already, an earlier copy has not come to anything: that one goes, the oldest stays.

    Raises:
        CommandFailed, DeadlineExceeded: it came to nothing; the machine's data is as it was.
    """
    source = f"host={primary} port={port} user=replicator passfile={PGPASS}"
    await machine.run(["rm", "-rf", paths.copying], timeout=BACKUP_S)
    command = [f"{paths.programs}/pg_basebackup", "-d", source, "-D", paths.copying]
    command += ["--wal-method=stream", "--checkpoint=fast", "--no-password"]
    await machine.run(command, user="postgres", timeout=BACKUP_S)
    # A server that is started by hand is a standby, never a second primary.
    await machine.run(["touch", f"{paths.copying}/standby.signal"], user="postgres")
    folders = [paths.data, paths.copying, paths.old, paths.rewinding]
    await machine.run(["sh", "-c", SWAP, "sh", *folders], timeout=BACKUP_S)
