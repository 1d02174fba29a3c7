"""Calls between real phones behind real NATs."""

from kit import cast, checks, nat
from kit.baresip import Baresip
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.network import GW_CORE, GW_WAN, LAN1, LAN2, NAT1, PSTN, PUB, SSW
from kit.postern import Postern

ENDS = (("lan1", LAN1), ("lan2", LAN2))


@flow("p-sip", kinds=nat.KINDS, udp_timeout_s=8)
def p_sip(lab):
    """P-SIP: A → GW → SSW → GW → B; the mappings outlive the NATs' timeout before the call."""
    lab.watch()
    postern, alice, bob = cast.office(lab)
    cast.outlive_mapping(lab)
    cast.talk(alice, bob)
    cast.reports_crossed(lab, *ENDS)
    cast.hang_up(alice, bob)
    cast.talk(bob, alice)
    cast.hang_up(bob, alice)
    postern.wait_records(4)
    lab.catch_up()
    cast.hidden(lab)
    for host, address in ENDS:
        checks.both_ways(lab, host, address)


@flow("p-self", kinds=nat.KINDS)
def p_self(lab):
    """P-SELF: the softswitch sends the call back out: two sessions, and no media on the core side."""
    lab.watch()
    postern, alice, bob = cast.office(lab)
    cast.talk(alice, bob)
    cast.reports_crossed(lab, *ENDS)
    cast.hang_up(alice, bob)
    records = postern.wait_records(2)
    assert len({r["correlation"] for r in records}) == 1, f"two correlation ids: {records}"
    assert len({r["session"] for r in records}) == 2, f"not two sessions: {records}"
    assert {(r["ingress"], r["egress"]) for r in records} == {("access", "core"), ("core", "access")}
    lab.catch_up()
    media = checks.media_packets(lab.seen("gw", "core0"))
    assert not media, f"{len(media)} media packets on the core side, first {media[0][:6]}"
    cast.hidden(lab)
    for host, address in ENDS:
        checks.both_ways(lab, host, address)


@flow("p-core", kinds=nat.KINDS)
def p_core(lab):
    """A phone behind a NAT and a phone of the core network call each other; media crosses both realms."""
    lab.watch(*cast_places(), ("pstn", "eth0"))
    switch, postern = Kamailio(lab).ready(), Postern(lab).ready()
    alice = Baresip(lab, "lan1", "alice", GW_WAN, cast.ALICE_HZ).ready().registered()
    dora = Baresip(lab, "pstn", "dora", switch.address, 1900).ready().registered()
    for caller, callee in ((alice, dora), (dora, alice)):
        cast.talk(caller, callee)
        cast.reports_crossed(lab, ("lan1", LAN1))
        cast.hang_up(caller, callee)
    postern.wait_records(2)
    lab.catch_up()
    for host, source in (("ssw", GW_CORE), ("pstn", SSW)):
        checks.says_only(lab.seen(host), source, [checks.CORE_NET])
    checks.says_only(lab.seen("lan1"), GW_WAN, [GW_WAN, LAN1, NAT1])
    checks.both_ways(lab, "lan1", LAN1)
    checks.both_ways(lab, "pstn", PSTN, gateway=GW_CORE)


def cast_places():
    """Where a call of one phone behind nat1 passes."""
    return (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("nat1", "wan0"))


@flow("p-vid", kinds=nat.KINDS)
def p_vid(lab):
    """P-VID: audio and video in one call, both streams latched separately."""
    lab.watch()
    postern, alice, bob = cast.office(lab, video=True)

    def video_seen():
        return all(checks.MediaView(lab.seen(host), address).counts()["video", "rtp", "in"] >= 20
                   for host, address in ENDS)
    cast.talk(alice, bob, video=video_seen)
    cast.reports_crossed(lab, *ENDS)
    cast.hang_up(alice, bob)
    records = postern.wait_records(2)
    for record in records:
        assert [s["media"] for s in record["streams"]] == ["audio", "video"], record["streams"]
    lab.catch_up()
    cast.hidden(lab)
    for host, address in ENDS:
        checks.both_ways(lab, host, address, media=("audio", "video"), at_least=20)


@flow("p-reg", kinds=nat.KINDS)
def p_reg(lab):
    """P-REG: Postern is the registrar; an outside client reaches an inside one, also after its restart."""
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("lan1", "eth0"), ("nat1", "wan0"), ("pub", "eth0"))
    postern = Postern(lab, registrar=True).ready()
    carol = Baresip(lab, "pub", "carol", GW_WAN, cast.BOB_HZ).ready().registered()
    alice = Baresip(lab, "lan1", "alice", GW_WAN, cast.ALICE_HZ).ready().registered()
    reach(lab, carol, alice, cast.pinhole_of(lab, "nat1", f"{LAN1}:5060"))

    alice.crash()
    again = Baresip(lab, "lan1", "alice", GW_WAN, cast.ALICE_HZ, port=5070, tag="-2",
                    uuid=alice.uuid).ready().registered()
    reach(lab, carol, again, cast.pinhole_of(lab, "nat1", f"{LAN1}:5070"))
    cast.talk(again, carol)
    cast.hang_up(again, carol)
    postern.wait_records(3)
    bindings = [b for b in postern.control("show", "bindings")["bindings"] if "alice" in str(b)]
    assert len(bindings) == 1, f"alice's old binding is still there: {bindings}"
    lab.catch_up()
    checks.says_only(lab.seen("pub"), GW_WAN, [GW_WAN, PUB])
    checks.says_only(lab.seen("lan1"), GW_WAN, [GW_WAN, LAN1, NAT1])
    checks.both_ways(lab, "lan1", LAN1, rtcp=False)
    checks.both_ways(lab, "pub", PUB, rtcp=False)


def reach(lab, caller, callee, pinhole):
    """CALLER calls CALLEE; the INVITE leaves through PINHOLE and through no other."""
    assert pinhole, f"{callee.user} has no pinhole"
    lab.catch_up()
    before = len(cast.requests(lab.seen("nat1", "wan0"), "INVITE", src=GW_WAN, dst=NAT1))
    cast.talk(caller, callee)
    cast.hang_up(caller, callee)
    lab.catch_up()
    sent = cast.requests(lab.seen("nat1", "wan0"), "INVITE", src=GW_WAN, dst=NAT1)[before:]
    targets = {f"{p.dst}:{p.dport}" for p, _ in sent}
    assert targets == {pinhole}, f"the INVITE went to {targets}, {callee.user}'s pinhole is {pinhole}"


@flow("s-1")
def s_1(lab):
    """S-1: gateway and softswitch, and a phone of the core, on one host with different ports."""
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("gw", "lo"), ("lan1", "eth0"), ("lan2", "eth0"))
    Kamailio(lab, host="gw", address=GW_CORE, port=5080).ready()
    postern = Postern(lab, next_hop=f"{GW_CORE}:5080", core_more=f'reach="{checks.CORE_NET}"').ready()
    alice, bob = cast.phones_behind_nats(lab)
    erin = Baresip(lab, "gw", "erin", f"{GW_CORE}:5080", 1900, address=GW_CORE, port=5090,
                   device="core0").ready().registered()
    cast.talk(alice, bob)
    cast.hang_up(alice, bob)
    cast.talk(erin, bob)
    cast.hang_up(erin, bob)
    cast.talk(alice, erin)
    cast.hang_up(alice, erin)
    postern.wait_records(4)
    lab.catch_up()
    cast.hidden(lab)
    checks.says_only(lab.seen("gw", "lo"), GW_CORE, [checks.CORE_NET])
    for host, address in ENDS:
        checks.both_ways(lab, host, address, rtcp=False)
