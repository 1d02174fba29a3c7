"""The scenarios tunnel-*: RAS by the connection that carries call signalling (H.460.17)."""
import struct

import ras_messages as ras
from messages import CAPABILITIES
from ras_script import folded, holes
from routes import (ALICE, BOB, EPG, EPHEMERAL, GK_SIGNAL, OURS, SEQ, address, refused, register, admit, wide)

B_RAS, B_SAYS = ("10.1.0.3", 1719), "10.1.0.3:1720"
A_RAS, A_SAYS = ("10.1.0.2", 1719), "10.1.0.2:1720"
FEATURES = (17,)
OTHER = bytes(range(0x80, 0x90))
MADE = {}


def scenario(about, include="common/routed.inc"):
    def wrap(function):
        MADE["tunnel-" + function.__name__.replace("_", "-")] = (about, include, function)
        return function
    return wrap


def facility(m, value):
    raw = m.encode("h225", "RasMessage", value)
    uu = m.encode("h225", "H323-UserInformation", {"h323-uu-pdu": {
        "h323-message-body": ("empty", None), "h245Tunneling": True, "genericData": [
            {"id": ("standard", 17), "parameters": [{"id": ("standard", 1), "content": ("raw", raw)}]}]}})
    return m.tpkt(struct.pack(">BBHBBHB", 8, 2, 0, 0x62, 0x7e, len(uu) + 1, 5) + uu)


def line(s, m, sign, host, value, swap=()):
    s.do("# " + ras.SHORT[value[0]], f"{sign} {host} hex", *folded(holes(facility(m, value).hex(), sign, swap)), ".")


def join(s, m, host="bt", own=B_RAS, says=B_SAYS, names=None, seq=1):
    """It registers by its connection; its endpointIdentifier is kept as ep_HOST."""
    endpoint = f"{host}00000000000000"
    names = names or BOB
    s.do("connect " + host)
    line(s, m, ">", host, ras.rrq(seq, own, address(says), names, f=FEATURES))
    line(s, m, "<", host, ras.rcf(seq, address(OURS), endpoint, names, ttl=60, gk="zone", f=FEATURES),
         [(wide(endpoint), "{ep_%s:32}" % host)])


def call(s, m, guid, to="bt", frm="at", reference=0x1234):
    """alice, registered by UDP, calls bob."""
    s.sends(frm, m.setup(A_SAYS, OURS, guid=guid, call=reference), "Setup")
    s.gets(to, m.setup(OURS, B_SAYS, guid=guid, call=reference), "Setup")


@scenario("A terminal registers by the connection that it opened, and is called by it; the connection stays after the call.")
def called(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    join(s, m)
    admit(s, m, "a", BOB)
    s.do("connect at")
    for guid in (bytes(range(0x40, 0x50)), OTHER):
        call(s, m, guid)
        s.sends("bt", m.answer("connect", guid=guid), "Connect").gets("at", m.answer("connect", guid=guid), "Connect")
        s.sends("at", m.tunnelled(CAPABILITIES, back=False), "Facility").gets("bt", m.tunnelled(CAPABILITIES, back=False), "Facility")
        s.sends("bt", m.release(guid=guid), "ReleaseComplete").gets("at", m.release(guid=guid), "ReleaseComplete")
        s.do("connected bt", 'hangup at', 'connect at')


@scenario("Two calls at once by that connection; the second of the same reference cannot be told from the first.")
def called_twice(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    join(s, m)
    s.do("connect at", "host at2 access 198.51.100.11:45001", "connect at2")
    call(s, m, bytes(range(0x40, 0x50)))
    call(s, m, OTHER, frm="at2", reference=0x55)
    third = bytes(range(0x90, 0xa0))
    s.do("host at3 access 198.51.100.11:45002", "connect at3")
    s.sends("at3", m.setup(A_SAYS, OURS, guid=third), "Setup")
    s.gets("at3", m.release("invalidCID", cause=3, tunnelling=False, back=True, guid=third), "ReleaseComplete")


@scenario("It calls by it.")
def calls(s, m):
    register(s, m, "c", ("198.51.100.13", 1719), "198.51.100.13:1720", [ras.num("300")])
    join(s, m)
    s.do("accept ct")
    endpoint = "bt00000000000000"
    line(s, m, ">", "bt", ras.arq(2, endpoint, [ras.num("300")], call=OTHER), [(wide(endpoint), "{ep_bt}")])
    line(s, m, "<", "bt", ras.acf(2, address(OURS)))
    s.sends("bt", m.setup(B_SAYS, OURS, guid=OTHER, digits="300"), "Setup")
    s.gets("ct", m.setup(EPHEMERAL, "198.51.100.13:1720", guid=OTHER, digits="300"), "Setup")
    s.sends("ct", m.release(guid=OTHER), "ReleaseComplete").gets("bt", m.release(guid=OTHER), "ReleaseComplete")
    s.do("connected bt")


@scenario("H.245 of its own: nobody can connect to it, so it is asked to come.", "common/zone.inc")
def separate(s, m):
    join(s, m)
    s.sends("x", m.setup("192.0.2.40:33000", "192.0.2.5:1720", tunnelling=False), "Setup")
    s.gets("bt", m.setup(OURS, B_SAYS, tunnelling=False), "Setup")
    s.sends("bt", m.answer("connect", h245="10.1.0.3:41500", tunnelling=False), "Connect")
    s.gets("x", m.answer("connect", h245="192.0.2.5:42000", tunnelling=False), "Connect")
    s.do("connect xh to 192.0.2.5:42000")
    s.gets("bt", m.facility("startH245", h245="198.51.100.5:41000", back=False, tunnelling=False), "Facility startH245")
    s.do("connect bh to 198.51.100.5:41000").sends("bh", m.h245(CAPABILITIES), "TerminalCapabilitySet")
    s.gets("xh", m.h245(CAPABILITIES), "TerminalCapabilitySet")


@scenario("Its connection is gone: it cannot be reached until it is back.")
def gone(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    join(s, m)
    s.do("hangup bt", "connect at").sends("at", m.setup(A_SAYS, OURS), "Setup")
    refused(s, m, "unreachableDestination", 3)
    s.do("host bt access 198.51.100.12:46001", "hangup at", "connect at")
    join(s, m, seq=7)
    call(s, m, OTHER)


@scenario("It is kept open as others are, by IRQ in the same way.", "common/tunnel-keepalive.inc")
def keepalive(s, m):
    join(s, m)
    s.do("advance 20s")
    line(s, m, "<", "bt", ras.irq(SEQ))
    line(s, m, ">", "bt", ras.irr(SEQ, "bt00000000000000", B_RAS, address(B_SAYS)), [(wide("bt00000000000000"), "{ep_bt}")])
    s.do("counter h323_keepalive_answers 1")


@scenario("Not where traversal=\"no\".", "common/tunnel-off.inc")
def off(s, m):
    s.do("connect bt")
    line(s, m, ">", "bt", ras.rrq(1, B_RAS, address(B_SAYS), BOB, f=FEATURES))
    s.do("nothing bt", "counter h323_stray 1")


@scenario("With an external gatekeeper: that sees the alias, and nothing of the feature.", "common/forward-proxy.inc")
def proxied(s, m):
    where = ("192.0.2.5", 10000)
    s.do("host bt access 198.51.100.12:46000", "connect bt")
    line(s, m, ">", "bt", ras.rrq(1, B_RAS, address(B_SAYS), BOB, f=FEATURES))
    plain = m.encode("h225", "RasMessage", ras.rrq(1, where, where, BOB)).hex()
    s.do("# RRQ", "< gk from 192.0.2.5:10000 hex", *folded(plain), ".", "# RCF", "> gk to 192.0.2.5:10000 hex",
         *folded(m.encode("h225", "RasMessage", ras.rcf(1, GK_SIGNAL, EPG, BOB, ttl=60)).hex()), ".")
    line(s, m, "<", "bt", ras.rcf(1, address(OURS), EPG, BOB, ttl=60, f=FEATURES))
    s.do("connect gt to 192.0.2.5:10000")
    s.sends("gt", m.setup("192.0.2.20:1720", "192.0.2.5:10000"), "Setup").gets("bt", m.setup(OURS, B_SAYS), "Setup")
