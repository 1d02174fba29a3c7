"""Real phones with STUN behind firewalls that let nothing out but signalling and the pinhole port (flows N-SIP,
N-FIRST): they make their media pinholes themselves."""

from kit import agent, cast, checks, nat, story
from kit.baresip import Baresip
from kit.duet import A_MARK, B_MARK, audio, talk
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.media import Leg
from kit.network import GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2, SSW
from kit.phone import Phone
from kit.postern import Postern
from kit.stage import Stage

L1, L2, N1, N2 = ("lan1", "eth0"), ("lan2", "eth0"), ("nat1", "wan0"), ("nat2", "wan0")
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), L1, L2, N1, N2)
PORT = (GW_WAN, nat.PINHOLE_PORT)
STUN = f"{GW_WAN}:{nat.PINHOLE_PORT}"


def office(lab, alone, stun_media):
    """The gateway, with a softswitch behind it unless it is ALONE, and two phones that use it as STUN server."""
    if not alone:
        Kamailio(lab).ready()
    postern = Postern(lab, registrar=alone, access_more=f'pinhole="{nat.PINHOLE_PORT}" stun-media="{stun_media}"')
    postern.ready()
    return postern, *cast.phones_behind_nats(lab, stun=STUN)


def n_sip_steps(alone):
    """The row N-SIP. A phone that answers by itself says no 18x."""
    say = story.sip_step
    first, second = (story.cmph_steps(*end) for end in (("A", N1, NAT1, GW_WAN), ("B", N2, NAT2, GW_WAN)))
    through = [say("GW → SSW INVITE", ("ssw", "eth0"), GW_CORE, SSW, "INVITE")]
    return [*first,
            say("A → GW INVITE", N1, NAT1, GW_WAN, "INVITE"),
            *([] if alone else through),
            say("GW → B INVITE", N2, GW_WAN, NAT2, "INVITE"),
            *second,
            say("B → GW 200", N2, NAT2, GW_WAN, "INVITE", 200),
            say("GW → A 200", N1, GW_WAN, NAT1, "INVITE", 200),
            say("A → GW ACK", N1, NAT1, GW_WAN, "ACK"),
            say("GW → B ACK", N2, GW_WAN, NAT2, "ACK")]


def rtp_steps():
    """Media begins when the caller has its answer: it may overtake the ACK."""
    return [story.sip_step("GW → A 200", N1, GW_WAN, NAT1, "INVITE", 200),
            story.Step("A → GW RTP", N1, lambda p: p.src == NAT1 and story.is_media(p, NAT1, GW_WAN))]


def told(lab, place, source, target, status=None):
    """The media that the first INVITE, or its answer, names there."""
    packet, = story.in_order(lab, [story.sip_step("INVITE with media", place, source, target, "INVITE", status,
                                                  sdp=True)])
    return story.sip.Message(packet.payload).sdp().streams[0]


def shown_right(lab):
    """Each phone named its pinholes (C), and was told the gateway's one port for RTP and RTCP."""
    for place, outside, offers in ((N1, NAT1, True), (N2, NAT2, False)):
        made = agent.media_through_pinholes(lab, place[0], outside)
        sent = told(lab, place, outside, GW_WAN, None if offers else 200)
        got = told(lab, place, GW_WAN, outside, 200 if offers else None)
        assert {sent.rtp, sent.rtcp} <= made, f"{place[0]}: named {sent.rtp}, {sent.rtcp}; STUN made {made}"
        assert got.rtp == got.rtcp == PORT, f"{place[0]}: was told {got.rtp}, {got.rtcp}"
    for place, own, outside in ((L1, LAN1, NAT1), (L2, LAN2, NAT2)):
        checks.says_only(lab.seen(*place), GW_WAN, [GW_WAN, own, outside])


def n_sip(lab, alone):
    lab.watch(*PLACES)
    postern, alice, bob = office(lab, alone, "always")
    cast.talk(alice, bob)
    cast.reports_crossed(lab, ("lan1", LAN1), ("lan2", LAN2))
    rows = postern.control("show", "pinholes")["media"]
    joined = {(row["media"], row["through"].split(":")[0]) for row in rows if row["media"]}
    assert joined == {(kind, at) for kind in ("rtp", "rtcp") for at in (NAT1, NAT2)}, rows
    cast.hang_up(alice, bob)
    postern.wait_records(1 if alone else 2)
    lab.catch_up()
    story.in_order(lab, n_sip_steps(alone))
    story.in_order(lab, rtp_steps())
    shown_right(lab)
    short = [m for p, m in agent.cmphs(lab.seen("gw", "wan0"), NAT1) if m.is_success]
    assert short and max(m.length for m in short) <= 44, f"answers of {[m.length for m in short]} octets"


@flow("n-sip", kinds=nat.KINDS, strict=True)
def through_softswitch(lab):
    """N-SIP: phones with STUN at the gateway, through the softswitch."""
    n_sip(lab, alone=False)


@flow("n-sip-alone", kinds=nat.KINDS, strict=True)
def gateway_alone(lab):
    """N-SIP with the gateway alone between the phones."""
    n_sip(lab, alone=True)


@flow("n-first-sip", kinds=nat.KINDS, strict=True)
def inside_starts(lab):
    """N-FIRST: the inside phone starts the call, and its own offer tells that it has a pinhole."""
    lab.watch(*PLACES)
    Kamailio(lab).ready()
    postern = Postern(lab, access_more=f'pinhole="{nat.PINHOLE_PORT}"')
    postern.ready()
    alice = Baresip(lab, "lan1", "alice", GW_WAN, cast.ALICE_HZ, stun=STUN).ready().registered()
    carol = Baresip(lab, "ssw", "carol", SSW, cast.BOB_HZ, port=5070).ready().registered()
    cast.talk(alice, carol)
    cast.hang_up(alice, carol)
    postern.wait_records(1)
    lab.catch_up()
    sent, got = told(lab, N1, NAT1, GW_WAN), told(lab, N1, GW_WAN, NAT1, 200)
    made = agent.media_through_pinholes(lab, "nat1", NAT1)
    assert {sent.rtp, sent.rtcp} <= made and got.rtp == got.rtcp == PORT, f"{sent.rtp} {got.rtp} {made}"
    first = story.in_order(lab, [*story.cmph_steps("A", N1, NAT1, GW_WAN),
                                 story.sip_step("A → GW INVITE", N1, NAT1, GW_WAN, "INVITE")])
    assert not [p for p in lab.seen(*N1).udp(src=GW_WAN) if p.time < first[0].time and story.is_media(p, NAT1, GW_WAN)]


def n_late(lab, overtaken):
    """Two phones that name their own addresses; with OVERTAKEN signalling comes before the pinhole it means."""
    lab.watch(*PLACES)
    postern = Postern(lab, registrar=True, access_more=f'pinhole="{nat.PINHOLE_PORT}" stun-media="always"').ready()
    with Stage() as stage:
        alice, bob = (Phone(lab, stage, host, name, (GW_WAN, 5060)) for host, name in (("lan1", "alice"), ("lan2", "bob")))
        for phone in (alice, bob):
            phone.registered()
        here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan2", LAN2, B_MARK)
        if not overtaken:
            here.punch(early=True)
        call = alice.call("sip:bob@example.net", audio(here))
        if overtaken:
            stage.until(lambda: call.responses, "the gateway to have the INVITE")
            here.punch(early=True)
        incoming = bob.next_call()
        incoming.ring()
        call.wait("ringing")
        there.punch(early=True)
        incoming.answer(audio(there))
        call.wait("up")
        incoming.wait("up")
        here.aim(call.remote[0])
        there.aim(incoming.remote[0])
        talk(stage, here, there)
        for leg, other in ((here, there), (there, here)):
            leg.send_rtcp()
            stage.until(lambda o=other: o.received_rtcp, "RTCP")
        assert here.remote == there.remote == PORT
        assert call.hang_up() == 200 and incoming.state == "ended"
    postern.wait_records(1)
    lab.catch_up()
    cmph = story.cmph_steps("A", N1, NAT1, GW_WAN)[:1]
    invite = [story.sip_step("A → GW INVITE", N1, NAT1, GW_WAN, "INVITE")]
    story.in_order(lab, [*(invite + cmph if overtaken else cmph + invite),
                         story.sip_step("GW → B INVITE", N2, GW_WAN, NAT2, "INVITE")])
    for place, outside, own, status in ((N1, NAT1, LAN1, None), (N2, NAT2, LAN2, 200)):
        agent.media_through_pinholes(lab, place[0], outside)
        assert told(lab, place, outside, GW_WAN, status).rtp[0] == own


@flow("n-late-sip", kinds=nat.KINDS, strict=True)
def late(lab):
    """N-LATE with SIP: signalling names the phones' own addresses; the gateway knows the pinholes by these."""
    n_late(lab, overtaken=False)


@flow("n-late-sip-overtaken", kinds=nat.KINDS, strict=True)
def late_overtaken(lab):
    """N-LATE with SIP: signalling comes before the pinhole, and waits for it."""
    n_late(lab, overtaken=True)
