"""The pcs scripts with one loaded pcs: each call comes through whole, and the first failure ends everything."""

import subprocess
import sys
from pathlib import Path

import pytest

from tuchanka.stacks.pacemaker.setup import pcs_scripts

# What stands for pcs: it writes down how it was called, and fails where it is asked to.
FAKE = """
import sys
from pathlib import Path
sys.path.insert(0, {source!r})
from tuchanka.stacks.pacemaker.setup import pcs_scripts
def main(arguments):
    if arguments[-1] == "say":
        sys.exit("said")
    if arguments[-1].startswith("fail="):
        sys.exit(int(arguments[-1].partition("=")[2]))
    with Path("calls").open("a") as calls:
        calls.write(repr(arguments) + "\\n")
    print("called", flush=True)
sys.exit(pcs_scripts.run_all(sys.argv[1:], main))
"""


def run(folder: Path, *scripts: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    names = []
    for number, text in enumerate(scripts):
        (folder / f"{number}.sh").write_text(f'set -eu\npcs() {{ command pcs -f cib "$@"; }}\n{text}\n')
        names.append(f"{number}.sh")
    source = str(Path(pcs_scripts.__file__).parents[2])
    command = [sys.executable, "-c", FAKE.format(source=source), *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)
    calls = folder / "calls"
    return done, calls.read_text().splitlines() if calls.exists() else []


def test_each_call_comes_through_in_order_with_its_arguments(tmp_path: Path):
    done, calls = run(tmp_path, "pcs one 'two words'\npcs three", "true\npcs four \\\n    five=6s")
    assert done.returncode == 0, done.stderr
    assert calls == [
        "['-f', 'cib', 'one', 'two words']",
        "['-f', 'cib', 'three']",
        "['-f', 'cib', 'four', 'five=6s']",
    ]
    assert done.stdout == "called\n" * 3


@pytest.mark.parametrize(("word", "status"), [("fail=3", 3), ("say", 1)])
def test_a_call_that_fails_ends_the_scripts(tmp_path: Path, word: str, status: int):
    done, calls = run(tmp_path, f"pcs one\npcs {word}\npcs two", "pcs three")
    assert done.returncode == status
    assert len(calls) == 1
    assert ("said" in done.stderr) is (word == "say")


def test_a_script_that_never_calls_ends_too(tmp_path: Path):
    assert run(tmp_path, "true", "exit 4")[0].returncode == 4


def test_without_its_pcs_the_real_one_is_run(tmp_path: Path):
    script = tmp_path / "one.sh"
    script.write_text("exit 5\n")
    assert pcs_scripts.load() is None
    assert pcs_scripts.run_all([str(script)], None) == 5
