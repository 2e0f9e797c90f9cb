"""The ``restore`` of a node: that it decides as ``tuchanka restore`` does, and what it does then."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pacemaker.views import A, B, healthy, seen
from tuchanka.errors import CommandFailed, LabError, TuchankaError
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.postgres.wal import Segment, segment_name
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import Answer, FakeProvider, Step
from tuchanka.stacks.pacemaker.observe import join
from tuchanka.stacks.pacemaker.render.commands import PROGRAM, command_files, node_settings
from tuchanka.stacks.pacemaker.restore import node_command, repair
from tuchanka.stacks.pacemaker.restore.attempts import METHODS
from tuchanka.stacks.pacemaker.restore.node_look import find_primary
from tuchanka.stacks.pacemaker.restore.node_settings import read_settings, write_settings
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.load import load

TOPOLOGY = load(None)
CLUSTER = TOPOLOGY.cluster("tuchanka2")
NODE, PRIMARY = B, A
SETTINGS = node_settings(CLUSTER, NODE)
DATA = SETTINGS.paths("krogan2").data
FORK = 0x5000048


def position(number: int) -> str:
    return f"{number >> 32:X}/{number & 0xFFFFFFFF:X}"


@dataclass(frozen=True)
class Copy:
    """A copy as its node's files show it, and the primary: what both ways of asking are told."""

    state: str = "in production"
    timeline: int = 1
    reached: int = FORK + 0x100
    system: str = "7"
    readable: bool = True
    size: int = 1 << 20
    free: int = 1 << 40
    kept: bool = False
    half_rewound: bool = False
    in_recovery: bool | None = None
    streams: bool = False
    primary: bool = True
    primary_timeline: int = 2
    primary_reached: int = 0x6000000
    primary_system: str = "7"
    forks: tuple[tuple[int, int], ...] = ((1, FORK),)

    @property
    def history(self) -> str:
        return "".join(
            f"{timeline}\t{position(fork)}\tno recovery target specified\n" for timeline, fork in self.forks
        )

    @property
    def files(self) -> str:
        """What ``copy_facts.script`` shows."""
        control = (
            f"Database cluster state: {self.state}\nDatabase system identifier: {self.system}\n"
            f"Latest checkpoint location: {position(self.reached)}\nLatest checkpoint's TimeLineID: {self.timeline}\n"
            "Latest checkpoint's full_page_writes: on\nData page checksum version: 1\n"
            "Minimum recovery ending location: 0/0\nMin recovery ending loc's timeline: 0\n"
        )
        sections = {
            "control": control if self.readable else "",
            "wal": "\n".join(segment_name(Segment(self.timeline, number)) for number in range(8)),
            "server": "runs" if self.in_recovery is not None else "",
            "data": str(self.size),
            "free": str(self.free),
            "kept": "old" if self.kept else "",
            "rewinding": "mark" if self.half_rewound else "",
        }
        return "".join(f"@@{name}\n{text}\n" for name, text in sections.items())

    @property
    def here(self) -> str:
        """What ``node_look.script`` shows on a node without a cluster stack."""
        answer = {None: "", True: "t|streaming" if self.streams else "t|", False: "f|"}[self.in_recovery]
        return f"@@stack\ninactive\n@@sql krogan2\n{answer}\n"

    @property
    def as_superuser(self) -> str:
        files = [segment_name(Segment(timeline, number)) for timeline in (1, 2, 3) for number in range(8)]
        return json.dumps(
            {
                "timeline": f"{self.primary_timeline:08X}",
                "position": position(self.primary_reached),
                "history": self.history,
                "system": self.primary_system,
                "bytes": 1 << 20,
                "files": files,
            }
        )

    def over_replication(self, question: str) -> str:
        if not self.primary:
            return ""
        if question.startswith("SHOW"):
            return "off\n"
        if question == "IDENTIFY_SYSTEM":
            return f"{self.primary_system}|{self.primary_timeline}|{position(self.primary_reached)}|\n"
        assert question == f"TIMELINE_HISTORY {self.primary_timeline}"
        return f"{self.primary_timeline:08X}.history|{self.history}"

    @property
    def cluster(self) -> ClusterState:
        """What ``observe`` sees from outside."""
        state = join(CLUSTER, healthy())
        copies = {
            PRIMARY: {"role": "primary" if self.primary else "stopped"},
            NODE: {
                "role": "standby" if self.streams else "stopped",
                "in_recovery": self.in_recovery,
                "state": "streaming" if self.streams else None,
            },
        }
        instance = state.instance("krogan2")
        changed = tuple(replace(copy, **copies[copy.node]) for copy in instance.copies)
        nodes = tuple(replace(node, stack_running=node.name != NODE) for node in state.nodes)
        return replace(state, nodes=nodes, instances=(replace(instance, copies=changed),))

    def answer(self, step: Step) -> Answer | None:
        """How the commands end that only look."""
        if "pg_waldump" in step.what:
            return Completed(0, f"error in WAL record at {position(self.reached)}: invalid\n", "")
        if "pg_controldata" in step.stdin:
            return Completed(0, self.files, "")
        if "crm_mon" in step.stdin:
            return Completed(0, self.here, "")
        if "replication=true" in step.what:
            return Completed(0, self.over_replication(step.what.partition(" -c ")[2]), "")
        if step.machine == PRIMARY and "pg_ls_waldir" in step.stdin:
            return Completed(0, self.as_superuser + "\n", "")
        return None


def outcome(plan: Callable[[], tuple[RestoreStep, ...]]) -> tuple[RestoreStep, ...] | str:
    """The steps, or the words of the refusal."""
    try:
        return plan()
    except TuchankaError as error:
        return str(error)


def from_outside(copy: Copy, *, force: bool) -> tuple[RestoreStep, ...] | str:
    provider = FakeProvider(copy.answer)
    for node in (NODE, PRIMARY):
        provider.machine(node).on = True
    lab = Lab(LabFolder(Path("/nonexistent")), TOPOLOGY, provider, PACEMAKER)

    async def observe(*_: Any) -> ClusterState:
        return copy.cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repair, "observe", observe)
        return outcome(lambda: asyncio.run(repair.plan(lab, CLUSTER, NODE, None, force=force)))


def on_the_node(copy: Copy, *, force: bool) -> tuple[RestoreStep, ...] | str:
    machine = FakeProvider(copy.answer).machine(NODE)
    machine.on = True
    return outcome(lambda: asyncio.run(node_command.plan(machine, SETTINGS, ["krogan2"], force=force)))


def method(steps: tuple[RestoreStep, ...]) -> str:
    (found,) = [step.action for step in steps if step.action in METHODS] or ["none"]
    return found


POSITIONS = st.sampled_from([FORK, FORK + 0x100, 0x6000000]) | st.integers(1, 0x7FFFFFF)
COPIES = st.builds(
    Copy,
    state=st.sampled_from(["in production", "shut down", "in archive recovery"]),
    timeline=st.integers(1, 3),
    reached=POSITIONS,
    system=st.sampled_from(["7", "8"]),
    readable=st.booleans(),
    kept=st.booleans(),
    half_rewound=st.booleans(),
    in_recovery=st.sampled_from([None, True, False]),
    primary=st.sampled_from([True, True, True, False]),
    primary_timeline=st.integers(1, 3),
    primary_reached=POSITIONS,
    forks=st.sampled_from([(), ((1, FORK),), ((1, FORK), (2, 0x6000000)), ((2, 0x6000000),)]),
)


@given(COPIES, st.booleans(), st.booleans())
def test_a_node_accepts_refuses_and_keeps_what_tuchanka_does(copy: Copy, streams: bool, force: bool):
    if copy.primary_timeline == 1:
        copy = replace(copy, forks=())
    if streams:
        copy = replace(copy, streams=True, in_recovery=True)
    outside, node = from_outside(copy, force=force), on_the_node(copy, force=force)
    if isinstance(outside, str) or isinstance(node, str):
        assert outside == node
        return
    # A node has no access for pg_rewind; whatever it does instead keeps as much.
    assert method(node) == method(outside).replace("rewind", "base-backup")
    assert ("drop-old" in [step.action for step in outside]) == ("drop-old" in [step.action for step in node])
    if method(node) == method(outside):
        assert {step.action for step in outside} == {step.action for step in node}


@pytest.mark.parametrize(
    ("copy", "force", "said"),
    [
        (Copy(timeline=3), False, "only copy"),
        (Copy(timeline=3, in_recovery=False), True, "stop that server first; --force does not help"),
        (Copy(system="8"), False, "another database cluster"),
        (Copy(primary=False), True, "no primary to copy from"),
    ],
)
def test_both_refuse_in_the_same_words(copy: Copy, force: bool, said: str):
    assert said in str(on_the_node(copy, force=force))
    assert on_the_node(copy, force=force) == from_outside(copy, force=force)


def test_a_server_that_a_failover_explains_is_stopped_and_replaced():
    steps = on_the_node(Copy(in_recovery=False), force=False)
    assert [step.action for step in steps if isinstance(step, RestoreStep)] == [
        "stop-server",
        "base-backup",
        "start-cluster",
        "forget-score",
        "clean-up",
        "drop-old",
    ]


class Acted:
    """A node whose commands act on what is seen next; ``fails`` are commands that end badly."""

    def __init__(self, copy: Copy, *, fails: tuple[str, ...] = (), streams_after: tuple[str, ...] = ()) -> None:
        self.copy, self.fails, self.streams_after = copy, fails, streams_after
        self.provider = FakeProvider(self.answer)
        self.machine = self.provider.machine(NODE)
        self.machine.on = True
        self.said: list[str] = []
        self.ready: set[str] = set()

    def answer(self, step: Step) -> Answer | None:
        for word in self.fails:
            if word in step.what:
                return CommandFailed(NODE, step.what, 1, "no room")
        self.ready |= {word for word in self.streams_after if word in step.what}
        if "crm_mon" in step.stdin:
            receiver = "streaming" if self.ready else ""
            started = any("systemctl start" in command for command in self.provider.commands())
            stack = "active\nactive" if started else "inactive"
            answer = f"t|{receiver}" if started else ""
            return Completed(0, f"@@stack\n{stack}\n@@quorum\n{seen('quorum.txt')}\n@@sql krogan2\n{answer}\n", "")
        return self.copy.answer(step)

    def run(self, *, force: bool = False, dry_run: bool = False) -> list[str]:
        work = node_command.restore(
            self.machine, SETTINGS, ["krogan2"], self.said.append, force=force, dry_run=dry_run
        )
        asyncio.run(work)
        return self.provider.commands()


def test_the_old_data_is_deleted_only_once_the_standby_streams():
    acted = Acted(Copy(half_rewound=True), streams_after=("crm_resource --cleanup",))
    commands = acted.run()
    swap = next(number for number, command in enumerate(commands) if f"{DATA}.copying {DATA}.old" in command)
    gone = commands.index(f"rm -rf {DATA}.old {DATA}.old.half")
    started = commands.index("systemctl start corosync corosync-qdevice pacemaker")
    cleaned = next(number for number, command in enumerate(commands) if "crm_resource --cleanup" in command)
    assert swap < started < cleaned < gone
    # The mark of the unfinished pg_rewind goes in the same stroke as the data that it is about.
    assert f"{DATA}.rewinding" in commands[swap]
    assert not [command for command in commands[:gone] if command.startswith("rm") and f"{DATA}.old" in command]
    assert acted.said[-1] == "krogan2: streams"


def test_a_base_backup_that_fails_ends_it_with_everything_as_it_was():
    acted = Acted(Copy(kept=True, half_rewound=True), fails=("pg_basebackup",))
    with pytest.raises(CommandFailed, match="no room"):
        acted.run()
    changes = [command for command in acted.provider.commands() if command.startswith(("rm", "mv", "sh -c if"))]
    assert changes == [f"rm -rf {DATA}.copying"]


def test_a_restart_that_does_not_stream_is_followed_by_a_base_backup(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tuchanka.stacks.pacemaker.restore.attempts.STREAM_S", 0.0)
    acted = Acted(Copy(timeline=2, state="in archive recovery"), streams_after=("pg_basebackup",))
    acted.run()
    assert [text for text in acted.said if "keep the data as it is" in text]
    assert [text for text in acted.said if "it did not stream after a mere restart" in text]
    assert acted.said[-1] == "krogan2: streams"


def test_a_dry_run_changes_nothing():
    acted = Acted(Copy())
    commands = acted.run(dry_run=True)
    assert [text.partition(".")[0] for text in acted.said] == [
        str(number) for number in range(1, len(acted.said) + 1)
    ]
    words = ("rm", "mv", "touch", "systemctl", "pg_basebackup", "crm_")
    assert not [command for command in commands if command.startswith(words) or "pg_basebackup" in command]


def test_two_primaries_are_none():
    settings = node_settings(TOPOLOGY.cluster("tuchanka4"), "tuchanka4a")
    machine = FakeProvider([("SHOW", Completed(0, "off\n", ""))]).machine("tuchanka4a")
    machine.on = True
    with pytest.raises(LabError, match="two primaries"):
        asyncio.run(find_primary(machine, settings, settings.instances[0]))


# --- the program


def installed(folder: Path) -> Path:
    """Put the node's files below a folder, and return that of the program."""
    for path, file in command_files(CLUSTER, NODE).items():
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / path[1:]).write_text(file.content, encoding="utf-8")
    return folder / PROGRAM[1:]


def run_program(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it with the standard library alone."""
    program = installed(folder)
    start = (
        f"import sys; sys.path.insert(0, {str(program)!r}); from {node_command.__name__} import main; "
        f"sys.exit(main({list(words)!r}, {str(folder) + node_command.SETTINGS!r}))"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", start], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [(("--help",), 0, "--dry-run"), (("--nonsense",), 2, "usage"), (("krogan9",), 2, "choose from: krogan2")],
)
def test_the_program_needs_the_standard_library_alone(tmp_path: Path, words: tuple[str, ...], status: int, said: str):
    done = run_program(tmp_path, *words)
    assert (done.returncode, said in done.stdout + done.stderr) == (status, True), done.stderr


def test_its_folder_can_be_run(tmp_path: Path):
    program = installed(tmp_path)
    done = subprocess.run([sys.executable, "-I", "-B", program], capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"restore: error: {node_command.SETTINGS} can't be read: No such file or directory; ")


def test_it_wants_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("os.geteuid", lambda: 33)
    installed(tmp_path)
    assert node_command.main([], str(tmp_path) + node_command.SETTINGS) == 3
    assert capsys.readouterr().err.startswith(f"restore: error: {NODE}: restoring needs root")


@pytest.mark.parametrize("cluster", TOPOLOGY.clusters, ids=lambda cluster: cluster.name)
def test_the_settings_are_read_as_they_were_written(cluster: Any):
    for node in cluster.nodes:
        settings = node_settings(cluster, node.name)
        assert read_settings(write_settings(settings)) == settings
        for kept in settings.instances:
            assert_others(kept.others, cluster, node.name)


def assert_others(others: Mapping[str, str], cluster: Any, node: str) -> None:
    assert node not in others
    assert others == {name: str(cluster.node(name).address) for name in others}
