"""Which H.323 messages crossed a place, and when: call signalling (Q.931) and H.245, in TCP connections of their own
or in an agent's trunk (docs/trunk-protocol.md)."""

import socket
import struct
from typing import NamedTuple

from . import nat, pcap

Q931 = {0x05: "Setup", 0x02: "Call Proceeding", 0x01: "Alerting", 0x07: "Connect", 0x62: "Facility",
        0x5a: "Release Complete"}
# The choices that begin an H.245 message in aligned PER, as far as the rows name them.
H245 = {0x01: "MSD", 0x02: "TCS", 0x03: "OLC"}
H245_ANSWERS = {0x041: "MSD Ack", 0x043: "TCS Ack", 0x045: "OLC Ack"}
FRAME_HEADER, DATA = 8, 0x84


class Pdu(NamedTuple):
    """One message, when its last octet crossed."""
    time: float
    src: str
    dst: str
    what: str
    octets: bytes


class Segment(NamedTuple):
    packet: pcap.Packet
    sequence: int
    octets: bytes


def _segment(packet):
    offset = (packet.payload[12] >> 4) * 4
    return Segment(packet, struct.unpack_from(">I", packet.payload, 4)[0], packet.payload[offset:])


def _directions(packets):
    """The segments with data of each direction of each connection, in order, each once."""
    found = {}
    for packet in packets:
        if packet.protocol == pcap.TCP:
            segment = _segment(packet)
            if segment.octets:
                found.setdefault((packet.source, packet.target), {}).setdefault(segment.sequence, segment)
    return [[rows[n] for n in sorted(rows)] for rows in found.values()]


class Cutter:
    """Octets go in as they come; LENGTH tells of a beginning how long the message is, None while it cannot."""

    def __init__(self, length):
        self.length, self.octets = length, b""

    def give(self, octets):
        self.octets += octets
        while True:
            n = self.length(self.octets)
            if n is None or len(self.octets) < n:
                return
            yield self.octets[:n]
            self.octets = self.octets[n:]


def _tpkt(octets):
    return struct.unpack_from(">H", octets, 2)[0] if len(octets) >= 4 else None


def _frame(octets):
    if len(octets) < 4:
        return None
    header = FRAME_HEADER if octets[0] & 0x80 else 20  # a frame, or STUN
    return header + struct.unpack_from(">H", octets, 2)[0]


def name(message):
    """What H.323 calls the contents of a TPKT."""
    if len(message) < 2:
        return "?"
    if message[0] == 8:
        return Q931.get(message[2 + message[1]], "?")
    return H245.get(message[0]) or H245_ANSWERS.get(message[0] << 1 | message[1] >> 7, "?")


def _of_direction(segments):
    trunk = nat.PINHOLE_PORT in (segments[0].packet.sport, segments[0].packet.dport)
    frames, channels = Cutter(_frame), {}
    for segment in segments:
        pieces = [(0, segment.octets)]
        if trunk:
            pieces = [(struct.unpack_from(">I", f, 4)[0], f[FRAME_HEADER:]) for f in frames.give(segment.octets)
                      if f[0] == DATA]
        for channel, octets in pieces:
            for tpkt in channels.setdefault(channel, Cutter(_tpkt)).give(octets):
                p = segment.packet
                yield Pdu(p.time, p.src, p.dst, name(tpkt[4:]), tpkt[4:])


def pdus(capture):
    """All messages that crossed CAPTURE's place, in the order in which they did."""
    rows = [pdu for segments in _directions(capture.packets()) for pdu in _of_direction(segments)]
    return sorted(rows, key=lambda pdu: pdu.time)


class Step:
    """One of WHATS crosses PLACE from SOURCE to TARGET; a step of story.in_order."""

    def __init__(self, place, source, target, *whats):
        self.place, self.source, self.target, self.whats = place, source, target, whats
        self.what = f"{' or '.join(whats)} {source} → {target}"

    def first(self, lab, since):
        return next((pdu for pdu in pdus(lab.seen(*self.place)) if pdu.time >= since and pdu.what in self.whats
                     and (pdu.src, pdu.dst) == (self.source, self.target)), None)


def across(what, hops):
    """WHAT goes from hop to hop: HOPS are (place, source, target)."""
    return [Step(*hop, what) for hop in hops]


def names(capture, source, address, port=None):
    """Does a message from SOURCE hold ADDRESS (with PORT), as H.225.0 and H.245 write it?"""
    octets = socket.inet_aton(address) + (struct.pack(">H", port) if port else b"")
    return any(octets in pdu.octets for pdu in pdus(capture) if pdu.src == source)
