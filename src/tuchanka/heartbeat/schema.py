"""Every statement that the recorder sends to its table, which ``services.heartbeat`` makes."""

import re

from tuchanka.errors import InputError

WRITE = "INSERT INTO beat (run, seq, written_mono) VALUES ($1, $2, $3)"

READ_NEWEST = "SELECT seq, written_mono FROM beat WHERE run = $1 ORDER BY seq DESC LIMIT 1"

# A server may be out of recovery and still refuse writes (``default_transaction_read_only``). Then its position in
# the log, in bytes, and the standbys of a primary as "NAME STATE/SYNC_STATE" (null where we may not see them).
ASK_ROLE = """\
SELECT pg_is_in_recovery(), current_setting('transaction_read_only'),
    (CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
        ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn)::bigint,
    CASE WHEN NOT pg_is_in_recovery() AND pg_has_role('pg_read_all_stats', 'USAGE') THEN ARRAY(
        SELECT application_name || ' ' || state || '/' || sync_state FROM pg_stat_replication
        WHERE application_name <> 'pg_basebackup' ORDER BY application_name) END"""

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}")


def check_run(run: str) -> str:
    """Return ``run`` if it can be a run's name (1 to 63 letters, digits, ``_ . : -``).

    Raises:
        InputError: it can't.
    """
    if not _RUN.fullmatch(run):
        raise InputError(f"not a run's name: {run!r}", hint="1 to 63 letters, digits and _ . : -")
    return run


def found_ranges(run: str) -> str:
    """Return a query for the sequence numbers of ``run`` that are there: rows ``(first, last)``, closed ranges.

    Raises:
        InputError: ``run`` is no run's name.
    """
    return (
        "SELECT min(seq), max(seq) FROM (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island "  # noqa: S608 - check_run allows nothing that ends a literal
        f"FROM beat WHERE run = '{check_run(run)}') AS numbered GROUP BY island ORDER BY 1"
    )
