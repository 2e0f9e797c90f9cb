"""What a restore looks at: a failed node's copy, and then its primary's history and log."""

import json
from collections.abc import Mapping

from tuchanka.archive.look import look_at_archive
from tuchanka.archive.seen import ArchiveSeen
from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.lab import Deployment
from tuchanka.postgres.controldata import lsn, parse_history
from tuchanka.postgres.psql import psql
from tuchanka.postgres.wal import SEGMENT_BYTES, segments
from tuchanka.providers.base import Runner
from tuchanka.stacks.pacemaker.restore.copy_facts import CopySeen, PrimarySeen, join_seen, look_at_copy
from tuchanka.stacks.pacemaker.restore.method import Method, Seen
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.types import Instance

# The control file's timeline is the old one until the first checkpoint after a promotion; the log's own is right.
SQL = """
select json_build_object(
 'timeline', left(file, 8),
 'position', position,
 'history', coalesce(pg_read_file('pg_wal/' || left(file, 8) || '.history', true), ''),
 'system', (select system_identifier::text from pg_control_system()),
 'bytes', (select sum(pg_database_size(oid)) from pg_database) + (select sum(size) from pg_ls_waldir()),
 'files', (select json_agg(name) from pg_ls_waldir()))
from (select position, pg_walfile_name(position) as file
      from (select pg_current_wal_lsn() as position) as now) as here
"""


async def look(
    lab: Deployment, instance: Instance, node: str, state: ClusterState, tried: Mapping[str, frozenset[Method]]
) -> Seen:
    """See one instance on the failed node, and then on its primary, so that the primary can only seem further on."""
    here = state.instance(instance.name)
    copy = here.copy(node)
    found = await look_at_copy(
        lab.machine(node), InstancePaths(lab.topology.postgresql_of(instance.name), instance.name)
    )
    other = here.primary if here.primary != node else None
    primary = await look_at_primary(lab.machine(other), instance, found) if other else None
    streaming = copy is not None and copy.role == "standby" and copy.state == "streaming"
    asked = primary if lab.topology.archive is not None and instance.archive and not streaming else None
    return join_seen(
        instance.name,
        node,
        found,
        here.primary,
        primary,
        streaming=streaming,
        stack_running=state.node(node).stack_running,
        in_recovery=copy.in_recovery if copy else None,
        tried=tried.get(instance.name, frozenset()),
        archive=await _archive(lab.machine(node), instance, found, asked) if asked else None,
    )


async def _archive(machine: Runner, instance: Instance, copy: CopySeen, primary: PrimarySeen) -> ArchiveSeen:
    """Ask the archive, from the failed node, for what the copy may need."""
    size = copy.data.segment_bytes if copy.data else SEGMENT_BYTES
    reached = lsn(copy.data.position) // size if copy.data else None
    last, timelines = lsn(primary.position) // size, (*primary.history, primary.timeline)
    return await look_at_archive(machine, instance.name, timelines, reached, last, size=size)


async def look_at_primary(machine: Runner, instance: Instance, copy: CopySeen) -> PrimarySeen:
    """Ask the primary as the superuser."""
    answer = json.loads((await psql(machine, instance.port, SQL)).stdout)
    segment_bytes = copy.data.segment_bytes if copy.data else 16 << 20
    return PrimarySeen(
        timeline=int(answer["timeline"], 16),
        position=answer["position"],
        history=parse_history(answer["history"]),
        system=answer["system"],
        segments=segments(answer["files"], segment_bytes),
        bytes=int(answer["bytes"]),
    )
