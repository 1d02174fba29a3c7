"""Agents over time: registrations, pinholes that are kept open, NATs and gateways that forget (flows R-1, K-2)."""

import os
import time

from kit import agent, checks, nat, story, stun
from kit.duet import A_MARK, B_MARK
from kit.flow import flow
from kit.media import Leg
from kit.network import AG1, AG2, GW_WAN, LAN1, LAN2, NAT1
from kit.patience import wait_until
from kit.phone import Phone
from kit.postern import Postern
from kit.stage import Stage

from .agent_sip import L1, L2, N1, N2, audio, phones

PLACES = (("gw", "wan0"), L1, L2, N1, N2)
PATIENT = {"idle_min": "2s", "idle_max": "4s", "keep": "2s"}  # less than the NATs' timeout of these flows
IDLE = '  <media idle="{0}"/>\n'


def gateway(lab):
    """A gateway whose own keepalives are too rare to help anybody."""
    return Postern(lab, registrar=True, keepalive="300s", **agent.gateway_options(lab)).ready()


def registrations(capture, router, since=0.0):
    """Registration Requests that ROUTER's inside sent by UDP, and their answers."""
    return [(p, m) for p, m in stun.messages(capture.udp())
            if router in (p.src, p.dst) and m.method == stun.REGISTRATION and p.time >= since]


def accepted(capture, router, since=0.0):
    return [p for p, m in registrations(capture, router, since) if m.is_success]


def connect(caller, callee, here, there):
    """A call from CALLER to CALLEE, up, with both media ends aimed."""
    call = caller.call(callee.aor, audio(here))
    incoming = callee.next_call()
    incoming.ring()
    incoming.answer(audio(there))
    call.wait("up")
    incoming.wait("up")
    here.aim(call.remote[0])
    there.aim(incoming.remote[0])
    return call, incoming


def legs(lab, stage):
    return Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan2", LAN2, B_MARK)


def both_hear(stage, here, there, packets=50):
    goals = here.heard(B_MARK) + packets, there.heard(A_MARK) + packets
    stage.until(lambda: here.heard(B_MARK) >= goals[0] and there.heard(A_MARK) >= goals[1], "media both ways")


def no_gap(capture, router, port, timeout_s):
    """Packets leave ROUTER towards the gateway's PORT more often than its NAT forgets."""
    ways = {}
    for p in capture.udp(src=router, dst=GW_WAN, dport=port):
        ways.setdefault(p.sport, []).append(p.time)
    gaps = {sport: max((b - a for a, b in zip(times, times[1:])), default=0) for sport, times in ways.items()}
    assert ways and max(gaps.values()) < timeout_s, f"seconds without an outbound packet to {port}: {gaps}"


@flow("r-1", kinds=nat.KINDS, agents=True, strict="agents", udp_timeout_s=6)
def registration(lab):
    """R-1: the agent registers, the gateway records and uses the pinhole; again before the NAT forgets."""
    lab.watch(*PLACES)
    postern = gateway(lab)
    one = agent.Agent(lab, "ag1", **PATIENT).ready().registered()
    lab.catch_up()
    step = lambda what, source, target, kind: story.stun_step(what, N1, source, target, kind, stun.REGISTRATION)
    packets = story.in_order(lab, [step("AG1 → GW Registration Request", NAT1, GW_WAN, stun.REQUEST),
                                   step("GW → AG1 401", GW_WAN, NAT1, stun.ERROR),
                                   step("GW → AG1 Registration Response", GW_WAN, NAT1, stun.SUCCESS)])
    assert stun.Message(packets[1].payload).error() == 401
    pinhole = packets[2].target
    assert stun.Message(packets[2].payload).mapped() == pinhole, "the response tells another pinhole"
    row = sip_pinhole(postern)
    assert (row["network"], row["agent"], row["pinhole"]) == ("north", "ag1", "%s:%d" % pinhole), row
    with Stage() as stage:
        alice = Phone(lab, stage, "lan1", "alice", (AG1, 5060))
        alice.registered()
        stage.until(lambda: sip_pinhole(postern)["subscribers"] == 1, "alice to be the agent's subscriber")
        terminal = sip_pinhole(postern)["list"][0]["terminal"]
        assert terminal == f"{LAN1}:5060", f"alice's terminal is {terminal}"
        before = time.time()
        stage.until(lambda: len(accepted(lab.seen(*N1), NAT1, before)) >= 4, "four more registrations", 60)
        reached(lab, stage, alice, pinhole)
    lab.catch_up()
    no_gap(lab.seen(*N1), NAT1, 5060, lab.net.udp_timeout_s)
    assert not one.counter("uplink_lost") and one.counter("uplinks") >= 1


def sip_pinhole(postern):
    row, = [row for row in postern.control("show", "pinholes")["signalling"] if row["protocol"] == "sip"]
    return row


def reached(lab, stage, alice, pinhole):
    """A request for alice leaves the gateway through PINHOLE."""
    carol = Phone(lab, stage, "pub", "carol", (GW_WAN, 5060))
    carol.registered()
    here, there = Leg(lab, stage, "pub", carol.address[0], B_MARK), Leg(lab, stage, "lan1", LAN1, A_MARK)
    call = carol.call("sip:alice@example.net", audio(here))
    alice.next_call().answer(audio(there))
    call.wait("up")
    here.aim(call.remote[0])
    there.aim(alice.calls[-1].remote[0])
    for leg in (here, there):
        leg.talk()
    stage.until(lambda: here.heard(A_MARK) > 20 and there.heard(B_MARK) > 20, "media both ways")
    call.hang_up()
    lab.catch_up()
    invite, = story.in_order(lab, [story.sip_step("GW → AG1 INVITE", N1, GW_WAN, NAT1, "INVITE")])
    assert invite.target == pinhole, f"the INVITE went to {invite.target}, the pinhole is {pinhole}"


@flow("r-1-restart", kinds=nat.KINDS, agents=True, strict="agents", udp_timeout_s=8)
def gateway_restart(lab):
    """R-1: without a gateway there is an alarm, and calls inside go on; agents register anew by themselves."""
    lab.watch(*PLACES)
    postern = gateway(lab)
    one = agent.Agent(lab, "ag1", **PATIENT).ready().registered()
    with Stage() as stage:
        alice, bob = (Phone(lab, stage, "lan1", user, (AG1, 5060), port=port)
                      for user, port in (("alice", 5060), ("bob", 5062)))
        for phone in (alice, bob):
            phone.registered()
        here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan1", LAN1, B_MARK)
        calls = connect(alice, bob, here, there)
        here.talk()
        there.talk()
        stage.until(lambda: one.counter("cmph_joined") == 4, "media to stay inside")
        before = answered(one)
        postern.stop()
        stage.until(lambda: one.counter("uplink_lost") > 0, "the alarm", 90)
        both_hear(stage, here, there)
        postern.start()
        stage.until(lambda: one.counter("uplinks") >= 1 and sip_row(postern), "the agent to be registered again", 90)
        stage.until(lambda: answered(one) >= before + 4, "the gateway to acknowledge the pinholes anew", 60)
        both_hear(stage, here, there)
        assert [call.hang_up() for call in calls] == [481, 481], "the gateway remembers a call of its former life"
        for phone in (alice, bob):
            phone.registered()
        again, _ = connect(alice, bob, here, there)
        both_hear(stage, here, there)
        assert again.hang_up() == 200
    assert " error " in one.process.text(), "the alarm is not in the log"


def answered(one):
    """How often the agent ONE has got a media pinhole."""
    return one.counter("cmph_opened") + one.counter("cmph_moved")


def sip_row(postern):
    rows = [row for row in postern.control("show", "pinholes")["signalling"] if row["protocol"] == "sip"]
    return rows and rows[0]["state"] == "active"


@flow("k-2", kinds=nat.KINDS, agents=True, strict="agents", udp_timeout_s=5)
def keepalive(lab):
    """K-2: nobody speaks for long, and signalling and media pinholes are open all the time."""
    lab.watch(*PLACES)
    postern = gateway(lab)
    agents = agent.pair(lab, **PATIENT)
    with Stage() as stage:
        alice, bob = phones(lab, stage)
        here, there = legs(lab, stage)
        call, _ = connect(alice, bob, here, there)
        for leg in (here, there):
            leg.talk()
        both_hear(stage, here, there)
        for leg in (here, there):
            leg.quiet()
        stage.watch_for(lab.net.udp_timeout_s * 2.5)
        lab.catch_up()
        made = agent.media_pinholes(lab.seen(*N1), NAT1)
        before = there.heard(A_MARK), here.heard(B_MARK)
        there.send()  # from outside first: nothing but the pinhole lets it in
        stage.until(lambda: here.heard(B_MARK) > before[1], "the first packet to come in")
        here.send()
        stage.until(lambda: there.heard(A_MARK) > before[0], "the first packet to go out")
        assert len(made) == 2 and agent.media_pinholes(lab.seen(*N1), NAT1) == made, f"media pinholes: {made}"
        assert call.hang_up() == 200
        stage.watch_for(lab.net.udp_timeout_s * 1.5)
        here, there = legs(lab, stage)
        back, _ = connect(bob, alice, there, here)
        assert back.hang_up() == 200
    lab.catch_up()
    for place, outside in ((N1, NAT1), (N2, "198.51.100.12")):
        no_gap(lab.seen(*place), outside, 5060, lab.net.udp_timeout_s)
    for one in agents:
        assert not one.counter("uplink_moved") and not one.counter("cmph_moved"), "a pinhole moved"
    postern.wait_records(2)


@flow("agent-rebind", kinds=nat.KINDS, agents=True, strict="agents")
def rebinding(lab):
    """A NAT forgets its mappings in the middle of a call: refresh and CMPH make it whole; losses are counted."""
    lab.watch(*PLACES)
    gateway(lab)
    one, _ = agent.pair(lab, **PATIENT)
    with Stage() as stage:
        alice, bob = phones(lab, stage)
        here, there = legs(lab, stage)
        call, incoming = connect(alice, bob, here, there)
        for leg in (here, there):
            leg.talk()
        both_hear(stage, here, there)
        sip_hole, media_holes = pinholes_now(lab)
        nat.forget(lab.net["nat1"])
        stage.until(lambda: lab.net.kind == "cone" or one.counter("cmph_moved") >= 2, "the CMPHs to tell of it")
        both_hear(stage, here, there, 100)
        stage.until(lambda: lab.net.kind == "cone" or pinholes_now(lab)[0] != sip_hole, "signalling to recover")
        losses(lab, here, there)
        if lab.net.kind == "symmetric":
            assert not media_holes & pinholes_now(lab)[1], "the NAT did not rebind"
        incoming_hangs_up(incoming)
        stage.until(lambda: call.state == "ended", "bob's BYE to reach alice")


def pinholes_now(lab):
    """(the signalling pinhole, the media pinholes) that the gateway uses for nat1 now."""
    shown = lab.postern.control("show", "pinholes")
    row = [row for row in shown["signalling"] if row["protocol"] == "sip" and row["agent"] == "ag1"]
    return row[0]["pinhole"], {row["received"] for row in shown["media"] if row["received"].startswith(NAT1)}


def incoming_hangs_up(incoming):
    assert incoming.hang_up() == 200


def losses(lab, here, there):
    """Say how many packets the rebinding cost; less than what two refreshes may take."""
    for name, ear, mouth, mark in (("in", here, there, B_MARK), ("out", there, here, A_MARK)):
        lost = mouth.sent - ear.heard(mark)
        print(f"rebinding, {lab.net.kind}: {lost} of {mouth.sent} packets lost on the way {name}", flush=True)
        assert lost <= 50 * 6, f"{lost} packets were lost on the way {name}"


@flow("k-2-tool", kinds=nat.KINDS, strict=True, udp_timeout_s=4)
def tool_keeps(lab):
    """K-2: postern-pinhole keeps a terminal's media pinhole open, and tells when the NAT gives it another one."""
    lab.watch(N1)
    gateway(lab)
    tool = lab.spawn("lan1", [os.path.join(lab.build, "postern-pinhole"), "--local", "4000", "--keep", "1", GW_WAN])

    def told():
        return [line.strip() for line in tool.text().splitlines() if line.strip()]

    def kept():
        return [p.time for p in lab.seen(*N1).udp(src=NAT1, dst=GW_WAN, dport=nat.PINHOLE_PORT)]
    wait_until(told, "postern-pinhole to tell the pinhole")
    first, = told()
    wait_until(lambda: kept()[-1] - kept()[0] > lab.net.udp_timeout_s * 2.5, "it to be kept", 60)
    assert told() == [first] and first.startswith(NAT1), f"it told {told()}"
    no_gap(lab.seen(*N1), NAT1, nat.PINHOLE_PORT, lab.net.udp_timeout_s)
    nat.forget(lab.net["nat1"])
    if lab.net.kind == "symmetric":
        wait_until(lambda: len(told()) > 1, "postern-pinhole to tell the new one")
        assert told()[-1] != first, told()
