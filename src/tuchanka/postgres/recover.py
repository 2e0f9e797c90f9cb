"""Lets data of a crashed primary recover as a standby, outside the cluster.

PAF takes such data for a primary that failed there. Beside a new primary it then can neither demote nor stop it, and
the node is fenced for that.
"""

import contextlib

from tuchanka.errors import TuchankaError
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.render.paths import InstancePaths

RECOVER_S = 3600.0


async def recover(machine: Node, paths: InstancePaths) -> None:
    """Start the server as a standby, wait until its data is consistent, and stop it; it is never promoted.

    A checkpoint of its own, as after any other recovery, would part it from the primary's timeline.

    Raises:
        CommandFailed, DeadlineExceeded: it didn't become consistent.
    """
    await machine.run(["touch", f"{paths.data}/standby.signal"], user="postgres")
    start = [f"{paths.programs}/pg_ctl", "start", "-D", paths.config, "-w", "-s", "-l", "/dev/null"]
    start += ["-t", f"{RECOVER_S:.0f}", "-o", "-c logging_collector=off"]
    stop = [f"{paths.programs}/pg_ctl", "stop", "-D", paths.data, "-m", "fast", "-w", "-s"]
    await machine.run(stop, user="postgres", timeout=RECOVER_S, check=False)  # of one that was killed in here
    try:
        await machine.run(start, user="postgres", timeout=RECOVER_S)
    except TuchankaError:
        with contextlib.suppress(TuchankaError):
            await machine.run(stop, user="postgres", timeout=RECOVER_S)
        raise
    await machine.run(stop, user="postgres", timeout=RECOVER_S)
