"""Those who want the media of H.323 calls, aim it at others, speak in others' names, or stand in the door."""

import os
import signal
import sys

from kit import checks, crowder, dissector, h323, nat, sprayer
from kit.flow import flow
from kit.network import ATTACKER, GW_WAN, VICTIM
from kit.patience import wait_until
from .attacks import spray

PLACES = (("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"), ("attacker", "eth0"), ("victim", "eth0"))
LONG = "packets=150"  # three seconds
NOT_REGISTERED = 16  # ReleaseCompleteReason callerNotRegistered, counted from 1


def both(lab, *words):
    """alice and bob behind NATs are registered."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    return (postern, *h323.registered(lab, "lan1", "lan2", ("traversal", *words)))


def call(alice):
    alice.process.popen.send_signal(signal.SIGUSR1)


def over(postern, alice, bob):
    """The call was a good one to its end; its record."""
    alice.finished()
    bob.wait("over")
    record, = postern.wait_records(1)
    assert record["cause"] == "normal", record
    assert bob.process.end() == 0, bob.process.last_line()
    for terminal in (alice, bob):
        h323.shown(terminal)
        h323.heard(terminal)
    return record


@flow("h323-attack", kinds=nat.KINDS)
def attack(lab):
    """An attacker sprays the media range before and during a call: none crosses, none comes to it."""
    postern, alice, bob = both(lab, "fast", "tunnel", LONG)
    attacker = spray(lab)
    call(alice)
    record = over(postern, alice, bob)
    attacker.end()
    assert record["streams"][0]["foreign"] > 0, "the attacker's packets were not counted"
    lab.catch_up()
    for host in ("lan1", "lan2"):
        bad = [p for p in lab.seen(host).udp() if p.payload[12:16] == sprayer.MARK * 4]
        assert not bad, f"{len(bad)} packets of the attacker reached {host}"
    checks.gateway_sent_nothing_to(lab.seen("attacker"), ATTACKER)
    assert lab.seen("gw", "wan0").udp(src=ATTACKER), "the attacker never reached the gateway"


def _victim(name, words, callee_words):
    @flow(f"h323-victim-{name}")
    def victim(lab):
        lab.watch(*PLACES)
        postern = h323.postern(lab)
        bob = h323.Terminal(lab, "pub", "bob", *callee_words, "packets=60", mark=h323.B_MARK)
        bob.wait("registered")
        alice = h323.Terminal(lab, "attacker", "alice", "call=bob", f"claim={VICTIM}", *words)
        alice.finished()
        bob.wait("over")
        postern.wait_records(1)
        assert bob.process.end() == 0, bob.process.last_line()
        lab.catch_up()
        checks.gateway_sent_nothing_to(lab.seen("victim"), VICTIM, allow_icmp=False)
        aimed = [p for p in lab.seen("gw", "wan0").packets() if p.dst == VICTIM and p.src == GW_WAN]
        assert not aimed, f"{len(aimed)} packets left the gateway for the victim, first {aimed[0][:6]}"
        assert bob.media()[0]["rtp_sent"], "nothing was there to be aimed"
    victim.__doc__ = f"A caller declares a victim's address ({name}): no packet reaches the victim."


_victim("olc", ("tunnel",), ("tunnel",))
_victim("fast", ("fast", "tunnel"), ("fast", "tunnel"))


@flow("h323-victim-h245")
def victim_h245(lab):
    """A caller says that its H.245 is at a victim's: no connection is tried there."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    bob = h323.Terminal(lab, "pub", "bob", "fast", "packets=60", mark=h323.B_MARK)
    bob.wait("registered")
    alice = h323.Terminal(lab, "attacker", "alice", "call=bob", "fast", "h245-in-setup", f"claim={VICTIM}")
    alice.finished()
    bob.wait("over")
    postern.wait_records(1)
    assert bob.events("h245"), "the called terminal did not try to connect"
    lab.catch_up()
    checks.gateway_sent_nothing_to(lab.seen("victim"), VICTIM, allow_icmp=False)


def deceive(lab, victim, call_of):
    """A stranger registers, reports, disengages and unregisters in VICTIM's name, and releases the call of CALL_OF."""
    known = victim.wait("registered")
    mallet = h323.Terminal(lab, "attacker", victim.name, "signal-port=1721", f"forge={known['endpoint']}",
                           f"forge-ras={known['ras']}", f"forge-call={call_of.wait('placed')['call']}",
                           process=f"mallet-as-{victim.name}")
    wanted = {"registrationReject", "unregistrationReject", "disengageReject"}
    wait_until(lambda: wanted <= set(mallet.messages()), "the stranger to be refused")
    assert "unregistrationConfirm" not in mallet.messages(), mallet.messages()
    h323.shown(mallet)
    mallet.process.end()


@flow("h323-spoof", kinds=("symmetric",))
def spoof(lab):
    """A stranger who knows all about registrations and a call ends neither, and gets no call."""
    postern, alice, bob = both(lab, "tunnel", "packets=0")
    call(alice)
    for terminal in (alice, bob):
        terminal.wait("up")
    deceive(lab, alice, alice)
    deceive(lab, bob, alice)
    wait_until(lambda: postern.control("show", "counters")["counters"]["bindings_move_refused"] == 2,
               "the old pinholes to answer")
    for terminal in (alice, bob):
        terminal.asked(terminal.messages().count("infoRequest") + 1)
    alice.process.popen.send_signal(signal.SIGTERM)
    alice.finished()
    bob.wait("over")
    carol = h323.Terminal(lab, "pub", "carol", "tunnel", "call=bob", f"packets={h323.HEARD}")
    carol.finished()
    bob.wait("over", 2)
    records = postern.wait_records(2)
    assert {row["cause"] for row in records} == {"normal"}, records
    assert bob.process.end() == 0, bob.process.last_line()
    for terminal, calls in ((alice, 1), (bob, 2), (carol, 1)):
        h323.shown(terminal)
        h323.heard(terminal, calls)
    lab.catch_up()
    media = [p for p in lab.seen("attacker").udp(src=GW_WAN) if p.sport != 1719]
    assert not media, f"the stranger got {len(media)} packets of media"


@flow("h323-stranger")
def stranger(lab):
    """Who is not registered may not call, and cannot have a name that somebody has."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    bob = h323.Terminal(lab, "lan2", "bob", "traversal", mark=h323.B_MARK)
    bob.wait("registered")
    mallet = h323.Terminal(lab, "attacker", "mallet", f"to={GW_WAN}:1720", "call=bob", gatekeeper=None)
    assert mallet.wait("released")["reason"] == NOT_REGISTERED, mallet.events("released")
    mallet.finished()
    thief = h323.Terminal(lab, "attacker", "bob", process="thief")
    thief.process.wait_for_text('"registrationReject"')
    assert thief.process.wait(30) == 1 and "registrationConfirm" not in thief.process.text()
    assert not postern.records() and "serviceControlIndication" not in bob.messages(), "somebody called"
    lab.catch_up()


def crowd(lab, *ports):
    """An attacker begins to connect to PORTS; return when its second round is over."""
    script = os.path.abspath(crowder.__file__)
    process = lab.spawn("attacker", [sys.executable, script, GW_WAN, *ports], name="crowder")
    process.wait_for_text("round 1")
    return process


@flow("h323-crowd", kinds=("symmetric",))
def crowd_h245(lab):
    """An attacker is first at every H.245 listener; the call is none the worse for it."""
    ends = ("lan1", "pub")
    lab.watch(*((host, "eth0") for host in ends))  # at the gateway tshark takes the attacker for H.245
    postern = h323.postern(lab)
    attacker = crowd(lab, "40000", "40399")
    alice, bob = h323.pair(lab, *ends, ("late-h245=1500",), ("early-h245",))
    over(postern, alice, bob)
    attacker.end()
    assert "in 40" in attacker.text(), "the attacker never found a listener"
    lab.catch_up()
    for host in ends:
        dissector.check(lab.seen(host), GW_WAN)


@flow("h323-crowd-signalling", kinds=("symmetric",))
def crowd_signalling(lab):
    """An attacker holds hundreds of call signalling connections: others call all the same."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    attacker = crowd(lab, "1720", "1720", "300")
    alice, bob = h323.pair(lab, "lan1", "lan2", ("traversal",))
    over(postern, alice, bob)
    attacker.end()
    assert "in 1720" in attacker.text(), "the attacker was never let in"
