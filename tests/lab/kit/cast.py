"""Who usually plays: softswitch, gateway and two phones, and what is asked of their calls."""

from . import checks, nat, sip
from .baresip import Baresip
from .kamailio import Kamailio
from .network import GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2
from .patience import wait_until
from .postern import Postern

ALICE_HZ, BOB_HZ = 600, 1300
HEARD_S = 1.0


def phones_behind_nats(lab, **options):
    """alice behind nat1 and bob behind nat2, both registered through the gateway."""
    alice = Baresip(lab, "lan1", "alice", GW_WAN, ALICE_HZ, **options)
    bob = Baresip(lab, "lan2", "bob", GW_WAN, BOB_HZ, **options)
    for phone in (alice.ready(), bob.ready()):
        phone.registered()
    return alice, bob


def office(lab, video=False, seconds=60, **options):
    """Kamailio, Postern, alice and bob, ready to call; OPTIONS are Postern's."""
    switch, postern = Kamailio(lab), Postern(lab, **options)
    switch.ready()
    postern.ready()
    return (postern, *phones_behind_nats(lab, video=video, seconds=seconds))


def talk(caller, callee, number=None, video=None):
    """CALLER calls; both hear the other's tone; VIDEO() has to become true as well."""
    caller.dial(number or f"sip:{callee.user}@example.net")
    caller.wait_event("CALL_ESTABLISHED")
    hear_each_other(caller, callee)
    if video:
        wait_until(video, "video")


def hear_each_other(one, other):
    for ear, mouth in ((one, other), (other, one)):
        wait_until(lambda ear=ear, mouth=mouth: ear.heard(mouth.frequency) >= HEARD_S,
                   f"{ear.user} to hear {mouth.user}'s {mouth.frequency} Hz", every_s=0.2)
        assert ear.heard(ear.frequency) < 0.3, f"{ear.user} hears an echo"


def reports_crossed(lab, *ends):
    """Wait until RTCP went in and out at each of these (host, address) ENDS."""
    for host, address in ends:
        wait_until(lambda host=host, address=address:
                   all(checks.MediaView(lab.seen(host), address).reports()),
                   f"RTCP in and out at {host}", every_s=0.5)


def hang_up(caller, callee):
    caller.hang_up()
    callee.wait_event("CALL_CLOSED")


def hidden(lab):
    """SSW saw nothing but core addresses; the phones saw nothing but the gateway and themselves."""
    if ("ssw", "eth0") in lab.captures:
        checks.says_only(lab.seen("ssw"), GW_CORE, [checks.CORE_NET])
    for host, own, outside in (("lan1", LAN1, NAT1), ("lan2", LAN2, NAT2)):
        if (host, "eth0") in lab.captures:
            checks.says_only(lab.seen(host), GW_WAN, [GW_WAN, own, outside])


def keepalive_span(lab, router, address, start=0.0):
    """For how many seconds packets have been leaving ROUTER's pinhole for the gateway's SIP port."""
    times = [p.time for p in lab.seen(router, "wan0").udp(src=address, dst=GW_WAN, dport=5060)
             if p.time >= start]
    return max(times) - min(times) if times else 0.0


def outlive_mapping(lab, factor=1.3):
    """Let the NATs' UDP timeout go by with nothing but keepalives."""
    for router, address in (("nat1", NAT1), ("nat2", NAT2)):
        wait_until(lambda r=router, a=address: keepalive_span(lab, r, a) > lab.net.udp_timeout_s * factor,
                   f"keepalives through {router}", deadline_s=60, every_s=0.3)


def pinhole_of(lab, router, inside):
    """The pinhole through which INSIDE ("address:port") talks to the gateway's SIP port."""
    rows = nat.pinholes(lab.net[router])
    return next((hole for here, hole, there in rows if here == inside and there == f"{GW_WAN}:5060"), None)


def requests(capture, method, **want):
    """The requests METHOD among the SIP packets that match WANT, as rows (packet, message)."""
    return [(p, m) for p, m in sip.messages(capture.udp(**want)) if m.method == method and not m.is_response]
