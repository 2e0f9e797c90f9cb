"""Looks after the Pacemaker daemons whose hanging sbd answers with a reset, and after the controller that sleeps."""

from tuchanka.files import File
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.templating import fill

PROGRAM = "/usr/local/sbin/pacemaker-watch"
UNIT = "pacemaker-watch.service"


def watch_files(timing: Timing) -> dict[str, File]:
    """Return path → file of the watch, the same on every node.

    It starts with Pacemaker and stays: if it ended with it, it would forget whom it has just killed.
    """
    unit = f"""\
[Unit]
Description=Kills Pacemaker daemons that hang and wakes the controller that sleeps
After=pacemaker.service

[Service]
ExecStart={PROGRAM}
Restart=always
Nice=-10
"""
    # By default systemd waits a second before it starts pacemakerd again; sbd's patience is short.
    pacemaker = f"[Unit]\nWants={UNIT}\n\n[Service]\nRestartSec=10ms\n"
    return {
        PROGRAM: File(
            fill("tuchanka.helpers", "pacemaker_watch.pl.j2", patience=f"{timing.watch_patience_s:.2f}"), mode=0o755
        ),
        f"/etc/systemd/system/{UNIT}": File(unit),
        "/etc/systemd/system/pacemaker.service.d/tuchanka.conf": File(pacemaker),
    }
