"""What phones do to calls through agents: video, hold, new ports, late offers, giving up, forks."""

from kit import agent, cast, checks, nat
from kit.baresip import Baresip
from kit.call import describe
from kit.duet import A_MARK, B_MARK, talk
from kit.flow import flow
from kit.media import Leg
from kit.network import AG1, AG2, GW_CORE, LAN1, LAN2, NAT1, NAT2
from kit.phone import Phone
from kit.stage import Stage

from .agent_sip import PLACES, audio, gateway, phones

ENDS = (("lan1", LAN1, AG1, "nat1", NAT1), ("lan2", LAN2, AG2, "nat2", NAT2))
C_MARK = b"\xc3"


def hidden(lab):
    """Nobody saw what he should not, and all media went through pinholes."""
    lab.catch_up()
    checks.says_only(lab.seen("ssw"), GW_CORE, [checks.CORE_NET])
    for host, address, inside, router, outside in ENDS:
        checks.says_only(lab.seen(host), inside, [inside, address])
        agent.media_through_pinholes(lab, router, outside)


@flow("a-vid", kinds=nat.KINDS, agents=True, strict="agents")
def video(lab):
    """A-SIP, P-VID: audio and video, four pinholes at each end."""
    lab.watch(*PLACES)
    postern = gateway(lab, alone=False)
    agent.pair(lab)
    alice = Baresip(lab, "lan1", "alice", AG1, cast.ALICE_HZ, video=True).ready().registered()
    bob = Baresip(lab, "lan2", "bob", AG2, cast.BOB_HZ, video=True).ready().registered()

    def seen(host, address, inside):
        return checks.MediaView(lab.seen(host), address, inside).counts()["video", "rtp", "in"] >= 20
    cast.talk(alice, bob, video=lambda: all(seen(*end[:3]) for end in ENDS))
    cast.hang_up(alice, bob)
    for record in postern.wait_records(2):
        assert [s["media"] for s in record["streams"]] == ["audio", "video"], record["streams"]
    hidden(lab)
    for host, address, inside, router, outside in ENDS:
        checks.both_ways(lab, host, address, media=("audio", "video"), at_least=20, gateway=inside, rtcp=False)
        made = agent.media_pinholes(lab.seen(router, "wan0"), outside)
        assert len(made) == 4, f"{router}: {len(made)} media pinholes: {made}"


@flow("a-switching", kinds=nat.KINDS, agents=True, strict="agents")
def switching(lab):
    """Hold, resume, a phone that moves to other ports, a late offer: all without a pinhole too many."""
    lab.watch(*PLACES)
    postern = gateway(lab, alone=False)
    one, other = agent.pair(lab)
    with Stage() as stage:
        alice, bob = phones(lab, stage)
        here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan2", LAN2, B_MARK)
        call = alice.call(bob.aor, audio(here))
        incoming = bob.next_call()
        incoming.answer(audio(there))
        call.wait("up")
        incoming.wait("up")
        here.aim(call.remote[0])
        there.aim(incoming.remote[0])
        talk(stage, here, there)
        opened = one.counter("cmph_opened"), other.counter("cmph_opened")
        for direction in ("sendonly", None):  # hold, and back
            call.invite(describe(*leg_of(here), 2, direction))
            incoming.wait("reinvited").answer(describe(*leg_of(there), 2, direction and "recvonly"))
            call.wait("up")
        talk(stage, here, there)
        moved = Leg(lab, stage, "lan1", LAN1, C_MARK)
        call.invite(describe(*leg_of(moved), 3))
        incoming.wait("reinvited").answer(describe(*leg_of(there), 3))
        call.wait("up")
        moved.aim(call.remote[0])
        moved.talk()
        stage.until(lambda: there.heard(C_MARK) > 25 and moved.heard(B_MARK) > 25, "media at the new ports")
        assert (one.counter("cmph_opened"), other.counter("cmph_opened")) == opened, "a new offer made new pinholes"
        call.hang_up()
        late_offer(lab, stage, alice, bob)
        given_up(stage, alice, bob, here, (one, other))
    postern.wait_records(6)
    hidden(lab)


def leg_of(leg):
    """How describe() wants a leg."""
    return leg.address[0], [(f"audio {leg.address[1]} RTP/AVP 0",)]


def late_offer(lab, stage, alice, bob):
    """alice's INVITE is empty, bob's 200 makes the offer, alice's ACK answers."""
    here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan2", LAN2, B_MARK)
    call = alice.call(bob.aor, "")
    call.ack_body = audio(here)
    incoming = bob.next_call()
    incoming.answer(audio(there))
    call.wait("up")
    incoming.wait("up")
    stage.until(lambda: incoming.remote, "the answer in the ACK")
    here.aim(call.remote[0])
    there.aim(incoming.remote[0])
    talk(stage, here, there)
    call.hang_up()
    for leg in (here, there):
        leg.close()


def given_up(stage, alice, bob, here, agents):
    """alice gives up while bob rings: no port is left behind."""
    call = alice.call(bob.aor, audio(here))
    bob.next_call().ring()
    call.wait("ringing").cancel()
    call.wait("ended")
    for one in agents:
        stage.until(lambda o=one: not o.counter("streams"), "all streams to end")


@flow("a-fork", kinds=nat.KINDS, agents=True, strict="agents")
def fork(lab):
    """One number, two phones behind two agents: both ring with early media, one answers."""
    lab.watch(*PLACES)
    gateway(lab, alone=False)
    agent.pair(lab)
    with Stage() as stage:
        alice = Phone(lab, stage, "lan1", "alice", (AG1, 5060))
        bobs = [Phone(lab, stage, "lan2", "bob", (AG2, 5060)), Phone(lab, stage, "lan1", "bob", (AG1, 5060), port=5062)]
        for phone in (alice, *bobs):
            phone.registered()
        here = Leg(lab, stage, "lan1", LAN1, A_MARK)
        ends = [Leg(lab, stage, "lan2", LAN2, B_MARK), Leg(lab, stage, "lan1", LAN1, C_MARK)]
        call = alice.call(bobs[0].aor, audio(here))
        ringing = [bob.next_call() for bob in bobs]
        for leg, one in zip(ends, ringing):
            leg.aim(one.remote[0])
            one.ring(audio(leg))
        stage.until(lambda: len({m.tag("to") for m in call.responses if m.status == 183}) == 2, "two 183s")
        here.aim(call.remote[0])
        for leg in (here, *ends):
            leg.talk()
        stage.until(lambda: here.heard(B_MARK) > 20 or here.heard(C_MARK) > 20, "early media")
        ringing[0].answer(audio(ends[0]))
        call.wait("up")
        stage.until(lambda: ringing[1].state == "ended", "the other phone to be cancelled")
        ends[1].quiet()
        talk(stage, here, ends[0])
        call.hang_up()
    hidden(lab)
