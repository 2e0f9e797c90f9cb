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

# What doesn't follow from a timeout is calibrated, here and nowhere else. Two measured write gaps served:
# 9.6 s (token 1000, quorum device 1000/2500, watchdog 3 s, stonith-watchdog-timeout 6 s), predicted 10.0 s;
# 19.6 s (token 3000, quorum device 2000/4000, watchdog 5 s, stonith-watchdog-timeout 10 s), predicted 18.7 s.
DECISION_HEARTBEATS = 0.5
"""How many heartbeats pass, on average, between the new membership and the quorum device's vote."""
PROMOTED_S = 0.7
"""Scheduling, PAF's election among the standbys, ``pg_ctl promote``."""
VIP_UP_S = 0.2
"""Starting the VIP and announcing it."""
FIRST_WRITE_S = 0.4
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
    late = max(0.0, QNETD_PATIENCE * heartbeat - token - consensus)
    phases = (
        Phase("detected", token, f"token {timing.token_ms} ms without an answer (corosync.conf(5))"),
        Phase(
            "quorum decided",
            consensus + max(late, DECISION_HEARTBEATS * heartbeat),
            f"consensus {timing.consensus_ms} ms, then the quorum device's vote "
            f"(heartbeat {heartbeat:g} s; corosync-qdevice(8))",
        ),
        Phase(
            "fenced",
            timing.stonith_watchdog_timeout_ms / 1000,
            f"stonith-watchdog-timeout {timing.stonith_watchdog_timeout_ms} ms from the membership change "
            "(Pacemaker waits for the self-fence)",
        ),
        Phase("promoted", PROMOTED_S, "calibrated: scheduling, election among the standbys, promotion"),
        Phase("VIP up", VIP_UP_S, "calibrated: start of the VIP"),
        Phase("first write", FIRST_WRITE_S, "calibrated: a client that reconnects at once"),
    )
    return Prediction(fault="power-off", phases=phases)
