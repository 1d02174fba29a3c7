"""Around the calls: keepalive, charging, media of other kinds, NATs and callers that change their mind."""

import json
import os

from kit import cast, checks, duet, nat, sip
from kit.call import describe
from kit.flow import flow
from kit.media import Leg
from kit.namespace import run
from kit.network import GW_CORE, GW_WAN, LAN1, NAT1, SSW
from kit.phone import Phone
from kit.postern import Postern
from kit.stage import Stage

PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("nat1", "wan0"))


def proper(lab):
    """Nobody saw an address that is not meant for it; media reached alice on advertised pairs only."""
    lab.catch_up()
    cast.hidden(lab)
    return checks.MediaView(lab.seen("lan1"), LAN1).counts()


@flow("k-1", kinds=nat.KINDS, udp_timeout_s=6)
def keepalive(lab):
    """K-1: keepalives leave through the NAT often enough, and their answers end at the gateway."""
    lab.watch(*PLACES)
    Postern(lab, keepalive="2s").ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        alice.registered()
        stage.watch_for(lab.net.udp_timeout_s * 2.5)
        here, there = duet.legs(lab, stage)
        call = switch.call(switch.registrations[alice.aor], duet.audio(there), target=(GW_CORE, 5060))
        alice.next_call(deadline_s=5).answer(duet.audio(here))
        call.wait("up")
        call.hang_up()
    proper(lab)
    keepalive_intervals(lab)
    strays = [m for _, m in sip.messages(lab.seen("ssw").udp()) if m.method == "OPTIONS"]
    assert not strays, f"a keepalive reached the softswitch: {strays[0]}"


def keepalive_intervals(lab):
    """No gap between outbound packets is as long as the NAT's timeout; those that refresh are answers."""
    rows = sip.messages(lab.seen("nat1", "wan0").udp(src=NAT1, dst=GW_WAN, dport=5060))
    times = [p.time for p, m in rows]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    assert max(gaps) < lab.net.udp_timeout_s, f"{max(gaps):.1f} s without an outbound packet"
    answers = [m for _, m in rows if m.is_response and m.method == "OPTIONS"]
    assert len(answers) >= 5, f"only {len(answers)} keepalives were answered"
    assert len({p.sport for p, _ in rows}) == 1, "the pinhole changed"


@flow("restart", kinds=nat.KINDS)
def restart(lab):
    """A phone without instance id restarts on another port: calls go through its new pinhole alone."""
    lab.watch(*PLACES)
    postern = Postern(lab).ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        alice.registered()
        alias = switch.registrations[alice.aor]
        alice.close()
        alice = Phone(lab, stage, "lan1", "alice", (GW_WAN, 5060), port=5072)
        alice.registered()
        assert switch.registrations[alice.aor] == alias, "the softswitch got another alias"
        here, there = duet.legs(lab, stage)
        call = switch.call(alias, duet.audio(there), target=(GW_CORE, 5060))
        alice.next_call().answer(duet.audio(here))
        call.wait("up")
        call.hang_up()
    pinhole = cast.pinhole_of(lab, "nat1", f"{LAN1}:5072")
    proper(lab)
    targets = {f"{p.dst}:{p.dport}" for p, _ in
               cast.requests(lab.seen("nat1", "wan0"), "INVITE", src=GW_WAN, dst=NAT1)}
    assert targets == {pinhole}, f"the INVITE went to {targets}, the pinhole is {pinhole}"
    assert len(postern.control("show", "bindings")["bindings"]) == 1, "the old binding is still there"


@flow("c-1", kinds=nat.KINDS)
def charging(lab):
    """C-1: the record's packet and byte counts equal what the terminals sent."""
    lab.watch(*PLACES)
    postern = Postern(lab).ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        here, there = duet.legs(lab, stage)
        call, _ = duet.connect(alice, switch, here, there)
        duet.measured(stage, here, there)
        call.hang_up()
    record, = postern.wait_records(1)
    check_record(record, call, here, there)
    proper(lab)


def check_record(record, call, here, there):
    """RECORD tells of CALL what its two media ends know themselves."""
    assert record["v"] == 1 and record["module"] == "sip" and record["call_id"] == call.call_id, record
    assert (record["ingress"], record["egress"]) == ("access", "core"), record
    assert "alice@example.net" in record["from"] and "dora@example.net" in record["to"], record
    assert record["start"] <= record["answer"] <= record["end"], record
    assert record["status"] == 200 and record["duration_ms"] > 0, record
    stream, = record["streams"]
    assert stream["index"] == 0 and stream["media"] == "audio" and stream["foreign"] == 0, stream
    for way, leg in (("a_to_b", here), ("b_to_a", there)):
        want = {"packets": leg.sent, "bytes": leg.sent_bytes, "rtcp_packets": leg.sent_rtcp,
                "rtcp_bytes": leg.sent_rtcp_bytes}
        got = {key: stream[way][key] for key in want}
        assert got == want, f"{way}: record {json.dumps(got)}, sent {json.dumps(want)}"
    assert (stream["a_to_b"]["lost"], stream["b_to_a"]["lost"]) == (6, 4), stream
    assert stream["a_to_b"]["reported_lost"] == 7 and stream["b_to_a"]["reported_lost"] == 2, stream


@flow("udp", kinds=nat.KINDS)
def udp_media(lab):
    """Media that is not RTP: T.38 and a data channel, packets of 1 to 8000 octets, octet for octet."""
    lab.watch(*PLACES)
    Postern(lab).ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        legs = [[Leg(lab, stage, host, address) for _ in range(2)]
                for host, address in (("lan1", LAN1), ("ssw", SSW))]
        say = lambda pair: describe(pair[0].address[0], [
            (f"image {pair[0].address[1]} udptl t38", "T38FaxVersion:0", "T38FaxUdpEC:t38UDPRedundancy"),
            (f"application {pair[1].address[1]} udp x",)])
        call = alice.call("sip:fax@example.net", say(legs[0]))
        incoming = switch.next_call()
        incoming.answer(say(legs[1]))
        call.wait("up")
        incoming.wait("up")
        for index in range(2):
            legs[0][index].aim(call.remote[index])
            legs[1][index].aim(incoming.remote[index])
            exchange(stage, legs[0][index], legs[1][index])
        call.hang_up()
    proper(lab)


def exchange(stage, here, there):
    """Both ends send datagrams of all sizes; each arrives once, whole, from the advertised port."""
    sizes = (1, 2, 7, 12, 160, 1400, 1472, 1940, 8000)
    for mouth, ear in ((here, there), (there, here)):
        ear.received.clear()
        payloads = [bytes((size & 0x7f,)) + os.urandom(size - 1) for size in sizes]
        for payload in payloads:
            mouth.send(payload)
        stage.until(lambda ear=ear: len(ear.received) >= len(sizes), f"{len(sizes)} datagrams")
        assert sorted(data for _, data in ear.received) == sorted(payloads), "a datagram was changed"
        assert ear.sources() == {ear.remote}, f"{ear.sources()} instead of {ear.remote}"


@flow("rebind", kinds=nat.KINDS)
def rebind(lab):
    """The NAT forgets a running call's mappings (a reboot): media finds its way again, both ways."""
    lab.watch(*PLACES)
    Postern(lab).ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        here, there = duet.legs(lab, stage)
        alice.registered()
        call, _ = duet.connect(alice, switch, here, there)
        duet.talk(stage, here, there)
        run(lab.net["nat1"].command(["conntrack", "-F"]))
        duet.talk(stage, here, there)
        assert call.hang_up() == 200
    proper(lab)


@flow("reoffer", kinds=nat.KINDS)
def reoffer(lab):
    """Hold and resume by re-INVITE from both ends: ports stay, media goes on; a refusal changes nothing."""
    lab.watch(*PLACES)
    Postern(lab).ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        here, there = duet.legs(lab, stage)
        call, incoming = duet.connect(alice, switch, here, there)
        ports = call.remote[0].rtp, incoming.remote[0].rtp
        duet.talk(stage, here, there)
        steps = ((call, incoming, here, there, "sendonly"), (incoming, call, there, here, "inactive"),
                 (call, incoming, here, there, "sendrecv"))
        for version, (asker, asked, own, other, direction) in enumerate(steps, 2):
            asker.invite(duet.audio(own, version, direction))
            asked.wait("reinvited")
            asked.answer(duet.audio(other, version))
            stage.until(lambda asker=asker: asker.status == 200, "the answer to the new offer")
            asked.wait("up")
            assert (call.remote[0].rtp, incoming.remote[0].rtp) == ports, "a new offer moved the ports"
        call.invite(duet.audio(here, 9))
        incoming.wait("reinvited")
        incoming.refuse(488, "Not Acceptable Here")
        stage.until(lambda: call.status == 488, "the refusal")
        duet.talk(stage, here, there)
        call.hang_up()
    proper(lab)
