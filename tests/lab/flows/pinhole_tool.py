"""postern-pinhole, and STUN programs that others made, at the gateway (flow K-2 of terminals)."""

import os
import shutil

from kit import agent, dissector, nat, stun
from kit.flow import Skip, flow
from kit.network import GW_WAN, LAN1, NAT1
from kit.patience import wait_until
from kit.postern import Postern

N1 = ("nat1", "wan0")
PLACES = (("gw", "wan0"), ("lan1", "eth0"), N1)
SIGNALLING, MEDIA = 5060, nat.PINHOLE_PORT


def tool(lab, name, *words):
    return lab.spawn("lan1", [os.path.join(lab.build, "postern-pinhole"), *[str(word) for word in words]], name=name)


def printed(process):
    """The addresses that it has printed, each with its port."""
    return [(line.rsplit(":", 1)[0], int(line.rsplit(":", 1)[1])) for line in process.text().split() if ":" in line]


def first_address(process):
    wait_until(lambda: printed(process) or not process.alive(), f"{process.name} to print an address")
    assert printed(process), f"{process.name}: {process.last_line()}"
    return printed(process)[0]


def mapping(lab, port, outside_port):
    """The NAT's pinhole of the inside PORT towards the gateway."""
    rows = [hole for inside, hole, far in nat.pinholes(lab.net["nat1"])
            if inside == f"{LAN1}:{port}" and far == f"{GW_WAN}:{outside_port}"]
    return rows[0] if rows else None


@flow("n-tool", kinds=nat.KINDS, strict=True, udp_timeout_s=8)
def kept_open(lab):
    """K-2: postern-pinhole keeps a media pinhole and a registered one longer than the NAT's patience."""
    lab.watch(*PLACES)
    postern = Postern(lab, registrar=True, keepalive="300s", **agent.gateway_options(lab)).ready()
    login = ["--network", "north", "--secret-file", agent.secret_file(lab, "north"), "--agent", "box"]
    signalling = tool(lab, "registered", "--register", "sip", "--keep", 2, *login, "--subscriber",
                      f"alice@example.net={LAN1}:5060", "--local", f"{LAN1}:6060", f"{GW_WAN}:{SIGNALLING}")
    ends = [(signalling, 6060, SIGNALLING)]
    first_address(signalling)
    ends += [(tool(lab, "plain", "--keep", 2, "--local", f"{LAN1}:6064", GW_WAN), 6064, MEDIA)]
    for process, port, outside in ends:
        where = first_address(process)
        assert mapping(lab, port, outside) == "%s:%d" % where, f"{process.name} printed {where}"
    begun = max(p.time for p in lab.seen(*N1).udp(src=NAT1))
    wait_until(lambda: max(p.time for p in lab.seen(*N1).udp(src=NAT1)) > begun + lab.net.udp_timeout_s * 1.5,
               "the NAT's patience to be over", 60, every_s=0.5)
    for process, port, outside in ends:
        assert process.alive() and len(printed(process)) == 1, f"{process.name} printed {process.text()}"
        assert mapping(lab, port, outside) == "%s:%d" % printed(process)[0], process.name
    shown = postern.control("show", "pinholes")
    assert [(row["agent"], row["subscribers"]) for row in shown["signalling"]] == [("box", 1)], shown
    assert [row["agent"] for row in shown["media"]] == [None], shown
    for process, _, _ in ends:
        assert process.end() == 0, process.last_line()
    wait_until(lambda: {row["state"] for row in postern.control("show", "pinholes")["signalling"]} <= {"dead"},
               "the registration to be given back")
    lab.catch_up()
    broken = dissector.complaints(lab.seen("gw", "wan0").path, NAT1)
    assert not broken, f"tshark on what postern-pinhole sent: {broken}"


@flow("n-stun-tools", kinds=nat.KINDS, strict=True)
def others(lab):
    """A STUN client that others made gets its address from the gateway, and refusals are short."""
    program = shutil.which("turnutils_stunclient")
    if not program:
        raise Skip("coturn is not installed")
    lab.watch(*PLACES)
    Postern(lab, access_more=f'pinhole="{MEDIA}"').ready()
    process = lab.spawn("lan1", [program, "-p", str(MEDIA), "-L", LAN1, GW_WAN], name="stunclient")
    wait_until(lambda: "UDP reflexive addr" in process.text() or not process.alive(), "coturn's client to have it")
    process.end()
    assert f"UDP reflexive addr: {NAT1}:" in process.text(), process.text()
    unknown = b"\0\1\0\x20\x21\x12\xa4\x42strange-asks" + b"\0\3\0\0" * 8  # eight times CHANGE-REQUEST
    with nat.udp_socket(lab.net["lan1"], LAN1) as sock:
        sock.sendto(unknown, (GW_WAN, MEDIA))
        data, source = nat.receive(sock, 10)
    assert source == (GW_WAN, MEDIA) and len(data) <= 44, f"{len(data or b'')} octets from {source}"
    answer = stun.Message(data)
    assert (answer.message_class, answer.error()) == (stun.ERROR, 420), answer
