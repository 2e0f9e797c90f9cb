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
sub _get_priv_attr {
    my ( $name, $node ) = @_;
    say("get $name");
    return $attributes{$name} // '';
}
sub _set_priv_attr {
    my ( $name, $val ) = @_;
    say("set $name $val");
    return;
}
sub nap {
        select( undef, undef, undef, 0.1 );
}
sub _master_score_exists { say('score'); return 1 }
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
    my $prev_state = 'shut down';
            if ( $prev_state eq "shut down" and not _master_score_exists() ) {
                say('set mine');
            }
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
nap() for 1 .. 20;
say( 'nap ' . ( time - $began > 1 ? 'long' : 'short' ) );
pgsql_demote() if $__OCF_ACTION eq 'demote';
pgsql_start() if $__OCF_ACTION eq 'start';
_set_priv_attr( split /=/, $ENV{SET} ) if $ENV{SET};
say( 'is ' . _get_priv_attr( split /@/, $ENV{GET} ) ) if $ENV{GET};
if ( $__OCF_ACTION eq 'notify' ) {
    sleep 1;
    pgsql_notify_post_promote();
    open my $done, '>', "$datadir/cleared";
}
my @config = $ENV{CONFIG} ? ( '--pgdata', $ENV{CONFIG} ) : ();
exit _runas( '/bin/pg_ctl', @config, '-w', '--timeout', 1, $ENV{VERB} ) if $ENV{VERB};
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
        for name, source in (("pgsqlms", "pgsqlms.pl"), ("paf_shortcuts.pl", "paf_shortcuts.pl")):
            (home / "tuchanka" / name).write_text(text(source))
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
    assert paf.run("demote") == (0, ["nap short", "monitor", "score", "start"])
    assert paf.run("start") == (0, ["nap short", "monitor", "score", "start"])
    asked = ["nap long", "monitor", "monitor", "score", "start"]
    assert paf.run("demote", "PAF_SHORTCUTS=no") == (0, asked)
    (paf.home / "tuchanka" / "paf_shortcuts.pl").unlink()
    assert paf.run("demote") == (0, asked)


def test_a_demotion_for_another_s_promotion_does_not_ask_whether_there_is_a_score(paf: Agent):
    for action, promoted, asks in (("demote", "b", False), ("demote", " ", True), ("start", "b", True)):
        _, said = paf.run(action, notify_promote_uname=promoted)
        assert ("score" in said) is asks


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


def test_what_this_node_has_set_or_deleted_is_not_asked_for(paf: Agent):
    paf.paf("    say('something else');")
    meta = {"notify_type": "post", "notify_operation": "promote", "on_node": "a"}
    assert paf.run("notify", **meta)[1][2:4] == ["delete lsn_location", "get nodes"]
    assert paf.run("notify", **meta)[1] == ["nap short", "something else"]
    assert paf.run("promote", GET="lsn_location")[1] == ["nap short", "is "]
    assert paf.run("promote", SET="nodes=a b")[1] == ["nap short", "set nodes a b"]
    assert paf.run("promote", GET="nodes")[1] == ["nap short", "is a b"]
    assert paf.run("promote", GET="nodes@b")[1] == ["nap short", "get nodes", "is "]
    # It is deleted when it was set.
    assert paf.run("notify", **meta)[1] == ["nap short", "get nodes", "something else"]


@pytest.mark.parametrize("action", ["start", "stop", "monitor", "demote"])
def test_what_was_set_before_anything_else_happened_is_asked_for(paf: Agent, action: str):
    paf.run("promote", SET="lsn_location=1#2")
    paf.run(action)
    assert paf.run("promote", GET="lsn_location")[1] == ["nap short", "get lsn_location", "is 1#2"]


def test_attributes_that_are_not_kept_as_paf_keeps_them_are_left_to_it(paf: Agent):
    file = paf.home / "heartbeat" / "pgsqlms"
    file.write_text(file.read_text().replace("sub _delete_priv_attr {", "sub _delete_priv_attr\n{"))
    paf.run("promote", SET="nodes=a b")
    assert paf.run("promote", GET="nodes")[1] == ["nap short", "get nodes", "is "]


@pytest.mark.parametrize(
    ("verb", "folder"), [("stop", "{data}"), ("promote", "{data}"), ("status", "{data}"), ("start", "/etc/config")]
)
def test_pg_ctl_is_told_where_the_data_are_unless_it_starts_a_server(paf: Agent, verb: str, folder: str):
    said = paf.run("monitor", VERB=verb, CONFIG="/etc/config")[1]
    assert f"--pgdata {folder.format(data=paf.data)} " in said[1]
    assert (
        f"--pgdata /etc/config -w --timeout 1 {verb}"
        in paf.run("monitor", "PAF_SHORTCUTS=no", VERB=verb, CONFIG="/etc/config")[1][1]
    )


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
