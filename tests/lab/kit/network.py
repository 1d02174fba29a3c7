"""The hosts of the lab and how they hang together (lab.md).

                                            ┌───────────┐
    lan1 10.1.0.2 ── nat1 198.51.100.11 ────┤           ├── gw 198.51.100.5
    lan2 10.2.0.2 ── nat2 198.51.100.12 ────┤    wan    ├── pub .30, attacker .40, victim .50
                                            └───────────┘
                            ┌────────┐
         gw 192.0.2.5 ──────┤  core  ├────── ssw 192.0.2.20, pstn 192.0.2.30
                            └────────┘
"""

import os

from . import nat
from .namespace import Namespace, ip_batch, remove_all

GW_WAN, GW_CORE = "198.51.100.5", "192.0.2.5"
GW_ALIASES = "192.0.2.64/26"  # of the gateway too, for protocols whose terminals need addresses of their own
SSW, SSW_ON_WAN, PSTN = "192.0.2.20", "198.51.100.20", "192.0.2.30"
PUB, ATTACKER, VICTIM = "198.51.100.30", "198.51.100.40", "198.51.100.50"
NAT1, NAT2 = "198.51.100.11", "198.51.100.12"
LAN1, LAN2 = "10.1.0.2", "10.2.0.2"
AG1, AG2 = "10.1.0.3", "10.2.0.3"  # agents inside the LANs, where a flow has them

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
AGENTS = {"ag1": ("nat1", AG1), "ag2": ("nat2", AG2)}
INNER = {"in1": ("nat1", "172.16.1.2"), "in2": ("nat2", "172.16.2.2")}  # NATs within NATs: of the two LANs


def first_address_of_router(address):
    return address.rsplit(".", 1)[0] + ".1"


class Network:
    """All namespaces of one lab; their names begin with PREFIX, so that labs run side by side. With AGENTS
    each LAN is a switch with room for an agent beside the terminals; STRICT is what a firewall lets out once
    the NATs are proven (nat.tighten): "agents" from the agents alone, True from everybody. DOUBLE: each LAN is
    behind two NATs in a row, in1 within nat1 and in2 within nat2."""

    def __init__(self, prefix, kind="cone", udp_timeout_s=20, ssw_on_wan=False,
                 same_lan=False, agents=False, strict=None, double=False):
        self.prefix = prefix
        self.agents = agents
        self.strict = strict
        self.kind = kind
        self.udp_timeout_s = udp_timeout_s
        self.hosts = {name: dict(devices) for name, devices in HOSTS.items()}
        if ssw_on_wan:
            self.hosts["ssw"] = {"eth0": ("wan", SSW_ON_WAN + "/24")}
        self.address = dict(ADDRESS)
        if same_lan:
            self.address["lan2"] = LAN1
            self.hosts["lan2"] = {"eth0": ("nat2", LAN1 + "/24")}
        if agents:
            self._add_agents(same_lan)
        self.routers = {"lan1": "nat1", "lan2": "nat2"}
        if double:
            self._add_inner()
        self.namespaces = {name: Namespace(prefix + name) for name in (*BRIDGES, *self.hosts)}

    def _add_agents(self, same_lan):
        for name, (router, address) in AGENTS.items():
            self.address[name] = AG1 if same_lan else address
            self.hosts[name] = {"eth0": (router, self.address[name] + "/24")}

    def _add_inner(self):
        """What hung on nat1 hangs on in1 now, and that on nat1."""
        self.routers = {"lan1": "in1", "lan2": "in2"}
        inside = {outer: inner for inner, (outer, _) in INNER.items()}
        for devices in self.hosts.values():
            for device, (peer, address) in devices.items():
                devices[device] = (inside.get(peer, peer), address)
        for name, (outer, address) in INNER.items():
            self.address[name] = address
            self.hosts[name] = {"wan0": (outer, address + "/24")}

    def __getitem__(self, name):
        return self.namespaces[name]

    def create(self):
        for namespace in self.namespaces.values():
            namespace.create()
        for bridge in BRIDGES:
            ip_batch([f"link add {bridge} type bridge", f"link set {bridge} up"], self[bridge].name)
        inner = [name for name in INNER if name in self.hosts]
        if self.agents:
            for lan, router in self.routers.items():
                self._make_switch(router, self.address[lan])
            for name in inner:
                self._make_switch(INNER[name][0], self.address[name])
        for host, devices in self.hosts.items():
            for device, (peer, address) in devices.items():
                self._join(host, device, peer, address)
        for host in ("lan1", "lan2", *inner, *(AGENTS if self.agents else ())):
            gateway = first_address_of_router(self.address[host])
            ip_batch([f"route add {net} via {gateway}" for net in ("198.51.100.0/24", "192.0.2.0/24")],
                     self[host].name)
        for router in ("nat1", "nat2", *inner):
            nat.install(self[router], self.kind, self.udp_timeout_s)

    def _make_switch(self, router, address):
        """The router's lan0 is a bridge, so that a LAN has several hosts. What it switches is no business of the
        router's firewall, whatever this kernel would do with it."""
        if os.path.exists("/proc/sys/net/bridge"):
            self[router].sysctl("net.bridge.bridge-nf-call-iptables", 0)
        ip_batch(["link add lan0 type bridge", f"addr add {first_address_of_router(address)}/24 dev lan0",
                  "link set lan0 up"], self[router].name)

    def _join(self, host, device, peer, address):
        """A veth pair from HOST to a bridge or to a router; its ends are made in their places."""
        far = host if peer in BRIDGES or self.agents else "lan0"
        ip_batch([f"link add {device} type veth peer name {far} netns {self[peer].name}",
                  f"addr add {address} dev {device}", f"link set {device} up"], self[host].name)
        there = [f"link set {far} up"]
        if peer in BRIDGES:
            there.append(f"link set {far} master {peer}")
        elif self.agents:
            there.append(f"link set {far} master lan0")
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
        self._tighten()

    def _tighten(self):
        """Now that the NATs are proven their firewalls may become strict; that is proven as well."""
        if not self.strict:
            return
        for agent, (lan, router) in zip(AGENTS, self.routers.items()):
            only = self.address[agent] if self.strict == "agents" else None
            nat.tighten(self[router], GW_WAN, only)
            for host in (lan, agent) if self.agents else (lan,):
                nat.prove_strict(self[host], self.address[host], self["pub"], PUB)

    def remove(self):
        remove_all([namespace.name for namespace in self.namespaces.values()], self.prefix)
