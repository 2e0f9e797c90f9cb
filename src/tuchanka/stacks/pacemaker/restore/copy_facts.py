"""What the files of a copy show: its control data, its log, the room beside it, and what a restore left there.

Asked by commands on the copy's machine, from outside or by the machine itself.
"""

from dataclasses import dataclass, replace

from tuchanka.archive.seen import ArchiveSeen
from tuchanka.errors import DeadlineExceeded
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres.controldata import ControlData, lsn, parse_controldata
from tuchanka.postgres.psql import AS_POSTGRES
from tuchanka.postgres.wal import NO_LOG, Log, Segment, newest_run, parse_waldump, segments
from tuchanka.providers.base import Runner
from tuchanka.sections import read_sections
from tuchanka.stacks.pacemaker.restore.method import NO_ROOM, Method, Room, Seen

LOOK_S = 60.0
READ_LOG_S = 600.0


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
        "kept": f"ls -d {paths.old}",
        "rewinding": f"ls -d {paths.rewinding}",
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


async def look_at_copy(machine: Runner, paths: InstancePaths) -> CopySeen:
    """Look at the files of a copy, whether or not its server runs."""
    done = await machine.run(["sh"], stdin=script(paths).encode(), timeout=LOOK_S, check=False)
    seen = read_copy(done.stdout, where=machine.name)
    return replace(seen, log=await read_log(machine, paths, seen))


async def read_log(machine: Runner, paths: InstancePaths, seen: CopySeen) -> Log:
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


@dataclass(frozen=True, slots=True)
class PrimarySeen:
    """An instance's primary; for the fields see ``Seen``. ``bytes``: of its data, 0 where that isn't known."""

    timeline: int
    position: str
    history: dict[int, str]
    system: str
    segments: tuple[Segment, ...] | None
    bytes: int = 0


def join_seen(
    instance: str,
    node: str,
    copy: CopySeen,
    primary: str | None,
    found: PrimarySeen | None,
    *,
    streaming: bool,
    stack_running: bool,
    in_recovery: bool | None,
    tried: frozenset[Method],
    archive: ArchiveSeen | None = None,
) -> Seen:
    """Return what both sides showed as one; ``found`` is ``None`` where there is no primary to ask."""
    return Seen(
        instance=instance,
        node=node,
        primary=primary,
        streaming=streaming,
        stack_running=stack_running,
        data=copy.data,
        primary_timeline=found.timeline if found else 0,
        primary_position=found.position if found else "0/0",
        history=found.history if found else {},
        primary_system=found.system if found else "",
        segments=copy.segments,
        log=copy.log,
        primary_segments=found.segments if found else (),
        room=_room(copy, found),
        kept=copy.kept,
        half_rewound=copy.half_rewound,
        server_runs=copy.server_runs,
        takes_writes=in_recovery is False,
        tried=tried,
        archive=archive,
    )


def _room(copy: CopySeen, found: PrimarySeen | None) -> Room:
    """Return the room with what a copy of the primary takes; what the primary doesn't say, a whole copy here does."""
    if found is None or found.bytes or copy.data is None:
        return replace(copy.room, primary=found.bytes if found else 0)
    return replace(copy.room, primary=copy.room.data, estimated=True)
