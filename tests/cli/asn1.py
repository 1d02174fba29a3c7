#!/usr/bin/env python3
"""postern-asn1 as an operator meets it: options, exit codes, trees, comparisons.

  tests/cli/asn1.py [--build DIR] [NAME...]

Runs in the build directory (make check does). The last line is `N passed, N failed, N skipped`.
"""
import os
import sys

sys.dont_write_bytecode = True
from cli import has, main, same    # noqa: E402


def test_usage(w):
    for words, status in ((["-h"], 0), (["--help"], 0), (["-V"], 0), (["--version"], 0), ([], 2), (["-x"], 2),
                          (["print"], 2), (["print", "RasMessage"], 2), (["print", "Nothing", "00"], 2),
                          (["print", "RasMessage", "0g"], 2), (["print", "RasMessage", "000"], 2),
                          (["verify"], 2), (["verify", "a", "b"], 2), (["verify", w.directory], 2),
                          (["verify", "/nowhere"], 2), (["dance", "a", "b"], 2)):
        done = w.run("postern-asn1", *words)
        same((words, done.returncode), (words, status))
        assert (done.stdout if status == 0 else done.stderr), words
        assert not (done.stderr if status == 0 else done.stdout), words


def test_print(w):
    """Addresses, what is unknown and what is nested, strings that would steer a terminal."""
    for (kind, octets), want in (
            (("TransportAddress", "00c000020706b8"), "TransportAddress: ipAddress 192.0.2.7:1720\n"),
            (("TransportAddress", "00 c0000207 06b8 ff"),
             "TransportAddress: ipAddress 192.0.2.7:1720\nleft over: ff\n"),
            (("TransportAddress", "3020010db8" + "00" * 11 + "0706b8"),
             "TransportAddress: ip6Address [2001:db8::7]:1720\n"),
            (("TransportAddress", "8002abcd"), "TransportAddress: unknown alternative 0: abcd\n"),
            (("AliasAddress", "40010041001b"), 'AliasAddress: h323-ID "A\\x1b"\n'),
            (("CallIdentifier", "00" + "11" * 16), "CallIdentifier:\n  guid: " + "11" * 16 + "\n"),
            (("CallIdentifier", "80" + "11" * 16 + "0102abcd"),
             "CallIdentifier:\n  guid: " + "11" * 16 + "\n  unknown addition 0: abcd\n"),
            (("ScreeningIndicator", "82"), "ScreeningIndicator: unknown item 2\n"),
            (("IP4Address", "300a8004c00002078102" + "138c"), "IP4Address: 192.0.2.7:5004\n")):
        done = w.run("postern-asn1", "print", kind, octets)
        piped = w.run("postern-asn1", "print", kind, "-", input=octets + "\n")
        same((done.returncode, done.stdout), (piped.returncode, piped.stdout))
        same((octets, done.returncode, done.stdout), (octets, 0, want))
    for octets in ("", "ff", "00c0"):
        done = w.run("postern-asn1", "print", "TransportAddress", "-", input=octets)
        same((octets, done.returncode, done.stdout), (octets, 1, ""))
        has(done.stderr, "does not decode")


def test_print_nested(w):
    """A Facility with an OpenLogicalChannel in fastStart and one in h245Control; then the first is spoilt."""
    channel = "00000006001d14000108" + "20010db8" + "00" * 11 + "07138c" + "00c0000207138d"
    begin, between = "2680060008914a000663c0c0000700c000020706b8250123", "104026012403"
    facility = begin + channel + between + channel
    good = w.run("postern-asn1", "print", "H323-UserInformation", facility)
    same((good.returncode, good.stderr), (0, ""))
    has(good.stdout, "      fastStart: 1\n        [0]: OpenLogicalChannel:\n          forwardLogicalChannelNumber: 1\n")
    has(good.stdout, "    h245Control: 1\n"
        "      [0]: MultimediaSystemControlMessage: request openLogicalChannel\n"
        "        forwardLogicalChannelNumber: 1\n")
    same(good.stdout.count("mediaChannel: unicastAddress iP6Address [2001:db8::7]:5004\n"), 2)
    same(good.stdout.count("mediaControlChannel: unicastAddress iPAddress 192.0.2.7:5005\n"), 2)
    spoilt = "f" * len(channel)
    done = w.run("postern-asn1", "print", "H323-UserInformation", begin + spoilt + between + channel)
    has(done.stdout, f"        [0]: {spoilt} (does not decode)\n    h245Control: 1\n")


def test_print_q931(w):
    """A Release Complete with its User-user: alone, in TPKTs, and cut anywhere."""
    user = "05" + "2580060008914a00060000"
    message = f"0802800a5a080280907e{len(user) // 2:04x}{user}"
    tpkt = f"0300{len(message) // 2 + 4:04x}{message}"
    done = w.run("postern-asn1", "print", "Q.931", message)
    has(done.stdout, "Q.931: Release Complete\n  Call reference: 10, to the side that chose it\n  Cause: 8090\n")
    has(done.stdout, "  User-user: H323-UserInformation:\n")
    same(done.returncode, 0)
    twice = w.run("postern-asn1", "print", "Q.931", tpkt, tpkt)
    same((twice.returncode, twice.stdout), (0, done.stdout * 2))
    for n in range(2, len(tpkt), 2):
        same(w.run("postern-asn1", "print", "Q.931", tpkt[:n]).returncode, 1)


def test_verify(w):
    path = os.path.join(w.directory, "lines")
    good = "TransportAddress 00c000020706b8\n"
    for text, status, want in (
            ("# no line\n\n  \n" + good + good, 0, "2 of 2 identical\n"),
            ("", 0, "0 of 0 identical\n"),
            (good + "\nTransportAddress 00c000020706b8ff\n", 1,
             "{}:3: TransportAddress: its value ends before octet 7\n1 of 2 identical\n"),
            ("TransportAddress 07c000020706b8\nIP4Address 30808004c00002078102138c0000\n", 1,
             "{0}:1: TransportAddress: octet 0 comes out as 00, not 07\n"
             "{0}:2: IP4Address: octet 1 comes out as 0a, not 80\n0 of 2 identical\n"),
            ("IP4Address 300a8004c000\nNothing 00\nIP4Address 0x01\n", 1,
             "{0}:1: IP4Address: does not decode: Bad message\n{0}:2: Nothing: no such type\n"
             "{0}:3: IP4Address: not in hexadecimal digits\n0 of 3 identical\n")):
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        done = w.run("postern-asn1", "verify", path)
        same((text, done.returncode, done.stdout), (text, status, want.format(path)))
        piped = w.run("postern-asn1", "verify", "-", input=text)
        same((piped.returncode, piped.stdout), (status, want.format("-")))
    with open(path, "w", encoding="ascii") as f:
        f.write("Nothing 00\n" * 25 + good)
    lines = w.run("postern-asn1", "verify", path).stdout.splitlines()
    same(lines[19:], [f"{path}:20: Nothing: no such type", "and 5 more", "1 of 26 identical"])


if __name__ == "__main__":
    sys.exit(main(globals()))
