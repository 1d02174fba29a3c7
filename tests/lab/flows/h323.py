"""H.323 calls between terminals, by Postern's own gatekeeper."""

from kit import h323, nat
from kit.flow import flow

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
PLACES = (("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"), ("nat1", "wan0"), ("nat2", "wan0"))


def play(lab, caller, callee, words, callee_words=None, media=1):
    """One call, to its end; what must be true."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    alice, bob = h323.pair(lab, caller, callee, words, callee_words)
    alice.finished()
    bob.wait("over")
    records = postern.wait_records(1)
    assert records[0]["module"] == "h323" and records[0]["cause"] == "normal", records
    assert len(records[0]["streams"]) == media, records
    assert bob.process.end() == 0, bob.process.last_line()
    h323.proper(lab, alice, bob, media=media)
    return alice, bob


@flow("h323-lab", postern=False)
def lab_itself(lab):
    """The lab's own terminals understand each other without Postern, in all modes."""
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


def _flow(mode, words, callee_words=None):
    @flow(f"h323-{mode}", kinds=nat.KINDS)
    def outward(lab):
        play(lab, "lan1", "pub", words, callee_words)
    outward.__doc__ = f"P-H323, {mode}: a terminal behind a NAT calls one without."
    return outward


for _mode, _words in MODES.items():
    _flow(_mode, *_words)
