"""A service that exists in these tests alone: what it adds lands where it belongs, and nowhere without it."""

import asyncio
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tuchanka.campaign.promises import promises
from tuchanka.cli.service_table import service_table
from tuchanka.errors import DeadlineExceeded, TopologyError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.targets import check_target, kind_of, machines_of, make_target, unfit
from tuchanka.files import File
from tuchanka.lab import service_health
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Silent
from tuchanka.lab.service_health import MachineHealth
from tuchanka.lint.topology import lint
from tuchanka.lint.usable import usable
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step
from tuchanka.providers.image.recipe import recipe
from tuchanka.providers.nspawn.provider import NspawnProvider
from tuchanka.services import registry
from tuchanka.services.base import Service, Sql
from tuchanka.services.heartbeat import Heartbeat
from tuchanka.stacks.pacemaker.setup.cluster import WORK
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.stages import pipeline
from tuchanka.stages.tree import tree
from tuchanka.topology.differ import differences
from tuchanka.topology.load import default_text, parse
from tuchanka.topology.types import Cluster, Instance, Topology

DEPOT = """
[services.depot]
address = "192.168.89.250"
site = "dc3"
runs = ["store"]

[clusters.tuchanka1]
"""
TEXT = default_text().replace("\n[clusters.tuchanka1]\n", DEPOT, 1)
WITHOUT, WITH = parse(default_text(), "t.toml"), parse(TEXT, "t.toml")


class Store(Service):
    """It adds one thing by every hook."""

    name = "store"
    faults = ("reset",)

    def packages(self, topology: Topology) -> tuple[str, ...]:
        return ("storectl",)

    def files(self, topology: Topology, machine: str) -> Mapping[str, File]:
        return {"/etc/store.conf": File("server\n" if machine == "depot" else "client\n")}

    def settings(self, topology: Topology, cluster: Cluster, instance: Instance, node: str) -> Mapping[str, str]:
        return {"track_io_timing": "it's on"}

    def hba(self, topology: Topology, cluster: Cluster, instance: Instance, node: str) -> tuple[str, ...]:
        return ("local  backup  all  peer",)

    def secrets(self) -> tuple[str, ...]:
        return ("backup",)

    def sql(self, instance: Instance, secrets: Mapping[str, str]) -> tuple[Sql, ...]:
        return (Sql("store", f"alter role backup password '{secrets['backup']}'; -- {instance.name}\n"),)

    def check(self, topology: Topology, machine: str) -> str:
        return "storectl problems" if machine != "tuchanka2b" else ""

    def promises(self, topology: Topology, cluster: Cluster, instance: Instance) -> Mapping[str, str]:
        return {"archived": f"{instance.name} is archived"}


@pytest.fixture(autouse=True)
def _store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SERVICES", (Heartbeat(), Store()))


def new_lab(path: Path, topology: Topology = WITH) -> tuple[Lab, FakeProvider]:
    provider = FakeProvider()

    def answer(step: Step) -> Completed:
        provider.machine(step.machine).files.setdefault(f"{WORK}/cib.xml", File(""))
        problems = (step.verb == "run" and step.what == "sh" and "the disk is full\n\nold") or ""
        return Completed(0, problems, "")

    provider.script = answer
    return Lab(LabFolder(path), topology, provider, PACEMAKER), provider


def test_the_examples_topology_has_no_errors_and_is_usable():
    assert [one for one in lint(usable(WITH)) if one.severity == "error"] == []
    assert differences(WITHOUT, WITH) == ("services.depot: was absent, is now there",)


def test_files_go_to_every_machine_and_nothing_of_a_cluster_to_the_services():
    files = tree(WITH)
    for machine in WITH.machines:
        assert files[f"nodes/{machine.name}/etc/store.conf"] == (
            "server\n" if machine.name == "depot" else "client\n"
        )
        assert "192.168.89.250 depot.tuchanka depot\n" in files[f"nodes/{machine.name}/etc/hosts"]
    assert f"server {WITH.machine('witness').address} iburst prefer" in files["nodes/depot/etc/chrony/chrony.conf"]
    assert not [path for path in files if path.startswith(("nodes/depot/etc/corosync", "nodes/depot/etc/postgresql"))]


def test_without_a_witness_a_machine_for_services_follows_the_nodes():
    alone = replace(WITH, witness=None)
    chrony = tree(alone)["nodes/depot/etc/chrony/chrony.conf"]
    assert [line.split()[1] for line in chrony.splitlines() if line.startswith("server")] == [
        str(node.address) for node in WITH.clusters[0].nodes
    ]


def test_settings_and_hba_lines_of_services_stand_before_those_of_the_instance_and_everybody():
    files = tree(WITH)
    folder = "nodes/tuchanka2a/etc/postgresql/17/krogan2/"
    assert "\n# from services\ntrack_io_timing = 'it''s on'\n" in files[f"{folder}postgresql.conf"]
    hba = files[f"{folder}pg_hba.conf"]
    assert hba.rindex("host    replication") < hba.index("\nlocal  backup  all  peer\n") < hba.index("host    all")


def test_a_topology_without_the_service_is_rendered_as_ever():
    files = tree(WITHOUT)
    assert "from services" not in "".join(files.values())
    assert not [path for path in files if path.endswith("store.conf")]
    assert registry.packages(WITHOUT) == ()
    assert registry.secrets(WITHOUT) == ("heartbeat",)
    assert registry.promises(WITHOUT, WITHOUT.clusters[0], WITHOUT.clusters[0].instances[0]) == {}


def test_its_packages_are_in_the_image(tmp_path: Path):
    assert "storectl" in NspawnProvider(tmp_path, WITH, 3).recipe.packages
    assert NspawnProvider(tmp_path, WITHOUT, 3).recipe.name == recipe((17,)).name


def test_a_machine_for_services_is_made_and_the_sql_runs_in_every_instance(tmp_path: Path):
    lab, provider = new_lab(tmp_path)
    asyncio.run(pipeline.setup(lab, (WITH.cluster("tuchanka2"),), Silent()))
    made = provider.machines["depot"]
    assert made.snapshots() == ("create", "install")
    assert made.files["/etc/store.conf"].content == "server\n"
    password = lab.secrets().services["backup"]
    assert not any(password in file.content for file in made.files.values())
    ran = [step.what for step in provider.steps if step.machine == "tuchanka2a" and "psql -XAtq" in step.what]
    assert [what.split(" -d ")[1].split()[0] for what in ran] == ["postgres", "postgres", "heartbeat", "store"]


def test_its_secret_is_in_its_sql():
    instance = WITH.cluster("tuchanka2").instance("krogan2")
    (sql,) = registry.sql(WITH, instance, {"heartbeat": "h", "backup": "b"})[2:]
    assert sql == Sql("store", "alter role backup password 'b'; -- krogan2\n")


def test_its_problems_are_those_of_the_machines(tmp_path: Path):
    lab, provider = new_lab(tmp_path)
    cluster = WITH.cluster("tuchanka2")
    asyncio.run(pipeline.setup(lab, (cluster,), Silent()))
    asyncio.run(lab.machine("tuchanka2a").power_on())
    asyncio.run(lab.machine("tuchanka2b").power_on())
    assert service_health.around(lab, cluster) == ("tuchanka2a", "tuchanka2b", "depot")
    found = asyncio.run(service_health.problems(lab, service_health.around(lab, cluster)))
    assert found == {
        "tuchanka2a": ("tuchanka2a: the disk is full", "tuchanka2a: old"),
        "tuchanka2b": (),
        "depot": (f"depot can't be asked about its services: {provider_is_off(provider)}",),
    }
    assert asyncio.run(service_health.machines(lab, found)) == (
        MachineHealth("depot", "dc3", "192.168.89.250", ("store",), "off", found["depot"]),
    )
    without, _ = new_lab(tmp_path, WITHOUT)
    nodes = asyncio.run(service_health.problems(without, service_health.around(without, cluster)))
    assert nodes == {"tuchanka2a": (), "tuchanka2b": ()}
    assert asyncio.run(service_health.machines(without, nodes)) == ()


def test_it_is_waited_for_until_it_serves_and_not_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lab, provider = new_lab(tmp_path)
    answers = iter(["the store: it doesn't answer: refused\n", ""])
    said: list[str] = []
    provider.script = lambda step: Completed(0, next(answers) if step.verb == "run" else "", "")
    asyncio.run(service_health.serve(lab, "depot", said.append))
    assert (provider.machines["depot"].on, said) == (True, ["depot: the store: it doesn't answer: refused"])

    monkeypatch.setattr(service_health, "SERVING_S", 0.1)
    provider.script = lambda step: Completed(0, "the store: the disk is full\n", "")
    with pytest.raises(DeadlineExceeded) as caught:
        asyncio.run(service_health.serve(lab, "depot", said.append))
    assert str(caught.value) == (
        "a healthy depot did not happen within 0.1 s: depot: the store: the disk is full; "
        "'tuchanka logs depot' shows its journal"
    )


def test_its_machine_has_a_row_that_says_how_it_is():
    well = MachineHealth("depot", "dc3", "192.168.89.250", ("store",), "on", ())
    ill = replace(well, name="spare", runs=(), power="off", problems=("spare: the disk is full", "spare: it is off"))
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(service_table((well, ill)))
    rows = [line.split() for line in console.export_text().splitlines()]
    assert rows[2] == ["depot", "dc3", "192.168.89.250", "store", "on", "ok"]
    assert rows[3] == ["spare", "dc3", "192.168.89.250", "-", "off", "the", "disk", "is", "full"]
    assert rows[4] == ["it", "is", "off"]


def provider_is_off(provider: FakeProvider) -> str:
    with pytest.raises(Exception, match="off") as caught:
        asyncio.run(provider.machines["depot"].run(["true"]))
    return str(caught.value.args[0])


def test_its_promises_are_those_of_every_trial_of_the_instance():
    cluster = WITH.cluster("tuchanka2")
    (instance,) = cluster.instances
    assert registry.promises(WITH, cluster, instance) == {"archived": "krogan2 is archived"}
    assert "archived" not in promises(cluster, instance, CATALOGUE["power-off"], broken=[], primary=None)


def test_a_fault_that_needs_it_does_not_fit_without_it():
    assert unfit(CATALOGUE["reset"], WITH, WITH.clusters[0]) == ""
    assert unfit(CATALOGUE["reset"], WITHOUT, WITHOUT.clusters[0]) == "the topology has no store"


def test_a_fault_of_a_machine_can_hit_a_machine_for_services(tmp_path: Path):
    lab, _ = new_lab(tmp_path)
    assert kind_of(WITH, "depot") == "service"
    check_target(CATALOGUE["power-off"], WITH, "depot")
    target = make_target(lab, None, None, CATALOGUE["power-off"], "depot", None)
    assert (target.machine_names, target.cluster) == (("depot",), None)
    assert "depot" in machines_of(WITH, None, "site", "dc3")


def test_names_and_addresses_are_those_of_machines_like_any_other():
    clash = TEXT.replace('address = "192.168.89.250"', 'address = "192.168.89.11"')
    assert "clusters.tuchanka2.nodes.tuchanka2a.address" in {
        one.key for one in lint(parse(clash, "t")) if one.severity == "error"
    }
    clash = TEXT.replace("[services.depot]", "[services.tuchanka2a]")
    assert "clusters.tuchanka2.nodes.tuchanka2a" in {
        one.key for one in lint(parse(clash, "t")) if one.severity == "error"
    }


def test_an_instance_can_not_set_what_a_service_sets():
    text = TEXT.replace('# shared_buffers = "256MB"', "track_io_timing = true")
    (error,) = [one for one in lint(parse(text, "t")) if one.severity == "error"]
    assert error.key == "clusters.tuchanka4.instances.krogan4.settings.track_io_timing"


def test_a_machine_that_runs_nothing_is_told():
    text = TEXT.replace('runs = ["store"]\n', "")
    assert "services.depot.runs" in {one.key for one in lint(parse(text, "t")) if one.severity == "warning"}


@pytest.mark.parametrize(("runs", "hint"), [("kerberos", "choose from: store"), ("heartbeat", "choose from: store")])
def test_what_nobody_provides_is_one_line_with_a_hint(runs: str, hint: str):
    with pytest.raises(TopologyError) as caught:
        usable(parse(TEXT.replace('runs = ["store"]', f'runs = ["{runs}"]'), "t.toml"))
    assert str(caught.value) == f"t.toml: services.depot.runs[0]: there is no service called '{runs}'; {hint}"


def test_a_service_that_sets_what_guarantees_depend_on_is_an_error(monkeypatch: pytest.MonkeyPatch):
    def weaken(*_: object) -> dict[str, str]:
        return {"fsync": "off"}

    monkeypatch.setattr(Store, "settings", weaken)
    errors = [one for one in lint(WITH) if one.severity == "error"]
    assert len(errors) == sum(len(cluster.instances) for cluster in WITH.clusters)
    assert errors[0].what == "a service of the topology sets fsync, which guarantees depend on"
