"""The strict firewalls of the agents' flows: they let out what an administrator opened, and nothing else."""

import socket

from kit import nat
from kit.flow import flow
from kit.network import GW_WAN, NAT1
from kit.patience import wait_until


def _asks(inside, outside, target):
    """Does a packet of INSIDE to TARGET, the address of OUTSIDE, arrive, and its answer come in?"""
    inside.sendto(b"out", target)
    data, pinhole = nat.receive(outside, 0.3)
    if data is None:
        return False
    assert pinhole[0] == NAT1, pinhole
    outside.sendto(b"in", pinhole)
    return nat.receive(inside, 2)[0] == b"in"


def _connects(namespace, port):
    """Can a host in NAMESPACE connect to the gateway's PORT? Non-blocking: SYNs that are dropped have no end."""
    with namespace.entered():
        sock = socket.socket()
    with sock:
        sock.settimeout(0.5)
        return sock.connect_ex((GW_WAN, port)) == 0


@flow("firewall", kinds=nat.KINDS, postern=False, agents=True, strict="agents")
def firewall(lab):
    """A strict firewall lets the agent reach the gateway's ports, and nobody else anything."""
    net = lab.net
    for port in (*nat.SIGNALLING_PORTS, nat.PINHOLE_PORT):
        with nat.udp_socket(net["gw"], GW_WAN, port) as outside, \
                nat.udp_socket(net["ag1"], net.address["ag1"]) as agent, \
                nat.udp_socket(net["lan1"], net.address["lan1"]) as terminal:
            wait_until(lambda: _asks(agent, outside, (GW_WAN, port)), f"the agent to reach port {port}")
            assert not _asks(terminal, outside, (GW_WAN, port)), f"a terminal reached port {port}"
    with nat.udp_socket(net["gw"], GW_WAN, 20000) as outside, \
            nat.udp_socket(net["ag1"], net.address["ag1"]) as agent:
        assert not _asks(agent, outside, (GW_WAN, 20000)), "the agent reached a media port"
    with net["gw"].entered():
        listener = socket.create_server((GW_WAN, nat.PINHOLE_PORT))
    with listener:
        assert _connects(net["ag1"], nat.PINHOLE_PORT), "the agent cannot connect to the trunk's port"
        assert not _connects(net["lan1"], nat.PINHOLE_PORT), "a terminal can"
