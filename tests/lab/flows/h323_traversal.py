"""H.460.19: terminals that hear before they speak, because they were told where to keep a pinhole open; and H.460.17."""

from kit import h323, nat
from kit.flow import flow
from kit.network import GW_WAN

PLACES = (("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"), ("attacker", "eth0"), ("nat1", "wan0"), ("nat2", "wan0"))
STARTS = {"": (), "-fast": ("fast", "tunnel")}


def one_way(lab, caller, callee, words, silent):
    """A call in which SILENT, alice or bob, sends nothing but keepalives, and hears the other one all the same."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    options = {name: ["mute", f"packets={h323.HEARD}"] if name == silent else [] for name in ("alice", "bob")}
    traversal = {host: ("traversal",) if host.startswith("lan") else () for host in (caller, callee)}
    bob = h323.Terminal(lab, callee, "bob", *words, *traversal[callee], *options["bob"], mark=h323.B_MARK)
    bob.wait("registered")
    alice = h323.Terminal(lab, caller, "alice", "call=bob", *words, *traversal[caller], *options["alice"])
    alice.finished()
    bob.wait("over")
    postern.wait_records(1)
    assert bob.process.end() == 0, bob.process.last_line()
    lab.catch_up()
    ear, mouth = (alice, bob) if silent == "alice" else (bob, alice)
    row, = ear.media()
    assert row["heard"] >= h323.HEARD and row["kept"] and not row["rtp_sent"] and not row["strange"], row
    assert ear.wait("keepalive")["to"].split(":")[0] == GW_WAN, ear.events("keepalive")
    for terminal in (alice, bob):
        h323.shown(terminal)
    told, client = mouth.events("keepalive"), "traversal" in traversal[callee if mouth is bob else caller]
    assert bool(told) == client, f"{mouth.name} was told of keepalives: {told}"


def _flows(start, words):
    @flow(f"h323-media-caller{start}", kinds=nat.KINDS)
    def caller(lab):
        one_way(lab, "lan1", "pub", words, "alice")
    caller.__doc__ = "H.460.19: the caller is a client, and silent."

    @flow(f"h323-media-called{start}", kinds=nat.KINDS)
    def called(lab):
        one_way(lab, "attacker", "lan2", words, "bob")
    called.__doc__ = "H.460.19: the called terminal is a client, and silent."

    @flow(f"h323-media-both{start}", kinds=nat.KINDS)
    def both(lab):
        one_way(lab, "lan1", "lan2", words, "bob")
    both.__doc__ = "H.460.19: both are clients, the called one is silent."


def _tunnelled(name, words):
    @flow(f"h323-ras-tunnel{name}", kinds=nat.KINDS, udp_timeout_s=8)
    def tunnelled(lab):
        lab.watch(*PLACES)
        postern = h323.postern(lab)
        alice, bob = h323.pair(lab, "lan1", "lan2", ("ras-tunnel", "traversal", *words))
        alice.finished()
        bob.wait("over")
        postern.wait_records(1)
        bob.asked(1)
        assert bob.process.end() == 0, bob.process.last_line()
        h323.proper(lab, alice, bob)
        ras = lab.seen("gw", "wan0").udp(dport=1719)
        assert not ras, f"{len(ras)} RAS messages came by UDP"
    tunnelled.__doc__ = "H.460.17: RAS, and calls either way, by one connection that the terminal keeps open."


_tunnelled("", ("tunnel",))
_tunnelled("-fast", ("fast", "tunnel"))

for _start, _words in STARTS.items():
    _flows(_start, _words)
