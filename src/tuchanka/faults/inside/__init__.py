"""Programs that run inside a machine, sent there as text: they import the standard library alone."""

from importlib.resources import files

from tuchanka.providers.base import Completed, Machine


async def run_inside(machine: Machine, program: str, *arguments: str, timeout: float = 60) -> Completed:
    """Run one of this package's programs on the machine; a status other than 0 is for the caller to judge.

    Raises:
        DeadlineExceeded: it had not ended after ``timeout`` seconds.
        MachineError: the machine is off or can't be reached.
    """
    text = (files(__name__) / f"{program}.py").read_bytes()
    return await machine.run(["python3", "-", *arguments], stdin=text, timeout=timeout, check=False)
