"""MGCP calls between gateways behind real NATs; the call agent sends each call back through Postern."""

from kit import checks, dissector, mgcp, nat
from kit.flow import flow
from kit.mgcp_office import Office, check_addresses, talk
from kit.network import GW_WAN, LAN1, NAT1, NAT2, PSTN, SSW
from kit.stage import Stage
from peers import mgcp_message
from peers.mgcp_call_agent import CallAgent
from peers.mgcp_gateway import Gateway

BROKEN = (b"CRCX 1 aaln/1@[192.0.2.5] MGCP 1.0\r\nC: 1\r\nno parameter\r\n",
          b"200 1 OK\r\nI: 1\r\n\r\nv=0\r\no=\r\n",
          b"200\r\n")


@flow("mgcp-lab", postern=False)
def lab_itself(lab):
    """The lab's own call agent and gateways understand each other without Postern; what is broken is found."""
    lab.watch(("ssw", "eth0"), ("pstn", "eth0"))
    with Stage() as stage:
        agent = CallAgent(lab, stage, "ssw")
        alice = Gateway(lab, stage, "pstn", "alice", agents=[mgcp.AGENT], video=True).registered()
        bob = Gateway(lab, stage, "pstn", "bob", agents=[mgcp.AGENT], port=2428, domain="bob.example",
                      mark=b"\xb2", video=True, provisional_s=0.2).registered()
        known = [agent.gateway(index, endpoints=2) for index in range(2)]
        call = agent.call(known[0].line("aaln/1"), known[1].line("aaln/$")).wait("up")
        talk(stage, alice.lines[0].connection, bob.lines[0].connection)
        assert agent.ask("AUCX", call.b, [("I", call.b.cid), ("F", "C,M,N,LC,RC")]).sdp(1), "no remote description"
        call.end()
        assert call.a.deleted.code == 250 and not alice.lines[0].connections
    lab.catch_up()
    _, messages = zip(*mgcp_message.messages(lab.seen("ssw").udp()))
    assert not [m for m in messages if m.broken], "the peers' own messages are broken"
    for payload in BROKEN:
        assert mgcp.malformed(payload), f"{payload} passes for MGCP"
    with nat.udp_socket(lab.net["ssw"], SSW, 2727) as sock:
        sock.sendto(BROKEN[1], (PSTN, 2427))
    lab.catch_up()
    assert dissector.complaints(lab.seen("pstn").path, SSW), "tshark let a broken description pass"


def keepalive_span(lab, router, address):
    """For how many seconds packets have been leaving ROUTER for the gateway's MGCP port."""
    times = [p.time for p in lab.seen(router, "wan0").udp(src=address, dst=GW_WAN, dport=mgcp_message.AGENT_PORT)]
    return max(times) - min(times) if times else 0.0


def outlive_mapping(lab, stage):
    """Let the NATs' UDP timeout go by with nothing but keepalives."""
    for router, address in (("nat1", NAT1), ("nat2", NAT2)):
        stage.until(lambda r=router, a=address: keepalive_span(lab, r, a) > lab.net.udp_timeout_s * 1.3,
                    f"keepalives through {router}", 60)


def play_calls(lab, by_name, alice=(), bob=(), **habits):
    """Two calls between alice and bob, one each way, after the NATs had time to forget; what must be true."""
    lab.watch()
    postern = mgcp.postern(lab, by_name)
    with Stage() as stage:
        office = Office(lab, stage, alice, bob, **habits).open()
        check_addresses(office.agent, by_name)
        outlive_mapping(lab, stage)
        for caller, callee, number in ((office.alice, office.bob, "2"), (office.bob, office.alice, "1")):
            call = office.call(caller.lines[0], callee.lines[0], number)
            talk(stage, caller.lines[0].connection, callee.lines[0].connection)
            office.hang_up(call, caller.lines[0], callee.lines[0])
            assert {end.deleted.code for end in call.ends} == {250}, [str(end.deleted) for end in call.ends]
        records = postern.wait_records(4)
        assert not office.agent.transport.strays and not office.alice.transport.strays, "an answer to nothing"
    assert len({r["session"] for r in records}) == 4 and len({r["correlation"] for r in records}) == 2, records
    assert {r["module"] for r in records} == {"mgcp"} and {r["cause"] for r in records} == {"normal"}, records
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host)
    core = mgcp.media_on_core(lab)
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"
    return records


@flow("p-mgcp", kinds=nat.KINDS, udp_timeout_s=8)
def p_mgcp(lab):
    """P-MGCP, P-SELF: line to line through the call agent, at alias addresses; no media on the core side."""
    play_calls(lab, by_name=False)


@flow("p-mgcp-name", kinds=nat.KINDS, udp_timeout_s=8)
def p_mgcp_name(lab):
    """P-MGCP where the call agent knows gateways by a name each, at one address."""
    play_calls(lab, by_name=True)


@flow("p-mgcp-fqdn", udp_timeout_s=8)
def p_mgcp_fqdn(lab):
    """P-MGCP with gateways that have names of their own, which the call agent keeps seeing."""
    play_calls(lab, by_name=True, alice={"domain": "gw1.example.org"}, bob={"domain": "gw2.example.org"})
    domains = {m.domain() for _, m in mgcp.requests(lab.seen("ssw"), "RSIP")}
    assert domains == {"gw1.example.org", "gw2.example.org"}, domains


@flow("mgcp-slow", kinds=nat.KINDS, udp_timeout_s=8)
def slow(lab):
    """P-MGCP with provisional responses and three-way handshakes, and piggybacked messages."""
    play_calls(lab, by_name=False, alice={"provisional_s": 0.7}, bob={"provisional_s": 0.3}, piggyback=True)
    for host, source in (("lan1", GW_WAN), ("ssw", None)):
        rows = [m for p, m in mgcp_message.messages(lab.seen(host).udp()) if not source or p.src == source]
        assert [m for m in rows if m.code == 0], f"{host} saw no response acknowledgement"
    pending = [m for p, m in mgcp_message.messages(lab.seen("ssw").udp(dst=SSW)) if m.code == 100]
    assert pending, "no provisional response reached the call agent"
    joined = [p for p in lab.seen("lan1").udp(src=GW_WAN) if mgcp_message.is_mgcp(p.payload)
              and len(mgcp_message.parts(p.payload)) > 1]
    assert joined, "no piggybacked messages reached the gateway in one datagram"


@flow("mgcp-vid", kinds=nat.KINDS)
def video(lab):
    """P-VID: audio and video in one call, both streams latched separately."""
    lab.watch()
    postern = mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage, {"video": True}, {"video": True}).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        call = office.call(*lines, "2")
        talk(stage, lines[0].connection, lines[1].connection)
        office.hang_up(call, *lines)
    for record in postern.wait_records(2):
        assert [s["media"] for s in record["streams"]] == ["audio", "video"], record["streams"]
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host, ("audio", "video"))


@flow("mgcp-core", kinds=nat.KINDS)
def core(lab):
    """A gateway behind a NAT and one of the core network call each other; media crosses both realms."""
    lab.watch(*mgcp.PLACES, ("pstn", "eth0"))
    postern = mgcp.postern(lab)
    with Stage() as stage:
        agent = CallAgent(lab, stage)
        alice = Gateway(lab, stage, "lan1", "alice").registered()
        trunk = Gateway(lab, stage, "pstn", "trunk", agents=[mgcp.AGENT], mark=b"\xb2").registered()
        near, far = agent.gateway(0, endpoints=2), agent.gateway(1, endpoints=2)
        for ends in ((near, far), (far, near)):
            call = agent.call(*[known.line("aaln/1") for known in ends]).wait("up")
            talk(stage, alice.lines[0].connection, trunk.lines[0].connection)
            call.end()
    postern.wait_records(2)
    lab.catch_up()
    mgcp.well_formed(lab)
    mgcp.both_ways(lab, "lan1")
    mgcp.both_ways(lab, "pstn", gateway=checks.GW_CORE)
    rows = mgcp_message.messages(lab.seen("lan1").udp(dst=LAN1))
    shown = {address for _, message in rows for _, address in message.addresses()}
    assert shown <= {GW_WAN, LAN1}, shown
