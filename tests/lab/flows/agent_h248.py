"""H.248 between gateways behind agents (flows A-H248, A-SAME), text and binary, UDP and the agents' trunks."""

import re

from kit import agent, h248, nat, story
from kit.duet import A_MARK, B_MARK
from kit.flow import flow
from kit.namespace import ip_batch
from kit.network import AG1, AG2, GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2, SSW
from kit.stage import Stage

from .agent_same import goes_through, stays_inside

L1, L2, N1, N2 = ("lan1", "eth0"), ("lan2", "eth0"), ("nat1", "wan0"), ("nat2", "wan0")
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), L1, L2, N1, N2)


def say(what, place, source, target, verb, reply=False):
    """A transaction with the command VERB, or its reply, in the long text form."""
    goes = story.between(source, target)

    def test(p):
        text = p.payload
        return goes(p) and text.startswith(b"MEGACO/") and bool(re.search(rb"\b%s\b" % verb.encode(), text)) and \
            (b"Reply" in text) == reply
    return story.Step(what, place, test)


def added(name, place, wire, near, terminal, cmph):
    outside = {"nat1": NAT1, "nat2": NAT2}[wire[0]]
    agent_name = {"nat1": "AG1", "nat2": "AG2"}[wire[0]]
    return [say(f"GW → {agent_name} Add", wire, GW_WAN, outside, "Add"),
            say(f"{agent_name} → {name} Add", place, near, terminal, "Add"),
            say(f"{name} → {agent_name} Add reply", place, terminal, near, "Add", reply=True),
            *cmph,
            say(f"{agent_name} → GW Add reply", wire, outside, GW_WAN, "Add", reply=True)]


def in_order(lab, early):
    """The row A-H248."""
    cmph1, cmph2 = (story.cmph_steps(*end) for end in (("AG1", N1, NAT1, GW_WAN), ("AG2", N2, NAT2, GW_WAN)))
    if early:
        cmph1, cmph2 = cmph1[:1], cmph2[:1]
    first = added("A", L1, N1, AG1, LAN1, cmph1)
    second = added("B", L2, N2, AG2, LAN2, cmph2)
    story.in_order(lab, first)
    story.in_order(lab, second)
    story.in_order(lab, [first[-1], second[0]])
    story.in_order(lab, [
        second[-1], say("GW → AG1 Modify", N1, GW_WAN, NAT1, "Modify"),
        say("AG1 → A Modify", L1, AG1, LAN1, "Modify"),
        say("A → AG1 Modify reply", L1, LAN1, AG1, "Modify", reply=True),
        say("AG1 → GW Modify reply", N1, NAT1, GW_WAN, "Modify", reply=True)])


def shown_right(lab):
    """Media went through pinholes alone; the controller saw no address but the gateway's, and the gateways none but
    their agent's."""
    for router, outside in (("nat1", NAT1), ("nat2", NAT2)):
        agent.media_through_pinholes(lab, router, outside)
    outside = [GW_WAN, NAT1, NAT2, AG1, AG2, LAN1, LAN2]
    rows = [p for p in lab.seen("ssw").packets() if p.src == GW_CORE]
    assert rows, "the controller got nothing"
    h248.shows_none(rows, outside)
    for host, near in (("lan1", AG1), ("lan2", AG2)):
        rows = [p for p in lab.seen(host).packets() if p.src == near and h248.PORT in (p.sport, p.dport)]
        assert rows, f"{host} got nothing"
        h248.shows_none(rows, [GW_WAN, GW_CORE, SSW, NAT1, NAT2])


def a_h248(lab, dialect, **options):
    h248.needs_erlang()
    lab.watch(*PLACES)
    postern = h248.postern(lab, keepalive="5s", **agent.gateway_options(lab))
    agents = agent.pair(lab, "h248", aliases="18000-18099", **options)
    with Stage() as stage:
        mgc = h248.Mgc(lab, stage, dialect)
        alice = h248.Gateway(lab, stage, "lan1", "alice", A_MARK, dialect, mgc=AG1).registered()
        bob = h248.Gateway(lab, stage, "lan2", "bob", B_MARK, dialect, mgc=AG2).registered()
        mgc.gateways(2)
        mgc.call(0, 1)
        h248.talk(stage, alice, bob)
        mgc.end()
        postern.wait_records(2)
        for one in agents:
            one.wait_records(1)
        for peer in (mgc, alice, bob):
            peer.healthy()
    lab.catch_up()
    shown_right(lab)
    core = h248.media_on_core(lab)
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"


@flow("a-h248", kinds=nat.KINDS, agents=True, strict="agents")
def text(lab):
    """A-H248: Add A, Add B, Modify A through both agents; each reply waits for its pinholes."""
    a_h248(lab, h248.Dialect("pretty", "udp", 2))
    in_order(lab, early=False)


@flow("a-h248-early", kinds=nat.KINDS, agents=True, strict="agents")
def early_pinholes(lab):
    """A-H248, N-LATE: agents do not wait for the answers to their CMPHs."""
    a_h248(lab, h248.Dialect("pretty", "udp", 2), cmph="early")
    in_order(lab, early=True)


@flow("a-h248-binary", kinds=nat.KINDS, agents=True, strict="agents")
def binary(lab):
    """A-H248 in binary."""
    a_h248(lab, h248.Dialect("binary", "udp", 3))


@flow("a-h248-tcp", kinds=nat.KINDS, agents=True, strict="agents")
def tcp(lab):
    """A-H248 over TCP: the agents' trunks carry the signalling."""
    a_h248(lab, h248.Dialect("compact", "tcp", 2))


NEIGHBOUR = "10.1.0.4"  # a second gateway in lan1


def a_same(lab, media):
    """Two gateways behind one agent."""
    h248.needs_erlang()
    lab.watch(*PLACES)
    ip_batch([f"addr add {NEIGHBOUR}/24 dev eth0"], lab.net["lan1"].name)
    postern = h248.postern(lab, keepalive="5s", **agent.gateway_options(lab, "north"))
    one = agent.Agent(lab, "ag1", "h248", aliases="18000-18099", media=media).ready().registered()
    dialect = h248.Dialect("compact", "udp", 2)
    with Stage() as stage:
        mgc = h248.Mgc(lab, stage, dialect)
        alice = h248.Gateway(lab, stage, "lan1", "alice", A_MARK, dialect, mgc=AG1).registered()
        bob = h248.Gateway(lab, stage, "lan1", "bob", B_MARK, dialect, mgc=AG1, address=NEIGHBOUR).registered()
        mgc.gateways(2)
        mgc.call(0, 1)
        h248.talk(stage, alice, bob)
        judge = stays_inside if media == "local" else goes_through
        judge(lab, one, lambda: h248.talk(stage, alice, bob))
        mgc.end()
        postern.wait_records(2)
        one.wait_records(2)


@flow("a-same-h248", kinds=nat.KINDS, agents=True, strict="agents")
def same(lab):
    """A-SAME with H.248: the media of two gateways behind one agent stays inside."""
    a_same(lab, "local")


@flow("a-same-h248-through", kinds=nat.KINDS, agents=True, strict="agents")
def same_through(lab):
    """A-SAME with H.248 and media="gateway": it goes through the gateway."""
    a_same(lab, "gateway")
