#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# The resource agent ocf:tuchanka:pgsqlms: PAF's own (ocf:heartbeat:pgsqlms), with first aid in its monitor, its order of
# standbys corrected, and without questions that it need not ask while a failover waits for it.
#
# PAF 2.3.0 gives the most lagging standby the highest score for a promotion. Here the installed agent is read, that
# place is corrected, and the result is run. So nothing is copied that an upgrade of the package could leave behind:
# a corrected release is run as it is. One that has neither the wrong text nor the right one is run as it is, too, with a
# warning at each start and promotion, because refusing would stop the databases; the setup refuses it ("check").
# Where only the question for a standby's position is unknown, log from an archive could be overlooked in an election:
# the setup refuses to fetch from the archive then ("check-positions").
#
# Each part can be switched off in /etc/tuchanka/helpers.conf, with NAME=no: FIRST_AID, POSTGRES_WATCH, PAF_ORDER,
# PAF_SHORTCUTS, FORGET_ADDRESS. The last needs to know the address: PRIMARY_ADDRESS_<instance>=<address>.
use strict;
use warnings;
use Fcntl qw(LOCK_EX LOCK_NB);
use FindBin;

my %tuchanka_settings = tuchanka_settings( $ENV{TUCHANKA_HELPERS_CONF} // '/etc/tuchanka/helpers.conf' );

# Lines of NAME=value; without the file everything has its default.
sub tuchanka_settings {
    open my $file, '<', $_[0] or return;
    return map { /^(\w+)=(.*?)\s*$/ ? ( $1, $2 ) : () } readline $file;
}

sub tuchanka_does { return ( $tuchanka_settings{ $_[0] } // 'yes' ) ne 'no' }

# With this file beside the agent PAF is spared what it need not do.
my $tuchanka_shortcuts = "$FindBin::RealBin/paf_shortcuts.pl";
my $tuchanka_spares    = tuchanka_does('PAF_SHORTCUTS') && -e $tuchanka_shortcuts;
require $tuchanka_shortcuts if $tuchanka_spares;

sub tuchanka_paf {
    my $path = "$FindBin::RealBin/../heartbeat/pgsqlms";
    my $file;
    unless ( open $file, '<', $path ) {
        print STDERR "ocf-exit-reason:cannot read PAF's resource agent $path: $!\n";
        exit 5;    # OCF_ERR_INSTALLED
    }
    return ( $path, do { local $/; <$file> } );
}

sub tuchanka_agent {
    my ( $action, $path, $text ) = @_;

    # Lines keep their numbers. A standby that has reported no position yet comes last.
    my $corrected = tuchanka_does('PAF_ORDER')
        && $text =~ s/ORDER BY location ASC, application_name ASC/ORDER BY location DESC NULLS LAST, application_name ASC/g;
    my $right  = () = $text =~ /ORDER BY location DESC\b/g;
    my $known  = !tuchanka_does('PAF_ORDER') || $corrected <= 1 && $right == 1;
    if ( $action eq 'check' ) {
        print STDERR "$path: the query that orders the standbys isn't the one that is known\n" unless $known;
        exit( $known ? 0 : 5 );
    }
    if ( !$known && $action =~ /^(?:start|promote)$/ ) {
        print STDERR "WARNING: $path orders its standbys in a way that is not known: it is run as it is\n";
    }
    # What a standby has, for the election and a switchover: PAF asks what it has received since its server started. That is
    # the start of a file, or nothing, for one that was started without a primary, and less than it has for one that has
    # read its log again, or has got it from an archive.
    my $positions = tuchanka_does('PAF_ORDER')
        && $text =~ s/'pg_last_wal_receive_lsn\(\)'/'greatest( pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn() )'/g;
    if ( $action eq 'check-positions' ) {
        my $replayed = $positions ? $positions == 1 : $text =~ /pg_last_wal_replay_lsn/;
        print STDERR "$path: how it asks a standby for its position isn't what is known\n" unless $replayed;
        exit( $replayed ? 0 : 5 );
    }
    return qq(#line 1 "$path"\n$text) if !$tuchanka_spares;

    # Pacemaker says which node this is: to ask it costs four processes each time.
    $text =~ s/^(\$nodename = )(ocf_local_nodename\(\);)$/$1\$ENV{OCF_RESKEY_CRM_meta_on_node} || $2/m;

    # The configuration is checked at a start and by every monitor. To check it once more in the middle of a failover
    # costs seven processes, one action and notification after the other, on all nodes at once.
    $text =~ s/^(\$exit_code = )pgsql_validate_all\(\);$/$1\$OCF_SUCCESS;/m if $action =~ /^(?:notify|promote|demote|stop)$/;

    # A demotion that has stopped the server need not ask whether it answers, and has seen that it is stopped, and how, when
    # it starts it as a standby.
    $text =~ s/^(\s+\# Double check that the instance is stopped correctly\.\n\s+\$rc = )pgsql_monitor\(\);$/$1_confirm_stopped();/m;
    $text =~ s/^(\s+my \$rc\s+= )(pgsql_monitor\(\);\n\s+my %cdata\s+= _get_controldata\(\);)$/$1\$__OCF_ACTION eq 'demote' ? \$OCF_NOT_RUNNING : $2/m;

    # Whether any standby has a score is known where one is promoted next; to ask costs six processes.
    $text =~ s/^(\s+if \( \$prev_state eq "shut down" and not )(_master_score_exists\(\) \) \{)$/$1tuchanka_moves() and not $2/m;

    # A node that leaves has its primary demoted and then stopped. A demotion starts the server as a standby, and the stop
    # stops that one: what is stopped already may stay so.
    $text =~ s/^(\s+)(\$rc = pgsql_start\(\);\n\s+if \( \$rc == \$OCF_SUCCESS \) \{\n\s+ocf_log\( 'info', 'pgsql_demote:)/$1return \$OCF_SUCCESS if tuchanka_stops_next(); $2/m;

    # To set or delete an attribute costs two processes, to ask for one costs one, and the four of an election are hardly ever
    # set before it: what this node has set or deleted since is known. What was set or deleted is seen after some
    # milliseconds; PAF would sleep 0.1 s, up to four times in a switchover. Without its quotes a question needs no shell.
    my $gets = qr/^(sub _get_priv_attr \{\n\s+my \( \$name, \$node \) = \@_;)$/m;
    if ( $text =~ $gets && 2 == ( () = $text =~ /^sub _(?:set|delete)_priv_attr \{$/mg ) ) {
        $text =~ s/^sub _(set|delete)_priv_attr \{$/sub _$1_priv_attr { tuchanka_$1( \$place, \@_ ) } sub tuchanka_paf_$1 {/mg;
        $text =~ s/$gets/$1 my \$known = defined \$node ? undef : tuchanka_known( \$place, \$name ); return \$known if defined \$known;/;
    }
    $text =~ s/^(\s+\$ans = qx\{ \$ATTRD_PRIV --name )"\$name"( --query \$node_arg \};)$/$1\$name$2/m;
    $text =~ s/^(\s+select\( undef, undef, undef, 0\.)1 \);$/${1}01 );/mg;

    # psql(1) costs 50 ms of a processor, and a switchover asks seven times; pg_isready(1) costs 10. Whatever is not a plain
    # answer is asked again.
    $text =~ s/^(sub _query \{)$/$1 return 0 if tuchanka_query( \$pghost, \$pgport, \$system_user, \@_ );/m;
    $text =~ s/^(sub _pg_isready \{)$/$1 return 0 if tuchanka_query( \$pghost, \$pgport, \$system_user, 'SELECT 1', [] );/m;

    # The modules for temporary files and for debug messages take a third of the time that PAF takes to begin: one is
    # loaded where psql is asked, the other where such messages are wanted (ha_debug of OCF_Functions.pm).
    $text =~ s/^use File::Temp;$//m if $text =~ s/(\$tmpfile = )(File::Temp->new\()/$1( require File::Temp ) && $2/;
    if ( defined $ENV{HA_debug} && $ENV{HA_debug} eq '0' ) {
        $text =~ s/^use Data::Dumper;$//m if $text =~ s/\bData::Dumper->new\([^()]*\)(?:->\w+\(1\))*->Dump\b/''/g;
    }

    # Each message to the journal costs a process. This has to be there before the module is compiled.
    { no warnings 'once'; *OCF_Functions::system = \&tuchanka_system; }

    # With a folder that has the configuration only, pg_ctl(1) starts two servers to ask where the data are.
    $text =~ s/^(sub _runas \{\n\s+my \$rc;\n\s+my \$pid;\n\s+my \@cmd = )\@_;$/$1tuchanka_where( \$datadir, \@_ );/m;

    # pg_ctl(1) looks ten times a second whether the server has stopped, was promoted, or serves.
    $text =~ s/^(sub _runas \{\n(?:.*\n){2}\s+my \@cmd = .*;)$/$1 return tuchanka_pg_ctl( \$datadir, \@cmd ) if tuchanka_waits(\@cmd);/m;
    $text =~ s/^(sub _pg_ctl_start \{\n(?:.*\n){1,12}?\s+return )_runas\( \@cmd \);$/$1tuchanka_start( \$datadir, \@cmd );/m;
    return qq(#line 1 "$path"\n$text);
}

# Whether a notification does nothing but delete attributes of an election that is over, by PAF's own text.
sub tuchanka_only_clears {
    my ($text) = @_;
    return $text =~ m/^sub\ pgsql_notify_post_promote\ \{\n (?: \s*\n | \s+\#.*\n | \s+_delete_priv_attr\(\ '\w+'\s*\);\n )+
        \s+return\ \$OCF_SUCCESS;\n\}/mx;
}

# Goes on beside Pacemaker, which needn't wait; whatever it asks next waits for the lock, which this holds until it ends.
sub tuchanka_step_aside {
    my $pid = fork // return;
    exit 0 if $pid;
    open STDIN,  '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    setpgrp;
    select undef, undef, undef, 0.5;    # the address comes first
    return;
}

# Whether PAF does nothing about this notification: it names only some kinds of them, and about a demotion and a stop
# only those of its own node matter to it, about a demotion only where the node is promoted again. To find that out costs
# PAF 0.1 s each time, and a failover waits for six of them on every node, one after the other. By PAF's own text: one
# that isn't written as this one is asked itself.
sub tuchanka_ignores {
    my ($text) = @_;
    my ( $type, $operation, $here ) = map { $ENV{"OCF_RESKEY_CRM_meta_$_"} // '' } qw(notify_type notify_operation on_node);
    my @named = $text =~ m{/\^((?:pre|post)-[a-z]+)\$/}g;
    return 0 if !@named || !$type || !$operation;
    return 1 unless grep { $_ eq "$type-$operation" } @named;
    my $recovery_only = $text =~ m/^sub\ pgsql_notify_${type}_$operation\ \{\n(?:.*\n){1,10}?\s+\$rc\ =\ pgsql_monitor\(\);\n
        (?:\s*\n|\s*\#.*\n)+\s+return\ \$OCF_SUCCESS\ unless\ _is_master_recover\(\ \$nodename\ \)/mx;
    my $promoted = $ENV{OCF_RESKEY_CRM_meta_notify_promote_uname};
    return 1 if $recovery_only && $here && defined $promoted && !grep { $_ eq $here } split ' ', $promoted;
    my $own_only = $text =~ m/^sub\ pgsql_notify_${type}_$operation\ \{[^}]*?
        return\ \$OCF_SUCCESS\ unless\ scalar\s+
        grep\ \{\ \$_->\{'uname'\}\ eq\ \$nodename\ \}\ \@\{\ \$OCF_NOTIFY_ENV\{'$operation'\}\ \};/mx;
    my $nodes = $ENV{"OCF_RESKEY_CRM_meta_notify_${operation}_uname"};
    return $own_only && $here && defined $nodes && !grep { $_ eq $here } split ' ', $nodes;
}

# Forgets which node the primary's address was on. A standby that connects while the address moves would reach for a
# node that may be dead, and again a second later. Like this the kernel asks for the address, and what waits for the
# answer is sent the moment the new holder announces itself (arp(7)).
sub tuchanka_forget_address {
    my ($instance) = ( $ENV{OCF_RESOURCE_INSTANCE} // '' ) =~ /^([^:]+)/;
    my $address = $tuchanka_settings{ 'PRIMARY_ADDRESS_' . ( $instance // '' ) };
    system 'ip', 'neigh', 'flush', 'to', $address if defined $address;
    return;
}

# With the watch over the servers first aid may be at work outside of an action, and only while a permit lies: a recurring
# monitor that found the server well writes it. Every other action takes it away, and waits until first aid, or a
# notification that stepped aside, has ended.
sub tuchanka_lock {
    my ( $place, $recurs ) = @_;
    mkdir $place =~ s{/[^/]*$}{}r;
    unlink "$place.permit" if !$recurs;
    my $lock;
    if ( !open $lock, '>', "$place.lock" ) {
        print STDERR "WARNING: cannot write $place.lock: $!\n";
        return;
    }
    my $end = time + ( $tuchanka_settings{FIRST_AID_HANG_S} // 5 ) + 4;    # the write that it tries, the killing, the start
    until ( $recurs || flock( $lock, LOCK_EX | LOCK_NB ) || time > $end ) {
        select undef, undef, undef, 0.01;
    }
    return $lock;
}

# What Pacemaker passed is all that the watch knows of the instance.
sub tuchanka_permit {
    my ( $place, %passed ) = @_;
    open my $file, '>', "$place.permit.new" or return;
    print {$file} map { "$_=$passed{$_}\n" } grep { $passed{$_} !~ /\n/ } sort keys %passed;
    close $file and rename "$place.permit.new", "$place.permit";
    return;
}

# A recurring monitor helps, a demotion and a stop may need help; a probe (interval 0) only looks.
my $action = $ARGV[0] // '';
my $recurs = $action eq 'monitor' && ( $ENV{OCF_RESKEY_CRM_meta_interval} // 0 ) > 0;
my $aid    = "$FindBin::RealBin/first_aid.pl";
my $aids   = tuchanka_does('FIRST_AID') && -e $aid;
my $acts   = $action =~ /^(?:start|stop|promote|demote|notify|monitor)$/;
my $place  = ( $ENV{TUCHANKA_RUN} // '/run/tuchanka' ) . '/' . ( $ENV{OCF_RESOURCE_INSTANCE} // '' );
my $watch  = $aids && $acts && tuchanka_does('POSTGRES_WATCH');
if ( $recurs && $watch && $tuchanka_spares && !-e "$place.permit" ) {
    select undef, undef, undef, 0.3;    # the first look after a promotion or a demotion: the addresses come first
}
my $lock   = $watch || $acts && $tuchanka_spares ? tuchanka_lock( $place, $recurs ) : undef;
tuchanka_forget_election($place) if $tuchanka_spares && $acts && $action !~ /^(?:promote|notify)$/;
my %passed = map { $_ => $ENV{$_} } grep { /^OCF_/ } keys %ENV;    # PAF changes it
my ( $self, $again, $asked ) = ( $$, defined $ENV{TUCHANKA_BEGAN}, 0 );
if ( $aids && ( $recurs || $action =~ /^(?:demote|stop)$/ ) ) {
    require $aid;
    FirstAid::settle(%tuchanka_settings);
    my ( $done, $status, $left ) = FirstAid::run( $action, $lock );
    exit $status if $done;
    FirstAid::begin_anew_if_it_hangs() if $action eq 'monitor';
    $asked = $recurs && !$left;
}

# PAF's verdict. A server that went wrong while PAF looked is helped, too: the monitor begins anew, once.
END {
    if ( $asked && $$ == $self ) {
        my $well = $? == 0 || $? == 8;    # OCF_SUCCESS, OCF_RUNNING_MASTER
        tuchanka_permit( $place, %passed ) if $watch && $well;
        if ( !$well && !$again ) {
            alarm 0;
            exec $^X, $0, @ARGV;
        }
    }
}

my ( $path, $text ) = tuchanka_paf();
tuchanka_forget_address()
    if tuchanka_does('FORGET_ADDRESS') && $action eq 'notify' && ( $ENV{OCF_RESKEY_CRM_meta_notify_operation} // '' ) eq 'promote';
if ( $tuchanka_spares && $action eq 'notify' ) {
    exit 0 if tuchanka_ignores($text);
    my $kind = join '-', map { $ENV{"OCF_RESKEY_CRM_meta_notify_$_"} // '' } qw(type operation);
    tuchanka_step_aside() if $kind eq 'post-promote' && $lock && tuchanka_only_clears($text);
}
eval tuchanka_agent( $action, $path, $text );    ## no critic - that is its purpose
die $@ if $@;
