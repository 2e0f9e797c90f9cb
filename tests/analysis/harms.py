"""Every kind of harm, and the checks that are there to notice it; and what leaves a check unmade."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.analysis.forged import INJECTED, INSTANCE, LAST_SEEN, NEW, OLD, UNREAD, VIP, power_loss, standby_fault
from tests.analysis.mutations import (
    OTHER,
    Mutate,
    after,
    at,
    bystander,
    for_a_moment,
    promising,
    shown_once,
    standby_with_another,
    still_primary,
    swap,
    unfound,
    unlogged,
    with_another,
    with_third,
)
from tuchanka.events import (
    Audited,
    CommitsCounted,
    Event,
    Healthy,
    Journal,
    MachineStopped,
    NodeFacts,
    Read,
    RoleProbe,
    ServiceStable,
    Streaming,
    VipHolders,
    Write,
)

Base = Callable[[], list[Event]]
FAILOVER: tuple[Base, ...] = (power_loss,)
IN_PLACE: tuple[Base, ...] = (standby_fault,)
EITHER: tuple[Base, ...] = (power_loss, standby_fault)


@dataclass(frozen=True)
class Harm:
    """What happens, which checks notice, and the histories to which it can be done.

    Of harms to the same ``matter`` the one may undo what the other needs.
    """

    what: str
    notices: str | tuple[str, ...]
    mutate: Mutate
    bases: tuple[Base, ...] = EITHER
    matter: str = ""

    @property
    def checks(self) -> set[str]:
        return {self.notices} if isinstance(self.notices, str) else set(self.notices)

    def done(self, base: Base | None = None) -> list[Event]:
        return self.mutate(promising((base or self.bases[0])()))


AUDIT = (
    *("rows", "checksums", "timelines", "replication", "fail counts", "constraints", "scores", "crashes"),
    *("daemons", "quorum", "watchdog", "waiting log", "archive"),
)
HARMS = (
    Harm(
        "writes stay away",
        ("writes", "reads"),
        swap(Write, after(INJECTED, lambda e: replace(e, outcome="indeterminate"))),
        matter="writes",
    ),
    Harm(
        "writes away at the end",
        "writes",
        swap(Write, after(129, lambda e: replace(e, outcome="indeterminate"))),
        matter="writes",
    ),
    Harm("reads stay stale", "reads", swap(Read, after(INJECTED, lambda e: replace(e, age=9.0)))),
    Harm("two primaries", ("one primary", "margin"), swap(RoleProbe, still_primary), FAILOVER, "roles"),
    Harm("two primaries for a moment", "one primary", swap(RoleProbe, for_a_moment), matter="roles"),
    Harm(
        "the old one's machine ran on",
        ("fencing", "margin"),
        swap(MachineStopped, lambda e: replace(e, t=INJECTED + 9.0)),
        FAILOVER,
        "roles",
    ),
    Harm(
        "the old one's machine ran on, and nobody was fenced",
        "margin",
        lambda events: swap(Journal, lambda _: None)(
            swap(MachineStopped, lambda e: replace(e, t=INJECTED + 9.0))(events)
        ),
        FAILOVER,
        "roles",
    ),
    Harm(
        "a device that lied",
        "fencing",
        # It stopped by itself, in time for the promotion and after it counted as fenced.
        swap(MachineStopped, lambda e: replace(e, t=INJECTED + 7.8, reason="watchdog")),
        FAILOVER,
        "roles",
    ),
    Harm(
        "a node that counted as fenced went on",
        ("fencing", "one primary", "margin"),
        lambda events: swap(RoleProbe, still_primary)(swap(MachineStopped, lambda _: None)(events)),
        FAILOVER,
        "roles",
    ),
    Harm(
        "a bystander switched off",
        "bystanders",
        lambda events: [*events, MachineStopped(INJECTED + 3.0, bystander(events), "bmc")],
    ),
    Harm(
        "a VIP on two nodes",
        "VIPs",
        swap(VipHolders, lambda e: replace(e, nodes=[OLD, NEW]) if 120 < e.due < 122 else e),
    ),
    Harm(
        "a VIP on an unknown machine, too",
        "VIPs",
        swap(
            VipHolders, lambda e: replace(e, nodes=["5a:00:00:00:00:01", NEW]) if e.vip == VIP and e.due > 115 else e
        ),
    ),
    Harm("a commit lost", "commits", unfound(UNREAD), FAILOVER, "writes"),
    Harm("a commit lost in place", ("commits", "commits in place"), unfound(UNREAD), IN_PLACE, "writes"),
    Harm(
        "a commit of another instance lost in place",
        "commits in place",
        unfound(UNREAD, instance=OTHER),
        (standby_with_another,),
    ),
    Harm(
        "a refused commit is there",
        "refused commits",
        swap(CommitsCounted, lambda e: replace(e, ranges=[*e.ranges, [60, 60]])),
        FAILOVER,
        "writes",
    ),
    Harm(
        "a row was read that nobody has",
        "reads stay",
        # Beat 46 was never answered, and isn't there.
        swap(Read, lambda e: replace(e, seq=46) if e.seq == LAST_SEEN and e.due > INJECTED else e),
        FAILOVER,
    ),
    Harm("a read that goes back", "reads in order", swap(Read, shown_once)),
    Harm("the lagging one promoted", "most advanced", lambda events: with_third(events, ahead=24), FAILOVER, "roles"),
    Harm("rows differ in number", "rows", at("standby", "instances", INSTANCE, rows=[299, "-4711"])),
    Harm("rows differ in value", "rows", at("standby", "instances", INSTANCE, rows=[300, "4711"])),
    Harm("a wrong checksum", "checksums", at("primary", "instances", INSTANCE, checksum_failures=1)),
    Harm("another timeline", "timelines", at("standby", "instances", INSTANCE, timeline=7), matter="timelines"),
    Harm(
        "a timeline that does not descend from the last",
        "timelines",
        at("primary", "instances", INSTANCE, parents={}),
        FAILOVER,
        "timelines",
    ),
    Harm(
        "a timeline that left too early",
        "timelines",
        at("primary", "instances", INSTANCE, parents={"1": 3999}),
        FAILOVER,
        "timelines",
    ),
    Harm("a standby is missing", "redundancy", swap(Streaming, after(INJECTED, lambda e: replace(e, standbys={})))),
    Harm(
        "a standby never catches up",
        "redundancy",
        swap(Streaming, after(INJECTED, lambda e: replace(e, standbys=dict.fromkeys(e.standbys, "catchup/async")))),
    ),
    Harm("a standby without the last commits", "replication", at("standby", "instances", INSTANCE, lsn=3999)),
    Harm("a standby that does not stream", "replication", at("primary", "instances", INSTANCE, streaming=[])),
    Harm(
        "two primaries in the end",
        ("replication", "scores"),
        at("standby", "instances", INSTANCE, in_recovery=False),
        FAILOVER,
        "primary at the end",
    ),
    Harm("not healthy", "healthy", swap(Healthy, lambda _: None)),
    Harm("a failure still counted", "fail counts", at("primary", fail_counts={INSTANCE: "1"})),
    Harm(
        "a constraint left behind", "constraints", at("primary", "settings", **{"cli-ban-1": "rsc_location node=b"})
    ),
    Harm("a setting gone", "constraints", at("primary", settings={"options-fencing": "stonith-enabled=true"})),
    Harm(
        "a setting changed", "constraints", at("primary", "settings", **{"options-fencing": "stonith-enabled=false"})
    ),
    Harm("a standby that can't be promoted", "scores", at("standby", scores={INSTANCE: -1000})),
    Harm("a standby without a score", "scores", at("standby", scores={INSTANCE: None})),
    Harm("a primary below its standby", "scores", at("primary", scores={INSTANCE: 900}), matter="primary at the end"),
    Harm("a core dump", "crashes", at("primary", cores=["/var/lib/corosync/core.145"])),
    Harm(
        "a crash",
        "crashes",
        at("primary", crashes=["postgres-krogan2: was terminated by signal 11: Segmentation fault"]),
    ),
    Harm("a daemon restarted", "daemons", at("primary", "daemons", corosync=[999])),
    Harm("a daemon gone", "daemons", at("primary", daemons={"corosync": [145], "pacemakerd": [158]})),
    Harm("another node fenced", "daemons", at("primary", boot="another")),
    Harm("a vote missing", "quorum", at("standby", "quorum", votes=2)),
    Harm("no vote of the quorum device", "quorum", at("standby", "quorum", device=False)),
    Harm("no quorum", "quorum", at("standby", "quorum", quorate=False)),
    Harm(
        "too much log waits",
        "waiting log",
        at("standby", "instances", INSTANCE, "archive", waiting_bytes=(288 << 20) + 1),
        matter="log",
    ),
    Harm(
        "too much log had waited when the rest was dropped",
        "waiting log",
        at("primary", "instances", INSTANCE, "archive", most_bytes=(288 << 20) + 1),
        matter="log",
    ),
    Harm("log waits at the end", "archive", at("primary", "instances", INSTANCE, "archive", waiting=3)),
    Harm(
        "a gap that no backup makes up for",
        "archive",
        at("primary", "instances", INSTANCE, "archive", gaps=["the log from 1 on is missing"]),
    ),
    Harm("a watchdog asleep", "watchdog", at("standby", watchdog="disarmed")),
)
# What can't be known is no pass either. Each leaves out what a check needs.
UNKNOWN = (
    Harm("never stable", "stable", swap(ServiceStable, lambda _: None)),
    Harm("a blind recorder", "recorder", swap(Write, lambda e: None if 107 < e.due < 110 else e)),
    Harm("no roles", ("one primary", "margin", "most advanced"), swap(RoleProbe, lambda _: None)),
    Harm(
        "a silent end",
        ("margin", "fencing", "bystanders"),
        lambda events: unlogged(swap(MachineStopped, lambda _: None)(events)),
    ),
    Harm("nobody logs when a node stops", ("fencing", "bystanders"), unlogged),
    Harm("no answer for the VIPs", "VIPs", swap(VipHolders, lambda e: replace(e, nodes=[]))),
    Harm(
        "nobody counted",
        ("commits", "commits in place", "refused commits", "reads stay"),
        swap(CommitsCounted, lambda _: None),
    ),
    Harm(
        "nobody counted the other instance",
        ("commits in place", "refused commits"),
        swap(CommitsCounted, lambda e: None if e.instance == OTHER else e),
        (with_another,),
    ),
    Harm("nothing read", ("reads stay", "reads in order"), swap(Read, lambda _: None)),
    Harm("connections without a number", "reads in order", swap(Read, lambda e: replace(e, connection=None))),
    Harm("no log positions", "most advanced", swap(RoleProbe, lambda e: replace(e, lsn=None))),
    Harm("no standbys asked for", "redundancy", swap(Streaming, lambda _: None)),
    Harm("no audit", (*AUDIT, "fencing", "bystanders"), swap(Audited, lambda _: None)),
    Harm(
        "a node that did not answer",
        AUDIT,
        swap(Audited, lambda e: replace(e, found=NodeFacts()) if e.node == OLD else e),
    ),
    Harm(
        "an older history, without the archive",
        ("waiting log", "archive"),
        at("primary", "instances", INSTANCE, archive=None),
    ),
    Harm(
        "an archive that could not be asked",
        "archive",
        at(
            *("primary", "instances", INSTANCE),
            archive={"waiting": 0, "waiting_bytes": 0, "limit_bytes": None},
        ),
    ),
    Harm(
        "no answer of PostgreSQL",
        ("rows", "checksums", "timelines", "replication", "scores", "waiting log", "archive"),
        at("standby", instances={}),
    ),
)
