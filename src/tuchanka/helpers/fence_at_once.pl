#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# The fence agent fence_X_at_once: the installed agent fence_X, and the watchdog's time counted from the same moment.
#
# A node that has lost its quorum resets itself by its watchdog, for certain after watchdog_timeout seconds. Pacemaker
# waits for that when the levels of fencing before it have failed: a device that died with its node, or that doesn't
# answer, costs its own deadline first. Here the time counts from when the device is asked. Whichever is sure first, the
# device's word or the time, ends the fencing, so a device may take as long as it needs.
#
# Only for a node that isn't a member of this node's partition, while this one has the quorum: such a node has none. One
# that is a member (a stop failed there) isn't going to reset itself unless it is told to: then this is fence_X, and what
# comes next is Pacemaker's next level, which tells it.
#
# Without watchdog_timeout, and for every action but off and reboot, it is fence_X. Parameters come by standard input, as
# from Pacemaker (FenceAgentAPI); what it takes for sure goes to the system's log.
use strict;
use warnings;
use FindBin;
use POSIX qw(setsid WNOHANG _exit);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);

my $QUORUMTOOL = $ENV{FENCE_QUORUMTOOL} // 'corosync-quorumtool';    # for tests
my $QUORUM_S   = 2;      # corosync may wait for a change of the membership
my $AGAIN_S    = 0.5;    # a device that failed is asked again after so long

my ($agent) = $FindBin::Script =~ /^(fence_\w+)_at_once$/;
die "$FindBin::Script: the name has to be that of a fence agent, with _at_once at its end\n" if !$agent;
my $program = "$FindBin::RealBin/$agent";

# Arguments are for people who try the agent by hand.
exec $program, @ARGV or die "$program: $!\n" if @ARGV && !grep { /^metadata$/ } @ARGV;
my $input    = @ARGV ? "action=metadata\n" : do { local $/; <STDIN> // '' };
my %option   = $input =~ /^\s*(\w+)\s*=[ \t]*(.*?)[ \t]*$/mg;
my $action   = $option{action}           // 'reboot';
my $watchdog = $option{watchdog_timeout} // 0;
my $target   = $option{nodename} // $option{plug} // $option{port} // 'the node';
$input =~ s/^\s*watchdog_timeout\s*=.*\n?//mg;

exit metadata() if $action eq 'metadata';
my $began = clock_gettime(CLOCK_MONOTONIC);
# A monitor can wait. Where a node is lost the devices that it asked are started elsewhere, in the midst of the failover.
setpriority 0, 0, 10 if $action =~ /^(?:monitor|status)$/ && getpriority( 0, 0 ) < 10;
exit run() if $watchdog <= 0 || $action !~ /^(?:off|reboot)$/;
exit fence();

sub passed { return clock_gettime(CLOCK_MONOTONIC) - $began }

sub metadata {
    my $text = qx{"$program" -o metadata};
    my $own  = <<'XML';
	<parameter name="watchdog_timeout" unique="0" required="0">
		<content type="string" default="0" />
		<shortdesc lang="en">Seconds after which a node that has lost its quorum has been reset by its own watchdog</shortdesc>
	</parameter>
XML
    $text =~ s/(<resource-agent name=")\Q$agent\E"/$1${agent}_at_once"/;
    $text =~ s/([ \t]*<\/parameters>)/$own$1/;
    print $text;
    return $? >> 8;
}

# Runs the agent to its end, or until so many seconds have passed, and returns its status and its last words.
# Without an end it stays in this process's group: Pacemaker, which kills the group of an agent that is late, reaches it.
sub run {
    my ($until) = @_;
    pipe my $answers, my $told or die "$!\n";
    my $pid = fork // die "$!\n";
    if ( !$pid ) {
        setsid() if defined $until;
        open STDERR, '>&', $told if defined $until;
        open my $to_agent, '|-', $program or _exit(1);
        local $SIG{PIPE} = 'IGNORE';
        print {$to_agent} $input;
        close $to_agent;
        _exit( $? >> 8 || ( $? ? 1 : 0 ) );
    }
    close $told;
    while ( waitpid( $pid, WNOHANG ) == 0 ) {
        if ( defined $until && passed() > $until ) {
            kill 'KILL', -$pid;
            waitpid $pid, 0;
            return ( 1, 'gave no answer' );
        }
        sleep 0.01;
    }
    my $status = $? >> 8 || ( $? ? 1 : 0 );
    return $status if !defined $until;
    kill 'KILL', -$pid;    # what it left behind would keep its words open, and switch the node off later
    my @lines = grep { /\S/ } readline $answers;
    my $last  = ( $lines[-1] // "ended with status $status" ) =~ s/^[\d -:,]*(?:ERROR|WARNING):\s*//r;
    return ( $status, $last =~ s/\s+/ /gr );
}

sub fence {
    my $lost = is_lost();
    my $why  = '';
    do {
        ( my $status, $why ) = run( $lost ? $watchdog : undef );
        if ( !$status ) {
            note( sprintf '%s is off: its device said so after %.2f s', $target, passed() );
            return 0;
        }
        return $status if !$lost;
        sleep $AGAIN_S if passed() + $AGAIN_S < $watchdog;
    } while ( passed() + $AGAIN_S < $watchdog );
    sleep $watchdog - passed() if passed() < $watchdog;
    if ( !is_lost() ) {
        note("$target is not fenced: it is a member, or there is no quorum; its device: $why");
        return 1;
    }
    note( sprintf '%s is taken for reset by its watchdog %.2f s after the request; its device: %s', $target, passed(), $why );
    return 0;
}

# Whether this node's partition has the quorum, and the target isn't a member of it (corosync-quorumtool(8)).
sub is_lost {
    open my $shown, '-|', 'timeout', '--signal=KILL', $QUORUM_S, $QUORUMTOOL, '-s' or return 0;
    my @lines = readline $shown;
    close $shown;
    return 0 if !grep { /^Quorate:\s+Yes\b/ } @lines;
    # A node without a name in corosync.conf is shown by that of its address, which may have a domain.
    return !grep { /^\s*\d+\s+\d+\s(?:.*\s)?\Q$target\E(?![\w-])/ } @lines;
}

sub note {
    my ($text) = @_;
    system 'logger', '-p', 'daemon.notice', '-t', $FindBin::Script, "fencing: $text";
    return;
}
