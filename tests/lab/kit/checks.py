"""What must be true of the packets that a flow left in its captures."""

import ipaddress
import re
from collections import Counter

from . import dissector, pcap, rtp, sip
from .network import GW_ALIASES, GW_CORE, GW_WAN

PRIVATE = [ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
CORE_NET = "192.0.2.0/24"


def is_private(address):
    return any(ipaddress.ip_address(address) in net for net in PRIVATE)


def is_gateway(address):
    return address in (GW_WAN, GW_CORE) or ipaddress.ip_address(address) in ipaddress.ip_network(GW_ALIASES)


def says_only(capture, source, allowed):
    """Each address in the SIP that SOURCE sent, as seen in CAPTURE, lies in ALLOWED (networks).

    Looked at: request URI, Via, Contact, Record-Route, Route and the session description.
    """
    nets = [ipaddress.ip_network(net) for net in allowed]
    rows = sip.messages(p for p in capture.udp(src=source))
    assert rows, f"no SIP of {source} in {capture.path}"
    for packet, message in rows:
        for place, address in message.addresses():
            assert any(ipaddress.ip_address(address) in net for net in nets), \
                f"{packet.dst} was shown {address} in {place} of {message}"


def nothing_private(lab):
    """No packet left the gateway towards a private address."""
    for device in ("wan0", "core0"):
        if ("gw", device) in lab.captures:
            for p in lab.seen("gw", device).packets():
                assert not is_gateway(p.src) or not is_private(p.dst), \
                    f"the gateway sent {len(p.payload)} octets to {p.dst}:{p.dport} on {device}"


class MediaView:
    """The media of one terminal, as its own capture and its own signalling tell it.

    For every call: what the gateway advertised to the terminal (seen in what it received) and what
    the terminal declared itself (seen in what it sent) make the only pairs that may carry packets.
    """

    def __init__(self, capture, address, gateway=GW_WAN):
        self.address = address
        self.packets = [p for p in capture.udp() if address in (p.src, p.dst)]
        self.pairs = {}
        got, sent = {}, {}
        for packet, message in sip.messages(self.packets):
            if message.sdp():
                side = got if packet.dst == address else sent
                side.setdefault(message.get("call-id"), []).append(message.sdp())
        self.got = got
        for call_id, descriptions in got.items():
            for there in descriptions:
                for here in sent.get(call_id, []):
                    self._pair(there, here)
        assert all(pair[0][0] == gateway for pair in self.pairs), \
            f"{address} was shown a media address that is not the gateway's: {list(self.pairs)}"

    def _pair(self, there, here):
        for theirs, ours in zip(there.streams, here.streams):
            if theirs.port and ours.port:
                self.pairs[theirs.rtp, ours.rtp] = (theirs.media, "rtp")
                self.pairs[theirs.rtcp, ours.rtcp] = (theirs.media, "rtcp")

    def counts(self):
        """Counter of (media, rtp|rtcp, in|out); a packet outside the advertised pairs is an error."""
        count = Counter()
        for p in self.packets:
            if sip.is_sip(p.payload) or 5060 in (p.sport, p.dport) or not p.payload.strip(b"\r\n\0"):
                continue
            if p.dst == self.address:
                what = self.pairs.get((p.source, p.target))
                assert what, f"{p.dst}:{p.dport} got media from {p.src}:{p.sport}, which was not " \
                             f"advertised to it; advertised: {sorted(self.pairs)}"
                count[(*what, "in")] += 1
            else:
                what = self.pairs.get((p.target, p.source))
                count[(*(what or ("other", "udp")), "out")] += 1
        return count

    def reports(self):
        """How many RTCP packets that begin with a report came in and went out."""
        reports = [p for p in self.packets if rtp.is_rtcp(p.payload) and p.payload[1] in (200, 201)]
        inwards = sum(1 for p in reports if p.dst == self.address)
        return inwards, len(reports) - inwards


def both_ways(lab, host, address, media=("audio",), at_least=25, gateway=GW_WAN, rtcp=True):
    """HOST's terminal sent and received enough of each of MEDIA, all of it on advertised pairs."""
    view = MediaView(lab.seen(host), address, gateway)
    count = view.counts()
    for name in media:
        for direction in ("in", "out"):
            got = count[name, "rtp", direction]
            assert got >= at_least, f"{host}: {got} {name} packets {direction}, want {at_least}"
            assert not rtcp or count[name, "rtcp", direction], f"{host}: no {name} RTCP {direction}"
    return count


SDP_LINES = {
    "o": re.compile(r"\S+ \d+ \d+ IN IP4 \d+\.\d+\.\d+\.\d+"),
    "c": re.compile(r"IN IP4 \d+\.\d+\.\d+\.\d+"),
    "m": re.compile(r"\w+ \d{1,5}(/\d+)? \S+ \S.*"),
    "t": re.compile(r"\d+ \d+"),
}
ONCE = ("from", "to", "call-id", "cseq", "content-length")


def malformed(message):
    """What is wrong with a SIP message, or None; tshark says nothing about most of these."""
    for name in ONCE:
        if len(message.all(name)) != 1:
            return f"{len(message.all(name))} {name} headers"
    if not message.get("via").startswith("SIP/2.0/UDP "):
        return "no Via"
    if not message.is_response and not message.get("max-forwards").isdigit():
        return "no Max-Forwards"
    if message.get("content-length") != str(len(message.body)):
        return f"Content-Length {message.get('content-length')}, but {len(message.body)} octets"
    if message.sdp():
        for line in message.sdp().text.split("\r\n")[:-1]:
            if not re.match(r"[a-z]=.*$", line) or \
                    line[0] in SDP_LINES and not SDP_LINES[line[0]].fullmatch(line[2:]):
                return f"SDP line {line!r}"
    return None


def well_formed(lab):
    """Every SIP message that the gateway sent is complete and says its own length."""
    for (host, device), capture in lab.captures.items():
        if host == "gw":
            for packet, message in sip.messages(capture.udp()):
                wrong = packet.src in (GW_WAN, GW_CORE) and malformed(message)
                assert not wrong, f"the gateway sent a malformed {message} to {packet.dst}: {wrong}"


def media_packets(capture, **want):
    """The UDP packets that are not SIP."""
    return [p for p in capture.udp(**want) if not sip.is_sip(p.payload) and 5060 not in (p.sport, p.dport)]


def dissected(lab):
    """tshark finds nothing wrong in anything that the gateway sent."""
    for device, sources in (("wan0", (GW_WAN,)), ("core0", (GW_CORE, GW_ALIASES)), ("lo", (GW_CORE,))):
        if ("gw", device) in lab.captures:
            dissector.check(lab.seen("gw", device), *sources)


def gateway_sent_nothing_to(capture, address, allow_icmp=True):
    """ADDRESS got no packet of the gateway (a refusal of its own packets aside)."""
    found = [p for p in capture.packets() if p.dst == address and is_gateway(p.src)
             and not (allow_icmp and p.protocol == pcap.ICMP)]
    assert not found, f"{address} got {len(found)} packets, first {found[0].source} to {found[0].target}"
