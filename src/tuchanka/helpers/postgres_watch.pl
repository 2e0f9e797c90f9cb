#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# Watches the PostgreSQL servers that PAF keeps on this node, and has first aid help the moment one ends or is stopped,
# instead of with the next monitor.
#
# The kernel says when a postmaster ends (pidfd_open(2)). One that is stopped (T, or t: by a debugger) for WATCH_STOPPED_S
# can't be busy, so it is not given the time of one that is. A postmaster that does anything else is left to the monitor,
# which asks it.
#
# It helps only where a permit lies: the last that Pacemaker had done about the instance here was a recurring monitor
# that found it well. ocf:tuchanka:pgsqlms writes it, and takes it away before it does anything else; it holds what
# Pacemaker passed, which is all that is known of the instance here. What else has to hold first_aid.pl looks at
# ("at_once"), in a process of its own for each server.
use strict;
use warnings;
use Fcntl ();
use POSIX qw(WNOHANG);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);

# Settings come from the environment, the unit's EnvironmentFile: /etc/tuchanka/helpers.conf.
my $STOPPED_S = $ENV{WATCH_STOPPED_S} // 0.8;
my $PERMITS   = $ENV{WATCH_PERMITS}   // '/run/tuchanka';
my $PROC      = $ENV{WATCH_PROC}      // '/proc';
my $AID       = $ENV{WATCH_AID}       // '/usr/lib/ocf/resource.d/tuchanka/first_aid.pl';
my $LOOK_S    = 0.1;    # how often it looks for new servers, and for stopped ones
my $PIDFD_OPEN = 434;   # its number is the same on every architecture but alpha (asm-generic/unistd.h)

$| = 1;
my %settings = %ENV;
my %known;    # permit => its stamp, the data directory, the postmaster's pid and pidfd, since when it is stopped
while (1) {
    my %permits = map { $_ => 1 } glob "$PERMITS/*.permit";
    forget($_) for grep { !$permits{$_} } keys %known;
    look($_)   for keys %permits;
    wait_for_an_end($LOOK_S);
    1 while waitpid( -1, WNOHANG ) > 0;
}

# Returns at once when a postmaster has ended, else after a while.
sub wait_for_an_end {
    my ($seconds) = @_;
    my $ends = '';
    vec( $ends, $_, 1 ) = 1 for grep { defined } map { $_->{pidfd} } values %known;
    return sleep $seconds if $ends eq '';
    select $ends, undef, undef, $seconds;
    return;
}

sub look {
    my ($permit) = @_;
    my $it    = $known{$permit} //= { stamp => '', data => '', pid => 0, since => 0 };
    my $stamp = join ' ', ( stat $permit )[ 1, 9 ];    # its inode: each is a new file
    if ( $stamp ne $it->{stamp} ) {
        my %passed = passed($permit);
        @$it{qw(stamp data)} = ( $stamp, $passed{OCF_RESKEY_datadir} // $passed{OCF_RESKEY_pgdata} // '' );
    }
    if ( $it->{pid} ) {
        my $state = state( $it->{pid} );
        my $now   = clock_gettime(CLOCK_MONOTONIC);
        $it->{since} = $state =~ /^[Tt]$/ ? $it->{since} || $now : 0;
        return if $state =~ /^[^ZX]/ && !( $it->{since} && $now - $it->{since} >= $STOPPED_S );
        help( $permit, $it->{since} ? 'stopped' : 'ended' );
        let_go($it);
        $it->{helped} = $it->{since} ? $stamp : '';
        return;
    }
    find_postmaster($it);
    return;
}

# Takes the postmaster of the data directory under watch, if there is one and it has not just been helped.
sub find_postmaster {
    my ($it) = @_;
    open my $file, '<', "$it->{data}/postmaster.pid" or return;
    my ($pid) = ( readline($file) // '' ) =~ /^(\d+)/ or return;
    return if ( readlink("$PROC/$pid/cwd") // '' ) ne $it->{data};
    return if state($pid) =~ /^[Tt]$/ && ( $it->{helped} // '' ) eq $it->{stamp};    # couldn't be helped
    my $pidfd = syscall $PIDFD_OPEN, $pid + 0, 0;
    @$it{qw(pid pidfd since)} = ( $pid, $pidfd < 0 ? undef : $pidfd, 0 );    # without one, looking has to do
    return;
}

sub let_go {
    my ($it) = @_;
    POSIX::close( $it->{pidfd} ) if defined $it->{pidfd};
    @$it{qw(pid pidfd)} = ( 0, undef );
    return;
}

sub forget {
    my ($permit) = @_;
    let_go( delete $known{$permit} );
    return;
}

# What a process does, one letter; Z where there is none. Its name, in brackets, may hold anything.
sub state {
    my ($pid) = @_;
    open my $file, '<', "$PROC/$pid/stat" or return 'Z';
    return ( readline($file) // '' ) =~ /.*\) (\S)/ ? $1 : 'Z';
}

# What Pacemaker passed to the monitor, name => value.
sub passed {
    my ($permit) = @_;
    open my $file, '<', $permit or return;
    return map { /^(\w+)=(.*)$/ ? ( $1, $2 ) : () } readline $file;
}

sub help {
    my ( $permit, $why ) = @_;
    my $pid = fork // return print "can't help: $!\n";
    return if $pid;
    my %passed = passed($permit);
    %ENV = ( PATH => $ENV{PATH} // '/usr/sbin:/usr/bin:/sbin:/bin', %passed );
    POSIX::setsid();
    open STDIN, '<', '/dev/null';
    require $AID;
    FirstAid::settle(%settings);
    exit FirstAid::at_once( $permit, $why );
}
