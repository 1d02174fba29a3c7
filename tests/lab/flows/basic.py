"""The NATs themselves, and the control without which the lab would prove nothing."""

from kit import cast, checks, dissector, duet, nat, sip
from kit.baresip import Baresip
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.media import Leg
from kit.network import LAN1, PSTN, PUB, SSW, SSW_ON_WAN
from kit.patience import wait_until
from kit.phone import Phone
from kit.sipp import Sipp
from kit.stage import Stage

BROKEN_RTCP = b"\x81\xc8\x00\x06" + bytes(24) + b"\x81\xc9\x7f\xff"  # a report longer than its packet
BROKEN_SIP = b"\r\n".join((
    b"INVITE sip:x@192.0.2.30 SIP/2.0", b"Via: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bK1", b"Max-Forwards: 70",
    b"From: <sip:a@b>;tag=1", b"To: <sip:c@d>", b"Call-ID: 1", b"CSeq: 1 INVITE",
    b"Content-Type: application/sdp", b"Content-Length: 10", b"", b"c=IN IP4", b""))


@flow("nat", kinds=nat.KINDS, postern=False, udp_timeout_s=3)
def nat_closes(lab):
    """A NAT is of its kind, and a mapping that nobody uses is gone after its UDP timeout."""
    with nat.udp_socket(lab.net["lan1"], LAN1) as inside, nat.udp_socket(lab.net["pub"], PUB) as outside:
        pinhole, = nat.prove_mapping(inside, [outside])
        wait_until(lambda: not nat.pinholes(lab.net["nat1"]), "the NAT to forget", every_s=0.2)
        outside.sendto(b"late", pinhole)
        nat.prove_mapping(inside, [outside])  # packets flow again, and yet:
        late, _ = nat.receive(inside, 0.2)
        assert late is None, f"{late} came in through a mapping that was gone"


@flow("lab", postern=False)
def lab_itself(lab):
    """The lab's own peers understand each other without Postern, and tshark finds what is broken."""
    lab.watch(("ssw", "eth0"), ("pstn", "eth0"))
    for caller, callee in (("uac", "uas"), ("uac-cancel", "uas-ring"), ("uac-busy", "uas-busy")):
        answering = Sipp(lab, "ssw", callee, SSW, calls=3)
        answering.ready()
        Sipp(lab, "pstn", caller, PSTN, calls=3, target=f"{SSW}:5060").finished()
        answering.finished()
    lab.catch_up()
    dissector.check(lab.seen("pstn"), SSW)
    for _, message in sip.messages(lab.seen("pstn").udp()):
        assert not checks.malformed(message), f"{message}: {checks.malformed(message)}"
    with nat.udp_socket(lab.net["ssw"], SSW, 5060) as sock:
        sock.sendto(BROKEN_SIP, (PSTN, 5060))
        sock.sendto(BROKEN_RTCP, (PSTN, 40001))
    lab.catch_up()
    _, message = sip.messages(lab.seen("pstn").udp(src=SSW))[-1]
    assert checks.malformed(message), "a broken session description went unnoticed"
    assert dissector.complaints(lab.seen("pstn").path, SSW), "tshark let a broken RTCP packet pass"
    own_phones(lab)


def own_phones(lab):
    """Two phones of the lab's own call each other directly, talk, make a new offer, and part."""
    with Stage() as stage:
        switch, erin = Phone(lab, stage, "ssw", "switch"), Phone(lab, stage, "pstn", "erin", (SSW, 5060))
        erin.registered()
        assert switch.registrations[erin.aor] == f"sip:erin@{PSTN}:5060"
        here, there = Leg(lab, stage, "pstn", PSTN, duet.A_MARK), Leg(lab, stage, "ssw", SSW, duet.B_MARK)
        call, incoming = duet.connect(erin, switch, here, there)
        duet.talk(stage, here, there)
        incoming.invite(duet.audio(there, 2, "sendonly"))
        call.wait("reinvited").answer(duet.audio(here, 2))
        call.wait("up")
        here.send_rtcp()
        stage.until(lambda: there.received_rtcp, "RTCP")
        assert call.hang_up() == 200 and incoming.state == "ended"
        call = erin.call("sip:dora@example.net", duet.audio(here))
        incoming = switch.next_call()
        incoming.ring()
        call.wait("ringing").cancel()
        call.wait("ended")
        assert call.status == 487 and incoming.state == "ended", call.status


@flow("negative", kinds=nat.KINDS, postern=False, ssw_on_wan=True)
def without_postern(lab):
    """Without Postern: no call between two NATs, and one-way media between a NAT and the Internet."""
    lab.watch(("lan1", "eth0"), ("pub", "eth0"), ("nat2", "wan0"))
    Kamailio(lab, address=SSW_ON_WAN).ready()
    alice = Baresip(lab, "lan1", "alice", SSW_ON_WAN, cast.ALICE_HZ).ready().registered()
    bob = Baresip(lab, "lan2", "bob", SSW_ON_WAN, cast.BOB_HZ).ready().registered()
    carol = Baresip(lab, "pub", "carol", SSW_ON_WAN, 1900).ready().registered()

    alice.dial("sip:bob@example.net")
    alice.wait_event("CALL_OUTGOING", "CALL_PROGRESS", "CALL_LOCAL_SDP", deadline_s=10)
    closed = alice.wait_event("CALL_CLOSED", deadline_s=60)
    assert not bob.recording(), f"bob was reached without Postern ({closed})"

    alice.dial("sip:carol@example.net")
    alice.wait_event("CALL_ESTABLISHED")
    wait_until(lambda: carol.heard(alice.frequency) >= 2, "carol to hear alice", every_s=0.2)
    lab.catch_up()
    arrived = [p for p in checks.media_packets(lab.seen("lan1"), dst=LAN1)]
    assert not arrived and not alice.heard(carol.frequency), "alice hears carol without Postern"
