"""A pair with its depot: the lab of the tests of the store and of the archive."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.real.lab import AS_POSTGRES, CLUSTER, UP_S, ProcessWatch, RealLab
from tuchanka.providers.base import ENVIRONMENT

EXAMPLE = Path(__file__).parents[2] / "examples" / "archive.toml"
NODE = "tuchanka2a"
RAW = ("--stanza=krogan2", "--raw")


class LabWithStore(RealLab):
    """The pair of the example, with its depot."""

    watch = ProcessWatch()

    def up(self) -> None:
        self.run("--topology", str(EXAMPLE), "up", CLUSTER, seconds=UP_S)

    def backrest(self, *words: str, status: int | None = 0) -> str:
        """Ask the store from a node, as its archive does."""
        return self.execute(NODE, *AS_POSTGRES, "pgbackrest", *words, status=status)

    def feed(self, node: str, script: str, text: str) -> str:
        """Run a script on a machine that reads this text, and return what it printed."""
        argv = self.argv_on(node, "sh", "-c", script)
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, timeout=30, env=ENVIRONMENT, check=False
        )
        return done.stdout

    def store(self, name: str, *, status: int | None = 0) -> str:
        command = " ".join((*AS_POSTGRES, "pgbackrest", *RAW, "repo-put", name))
        return self.execute(NODE, "sh", "-c", f"echo {name} | {command}", status=status)

    def stored(self, name: str) -> str:
        return self.backrest(*RAW, "--ignore-missing", "repo-get", name, status=None)

    def depot(self, *, status: int | None = 0) -> dict[str, Any]:
        (state,) = json.loads(self.run("status", CLUSTER, "--json", status=status).stdout)
        (depot,) = state["services"]
        assert set(depot["problems"]) <= set(state["problems"])
        assert isinstance(depot, dict)
        return depot

    def sql(self, node: str, statements: str, *, port: int = 5432) -> str:
        """Run SQL as the superuser, in the heartbeat's database, and return what it printed."""
        command = ("psql", "-XAtq", "-h", "/run/postgresql", "-p", str(port), "-d", "heartbeat", "-c", statements)
        return self.execute(node, *AS_POSTGRES, *command).strip()
