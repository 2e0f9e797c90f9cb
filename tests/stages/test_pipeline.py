"""The stages on machines that exist in memory, which remember every command as a change of their disk."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuchanka.errors import InputError, LabError, UnknownName
from tuchanka.files import File
from tuchanka.helpers.files import AGENT
from tuchanka.lab import record
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Silent
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.stages import pipeline
from tuchanka.topology.load import load
from tuchanka.topology.types import ALL, STOCK, Helpers

DEFAULT = load(None)
TOPOLOGY = replace(DEFAULT, clusters=(DEFAULT.cluster("tuchanka2"),))
TWO = replace(DEFAULT, clusters=(DEFAULT.cluster("tuchanka1"), DEFAULT.cluster("tuchanka2")))
NODES = ("tuchanka2a", "tuchanka2b")
WITNESS = "witness"
Stage = Callable[[Lab, tuple[Any, ...], Any], Coroutine[Any, Any, None]]


class Killed(Exception):
    """The command line's end, at one step."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> LabFolder:
    """One folder for all: its keys and secrets are made once."""
    return LabFolder(tmp_path_factory.mktemp("lab"))


def new_lab(folder: LabFolder, topology: Any = TOPOLOGY) -> tuple[Lab, FakeProvider]:
    provider = FakeProvider()

    def remember(step: Step) -> Completed:
        files = provider.machine(step.machine).files
        if step.verb == "run":
            times = int(files[key].content) if (key := f"/ran/{step.what}") in files else 0
            files[key] = File(str(times + 1))
        return Completed(0, f"what {step.what.removeprefix('cat -- ')} holds", "")

    provider.script = remember
    record.write(folder.record_file, {})
    return Lab(folder, topology, provider, PACEMAKER), provider


def run(stage: Stage, lab: Lab) -> None:
    asyncio.run(stage(lab, lab.topology.clusters, Silent()))


def roll_back(lab: Lab, name: str) -> None:
    asyncio.run(pipeline.roll_back(lab, pipeline.rollback_targets(lab, name), Silent()))


def snapshots(provider: FakeProvider) -> dict[str, tuple[str, ...]]:
    return {name: machine.snapshots() for name, machine in provider.machines.items()}


def disks(provider: FakeProvider) -> dict[str, list[tuple[str, dict[str, File]]]]:
    return {name: machine.kept for name, machine in provider.machines.items()}


def test_each_stage_ends_in_a_snapshot_of_every_machine(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.create, lab)
    assert (provider.has_image, provider.has_network) == (True, True)
    assert snapshots(provider) == dict.fromkeys((*NODES, WITNESS), ("create",))
    run(pipeline.install, lab)
    assert snapshots(provider) == dict.fromkeys((*NODES, WITNESS), ("create", "install"))
    run(pipeline.setup, lab)
    assert snapshots(provider) == {
        **dict.fromkeys(NODES, ("create", "install", "setup")),
        WITNESS: ("create", "install"),
    }
    assert [lab.reached(name) for name in (*NODES, WITNESS)] == ["setup", "setup", "install"]
    assert lab.reached("never made") is None


def test_setup_makes_the_stages_before_it(folder: LabFolder):
    stepwise = new_lab(folder)
    for stage in (pipeline.create, pipeline.install, pipeline.setup):
        run(stage, stepwise[0])
    whole = new_lab(folder)
    run(pipeline.setup, whole[0])
    assert disks(whole[1]) == disks(stepwise[1])


def test_the_nodes_are_off_at_the_end_and_nothing_of_the_cluster_was_started(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    assert not any(provider.machine(name).on for name in NODES)
    started = [command for command in provider.commands() if "systemctl" in command and "start" in command]
    assert started == []


@pytest.mark.parametrize("helpers", [ALL, STOCK], ids=["helpers", "stock"])
def test_paf_is_checked_where_it_is_corrected_and_stock_nodes_have_nothing_of_ours(
    folder: LabFolder, helpers: Helpers
):
    lab, provider = new_lab(folder, replace(TOPOLOGY, helpers=helpers))
    run(pipeline.install, lab)
    assert (f"{AGENT} check" in provider.commands(NODES[0])) is helpers.paf_order
    assert (AGENT in provider.machine(NODES[0]).files) is helpers.paf_order


@pytest.mark.parametrize("stage", [pipeline.create, pipeline.install, pipeline.setup])
def test_a_stage_that_is_done_is_not_done_again(folder: LabFolder, stage: Stage):
    lab, provider = new_lab(folder)
    run(stage, lab)
    before = list(provider.steps)
    run(stage, lab)
    assert provider.steps == before


def test_a_stage_that_was_interrupted_anywhere_is_redone_from_the_last_snapshot(folder: LabFolder):
    lab, clean = new_lab(folder)
    run(pipeline.setup, lab)
    total = len(clean.steps)
    assert total > 80
    for fatal in range(total):
        lab, provider = new_lab(folder)
        taken = 0

        def before(_: Step, fatal: int = fatal) -> None:
            nonlocal taken
            taken += 1
            if taken > fatal:  # whatever comes after it doesn't happen either
                raise Killed

        provider.before = before
        with pytest.raises(Killed):
            run(pipeline.setup, lab)
        assert len(provider.steps) == fatal
        provider.before = lambda _: None
        run(pipeline.setup, lab)
        assert disks(provider) == disks(clean), f"after a kill at step {fatal}, {clean.steps[fatal]}"


def test_a_stage_whose_end_was_not_written_down_is_done_again(folder: LabFolder, monkeypatch: pytest.MonkeyPatch):
    lab, clean = new_lab(folder)
    run(pipeline.setup, lab)
    writes = 3 + 3 + 2 + 3 + 3 + 2  # the end of each stage of each machine, and each of its beginnings
    write_record, left = record.write, 0

    def write(*arguments: Any) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        write_record(*arguments)

    for fatal in range(writes):
        lab, provider = new_lab(folder)
        left = fatal
        with monkeypatch.context() as patched:
            patched.setattr(record, "write", write)
            with pytest.raises(Killed):
                run(pipeline.setup, lab)
        run(pipeline.setup, lab)
        assert disks(provider) == disks(clean), f"after a kill at write {fatal}"


def test_a_rollback_that_was_killed_before_the_disk_changed_is_not_taken_for_a_stage(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    expected = disks(provider)

    def before(step: Step) -> None:
        if step.verb == "rollback":
            raise Killed

    provider.before = before
    with pytest.raises(Killed):
        roll_back(lab, "install")
    assert "install" in {lab.reached(name) for name in NODES}
    provider.before = lambda _: None
    run(pipeline.setup, lab)
    assert disks(provider) == expected


def test_a_lab_without_a_record_has_the_stages_of_its_snapshots(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    folder.record_file.unlink()
    before = list(provider.steps)
    run(pipeline.setup, lab)
    assert provider.steps == before
    assert [lab.reached(name) for name in (*NODES, WITNESS)] == ["setup", "setup", "install"]
    roll_back(lab, "create")
    assert record.read(folder.record_file) == dict.fromkeys((*NODES, WITNESS), ("create",))
    run(pipeline.setup, lab)
    assert [lab.reached(name) for name in NODES] == ["setup", "setup"]


def test_a_rollback_to_a_snapshot_of_ones_own_keeps_the_stages_before_it(folder: LabFolder):
    lab, _ = new_lab(folder)
    run(pipeline.setup, lab)
    asyncio.run(pipeline.take_snapshot(lab, "mine", Silent()))
    roll_back(lab, "mine")
    assert [lab.reached(name) for name in (*NODES, WITNESS)] == ["setup", "setup", "install"]


def test_a_record_that_can_not_be_read_is_one_line(folder: LabFolder):
    lab, _ = new_lab(folder)
    for text in ("", "[]", '{"a": 1}'):
        folder.record_file.write_text(text)
        with pytest.raises(LabError, match=r"stages\.json: the record of stages can't be read; remove it"):
            lab.made("tuchanka2a")


def test_a_machine_that_lacks_a_stage_is_brought_there_alone(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.install, lab)
    asyncio.run(pipeline.go_back(lab, provider.machine("tuchanka2b"), "create"))
    del provider.steps[:]
    run(pipeline.install, lab)
    assert {step.machine for step in provider.steps} == {"tuchanka2b"}
    assert provider.machine("tuchanka2b").snapshots() == ("create", "install")


def test_a_cluster_with_one_node_set_up_is_set_up_as_a_whole(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    expected = {name: list(provider.machine(name).kept) for name in NODES}
    asyncio.run(pipeline.go_back(lab, provider.machine("tuchanka2a"), "install"))
    run(pipeline.setup, lab)
    assert {name: provider.machine(name).kept for name in NODES} == expected


def test_only_the_clusters_asked_for_are_made(folder: LabFolder):
    lab, provider = new_lab(folder, TWO)
    asyncio.run(pipeline.install(lab, (TWO.cluster("tuchanka2"),), Silent()))
    assert set(snapshots(provider)) == {*NODES, WITNESS}
    del provider.steps[:]
    asyncio.run(pipeline.install(lab, TWO.clusters, Silent()))
    assert {step.machine for step in provider.steps} == {"tuchanka1a", "tuchanka1b"}


def test_a_rollback_goes_back_on_every_machine_and_switches_it_off(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    asyncio.run(provider.machine("tuchanka2a").power_on())
    roll_back(lab, "install")
    assert set(snapshots(provider).values()) == {("create", "install")}
    assert not any(machine.on for machine in provider.machines.values())
    run(pipeline.setup, lab)
    assert provider.machine("tuchanka2a").snapshots()[-1] == "setup"


def test_a_rollback_to_setup_takes_the_witness_to_the_last_stage_it_has(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    assert provider.machine(WITNESS).files != provider.machine(WITNESS).kept[-1][1]
    assert pipeline.rollback_targets(lab, "setup") == {**dict.fromkeys(NODES, "setup"), WITNESS: "install"}
    roll_back(lab, "setup")
    assert provider.machine(WITNESS).files == provider.machine(WITNESS).kept[-1][1]
    assert provider.machine(WITNESS).snapshots() == ("create", "install")


def test_a_rollback_leaves_machines_alone_that_are_not_made(folder: LabFolder):
    lab, _ = new_lab(folder, TWO)
    asyncio.run(pipeline.setup(lab, (TWO.cluster("tuchanka2"),), Silent()))
    assert set(pipeline.rollback_targets(lab, "install")) == {*NODES, WITNESS}


@pytest.mark.parametrize("name", ["gone", "setup", "of-one", ""])
def test_a_snapshot_that_not_every_machine_could_go_back_to_changes_nothing(folder: LabFolder, name: str):
    lab, provider = new_lab(folder)
    run(pipeline.install, lab)
    asyncio.run(provider.machine("tuchanka2a").snapshot("of-one"))
    before = list(provider.steps), disks(provider)
    with pytest.raises(UnknownName, match=r"choose from: create, install$"):
        roll_back(lab, name)
    assert (list(provider.steps), disks(provider)) == before


def test_a_rollback_in_an_empty_lab_says_that_there_is_nothing(folder: LabFolder):
    lab, _ = new_lab(folder)
    with pytest.raises(UnknownName, match="choose from: none"):
        roll_back(lab, "create")


def test_a_snapshot_of_the_whole_lab_can_be_gone_back_to(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    asyncio.run(pipeline.take_snapshot(lab, "mine", Silent()))
    assert all(machine.snapshots()[-1] == "mine" for machine in provider.machines.values())
    assert provider.machine(WITNESS).on  # as it was before
    assert not provider.machine("tuchanka2a").on
    provider.machine("tuchanka2a").files["/later"] = File("")
    roll_back(lab, "mine")
    assert "/later" not in provider.machine("tuchanka2a").files


@pytest.mark.parametrize("name", ["mine", "setup", "create"])
def test_a_snapshot_with_a_name_that_is_taken_is_refused_before_anything_stops(folder: LabFolder, name: str):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    asyncio.run(provider.machine("tuchanka2b").snapshot("mine"))
    before = list(provider.steps)
    with pytest.raises(InputError, match="already"):
        asyncio.run(pipeline.take_snapshot(lab, name, Silent()))
    assert provider.steps == before


def test_a_snapshot_of_nothing_is_refused(folder: LabFolder):
    lab, _ = new_lab(folder)
    with pytest.raises(LabError, match="no machine is made yet"):
        asyncio.run(pipeline.take_snapshot(lab, "mine", Silent()))


def test_no_secret_is_in_a_command_line_or_on_the_witness(folder: LabFolder):
    lab, provider = new_lab(folder)
    run(pipeline.setup, lab)
    secrets = lab.secrets()
    values = [secrets.replication, secrets.corosync_key, *secrets.services.values()]
    private = Path(folder.ssh / "id_ed25519").read_text()
    for step in provider.steps:
        assert not any(value in step.what for value in values), step.what[:40]
    for name, machine in provider.machines.items():
        for path, file in machine.files.items():
            assert private not in file.content
            if any(value in file.content for value in values):
                assert name != WITNESS
                assert path in {"/etc/corosync/authkey", "/var/lib/postgresql/.pgpass"}
                assert file.mode & 0o077 == 0
