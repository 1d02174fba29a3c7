"""Gateways that make the pinholes for their media themselves, with the library that Postern installs (flows
N-MGCP, N-H248, N-LATE), behind firewalls that let nothing out but signalling and the pinhole port."""

import re

from kit import agent, h248, mgcp, nat, story, stun
from kit.duet import A_MARK, B_MARK
from kit.flow import flow
from kit.hole import Login
from kit.mgcp_office import Office, talk
from kit.network import GW_WAN, LAN1, LAN2, NAT1, NAT2
from kit.stage import Stage

from . import agent_h248
from .agent_mgcp import described, say

N1, N2 = ("nat1", "wan0"), ("nat2", "wan0")
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("lan2", "eth0"), N1, N2)
ENDS = (("A", N1, NAT1, LAN1), ("B", N2, NAT2, LAN2))
ACCESS = f'pinhole="{nat.PINHOLE_PORT}" stun-media="always"'


def connected(name, wire, outside, early):
    """A gateway's part of a connection: CRCX, its pinhole, its answer."""
    request, answer = story.cmph_steps(name, wire, outside, GW_WAN)
    return [say(f"GW → {name} CRCX", wire, GW_WAN, outside, "CRCX"), request, *([] if early else [answer]),
            say(f"{name} → GW CRCX ACK", wire, outside, GW_WAN, code=200, sdp=True)]


@flow("r-1-mgcp", kinds=nat.KINDS, strict=True, udp_timeout_s=8)
def registers_itself(lab):
    """R-1, A-MGCP: gateways with many lines and no agent register themselves and their lines, and outlive the NATs'
    timeout by that alone; then their media takes authenticated pinholes."""
    lab.watch(*PLACES)
    names = {"lan1": "north", "lan2": "south"}
    postern = mgcp.postern(lab, keepalive="300s", **agent.gateway_options(lab))
    with Stage() as stage:
        login = {host: Login(lab, network, f"iad-{host}", agent.secret_file(lab, network))
                 for host, network in names.items()}
        office = Office(lab, stage, *({"holes": "wait", "login": login[host], "lines": 24} for host in names))
        for gateway in (office.alice, office.bob):
            gateway.register_socket()
        office.open()
        stage.watch_for(lab.net.udp_timeout_s * 1.3)
        rows = postern.control("show", "pinholes")["signalling"]
        assert {(row["network"], row["agent"], row["protocol"], row["subscribers"]) for row in rows} == \
            {(network, f"iad-{host}", "mgcp", 24) for host, network in names.items()}, rows
        here, there = office.alice.lines[0], office.bob.lines[0]
        call = office.call(here, there, "2")
        talk(stage, here.connection, there.connection)
        rows = postern.control("show", "pinholes")["media"]
        joined = {(row["network"], row["agent"], row["media"]) for row in rows if row["media"]}
        assert joined == {(names[host], f"iad-{host}", kind) for host in names for kind in ("rtp", "rtcp")}, rows
        office.hang_up(call, here, there)
        postern.wait_records(2)
    mgcp.proper(lab)
    for name, wire, outside, _ in ENDS:
        story.in_order(lab, [
            story.stun_step(f"{name} → GW Registration Request", wire, outside, GW_WAN, stun.REQUEST, stun.REGISTRATION),
            story.stun_step(f"GW → {name} 401", wire, GW_WAN, outside, stun.ERROR, stun.REGISTRATION),
            story.stun_step(f"GW → {name} Registration Response", wire, GW_WAN, outside, stun.SUCCESS, stun.REGISTRATION),
            say(f"{name} → GW RSIP", wire, outside, GW_WAN, "RSIP"), *connected(name, wire, outside, False)])
        made = agent.media_through_pinholes(lab, wire[0], outside)
        named = described(lab, wire, outside, GW_WAN)
        assert named and named <= made, f"{name} named {named}, CMPHs made {made}"


def answers_are_small(lab):
    for _, wire, outside, _ in ENDS:
        sizes = {m.length for p, m in agent.cmphs(lab.seen(*wire), outside) if m.is_success}
        assert sizes == {32}, f"answers of {sizes} octets"


def through_pinholes(lab, early, told):
    """Media took the pinholes, which the gateways named (or, EARLY, their own addresses); TOLD(place, source,
    target) is what was named there. The gateways were told the one port."""
    for name, wire, outside, inside in ENDS:
        made = agent.media_through_pinholes(lab, wire[0], outside)
        named = told(lab, wire, outside, GW_WAN)
        if early:
            assert {address for address, _ in named} == {inside}, f"{name} named {named}"
        else:
            assert named and named <= made, f"{name} named {named}, STUN made {made}"
        assert told(lab, wire, GW_WAN, outside) == {(GW_WAN, nat.PINHOLE_PORT)}, name
    answers_are_small(lab)


def n_mgcp(lab, early):
    lab.watch(*PLACES)
    postern = mgcp.postern(lab, keepalive="5s", access_more=ACCESS)
    holes = {"holes": "early" if early else "wait"}
    with Stage() as stage:
        office = Office(lab, stage, holes, holes).open()
        here, there = office.alice.lines[0], office.bob.lines[0]
        call = office.call(here, there, "2")
        talk(stage, here.connection, there.connection)
        rows = postern.control("show", "pinholes")["media"]
        joined = {(row["media"], row["through"].split(":")[0]) for row in rows if row["media"]}
        assert joined == {(kind, at) for kind in ("rtp", "rtcp") for at in (NAT1, NAT2)}, rows
        office.hang_up(call, here, there)
        postern.wait_records(2)
    mgcp.proper(lab)
    story.in_order(lab, [step for name, wire, outside, _ in ENDS for step in connected(name, wire, outside, early)]
                   + [say("GW → A MDCX", N1, GW_WAN, NAT1, "MDCX")])
    through_pinholes(lab, early, described)
    core = mgcp.media_on_core(lab)
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"


@flow("n-mgcp", kinds=nat.KINDS, strict=True)
def mgcp_gateways(lab):
    """N-MGCP: CRCX, CMPH and its ACK, CRCX ACK that names the pinhole; the same for B; MDCX A."""
    n_mgcp(lab, early=False)


@flow("n-mgcp-early", kinds=nat.KINDS, strict=True)
def mgcp_gateways_early(lab):
    """N-LATE with MGCP: the answer to CRCX does not wait, and names the inner address."""
    n_mgcp(lab, early=True)


# ---- H.248

def h248_described(lab, place, source, target):
    """All media addresses (RTP and RTCP) in long text from SOURCE to TARGET."""
    found = set()
    for packet in lab.seen(*place).udp(src=source, dst=target):
        text = packet.payload.decode("latin-1")
        found |= {(ip, int(port)) for ip, media, rtcp in
                  re.findall(r"c=IN IP4 (\d[0-9.]+).*?m=audio (\d+) .*?a=rtcp:(\d+)", text, re.S) for port in (media, rtcp)}
    return found


def added(name, wire, outside, early):
    """A gateway's part of a termination: Add, its pinhole, its reply."""
    request, answer = story.cmph_steps(name, wire, outside, GW_WAN)
    return [agent_h248.say(f"GW → {name} Add", wire, GW_WAN, outside, "Add"), request, *([] if early else [answer]),
            agent_h248.say(f"{name} → GW Add reply", wire, outside, GW_WAN, "Add", reply=True)]


def n_h248(lab, dialect, early=False):
    h248.needs_erlang()
    lab.watch(*PLACES)
    postern = h248.postern(lab, keepalive="5s", access_more=ACCESS)
    holes = "early" if early else "wait"
    with Stage() as stage:
        mgc = h248.Mgc(lab, stage, dialect)
        alice = h248.Gateway(lab, stage, "lan1", "alice", A_MARK, dialect, holes=holes).registered()
        bob = h248.Gateway(lab, stage, "lan2", "bob", B_MARK, dialect, holes=holes).registered()
        mgc.gateways(2)
        mgc.call(0, 1)
        h248.talk(stage, alice, bob)
        mgc.end()
        postern.wait_records(2)
        for peer in (mgc, alice, bob):
            peer.healthy()
    lab.catch_up()
    for _, wire, outside, _ in ENDS:
        agent.media_through_pinholes(lab, wire[0], outside)
    answers_are_small(lab)
    if dialect.words[0] == "pretty":
        for name, wire, outside, _ in ENDS:
            story.in_order(lab, added(name, wire, outside, early))
        story.in_order(lab, [added("B", N2, NAT2, early)[-1],
                             agent_h248.say("GW → A Modify", N1, GW_WAN, NAT1, "Modify")])
        through_pinholes(lab, early, h248_described)
    core = h248.media_on_core(lab)
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"


@flow("n-h248", kinds=nat.KINDS, strict=True)
def h248_gateways(lab):
    """N-H248: Add, CMPH and its ACK, Add reply that names the pinhole; the same for B; Modify A."""
    n_h248(lab, h248.Dialect("pretty", "udp", 3))


@flow("n-h248-early", kinds=nat.KINDS, strict=True)
def h248_gateways_early(lab):
    """N-LATE with H.248: the reply to Add does not wait, and names the inner address."""
    n_h248(lab, h248.Dialect("pretty", "udp", 3), early=True)


@flow("n-h248-binary", kinds=nat.KINDS, strict=True)
def h248_gateways_binary(lab):
    """N-H248 in binary."""
    n_h248(lab, h248.Dialect("binary", "udp", 3))
