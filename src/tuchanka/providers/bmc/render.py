"""What ``ipmi_sim`` is told of one BMC. Pure.

Source: ipmi_sim(1), ipmi_lan(5), ipmi_sim_cmd(5).
"""

import hashlib
import shlex
from pathlib import Path

from tuchanka.topology.fencing import BMC_USER

CHASSIS = Path(__file__).parent / "chassis.pl"
# A management controller at the usual address of a BMC (0x20), with an event log: what a server's board has at least.
COMMANDS = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""
PORT = 623
"""UDP port of IPMI over a network (RMCP)."""


def configuration(machine: str, address: str, password: str, socket: Path) -> str:
    """Return the file for ``-c``: one user, who has a password and may do everything, and nobody else."""
    identity = hashlib.md5(f"{machine} {address}".encode(), usedforsecurity=False).hexdigest()
    chassis = shlex.join(["perl", str(CHASSIS), str(socket), machine])
    return f"""\
name "{machine}"
set_working_mc 0x20
  startlan 1
    addr {address} {PORT}
    priv_limit admin
    allowed_auths_admin md5
    guid {identity}
  endlan
  chassis_control "{chassis}"
  user 2 true "{BMC_USER}" "{password}" admin 10 md5
"""
