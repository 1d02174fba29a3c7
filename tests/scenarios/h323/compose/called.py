"""The scenarios called-*: calls to terminals that registered, behind a NAT by H.460.18 or not."""
from calls import accept, offer
from messages import CAPABILITIES, END_SESSION, MASTER_SLAVE, open_ack, open_channel, open_request, traversal_indication
from ras_messages import id_, num, rrq
from traversal import OFFERED, SUPPORTS, features, with_keepalive, with_support

X, OURS_X, OURS_B, B_SAYS = "192.0.2.40:33000", "192.0.2.5:1720", "198.51.100.5:1720", "10.1.0.3:1720"
MEDIA_X, MEDIA_B = ("192.0.2.5:30000", "192.0.2.5:30001"), ("198.51.100.5:20000", "198.51.100.5:20001")
X_MEDIA, B_MEDIA = ("192.0.2.40:8000", "192.0.2.40:8001"), ("10.1.0.3:6000", "10.1.0.3:6001")
SEQ = 51966
MADE = {}


def scenario(about):
    def wrap(function):
        MADE["called-" + function.__name__.replace("_", "-")] = (about, "common/zone.inc", function)
        return function
    return wrap


def ras(s, m, sign, kind, body):
    text = m.encode("h225", "RasMessage", (kind, body)).hex()
    hole = "{seq}" if sign == ">" else "{seq:2}"
    s.do("# " + kind, f"{sign} b hex", text.replace(f"{SEQ - 1:04x}", hole), ".")


def register(s, m, features=(18,), signal=("10.1.0.3", 1720), rasat=("10.1.0.3", 1719)):
    kind, body = rrq(1, rasat, signal, [id_("bob"), num("200")], ttl=60, f=features)
    ras(s, m, ">", kind, body)
    s.do("flush b")


def told(s, m):
    """b is told of the call and answers."""
    raw = bytes((0,)) + bytes((198, 51, 100, 5)) + (1720).to_bytes(2, "big") + bytes((0,)) + bytes(range(0x40, 0x50))
    ras(s, m, "<", "serviceControlIndication", {
        "requestSeqNum": SEQ, "serviceControl": [{"sessionId": 0, "reason": ("open", None)}],
        "genericData": [{"id": ("standard", 18), "parameters": [{"id": ("standard", 1), "content": ("raw", raw)}]}]})
    ras(s, m, ">", "serviceControlResponse", {"requestSeqNum": SEQ, "result": ("started", None)})


def reached(s, m, **more):
    register(s, m)
    fast = more.pop("fast", None)
    s.sends("x", m.setup(X, OURS_X, fast=fast(X_MEDIA) if fast else (), **more), "Setup")
    told(s, m)
    s.do("connect bt to 198.51.100.5:1720").sends("bt", m.facility(), "Facility: for this call")
    s.gets("bt", m.setup(OURS_B, B_SAYS, fast=[with_keepalive(o, MEDIA_B[0]) for o in fast(MEDIA_B)] if fast else (),
                         extra=OFFERED, **more), "Setup")


def talk(s):
    s.do("rtp x:8000 -> 30000 seq 1 ssrc 20", "nothing media",
         "rtp b:6100 -> 20000 seq 1 ssrc 10", "got rtp x:8000 from 30000 seq 1 ssrc 10",
         "rtp x:8000 -> 30000 seq 2 ssrc 20", "got rtp b:6100 from 20000 seq 2 ssrc 20")


@scenario("H.460.18: a terminal behind a NAT is told of a call by RAS, opens a connection for it, and gets the Setup there.")
def traversal(s, m):
    reached(s, m, fast=offer)
    s.sends("bt", m.answer("connect", fast=accept(B_MEDIA, MEDIA_B[0])), "Connect")
    s.gets("x", m.answer("connect", fast=accept(MEDIA_X, X_MEDIA[0])), "Connect")
    talk(s)
    s.sends("x", m.release(back=False), "ReleaseComplete").gets("bt", m.release(back=False), "ReleaseComplete")
    s.do("closed bt", "cdr", '"cause":"normal"', ".")


@scenario("H.460.18: nobody can connect to its H.245 address, so it is asked to open that connection too; the indication by\n"
          "which it says for which call is for us alone.")
def traversal_h245(s, m):
    reached(s, m, tunnelling=False)
    s.sends("bt", m.answer("connect", h245="10.1.0.3:41500", tunnelling=False), "Connect")
    s.gets("x", m.answer("connect", h245="192.0.2.5:42000", tunnelling=False), "Connect")
    s.do("connect xh to 192.0.2.5:42000")
    s.gets("bt", m.facility("startH245", h245="198.51.100.5:41000", back=False, tunnelling=False), "Facility startH245")
    s.sends("xh", m.h245(CAPABILITIES), "TerminalCapabilitySet, before bh is there")
    s.do("connect bh to 198.51.100.5:41000")
    s.gets("bh", m.h245(CAPABILITIES), "TerminalCapabilitySet")
    s.sends("bh", m.h245(traversal_indication()), "H.460.18 indication").do("nothing xh")
    s.sends("bh", m.h245(MASTER_SLAVE), "MasterSlaveDetermination").gets("xh", m.h245(MASTER_SLAVE), "the same")
    s.sends("xh", m.h245(open_request(101, 1, control=X_MEDIA[1])), "OLC")
    s.gets("bh", m.h245(("request", ("openLogicalChannel", with_keepalive(open_channel(101, 1, control=MEDIA_B[1]), MEDIA_B[0])))),
           "OLC")
    s.sends("bh", m.h245(open_request(101, 1, control=B_MEDIA[1])), "OLC")
    s.gets("xh", m.h245(open_request(101, 1, control=MEDIA_X[1])), "OLC")
    s.sends("xh", m.h245(open_ack(101, 1, *X_MEDIA)), "OLC Ack").gets("bh", m.h245(open_ack(101, 1, *MEDIA_B)), "OLC Ack")
    s.sends("bh", m.h245(open_ack(101, 1, *B_MEDIA)), "OLC Ack").gets("xh", m.h245(open_ack(101, 1, *MEDIA_X)), "OLC Ack")
    talk(s)
    s.sends("xh", m.h245(END_SESSION), "EndSession").gets("bh", m.h245(END_SESSION), "EndSession")


@scenario("H.460.18: the terminal says that it cannot: the caller is told.")
def traversal_refused(s, m):
    register(s, m)
    s.sends("x", m.setup(X, OURS_X), "Setup").do("flush b", "advance 20s", "flush b", "advance 20s", "flush b")
    s.gets("x", m.release("unreachableDestination", cause=3, tunnelling=False), "ReleaseComplete")
    s.do("cdr", '"cause":"failed"', ".")


@scenario("The caller gives up before the terminal came: nothing is left of the call, and its connection is for nothing.")
def traversal_cancelled(s, m):
    register(s, m)
    s.sends("x", m.setup(X, OURS_X), "Setup")
    told(s, m)
    s.sends("x", m.release(back=False), "ReleaseComplete").do("cdr", '"cause":"cancelled"', ".")
    s.do("connect bt to 198.51.100.5:1720").sends("bt", m.facility(), "Facility: for this call")
    s.gets("bt", m.release("invalidCID", cause=3, tunnelling=False, back=False, guid=bytes(16)), "ReleaseComplete")


@scenario("Somebody else cannot take the call.")
def traversal_stranger(s, m):
    register(s, m)
    s.sends("x", m.setup(X, OURS_X), "Setup")
    told(s, m)
    s.do("host y access 198.51.100.66:51000", "connect y to 198.51.100.5:1720")
    s.sends("y", m.facility(), "Facility: for this call")
    s.gets("y", m.release("invalidCID", cause=3, tunnelling=False, back=False, guid=bytes(16)), "ReleaseComplete")
    s.do("connect bt to 198.51.100.5:1720").sends("bt", m.facility(), "Facility: for this call")
    s.gets("bt", m.setup(OURS_B, B_SAYS, extra=OFFERED), "Setup")


@scenario("A terminal that is what it says it is takes a TCP connection.")
def plain(s, m):
    register(s, m, features=(), signal=("198.51.100.12", 1720), rasat=("198.51.100.12", 50000))
    s.do("host bs access 198.51.100.12:1720", "accept bs")
    s.sends("x", m.setup(X, OURS_X), "Setup").gets("bs", m.setup("198.51.100.5:50000", "198.51.100.12:1720"), "Setup")


@scenario("Its H.245 address is not its own, so that nobody can be sent there: it is told to come to us.")
def plain_h245_elsewhere(s, m):
    register(s, m, features=(), signal=("198.51.100.12", 1720), rasat=("198.51.100.12", 50000))
    s.do("host bs access 198.51.100.12:1720", "accept bs", "host bl access 10.1.0.3:41500", "accept bl")
    s.sends("x", m.setup(X, OURS_X, tunnelling=False), "Setup")
    s.gets("bs", m.setup("198.51.100.5:50000", "198.51.100.12:1720", tunnelling=False), "Setup")
    s.sends("bs", m.answer("connect", h245="10.1.0.3:41500", tunnelling=False), "Connect")
    s.gets("x", m.answer("connect", h245="192.0.2.5:42000", tunnelling=False), "Connect")
    s.do("connect xh to 192.0.2.5:42000")
    s.gets("bs", m.facility("startH245", h245="198.51.100.5:41000", back=False, tunnelling=False), "Facility startH245")
    s.do("connect bh to 198.51.100.5:41000").sends("bh", m.h245(CAPABILITIES), "TerminalCapabilitySet")
    s.gets("xh", m.h245(CAPABILITIES), "TerminalCapabilitySet")


@scenario("One behind a NAT that cannot H.460.18 is not to be reached.")
def behind_nat(s, m):
    register(s, m, features=())
    s.sends("x", m.setup(X, OURS_X), "Setup")
    s.gets("x", m.release("unreachableDestination", cause=3, tunnelling=False), "ReleaseComplete")


@scenario("Nobody has that number.")
def unknown(s, m):
    s.sends("x", m.setup(X, OURS_X, digits="999"), "Setup")
    s.gets("x", m.release("calledPartyNotRegistered", cause=20, tunnelling=False), "ReleaseComplete")


@scenario("H.460.19 between the terminal and us: it learns in each channel where to send keepalives, and that we are its\n"
          "server; the other side, which knows it too, hears nothing of it.")
def traversal_media(s, m):
    register(s, m, features=(18, 19))
    s.sends("x", m.setup(X, OURS_X, fast=map(with_support, offer(X_MEDIA)), extra={"supportedFeatures": SUPPORTS}), "Setup")
    told(s, m)
    s.do("connect bt to 198.51.100.5:1720").sends("bt", m.facility(), "Facility: for this call")
    s.gets("bt", m.setup(OURS_B, B_SAYS, fast=[with_keepalive(o, MEDIA_B[0]) for o in offer(MEDIA_B)],
                         extra=OFFERED), "Setup")
    s.sends("bt", m.answer("connect", fast=map(with_support, accept(B_MEDIA, MEDIA_B[0])), features=features(*SUPPORTS)),
            "Connect")
    s.gets("x", m.answer("connect", fast=accept(MEDIA_X, X_MEDIA[0])), "Connect")
    s.do("rtp x:8000 -> 30000 seq 1 ssrc 20", "nothing media", "rtp b:6100 -> 20000 seq 1 ssrc 10 pt 127",
         "got rtp x:8000 from 30000 seq 1 ssrc 10 pt 127", "rtp x:8000 -> 30000 seq 2 ssrc 20",
         "got rtp b:6100 from 20000 seq 2 ssrc 20")
