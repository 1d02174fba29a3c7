"""The scenarios call-*: signalling, fast start, H.245 in all its ways."""
from messages import (CAPABILITIES, CAPABILITIES_ACK, DIGIT, END_SESSION, MASTER_SLAVE, MASTER_SLAVE_ACK, ROUND_TRIP,
                      T38, VIDEO, close_ack, close_channel, open_ack, open_channel, open_reject, open_request,
                      traversal_indication)
from script import Script

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
