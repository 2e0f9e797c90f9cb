#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# archive_command: gives one file of the log to the archive, within a deadline.
#
#   pgbackrest-push STANZA PATH      in the data directory, as PostgreSQL runs it
#
# A store that hangs must not hold up a server that is stopped: PostgreSQL waits for its archiver, and Pacemaker fences a
# node whose server doesn't stop in time. So nothing is pushed once the server is stopping; what waits then is pushed by
# the next primary, which has received it, or by this node when it is primary again.
#
# Exit status: 0 archived (or dropped), 1 to be tried again, 200 the server is stopping. PostgreSQL ends its archiver at
# once for a status above 125 ("archive_command").
#
# Settings, NAME=value in /etc/tuchanka/archive.conf: PUSH_TIMEOUT_S, BREAKER_S, LIMIT (bytes, or a share of the disk like
# 25%) and WHEN_STUCK (drop or wait).
use strict;
use warnings;
use POSIX qw(WNOHANG);
use Time::HiRes qw(CLOCK_MONOTONIC clock_gettime sleep);

use constant { STOPPING => 200, LOOK_S => 0.02, SEGMENT_BYTES => 16 * 1024 * 1024, RUN => '/run/postgresql' };

my ( $stanza, $path ) = @ARGV;
if ( @ARGV != 2 ) {
    print STDERR "usage: pgbackrest-push STANZA PATH\n";
    exit 1;
}
my ($file) = $path =~ m{([^/]+)$};
my %settings = ( PUSH_TIMEOUT_S => 5, BREAKER_S => 10, LIMIT => '25%', WHEN_STUCK => 'drop', settings() );
my $breaker  = $ENV{ARCHIVE_RUN} // RUN;
$breaker .= "/$stanza.push-failed";

exit STOPPING if stopping();
# Histories of timelines are never dropped: without one of them a recovery would end on an old timeline.
if ( $settings{WHEN_STUCK} eq 'drop' && $file =~ /^[0-9A-F]{24}$/ ) {
    my ( $waiting, $limit ) = ( waiting_bytes(), limit_bytes() );
    if ( $limit && $waiting > $limit ) {
        note("dropped $file: $waiting bytes of log wait for the archive, the limit is $limit");
        exit 0;
    }
}
exit 1 if failed_just_now();
exit push_file();

sub settings {
    open my $in, '<', $ENV{ARCHIVE_CONF} // '/etc/tuchanka/archive.conf' or return;
    return map { /^(\w+)=(.*?)\s*$/ ? ( $1, $2 ) : () } readline $in;
}

# The eighth line of postmaster.pid is the server's state (miscinit.h, LOCK_FILE_LINE_PM_STATUS).
sub stopping {
    open my $in, '<', 'postmaster.pid' or return 0;
    my @lines = readline $in;
    return ( $lines[7] // '' ) =~ /^stopping/;
}

sub waiting_bytes {
    opendir my $folder, 'pg_wal/archive_status' or return 0;
    my $count = grep { /^[0-9A-F]{24}\.ready$/ } readdir $folder;
    return $count * ( $file =~ /^[0-9A-F]{24}$/ && -s $path || SEGMENT_BYTES );
}

sub limit_bytes {
    return $settings{LIMIT} unless $settings{LIMIT} =~ /^(\d+)%$/;
    my $share = $1;
    open my $stat, '-|', 'stat', '-f', '-c', '%b %S', 'pg_wal' or return 0;
    my ( $blocks, $size ) = split ' ', readline($stat) // '0 0';
    return int( $blocks * $size * $share / 100 );
}

# A store that is away is asked again only after a while: every push would cost its whole deadline.
sub failed_just_now {
    open my $in, '<', $breaker or return 0;
    my $failed = readline($in) // 0;
    my $since  = clock_gettime(CLOCK_MONOTONIC) - $failed;
    return $since >= 0 && $since < $settings{BREAKER_S};
}

sub push_file {
    my $child = fork;
    if ( !defined $child ) {
        note("can't push $file: $!");
        return 1;
    }
    if ( !$child ) {
        setpgrp;
        open STDOUT, '>', "$breaker.said" and open STDERR, '>&', \*STDOUT;
        exec 'pgbackrest', "--stanza=$stanza", 'archive-push', $path or POSIX::_exit(127);
    }
    my $deadline = clock_gettime(CLOCK_MONOTONIC) + $settings{PUSH_TIMEOUT_S};
    while ( !waitpid $child, WNOHANG ) {
        my $stops = stopping();
        if ( $stops || clock_gettime(CLOCK_MONOTONIC) >= $deadline ) {
            end($child);
            return STOPPING if $stops;
            return failed("had not ended after $settings{PUSH_TIMEOUT_S} s");
        }
        sleep LOOK_S;
    }
    return failed( $? >> 8 ? said() : "was ended by signal $?" ) if $?;
    unlink $breaker, "$breaker.said";
    return 0;
}

# By its group: pgBackRest may have children of its own.
sub end {
    my ($child) = @_;
    kill 'KILL', -$child, $child;
    waitpid $child, 0;
    return;
}

# The first line of what pgBackRest says that is an error, without time and process.
sub said {
    open my $in, '<', "$breaker.said" or return 'failed';
    my @lines = readline $in;
    my ($error) = map { /ERROR: (.*)/ ? $1 : () } @lines;
    return 'failed: ' . ( $error // $lines[0] // 'it says nothing' ) =~ s/\s+$//r;
}

sub failed {
    my ($why) = @_;
    note("pgbackrest archive-push $file $why");
    if ( open my $out, '>', "$breaker.new" ) {
        print {$out} clock_gettime(CLOCK_MONOTONIC), "\n";
        close $out and rename "$breaker.new", $breaker;
    }
    return 1;
}

sub note {
    my ($text) = @_;
    require Sys::Syslog;
    Sys::Syslog::openlog( "archive-$stanza", 'nofatal', 'local0' );
    Sys::Syslog::syslog( 'warning', '%s', $text );
    return;
}
