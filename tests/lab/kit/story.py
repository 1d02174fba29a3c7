"""The order in which the messages of a flow crossed, told from the captures of all its places."""

from . import nat, sip, stun


class Step:
    """WHAT crosses PLACE (host, device): the first packet that passes TEST."""

    def __init__(self, what, place, test):
        self.what, self.place, self.test = what, place, test

    def first(self, lab, since):
        return next((p for p in lab.seen(*self.place).packets() if p.time >= since and self.test(p)), None)


def in_order(lab, steps, since=0.0):
    """The first packet of each of STEPS after the time SINCE comes later than that of the step before; return
    the packets."""
    found, last = [], None
    for step in steps:
        packet = step.first(lab, since)
        assert packet, f"there was no {step.what}" + (f" (after {last.what})" if last else "")
        assert not found or packet.time >= found[-1].time, \
            f"{step.what} came {found[-1].time - packet.time:.4f} s before {last.what}"
        found.append(packet)
        last = step
    return found


def between(source, target):
    """Does a packet go from the address SOURCE to the address TARGET? None: any."""
    return lambda p: p.protocol == 17 and source in (None, p.src) and target in (None, p.dst)


def sip_step(what, place, source, target, method=None, status=None, sdp=None):
    """A SIP request METHOD, or a response STATUS to METHOD, from SOURCE to TARGET, with or without SDP."""
    goes = between(source, target)

    def test(p):
        if not goes(p) or not sip.is_sip(p.payload):
            return False
        m = sip.Message(p.payload)
        if (m.status if m.is_response else None) != status or method and m.method != method:
            return False
        return sdp is None or bool(m.sdp()) == sdp
    return Step(what, place, test)


def stun_step(what, place, source, target, message_class, method=stun.BINDING):
    """A STUN message of this class and method."""
    goes = between(source, target)

    def test(p):
        if not goes(p) or not stun.is_stun(p.payload):
            return False
        m = stun.Message(p.payload)
        return m.message_class == message_class and m.method == method
    return Step(what, place, test)


def cmph_steps(agent, place, outside, gateway):
    """AGENT's CMPH and its ACK, seen at PLACE where it has the address OUTSIDE."""
    return [stun_step(f"{agent} → GW CMPH", place, outside, gateway, stun.REQUEST),
            stun_step(f"GW → {agent} CMPH ACK", place, gateway, outside, stun.SUCCESS)]


def is_media(packet, outside, gateway):
    """Neither signalling nor STUN, between the gateway's pinhole port and OUTSIDE."""
    return packet.protocol == 17 and {packet.src, packet.dst} == {outside, gateway} and \
        nat.PINHOLE_PORT in (packet.sport, packet.dport) and not stun.is_stun(packet.payload)
