"""The rules that every set of timeouts must obey; each names its source. Used by the lint and ``tuchanka timing``."""

from collections.abc import Callable

from tuchanka.stacks.pacemaker.timing.operations import ARCHIVE_RULES, OPERATIONS, first_aid_fits_in_the_monitor
from tuchanka.stacks.pacemaker.timing.predict import (
    QNETD_PATIENCE,
    SLACK_S,
    qdevice_heartbeat_ms,
    safety_margin_s,
)
from tuchanka.stacks.pacemaker.timing.types import RuleResult, Timing

STONITH_TIMEOUT_S = 60
"""Pacemaker's default of the cluster option stonith-timeout: how long a whole fencing may take."""

LEVELS = "clusters.CLUSTER.fencing.levels"
"""The key of a rule that isn't about a timeout."""

SBD_LOOP_S = 1
"""sbd writes to the watchdog once a loop; the loop takes 1 s (sbd(8), option -3 and its default)."""

WATCH_LATE_S = 0.2
"""How much later than its patience ``pacemaker-watch`` kills at most: it looks ten times a second, and twice."""

SUSE_MARGIN_MS = 5000
"""How much longer than ``sync_timeout`` SUSE's crmsh makes the watchdog when there is a quorum device."""


def rules(timing: Timing) -> tuple[RuleResult, ...]:
    """Apply every rule that concerns the cluster, always in the same order.

    The SUSE formula is asked only of the profile that promises it, the quorum device's rules only where there is one,
    the watchdog's only where it is counted on, those of levels only where there are two, first aid's only where
    it is on, and the archive's only where there is one.
    """
    return tuple(rule(timing) for rule in asked(timing))


def asked(timing: Timing) -> tuple[Callable[[Timing], RuleResult], ...]:
    """Return the rules that concern the cluster."""
    without = () if timing.quorum_device else QUORUM_DEVICE_RULES
    without = without if timing.fencing.watchdog else (*without, *WATCHDOG_RULES)
    without = without if timing.fencing.device and timing.fencing.watchdog else (*without, *LEVEL_RULES)
    without = without if timing.helpers.first_aid else (*without, first_aid_fits_in_the_monitor)
    without = without if timing.archive else (*without, *ARCHIVE_RULES)
    promised = SUSE_RULES if timing.profile == "cautious" else ()
    return tuple(rule for rule in (*RULES, *promised) if rule not in without)


def least_fencing_ms(timing: Timing) -> int:
    """Return the shortest ``stonith_watchdog_timeout_ms`` that the rules allow beside the other timeouts."""
    slack = round(SLACK_S * 1000)
    last = timing.watchdog_s * 1000 + timing.decision_ms + slack
    frozen = frozen_lives_ms(timing) + slack - timing.token_ms - timing.consensus_ms
    suse = 2 * timing.watchdog_s * 1000 if timing.profile == "cautious" else 0
    return max(last, frozen, suse)


def frozen_lives_ms(timing: Timing) -> int:
    """Return how long a node with a frozen corosync lives at most, in milliseconds after the fault.

    ``pacemaker-watch`` kills corosync, and sbd, which loses its connection, stops feeding the watchdog at once.
    Without it sbd's servant has to fall silent first.
    """
    if timing.helpers.pacemaker_watch:
        return round((timing.watch_patience_s + WATCH_LATE_S) * 1000) + timing.watchdog_s * 1000
    return (timing.sbd_servant_s + SBD_LOOP_S + timing.watchdog_s) * 1000


def consensus_over_token(timing: Timing) -> RuleResult:
    """The consensus timeout >= 1.2 x token. Source: corosync.conf(5), totem, consensus.

    It supposes ``token_coefficient: 0``; otherwise corosync lengthens the token with every node over two.
    """
    least = -(-timing.token_ms * 12 // 10)
    return RuleResult(
        name="consensus over token",
        holds=timing.consensus_ms >= least,
        text=f"consensus {timing.consensus_ms} ms >= 1.2 x token {timing.token_ms} ms",
        source="corosync.conf(5), totem: consensus",
        key="consensus_ms",
        instead=f"write at least {least}",
    )


def quorum_device_decides_in_time(timing: Timing) -> RuleResult:
    """1.5 x heartbeat < sync_timeout, where the heartbeat is 0.8 x timeout and at least 0.1 s.

    corosync-qnetd calls a silent node dead after 1.5 of its heartbeats; corosync has to wait for that answer.
    Source: corosync-qdevice(8); dpd_interval_coefficient in corosync-qnetd(8).
    """
    patience = QNETD_PATIENCE * qdevice_heartbeat_ms(timing)
    return RuleResult(
        name="quorum device decides in time",
        holds=patience < timing.qdevice_sync_timeout_ms,
        text=f"1.5 x heartbeat {qdevice_heartbeat_ms(timing):g} ms = {patience:g} ms "
        f"< sync_timeout {timing.qdevice_sync_timeout_ms} ms",
        source="corosync-qdevice(8); corosync-qnetd(8): dpd_interval_coefficient",
        key="qdevice_sync_timeout_ms",
        instead=f"write more than {patience:g}",
    )


def sbd_trusts_the_quorum(timing: Timing) -> RuleResult:
    """sync_timeout <= SBD_WATCHDOG_TIMEOUT.

    Otherwise sbd doesn't trust the quorum of a cluster with a quorum device, and never becomes ready.
    Source: sbd's cluster servant (``sbd-cluster.c``, CHECK_QDEVICE_SYNC_TIMEOUT).
    """
    return RuleResult(
        name="sbd trusts the quorum",
        holds=timing.qdevice_sync_timeout_ms <= timing.watchdog_s * 1000,
        text=f"sync_timeout {timing.qdevice_sync_timeout_ms} ms <= SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s",
        source="sbd: sbd-cluster.c, CHECK_QDEVICE_SYNC_TIMEOUT",
        key="qdevice_sync_timeout_ms",
        instead=f"write at most {timing.watchdog_s * 1000}",
    )


def fencing_outlasts_the_watchdog(timing: Timing) -> RuleResult:
    """SBD_WATCHDOG_TIMEOUT < stonith-watchdog-timeout.

    Otherwise Pacemaker takes a node for fenced before its watchdog has fired.
    Source: Pacemaker Explained, cluster option stonith-watchdog-timeout.
    """
    return RuleResult(
        name="fencing outlasts the watchdog",
        holds=timing.watchdog_s * 1000 < timing.stonith_watchdog_timeout_ms,
        text=f"SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s "
        f"< stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms",
        source="Pacemaker Explained: stonith-watchdog-timeout",
        key="stonith_watchdog_timeout_ms",
        instead=f"write more than {timing.watchdog_s * 1000}",
    )


def safety_margin(timing: Timing) -> RuleResult:
    """stonith-watchdog-timeout >= SBD_WATCHDOG_TIMEOUT + sync_timeout + slack.

    A cut-off primary first waits out ``sync_timeout``, then its watchdog; the majority starts its own
    countdown at once. Without a quorum device there is no ``sync_timeout``.
    Source: measured, see ``safety_margin_s``.
    """
    least = timing.watchdog_s * 1000 + timing.decision_ms + round(SLACK_S * 1000)
    waits = "sync_timeout" if timing.quorum_device else "noting the loss of quorum"
    return RuleResult(
        name="safety margin of a cut-off primary",
        holds=safety_margin_s(timing) >= SLACK_S,
        text=f"stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms - SBD_WATCHDOG_TIMEOUT "
        f"{timing.watchdog_s} s - {waits} {timing.decision_ms} ms = "
        f"{safety_margin_s(timing):g} s >= {SLACK_S:g} s",
        source="measured: a cut-off primary waits out sync_timeout, then its watchdog",
        key="stonith_watchdog_timeout_ms",
        instead=f"write at least {least}",
    )


def watchdog_outlasts_sbd_loops(timing: Timing) -> RuleResult:
    """SBD_WATCHDOG_TIMEOUT >= 3 loops of sbd, so that one late wake-up doesn't reset a healthy node.

    Source: sbd(8); sbd writes to the watchdog once a loop of 1 s.
    """
    return RuleResult(
        name="watchdog outlasts sbd's loops",
        holds=timing.watchdog_s >= 3 * SBD_LOOP_S,
        text=f"SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s >= 3 x sbd's loop {SBD_LOOP_S} s",
        source="sbd(8): -1 (watchdog timeout) and -3 (loop timeout)",
        key="watchdog_s",
        instead=f"write at least {3 * SBD_LOOP_S}",
    )


def frozen_stack_is_reset_in_time(timing: Timing) -> RuleResult:
    """What a node with a frozen corosync lives, and slack <= token + consensus + stonith-watchdog-timeout.

    With a frozen corosync a primary goes on serving, while the others miss the token and start to count. It lives
    for a sixth of SBD_WATCHDOG_TIMEOUT (``pacemaker-watch``) and SBD_WATCHDOG_TIMEOUT. Without that helper sbd's
    servant of the cluster has to fall silent, and after ``-I`` and a loop sbd stops feeding the watchdog.
    Source: sbd's inquisitor (``sbd-inquisitor.c``, timeout_io + timeout_loop); measured.
    """
    dead = frozen_lives_ms(timing)
    watch = timing.helpers.pacemaker_watch
    until = (
        f"watch's patience {timing.watch_patience_s:g} s + {WATCH_LATE_S:g} s"
        if watch
        else f"sbd's -I {timing.sbd_servant_s} s + loop {SBD_LOOP_S} s"
    )
    replaced = timing.token_ms + timing.consensus_ms + timing.stonith_watchdog_timeout_ms
    return RuleResult(
        name="frozen corosync is reset in time",
        holds=dead + SLACK_S * 1000 <= replaced,
        text=f"{until} + SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s "
        f"+ {SLACK_S:g} s <= token + consensus + stonith-watchdog-timeout = {replaced} ms",
        source="sbd: sbd-inquisitor.c, timeout_io; measured with a frozen corosync",
        key="stonith_watchdog_timeout_ms" if watch else "sbd_servant_s",
        instead=f"write at least {round(dead + SLACK_S * 1000) - timing.token_ms - timing.consensus_ms}"
        if watch
        else f"write at most {max(1, int(replaced / 1000 - SLACK_S - SBD_LOOP_S - timing.watchdog_s))}",
    )


def first_election_hears_a_peer(timing: Timing) -> RuleResult:
    """dc-deadtime >= token: a starting node that elects itself sooner could overlook a peer.

    Source: Pacemaker Explained, cluster option dc-deadtime.
    """
    return RuleResult(
        name="first election hears a peer",
        holds=timing.dc_deadtime_s * 1000 >= timing.token_ms,
        text=f"dc-deadtime {timing.dc_deadtime_s} s >= token {timing.token_ms} ms",
        source="Pacemaker Explained: dc-deadtime",
        key="dc_deadtime_s",
        instead=f"write at least {-(-timing.token_ms // 1000)}",
    )


def suse_fencing(timing: Timing) -> RuleResult:
    """stonith-watchdog-timeout >= 2 x SBD_WATCHDOG_TIMEOUT. Source: SUSE HA Administration Guide, diskless SBD."""
    return RuleResult(
        name="SUSE: fencing twice the watchdog",
        holds=timing.stonith_watchdog_timeout_ms >= 2 * timing.watchdog_s * 1000,
        text=f"stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms "
        f">= 2 x SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s",
        source="SUSE Linux Enterprise High Availability, Administration Guide: diskless SBD; crmsh",
        key="stonith_watchdog_timeout_ms",
        instead=f"write at least {2 * timing.watchdog_s * 1000}, or choose another profile",
    )


def suse_watchdog(timing: Timing) -> RuleResult:
    """SBD_WATCHDOG_TIMEOUT >= sync_timeout + 5 s. Source: SUSE's crmsh (``sbd.py``, QDEVICE_SYNC_TIMEOUT_MARGIN)."""
    least = -(-(timing.qdevice_sync_timeout_ms + SUSE_MARGIN_MS) // 1000)
    return RuleResult(
        name="SUSE: watchdog outlasts the quorum device",
        holds=timing.watchdog_s >= least,
        text=f"SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s "
        f">= sync_timeout {timing.qdevice_sync_timeout_ms} ms + {SUSE_MARGIN_MS} ms",
        source="SUSE crmsh: sbd.py, QDEVICE_SYNC_TIMEOUT_MARGIN",
        key="watchdog_s",
        instead=f"write at least {least}, or choose another profile",
    )


def device_before_watchdog(timing: Timing) -> RuleResult:
    """The device is the first level: the watchdog's always succeeds, so what comes after it is never tried.

    Source: Pacemaker Explained, "Fencing topologies".
    """
    return RuleResult(
        name="device before watchdog",
        holds=timing.fencing.levels[0] == "device",
        text=f"levels of fencing: {', then '.join(timing.fencing.levels)}",
        source="Pacemaker Explained: fencing topologies",
        key=LEVELS,
        instead='write ["device", "watchdog"]',
    )


def device_gives_up_in_time(timing: Timing) -> RuleResult:
    """What a device may take, and stonith-watchdog-timeout <= stonith-timeout (60 s): both levels have their turn.

    Where the watchdog's time counts at once, the device's is part of it.
    Source: Pacemaker Explained, stonith-timeout.
    """
    own = 0 if timing.counts_at_once else timing.device_timeout_s * 1000
    together = own + timing.stonith_watchdog_timeout_ms
    return RuleResult(
        name="device gives up in time",
        holds=together <= STONITH_TIMEOUT_S * 1000,
        text=f"device's deadline {own} ms + stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms "
        f"<= stonith-timeout {STONITH_TIMEOUT_S} s",
        source="Pacemaker Explained: stonith-timeout, pcmk_off_timeout",
        key="device_timeout_s",
        instead=f"write at most {max(1, STONITH_TIMEOUT_S - -(-timing.stonith_watchdog_timeout_ms // 1000))}",
    )


RULES: tuple[Callable[[Timing], RuleResult], ...] = (
    consensus_over_token,
    quorum_device_decides_in_time,
    sbd_trusts_the_quorum,
    fencing_outlasts_the_watchdog,
    safety_margin,
    watchdog_outlasts_sbd_loops,
    frozen_stack_is_reset_in_time,
    first_election_hears_a_peer,
    device_before_watchdog,
    device_gives_up_in_time,
    *OPERATIONS,
)
WATCHDOG_RULES: tuple[Callable[[Timing], RuleResult], ...] = (
    sbd_trusts_the_quorum,
    fencing_outlasts_the_watchdog,
    safety_margin,
    watchdog_outlasts_sbd_loops,
    frozen_stack_is_reset_in_time,
    suse_fencing,
    suse_watchdog,
)
LEVEL_RULES: tuple[Callable[[Timing], RuleResult], ...] = (device_before_watchdog, device_gives_up_in_time)
QUORUM_DEVICE_RULES: tuple[Callable[[Timing], RuleResult], ...] = (
    quorum_device_decides_in_time,
    sbd_trusts_the_quorum,
    suse_watchdog,
)
SUSE_RULES: tuple[Callable[[Timing], RuleResult], ...] = (suse_fencing, suse_watchdog)
