"""What a restore looks at: the node's data and log, the room there, and the primary's history and log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tuchanka.errors import DeadlineExceeded
from tuchanka.lab.lab import Deployment
from tuchanka.postgres.controldata import ControlData, lsn, parse_controldata, parse_history
from tuchanka.postgres.wal import NO_LOG, Log, Segment, newest_run, parse_waldump, segments
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.observe import AS_POSTGRES, read_sections
from tuchanka.stacks.pacemaker.render.paths import InstancePaths
from tuchanka.stacks.pacemaker.restore.method import NO_ROOM, Method, Room, Seen
from tuchanka.stacks.pacemaker.setup.instance import psql
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.types import Instance

LOOK_S = 60.0
READ_LOG_S = 600.0
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


def old_data(paths: InstancePaths) -> str:
    """Return where the data of before a restore is kept until the new standby streams."""
    return f"{paths.data}.old"


def rewinding(paths: InstancePaths) -> str:
    """Return the file that is there while pg_rewind works, and afterwards if it didn't come to its end."""
    return f"{paths.data}.rewinding"


@dataclass(frozen=True, slots=True)
class CopySeen:
    """A copy of an instance as its files show it; ``data`` is ``None`` where they can't be read."""

    data: ControlData | None
    segments: tuple[Segment, ...] = ()
    log: Log = NO_LOG
    room: Room = NO_ROOM
    kept: bool = False
    half_rewound: bool = False
    server_runs: bool = False


def script(paths: InstancePaths) -> str:
    """Return the shell script that shows a copy's files; its sections begin with ``@@``."""
    sections = {
        "control": f"LC_ALL=C {paths.programs}/pg_controldata -D {paths.data}",
        "wal": f"ls {paths.data}/pg_wal",
        "server": f"{AS_POSTGRES} {paths.programs}/pg_ctl status -D {paths.data} >/dev/null && echo runs",
        "data": f"du -sb {paths.data} | cut -f1",
        "free": f"df -B1 --output=avail {paths.data.rpartition('/')[0]} | tail -n 1",
        "kept": f"ls -d {old_data(paths)}",
        "rewinding": f"ls -d {rewinding(paths)}",
        "backup": f"ls -d {paths.data}/backup_label",
    }
    return "cd /\n" + "\n".join(f"echo '@@{name}'; {command} 2>/dev/null" for name, command in sections.items())


def read_copy(text: str, *, where: str) -> CopySeen:
    """Read the script's output; the log is still to be read.

    The timeline is that of the newest file of the log: a standby may have received it before it was needed to say so.
    """
    sections = read_sections(text)
    data = parse_controldata(sections["control"], where=where) if sections.get("control") else None
    if data and sections.get("backup"):
        # A base backup that was never started: its control file is that of the running server it was copied from.
        data = replace(data, state="shut down in recovery")
    found = segments(sections.get("wal", "").split(), data.segment_bytes) if data else ()
    if data:
        data = replace(data, timeline=max((data.timeline, *(segment.timeline for segment in found))))
    return CopySeen(
        data=data,
        segments=found,
        room=Room(data=int(sections.get("data") or 0), free=int(sections.get("free") or 0)),
        kept=bool(sections.get("kept")),
        half_rewound=bool(sections.get("rewinding")),
        server_runs=bool(sections.get("server")),
    )


async def look_at_copy(machine: Node, paths: InstancePaths) -> CopySeen:
    """Look at the files of a copy, whether or not its server runs."""
    done = await machine.run(["sh"], stdin=script(paths).encode(), timeout=LOOK_S, check=False)
    seen = read_copy(done.stdout, where=machine.name)
    return replace(seen, log=await read_log(machine, paths, seen))


async def read_log(machine: Node, paths: InstancePaths, seen: CopySeen) -> Log:
    """Read the records of the newest timeline; an empty log where that isn't possible."""
    data = seen.data
    ours = sorted(segment.number for segment in seen.segments if data and segment.timeline == data.timeline)
    if data is None or not ours:
        return NO_LOG
    run = newest_run(seen.segments, data.timeline, lsn(data.position), data.segment_bytes)
    begin = (run.number if run else ours[0]) * data.segment_bytes
    command = (
        f"LC_ALL=C {paths.programs}/pg_waldump --path={paths.data}/pg_wal --timeline={data.timeline} "
        f"--start={begin >> 32:X}/{begin & 0xFFFFFFFF:X} --rmgr=XLOG 2>&1 | grep -e CHECKPOINT_ -e error:"
    )
    try:
        done = await machine.run(["sh", "-c", command], timeout=READ_LOG_S, check=False)
    except DeadlineExceeded:
        return NO_LOG
    return parse_waldump(done.stdout)


async def look(
    lab: Deployment, instance: Instance, node: str, state: ClusterState, tried: Mapping[str, frozenset[Method]]
) -> Seen:
    """See one instance on the failed node, and then on its primary, so that the primary can only seem further on."""
    copy = state.instance(instance.name).copy(node)
    found = await look_at_copy(
        lab.machine(node), InstancePaths(lab.topology.postgresql_of(instance.name), instance.name)
    )
    seen = Seen(
        instance=instance.name,
        node=node,
        primary=state.instance(instance.name).primary,
        streaming=copy is not None and copy.role == "standby" and copy.state == "streaming",
        stack_running=state.node(node).stack_running,
        data=found.data,
        primary_timeline=0,
        primary_position="0/0",
        history={},
        segments=found.segments,
        log=found.log,
        room=found.room,
        kept=found.kept,
        half_rewound=found.half_rewound,
        server_runs=found.server_runs,
        tried=tried.get(instance.name, frozenset()),
    )
    return await _with_primary(lab, instance, seen)


async def _with_primary(lab: Deployment, instance: Instance, seen: Seen) -> Seen:
    if seen.primary is None or seen.primary == seen.node:
        return seen
    answer = json.loads(await psql(lab.machine(seen.primary), instance, "postgres", SQL))
    segment_bytes = seen.data.segment_bytes if seen.data else 16 << 20
    return replace(
        seen,
        primary_timeline=int(answer["timeline"], 16),
        primary_position=answer["position"],
        history=parse_history(answer["history"]),
        primary_system=answer["system"],
        primary_segments=segments(answer["files"], segment_bytes),
        room=replace(seen.room, primary=int(answer["bytes"])),
    )
