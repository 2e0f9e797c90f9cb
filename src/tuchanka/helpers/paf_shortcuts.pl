# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# What ocf:tuchanka:pgsqlms has PAF do in a quicker way while a failover or a switchover waits for it; the agent says where
# (tuchanka_agent). What is called here without a definition is PAF's.
use strict;
use warnings;

# What the module Socket would say on Linux; to load it takes longer than a question does.
my ( $AF_UNIX, $SOCK_STREAM, $SOCK_DGRAM ) = ( 1, 1, 2 );

# The attributes of an election, set and deleted by PAF, and noted: an empty note says that one is unset. A note is younger
# than what it says, which removes it first. Whatever may come between an election and its promotion removes the others.
sub tuchanka_set {
    my ( $place, $name, $value ) = @_;
    unlink "$place.attribute.$name";
    tuchanka_paf_set( $name, $value );
    return tuchanka_note( $place, $name, $value );
}

sub tuchanka_delete {
    my ( $place, $name ) = @_;
    my $known = tuchanka_known( $place, $name );
    return if defined $known && $known eq '';
    unlink "$place.attribute.$name";
    tuchanka_paf_delete($name) if _get_priv_attr($name) ne '';
    return tuchanka_note( $place, $name, '' );
}

sub tuchanka_note {
    my ( $place, $name, $value ) = @_;
    open my $note, '>', "$place.attribute.new" or return;
    print {$note} $value;
    close $note and rename "$place.attribute.new", "$place.attribute.$name";
    return;
}

sub tuchanka_known {
    my ( $place, $name ) = @_;
    open my $note, '<', "$place.attribute.$name" or return;
    return do { local $/; <$note> } // '';
}

# What an election has set is asked for where a start, a stop or a monitor lies between it and a promotion.
sub tuchanka_forget_election {
    my ($place) = @_;
    return unlink grep { -s } map { "$place.attribute.$_" } qw(lsn_location nodes recover_master cancel_switchover);
}

# Asks the server by its own protocol, on its socket, as its user; the rows are those that PAF makes of psql's.
sub tuchanka_query {
    my ( $folder, $port, $user, $query, $rows ) = @_;
    my ( $uid, $own ) = ( scalar getpwnam($user), $> );
    return 0 if !defined $uid || !defined $query || !ref $rows || $folder !~ m{^/};
    socket( my $server, $AF_UNIX, $SOCK_STREAM, 0 ) or return 0;
    $> = $uid;
    my $connected = $> == $uid && connect $server, tuchanka_address("$folder/.s.PGSQL.$port");
    $> = $own;
    return 0 if !$connected;
    local $SIG{PIPE} = 'IGNORE';
    my $hello = pack( 'N', 196_608 ) . join( "\0", user => $user, database => 'postgres', '', '' );
    my $ask   = "$query\0";
    syswrite $server, pack( 'N', 4 + length $hello ) . $hello;
    defined tuchanka_answer($server) or return 0;
    syswrite $server, 'Q' . pack( 'N', 4 + length $ask ) . $ask;
    my $found = tuchanka_answer($server) // return 0;
    syswrite $server, 'X' . pack 'N', 4;
    push @{$rows}, grep { "@$_" ne '' } @{$found} if @{$found};
    return 1;
}

# The rows up to the server's being ready for a query; undef where it wants to know more, reports an error or goes.
sub tuchanka_answer {
    my ($server) = @_;
    my @rows;
    while ( defined( my $head = tuchanka_read( $server, 5 ) ) ) {
        my ( $kind, $length ) = unpack 'a N', $head;
        my $body = tuchanka_read( $server, $length - 4 ) // return;
        return \@rows if $kind eq 'Z';
        return if $kind eq 'E' || $kind eq 'R' && unpack( 'N', $body ) != 0;
        next if $kind ne 'D';
        my ( $count, $rest, @row ) = ( unpack( 'n', $body ), substr $body, 2 );
        for ( 1 .. $count ) {
            my $size = unpack 'l>', $rest;
            push @row, $size < 0 ? '' : substr $rest, 4, $size;
            $rest = substr $rest, 4 + ( $size < 0 ? 0 : $size );
        }
        push @rows, \@row;
    }
    return;
}

sub tuchanka_read {
    my ( $server, $length ) = @_;
    my $read = '';
    while ( length $read < $length ) {
        sysread $server, $read, $length - length $read, length $read or return;
    }
    return $read;
}

# A demotion, and Pacemaker promotes another node next, which it does only with a score above 0.
sub tuchanka_moves { return $ARGV[0] eq 'demote' && ( $ENV{OCF_RESKEY_CRM_meta_notify_promote_uname} // '' ) =~ /\w/ }

sub tuchanka_stops_next {
    my ( $here, $stop ) = map { $ENV{"OCF_RESKEY_CRM_meta_$_"} // '' } qw(on_node notify_stop_uname);
    return grep { $_ eq $here } split ' ', $stop;
}

# The words of a pg_ctl(1) that stops, promotes or looks, with the folder of the data; a start needs the configuration.
sub tuchanka_where {
    my ( $data, @words ) = @_;
    return @words if $words[0] !~ m{/pg_ctl$} || $words[-1] !~ /^(?:stop|promote|status)$/;
    return map { $_ && $words[ $_ - 1 ] eq '--pgdata' ? $data : $words[$_] } 0 .. $#words;
}

# In place of system() where OCF_Functions.pm calls logger(1): says the same to the journal itself, where it can.
sub tuchanka_system {
    my ( $program, @words ) = @_;
    my %levels = ( err => 3, warning => 4, notice => 5, info => 6, debug => 7 );
    my ( $tag, $level, $message ) = @words[ 1, 3, 4 ];
    if ( $program eq 'logger' && @words == 5 && $level =~ /^daemon\.(\w+)$/ && $levels{$1} ) {
        my $text = '<' . ( 3 * 8 + $levels{$1} ) . ">$tag: $message";
        my $file = tuchanka_address( $ENV{TUCHANKA_LOG} // '/dev/log' );
        my $log;
        return 0 if socket( $log, $AF_UNIX, $SOCK_DGRAM, 0 ) && connect( $log, $file ) && syswrite $log, $text;
    }
    return CORE::system $program, @words;
}

sub tuchanka_address { return pack 'S a*', $AF_UNIX, "$_[0]\0" }

sub tuchanka_waits { return $_[0] =~ m{/pg_ctl$} && $_[-1] =~ /^(?:stop|promote)$/ && grep { $_ eq '-w' } @_ }

# As "pg_ctl --wait", but a hundred looks a second.
sub tuchanka_pg_ctl {
    my ( $data, @words ) = @_;
    my $seconds = "@words" =~ /--timeout (\d+)/ ? $1 : 60;
    my $status  = _runas( map { $_ eq '-w' ? '-W' : $_ } @words );
    my $end     = time + $seconds;
    until ( $status != 0 || tuchanka_is_done( $data, $words[-1] ) ) {
        return 1 if time > $end;
        select undef, undef, undef, 0.01;
    }
    return $status;
}

# As pg_ctl(1), which goes on by itself, but a hundred looks a second: the postmaster's file, written since, says so.
sub tuchanka_start {
    my ( $data, @words ) = @_;
    require POSIX;
    require Time::HiRes;
    my $began = Time::HiRes::time() - 0.01;
    my $pid   = fork // return _runas(@words);
    POSIX::_exit( _runas(@words) ) if !$pid;
    until ( waitpid $pid, POSIX::WNOHANG() ) {
        my $file = "$data/postmaster.pid";
        my $written = ( Time::HiRes::stat($file) )[9] // 0;
        return 0 if $written >= $began && tuchanka_serves($file);
        select undef, undef, undef, 0.01;
    }
    return $? >> 8;
}

# The eighth line says "ready", or "standby" (pidfile.h of PostgreSQL).
sub tuchanka_serves {
    open my $file, '<', $_[0] or return 0;
    my @lines = readline $file;
    return @lines > 7 && $lines[7] =~ /^(?:ready|standby)\b/ && $lines[0] =~ /^(\d+)/ && -e "/proc/$1";
}

# Stopped: the postmaster's file is gone, or the process. Promoted: the control file says DB_IN_PRODUCTION, its third field.
sub tuchanka_is_done {
    my ( $data, $verb ) = @_;
    my ( $file, $head );
    if ( $verb eq 'promote' ) {
        open $file, '<:raw', "$data/global/pg_control" or return 0;
        return sysread( $file, $head, 20 ) == 20 && unpack( 'x16 l', $head ) == 6;
    }
    open $file, '<', "$data/postmaster.pid" or return 1;
    return ( readline($file) // '' ) =~ /^(\d+)/ && !-e "/proc/$1";
}

1;
