"""H.323 registrations and calls outlive NATs and daemons that forget, end with those who vanish, and are not mixed up."""

import signal

from kit import h323, nat
from kit.flow import flow
from kit.namespace import run
from kit.network import NAT1, NAT2

PLACES = (("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"), ("nat1", "wan0"), ("nat2", "wan0"))
LONG = 250  # packets: five seconds


def call(lab, postern, alice, bob, media=1):
    """The call that alice waits to make, to its end."""
    alice.process.popen.send_signal(signal.SIGUSR1)
    alice.finished()
    bob.wait("over")
    postern.wait_records(1)
    assert bob.process.end() == 0, bob.process.last_line()
    h323.proper(lab, alice, bob, media=media)


@flow("h323-upkeep", kinds=nat.KINDS, udp_timeout_s=8)
def upkeep(lab):
    """Registrations of terminals behind NATs outlive the NATs' timeout by IRQs; then one calls the other."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    alice, bob = h323.registered(lab, "lan1", "lan2", ("traversal", "tunnel", "ttl=600"))
    for terminal in (alice, bob):
        terminal.asked(int(lab.net.udp_timeout_s * 1.5 / h323.KEEPALIVE_S))
        assert "infoRequestResponse" not in terminal.messages(), "an IRR was passed on"
    lab.catch_up()
    for router, address in (("nat1", NAT1), ("nat2", NAT2)):
        span = h323.kept_open(lab, router, address)
        assert span > lab.net.udp_timeout_s * 1.3, f"{router}: RAS went out for {span:.1f} s only"
    call(lab, postern, alice, bob)


@flow("h323-rebind", kinds=nat.KINDS)
def rebind(lab):
    """A NAT forgets all of a call's UDP: media and registration find their way again."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    bob = h323.Terminal(lab, "lan2", "bob", "traversal", "tunnel", mark=h323.B_MARK)
    bob.wait("registered")
    alice = h323.Terminal(lab, "lan1", "alice", "traversal", "tunnel", "ttl=6", "call=bob", f"packets={LONG}")
    for terminal in (alice, bob):
        terminal.wait("up")
    asked = alice.messages().count("infoRequest")
    run(lab.net["nat1"].command(["conntrack", "-D", "-p", "udp"]))
    alice.asked(asked + 1)
    alice.finished()
    bob.wait("over")
    postern.wait_records(1)
    assert bob.process.end() == 0, bob.process.last_line()
    for terminal in (alice, bob):
        h323.shown(terminal)
        h323.heard(terminal, at_least=LONG // 2)
    lab.catch_up()


@flow("h323-restart", kinds=("symmetric",))
def restart(lab):
    """Postern vanishes and comes back: terminals register anew when they refresh, and can call."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    alice, bob = h323.registered(lab, "lan1", "lan2", ("traversal", "tunnel", "ttl=4"))
    postern.restart()
    for terminal in (alice, bob):
        terminal.wait("registered", 2)
    call(lab, postern, alice, bob)


@flow("h323-vanishes", kinds=("symmetric",))
def vanishes(lab):
    """A caller is killed: the other side is released, and the media ports are given back."""
    lab.watch(*PLACES)
    postern = h323.postern(lab, more='<timers dead="1s"/>')
    alice, bob = h323.registered(lab, "lan1", "lan2", ("traversal", "tunnel", "packets=0"))
    alice.process.popen.send_signal(signal.SIGUSR1)
    for terminal in (alice, bob):
        terminal.wait("up")
    alice.process.end(signal.SIGKILL)
    bob.wait("released")
    record, = postern.wait_records(1)
    assert record["cause"] == "signalling-timeout", record
    assert bob.process.end() == 0, bob.process.last_line()
    h323.shown(bob)
    lab.catch_up()


@flow("h323-same-lan", kinds=nat.KINDS, same_lan=True)
def same_lan(lab):
    """M-1: two terminals with the very same private addresses behind two NATs, and a call between them."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    alice, bob = h323.registered(lab, "lan1", "lan2", ("traversal", "tunnel", "ras-port=1719"))
    assert alice.wait("registered")["ras"] == bob.wait("registered")["ras"], "they differ"
    call(lab, postern, alice, bob)


@flow("h323-one-nat", kinds=nat.KINDS)
def one_nat(lab):
    """Two terminals behind one NAT call each other; both registrations stay."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    bob = h323.Terminal(lab, "lan1", "bob", "traversal", "signal-port=1721", "media-port=17000", mark=h323.B_MARK)
    alice = h323.Terminal(lab, "lan1", "alice", "traversal", "call=bob", "on-signal", f"packets={h323.HEARD}")
    for terminal in (alice, bob):
        terminal.wait("registered")
        terminal.asked(1)
    assert len(postern.control("show", "bindings")["bindings"]) == 2
    call(lab, postern, alice, bob)
