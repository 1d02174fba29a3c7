"""The scenarios call-*: signalling, fast start, H.245 in all its ways."""
from messages import (CAPABILITIES, CAPABILITIES_ACK, DIGIT, END_SESSION, GUID, H2250, MASTER_SLAVE,
                      MASTER_SLAVE_ACK, ROUND_TRIP, at, open_ack, open_channel, open_request)

A, A_SAYS, G = "198.51.100.11:40000", "10.1.0.2:1720", "192.0.2.20:1720"
OURS_A, OURS_G = "198.51.100.5:1720", "192.0.2.5:50000"  # as a sees us, as g sees us
MEDIA_A, MEDIA_G = ("198.51.100.5:20000", "198.51.100.5:20001"), ("192.0.2.5:30000", "192.0.2.5:30001")
A_MEDIA, G_MEDIA = ("10.1.0.2:6000", "10.1.0.2:6001"), ("192.0.2.20:7000", "192.0.2.20:7001")
MADE = {}


def scenario(about, include="common/calls.inc"):
    def wrap(function):
        MADE["call-" + function.__name__.replace("_", "-")] = (about, include, function)
        return function
    return wrap


def offer(media):
    """Fast start proposals: the way there, which names RTCP alone, and the way back."""
    return [open_channel(1, 1, control=media[1]), open_channel(2, 1, media=media[0], control=media[1], back=True)]


def accept(media, echo):
    return [open_channel(1, 1, media=media[0], control=media[1]),
            open_channel(2, 1, media=echo, control=media[1], back=True)]


def setup(s, m, **more):
    """From a, as g must see it."""
    fast = more.pop("fast", None)
    s.sends("a", m.setup(A_SAYS, OURS_A, fast=fast(A_MEDIA) if fast else (), **more), "Setup")
    s.gets("g", m.setup(OURS_G, G, fast=fast(MEDIA_G) if fast else (), **more), "Setup")


def passes(s, frm, to, octets, note):
    s.sends(frm, octets, note)
    s.gets(to, octets, note)


def talk(s, port=6100):
    s.do(f"rtp a:{port} -> 20000 seq 1 ssrc 10", "got rtp g:7000 from 30000 seq 1 ssrc 10",
         "rtp g:7000 -> 30000 seq 1 ssrc 20", f"got rtp a:{port} from 20000 seq 1 ssrc 20",
         f"rtcp a:{port + 1} -> 20001 ssrc 10", "got rtcp g:7001 from 30001 ssrc 10")


def hang_up(s, m, frm="a", to="g"):
    passes(s, frm, to, m.release(back=frm == "g", cause=16), "ReleaseComplete")


def fast_call(s, m, **more):
    setup(s, m, fast=offer, **more)
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0]), **more), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0]), **more), "Connect")


@scenario("H.323 8.1.7: fast start with tunnelling. The source of our connection stands in the Setup, the media that the\n"
          "called side names becomes ours, and what it repeats of ours becomes the caller's again.")
def fast(s, m):
    setup(s, m, fast=offer)
    passes(s, "g", "a", m.answer("callProceeding"), "CallProceeding")
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0])), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0])), "Connect")
    talk(s)
    hang_up(s, m)
    s.do("cdr", '"from":"100"', '"to":"200"', '"cause":"normal"', ".")


def control_hosts(s):
    """The ends of the H.245 connections: that of a, which connects, and that of g, which listens."""
    s.do("host ah access 198.51.100.11:40001", "host gh core 192.0.2.20:41500", "accept gh")


def separate(s, m):
    """A call whose H.245 has a connection of its own, which a opened."""
    control_hosts(s)
    setup(s, m, tunnelling=False)
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000", "connected gh")


def both_ways(s, frm, to, message, note):
    for one, other in ((frm, to), (to, frm)):
        s.sends(one, message, note)
        s.gets(other, message, note)


def exchange(s, m, frm="ah", to="gh"):
    for message, note in ((CAPABILITIES, "TerminalCapabilitySet"), (MASTER_SLAVE, "MasterSlaveDetermination"),
                          (CAPABILITIES_ACK, "Ack"), (MASTER_SLAVE_ACK, "Ack")):
        both_ways(s, frm, to, m.h245(message), note)


def open_both(s, m, wrap, a, g, session=1, data=None, number=101):
    """Channels of both sides, by the connections of a and g."""
    more = {"data": data} if data else {}
    s.sends(a, wrap(open_request(number, session, control=A_MEDIA[1], **more)), "OpenLogicalChannel")
    s.gets(g, wrap(open_request(number, session, control=MEDIA_G[1], **more)), "OpenLogicalChannel")
    s.sends(g, wrap(open_request(number, session, control=G_MEDIA[1], **more), back=True), "OpenLogicalChannel")
    s.gets(a, wrap(open_request(number, session, control=MEDIA_A[1], **more), back=True), "OpenLogicalChannel")
    s.sends(g, wrap(open_ack(number, session, *G_MEDIA), back=True), "OpenLogicalChannelAck")
    s.gets(a, wrap(open_ack(number, session, *MEDIA_A), back=True), "OpenLogicalChannelAck")
    s.sends(a, wrap(open_ack(number, session, *A_MEDIA)), "OpenLogicalChannelAck")
    s.gets(g, wrap(open_ack(number, session, *MEDIA_G)), "OpenLogicalChannelAck")


def by_connection(m):
    return lambda *messages, back=False: m.h245(*messages)


def by_tunnel(m):
    return lambda *messages, back=False: m.tunnelled(*messages, back=back)


@scenario("H.323 8.2: H.245 on a connection of its own: the caller connects to us, we connect to the called side.")
def separate_h245(s, m):
    separate(s, m)
    exchange(s, m)
    open_both(s, m, by_connection(m), "ah", "gh")
    talk(s)
    passes(s, "ah", "gh", m.h245(ROUND_TRIP), "RoundTripDelayRequest")
    passes(s, "gh", "ah", m.h245(DIGIT), "UserInput")
    both_ways(s, "ah", "gh", m.h245(END_SESSION), "EndSession")
    hang_up(s, m, "g", "a")
    s.do("closed ah", "closed gh")


@scenario("H.245 messages that come before the other side's connection stands wait for it; two in one TPKT are two.")
def separate_early(s, m):
    s.do("host ah access 198.51.100.11:40001", "host gh core 192.0.2.20:41500")
    setup(s, m, tunnelling=False)
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("accept gh", "connect ah to 198.51.100.5:41000")
    passes(s, "ah", "gh", m.h245(CAPABILITIES, MASTER_SLAVE), "TerminalCapabilitySet, MasterSlaveDetermination")
    s.sends("ah", m.h245(ROUND_TRIP, open_request(101, 1, control=A_MEDIA[1])), "RoundTripDelayRequest, OpenLogicalChannel")
    s.gets("gh", m.h245(ROUND_TRIP, open_request(101, 1, control=MEDIA_G[1])), "RoundTripDelayRequest, OpenLogicalChannel")


@scenario("The same H.245 address in several messages is one address of ours.")
def separate_repeated(s, m):
    setup(s, m, tunnelling=False)
    for name in ("callProceeding", "alerting", "progress", "connect"):
        s.sends("g", m.answer(name, h245="192.0.2.20:41500", tunnelling=False), name)
        s.gets("a", m.answer(name, h245="198.51.100.5:41000", tunnelling=False), name)


@scenario("H.323 8.2.1: H.245 tunnelled in call signalling.")
def tunnelled(s, m):
    setup(s, m)
    passes(s, "g", "a", m.answer("alerting", control=(CAPABILITIES, MASTER_SLAVE)), "Alerting with H.245")
    passes(s, "a", "g", m.tunnelled(CAPABILITIES_ACK, MASTER_SLAVE_ACK, back=False), "Facility with H.245")
    passes(s, "g", "a", m.answer("connect"), "Connect")
    open_both(s, m, by_tunnel(m), "a", "g")
    talk(s)
    passes(s, "a", "g", m.release(back=False, control=(END_SESSION,)), "ReleaseComplete with EndSession")


@scenario("Several tunnelled messages at once: the addresses of each change.")
def tunnelled_several(s, m):
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    s.sends("a", m.tunnelled(CAPABILITIES, open_request(101, 1, control=A_MEDIA[1]), back=False), "OLC and more")
    s.gets("g", m.tunnelled(CAPABILITIES, open_request(101, 1, control=MEDIA_G[1]), back=False), "OLC and more")
    s.sends("g", m.tunnelled(open_ack(101, 1, *G_MEDIA), open_request(7, 1, control=G_MEDIA[1])), "Ack and OLC")
    s.gets("a", m.tunnelled(open_ack(101, 1, *MEDIA_A), open_request(7, 1, control=MEDIA_A[1])), "Ack and OLC")


@scenario("H.323 8.2.4: H.245 in the Setup beside fast start.")
def parallel(s, m):
    setup(s, m, fast=offer, parallel=(CAPABILITIES, MASTER_SLAVE))
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0]), control=(CAPABILITIES, CAPABILITIES_ACK)), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0]), control=(CAPABILITIES, CAPABILITIES_ACK)), "Connect")
    talk(s)


@scenario("H.245 tunnelled in the Setup, with a logical channel at once.")
def setup_tunnelled(s, m):
    s.sends("a", m.setup(A_SAYS, OURS_A, control=(CAPABILITIES, open_request(101, 1, control=A_MEDIA[1]))), "Setup")
    s.gets("g", m.setup(OURS_G, G, control=(CAPABILITIES, open_request(101, 1, control=MEDIA_G[1]))), "Setup")


@scenario("A caller who is what it says it is gives its H.245 address in the Setup: the called side connects to us, and\n"
          "we connect to the caller.")
def setup_h245(s, m):
    s.do("host ah access 198.51.100.11:41600", "accept ah", "host gh core 192.0.2.20:50100")
    s.sends("a", m.setup(A, OURS_A, h245="198.51.100.11:41600", tunnelling=False), "Setup")
    s.gets("g", m.setup(OURS_G, G, h245="192.0.2.5:42000", tunnelling=False), "Setup")
    s.do("connect gh to 192.0.2.5:42000", "connected ah")
    exchange(s, m, "gh", "ah")


@scenario("h323plus with fast start and without tunnelling: the Connect has an H.245 address, yet the caller sends a\n"
          "Facility with its own, the called side connects, and no H.245 message follows.")
def start_h245(s, m):
    s.do("host ah access 198.51.100.11:41600", "accept ah", "host gh core 192.0.2.20:50100")
    s.sends("a", m.setup(A, OURS_A, fast=offer(A_MEDIA), tunnelling=False), "Setup")
    s.gets("g", m.setup(OURS_G, G, fast=offer(MEDIA_G), tunnelling=False), "Setup")
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0]), h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0]), h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.sends("a", m.facility("startH245", h245="198.51.100.11:41600", back=False, tunnelling=False), "Facility startH245")
    s.gets("g", m.facility("startH245", h245="192.0.2.5:42000", back=False, tunnelling=False), "Facility startH245")
    s.do("connect gh to 192.0.2.5:42000", "connected ah")
    talk(s)
    hang_up(s, m)
    s.do("closed ah", "closed gh")


@scenario("The called side starts H.245 by a Facility.")
def start_h245_called(s, m):
    control_hosts(s)
    fast_call(s, m, tunnelling=False)
    s.sends("g", m.facility("startH245", h245="192.0.2.20:41500", tunnelling=False), "Facility startH245")
    s.gets("a", m.facility("startH245", h245="198.51.100.5:41000", tunnelling=False), "Facility startH245")
    s.do("connect ah to 198.51.100.5:41000", "connected gh")
    exchange(s, m)


@scenario("Fast start is refused: H.245 opens the channels, with the same ports.")
def fast_refused(s, m):
    setup(s, m, fast=offer)
    passes(s, "g", "a", m.answer("alerting", refused=True), "Alerting with fastConnectRefused")
    passes(s, "g", "a", m.answer("connect"), "Connect")
    open_both(s, m, by_tunnel(m), "a", "g")
    talk(s)


@scenario("A Connect without fastStart refuses it as well; H.245 has its own connection then.")
def fast_ignored(s, m):
    control_hosts(s)
    setup(s, m, fast=offer, tunnelling=False)
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000")
    open_both(s, m, by_connection(m), "ah", "gh")
    talk(s)


def early(name):
    def run(s, m):
        setup(s, m, fast=offer)
        s.sends("g", m.answer(name, fast=accept(G_MEDIA, MEDIA_G[0])), name)
        s.gets("a", m.answer(name, fast=accept(MEDIA_A, A_MEDIA[0])), name)
        talk(s)
        passes(s, "g", "a", m.answer("connect"), "Connect")
        s.do("rtp a:6100 -> 20000 seq 2 ssrc 10", "got rtp g:7000 from 30000 seq 2 ssrc 10")
    return run


for NAME in ("callProceeding", "alerting", "progress"):
    MADE["call-fast-" + NAME.lower()] = (f"Fast start is accepted in the {NAME}, so there is media before the Connect.",
                                         "common/calls.inc", early(NAME))


@scenario("Fast start is accepted in a Facility.")
def fast_facility(s, m):
    setup(s, m, fast=offer)
    s.sends("g", m.facility(extra={"fastStart": m.channels(*accept(G_MEDIA, MEDIA_G[0]))}), "Facility")
    s.gets("a", m.facility(extra={"fastStart": m.channels(*accept(MEDIA_A, A_MEDIA[0]))}), "Facility")
    talk(s)


@scenario("Fast start with several codecs, as ooh323c offers them: one stream, however many proposals.")
def fast_choice(s, m):
    def many(media):
        return offer(media) + [open_channel(3, 1, control=media[1], data=("audioData", ("g711Ulaw64k", 20))),
                               open_channel(4, 1, *media, data=("audioData", ("g711Ulaw64k", 20)), back=True)]
    setup(s, m, fast=many)
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0])), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0])), "Connect")
    talk(s)


@scenario("A Setup by overlapping addresses: what is neither the caller's nor ours passes; and elements that we do not\n"
          "know, before and behind the User-user one, pass octet by octet.")
def elements(s, m):
    around = {"before": bytes.fromhex("04038893a5" "280b5465737420706572736f6e" "6c0700833130303939"),
              "after": bytes.fromhex("96" "1b03010203" "7d00")}
    setup(s, m, **around)
    s.sends("g", m.answer("alerting", before=bytes.fromhex("1e028088"), after=bytes.fromhex("a1")), "Alerting")
    s.gets("a", m.answer("alerting", before=bytes.fromhex("1e028088"), after=bytes.fromhex("a1")), "Alerting")


@scenario("TPKTs are cut at any octet.")
def split(s, m):
    octets = m.setup(A_SAYS, OURS_A)
    for first, last in ((0, 1), (1, 3), (3, 5), (5, 70), (70, len(octets) - 1)):
        s.sends("a", octets[first:last], "a piece").do("nothing g")
    s.sends("a", octets[-1:] + m.tunnelled(ROUND_TRIP, back=False)[:6], "the last octet, and the next message's first")
    s.gets("g", m.setup(OURS_G, G), "Setup")
    s.sends("a", m.tunnelled(ROUND_TRIP, back=False)[6:], "its rest")
    s.gets("g", m.tunnelled(ROUND_TRIP, back=False), "Facility")


@scenario("Messages that only the ends understand.")
def others(s, m):
    ids = {"protocolIdentifier": H2250, "callIdentifier": {"guid": GUID}}
    setup(s, m)
    passes(s, "g", "a", m.signalling("setupAcknowledge", ids), "SetupAcknowledge")
    passes(s, "a", "g", m.signalling("information", ids, back=False), "Information")
    passes(s, "g", "a", m.signalling("notify", ids), "Notify")
    passes(s, "a", "g", m.signalling("statusInquiry", ids, back=False), "StatusInquiry")
    passes(s, "g", "a", m.signalling("status", ids), "Status")
    h450 = m.signalling("empty", None)
    passes(s, "g", "a", h450, "an empty Facility")



@scenario("What the fields of a Setup become: aliases that are addresses, and the party numbers stay.")
def aliases(s, m):
    def extra(own, called):
        return {"sourceAddress": [("dialedDigits", "100"), ("transportID", at(own))],
                "destinationAddress": [("dialedDigits", "200"), ("transportID", at(called))]}
    s.sends("a", m.setup(A_SAYS, OURS_A, extra=extra(A_SAYS, OURS_A)), "Setup")
    s.gets("g", m.setup(OURS_G, G, extra=extra("192.0.2.5:1720", G)), "Setup")


@scenario("The called side rejects the call.")
def rejected(s, m):
    setup(s, m)
    passes(s, "g", "a", m.release("destinationRejection", cause=17), "ReleaseComplete")
    s.do("closed a", "closed g", "cdr", '"cause":"rejected"', ".")


@scenario("The caller hangs up before the answer.")
def cancelled(s, m):
    setup(s, m, fast=offer)
    passes(s, "g", "a", m.answer("alerting"), "Alerting")
    hang_up(s, m)
    s.do("cdr", '"cause":"cancelled"', ".")


@scenario("Nobody takes our connection: the caller is told that the destination is unreachable.", "common/unanswered.inc")
def unreachable(s, m):
    s.sends("a", m.setup(A_SAYS, OURS_A), "Setup")
    s.gets("a", m.release("unreachableDestination", cause=3, back=True, tunnelling=False), "ReleaseComplete")
    s.do("cdr", '"cause":"failed"', ".")


@scenario("A realm from which nothing leads anywhere.", "common/calls.inc")
def no_route(s, m):
    s.do("host x core 192.0.2.40:33000", "connect x")
    s.sends("x", m.setup("192.0.2.40:33000", "192.0.2.5:1720"), "Setup")
    s.gets("x", m.release("unreachableDestination", cause=3, tunnelling=False), "ReleaseComplete")
    s.do("counter h323_calls_refused 1")


@scenario("More calls than there may be: the next is refused, those that are there go on.", "common/many.inc")
def limit(s, m):
    s.do("host b access 198.51.100.12:40000", "host c access 198.51.100.13:40000", "connect b", "connect c")
    s.sends("a", m.setup(A_SAYS, OURS_A), "Setup").sends("b", m.setup(A_SAYS, OURS_A), "Setup").do("flush g")
    s.sends("c", m.setup(A_SAYS, OURS_A), "Setup")
    s.gets("c", m.release("gatewayResources", cause=42, tunnelling=False), "ReleaseComplete")
    s.do("counter h323_full 1")


@scenario("No media port is left: the call is refused, and the other goes on.", "common/prefixes.inc")
def no_ports(s, m):
    s.do("host b access 198.51.100.12:40000", "connect b")
    setup(s, m, fast=offer)
    s.sends("b", m.setup(A_SAYS, OURS_A, fast=offer(A_MEDIA), digits="300"), "Setup")
    s.gets("b", m.release("gatewayResources", cause=42, tunnelling=False, back=True), "ReleaseComplete")
    s.do("closed g2")
    passes(s, "g", "a", m.answer("connect"), "Connect")


@scenario("Octets that are no TPKT close the connection; a TPKT that is no Q.931 is counted; a message of a call that is\n"
          "not known is answered.")
def malformed(s, m):
    s.do("host x access 198.51.100.12:40000", "connect x")
    s.sends("x", b"GET / HTTP/1.0\r\n\r\n", "no TPKT").do("closed x")
    s.sends("a", m.tpkt(b""), "an empty TPKT, which keeps a pinhole open").do("nothing a")
    s.sends("a", m.tpkt(b"\x08\x02\x12"), "too short").do("counter h323_malformed 1", "nothing a")
    s.sends("a", m.tpkt(b"\x08\x02\x12\x34\x05\x04\x7fx"), "an element that reaches outside").do("counter h323_malformed 2")
    s.sends("a", m.tunnelled(ROUND_TRIP, back=False), "Facility of no call")
    s.gets("a", m.release("invalidCID", cause=3, tunnelling=False, guid=bytes(16)), "ReleaseComplete")
    s.sends("a", m.release(back=False), "ReleaseComplete of no call").do("nothing a", "counter h323_stray 2")


@scenario("A Setup whose user information does not decode is refused.")
def setup_undecodable(s, m):
    s.sends("a", m.tpkt(bytes.fromhex("0802123405" "7e0004" "05ffffff")), "Setup")
    s.gets("a", m.release("badFormatAddress", cause=28, tunnelling=False, guid=bytes(16)), "ReleaseComplete")
    s.sends("a", m.tpkt(bytes.fromhex("0802123505" "04038893a5")), "Setup without any")
    s.gets("a", m.release("badFormatAddress", cause=28, tunnelling=False, guid=bytes(16), call=0x1235), "ReleaseComplete")


@scenario("User information that does not decode is dropped, which is the default.")
def undecodable(s, m):
    setup(s, m)
    s.sends("g", m.tpkt(bytes.fromhex("0802923401" "7e0004" "05ffffff")), "Alerting").do("nothing a")
    s.do("counter h323_undecodable 1")
    passes(s, "g", "a", m.answer("connect"), "Connect")


@scenario("Messages without user information pass.")
def plain_q931(s, m):
    setup(s, m)
    passes(s, "g", "a", m.tpkt(bytes.fromhex("0802923401" "1e028088")), "Alerting")
    passes(s, "a", "g", m.tpkt(bytes.fromhex("0802123475")), "StatusInquiry")
    passes(s, "g", "a", m.tpkt(bytes.fromhex("080292345a" "08028090")), "ReleaseComplete")
    s.do("cdr", '"cause":"rejected"', ".")


@scenario("The connection of a caller dies before the answer: the call is over at once.")
def dies_early(s, m):
    setup(s, m)
    s.do("hangup a")
    s.gets("g", m.release(cause=16, reason="undefinedReason", tunnelling=False, back=False), "ReleaseComplete")
    s.do("cdr", '"cause":"cancelled"', ".")


@scenario("The connection dies after the answer: media goes on for a while (<timers dead/>), then the call ends.")
def dies(s, m):
    fast_call(s, m)
    talk(s)
    s.do("hangup g", "advance 9s", "rtp a:6100 -> 20000 seq 2 ssrc 10", "got rtp g:7000 from 30000 seq 2 ssrc 10",
         "nothing a", "advance 2s")
    s.gets("a", m.release(cause=16, reason="undefinedReason", tunnelling=False), "ReleaseComplete")
    s.do("cdr", '"cause":"signalling-timeout"', ".")


@scenario("Several calls by one connection: each has its own connection onwards.", "common/prefixes.inc")
def several(s, m):
    other = bytes(range(0x80, 0x90))
    setup(s, m)
    s.sends("a", m.setup(A_SAYS, OURS_A, call=0x77, guid=other, digits="300"), "second Setup")
    s.gets("g2", m.setup("192.0.2.5:50001", "192.0.2.30:1720", call=0x77, guid=other, digits="300"), "second Setup")
    passes(s, "a", "g", m.facility(back=False), "Facility of the first")
    passes(s, "a", "g2", m.facility(back=False, call=0x77, guid=other), "Facility of the second")
    passes(s, "a", "g", m.release(back=False), "ReleaseComplete of the first")
    s.do("connected a")
    passes(s, "a", "g2", m.release(back=False, call=0x77, guid=other), "ReleaseComplete of the second")
    s.do("closed a")


@scenario("A side that says nothing after a Setup: the call times out.")
def silent(s, m):
    setup(s, m)
    s.do("advance 181s")
    s.gets("a", m.release("undefinedReason", cause=16, tunnelling=False, back=True), "ReleaseComplete")
    s.gets("g", m.release("undefinedReason", cause=16, tunnelling=False, back=False), "ReleaseComplete")


@scenario("Media addresses come late: what follows waits in order.")
def late(s, m):
    s.do("provider late 2s")
    s.sends("a", m.setup(A_SAYS, OURS_A, fast=offer(A_MEDIA)), "Setup")
    s.sends("a", m.tunnelled(ROUND_TRIP, back=False), "Facility").do("nothing g", "advance 2s")
    s.gets("g", m.setup(OURS_G, G, fast=offer(MEDIA_G)) + m.tunnelled(ROUND_TRIP, back=False), "Setup, Facility")


@scenario("Media addresses never come: the call is refused in H.323's words.")
def never(s, m):
    s.do("provider never")
    s.sends("a", m.setup(A_SAYS, OURS_A, fast=offer(A_MEDIA)), "Setup").do("nothing g", "advance 60s")
    s.gets("a", m.release("unreachableDestination", cause=3, tunnelling=False, back=True), "ReleaseComplete")
    s.do("closed g", "closed a")


@scenario("A caller gives up while its Setup waits for media addresses: the wait is over.")
def late_cancelled(s, m):
    s.do("provider never")
    s.sends("a", m.setup(A_SAYS, OURS_A, fast=offer(A_MEDIA)), "Setup")
    s.sends("a", m.release(back=False), "ReleaseComplete").do("nothing g", "closed a", "closed g", "cdr",
                                                                '"cause":"cancelled"', ".")



@scenario("From IPv6 to IPv4: addresses change their family, in call signalling, fast start and H.245.", "common/ipv6.inc")
def ipv6(s, m):
    says, ours, media = "[2001:db8::11]:1720", "[2001:db8::5]:1720", ("[2001:db8::11]:6000", "[2001:db8::11]:6001")
    shown = ("[2001:db8::5]:20000", "[2001:db8::5]:20001")
    s.do("host ah access [2001:db8::11]:40001", "host gh core 192.0.2.20:41500", "accept gh")
    s.sends("a", m.setup(says, ours, fast=offer(media)), "Setup").gets("g", m.setup(OURS_G, G, fast=offer(MEDIA_G)), "Setup")
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0]), h245="192.0.2.20:41500"), "Connect")
    s.gets("a", m.answer("connect", fast=accept(shown, media[0]), h245="[2001:db8::5]:41000"), "Connect")
    s.do("connect ah to [2001:db8::5]:41000", "connected gh")
    s.sends("gh", m.h245(open_request(5, 1, control=G_MEDIA[1])), "OLC").gets("ah", m.h245(open_request(5, 1, control=shown[1])), "OLC")
    s.sends("ah", m.h245(open_ack(5, 1, *media)), "Ack").gets("gh", m.h245(open_ack(5, 1, *MEDIA_G)), "Ack")
    talk(s, 6000)


@scenario("undecodable=\"forward\": what does not decode goes on as it is.", "common/forward.inc")
def undecodable_forward(s, m):
    setup(s, m)
    passes(s, "g", "a", m.tpkt(bytes.fromhex("0802923401" "7e0004" "05ffffff")), "Alerting")


@scenario("An octet behind the message, which we would not write: the addresses are patched in, and the octet stays.")
def patched(s, m):
    def longer(octets):
        """One octet more of user information; the lengths of TPKT and element follow."""
        uu = octets.index(b"\x7e", 9)
        size = int.from_bytes(octets[uu + 1:uu + 3], "big") + 1
        return octets[:2] + (len(octets) + 1).to_bytes(2, "big") + octets[4:uu + 1] + size.to_bytes(2, "big") + octets[uu + 3:] + b"\xff"
    s.sends("a", longer(m.setup(A_SAYS, OURS_A, fast=offer(A_MEDIA))), "Setup")
    s.gets("g", longer(m.setup(OURS_G, G, fast=offer(MEDIA_G))), "Setup").do("counter h323_patched 1")
