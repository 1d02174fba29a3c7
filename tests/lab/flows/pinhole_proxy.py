"""A SIP proxy of others inside the firewall, without our agent: postern-pinhole registers it and its users (R-1)."""

import os

from kit import agent, cast, nat, story, stun
from kit.baresip import Baresip
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.network import GW_WAN, LAN1, LAN2, NAT1, NAT2
from kit.postern import Postern

CONFIG = os.path.join(os.path.dirname(__file__), "..", "peers", "kamailio-inside.cfg")
STUN = f"{GW_WAN}:{nat.PINHOLE_PORT}"
N1, N2 = ("nat1", "wan0"), ("nat2", "wan0")
PLACES = (("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), N1, N2)
OUT, HOLE, PHONE = 5080, 5070, 5062


def register(lab):
    """postern-pinhole is the proxy's way out."""
    process = lab.spawn("lan1", [os.path.join(lab.build, "postern-pinhole"), "--register", "sip", "--keep", "3",
                                 "--network", "north", "--secret-file", agent.secret_file(lab, "north"), "--agent", "proxy",
                                 "--subscriber", f"alice@example.net={LAN1}:{PHONE}", "--local", f"{LAN1}:{HOLE}",
                                 "--forward", f"{LAN1}:5060", "--via", f"{LAN1}:{OUT}", f"{GW_WAN}:5060"])
    process.wait_for_text(NAT1)
    return process


@flow("r-1-proxy", kinds=nat.KINDS, strict=True)
def proxy(lab):
    """R-1, N-SIP: kamailio inside the firewall and a phone of its own; a phone outside of it calls, and is called."""
    lab.watch(*PLACES)
    options = agent.gateway_options(lab)
    options["access_more"] += ' stun-media="always"'
    postern = Postern(lab, registrar=True, keepalive="300s", **options).ready()
    hole = register(lab)
    Kamailio(lab, "lan1", LAN1, config=CONFIG).ready()
    alice = Baresip(lab, "lan1", "alice", f"{LAN1}:5060", cast.ALICE_HZ, port=PHONE, stun=STUN).ready()
    bob = Baresip(lab, "lan2", "bob", GW_WAN, cast.BOB_HZ, stun=STUN).ready()
    for phone in (alice, bob):
        phone.registered()
    row, = postern.control("show", "pinholes")["signalling"]
    assert (row["agent"], row["subscribers"]) == ("proxy", 1), row
    for number, (caller, callee) in enumerate(((bob, alice), (alice, bob)), 1):
        cast.talk(caller, callee)
        cast.reports_crossed(lab, ("lan1", LAN1), ("lan2", LAN2))
        cast.hang_up(caller, callee)
        postern.wait_records(number)
    assert hole.end() == 0, hole.last_line()
    lab.catch_up()
    story.in_order(lab, [
        story.stun_step("proxy → GW Registration Request", N1, NAT1, GW_WAN, stun.REQUEST, stun.REGISTRATION),
        story.stun_step("GW → proxy Registration Response", N1, GW_WAN, NAT1, stun.SUCCESS, stun.REGISTRATION),
        story.sip_step("proxy → GW REGISTER", N1, NAT1, GW_WAN, "REGISTER"),
        story.sip_step("GW → proxy INVITE", N1, GW_WAN, NAT1, "INVITE"),
        story.sip_step("proxy → GW 200", N1, NAT1, GW_WAN, "INVITE", 200)])
    for wire, outside in ((N1, NAT1), (N2, NAT2)):
        agent.media_through_pinholes(lab, wire[0], outside)
    sip = {p.source for p in lab.seen(*N1).udp(src=NAT1, dst=GW_WAN, dport=5060)}
    assert len(sip) == 1, f"signalling left through {sip}"
