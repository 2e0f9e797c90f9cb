"""What one node shows in an audit: the script that asks for it, and what its answer says. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from xml.etree import ElementTree

from tuchanka.events import ArchiveFacts, CopyFacts, NodeFacts, QuorumFacts
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres.controldata import lsn, parse_history
from tuchanka.postgres.psql import AS_POSTGRES, command
from tuchanka.sections import read_sections, side_by_side
from tuchanka.services.archive.paths import SETTINGS, keeper_unit
from tuchanka.services.heartbeat import DATABASE
from tuchanka.stacks.pacemaker.crm import parse
from tuchanka.stacks.pacemaker.quorum import read_quorum
from tuchanka.topology.types import Cluster

DAEMONS = "corosync|corosync-qdevic|pacemakerd|pacemaker-.*|sbd"
# Where daemons leave their core dumps: each in its working directory, or systemd-coredump in its own.
CORES = ("/var/lib/corosync", "/var/lib/pacemaker/cores", "/var/lib/systemd/coredump")
CRASHES = r"core dumped|code=dumped|terminated (by|with) signal (4|6|7|8|11)\b"
# Settings that the cluster itself keeps in its configuration, and attributes that say what is so without them.
OWN = re.compile(r"master-.*|last-lrm-refresh|have-watchdog|dc-version|cluster-infrastructure|cluster-name")
OFF = {("standby", "off"), ("maintenance", "off"), ("maintenance", "false"), ("maintenance-mode", "false")}
SQL = """
select json_build_object(
 'in_recovery', pg_is_in_recovery(),
 'timeline', case when pg_is_in_recovery()
    then coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end,
 'lsn', (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end
    - '0/0'::pg_lsn)::bigint,
 'streaming', array(select application_name from pg_stat_replication where state = 'streaming'),
 'checksum_failures', (select coalesce(sum(checksum_failures), 0) from pg_stat_database),
 'rows', (select json_build_array(count(*), coalesce(sum(hashtextextended(beat::text, 0)), 0)::text)
    from beat where written_at <= to_timestamp(%(cut).3f)));
"""

# Files that wait, their bytes; the settings; the disk; what was dropped; what the keeper did. A line each, or more.
ARCHIVE = """\
cd {wal} && ls archive_status | sed -n 's/^\\([0-9A-F]\\{{24\\}}\\)\\.ready$/\\1/p' | xargs -r stat -c %s \\
    | awk '{{ files++; bytes += $1 }} END {{ print "waiting " files + 0, bytes + 0 }}'
stat -f -c 'disk %b %S' {wal}
grep -E '^(LIMIT|WHEN_STUCK)=' {settings}
timeout 8 journalctl --quiet --output=cat --since=@{since:.0f} -t archive-{instance} | grep '^dropped ' | tail -n 100
timeout 8 journalctl --quiet --output=cat --since=@{since:.0f} -u {keeper} -t python3 \\
    | grep -E 'the archive lacked|the archive lacks' | tail -n 5
"""
WAITING = re.compile(r"^waiting (\d+) (\d+)$", re.MULTILINE)
DISK = re.compile(r"^disk (\d+) (\d+)$", re.MULTILINE)
LIMIT = re.compile(r"^LIMIT=(\d+)(%?)$", re.MULTILINE)
DROPPED = re.compile(r"^dropped \w+: (\d+) bytes", re.MULTILINE)
NOTE = re.compile(r"^.*the archive lack(?:s|ed) .*$", re.MULTILINE)


def script(cluster: Cluster, node: str, *, version: int, since: float, cut: float, archived: bool = False) -> str:
    """Return the shell script that shows a node's facts.

    ``since`` and ``cut`` are seconds of the wall clock: crashes count from ``since``, the heartbeat's rows up to
    ``cut``, because a writer may still be writing. ``version`` is PostgreSQL's;
    ``archived``: the topology has an archive.
    """
    sections = {
        "boot": "cat /proc/sys/kernel/random/boot_id",
        "daemons": f"ps -eo comm=,pid= | grep -E '^({DAEMONS}) '",
        "cores": f"find {' '.join(CORES)} -xdev -type f -name 'core*' -size +0",
        "crashes": f"timeout 8 journalctl --quiet --output=short-monotonic --since=@{since:.0f}"
        f" | grep -E '{CRASHES}' | tail -n 5",
        "quorum": "timeout 3 corosync-quorumtool -s",
        "crm": "timeout 5 crm_mon --output-as=xml --one-shot --failcounts --show-node-attributes",
        "cib": "timeout 5 cibadmin --query --scope configuration",
    }
    for instance in cluster.instances:
        if node in instance.nodes:
            psql = " ".join(command(instance.port, DATABASE))
            sections[f"sql {instance.name}"] = f"timeout 8 {AS_POSTGRES} {psql} <<'END'{SQL % {'cut': cut}}END"
            files = f"{InstancePaths(version, instance.name).data}/pg_wal"
            if archived and instance.archive:
                sections[f"archive {instance.name}"] = ARCHIVE.format(
                    wal=files,
                    settings=SETTINGS,
                    since=since,
                    instance=instance.name,
                    keeper=keeper_unit(instance.name),
                )
            sections[f"history {instance.name}"] = (
                f'for file in {files}/*.history; do echo "== $(basename "$file")"; cat "$file"; done'
            )
    return side_by_side(sections)


def read(cluster: Cluster, node: str, text: str, watchdog: str) -> NodeFacts:
    """Return the facts that the script's output shows; what it doesn't show is left out."""
    sections = read_sections(text)
    own = [instance.name for instance in cluster.instances if node in instance.nodes]
    view = parse(sections.get("crm", ""))
    return NodeFacts(
        watchdog=watchdog,
        boot=sections.get("boot", ""),
        cores=_lines(sections.get("cores", "")),
        crashes=_lines(sections.get("crashes", "")),
        daemons=_daemons(sections.get("daemons", "")),
        quorum=_quorum(cluster, sections.get("quorum", "")),
        fail_counts=None
        if view is None
        else {resource: count for (resource, name), count in view.fail_counts.items() if name == node},
        scores=None if view is None else {name: view.scores.get((name, node)) for name in own},
        settings=_settings(sections.get("cib", "")),
        instances={instance.name: copy for instance in cluster.instances if (copy := _copy(sections, instance.name))},
    )


def differing(found: NodeFacts, before: NodeFacts) -> tuple[NodeFacts, NodeFacts]:
    """Return both without the settings that are the same: they are many, and say nothing."""
    now, was = found.settings or {}, before.settings or {}
    same = {name for name in now if was.get(name) == now[name]}

    def rest(facts: NodeFacts) -> NodeFacts:
        if facts.settings is None:
            return facts
        return replace(facts, settings={name: is_ for name, is_ in facts.settings.items() if name not in same})

    return rest(found), rest(before)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _quorum(cluster: Cluster, text: str) -> QuorumFacts | None:
    if not text:
        return None
    seen = read_quorum(text, witness=cluster.witness)
    return QuorumFacts(seen.quorate, seen.votes, seen.expected, seen.device)


def _daemons(text: str) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for name, pid in (line.split() for line in text.splitlines() if len(line.split()) == 2):
        found.setdefault(name, []).append(int(pid))
    return {name: tuple(sorted(pids)) for name, pids in sorted(found.items())}


def _settings(text: str) -> Mapping[str, str] | None:
    """Return id → value of every setting and constraint in the CIB's configuration that a person could have made."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - of our own nodes, as in crm
    except ElementTree.ParseError:
        return None
    settings = {}
    for pair in root.iter("nvpair"):
        name, value = pair.get("name", ""), pair.get("value", "")
        if not OWN.fullmatch(name) and (name, value) not in OFF:
            settings[pair.get("id", "")] = f"{name}={value}"
    for constraint in root.iterfind(".//constraints/*"):
        words = [f"{key}={value}" for key, value in sorted(constraint.attrib.items()) if key != "id"]
        settings[constraint.get("id", "")] = " ".join((constraint.tag, *words))
    return settings


def _copy(sections: Mapping[str, str], instance: str) -> CopyFacts | None:
    answer, histories = sections.get(f"sql {instance}", ""), sections.get(f"history {instance}", "")
    if not answer.startswith("{"):
        return None
    try:
        shown = json.loads(answer)
    except ValueError:
        return None
    parents: dict[int, int] = {}
    for part in re.split(r"^== ", histories, flags=re.MULTILINE)[1:]:
        name, _, text = part.partition("\n")
        if name == f"{shown['timeline']:08X}.history":
            parents = {timeline: lsn(position) for timeline, position in parse_history(text).items()}
    archive = _archive(sections.get(f"archive {instance}", ""))
    return replace(CopyFacts.of({**shown, "parents": parents}), archive=archive)


def _archive(text: str) -> ArchiveFacts | None:
    waiting, disk, limit = WAITING.search(text), DISK.search(text), LIMIT.search(text)
    if not (waiting and disk and limit):
        return None
    amount = int(limit[1]) * int(disk[1]) * int(disk[2]) // 100 if limit[2] else int(limit[1])
    return ArchiveFacts(
        waiting=int(waiting[1]),
        waiting_bytes=int(waiting[2]),
        limit_bytes=None if "WHEN_STUCK=wait" in text or not amount else amount,
        most_bytes=max(map(int, DROPPED.findall(text)), default=0),
        notes=tuple(dict.fromkeys(NOTE.findall(text))),
    )
