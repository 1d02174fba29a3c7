"""The scenarios call-* about H.245 connections whose ends cannot be reached."""
from calls import (A_MEDIA, A_SAYS, G, G_MEDIA, MEDIA_A, MEDIA_G, OURS_A, OURS_G, accept, by_connection, control_hosts,
                   exchange, fast_call, hang_up, offer, open_both, passes, scenario, setup, talk)
from messages import CAPABILITIES


def behind_nat_hosts(s):
    """The ends of H.245 connections when both sides connect to us."""
    s.do("host ah access 198.51.100.11:40001", "host gh core 192.0.2.20:50100")


def setup_h245_nat(s, m, **more):
    behind_nat_hosts(s)
    s.sends("a", m.setup(A_SAYS, OURS_A, h245="10.1.0.2:41600", tunnelling=False, **more), "Setup")
    s.gets("g", m.setup(OURS_G, G, h245="192.0.2.5:42000", tunnelling=False, **more), "Setup")


@scenario("Nobody can connect to the H.245 address of a caller behind a NAT. The called side connects to ours, and its next\n"
          "answer tells the caller to come to us as well.")
def setup_h245_behind_nat(s, m):
    setup_h245_nat(s, m)
    passes(s, "g", "a", m.answer("callProceeding", tunnelling=False), "CallProceeding")
    s.do("connect gh to 192.0.2.5:42000").sends("gh", m.h245(CAPABILITIES), "TerminalCapabilitySet, before ah is there")
    s.sends("g", m.answer("alerting", tunnelling=False), "Alerting")
    s.gets("a", m.answer("alerting", h245="198.51.100.5:41000", tunnelling=False), "Alerting")
    s.do("connect ah to 198.51.100.5:41000").gets("ah", m.h245(CAPABILITIES), "TerminalCapabilitySet")
    passes(s, "g", "a", m.answer("connect", tunnelling=False), "Connect")
    s.do("nothing a")
    exchange(s, m)
    open_both(s, m, by_connection(m), "ah", "gh")
    talk(s)
    hang_up(s, m)
    s.do("closed ah", "closed gh", "counter h323_h245_connections 2")


@scenario("A caller that listens and does not heed the address in an answer hears of it again by a Facility.")
def setup_h245_unheeded(s, m):
    setup_h245_nat(s, m)
    s.do("connect gh to 192.0.2.5:42000").sends("g", m.answer("connect", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False) +
           m.facility("startH245", h245="198.51.100.5:41000", tunnelling=False), "Connect, Facility startH245")
    s.do("connect ah to 198.51.100.5:41000")
    exchange(s, m)


@scenario("The called side connects when it has answered already: a Facility tells the caller.")
def setup_h245_late(s, m):
    setup_h245_nat(s, m)
    passes(s, "g", "a", m.answer("connect", tunnelling=False), "Connect")
    s.do("nothing a", "connect gh to 192.0.2.5:42000")
    s.gets("a", m.facility("startH245", h245="198.51.100.5:41000", tunnelling=False), "Facility startH245")
    s.do("connect ah to 198.51.100.5:41000")
    exchange(s, m)


@scenario("The called side does not go to the caller's H.245 but shows its own, as it may: the caller goes there.")
def setup_h245_other_way(s, m):
    setup_h245_nat(s, m)
    s.do("host gl core 192.0.2.20:41500", "accept gl")
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000", "connected gl")
    exchange(s, m, "ah", "gl")


@scenario("It does both: the first connection that stands is the one.")
def setup_h245_both(s, m):
    setup_h245_nat(s, m)
    s.do("host gl core 192.0.2.20:41500", "accept gl")
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect gh to 192.0.2.5:42000", "connect ah to 198.51.100.5:41000")
    exchange(s, m)
    s.do("nothing gl", "counter h323_h245_connections 2")


@scenario("As call-start-h245 from behind a NAT: the called side connects to us, then the caller is told to come to us too.")
def start_h245_behind_nat(s, m):
    behind_nat_hosts(s)
    fast_call(s, m, tunnelling=False)
    s.sends("a", m.facility("startH245", h245="10.1.0.2:41600", back=False, tunnelling=False), "Facility startH245")
    s.gets("g", m.facility("startH245", h245="192.0.2.5:42000", back=False, tunnelling=False), "Facility startH245")
    s.do("nothing a", "connect gh to 192.0.2.5:42000")
    s.gets("a", m.facility("startH245", h245="198.51.100.5:41000", tunnelling=False), "Facility startH245")
    s.do("connect ah to 198.51.100.5:41000")
    exchange(s, m)
    talk(s)


@scenario("It was told of the called side's H.245 before, but did not come: it is told again, and the called side need not know.")
def start_h245_again(s, m):
    control_hosts(s)
    setup(s, m, fast=offer, tunnelling=False)
    s.sends("g", m.answer("connect", fast=accept(G_MEDIA, MEDIA_G[0]), h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", fast=accept(MEDIA_A, A_MEDIA[0]), h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.sends("a", m.facility("startH245", h245="10.1.0.2:41600", back=False, tunnelling=False), "Facility startH245")
    s.do("nothing g").gets("a", m.facility("startH245", h245="198.51.100.5:41000", tunnelling=False), "Facility startH245")
    s.do("connect ah to 198.51.100.5:41000", "connected gh")
    exchange(s, m)


@scenario("H.245 that nobody is there for does not end the call, however much it is.")
def separate_alone(s, m):
    s.do("host ah access 198.51.100.11:40001")
    setup(s, m, tunnelling=False)
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000", "flush g")
    for _ in range(70):
        s.sends("ah", m.h245(CAPABILITIES), "TerminalCapabilitySet")
    passes(s, "g", "a", m.facility(), "Facility")


@scenario("The called side's H.245 address takes no connection: it is told ours.")
def separate_unreachable(s, m):
    s.do("host ah access 198.51.100.11:40001", "host gh core 192.0.2.20:50100")
    setup(s, m, tunnelling=False)
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000").sends("ah", m.h245(CAPABILITIES), "TerminalCapabilitySet, before gh is there")
    s.gets("g", m.facility("startH245", h245="192.0.2.5:42000", back=False, tunnelling=False), "Facility startH245")
    s.do("connect gh to 192.0.2.5:42000").gets("gh", m.h245(CAPABILITIES), "TerminalCapabilitySet")
    exchange(s, m)


@scenario("Nobody comes to that either: the caller's connection ends, and the call goes on.")
def separate_nobody(s, m):
    s.do("host ah access 198.51.100.11:40001")
    setup(s, m, tunnelling=False)
    s.sends("g", m.answer("connect", h245="192.0.2.20:41500", tunnelling=False), "Connect")
    s.gets("a", m.answer("connect", h245="198.51.100.5:41000", tunnelling=False), "Connect")
    s.do("connect ah to 198.51.100.5:41000")
    s.gets("g", m.facility("startH245", h245="192.0.2.5:42000", back=False, tunnelling=False), "Facility startH245")
    s.do("advance 179s", "connected ah", "advance 2s", "closed ah", "connected a")
