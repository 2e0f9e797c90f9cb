"""The whole error tree, and how an error is worded.

::

    TuchankaError                 exit status 3: could not do it
    ├── InputError                2: usage or bad input
    │   ├── TopologyError         the topology file can't be read or contradicts itself
    │   └── UnknownName           a node, cluster, instance, fault or snapshot that doesn't exist
    ├── NotHeld                   1: it ran, and what was asked about doesn't hold (a failed trial)
    ├── HostError                 this host lacks something (root, a program, a kernel feature, room)
    ├── ImageError                the base image can't be built, or the cached one is broken
    ├── LabError                  the lab's state doesn't allow it
    │   └── LabBusy               another command works on the lab
    ├── MachineError              a machine can't be started, reached or stopped
    │   └── CommandFailed         a command in a machine ended with a status other than 0
    ├── RestoreRefused            the restore could destroy data that nothing else has
    ├── SwitchoverRefused         a planned move would lose commits, or stop the service
    └── DeadlineExceeded          a wait reached its deadline

An error is one line that says *what* is wrong, *where* (file and key, node, command) and *what to do*.
"""

from typing import ClassVar


class TuchankaError(Exception):
    """What went wrong, where, and what to do about it; ``exit_status`` as in the command-line contract."""

    exit_status: ClassVar[int] = 3

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        text = f"{text}; {self.hint}" if self.hint else text
        return " ".join(text.split())


class InputError(TuchankaError):
    """Usage or bad input."""

    exit_status = 2


class TopologyError(InputError):
    """The topology file can't be read or contradicts itself."""


class UnknownName(InputError):
    """A name that isn't in the topology or the lab."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        choice = ", ".join(known) if known else "none"
        super().__init__(f"there is no {kind} called {name!r}", hint=f"choose from: {choice}")


class NotHeld(TuchankaError):
    """The command ran, and what it was asked about doesn't hold."""

    exit_status = 1


class HostError(TuchankaError):
    """This host lacks something."""


class ImageError(TuchankaError):
    """The base image can't be built, or the cached one is broken."""


class LabError(TuchankaError):
    """The lab's state doesn't allow it."""


class LabBusy(LabError):
    """Another command works on the lab."""


class MachineError(TuchankaError):
    """A machine can't be started, reached or stopped."""


class CommandFailed(MachineError):
    """A command in a machine ended with a status other than 0."""

    def __init__(self, node: str, command: str, status: int, output: str) -> None:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        # Programs say "error" first and give up in other words; without such a line the last one says the most.
        telling = next((line for line in lines if "error:" in line.lower()), lines[-1] if lines else "no output")
        super().__init__(f"{command!r} ended with status {status}: {telling}", where=node)
        self.status = status
        self.output = output


class RestoreRefused(TuchankaError):
    """The restore could destroy data that nothing else has."""


class SwitchoverRefused(TuchankaError):
    """A planned move would lose commits, or stop the service."""


class DeadlineExceeded(TuchankaError):
    """A wait reached its deadline."""
