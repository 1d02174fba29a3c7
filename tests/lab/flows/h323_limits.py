"""What H.323 calls are charged, and who has had enough of them: C-1 and B-1."""

import signal

from kit import h323, nat
from kit.flow import flow
from kit.network import GW_WAN

PLACES = (("gw", "wan0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"), ("attacker", "eth0"))
SENT, LEFT_OUT = 60, 5
NO_BANDWIDTH = 1  # ReleaseCompleteReason, counted from 1


@flow("h323-c-1", kinds=nat.KINDS)
def charging(lab):
    """C-1: the record's packets and octets equal what the terminals sent, what they left out is counted as lost."""
    lab.watch(*PLACES)
    postern = h323.postern(lab)
    words = ("traversal", "tunnel", "video", f"send={SENT}", f"lose={LEFT_OUT}")
    alice, bob = h323.pair(lab, "lan1", "lan2", words)
    alice.finished()
    bob.wait("over")
    record, = postern.wait_records(1)
    assert bob.process.end() == 0, bob.process.last_line()
    assert (record["from"], record["to"], record["cause"]) == ("alice", "bob", "normal"), record
    assert record["call_id"] == alice.wait("placed")["call"].split(":")[1], record
    assert record["start"] <= record["answer"] <= record["end"] and record["duration_ms"] > 0, record
    assert [stream["media"] for stream in record["streams"]] == ["audio", "video"], record
    for terminal, other, way in ((alice, bob, "a_to_b"), (bob, alice, "b_to_a")):
        for stream, row, heard in zip(record["streams"], terminal.media(), other.media()):
            check(stream[way], row, heard)
    lab.catch_up()


def check(counted, row, heard):
    """COUNTED of a stream's one direction is what its sender and its receiver say."""
    keepalives = row["kept"]
    want = {"packets": SENT + keepalives, "bytes": row["rtp_octets"] + 12 * keepalives, "lost": LEFT_OUT,
            "rtcp_packets": row["rtcp_sent"]}
    got = {key: counted[key] for key in want}
    assert row["rtp_sent"] == SENT and got == want, f"counted {got}, sent {want}"
    assert heard["heard"] <= SENT and heard["heard"] + 3 >= SENT, heard


def caller(lab, name, callee, number, *words):
    """A terminal on lan1 that registers nowhere and calls CALLEE; NUMBER keeps its ports apart from others'."""
    return h323.Terminal(lab, "lan1", name, f"to={GW_WAN}:1720", f"call={callee}", f"signal-port={1720 + number}",
                         f"media-port={16384 + 10 * number}", *words, gatekeeper=None)


@flow("h323-b-1", kinds=("symmetric",))
def limit(lab):
    """B-1: who has all the calls that it may have is refused by ReleaseComplete; the call that it has goes on."""
    lab.watch(*PLACES)
    postern = h323.postern(lab, gatekeeper='unregistered="yes"', access_more='terminal-sessions="1"')
    bob = h323.Terminal(lab, "pub", "bob", mark=h323.B_MARK)
    dora = h323.Terminal(lab, "attacker", "dora", mark=h323.B_MARK)
    for terminal in (bob, dora):
        terminal.wait("registered")
    alice = caller(lab, "alice", "bob", 0)
    alice.wait("up")
    refused = caller(lab, "carol", "dora", 1)
    assert refused.wait("released")["reason"] == NO_BANDWIDTH, refused.events("released")
    refused.finished()
    assert not dora.events("accepted"), "the refused call went out"
    assert alice.process.alive() and not bob.events("over"), "the call that was there ended"
    alice.process.popen.send_signal(signal.SIGTERM)
    alice.finished()
    bob.wait("over")
    again = caller(lab, "eve", "dora", 2, f"packets={h323.HEARD}")
    again.finished()
    dora.wait("over")
    records = postern.wait_records(2)
    assert {row["cause"] for row in records} == {"normal"}, records
    for terminal in (alice, bob, again, dora):
        h323.shown(terminal)
        h323.heard(terminal, at_least=1, rtcp=False)
    lab.catch_up()


@flow("h323-b-1-line", kinds=("symmetric",))
def limit_of_lines(lab):
    """B-1: of two calls of one registered terminal, on one signalling connection, the second is refused."""
    lab.watch(*PLACES)
    postern = h323.postern(lab, access_more='terminal-sessions="1"')
    bob, dora = (h323.Terminal(lab, host, name, "tunnel", mark=h323.B_MARK)
                 for name, host in (("bob", "pub"), ("dora", "attacker")))
    for terminal in (bob, dora):
        terminal.wait("registered")
    alice = h323.Terminal(lab, "lan1", "alice", "tunnel", "call=bob,dora", f"packets={h323.HEARD}")
    alice.finished()
    bob.wait("over")
    released = alice.events("released")
    assert [row["reason"] for row in released] == [NO_BANDWIDTH], released
    assert not dora.events("accepted"), "the refused call went out"
    record, = postern.wait_records(1)
    assert (record["to"], record["cause"]) == ("bob", "normal"), record
    h323.heard(bob)
    h323.shown(alice)
    lab.catch_up()
