"""The scenarios route-*: RAS and call signalling together, for where calls go."""
import ras_messages as ras
from ras_script import folded, holes
from traversal import OFFERED

A_RAS, A_SAYS = ("10.1.0.2", 1719), "10.1.0.2:1720"
C_RAS, C_SAYS = ("198.51.100.13", 1719), "198.51.100.13:1720"
OURS, OURS_RAS = "198.51.100.5:1720", ("198.51.100.5", 1719)
EPHEMERAL = "198.51.100.5:50000"  # the first connection that we open in access
ALICE, BOB, CAROL = [ras.num("100")], [ras.num("200")], [ras.num("300")]
GUID, SEQ = bytes(range(0x40, 0x50)), 51966
MADE = {}


def scenario(about, include="common/routed.inc"):
    def wrap(function):
        MADE["route-" + function.__name__.replace("_", "-")] = (about, include, function)
        return function
    return wrap


def address(text):
    ip, port = text.rsplit(":", 1)
    return ip, int(port)


def ras_line(s, m, sign, host, value, swap=()):
    """swap: octets that become holes."""
    text = m.encode("h225", "RasMessage", value).hex()
    s.do("# " + ras.SHORT[value[0]], f"{sign} {host} hex", *folded(holes(text, sign, swap)), ".")


def wide(text):
    return text.encode("utf-16-be").hex()


def register(s, m, host, own, says, names, features=()):
    """Whoever registers gets an endpointIdentifier, kept as ep_HOST."""
    endpoint = f"{host}000000000000000"
    ras_line(s, m, ">", host, ras.rrq(1, own, address(says), names, f=features))
    ras_line(s, m, "<", host, ras.rcf(1, address(OURS), endpoint, names, ttl=60, gk="zone", f=features),
             [(wide(endpoint), "{ep_%s:32}" % host)])


def admit(s, m, host, names, refused=None):
    endpoint = f"{host}000000000000000"
    ras_line(s, m, ">", host, ras.arq(2, endpoint, names, call=GUID), [(wide(endpoint), "{ep_%s}" % host)])
    ras_line(s, m, "<", host, ras.arj(2, refused) if refused else ras.acf(2, address(OURS)))


def setup(s, m, to, source, dest, digits):
    s.do("connect at").sends("at", m.setup(A_SAYS, OURS, digits=digits), "Setup")
    if to:
        s.gets(to, m.setup(source, dest, digits=digits), "Setup")


def answered(s, m, to, frm="at"):
    s.sends(to, m.answer("connect"), "Connect").gets(frm, m.answer("connect"), "Connect")
    s.sends(frm, m.release(back=False, cause=16), "ReleaseComplete")
    s.gets(to, m.release(back=False, cause=16), "ReleaseComplete")


def refused(s, m, reason, cause):
    s.gets("at", m.release(reason, cause=cause, tunnelling=False, back=True), "ReleaseComplete")


@scenario("An endpoint of ours is called by its address, with no alias at all.")
def by_address(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    register(s, m, "c", C_RAS, C_SAYS, CAROL)
    endpoint = "a000000000000000"
    for seq, where in ((2, C_SAYS), (3, "203.0.113.9:1720")):
        ras_line(s, m, ">", "a", ras.arq(seq, endpoint, destsig=address(where), call=GUID), [(wide(endpoint), "{ep_a}")])
        ras_line(s, m, "<", "a", ras.acf(2, address(OURS)) if seq == 2 else ras.arj(3, "calledPartyNotRegistered"))
    s.do("accept ct")
    setup(s, m, "ct", EPHEMERAL, C_SAYS, None)


@scenario("Two terminals of the embedded gatekeeper: one behind a NAT calls one that can be reached.")
def embedded(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    register(s, m, "c", C_RAS, C_SAYS, CAROL)
    admit(s, m, "a", CAROL)
    s.do("accept ct")
    setup(s, m, "ct", EPHEMERAL, C_SAYS, "300")
    answered(s, m, "ct")
    s.do("cdr", '"cause":"normal"', ".")


@scenario("A registered terminal that asks for no admission may call as well.")
def no_admission(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    register(s, m, "c", C_RAS, C_SAYS, CAROL)
    s.do("accept ct")
    setup(s, m, "ct", EPHEMERAL, C_SAYS, "300")
    answered(s, m, "ct")


@scenario("Who is not registered may not call.")
def caller_unregistered(s, m):
    register(s, m, "c", C_RAS, C_SAYS, CAROL)
    setup(s, m, None, None, None, "300")
    refused(s, m, "callerNotRegistered", 31)


@scenario("Nobody has that number.")
def called_unregistered(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    setup(s, m, None, None, None, "999")
    refused(s, m, "calledPartyNotRegistered", 20)


@scenario("A plain terminal behind a NAT cannot be reached by TCP.")
def behind_nat(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    register(s, m, "b", ("10.1.0.3", 1719), "10.1.0.3:1720", BOB)
    admit(s, m, "a", BOB, "calledPartyNotRegistered")
    setup(s, m, None, None, None, "200")
    refused(s, m, "unreachableDestination", 3)


@scenario("A prefix leads to a next hop in the core.")
def prefix(s, m):
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    admit(s, m, "a", [ras.num("0123")])
    s.do("accept g")
    setup(s, m, "g", "192.0.2.5:50000", "192.0.2.20:1720", "0123")
    answered(s, m, "g")


def indicate(s, m):
    """a calls b, which does H.460.18: our indication is kept as sci."""
    register(s, m, "a", A_RAS, A_SAYS, ALICE)
    register(s, m, "b", ("10.1.0.3", 1719), "10.1.0.3:1720", BOB, (18,))
    admit(s, m, "a", BOB)
    setup(s, m, None, None, None, "200")
    indication(s, m)


def indication(s, m):
    content = bytes([0]) + bytes(map(int, OURS.split(":")[0].split("."))) + bytes([0x06, 0xb8, 0]) + GUID
    ras_line(s, m, "<", "b", ("serviceControlIndication", {
        "requestSeqNum": SEQ, "serviceControl": [{"sessionId": 0, "reason": ("open", None)}],
        "genericData": [{"id": ("standard", 18),
                         "parameters": [{"id": ("standard", 1), "content": ("raw", content)}]}]}))


def response(s, m, result=None):
    value = {"requestSeqNum": SEQ}
    if result:
        value["result"] = (result, None)
    ras_line(s, m, ">", "b", ("serviceControlResponse", value))


@scenario("H.460.18: the called terminal is told by RAS, connects to us, and says which call it came for; that\n"
          "connection gets the Setup.")
def traversal(s, m):
    indicate(s, m)
    response(s, m)
    s.do("connect bt").sends("bt", m.facility(), "Facility")
    s.gets("bt", m.setup(OURS, "10.1.0.3:1720", digits="200", extra=OFFERED), "Setup")
    answered(s, m, "bt")
    s.do("counter h323_traversals 1", "counter h323_traversals_failed 0")


@scenario("Its Facility may overtake the ServiceControlResponse.")
def traversal_overtaken(s, m):
    indicate(s, m)
    s.do("connect bt").sends("bt", m.facility(), "Facility")
    s.gets("bt", m.setup(OURS, "10.1.0.3:1720", digits="200", extra=OFFERED), "Setup")
    response(s, m)
    answered(s, m, "bt")


@scenario("It refuses.")
def traversal_refused(s, m):
    indicate(s, m)
    response(s, m, "failed")
    refused(s, m, "unreachableDestination", 3)
    s.do("counter h323_traversals_failed 1")


@scenario("It does not answer: it is told four times in all.")
def traversal_silent(s, m):
    indicate(s, m)
    for wait in ("1s", "2s", "4s"):
        s.do("advance " + wait)
        indication(s, m)
    s.do("advance 8s")
    refused(s, m, "unreachableDestination", 3)
    s.do("nothing b", "counter h323_traversals_failed 1")


@scenario("It answers, but does not connect.")
def traversal_unconnected(s, m):
    indicate(s, m)
    response(s, m)
    s.do("advance 9s", "nothing at", "advance 2s")
    refused(s, m, "unreachableDestination", 3)
    s.do("nothing b")


@scenario("Somebody else says that the connection is for this call: it is not.")
def traversal_stranger(s, m):
    indicate(s, m)
    response(s, m)
    s.do("connect ct").sends("ct", m.facility(), "Facility").do("flush ct")
    s.do("connect bt").sends("bt", m.facility(), "Facility")
    s.gets("bt", m.setup(OURS, "10.1.0.3:1720", digits="200", extra=OFFERED), "Setup")
    answered(s, m, "bt")


@scenario("The caller gives up before the called terminal came.")
def traversal_cancelled(s, m):
    indicate(s, m)
    s.sends("at", m.release(back=False, cause=16), "ReleaseComplete").do("advance 30s", "nothing b")
    s.do("connect bt").sends("bt", m.facility(), "Facility").do("flush bt")
    s.do("counter h323_traversals_failed 0")


@scenario("The called terminal unregisters while it is waited for.")
def traversal_gone(s, m):
    indicate(s, m)
    endpoint = "b000000000000000"
    ras_line(s, m, ">", "b", ras.urq(9, ("10.1.0.3", 1720), endpoint), [(wide(endpoint), "{ep_b}")])
    ras_line(s, m, "<", "b", ras.ucf(9))
    refused(s, m, "unreachableDestination", 3)


GK, GK_SIGNAL, EPG = ("192.0.2.20", 1719), ("192.0.2.20", 1720), "gk-endpoint-1"
PROXY = "common/routed-proxy.inc"


def proxied(s, m, host, own, says, alias, names, seq=1, signal=None):
    """By the external gatekeeper."""
    where = ("192.0.2.5", alias)
    ras_line(s, m, ">", host, ras.rrq(seq, own, address(says), names))
    ras_line(s, m, "<", f"gk from 192.0.2.5:{alias}", ras.rrq(seq, where, where, names))
    ras_line(s, m, ">", f"gk to 192.0.2.5:{alias}", ras.rcf(seq, signal or GK_SIGNAL, EPG, names, ttl=60))
    ras_line(s, m, "<", host, ras.rcf(seq, address(OURS), EPG, names, ttl=60))


def proxied_admission(s, m, where, names, alias=10000):
    ras_line(s, m, ">", "a", ras.arq(2, EPG, names, call=GUID))
    ras_line(s, m, "<", "gk", ras.arq(2, EPG, names, call=GUID))
    ras_line(s, m, ">", f"gk to 192.0.2.5:{alias}", ras.acf(2, where))
    ras_line(s, m, "<", "a", ras.acf(2, address(OURS)))


@scenario("An external gatekeeper that routes calls: the Setup goes to it.", PROXY)
def proxy_routed(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10000, ALICE)
    proxied_admission(s, m, GK_SIGNAL, BOB)
    s.do("accept g")
    setup(s, m, "g", "192.0.2.5:50000", "192.0.2.20:1720", "200")
    answered(s, m, "g")


@scenario("One that does not: the Setup goes to where it said.", PROXY)
def proxy_direct(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10000, ALICE)
    proxied_admission(s, m, ("192.0.2.77", 1730), BOB)
    s.do("accept far")
    setup(s, m, "far", "192.0.2.5:50000", "192.0.2.77:1730", "200")
    answered(s, m, "far")


@scenario("It says an alias of ours: the call does not leave.", "common/routed-proxy-two.inc")
def proxy_own_alias(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    proxied(s, m, "c", C_RAS, C_SAYS, 10000, CAROL)
    proxied_admission(s, m, ("192.0.2.5", 10000), CAROL, 10001)
    s.do("accept ct")
    setup(s, m, "ct", EPHEMERAL, C_SAYS, "300")
    answered(s, m, "ct")
    s.do("nothing g")


@scenario("Without an admission (pregranted) it goes to the gatekeeper's own address.", PROXY)
def proxy_pregranted(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10000, ALICE)
    s.do("accept g")
    setup(s, m, "g", "192.0.2.5:50000", "192.0.2.20:1720", "200")
    answered(s, m, "g")


@scenario("A call from the core comes to the alias of a terminal.", PROXY)
def proxy_incoming(s, m):
    proxied(s, m, "c", C_RAS, C_SAYS, 10000, CAROL)
    s.do("accept ct", "connect gt to 192.0.2.5:10000")
    s.sends("gt", m.setup("192.0.2.20:1720", "192.0.2.5:10000", digits="300"), "Setup")
    s.gets("ct", m.setup(EPHEMERAL, C_SAYS, digits="300"), "Setup")
    s.do("# It asks about a caller that is us, and is told of one that is us.")
    more = {"answer": True, "call": GUID}
    ras_line(s, m, ">", "c", ras.arq(2, EPG, srcsig=address(EPHEMERAL), destsig=address(C_SAYS), **more))
    ras_line(s, m, "<", "gk", ras.arq(2, EPG, srcsig=("192.0.2.20", 45000), destsig=("192.0.2.5", 10000), **more))
    ras_line(s, m, ">", "gk to 192.0.2.5:10000", ras.acf(2, GK_SIGNAL))
    ras_line(s, m, "<", "c", ras.acf(2, address(OURS)))
    answered(s, m, "ct", "gt")


@scenario("Nobody calls in from the core but by an alias.", PROXY)
def proxy_listener(s, m):
    proxied(s, m, "c", C_RAS, C_SAYS, 10000, CAROL)
    s.do("connect gt to 192.0.2.5:1720")
    s.sends("gt", m.setup("192.0.2.20:1720", "192.0.2.5:1720", digits="300"), "Setup")
    s.gets("gt", m.release("unreachableDestination", cause=3, tunnelling=False, back=True), "ReleaseComplete")


@scenario("Who did not register with the gatekeeper may not call.", PROXY)
def proxy_unregistered(s, m):
    setup(s, m, None, None, None, "200")
    refused(s, m, "callerNotRegistered", 31)
