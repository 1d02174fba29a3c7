"""The media end of a flow's own phone: an RTP and an RTCP socket that count and remember."""

import random

from . import nat, rtp
from .hole import Hole


class Leg:
    """A pair of UDP sockets on HOST, RTP even and RTCP odd; remembers every (source, payload)."""

    def __init__(self, lab, stage, host, address, mark=b"\xd5", payload_type=0):
        self.stage = stage
        self.sender = rtp.Sender(random.getrandbits(32), payload_type, mark=mark)
        self.received, self.received_rtcp = [], []
        self.sent = self.sent_bytes = self.sent_rtcp = self.sent_rtcp_bytes = 0
        self.remote = self.remote_rtcp = None
        self._talk = None
        self.lab, self.holes, self.early = lab, [], False
        self._open(lab.net[host], address)

    def _open(self, namespace, address):
        for _ in range(200):
            port = random.randrange(40000, 60000, 2)
            try:
                self.rtp = nat.udp_socket(namespace, address, port)
                self.rtcp = nat.udp_socket(namespace, address, port + 1)
            except OSError:
                continue
            break
        self.address = (address, port)
        self.stage.add(self.rtp, lambda data, source: self._take(0, self.received, data, source))
        self.stage.add(self.rtcp, lambda data, source: self._take(1, self.received_rtcp, data, source))

    def _take(self, which, rows, data, source):
        if not self.holes or not self.holes[which].takes(data, source):
            rows.append((source, data))

    def punch(self, early=False, login=None):
        """Make pinholes for both sockets, with LOGIN or by plain STUN. EARLY: signalling names the sockets' own
        addresses, and does not wait."""
        self.early = early
        self.holes = [Hole(self.lab, self.stage, sock, early, login=login) for sock in (self.rtp, self.rtcp)]
        return self

    def shown(self):
        """What signalling names, (RTP, RTCP), or None as long as a pinhole is waited for."""
        if self.holes and not self.early:
            both = [hole.mapped for hole in self.holes]
            return both if all(both) else None
        return [self.address, (self.address[0], self.address[1] + 1)]

    def aim(self, stream):
        """Send to where STREAM of a session description says."""
        self.remote, self.remote_rtcp = stream.rtp, stream.rtcp

    def send(self, payload=None, size=None):
        """One packet: PAYLOAD, or the next one of the RTP source."""
        data = payload if payload is not None else self.sender.packet(size)
        self.rtp.sendto(data, self.remote)
        self.sent += 1
        self.sent_bytes += len(data)

    def send_rtcp(self, **facts):
        data = self.sender.report(**facts)
        self.rtcp.sendto(data, self.remote_rtcp)
        self.sent_rtcp += 1
        self.sent_rtcp_bytes += len(data)

    def talk(self, every_s=0.02, payload=None):
        """Send all the time."""
        self.quiet()
        self._talk = self.stage.every(every_s, lambda: self.send(payload))

    def quiet(self):
        if self._talk:
            self._talk.stop()
        self._talk = None

    def close(self):
        """Give both ports back."""
        self.quiet()
        for hole in self.holes:
            hole.close()
        for sock in (self.rtp, self.rtcp):
            self.stage.selector.unregister(sock)
            sock.close()

    def sources(self):
        return {source for source, _ in self.received}

    def heard(self, mark):
        """How many RTP packets carry MARK's sound."""
        return sum(1 for _, data in self.received if rtp.is_rtp(data) and data[12:13] == mark)
