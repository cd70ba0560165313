#!/usr/bin/perl
# An authentication centre for hostapd's EAP server: Milenage (3GPP TS 35.206) on the Unix datagram socket that hostapd calls
# eap_sim_db. The cipher is openssl's; nothing of the card's own code is used.
#
# auc.pl SOCKET SQN K OPc        the sequence number of the next challenge, 12 hexadecimal digits; it prints a line for each request
use strict;
use warnings;
use IO::Socket::UNIX;
use IPC::Open2;

my ($path, $sqn, $k, $opc) = @ARGV;
$sqn = hex $sqn;
$opc = pack 'H*', $opc;
$| = 1;

sub cipher {
    my $pid = open2(my $out, my $in, qw(openssl enc -aes-128-ecb -nopad -K), $k);
    binmode $_ for $in, $out;
    print $in $_[0];
    close $in;
    local $/;
    my $block = <$out>;
    waitpid $pid, 0;
    return $block;
}

# OUTn of TS 35.206 4.1: what is added after turning (OUT1 has TEMP there), what is turned, by so many octets, and the constant.
sub out {
    my ($added, $input, $turn, $constant) = @_;
    my $x = $input ^ $opc;
    $x = substr($x, $turn) . substr($x, 0, $turn);
    return cipher($added ^ $x ^ pack('x15 C', $constant)) ^ $opc;
}

sub f1 {
    my ($rand, $sqn, $amf) = @_;
    return out(cipher($rand ^ $opc), "$sqn$amf" x 2, 8, 0);
}

sub f2345 {
    my $temp = cipher($_[0] ^ $opc);
    my ($out2, $out3, $out4, $out5) =
        map { out("\0" x 16, $temp, @$_) } [0, 1], [4, 2], [8, 4], [12, 8];
    return (substr($out2, 8), $out3, $out4, substr($out2, 0, 6), substr($out5, 0, 6)); # RES CK IK AK AK*
}

sub octets {
    return pack 'H12', sprintf '%012x', $_[0];
}

sub random {
    open my $file, '<:raw', '/dev/urandom' or die;
    read $file, my $rand, 16;
    return $rand;
}

# 33.102 6.8.1.2: SRES and Kc of a 3G challenge.
sub triplet {
    my $rand = random();
    my ($res, $ck, $ik) = f2345($rand);
    my $kc = substr($ck, 0, 8) ^ substr($ck, 8) ^ substr($ik, 0, 8) ^ substr($ik, 8);
    return join ':', map { unpack 'H*', $_ } $kc, substr($res, 0, 4) ^ substr($res, 4), $rand;
}

sub quintuplet {
    my $rand = random();
    my $amf = "\x80\0"; # the separation bit, which EAP-AKA' wants
    my ($res, $ck, $ik, $ak) = f2345($rand);
    my $autn = (octets($sqn) ^ $ak) . $amf . substr(f1($rand, octets($sqn), $amf), 0, 8);
    $sqn += 32; # the five bits of IND stay (33.102 C.3.2)
    return join ' ', map { unpack 'H*', $_ } $rand, $autn, $ik, $ck, $res;
}

# The card's sequence number, when its MAC is right, and one step on.
sub synchronise {
    my ($auts, $rand) = map { pack 'H*', $_ } @_;
    my $card = substr($auts, 0, 6) ^ (f2345($rand))[4];
    return 'refused' if substr(f1($rand, $card, "\0\0"), 8) ne substr($auts, 6);
    $sqn = hex(unpack 'H*', $card) + 32;
    return sprintf '%012x', $sqn;
}

my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "auc.pl: $path: $!\n";
while (my $peer = recv $socket, my $request, 1024, 0) {
    my ($what, $imsi, @more) = split ' ', $request;
    my $answer;
    if ($what eq 'SIM-REQ-AUTH') {
        $answer = "SIM-RESP-AUTH $imsi " . join ' ', map { triplet() } 1 .. $more[0];
    } elsif ($what eq 'AKA-REQ-AUTH') {
        $answer = "AKA-RESP-AUTH $imsi " . quintuplet();
    } elsif ($what eq 'AKA-AUTS') {
        print "$what $imsi ", synchronise(@more), "\n";
        next;
    }
    print "$what $imsi\n";
    send $socket, $answer, 0, $peer if defined $answer;
}
