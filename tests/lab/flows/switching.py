"""What a softswitch and an operator do to calls: forks, neighbours, refreshes, reloads."""

from kit import cast, checks, duet, nat, sip
from kit.baresip import Baresip
from kit.duet import A_MARK, B_MARK, audio
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.media import Leg
from kit.network import GW_CORE, GW_WAN, LAN1, LAN2, NAT1, PUB
from kit.patience import wait_until
from kit.phone import Phone
from kit.postern import Postern
from kit.stage import Stage

C_MARK = b"\xc3"
PROXY = (GW_WAN, 5060)


@flow("fork", kinds=nat.KINDS)
def fork(lab):
    """One number, two phones: both ring with early media, one answers, the other is cancelled."""
    lab.watch()
    Kamailio(lab).ready()
    postern = Postern(lab).ready()
    with Stage() as stage:
        alice = Phone(lab, stage, "lan1", "alice", PROXY)
        bobs = [Phone(lab, stage, "lan2", "bob", PROXY), Phone(lab, stage, "pub", "bob", PROXY)]
        for phone in (alice, *bobs):
            phone.registered()
        here = Leg(lab, stage, "lan1", LAN1, A_MARK)
        ends = [Leg(lab, stage, "lan2", LAN2, B_MARK), Leg(lab, stage, "pub", PUB, C_MARK)]
        call = alice.call("sip:bob@example.net", audio(here))
        incoming = [bob.next_call() for bob in bobs]
        for leg, ringing in zip(ends, incoming):
            leg.aim(ringing.remote[0])
            ringing.ring(audio(leg))
        stage.until(lambda: len({m.tag("to") for m in call.responses if m.status == 183}) == 2, "two 183s")
        advertised = {m.sdp()[0].rtp for m in call.responses if m.status == 183}
        assert len(advertised) == 1, f"two early answers, and alice is shown {advertised}"
        here.aim(call.remote[0])
        for leg in (here, *ends):
            leg.talk()
        stage.until(lambda: here.heard(B_MARK) > 20 or here.heard(C_MARK) > 20, "early media")
        incoming[0].answer(audio(ends[0]))
        call.wait("up")
        stage.until(lambda: incoming[1].state == "ended", "the other phone to be cancelled")
        ends[1].quiet()
        assert call.remote[0].rtp in advertised, "the answer moved alice's media address"
        duet.talk(stage, here, ends[0])
        late = ends[1].heard(A_MARK)
        duet.talk(stage, here, ends[0])
        assert ends[1].heard(A_MARK) == late, "the phone that lost still hears alice"
        call.hang_up()
    records = postern.wait_records(3)
    assert len({r["correlation"] for r in records}) == 1, records
    lab.catch_up()
    cast.hidden(lab)
    checks.says_only(lab.seen("lan1"), GW_WAN, [GW_WAN, LAN1, NAT1])


@flow("same-nat", kinds=nat.KINDS)
def same_nat(lab):
    """Two phones behind one NAT call each other: media goes out to the gateway and comes back."""
    lab.watch()
    Kamailio(lab).ready()
    postern = Postern(lab).ready()
    with Stage() as stage:
        alice = Phone(lab, stage, "lan1", "alice", PROXY)
        bob = Phone(lab, stage, "lan1", "bob", PROXY, port=5062)
        alice.registered()
        bob.registered()
        here, there = Leg(lab, stage, "lan1", LAN1, A_MARK), Leg(lab, stage, "lan1", LAN1, B_MARK)
        call = alice.call("sip:bob@example.net", audio(here))
        incoming = bob.next_call()
        incoming.ring()
        incoming.answer(audio(there))
        call.wait("up")
        incoming.wait("up")
        here.aim(call.remote[0])
        there.aim(incoming.remote[0])
        duet.talk(stage, here, there)
        for leg in (here, there):
            assert leg.sources() == {leg.remote}, f"{leg.address} hears {leg.sources()}"
        call.hang_up()
    assert len({r["correlation"] for r in postern.wait_records(2)}) == 1
    lab.catch_up()
    checks.says_only(lab.seen("lan1"), GW_WAN, [GW_WAN, LAN1, NAT1])
    checks.says_only(lab.seen("ssw"), GW_CORE, [checks.CORE_NET])


@flow("refusal", kinds=nat.KINDS)
def refusal(lab):
    """Refusals and redirections that name their sender in Contact do not give it away."""
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"))
    postern = Postern(lab).ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        alice.registered()
        here, there = duet.legs(lab, stage)
        for status, reason in ((486, "Busy Here"), (302, "Moved Temporarily")):
            call = switch.call(switch.registrations[alice.aor], audio(there), target=(GW_CORE, 5060))
            alice.next_call().refuse(status, reason)
            stage.until(lambda call=call: call.state == "ended", f"the {status}")
            assert call.status == status, call.status
            call = alice.call("sip:dora@example.net", audio(here))
            switch.next_call().refuse(status, reason)
            stage.until(lambda call=call: call.state == "ended", f"the {status}")
            assert call.status == status, call.status
    postern.wait_records(4)
    lab.catch_up()
    cast.hidden(lab)


@flow("numbers", kinds=("symmetric",))
def numbers(lab):
    """Phones whose domain is the gateway's own address: still nobody sees the other side's addresses."""
    lab.watch()
    Kamailio(lab).ready()
    Postern(lab).ready()
    alice, bob = cast.phones_behind_nats(lab, domain=GW_WAN)
    cast.talk(alice, bob, f"sip:bob@{GW_WAN}")
    cast.hang_up(alice, bob)
    lab.catch_up()
    cast.hidden(lab)


@flow("refresh")
def refresh(lab):
    """A short expiry towards the terminal, a long one upstream: refreshes end at the gateway."""
    lab.watch()
    Kamailio(lab).ready()
    Postern(lab, expires="4s", keepalive="60s").ready()
    alice = Baresip(lab, "lan1", "alice", GW_WAN, cast.ALICE_HZ, expires_s=3600).ready().registered()

    def registers(host, source):
        return cast.requests(lab.seen(host), "REGISTER", src=source)
    wait_until(lambda: len(registers("lan1", LAN1)) >= 4, "three refreshes", every_s=0.2)
    bob = Baresip(lab, "lan2", "bob", GW_WAN, cast.BOB_HZ).ready().registered()
    cast.talk(bob, alice)
    cast.hang_up(bob, alice)
    lab.catch_up()
    upstream = [m for _, m in registers("ssw", GW_CORE) if "alice@" in m.get("to")]
    assert len(upstream) == 1, f"the softswitch saw {len(upstream)} registrations of alice"
    answers = [m for _, m in sip.messages(lab.seen("lan1").udp(src=GW_WAN)) if m.method == "REGISTER"]
    assert answers and all("expires=4" in m.get("contact") for m in answers if m.status == 200), \
        f"granted: {[m.get('contact') for m in answers]}"
    cast.hidden(lab)


@flow("reload")
def reload(lab):
    """A reload, also of a broken configuration, costs a running call nothing; a drain refuses new ones."""
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"))
    postern = Postern(lab).ready()
    with Stage() as stage:
        switch, alice = duet.pair(lab, stage)
        here, there = duet.legs(lab, stage)
        call, _ = duet.connect(alice, switch, here, there)
        duet.talk(stage, here, there)
        with open(postern.config, encoding="utf-8") as f:
            config = f.read()
        lab.file("postern.xml", config.replace('every="2s"', 'every="3s"'))
        assert postern.control("reload")["ok"]
        duet.talk(stage, here, there)
        lab.file("postern.xml", config.replace("<module", "<modul"))
        assert postern.control("reload", check=False) is None, "a broken configuration was taken"
        duet.talk(stage, here, there)
        here.quiet()
        there.quiet()
        stage.until(lambda: there.heard(A_MARK) == here.sent and len(here.received) >= there.sent - 1,
                    "every packet that was sent, through two reloads")
        postern.control("drain")
        refused = alice.call("sip:dora@example.net", audio(here))
        stage.until(lambda: refused.state == "ended", "the refusal of a new call")
        assert refused.status == 503, f"a new call while draining got {refused.status}"
        assert call.hang_up() == 200
