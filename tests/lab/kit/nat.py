"""NATs of nftables: two kinds, and the proof that a NAT is of the kind that it should be.

cone        endpoint-independent mapping, address-and-port-restricted filter. A plain `masquerade`
            keeps the inside's source port, so every destination sees the same pinhole.
symmetric   address-and-port-dependent mapping and filter: each destination sees another port.

Both let nothing in unasked. Packets to the NAT itself are dropped, not refused: a refusal would
leave a conntrack entry that takes the pinhole's port away from the inside socket.
"""

import re
import select
import socket

from .namespace import run

KINDS = ("cone", "symmetric")

RULES = """
table ip nat {{
    chain post {{
        type nat hook postrouting priority 100; policy accept;
        oifname "wan0" masquerade{flags}
    }}
}}
table ip filter {{
    chain input {{
        type filter hook input priority 0; policy drop;
        iifname "lan0" accept
        iifname "lo" accept
    }}
    chain forward {{
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname "lan0" oifname "wan0" accept
    }}
}}
"""


# What an administrator opens for Postern: signalling and the pinhole port, towards the gateway alone.
SIGNALLING_PORTS, PINHOLE_PORT = (5060, 2427, 2727, 2944, 1719), 3478
STRICT = """
flush chain ip filter forward
table ip filter {{
    chain forward {{
        ct state established,related accept
        iifname "lan0" oifname "wan0" {only}ip daddr {gateway} udp dport {{ {udp} }} accept
        iifname "lan0" oifname "wan0" {only}ip daddr {gateway} tcp dport {tcp} accept
    }}
}}
"""


def tighten(namespace, gateway, only=None):
    """Let out nothing but UDP to GATEWAY's signalling ports and its pinhole port, and TCP to the latter; with ONLY
    from that inside address alone. What the NAT remembers of before is forgotten."""
    namespace.nft(STRICT.format(gateway=gateway, only=f"ip saddr {only} " if only else "", tcp=PINHOLE_PORT,
                                udp=", ".join(str(port) for port in (*SIGNALLING_PORTS, PINHOLE_PORT))))
    forget(namespace)


def forget(namespace):
    """The NAT loses its mappings, as by a restart; what goes out makes new ones."""
    run(namespace.command(["conntrack", "-F"]))


def prove_strict(inside, address, outside, target):
    """What INSIDE (at ADDRESS) sends to TARGET, a host that is not the gateway, does not get out."""
    with udp_socket(outside, target) as there, udp_socket(inside, address) as here:
        for _ in range(3):
            here.sendto(b"unasked", there.getsockname())
        data, source = receive(there, 0.2)
        assert data is None, f"the firewall let {source} out"


def install(namespace, kind, udp_timeout_s):
    """Make a NAT of NAMESPACE, whose interfaces are lan0 and wan0."""
    assert kind in KINDS, kind
    namespace.sysctl("net.ipv4.ip_forward", 1)
    namespace.nft(RULES.format(flags=" random,fully-random" if kind == "symmetric" else ""))
    for key in ("udp_timeout", "udp_timeout_stream"):
        namespace.sysctl(f"net.netfilter.nf_conntrack_{key}", udp_timeout_s)


def pinholes(namespace):
    """The NAT's UDP mappings as rows (inside, pinhole, outside), each "address:port"."""
    rows = []
    for line in run(namespace.command(["conntrack", "-L", "-p", "udp"])).splitlines():
        both = re.findall(r"src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)", line)
        if len(both) == 2:
            (src, dst, sport, dport), (_, pinhole, _, pinhole_port) = both
            rows.append((f"{src}:{sport}", f"{pinhole}:{pinhole_port}", f"{dst}:{dport}"))
    return sorted(rows)


def udp_socket(namespace, address, port=0):
    """A UDP socket that lives in NAMESPACE."""
    with namespace.entered():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind((address, port))
    return sock


def receive(sock, deadline_s):
    if not select.select([sock], [], [], deadline_s)[0]:
        return None, None
    return sock.recvfrom(2048)


def _ask(inside, outside, text):
    """Send TEXT from INSIDE to OUTSIDE; return the pinhole that OUTSIDE sees."""
    for _ in range(5):
        inside.sendto(text, outside.getsockname())
        data, pinhole = receive(outside, 2)
        if data == text:
            return pinhole
    raise AssertionError(f"no packet came from {inside.getsockname()} to {outside.getsockname()}")


def _nothing_arrives(sock, sender, target, witness):
    """SENDER's packet to TARGET is not let in; WITNESS() shows that packets still flow to SOCK."""
    sender.sendto(b"unasked", target)
    witness()
    while True:
        data, _ = receive(sock, 0.05)
        if data is None:
            return
        assert data != b"unasked", f"{sender.getsockname()} came in unasked through {target}"


def prove_mapping(inside, outsides):
    """Let INSIDE send to each of OUTSIDES; return the pinholes that these see."""
    return [_ask(inside, outside, b"proof") for outside in outsides]


def prove(kind, inside, outsides, stranger):
    """One socket INSIDE, several destinations OUTSIDES: is the NAT of this KIND?

    Also: an outside socket that was spoken to may answer, and STRANGER, which was not, may not.
    """
    seen = prove_mapping(inside, outsides)
    if kind == "cone":
        assert len(set(seen)) == 1, f"not a cone NAT: one socket was seen as {seen}"
    else:
        assert len(set(seen)) == len(seen), f"not a symmetric NAT: one socket was seen as {seen}"

    def answer():
        for outside, pinhole in zip(outsides, seen):
            outside.sendto(b"answer", pinhole)
            data, source = receive(inside, 2)
            assert data in (b"answer", b"unasked"), f"the answer to {pinhole} was not let in"
            assert data != b"unasked", f"{source} came in unasked"

    answer()
    for pinhole in sorted(set(seen)):
        _nothing_arrives(inside, stranger, pinhole, answer)
    if kind == "symmetric":
        _nothing_arrives(inside, outsides[0], seen[1], answer)
    return seen
