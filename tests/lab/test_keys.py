import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tuchanka.errors import HostError
from tuchanka.lab import keys
from tuchanka.lab.folder import LabFolder
from tuchanka.topology.load import load
from tuchanka.topology.types import Topology

DEFAULT = load(None)
# Two clusters more would only cost time: each machine's key is made by a process.
TOPOLOGY = replace(DEFAULT, clusters=(DEFAULT.cluster("tuchanka2"),))
NAMES = ("tuchanka2a", "tuchanka2b", "witness")

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen on this host")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> LabFolder:
    folder = LabFolder(tmp_path_factory.mktemp("lab"))
    keys.ensure(folder, TOPOLOGY)
    return folder


def fingerprint(file: Path) -> str:
    return subprocess.run(
        ["ssh-keygen", "-l", "-f", file], capture_output=True, text=True, check=True
    ).stdout.split()[1]


def test_the_lab_and_every_machine_have_a_key_pair_that_only_its_owner_can_read(lab: LabFolder):
    pairs = {"id_ed25519", *(f"host_{name}" for name in NAMES)}
    assert {file.name for file in lab.ssh.iterdir()} == {*pairs, *(f"{name}.pub" for name in pairs), "known_hosts"}
    assert lab.ssh.stat().st_mode & 0o777 == 0o700
    assert {(lab.ssh / name).stat().st_mode & 0o777 for name in (*pairs, "known_hosts")} == {0o600}
    assert len({fingerprint(lab.ssh / name) for name in pairs}) == len(pairs)


def test_keys_stay_the_same_and_half_a_pair_is_made_anew(lab: LabFolder):
    before = {file.name: file.read_text() for file in lab.ssh.iterdir()}
    keys.ensure(lab, TOPOLOGY)
    assert {file.name: file.read_text() for file in lab.ssh.iterdir()} == before
    (lab.ssh / "host_witness.pub").unlink()
    keys.ensure(lab, TOPOLOGY)
    assert (lab.ssh / "host_witness.pub").read_text() != before["host_witness.pub"]
    assert fingerprint(lab.ssh / "host_witness") == fingerprint(lab.ssh / "host_witness.pub")
    assert " ".join((lab.ssh / "host_witness.pub").read_text().split()[:2]) in (lab.ssh / "known_hosts").read_text()


def test_known_hosts_finds_every_machine_by_name_domain_and_address(lab: LabFolder):
    for machine in TOPOLOGY.machines:
        for name in (machine.name, f"{machine.name}.{TOPOLOGY.domain}", str(machine.address)):
            command = ["ssh-keygen", "-F", name, "-f", lab.ssh / "known_hosts"]
            found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
            public = (lab.ssh / f"host_{machine.name}.pub").read_text().split()
            assert found.split()[1:] == public[:2]


def test_a_machine_gets_its_own_host_key_and_lets_in_the_lab_and_the_key_given(lab: LabFolder):
    given = "ssh-ed25519 " + "A" * 60 + " you@example"
    topology: Topology = replace(TOPOLOGY, ssh_public_key=given)
    files = keys.machine_files(lab, topology, "tuchanka2a")
    assert files["/etc/ssh/ssh_host_ed25519_key"].content == (lab.ssh / "host_tuchanka2a").read_text()
    assert files["/etc/ssh/ssh_host_ed25519_key"].mode == 0o600
    allowed = files["/root/.ssh/authorized_keys"]
    assert allowed.content.splitlines() == [(lab.ssh / "id_ed25519.pub").read_text().strip(), given]
    assert allowed.mode == 0o600
    assert not any("PRIVATE KEY" in file.content for path, file in files.items() if path.endswith("authorized_keys"))
    assert len(keys.machine_files(lab, TOPOLOGY, "witness")["/root/.ssh/authorized_keys"].content.splitlines()) == 1


def test_ssh_understands_the_client_configuration(lab: LabFolder):
    text = keys.client_config(lab, TOPOLOGY, ["nsenter", "--net=/run/netns/lab", "--"])
    file = lab.ssh.parent / "config"
    file.write_text(text)
    if shutil.which("ssh") is None:
        pytest.skip("no ssh on this host")
    for name in ("tuchanka2a", f"tuchanka2a.{TOPOLOGY.domain}"):
        command = ["ssh", "-G", "-F", file, name]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        options = dict(line.split(" ", 1) for line in lines)
        assert options["hostname"] == "192.168.89.11"
        assert options["user"] == "root"
        assert options["identityfile"] == str(lab.ssh / "id_ed25519")
        assert options["userknownhostsfile"] == str(lab.ssh / "known_hosts")
        assert options["hostkeyalias"] == "tuchanka2a"
        assert options["stricthostkeychecking"] in {"true", "yes"}
        assert options["proxycommand"].startswith("nsenter --net=/run/netns/lab -- ")
        assert options["proxycommand"].endswith("-m tuchanka.lab.pipe %h %p")


def test_a_key_that_can_not_be_made_is_one_line(tmp_path: Path):
    folder = LabFolder(tmp_path)
    folder.ssh.mkdir()
    (folder.ssh / "id_ed25519.pub").symlink_to(tmp_path / "gone" / "x")
    with pytest.raises(HostError, match="ssh-keygen failed"):
        keys.ensure(folder, TOPOLOGY)
