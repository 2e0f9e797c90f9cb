"""The named profiles: a whole, consistent set of timeouts each. Every profile passes every rule of ``rules``.

``fast``      a lab, or sites joined by a metro link; the starting values are tuned on a real lab.
``steady``    the default for production: longer tokens, room for a busy machine.
``cautious``  after the SUSE formula for diskless SBD with a quorum device: rather slow than wrong.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tuchanka.stacks.pacemaker.timing.types import Timing

FAST = Timing(
    profile="fast",
    # Together above the 0.72 s after which qnetd calls a client dead, so that nobody waits for its vote.
    token_ms=400,
    consensus_ms=480,
    qdevice_timeout_ms=600,
    # Just above those 0.72 s.
    qdevice_sync_timeout_ms=800,
    watchdog_s=3,
    sbd_servant_s=1,
    # Exactly watchdog + sync_timeout + the slack that the safety margin asks for.
    stonith_watchdog_timeout_ms=4300,
    dc_deadtime_s=2,
    # One second: so much later the watchdog's time begins where the device died with its node.
    device_timeout_s=1,
    device_monitor_s=10,
    device_start_s=5,
    device_delay_s=2,
    monitor_primary_s=2,
    monitor_standby_s=3,
    monitor_timeout_s=11,
    hang_timeout_s=3,
    first_aid_again_s=10,
    start_timeout_s=30,
    stop_timeout_s=10,
    promote_timeout_s=15,
    demote_timeout_s=15,
    notify_timeout_s=10,
    vip_monitor_s=3,
    vip_timeout_s=10,
    wal_retrieve_retry_interval_ms=100,
    wal_sender_timeout_ms=3000,
    wal_receiver_timeout_ms=5000,
    # A standby's attempt to connect to a VIP that nobody holds: the walreceiver knows no connect_timeout.
    tcp_user_timeout_ms=1000,
    archive_push_timeout_s=2,
    archive_fetch_timeout_s=2,
)

STEADY = Timing(
    profile="steady",
    token_ms=3000,
    consensus_ms=3600,
    qdevice_timeout_ms=2000,
    qdevice_sync_timeout_ms=4000,
    watchdog_s=5,
    sbd_servant_s=2,
    stonith_watchdog_timeout_ms=10000,
    dc_deadtime_s=10,
    device_timeout_s=5,
    device_monitor_s=30,
    device_start_s=10,
    device_delay_s=5,
    monitor_primary_s=10,
    monitor_standby_s=11,
    monitor_timeout_s=20,
    hang_timeout_s=5,
    first_aid_again_s=300,
    start_timeout_s=60,
    stop_timeout_s=30,
    promote_timeout_s=30,
    demote_timeout_s=60,
    notify_timeout_s=30,
    vip_monitor_s=10,
    vip_timeout_s=20,
    wal_retrieve_retry_interval_ms=1000,
    wal_sender_timeout_ms=10000,
    wal_receiver_timeout_ms=10000,
    tcp_user_timeout_ms=2000,
    archive_push_timeout_s=5,
    archive_fetch_timeout_s=5,
)

CAUTIOUS = Timing(
    profile="cautious",
    token_ms=5000,
    consensus_ms=6000,
    qdevice_timeout_ms=5000,
    qdevice_sync_timeout_ms=10000,
    # SUSE's crmsh: the watchdog outlasts sync_timeout by 5 s, stonith-watchdog-timeout is twice the watchdog.
    watchdog_s=15,
    sbd_servant_s=3,
    stonith_watchdog_timeout_ms=30000,
    dc_deadtime_s=20,
    device_timeout_s=10,
    device_monitor_s=60,
    device_start_s=20,
    device_delay_s=10,
    # The operations as PAF's own documentation suggests them.
    monitor_primary_s=15,
    monitor_standby_s=16,
    monitor_timeout_s=30,
    hang_timeout_s=10,
    first_aid_again_s=600,
    start_timeout_s=60,
    stop_timeout_s=60,
    promote_timeout_s=30,
    demote_timeout_s=120,
    notify_timeout_s=60,
    vip_monitor_s=10,
    vip_timeout_s=20,
    wal_retrieve_retry_interval_ms=5000,
    wal_sender_timeout_ms=30000,
    wal_receiver_timeout_ms=30000,
    tcp_user_timeout_ms=5000,
    archive_push_timeout_s=10,
    archive_fetch_timeout_s=10,
)

PROFILES: Mapping[str, Timing] = MappingProxyType({one.profile: one for one in (FAST, STEADY, CAUTIOUS)})
