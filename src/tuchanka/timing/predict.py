"""What the timeouts lead to: the predicted reaction, and the safety margin of a cut-off primary. Pure arithmetic."""

from tuchanka.timing.types import Phase, Prediction, Timing

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
# "fast" on four cores: runs of five trials had medians of 8.1 to 9.1 s. Two write gaps measured by hand check it:
# 9.6 s (token 1000, quorum device 1000/2500, watchdog 3 s, stonith-watchdog-timeout 6 s), predicted 10.3 s;
# 19.6 s (token 3000, quorum device 2000/4000, watchdog 5 s, stonith-watchdog-timeout 10 s), predicted 18.7 s.
DECISION_HEARTBEATS = QNETD_PATIENCE - 0.5
"""When qnetd calls a dead client dead, in heartbeats after the fault: on average half of one was over by then."""
REQUEST_S = 0.6
"""Until fencing is asked for: 0.1 s, or 1.1 s in half of the cases, where Pacemaker's controller finds updates of the
CIB pending and sleeps a second before it asks for a new transition (controld_schedulerd.c)."""
PROMOTED_S = 1.05
"""PAF's four notifications and its election among the standbys, then ``pg_ctl promote``."""
VIP_UP_S = 0.33
"""PAF's notification after the promotion, then starting the VIP and announcing it."""
FIRST_WRITE_S = 0.1
"""A client that reconnects at once and writes ten times a second."""


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
