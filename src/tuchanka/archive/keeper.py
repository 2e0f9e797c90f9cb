"""The keeper of an instance's archive, a program of the nodes: ``archive-keeper INSTANCE``.

It runs where the primary is, every quarter of a minute. What it does follows from what is there, not from what it
did before, so it may be killed at any moment, and the next primary's goes on: it begins the archive, gives it the log
that it lacks and that this node still has (an old primary may have been lost before it had archived it), and makes a
backup when one is due. Only Python's standard library is there besides these modules.
"""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tuchanka.archive import gaps, pgbackrest
from tuchanka.archive.due import ClockError, due
from tuchanka.archive.pgbackrest import Info
from tuchanka.instance_paths import PG_SOCKETS as SOCKETS
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres.controldata import parse_history
from tuchanka.postgres.psql import command as psql_command
from tuchanka.postgres.wal import Segment, parse_segment, segment_name, segments
from tuchanka.services.archive.kept import Kept, read_kept
from tuchanka.services.archive.paths import KEPT

ASK_S = 30.0
PUSH_S = 60.0
BACKUP_S = 24 * 3600.0
MOST_PUSHED = 64
"""Files that one run gives to the archive; the next run goes on."""
POSITION = """\
SELECT pg_walfile_name(pg_current_wal_insert_lsn()), setting FROM pg_settings WHERE name = 'wal_segment_size';
"""


class Failure(Exception):
    """What went wrong, in one line."""


def main() -> int:
    """Run once for the instance that the argument names; return the exit status."""
    if len(sys.argv) != 2:
        return _say("usage: archive-keeper INSTANCE", 2)
    try:
        kept = read_kept(Path(KEPT).read_text(encoding="utf-8"), sys.argv[1])
    except (OSError, ValueError, KeyError, TypeError):
        return _say(f"{KEPT} says nothing of {sys.argv[1]}: render it again", 2)
    try:
        keep(kept)
    except Failure as failure:
        return _say(f"{kept.instance}: {failure}", 1)
    return 0


def keep(kept: Kept) -> None:
    """Do what is to be done now.

    Raises:
        Failure: what and why.
    """
    info = look(kept.instance)
    if not info.exists:
        run(pgbackrest.create_command(kept.instance), ASK_S)
        _note(f"{kept.instance}: began the archive")
        info = look(kept.instance)
    wake(kept)
    gap = complete(kept, info)
    try:
        wanted = due(info, time.time(), full_s=kept.full_s, differential_s=kept.differential_s, gap=gap)
    except ClockError as error:
        raise Failure(f"the clock is {error.seconds:.0f} s behind the newest backup: set it") from error
    if wanted is not None:
        _note(f"{kept.instance}: a {wanted.kind} backup is due: {wanted.why}")
        run(pgbackrest.backup_command(kept.instance, wanted.kind), BACKUP_S)


def wake(kept: Kept) -> None:
    """Have the archiver try at once what waits since the store failed; by itself it would wait for up to a minute.

    A new reading of the configuration wakes it. It happens only while the last push has failed.
    """
    failed = Path(SOCKETS, f"{kept.instance}.push-failed")
    if failed.exists():
        failed.unlink(missing_ok=True)
        run(psql_command(kept.port), ASK_S, stdin="SELECT pg_reload_conf();")


def look(instance: str) -> Info:
    """Return what the archive has."""
    answer = run(pgbackrest.info_command(instance), ASK_S)
    try:
        return pgbackrest.parse_info(answer)
    except pgbackrest.Unavailable as error:
        raise Failure(f"the store can't be asked: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"pgbackrest info says what isn't known here ({error!r})") from error


def complete(kept: Kept, info: Info) -> str:
    """Give the archive what it lacks since its last backup; return the name of the first file that nobody has."""
    if info.last is None or not info.archive_id:
        return ""
    wal = Path(InstancePaths(kept.postgresql, kept.instance).data, "pg_wal")
    # In this order: what is archived meanwhile is neither missed nor looked for.
    current, segment_bytes = position(kept)
    waiting = segments(
        [name.removesuffix(".ready") for name in _names(wal / "archive_status", ".ready")], segment_bytes
    )
    parents = history(wal, current.timeline)
    begin, known = _begin(kept.instance, info.last, current, segment_bytes)
    if not known:
        complete_histories(kept.instance, info.archive_id, wal, (*parents, current.timeline))
    wanted = gaps.expected(begin, current, parents, segment_bytes)
    archived = listed(
        kept.instance, info.archive_id, [segment_name(one, segment_bytes) for one in wanted], segment_bytes
    )
    lost = ""
    for pushed, one in enumerate(gaps.missing(wanted, archived, waiting)):
        name = segment_name(one, segment_bytes)
        if not (wal / name).exists():
            lost = lost or name
        elif pushed < MOST_PUSHED:
            run(pgbackrest.push_command(kept.instance, str(wal / name)), PUSH_S)
            _note(f"{kept.instance}: the archive lacked {name}; it has it now")
            archived |= {one}
    whole = gaps.whole_until(wanted, archived)
    if whole is not None:
        _remember(kept.instance, info.last, segment_name(whole, segment_bytes))
    return lost


def complete_histories(instance: str, archive_id: str, wal: Path, timelines: Sequence[int]) -> None:
    """Give the archive the histories of timelines that it lacks.

    A recovery looks for the newest timeline one after another, and stops at the first that isn't there: with a hole
    among them it would end on an old one. A server that was promoted while it archived nothing has left one.
    """
    there = pgbackrest.parse_names(run(pgbackrest.histories_command(instance, archive_id), ASK_S))
    for timeline in timelines:
        name = f"{timeline:08X}.history"
        if timeline > 1 and name not in there and (wal / name).exists():
            run(pgbackrest.push_command(instance, str(wal / name)), PUSH_S)
            _note(f"{instance}: the archive lacked {name}; it has it now")


def position(kept: Kept) -> tuple[Segment, int]:
    """Return the file of the log that is written now, and the size of one in bytes."""
    answer = run(psql_command(kept.port), ASK_S, stdin=POSITION).strip()
    name, _, size = answer.partition("|")
    segment_bytes = int(size) if size.isdecimal() else 0
    segment = parse_segment(name, segment_bytes) if segment_bytes else None
    if segment is None:
        raise Failure(f"the server says where its log is in an unknown way: {answer!r}")
    return segment, segment_bytes


def history(wal: Path, timeline: int) -> Mapping[int, str]:
    """Return each earlier timeline and the position where it was left."""
    if timeline == 1:
        return {}
    try:
        return parse_history((wal / f"{timeline:08X}.history").read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"the history of timeline {timeline} can't be read: {error.strerror}") from error


def listed(instance: str, archive_id: str, names: Sequence[str], segment_bytes: int) -> frozenset[Segment]:
    """Return the files that the archive has in the folders of these names."""
    found: frozenset[Segment] = frozenset()
    for folder in pgbackrest.folders(names):
        found |= pgbackrest.parse_list(
            run(pgbackrest.list_command(instance, archive_id, folder), ASK_S), segment_bytes
        )
    return found


def run(argv: Sequence[str], timeout: float, *, stdin: str = "") -> str:
    """Run a command to its end and return what it wrote.

    Raises:
        Failure: it failed, can't be run, or had not ended after ``timeout`` seconds.
    """
    what = " ".join(word for word in argv if not word.startswith("-"))
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"'{what}' had not ended after {timeout:.0f} s") from error
    except OSError as error:
        raise Failure(f"'{what}' can't be run: {error.strerror}") from error
    if done.returncode != 0:
        raise Failure(f"'{what}' failed: {pgbackrest.reason(done.stderr or done.stdout)}")
    return done.stdout


def _begin(instance: str, last: pgbackrest.Backup, current: Segment, segment_bytes: int) -> tuple[Segment, bool]:
    """Return from where on the archive has to be looked at, and whether it was whole up to there.

    Otherwise it is since the last backup. What was whole on another timeline may have been left by this one since.
    """
    first = parse_segment(last.first, segment_bytes)
    if first is None:
        raise Failure(f"the backup {last.label} begins with a file that isn't one of the log: {last.first!r}")
    try:
        label, name = _memory(instance).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return first, False
    known = parse_segment(name, segment_bytes)
    if known is None or label != last.label or known.timeline != current.timeline:
        return first, False
    return max(known, first, key=lambda one: one.number), True


def _remember(instance: str, last: pgbackrest.Backup, name: str) -> None:
    """Keep what is whole until the next boot, so that not everything is listed each time."""
    new = _memory(instance).with_suffix(".new")
    new.write_text(f"{last.label} {name}\n", encoding="utf-8")
    new.replace(_memory(instance))


def _memory(instance: str) -> Path:
    return Path(SOCKETS, f"{instance}.archive-whole")


def _names(folder: Path, ending: str) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if path.name.endswith(ending)]
    except OSError as error:
        raise Failure(f"{folder} can't be read: {error.strerror}") from error


def _note(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _say(text: str, status: int) -> int:
    sys.stderr.write(f"{text}\n")
    return status
