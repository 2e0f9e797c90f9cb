"""Lets data of a crashed primary recover as a standby, outside the cluster.

PAF takes such data for a primary that failed there. Beside a new primary it then can neither demote nor stop it, and
the node is fenced for that.
"""

import contextlib

from tuchanka.errors import TuchankaError
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres import pg_ctl
from tuchanka.providers.base import Runner

RECOVER_S = 3600.0


async def recover(machine: Runner, paths: InstancePaths) -> None:
    """Start the server as a standby, wait until its data is consistent, and stop it; it is never promoted.

    A checkpoint of its own, as after any other recovery, would part it from the primary's timeline.

    Raises:
        CommandFailed, DeadlineExceeded: it didn't become consistent.
    """
    await machine.run(["touch", f"{paths.data}/standby.signal"], user="postgres")
    await pg_ctl.stop(machine, paths, timeout=RECOVER_S, check=False)  # one that an interrupted recovery left
    try:
        await pg_ctl.start(machine, paths, timeout=RECOVER_S)
    except TuchankaError:
        with contextlib.suppress(TuchankaError):
            await pg_ctl.stop(machine, paths, timeout=RECOVER_S)
        raise
    await pg_ctl.stop(machine, paths, timeout=RECOVER_S)
