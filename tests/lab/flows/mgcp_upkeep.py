"""Around MGCP calls: keepalive, charging, limits, NATs and daemons that forget."""

import json

from kit import duet, mgcp, nat
from kit.flow import flow
from kit.mgcp_office import Office, dial, talk
from kit.namespace import run
from kit.network import GW_WAN, NAT1, SSW
from kit.stage import Stage
from peers import mgcp_message
from peers.mgcp_call_agent import CallAgent
from peers.mgcp_gateway import Gateway

TRUNK_PLACES = (*mgcp.PLACES, ("pstn", "eth0"))


def trunk_and_alice(lab, stage, **options):
    """A call agent, alice behind nat1, and a trunk gateway of the core network; their lines' ends."""
    agent = CallAgent(lab, stage)
    alice = Gateway(lab, stage, "lan1", "alice", **options).registered()
    trunk = Gateway(lab, stage, "pstn", "trunk", agents=[mgcp.AGENT], mark=b"\xb2", **options).registered()
    near, far = agent.gateway(0, endpoints=2), agent.gateway(1, endpoints=2)
    return agent, alice, trunk, near, far


@flow("mgcp-k-1", kinds=nat.KINDS, udp_timeout_s=6)
def keepalive(lab):
    """K-1 by AUEP: packets leave through the NAT often enough, and the answers never reach the call agent."""
    lab.watch(*mgcp.PLACES)
    mgcp.postern(lab, keepalive="2s")
    with Stage() as stage:
        agent = CallAgent(lab, stage)
        alice = Gateway(lab, stage, "lan1", "alice").registered()
        known = agent.gateway(0, endpoints=2)
        stage.until(lambda: not agent.transport.transactions, "the first requests to be answered")
        stage.watch_for(lab.net.udp_timeout_s * 2.5)
        assert agent.ask("RQNT", known.line("aaln/1"), agent.request([("R", "L/hd(N)")]), deadline_s=3).code == 200
        assert not agent.transport.strays, f"the call agent got {agent.transport.strays[0][1]}"
        asked = {m.tid for _, way, _, m in alice.log if way == "in" and m.verb == "AUEP"}
        told = {m.tid for _, way, _, m in agent.log if way == "out" and m.verb == "AUEP"}
    mgcp.proper(lab)
    keepalive_intervals(lab)
    assert len(asked) > len(told), "there was no keepalive"


def keepalive_intervals(lab):
    """No gap between outbound packets is as long as the NAT's timeout; those that refresh are answers."""
    rows = mgcp_message.messages(lab.seen("nat1", "wan0").udp(src=NAT1, dst=GW_WAN, dport=mgcp_message.AGENT_PORT))
    times = [p.time for p, _ in rows]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    assert max(gaps) < lab.net.udp_timeout_s, f"{max(gaps):.1f} s without an outbound packet"
    answers = [m for _, m in rows if m.is_final]
    assert len(answers) >= 5, f"only {len(answers)} keepalives were answered"
    assert len({p.sport for p, _ in rows}) == 1, "the pinhole changed"
    seen = mgcp_message.messages(lab.seen("ssw").udp(dst=SSW))
    audits = {m.tid for _, m in mgcp_message.messages(lab.seen("ssw").udp(src=SSW)) if m.verb}
    assert not [m for _, m in seen if m.is_response and m.tid not in audits], "a keepalive's answer came through"
    assert not [m for _, m in seen if m.verb == "AUEP"], "a keepalive reached the call agent"


@flow("mgcp-c-1", kinds=nat.KINDS)
def charging(lab):
    """C-1: the record's packet and byte counts equal what the two gateways sent."""
    lab.watch(*TRUNK_PLACES)
    postern = mgcp.postern(lab)
    with Stage() as stage:
        agent, alice, trunk, near, far = trunk_and_alice(lab, stage, talks=False)
        call = agent.call(near.line("aaln/1"), far.line("aaln/1")).wait("up")
        here, there = alice.lines[0].connection.legs[0], trunk.lines[0].connection.legs[0]
        duet.measured(stage, here, there)
        call.end()
    record, = postern.wait_records(1)
    check_record(record, call, {"b_to_a": here, "a_to_b": there})
    mgcp.proper(lab)
    mgcp.both_ways(lab, "lan1")


def check_record(record, call, legs):
    """RECORD tells of CALL what its media ends know themselves. Side A is the call agent's."""
    assert record["v"] == 1 and record["module"] == "mgcp" and record["call_id"] == call.call_id, record
    assert (record["ingress"], record["egress"]) == ("core", "access"), record
    assert "aaln/1" in record["from"] + record["to"], record
    assert record["start"] <= record["answer"] <= record["end"] and record["duration_ms"] > 0, record
    assert (record["cause"], record["status"]) == ("normal", 250), record
    stream, = record["streams"]
    assert stream["index"] == 0 and stream["media"] == "audio" and stream["foreign"] == 0, stream
    lost, reported = {"b_to_a": 6, "a_to_b": 4}, {"b_to_a": 7, "a_to_b": 2}
    for way, leg in legs.items():
        want = {"packets": leg.sent, "bytes": leg.sent_bytes, "rtcp_packets": leg.sent_rtcp,
                "rtcp_bytes": leg.sent_rtcp_bytes, "lost": lost[way], "reported_lost": reported[way]}
        got = {key: stream[way][key] for key in want}
        assert got == want, f"{way}: record {json.dumps(got)}, sent {json.dumps(want)}"


@flow("mgcp-b-1", kinds=nat.KINDS)
def limits(lab):
    """B-1: a gateway over its session limit gets a refusal of MGCP, and the call that runs is not harmed."""
    lab.watch()
    postern = mgcp.postern(lab, access_more='terminal-sessions="1"')
    with Stage() as stage:
        office = Office(lab, stage).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        call = office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        dial(stage, office.alice.lines[1], "2")
        second = office.agent.next_call()
        second.wait("failed")
        assert 400 <= second.code < 600, second.code
        assert not office.alice.lines[1].connections, "the refused connection reached the gateway"
        talk(stage, *[line.connection for line in lines])
        office.alice.lines[1].put_down()
        office.hang_up(call, *lines)
        call = office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        office.hang_up(call, *lines)
    postern.wait_records(4)
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host)


@flow("mgcp-rebind", kinds=nat.KINDS)
def rebind(lab):
    """The NAT forgets all of a running call's mappings (a reboot): media and signalling find their way again."""
    lab.watch()
    mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        alias = office.agent.gateway(0).target
        call = office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        run(lab.net["nat1"].command(["conntrack", "-F"]))
        talk(stage, *[line.connection for line in lines])
        office.hang_up(call, *lines)
        call = office.call(lines[1], lines[0], "1")
        talk(stage, *[line.connection for line in lines])
        office.hang_up(call, lines[1], lines[0])
        assert office.agent.gateway(0).target == alias, "the gateway got another alias"
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host)


@flow("mgcp-restart", kinds=nat.KINDS)
def restart(lab):
    """Postern vanishes in a call and comes back: gateways that announce themselves keep their aliases, and call."""
    lab.watch()
    postern = mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        aliases = [office.agent.gateway(index).target for index in range(2)]
        office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        postern.restart()
        for gateway in (office.alice, office.bob):
            restarted(stage, gateway)
        assert [office.agent.gateway(index).target for index in range(2)] == aliases, "other aliases"
        assert len(office.agent.gateways) == 2, "the call agent knows a gateway twice"
        office.idle()
        office.agent.calls.clear()
        call = office.call(lines[1], lines[0], "1")
        talk(stage, *[line.connection for line in lines])
        office.hang_up(call, lines[1], lines[0])
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host)


def restarted(stage, gateway):
    """GATEWAY is switched off and on again: its connections are gone, its lines are on hook."""
    for line in gateway.lines:
        line.forget(list(line.connections.values()))
        line.off_hook, line.requested, line.locked, line.waiting = False, [], False, []
    gateway.restarts.clear()
    gateway.registered()


@flow("mgcp-move", kinds=nat.KINDS)
def move(lab):
    """A gateway restarts at another port: its alias stays, and calls go through its new pinhole alone."""
    lab.watch(*mgcp.PLACES)
    postern = mgcp.postern(lab)
    with Stage() as stage:
        agent = CallAgent(lab, stage)
        alice = Gateway(lab, stage, "lan1", "alice").registered()
        alias = agent.gateway(0, endpoints=2).target
        alice.close()
        alice = Gateway(lab, stage, "lan1", "alice", port=2430).registered()
        known = agent.gateway(0, endpoints=2)
        assert known.target == alias and len(agent.gateways) == 1, agent.gateways
        assert agent.ask("RQNT", known.line("aaln/2"), agent.request([("R", "L/hd(N)")])).code == 200
        heard = [m for _, way, _, m in alice.log if way == "in" and m.verb == "RQNT"]
        assert heard, "the request did not reach the gateway's new port"
    assert len(postern.control("show", "bindings")["bindings"]) == 1, "the old binding is still there"
    mgcp.proper(lab)
