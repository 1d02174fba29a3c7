"""Two phones of the lab's own: alice behind nat1 and the softswitch, and the sound they make."""

import random

from .call import describe
from .media import Leg
from .network import GW_WAN, LAN1, SSW
from .phone import Phone

A_MARK, B_MARK = b"\xa1", b"\xb2"  # the octet that alice's, and the softswitch's, packets are full of


def pair(lab, stage):
    """A softswitch, and alice behind nat1."""
    return Phone(lab, stage, "ssw", "switch"), Phone(lab, stage, "lan1", "alice", (GW_WAN, 5060))


def legs(lab, stage):
    """alice's and the softswitch's media ends."""
    return Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "ssw", SSW, B_MARK)


def audio(leg, version=1, direction=None, address=None):
    """A session description of LEG; ADDRESS is a lie about where it is."""
    return describe(address or leg.address[0], [(f"audio {leg.address[1]} RTP/AVP 0",)], version, direction)


def connect(caller, switch, here, there):
    """A call from CALLER to the softswitch, up, with both media ends aimed."""
    call = caller.call("sip:dora@example.net", audio(here))
    incoming = switch.next_call()
    incoming.ring()
    call.wait("ringing")
    incoming.answer(audio(there))
    call.wait("up")
    incoming.wait("up")
    here.aim(call.remote[0])
    there.aim(incoming.remote[0])
    return call, incoming


def talk(stage, here, there, packets=50):
    """Both ends send; return when each heard PACKETS more of the other."""
    here.talk()
    there.talk()
    goal = here.heard(B_MARK) + packets, there.heard(A_MARK) + packets
    stage.until(lambda: here.heard(B_MARK) >= goal[0] and there.heard(A_MARK) >= goal[1], "media both ways")


def measured(stage, here, there):
    """Packets of all sizes, some of them left out, and RTCP that tells of loss go both ways; all that were sent arrive."""
    here.send()
    here.send_rtcp()  # the latches come first: what is sent before them is lost
    stage.until(lambda: there.received and there.received_rtcp, "the first packets")
    for leg, count in ((here, 120), (there, 80)):
        for _ in range(count):
            leg.send(size=random.randrange(1, 400))
            stage.watch_for(0.005)
        leg.sender.skip(count // 20)
        leg.send()
    there.send_rtcp(about=here.sender.ssrc, lost=7)
    here.send_rtcp(about=there.sender.ssrc, lost=2)
    stage.until(lambda: len(there.received) == here.sent and len(here.received) == there.sent
                and len(there.received_rtcp) == here.sent_rtcp
                and len(here.received_rtcp) == there.sent_rtcp, "every packet to arrive")
