"""How H.323 terminals find Postern."""

import socket
import struct

from kit import h323, nat
from kit.flow import flow
from kit.network import GW_WAN, PUB

GROUP, PORT = "224.0.1.41", 1718
GATEKEEPER_CONFIRM = 1  # RasMessage's alternative


def discovery():
    """A GatekeeperRequest from PUB, port 1719."""
    return bytes.fromhex("00200000060008914a0005") + b"\x00" + socket.inet_aton(PUB) + struct.pack(">H", 1719) + \
        bytes.fromhex("2200b50000120000")


@flow("h323-discovery")
def by_multicast(lab):
    """A terminal that knows no gatekeeper asks the group of all; Postern answers from its RAS address."""
    lab.watch(("pub", "eth0"))
    h323.postern(lab)
    with nat.udp_socket(lab.net["pub"], PUB, 1719) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(PUB))
        sock.sendto(discovery(), (GROUP, PORT))
        answer, source = nat.receive(sock, 10)
    assert source == (GW_WAN, 1719), source
    assert answer[0] >> 2 & 0x1f == GATEKEEPER_CONFIRM, answer.hex()
    assert socket.inet_aton(GW_WAN) + struct.pack(">H", 1719) in answer, answer.hex()
