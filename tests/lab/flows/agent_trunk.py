"""The agents' trunks over time, and A-SAME for H.323: gateways that restart, NATs that forget, strangers at the port."""

import socket
import time

from kit import agent, h323, nat, pcap
from kit.duet import A_MARK, B_MARK
from kit.flow import flow
from kit.network import AG1, AG2, ATTACKER, GW_WAN, NAT1, NAT2
from kit.patience import wait_until

from .agent_h323 import CORE, L1, L2, N1, N2, gateway
from .agent_same import COMPONENTS

PLACES = (("gw", "wan0"), CORE, L1, L2, N1, N2)
TTL = "ttl=6"  # after so many seconds a terminal registers again, whatever became of the last time
LONG = 150     # packets: 3 s
STRANGERS = (b"", b"GET / HTTP/1.0\r\n\r\n", bytes.fromhex("8800000000000000"), bytes.fromhex("00010000" "2112a442") + bytes(12),
             bytes.fromhex("84004000" "00000001") + bytes(1000), bytes.fromhex("02e0ffff" "2112a442"))


def terminal(lab, number, name, *words):
    """NAME behind AG<NUMBER>."""
    host, address, mark = ("lan1", AG1, A_MARK) if number == 1 else ("lan2", AG2, B_MARK)
    return h323.Terminal(lab, host, name, *words, mark=mark, gatekeeper=f"{address}:1719")


def reachable(postern):
    """Wait until bob's socket is registered."""
    def there():
        rows = postern.control("show", "pinholes")["signalling"]
        return any(row["agent"] == "ag2" and row["state"] == "active" and row.get("subscribers") for row in rows)
    wait_until(there, "the socket for bob to be registered", 60, every_s=0.2)


def callee(lab, postern):
    bob = terminal(lab, 2, "bob", TTL)
    bob.wait("registered")
    reachable(postern)
    return bob


def call(lab, bob, name, packets=h323.HEARD):
    """One call of a new terminal NAME to bob, to its end."""
    calls = len(bob.events("over"))
    alice = terminal(lab, 1, name, "call=bob", f"packets={packets}")
    alice.finished()
    bob.wait("over", calls + 1)
    assert alice.media()[0]["heard"] >= h323.HEARD // 2, alice.media()


def trunks(daemon):
    return [row["state"] for row in daemon.control("show", "pinholes")["trunks"]].count("up")


def answered(lab, router, since):
    """The gateway said something through a trunk behind ROUTER."""
    return any(p.protocol == pcap.TCP and p.dst == router and p.time > since and p.payload[(p.payload[12] >> 4) * 4:]
               for p in lab.seen("gw", "wan0").packets())


@flow("trunk-restart", kinds=nat.KINDS, agents=True, strict="agents")
def restart(lab):
    """The gateway restarts: trunks are dialled again, terminals are reached again."""
    postern = gateway(lab, True)
    agents = agent.pair(lab, "h323", idle_min="2s", idle_max="4s")
    bob = callee(lab, postern)
    call(lab, bob, "alice")
    assert trunks(postern) == 2
    postern.stop()
    for one in agents:
        wait_until(lambda one=one: not trunks(one), f"{one.name} to notice")
        assert "trunk to gateway" in one.process.text() and " error " in one.process.text(), "there was no alarm"
    postern.start()
    wait_until(lambda: trunks(postern) == 2, "the trunks to stand again", 60)
    wait_until(lambda: postern.counter("bindings"), "bob to be known again", 60)
    reachable(postern)
    call(lab, bob, "alice2")


@flow("trunk-rebind", kinds=nat.KINDS, agents=True, strict="agents")
def rebind(lab):
    """Both NATs forget their connections: trunks last or are dialled again, terminals are reached again."""
    lab.watch(("gw", "wan0"))
    postern = gateway(lab, True)
    agents = agent.pair(lab, "h323", idle_min="2s", idle_max="4s")
    bob = callee(lab, postern)
    call(lab, bob, "alice")
    for router in ("nat1", "nat2"):
        nat.forget(lab.net[router])
    since = time.time()
    # A PING leaves each trunk after 15 s of silence; what it meets tells whether the connection is still one.
    wait_until(lambda: all(answered(lab, router, since) and trunks(one)
                           for router, one in zip((NAT1, NAT2), agents)), "the trunks to stand again", 120, every_s=0.5)
    reachable(postern)
    call(lab, bob, "alice2")


def annoy(lab, data):
    """A stranger connects to the port of trunks and sends DATA; returns the socket."""
    with lab.net["attacker"].entered():
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(5)
    sock.bind((ATTACKER, 0))
    sock.connect((GW_WAN, nat.PINHOLE_PORT))
    sock.sendall(data)
    return sock


@flow("trunk-attack", agents=True, strict="agents")
def attack(lab):
    """Strangers at the port of trunks: silent, loud and many; they are shown out, and a call does not notice."""
    lab.watch(*PLACES)
    postern = gateway(lab, True)
    agent.pair(lab, "h323")
    bob = callee(lab, postern)
    alice = terminal(lab, 1, "alice", "call=bob", f"packets={LONG}")
    alice.wait("up")
    strangers = [annoy(lab, data) for data in STRANGERS * 20]
    late = terminal(lab, 1, "late", "packets=1", "signal-port=1730", "media-port=17000")
    late.wait("registered")
    alice.finished()
    bob.wait("over")
    assert alice.media()[0]["heard"] >= LONG, alice.media()
    wait_until(lambda: postern.counter("trunks_refused") == len(strangers), "the strangers to be shown out", 60)
    for sock in strangers:
        sock.close()
    assert trunks(postern) == 2 and not postern.counter("trunks_lost")
    postern.tolerated += ("bad_input",)


def a_same(lab, media, alone):
    lab.watch(*PLACES)
    gateway(lab, alone, model="direct")  # the other model's gatekeeper relays media, so that it has to leave
    one = agent.Agent(lab, "ag1", "h323", media=media).ready().registered()
    bob = terminal(lab, 1, "bob", "signal-port=1730", "media-port=17000")
    bob.wait("registered")
    wait_until(lambda: len(one.control("show", "pinholes")["uplinks"]) == 2, "a socket for bob")
    one.registered()
    alice = h323.Terminal(lab, "lan1", "alice", "call=bob", f"packets={LONG}", mark=B_MARK, gatekeeper=f"{AG1}:1719")
    if media == "local":
        wait_until(lambda: one.counter("cmph_joined") == COMPONENTS, "the agent to join its own pinholes")
        since = time.time()
    alice.finished()
    bob.wait("over")
    for end in (alice, bob):
        h323.shown(end)
        h323.heard(end)
    lab.catch_up()
    if media == "local":
        crossed = agent.media_crossed(lab.seen(*N1), NAT1, since + 0.1)
        assert not crossed, f"{len(crossed)} media packets of an inside call crossed the NAT"
    else:
        agent.media_through_pinholes(lab, "nat1", NAT1)
        assert not one.counter("cmph_joined"), "media=\"gateway\", and yet the agent joined its own pinholes"


@flow("a-same-h323", kinds=nat.KINDS, agents=True, strict="agents")
def same(lab):
    """A-SAME for H.323 through the softswitch: media stays inside."""
    a_same(lab, "local", alone=False)


@flow("a-same-h323-alone", kinds=nat.KINDS, agents=True, strict="agents")
def same_alone(lab):
    """A-SAME for H.323 with the gateway alone: media stays inside."""
    a_same(lab, "local", alone=True)


@flow("a-same-h323-through", kinds=nat.KINDS, agents=True, strict="agents")
def same_through(lab):
    """A-SAME for H.323 with media="gateway": media goes out and comes back."""
    a_same(lab, "gateway", alone=True)
