"""H.323 between terminals behind agents: signalling and H.245 through the agents' trunks (flow A-H323)."""

from kit import agent, checks, h323, nat, story
from kit.duet import A_MARK, B_MARK
from kit.flow import flow
from kit.h323_story import Step, across, names
from kit.network import AG1, AG2, GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2, SSW
from kit.patience import wait_until

L1, L2, N1, N2, CORE = ("lan1", "eth0"), ("lan2", "eth0"), ("nat1", "wan0"), ("nat2", "wan0"), ("gw", "core0")
PLACES = (("gw", "wan0"), CORE, L1, L2, N1, N2)
# Where a message of alice and one of bob crosses, hop by hop.
FIRST, LAST = [(L1, LAN1, AG1), (N1, NAT1, GW_WAN)], [(N2, GW_WAN, NAT2), (L2, AG2, LAN2)]
BACK = [(L2, LAN2, AG2), (N2, NAT2, GW_WAN), (N1, GW_WAN, NAT1), (L1, AG1, LAN1)]
BY_SSW = [(CORE, GW_CORE, SSW), (CORE, SSW, GW_CORE)]
WAYS = {True: (FIRST + LAST, BACK), False: (FIRST + BY_SSW + LAST, BACK[:2] + BY_SSW + BACK[2:])}


def gateway(lab, alone, model="routed"):
    """The gateway: the terminals' gatekeeper itself, or before another one of this MODEL."""
    options = agent.gateway_options(lab)
    return h323.postern(lab, keepalive="5s", **options) if alone else h323.proxy(lab, model, **options)


def cmphs(number, early):
    place, outside = ((N1, NAT1), (N2, NAT2))[number - 1]
    return story.cmph_steps(f"AG{number}", place, outside, GW_WAN)[:1 if early else 2]


def chain(lab, steps):
    """story.in_order, but that the softswitch has what comes and goes between the same two addresses."""
    last = None
    for step in steps:
        packet = step.first(lab, last.time if last and step.place == CORE else 0.0)
        assert packet, f"there was no {step.what}"
        assert not last or packet.time >= last.time, f"{step.what} came too early"
        last = packet
    return last


def in_order(lab, alone, early):
    """The row A-H323. Both ends open their channel as soon as they may, and an agent makes its pinholes for the first
    message of its terminal that names an address."""
    there, back = WAYS[alone]
    for what in ("Call Proceeding", "Alerting"):
        chain(lab, across("Setup", there) + across(what, back))
    for what in ("TCS", "MSD"):
        chain(lab, across(what, there))
        chain(lab, across(what, back))
    chain(lab, across("TCS", there) + across("TCS Ack", back))
    chain(lab, across("TCS", back) + across("TCS Ack", there))
    chain(lab, across("OLC", there[:1]) + cmphs(1, early) + across("OLC", there[1:]) + across("OLC Ack", back))
    chain(lab, [Step(*back[0], "OLC", "OLC Ack"), *cmphs(2, early), Step(*back[1], "OLC", "OLC Ack")])
    chain(lab, across("OLC", back) + across("OLC Ack", there))
    return chain(lab, across("Alerting", back) + across("Connect", back))


def shown_right(lab, alone, early):
    """The gateway is told pinholes, agents the pinhole port, the softswitch the gateway's; nobody a terminal."""
    for router, outside, other in (("nat1", NAT1, AG2), ("nat2", NAT2, AG1)):
        seen = lab.seen(router, "wan0")
        rtp = [hole for hole in agent.media_through_pinholes(lab, router, outside)
               if names(seen, outside, *hole)]
        assert bool(rtp) != early, f"pinholes that {router}'s agent named: {rtp}"
        assert names(seen, GW_WAN, GW_WAN, nat.PINHOLE_PORT), f"{router}'s agent was not told the pinhole port"
        for address in (LAN1, LAN2):
            assert not names(seen, outside, address) and not names(seen, GW_WAN, address), \
                f"{address} was named outside {router}"
        assert not names(seen, GW_WAN, other), "one agent saw the other"
    if not alone:
        for address in (LAN1, LAN2, AG1, AG2, NAT1, NAT2):
            assert not names(lab.seen(*CORE), GW_CORE, address), f"the softswitch saw {address}"


def call(lab, alone, words=(), callee_words=None, **options):
    """alice behind AG1 calls bob behind AG2."""
    lab.watch(*PLACES)
    postern = gateway(lab, alone)
    agents = agent.pair(lab, "h323", **options)
    bob = h323.Terminal(lab, "lan2", "bob", *(words if callee_words is None else callee_words), mark=B_MARK,
                        gatekeeper=f"{AG2}:1719")
    bob.wait("registered")
    wait_until(lambda: postern.counter("pinholes") == 3, "the agents' sockets and that for bob to be registered")
    alice = h323.Terminal(lab, "lan1", "alice", "call=bob", f"packets={h323.HEARD}", *words, mark=A_MARK,
                          gatekeeper=f"{AG1}:1719")
    alice.finished()
    bob.wait("over")
    records = postern.wait_records(1 if alone else 2)
    assert {record["cause"] for record in records} == {"normal"}, records
    assert bob.process.end() == 0, bob.process.last_line()
    for one in agents:
        one.wait_records(1)
    h323.proper(lab, alice, bob)
    shown_right(lab, alone, options.get("cmph") == "early")
    tcp = {p.dport for p in lab.seen("gw", "wan0").packets() if p.protocol == 6 and p.dst == GW_WAN}
    assert tcp == {nat.PINHOLE_PORT}, f"TCP came to the gateway's ports {tcp}"


def a_h323(lab, alone, **options):
    """The row itself: separate H.245, and the called side rings until it was heard."""
    call(lab, alone, (), ("early-h245", "ring=10"), **options)
    connect = in_order(lab, alone, options.get("cmph") == "early")
    heard = [p for p in checks.media_packets(lab.seen(*L1), dst=LAN1) if p.time < connect.time]
    assert heard, "the caller heard nothing before Connect"


@flow("a-h323", kinds=nat.KINDS, agents=True, strict="agents")
def through_softswitch(lab):
    """A-H323: A → AG1 → GW → SSW → GW → AG2 → B with separate H.245, and ring-back from afar."""
    a_h323(lab, alone=False)


@flow("a-h323-alone", kinds=nat.KINDS, agents=True, strict="agents")
def gateway_alone(lab):
    """A-H323 with the gateway alone between the agents."""
    a_h323(lab, alone=True)


@flow("a-h323-early", kinds=nat.KINDS, agents=True, strict="agents")
def early(lab):
    """A-H323, N-LATE: agents do not wait for the answers to their CMPHs."""
    a_h323(lab, alone=False, cmph="early")


@flow("a-h323-early-alone", kinds=nat.KINDS, agents=True, strict="agents")
def early_alone(lab):
    """A-H323, N-LATE with the gateway alone between the agents."""
    a_h323(lab, alone=True, cmph="early")


def _mode(mode, *words):
    @flow(f"a-h323-{mode}", agents=True, strict="agents")
    def one(lab):
        call(lab, False, words)
    one.__doc__ = f"A-H323 through the softswitch, {mode}."


_mode("tunnel", "tunnel")
_mode("fast", "fast")
_mode("fast-tunnel", "fast", "tunnel")
_mode("in-setup", "h245-in-setup")
