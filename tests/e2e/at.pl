#!/usr/bin/perl
# A program at a modem's AT port, as those in the field are: one connection, raw, with a time limit for every answer.
#
# at.pl PORT WORD…     each WORD is a command line, whose answer is awaited; all lines that come are printed, without empty ones and the
#                      echo. "?PATTERN" waits for a line that matches, "-SECONDS" for that time; "!TEXT" sends a line without awaiting its
#                      answer, "=TEXT" one without its end. The status is 1 when a line was an error, 2 when something has not come in time.
use strict;
use warnings;
use Fcntl;
use Time::HiRes qw(time sleep);

my ($path, @words) = @ARGV;
my $patience = 10;
my $status   = 0;
my $pending  = '';
my $echo;
$| = 1;

sysopen my $port, $path, O_RDWR | O_NOCTTY or die "$path: $!\n";

# The next line, or undef when it has not come by then. What ends with CR and LF is one.
sub line {
    my $end = shift;
    while (1) {
        while ($pending =~ s/\A([^\n]*)\n//) {
            (my $line = $1) =~ s/\r//g;
            return $line if $line ne '' && $line ne ($echo // '');
        }
        my $left = $end - time;
        my $ready = '';
        vec($ready, fileno $port, 1) = 1;
        return if $left <= 0 || select($ready, undef, undef, $left) <= 0;
        sysread $port, $pending, 4096, length $pending or return;
    }
}

sub missing {
    print "nothing came: $_[0]\n";
    exit 2;
}

sub send_line {
    $echo = $_[0];
    send_text("$_[0]\r");
}

sub send_text {
    syswrite($port, $_[0]) == length $_[0] or die "$path: $!\n";
}

# Up to a line that the block takes.
sub lines_until {
    my ($is_last, $what) = @_;
    my $end = time + $patience;
    while (1) {
        my $line = line($end) // missing($what);
        print "$line\n";
        return $line if $is_last->($line);
    }
}

for my $word (@words) {
    if ($word =~ /\A\?(.*)/) {
        my $pattern = $1;
        lines_until(sub { $_[0] =~ /$pattern/ }, $pattern);
    } elsif ($word =~ /\A-([0-9.]+)\z/) {
        sleep $1;
    } elsif ($word =~ /\A!(.*)/) {
        send_line($1);
    } elsif ($word =~ /\A=(.*)/) {
        send_text($1);
    } else {
        send_line($word);
        my $result = lines_until(sub { $_[0] =~ /\A(?:OK|ERROR|NO CARRIER|\+CM[ES] ERROR: .*)\z/ }, "an answer to $word");
        $status = 1 if $result ne 'OK';
    }
}
exit $status;
