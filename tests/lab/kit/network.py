"""The hosts of the lab and how they hang together (lab.md).

                                            ┌───────────┐
    lan1 10.1.0.2 ── nat1 198.51.100.11 ────┤           ├── gw 198.51.100.5
    lan2 10.2.0.2 ── nat2 198.51.100.12 ────┤    wan    ├── pub .30, attacker .40, victim .50
                                            └───────────┘
                            ┌────────┐
         gw 192.0.2.5 ──────┤  core  ├────── ssw 192.0.2.20, pstn 192.0.2.30
                            └────────┘
"""

from . import nat
from .namespace import Namespace, ip_batch, remove_all

GW_WAN, GW_CORE = "198.51.100.5", "192.0.2.5"
GW_ALIASES = "192.0.2.64/26"  # of the gateway too, for protocols whose terminals need addresses of their own
SSW, SSW_ON_WAN, PSTN = "192.0.2.20", "198.51.100.20", "192.0.2.30"
PUB, ATTACKER, VICTIM = "198.51.100.30", "198.51.100.40", "198.51.100.50"
NAT1, NAT2 = "198.51.100.11", "198.51.100.12"
LAN1, LAN2 = "10.1.0.2", "10.2.0.2"

# host: {device: (bridge or the router's host, address/prefix)}
HOSTS = {
    "nat1": {"wan0": ("wan", NAT1 + "/24")},
    "nat2": {"wan0": ("wan", NAT2 + "/24")},
    "lan1": {"eth0": ("nat1", LAN1 + "/24")},
    "lan2": {"eth0": ("nat2", LAN2 + "/24")},
    "pub": {"eth0": ("wan", PUB + "/24")},
    "attacker": {"eth0": ("wan", ATTACKER + "/24")},
    "victim": {"eth0": ("wan", VICTIM + "/24")},
    "gw": {"wan0": ("wan", GW_WAN + "/24"), "core0": ("core", GW_CORE + "/24")},
    "ssw": {"eth0": ("core", SSW + "/24")},
    "pstn": {"eth0": ("core", PSTN + "/24")},
}
BRIDGES = ("wan", "core")
ADDRESS = {"lan1": LAN1, "lan2": LAN2, "pub": PUB, "attacker": ATTACKER, "victim": VICTIM,
           "ssw": SSW, "pstn": PSTN}


def first_address_of_router(address):
    return address.rsplit(".", 1)[0] + ".1"


class Network:
    """All namespaces of one lab; their names begin with PREFIX, so that labs run side by side."""

    def __init__(self, prefix, kind="cone", udp_timeout_s=20, ssw_on_wan=False,
                 same_lan=False):
        self.prefix = prefix
        self.kind = kind
        self.udp_timeout_s = udp_timeout_s
        self.hosts = {name: dict(devices) for name, devices in HOSTS.items()}
        if ssw_on_wan:
            self.hosts["ssw"] = {"eth0": ("wan", SSW_ON_WAN + "/24")}
        self.address = dict(ADDRESS)
        if same_lan:
            self.address["lan2"] = LAN1
            self.hosts["lan2"] = {"eth0": ("nat2", LAN1 + "/24")}
        self.namespaces = {name: Namespace(prefix + name) for name in (*BRIDGES, *self.hosts)}

    def __getitem__(self, name):
        return self.namespaces[name]

    def create(self):
        for namespace in self.namespaces.values():
            namespace.create()
        for bridge in BRIDGES:
            ip_batch([f"link add {bridge} type bridge", f"link set {bridge} up"], self[bridge].name)
        for host, devices in self.hosts.items():
            for device, (peer, address) in devices.items():
                self._join(host, device, peer, address)
        for lan, router in (("lan1", "nat1"), ("lan2", "nat2")):
            gateway = first_address_of_router(self.address[lan])
            ip_batch([f"route add {net} via {gateway}" for net in ("198.51.100.0/24", "192.0.2.0/24")],
                     self[lan].name)
            nat.install(self[router], self.kind, self.udp_timeout_s)

    def _join(self, host, device, peer, address):
        """A veth pair from HOST to a bridge or to a router; its ends are made in their places."""
        far = host if peer in BRIDGES else "lan0"
        ip_batch([f"link add {device} type veth peer name {far} netns {self[peer].name}",
                  f"addr add {address} dev {device}", f"link set {device} up"], self[host].name)
        there = [f"link set {far} up"]
        if peer in BRIDGES:
            there.append(f"link set {far} master {peer}")
        else:
            there.append(f"addr add {first_address_of_router(address)}/24 dev lan0")
        ip_batch(there, self[peer].name)

    def prove(self):
        """Are both NATs of the kind that they should be? One socket, three destinations each."""
        outsides = [nat.udp_socket(self["pub"], PUB) for _ in range(2)]
        outsides.append(nat.udp_socket(self["victim"], VICTIM))
        stranger = nat.udp_socket(self["attacker"], ATTACKER)
        try:
            for lan in ("lan1", "lan2"):
                inside = nat.udp_socket(self[lan], self.address[lan])
                with inside:
                    nat.prove(self.kind, inside, outsides, stranger)
        finally:
            for sock in (*outsides, stranger):
                sock.close()

    def remove(self):
        remove_all([namespace.name for namespace in self.namespaces.values()], self.prefix)
