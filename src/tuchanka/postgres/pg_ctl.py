"""Starts and stops a server outside the cluster: pg_ctl(1)."""

from tuchanka.instance_paths import InstancePaths
from tuchanka.providers.base import Runner

SERVER_S = 60.0


async def start(machine: Runner, paths: InstancePaths, *, settings: str = "", timeout: float = SERVER_S) -> None:
    """Start the server and wait until it takes connections; ``settings`` are further options such as ``-c a=b``.

    Raises:
        CommandFailed, DeadlineExceeded: it didn't within ``timeout`` seconds.
    """
    command = [f"{paths.programs}/pg_ctl", "start", "-D", paths.config, "-w", "-s", "-l", "/dev/null"]
    command += ["-t", f"{timeout:.0f}", "-o", f"{settings} -c logging_collector=off".strip()]
    await machine.run(command, user="postgres", timeout=timeout)


async def stop(machine: Runner, paths: InstancePaths, *, timeout: float = SERVER_S, check: bool = True) -> None:
    """Stop the server with a checkpoint, and wait for its end.

    Raises:
        CommandFailed, DeadlineExceeded: it didn't within ``timeout`` seconds, or none ran and ``check`` is true.
    """
    command = [f"{paths.programs}/pg_ctl", "stop", "-D", paths.data, "-m", "fast", "-w", "-s"]
    await machine.run([*command, "-t", f"{timeout:.0f}"], user="postgres", timeout=timeout, check=check)
