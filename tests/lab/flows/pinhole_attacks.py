"""Those who would like to have somebody else's pinhole, and those who flood its port."""

import os
import sys

from kit import agent, forger, nat, stun
from kit.duet import A_MARK, B_MARK, talk
from kit.flow import flow
from kit.media import Leg
from kit.network import ATTACKER, GW_WAN, LAN1, LAN2, NAT1
from kit.stage import Stage

from .agent_sip import L1, L2, N1, N2, audio, gateway, phones

PLACES = (("gw", "wan0"), L1, L2, N1, N2, ("attacker", "eth0"))
RATE = 6000  # packets per second


def attack(lab):
    """The attacker has seen AG1's first CMPH, and begins; return when it is well under way."""
    lab.catch_up()
    seen = next(p for p, m in agent.cmphs(lab.seen(*N1), NAT1) if m.is_request)
    script = os.path.abspath(forger.__file__)
    process = lab.spawn("attacker", [sys.executable, script, ATTACKER, GW_WAN, str(nat.PINHOLE_PORT), NAT1,
                                     lab.file("seen.hex", seen.payload.hex()), str(RATE)], name="forger")
    process.wait_for_text("round 1")
    return process


def holes(postern):
    return {(row["agent"], row["media"], row["through"]) for row in postern.control("show", "pinholes")["media"]
            if row["agent"]}


def judge(lab, postern, before):
    """Nothing moved, nothing crossed, each refusal was counted, and answers were few."""
    now = holes(postern)
    assert before <= now, f"{before} became {now}"
    stolen = [hole for hole in now if hole[2].startswith(ATTACKER) or hole[2].endswith(f":{forger.SPOOFED_PORT}")]
    assert not stolen, f"the attacker has {stolen}"
    for name in ("cmph_forged", "stun_rate_denied", "media_unjoined"):
        assert postern.counter(name) > 0, f"{name} did not move"
    lab.catch_up()
    for place in (L1, L2):
        bad = [p for p in lab.seen(*place).udp() if p.payload[12:16] == forger.MARK * 4]
        assert not bad, f"{len(bad)} packets of the attacker reached {place[0]}"
    answers = stun.messages(lab.seen("attacker", "eth0").udp(src=GW_WAN))
    asked = lab.seen("attacker", "eth0").udp(src=ATTACKER, dst=GW_WAN)
    assert answers and len(answers) < len(asked) / 4, f"{len(answers)} answers to {len(asked)} packets"
    plain = [m for _, m in answers if m.is_success]
    assert all(m.length <= 44 for m in plain)


@flow("pinhole-attack", kinds=nat.KINDS, agents=True, strict="agents")
def pinhole_attack(lab):
    """A call between agents under a flood of STUN, forged and replayed CMPHs, some with the NAT's own address."""
    lab.watch(*PLACES)
    postern = gateway(lab, alone=True)
    agents = agent.pair(lab)
    with Stage() as stage:
        alice, bob = phones(lab, stage)
        here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan2", LAN2, B_MARK)
        call = alice.call("sip:bob@example.net", audio(here))
        incoming = bob.next_call()
        incoming.answer(audio(there))
        call.wait("up")
        incoming.wait("up")
        here.aim(call.remote[0])
        there.aim(incoming.remote[0])
        talk(stage, here, there)
        before = holes(postern)
        attacker = attack(lab)
        talk(stage, here, there, 200)
        second = Leg(lab, stage, "lan1", LAN1, A_MARK)
        other = alice.call("sip:bob@example.net", audio(second))
        bob.next_call().answer(audio(Leg(lab, stage, "lan2", LAN2, B_MARK)))
        other.wait("up")
        assert before <= holes(postern), "a pinhole moved under attack"
        assert other.hang_up() == 200
        attacker.end()
        judge(lab, postern, before)
        assert call.hang_up() == 200 and incoming.state == "ended"
    postern.wait_records(2)
    for one in agents:
        one.wait_records(2)
