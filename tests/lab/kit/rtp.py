"""RTP and RTCP packets, made and told apart."""

import struct


class Sender:
    """The packets of one RTP source, in order; `skip` makes a loss."""

    def __init__(self, ssrc, payload_type=0, size=160, mark=b"\xd5"):
        self.ssrc, self.payload_type, self.size, self.mark = ssrc, payload_type, size, mark
        self.sequence, self.timestamp = 1000, 0
        self.packets = self.octets = 0

    def skip(self, count):
        self.sequence += count
        self.timestamp += 160 * count

    def packet(self, size=None):
        payload = (self.mark * (size or self.size))[:size or self.size]
        head = struct.pack("!BBHII", 0x80, self.payload_type, self.sequence & 0xffff,
                           self.timestamp & 0xffffffff, self.ssrc)
        self.sequence += 1
        self.timestamp += 160
        self.packets += 1
        self.octets += len(payload)
        return head + payload

    def report(self, about=0, lost=0, highest=0, jitter=0):
        """A sender report with one report block and an SDES CNAME (RFC 3550 s.6)."""
        block = struct.pack("!IIIIII", about, lost & 0xffffff, highest, jitter, 0, 0)
        report = struct.pack("!BBHIIIIII", 0x81, 200, 12, self.ssrc, 0xe0000000, 0, self.timestamp,
                             self.packets, self.octets) + block
        name = b"lab"
        item = bytes((1, len(name))) + name
        item += b"\0" * (4 - len(item) % 4)
        return report + struct.pack("!BBHI", 0x81, 202, 1 + len(item) // 4, self.ssrc) + item


def is_rtp(payload):
    """RFC 7983 and RFC 5761: version 2 and not one of the RTCP types."""
    return len(payload) >= 12 and payload[0] >> 6 == 2 and not is_rtcp(payload)


def is_rtcp(payload):
    return len(payload) >= 8 and payload[0] >> 6 == 2 and 192 <= payload[1] <= 223


def ssrc(payload):
    return struct.unpack_from("!I", payload, 8)[0]
