"""Several agents of one network, and registrations that are none: who stands in for whom, who is refused."""

from kit import agent, namespace, nat, stun
from kit.duet import A_MARK, B_MARK
from kit.flow import flow
from kit.media import Leg
from kit.network import AG1, AG2, ATTACKER, GW_WAN, LAN1, LAN2, NAT1, NAT2
from kit.patience import wait_until
from kit.phone import Phone
from kit.postern import Postern
from kit.stage import Stage

from .agent_sip import L1, L2, N1, N2, audio, phones
from .agent_upkeep import PATIENT, both_hear, connect

LIFETIME = 'lifetime="10s" secret-file'
SECOND = ("sip", agent.MODULES["sip"].replace('port="5060"', 'port="5070"'))  # beside phones on the same host
ELSEWHERE = "10.1.0.4"  # another address of lan1, where an agent has the first


def gateway(lab):
    """A gateway that soon believes that an agent is dead."""
    options = agent.gateway_options(lab)
    options["networks"] = options["networks"].replace("secret-file", LIFETIME)
    return Postern(lab, registrar=True, keepalive="300s", **options).ready()


def rows(postern, **wanted):
    """The rows of the signalling table that say what is WANTED."""
    return [row for row in postern.control("show", "pinholes")["signalling"]
            if row["protocol"] == "sip" and all(row[key] == value for key, value in wanted.items())]


def ask(stage, asker, uri):
    """OPTIONS from ASKER to URI; the final responses."""
    responses = []
    asker.request("OPTIONS", uri, [f"From: <{asker.aor}>;tag=ask", f"To: <{uri}>", f"Call-ID: ask-{len(asker.log)}",
                                   "CSeq: 1 OPTIONS"], on_response=responses.append)
    return stage.until(lambda: [r for r in responses if r.status >= 200], f"an answer to OPTIONS {uri}", 40)


def sent_to(lab, pinhole, text):
    """The gateway's datagrams to PINHOLE whose first line has TEXT."""
    lab.catch_up()
    host, port = pinhole.rsplit(":", 1)
    return [p for p in lab.seen(*N1).udp(src=GW_WAN, dst=host) if p.dport == int(port)
            and text.encode() in p.payload.split(b"\r\n")[0]]


@flow("agent-failover", kinds=nat.KINDS, agents=True, strict="all")
def failover(lab):
    """Two agents of one network in one LAN: when one is dead its terminals are reached through the other."""
    lab.watch(("gw", "wan0"), L1, N1)
    postern = gateway(lab)
    first = agent.Agent(lab, "ag1", siblings=LAN1, **PATIENT).ready().registered()
    second = agent.Agent(lab, "lan1", SECOND, network="north", siblings=AG1, **PATIENT).ready().registered()
    with Stage() as stage:
        namespace.run(lab.net["lan1"].command(["ip", "addr", "add", ELSEWHERE + "/24", "dev", "eth0"]))
        alice = Phone(lab, stage, "lan1", "alice", address=ELSEWHERE)
        for alice.proxy in ((AG1, 5060), (LAN1, 5070)):
            alice.registered()
        stage.until(lambda: len(rows(postern, subscribers=1, state="active")) == 2, "alice to be a subscriber of both")
        carol = Phone(lab, stage, "pub", "carol", (GW_WAN, 5060))
        carol.registered()
        before = {row["agent"]: row["pinhole"] for row in rows(postern)}
        assert ask(stage, carol, alice.aor)[0].status == 200
        stage.until(lambda: sent_to(lab, before["ag1"], f"@{AG1}:"), "what is ag1's to go to ag1")
        assert not sent_to(lab, before["lan1"], f"@{AG1}:"), "the second agent has the first one's traffic"
        first.stop()
        stage.until(lambda: rows(postern, agent="ag1", state="dead"), "the gateway to notice", 40)
        assert ask(stage, carol, alice.aor)[0].status == 200
        stage.until(lambda: sent_to(lab, rows(postern, agent="lan1")[0]["pinhole"], f"@{AG1}:"),
                    "what was ag1's to go to the other")
        assert postern.counter("pinholes_failover") > 0
        first.start().registered()
        stage.until(lambda: rows(postern, agent="ag1", state="active"), "ag1 to be back")
    assert not second.counter("uplink_lost")


def steal(lab, postern):
    """The attacker sends what it saw ag1 register; each copy is refused and counted."""
    lab.catch_up()
    seen = [p for p, m in stun.messages(lab.seen(*N1).udp(src=NAT1, dst=GW_WAN))
            if m.method == stun.REGISTRATION and m.is_request]
    before = rows(postern, agent="ag1")[0]["pinhole"]
    with nat.udp_socket(lab.net["attacker"], ATTACKER) as sock:
        for packet in seen:
            for _ in range(20):
                sock.sendto(packet.payload, (GW_WAN, packet.dport))
    wait_until(lambda: postern.counter("pinhole_stale") >= 1, "the replays to be counted")
    stolen = [row for row in rows(postern) if row["pinhole"].startswith(ATTACKER)]
    assert not stolen, f"the attacker has {stolen}"
    assert rows(postern, agent="ag1")[0]["pinhole"] == before


@flow("agent-refused", kinds=nat.KINDS, agents=True, strict="all")
def refused(lab):
    """A replayed registration, an unknown network and a stolen subscriber: each refused, counted, and no call suffers."""
    lab.watch(("gw", "wan0"), ("attacker", "eth0"), L1, L2, N1, N2)
    postern = gateway(lab)
    for host in agent.NETWORKS:
        agent.Agent(lab, host, **PATIENT).ready().registered()
    with Stage() as stage:
        alice, bob = phones(lab, stage)
        stage.until(lambda: len(rows(postern, subscribers=1)) == 2, "both to be subscribers")
        here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan2", LAN2, B_MARK)
        call, _ = connect(alice, bob, here, there)
        here.talk()
        there.talk()
        both_hear(stage, here, there)
        steal(lab, postern)
        stranger = agent.Agent(lab, "lan2", SECOND, network="west", **PATIENT).ready()
        stage.until(lambda: postern.counter("pinhole_denied") > 0, "the unknown network to be refused")
        stage.until(lambda: " error " in stranger.process.text(), "its alarm")
        assert not rows(postern, network="west")
        mallory = Phone(lab, stage, "lan2", "alice", (AG2, 5060), port=5064)
        mallory.registered()
        stage.until(lambda: postern.counter("pinhole_claimed") > 0, "the claim to be refused")
        north, = rows(postern, agent="ag1")
        south, = rows(postern, agent="ag2")
        assert [s["identity"] for s in north["list"]] == [alice.aor]
        assert [s["identity"] for s in south["list"]] == [bob.aor]
        both_hear(stage, here, there)
        assert call.hang_up() == 200
    assert NAT1 in north["pinhole"] and NAT2 in south["pinhole"]
