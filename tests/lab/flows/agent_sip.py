"""SIP between terminals behind agents, whose firewalls let nothing but the agents out (flows A-SIP, A-SAME)."""

from kit import agent, cast, checks, nat, story
from kit.call import describe
from kit.duet import A_MARK, B_MARK, talk
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.media import Leg
from kit.network import AG1, AG2, GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2, SSW
from kit.phone import Phone
from kit.postern import Postern
from kit.stage import Stage

L1, L2, N1, N2 = ("lan1", "eth0"), ("lan2", "eth0"), ("nat1", "wan0"), ("nat2", "wan0")
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), L1, L2, N1, N2)


def audio(leg):
    return describe(leg.address[0], [(f"audio {leg.address[1]} RTP/AVP 0",)])


def gateway(lab, alone, keepalive="5s"):
    """The gateway: its own registrar if ALONE, else with a softswitch behind it."""
    if not alone:
        Kamailio(lab).ready()
    return Postern(lab, registrar=alone, keepalive=keepalive, **agent.gateway_options(lab)).ready()


def phones(lab, stage):
    """alice behind the agent in lan1 and bob behind that in lan2, registered."""
    alice = Phone(lab, stage, "lan1", "alice", (AG1, 5060))
    bob = Phone(lab, stage, "lan2", "bob", (AG2, 5060))
    for phone in (alice, bob):
        phone.registered()
    return alice, bob


def a_sip_steps(alone, early):
    """The row A-SIP: who sends what to whom, in this order."""
    say = story.sip_step
    softswitch = [say("GW → SSW INVITE", ("ssw", "eth0"), GW_CORE, SSW, "INVITE")]
    first, second = (story.cmph_steps(*end) for end in (("AG1", N1, NAT1, GW_WAN), ("AG2", N2, NAT2, GW_WAN)))
    if early:
        first, second = first[:1], second[:1]
    return [say("A → AG1 INVITE", L1, LAN1, AG1, "INVITE"),
            *first,
            say("AG1 → GW INVITE", N1, NAT1, GW_WAN, "INVITE"),
            *([] if alone else softswitch),
            say("GW → AG2 INVITE", N2, GW_WAN, NAT2, "INVITE"),
            say("AG2 → B INVITE", L2, AG2, LAN2, "INVITE"),
            say("B → AG2 180", L2, LAN2, AG2, status=180),
            say("AG1 → A 180", L1, AG1, LAN1, status=180),
            say("B → AG2 200", L2, LAN2, AG2, "INVITE", 200),
            *second,
            say("AG2 → GW 200", N2, NAT2, GW_WAN, "INVITE", 200),
            say("GW → AG1 200", N1, GW_WAN, NAT1, "INVITE", 200),
            say("AG1 → A 200", L1, AG1, LAN1, "INVITE", 200),
            say("A → AG1 ACK", L1, LAN1, AG1, "ACK"),
            say("AG2 → B ACK", L2, AG2, LAN2, "ACK")]


def told(lab, place, source, target, method, status=None):
    """The media that the first such message names."""
    packet, = story.in_order(lab, [story.sip_step(f"{method} {status or ''} with media", place, source, target,
                                                  method, status, sdp=True)])
    return story.sip.Message(packet.payload).sdp().streams[0]


def shown_right(lab, early):
    """Who was told which media address: C at the gateway, D at the agents, theirs at the terminals."""
    port = (GW_WAN, nat.PINHOLE_PORT)
    for router, outside, inside, lan in (("nat1", NAT1, AG1, L1), ("nat2", NAT2, AG2, L2)):
        made = agent.media_through_pinholes(lab, router, outside)
        terminal = LAN1 if lan == L1 else LAN2
        method, status, back = ("INVITE", None, 200) if lan == L1 else ("INVITE", 200, None)
        sent = told(lab, (router, "wan0"), outside, GW_WAN, method, status)
        got = told(lab, (router, "wan0"), GW_WAN, outside, method, back)
        local = told(lab, lan, inside, terminal, method, back)
        if early:
            assert sent.rtp[0] == sent.rtcp[0] == inside, f"{router}: the gateway was told {sent.rtp}, {sent.rtcp}"
        else:
            assert {sent.rtp, sent.rtcp} == made, f"{router}: the gateway was told {sent.rtp}, {sent.rtcp}; {made}"
        assert got.rtp == got.rtcp == port, f"{router}: the agent was told {got.rtp}, {got.rtcp}"
        assert local.rtp[0] == inside, f"{terminal} was told {local.rtp}"
        checks.says_only(lab.seen(*lan), inside, [inside, terminal])
    if ("ssw", "eth0") in lab.captures and any(p.src == SSW for p in lab.seen("ssw").packets()):
        checks.says_only(lab.seen("ssw"), GW_CORE, [checks.CORE_NET])


def play_call(stage, alice, bob, here, there):
    """alice calls bob, both talk, alice hangs up."""
    call = alice.call(bob.aor, audio(here))
    incoming = bob.next_call()
    incoming.ring()
    call.wait("ringing")
    incoming.answer(audio(there))
    call.wait("up")
    incoming.wait("up")
    here.aim(call.remote[0])
    there.aim(incoming.remote[0])
    talk(stage, here, there)
    for leg, other in ((here, there), (there, here)):
        leg.send_rtcp()
        stage.until(lambda o=other: o.received_rtcp, "RTCP")
        assert leg.sources() == {leg.remote}, f"media came from {leg.sources()}, {leg.remote} was advertised"
    assert call.hang_up() == 200 and incoming.state == "ended"


def a_sip(lab, alone, **options):
    lab.watch(*PLACES)
    postern = gateway(lab, alone)
    agents = agent.pair(lab, **options)
    with Stage() as stage:
        alice, bob = phones(lab, stage)
        here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan2", LAN2, B_MARK)
        play_call(stage, alice, bob, here, there)
    postern.wait_records(1 if alone else 2)
    for one in agents:
        one.wait_records(1)
    lab.catch_up()
    early = options.get("cmph") == "early"
    story.in_order(lab, a_sip_steps(alone, early))
    shown_right(lab, early)
    core = checks.media_packets(lab.seen("gw", "core0"))
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"


@flow("a-sip", kinds=nat.KINDS, agents=True, strict="agents")
def through_softswitch(lab):
    """A-SIP: A → AG1 → GW → SSW → GW → AG2 → B, pinholes made on demand."""
    a_sip(lab, alone=False)


@flow("a-sip-alone", kinds=nat.KINDS, agents=True, strict="agents")
def gateway_alone(lab):
    """A-SIP with the gateway alone between the agents."""
    a_sip(lab, alone=True)


@flow("a-sip-early", kinds=nat.KINDS, agents=True, strict="agents")
def early(lab):
    """A-SIP, N-LATE: agents do not wait for the answers to their CMPHs."""
    a_sip(lab, alone=False, cmph="early")


@flow("a-sip-early-alone", kinds=nat.KINDS, agents=True, strict="agents")
def early_alone(lab):
    """A-SIP, N-LATE with the gateway alone between the agents."""
    a_sip(lab, alone=True, cmph="early")


@flow("a-sip-real", kinds=nat.KINDS, agents=True, strict="agents")
def real_phones(lab):
    """A-SIP with real phones, calls in both directions."""
    from kit.baresip import Baresip
    lab.watch(*PLACES)
    postern = gateway(lab, alone=False)
    agents = agent.pair(lab)
    alice = Baresip(lab, "lan1", "alice", AG1, cast.ALICE_HZ).ready().registered()
    bob = Baresip(lab, "lan2", "bob", AG2, cast.BOB_HZ).ready().registered()
    for caller, callee in ((alice, bob), (bob, alice)):
        cast.talk(caller, callee)
        cast.hang_up(caller, callee)
    postern.wait_records(4)
    for one in agents:
        one.wait_records(2)
    lab.catch_up()
    for (host, address, inside), (router, outside) in zip((("lan1", LAN1, AG1), ("lan2", LAN2, AG2)),
                                                          (("nat1", NAT1), ("nat2", NAT2))):
        checks.both_ways(lab, host, address, gateway=inside)
        agent.media_through_pinholes(lab, router, outside)
