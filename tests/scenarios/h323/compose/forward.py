"""The scenarios about calls that a side sends elsewhere (Facility with alternativeAddress), and addresses of others."""
import calls
import ras_messages as ras
import routes
from calls import A_SAYS, G, OURS_A, OURS_G, hang_up, passes, setup
from messages import CONFERENCE, H2250, TERMINAL, at
from routes import (ALICE, CAROL, C_RAS, C_SAYS, EPG, EPHEMERAL, A_RAS, OURS, address, proxied,
                    proxied_admission, ras_line)

FAR, SHOWN = "192.0.2.77:1720", "198.51.100.5:41000"
OTHER = bytes(range(0x80, 0x90))


def sent(m, reason, to, **more):
    return m.facility(reason, extra={"alternativeAddress": at(to)} if to else {}, **more)


def away(s, m, host, frm, to, shown, reason="callForwarded"):
    s.sends(frm, sent(m, reason, to), "Facility " + reason)
    s.gets(host, sent(m, reason, shown), "Facility " + reason)


@calls.scenario("The called side sends the caller elsewhere: the caller sees an address of ours, and its new Setup goes there.")
def forwarded(s, m):
    s.do("host af access 198.51.100.11:40002", "host far core 192.0.2.77:1720", "accept far")
    setup(s, m)
    away(s, m, "a", "g", FAR, SHOWN)
    hang_up(s, m)
    s.do("connect af to " + SHOWN).sends("af", m.setup(A_SAYS, SHOWN, guid=OTHER, digits=None), "Setup")
    s.gets("far", m.setup("192.0.2.5:50001", FAR, guid=OTHER, digits=None), "Setup")
    passes(s, "far", "af", m.answer("connect", guid=OTHER), "Connect")
    s.do("nothing g")


@calls.scenario("More of them than a call may have: the address goes, the alias with it remains for the endpoint.",
                "common/many.inc")
def forwarded_often(s, m):
    setup(s, m)
    for _ in range(8):
        s.sends("g", sent(m, "callForwarded", FAR), "Facility").do("flush a")
    s.sends("g", sent(m, "callForwarded", FAR), "Facility").gets("a", m.facility("callForwarded"), "Facility")


@calls.scenario("A caller that is nobody's terminal sends the core nowhere.")
def forwarded_by_stranger(s, m):
    setup(s, m)
    s.sends("a", sent(m, "callForwarded", "10.1.0.7:1720", back=False), "Facility")
    s.gets("g", m.facility("callForwarded", back=False), "Facility")


@calls.scenario("A terminal sees no address of the core, wherever it is; the core sees those of strangers as they are.")
def third_party(s, m):
    def party(address):
        return {"extra": {"alternativeAliasAddress": [("transportID", at(address))]}}
    setup(s, m)
    s.sends("g", m.facility(**party(FAR)), "Facility").gets("a", m.facility(**party(OURS_A)), "Facility")
    s.sends("a", m.facility(back=False, **party("203.0.113.9:1720")), "Facility")
    s.gets("g", m.facility(back=False, **party("203.0.113.9:1720")), "Facility")
    s.sends("a", m.facility(back=False, **party(A_SAYS)), "Facility")
    s.gets("g", m.facility(back=False, **party("192.0.2.5:1720")), "Facility")


TWO = "common/forward-proxy.inc"


def incoming(s, m):
    """A call from the core to carol, beside whom alice is registered."""
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    proxied(s, m, "c", C_RAS, C_SAYS, 10000, CAROL)
    s.do("accept ct", "connect gt to 192.0.2.5:10000")
    s.sends("gt", m.setup("192.0.2.20:1720", "192.0.2.5:10000", digits="300"), "Setup")
    s.gets("ct", m.setup(EPHEMERAL, C_SAYS, digits="300"), "Setup")


@routes.scenario("A terminal sends a caller of the core to itself, at another place of its: the core sees an address of ours.", TWO)
def forwarded_by_terminal(s, m):
    incoming(s, m)
    away(s, m, "gt", "ct", C_SAYS, "192.0.2.5:42000")
    hang_up(s, m, "gt", "ct")
    s.do("host gf core 192.0.2.20:45001", "hangup ct", "connect gf to 192.0.2.5:42000")
    s.sends("gf", m.setup("192.0.2.20:1720", "192.0.2.5:42000", guid=OTHER), "Setup")
    s.gets("ct", m.setup("198.51.100.5:50001", C_SAYS, guid=OTHER), "Setup")


@routes.scenario("The gatekeeper's host sends a terminal to another one's alias: that call does not leave Postern.", TWO)
def forwarded_to_alias(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    proxied(s, m, "c", C_RAS, C_SAYS, 10000, CAROL)
    proxied_admission(s, m, ("192.0.2.20", 1720), CAROL, 10001)
    s.do("accept g", "accept ct", "host af access 198.51.100.11:45001")
    routes.setup(s, m, "g", OURS_G, G, "300")
    away(s, m, "at", "g", "192.0.2.5:10000", SHOWN)
    s.do("connect af to " + SHOWN).sends("af", m.setup(A_SAYS, SHOWN, guid=OTHER, digits=None), "Setup")
    s.gets("ct", m.setup("198.51.100.5:50001", C_SAYS, guid=OTHER, digits=None), "Setup")


@routes.scenario("The terminal asks its gatekeeper for leave to call where it was sent: that hears of the true address.", TWO)
def forwarded_admission(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    proxied_admission(s, m, ("192.0.2.20", 1720), CAROL, 10001)
    s.do("accept g", "accept far")
    routes.setup(s, m, "g", OURS_G, G, "300")
    away(s, m, "at", "g", "192.0.2.77:1730", SHOWN)
    ras_line(s, m, ">", "a", ras.arq(3, EPG, destsig=address(SHOWN), call=OTHER))
    ras_line(s, m, "<", "gk", ras.arq(3, EPG, destsig=("192.0.2.77", 1730), call=OTHER))
    ras_line(s, m, ">", "gk to 192.0.2.5:10001", ras.acf(3, ("192.0.2.77", 1730)))
    ras_line(s, m, "<", "a", ras.acf(3, address(OURS)))
    s.do("host af access 198.51.100.11:45001", "connect af to " + OURS)
    s.sends("af", m.setup(A_SAYS, OURS, guid=OTHER, digits=None), "Setup")
    s.gets("far", m.setup("192.0.2.5:50001", "192.0.2.77:1730", guid=OTHER, digits=None), "Setup")


@routes.scenario("Two terminals behind one NAT, of two gatekeepers, call without admissions: the Setup says whose it is.", TWO)
def no_admission_shared(s, m):
    s.do("host b access 198.51.100.11:40001", "accept far")
    proxied(s, m, "b", ("10.1.0.3", 1719), "10.1.0.3:1720", 10000, routes.BOB, signal=("192.0.2.77", 1730))
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    s.do("connect at").sends("at", m.setup("10.1.0.3:1720", OURS, digits="300"), "Setup")
    s.gets("far", m.setup(OURS_G, "192.0.2.77:1730", digits="300"), "Setup")


@routes.scenario("The gatekeeper says where somebody is (LCF): the call to that alias goes there, without an admission.", TWO)
def located(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    ras_line(s, m, ">", "a", ras.lrq(3, CAROL, A_RAS, EPG))
    ras_line(s, m, "<", "gk", ras.lrq(3, CAROL, ("192.0.2.5", 10001), EPG))
    ras_line(s, m, ">", "gk to 192.0.2.5:10001", ras.lcf(3, ("192.0.2.77", 1730), ("192.0.2.77", 1719)))
    ras_line(s, m, "<", "a", ras.lcf(3, address(OURS), ("198.51.100.5", 1719)))
    s.do("accept far").do("connect at").sends("at", m.setup(A_SAYS, OURS, digits="300"), "Setup")
    s.gets("far", m.setup(OURS_G, "192.0.2.77:1730", digits="300"), "Setup")
    s.do("host af access 198.51.100.11:45001", "connect af to " + OURS, "accept g")
    s.sends("af", m.setup(A_SAYS, OURS, guid=OTHER, digits="400"), "Setup to another one")
    s.gets("g", m.setup("192.0.2.5:50001", G, guid=OTHER, digits="400"), "Setup")


@routes.scenario("The gatekeeper rejects an admission and names who routes that call: there it goes.", TWO)
def admission_rejected_with_address(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    ras_line(s, m, ">", "a", ras.arq(3, EPG, CAROL))
    ras_line(s, m, "<", "gk", ras.arq(3, EPG, CAROL))
    reject = ras.arj(3, "routeCallToGatekeeper")[1]
    ras_line(s, m, ">", "gk to 192.0.2.5:10001",
             ("admissionReject", {**reject, "callSignalAddress": [at("192.0.2.77:1730")]}))
    ras_line(s, m, "<", "a", ("admissionReject", {**reject, "callSignalAddress": [at(OURS)]}))
    s.do("accept far").do("connect at").sends("at", m.setup(A_SAYS, OURS, guid=ras.GUID, digits="300"), "Setup")
    s.gets("far", m.setup(OURS_G, "192.0.2.77:1730", guid=ras.GUID, digits="300"), "Setup")


@routes.scenario("Whom a terminal wants to call stays, be it a stranger's address; a terminal's becomes its alias.", TWO)
def admission_by_address(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    proxied(s, m, "c", C_RAS, C_SAYS, 10000, CAROL)
    for seq, says, seen in ((3, ("203.0.113.9", 1720), ("203.0.113.9", 1720)), (4, address(C_SAYS), ("192.0.2.5", 10000))):
        ras_line(s, m, ">", "a", ras.arq(seq, EPG, destsig=says))
        ras_line(s, m, "<", "gk", ras.arq(seq, EPG, destsig=seen))


@routes.scenario("Alternate gatekeepers are us, in rejects as well: our RAS address.", TWO)
def alternate_gatekeeper(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    ras_line(s, m, ">", "a", ras.arq(3, EPG, CAROL))
    ras_line(s, m, "<", "gk", ras.arq(3, EPG, CAROL))
    for sign, who, where in ((">", "gk to 192.0.2.5:10001", "192.0.2.21:1719"), ("<", "a", "198.51.100.5:1719")):
        info = {"alternateGatekeeper": [{"rasAddress": at(where), "needToRegister": True, "priority": 1}],
                "altGKisPermanent": False}
        ras_line(s, m, sign, who, ("admissionReject", {**ras.arj(3, "resourceUnavailable")[1], "altGKInfo": info}))


@routes.scenario("The terminal reports the messages of its calls (IRR): media addresses in them do not go on.", TWO)
def report_of_messages(s, m):
    def report(where, fast):
        kind, body = ras.irr(9, EPG, where, where, unsolicited=True)
        setup_ = ("setup", {
            "protocolIdentifier": H2250, "sourceInfo": TERMINAL, "activeMC": False, "conferenceID": CONFERENCE,
            "conferenceGoal": ("create", None), "callType": ("pointToPoint", None), "callIdentifier": {"guid": OTHER},
            "fastStart": m.channels(*fast), "mediaWaitForConnect": False, "canOverlapSend": False,
            "multipleCalls": False, "maintainConnection": False})
        body["perCallInfo"] = [{
            "callReferenceValue": 1, "conferenceID": CONFERENCE, "h245": {}, "callSignaling": {"sendAddress": at(
                ":".join(map(str, where)))}, "callType": ("pointToPoint", None), "bandWidth": 640,
            "callModel": ("gatekeeperRouted", None), "callIdentifier": {"guid": OTHER},
            "substituteConfIDs": [], "pdu": [{"h323pdu": {"h323-message-body": setup_, "h245Tunneling": True}, "sent": True}]}]
        return kind, body
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    ras_line(s, m, ">", "a", report(A_RAS, calls.offer(calls.A_MEDIA)))
    ras_line(s, m, "<", "gk", report(("192.0.2.5", 10001), ()))


@routes.scenario("A lightweight registration's confirm need not name the gatekeeper's call signalling address again.", TWO)
def lightweight(s, m):
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    where = ("192.0.2.5", 10001)
    ras_line(s, m, ">", "a", ras.rrq(5, A_RAS, address(A_SAYS), ep=EPG, keep=True))
    ras_line(s, m, "<", "gk", ras.rrq(5, where, where, ep=EPG, keep=True))
    ras_line(s, m, ">", "gk to 192.0.2.5:10001", ras.rcf(5, None, EPG, ttl=60))
    ras_line(s, m, "<", "a", ras.rcf(5, None, EPG, ttl=60))
    s.do("accept g").do("connect at").sends("at", m.setup(A_SAYS, OURS, digits="300"), "Setup")
    s.gets("g", m.setup(OURS_G, G, digits="300"), "Setup")
