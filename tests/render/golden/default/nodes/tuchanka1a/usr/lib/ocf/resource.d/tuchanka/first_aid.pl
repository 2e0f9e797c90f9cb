# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# First aid for a PostgreSQL instance that PAF keeps, within the recurring monitor that finds the trouble;
# ocf:tuchanka:pgsqlms runs it before PAF's own monitor. Pacemaker runs one action of an instance at a time, so no start,
# stop or promotion can interfere.
#
# - A server that has crashed is started again where it was, in its role: PostgreSQL's own recovery loses nothing, and is
#   over in a fraction of the time that demoting, stopping, starting and promoting take.
# - A server that does not answer for FIRST_AID_HANG_S is killed, every process of it, and then started again as above.
# - A standby whose walreceiver has heard nothing for FIRST_AID_SILENT_S hangs as well: one that works gives up before.
# - A primary that can't write to its data directory is reported in a way that makes Pacemaker move it to another node.
#
# Demotion and stop of a primary that can't write would wait for a checkpoint that can't be made, until their timeouts.
# There all processes are killed instead; once they are gone the instance *is* stopped, and no node need be fenced. Those
# that wait for storage that hangs can't be killed: then both fail at once, and the node is fenced.
#
# The watch over the servers (postgres_watch.pl) has it help at once, outside of a monitor ("at_once"). A lock keeps the
# two apart, and every other action of the agent, which takes the permit to help away first.
#
# It helps once in FIRST_AID_AGAIN_S. What goes wrong again sooner, and whatever it can't put right, is left to PAF and
# Pacemaker. The three settings are those of /etc/tuchanka/helpers.conf.
package FirstAid;
use strict;
use warnings;
use Fcntl qw(LOCK_EX LOCK_NB);
use POSIX qw(WNOHANG _exit);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);

my $HANG_S   = 5;
my $SILENT_S = 13;
my $AGAIN_S  = 300;
my $KILL_S   = 2;
my $AGAIN_HUNG_S = 0.5;    # for storage that was seen to hang less than a minute ago
my $SPARE_S = 2;    # of the monitor's timeout, for PAF
my $LOCK_S  = 2;    # so long the watch waits for a monitor that helps itself
my $CIB_S   = 2;    # so long it waits for Pacemaker's configuration
my $PROBE   = 'pgsql_tmp.first-aid';    # base backups, pg_rewind and pg_checksums leave such names out
my ( $OK, $ERR_GENERIC, $ERR_PERM ) = ( 0, 1, 4 );
my ( $ENDED, $LEFT ) = ( 100, 101 );    # no OCF status: every process is gone; it is left to Pacemaker

my $lock;    # the instance's lock, where there is a watch over it

my $began    = $ENV{TUCHANKA_BEGAN}    // clock_gettime(CLOCK_MONOTONIC);
my $instance = $ENV{OCF_RESOURCE_INSTANCE} // '';
my $programs = $ENV{OCF_RESKEY_bindir}     // '';
my $config   = $ENV{OCF_RESKEY_pgdata}     // '';
my $data     = $ENV{OCF_RESKEY_datadir}    // '';
my @server   = ( '-h', $ENV{OCF_RESKEY_pghost} // '', '-p', $ENV{OCF_RESKEY_pgport} // '' );
my $stamp    = ( $ENV{OCF_RESKEY_pghost} // '' ) . "/$instance.first-aid";
my $hung     = "$stamp.hung";
my $limit_s  = ( $ENV{OCF_RESKEY_CRM_meta_timeout} // 20_000 ) / 1000 - $SPARE_S;

# Takes the settings, name => value; what is not among them keeps its default.
sub settle {
    my (%settings) = @_;
    $HANG_S   = $settings{FIRST_AID_HANG_S}   // $HANG_S;
    $SILENT_S = $settings{FIRST_AID_SILENT_S} // $SILENT_S;
    $AGAIN_S  = $settings{FIRST_AID_AGAIN_S}  // $AGAIN_S;
    return;
}

# Runs in a process of its own, as the user of the server: root has room on a full disk. Returns whether PAF needn't go
# on, the OCF status to end with, and whether what it found is left to Pacemaker. The lock is an open file, if any.
sub run {
    ( my $action, $lock ) = @_;
    my $status = as_user( $action eq 'monitor' ? \&help : \&end );
    return ( 0, $OK, $status == $LEFT ) if $status == $OK || $status == $LEFT;
    return ( 1, $status ) if $status != $ENDED;
    return ( 1, $action eq 'stop' ? $OK : $ERR_GENERIC );
}

sub as_user {
    my ($work) = @_;
    my $pid = fork // return $OK;
    if ( !$pid ) {
        my ( undef, undef, $uid, $gid ) = getpwnam( $ENV{OCF_RESKEY_system_user} // 'postgres' );
        exit $OK if !defined $uid;
        ( $(, $) ) = ( $gid, "$gid $gid" );
        ( $<, $> ) = ( $uid, $uid );
        exit( $> == $uid ? $work->() : $OK );    # PAF says what is wrong with the user
    }
    waitpid $pid, 0;
    return $? >> 8;
}

# PAF's own look at the server has no deadline: one that hangs only by then would keep it until the monitor's timeout. So
# the monitor begins anew after a while, once, and now finds a server that does not answer.
sub begin_anew_if_it_hangs {
    return if $ENV{TUCHANKA_BEGAN};
    $ENV{TUCHANKA_BEGAN} = $began;
    $SIG{ALRM} = sub { exec $^X, $0, @ARGV };
    alarm $HANG_S;
    return;
}

# For the watch, which saw the postmaster end or found it stopped: what a monitor would do. Pacemaker must look after the
# instance, and must have had nothing else done about it since the monitor that wrote the permit.
sub at_once {
    my ( $permit, $why ) = @_;
    my $pid = recorded_pid();
    open $lock, '>', $permit =~ s/permit$/lock/r or return $ERR_GENERIC;
    return $OK if !hold($LOCK_S) || !permits($permit) || !is_looked_after();
    return as_user( sub { help_at_once( $permit, $why, $pid ) } );
}

sub help_at_once {
    my ( $permit, $why, $pid ) = @_;
    my $postmaster = postmaster();
    return $OK if $why eq 'stopped' ? $postmaster != $pid || !is_stopped($pid) : $postmaster;    # helped meanwhile
    return $OK if trouble();    # the next monitor says so
    note('is stopped: killing it') if $why eq 'stopped';
    return start_again( $why eq 'stopped' ? '' : 'has crashed', $permit );
}

# A permit is out of date when not even a late monitor has written a new one: then there are none.
sub permits {
    my ($permit) = @_;
    return age($permit) * 1000 <= ( $ENV{OCF_RESKEY_CRM_meta_interval} // 0 ) + ( $ENV{OCF_RESKEY_CRM_meta_timeout} // 20_000 );
}

# Whether Pacemaker runs here, and nothing of it is in maintenance or unmanaged.
sub is_looked_after {
    my $cib = qx{timeout --signal=KILL $CIB_S cibadmin --query --local 2>/dev/null};
    return 0 if $? != 0;
    for my $pair ( $cib =~ /<nvpair\s([^>]*)>/g ) {
        my ( $name, $value ) = map { $pair =~ /\b$_="([^"]*)"/ ? $1 : '' } qw(name value);
        return 0 if $name =~ /^maintenance(?:-mode)?$/ && $value =~ /^(?:true|on|yes|y|1)$/i;
        return 0 if $name eq 'is-managed' && $value =~ /^(?:false|off|no|n|0)$/i;
    }
    return 1;
}

# Waits for the instance's lock, where there is one: whether it is held now.
sub hold {
    my ($seconds) = @_;
    return 1 if !defined $lock;
    my $end = passed() + $seconds;
    while ( !flock $lock, LOCK_EX | LOCK_NB ) {
        return 0 if passed() > $end;
        sleep 0.01;
    }
    return 1;
}

# Before a demotion or a stop. A demotion then fails, because there is no standby; the stop after it has nothing to do.
sub end {
    my $trouble = trouble() or return $OK;
    note("can't write to $data: $trouble; killing it instead of stopping it");
    return kill_all() ? $ENDED : refuse( $ERR_GENERIC, 'its processes wait for storage that hangs, and do not end' );
}

sub help {
    my $trouble = trouble();
    return refuse( $ERR_PERM, "the primary can't write to $data: $trouble" ) if $trouble;
    my $before = postmaster();
    my $asked  = passed();
    my $ready  = ready($HANG_S);
    my $hangs = passed() - $asked > 0.9 * $HANG_S ? "does not answer for $HANG_S s" : $ready == 0 ? deaf() : '';
    return $OK if !$hangs && $ready == 0;
    hold( $limit_s - passed() ) or return $OK;    # the watch may be helping it
    my $now = postmaster();
    return $OK if !$hangs && ( $ready != 2 || $now );    # it isn't ready to answer yet
    return $OK if $now && $now != $before;               # it has just been helped
    note("$hangs: killing it") if $hangs && $now;
    return start_again( $hangs && $now ? '' : 'has crashed' );
}

# Kills what is left of the server, and starts it as what it was. With a permit: only while it lies there.
sub start_again {
    my ( $crash, $permit ) = @_;
    if ( !kill_all() ) {
        mark($hung);
        return refuse( $ERR_GENERIC, 'the processes of a server that hangs do not end' );
    }
    return $OK if control_state() !~ /^in (?:production|archive recovery)$/;
    if ( recently() ) {
        note( ( $crash ? "$crash and " : '' ) . "was helped less than $AGAIN_S s ago: this time Pacemaker has to" );
        return $LEFT;
    }
    return $OK if defined $permit && !-e $permit;
    my $pid = fork // return $OK;
    if ( !$pid ) {
        my $left_s = int( $limit_s - passed() );
        exec "$programs/pg_ctl", '--silent', '--wait', "--timeout=$left_s", '--pgdata', $config, 'start' or _exit(1);
    }
    note( ( $crash ? "$crash and " : '' ) . 'is started again as it was' );
    while ( waitpid( $pid, WNOHANG ) == 0 ) {

        # Pacemaker goes first, as soon as the new server can be seen.
        last if defined $permit && !-e $permit && postmaster();
        sleep 0.02;
    }
    return $OK;
}

sub passed { return clock_gettime(CLOCK_MONOTONIC) - $began }

# pg_isready(1): 0 it answers, 1 it refuses (it is starting or stopping), 2 no answer.
sub ready {
    my ($seconds) = @_;
    return system( "$programs/pg_isready", '--quiet', @server, '-t', $seconds ) >> 8;
}

# Says whether a standby's walreceiver hangs. One that works ends after wal_receiver_timeout, and then there is none.
sub deaf {
    return '' if !-e "$data/standby.signal";
    my $silence = 'SELECT extract(epoch FROM now() - last_msg_receipt_time)::int FROM pg_stat_wal_receiver';
    my @psql = ( "$programs/psql", '-XAtq', '-d', 'template1', '-h', $server[1], '-p', $server[3], '-c', $silence );
    open my $answer, '-|', 'timeout', '--signal=KILL', $HANG_S, @psql or return '';
    my ($seconds) = ( readline($answer) // '' ) =~ /^(\d+)$/;
    close $answer;
    return ( $seconds // 0 ) > $SILENT_S ? "has a walreceiver that has heard nothing for $seconds s" : '';
}

# Says why a primary can't write; a standby isn't asked, unless its storage has just been seen to hang.
sub trouble {
    return -e "$data/standby.signal" && !hung_lately() ? '' : unwritable();
}

sub hung_lately { return age($hung) < 60 }

# Seconds since a stamp was made; endless where there is none.
sub age { return -e $_[0] ? time - ( stat _ )[9] : 'inf' }

sub mark {
    my ($stamp) = @_;
    open my $file, '>', $stamp;
    utime undef, undef, $stamp;
    return;
}

# The write is left to a child: one that waits for storage that hangs can't be ended.
sub unwritable {
    my $patience_s = hung_lately() ? $AGAIN_HUNG_S : $HANG_S;
    my $end        = passed() + $patience_s;
    pipe my $answers, my $answer or return "$!";
    my $pid = fork // return "$!";
    if ( !$pid ) {
        close $_ for $answers, *STDIN, *STDOUT, *STDERR, defined $lock ? $lock : ();    # it may never end
        syswrite $answer, write_probe();
        _exit(0);
    }
    close $answer;
    while ( waitpid( $pid, WNOHANG ) == 0 ) {
        if ( passed() > $end ) {
            mark($hung);
            return "a write takes longer than $patience_s s";
        }
        sleep 0.02;
    }
    sysread $answers, my $why, 1000;
    return $why // '';
}

sub write_probe {
    my $file;
    my $good = open( $file, '>', "$data/$PROBE" ) && syswrite( $file, "\0" x 65536 ) == 65536;
    my $why = $good && $file->sync ? '' : "$!";
    unlink "$data/$PROBE";
    return $why;
}

sub in_data {
    my ($pid) = @_;
    return ( readlink("/proc/$pid/cwd") // '' ) =~ m{^\Q$data\E(?: \(deleted\))?$};
}

# All processes of the server: each has the data directory as its current one, even when its parent is dead.
sub processes {
    return grep { in_data($_) && ( readlink("/proc/$_/exe") // '' ) =~ m{/postgres$} }
        map { m{(\d+)$} } glob '/proc/[0-9]*';
}

sub recorded_pid {
    open my $file, '<', "$data/postmaster.pid" or return 0;
    return ( readline($file) // '' ) =~ /^(\d+)/ ? $1 : 0;
}

# The postmaster's pid; 0 where it doesn't run.
sub postmaster {
    my $pid = recorded_pid();
    return $pid && in_data($pid) ? $pid : 0;
}

sub is_stopped {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/stat" or return 0;
    return ( readline($file) // '' ) =~ /.*\) [Tt]/;
}

sub kill_all {
    my $end = passed() + $KILL_S;
    while ( my @left = processes() ) {
        return 0 if passed() > $end;
        kill 'KILL', @left;
        sleep 0.02;
    }
    return 1;
}

sub control_state {
    my ($found) = qx{"$programs/pg_controldata" "$data" 2>/dev/null} =~ /^Database cluster state:\s+(.*?)\s*$/m;
    return $found // '';
}

# Says whether it has helped not long ago, and remembers that it helps now.
sub recently {
    my $age = age($stamp);
    mark($stamp);
    return $age < $AGAIN_S;
}

sub note {
    my ($text) = @_;
    system 'logger', '-p', 'daemon.warning', '-t', "pgsqlms($instance)", "WARNING: first aid: the server $text";
    return;
}

sub refuse {
    my ( $status, $text ) = @_;
    print STDERR "ocf-exit-reason:$text\n";
    note("can't be helped: $text");
    return $status;
}

1;
