"""The archive as a service: packages, parameters and files of the nodes."""

from collections.abc import Mapping
from importlib import resources

from tuchanka.files import File
from tuchanka.instance_paths import InstancePaths
from tuchanka.node_program import program
from tuchanka.services.archive import config
from tuchanka.services.archive.kept import Kept, keeper_json
from tuchanka.services.archive.paths import CONF, FETCH, KEEPER, KEPT, PUSH, REFUSED, keeper_unit
from tuchanka.services.base import Service
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster, Instance, Topology

PACKAGE = "tuchanka.services.archive"
PASSPHRASE = "archive"  # noqa: S105 - the name of a secret
"""The name of the secret with which everything in the store is encrypted."""
SERVER = "pgbackrest.service"
"""What lets other nodes read this one's disk for their backups."""
KEEPER_MODULE = "tuchanka.archive.keeper"
UNITS = "/etc/systemd/system"


class ArchiveService(Service):
    """Log and backups in an S3 store, by pgBackRest."""

    name = "archive"
    on_machines = False
    # What happens to the store happens with or without an archive; these are about what the archive has.
    faults = ("store-corrupted", "store-then-primary", "standby-away")

    def used(self, topology: Topology) -> bool:
        """Say whether the topology has an archive."""
        return topology.archive is not None

    def packages(self, topology: Topology) -> tuple[str, ...]:
        """Return what the nodes need."""
        del topology
        return ("pgbackrest",)

    def secrets(self) -> tuple[str, ...]:
        """Return the name of the passphrase."""
        return (PASSPHRASE,)

    def settings(self, topology: Topology, cluster: Cluster, instance: Instance, node: str) -> Mapping[str, str]:
        """Return the parameters by which PostgreSQL gives its log to the archive, and gets it back."""
        del cluster, node
        if topology.archive is None or not instance.archive:
            return {}
        return {
            "archive_mode": "on",
            "archive_command": f"{PUSH} {instance.name} %p",
            "archive_timeout": f"{topology.archive.timeout_s}s",
            "restore_command": f'{FETCH} {instance.name} %f "%p"',
        }

    def files(self, topology: Topology, machine: str) -> Mapping[str, File]:
        """Return path → file of a node: configuration, the two programs, and a keeper for each instance."""
        archive = topology.archive
        if archive is None or not topology.is_node(machine):
            return {}
        cluster = topology.cluster_of(machine)
        instances = config.here(cluster, machine)
        if not instances:
            return {}
        kept = [
            Kept(one.name, cluster.postgresql, one.port, archive.full_s, archive.differential_s) for one in instances
        ]
        files = {
            CONF: File(config.pgbackrest_conf(archive, cluster, machine, lab=topology.name, domain=topology.domain))
        }
        files |= {PUSH: File(text("push.pl"), mode=0o755), FETCH: File(text("fetch.pl"), mode=0o755)}
        files |= {KEPT: File(keeper_json(kept))}
        files |= {f"{KEEPER}/{path}": File(content) for path, content in program(KEEPER_MODULE).items()}
        for one in kept:
            data = InstancePaths(one.postgresql, one.instance).data
            files |= {
                f"{UNITS}/{keeper_unit(one.instance)}.{kind}": File(
                    fill(PACKAGE, f"keeper.{kind}.j2", kept=one, program=KEEPER, data=data)
                )
                for kind in ("service", "timer")
            }
        return files

    def prepare(self, topology: Topology, machine: str) -> str:
        """Return a script that keeps the server from starting where none is wanted; the package starts it."""
        return f"systemctl disable --quiet {SERVER}\n" if topology.is_node(machine) else ""

    def units(self, topology: Topology, machine: str) -> tuple[str, ...]:
        """Return the timers of the keepers, and the server for backups from a standby."""
        if not topology.is_node(machine):
            return ()
        archive, cluster = topology.archive, topology.cluster_of(machine)
        timers = tuple(f"{keeper_unit(one.name)}.timer" for one in config.here(cluster, machine))
        serves = archive is not None and config.serves(archive, cluster, machine)
        return (*timers, *((SERVER,) if serves else ()))

    def promises(self, topology: Topology, cluster: Cluster, instance: Instance) -> Mapping[str, str]:
        """Every trial promises that the archive gets over it; a limit is kept where the rest is dropped."""
        if topology.archive is None or not all(one.archive for one in cluster.instances):
            return {}
        whole = {"archive": f"the archive of {instance.name} is whole, or its gap is known"}
        if topology.archive.when_stuck != "drop":
            return whole
        return {"waiting log": f"the log that waits for the archive stays below {topology.archive.limit}", **whole}

    def check(self, topology: Topology, machine: str) -> str:
        """Return a script that says what keeps the archive from being whole."""
        if not topology.is_node(machine):
            return ""
        units = [keeper_unit(one.name) for one in config.here(topology.cluster_of(machine), machine)]
        return fill(PACKAGE, "check.sh.j2", units=units, refused=REFUSED)


def text(name: str) -> str:
    """Return one of this folder's files."""
    return resources.files(PACKAGE).joinpath(name).read_text(encoding="utf-8")
