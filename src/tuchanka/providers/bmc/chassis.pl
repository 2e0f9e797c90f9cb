#!/usr/bin/perl
# What ipmi_sim calls to ask for the power of a machine, or to switch it: chassis.pl SOCKET MACHINE get|set WORD...
# It passes the words on to the lab's BMC daemon, and prints its answer. (Perl, because it starts in 10 ms.)
use strict;
use warnings;
use IO::Socket::UNIX;

my ( $socket, @words ) = @ARGV;
my $daemon = IO::Socket::UNIX->new( Peer => $socket ) or die "$socket: $!\n";
print {$daemon} "@words\n";
$daemon->flush;
my $answer = readline $daemon;
exit 1 if !defined $answer || $answer !~ /^ok(?: (.*))?$/;
print "$_\n" for split ' ', $1 // '';
