#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# restore_command: gets one file of the log from the archive, within a deadline.
#
#   pgbackrest-fetch STANZA NAME TARGET
#
# A standby asks for log and for timelines whenever its primary is away, several times a second, and once more while it is
# promoted: an archive that hangs must cost a failover nothing. So a failure is remembered for BREAKER_S seconds, and for
# a second what the archive hasn't.
#
# With ARCHIVE_FETCH=patient in the environment (pg_rewind, a restore) nothing is remembered, and the deadline is long.
#
# Exit status: 0 it is there, 1 it isn't. Never another one: PostgreSQL ends its recovery for one above 125.
#
# Settings, NAME=value in /etc/tuchanka/archive.conf: FETCH_TIMEOUT_S, BREAKER_S. While the file archive.refused is beside
# it, nothing is fetched.
use strict;
use warnings;
use POSIX qw(WNOHANG);
use Time::HiRes qw(CLOCK_MONOTONIC clock_gettime sleep);

use constant { LOOK_S => 0.01, ABSENT_S => 1, ABSENT_MOST => 16, PATIENT_S => 120, RUN => '/run/postgresql' };

my ( $stanza, $name, $target ) = @ARGV;
if ( @ARGV != 3 ) {
    print STDERR "usage: pgbackrest-fetch STANZA NAME TARGET\n";
    exit 1;
}
my $conf     = $ENV{ARCHIVE_CONF} // '/etc/tuchanka/archive.conf';
my %settings = ( FETCH_TIMEOUT_S => 5, BREAKER_S => 10, settings() );
my $patient  = ( $ENV{ARCHIVE_FETCH} // '' ) eq 'patient';
my $run      = $ENV{ARCHIVE_RUN} // RUN;
my ( $breaker, $absent ) = ( "$run/$stanza.fetch-failed", "$run/$stanza.fetch-absent" );
my $now = clock_gettime(CLOCK_MONOTONIC);

exit 1 if -e $conf =~ s/\.conf$/.refused/r;
exit 0 if have_history();
my %absent = $patient ? () : recently_absent();
exit 1 if !$patient && ( exists $absent{$name} || failed_just_now() );
exit fetch();

sub settings {
    open my $in, '<', $conf or return;
    return map { /^(\w+)=(.*?)\s*$/ ? ( $1, $2 ) : () } readline $in;
}

# A history never changes, and a server asks the archive for it even if it has it: at each start and promotion.
sub have_history {
    return 0 unless $name =~ /^[0-9A-F]{8}\.history$/ && -f "pg_wal/$name";
    require File::Copy;
    return File::Copy::copy( "pg_wal/$name", $target );
}

sub recently_absent {
    open my $in, '<', $absent or return;
    my %found = map { /^(\S+) ([\d.]+)$/ ? ( $1, $2 ) : () } readline $in;
    return map { $_ => $found{$_} } grep { recent( $found{$_}, ABSENT_S ) } keys %found;
}

# Also what a push has found out: a primary that becomes a standby asks at once.
sub failed_just_now {
    for my $mark ( $breaker, "$run/$stanza.push-failed" ) {
        open my $in, '<', $mark or next;
        my ($failed) = ( readline($in) // '' ) =~ /^([\d.]+)$/;
        return 1 if defined $failed && recent( $failed, $settings{BREAKER_S} );
    }
    return 0;
}

# A time in the future is from before a boot, where /run has outlived it.
sub recent {
    my ( $then, $for_s ) = @_;
    return $now >= $then && $now - $then < $for_s;
}

sub fetch {
    my $within = $patient ? PATIENT_S : $settings{FETCH_TIMEOUT_S};
    my $child  = fork;
    return failed("can't be started: $!") if !defined $child;
    if ( !$child ) {
        setpgrp;
        $patient or open STDOUT, '>', "$breaker.said" and open STDERR, '>&', \*STDOUT;
        exec 'pgbackrest', "--stanza=$stanza", 'archive-get', $name, $target or POSIX::_exit(127);
    }
    while ( !waitpid $child, WNOHANG ) {
        if ( clock_gettime(CLOCK_MONOTONIC) >= $now + $within ) {
            kill 'KILL', -$child, $child;
            waitpid $child, 0;
            return failed("had not ended after $within s");
        }
        sleep LOOK_S;
    }
    if ( $? == 0 ) {
        unlink $breaker, "$breaker.said";
        return 0;
    }
    # pgBackRest: 1 says that the archive hasn't the file.
    return failed( $? >> 8 ? ( $patient ? 'failed' : said() ) : "was ended by signal $?" ) if $? >> 8 != 1;
    remember_absent();
    return 1;
}

sub remember_absent {
    return if $patient;
    my @names = sort { $absent{$b} <=> $absent{$a} } keys %absent;
    $#names = ABSENT_MOST - 2 if @names >= ABSENT_MOST;
    keep( $absent, "$name $now\n", map { "$_ $absent{$_}\n" } @names );
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
    keep( $breaker, "$now\n" ) unless $patient;
    require Sys::Syslog;
    Sys::Syslog::openlog( "archive-$stanza", 'nofatal', 'local0' );
    Sys::Syslog::syslog( 'warning', '%s', "pgbackrest archive-get $name $why" );
    return 1;
}

sub keep {
    my ( $file, @lines ) = @_;
    open my $out, '>', "$file.new" or return;
    print {$out} @lines;
    close $out and rename "$file.new", $file;
    return;
}
