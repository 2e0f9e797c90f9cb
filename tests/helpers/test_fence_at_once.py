"""The fence agent that counts the watchdog's time from when it asks the device; fakes stand in for all it calls."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tuchanka.helpers.files import text

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")

# An agent whose answer is in a file: what it is to do.
AGENT = """#!/bin/sh
here=$(dirname "$0")
if [ "$1" = -o ]; then
    echo '<resource-agent name="fence_test" shortdesc="x">'
    echo '	<parameters>'
    echo '	</parameters>'
    echo '</resource-agent>'
    exit 0
fi
cat > "$here/stdin"
echo asked >> "$here/asked"
. "$here/does"
"""
QUORUMTOOL = """#!/bin/sh
cat "$(dirname "$0")/membership"
"""
LOGGER = """#!/bin/sh
for last; do :; done
echo "$last" >> "$(dirname "$0")/log"
"""
MEMBERSHIP = """\
Quorum information
------------------
Quorate:          {quorate}

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         1          1    A,V,NMW pg1 (local)
{others}         0          1            Qdevice
"""
MEMBER = "         2          1    A,V,NMW pg2\n"
WATCHDOG_S = 0.8
SEEN = Path(__file__).parents[1] / "pacemaker" / "seen"


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = {
            "fence_test": AGENT,
            "fence_test_at_once": text("fence_at_once.pl"),
            "corosync-quorumtool": QUORUMTOOL,
            "logger": LOGGER,
        }
        for name, content in programs.items():
            (folder / name).write_text(content)
            (folder / name).chmod(0o755)
        self.members(lost=True)

    def members(self, *, lost: bool, quorate: bool = True) -> None:
        others = "" if lost else MEMBER
        shown = MEMBERSHIP.format(quorate="Yes" if quorate else "No", others=others)
        (self.folder / "membership").write_text(shown)

    def run(
        self, does: str, action: str = "off", more: str = f"watchdog_timeout={WATCHDOG_S}\n"
    ) -> tuple[int, float]:
        (self.folder / "does").write_text(does)
        began = time.monotonic()
        done = subprocess.run(
            [self.folder / "fence_test_at_once"],
            input=f"action={action}\nnodename=pg2\nip=192.0.2.1\n{more}",
            text=True,
            capture_output=True,
            check=False,
            env={"PATH": f"{self.folder}:/usr/bin:/bin"},
            timeout=30,
        )
        return done.returncode, time.monotonic() - began

    def read(self, name: str) -> str:
        file = self.folder / name
        return file.read_text() if file.exists() else ""

    def left(self) -> str:
        """Processes that were begun here and haven't ended."""
        found = subprocess.run(["pgrep", "-f", str(self.folder)], capture_output=True, text=True, check=False)
        return found.stdout


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_its_metadata_are_the_agent_s_with_one_parameter_more(bench: Bench):
    done = subprocess.run(
        [bench.folder / "fence_test_at_once"], input="action=metadata\n", text=True, capture_output=True, check=True
    )
    assert '<resource-agent name="fence_test_at_once"' in done.stdout
    assert '<parameter name="watchdog_timeout"' in done.stdout
    assert done.stdout.index("watchdog_timeout") < done.stdout.index("</parameters>")
    named = subprocess.run(
        [bench.folder / "fence_test_at_once", "-o", "metadata"], text=True, capture_output=True, check=True
    )
    assert named.stdout == done.stdout


@pytest.mark.parametrize("status", [0, 1, 2])
@pytest.mark.parametrize("action", ["status", "monitor", "on", "off"])
def test_without_a_watchdog_behind_it_it_is_the_agent(bench: Bench, action: str, status: int):
    assert bench.run(f"exit {status}", action, more="")[0] == status
    assert bench.read("stdin") == f"action={action}\nnodename=pg2\nip=192.0.2.1\n"


@pytest.mark.parametrize(("action", "least"), [("monitor", 10), ("off", 0)])
def test_a_monitor_leaves_the_processor_to_what_can_not_wait(bench: Bench, action: str, least: int):
    bench.run('nice > "$here/nice"; exit 0', action)
    assert int(bench.read("nice")) == max(os.nice(0), least)


@pytest.mark.parametrize("status", [0, 1, 2])
def test_only_a_fencing_waits_for_the_watchdog(bench: Bench, status: int):
    returned, seconds = bench.run(f"exit {status}", "status")
    assert (returned, seconds < WATCHDOG_S) == (status, True)
    assert "watchdog_timeout" not in bench.read("stdin")


@pytest.mark.parametrize("action", ["off", "reboot"])
def test_a_device_that_says_off_ends_it(bench: Bench, action: str):
    status, seconds = bench.run("exit 0", action)
    assert (status, seconds < WATCHDOG_S) == (0, True)
    assert bench.read("log").startswith("fencing: pg2 is off: its device said so after 0.")


@pytest.mark.parametrize("does", ["echo 2026-01-01 10:00:00,123 ERROR: no route >&2; exit 1", "sleep 60"])
def test_a_device_that_fails_or_hangs_costs_nothing(bench: Bench, does: str):
    status, seconds = bench.run(does)
    assert (status, seconds >= WATCHDOG_S) == (0, True)
    log = bench.read("log")
    found = re.search(r"pg2 is taken for reset by its watchdog ([\d.]+) s after the request", log)
    assert found is not None
    assert WATCHDOG_S <= float(found[1]) <= seconds  # a busy host makes it longer
    assert ("no route" in log) == ("no route" in does)
    # Nothing that was begun is left.
    assert bench.left() == ""


def test_a_device_that_failed_is_asked_again(bench: Bench):
    status, seconds = bench.run(
        '[ "$(wc -l < "$here/asked")" -gt 1 ] || exit 1\nexit 0', more="watchdog_timeout=20\n"
    )
    assert (status, seconds < 20) == (0, True)
    assert "its device said so" in bench.read("log")


@pytest.mark.parametrize(("lost", "quorate"), [(False, True), (True, False)])
def test_a_member_and_what_has_no_quorum_s_word_are_left_to_the_next_level(bench: Bench, lost: bool, quorate: bool):
    bench.members(lost=lost, quorate=quorate)
    status, seconds = bench.run("exit 1", more="watchdog_timeout=20\n")
    assert (status, seconds < 20) == (1, True)
    assert bench.read("log") == ""


def test_one_that_is_a_member_again_when_the_time_is_over_is_not_taken_for_reset(bench: Bench):
    joins = f'cp "{bench.folder}/later" "{bench.folder}/membership"; exit 1'
    bench.members(lost=False)
    shutil.copy(bench.folder / "membership", bench.folder / "later")
    bench.members(lost=True)
    status, _ = bench.run(f"sleep 0.3; {joins}")
    assert status == 1
    assert "pg2 is not fenced: it is a member, or there is no quorum" in bench.read("log")


def test_without_corosync_s_word_nothing_is_taken_for_reset(bench: Bench):
    (bench.folder / "corosync-quorumtool").write_text("#!/bin/sh\nexit 1\n")
    assert bench.run("exit 1")[0] == 1


@pytest.mark.parametrize(
    ("shown", "member"),
    [
        ("pg22", False),
        ("pg2-b", False),
        ("my-pg2", False),
        ("pg2", True),
        ("pg2 (local)", True),
        ("pg2.example", True),
    ],
)
@pytest.mark.parametrize("columns", ["A,V,NMW ", "NR ", ""])
def test_a_member_is_known_by_its_whole_name(bench: Bench, shown: str, member: bool, columns: str):
    bench.members(lost=False)
    lines = bench.read("membership").replace("A,V,NMW pg2\n", f"{columns}{shown}\n")
    (bench.folder / "membership").write_text(lines)
    assert bench.run("exit 1", more="watchdog_timeout=0.1\n")[0] == int(member)


def test_members_are_found_in_what_corosync_has_printed(bench: Bench):
    recorded = (SEEN / "quorum.txt").read_text()
    (bench.folder / "membership").write_text(recorded.replace("tuchanka2b", "pg2"))
    assert bench.run("exit 1")[0] == 1
    (bench.folder / "membership").write_text(recorded)
    assert bench.run("exit 1")[0] == 0
    (bench.folder / "membership").write_text((SEEN / "no-quorum.txt").read_text())
    assert bench.run("exit 1")[0] == 1


def test_a_member_s_device_that_says_off_ends_it_too(bench: Bench):
    bench.members(lost=False)
    assert bench.run("exit 0")[0] == 0
    assert "pg2 is off: its device said so" in bench.read("log")


@pytest.mark.parametrize("status", [1, 3])
def test_a_member_s_device_is_asked_once_and_its_status_passed_on(bench: Bench, status: int):
    bench.members(lost=False)
    assert bench.run(f"exit {status}")[0] == status
    assert bench.read("asked") == "asked\n"


def test_what_a_device_s_agent_leaves_behind_costs_nothing(bench: Bench):
    status, seconds = bench.run('sh -c "sleep 60; : $here" & echo ERROR: half done >&2; exit 1')
    assert (status, seconds < 30) == (0, True)
    assert "half done" in bench.read("log")
    assert bench.left() == ""


@pytest.mark.parametrize("more", ["", "watchdog_timeout=20\n"])
def test_pacemaker_s_end_of_a_late_agent_reaches_the_device_s(bench: Bench, more: str):
    bench.members(lost=False)
    (bench.folder / "does").write_text("sleep 60")
    with subprocess.Popen(
        [bench.folder / "fence_test_at_once"],
        stdin=subprocess.PIPE,
        env={"PATH": f"{bench.folder}:/usr/bin:/bin"},
        start_new_session=True,
    ) as agent:
        assert agent.stdin is not None
        agent.stdin.write(f"action=off\nnodename=pg2\n{more}".encode())
        agent.stdin.close()
        end = time.monotonic() + 20
        while not bench.read("asked"):
            assert time.monotonic() < end
            time.sleep(0.02)
        os.killpg(agent.pid, signal.SIGKILL)
    # The kernel ends the others of the group a moment later.
    while bench.left() and time.monotonic() < end:
        time.sleep(0.02)
    assert bench.left() == ""
