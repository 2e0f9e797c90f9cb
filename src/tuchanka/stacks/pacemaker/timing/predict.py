"""What the timeouts lead to: the predicted reactions, and the safety margin of a cut-off primary. Pure arithmetic.

The phases of a reaction are named as the journals' anatomy names them.
"""

from dataclasses import replace

from tuchanka.prediction import Phase, Prediction
from tuchanka.stacks.pacemaker.timing.types import Timing

SLACK_S = 0.5
"""The least safety margin: room for late timers and for clocks that tick differently."""

QNETD_PATIENCE = 1.5
"""corosync-qnetd calls a client dead after so many of its heartbeats (dpd_interval_coefficient)."""

HEARTBEAT_SHARE = 0.8
"""The heartbeat of corosync-qdevice's net model is this share of ``quorum.device.timeout``."""

HEARTBEAT_LEAST_MS = 100
HEARTBEAT_MOST_MS = 120_000
"""The heartbeat's bounds: both daemons are told the least (heartbeat_interval_min; by default 1 s), and know the most
(heartbeat_interval_max). Source: corosync-qdevice(8) and corosync-qnetd(8), advanced settings."""

# What doesn't follow from a timeout is calibrated, here and nowhere else, with the journals of power losses under
# "fast" on two cores: medians of 5.9 s (two nodes) and 6.5 s (four). "steady", three trials, 18.2 s, checks it.
DECISION_HEARTBEATS = QNETD_PATIENCE - 0.5
"""When qnetd calls a dead client dead, in heartbeats after the fault: on average half of one was over by then."""
DEVICE_S = 0.35
"""A BMC that answers: the agent asks for the state, switches off, and asks again."""
REQUEST_S = 0.3
"""Until fencing is asked for: 0.1 s, and up to twice 0.1 s where Pacemaker's controller finds updates of the CIB
pending and sleeps (controld_schedulerd.c), until ``pacemaker-watch`` wakes it."""
SLEEPS_S = 2.1
"""The same where nothing wakes it: 0.1 s, and two sleeps of 1 s."""
PROMOTED_S = 0.6
"""PAF's four notifications and its election among the standbys, then ``pg_ctl promote``."""
ASKED_S = 0.35
"""What is added where PAF is asked about every notification and validates its configuration in each action (measured:
10.1 s instead of 8.1 s together with the sleeps)."""
VIP_UP_S = 0.2
"""PAF's notification after the promotion, then starting the VIP and announcing it."""
FIRST_WRITE_S = 0.1
"""A client that reconnects at once and writes ten times a second."""

# In place of a failover.
SBD_LOOP_S = 1.0
"""sbd feeds the watchdog once a loop; on average half of one was over when the fault came."""
NOTICED_S = 0.2
"""The agent's start, and its first question to the server."""
EVENT_S = 0.15
"""The watch over the servers starts first aid, which asks for Pacemaker's configuration first."""
RECOVERED_S = 0.4
"""PostgreSQL's start and recovery from a short log."""
MOVED_S = 4.0
"""A failed demotion, a stop, and the promotion of another, with all their notifications (measured on a busy host)."""
GIVEN_UP_S = 1.6
"""From a monitor's failure over a failed demotion to a failed stop, which asks for the fencing."""
STUCK_S = 6.4
"""The same where nothing can be killed: each action looks at the storage again, and waits 2 s for what stays."""
LEFT_S = 1.1
"""Until the others ask for the fencing of a member whose controller has gone."""
MONITORED_S = 2.3
"""What Pacemaker's recovery of a dead server takes more than first aid's (measured with plain PAF): demotion, stop,
start and promotion, each with its notifications."""
SYSTEMD_S = 1.0
"""How long systemd waits before it starts pacemakerd again, without the drop-in of ``pacemaker-watch``."""
SBD_BELIEVES = 3
"""So many of its loops sbd needs at most to believe in a pacemakerd that was started again."""


def qdevice_heartbeat_ms(timing: Timing) -> float:
    """Return the heartbeat between corosync-qdevice and corosync-qnetd in milliseconds."""
    return min(max(HEARTBEAT_SHARE * timing.qdevice_timeout_ms, HEARTBEAT_LEAST_MS), HEARTBEAT_MOST_MS)


def qdevice_connect_ms(timing: Timing) -> int:
    """Return how long an attempt to reach the quorum device may take: by default a heartbeat, here at least a second.

    Source: corosync-qdevice(8): connect_timeout, net_min_connect_timeout.
    """
    return max(round(qdevice_heartbeat_ms(timing)), 1000)


def safety_margin_s(timing: Timing) -> float:
    """Return the seconds between the last moment a cut-off primary can live and the first moment of a new one.

    The cut-off side waits out ``sync_timeout`` until it knows that it has no quorum (not at all without a quorum
    device), and then the watchdog's timeout; the majority starts to count stonith-watchdog-timeout at the membership
    change. Negative: two primaries are possible. ``SLACK_S`` is the least that the rules accept.
    """
    last = timing.watchdog_s * 1000 + timing.decision_ms
    return (timing.stonith_watchdog_timeout_ms - last) / 1000


def predict_power_off(timing: Timing) -> Prediction:
    """Predict the reaction to the power loss of the node with the primary, phase by phase.

    The phases follow one another; their names are those that the journals' anatomy measures. A device that fences the
    node is taken to answer: it has power of its own.
    """
    return Prediction(reaction="failover", phases=_failover(timing, device=timing.fencing.device))


def _failover(timing: Timing, *, device: bool) -> tuple[Phase, ...]:
    """Return the phases where the node falls silent; ``device``: one answers that switches it off."""
    token = timing.token_ms / 1000
    consensus = timing.consensus_ms / 1000
    heartbeat = qdevice_heartbeat_ms(timing) / 1000
    # qnetd may notice the dead node later than corosync does; it counts from the fault.
    late = max(0.0, DECISION_HEARTBEATS * heartbeat - token - consensus) if timing.quorum_device else 0.0
    vote = f", then the quorum device's vote (heartbeat {heartbeat:g} s; corosync-qdevice(8))"
    made_sure, by = _made_sure(timing, device=device)
    request, why = requested(timing), "" if timing.helpers.pacemaker_watch else ": its controller sleeps twice"
    promoted = PROMOTED_S + (0.0 if timing.helpers.paf_shortcuts else ASKED_S)
    return (
        Phase("detected", token, f"token {timing.token_ms} ms without an answer (corosync.conf(5))"),
        Phase(
            "quorum decided",
            consensus + late,
            f"consensus {timing.consensus_ms} ms{vote if timing.quorum_device else ''}",
        ),
        Phase(
            "fenced",
            made_sure + request,
            f"{by}, and {request:g} s until Pacemaker asks for it{why} (calibrated)",
        ),
        Phase("promoted", promoted, "calibrated: scheduling, election among the standbys, promotion"),
        Phase("VIP up", VIP_UP_S, "calibrated: start of the VIP"),
        Phase("first write", FIRST_WRITE_S, "calibrated: a client that reconnects at once"),
    )


def _made_sure(timing: Timing, *, device: bool) -> tuple[float, str]:
    """Return how long it takes from the request until the node is known to be off, and why."""
    if device:
        return DEVICE_S, f"its fencing device switches it off and says so, {DEVICE_S:g} s (calibrated)"
    waits = timing.stonith_watchdog_timeout_ms / 1000
    rule = f"stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms (Pacemaker waits for the self-fence)"
    if timing.fencing.device and not timing.counts_at_once:
        return waits + timing.device_timeout_s, f"device_timeout_s {timing.device_timeout_s} s, then the {rule}"
    return waits, rule


def requested(timing: Timing) -> float:
    """Return the seconds until the coordinator asks for a fencing."""
    return REQUEST_S if timing.helpers.pacemaker_watch else SLEEPS_S


FIRST_WRITE = Phase("first write", FIRST_WRITE_S, "calibrated: a client that reconnects at once")


def failover(timing: Timing) -> tuple[Phase, ...]:
    """The node falls silent: as after a power loss."""
    return predict_power_off(timing).phases


def failover_without_device(timing: Timing) -> tuple[Phase, ...] | None:
    """The node falls silent, and its fencing device with it: without a watchdog behind it nothing can be said."""
    return _failover(timing, device=False) if timing.fencing.watchdog else None


def after_a_reset(delay_s: float, rule: str, timing: Timing) -> tuple[Phase, ...]:
    """The node goes on until its own watchdog resets it; then as after a power loss."""
    detected, *rest = failover(timing)
    return (replace(detected, seconds=delay_s + detected.seconds, rule=f"{rule}; then the {detected.rule}"), *rest)


def unfed(timing: Timing) -> tuple[Phase, ...]:
    """Nobody feeds the watchdog any more."""
    delay = timing.watchdog_s - SBD_LOOP_S / 2
    return after_a_reset(delay, f"SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s, half a loop of which was over", timing)


def monitored(timing: Timing) -> Phase:
    """The next monitor finds it."""
    return Phase(
        "detected",
        timing.monitor_primary_s / 2 + NOTICED_S,
        f"half of the monitor's interval of {timing.monitor_primary_s} s, and {NOTICED_S:g} s (calibrated)",
    )


def crash(timing: Timing) -> tuple[Phase, ...]:
    """The watch sees the server end, or the next monitor finds it dead; first aid starts it again.

    Without first aid Pacemaker does.
    """
    aid = timing.helpers.first_aid
    watch = aid and timing.helpers.postgres_watch
    return (
        Phase("detected", EVENT_S, "calibrated: the kernel tells the watch, which starts first aid")
        if watch
        else monitored(timing),
        Phase("recovered", RECOVERED_S, "calibrated: first aid starts the server, which recovers from its log")
        if aid
        else Phase("recovered", RECOVERED_S + MONITORED_S, "calibrated: demotion, stop, start, promotion"),
        FIRST_WRITE,
    )


def hang(timing: Timing) -> tuple[Phase, ...]:
    """The watch sees that it is stopped, or a monitor waits for an answer; first aid kills it and starts it again.

    Without first aid every action on the server waits for its timeout, until the stop has failed: the node is fenced.
    """
    if not timing.helpers.first_aid:
        monitors, notify = 2 * timing.monitor_timeout_s, timing.notify_timeout_s
        demote, stop = timing.demote_timeout_s, timing.stop_timeout_s
        rule = (
            f"the timeouts of two monitors ({monitors} s), notify ({notify} s), demote ({demote} s) and stop "
            f"({stop} s), one after the other (measured)"
        )
        return _given_up(timing, monitors + notify + demote + stop, rule)
    _, *rest = crash(timing)
    if timing.helpers.postgres_watch:
        patience = timing.stopped_patience_s
        rule = f"a sixth of hang_timeout {timing.hang_timeout_s} s, and {EVENT_S:g} s (calibrated)"
        return (Phase("detected", patience + EVENT_S, rule), *rest)
    detected = monitored(timing)
    seconds = detected.seconds + timing.hang_timeout_s
    rule = f"{detected.rule}, then hang_timeout {timing.hang_timeout_s} s without an answer"
    return (replace(detected, seconds=seconds, rule=rule), *rest)


def moved(timing: Timing) -> tuple[Phase, ...] | None:
    """The next monitor finds that the primary can't write, and Pacemaker moves it; no node is fenced.

    PAF's own monitor doesn't look whether it can, so without first aid nothing is predicted.
    """
    if not timing.helpers.first_aid:
        return None
    _, _, _, _, vip, write = failover(timing)
    return (
        monitored(timing),
        Phase("promoted", MOVED_S, "calibrated: demotion, stop, promotion elsewhere"),
        vip,
        write,
    )


def given_up(timing: Timing) -> tuple[Phase, ...]:
    """A monitor fails, then demotion and stop: the node is fenced, though it still answers."""
    return _given_up(timing, GIVEN_UP_S, f"{GIVEN_UP_S:g} s until the stop has failed (calibrated)")


def stuck(timing: Timing) -> tuple[Phase, ...] | None:
    """A monitor gets nothing written, and neither demotion nor stop can end what waits for the storage.

    PAF's own monitor writes nothing, so without first aid nothing is predicted.
    """
    if not timing.helpers.first_aid:
        return None
    rule = f"hang_timeout {timing.hang_timeout_s} s, {STUCK_S:g} s until the stop has failed (calibrated)"
    return _given_up(timing, timing.hang_timeout_s + STUCK_S, rule)


def _given_up(timing: Timing, fails_s: float, rule: str) -> tuple[Phase, ...]:
    """The node is fenced when demotion and stop have failed, ``fails_s`` after the monitor.

    A device switches it off. Without one it stops its own sbd from feeding the watchdog, while the others already
    wait out stonith-watchdog-timeout.
    """
    detected, decided, fenced, *rest = failover(timing)
    asked = timing.monitor_primary_s / 2 + NOTICED_S + fails_s
    if timing.fencing.device:
        why = f"half of the monitor's interval of {timing.monitor_primary_s} s, {rule}"
        return (replace(detected, seconds=asked, rule=why), fenced, *rest)
    silent = asked + timing.watchdog_s - SBD_LOOP_S / 2 + detected.seconds
    left = asked + timing.stonith_watchdog_timeout_ms / 1000 - silent - decided.seconds
    return (
        replace(
            detected,
            seconds=silent,
            rule=f"half of the monitor's interval of {timing.monitor_primary_s} s, {rule}, "
            f"then SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s; then the {detected.rule}",
        ),
        decided,
        replace(
            fenced,
            seconds=max(0.0, left) + requested(timing),
            rule=f"what is left of stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms, which began "
            f"when the stop had failed, and {requested(timing):g} s until the promotion is asked for (calibrated)",
        ),
        *rest,
    )


def left(timing: Timing) -> tuple[Phase, ...]:
    """The controller ends on a node that stays a member, about which nothing is decided: the others fence it."""
    detected, _, *rest = failover(timing)
    rule = f"calibrated: the others see the controller go, {LEFT_S:g} s"
    return (replace(detected, seconds=LEFT_S, rule=rule), *rest)


def left_late(timing: Timing) -> tuple[Phase, ...]:
    """The same when the watch has killed the daemon that the controller lives on; without it sbd resets the node."""
    if not timing.helpers.pacemaker_watch:
        return silent_pacemaker(timing)
    detected, *rest = left(timing)
    rule = f"the watch's patience, a sixth of SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s; then {detected.rule}"
    return (replace(detected, seconds=timing.watch_patience_s + detected.seconds, rule=rule), *rest)


def silent_pacemaker(timing: Timing) -> tuple[Phase, ...]:
    """A Pacemaker that hangs is left to sbd, which stops feeding the watchdog when its servant has fallen silent."""
    delay = timing.sbd_servant_s + SBD_LOOP_S + timing.watchdog_s
    rule = f"sbd's -I {timing.sbd_servant_s} s, a loop and SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s"
    return after_a_reset(delay, rule, timing)


def pacemakerd_frozen(timing: Timing) -> tuple[Phase, ...]:
    """The watch kills it, systemd starts it again, and no client notices; without the watch sbd resets the node."""
    return unnoticed(timing) if timing.helpers.pacemaker_watch else silent_pacemaker(timing)


def pacemakerd_killed(timing: Timing) -> tuple[Phase, ...]:
    """Systemd starts it again, at once with the watch's drop-in; else sbd may not believe in it in time."""
    if timing.helpers.pacemaker_watch or timing.watchdog_s >= SYSTEMD_S + SBD_BELIEVES * SBD_LOOP_S:
        return unnoticed(timing)
    rule = f"SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s, over before sbd believes in the new pacemakerd"
    return after_a_reset(timing.watchdog_s, rule, timing)


def unnoticed(timing: Timing) -> tuple[Phase, ...]:
    """No client notices anything."""
    del timing
    return ()
