"""The watch over Pacemaker's daemons, with commands that answer, fail and hang."""

import subprocess
from pathlib import Path

import pytest

from tuchanka.render.watch import PROGRAM, watch_files
from tuchanka.timing.profiles import FAST

ANSWERS, FAILS, HANGS = "exit 0", "exit 102", "exec /bin/sleep 30"


def killed(folder: Path, crmadmin: str, cibadmin: str) -> list[str]:
    """Run the watch until it sleeps for the second time, or has killed; return whom."""
    commands = {
        "crmadmin": crmadmin,
        "cibadmin": cibadmin,
        "pkill": f'echo "$*" >> {folder}/killed',
        # The second time it ends the watch.
        "sleep": f"[ -e {folder}/slept ] && exit 1; touch {folder}/slept",
    }
    for name, text in commands.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    program = folder / "watch"
    program.write_text(watch_files(FAST)[PROGRAM].content)
    subprocess.run(["sh", program], env={"PATH": f"{folder}:/usr/bin:/bin"}, check=False, timeout=20)
    file = folder / "killed"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize(
    ("crmadmin", "cibadmin", "whom"),
    [
        (ANSWERS, ANSWERS, []),
        (FAILS, FAILS, []),
        (HANGS, ANSWERS, ["-KILL -x pacemakerd"]),
        (ANSWERS, HANGS, ["-KILL -x pacemaker-based"]),
    ],
)
def test_only_what_hangs_is_killed(tmp_path: Path, crmadmin: str, cibadmin: str, whom: list[str]):
    assert killed(tmp_path, crmadmin, cibadmin) == whom


def test_the_unit_comes_and_goes_with_pacemaker():
    files = watch_files(FAST)
    unit = files["/etc/systemd/system/pacemaker-watch.service"].content
    assert "PartOf=pacemaker.service" in unit
    assert f"ExecStart={PROGRAM}\n" in unit
    assert files[PROGRAM].mode == 0o755
    assert "Wants=pacemaker-watch.service" in files["/etc/systemd/system/pacemaker.service.d/tuchanka.conf"].content
