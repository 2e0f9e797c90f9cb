"""The rules for the operations of the resources, and for PostgreSQL itself."""

from collections.abc import Callable

from tuchanka.stacks.pacemaker.timing.types import RuleResult, Timing

AID_S = 5
"""What first aid needs of a monitor's timeout beside the time it waits for an answer."""

ARCHIVE_SLACK_S = 3
"""What stop and promotion need of their timeout beside the archive's part."""


def monitors_differ(timing: Timing) -> RuleResult:
    """The monitor intervals of the two roles differ.

    Pacemaker tells recurring operations of a resource apart by their interval. Source: Pacemaker Explained,
    resource operations; PAF's quick start.
    """
    return RuleResult(
        name="monitor intervals differ",
        holds=timing.monitor_primary_s != timing.monitor_standby_s,
        text=f"monitor of the primary every {timing.monitor_primary_s} s, "
        f"of a standby every {timing.monitor_standby_s} s: not the same",
        source="Pacemaker Explained: monitoring resources in promotable roles; PAF quick start",
        key="monitor_standby_s",
        instead=f"write another number, for instance {timing.monitor_primary_s + 1}",
    )


def first_aid_fits_in_the_monitor(timing: Timing) -> RuleResult:
    """The monitor's timeout >= 2 x hang_timeout + 5 s: to kill a server that hangs, to start it again, and for PAF.

    Twice, because a server may begin to hang while PAF looks at it; then the monitor begins anew.
    Source: the resource agent (``first_aid.pl``): 2 s to kill, 2 s for PAF's own monitor, the rest to start.
    """
    least = 2 * timing.hang_timeout_s + AID_S
    return RuleResult(
        name="first aid fits in the monitor",
        holds=timing.monitor_timeout_s >= least,
        text=f"monitor timeout {timing.monitor_timeout_s} s "
        f">= 2 x hang_timeout {timing.hang_timeout_s} s + {AID_S} s",
        source="the resource agent: first_aid.pl",
        key="monitor_timeout_s",
        instead=f"write at least {least}",
    )


def demote_includes_a_stop(timing: Timing) -> RuleResult:
    """The demote timeout >= the stop timeout: PAF demotes by stopping PostgreSQL and starting it as a standby.

    Source: PAF's ``pgsqlms``, action demote.
    """
    return RuleResult(
        name="demote includes a stop",
        holds=timing.demote_timeout_s >= timing.stop_timeout_s,
        text=f"demote timeout {timing.demote_timeout_s} s >= stop timeout {timing.stop_timeout_s} s",
        source="PAF: pgsqlms, demote",
        key="demote_timeout_s",
        instead=f"write at least {timing.stop_timeout_s}",
    )


def frozen_postgres_is_stopped(timing: Timing) -> RuleResult:
    """The stop timeout <= 60 s, PAF's own suggestion.

    What first aid can't kill (hung storage) is found by the monitor's timeout and fenced after the stop's, so both
    are part of the reaction. Source: PAF's quick start; measured.
    """
    return RuleResult(
        name="frozen PostgreSQL is stopped",
        holds=timing.stop_timeout_s <= 60,
        text=f"stop timeout {timing.stop_timeout_s} s <= 60 s",
        source="PAF quick start; measured with a frozen PostgreSQL",
        key="stop_timeout_s",
        instead="write at most 60",
    )


def silent_standby_is_dropped(timing: Timing) -> RuleResult:
    """wal_sender_timeout <= token + consensus + stonith-watchdog-timeout.

    Until the primary drops a synchronous standby that went silent, commits wait for it; that must not last
    longer than a failover. Source: PostgreSQL documentation, wal_sender_timeout and synchronous_standby_names.
    """
    failover = timing.token_ms + timing.consensus_ms + timing.stonith_watchdog_timeout_ms
    return RuleResult(
        name="silent standby is dropped",
        holds=timing.wal_sender_timeout_ms <= failover,
        text=f"wal_sender_timeout {timing.wal_sender_timeout_ms} ms "
        f"<= token + consensus + stonith-watchdog-timeout = {failover} ms",
        source="PostgreSQL documentation: wal_sender_timeout, synchronous_standby_names",
        key="wal_sender_timeout_ms",
        instead=f"write at most {failover}",
    )


def standby_tries_again(timing: Timing) -> RuleResult:
    """wal_retrieve_retry_interval <= wal_receiver_timeout.

    A standby that waits longer before it tries again than it waited for the primary lengthens every
    reconnection, and with it the first synchronous commit. Source: PostgreSQL documentation.
    """
    return RuleResult(
        name="standby tries again",
        holds=timing.wal_retrieve_retry_interval_ms <= timing.wal_receiver_timeout_ms,
        text=f"wal_retrieve_retry_interval {timing.wal_retrieve_retry_interval_ms} ms "
        f"<= wal_receiver_timeout {timing.wal_receiver_timeout_ms} ms",
        source="PostgreSQL documentation: wal_retrieve_retry_interval, wal_receiver_timeout",
        key="wal_retrieve_retry_interval_ms",
        instead=f"write at most {timing.wal_receiver_timeout_ms}",
    )


def stop_outlasts_a_push(timing: Timing) -> RuleResult:
    """archive_push_timeout + 3 s <= the stop timeout.

    A server that is stopped waits for the file of the log that is on its way to the archive, and one that doesn't
    stop in time gets its node fenced. Source: PostgreSQL, "Shutting Down the Server"; measured with a store that
    hangs.
    """
    return RuleResult(
        name="stop outlasts a push to the archive",
        holds=timing.archive_push_timeout_s + ARCHIVE_SLACK_S <= timing.stop_timeout_s,
        text=f"archive_push_timeout {timing.archive_push_timeout_s} s + {ARCHIVE_SLACK_S} s "
        f"<= stop timeout {timing.stop_timeout_s} s",
        source='PostgreSQL documentation: "Shutting Down the Server"; measured with a store that hangs',
        key="archive_push_timeout_s",
        instead=f"write at most {max(1, timing.stop_timeout_s - ARCHIVE_SLACK_S)}",
    )


def promotion_outlasts_a_fetch(timing: Timing) -> RuleResult:
    """archive_fetch_timeout + 3 s <= the promote timeout.

    A standby that is promoted asks the archive once more for the rest of the log. Source: PostgreSQL,
    restore_command; measured with a store that hangs.
    """
    return RuleResult(
        name="promotion outlasts a fetch from the archive",
        holds=timing.archive_fetch_timeout_s + ARCHIVE_SLACK_S <= timing.promote_timeout_s,
        text=f"archive_fetch_timeout {timing.archive_fetch_timeout_s} s + {ARCHIVE_SLACK_S} s "
        f"<= promote timeout {timing.promote_timeout_s} s",
        source="PostgreSQL documentation: restore_command; measured with a store that hangs",
        key="archive_fetch_timeout_s",
        instead=f"write at most {max(1, timing.promote_timeout_s - ARCHIVE_SLACK_S)}",
    )


ARCHIVE_RULES: tuple[Callable[[Timing], RuleResult], ...] = (stop_outlasts_a_push, promotion_outlasts_a_fetch)
OPERATIONS: tuple[Callable[[Timing], RuleResult], ...] = (
    monitors_differ,
    first_aid_fits_in_the_monitor,
    demote_includes_a_stop,
    frozen_postgres_is_stopped,
    silent_standby_is_dropped,
    standby_tries_again,
    *ARCHIVE_RULES,
)
