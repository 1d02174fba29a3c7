"""The scenarios call-* about logical channels."""
from calls import (A_MEDIA, A_SAYS, G, G_MEDIA, MEDIA_A, MEDIA_G, OURS_A, OURS_G, accept, by_connection, offer,
                   open_both, passes, scenario, separate, setup, talk)
from messages import (T120, T38, VIDEO, close_ack, close_channel, media_at, open_ack, open_channel, open_reject,
                      open_request)


@scenario("A channel is refused: its stream is none; then another one of the session is opened.", "common/many.inc")
def channel_rejected(s, m):
    setup(s, m)
    s.sends("a", m.tunnelled(open_request(1, 1, control=A_MEDIA[1]), back=False), "OLC").do("flush g", "ctl show streams",
                                                                                            '"index":0', ".")
    passes(s, "g", "a", m.tunnelled(open_reject(1)), "OLC Reject")
    s.do("ctl show streams", '"streams":[]', ".")
    s.sends("a", m.tunnelled(open_request(2, 1, control=A_MEDIA[1]), back=False), "OLC").do("flush g", "ctl show streams",
                                                                                            '"index":0', ".")


@scenario("A channel closes: the stream stays as long as the other way is open.", "common/many.inc")
def channel_closed(s, m):
    setup(s, m)
    s.sends("a", m.tunnelled(open_request(1, 1, control=A_MEDIA[1]), back=False), "OLC")
    s.sends("g", m.tunnelled(open_request(5, 1, control=G_MEDIA[1])), "OLC").do("flush g", "flush a")
    passes(s, "a", "g", m.tunnelled(close_channel(1), back=False), "CLC")
    passes(s, "g", "a", m.tunnelled(close_ack(1)), "CLC Ack")
    s.do("ctl show streams", '"media":"audio"', ".")
    passes(s, "g", "a", m.tunnelled(close_channel(5)), "CLC")
    s.do("ctl show streams", '"streams":[]', ".")
    passes(s, "a", "g", m.tunnelled(close_channel(77), back=False), "CLC of no channel")


@scenario("Mode change: audio closes, T.38 opens as a session of its own; UDPTL is no RTP.", "common/many.inc")
def fax(s, m):
    setup(s, m)
    s.sends("a", m.tunnelled(open_request(1, 1, control=A_MEDIA[1]), back=False), "OLC audio").do("flush g")
    passes(s, "a", "g", m.tunnelled(close_channel(1), back=False), "CLC")
    s.sends("a", m.tunnelled(open_request(2, 3, control="10.1.0.2:6201", data=T38), back=False), "OLC T.38").do("flush g")
    s.sends("g", m.tunnelled(open_ack(2, 3, "192.0.2.20:7200", "192.0.2.20:7201")), "OLC Ack").do("flush a")
    s.do("ctl show streams", '"media":"image","hold":false,"a":{"realm":"access"', '"local":"192.0.2.5:{fax}"', ".",
         "udp g:7200 -> {fax} text hello", "counter media_foreign 0")


@scenario("A slave opens a session without a number; the master gives it one in the Ack, and its own channel joins.",
          "common/many.inc")
def session_zero(s, m):
    setup(s, m)
    s.sends("a", m.tunnelled(open_request(1, 0, control=A_MEDIA[1], data=VIDEO), back=False), "OLC").do("flush g")
    s.sends("g", m.tunnelled(open_ack(1, 33, *G_MEDIA)), "OLC Ack").do("flush a")
    s.sends("g", m.tunnelled(open_request(9, 33, control=G_MEDIA[1], data=VIDEO)), "OLC").do("flush a", "ctl show streams",
                                                                                         '"index":0', ".")
    s.do("ctl show streams", '"declared":"192.0.2.20:7000","remote":"192.0.2.20:7000"', ".")


@scenario("A bidirectional channel: the reverse parameters' addresses become ours as well.")
def bidirectional(s, m):
    setup(s, m)
    s.sends("a", m.tunnelled(open_request(1, 5, *A_MEDIA, data=T38, both=True), back=False), "OLC")
    s.gets("g", m.tunnelled(open_request(1, 5, *MEDIA_G, data=T38, both=True), back=False), "OLC")
    s.sends("g", m.tunnelled(open_ack(1, 5, *G_MEDIA, reverse=12)), "OLC Ack")
    s.gets("a", m.tunnelled(open_ack(1, 5, *MEDIA_A, reverse=12)), "OLC Ack")


@scenario("More channels than <limits channels/> allows: the next is rejected, and the call goes on.", "common/many.inc")
def too_many_channels(s, m):
    setup(s, m)
    for number in range(1, 9):
        s.sends("a", m.tunnelled(open_request(number, number, control=A_MEDIA[1]), back=False), "OLC").do("flush g")
    s.sends("a", m.tunnelled(open_request(9, 9, control=A_MEDIA[1]), back=False), "OLC")
    s.gets("a", m.tunnelled(open_reject(9, "insufficientBandwidth")), "OLC Reject").do("nothing g")
    passes(s, "g", "a", m.answer("connect"), "Connect")


@scenario("No port is left for a second stream: its channel is rejected, the first goes on.")
def no_port_for_channel(s, m):
    separate(s, m)
    open_both(s, m, by_connection(m), "ah", "gh")
    s.sends("ah", m.h245(open_request(102, 2, control="10.1.0.2:6101", data=VIDEO)), "OLC video")
    s.gets("ah", m.h245(open_reject(102, "insufficientBandwidth")), "OLC Reject").do("nothing gh")
    talk(s)


@scenario("A data channel over TCP (T.120) is not relayed: it is rejected, with or without an address, which does not go on.")
def separate_stack(s, m):
    separate(s, m)
    stack = {"separateStack": {"networkAddress": ("localAreaAddress", media_at("10.1.0.2:1503")), "associateConference": False}}
    for number, more in ((103, stack), (104, {})):
        s.sends("ah", m.h245(("request", ("openLogicalChannel", {**open_channel(number, 3, data=T120), **more}))), "OLC T.120")
        s.gets("ah", m.h245(open_reject(number, "separateStackEstablishmentFailed")), "OLC Reject").do("nothing gh")


@scenario("Fast start with T.120 and T.38 over TCP: these proposals go no further, the others do.")
def separate_stack_fast(s, m):
    tcp = ("data", {**T38[1], "application": ("t38fax", {**T38[1]["application"][1], "t38FaxProtocol": ("tcp", None)})})
    s.sends("a", m.setup(A_SAYS, OURS_A, fast=[open_channel(7, 3, data=T120), *offer(A_MEDIA), open_channel(
        8, 3, media=A_MEDIA[0], data=tcp, back=True)]), "Setup")
    s.gets("g", m.setup(OURS_G, G, fast=offer(MEDIA_G)), "Setup")
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0])), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0])), "Connect")
    talk(s)
