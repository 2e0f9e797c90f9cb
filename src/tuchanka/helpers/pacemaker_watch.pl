#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# Looks after the cluster daemons of this node: kills those that hang, and wakes the controller that sleeps.
#
# A pacemakerd or a pacemaker-based that hangs is killed, so that systemd or pacemakerd starts it again before sbd gives
# the node up. pacemakerd itself looks after the other daemons. A corosync that hangs is killed, so that sbd loses it at
# once and lets the watchdog reset the node, instead of waiting for an answer first.
# One hangs that is stopped (T, or t: by a debugger), or waits for a lock, and has done nothing else for WATCH_PATIENCE_S.
# One that waits for something else is not to blame for it: for a processor, a disk, a clock, an answer of corosync, which
# gives none while the membership changes, or of another daemon. That is left to sbd. (Asking a daemon, with a deadline,
# killed healthy ones on an overloaded machine; so did taking any that did nothing for a while for one that hangs.)
#
# The coordinator's controller sleeps a second each time when it wants the state of the cluster and has changes of it
# under way, which arrive after some milliseconds (controld_schedulerd.c, do_pe_invoke_callback): twice before it asks
# for the fencing of a lost node. It is woken after 0.05 to 0.1 s: it asks again, and sleeps again if it has to.
# SIGCHLD does that and nothing else: the controller looks whether a child of its own has ended (signal(7), sleep(3)).
use strict;
use warnings;
use POSIX ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);

# Settings come from the environment, the unit's EnvironmentFile: /etc/tuchanka/helpers.conf.
my $PATIENCE_S = $ENV{WATCH_PATIENCE_S} // 0.8;                          # a sixth of SBD_WATCHDOG_TIMEOUT
my $DAEMONS    = $ENV{WATCH_PACEMAKER}  // '/usr/lib/pacemaker';         # where the distribution has Pacemaker's daemons
my @MAY_HANG   = ( "$DAEMONS/pacemaker-based", '/usr/sbin/pacemakerd', '/usr/sbin/corosync' );
my $CONTROLLER = "$DAEMONS/pacemaker-controld";
my $PROC       = $ENV{WATCH_PROC} // '/proc';
my $REST_S     = 10;    # after a killing: what hangs again so soon is left to sbd
my $SEARCH_S   = 1;     # how often what doesn't run is looked for: a database has many processes
my $JOINING_S  = $ENV{WATCH_JOINING_S} // 10;    # a controller that has just started sleeps to give others time
# The numbers of system calls (asm/unistd.h of x86_64; asm-generic/unistd.h, which others share).
my ( $FUTEX, $CLOCK_NANOSLEEP ) = ( POSIX::uname() )[4] eq 'x86_64' ? ( 202, 230 ) : ( 98, 115 );

$| = 1;
my %known;    # program => its pid, when that was found, what it did, how often it had left a processor, and since when
my $rests_until = 0;
my $now         = clock_gettime(CLOCK_MONOTONIC);
my $looks       = 0;
while (1) {
    sleep 0.05;
    my $before = $now;
    $now = clock_gettime(CLOCK_MONOTONIC);
    if ( $now - $before > $PATIENCE_S / 2 ) {    # this process was stopped itself: no daemon is to blame
        $_->{switches} = -1 for values %known;
    }
    for my $program ( $looks++ % 2 ? @MAY_HANG : () ) {    # nothing hangs before its patience is over
        last if $now < $rests_until;
        my $it = watch($program);
        next if $it->{does} ne 'hangs' || $now - $it->{since} < $PATIENCE_S;
        print "$program hangs: killing it\n";
        kill 'KILL', $it->{pid};
        $rests_until = $now + $REST_S;
    }
    my $controller = watch($CONTROLLER);
    if ( $controller->{does} eq 'sleeps' && $controller->{since} < $now && $now - $controller->{found} >= $JOINING_S ) {
        kill 'CHLD', $controller->{pid};
    }
}

# What is known of the process that executes the program.
sub watch {
    my ($program) = @_;
    my $it = $known{$program} //= { pid => 0, found => 0, does => '', switches => -1 };
    return $it if !$it->{pid} && $now - $it->{found} < $SEARCH_S;
    my $pid = pid_of( $program, $it->{pid} );
    if ( !$pid || $pid != $it->{pid} ) {
        $it = $known{$program} = { pid => $pid, found => $now, does => '', switches => -1 };
    }
    my ( $does, $switches ) = $pid ? doing($pid) : ( '', -1 );
    if ( $does ne $it->{does} || $switches != $it->{switches} ) {
        @$it{qw(does switches since)} = ( $does, $switches, $now );
    }
    return $it;
}

# The PID of the process that executes the program, the last one's if it is that still; 0 where there is none.
sub pid_of {
    my ( $program, $last ) = @_;
    my $executes = sub { ( readlink("$_[0]/exe") // '' ) eq $program };
    return $last if $executes->("$PROC/$last");
    my ($found) = grep { $executes->($_) } glob "$PROC/[0-9]*";
    return ( $found // '' ) =~ m{(\d+)$} ? $1 : 0;
}

# Whether it hangs, sleeps or does anything else (proc_pid_syscall(5)), and how often it has left a processor
# (proc_pid_status(5)).
sub doing {
    my ($pid) = @_;
    open my $file, '<', "$PROC/$pid/status" or return ( '', -1 );
    my %status = map { /^(\w+):\s+(\w+)/ ? ( $1, $2 ) : () } readline $file;
    open my $call, '<', "$PROC/$pid/syscall" or return ( '', -1 );
    my ($number) = ( readline($call) // '' ) =~ /^(\d+)/;
    my $state = $status{State} // '';
    my $waits = $state eq 'S' ? $number // -1 : -1;
    my $does  = $state =~ /^[Tt]$/ || $waits == $FUTEX ? 'hangs' : $waits == $CLOCK_NANOSLEEP ? 'sleeps' : '';
    return ( $does, ( $status{voluntary_ctxt_switches} // 0 ) + ( $status{nonvoluntary_ctxt_switches} // 0 ) );
}
