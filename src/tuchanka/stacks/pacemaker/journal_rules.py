"""Which lines of Pacemaker, Corosync, PAF and PostgreSQL mark which point of a reaction. Pure.

To follow another wording of theirs, change ``RULES`` and nothing else.
"""

from tuchanka.events.fencings import ENDED, REQUESTED, SURE, TOLD
from tuchanka.events.points import (
    FENCING_ASKED,
    FENCING_DONE,
    MEMBERSHIP,
    MONITOR,
    PROMOTION_DONE,
    PROMOTION_STARTED,
    RECOVERED,
    STARTED,
    STOPPED,
    TOKEN_LOST,
    VIP_UP,
    VOTED,
    JournalRule,
)

FENCER = r"pacemaker-fenced"
FENCINGS: tuple[JournalRule, ...] = (
    JournalRule(REQUESTED, FENCER, r"Requesting peer fencing \((?:reboot|off)\) targeting (?P<target>\S+)", of="any"),
    JournalRule(
        TOLD,
        FENCER,
        r"Operation '(?:reboot|off)' \[\d+\] targeting (?P<target>\S+) using (?P<device>\S+) "
        r"returned (?P<status>-?\d+)",
        of="any",
    ),
    JournalRule(SURE, r"fence_\w+_at_once", r"^fencing: (?P<words>(?P<target>\S+) is .*)", of="any"),
    JournalRule(SURE, FENCER, r"(?P<words>Waiting \S+ for (?P<target>\S+) to self-fence)", of="any"),
    JournalRule(
        ENDED,
        FENCER,
        r"Operation '(?:reboot|off)' targeting (?P<target>\S+) (?:by (?P<by>.*?) )?for (?P<client>[^\s.@:]+)[^\s:]*: "
        r"(?P<result>.*)",
        of="any",
    ),
    JournalRule(
        ENDED,
        FENCER,
        r"Self-fencing \((?:reboot|off)\) by (?P<target>\S+) for (?P<client>[^\s.@]+)\S* "
        r"(?P<result>assumed complete)",
        of="any",
    ),
)
"""Which lines tell of a fencing, from the request to the end; see ``events.fencings``."""

RULES: tuple[JournalRule, ...] = (
    JournalRule(
        MONITOR,
        r"pacemaker-controld",
        r"Result of monitor operation for INSTANCE(?::\d+)? on \S+: (?!OK|ok|0\b|8\b|Promoted|promoted)",
        of="any",
    ),
    JournalRule(MONITOR, r"pgsqlms\(INSTANCE\)", r"first aid: the server", of="any"),
    JournalRule(TOKEN_LOST, r"corosync", r"A processor failed, forming new configuration"),
    JournalRule(MEMBERSHIP, r"corosync", r"\[TOTEM\s*\] A new membership", after=TOKEN_LOST),
    JournalRule(
        VOTED,
        r"corosync",
        r"This node is within the primary component|\[QUORUM\s*\] Members\[\d+\]",
        after=TOKEN_LOST,
    ),
    JournalRule(
        VOTED,
        r"pacemakerd|pacemaker-controld",
        r"Quorum (?:acquired|retained|regained)",
        after=TOKEN_LOST,
    ),
    JournalRule(
        FENCING_ASKED, r"pacemaker-fenced|pacemaker-controld", r"Requesting .*fencing .*(?:targeting|of) TARGET\b"
    ),
    JournalRule(
        FENCING_DONE,
        r"pacemaker-fenced|pacemaker-controld",
        r"Operation .?(?:reboot|off).? .*(?:targeting|of) TARGET\b.*\bOK\b"
        r"|Self-fencing \((?:reboot|off)\) by TARGET\b.* assumed complete"
        r"|TARGET was (?:terminated|fenced) \((?:reboot|off)\).*\bOK"
        r"|\bTARGET was (?:terminated|fenced) \((?:reboot|off)\)(?!.*(?:[Ff]ailed|rror))",
    ),
    JournalRule(
        RECOVERED, r"postgres-INSTANCE", r"database system is ready to accept connections", after=MONITOR, of="hit"
    ),
    JournalRule(
        STOPPED,
        r"pacemaker-controld",
        r"Result of stop operation for INSTANCE(?::\d+)? on \S+: (?:OK|ok|0)\b",
        of="any",
    ),
    JournalRule(
        STARTED,
        r"pacemaker-controld",
        r"Result of start operation for INSTANCE(?::\d+)? on \S+: (?:OK|ok|0)\b",
        of="any",
    ),
    JournalRule(
        PROMOTION_STARTED,
        r"pacemaker-controld",
        r"Requesting local execution of promote operation for INSTANCE\b",
        of="any",
    ),
    JournalRule(
        PROMOTION_DONE,
        r"pacemaker-controld",
        r"Result of promote operation for INSTANCE(?:[:-]\S*)? on \S+: (?:OK|ok|0)\b",
        of="any",
    ),
    JournalRule(
        VIP_UP,
        r"pacemaker-controld",
        r"Result of start operation for VIP-vip on \S+: (?:OK|ok|0)\b",
        of="any",
    ),
    *FENCINGS,
)
