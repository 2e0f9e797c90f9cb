"""What the agent spares PAF while a failover waits for it, on a text like that of PAF 2.3.0; no server."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tuchanka.helpers.files import text

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")
# The places that are changed are those of PAF; what they call only says that it was called.
PAF = r"""#!/usr/bin/perl
use strict;
use warnings;
my $__OCF_ACTION = $ARGV[0];
my ( $OCF_SUCCESS, $OCF_NOT_RUNNING ) = ( 0, 7 );
my $datadir = $ENV{OCF_RESKEY_datadir};
my %attributes = ( lsn_location => '1#2' );
sub say { print "@_\n" }
sub ocf_log { }
sub pgsql_monitor { say('monitor'); return $OCF_NOT_RUNNING }
sub _get_controldata { return }
sub _get_priv_attr { say("get $_[0]"); return $attributes{ $_[0] } // '' }
sub _set_priv_attr {
    my ( $name, $val ) = @_;
        select( undef, undef, undef, 0.1 );
}
sub _pg_ctl_start {
    my @cmd = ( '/bin/pg_ctl', '-w', 'start' );

    return _runas( @cmd );
}
sub _delete_priv_attr {
    my ( $name ) = @_;
    say("delete $name");
    return;
}
sub _runas {
    my $rc;
    my $pid;
    my @cmd = @_;
    say("run @cmd");
    exec 'sh', '-c', $ENV{START} if $ENV{START};
    return 0;
}
sub pgsql_start {
    my $rc         = pgsql_monitor();
    my %cdata      = _get_controldata();
    say('start');
    return $OCF_SUCCESS;
}
sub pgsql_demote {
    my $rc = pgsql_monitor();
    $rc = pgsql_start();
    if ( $rc == $OCF_SUCCESS ) {
        ocf_log( 'info', 'pgsql_demote: "%s" started as a secondary',
            'it' );
        return $OCF_SUCCESS;
    }
}
sub pgsql_notify_post_promote {

    # Environment cleanup!
    _delete_priv_attr( 'lsn_location'      );
    _delete_priv_attr( 'nodes'             );
{more}
    return $OCF_SUCCESS;
}
sub pgsql_notify { for ( '' ) { if ( /^post-promote$/ ) { return } } }
my $began = time;
_set_priv_attr( 'lsn_location', 1 ) for 1 .. 20;
say( 'nap ' . ( time - $began > 1 ? 'long' : 'short' ) );
pgsql_demote() if $__OCF_ACTION eq 'demote';
pgsql_start() if $__OCF_ACTION eq 'start';
if ( $__OCF_ACTION eq 'notify' ) {
    sleep 1;
    pgsql_notify_post_promote();
    open my $done, '>', "$datadir/cleared";
}
exit _runas( '/bin/pg_ctl', '-w', '--timeout', 1, $ENV{VERB} ) if $ENV{VERB};
exit _pg_ctl_start() if $ENV{START};
exit 0;
# ORDER BY location DESC
"""


class Agent:
    """The agent beside this PAF."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        (self.data / "global").mkdir(parents=True)
        for name in ("tuchanka", "heartbeat"):
            (home / name).mkdir()
        (home / "tuchanka" / "pgsqlms").write_text(text("pgsqlms.pl"))
        self.paf()

    def paf(self, more: str = "") -> None:
        (self.home / "heartbeat" / "pgsqlms").write_text(PAF.replace("{more}", more))

    def run(self, action: str, settings: str = "", **meta: str) -> tuple[int, list[str]]:
        (self.home / "helpers.conf").write_text(settings)
        environment = {
            **os.environ,
            "OCF_RESOURCE_INSTANCE": "krogan",
            "OCF_RESKEY_datadir": str(self.data),
            "TUCHANKA_HELPERS_CONF": str(self.home / "helpers.conf"),
            "TUCHANKA_RUN": str(self.home / "run"),
        }
        environment |= {name if name.isupper() else f"OCF_RESKEY_CRM_meta_{name}": it for name, it in meta.items()}
        command = ["perl", str(self.home / "tuchanka" / "pgsqlms"), action]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=30)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()


@pytest.fixture
def paf(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


def test_a_demotion_looks_once_at_the_server_that_it_has_stopped(paf: Agent):
    assert paf.run("demote") == (0, ["nap short", "monitor", "start"])
    assert paf.run("start") == (0, ["nap short", "monitor", "start"])
    assert paf.run("demote", "PAF_SHORTCUTS=no") == (0, ["nap long", "monitor", "monitor", "start"])


@pytest.mark.parametrize(("stop", "starts"), [("a", False), ("b a", False), ("b", True), (" ", True)])
def test_a_primary_that_is_stopped_next_is_not_started_as_a_standby(paf: Agent, stop: str, starts: bool):
    _, said = paf.run("demote", on_node="a", notify_stop_uname=stop)
    assert ("start" in said) is starts


def test_only_attributes_that_are_set_are_deleted_and_pacemaker_need_not_wait(paf: Agent):
    began = time.monotonic()
    meta = {"notify_type": "post", "notify_operation": "promote", "on_node": "a"}
    assert paf.run("notify", **meta)[0] == 0
    assert time.monotonic() - began < 0.9
    assert not (paf.data / "cleared").exists()
    # What Pacemaker asks next waits.
    paf.run("start")
    assert (paf.data / "cleared").exists()
    assert time.monotonic() - began > 1


def test_a_notification_that_does_more_than_to_clear_is_waited_for(paf: Agent):
    paf.paf("    say('something else');")
    meta = {"notify_type": "post", "notify_operation": "promote", "on_node": "a"}
    _, said = paf.run("notify", **meta)
    assert said[1:] == ["get lsn_location", "delete lsn_location", "get nodes", "something else"]
    assert (paf.data / "cleared").exists()


def test_a_stop_is_waited_for_until_the_server_is_gone_or_the_time_is_up(paf: Agent):
    ran = ["nap short", "run /bin/pg_ctl -W --timeout 1 stop"]
    assert paf.run("monitor", VERB="stop") == (0, ran)
    with subprocess.Popen(["sleep", "100"]) as server:
        (paf.data / "postmaster.pid").write_text(f"{server.pid}\n{paf.data}\n")
        assert paf.run("monitor", VERB="stop") == (1, ran)
        server.kill()
    assert paf.run("monitor", VERB="stop") == (0, ran)


def test_a_promotion_is_waited_for_until_the_control_file_says_so(paf: Agent):
    control = paf.data / "global" / "pg_control"
    ran = ["nap short", "run /bin/pg_ctl -W --timeout 1 promote"]
    control.write_bytes(bytes(16) + (5).to_bytes(4, "little") + bytes(100))
    assert paf.run("monitor", VERB="promote") == (1, ran)
    later = threading.Timer(0.5, control.write_bytes, [bytes(16) + (6).to_bytes(4, "little") + bytes(100)])
    later.start()
    assert paf.run("monitor", VERB="promote") == (0, ran)
    later.join()


def test_what_was_not_set_since_it_was_deleted_is_not_asked_for(paf: Agent):
    paf.paf("    say('something else');")
    meta = {"notify_type": "post", "notify_operation": "promote", "on_node": "a"}
    paf.run("notify", **meta)
    # Every run of this PAF sets lsn_location first.
    _, said = paf.run("notify", **meta)
    assert said[1:] == ["get lsn_location", "delete lsn_location", "something else"]


@pytest.mark.parametrize("state", ["ready   ", "standby "])
def test_a_start_is_over_as_soon_as_the_server_s_file_says_so(paf: Agent, state: str):
    file = paf.data / "postmaster.pid"
    lines = "%s\\n2\\n3\\n4\\n5\\n6\\n7\\n" + state + "\\n"
    file.write_text(lines.replace("\\n", "\n") % os.getpid())  # of a server that is gone: older than the start
    began = time.monotonic()
    assert paf.run("monitor", START=f"sleep 0.5; printf '{lines}' $$ > {file}; exec sleep 3 > /dev/null 2>&1")[0] == 0
    assert 0.5 < time.monotonic() - began < 2.5


@pytest.mark.parametrize("status", [0, 1])
def test_a_start_that_ends_before_that_has_pg_ctl_s_verdict(paf: Agent, status: int):
    (paf.data / "postmaster.pid").write_text(f"{os.getpid()}\n2\n3\n4\n5\n6\n7\nstarting\n")
    assert paf.run("monitor", START=f"sleep 0.2; exit {status}")[0] == status
