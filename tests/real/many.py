"""Labs of several clusters, or of another topology, driven through the command line as a user would."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real.lab import RealLab, wait_for
from tuchanka.lab.folder import DEFAULT_ROOT
from tuchanka.services.heartbeat import DATABASE, USER
from tuchanka.topology.load import load
from tuchanka.topology.types import Instance, Topology

UP_S = 300.0
# Writes one row through an address, and says which instance took it on which node.
WRITE = """
import asyncio, asyncpg, json, sys

async def main():
    how = json.load(sys.stdin)
    try:
        connection = await asyncpg.connect(**how, timeout=3)
        await connection.execute("create table if not exists written (at timestamptz default now())", timeout=3)
        await connection.execute("insert into written default values", timeout=3)
        print(await connection.fetchval("select current_setting('cluster_name')", timeout=3))
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        print("refused:", type(error).__name__)
    sys.stdout.flush()
    import os
    os._exit(0)

asyncio.run(main())
"""
# Reads through an address: which instance answers there, and whether it is a standby.
READ = """
import asyncio, asyncpg, json, sys

async def main():
    connection = await asyncpg.connect(**json.load(sys.stdin), timeout=3)
    print(*await connection.fetchrow("select current_setting('cluster_name'), pg_is_in_recovery()", timeout=3))

asyncio.run(main())
"""


class ManyLab(RealLab):
    """A lab that may have any clusters; ``topology`` is a file, or the built-in one."""

    def __init__(self, folder: Path, topology: Path | None, *chosen: str) -> None:
        super().__init__(folder)
        self.file = topology
        self.topology: Topology = load(topology)
        self.chosen = chosen

    def argv(self, *words: str) -> list[str]:
        program, *rest = super().argv(*words)
        return [program, *(["--topology", str(self.file)] if self.file else []), *rest]

    def up(self) -> None:
        self.run("up", *self.chosen, seconds=UP_S)

    def states(self) -> dict[str, dict[str, Any]]:
        """Return what ``status --json`` says, by cluster."""
        seen = json.loads(self.run("status", *self.chosen, "--json", status=None).stdout)
        return {one["name"]: one for one in seen}

    @property
    def instances(self) -> dict[str, Instance]:
        """Return the instances of the chosen clusters by name."""
        clusters = [one for one in self.topology.clusters if not self.chosen or one.name in self.chosen]
        return {instance.name: instance for cluster in clusters for instance in cluster.instances}

    def instance_state(self, name: str) -> dict[str, Any]:
        cluster = self.topology.cluster_with_instance(name).name
        return next(one for one in self.states()[cluster]["instances"] if one["name"] == name)

    def vips(self) -> dict[str, list[str]]:
        """Return the nodes that Pacemaker has started each address on."""
        return {vip["name"]: vip["nodes"] for state in self.states().values() for vip in state["vips"]}

    def primaries(self) -> dict[str, str | None]:
        """Return the node of each instance's primary."""
        found: dict[str, str | None] = {}
        for state in self.states().values():
            for instance in state["instances"]:
                nodes = [copy["node"] for copy in instance["copies"] if copy["role"] == "primary"]
                found[instance["name"]] = nodes[0] if len(nodes) == 1 else None
        return found

    def ask(self, script: str, address: str, port: int) -> str:
        secrets = json.loads((self.folder / "secrets" / "secrets.json").read_text())
        how = {"host": address, "port": port, "user": USER, "database": DATABASE}
        done = self.inside(sys.executable, "-c", script, stdin=json.dumps({**how, "password": secrets["heartbeat"]}))
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

    def write(self, name: str) -> str:
        """Write through the primary VIP; returns the name of the instance that took it."""
        instance = self.instances[name]
        return self.ask(WRITE, str(instance.primary_vip.address), instance.port)

    def all_write(self) -> bool:
        return all(self.write(name) == name for name in self.instances)

    def all_healthy(self) -> bool:
        return all(state["healthy"] for state in self.states().values())

    def wait(self, question: Callable[[], Any], what: str, *, seconds: float = 60) -> Any:
        return wait_for(question, what, seconds=seconds, every=0.5)

    def in_site(self, site: str) -> list[str]:
        return [machine.name for machine in self.topology.machines if machine.site == site]

    def repair(self) -> None:
        self.stop_commands()
        if not self.all_healthy():
            self.up()


@contextmanager
def many_lab(topology: Path | None = None, *chosen: str) -> Iterator[ManyLab]:
    """Give a lab with an empty folder; it is destroyed at the end, whatever happened."""
    DEFAULT_ROOT.mkdir(parents=True, exist_ok=True)
    lab = ManyLab(Path(tempfile.mkdtemp(prefix="test-", dir=DEFAULT_ROOT)), topology, *chosen)
    try:
        yield lab
    finally:
        lab.destroy()
        with contextlib.suppress(OSError):  # other labs are there
            DEFAULT_ROOT.rmdir()
