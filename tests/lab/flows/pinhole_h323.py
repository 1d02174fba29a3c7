"""H.323 terminals that make the pinholes for their media themselves (flows N-H323, N-LATE, N-FIRST). Their call
signalling leaves by TCP to the gateway's own ports; the called one fetches its call (H.460.18)."""

from kit import agent, h323, nat, story
from kit.flow import flow
from kit.h323_story import Step, across, names
from kit.network import GW_WAN, LAN1, LAN2, NAT1, NAT2

L1, L2, N1, N2 = ("lan1", "eth0"), ("lan2", "eth0"), ("nat1", "wan0"), ("nat2", "wan0")
PLACES = (("gw", "wan0"), L1, L2, N1, N2)
THERE, BACK = [(N1, NAT1, GW_WAN), (N2, GW_WAN, NAT2)], [(N2, NAT2, GW_WAN), (N1, GW_WAN, NAT1)]
ACCESS = f'pinhole="{nat.PINHOLE_PORT}" stun-media="{{}}"'
STUN = f"stun={GW_WAN}:{nat.PINHOLE_PORT}"
ENDS = (("A", N1, NAT1, LAN1), ("B", N2, NAT2, LAN2))


def cmphs(number, early):
    name, place, outside, _ = ENDS[number - 1]
    return story.cmph_steps(name, place, outside, GW_WAN)[:1 if early else 2]


def in_order(lab, early):
    """The row N-H323. Both ends open their channel as soon as they may."""
    for what in ("Call Proceeding", "Alerting"):
        story.in_order(lab, across("Setup", THERE) + across(what, BACK))
    for what in ("TCS", "MSD"):
        story.in_order(lab, across(what, THERE))
        story.in_order(lab, across(what, BACK))
    story.in_order(lab, across("TCS", THERE) + across("TCS Ack", BACK))
    story.in_order(lab, across("TCS", BACK) + across("TCS Ack", THERE))
    story.in_order(lab, cmphs(1, early) + across("OLC", THERE) + across("OLC Ack", BACK))
    story.in_order(lab, [*cmphs(2, early), Step(*BACK[0], "OLC", "OLC Ack")])
    story.in_order(lab, across("OLC", BACK) + across("OLC Ack", THERE))
    story.in_order(lab, across("Alerting", BACK))
    story.in_order(lab, [Step(*BACK[0], "Alerting"), *across("Connect", BACK)])


def shown_right(lab, early):
    """Media took pinholes, which the terminals named (or, EARLY, their own addresses); they were told the one port."""
    for name, wire, outside, inside in ENDS:
        made = agent.media_through_pinholes(lab, wire[0], outside)
        seen = lab.seen(*wire)
        named = [hole for hole in made if names(seen, outside, *hole)]
        assert bool(named) != early, f"{name} named the pinholes {named}"
        assert names(seen, GW_WAN, GW_WAN, nat.PINHOLE_PORT), f"{name} was not told the pinhole port"
        sizes = {m.length for p, m in agent.cmphs(seen, outside) if m.is_success}
        assert sizes == {32}, f"answers of {sizes} octets"


def call(lab, words=(), early=False, stun_media="always", callee_words=None):
    """alice behind nat1 calls bob behind nat2."""
    lab.watch(*PLACES)
    postern = h323.postern(lab, access_more=ACCESS.format(stun_media))
    words = ("traversal", STUN, *(("early-stun",) if early else ()), *words)
    alice, bob = h323.pair(lab, "lan1", "lan2", words, callee_words)
    alice.finished()
    bob.wait("over")
    records = postern.wait_records(1)
    assert records[0]["cause"] == "normal", records
    assert bob.process.end() == 0, bob.process.last_line()
    h323.charged(records[0], alice, bob)
    return alice, bob


@flow("n-h323", kinds=nat.KINDS)
def terminals(lab):
    """N-H323: TCS, MSD and their Acks; A's CMPH and its ACK; OLC; B's CMPH and its ACK; OLC Ack; and back."""
    alice, bob = call(lab)
    lab.catch_up()
    for terminal in (alice, bob):
        h323.heard(terminal)
    in_order(lab, early=False)
    shown_right(lab, early=False)


@flow("n-h323-early", kinds=nat.KINDS)
def terminals_early(lab):
    """N-LATE with H.323: OLC and its Ack do not wait, and name the inner addresses."""
    alice, bob = call(lab, early=True)
    lab.catch_up()
    for terminal in (alice, bob):
        h323.heard(terminal)
    in_order(lab, early=True)
    shown_right(lab, early=True)


@flow("n-h323-fast", kinds=nat.KINDS)
def terminals_fast(lab):
    """N-H323 by fast start through one connection: the first addresses are named in Setup."""
    alice, bob = call(lab, ("fast", "tunnel"))
    lab.catch_up()
    for terminal in (alice, bob):
        h323.heard(terminal)
    shown_right(lab, early=False)


@flow("n-first-h323", kinds=nat.KINDS)
def inside_starts(lab):
    """N-FIRST with H.323: the inside terminal starts the call, and its fast start tells that it has a pinhole."""
    lab.watch(*PLACES)
    postern = h323.postern(lab, access_more=ACCESS.format("auto"))
    bob = h323.Terminal(lab, "pub", "bob", "fast", "tunnel", mark=h323.B_MARK)
    bob.wait("registered")
    alice = h323.Terminal(lab, "lan1", "alice", "call=bob", f"packets={h323.HEARD}", STUN, "fast", "tunnel")
    alice.finished()
    bob.wait("over")
    postern.wait_records(1)
    assert bob.process.end() == 0, bob.process.last_line()
    lab.catch_up()
    for terminal in (alice, bob):
        h323.heard(terminal)
    made = agent.media_through_pinholes(lab, "nat1", NAT1)
    assert [hole for hole in made if names(lab.seen(*N1), NAT1, *hole)], f"alice named none of {made}"
    first = story.in_order(lab, [*cmphs(1, False), Step(N1, NAT1, GW_WAN, "Setup")])
    early = [p for p in lab.seen(*N1).udp(src=GW_WAN) if p.time < first[0].time and story.is_media(p, NAT1, GW_WAN)]
    assert not early, f"{len(early)} media packets came before there was a pinhole"
