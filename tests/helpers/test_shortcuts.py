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
        select( undef, undef, undef, 0.1 );
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
say("nap $_") for map { my $began = time; _set_priv_attr() for 1 .. 20; time - $began > 1 ? 'long' : 'short' } 1;
pgsql_demote() if $__OCF_ACTION eq 'demote';
pgsql_start() if $__OCF_ACTION eq 'start';
if ( $__OCF_ACTION eq 'notify' ) {
    sleep 1;
    pgsql_notify_post_promote();
    open my $done, '>', "$datadir/cleared";
}
exit _runas( '/bin/pg_ctl', '-w', '--timeout', 1, $ENV{VERB} ) if $ENV{VERB};
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
        environment |= {name if name == "VERB" else f"OCF_RESKEY_CRM_meta_{name}": it for name, it in meta.items()}
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


def test_a_start_is_left_to_pg_ctl(paf: Agent):
    assert paf.run("monitor", VERB="start") == (0, ["nap short", "run /bin/pg_ctl -w --timeout 1 start"])
