"""Passwords and keys stay where they belong."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from tests.real.conftest import Trial, Watched
from tests.real.lab import MACHINES, NODES, RealLab
from tests.real.leftovers import pids, read

pytestmark = pytest.mark.lab

MAY_HOLD_THEM = {"etc/corosync/authkey", "var/lib/postgresql/.pgpass"}


def secrets(lab: RealLab) -> list[str]:
    values: dict[str, str] = json.loads((lab.folder / "secrets" / "secrets.json").read_text())
    assert set(values) == {"replication", "heartbeat", "corosync_key"}
    # Of an OpenSSH private key the fourth line holds nothing but key material.
    keys = [path for path in (lab.folder / "ssh").iterdir() if "PRIVATE KEY" in path.read_text()]
    assert len(keys) > len(MACHINES)
    return [*values.values(), *(path.read_text().splitlines()[3] for path in keys)]


def assert_without_secrets(lab: RealLab, text: str, where: str) -> None:
    assert text, where
    assert not [number for number, value in enumerate(secrets(lab)) if value in text], where


def test_secrets_can_be_read_by_root_alone(lab: RealLab) -> None:
    for folder in ("secrets", "ssh"):
        assert stat.S_IMODE((lab.folder / folder).stat().st_mode) == 0o700
    private = [lab.folder / "secrets/secrets.json", lab.folder / "ssh/id_ed25519"]
    for file in (*private, *(lab.folder / f"ssh/host_{machine}" for machine in MACHINES)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(lab.paths.run.stat().st_mode) == 0o700
    for node in NODES:
        modes = lab.execute(node, "stat", "-c", "%a %U", *(f"/{path}" for path in sorted(MAY_HOLD_THEM)))
        assert modes.splitlines() == ["400 root", "600 postgres"]


def test_no_process_has_a_secret_in_its_arguments_or_environment(
    lab: RealLab, watched: Watched, trial: Trial
) -> None:
    for watch, user in ((watched.processes, "pg_basebackup"), (trial.processes, "tuchanka.heartbeat")):
        seen = [text.decode(errors="replace") for text in watch.seen]
        assert any(user in text for text in seen)  # who needs a password was looked at, too
        assert_without_secrets(lab, "\n".join(seen), "/proc")


def test_no_report_has_a_secret_in_it(lab: RealLab, trial: Trial) -> None:
    for file in trial.folder.iterdir():
        assert_without_secrets(lab, file.read_text(), file.name)


def test_nothing_printed_so_far_has_a_secret_in_it(lab: RealLab, trial: Trial) -> None:
    assert_without_secrets(lab, "\n".join((*lab.output, trial.output)), "the program's output")


@pytest.mark.parametrize("machine", MACHINES)
def test_no_log_has_a_secret_in_it(lab: RealLab, machine: str) -> None:
    paths = lab.paths.machine(machine)
    assert_without_secrets(lab, paths.log.read_text(), "supervisor.log")
    assert_without_secrets(lab, lab.run("logs", machine, "--console").stdout, "console")
    assert_without_secrets(lab, lab.run("logs", machine).stdout, "journal")


@pytest.mark.parametrize("machine", MACHINES)
def test_no_other_file_of_a_machine_has_a_secret_in_it(lab: RealLab, machine: str) -> None:
    values = json.loads((lab.folder / "secrets" / "secrets.json").read_text()).values()
    for layer in written_layers(lab, machine):
        command = ["grep", "-r", "-l", "-a", "-F", "--devices=skip", "-f", "-", "."]
        found = subprocess.run(
            command, input="\n".join(values), cwd=layer, capture_output=True, text=True, timeout=60, check=False
        )
        top = Path("/var/lib/postgresql" if layer.parent.name.startswith("data.") else "/").relative_to("/")
        assert {str(top / name) for name in found.stdout.splitlines()} <= MAY_HOLD_THEM, layer


def written_layers(lab: RealLab, machine: str) -> list[Path]:
    """Return every layer of every disk of the machine, as its supervisor has them mounted."""
    paths = lab.paths.machine(machine)
    (supervisor,) = (
        process for process in pids() if f"{paths.run}/spec.json" in read(process / "cmdline").split("\0")
    )
    return sorted((supervisor / "root" / str(paths.mounts).lstrip("/")).glob("*.*/upper"))


def test_a_rendered_tree_has_no_secret_in_it(lab: RealLab, tmp_path: Path) -> None:
    lab.run("render", str(tmp_path / "tree"))
    files = [path for path in (tmp_path / "tree").rglob("*") if path.is_file()]
    assert_without_secrets(lab, "\n".join(path.read_text() for path in files), "the rendered tree")
