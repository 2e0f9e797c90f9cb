"""What the timeouts lead to: the predicted reactions, and the safety margin of a cut-off primary. Pure arithmetic.

The phases of a reaction are named as the journals' anatomy names them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from tuchanka.prediction import Phase, Prediction
from tuchanka.stacks.pacemaker.timing.types import Timing

SLACK_S = 0.5
"""The least safety margin: room for late timers and for clocks that tick differently."""

QNETD_PATIENCE = 1.5
"""corosync-qnetd calls a client dead after so many of its heartbeats (dpd_interval_coefficient)."""

HEARTBEAT_SHARE = 0.8
"""The heartbeat of corosync-qdevice's net model is this share of ``quorum.device.timeout``."""

HEARTBEAT_LEAST_MS = 1000
HEARTBEAT_MOST_MS = 120_000
"""The heartbeat's bounds (heartbeat_interval_min and heartbeat_interval_max)."""

# What doesn't follow from a timeout is calibrated, here and nowhere else, with the journals of power losses under
# "fast" on four cores: medians of 7.4 s (two nodes) and 7.8 s (four). "steady", three trials, 18.2 s, checks it.
DECISION_HEARTBEATS = QNETD_PATIENCE - 0.5
"""When qnetd calls a dead client dead, in heartbeats after the fault: on average half of one was over by then."""
REQUEST_S = 0.35
"""Until fencing is asked for: 0.1 s, and up to twice 0.2 s where Pacemaker's controller finds updates of the CIB
pending and sleeps (controld_schedulerd.c), until ``pacemaker-watch`` wakes it."""
PROMOTED_S = 0.9
"""PAF's four notifications and its election among the standbys, then ``pg_ctl promote``."""
VIP_UP_S = 0.33
"""PAF's notification after the promotion, then starting the VIP and announcing it."""
FIRST_WRITE_S = 0.1
"""A client that reconnects at once and writes ten times a second."""

# In place of a failover.
SBD_LOOP_S = 1.0
"""sbd feeds the watchdog once a loop; on average half of one was over when the fault came."""
NOTICED_S = 0.2
"""The agent's start, and its first question to the server."""
RECOVERED_S = 0.8
"""PostgreSQL's start and recovery from a short log."""
MOVED_S = 4.0
"""A failed demotion, a stop, and the promotion of another, with all their notifications (measured on a busy host)."""
GIVEN_UP_S = 1.6
"""From a monitor's failure over a failed demotion to a failed stop, which asks for the fencing."""
STUCK_S = 6.4
"""The same where nothing can be killed: each action looks at the storage again, and waits 2 s for what stays."""
LEFT_S = 1.1
"""Until the others ask for the fencing of a member whose controller has gone."""


def qdevice_heartbeat_ms(timing: Timing) -> float:
    """Return the heartbeat between corosync-qdevice and corosync-qnetd in milliseconds."""
    return min(max(HEARTBEAT_SHARE * timing.qdevice_timeout_ms, HEARTBEAT_LEAST_MS), HEARTBEAT_MOST_MS)


def safety_margin_s(timing: Timing) -> float:
    """Return the seconds between the last moment a cut-off primary can live and the first moment of a new one.

    The cut-off side waits out ``sync_timeout`` until it knows that it has no quorum, and then the watchdog's
    timeout; the majority starts to count stonith-watchdog-timeout at the membership change. Negative: two
    primaries are possible. ``SLACK_S`` is the least that the rules accept.
    """
    last = timing.watchdog_s * 1000 + timing.qdevice_sync_timeout_ms
    return (timing.stonith_watchdog_timeout_ms - last) / 1000


def predict_power_off(timing: Timing) -> Prediction:
    """Predict the reaction to the power loss of the node with the primary, phase by phase.

    The phases follow one another; their names are those that the journals' anatomy measures.
    """
    token = timing.token_ms / 1000
    consensus = timing.consensus_ms / 1000
    heartbeat = qdevice_heartbeat_ms(timing) / 1000
    # qnetd may notice the dead node later than corosync does; it counts from the fault.
    late = max(0.0, DECISION_HEARTBEATS * heartbeat - token - consensus)
    phases = (
        Phase("detected", token, f"token {timing.token_ms} ms without an answer (corosync.conf(5))"),
        Phase(
            "quorum decided",
            consensus + late,
            f"consensus {timing.consensus_ms} ms, then the quorum device's vote "
            f"(heartbeat {heartbeat:g} s; corosync-qdevice(8))",
        ),
        Phase(
            "fenced",
            timing.stonith_watchdog_timeout_ms / 1000 + REQUEST_S,
            f"stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms (Pacemaker waits for the self-fence), "
            f"and {REQUEST_S:g} s until it asks for it (calibrated)",
        ),
        Phase("promoted", PROMOTED_S, "calibrated: scheduling, election among the standbys, promotion"),
        Phase("VIP up", VIP_UP_S, "calibrated: start of the VIP"),
        Phase("first write", FIRST_WRITE_S, "calibrated: a client that reconnects at once"),
    )
    return Prediction(fault="power-off", phases=phases)


FIRST_WRITE = Phase("first write", FIRST_WRITE_S, "calibrated: a client that reconnects at once")


def failover(timing: Timing) -> tuple[Phase, ...]:
    """The node falls silent: as after a power loss."""
    return predict_power_off(timing).phases


def after_a_reset(delay_s: float, rule: str, timing: Timing) -> tuple[Phase, ...]:
    """The node goes on until its own watchdog resets it; then as after a power loss."""
    detected, *rest = failover(timing)
    return (replace(detected, seconds=delay_s + detected.seconds, rule=f"{rule}; then the {detected.rule}"), *rest)


def unfed(timing: Timing) -> tuple[Phase, ...]:
    """Nobody feeds the watchdog any more."""
    delay = timing.watchdog_s - SBD_LOOP_S / 2
    return after_a_reset(delay, f"SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s, half a loop of which was over", timing)


def crash(timing: Timing) -> tuple[Phase, ...]:
    """The next monitor finds the server dead, and starts it again."""
    return (
        Phase(
            "detected",
            timing.monitor_primary_s / 2 + NOTICED_S,
            f"half of the monitor's interval of {timing.monitor_primary_s} s, and {NOTICED_S:g} s (calibrated)",
        ),
        Phase("recovered", RECOVERED_S, "calibrated: first aid starts the server, which recovers from its log"),
        FIRST_WRITE,
    )


def hang(timing: Timing) -> tuple[Phase, ...]:
    """A monitor waits for an answer, kills the server, and starts it again."""
    detected, *rest = crash(timing)
    seconds = detected.seconds + timing.hang_timeout_s
    rule = f"{detected.rule}, then hang_timeout {timing.hang_timeout_s} s without an answer"
    return (replace(detected, seconds=seconds, rule=rule), *rest)


def moved(timing: Timing) -> tuple[Phase, ...]:
    """The next monitor finds that the primary can't write, and Pacemaker moves it; nobody is fenced."""
    detected, _, _ = crash(timing)
    _, _, _, _, vip, write = failover(timing)
    return (detected, Phase("promoted", MOVED_S, "calibrated: demotion, stop, promotion elsewhere"), vip, write)


def given_up(timing: Timing) -> tuple[Phase, ...]:
    """A monitor fails, then demotion and stop: the node is fenced, though it still answers."""
    return _given_up(timing, GIVEN_UP_S, f"{GIVEN_UP_S:g} s until the stop has failed (calibrated)")


def stuck(timing: Timing) -> tuple[Phase, ...]:
    """A monitor gets nothing written, and neither demotion nor stop can end what waits for the storage."""
    rule = f"hang_timeout {timing.hang_timeout_s} s, {STUCK_S:g} s until the stop has failed (calibrated)"
    return _given_up(timing, timing.hang_timeout_s + STUCK_S, rule)


def _given_up(timing: Timing, fails_s: float, rule: str) -> tuple[Phase, ...]:
    """The node is fenced when demotion and stop have failed, ``fails_s`` after the monitor.

    It stops its own sbd from feeding the watchdog, while the others already wait out stonith-watchdog-timeout.
    """
    detected, decided, fenced, *rest = failover(timing)
    asked = timing.monitor_primary_s / 2 + NOTICED_S + fails_s
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
            seconds=max(0.0, left) + REQUEST_S,
            rule=f"what is left of stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms, which began "
            f"when the stop had failed, and {REQUEST_S:g} s until the promotion is asked for (calibrated)",
        ),
        *rest,
    )


def left(timing: Timing) -> tuple[Phase, ...]:
    """The controller ends on a node that stays a member, about which nothing is decided: the others fence it."""
    detected, _, *rest = failover(timing)
    rule = f"calibrated: the others see the controller go, {LEFT_S:g} s"
    return (replace(detected, seconds=LEFT_S, rule=rule), *rest)


def left_late(timing: Timing) -> tuple[Phase, ...]:
    """The same when the watch has killed the daemon that the controller lives on."""
    detected, *rest = left(timing)
    rule = f"the watch's patience, a sixth of SBD_WATCHDOG_TIMEOUT {timing.watchdog_s} s; then {detected.rule}"
    return (replace(detected, seconds=timing.watch_patience_s + detected.seconds, rule=rule), *rest)


def unnoticed(timing: Timing) -> tuple[Phase, ...]:
    """No client notices anything."""
    del timing
    return ()


PACEMAKER = (
    "pacemakerd",
    *(f"pacemaker-{it}" for it in ("controld", "attrd", "fenced", "execd", "schedulerd")),
)
PREDICTIONS: Mapping[str, Callable[[Timing], tuple[Phase, ...]]] = {
    **dict.fromkeys(("power-off", "reset", "unlink", "isolate-site", "freeze-machine"), failover),
    **dict.fromkeys(("kill-corosync", "freeze-corosync"), failover),
    **dict.fromkeys(("kill-sbd", "freeze-sbd"), unfed),
    "fork-bomb": given_up,
    "data-disk-hung": stuck,
    "kill-pacemaker-based": left,
    "freeze-pacemaker-based": left_late,
    **dict.fromkeys(("data-disk-full", "pgdata-lost", "pgdata-read-only"), moved),
    **dict.fromkeys(("kill-postgres", "kill-postmaster"), crash),
    **dict.fromkeys(("freeze-postgres", "freeze-postmaster"), hang),
    **dict.fromkeys((f"{verb}-{name}" for name in PACEMAKER for verb in ("kill", "freeze")), unnoticed),
    **dict.fromkeys(("table-corrupted", "root-disk-full"), unnoticed),
    **dict.fromkeys(("kill-qdevice", "freeze-qdevice", "kill-qnetd", "freeze-qnetd"), unnoticed),
}
"""Fault → its phases; none of them: no client should notice."""


def predict(timing: Timing, fault: str) -> Prediction | None:
    """Predict the reaction when the fault hits the primary's node; ``None`` for a fault without a prediction."""
    phases = PREDICTIONS.get(fault)
    return Prediction(fault, phases(timing)) if phases else None


def predict_all(timing: Timing) -> dict[str, Prediction]:
    """Predict the reaction to every fault that has a prediction, in the order of ``PREDICTIONS``."""
    return {fault: Prediction(fault, phases(timing)) for fault, phases in PREDICTIONS.items()}
