"""The commands that only read: anyone may run them, and they leave nothing behind but what they were asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.analysis.forged import power_loss
from tests.cli.conftest import Tuchanka, everything
from tuchanka.events import to_json
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.topology.load import default_text, load

pytestmark = pytest.mark.usefixtures("nobody")

SLOW_FENCING = "stonith_watchdog_timeout_ms = 3000"


def edited(folder: Path, old: str, new: str) -> Path:
    """The built-in topology with one thing changed."""
    assert old in default_text()
    file = folder / "my.toml"
    file.write_text(default_text().replace(old, new, 1))
    return file


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """The folder of a run, with nothing but its history."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "history.jsonl").write_text("".join(f"{to_json(event)}\n" for event in power_loss()))
    return folder


def test_topology_prints_what_it_would_read(tuchanka: Tuchanka, tmp_path: Path, lab: Path):
    outcome = tuchanka("topology")
    assert (outcome.status, outcome.out, outcome.err) == (0, default_text(), "")
    file = tmp_path / "again.toml"
    file.write_text(outcome.out)
    assert tuchanka("topology", "--topology", file).out == default_text()
    assert json.loads(tuchanka("topology", "--json").out)["name"] == "tuchanka"
    assert not lab.exists()


def test_check_finds_no_error_in_the_default(tuchanka: Tuchanka):
    outcome = tuchanka("check")
    assert (outcome.status, outcome.err) == (0, "")
    assert "0 errors" in outcome.out
    found = json.loads(tuchanka("check", "--json").out)
    assert {finding["severity"] for finding in found} == {"warning"}


def test_check_counts_one_as_one(tuchanka: Tuchanka):
    example = Path(__file__).parents[2] / "examples" / "stock.toml"
    assert tuchanka("check", "--topology", example).out.endswith(f"{example}: 0 errors, 1 warning\n")


def test_check_names_file_key_what_and_instead(tuchanka: Tuchanka, tmp_path: Path):
    file = edited(tmp_path, "[timing]\n", f"[timing]\n{SLOW_FENCING}\n")
    outcome = tuchanka("check", "--topology", file)
    assert (outcome.status, outcome.err) == (1, "")
    line = next(line for line in outcome.out.splitlines() if line.startswith("error:"))
    assert str(file) in line
    assert "timing.stonith_watchdog_timeout_ms" in line
    as_json = tuchanka("check", "--topology", file, "--json")
    assert as_json.status == 1
    errors = [one for one in json.loads(as_json.out) if one["severity"] == "error"]
    assert errors[0]["key"] == "timing.stonith_watchdog_timeout_ms"
    assert all(one[part] for one in errors for part in ("file", "key", "what", "instead"))


def test_check_refuses_settings_that_weaken_what_is_promised_unless_they_are_accepted(
    tuchanka: Tuchanka, tmp_path: Path
):
    weak = 'synchronous_commit = "local"'
    outcome = tuchanka("check", "--topology", edited(tmp_path, '# shared_buffers = "256MB"', weak))
    assert (outcome.status, outcome.err) == (1, "")
    assert "a failover loses it (synchronous_commit = local)" in " ".join(outcome.out.split())
    table = "[clusters.tuchanka4.instances.krogan4]\n"
    text = (tmp_path / "my.toml").read_text().replace(table, f'{table}accept = ["synchronous_commit"]\n')
    (tmp_path / "my.toml").write_text(text)
    assert tuchanka("check", "--topology", tmp_path / "my.toml").status == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '\nprofile = "fast"',
            '\nprofile = "hasty"',
            "profile: there is no timing profile called 'hasty'; choose from:",
        ),
        ("# token_ms = 400", "tokn_ms = 400", "timing.tokn_ms: there is no such timeout; did you mean token_ms?"),
    ],
)
@pytest.mark.parametrize("words", [["check"], ["timing"], ["topology"], ["topology", "--diff"], ["diagram"]])
def test_every_command_refuses_what_the_stack_does_not_know(
    tuchanka: Tuchanka, tmp_path: Path, words: list[str], old: str, new: str, expected: str
):
    tuchanka("--topology", edited(tmp_path, old, new), *words).refused(2, expected)


def test_timing(tuchanka: Tuchanka, tmp_path: Path):
    outcome = tuchanka("timing")
    assert (outcome.status, outcome.err) == (0, "")
    assert "safety margin" in outcome.out
    printed = json.loads(tuchanka("timing", "--json").out)
    assert printed["timing"]["token_ms"] > 0
    assert printed["predicted_s"] == pytest.approx(sum(printed["predicted"]["power-off"].values()))
    # The default's clusters share their timing; each can be asked by its name.
    assert printed["clusters"]["tuchanka4"] | {"clusters": printed["clusters"]} == printed
    assert sum(printed["stock"]["freeze-postgres"].values()) > 4 * sum(
        printed["predicted"]["freeze-postgres"].values()
    )
    assert "stock" in outcome.out
    broken = tuchanka("timing", "--topology", edited(tmp_path, "[timing]\n", f"[timing]\n{SLOW_FENCING}\n"))
    assert (broken.status, broken.err) == (1, "")


def test_render(tuchanka: Tuchanka, tmp_path: Path):
    new = tmp_path / "deep" / "new"
    assert tuchanka("render", new).status == 0
    files = {name for name, content in everything(new).items() if content is not None}
    assert {"nodes/tuchanka2a/etc/corosync/corosync.conf", "pcs/tuchanka2/01-krogan2.sh"} <= files
    assert os.access(new / "pcs/tuchanka2/01-krogan2.sh", os.X_OK)
    (tmp_path / "empty").mkdir()
    assert set(json.loads(tuchanka("render", tmp_path / "empty", "--json").out)) == files
    before = everything(new)
    tuchanka("render", new).refused(2, str(new), "not an empty folder")
    assert everything(new) == before


def test_render_into_what_is_no_folder(tuchanka: Tuchanka, tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("mine")
    tuchanka("render", file).refused(2, str(file))
    tuchanka("render", file / "below").refused(2, str(file))
    assert everything(tmp_path) == {"file": b"mine"}


def test_fault_list(tuchanka: Tuchanka):
    assert all(name in tuchanka("fault", "list").out for name in CATALOGUE)
    assert [one["name"] for one in json.loads(tuchanka("fault", "list", "--json").out)] == list(CATALOGUE)


def test_hosts(tuchanka: Tuchanka, tmp_path: Path):
    for machine in load(None).machines:
        assert f"{machine.address} {machine.name}.tuchanka {machine.name}\n" in tuchanka("hosts").out
    file = edited(tmp_path, 'domain = "tuchanka"', 'domain = "example"')
    assert "tuchanka2a.example" in tuchanka("hosts", "--topology", file).out


def test_report(tuchanka: Tuchanka, measured: Path):
    outcome = tuchanka("report", measured)
    assert (outcome.status, outcome.err) == (0, "")
    assert set(everything(measured)) == {"history.jsonl", "summary.json", "summary.md", "report.html", "junit.xml"}
    assert json.loads(tuchanka("report", measured, "--json").out) == json.loads(
        (measured / "summary.json").read_text()
    )


def test_several_runs_are_merged_or_compared(tuchanka: Tuchanka, measured: Path, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "history.jsonl").write_bytes((measured / "history.jsonl").read_bytes())
    merged = tuchanka("report", measured, other, "--out", tmp_path / "merged", "--json")
    assert (merged.status, merged.err) == (0, "")
    assert [trial["run"] for trial in json.loads(merged.out)["trials"]] == ["run", "other"]
    compared = tuchanka("report", "--compare", measured, other, "--out", tmp_path / "compared")
    assert (compared.status, compared.err) == (0, "")
    assert "not enough trials" in compared.out
    assert set(everything(measured)) == set(everything(other)) == {"history.jsonl"}
    others = tmp_path / "others.toml"
    others.write_text("[[systems]]\nname = 'Another'\nfaults = { power-off = 30 }\n")
    beside = tuchanka("report", measured, other, "--other-systems", others, "--out", tmp_path / "beside")
    assert beside.status == merged.status
    assert "Another" in (tmp_path / "beside" / "report.html").read_text()
    others.write_text("[[systems]]\nname = 3\n")
    tuchanka("report", measured, "--other-systems", others).refused(2, str(others), "name should be a text")
    tuchanka("report", measured, "--other-systems", tmp_path / "missing").refused(2, "can't be read")
    tuchanka("report", "--compare", measured).refused(2, "two runs")
    tuchanka("report", measured, other, "--out", tmp_path / "merged").refused(2, "not an empty folder")
    tuchanka("report", measured, measured).refused(2, "named twice")


def test_report_of_a_run_that_was_killed_is_a_failed_trial(tuchanka: Tuchanka, measured: Path):
    history = measured / "history.jsonl"
    history.write_text(history.read_text()[:20_000])
    outcome = tuchanka("report", measured, "--json")
    assert (outcome.status, outcome.err) == (1, "")
    assert [trial["recovered"] for trial in json.loads(outcome.out)["trials"]] == [False]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no trial"),
        (b'{"a": 1}\n', "history.jsonl:1"),
        (b"not JSON\n", "history.jsonl:1"),
        (b"\xff\xfe\n", "UTF-8"),
        (b'{"kind":"clock","t":1,"wall":2}\n{"kind":"wri\n', "history.jsonl:2"),
        (b"[]\n", "history.jsonl:1"),
        (b'{"kind":"clock","t":1,"wall":2}\n', "holds no trial"),
    ],
)
def test_report_of_something_else(tuchanka: Tuchanka, tmp_path: Path, content: bytes, words: str):
    (tmp_path / "history.jsonl").write_bytes(content)
    tuchanka("report", tmp_path).refused(2, str(tmp_path), words)
    assert everything(tmp_path) == {"history.jsonl": content}


def test_report_without_a_history(tuchanka: Tuchanka, tmp_path: Path):
    tuchanka("report", tmp_path / "missing").refused(2, str(tmp_path / "missing"))
    tuchanka("report", tmp_path).refused(2, "history.jsonl")
    (tmp_path / "history.jsonl").mkdir()
    tuchanka("report", tmp_path).refused(2, "history.jsonl")


@pytest.mark.parametrize("command", [["check"], ["timing"], ["topology"], ["render", "new"], ["hosts"]])
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("domain =", "dominion =", "dominion"),
        ("port = 5433", 'port = "5433"', "port"),
        ('subnet = "192.168.89.0/24"', 'subnet = "192.168.89.0/33"', "network.subnet"),
        ('name = "tuchanka"', "name = ", "TOML"),
    ],
)
def test_a_topology_that_is_wrong(
    tuchanka: Tuchanka,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    old: str,
    new: str,
    words: str,
):
    monkeypatch.chdir(tmp_path)
    file = edited(tmp_path, old, new)
    tuchanka(*command, "--topology", file).refused(2, str(file), words)
    assert set(everything(tmp_path)) == {"my.toml"}


@pytest.mark.parametrize("command", ["check", "timing", "topology", "up", "status"])
def test_a_topology_that_is_not_there(tuchanka: Tuchanka, tmp_path: Path, command: str):
    outcome = tuchanka(command, "--topology", tmp_path / "missing.toml")
    if command != "status":  # that asks for root first
        outcome.refused(2, "missing.toml", "can't be read")
        tuchanka(command, "--topology", tmp_path).refused(2, str(tmp_path), "folder")
    assert everything(tmp_path) == {}


def test_as_another_user():
    """For real, where this user may become another one who can read the program."""
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    program = [*become, sys.executable, "-c", "import sys; from tuchanka.cli import main; sys.exit(main())"]
    lab = Path("/nonexistent/lab")  # below a folder that anyone may look into
    if subprocess.run([*program, "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("an ordinary user can't read this interpreter")
    for command, status in ((["check"], 0), (["up"], 3), (["status"], 3)):
        done = subprocess.run([*program, "--lab", str(lab), *command], capture_output=True, text=True, check=False)
        assert done.returncode == status, done
        assert done.stderr.count("\n") == (status == 3)
    assert not lab.exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'provider = "nspawn"',
            'provider = "docker"',
            "provider: the provider 'docker' is not there yet; choose from: nspawn",
        ),
        (
            "postgresql = 17",
            "postgresql = 15",
            "postgresql: the machines' image has PostgreSQL 17 only, not 15; write",
        ),
        ('name = "witness"', f'name = "{"w" * 40}"', "witness.name: a network port can't be called vb-wwww"),
    ],
)
def test_check_says_what_the_provider_can_not_do(tuchanka: Tuchanka, tmp_path: Path, old: str, new: str, said: str):
    outcome = tuchanka("check", "--topology", edited(tmp_path, old, new))
    assert (outcome.status, outcome.err) == (1, "")
    assert f"error: {tmp_path / 'my.toml'}: {said}" in " ".join(outcome.out.split())
    assert ": 1 error, " in outcome.out
