"""Which capabilities this host can't give nspawn machines, and why."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache

from tuchanka.providers.base import Bmc, Latency, Traffic

PROBE_S = 10
SIMULATOR = "ipmi_sim"
NO_SIMULATOR = f"{SIMULATOR} is missing (package openipmi)"
NETEM = "tc qdisc add dev lo root netem delay 1ms"
BRIDGE = "nft 'add table bridge probe; add chain bridge probe forward { type filter hook forward priority 0; }'"


@cache
def missing() -> Mapping[str, str]:
    """Return capability → why it isn't there; asked of the kernel itself, in a namespace that ends with the question.

    A module that could be loaded counts as there, and is loaded by that.
    """
    probes = (
        (Latency.__name__, NETEM, "the kernel has no netem (sch_netem)"),
        (Traffic.__name__, BRIDGE, "the kernel has no nftables for bridges (NF_TABLES_BRIDGE)"),
    )
    no_simulator = {} if shutil.which(SIMULATOR) else {Bmc.__name__: NO_SIMULATOR}
    if not _works("true"):  # an ordinary user may make no namespace here, and learns nothing
        return no_simulator
    return no_simulator | {capability: why for capability, script, why in probes if not _works(script)}


def _works(script: str) -> bool:
    own = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    command = [*own, "--", "sh", "-c", f"PATH=$PATH:/usr/sbin:/sbin; {script}"]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
