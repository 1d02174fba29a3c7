"""H.248 with erlang-megaco at both ends: gateways with real media, a controller, and what is asked of both."""

import os
import re
import shutil
import socket

from . import pcap
from .checks import is_gateway
from .flow import Skip
from .media import Leg
from .network import GW_CORE, GW_WAN, SSW
from .postern import CORE_MEDIA, Postern

PEER = os.path.join(os.path.dirname(__file__), "..", "peers", "h248_peer.escript")
PORT = 2944
ALIASES = (10000, 10099)
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("lan2", "eth0"),
          ("nat1", "wan0"), ("nat2", "wan0"))
CODINGS, TRANSPORTS, VERSIONS = ("pretty", "compact", "binary"), ("udp", "tcp"), (1, 2, 3)
HEARD = 40  # packets: 0.8 s
MODULE = """  <module name="h248">
    <listen realm="access" transport="udp" port="2944"/>
    <listen realm="access" transport="tcp" port="2944"/>
    <route from="access" to="core"><mgc address="{mgc}:2944"/></route>
    <keepalive every="{keepalive}" lost-after="{lost_after}"/>
  </module>
"""


def postern(lab, keepalive="2s", lost_after=5, access_more="", **options):
    """Postern with the module h248; each gateway gets a port of the core. OPTIONS are Postern's."""
    text = MODULE.format(mgc=SSW, keepalive=keepalive, lost_after=lost_after)
    return Postern(lab, module=("h248", text), access_more=access_more, **options,
                   core_more=f'aliases="{ALIASES[0]}-{ALIASES[1]}"').ready()


def needs_erlang():
    if not shutil.which("escript") or not os.path.isdir("/usr/lib/erlang/lib") or \
            not any(name.startswith("megaco-") for name in os.listdir("/usr/lib/erlang/lib")):
        raise Skip("erlang-megaco is not installed")


class Dialect:
    """How both ends speak."""

    def __init__(self, coding="compact", transport="udp", version=2):
        self.words = [coding, transport, str(version)]
        self.transport = transport

    def __str__(self):
        return "-".join(self.words)


class Peer:
    """One program on erlang-megaco: it takes commands through a pipe, its log has its events."""

    def __init__(self, lab, stage, host, role, address, dialect, mid="-", name=None, more=()):
        self.stage = stage
        pipe = lab.file(f"{name or role}.pipe")
        os.mkfifo(pipe)
        self._pipe = os.open(pipe, os.O_RDWR)
        argv = ["sh", "-c", 'exec escript "$@" < "$0"', pipe, PEER, role, address, str(PORT), mid,
                *dialect.words, *more]
        self.process = lab.spawn(host, argv, name=name or role, env={"HOME": lab.directory})

    def tell(self, *words):
        os.write(self._pipe, (" ".join(str(word) for word in words) + "\n").encode())

    def events(self, word):
        """The words behind WORD of each event."""
        return [line.split(" ")[1:] for line in self.process.text().splitlines() if line.split(" ")[0] == word]

    def wait(self, word, count=1, deadline_s=30):
        def there():
            assert self.process.alive(), f"{self.process.name}: {self.process.last_line()}"
            self.healthy()
            return len(self.events(word)) >= count
        self.stage.until(there, f"{self.process.name} to say {word!r} {count} times", deadline_s)
        return self.events(word)

    def healthy(self):
        for word in ("failed", "crash", "syntax", "error", "escript:"):
            assert not self.events(word), f"{self.process.name}: {word} {' '.join(self.events(word)[0])[:300]}"


class Mgc(Peer):
    """The controller on ssw."""

    def __init__(self, lab, stage, dialect, mid="-"):
        super().__init__(lab, stage, "ssw", "mgc", SSW, dialect, mid)
        self.wait("ready")

    def gateways(self, count):
        """The identifiers of COUNT gateways, in the order in which they registered."""
        return [words[0] for words in self.wait("gateway", count)]

    def call(self, one, other, streams=1):
        before = len(self.events("up"))
        self.tell("call", one, other, streams)
        self.wait("up", before + 1)

    def end(self):
        before = len(self.events("over"))
        self.tell("end")
        self.wait("over", before + 1)


class Gateway(Peer):
    """A gateway on HOST with media of the lab's own, each stream sent to where a Remote says. Its controller is
    at the address MGC. HOLES: it makes pinholes, and answers when they stand ("wait") or at once ("early")."""

    def __init__(self, lab, stage, host, name, mark, dialect, mid="-", streams=1, calls=1, mgc=GW_WAN,
                 holes=None, address=None):
        self.address = address or lab.net.address[host]
        super().__init__(lab, stage, host, "mg", self.address, dialect, mid, name, (mgc, str(PORT)))
        kinds = (8, 31) * calls if streams == 2 else (8,) * calls
        self.all_legs = [Leg(lab, stage, host, self.address, mark, kind) for kind in kinds]
        self.by_port = {leg.address[1]: leg for leg in self.all_legs}
        self.wait("ready")
        if holes:
            self.early, self.told = holes == "early", set()
            self.tell("firewalled")
            stage.every(0.01, self._punch)
        self.tell("ports", *(leg.address[1] for leg in self.all_legs))

    def _punch(self):
        """Make the pinholes that are wanted, and tell those that stand."""
        for name, in self.events("wanted"):
            leg = self.by_port[int(name)]
            if not leg.holes:
                leg.punch(self.early)
            if name not in self.told and leg.shown():
                (address, rtp), (_, rtcp) = leg.shown()
                self.tell("pinhole", name, address, rtp, rtcp)
                self.told.add(name)

    def registered(self):
        self.wait("answered")
        return self

    def legs(self):
        """The legs of the call that is up, aimed."""
        local = {(term, stream): int(port) for term, stream, port in self.events("local")}
        for term, stream, address, port, rtcp in self.events("remote"):
            leg = self.by_port[local[term, stream]]
            leg.remote, leg.remote_rtcp = (address, int(port)), (address, int(rtcp))
        return [leg for leg in self.all_legs if leg.remote]


def talk(stage, one, other, packets=HEARD):
    """All legs of both hear PACKETS more of the other, RTCP too."""
    pairs = list(zip(one.legs(), other.legs()))
    assert pairs, "no media were negotiated"
    for leg in [leg for pair in pairs for leg in pair]:
        leg.talk()
        leg.stage.every(0.5, leg.send_rtcp)
    goals = [(ear, mouth.sender.mark, ear.heard(mouth.sender.mark) + packets)
             for pair in pairs for ear, mouth in (pair, pair[::-1])]
    stage.until(lambda: all(ear.heard(mark) >= goal for ear, mark, goal in goals), "media both ways")
    stage.until(lambda: all(leg.received_rtcp for pair in pairs for leg in pair), "RTCP both ways")
    for leg in [leg for pair in pairs for leg in pair]:
        assert leg.sources() == {leg.remote}, f"media came from {leg.sources()}, {leg.remote} was advertised"
        assert not leg.heard(leg.sender.mark), "a gateway hears itself"
        leg.quiet()


# The judges

def _shows(payload, address):
    """Does PAYLOAD show ADDRESS, as text or as octets of an IP4Address?"""
    return re.search(rb"(?<![0-9.])" + re.escape(address.encode()) + rb"(?![0-9])", payload) or \
        b"\x80\x04" + socket.inet_aton(address) in payload


def _signalling(lab, host):
    return [p for p in lab.seen(host).packets() if p.protocol in (pcap.UDP, pcap.TCP) and is_gateway(p.src)
            and (PORT in (p.sport, p.dport) or ALIASES[0] <= p.sport <= ALIASES[1])]


def hidden(lab):
    """The controller saw nothing but core addresses, gateways nothing but the access address and their own."""
    outside = [GW_WAN, "198.51.100.11", "198.51.100.12"]
    inside = [lab.net.address[host] for host in ("lan1", "lan2")]
    for host, forbidden in (("ssw", outside + inside), ("lan1", [GW_CORE, SSW, *outside[1:], inside[1]]),
                            ("lan2", [GW_CORE, SSW, *outside[1:], inside[0]])):
        if (host, "eth0") not in lab.captures:
            continue
        packets = _signalling(lab, host)
        assert packets, f"{host} got no H.248"
        shows_none(packets, [address for address in forbidden if address != lab.net.address.get(host)])


def shows_none(packets, forbidden):
    """None of PACKETS shows one of the addresses FORBIDDEN."""
    for packet in packets:
        for address in forbidden:
            assert not _shows(packet.payload, address), \
                f"{packet.dst} was shown {address}: {packet.payload[:300]}"


def media_on_core(lab):
    return [p for p in lab.seen("gw", "core0").udp() if CORE_MEDIA[0] <= p.dport <= CORE_MEDIA[1]
            or CORE_MEDIA[0] <= p.sport <= CORE_MEDIA[1]]


def keepalives(lab, router):
    """For how many seconds packets have been leaving ROUTER for the gateway's H.248 port."""
    times = [p.time for p in lab.seen(router, "wan0").udp(dst=GW_WAN, dport=PORT)]
    return max(times) - min(times) if times else 0.0
