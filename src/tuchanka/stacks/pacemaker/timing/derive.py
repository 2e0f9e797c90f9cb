"""From the topology's profile and overrides to every timeout."""

import difflib
import math
from dataclasses import fields, replace
from typing import Any

from tuchanka.errors import TopologyError
from tuchanka.stacks.pacemaker.timing.profiles import PROFILES
from tuchanka.stacks.pacemaker.timing.rules import least_fencing_ms
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.topology.types import Cluster, Fencing, Topology

KEYS: tuple[str, ...] = tuple(field.name for field in fields(Timing) if field.name.endswith(("_ms", "_s")))
"""The keys of ``[timing]``, in the order of ``Timing``."""

LONGEST_S = 3600
"""No timeout is longer than this: a longer one most likely mixes up milliseconds and seconds."""


def timing_of(topology: Topology, cluster: Cluster) -> Timing:
    """Return the timeouts of one cluster of the topology.

    ``stonith_watchdog_timeout_ms`` depends on the cluster, unless the topology says what it is. Without a quorum
    device nothing waits for its vote: it is shorter by the profile's ``qdevice_sync_timeout_ms``, as far as the other
    rules allow. Without the watch over Pacemaker a node with a frozen corosync lives longer: then it is as long as
    the profile's other timeouts ask for.
    Raises TopologyError like ``derive``.
    """

    def here(timing: Timing) -> Timing:
        levels = Fencing(cluster.fencing.levels)
        archive = topology.archive is not None and any(one.archive for one in cluster.instances)
        return replace(
            timing, quorum_device=cluster.witness, fencing=levels, helpers=topology.helpers, archive=archive
        )

    timing = here(derive(topology))
    if "stonith_watchdog_timeout_ms" in topology.overrides:
        return timing
    profile = here(PROFILES[topology.profile])
    fencing = profile.stonith_watchdog_timeout_ms
    if not cluster.witness:
        shorter = fencing - profile.qdevice_sync_timeout_ms + timing.decision_ms
        fencing = max(shorter, min(least_fencing_ms(timing), fencing))
    return replace(timing, stonith_watchdog_timeout_ms=max(fencing, least_fencing_ms(profile)))


def derive(topology: Topology) -> Timing:
    """Return the profile's timeouts with the topology's overrides laid over them, for a cluster with a quorum device.

    Raises TopologyError (key ``profile`` or ``timing.KEY``) for an unknown profile, an unknown key, or a value
    that isn't a whole number from 1 to an hour.
    """
    base = PROFILES.get(topology.profile)
    if base is None:
        raise TopologyError(
            f"there is no timing profile called {topology.profile!a}",
            where=f"{topology.source}: profile",
            hint=f"choose from: {', '.join(PROFILES)}",
        )
    overrides: dict[str, Any] = {
        key: _value(topology.source, key, value) for key, value in topology.overrides.items()
    }
    return replace(base, helpers=topology.helpers, **overrides)


def _value(source: str, key: str, value: object) -> int:
    # ``object`` on purpose: a Topology built by hand may carry anything.
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1)
        shown = key if key.isascii() and key.isidentifier() else ascii(key[:60])
        raise TopologyError(
            "there is no such timeout",
            where=f"{source}: timing.{shown}",
            hint=f"did you mean {near[0]}?" if near else f"choose from: {', '.join(KEYS)}",
        )
    longest = LONGEST_S * 1000 if key.endswith("_ms") else LONGEST_S
    unit = "milliseconds" if key.endswith("_ms") else "seconds"
    whole = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value) and value.is_integer())
    if isinstance(value, bool) or not isinstance(value, int | float) or not whole or not 1 <= value <= longest:
        raise TopologyError(
            f"must be a whole number of {unit}",
            where=f"{source}: timing.{key}",
            hint=f"write a number from 1 to {longest}",
        )
    return int(value)
