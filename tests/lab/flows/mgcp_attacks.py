"""Those who say that they are somebody's gateway, and two that say the same of themselves rightly."""

from kit import mgcp, nat
from kit.flow import flow
from kit.media import Leg
from kit.mgcp_office import Office, talk
from kit.network import GW_WAN, LAN1, LAN2, PUB
from kit.stage import Stage
from peers import mgcp_message
from peers.mgcp_gateway import Gateway

PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"))


def talk_again(stage, office):
    """bob calls alice, who hears him."""
    lines = office.bob.lines[0], office.alice.lines[0]
    call = office.call(*lines, "1")
    talk(stage, *[line.connection for line in lines])
    office.hang_up(call, *lines)


def play(lab, domain):
    """mallet at `pub` says again and again that it is alice's gateway, whose domain is DOMAIN."""
    lab.watch(*PLACES)
    postern = mgcp.postern(lab, by_name=bool(domain), keepalive="2s")
    if domain:
        postern.tolerated = ("bad_input",)  # what mallet says in alice's name
    with Stage() as stage:
        office = Office(lab, stage, {"domain": domain}).open()
        alias = office.agent.gateway(0)
        target, name = alias.target, alias.domain
        mallet = Gateway(lab, stage, "pub", "mallet", domain=office.alice.domain)
        for method in ("restart", "disconnected", "restart"):
            mallet.restart(method)
            mallet.notify(mallet.lines[0], "L/hd")
            stage.watch_for(2)
            talk_again(stage, office)
        known = office.agent.gateways[name.lower()]
        assert known.target == target, "the alias moved"
        assert known.restarts == ["restart"], f"the call agent was told that alice restarted: {known.restarts}"
        forged = [m for _, m in office.agent.notified if m.domain() == name and m.get("X") == "0"]
        assert not forged, f"the call agent was told {forged[0]} in alice's name"
        heard = [m for _, way, _, m in mallet.log if way == "in" and m.verb in ("CRCX", "MDCX", "DLCX")]
        assert not heard, f"the attacker was sent {heard[0]}"
        for line in office.alice.lines:
            assert not line.connections
    mgcp.proper(lab)
    stolen = [m for p, m in mgcp_message.messages(lab.seen("pub").udp(dst=PUB)) if m.verb == "CRCX"]
    assert not stolen, f"the attacker was sent {stolen[0]}"
    mgcp.both_ways(lab, "lan1")


@flow("mgcp-spoof", kinds=nat.KINDS)
def spoof(lab):
    """RSIP and NTFY of a stranger with a gateway's address as its domain move no binding."""
    play(lab, None)


@flow("mgcp-spoof-name", kinds=nat.KINDS)
def spoof_name(lab):
    """The same where the gateway has a name: its old pinhole is asked, and answers."""
    play(lab, "gw1.example.org")


@flow("mgcp-inject")
def inject(lab):
    """A stranger's commands and responses for endpoints that are not its own reach nobody."""
    lab.watch(*PLACES)
    mgcp.postern(lab)
    with Stage() as stage, nat.udp_socket(lab.net["pub"], PUB, 2427) as sock:
        office = Office(lab, stage).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        call = office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        seen = len(office.agent.log), len(office.alice.log)
        for tid in range(1000, 1040):
            for text in (f"DLCX {tid} aaln/1@[{LAN1}] MGCP 1.0\r\nC: {call.call_id}\r\nI: {call.a.cid}\r\n",
                         f"200 {tid} OK\r\n", f"250 {tid} OK\r\nP: PS=0\r\n", f"000 {tid}\r\n",
                         f"CRCX {tid} aaln/1@{call.a.name.rpartition('@')[2]} MGCP 1.0\r\nC: 1\r\nM: sendrecv\r\n"):
                sock.sendto(text.encode(), (GW_WAN, 2727))
        talk(stage, *[line.connection for line in lines])
        strange = [m for _, way, _, m in office.alice.log[seen[1]:] if way == "in" and m.verb != "AUEP"]
        assert not strange, f"alice got {strange[0]}"
        told = [m for _, way, _, m in office.agent.log[seen[0]:] if way == "in" and call.a.name == m.endpoint]
        assert not told, f"the call agent was told {told[0]} of alice"
        office.hang_up(call, *lines)
    mgcp.proper(lab)


@flow("mgcp-same-lan", kinds=nat.KINDS, same_lan=True)
def same_lan(lab):
    """M-1: two gateways with the same private address behind two NATs: two aliases, and a call between them."""
    lab.watch()
    postern = mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage).open()
        assert office.alice.domain == office.bob.domain
        assert len({known.target for known in office.agent.gateways.values()}) == 2, office.agent.gateways
        for caller, callee, number in ((office.alice, office.bob, "2"), (office.bob, office.alice, "1")):
            call = office.call(caller.lines[0], callee.lines[0], number)
            talk(stage, caller.lines[0].connection, callee.lines[0].connection)
            office.hang_up(call, caller.lines[0], callee.lines[0])
    postern.wait_records(4)
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host)


@flow("mgcp-neighbour", kinds=nat.KINDS)
def neighbour(lab):
    """Media that begins before the answer to CRCX locks as well: a host behind the same NAT cannot take it over."""
    lab.watch()
    mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage, bob={"early_s": 0.1}).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        call = office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        stage.watch_for(4)  # longer than the window in which a better source is believed
        thief = Leg(lab, stage, "lan2", LAN2, b"\xee")
        thief.aim(lines[1].connection.remote[0])
        thief.talk()
        talk(stage, *[line.connection for line in lines])
        assert thief.sent > 10 and not thief.received, f"the neighbour got {len(thief.received)} packets"
        heard = lines[0].connection.legs[0].heard(thief.sender.mark)
        assert not heard, f"alice heard {heard} packets of bob's neighbour"
        thief.close()
        office.hang_up(call, *lines)
    mgcp.proper(lab)
