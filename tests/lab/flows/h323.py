"""H.323 calls between terminals, by Postern's own gatekeeper."""

from kit import dissector, h323, nat
from kit.flow import flow
from kit.network import PSTN, SSW

# What both terminals offer; what only the called one does, where it differs.
MODES = {
    "separate": ((),),
    "early": ((), ("early-h245",)),
    "tunnel": (("tunnel",),),
    "fast": (("fast",),),
    "fast-tunnel": (("fast", "tunnel"),),
    "refused": (("fast", "tunnel"), ("tunnel",)),
    "in-setup": (("h245-in-setup",), ()),
    "in-setup-tunnel": (("tunnel", "h245-in-setup"), ("tunnel",)),
    "in-setup-fast": (("fast", "tunnel", "h245-in-setup"), ("fast", "tunnel")),
    "by-facility": (("start-h245",), ()),
    "fast-by-facility": (("fast", "start-h245"), ("fast",)),
}
CUT_SHORT = bytes.fromhex("0e800001060008914a00058001000a010002")  # the beginning of an RRQ
# There the called side opens the H.245 connection; through a NAT both come to Postern.
INWARD = ("in-setup", "by-facility")
PLACES = (("attacker", "eth0"), ("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"), ("nat1", "wan0"), ("nat2", "wan0"))


def play(lab, caller, callee, words, callee_words=None, media=1, rtcp=True):
    """One call, to its end; what must be true."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    alice, bob = h323.pair(lab, caller, callee, words, callee_words)
    alice.finished()
    bob.wait("over")
    records = postern.wait_records(1)
    assert records[0]["module"] == "h323" and records[0]["cause"] == "normal", records
    assert len(records[0]["streams"]) == media, records
    h323.charged(records[0], alice, bob)
    assert bob.process.end() == 0, bob.process.last_line()
    h323.proper(lab, alice, bob, media=media, rtcp=rtcp)
    return alice, bob


@flow("h323-lab", postern=False)
def lab_itself(lab):
    """The lab's own terminals understand each other without Postern, in all modes; tshark finds what is broken."""
    lab.watch(("pstn", "eth0"), ("ssw", "eth0"))
    for number, mode in enumerate(MODES.values()):
        words, callee_words = mode[0], mode[-1]
        bob = h323.Terminal(lab, "pstn", f"bob{number}", *callee_words, mark=h323.B_MARK, gatekeeper=None)
        bob.wait("ready")
        alice = h323.Terminal(lab, "ssw", f"alice{number}", f"to={bob.address}:1720", f"packets={h323.HEARD}", *words,
                              gatekeeper=None)
        alice.finished()
        bob.wait("over")
        assert bob.process.end() == 0, bob.process.last_line()
        for terminal, other in ((alice, bob), (bob, alice)):
            for row in terminal.media():
                assert row["heard"] >= h323.HEARD // 2 and not row["strange"], f"{mode}: {row}"
                assert row["to"].split(":")[0] == other.address, f"{mode}: {row}"
    lab.catch_up()
    assert not dissector.complaints(lab.seen("pstn").path, SSW, PSTN), "the terminals' own messages are broken"
    with nat.udp_socket(lab.net["ssw"], SSW, 1719) as sock:
        sock.sendto(CUT_SHORT, (PSTN, 1719))
    lab.catch_up()
    assert dissector.complaints(lab.seen("pstn").path, SSW), "tshark let half a message pass"


def _flow(mode, words, callee_words=None):
    @flow(f"h323-{mode}", kinds=nat.KINDS)
    def one(lab):
        play(lab, "lan1", "pub", words, callee_words)
    one.__doc__ = f"P-H323, {mode}: a terminal behind a NAT calls one without."

    @flow(f"h323-called-{mode}", kinds=nat.KINDS, udp_timeout_s=8)
    def both(lab):
        called = words if callee_words is None else callee_words
        play(lab, "lan1", "lan2", ("traversal", *words), ("traversal", *called))
    both.__doc__ = f"P-H323, {mode}: both terminals are behind NATs, the called one fetches its call (H.460.18)."

    if mode in INWARD:
        @flow(f"h323-open-{mode}")
        def no_nat(lab):
            play(lab, "attacker", "pub", words, callee_words)
        no_nat.__doc__ = f"P-H323, {mode}: no NAT is in the way, so Postern connects to the caller."


for _mode, _words in MODES.items():
    _flow(_mode, *_words)


@flow("h323-video", kinds=nat.KINDS)
def video(lab):
    """P-VID: audio and video in one call, each with latches of its own."""
    play(lab, "lan1", "pub", ("tunnel", "video"), media=2)


@flow("h323-video-fast", kinds=nat.KINDS)
def video_fast(lab):
    """P-VID by fast start."""
    play(lab, "lan1", "pub", ("fast", "video"), media=2)


def by_gatekeeper(lab, model, words):
    """A call between two NATs by an external gatekeeper, which sees nothing but core addresses."""
    lab.watch(*PLACES, ("gw", "core0"))
    postern = h323.proxy(lab, model)
    alice, bob = h323.pair(lab, "lan1", "lan2", ("traversal", *words))
    alice.finished()
    bob.wait("over")
    records = postern.wait_records(2 if model == "routed" else 1)
    assert {r["cause"] for r in records} == {"normal"}, records
    assert bob.process.end() == 0, bob.process.last_line()
    h323.proper(lab, alice, bob)
    return records


@flow("h323-gk-routed", kinds=nat.KINDS)
def gk_routed(lab):
    """P-H323 by an external gatekeeper that routes calls: tunnelled."""
    by_gatekeeper(lab, "routed", ("tunnel",))


@flow("h323-gk-routed-separate", kinds=nat.KINDS)
def gk_routed_separate(lab):
    """P-H323 by an external gatekeeper that routes calls: separate H.245."""
    by_gatekeeper(lab, "routed", ())


@flow("h323-gk-direct", kinds=nat.KINDS)
def gk_direct(lab):
    """P-H323, P-SELF by an external gatekeeper that lets endpoints call each other: one session, nothing but RAS on
    the core side."""
    by_gatekeeper(lab, "direct", ("fast", "tunnel"))
    media = [p for p in lab.seen("gw", "core0").udp() if 1719 not in (p.sport, p.dport)]
    assert not media, f"{len(media)} media packets on the core side, first {media[0][:6]}"


@flow("h323-gk-direct-separate", kinds=nat.KINDS)
def gk_direct_separate(lab):
    """P-H323, P-SELF likewise with separate H.245."""
    by_gatekeeper(lab, "direct", ())
