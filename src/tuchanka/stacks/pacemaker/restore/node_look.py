"""What a node sees when it restores itself: its own cluster stack and servers, and its primaries from outside.

It is no superuser of another node's server. So it asks for what the replication protocol says: who takes writes, how
far, and on which timeline; not for which files of its log the primary still has, and not how much its data takes,
which only the start of a base backup tells.

Source: PostgreSQL, "Streaming Replication Protocol" (``SHOW``, ``IDENTIFY_SYSTEM``, ``TIMELINE_HISTORY``,
``BASE_BACKUP``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tuchanka.errors import DeadlineExceeded, LabError
from tuchanka.instance_paths import PGPASS
from tuchanka.postgres.controldata import parse_history
from tuchanka.postgres.psql import AS_POSTGRES, command
from tuchanka.providers.base import Runner
from tuchanka.sections import read_sections, side_by_side
from tuchanka.stacks.pacemaker.crm import CrmView, parse
from tuchanka.stacks.pacemaker.quorum import read_quorum
from tuchanka.stacks.pacemaker.restore.copy_facts import PrimarySeen, join_seen, look_at_copy
from tuchanka.stacks.pacemaker.restore.method import Method, Seen
from tuchanka.stacks.pacemaker.restore.node_settings import KeptInstance, NodeSettings
from tuchanka.stacks.pacemaker.restore.plan import Mode
from tuchanka.stacks.pacemaker.state import QuorumState

LOOK_S = 15.0
ASK_S = 8.0
SQL = "select pg_is_in_recovery(), (select status from pg_stat_wal_receiver)"


@dataclass(frozen=True, slots=True)
class Server:
    """The node's own server of an instance; ``in_recovery`` is ``None`` where it doesn't answer."""

    in_recovery: bool | None = None
    streams: bool = False


NO_SERVER = Server()


@dataclass(frozen=True, slots=True)
class Here:
    """The node as it sees itself; without a cluster stack it sees nothing of the cluster (``crm`` is ``None``)."""

    node: str
    stack_running: bool
    crm: CrmView | None
    quorum: QuorumState
    servers: dict[str, Server]

    @property
    def primaries(self) -> list[str]:
        """The instances whose primary Pacemaker keeps here."""
        roles = self.crm.roles if self.crm else {}
        return [name for name in self.servers if roles.get((name, self.node)) == "Promoted"]

    @property
    def failed(self) -> list[str]:
        """The resources of which Pacemaker counts failures here."""
        return [name for name, node in (self.crm.fail_counts if self.crm else ()) if node == self.node]

    @property
    def mode(self) -> Mode:
        """Why Pacemaker would start nothing here."""
        node = self.crm.nodes.get(self.node) if self.crm else None
        if node and node.standby:
            return "standby"
        return "maintenance" if self.crm and (self.crm.maintenance or (node and node.maintenance)) else ""


def script(settings: NodeSettings) -> str:
    """Return the shell script that shows all of ``Here``."""
    sections = {
        "stack": "timeout 3 systemctl is-active corosync pacemaker",
        "quorum": "timeout 3 corosync-quorumtool -s",
        "crm": "timeout 5 crm_mon --output-as=xml --one-shot --failcounts --show-node-attributes",
    } | {
        f"sql {kept.name}": f"timeout 5 {AS_POSTGRES} {' '.join(command(kept.port))} <<'END'\n{SQL}\nEND"
        for kept in settings.instances
    }
    return side_by_side(sections)


def read_here(settings: NodeSettings, text: str) -> Here:
    """Read what the script wrote."""
    sections = read_sections(text)
    return Here(
        node=settings.node,
        stack_running=sections.get("stack", "").split() == ["active", "active"],
        crm=parse(sections.get("crm", "")),
        quorum=read_quorum(sections.get("quorum", ""), witness=settings.witness),
        servers={kept.name: _server(sections.get(f"sql {kept.name}", "")) for kept in settings.instances},
    )


def _server(text: str) -> Server:
    in_recovery, separator, receiver = text.partition("|")
    return Server(in_recovery == "t", receiver == "streaming") if separator else NO_SERVER


async def look_here(machine: Runner, settings: NodeSettings) -> Here:
    """Look at the node itself."""
    done = await machine.run(["sh"], stdin=script(settings).encode(), timeout=LOOK_S, check=False)
    return read_here(settings, done.stdout)


async def look(
    machine: Runner, settings: NodeSettings, kept: KeptInstance, here: Here, tried: Mapping[str, frozenset[Method]]
) -> Seen:
    """See one instance here, and then on its primary, so that the primary can only seem further on."""
    copy = await look_at_copy(machine, settings.paths(kept.name))
    server = here.servers.get(kept.name, NO_SERVER)
    streaming = bool(server.in_recovery) and server.streams
    primary: str | None = None
    found: PrimarySeen | None = None
    if kept.name in here.primaries:
        primary = settings.node
    elif not streaming:
        primary = await find_primary(machine, settings, kept)
        found = await look_at_primary(machine, kept, primary) if primary else None
    return join_seen(
        kept.name,
        settings.node,
        copy,
        primary,
        found,
        streaming=streaming,
        stack_running=here.stack_running,
        in_recovery=server.in_recovery,
        tried=tried.get(kept.name, frozenset()),
    )


async def find_primary(machine: Runner, settings: NodeSettings, kept: KeptInstance) -> str | None:
    """Return the node that takes writes, if there is one.

    Raises:
        LabError: there are two.
    """
    answers = {node: await ask(machine, kept, node, "SHOW transaction_read_only") for node in kept.others}
    found = [node for node, answer in answers.items() if answer == "off"]
    if len(found) > 1:
        raise LabError(
            f"{kept.name} has two primaries, {' and '.join(found)}",
            where=settings.cluster,
            hint="switch one of them off first",
        )
    return found[0] if found else None


async def look_at_primary(machine: Runner, kept: KeptInstance, primary: str) -> PrimarySeen:
    """Ask the primary how far it is, and where it comes from.

    Raises:
        LabError: it doesn't say.
    """
    identity = (await ask(machine, kept, primary, "IDENTIFY_SYSTEM")).split("|")
    if len(identity) < 3:
        raise LabError(
            f"the primary {primary} of {kept.name} does not say who it is",
            where=machine.name,
            hint="its pg_hba.conf has to let this node replicate",
        )
    system, timeline, position = identity[:3]
    # The first timeline has no history, and the question would be an error.
    history = await ask(machine, kept, primary, f"TIMELINE_HISTORY {timeline}") if timeline != "1" else ""
    return PrimarySeen(
        timeline=int(timeline),
        position=position,
        history=parse_history(history.partition("|")[2]),
        system=system,
        segments=None,
    )


async def ask(machine: Runner, kept: KeptInstance, node: str, question: str) -> str:
    """Ask another node's server over its replication protocol; empty where it doesn't answer."""
    server = f"host={kept.others[node]} port={kept.port} user=replicator dbname=replication replication=true"
    argv = ["psql", "-XAtqw", "-d", f"{server} passfile={PGPASS} connect_timeout=3", "-c", question]
    try:
        return (await machine.run(argv, user="postgres", timeout=ASK_S, check=False)).stdout.strip()
    except DeadlineExceeded:
        return ""
