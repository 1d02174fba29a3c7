"""Reads what tcpdump wrote: the IPv4 packets of an Ethernet capture, fragments put together."""

import socket
import struct
from typing import NamedTuple

UDP, TCP, ICMP = 17, 6, 1


class Packet(NamedTuple):
    """One IPv4 packet; for anything but UDP and TCP both ports are 0."""
    time: float
    protocol: int
    src: str
    sport: int
    dst: str
    dport: int
    payload: bytes

    @property
    def source(self):
        return (self.src, self.sport)

    @property
    def target(self):
        return (self.dst, self.dport)


def frames(data):
    """The (time, frame) rows of a capture; a half-written last row is left out."""
    if len(data) < 24:
        return
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1e-9 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e-6
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, length, real = struct.unpack_from(order + "IIII", data, at)
        if at + 16 + length > len(data):
            return
        assert length == real, f"a frame of {real} octets was cut to {length}"
        yield seconds + fraction * unit, data[at + 16:at + 16 + length]
        at += 16 + length


class Reassembly:
    """IPv4 fragments by (source, destination, protocol, identification)."""

    def __init__(self):
        self.parts = {}

    def whole(self, header, offset, more, data):
        """The datagram that DATA completes, or None."""
        if not offset and not more:
            return data
        key = (header[12:20], header[9], header[4:6])
        parts = self.parts.setdefault(key, {})
        parts[offset] = (data, more)
        whole = b""
        while True:
            part, more_follow = parts.get(len(whole), (None, None))
            if part is None:
                return None
            whole += part
            if not more_follow:
                del self.parts[key]
                return whole


def packets(data):
    """All IPv4 packets of a capture's bytes."""
    found, reassembly = [], Reassembly()
    for when, frame in frames(data):
        if frame[12:14] != b"\x08\x00" or len(frame) < 34:
            continue
        header_length = (frame[14] & 15) * 4
        total, flags = struct.unpack_from(">H", frame, 16)[0], struct.unpack_from(">H", frame, 20)[0]
        header = frame[14:14 + header_length]
        body = reassembly.whole(header, (flags & 0x1fff) * 8, flags & 0x2000,
                                frame[14 + header_length:14 + total])
        if body is not None:
            found.append(_packet(when, header, body))
    return found


def _packet(when, header, body):
    src, dst = socket.inet_ntoa(header[12:16]), socket.inet_ntoa(header[16:20])
    protocol, sport, dport = header[9], 0, 0
    if protocol in (UDP, TCP) and len(body) >= 8:
        sport, dport = struct.unpack_from(">HH", body)
        if protocol == UDP:
            body = body[8:struct.unpack_from(">H", body, 4)[0]]
    return Packet(when, protocol, src, sport, dst, dport, body)
