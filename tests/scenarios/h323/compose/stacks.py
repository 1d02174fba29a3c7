"""The scenarios stack-*: what real endpoints were seen to do, and what else they may do with calls and channels."""
from called import OURS_B, told
from calls import (A_MEDIA, A_SAYS, G, G_MEDIA, MEDIA_A, MEDIA_G, OURS_A, OURS_G, accept, by_tunnel, fast_call, hang_up,
                   offer, open_both, passes, separate, setup, talk)
from encode import Oid
from messages import (AUDIO, CAPABILITIES, DIGIT, MASTER_SLAVE, ROUND_TRIP, T38, T120, VIDEO, close_ack, close_channel,
                      media_at, open_ack, open_channel, open_reject, open_request, traversal_indication)
from ras_messages import id_, num, rrq
from routes import A_RAS, ALICE, C_RAS, C_SAYS, CAROL, GK_SIGNAL, proxied, proxied_admission
from traversal import OFFERED, SERVER, SUPPORTS, features, with_keepalive, with_support

PLAIN, PLAIN_MEDIA = "198.51.100.11:1720", ("198.51.100.11:6000", "198.51.100.11:6001")
MADE = {}


def scenario(about, include="common/calls.inc"):
    def wrap(function):
        MADE["stack-" + function.__name__.replace("_", "-")] = (about, include, function)
        return function
    return wrap


def plain_call(s, m, **more):
    """The caller is what it says it is."""
    s.sends("a", m.setup(PLAIN, OURS_A, fast=offer(PLAIN_MEDIA), **more), "Setup")
    s.gets("g", m.setup(OURS_G, G, fast=offer(MEDIA_G), **more), "Setup")
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0]), **more), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, PLAIN_MEDIA[0]), **more), "Connect")


@scenario("ooh323c, without a NAT, sends RTP from another port than the one where it takes it, and has no RTCP socket: media\n"
          "goes where it said, before its first packet and after, and nothing of the stranger who tries as well.")
def other_port(s, m):
    plain_call(s, m)
    s.do("rtp g:7000 -> 30000 seq 1 ssrc 20", "got rtp a:6000 from 20000 seq 1 ssrc 20",
         "rtp a:6200 -> 20000 seq 1 ssrc 10", "got rtp g:7000 from 30000 seq 1 ssrc 10",
         "rtp g:7000 -> 30000 seq 2 ssrc 20", "got rtp a:6000 from 20000 seq 2 ssrc 20",
         "host x access 198.51.100.66:6000", "rtp x:6000 -> 20000 seq 9 ssrc 66", "nothing media",
         "rtp a:6200 -> 20000 seq 2 ssrc 10", "got rtp g:7000 from 30000 seq 2 ssrc 10",
         "rtcp g:7001 -> 30001 ssrc 20", "got rtcp a:6001 from 20001 ssrc 20")


@scenario("ooh323c to h323plus with fast start: 240 ms of sound in a datagram.")
def large_datagrams(s, m):
    fast_call(s, m)
    s.do("rtp a:6100 -> 20000 seq 1 ssrc 10 octets 1928", "got rtp g:7000 from 30000 seq 1 ssrc 10 octets 1928",
         "rtp g:7000 -> 30000 seq 1 ssrc 20 octets 1928", "got rtp a:6100 from 20000 seq 1 ssrc 20 octets 1928")


@scenario("ooh323c with fast start and without tunnelling: the Connect has an H.245 address to which nobody ever comes. The\n"
          "call goes on without it.")
def no_h245(s, m):
    setup(s, m, fast=offer, tunnelling=False)
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0]), h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0]), h245="198.51.100.5:41000", tunnelling=False), "Connect")
    talk(s)
    s.do("advance 200s", "nothing a", "nothing g", "rtp a:6100 -> 20000 seq 2 ssrc 10",
         "got rtp g:7000 from 30000 seq 2 ssrc 10")
    hang_up(s, m)
    s.do("cdr", '"cause":"normal"', ".")


def register(s, m, host, ip, names):
    kind, body = rrq(1, (ip, 1719), (ip, 1720), names, ttl=60, f=(18,))
    text = m.encode("h225", "RasMessage", (kind, body)).hex()
    s.do("# RRQ", f"> {host} hex", text, ".", f"flush {host}")


A_SEES, B_SEES = ("198.51.100.5:20000", "198.51.100.5:20001"), ("198.51.100.5:20002", "198.51.100.5:20003")


def call_between_nats(s, m):
    """a calls b with fast start; both do H.460.18 and H.460.19, of which h323plus speaks in the Setup and its answers alone."""
    b_media = ("10.1.0.3:6000", "10.1.0.3:6001")
    register(s, m, "a", "10.1.0.2", [id_("alice"), num("100")])
    register(s, m, "b", "10.1.0.3", [id_("bob"), num("200")])
    s.sends("at", m.setup(A_SAYS, OURS_A, fast=map(with_support, offer(A_MEDIA)), extra={"supportedFeatures": SUPPORTS}),
            "Setup")
    told(s, m)
    s.do("connect bt to 198.51.100.5:1720").sends("bt", m.facility(), "Facility: for this call")
    s.gets("bt", m.setup(OURS_B, "10.1.0.3:1720", fast=[with_keepalive(o, B_SEES[0]) for o in offer(B_SEES)],
                         extra=OFFERED), "Setup")
    s.sends("bt", m.answer("connect", fast=map(with_support, accept(b_media, B_SEES[0])), features=features(*SUPPORTS)),
            "Connect")
    s.gets("at", m.answer("connect", fast=[with_keepalive(o, A_SEES[0]) for o in accept(A_SEES, A_MEDIA[0])],
                          features=features(*SERVER)), "Connect")


@scenario("h323plus on both sides, each behind a NAT: H.460.18 and H.460.19 with fast start. Both have us for their media\n"
          "server, and media passes.", "common/traversal.inc")
def traversal_both(s, m):
    call_between_nats(s, m)
    s.do("rtp a:6100 -> 20000 seq 1 ssrc 10", "nothing media",
         "rtp b:6300 -> 20002 seq 1 ssrc 20", "got rtp a:6100 from 20000 seq 1 ssrc 20",
         "rtp a:6100 -> 20000 seq 2 ssrc 10", "got rtp b:6300 from 20002 seq 2 ssrc 10")


@scenario("H.460.19: a terminal that sends no media is known by its keepalives, which are RTP without a payload.",
          "common/traversal.inc")
def traversal_silent(s, m):
    call_between_nats(s, m)
    s.do("rtp b:6300 -> 20002 seq 1 ssrc 20 pt 127 octets 0", "flush media",
         "rtp a:6100 -> 20000 seq 1 ssrc 10", "got rtp b:6300 from 20002 seq 1 ssrc 10")


@scenario("h323plus behind a NAT calls: it says in the Setup that it does H.460.19, opens the H.245 connection, and says by the\n"
          "indication of H.460.18 what it is for, which goes no further.", "common/traversal.inc")
def traversal_caller(s, m):
    register(s, m, "a", "10.1.0.2", [id_("alice"), num("100")])
    s.sends("at", m.setup(A_SAYS, OURS_A, digits="900", extra={"supportedFeatures": SUPPORTS}, tunnelling=False), "Setup")
    s.gets("g", m.setup(OURS_G, G, digits="900", tunnelling=False), "Setup")
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("at", m.answer("connect", h245="198.51.100.5:41000", features=features(*SERVER), tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000", "connected gh")
    s.sends("ah", m.h245(traversal_indication()), "H.460.18 indication").do("nothing gh")
    passes(s, "ah", "gh", m.h245(CAPABILITIES), "TerminalCapabilitySet")
    s.sends("ah", m.h245(("request", ("openLogicalChannel", with_support(open_channel(101, 1, control=A_MEDIA[1]))))), "OLC")
    s.gets("gh", m.h245(open_request(101, 1, control=MEDIA_G[1])), "OLC")
    s.sends("gh", m.h245(open_request(101, 1, control=G_MEDIA[1])), "OLC")
    ours = ("198.51.100.5:20002", "198.51.100.5:20003")
    s.gets("ah", m.h245(("request", ("openLogicalChannel", with_keepalive(open_channel(101, 1, control=ours[1]), ours[0])))), "OLC")
    s.sends("gh", m.h245(open_ack(101, 1, *G_MEDIA)), "OLC Ack").gets("ah", m.h245(open_ack(101, 1, *ours)), "OLC Ack")
    s.do("rtp a:6100 -> 20002 seq 1 ssrc 10", "got rtp g:7000 from 30000 seq 1 ssrc 10",
         "rtp g:7000 -> 30000 seq 1 ssrc 20", "got rtp a:6100 from 20002 seq 1 ssrc 20")


@scenario("The called side is a gatekeeper that is a media server itself: the keepalive address of its own does not reach the\n"
          "caller, who learns ours or, if it does not know H.460.19, nothing.")
def server_behind(s, m):
    s.sends("a", m.setup(A_SAYS, OURS_A), "Setup").gets("g", m.setup(OURS_G, G), "Setup")
    s.sends("g", m.answer("connect", features=features(*SERVER)), "Connect").gets("a", m.answer("connect"), "Connect")
    s.sends("g", m.tunnelled(("request", ("openLogicalChannel",
                                          with_keepalive(open_channel(9, 1, control=G_MEDIA[1]), G_MEDIA[0])))), "OLC")
    s.gets("a", m.tunnelled(open_request(9, 1, control=MEDIA_A[1])), "OLC")


@scenario("multipleCalls and maintainConnection: the caller's connection stays after its call, and takes the next one.",
          "common/prefixes.inc")
def maintained(s, m):
    keep = {"multipleCalls": True, "maintainConnection": True}
    other = bytes(range(0x80, 0x90))
    setup(s, m, extra=keep)
    passes(s, "a", "g", m.release(back=False), "ReleaseComplete")
    s.do("connected a", "closed g", "cdr", '"cause":"cancelled"', ".")
    s.sends("a", m.setup(A_SAYS, OURS_A, call=0x1235, guid=other, digits="300", extra=keep), "Setup of the next call")
    s.gets("g2", m.setup("192.0.2.5:50001", "192.0.2.30:1720", call=0x1235, guid=other, digits="300", extra=keep), "Setup")
    passes(s, "g2", "a", m.release(call=0x1235, guid=other), "ReleaseComplete")
    s.do("connected a", "hangup a")


@scenario("TPKTs are cut at every octet, and joined: what comes is what was sent.")
def every_split(s, m):
    setup(s, m)
    octets = m.tunnelled(ROUND_TRIP, back=False)
    for cut in range(1, len(octets)):
        s.sends("a", octets[:cut], f"{cut} octets").do("nothing g").sends("a", octets[cut:], "the rest")
        s.gets("g", octets, "Facility")
    three = octets + m.facility(back=False) + m.release(back=False)
    s.sends("a", three, "three at once").gets("g", three, "the same")


@scenario("Request mode: one side asks for T.38, the other agrees, closes sound and opens fax, which flows both ways.")
def request_mode(s, m):
    def fax(*media):
        return open_request(102, 3, *media, data=T38)
    wish = ("request", ("requestMode", {"sequenceNumber": 3, "requestedModes": [[{"type": ("dataMode", {
        "application": ("t38fax", {"t38FaxProtocol": ("udp", None), "t38FaxProfile": {
            "fillBitRemoval": False, "transcodingJBIG": False, "transcodingMMR": False}}), "bitRate": 144})}]]}))
    agreed = ("response", ("requestModeAck", {"sequenceNumber": 3, "response": ("willTransmitMostPreferredMode", None)}))
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    open_both(s, m, by_tunnel(m), "a", "g")
    talk(s)
    passes(s, "g", "a", m.tunnelled(wish), "RequestMode")
    passes(s, "a", "g", m.tunnelled(agreed, back=False), "RequestModeAck")
    passes(s, "a", "g", m.tunnelled(close_channel(101), back=False), "CLC of the caller")
    passes(s, "g", "a", m.tunnelled(close_ack(101), close_channel(101)), "CLC of the called side")
    passes(s, "a", "g", m.tunnelled(close_ack(101), back=False), "its Ack")
    s.do("advance 60s", "ctl show streams", '"streams":[]', ".")
    s.sends("a", m.tunnelled(fax(None, "10.1.0.2:6201"), back=False), "OLC T.38")
    s.gets("g", m.tunnelled(fax(None, MEDIA_G[1]), back=False), "OLC T.38")
    s.sends("g", m.tunnelled(open_ack(102, 3, "192.0.2.20:7200", "192.0.2.20:7201"), fax(None, "192.0.2.20:7201")), "Ack, OLC")
    s.gets("a", m.tunnelled(open_ack(102, 3, *MEDIA_A), fax(None, MEDIA_A[1])), "Ack, OLC")
    s.sends("a", m.tunnelled(open_ack(102, 3, "10.1.0.2:6200", "10.1.0.2:6201"), back=False), "Ack")
    s.gets("g", m.tunnelled(open_ack(102, 3, *MEDIA_G), back=False), "Ack")
    s.do("udp a:6205 -> 20000 text page", "got udp g:7200 from 30000 text page",
         "udp g:7200 -> 30000 text answer", "got udp a:6205 from 20000 text answer")


PRESENTATION = ("extendedVideoCapability", {"videoCapability": [VIDEO[1]], "videoCapabilityExtension": [
    {"capabilityIdentifier": ("standard", Oid((0, 0, 8, 239, 1, 2))),
     "nonCollapsing": [{"parameterIdentifier": ("standard", 1), "parameterValue": ("booleanArray", 1)}]}]})
H239 = {"messageIdentifier": ("standard", Oid((0, 0, 8, 239, 2)))}


def h239(kind, sub, **values):
    content = [{"parameterIdentifier": ("standard", n), "parameterValue": ("unsignedMin", v)}
               for n, v in ((44, 1), (42, values["channel"]))]
    return (kind[0], (kind[1], {**H239, "subMessageIdentifier": sub, "messageContent": content}))


@scenario("H.239: a second video for presentation, with its token; both flow.", "common/many.inc")
def presentation(s, m):
    video, more = ("10.1.0.2:6010", "10.1.0.2:6011"), ("10.1.0.2:6020", "10.1.0.2:6021")
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    s.sends("a", m.tunnelled(open_request(2, 2, control=video[1], data=VIDEO), back=False), "OLC video").do("flush g")
    s.sends("g", m.tunnelled(open_ack(2, 2, "192.0.2.20:7010", "192.0.2.20:7011")), "Ack").do("flush a")
    passes(s, "a", "g", m.tunnelled(h239(("request", "genericRequest"), 3, channel=3), back=False), "presentationTokenRequest")
    passes(s, "g", "a", m.tunnelled(h239(("response", "genericResponse"), 4, channel=3)), "presentationTokenResponse")
    s.sends("a", m.tunnelled(open_request(3, 32, control=more[1], data=("videoData", PRESENTATION)), back=False), "OLC")
    s.do("flush g").sends("g", m.tunnelled(open_ack(3, 32, "192.0.2.20:7020", "192.0.2.20:7021")), "Ack").do("flush a")
    passes(s, "a", "g", m.tunnelled(h239(("indication", "genericIndication"), 5, channel=3), back=False), "token released")
    s.do("ctl show streams", '"index":1,"media":"video","hold":false,"a":{"realm":"access","local":"198.51.100.5:{a1}"', ".",
         "ctl show streams", '"local":"192.0.2.5:{g1}","declared":"192.0.2.20:7020","remote":"192.0.2.20:7020"', ".",
         "rtp a:6022 -> {a1} seq 1 ssrc 30", "got rtp g:7020 from {g1} seq 1 ssrc 30",
         "rtp g:7020 -> {g1} seq 1 ssrc 40", "got rtp a:6022 from {a1} seq 1 ssrc 40")


def multicast(ip, port):
    return ("multicastAddress", ("iPAddress", {"network": bytes(map(int, ip.split("."))), "tsapIdentifier": port}))


@scenario("A channel to a group: its addresses pass as they are. One to ourselves beside it is relayed.")
def group(s, m):
    def to_group(data):
        channel = open_channel(1, 1, data=data)
        parameters = channel["forwardLogicalChannelParameters"]["multiplexParameters"][1]
        parameters["mediaChannel"] = multicast("239.1.2.3", 6000)
        parameters["mediaControlChannel"] = multicast("239.1.2.3", 6001)
        return ("request", ("openLogicalChannel", channel))
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    passes(s, "g", "a", m.tunnelled(to_group(AUDIO)), "OLC to a group")
    s.sends("a", m.tunnelled(open_request(5, 1, control=A_MEDIA[1]), back=False), "OLC")
    s.gets("g", m.tunnelled(open_request(5, 1, control=MEDIA_G[1]), back=False), "OLC")
    s.sends("g", m.tunnelled(open_ack(5, 1, *G_MEDIA)), "OLC Ack").gets("a", m.tunnelled(open_ack(5, 1, *MEDIA_A)), "OLC Ack")
    s.do("rtp a:6100 -> 20000 seq 1 ssrc 10", "got rtp g:7000 from 30000 seq 1 ssrc 10")


@scenario("replacementFor: a channel with another codec takes the place of one of the same session; it has the same ports, and\n"
          "keeps them when the first one closes.")
def replacement(s, m):
    law = ("audioData", ("g711Ulaw64k", 20))

    def replacing(control):
        channel = open_channel(7, 1, control=control, data=law)
        channel["forwardLogicalChannelParameters"]["replacementFor"] = 101
        return ("request", ("openLogicalChannel", channel))
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    open_both(s, m, by_tunnel(m), "a", "g")
    talk(s)
    s.sends("a", m.tunnelled(replacing(A_MEDIA[1]), back=False), "OLC").gets("g", m.tunnelled(replacing(MEDIA_G[1]), back=False), "OLC")
    s.sends("g", m.tunnelled(open_ack(7, 1, *G_MEDIA)), "OLC Ack").gets("a", m.tunnelled(open_ack(7, 1, *MEDIA_A)), "OLC Ack")
    passes(s, "a", "g", m.tunnelled(close_channel(101), back=False), "CLC of the first")
    s.do("rtp a:6100 -> 20000 seq 2 ssrc 10", "got rtp g:7000 from 30000 seq 2 ssrc 10",
         "rtp g:7000 -> 30000 seq 2 ssrc 20", "got rtp a:6100 from 20000 seq 2 ssrc 20")


@scenario("A conference controller says where media goes (CommunicationModeCommand), and where it is (MCLocationIndication):\n"
          "its addresses become ours.")
def modes(s, m):
    def command(media):
        return ("command", ("communicationModeCommand", {"communicationModeTable": [{
            "sessionID": 1, "sessionDescription": "sound", "dataType": AUDIO, "mediaGuaranteedDelivery": False,
            "mediaControlGuaranteedDelivery": False, "mediaChannel": media_at(media[0]),
            "mediaControlChannel": media_at(media[1])}]}))

    def location(address):
        return ("indication", ("mcLocationIndication", {"signalAddress": media_at(address)}))
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    s.sends("a", m.tunnelled(open_request(1, 1, control=A_MEDIA[1]), back=False), "OLC").do("flush g")
    s.sends("g", m.tunnelled(command(G_MEDIA)), "CommunicationModeCommand")
    s.gets("a", m.tunnelled(command(MEDIA_A)), "CommunicationModeCommand")
    s.sends("g", m.tunnelled(location(G)), "MCLocationIndication").gets("a", m.tunnelled(location(OURS_A)), "MCLocationIndication")
    s.do("rtp a:6100 -> 20000 seq 1 ssrc 10", "got rtp g:7000 from 30000 seq 1 ssrc 10")


@scenario("A message body that no version of the standard that we know has: it passes as it is.")
def unknown_body(s, m):
    setup(s, m)
    body = bytes.fromhex("0802923462" "7e0006" "05" "0890" "02dead")
    passes(s, "g", "a", m.tpkt(body[:4] + bytes.fromhex("62") + body[5:]), "Facility with a body of the future")


@scenario("Elements of another codeset, before and behind the User-user one: what looks like it there is none.")
def codesets(s, m):
    around = {"before": bytes.fromhex("04038893a5" "9e7d020102"), "after": bytes.fromhex("96" "7e03010203" "04018a")}
    s.sends("a", m.setup(A_SAYS, OURS_A, fast=offer(A_MEDIA), **around), "Setup")
    s.gets("g", m.setup(OURS_G, G, fast=offer(MEDIA_G), **around), "Setup")


@scenario("H.245 on two legs: the gatekeeper routes call signalling alone, so that the H.245 connection comes from the far\n"
          "endpoint, which we do not know.")
def h245_from_elsewhere(s, m):
    s.do("host ah access 198.51.100.11:41600", "accept ah", "host far core 192.0.2.77:50100")
    s.sends("a", m.setup(PLAIN, OURS_A, h245="198.51.100.11:41600", tunnelling=False), "Setup")
    s.gets("g", m.setup(OURS_G, G, h245="192.0.2.5:42000", tunnelling=False), "Setup")
    s.do("connect far to 192.0.2.5:42000", "connected ah")
    passes(s, "far", "ah", m.h245(MASTER_SLAVE), "MasterSlaveDetermination")


@scenario("GnuGk routes call signalling alone, and both ends are terminals of ours: their H.245 goes from us to us, and so does\n"
          "their media.", "common/routed-proxy-self.inc")
def h245_to_ourselves(s, m):
    a_sees, c_sees = ("198.51.100.5:20002", "198.51.100.5:20003"), ("198.51.100.5:20000", "198.51.100.5:20001")
    c_media, ours, h245 = ("198.51.100.13:6000", "198.51.100.13:6001"), "198.51.100.5:1720", "192.0.2.5:42000"
    s.do("host ah access 198.51.100.11:45001", "host ch access 198.51.100.13:41500")
    proxied(s, m, "a", A_RAS, A_SAYS, 10001, ALICE)
    proxied(s, m, "c", C_RAS, C_SAYS, 10000, CAROL)
    proxied_admission(s, m, GK_SIGNAL, CAROL, 10001)
    s.do("accept g", "accept ct", "accept ch", "connect at", "connect gt to 192.0.2.5:10000")
    s.sends("at", m.setup(A_SAYS, ours, digits="300", tunnelling=False), "Setup")
    s.gets("g", m.setup("192.0.2.5:50000", G, digits="300", tunnelling=False), "Setup")
    s.sends("gt", m.setup(G, "192.0.2.5:10000", digits="300", tunnelling=False), "Setup")
    s.gets("ct", m.setup("198.51.100.5:50001", C_SAYS, digits="300", tunnelling=False), "Setup")
    s.sends("ct", m.answer("connect", h245="198.51.100.13:41500", tunnelling=False), "Connect")
    s.gets("gt", m.answer("connect", h245=h245, tunnelling=False), "Connect")
    s.sends("g", m.answer("connect", h245=h245, tunnelling=False), "Connect")
    s.gets("at", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000", "connected ch")
    for one, other in (("ah", "ch"), ("ch", "ah")):
        passes(s, one, other, m.h245(CAPABILITIES), "TerminalCapabilitySet")
    for one, other, mine, shown in (("ah", "ch", A_MEDIA, c_sees), ("ch", "ah", c_media, a_sees)):
        s.sends(one, m.h245(open_request(101, 1, control=mine[1])), "OLC")
        s.gets(other, m.h245(open_request(101, 1, control=shown[1])), "OLC")
    for one, other, mine, shown in (("ah", "ch", A_MEDIA, c_sees), ("ch", "ah", c_media, a_sees)):
        s.sends(one, m.h245(open_ack(101, 1, *mine)), "OLC Ack").gets(other, m.h245(open_ack(101, 1, *shown)), "OLC Ack")
    s.do("rtp a:6100 -> 20002 seq 1 ssrc 10", "got rtp c:6000 from 20000 seq 1 ssrc 10",
         "rtp c:6000 -> 20000 seq 1 ssrc 20", "got rtp a:6100 from 20002 seq 1 ssrc 20")


def data(application):
    return ("data", {"application": application, "maxBitRate": 640})


@scenario("A data channel over UDP that is no RTP, for it names no RTCP: whatever it carries passes.")
def any_data(s, m):
    files = data(("nonStandard", {"nonStandardIdentifier": ("h221NonStandard", {
        "t35CountryCode": 181, "t35Extension": 0, "manufacturerCode": 1}), "data": b"files"}))
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    passes(s, "a", "g", m.tunnelled(open_request(1, 4, data=files), back=False), "OLC")
    passes(s, "g", "a", m.tunnelled(open_request(9, 4, data=files)), "OLC")
    s.sends("g", m.tunnelled(open_ack(1, 4, "192.0.2.20:9000")), "OLC Ack")
    s.gets("a", m.tunnelled(open_ack(1, 4, MEDIA_A[0])), "OLC Ack")
    s.sends("a", m.tunnelled(open_ack(9, 4, A_MEDIA[0]), back=False), "OLC Ack")
    s.gets("g", m.tunnelled(open_ack(9, 4, MEDIA_G[0]), back=False), "OLC Ack")
    s.do("udp a:6300 -> 20000 text hello", "got udp g:9000 from 30000 text hello",
         "udp g:9000 -> 30000 text again", "got udp a:6300 from 20000 text again")


@scenario("Far end camera control (H.224) names RTCP, so it is RTP: what is none teaches nothing.")
def camera(s, m):
    camera_data = data(("h224", ("hdlcFrameTunnelling", None)))
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    open_both(s, m, by_tunnel(m), "a", "g", session=4, data=camera_data)
    s.do("udp a:6300 -> 20000 text hello", "rtp g:7000 -> 30000 seq 1 ssrc 20", "nothing media",
         "rtp a:6100 -> 20000 seq 1 ssrc 10", "got rtp g:7000 from 30000 seq 1 ssrc 10")


STACK = ("request", ("openLogicalChannel", {**open_channel(103, 3, data=T120), "separateStack": {
    "networkAddress": ("localAreaAddress", media_at("10.1.0.2:1503")), "associateConference": False}}))


@scenario("A Facility that opens a channel in vain, since no port is left, and says something else: that goes on, the channel is\n"
          "rejected. If there was nothing else but the channel, nothing goes on.")
def mixed_tunnel(s, m):
    video = open_request(102, 2, control="10.1.0.2:6101", data=VIDEO)
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    open_both(s, m, by_tunnel(m), "a", "g")
    s.sends("a", m.tunnelled(ROUND_TRIP, video, DIGIT, back=False), "RoundTripDelayRequest, OLC video, UserInput")
    s.gets("g", m.tunnelled(ROUND_TRIP, DIGIT, back=False), "the others")
    s.gets("a", m.tunnelled(open_reject(102, "insufficientBandwidth")), "OLC Reject")
    s.sends("g", m.tunnelled(video), "OLC video").gets("g", m.tunnelled(open_reject(102, "insufficientBandwidth"), back=False),
                                                       "OLC Reject").do("nothing a")
    talk(s)
    hang_up(s, m)


@scenario("The same in a Connect: it goes on without the channel.")
def mixed_connect(s, m):
    setup(s, m)
    s.sends("g", m.answer("connect", control=(CAPABILITIES, STACK, MASTER_SLAVE)), "Connect with an OLC of T.120 in it")
    s.gets("a", m.answer("connect", control=(CAPABILITIES, MASTER_SLAVE)), "Connect")
    s.gets("g", m.tunnelled(open_reject(103, "separateStackEstablishmentFailed"), back=False), "OLC Reject")
    open_both(s, m, by_tunnel(m), "a", "g")
    talk(s)


@scenario("The same in one TPKT of an H.245 connection: sound opens, T.120 is rejected.")
def mixed_connection(s, m):
    separate(s, m)
    s.sends("ah", m.h245(STACK, open_request(101, 1, control=A_MEDIA[1])), "OLC T.120, OLC sound")
    s.gets("gh", m.h245(open_request(101, 1, control=MEDIA_G[1])), "OLC sound")
    s.gets("ah", m.h245(open_reject(103, "separateStackEstablishmentFailed")), "OLC Reject")
    s.sends("gh", m.h245(open_ack(101, 1, *G_MEDIA)), "OLC Ack").gets("ah", m.h245(open_ack(101, 1, *MEDIA_A)), "OLC Ack")
    s.do("rtp a:6100 -> 20000 seq 1 ssrc 10", "got rtp g:7000 from 30000 seq 1 ssrc 10")


@scenario("More channels in vain at once than there is room to remember: the call is refused rather than half served.")
def mixed_too_many(s, m):
    setup(s, m)
    passes(s, "g", "a", m.answer("connect"), "Connect")
    stacks = [("request", ("openLogicalChannel", {**STACK[1][1], "forwardLogicalChannelNumber": n})) for n in range(200, 217)]
    s.sends("a", m.tunnelled(*stacks, back=False), "17 OLCs of T.120")
    s.gets("a", m.release("gatewayResources", cause=42, tunnelling=False, back=True), "ReleaseComplete")
    s.gets("g", m.release("gatewayResources", cause=42, tunnelling=False, back=False), "ReleaseComplete")
