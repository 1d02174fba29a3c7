"""Calls between terminals behind one agent (flow A-SAME): the gateway finds out that media could stay inside."""

import time

from kit import agent, checks, nat
from kit.duet import A_MARK, B_MARK, talk
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.media import Leg
from kit.network import AG1, GW_CORE, LAN1, NAT1
from kit.patience import wait_until
from kit.phone import Phone
from kit.postern import Postern
from kit.stage import Stage

from .agent_sip import L1, N1, audio

PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), L1, N1)
COMPONENTS = 4  # RTP and RTCP of both ends


def stays_inside(lab, one, talk_on):
    """The gateway tells the agent ONE to join both ends; what TALK_ON lets them say crosses no NAT."""
    wait_until(lambda: one.counter("cmph_joined") == COMPONENTS, "the agent to join its own pinholes")
    lab.catch_up()
    assert agent.joins(lab.seen(*N1), NAT1), "the gateway told nobody to join"
    since = time.time()
    talk_on()
    lab.catch_up()
    crossed = agent.media_crossed(lab.seen(*N1), NAT1, since + 0.1)
    assert not crossed, f"{len(crossed)} media packets of an inside call crossed the NAT"


def goes_through(lab, one, talk_on):
    """Media goes out to the gateway and comes back."""
    since = time.time()
    talk_on()
    lab.catch_up()
    assert len(agent.media_crossed(lab.seen(*N1), NAT1, since)) > 50, "media did not go through the gateway"
    assert not one.counter("cmph_joined"), "media=\"gateway\", and yet the agent joined its own pinholes"
    agent.media_through_pinholes(lab, "nat1", NAT1)


def play_call(lab, stage, one, judge):
    alice = Phone(lab, stage, "lan1", "alice", (AG1, 5060))
    bob = Phone(lab, stage, "lan1", "bob", (AG1, 5060), port=5062)
    for phone in (alice, bob):
        phone.registered()
    here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan1", LAN1, B_MARK)
    call = alice.call("sip:bob@example.net", audio(here))
    incoming = bob.next_call()
    incoming.ring()
    call.wait("ringing")
    incoming.answer(audio(there))
    call.wait("up")
    incoming.wait("up")
    here.aim(call.remote[0])
    there.aim(incoming.remote[0])
    talk(stage, here, there)
    judge(lab, one, lambda: talk(stage, here, there))
    for leg, other in ((here, there), (there, here)):
        leg.send_rtcp()
        stage.until(lambda o=other: o.received_rtcp, "RTCP")
        assert leg.sources() == {leg.remote} and leg.remote[0] == AG1, f"media came from {leg.sources()}"
    assert call.hang_up() == 200 and incoming.state == "ended"


def a_same(lab, media, alone):
    lab.watch(*PLACES)
    if not alone:
        Kamailio(lab).ready()
    postern = Postern(lab, registrar=alone, **agent.gateway_options(lab, "north")).ready()
    one = agent.Agent(lab, "ag1", media=media).ready().registered()
    with Stage() as stage:
        play_call(lab, stage, one, stays_inside if media == "local" else goes_through)
    postern.wait_records(1 if alone else 2)
    one.wait_records(2)
    lab.catch_up()
    checks.says_only(lab.seen(*L1), AG1, [AG1, LAN1])
    if not alone:
        checks.says_only(lab.seen("ssw"), GW_CORE, [checks.CORE_NET])


@flow("a-same", kinds=nat.KINDS, agents=True, strict="agents")
def local(lab):
    """A-SAME: A1 calls A2 behind one agent, through the softswitch; their media stays inside."""
    a_same(lab, "local", alone=False)


@flow("a-same-alone", kinds=nat.KINDS, agents=True, strict="agents")
def local_alone(lab):
    """A-SAME with the gateway alone."""
    a_same(lab, "local", alone=True)


@flow("a-same-through", kinds=nat.KINDS, agents=True, strict="agents")
def through(lab):
    """A-SAME with media="gateway": media goes through the gateway."""
    a_same(lab, "gateway", alone=False)
