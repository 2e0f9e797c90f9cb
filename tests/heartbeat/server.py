"""A throwaway PostgreSQL for tests: in a temporary folder, on a free port of 127.0.0.1, never as root."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import asyncpg

from tuchanka.heartbeat.schema import found_ranges
from tuchanka.services.heartbeat import CREATE_TABLE, DATABASE, grants

PASSWORD = "not-for-the-log-5f1c"
USER = "heartbeat"


def binaries() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres``, of the newest version; None where they can't be used."""
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        if os.geteuid() == 0:
            return None
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).parent if on_path else None


class Server:
    """One server. ``freeze``, ``thaw`` and ``crash`` touch only processes that it started."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.data = folder / "data"
        self.folder = folder
        self.programs = programs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.account: dict[str, Any] = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def create(self) -> None:
        subprocess.run(
            [
                *(self.programs / "initdb", "-D", self.data, "-U", "postgres", "-N", "-E", "UTF8", "--locale=C"),
                *("--auth-local=trust", "--auth-host=scram-sha-256"),
            ],
            check=True,
            capture_output=True,
            timeout=60,
            cwd=self.folder,
            **self.account,
        )
        self.start()
        self.sql(
            f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'", f"CREATE DATABASE {DATABASE}", database="postgres"
        )
        self.sql(CREATE_TABLE, *grants(USER))

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(self.programs / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"),
                ],
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                **self.account,
            )
        end = time.monotonic() + 30
        while True:
            try:
                self.sql("SELECT 1", database="postgres")
            except (OSError, asyncpg.PostgresError):
                assert time.monotonic() < end, (self.folder / "log").read_text()
                time.sleep(0.1)
            else:
                return

    def sql(self, *statements: str, database: str = DATABASE) -> list[Any]:
        async def run() -> list[Any]:
            connection = await asyncpg.connect(
                host=str(self.folder), port=self.port, user="postgres", database=database, timeout=5
            )
            try:
                rows: list[Any] = []
                for statement in statements:
                    rows = await connection.fetch(statement, timeout=5)
                return rows
            finally:
                connection.terminate()

        return asyncio.run(run())

    def found(self, run: str) -> set[int]:
        return {seq for first, last in self.sql(found_ranges(run)) for seq in range(first, last + 1)}

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def crash(self) -> None:
        self._signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(timeout=10)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.thaw()
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.crash()

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in [pid, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)
