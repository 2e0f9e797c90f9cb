"""Looks after the two Pacemaker daemons whose hanging sbd answers with a reset."""

from tuchanka.files import File
from tuchanka.render.engine import fill
from tuchanka.timing.types import Timing

PROGRAM = "/usr/local/sbin/pacemaker-watch"
UNIT = "pacemaker-watch.service"


def watch_files(timing: Timing) -> dict[str, File]:
    """Return path → file of the watch, the same on every node; it runs as long as Pacemaker does.

    A daemon that hangs has to be back, and to have answered sbd, before sbd's servant counts as silent: the watch
    waits half as long for its own answers. (With less it killed healthy ones on a machine that was overloaded.)
    """
    unit = f"""\
[Unit]
Description=Kills Pacemaker daemons that hang, so that they are started again
PartOf=pacemaker.service
After=pacemaker.service

[Service]
ExecStart={PROGRAM}
Restart=always
# It must not take its own lateness for another's.
Nice=-10
"""
    # By default systemd waits a second before it starts pacemakerd again; sbd's patience is short.
    pacemaker = f"[Unit]\nWants={UNIT}\n\n[Service]\nRestartSec=100ms\n"
    return {
        PROGRAM: File(
            fill(
                "pacemaker_watch.sh.j2",
                interval=f"{timing.sbd_servant_s / 2:g}",
                patience=timing.sbd_servant_s,
            ),
            mode=0o755,
        ),
        f"/etc/systemd/system/{UNIT}": File(unit),
        "/etc/systemd/system/pacemaker.service.d/tuchanka.conf": File(pacemaker),
    }
