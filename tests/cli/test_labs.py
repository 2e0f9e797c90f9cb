"""Commands that make, find and take away labs, as far as they can be refused; the machines are fake."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from tests.cli.conftest import Tuchanka, everything
from tuchanka.cli import access, ask
from tuchanka.lab.folder import LabFolder
from tuchanka.providers.fake import FakeProvider
from tuchanka.topology.load import default_text

STAGES = ("up", "create", "install", "setup")
# Every command that makes or touches machines, with arguments that would be right.
TOUCHING = (
    *([stage] for stage in STAGES),
    ["demo"],
    ["test"],
    ["heartbeat"],
    ["snapshots"],
    ["snapshot", "mine"],
    ["rollback", "setup", "--yes"],
    ["destroy", "--yes"],
    ["destroy", "--dry-run"],
    ["power-on"],
    ["shut-down"],
    ["power-off"],
    ["status"],
    ["mon"],
    ["diagram", "tuchanka2", "--live"],
    ["cluster", "start", "tuchanka2"],
    ["cluster", "stop", "tuchanka2"],
    ["restore", "tuchanka2a"],
    ["switchover", "krogan2"],
    ["standby", "tuchanka2a"],
    ["unstandby", "tuchanka2a"],
    ["maintenance", "on", "tuchanka2"],
    ["fence", "tuchanka2a", "--yes"],
    ["fence", "tuchanka2a", "--dry-run"],
    ["archive", "status"],
    ["archive", "backup", "krogan2"],
    ["archive", "verify", "krogan2"],
    ["archive", "restore", "krogan2", "--latest", "--yes"],
    ["archive", "discard", "krogan2", "tuchanka2a"],
    ["restore", "tuchanka2", "--from-archive"],
    ["fault", "inject", "power-off", "tuchanka2a"],
    ["fault", "heal"],
    ["exec", "witness", "--", "true"],
    ["ssh", "witness"],
    ["logs", "witness"],
    ["ssh-config"],
)
MAKING = (*([stage] for stage in STAGES), ["test"], ["demo"])
IDS = [" ".join(command) for command in TOUCHING]


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("command", TOUCHING, ids=IDS)
def test_not_root(tuchanka: Tuchanka, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    outcome = tuchanka(*command)
    outcome.refused(3, "root", "sudo")
    assert everything(tmp_path) == {}


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("command", [one for one in TOUCHING if one not in MAKING and one[0] != "destroy"])
def test_no_lab(tuchanka: Tuchanka, command: list[str], tmp_path: Path, lab: Path):
    tuchanka(*command).refused(3, str(lab), "there is no lab", "tuchanka up")
    assert everything(tmp_path) == {}


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("command", [*MAKING, ["destroy", "--yes"], ["destroy", "--dry-run"]])
def test_a_folder_that_holds_something_else(
    tuchanka: Tuchanka, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("everything")
    tuchanka(*command, "--lab", mine).refused(2, str(mine), "holds no lab")
    tuchanka(*command, "--lab", mine / "thesis.tex").refused(2, "thesis.tex", "holds no lab")
    assert everything(tmp_path) == {"mine": None, "mine/thesis.tex": b"everything"}


@pytest.mark.parametrize("command", [["up"], ["create"], ["install"], ["setup"], ["test"]])
def test_unknown_clusters_make_nothing(
    tuchanka: Tuchanka, fake: FakeProvider, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    tuchanka(*command, "tuchanka2", "nosuch").refused(2, "no cluster called 'nosuch'", "tuchanka2")
    assert (everything(tmp_path), fake.steps) == ({}, [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "nosuch"], "no fault called 'nosuch'"),
        (["--target", "nosuch"], "no machine, site or cluster called 'nosuch'"),
        (["--target", "witness"], "no node called 'witness'"),
        (["tuchanka1", "--target", "tuchanka2a"], "no node called 'tuchanka2a'"),
    ],
)
def test_what_cannot_be_measured_makes_nothing(
    tuchanka: Tuchanka,
    fake: FakeProvider,
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    tuchanka("test", *arguments).refused(2, words)
    assert (everything(tmp_path), fake.steps) == ({}, [])


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("command", ["test", "demo"])
def test_a_measurement_is_never_overwritten(tuchanka: Tuchanka, command: str, tmp_path: Path, lab: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "history.jsonl").write_text("measured")
    tuchanka(command, "--out", tmp_path / "out").refused(2, str(tmp_path / "out"), "--out")
    file = tmp_path / "out" / "history.jsonl"
    tuchanka(command, "--out", file).refused(2, str(file), "--out")
    tuchanka(command, "--out", file / "below" / "that").refused(2, str(file), "not a folder")
    assert (file.read_text(), lab.exists()) == ("measured", False)


@pytest.mark.usefixtures("fake")
def test_a_demo_of_another_topology(tuchanka: Tuchanka, tmp_path: Path, lab: Path):
    file = tmp_path / "other.toml"
    file.write_text(default_text().replace("tuchanka2", "urdnot"))
    tuchanka("demo", "--topology", file, "--out", tmp_path / "out").refused(2, "no cluster called 'tuchanka2'")
    assert not lab.exists()


# --- A lab whose cluster tuchanka2 is set up, and off


@dataclass
class Made:
    run: Tuchanka
    provider: FakeProvider
    folder: Path

    def unchanged(self, *command: str, status: int, words: str) -> None:
        """The command is refused, and neither a machine nor a file is touched."""
        before = everything(self.folder), len(self.provider.steps)
        self.run(*command).refused(status, words)
        assert (everything(self.folder), len(self.provider.steps)) == before


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the lab's keys are kept, so that they are made once."""
    return tmp_path_factory.mktemp("template") / "lab"


@pytest.fixture
def made(tuchanka: Tuchanka, fake: FakeProvider, lab: Path, template: Path) -> Made:
    if template.exists():
        shutil.copytree(template, lab, ignore=shutil.ignore_patterns("stages.json"))
    outcome = tuchanka("setup", "tuchanka2")
    assert (outcome.status, outcome.out) == (0, "")
    assert [line.split()[1] for line in outcome.err.splitlines()] == (
        ["image", *["create"] * 3, *["install"] * 3, "setup"]
    )
    if not template.exists():
        shutil.copytree(lab, template)
    return Made(tuchanka, fake, lab)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["up", "nosuch"], "no cluster called"),
        (["status", "nosuch"], "no cluster called"),
        (["mon", "nosuch"], "no cluster called"),
        (["cluster", "start", "nosuch"], "no cluster called"),
        (["cluster", "stop", "nosuch"], "no cluster called"),
        (["power-on", "nosuch"], "no machine called"),
        (["power-off", "nosuch"], "no machine called"),
        (["shut-down", "tuchanka2a", "nosuch"], "no machine called"),
        (["exec", "nosuch", "--", "true"], "no machine called"),
        (["ssh", "nosuch"], "no machine called"),
        (["logs", "nosuch"], "no machine called"),
        (["logs", "nosuch", "--console"], "no machine called"),
        (["restore", "nosuch"], "no node called"),
        (["restore", "witness"], "no node called"),
        (["restore", "tuchanka2a", "nosuch"], "no instance called"),
        (["heartbeat", "nosuch"], "no instance called"),
        (["fault", "inject", "nosuch", "tuchanka2a"], "no fault called"),
        (["fault", "inject", "power-off", "nosuch"], "no machine, site or cluster called"),
        (["fault", "inject", "split-sites", "dc1"], "split-sites: acts on a cluster, and dc1 is a site"),
        (["fault", "heal", "nosuch"], "no machine, site or cluster called"),
        (["rollback", "nosuch", "--yes"], "no snapshot called"),
        (["snapshot", "two words"], "no name for a snapshot"),
        (["snapshot", "setup"], "already"),
        (["power-on", "tuchanka4a"], "not made"),
    ],
)
def test_names_that_do_not_exist(made: Made, command: list[str], words: str):
    made.unchanged(*command, status=2, words=words)


@pytest.mark.parametrize("command", [["exec", "tuchanka2a", "--", "true"], ["logs", "tuchanka2a"]])
def test_a_machine_that_is_off(made: Made, command: list[str]):
    made.unchanged(*command, status=3, words="tuchanka2a: is off")


@pytest.mark.parametrize("command", [["destroy"], ["rollback", "setup"]])
def test_destroying_wants_yes_where_nobody_can_be_asked(made: Made, command: list[str]):
    made.unchanged(*command, status=2, words="--yes")


@pytest.mark.parametrize("command", [["destroy"], ["rollback", "setup"]])
def test_the_answer_at_the_terminal_counts(made: Made, command: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ask.sys.stdin, "isatty", lambda: True)
    answers = iter([False, True])
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: next(answers))
    before = everything(made.folder), len(made.provider.steps)
    assert made.run(*command).status == 3
    assert (everything(made.folder), len(made.provider.steps)) == before
    assert made.run(*command).status == 0


def test_destroy(made: Made, tmp_path: Path):
    before = everything(tmp_path)
    outcome = made.run("destroy", "--dry-run")
    assert (outcome.status, str(made.folder) in outcome.out, everything(tmp_path)) == (0, True, before)
    assert made.run("destroy", "--yes").status == 0
    assert everything(tmp_path) == {}
    assert made.provider.machines == {}
    assert made.run("destroy", "--yes").status == 0  # a killed one can be repeated


def test_rollback_and_snapshots(made: Made):
    assert made.run("rollback", "install", "--yes").status == 0
    kept = made.run("snapshots", "--json").out
    assert '"tuchanka2a": [\n  "create",\n  "install"\n ]' in kept
    assert '"tuchanka4a": []' in kept
    assert "tuchanka2b     create install\n" in made.run("snapshots").out
    assert made.run("snapshot", "mine").status == 0
    made.unchanged("snapshot", "mine", status=2, words="already")


def test_planned_moves_need_a_running_cluster(made: Made):
    made.unchanged("switchover", "krogan2", status=3, words="krogan2: the cluster is not running on any node")
    made.unchanged("switchover", "krogan2", "--to", "tuchanka4a", status=2, words="tuchanka2b")
    made.unchanged("switchover", "krogan9", status=2, words="krogan4")
    for words in (["standby", "tuchanka2a"], ["unstandby", "tuchanka2a"], ["maintenance", "on", "tuchanka2"]):
        made.unchanged(*words, status=3, words="tuchanka cluster start tuchanka2")
    made.unchanged("maintenance", "perhaps", "tuchanka2", status=2, words="perhaps")


def test_power_is_said_to_programs(made: Made):
    assert '"witness": "on"' in made.run("power-on", "witness", "--json").out
    assert '"witness": "off"' in made.run("power-off", "witness", "--json").out
    assert made.run("power-off", "witness").out == ""


def test_status_of_a_cluster_that_is_off(made: Made):
    outcome = made.run("status", "--json")
    assert (outcome.status, outcome.err) == (1, "")
    assert '"healthy": false' in outcome.out
    assert "not running" in made.run("status", "tuchanka2").out


@pytest.mark.parametrize(
    ("words", "arrive", "ended", "status"),
    [
        (["true"], ["true"], 0, 0),
        (["--", "a", "--", "--json", "--lab=x"], ["a", "--", "--json", "--lab=x"], 7, 7),
        (["--", "sh", "-c", "kill -KILL $$"], ["sh", "-c", "kill -KILL $$"], -9, 137),
    ],
)
def test_exec_passes_words_and_status_on(
    made: Made, monkeypatch: pytest.MonkeyPatch, words: list[str], arrive: list[str], ended: int, status: int
):
    ran = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(command)
        return subprocess.CompletedProcess(command, ended)

    assert made.run("power-on", "tuchanka2a").status == 0
    monkeypatch.setattr(access.subprocess, "run", run)
    assert made.run("exec", "tuchanka2a", *words).status == status
    assert ran == [["echo", "tuchanka2a", *arrive]]


def test_another_topology_than_the_labs(made: Made, tmp_path: Path):
    other = tmp_path / "other.toml"
    other.write_text(default_text().replace('domain = "tuchanka"', 'domain = "example"'))
    made.unchanged("up", "--topology", str(other), status=3, words="built from another topology")
    made.unchanged("status", "--topology", str(other), status=3, words="built from another topology")
    what = 'domain: was "tuchanka", is now "example"'
    made.unchanged("status", "--topology", str(other), status=3, words=what)
    said = made.run("topology", "--diff", "--topology", str(other))
    assert (said.status, said.out) == (1, f"{what}\n")
    assert made.run("topology", "--diff").status == 0


@pytest.mark.parametrize("command", [["up"], ["snapshots"], ["destroy", "--yes"]])
def test_two_commands_at_once(made: Made, command: list[str]):
    with LabFolder(made.folder).locked("up"):
        before = everything(made.folder)
        outcome = made.run(*command)
        assert outcome.status == 3
        assert outcome.err.splitlines()[-1].startswith("tuchanka: error: ")
        assert "'tuchanka up'" in outcome.err
        assert "working on this lab" in outcome.err
        assert everything(made.folder) == before


def test_a_lab_whose_state_can_not_be_read(made: Made):
    (made.folder / "lab.json").write_text("{")
    made.unchanged("status", status=3, words="can't be read")
    (made.folder / "lab.json").write_text('{"version": 99}')
    made.unchanged("up", status=3, words="version 99")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('provider = "nspawn"', 'provider = "docker"', "choose from: nspawn"),
        ("postgresql = 17", "postgresql = 15", "write 17"),
        ('name = "witness"', f'name = "{"w" * 40}"', "at most 12 letters"),
    ],
)
@pytest.mark.parametrize("command", MAKING)
def test_what_the_provider_can_not_do_makes_nothing(
    tuchanka: Tuchanka,
    fake: FakeProvider,
    lab: Path,
    tmp_path: Path,
    command: list[str],
    old: str,
    new: str,
    word: str,
):
    assert old in default_text()
    file = tmp_path / "my.toml"
    file.write_text(default_text().replace(old, new, 1))
    tuchanka("--topology", file, *command).refused(2, str(file), word)
    assert (lab.exists(), fake.steps) == (False, [])


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("command", MAKING)
def test_what_check_calls_an_error_is_not_built(tuchanka: Tuchanka, command: list[str], tmp_path: Path, lab: Path):
    file = tmp_path / "my.toml"
    old = '# shared_buffers = "256MB"'
    assert old in default_text()
    file.write_text(default_text().replace(old, "fsync = false\nfull_page_writes = false"))
    outcome = tuchanka(*command, "--topology", file)
    outcome.refused(2, str(file), "settings.fsync", "and 1 more; 'tuchanka check' shows all")
    assert not lab.exists()
