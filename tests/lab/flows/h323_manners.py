"""What H.323 endpoints do besides the usual: within calls, and each in its own manner."""

import signal

from kit import h323, nat, pcap
from kit.flow import flow
from kit.network import GW_WAN
from kit.patience import wait_until

PLACES = (("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"), ("attacker", "eth0"))
IN_CONFERENCE = 11  # ReleaseCompleteReason, counted from 1
FRAME_OCTETS = 8 * 240 + 12


def play(lab, caller, callee, words, callee_words=None, **options):
    """One call to its end, and its record. Both did all that they wanted to."""
    lab.watch(*PLACES)
    postern = h323.postern(lab, **options)
    alice, bob = h323.pair(lab, caller, callee, words, callee_words)
    alice.finished()
    bob.wait("over")
    record, = postern.wait_records(1)
    assert record["cause"] == "normal", record
    assert bob.process.end() == 0, bob.process.last_line()
    for terminal in (alice, bob):
        h323.shown(terminal)
    lab.catch_up()
    return alice, bob, record


@flow("h323-fax", kinds=nat.KINDS)
def fax(lab):
    """A call changes from sound to T.38 by request mode; both sides hear the other's UDPTL."""
    alice, bob, record = play(lab, "lan1", "pub", ("act=fax",), ())
    assert "requestMode" in bob.messages() and "requestModeAck" in alice.messages()
    assert [stream["media"] for stream in record["streams"]] == ["audio", "image"], record
    for terminal in (alice, bob):
        h323.heard(terminal, media=2, without_rtcp=(3,))


@flow("h323-fax-called", kinds=("symmetric",))
def fax_called(lab):
    """The called terminal asks for T.38, tunnelled; both are behind NATs."""
    words = ("traversal", "tunnel")
    alice, bob, _ = play(lab, "lan1", "lan2", (*words, "packets=0"), (*words, "act=fax", f"packets={h323.HEARD}"))
    assert "requestMode" in alice.messages()
    for terminal in (alice, bob):
        h323.heard(terminal, media=2, without_rtcp=(3,))


@flow("h323-fax-fast", kinds=("symmetric",))
def fax_fast(lab):
    """The channels of fast start are closed for T.38."""
    alice, bob, record = play(lab, "lan1", "lan2", ("traversal", "fast", "tunnel", "act=fax"),
                              ("traversal", "fast", "tunnel"))
    assert [stream["media"] for stream in record["streams"]] == ["audio", "image"], record
    for terminal in (alice, bob):
        h323.heard(terminal, media=2, without_rtcp=(3,))


@flow("h323-reopen-fast", kinds=("symmetric",))
def reopen_fast(lab):
    """The channels of fast start are closed and opened again by H.245."""
    alice, bob, _ = play(lab, "lan1", "pub", ("fast", "tunnel", "act=reopen", "act=reopen"), ("fast", "tunnel"))
    for terminal in (alice, bob):
        h323.heard(terminal)


@flow("h323-reopen", kinds=nat.KINDS)
def reopen(lab):
    """All logical channels are closed and opened again, twice; media comes back each time."""
    alice, bob, _ = play(lab, "lan1", "pub", ("video", "act=reopen", "act=reopen"), ("video",))
    assert bob.messages().count("requestChannelClose") == 4 and bob.messages().count("openLogicalChannel") == 6
    for terminal in (alice, bob):
        h323.heard(terminal, media=2)


@flow("h323-requests")
def requests(lab):
    """LRQ before the call; within it a digit and a round trip delay request cross, BRQ is granted, and refused."""
    alice, bob, _ = play(lab, "lan1", "pub", ("tunnel", "locate=bob", "act=chat", "act=bandwidth", "act=too-much"),
                         ("tunnel",), gatekeeper='bandwidth="5000"')
    located, = [row for row in alice.events("received") if row["message"] == "locationConfirm"]
    assert f"{GW_WAN}:1720" in located["addresses"], located
    assert "userInput" in bob.messages()
    assert {"bandwidthConfirm", "bandwidthReject"} <= set(alice.messages())
    for terminal in (alice, bob):
        h323.heard(terminal)


def cut(lab, octets, words, callee_words):
    """The terminals' own TCP comes OCTETS octets at a time, where their words say so."""
    ends = play(lab, "lan1", "pub", words, callee_words)
    for terminal, host, said in zip(ends, ("lan1", "pub"), (words, callee_words)):
        h323.heard(terminal)
        pieces = h323.tcp_data(lab.seen(host), terminal.address)
        if f"cut={octets}" in said:
            assert sum(1 for data in pieces if len(data) == octets) >= 10, f"{terminal.name} was not cut"


@flow("h323-cut")
def cut_apart(lab):
    """Call signalling and H.245 of the caller come octet by octet."""
    cut(lab, 1, ("cut=1",), ())


@flow("h323-cut-tunnel")
def cut_tunnel(lab):
    """Call signalling with H.245 in it comes from both sides three octets at a time."""
    cut(lab, 3, ("tunnel", "cut=3"), ("tunnel", "cut=3"))


@flow("h323-split")
def split(lab):
    """As ooh323c does, without NAT: RTP from another port than it is received on, and no socket for RTCP."""
    alice, bob, _ = play(lab, "attacker", "pub", ("fast", "tunnel", "split-ports"))
    for terminal in (alice, bob):
        h323.heard(terminal, rtcp=False)


@flow("h323-frames", kinds=("symmetric",))
def frames(lab):
    """Frames of 240 ms, whose datagrams are fragmented, cross whole."""
    alice, bob, _ = play(lab, "lan1", "pub", ("fast", "frame=240", "packets=8"), ("fast", "frame=240"))
    for terminal in (alice, bob):
        h323.heard(terminal, at_least=5)
    whole = [p for p in lab.seen("pub").udp(src=GW_WAN) if len(p.payload) == FRAME_OCTETS]
    assert len(whole) >= 5, f"{len(whole)} frames came whole"


@flow("h323-wary", kinds=("symmetric",))
def wary(lab):
    """As h323plus does: the first packets of a new source are dropped. There is but one source."""
    alice, bob, _ = play(lab, "lan1", "lan2", ("traversal", "fast", "tunnel", "wary"))
    for terminal in (alice, bob):
        h323.heard(terminal)
        row, = terminal.media()
        assert row["rtp_received"] - row["heard"] - row["keeps_received"] <= 4, row


@flow("h323-silent-facility", kinds=("symmetric",))
def silent_facility(lab):
    """As h323plus does: fast start, then Facility startH245 and a connection on which no message follows."""
    alice, bob, _ = play(lab, "lan1", "lan2", ("traversal", "fast", "start-h245", "silent-h245"),
                         ("traversal", "fast", "silent-h245"))
    for terminal in (alice, bob):
        h323.heard(terminal)


def _several(name, words):
    @flow(f"h323-several{name}", kinds=("symmetric",))
    def several(lab):
        lab.watch(*PLACES)
        postern = h323.postern(lab)
        called = [h323.Terminal(lab, host, who, *words, mark=h323.B_MARK) for who, host in (("bob", "pub"), ("dora", "attacker"))]
        for terminal in called:
            terminal.wait("registered")
        alice = h323.Terminal(lab, "lan1", "alice", "call=bob,dora", f"packets={h323.HEARD}", *words)
        alice.finished()
        for terminal in called:
            terminal.wait("over")
            h323.shown(terminal)
            h323.heard(terminal)
        records = postern.wait_records(2)
        assert {row["to"] for row in records} == {"bob", "dora"} and {row["cause"] for row in records} == {"normal"}, records
        h323.shown(alice)
        h323.heard(alice, media=2)
        lab.catch_up()
        calls = {p.sport for p in lab.seen("lan1").packets() if p.protocol == pcap.TCP and p.dport == 1720}
        assert len(calls) == 1, f"{len(calls)} signalling connections"
    several.__doc__ = f"Two calls at once on one signalling connection, words: {' '.join(words) or 'none'}."


_several("", ())
_several("-tunnel", ("tunnel",))


@flow("h323-early-media", kinds=nat.KINDS)
def early_media(lab):
    """Remote ring-back: fast start is answered in Alerting, both sides are heard before the call is."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    words = ("traversal", "fast", "tunnel")
    alice, bob = h323.pair(lab, "lan1", "lan2", words, (*words, "early-media", f"ring={h323.HEARD}"))
    alice.finished()
    bob.wait("over")
    record, = postern.wait_records(1)
    assert record["cause"] == "normal" and record["answer"] > record["start"], record
    for terminal in (alice, bob):
        h323.shown(terminal)
        h323.heard(terminal, at_least=h323.HEARD)
    lab.catch_up()


def unanswered(lab, cause, callee_words, finish):
    """A call that alice makes does not come about, for CAUSE; FINISH(alice, bob) is how it ends."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    alice, bob = h323.pair(lab, "lan1", "lan2", ("traversal", "fast"), ("traversal", "fast", *callee_words))
    finish(alice, bob)
    alice.finished()
    bob.wait("over")
    record, = postern.wait_records(1)
    assert record["cause"] == cause and not record.get("answer"), record
    for terminal in (alice, bob):
        h323.shown(terminal)
    lab.catch_up()


@flow("h323-busy", kinds=("symmetric",))
def busy(lab):
    """The called terminal refuses, and the caller hears why."""
    def finish(alice, _):
        assert alice.wait("released")["reason"] == IN_CONFERENCE, alice.events("released")
    unanswered(lab, "rejected", ("busy",), finish)


@flow("h323-cancelled", kinds=("symmetric",))
def cancelled(lab):
    """The caller gives up while it rings."""
    def finish(alice, bob):
        wait_until(lambda: "alerting" in alice.messages(), "it to ring")
        alice.process.popen.send_signal(signal.SIGTERM)
        bob.wait("released")
    unanswered(lab, "cancelled", ("ring=1000",), finish)
