"""Agents: posternd in the role agent, inside a LAN beside the terminals; and what their calls leave on the wire."""

import os

from . import nat, stun
from .daemon import Daemon
from .network import GW_WAN
from .patience import wait_until

NETWORKS = {"ag1": "north", "ag2": "south"}
LAN_MEDIA, WAN_MEDIA = (40000, 40399), (42000, 42399)

CONFIG = """<postern xmlns="urn:postern:config:1" role="agent">
  <log to="stderr" level="debug"/>
  <control socket="{directory}/{name}-ctl.sock"/>
  <cdr file="{directory}/{name}-cdr.jsonl"/>
  <realm name="lan" side="access" address="{address}" media="{lan[0]}-{lan[1]}" tcp-ports="40400-40799"/>
  <gateway address="{gateway}" network="{network}" secret-file="{secret}" agent="{name}"
           media-ports="{wan[0]}-{wan[1]}"{more}/>
{module}</postern>
"""
MODULES = {
    "sip": """  <module name="sip">
    <listen realm="lan" transport="udp" port="5060"/>
  </module>
""",
    "mgcp": """  <module name="mgcp">
    <listen realm="lan" transport="udp" port="2727"/>
  </module>
""",
    "h248": """  <module name="h248">
    <listen realm="lan" transport="udp" port="2944"/>
    <listen realm="lan" transport="tcp" port="2944"/>
  </module>
""",
    "h323": """  <module name="h323">
    <listen realm="lan" transport="udp" port="1719"/>
    <listen realm="lan" transport="tcp" port="1720"/>
  </module>
""",
}


def secret_file(lab, network):
    """The file that holds NETWORK's secret, for both ends."""
    path = lab.file(network + ".secret")
    if not os.path.exists(path):
        lab.file(network + ".secret", f"the secret of {network}\n")
        os.chmod(path, 0o600)
    return path


def networks(lab, *names):
    """The <network> elements of the gateway."""
    return "".join(f'  <network name="{name}" realm="access" secret-file="{secret_file(lab, name)}"/>\n'
                   for name in names or NETWORKS.values())


def gateway_options(lab, *names):
    """What kit.postern.Postern has to be told for agents: a pinhole port, and the networks NAMES (all)."""
    return {"access_more": f'pinhole="{nat.PINHOLE_PORT}"', "networks": networks(lab, *names)}


class Agent(Daemon):
    """posternd on HOST (ag1, ag2) in the role agent, with MODULE: the name of a protocol, or a pair of it and
    its element. OPTIONS are attributes of its <gateway>, with "_" for "-"; that is at the address GATEWAY."""

    def __init__(self, lab, host, module="sip", network=None, gateway=GW_WAN, **options):
        self.address = lab.net.address[host]
        self.network = network or NETWORKS[host]
        protocol, text = (module, MODULES[module]) if isinstance(module, str) else module
        more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in options.items())
        super().__init__(lab, host, host, protocol, CONFIG.format(
            directory=lab.directory, name=host, address=self.address, lan=LAN_MEDIA, wan=WAN_MEDIA,
            gateway=gateway, network=self.network, secret=secret_file(lab, self.network), more=more, module=text))

    def registered(self, deadline_s=30):
        """Wait until the gateway has accepted what it registers."""
        def up():
            rows = self.control("show", "pinholes")["uplinks"]
            return rows and all(row["state"] == "registered" for row in rows)
        wait_until(up, f"{self.name} to be registered", deadline_s, every_s=0.2)
        return self


def pair(lab, module="sip", **options):
    """Both agents, registered."""
    agents = [Agent(lab, host, module, **options) for host in NETWORKS]
    for agent in agents:
        agent.ready().registered()
    return agents


# What is on the wire, seen at the NAT's outside

def cmphs(capture, router):
    """CMPHs and their answers as ROUTER's outside shows them: rows (packet, stun.Message)."""
    return [(p, m) for p, m in stun.messages(capture.udp())
            if router in (p.src, p.dst) and nat.PINHOLE_PORT in (p.sport, p.dport) and m.method == stun.BINDING]


def media_pinholes(capture, router):
    """The pinholes that CMPHs of ROUTER made: {(address, port)} of XOR-MAPPED-ADDRESS."""
    return {m.mapped() for p, m in cmphs(capture, router) if m.is_success and p.dst == router}


def media_ways(capture, router):
    """Where media crossed ROUTER's outside: {(inside's pinhole, outside)}; neither signalling nor STUN counts."""
    ways = set()
    for p in capture.udp():
        if router not in (p.src, p.dst) or stun.is_stun(p.payload) or not p.payload:
            continue
        hole, far = (p.source, p.target) if p.src == router else (p.target, p.source)
        if far[1] not in nat.SIGNALLING_PORTS:
            ways.add((hole, far))
    return ways


def media_through_pinholes(lab, host, outside, gateway=GW_WAN):
    """All media at the NAT HOST (OUTSIDE is its address) went between the gateway's pinhole port and pinholes that
    a CMPH had made; return these."""
    capture = lab.seen(host, "wan0")
    made, ways = media_pinholes(capture, outside), media_ways(capture, outside)
    assert ways, f"no media crossed {host}"
    for hole, far in ways:
        assert far == (gateway, nat.PINHOLE_PORT), f"media between {hole} and {far}, which is no pinhole port"
        assert hole in made, f"media through {hole}; CMPHs made {sorted(made)}"
    return made


def media_crossed(capture, router, since):
    """The media packets that crossed ROUTER's outside after the time SINCE."""
    return [p for p in capture.udp() if router in (p.src, p.dst) and p.time > since and p.payload
            and not stun.is_stun(p.payload) and nat.PINHOLE_PORT in (p.sport, p.dport)]


def joins(capture, router):
    """The JOINs that the gateway sent to ROUTER."""
    return [p for p, m in stun.messages(capture.udp(src=GW_WAN, dst=router))
            if m.method == stun.JOIN and m.message_class == stun.INDICATION]
