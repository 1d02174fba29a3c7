"""What MGCP flows share: Postern's configuration, and what is asked of what it sent and relayed."""

import ipaddress
import re

from peers import mgcp_message as mgcp

from . import checks, stun
from .namespace import ip_batch
from .network import GW_ALIASES, GW_CORE, GW_WAN, SSW
from .postern import Postern

AGENT = (SSW, mgcp.AGENT_PORT)
AGENT2 = ("192.0.2.21", mgcp.AGENT_PORT)  # an address that the host ssw gets where a flow needs it
ACCESS, CORE = (GW_WAN, mgcp.AGENT_PORT), (GW_CORE, mgcp.GATEWAY_PORT)
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("nat1", "wan0"))
# RFC 3435 lets gateways write session ids as they like; osmo-mgw writes the connection's.
SDP_LINES = {**checks.SDP_LINES, "o": re.compile(r"\S+ \S+ \S+ IN IP4 \d+\.\d+\.\d+\.\d+")}
MODULE = """  <module name="mgcp"{attributes}>
    <listen realm="access" transport="udp" port="2727"/>
    <listen realm="core" transport="udp" port="2427"/>
    <route from="access" to="core">{agents}{follow}</route>
    <keepalive every="{keepalive}" lost-after="{lost_after}"/>
  </module>
"""


def postern(lab, by_name=False, agents=(AGENT,), follow=(), keepalive="2s", lost_after=5, access_more="",
            **options):
    """Postern with the module mgcp; its aliases are addresses, or names if BY_NAME. OPTIONS are Postern's."""
    if not by_name:
        ip_batch([f"route add local {GW_ALIASES} dev lo"], lab.net["gw"].name)
    text = MODULE.format(
        attributes=' alias-domain="gw-%t.example"' if by_name else "", keepalive=keepalive, lost_after=lost_after,
        agents="".join(f'<call-agent address="{host}:{port}"/>' for host, port in agents),
        follow="".join(f'<follow prefix="{prefix}"/>' for prefix in follow))
    return Postern(lab, module=("mgcp", text), access_more=access_more, **options,
                   core_more="" if by_name else f'alias-addresses="{GW_ALIASES}"').ready()


def second_address(lab):
    """Give the softswitch's host the address of a second call agent."""
    ip_batch([f"addr add {AGENT2[0]}/24 dev eth0"], lab.net["ssw"].name)
    return AGENT2


# The judges

def _shows_only(lab, host, sources, port, allowed):
    """All MGCP that the gateway sent to HOST came from SOURCES at PORT and names only ALLOWED."""
    nets = [ipaddress.ip_network(net) for net in allowed]
    rows = [row for row in mgcp.messages(lab.seen(host).udp()) if row[0].src in allowed
            or checks.is_gateway(row[0].src)]
    rows = [row for row in rows if row[0].src not in (lab.net.address[host], SSW, AGENT2[0])]
    assert rows, f"{host} got no MGCP"
    for packet, message in rows:
        assert packet.sport == port and any(ipaddress.ip_address(packet.src) in net for net in sources), \
            f"{host} got {message} from {packet.source}"
        for place, address in message.addresses():
            assert any(ipaddress.ip_address(address) in net for net in nets), \
                f"{packet.dst} was shown {address} in {place} of {message}"


def hidden(lab, inside=None):
    """Call agents saw nothing but core addresses; gateways nothing but the access address, or that of the agent
    INSIDE their LAN (host: address), and their own."""
    core = [ipaddress.ip_network(net) for net in (GW_CORE, GW_ALIASES)]
    if ("ssw", "eth0") in lab.captures:
        _shows_only(lab, "ssw", core, mgcp.GATEWAY_PORT, (GW_CORE, GW_ALIASES, SSW, AGENT2[0]))
    for host in ("lan1", "lan2"):
        if (host, "eth0") in lab.captures:
            near = (inside or {}).get(host, GW_WAN)
            _shows_only(lab, host, [ipaddress.ip_network(near)], mgcp.AGENT_PORT, (near, lab.net.address[host]))


def malformed(payload):
    """What is wrong with a datagram of MGCP, or None."""
    if not mgcp.is_mgcp(payload):
        return "no MGCP"
    for message in mgcp.parts(payload):
        if message.broken:
            return repr(message.broken)
        for line in "\r\n".join(message.bodies).split("\r\n"):
            if line and (not re.match(r"[a-z]=.*$", line) or line[0] in SDP_LINES
                         and not SDP_LINES[line[0]].fullmatch(line[2:])):
                return f"SDP line {line!r}"
    return None


def well_formed(lab):
    """Every MGCP datagram that Postern sent is one, to its last line; agents get STUN from the same port."""
    for device in ("wan0", "core0"):
        for p in lab.seen("gw", device).udp() if ("gw", device) in lab.captures else []:
            if checks.is_gateway(p.src) and not stun.is_stun(p.payload) and p.sport in (mgcp.GATEWAY_PORT, mgcp.AGENT_PORT):
                wrong = malformed(p.payload)
                assert not wrong, f"the gateway sent {p.dst}:{p.dport} a malformed message: {wrong}"


def proper(lab, inside=None):
    """What is asked at the end of every flow; INSIDE as in hidden()."""
    lab.catch_up()
    hidden(lab, inside)
    well_formed(lab)


class View(checks.MediaView):
    """The media of one gateway: what commands advertised to it and what it declared in its responses, by
    endpoint and connection id."""

    def __init__(self, capture, address, gateway=GW_WAN):
        everything = [p for p in capture.udp() if address in (p.src, p.dst)]
        self.address, self.pairs = address, {}
        self.packets = [p for p in everything if not mgcp.is_mgcp(p.payload)]
        self.got, self.sent = {}, {}
        asked = {}
        for packet, message in mgcp.messages(everything):
            if packet.dst == address and message.verb:
                asked[message.tid] = message
                self._keep(self.got, message.endpoint, message.get("I"), message)
            elif packet.src == address and message.is_final and message.tid in asked:
                request = asked[message.tid]
                self._keep(self.sent, message.get("Z") or request.endpoint,
                           message.get("I") or request.get("I"), message)
                self._keep(self.got, message.get("Z") or request.endpoint, message.get("I"), request)
        for key, descriptions in self.got.items():
            for there in descriptions:
                for here in self.sent.get(key, []):
                    self._pair(there, here)
        assert all(pair[0][0] == gateway for pair in self.pairs), \
            f"{address} was shown a media address that is not the gateway's: {list(self.pairs)}"

    @staticmethod
    def _keep(table, endpoint, connection, message):
        if message.bodies and connection and message.verb not in ("AUCX", "AUEP"):
            table.setdefault((endpoint, connection), []).append(message.sdp())


def both_ways(lab, host, media=("audio",), at_least=25, gateway=GW_WAN, rtcp=True):
    """HOST's gateway sent and received enough of each of MEDIA, all of it on advertised pairs."""
    count = View(lab.seen(host), lab.net.address[host], gateway).counts()
    for name in media:
        for direction in ("in", "out"):
            got = count[name, "rtp", direction]
            assert got >= at_least, f"{host}: {got} {name} packets {direction}, want {at_least}"
            assert not rtcp or count[name, "rtcp", direction], f"{host}: no {name} RTCP {direction}"
    return count


def media_on_core(lab):
    """The packets on the core side that are no MGCP."""
    return [p for p in lab.seen("gw", "core0").udp() if not mgcp.is_mgcp(p.payload)]


def requests(capture, verb, **want):
    """The commands VERB among the packets that match WANT, as rows (packet, message)."""
    return [(p, m) for p, m in mgcp.messages(capture.udp(**want)) if m.verb == verb]
