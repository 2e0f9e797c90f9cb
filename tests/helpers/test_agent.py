"""The resource agent: it corrects PAF's order of standbys, and runs an agent that it doesn't know as it is."""

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tuchanka.helpers.files import text

FORGET = "ip neigh flush to 192.168.89.105\n"
WRONG = "ORDER BY location ASC, application_name ASC"
RIGHT = "ORDER BY location DESC NULLS LAST, application_name ASC"
# What PAF's agent does to find its modules, and something to see which text was run.
PAF = """#!/usr/bin/perl
use strict;
use warnings;
use FindBin;
{subs}
my $query = qq{
  {query}
};
sub show { print "$query$0|$FindBin::RealBin|@ARGV|" . __FILE__ . ":" . __LINE__ . "\\n" }
show();
exit 7;
__END__
=head1 NAME
"""

# How PAF 2.3.0 chooses among its notifications, and sees whether one concerns its node.
NOTIFICATIONS = """my ( $nodename, %OCF_NOTIFY_ENV, $OCF_SUCCESS );
sub pgsql_notify_pre_stop {
    my $rc;

    # do nothing if the local node will not be stopped
    return $OCF_SUCCESS unless scalar
        grep { $_->{'uname'} eq $nodename } @{ $OCF_NOTIFY_ENV{'stop'} };
}
sub pgsql_notify_pre_demote {
    my $rc;
    my %cdata;

    # do nothing if the local node will not be demoted
    return $OCF_SUCCESS unless scalar
        grep { $_->{'uname'} eq $nodename } @{ $OCF_NOTIFY_ENV{'demote'} };

    $rc = pgsql_monitor();

    # do nothing if this is not a master recovery
    return $OCF_SUCCESS unless _is_master_recover( $nodename )
                           and $rc == 9;
}
sub pgsql_notify {
    for ( shift ) {
        if    ( /^pre-promote$/  ) { return 1 }
        elsif ( /^pre-demote$/   ) { return 2 }
        elsif ( /^post-demote$/  ) { return 3 }
        elsif ( /^pre-stop$/     ) { return pgsql_notify_pre_stop() }
    }
}"""

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")


def agent(
    folder: Path,
    query: str | None,
    *arguments: str,
    subs: str = "",
    meta: Mapping[str, str] = MappingProxyType({}),
    settings: str = "",
    debug: str = "0",
) -> subprocess.CompletedProcess[str]:
    """Run the agent beside a PAF with this query and these subs."""
    own = folder / "tuchanka" / "pgsqlms"
    own.parent.mkdir()
    own.write_text(text("pgsqlms.pl"))
    (folder / "tuchanka" / "paf_shortcuts.pl").write_text(text("paf_shortcuts.pl"))
    conf = folder / "helpers.conf"
    conf.write_text(f"# a comment\nPRIMARY_ADDRESS_krogan4=192.168.89.105\n{settings}\n")
    if query is not None:
        (folder / "heartbeat").mkdir()
        (folder / "heartbeat" / "pgsqlms").write_text(PAF.replace("{query}", query).replace("{subs}", subs))
    command = ["perl", str(own), *arguments]
    programs = folder / "bin"
    programs.mkdir()
    for name in ("ip", "logger"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >&2\n')
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "OCF_RESOURCE_INSTANCE": "krogan4",
        "TUCHANKA_HELPERS_CONF": str(conf),
        "TUCHANKA_RUN": str(folder / "run"),
        "TUCHANKA_LOG": str(folder / "log"),
        "HA_debug": debug,
    }
    environment |= {f"OCF_RESKEY_CRM_meta_{name}": it for name, it in meta.items()}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_the_order_is_put_right_and_everything_else_runs_as_it_is(tmp_path: Path):
    done = agent(tmp_path, WRONG, "monitor")
    query, where = done.stdout.splitlines()[1:]
    assert query.strip() == RIGHT
    name, folder, action, line = where.split("|")
    assert (Path(name).name, folder, action) == ("pgsqlms", str(tmp_path / "tuchanka"), "monitor")
    # Messages point into PAF's own file.
    assert line == f"{tmp_path}/tuchanka/../heartbeat/pgsqlms:9"
    assert (done.returncode, done.stderr) == (7, "")


@pytest.mark.parametrize("query", [RIGHT, "ORDER BY location DESC, application_name ASC"])
def test_a_release_that_is_corrected_is_run_as_it_is(tmp_path: Path, query: str):
    done = agent(tmp_path, query, "promote")
    assert query in done.stdout
    assert (done.returncode, done.stderr) == (7, "")


@pytest.mark.parametrize("query", ["ORDER BY position", f"{WRONG}\n{WRONG}"])
def test_an_agent_that_is_not_known_fails_the_check_and_warns_when_it_starts_and_promotes(tmp_path: Path, query: str):
    check = agent(tmp_path, query, "check")
    assert check.returncode == 5
    assert "isn't the one that is known" in check.stderr
    for action, warns in (("start", True), ("promote", True), ("monitor", False)):
        folder = tmp_path / action
        folder.mkdir()
        done = agent(folder, query, action)
        assert ("WARNING" in done.stderr) is warns
        assert done.returncode == 7


@pytest.mark.parametrize(("query", "status"), [(WRONG, 0), (RIGHT, 0), (None, 5)])
def test_the_check_runs_nothing(tmp_path: Path, query: str | None, status: int):
    done = agent(tmp_path, query, "check")
    assert (done.returncode, done.stdout) == (status, "")
    assert ("cannot read PAF's resource agent" in done.stderr) is (query is None)


def test_an_agent_that_does_not_compile_says_so(tmp_path: Path):
    done = agent(tmp_path, "}; sub (", "monitor")
    assert done.returncode != 0
    assert "heartbeat/pgsqlms line" in done.stderr


@pytest.mark.parametrize(
    ("kind", "here", "asked"),
    [
        pytest.param("pre-promote", "a", True, id="one that PAF names"),
        pytest.param("post-promote", "a", False, id="one that PAF doesn't name"),
        pytest.param("post-stop", "a", False, id="after a stop"),
        pytest.param("pre-stop", "a", True, id="a stop of this node"),
        pytest.param("pre-stop", "c", True, id="a stop of this node and another"),
        pytest.param("pre-stop", "b", False, id="a stop of another node"),
        pytest.param("pre-stop", "", True, id="a stop, and no word where this is"),
        pytest.param("pre-demote", "a", True, id="a demotion of this node, which is promoted again: a recovery"),
        pytest.param("pre-demote", "b", False, id="a demotion, and another node is promoted"),
        pytest.param("post-demote", "a", True, id="one about which PAF asks nothing of the kind"),
    ],
)
def test_paf_is_asked_only_about_notifications_that_matter_to_it(tmp_path: Path, kind: str, here: str, asked: bool):
    kind_type, operation = kind.split("-")
    meta = {"notify_type": kind_type, "notify_operation": operation, "on_node": here, "notify_stop_uname": "a c"}
    meta["notify_promote_uname"] = "a"
    done = agent(tmp_path, WRONG, "notify", subs=NOTIFICATIONS, meta=meta)
    assert (done.returncode, bool(done.stdout)) == ((7, True) if asked else (0, False))
    # Around a promotion the node forgets where the primary's address was, whatever PAF thinks of it.
    assert done.stderr == (FORGET if operation == "promote" else "")


def test_a_release_that_tells_its_notifications_in_another_way_is_asked_about_all(tmp_path: Path):
    meta = {"notify_type": "post", "notify_operation": "stop", "on_node": "b", "notify_stop_uname": "a"}
    assert agent(tmp_path, WRONG, "notify", meta=meta).returncode == 7


def test_each_part_can_be_switched_off(tmp_path: Path):
    meta = {"notify_type": "post", "notify_operation": "promote", "on_node": "b", "notify_promote_uname": "a"}
    parts = {"FORGET_ADDRESS": (0, ""), "PAF_SHORTCUTS": (7, FORGET), "PAF_ORDER": (0, FORGET)}
    for part, (status, said) in parts.items():
        folder = tmp_path / part
        folder.mkdir()
        done = agent(folder, WRONG, "notify", subs=NOTIFICATIONS, meta=meta, settings=f"{part}=no")
        assert (done.returncode, done.stderr) == (status, said), part
        if part == "PAF_SHORTCUTS":
            assert RIGHT in done.stdout


def test_without_its_order_corrected_paf_is_run_as_it_is_and_any_release_passes_the_check(tmp_path: Path):
    for number, (action, query, status) in enumerate(
        [("promote", WRONG, 7), ("promote", "ORDER BY position", 7), ("check", "ORDER BY position", 0)]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = agent(folder, query, action, settings="PAF_ORDER=no")
        assert (done.returncode, done.stderr) == (status, "")
        assert query in done.stdout or action == "check"


def test_without_a_settings_file_everything_has_its_default(tmp_path: Path):
    done = agent(tmp_path, WRONG, "monitor")
    (tmp_path / "helpers.conf").unlink()
    own = tmp_path / "tuchanka" / "pgsqlms"
    environment = {
        **os.environ,
        "TUCHANKA_HELPERS_CONF": str(tmp_path / "helpers.conf"),
        "TUCHANKA_RUN": str(tmp_path / "run"),
    }
    bare = subprocess.run(["perl", own, "monitor"], capture_output=True, text=True, check=False, env=environment)
    assert (bare.returncode, bare.stdout, bare.stderr) == (done.returncode, done.stdout, "")


def test_what_a_standby_has_is_what_it_has_received_or_replayed(tmp_path: Path):
    asked = "my $has = 'pg_last_wal_receive_lsn()';"
    has = "greatest( pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn() )"
    for settings, found in (("", has), ("PAF_ORDER=no", "pg_last_wal_receive_lsn()")):
        folder = tmp_path / (settings or "on")
        folder.mkdir()
        done = agent(folder, RIGHT, "monitor", subs=f'{asked} END {{ print "$has\\n" }}', settings=settings)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (7, found)


# How OCF_Functions.pm says something to the journal.
LOGS = """BEGIN {
    package OCF_Functions;
    sub says { system 'logger', '-t', 'pgsqlms(krogan4)[7]', '-p', "daemon.$_[0]", $_[1] }
}
OCF_Functions::says( 'warning', 'WARNING: one' );
OCF_Functions::says( 'strange', 'two' );"""


def test_messages_reach_the_journal_without_a_process_where_they_can(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "log"))
        journal.settimeout(10)
        said = agent(tmp_path, RIGHT, "monitor", subs=LOGS).stderr
        assert journal.recv(1000) == b"<28>pgsqlms(krogan4)[7]: WARNING: one"
    assert said == "logger -t pgsqlms(krogan4)[7] -p daemon.strange two\n"


def test_without_a_journal_logger_is_asked(tmp_path: Path):
    assert "-p daemon.warning WARNING: one\n" in agent(tmp_path, RIGHT, "monitor", subs=LOGS).stderr


def test_modules_for_temporary_files_and_debug_messages_are_loaded_where_they_are_wanted(tmp_path: Path):
    # As in PAF: the file of a question, and what a debug message would show.
    subs = """use File::Temp;
use Data::Dumper;
sub asks { my $tmpfile; unless ( $tmpfile = File::Temp->new( TEMPLATE => 'XXXXXX', TMPDIR => 1 ) ) { die } }
sub shown { return Data::Dumper->new( [ [1] ] )->Indent(1)->Terse(1)->Dump }
print 'before: ', join( ',', grep { m{Temp|Dumper} } sort keys %INC ), ' shown ', shown();
asks();
print ' after: ', join( ',', grep { m{Temp|Dumper} } sort keys %INC ), ' '"""
    for settings, debug, begin in (
        ("", "0", "before:  shown  after: File/Temp.pm "),
        ("", "1", "before: Data/Dumper.pm shown [\n  1\n]\n after: Data/Dumper.pm,File/Temp.pm "),
        ("PAF_SHORTCUTS=no", "0", "before: Data/Dumper.pm,File/Temp.pm shown [\n  1\n]\n"),
    ):
        folder = tmp_path / (settings + debug)
        folder.mkdir()
        done = agent(folder, RIGHT, "monitor", subs=subs + ";", settings=settings, debug=debug)
        assert done.stdout.startswith(begin), done.stderr


@pytest.mark.parametrize(
    ("has", "settings", "status"),
    [
        pytest.param("pg_last_wal_receive_lsn()", "", 0, id="the text that is known"),
        pytest.param("pg_last_wal_flush_lsn()", "", 5, id="another text"),
        pytest.param("pg_last_wal_receive_lsn()", "PAF_ORDER=no", 5, id="left as it is"),
        pytest.param("greatest( a, pg_last_wal_replay_lsn() )", "", 0, id="a corrected release"),
    ],
)
def test_an_archive_is_used_only_where_the_election_counts_what_it_gives(
    tmp_path: Path, has: str, settings: str, status: int
):
    done = agent(tmp_path, RIGHT, "check-positions", subs=f"my $has = '{has}';", settings=settings)
    assert (done.returncode, done.stdout) == (status, "")
    assert ("isn't what is known" in done.stderr) is (status == 5)
