"""MGCP between gateways behind agents (flows A-MGCP, A-SAME)."""

from kit import agent, mgcp, nat, story
from kit.duet import B_MARK
from kit.flow import flow
from kit.mgcp_office import Office, talk
from kit.namespace import ip_batch
from kit.network import AG1, AG2, GW_WAN, LAN1, LAN2, NAT1, NAT2
from kit.stage import Stage
from peers import mgcp_message
from peers.mgcp_gateway import Gateway

from .agent_same import goes_through, stays_inside

L1, L2, N1, N2 = ("lan1", "eth0"), ("lan2", "eth0"), ("nat1", "wan0"), ("nat2", "wan0")
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), L1, L2, N1, N2)
INSIDE = {"lan1": AG1, "lan2": AG2}
CALL_AGENTS = {"alice": [(AG1, mgcp_message.AGENT_PORT)], "bob": [(AG2, mgcp_message.AGENT_PORT)]}


def say(what, place, source, target, verb=None, code=None, sdp=None):
    """A command VERB or a response CODE from SOURCE to TARGET, with or without a session description."""
    goes = story.between(source, target)

    def test(p):
        if not goes(p) or not mgcp_message.is_mgcp(p.payload):
            return False
        return any((verb is None or m.verb == verb) and m.code == code and (sdp is None or bool(m.bodies) == sdp)
                   for m in mgcp_message.parts(p.payload))
    return story.Step(what, place, test)


def connected(name, place, wire, near, terminal, agent_name, cmph):
    """The agent's part of a connection: CRCX to the terminal NAME, its answer, the pinholes, the answer to GW."""
    outside = {"nat1": NAT1, "nat2": NAT2}[wire[0]]
    return [say(f"GW → {agent_name} CRCX", wire, GW_WAN, outside, "CRCX"),
            say(f"{agent_name} → {name} CRCX", place, near, terminal, "CRCX"),
            say(f"{name} → {agent_name} CRCX ACK", place, terminal, near, code=200, sdp=True),
            *cmph,
            say(f"{agent_name} → GW CRCX ACK", wire, outside, GW_WAN, code=200, sdp=True)]


def in_order(lab, early):
    """The row A-MGCP."""
    cmph1, cmph2 = (story.cmph_steps(*end) for end in (("AG1", N1, NAT1, GW_WAN), ("AG2", N2, NAT2, GW_WAN)))
    if early:
        cmph1, cmph2 = cmph1[:1], cmph2[:1]
    story.in_order(lab, [
        say("GW → AG1 RQNT", N1, GW_WAN, NAT1, "RQNT"), say("AG1 → A RQNT", L1, AG1, LAN1, "RQNT"),
        say("A → AG1 NTFY", L1, LAN1, AG1, "NTFY"), say("AG1 → GW NTFY", N1, NAT1, GW_WAN, "NTFY"),
        *connected("A", L1, N1, AG1, LAN1, "AG1", cmph1),
        *connected("B", L2, N2, AG2, LAN2, "AG2", cmph2),
        say("GW → AG1 MDCX", N1, GW_WAN, NAT1, "MDCX"), say("AG1 → A MDCX", L1, AG1, LAN1, "MDCX")])
    modified(lab)


def modified(lab):
    """A's answer to the MDCX goes back to the gateway."""
    for place, target, source in ((L1, LAN1, AG1), (N1, NAT1, GW_WAN)):
        rows = mgcp_message.messages(lab.seen(*place).udp())
        asked, command = next((p, m) for p, m in rows if m.verb == "MDCX" and p.dst == target)
        answer = next((p for p, m in rows if m.code == 200 and m.tid == command.tid and p.dst == source
                       and p.time >= asked.time), None)
        assert answer, f"no answer to MDCX from {target} to {source}"


def shown_right(lab, early):
    """The gateway was told pinholes, the agents the pinhole port, the gateways inside their agent."""
    for place, wire, outside, near, terminal in ((L1, N1, NAT1, AG1, LAN1), (L2, N2, NAT2, AG2, LAN2)):
        made = agent.media_through_pinholes(lab, wire[0], outside)
        told = described(lab, wire, outside, GW_WAN)
        if early:
            assert {address for address, _ in told} == {near}, f"{wire[0]}: the gateway was told {told}"
        else:
            assert told <= made, f"{wire[0]}: the gateway was told {told}, CMPHs made {made}"
        assert described(lab, wire, GW_WAN, outside) == {(GW_WAN, nat.PINHOLE_PORT)}, wire
        assert {address for address, _ in described(lab, place, near, terminal)} == {near}, terminal


def described(lab, place, source, target):
    """All media addresses (RTP and RTCP) in session descriptions from SOURCE to TARGET."""
    found = set()
    for _, message in mgcp_message.messages(lab.seen(*place).udp(src=source, dst=target)):
        for stream in message.sdp().streams if message.bodies else []:
            found |= {stream.rtp, stream.rtcp}
    return found


def office(lab, stage):
    return Office(lab, stage, *({"agents": CALL_AGENTS[name]} for name in ("alice", "bob"))).open()


def a_mgcp(lab, **options):
    lab.watch(*PLACES)
    postern = mgcp.postern(lab, keepalive="5s", **agent.gateway_options(lab))
    agents = agent.pair(lab, "mgcp", **options)
    with Stage() as stage:
        house = office(lab, stage)
        here, there = house.alice.lines[0], house.bob.lines[0]
        call = house.call(here, there, "2")
        talk(stage, here.connection, there.connection)
        house.hang_up(call, here, there)
        postern.wait_records(2)
        for one in agents:
            one.wait_records(1)
    mgcp.proper(lab, INSIDE)
    early = options.get("cmph") == "early"
    in_order(lab, early)
    shown_right(lab, early)
    for host, near in INSIDE.items():
        mgcp.both_ways(lab, host, gateway=near)
    core = mgcp.media_on_core(lab)
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"


@flow("a-mgcp", kinds=nat.KINDS, agents=True, strict="agents")
def through_call_agent(lab):
    """A-MGCP: CRCX A, CRCX B, MDCX A through both agents; each answer waits for its pinholes."""
    a_mgcp(lab)


@flow("a-mgcp-early", kinds=nat.KINDS, agents=True, strict="agents")
def early_pinholes(lab):
    """A-MGCP, N-LATE: agents do not wait for the answers to their CMPHs."""
    a_mgcp(lab, cmph="early")


NEIGHBOUR = "10.1.0.4"  # a second gateway in lan1


def neighbour(lab, stage, house):
    """carol's gateway beside alice's; her line is number 3."""
    ip_batch([f"addr add {NEIGHBOUR}/24 dev eth0"], lab.net["lan1"].name)
    carol = Gateway(lab, stage, "lan1", "carol", agents=CALL_AGENTS["alice"], mark=B_MARK, address=NEIGHBOUR)
    carol.registered()
    house.agent.numbers["3"] = house.agent.gateway(2, endpoints=len(carol.lines)).line("aaln/1")
    stage.until(lambda: "L/hd" in carol.lines[0].requested, "carol's line to be asked for off-hook")
    return carol


def a_same(lab, media):
    """Two gateways behind one agent call each other."""
    lab.watch(*PLACES)
    mgcp.postern(lab, keepalive="5s", **agent.gateway_options(lab))
    one, _ = agent.pair(lab, "mgcp", media=media)
    with Stage() as stage:
        house = office(lab, stage)
        here, there = house.alice.lines[0], neighbour(lab, stage, house).lines[0]
        call = house.call(here, there, "3")
        talk(stage, here.connection, there.connection)
        judge = stays_inside if media == "local" else goes_through
        judge(lab, one, lambda: talk(stage, here.connection, there.connection))
        house.hang_up(call, here, there)


@flow("a-same-mgcp", kinds=nat.KINDS, agents=True, strict="agents")
def same(lab):
    """A-SAME with MGCP: the media of two gateways behind one agent stays inside."""
    a_same(lab, "local")


@flow("a-same-mgcp-through", kinds=nat.KINDS, agents=True, strict="agents")
def same_through(lab):
    """A-SAME with MGCP and media="gateway": it goes through the gateway."""
    a_same(lab, "gateway")
