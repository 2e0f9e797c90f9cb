"""The node itself as a machine: runs commands here, with this process's own rights."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from tuchanka.errors import CommandFailed, DeadlineExceeded, MachineError
from tuchanka.postgres.psql import AS_POSTGRES
from tuchanka.providers.base import Completed


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """A ``Runner`` without a connection."""

    name: str

    async def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command as it is."""
        return list(argv)

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        user: str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> Completed:
        """Run a command to its end; see ``Runner``. The only other user is ``postgres``."""
        words = [*(AS_POSTGRES.split() if user else []), *argv]
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=pipe, stdout=pipe, stderr=pipe, cwd="/", start_new_session=True
            )
        except OSError as error:
            raise MachineError(f"{argv[0]} can't be run: {error.strerror}", where=self.name) from error
        try:
            async with asyncio.timeout(timeout):
                out, err = await process.communicate(stdin)
        except TimeoutError as error:
            raise DeadlineExceeded(f"{argv[0]!r} had not ended after {timeout:g} s", where=self.name) from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        status = process.returncode or 0
        done = Completed(status, out.decode(errors="replace"), err.decode(errors="replace"))
        if check and status != 0:
            raise CommandFailed(self.name, " ".join(argv)[:80], status, done.stderr or done.stdout)
        return done
