"""The heartbeat's table, and every statement the recorder sends to it."""

import re

from tuchanka.errors import InputError

DATABASE = "heartbeat"
USER = "heartbeat"

# One row per beat. ``written_mono`` is the recorder's own CLOCK_MONOTONIC when it sent the row: the age of what a
# reader sees is then a difference on one clock, whatever the nodes' clocks say.
CREATE_TABLE = """\
CREATE TABLE IF NOT EXISTS beat (
    run          text             NOT NULL,
    seq          bigint           NOT NULL,
    written_mono double precision NOT NULL,
    written_at   timestamptz      NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, seq)
)"""

WRITE = "INSERT INTO beat (run, seq, written_mono) VALUES ($1, $2, $3)"

READ_NEWEST = "SELECT seq, written_mono FROM beat WHERE run = $1 ORDER BY seq DESC LIMIT 1"

# A server may be out of recovery and still refuse writes (``default_transaction_read_only``).
ASK_ROLE = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')"

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}")


def check_run(run: str) -> str:
    """Return ``run`` if it can be a run's name (1 to 63 letters, digits, ``_ . : -``).

    Raises:
        InputError: it can't.
    """
    if not _RUN.fullmatch(run):
        raise InputError(f"not a run's name: {run!r}", hint="1 to 63 letters, digits and _ . : -")
    return run


def grant(user: str) -> str:
    """Return the statement that lets ``user`` (an SQL identifier) do all that the recorder does."""
    quoted = user.replace('"', '""')
    return f'GRANT SELECT, INSERT ON beat TO "{quoted}"'


def found_ranges(run: str) -> str:
    """Return a query for the sequence numbers of ``run`` that are there: rows ``(first, last)``, closed ranges.

    Raises:
        InputError: ``run`` is no run's name.
    """
    return (
        "SELECT min(seq), max(seq) FROM (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island "  # noqa: S608 - check_run allows nothing that ends a literal
        f"FROM beat WHERE run = '{check_run(run)}') AS numbered GROUP BY island ORDER BY 1"
    )
