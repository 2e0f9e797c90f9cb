"""Every timeout of a cluster, as the renderers use it, and a predicted reaction."""

from dataclasses import dataclass

from tuchanka.topology.types import ALL, WATCHDOG, Fencing, Helpers

NOTED_MS = 300


@dataclass(frozen=True, slots=True)
class Timing:
    """All timeouts of a cluster; the unit is the end of each name. ``profile`` says what they were derived from.

    The timeouts' names are also the keys of ``[timing]`` in the topology. ``quorum_device``, ``helpers``,
    ``fencing`` (its levels alone) and ``archive`` are what rules and predictions depend on beside them.
    """

    profile: str
    # corosync.conf(5), totem
    token_ms: int
    consensus_ms: int
    # corosync-qdevice(8), corosync.conf(5) quorum.device
    qdevice_timeout_ms: int
    qdevice_sync_timeout_ms: int
    # sbd(8) and Pacemaker's cluster options
    watchdog_s: int
    sbd_servant_s: int
    stonith_watchdog_timeout_ms: int
    dc_deadtime_s: int
    # fencing devices
    device_timeout_s: int
    device_monitor_s: int
    device_start_s: int
    device_delay_s: int
    # operations of the PAF resource
    monitor_primary_s: int
    monitor_standby_s: int
    monitor_timeout_s: int
    # first aid within the monitors
    hang_timeout_s: int
    first_aid_again_s: int
    start_timeout_s: int
    stop_timeout_s: int
    promote_timeout_s: int
    demote_timeout_s: int
    notify_timeout_s: int
    # operations of the VIP resources
    vip_monitor_s: int
    vip_timeout_s: int
    # PostgreSQL
    wal_retrieve_retry_interval_ms: int
    wal_sender_timeout_ms: int
    wal_receiver_timeout_ms: int
    tcp_user_timeout_ms: int
    # one file of the log to the archive, and from it
    archive_push_timeout_s: int
    archive_fetch_timeout_s: int
    # the cluster
    quorum_device: bool = True
    helpers: Helpers = ALL
    fencing: Fencing = WATCHDOG
    archive: bool = False

    @property
    def decision_ms(self) -> int:
        """How long a side that was cut off takes to know that it has no quorum, after the change of the membership.

        It waits for the quorum device. Without one Pacemaker alone has to note the loss (0.1 to 0.28 s, measured).
        """
        return self.qdevice_sync_timeout_ms if self.quorum_device else NOTED_MS

    @property
    def counts_at_once(self) -> bool:
        """Whether the watchdog's time counts from when a fencing device is asked."""
        return self.helpers.fencing_at_once and self.fencing.device and self.fencing.watchdog

    @property
    def device_forgiven_s(self) -> int:
        """When a device's last failure is forgotten: later than the next monitor could fail."""
        return self.device_monitor_s + self.device_start_s + 5

    @property
    def knet_ping_interval_ms(self) -> int:
        """How often corosync's transport pings each other node: once a round of its thread, however short the token.

        Source: libknet.h, KNET_THREADS_TIMER_RES.
        """
        return max(self.token_ms // 4, 200)

    @property
    def knet_ping_timeout_ms(self) -> int:
        """How long a link may be silent until nothing is sent over it any more.

        corosync.conf(5) derives it from the token: half of it, so that traffic moves to another link before the token
        is lost. There is one link. Under a short token that is one round of the thread that compares, and one that
        wakes up 10 ms late cuts a healthy node off. So it is five pings.
        """
        return 5 * self.knet_ping_interval_ms

    @property
    def watch_patience_s(self) -> float:
        """How long ``pacemaker-watch`` lets a daemon hang.

        sbd needs up to three of its loops to believe in a daemon that was started again, and they have to end before
        the watchdog fires.
        """
        return self.watchdog_s / 6

    @property
    def stopped_patience_s(self) -> float:
        """How long ``postgres-watch`` lets a postmaster be stopped: a debugger needs less for a stack trace."""
        return self.hang_timeout_s / 6


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule applied to one set of timeouts.

    ``text`` states the rule with the figures, ``source`` says where it comes from, ``key`` is the key of
    ``[timing]`` to change when it doesn't hold, and ``instead`` what to write there.
    """

    name: str
    holds: bool
    text: str
    source: str
    key: str
    instead: str
