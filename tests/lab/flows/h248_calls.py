"""H.248 calls between gateways behind real NATs; the controller sends each call back through Postern."""

from kit import h248, nat
from kit.flow import flow
from kit.stage import Stage

A_MARK, B_MARK = b"\xa1", b"\xb2"


def charged(records, *gateways):
    """C-1: each session counted what its gateway sent, to the octet."""
    sent = sorted(tuple(sorted(leg.sent_bytes for leg in gateway.legs())) for gateway in gateways)
    counted = sorted(tuple(sorted(s["b_to_a"]["bytes"] for s in r["streams"])) for r in records)
    assert counted == sent, f"charged {counted}, sent {sent}"
    for record in records:
        assert record["to"].split("@")[1] and record["from"] and record["answer"], record


def play_call(lab, dialect, streams=1, mids=("-", "-"), outlive=False):
    """alice behind nat1 and bob behind nat2 register, talk in one call, and end it."""
    h248.needs_erlang()
    lab.watch(*h248.PLACES)
    postern = h248.postern(lab)
    with Stage() as stage:
        mgc = h248.Mgc(lab, stage, dialect)
        alice = h248.Gateway(lab, stage, "lan1", "alice", A_MARK, dialect, mids[0], streams).registered()
        bob = h248.Gateway(lab, stage, "lan2", "bob", B_MARK, dialect, mids[1], streams).registered()
        known = mgc.gateways(2)
        assert len(set(known)) == 2, f"two gateways are known as {known}"
        if outlive:
            for router in ("nat1", "nat2"):
                stage.until(lambda r=router: h248.keepalives(lab, r) > lab.net.udp_timeout_s * 1.3,
                            f"keepalives through {router}", 60)
        mgc.call(0, 1, streams)
        h248.talk(stage, alice, bob)
        mgc.tell("audit", 0)
        audited = " ".join(mgc.wait("audited")[0])
        assert "192.0.2.5" in audited and "10." not in audited.replace("10.0", ""), audited
        alice.tell("notify")
        mgc.wait("notified")
        mgc.end()
        records = postern.wait_records(2)
        for peer in (mgc, alice, bob):
            peer.healthy()
    assert len({r["correlation"] for r in records}) == 1, records
    assert {r["cause"] for r in records} == {"normal"}, records
    for record in records:
        assert [s["media"] for s in record["streams"]] == ["audio", "video"][:streams], record["streams"]
        for stream in record["streams"]:
            assert stream["a_to_b"]["packets"] >= h248.HEARD <= stream["b_to_a"]["packets"], stream
    charged(records, alice, bob)
    lab.catch_up()
    h248.hidden(lab)
    core = h248.media_on_core(lab)
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"


def register(coding, transport, version):
    """One row for each combination; both kinds of NAT."""
    dialect = h248.Dialect(coding, transport, version)

    @flow(f"p-h248-{dialect}", kinds=nat.KINDS)
    def play(lab):
        play_call(lab, dialect)
    play.__doc__ = f"P-H248, P-SELF: {coding}, {transport}, version {version}."


for _coding in h248.CODINGS:
    for _transport in h248.TRANSPORTS:
        for _version in h248.VERSIONS:
            register(_coding, _transport, _version)


@flow("h248-vid", kinds=nat.KINDS)
def video(lab):
    """P-VID: two streams in one termination, latched separately."""
    play_call(lab, h248.Dialect("pretty", "udp", 3), streams=2)


@flow("h248-vid-binary", kinds=nat.KINDS)
def video_binary(lab):
    """P-VID in binary."""
    play_call(lab, h248.Dialect("binary", "tcp", 2), streams=2)


@flow("h248-names")
def names(lab):
    """Gateways with names of their own, which the controller keeps seeing."""
    play_call(lab, h248.Dialect("compact", "udp", 1), mids=("mg1.example", "mg2.example"))


@flow("h248-keepalive", kinds=nat.KINDS, udp_timeout_s=6)
def keepalive(lab):
    """K-1: the audit of ROOT keeps the pinholes while nothing else is sent."""
    play_call(lab, h248.Dialect("compact", "udp", 2), outlive=True)


@flow("h248-keepalive-binary", udp_timeout_s=6)
def keepalive_binary(lab):
    """K-1 in binary."""
    play_call(lab, h248.Dialect("binary", "udp", 3), outlive=True)


@flow("h248-limit")
def limit(lab):
    """B-1: a gateway over its limit of sessions is refused with error 510; the call that it has goes on."""
    h248.needs_erlang()
    lab.watch(*h248.PLACES)
    postern = h248.postern(lab, access_more='terminal-sessions="1"')
    dialect = h248.Dialect("binary", "udp", 2)
    with Stage() as stage:
        mgc = h248.Mgc(lab, stage, dialect)
        alice = h248.Gateway(lab, stage, "lan1", "alice", A_MARK, dialect, calls=2).registered()
        bob = h248.Gateway(lab, stage, "lan2", "bob", B_MARK, dialect, calls=2).registered()
        mgc.gateways(2)
        mgc.call(0, 1)
        h248.talk(stage, alice, bob)
        mgc.tell("call", 0, 1, 1)
        stage.until(lambda: any("510" in " ".join(words) for words in mgc.events("failed")), "error 510")
        h248.talk(stage, alice, bob)
        mgc.tell("end")
        stage.until(lambda: mgc.events("over"), "the call to end")
        postern.wait_records(2)


@flow("h248-restart")
def restart(lab):
    """Postern restarts: gateways are told to register anew, get the same aliases, and can call again."""
    h248.needs_erlang()
    lab.watch(*h248.PLACES)
    postern = h248.postern(lab)
    dialect = h248.Dialect("compact", "udp", 2)
    with Stage() as stage:
        mgc = h248.Mgc(lab, stage, dialect)
        alice = h248.Gateway(lab, stage, "lan1", "alice", A_MARK, dialect).registered()
        bob = h248.Gateway(lab, stage, "lan2", "bob", B_MARK, dialect).registered()
        known = mgc.gateways(2)
        postern.restart()
        alice.tell("notify")
        stage.until(lambda: any("505" in " ".join(words) for words in alice.events("failed")), "error 505")
        for gateway in (alice, bob):
            gateway.tell("change", "disconnected", "900", "Service", "Restored")
            stage.until(lambda g=gateway: len(g.events("answered")) > 1, "the answer")
        assert mgc.gateways(4)[2:] == known, f"{mgc.gateways(4)[2:]} after {known}"
        mgc.call(0, 1)
        h248.talk(stage, alice, bob)
        mgc.tell("end")
        stage.until(lambda: mgc.events("over"), "the call to end")
        postern.wait_records(2)
    lab.catch_up()
    h248.hidden(lab)
