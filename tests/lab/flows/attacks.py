"""Those who want media that is not theirs, and those who aim media at others."""

import os
import sys

from kit import checks, duet, nat, sprayer
from kit.duet import A_MARK, B_MARK, audio
from kit.flow import flow
from kit.media import Leg
from kit.network import ATTACKER, GW_CORE, GW_WAN, LAN1, SSW, VICTIM
from kit.phone import Phone
from kit.postern import ACCESS_MEDIA, Postern
from kit.stage import Stage


def spray(lab):
    """The attacker begins; return when its second round is over."""
    script = os.path.abspath(sprayer.__file__)
    process = lab.spawn("attacker", [sys.executable, script, ATTACKER, GW_WAN, *map(str, ACCESS_MEDIA),
                                     "4000"], name="sprayer")
    process.wait_for_text("round 1")
    return process


@flow("attack", kinds=nat.KINDS)
def attack(lab):
    """An attacker sprays the media range before and during a call: none crosses, none comes to it."""
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("attacker", "eth0"))
    postern = Postern(lab).ready()
    with Stage() as stage:
        switch, caller = duet.pair(lab, stage)
        here, there = duet.legs(lab, stage)
        attacker = spray(lab)
        call = caller.call("sip:dora@example.net", audio(here))
        incoming = switch.next_call()
        incoming.ring()
        call.wait("ringing")
        rounds = len(attacker.text().splitlines())
        stage.until(lambda: len(attacker.text().splitlines()) > rounds + 2, "two rounds while it rings")
        incoming.answer(audio(there))
        call.wait("up")
        incoming.wait("up")
        there.aim(incoming.remote[0])
        there.talk()
        stage.until(lambda: there.sent > 50, "media towards a silent caller")
        here.aim(call.remote[0])
        duet.talk(stage, here, there, 100)
        here.send_rtcp()
        there.send_rtcp()
        stage.until(lambda: there.received_rtcp, "RTCP under attack")
        call.hang_up()
        attacker.end()
    record, = postern.wait_records(1)
    assert record["streams"][0]["foreign"] > 0, "the attacker's packets were not counted"
    lab.catch_up()
    for host in ("lan1", "ssw"):
        bad = [p for p in lab.seen(host).udp() if p.payload[12:16] == sprayer.MARK * 4]
        assert not bad, f"{len(bad)} packets of the attacker reached {host}"
    checks.gateway_sent_nothing_to(lab.seen("attacker"), ATTACKER)
    assert lab.seen("gw", "wan0").udp(src=ATTACKER), "the attacker never reached the gateway"


@flow("victim", kinds=nat.KINDS)
def victim_of_caller(lab):
    """A caller, and then a callee, declare a victim's address: no packet reaches the victim."""
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("victim", "eth0"))
    postern = Postern(lab).ready()
    with Stage() as stage:
        switch, caller = duet.pair(lab, stage)
        aim_by_offer(lab, stage, caller, switch)
        public = Phone(lab, stage, "pub", "mallet", (GW_WAN, 5060))
        aim_by_offer(lab, stage, public, switch)
        aim_by_answer(lab, stage, caller, switch)
    postern.wait_records(3)
    lab.catch_up()
    checks.gateway_sent_nothing_to(lab.seen("victim"), VICTIM, allow_icmp=False)
    aimed = [p for p in lab.seen("gw", "wan0").packets() if p.dst == VICTIM and p.src == GW_WAN]
    assert not aimed, f"{len(aimed)} packets left the gateway for the victim"


def aim_by_offer(lab, stage, caller, switch):
    """A call whose SDP names the victim, a peer that talks all the time, and a second offer like it."""
    there = Leg(lab, stage, "ssw", SSW, B_MARK)
    mouth = Leg(lab, stage, "lan1" if caller.address[0] == LAN1 else "pub", caller.address[0], A_MARK)
    call = caller.call("sip:dora@example.net", audio(there, address=VICTIM))
    incoming = switch.next_call()
    incoming.ring()
    incoming.answer(audio(there))
    call.wait("up")
    there.aim(incoming.remote[0])
    there.talk(every_s=0.01)
    stage.until(lambda: there.sent > 150, "media towards the victim")
    there.send_rtcp()
    # Its own packets may come back to it: it is who it is, wherever it said that it was.
    mouth.aim(call.remote[0])
    mouth.talk()
    stage.until(lambda: there.heard(A_MARK) > 20, "the caller's own media")
    call.invite(audio(there, 2, address=VICTIM))
    incoming.wait("reinvited")
    incoming.answer(audio(there))
    stage.until(lambda: call.status == 200, "the answer to the second offer")
    sent = there.sent
    stage.until(lambda: there.sent > sent + 150, "more media towards the victim")
    there.quiet()
    mouth.quiet()
    call.hang_up()


def aim_by_answer(lab, stage, callee, switch):
    """A registered terminal answers a call with the victim's address."""
    callee.registered()
    there = Leg(lab, stage, "ssw", SSW, B_MARK)
    call = switch.call(switch.registrations[callee.aor], audio(there), target=(GW_CORE, 5060))
    incoming = callee.next_call()
    incoming.answer(audio(there, address=VICTIM))
    call.wait("up")
    there.aim(call.remote[0])
    there.talk(every_s=0.01)
    there.send_rtcp()
    stage.until(lambda: there.sent > 150, "media towards the victim")
    there.quiet()
    call.hang_up()
