"""What a node of a real lab showed to the audit's script, read."""

from pathlib import Path

from tuchanka.events import ArchiveFacts, NodeFacts
from tuchanka.stacks.pacemaker.audit_facts import differing, read, script
from tuchanka.topology.load import load

SEEN = (Path(__file__).parent / "seen" / "audit.txt").read_text()
CLUSTER = load(None).cluster("tuchanka2")
NODE = "tuchanka2a"


def test_all_that_a_healthy_primary_shows() -> None:
    shown = read(CLUSTER, NODE, SEEN, "armed")
    facts = shown.encoded()
    assert NodeFacts.of(facts) == shown
    settings = facts.pop("settings")
    assert facts == {
        "watchdog": "armed",
        "boot": "121db3d8-605a-49a6-81fd-0f8f0d750385",
        "cores": [],
        "crashes": [],
        "daemons": {
            "corosync": [145],
            "corosync-qdevic": [154, 156],
            "pacemaker-attrd": [217],
            "pacemaker-based": [214],
            "pacemaker-contr": [219],
            "pacemaker-execd": [216],
            "pacemaker-fence": [215],
            "pacemaker-sched": [218],
            "pacemakerd": [158],
            "sbd": [141, 142, 143],
        },
        "quorum": {"quorate": True, "votes": 3, "expected": 3, "device": True},
        "fail_counts": {},
        "scores": {"krogan2": 1001},
        "instances": {
            "krogan2": {
                "in_recovery": False,
                "timeline": 3,
                "lsn": facts["instances"]["krogan2"]["lsn"],
                "streaming": ["tuchanka2b"],
                "checksum_failures": 0,
                "rows": [60, "-54023090564549848646"],
                "parents": {"1": 50331808, "2": 50684232},
            }
        },
    }
    assert settings["cib-bootstrap-options-stonith-enabled"] == "stonith-enabled=true"
    assert settings["colocation-krogan2-vip-krogan2-clone-INFINITY"].startswith("rsc_colocation rsc=krogan2-vip")
    # What the cluster writes for itself is no setting.
    assert not [name for name in settings if "master" in name or "have-watchdog" in name or "dc-version" in name]


def test_harm_is_read_too() -> None:
    worse = SEEN.replace("@@cores\n", "@@cores\n/var/lib/corosync/core.145\n")
    worse = worse.replace(
        "@@crashes\n", "@@crashes\n[9.1] a systemd[1]: corosync.service: code=dumped, status=11/SEGV\n"
    )
    worse = worse.replace(
        "</constraints>", '<rsc_location id="cli-ban-x" rsc="x" node="n" score="-INFINITY"/></constraints>'
    )
    facts = read(CLUSTER, NODE, worse, "disarmed")
    assert facts.cores == ("/var/lib/corosync/core.145",)
    assert facts.crashes == ("[9.1] a systemd[1]: corosync.service: code=dumped, status=11/SEGV",)
    assert (facts.settings or {})["cli-ban-x"] == "rsc_location node=n rsc=x score=-INFINITY"
    assert facts.watchdog == "disarmed"


def test_what_was_not_shown_is_left_out() -> None:
    facts = read(CLUSTER, NODE, "", "absent")
    assert (facts.quorum, facts.fail_counts, facts.scores, facts.settings) == (None, None, None, None)
    assert facts.instances == {}
    cut_off = SEEN[: SEEN.index('"rows"')] if '"rows"' in SEEN else SEEN[: SEEN.index("rows")]
    assert read(CLUSTER, NODE, cut_off, "armed").instances == {}


def test_only_the_settings_that_differ_are_kept() -> None:
    found = NodeFacts(settings={"a": "1", "b": "2"}, boot="x")
    before = NodeFacts(settings={"a": "1", "c": "3"})
    assert differing(found, before) == (NodeFacts(settings={"b": "2"}, boot="x"), NodeFacts(settings={"c": "3"}))
    assert differing(NodeFacts(), before) == (NodeFacts(), before)


def test_the_script_asks_of_the_instances_that_the_node_keeps() -> None:
    text = script(load(None).cluster("tuchanka1"), "tuchanka1a", version=17, since=100.4, cut=200.25)
    assert text.count("@@sql ") == text.count("@@history ") == 2
    assert "--since=@100" in text
    assert "to_timestamp(200.250)" in text


ARCHIVE = """\
@@archive krogan2
waiting 2 33554432
disk 510426 4096
LIMIT=25%
WHEN_STUCK=drop
dropped 000000010000000000000022: 536870912 bytes of log wait for the archive, the limit is 522676224
dropped 000000010000000000000023: 520093696 bytes of log wait for the archive, the limit is 522676224
krogan2: the archive lacked 000000010000000000000007; it has it now
"""


def archive_of(text: str) -> ArchiveFacts | None:
    shown = read(CLUSTER, NODE, SEEN + text, "armed")
    assert NodeFacts.of(shown.encoded()) == shown
    return shown.copies["krogan2"].archive


def test_what_waits_for_the_archive_is_read_with_its_limit() -> None:
    note = "krogan2: the archive lacked 000000010000000000000007; it has it now"
    assert archive_of(ARCHIVE) == ArchiveFacts(2, 32 << 20, 510426 * 4096 // 4, 512 << 20, (note,))
    assert archive_of(ARCHIVE.replace("25%", "4096")) == ArchiveFacts(2, 32 << 20, 4096, 512 << 20, (note,))


def test_where_nothing_is_dropped_there_is_no_limit_and_without_an_archive_nothing_at_all() -> None:
    waits = archive_of(ARCHIVE.replace("=drop", "=wait"))
    assert waits is not None
    assert waits.limit_bytes is None
    assert archive_of("") is archive_of("@@archive krogan2\nwaiting 0 0\n") is None


def test_only_where_there_is_an_archive_it_is_asked_about() -> None:
    def asked(**how: bool) -> str:
        return script(CLUSTER, NODE, version=17, since=1.0, cut=2.0, **how)

    assert "archive_status" not in asked()
    assert "cd /var/lib/postgresql/17/krogan2/pg_wal" in asked(archived=True)
